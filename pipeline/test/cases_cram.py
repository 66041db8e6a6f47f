"""
CRAM, of reads and of alignments: its records come back as BAM, as samtools decodes them, or it is refused.
And a bank of BAM and CRAM: by sheet, by inbox at night, verified, healed, handed out.

Suites: reads banks. Also: asan.
"""
import glob
import gzip
import os
import shutil
import subprocess
import sys

from bammodel import header, record, tag
from banktest import Bank, check_whole, sheet
from containers import bgzf
from damage_place import spoil_data
from vialtest import DATA, OK, SHARED, USAGE, VIAL, check_refusal, main, of_threads, run

HD = b"@HD\tVN:1.6\tSO:unsorted\n@RG\tID:a\tSM:s\n"


def samtools(*args, **more):
    return subprocess.run(["samtools", *args], capture_output=True, check=True, **more).stdout


def stream_of(rng, n, k=120):
    """Pairs with tags of every sort."""
    out = []
    for i in range(n):
        for flag in (77, 141):
            tags = tag("RG", "Z", b"a") + tag("XI", "i", i) + tag("ml", "BC", rng.randbytes(i % 9))
            tags += tag("XF", "f", 0.5) if i % 3 else tag("XZ", "Z", b"t%d" % i)
            out.append(record(b"run:%d" % i, "".join(rng.choices("ACGTN", k=k)),
                              bytes(rng.choices((2, 11, 25, 37), k=k)), tags, flag))
    return header(HD) + b"".join(out)


def cram_of(f, name, stream, *options):
    samtools("view", "-C", "--no-PG", *options, "-o", f / name, f.write("made.bam", bgzf(stream)))
    return f / name


def as_bam(path):
    """The stream that samtools makes of it."""
    return gzip.decompress(samtools("view", "-b", "--no-PG", path))


def exact(t, f, what, path):
    f.clear("s.h5", "y.bam")
    done = run("ingest", "-q", "-o", f / "s.h5", path)
    if not t.check(done.code == OK, what, f"{done.code} {done.err}"):
        return
    done = run("export", "-q", f / "s.h5")
    t.check(done.code == OK and done.out == as_bam(path), what, f"other records than samtools' {done.err}")
    run("export", "-q", f / "s.h5", "-o", f / "y.bam")
    t.check(samtools("view", f / "y.bam") == samtools("view", path), what,
            "samtools view says something else")


def records(t, f):
    stream = stream_of(t.random, 9000)
    for what, options in (("3.0", ("-O", "cram,version=3.0")), ("3.1", ("-O", "cram,version=3.1")),
                          ("3.1 archive", ("-O", "cram,version=3.1,archive")),
                          ("no reference", ("-O", "cram,no_ref"))):
        path = cram_of(f, "x.cram", stream, *options)
        exact(t, f, what, path)
        said = run("ingest", "-o", f / "t.h5", "--force", path).err
        t.check("htslib" in said, what, f"does not say who decoded it: {said}")
        notes = run("info", f / "s.h5").out
        t.check(b"compression              cram" in notes and b"decoder                  htslib" in notes and
                b"interleaved" in notes, what, notes)
        first = f.read("s.h5")
        for threads in of_threads(1, 5):
            f.clear("s.h5")
            done = run("ingest", "-q", "-@", threads, "-o", f / "s.h5", path)
            t.check(done.code == OK and f.read("s.h5") == first, what, f"{threads} threads {done.err}")
        t.check(run("verify", f / "s.h5").code == OK, what, "verify")
    for path in sorted(glob.glob("testdata/bam/*.in")):
        if not os.path.exists(path[:-2] + "err") and "tags" not in path:  # in CRAM a TAB ends a text
            with open(path, "rb") as file:
                made = f.write("made.bam", bgzf(file.read()))
            done = subprocess.run(["samtools", "view", "-C", "-O", "cram,no_ref", "-o", f / "x.cram", made],
                                  capture_output=True)
            if done.returncode == 0:
                exact(t, f, path, f / "x.cram")
    done = run("split", f / "t.h5", "-o", f / "apart")
    t.check(done.code == OK and os.listdir(f / "apart") == ["x.bam"], "split", done.err)
    for command in ("view", "export"):
        done = run(command, f / "s.h5", "-o", f / "z.cram")
        t.check(done.code == USAGE and "promises CRAM, which is not written" in done.err, command, done.err)


