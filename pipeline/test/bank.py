"""
A bank in daily use: init, sheets, batches, what is refused and why, the same again, other bytes under an old
name, withdrawal, tidying, the catalogue, many at once, signals, limits, receipts.

Suites: banks. Also: asan.
"""
import glob
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import threading
import time

import h5py

from banktest import Bank, check_whole, mzml, sha, sheet
from containers import gzip
from fqmodel import reads, record
from vialtest import (CANTCREAT, CONFIG, DATA, IOERR, NOINPUT, NOPERM, OK, TEMPFAIL, USAGE, VIAL,
                      check_refusal, for_all, main, patient, run)

PAIRS = 300
DRAWN = os.geteuid() == 0


def inputs(f):
    """A pair, an mzML, a single file; and their texts."""
    f.write("S1_L001_R1_001.fastq", reads(PAIRS, 1, mate=1))
    f.write("S1_L001_R2_001.fastq", reads(PAIRS, 1, mate=2))
    f.write("S2.fastq.gz", gzip(reads(PAIRS, 2)))
    f.write("run7.mzML", mzml())


def all_settings_errors(t, f, bank, original):
    """Every error at once, each with its line; of names that are not known the nearest."""
    f.write("bank/bank.ini", b"[batch]\nthreds = 4\njobs = many\n[nightli]\nverify = 3d\n[log]\nverify = 3d\n"
            b"[inbox a]\nmatch = x\n[inbox b]\npath = y\nsetle = 3s\n")
    done = bank.run("ls")
    words = ("line 2: 'threds' is not a setting of [batch]; nearest: threads", "line 3: 'many'",
             "line 4: 'nightli' is not a section; an inbox is [inbox NAME]; nearest: nightly",
             "line 7: 'verify' is not a setting of [log]; it is one of [nightly]", "line 12: 'setle'",
             "nearest: settle", "[inbox a] has no path")
    t.check(done.code == CONFIG and len(done.err.splitlines()) == 6 and all(w in done.err for w in words),
            "all errors of bank.ini at once", done.err)
    text = re.sub(rb"^;(\w+ = |\[)", rb"\1", original, flags=re.M).replace(b"sheet = *.csv", b";")
    f.write("bank/bank.ini", text)
    t.check(bank.run("ls").code == OK, "every setting that bank.ini explains is known", bank.run("ls").err)
    for name in sorted(set(re.findall(rb"^(\w{4,}) = ", text, re.M))):
        f.write("bank/bank.ini", text.replace(b"\n" + name + b" =", b"\n" + name[:-1] + b" =",
                                              1))
        done = bank.run("ls")
        t.check(done.code == CONFIG and f"nearest: {name.decode()}" in done.err,
                f"{name.decode()}, misspelt", done.err)


def settings(t, f):
    bank = Bank(f)
    for name in ("samples", "cohorts", "journal", "quarantine", "receipts", "reports"):
        mode = os.stat(bank / name).st_mode
        t.check(stat.S_ISDIR(mode) and not mode & 0o027, f"init makes {name}, for its owner", oct(mode))
    t.check(b"[inbox novaseq]" in f.read("bank/bank.ini"), "bank.ini explains itself")
    done = run("init", bank.path)
    check_refusal(t, "init where something is", done, ("not empty",), (CANTCREAT,))
    f.write("file", b"x")
    check_refusal(t, "init over a file", run("init", f / "file"), (), (CANTCREAT,))
    check_refusal(t, "no bank", run("ls", "-b", f / "none"), (), (NOINPUT,))
    check_refusal(t, "a folder that is no bank", run("ls", "-b", f.path), ("no bank",), (NOINPUT,))
    original = f.read("bank/bank.ini")
    for line, words in (("[bank]\nprofle = compact", ("profle",)), ("[bank]\nprofile = tiny", ("tiny",)),
                        ("[bnk]", ("bnk",)), ("[batch]\nthreads = 0", ("0",)),
                        ("[batch]\nreserve = 3 apples", ("apples",)),
                        ("[inbox a]\nmatch = *", ("path",)),
                        ("[inbox a]\npath = x\n[inbox a]\npath = y", ("before",)),
                        ("word", ("word",)), ("[log]\nto =", ("to",)), ("x = 1\n", ("x",))):
        f.write("bank/bank.ini", original + line.encode() + b"\n")
        check_refusal(t, f"bank.ini with {line!r}", bank.run("ls"), ("bank.ini", *words), (CONFIG,))
    all_settings_errors(t, f, bank, original)
    f.write("bank/bank.ini",
            original + b"\n[bank]\nprofile = fast  ; as the platform wants\n[batch]\nreserve = 1M\n")
    t.check(bank.run("ls").code == OK, "comments behind values")


