"""
vial same: who is one person, by an independent count of genotypes; relatives; counts that stores have and
counts made of their rows are the same; sexes; a bank in which samples were swapped, by donors and by sexes of
its sheet; what is damaged costs itself; errors.

Suites: cmd alignments bank. Also: asan.
"""
import json
import os
from itertools import combinations

from banktest import Bank, sheet
from json_shapes import fits
from pages import Page
from persons import Genome, Person, called_of, counted, sam
from vialtest import DATA, OK, USAGE, check_refusal, main, run


def table(text):
    """Rows of a table with a header line, as dicts; a table begins where a line starts with "found"."""
    tables, names = {"pairs": [], "sexes": []}, None
    for line in text.splitlines():
        cells = line.split("\t")
        if cells[0] == "found":
            names, rows = cells, tables["sexes" if "said" in cells else "pairs"]
        else:
            rows.append(dict(zip(names, cells)))
    return tables


def same(t, f, *args, code=OK, json_too=True):
    done = run("same", *args)
    t.check(done.code == code, f"same {args[-2:]}", f"{done.code}: {done.err}")
    tables = table(done.out.decode())
    if json_too:
        text = run("same", "--json", *args).out.decode()
        fits(t, "same", text, "same")
        said = json.loads(text)
        for name, rows in tables.items():
            as_text = [{k: "" if v is None else f"{v:.4f}" if isinstance(v, float) else str(v)
                        for k, v in row.items()} for row in said[name]]
            t.check(as_text == rows, f"JSON says the same of {name}", f"{as_text[:2]}, not {rows[:2]}")
    return tables, done.err


def store(t, f, name, text, *args):
    f.write(name + ".sam", text)
    done = run("ingest", "--profile", t.profile(), "-o", f / name + ".h5", f / name + ".sam", *args)
    t.check(done.code == OK, f"ingest {name}", done.err)
    return f / name + ".h5"


def expected(a, b):
    """The numbers of a pair, from counts by hand."""
    both = [(called_of(*x), called_of(*y)) for x, y in zip(a, b)]
    both = [x for x in both if None not in x]
    shared = both.count(("het", "het"))
    ibs0 = both.count(("ref", "alt")) + both.count(("alt", "ref"))
    least = min(sum(1 for x in both if x[k] == "het") for k in (0, 1))
    return {"sites": len(both), "shared_hets": shared, "ibs0": ibs0, "ibs2": sum(x == y for x, y in both),
            "relatedness": (shared - 2 * ibs0) / least}


def pairs(t, f):
    genome = Genome(t.random)
    one, other = Person(t.random, genome), Person(t.random, genome, "XY")
    child = Person(t.random, genome, parent=one)
    texts = {"a": sam(t.random, one), "b": sam(t.random, one, depth=30, prefix="chr"),
             "c": sam(t.random, other), "d": sam(t.random, child, depth=40)}
    f.write("sites.vcf", genome.vcf())
    with_list = {n: store(t, f, n, x, "--sites", f / "sites.vcf", "-s", n) for n, x in texts.items()}
    bare = {n: store(t, f, n + "0", x, "-s", n) for n, x in texts.items()}
    prefix = {n: "chr" if n == "b" else "" for n in texts}
    hand = {n: counted(x, genome.sites, prefix[n]) for n, x in texts.items()}
    verdict = {"ab": "same", "ad": "related", "bd": "related"}
    seen = None
    by = ("--sites", f / "sites.vcf")
    for stores, args in ((with_list, ()), *t.some(((bare, by), (bare, (*by, "-@1")))),
                         (bare, (*by, "-@3")), (with_list, by)):
        tables, _ = same(t, f, *args, *stores.values(), code=DATA)
        t.check([(r["a"], r["b"]) for r in tables["pairs"]] == list(combinations(stores.values(), 2)),
                "all pairs")
        for r, (a, b) in zip(tables["pairs"], combinations(texts, 2)):
            want = expected(hand[a], hand[b])
            got = {k: float(r[k]) for k in want}
            t.check(all(abs(got[k] - want[k]) < 1e-4 for k in want), f"{a} {b}", f"{got}, not {want}")
            t.check(r["verdict"] == verdict.get(a + b, "different"), f"verdict of {a} {b}", r)
            t.check(r["found"] == ("alike" if a + b == "ab" else "ok"), f"found of {a} {b}", r)
        bare_rows = [{k: v for k, v in r.items() if k not in "ab"} for r in tables["pairs"]]
        t.check(seen in (None, bare_rows), f"the same {args}")
        seen = bare_rows
    f.write("few.tsv", genome.table(genome.sites[:90]))
    tables, _ = same(t, f, "--sites", f / "few.tsv", *bare.values())
    t.check({r["verdict"] for r in tables["pairs"]} == {"too few sites"}, "too few")
    tables, err = same(t, f, with_list["a"], store(t, f, "e", texts["c"], "--sites", f / "few.tsv"))
    t.check(not tables["pairs"] and "2 lists" in err, "two lists", err)
    # who are named as one, and are two
    renamed = store(t, f, "r", texts["c"], "--sites", f / "sites.vcf", "-s", "a")
    tables, _ = same(t, f, with_list["a"], renamed, code=DATA)
    t.check(tables["pairs"][0]["found"] == "differs", "one name, two persons")
    nameless = [store(t, f, n, texts["a"], "--sites", f / "sites.vcf") for n in ("n1", "n2")]
    tables, _ = same(t, f, *nameless)
    t.check(tables["pairs"][0]["found"] == "" and tables["pairs"][0]["verdict"] == "same", "no names")


