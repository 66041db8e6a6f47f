"""
What was lost or damaged is healed by the same input, whatever way it comes: a sheet, the command line, a
task, an inbox at night, with --supersede or without. What the record knew besides stays: facts, donor, the
time of publishing.

Suites: banks.
"""
import glob
import json
import os
import shutil

from banktest import Bank, check_whole, mzml, sheet
from containers import gzip
from damage_place import spoil_data
from fqmodel import reads
from vialtest import DATA, OK, main

PAIRS = 60


def rot(path):
    """Data differs, and nobody knows yet."""
    spoil_data(path)
    os.chmod(path, 0o444)


def damage(bank, path):
    """Some bytes differ; the catalogue learns of it by a check."""
    rot(path)
    assert bank.run("verify", "--all", "-q").code == DATA


def cut(bank, path):
    os.chmod(path, 0o644)
    os.truncate(path, os.path.getsize(path) - 100)


def unseal(bank, path):
    """As an HDF5 program leaves it that was killed while it had it open for writing, and worse."""
    os.chmod(path, 0o644)
    with open(path, "r+b") as f:
        f.write(bytes(512))


def another(bank, path):
    """Another store lies in its place."""
    other = [p for p in bank.stores() if p != path and os.path.basename(p).startswith("reads")][0]
    os.unlink(path)
    shutil.copy(other, path)


def remove(bank, path):
    os.unlink(path)


def remove_folder(bank, path):
    shutil.rmtree(os.path.dirname(path))


def remove_rebuild(bank, path):
    os.unlink(path)
    assert bank.run("catalog", "rebuild").code == OK


def damage_rebuild(bank, path):
    damage(bank, path)
    assert bank.run("catalog", "rebuild").code == OK


HARMS = (damage, cut, unseal, another, remove, remove_folder, remove_rebuild, damage_rebuild)


def ledger_words(bank, sample):
    """The words of what happened to a sample, and the fold of its lines."""
    words, lines = [], []
    for path in glob.glob(bank / "ledger/??"):
        with open(path) as f:
            for line in f.read().splitlines()[1:]:
                field = line.split("\t")
                if field[2] == sample:
                    lines.append((int(field[0]), field[3], json.loads(field[7])))
    state = {}
    for _, what, patch in sorted(lines, key=lambda line: line[0]):
        words.append(what)
        state = merged({} if what == "begin" else state, patch)
    return words, state


