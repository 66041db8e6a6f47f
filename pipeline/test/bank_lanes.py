"""
Lanes in a row and inputs with roles, into a bank: on the command line, as a folder, in sheets, in inboxes.
Whatever way they come, their text comes back in order of lanes, the same again is unchanged, and another
order is other data.

Suites: banks. Also: asan.
"""
import glob
import json
import os
import shutil

from banktest import Bank, check_whole, mzml, sheet
from containers import gzip
from fqmodel import reads
from vialtest import CONFIG, DATA, OK, USAGE, check_refusal, main, run

LANES = (1, 2, 10)


def text(lanes, mate, sample=1):
    return b"".join(reads(30, seed=100 * sample + lane, mate=mate) for lane in lanes)


def name(lane, mate, sample=1):
    return f"P{sample}_S{sample}_L{lane:03}_R{mate}_001.fastq.gz"


def make(f, folder, lanes=LANES, sample=1):
    """Pairs of a library, a pair a lane; gives the paths as a command line has them."""
    os.makedirs(f / folder, exist_ok=True)
    rows = []
    for mate in (1, 2):
        for lane in lanes:
            f.write(f"{folder}/{name(lane, mate, sample)}", gzip(text([lane], mate, sample)))
        rows.append(",".join(f / f"{folder}/{name(lane, mate, sample)}" for lane in lanes))
    return rows


def export(f, bank, what):
    done = bank.run("export", "-q", "--force", what, "-1", f / "x1", "-2", f / "x2")
    return [f.read("x1"), f.read("x2")] if done.code == OK else done.err


def inputs(bank, sample):
    stores = json.loads(bank.run("info", "--json", sample).out)["stores"]
    return [[(os.path.basename(i["path"]), i["stream"], i["role"]) for i in s["inputs"]]
            for s in stores if s["state"] == "live"]


def roles(lanes=LANES, sample=1):
    """What inputs gives of a pair of rows."""
    return [(name(lane, mate, sample), mate, f"R{mate}") for mate in (1, 2) for lane in lanes]


def counts(done):
    """What the summary says: published, unchanged, refused."""
    words = done.err.splitlines()[-1].replace(",", "").replace(";", "").split()
    return tuple(int(words[words.index(w) - 1]) for w in ("published", "unchanged", "refused"))


def command_line(t, f):
    bank = Bank(f)
    rows = make(f, "run")
    want = [text(LANES, 1), text(LANES, 2)]
    done = bank.run("ingest", "-s", "P1", *rows)
    t.check(done.code == OK and counts(done) == (1, 0, 0), "lanes joined by commas", done.err)
    t.check([r["acquisition"] for r in bank.ls()] == ["P1_S1"], "are called after all", str(bank.ls()))
    t.check(export(f, bank, "P1") == want, "and come back in order")
    t.check(inputs(bank, "P1") == [roles()], "each with its role", str(inputs(bank, "P1")))
    same(t, f, bank, rows, want)
    other(t, f, bank, rows)
    done = bank.run("ingest", "--same-data", "-s", "P9", f / "run")
    t.check(done.code == OK and export(f, bank, "P9") == want, "a folder of lanes", done.err)
    t.check(counts(bank.run("ingest", "-s", "P9", *rows)) == (0, 1, 0), "is the same as its files")
    mixed(t, f, bank, rows)
    row = ",".join((f / f"run/{name(1, 1)}", f / "none.fq"))
    done = bank.run("ingest", "--same-data", "-s", "P8", row, f / f"run/{name(1, 2)}")
    kept = [q for q in bank.quarantine() if q["sample"] == "P8"]
    t.check(done.code == DATA and [(q["reason"], len(q["inputs"])) for q in kept] == [("missing", 3)],
            "a lane that is missing", done.err + str(kept))
    done = bank.run("ingest", "-s", "P8", rows[0] + ",", rows[1])
    check_refusal(t, "an empty name in a row", done, ["empty"], (USAGE,))
    check_whole(t, bank, "after lanes")
    t.check(not bank.leftovers(), "nothing is left over", str(bank.leftovers()))


def same(t, f, bank, rows, want):
    """The same lanes again: unread, read, moved, after a rebuild, after the record was lost."""
    t.check(counts(bank.run("ingest", "-s", "P1", *rows)) == (0, 1, 0), "the same again")
    os.utime(f / f"run/{name(2, 2)}")
    t.check(counts(bank.run("ingest", "-s", "P1", *rows)) == (0, 1, 0), "with a new time")
    make(f, "moved")
    moved = [r.replace("/run/", "/moved/") for r in rows]
    t.check(counts(bank.run("ingest", "-s", "P1", *moved)) == (0, 1, 0), "from elsewhere")
    os.unlink(glob.glob(bank / "samples/*/P1/sample.h5")[0])
    done = bank.run("catalog", "rebuild")
    t.check(done.code == OK, "rebuild", done.err)
    t.check(counts(bank.run("ingest", "-s", "P1", *rows)) == (0, 1, 0), "after the record was lost")
    t.check(inputs(bank, "P1") == [roles()], "roles are in the store too")
    t.check(export(f, bank, "P1") == want, "the data stays")


