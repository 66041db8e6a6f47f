"""
look at a region of alignments: each place against the records by hand, in text and in SVG; the reference that
MD tells; insertions, which are columns of their own; regions that are none.

Suites: view alignments. Also: asan.
"""
import collections
import re
import xml.etree.ElementTree

from alignmodel import draw, made
from vialtest import OK, USAGE, main, run


def operations(cigar):
    return [(int(n), c) for n, c in re.findall(r"(\d+)([MIDNSHP=X])", cigar)]


def cells_by_hand(f, contig, a, b):
    """For each place what stands there, letters large; and how long insertions behind it are."""
    here, behind = collections.defaultdict(list), collections.Counter()
    for line in run("view", f / "s.h5", "--no-header", "-F", "0x704", contig).out.decode().splitlines():
        r = line.split("\t")
        at, place = 0, int(r[3])
        for n, c in operations(r[5]):
            if c in "M=XDN":
                for k in range(n):
                    if a <= place + k <= b:
                        here[place + k].append(r[9][at + k] if c in "M=X" else "*" if c == "D" else ">")
                place += n
            if c == "I" and a <= place - 1 <= b:
                behind[place - 1] = max(behind[place - 1], min(n, 30))
            at += n if c in "M=XIS" else 0
    return here, behind


def columns_of(text, behind, a, b):
    """The picture's cells of each place, as letters."""
    lines = text.splitlines()
    reference, rows = lines[1], [x for x in lines[2:] if not x.startswith("and ")]
    at, out = 0, {}
    for place in range(a, b + 1):
        cells = [row[at] for row in rows if at < len(row) and row[at] != " "]
        same = reference[at].upper()
        out[place] = [">" if c in "<>" else same if c in ".," else c.upper() for c in cells]
        at += 1 + behind[place]
    return out, reference


def drawn(t, f):
    for n in (1, 30, 400):
        made(t, f, draw(t.random, n, where=[0], longest=60))
        for _ in range(12):
            a = t.random.randrange(1, 2990)
            b = min(3000, a + t.random.randrange(0, 120))
            done = run("look", "--rows", "2000", f / "s.h5", f"chr1:{a}-{b}", "-@", t.random.choice([1, 4]))
            t.check(done.code == OK, f"chr1:{a}-{b}", done.err)
            here, behind = cells_by_hand(f, "chr1", a, b)
            got, reference = columns_of(done.out.decode(), behind, a, b)
            wrong = [p for p in got if sorted(got[p]) != sorted(here[p])]
            t.check(not wrong, f"{n} records, chr1:{a}-{b}",
                    f"place {wrong[:1]}: {wrong and (got[wrong[0]], here[wrong[0]])}")
            bare = [p for p in got if not set(here[p]) & set("ACGT")]
            t.check(reference.replace("*", "").islower() and reference.count("n") == len(bare),
                    "the reference", reference)


SAM = """@SQ\tSN:c\tLN:100
a\t0\tc\t11\t60\t4M2I3M1D2M\t*\t0\t0\tACGTGGACGTA\t*\tMD:Z:2A4^G0C1
b\t16\tc\t11\t60\t10M\t*\t0\t0\tACATACGGTA\t*\tMD:Z:8C1
c\t0\tc\t13\t60\t2M5N2M\t*\t0\t0\tATAA\t*
d\t1024\tc\t13\t60\t2M\t*\t0\t0\tCC\t*
"""


def by_hand(t, f):
    made(t, f, SAM.encode())
    done = run("look", f / "s.h5", "c:11-21")
    want = ["11", "ACAT**ACGGCAa", "..G.GG...*T.", ",,,,**,,,,t,", "  ..**>>>>>..", ""]
    t.check(done.code == OK and done.out.decode().split("\n") == want, "by hand", done.out.decode())
    t.check("and 2 more" in run("look", "--rows", "1", f / "s.h5", "c:11-21").out.decode(), "2 more")
    t.check(len(run("look", "-F", "0", f / "s.h5", "c:11-21").out.splitlines()) == 6, "copies as well")
    svg = run("look", "--svg", f / "s.h5", "c:11-21").out
    tree = xml.etree.ElementTree.fromstring(svg)
    texts = [x.text for x in tree.iter("{http://www.w3.org/2000/svg}text")]
    t.check(texts[0] == "c:11-21" and texts.count("G") == 5, "SVG", texts)
    t.check(b"href" not in svg, "by itself")


def slips(t, f):
    made(t, f, draw(t.random, 50))
    for words, part in (((), "no region"), (("chr1:1-600",), "500 at most"), (("none",), "no such contig"),
                        (("*",), "no region of a contig"), (("chr1:1", "chr1:2"), "one REGION at a time"),
                        (("chr1:9000-9001",), "no place"), (("chr1:1", "--rows", "0"), "expected 1 to"),
                        (("chr1:1", "-F", "x"), "no flags")):
        done = run("look", f / "s.h5", *words)
        t.check(done.code == USAGE and part in done.err, str(words), f"{done.code} {done.err}")
    for region in ("empty", "last", "chr1", "chr1:2990", "{HLA:A*01:01}:5"):
        done = run("look", f / "s.h5", region)
        t.check(done.code == OK and len(done.out.splitlines()) >= 2, region, done.err)


if __name__ == "__main__":
    main(drawn, by_hand, slips)
