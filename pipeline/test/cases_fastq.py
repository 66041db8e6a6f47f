"""
FASTQ: every odd input comes back byte for byte, or is refused with exit code 65 and one line that names the
place.

Small cases are files: testdata/fastq/NAME.in, pairs/NAME.1.in and NAME.2.in, interleaved/NAME.in. Where
NAME.err stands beside, the input is refused, and each of its lines is part of the message. Large cases and
containers are made here.

Suites: reads. Also: asan.
"""
import bz2
import glob
import json
import lzma
import os
import shutil
import stat
import struct
import zlib

import numpy

from containers import BGZF_END, bgzf, bgzf_block, gunzip, gzip, zstd, zstd_skip
from fqmodel import interleave, legal, parse, parse_interleaved, parse_pairs, reads, record
from vialtest import (CANTCREAT, DATA, IOERR, NOINPUT, OK, SANITIZED, SOAK, USAGE, Part, check_refusal, main,
                      of_threads, run)

HERE = "testdata/fastq"


def stored(t, f, what, inputs, texts, options=(), profiles=("compact", "portable"), stdin=b"", env=None):
    """Ingests the inputs, one or two, and compares what export gives with the texts."""
    for profile in profiles:
        name = f"{what}, {profile}"
        done = run("ingest", "-q", "--profile", profile, *options, "-o", f / "s.h5", *inputs, stdin=stdin,
                   env=env)
        if t.check(done.code == OK, name, f"exit code {done.code}: {done.err.strip()[:300]}"):
            t.check(done.err == "", name, f"-q is not quiet: {done.err!r}")
            compare(t, f, name, texts)
        f.clear("s.h5")
        t.check(not [x for x in f.names() if "part" in x], name, f"left over: {f.names()}")


def compare(t, f, what, texts):
    if len(texts) == 1:
        done = run("export", "-q", f / "s.h5")
        t.check(done.code == OK and done.out == texts[0], what, difference(done, texts[0]))
        return
    done = run("export", "-q", f / "s.h5", "-1", f / "out.1", "-2", f / "out.2")
    if t.check(done.code == OK, what, done.err):
        for s in (0, 1):
            t.check(f.read(f"out.{s + 1}") == texts[s], what, f"mate {s + 1} differs")
    f.clear("out.1", "out.2")


def difference(done, text):
    if done.code:
        return f"exit code {done.code}: {done.err.strip()}"
    at = next((i for i, (a, b) in enumerate(zip(done.out, text)) if a != b), min(len(done.out), len(text)))
    return (f"byte {at}: {done.out[at:at + 40]!r} instead of {text[at:at + 40]!r}; {len(done.out)} bytes, "
            f"{len(text)} expected")


def refused(t, f, what, inputs, expected, options=(), codes=(DATA,), stdin=b"",
            places=("byte", "record", "line"), env=None):
    before = f.names()
    done = run("ingest", "-q", *options, "-o", f / "s.h5", *inputs, stdin=stdin, env=env)
    check_refusal(t, what, done, expected, codes)
    if places:
        t.check(any(f"{place} " in done.err for place in places), what, f"no place: {done.err.strip()}")
    if not t.check(f.names() == before, what, f"left over: {set(f.names()) - set(before)}"):
        f.clear("s.h5")


# ---- small files ----


def text_of(path):
    with open(path, "rb") as file:
        return file.read()


def expected_of(path):
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def container(i, text):
    """Another one each time."""
    return (text, gzip(text), bgzf(text, 7), zstd(text, 5), gzip(text[:9]) + gzip(b"") + gzip(text[9:]),
            bgzf(text, 50, empty_every=1))[i % 6]


# Words of a message that names no place: what is no FASTQ at all.
NO_PLACE = ("fasta", "sam", "cram", "qual_454", "vcf", "nul", "blank", "html",
            "utf16")


def one_file(t, f, path, i):
    """A case of one file, as it is and in one of six containers."""
    name, text, expected = os.path.basename(path)[:-3], text_of(path), expected_of(path[:-2] + "err")
    t.check(legal(parse, text) == (expected is None), name,
            "the tests' own reading of the rules says otherwise")
    if expected is None:
        if not SANITIZED:
            stored(t, f, name, [path], [text], profiles=("compact",))
        wrapped = container(i, text)
        stored(t, f, f"{name}, container {i % 6}", [f.write("wrapped.fq", wrapped)], [text],
               profiles=("portable",))
        stored(t, f, f"{name}, container {i % 6} on standard input", ["-"], [text], profiles=("fast",),
               stdin=wrapped)
    else:
        placed = not name.startswith(NO_PLACE) and "empty" not in "".join(expected)
        refused(t, f, name, [path], [name + ".in", *expected], places=("byte",) if placed else ())
        refused(t, f, f"{name}, BGZF", [f.write("x.fastq.gz", bgzf(text, 11))], ["x.fastq.gz", *expected],
                places=())