def other(t, f, bank, rows):
    """The same name and other data, in whatever way it is other."""
    def swapped(row):
        a, b, *rest = row.split(",")
        return ",".join([b, a, *rest])
    lanes = [f / f"run/{name(1, 1)}", f / f"run/{name(2, 1)}"]
    for what, args in (("another order", [swapped(r) for r in rows]),
                       ("a lane less", [r.rsplit(",", 1)[0] for r in rows]),
                       ("one lane", [r.split(",")[0] for r in rows]), ("first mates alone", rows[:1])):
        done = bank.run("ingest", "-s", "P1", "--acquisition", "P1_S1", *args)
        t.check(done.code == DATA and "other data" in done.err, f"{what} is other data", done.err)
    done = bank.run("ingest", "--same-data", "-s", "P7", "--acquisition", "a", ",".join(lanes))
    t.check(done.code == OK and counts(done) == (1, 0, 0), "two files in a row", done.err)
    done = bank.run("ingest", "--same-data", "-s", "P7", "--acquisition", "a", *lanes)
    t.check(done.code == USAGE or "other data" in done.err, "and side by side", done.err)


def mixed(t, f, bank, rows):
    """Several acquisitions on one line: pairs of rows, index reads, spectra."""
    f.write("run7.mzML", mzml())
    for i in (1, 2):
        f.write(f"P1_S1_L001_I{i}_001.fastq.gz", gzip(reads(30, seed=101, length=8, mate=i)))
    index = [f / f"P1_S1_L001_I{i}_001.fastq.gz" for i in (1, 2)]
    done = bank.run("ingest", "--same-data", "-s", "P6", rows[0], rows[1], *index, f / "run7.mzML")
    t.check(done.code == OK and counts(done) == (3, 0, 0), "reads, index reads and spectra", done.err)
    t.check([(r["kind"], r["acquisition"]) for r in bank.ls("P6")] ==
            [("reads", "P1_S1"), ("reads", "P1_S1_L001_I1_001"), ("spectra", "run7")],
            "three acquisitions", str(bank.ls("P6")))
    t.check(sorted([i[2] for i in s] for s in inputs(bank, "P6")) ==  # whichever came in first
            [["I1", "I2"], ["R1"] * 3 + ["R2"] * 3, ["data"]], "and their roles", str(inputs(bank, "P6")))
    done = bank.run("ingest", "--same-data", "-s", "P5", f / f"run/{name(1, 1)}", index[0])
    t.check([r["acquisition"] for r in bank.ls("P5")] == ["P1_S1_L001", "P1_S1_L001_I1_001"],
            "index reads are no second mates", done.err + str(bank.ls("P5")))
    done = run("ingest", "-q", "-o", f / "s.h5", f / f"run/{name(1, 1)}", index[0])
    check_refusal(t, "index reads as second mates", done, ["_I1_001", "index reads", "no mates"], (USAGE,))


def sheets(t, f):
    bank = Bank(f)
    for sample in (1, 2):
        make(f, "run", sample=sample)
    f.write("run7.mzML", mzml())
    head = ("sample", "fastq_1", "fastq_2", "strandedness")
    rows = [(f"P{s}", f"run/{name(lane, 1, s)}", f"run/{name(lane, 2, s)}", "auto")
            for lane in LANES for s in (1, 2)]
    path = sheet(f, "nf-core.csv", [*rows, ("P1", "run7.mzML", "", "")], head)
    done = bank.run("ingest", "--sheet", path)
    t.check(done.code == OK and counts(done) == (3, 0, 0), "rows of a sample of nf-core", done.err)
    t.check([(r["sample"], r["acquisition"]) for r in bank.ls()] ==
            [("P1", "P1_S1"), ("P1", "run7"), ("P2", "P2_S2")], "are one acquisition", str(bank.ls()))
    for s in (1, 2):
        want = [text(LANES, 1, s), text(LANES, 2, s)]
        t.check(export(f, bank, f"P{s}/P{s}_S{s}") == want, f"in order, P{s}")
    t.check(inputs(bank, "P2") == [roles(sample=2)], "each with its role", str(inputs(bank, "P2")))
    t.check(counts(bank.run("ingest", "--sheet", path)) == (0, 3, 0), "the same sheet again")
    other_ways(t, f, bank)
    damaged(t, f, bank)
    check_whole(t, bank, "after sheets")


