"""
The record of a sample has a second home, the ledger. What is lost, cut, altered or put back from an old
copy, of sample.h5, ledger and catalogue, one or two at a time, is named by `catalog check` and made again by
`catalog rebuild`, by the next change, or by the same item ingested again; where two contradict each other,
nothing is guessed. The history of a sample. Kills in between.

Suites: banks faults.
"""
import glob
import json
import os
import shutil
import time

import h5py

from banktest import Bank, broken, sheet
from fqmodel import reads
from vialtest import DATA, NOINPUT, OK, SOAK, USAGE, check_refusal, main

WHOLE = bool(SOAK or os.environ.get("VIAL_WHOLE"))
POINTS = int(os.environ.get("VIAL_POINTS", 12))  # of each matrix, when not all

FACTS = {"specimen_type": "DNA"}


class Scene:
    """A bank with S1 (two stores, one superseded), S2 (donor, facts) and W (withdrawn), and a copy of it."""

    def __init__(self, f):
        self.f, self.bank = f, Bank(f)
        for name, seed in (("a", 1), ("b", 2), ("w", 3)):
            f.write(f"{name}.fastq", reads(30, seed))
        head = ("sample", "file_1", "donor", "specimen_type", "disease")
        self.sheet = sheet(f, "h.csv", [("S2", f / "b.fastq", "D2", "DNA", "none")], head)
        self.run("ingest", "-q", "-s", "S1", f / "a.fastq")
        f.write("a.fastq", reads(31, 4))
        self.run("ingest", "-q", "-s", "S1", "--supersede", f / "a.fastq")
        self.run("ingest", "-q", "--sheet", self.sheet)
        self.run("ingest", "-q", "-s", "W", f / "w.fastq")
        self.run("withdraw", "--reason", "consent", "W")
        self.right = self.answers()
        shutil.copytree(self.bank.path, f / "before", symlinks=True)

    def run(self, *args, code=OK):
        done = self.bank.run(*args)
        assert done.code == code, (args, done)
        return done

    def reset(self):
        shutil.rmtree(self.bank.path)
        shutil.copytree(self.f / "before", self.bank.path, symlinks=True)

    def records(self):
        """All that is known, without what says where it lies."""
        found = {}
        for name in ("S1", "S2", "W"):
            done = self.bank.run("info", "--json", name)
            record = json.loads(done.out) if done.code == OK else None
            for member in ("ledger", "revision"):
                (record or {}).pop(member, None)
            for store in (record or {}).get("stores", []):
                for one in store["inputs"]:
                    one.pop("role", None)
                store["facts"] = store["facts"] if store["state"] == "live" else {}
            if record:
                record["stores"].sort(key=lambda s: s["file"])
            found[name] = record
        return found

    def answers(self):
        return self.bank.ls(), self.records()

    def path(self, sample, file="sample.h5"):
        return glob.glob(self.bank / f"samples/*/{sample}")[0] + "/" + file

    def ledger(self, sample):
        return self.bank / ("ledger/" + self.path(sample).split("/")[-3])

    def check(self):
        done = self.bank.run("catalog", "check")
        return done.code, done.out.decode()


# ---- what may happen to each of the three ----

def delete_record(s):
    os.remove(s.path("S2"))


def cut_record(s):
    with open(s.path("S2"), "rb") as g:
        data = g.read()
    os.chmod(s.path("S2"), 0o644)
    with open(s.path("S2"), "wb") as g:
        g.write(data[:len(data) - 100])


def alter_record(s):
    os.chmod(s.path("S2"), 0o644)
    with h5py.File(s.path("S2"), "r+") as g:
        g.attrs["donor"] = "D9"


def delete_records(s):
    for path in glob.glob(s.bank / "samples/*/*/sample.h5"):
        os.remove(path)


def delete_ledger(s):
    shutil.rmtree(s.bank / "ledger")


def delete_shards(s):
    for path in glob.glob(s.bank / "ledger/*"):
        os.remove(path)


def lines_of(path):
    with open(path, "rb") as g:
        return g.read().splitlines(keepends=True)


def put_lines(path, lines):
    with open(path, "wb") as g:
        g.write(b"".join(lines))


def alter_line(s):
    lines = lines_of(s.ledger("S2"))
    put_lines(s.ledger("S2"), [*lines[:-1], lines[-1].replace(b"DNA", b"RNA")])


def lose_line(s):
    lines = lines_of(s.ledger("S1"))
    put_lines(s.ledger("S1"), [lines[0], *lines[2:]])