def one_pair(t, f, path, i):
    name, texts = "pairs/" + os.path.basename(path)[:-5], [text_of(path), text_of(path[:-4] + "2.in")]
    paths, expected = [path, path[:-4] + "2.in"], expected_of(path[:-4] + "err")
    t.check(legal(parse_pairs, *texts) == (expected is None), name,
            "the tests' own reading of the rules says otherwise")
    if expected is None:
        stored(t, f, name, paths, texts)
        mixed = [f.write("R1.fq", container(i, texts[0])), f.write("R2.fq", container(i // 6 + 1, texts[1]))]
        stored(t, f, f"{name}, containers {i % 6} and {(i // 6 + 1) % 6}", mixed, texts,
               profiles=("compact",))
    else:
        refused(t, f, name, paths, expected, places=())


def one_interleaved(t, f, path, _):
    name, text = "interleaved/" + os.path.basename(path)[:-3], text_of(path)
    expected = expected_of(path[:-2] + "err")
    t.check(legal(parse_interleaved, text) == (expected is None), name,
            "the tests' own reading of the rules says otherwise")
    if expected is None:
        stored(t, f, name, [path], [text], ["--interleaved"])
    else:
        refused(t, f, name, [path], [os.path.basename(path), *expected], ["--interleaved"])


def enough(t, _):
    found = len(glob.glob(f"{HERE}/*.in"))
    t.check(found > 100, "small files", f"only {found} found under {HERE}")


def case_parts():
    for pattern, call in (("*.in", one_file), ("pairs/*.1.in", one_pair),
                          ("interleaved/*.in", one_interleaved)):
        for i, path in enumerate(sorted(glob.glob(f"{HERE}/{pattern}"))):
            yield Part(os.path.relpath(path, HERE), call, (path, i))


# ---- containers ----


TEXT, SECOND = reads(400, seed=2), reads(300, seed=3)


def good_containers(t, f):
    text, whole, blocks = TEXT, gzip(TEXT), bgzf(TEXT, 5000)
    good = {
        "gzip, no compression": gzip(text, 0),
        "gzip, best compression": gzip(text, 9),
        "gzip with name, comment, extra field and header CRC": gzip(text, 6, b"XX\4\0abcd", b"a.fq",
                                                                    b"made by hand", True),
        "gzip with a long name": gzip(text, 6, None, b"n" * 3000),
        "gzip with a full extra field": gzip(text, 6, b"YY" + struct.pack("<H", 65000) + b"x" * 65000),
        "gzip members in a row": gzip(text[:777]) + gzip(text[777:20000]) + gzip(text[20000:]),
        "gzip, a member for each byte": b"".join(gzip(text[i:i + 1]) for i in range(60)) + gzip(text[60:]),
        "gzip with empty members": gzip(b"") + gzip(text[:5]) + gzip(b"") * 50 + gzip(text[5:]) + gzip(b""),
        "gzip with zero padding": whole + bytes(1),
        "gzip with 100,000 zero bytes behind": whole + bytes(100000),
        "BGZF": blocks,
        "BGZF with zero padding": blocks + bytes(512),
        "BGZF with inner empty blocks": bgzf(text, 5000, empty_every=2),
        "BGZF, empty blocks first": BGZF_END * 9 + blocks,
        "BGZF without final block": bgzf(text, 5000, end=False),
        "BGZF, blocks of one byte": bgzf(text[:3000], 1) + bgzf(text[3000:]),
        "BGZF, blocks without compression": b"".join(bgzf_block(text[i:i + 60000], 0)
                                                     for i in range(0, len(text), 60000)),
        "BGZF files in a row": bgzf(text[:30000], 999) + bgzf(text[30000:]),
        "BGZF, then a plain member": bgzf(text[:30000]) + gzip(text[30000:]),
        "a plain member, then BGZF": gzip(text[:30001]) + bgzf(text[30001:], 4000),
        "BGZF, plain, BGZF, plain": (bgzf(text[:100], end=False) + gzip(text[100:999]) +
                                     bgzf(text[999:5000], 70) + gzip(text[5000:])),
        "zstd": zstd(text),
        "zstd frames in a row": zstd(text[:10]) + zstd(b"") + zstd(text[10:]),
        "zstd with frames to skip": zstd_skip(b"hello") + zstd(text) + zstd_skip(b""),
        "plain under the name .gz": text,
    }
    for name, data in good.items():
        stored(t, f, name, [f.write("x.fastq.gz", data)], [text], profiles=("compact",))
    for name in ("gzip with zero padding", "BGZF with inner empty blocks", "BGZF, then a plain member",
                 "zstd frames in a row"):
        stored(t, f, f"{name}, standard input", ["-"], [text], profiles=("compact",), stdin=good[name])
    slow_pipe(t, f, whole, text)


def slow_pipe(t, f, data, text):
    """A pipe that gives a few bytes at a time."""
    slow = os.pipe()
    if not os.fork():
        os.close(slow[0])
        for at in range(0, len(data), 997):
            os.write(slow[1], data[at:at + 997])
        os._exit(0)
    os.close(slow[1])
    with os.fdopen(slow[0], "rb") as pipe:
        stored(t, f, "a slow pipe", ["-"], [text], profiles=("compact",), stdin=pipe)
    os.wait()


def at_end(data, back, value):
    return data[:len(data) - back] + value + data[len(data) - back + len(value):]


def bad_containers(t, f):
    text, whole, blocks = TEXT, gzip(TEXT), bgzf(TEXT, 5000)
    crc, size = struct.pack("<I", 0x12345678), struct.pack("<I", len(text) + 1)
    first = len(bgzf_block(text[:5000]))
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0x10
    bad = {
        "gzip cut in the header": whole[:7],
        "gzip cut in its name": gzip(text, 6, None, b"name" * 10)[:30],
        "gzip cut in the data": whole[:len(whole) // 2],
        "gzip cut in the trailer": whole[:-3],
        "gzip without trailer": whole[:-8],
        "gzip, a bit flipped": bytes(flipped),
        "gzip, wrong CRC": at_end(whole, 8, crc),
        "gzip, wrong length": at_end(whole, 4, size),
        "gzip with text behind": whole + b"behind",
        "gzip with one letter behind": whole + b"x",
        "gzip, then zeros, then text": whole + bytes(100) + b"x",
        "gzip, second member cut": whole + whole[:100],
        "gzip, second member wrong": whole[:-8] + crc + whole[-4:] + whole,
        "gzip, then half a header": whole + b"\x1f\x8b",
        "gzip, method 7": whole[:2] + b"\7" + whole[3:],
        "gzip, reserved flag": whole[:3] + b"\x80" + whole[4:],
        "gzip, wrong header CRC": gzip(text, head_crc=True)[:10] + b"\0\0" + gzip(text, head_crc=True)[12:],
        "BGZF cut in a block": blocks[:first + 100],
        "BGZF cut in a header": blocks[:first + 5],
        "BGZF cut in the final block": blocks[:-1],
        "BGZF, wrong CRC in the last block of text": blocks[:-28 - 8] + crc + blocks[-28 - 4:],
        "BGZF, wrong CRC in the first block": blocks[:first - 8] + crc + blocks[first - 4:],
        "BGZF, wrong length in a block": blocks[:first - 4] + size + blocks[first:],
        "BGZF, block size 0": blocks[:16] + b"\0\0" + blocks[18:],
        "BGZF, block size one less": blocks[:16] + struct.pack("<H", first - 2) + blocks[18:],
        "BGZF, block size one more": blocks[:16] + struct.pack("<H", first) + blocks[18:],
        "BGZF with text behind": blocks + b"@r1\nAC\n+\nII\n",
        "BGZF, then zstd": blocks + zstd(text),
        "zstd cut in the header": zstd(text)[:6],
        "zstd cut in a block": zstd(text)[:5000],
        "zstd, wrong length": zstd(text)[:5] + struct.pack("<I", len(text) - 1) + zstd(text)[9:],
        "zstd with text behind": zstd(text) + b"x",
    }
    for name, data in bad.items():
        refused(t, f, name, [f.write("x.fastq.gz", data)], ["x.fastq.gz: byte "], places=("byte",))
    refused(t, f, "gzip cut on standard input", ["-"], ["byte"], stdin=whole[:5000])


def other_containers(t, f):
    """What other programs pack, and what holds no reads."""
    foreign = {
        "bzip2": bz2.compress(TEXT), "xz": lzma.compress(TEXT), "zip": b"PK\3\4" + bytes(100),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
        "lz4": b"\x04\x22\x4d\x18" + bytes(100), "compress": b"\x1f\x9d\x90" + bytes(100),
        "lzip": b"LZIP\1" + bytes(50),
    }
    for name, data in foreign.items():
        refused(t, f, name, [f.write("x.fastq", data)],
                ["x.fastq: ", name, "-compressed" if name != "compress" else ".Z"], places=())
        refused(t, f, f"{name} as the second mate", [f.write("R1.fq", TEXT), f.write("R2.fq", data)],
                ["R2.fq: ", name], places=())
    refused(t, f, "bzip2 on standard input", ["-"], ["bzip2"], stdin=foreign["bzip2"], places=())
    tar = b"S1.fastq".ljust(257, b"\0") + b"ustar\0" + bytes(249) + TEXT
    refused(t, f, "tar", [f.write("x.fastq.gz", gzip(tar))], ["x.fastq.gz: ", "a tar archive"], places=())
    refused(t, f, "gzip in gzip", [f.write("x.fastq.gz", gzip(gzip(TEXT)))], ["x.fastq.gz: ", "0x1f"],
            places=())


def files_in_a_row(t, f):
    text, second = TEXT, SECOND
    one, two, three = f.write("a.fq", text), f.write("b.fq", gzip(second)), f.write("c.fq", bgzf(text, 3333))
    stored(t, f, "files in a row", [f"{one},{two},{three}"], [text + second + text], profiles=("compact",))
    stored(t, f, "files in a row, the last without a final line break",
           [f"{two},{f.write('d.fq', text[:-1])}"], [second + text[:-1]], profiles=("compact",))
    stored(t, f, "files in a row, blank lines at the end",
           [f"{two},{f.write('d.fq', text + bytes([10]) * 3)}"], [second + text + b"\n\n\n"],
           profiles=("compact",))
    stored(t, f, "a file and standard input in a row", [f"{one},-"], [text + second], profiles=("compact",),
           stdin=second)
    stored(t, f, "a comma in a name", [f.write("x,y.fq", text)], [text], profiles=("compact",))
    refused(t, f, "files in a row, no line break between", [f"{f.write('d.fq', text[:-1])},{one}"],
            ["d.fq: byte ", "a.fq"])
    stored(t, f, "files in a row, blank lines between",
           [f"{f.write('d.fq', text + bytes([10]) * 3)},{one}"], [text + b"\n\n\n" + text],
           profiles=("compact",))
    refused(t, f, "files in a row, the second bad", [f"{one},{f.write('d.fq', second[:-9])}"],
            ["d.fq: byte ", "record 700"])
    refused(t, f, "files in a row, the second missing", [f"{one},{f / 'none.fq'}"], ["none.fq"],
            codes=(NOINPUT,), places=())
    refused(t, f, "files in a row, a FASTA",
            [f"{one},{f.write('d.fq', b'>r1' + bytes([10]) + b'ACGT' + bytes([10]))}"],
            ["d.fq: byte 0, record 401, line 1601"])
    stored(t, f, "an empty file in a row", [f"{one},{f.write('d.fq', b'')},{two}"], [text + second],
           profiles=("compact",))


# ---- large ----


def ragged_reads(text):
    """Reads of up to 9000 letters, cut out of a text, some with '+' texts."""
    rng = numpy.random.default_rng(5)
    places = zip(rng.integers(0, len(text) - 9000, 3000), rng.integers(0, 9000, 3000) ** 2 // 9000)
    return b"".join(record(b"ERR1.%d %d/1" % (i, i),
                           text[at:at + int(k)].replace(b"\n", b"A").replace(b" ", b"C"), b"5" * int(k),
                           b"x" if i % 7 == 0 else b"")
                    for i, (at, k) in enumerate(places))


def large(t, f):
    text = reads(24000, seed=4)  # three blocks of 2 MiB
    lines = text.split(b"\n")
    for threads in of_threads(1, 3):
        stored(t, f, f"large, {threads} threads", [f.write("l.fq", text)], [text], ["-@", threads],
               profiles=("compact",))
    mixed = ragged_reads(text)
    stored(t, f, "large, ragged, with '+' texts", [f.write("l.fq", mixed)], [mixed], profiles=("compact",))
    stored(t, f, "large, CR LF", [f.write("l.fq", text.replace(b"\n", b"\r\n"))],
           [text.replace(b"\n", b"\r\n")], profiles=("compact",))
    for name, tail in {"no final line break": b"", "a blank line": b"\n\n",
                       "a million blank lines": b"\n" * 1000001}.items():
        stored(t, f, f"large, {name}", [f.write("l.fq", text[:-1] + tail)], [text[:-1] + tail],
               profiles=("compact",))
    empty = b"@\n\n+\n\n" * 500000
    stored(t, f, "500,000 empty reads without names", [f.write("l.fq", empty)], [empty],
           profiles=("compact",))
    stored(t, f, "500,000 empty reads, the last line break missing", [f.write("l.fq", empty[:-1])],
           [empty[:-1]], profiles=("compact",))
    for at in (0, 1, 7777, 23999):
        start = sum(map(len, lines[:4 * at])) + 4 * at
        broken = lines[:4 * at + 3] + [lines[4 * at + 3][:-1]] + lines[4 * at + 4:]
        where = start + sum(map(len, lines[4 * at:4 * at + 3])) + 3
        said = (f"l.fq: byte {where}, record {at + 1}, line {4 * at + 4}: "
                "quality has 99 letters, sequence has 100")
        for threads, data in ((1, b"\n".join(broken)), (3, bgzf(b"\n".join(broken)))):
            refused(t, f, f"large, read {at + 1} bad, {threads} threads", [f.write("l.fq", data)], [said],
                    ["-@", threads])
    if SOAK:  # more than a record may have
        refused(t, f, "a line without end", [f.write("l.fq", b"@r1\n" + b"A" * (300 << 20))], ["l.fq: "],
                places=())


def random_bytes():
    """Reads with any byte wherever it is legal."""
    rng = numpy.random.default_rng(5)
    in_names = [*range(1, 10), 11, 12, *range(14, 256)]

    def some(letters, n):
        return bytes(rng.choice(letters, n).astype(numpy.uint8))

    return b"".join(record(some(in_names, 40), some(range(33, 127), 30), some(range(33, 127), 30))
                    for _ in range(2000))


def odd_shapes(t, f):
    """Long reads, long names, '+' lines, any bytes."""
    long_read = record(b"long", (b"ACGTTGCANA" * 130000), b"?5+~!" * 260000)
    several = record(b"a", b"ACGT") + long_read + record(b"b", b"") + long_read + record(b"c", b"N")
    stored(t, f, "reads of 1.3 Mb", [f.write("l.fq", several)], [several])
    very_long = record(b"very", b"GATTACA" * 1000000) + record(b"short", b"A")
    stored(t, f, "a read of 7 Mb", [f.write("l.fq.gz", gzip(very_long, 1))], [very_long],
           profiles=("compact",))
    changing = b"".join(record(b"a1" * k, b"ACGT") for k in (1, 64, 65, 128, 129, 200, 1000))
    stored(t, f, "names of up to 2000 alternations", [f.write("l.fq", changing)], [changing])
    names = b"".join(record(b"n" * k + b" " + b"c" * k, b"A") for k in (255, 256, 1000, 65535, 65536, 300000))
    stored(t, f, "names of up to 300,000 bytes", [f.write("l.fq", names)], [names])
    plus = b"".join(record(b"r%d x" % i, b"ACGT", plus=b"r%d x" % i if i % 2 else b"p" * (i % 300))
                    for i in range(3000))
    stored(t, f, "'+' lines of all kinds", [f.write("l.fq", plus)], [plus])
    everything = random_bytes()
    stored(t, f, "random bytes wherever they are legal", [f.write("l.fq", everything)], [everything])


def large_pairs(t, f):
    one, two = reads(15000, seed=6, mate=1), reads(15000, seed=6, mate=2, ragged=True)
    a, b = f.write("R1.fq.gz", gzip(one, 1)), f.write("R2.fq", two)
    stored(t, f, "R1 gzip, R2 plain", [a, b], [one, two])
    stored(t, f, "R1 standard input, R2 a file", ["-", b], [one, two], profiles=("compact",), stdin=bgzf(one))
    stored(t, f, "R1 a file, R2 standard input", [a, "-"], [one, two], ["-@", 1], profiles=("compact",),
           stdin=two)
    both = interleave(one, two)
    stored(t, f, "interleaved, large", [f.write("both.fq", both)], [both], ["--interleaved"],
           profiles=("compact",))
    done = run("ingest", "-q", "-o", f / "s.h5", a, b)
    t.check(run("export", "-q", f / "s.h5").out == both, "pairs exported in turn", done.err)
    done = run("ingest", "-q", "--force", "--interleaved", "-o", f / "s.h5", f / "both.fq")
    compare(t, f, "interleaved exported apart", [one, two])
    f.clear("s.h5", "both.fq")
    halves = [one.split(b"\n"), two.split(b"\n")]
    cut = 4 * 6001
    parts = [f.write(f"p{s}{k}.fq", b"\n".join(h[:cut]) + b"\n" if k == 1 else b"\n".join(h[cut:]))
             for s, h in enumerate(halves) for k in (1, 2)]
    stored(t, f, "pairs of files in a row", [f"{parts[0]},{parts[1]}", f"{parts[2]},{parts[3]}"], [one, two],
           profiles=("compact",))
    stored(t, f, "pairs of files in a row, split elsewhere", [f"{parts[0]},{parts[1]}", b], [one, two],
           profiles=("compact",))
    f.clear(*(os.path.basename(p) for p in parts))
    long_two = reads(15000, seed=6, mate=2, length=900)
    stored(t, f, "R2 nine times as long as R1", [a, f.write("long.fq", long_two)], [one, long_two],
           profiles=("compact",))


def unequal_pairs(t, f):
    """One file has more reads than the other, or others."""
    one = reads(15000, seed=6, mate=1)
    a = f.write("R1.fq.gz", gzip(one, 1))
    more = reads(25000, seed=6, mate=1)  # 10,000 more
    first = more[:len(one)]
    t.check(first.count(b"\n") == one.count(b"\n"), "the generator")
    second = reads(25000, seed=6, mate=2)
    other = f.write("other.fq", reads(15000, seed=6, mate=2))
    for threads in (1, 3):
        many = f.write("more.fq", more)
        refused(t, f, f"10,000 more in R1, {threads} threads", [many, other],
                ["more.fq: byte ", "record 15001", "has more records than its mate", "other.fq",
                 "ends after 15000"], ["-@", threads])
        refused(t, f, f"10,000 more in R2, {threads} threads", [a, f.write("more.fq", second)],
                ["more.fq: byte ", "record 15001", "has more records than its mate", "R1.fq.gz",
                 "ends after 15000"], ["-@", threads])
    shifted = f.write("shifted.fq", reads(15000, seed=6, mate=2).split(b"\n", 4)[4])
    refused(t, f, "R2 shifted by one read", [a, shifted],
            ["shifted.fq: byte 0, record 1, line 1", "do not match"])
    blind = reads(15000, seed=6, mate=2).split(b"\n")
    del blind[4 * 9000:4 * 9001]
    at = sum(map(len, blind[:4 * 9000])) + 4 * 9000
    refused(t, f, "R2 lacks read 9001", [a, f.write("lacks.fq", b"\n".join(blind))],
            [f"lacks.fq: byte {at}, record 9001, line 36001: names of a pair do not match"])


# ---- the command line ----


def records_longer_than_a_block(t, f, threads):
    """Blocks of text have 2 MiB: a title, a pair or a mate may be longer, at any number of threads."""
    def big(name, letter, n):
        return record(name, letter * n, b"I" * n)
    pair = big(b"p", b"A", 600000) + big(b"p", b"C", 600000)
    small = b"".join(record(b"s", b"ACGT", b"IIII") * 2 for _ in range(1000))
    texts = {"a pair": pair, "pairs between others": small + pair + small + pair,
             "a pair of 3 Mb and 10 bases": big(b"p", b"A", 3000000) + big(b"p", b"C", 10)}
    long_title = record(b"p " + b"c" * 3000000, b"ACGT", b"IIII")
    for what, text in texts.items():
        stored(t, f, f"{what} longer than a block, {threads} threads", [f.write("a.fq", text)], [text],
               ("--interleaved", "-@", threads), ("compact",))
    stored(t, f, f"a title longer than a block, {threads} threads", [f.write("a.fq", long_title)],
           [long_title], ("-@", threads), ("compact",))
    one, two = record(b"p", b"ACGT", b"IIII") * 2000, long_title + record(b"p", b"ACGT", b"IIII") * 1999
    stored(t, f, f"a mate's title longer than a block, {threads} threads",
           [f.write("a.fq", one), f.write("b.fq", two)], [one, two], ("-@", threads), ("compact",))
    refused(t, f, f"zero bytes behind an @, {threads} threads", [f.write("a.fq", b"@" + bytes(3 << 20))],
            ["a.fq", "NUL"], ("-@", threads))


def many_lanes(t, f):
    """More lanes than any table is made for, none of them left out."""
    lanes = [record(b"r%d" % i, b"ACGT", b"IIII") for i in range(1100)]
    names = [str(f.write(f"{i}.fq", lane)) for i, lane in enumerate(lanes)]
    done = run("ingest", "-q", "-o", f / "s.h5", ",".join(names))
    t.check(done.code == OK and run("export", "-q", f / "s.h5").out == b"".join(lanes), "1100 lanes",
            done.err)
    check_refusal(t, "the last of 1100 lanes is missing",
                  run("ingest", "-q", "-o", f / "x.h5", ",".join(names) + ",none.fq"), ["none.fq"],
                  (NOINPUT,))
    for row in (names[0] + ",", "," + names[0], names[0] + ",," + names[1]):
        check_refusal(t, "an empty name in a row", run("ingest", "-q", "-o", f / "x.h5", row), ["empty"],
                      (USAGE,))


def lane(number, mate, seed, n=40):
    """A lane of a library: its name and its reads."""
    return f"P1_S3_L{number:03}_R{mate}_001.fastq", reads(n, seed=seed, mate=mate)


def folders(t, f):
    """A folder of lanes is one library: lanes in order of their numbers, mates side by side."""
    os.mkdir(f / "P1")
    order = [(1, 11), (2, 12), (10, 13)]
    for number, seed in reversed(order):
        for mate in (1, 2):
            name, text = lane(number, mate, seed)
            f.write("P1/" + (name + ".gz" if number == 2 else name), gzip(text) if number == 2 else text)
    f.write("P1/md5sums.txt", b"not for us\n")
    f.write("P1/.P1_S3_L004_R1_001.fastq", b"hidden\n")
    f.write("P1/P1_S3_L004_R1_001.fastq.part", b"on its way\n")
    want = [b"".join(reads(40, seed=seed, mate=mate) for _, seed in order) for mate in (1, 2)]
    for path in (f / "P1", f / "P1/"):
        done = run("ingest", "-q", "--force", "-o", f / "s.h5", path)
        t.check(done.code == OK, "a folder of lanes", done.err)
        run("export", "-q", "--force", f / "s.h5", "-1", f / "x1", "-2", f / "x2")
        t.check([f.read("x1"), f.read("x2")] == want, "a folder of lanes comes back in order of lanes")
    notes = json.loads(run("info", "--json", f / "s.h5").out)["notes"]
    f.clear("s.h5", "x1", "x2")
    sources = [notes[f"source/{i}"] for i in range(6)]
    t.check([(s["name"][8:10], s["stream"], s["role"]) for s in sources] ==
            [(b, m, f"R{m}") for m in (1, 2) for b in ("01", "02", "10")], "what each file of it was",
            str(sources)[:300])
    for what, name, words in (("a mate that is missing", "P1_S3_L003_R1_001.fq",
                               ("P1_S3_L003_R1_001.fq", "mates")),
                              ("second mates of no first", "P1_S3_L003_R2_001.fq",
                               ("P1_S3_L003_R2_001.fq", "mates")),
                              ("a lane twice", "P1_S3_L010_R2_001.fq", ("two files", "P1_S3_L010_R2_001.fq")),
                              ("another library", "P2_S4_L001_R1_001.fq", ("P2_S4", "library")),
                              ("index reads", "P1_S3_L001_I1_001.fastq.gz",
                               ("P1_S3_L001_I1", "index reads"))):
        f.write("P1/" + name, reads(40, seed=1))
        refused(t, f, what, [f / "P1"], ["P1", *words], codes=(USAGE,), places=())
        os.unlink(f / ("P1/" + name))
    shutil.rmtree(f / "P1")
    os.mkdir(f / "P2")
    for i in (2, 1):
        f.write(f"P2/V350_L0{i}_read.fq", reads(9, seed=i))
    done = run("ingest", "-q", "--force", "-o", f / "s.h5", f / "P2")
    t.check(done.code == OK and run("export", "-q", f / "s.h5").out == reads(9, seed=1) + reads(9, seed=2),
            "lanes without mates", done.err)
    f.clear("s.h5")
    shutil.rmtree(f / "P2")
    os.mkdir(f / "P3")
    f.write("P3/x_R2.fq", reads(3))
    refused(t, f, "second mates alone", [f / "P3"], ["P3", "second mates"], codes=(USAGE,), places=())
    shutil.rmtree(f / "P3")


def output_is_input(t, f):
    text = reads(5)
    a = f.write("a.fq", text)
    check_refusal(t, "a store over its input", run("ingest", "-q", "--force", "-o", a, a), ["input"],
                  (USAGE,))
    run("ingest", "-q", "-o", f / "s.h5", a)
    store = f.read("s.h5")
    for command in (("export", "-o"), ("view", "-o")):
        done = run(command[0], "--force", f / "s.h5", command[1], f / "s.h5")
        t.check(done.code == USAGE and f.read("s.h5") == store, f"{command[0]} over its store", done.err)
    os.mkfifo(f / "pipe")
    check_refusal(t, "a store over a pipe", run("ingest", "-q", "--force", "-o", f / "pipe", a), ["pipe"],
                  (CANTCREAT,))
    t.check(f.read("a.fq") == text and stat.S_ISFIFO(os.stat(f / "pipe").st_mode), "what was there stays")


def command_line(t, f):
    text = reads(50, seed=8)
    a = f.write("a.fq", text)
    refused(t, f, "a missing file", [f / "none.fq"], ["none.fq"], codes=(NOINPUT,), places=())
    os.mkdir(f / "in.fq")
    refused(t, f, "an empty folder", [f / "in.fq"], ["in.fq", "folder"], codes=(NOINPUT,), places=())
    refused(t, f, "a missing second mate", [a, f / "none.fq"], ["none.fq"], codes=(NOINPUT,), places=())
    refused(t, f, "a folder as second mate", [a, f / "in.fq"], ["in.fq", "folder"], codes=(USAGE,), places=())
    refused(t, f, "a folder in a row", [f"{a},{f / 'in.fq'}"], ["in.fq", "folder"], codes=(USAGE,), places=())
    os.rmdir(f / "in.fq")
    refused(t, f, "standard input twice", [f"{a},-,-"], ["standard input"], codes=(USAGE,), places=(),
            stdin=text)
    refused(t, f, "standard input for both mates", ["-", "-"], ["standard input"], codes=(USAGE,), places=(),
            stdin=text)
    refused(t, f, "two files and --interleaved", [a, f.write("b.fq", text)], ["leave --interleaved"],
            ["--interleaved"], codes=(USAGE,), places=())
    f.clear("b.fq")
    refused(t, f, "a format that is none", [a], ["sff"], ["--format", "sff"], codes=(USAGE,), places=())
    for words in (["ingest", a], ["ingest", "-o", f / "s.h5"], ["ingest", "-o", f / "s.h5", a, a, a],
                  ["ingest", "--profile", "tiny", "-o", f / "s.h5", a],
                  ["ingest", "-@", "0", "-o", f / "s.h5", a], ["ingest", "-@", "x", "-o", f / "s.h5", a],
                  ["ingest", "--nonsense", "-o", f / "s.h5", a],
                  ["export"], ["export", "-1", "x", "s.h5"],
                  ["export", "-1", f / "x", "-2", f / "x", f / "s.h5"], ["verify"], ["info"], ["nothing"],
                  []):
        done = run(*words)
        t.check(done.code == USAGE, f"usage: {words}", f"exit code {done.code}")
        t.check(f.names() == ["a.fq"], f"usage: {words}", f"left over: {f.names()}")
    t.check(run("ingest", "-q", "-o", f / "s.h5", a).code == OK, "ingest before --force")
    before = f.read("s.h5")
    refused(t, f, "the store exists", [a], ["s.h5", "exists"], codes=(CANTCREAT,), places=())
    other = f.write("b.fq", reads(60, seed=9))
    refused(t, f, "--force with bad input", [f.write("bad.fq", text[:-9])], ["bad.fq"], ["--force"])
    t.check(f.read("s.h5") == before, "--force with bad input", "the old store was touched")
    done = run("ingest", "-q", "--force", "-o", f / "s.h5", other)
    t.check(done.code == OK and run("export", "-q", f / "s.h5").out == reads(60, seed=9), "--force replaces",
            done.err)
    done = run("ingest", "-q", "-o", f / "deeper/s.h5", a)
    check_refusal(t, "no such folder", done, ["s.h5"], (CANTCREAT,))
    for command in ("info", "verify", "export"):
        for name, data in {"an empty file": b"", "a text": text,
                           "HDF5's signature alone": b"\x89HDF\r\n\x1a\n" + bytes(200),
                           "half a store": before[:len(before) // 2],
                           "a store and a byte": before + b"x",
                           "a store without its seal": bytes(512) + before[512:],
                           "a store without its first byte": before[1:]}.items():
            done = run(command, f.write("x.h5", data))
            check_refusal(t, f"{command} of {name}", done, ["x.h5"])
        check_refusal(t, f"{command} of a missing store", run(command, f / "none.h5"), ["none.h5"],
                      (NOINPUT,))
        check_refusal(t, f"{command} of a folder", run(command, f.path), ["folder"], (NOINPUT,))
    f.clear("a.fq", "b.fq", "bad.fq", "s.h5", "x.h5")
    # export to files
    text, second = reads(50, seed=10, mate=1), reads(50, seed=10, mate=2)
    run("ingest", "-q", "-o", f / "p.h5", f.write("1.fq", text), f.write("2.fq", second))
    run("ingest", "-q", "-o", f / "s.h5", f / "1.fq")
    done = run("export", "-q", f / "s.h5", "-o", f / "out.fq.gz")
    data = f.read("out.fq.gz")
    t.check(done.code == OK and data.endswith(BGZF_END) and zlib.decompress(data[:len(data) - 28], 47)
            and gunzip(data) == text, "export to .gz", done.err)
    check_refusal(t, "export over a file", run("export", "-q", f / "s.h5", "-o", f / "out.fq.gz"),
                  ["out.fq.gz"], (CANTCREAT,))
    t.check(run("export", "-q", "--force", f / "s.h5", "-o", f / "out.fq.gz").code == OK, "export --force")
    check_refusal(t, "single reads as pairs", run("export", "-q", f / "s.h5", "-1", f / "x", "-2", f / "y"),
                  ["s.h5"], (USAGE,))
    check_refusal(t, "export over the second file",
                  run("export", "-q", f / "p.h5", "-1", f / "x", "-2", f / "out.fq.gz"), ["out.fq.gz"],
                  (CANTCREAT,))
    check_refusal(t, "export to nowhere", run("export", "-q", f / "s.h5", "-o", f / "none/x"), ["none"],
                  (CANTCREAT,))
    done = run("export", "-q", f / "s.h5", "-o", "/dev/full")
    check_refusal(t, "export to a full device", done, ["/dev/full"], (IOERR,))
    with open("/dev/full", "wb") as full:
        check_refusal(t, "export to a full standard output", run("export", "-q", f / "s.h5", stdout=full), [],
                      (IOERR,))
        check_refusal(t, "info to a full standard output", run("info", "--json", f / "s.h5", stdout=full), [],
                      (IOERR,))
        check_refusal(t, "verify to a full standard output", run("verify", f / "s.h5", stdout=full), [],
                      (IOERR,))
    t.check(f.names() == ["1.fq", "2.fq", "out.fq.gz", "p.h5", "s.h5"], "exports", f"left over: {f.names()}")


if __name__ == "__main__":
    main(large, large_pairs, unequal_pairs, odd_shapes,
         *(Part(f"longer than a block {n}", records_longer_than_a_block, (n,)) for n in of_threads(1, 2, 4)),
         command_line, good_containers, bad_containers, other_containers, files_in_a_row, many_lanes, folders,
         output_is_input, enough, *case_parts())
