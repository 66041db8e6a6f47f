"""
Withdrawal that holds: by sample, donor or list; hidden at once, everywhere; taken back until it is tidied;
not undone by a backup, by a folder that is removed, or by a catalogue that is lost or older. After the tidy
no byte of it is left below the bank: canaries are searched for. Kills and failing calls in between.

Suites: banks faults.
"""
import glob
import gzip
import json
import os
import shutil

from banktest import Bank, broken, check_whole, sheet
from fqmodel import reads
from vialtest import DATA, DOCUMENTED, NOINPUT, OK, SOAK, USAGE, Part, check_refusal, main

WHOLE = bool(SOAK or os.environ.get("VIAL_WHOLE"))
POINTS = int(os.environ.get("VIAL_POINTS", 8))  # of each matrix, when not all

HEAD = ("sample", "file_1", "donor", "organ")


class Scene:
    """A bank with A1 and A2 of donor DA, B1 of DB."""

    def __init__(self, f):
        self.f, self.bank = f, Bank(f)
        rows = []
        for i, (name, donor) in enumerate((("A1", "DA"), ("A2", "DA"), ("B1", "DB"))):
            rows.append((name, f.write(f"{name}.fastq", reads(20, i)), donor, f"tissue{i}"))
        self.sheet = sheet(f, "all.csv", rows, HEAD)
        self.run("ingest", "-q", "--sheet", self.sheet)

    def run(self, *args, code=OK):
        done = self.bank.run(*args)
        assert done.code == code, (args, done)
        return done

    def names(self):
        return sorted({r["sample"] for r in self.bank.ls()})

    def folder(self, sample):
        return glob.glob(self.bank / f"samples/*/{sample}")[0]

    def check(self):
        done = self.bank.run("catalog", "check")
        return done.code, done.out.decode()


def hidden(t, s, sample, what):
    """Nothing gives anything of it."""
    for command in (("view", sample), ("export", sample), ("export", f"{sample}/{sample}")):
        check_refusal(t, f"{what}: {command[0]}", s.bank.run(*command), ("withdrawn",), (NOINPUT,))
    t.check(sample not in s.names() and not s.bank.ls(sample), f"{what}: ls")
    told = s.bank.run("info", sample).out + s.bank.run("info", "--json", sample).out
    told += s.bank.run("info", "--history", sample).out
    t.check(b"consent" in told and not any(w in told for w in (b"DA", b"tissue", b".fastq", b"reads-")),
            f"{what}: info says no more than that", told.decode())
    done = s.bank.run("ingest", "-s", sample, s.f / f"{sample}.fastq")
    t.check(done.code == DATA and "withdrawn" in done.err, f"{what}: ingest", done.err)


def which(t, f):
    s = Scene(f)
    for args in ((), ("A1",), ("--reason", "r"), ("--reason", "", "A1"),
                 ("--reason", "r", "--donor", "DA", "A1"), ("--reason", "r", "--undo", "--donor", "DA")):
        t.check(s.bank.run("withdraw", *args).code == USAGE, f"withdraw {args}")
    check_refusal(t, "no such donor", s.bank.run("withdraw", "--reason", "r", "--donor", "DX"), ("DX",),
                  (NOINPUT,))
    for n in ((), ("-n",)):
        check_refusal(t, "a slip", s.bank.run("withdraw", *n, "--reason", "r", "A1", "A9"), ("A9",),
                      (NOINPUT,))
    t.check(s.names() == ["A1", "A2", "B1"], "of which nothing is done")
    done = s.run("withdraw", "-n", "--reason", "consent", "--donor", "DA")
    t.check(done.out == b"A1: would be withdrawn\nA2: would be withdrawn\n"
            and s.names() == ["A1", "A2", "B1"], "-n", done.out.decode())
    s.run("withdraw", "--reason", "consent", "--donor", "DA")
    t.check(s.names() == ["B1"], "by donor")
    s.run("withdraw", "--undo", "--reason", "a slip", "--list", f.write("list", b"A1\r\n\n  A2 \n"))
    t.check(s.names() == ["A1", "A2", "B1"], "undone by list")
    s.run("withdraw", "--reason", "consent", "--list", f / "list")
    t.check(s.names() == ["B1"], "by list")
    s.run("tidy")
    f.write("A3.fastq", reads(20, 9))
    s.run("ingest", "-q", "--sheet", sheet(f, "new.csv", [("A3", f / "A3.fastq", "DA", "hair")], HEAD))
    t.check(s.names() == ["A3", "B1"], "a later sample of the donor comes in: its name is forgotten")