def daily(t, f):
    bank = Bank(f)
    inputs(f)
    bad = reads(PAIRS, 3).split(b"\n")
    bad[4 * 100 + 3] = bad[4 * 100 + 3][:-1]  # a quality string that is too short
    f.write("S3.fastq", b"\n".join(bad))
    f.write("S4.fastq.gz", gzip(reads(PAIRS, 4))[:-100])
    rows = [("S1", "S1_L001_R1_001.fastq", "S1_L001_R2_001.fastq"), ("S2", "S2.fastq.gz", ""),
            ("S1", "run7.mzML", ""),
            ("S3", "S3.fastq", ""), ("S4", "S4.fastq.gz", "")]
    path = sheet(f, "day.csv", rows)
    before = sha(path)
    done = bank.run("ingest", "--sheet", path, "--check")
    t.check(done.code == OK and not bank.stores(), "--check starts nothing", done.err)
    done = bank.run("ingest", "--sheet", path)
    t.check(done.code == DATA, "two of five are refused", done.err)
    t.check("3 published" in done.err and "2 refused" in done.err, "the summary", done.err)
    t.check(sha(path) == before, "the sheet is not written to")
    t.check(set(bank.digests()) == {("S1", "S1_L001", "reads"), ("S2", "S2", "reads"),
                                    ("S1", "run7", "spectra")},
            "what is listed", str(bank.digests()))
    check_whole(t, bank, "after a day")
    t.check(not bank.leftovers(), "nothing is left over", str(bank.leftovers()))
    kept = {q["sample"]: q for q in bank.quarantine()}
    t.check(set(kept) == {"S3", "S4"}, "quarantine", str(kept))
    t.check(kept["S3"]["reason"] == "format" and kept["S3"]["place"]["record"] == 101
            and kept["S3"]["exit_code"] == DATA,
            "the reason and place of S3", str(kept["S3"]))
    t.check(kept["S4"]["reason"] == "truncated" and kept["S4"]["retry"], "the reason of S4",
            str(kept["S4"]))
    for name, files in (("S1/S1_L001", ("S1_L001_R1_001.fastq", "S1_L001_R2_001.fastq")),):
        done = bank.run("export", name, "-1", f / "x1", "-2", f / "x2")
        t.check(done.code == OK and [f.read("x1"), f.read("x2")] == [f.read(n) for n in files],
                f"export of {name}", done.err)
    t.check(bank.run("export", "S2").out == reads(PAIRS, 2), "export of S2")
    t.check(bank.run("view", "S2", "--rows", "0-0").out == b"\n".join(reads(PAIRS, 2).split(b"\n")[:4]) +
            b"\n", "view of S2")
    check_refusal(t, "a sample with two stores", bank.run("export", "S1"), ("S1/S1_L001", "S1/run7"),
                  (USAGE,))
    check_refusal(t, "no such sample", bank.run("export", "S9"), ("S9",), (NOINPUT,))
    t.check(run("export", "S2", env={"VIAL_BANK": bank.path}).out == reads(PAIRS, 2), "VIAL_BANK")
    info = json.loads(bank.run("info", "--json", "S1").out)
    t.check(len(info["stores"]) == 2 and info["revision"] == 2, "info of a sample", str(info)[:300])
    with h5py.File(glob.glob(bank / "samples/*/S1/sample.h5")[0], "r") as h:
        t.check(h.attrs["sample"] == b"S1" and h["reads/S1_L001"].attrs["n_row"] == 2 * PAIRS
                and "run7" in h["spectra"],
                "h5py follows the links of sample.h5")
    again(t, f, bank, path)
    other_bytes(t, f, bank)
    catalogue(t, f, bank)
    withdrawal(t, f, bank)


