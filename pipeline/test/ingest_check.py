"""
`vial ingest --sheet S --check` says of each item what the run would do with it, and the run does just that:
new, unchanged, healed, superseded, or refused and why; of each column, whether it is known. It changes
nothing in the bank, and needs no permission to write there.

Suites: banks.
"""
import collections
import json
import os
import shutil

from banktest import Bank, check_whole, mzml, sheet
from containers import gzip
from fqmodel import reads
from heal import HARMS, damage
from vialtest import DATA, NOINPUT, OK, USAGE, main, run

HEAD = ("sample", "file_1", "acquisition", "donor", "specimen_type", "lane", "collection")


def asked(run_it, path, *args):
    """Exit code, and {(sample, acquisition): item} of what --check says as JSON."""
    done = run_it("ingest", "--sheet", path, "--check", "--json", *args)
    said = json.loads(done.out)
    return done, said, {(i["sample"], i["acquisition"]): i for i in said.get("items", [])}


def states(items):
    return {"/".join(k): i["state"] for k, i in items.items()}


class Scene:
    """A bank with S1/a, S1/b, S2/c and W, which was withdrawn."""

    def __init__(self, f):
        self.f, self.bank = f, Bank(f)
        for i, name in enumerate("abcwnm"):
            f.write(f"{name}.fastq", reads(30, i))
        self.ingest(("S1", "a.fastq", "", "D1", "DNA", "1", "none"),
                    ("S1", "b.fastq", "", "D1", "DNA", "2", "none"),
                    ("S2", "c.fastq", "", "D2", "RNA", "1", ""), ("W", "w.fastq", "", "D3", "", "", ""))
        assert self.bank.run("withdraw", "--reason", "consent", "W").code == OK

    def sheet(self, name, *rows, head=HEAD):
        return sheet(self.f, name, rows, head)

    def ingest(self, *rows):
        done = self.bank.run("ingest", "-q", "--sheet", self.sheet("h.csv", *rows))
        assert done.code == OK, done.err

    def ask(self, path, *args):
        return asked(self.bank.run, path, *args)


def same_as_run(t, s, what, path, *args):
    """Whatever --check says comes true: which items are refused, and for which reason; how many come in."""
    done, _, items = s.ask(path, *args)
    refused = sorted((k[0], i["state"]) for k, i in items.items() if i["refused"])
    t.check(done.code == (DATA if refused else OK), f"{what}: exit code {done.code}", done.err)
    before = {(q["sample"], q["reason"]) for q in s.bank.quarantine()}
    ran = s.bank.run("ingest", "-j", "1", "--sheet", path, *args)
    came = sorted({(q["sample"], q["reason"]) for q in s.bank.quarantine()} - before)
    t.check(ran.code == done.code and came == sorted(set(refused)), f"{what}: refused as foreseen",
            f"{refused} {came} {ran.err}")
    n = collections.Counter(i["state"] for i in items.values())
    said = ran.err.splitlines()[-1]
    for word in (f"{n['new'] + n['superseded']} published", f"{n['unchanged']} unchanged",
                 f"{n['healed']} healed"):
        t.check(word in said or word.startswith("0 "), f"{what}: {word}", said)
    return states(items)


def one_of_each(t, f):
    s = Scene(f)
    f.write("bad.txt", b"not of an instrument\n")
    shutil.copy(f / "a.fastq", f / "copy.fastq")
    shutil.copy(f / "n.fastq", f / "twin.fastq")
    f.write("half.fastq", reads(30, 77)[:-9])  # found out by reading only
    path = s.sheet("all.csv", ("S1", "a.fastq", "", "D1", "DNA", "1", ""),
                   ("S1", "n.fastq", "b", "", "", "", ""),
                   ("S2", "c.fastq", "", "D9", "", "", ""), ("W", "w.fastq", "", "", "", "", ""),
                   ("S3", "copy.fastq", "", "", "", "", ""), ("S4", "m.fastq", "", "D4", "", "", ""),
                   ("S5", "bad.txt", "", "", "", "", ""))
    said = same_as_run(t, s, "one of each", path)
    t.check(said == {"S1/a": "unchanged", "S1/b": "conflict", "S2/c": "conflict", "W/w": "withdrawn",
                     "S3/copy": "same_data", "S4/m": "new", "S5/bad.txt": "unsupported"}, "the states", said)
    path = s.sheet("twins.csv", ("S6", "n.fastq", *[""] * 5), ("S7", "twin.fastq", *[""] * 5))
    t.check(same_as_run(t, s, "one sheet", path) == {"S6/n": "new", "S7/twin": "same_data"},
            "twins of a sheet")
    path = s.sheet("more.csv", ("S1", "b.fastq", "a", *[""] * 4), ("S3", "copy.fastq", *[""] * 5))
    said = same_as_run(t, s, "options", path, "--supersede", "--same-data")
    t.check(said == {"S1/a": "superseded", "S3/copy": "new"}, "--supersede, --same-data", said)
    _, _, items = s.ask(s.sheet("half.csv", ("S8", "half.fastq", *[""] * 5)))
    t.check(states(items) == {"S8/half": "new"}, "what a file holds is not looked at")
    check_whole(t, s.bank, "one of each")


