"""
flagstat, idxstats, depth and coverage of alignments against samtools 1.16, byte for byte: drawn records that
are spliced, unmapped beside their mates, beyond the ends of contigs; all options drawn and joined; files of
others.

Suites: view alignments. Also: asan.
"""
import os
import xml.etree.ElementTree

from alignmodel import CONTIGS, draw, made, needs_1_16, real_files, samtools
from vialtest import CANTCREAT, DATA, OK, SANITIZED, USAGE, main, run

# what of a store is compared in several ways
PLAIN = (["flagstat"], ["idxstats"], ["depth"], ["depth", "-a"], ["depth", "-aa"], ["depth", "-J"],
         ["depth", "-s"], ["coverage"])
REAL = (PLAIN[1], PLAIN[2], PLAIN[5], PLAIN[6], PLAIN[7])  # contigs of others are long


def same(t, f, what, bam, words, store="s.h5"):
    done = run(*words, f / store, "-@", t.random.choice([1, 2, 4]))
    if SANITIZED:
        t.check(done.code in (OK, DATA, USAGE), f"{what} {words}", f"exit code {done.code} {done.err}")
        return
    theirs = samtools(*words, bam)
    if theirs is None:
        t.check(done.code in (DATA, USAGE), f"{what} {words}", f"samtools refuses it, exit code {done.code}")
        return
    t.check(done.code == OK and done.out == theirs, f"{what} {words}",
            f"exit code {done.code} {done.err}: {len(done.out)} bytes, samtools {len(theirs)}")


def draw_depth(r, f):
    words = ["depth"] + r.choice([[], [], ["-a"], ["-aa"]])
    for option, values in (("-q", "0 1 20 40"), ("-Q", "0 1 20 60"), ("-g", "1024 0x600"), ("-l", "1 10 30"),
                           ("-G", "16 READ1,DUP 0x800")):
        if r.random() < 0.2:
            words += [option, r.choice(values.split())]
    words += [x for x in ("-J", "-s") if r.random() < 0.25]
    if r.random() < 0.3:
        words += ["-r", draw_region(r)]
    if r.random() < 0.3:
        lines = []
        for _ in range(r.randrange(1, 9)):
            name, length = r.choice(CONTIGS)
            a = r.randrange(length)
            lines.append(f"{name}\t{a}\t{a + r.randrange(0, 300)}\n")
        words += ["-b", f.write("x.bed", "".join(lines).encode())]
    return words


def draw_coverage(r):
    words = ["coverage"]
    for option, values in (("-Q", "0 1 20 40"), ("-q", "0 1 20 60"), ("-l", "1 10 30"),
                           ("--rf", "16 READ1,READ2"), ("--ff", "DUP 0x704 4")):
        if r.random() < 0.25:
            words += [option, r.choice(values.split())]
    if r.random() < 0.4:
        words += ["-r", draw_region(r)]
    return words + ["-H"] * (r.random() < 0.2)


def draw_region(r):
    name, length = r.choice([c for c in CONTIGS if c[0] != "chr2"])
    quoted = "{%s}" % name
    a, b = sorted((r.randrange(1, length + 1), r.randrange(1, length + 20)))
    return r.choice([f"{quoted}:{a}-{b}", f"{quoted}:{a}-{b}", f"{quoted}:{a}-{min(a + 20, b)}",
                     f"{quoted}:{a}-", quoted])


def drawn(t, f):
    """Letters of all records: samtools reads behind the record where there are none."""
    if not needs_1_16(t):
        return
    for n, longest in ((1, 30), (60, 40), (3000, 60), (40000, 20)):
        bam = made(t, f, draw(t.random, n, longest=longest))
        for words in PLAIN:
            same(t, f, f"{n} records", bam, words)
        for _ in range(40 if n < 10000 else 6):
            same(t, f, f"{n} records", bam, draw_depth(t.random, f))
            same(t, f, f"{n} records", bam, draw_coverage(t.random))


