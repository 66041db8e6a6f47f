"""
mz5: the mzML that its tables are of, spectrum by spectrum as they were put in (mz5made.py), comes in, comes
back as that mzML, and says what its rows say. Real ones have the values that Python reads in their columns,
and those of the mzML that one was made from. Tables that do not fit together, or are damaged, are refused.

Suites: spectra view. Also: asan.
"""
import json
import os
import random
import xml.etree.ElementTree as xml

import h5py
import numpy

import mass_documents
import mz5made
from banktest import Bank
from mass_documents import ingest, notes, rows
from vialtest import DATA, DOCUMENTED, OK, SANITIZED, SEED, SHARED, USAGE, Part, check_refusal, main, run

REAL = f"{SHARED}/massspec/tools-galaxyp"
MINUTES, COUNTS = ("UO:0000031", "minute"), ("MS:1000131", "number of detector counts")
PEAKS = [[100.5, 200.25, 1e-300, 1e300], [], [5.0, 4.0, -0.0]]
HEIGHTS = [[1.0, 0.0, 5e-324, 2.5], [], [float("inf"), 3.0, -1.0]]


def document():
    """Tables, the columns of peaks, and what a view must say of the spectra."""
    p = mz5made.Params()
    mz = p.of(("MS:1000514", "m/z array"), ("MS:1000523", "64-bit float"), ("MS:1000574", "zlib"))
    height = p.of()
    positive = p.of(("MS:1000130", "positive scan"))
    first = {
        "id": "scan=1 <&\"\u00e9>", "spotID": "A1", "refSourceFile": 0,
        "params": p.of(("MS:1000511", "ms level", "1"), ("MS:1000128", "profile spectrum"),
                       ("MS:1000285", "total ion current", "7.5", *COUNTS),
                       user=(("note", "a<b", "xsd:string"),), groups=(0,)),
        "scanList": {"params": p.of(("MS:1000795", "no combination")), "scanList": [
            {"params": p.of(("MS:1000016", "scan start time", "0.03", *MINUTES)), "refSpectrum": None,
             "refInstrumentConfiguration": 0,
             "scanWindowList": [p.of(("MS:1000501", "scan window lower limit", "50"),
                                     ("MS:1000500", "scan window upper limit", "900"))]}]}}
    second = {
        "id": "scan=2", "refDataProcessing": 0,
        "params": p.of(("MS:1000511", "ms level", "2"), ("MS:1000127", "centroid spectrum")),
        "scanList": {"scanList": [{"externalSpectrumID": "scan=9", "refSourceFile": 0}, {}]},
        "precursors": [
            {"refSpectrum": 0, "activation": p.of(("MS:1000045", "collision energy", "27.5")),
             "isolationWindow": p.of(("MS:1000827", "isolation window target m/z", "445.3"),
                                     ("MS:1000828", "isolation window lower offset", "0.5"),
                                     ("MS:1000829", "isolation window upper offset", "1.5")),
             "selectedIonList": [p.of(("MS:1000744", "selected ion m/z", "445.34"),
                                      ("MS:1000041", "charge state", "2")),
                                 p.of(("MS:1000744", "selected ion m/z", "445.84"))]},
            {"activation": p.of(("MS:1000133", "collision-induced dissociation"))}],
        "products": [p.of(("MS:1000827", "isolation window target m/z", "200"))]}
    third = {"id": "scan=3", "params": p.of(("MS:1000511", "ms level", "1"))}
    arrays = {"xParams": mz, "yParams": height, "xrefDataProcessing": 0}
    tables = {
        "FileInformation": [{"majorVersion": 0, "minorVersion": 10, "deltaMZ": 1, "translateInten": 1}],
        "ControlledVocabulary": [{"uri": "u", "fullname": "n", "id": "MS", "version": "1"},
                                 {"uri": "u", "fullname": "n", "id": "UO", "version": ""}],
        "FileContent": [p.of(("MS:1000579", "MS1 spectrum"))],
        "Contact": [p.of(("MS:1000586", "contact name", "N. N."))],
        "SourceFiles": [{"id": "RAW", "location": "file:///", "name": "a.raw",
                         "params": p.of(("MS:1000768", "Thermo nativeID format"))}],
        "ParamGroups": [{"id": "common", "params": positive}],
        "Samples": [{"id": "S", "name": "sample"}],
        "Software": [{"id": "X", "version": "1.1", "params": p.of(("MS:1000532", "Xcalibur"))}],
        "InstrumentConfiguration": [
            {"id": "IC", "params": p.of(("MS:1000448", "LTQ FT")), "refSoftware": 0,
             "components": {"sources": [{"order": 1, "paramList": p.of(("MS:1000073", "ESI"))}],
                            "analyzers": [{"order": 2}], "detectors": [{"order": 3}]}}],
        "DataProcessing": [{"id": "DP", "method": [
            {"order": 0, "refSoftware": 0, "params": p.of(("MS:1000544", "Conversion to mzML"))}]}],
        "Run": [{"id": "run 1", "startTimeStamp": "2020-01-01T00:00:00Z", "refSpectrumDP": 0,
                 "refChromatogramDP": 0, "refDefaultInstrument": 0, "refSourceFile": 0, "refSample": 0}],
        "SpectrumMetaData": [first, second, third], "SpectrumListBinaryData": [arrays] * 3,
        "ChromatogramList": [{"id": "TIC", "params": p.of(("MS:1000235", "total ion current chromatogram"))}],
        "ChromatogramListBinaryData": [{"xParams": p.of(("MS:1000595", "time array", "", *MINUTES)),
                                        "yParams": p.of(("MS:1000515", "intensity array", "", *COUNTS))}],
    }
    tables |= {"CVReference": p.terms, "CVParam": p.cv, "UserParam": p.user, "RefParam": p.groups}
    steps = [list(numpy.diff(x, prepend=0)) if x else [] for x in PEAKS]
    columns = {"SpectrumMZ": sum(steps, []), "SpectrumIntensity": sum(HEIGHTS, []),
               "SpectrumIndex": list(map(int, numpy.cumsum([len(x) for x in PEAKS]))),
               "ChomatogramTime": [0.5, 1.0], "ChromatogramIntensity": [7.5, 2.0], "ChromatogramIndex": [2]}
    want = [{"id": first["id"], "ms_level": 1, "polarity": 1, "time": 1.8, "tic": 7.5, "scan_low": 50,
             "scan_high": 900, "precursors": None},
            {"id": "scan=2", "ms_level": 2, "precursors": [
                {"target": 445.3, "lower": 0.5, "upper": 1.5, "collision_energy": 27.5,
                 "ions": [{"mz": 445.34, "charge": 2}, {"mz": 445.84}]}, {"ions": []}]},
            {"id": "scan=3", "ms_level": 1, "precursors": None}]
    for one, step, heights in zip(want, steps, HEIGHTS):
        one |= {"mz": list(map(float, numpy.cumsum(step))), "intensity": heights}
    return tables, columns, want


