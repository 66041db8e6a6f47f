"""
Stores of spectra as h5py sees them: portable ones without any plugin, the others with HDF5_PLUGIN_PATH.

The rows of table array lead to the values: array/column counts the lines of /schema whose shape is pieces, array/start
and array/length say where in that column. All of it is compared, bit for bit, with a reader of
mzML that knows nothing of stores.

Suites: store spectra.
"""
import glob
import sys

if sys.argv[1:2] == ["--show"]:  # the part that needs the environment: a store's content to standard output
    import h5py
    import numpy

    with h5py.File(sys.argv[2], "r") as store:
        content = {}
        store.visititems(lambda name, item: content.__setitem__(name, item[...]) if isinstance(item, h5py.Dataset) and item.dtype.kind != "V" else None)
        lines = [line.split("\t") for line in bytes(store["schema"][:]).decode().splitlines()]
        pieces = [dict(zip(lines[0], line)) for line in lines[1:] if line[2] == "pieces"]
        notes = {f"note:{number}": piece["path"].encode() for number, piece in enumerate(pieces)}
        lengths = {"row_length:" + name: item.attrs["row_length"] for name, item in
                   ((n, store[n]) for n in content) if "row_length" in item.attrs}
        units = {"unit:" + name: store[name].attrs["unit"] for name in content if "unit" in store[name].attrs}
        numpy.savez(sys.argv[3], **content, **notes, **lengths, **units)
    sys.exit(0)

from mzmodel import *
from vialtest import *

t = Tally()
KIND_NAMES = {MZ: "mz", INTENSITY: "intensity", CHARGE: "charge", TIME: "time", 1000617: "wavelength"}
STORED = {I32: "<i4", F32: "<f4", I64: "<i8", F64: "<f8"}
UNIT_OF = {"mz": "Th", "intensity": "counts", "time": "min"}


class Store:
    """All data sets of a store, read by another process in the environment that is asked for."""

    def __init__(self, f, path, plugin):
        env = {k: v for k, v in os.environ.items() if k != "HDF5_PLUGIN_PATH"}
        env["HDF5_PLUGIN_PATH"] = plugin or "/nowhere"
        done = subprocess.run([sys.executable, __file__, "--show", path, f / "content.npz"], env=env, stderr=subprocess.PIPE)
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


def check_array(what, store, i, a, prefix):
    """Is row i of table array the document's array? Says whether."""
    path, values = store.column_of(i), store.array(i)
    name = path.rsplit("/", 1)[1].split(".")[0]
    coding = (path.rsplit("/", 1)[1].split(".") + [""])[1]
    if not path.startswith(prefix + "/") or path.count("/") != prefix.count("/") + 1:
        return t.check(False, what, f"array {i} is in {path}, not in {prefix}")
    if a.kind in KIND_NAMES and not (name == KIND_NAMES[a.kind] or name.startswith(KIND_NAMES[a.kind] + "_")):
        return t.check(False, what, f"array {i} is in {path}, its kind is {a.kind}")
    if not coding and a.values is not None:
        good = len(values) == len(a.values) and (values.dtype.str == STORED.get(a.number) or not len(values)) and values.tobytes() == a.values.tobytes()
    else:
        good = values.tobytes() == a.payload
        want = {"linear": "numpress_linear", "pic": "numpress_pic", "slof": "numpress_slof", "dictionary": "dictionary"}.get(a.inner)
        good = good and (want is None or coding == want)
    if not good:
        return t.check(False, what, f"array {i} in {path} differs: {values[:3]}, {len(values)} elements")
    return True


def equal_doubles(what, store, column, want):
    got = store[column]
    want = numpy.array(want, "<f8")
    both = numpy.isnan(got) & numpy.isnan(want) if len(got) == len(want) else None
    good = both is not None and numpy.where(both, 0, got).tobytes() == numpy.where(both, 0, want).tobytes()
    t.check(good, what, f"{column}: {got[:5]}, expected {want[:5]}")


def equal_whole(what, store, column, dtype, want):
    got = store[column]
    t.check(got.dtype.str == dtype and got.tolist() == list(want), what, f"{column}: {got.dtype.str} {got[:5].tolist()}, expected {list(want)[:5]}")


