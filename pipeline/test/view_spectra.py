"""
vial view of spectra against a model of our own (mzmodel.py), which knows nothing of stores. Numbers printed
are read back and compared bit for bit, as double or as float of 32 bits.

Suites: view spectra.
"""
import glob
import hashlib
import itertools
import re
import json
import math
import os
import shutil
import struct
import subprocess
import xml.etree.ElementTree as xml
import zlib

import numpy

from mzmodel import (CHARGE, CODINGS, F32, F64, INTENSITY, MZ, NAN, NONE, TIME, ZLIB, Document, array,
                     chromatogram, cv, document, made_spectra, mzml_files, param_group, peaks, plain,
                     precursor, same, same_bits, spectrum, two, zstd_library)
from viewtest import fields, refused, view
from vialtest import NOINPUT, OK, SHARED, SOAK, USAGE, Part, main, run

COLUMNS = ("index id ms_level time polarity centroid tic base_peak_mz base_peak_intensity scan_low scan_high "
           "mobility "
           "injection_time precursor_mz charge peaks").split()


def peaks_of(s, mz_range):
    """m/z and intensity arrays as printed; with a range that ends somewhere, those within."""
    mz, intensity = s.peaks()
    mz, intensity = (numpy.zeros(0) if x is None else x for x in (mz, intensity))
    if mz_range and any(map(math.isfinite, mz_range)):
        n = min(len(mz), len(intensity))
        keep = (mz[:n] >= mz_range[0]) & (mz[:n] <= mz_range[1])
        mz, intensity = mz[:n][keep], intensity[:n][keep]
    return mz, intensity


def number_of_peaks(mz, intensity):
    return min(len(mz), len(intensity)) if len(mz) and len(intensity) else len(mz) + len(intensity)


def same_number(text, value, single=False):
    """Does the decimal read back as this double, or as this float?"""
    if math.isnan(value):
        return text in ("", "nan")
    try:
        got = float(text)
    except ValueError:
        return False
    if single:
        return struct.pack("<f", numpy.float32(got)) == struct.pack("<f", numpy.float32(value))
    return same(got, value)


def same_list(got, values, single):
    if len(got) != len(values):
        return False
    got = numpy.array([NAN if x in ("", None) else float(x) for x in got])
    values = numpy.where(numpy.isnan(values), NAN, values)
    kind = "<f4" if single else "<f8"
    return got.astype(kind).tobytes() == values.astype(kind).tobytes()


def singles(s):
    return [bool(a and a.single) for a in (s.array(MZ), s.array(INTENSITY))]


def cell(s, column, mz, intensity):
    if column == "index": return str(s.row)
    if column == "id": return s.id
    if column == "ms_level": return str(s.ms_level)
    if column == "polarity": return {1: "+", -1: "-", 0: ""}[s.polarity]
    if column == "centroid": return s.centroid
    if column == "peaks": return str(number_of_peaks(mz, intensity))
    if column == "charge": return str(s.parent()[1] or "")
    return s.parent()[0] if column == "precursor_mz" else getattr(s, column)


def check_tsv(t, what, out, spectra, mz_range, columns):
    lines = out.split(b"\n")
    good = t.check(lines[0].decode() == "\t".join(columns) and lines[-1] == b"", what, f"head {lines[0]!r}")
    at, each = 1, "mz" in columns or "intensity" in columns
    for s in spectra:
        mz, intensity = peaks_of(s, mz_range)
        n = number_of_peaks(mz, intensity) if each else 1
        rows = [[x.decode("utf-8", "surrogateescape") for x in fields(line)] for line in lines[at:at + n]]
        at += n
        if not t.check(len(rows) == n and all(len(r) == len(columns) for r in rows), what,
                       f"spectrum {s.row}: {len(rows)} lines of {n}"):
            return
        for k, column in enumerate(columns):
            if column in ("mz", "intensity"):
                values = mz if column == "mz" else intensity
                said = [r[k] for r in rows][:len(values)]
                good = same_list(said, values[:n], singles(s)[column == "intensity"])
            else:
                want = cell(s, column, mz, intensity)
                good = all(r[k] == want if isinstance(want, str) else same_number(r[k], want) for r in rows)
            if not good:
                t.check(False, what, f"spectrum {s.row}: {column} differs: {rows[0][k]!r}")
                return
    t.check(at == len(lines) - 1, what, f"{len(lines) - 2} lines, {at - 1} expected")


def known(**members):
    return {name: float(x) for name, x in members.items() if math.isfinite(x)}


def precursors_said(s):
    """Each isolation window with its ions; what is unknown is left out."""
    out = [{**known(target=target, lower=lower, upper=upper, collision_energy=energy), "ions": []}
           for target, lower, upper, energy in s.precursors]
    for mz, charge, intensity, of in s.ions:
        out[of]["ions"].append(known(mz=mz, charge=charge or NAN, intensity=intensity))
    return out


def others_are_said(s, said):
    """As many numbers for each other array, the last of a name where there are several."""
    others = [a for a in s.arrays if a.kind not in (MZ, INTENSITY)]
    counts = [len(x) if x is not None else -1 for x in said.values()]
    return (bool(others) == bool(said) and len(said) <= len(others) and
            all(n in [len(a.values) if a.values is not None else -1 for a in others] for n in counts))


