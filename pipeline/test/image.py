"""
vial image: what it prints of stores of imzML is what numpy sums up, as a table and as the colours of a
picture, which a reader of a few lines takes apart.

Suites: view spectra. Also: asan.
"""
import base64
import re
import struct
import zlib
from collections import defaultdict
from xml.etree import ElementTree

import numpy as np

from imzmodel import Ibd, document, grid, peaks
from vialtest import DATA, OK, USAGE, check_refusal, main, of_threads, run


def store(t, f, places, name="s", **more):
    """A store of an image with peaks at random; its spectra."""
    ibd, spectra = Ibd(), []
    for _ in places:
        mz, intensity = peaks(t.random, 40, "f8")
        spectra.append([ibd.put("mz", mz), ibd.put("intensity", intensity)])
    f.write(f"{name}.ibd", bytes(ibd.data))
    path = f.write(f"{name}.imzML", document(spectra, ibd.data, places, **more))
    done = run("ingest", "-q", "-o", f / f"{name}.h5", path)
    t.check(done.code == OK, name, done.err)
    return spectra


def expected(spectra, places, low, high, highest=False):
    pixels = defaultdict(list)
    for (mz, intensity), place in zip(spectra, places):
        inside = intensity.values[(mz.values >= low) & (mz.values <= high)].astype("f8")
        pixels[place[:2]].append((inside.max() if len(inside) else 0) if highest else inside.sum())
    return {p: max(v) if highest else sum(v) for p, v in pixels.items()}


def table(t, f, what, *args, name="s"):
    done = run("image", *args, f / f"{name}.h5")
    t.check(done.code == OK, what, done.err)
    lines = [line.split("\t") for line in done.out.decode().splitlines()]
    t.check(lines[:1] == [["x", "y", "intensity"]], what, lines[:1])
    return {(int(x), int(y)): float(v) for x, y, v in lines[1:]}


def same(t, what, got, want):
    good = got.keys() == want.keys() and all(abs(got[p] - want[p]) <= 1e-9 * max(1, want[p]) for p in want)
    t.check(good, what, f"{got} instead of {want}")


def png(t, what, data):
    """(width, height, numbers of colours, palette, description) of a PNG with 8 bits a pixel."""
    t.check(data[:8] == b"\x89PNG\r\n\x1a\n", what, "no PNG")
    at, chunks = 8, defaultdict(bytes)
    while at < len(data):
        n, name = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + n]
        t.check(struct.unpack(">I", data[at + 8 + n:at + 12 + n])[0] == zlib.crc32(name + body), what, name)
        chunks[name] += body
        at += 12 + n
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    t.check((depth, kind, name) == (8, 3, b"IEND"), what, "another sort of PNG")
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), "u1").reshape(height, width + 1)
    t.check(not rows[:, 0].any(), what, "filters")
    t.check(chunks[b"tRNS"] == b"\0", what, "nothing is not seen through")
    return width, height, rows[:, 1:], chunks[b"PLTE"], chunks[b"tEXt"].split(b"\0")[1].decode()


def colours(want, width, height, top, first=(1, 1)):
    out = np.zeros((height, width), "u1")
    for (x, y), v in want.items():
        share = v / top if top > 0 else 0
        out[y - first[1], x - first[0]] = 255 if share >= 1 else 1 + int(share * 254 + 0.5)
    return out


def tables(t, f):
    places = grid(5, 4)
    spectra = store(t, f, places)
    low, high = 400 - 150, 400 + 150
    for n in of_threads(1, 4):
        same(t, "sum", table(t, f, "sum", "--mz", 400, "--tol", "150Th", "-@", n),
             expected(spectra, places, low, high))
    same(t, "max", table(t, f, "max", "--mz", 400, "--tol", "150Th", "--agg", "max"),
         expected(spectra, places, low, high, True))
    same(t, "TIC", table(t, f, "TIC", "--tic"), expected(spectra, places, 0, 1e9))
    mz = spectra[7][0].values[3]
    same(t, "10 ppm", table(t, f, "10 ppm", "--mz", repr(float(mz))),
         expected(spectra, places, mz * (1 - 1e-5), mz * (1 + 1e-5)))
    same(t, "another level", table(t, f, "another level", "--tic", "--ms-level", 1),
         expected(spectra, places, 0, 1e9))
    check_refusal(t, "MS2", run("image", "--tic", "--ms-level", 2, f / "s.h5"), ("no image",))


