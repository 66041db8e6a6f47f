"""
BAM as the tests know it: records written and read by our own Python, and what vial makes of them as columns.

Suites: none.
"""
import struct

import numpy

LETTERS = "=ACMGRSVTWYHKDBN"
TO_HEX = str.maketrans(LETTERS, "0123456789abcdef")
FROM_HEX = str.maketrans("0123456789abcdef", LETTERS)
WIDTH = {"c": "b", "C": "B", "s": "h", "S": "H", "i": "i", "I": "I", "f": "f"}
UNMAPPED = 4


def tag(name, kind, value):
    """One tag. kind: A c C s S i I f Z H, or B and the type of its elements."""
    head = name.encode() + kind[:1].encode()
    if kind == "A":
        return head + value
    if kind in "ZH":
        return head + value + b"\0"
    if kind[0] == "B":
        return head + kind[1].encode() + struct.pack(f"<I{len(value)}{WIDTH[kind[1]]}", len(value), *value)
    return head + struct.pack("<" + WIDTH[kind], value)


def record(name, seq, quality=None, tags=b"", flag=UNMAPPED, place=(-1, -1, -1, -1, 0), mapq=0, bin_=4680,
           cigar=(), pad=0):
    """A record with its length. quality: bytes, None: absent. place: refID, pos, then those of the next, and
    tlen."""
    packed = bytes.fromhex(seq.translate(TO_HEX) + f"{pad:x}" * (len(seq) & 1))
    body = struct.pack("<iiBBHHHIiii", *place[:2], len(name) + 1, mapq, bin_, len(cigar), flag, len(seq),
                       *place[2:])
    body += name + b"\0" + struct.pack(f"<{len(cigar)}I", *cigar) + packed
    body += (b"\xff" * len(seq) if quality is None else quality) + tags
    return struct.pack("<I", len(body)) + body


def header(text=b"@HD\tVN:1.6\tSO:unknown\n", contigs=()):
    out = b"BAM\1" + struct.pack("<I", len(text)) + text + struct.pack("<I", len(contigs))
    for name, length in contigs:
        out += struct.pack("<I", len(name) + 1) + name + b"\0" + struct.pack("<I", length)
    return out


def split(stream):
    """Header and records of an inflated BAM that is sound."""
    at = 8 + struct.unpack_from("<I", stream, 4)[0]
    ncontig, = struct.unpack_from("<I", stream, at)
    at += 4
    for _ in range(ncontig):
        at += 8 + struct.unpack_from("<I", stream, at)[0]
    head, records = stream[:at], []
    while at < len(stream):
        n = 4 + struct.unpack_from("<I", stream, at)[0]
        records.append(stream[at:at + n])
        at += n
    return head, records


def unmapped(stream):
    """The same with bit 4 set in every flag: reads that are not aligned, whatever else they say."""
    head, records = split(stream)
    return head + b"".join(r[:18] + bytes([r[18] | UNMAPPED]) + r[19:] for r in records)


def narrow(value):
    """The type of a whole number that takes the fewest bytes, unsigned first."""
    for kind in "CSI" if value >= 0 else "csi":
        try:
            struct.pack("<" + WIDTH[kind], value)
            return kind
        except struct.error:
            pass
    raise ValueError(value)


def read_tags(data):
    """(name, type as column tags says it, column, value) of each tag."""
    at, tags = 0, []
    while at < len(data):
        name, kind = data[at:at + 2].decode(), chr(data[at + 2])
        at += 3
        if kind in "ZH":
            end = data.index(b"\0", at)
            tags.append((name, kind, kind, data[at:end]))
            at = end + 1
        elif kind == "A":
            tags.append((name, kind, kind, data[at:at + 1]))
            at += 1
        elif kind == "B":
            of, n = chr(data[at]), struct.unpack_from("<I", data, at + 1)[0]
            value = numpy.frombuffer(data, "<" + numpy.dtype(WIDTH[of]).str[1:], n, at + 5)
            tags.append((name, "B" + of, "B" + of, value.tobytes()))
            at += 5 + value.nbytes
        else:
            value, = struct.unpack_from("<" + WIDTH[kind], data, at)
            at += struct.calcsize(WIDTH[kind])
            if kind == "f":
                tags.append((name, "f", "f", data[at - 4:at]))
            else:
                tags.append((name, "n" if narrow(value) == kind else kind, "i", struct.pack("<q", value)))
    return tags


def columns(records):
    """What the store has of records without a tag that stands twice in one: rows of bytes for each column."""
    out = {"name": [], "base": [], "quality": [], "flag": [], "tags": []}
    added = {}
    for i, r in enumerate(records):
        _, _, nname, _, _, ncigar, flag, nseq = struct.unpack_from("<iiBBHHHI", r, 4)
        at = 36 + nname
        out["name"].append(r[36:at - 1])
        at += 4 * ncigar
        letters = r[at:at + (nseq + 1) // 2].hex().translate(FROM_HEX)
        at += (nseq + 1) // 2
        quality = r[at:at + nseq]
        out["base"].append(letters[:nseq].encode())
        out["quality"].append(b"\xff" * nseq if quality[:1] == b"\xff" else quality)
        out["flag"].append(flag)
        tags = read_tags(r[at + nseq:])
        out["tags"].append(" ".join(f"{name}:{kind}" for name, kind, _, _ in tags).encode())
        for name, _, column, value in tags:
            added.setdefault(f"tag/{name}:{column}", [b""] * len(records))[i] = value
    return {**out, **added}
