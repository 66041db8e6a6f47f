"""
mzMLb, made here with h5py as its authors describe it: the document within comes back letter for letter,
values bit for bit; what is damaged is refused.

Suites: spectra view. Also: asan.
"""
import json
import os
import zlib

import h5py
import numpy as np

from vialtest import DATA, OK, USAGE, check_refusal, main, run

KINDS = {"mz": ("MS:1000514", "m/z array"), "intensity": ("MS:1000515", "intensity array")}
TYPES = {"f8": ("MS:1000523", "float64"), "f4": ("MS:1000521", "float32"), "i8": ("MS:1000522", "int64"),
         "i4": ("MS:1000519", "int32")}


def cv(accession, name, value=""):
    return f'<cvParam cvRef="MS" accession="{accession}" name="{name}" value="{value}"/>'


def array(kind, dtype, at, n, coding=("MS:1000576", "no compression"), name=None):
    name = name or f"spectrum_{KINDS[kind][0].replace(':', '_')}_{TYPES[dtype][1]}"
    return ('<binaryDataArray encodedLength="0">' + cv(TYPES[dtype][0], TYPES[dtype][1]) + cv(*coding) +
            cv(*KINDS[kind]) + cv("MS:1002841", "external HDF5 dataset", name) +
            cv("MS:1002842", "external offset", at) + cv("MS:1002843", "external array length", n) +
            "<binary></binary></binaryDataArray>\n")


def document(spectra):
    """spectra: texts of the arrays of each."""
    rows = "".join(f'<spectrum index="{i}" id="scan={i + 1}" defaultArrayLength="{n}">' +
                   cv("MS:1000511", "ms level", 1) + cv("MS:1000127", "centroid spectrum") +
                   f'<binaryDataArrayList count="2">{text}</binaryDataArrayList></spectrum>\n'
                   for i, (n, text) in enumerate(spectra))
    return ('<?xml version="1.0" encoding="utf-8"?>\n<indexedmzML xmlns="http://psi.hupo.org/ms/mzml">'
            '<mzML version="1.1.0"><fileDescription/><run id="r">'
            f'<spectrumList count="{len(spectra)}">\n{rows}</spectrumList></run></mzML></indexedmzML>\n'
            ).encode()


def write(path, text, sets, **how):
    with h5py.File(path, "w") as h5:
        h5.create_dataset("mzML", data=np.frombuffer(text, "u1"), **how).attrs["version"] = "mzMLb 1.0"
        h5.create_dataset("mzML_spectrumIndex", data=np.arange(5, dtype="<i8"))
        h5.create_dataset("mzML_spectrumIndex_idRef", data=np.frombuffer(b"a\0b\0", "u1"))
        for name, values in sets.items():
            h5.create_dataset(name, data=values, **how)
    return path


def spectra_of(random, n, mz_type="f8", most=60):
    """Values of each, the text of their arrays, and the data sets."""
    values, texts, at = [], [], 0
    for _ in range(n):
        k = random.randrange(most)
        mz = np.sort(np.array([random.uniform(100, 900) for _ in range(k)])).astype("<" + mz_type)
        values.append((mz, np.array([random.expovariate(0.001) for _ in range(k)]).astype("<f4")))
        texts.append((k, array("mz", mz_type, at, k) + array("intensity", "f4", at, k)))
        at += k
    sets = {f"spectrum_MS_1000514_{TYPES[mz_type][1]}": np.concatenate([v[0] for v in values]),
            "spectrum_MS_1000515_float32": np.concatenate([v[1] for v in values])}
    return values, document(texts), sets


def ingest(t, f, what, path, store="s.h5"):
    f.clear(store)
    done = run("ingest", "-q", "-o", f / store, path)
    return t.check(done.code == OK and not done.err, what, f"exit code {done.code}: {done.err.strip()}")


