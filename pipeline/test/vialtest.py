"""
What the command tests share: running vial, a folder to work in, counting, compressors of our own, and reads to feed it.

Environment: VIAL is the program (default build/vial), VIAL_SOAK the seconds that random tests may take.
`scripts/test NAME` runs a test; by hand, from the top of the tree: /usr/bin/python3 pipeline/test/NAME.py

Suites: none.
"""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from typing import NamedTuple

import numpy

VIAL = os.path.abspath(os.environ.get("VIAL", "build/vial"))
SOAK = float(os.environ.get("VIAL_SOAK", sys.argv[1] if sys.argv[1:] and sys.argv[1].isdigit() else 0))

# sysexits.h, as `vial help exit-codes` lists them
OK, USAGE, DATA, NOINPUT, SOFTWARE, OSERR, CANTCREAT, IOERR, TEMPFAIL, CONFIG = 0, 64, 65, 66, 70, 71, 73, 74, 75, 78
DOCUMENTED = {OK, USAGE, DATA, NOINPUT, SOFTWARE, OSERR, CANTCREAT, IOERR, TEMPFAIL, CONFIG}


class Done(NamedTuple):
    code: int  # negative: killed by that signal
    out: bytes
    err: str


def run(*args, stdin=b"", env=None, timeout=120, **more):
    """Runs vial. stdin is bytes or an open file; env is added to the environment."""
    feed = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    if "stdout" not in more:
        more["stdout"] = subprocess.PIPE
    try:
        p = subprocess.run([VIAL, *map(str, args)], stderr=subprocess.PIPE, timeout=timeout,
                           env={**os.environ, **(env or {})}, **feed, **more)
    except subprocess.TimeoutExpired:
        return Done(-999, b"", f"no end after {timeout} s")
    return Done(p.returncode, p.stdout or b"", p.stderr.decode("utf-8", "replace"))


class Tally:
    """Counts checks, prints the failed ones."""

    def __init__(self):
        self.passed = self.failed = 0
        self.skips = []
        self.start = time.monotonic()

    def check(self, good, what, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}" + (f": {detail}" if detail else "").replace("\n", " | ")[:600], flush=True)
        return bool(good)

    def skip(self, why, n=1):
        self.skips += [why] * n
        print(f"skipped: {why}", flush=True)

    def seconds(self):
        return time.monotonic() - self.start

    def end(self):
        """Prints the last line and leaves with the exit code."""
        line = f"{self.passed} passed, {self.failed} failed"
        print(line + (f", {len(self.skips)} skipped" if self.skips else ""), flush=True)
        sys.exit(1 if self.failed else 0)


def need_vial():
    if not os.access(VIAL, os.X_OK):
        print(f"no program at {VIAL}: build it, or say where it is with VIAL=...")
        print("0 passed, 1 failed")
        sys.exit(1)


