"""
A sample gets another id, an acquisition goes to another sample: with facts, history, times and stores, which
say the new name and hold what they held; the old name is free. What cannot be is refused, and changes
nothing. `vial undo` brings back what came. Withdrawn afterwards, no byte of it is left, neither under the old
name. Each, killed before each call that changes the disk, or with that call failing: done or not done, and
ledger, records and catalogue agree after the next command that writes.

Suites: banks faults.
"""
import glob
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import h5py

from bank_correct import HEAD, Scene, broken_everywhere, points
from bank_withdraw import Canaries, fastq_of, input_of
from banktest import Bank, broken, sha
from fqmodel import reads
from heal import damage, find
from vialtest import CANTCREAT, DATA, DOCUMENTED, NOINPUT, OK, TEMPFAIL, USAGE, Part, main

OLD_BANK = "testdata/stores/v1/bank"


def export(bank, name, f):
    done = bank.run("export", "--force", name, "-o", f / "back.fastq")
    assert done.code == OK, done.err
    return f.read("back.fastq")


def note(path, name="vial.sample"):
    with h5py.File(path) as store:
        return store.attrs[name].decode()


def live(record):
    return {s["acquisition"]: s for s in record["stores"] if s["state"] == "live"}


def renamed(t, f):
    s = Scene(f)
    before = s.record("S1")
    verified = s.bank.rows("SELECT count(*) FROM store WHERE verified_at IS NULL")
    done = s.bank.run("rename", "S1", "N1")
    t.check(done.code == OK and done.out == b"S1: is 'N1' now\n", "renamed", str(done))
    now, old = s.record("N1"), s.record("S1")
    t.check((now["donor"], now["facts"]) == (before["donor"], before["facts"]), "donor and facts", str(now))
    for name, store in live(before).items():
        kept = {k: v for k, v in store.items() if k not in ("seal", "digest", "bytes", "path")}
        is_now = {k: v for k, v in live(now)[name].items() if k in kept}
        t.check(is_now == kept, f"{name}: times, inputs, details", f"{is_now}\n{kept}")
        path = live(now)[name]["path"]
        t.check(note(path) == "N1" and os.stat(path).st_mode & 0o777 == 0o440, f"{name}: says N1, is sealed")
        t.check(export(s.bank, f"N1/{name}", f) == f.read(f"{name}.fastq"), f"{name}: exact back")
    t.check(not old["stores"] and not old["facts"] and "donor" not in old and old["gone"] == {"to": "N1"},
            "the old name", str(old))
    t.check(not glob.glob(s.bank / "samples/*/S1/reads-*"), "no file stays there")
    t.check([r["sample"] for r in s.bank.ls()] == ["N1", "N1", "S2"], "listed", str(s.bank.ls()))
    t.check(s.bank.rows("SELECT count(*) FROM store WHERE verified_at IS NULL")[0] <= verified[0],
            "a copy is proven when it is made")
    last = s.history("N1")[0]
    t.check(last["what"] == "rename" and last["source"] == "vial rename S1 N1", "its history begins with it",
            str(last))
    t.check(s.history("S1")[-1]["what"] == "rename", "and the old one's ends with it")
    t.check(b"renamed to 'N1'" in s.bank.run("info", "S1").out, "info of the old name",
            str(s.bank.run("info", "S1")))
    for command in (("export", "S1/a", "-o", f / "x.fastq"), ("view", "S1/a"), ("verify", "S1/a")):
        done = s.bank.run(*command)
        t.check(done.code != OK and "renamed to 'N1'" in done.err, f"{command}: says where it is", str(done))
    t.check(s.bank.run("verify", "--all").code == OK and not s.whole(), "all agree", s.whole())
    done = s.bank.run("ingest", "--sheet", f / "h.csv")
    t.check(done.code == DATA and "same bytes as sample 'N1'" in done.err and "renamed" in done.err,
            "the old sheet again", done.err)
    s.run("ingest", "-q", "-s", "S1", f / "n.fastq")
    t.check(live(s.record("S1")).keys() == {"n"} and "gone" not in s.record("S1") and not s.whole(),
            "the old name is free")
    s.run("catalog", "rebuild")
    t.check(not s.whole() and live(s.record("N1")).keys() == {"a", "b"}, "rebuilt", s.whole())


