"""
qc and report of alignments: their numbers against the records themselves, flagstat and coverage; the shape of
the JSON; a page that is well formed, also of no records and of many contigs; a bank's limits.

Suites: cmd alignments. Also: asan.
"""
import json
import statistics

from alignmodel import draw, made
from banktest import Bank
from json_shapes import fits
from pages import number
from report import report
from vialtest import OK, USAGE, main, run

SKIPPED = 0x704


def records(f):
    return [x.split("\t") for x in run("view", f / "s.h5", "--no-header").out.decode().splitlines()]


def qc(t, f, *args):
    done = run("qc", *args, f / "s.h5")
    t.check(done.code == OK, f"qc {args}", done.err)
    return done.out.decode()


def same_numbers(t, f, what):
    """JSON against a plain count over the records; the text against the JSON."""
    rows, said = records(f), json.loads(qc(t, f, "--json"))
    fits(t, what, json.dumps(said), "qc_alignments")
    flags = [int(r[1]) for r in rows]
    mapq = [int(r[4]) for r in rows]
    t.check(said["records"] == len(rows), what, said["records"])
    levels = range(max(mapq, default=-1) + 1)
    t.check(said["mapping_quality"] == [mapq.count(q) for q in levels], what, "mapq")
    proper = sorted(int(r[8]) for r, flag in zip(rows, flags)
                    if flag & 3 == 3 and not flag & 0x90c and int(r[8]) > 0)
    t.check(sum(said["template_length"]) == len(proper), what, f"{len(proper)} pairs")
    counted = [q for r, q, flag in zip(rows, mapq, flags) if not flag & SKIPPED and r[2] != "*"]
    mean = statistics.mean(counted) if counted else None
    t.check(said["mapq"] == mean or abs(said["mapq"] - mean) < 1e-9, what, said["mapq"])
    for name, filtered in (("passed", 0), ("filtered", 0x200)):
        some = [flag for flag in flags if flag & 0x200 == filtered]
        want = {"total": len(some), "secondary": sum(1 for x in some if x & 0x100),
                "duplicates": sum(1 for x in some if x & 0x400), "mapped": sum(1 for x in some if not x & 4)}
        t.check({k: said[name][k] for k in want} == want, what, f"{name}: {said[name]}, not {want}")
    table = run("idxstats", f / "s.h5").out.decode().splitlines()
    want = [x.split("\t") for x in table[:-1] if not x.endswith("\t0\t0")]
    got = [[c["name"], str(c["length"]), str(c["mapped"]), str(c["unmapped"])] for c in said["contigs"]]
    t.check(got == want, what, f"contigs {got}, not {want}")
    text = qc(t, f)
    t.check(f"{len(rows)}\n" in text.splitlines(True)[0], what, text[:60])
    t.check((said["depth"] is None) or f"{said['depth']:.2f}" in text, what, "the depth")
    return said


def drawn(t, f):
    for n in (1, 40, 3000):
        made(t, f, draw(t.random, n))
        said = same_numbers(t, f, f"{n} records")
        t.check(said["sorted"] is True, "sorted")
        lines = [x.split("\t") for x in run("coverage", "-H", f / "s.h5").out.decode().splitlines()]
        mean = {x[0]: float(x[8]) for x in lines}
        for c in said["contigs"]:
            if c["mapq"] is not None:
                t.check(abs(mean[c["name"]] - c["mapq"]) <= 0.006 * c["mapq"] + 1e-9, "coverage", c)
    made(t, f, draw(t.random, 300, in_order=False))
    t.check(same_numbers(t, f, "unsorted")["sorted"] is False, "not sorted")


def page(t, f):
    made(t, f, draw(t.random, 2000))
    said = json.loads(qc(t, f, "--json"))
    one = report(t, f, "alignments", f / "s.h5")
    flags = {row[0]: row for row in one.tables["Records by their flags, as samtools flagstat counts them"]}
    t.check(number(flags["in total"][1]) == said["passed"]["total"]
            and number(flags["read2"][2]) == said["filtered"]["read2"], "flags", flags["in total"])
    table = one.tables["Contigs, their records, depth and qualities"]
    t.check([[r[0], number(r[2]), number(r[3])] for r in table[1:]] ==
            [[c["name"], c["mapped"], c["unmapped"]] for c in said["contigs"]], "contigs", table)
    for name in ("Flags", "Pairs and mapping qualities", "Contigs"):
        t.check(name in one.headings, "headings", one.headings)
    t.check(run("report", f / "s.h5").out == run("report", f / "s.h5").out, "one page")


def few_and_many(t, f):
    """No record at all; none on a contig; more contigs than are listed, with names that hide."""
    head = b"@SQ\tSN:a\tLN:9\n"
    for what, text in (("none", head), ("unplaced", head + b"r\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n")):
        f.write("x.sam", text)
        run("ingest", "-q", "--force", "-o", f / "s.h5", f / "x.sam")
        report(t, f, what, f / "s.h5")
        for form in ("text", "json"):
            t.check(run("qc", "-O", form, f / "s.h5").code == OK, f"{what} {form}")
    names = [f"c{i}<&\"'" for i in range(100)]
    text = "".join(f"@SQ\tSN:{x}\tLN:1000\n" for x in names)
    rest = "\t1\t60\t4M\t*\t0\t0\tACGT\tIIII\n"
    text += "".join(f"r{i}\t0\t{x}{rest}" for i, x in enumerate(names) for _ in "12")
    f.write("x.sam", text.encode())
    run("ingest", "-q", "--force", "-o", f / "s.h5", f / "x.sam")
    one = report(t, f, "many contigs", f / "s.h5")
    t.check(len(one.tables["Contigs, their records, depth and qualities"]) == 31, "30 of them")
    t.check("and 70 more" in qc(t, f), "70 more")
    t.check(len(json.loads(qc(t, f, "--json"))["contigs"]) == 100, "all in JSON")


def multiqc(t, f):
    made(t, f, draw(t.random, 200))
    done = run("qc", "-O", "multiqc", "-o", f / "m", "--name", "S1", f / "s.h5")
    t.check(done.code == OK, "multiqc", done.err)
    for name in ("flagstat", "idxstats"):
        t.check(f.read(f"m/S1.{name}") == run(name, f / "s.h5").out, name)
    done = run("qc", "-O", "fastqc", "-o", f / "m", f / "s.h5")
    t.check(done.code == USAGE and "text, json, multiqc" in done.err, "no such form", done.err)


def limits(t, f):
    """A bank's limits judge a store, and its list has the measures."""
    bank = Bank(f)
    f.write("x.sam", draw(t.random, 300))
    done = bank.run("ingest", "-s", "S1", f / "x.sam")
    t.check(done.code == OK, "ingest", done.err)
    with open(f / "bank/bank.ini", "a") as ini:
        ini.write("\n[qc]\nmapped_min = 100 1\nmapq_max = 254\n")
    text = bank.run("qc", "S1").out.decode()
    t.check("By the bank's limits" in text and "yellow: less than 100" in text, "limits", text[-300:])
    line = json.loads(bank.run("qc", "--json").out.decode().splitlines()[0])
    t.check("depth" in str(line) and line["state"] in ("yellow", "red"), "the bank's list", line)
    t.check(b"S1" in bank.run("ls", "--where", "records > 10 and depth > 0").out, "where")


if __name__ == "__main__":
    main(drawn, page, few_and_many, multiqc, limits)
