"""
vial map against cells of our own (numpy) over what mzmodel.py reads of the documents; PNG taken apart by
hand.

Suites: view spectra. Also: asan.
"""
import base64
import math
import re
import struct
import xml.etree.ElementTree as xml
import zlib

import numpy

from mzmodel import INTENSITY, MZ, Document, array, cv, document, precursor, spectrum
from vialtest import NOINPUT, OK, USAGE, check_refusal, main, of_threads, run


def made(n=60, windows=True, seed=4):
    """MS1 and MS2 in turns, at uneven times; m/z as doubles or floats, in any order in some, odd values."""
    rng, out, time = numpy.random.default_rng(seed), [], 30.0
    for i in range(n):
        mz = numpy.sort(rng.uniform(200, 1200, 40 + i))
        y = rng.lognormal(8, 2, len(mz)).astype("<f4")
        if i % 5 == 0:
            rng.shuffle(mz)
        if i % 7 == 0:
            y[:4], mz[5], mz[6] = (0, math.nan, math.inf, -5), 200, 1200
        scan = "<scanWindowList><scanWindow>" + cv(1000501, 200) + cv(1000500, 1200) \
               + "</scanWindow></scanWindowList>" if windows else ""
        out.append(spectrum(i, [array(MZ, mz.astype("<f4") if i % 3 == 0 else mz), array(INTENSITY, y)],
                            len(mz), level=1 + i % 2, time=f"{time:.3f}", scan=scan,
                            precursors=[precursor(500 + 10 * (i % 4), (), 5, 7)] * (i % 2)))
        time += rng.uniform(0.1, 2)
    out.append(spectrum(n, [], 0, time=f"{time:.3f}"))
    out.append(spectrum(n + 1, [array(MZ, mz), array(INTENSITY, y)], len(mz)))
    return out


def index(x, low, high, n):
    """The cell of n; -1: none."""
    with numpy.errstate(invalid="ignore"):
        at = numpy.minimum((x - low) * (n / (high - low)), n - 1)
        return numpy.where((x >= low) & (x <= high), at, -1).astype(int)


def isolates(s, mz):
    return any(t - a <= mz <= t + b for t, a, b, _ in s.precursors)


def cells(doc, size, time, mz, level=1, highest=False, isolation=None):
    out = numpy.zeros(size)
    for s in doc.spectra:
        x, (m, y) = int(index(numpy.array(s.time), *time, size[0])), s.peaks()
        if isolation is not None and not isolates(s, isolation) or x < 0 or m is None:
            continue
        if isolation is None and s.ms_level != level or math.isnan(s.time):
            continue
        at = index(m, *mz, size[1])
        keep = (at >= 0) & numpy.isfinite(y)
        (numpy.maximum if highest else numpy.add).at(out[x], at[keep], y[keep])
    return out


def span(doc, level=1):
    times = [s.time for s in doc.spectra if s.ms_level == level and not math.isnan(s.time)]
    return min(times), max(times)


def draw(t, f, *args, code=OK):
    done = run("map", f / "s.h5", *args)
    t.check(done.code == code, f"map {args}", done.err)
    return done.out


def table(t, f, *args):
    lines = draw(t, f, "-O", "tsv", *args).decode().splitlines()
    t.check(lines[0] == "time\tmz\tintensity", "table: head", lines[0])
    return [tuple(map(float, line.split("\t"))) for line in lines[1:]]


def check_table(t, f, doc, size, time, mz, *args, **more):
    want = cells(doc, size, time, mz, **more)
    got = table(t, f, "--size", f"{size[0]}x{size[1]}", *args)
    step = [(time[1] - time[0]) / size[0], (mz[1] - mz[0]) / size[1]]
    mine = [(time[0] + x * step[0], mz[0] + y * step[1], want[x, y])
            for x, y in zip(*numpy.nonzero(want > 0))]
    t.check(len(mine) == len(got) and numpy.allclose(mine, got, rtol=1e-9), f"cells of {args}",
            f"{len(got)} cells, not {len(mine)}")


# ---- PNG by hand ----

def png(t, data):
    """Its rows of bytes, and its palette."""
    t.check(data[:8] == b"\x89PNG\r\n\x1a\n", "PNG: signature")
    at, chunk = 8, {}
    while at < len(data):
        n, name = struct.unpack_from(">I4s", data, at)
        chunk[name] = data[at + 8:at + 8 + n]
        t.check(struct.unpack_from(">I", data, at + 8 + n)[0] == zlib.crc32(data[at + 4:at + 8 + n]),
                f"PNG: CRC of {name}")
        at += 12 + n
    width, height, *how = struct.unpack(">IIBBBBB", chunk[b"IHDR"])
    rows = numpy.frombuffer(zlib.decompress(chunk[b"IDAT"]), numpy.uint8).reshape(height, width + 1)
    t.check(at == len(data) and how == [8, 3, 0, 0, 0] and not rows[:, 0].any(), "PNG: head", str(how))
    return rows[:, 1:], numpy.frombuffer(chunk[b"PLTE"], numpy.uint8).reshape(-1, 3)


