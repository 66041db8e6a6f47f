"""
stats of alignments against samtools stats 1.16, all lines but those that name the program: drawn records of
all flags; long reads, for which samtools grows its ring of depths; reads without qualities or with those few
have; letters of all sorts; barcodes; files of others, sorted and not; all options.

Suites: view alignments. Also: asan.
"""
import glob
import os
import random

from alignmodel import CONTIGS, draw, draw_cigar, made, needs_1_16, real_files, samtools
from vialtest import DATA, OK, SANITIZED, USAGE, main, run

OPTIONS = (["-d"], ["-f", "1"], ["-f", "PAIRED,READ1"], ["-F", "0x900"], ["-F", "16"], ["-l", "12"],
           ["-i", "100"], ["-i", "40", "-x"], ["-m", "0.5"], ["-m", "1"], ["-q", "20"], ["-x"],
           ["-c", "2,9,3"], ["-c", "1,5,1"], ["-c", "0,40,7"], ["--GC-depth", "50"], ["--GC-depth", "1000"],
           ["-I", "a"], ["-I", "s"])


def lines_of(text):
    """Without those that name program and file."""
    return [x for x in text.splitlines() if not x.startswith((b"# This file was", b"# The command"))]


def same(t, f, what, bam, *words, store="s.h5"):
    done = run("stats", *words, f / store, "-@", t.random.choice([1, 2, 4]))
    theirs = None if SANITIZED else samtools("stats", *words, bam)
    if theirs is None:  # it stops at what is odd: a mapped record without CIGAR
        return t.check(done.code == OK, f"{what} {words}", f"samtools refuses it, {done.err}")
    a, b = lines_of(done.out), lines_of(theirs)
    other = next((x for x in zip(a, b) if x[0] != x[1]), (len(a), len(b)))
    return t.check(done.code == OK and a == b, f"{what} {words}", f"{done.err} {other}")


def drawn(t, f):
    if not needs_1_16(t):
        return
    for n, longest in ((1, 30), (80, 40), (3000, 120), (20000, 20)):
        bam = made(t, f, draw(t.random, n, longest=longest))
        same(t, f, f"{n} records", bam)
        for words in t.random.sample(OPTIONS, 6 if n < 10000 else 2):
            same(t, f, f"{n} records", bam, *words)
    bam = made(t, f, draw(t.random, 400, in_order=False))
    same(t, f, "not sorted", bam)


def draw_long(r, n, longest, barcodes=False):
    """In the order of their places, on two contigs; odd letters, qualities, clips and tags among them."""
    rows = []
    for i in range(n):
        at, flag = r.randrange(2), r.choice([0, 16, 99, 147, 83, 163, 1, 65 + 128, 512, 2064, 1024 + 16, 4])
        length = r.randrange(1, longest) if r.random() < 0.9 else r.randrange(1, 40)
        base = "".join(r.choices("ACGT", k=length))
        if r.random() < 0.1:
            base = "".join(r.choices("ACGTNRYKMSWBDHV=acgtn.", k=length))
        most = r.choice([40, 40, 40, 93])
        quality = "".join(chr(33 + r.randrange(most + 1)) for _ in range(length))
        quality = r.choice(["*"] + 9 * [quality])
        cigar = f"{length}M" if length > 2000 else draw_cigar(r, length)
        if r.random() < 0.05:
            cigar += f"{r.randrange(1, 2 * longest)}H" if not cigar.endswith("H") else ""
        place = r.randrange(1, 60000)
        tags = [f"NM:i:{r.randrange(9)}"] * (r.random() < 0.7)
        if barcodes and r.random() < 0.8:
            code = "".join(r.choices("ACGTN", k=8)) + "-" * (r.random() < 0.9)
            code += "".join(r.choices("ACGT", k=7))
            tags += [f"BC:Z:{code}", f"QT:Z:{''.join(r.choices('ABCDE ', k=r.choice([len(code), 9])))}"]
            tags += [f"RX:Z:{code[:r.randrange(9)]}"] * (r.random() < 0.4)
        line = [f"r{i}", flag, ("chr2", "last2")[at], place, 60, cigar, "=" if flag & 1 else "*",
                r.randrange(1, 60000) if flag & 1 else 0, r.randrange(-900, 900) if flag & 1 else 0, base,
                quality]
        rows.append(((at, place), line + tags))
    rows.sort(key=lambda row: row[0])
    head = "@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr2\tLN:100000\n@SQ\tSN:last2\tLN:100000\n"
    return (head + "".join("\t".join(map(str, row)) + "\n" for _, row in rows)).encode()


def long_reads(t, f):
    if not needs_1_16(t):
        return
    for n, longest in ((300, 250), (500, 900), (60, 1100), (200, 3000), (30, 30000)):
        bam = made(t, f, draw_long(t.random, n, longest))
        for words in ([], ["-F", "4"], ["-q", "30"]):
            same(t, f, f"{n} up to {longest}", bam, *words)


