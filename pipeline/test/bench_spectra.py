"""
bench/spectra.py on a small made run: its figures are those of the files and of arithmetic of our own.

Suites: cmd.
"""
import gzip
import os
import shutil
import subprocess
import sys

from mzmodel import INTENSITY, MZ, Document, made_spectra
from vialtest import VIAL, main

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def bench(*words):
    env = {**os.environ, "VIAL": os.path.abspath(VIAL), "MSCOMPRESS": "/nowhere/mscompress"}
    return subprocess.run([sys.executable, f"{TOP}/bench/spectra.py", *map(str, words)], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def rows(text):
    head, *lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(head, line)) for line in lines]


def sizes(t, f):
    if not all(map(shutil.which, ("xz", "zstd"))):
        return t.skip("xz and zstd are not both here")
    if not t.check(made_spectra(f / "a.mzML", 1, 3, "--gzip", "none"), "make-data"):
        return
    text = f.read("a.mzML")
    f.write("b.mzML.gz", gzip.compress(text))
    f.write("c.mzML", b"<mzML>")
    done = bench("--profiles", "compact", f.path)
    got = rows(done.stdout)
    if not t.check(done.returncode == 0 and len(got) == 3, "two sets and their sum", done.stderr[-300:]):
        return
    for part in ("c.mzML: left out: ", "mscompress: not there"):
        t.check(part in done.stderr, part, done.stderr)
    arrays = [s.array(kind).values for s in Document(text).spectra for kind in (MZ, INTENSITY)]
    peaks = sum(map(len, arrays)) // 2
    for row in got[:2]:
        t.check((int(row["bytes"]), int(row["peaks"])) == (len(text), peaks), row["set"], f"{row}")
        best = min(int(row["xz"]), int(row["zstd"]))
        t.check(row["mscompress"] == "-" and int(row["best"]) == best, "best", f"{row}")
        t.check(row["/best"] == f"{int(row['compact']) / best:.3f}", "share", f"{row}")
        t.check(row["all"] == f"{int(row['compact']) / peaks:.2f}", "bytes a peak", f"{row}")
    t.check(int(got[2]["compact"]) == int(got[0]["compact"]) + int(got[1]["compact"]), "sum", f"{got[2]}")


def speed(t, f):
    if t.check(made_spectra(f / "a.mzML", 1, 3, "--gzip", "none"), "make-data"):
        done = bench("--speed", "compact", "--runs", "1", f / "a.mzML")
        got = {row["what"]: row for row in rows(done.stdout)}
        for what in ("ingest", "export", "one spectrum by id", "xic, one ion", "xic, 1,000 ions"):
            t.check(what in got and float(got[what]["peak MiB"]) > 1, what,
                    done.stdout + done.stderr[-300:])


def bare(t, f):
    """The document without its arrays, then all m/z, then all intensities."""
    sys.path.insert(0, f"{TOP}/bench")
    import spectra
    made_spectra(f / "a.mzML", 1, 3, "--gzip", "none")
    spectra.bare(f / "a.mzML", f / "bare")
    data = f.read("bare")
    of = Document(f.read("a.mzML"))
    for kind in (MZ, INTENSITY):
        each = b"".join(s.array(kind).values.tobytes() for s in of.spectra)
        t.check(each in data, f"{kind}", "not in one piece")
    t.check(data.startswith(f.read("a.mzML")[:1000]) and b"<binary></binary>" in data, "text")


if __name__ == "__main__":
    main(sizes, speed, bare)
