"""
Commands with several threads, meant for a build with the thread sanitizer: no data race is reported, all ends
are good, and the results are those of one thread.

    VIAL=build-tsan/vial TSAN_OPTIONS=ignore_noninstrumented_modules=1 threads.py

Any other build passes as well.

Suites: run. Also: tsan.
"""
import os
import random
import signal
import subprocess

from alignmodel import draw
from containers import bgzf, gzip, zstd
from fqmodel import name_of, parse, reads
from mzmodel import made_spectra, plain
from vialtest import DATA, OK, main, run

THREADS = (1, 3, 6)


def good(t, what, *args, **more):
    done = run(*args, timeout=300, **more)
    t.check(done.code == OK, what, f"exit code {done.code}: {done.err.strip()[:500]}")
    clean(t, what, done)
    return done


def clean(t, what, done):
    at = done.err.find("ThreadSanitizer")
    t.check(at < 0, what,
            f"{done.err.count('WARNING: ThreadSanitizer')} reports; the first: "
            f"{done.err[max(0, at - 20):at + 3000]}")


def same_file(t, f, what, name, first, data=None):
    data = f.read(name) if data is None else data
    t.check(data == first.setdefault(what, data), what, "differs between numbers of threads")


def reads_part(t, f):
    one, two_ = reads(30000, seed=1), reads(30000, seed=1, mate=2, ragged=True)
    inputs = {"plain": (one, two_), "BGZF": (bgzf(one), bgzf(two_)), "gzip": (gzip(one), gzip(two_)),
              "zstd": (zstd(one), zstd(two_))}
    first = {}
    for kind, (a, b) in inputs.items():
        pair = [f.write("R1.fq", a), f.write("R2.fq", b)]
        for n in THREADS:
            if kind in ("gzip", "zstd") and n != 3:
                continue
            what = f"{kind}, {n} threads"
            good(t, f"{what}, ingest", "ingest", "-q", "-@", n, "-o", f / "s.h5", *pair)
            same_file(t, f, f"store of {kind}", "s.h5", first)
            if kind == "gzip" or (kind == "BGZF" and n != 6):
                f.clear("s.h5")
                continue
            good(t, f"{what}, verify", "verify", "-q", "-@", n, f / "s.h5")
            good(t, f"{what}, export", "export", "-q", "-@", n, f / "s.h5", "-1", f / "1.fq", "-2",
                 f / "2.fq.gz")
            t.check(f.read("1.fq") == one and plain(f / "2.fq.gz") == two_, f"{what}, export",
                    "differs from the original")
            f.clear("1.fq", "2.fq.gz")
            done = good(t, f"{what}, view", "view", "-@", n, f / "s.h5", "--rows", "100-51000")
            same_file(t, f, "view of rows", "", first, done.out)
            done = good(t, f"{what}, view of a name", "view", "-@", n, f / "s.h5", "-O", "tsv", "--name",
                        os.fsdecode(name_of(parse(one)[77][0])))
            same_file(t, f, "view of a name", "", first, done.out)
            f.clear("s.h5")
    for n in (3, 6):  # stops in the middle: the other threads must come to an end as well
        bad = f.write("bad.fq", one[:len(one) // 2] + b"?" + one[len(one) // 2:])
        for args in ((bad,), (f / "R1.fq", bad), ("--interleaved", bad)):
            done = run("ingest", "-q", "-@", n, "-o", f / "s.h5", *args, timeout=300)
            t.check(done.code == DATA and not os.path.exists(f / "s.h5"), f"bad input, {n} threads",
                    f"exit code {done.code}: {done.err[:300]}")
            clean(t, f"bad input, {n} threads", done)
    good(t, "profile portable", "ingest", "-q", "-@", 3, "--profile", "portable", "-o", f / "s.h5",
         f.write("R1.fq", one))
    closed, end = os.pipe()
    os.close(closed)
    with os.fdopen(end, "wb") as pipe:
        done = run("view", "-@", 3, f / "s.h5", stdout=pipe, timeout=300)
    t.check(done.code in (-signal.SIGPIPE, OK), "closed pipe", f"exit code {done.code}: {done.err[:300]}")
    clean(t, "closed pipe", done)
    data = bytearray(f.read("s.h5"))
    data[len(data) // 2] ^= 1
    done = run("export", "-q", "-@", 3, f.write("bad.h5", data), timeout=300, stdout=subprocess.DEVNULL)
    clean(t, "export of a damaged store", done)
    done = run("verify", "-q", "-@", 3, f / "bad.h5", timeout=300)
    t.check(done.code == DATA, "verify of a damaged store", f"exit code {done.code}")
    clean(t, "verify of a damaged store", done)
    f.clear(*f.names())


def originals_part(t, f):
    """Members that are cut for all threads, blocks; files as they were delivered."""
    text = reads(8000, seed=7)
    packed = {"gzip": gzip(text), "BGZF": bgzf(text, 60000)}
    first = {}
    for kind, data in packed.items():
        file = f.write("a.fq.gz", data)
        for n in THREADS:
            what = f"{kind} as it is, {n} threads"
            good(t, f"{what}, ingest", "ingest", "-q", "-@", n, "--original", "now", "-o", f / "s.h5", file)
            same_file(t, f, f"store of {kind} as it is", "s.h5", first)
            good(t, f"{what}, verify", "verify", "-q", "-@", n, "--original", f / "s.h5")
            done = good(t, f"{what}, export", "export", "-q", "-@", n, "--original", f / "s.h5")
            t.check(done.out == data, f"{what}, export", "differs from the file")
            f.clear("s.h5")
    f.clear(*f.names())


def spectra_part(t, f):
    if not t.check(made_spectra(f / "made.mzML", 2), "scripts/make-data"):
        return
    text, first = f.read("made.mzML"), {}
    for kind, data in {"plain": text, "BGZF": bgzf(text)}.items():
        f.write("x.mzML", data)
        for n in THREADS:
            what = f"mzML, {kind}, {n} threads"
            good(t, f"{what}, ingest", "ingest", "-q", "-@", n,
                 "-o", f / "s.h5", f / "x.mzML")
            if kind == "plain":
                same_file(t, f, "store of mzML", "s.h5", first)
            if kind == "BGZF" and n != 3:
                f.clear("s.h5")
                continue
            good(t, f"{what}, verify", "verify", "-q", "-@", n, f / "s.h5")
            done = good(t, f"{what}, export", "export", "-q", "-@", n, f / "s.h5")
            t.check(done.out == text, f"{what}, export", "differs from the original")
            for args in (("-O", "mzml", "--index", "5-100"),
                         ("-O", "tsv", "--columns", "index,mz,intensity", "--mz", "400-600"), ("-O", "mgf",),
                         ("-O", "json", "--ms-level", "2")):
                done = good(t, f"{what}, view {args}", "view", "-@", n, f / "s.h5", *args)
                same_file(t, f, f"view {args}", "", first, done.out)
            f.clear("s.h5")
    cut = text.index(b"</binary>", len(text) // 2)
    done = run("ingest", "-q", "-@", 6, "-o", f / "s.h5", f.write("bad.mzML", text[:cut] + b"*" + text[cut:]),
               timeout=300)
    t.check(done.code == DATA and not os.path.exists(f / "s.h5"), "bad mzML",
            f"exit code {done.code}: {done.err[:300]}")
    clean(t, "bad mzML", done)
    f.clear(*f.names())


def alignments_part(t, f):
    text, first = draw(random.Random(5), 12000, longest=150), {}
    f.write("a.sam", text)
    for n in THREADS:
        what = f"alignments, {n} threads"
        good(t, f"{what}, SAM", "ingest", "-q", "-@", n, "-o", f / "s.h5", f / "a.sam")
        same_file(t, f, "store of SAM", "s.h5", first)
        good(t, f"{what}, verify", "verify", "-q", "-@", n, f / "s.h5")
        done = good(t, f"{what}, export", "export", "-q", "-@", n, f / "s.h5")
        t.check(done.out == text, f"{what}, export", "differs from the original")
        good(t, f"{what}, as BAM", "export", "-q", "-@", n, f / "s.h5", "--force", "-o", f / "a.bam")
        same_file(t, f, "text of BAM", "", first, plain(f / "a.bam"))
        good(t, f"{what}, BAM", "ingest", "-q", "-@", n, "-o", f / "b.h5", f / "a.bam")
        same_file(t, f, "store of BAM", "b.h5", first)
        for args in (("view", "chr2:1000-60000"), ("view", "-F", "DUP", "-q", 5, "-O", "bam"),
                     ("view", "--name", "q77"), ("view", "-O", "fastq"), ("depth", "-a"), ("coverage",),
                     ("flagstat",), ("idxstats",)):
            done = good(t, f"{what}, {args}", args[0], "-@", n, f / "b.h5", *args[1:])
            same_file(t, f, f"{args}", "", first, done.out)
        f.clear("s.h5", "b.h5")
    lines = text.splitlines(keepends=True)
    lines[len(lines) // 2] = lines[len(lines) // 2].replace(b"\t", b" ")
    said = set()
    for n in THREADS:
        bad = f.write("bad.sam", b"".join(lines))
        done = run("ingest", "-q", "-@", n, "-o", f / "s.h5", bad, timeout=300)
        t.check(done.code == DATA and not os.path.exists(f / "s.h5"), "bad SAM",
                f"exit code {done.code}: {done.err[:300]}")
        clean(t, "bad SAM", done)
        said.add(done.err)
    t.check(len(said) == 1, "bad SAM", f"is said otherwise with other threads: {said}")
    f.clear(*f.names())


if __name__ == "__main__":
    main(reads_part, originals_part, spectra_part, alignments_part)
