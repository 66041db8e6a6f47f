"""
Memory: what ingest, export, verify and view take stays below 192 MiB with two threads, and does not grow
with the input.

By default texts of 70 and 140 MB and mzML of 60 MB; with VIAL_SOAK set 700 and 320 MB. Pairs of very
different shapes and very long records are bounded as well, and --max-memory is kept.

Suites: memory.
"""
import os
import subprocess
import sys
import zlib

from containers import BGZF_END, bgzf_block, gzip
from fqmodel import reads, record
from mzmodel import F64, INTENSITY, MZ, array, document, made_spectra, spectrum
from vialtest import OK, OSERR, SOAK, USAGE, VIAL, main, patient, run

MIB = 1 << 20
LIMIT = 192 * MIB
LIMIT_ODD = 256 * MIB  # records as long as a block
SCRIPT = """
import resource, subprocess, sys
with open(sys.argv[1], "wb") as err:
    try:
        done = subprocess.run(sys.argv[3:], stdout=subprocess.DEVNULL, stderr=err, timeout=float(sys.argv[2]))
        code = done.returncode
    except subprocess.TimeoutExpired:
        err.write(b"no end")
        code = -999
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def peak(f, *args):
    """Exit code, most memory, what the command said. A fresh parent each: the peak is of all its children."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, f / "err", str(patient(30 + SOAK)), VIAL,
                           *map(str, args)], stdout=subprocess.PIPE)
    code, size = map(int, done.stdout.split())
    err = f.read("err").decode("utf-8", "replace")
    f.clear("err")
    return code, size, err


def measure(t, f, what, inputs, options=(), limit=LIMIT, threads=2):
    """The peaks of ingest, verify, export, and of views of reads."""
    sizes = {}
    pair = len(inputs) == 2
    some = "--mean-phred 1 --motif NA --name-regex [17] -O fasta".split()
    views = (("view", ["view", f / "s.h5"]), ("view of some", ["view", f / "s.h5", *some]))
    for command, args in (("ingest", ["ingest", "-q", *options, "-o", f / "s.h5", *inputs]),
                          ("verify", ["verify", "-q", f / "s.h5"]),
                          ("export", ["export", "-q", f / "s.h5"] +
                           (["-1", f / "1.fq", "-2", f / "2.fq.gz"] if pair else ["-o", f / "1.fq"])),
                          *(() if inputs[0].endswith("mzML") else views)):
        code, size, err = peak(f, *args[:1], "-@", threads, *args[1:])
        if not t.check(code == OK, f"{what}, {command}", f"exit code {code}: {err[:300]}"):
            break
        t.check(size <= limit, f"{what}, {command}", f"{size // MIB} MiB, at most {limit // MIB}")
        sizes[command] = size
        if command == "export":
            t.check(os.path.getsize(f / "1.fq") > 0, what, "nothing exported")
    f.clear("1.fq", "2.fq.gz")
    print(f"{what}: " + ", ".join(f"{k} {v // MIB} MiB" for k, v in sizes.items()), flush=True)
    return sizes


def write_large(path, text, copies, rename, pack=None):
    """The text again and again, its names made different."""
    with open(path, "wb") as out:
        for i in range(copies):
            part = text.replace(rename, b"@A%05d:" % i)
            out.write(pack(part, end=i == copies - 1) if pack else part)