class Folder:
    """A folder to work in, removed at the end: `with Folder() as f: f.write("a.fq", text)`."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="vialtest.")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def write(self, name, data):
        with open(self / name, "wb") as f:
            f.write(data)
        return self / name

    def read(self, name):
        with open(self / name, "rb") as f:
            return f.read()

    def names(self):
        return sorted(os.listdir(self.path))

    def clear(self, *names):
        for name in names:
            if os.path.exists(self / name):
                os.unlink(self / name)


def check_refusal(t, what, done, expected=(), codes=(DATA,)):
    """The command ended with one of the codes and one line that holds all that is expected."""
    lines = done.err.splitlines()
    good = t.check(done.code in codes, what, f"exit code {done.code}, expected {codes}: {done.err.strip()[:300]}")
    good &= t.check(len(lines) == 1 and lines[0].startswith("vial: "), what, f"not one line: {done.err[:300]!r}")
    for part in expected:
        good &= t.check(part in done.err, what, f"message lacks {part!r}: {done.err.strip()[:300]!r}")
    return good


# ---- compressors, so that every byte of a container is ours to bend ----


def deflate(text, level=6):
    c = zlib.compressobj(level, zlib.DEFLATED, -15)
    return c.compress(text) + c.flush()


def trailer(text):
    return struct.pack("<II", zlib.crc32(text), len(text) & 0xffffffff)


def gzip(text, level=6, extra=None, name=None, comment=None, head_crc=False):
    """One gzip member (RFC 1952)."""
    flags = (4 if extra is not None else 0) | (8 if name is not None else 0) | (16 if comment is not None else 0)
    head = struct.pack("<4BIBB", 0x1f, 0x8b, 8, flags | (2 if head_crc else 0), 0, 0, 255)
    if extra is not None:
        head += struct.pack("<H", len(extra)) + extra
    for string in (name, comment):
        if string is not None:
            head += string + b"\0"
    if head_crc:
        head += struct.pack("<H", zlib.crc32(head) & 0xffff)
    return head + deflate(text, level) + trailer(text)


def bgzf_block(text, level=6):
    """One BGZF block of at most 64 KiB of text (SAM specification, 4.1)."""
    data = deflate(text, level)
    size = 18 + len(data) + 8
    head = struct.pack("<4BIBBH2BHH", 0x1f, 0x8b, 8, 4, 0, 0, 255, 6, 66, 67, 2, size - 1)
    return head + data + trailer(text)


BGZF_END = bgzf_block(b"")


def bgzf(text, size=65280, end=True, empty_every=0):
    """A row of BGZF blocks, with an empty one after each empty_every blocks, and the empty one at the end."""
    blocks = []
    for i, at in enumerate(range(0, len(text), size)):
        blocks.append(bgzf_block(text[at:at + size]))
        if empty_every and i % empty_every == empty_every - 1:
            blocks.append(BGZF_END)
    return b"".join(blocks) + (BGZF_END if end else b"")


def zstd(text, size=100000):
    """One zstd frame of raw blocks (RFC 8878): a single segment, its length in 4 bytes."""
    frame = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(text))
    pieces = [text[at:at + size] for at in range(0, len(text), size)] or [b""]
    for i, piece in enumerate(pieces):
        head = (i + 1 == len(pieces)) | len(piece) << 3
        frame += struct.pack("<I", head)[:3] + piece
    return frame


def zstd_skip(data):
    return struct.pack("<II", 0x184d2a50, len(data)) + data


# ---- reads ----


def record(name, base, quality=None, plus=b"", end=b"\n"):
    quality = b"I" * len(base) if quality is None else quality
    return b"@" + name + end + base + end + b"+" + plus + end + quality + end


def reads(n, seed=1, length=100, mate=0, style="illumina", ragged=False):
    """n reads as text. Mates of one seed have the same names and letters of their own."""
    rng = numpy.random.default_rng([seed, mate])
    lengths = rng.integers(1, 2 * length, n) if ragged else numpy.full(n, length)
    total = int(lengths.sum())
    base = numpy.frombuffer(b"ACGT", numpy.uint8)[rng.integers(0, 4, total)]
    base[rng.random(total) < 0.002] = ord("N")
    quality = numpy.frombuffer(b"FFFFFFFFF:FFF,F#", numpy.uint8)[rng.integers(0, 16, total)]
    base, quality, out, at = base.tobytes(), quality.tobytes(), [], 0
    for i in range(n):
        k = int(lengths[i])
        if style == "illumina":
            name = b"A00123:8:HXX2YDSXY:1:%d:%d:%d %d:N:0:ACGTAC+TTGCAA" % (1101 + i // 5000, i * 7 % 32768, i, mate or 1)
        elif style == "slash":
            name = b"run7.%d" % (i + 1) + (b"/%d" % mate if mate else b"")
        else:
            name = b"%s.%d" % (style.encode(), i + 1)
        out.append(b"@%s\n%s\n+\n%s\n" % (name, base[at:at + k], quality[at:at + k]))
        at += k
    return b"".join(out)


def interleave(one, two):
    """Two FASTQ texts of four-line records, in turn."""
    a, b = one.split(b"\n"), two.split(b"\n")
    return b"".join(b"\n".join(x[i:i + 4]) + b"\n" for i in range(0, len(a) - 1, 4) for x in (a, b))


class Refused(Exception):
    """The text is no legal FASTQ."""


def parse(text):
    """
    The reads of a text as (title, base, plus, quality), or Refused: our own plain reading of the rules.

    Four lines a read; all lines end alike, in LF or CR LF; the last line break may be missing; blank lines may
    follow the last read; letters and qualities are '!' to '~' and equally many; no NUL or CR in a title or '+' line.
    """
    lines = text.split(b"\n")
    crlf = len(lines) > 1 and lines[0].endswith(b"\r")
    broken = lines[:-1]
    if crlf:
        if not all(line.endswith(b"\r") for line in broken) or lines[-1].endswith(b"\r"):
            raise Refused("mixed line ends")
        broken = [line[:-1] for line in broken]
    rest, out, at = lines[-1], [], 0
    lines = broken + ([rest] if rest else [])
    while at < len(lines) and any(lines[at:at + 4]):
        four = lines[at:at + 4]
        if len(four) == 3 and four[1] == b"" and not rest:
            four.append(b"")  # an empty read whose last line is empty and has no line break
        if len(four) < 4:
            raise Refused("ends within a read")
        title, base, plus, quality = four
        if title[:1] != b"@" or plus[:1] != b"+" or len(base) != len(quality):
            raise Refused("no read")
        if any(c < 33 or c > 126 for c in base + quality) or any(c in b"\0\r" for c in title + plus):
            raise Refused("bad byte")
        out.append((title[1:], base, plus[1:], quality))
        at += 4
    if any(lines[at:]):
        raise Refused("text behind blank lines")
    if not out:
        raise Refused("no reads")
    return out


def name_of(title):
    """Up to the first blank."""
    for i, c in enumerate(title):
        if c in b" \t":
            return title[:i]
    return title


def parse_pairs(one, two):
    """Reads of two texts with mates side by side, or Refused."""
    a, b = parse(one), parse(two)
    check_mates(a, b)
    return a, b


def parse_interleaved(text):
    all_reads = parse(text)
    if len(all_reads) % 2:
        raise Refused("an orphan at the end")
    check_mates(all_reads[::2], all_reads[1::2])
    return all_reads


def check_mates(a, b):
    """Names are equal, or all differ in a final 1 and 2 behind the same mark."""
    if len(a) != len(b):
        raise Refused("unequal numbers of reads")
    marks = set()
    for x, y in zip(a, b):
        p, q = name_of(x[0]), name_of(y[0])
        if p == q:
            marks.add(b"")
        elif len(p) > 1 and p[:-1] == q[:-1] and p[-1:] == b"1" and q[-1:] == b"2" and p[-2:-1] in (b"/", b".", b"_", b"-", b":"):
            marks.add(p[-2:-1])
        else:
            raise Refused("names are no mates")
    if len(marks) > 1:
        raise Refused("mates are marked in two ways")


def legal(model, *texts):
    try:
        model(*texts)
    except Refused:
        return False
    return True
