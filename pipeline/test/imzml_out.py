"""
vial view -O imzml: the two files hold what was put into the store, said by a reader of a few lines that knows
nothing of vial, whatever part is asked for; vial takes them in again.

Suites: view spectra. Also: asan.
"""
import base64
import hashlib
import os
import uuid
from xml.etree import ElementTree

import numpy as np

from imzmodel import continuous, document, grid, param, processed
from vialtest import OK, USAGE, check_refusal, main, of_threads, run

NS = "{http://psi.hupo.org/ms/mzml}"
TYPES = {"MS:1000521": "<f4", "MS:1000523": "<f8"}


def terms(element, groups):
    """accession -> value of the params of an element, and of the groups that it names."""
    found = {}
    for ref in element.findall(NS + "referenceableParamGroupRef"):
        found.update(groups[ref.get("ref")])
    found.update({p.get("accession"): p.get("value") for p in element.findall(NS + "cvParam")})
    return found


def read(t, f, what, name):
    """(terms of its content, terms of its scan settings, spectra, whole .ibd) of an imzML; a spectrum is
    (id, place, m/z, intensities, where these two begin)."""
    ibd = f.read(f"{name}.ibd")
    root = ElementTree.fromstring(f.read(f"{name}.imzML"))
    groups = {}
    lists = root.findall(NS + "referenceableParamGroupList")
    for group in (lists[0] if lists else ()):
        groups[group.get("id")] = terms(group, {})
    t.check(int(lists[0].get("count")) == len(lists[0]) and len(lists) == 1, what, "count of groups")
    content = terms(root.find(f"{NS}fileDescription/{NS}fileContent"), groups)
    settings = [terms(s, groups) for s in root.iter(NS + "scanSettings")]
    listed = root.find(f"{NS}run/{NS}spectrumList")
    t.check(int(listed.get("count")) == len(listed), what, "count of spectra")
    spectra = []
    for i, s in enumerate(listed):
        t.check(int(s.get("index")) == i, what, f"index {s.get('index')} of spectrum {i}")
        at = terms(s.find(f"{NS}scanList/{NS}scan"), groups)
        place = tuple(int(at[f"IMS:100005{k}"]) for k in range(3) if f"IMS:100005{k}" in at)
        arrays, begins = [], []
        for kind, a in zip(("MS:1000514", "MS:1000515"), s.iter(NS + "binaryDataArray")):
            said = terms(a, groups)
            t.check(kind in said and said["IMS:1000101"] == "true" and "MS:1000576" in said, what, f"{said}")
            dtype = next(v for k, v in TYPES.items() if k in said)
            begin, n, length = (int(said[f"IMS:10001{k}"]) for k in ("02", "03", "04"))
            t.check(length == n * np.dtype(dtype).itemsize and begin + length <= len(ibd), what, f"{said}")
            t.check(int(s.get("defaultArrayLength")) == n, what, "defaultArrayLength")
            arrays.append(np.frombuffer(ibd, dtype, n, begin))
            begins.append(begin)
        spectra.append((s.get("id"), place, *arrays, begins))
    t.check(uuid.UUID(content["IMS:1000080"]).bytes == ibd[:16], what, "another UUID")
    t.check(uuid.UUID(content["IMS:1000080"]).version == 8, what, "not of version 8")
    t.check(content["IMS:1000091"] == hashlib.sha1(ibd).hexdigest(), what, "another SHA-1")
    used = sorted({(b, len(a) * a.itemsize) for s in spectra for a, b in zip(s[2:4], s[4])})
    t.check(16 + sum(n for _, n in used) == len(ibd), what, f"{len(ibd)} bytes, of arrays {used}"[:200])
    return content, settings, spectra, ibd


def ingest(t, f, what, store, path):
    f.clear(store)
    done = run("ingest", "-q", "-o", f / store, path)
    return t.check(done.code == OK and not done.err, what, f"{done.code}: {done.err.strip()}")


def made(t, f, ibd, spectra, places, text=None, **named):
    """A store s.h5 of these."""
    f.write("s.ibd", bytes(ibd.data))
    path = f.write("s.imzML", document(spectra, ibd.data, places, **named) if text is None else text)
    return ingest(t, f, "a store", "s.h5", path)


def out(t, f, what, *options, name="o"):
    f.clear(f"{name}.imzML", f"{name}.ibd")
    done = run("view", *options, f / "s.h5", "-o", f / f"{name}.imzML")
    t.check(done.code == OK and not done.err, what, f"{done.code}: {done.err.strip()}")
    return read(t, f, what, name)


