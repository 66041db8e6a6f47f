"""
mzXML: documents made by hand (testdata/mzxml) come back byte for byte, or are refused as their .err says;
what a view says of them is what Python's own libraries read in them (mxmodel.py). So are real ones, and those
that msconvert makes of real mzML: with 32 or 64 bits, compressed or not, their values are those of the mzML.

Suites: spectra view. Also: asan.
"""
import glob
import os
import shutil
import subprocess

import mass_documents
import mxmodel
from mass_documents import comes_back, ingest, notes, rows, says, wrong
from vialtest import OK, SANITIZED, SHARED, USAGE, Part, main, patient, run

HERE = "testdata/mzxml"
# what is not ok, or counted
NOTED = {
    "no_index": {"index": "absent", "checksum": "absent"},
    "root_run": {"index": "absent", "checksum": "absent", "mzxml.version": "2.0"},
    "utf8_bom": {"index": "absent", "checksum": "absent"},
    "wrong_sha1": {"checksum": "mismatch"}, "sha1_zero": {"checksum": "placeholder"},
    "wrong_index": {"index": "mismatch"}, "wrong_count": {"spectrum_count": "mismatch: 7 said, 2 found"},
    "flat_v2": {"mzxml.version": "2.1"}, "durations": {"n_not_a_number": 9},
    "lengths": {"n_array_length": 2, "n_encoded_length": 1, "n_unknown_array": 1},
    "two_peaks": {}, "codings": {"n_unknown_array": 4, "n_array_length": 1}, "blanks": {"n_kept_text": 2},
    "precursors": {"n_not_a_number": 4},
}


def legal(t, f, path):
    noted = {"index": "ok", "checksum": "ok", "spectrum_count": "ok", "mzxml.version": "3.2"}
    mass_documents.legal(t, f, mxmodel.scans, path, noted | NOTED.get(os.path.basename(path)[:-3], {}))


def cut_off(t, f):
    mass_documents.cut_off(t, f, f"{HERE}/nested.in", "x.mzXML")


def asked(t, f):
    """Scan numbers, times, levels and precursors are found as in stores of mzML."""
    if not ingest(t, f, "nested", f"{HERE}/nested.in"):
        return
    for options, want in ((("--scan", 4), [3]), (("--ms-level", 2), [1, 3, 5]),
                          (("--time", "1.75-2.55"), [2, 3, 4]), (("--precursor", 445.34), [1]),
                          (("--id", "scan=6"), [5]), (("--rows", "2-3"), [2, 3])):
        got = [x["index"] for x in rows(t, f, f"{options}", *options)]
        t.check(got == want, f"{options}", f"found {got}, expected {want}")
    done = run("view", "-O", "mzml", "--scan", 2, f / "s.h5")
    for part in (b'spectrumRef="scan=1"', b"MS:1000133", b'accession="MS:1000828"'):
        t.check(part in done.out, "nested as mzML", f"no {part} in {done.out[:3000]}")
    done = run("view", "-O", "mzml", "--mz", "150-260", f / "s.h5")
    t.check(done.out.count(b'defaultArrayLength="1"') == 3 and b'defaultArrayLength="2"' in done.out,
            "peaks in a range", done.out[:500])
    done = run("view", "-O", "mgf", "--scan", 2, f / "s.h5")
    t.check(b"PEPMASS=445.34 12.5\nCHARGE=2+\nSCANS=2\n150.5 2\n250.5 4\n" in done.out, "MGF", done.out)


def names(t, f):
    """The file's name has its ending, also behind .gz; an output's name says what is wanted."""
    with open(f"{HERE}/zlib.in", "rb") as file:
        text = file.read()
    path = f.write("run.mzXML", text)
    if ingest(t, f, "by name", path):
        done = run("export", "-q", f / "s.h5", "-o", f / "back.mzXML")
        t.check(done.code == OK and f.read("back.mzXML") == text, "export", done.err)
        done = run("export", "-q", f / "s.h5", "--format", "mzml", "-o", f / "other.mzML")
        t.check(done.code == USAGE and "which is not made again as mzML" in done.err and
                "other.mzML" not in f.names(), "export as mzML", f"exit code {done.code}: {done.err}")


# ---- real documents ----


def real(t, f, path):
    mass_documents.real(t, f, mxmodel.scans, path)


def converted(t, f, path, options):
    """What msconvert makes of an mzML says the same as that."""
    what = f"{os.path.basename(path)} {' '.join(options)}"
    made = subprocess.run(["msconvert", path, "--mzXML", *options, "-o", f / "made", "--outfile", "x.mzXML"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                          timeout=patient(60))
    if made.returncode or not os.path.exists(f / "made/x.mzXML"):
        t.skip(f"msconvert does not read {what}")
        return
    with open(f / "made/x.mzXML", "rb") as file:
        text = file.read()
    shutil.rmtree(f / "made")
    if not ingest(t, f, what, f.write("x.mzXML", text)):
        return
    comes_back(t, f, what, text)
    said = notes(f)
    for key in ("index", "checksum", "spectrum_count"):
        t.check(said.get(key) == "ok", what, f"{key} is {said.get(key)}")
    got = rows(t, f, what)
    says(t, what, got, mxmodel.scans(text))
    if not ingest(t, f, what, path, "m.h5"):
        return
    before = {x["id"].split(" ")[-1]: x for x in rows(t, f, what, store="m.h5")}
    exact = "--64" in options
    for row in got:
        was = before.get(row["id"])
        if was and len(was["mz"]) == len(row["mz"]):
            for key in ("mz", "intensity"):
                same = (was[key] == row[key] if exact and key == "mz"
                        else mxmodel.same(row[key], list(map(float, was[key]))))
                t.check(same, f"{what}, {row['id']}",
                        f"{key} differ: {str(row[key])[:80]} {str(was[key])[:80]}")
            for key in ("ms_level", "polarity"):
                t.check(was.get(key) == row.get(key), f"{what}, {row['id']}", f"{key} differs")
    t.check(any(x["id"] in before for x in got), what, "no scan of the mzML")


def real_parts():
    if not os.path.isdir(f"{SHARED}/massspec"):
        yield Part("real documents", lambda t, _: t.skip(f"no folder {SHARED}/massspec"))
        return
    for path in sorted(glob.glob(f"{SHARED}/massspec/**/*.mzXML", recursive=True)):
        yield Part(os.path.basename(path), real, (path,))
    if SANITIZED or not shutil.which("msconvert"):
        yield Part("msconvert", lambda t, _: t.skip("no msconvert, or not asked with sanitizers"))
        return
    for name in ("small-polarity-filter", "small-peakpicking-vendor-allMS"):
        path = f"{SHARED}/massspec/tools-galaxyp/{name}.mzML"
        for options in (("--32",), ("--64",), ("--32", "--zlib"), ("--64", "--zlib")):
            yield Part(f"{name} {' '.join(options)}", converted, (path, options))


def parts():
    for path in sorted(glob.glob(f"{HERE}/*.in")):
        refused = os.path.exists(path[:-3] + ".err")
        yield Part(os.path.basename(path)[:-3], wrong if refused else legal, (path,))


if __name__ == "__main__":
    main(*parts(), cut_off, asked, names, *real_parts())
