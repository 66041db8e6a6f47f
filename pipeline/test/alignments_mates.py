"""
vial view --fetch-pairs against samtools view -P: pairs on one contig and on two, mates that are unmapped or
lie elsewhere than said, supplementary rows, names that several pairs share.

Suites: view alignments. Also: asan.
"""
from alignmodel import made, needs_1_16, samtools
from vialtest import OK, USAGE, main, run
from viewtest import refused, view

CONTIGS = [("c1", 5000), ("c2", 3000), ("c3", 800)]
LENGTHS = [20, 50]


def draw_place(r, contig=None):
    contig = r.randrange(len(CONTIGS)) if contig is None else contig
    return contig, r.randrange(1, CONTIGS[contig][1] - 60)


def draw_template(r, name):
    """Rows of one template: name, flag, place, letters, place of the mate."""
    here = draw_place(r)
    there = draw_place(r, here[0] if r.random() < 0.6 else None)
    if r.random() < 0.1:
        return [(name, 0, here, r.choice(LENGTHS), (-1, 0))]
    lost = r.random() < 0.1  # the mate is unmapped, and lies here, or nowhere
    if lost:
        there = r.choice([here, here, (-1, 0)])
    said = (there[0], there[1] + r.choice([-5, 3, 30])) if r.random() < 0.1 and not lost else there
    first = 65 | 8 * lost
    rows = [(name, first, here, r.choice(LENGTHS), said), (name, 129 | 4 * lost, there, 50, here)]
    if r.random() < 0.2:
        rows.append((name, first | 2048, draw_place(r), 20, there))
    if r.random() < 0.05:
        rows.append((name, first | 1024, here, 20, there))
    if r.random() < 0.03:
        rows.append((name, 77, (-1, 0), 20, (-1, 0)))
    return rows


def draw_sam(r, n):
    rows = []
    for i in range(n):
        rows += draw_template(r, f"q{i if r.random() < 0.9 else r.randrange(i + 1)}")
    rows.sort(key=lambda row: (row[2][0] % 99, row[2][1]))
    text = ["@HD\tVN:1.6\tSO:coordinate", *(f"@SQ\tSN:{name}\tLN:{n}" for name, n in CONTIGS)]
    for i, (name, flag, (contig, position), n, (mate, there)) in enumerate(rows):
        text.append("\t".join(map(str, [
            name, flag, CONTIGS[contig][0] if contig >= 0 else "*", position, r.choice([0, 20, 60]),
            "*" if flag & 4 else f"{n}M", "*" if mate < 0 else "=" if mate == contig else CONTIGS[mate][0],
            max(there, 0), 0, "A" * n, "I" * n, f"XX:i:{i}"])))
    return ("\n".join(text) + "\n").encode()


def draw_region(r):
    contig, first = draw_place(r)
    return f"{CONTIGS[contig][0]}:{first}-{first + r.choice([0, 100, 400])}"


def as_samtools(t, f):
    if not needs_1_16(t):
        return
    r = t.random
    for i in range(8):
        bam = made(t, f, draw_sam(r, 40 if i else 9000), f"x{i}", f"x{i}.h5")
        for _ in range(12):
            regions = [draw_region(r) for _ in range(r.choice([1, 1, 2, 3]))]
            rules = ["-F", r.choice(["0", "0", "1024", "2048", "4", "8"]), "-q", r.choice(["0", "10"])]
            theirs = samtools("view", "-P", *rules, bam, *regions)
            ours = view(t, f, "mates", "--fetch-pairs", "--no-header", *rules, *regions, store=f"x{i}.h5")
            t.check(theirs is not None and ours == theirs, f"{i}: {regions} {rules}",
                    f"{len(ours or b'')} bytes, samtools {len(theirs or b'')}")
            count = view(t, f, "count", "-P", "-c", *rules, *regions, store=f"x{i}.h5")
            t.check(count == b"%d\n" % (theirs or b"").count(b"\n"), "count", count)


def of_a_bed(t, f):
    if not needs_1_16(t):
        return
    bam = made(t, f, draw_sam(t.random, 200))
    bed = f.write("x.bed", b"c1\t100\t400\nc3\t0\t200\n")
    theirs = samtools("view", "-P", "-L", bed, bam)
    ours = view(t, f, "BED", "-P", "--no-header", "-L", bed)
    t.check(theirs and ours == theirs, "BED", f"{len(ours or b'')} bytes, samtools {len(theirs or b'')}")


def no_region(t, f):
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.sam", draw_sam(t.random, 9)))
    t.check(done.code == OK, "ingest", done.err)
    refused(t, f, "no region", "--fetch-pairs", code=USAGE, part="--regions-file")


if __name__ == "__main__":
    main(as_samtools, of_a_bed, no_region)
