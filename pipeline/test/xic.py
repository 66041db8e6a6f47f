"""
vial xic against arithmetic of our own on what mzmodel.py reads: sums of the peaks in their order, so that
every number printed is the same double.

Suites: view spectra. Also: asan.
"""
import json
import math
import os
import xml.etree.ElementTree as xml

import numpy

from json_shapes import fits
from mzmodel import (INTENSITY, MZ, NAN, Document, array, cv, document, local, made_spectra, mzml_files,
                     plain, precursor, spectrum)
from viewtest import fields
from vialtest import DATA, NOINPUT, OK, SANITIZED, SHARED, USAGE, check_refusal, main, run


class Target:
    def __init__(self, name, mz=NAN, within=0.0, *, time=(-math.inf, math.inf), level=1, isolation=NAN,
                 highest=False, mobility=None):
        self.name, self.mz, self.highest, self.mobility = name, mz, highest, mobility
        self.low, self.high = mz - within, mz + within
        self.time, self.level, self.isolation = time, level, isolation

    def looks(self, s):
        if self.level and s.ms_level != self.level:
            return False
        if math.isfinite(self.time[0]) or math.isfinite(self.time[1]):
            if not self.time[0] <= s.time <= self.time[1]:
                return False
        if not math.isnan(self.isolation):
            windows = [(t - (0 if math.isnan(a) else a), t + (0 if math.isnan(b) else b))
                       for t, a, b, _ in s.precursors]
            if not any(a <= self.isolation <= b for a, b in windows):
                return False
        if self.mobility and not mobility_of(s):
            return self.mobility[0] <= s.mobility <= self.mobility[1]
        return True

    def value(self, s):
        """One addition after the other, as any reader would do it."""
        mz, intensity = s.peaks()
        intensity = numpy.zeros(0) if intensity is None else intensity
        mz = numpy.zeros(0) if mz is None else mz
        n = len(intensity) if math.isnan(self.mz) else min(len(mz), len(intensity))
        keep = numpy.ones(n, bool) if math.isnan(self.mz) else (mz[:n] >= self.low) & (mz[:n] <= self.high)
        if self.mobility and mobility_of(s):
            each = mobility_of(s).doubles()
            keep = keep[:len(each)] & (each[:n] >= self.mobility[0]) & (each[:n] <= self.mobility[1])
        chosen = [float(y) for y in intensity[:len(keep)][keep]]
        if self.highest:
            return max(chosen, default=0.0)
        total = 0.0
        for y in chosen:
            total += y
        return total


def mobility_of(s):
    return next((a for a in s.arrays if a.kind in (1002816, 1003006, 1003007, 1003008)), None)


def within(mz, tolerance):
    return mz * float(tolerance[:-3]) * 1e-6 if tolerance.endswith("ppm") else float(tolerance.rstrip("Th"))


def traces(spectra, targets):
    return [(t, [(s.time, t.value(s)) for s in spectra if t.looks(s)]) for t in targets]


def number(text):
    return NAN if text in ("", None) else float(text)


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def xic(t, f, what, *args, code=OK):
    one = run("xic", *args, "-@", 1, f / "s.h5")
    if t.random.random() < 0.3:
        four = run("xic", *args, "-@", 4, f / "s.h5")
        t.check((one.code, one.out, one.err) == (four.code, four.out, four.err), what,
                "1 and 4 threads print otherwise")
    t.check(one.code == code, what, f"{args}: exit code {one.code}: {one.err[:300]}")
    return one.out


def check_table(t, what, out, want):
    lines = [[x.decode() for x in fields(line)] for line in out.split(b"\n")[:-1]]
    t.check(lines[:1] == [["target", "time", "intensity"]], what, f"{lines[:1]}")
    got, at = lines[1:], 0
    for target, points in want:
        mine, at = got[at:at + len(points)], at + len(points)
        bad = [(g, p) for g, p in zip(mine, points)
               if g[0] != target.name or not same(number(g[1]), p[0]) or not same(number(g[2]), p[1])]
        t.check(len(mine) == len(points) and not bad, what, f"{target.name}: {bad[:2]}")
    t.check(at == len(got), what, f"{len(got)} lines, expected {at}")


def totals(points):
    total, most, when = 0.0, 0.0, NAN
    for time, y in points:
        total += y
        if y > most:
            most, when = y, time
    return len(points), total, most, when


