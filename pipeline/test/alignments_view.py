"""
vial view of alignments: regions, BED, flags, mapping qualities, read groups and tags, against samtools view,
byte for byte; in files that are sorted, that are not, with an index and without.

Suites: view alignments. Also: asan.
"""
import os
import re

from alignmodel import CONTIGS, SAMTOOLS, draw, made, real_files, samtools
from vialtest import DATA, NOINPUT, OK, USAGE, main, run
from viewtest import refused, view

LENGTH = dict(CONTIGS)


def needs_samtools(t):
    if not SAMTOOLS:
        t.skip("no samtools")
    return bool(SAMTOOLS)


def draw_region(r):
    """As vial and samtools read it alike."""
    name, length = r.choice(CONTIGS)
    quoted = "{%s}" % name if ":" in name else name
    a, b = sorted((r.randrange(1, length + 20), r.randrange(1, length + 20)))
    b = r.choice([a, a + 10, b])
    text = r.choice([f"{quoted}:{a}-{b}", f"{quoted}:{a}-{b}", f"{quoted}:{a:,}-{b:,}", f"{quoted}:{a}",
                     f"{quoted}:{a}-", f"{quoted}:-{b}", quoted, "*"])
    return name if text == quoted and name != "chr2:1-5" else text


def draw_rules(r):
    out = []
    for letter, name, values in (
            ("-f", "--require-flags", ["2", "0x10", "PAIRED", "READ1,REVERSE"]),
            ("-F", "--exclude-flags", ["4", "UNMAP", "3844", "0x400"]),
            ("-G", "--exclude-all", ["12", "PAIRED,PROPER_PAIR", "1"]),
            ("-q", "--min-mapq", ["0", "1", "20", "255"]), ("-r", "--read-group", ["a", "b", "c"]),
            ("-d", "--tag", ["NM", "NM:2", "NM:300", "XT:U", "XT", "CO", "ZZ", "RG:b"])):
        if r.random() < 0.25:
            value = r.choice(values)
            out.append(([letter, value], [r.choice([letter, name]), value]))
    return [x for a, _ in out for x in a], [x for _, b in out for x in b]


def same(t, f, what, bam, words, mine, store="s.h5"):
    theirs = samtools("view", *words[0], "--no-PG", bam, *words[1])
    ours = view(t, f, what, *mine[1], *mine[0], store=store)
    t.check(ours == theirs and ours is not None, what,
            f"{len(ours or b'')} bytes, samtools {len(theirs or b'')}")


def as_bed(region):
    """An interval of the same places: samtools view -M reads no colons in names, and no half-open regions."""
    name, a, dash, b = re.fullmatch(r"\{?([^{}]*?)\}?(?::([\d,]*)(-?)([\d,]*))?", region).groups() \
        if region not in LENGTH else (region, None, None, None)
    a, b = int((a or "1").replace(",", "")), int((b or "0").replace(",", "")) or 10 ** 9
    return f"{name}\t{a - 1}\t{b}\n"


def questions(t, f, bam, n, what, index=True):
    r = t.random
    for i in range(n):
        regions = [draw_region(r) for _ in range(r.choice([0, 1, 1, 1, 2, 4]))] if index else []
        rules, ours = draw_rules(r)
        theirs, asked = list(rules), regions
        if len(regions) > 1:
            regions = [x for x in regions if x != "*"] or ["chr1", "last:1-9"]
            bed = f.write("regions.bed", "".join(map(as_bed, regions)).encode())
            theirs, asked = theirs + ["-L", bed], []
        elif r.random() < 0.3 or not index:
            bed = f.write("x.bed", draw_bed(r))
            theirs, ours = theirs + ["-L", bed], ours + ["-L", bed]
        head = r.random() < 0.3
        same(t, f, f"{what}: {theirs} {regions}", bam, (theirs + ["-h"] * head, asked),
             (ours + ["--no-header"] * (not head), regions))
        if i % 8 == 0:
            count = view(t, f, "count", "-c", *regions, *ours)
            t.check(count == samtools("view", "-c", *theirs, bam, *asked),
                    f"{what}: count {theirs} {regions}", count)


