"""
Stores changed at random with every checksum made right again: what HDF5 keeps in its tables with the checksum
of the table, values of columns with their digests and the digest table, and always the seal. Whatever reads
one ends soon, with 0 or with one line that names the store; what is wrong in it is not printed as if it were
right: what `verify` calls ok and what `export` gives out is the original text.

HDF5 itself dies of some; that is the store's fault, said as that (guard.h). Of some it asks for more memory
than there is, which is said too. With a build that has sanitizers
no report may come from anywhere but from within HDF5. The seed is VIAL_SEED or drawn, and printed.
VIAL_SOAK=seconds goes on that long; VIAL_MUTANTS=N makes N of each of the eleven stores: 500 are 5,500.

Suites: store. Also: asan.
"""
import ctypes
import ctypes.util
import glob
import gzip
import hashlib
import os
import re
import struct
import subprocess
import time

import numpy

from bammodel import split
from containers import bgzf
from fqmodel import reads
from mzmodel import INTENSITY, NONE, TIME, ZLIB, array, chromatogram, document, spectrum, two
from vialtest import BUILD, DATA, NOINPUT, OK, OSERR, SEED, SOAK, USAGE, VIAL, Part, main, patient, run

MUTANTS = int(os.environ.get("VIAL_MUTANTS", 10))
SOON = 5
TABLES = re.compile(rb"\x89HDF|OHDR|OCHK|FRHP|FHDB|FHIB|BTHD|BTLF|BTIN|FSHD|FSSE|FAHD|FADB|EA(HD|IB|SB|DB)")
BOUNDS = [0, 1, 2, 3, 255, 256, 4096, 65535, 1 << 31, (1 << 32) - 1, 1 << 62, 1 << 63, (1 << 64) - 1]
READS = [("view",), ("view", "--rows", "1-2"), ("view", "--name", "r1"), ("view", "-O", "tsv")]
ALIGNMENTS = [("view", "-O", form) for form in ("sam", "bam", "tsv", "json")]
ALIGNMENTS += [("view", "-q", "10"), ("view", "*"), ("flagstat",), ("depth",), ("stats",)]
ALIGNMENTS.append(("qc", "--json"))
SPECTRA = [("view", "-O", form) for form in ("mzml", "json", "mgf", "tsv", "mzxml", "npy")]
SPECTRA.append(("view", "-O", "mzml", "--mz", "1-300"))
SPECTRA += [("view", "--chromatogram", "all", "-O", form) for form in ("tsv", "json", "mzml", "svg")]
SPECTRA += [("xic", "--tic", "--bpc", "--mz", "300", "--tol", "50Th"), ("xic", "--isolation", "300", "--tic"),
            ("xic", "--mz", "300", "--mobility", "0-9", "-O", "svg"), ("qc", "-O", "mzqc"),
            ("map", "--size", "50x40", "-O", "svg")]

# ---- what checksums are made of ----


def library(name):
    found = ctypes.util.find_library(name)
    return ctypes.CDLL(found) if found else None


HDF5, XXH = library("hdf5_serial"), library("xxhash")


def checksum(data):
    HDF5.H5_checksum_metadata.restype = ctypes.c_uint32
    return HDF5.H5_checksum_metadata(bytes(data), ctypes.c_size_t(len(data)), ctypes.c_uint32(0))


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def xxh3_128(data):
    XXH.XXH3_128bits.restype = Hash128
    h = XXH.XXH3_128bits(data, ctypes.c_size_t(len(data)))
    return b"%016x%016x" % (h.high, h.low)


class Table(tuple):
    """(first byte, bytes, where the checksum stands): it is over all bytes but its own, or these as zeros."""


def find_tables(data):
    """The tables of an HDF5 file, known by their signatures and by a checksum that fits."""
    found = []
    for m in TABLES.finditer(data):
        at, piece = m.start(), data[m.start():m.start() + 4096]
        for n in range(8, len(piece) - 3):
            if checksum(piece[:n]) == int.from_bytes(piece[n:n + 4], "little"):
                found.append(Table((at, n + 4, n)))
                break
        for size in (512, 1024, 2048) if m.group() == b"FHDB" else ():
            block = piece[:size]
            found += [Table((at, size, n)) for n in range(14, 22) if struct.pack(
                "<I", checksum(block[:n] + bytes(4) + block[n + 4:])) == block[n:n + 4]]
    return found


def make_right(data, table):
    at, size, n = table
    rest = b"" if n + 4 == size else bytes(4) + data[at + n + 4:at + size]
    struct.pack_into("<I", data, at + n, checksum(data[at:at + n] + rest))


# ---- changes ----


