"""
What was said wrongly of a sample can be put right: facts and donor by `vial set` or a sheet with `--correct`,
what should not be there by `vial remove`; `vial undo` takes each of these back.
A sheet that contradicts what is known is refused and says how; one that only adds, adds. Each correction,
killed before each call that changes the disk, or with that call failing: done or not done, and ledger,
records and catalogue agree after the next command that writes.

Suites: banks faults.
"""
import glob
import json
import os
import shutil

from banktest import Bank, broken, check_whole, sheet
from fqmodel import reads
from vialtest import CANTCREAT, DATA, DOCUMENTED, NOINPUT, OK, SOAK, USAGE, Part, main

WHOLE = bool(SOAK or os.environ.get("VIAL_WHOLE"))
POINTS = int(os.environ.get("VIAL_POINTS", 5))  # of each command and way to break it, when not all
HEAD = ("sample", "file_1", "donor", "specimen_type", "lane", "collection")


class Scene:
    """A bank with S1 (two acquisitions, facts, donor), S2 and W (withdrawn), and a copy of it."""

    def __init__(self, f):
        self.f, self.bank = f, Bank(f)
        for i, name in enumerate("abcwn"):
            f.write(f"{name}.fastq", reads(30, i))
        self.sheet("h.csv", ("S1", f / "a.fastq", "D1", "DNA", "1", "none"),
                   ("S1", f / "b.fastq", "D1", "DNA", "2", "none"),
                   ("S2", f / "c.fastq", "D2", "RNA", "1", ""))
        self.run("ingest", "-q", "--sheet", f / "h.csv")
        self.run("ingest", "-q", "-s", "W", f / "w.fastq")
        self.run("withdraw", "--reason", "consent", "W")
        self.keep("before")

    def keep(self, name):
        shutil.rmtree(self.f / name, ignore_errors=True)
        shutil.copytree(self.bank.path, self.f / name, symlinks=True)

    def reset(self, name="before"):
        shutil.rmtree(self.bank.path)
        shutil.copytree(self.f / name, self.bank.path, symlinks=True)

    def sheet(self, name, *rows, head=HEAD):
        return sheet(self.f, name, rows, head)

    def run(self, *args, code=OK):
        done = self.bank.run(*args)
        assert done.code == code, (args, done)
        return done

    def record(self, sample):
        """All that is known of it, without times and what follows from them; None: nothing."""
        done = self.bank.run("info", "--json", sample)
        record = json.loads(done.out) if done.code == OK else None
        for of in [record or {}, *(record or {}).get("stores", [])]:
            for member in ("ledger", "revision", "superseded"):
                of.pop(member, None)
            for one in [of.get("gone", {}), of.get("moved", {}), *of.get("was", [])]:
                one.pop("at", None)
                one.pop("request", None)
        return record

    def facts(self, sample):
        record = self.record(sample)
        return {**record["facts"], "donor": record.get("donor")}

    def history(self, sample):
        return json.loads(self.run("info", "--json", "--history", sample).out)["history"]

    def whole(self):
        """What `catalog check` says; "" if all agree."""
        done = self.bank.run("catalog", "check")
        return "" if done.code == OK else done.out.decode() + done.err


def facts_set(t, f):
    s = Scene(f)
    done = s.bank.run("set", "S1", "donor=D7", "Specimen Type=whole blood",
                      "characteristics[organism part]=liver", "collection=")
    t.check(done.code == OK and s.facts("S1") == {"donor": "D7", "specimen_type": "Whole blood",
                                                  "organism_part": "liver"}, "set and cleared", str(done))
    t.check("D1 -> D7" in done.out.decode() and "none -> -" in done.out.decode(), "it says what changed",
            str(done.out))
    t.check({r["donor"] for r in s.bank.ls("--where", "sample = 'S1'")} == {"D7"}, "the catalogue follows")
    last = s.history("S1")[-1]
    t.check(last["what"] == "set" and {"path": ["donor"], "from": "D1", "to": "D7"} in last["changes"],
            "the ledger has it", str(last))
    done = s.bank.run("set", "S1", "donor=D7")
    t.check(done.code == OK and b"unchanged" in done.out and s.history("S1")[-1] == last,
            "what is so already changes nothing", str(done))
    done = s.bank.run("set", "S1/a", "lane=", "run=7")
    live = {x["acquisition"]: x["facts"] for x in s.record("S1")["stores"]}
    t.check(done.code == OK and live == {"a": {"run": "7"}, "b": {"lane": "2"}}, "details of an acquisition",
            str(live))
    done = s.bank.run("set", "S1", "specimen_typ=DNA")
    t.check("did you mean 'specimen_type'?" in done.err, "a near miss is said", done.err)
    t.check(not s.whole(), "all agree", s.whole())