def as_ingested(t, f):
    """The copy is what an ingest under that name makes: one content, one digest."""
    s = Scene(f)
    other = Bank(f, "other")
    s.run("rename", "S1", "A much longer name")
    assert other.run("ingest", "-q", "-s", "A much longer name", f / "a.fastq").code == OK
    one = {r["acquisition"]: r["digest"] for r in s.bank.ls()}
    t.check(one["a"] == other.ls()[0]["digest"], "the digest")
    s.run("rename", "A much longer name", "S1")
    back = {r["acquisition"]: r["digest"] for r in s.bank.ls("S1")}
    first = Bank(f, "first")
    assert first.run("ingest", "-q", "-s", "S1", f / "b.fastq").code == OK
    t.check(back["b"] == first.ls()[0]["digest"] and "gone" not in s.record("S1"), "and back again")
    t.check(not s.whole(), "all agree", s.whole())


def with_superseded(t, f):
    s = Scene(f)
    f.write("a.fastq", reads(31, 77))
    s.run("ingest", "-q", "--supersede", "-s", "S1", f / "a.fastq")
    s.run("remove", "--reason", "slip", "S1/b")
    s.run("rename", "S1", "N1")
    states = sorted(x["state"] for x in s.record("N1")["stores"])
    t.check(states == ["live", "superseded", "superseded"] and not s.record("S1")["stores"] and not s.whole(),
            "they go along", f"{states} {s.whole()}")
    s.bank.set("\n[tidy]\nsuperseded = 0d\n")
    s.run("tidy")
    names = [os.path.basename(p) for p in s.bank.stores()]
    t.check(names == ["reads-a.h5", "reads-c.h5"] and not s.whole(), "and are tidied there", str(names))


def moved(t, f):
    s = Scene(f)
    done = s.bank.run("move", "S1/a", "S3")
    t.check(done.code == OK and done.out == b"S1/a: is 'S3/a' now\n", "to a new sample", str(done))
    now = s.record("S3")
    t.check(now["donor"] == "D1" and not now["facts"] and live(now)["a"]["facts"] == {"lane": "1"}
            and note(live(now)["a"]["path"]) == "S3", "donor and details go along, facts do not", str(now))
    t.check(live(s.record("S1")).keys() == {"b"} and s.facts("S1")["specimen_type"] == "DNA", "the rest")
    done = s.bank.run("move", "S1/b", "S2")
    t.check(done.code == CANTCREAT and "--other-donor" in done.err, "donors that differ", str(done))
    s.run("move", "--other-donor", "S1/b", "S2")
    t.check(live(s.record("S2")).keys() == {"b", "c"} and s.record("S2")["donor"] == "D2"
            and s.record("S1")["donor"] == "D1" and not s.record("S1")["stores"], "to a sample of the bank")
    t.check(export(s.bank, "S2/b", f) == f.read("b.fastq"), "exact back")
    s.run("set", "S1", "donor=")
    s.run("move", "S2/b", "S1")
    t.check(s.record("S1")["donor"] == "D2", "a sample without a donor gets it")
    s.run("move", "--other-donor", "S2/c", "S4")
    t.check("donor" not in s.record("S4"), "unless it is another's")
    t.check(not s.whole() and s.bank.run("verify", "--all").code == OK and not s.bank.leftovers(),
            "all agree", s.whole())


def refused(t, f):
    s = Scene(f)
    s.run("ingest", "-q", "-s", "R", f / "n.fastq")
    s.run("remove", "--reason", "slip", "R")
    s.run("ingest", "-q", "-s", "C", "--same-data", "--acquisition", "a", f / "n.fastq")
    s.keep("before")
    before = {x: s.record(x) for x in ("S1", "S2", "W", "C", "R")}
    for args, code, says in ((("rename", "S1"), USAGE, "two ids"), (("rename", "S1/a", "S3"), USAGE, "move"),
                             (("rename", "S1", "S1"), USAGE, "its name already"),
                             (("rename", "S1", "a/b"), USAGE, "'a/b'"), (("rename", "S1", ""), USAGE, "''"),
                             (("rename", "S9", "S3"), NOINPUT, "no sample 'S9'"),
                             (("rename", "S1", "S2"), CANTCREAT, "in the bank already"),
                             (("rename", "S2", "s1"), CANTCREAT, "by case only"),
                             (("rename", "W", "S3"), CANTCREAT, "withdrawn (consent)"),
                             (("rename", "S1", "W"), CANTCREAT, "withdrawn (consent)"),
                             (("rename", "R", "S3"), NOINPUT, "removed (slip)"),
                             (("move", "S1", "S3"), USAGE, "SAMPLE/ACQUISITION"),
                             (("move", "S1/x", "S3"), NOINPUT, "no acquisition 'x'"),
                             (("move", "S1/a", "S1"), USAGE, "its name already"),
                             (("move", "S9/a", "S1"), NOINPUT, "no sample 'S9'"),
                             (("move", "S1/a", "C"), CANTCREAT, "reads of acquisition 'a' already"),
                             (("move", "S1/a", "W"), CANTCREAT, "withdrawn (consent)"),
                             (("move", "S1/a", "s2"), CANTCREAT, "by case only")):
        done = s.bank.run(*args)
        t.check(done.code == code and says in done.err, f"{args} is refused", str(done))
    now = {x: s.record(x) for x in before}
    t.check(now == before and s.record("S3") is None and not s.bank.leftovers() and not s.whole(),
            "nothing has changed", f"{s.bank.leftovers()} {s.whole()}")
    t.check(s.bank.run("rename", "S1", "s1").code == OK and not s.whole(), "case is put right")


