"""
mzData: documents made by hand (testdata/mzdata) come back byte for byte, or are refused as their .err says;
what a view says of them is what Python's own libraries read in them (mdmodel.py). Those that OpenMS makes of
real mzML say what it read there, and it reads in ours what we do.

Suites: spectra view. Also: asan.
"""
import glob
import os
import shutil
import subprocess

import mass_documents
import mdmodel
import mxmodel
from mass_documents import ingest, rows, says, wrong
from vialtest import OK, SANITIZED, SHARED, USAGE, Part, main, patient, run

HERE = "testdata/mzdata"
# what is not ok, or counted
NOTED = {
    "v104": {"mzdata.version": "1.04"}, "bytes": {"n_unknown_array": 5},
    "lengths": {"n_array_length": 3}, "blanks": {"n_kept_text": 4}, "precursors": {"n_not_a_number": 4},
    "wrong_count": {"spectrum_count": "mismatch: 5 said, 1 found"},
    "count_no_number": {"spectrum_count": "mismatch: no number"}, "no_count": {"spectrum_count": "absent"},
    "no_head": {"instrument": None, "parent_file": None}, "latin1": {"instrument": "M\u00e4her <7>"},
}


def legal(t, f, path):
    what = os.path.basename(path)[:-3]
    noted = {"spectrum_count": "ok", "mzdata.version": "1.05", "native_id_format": "MS:1000777",
             "instrument": "Maker <7>", "parent_file": "a&b.raw"}
    mass_documents.legal(t, f, mdmodel.spectra, path, noted | NOTED.get(what, {}))
    with open(path, "rb") as file:
        want = list(mdmodel.types(file.read()))
    done = run("view", "-O", "tsv", "--columns", "index,centroid", f / "s.h5")
    got = [line.split("\t")[1] for line in done.out.decode().splitlines()[1:]]
    t.check(got == want, what, f"centroid is {got}, expected {want}")


def cut_off(t, f):
    mass_documents.cut_off(t, f, f"{HERE}/plain.in", "x.mzData")


def asked(t, f):
    """Spectra are found as in stores of mzML, and printed in other forms."""
    if not ingest(t, f, "plain", f"{HERE}/plain.in"):
        return
    for options, want in ((("--scan", 7), [2]), (("--ms-level", 2), [1]), (("--time", "1.75-2.25"), [0, 1]),
                          (("--precursor", 445.34), [1]), (("--id", "spectrum=2"), [1]),
                          (("--collision-energy", "20-30"), [1])):
        got = [x["index"] for x in rows(t, f, f"{options}", *options)]
        t.check(got == want, f"{options}", f"found {got}, expected {want}")
    done = run("view", "-O", "mzml", "--scan", 2, f / "s.h5")
    for part in (b'spectrumRef="spectrum=1"', b"MS:1000133", b"MS:1000564", b"MS:1000777"):
        t.check(part in done.out, "plain as mzML", f"no {part} in {done.out[:3000]}")
    done = run("view", "-O", "mgf", "--scan", 2, f / "s.h5")
    t.check(b"PEPMASS=445.34 12.5\nCHARGE=2-\n" in done.out, "MGF", done.out)
    if ingest(t, f, "others", f"{HERE}/others.in"):
        done = run("view", "-O", "mzml", f / "s.h5")
        for name in (b"noise", b"more"):
            part = b'name="non-standard data array" value="%s"/>' % name
            t.check(done.out.count(part) == 1, "others as mzML", f"no {part} in {done.out[-3000:]}")
    if not ingest(t, f, "precursors", f"{HERE}/precursors.in"):
        return
    done = run("view", "-O", "mzml", f / "s.h5")
    t.check(done.out.count(b"spectrumRef=") == 3, "a reference to 0 or -1 is none", done.out[-3000:])
    for part in (b'value="Hammer &amp; tongs"', b"MS:1000435"):
        t.check(part in done.out, "precursors as mzML", f"no {part} in {done.out[-3000:]}")