def by_cheap_facts(t, f):
    """A file elsewhere, or with another time, is read only if its size is the same."""
    s, row = Scene(f), ("", "", "", "", "")
    os.mkdir(f / "moved")
    shutil.copy(f / "a.fastq", f / "moved/a.fastq")
    text = f.read("b.fastq")
    f.write("b.fastq", text[:-2] + bytes([text[-2] ^ 1]) + text[-1:])
    f.write("c.fastq", f.read("c.fastq"))
    path = s.sheet("m.csv", ("S1", "moved/a.fastq", *row), ("S1", "b.fastq", *row), ("S2", "c.fastq", *row))
    said = same_as_run(t, s, "by size, then by content", path)
    t.check(said == {"S1/a": "unchanged", "S1/b": "conflict", "S2/c": "unchanged"}, "the states", said)
    lanes = [f.write(f"E{i}_L00{k}.fq.gz", gzip(reads(9, seed=i)) if k == 1 else gzip(b""))
             for i in range(2) for k in (1, 2)]
    path = s.sheet("e.csv", *([f"E{i}", f'"{",".join(lanes[2 * i:2 * i + 2])}"', *row] for i in range(2)))
    t.check(set(same_as_run(t, s, "empty lanes", path).values()) == {"new"}, "empty files have no data")
    path = s.sheet("p.csv", ("S1", "a.fastq", "fast"), head=("sample", "file_1", "profile"))
    t.check(s.ask(path)[2]["S1", "a"]["state"] == "conflict", "another profile is another store")
    f.write("run.mzML", mzml())
    path = s.sheet("k.csv", ("S1", "run.mzML", "a"), head=HEAD[:3])
    t.check(s.ask(path)[2]["S1", "a"]["state"] == "new", "another kind is another store")


def healed(t, f):
    for name, how in ((how.__name__, how) for how in HARMS):
        s = Scene(f)
        how(s.bank, [p for p in s.bank.stores() if p.endswith("reads-a.h5")][0])
        path = s.sheet("h2.csv", ("S1", "a.fastq", *[""] * 5), ("S2", "c.fastq", *[""] * 5))
        said = s.ask(path)[2]
        t.check(said["S1", "a"]["state"] == "healed" and said["S2", "c"]["state"] == "unchanged",
                f"{name}: would be healed", states(said))
        same_as_run(t, s, name, path)
        t.check(set(states(s.ask(path)[2]).values()) == {"unchanged"}, f"{name}: and is whole then")
        shutil.rmtree(s.bank.path)


def corrections(t, f):
    s = Scene(f)

    def changes(path, *args):
        return {"/".join(k): [(c["of"], c["name"], c["from"], c["to"]) for c in i["changes"]]
                for k, i in s.ask(path, *args)[2].items()}

    path = s.sheet("c.csv", ("S1", "a.fastq", "", "D7", "", "1", "none"), ("S1", "b.fastq", *[""] * 5),
                   ("S2", "c.fastq", "", "D2", "RNA", "2", "flu"))
    want = {"S1/a": [("sample", "donor", "D1", "D7"), ("sample", "specimen_type", "DNA", None)],
            "S1/b": [("acquisition", "lane", "2", None)],
            "S2/c": [("sample", "collection", None, "flu"), ("acquisition", "lane", "1", "2")]}
    got = changes(path, "--correct")
    t.check({k: sorted(v) for k, v in got.items()} == {k: sorted(v) for k, v in want.items()}, "old -> new",
            got)
    t.check(all(i["state"] == "conflict" for k, i in s.ask(path)[2].items() if k != ("S1", "b")),
            "without it")
    text = s.bank.run("ingest", "--sheet", path, "--check", "--correct").out.decode()
    t.check("donor: D1 -> D7" in text and "specimen_type: DNA -> -" in text and "lane: 2 -> -" in text,
            "as a table", text)
    done = s.bank.run("ingest", "-q", "--sheet", path, "--correct")
    facts = json.loads(s.bank.run("info", "--json", "S1").out)
    t.check(done.code == OK and facts["donor"] == "D7" and facts["facts"] == {"collection": "none"},
            "comes true", facts)
    t.check(not any(changes(path, "--correct").values()), "and nothing is left to change")
    new = s.sheet("n.csv", ("S1", "n.fastq", "", "", "", "", "flu"), ("S9", "m.fastq", "", "D1", "", "", ""))
    got = changes(new, "--correct")
    t.check(("sample", "collection", "none", "flu") in got["S1/n"] and not got["S9/m"],
            "of a new acquisition, and none of a new sample", got)