def not_whole(t, f):
    s = Scene(f)
    for harm in (damage, lambda bank, path: os.unlink(path)):
        s.reset()
        harm(s.bank, find(s.bank, "reads-b"))
        before = s.record("S1"), sorted(s.bank.stores())
        done = s.bank.run("rename", "S1", "N1")
        t.check(done.code == DATA and "reads-b.h5 is not whole" in done.err and "vial heal" in done.err,
                "a store that is damaged or lost", str(done))
        t.check((s.record("S1"), sorted(s.bank.stores())) == before and not s.bank.leftovers(),
                "nothing has changed", str(s.bank.leftovers()))
        s.run("heal", "S1")
        s.run("rename", "S1", "N1")
        t.check("healed" in live(s.record("N1"))["b"] and not s.whole(), "healed, it goes", s.whole())


def at_once(t, f):
    """Two at the same samples, in either direction; a name for two: nobody waits for ever, none is lost."""
    s = Scene(f)

    def both(*commands):
        with ThreadPoolExecutor(2) as pool:
            return [done.code for done in pool.map(lambda command: s.bank.run(*command), commands)]

    for i in range(4):
        there = both(("move", "--other-donor", "S1/a", "S2"), ("move", "--other-donor", "S2/c", "S1"))
        back = both(("move", "--other-donor", "S2/a", "S1"), ("move", "--other-donor", "S1/c", "S2"))
        t.check(there + back == [OK] * 4 and not s.whole(), f"{i}: to and fro", f"{there} {back} {s.whole()}")
    for i in range(3):
        codes = both(("rename", "S1", "N1"), ("rename", "S1", "N2"))
        names = {r["sample"] for r in s.bank.ls()} - {"S2"}
        t.check(sorted(codes) in ([OK, NOINPUT], [OK, TEMPFAIL]) and len(names) == 1 and not s.whole(),
                f"{i}: two names", f"{codes} {names} {s.whole()}")
        s.run("rename", names.pop(), "S1")
    t.check(s.bank.run("verify", "--all").code == OK and len(s.bank.ls()) == 3 and not s.bank.leftovers(),
            "all is there", str(s.bank.leftovers()))


def of_version_1(t, f):
    shutil.copytree(OLD_BANK, f / "old")
    bank = Bank.__new__(Bank)
    bank.path = f / "old"
    for name in ("cohorts", "journal", "quarantine", "receipts", "reports"):
        os.makedirs(f / f"old/{name}", exist_ok=True)
    before = {r["acquisition"]: r for r in bank.ls("S1")}
    files = {a: sha_of_export(bank, f"S1/{a}", f) for a in before}
    done = bank.run("rename", "S1", "N1")
    now = {r["acquisition"] for r in bank.ls("N1")}
    t.check(done.code == OK and now == set(before), "renamed", str(done))
    t.check({a: sha_of_export(bank, f"N1/{a}", f) for a in before} == files, "exact back")
    t.check(bank.run("verify", "--all").code == OK, "verified")
    done = bank.run("catalog", "check")
    t.check(done.code == OK, "catalog check", done.out.decode() + done.err)


def sha_of_export(bank, name, f):
    args = ("-1", f / "o1", "-2", f / "o2")
    done = bank.run("export", "--force", name, *args)
    if done.code != OK:
        done, args = bank.run("export", "--force", name, "-o", f / "o1"), args[:2]
    assert done.code == OK, done.err
    return [sha(path) for path in args[1::2]]


