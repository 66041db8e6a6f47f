"""
Stores of spectra as h5py sees them: portable ones without any plugin, the others with HDF5_PLUGIN_PATH.

The rows of table array lead to the values: array/column counts the lines of /schema whose shape is pieces,
array/start and array/length say where in that column. All of it is compared, bit for bit, with a reader of
mzML that knows nothing of stores.

Suites: store spectra.
"""
import hashlib
import os
import subprocess
import sys
import xml.etree.ElementTree as xml
import zlib

import numpy

from mzmodel import (CHARGE, CODINGS, F32, F64, I32, I64, INTENSITY, MZ, TIME, ZLIB, Document, array,
                     chromatogram, cv, document, made_spectra, mzml_files, param_group, peaks, plain,
                     precursor, spectrum, two, zstd_library)
from vialtest import OK, SHARED, SOAK, Part, main, run

KIND_NAMES = {MZ: "mz", INTENSITY: "intensity", CHARGE: "charge", TIME: "time", 1000617: "wavelength"}
STORED = {I32: "<i4", F32: "<f4", I64: "<i8", F64: "<f8"}
UNIT_OF = {"mz": "Th", "intensity": "counts", "time": "min"}


def show(path, to):
    """What the other process does: all of a store that numpy can keep, to a file."""
    import h5py  # only now: HDF5 reads HDF5_PLUGIN_PATH when it is loaded

    content = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and item.dtype.kind != "V":
            content[name] = item[...]

    with h5py.File(path, "r") as store:
        store.visititems(visit)
        lines = [line.split("\t") for line in bytes(store["schema"][:]).decode().splitlines()]
        pieces = [dict(zip(lines[0], line)) for line in lines[1:] if line[2] == "pieces"]
        notes = {f"note:{number}": piece["path"].encode() for number, piece in enumerate(pieces)}
        lengths = {"row_length:" + name: store[name].attrs["row_length"] for name in content
                   if "row_length" in store[name].attrs}
        units = {"unit:" + name: store[name].attrs["unit"] for name in content if "unit" in store[name].attrs}
    numpy.savez(to, **content, **notes, **lengths, **units)


class Store:
    """All data sets of a store, read by another process in the environment that is asked for."""

    def __init__(self, f, path, plugin):
        env = {k: v for k, v in os.environ.items() if k != "HDF5_PLUGIN_PATH"}
        env["HDF5_PLUGIN_PATH"] = plugin or "/nowhere"
        done = subprocess.run([sys.executable, __file__, "--show", path, f / "content.npz"], env=env,
                              stderr=subprocess.PIPE)
        self.good, self.why = done.returncode == 0, done.stderr.decode("utf-8", "replace")[-300:]
        self.data = dict(numpy.load(f / "content.npz")) if self.good else {}
        f.clear("content.npz")

    def __getitem__(self, name):
        return self.data[name]

    def row(self, column, i):
        """A row of a ragged column."""
        values = self.data[column]
        if column + ".offset" in self.data:
            a, b = self.data[column + ".offset"][i:i + 2]
        else:
            n = int(self.data["row_length:" + column])
            a, b = i * n, (i + 1) * n
        return values[int(a):int(b)]

    def column_of(self, array):
        return bytes(self.data[f"note:{self.data['array/column'][array]}"]).decode()

    def array(self, i):
        start, length = int(self.data["array/start"][i]), int(self.data["array/length"][i])
        if not length and self.column_of(i) not in self.data:
            return numpy.zeros(0)
        return self.data[self.column_of(i)][start:start + length]


def class_of(s):
    if not s.ms_level:
        return "other"
    return ("ms1_" if s.ms_level == 1 else "msn_") + (s.centroid or "unknown")