def check_totals(t, what, table, objects, want):
    lines = [[x.decode() for x in fields(line)] for line in table.split(b"\n")[1:-1]]
    said = [json.loads(x) for x in objects.decode().splitlines()]
    fits(t, what, objects.decode().splitlines()[:20], "xic")
    t.check(len(lines) == len(said) == len(want), what, f"{len(lines)} lines, {len(said)} objects")
    for line, one, (target, points) in zip(lines, said, want):
        expected = totals(points)
        got = [number(x) for x in line[2:]]
        t.check(line[0] == target.name and same(number(line[1]), target.mz), what, f"{line}")
        t.check(all(map(same, got, expected)), what, f"{target.name}: {got}, expected {expected}")
        got = [number(one[x]) for x in ("n_spectra", "sum", "max", "time_of_max")]
        t.check(one["target"] == target.name and all(map(same, got, expected)), what, f"{one}")


def check_json(t, what, out, want):
    said = [json.loads(x) for x in out.decode().splitlines()]
    fits(t, what, out.decode().splitlines()[:20], "xic")
    t.check([x["target"] for x in said] == [target.name for target, _ in want], what, "targets")
    for one, (target, points) in zip(said, want):
        got = [(number(a), number(b)) for a, b in zip(one["time"], one["intensity"])]
        t.check(len(got) == len(points) and all(same(a, c) and same(b, d)
                                                for (a, b), (c, d) in zip(got, points)), what, target.name)


def check_mzml(t, what, out, want):
    read = Document(out)
    t.check(read.count == {"chromatogramList": str(len(want))}, what, f"{read.count}")
    for one, (target, points) in zip(read.chromatograms, want):
        got = list(zip(one.arrays[0].doubles(), one.arrays[1].doubles()))
        t.check(one.id == target.name and int(one.length) == len(points), what, f"{one.id} {one.length}")
        t.check(one.arrays[0].unit == "UO:0000010", what, f"times in {one.arrays[0].unit}")
        t.check(all(same(a, c) and same(b, d) for (a, b), (c, d) in zip(got, points)), what, target.name)


def check_svg(t, what, out, want):
    root = xml.fromstring(out)
    panels = [x for x in root if local(x.tag) == "g"]
    t.check(local(root.tag) == "svg" and len(panels) == min(24, len(want)), what, f"{len(panels)} panels")


def check_forms(t, f, what, options, want):
    check_table(t, what, xic(t, f, what, *options), want)
    check_json(t, what, xic(t, f, what, *options, "-O", "json"), want)
    check_mzml(t, what, xic(t, f, what, *options, "-O", "mzml"), want)
    check_svg(t, what, xic(t, f, what, *options, "-O", "svg"), want)
    check_totals(t, what, xic(t, f, what, *options, "--total"),
                 xic(t, f, what, *options, "--total", "-O", "json"), want)


def some_mz(t, spectra, n):
    """m/z that occur, and some that hardly do."""
    all_mz = [x for s in spectra for x in (s.peaks()[0] if s.peaks()[0] is not None else ())
              if math.isfinite(x) and x > 1]
    return [t.random.choice(all_mz) + t.random.choice((0, 0.003, 0.4)) if all_mz else 400.0
            for _ in range(n)]


def read(t, f, what, text):
    """The store of a document, and what the model reads."""
    f.write("in.mzML", text)
    f.clear("s.h5")
    done = run("ingest", "-q", "--profile", t.profile(), "-o", f / "s.h5", f / "in.mzML")
    return Document(text).spectra if t.check(done.code == OK, what, done.err) else None


def check_all(t, f, what, text):
    spectra = read(t, f, what, text)
    if not spectra:
        return
    levels = sorted({s.ms_level for s in spectra if s.ms_level})
    for tolerance in ("10ppm", "0.5"):
        mz = some_mz(t, spectra, 1)[0]
        one = Target(repr(mz), mz, within(mz, tolerance))
        check_forms(t, f, what, ("--mz", repr(mz), "--tol", tolerance), traces(spectra, [one]))
        one.highest, one.level = True, t.random.choice(levels or [1])
        out = xic(t, f, what, "--mz", repr(mz), "--tol", tolerance, "--agg", "max", "--ms-level", one.level)
        check_table(t, what, out, traces(spectra, [one]))
    whole = [Target("TIC"), Target("BPC", highest=True)]
    check_forms(t, f, what, ("--tic", "--bpc"), traces(spectra, whole))
    check_targets(t, f, what, spectra, levels or [1])