def whole(t, f, what, path, text, values):
    if not ingest(t, f, what, path):
        return
    done = run("export", "-q", f / "s.h5")
    t.check(done.code == OK and done.out == text, what, f"the document is another {done.err}")
    lines = run("view", "-O", "json", f / "s.h5").out.splitlines()
    t.check(len(lines) == len(values), what, f"{len(lines)} spectra")
    for i, (line, (mz, intensity)) in enumerate(zip(lines, values)):
        row = json.loads(line)
        for name, want in (("mz", mz), ("intensity", intensity)):
            t.check(np.array(row[name]).astype(want.dtype).tobytes() == want.tobytes(), what, f"{i}: {name}")


def packings(t, f):
    values, text, sets = spectra_of(t.random, 40)
    for what, how in {"contiguous": {}, "chunks": {"chunks": (100,)},
                      "deflate": {"chunks": (1000,), "compression": "gzip"},
                      "all filters": {"chunks": (333,), "compression": "gzip", "shuffle": True,
                                      "fletcher32": True},
                      "fletcher32": {"chunks": (77,), "fletcher32": True}}.items():
        whole(t, f, what, write(f / "a.mzMLb", text, sets, **how), text, values)
    done = run("verify", f / "s.h5")
    t.check(done.code == OK and b"original text compared" in done.out, "verify", done.err)
    values, text, sets = spectra_of(t.random, 10, "f4")
    whole(t, f, "m/z of 32 bits", write(f / "a.mzMLb", text, sets), text, values)
    with h5py.File(f / "a.mzMLb", "a") as h5:  # as older versions name it
        h5["mzML"].attrs["version"] = "mzMLb 0.6"
        h5.create_group("more").create_dataset("mzML", data=np.zeros(3))
        h5["soft"] = h5py.SoftLink("/mzML")
    whole(t, f, "more in the file", f / "a.mzMLb", text, values)


def codings(t, f):
    """A compression that is named is HDF5's own where elements are numbers; bytes are as they would stand
    inline."""
    mz, intensity = np.linspace(100, 200, 50), np.arange(50, dtype="<f4")
    named = document([(50, array("mz", "f8", 0, 50, ("MS:1000574", "zlib compression")) +
                      array("intensity", "f4", 0, 50, ("MS:1003088", "truncation and zlib compression")))])
    sets = {"spectrum_MS_1000514_float64": mz, "spectrum_MS_1000515_float32": intensity}
    whole(t, f, "zlib of values", write(f / "a.mzMLb", named, sets), named, [(mz, intensity)])
    packed = np.frombuffer(zlib.compress(mz.tobytes()), "u1")
    text = document([(50, array("mz", "f8", 0, len(packed), ("MS:1000574", "zlib compression"), "packed") +
                     array("intensity", "f4", 0, 50))])
    if ingest(t, f, "zlib of bytes", write(f / "a.mzMLb", text, {**sets, "packed": packed})):
        row = json.loads(run("view", "-O", "json", f / "s.h5").out)
        t.check(row["mz"] == list(mz), "zlib of bytes", row["mz"][:3])
    sharing = document([(50, array("mz", "f8", 0, 50) + array("intensity", "f4", 0, 50))] * 3)
    whole(t, f, "shared", write(f / "a.mzMLb", sharing, sets), sharing, [(mz, intensity)] * 3)
    with h5py.File(f / "s.h5") as h5:
        t.check(h5["spectra/ms1_centroid/mz"].shape == (50,), "shared", "m/z are there more than once")