def not_set(t, f):
    s = Scene(f)
    for args, code, says in ((("S1", "specimen_type=blod"), USAGE, "is not a MIABIS sample type"),
                             (("S1", "collection_date=45363"), USAGE, "day number"),
                             (("S1", "donor"), USAGE, "NAME=VALUE"), (("S1", "=x"), USAGE, "NAME=VALUE"),
                             (("S1", "sample=S3"), USAGE, "vial rename"), (("S1",), USAGE, "nothing to set"),
                             (("S9", "donor=D1"), NOINPUT, "no sample 'S9'"),
                             (("S1/x", "lane=1"), NOINPUT, "no acquisition 'x'"),
                             (("W", "donor=D1"), CANTCREAT, "withdrawn (consent)")):
        done = s.bank.run("set", *args)
        t.check(done.code == code and says in done.err, f"set {args} is refused", str(done))
    t.check(not os.path.exists(s.bank / "samples/S9") and not s.bank.leftovers() and not s.whole(),
            "nothing is left of them", str(s.bank.leftovers()))


def sheets(t, f):
    s = Scene(f)
    a, b, c = (f / f"{name}.fastq" for name in "abc")
    for row, says in ((("S2", c, "D3", "RNA", "1", ""), "donor is 'D2' in the bank, here 'D3'"),
                      (("S2", c, "D2", "DNA", "1", ""), "specimen_type is 'RNA' in the bank, here 'DNA'"),
                      (("S2", c, "D2", "RNA", "4", ""), "lane is '1' in the bank, here '4'"),
                      (("S2", f / "n.fastq", "D3", "", "", ""), "donor is 'D2' in the bank, here 'D3'")):
        path = s.sheet("x.csv", row)
        done = s.bank.run("ingest", "--sheet", path)
        t.check(done.code == DATA and says in done.err and "--correct" in done.err, f"refused: {says}",
                done.err)
    t.check(s.facts("S2") == {"donor": "D2", "specimen_type": "RNA"} and len(s.record("S2")["stores"]) == 1,
            "and nothing has changed")
    s.run("ingest", "-q", "--sheet", s.sheet("add.csv", ("S2", c, "", "", "", "flu")))
    t.check(s.facts("S2") == {"donor": "D2", "specimen_type": "RNA", "collection": "flu"},
            "new facts add", str(s.facts("S2")))
    s.run("ingest", "-q", "--correct", "--sheet", s.sheet("c.csv", ("S2", c, "D3", "", "", "cold")))
    t.check(s.facts("S2") == {"donor": "D3", "collection": "cold"}
            and not s.record("S2")["stores"][0]["facts"],
            "--correct overwrites, and an empty cell clears", str(s.record("S2")))
    t.check(s.history("S2")[-1]["what"] == "correct" and "c.csv, line 2" in s.history("S2")[-1]["source"],
            "the ledger has it with its sheet", str(s.history("S2")[-1]))
    # an empty cell clears only what no row of the sample says
    s.run("ingest", "-q", "--correct", "--sheet",
          s.sheet("r.csv", ("S1", a, "D9", "", "1", ""), ("S1", b, "", "", "2", "")))
    t.check(s.facts("S1") == {"donor": "D9"}, "rows of a sample speak together", str(s.facts("S1")))
    s.run("ingest", "-q", "--correct", "--sheet", s.sheet("n.csv", ("S2", c, "D3"), head=HEAD[:3]))
    t.check(s.facts("S2")["collection"] == "cold", "a column that is not there clears nothing")
    t.check(not s.whole(), "all agree", s.whole())