def cut_line(s):
    put_lines(s.ledger("S2"), lines_of(s.ledger("S2"))[:-1])


def cut_in_line(s):
    lines = lines_of(s.ledger("S2"))
    put_lines(s.ledger("S2"), [*lines[:-1], lines[-1][:40]])


def garble_ledger(s):
    with open(s.ledger("S2"), "wb") as g:
        g.write(b"no ledger at all\n" * 9)


def delete_catalogue(s):
    for path in glob.glob(s.bank / "catalog.db*"):
        os.remove(path)


def garble_catalogue(s):
    delete_catalogue(s)
    with open(s.bank / "catalog.db", "wb") as g:
        g.write(b"no database at all, " * 500)


RECORDS = (delete_record, cut_record, alter_record, delete_records)
LOSING = (delete_ledger, delete_shards, cut_line, cut_in_line, garble_ledger)
LEDGERS = (delete_ledger, delete_shards, alter_line, lose_line, cut_line, cut_in_line, garble_ledger)
CATALOGUES = (delete_catalogue, garble_catalogue)
WORDS = {"delete_record": "S2: its sample.h5 is missing", "cut_record": "S2: its sample.h5 is damaged",
         "alter_record": "attribute donor of its damaged sample.h5 says 'D9', else 'D2'",
         "delete_records": "W: its sample.h5 is missing", "delete_ledger": "ledger: is missing",
         "delete_shards": "ledger/f5: is missing or empty", "alter_line": "line 1 its checksum is wrong",
         "lose_line": "line 1 is missing", "cut_line": "ledger/f5: is missing or empty",
         "cut_in_line": "ledger/f5: is missing or empty", "garble_ledger": "is no line of a ledger",
         "delete_catalogue": "1 difference", "garble_catalogue": "1 difference"}


def lost(t, f):
    """Each alone, and each two of the three."""
    s = Scene(f)
    code, out = s.check()
    t.check(code == OK and "0 differences" in out, "nothing is wrong before", out)
    pairs = [(a,) for a in (*RECORDS, *LEDGERS, *CATALOGUES)]
    pairs += [(a, b) for one, other in ((RECORDS, LEDGERS), (RECORDS, CATALOGUES), (LEDGERS, CATALOGUES))
              for a in one for b in other]
    for harm in pairs:
        what = " and ".join(h.__name__.replace("_", " ") for h in harm)
        s.reset()
        for h in harm:
            h(s)
        code, out = s.check()
        t.check(code == DATA and WORDS[harm[0].__name__] in out, f"{what}: check names it", out)
        done = s.bank.run("catalog", "rebuild")
        # attributes that were altered, its line lost: the catalogue alone contradicts them
        if alter_record in harm and {alter_line, *LOSING} & set(harm):
            t.check(done.code == DATA and b"nothing is guessed" in done.out, f"{what}: nothing is guessed",
                    done.out.decode() + done.err)
            t.check(s.bank.ls() == s.right[0], f"{what}: the catalogue stays", str(s.bank.ls()))
            continue
        t.check(done.code == OK, f"{what}: rebuild", done.out.decode() + done.err)
        now = s.answers()
        t.check([{**r, "verified": 0} for r in now[0]] == [{**r, "verified": 0} for r in s.right[0]]
                and now[1] == s.right[1], f"{what}: all is there again",
                json.dumps(now) + "\n" + json.dumps(s.right) + done.out.decode())
        code, out = s.check()
        t.check(code == OK, f"{what}: check after rebuild", out)


