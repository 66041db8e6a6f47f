"""
What ingest calls done, export gives back byte for byte, whoever deflated the arrays.

Documents of instruments (VIAL_SHARED and the folder cases/mass beside it, where they are) and made ones go in
as they are; some of them with every zlib array deflated anew, or one array in nine: by zlib at each level,
with less and more memory, other strategies, windows and flushes, by Perl, libdeflate, ISA-L, and by Node and
zopfli where they are installed. VIAL_WHOLE=1: more documents, all encoders on each.

Suites: spectra.
"""
import base64
import ctypes
import ctypes.util
import glob
import gzip
import os
import re
import shutil
import struct
import subprocess
import tempfile
import zlib

import numpy

from containers import deflated
from mzmodel import INTENSITY, MZ, array, chromatogram, document, peaks, spectrum
from vialtest import OK, SHARED, SOAK, Part, main, run

WHOLE = bool(SOAK or os.environ.get("VIAL_WHOLE"))
CASES = os.path.join(SHARED, "..", "cases", "mass")
ARRAY = re.compile(rb'(<binaryDataArray\b[^>]*?encodedLength=")(\d+)("(?:(?!</binaryDataArray).)*?<binary>)'
                   rb"([A-Za-z0-9+/=]+)(?=</binary>)", re.S)
LARGEST = 1 << 20 if WHOLE else 400000  # bytes of a document that is deflated anew


# ---- encoders: a list of bytes -> a list of zlib streams ----


def by_zlib(level=6, **how):
    return lambda arrays: [deflated(a, level, **how) for a in arrays]


# a program that reads arrays, each behind its length, and writes streams likewise
PERL = """
use Compress::Zlib; binmode STDIN; binmode STDOUT;
while (read(STDIN, my $n, 4) == 4) { my $data = ''; read(STDIN, $data, unpack('V', $n));
    my $out = compress($data, %d); print pack('V', length $out), $out; }
"""
NODE = """
const zlib = require('zlib'), all = require('fs').readFileSync(0);
for (let at = 0; at < all.length;) { const n = all.readUInt32LE(at);
    const out = zlib.deflateSync(all.subarray(at + 4, at + 4 + n), {level: %d}), head = Buffer.alloc(4);
    head.writeUInt32LE(out.length); process.stdout.write(head); process.stdout.write(out); at += 4 + n; }
"""


def by_program(*words):
    def encode(arrays):
        packed = b"".join(struct.pack("<I", len(a)) + a for a in arrays)
        out = subprocess.run(words, input=packed, stdout=subprocess.PIPE, check=True).stdout
        streams, at = [], 0
        while at < len(out):
            n = struct.unpack_from("<I", out, at)[0]
            streams.append(out[at + 4:at + 4 + n])
            at += 4 + n
        return streams
    return encode


def by_zopfli(arrays):
    """It asks a file how long it is: none that is a pipe."""
    streams = []
    for a in arrays:
        with tempfile.NamedTemporaryFile() as f:
            f.write(a)
            f.flush()
            streams.append(subprocess.run(("zopfli", "--zlib", "--i1", "-c", f.name), stdout=subprocess.PIPE,
                                          check=True).stdout)
    return streams


def library(name):
    found = ctypes.util.find_library(name)
    return ctypes.CDLL(found) if found else None


def by_libdeflate(level):
    lib = library("deflate")
    lib.libdeflate_alloc_compressor.restype = ctypes.c_void_p
    lib.libdeflate_zlib_compress.restype = ctypes.c_size_t
    c = ctypes.c_void_p(lib.libdeflate_alloc_compressor(level))

    def one(data):
        out = ctypes.create_string_buffer(len(data) * 2 + 1000)
        n = lib.libdeflate_zlib_compress(c, data, ctypes.c_size_t(len(data)), out, ctypes.c_size_t(len(out)))
        return out.raw[:n]
    return lambda arrays: [one(a) for a in arrays]


class IsalStream(ctypes.Structure):
    """The head of isal_zstream (igzip_lib.h); its state behind is the library's."""

    _fields_ = [("next_in", ctypes.c_char_p), ("avail_in", ctypes.c_uint32), ("total_in", ctypes.c_uint32),
                ("next_out", ctypes.c_void_p), ("avail_out", ctypes.c_uint32),
                ("total_out", ctypes.c_uint32), ("hufftables", ctypes.c_void_p), ("level", ctypes.c_uint32),
                ("level_buf_size", ctypes.c_uint32), ("level_buf", ctypes.c_void_p),
                ("end_of_stream", ctypes.c_uint16), ("flush", ctypes.c_uint16),
                ("gzip_flag", ctypes.c_uint16), ("hist_bits", ctypes.c_uint16),
                ("state", ctypes.c_char * (1 << 20))]


def by_isal(level):
    lib, room = library("isal"), ctypes.create_string_buffer(1 << 20)

    def one(data):
        out, s = ctypes.create_string_buffer(len(data) * 2 + 1000), IsalStream()
        lib.isal_deflate_init(ctypes.byref(s))
        s.next_in, s.avail_in = data, len(data)
        s.next_out, s.avail_out = ctypes.addressof(out), len(out)
        s.level, s.level_buf, s.level_buf_size = level, ctypes.addressof(room), len(room)
        s.end_of_stream, s.gzip_flag = 1, 3  # IGZIP_ZLIB
        if lib.isal_deflate(ctypes.byref(s)):
            raise RuntimeError("isal_deflate")
        return out.raw[:s.total_out]
    return lambda arrays: [one(a) for a in arrays]


