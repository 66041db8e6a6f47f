"""
vial view --chromatogram against a model of our own (mzmodel.py), which knows nothing of stores: every value
of every trace, of made documents and of real ones, in each form.

Suites: view spectra. Also: asan.
"""
import fractions
import glob
import json
import math
import os
import shutil
import subprocess
import xml.etree.ElementTree as xml

import numpy

from json_shapes import fits
from mzmodel import (F64, INTENSITY, NONE, TIME, Document, array, chromatogram, cv, document, local,
                     mzml_files, param_group, peaks, plain, precursor, spectrum)
from viewtest import fields, refused, view
from vialtest import NOINPUT, OK, SANITIZED, SHARED, USAGE, main, run

MINUTES, SECONDS = {"UO:0000031", "MS:1000038", None}, {"UO:0000010", "MS:1000039"}
ROLES = {1000515: "intensity", 1000786: "non-standard data", 1000820: "flow rate", 1000821: "pressure",
         1000822: "temperature", 1000617: "wavelength"}
KINDS = {1000235: "total ion current", 1000628: "base peak", 1001473: "selected reaction monitoring",
         1000812: "absorption", 1003019: "pressure", 1000627: "selected ion current",
         1001472: "selected ion monitoring", 1000813: "emission", 0: "", 1002715: "temperature"}
COLUMNS = ["index", "id", "kind", "array", "unit", "time", "value"]


def seconds(a):
    """Times of an array in seconds, each rounded once."""
    times = [float(x) for x in a.doubles()]
    if a.unit in SECONDS:
        return times
    if a.unit == "UO:0000028":
        return [x / 1000 for x in times]
    assert a.unit in MINUTES, a.unit
    if a.single:
        return [x * 60 for x in times]
    return [float(fractions.Fraction(repr(x)) * 60) if math.isfinite(x) else x for x in times]


def kind_of(record):
    for p in record.params(record.element):
        if p.get("accession")[3:].isdigit() and int(p.get("accession")[3:]) in KINDS:
            return int(p.get("accession")[3:])
    return 0


class Expected:
    """What is to be printed of a chromatogram of the model."""

    def __init__(self, record):
        self.record = record
        first = record.array(TIME)
        self.time = seconds(first) if first else []
        self.single = bool(first and first.single)
        self.others = [a for a in record.arrays if a is not first]

    def name(self, a):
        return (a.name if a.kind == 1000786 else "") or ROLES[a.kind]

    def unit(self, a):
        return a.word or (a.unit or "")


def same_value(text, value, single):
    """Does the decimal read back as this double, or as this float? Nothing stands for NaN."""
    if text is None or text == "":
        return math.isnan(value)
    got = float(text)
    return numpy.float32(got) == numpy.float32(value) if single else got == value


def same_values(got, want, single):
    return len(got) == len(want) and all(same_value(g, w, single) for g, w in zip(got, want))


def same_times(got, want, single):
    """Two decimals can be the shortest of a time of 16 digits and more; their products differ by a bit."""
    return len(got) == len(want) and all(
        same_value(g, w, single) or any(same_value(g, numpy.nextafter(w, x), single) for x in (0, math.inf))
        for g, w in zip(got, want))


def check_table(t, what, out, expected):
    lines = [[x.decode() for x in fields(line)] for line in out.split(b"\n")[:-1]]
    t.check(lines[0] == COLUMNS, what, f"columns {lines[0]}")
    at = 1
    for e in expected:
        for a in e.others:
            values = [float(x) for x in a.doubles()]
            mine, at = lines[at:at + len(values)], at + len(values)
            head = [str(e.record.row), e.record.id, KINDS[kind_of(e.record)], e.name(a), e.unit(a)]
            t.check(all(x[:5] == head for x in mine), what, f"{mine[:1]}, expected {head}")
            t.check(same_values([x[6] for x in mine], values, a.single), what, f"values of {head}")
            time = (e.time + [math.nan] * len(values))[:len(values)]
            t.check(same_times([x[5] for x in mine], time, e.single), what, f"times of {head}")
    t.check(at == len(lines), what, f"{len(lines)} lines, expected {at}")


def check_json(t, what, out, expected):
    said = [json.loads(line) for line in out.decode().splitlines()]
    fits(t, what, out.decode().splitlines()[:20], "chromatogram")
    t.check(len(said) == len(expected), what, f"{len(said)} objects, expected {len(expected)}")
    for got, e in zip(said, expected):
        t.check(got["id"] == e.record.id and got["index"] == e.record.row, what, f"{got['id']!r}")
        t.check(got.get("kind", "") == KINDS[kind_of(e.record)], what, f"kind {got.get('kind')}")
        for key in ("precursor_mz", "product_mz"):
            t.check(same_value(got.get(key), getattr(e.record, key), False), what, f"{key} {got.get(key)}")
        t.check(same_times(got["time"], e.time, e.single), what, "times")
        t.check([(x["name"], x["unit"] or "") for x in got["arrays"]] ==
                [(e.name(a), e.unit(a)) for a in e.others], what, f"arrays {got['arrays']}"[:300])
        for x, a in zip(got["arrays"], e.others):
            values = [float(v) if math.isfinite(v) else math.nan for v in a.doubles()]
            t.check(same_values(x["values"], values, a.single), what, "values")