def draw_bed(r):
    lines = ["track name=x", "# a line", ""]
    for _ in range(r.randrange(1, 12)):
        name, length = r.choice(CONTIGS + [("elsewhere", 100)])
        a = r.randrange(length)
        b = r.choice([a, a + 1, a + r.randrange(1, 200)])
        lines.append(r.choice([f"{name}\t{a}\t{b}\tx\t0", f"{name} {a} {b}", f"{name}\t{a + 1}"]))
    return ("\n".join(lines) + r.choice(["", "\n"])).encode()


def few(t, f):
    """So few rows that there is no index."""
    if needs_samtools(t):
        bam = made(t, f, draw(t.random, 400))
        t.check("index/place" not in run("info", f / "s.h5").out.decode(), "an index of a few rows")
        questions(t, f, bam, 100, "few")


def many(t, f):
    if needs_samtools(t):
        bam = made(t, f, draw(t.random, 36000, longest=12))
        t.check("index/place" in run("info", f / "s.h5").out.decode(), "no index of many rows")
        t.check(run("verify", f / "s.h5").code == OK, "verify")
        questions(t, f, bam, 40, "many")


def by_name(t, f):
    """Names of a list, alone and with other rules; some of them nobody has."""
    if not needs_samtools(t):
        return
    for n, in_order in ((500, True), (36000, True), (36000, False)):
        bam = made(t, f, draw(t.random, n, in_order=in_order, longest=12))
        for k in (1, 5, 300):
            names = [f"{t.random.choice('qqqu')}{t.random.randrange(n)}" for _ in range(k)] + ["q3", "q3"]
            f.write("names", "".join(f"{x}\n" for x in names).encode())
            theirs = ["-N", f / "names"]
            for more in ([], ["-F", "16"], ["-q", "20", "-d", "NM"]):
                same(t, f, f"{k} names of {n} {more}", bam, ([*theirs, *more], []),
                     (["--names", f / "names", "--no-header", *more], []))
        f.write("names", b"q7\n")
        same(t, f, "one name", bam, (["-N", f / "names"], []), (["--name", "q7", "--no-header"], []))
    f.write("names", b"q7\nnobody\n")
    t.check("1 of 2 names were not found" in run("view", f / "s.h5", "--names", f / "names").err, "a note")
    refused(t, f, "nobody", "--name", "nobody", code=NOINPUT, part="no read is called 'nobody'")
    refused(t, f, "both", "--name", "a", "--names", f / "names", code=USAGE, part="either")


def unsorted(t, f):
    """Rows in any order: all are looked at, or what the index cannot rule out."""
    if not needs_samtools(t):
        return
    for n, longest in ((300, 40), (36000, 12)):
        bam = made(t, f, draw(t.random, n, in_order=False, longest=longest))
        questions(t, f, bam, 12, f"unsorted {n}", index=False)


def stores_alike(t, f):
    """Of SAM and of BAM the same rows answer."""
    if not needs_samtools(t):
        return
    bam = made(t, f, draw(t.random, 300))
    f.write("x.sam", samtools("view", "-h", "--no-PG", bam))
    run("ingest", "-q", "-o", f / "sam.h5", f / "x.sam")
    for region in ("chr1:100-300", "{chr2:1-5}", "last", "*"):
        same(t, f, f"SAM, {region}", bam, ([], [region]), (["--no-header"], [region]), store="sam.h5")


def names_of_contigs(t, f):
    """Which contig a text means."""
    f.write("x.sam", draw(t.random, 200))
    run("ingest", "-q", "-o", f / "s.h5", f / "x.sam")
    whole = view(t, f, "braces", "{HLA:A*01:01}", "--no-header")
    t.check(whole and view(t, f, "whole", "HLA:A*01:01", "--no-header") == whole, "the whole text is a name")
    both = [view(t, f, "ends", x, "-c") for x in ("HLA:A*01:01:1-800", "{HLA:A*01:01}:1-800")]
    t.check(both[0] == both[1], "the last colon")
    refused(t, f, "two", "chr2:1-5", code=USAGE, part="may be two regions: write {chr2:1-5} or {chr2}:1-5")
    for text in ("chr3", "chr3:1-2", "{chr1", "{none}:1-2", "chr1 "):
        refused(t, f, text, text, code=USAGE, part="the header has no such contig")
    for text in ("chr1:x", "chr1:5-4", "chr1:1-2-3", "chr1:1e3", "chr1:-5-9", "chr1:", "chr1:" + "9" * 20):
        refused(t, f, text, text, code=USAGE, part="is no region")
    t.check(view(t, f, "empty", "empty", "--no-header") == b"", "a contig without rows")
    t.check(view(t, f, "all", ".") == view(t, f, "all"), "all there is")