def counted(t, f):
    """What a sheet corrects is not counted as unchanged: by --check, summary, progress, receipt, log."""
    s = Scene(f)
    path = s.sheet("c.csv", ("S1", f / "a.fastq", "D1", "DNA", "7", "none"),
                   ("S1", f / "b.fastq", "D1", "DNA", "2", "none"),
                   ("S2", f / "c.fastq", "D4", "RNA", "1", ""))
    ask = ("ingest", "--correct", "--sheet", path)
    done = s.bank.run(*ask, "--check")
    t.check("0 new, 1 unchanged, 2 to correct, 0 to heal" in done.err and done.out.count(b"corrected") == 2,
            "--check", str(done))
    done = s.run(*ask, "--progress", "json")
    t.check("0 published, 1 unchanged, 2 corrected, 0 refused" in done.err, "the summary", done.err)
    last = json.loads([line for line in done.err.splitlines() if line.startswith("{")][-1])
    t.check((last["ended"], last["unchanged"], last["corrected"]) == (3, 1, 2), "progress", str(last))
    words = [line["what"] for line in s.history("S1")]
    t.check(words == ["publish", "publish", "correct"], "one line of the ledger for each", str(words))
    with open(s.bank / "reports/vial.log") as g:
        t.check(g.read().count(" correct ") == 2, "the log")
    t.check("3 unchanged, 0 refused" in s.run(*ask).err, "and the same again is unchanged")
    s.run("undo", "--reason", "x", "S2")
    s.run(*ask, "--task", "1/1")
    with open(glob.glob(s.bank / "receipts/*.json")[0]) as g:
        receipt = json.load(g)
    t.check((receipt["unchanged"], receipt["corrected"]) == (2, 1), "a receipt", str(receipt))
    s.run("collect")
    t.check(s.bank.rows("SELECT unchanged FROM job ORDER BY job_id DESC LIMIT 1") == [(3,)] and not s.whole(),
            "collected: their data was there", s.whole())


def removed(t, f):
    s = Scene(f)
    done = s.bank.run("remove", "--reason", "wrong lane", "S1/a")
    t.check(done.code == OK and [r["acquisition"] for r in s.bank.ls("S1")] == ["b"]
            and s.facts("S1")["donor"] == "D1", "an acquisition", str(done))
    t.check(s.bank.run("export", "S1/a", "-o", f / "x.fastq").code == NOINPUT, "is not given any more")
    done = s.bank.run("remove", "--reason", "wrong sheet", "S1")
    t.check(done.code == OK and not s.bank.ls("S1") and s.facts("S1") == {"donor": None}, "a sample",
            str(done))
    gone = s.record("S1")["gone"]
    states = {x["state"] for x in s.record("S1")["stores"]}
    t.check(gone["reason"] == "wrong sheet" and states == {"superseded"}, "why, in its record", str(gone))
    text = s.run("info", "--history", "S1").out.decode()
    t.check("reads/b was removed" in text and "took its place" not in text, "its history", text)
    last = s.history("S1")[-1]
    t.check(last["what"] == "remove" and {"path": ["donor"], "from": "D1", "to": None} in last["changes"],
            "the ledger has it", str(last))
    t.check(not s.whole(), "all agree", s.whole())
    s.run("ingest", "-q", "--sheet", s.sheet("r.csv", ("S1", f / "n.fastq", "D9", "RNA", "", "")))
    t.check(s.facts("S1")["donor"] == "D9" and "gone" not in s.record("S1"), "the name is free",
            str(s.record("S1")))
    s.run("ingest", "-q", "--sheet", s.sheet("b.csv", ("S3", f / "a.fastq", "D1", "DNA", "", "")))
    t.check(len(s.bank.ls("S3")) == 1, "what was removed can come in elsewhere")
    s.bank.set("\n[tidy]\nsuperseded = 0d\n")
    done = s.bank.run("tidy")
    names = {os.path.basename(p) for p in s.bank.stores() if "/S1/" in p}
    t.check(done.code == OK and names == {"reads-n.h5"} and not s.whole(), "the tidy takes its data",
            f"{done} {names} {s.whole()}")