# ---- withdrawn after it was renamed ----

TITLES = ("word1", "word2")


def bring_in(s, c, sample, donor, *more):
    """An item of which all that is told are canaries."""
    path = input_of(s.f, c, fastq_of(c, 5))
    row = (sample, path, donor, *(c.word("detail") for _ in TITLES))
    s.run("ingest", "-q", "--sheet", s.sheet(c.word("sheet") + ".csv", row,
                                             head=("sample", "file_1", "donor", *TITLES)), *more)
    return path


def withdrawn(t, f):
    """Under the third of its names, of which the first has other data by now."""
    s, c = Scene(f), Canaries(t.random)
    donor = c.word("donor")
    first = bring_in(s, c, "A", donor)
    bring_in(s, c, "A", donor)
    with open(first, "ab") as g:
        g.write(fastq_of(c, 2))
    s.run("ingest", "-q", "--supersede", "-s", "A", first)
    s.run("ingest", "-q", "-s", "A", input_of(f, c, fastq_of(c, 3)[:-9]), code=DATA)
    s.run("nightly")
    s.run("rename", "A", "B")
    s.run("set", "B", f"word1={c.word('detail')}")
    shutil.copytree(s.bank / "samples", f / "backup", symlinks=True)
    s.run("rename", "B", "C")
    s.run("ingest", "-q", "--sheet", s.sheet("n.csv", ("A", f / "n.fastq", "D9"), head=HEAD[:3]))
    s.run("nightly")
    kept = s.record("A")
    seen = c.found(s.bank)
    t.check({"donor", "detail", "folder", "file", "sheet"} <= set(seen), "they are there", str(seen))
    done = s.bank.run("withdraw", "--reason", "consent", "B")
    t.check(done.code == NOINPUT and "renamed to 'C'" in done.err, "by an old name", str(done))
    done = s.bank.run("withdraw", "--reason", "consent", "--donor", donor)
    t.check(done.code == OK and done.out.startswith(b"C: withdrawn"), "by its donor", str(done))
    told = "".join(str(s.bank.run("info", *more, x)) for x in "ABC"
                   for more in ((), ("--history",), ("--json",)))
    words = c.put["detail"] + c.put["donor"] + c.put["sheet"]
    t.check(not any(w in told for w in words), "hidden at once", told)
    s.run("tidy")
    t.check(not c.found(s.bank), "tidied: none is left", str(c.found(s.bank)))
    t.check(s.record("A") == kept and "D9" in str(s.bank.run("info", "--history", "A")) and not s.whole(),
            "what has the first name now is as it was", s.whole())
    shutil.rmtree(s.bank / "samples")
    shutil.copytree(f / "backup", s.bank / "samples", symlinks=True)
    t.check("C: was withdrawn: tidy" in s.whole(), "a backup from between", s.whole())
    s.run("tidy")
    s.run("catalog", "rebuild")
    t.check(not c.found(s.bank), "tidied again", str(c.found(s.bank)))
    before = [os.path.getsize(p) for p in sorted(glob.glob(s.bank / "ledger/*"))]
    s.run("tidy")
    t.check([os.path.getsize(p) for p in sorted(glob.glob(s.bank / "ledger/*"))] == before, "once is enough")


def withdrawn_moved(t, f):
    """The one that an acquisition was brought to; where it was, all else stays."""
    s, c = Scene(f), Canaries(t.random)
    path = bring_in(s, c, "S1", "D1")
    name = os.path.basename(path)[:-6]
    s.run("move", "--other-donor", f"S1/{name}", "X")
    s.run("move", "--other-donor", f"X/{name}", "Y")
    kept = s.record("S1")
    s.run("withdraw", "--reason", "consent", "Y")
    told = "".join(str(s.bank.run("info", *more, x)) for x in ("S1", "X", "Y")
                   for more in ((), ("--history",), ("--history", "--json"), ("--json",)))
    words = [name, *c.put["detail"], *c.put["sheet"]]
    t.check(not any(w in told for w in words), "hidden at once",
            f"{[w for w in words if w in told]} in {told}")
    s.run("tidy")
    t.check(not c.found(s.bank), "none is left", str(c.found(s.bank)))
    t.check(s.record("S1") == kept and live(kept).keys() == {"a", "b"} and not s.whole(),
            "the rest is as it was", s.whole())
    told = s.history("S1")
    t.check("reads-a.h5" in str(told) and "D1" in str(told), "its history, too", str(told))


