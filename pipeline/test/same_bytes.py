"""
The same input gives the same store, byte for byte: for any number of threads, any instruction set, any day.

A store says of its input what the file was: its name (no folder), bytes, compression, SHA-256. So the same text from a
gzip file, a BGZF file, a plain file or standard input gives stores that differ in these notes and nowhere else: all
columns are the same, checked here by their digests and by h5py.

Suites: store.
"""
import hashlib
import json

import h5py

from vialtest import *

t = Tally()
# notes that tell how a file came in, and what is made of them
OF_THE_FILE = {"name", "bytes", "compression", "sha256", "no_eof_block", "trailing_zeros"}
WAYS = [{}, {"threads": 1}, {"threads": 2}, {"threads": 5}, {"threads": 3, "env": {"VIAL_ISA": "scalar"}},
        {"threads": 1, "env": {"VIAL_ISA": "avx2"}}, {"threads": 2, "env": {"TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8", "USER": "nobody"}},
        {"threads": 4, "options": ["--max-memory", "400M"]}]


def sha(data):
    return hashlib.sha256(data).hexdigest()


def store_of(f, what, inputs, threads=0, env=None, options=(), stdin=b""):
    done = run("ingest", "-q", *options, *(["-@", threads] if threads else []), "-o", f / "s.h5", *inputs, env=env, stdin=stdin)
    if not t.check(done.code == OK, what, done.err):
        return b""
    data = f.read("s.h5")
    f.clear("s.h5")
    return data


def all_ways(f, what, inputs, options=(), ways=WAYS):
    first = None
    for way in ways:
        way = dict(way, options=[*options, *way.get("options", [])])
        data = store_of(f, f"{what}, {way}", inputs, **way)
        first = first or data
        t.check(sha(data) == sha(first), f"{what}, {way}", "another store")  # seconds have passed: no clock in it either
    os.makedirs(f / "elsewhere", exist_ok=True)
    moved = [f.write("elsewhere/" + os.path.basename(p), f.read(os.path.basename(p))) for p in inputs]
    for path in moved:
        os.utime(path, (0, 0))
    t.check(sha(store_of(f, what, moved, options=options)) == sha(first), f"{what}, in another folder", "another store")
    return first


def columns(data, f):
    """(digest table, notes) of a store; notes of the file left out."""
    with h5py.File(f.write("x.h5", data), "r") as h:
        table = {row["path"].rstrip(b"\0").decode(): bytes(row["xxh3_128"]) for row in h["digest"][:]}
    notes = json.loads(run("info", "--json", f / "x.h5").out)["notes"]
    for where in list(notes):
        if where.split("/")[0] == "source" and where != "source":
            notes[where] = {k: v for k, v in notes[where].items() if k not in OF_THE_FILE}
    return table, notes


def main(f):
    text = reads(21000, seed=13, ragged=True)
    one, two = reads(9000, seed=14, mate=1, style="slash"), reads(9000, seed=14, mate=2, style="slash", length=60)
    plain = f.write("a.fq", text)
    stores = {"plain": all_ways(f, "plain", [plain])}
    for profile in ("fast", "archive", "portable"):
        all_ways(f, profile, [plain], ["--profile", profile], WAYS[1:5:3] + WAYS[3:4])
    stores["gzip"] = all_ways(f, "gzip", [f.write("a.fq.gz", gzip(text))])
    stores["BGZF"] = all_ways(f, "BGZF", [f.write("a.fq.bgz", bgzf(text))])
    stores["BGZF, small blocks"] = all_ways(f, "BGZF, small blocks", [f.write("b.fq.bgz", bgzf(text, 1000, empty_every=3))])
    stores["zstd"] = store_of(f, "zstd", [f.write("a.fq.zst", zstd(text))])
    stores["standard input"] = store_of(f, "standard input", ["-"], stdin=text)
    with open(plain, "rb") as file:
        data = store_of(f, "standard input, a file", ["-"], stdin=file)
    t.check(sha(data) == sha(stores["standard input"]), "standard input as a file and as a pipe", "another store")
    lines = text.split(b"\n")
    parts = [f.write("p1.fq", b"\n".join(lines[:4 * 7000]) + b"\n"), f.write("p2.fq", b"\n".join(lines[4 * 7000:]))]
    row = store_of(f, "files in a row", [",".join(parts)])
    all_ways(f, "pairs", [f.write("R1.fq.gz", gzip(one)), f.write("R2.fq", two)])
    all_ways(f, "interleaved", [f.write("both.fq", interleave(one, two))], ["--interleaved"])
    table, notes = columns(stores["plain"], f)
    for name, data in stores.items():
        there, said = columns(data, f)
        for path in table.keys() | there.keys():
            if path != "source/manifest":  # the notes as one text
                t.check(table.get(path) == there.get(path), f"{name} and plain: {path}", "digests differ")
        t.check(said == notes, f"{name} and plain: notes", f"{said} and {notes}")
    there, _ = columns(row, f)
    t.check({k: v for k, v in there.items() if k != "source/manifest"} == {k: v for k, v in table.items() if k != "source/manifest"},
            "files in a row and one file", "digests differ")
    t.check(b"vialtest" not in stores["plain"], "what a store must not say", "the folder's name")


need_vial()
with Folder() as folder:
    main(folder)
t.end()