def other_ways(t, f, bank):
    """Lists in cells and a column lane say the same; a sheet as sarek has it keeps lanes apart."""
    def row(s, mate):
        return '"' + ",".join(f"run/{name(lane, mate, s)}" for lane in LANES) + '"'
    path = sheet(f, "lists.csv", [(f"P{s}", row(s, 1), row(s, 2)) for s in (1, 2)])
    t.check(counts(bank.run("ingest", "--sheet", path)) == (0, 2, 0), "lists in cells mean the same")
    rows = [(f"P{s}", f"run/{name(lane, 1, s)}", f"run/{name(lane, 2, s)}", f"P{s}_S{s}", lane)
            for s in (1, 2) for lane in LANES]
    path = sheet(f, "lanes.csv", rows, ("sample", "file_1", "file_2", "acquisition", "lane"))
    done = bank.run("ingest", "--sheet", path)
    t.check(counts(done) == (0, 2, 0), "so do rows with a column lane", done.err)
    facts = bank.ls("P2")[0]["facts"]
    t.check(facts == {"strandedness": "auto", "lane": "1; 2; 10"}, "which is remembered", str(facts))
    rows = [("P3", lane, f"run/{name(lane, 1)}", f"run/{name(lane, 2)}") for lane in LANES]
    apart = sheet(f, "sarek.csv", rows, ("sample", "lane", "fastq_1", "fastq_2"))
    done = bank.run("ingest", "--same-data", "--sheet", apart)
    t.check(counts(done) == (3, 0, 0), "sarek's lanes are kept apart", done.err)
    for task in (1, 2):
        done = bank.run("ingest", "--sheet", path, "--task", f"{task}/2")
        t.check(done.code == OK, f"task {task} of two", done.err)
    t.check(bank.run("collect").code == OK and len(bank.ls()) == 6, "receipts of lanes")


def damaged(t, f, bank):
    """What is wrong with one lane is said of that lane, and its acquisition is refused."""
    last = f / f"run/{name(10, 2, 4)}"
    make(f, "run", sample=4)
    f.write(f"run/{name(10, 2, 4)}", gzip(text([10], 2, 4))[:-40])
    rows = [("P4", f"run/{name(lane, 1, 4)}", f"run/{name(lane, 2, 4)}") for lane in LANES]
    path = sheet(f, "cut.csv", rows, ("sample", "fastq_1", "fastq_2"))
    done = bank.run("ingest", "--sheet", path)
    kept = [q for q in bank.quarantine() if q["sample"] == "P4"]
    t.check(done.code == DATA and [(q["reason"], q["place"]["file"]) for q in kept] == [("truncated", last)],
            "a lane that is cut off", done.err + str(kept))
    t.check(len(kept[0]["inputs"]) == 6 and not bank.ls("P4"), "all are named, none is taken", str(kept))
    f.write(f"run/{name(10, 2, 4)}", gzip(text([10], 2, 4)))
    bad = text([2], 1, 4).replace(b"\n+\n", b"\n-\n", 7)
    f.write(f"run/{name(2, 1, 4)}", gzip(bad))
    done = bank.run("ingest", "--sheet", path)
    kept = [q for q in bank.quarantine() if q["sample"] == "P4" and q["reason"] == "format"]
    t.check(done.code == DATA and [q["place"]["file"] for q in kept] == [f / f"run/{name(2, 1, 4)}"],
            "a lane with a bad record", done.err + str(kept))


