"""
Alignments through pipes: what bwa and samtools sort write goes into a store as it comes, and out of it into
programs that know nothing of stores. samtools is the judge.

Suites: ingest view alignments.
"""
import os
import shutil
import subprocess

from alignmodel import samtools
from vialtest import BUILD, DATA, OK, VIAL, main, run

NEED = ("bash", "bwa", "samtools")
GROUP = "@RG\\tID:L1\\tSM:S1\\tPL:ILLUMINA"


def shell(f, script):
    """Exit code and standard error of a pipe, in the folder; it fails where a part of it does."""
    done = subprocess.run(["bash", "-c", "set -o pipefail; " + script], cwd=f.path, capture_output=True,
                          env={**os.environ, "VIAL": VIAL})
    return done.returncode, done.stderr.decode("utf-8", "replace")


def aligned(t, f):
    """Reads and their reference, indexed; False: they cannot be made here."""
    lacks = [name for name in NEED if not shutil.which(name)]
    if lacks:
        t.skip("no " + ", ".join(lacks))
        return False
    made = subprocess.run(["scripts/make-data", "reads", "--pairs", "3000", "--genome-mb", "1", "--seed", "8",
                           "--reference", f / "ref.fa", "--out", f / "r"], capture_output=True,
                          env={**os.environ, "VIAL_BUILD": BUILD})
    code, why = shell(f, "bwa index ref.fa")
    return t.check(made.returncode == 0 and code == 0, "reads to align", why[-200:])


MEM = f"bwa mem -t2 -R '{GROUP}' ref.fa r_R1.fastq r_R2.fastq 2>/dev/null"


def into_a_store(t, f):
    if not aligned(t, f):
        return
    sort = "samtools sort -u -T sort - 2>/dev/null"
    code, why = shell(f, f"{MEM} | {sort} | tee a.bam | $VIAL ingest -q -o a.h5 -")
    t.check(code == 0, "bwa mem | samtools sort | vial ingest", why)
    theirs = samtools("view", "--no-PG", "-h", f / "a.bam")
    t.check(theirs and run("view", f / "a.h5").out == theirs, "a sorted BAM from a pipe")
    done = run("export", "-q", f / "a.h5")
    t.check(done.code == OK and done.out == subprocess.run(
        ["gzip", "-dc", f / "a.bam"], capture_output=True).stdout, "the inflated stream", done.err)
    code, why = shell(f, f"{MEM} | tee b.sam | $VIAL ingest -q -o b.h5 -")
    with open(f / "b.sam", "rb") as file:
        t.check(code == 0 and run("export", "-q", f / "b.h5").out == file.read(), "bwa mem | vial ingest",
                why)


def cut_off(t, f):
    """Who writes dies: the pipe ends within a block, or behind one, without the block that ends a file."""
    if not aligned(t, f):
        return
    shell(f, f"{MEM} | samtools sort -u -T sort - > a.bam 2>/dev/null")
    size = os.path.getsize(f / "a.bam")
    for n in (size - 28, size - 29, size // 2, 20000, 100, 17):
        code, why = shell(f, f"head -c {n} a.bam | $VIAL ingest -q -o a.h5 -")
        t.check(code == DATA and not os.path.exists(f / "a.h5"), f"{n} bytes of {size}", f"{code}: {why}")


def out_of_a_store(t, f):
    if not aligned(t, f):
        return
    shell(f, f"{MEM} | samtools sort -T sort -o a.bam - 2>/dev/null; samtools index a.bam")
    t.check(run("ingest", "-q", "-o", f / "a.h5", f / "a.bam").code == OK, "ingest")
    same = {
        "a pipe": ("$VIAL view -O bam a.h5 | samtools flagstat -", "samtools flagstat a.bam"),
        "a region": ("$VIAL view -O bam a.h5 chr2:100,000-130,000 | samtools view -",
                     "samtools view a.bam chr2:100,000-130,000"),
        "SAM": ("$VIAL view a.h5 | samtools depth -", "samtools depth a.bam"),
        "a named pipe": ("mkfifo p.bam; $VIAL view -O bam a.h5 > p.bam & sleep 0.1; samtools depth p.bam; "
                         "wait; rm p.bam", "samtools depth a.bam"),
    }
    for what, (mine, theirs) in same.items():
        code, why = shell(f, f"({mine}) > mine && ({theirs}) > theirs && test -s mine && cmp mine theirs")
        t.check(code == 0, what, why)


if __name__ == "__main__":
    main(into_a_store, cut_off, out_of_a_store)