def undone(t, f):
    s = Scene(f)
    before = s.bank.ls("A1"), s.bank.run("info", "A1").out
    check_refusal(t, "undo of what is not withdrawn", s.bank.run("withdraw", "--undo", "--reason", "r", "A1"),
                  ("A1", "not withdrawn"), (USAGE,))
    s.run("withdraw", "--reason", "consent", "A1")
    hidden(t, s, "A1", "before the tidy")
    t.check(s.check()[0] == OK, "which is no fault", s.check()[1])
    s.run("withdraw", "--undo", "--reason", "wrong id on the form", "A1")
    t.check((s.bank.ls("A1"), s.bank.run("info", "A1").out) == before, "all is back")
    told = s.bank.run("info", "--history", "A1").out.decode()
    t.check("wrong id on the form" in told and "consent" in told, "and the history says why", told)
    t.check(s.bank.run("catalog", "rebuild").code == OK and s.names() == ["A1", "A2", "B1"] and
            s.check()[0] == OK, "after a rebuild, too", s.check()[1])
    s.run("withdraw", "--reason", "consent", "A1")
    s.run("tidy")
    check_refusal(t, "not after the tidy", s.bank.run("withdraw", "--undo", "--reason", "r", "A1"),
                  ("tidied", "gone"), (USAGE,))
    hidden(t, s, "A1", "after the tidy")


def restored(t, f):
    """Backups from before the withdrawal, of each part of the bank, put back in any order."""
    s = Scene(f)
    shutil.copytree(s.bank.path, f / "old", symlinks=True)
    s.run("withdraw", "--reason", "consent", "A1")
    s.run("tidy")

    def back(*names):
        for name in names:
            if os.path.isdir(s.bank / name):
                shutil.rmtree(s.bank / name)
                shutil.copytree(f / f"old/{name}", s.bank / name, symlinks=True)
            else:
                for p in glob.glob(s.bank / (name + "*")):
                    os.unlink(p)
                shutil.copy(f / f"old/{name}", s.bank / name)

    def gone(what):
        t.check(sorted(os.listdir(s.folder("A1"))) == [".lock", "sample.h5"], f"{what}: tidied again")
        code, out = s.check()
        t.check(code == OK, f"{what}: all agree", out)
        hidden(t, s, "A1", f"{what}, tidied")

    back("samples")
    hidden(t, s, "A1", "samples/ put back")
    code, out = s.check()
    t.check(code == DATA and "A1: was withdrawn: tidy" in out, "check says so", out)
    done = s.bank.run("nightly")
    gone("samples/ put back")
    back("samples")
    done = s.bank.run("catalog", "rebuild")
    hidden(t, s, "A1", "samples/ put back, rebuilt")
    s.run("tidy")
    gone("samples/ put back, rebuilt")
    back("samples", "catalog.db")
    hidden(t, s, "A1", "samples/ and catalog.db put back")
    s.run("tidy")
    gone("samples/ and catalog.db put back")
    shutil.rmtree(s.folder("A1"))
    hidden(t, s, "A1", "its folder removed")
    t.check(s.check()[0] == OK, "its tombstone is the ledger", s.check()[1])
    for p in glob.glob(s.bank / "catalog.db*"):
        os.unlink(p)
    s.run("tidy")
    hidden(t, s, "A1", "folder and catalogue removed")
    back("samples", "ledger")
    s.run("catalog", "rebuild")
    hidden(t, s, "A1", "samples/ and ledger/ put back, rebuilt: the catalogue knows")
    s.run("tidy")
    gone("samples/ and ledger/ put back")
    # much was done since on what was put back: the catalogue's word is older than theirs, and stands
    back("samples", "ledger")
    for i in range(9):
        again = sheet(f, "x.csv", [("A1", f / "A1.fastq", "DA", f"change{i}")], HEAD)
        s.bank.run("ingest", "-q", "--correct", "--sheet", again, "--task", "1/1")
    done = s.bank.run("catalog", "rebuild")
    t.check("it was withdrawn" in done.out.decode(), "rebuild says so", done.out.decode())
    hidden(t, s, "A1", "changed since")
    t.check([json.loads(x)["sample"] for x in s.bank.run("ls", "--json").out.splitlines()] == ["A2", "B1"],
            "nobody else is")


