"""
What the tests of vial view share: asking, being refused, reading TSV back.

Suites: none.
"""
from vialtest import OK, run


def view(t, f, what, *args, store="s.h5", code=OK):
    """What view prints; it must be the same for 1 and for 4 threads (tried for one question in four)."""
    one = run("view", f / store, *args, "-@", 1)
    if t.random.random() < 0.25 or not args:
        compare_threads(t, f, what, one, store, args)
    t.check(one.code == code, what, f"exit code {one.code}: {one.err.strip()[:200]}")
    return one.out if one.code == OK else None


def compare_threads(t, f, what, one, store, args):
    four = run("view", f / store, *args, "-@", 4)
    t.check((one.code, one.out, one.err) == (four.code, four.out, four.err), what,
            "1 and 4 threads print otherwise")


def refused(t, f, what, *args, code, part="", store="s.h5"):
    done = run("view", f / store, *args)
    t.check(done.code == code, what, f"exit code {done.code}, expected {code}: {done.err.strip()[:200]}")
    t.check(part in done.err and done.err.startswith("vial"), what,
            f"message: {done.err.strip()[:200]!r}, expected {part!r}")


def fields(line):
    """A TSV line's fields, unescaped."""
    out = []
    for cell in line.split(b"\t"):
        text, at = b"", 0
        while at < len(cell):
            if cell[at:at + 1] == b"\\":
                text += {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\"}[cell[at + 1:at + 2]]
                at += 2
            else:
                text += cell[at:at + 1]
                at += 1
        out.append(text)
    return out