def same(t, what, got, spectra, places, low=0.0, high=np.inf):
    """Values and types, of the peaks in range."""
    if not t.check(len(got) == len(spectra), what, f"{len(got)} of {len(spectra)} spectra"):
        return
    for (name, place, mz, intensity, _), (want, heights), at in zip(got, spectra, places):
        inside = (want.values >= low) & (want.values <= high)
        t.check(place == tuple(at), what, f"{name}: place {place}, not {at}")
        t.check(mz.dtype == want.values.dtype and mz.tobytes() == want.values[inside].tobytes(), what,
                f"{name}: other m/z")
        t.check(intensity.tobytes() == heights.values[inside].tobytes(), what, f"{name}: other intensities")


def wholes(t, f):
    places = grid(9, 8)
    for what, (ibd, spectra), shared in (
            ("continuous", continuous(t.random, places, 40), True),
            ("processed", processed(t.random, places, pack=6, dtype="f8"), False),
            ("of 32 bits", processed(t.random, places), False)):
        made(t, f, ibd, spectra, places, mode="continuous" if shared else "processed")
        content, settings, got, beside = out(t, f, what, "-@", 1)
        same(t, what, got, spectra, places)
        t.check(("IMS:1000030" in content, "IMS:1000031" in content) == (shared, not shared), what, content)
        t.check([(s["IMS:1000042"], s["IMS:1000043"]) for s in settings] == [("9", "8")], what, settings)
        full = [s[4][0] for s in got if len(s[2])]
        t.check(len(set(full)) == (1 if shared else len(full)), what, "m/z stand elsewhere")
        for n in of_threads(2, 4):
            out(t, f, what, "-@", n, name="n")
            t.check((f.read("n.imzML"), f.read("n.ibd")) == (f.read("o.imzML"), beside), what, f"{n} threads")
    ingest(t, f, what, "again.h5", f / "o.imzML")
    facts = run("info", f / "again.h5").out.decode().split()
    t.check([facts[facts.index(k) + 1] for k in ("ibd_uuid", "ibd_checksum", "imaging")] ==
            ["ok", "ok", "processed"], what, "facts of the new one")
    rows = [run("view", f / s, "-O", "json").out for s in ("s.h5", "again.h5")]
    t.check(rows[0] == rows[1] and rows[0], what, "vial says something else of the new one")


def parts(t, f):
    """The same m/z of all, where only some have them, is continuous as well."""
    places = [(x, y, 1) for x, y in grid(4, 3)]
    ibd, spectra = processed(t.random, places, dtype="f8")
    for i in (5, 6, 7):
        spectra[i] = [spectra[5][0], ibd.put("intensity", spectra[5][1].values + np.float32(i))]
    made(t, f, ibd, spectra, places)
    for what, options, part, limits in (
            ("--pixel", ("--pixel", "3,2"), slice(6, 7), ()),
            ("--index", ("--index", "2-9"), slice(2, 10), ()),
            ("--ms-level", ("--ms-level", 1), slice(0, 12), ()),
            ("--mz", ("--mz", "300-500"), slice(0, 12), (300.0, 500.0)),
            ("continuous", ("--index", "5-7", "--mz", "300-500"), slice(5, 8), (300.0, 500.0))):
        content, settings, got, _ = out(t, f, what, *options)
        same(t, what, got, spectra[part], places[part], *limits)
        t.check(("IMS:1000030" in content) == (what == "continuous"), what, content)
        t.check((settings[0]["IMS:1000042"], settings[0]["IMS:1000043"]) == ("4", "3"), what, "another image")
    _, _, got, ibd = out(t, f, "no peaks", "--mz", "1-2")
    t.check(len(got) == 12 and len(ibd) == 16, "no peaks", f"{len(ibd)} bytes")
    content, _, got, ibd = out(t, f, "none", "--pixel", "9,9")
    t.check(not got and len(ibd) == 16, "none", f"{len(got)} spectra")


def heads(t, f):
    """What the document says beside is kept, what it said of its arrays is not; ISO-8859-1 becomes UTF-8."""
    places = grid(2, 2)
    ibd, spectra = processed(t.random, places)
    text = document(spectra, ibd.data, places, hashes=("md5", "sha1"))
    size = param("IMS:1000046", "pixel size (x)", 50) + '<userParam name="slide" value="M\xfcnster"/>'
    for old, new in (
            ("<fileDescription>", '<cvList count="1"><cv id="MS" fullName="MS" URI="u"/></cvList>'
             "<fileDescription>"),
            ('<scanSettingsList count="1"><scanSettings id="s">',
             '<referenceableParamGroupList count="3"><referenceableParamGroup id="kept"/>'
             f'<referenceableParamGroup id="m">{param("MS:1000514", "m/z array")}</referenceableParamGroup>'
             f'<referenceableParamGroup id="i">{param("MS:1000515", "intensity array")}'
             "</referenceableParamGroup></referenceableParamGroupList>"
             f'<scanSettingsList count="1"><scanSettings id="s">{size}')):
        text = text.replace(old.encode(), new.encode("latin-1"))
    made(t, f, ibd, spectra, places, text)
    content, settings, got, _ = out(t, f, "a head")
    same(t, "a head", got, spectra, places)
    t.check(settings == [{"IMS:1000046": "50", "IMS:1000042": "2", "IMS:1000043": "2"}], "a head", settings)
    t.check("IMS:1000090" not in content and "MS:1000579" in content, "a head", content)
    root = ElementTree.fromstring(f.read("o.imzML"))
    t.check([p.get("value") for p in root.iter(NS + "userParam")] == ["M\xfcnster"], "a head", "letters")
    t.check([g.get("id") for g in root.iter(NS + "referenceableParamGroup")] ==
            ["vial_mz", "vial_intensity", "kept"], "a head", "groups")
    cvs = root.find(NS + "cvList")
    t.check(cvs.get("count") == "2" and [c.get("id") for c in cvs] == ["MS", "IMS"], "a head", "cvList")
    ingest(t, f, "a head", "again.h5", f / "o.imzML")


