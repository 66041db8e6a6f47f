"""
Reads seen by a stranger: h5py opens `portable` as it is and the other profiles with our plugin, and finds
letters, Phred values, names and offsets that equal what a parser of our own finds in the FASTQ.

Each store is read by a process of its own, as HDF5 takes the plugin's folder from the environment when it
starts.

Suites: store reads.
"""
import os
import pickle
import shutil
import subprocess
import sys

import numpy

from fqmodel import interleave, name_of, parse, parse_pairs, reads, record
from vialtest import OK, Part, Tally, main, run



# ---- the stranger: python3 h5py_reads.py --read STORE EXPECTED ----


def rows(t, s, path, n):
    """Rows of a ragged column: by its offsets, or all equally long; one without elements has no data set."""
    group, _, name = path.rpartition("/")
    if name not in s[group]:
        return [b""] * n
    if path + ".consensus" in s:
        s[path + ".consensus"][:]  # the plugin knows it from now on
    data = s[path][:]
    if path + ".offset" in s:
        offset = s[path + ".offset"][:]
        t.check("row_length" not in s[path].attrs, path, "has both offsets and row_length")
    elif "row_length" in s[path].attrs:
        offset = numpy.arange(n + 1, dtype=numpy.uint64) * s[path].attrs["row_length"]
    else:
        t.check(False, path, "has neither offsets nor row_length")
        return []
    t.check(len(offset) == n + 1 and offset[0] == 0 and offset[-1] == len(data), path,
            f"{n} rows, {len(offset)} offsets to {offset[-1]}, {len(data)} elements")
    return [data[int(a):int(b)].tobytes() for a, b in zip(offset, offset[1:])]


def look(t, path, expected):
    import h5py
    with h5py.File(path, "r") as s:
        n, nname = len(expected["base"]), len(expected["name"])
        for name, want in (("vial.format", "store"), ("vial.kind", "reads"),
                           ("vial.profile", expected["profile"]), ("vial.lossless", "1")):
            said = s.attrs[name]
            said = said.decode() if isinstance(said, bytes) else str(said)
            t.check(said == want, name, f"{said!r}, expected {want!r}")
        t.check(int(s.attrs["n_row"]) == n, "n_row", f"{s.attrs['n_row']}, expected {n}")
        for column, count in (("base", n), ("quality", n), ("comment", n), ("plus", n), ("name", nname)):
            found = rows(t, s, f"reads/{column}", count)
            bad = [i for i, (a, b) in enumerate(zip(found, expected[column])) if a != b]
            t.check(len(found) == count and not bad, column, f"{len(bad)} rows differ, first {bad[:1]}: "
                    f"{[found[i] for i in bad[:1]]!r} instead of {[expected[column][i] for i in bad[:1]]!r}")
            if column in s["reads"]:
                data = s[f"reads/{column}"]
                t.check(data.dtype == numpy.uint8 and data.ndim == 1, column,
                        f"type {data.dtype}, {data.ndim} axes")
                t.check("codec" in data.attrs and "description" in data.attrs, column,
                        f"attributes {list(data.attrs)}")
                if expected["profile"] == "portable":
                    t.check(data.compression == "gzip", column, f"compression {data.compression}")
            if f"{column}.offset" in s["reads"]:
                t.check(s[f"reads/{column}.offset"].dtype == numpy.uint64, column, "offsets are no uint64")
        if "quality" in s["reads"]:
            quality = s["reads/quality"]
            unit = quality.attrs["unit"]
            t.check((unit.decode() if isinstance(unit, bytes) else unit) == "Phred", "quality",
                    f"unit {unit}")
            t.check(int(quality[:].max()) <= 93, "quality", "values over 93")
            # a slice is the slice of the whole: HDF5 unpacks only the chunks it needs
            a, b = len(quality) // 3, len(quality) // 3 + 500
            t.check((quality[a:b] == quality[:][a:b]).all(), "quality", "a slice differs")
        digests = {row["path"].rstrip(b"\0").decode(): bytes(row["xxh3_128"]) for row in s["digest"][:]}
        for path in digests:
            t.check(path in s and s[path].size, f"{path} of the digest table", "is not in the store")
            plain = s[path].id.get_create_plist().get_layout() == h5py.h5d.COMPACT
            t.check(plain == ("codec" not in s[path].attrs) and (not plain or s[path].nbytes <= 4096), path,
                    f"layout {'compact' if plain else 'chunks'}, {s[path].nbytes} bytes, codec or not")
        t.check(all(len(d) == 32 for d in digests.values()), "digests", "of another length")
        seen = sum(int(s[path][:].sum()) for path in digests if path.startswith("qc/read_length"))
        t.check(seen == n, "qc/read_length", f"{seen} reads, expected {n}")


# ---- making the stores ----


