"""
Quality control of runs of mass spectrometers: `vial qc` of spectra against arithmetic of our own (numpy) over
what mzmodel.py reads of the documents; mzQC against what its schema asks for.

Suites: view spectra. Also: asan.
"""
import json
import math
import os
import re

import numpy

from json_shapes import fits
from mzmodel import (F32, INTENSITY, MZ, NAN, Document, array, chromatogram, cv, document, mzml_files, plain,
                     precursor, spectrum)
from pages import Page, number
from vialtest import OK, SANITIZED, SHARED, USAGE, check_refusal, main, run

# Masses of isotopes (AME 2012) and of the electron.
MASS = {"H": 1.00782503223, "C": 12.0, "N": 14.00307400443, "O": 15.99491461957, "F": 18.99840316273,
        "Na": 22.989769282, "Si": 27.97692653465, "P": 30.97376199842, "S": 31.9720711744}
ELECTRON = 0.000548579909
SEEN = {"C12H37O6Si6": 1, "C24H39O4": 1, "C14H43O7Si7": 1, "C18H35O2": -1}  # in the made runs


def mass(formula, charge):
    atoms = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    return sum(MASS[a] * int(n or 1) for a, n in atoms) - charge * ELECTRON


def quartiles(values):
    return [float(q) for q in numpy.percentile(values, (25, 50, 75))] if len(values) else [NAN] * 3


# ---- the same numbers by hand ----

def level_numbers(doc, level, span):
    of = [s for s in doc.spectra if s.ms_level == level]
    tic, base = [[x for x in v if math.isfinite(x)] for v in ([s.tic for s in of],
                                                              [s.base_peak_intensity for s in of])]
    at = [(s.time, s.tic) for s in of if math.isfinite(s.time) and math.isfinite(s.tic)]
    tops = [(s.time, s.base_peak_intensity) for s in of
            if math.isfinite(s.time) and math.isfinite(s.base_peak_intensity)]
    injection = [s.injection_time for s in of if math.isfinite(s.injection_time)]
    out = {"spectra": len(of), "positive": sum(s.polarity > 0 for s in of),
           "negative": sum(s.polarity < 0 for s in of), "centroid": sum(s.centroid == "centroid" for s in of),
           "empty": sum(not s.length or s.tic == 0 for s in of), "peaks": sum(s.length for s in of),
           "rate": len(of) / (span[1] - span[0]) if span[1] > span[0] else NAN,
           "tic_area": area(at), "tic_most": max(tic, default=NAN), "bpc_area": area(tops),
           "bpc_most": max(base, default=NAN),
           "injection_mean": float(numpy.mean(injection)) if injection else NAN}
    for name, values in (("tic_gained", gained(at, span)), ("bpc_gained", gained(tops, span)),
                         ("peaks", quartiles([s.length for s in of])),
                         ("tic", quartiles(tic)), ("injection", quartiles(injection))):
        out.update(zip((f"{name}_q1", f"{name}_median", f"{name}_q3"), values))
    return {f"ms{level}_{k}": v for k, v in out.items()}


def gained(points, span):
    """When a quarter, half, three quarters of the sum had come."""
    running = numpy.cumsum([y for _, y in points])
    if not len(points) or not running[-1] > 0:
        return [NAN] * 3
    total = sum(y for _, y in points)
    return [points[int(numpy.argmax(running >= total * q))][0] - span[0] for q in (0.25, 0.5, 0.75)]


def area(points):
    x, y = numpy.array(points).T if points else (numpy.zeros(0),) * 2
    return float(numpy.trapz(y, x)) if len(points) > 1 else NAN


def dead(doc, span):
    level = min((s.ms_level for s in doc.spectra if s.ms_level and math.isfinite(s.tic)), default=0)
    of = [s for s in doc.spectra if s.ms_level == level and math.isfinite(s.tic)]
    most = max((s.tic for s in of), default=0)
    if not most > 0:
        return {}
    alive = [s.time for s in of if s.tic >= 0.01 * most and math.isfinite(s.time)]
    steps = [(b - a, a) for a, b in zip(alive, alive[1:])]
    gap = max(steps, key=lambda x: x[0]) if steps else (NAN, NAN)
    return {"dead_before": alive[0] - span[0] if alive else NAN, "dead_gap": gap[0],
            "dead_gap_from": gap[1], "dead_after": span[1] - alive[-1] if alive else NAN}


def cycle_numbers(doc):
    ms1 = [s for s in doc.spectra if s.ms_level == 1]
    times = [s.time for s in ms1 if math.isfinite(s.time)]
    steps = [b - a for a, b in zip(times, times[1:]) if b > a]
    between = [sum(x.ms_level > 1 for x in doc.spectra[a.row + 1:b.row]) for a, b in zip(ms1, ms1[1:])]
    tic = [s.tic for s in ms1 if math.isfinite(s.tic)]
    out = {"cycle": float(numpy.median(steps)) if steps else NAN,
           "tic_jumps": sum(b > 10 * a > 0 for a, b in zip(tic, tic[1:])),
           "tic_falls": sum(a > 10 * b > 0 for a, b in zip(tic, tic[1:]))}
    out.update(zip(("msn_a_cycle_q1", "msn_a_cycle_median", "msn_a_cycle_q3"),
                   quartiles([n for n in between if n])))
    return out


def precursor_numbers(doc):
    ms2 = [s for s in doc.spectra if s.ms_level == 2]
    charges = [s.ions[0][1] for s in ms2 if s.ions]
    mz = [mz for s in ms2 for mz in ([i[0] for i in s.ions] or [p[0] for p in s.precursors]) if mz > 0]
    width = [b + a for s in ms2 for _, a, b, _ in s.precursors if math.isfinite(a + b)]
    known = [z for z in charges if z]
    out = {"charges_given": len(known), "charges_not_given": charges.count(0),
           "charge_mean": float(numpy.mean(known)) if known else NAN,
           "charge_median": float(numpy.median(known)) if known else NAN,
           "precursor_mz_least": min(mz, default=NAN), "precursor_mz_most": max(mz, default=NAN),
           "isolation_width_least": min(width, default=NAN), "isolation_width_most": max(width, default=NAN)}
    intensity = [y for s in ms2 for _, _, y, _ in s.ions if y > 0]
    for name, values in (("precursor_intensity", intensity), ("isolation_width", width)):
        out.update(zip((f"{name}_q1", f"{name}_median", f"{name}_q3"), quartiles(values)))
    return out


def count_silent(doc):
    """TIC and base peak of spectra that do not say them, one addition after the other."""
    n = 0
    for s in doc.spectra:
        mz, y = s.peaks()
        if mz is None or not len(mz) or not s.length:
            continue
        n += math.isnan(s.tic)
        s.tic = float(numpy.cumsum(y)[-1]) if math.isnan(s.tic) else s.tic
        s.base_peak_intensity = max(y) if math.isnan(s.base_peak_intensity) else s.base_peak_intensity
    return n


def numbers(doc):
    times = [s.time for s in doc.spectra if math.isfinite(s.time)]
    span = (min(times), max(times)) if times else (NAN, NAN)
    out = {"spectra": len(doc.spectra), "chromatograms": len(doc.chromatograms), "time_from": span[0],
           "time_to": span[1], "duration": span[1] - span[0],
           "scan_low": min((s.scan_low for s in doc.spectra if s.scan_low >= 0), default=NAN),
           "scan_high": max((s.scan_high for s in doc.spectra if s.scan_high >= 0), default=NAN)}
    traces = doc.chromatograms
    out["transitions"] = sum(c.precursor_mz > 0 and c.product_mz > 0 for c in traces)
    out.update(zip((f"chromatogram_points_{q}" for q in ("q1", "median", "q3")),
                   quartiles([c.length for c in traces])))
    for level in sorted({s.ms_level for s in doc.spectra} - {0}):
        out.update(level_numbers(doc, level, span))
    return {**out, **cycle_numbers(doc), **dead(doc, span), **precursor_numbers(doc)}


def window_list(doc):
    """Windows of MS2 that are the same, and what their spectra are like; and the scheme."""
    found = {}
    for s in doc.spectra:
        for target, lower, upper, energy in s.precursors if s.ms_level == 2 else ():
            found.setdefault((target, target - lower, target + upper, energy), []).append(s)
    n = sum(map(len, found.values()))
    if not n or n < 3 * len(found):
        return [], "dda" if n else "", NAN
    steps = [b.time - a.time for of in found.values() for a, b in zip(of, of[1:])]
    out = []
    for (target, low, high, energy), of in sorted(found.items()):
        cycle = [b.time - a.time for a, b in zip(of, of[1:])]
        out.append({"target": target, "low": low, "high": high, "collision_energy": energy,
                    "spectra": len(of), "cycle": float(numpy.median(cycle)),
                    "peaks": float(numpy.median([s.length for s in of])),
                    "tic": sum(s.tic for s in of)})
    width = numpy.median([w["high"] - w["low"] for w in out for _ in range(w["spectra"])])
    return out, "dia" if width > 3 else "targeted", float(numpy.median(steps))


def measured(s, mz):
    """Error of the highest peak within 20 ppm, in ppm; of a profile, of the top of the parabola through the
    logarithms of three points."""
    x, y = s.peaks()
    near = numpy.flatnonzero((abs(x - mz) <= mz * 20e-6) & (y > 0))
    if not len(near):
        return NAN
    i = near[numpy.argmax(y[near])]
    top = x[i]
    if s.centroid == "profile" and 0 < i < len(x) - 1 and (y[i - 1:i + 2] > 0).all():
        a, b, _ = numpy.polyfit(x[i - 1:i + 2] - x[i], numpy.log(y[i - 1:i + 2]), 2)
        top = x[i] - b / (2 * a)
    return (top / mz - 1) * 1e6