def colours(want):
    """Numbers of colours by the logarithm, from six powers of ten below the highest."""
    least, most = want[want > 0].min(), want.max()
    least = max(least, most / 1e6)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        share = numpy.log(want / least) / math.log(most / least)
    return numpy.where(want > 0, 1 + numpy.floor(numpy.clip(share, 0, 1) * 254 + 0.5), 0)


def check_pictures(t, f, doc):
    size, time, mz = (30, 50), span(doc), (200, 1200)
    want = colours(cells(doc, size, time, mz)).T[::-1]
    bare = draw(t, f, "--size", "30x50", "--bare")
    pixels, palette = png(t, bare)
    t.check(pixels.shape == want.shape and (abs(pixels - want) <= 1).all() and (pixels == want).mean() > 0.99,
            "pixels", f"{pixels.shape}")
    grey = palette[1:].astype(int) @ (299, 587, 114)
    t.check(len(palette) == 256 and (palette[0] == 255).all() and (numpy.diff(grey) < 1000).all()
            and grey[0] > 5 * grey[-1], "colours go from paper to dark")
    whole, _ = png(t, draw(t, f, "--size", "30x50"))
    each = numpy.repeat(numpy.repeat(pixels, 8, 0), 26, 1)
    t.check((whole[10:410, 46:46 + 780] == each).all(), "framed: the map", str(whole.shape))
    bar = whole[10:410, 46 + 780 + 14]
    t.check(bar[0] == 255 and bar[-1] == 1 and (numpy.diff(bar.astype(int)) <= 0).all(), "framed: the scale")
    t.check((whole[410:, :] == 255).sum() > 50 and (whole[:, :46] == 255).sum() > 50, "framed: ticks")
    text = draw(t, f, "--size", "30x50", "-O", "svg").decode()
    root = xml.fromstring(text)
    t.check(root.tag.endswith("svg"), "SVG")
    inside = base64.b64decode(re.search(r'href="data:image/png;base64,([^"]*)"', text)[1])
    t.check(inside == bare and ">1000</text>" in text and ">min</text>" in text, "SVG: cells, ticks, axes")


def maps(t, f):
    text = document(made())
    f.write("s.mzML", text)
    t.check(run("ingest", "-q", "-o", f / "s.h5", f / "s.mzML").code == OK, "ingest")
    doc, mz = Document(text), (200, 1200)
    time = span(doc)
    for size in ((30, 50), (1, 1), (200, 7)):
        check_table(t, f, doc, size, time, mz)
        check_table(t, f, doc, size, time, mz, "--agg", "max", highest=True)
    check_table(t, f, doc, (15, 500), time, mz, level=1)
    t.check(table(t, f) == table(t, f, "--size", "15x500"), "columns of two spectra")
    check_table(t, f, doc, (25, 40), span(doc, 2), mz, "--ms-level", "2", level=2)
    check_table(t, f, doc, (25, 40), (36, 60), mz, "--time", "0.6m-1m")
    check_table(t, f, doc, (25, 40), time, (400.5, 600), "--mz", "400.5-600")
    check_table(t, f, doc, (25, 40), (40, time[1]), (700, 1200), "--mz", "700-", "--time", "40-")
    time = [s.time for s in doc.spectra if isolates(s, 517)]
    check_table(t, f, doc, (12, 30), (min(time), max(time)), mz, "--isolation", "517", isolation=517)
    first = draw(t, f, "-@", 1)
    t.check(all(draw(t, f, "-@", n) == first for n in of_threads(2, 4)), "the same for any number of threads")
    check_pictures(t, f, doc)
    for what, code, args in (("no size", USAGE, ["--size", "900"]),
                             ("too many cells", USAGE, ["--size", "8192x8192"]),
                             ("no cells", USAGE, ["--size", "0x5"]), ("no time", USAGE, ["--time", "a-b"]),
                             ("no such level", NOINPUT, ["--ms-level", 7]),
                             ("no such window", NOINPUT, ["--isolation", 499]),
                             ("no MS1 has a window", NOINPUT, ["--isolation", 517, "--ms-level", 1]),
                             ("a time without spectra", NOINPUT, ["--time", "5000-6000"])):
        check_refusal(t, what, run("map", f / "s.h5", *args), codes=(code,))


def no_windows(t, f):
    """m/z of the peaks themselves, where the scans do not say theirs; nothing but an empty spectrum."""
    text = document(made(20, windows=False))
    f.write("s.mzML", text)
    t.check(run("ingest", "-q", "-o", f / "s.h5", f / "s.mzML").code == OK, "ingest")
    doc = Document(text)
    mz = [x for s in doc.spectra if s.ms_level == 1 and s.arrays and not math.isnan(s.time)
          for x in s.peaks()[0]]
    check_table(t, f, doc, (9, 50), span(doc), (min(mz), max(mz)))
    f.write("s.mzML", document([spectrum(0, [], 0, time="5")]))
    t.check(run("ingest", "-q", "--force", "-o", f / "s.h5", f / "s.mzML").code == OK, "ingest")
    t.check(table(t, f) == [] and png(t, draw(t, f))[0].any(), "an empty map")
    draw(t, f, "-O", "svg")


if __name__ == "__main__":
    main(maps, no_windows)