def columns(t, f):
    f.write("a.fastq", reads(3))
    f.write("r.mzML", mzml())
    sheets = ((("sample", "file_1", "specimen_typ", "file1", "lane", "My note"),
               ("S", "a.fastq", "", "", "", ""),
               ["known", "known", "detail", "detail", "detail", "detail"],
               {"specimen_typ": "specimen_type", "file1": "file_1"}),
              (("sample", "fastq_1", "strandednes", "patient"), ("S", "a.fastq", "", ""),
               ["known", "known", "detail", "known"], {}),
              (("source name", "comment[data file]", "characteristics[organism part]", "comment[label]"),
               ("S", "r.mzML", "liver", "x"), ["known", "known", "fact", "detail"], {}))
    for head, row, uses, meant in sheets:
        done, said, _ = asked(run, sheet(f, "s.csv", [row], head))
        t.check(done.code == OK and "items" not in said, "without a bank", done.err)
        got = said["columns"]
        t.check([c["use"] for c in got] == uses and [c["title"] for c in got] == list(head),
                f"{head}: what becomes of columns", got)
        t.check({c["title"]: c["meant"] for c in got if c["meant"]} == meant, f"{head}: meant", got)
    path = sheet(f, "t.csv", [("S", "a.fastq", "")], ("sample", "file_1", "dono"))
    done = run("ingest", "--check", "--sheet", path)
    t.check(done.code == OK and b"did you mean 'donor'?" in done.out, "as a table", done.out)
    t.check(run("ingest", "--json", "--sheet", f / "t.csv", "-b", f / "x").code == USAGE, "--json alone")


def with_errors(t, f):
    """A sheet with errors: they are told, and the rest is asked all the same."""
    s = Scene(f)
    path = s.sheet("e.csv", ("S1", "a.fastq", *[""] * 5), ("S2", "none.fastq", *[""] * 5),
                   ("S4", "n.fastq", "", "", "blod", "", ""))
    done, said, items = s.ask(path)
    t.check(done.code == DATA and [(e["line"], e["column"]) for e in said["errors"]] == [(3, 2), (4, 5)]
            and "none.fastq" in said["errors"][0]["message"], "errors by line and column", said["errors"])
    t.check(states(items) == {"S1/a": "unchanged"} and "2 errors" in done.err, "the others", states(items))
    done, said, _ = s.ask(s.sheet("h.csv", ("S1", "x"), head=("sample", "fle_1")))
    t.check(done.code == DATA and not said["columns"] and not said["items"], "a header that is no sheet's",
            said)
    t.check(s.bank.run("ingest", "--check", "--sheet", f / "nowhere.csv").code == NOINPUT, "no sheet")


def tree(bank):
    """All of a bank, but what SQLite keeps in memory that processes share."""
    found = {}
    for folder, _, names in os.walk(bank.path):
        for path in [folder, *(os.path.join(folder, n) for n in names if n != "catalog.db-shm")]:
            at = os.stat(path)
            text = open(path, "rb").read() if os.path.isfile(path) else b""
            found[path] = (at.st_mtime_ns, at.st_size, at.st_mode, at.st_ino, text)
    return found


def nothing_changes(t, f):
    s = Scene(f)
    damage(s.bank, [p for p in s.bank.stores() if p.endswith("reads-b.h5")][0])
    path = s.sheet("all.csv", ("S1", "a.fastq", "", "D9", "", "", ""), ("S1", "b.fastq", "", "", "", "", ""),
                   ("S2", "n.fastq", "c", "", "", "", ""), ("W", "w.fastq", "", "", "", "", ""),
                   ("S4", "m.fastq", "", "", "", "", ""))
    s.bank.run("ls")  # leaves SQLite's files for readers beside the catalogue
    before = tree(s.bank)
    for args in ((), ("--correct",), ("--supersede", "--same-data")):
        done, _, items = s.ask(path, *args)
        t.check(len(items) == 5 and tree(s.bank) == before, f"{args}: nothing has changed", done.err)
    if os.geteuid() == 0:
        os.chmod(f.path, 0o755)
        shutil.chown(s.bank.path, 4711, 4711)
        for folder, _, names in os.walk(s.bank.path):
            for name in [".", *names]:
                os.chmod(os.path.join(folder, name), 0o555 if name == "." else 0o444)
        kept = tree(s.bank)
        done, _, items = asked(lambda *a: s.bank.run(*a, user=4712, group=4712, extra_groups=[]), path)
        t.check(states(items)["S1/b"] == "healed" and len(items) == 5 and tree(s.bank) == kept,
                "who may only read", done.err)
    else:
        t.skip("only root can be somebody else")


def lost_catalogue(t, f):
    s = Scene(f)
    for name in os.listdir(s.bank.path):
        if name.startswith("catalog.db"):
            os.unlink(s.bank / name)
    done, _, items = s.ask(s.sheet("x.csv", ("S1", "a.fastq", *[""] * 5), ("S2", "n.fastq", "c", *[""] * 4)))
    t.check(states(items) == {"S1/a": "unchanged", "S2/c": "conflict"} and "are not known" in done.err,
            "records answer alone, and it is said what is not known", done.err)
    t.check(not os.path.exists(s.bank / "catalog.db"), "no catalogue is made")


if __name__ == "__main__":
    main(one_of_each, by_cheap_facts, healed, corrections, columns, with_errors, nothing_changes,
         lost_catalogue)