def of_others(t, f):
    """Real files that are not aligned, by way of samtools."""
    paths = [p for kind in ("pacbio", "nanopore")
             for p in glob.glob(f"{SHARED}/{kind}/**/*.bam", recursive=True)
             if "unmapped" in p or "ccs.bam" in p or "/polymerase/" in p]
    if not paths:
        t.skip("no real BAM files")
    for path in sorted(paths):
        done = subprocess.run(["samtools", "view", "-C", "-f", "4", "-o", f / "x.cram", path],
                              capture_output=True)
        if done.returncode == 0:
            exact(t, f, os.path.relpath(path, SHARED), f / "x.cram")


def refused(t, f, what, path, *expected):
    f.clear("s.h5")
    done = run("ingest", "-q", "-o", f / "s.h5", path)
    check_refusal(t, what, done, expected, (DATA,))
    t.check(not os.path.exists(f / "s.h5"), what, "left a store")


def same(t, f, what, path, *options):
    """Taken, verified, and printed as SAM as samtools prints it."""
    f.clear("s.h5", "ref.fa.fai")
    before = f.names()
    done = run("ingest", "-q", *options, "-o", f / "s.h5", path)
    if not t.check(done.code == OK, what, f"exit code {done.code}: {done.err}"):
        return
    t.check(set(f.names()) == {*before, "s.h5"}, what, "an index was left beside the reference")
    t.check(run("verify", "-q", f / "s.h5").code == OK, what, "verify")
    judge = samtools("view", "-h", "--no-PG", "-T", f / "ref.fa", path)
    t.check(run("view", f / "s.h5", "-O", "sam").out == judge, what, "as SAM it is another")


def aligned(t, f):
    """With its reference, without it, with another, and with none needed; the header points at one,
    and nobody looks there."""
    base = "".join(t.random.choices("ACGT", k=2000))
    sam = "@HD\tVN:1.6\n@SQ\tSN:c1\tLN:2000\n"
    for i in range(300):
        place = ("4\t*\t0\t0\t*" if i < 200 else f"0\tc1\t{i}\t60\t50M")
        sam += f"r{i}\t{place}\t*\t0\t0\t{base[i - 1:i + 49] or base[:50]}\t{'I' * 50}\n"
    f.write("ref.fa", f">c1 a title\n{base}\n>c2\nACGT\n".encode())
    f.write("wrong.fa", f">c1\n{base[:-1]}{'C' if base[-1] != 'C' else 'G'}\n".encode())
    f.write("other.fa", b">c9\nACGT\n")
    for what, options in (("no reference", ("-O", "cram,no_ref")), ("embedded", ("-O", "cram,embed_ref")),
                          ("reference", ("-O", "cram"))):
        samtools("view", "-C", "-T", f / "ref.fa", *options, "-o", f / "x.cram", "-", input=sam.encode())
        if what == "reference":
            refused(t, f, f"{what}, not named", f / "x.cram", "--reference FASTA", "record 201")
        else:
            same(t, f, what, f / "x.cram")
        same(t, f, f"{what}, named", f / "x.cram", "--reference", f / "ref.fa")
    names = set(f.names())
    done = run("ingest", "-q", "--reference", f / "wrong.fa", "-o", f / "t.h5", f / "x.cram")
    check_refusal(t, "another reference", done, ["MD5", "c1"], (DATA,))
    done = run("ingest", "-q", "--reference", f / "other.fa", "-o", f / "t.h5", f / "x.cram")
    check_refusal(t, "a reference without the contig", done, ["record 201", "another reference"], (DATA,))
    t.check(set(f.names()) == names, "other references", set(f.names()) ^ names)


def nobody_asks(t, f):
    """No connection, and no file but those that were named, whatever the header points at."""
    if not shutil.which("strace"):
        return t.skip("strace is not installed")
    base = "".join(t.random.choices("ACGT", k=500))
    f.write("ref.fa", f">c1\n{base}\n".encode())
    f.write("trap.fa", f">c1\n{base}\n".encode())
    for where in (f / "trap.fa", "http://127.0.0.1:1/x.fa", "ftp://127.0.0.1/x.fa"):
        sam = f"@SQ\tSN:c1\tLN:500\tUR:{where}\nr\t0\tc1\t5\t9\t50M\t*\t0\t0\t{base[4:54]}\t*\n"
        samtools("view", "-C", "-T", f / "ref.fa", "-o", f / "x.cram", "-", input=sam.encode())
        for options in ((), ("--reference", f / "ref.fa")):
            f.clear("s.h5", "trace")
            subprocess.run(["strace", "-f", "-e", "trace=connect,open,openat", "-o", f / "trace", VIAL,
                            "ingest", "-q", *options, "-o", f / "s.h5", f / "x.cram"], capture_output=True)
            trace = f.read("trace")
            t.check(b"x.cram" in trace, where, "no trace")
            t.check(b"connect(" not in trace and b"trap.fa" not in trace, f"{where} {options}", "was asked")