def not_removed(t, f):
    s = Scene(f)
    for args, code, says in ((("S1",), USAGE, "--reason"), (("--reason", "x"), USAGE, "no sample"),
                             (("--reason", "x", "S9"), NOINPUT, "no sample 'S9'"),
                             (("--reason", "x", "S1/x"), NOINPUT, "no acquisition x"),
                             (("--reason", "x", "W"), CANTCREAT, "withdrawn (consent)")):
        done = s.bank.run("remove", *args)
        t.check(done.code == code and says in done.err, f"remove {args} is refused", str(done))
    t.check(not s.whole() and not s.bank.leftovers(), "nothing is left of them")


# ---- taken back ----

def undone(t, f):
    s = Scene(f)
    first = s.record("S1")
    sheet_c = s.sheet("c.csv", ("S1", f / "a.fastq", "D9", "", "7", "cold"))
    for name, command in {"set": SET, "set acquisition": SET_A,
                          "a sheet with --correct": ("ingest", "-q", "--correct", "--sheet", sheet_c),
                          "remove": REMOVE, "remove acquisition": REMOVE_A}.items():
        s.reset()
        s.run(*command)
        then, last = s.record("S1"), s.history("S1")[-1]
        done = s.run("undo", "--reason", "was right", "S1")
        t.check(s.record("S1") == first and not s.whole(), f"{name} is undone", f"{done} {s.whole()}")
        line = s.history("S1")[-1]
        t.check(line["what"] == "undo" and f"--revision {last['revision']}: was right" in line["source"]
                and f"revision {last['revision']} ({last['what']}) is undone" in done.out.decode(),
                f"{name}: the ledger has it, with its reason", f"{line} {done.out}")
        s.run("undo", "--reason", "was wrong", "S1")
        t.check(s.record("S1") == then and not s.whole(), f"{name}: the undo is undone", str(s.record("S1")))
        s.run("undo", "--reason", "was right", "--revision", last["revision"], "S1")
        t.check(s.record("S1") == first and not s.whole() and not s.bank.leftovers(),
                f"{name}: by its revision", str(s.record("S1")))
        done = s.run("undo", "--reason", "again", "--revision", last["revision"], "S1")
        t.check(b"unchanged" in done.out and s.record("S1") == first, f"{name}: undone twice is undone once",
                str(done))
    text = s.run("info", "--history", "S1").out.decode()
    t.check(f"revision {s.history('S1')[-1]['revision']}: undo by" in text, "as text", text)
    with open(s.bank / "reports/vial.log") as g:
        t.check(" undo " in g.read(), "the log has it")