def outputs(t, f):
    values, text, sets = spectra_of(t.random, 10)
    ingest(t, f, "outputs", write(f / "a.mzMLb", text, sets))
    done = run("export", "-q", f / "s.h5", "-o", f / "a.xml")
    t.check(done.code == OK and f.read("a.xml") == text, "-o", done.err)
    check_refusal(t, "-o x.mzMLb", run("export", f / "s.h5", "-o", f / "x.mzMLb"), ("another name",),
                  (USAGE,))
    check_refusal(t, "-o x.mzML", run("export", f / "s.h5", "-o", f / "x.mzML"), ("vial view",), (USAGE,))
    os.mkdir(f / "out")
    check_refusal(t, "split", run("split", "-q", f / "s.h5", "-o", f / "out"), ("another name",), (USAGE,))
    t.check(not os.listdir(f / "out"), "split", "a file was left")
    inline = run("view", "-O", "mzml", f / "s.h5")
    if ingest(t, f, "as mzML", f.write("m.mzML", inline.out), store="m.h5"):
        one, two = (run("view", "-O", "tsv", "--columns", "index,mz,intensity", f / s).out
                    for s in ("s.h5", "m.h5"))
        t.check(one == two, "as mzML", "other values")
    first = sum(len(v[0]) for v in values)
    done = run("xic", "--tic", "--total", f / "s.h5")
    t.check(done.code == OK and first > 0, "xic", done.err)


def refusals(t, f):
    _, text, sets = spectra_of(t.random, 10, most=20)
    name, n = "spectrum_MS_1000514_float64", sum(map(len, sets.values())) // 2

    def refused(what, data, expected, more=None, **how):
        path = write(f / "a.mzMLb", data, sets if more is None else more, **how)
        done = run("ingest", "-q", "-o", f / "r.h5", path)
        check_refusal(t, what, done, expected)
        t.check(not os.path.exists(f / "r.h5"), what, "a store was left")

    def changed(old, new):
        at = text.rindex(old)
        return text[:at] + new + text[at + len(old):]

    refused("no such data set", changed(name.encode(), b"elsewhere"), ("'scan=10', array mz", "'elsewhere'"))
    refused("one of another shape", text, (name,), {**sets, name: sets[name].reshape(1, -1)})
    refused("a text", text, (name,), {**sets, name: np.array([b"abc"])})
    for at in (n, 2 ** 63, 2 ** 64 - 1):
        refused(f"beyond the end {at}", document([(9, array("mz", "f8", at, 9))]), ("array mz", "which has"))
    refused("more than all", document([(9, array("mz", "f8", 0, n + 1))]), ("array mz", "which has"))
    refused("no offset", changed(b"MS:1002842", b"MS:1009999"), ("MS:1002842",))
    refused("another filter", text, ("filter 32000",), compression="lzf", chunks=(50,))
    refused("half a document", text[:len(text) // 2], ("a.mzMLb",))
    with h5py.File(f / "b.h5", "w") as h5:
        h5["x"] = np.zeros(9)
    check_refusal(t, "other HDF5", run("ingest", "-q", "-o", f / "r.h5", f / "b.h5"), ("HDF5",))
    f.write("c.mzMLb", b"\x89HDF\r\n\x1a\n" + bytes(500))
    check_refusal(t, "no HDF5", run("ingest", "-q", "-o", f / "r.h5", f / "c.mzMLb"), ("c.mzMLb",))


def damage(t, f):
    """Bytes changed, and files cut off: a documented end, and what is accepted is whole."""
    _, text, sets = spectra_of(t.random, 12, most=40)
    good = write(f / "a.mzMLb", text, sets, chunks=(64,), compression="gzip", shuffle=True, fletcher32=True)
    with open(good, "rb") as file:
        data = file.read()
    for i in range(20):
        bad = bytearray(data)
        if i % 4 == 3:
            del bad[t.random.randrange(len(bad)):]
        for _ in range(t.random.choice((1, 2, 8)) if len(bad) > 9 else 0):
            at = t.random.randrange(len(bad))
            bad[at] = t.random.choice((bad[at] ^ 1 << t.random.randrange(8), 0, 255))
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", f.write("b.mzMLb", bytes(bad)))
        t.check(done.code in (OK, DATA), f"damage {i}", f"{done.code}: {done.err[:300]}")
        if done.code == OK:
            t.check(run("verify", "-q", f / "s.h5").code == OK, f"damage {i}", "verify")


if __name__ == "__main__":
    main(packings, codings, outputs, refusals, damage)