def mates(t, f):
    """Pairs that overlap, on one contig, many at one place."""
    if not needs_1_16(t):
        return
    r = t.random
    rows = []
    for i in range(1500):
        a, n, m = r.randrange(1, 900), r.randrange(5, 90), r.randrange(5, 90)
        b = a + r.randrange(0, 100)
        for flag, at, mate, length in ((99, a, b, n), (147, b, a, m)):
            cut = r.randrange(1, length)
            cigar = r.choice([f"{length}M", f"{cut}M{length - cut}M", f"{cut}M3D{length - cut}M",
                              f"{cut}M2000N{length - cut}M"])
            quality = "".join(chr(33 + r.randrange(60)) for _ in range(length))
            rows.append((at, [f"p{i}", flag, "chr2", at, 60, cigar, "=", mate, 0, "A" * length, quality]))
    rows.sort(key=lambda row: row[0])
    head = "".join(f"@SQ\tSN:{name}\tLN:{length}\n" for name, length in CONTIGS)
    bam = made(t, f, (head + "".join("\t".join(map(str, row)) + "\n" for _, row in rows)).encode())
    for words in ("depth -s", "depth -s -q 30", "depth -s -J", "depth -s -J -q 9", "depth -q 30", "coverage",
                  "depth -s -q 20 -a -r {chr2}:300-2500"):
        same(t, f, "mates", bam, words.split())


def unsorted(t, f):
    """Records in any order: what samtools says of them sorted; but for the first of two mates."""
    if not needs_1_16(t):
        return
    for n, longest in ((40, 30), (2000, 60), (3000 if SANITIZED else 30000, 20)):
        made(t, f, draw(t.random, n, in_order=False, longest=longest))
        bam = f / "sorted.bam"
        samtools("sort", "--no-PG", "-o", bam, f / "x.bam")
        samtools("index", bam)
        for words in PLAIN:
            if "-s" not in words:
                same(t, f, f"{n} unsorted", bam, words)
        for _ in t.some(range(30 if n < 10000 else 4)):
            words = [x for x in draw_depth(t.random, f) if x != "-s"]
            same(t, f, f"{n} unsorted", bam, words)
            same(t, f, f"{n} unsorted", bam, draw_coverage(t.random))
    done = run("depth", "-s", f / "s.h5")
    t.check(done.code == DATA and "sort them first" in done.err, "which mate is first", done.err)


def contigs_in_turn(t, f):
    """Each contig by itself in order, the second one first: samtools depth takes that, coverage does not."""
    if not needs_1_16(t):
        return
    texts = [draw(t.random, 200, where=[i], longest=40).splitlines(True) for i in (3, 0)]
    head = [x for x in texts[0] if x.startswith(b"@")]
    rows = [[x for x in text if not x.startswith(b"@") and b"\t*\t0\t" not in x[:30]] for text in texts]
    bam = made(t, f, b"".join(head + rows[0] + rows[1]))
    theirs, ours = samtools("depth", bam), run("depth", f / "s.h5").out
    t.check(sorted(theirs.splitlines()) == sorted(ours.splitlines()), "the same lines")
    t.check(ours.index(b"chr1\t") < ours.index(b"chr2\t"), "in the order of the header")


def runs_of(text, zeros):
    """bedGraph of the lines of depth, by hand."""
    runs = []
    for name, place, depth in (x.split(b"\t") for x in text.splitlines()):
        place, depth = int(place), int(depth)
        if runs and runs[-1][0] == name and runs[-1][2] == place - 1 and runs[-1][3] == depth:
            runs[-1][2] = place
        elif depth or zeros:
            runs.append([name, place - 1, place, depth])
    return b"".join(b"%s\t%d\t%d\t%d\n" % tuple(run) for run in runs)


def bedgraph(t, f):
    for n, order in ((30, True), (3000, True), (60000, True), (3000, False)):
        made(t, f, draw(t.random, n, in_order=order, longest=30))
        for _ in range(8 if n < 10000 else 3):
            words = draw_depth(t.random, f)
            if not order:
                words = [x for x in words if x != "-s"]
            threads = ["-@", t.random.choice([1, 2, 4])]
            want = runs_of(run(*words, f / "s.h5").out, "-a" in words or "-aa" in words)
            done = run(*words, "--bedgraph", f / "s.h5", *threads)
            t.check(done.code == OK and done.out == want, f"{n} {words}", f"{len(done.out)}, not {len(want)}")
    head = run("depth", "--bedgraph", "-H", f / "s.h5").out.splitlines()[0]
    t.check(head == b"track type=bedGraph", "its first line", head)