def sparse(t, f):
    """Pixels that are left out, several spectra of one, a first pixel that is not 1, 1."""
    places = [(7, -3), (9, -3), (8, 0), (8, 0), (9, 1)]
    spectra = store(t, f, places)
    want = expected(spectra, places, 0, 1e9)
    same(t, "sum", table(t, f, "sum", "--tic"), want)
    same(t, "max", table(t, f, "max", "--tic", "--agg", "max"), expected(spectra, places, 0, 1e9, True))
    done = run("image", "--tic", "--scale", 1, "-O", "png", f / "s.h5")
    width, height, got, *_ = png(t, "png", done.out)
    t.check((width, height) == (3, 5) and
            (got == colours(want, 3, 5, max(want.values()), (7, -3))).all(), "png", f"{got}")


def layers(t, f):
    places = [(x, 1, z) for z in (1, 2) for x in (1, 2, 3)]
    spectra = store(t, f, places)
    check_refusal(t, "two layers", run("image", "--tic", f / "s.h5"), ("--layer",), (USAGE,))
    for z in (1, 2):
        part = slice(3 * z - 3, 3 * z)
        same(t, f"layer {z}", table(t, f, f"layer {z}", "--tic", "--layer", z),
             expected(spectra[part], places[part], 0, 1e9))


def pictures(t, f):
    places = grid(6, 3)
    spectra = store(t, f, places)
    want = expected(spectra, places, 250, 550)
    top = max(want.values())
    args = ("--mz", 400, "--tol", "150Th", f / "s.h5", "-o")
    done = run("image", "--scale", 4, *args, f / "a.png")
    t.check(done.code == OK and not done.out, "png", done.err)
    width, height, got, palette, words = png(t, "png", f.read("a.png"))
    one = colours(want, 6, 3, top)
    t.check((got == one.repeat(4, 0).repeat(4, 1)).all(), "png", "other colours")
    t.check(palette[3:6] == bytes((68, 1, 84)) and palette[-3:] == bytes((253, 231, 37)), "palette", "")
    t.check(words.startswith("m/z 250.0000 to 550.0000, sum"), "description", words)
    done = run("image", *args, f / "b.png")
    width, height, *_ = png(t, "usual size", f.read("b.png"))
    t.check((width, height) == (6 * 64, 3 * 64), "usual size", f"{width} x {height}")
    run("image", "--scale", 1, "--clip", 0.5, *args, f / "c.png")
    clipped = sorted(want.values())[len(want) // 2 - 1]
    t.check((png(t, "--clip", f.read("c.png"))[2] == colours(want, 6, 3, clipped)).all(), "--clip", "")
    done = run("image", "--scale", 4, *args, f / "a.svg")
    drawing = f.read("a.svg")
    ElementTree.fromstring(drawing)
    inside = re.search(rb"base64,([^\"]*)", drawing)[1]
    t.check(base64.b64decode(inside) == f.read("a.png"), "svg", "another picture in it")


def refusals(t, f):
    store(t, f, grid(2, 2))
    for what, args, part in (("nothing", (), "--mz or --tic"),
                             ("both", ("--mz", 4, "--tic"), "--mz or --tic"),
                             ("no m/z", ("--mz", "x"), "is no m/z"),
                             ("a form", ("--tic", "-O", "gif"), "gif"),
                             ("clip", ("--tic", "--clip", 0), "--clip"),
                             ("a tolerance", ("--tic", "--tol", "1Th"), "--tol")):
        check_refusal(t, what, run("image", *args, f / "s.h5"), (part,), (USAGE,))
    store(t, f, [(1, 1), (600, 1)], name="wide")
    check_refusal(t, "a large picture", run("image", "--tic", "--scale", 64, "-O", "png", f / "wide.h5"),
                  ("38400 x 64",))
    store(t, f, [(1, 1), (2 ** 31 - 1, 5)], name="far")
    check_refusal(t, "far pixels", run("image", "--tic", f / "far.h5"), ("2147483647 x 5",))
    done = run("ingest", "-q", "-o", f / "m.h5", "testdata/mzml/array_length.in")
    t.check(done.code == OK, "mzML", done.err)
    check_refusal(t, "mzML", run("image", "--tic", f / "m.h5"), ("no image",), (DATA,))


if __name__ == "__main__":
    main(tables, sparse, layers, pictures, refusals)