def check_store(what, store, doc):
    if not t.check(store.good, what, f"h5py cannot read it: {store.why}"):
        return
    spectra = doc.spectra
    n = len(spectra)
    for column in ("ms_level", "time", "polarity", "centroid", "tic", "array_at", "array_count"):
        if n or f"spectra/{column}" in store.data:
            t.check(len(store.data.get(f"spectra/{column}", ())) == n, what, f"spectra/{column} has no row for each of {n} spectra")
    if n:
        equal_whole(what, store, "spectra/ms_level", "|u1", [s.ms_level for s in spectra])
        equal_whole(what, store, "spectra/polarity", "|i1", [s.polarity for s in spectra])
        equal_whole(what, store, "spectra/centroid", "|u1", [{"centroid": 1, "profile": 0, "": 255}[s.centroid] for s in spectra])
        equal_whole(what, store, "spectra/array_length", "<u8", [s.length for s in spectra])
        for column in ("time", "tic", "base_peak_mz", "base_peak_intensity", "scan_low", "scan_high", "mobility", "injection_time"):
            equal_doubles(what, store, f"spectra/{column}", [getattr(s, column) for s in spectra])
        ids = [bytes(store.row("spectra/id", i)).decode("utf-8", "replace") for i in range(n)]
        t.check(ids == [s.id for s in spectra], what, f"ids {ids[:3]}")
        t.check(bytes(store["unit:spectra/time"]).decode() == "s", what, "unit of the time")
    precursors = [(s.row, *p) for s in spectra for p in s.precursors]
    if precursors:
        equal_whole(what, store, "precursor/spectrum", "<u8", [p[0] for p in precursors])
        for k, column in enumerate(("target", "lower", "upper", "collision_energy")):
            equal_doubles(what, store, f"precursor/{column}", [p[1 + k] for p in precursors])
    else:
        t.check(len(store.data.get("precursor/spectrum", ())) == 0, what, "precursors where there are none")
    first = 0
    ions = []
    for s in spectra:
        ions += [(s.row, first + p, mz, charge, height) for mz, charge, height, p in s.ions]
        first += len(s.precursors)
    if ions:
        equal_whole(what, store, "selected_ion/spectrum", "<u8", [x[0] for x in ions])
        equal_whole(what, store, "selected_ion/precursor", "<u8", [x[1] for x in ions])
        equal_doubles(what, store, "selected_ion/mz", [x[2] for x in ions])
        equal_whole(what, store, "selected_ion/charge", "|i1", [x[3] for x in ions])
        equal_doubles(what, store, "selected_ion/intensity", [x[4] for x in ions])
    else:
        t.check(len(store.data.get("selected_ion/spectrum", ())) == 0, what, "ions where there are none")
    check_chromatograms(what, store, doc)
    check_arrays(what, store, doc)


def check_chromatograms(what, store, doc):
    for i, c in enumerate(doc.chromatograms):
        if not t.check(bytes(store.row("chromatograms/id", i)).decode("utf-8", "replace") == c.id, what, f"id of chromatogram {i}"):
            break
    if doc.chromatograms:
        equal_doubles(what, store, "chromatograms/precursor_mz", [c.precursor_mz for c in doc.chromatograms])
        equal_doubles(what, store, "chromatograms/product_mz", [c.product_mz for c in doc.chromatograms])
        t.check(len(store["chromatograms/kind"]) == len(doc.chromatograms), what, "kinds of chromatograms")


def check_arrays(what, store, doc):
    seen = 0
    for table, records in (("spectra", doc.spectra), ("chromatograms", doc.chromatograms)):
        for r in records:
            at, count = int(store[f"{table}/array_at"][r.row]), int(store[f"{table}/array_count"][r.row])
            if not t.check(count == len(r.arrays), what, f"{table} {r.row} has {count} arrays, {len(r.arrays)} expected"):
                return
            prefix = f"spectra/{class_of(r)}" if table == "spectra" else "chromatograms"
            for k, a in enumerate(r.arrays):
                if not check_array(what, store, at + k, a, prefix):
                    return
                seen += 1
    t.check(seen == len(store.data.get("array/column", ())), what, f"{seen} arrays of {len(store.data.get('array/column', ()))}")
    for name in store.data:
        if name.startswith("unit:spectra/") and name.count("/") == 2:
            kind = name.rsplit("/", 1)[1]
            t.check(kind not in UNIT_OF or bytes(store[name]).decode() == UNIT_OF[kind], what, f"{name}: {store[name]}")


def both_profiles(f, what, text, profiles=("portable", "compact")):
    doc = Document(text)
    for profile in profiles:
        done = run("ingest", "-q", "--profile", profile, "-o", f / "s.h5", f.write("x.mzML", text))
        if t.check(done.code == OK, f"{what}, {profile}", done.err):
            check_store(f"{what}, {profile}", Store(f, f / "s.h5", None if profile == "portable" else PLUGIN), doc)
        f.clear("s.h5", "x.mzML")


GROUPS = (f'<referenceableParamGroup id="mz">{cv(F64)}{cv(ZLIB)}{cv(MZ, unit="MS:1000040")}</referenceableParamGroup>'
          f'<referenceableParamGroup id="ms2">{cv(1000511, 2)}{cv(1000127)}{cv(1000129)}{cv(1000285, "1e4")}</referenceableParamGroup>')


