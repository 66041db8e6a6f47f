"""
Qualities that codec `qrun` packed, read by hand from the bytes of their chunks as docs/store.md says, without
a line of our code; and by h5py through the plugin.

Suites: store reads.
"""
import random
import shutil
import sys

import runmodel
from names_by_hand import compare, read_store, tools
from vialtest import OK, case, main, run


def sequencer(r, lengths, values=b",:#", usual=b"F"):
    """Rows in which unusual values stand together, in some rows more than in others."""
    for length in lengths:
        often, row, bad = r.choice((0.005, 0.02, 0.1)), bytearray(), False
        for _ in range(length):
            bad = r.random() < (0.3 if bad else often)
            row += r.choice(values).to_bytes(1, "little") if bad else usual
        yield bytes(row)


def equal(r):
    return sequencer(r, [151] * 800)


def trimmed(r):
    return sequencer(r, [r.choice((1, 2, r.randrange(30, 152), 151)) for _ in range(1500)])


def long(r):
    return sequencer(r, [50000, 1, 3000, 20000, 4096], b"!+5?", b"~")


def chunks(r):
    return sequencer(r, [r.randrange(140, 152) for _ in range(8000)])


def two(r):
    return sequencer(r, [100] * 400, b"-")


def eight(r):
    return sequencer(r, [250] * 200, b"#(*,/25")


def rare(r):
    """A single unusual value, in the last row."""
    return [b"F" * 100] * 99 + [b"F" * 98 + b",F"]


def by_hand(t, f, what, make):
    r = random.Random(what)
    text = b"".join(b"@r%d\n%s\n+\n%s\n" % (i, b"A" * len(row), row) for i, row in enumerate(make(r)))
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("a.fq", text))
    if t.check(done.code == OK, what, done.err):
        compare(t, f, what, text, __file__)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read_store(sys.argv[2], ("reads/quality",), runmodel.QRUN, runmodel.unpack)
    else:
        makers = (equal, trimmed, long, chunks, two, eight, rare)
        parts = [case(by_hand, make.__name__, make) for make in makers]
        main(*(parts if shutil.which("zstd") else [tools]))