def inboxes(t, f):
    bank = Bank(f, settings=f"\n[inbox apart]\npath = {f / 'a'}\nsettle = 0\n"
                                f"[inbox joined]\npath = {f / 'j'}\nsettle = 0\nlanes = join\nindex = take\n"
                                "complete = CopyComplete.txt\n")
    make(f, "a", sample=1)
    make(f, "j/run1", sample=2)
    for folder, sample in (("a", 1), ("j/run1", 2)):
        for lane in LANES:
            index = gzip(reads(30, seed=100 * sample + lane, length=8))
            f.write(f"{folder}/{name(lane, 1, sample).replace('_R1', '_I1')}", index)
    done = bank.run("nightly", "-n")
    words = [line.split("\t")[0] for line in done.out.decode().splitlines()]
    t.check(words.count("left") == 3, "index reads are left by default", done.out.decode())
    t.check(words.count("waits") == 6, "a run that is not whole waits", done.out.decode())
    f.write("j/run1/CopyComplete.txt", b"x")
    done = bank.run("nightly", "-v")
    t.check(done.code == OK and "5 published" in done.err, "a night", done.err)
    t.check("3 files of index reads" in done.err, "says what it leaves", done.err)
    t.check([(r["sample"], r["acquisition"]) for r in bank.ls()] ==
            [("P1", f"P1_S1_L{lane:03}") for lane in LANES] + [("P2", "P2_S2"), ("P2", "P2_S2_I1_001")],
            "a store for each lane, or for all", str(bank.ls()))
    want = [text(LANES, 1, 2), text(LANES, 2, 2)]
    t.check(export(f, bank, "P2/P2_S2") == want, "in order of lanes")
    t.check(sorted(inputs(bank, "P2"), key=len)[0] == [(name(lane, 1, 2).replace("_R1", "_I1"), 1, "I1")
                                                      for lane in LANES], "index reads, lane by lane")
    done = bank.run("nightly", "-v")
    t.check(done.code == OK and "5 unchanged" in done.err, "the next night reads nothing", done.err)
    check_whole(t, bank, "after nights")
    for line, word in (("lanes = joined", "neither apart nor join"),
                       ("index = yes", "neither leave nor take")):
        bank.set(f"[inbox x]\npath = y\n{line}\n")
        check_refusal(t, f"bank.ini with {line}", bank.run("ls"), ("bank.ini", word), (CONFIG,))
        ini = f.read("bank/bank.ini")
        f.write("bank/bank.ini", ini[:ini.index(b"[inbox x]\npath = y")])


def old_journal(t, f):
    """An entry of the first days, without roles, of a run that died when its store had just got its name."""
    bank = Bank(f)
    rows = make(f, "run")
    t.check(bank.run("ingest", "-q", "-s", "P1", *rows).code == OK, "an ingest")
    for path in glob.glob(bank / "samples/*/P1/sample.h5") + glob.glob(bank / "ledger/*"):
        os.unlink(path)
    paths = [path for row in rows for path in row.split(",")]
    entry = {"sample": "P1", "acquisition": "P1_S1", "inputs": paths, "interleaved": False,
             "about_sample": {"donor": "D1"}, "about_acquisition": {"run": "7"}}
    f.write("bank/journal/host-1-1-0.json", json.dumps(entry).encode())
    done = bank.run("tidy")
    record = json.loads(bank.run("info", "--json", "P1").out)
    t.check(done.code == OK and record["donor"] == "D1", "is finished by the next run", done.err)
    store = record["stores"][0]
    t.check([i["path"] for i in store["inputs"]] == paths, "with its paths", str(store)[:500])
    t.check(store["facts"] == {"run": "7"}, "and facts", str(store)[:500])
    t.check(inputs(bank, "P1") == [roles()], "roles come from the store", str(inputs(bank, "P1")))
    t.check(not bank.leftovers(), "nothing is left over", str(bank.leftovers()))
    t.check(counts(bank.run("ingest", "-s", "P1", *rows)) == (0, 1, 0), "and the same is unchanged")


def old_bank(t, f):
    """A bank whose records know no roles and whose stores are of version 1: the same inputs are the same."""
    shutil.copytree("testdata/stores/v1/bank", f / "bank")
    for part in ("journal", "quarantine", "receipts", "reports"):  # empty, so git does not keep them
        os.makedirs(f / f"bank/{part}", exist_ok=True)
    bank = Bank.__new__(Bank)
    bank.path = f / "bank"
    pair = [f"testdata/stores/input/pairs_R{mate}.fastq" for mate in (1, 2)]
    for lost in (False, True):
        if lost:
            os.unlink(glob.glob(bank / "samples/*/S1/sample.h5")[0])
            done = bank.run("catalog", "rebuild")
            t.check(done.code == OK, "a record of version 1 is lost", done.err)
        done = bank.run("ingest", "-s", "S1", "--acquisition", "L001", *pair)
        t.check(counts(done) == (0, 1, 0), "a pair of version 1 is unchanged", done.err)
    done = bank.run("ingest", "-s", "S1", "--acquisition", "L001", ",".join(pair))
    t.check(done.code == DATA and "other data" in done.err, "the same files in a row are not", done.err)
    for sample, of in (("S2", "levels"), ("S1", "kept")):  # the records say exact=all, which is always so now
        done = bank.run("ingest", "-s", sample, "--acquisition", of, f"testdata/stores/input/{of}.mzML")
        t.check(counts(done) == (0, 1, 0), f"{of}.mzML of version 1 is unchanged", done.err)
    check_whole(t, bank, "an old bank")


if __name__ == "__main__":
    main(command_line, sheets, inboxes, old_bank, old_journal)
