"""
imzML: documents with their arrays in an .ibd beside them, made here and real ones, come back byte for byte,
both files, or are refused; what a view says of them is what was put in.

Suites: spectra view. Also: asan.
"""
import glob
import gzip
import hashlib
import json
import os
import shutil
import zlib

import h5py
import numpy as np

from imzmodel import UUID, Array, Ibd, continuous, document, grid, param, peaks, processed
from vialtest import DATA, NOINPUT, OK, SHARED, USAGE, check_refusal, main, of_threads, run

SIDE = grid(4, 3)


def put(f, text, ibd, name="a"):
    f.write(f"{name}.ibd", bytes(ibd))
    return f.write(f"{name}.imzML", text)


def ingest(t, f, what, path, *options, store="s.h5"):
    f.clear(store)
    done = run("ingest", "-q", *options, "-o", f / store, path)
    return t.check(done.code == OK and not done.err, what, f"exit code {done.code}: {done.err.strip()}")


def back(t, f, what, text, ibd, store="s.h5"):
    """Both files come back, named by the first alone."""
    f.clear("back.imzML", "back.ibd")
    done = run("export", "-q", f / store, "-o", f / "back.imzML")
    if t.check(done.code == OK and not done.err, what, f"export: {done.code} {done.err.strip()}"):
        t.check(f.read("back.imzML") == text, what, "the document is another")
        t.check(f.read("back.ibd") == bytes(ibd), what, "the .ibd is another")


def rows(t, f, what, *options, store="s.h5"):
    done = run("view", "-O", "json", *options, f / store)
    t.check(done.code == OK and not done.err, what, f"view: {done.err.strip()}")
    return [json.loads(line) for line in done.out.splitlines()]


def same_values(t, f, what, spectra, places, store="s.h5"):
    got = rows(t, f, what, store=store)
    if not t.check(len(got) == len(spectra), what, f"{len(got)} of {len(spectra)} spectra"):
        return
    for i, (row, arrays) in enumerate(zip(got, spectra)):
        t.check([row.get("x"), row.get("y")] == list(places[i][:2]), what, f"{i}: place {row}"[:200])
        for a in arrays:
            numbers = np.array(row[a.kind]).astype(a.values.dtype)
            t.check(numbers.tobytes() == a.values.tobytes(), what, f"spectrum {i}: {a.kind}")


def facts(f, store="s.h5"):
    with h5py.File(f / store) as h5:
        return {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in h5["source"].attrs.items()}


def counter(f, name, store="s.h5"):
    with h5py.File(f / store) as h5:
        return int(h5.attrs[name])


def whole(t, f, what, ibd, spectra, places=SIDE, values=True, **named):
    text = document(spectra, ibd.data, places, **named)
    if ingest(t, f, what, put(f, text, ibd.data), "--profile", t.profile()):
        back(t, f, what, text, ibd.data)
        if values:
            same_values(t, f, what, spectra, places)
    return text


def layouts(t, f):
    whole(t, f, "continuous", *continuous(t.random, SIDE, 200), mode="continuous")
    done = run("verify", f / "s.h5")
    t.check(done.code == OK and b"original text compared" in done.out, "verify", done.err)
    for what, named in {"processed": {}, "of 64 bits": {"dtype": "f8"}, "zlib": {"pack": 6},
                        "small gaps": {"gap": 7}, "large gaps": {"gap": 5000}, "of one": {"most": 2}}.items():
        whole(t, f, what, *processed(t.random, SIDE, **named))


def trailing(t, f):
    ibd, spectra = processed(t.random, SIDE)
    ibd.fill(1)
    whole(t, f, "a byte behind the last array", ibd, spectra)
    ibd.fill(3 << 20, 7)
    whole(t, f, "3 MiB behind the last array", ibd, spectra)
    text = document([[]], UUID.bytes, [(1, 1)])
    if ingest(t, f, "no arrays", put(f, text, UUID.bytes)):
        back(t, f, "no arrays", text, UUID.bytes)
    ibd, spectra = processed(t.random, SIDE, gap=0)
    ibd.data[16:16] = bytes(2 << 20)
    spectra = [[a._replace(at=a.at + (2 << 20)) for a in s] for s in spectra]
    whole(t, f, "2 MiB before the first array", ibd, spectra)