class Canaries:
    """Random words, by where they were put."""

    def __init__(self, rng):
        self.rng, self.put = rng, {}

    def word(self, where, letters="0123456789abcdefghijklmnopqrstuvwxyz", n=18):
        word = "".join(self.rng.choice(letters) for _ in range(n))
        self.put.setdefault(where, []).append(word)
        return word

    def found(self, bank):
        """Those that are in some byte below the bank: names of files, their bytes, also as gzip has them."""
        text = b""
        for folder, folders, names in os.walk(bank.path):
            text += "\n".join(folders + names).encode() + b"\n"
            for name in names:
                with open(os.path.join(folder, name), "rb") as g:
                    data = g.read()
                text += data + b"\n"
                if data[:2] == b"\x1f\x8b":
                    text += gzip.decompress(data)
        found = {where: sum(w.encode() in text for w in words) for where, words in self.put.items()}
        return {where: n for where, n in found.items() if n}

    def __len__(self):
        return sum(len(v) for v in self.put.values())


def fastq_of(c, n):
    """Reads whose names, comments and sequences are canaries."""
    out = ""
    for _ in range(n):
        seq = c.word("sequence", "ACGT", 40)
        out += f"@{c.word('read')} {c.word('comment')}\n{seq}\n+\n{'I' * 40}\n"
    return out.encode()


def input_of(f, c, text):
    path = f"{c.word('folder')}/{c.word('file')}.fastq"
    os.makedirs(f / os.path.dirname(path))
    return f.write(path, text)


def canaries(t, f):
    """500 of them, in all that is told of W; a neighbour N keeps all it has."""
    c = Canaries(t.random)
    os.makedirs(f / "in")
    bank = Bank(f, settings=f"\n[inbox seq]\npath = {f / 'in'}\nsettle = 0s\n[batch]\nreserve = 1M\n")
    n = [f.write(f"n{i}.fastq", reads(20, i)) for i in range(3)]
    donor = c.word("donor")
    titles = [c.word("detail's name") for _ in range(40)]

    def ingest(path, *more, words=titles, tasks=()):
        rows = [("W", path, donor, *(c.word("detail") for _ in words))]
        name = c.word("sheet") + ".csv"
        return bank.run("ingest", "-q", "--sheet",
                        sheet(f, name, rows, ("sample", "file_1", "donor", *words)), *more, *tasks)

    bank.run("ingest", "-q", "--sheet", sheet(f, "n.csv", [("N", n[0], donor, "skin")],
                                              ("sample", "file_1", "donor", "organ")))
    first = input_of(f, c, fastq_of(c, 30))
    t.check(ingest(first).code == OK, "a sheet")
    t.check(ingest(first, "--correct").code == OK, "other details")
    with open(first, "ab") as g:
        g.write(fastq_of(c, 10))
    t.check(ingest(first, words=[]).code == DATA, "a conflict")
    t.check(ingest(first, "--supersede", words=[]).code == OK, "another in its place")
    t.check(ingest(input_of(f, c, fastq_of(c, 4)[:-9]), words=titles[:5]).code == DATA, "cut off")
    t.check(ingest(input_of(f, c, fastq_of(c, 4)), tasks=("--task", "1/1"), words=[]).code == OK
            and bank.run("collect").code == OK, "by a task, collected")
    t.check(ingest(input_of(f, c, fastq_of(c, 4)), tasks=("--task", "1/1"), words=[]).code == OK, "by a task")
    done = bank.run("ingest", "-q", "-s", "N", "--acquisition", "same", first)
    t.check(done.code == DATA, "its bytes as another's", done.err)
    run = f / f"in/{c.word('folder')}"
    os.makedirs(run)
    with open(f"{run}/W.fastq", "wb") as g:
        g.write(fastq_of(c, 3)[:-9])
    t.check(bank.run("nightly").code == DATA, "a night with one of it that is cut off")
    shutil.rmtree(run)
    shutil.copy(bank / "reports/vial.log", bank / "reports/vial.log-20260101-1")
    with open(bank / "reports/vial.log", "rb") as g:
        old = gzip.compress(g.read())
    with open(bank / "reports/vial.log-20250101-1.gz", "wb") as g:
        g.write(old)
    bank.run("report", "W", "-o", bank / "reports/W.html")
    shutil.copy(bank / "catalog.db", bank / "catalog.db.damaged")
    while len(c) < 500:
        bank.run("ingest", "-q", "-s", "W", "--acquisition", c.word("acquisition"),
                 input_of(f, c, fastq_of(c, 2)))
    home = os.path.dirname([p for p in bank.stores() if "/W/" in p][0])
    shutil.copytree(home, f"{home}/kept by hand/deep")
    os.symlink(f / "in", f"{home}/kept by hand/link")
    before, of_n = c.found(bank), bank.ls("N")
    t.check(sum(before.values()) > 150 and {"donor", "detail", "detail's name", "folder", "file", "sheet",
                                            "acquisition"} <= set(before), "they are there", str(before))
    t.check(bank.run("withdraw", "--reason", "consent", "W").code == OK, "withdraw")
    done = bank.run("nightly")
    done = bank.run("tidy")
    t.check(done.code == OK and os.path.isdir(f / "in"), "tidy", done.err)
    after = c.found(bank)
    left = {w: k for w, k in after.items() if w != "donor"}
    t.check(not left, f"of {len(c)} none is left", str(after))
    t.check([(r["donor"], r["digest"], r["facts"]) for r in bank.ls("N")] ==
            [(r["donor"], r["digest"], r["facts"]) for r in of_n] and of_n[0]["donor"] == donor,
            "a neighbour has all it had, the donor too", str(bank.ls("N")))
    with open(bank / "reports/vial.log") as g:
        t.check("sample=N" in g.read(), "and its lines in the log")
    t.check(bank.run("withdraw", "--reason", "consent", "N").code == OK and bank.run("tidy").code == OK
            and not c.found(bank), "with the donor's last sample, the name", str(c.found(bank)))
    t.check(bank.run("catalog", "check").code == OK and bank.run("catalog", "rebuild").code == OK
            and not c.found(bank), "nor does a rebuild find any", str(c.found(bank)))
    print(f"canaries: {len(c)}, {sum(before.values())} seen before, {sum(c.found(bank).values())} after",
          flush=True)