def change_table(rng, data, tables):
    """Some bytes of a table, or a number in it, and its checksum."""
    table = at, size, n = rng.choice(tables)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        width = rng.choice((1, 1, 1, 2, 4, 8))
        where = at + 4 + rng.randrange(max(1, size - 4 - width))
        now = int.from_bytes(data[where:where + width], "little")
        new = rng.choice((rng.choice(BOUNDS), now + 1, now - 1, now ^ 1 << rng.randrange(8 * width),
                          rng.randrange(1 << 8 * width), len(data), rng.choice(tables)[0]))
        data[where:where + width] = (new % (1 << 8 * width)).to_bytes(width, "little")
    make_right(data, table)


def change_values(rng, path):
    """Values of a column that h5py can write (profile portable), its digest, that of all. False: none."""
    import h5py
    with h5py.File(path, "r+") as h:
        rows = h["digest"][:]
        i = rng.randrange(len(rows))
        column = h[rows["path"][i].decode()]
        if column.ndim != 1 or not len(column):
            return False
        values = column[:]
        for _ in range(rng.choice((1, 1, 2))):
            flat, width = values.view("u1"), values.itemsize
            where = rng.randrange(len(values)) * width
            now = int.from_bytes(flat[where:where + width].tobytes(), "little")
            new = rng.choice((rng.choice(BOUNDS), now + 1, now - 1, now + 64,
                              now ^ 1 << rng.randrange(8 * width)))
            flat[where:where + width] = list((new % (1 << 8 * width)).to_bytes(width, "little"))
        column[:] = values
        rows["xxh3_128"][i] = xxh3_128(values.tobytes())
        h["digest"][:] = rows
        h.attrs.modify("vial.digest", hashlib.sha256(rows.tobytes()).hexdigest().encode())
    return True


# ---- one mutant ----


def reports(f):
    """What sanitizers have said since the last call; of HDF5's own faults nothing."""
    said = []
    for path in glob.glob(f / "asan.*"):
        with open(path, errors="replace") as log:
            text = log.read()
        os.unlink(path)
        frames = re.findall(r"^ +#\d+ 0x\w+ in (\w+)", text, re.M)
        libc = ("__", "mem", "str", "malloc", "calloc", "realloc")
        ours = next((x for x in frames if not x.startswith(libc)), "")
        if re.search(r"ERROR: |runtime error: ", text) and not ours.startswith("H5"):
            said.append(text[:3000])
    return said


def read_one(t, f, what, name, args, env):
    start = time.monotonic()
    done = run(*args, env=env, timeout=30)
    seconds, lines = time.monotonic() - start, done.err.splitlines()
    what = f"{' '.join(map(os.path.basename, args))} of {what}"
    codes = (OK, DATA, NOINPUT) if {"map", "--name", "--chromatogram"} & set(args) else (OK, DATA)
    codes = (*codes, USAGE) if "--original" in args else codes  # a store that says it of no file
    if "memory allocation failed" in done.err:  # of a size that a table of HDF5's claims
        codes = (*codes, OSERR)
    t.check(done.code in codes, what, f"exit code {done.code}: {done.err[:300]}")
    t.check(done.code == OK or len(lines) == 1 and name in lines[0] and lines[0].isprintable(), what,
            f"no line that names it: {done.err[:300]!r}")
    t.check(seconds < patient(SOON), what, f"took {seconds:.1f} s")
    for said in reports(f):
        t.check(False, what, said)
    return done


def try_mutant(t, f, what, forms, text, env):
    """All commands; counts what each said."""
    path = f / "mutant.h5"
    for args in (("info",), ("info", "--json"), ("report",), *forms):
        done = read_one(t, f, what, "mutant.h5", (args[0], path, *args[1:]), env)
        if args == ("export", "--original"):
            t.check(done.code or done.out == f.read("in.fq.gz"), f"{args} of {what}", "another file")
    verify = read_one(t, f, what, "mutant.h5", ("verify", path), env)
    export = read_one(t, f, what, "mutant.h5", ("export", path), env)
    right = export.code == OK and export.out == text
    t.check(export.code or right, f"export of {what}", "another text, with exit code 0")
    t.check(verify.code or right, f"verify of {what}", f"ok, and export: {export.code} {export.err[:200]}")
    with open(path, "rb") as a, open(f / "copy.h5", "wb") as b:
        b.write(a.read())
    again = read_one(t, f, what, "copy.h5", ("reindex", f / "copy.h5"), env)
    if again.code == OK:
        export = read_one(t, f, what, "copy.h5", ("export", f / "copy.h5"), env)
        t.check(export.code or export.out == text, f"export of {what}, reindexed", "another text")
    return verify


def reseal(path):
    return subprocess.run([f"{BUILD}/pipeline/test/reseal", path], capture_output=True).returncode == 0