def at_once(t, f):
    """Without any rebuild: nothing is forgotten by who reads, and the same item writes a lost record anew."""
    s = Scene(f)
    for harm in (delete_record, cut_record, alter_record):
        s.reset()
        harm(s)
        t.check(s.records() == s.right[1], f"{harm.__name__}: info", str(s.records()))
        done = s.bank.run("ingest", "--sheet", s.sheet)
        t.check(done.code == OK and "1 unchanged" in done.err, f"{harm.__name__}: the same item", done.err)
        code, out = s.check()
        t.check(code == OK and s.answers() == s.right, f"{harm.__name__}: the record is written anew", out)
    # samples/ is put back from before the withdrawal
    s.reset()
    shutil.copytree(s.bank / "samples", f / "old")
    done = s.bank.run("withdraw", "--reason", "consent", "S2")
    t.check(done.code == OK, "withdraw", done.err)
    s.bank.run("tidy")
    shutil.rmtree(s.bank / "samples")
    shutil.copytree(f / "old", s.bank / "samples")
    for command in (("view", "S2"), ("export", "S2"), ("view", "W")):
        check_refusal(t, f"{command} of what a backup brought back", s.bank.run(*command), ("withdrawn",),
                      (NOINPUT,))
    done = s.bank.run("ingest", "--sheet", s.sheet)
    t.check(done.code == DATA and "withdrawn" in done.err, "nor is it ingested", done.err)
    code, out = s.check()
    t.check(code == DATA and "S2: was withdrawn: tidy" in out, "check names it", out)
    done = s.bank.run("catalog", "rebuild")
    t.check(done.code == OK and not s.bank.ls("S2"), "rebuild keeps it withdrawn",
            done.out.decode() + done.err)
    # the folder is gone
    s.reset()
    shutil.rmtree(os.path.dirname(s.path("W")))
    done = s.bank.run("ingest", "-s", "W", f / "w.fastq")
    t.check(done.code == DATA and "withdrawn" in done.err, "a withdrawn sample without its folder", done.err)
    s.reset()
    shutil.rmtree(os.path.dirname(s.path("S2")))
    code, out = s.check()
    t.check(code == DATA and "S2: its folder is missing" in out, "a folder that is gone", out)
    done = s.bank.run("catalog", "rebuild")
    info = json.loads(s.bank.run("info", "--json", "S2").out)
    t.check(done.code == OK and info["donor"] == "D2" and info["facts"] == FACTS and info["stores"],
            "what was known of it is known", str(info))


def contradictions(t, f):
    """One revision, two stories: reported, and left as they are."""
    s = Scene(f)
    for name, value in (("ours", "Plasma"), ("theirs", "Serum")):
        s.reset()
        again = sheet(f, "x.csv", [("S2", f / "b.fastq", "D2", value, "none")],
                      ("sample", "file_1", "donor", "specimen_type", "disease"))
        s.run("ingest", "-q", "--correct", "--sheet", again)
        shutil.copytree(s.bank.path, f / name)
    # the ledger of the one, the samples of the other
    shutil.rmtree(s.bank / "ledger")
    shutil.copytree(f / "ours/ledger", s.bank / "ledger")
    code, out = s.check()
    t.check(code == DATA and "facts specimen_type: sample.h5 says 'Serum', the ledger 'Plasma'" in out,
            "check", out)
    for command in (("info", "S2"), ("view", "S2"), ("export", "S2")):
        check_refusal(t, f"{command}", s.bank.run(*command), ("different things", "catalog check"), (DATA,))
    before = s.bank.ls("S2"), lines_of(s.ledger("S2"))
    done = s.bank.run("catalog", "rebuild")
    t.check(done.code == DATA and b"nothing is guessed" in done.out, "rebuild", done.out.decode() + done.err)
    t.check((s.bank.ls("S2"), lines_of(s.ledger("S2"))) == before, "nothing has changed")
    # the ledger lost: sample.h5 of the one, the catalogue of the other
    shutil.rmtree(s.bank / "ledger")
    delete_catalogue(s)
    shutil.copy(f / "ours/catalog.db", s.bank / "catalog.db")
    done = s.bank.run("catalog", "rebuild")
    t.check(done.code == DATA and b"S2: its sample.h5 and the catalogue tell different things" in done.out,
            "rebuild without a ledger", done.out.decode() + done.err)
    t.check(s.bank.ls("S2")[0]["facts"]["specimen_type"] == "Plasma", "the catalogue stays",
            str(s.bank.ls("S2")))
    # newer by revision is right: an old ledger and old samples beside a new catalogue
    s.reset()
    delete_catalogue(s)
    shutil.copy(f / "ours/catalog.db", s.bank / "catalog.db")
    code, out = s.check()
    t.check(code == DATA and "S2: the catalogue is newer" in out, "a newer catalogue", out)
    done = s.bank.run("catalog", "rebuild")
    info = json.loads(s.bank.run("info", "--json", "S2").out)
    t.check(done.code == OK and info["facts"]["specimen_type"] == "Plasma", "is taken",
            done.out.decode() + str(info))
    t.check(s.check()[0] == OK, "and all agree", s.check()[1])


