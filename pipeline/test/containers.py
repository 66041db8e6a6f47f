"""
Compressors of our own for the tests, so that every byte of a container is ours to bend: gzip, BGZF, zstd.

Suites: none.
"""
import struct
import subprocess
import zlib


def deflated(data, level=6, wbits=15, memory=8, strategy=0, flush=0, every=0):
    """A zlib stream as zlib makes it in many ways; flushed behind each `every` bytes."""
    c = zlib.compressobj(level, zlib.DEFLATED, wbits, memory, strategy)
    if not every:
        return c.compress(data) + c.flush()
    return b"".join(c.compress(data[i:i + every]) + c.flush(flush)
                    for i in range(0, len(data), every)) + c.flush()


def deflate(text, level=6):
    return deflated(text, level, wbits=-15)


def trailer(text):
    return struct.pack("<II", zlib.crc32(text), len(text) & 0xffffffff)


def gzip(text, level=6, extra=None, name=None, comment=None, head_crc=False):
    """One gzip member (RFC 1952)."""
    flags = (4 if extra is not None else 0) | (8 if name is not None
                                               else 0) | (16 if comment is not None else 0)
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


def gunzip(data):
    """All members in a row."""
    out = b""
    while data:
        d = zlib.decompressobj(31)
        out += d.decompress(data)
        data = d.unused_data
    return out


def unzstd(data):
    """By the zstd program."""
    return subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout
