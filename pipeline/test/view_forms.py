"""
vial view of spectra as mzXML and as an array of NumPy. What is printed is read by Python alone (mxmodel.py,
numpy) and, where it is there, by msconvert, and says what a model of our own reads in the document that the
store was made from (mzmodel.py, mxmodel.py). Peaks are compared bit for bit.

Suites: view spectra. Also: asan.
"""
import base64
import hashlib
import io
import math
import os
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as xml
import zlib

import numpy

import mxmodel
from mzmodel import (CHARGE, INTENSITY, LINEAR, MZ, NAN, NONE, Document, array, cv, document, escape, peaks,
                     precursor, same_bits, spectrum, two)
from vialtest import OK, SANITIZED, USAGE, Part, main, of_threads, patient, run

WAVELENGTH = 1000617
FIELDS = [("index", "<u4"), ("ms_level", "<u2"), ("polarity", "<i2"), ("time", "<f8"), ("mz", "<f8"),
          ("intensity", "<f8")]
LONG_ID = "controllerType=0 controllerNumber=1 scan="


def level_2(index, arrays, length, number, **more):
    """A fragment spectrum of scan 10, with all that mzXML has an attribute for."""
    parts = precursor(445.34, [(445.35, 2, 1200.5)], 0.5, 0.75, 35.0)
    parts = parts.replace("<precursor>", f'<precursor spectrumRef="{LONG_ID}10">')
    return spectrum(index, arrays, length, id=f"{LONG_ID}{number}", level=2, precursors=[parts], **more)


def narrow(n):
    """Both arrays of 32 bits."""
    mz, intensity = peaks(n)
    return [array(MZ, mz.astype("<f4")), array(INTENSITY, intensity)]


def run_of_spectra():
    """Levels, widths, codings, no peaks, no numbers of m/z, other arrays, arrays of two lengths."""
    filtered = cv(1000512, "ITMS + c ESI &lt;d&gt; ms2")
    uv = [array(WAVELENGTH, numpy.arange(3.0)), array(INTENSITY, numpy.ones(3))]
    charged = two(7) + [array(CHARGE, numpy.arange(7.0))]
    uneven = [array(MZ, numpy.arange(100.0, 106.0)), array(INTENSITY, numpy.arange(4.0))]
    coded = [array(MZ, numpy.linspace(200, 900, 40), LINEAR), array(INTENSITY, numpy.arange(40.0), NONE)]
    return document([
        spectrum(0, two(30), 30, id=f"{LONG_ID}10", time=1.5, centroid=False, params=cv(1000579)),
        level_2(1, narrow(12), 12, 11, time=0.1, unit="UO:0000031", scan=filtered, positive=False),
        spectrum(2, [], 0, id=f"{LONG_ID}13", time=1e-7),
        spectrum(3, uv, 3, id=f"{LONG_ID}14", level=None, time=9.0),
        spectrum(4, charged, 7, id=f"{LONG_ID}15", time=20.25, positive=None, centroid=None),
        spectrum(5, uneven, 6, id=f"{LONG_ID}17", time=21.0),
        spectrum(6, coded, 40, id=f"{LONG_ID}20", time=22.0),
    ])


# ---- mzXML ----


def check_index(t, what, text):
    """Offsets are those of the scans, the index's own is right, and so is the SHA-1."""
    offsets = re.findall(rb'<offset id="(\d+)">(\d+)</offset>', text)
    for number, at in offsets:
        begin = b'<scan num="%s" ' % number
        t.check(text[int(at):].startswith(begin), what, f"offset {at} of {number}: {text[int(at):][:40]!r}")
    t.check(len(offsets) == text.count(b"<scan "), what, f"{len(offsets)} offsets")
    at = int(re.search(rb"<indexOffset>(\d+)<", text)[1])
    t.check(text[at:].startswith(b"<index ") if offsets else at == 0, what, f"indexOffset {at}")
    end = text.index(b"<sha1>") + 6
    sha1 = re.search(rb"<sha1>([0-9a-f]{40})</sha1>", text)
    t.check(sha1 and sha1[1].decode() == hashlib.sha1(text[:end]).hexdigest(), what, f"sha1 {sha1}")


def pairs_of(element):
    """m/z and intensity of a scan, as doubles, and their width; lengths are as said."""
    part, = (x for x in element if mxmodel.tag(x) == "peaks")
    raw = base64.b64decode(part.text or "")
    said = int(part.get("compressedLen"))
    if part.get("compressionType") == "zlib":
        assert said == len(raw), f"compressedLen {said}, {len(raw)} bytes"
        raw = zlib.decompress(raw)
    numbers = numpy.frombuffer(raw, {"32": ">f4", "64": ">f8"}[part.get("precision")]).astype("<f8")
    assert 2 * int(element.get("peaksCount")) == len(numbers), f"peaksCount of {element.attrib}"
    return numbers[::2], numbers[1::2], int(part.get("precision"))


def expected(s, mz_range=None):
    """The pairs of a spectrum of mzML; None: mzXML cannot say it."""
    mz, intensity = s.peaks()
    if not s.arrays:
        return numpy.zeros(0), numpy.zeros(0)
    if mz is None or intensity is None or not s.ms_level:
        return None
    n = min(len(mz), len(intensity))
    keep = numpy.ones(n, bool) if mz_range is None else (mz[:n] >= mz_range[0]) & (mz[:n] <= mz_range[1])
    return mz[:n][keep], intensity[:n][keep]


def same_number(text, value):
    return text is None if math.isnan(value) else text is not None and float(text) == value


def check_scan(t, what, element, s, mz_range):
    want, width = expected(s, mz_range), 32
    got = pairs_of(element)
    t.check(same_bits(got[0], want[0]) and same_bits(got[1], want[1]), what, "peaks differ")
    if len(want[0]):
        width = 32 if all(s.array(kind).single for kind in (MZ, INTENSITY)) else 64
    t.check(got[2] == width or not len(want[0]), what, f"precision {got[2]}, expected {width}")
    time = element.get("retentionTime")
    t.check(time is None and math.isnan(s.time) or mxmodel.seconds(time) == s.time, what, f"time {time}")
    t.check(element.get("polarity") == {1: "+", -1: "-", 0: None}[s.polarity], what, "polarity")
    t.check(element.get("centroided") == {"centroid": "1", "profile": "0", "": None}[s.centroid], what,
            "centroided")
    for name, value in (("startMz", s.scan_low), ("endMz", s.scan_high)):
        t.check(same_number(element.get(name), value), what, f"{name} {element.get(name)}, expected {value}")
    low, high = (float(f(want[0])) if len(want[0]) else NAN for f in (min, max))
    for name, value in (("lowMz", low), ("highMz", high)):
        t.check(same_number(element.get(name), value), what, f"{name} {element.get(name)}, expected {value}")
    told = [(float(x.text), float(x.get("precursorIntensity")), int(x.get("precursorCharge", 0)))
            for x in element if mxmodel.tag(x) == "precursorMz"]
    ions = [(mz, 0 if math.isnan(height) else height, abs(charge))
            for mz, charge, height, _ in s.ions if mz > 0]
    ions = ions or [(p[0], 0, 0) for p in s.precursors if not math.isnan(p[0])]
    t.check(told == ions, what, f"ions {told}, expected {ions}")


def check_mzxml(t, f, what, doc, *options, mz_range=None, numbers=None, rows=None):
    """The mzXML of a store of doc; numbers: of all its spectra."""
    done = run("view", "-O", "mzxml", *options, f / "s.h5")
    if not t.check(done.code == OK, what, done.err):
        return None
    check_index(t, what, done.out)
    root = xml.fromstring(done.out)
    scans = [x for x in root.iter() if mxmodel.tag(x) == "scan"]
    chosen = [s for s in doc.spectra if (rows is None or s.row in rows) and expected(s) is not None]
    numbers = numbers or {s.row: s.scan() for s in doc.spectra}
    t.check([int(x.get("num")) for x in scans] == [numbers[s.row] for s in chosen], what,
            f"numbers {[x.get('num') for x in scans]}")
    for element, s in zip(scans, chosen):
        check_scan(t, f"{what}, {s.id}", element, s, mz_range)
    said = [x for x in root.iter() if mxmodel.tag(x) == "msRun"][0].get("scanCount")
    t.check(said == (str(len(chosen)) if chosen else None), what, f"scanCount {said}")
    return done


def made(t, f):
    text = run_of_spectra()
    t.check(run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text)).code == OK, "ingest", "")
    doc = Document(text)
    done = check_mzxml(t, f, "all", doc)
    for part in ("1 spectra without m/z and intensity in numbers", "1 arrays beside m/z and intensity",
                 "1 ends of the longer"):
        t.check(part in done.err, "left out", done.err)
    for part in (b'startTime="PT0.0000001S"', b'endTime="PT22S"', b'scanType="Full"',
                 b'filterLine="ITMS + c ESI &lt;d> ms2"', b'collisionEnergy="35"', b'precursorScanNum="10"',
                 b'windowWideness="1.25"', b'activationMethod="CID"',
                 b'<software type="conversion" name="vial"'):
        t.check(part in done.out, "attributes", f"no {part}: {re.sub(b'>eJ[^<]*', b'>', done.out)[:2500]}")
    check_mzxml(t, f, "some", doc, "--rows", "1-4", rows=range(1, 5))
    check_mzxml(t, f, "none", doc, "--rows", "3", rows=())
    cut = check_mzxml(t, f, "cut", doc, "--mz", "200-600", mz_range=(200, 600))
    mz, intensity = expected(doc.spectra[0], (200, 600))
    t.check(b'totIonCurrent="%s"' % str(float(sum(intensity))).encode() in cut.out or SANITIZED, "cut",
            "total of other peaks")
    name = run("view", f / "s.h5", "-o", f / "by_name.mzXML")
    t.check(name.code == OK and f.read("by_name.mzXML") == done.out, "by name", name.err)
    for n in of_threads(1, 3):
        again = run("view", "-@", n, "-O", "mzxml", f / "s.h5")
        t.check(again.out == done.out, f"{n} threads", "other bytes")
    again = run("ingest", "-q", "-o", f / "again.h5", f / "by_name.mzXML")
    notes = run("info", f / "again.h5").out.decode()
    t.check(again.code == OK and len(re.findall("(?:index|checksum|spectrum_count) +ok", notes)) == 3,
            "ingested again", notes)


def own_numbers(t, f):
    """Numbers that do not ascend, or none: places in the store stand for them, also in references."""
    names = ["function=1 process=0 scan=2", "function=1 process=0 scan=1", "sample=1 & period=3"]
    part = precursor(300.5).replace("<precursor>", f'<precursor spectrumRef="{escape(names[2])}">')
    text = document([spectrum(i, two(4), 4, id=name, precursors=[part] if i == 1 else (), level=1 + (i == 1))
                     for i, name in enumerate(names)])
    t.check(run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text)).code == OK, "ingest", "")
    doc = Document(text)
    done = check_mzxml(t, f, "other numbers", doc, numbers={0: 1, 1: 2, 2: 3})
    t.check(b'precursorScanNum="3"' in done.out, "reference", done.out[:2000])
    check_mzxml(t, f, "the last", doc, "--rows", "2", numbers={2: 3}, rows=(2,))


def ions_of(said):
    """What mzXML can say of the ions of a scan: charges are without sign."""
    ions = [ion for x in said["precursors"] or [] for ion in x["ions"] if ion.get("mz")]
    return [(ion["mz"], ion.get("intensity", 0), abs(ion.get("charge", 0)), ion.get("possible_charges"))
            for ion in ions]


def from_mzxml(t, f, name):
    """Scans within scans become flat, and say the same; so do the files that they were made from."""
    with open(f"testdata/mzxml/{name}.in", "rb") as file:
        text = file.read().replace(b'fileName="a.raw"', b'fileName="%sa&amp;b.raw"' % (b"folder/" * 30))
    t.check(run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzXML", text)).code == OK, "ingest", "")
    done = run("view", "-O", "mzxml", f / "s.h5")
    check_index(t, name, done.out)
    for got, want in zip(mxmodel.scans(done.out), mxmodel.scans(text), strict=True):
        for key in ("id", "ms_level", "polarity", "time", "mz", "intensity", "faims_cv"):
            t.check(mxmodel.same(got[key], want[key]), f"{name}, {got['id']}", f"{key}: {got} {want}")
        t.check(ions_of(got) == ions_of(want), f"{name}, {got['id']}", f"{ions_of(got)} {ions_of(want)}")
    for key in (b"precursorScanNum", b"activationMethod", b"filterLine", b"scanType"):
        found = [re.findall(key + b'="([^"]*)"', x) for x in (done.out, text)]
        t.check(found[0] == found[1], name, f"{key}: {found}")
    parent = re.search(rb"<parentFile [^>]*>", text)
    t.check(parent and parent[0] in done.out, name, done.out[:1500])


def with_msconvert(t, f):
    """ProteoWizard reads the same in the mzXML as in the mzML."""
    if not shutil.which("msconvert"):
        t.skip("no msconvert")
        return
    text = document([spectrum(0, two(20), 20, id=f"{LONG_ID}10", time=1.5),
                     level_2(1, narrow(9), 9, 12, time=2.5, positive=False)])
    text = text.replace(b"</fileContent>", b'</fileContent><sourceFileList count="1"><sourceFile id="r" '
                        b'name="r.raw" location="file:///x"><cvParam cvRef="MS" accession="MS:1000569" '
                        b'name="SHA-1" value="' + b"1a" * 20 + b'"/></sourceFile></sourceFileList>')
    run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text))
    run("view", "-o", f / "y.mzXML", f / "s.h5")
    t.check(b'<parentFile fileName="file:///x/r.raw" fileType="RAWData" fileSha1="%s"/>' % (b"1a" * 20)
            in f.read("y.mzXML"), "parent", f.read("y.mzXML")[:900])
    got = subprocess.run(["msconvert", f / "y.mzXML", "--mzML", "--64", "--inten64", "--outfile", "z.mzML",
                          "-o", f.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                         timeout=patient(60))
    if not t.check(got.returncode == 0 and os.path.exists(f / "z.mzML"), "msconvert",
                   got.stdout.decode("utf-8", "replace")[-300:]):
        return
    for a, b in zip(Document(text).spectra, Document(f.read("z.mzML")).spectra, strict=True):
        t.check(all(same_bits(x, y) for x, y in zip(a.peaks(), b.peaks())), a.id, "peaks differ")
        for key in ("id", "ms_level", "polarity", "centroid", "time", "ions"):
            t.check(str(getattr(a, key)) == str(getattr(b, key)), a.id, f"{key}: {getattr(b, key)}")


# ---- NumPy ----


def records(doc, mz_range=None, rows=None):
    out = []
    for s in doc.spectra:
        mz, intensity = s.peaks()
        if (rows is not None and s.row not in rows) or mz is None or intensity is None:
            continue
        n = min(len(mz), len(intensity))
        for x, y in zip(mz[:n], intensity[:n]):
            if mz_range is None or mz_range[0] <= x <= mz_range[1]:
                out.append((s.row, s.ms_level, s.polarity, s.time, x, y))
    return numpy.array(out, FIELDS)


def numbers(t, f):
    text = run_of_spectra()
    t.check(run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text)).code == OK, "ingest", "")
    doc = Document(text)
    for options, how in (((), {}), (("--rows", "0-4"), {"rows": range(5)}), (("--rows", "3"), {"rows": ()}),
                         (("--mz", "250-700.5"), {"mz_range": (250, 700.5)})):
        done = run("view", "-O", "npy", *options, f / "s.h5")
        if not t.check(done.code == OK, f"{options}", done.err):
            continue
        got, want = numpy.load(io.BytesIO(done.out)), records(doc, **how)
        t.check(got.dtype == want.dtype and got.tobytes() == want.tobytes(), f"{options}",
                f"{got.shape} of {got.dtype}, expected {want.shape}")
        length, = struct.unpack("<H", done.out[8:10])
        t.check(done.out[:8] == b"\x93NUMPY\x01\x00" and (10 + length) % 64 == 0, f"{options}",
                f"head {done.out[:140]}")
        t.check(("spectra without m/z" in done.err) == (3 in how.get("rows", (3,)) or how.get("rows") == ()),
                f"{options}", done.err)
    done = run("view", f / "s.h5", "-o", f / "peaks.npy")
    mapped = numpy.load(f / "peaks.npy", mmap_mode="r")
    t.check(done.code == OK and mapped.flags.aligned and len(mapped) == len(records(doc)), "mapped", done.err)


def no_spectra(t, f):
    run("ingest", "-q", "-o", f / "s.h5", "testdata/mzml/chromatograms_only.in")
    for form in ("mzxml", "npy"):
        done = run("view", "-O", form, f / "s.h5")
        t.check(done.code == USAGE and "only chromatograms" in done.err, form, done.err)
    done = run("view", f / "s.h5", "-o", f / "x.imzML")
    t.check(done.code == USAGE and "only chromatograms" in done.err, "imzml", done.err)


if __name__ == "__main__":
    main(made, own_numbers, numbers, no_spectra,
         *(Part(name, from_mzxml, (name,)) for name in ("nested", "precursors")),
         *([] if SANITIZED else [Part("msconvert", with_msconvert)]))