def drawing(t, f):
    """The curve of a region, its mean as depth has it; whole in itself."""
    for order in (True, False):
        made(t, f, draw(t.random, 3000, in_order=order, longest=60))
        for a, b in ((1, 3000), (17, 200), (2990, 5000), (1, 1)):
            lines = run("depth", "-a", "-r", f"chr1:{a}-{b}", f / "s.h5").out.splitlines()
            mine = [int(x.split(b"\t")[2]) for x in lines if int(x.split(b"\t")[1]) <= 3000]
            done = run("coverage", "--svg", "-r", f"chr1:{a}-{b}", "--ff", "0x704", f / "s.h5")
            svg = xml.etree.ElementTree.fromstring(done.out)
            caption = next(svg.iter("{http://www.w3.org/2000/svg}text")).text
            said = caption.rpartition("mean depth ")[2].replace(",", "")
            t.check(abs(float(said) - sum(mine) / len(mine)) <= 0.01 * max(mine) + 0.01,
                    f"{a}-{b}", f"{caption}, not {sum(mine) / len(mine)}")
            t.check(b"href" not in done.out and b"prefers-color-scheme:dark" in done.out, "by itself")
    for words, part in ((["--svg"], "-r REGION"), (["--svg", "-r", "chr1:9000-9100"], "no place")):
        done = run("coverage", *words, f / "s.h5")
        t.check(done.code == USAGE and part in done.err, str(words), done.err)


def without_counts(t, f):
    """Only the columns are left: what was counted is counted again."""
    if not needs_1_16(t):
        return
    bam = made(t, f, draw(t.random, 500))
    text = samtools("view", "-h", "--no-PG", bam)
    f.write("y.sam", text)
    run("ingest", "-q", "-o", f / "sam.h5", f / "y.sam")
    for words in PLAIN:
        same(t, f, "of SAM", bam, words, store="sam.h5")


def slips(t, f):
    f.write("x.sam", draw(t.random, 60, in_order=False))
    run("ingest", "-q", "-o", f / "s.h5", f / "x.sam")
    f.write("x.fq", b"@r\nA\n+\nI\n")
    run("ingest", "-q", "-o", f / "reads.h5", f / "x.fq")
    for words, code, part in ((("depth", "-s", "s.h5"), DATA, "sort them first"),
                              (("depth", "reads.h5"), DATA, "of which there is no depth"),
                              (("depth", "s.h5", "-r", "none"), USAGE, "no such contig"),
                              (("depth", "s.h5", "-r", "*"), USAGE, "no region of a contig"),
                              (("depth", "s.h5", "-g", "x"), USAGE, "no flags"),
                              (("coverage", "s.h5", "--ff", "x"), USAGE, "no flags"),
                              (("flagstat",), USAGE, "no store"),
                              (("flagstat", "s.h5", "s.h5"), USAGE, "one store"),
                              (("idxstats", "s.h5", "-o", "s.h5"), USAGE, "the store itself"),
                              (("flagstta", "s.h5"), USAGE, "did you mean 'flagstat'?"),
                              (("flagstat", "s.h5", "-o", "x.sam"), CANTCREAT, "exists")):
        done = run(*words, cwd=f.path)
        t.check(done.code == code and part in done.err, str(words), f"exit code {done.code}: {done.err}")
    done = run("flagstat", "s.h5", "-o", "flagstat.txt", cwd=f.path)
    t.check(done.code == OK and f.read("flagstat.txt") == run("flagstat", f / "s.h5").out, "a file", done.err)


def real(t, f):
    if not needs_1_16(t):
        return
    files = real_files()
    if not files:
        t.skip("no real files")
    for path in files:
        bam, what = f / "x.bam", os.path.basename(path)
        for name in f.names():
            os.unlink(f / name)
        os.symlink(os.path.realpath(path), bam)
        done = run("ingest", "-q", "--profile", t.profile(), "-o", f / "s.h5", bam)
        if done.code != OK or run("view", f / "s.h5", ".").code != OK:
            continue
        same(t, f, what, bam, ["flagstat"])
        if samtools("index", bam) is None:
            continue
        whole = b"\t*\t" not in b"".join(b"\t".join(line.split(b"\t")[9:11]) + b"\t" for line in
                                         samtools("view", bam).splitlines()[:1000])
        for words in REAL if whole else REAL[:1]:
            same(t, f, what, bam, words)


if __name__ == "__main__":
    main(drawn, mates, unsorted, contigs_in_turn, bedgraph, drawing, without_counts, slips, real)
