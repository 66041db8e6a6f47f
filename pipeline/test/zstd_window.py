"""
zstd frames that look far back (zstd --long): read within --max-memory, else refused with what they need and
what can be done. And the first record of an input, which may be as long as any.

Suites: reads. Also: asan.
"""
import struct

from fqmodel import reads, record
from vialtest import DATA, OK, check_refusal, main, run

OSERR = 71
TEXT = reads(50, seed=1)


def frame(text, log, eighths=0):
    """Text in one zstd frame with a window of 2^log bytes, and as many eighths of that."""
    block = struct.pack("<I", 1 | len(text) << 3)[:3]
    return b"\x28\xb5\x2f\xfd\0" + bytes([(log - 10) << 3 | eighths]) + block + text


def windows(t, f):
    """Memory is taken for the window when the frame begins, of which only what is used comes to be."""
    for log in (17, 20, 27, 28, 30):
        name = f.write("a.fq.zst", frame(TEXT, log))
        done = run("ingest", "-q", "-o", f / "s.h5", name)
        t.check(done.code == OK and run("export", "-q", f / "s.h5").out == TEXT, f"2^{log}", done.err)
        f.clear("s.h5")
    for log, eighths, mib in ((28, 0, 256), (27, 1, 144), (30, 7, 1920)):
        name = f.write("a.fq.zst", frame(TEXT, log, eighths))
        done = run("ingest", "-q", "--max-memory", "180M", "-o", f / "s.h5", name)
        check_refusal(t, f"{mib} MiB of 180", done,
                      ["a.fq.zst: byte 0 of the file", f"needs {mib} MiB", "--max-memory leaves 13",
                       "decompress it first"], (OSERR,))
    name = f.write("a.fq.zst", frame(TEXT, 28))
    done = run("ingest", "-q", "--max-memory", "400M", "-o", f / "s.h5", name)
    t.check(done.code == OK, "256 MiB of 400", done.err)
    f.clear("s.h5")
    name = f.write("a.fq.zst", frame(TEXT, 20) + frame(TEXT, 28) + frame(TEXT, 28))
    done = run("ingest", "-q", "--max-memory", "420M", "-o", f / "s.h5", name)
    t.check(done.code == OK and run("export", "-q", f / "s.h5").out == TEXT * 3, "frames in a row", done.err)
    f.clear("s.h5")
    for log, eighths in ((31, 1), (40, 0), (41, 7)):
        name = f.write("a.fq.zst", frame(TEXT, log, eighths))
        check_refusal(t, f"2^{log}", run("ingest", "-q", "-o", f / "s.h5", name),
                      ["a.fq.zst: byte 0 of the file", "looks back", "2048 at most"], (DATA,))
    t.check(f.names() == ["a.fq.zst"], "nothing is left")


def long_first_read(t, f):
    """Mates in turn: what the first pair shows is seen, however long its first read is."""
    for n in (9000000, 30000000):
        text = b"".join(record(b"r/%d" % m, b"ACGTTGCA" * (n // 8), b"I" * (n // 8 * 8)) for m in (1, 2))
        done = run("ingest", "-q", "--interleaved", "-o", f / "s.h5", f.write("a.fq", text))
        t.check(done.code == OK and run("export", "-q", f / "s.h5").out == text, f"{n} letters", done.err)
        f.clear("s.h5")


if __name__ == "__main__":
    main(windows, long_first_read)