def damaged(t, f):
    path = cram_of(f, "x.cram", stream_of(t.random, 300, 40))
    data = f.read("x.cram")
    refused(t, f, "no end", f.write("c.cram", data[:-38]), "end-of-file block")
    for n in [4, 25, 26, 27] + t.random.sample(range(28, len(data) - 39), 25):
        refused(t, f, f"{n} bytes", f.write("c.cram", data[:n]))
    legal = 0
    for i in range(60):
        bad = bytearray(data)
        at, any_byte = t.random.randrange(6, len(bad)), t.random.randrange(256)
        bad[at] = t.random.choice((0, 255, any_byte))
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", f.write("c.cram", bytes(bad)))
        t.check(done.code in (OK, DATA) and len(done.err.splitlines()) <= 1, f"byte {at}",
                f"{done.code} {done.err}")
        if done.code == OK:
            legal += 1
            t.check(run("export", "-q", f / "s.h5").out == as_bam(f / "c.cram"), f"byte {at}", "is not exact")
    t.check(legal < 30, "damaged", f"{legal} of 60 are legal")
    done = run("ingest", "-q", "-o", f / "s.h5", "-", stdin=data)
    check_refusal(t, "standard input", done, ["not from a pipe"], (DATA,))
    refused(t, f, "gzip", f.write("x.cram.gz", gzip.compress(data)), "out of gzip")
    done = run("ingest", "-q", "-o", f / "s.h5", path, f.write("y.cram", data + data))
    check_refusal(t, "two", done, ["one file at a time"], (USAGE,))


def bank(t, f):
    """BAM and CRAM in a bank."""
    streams = {name: stream_of(t.random, 400 + i) for i, name in enumerate(("b1", "c1", "b2", "c2"))}
    os.mkdir(f / "box")
    for name in ("b1", "box/b2"):
        f.write(f"{name}.bam", bgzf(streams[os.path.basename(name)]))
    cram_of(f, "c1.cram", streams["c1"])
    os.rename(cram_of(f, "c2.part", streams["c2"]), f / "box/c2.cram")
    there = Bank(f, settings=f"\n[inbox box]\npath = {f / 'box'}\nsettle = 0s\n")
    path = sheet(f, "s.csv", [("A", "b1.bam", "DNA"), ("B", "c1.cram", "DNA")],
                 head=("sample", "file_1", "kind_of"))
    done = there.run("ingest", "-q", "--sheet", path)
    t.check(done.code == OK, "sheet", done.err)
    done = there.run("nightly")
    t.check(done.code == OK and not there.quarantine(), "nightly", f"{done.err} {there.quarantine()}")
    t.check(sorted((r["sample"], r["acquisition"]) for r in there.ls()) ==
            [("A", "b1"), ("B", "c1"), ("b2", "b2"), ("c2", "c2")], "samples", there.ls())
    t.check(there.run("verify", "-q", "--all").code == OK, "verify")
    done = there.run("export", "-q", "--where", "rows > 0", "-o", f / "out")
    t.check(done.code == OK and sorted(os.listdir(f / "out")) == ["b1.bam", "b2.bam", "c1.bam", "c2.bam"],
            "export", f"{done.err} {os.listdir(f / 'out')}")
    for name in ("b1", "b2"):
        t.check(gzip.decompress(f.read(f"out/{name}.bam")) == streams[name], name, "is another stream")
    for name, cram in (("c1", "c1.cram"), ("c2", "box/c2.cram")):
        t.check(gzip.decompress(f.read(f"out/{name}.bam")) == as_bam(f / cram), name, "is another stream")
    before = there.digests()
    for store in there.stores():
        if "/A/" in store or "/B/" in store:
            spoil_data(store)
    t.check(there.run("verify", "-q", "--all").code == DATA, "damaged stores are found")
    done = there.run("ingest", "-q", "--sheet", path)
    t.check(done.code == OK and there.digests() == before and there.run("verify", "-q", "--all").code == OK,
            "heal", done.err)
    done = there.run("ingest", "-q", "--sheet", path)
    t.check(done.code == OK, "the same sheet again", done.err)
    check_whole(t, there, "bank")


if not any(os.access(os.path.join(p, "samtools"), os.X_OK) for p in os.environ["PATH"].split(":")):
    print("samtools is missing")
    sys.exit(69)
main(records, of_others, aligned, nobody_asks, damaged, bank)
