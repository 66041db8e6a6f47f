"""
Alignments as JSON lines against their SAM: every field, tags by their types, what a record lacks; letters
that hide, bytes that are no UTF-8, numbers that JSON has not, tags that stand twice.

Suites: view alignments. Also: asan.
"""
import glob
import json
import math
import struct
import zlib

from alignmodel import draw, made, real_files
from json_shapes import fits
from vialtest import OK, USAGE, main, run
from viewtest import refused, view

MEMBERS = ["row", "name", "flag", "contig", "position", "mapq", "cigar", "mate_contig", "mate_position",
           "template_length", "base", "quality", "tags"]


def number(text, of):
    if of != "f":
        return int(text)
    value = struct.unpack("<f", struct.pack("<f", float(text)))[0]
    return value if math.isfinite(value) else None


def tag_of(text):
    """Its key and value."""
    name, of, value = text.split(":", 2)
    if of == "B":
        parts = value.split(",")
        return f"{name}:B{parts[0]}", [number(x, parts[0]) for x in parts[1:]]
    return f"{name}:{of}", number(value, of) if of in "if" else value


def object_of(line, row):
    """What the record is as JSON."""
    f = line.split("\t")
    absent = {"*": None}
    contig = absent.get(f[2], f[2])
    tags = [tag_of(x) for x in f[11:]]
    return {"row": row, "name": absent.get(f[0], f[0]), "flag": int(f[1]), "contig": contig,
            "position": int(f[3]) or None, "mapq": int(f[4]), "cigar": absent.get(f[5], f[5]),
            "mate_contig": contig if f[6] == "=" else absent.get(f[6], f[6]),
            "mate_position": int(f[7]) or None,
            "template_length": int(f[8]), "base": absent.get(f[9], f[9]),
            "quality": absent.get(f[10], f[10]), "tags": tags}


def near(a, b):
    """Equal, but for the digits that SAM leaves out of floats."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(near, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-5))
    return a == b and isinstance(a, type(b))


def compare(t, what, sam, text):
    """`sam`: its records; all of them must be in the JSON, in their order."""
    lines, said = sam.splitlines(), text.splitlines()
    t.check(len(lines) == len(said), what, f"{len(said)} objects of {len(lines)} records")
    for row, (line, one) in enumerate(zip(lines, said)):
        want, got = object_of(line, row), json.loads(one)
        if len(got["base"] or "") == 1 and got["quality"] == "*":
            want["quality"] = "*"  # of one letter SAM does not say which it is
        tags = list(got["tags"].items()) + [x for o in got.get("more_tags", []) for x in o.items()]
        t.check(list(got)[:len(MEMBERS)] == MEMBERS, what, list(got))
        same = len(tags) == len(want["tags"]) and all(a[0] == b[0] and near(a[1], b[1])
                                                      for a, b in zip(tags, want["tags"]))
        if not t.check({**got, "tags": 0, "more_tags": 0} == {**want, "tags": 0, "more_tags": 0} and same,
                       f"{what}: row {row}", f"{one[:300]} of {line[:300]}"):
            return


def both(t, f, what, *more):
    """JSON and SAM of the same rows; SAM is compared with samtools elsewhere."""
    sam = view(t, f, what, "--no-header", *more)
    text = view(t, f, what, "-O", "json", *more)
    if sam is not None and text is not None:
        compare(t, what, sam.decode(), text.decode())


def drawn(t, f):
    made(t, f, draw(t.random, 600))
    both(t, f, "drawn")
    fits(t, "records", view(t, f, "shape", "-O", "json").splitlines()[:100], "alignment")
    some = view(t, f, "a region", "-O", "json", "chr1:100-900", "-q", "20")
    rows = [json.loads(x)["row"] for x in (some or b"").splitlines()]
    t.check(rows and rows == sorted(set(rows)), "rows of a region", rows)


def cases(t, f):
    for path in sorted(glob.glob("testdata/alignments/*.?am")):
        if path.endswith("integer-text.sam"):  # printed as it was: 0x10, 007
            continue
        if run("ingest", "-q", "--force", "-o", f / "s.h5", path).code != OK:
            continue
        if run("view", f / "s.h5", ".").code == OK:
            both(t, f, path)


def odd(t, f):
    """Byte 0x80 and others above are no text of SAM: only BAM brings them."""
    head = b"@SQ\tSN:c\tLN:9\n"
    values = (b"a\x01b", b"\xff\xfe", "\u00e4\u200b".encode(), b'"\\')
    record = b"".join(b"X%cZ%s\0" % (65 + i, x) for i, x in enumerate(values))
    record += b"XFf" + struct.pack("<f", float("nan")) + b"XGf" + struct.pack("<f", float("-inf"))
    record += b"XHBf" + struct.pack("<Iff", 2, float("inf"), 0.1) + b"XAc\x05"
    fixed = struct.pack("<iiBBHHHiiii", 0, 2, 2, 7, 4681, 0, 4, 0, -1, -1, 0) + b"q\0" + record
    body = b"BAM\1" + struct.pack("<I", len(head)) + head + struct.pack("<II", 1, 2) + b"c\0"
    body += struct.pack("<I", 9) + struct.pack("<I", len(fixed)) + fixed
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.bam", bgzf(body)))
    t.check(done.code == OK, "ingest", done.err)
    text = view(t, f, "odd", "-O", "json") or b"{}"
    got = json.loads(text)
    t.check([got["tags"].get(f"X{x}:Z") for x in "ABCD"] ==
            ["a\x01b", "\ufffd\ufffd", "\u00e4\u200b", '"\\'], "text", got)
    t.check([got["tags"].get(x, 1) for x in ("XF:f", "XG:f")] == [None, None], "no numbers", got)
    t.check(got["tags"].get("XH:Bf") == [None, 0.1], "the shortest decimal", got)
    t.check(got["tags"].get("XA:i") == 5 and "more_tags" not in got, "one name, two types", got)
    t.check(text.isascii() or b"\\u200b" in text, "what hides is escaped", text)


def bgzf(data):
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush()
    block = b"\x1f\x8b\x08\4\0\0\0\0\0\xff\6\0BC\2\0" + struct.pack("<H", len(body) + 25) + body
    block += struct.pack("<II", zlib.crc32(data), len(data))
    return block + bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def slips(t, f):
    made(t, f, draw(t.random, 20))
    for more, part in ((["-H"], "--header"), (["--columns", "name"], "-O tsv")):
        refused(t, f, str(more), "-O", "json", *more, code=USAGE, part=part)


def real(t, f):
    files = real_files()
    if not files:
        t.skip("no real files")
    for path in files:
        if run("ingest", "-q", "--force", "-o", f / "s.h5", path).code == OK and run("view", f / "s.h5",
                                                                                     ".").code == OK:
            both(t, f, path)


if __name__ == "__main__":
    main(drawn, cases, odd, slips, real)