def well_formed(t, f, what):
    """The document that comes back, whose references lead somewhere."""
    done = run("export", "-q", f / "s.h5")
    if not t.check(done.code == OK, what, done.err):
        return None
    root = xml.fromstring(done.out)
    ids = {x.get("id") for x in root.iter()}
    for element in root.iter():
        for name, value in element.items():
            if name.endswith("Ref") and name not in ("cvRef", "unitCvRef") or name == "ref":
                t.check(value in ids, what, f"{element.tag} points at '{value}'")
    return root


def made(t, f):
    tables, columns, want = document()
    mz5made.write(f / "run.mz5", tables, columns)
    if not ingest_noted(t, f, "made", f / "run.mz5"):
        return
    mass_documents.says(t, "made", rows(t, f, "made"), want)
    chromatogram = rows(t, f, "made", "--chromatogram", "all")
    t.check(len(chromatogram) == 1 and chromatogram[0]["time"] == [30, 60], "made", chromatogram)
    root = well_formed(t, f, "made")
    if root is None:
        return
    tags = [x.tag.split("}")[1] for x in root.iter()]
    for tag, n in (("contact", 1), ("sample", 1), ("userParam", 1), ("scan", 3), ("product", 1),
                   ("precursor", 2), ("analyzer", 1), ("softwareRef", 1), ("processingMethod", 1),
                   ("selectedIon", 2),
                   ("referenceableParamGroupRef", 1)):
        t.check(tags.count(tag) == n, "made", f"{tags.count(tag)} <{tag}>, expected {n}")
    said = notes(f)
    for key, value in (("instrument", "MS:1000448 LTQ FT"), ("native_id_format", "MS:1000768"),
                       ("run_id", "run 1"), ("spectrum_count", "ok")):
        t.check(said.get(key) == value, "made", f"{key} is {said.get(key)!r}, expected {value!r}")
    done = run("verify", f / "s.h5")
    t.check(done.code == OK and b"original text compared" in done.out, "made", f"verify: {done.err}")
    done = run("export", f / "s.h5", "-o", f / "back.mz5")
    check_refusal(t, "as mz5", done, ["mz5"], (USAGE,))


def ingest_noted(t, f, what, path):
    """Whoever ingests is told that it is not the file that is kept."""
    f.clear("s.h5")
    done = run("ingest", "-o", f / "s.h5", path)
    return t.check(done.code == OK and "as mzML of mz5" in done.err, what,
                   f"exit code {done.code}: {done.err}")