def merged(state, patch):
    """JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    out = dict(state) if isinstance(state, dict) else {}
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        else:
            out[name] = merged(out.get(name), value)
    return out


def record(bank, sample):
    done = bank.run("info", "--json", sample)
    assert done.code == OK, done.err
    return json.loads(done.out)


def store_of(rec, acquisition):
    return next(s for s in rec["stores"] if s["acquisition"] == acquisition and s["state"] == "live")


def check_agree(t, bank, sample, what):
    """Ledger and record say the same."""
    rec, (_, state) = record(bank, sample), ledger_words(bank, sample)
    mine = {s["file"]: {k: v for k, v in s.items() if k != "path"} for s in rec["stores"]}
    return t.check(state.get("stores", {}) == mine and state.get("donor") == rec.get("donor")
                   and state.get("facts", {}) == rec["facts"], f"{what}: ledger and record agree",
                   f"{state} {rec}")


def check_healed(t, bank, before, sample, acquisition, what, source=(), bytes_too=()):
    """All is as it was, and says that it was healed. source, bytes_too: what of inputs, of it, may differ."""
    after = record(bank, sample)
    old, new = store_of(before, acquisition), store_of(after, acquisition)
    t.check(new.get("healed", 0) > old.get("healed", 0), f"{what}: healed is noted", str(new))
    old, new = ({k: v for k, v in s.items() if k not in ("healed", *bytes_too)} for s in (old, new))
    for store in (old, new):
        store["inputs"] = [{k: v for k, v in i.items() if k not in source} for i in store["inputs"]]
    t.check(old == new and before.get("donor") == after.get("donor") and before["facts"] == after["facts"],
            f"{what}: all else is as it was", f"{old}\n{new}")
    words, _ = ledger_words(bank, sample)
    t.check(words[-1] == "heal", f"{what}: a line of the ledger", str(words))
    check_agree(t, bank, sample, what)
    failed = bank.rows("SELECT count(*) FROM store WHERE coalesce(verify_failed, '') <> ''")
    t.check(failed == [(0,)], f"{what}: the mark is gone", str(failed))
    check_whole(t, bank, what)
    t.check(not bank.leftovers(), f"{what}: nothing is left over", str(bank.leftovers()))
    done = bank.run("catalog", "check")
    t.check(done.code == OK, f"{what}: catalog check", done.out.decode() + done.err)
    done = bank.run("verify", "--all", "-q")
    t.check(done.code == OK, f"{what}: verify", done.err)


def scene(f, **more):
    """A bank with two samples of a sheet that has facts."""
    bank = Bank(f, **more)
    f.write("S2_R1.fastq", reads(PAIRS, 1, mate=1))
    f.write("S2_R2.fastq", reads(PAIRS, 1, mate=2))
    f.write("m.mzML", mzml(8))
    f.write("S3.fastq.gz", gzip(reads(PAIRS, 3)))
    rows = [("S2", f / "S2_R1.fastq", f / "S2_R2.fastq", "D2", "DNA", "7"),
            ("S2", f / "m.mzML", "", "D2", "DNA", "8"),
            ("S3", f / "S3.fastq.gz", "", "D3", "RNA", "9")]
    path = sheet(f, "h.csv", rows, ("sample", "file_1", "file_2", "donor", "specimen_type", "box"))
    done = bank.run("ingest", "--sheet", path)
    assert done.code == OK, done.err
    return bank, path


def find(bank, name):
    return next(p for p in bank.stores() if os.path.basename(p).startswith(name))


def by_sheet(t, f):
    """Each harm, to reads and to spectra, and the same sheet again, with and without --supersede."""
    bank, path = scene(f)
    for harm in HARMS:
        for name, sample, acquisition in (("reads-S3", "S3", "S3"), ("reads-S2", "S2", "S2"),
                                          ("spectra-m", "S2", "m")):
            for more in ((), ("--supersede",)):
                if harm in (another, remove_folder) and name == "spectra-m":
                    continue
                what = f"{harm.__name__} {name} {' '.join(more)}"
                before, others = record(bank, sample), 1 + (harm == remove_folder and sample == "S2")
                harm(bank, find(bank, name))
                done = bank.run("ingest", "--sheet", path, *more)
                says = f"0 published, {3 - others} unchanged, {others} healed, 0 refused"
                said = says in done.err and f"healed: {sample}/{acquisition}" in done.err
                t.check(done.code == OK and said, f"{what}: it says so", f"{done.code} {done.err}")
                if others == 1:
                    check_healed(t, bank, before, sample, acquisition, what)
                done = bank.run("ingest", "--sheet", path, *more)
                t.check(done.code == OK and "3 unchanged, 0 refused" in done.err,
                        f"{what}: then it is unchanged", done.err)


def by_command_line(t, f):
    """From another place, with another time; and other data still is other data."""
    bank, _ = scene(f)
    before = record(bank, "S3")
    remove(bank, find(bank, "reads-S3"))
    for folder in ("else", "other"):
        os.mkdir(f / folder)
    f.write("else/S3.fastq.gz", f.read("S3.fastq.gz"))
    done = bank.run("ingest", "-s", "S3", f / "else/S3.fastq.gz")
    t.check(done.code == OK and "1 healed" in done.err, "from elsewhere", done.err)
    check_healed(t, bank, before, "S3", "S3", "from elsewhere", ("path", "mtime_ns"))
    remove(bank, find(bank, "reads-S3"))
    f.write("other/S3.fastq.gz", gzip(reads(PAIRS, 4)))
    done = bank.run("ingest", "-s", "S3", f / "other/S3.fastq.gz")
    t.check(done.code == DATA and "other data" in done.err, "other data does not heal", done.err)
    t.check(store_of(record(bank, "S3"), "S3"), "and the record stays")
    done = bank.run("ingest", "-s", "S3", "--supersede", f / "other/S3.fastq.gz")
    t.check(done.code == OK and "1 published" in done.err, "but takes the place of what was lost", done.err)
    check_whole(t, bank, "superseded")
    check_agree(t, bank, "S3", "superseded")
    done = bank.run("catalog", "check")
    t.check(done.code == OK, "superseded: catalog check", done.out.decode())


def lying_time(t, f):
    """The same path, size and time with other bytes heal nothing."""
    bank, _ = scene(f)
    f.write("S4.fastq", reads(PAIRS, 5))
    bank.run("ingest", "-s", "S4", f / "S4.fastq")
    st = os.stat(f / "S4.fastq")
    text = f.read("S4.fastq")
    swap = text.replace(b"A", b"C", 1)
    f.write("S4.fastq", swap)
    os.utime(f / "S4.fastq", ns=(st.st_atime_ns, st.st_mtime_ns))
    remove(bank, find(bank, "reads-S4"))
    done = bank.run("ingest", "-s", "S4", f / "S4.fastq")
    t.check(len(swap) == len(text) and swap != text and done.code == DATA and "other data" in done.err,
            "size and time lie", done.err)
    check_agree(t, bank, "S4", "size and time lie")


def as_it_came_in(t, f):
    """What was accepted once is not asked again: bytes of another sample, mates as given, an empty store."""
    bank, _ = scene(f)
    os.mkdir(f / "twin")
    f.write("twin/S3.fastq.gz", f.read("S3.fastq.gz"))
    f.write("none.fastq", b"")
    for name, words in (("T", ("--same-data", f / "twin/S3.fastq.gz")), ("E", (f / "none.fastq",))):
        done = bank.run("ingest", "-s", name, *words)
        assert done.code == OK, done.err
    bank.set("\n[batch]\nempty = refuse\n")
    for name, words in (("T", (f / "twin/S3.fastq.gz",)), ("E", (f / "none.fastq",))):
        before = record(bank, name)
        remove(bank, glob.glob(bank / f"samples/*/{name}/reads-*.h5")[0])
        done = bank.run("ingest", "-s", name, *words)
        t.check(done.code == OK and "1 healed" in done.err, f"{name} is healed as it came in", done.err)
        check_healed(t, bank, before, name, before["stores"][0]["acquisition"], name)


def by_tasks(t, f):
    """A task asks no catalogue: it looks at the bytes."""
    bank, path = scene(f)
    for harm in (damage, remove, cut):
        before = record(bank, "S3")
        harm(bank, find(bank, "reads-S3"))
        for task in ("1/2", "2/2"):
            done = bank.run("ingest", "--sheet", path, "--task", task)
            t.check(done.code == OK, f"task {task}", done.err)
        done = bank.run("collect")
        t.check(done.code == OK, "collect", done.err)
        check_healed(t, bank, before, "S3", "S3", f"{harm.__name__}, by tasks")
    t.check(bank.rows("SELECT total(healed) FROM job") == [(3,)], "jobs count it")


def by_night(t, f):
    """What lies in an inbox heals what came from there."""
    os.mkdir(f / "inbox")
    f.write("inbox/N1_S1_L001_R1_001.fastq.gz", gzip(reads(PAIRS, 11, mate=1)))
    f.write("inbox/N1_S1_L001_R2_001.fastq.gz", gzip(reads(PAIRS, 11, mate=2)))
    f.write("inbox/N2_S2_L001_R1_001.fastq.gz", gzip(reads(PAIRS, 12, mate=1)))
    bank = Bank(f, settings=f"\n[inbox seq]\npath = {f / 'inbox'}\nsettle = 0s\n")
    done = bank.run("nightly", "-v")
    assert done.code == OK and "2 published" in done.err, str(done)
    for harm in (damage, remove, remove_folder, remove_rebuild):
        path = next(p for p in bank.stores() if "/N1/" in p)
        before = record(bank, "N1")
        harm(bank, path)
        done = bank.run("nightly", "-v")
        what = f"night after {harm.__name__}"
        t.check(done.code == OK and "1 unchanged, 1 healed" in done.err, what, done.err)
        check_healed(t, bank, before, "N1", before["stores"][0]["acquisition"], what)
    page = open(sorted(glob.glob(bank / "reports/*.html"))[-1]).read()
    t.check("healed" in page, "the page says so")
    with open(bank / "reports/vial.prom") as metrics:
        t.check('vial_items_healed_total{bank="bank"} 4\n' in metrics.read(), "and the metrics")


if __name__ == "__main__":
    main(by_sheet, by_command_line, lying_time, as_it_came_in, by_tasks, by_night)