def check_targets(t, f, what, spectra, levels):
    """A table with all columns, some cells empty."""
    times = [s.time for s in spectra if math.isfinite(s.time)] or [0.0]
    lines, targets = ["\t".join(("name", "other", "mz", "tol", "time_start", "time_end", "ms_level",
                                 "isolation"))], []
    for i, mz in enumerate(some_mz(t, spectra, 40)):
        tolerance = t.random.choice(("", "20ppm", "0.3Th", "0.01"))
        time = sorted(t.random.sample(times, 2)) if len(times) > 1 and t.random.random() < 0.5 else None
        level = t.random.choice(levels) if t.random.random() < 0.4 else None
        windows = [p[0] for s in spectra for p in s.precursors if math.isfinite(p[0])]
        isolation = t.random.choice(windows) + 0.1 if windows and t.random.random() < 0.3 else None
        lines.append("\t".join((f"t {i}", "x", repr(mz), tolerance, repr(time[0]) if time else "",
                                repr(time[1]) if time else "", str(level or ""),
                                "" if isolation is None else repr(isolation))))
        targets.append(Target(f"t {i}", mz, within(mz, tolerance or "15ppm"),
                              time=time or (-math.inf, math.inf),
                              level=level or (1 if isolation is None else 0),
                              isolation=NAN if isolation is None else isolation))
    f.write("t.tsv", ("\r\n".join(lines) + "\r\n").encode())
    check_forms(t, f, what, ("--targets", f / "t.tsv", "--tol", "15ppm"), traces(spectra, targets))


# ---- documents ----


def odd_spectra():
    """Sorts of arrays that a reader may meet."""
    rng = numpy.random.default_rng(7)
    out = []
    for i in range(60):
        n = int(rng.integers(0, 90))
        mz = numpy.sort(rng.uniform(400, 410, n))
        intensity = (rng.uniform(0, 1e5, n)).astype("<f4")
        if i % 5 == 1:
            mz = rng.permutation(mz)
        if i % 5 == 2:
            mz = numpy.sort(mz.astype("<f4"))
        if i % 5 == 3:
            mz = numpy.repeat(mz, 2)[:n]
        if i % 11 == 4 and n > 3:
            mz[2] = NAN
        arrays = [array(MZ, mz), array(INTENSITY, intensity if i % 3 else intensity.astype("<f8"))]
        level = 1 if i % 4 else 2
        more = [precursor(405 + i % 7, ((405.5, 2, None),), 1.5, 1.5)] if level == 2 else ()
        if i % 6 == 5:
            arrays.reverse()
        out.append(spectrum(i, arrays, n, level=level, time=None if i == 17 else i * 1.25, precursors=more))
    return out


def made(t, f):
    check_all(t, f, "odd", document(odd_spectra()))
    check_all(t, f, "no spectra of level 1", document(odd_spectra()[::4]))
    lossy = [spectrum(i, [array(MZ, numpy.arange(400, 420.0), coding=1002312),
                          array(INTENSITY, numpy.arange(20.0) + i, coding=1002313)], 20, time=i)
             for i in range(20)]
    check_all(t, f, "numpress", document(lossy))
    check_all(t, f, "integers", document([spectrum(0, [array(MZ, numpy.arange(400, 420.0)),
                                                       array(INTENSITY, numpy.arange(20))], 20, time=5)]))


def mobility(t, f):
    rng = numpy.random.default_rng(3)
    spectra = []
    for i in range(30):
        each = numpy.repeat([0.8, 0.9, 1.0], 10)
        mz = numpy.tile(numpy.sort(rng.uniform(400, 402, 10)), 3)
        arrays = [array(MZ, mz), array(INTENSITY, rng.uniform(0, 99, 30))]
        if i % 2:
            arrays.append(array(1003006, each, unit="MS:1002814"))
        params = "" if i % 2 else cv(1002815, 0.7 + 0.01 * i)
        spectra.append(spectrum(i, arrays, 30, time=i, scan=params))
    read_back = read(t, f, "mobility", document(spectra))
    for low, high in ((0.85, 0.95), (0.7, 0.8), (0, 9)):
        for options, target in ((("--mz", "401", "--tol", "0.6"), Target("401", 401, 0.6)),
                                (("--tic",), Target("TIC"))):
            target.mobility = (low, high)
            out = xic(t, f, "mobility", *options, "--mobility", f"{low}-{high}")
            check_table(t, f"mobility {low}-{high}", out, traces(read_back, [target]))