def folders(t, f):
    """Folders and files that fit no id; files that a shard's ledger must not have."""
    s = Scene(f)
    os.makedirs(s.bank / "samples/old stuff")
    at = os.path.dirname(s.path("S1"))
    shutil.copytree(at, os.path.join(os.path.dirname(at), "S1 copy"))
    os.makedirs(s.bank / "samples/00/S1")
    shutil.copy(s.ledger("S2"), s.bank / "ledger/zz")
    shutil.copy(s.ledger("S2"), s.bank / "ledger/01")
    code, out = s.check()
    for words in ("samples/old stuff: fits no id", "S1 copy fits no id of a sample",
                  f"samples/00/S1 fits no id: that of sample 'S1' is samples/{at.split('/')[-2]}/S1",
                  "ledger/zz: fits no id", "ledger/01: its first line is not that of this ledger",
                  "ledger/01: line 1 is of a sample of another shard"):
        t.check(code == DATA and words in out, words, out)
    s.reset()
    at = os.path.dirname(s.path("S2"))
    os.rename(at, at + "x")
    code, out = s.check()
    t.check(code == DATA and "S2: its folder is missing" in out and "S2x" in out, "a renamed folder", out)
    os.rename(at + "x", at)
    with open(os.path.join(at, "reads-z.h5"), "wb") as g:
        g.write(b"x")
    os.remove(s.path("S1", "reads-a.h5"))
    code, out = s.check()
    t.check(code == DATA and "S2: reads-z.h5: its record does not know this store" in out
            and "S1: reads-a.h5: " in out, "stores", out)


def old_bank(t, f):
    """A bank from before the ledger: the first command that writes makes it, for all samples."""
    s = Scene(f)
    delete_ledger(s)
    done = s.bank.run("ingest", "-q", "-s", "N", f / "w.fastq", "--same-data")
    if done.code == USAGE:
        done = s.bank.run("ingest", "-q", "-s", "N", f / "w.fastq")
    t.check(done.code == OK, "an ingest", done.err)
    words = [line.split(b"\t")[2:4] for p in glob.glob(s.bank / "ledger/*") for line in lines_of(p)[1:]]
    t.check(sorted(words) == [[b"N", b"publish"], [b"S1", b"begin"], [b"S2", b"begin"], [b"W", b"begin"]],
            "all samples are in the ledger", str(words))
    t.check(s.check()[0] == OK and s.records() == s.right[1], "and all agree", s.check()[1])
    delete_records(s)
    t.check(s.records() == s.right[1], "it is a second home")
    done = s.bank.run("info", "--history", "S2")
    t.check(done.code == OK and b"begin by" in done.out, "its history begins there", done.out.decode())


def all_lost(t, f):
    """Record, ledger and catalogue lost: stores say what they know, a damaged sample.h5 its attributes."""
    s = Scene(f)
    delete_ledger(s)
    delete_catalogue(s)
    with open(s.path("S2"), "rb") as g:
        data = bytearray(g.read())
    data[50] ^= 1  # of the seal in front: HDF5 still reads what is behind it
    os.chmod(s.path("S2"), 0o644)
    with open(s.path("S2"), "wb") as g:
        g.write(data)
    os.remove(s.path("S1"))
    done = s.bank.run("catalog", "rebuild")
    out = done.out.decode()
    t.check(done.code == OK and "S1: made again from its stores\n" in out
            and "S2: made again from its stores and the attributes of its damaged sample.h5" in out,
            "rebuild", out + done.err)
    info = json.loads(s.bank.run("info", "--json", "S2").out)
    t.check(info["donor"] == "D2" and info["facts"] == FACTS and len(info["stores"]) == 1, "S2", str(info))
    t.check([r["acquisition"] for r in s.bank.ls("S1")] == ["a"] and s.check()[0] == OK, "S1", s.check()[1])