def brought_back(t, f):
    """What came back is told, though where it had been is withdrawn; and what has its name since."""
    s = Scene(f)
    s.run("move", "S1/a", "X")
    s.run("undo", "--reason", "slip", "X/a")
    s.run("ingest", "-q", "-s", "X", f.write("x.fastq", reads(3)))
    s.run("withdraw", "--reason", "consent", "X")
    told = s.history("S1")
    came = [one for one in told if one["what"] == "publish" and "reads-a.h5" in str(one)]
    t.check(len(came) == 1 and "moved" in str(told[-1]), "all is told", str(told))
    s.run("move", "--other-donor", "S1/a", "Y")
    s.run("ingest", "-q", "-s", "S1", f.write("a.fastq", reads(4)))
    s.run("withdraw", "--reason", "consent", "Y")
    told = s.history("S1")
    t.check("reads-a.h5" in str(told[-1]) and not any("reads-a.h5" in str(one) for one in told[:-1]),
            "only of the new data", str(told))


def withdrawn_removed(t, f):
    s, c = Scene(f), Canaries(t.random)
    donor = c.word("donor")
    bring_in(s, c, "A", donor)
    bring_in(s, c, "B", donor)
    s.run("set", "B", "donor=D1")
    for x in "AB":
        s.run("remove", "--reason", "slip", x)
    done = s.bank.run("withdraw", "--reason", "consent", "--donor", donor)
    t.check(done.code == OK and done.out.startswith(b"A: withdrawn") and done.out.count(b"\n") == 1,
            "one that was removed as this donor's", str(done))
    t.check(s.bank.run("withdraw", "--reason", "consent", "--donor", donor).code == NOINPUT, "once")
    s.run("withdraw", "--reason", "consent", "B")
    s.run("tidy")
    t.check(not c.found(s.bank) and not s.whole(), "tidied", f"{c.found(s.bank)} {s.whole()}")


# ---- taken back ----

def plain(record):
    """Without what says that they have been elsewhere, and what only the copy of a store decides."""
    record.pop("was", None)
    for store in record["stores"]:
        for member in ("moved", "seal", "bytes"):
            store.pop(member, None)
    return record


def taken_back(t, f):
    s = Scene(f)
    for command, at, back in ((("rename", "S1", "S3"), "S3", "S1"), (("move", "S1/a", "S3"), "S3/a", "S1/a"),
                              (("move", "--other-donor", "S1/b", "S2"), "S2/b", "S1/b")):
        s.reset()
        before = {x: plain(s.record(x)) for x in ("S1", "S2")}
        s.run(*command)
        then = {x: s.record(x) for x in ("S1", "S2", "S3")}
        done = s.run("undo", "--reason", "it was right", at)
        now = {x: plain(s.record(x)) for x in before}
        t.check(now == before and not s.whole() and f"is undone: is '{back}' again" in done.out.decode(),
                f"{command} is undone", f"{done} {now} {s.whole()}")
        gone = s.record("S3")
        t.check(not gone or not (gone["stores"] or gone["facts"] or "donor" in gone),
                f"{command}: nothing stays", str(gone))
        last = s.history("S1")[-1]
        t.check(last["what"] == "undo" and ": it was right" in last["source"],
                f"{command}: the ledger has it", str(last))
        s.run("undo", "--reason", "it was not", back)
        now = {x: s.record(x) for x in then}
        same = [plain(now[x]) == plain(then[x]) for x in ("S1", "S2", "S3") if now[x]]
        t.check(all(same) and not s.whole() and not s.bank.leftovers(), f"{command}: the undo is undone",
                f"{now} {then} {s.whole()}")