def check_mzml(t, f, what, out, expected):
    """A document of these chromatograms alone, each array bit for bit."""
    back = Document(out)
    t.check(back.count == {"chromatogramList": str(len(expected))}, what, f"lists {back.count}")
    t.check([int(r.index) for r in back.chromatograms] == list(range(len(expected))), what, "index numbers")
    for got, e in zip(back.chromatograms, expected):
        t.check(got.id == e.record.id and len(got.arrays) == len(e.record.arrays), what, f"{got.id!r}")
        for a, b in zip(got.arrays, e.record.arrays):
            t.check(a.payload == b.payload and (a.kind, a.unit) == (b.kind, b.unit), what, f"array {a.kind}")
    if shutil.which("msconvert") and not SANITIZED and t.random.random() < 0.4:
        f.write("x.mzML", out)
        if not check_msconvert(t, what, msconvert(f, "x.mzML"), expected):
            t.check(msconvert(f, "in.mzML") is None, what, "msconvert reads the input, and not this")


def msconvert(f, name):
    """The document that ProteoWizard makes of one; None: it refuses it, as an old one does newer terms."""
    shutil.rmtree(f / "back", ignore_errors=True)
    done = subprocess.run(["msconvert", f / name, "-o", f / "back", "--mzML", "-z"], capture_output=True)
    made = glob.glob(f / "back/*")
    try:
        return Document(plain(made[0])) if done.returncode == 0 and made else None
    except xml.ParseError:
        return None


def check_msconvert(t, what, read, expected):
    if read is None:
        return False
    got = {r.id: r.array(INTENSITY) for r in read.chromatograms if r.array(INTENSITY)}
    for e in expected:
        a = e.record.array(INTENSITY)
        one = [x.record.id for x in expected].count(e.record.id) == 1
        if a and one and e.record.id in got:
            t.check(numpy.allclose(got[e.record.id].doubles(), a.doubles(), rtol=1e-6, equal_nan=True), what,
                    f"msconvert reads other values of {e.record.id!r}")
    return True


def check_svg(t, what, out, expected):
    root = xml.fromstring(out)
    panels = [x for x in root if local(x.tag) == "g"]
    shown = sum(len(e.others) for e in expected[:24])
    t.check(local(root.tag) == "svg" and len(panels) == min(24, shown), what, f"{len(panels)} panels")
    for panel, (e, a) in zip(panels, ((e, a) for e in expected for a in e.others)):
        drawn = any(math.isfinite(x) and math.isfinite(y) for x, y in zip(e.time, a.doubles()))
        paths = [x.get("d") for x in panel if local(x.tag) == "path"]
        t.check(len(paths) == 1 and bool(paths[0]) == drawn and "nan" not in paths[0], what, f"{paths}"[:200])


def check_all(t, f, what, text):
    f.write("in.mzML", text)
    f.clear("s.h5")
    done = run("ingest", "-q", "--profile", t.profile(), "-o", f / "s.h5", f / "in.mzML")
    if not t.check(done.code == OK, what, done.err):
        return
    document = Document(text)
    runs = [x for x in document.mzml.iter() if local(x.tag) == "chromatogram"]
    for record, element in zip(document.chromatograms, runs):
        record.element = element
    expected = [Expected(r) for r in document.chromatograms]
    if not expected:
        refused(t, f, what, "--chromatogram", "all", code=NOINPUT, part="has no chromatograms")
        return
    check_table(t, what, view(t, f, what, "--chromatogram", "all", "-O", "tsv"), expected)
    check_json(t, what, view(t, f, what, "--chromatogram", "all", "-O", "json"), expected)
    check_mzml(t, f, what, view(t, f, what, "--chromatogram", "all", "-O", "mzml"), expected)
    check_svg(t, what, view(t, f, what, "--chromatogram", "all", "-O", "svg"), expected)
    one = t.random.choice(expected)
    same = [e for e in expected if e.record.id == one.record.id]
    if one.record.id != "all":
        check_table(t, f"{what}, one", view(t, f, what, "--chromatogram", one.record.id), same)
    count = view(t, f, what, "--chromatogram", "all", "-c")
    t.check(count == b"%d\n" % len(expected), what, f"{count} chromatograms")


# ---- documents ----


def trace(n, kind=INTENSITY, dtype="<f4", seed=1, **more):
    values = numpy.random.default_rng(seed).normal(1000, 400, n).astype(dtype)
    return array(kind, values, **more)


def times(n, dtype="<f8", unit="UO:0000031", **more):
    return array(TIME, (numpy.arange(n) * 0.01).astype(dtype), unit=unit, **more)