def check_json(t, what, out, spectra, mz_range):
    lines = out.decode("utf-8", "surrogateescape").splitlines()
    if not t.check(len(lines) == len(spectra), what, f"{len(lines)} lines for {len(spectra)} spectra"):
        return
    for s, line in zip(spectra, lines):
        try:
            said = json.loads(line, parse_int=float)
        except ValueError as e:
            t.check(False, what, f"spectrum {s.row}: no JSON: {e}")
            return
        mz, intensity = peaks_of(s, mz_range)
        mz, intensity = (numpy.where(numpy.isfinite(x), x, NAN) for x in (mz, intensity))
        numbers = {"index": s.row, "id": s.id, "ms_level": s.ms_level}
        good = {key: said[key] for key in numbers} == numbers and said.get("polarity", 0) == s.polarity
        mz_of_parent, charge = s.parent()[:2]
        good = good and said.get("charge", 0) == charge
        good = good and same(float(said.get("precursor_mz", "nan")), mz_of_parent)
        for name in COLUMNS[3:4] + COLUMNS[6:13]:
            value = getattr(s, name)
            good = good and same(float(said.get(name, "nan")), value if math.isfinite(value) else NAN)
        good = good and precursors_said(s) == said.get("precursors", [])
        good = good and (mz_range or others_are_said(s, said.get("arrays", {})))
        good = good and same_list(said["mz"], mz, singles(s)[0])
        good = good and same_list(said["intensity"], intensity, singles(s)[1])
        if not good:
            t.check(False, what, f"spectrum {s.row} differs: {line[:200]}")
            return
    t.check(True, what)