def not_taken_back(t, f):
    s = Scene(f)
    s.run("set", "S1", "donor=D5")
    s.run("rename", "S1", "N1")
    for args, code, says in ((("S1",), CANTCREAT, "the id 'N1'"), (("N1/a",), CANTCREAT, "whole sample"),
                             (("--revision", "3", "S1"), NOINPUT, "renamed to 'N1'")):
        done = s.bank.run("undo", "--reason", "x", *args)
        t.check(done.code == code and says in done.err, f"undo {args} is refused", str(done))
    s.run("ingest", "-q", "-s", "N1", f / "n.fastq")
    done = s.bank.run("undo", "--reason", "x", "N1")
    t.check(done.code == CANTCREAT and "acquisition 'n' of 'N1'" in done.err, "other data came since",
            str(done))
    s.run("remove", "--reason", "x", "N1/n")
    s.run("ingest", "-q", "-s", "s1", f / "n.fastq")
    done = s.bank.run("undo", "--reason", "x", "--revision", "1", "N1")
    t.check(done.code == CANTCREAT and "differs from 'S1' by case only" in done.err, "a twin came since",
            str(done))
    s.run("remove", "--reason", "x", "s1")
    s.run("ingest", "-q", "-s", "S1", f / "n.fastq")
    done = s.bank.run("undo", "--reason", "x", "--revision", "1", "N1")
    t.check(done.code == CANTCREAT and "'S1' is in the bank already" in done.err, "the name is taken",
            str(done))
    s.run("move", "S1/n", "S4")
    done = s.bank.run("undo", "--reason", "x", "S1")
    t.check(done.code == CANTCREAT and "that it went to" in done.err, "from where it left", str(done))
    s.run("undo", "--reason", "x", "S4")
    done = s.bank.run("undo", "--reason", "x", "S4")
    t.check(done.code == CANTCREAT and "that it went to" in done.err, "and where it left again", str(done))
    t.check(not s.whole() and not s.bank.leftovers(), "nothing is left of them", s.whole())


def corrected_before(t, f):
    """What was corrected before a sample went and came back can still be undone."""
    s = Scene(f)
    first = plain(s.record("S1"))
    s.run("set", "S1", "donor=D5")
    s.run("set", "S1/a", "lane=9")
    s.run("rename", "S1", "N1")
    s.run("rename", "N1", "S1")
    for revision in ("3", "4"):
        s.run("undo", "--reason", "x", "--revision", revision, "S1")
    t.check(plain(s.record("S1")) == first and not s.whole(), "undone", str(s.record("S1")))


# ---- kills and faults ----

def has_word(bank, word):
    return [p for p in glob.glob(bank / "**", recursive=True) if os.path.isfile(p)
            and word in open(p, "rb").read()]


def tidied_everywhere(t, f, hows):
    """The tidy of what was renamed before it was withdrawn."""
    s, tried = Scene(f), 0
    f.write("z.fastq", reads(10, 99))
    s.run("move", "--other-donor", "S1/b", "S2")
    s.run("rename", "S1", "S3")
    s.run("withdraw", "--reason", "consent", "S3")
    s.run("withdraw", "--reason", "consent", "S2")
    s.keep("start")
    n = broken(s.bank, f, f / "start", ("tidy",), 10 ** 9, "kill")[1]
    for how in hows:
        for i in points(t, n):
            what = f"tidy: {how} at change {i} of {n}"
            done, _ = broken(s.bank, f, f / "start", ("tidy",), i, how)
            if done is None:
                continue
            tried += 1
            t.check(how.startswith("kill") or done.code in DOCUMENTED, f"{what}: exit code {done.code}",
                    done.err)
            other = s.bank.run("ingest", "-q", "-s", "Z", f / "z.fastq")
            again = s.bank.run("tidy")
            left = has_word(s.bank, b"/a.fastq") + has_word(s.bank, b"/b.fastq")
            t.check(other.code == OK and again.code == OK and not left and not s.whole()
                    and not s.bank.leftovers(), f"{what}: tidied by the next",
                    f"{other.err} {again.err} {left} {s.whole()} {s.bank.leftovers()}")
    print(f"tidy, {', '.join(hows)}: {tried} points", flush=True)


COMMANDS = {"rename": ((), ("rename", "S1", "S3")), "move": ((), ("move", "S1/a", "S3")),
            "move to another": ((), ("move", "--other-donor", "S1/b", "S2")),
            "undo rename": ((("rename", "S1", "S3"),), ("undo", "--reason", "x", "--revision", "1", "S3")),
            "undo move": ((("move", "S1/a", "S3"),), ("undo", "--reason", "x", "--revision", "1", "S3"))}

HOWS = (("kills", ("kill", "kill-self")), ("faults", ("EIO", "ENOSPC", "EINTR", "short")))


if __name__ == "__main__":
    main(renamed, as_ingested, with_superseded, moved, refused, not_whole, at_once, of_version_1,
         taken_back, not_taken_back, corrected_before, withdrawn, withdrawn_moved, brought_back,
         withdrawn_removed,
         *(Part(name, broken_everywhere, (hows, COMMANDS)) for name, hows in HOWS),
         *(Part(f"tidy {name}", tidied_everywhere, (hows,)) for name, hows in HOWS))