def expect(profile, titles, paired_mark=None):
    """What the columns hold; titles are parsed reads, mates in turn if paired_mark is not None."""
    names, comments = [], []
    for title, *_ in titles:
        name, rest = name_of(title), title[len(name_of(title)):]
        names.append(name)
        comments.append(rest[1:] if rest[:1] == b" " and len(rest) > 1 and rest[1:2] not in b" \t" else rest)
    if paired_mark is not None:
        names = [name[:len(name) - (2 if paired_mark else 0)] for name in names[::2]]
    plus = [b"\0" if p and p == title else p for title, _, p, _ in titles]
    return {"profile": profile, "name": names, "comment": comments, "plus": plus,
            "base": [b for _, b, _, _ in titles],
            "quality": [bytes(c - 33 for c in q) for *_, q in titles]}


def stranger(t, f, what, expected, plugin):
    env = {k: v for k, v in os.environ.items() if k != "HDF5_PLUGIN_PATH"}
    if plugin:
        env["HDF5_PLUGIN_PATH"] = plugin
    with open(f / "expected", "wb") as file:
        pickle.dump(expected, file)
    p = subprocess.run([sys.executable, __file__, "--read", f / "s.h5", f / "expected"], env=env,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    *lines, last = p.stdout.decode().splitlines() or [""]
    for line in lines:
        print(f"{line[:400]}  <- {what}")
    numbers = [int(word) for word in last.replace(",", "").split() if word.isdigit()]
    if t.check(len(numbers) == 2, what, last):
        t.passed += numbers[0]
        t.failed += numbers[1]
    p = subprocess.run(["h5dump", "-H", f / "s.h5"], env=env, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE) if shutil.which("h5dump") else None
    if p:
        t.check(p.returncode == 0 and not p.stderr and b'GROUP "reads"' in p.stdout, f"{what}: h5dump -H",
                p.stderr[:200])


def odd_reads():
    titles = [b"r1 a comment", b"r2\tRG:Z:1", b"", b"r4  two", b"r5 ", b"r\xe9", b"@r7 x", b"r8\t", b"r9",
              b"r9"]
    bases = [b"ACGT", b"", b"N" * 70, b"acgtn", b"ACGTRYKM.-*U", b"A", b"N", b"ACGTACGTACGTACGN", b"TTTT",
             b""]
    out = []
    for i, (title, base) in enumerate(zip(titles, bases)):
        out.append(record(title, base, bytes(33 + (17 * i + k) % 94 for k in range(len(base))),
                          (b"", title, b"other")[i % 3]))
    return b"".join(out)


TEXTS = {
    "equal lengths": lambda: reads(9000, seed=15),
    "ragged": lambda: reads(9000, seed=16, ragged=True),
    "odd": odd_reads,
    "one read": lambda: record(b"r", b"A"),
    "empty reads": lambda: record(b"r", b"") * 5,
    "all N": lambda: record(b"r", b"N" * 50) * 30,
    "Q93": lambda: record(b"r", b"ACGT" * 20, b"~" * 80) * 40,
    "long reads": lambda: b"".join(
        record(b"r%d" % i, b"GATTACACAT" * (7000 * i + 1), b"%?/5'" * (14000 * i + 2)) for i in range(6)),
}


def plugin_folder(t):
    done = run("plugin-path")
    folder = done.out.decode().strip()
    t.check(done.code == OK and any(name.endswith(".so") for name in os.listdir(folder)), "plugin-path", done)
    return folder


def single(t, f, name):
    """One text in stores of every profile."""
    text, plugin = TEXTS[name](), plugin_folder(t)
    for profile in ("portable", "compact", "fast", "archive"):
        what = f"{name}, {profile}"
        done = run("ingest", "-q", "--profile", profile, "-o", f / "s.h5", f.write("a.fq", text))
        if t.check(done.code == OK, what, done.err):
            stranger(t, f, what, expect(profile, parse(text)), None if profile == "portable" else plugin)
        f.clear("s.h5")


def pairs(t, f, style, mark):
    one = reads(4000, seed=17, mate=1, style=style)
    two = reads(4000, seed=17, mate=2, style=style, ragged=True)
    a, b = parse_pairs(one, two)
    expected = expect("portable", [read for pair in zip(a, b) for read in pair], mark)
    in_turn = f.write("i.fq", interleave(one, two))
    for way, files in (("pairs", [f.write("1.fq", one), f.write("2.fq", two)]),
                       ("interleaved", ["--interleaved", in_turn])):
        done = run("ingest", "-q", "--profile", "portable", "-o", f / "s.h5", *files)
        if t.check(done.code == OK, f"{way}, {style}", done.err):
            stranger(t, f, f"{way}, {style}", expected, None)
        f.clear("s.h5")


def read_as_stranger(store, wanted):
    """What the other process does: looks, and prints what it counts."""
    t = Tally()
    with open(wanted, "rb") as pickled:
        look(t, store, pickle.load(pickled))
    print(t.last_line())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read_as_stranger(*sys.argv[2:])
    else:
        main(*(Part(name, single, (name,)) for name in TEXTS),
             Part("pairs with a slash", pairs, ("slash", b"/")), Part("pairs", pairs, ("illumina", b"")))
