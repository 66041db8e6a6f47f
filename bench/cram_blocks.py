"""
What the columns of a CRAM file take, from its blocks (CRAM specification 3.1, sections 7 to 9): what samtools
cram-size says, for those who have an older samtools. A block has the number of a content, and the compression
header of its container says which data series lies in it.
"""
import struct
import zlib

HEADER, SLICE, EXTERNAL, CORE = 1, 2, 4, 5  # content types that matter


class Bytes:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, n):
        self.at += n
        if self.at > len(self.data):
            raise ValueError("a CRAM file that ends early")
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def i32(self):
        return struct.unpack("<i", self.take(4))[0]

    def itf8(self):
        """1 to 5 bytes: as many leading 1 bits as bytes follow."""
        first = self.u8()
        if first < 0x80:
            return first
        if first < 0xc0:
            return (first & 0x3f) << 8 | self.u8()
        if first < 0xe0:
            return (first & 0x1f) << 16 | int.from_bytes(self.take(2), "big")
        if first < 0xf0:
            return (first & 0x0f) << 24 | int.from_bytes(self.take(3), "big")
        rest = self.take(4)
        return (first & 0x0f) << 28 | rest[0] << 20 | rest[1] << 12 | rest[2] << 4 | rest[3] & 0x0f

    def ltf8(self):
        first, n = self.u8(), 0
        while n < 8 and first & 0x80 >> n:
            n += 1
        self.take(n)


def contents_of(b):
    """The numbers of the contents that an encoding reads from, as far as it is external."""
    codec, n = b.itf8(), b.itf8()
    inside = Bytes(b.take(n))
    if codec == 1:  # EXTERNAL
        return [inside.itf8()]
    if codec == 4:  # BYTE_ARRAY_LEN: lengths, then values
        return contents_of(inside) + contents_of(inside)
    if codec == 5:  # BYTE_ARRAY_STOP
        inside.u8()
        return [inside.itf8()]
    return []


def series_of(header):
    """{number of a content: "RN"} of a compression header; tags are all called "tags"."""
    b, out = Bytes(header), {}
    b.take(b.itf8())  # preservation map
    for name in ("series", "tags"):
        end = b.itf8() + b.at
        for _ in range(b.itf8()):
            key = b.take(2).decode("ascii", "replace") if name == "series" else "tags"
            if name == "tags":
                b.itf8()
            for content in contents_of(b):
                out[content] = key
        b.at = end
    return out


def blocks(data):
    """(bytes in the file, content type, content, series of its container) of all blocks."""
    b = Bytes(data, 26)
    if data[:4] != b"CRAM" or data[4] != 3:
        raise ValueError("no CRAM file of version 3")
    while b.at < len(data):
        length = b.i32()
        for _ in range(4):  # reference, start, span, records
            b.itf8()
        b.ltf8(), b.ltf8()  # counter, bases
        b.itf8()  # blocks
        for _ in range(b.itf8()):  # landmarks
            b.itf8()
        b.take(4)  # CRC
        end, series = b.at + length, {}
        while b.at < end:
            start = b.at
            method, kind, content, packed = b.u8(), b.u8(), b.itf8(), b.itf8()
            b.itf8()
            body = b.take(packed)
            b.take(4)  # CRC
            if kind == HEADER:
                series = series_of(zlib.decompress(body, 31) if method == 1 else body)
            yield b.at - start, kind, content, series


def columns(path):
    """{"names": bytes, "bases": .., "qualities": .., "rest": ..} of a CRAM file of unaligned reads."""
    of = {"RN": "names", "tags": "names", "BA": "bases", "QS": "qualities"}
    with open(path, "rb") as f:
        data = f.read()
    out = dict.fromkeys(("names", "bases", "qualities", "rest"), 0)
    for n, kind, content, series in blocks(data):
        if kind == EXTERNAL:
            out[of.get(series.get(content), "rest")] += n
    out["rest"] = len(data) - sum(out.values()) + out["rest"]
    return out