def mutate(t, f, store, tables, values):
    """mutant.h5 from the store. False: nothing was changed."""
    data = bytearray(store)
    if not values:
        change_table(t.random, data, tables)
    path = f.write("mutant.h5", data)
    if data == store and not (values and change_values(t.random, path)):
        return False
    return reseal(path)


# ---- stores ----


def some_reads(f, *options):
    text = b"".join(b"@r%d x\n%s\n+\n%s\n" % (i, b"ACGTN"[i % 5:] * (i % 7), b"IIII#"[i % 5:] * (i % 7))
                    for i in range(60)) + b"\n\n"
    return f.write("in.fq", text), text, READS, options


def some_pairs(f, *options):
    one, mate = reads(40, seed=41), reads(40, seed=41, mate=2)
    lines = [x.split(b"\n") for x in (one, mate)]
    text = b"".join(b"\n".join(side[i:i + 4]) + b"\n" for i in range(0, 160, 4) for side in lines)
    return f.write("in.fq", text), text, READS, ("--interleaved", *options)


def some_delivered(f, *options):
    """Of which the file itself comes back, or nothing."""
    text = reads(300, seed=43)
    packed = f.write("in.fq.gz", gzip.compress(text[:9000], mtime=1) + bgzf(text[9000:], 5000))
    return packed, text, [("export", "--original"), ("verify", "--original")], ("--original", "now", *options)


def some_spectra(f, *options):
    parts = [spectrum(i, two(30 + i, seed=i, coding=(NONE, ZLIB)[i % 2]), 30 + i, time=i) for i in range(8)]
    traces = [chromatogram(i, [array(TIME, ramp), array(INTENSITY, ramp)], 9, id=f"T{i}")
              for i, ramp in enumerate((numpy.arange(9.0), numpy.arange(9, dtype="<f4")))]
    text = document(parts, traces)
    return f.write("in.mzML", text), text, SPECTRA, options


def some_alignments(f, *options):
    with open("testdata/stores/input/aligned.bam", "rb") as file:
        text = gzip.decompress(file.read())
    head, records = split(text)
    text = head + b"".join(records[200:440])
    lists = [f.write(name, b"".join(b"c1\t%d\tA\tC\n" % i for i in range(400, 1200, step)))
             for name, step in (("sites.tsv", 3), ("others.tsv", 40))]
    forms = [("same", "-q"), *(("same", "-q", "--sites", x) for x in lists)]
    return f.write("in.bam", text), text, ALIGNMENTS + forms, ("--sites", lists[0], *options)


def mutants(t, f, make, profile):
    """Changes of one store, some of each sort; how often verify found them is told."""
    given, text, forms, options = make(f, "--profile", profile)
    common = f"abort_on_error=1:halt_on_error=1:print_stacktrace=1:log_path={f / 'asan'}"
    env = {"ASAN_OPTIONS": f"detect_leaks=0:allocator_may_return_null=1:handle_segv=0:handle_sigfpe=0:"
                           f"handle_sigbus=0:{common}", "UBSAN_OPTIONS": common}
    done = run("ingest", "-q", *options, "-o", f / "s.h5", given)
    if not t.check(done.code == OK, "ingest", done.err):
        return
    store, tried, found, died = f.read("s.h5"), 0, 0, 0
    tables = find_tables(store)
    t.check(len(tables) > 10, "tables of HDF5", f"{len(tables)} found")
    while tried < MUTANTS or t.seconds() < SOAK:
        values = profile == "portable" and tried % 2 == 1
        if not mutate(t, f, store, tables, values):
            continue
        tried += 1
        what = f"mutant {tried} of {make.__name__}, {profile}, seed {SEED}"
        said = try_mutant(t, f, what, forms, text, env)
        found, died = found + (said.code != OK), died + ("HDF5 stopped" in said.err)
        if t.failed and os.environ.get("VIAL_KEEP"):
            os.replace(f / "mutant.h5", f"{os.environ['VIAL_KEEP']}/{make.__name__}-{profile}-{tried}.h5")
    print(f"{make.__name__}, {profile}: {tried} mutants, {found} found, {died} of them as HDF5 died, "
          f"seed {SEED}", flush=True)


def parts():
    if HDF5 and XXH and hasattr(HDF5, "H5_checksum_metadata"):
        return [Part(f"{make.__name__} {profile}", mutants, (make, profile))
                for make in (some_reads, some_pairs, some_delivered, some_spectra, some_alignments)
                for profile in ("compact", "portable", *["archive"] * (make is some_alignments))]
    return [lambda t, f: t.skip("HDF5 and xxHash are not there as shared libraries")]


if __name__ == "__main__":
    print(f"{VIAL}, seed {SEED}", flush=True)
    main(*parts())