def names(t, f):
    """The file's name has its ending, also behind .gz; an output's name says what is wanted."""
    with open(f"{HERE}/plain.in", "rb") as file:
        text = file.read()
    for name in ("run.mzData", "run.mzdata.xml"):
        if ingest(t, f, name, f.write(name, text)):
            done = run("export", "-q", f / "s.h5", "--force", "-o", f / "back.mzData")
            t.check(done.code == OK and f.read("back.mzData") == text, "export", done.err)
    done = run("export", "-q", f / "s.h5", "--format", "mzml", "-o", f / "other.mzML")
    t.check(done.code == USAGE and "which is not made again as mzML" in done.err and
            "other.mzML" not in f.names(), "export as mzML", f"exit code {done.code}: {done.err}")


def sheet(t, f):
    """A sheet's column may be called as such files end, in whatever letters."""
    with open(f"{HERE}/plain.in", "rb") as file:
        f.write("a.mzData", file.read())
    t.check(run("init", f / "bank").code == OK, "init", "")
    for sample, column in (("A", b"mzData"), ("B", b"mzdata"), ("C", b"MZDATA")):
        f.write("s.csv", b"sample,%s\n%s,a.mzData\n" % (column, sample.encode()))
        done = run("ingest", "-q", "-b", f / "bank", "--same-data", "--sheet", f / "s.csv")
        t.check(done.code == OK, f"column {column}", done.err)


# ---- another program ----


def convert(f, path, name):
    """What OpenMS makes of it; False: nothing."""
    done = subprocess.run(["FileConverter", "-in", path, "-out", f / name], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False, timeout=patient(60))
    return done.returncode == 0 and os.path.exists(f / name)


def made_by_openms(t, f):
    """Of a real document of another format: the peaks are those of that, in 32 bits."""
    what, path = "from mzML", f"{SHARED}/massspec/tools-galaxyp/small-polarity-filter.mzML"
    if not os.path.exists(path) or not convert(f, path, "x.mzData"):
        t.skip(f"OpenMS does not read {path}")
        return
    got = mass_documents.real(t, f, mdmodel.spectra, f / "x.mzData")
    if got and ingest(t, f, what, path):
        before = rows(t, f, what)
        # points of a chromatogram become spectra too, behind those
        t.check(len(got) >= len(before) > 0, what, f"{len(got)} spectra, {len(before)} in the mzML")
        for a, b in zip(got, before):
            for key in ("ms_level", "polarity", "mz", "intensity"):
                want = [float(x) for x in b[key]] if isinstance(b[key], list) else b.get(key)
                t.check(mxmodel.same(a.get(key), want), f"{what}, {a['id']}", f"{key} differs")


def read_by_openms(t, f):
    """The mzML that it makes of ours: orders and widths of numbers are as it reads them."""
    with open(f"{HERE}/orders.in", "rb") as file:
        text = file.read()
    first = text[:text.index(b'<spectrum id="4">')] + b"</spectrumList></mzData>"
    if not convert(f, f.write("y.mzData", first), "y.mzML"):
        t.skip("OpenMS does not read our mzData")
        return
    if ingest(t, f, "read by OpenMS", f / "y.mzML"):
        want = [{"id": x["id"], "mz": x["mz"], "intensity": x["intensity"]} for x in mdmodel.spectra(first)]
        says(t, "read by OpenMS", rows(t, f, "read by OpenMS"), want)


def parts():
    for path in sorted(glob.glob(f"{HERE}/*.in")):
        refused = os.path.exists(path[:-3] + ".err")
        yield Part(os.path.basename(path)[:-3], wrong if refused else legal, (path,))
    if SANITIZED or not shutil.which("FileConverter"):
        yield Part("OpenMS", lambda t, _: t.skip("no OpenMS, or not asked with sanitizers"))
    else:
        yield Part("made by OpenMS", made_by_openms, ())
        yield Part("read by OpenMS", read_by_openms, ())


if __name__ == "__main__":
    main(*parts(), cut_off, asked, names, sheet)