def undone_between(t, f):
    """One that is not the last; only what an acquisition is concerned by."""
    s = Scene(f)
    s.run("set", "S1", "donor=D7", "collection=flu")
    at = s.history("S1")[-1]["revision"]
    s.run("set", "S1", "collection=cold")
    s.run("set", "S1/a", "lane=4")
    done = s.bank.run("undo", "--reason", "x", "--revision", at, "S1")
    t.check(done.code == CANTCREAT and f"collection of 'S1' is 'cold' since revision {at + 1}" in done.err
            and s.facts("S1")["donor"] == "D7", "changed later: nothing is undone", str(done))
    s.run("undo", "--reason", "x", "--revision", at + 1, "S1")
    s.run("undo", "--reason", "x", "--revision", at, "S1")
    t.check(s.facts("S1") == {"donor": "D1", "specimen_type": "DNA", "collection": "none"},
            "when that is undone, it can be", str(s.facts("S1")))
    s.run("undo", "--reason", "x", "S1/a")
    lane = {x["acquisition"]: x["facts"]["lane"] for x in s.record("S1")["stores"]}
    t.check(lane == {"a": "1", "b": "2"}, "the last of an acquisition", str(lane))
    s.run(*REMOVE)
    s.run("undo", "--reason", "x", "S1/b")
    t.check([r["acquisition"] for r in s.bank.ls("S1")] == ["b"] and "gone" not in s.record("S1")
            and s.facts("S1") == {"donor": None} and not s.whole(), "of a removed sample, one acquisition",
            str(s.record("S1")))
    s.run("undo", "--reason", "x", "--revision", s.history("S1")[-2]["revision"], "S1")
    t.check(s.facts("S1")["donor"] == "D1" and len(s.bank.ls("S1")) == 2 and not s.whole(), "and the rest",
            str(s.record("S1")))


def removed_elsewhere(t, f):
    """A name that has another sample since; a place that is taken; a store that was lost, or tidied."""
    s = Scene(f)
    s.run(*REMOVE)
    at = s.history("S1")[-1]["revision"]
    again = ("undo", "--reason", "x", "--revision", at, "S1")
    s.keep("gone")
    s.run("ingest", "-q", "--sheet", s.sheet("r.csv", ("S1", f / "n.fastq", "D9", "", "", "")))
    done = s.bank.run(*again)
    t.check(done.code == CANTCREAT and "donor of 'S1' is 'D9' since" in done.err
            and [r["acquisition"] for r in s.bank.ls()] == ["n", "c"] and not s.whole(),
            "the name has another donor", str(done))
    s.reset("gone")
    s.run("ingest", "-q", "-s", "S1", "--acquisition", "b", f / "n.fastq")
    done = s.bank.run(*again)
    t.check(done.code == CANTCREAT and "has taken the place of acquisition 'b'" in done.err
            and [r["acquisition"] for r in s.bank.ls("S1")] == ["b"] and not s.whole()
            and not any(p.endswith("reads-a.h5") for p in s.bank.stores()), "the place is taken", str(done))
    s.run("remove", "--reason", "x", "S1/b")
    s.run(*again)
    t.check(len(s.bank.ls("S1")) == 2 and s.facts("S1")["donor"] == "D1" and not s.whole(),
            "and is free again", str(s.record("S1")))
    s.reset("gone")
    s.bank.set("\n[tidy]\nsuperseded = 0d\n")
    s.run("tidy")
    done = s.bank.run(*again)
    t.check(done.code == CANTCREAT and "tidy has removed the data" in done.err and not s.bank.ls("S1")
            and not s.whole(), "after the tidy", str(done))
    s.reset()
    lost = next(p for p in s.bank.stores() if p.endswith("S1/reads-a.h5"))
    os.remove(lost)
    s.run(*REMOVE)
    s.run(*again)
    t.check("reads-a.h5" in s.whole() and s.bank.run("heal", "S1").code == OK and not s.whole()
            and len(s.bank.ls("S1")) == 2, "what was lost is lost again, and can be healed", s.whole())


