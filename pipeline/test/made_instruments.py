"""
Runs of instruments that scripts/make-data makes: what each is said to look like, and the sums that stand
beside it, by an XML reader and arithmetic of our own; and vial xic of their stores.

Suites: spectra. Also: asan.
"""
import hashlib
import json
import math
import re
import subprocess

import numpy

from mzmodel import Document, made_spectra, plain
from vialtest import OK, main, run

MOBILITY = 1003006


def near(a, b):
    """Sums of floats, one after the other or in pairs."""
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def make(t, f, instrument, *more, megabytes=1):
    """The document and what is said of it; its store is s.h5."""
    path = f / f"{instrument}.mzML"
    f.clear("s.h5")
    made = made_spectra(path, megabytes, 3, "--instrument", instrument, "--gzip", "none", *more)
    if not t.check(made, instrument):
        return None, None
    with open(f / f"{instrument}.truth.json", encoding="utf-8") as file:
        said = json.load(file)
    done = run("ingest", "-q", "--profile", t.profile(), "-o", f / "s.h5", path)
    t.check(done.code == OK, instrument, done.err)
    return Document(plain(path)).spectra, said


def sums(t, f, what, spectra, said):
    """Spectra, peaks, currents; ions as a reader adds them up, and as vial does."""
    for level in (1, 2):
        of = [s.peaks() for s in spectra if s.ms_level == level]
        told = said[f"ms{level}"]
        t.check((len(of), sum(len(mz) for mz, _ in of)) == (told["spectra"], told["peaks"]), what, f"{told}")
        t.check(near(sum(y.sum() for _, y in of), told["tic"]), what, f"TIC {told}")
        t.check(near(sum(y.max(initial=0) for _, y in of), told["bpc"]), what, f"BPC {told}")
    ones = [s.peaks() for s in spectra if s.ms_level == 1]
    for ion in said["xic"]:
        own = sum(y[(mz >= ion["low"]) & (mz <= ion["high"])].sum() for mz, y in ones)
        t.check(own > 0 and near(own, ion["ms1_sum"]), what, f"{own}: {ion}")
    mz = [(ion["low"] + ion["high"]) / 2 for ion in said["xic"]]
    f.write("t.tsv", "".join(["mz\ttol\n"] + [f"{x!r}\t10ppm\n" for x in mz]).encode())
    for options, sought in ((("--tic",), [said["ms1"]["tic"]]), (("--bpc",), [said["ms1"]["bpc"]]),
                            (("--targets", f / "t.tsv"), [ion["ms1_sum"] for ion in said["xic"]])):
        done = run("xic", *options, "--total", f / "s.h5")
        got = [float(line.split(b"\t")[3]) for line in done.out.splitlines()[1:]]
        t.check(len(got) == len(sought) and all(near(a, b) for a, b in zip(got, sought)), what,
                f"xic {options[0]}: {got}, {sought}: {done.err}")


def steps(values, step):
    """How far from whole steps these are, in steps, at most."""
    k = numpy.diff(values) / step
    return abs(k - numpy.round(k)).max()


def swath(t, f):
    for windows, megabytes in ((64, 1), (32, 2)):
        spectra, said = make(t, f, "swath-tof", "--windows", str(windows), megabytes=megabytes)
        if not spectra:
            return
        n = len(spectra) - 1
        t.check(spectra[n].id == f"sample=1 period=1 cycle={n // (windows + 1) + 1} "
                f"experiment={n % (windows + 1) + 1}", "id", spectra[n].id)
        for s in spectra:
            mz, y = s.peaks()
            t.check((numpy.diff(mz) > 0).all() and (y == y.round()).all() and s.centroid == "profile", s.id)
            t.check(y[0] == y[-1] == 0 and not ((y[1:-1] == 0) & (y[2:] == 0) & (y[:-2] == 0)).any(), s.id,
                    "zeros are not those beside others")
            t.check(steps(numpy.sqrt(mz), 6.26e-5) < 1e-4, s.id, "off the grid")
        width = 400 / windows
        for s in spectra[1:windows + 1]:
            target, lower, upper, energy = s.precursors[0]
            nth = int(s.id.rpartition("=")[2]) - 2
            t.check((target, lower, upper) == (400 + width * (2 * nth + 1), width + 0.5, width + 0.5) and
                    20 < energy < 75, s.id, f"{s.precursors}")
    sums(t, f, "swath-tof", spectra, said)


def timstof(t, f):
    spectra, said = make(t, f, "timstof")
    if not spectra:
        return
    sums(t, f, "timstof", spectra, said)
    for s in spectra:
        mz, y = s.peaks()
        mobility = s.array(MOBILITY).doubles()
        t.check((y == y.round()).all() and y.min() >= 9 and s.centroid == "centroid", s.id, "intensities")
        t.check(len(mobility) == len(mz) and (numpy.diff(mobility) <= 0).all(), s.id, "mobilities")
        t.check((numpy.diff(mz)[numpy.diff(mobility) == 0] > 0).all(), s.id, "m/z does not rise in a scan")
        near_by = numpy.diff(numpy.unique(numpy.sqrt(mz))) / 7.9489e-5
        near_by = near_by[near_by < 50]
        t.check(abs(near_by - near_by.round()).max(initial=0) < 1e-2, s.id, "off the ticks")
        if s.ms_level == 2:
            _, *beside, energy = s.precursors[0]
            t.check(beside == [13, 13] and 20 < energy < 60, s.id, f"{s.precursors}")
    t.check(spectra[0].id == "merged=0 frame=1 scanStart=1 scanEnd=927", "id", spectra[0].id)


def orbitrap(t, f):
    spectra, said = make(t, f, "orbitrap-profile")
    if not spectra:
        return
    sums(t, f, "orbitrap-profile", spectra, said)
    for s in spectra:
        mz, y = s.peaks()
        t.check(s.centroid == "profile" and (numpy.diff(mz) > 0).all(), s.id)
        t.check(0.3 < (y == 0).mean() < 0.6, s.id, f"{(y == 0).mean():.2f} of the points are zeros")


def image(t, f, mode):
    """Pixels by their places in the .ibd, its hash, sums; and vial image of the store."""
    words = ["--seed", "3", "--size", "12", "--points", "1200", "--mode", mode, "--out", f / "i.imzML"]
    made = subprocess.run(["scripts/make-data", "imaging", *words], stderr=subprocess.PIPE)
    if not t.check(made.returncode == 0, mode, made.stderr):
        return
    text, ibd = f.read("i.imzML"), f.read("i.ibd")
    with open(f / "i.truth.json", encoding="utf-8") as file:
        said = json.load(file)
    for fact in (hashlib.sha1(ibd).hexdigest(), ibd[:16].hex(), mode):
        t.check(f'"{fact}"'.encode() in text, mode, f"says no {fact}")
    places = re.findall(rb'"external array length" value="(\d+)"/>\s*<cvParam [^>]*value="(\d+)"/>', text)
    arrays = [numpy.frombuffer(ibd, "<f8" if mode == "processed" and i % 2 == 0 else "<f4", int(n), int(at))
              for i, (n, at) in enumerate(places)]
    mz, y = numpy.concatenate(arrays[::2]).astype(float), numpy.concatenate(arrays[1::2]).astype(float)
    ion = said["ion"]
    one = y[abs(mz - ion["mz"]) <= ion["within"]].sum()
    t.check((len(places), len(y)) == (2 * said["spectra"], said["peaks"]) and said["spectra"] == 144, mode)
    t.check(near(y.sum(), said["tic"]) and near(one, ion["sum"]) and one > 0, mode, f"{one}: {said}")
    done = run("ingest", "-q", "--force", "-o", f / "s.h5", f / "i.imzML")
    t.check(done.code == OK, mode, done.err)
    for options, sought in ((("--tic",), said["tic"]),
                            (("--mz", repr(ion["mz"]), "--tol", f"{ion['within']}Th"), ion["sum"])):
        done = run("image", *options, f / "s.h5")
        got = [float(line.split(b"\t")[-1]) for line in done.out.splitlines()[1:]]
        t.check(len(got) == 144 and near(sum(got), sought), mode, f"{options}: {sum(got)}, {sought}")


def imaging(t, f):
    for mode in ("continuous", "processed"):
        image(t, f, mode)


def seeds(t, f):
    """The same seed, the same bytes; another, others; nonsense is refused."""
    for name, seed, more in (("a", 4, ()), ("b", 4, ()), ("c", 5, ())):
        made_spectra(f / f"{name}.mzML", 1, seed, "--instrument", "timstof", "--gzip", "none", *more)
    t.check(f.read("a.mzML") == f.read("b.mzML") != f.read("c.mzML"), "seeds")
    for more in (("--instrument", "abacus"), ("--windows", "33"),
                 ("--instrument", "timstof", "--profile-ms1")):
        t.check(not made_spectra(f / "d.mzML", 1, 1, *more), f"{more}", "is taken")


if __name__ == "__main__":
    main(swath, timstof, orbitrap, imaging, seeds)
