"""
Alignments drawn at random, as SAM: spliced and clipped, unmapped beside their mates, beyond the ends of
contigs, on contigs with colons in their names, on none; and samtools, the judge of what is asked of them.

Suites: none.
"""
import glob
import os
import shutil
import subprocess

from vialtest import OK, SHARED, run

CONTIGS = [("chr1", 3000), ("HLA:A*01:01", 800), ("empty", 500), ("chr2", 100000), ("chr2:1-5", 900),
           ("last", 60)]
CASES = os.path.dirname(SHARED.rstrip("/")) + "/cases/alignments"
SAMTOOLS = shutil.which("samtools")


def samtools(*args):
    """What it prints; None: it refused."""
    done = subprocess.run(["samtools", *map(str, args)], capture_output=True)
    return done.stdout if done.returncode == 0 else None


def needs_1_16(t):
    """The version whose rules these are."""
    version = SAMTOOLS and subprocess.run(["samtools", "--version"], capture_output=True).stdout.split()[1]
    if version and version.startswith(b"1.16"):
        return True
    t.skip("no samtools 1.16")
    return False


def draw_cigar(r, length):
    """Operations of a read of that length, which begin and end with letters."""
    left, ops = length, []
    if r.random() < 0.2 and left > 6:
        n = r.randrange(1, 4)
        ops.append((n, "S"))
        left -= n
    while left:
        n = left if r.random() < 0.6 else r.randrange(1, left + 1)
        left -= n
        ops.append((n, r.choice("MMMMMM=X")))
        if not left:
            break
        code = r.choice("IDDNPD")
        n = r.randrange(1, left) if code == "I" and left > 1 else r.randrange(1, 400) if code == "N" else 1
        if code == "I" and left == 1:
            continue
        left -= n if code == "I" else 0
        ops.append((n, code))
    if r.random() < 0.1:
        ops.append((r.randrange(1, 9), "H"))
    return "".join(f"{n}{code}" for n, code in ops)


def draw_tags(r):
    tags = []
    if r.random() < 0.7:
        tags.append(f"NM:i:{r.choice([0, 1, 2, 300])}")
    if r.random() < 0.8:
        tags.append(f"RG:Z:{r.choice('ab')}")
    if r.random() < 0.3:
        tags.append(r.choice(["XT:A:U", "XT:A:R", "XT:Z:U", "XT:f:1.5"]))
    if r.random() < 0.1:
        tags.append("CO:Z:")
    r.shuffle(tags)
    return tags


def draw(r, n, in_order=True, longest=40, where=None):
    """A SAM of n records and some more."""
    places = where or [i for i, c in enumerate(CONTIGS) if c[0] != "empty"]
    rows = []
    for i in range(n):
        at = r.choice(places)
        length = r.randrange(1, longest)
        position = r.randrange(1, CONTIGS[at][1] + 1)
        flag = r.choice([0, 16, 99, 147, 83, 163, 65, 129, 256, 2048, 512, 1024, 97, 1024 + 99])
        base = "".join(r.choices("ACGTN", k=length))
        quality = "*" if r.random() < 0.03 else "".join(chr(33 + r.randrange(42)) for _ in range(length))
        mate = r.choice(["=", "=", CONTIGS[r.choice(places)][0], "*"]) if flag & 1 else "*"
        mate_position = 0 if mate == "*" else r.randrange(1, 60)
        mapq, cigar = r.choice([0, 1, 4, 5, 20, 60, 60, 255]), draw_cigar(r, length)
        template = r.randrange(-500, 500) if mate == "=" else 0
        rest = [mapq, cigar, mate, mate_position, template, base, quality, *draw_tags(r)]
        rows.append(((at, position), [f"q{i}", flag, CONTIGS[at][0], position, *rest]))
        if r.random() < 0.1:  # its mate is unmapped, and lies where it does
            odd = r.choice(["*", "*", draw_cigar(r, length)])
            rest = [0, odd, "=", position, 0, base, quality]
            rows.append(((at, position), [f"q{i}", 69 | r.choice([0, 64]), CONTIGS[at][0], position, *rest]))
        if r.random() < 0.05:
            rest = [0, "*", "*", 0, 0, base, quality, *draw_tags(r)]
            rows.append(((len(CONTIGS), 0), [f"u{i}", r.choice([4, 77, 141, 516]), "*", 0, *rest]))
    if in_order:
        rows.sort(key=lambda row: row[0])
    head = ["@HD\tVN:1.6\tSO:" + ("coordinate" if in_order else "unsorted")]
    head += [f"@SQ\tSN:{name}\tLN:{length}" for name, length in CONTIGS]
    head += ["@RG\tID:a\tSM:s", "@RG\tID:b\tSM:s"]
    text = head + ["\t".join(map(str, row)) for _, row in rows]
    return ("\n".join(text) + "\n").encode()


def made(t, f, text, name="x", store="s.h5", profile=None):
    """The BAM of a SAM, indexed if it can be; and the store of the BAM."""
    sam, bam = f.write(f"{name}.sam", text), f / f"{name}.bam"
    samtools("view", "-b", "--no-PG", "-o", bam, sam)
    samtools("index", bam)
    done = run("ingest", "-q", "--force", "--profile", profile or t.profile(), "-o", f / store, bam)
    t.check(done.code == OK, name, done.err)
    return bam


def real_files():
    """BAM that there is of others, which samtools reads to its end."""
    found = sorted(glob.glob(f"{SHARED}/bam/**/*.bam", recursive=True) + glob.glob(f"{CASES}/*.bam"))
    return [path for path in found if samtools("view", "-c", path) is not None]