def check_array(t, what, store, i, a, prefix):
    """Is row i of table array the document's array? Says whether."""
    path, values = store.column_of(i), store.array(i)
    name = path.rsplit("/", 1)[1].split(".")[0]
    coding = (path.rsplit("/", 1)[1].split(".") + [""])[1]
    if not path.startswith(prefix + "/") or path.count("/") != prefix.count("/") + 1:
        return t.check(False, what, f"array {i} is in {path}, not in {prefix}")
    if a.kind in KIND_NAMES and not (name == KIND_NAMES[a.kind] or name.startswith(KIND_NAMES[a.kind] + "_")):
        return t.check(False, what, f"array {i} is in {path}, its kind is {a.kind}")
    if not coding and a.values is not None:
        right_type = values.dtype.str == STORED.get(a.number) or not len(values)
        good = len(values) == len(a.values) and right_type and values.tobytes() == a.values.tobytes()
    else:
        good = values.tobytes() == a.payload
        want = {"linear": "numpress_linear", "pic": "numpress_pic", "slof": "numpress_slof",
                "dictionary": "dictionary"}.get(a.inner)
        good = good and (want is None or coding == want)
    if not good:
        return t.check(False, what, f"array {i} in {path} differs: {values[:3]}, {len(values)} elements")
    return True


def equal_doubles(t, what, store, column, want):
    got = store[column]
    want = numpy.array(want, "<f8")
    both = numpy.isnan(got) & numpy.isnan(want) if len(got) == len(want) else None
    good = both is not None and numpy.where(both, 0, got).tobytes() == numpy.where(both, 0, want).tobytes()
    t.check(good, what, f"{column}: {got[:5]}, expected {want[:5]}")


def equal_whole(t, what, store, column, dtype, want):
    got = store[column]
    t.check(got.dtype.str == dtype and got.tolist() == list(want), what,
            f"{column}: {got.dtype.str} {got[:5].tolist()}, expected {list(want)[:5]}")


def check_store(t, what, store, doc):
    if not t.check(store.good, what, f"h5py cannot read it: {store.why}"):
        return
    spectra = doc.spectra
    n = len(spectra)
    for column in ("ms_level", "time", "polarity", "centroid", "tic", "array_at", "array_count"):
        if n or f"spectra/{column}" in store.data:
            t.check(len(store.data.get(f"spectra/{column}", ())) == n, what,
                    f"spectra/{column} has no row for each of {n} spectra")
    if n:
        equal_whole(t, what, store, "spectra/ms_level", "|u1", [s.ms_level for s in spectra])
        equal_whole(t, what, store, "spectra/polarity", "|i1", [s.polarity for s in spectra])
        equal_whole(t, what, store, "spectra/centroid", "|u1",
                    [{"centroid": 1, "profile": 0, "": 255}[s.centroid] for s in spectra])
        equal_whole(t, what, store, "spectra/array_length", "<u8", [s.length for s in spectra])
        for column in ("time", "tic", "base_peak_mz", "base_peak_intensity", "scan_low", "scan_high",
                       "mobility", "injection_time"):
            equal_doubles(t, what, store, f"spectra/{column}", [getattr(s, column) for s in spectra])
        ids = [bytes(store.row("spectra/id", i)).decode("utf-8", "replace") for i in range(n)]
        t.check(ids == [s.id for s in spectra], what, f"ids {ids[:3]}")
        t.check(bytes(store["unit:spectra/time"]).decode() == "s", what, "unit of the time")
    precursors = [(s.row, *p) for s in spectra for p in s.precursors]
    if precursors:
        equal_whole(t, what, store, "precursor/spectrum", "<u8", [p[0] for p in precursors])
        for k, column in enumerate(("target", "lower", "upper", "collision_energy")):
            equal_doubles(t, what, store, f"precursor/{column}", [p[1 + k] for p in precursors])
    else:
        t.check(len(store.data.get("precursor/spectrum", ())) == 0, what, "precursors where there are none")
    first = 0
    ions = []
    for s in spectra:
        ions += [(s.row, first + p, mz, charge, height) for mz, charge, height, p in s.ions]
        first += len(s.precursors)
    if ions:
        equal_whole(t, what, store, "selected_ion/spectrum", "<u8", [x[0] for x in ions])
        equal_whole(t, what, store, "selected_ion/precursor", "<u8", [x[1] for x in ions])
        equal_doubles(t, what, store, "selected_ion/mz", [x[2] for x in ions])
        equal_whole(t, what, store, "selected_ion/charge", "|i1", [x[3] for x in ions])
        equal_doubles(t, what, store, "selected_ion/intensity", [x[4] for x in ions])
    else:
        t.check(len(store.data.get("selected_ion/spectrum", ())) == 0, what, "ions where there are none")
    check_chromatograms(t, what, store, doc)
    check_arrays(t, what, store, doc)