def barcodes(t, f):
    if needs_1_16(t):
        for _ in range(4):
            same(t, f, "barcodes", made(t, f, draw_long(t.random, 300, 60, barcodes=True)))


def pairs(t, f):
    """All ways in which two ends lie to each other."""
    if not needs_1_16(t):
        return
    r, rows = t.random, []
    for i in range(900):
        a, b = r.randrange(1, 900), r.randrange(1, 900)
        turned = [r.random() < 0.5, r.random() < 0.5]
        size = r.choice([0, b - a, 9000, -9000])
        for end in (0, 1):
            flag = 1 + 2 * (r.random() < 0.5) + 16 * turned[end] + 32 * turned[1 - end] + (64, 128)[end]
            mate = r.choice(["=", "=", "=", "chr1"])
            rows.append((a, [f"p{i}", flag, "chr2", a, r.choice([0, 60]), "20M", mate, b, size,
                             "".join(r.choices("ACGT", k=20)), "I" * 20]))
            a, b, size = b, a, -size
    rows.sort(key=lambda row: row[0])
    head = "".join(f"@SQ\tSN:{name}\tLN:{length}\n" for name, length in CONTIGS)
    bam = made(t, f, (head + "".join("\t".join(map(str, row)) + "\n" for _, row in rows)).encode())
    for words in ([], ["-x"], ["-i", "50"], ["-m", "0.3"]):
        same(t, f, "pairs", bam, *words)


def alike(t, f):
    """Of 1, 2 and 4 threads; of SAM and BAM; of all profiles."""
    text = draw_long(random.Random(t.random.random()), 2000, 200)
    made(t, f, text, profile="compact")
    one = run("stats", f / "s.h5", "-@", 1)
    for n in (2, 4):
        t.check(run("stats", f / "s.h5", "-@", n).out == one.out, f"{n} threads")
    for profile in ("fast", "archive", "portable"):
        f.write("y.sam", text)
        run("ingest", "-q", "--force", "--profile", profile, "-o", f / "p.h5", f / "y.sam")
        t.check(lines_of(run("stats", f / "p.h5").out) == lines_of(one.out), profile)


def cases(t, f):
    if not needs_1_16(t):
        return
    for path in sorted(glob.glob("testdata/alignments/*.[sb]am")):
        if path.endswith("case-and-letters.sam"):  # U is T; to samtools 1.16 it is N
            continue
        if run("ingest", "-q", "--force", "-o", f / "s.h5", path).code == OK:
            if run("view", f / "s.h5", ".", "-c").code == OK:
                same(t, f, path, path)


def slips(t, f):
    made(t, f, draw(t.random, 60))
    f.write("x.fq", b"@r\nA\n+\nI\n")
    run("ingest", "-q", "-o", f / "reads.h5", f / "x.fq")
    for words, code, part in ((("reads.h5",), DATA, "of which there is no stats"),
                              (("s.h5", "-f", "x"), USAGE, "no flags"),
                              (("s.h5", "-F", "x"), USAGE, "no flags"),
                              (("s.h5", "-c", "1,2"), USAGE, "least, most, step"),
                              (("s.h5", "-c", "5,1,1"), USAGE, "least, most, step"),
                              (("s.h5", "-i", "0"), USAGE, "expected 1 to"),
                              (("s.h5", "-m", "2"), USAGE, "a share"),
                              (("s.h5", "--GC-depth", "0"), USAGE, "expected 1 to"),
                              (("s.h5", "-I", "nobody"), USAGE, "no read group or sample")):
        done = run("stats", *words, cwd=f.path)
        t.check(done.code == code and part in done.err, str(words), f"exit code {done.code}: {done.err}")
    head = run("stats", f / "s.h5", "-q", "3").out.splitlines()[:3]
    named = head[0].startswith(b"# This file was produced by samtools stats") and b"vial" in head[0]
    t.check(named, "its rule", head)
    t.check(head[2].endswith(b":  stats --trim-quality 3 s.h5"), "the command line", head)


def real(t, f):
    if not needs_1_16(t):
        return
    files = real_files()
    if not files:
        t.skip("no real files")
    for path in files:
        if run("ingest", "-q", "--force", "--profile", t.profile(), "-o", f / "s.h5", path).code != OK:
            continue
        if run("view", f / "s.h5", ".", "-c").code == OK:
            same(t, f, os.path.basename(path), path)
            same(t, f, os.path.basename(path), path, *t.random.choice(OPTIONS[:-2]))


if __name__ == "__main__":
    main(drawn, long_reads, barcodes, pairs, alike, cases, slips, real)