def again(t, f, bank, path):
    """The same sheet: nothing is read that need not be."""
    before = bank.digests()
    done = bank.run("ingest", "--sheet", path)
    t.check("3 unchanged" in done.err and done.code == DATA, "the same sheet again", done.err)
    # another content of the same size and time: a run that reads would notice
    text, st = f.read("S2.fastq.gz"), os.stat(f / "S2.fastq.gz")
    f.write("S2.fastq.gz", b"x" * len(text))
    os.utime(f / "S2.fastq.gz", ns=(st.st_atime_ns, st.st_mtime_ns))
    done = bank.run("ingest", "-s", "S2", f / "S2.fastq.gz")
    t.check(done.code == OK and "1 unchanged" in done.err, "size and time tell: nothing is read", done.err)
    f.write("S2.fastq.gz", text)  # now: a new time
    done = bank.run("ingest", "-s", "S2", f / "S2.fastq.gz")
    t.check(done.code == OK and "1 unchanged" in done.err, "a new time, the same bytes", done.err)
    st = os.stat(f / "S2.fastq.gz")
    f.write("S2.fastq.gz", b"y" * len(text))
    os.utime(f / "S2.fastq.gz", ns=(st.st_atime_ns, st.st_mtime_ns))
    done = bank.run("ingest", "-s", "S2", f / "S2.fastq.gz")
    t.check(done.code == OK and "1 unchanged" in done.err, "the new time is remembered", done.err)
    f.write("S2.fastq.gz", text)
    os.rename(f / "S2.fastq.gz", f / "moved.fastq.gz")
    done = bank.run("ingest", "-s", "S2", "--acquisition", "S2", f / "moved.fastq.gz")
    t.check(done.code == OK and "1 unchanged" in done.err, "the same bytes from elsewhere", done.err)
    t.check(bank.digests() == before, "digests stay")
    one = sheet(f, "facts.csv", [("S2", f / "moved.fastq.gz", "S2", "Plasma", "4")],
                ("sample", "file_1", "acquisition", "specimen_type", "lane"))
    done = bank.run("ingest", "--sheet", one)
    t.check(done.code == OK and "1 unchanged" in done.err
            and bank.ls("S2")[0]["facts"] == {"specimen_type": "Plasma", "lane": "4"},
            "new facts about the same data", done.err + str(bank.ls("S2")))