def bank(t, f):
    """By a sheet and by an inbox, and given back under the name of what it is."""
    tables, columns, _ = document()
    os.mkdir(f / "box")
    mz5made.write(f / "box/b.mz5", tables, columns)
    tables["SpectrumMetaData"][1]["id"] = "scan=7"
    mz5made.write(f / "a.mz5", tables, columns)
    there = Bank(f, settings=f"\n[inbox box]\npath = {f / 'box'}\nsettle = 0s\n")
    f.write("s.csv", b"sample,mz5\nA,a.mz5\n")
    done = there.run("ingest", "-q", "--sheet", f / "s.csv")
    t.check(done.code == OK, "sheet", done.err)
    done = there.run("nightly")
    t.check(done.code == OK and not there.quarantine(), "nightly", f"{done.err} {there.quarantine()}")
    t.check(sorted(x["acquisition"] for x in there.ls()) == ["a", "b"], "samples", there.ls())
    done = there.run("export", "-q", "--where", "rows > 0", "-o", f / "out")
    t.check(done.code == OK and sorted(os.listdir(f / "out")) == ["a.mzML", "b.mzML"], "export",
            f"{done.err} {os.listdir(f / 'out')}")


def refused(t, f):
    """Tables that do not fit together, each with the reason."""
    cases = {
        "rows of CVParam": (lambda a, c: a["SpectrumMetaData"][0]["params"].update(cvend=9999), "of CVParam"),
        "backward": (lambda a, c: a["SpectrumMetaData"][2]["params"].update(cvstart=99), "of CVParam"),
        "no term": (lambda a, c: a["CVParam"][0].update(cvRefID=0), "no term"),
        "term beyond": (lambda a, c: a["CVParam"][0].update(cvRefID=7777), "no term"),
        "index backward": (lambda a, c: c.update(SpectrumIndex=[4, 3, 7]), "values from"),
        "index beyond": (lambda a, c: c.update(SpectrumIndex=[4, 4, 99]), "SpectrumIndex ends at 99"),
        "index too short": (lambda a, c: c.update(SpectrumIndex=[4, 7]), "SpectrumIndex has 2 rows"),
        "heights missing": (lambda a, c: c.update(SpectrumIntensity=[1.0]), "SpectrumIntensity 1"),
        "no run": (lambda a, c: a.update(Run=[]), "Run 0"),
        "no terms": (lambda a, c: a.pop("CVReference"), "no table CVReference"),
    }
    for what, (change, message) in cases.items():
        tables, columns, _ = document()
        change(tables, columns)
        mz5made.write(f / "x.mz5", tables, columns)
        done = run("ingest", "-q", "-o", f / "s.h5", f / "x.mz5")
        check_refusal(t, what, done, [message, "x.mz5"], (DATA,))
        t.check(f.names() == ["x.mz5"], what, f"left over: {f.names()}")


def strange(t, f):
    """Files that are HDF5, and data sets of other shapes."""
    tables, columns, _ = document()
    changes = {
        "other columns": (lambda file: rewrite(file, "CVParam", mz5made.REF), "CVParam has other columns"),
        "no table": (lambda file: file.__delitem__("CVParam"), "no table CVParam"),
        "numbers for rows": (lambda file: replace(file, "CVParam", [1, 2, 3]), "no table CVParam"),
        "two dimensions": (lambda file: replace(file, "SpectrumMZ", numpy.zeros((7, 1))), "has 0 values"),
        "a thousand billion": (lambda file: stretch(file, "SpectrumMZ"), "SpectrumMZ has 16777216 chunks"),
        "text for numbers": (lambda file: replace(file, "SpectrumMZ", [b"x"] * 7), "has 0 values"),
        "nothing": (lambda file: [file.__delitem__(x) for x in list(file)], "no table FileInformation"),
    }
    for what, (change, message) in changes.items():
        mz5made.write(f / "x.mz5", tables, columns)
        with h5py.File(f / "x.mz5", "a") as file:
            change(file)
        done = run("ingest", "-q", "-o", f / "s.h5", f / "x.mz5")
        check_refusal(t, what, done, [message, "x.mz5"], (DATA,))
    mz5made.write(f / "x.mz5", tables, columns)
    with open(f / "x.mz5", "rb") as file:
        data = file.read()
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mz5", data[:len(data) // 2]))
    check_refusal(t, "half a file", done, ["x.mz5"], (DATA,))
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.hdf", data))
    check_refusal(t, "another name", done, ["x.hdf", "known by its name, in .mz5"], (DATA,))
    f.clear("x.hdf")
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mz5", b"no HDF5"))
    check_refusal(t, "no HDF5", done, ["x.mz5"], (DATA,))
    t.check(f.names() == ["x.mz5"], "strange", f"left over: {f.names()}")