def windows(t, f):
    """Isolation windows and times on the command line."""
    spectra = read(t, f, "windows", document(odd_spectra()))
    for isolation in (405.2, 408.9, 300):
        target = Target("405", 405, 3.0, level=0, isolation=isolation)
        out = xic(t, f, "isolation", "--mz", "405", "--tol", "3Th", "--isolation", isolation)
        check_table(t, f"isolation {isolation}", out, traces(spectra, [target]))
    for text, time in (("10-20", (10, 20)), ("0.25m-1m", (15, 60)), ("-0.5min", (-math.inf, 30)),
                       ("30s-", (30, math.inf)), ("0-1m", (0, 60))):
        out = xic(t, f, text, "--mz", "405", "--tol", "0.5", "--time", text)
        check_table(t, text, out, traces(spectra, [Target("405", 405, 0.5, time=time)]))
    f.write("t2.csv", b"mz\n405")
    out = xic(t, f, "csv", "--targets", f / "t2.csv", "--tol", "0.5")
    check_table(t, "csv", out, traces(spectra, [Target("405", 405, 0.5)]))


def refusals(t, f):
    read(t, f, "refusals", document(odd_spectra()[:3]))
    for options, code, part in (((), USAGE, "--mz, --targets, --tic or --bpc"),
                                (("--mz", "4x"), USAGE, "'4x' is no m/z"),
                                (("--mz", "nan"), USAGE, "no m/z"), (("--mz", "-5"), USAGE, "no m/z"),
                                (("--mz", "400", "--tol", "10"), USAGE, "10ppm or 10Th"),
                                (("--mz", "400", "--tol", "x"), USAGE, "no tolerance"),
                                (("--tic", "--tol", "10ppm"), USAGE, "--tol goes with"),
                                (("--tic", "--time", "10-12m"), USAGE, "a unit at one end"),
                                (("--tic", "--time", "20-10"), USAGE, "no range of times"),
                                (("--tic", "--time", "x"), USAGE, "no range of times"),
                                (("--tic", "-O", "mgf"), USAGE, "tsv, json, mzml, svg"),
                                (("--tic", "--total", "-O", "mzml"), USAGE, "--total goes with"),
                                (("--targets", f / "none"), NOINPUT, "none")):
        check_refusal(t, f"{options}", run("xic", *options, f / "s.h5"), [part], (code,))
    for text, part in ((b"", "it is empty"), (b"name\ttol\n", "no column is called mz"),
                       (b"mz\tmz\n", "two columns are called 'mz'"), (b"mz\n400\nx\n", "line 3: mz: 'x'"),
                       (b"mz\tname\n400\ta\tb\n", "line 2: more cells"),
                       (b"mz\ttol\n400\t10\n", "line 2: --tol: '10' has no unit"),
                       (b"mz\tms_level\n400\t1.5\n", "'1.5' is no MS level"),
                       (b"mz\ttime_start\ttime_end\n400\t9\t8\n", "time_start is behind"),
                       (b"name\tmz\na\t\n", "line 2: mz: no m/z"), (b"mz\n400\0\n", "zero bytes"),
                       (b"\t".join([b"mz"] + [b"c"] * 70) + b"\n", "more than 64 columns"),
                       (b"mz\ttime_start\n400\t5x\n", "'5x' is no time")):
        f.write("t.tsv", text)
        done = run("xic", "--targets", f / "t.tsv", f / "s.h5")
        check_refusal(t, f"{text}"[:60], done, [part, "t.tsv"], (USAGE, DATA))


def truth(t, f):
    """A run of scripts/make-data: as many spectra and peaks as it says, and sums by our own arithmetic."""
    if not made_spectra(f / "run.mzML", 12):
        return t.check(False, "make-data")
    with open(f / "run.truth.json", encoding="utf-8") as file:
        said = json.load(file)
    text = plain(f / "run.mzML")
    check_all(t, f, "run", text)
    lines = xic(t, f, "run", "--tic").splitlines()[1:]
    t.check(len(lines) == said["ms1"]["spectra"], "run", f"{len(lines)} spectra of MS1, {said['ms1']}")


def real(t, f):
    files = mzml_files(SHARED)
    if not files:
        t.skip(f"no real files in {SHARED}")
    for path in files:
        text = plain(path)
        if len(text) > (1 << 19 if SANITIZED else 8 << 20):
            continue
        try:
            some = bool(Document(text).spectra)
        except (xml.ParseError, StopIteration, ValueError):
            continue  # other tests look at what is no document
        if some:
            check_all(t, f, os.path.basename(path), text)


if __name__ == "__main__":
    main(made, mobility, windows, refusals, truth, real)