def mzml_array(kind, values):
    text = base64.b64encode(values.tobytes()).decode()
    return (f'<binaryDataArray encodedLength="{len(text)}">' + param("MS:1000523", "64-bit float") +
            param("MS:1000576", "no compression") + param(kind, "array") +
            f"<binary>{text}</binary></binaryDataArray>")


def from_mzml(t, f):
    """Spectra of an mzML that say which pixel they are of; one of light is left out."""
    values = [np.array([100.5, 200.25, 300.125]), np.array([1.0, 2.0, 3.0])]
    spectra = ""
    for i, kinds in enumerate((("MS:1000514", "MS:1000515"), ("MS:1000617", "MS:1000515"),
                               ("MS:1000514", "MS:1000515"))):
        place = param("IMS:1000050", "position x", i + 5) + param("IMS:1000051", "position y", 7)
        arrays = "".join(map(mzml_array, kinds, values))
        spectra += (f'<spectrum index="{i}" id="scan={i + 1}" defaultArrayLength="3">' +
                    param("MS:1000511", "ms level", 1) +
                    f'<scanList count="1"><scan>{place}</scan></scanList>'
                    f'<binaryDataArrayList count="2">{arrays}</binaryDataArrayList></spectrum>')
    text = ('<mzML xmlns="http://psi.hupo.org/ms/mzml"><fileDescription><fileContent/></fileDescription>'
            f'<run id="r"><spectrumList count="3">{spectra}</spectrumList></run></mzML>')
    ingest(t, f, "mzML", "s.h5", f.write("m.mzML", text.encode()))
    done = run("view", f / "s.h5", "-o", f / "o.imzML")
    t.check(done.code == OK and "1 spectra without m/z" in done.err, "mzML", done.err)
    content, settings, got, _ = read(t, f, "mzML", "o")
    t.check("IMS:1000030" in content and settings == [{"IMS:1000042": "7", "IMS:1000043": "7"}], "mzML",
            f"{content} {settings}")
    for i, (name, place, mz, intensity, _) in zip((0, 2), got):
        t.check((name, place) == (f"scan={i + 1}", (i + 5, 7)), "mzML", f"{name} {place}")
        t.check(mz.tolist() == values[0].tolist() and intensity.tolist() == values[1].tolist(), "mzML", "")
    ingest(t, f, "mzML", "again.h5", f / "o.imzML")


def refusals(t, f):
    places = grid(2, 1)
    ibd, spectra = processed(t.random, places)
    made(t, f, ibd, spectra, places)
    before = f.names()
    for what, name in (("standard output", "-"), ("another name", f / "x.xml"), ("packed", f / "x.imzML.gz")):
        check_refusal(t, what, run("view", "-O", "imzml", f / "s.h5", "-o", name), ("two files",), (USAGE,))
    check_refusal(t, "it exists", run("view", f / "s.h5", "-o", f / "s.imzML"), ("s.imzML",), (73,))
    os.unlink(f / "s.imzML")
    check_refusal(t, "the .ibd exists", run("view", f / "s.h5", "-o", f / "s.imzML"), ("s.ibd",), (73,))
    done = run("view", "--force", f / "s.h5", "-o", f / "s.imzML")
    t.check(done.code == OK and f.read("s.ibd") != bytes(ibd.data), "--force", done.err)
    same(t, "--force", read(t, f, "--force", "s")[2], spectra, places)
    ingest(t, f, "mzML", "m.h5", "testdata/mzml/array_length.in")
    check_refusal(t, "no pixels", run("view", f / "m.h5", "-o", f / "x.imzML"), ("spectrum 0", "pixel"),
                  (USAGE,))
    t.check(sorted(f.names()) == sorted(before + ["m.h5"]), "files", f"{f.names()} instead of {before}")


if __name__ == "__main__":
    main(wholes, parts, heads, from_mzml, refusals)