def other_bytes(t, f, bank):
    old = bank.digests()[("S2", "S2", "reads")]
    f.write("S2.fastq.gz", gzip(reads(PAIRS, 22)))
    done = bank.run("ingest", "-s", "S2", f / "S2.fastq.gz")
    t.check(done.code == DATA and "--supersede" in done.err, "other bytes under the same name", done.err)
    t.check(bank.digests()[("S2", "S2", "reads")] == old, "the old store stays")
    t.check([q["reason"] for q in bank.quarantine()].count("conflict") == 1, "a conflict in the quarantine")
    done = bank.run("ingest", "-s", "S2", "--supersede", f / "S2.fastq.gz")
    t.check(done.code == OK and "in place of" in done.err, "--supersede", done.err)
    new = bank.digests()[("S2", "S2", "reads")]
    t.check(new != old and bank.run("export", "S2").out == reads(PAIRS, 22), "the new store is given")
    kept = glob.glob(bank / "samples/*/S2/*.old-*.h5")
    t.check(len(kept) == 1 and run("export", kept[0]).out == reads(PAIRS, 2), "the old one is kept, whole",
            str(kept))
    t.check(bank.run("catalog", "check").code == OK, "catalog check with an old store",
            bank.run("catalog", "check").out.decode())
    done = bank.run("tidy")
    t.check(done.code == OK and len(glob.glob(bank / "samples/*/S2/*.old-*.h5")) == 1,
            "tidy keeps it for 30 days", done.err)
    later = {"VIAL_NOW": str(time.time() + 31 * 86400)}
    done = bank.run("tidy", "-n", env=later)
    t.check(b"would remove: 1 store" in done.out and os.path.exists(kept[0]), "tidy -n", done.out.decode())
    done = bank.run("tidy", env=later)
    t.check(done.code == OK and not os.path.exists(kept[0]), "tidy removes it later", done.err)
    t.check(bank.run("catalog", "check").code == OK, "catalog check after tidying")
    # the same input with another profile is another store
    done = bank.run("ingest", "-s", "S2", "--profile", "fast", f / "S2.fastq.gz")
    t.check(done.code == DATA, "another profile is no no-op", done.err)
    f.write("many_R1.fastq", reads(20, 31, mate=1))
    f.write("many_R2.fastq", reads(20, 31, mate=2))
    f.write("one.fastq", reads(20, 32))
    done = bank.run("ingest", "-q", "-s", "MANY", f / "many_R1.fastq", f / "many_R2.fastq", f / "one.fastq",
                    f / "run7.mzML", "--same-data")
    t.check(done.code == OK
            and [(r["acquisition"], r["rows"])
                 for r in bank.ls("MANY")] == [("many", 40), ("one", 20), ("run7", 20)],
            "several files of a sample", done.err + str(bank.ls("MANY")))
    # there and back again: each store that is superseded is kept as it was
    for profile in ("fast", "compact", "fast", "compact"):
        done = bank.run("ingest", "-q", "-s", "MANY", "--profile", profile, "--supersede", f / "one.fastq")
        t.check(done.code == OK, f"superseded by {profile}", done.err)
    kept = glob.glob(bank / "samples/*/MANY/*.old-*.h5")
    t.check(len(kept) == 2 and run("verify", "-q", *kept).code == OK, "both old forms are kept", str(kept))
    done = bank.run("catalog", "check")
    t.check(done.code == OK, "catalog check after going there and back", done.out.decode())
    # the donor of a sample does not change by itself
    path = sheet(f, "d1.csv", [("D", f / "moved.fastq.gz", "P1")], ("sample", "file_1", "donor"))
    t.check(bank.run("ingest", "-q", "--sheet", path).code == OK, "a donor")
    f.write("more.fastq", reads(9, 77))
    path = sheet(f, "d2.csv", [("D", f / "more.fastq", "P2")], ("sample", "file_1", "donor"))
    done = bank.run("ingest", "-q", "--sheet", path)
    t.check(done.code == DATA and "P1" in done.err and "P2" in done.err, "another donor for a known sample",
            done.err)