def any_order(t, f):
    """Rows that lie anywhere; stores of the other profiles; letters that are left out of the store."""
    genome = Genome(t.random)
    text = sam(t.random, Person(t.random, genome), depth=30)
    lines = text.splitlines(True)
    body = lines[5:]
    t.random.shuffle(body)
    mixed = b"".join(lines[:5] + body).replace(b"SO:coordinate", b"SO:unsorted")
    f.write("sites.vcf", genome.vcf())
    a = store(t, f, "a", text, "--sites", f / "sites.vcf")
    for name, x, profile in (("m", mixed, "fast"), ("p", text, "portable"), ("r", text, "archive")):
        b = store(t, f, name, x, "--profile", profile)
        tables, _ = same(t, f, a, b, "--sites", f / "sites.vcf")
        r = tables["pairs"][0]
        t.check(r["sites"] == r["ibs2"] and r["ibs0"] == "0" and int(r["sites"]) > 100, name, r)


def sexes(t, f):
    genome = Genome(t.random)
    f.write("sites.vcf", genome.vcf())
    # half of Y is not to be lain upon
    shares = {"Y": 0.5}
    for sex, copies in (("XX", 2), ("XY", 2), ("X", 2), ("XXY", 2)):
        text = sam(t.random, Person(t.random, genome, sex), shares=shares)
        tables, _ = same(t, f, store(t, f, sex, text, "--force", "--sites", f / "sites.vcf"))
        r = tables["sexes"][0]
        want = {"X": "X0"}.get(sex, sex)
        t.check(r["sex"] == want and r["found"] == "", sex, r)
        records = [x.split("\t") for x in text.decode().splitlines() if x[0] != "@"]
        kept = [(x[2], int(x[4])) for x in records if not int(x[1]) & 0x704]
        weight = {c: sum(q for name, q in kept if name == c) / n for c, n in genome.lengths.items()}
        depth = sum(weight[c] * genome.lengths[c] for c in "12") / sum(genome.lengths[c] for c in "12")
        t.check(abs(float(r["x"]) - weight["X"] / depth) < 1e-4
                and abs(float(r["y"]) - weight["Y"] / depth) < 1e-4, f"{sex}: depths", r)
    tables, _ = same(t, f, store(t, f, "few", sam(t.random, Person(t.random, genome), depth=0.2)))
    t.check(tables["sexes"][0]["sex"] == "unknown" and tables["sexes"][0]["x"] == "", "too few records")
    f.write("no.sam", b"@SQ\tSN:9\tLN:50000\nr\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n")
    run("ingest", "-o", f / "no.h5", f / "no.sam")
    tables, _ = same(t, f, f / "no.h5")
    t.check(tables["sexes"][0]["sex"] == "unknown", "no X")