def check_mgf(t, what, out, spectra, mz_range, level):
    blocks = out.decode("utf-8", "surrogateescape").split("BEGIN IONS\n")
    spectra = [s for s in spectra if s.ms_level >= 2 or (level and s.ms_level == level)]
    if not t.check(blocks[0] == "" and len(blocks) == len(spectra) + 1, what,
                   f"{len(blocks) - 1} blocks for {len(spectra)} spectra"):
        return
    for s, block in zip(spectra, blocks[1:]):
        lines = block.split("\n")
        keys = dict(x.split("=", 1) for x in lines if "=" in x)
        rows = [x.split(" ") for x in lines if x and x[0] not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        mz, intensity = peaks_of(s, mz_range)
        n = min(len(mz), len(intensity))
        seen = numpy.isfinite(mz[:n]) & numpy.isfinite(intensity[:n])
        mz, intensity = mz[:n][seen], intensity[:n][seen]
        n = len(mz)
        parent, charge, height = s.parent()
        mass = keys.get("PEPMASS", "").split(" ")
        good = lines[-3:] == ["END IONS", "",
                              ""] and keys["TITLE"] == s.id and same_number(keys.get("RTINSECONDS", ""),
                                                                            s.time)
        good = good and same_number(mass[0],
                                    parent) and (math.isnan(parent) or same_number((mass + [""])[1], height))
        good = good and keys.get("CHARGE",
                                 "") == (f"{abs(charge)}{'-' if min(charge, s.polarity) < 0 else '+'}"
                                        if charge else "")
        good = good and keys.get("SCANS", "None") == str(s.scan()) and all(len(r) == 2 for r in rows)
        good = good and same_list([r[0] for r in rows], mz[:n],
                                  singles(s)[0]) and same_list([r[1] for r in rows], intensity[:n],
                                                               singles(s)[1])
        if not good:
            t.check(False, what, f"spectrum {s.row} differs: {block[:200]!r}")
            return
    t.check(True, what)


def check_index(t, what, out):
    """Offsets of the index are those of tags of spectra, in order; the checksum is of what precedes it."""
    end = out.rfind(b"<fileChecksum>") + len(b"<fileChecksum>")
    if not t.check(end > 100 and b"<indexedmzML " in out, what, "no index"):
        return
    said = out[end:out.rfind(b"</fileChecksum>")].decode()
    t.check(hashlib.sha1(out[:end]).hexdigest() == said, what, f"checksum {said}")
    at = int(re.findall(rb"<indexListOffset>(\d+)</indexListOffset>", out)[-1])
    t.check(out[at:].startswith(b"<indexList "), what, f"{out[at:at + 20]} at {at}")
    found = re.findall(rb'<offset idRef="([^"]*)">(\d+)</offset>', out[at:])
    places = [m.start() for m in re.finditer(rb"<spectrum\s", out[:at])]
    t.check([int(x[1]) for x in found] == places, what, f"{found[:3]} for {places[:3]}")
    ids = [xml.fromstring(b"<x id=\"" + x[0] + b"\"/>").get("id") for x in found if x[0].isascii()]
    t.check(len(ids) < len(found) or ids == [s.id for s in Document(out).spectra], what, f"ids {ids[:3]}")


def check_mzml(t, what, out, spectra, mz_range):
    try:
        doc = Document(out)
    except (xml.ParseError, ValueError, LookupError, StopIteration) as e:
        t.check(False, what, f"no mzML: {e}")
        return
    if doc.mzml.get("version", "").startswith("1.1"):
        check_index(t, what, out)
    good = t.check(doc.count.get("spectrumList") in (str(len(spectra)), None)
                   and len(doc.spectra) == len(spectra) and not doc.chromatograms, what,
                   f"count {doc.count}, {len(doc.spectra)} spectra for {len(spectra)}")
    if not good:
        return
    for i, (s, got) in enumerate(zip(spectra, doc.spectra)):
        why = difference(s, got, i, mz_range)
        if why:
            t.check(False, what, f"spectrum {s.row}: {why}")
            return
    t.check(True, what)


def difference(s, got, index, mz_range):
    if got.index is not None and got.index != str(index):
        return f"index {got.index} of {index}"
    if got.id != s.id or repr(got.precursors) != repr(s.precursors) or repr(got.ions) != repr(s.ions):
        return "id, precursors or ions differ"
    for name in ("ms_level", "polarity", "centroid"):
        if getattr(got, name) != getattr(s, name):
            return f"{name} differs"
    for name in COLUMNS[3:4] + COLUMNS[6:13]:
        if not same(getattr(got, name), getattr(s, name)):
            return f"{name} differs"
    if len(got.arrays) != len(s.arrays):
        return f"{len(got.arrays)} arrays of {len(s.arrays)}"
    keep = None
    if mz_range:  # without m/z no peak is known to be in range
        mz = s.array(MZ).doubles() if s.array(MZ) else numpy.full(s.length, NAN)
        keep = (mz >= mz_range[0]) & (mz <= mz_range[1])
    for a, b in zip(s.arrays, got.arrays):
        counted = keep is not None or a.encoded_length == str(len(a.text))
        if counted and b.encoded_length is not None and int(b.encoded_length) != len(b.text):
            return f"encodedLength {b.encoded_length} of {len(b.text)}"
        if (a.kind, a.unit, a.number, a.outer, a.inner) != (b.kind, b.unit, b.number, b.outer, b.inner):
            return "terms of an array differ"
        if keep is not None and a.values is not None:
            want = a.values[keep] if len(a.values) == len(keep) else a.values
            if not same_bits(want, b.values):
                return f"array {a.kind} cut to the range differs: {len(b.values)} of {len(want)} values"
            if len(b.values) != b.length:
                return f"array {a.kind} has {len(b.values)} values, {b.length} said"
        elif a.payload != b.payload or a.text != b.text:
            return f"array {a.kind} differs"
        elif b.values is not None and len(b.values) != b.length and len(a.values) == a.length:
            return f"array {a.kind} has {len(b.values)} values, {b.length} said"
    return None


def select(doc, rows=None, id=None, scan=None, time=None, level=None, precursor=None, tolerance=(10, "ppm"),
           mz=None, isolation=None, energy=None, mobility=None, polarity=None, charge=None, faims=None):
    out = []
    for s in doc.spectra:
        if rows and not rows[0] <= s.row <= rows[1]: continue
        if id is not None and s.id != id: continue
        if scan is not None and s.scan() != scan: continue
        if time and not time[0] <= s.time <= time[1]: continue
        if level and s.ms_level != level: continue
        if precursor is not None:
            span = precursor * tolerance[0] * 1e-6 if tolerance[1] == "ppm" else tolerance[0]
            known = [x[0] for x in s.ions if not math.isnan(x[0])] or [x[0] for x in s.precursors]
            if not any(abs(x - precursor) <= span for x in known): continue
        if isolation is not None and not any(a <= isolation <= b for a, b in windows(s)): continue
        if energy and not any(energy[0] <= x[3] <= energy[1] for x in s.precursors): continue
        if mobility and not mobility[0] <= s.mobility <= mobility[1]: continue
        if polarity and s.polarity != polarity: continue
        if charge and charge not in [abs(z) for z in [x[1] for x in s.ions] + s.possible]: continue
        if faims is not None and s.faims != faims: continue
        out.append(s)
    return out


def windows(s):
    """Isolation windows; of an offset that is not known nothing is taken."""
    return [(x[0] - (0 if math.isnan(x[1]) else x[1]), x[0] + (0 if math.isnan(x[2]) else x[2]))
            for x in s.precursors]


def interval(span):
    a, b = ("" if not math.isfinite(x) else repr(x) for x in span)
    return f"{a}-{b}"


def arguments(rows=None, id=None, scan=None, time=None, level=None, precursor=None, tolerance=None, mz=None,
              isolation=None, energy=None, mobility=None, polarity=None, charge=None, faims=None):
    out = []
    if rows: out += ["--index", f"{rows[0]}-{rows[1]}"]
    if id is not None: out += ["--id", id]
    if scan is not None: out += ["--scan", scan]
    if time: out += ["--time", interval(time)]
    if level: out += ["--ms-level", level]
    if precursor is not None: out += ["--precursor", repr(precursor)]
    if tolerance: out += ["--tol", f"{tolerance[0]!r}{tolerance[1]}"]
    if mz: out += ["--mz", interval(mz)]
    if isolation is not None: out += ["--isolation", repr(isolation)]
    if energy: out += ["--collision-energy", interval(energy)]
    if mobility: out += ["--mobility", interval(mobility)]
    if polarity: out += ["--polarity", "positive" if polarity > 0 else "negative"]
    if charge: out += ["--charge", charge]
    if faims is not None: out += [f"--faims={faims!r}"]
    return out


def questions(t, doc):
    """Ways to ask, made from what the document has."""
    n = len(doc.spectra)
    pick = lambda: doc.spectra[t.random.randrange(n)]
    out = [{}]
    for _ in range(4):
        a = t.random.randrange(n)
        out.append({"rows": (a, min(n - 1, a + t.random.choice((0, 1, 5, 31, 32, 33, 100))))})
    out += [{"rows": (n - 1, n + 10)}, {"id": doc.spectra[0].id}, {"id": pick().id},
            {"id": doc.spectra[-1].id}, {"scan": pick().scan()}, {"scan": pick().scan()}]
    times = sorted(s.time for s in doc.spectra if not math.isnan(s.time))
    inf = float("inf")
    if times:
        a, b = sorted((t.random.choice(times), t.random.choice(times)))
        out += [{"time": (a, b)}, {"time": (a, a)}, {"time": (-inf, b)}, {"time": (a, inf)},
                {"time": (a, b), "rows": (n // 3, n // 2 + 1)},
                {"time": (math.nextafter(a, inf), b)} if a < b else {"time": (a, b)},
                {"time": (0.0, 1e9), "level": 2}]
    levels = sorted({s.ms_level for s in doc.spectra if s.ms_level})
    out += [{"level": x} for x in levels] + [{"level": 9}]
    ions = [x[0] for s in doc.spectra
            for x in s.ions if not math.isnan(x[0])] or [x[0] for s in doc.spectra
                                                         for x in s.precursors if not math.isnan(x[0])]
    for mz in ([t.random.choice(ions) for _ in range(3)] if ions else []):
        near = round(mz * (1 + t.random.uniform(-12, 12) * 1e-6), 7)
        out += [{"precursor": mz}, {"precursor": near}, {"precursor": near, "tolerance": (5.0, "ppm")},
                {"precursor": round(mz, 1), "tolerance": (0.25, "Da")},
                {"precursor": round(mz), "tolerance": (20.5, "Th"), "level": 2,
                 **({"time": (times[0], times[len(times) // 2])} if times else {})}]
    out += questions_of_precursors(t, doc)
    drawn = t.random.uniform(100, 600), t.random.uniform(600, 2000)
    for lo, hi in ((400.0, 500.0), (0.0, 1e6), (9e5, 1e6), drawn, (-inf, 445.5), (445.5, inf)):
        out.append({"mz": (lo, hi), "rows": (n // 4, n // 4 + 7)})
    s = next((s for s in doc.spectra if s.array(MZ) and s.array(MZ).values is not None
              and len(s.array(MZ).values) > 2), None)
    if s:  # both ends are included
        mz = s.array(MZ).doubles()
        out.append({"mz": (float(min(mz[1], mz[2])), float(max(mz[1], mz[2]))), "id": s.id})
    return out


def questions_of_precursors(t, doc):
    known = [(a, b) for s in doc.spectra for a, b in windows(s) if not math.isnan(a)]
    energies = [x[3] for s in doc.spectra for x in s.precursors if not math.isnan(x[3])]
    mobilities = [s.mobility for s in doc.spectra if not math.isnan(s.mobility)]
    out = [{"isolation": t.random.choice(t.random.choice(known) + (445.3,))} for _ in range(3) if known]
    for name, values in (("energy", energies), ("mobility", mobilities)):
        if values:
            a, b = sorted((t.random.choice(values), t.random.choice(values)))
            out += [{name: (a, b)}, {name: (a, float("inf")), "level": 2}]
    charges = sorted({abs(int(z)) for s in doc.spectra for z in [x[1] for x in s.ions] + s.possible if z})
    out += [{"charge": t.random.choice(charges)}, {"charge": charges[-1] + 1}] if charges else []
    out += [{"polarity": x} for x in sorted({s.polarity for s in doc.spectra if s.polarity})]
    out += [{"faims": x} for x in sorted({s.faims for s in doc.spectra if not math.isnan(s.faims)})[:2]]
    return out


def check_spectra(t, f, what, text, options=(), most=None, cut=True, print_mzml=True):
    """cut: arrays can be cut to a range of m/z."""
    doc = Document(text)
    done = run("ingest", "-q", "-o", f / "s.h5", *options, f.write("x.mzML", text))
    if not t.check(done.code == OK, what, done.err):
        return None
    formats = itertools.cycle(t.random.sample(("tsv", "mzml", "json", "peaks", "mgf"), 5))
    asked = questions(t, doc)
    if most:
        asked = asked[:1] + t.random.sample(asked[1:], min(most, len(asked) - 1))
    for how in asked:
        name = f"{what}, {' '.join(map(str, arguments(**how)))}"
        spectra = select(doc, **how)
        if not spectra and ("id" in how or "scan" in how):
            refused(t, f, name, *arguments(**how), code=NOINPUT)
            continue
        for form in (("tsv", "mzml", "json", "peaks", "mgf") if not how
                     and not most else (next(formats), next(formats))):
            if form == "mzml" and (not print_mzml or ("mz" in how and not cut)):
                continue
            columns = COLUMNS if form == "tsv" else ["index", "mz", "intensity"]
            more = ["-O", form] if form in ("mzml", "json",
                                            "mgf") else ["-O", "tsv", "--columns", ",".join(columns)]
            if form == "mzml" and t.random.random() < 0.5:
                more = []  # the usual one
            out = view(t, f, f"{name}, {form}", *arguments(**how), *more)
            if out is None:
                continue
            if form in ("tsv", "peaks"): check_tsv(t, f"{name}, {form}", out, spectra, how.get("mz"), columns)
            elif form == "json": check_json(t, f"{name}, json", out, spectra, how.get("mz"))
            elif form == "mgf": check_mgf(t, f"{name}, mgf", out, spectra, how.get("mz"), how.get("level"))
            else: check_mzml(t, f"{name}, mzml", out, spectra, how.get("mz"))
    return doc


# ---- documents ----

GROUPS = (param_group("mz", cv(F64), cv(ZLIB), cv(MZ, unit="MS:1000040")) +
          param_group("int", cv(NONE), cv(F32), cv(INTENSITY, unit="MS:1000131")) +
          param_group("ms2", cv(1000511, 2), cv(1000127), cv(1000130), cv(1000285, "1e4")) +
          param_group("time", cv(1000016, "2.5", "UO:0000031")))


def group(name):
    return f'<referenceableParamGroupRef ref="{name}"/>'


def all_codings():
    """The same peaks in every coding; with zstd where the library is there."""
    out = []
    for i, coding in enumerate(CODINGS):
        outer, inner = CODINGS[coding]
        if outer == "zstd" and not zstd_library():
            continue
        n = 40 + 5 * i
        mz, intensity = peaks(n, i)
        if inner == "dictionary":
            intensity = numpy.round(intensity / 5000).astype("<f4")
        pair = [array(MZ, mz, coding if inner not in ("pic", "slof") else ZLIB, point=2e5),
                array(INTENSITY, intensity, coding if inner != "linear" else ZLIB)]
        precursors = [precursor(f"{400 + i}.25",
                                [(f"{400 + i}.2512345", 2 + i % 3, "12345.678")])] if i % 2 else []
        out.append(spectrum(i, pair, n, level=1 + i % 2, time=f"{i * 1.5:.4f}", precursors=precursors))
    return out


def odd_spectra():
    mz, intensity = peaks(60)
    special = numpy.array([-0.0, 0.0, 1e-310, 5e-324, 1.7976931348623157e308, float("inf"), -float("inf"),
                           NAN, -3.5, 0.1, 1 / 3, 2 / 3], "<f8")
    some = numpy.linspace(400, 411, 12).astype("<f8")
    f32 = numpy.array([0.1, 1 / 3, 16777216, 1e-45, 3.4028235e38, -0.0, 1e10, 123456.79, 7, 8.5, 445.12003,
                       99999.99], "<f4")
    whole = numpy.array([0, -1, 1, 2147483647, -2147483648, 5, 6, 7, 8, 9, 10, 11], "<i4")
    long = numpy.array([0, -1, 1, 2 ** 53, -2 ** 53, 5, 6, 7, 8, 9, 10, 11], "<i8")
    half = numpy.array([0, 1, 65504, 6e-8, 0.333, -2, 3, 4, 5, 6, 7, 8], "<f2")
    zone = (f'{cv(1000927, "12.5")}{cv(1002815, "0.9", "MS:1002814")}<scanWindowList count="2"><scanWindow>'
            f'{cv(1000501, "100")}{cv(1000500, "1500.5")}</scanWindow><scanWindow>{cv(1000501, "1")}'
            f'{cv(1000500, "2")}</scanWindow></scanWindowList>')
    most = "".join(cv(x, v) for x, v in ((1000285, "123456.75"), (1000504, "445.12"), (1000505, "9.9e5")))
    order = numpy.random.default_rng(1).permutation(60)
    lists = [
        dict(arrays=[array(MZ, some), array(INTENSITY, special)], n=12, time="1", unit="UO:0000031"),
        dict(arrays=[array(MZ, special, NONE), array(INTENSITY, some, NONE)], n=12, time="250.5",
             unit="UO:0000028"),
        dict(arrays=[array(MZ, f32), array(INTENSITY, f32[::-1].copy())], n=12, params=most, scan=zone),
        dict(arrays=[array(MZ, some), array(INTENSITY, whole)], n=12, level=2,
             precursors=[precursor("445.12", [("445.1203", 2, None), ("446.5", 3, "77")], "0.5", "0.7",
                                   "35")]),
        dict(arrays=[array(MZ, some, NONE), array(INTENSITY, long, NONE)], n=12, level=2,
             precursors=[precursor("500.5"), precursor("600.5", [("601", -1, None)])]),
        dict(arrays=[array(MZ, some), array(INTENSITY, half)], n=12, positive=False),
        dict(arrays=[array(MZ, mz[order]), array(INTENSITY, intensity[order])], n=60, level=3,
             precursors=[precursor("445.2", [("445.21", None, "5")])]),
        dict(arrays=[array(MZ, mz[::-1].copy()), array(INTENSITY, intensity)], n=60, centroid=False),
        dict(arrays=[], n=0), dict(arrays=[], n=0, level=2),
        dict(arrays=[array(MZ, some[:0], NONE), array(INTENSITY, f32[:0], NONE)], n=0, time="9"),
        dict(arrays=[array(MZ, some[:0]), array(INTENSITY, f32[:0])], n=0),
        dict(arrays=[array(MZ, some)], n=12), dict(arrays=[array(INTENSITY, f32)], n=12),
        dict(arrays=[array(INTENSITY, intensity), array(MZ, mz)], n=60, time="61.25"),
        dict(arrays=[array(MZ, mz), array(INTENSITY, intensity),
                     array(CHARGE, numpy.arange(60).astype("<i4")), array(1002816, mz / 1000)], n=60,
                     level=2),
        dict(arrays=[array(INTENSITY, intensity), array(1000617, mz)], n=60, level=0, centroid=None,
             positive=None, params=cv(1000804)),
        dict(arrays=[array(MZ, mz, params=group("mz"), packed=zlib.compress(mz.tobytes())),
                     array(INTENSITY, intensity, NONE, params=group("int"))], n=60, level=0, centroid=None,
                     positive=None, params=group("ms2"), scan=group("time")),
        dict(arrays=[array(MZ, mz), array(INTENSITY, intensity)], n=60, id='a "quoted" <id> & more'),
        dict(arrays=[array(MZ, mz), array(INTENSITY, intensity)], n=60,
             id="controllerType=0 controllerNumber=1 scan=4711"),
        dict(arrays=[array(MZ, mz), array(INTENSITY, intensity)], n=60,
             id="function=1 process=0 scan=12 more"),
        dict(arrays=[array(MZ, mz), array(INTENSITY, intensity)], n=60, id="scanId=88"),
        dict(arrays=[array(MZ, mz), array(INTENSITY, intensity)], n=60, id="index=77"),
        dict(arrays=[array(MZ, mz), array(INTENSITY, intensity)], n=60, id="frame=7 subscan=3 xscan=1"),
    ]
    return [spectrum(i, x.pop("arrays"), x.pop("n"), **x) for i, x in enumerate(lists)]


def made(t, f):
    if not t.check(made_spectra(f / "made.mzML", 2), "scripts/make-data"):
        return
    text = f.read("made.mzML")
    doc = check_spectra(t, f, "made", text)
    t.check(doc and len(doc.spectra) > 40, "made", "too few spectra")
    with_msconvert(t, f, "made", doc, [{"level": 2, "time": (0.0, 5.0)}, {"rows": (3, 50)}])
    f.clear("s.h5")
    check_spectra(t, f, "made, portable", text, ["--profile", "portable"], most=4)


def every_coding(t, f):
    codings = document(all_codings(), [chromatogram(0, two(9), 9)])
    doc = check_spectra(t, f, "codings", codings, cut=False)
    with_msconvert(t, f, "codings", doc, [{}], leave_out={"zstd"})


def to_cut(t, f):
    """Codings of which a range of m/z can be cut out."""
    plain_codings = [s for s, c in zip(all_codings(), CODINGS) if c in (NONE, ZLIB)]
    plain_codings += [spectrum(2 + i, two(50 + i, i), 50 + i, level=2,
                               precursors=[precursor("7", [("445.12", 1, None)])]) for i in range(70)]
    doc = check_spectra(t, f, "to cut", document(plain_codings))
    with_msconvert(t, f, "to cut", doc, [{"mz": (400.0, 900.0)}, {"rows": (30, 66)}])


def odd(t, f):
    check_spectra(t, f, "odd", document(odd_spectra(), groups=GROUPS))
    for id, scan in (("controllerType=0 controllerNumber=1 scan=4711", 4711),
                     ("function=1 process=0 scan=12 more", 12), ("scanId=88", 88)):
        out = view(t, f, f"scan {scan}", "--scan", scan, "-O", "tsv", "--columns", "id")
        t.check(out is not None and id.encode() in out.split(b"\n"), f"scan {scan}", repr(out))
    f.clear("s.h5")
    for name, more in {"BOM": dict(bom=True), "CR LF": dict(eol="\r\n"), "no index": dict(indexed=False),
                       "no declaration": dict(declaration="")}.items():
        check_spectra(t, f, name, document([spectrum(i, two(20, i), 20, time=i) for i in range(5)], **more),
                      most=3)
        f.clear("s.h5")


def changed(*pairs):
    """A document of three spectra in which each old text is replaced by the new one behind it."""
    text = document([spectrum(i, two(20, i), 20, time=i, level=2) for i in range(3)], indexed=False)
    for old, new in zip(pairs[::2], pairs[1::2]):
        text = text.replace(old, new)
    return text


def without_index():
    first, *rest = changed(b"<spectrum index=", b"<spectrum \0").split(b"\0")
    return first + b"".join(part[part.index(b'" ') + 2:] for part in rest)


def one(*arrays, **more):
    return document([spectrum(0, list(arrays), 20, **more)])


def peak_arrays(mz_unit=None, unit=None, attributes=""):
    mz, intensity = peaks(20)
    return [array(MZ, mz, unit=mz_unit, attributes=attributes),
            array(INTENSITY, intensity, unit=unit, attributes=attributes)]


def chromatograms_first():
    text = document([spectrum(i, two(20, i), 20) for i in range(3)], [chromatogram(0, two(5), 5)],
                    indexed=False)
    a, b = text.index(b"<spectrumList"), text.index(b"<chromatogramList")
    c = text.index(b"</run>")
    return text[:a] + text[b:c] + text[a:b] + text[c:]


# What XML allows and most writers do not do: the printed mzML must follow.
STYLES = {
    "line breaks between attributes": lambda: changed(
        b'<spectrum index="', b'<spectrum\n  index="', b'" defaultArrayLength', b'"\n  defaultArrayLength'),
    "tabs between attributes": lambda: changed(
        b" index=", b"\tindex=", b" defaultArrayLength", b"\tdefaultArrayLength",
        b" encodedLength", b"\tencodedLength"),
    "blanks around =": lambda: changed(
        b'index="', b'index = "', b'defaultArrayLength="', b'defaultArrayLength =\n"',
        b'encodedLength="', b'encodedLength= "'),
    "single quotes": lambda: changed(b'"', b"'"),
    "index in the id": lambda: changed(b'id="scan=', b'id="x index=9 defaultArrayLength=3 scan='),
    "no index attribute": without_index,
    "count in quotes of a comment": lambda: changed(
        b"<run ", b"<!-- <spectrumList count=\"9\"> --><run "),
    "arrayLength": lambda: document([spectrum(i, peak_arrays(attributes=' arrayLength="20"'), 99)
                                     for i in range(3)]),
    "an array of another length": lambda: one(
        *two(20), array(1002743, peaks(5)[0], attributes=' arrayLength="5"')),
    "intensity in counts per second": lambda: one(*peak_arrays(unit="MS:1000814")),
    "intensity in percent": lambda: one(*peak_arrays(unit="MS:1000132")),
    "arrays without units": lambda: one(*peak_arrays(mz_unit="", unit="")),
    "m/z in dalton": lambda: one(*peak_arrays(mz_unit="UO:0000221")),
    "m/z in percent, whatever that is": lambda: one(*peak_arrays(mz_unit="MS:1000132")),
    "m/z in a unit of no name": lambda: one(*peak_arrays(mz_unit="UO:0009999")),
    "an ion without m/z": lambda: one(*two(20), level=2, precursors=[precursor("445.12", [(None, 2, None)])]),
    "a comment with encodedLength": lambda: changed(
        b"<binaryDataArrayList", b"<!-- encodedLength='7' --><binaryDataArrayList"),
    "two m/z arrays": lambda: one(*two(20), array(MZ, peaks(20, 9)[0])),
    "blanks in base64": lambda: changed(b"</binary>", b"\n</binary>", b"<binary>", b"<binary>\n  "),
    "CDATA and references in base64": lambda: changed(
        b"</binary>", b"</binary>", b"<binary>e", b"<binary>&#101;"),
    "chromatograms first": chromatograms_first,
}


def style(t, f, name):
    text = STYLES[name]()
    check_spectra(t, f, f"style: {name}", text, most=3, cut="base64" not in name)
    if "base64" in name:
        return
    out = view(t, f, f"style: {name}, --mz", "--mz", "400-1000")
    if out is not None:
        check_mzml(t, f"style: {name}, --mz", out, Document(text).spectra, (400.0, 1000.0))


def latin1(t, f):
    """A document in ISO-8859-1, and says so."""
    latin = changed(b"utf-8", b"ISO-8859-1", b'id="scan=', b'id="\xe9 scan=')
    run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", latin))
    out = view(t, f, "ISO-8859-1", "-O", "mzml") or b""
    check_mzml(t, "ISO-8859-1, mzml", out, Document(latin).spectra, None)
    out = view(t, f, "ISO-8859-1, json", "-O", "json") or b""
    try:
        n = len([json.loads(line) for line in out.decode("utf-8").splitlines()])
        t.check(n == 3, "ISO-8859-1, json", "lines")
    except ValueError as e:
        t.check(False, "ISO-8859-1, json", f"no JSON: {e}")
    out = view(t, f, "ISO-8859-1, tsv", "-O", "tsv", "--columns", "id,index") or b""
    said = [fields(line)[0] for line in out.split(b"\n")[1:-1]]
    expected = [f"\u00e9 scan={i + 1}".encode() for i in range(3)]
    t.check(said == expected, "ISO-8859-1, tsv", f"{out!r}")


def decimals(t, f):
    """Numbers at the edges of what digits can tell apart: powers of two and ten, neighbours, any bits."""
    random_bits = numpy.random.default_rng(3).integers(0, 2 ** 64, 3000, dtype="<u8")
    edges = [2.0 ** e for e in range(-1074, 1024)] + [float(f"1e{e}") for e in range(-320, 309)]
    edges = numpy.array(edges + [math.nextafter(x, y) for x in edges for y in (0, float("inf"))], "<f8")
    doubles = numpy.concatenate([edges, random_bits.view("<f8")])
    with numpy.errstate(all="ignore"):
        floats = numpy.concatenate([edges.astype("<f4"), random_bits.astype("<u4").view("<f4"),
                                    (random_bits >> 36).astype("<f4") / 1000])
    text = document([spectrum(i, [array(MZ, x, NONE), array(INTENSITY, -x, NONE)], len(x))
                     for i, x in enumerate((doubles, floats))])
    run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text))
    lines = (view(t, f, "decimals", "-O", "tsv", "--columns", "index,mz,intensity")
             or b"").decode().split("\n")[1:-1]
    if t.check(len(lines) == len(doubles) + len(floats), "decimals", f"{len(lines)} lines"):
        bad = []
        for line, value, single in zip(lines, itertools.chain(doubles, floats),
                                       itertools.chain([False] * len(doubles), [True] * len(floats))):
            _, mz, intensity = line.split("\t")
            if not same_number(mz, float(value), single) or not same_number(intensity, -float(value), single):
                bad.append((mz, float(value), "float" if single else "double"))
        t.check(not bad, "decimals", f"{len(bad)} do not read back as what they were: {bad[:4]}")
    f.clear("s.h5")


def only_chromatograms(t, f):
    text = document([],
                    [chromatogram(0, [array(TIME, peaks(30)[0]), array(INTENSITY, peaks(30)[1])], 30),
                     chromatogram(1, two(5), 5, id="b")])
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text))
    t.check(done.code == OK, "only chromatograms", done.err)
    for form in ("tsv", "json", "mgf"):
        out = view(t, f, f"only chromatograms, {form}", "-O", form)
        t.check(out is not None and out.count(b"\n") == (form == "tsv"), f"only chromatograms, {form}",
                repr(out)[:200])
    refused(t, f, "only chromatograms, mzml", "-O", "mzml", code=USAGE, part="only chromatograms")
    refused(t, f, "only chromatograms, --id", "--id", "TIC", "-O", "tsv", code=NOINPUT, part="TIC")


def asked_wrongly(t, f):
    run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", document([spectrum(0, two(5), 5)])))
    for args, part in {("--name", "x"): "--name asks for reads, alignments, the store holds spectra",
                       ("--index", "1", "--rows", "1"): "the same",
                       ("--columns", "precursor/target"): "has a row for each precursor",
                       ("--columns", "skeleton"): "no rows", ("-O", "fastq"): "fastq",
                       ("--columns", "base"): "base",
                       ("-O", "json", "--columns", "id"): "-O tsv",
                       ("--time", "x"): "'x'", ("--time", "5-3"): "5-3", ("--time", "5"): "'5'",
                       ("--mz", "a-b"): "a-b", ("--ms-level", "0"): "'0'",
                       ("--scan", "1-2"): "1-2", ("--precursor", "x"): "'x'", ("--precursor", "nan"): "nan",
                       ("--precursor", "5", "--tol", "5%"): "5%",
                       ("--precursor", "5", "--tol", "ppm"): "ppm",
                       ("--precursor", "5", "--tol", "-1Th"): "-1Th",
                       ("--precursor", "5", "--tol", "20"): "no unit: 20ppm or 20Th",
                       ("--tol", "20ppm"): "--tol goes with --precursor",
                       ("--columns", "precursor_mzz"): "did you mean 'precursor_mz'?",
                       ("--columns", "nothing"): "there are index, "}.items():
        refused(t, f, f"spectra, {args}", *args, code=USAGE, part=part)
    refused(t, f, "absent id", "--id", "scan=99", code=NOINPUT, part="no spectrum has the id 'scan=99'")
    refused(t, f, "absent scan", "--scan", 99, code=NOINPUT, part="99")


def with_msconvert(t, f, what, doc, asked, leave_out=()):
    """ProteoWizard reads what view prints, and sees the same peaks."""
    program = shutil.which("msconvert")
    if not program:
        return t.skip(f"{what}: there is no msconvert")
    for how in asked:
        spectra = select(doc, **how)
        if leave_out:  # codings that it does not know yet
            rows = [s.row
                    for s in spectra if not any(a.outer in leave_out or a.values is None for a in s.arrays)]
            how = {**how, "rows": (rows[0], next(r for r in itertools.count(rows[0]) if r + 1 not in rows))}
            spectra = select(doc, **how)
        name = f"{what}, msconvert, {' '.join(map(str, arguments(**how)))}"
        done = run("view", f / "s.h5", *arguments(**how), "-o", f / "view.mzML")
        t.check(done.code == OK, name, done.err)
        got = subprocess.run([program, f / "view.mzML", "--mzML", "--64", "--inten64", "--noindex",
                              "--outfile", "again.mzML", "-o", f.path],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if t.check(got.returncode == 0 and os.path.exists(f / "again.mzML"), name,
                   got.stdout.decode("utf-8", "replace")[-300:]):
            again = Document(f.read("again.mzML"))
            t.check([s.id for s in again.spectra] == [s.id for s in spectra], name, "ids differ")
            bad = []
            for s, g in zip(spectra, again.spectra):
                mz, intensity = peaks_of(s, how.get("mz"))
                seen = peaks_of(g, None)
                if not (same_bits(mz, seen[0]) and same_bits(intensity, seen[1])):
                    bad.append(s.row)
            t.check(not bad, name, f"peaks of spectra {bad[:5]} differ")
        f.clear("view.mzML", "again.mzML")


def one_file(t, f, path, most, cut):
    """A file's text, if our own reader takes it."""
    text = plain(path)
    try:
        doc = Document(text)
    except (xml.ParseError, ValueError, LookupError, AssertionError, zlib.error, StopIteration, struct.error):
        return
    if not doc.spectra:
        return
    arrays = [a for s in doc.spectra for a in s.arrays]
    cut = cut and not any(a.inner or a.outer not in ("", "zlib") for a in arrays)
    check_spectra(t, f, path, text, most=most, cut=cut)


def no_real_files(t, _):
    t.skip(f"no mzML files under {SHARED}; VIAL_SHARED names the folder")


def file_parts():
    """A part for each good case of testdata, and each real file that is not too large and not there twice."""
    for path in sorted(glob.glob("testdata/mzml/*.in")):
        if not os.path.exists(path[:-2] + "err"):
            yield Part(os.path.basename(path), one_file, (path, 1, False))
    seen = set()
    for path in mzml_files(SHARED):
        text = plain(path)
        if len(text) <= 12e6 and (key := hashlib.sha1(text).digest()) not in seen:
            seen.add(key)
            yield Part(os.path.basename(path), one_file, (path, None if SOAK else 2, True))
    if not seen:
        yield Part("real files", no_real_files)


if __name__ == "__main__":
    main(made, every_coding, to_cut, odd, decimals,
         *(Part(f"style: {name}", style, (name,)) for name in STYLES), latin1, only_chromatograms,
         asked_wrongly, *file_parts())