def slips(t, f):
    f.write("x.sam", draw(t.random, 50))
    run("ingest", "-q", "-o", f / "s.h5", f / "x.sam")
    f.write("x.fq", b"@r\nA\n+\nI\n")
    run("ingest", "-q", "-o", f / "reads.h5", f / "x.fq")
    refused(t, f, "reads", "chr1", store="reads.h5", code=USAGE, part="one store at a time")
    refused(t, f, "reads", "-q", "3", store="reads.h5", code=USAGE, part="--min-mapq asks for alignments")
    for args, part in ((("-f", "x"), "is no flags"), (("-F", "PAIRED,"), "is no flags"),
                       (("-d", "N"), "is no tag"), (("-d", "NM", "-d", "AS:1"), "one tag at a time"),
                       (("--no-header", "-O", "bam"), "-O sam"),
                       (("-H", "--no-header"), "either"), (("-q", "x"), "min-mapq")):
        refused(t, f, str(args), *args, code=USAGE, part=part)
    refused(t, f, "no BED", "-L", f / "none", code=NOINPUT)
    for text, part in ((b"chr1\t5\t3\n", "line 1"), (b"chr1\t1\t2\nchr1\n", "line 2"),
                       (b"chr1\tx\ty\n", "line 1")):
        refused(t, f, str(text), "-L", f.write("x.bed", text), code=DATA, part=part)
    parts = view(t, f, "-H", "-H") + view(t, f, "no header", "--no-header")
    t.check(parts == view(t, f, "all"), "the header")
    table = view(t, f, "table", "-O", "tsv", "--columns", "name,contig,position,flag", "chr1", "-F", "4")
    t.check(table.count(b"\n") == int(view(t, f, "count", "chr1", "-F", "4", "-c")) + 1, "as a table")


def real(t, f):
    """Files of others: each contig's beginning and its middle, flags, qualities."""
    if not needs_samtools(t):
        return
    files = real_files()
    if not files:
        t.skip("no real files")
    for path in files:
        bam = f / "x.bam"
        for name in f.names():
            os.unlink(f / name)
        os.symlink(os.path.realpath(path), bam)
        if run("ingest", "-q", "--profile", t.profile(), "-o", f / "s.h5", bam).code != OK:
            continue  # a case that is refused
        if run("view", f / "s.h5", ".").code != OK:
            continue  # of reads that are not aligned, which are a kind of their own
        what = os.path.basename(path)
        for theirs in (["-f", "16"], ["-F", "0x904", "-q", "20"], ["-d", "NM:1"]):
            same(t, f, f"{what} {theirs}", bam, (theirs, []), ([*theirs, "--no-header"], []))
        if samtools("index", bam) is None:
            continue
        contigs = [line.split(b"\t") for line in samtools("idxstats", bam).splitlines()]
        full = [(c[0].decode(), int(c[1])) for c in contigs if int(c[2]) + int(c[3]) and c[0] != b"*"]
        for name, length in full[:6]:
            half = length // 2
            for ends in ("", f":1-{half + 1}", f":{half}-{half + 999}"):
                region = f"{{{name}}}{ends}"
                same(t, f, f"{what} {region}", bam, ([], [region]), (["--no-header"], [region]))
        same(t, f, f"{what} *", bam, ([], ["*"]), (["--no-header"], ["*"]))


if __name__ == "__main__":
    main(few, many, by_name, unsorted, stores_alike, names_of_contigs, slips, real)