def names(rows):
    return sorted((r["found"], r["a"].split("/")[0], r["b"].split("/")[0]) for r in rows)


def swapped(t, f):
    """Two persons, three samples, one of them swapped; and what else a bank may hold."""
    genome = Genome(t.random)
    p, q, r = (Person(t.random, genome, sex) for sex in ("XX", "XY", "XY"))
    f.write("sites.vcf", genome.vcf())
    bank = Bank(f, settings="[bank]\nsites = ../sites.vcf\n[batch]\nthreads = 2\n")
    whose = {"S1": (p, "P", "Female"), "S2": (p, "P", "F"), "S3": (q, "P", "XX"), "S4": (q, "Q", "1"),
             "S5": (r, "", ""), "S6": (r, "", "NA"), "S7": (p, "P", "")}
    rows = []
    for name, (person, donor, sex) in whose.items():
        f.write(name + ".sam", sam(t.random, person, shares={"Y": 0.5}))
        rows.append((name, name + ".sam", donor, sex))
    f.write("r.fq", b"@a\nACGT\n+\nIIII\n")
    rows.append(("S1", "r.fq", "P", "female"))
    head = ("sample", "file_1", "donor", "donor_sex")
    done = bank.run("ingest", "-q", "--profile", t.profile(), "--sheet", sheet(f, "s.csv", rows, head))
    t.check(done.code == OK, "ingest", done.err)
    same_donor = [("differs", a, "S3") for a in ("S1", "S2")] + [("differs", "S3", "S7")]
    want = sorted([("alike", "S3", "S4"), ("alike", "S5", "S6"), *same_donor])
    for more in ((), ("-@1",), ("-@3", "--sites", f / "sites.vcf")):
        tables, err = same(t, f, "-b", bank.path, *more, code=DATA)
        t.check(names(tables["pairs"]) == want, f"pairs {more}", names(tables["pairs"]))
        t.check([(x["sample"], x["sex"], x["said"]) for x in tables["sexes"]] == [("S3/S3", "XY", "female")],
                f"sexes {more}", tables["sexes"])
        want_said = "7 stores: 3 pairs of one donor differ, 2 of two donors are one person, 1 sex is amiss"
        t.check(want_said in err, f"summary {more}", err)
    page_of_today(t, f, bank, want)
    tables, _ = same(t, f, "-b", bank.path, "--all", code=DATA)
    t.check(len(tables["pairs"]) == 21 and len(tables["sexes"]) == 7, "all")
    t.check(names(x for x in tables["pairs"] if x["found"] != "ok") == want, "all: found")
    t.check({x["sample"]: x["said"] for x in tables["sexes"]}["S4/S4"] == "male", "a male")
    tables, _ = same(t, f, "-b", bank.path, "--where", "sample IN ('S1', 'S2', 'S4', 'S5')")
    t.check(not tables["pairs"] and not tables["sexes"], "those that are right")
    done = bank.run("rename", "S3", "S9")
    tables, _ = same(t, f, "-b", bank.path, "--where", "donor = 'P'", code=DATA)
    t.check(done.code == OK and names(tables["pairs"]) == sorted(
        [("differs", a, "S9") for a in ("S1", "S2")] + [("differs", "S7", "S9")]), "renamed", tables["pairs"])
    done = bank.run("set", "S9", "donor=Q", "donor_sex=Male")
    tables, _ = same(t, f, "-b", bank.path, code=DATA)
    t.check(names(tables["pairs"]) == [("alike", "S5", "S6")] and not tables["sexes"], "put right",
            f"{done.err} {tables}")
    damaged(t, f, bank)