def order(t, f):
    """Arrays in another order than the document's, shared, overlapping: all as exact."""
    ibd, spectra = processed(t.random, SIDE)
    whole(t, f, "backwards", ibd, spectra[::-1])
    whole(t, f, "intensities first", ibd, [s[::-1] for s in spectra])
    mixed = spectra[:]
    t.random.shuffle(mixed)
    whole(t, f, "shuffled", ibd, mixed)
    whole(t, f, "the same twice", ibd, [spectra[0], spectra[1], spectra[0], spectra[1]] + spectra[2:10])
    values = np.arange(100, dtype="<f4")
    ibd = Ibd()
    first = ibd.put("mz", values)
    shifted = [[Array("mz", values[i:], first.at + 4 * i), Array("intensity", values[:100 - i], first.at)]
               for i in range(12)]
    whole(t, f, "overlapping", ibd, shifted)
    wide = np.frombuffer(bytes(ibd.data[16:416]), "<f8")
    narrow = [[Array("mz", values, 16), Array("intensity", values, 16)],
              [Array("mz", wide, 16), Array("intensity", wide, 16)]] * 6
    whole(t, f, "one place in two types", ibd, narrow)


def sizes(t, f):
    """The m/z that all spectra share are in the store once."""
    places = grid(16, 8)
    ibd, spectra = continuous(t.random, places, 2000)
    text = document(spectra, ibd.data, places, mode="continuous")
    if ingest(t, f, "continuous", put(f, text, ibd.data)):
        with h5py.File(f / "s.h5") as h5:
            t.check(h5["spectra/ms1_profile/mz"].shape == (2000,), "continuous", "m/z are not shared")
            t.check(h5["spectra/ms1_profile/intensity"].shape == (2000 * len(places),), "continuous", "")
        t.check(os.path.getsize(f / "s.h5") < 4 * 2000 * len(places), "continuous",
                f"{os.path.getsize(f / 's.h5')} bytes of store")
        same_values(t, f, "continuous", spectra, places)
    stores = []
    for n in of_threads(1, 4):
        ingest(t, f, f"{n} threads", f / "a.imzML", "-@", n, store=f"{n}.h5")
        stores.append(f.read(f"{n}.h5"))
    t.check(len(set(stores)) == 1, "threads", "other bytes with other threads")


def texts(t, f):
    """Forms of the document."""
    ibd, spectra = processed(t.random, SIDE)
    whole(t, f, "binary with an end tag", ibd, spectra, binary="<binary></binary>")
    whole(t, f, "blanks in binary", ibd, spectra, binary="<binary> \n</binary>")
    whole(t, f, "no binary", ibd, spectra, binary="")
    whole(t, f, "three coordinates", ibd, spectra, places=[(x, y, 1) for x, y in SIDE])
    whole(t, f, "no encoded length", ibd, [[a._replace(encoded=False) for a in s] for s in spectra])
    text = document(spectra, ibd.data, SIDE).replace(b"\n", b"\r\n")
    if ingest(t, f, "CRLF", put(f, text, ibd.data)):
        back(t, f, "CRLF", text, ibd.data)
    text = b"\xef\xbb\xbf" + document(spectra, ibd.data, SIDE).replace(b"ISO-8859-1", b"UTF-8")
    if ingest(t, f, "byte order mark", put(f, text, ibd.data)):
        back(t, f, "byte order mark", text, ibd.data)
    group = (param("IMS:1000101", "external data", "true") + param("MS:1000576", "no compression")).encode()
    text = document(spectra, ibd.data, SIDE)
    text = text.replace(group[:group.index(b"\n") + 1], b"<referenceableParamGroupRef ref='g'/>")
    text = text.replace(b"<scanSettingsList", b'<referenceableParamGroupList count="1">'
                        b'<referenceableParamGroup id="g">' + group + b"</referenceableParamGroup>"
                        b"</referenceableParamGroupList><scanSettingsList", 1)
    if ingest(t, f, "a group", put(f, text, ibd.data)):
        back(t, f, "a group", text, ibd.data)
        same_values(t, f, "a group", spectra, SIDE)
    packed = f.write("b.imzML", gzip.compress(text))
    shutil.copy(f / "a.ibd", f / "b.ibd")
    if ingest(t, f, "a gzip document", packed):
        back(t, f, "a gzip document", text, ibd.data)


