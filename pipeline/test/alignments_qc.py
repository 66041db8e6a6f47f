"""
qc and report of alignments: their numbers against the records themselves, flagstat and coverage; the shape of
the JSON; a page that is well formed, also of no records and of many contigs; a bank's limits.

Suites: cmd alignments. Also: asan.
"""
import json
import re
import statistics

from alignmodel import CONTIGS, draw, made
from banktest import Bank
from json_shapes import fits
from pages import number
from report import report
from vialtest import OK, USAGE, main, of_threads, run

SKIPPED = 0x704
WINDOW, WINDOWS = 100, 1000


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


def count_windows(rows):
    """Letters upon each window of WINDOW letters: (contig, number): letters, A C G T of them, G C."""
    out = {}
    for r in rows:
        if int(r[1]) & SKIPPED or "*" in (r[2], r[9]):
            continue
        at, read = int(r[3]) - 1, 0
        for n, code in re.findall(r"(\d+)([MIDNSHP=X])", r[5]):
            n = int(n)
            if code in "M=X":
                for i in range(n):
                    one = out.setdefault((r[2], (at + i) // WINDOW), [0, 0, 0])
                    letter = r[9][read + i]
                    one[0] += 1
                    one[1] += letter in "ACGT"
                    one[2] += letter in "GC"
            at += n if code in "MDN=X" else 0
            read += n if code in "MIS=X" else 0
    return out


def along(windows, contigs):
    """The length that windows come to, and of each contig with two of them depths and GC."""
    length = dict(contigs)
    for shift in range(40):
        last = {}
        for contig, k in windows:
            last[contig] = max(last.get(contig, 0), k >> shift)
        if sum(last.values()) <= WINDOWS:
            break
    sums = {}
    for (contig, k), more in windows.items():
        one = sums.setdefault((contig, k >> shift), [0, 0, 0])
        for i in range(3):
            one[i] += more[i]
    width, out = WINDOW << shift, {}
    for contig, n in last.items():
        if n:
            all_of = [sums.get((contig, k), (0, 0, 0)) for k in range(n + 1)]
            widths = [min(width, length[contig] - k * width) for k in range(n + 1)]
            widths = [w if w > 0 else width for w in widths]
            out[contig] = ([x[0] / w for x, w in zip(all_of, widths)],
                           [100 * x[2] / x[1] if x[1] else None for x in all_of])
    return width, out


def by_gc(windows):
    """Of each percentage, windows and their depth as a share of that of all; and how far it is off."""
    table = {}
    for letters, known, gc in windows.values():
        if 2 * known >= WINDOW:
            one = table.setdefault((200 * gc + known) // (2 * known), [0, 0])
            one[0] += 1
            one[1] += letters
    n, letters = (sum(x[i] for x in table.values()) for i in (0, 1))
    rows = [(k, x[0], x[1] / x[0] * n / letters) for k, x in sorted(table.items())]
    return rows, 100 * sum(x[1] * abs(x[2] - 1) for x in rows) / n if n else None


def near(a, b):
    return a == b or (a is not None and b is not None and abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1))


def same_windows(t, f, what, in_order, contigs=tuple(CONTIGS)):
    """JSON against a plain count of each letter of each record."""
    said, windows = json.loads(qc(t, f, "--json")), count_windows(records(f))
    width, want = along(windows, contigs)
    t.check(said["window"] == (width if windows else 0), what, f"{said['window']}, not {width}")
    for c in said["contigs"]:
        depth, gc = want.get(c["name"], ([], []))
        t.check(len(c["window_depth"]) == len(depth) and all(map(near, c["window_depth"], depth)), what,
                f"depths of {c['name']}: {c['window_depth'][:5]}, not {depth[:5]}")
        t.check(len(c["window_gc"]) == len(gc) and all(map(near, c["window_gc"], gc)), what,
                f"GC of {c['name']}")
    rows, bias = by_gc(windows) if in_order else ([], None)
    got = [(x["gc"], x["windows"], x["depth"]) for x in said["window_gc"]]
    t.check([x[:2] for x in got] == [x[:2] for x in rows] and
            all(near(x[2], y[2]) for x, y in zip(got, rows)), what, f"by GC {got[:3]}, not {rows[:3]}")
    t.check(near(said["gc_bias"], bias), what, f"bias {said['gc_bias']}, not {bias}")
    return said


def windows(t, f):
    """Depth along contigs and by GC; of files in order and not, of many batches, by any number of threads."""
    for n, longest, in_order in ((1, 40, True), (60, 40, True), (3000, 40, True), (3000, 40, False),
                                 (36000, 90, True), (36000, 90, False)):
        what = f"{n} records {'' if in_order else 'not '}in order"
        profile = t.profile()
        made(t, f, draw(t.random, n, in_order=in_order, longest=longest), profile=profile)
        first = f.read("s.h5")
        for threads in of_threads(1, 4):
            run("ingest", "-q", "--force", "--profile", profile, "-@", threads, "-o", f / "s.h5", f / "x.bam")
            t.check(f.read("s.h5") == first, what, f"{threads} threads make another store")
        same_windows(t, f, what, in_order)
    one = report(t, f, "windows", f / "s.h5")
    t.check("Depth along contigs" in one.headings and "GC" not in one.headings, "not in order", one.headings)
    made(t, f, draw(t.random, 36000, longest=90))
    one = report(t, f, "windows", f / "s.h5")
    t.check("Depth along contigs" in one.headings and "GC" in one.headings, "in order", one.headings)


def draw_far(r, contigs, cigars):
    """Reads anywhere on contigs, sorted, with 50 letters or without."""
    rows = []
    for i in range(3000):
        k = r.randrange(len(contigs))
        at = r.randrange(max(1, contigs[k][1] - (6_000_000 if contigs[k][1] > 10 ** 7 else 60)))
        letters = r.choice(("".join(r.choices("ACGTN", k=50)), "".join(r.choices("GC", k=50)), "*"))
        rows.append((k, at, f"r{i}\t{r.choice((0, 0, 16, 1024))}\t{contigs[k][0]}\t{at + 1}\t60\t"
                            f"{r.choice(cigars)}\t*\t0\t0\t{letters}\t*\n"))
    head = "".join(f"@SQ\tSN:{c}\tLN:{n}\n" for c, n in contigs)
    return (head + "".join(x[2] for x in sorted(rows))).encode()


def far_and_many(t, f):
    """Windows of a long contig become larger, of many short ones as well; reads with gaps, or without
    letters; the model counts the same."""
    far = ("50M", "10M5000000N40M", "20M2I28M", "5S45M")
    for what, contigs, cigars in (("long", [("big", 250_000_000), ("small", 300)], far),
                                  ("many", [(f"c{i}", 450) for i in range(1500)], ("50M", "25M1D25M"))):
        made(t, f, draw_far(t.random, contigs, cigars))
        said = same_windows(t, f, what, True, contigs)
        t.check(said["window"] > WINDOW, what, said["window"])
        report(t, f, what, f / "s.h5")


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
    main(drawn, windows, far_and_many, page, few_and_many, multiqc, limits)