def page_of_today(t, f, bank, want):
    done = bank.run("report", "-o", f / "day.html")
    t.check(done.code == OK, "the page", done.err)
    page = Page(f.read("day.html").decode())
    t.check(not page.wrong and "see Who is who" in page.lead, "the page", f"{page.wrong[:3]} {page.lead}")
    rows = page.tables.get("Pairs of stores whose data contradicts their donors", [[]])[1:]
    found = {"one person": "alike", "two persons": "differs"}
    t.check(sorted((found[r[4]], r[0].split("/")[0], r[2].split("/")[0]) for r in rows) == want,
            "pairs on the page", rows)
    rows = page.tables.get("Stores whose data contradicts the sex that is said", [[]])[1:]
    t.check(rows == [["S3/S3", "P", "female", "XY"]], "sexes on the page", rows)


def damaged(t, f, bank):
    """A store that cannot be read costs itself; one without counts is said."""
    path = next(x for x in bank.stores() if "/S5/" in x)
    data = bytearray(open(path, "rb").read())
    data[len(data) // 3:] = bytes(len(data) - len(data) // 3)
    os.chmod(path, 0o644)
    with open(path, "wb") as g:
        g.write(data)
    done = bank.run("same", "--json")
    said = json.loads(done.out)
    t.check(done.code == DATA and said["lost"] == 1 and said["stores"] == 7 and not said["pairs"], "damaged",
            done)
    t.check(path.split("/")[-1] in done.err, "it is named", done.err)
    with open(bank / "bank.ini") as g:
        text = g.read()
    with open(bank / "bank.ini", "w") as g:
        g.write(text.replace("\nsites", "\n;sites"))
    done = bank.run("ingest", "-q", "-s", "S10", "--same-data", f / "S6.sam")
    t.check(done.code == OK, "ingest without a list", done.err)
    done = bank.run("same", "--where", "sample IN ('S6', 'S10')")
    t.check(done.code == OK and "1 store has no letters" in done.err, "without counts", done.err)
    done = bank.run("same", "--where", "sample IN ('S6', 'S10')", "--sites", f / "sites.vcf")
    t.check(done.code == DATA and names(table(done.out.decode())["pairs"]) == [("alike", "S10", "S6")],
            "made of its rows", done)
    # a list that cannot be read costs no item its place
    for settings, code in (("sites = nosuch.vcf", 66), ("sites = bank.ini", DATA)):
        with open(bank / "bank.ini", "w") as g:
            g.write(text.replace("\nsites = ../sites.vcf", "\n" + settings))
        done = bank.run("ingest", "-q", "-s", "S11", "--same-data", f / "S6.sam")
        check_refusal(t, settings, done, [settings.split()[-1]], (code,))
        t.check(not bank.quarantine() and not bank.leftovers(), f"{settings}: nothing is left")
        done = bank.run("nightly")
        t.check(done.code == OK or settings.split()[-1] in done.err, f"{settings}: a night", done.err)


def errors(t, f):
    genome = Genome(t.random)
    f.write("sites.vcf", genome.vcf())
    text = sam(t.random, Person(t.random, genome), depth=1)
    bare, other = store(t, f, "bare", text), store(t, f, "other", text, "--sites", f / "sites.vcf")
    f.write("r.fq", b"@a\nACGT\n+\nIIII\n")
    run("ingest", "-o", f / "reads.h5", f / "r.fq")
    check_refusal(t, "no counts", run("same", other, bare), ["bare.h5", "--sites FILE"], (USAGE,))
    check_refusal(t, "reads", run("same", f / "reads.h5"), ["reads.h5", "whose it is"])
    check_refusal(t, "no store", run("same", f / "sites.vcf"), ["sites.vcf"])
    f.write("bad", b"1\t5\tA\n")
    check_refusal(t, "a bad list", run("same", bare, "--sites", f / "bad"), ["bad: line 1"])
    for args in ((), ("-O", "xml", bare), ("--all", bare), ("-b", f / "x", bare)):
        t.check(run("same", *args, env={"VIAL_BANK": ""}).code == USAGE, f"usage {args}")
    done = run("same", "--help")
    t.check(done.code == OK and b"relatedness" in done.out, "help")


if __name__ == "__main__":
    main(pairs, any_order, sexes, swapped, errors)