def catalogue(t, f, bank):
    def answers():
        facts = ("SELECT s.name, d.name, f.name, f.value FROM sample s LEFT JOIN donor d USING (donor_id) "
                 "LEFT JOIN fact f USING (sample_id) ORDER BY 1, 2, 3, 4")
        files = "SELECT path, bytes, mtime_ns, sha256 FROM input ORDER BY 1, 4"
        return bank.ls(), *(bank.run("sql", "--tsv", query).out for query in (facts, files))
    t.check(bank.run("verify", "-q").code == OK, "verify of all")
    before = answers()
    done = bank.run("catalog", "rebuild")
    t.check(done.code == OK, "rebuild", done.err)
    t.check(answers() == before and all(r["verified"] for r in before[0]),
            "the rebuilt catalogue answers the same")
    for name in glob.glob(bank / "catalog.db*"):
        os.unlink(name)
    check_refusal(t, "no catalogue", bank.run("ls"), ("rebuild",), (NOINPUT, DATA, CONFIG, CANTCREAT))
    done = bank.run("ingest", "-q", "-s", "D", f / "moved.fastq.gz")
    t.check(done.code == OK
            and [{**r, "verified": 0} for r in bank.ls()] == [{**r, "verified": 0} for r in before[0]],
            "a missing catalogue is made again by the next ingest", done.err)
    for name in glob.glob(bank / "catalog.db*"):
        os.unlink(name)
    with open(bank / "catalog.db", "wb") as g:
        g.write(b"no database at all, " * 500)
    t.check(bank.run("ls").code == DATA, "a damaged catalogue", bank.run("ls").err)
    done = bank.run("catalog", "rebuild")
    t.check(done.code == OK and answers()[1:] == before[1:], "rebuild over a damaged one", done.err)
    # sample.h5 lost: the stores speak for themselves
    os.unlink(glob.glob(bank / "samples/*/S2/sample.h5")[0])
    done = bank.run("catalog", "rebuild")
    t.check(done.code == OK and {**bank.ls("S2")[0], "verified": 0, "published": 0, "facts": {}} ==
            {**[r for r in before[0] if r["sample"] == "S2"][0], "verified": 0, "published": 0, "facts": {}},
            "rebuild without sample.h5",
            done.err + str(bank.ls("S2")))
    for query in ("DELETE FROM store", "ATTACH 'x' AS y", "PRAGMA writable_schema=1", "SELECT 1; SELECT 2",
                  "nonsense"):
        t.check(bank.run("sql", query).code == USAGE, f"sql {query!r} is refused", bank.run("sql", query).err)
    rows = bank.ls("--where", "donor = 'P1' AND kind = 'reads' AND rows > 100")
    t.check([r["sample"] for r in rows] == ["D"], "ls --where", str(rows))
    # damage is found, named, remembered
    store = glob.glob(bank / "samples/*/D/*moved*.h5") + glob.glob(bank / "samples/*/D/reads-*.h5")
    data = bytearray(open(store[0], "rb").read())
    data[len(data) // 2] ^= 4
    os.chmod(store[0], 0o644)
    open(store[0], "wb").write(data)
    done = bank.run("verify", "--all")
    t.check(done.code == DATA and "1 damaged" in done.out.decode(), "verify --all finds damage",
            done.out.decode() + done.err)
    t.check(bank.rows("SELECT count(*) FROM store WHERE verify_failed IS NOT NULL") == [(1,)],
            "damage is noted")
    data[len(data) // 2] ^= 4
    open(store[0], "wb").write(data)
    t.check(bank.run("verify", "-q", "--all").code == OK, "mended")
    parts = [int(bank.run("verify", "--slice", f"{i}/3").out.split(b"\n")[-2].split()[0]) for i in (1, 2, 3)]
    t.check(sum(parts) == len(bank.ls()), "slices make the whole", str(parts))


def record_lost(t, f):
    """A record made again from the stores knows what they were made with: only the same is unchanged."""
    bank = Bank(f)
    turn = f.write("a.fq", b"".join(record(b"r%d" % (i // 2), b"ACGT" * 9) for i in range(40)))
    document = f.write("a.mzML", mzml())
    for options, file in ((["--exact", "all"], document), (["--interleaved"], turn)):
        done = bank.run("ingest", "-q", "-s", "S1", *options, file)
        t.check(done.code == OK, "record lost", done.err)
    for path in glob.glob(bank / "samples/*/*/sample.h5"):
        os.remove(path)
    t.check(bank.run("catalog", "rebuild").code == OK, "record lost", "rebuild")
    before = bank.digests()
    for options, file in ((["--exact", "all"], document), (["--interleaved"], turn)):
        done = bank.run("ingest", "-s", "S1", *options, file)
        t.check(done.code == OK and "1 unchanged" in done.err and bank.digests() == before,
                f"record lost, {options}", done.err)
    done = bank.run("ingest", "-s", "S1", turn)
    t.check(done.code == DATA and bank.digests() == before, "record lost, other options",
            f"{done.code} {done.err}")
    for options in ([], ["--exact", "sampled"]):  # an option of before, which changes nothing
        done = bank.run("ingest", "-s", "S1", *options, document)
        t.check(done.code == OK and "1 unchanged" in done.err, f"record lost, {options}", done.err)


def withdrawal(t, f, bank):
    base = reads(PAIRS, 1, mate=1).split(b"\n")[1]
    t.check(bank.run("withdraw", "S1").code == USAGE, "withdraw needs a reason")
    check_refusal(t, "withdraw what is not there", bank.run("withdraw", "--reason", "r", "S99"), ("S99",),
                  (NOINPUT,))
    done = bank.run("withdraw", "--reason", "consent withdrawn", "S1")
    t.check(done.code == OK, "withdraw", done.err)
    t.check(not [r for r in bank.ls() if r["sample"] == "S1"] and not bank.ls("S1"), "hidden at once")
    check_refusal(t, "export of a withdrawn sample", bank.run("export", "S1/run7"), ("withdrawn",),
                  (NOINPUT,))
    done = bank.run("ingest", "-s", "S1", f / "run7.mzML")
    t.check(done.code == DATA and "withdrawn" in done.err, "no ingest into a withdrawn sample", done.err)
    done = bank.run("tidy")
    folder = os.path.dirname(glob.glob(bank / "samples/*/S1/sample.h5")[0])
    t.check(done.code == OK and sorted(os.listdir(folder)) == [".lock", "sample.h5"], "every byte goes",
            str(os.listdir(folder)))
    t.check(base not in open(folder + "/sample.h5", "rb").read()
            and b"consent withdrawn" in bank.run("info", "S1").out, "tombstone")
    t.check(bank.run("catalog", "rebuild").code == OK and not bank.ls("S1"), "hidden after a rebuild")
    t.check(bank.run("catalog", "check").code == OK, "catalog check with a tombstone")


def many_at_once(t, f):
    """Two supervisors, items of one sample at once, a reader, all on one bank."""
    bank = Bank(f)
    rows = []
    for i in range(24):
        f.write(f"a{i}.fastq", reads(50, i))
        rows.append((f"S{i // 4}", f / f"a{i}.fastq", ""))
    path = sheet(f, "s.csv", rows)
    results, stop = [], threading.Event()
    seen = []

    def reader():
        while not stop.is_set():
            done = bank.run("ls", "--json")
            seen.append(done.code)
            for line in done.out.decode().splitlines():
                r = json.loads(line)
                seen.append(run("verify", "-q",
                                *glob.glob(bank / f"samples/*/{r['sample']}/{r['file']}")).code)
                if stop.is_set():
                    break
    watch = threading.Thread(target=reader)
    runs = [threading.Thread(target=lambda: results.append(bank.run("ingest", "--sheet", path, "--jobs",
                                                                    3))) for _ in range(3)]
    for x in (*runs, watch):
        x.start()
    for x in runs:
        x.join()
    stop.set()
    watch.join()
    t.check([r.code for r in results] == [OK] * 3, "three supervisors on one bank",
            str([r.err for r in results]))
    t.check(len(bank.ls()) == 24 and len(bank.stores()) == 24, "all are there once", str(len(bank.ls())))
    t.check(set(seen) == {OK}, "a reader meanwhile", str(set(seen)))
    t.check(not bank.leftovers() and bank.run("catalog", "check").code == OK, "nothing left over")
    check_whole(t, bank, "after three supervisors")


def find_worker(bank, sample):
    """The process that writes a sample's store; None if it does not come within 20 s."""
    end = time.monotonic() + patient(20)
    while time.monotonic() < end:
        for part in glob.glob(bank / f"samples/*/{sample}/.*.part"):
            for proc in glob.glob("/proc/[0-9]*/fd/*"):
                try:
                    if os.readlink(proc) == part:
                        return int(proc.split("/")[2])
                except OSError:
                    pass
    return None


def stopped(t, f):
    """Ctrl-C, SIGTERM, a killed worker, a time limit, a memory limit."""
    f.write("big.fastq", reads(150000, 5, length=150))
    rows = [(f"S{i}", f / f"a{i}.fastq", "") for i in range(6)]
    for i in range(6):
        f.write(f"a{i}.fastq", reads(50, i))
    big = ("BIG", f / "big.fastq", "")
    for name, sig, codes in (("Ctrl-C", signal.SIGINT, {TEMPFAIL}), ("SIGTERM", signal.SIGTERM, {TEMPFAIL,
                                                                                                 -15})):
        bank = Bank(f, name.replace("-", ""))
        path = sheet(f, "s.csv", [big, *rows])
        p = subprocess.Popen([VIAL, "ingest", "-b", bank.path, "--sheet", path, "--jobs", "1", "-@", "1"],
                             stderr=subprocess.PIPE, start_new_session=True)
        end = time.monotonic() + patient(20)
        while not glob.glob(bank / "samples/*/BIG/.*.part") and time.monotonic() < end:
            time.sleep(0.002)
        os.killpg(p.pid, sig)
        err = p.communicate(timeout=patient(60))[1].decode()
        t.check(p.returncode in codes, f"{name}: exit code {p.returncode}", err)
        check_whole(t, bank, name)
        t.check(not [x for x in bank.leftovers() if "part" in x], f"{name}: nothing half is left",
                str(bank.leftovers()))
        done = bank.run("ingest", "--sheet", path)
        t.check(done.code == OK and len(bank.ls()) == 7 and not bank.leftovers(),
                f"{name}: a plain re-run", done.err)
    bank = Bank(f, "killed")
    path = sheet(f, "s.csv", [*rows[:3], big, *rows[3:]])
    p = subprocess.Popen([VIAL, "ingest", "-b", bank.path, "--sheet", path, "--jobs", "2", "-@", "1"],
                         stderr=subprocess.PIPE)
    victim = find_worker(bank, "BIG")
    if t.check(victim, "the worker of the large item is found"):
        os.kill(victim, signal.SIGKILL)
    err = p.communicate(timeout=patient(60))[1].decode()
    t.check(p.returncode == DATA and "6 published" in err, "a killed worker costs its item only", err)
    t.check([q["reason"] for q in bank.quarantine()] == ["killed"], "its reason", str(bank.quarantine()))
    check_whole(t, bank, "killed worker")
    t.check(not bank.leftovers(), "what the killed worker left is cleared", str(bank.leftovers()))
    bank = Bank(f, "slow", "[batch]\ntimeout = 8s\n")
    p = subprocess.Popen([VIAL, "ingest", "-b", bank.path, "--sheet", path, "--jobs", "2", "-@", "1"],
                         stderr=subprocess.PIPE)
    victim = find_worker(bank, "BIG")
    if t.check(victim, "the worker of the large item is found"):
        os.kill(victim, signal.SIGSTOP)
    err = p.communicate(timeout=patient(60))[1].decode()
    t.check(p.returncode == DATA and [q["reason"] for q in bank.quarantine()] == ["timeout"],
            "time limit", err)
    t.check(len(bank.ls()) == 6 and not bank.leftovers(), "the others are published")
    bank = Bank(f, "small", "[batch]\nmax_memory = 4M\n")
    done = bank.run("ingest", "--sheet", path, "--jobs", 1)
    t.check(done.code == DATA and not bank.ls() and not bank.leftovers(),
            "memory limit that nothing fits", done.err)
    bank = Bank(f, "full", "[batch]\nreserve = 1000T\n")
    done = bank.run("ingest", "--sheet", path)
    t.check(done.code == IOERR and "reserve" in done.err and not bank.ls(), "the reserve", done.err)


def hard_places(t, f):
    """A file system without locks, a read-only bank, a full disk, a clock that was set back."""
    inputs(f)
    bank = Bank(f)
    t.check(bank.run("ingest", "-q", "-s", "S2", f / "S2.fastq.gz").code == OK, "an ingest")
    if shutil.which("strace"):
        for errno in ("ENOLCK", "EOPNOTSUPP"):
            p = subprocess.run(["strace", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=flock", "-e",
                                f"inject=flock:error={errno}", VIAL,
                                "ingest", "-b", bank.path, "-s", "L", f / "run7.mzML"],
                                capture_output=True, text=True)
            t.check(p.returncode in (CONFIG, DATA) and "lock" in p.stderr and not bank.ls("L"),
                    f"no flock: {errno}", p.stderr)
    else:
        t.skip("strace is not installed: a file system without flock")
    past = {"VIAL_NOW": "1000000000"}
    t.check(bank.run("ingest", "-q", "-s", "P", f / "run7.mzML", env=past).code == OK
            and len(bank.ls("P")) == 1, "a clock set back")
    t.check(bank.run("verify", "-q", "--all", env=past).code == OK
            and bank.run("tidy", env=past).code == OK, "verify and tidy as well")
    if DRAWN:
        for p in glob.glob(bank.path + "/**", recursive=True):
            os.chmod(p, 0o555 if os.path.isdir(p) else 0o444)
        program = for_all(f.path)

        def nobody():
            os.setgid(65534)
            os.setuid(65534)
        done = subprocess.run([program, "ingest", "-b", bank.path, "-s", "N", f / "run7.mzML"],
                              capture_output=True, text=True,
                              preexec_fn=nobody)
        t.check(done.returncode == NOPERM and "may write here" in done.stderr, "a read-only bank",
                done.stderr)
        done = subprocess.run([program, "ls", "-b", bank.path, "--json"], capture_output=True, text=True,
                              preexec_fn=nobody)
        t.check(done.returncode == OK and len(done.stdout.splitlines()) == len(bank.ls()),
                "who may only read can list", done.stderr)
        full_disk(t, f)
    else:
        t.skip("not root: read-only bank, full disk", 2)


def full_disk(t, f):
    """Another program fills the disk while a store is written."""
    disk = f / "disk"
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk],
                      capture_output=True).returncode:
        return t.skip("no tmpfs can be mounted: full disk")
    try:
        bank = Bank(f, "disk/bank", "[batch]\nreserve = 0\n")
        f.write("noise.fastq", reads(60000, 8, length=150))
        path = sheet(f, "s.csv", [("NOISE", f / "noise.fastq", "")])
        filler = open(os.path.join(disk, "filler"), "wb", 0)

        def fill():
            end = time.monotonic() + patient(20)
            while not glob.glob(bank / "samples/*/NOISE/.*.part") and time.monotonic() < end:
                time.sleep(0.001)
            try:
                while True:
                    filler.write(b"x" * 65536)
            except OSError:
                pass
        other = threading.Thread(target=fill)
        other.start()
        done = bank.run("ingest", "--sheet", path, "--jobs", 1)
        other.join()
        t.check(done.code == IOERR and "No space left" in done.err, "a full disk", f"{done.code} {done.err}")
        check_whole(t, bank, "full disk")
        t.check(not bank.ls(), "nothing is published", done.err)
        filler.truncate(0)
        done = bank.run("ingest", "--sheet", path)
        t.check(done.code == OK and len(bank.ls()) == 1 and not bank.leftovers(),
                "with space again, a plain re-run", done.err)
        filler.seek(0)
        filler.write(b"x" * (20 << 20))
        f.write("more.fastq", reads(60000, 9, length=150))
        done = bank.run("ingest", "-s", "MORE", f / "more.fastq")
        t.check(done.code == IOERR and "not enough space" in done.err, "space is checked before", done.err)
        filler.close()
    finally:
        subprocess.run(["umount", disk], capture_output=True)


def receipts(t, f):
    bank = Bank(f)
    rows = []
    for i in range(10):
        f.write(f"a{i}.fastq", reads(50, i) if i != 7 else b"@broken\nACGT\n+\nIII\n")
        rows.append((f"S{i % 5}", f / f"a{i}.fastq", ""))
    path = sheet(f, "s.csv", rows)
    codes = [bank.run("ingest", "-q", "--sheet", path, "--task", f"{k}/3").code for k in (1, 2, 3)]
    t.check(sorted(codes) == [OK, OK, DATA], "three tasks", str(codes))
    t.check(not bank.ls() and len(bank.stores()) == 9 and len(glob.glob(bank / "receipts/*.json")) == 3,
            "receipts, no catalogue")
    done = bank.run("collect")
    t.check(done.code == OK and len(bank.ls()) == 9, "collect", done.out.decode() + done.err)
    before = bank.ls(), bank.rows("SELECT count(*) FROM job"), bank.rows("SELECT count(*) FROM refusal")
    t.check(before[2] == [(1,)], "refusals travel in receipts", str(before[2]))
    for name in glob.glob(bank / "receipts/done/*.json"):  # a crash before they were moved
        os.rename(name, name.replace("/done", ""))
    done = bank.run("collect")
    t.check(done.code == OK and b"3 taken before" in done.out, "collect again", done.out.decode())
    t.check((bank.ls(), bank.rows("SELECT count(*) FROM job"),
             bank.rows("SELECT count(*) FROM refusal")) == before, "nothing twice")
    with open(bank / "receipts/torn.json", "w") as g:
        g.write('{"vial_receipt": 1, "records": [')
    done = bank.run("collect")
    t.check(done.code == DATA and "torn.json" in done.err and os.path.exists(bank / "receipts/torn.json"),
            "a torn receipt", done.err)
    t.check(bank.run("ingest", "--task", "4/3", "--sheet", path).code == USAGE, "--task 4/3")


if __name__ == "__main__":
    main(settings, daily, record_lost, many_at_once, stopped, hard_places, receipts)