COMMANDS = {"withdraw": ("withdraw", "--reason", "consent", "A1"),
            "undo": ("withdraw", "--undo", "--reason", "a slip", "A1"),
            "tidy": ("tidy",)}


def matrix(t, f, name, kind):
    """A command killed before each call that changes the disk, or one of these calls failing; then any other
    that writes, the same again, and all is as it would have been: all three agree."""
    s, command, tried = Scene(f), COMMANDS[name], 0
    if name != "withdraw":
        s.run("withdraw", "--reason", "consent", "A1")
    f.write("n.fastq", reads(20, 9))
    shutil.copytree(s.bank.path, f / "start", symlinks=True)
    n = broken(s.bank, f, f / "start", command, 10 ** 9, "kill")[1]
    points = range(1, n + 1) if WHOLE else sorted(t.random.sample(range(1, n + 1), min(n, POINTS)))
    for how in ("kill", "kill-self") if kind == "kills" else ("EIO", "ENOSPC", "EINTR", "short"):
        for i in points:
            what = f"{name}, {how} before change {i} of {n}"
            done, _ = broken(s.bank, f, f / "start", command, i, how)
            if done is None:
                continue
            tried += 1
            t.check(done.code in DOCUMENTED or done.code < 0, f"{what}: exit code {done.code}", done.err)
            other = s.bank.run("ingest", "-q", "-s", "N", f / "n.fastq")
            code, out = s.check()
            t.check(other.code == OK and (code == OK or "A1: was withdrawn: tidy" in out
                                          and "1 difference" in out),
                    f"{what}: all agree after the next that writes", other.err + out)
            if name == "undo":
                done = s.bank.run(*command)
                t.check(done.code == OK or "is not withdrawn" in done.err, f"{what}: again", done.err)
                t.check("A1" in s.names() and s.check()[0] == OK, f"{what}: it is back", s.check()[1])
                check_whole(t, s.bank, what)
                continue
            done = s.bank.run(*command)
            t.check(done.code == OK and s.check()[0] == OK, f"{what}: again", done.err + s.check()[1])
            t.check("A1" not in s.names(), f"{what}: it is hidden")
            if name == "tidy":
                left = [p for p in glob.glob(s.bank / "**", recursive=True) if os.path.isfile(p)
                        and b"tissue0" in open(p, "rb").read()]
                t.check(sorted(os.listdir(s.folder("A1"))) == [".lock", "sample.h5"] and not left,
                        f"{what}: nothing is left", str(left))
    print(f"{name}, {kind}: {tried} points of {n}", flush=True)


if __name__ == "__main__":
    main(which, undone, restored, canaries,
         *(Part(f"{kind} {name}", matrix, (name, kind)) for name in COMMANDS for kind in ("kills", "faults")))