def encoders():
    """{name: encoder}: the likely ones first."""
    out = {f"zlib {level}": by_zlib(level) for level in range(10)}
    out.update({f"zlib {level}, memory level {m}": by_zlib(level, memory=m)
                for m in (1, 4, 9) for level in (1, 6, 9)})
    out.update({"filtered": by_zlib(strategy=1), "Huffman": by_zlib(strategy=2), "runs": by_zlib(strategy=3),
                "fixed": by_zlib(strategy=4), "window 9": by_zlib(wbits=9), "window 14": by_zlib(wbits=14),
                "flushes": by_zlib(flush=zlib.Z_SYNC_FLUSH, every=700),
                "full flushes": by_zlib(level=3, flush=zlib.Z_FULL_FLUSH, every=5000)})
    if library("deflate"):
        out.update({f"libdeflate {level}": by_libdeflate(level) for level in (1, 3, 6, 9, 12)})
    if library("isal"):
        out.update({f"ISA-L {level}": by_isal(level) for level in range(4)})
    if shutil.which("perl"):
        out.update({f"Perl {level}": by_program("perl", "-e", PERL % level) for level in (1, 6, 9)})
    if shutil.which("node"):
        out.update({f"Node {level}": by_program("node", "-e", NODE % level) for level in (1, 6)})
    if shutil.which("zopfli"):
        out["zopfli"] = by_zopfli
    return out


# ---- documents ----


def inflated(letters):
    """The numbers of an array that is a zlib stream, or None."""
    try:
        return zlib.decompress(base64.b64decode(letters, validate=True))
    except (ValueError, zlib.error):
        return None


def deflate_anew(text, encode, every):
    """The document with each `every`th zlib array by another encoder. Lengths fit; the index may not."""
    found = [(m, inflated(m[4])) for m in ARRAY.finditer(text)]
    chosen = [(m, data) for m, data in found if data][every // 2::every]
    out, at = [], 0
    for (m, data), stream in zip(chosen, encode([data for _, data in chosen]), strict=True):
        assert zlib.decompress(stream) == data
        letters = base64.b64encode(stream)
        out += [text[at:m.start()], m[1], str(len(letters)).encode(), m[3], letters]
        at = m.end()
    return b"".join([*out, text[at:]]) if chosen else None


def made():
    """Profiles of mostly zeros and noise, long and short arrays, an empty first spectrum."""
    spectra, sizes = [], (0, 3, 120, 900, 30, 25000, 1000, 4, 60, 60, 60, 9000)
    for i, n in enumerate(sizes):
        mz, intensity = peaks(n, i + 1, profile=i % 2)
        if i % 3 == 2:
            intensity = numpy.where(intensity > numpy.median(intensity), intensity, 0).astype(intensity.dtype)
        spectra.append(spectrum(i, [array(MZ, mz), array(INTENSITY, intensity)], n))
    return document(spectra, [chromatogram(0, [array(MZ, peaks(500, 9)[0])], 500)])


def read(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        return file.read()


def real_files():
    paths = [*glob.glob(f"{SHARED}/massspec/**/*", recursive=True), *glob.glob(f"{CASES}/*")]
    return sorted(p for p in paths if re.search(r"\.mzml(\.gz)?$", p, re.I) and os.path.isfile(p))


# ---- checks ----


def back(t, f, what, text):
    """False: refused."""
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text))
    if done.code == OK:
        got = run("export", "-q", f / "s.h5")
        t.check(got.code == OK and got.out == text, what,
                f"export: exit code {got.code}, {len(got.out)} bytes of {len(text)}: {got.err}")
    f.clear("s.h5")
    return done.code == OK


def as_they_are(t, f, paths):
    taken = 0
    for path in paths:
        try:
            text = read(path)
        except (OSError, EOFError):
            continue
        good = back(t, f, os.path.relpath(path, SHARED), text)
        taken += good
        if good and path.endswith("zlib7.mzML"):
            done = run("ingest", "-q", "-o", f / "s.h5", path)
            t.check(done.code == OK and run("verify", f / "s.h5").code == OK, "verify", done.err)
            f.clear("s.h5")
    t.check(taken > len(paths) // 2, "files", f"only {taken} of {len(paths)} were taken")


def anew(t, f, name, text, chosen):
    if not back(t, f, name, text):
        return  # what is refused as it is, promises nothing
    for what, encode in chosen.items():
        for every in (1, 9):
            other = deflate_anew(text, encode, every)
            if other:
                t.check(back(t, f, f"{name}, {what}, one in {every}", other), f"{name}, {what}", "refused")


def some_files(paths):
    """Those with zlib arrays that are small enough: the largest few, or all."""
    found = []
    for path in sorted(paths, key=os.path.getsize, reverse=True):
        if os.path.getsize(path) > LARGEST or len(found) == (40 if WHOLE else 4):
            continue
        try:
            text = read(path)
        except (OSError, EOFError):
            continue
        if len(text) <= 2 * LARGEST and deflate_anew(text, by_zlib(1), 1) and b"<spectrum" in text:
            found.append((os.path.basename(path), text))
    return found


def parts():
    paths = real_files()
    if not paths:
        print(f"skipped: no documents of instruments below {SHARED}")
    for i in range(0, len(paths), 20):
        yield Part(f"as they are {i}", as_they_are, (paths[i:i + 20],))
    known = encoders()
    for name, text in [("made", made()), *some_files(paths)]:
        names = list(known) if WHOLE or name == "made" else list(known)[::3]
        for i in range(0, len(names), 8):
            yield Part(f"{name} {names[i]}", anew, (name, text, {n: known[n] for n in names[i:i + 8]}))


if __name__ == "__main__":
    main(*parts())