def check_chromatograms(t, what, store, doc):
    for i, c in enumerate(doc.chromatograms):
        if not t.check(bytes(store.row("chromatograms/id", i)).decode("utf-8", "replace") == c.id, what,
                       f"id of chromatogram {i}"):
            break
    if doc.chromatograms:
        equal_doubles(t, what, store, "chromatograms/precursor_mz",
                      [c.precursor_mz for c in doc.chromatograms])
        equal_doubles(t, what, store, "chromatograms/product_mz", [c.product_mz for c in doc.chromatograms])
        t.check(len(store["chromatograms/kind"]) == len(doc.chromatograms), what, "kinds of chromatograms")


def check_arrays(t, what, store, doc):
    seen = 0
    for table, records in (("spectra", doc.spectra), ("chromatograms", doc.chromatograms)):
        for r in records:
            at, count = int(store[f"{table}/array_at"][r.row]), int(store[f"{table}/array_count"][r.row])
            if not t.check(count == len(r.arrays), what,
                           f"{table} {r.row} has {count} arrays, {len(r.arrays)} expected"):
                return
            prefix = f"spectra/{class_of(r)}" if table == "spectra" else "chromatograms"
            for k, a in enumerate(r.arrays):
                if not check_array(t, what, store, at + k, a, prefix):
                    return
                seen += 1
    t.check(seen == len(store.data.get("array/column", ())), what,
            f"{seen} arrays of {len(store.data.get('array/column', ()))}")
    for name in store.data:
        if name.startswith("unit:spectra/") and name.count("/") == 2:
            kind = name.rsplit("/", 1)[1]
            t.check(kind not in UNIT_OF or bytes(store[name]).decode() == UNIT_OF[kind], what,
                    f"{name}: {store[name]}")


def both_profiles(t, f, what, text, profiles=("portable", "compact")):
    doc, plugin = Document(text), run("plugin-path").out.decode().strip()
    for profile in profiles:
        done = run("ingest", "-q", "--profile", profile, "-o", f / "s.h5", f.write("x.mzML", text))
        if t.check(done.code == OK, f"{what}, {profile}", done.err):
            check_store(t, f"{what}, {profile}",
                        Store(f, f / "s.h5", None if profile == "portable" else plugin), doc)
        f.clear("s.h5", "x.mzML")


GROUPS = (param_group("mz", cv(F64), cv(ZLIB), cv(MZ, unit="MS:1000040")) +
          param_group("ms2", cv(1000511, 2), cv(1000127), cv(1000129), cv(1000285, "1e4")))


def transition(i):
    """A chromatogram of ions of one m/z that became ions of another."""
    window = "<isolationWindow>{}</isolationWindow>".format
    more = (f"<precursor>{window(cv(1000827, '455.5'))}<activation/></precursor>"
            f"<product>{window(cv(1000827, '120.25'))}</product>")
    times, intensity = peaks(9 + i)
    return chromatogram(i, [array(TIME, times, unit=["UO:0000031", "UO:0000010"][i % 2]),
                            array(INTENSITY, intensity)], 9 + i, id=f"c{i}", more=more)