def said(t, f):
    """What the document says of the .ibd."""
    ibd, spectra = processed(t.random, SIDE)
    for name in ("md5", "sha1", "sha256"):
        whole(t, f, name, ibd, spectra, values=False, hashes=(name,))
        t.check(facts(f).get("ibd_checksum") == "ok", name, facts(f))
    for what, wrong in {"mismatch": hashlib.sha1(b"x").hexdigest(), "placeholder": "0" * 40}.items():
        whole(t, f, what, ibd, spectra, values=False, wrong=wrong)
        t.check(facts(f).get("ibd_checksum") == what, what, facts(f))
    whole(t, f, "no hash, no UUID", ibd, spectra, values=False, hashes=(), said_uuid=None)
    t.check(facts(f)["ibd_checksum"] == facts(f)["ibd_uuid"] == "absent", "no hash, no UUID", facts(f))
    for form in (UUID.hex, "{%s}" % str(UUID).upper(), UUID.bytes_le.hex()):
        whole(t, f, f"UUID {form}", ibd, spectra, values=False, said_uuid=form)
        t.check(facts(f)["ibd_uuid"] == "ok", form, facts(f))
    t.check(facts(f)["pixels_x"] == "4" and facts(f)["imaging"] == "processed", "facts", facts(f))


def contradictions(t, f):
    """Kept as they are, and counted."""
    ibd = Ibd()
    mz, intensity = peaks(t.random, 50)
    good = [ibd.put("mz", mz), ibd.put("intensity", intensity)]
    cases = {"fewer values than said": ([good[0]._replace(said=60), good[1]], 2),
             "m/z and intensities of other numbers": ([good[0], ibd.put("intensity", intensity[:40])], 1),
             "bytes of no whole number of values": ([good[0]._replace(encoded=199), good[1]], 0)}
    for what, (arrays, n) in cases.items():
        whole(t, f, what, ibd, [arrays], places=[(1, 1)], values=False)
        t.check(counter(f, "n_array_length") == n, what, f"{counter(f, 'n_array_length')} counted")
    t.check(counter(f, "n_unknown_array") == 1, "no whole number", "")
    odd = zlib.compress(mz.tobytes(), 6)[:-4] + b"\0\0\0\0"
    text = document([[ibd.put("mz", mz, odd)]], ibd.data, [(1, 1)])
    done = run("ingest", "-q", "-o", f / "z.h5", put(f, text, ibd.data))
    check_refusal(t, "a damaged zlib stream", done, ("spectrum 'Scan=1', array mz", "damaged"))
    slow = zlib.compressobj(9, zlib.DEFLATED, 12)
    strange = slow.compress(mz.tobytes()) + slow.flush()
    whole(t, f, "zlib of another window", ibd, [[ibd.put("mz", mz, strange), good[1]]], places=[(1, 1)])


