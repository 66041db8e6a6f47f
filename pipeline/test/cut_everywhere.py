"""
A good FASTQ cut at every byte: accepted only where what is left is a whole legal input, by our own reading of
the rules.

Plain, gzip, BGZF and zstd; single reads, pairs with one of the files cut, mates in turn. A plain text that
ends behind a read is a legal input; so is BGZF that ends behind a block, when the text so far is one.

Suites: reads. Also: asan.
"""
import struct
import zlib

from containers import BGZF_END, bgzf, bgzf_block, gzip, zstd
from fqmodel import Refused, interleave, parse, parse_interleaved, parse_pairs, record
from vialtest import DATA, NOINPUT, OK, Part, check_refusal, main, run



def members(data):
    """The text of whole gzip members in a row, or Refused."""
    out = b""
    while data:
        member = zlib.decompressobj(31)
        try:
            out += member.decompress(data)
        except zlib.error:
            raise Refused("bad member") from None
        if not member.eof:
            raise Refused("half a member")
        data = member.unused_data
    return out


def frame(data):
    """The text of one frame that zstd() made, or Refused."""
    size = struct.unpack("<I", data[5:9])[0] if len(data) >= 9 else None
    if size is None or data != zstd(data_text(data, size), 30):
        raise Refused("half a frame")
    return data_text(data, size)


def data_text(data, size):
    out, at, last = b"", 9, 0
    while not last and at + 3 <= len(data):
        head = int.from_bytes(data[at:at + 3], "little")
        last, n = head & 1, head >> 3
        out += data[at + 3:at + 3 + n]
        at += 3 + n
    return out[:size]


def one_cut(t, f, what, files, texts, options):
    """One cut; texts is what must come back, None if it must be refused."""
    paths = [f.write(f"R{s + 1}.fq", data) for s, data in enumerate(files)]
    before = f.names()
    done = run("ingest", "-q", "-@", 1, *options, "-o", f / "s.h5", *paths)
    left = set(f.names()) - set(before)
    if texts is None:
        check_refusal(t, what, done, ["R"], (DATA, NOINPUT))
        t.check(not left, what, f"left over: {left}")
        return
    if t.check(done.code == OK and left == {"s.h5"}, what,
               f"exit code {done.code}, {left}: {done.err.strip()}"):
        if len(files) == 2:
            run("export", "-q", f / "s.h5", "-1", f / "1", "-2", f / "2")
            back = [f.read("1"), f.read("2")]
        else:
            back = [run("export", "-q", f / "s.h5").out]
        t.check(back == texts, what, "export differs")


def cuts(t, f, name, files, which, model, unpack, options=()):
    """The file at place `which` cut behind every byte; without any it has no reads (no_reads.py)."""
    data = files[which]
    for n in t.some(range(1, len(data))):
        cut = [*files[:which], data[:n], *files[which + 1:]]
        try:
            texts = [unpack(d) if s == which else members(d) if d[:2] == b"\x1f\x8b" else d
                     for s, d in enumerate(cut)]
            model(*texts)
        except Refused:
            texts = None
        one_cut(t, f, f"{name}, cut to {n} of {len(data)} bytes", cut, texts, options)
        f.clear(*f.names())


def plain(data):
    return data


def all_cuts():
    single = (record(b"r1 x", b"ACGT", plus=b"r1 x") + record(b"r2", b"GG") + record(b"r3", b"") +
              record(b"r4", b"N", b"#"))
    tail = record(b"r1", b"ACGTA") + record(b"r2", b"") + b"\n\n"
    crlf = record(b"r1", b"ACG", plus=b"x") + record(b"r2", b"") + record(b"r3", b"T")
    crlf = crlf.replace(b"\n", b"\r\n") + b"\r\n"
    one = record(b"a/1", b"ACGT") + record(b"b/1", b"GG", plus=b"b/1") + record(b"c/1", b"A")
    two = record(b"a/2", b"TTT") + record(b"b/2", b"") + record(b"c/2", b"CC")
    same = record(b"pair1", b"ACGT") + record(b"pair11", b"GG")
    named = gzip(tail, 6, b"XX\2\0ab", b"a.fq", b"c", True)
    each = bgzf_block(single[:24]) + bgzf_block(single[24:36]) + BGZF_END + bgzf_block(single[36:]) + BGZF_END
    return [
        ("plain", [single], 0, parse, plain),
        ("plain, blank lines at the end", [tail], 0, parse, plain),
        ("plain, CR LF", [crlf], 0, parse, plain),
        ("gzip", [gzip(single)], 0, parse, members),
        ("gzip with name and header CRC", [named], 0, parse, members),
        ("gzip members", [gzip(one[:20]) + gzip(one[20:33])], 0, parse, members),
        ("BGZF", [bgzf(single, len(single) // 2)], 0, parse, members),
        ("BGZF, a block for each read", [each], 0, parse, members),
        ("zstd", [zstd(single, 30)], 0, parse, frame),
        ("pairs, R1 cut", [one, two], 0, parse_pairs, plain),
        ("pairs, R2 cut", [one, two], 1, parse_pairs, plain),
        ("pairs of equal names, R2 cut", [same, same], 1, parse_pairs, plain),
        ("pairs, R1 gzip, cut", [gzip(one), two], 0, parse_pairs, members),
        ("pairs, R2 BGZF, cut", [one, bgzf(two, 17)], 1, parse_pairs, members),
        ("mates in turn", [interleave(one, two)], 0, parse_interleaved, plain, ["--interleaved"]),
    ]


if __name__ == "__main__":
    main(*(Part(cut[0], cuts, cut) for cut in all_cuts()))