def history(t, f):
    s = Scene(f)
    again = sheet(f, "x.csv", [("S2", f / "b.fastq", "D2", "Plasma", "none")],
                  ("sample", "file_1", "donor", "specimen_type", "disease"))
    s.bank.run("ingest", "-q", "--correct", "--sheet", again)
    told = json.loads(s.bank.run("info", "--history", "--json", "S2").out)
    first, second = told["history"]
    t.check(told["sample"] == "S2" and first["what"] == "publish" and first["source"] == f"{s.sheet}, line 2"
            and first["revision"] == 1 and abs(time.time() - time.mktime(time.strptime(
                first["at"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 3600, "the first line", str(first))
    changes = {tuple(c["path"]): (c["from"], c["to"]) for c in first["changes"]}
    t.check(changes[("donor",)] == (None, "D2") and changes[("facts", "specimen_type")] == (None, "DNA")
            and changes[("stores", "reads-b.h5")][1]["rows"] == 30, "what it made", str(changes))
    t.check(second["what"] == "correct" and second["changes"] ==
            [{"path": ["facts", "specimen_type"], "from": "DNA", "to": "Plasma"}], "from what to what",
            str(second))
    text = s.bank.run("info", "--history", "S2").out.decode()
    t.check("specimen_type            DNA -> Plasma" in text and f"{again}, line 2" in text, "as text", text)
    text = s.bank.run("info", "--history", "S1").out.decode()
    t.check("another took its place" in text, "a store that was superseded", text)
    told = json.loads(s.bank.run("info", "--history", "--json", "W").out)["history"]
    t.check([c["path"] for line in told for c in line["changes"]] == [["withdrawn"]]
            and told[-1]["changes"][0]["to"]["reason"] == "consent", "of a withdrawn sample, only that",
            str(told))
    check_refusal(t, "no such sample", s.bank.run("info", "--history", "S9"), ("S9",), (NOINPUT,))
    t.check(s.bank.run("info", "--history", "S2/b").code == USAGE, "of a store")


def files(bank):
    """What lies in the ledger, and when it was written."""
    return {p: (os.stat(p).st_mtime_ns, os.stat(p).st_ino) for p in glob.glob(bank / "ledger/*")}


def only_reading(t, f):
    """Nothing in the ledger is written by who only reads."""
    s = Scene(f)
    before = files(s.bank)
    for command in (("info", "S2"), ("info", "--history", "S2"), ("ls",), ("export", "S2"),
                    ("catalog", "check"), ("catalog", "check", "--ledger")):
        t.check(s.bank.run(*command).code == OK, str(command), s.bank.run(*command).err)
    t.check(before == files(s.bank), "the ledger is as it was")


def points(t, n):
    """The numbers of calls before which it is killed: all, or some."""
    return range(1, n + 1) if WHOLE else sorted(t.random.sample(range(1, n + 1), min(n, POINTS)))


def kills(t, f):
    """Each command that changes a record, killed before each call that changes the disk; then any other that
    writes: ledger, record and catalogue agree."""
    s = Scene(f)
    again = sheet(f, "x.csv", [("S2", f / "b.fastq", "D2", "Plasma", "none")],
                  ("sample", "file_1", "donor", "specimen_type", "disease"))
    f.write("n.fastq", reads(20, 9))
    tried = 0
    for command in (("ingest", "-q", "--correct", "--sheet", again),
                    ("withdraw", "--reason", "consent", "S2"), ("tidy",)):
        s.reset()
        shutil.copytree(s.bank.path, f / "start", symlinks=True)
        n = broken(s.bank, f, f / "start", command, 10 ** 9, "kill")[1]
        for how in ("kill", "kill-self"):
            for i in points(t, n):
                what = f"{command[0]}, {how} before change {i} of {n}"
                done, _ = broken(s.bank, f, f / "start", command, i, how)
                if done is None:
                    continue
                tried += 1
                other = s.bank.run("ingest", "-q", "-s", "N", f / "n.fastq")
                code, out = s.check()
                t.check(other.code == OK and code == OK, f"{what}: all agree after the next that writes",
                        other.err + out)
                done = s.bank.run(*command)
                t.check(done.code == OK and s.check()[0] == OK, f"{what}: and after the same again",
                        done.err + s.check()[1])
        shutil.rmtree(f / "start")
    print(f"kills: {tried} points", flush=True)


def killed_rebuild(t, f):
    """A rebuild that is killed has forgotten nothing: the next one ends it."""
    s, tried = Scene(f), 0
    for harm in ((delete_records,), (delete_shards,), (alter_record, lose_line),
                 (delete_records, garble_catalogue)):
        what = " and ".join(h.__name__ for h in harm)
        s.reset()
        for h in harm:
            h(s)
        shutil.copytree(s.bank.path, f / "start", symlinks=True)
        n = broken(s.bank, f, f / "start", ("catalog", "rebuild"), 10 ** 9, "kill")[1]
        for how in ("kill", "kill-self"):
            for i in points(t, n):
                done, _ = broken(s.bank, f, f / "start", ("catalog", "rebuild"), i, how)
                if done is None:
                    continue
                tried += 1
                done = s.bank.run("catalog", "rebuild")
                now, (code, out) = s.answers(), s.check()
                t.check(done.code == OK and code == OK and now[1] == s.right[1],
                        f"{what}, {how} before change {i} of {n}",
                        done.out.decode() + done.err + out + str(now))
        shutil.rmtree(f / "start")
    print(f"rebuilds killed: {tried} points", flush=True)


if __name__ == "__main__":
    main(lost, at_once, contradictions, folders, old_bank, all_lost, history, only_reading, kills,
         killed_rebuild)
