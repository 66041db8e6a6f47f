"""
Deflate streams said by their text (formats/redeflate), made by the programs that are installed: gzip, pigz,
bgzip, libdeflate-gzip, igzip, node and Python's own zlib. What a maker's row knows has no token to correct;
what is not known is kept or comes back too, which redeflate_gz proves by making it. A maker that is not
installed is skipped.

Suites: formats. Also: asan.
"""
import glob
import gzip
import os
import random
import shutil
import subprocess
import zlib
from typing import NamedTuple

from fqmodel import reads
from vialtest import BUILD, SANITIZED, SEED, main, patient

TOOL = os.path.join(BUILD, "pipeline/test/redeflate_gz")


class Told(NamedTuple):
    stream: int
    plain: int
    said: int
    nstream: int
    kept: int
    token: int
    token_missed: int
    block: int
    block_missed: int


def describe(t, path, what):
    """What redeflate_gz says of a file, of which it has proved each stream; None, when it has failed."""
    done = subprocess.run([TOOL, str(path)], capture_output=True, text=True, timeout=patient(300),
                          check=False)
    if not t.check(done.returncode == 0, what, done.stderr):
        return None
    return Told(*map(int, done.stdout.split("\t")[1:10]))


def texts():
    """Of each sort one; with sanitizers a tenth of it."""
    rng, part = random.Random(SEED), 10 if SANITIZED else 1
    words = [bytes(rng.choice(b"abcdefghijk\n") for _ in range(rng.randrange(2, 9))) for _ in range(900)]
    return {
        "reads": reads(1200 // part, seed=SEED),
        "words": b" ".join(rng.choice(words) for _ in range(45000 // part)),
        "numbers": b"".join(rng.randrange(1 << rng.randrange(1, 20)).to_bytes(4, "little")
                            for _ in range(40000 // part)),
        "zeros": bytes(700000 // part),
        "short": b"hello, hello, hello",
        "many words": b" ".join(rng.choice(words) for _ in range(120000 // part)),
        "random": rng.randbytes(90000 // part),
    }


def maker(t, f, program, levels, command, exact, near=()):
    """All texts by a program at all levels; of the exact ones next to nothing is missed: joints of pigz, what
    igzip hashes of its own address, and gzip's last match, which it looks for beyond the text's end, in what
    its buffer held before. What is said of the near ones is little of the stream."""
    if not shutil.which(program):
        t.skip(f"no {program}")
        return
    for name, text in texts().items():
        path = f.write(name, text)
        for level in levels:
            packed = f.write("packed.gz", b"")
            with open(packed, "wb") as out:
                subprocess.run(command(level, str(path)), stdout=out, stderr=subprocess.DEVNULL, check=True,
                               timeout=patient(120))
            what = f"{program} {level}, {name}"
            told = describe(t, packed, what)
            if SANITIZED:  # how well it is told is asked of whole texts
                continue
            if told and level in exact:
                most = {"pigz": 3, "igzip": 3, "gzip": 1}.get(program, 0)
                t.check(told.token_missed <= most, f"{what}: no token missed", str(told))
                t.check(told.said < 100 + told.stream // 1000, f"{what}: little is said", str(told))
            if told and level in near:
                t.check(told.said < 200 + told.stream // 7, f"{what}: less than a seventh is said", str(told))


def of_gzip(t, f):
    levels = range(1, 10)
    maker(t, f, "gzip", levels, lambda level, p: ["gzip", "-nc", f"-{level}", p], levels)


def of_pigz(t, f):
    maker(t, f, "pigz", (1, 3, 6, 9), lambda level, p: ["pigz", "-nc", f"-{level}", p], (1, 3, 6, 9))


def of_pigz_alone(t, f):
    maker(t, f, "pigz", (1, 6), lambda level, p: ["pigz", "-nc", "-p1", f"-{level}", p], (1, 6))


def of_pigz_independent(t, f):
    maker(t, f, "pigz", (1, 6), lambda level, p: ["pigz", "-nci", f"-{level}", p], (1, 6))


def of_libdeflate(t, f):
    program = "libdeflate-gzip"
    maker(t, f, program, range(1, 13), lambda level, p: [program, "-c", f"-{level}", p], range(1, 10),
          (10, 11, 12))


def of_zopfli(t, f):
    maker(t, f, "zopfli", (1, 5), lambda level, p: ["zopfli", "-c", f"--i{level}", p], (), (1, 5))


def of_7zip(t, f):
    options = ["7zz", "a", "-tgzip", "-so", "-bd"]
    maker(t, f, "7zz", (1, 5, 9), lambda level, p: [*options, f"-mx{level}", "x.gz", p], (), (5, 9))


def of_files(t, _f):
    """Streams of makers that no distribution has any more: every file of testdata/redeflate."""
    files = sorted(glob.glob("testdata/redeflate/*.gz"))
    t.check(files, "there are files")
    for path in files:
        told = describe(t, path, path)
        t.check(told and told.token_missed == 0 and told.block_missed == 0, f"{path}: nothing missed",
                str(told))


def of_bgzip(t, f):
    maker(t, f, "bgzip", (1, 2, 6, 9), lambda level, p: ["bgzip", "-c", "-l", str(level), p], (1, 2, 6), (9,))


def has_avx512():
    """igzip's choices depend on the processor: it has other kernels for each, of which one is known."""
    try:
        with open("/proc/cpuinfo", encoding="ascii") as file:
            flags = file.read().split()
    except OSError:
        return False
    return {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"} <= set(flags)


def of_igzip(t, f):
    maker(t, f, "igzip", (0, 1, 2, 3), lambda level, p: ["igzip", "-c", f"-{level}", p],
          (0, 1, 2, 3) if has_avx512() else ())


def node_is_known():
    """Node 20's zlib is Chromium's with a hash of four bytes; later ones may have another."""
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.startswith("v20.")


def of_node(t, f):
    script = ("process.stdout.write(require('zlib').gzipSync(require('fs').readFileSync(process.argv[2]), "
              "{level: +process.argv[1]}))")
    levels = (1, 6, 9)
    maker(t, f, "node", levels, lambda level, p: ["node", "-e", script, str(level), p],
          levels if shutil.which("node") and node_is_known() else ())


def of_python(t, f):
    for name, text in texts().items():
        for level in (1, 6, 9):
            for memory in (1, 8, 9):
                for window in (9, 15):
                    made = zlib.compressobj(level, zlib.DEFLATED, 16 + window, memory)
                    packed = f.write("packed.gz", made.compress(text) + made.flush())
                    what = f"zlib {level}, memory {memory}, window {window}, {name}"
                    told = describe(t, packed, what)
                    t.check(SANITIZED or told and not told.token_missed, f"{what}: no token missed",
                            str(told))
        packed = f.write("packed.gz", gzip.compress(text[:90000]) * 3)
        told = describe(t, packed, f"three members, {name}")
        t.check(told and told.nstream == 3 and told.token_missed == 0, f"three members, {name}", str(told))


if __name__ == "__main__":
    main(of_gzip, of_pigz, of_pigz_alone, of_pigz_independent, of_libdeflate, of_zopfli, of_7zip, of_files,
         of_bgzip, of_igzip, of_node, of_python)