def large_pairs(t, f):
    unit = 35000000
    one = reads(unit // 360, seed=1, length=150)
    two = reads(unit // 360, seed=1, length=150, mate=2)
    scale = len(one) + len(two)
    sizes = [max(1, int(x * 1e6 / scale)) for x in ((70, 700) if SOAK else (70, 200))]
    for kind, pack in (("plain", None), ("BGZF", lambda x, end: bgzf_fast(x, end))):
        found = []
        for copies in sizes:
            paths = [f / "R1.fq", f / "R2.fq"]
            for path, text in zip(paths, (one, two)):
                write_large(path, text, copies, b"@A00123:", pack)
            found.append(measure(t, f, f"{kind}, {copies * scale // 1000000} MB of text", paths))
            f.clear("s.h5", *paths)
        for command in found[0]:
            if command in found[1]:
                small, big = found[0][command], found[1][command]
                t.check(big <= 1.2 * small + 32 * MIB, f"{kind}, {command}",
                        f"{small // MIB} MiB for the smaller, {big // MIB} MiB for the larger")


def bgzf_fast(text, end):
    """BGZF, quickly made."""
    return b"".join(bgzf_block(text[at:at + 65280], 1)
                    for at in range(0, len(text), 65280)) + (BGZF_END if end else b"")


def shapes(t, f):
    n = 40000
    for what, (a, b) in {"28 beside 300": (28, 300), "300 beside 28": (300, 28), "30 beside 600": (30, 600),
                         "600 beside 30": (600, 30)}.items():
        paths = [f.write(f"R{m}.fq", reads(n, seed=3, length=k, mate=m)) for m, k in ((1, a), (2, b))]
        measure(t, f, f"pair, {what}", paths)
        f.clear("s.h5")
        packed = [f.write("R1.fq", gzip(f.read("R1.fq"), 1)), paths[1]]
        measure(t, f, f"pair, {what}, the first gzip", packed)
        f.clear("s.h5", "R1.fq", "R2.fq")
    # the lengths change places in the middle: each is far ahead of the other once
    half = [reads(n // 2, seed=4, length=20, mate=m) + reads(n // 2, seed=5, length=700, mate=m)
            for m in (1, 2)]
    mixed = [half[0], reads(n // 2, seed=4, length=700, mate=2) + reads(n // 2, seed=5, length=20, mate=2)]
    measure(t, f, "pair, lengths change places", [f.write("R1.fq", mixed[0]), f.write("R2.fq", mixed[1])])
    f.clear("s.h5", "R1.fq", "R2.fq")
    base = b"ACGT" * (1 << 20)
    measure(t, f, "reads of 4 MiB", [f.write("R1.fq", b"".join(record(b"r%d" % i, base) for i in range(12)))],
            limit=LIMIT_ODD)
    f.clear("s.h5", "R1.fq")
    measure(t, f, "a row of tiny reads", [f.write("R1.fq", b"@r\nA\n+\nI\n" * 4000000)])
    f.clear("s.h5", "R1.fq")
    base = b"ACGT" * 5000
    measure(t, f, "long reads", [f.write("R1.fq", b"".join(record(b"r%d" % i, base) for i in range(6000)))])
    f.clear("s.h5", "R1.fq")
    measure(t, f, "long names",
            [f.write("R1.fq", b"".join(record(b"n" * 60000 + b"%d" % i, b"ACGT") for i in range(600)))],
            limit=LIMIT_ODD)
    f.clear("s.h5", "R1.fq")
    measure(t, f, "much out of little",
            [f.write("R1.fq", gzip((b"@r\n" + b"A" * 1000 + b"\n+\n" + b"I" * 1000 + b"\n") * 50000, 9))])
    f.clear("s.h5", "R1.fq")


def spectra(t, f):
    """Centroids, and survey scans with profiles: arrays of many sizes in some fifty columns."""
    for what, more in (("centroids", ()), ("profiles", ("--profile-ms1",))):
        if t.check(made_spectra(f / "run.mzML", 320 if SOAK else 60, 1, *more), what, "make-data"):
            measure(t, f, f"mzML, {what}", [f / "run.mzML"])
        f.clear(*f.names())


def max_memory(t, f):
    text = reads(150000, seed=6, length=150)
    path = f.write("R1.fq", text)
    pair = [path, f.write("R2.fq", reads(150000, seed=6, length=150, mate=2))]
    for inputs, what in (([path], "single"), (pair, "pair")):
        for threads in (1, 2, 8):
            code, size, err = peak(f, "ingest", "-q", "-@", threads, "--max-memory", "200M", "-o", f / "s.h5",
                                   *inputs)
            t.check(code == OK and size <= 200 * MIB, f"--max-memory 200M, {what}, {threads} threads",
                    f"exit code {code}, {size // MIB} MiB: {err[:200]}")
            print(f"--max-memory 200M, {what}, {threads} threads: {size // MIB} MiB", flush=True)
            f.clear("s.h5")
    for value in ("1M", "1k", "1"):
        done = run("ingest", "-q", "--max-memory", value, "-o", f / "s.h5", path)
        t.check(done.code == USAGE and "--max-memory" in done.err and done.err.count("\n") <= 3,
                f"--max-memory {value}", f"exit code {done.code}: {done.err!r}")
        t.check(f.names() == ["R1.fq", "R2.fq"], f"--max-memory {value}", f"left over: {f.names()}")
        f.clear("s.h5")
    needed = int("".join(c for c in done.err.split("needs")[-1] if c.isdigit()) or 0)
    if t.check(needed > 0, "--max-memory 1", f"does not say how much is needed: {done.err!r}"):
        code, size, err = peak(f, "ingest", "-q", "-@", 2, "--max-memory", f"{needed}M", "-o", f / "s.h5",
                               path)
        t.check(code == OK and size <= needed * MIB, f"--max-memory {needed}M, as it was told",
                f"exit code {code}, {size // MIB} MiB: {err[:200]}")
    f.clear(*f.names())


def expansions(t, f):
    """Little text that becomes much: what is made counts, and is refused before it is there."""
    zeros = bytes(8 * 30_000_000)
    packed = zlib.compress(zeros)
    arrays = [array(kind, None, number=F64, packed=packed) for kind in (MZ, INTENSITY)]
    path = f.write("zeros.mzML", document([spectrum(0, arrays, 30_000_000)]))
    code, size, err = peak(f, "ingest", "-q", "-@", 1, "--max-memory", "256M", "-o", f / "s.h5", path)
    t.check(code == OSERR and "--max-memory" in err and "zeros.mzML: " in err, "arrays of zeros",
            f"{code}: {err}")
    t.check(size <= 256 * MIB, "arrays of zeros", f"{size // MIB} MiB")
    path = f.write("long.fq.gz", gzip(record(b"long", b"A" * 150_000_000)))
    code, size, err = peak(f, "ingest", "-q", "-@", 1, "--max-memory", "256M", "-o", f / "s.h5", path)
    t.check(code == OSERR and "--max-memory" in err and "long.fq.gz: " in err and "record 1:" in err,
            "a long read", f"{code}: {err}")
    t.check(size <= 256 * MIB, "a long read", f"{size // MIB} MiB")
    t.check(f.names() == ["long.fq.gz", "zeros.mzML"], "expansions", f"left over: {f.names()}")


if __name__ == "__main__":
    main(large_pairs, shapes, spectra, max_memory, expansions)