def heaps(t, f):
    """The heaps of texts and rows, each number of them another: lengths, places, numbers of objects."""
    tables, columns, want = document()
    mz5made.write(f / "x.mz5", tables, columns)
    with open(f / "x.mz5", "rb") as file:
        data = file.read()
    places = [x for x in range(len(data)) if data.startswith(b"GCOL", x)]
    t.check(len(places) > 0, "heaps", "there are none")
    for heap in places[:1] if SANITIZED else places:
        # its word, version and length; then number and length of its first object, which nobody may want
        for at, value in ((0, b"GCOX"), (4, b"\2"), (8, b"\0" * 8), (8, b"\xff" * 8), (15, b"\x10"),
                          (16, b"\0\0"), (16, b"\xff\xff"), (24, b"\0" * 8), (24, b"\xff" * 8), (26, b"\1")):
            damaged = bytearray(data)
            damaged[heap + at:heap + at + len(value)] = value
            f.clear("s.h5")
            done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mz5", bytes(damaged)))
            if at < 16 or done.code != OK:
                check_refusal(t, f"heap {heap}, {at}", done, ["table ", ": heap at byte"], (DATA,))
    tables["SpectrumMetaData"] = [{"id": "a" * 70000}] + tables["SpectrumMetaData"][1:]
    mz5made.write(f / "x.mz5", tables, columns)
    if ingest_noted(t, f, "a long text", f / "x.mz5"):
        t.check(rows(t, f, "a long text")[0]["id"] == "a" * 70000, "a long text", "it is another")


def replace(file, name, values):
    del file[name]
    file.create_dataset(name, data=values)


def rewrite(file, name, form):
    del file[name]
    mz5made.put_table(file, name, form, [{}])


def stretch(file, name):
    del file[name]
    file.create_dataset(name, (1 << 40,), "f8", chunks=(1 << 16,))


def flipped(t, f):
    """Bytes that are others anywhere: the document is refused, or is one; nothing hangs."""
    tables, columns, _ = document()
    mz5made.write(f / "x.mz5", tables, columns)
    with open(f / "x.mz5", "rb") as file:
        data = bytearray(file.read())
    draw = random.Random(SEED)
    for _ in range(30 if SANITIZED else 150):
        damaged = bytearray(data)
        for _ in range(draw.choice((1, 1, 4))):
            at = draw.randrange(len(data))
            damaged[at] = draw.choice((damaged[at] ^ 1 << draw.randrange(8), 0, 255))
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mz5", bytes(damaged)))
        t.check(done.code in (OK, DATA), f"flipped, seed {SEED}", f"exit code {done.code}: {done.err}")
        t.check(done.code in DOCUMENTED, "flipped", done.err)


# ---- real files ----


def columns_of(path):
    """m/z and intensity of each spectrum, by numpy."""
    with h5py.File(path) as file:
        ends, mz, height = (file[x][:] for x in ("SpectrumIndex", "SpectrumMZ", "SpectrumIntensity"))
        steps = file["FileInformation"]["deltaMZ"][0]
    for a, b in zip(numpy.concatenate(([0], ends)), ends):
        yield (numpy.cumsum(mz[a:b]) if steps else mz[a:b]).tolist(), height[a:b].tolist()


def real(t, f, path):
    what = os.path.basename(path)
    if not ingest_noted(t, f, what, path):
        return
    got, want = rows(t, f, what), list(columns_of(path))
    t.check([(x["mz"], x["intensity"]) for x in got] == want, what, "peaks are others than numpy's")
    well_formed(t, f, what)


def same_as_mzml(t, f):
    """The mzML that it was made from holds heights in 32 bits; all else is the same."""
    if not ingest(t, f, "of an mzML", f"{REAL}/small-peakpicking-cwt-allMS.mzML"):
        return
    want = rows(t, f, "of an mzML")
    if not ingest_noted(t, f, "of an mzML", f"{REAL}/small-zlib-64.mz5"):
        return
    got = rows(t, f, "of an mzML")
    t.check(len(got) == len(want), "of an mzML", f"{len(got)} spectra, expected {len(want)}")
    for a, b in zip(got, want):
        t.check(numpy.float32(a.pop("intensity")).tolist() == numpy.float32(b.pop("intensity")).tolist(),
                a["id"], "intensities differ")
        t.check(a == b, a["id"], f"{json.dumps(a)[:300]} is not {json.dumps(b)[:300]}")


def parts():
    if not os.path.exists(f"{REAL}/small-zlib-64.mz5"):
        yield Part("real files", lambda t, _: t.skip(f"no files in {REAL}"))
        return
    for name in ("small-zlib-64", "Rpal_01", "D100930_yeast_SCX10S_rak_ft8E_pc_01"):
        yield Part(name, real, (f"{REAL}/{name}.mz5",))
    yield Part("of an mzML", same_as_mzml, ())


if __name__ == "__main__":
    main(made, bank, refused, strange, heaps, flipped, *parts())