def not_undone(t, f):
    s = Scene(f)
    s.run("ingest", "-q", "--supersede", "-s", "S2", "--acquisition", "c", f / "n.fastq")
    s.run("ingest", "-q", "--sheet", s.sheet("x.csv", ("S2", f / "n.fastq", "", "", "", "flu"),
                                             head=(*HEAD[:-1], "disease")))
    s.run("set", "S2", "collection=x")
    for args, code, says in ((("S1",), NOINPUT, "nothing was corrected"),
                             (("S1/x",), NOINPUT, "nothing was corrected"),
                             (("S9",), NOINPUT, "no sample 'S9'"), ((), USAGE, "no sample"),
                             (("S1", "S2"), USAGE, "more than one sample"),
                             (("--revision", "1", "S1"), CANTCREAT, "vial remove"),
                             (("--revision", "9", "S1"), NOINPUT, "no revision 9"),
                             (("--revision", "2", "S2"), CANTCREAT, "--supersede"),
                             (("--revision", "4", "S2/c"), NOINPUT, "changed nothing of acquisition 'c'"),
                             (("W",), CANTCREAT, "vial withdraw --undo"),
                             (("--revision", "1", "W"), CANTCREAT, "vial")):
        done = s.bank.run("undo", "--reason", "x", *args)
        t.check(done.code == code and says in done.err, f"undo {args} is refused", str(done))
    t.check(s.bank.run("undo", "S2").code == USAGE, "without a reason")
    s.run("withdraw", "--undo", "--reason", "x", "W")
    done = s.bank.run("undo", "--reason", "x", "W")
    t.check(done.code == NOINPUT and "nothing was corrected" in done.err, "a withdrawal that was taken back",
            str(done))
    t.check(not s.whole() and not s.bank.leftovers(), "nothing is left of them")


# ---- kills and faults ----

SET = ("set", "S1", "donor=D7", "specimen_type=", "collection=flu")
SET_A = ("set", "S1/a", "lane=", "run=7")
REMOVE = ("remove", "--reason", "wrong sheet", "S1")
REMOVE_A = ("remove", "--reason", "wrong lane", "S1/a")
UNDO = ("undo", "--reason", "was right", "S1", "--revision")
# what was before it, and the command
COMMANDS = {"set": ((), SET), "set acquisition": ((), SET_A), "remove": ((), REMOVE),
            "remove acquisition": ((), REMOVE_A),
            "undo set": ((SET, SET_A), (*UNDO, "3")), "undo remove": ((REMOVE,), (*UNDO, "3")),
            "undo remove acquisition": ((REMOVE_A,), (*UNDO, "3")),
            "undo undo": ((REMOVE, (*UNDO, "3")), (*UNDO, "4"))}


def points(t, n):
    return range(1, n + 1) if WHOLE else sorted(t.random.sample(range(1, n + 1), min(n, POINTS)))


def broken_everywhere(t, f, hows, commands=COMMANDS):
    s, tried = Scene(f), 0
    f.write("z.fastq", reads(10, 99))
    for name, (earlier, command) in commands.items():
        s.reset()
        for one in earlier:
            s.run(*one)
        s.keep("start")
        before = {x: s.record(x) for x in ("S1", "S2", "S3")}
        s.run(*command)
        after = {x: s.record(x) for x in before}
        n = broken(s.bank, f, f / "start", command, 10 ** 9, "kill")[1]
        for how in hows:
            for i in points(t, n):
                what = f"{name}: {how} at change {i} of {n}"
                done, _ = broken(s.bank, f, f / "start", command, i, how)
                if done is None:
                    continue
                tried += 1
                if not how.startswith("kill"):
                    t.check(done.code in DOCUMENTED, f"{what}: exit code {done.code}", done.err)
                check_whole(t, s.bank, what)
                other = s.bank.run("ingest", "-q", "-s", "Z", f / "z.fastq")
                now = {x: s.record(x) for x in before}
                t.check(other.code == OK and now in (before, after) and not s.whole()
                        and not s.bank.leftovers(),
                        f"{what}: done or not done, and all agree after the next that writes",
                        f"{other.err} {now} {s.whole()} {s.bank.leftovers()}")
                again = s.bank.run(*command)
                now = {x: s.record(x) for x in before}
                t.check(now == after and not s.whole(), f"{what}: and after the same again",
                        f"{again.err} {now} {s.whole()}")
    print(f"{', '.join(hows)}: {tried} points", flush=True)


if __name__ == "__main__":
    main(facts_set, not_set, sheets, counted, removed, not_removed, undone, undone_between,
         removed_elsewhere, not_undone,
         Part("kills", broken_everywhere, (("kill", "kill-self"),)),
         Part("faults", broken_everywhere, (("EIO", "ENOSPC", "EINTR", "short"),)))