def named(kind, unit, word, value="", number=F64):
    """Terms of an array that gives its unit a name."""
    return cv(number) + cv(NONE) + (f'<cvParam cvRef="MS" accession="MS:{kind}" name="x" value="{value}" '
                                    f'unitCvRef="UO" unitAccession="{unit}" unitName="{word}"/>')


def doubles(params):
    return trace(4, dtype="<f8", coding=NONE, params=params)


def made(t, f):
    group = param_group("p&amp;1", named(1000821, "UO:0000109", "pascal"))
    nan = numpy.array([1, numpy.nan, -0.0, numpy.inf, 5e-324, -7.5])
    all_sorts = [
        chromatogram(0, [times(50), trace(50)], 50),
        chromatogram(1, [times(30, "<f4"), trace(30, dtype="<f8")], 30, id="BPC", kind=1000628),
        chromatogram(2, [times(9, unit="UO:0000010"), trace(9)], 9, id="s"),
        chromatogram(3, [times(9, unit="UO:0000028"), trace(9)], 9, id="ms\t& <\u00e9>", kind=1000812),
        chromatogram(4, [times(6), array(INTENSITY, nan)], 6, id="odd"),
        chromatogram(5, [times(4), doubles('<referenceableParamGroupRef ref="p&amp;1"/>')], 4, id="pump",
                     kind=1003019),
        chromatogram(6, [times(4), doubles(named(1000822, "UO:0000027", "degree &amp; Celsius")),
                         doubles(named(1000786, "UO:0000186", "dimensionless unit", "ms level"))], 4,
                     id="three", kind=1000626),
        chromatogram(7, [times(0), trace(0)], 0, id="empty"),
        chromatogram(8, [times(3), trace(3)], 3, id="SRM", kind=1001473, more=precursor(
            445.34, lower=0.5, upper=0.5) + f"<product><isolationWindow>{cv(1000827, 153.25)}"
                                            "</isolationWindow></product>"),
        chromatogram(9, [trace(5)], 5, id="no time"), chromatogram(10, [times(5)], 5, id="only time"),
        chromatogram(11, [times(1), trace(1)], 1, id="one point"),
        chromatogram(12, [times(40, coding=1002312),
                          array(INTENSITY, abs(numpy.arange(40.0) - 7), coding=1002314)], 40, id="np"),
        chromatogram(13, [times(3), trace(3, seed=4)], 3, id="SRM", kind=1001473),
    ]
    mz, intensity = peaks(20)
    spectra = [spectrum(i, [array(1000514, mz), array(INTENSITY, intensity)], len(mz), time=i)
               for i in range(3)]
    check_all(t, f, "made", document(spectra, all_sorts, groups=group))
    check_all(t, f, "alone", document((), all_sorts, groups=group, indexed=False, bom=True))
    check_all(t, f, "none", document(spectra))
    many = [chromatogram(i, [times(20), trace(20, seed=i)], 20, id=f"SRM {i}", kind=1001473)
            for i in range(90)]
    check_all(t, f, "many", document((), many))


def by_hand(t, f):
    """Values that were written by hand."""
    want = {"srm_only": [[6, 12, 18], [5, 6, 2]], "pressure": [[6, 12], [180, 181]],
            "srm_empty_spectrumlist": [[6], [5]]}
    for name, (time, values) in want.items():
        f.clear("s.h5")
        run("ingest", "-q", "-o", f / "s.h5", f"testdata/mass/{name}.mzML")
        said = json.loads(view(t, f, name, "--chromatogram", "all", "-O", "json").splitlines()[0])
        t.check(said["time"] == time and said["arrays"][0]["values"] == values, name, f"{said}")


def not_answered(t, f):
    check_all(t, f, "two", document((), [chromatogram(0, [times(3), trace(3)], 3)]))
    refused(t, f, "unknown", "--chromatogram", "BPC", code=NOINPUT, part="no chromatogram has the id 'BPC'")
    refused(t, f, "other option", "--chromatogram", "all", "--ms-level", 1, code=USAGE, part="--ms-level")
    refused(t, f, "form", "--chromatogram", "all", "-O", "mgf", code=USAGE, part="mgf")
    refused(t, f, "column", "--chromatogram", "all", "--columns", "tiem", code=USAGE, part="value")
    refused(t, f, "column of spectra", "--chromatogram", "all", "--columns", "ms_level", code=USAGE,
            part="chromatogram")


def real(t, f):
    files = mzml_files(SHARED)
    if not files:
        t.skip(f"no real files in {SHARED}")
    for path in files:
        text = plain(path)
        if SANITIZED and len(text) > 1 << 20:
            continue
        try:
            some = bool(Document(text).chromatograms)
        except (xml.ParseError, StopIteration):
            continue  # other tests look at what is no document
        if some:
            check_all(t, f, os.path.basename(path), text)


if __name__ == "__main__":
    main(made, by_hand, not_answered, real)