def made_documents():
    long_ids = [spectrum(i, two(15 + i, i), 15 + i, id=f"controllerType=0 controllerNumber=1 scan={i}",
                         time=f"{i / 7:.6f}", unit="UO:0000031",
                         level=1 + i % 3, centroid=[True, False, None][i % 3],
                         precursors=[precursor(f"{400 + i / 3:.5f}",
                                               [(f"{400 + i / 3:.7f}", i % 5, None)] * (i % 3), "0.5", "0.5",
                                               "27")] * (i % 4))
                for i in range(60)]
    yield "rows of all kinds", document(long_ids,
                                        [chromatogram(0,
                                                      [array(TIME, peaks(30)[0]),
                                                       array(INTENSITY, peaks(30)[1])], 30)])
    yield "ids equally long", document([spectrum(i, two(3, i), 3, id=f"scan={1000 + i}") for i in range(20)])
    yield "one spectrum", document([spectrum(0, two(1), 1)])
    yield "no peaks", document([spectrum(0, [], 0), spectrum(1, two(0), 0)])
    codings = [c for c in CODINGS if CODINGS[c][0] != "zstd" or zstd_library()]
    yield "codings", document([spectrum(i, two(30 + i, i, c), 30 + i) for i, c in enumerate(codings)])
    whole = numpy.arange(-6, 6).astype("<i4")
    values = [array(MZ, whole.astype("<f8")), array(INTENSITY, whole), array(CHARGE, whole.astype("<i8")),
              array(1000617, whole.astype("<f4")),
              array(1003007, whole.astype("<f8")), array(1009999, whole.astype("<f8")),
              array(1000786, whole.astype("<f4"))]
    yield "kinds", document([spectrum(i, values, 12, level=i % 3) for i in range(5)])
    special = numpy.array([0x7ff8000000000001, 0xfff0000000000000, 0x8000000000000000, 1, 0x7fefffffffffffff,
                           0x7ff4000000000000], "<u8").view("<f8")
    yield "bit patterns", document([spectrum(0,
                                             [array(MZ, special),
                                              array(INTENSITY, special.view("<f4")[:6].copy())], 6)])
    mz = peaks(25)[0]
    grouped = array(MZ, mz, params='<referenceableParamGroupRef ref="mz"/>',
                    packed=zlib.compress(mz.tobytes()))
    yield "groups", document([spectrum(0, [grouped, array(INTENSITY, mz)], 25, level=0, centroid=None,
                                       positive=None, params='<referenceableParamGroupRef ref="ms2"/>')],
                                       groups=GROUPS)
    yield "only chromatograms", document([], [transition(i) for i in range(4)])
    yield "names with entities", document([spectrum(0, two(5), 5, id='a & b <"c"> é')])


PLUGIN = run("plugin-path").out.decode().strip()


def made(t, f):
    """What scripts/make-data makes; without the plugin the compact store cannot be read, and says so."""
    if not t.check(made_spectra(f / "made.mzML", 3), "scripts/make-data"):
        return
    both_profiles(t, f, "made", f.read("made.mzML"))
    run("ingest", "-q", "-o", f / "s.h5", f / "made.mzML")
    t.check(not Store(f, f / "s.h5", None).good, "compact without a plugin", "it was read")


def real_file(t, f, path, profiles):
    text = plain(path)
    try:
        Document(text)
    except (xml.ParseError, ValueError):
        return
    both_profiles(t, f, os.path.relpath(path, SHARED), text, profiles)


def no_real_files(t, _):
    t.skip(f"no mzML files under {SHARED}; VIAL_SHARED names the folder")


def real_parts():
    """A part for each file that is not too large and not there twice; in one profile, in soak in both."""
    known = set()
    for i, path in enumerate(mzml_files(SHARED)):
        text = plain(path)
        if len(text) <= 12e6 and (key := hashlib.sha1(text).digest()) not in known:
            known.add(key)
            both = ("portable", "compact")
            yield Part(os.path.basename(path), real_file, (path, both if SOAK else both[i % 2:i % 2 + 1]))
    if not known:
        yield Part("real files", no_real_files)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--show"]:
        show(*sys.argv[2:])
    else:
        all_four = ("portable", "compact", "fast", "archive")
        main(*(Part(name, both_profiles, (name, text, all_four if name == "codings" else all_four[:2]))
               for name, text in made_documents()), made, *real_parts())