def background(doc, ions):
    """Of each ion its errors, by the 400 spectra of MS1 that are looked at."""
    ms1 = [s for s in doc.spectra if s.ms_level == 1]
    n = min(len(ms1), 400)
    looked = [ms1[-(-k * len(ms1) // n) if k * len(ms1) % n else k * len(ms1) // n] for k in range(n)]
    return looked, {f: [measured(s, mass(f, z)) for s in looked if (s.polarity < 0) == (z < 0)]
                    for f, z in ions.items()}


# ---- what is held against them ----

def close(a, b, within=1e-9):
    if a is None or (isinstance(b, float) and math.isnan(b)):
        return a is None and isinstance(b, float) and math.isnan(b)
    return math.isclose(a, b, rel_tol=within, abs_tol=1e-9)


def qc(t, f, name, *args):
    done = run("qc", f / f"{name}.h5", *args)
    t.check(done.code == OK, f"{name}: qc {args}", done.err)
    return done.out.decode()


def check_numbers(t, f, name, doc):
    text = qc(t, f, name, "--json")
    fits(t, name, text, "qc_spectra")
    said = json.loads(text)
    for key, value in {"tic_counted": count_silent(doc), **numbers(doc)}.items():
        t.check(key in said["numbers"] and close(said["numbers"][key], value), f"{name}: {key}",
                f"{said['numbers'].get(key)}, not {value}")
    table = [line.split("\t") for line in qc(t, f, name, "-O", "tsv").splitlines()]
    t.check(table[0] == ["name", "value", "unit"]
            and {r[0]: float(r[1]) if r[1] else None for r in table[1:]} == said["numbers"],
            f"{name}: as a table")
    windows, scheme, cycle = window_list(doc)
    t.check(said["scheme"] == scheme and len(said["windows"]) == len(windows)
            and close(said["numbers"]["window_cycle"], cycle), f"{name}: scheme",
            f"{said['scheme']}, not {scheme}; {len(said['windows'])} of {len(windows)} windows")
    for mine, theirs in zip(windows, said["windows"]):
        t.check(all(close(theirs[k], v) for k, v in mine.items()), f"{name}: a window",
                f"{theirs}, not {mine}")
    charges = [s.ions[0][1] for s in doc.spectra if s.ms_level == 2 and s.ions]
    t.check({c["charge"]: c["precursors"] for c in said["charges"]}
            == {z: charges.count(z) for z in set(charges)}, f"{name}: charges", str(said["charges"]))
    return said


def check_background(t, name, doc, said):
    looked, errors = background(doc, SEEN)
    found = {i["formula"]: i for i in said["background"]["ions"]}
    pooled, times = [], [s.time for s in doc.spectra]
    t.check(set(found) == set(errors) and said["background"]["looked"] == len(looked), f"{name}: ions",
            str(sorted(found)))
    for formula, every in errors.items():
        good = [e for e in every if not math.isnan(e)]
        middle = numpy.median(good)
        ion = found[formula]
        t.check(close(ion["mz"], mass(formula, SEEN[formula]), 3e-9) and ion["found"] == len(good)
                and ion["looked"] == len(every), f"{name}: {formula}", str(ion))
        t.check(abs(ion["error"] - middle) < 0.003
                and abs(ion["spread"] - 1.4826 * numpy.median(abs(good - middle))) < 0.003,
                f"{name}: error of {formula}", f"{ion}, not {middle}")
    for s in looked:
        part = min(int((s.time - min(times)) / (max(times) - min(times)) * 10), 9)
        pooled += [(part, e) for f in SEEN if (s.polarity < 0) == (SEEN[f] < 0)
                   for e in [measured(s, mass(f, SEEN[f]))] if not math.isnan(e)]
    parts = [float(numpy.median([e for p, e in pooled if p == k])) for k in range(10)]
    t.check(all(abs(a - b) < 0.003 for a, b in zip(parts, said["background"]["errors"])), f"{name}: drift",
            f"{said['background']['errors']}, not {parts}")
    t.check(abs(said["numbers"]["mass_drift"] - (max(parts) - min(parts))) < 0.006
            and abs(said["numbers"]["mass_error"] - numpy.median([e for _, e in pooled])) < 0.003,
            f"{name}: mass error", str(said["numbers"]))


def shown(cell, value, digits=4):
    """A cell of a page is that number, as far as a page shows it."""
    if value is None:
        return cell == "\u2013"
    return math.isclose(number(cell), value, rel_tol=0.6 * 10 ** (1 - digits), abs_tol=0.006)


def check_page(t, f, name, said):
    done = run("report", f / f"{name}.h5")
    page = Page(done.out.decode())
    n, tables = said["numbers"], page.tables
    t.check(done.code == OK and not page.wrong, f"{name}: report", f"{done.err} {page.wrong[:3]}")
    title = next(x for x in tables if x.startswith("Rates, points and currents"))
    for row in tables[title][1:]:
        level = row[0].lower()
        keys = ("rate", "empty", "peaks_q1", "peaks_q3", "tic_area", "bpc_area", "tic_gained_q1",
                "tic_gained_median", "tic_gained_q3")
        t.check(all(shown(c, n[f"{level}_{k}"]) for c, k in zip(row[1:], keys)), f"{name}: {title}", str(row))
    of = [x for x in tables if x.startswith("Isolation windows")]
    t.check(bool(of) == bool(said["windows"]) and (not of or ("DIA" in of[0]) == (said["scheme"] == "dia")),
            f"{name}: windows on the page", str(list(tables)))
    keys = ("target", "low", "high", "collision_energy", "spectra", "cycle", "peaks", "tic")
    for row, w in zip(tables[of[0]][1:] if of else (), said["windows"]):
        t.check(all(shown(c, w[k]) for c, k in zip(row, keys)), f"{name}: a window on the page", str(row))
    for row, ion in zip(tables["Ions of the background"][1:], said["background"]["ions"]):
        t.check(row[:2] == [ion["name"], ion["formula"]] and float(row[2]) == ion["mz"]
                and shown(row[5], ion["error"]), f"{name}: an ion on the page", str(row))
    parts = [r[1] for r in tables["Mass error"][1:]]
    t.check(all(map(shown, parts, said["background"]["errors"])) and len(parts) == 10, f"{name}: drift drawn",
            str(parts))
    for k, level in enumerate(said["levels"]):
        column = [r[1 + k] for r in tables["Spectra a second"][1:]]
        t.check(all(map(shown, column, level["rates"])), f"{name}: rates drawn", str(column))
    t.check(shown(page.facts["At the start, s"], n["dead_before"])
            and shown(page.facts["At the end, s"], n["dead_after"])
            and page.facts["Longest between two that are not, s"].endswith(
                f"from {n['dead_gap_from'] / 60:.2f} min"), f"{name}: dead time", str(page.facts))


# ---- mzQC ----

TERM = re.compile(r"^[A-Z]+:[A-Z0-9]+$")


def check_term(t, what, term):
    t.check(TERM.match(term["accession"]) and term["name"]
            and set(term) <= {"accession", "name", "value", "unit", "version", "uri"}, what, str(term))


def check_mzqc(t, f, name, said):
    """What the schema of mzQC 1.0.0 asks for, and some values."""
    text = qc(t, f, name, "-O", "mzqc")
    t.check(text == qc(t, f, name, "-O", "mzqc"), f"{name}: the same again")
    os.utime(f / f"{name}.h5", (0, 981173106))
    whole = json.loads(qc(t, f, name, "-O", "mzqc"))["mzQC"]
    t.check(set(whole) == {"version", "creationDate", "runQualities", "controlledVocabularies"}
            and whole["version"] == "1.0.0" and whole["creationDate"] == "2001-02-03T04:05:06Z",
            f"{name}: head", str(whole)[:200])
    t.check(all(v["name"] and v["uri"].split(":")[0] in ("http", "https")
                for v in whole["controlledVocabularies"]), f"{name}: vocabularies")
    one, = whole["runQualities"]
    meta = one["metadata"]
    t.check(set(one) == {"metadata", "qualityMetrics"} and meta["label"] == name
            and set(meta) == {"label", "inputFiles", "analysisSoftware"}, f"{name}: metadata", str(meta))
    source, = meta["inputFiles"]
    t.check(source["name"] == f"{name}.mzML" and source["location"].startswith("file:")
            and source["fileFormat"] == {"accession": "MS:1000584", "name": "mzML format"}
            and re.fullmatch("[0-9a-f]{64}", source["fileProperties"][0]["value"]), f"{name}: input",
            str(source))
    t.check(meta["analysisSoftware"][0]["version"], f"{name}: software")
    metrics = {m["accession"]: m for m in one["qualityMetrics"]}
    t.check(len(metrics) == len(one["qualityMetrics"]), f"{name}: each metric once")
    for m in one["qualityMetrics"]:
        check_term(t, f"{name}: metric", m)
        if "unit" in m:
            check_term(t, f"{name}: unit", m["unit"])
    n = said["numbers"]
    for term, value in (("4000059", n["ms1_spectra"]), ("4000060", n["ms2_spectra"]),
                        ("4000067", n["duration"]), ("4000029", n["ms1_tic_area"]),
                        ("4000192", n["cycle"]), ("4000204", max(n["ms1_tic_most"], n["ms2_tic_most"])),
                        ("4000071", n["chromatograms"]), ("4000173", n["charge_mean"])):
        got = metrics.get(f"MS:{term}", {}).get("value")
        t.check(got == value, f"{name}: MS:{term}", f"{got}, not {value}")
    t.check(metrics["MS:4000061"]["value"] == [n[f"ms1_peaks_{q}"] for q in ("q1", "median", "q3")],
            f"{name}: MS1 density")
    return metrics


# ---- runs ----

def profile_of(mz, heights, rng):
    """Gaussian peaks of a resolution of 50,000 at even steps."""
    x, y = [], []
    for m, h in zip(mz, heights):
        sigma = m / 50000 / 2.3548
        at = m - 6 * sigma + numpy.arange(24) * sigma / 2 + rng.uniform(-0.2, 0.2) * sigma
        x.append(at)
        y.append(h * numpy.exp(-((at - m) / sigma) ** 2 / 2))
    x, y = numpy.concatenate(x), numpy.concatenate(y)
    order = numpy.argsort(x)
    return x[order], y[order]


def background_at(share, polarity, rng):
    """m/z of ions of the background that are off by 2 ppm at first and by 5 at the end."""
    ions = [(f, z) for f, z in SEEN.items() if z == polarity and rng.random() < 0.9]
    return [mass(f, z) * (1 + (2 + 3 * share + rng.normal(0, 0.2)) * 1e-6) for f, z in ions]


def survey(i, time, share, rng, *, polarity=1, profile=False, silent=False):
    """An MS1 spectrum."""
    mz = numpy.concatenate([rng.uniform(700, 1400, 20 + i % 7), background_at(share, polarity, rng)])
    mz = numpy.sort(mz)
    y = rng.lognormal(9, 1, len(mz)) * (1e-5 if silent else 1)
    if profile:
        mz, y = profile_of(mz, y, rng)
    y = y.astype("<f4")
    params = cv(1000285, f"{y.sum():.6g}") + cv(1000505, f"{y.max():.6g}")
    window = "<scanWindowList><scanWindow>" + cv(1000501, 200) + cv(1000500, 1500) + "</scanWindow>" \
             "</scanWindowList>"
    return spectrum(i, [array(MZ, mz), array(INTENSITY, y, number=F32)], len(mz), time=f"{time:.4f}",
                    params=params, scan=cv(1000927, f"{rng.uniform(5, 30):.3f}") + window,
                    positive=polarity > 0, centroid=not profile)


def fragments(i, time, rng, *precursors):
    """An MS2 spectrum."""
    mz, y = numpy.sort(rng.uniform(100, 1500, 5 + i % 11)), rng.lognormal(6, 1, 5 + i % 11).astype("<f4")
    return spectrum(i, [array(MZ, mz), array(INTENSITY, y)], len(mz), level=2, time=f"{time:.4f}",
                    params=cv(1000285, f"{y.sum():.6g}") + cv(1000505, f"{y.max():.6g}"),
                    scan=cv(1000927, f"{rng.uniform(20, 60):.3f}"), precursors=precursors)


def dda(rng):
    """Cycles of one MS1 and up to six MS2, in two polarities, without ions at the ends and once within."""
    out, time = [], 3.0
    for cycle in range(90):
        silent = cycle < 4 or 40 <= cycle < 47 or cycle > 85
        out.append(survey(len(out), time, cycle / 90, rng, polarity=-1 if cycle % 5 == 4 else 1,
                          profile=cycle % 2 == 1, silent=silent))
        time += 0.3
        for k in range(cycle * 7 % 7 if silent else 2 + cycle % 5):
            mz, z = rng.uniform(400, 1200), int(rng.integers(0, 5))
            ion = (f"{mz:.4f}", z or None, f"{rng.lognormal(10, 1):.1f}" if k else None)
            out.append(fragments(len(out), time, rng, precursor(f"{mz:.4f}", [ion], 0.7 + k % 2, 0.7, 28)))
            time += 0.1
    return out


def dia(rng, width=25.0):
    """Cycles of one MS1 and twelve windows of MS2, of which the first is half as wide."""
    out, time = [], 0.5
    for cycle in range(30):
        out.append(survey(len(out), time, cycle / 30, rng, polarity=1 if cycle % 2 else -1))
        time += 0.25
        for k in range(12):
            half = width / 2 if k else width / 4
            target = 412.5 + 25 * k
            out.append(fragments(len(out), time, rng,
                                 precursor(target, [(target, None, None)], half, half, 25 + k % 2)))
            time += 0.05 + 0.001 * k
    return out


def ingest(t, f, name, text):
    f.write(f"{name}.mzML", text)
    done = run("ingest", "-q", "-o", f / f"{name}.h5", f / f"{name}.mzML")
    t.check(done.code == OK, f"{name}: ingest", done.err)
    return Document(text)


def made(t, f):
    time = numpy.arange(5.0)
    rng = numpy.random.default_rng(1)
    for name, spectra in (("dda", dda(rng)), ("dia", dia(rng)), ("targets", dia(rng, 1.5))):
        doc = ingest(t, f, name, document(spectra, [chromatogram(0, [array(MZ, time)], 5)]))
        said = check_numbers(t, f, name, doc)
        check_background(t, name, doc, said)
        check_page(t, f, name, said)
        t.check(said["scheme"] == ("targeted" if name == "targets" else name), f"{name}: scheme")
        if name == "targets":
            continue
        metrics = check_mzqc(t, f, name, said)
        has = {"MS:4000194", "MS:4000195", "MS:4000196", "MS:4000193"} & set(metrics)
        t.check(len(has) == (4 if name == "dia" else 0), f"{name}: windows in mzQC", str(sorted(metrics)))
        if name == "dia":
            t.check(metrics["MS:4000194"]["value"] == 12 and metrics["MS:4000195"]["value"] == [12.5, 25]
                    and metrics["MS:4000196"]["value"] == [30, 30], f"{name}: values of windows")
        words = qc(t, f, name)
        t.check("445.120025" in words and "Dead time" in words and "not readable" not in words,
                f"{name}: for people", words)
    done = run("qc", f / "dia.h5", "-O", "multiqc", "-o", f / "multi")
    table = json.loads(f.read("multi/dia_mqc.json"))
    t.check(done.code == OK and table["data"]["dia"]["ms1"] == 30 and set(table["data"]["dia"])
            <= set(table["headers"]), "MultiQC", str(table))
    done = run("qc", f / "dia.h5", "-O", "mzqc", env={"SOURCE_DATE_EPOCH": "0"})
    t.check(b'"creationDate":"1970-01-01T00:00:00Z"' in done.out, "a date that is given", done.out[:80])
    check_refusal(t, "no such form", run("qc", f / "dia.h5", "-O", "fastqc"), ["fastqc", "mzqc"], (USAGE,))


def odd(t, f):
    """Runs of nearly nothing: no spectra, no times, no arrays, m/z that do not ascend."""
    x = numpy.array([500.0, 445.120025, 391.284286])
    some = [spectrum(i, [array(MZ, x), array(INTENSITY, x)], 3, time=f"{i / 7:.3f}") for i in range(20)]
    for name, spectra in (("none", []), ("timeless", [spectrum(0, [], 0), spectrum(1, [], 0, level=2)]),
                          ("level", [spectrum(0, [array(MZ, x), array(INTENSITY, x)], 3, level=None)]),
                          ("unsorted", some)):
        more = [chromatogram(0, [array(MZ, x)], 3)]
        doc = ingest(t, f, name, document(spectra, more))
        said = check_numbers(t, f, name, doc)
        ions = {i["formula"]: i["found"] for i in said["background"]["ions"]}
        t.check(ions == ({"C12H37O6Si6": 20, "C24H39O4": 20} if name == "unsorted" else {}),
                f"{name}: background", str(said["background"]))
        whole = json.loads(qc(t, f, name, "-O", "mzqc"))
        t.check(whole["mzQC"]["runQualities"][0]["qualityMetrics"], f"{name}: mzQC")
        qc(t, f, name)
        done = run("report", f / f"{name}.h5", "-o", f / f"{name}.html")
        t.check(done.code == OK, f"{name}: report", done.err)


def real(t, f):
    files = [p for p in mzml_files(SHARED) if re.search("small.mzML|Rpal_01|MassLynx|HPINalone.mzML", p)]
    if not files:
        t.skip(f"no real files in {SHARED}")
    for path in files:
        text = plain(path)
        if len(text) > (1 << 19 if SANITIZED else 8 << 20):
            continue
        name = os.path.basename(path).removesuffix(".mzML")
        check_numbers(t, f, name, ingest(t, f, name, text))


if __name__ == "__main__":
    main(made, odd, real)