def made_documents():
    long_ids = [spectrum(i, two(15 + i, i), 15 + i, id=f"controllerType=0 controllerNumber=1 scan={i}", time=f"{i / 7:.6f}", unit="UO:0000031",
                         level=1 + i % 3, centroid=[True, False, None][i % 3],
                         precursors=[precursor(f"{400 + i / 3:.5f}", [(f"{400 + i / 3:.7f}", i % 5, None)] * (i % 3), "0.5", "0.5", "27")] * (i % 4))
                for i in range(60)]
    yield "rows of all kinds", document(long_ids, [chromatogram(0, [array(TIME, peaks(30)[0]), array(INTENSITY, peaks(30)[1])], 30)])
    yield "ids equally long", document([spectrum(i, two(3, i), 3, id=f"scan={1000 + i}") for i in range(20)])
    yield "one spectrum", document([spectrum(0, two(1), 1)])
    yield "no peaks", document([spectrum(0, [], 0), spectrum(1, two(0), 0)])
    codings = [c for c in CODINGS if CODINGS[c][0] != "zstd" or zstd_library()]
    yield "codings", document([spectrum(i, two(30 + i, i, c), 30 + i) for i, c in enumerate(codings)])
    whole = numpy.arange(-6, 6).astype("<i4")
    values = [array(MZ, whole.astype("<f8")), array(INTENSITY, whole), array(CHARGE, whole.astype("<i8")), array(1000617, whole.astype("<f4")),
              array(1003007, whole.astype("<f8")), array(1009999, whole.astype("<f8")), array(1000786, whole.astype("<f4"))]
    yield "kinds", document([spectrum(i, values, 12, level=i % 3) for i in range(5)])
    special = numpy.array([0x7ff8000000000001, 0xfff0000000000000, 0x8000000000000000, 1, 0x7fefffffffffffff, 0x7ff4000000000000], "<u8").view("<f8")
    yield "bit patterns", document([spectrum(0, [array(MZ, special), array(INTENSITY, special.view("<f4")[:6].copy())], 6)])
    mz = peaks(25)[0]
    grouped = array(MZ, mz, params='<referenceableParamGroupRef ref="mz"/>', packed=zlib.compress(mz.tobytes()))
    yield "groups", document([spectrum(0, [grouped, array(INTENSITY, mz)], 25, level=0, centroid=None, positive=None, params='<referenceableParamGroupRef ref="ms2"/>')], groups=GROUPS)
    yield "only chromatograms", document([], [chromatogram(i, [array(TIME, peaks(9 + i)[0], unit=["UO:0000031", "UO:0000010"][i % 2]), array(INTENSITY, peaks(9 + i)[1])],
                                                           9 + i, id=f"c{i}", more="<precursor>" + f"<isolationWindow>{cv(1000827, '455.5')}</isolationWindow><activation/></precursor>" +
                                                           f"<product><isolationWindow>{cv(1000827, '120.25')}</isolationWindow></product>") for i in range(4)])
    yield "names with entities", document([spectrum(0, two(5), 5, id='a & b <"c"> é')])


need_vial()
PLUGIN = run("plugin-path").out.decode().strip()
with Folder() as folder:
    for name, text in made_documents():
        both_profiles(folder, name, text, ("portable", "compact", "fast", "archive") if name == "codings" else ("portable", "compact"))
    if t.check(made_spectra(folder / "made.mzML", 3), "scripts/make-data"):
        both_profiles(folder, "made", folder.read("made.mzML"))
        # without the plugin the compact one cannot be read, and says so
        run("ingest", "-q", "-o", folder / "s.h5", folder / "made.mzML")
        t.check(not Store(folder, folder / "s.h5", None).good, "compact without a plugin", "it was read")
        folder.clear("s.h5", "made.mzML")
    paths = sorted(p for p in glob.glob(f"{SHARED}/massspec/**/*", recursive=True) if p.lower().endswith((".mzml", ".mzml.gz", "bla.idx.gz")))
    if not paths:
        t.skip(f"no mzML files under {SHARED}; VIAL_SHARED names the folder")
    known = set()
    for i, path in enumerate(paths):
        text = plain(path)
        if len(text) > 12e6 or hashlib.sha1(text).digest() in known:
            continue
        known.add(hashlib.sha1(text).digest())
        try:
            Document(text)
        except (xml.ParseError, ValueError):
            continue
        both_profiles(folder, os.path.relpath(path, SHARED), text, ("portable", "compact")[i % 2:i % 2 + 1] if not SOAK else ("portable", "compact"))
t.end()