def refusals(t, f):
    ibd, spectra = processed(t.random, SIDE)
    text = document(spectra, ibd.data, SIDE)

    def refused(what, data, beside, expected, codes=(DATA,), args=()):
        f.clear("a.ibd")
        path = f.write("a.imzML", data)
        if beside is not None:
            f.write("a.ibd", bytes(beside))
        done = run("ingest", "-q", "-o", f / "r.h5", path, *args)
        check_refusal(t, what, done, expected, codes)
        t.check(not os.path.exists(f / "r.h5"), what, "a store was left")

    def moved(i, at):
        return document(spectra[:i] + [[spectra[i][0]._replace(at=at), spectra[i][1]]] + spectra[i + 1:],
                        ibd.data, SIDE)

    refused("no .ibd", text, None, ("'a.ibd'", "beside it"), (NOINPUT,))
    refused("another .ibd", text, bytes(16) + bytes(ibd.data[16:]), ("a.ibd", "another document", UUID.hex))
    refused("half an .ibd", text, ibd.data[:len(ibd.data) // 2], ("a.imzML", "of its .ibd, which has"))
    refused("an empty .ibd", text, b"", ("a.ibd", "UUID"))
    last = len(ibd.data) - len(spectra[3][0].bytes)
    refused("beyond the end", moved(3, last + 1), ibd.data, ("spectrum 'Scan=4', array mz", "byte "))
    refused("beyond 64 bits", moved(3, 2 ** 64 - 1), ibd.data, ("spectrum 'Scan=4', array mz", "byte "))
    refused("beyond all numbers", moved(3, 2 ** 70), ibd.data, ("is no number",))
    refused("an offset of letters", moved(3, "far"), ibd.data, ("'far' is no number",))
    long = [[spectra[0][0]._replace(encoded=2 ** 63), spectra[0][1]]]
    refused("2^63 bytes", document(long, ibd.data, SIDE), ibd.data, ("array mz",))
    many = [[spectra[0][0]._replace(encoded=False, said=2 ** 62), spectra[0][1]]]
    refused("2^62 values", document(many, ibd.data, SIDE), ibd.data, ("array mz",))
    nowhere = text.replace(b'accession="IMS:1000102"', b'accession="IMS:1009999"')
    refused("no offset", nowhere, ibd.data, ("IMS:1000102",))
    wide = Ibd()
    wide.fill(1 << 20, 0)
    whole_file = Array("mz", np.zeros(1 << 17, "<f8"), 16)
    refused("each byte over and over", document([[whole_file]] * 70, wide.data, [(1, 1)] * 70), wide.data,
            ("'Scan=65'", "of a file of"))
    refused("half a document", text[:len(text) * 2 // 3], ibd.data, ("a.imzML",))
    refused("its .ibd as well", text, ibd.data, ("names all its files itself",), (USAGE,), (f / "a.ibd",))
    put(f, text, ibd.data)
    with open(f / "a.imzML", "rb") as pipe:
        check_refusal(t, "standard input", run("ingest", "-q", "-o", f / "r.h5", "-", stdin=pipe), (".ibd",))


def outputs(t, f):
    ibd, spectra = processed(t.random, SIDE)
    text = document(spectra, ibd.data, SIDE)
    ingest(t, f, "outputs", put(f, text, ibd.data))
    done = run("export", "-q", f / "s.h5", "-1", f / "x", "-2", f / "y")
    t.check(done.code == OK and (f.read("x"), f.read("y")) == (text, bytes(ibd.data)), "-1 -2", done.err)
    check_refusal(t, "standard output", run("export", f / "s.h5"), ("two files",), (USAGE,))
    check_refusal(t, "another name", run("export", f / "s.h5", "-o", f / "x.xml"), ("two files",), (USAGE,))
    check_refusal(t, "it exists", run("export", "-q", f / "s.h5", "-o", f / "a.imzML"), (), (73,))
    os.unlink(f / "a.imzML")
    check_refusal(t, "the .ibd exists", run("export", "-q", f / "s.h5", "-o", f / "a.imzML"), (), (73,))
    t.check("a.imzML" not in f.names(), "the .ibd exists", "a document was left alone")
    os.mkdir(f / "out")
    done = run("split", "-q", f / "s.h5", "-o", f / "out")
    t.check(done.code == OK and sorted(os.listdir(f / "out")) == ["a.ibd", "a.imzML"], "split", done.err)
    t.check(f.read("out/a.ibd") == bytes(ibd.data), "split", "another .ibd")
    packed = put(f, gzip.compress(text), ibd.data, "p")
    ingest(t, f, "--original now", packed, "--original", "now", store="p.h5")
    done = run("export", "-q", "--original", f / "p.h5", "-o", f / "again.imzML")
    t.check(done.code == OK and f.read("again.imzML") == f.read("p.imzML"), "--original", done.err)
    t.check(f.read("again.ibd") == bytes(ibd.data), "--original", "another .ibd")


def views(t, f):
    ibd, spectra = processed(t.random, SIDE)
    ingest(t, f, "views", put(f, document(spectra, ibd.data, SIDE), ibd.data))
    for x, y in ((1, 1), (3, 2), (4, 3)):
        got = rows(t, f, "--pixel", "--pixel", f"{x},{y}")
        t.check([(r["x"], r["y"], r["index"]) for r in got] == [(x, y, (y - 1) * 4 + x - 1)], "--pixel", got)
    t.check(rows(t, f, "--pixel", "--pixel", "9,9") == [], "--pixel", "of no pixel")
    check_refusal(t, "--pixel", run("view", f / "s.h5", "--pixel", "3"), ("X,Y",), (USAGE,))
    done = run("view", "-O", "tsv", "--columns", "x,y,z,peaks,array_length", f / "s.h5")
    expected = [f"{x}\t{y}\t\t{len(s[0].values)}\t{len(s[0].values)}" for (x, y), s in zip(SIDE, spectra)]
    t.check(done.out.decode().splitlines()[1:] == expected, "columns", done.out[:200])
    done = run("view", "-O", "mzml", f / "s.h5")
    if ingest(t, f, "as mzML", f.write("m.mzML", done.out), store="m.h5"):
        again = rows(t, f, "as mzML", store="m.h5")
        t.check([r["mz"] for r in again] == [r["mz"] for r in rows(t, f, "as mzML")], "as mzML", "other m/z")
    low, high = 300.0, 500.0
    done = run("xic", "--mz", (low + high) / 2, "--tol", f"{(high - low) / 2}Th", f / "s.h5")
    sums = [float(line.split("\t")[2]) for line in done.out.decode().splitlines()[1:]]
    for got, (mz, intensity) in zip(sums, spectra):
        inside = (mz.values.astype("f8") >= low) & (mz.values.astype("f8") <= high)
        t.check(abs(got - intensity.values[inside].astype("f8").sum()) <= 1e-9 * max(got, 1), "xic", got)
    t.check(len(sums) == len(spectra), "xic", done.err)


def banks(t, f):
    """In a bank both files are inputs: taken twice they are one store; of an inbox as well."""
    ibd, spectra = processed(t.random, SIDE)
    path = put(f, document(spectra, ibd.data, SIDE), ibd.data)
    run("init", f / "bank")
    for what in ("1 published", "1 unchanged"):
        done = run("ingest", "-b", f / "bank", "-s", "S1", path)
        t.check(done.code == OK and what in done.err, what, done.err)
    done = run("export", "-q", "-b", f / "bank", "S1", "-o", f / "back.imzML")
    t.check(done.code == OK and f.read("back.ibd") == bytes(ibd.data), "export -b", done.err)
    ibd.data[-1] ^= 1
    put(f, f.read("a.imzML"), ibd.data)
    done = run("ingest", "-b", f / "bank", "-s", "S1", path)
    t.check(done.code != OK and "other data" in done.err, "another .ibd", done.err)
    os.mkdir(f / "inbox")
    with open(f / "bank/bank.ini", "a") as ini:
        ini.write(f"\n[inbox i]\npath = {f / 'inbox'}\nsettle = 0s\n")
    ibd, spectra = continuous(t.random, SIDE, 30)
    put(f, document(spectra, ibd.data, SIDE), ibd.data, "inbox/P2")
    for what in ("nightly", "nightly again"):
        done = run("nightly", "-b", f / "bank")
        t.check(done.code == OK and not done.err, what, done.err)
        t.check(b"P2" in run("ls", "-b", f / "bank").out, what, "P2 is not there")


def mutations(t, f):
    """Bytes changed, cut off, doubled: an end that is documented, and no store unless it gives all back."""
    ibd, spectra = processed(t.random, grid(3, 2), most=8, pack=6)
    text = document(spectra, ibd.data, grid(3, 2))
    for i in range(12):
        data = bytearray(text)
        for _ in range(t.random.choice((1, 1, 3))):
            at = t.random.randrange(len(data))
            if t.random.random() < 0.5:
                data[at] = t.random.choice(b"<>/=\"0123456789aI")
            else:
                del data[at:at + t.random.choice((1, 5, 200))]
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", put(f, bytes(data), ibd.data))
        t.check(done.code in (OK, DATA), f"mutation {i}", f"{done.code}: {done.err[:200]}")
        if done.code == OK:
            back(t, f, f"mutation {i}", bytes(data), ibd.data)


def real(t, f):
    found = sorted(glob.glob(f"{SHARED}/massspec/**/*.imzML", recursive=True))
    if not found:
        return t.skip("no imzML files")
    for path in found:
        what = os.path.relpath(path, SHARED)
        with open(path, "rb") as doc, open(path[:-5] + "ibd", "rb") as beside:
            text, ibd = doc.read(), beside.read()
        if ingest(t, f, what, path):
            back(t, f, what, text, ibd)
            t.check(facts(f)["ibd_checksum"] == facts(f)["ibd_uuid"] == "ok", what, facts(f))


if __name__ == "__main__":
    main(layouts, trailing, order, sizes, texts, said, contradictions, refusals, outputs, views, banks,
         mutations, real)
