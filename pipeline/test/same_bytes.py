"""
The same input gives the same store, byte for byte: for any number of threads, any instruction set, any day.

A store says of its input what the file was: its name (no folder), bytes, compression, SHA-256. So the same
text from a gzip file, a BGZF file, a plain file or standard input gives stores that differ in these notes and
nowhere else: all columns are the same, checked here by their digests and by h5py.

Suites: store.
"""
import hashlib
import json
import os

import h5py

from containers import bgzf, gzip, zstd
from fqmodel import interleave, reads
from vialtest import OK, main, run

TEXT = reads(21000, seed=13, ragged=True)
# notes that tell how a file came in, and what is made of them
OF_THE_FILE = {"name", "bytes", "compression", "sha256", "no_eof_block", "trailing_zeros"}
WAYS = [{}, {"threads": 1}, {"threads": 2}, {"threads": 5}, {"threads": 3, "env": {"VIAL_ISA": "scalar"}},
        {"threads": 1, "env": {"VIAL_ISA": "avx2"}},
        {"threads": 2,
         "env": {"TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8", "USER": "nobody"}},
        {"threads": 4, "options": ["--max-memory", "400M"]}]


def sha(data):
    return hashlib.sha256(data).hexdigest()


def store_of(t, f, what, inputs, threads=0, env=None, options=(), stdin=b""):
    done = run("ingest", "-q", *options, *(["-@", threads] if threads else []), "-o", f / "s.h5", *inputs,
               env=env, stdin=stdin)
    if not t.check(done.code == OK, what, done.err):
        return b""
    data = f.read("s.h5")
    f.clear("s.h5")
    return data


def all_ways(t, f, what, inputs, options=(), ways=WAYS):
    first = None
    for way in ways:
        way = dict(way, options=[*options, *way.get("options", [])])
        data = store_of(t, f, f"{what}, {way}", inputs, **way)
        first = first or data
        # seconds have passed: no clock in it either
        t.check(sha(data) == sha(first), f"{what}, {way}", "another store")
    os.makedirs(f / "elsewhere", exist_ok=True)
    moved = [f.write("elsewhere/" + os.path.basename(p), f.read(os.path.basename(p))) for p in inputs]
    for path in moved:
        os.utime(path, (0, 0))
    t.check(sha(store_of(t, f, what, moved, options=options)) == sha(first), f"{what}, in another folder",
            "another store")
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


def columns_but_manifest(data, f):
    """The digest table without the notes as one text."""
    return {path: digest for path, digest in columns(data, f)[0].items() if path != "source/manifest"}


def profiles(t, f):
    plain = f.write("a.fq", TEXT)
    for profile in ("fast", "archive", "portable"):
        all_ways(t, f, profile, [plain], ["--profile", profile], WAYS[1:5:3] + WAYS[3:4])


def pairs(t, f):
    one = reads(9000, seed=14, mate=1, style="slash")
    two = reads(9000, seed=14, mate=2, style="slash", length=60)
    all_ways(t, f, "pairs", [f.write("R1.fq.gz", gzip(one)), f.write("R2.fq", two)])
    all_ways(t, f, "interleaved", [f.write("both.fq", interleave(one, two))], ["--interleaved"])


def containers(t, f):
    """One text in every container, and the stores of it beside each other."""
    plain = f.write("a.fq", TEXT)
    stores = {
        "plain": all_ways(t, f, "plain", [plain]),
        "gzip": all_ways(t, f, "gzip", [f.write("a.fq.gz", gzip(TEXT))]),
        "BGZF": all_ways(t, f, "BGZF", [f.write("a.fq.bgz", bgzf(TEXT))]),
        "BGZF, small blocks": all_ways(t, f, "BGZF, small blocks",
                                       [f.write("b.fq.bgz", bgzf(TEXT, 1000, empty_every=3))]),
        "zstd": store_of(t, f, "zstd", [f.write("a.fq.zst", zstd(TEXT))]),
        "standard input": store_of(t, f, "standard input", ["-"], stdin=TEXT),
    }
    with open(plain, "rb") as file:
        data = store_of(t, f, "standard input, a file", ["-"], stdin=file)
    t.check(sha(data) == sha(stores["standard input"]), "standard input as a file and as a pipe",
            "another store")
    table, notes = columns(stores["plain"], f)
    for name, data in stores.items():
        there, said = columns(data, f)
        for path in table.keys() | there.keys():
            if path != "source/manifest":  # the notes as one text
                t.check(table.get(path) == there.get(path), f"{name} and plain: {path}", "digests differ")
        t.check(said == notes, f"{name} and plain: notes", f"{said} and {notes}")
    t.check(b"vialtest" not in stores["plain"], "what a store must not say", "the folder's name")


def files_in_a_row(t, f):
    lines = TEXT.split(b"\n")
    parts = [f.write("p1.fq", b"\n".join(lines[:4 * 7000]) + b"\n"),
             f.write("p2.fq", b"\n".join(lines[4 * 7000:]))]
    row = store_of(t, f, "files in a row", [",".join(parts)])
    whole = store_of(t, f, "one file", [f.write("a.fq", TEXT)])
    t.check(columns_but_manifest(row, f) == columns_but_manifest(whole, f), "files in a row and one file",
            "digests differ")


if __name__ == "__main__":
    main(containers, pairs, profiles, files_in_a_row)
