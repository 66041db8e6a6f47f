"""
mzML: every odd document comes back byte for byte, or is refused with exit code 65 and one line that names the place.

Each legal case goes in twice, with arrays proven by sample and with --exact=all, and must come back exactly, pass verify
and verify --deep, and have its facts (index, checksum, counts) noted. A document cut at any byte is refused.

Suites: spectra.
"""
import json
from concurrent.futures import ThreadPoolExecutor

from mzmodel import *
from vialtest import *

t = Tally()


def facts_of(f, store="s.h5"):
    done = run("info", "--json", f / store)
    try:
        notes = json.loads(done.out)["notes"]
    except (ValueError, KeyError):
        return {}
    return {**notes["/"], **notes["source"]}


def back(f, what, text, options=(), facts=None, counters=None):
    """In and out again, for both ways of proving."""
    for how in ("sampled", "all"):
        name = f"{what}, {how}"
        done = run("ingest", "-q", f"--exact={how}", *options, "-o", f / "s.h5", f.write("x.mzML", text))
        if not t.check(done.code == OK and done.err == "", name, f"exit code {done.code}: {done.err.strip()[:300]}"):
            f.clear("s.h5")
            continue
        done = run("export", "-q", f / "s.h5")
        t.check(done.code == OK and done.out == text, name, f"export: exit code {done.code}, {len(done.out)} bytes of {len(text)}: {done.err.strip()}")
        done = run("verify", "-q", f / "s.h5", *(["--deep"] if how == "all" else []))
        t.check(done.code == OK, name, f"verify: {done.err}")
        if facts or counters:
            said = facts_of(f)
            for key, want in {**(facts or {}), **(counters or {})}.items():
                t.check(said.get(key) == str(want), name, f"{key} is {said.get(key)!r}, expected {str(want)!r}")
        f.clear("s.h5")
    f.clear("x.mzML")


def refused(f, what, text, expected=(), places=("byte ",), options=()):
    done = run("ingest", "-q", *options, "-o", f / "s.h5", f.write("x.mzML", text))
    check_refusal(t, what, done, ["x.mzML", *places, *expected])
    t.check(f.names() == ["x.mzML"], what, f"left over: {f.names()}")
    f.clear(*f.names())


def either(f, what, text):
    """The rules leave it open: back exactly, or refused."""
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text))
    if done.code == OK:
        done = run("export", "-q", f / "s.h5")
        t.check(done.code == OK and done.out == text, what, f"export: exit code {done.code}, {len(done.out)} bytes of {len(text)}: {done.err.strip()}")
        f.clear("s.h5")
    else:
        check_refusal(t, what, done, ["x.mzML"])
        t.check(f.names() == ["x.mzML"], what, f"left over: {f.names()}")
    f.clear(*f.names())


def small(n=3, **more):
    return document([spectrum(i, two(10 + i, i), 10 + i, time=i) for i in range(n)], **more)


# ---- the document ----


def documents(f):
    good = {
        "plain": small(), "no index": small(indexed=False), "no declaration": small(declaration=""), "BOM": small(bom=True), "CR LF": small(eol="\r\n"),
        "CR only": small(indexed=False).replace(b"\n", b"\r"), "no line breaks": small().replace(b"\n", b" "),
        "only chromatograms": document([], [chromatogram(i, two(4, i), 4, id=f"c{i}") for i in range(3)]),
        "both lists": document([spectrum(0, two(4), 4)], [chromatogram(0, two(4), 4)]),
        "spaces behind": small(indexed=False) + b" \n\t\r\n" * 10, "comment behind": small(indexed=False) + b"<!-- done -->\n",
        "instruction behind": small(indexed=False) + b"<?done now?>\n",
        "comments everywhere": small(indexed=False).replace(b"<run ", b"<!-- <run id='no'> & so on --><run ").replace(b"<spectrum ", b"<!-- <spectrum id='none'> --><spectrum "),
        "instructions in records": small(indexed=False).replace(b"<binaryDataArrayList", b"<?x y?><binaryDataArrayList"),
        "single quotes": small(indexed=False).replace(b'"', b"'"),
        "blanks in tags": small(indexed=False).replace(b'" ', b'"\n\t ').replace(b'="', b' = "').replace(b"</spectrum>", b"</spectrum \n>"),
        "long empty elements": small(indexed=False).replace(b'/><binary>', b'></cvParam><binary>'),
        "an unknown element": small(indexed=False).replace(b"<binaryDataArrayList", b"<novelty x='1'><deep>text</deep></novelty><binaryDataArrayList"),
        "an unknown attribute": small(indexed=False).replace(b"<spectrum ", b"<spectrum novel='&lt;1&gt;' "),
        "unknown terms": small(indexed=False).replace(b"MS:1000130", b"XX:0000001").replace(b"MS:1000127", b"MS:99999999"),
        "user params": small(indexed=False).replace(b"<binaryDataArrayList", b"<userParam name='a' type='xsd:string' value='&#233; &#x20AC; &amp;'/><binaryDataArrayList"),
        "a param twice": small(indexed=False).replace(b"<binaryDataArrayList", cv(1000285, "5").encode() * 2 + b"<binaryDataArrayList"),
        "latin-1 bytes under a UTF-8 header": small().replace(b'name="m/z array"', b'name="m/z \xe9\xdf"'),
        "windows-1252 bytes": small(indexed=False).replace(b'name="m/z array"', b'name="\x80\x93\x94"'),
        "latin-1 declared": small(indexed=False).replace(b"utf-8", b"ISO-8859-1").replace(b'id="scan=', b'id="\xe9 scan='),
        "escapes of xs:ID": small(indexed=False).replace(b'<run id="r"', b'<run id="_x0031__x0020_a"'),
        "entities in an id": document([spectrum(0, two(3), 3, id="a & <b> \"c\"")]), "references in values": small(indexed=False).replace(b'value="1"', b'value="&#49;"'),
        "optional attributes": document([spectrum(i, two(3), 3, attributes=' spotID="A1" dataProcessingRef="dp" sourceFileRef="SF"') for i in range(2)]),
        "no spectra in the list": small(indexed=False, count=0).split(b"<spectrum ")[0] + b"</spectrumList></run></mzML>",
        "an empty list tag": small(indexed=False, count=0).split(b"<spectrumList")[0] + b'<spectrumList count="0"/></run></mzML>',
        "a long document head": small(indexed=False).replace(b"</fileDescription>", b"<contact>" + b"<userParam name='a'/>" * 20000 + b"</contact></fileDescription>"),
        "a long spectrum head": document([spectrum(0, two(3), 3, params=cv(1000285, "5") * 20000)]),
        "a scan that points": document([spectrum(0, two(3), 3), spectrum(1, two(3), 3, level=3, precursors=[
            precursor("400").replace("<precursor>", '<precursor spectrumRef="scan=1">'), precursor("500").replace("<precursor>", '<precursor sourceFileRef="S" externalSpectrumID="scan=9">')])]),
        "the same id twice": document([spectrum(i, two(3), 3, id="same") for i in range(3)]),
        "index out of order": document([spectrum(9 - i, two(3), 3, id=f"scan={i}") for i in range(3)]),
        "an empty id": document([spectrum(0, two(3), 3, id="")]),
        "no index attribute": small(indexed=False).replace(b' index="', b' x="'),
    }
    for what, text in good.items():
        back(f, what, text)
    text = small(indexed=False)
    bad = {
        "no document": (b"<?xml version='1.0'?>\n", ()), "another root": (b"<?xml version='1.0'?><mzXML><run/></mzXML>", ()),
        "text before the root": (b"hello " + text, ()), "text behind the root": (text + b"hello", ()), "a second root": (text + text[text.index(b"<mzML"):], ()),
        "an element behind the root": (text + b"<more/>", ()), "a DTD": (text.replace(b"<mzML", b"<!DOCTYPE mzML [<!ENTITY a 'b'>]><mzML", 1), ("DTD",)),
        "an unknown reference": (text.replace(b'value="1"', b'value="&novel;"', 1), ("&novel",)), "a bare ampersand": (text.replace(b'value="1"', b'value="a & b"', 1), ()),
        "a reference to NUL": (text.replace(b'value="1"', b'value="&#0;"', 1), ()), "a NUL": (text.replace(b'value="1"', b'value="\0"', 1), ()),
        "a control letter": (text.replace(b'value="1"', b'value="\1"', 1), ()),
        "'<' in a value": (text.replace(b'value="1"', b'value="<1"', 1), ("'<'",)), "an attribute twice": (text.replace(b'index="0"', b'index="0" index="0"', 1), ("twice",)),
        "no quotes": (text.replace(b'index="0"', b"index=0", 1), ("quotes",)), "no blank between attributes": (text.replace(b'index="0" ', b'index="0"', 1), ()),
        "end tags crossed": (text.replace(b"</binary></binaryDataArray>", b"</binaryDataArray></binary>", 1), ()),
        "an end tag too many": (text.replace(b"</spectrum>", b"</spectrum></spectrum>", 1), ("</spectrum>",)), "an end tag missing": (text.replace(b"</spectrum>", b"", 1), ()),
        "a spectrum in a spectrum": (text.replace(b"<binaryDataArrayList", b"<spectrum id='x' defaultArrayLength='0'/><binaryDataArrayList", 1), ("<spectrum>",)),
        "a spectrum outside its list": (text.replace(b"</spectrumList>", b"</spectrumList><spectrum index='9' id='x' defaultArrayLength='0'/>"), ("misplaced <spectrum>",)),
        "two lists": (text.replace(b"</spectrumList>", b"</spectrumList><spectrumList count='0'></spectrumList>"), ("a second <spectrumList>",)),
        "two runs": (text.replace(b"</run>", b"</run><run id='b'></run>"), ("a second <run>",)),
        "a list outside the run": (text.replace(b"</run>", b"</run><spectrumList count='0'></spectrumList>"), ()),
        "no id": (text.replace(b' id="scan=1"', b"", 1), ("spectrum without id",)), "no defaultArrayLength": (text.replace(b' defaultArrayLength="10"', b"", 1), ("without defaultArrayLength",)),
        "defaultArrayLength is no number": (text.replace(b'Length="10"', b'Length="ten"', 1), ("ten",)), "defaultArrayLength is negative": (text.replace(b'Length="10"', b'Length="-1"', 1), ("-1",)),
        "an id that would be a line of its own": (
            text.replace(b'id="scan=1"', b'id="a\nvial: all is well&#x202e;\x1b"', 1), ()),
        "an id with a line end, an array without a type": (
            text.replace(b'id="scan=1"', b'id="a\nvial: all is\xc2\xad well\xe2\x80\xae"')
            .replace(cv(F64).encode(), b"", 1),
            ("'a\\nvial: all is\\xc2\\xad well\\xe2\\x80\\xae'",)),
        "an unknown group": (text.replace(b"<binaryDataArrayList", b"<referenceableParamGroupRef ref='gone'/><binaryDataArrayList", 1), ("gone",)),
        "a comment without end": (text.replace(b"</run>", b"<!-- </run>"), ()), "CDATA without end": (text.replace(b"</binary>", b"<![CDATA[</binary>", 1), ()),
        "imzML": (text.replace(b"MS:1000576", b"IMS:1000101").replace(b'accession="MS:1000574"', b'accession="IMS:1000101"', 1), ("imzML",)),
        "mzMLb": (text.replace(b'accession="MS:1000574"', b'accession="MS:1002841"', 1), ("mzMLb",)), "UTF-16": (text.decode("latin-1").encode("utf-16"), ()),
        "deep nesting": (text.replace(b"<binaryDataArrayList", b"<a>" * 5000 + b"</a>" * 5000 + b"<binaryDataArrayList", 1), ("deeper",)),
    }
    for what, (data, expected) in bad.items():
        refused(f, what, data, expected, places=() if what in ("no document", "another root", "text before the root", "UTF-16") else ("byte ",))
    both = small(indexed=False)
    either(f, "no lists", both[:both.index(b"<spectrumList")] + both[both.index(b"</run>"):])
    either(f, "no run", both[:both.index(b"<run")] + b"</mzML>")
    either(f, "CDATA between elements", both.replace(b"<binaryDataArrayList", b"<![CDATA[ ]]><binaryDataArrayList", 1))
    either(f, "chromatograms first", document([spectrum(0, two(3), 3)], [chromatogram(0, two(3), 3)], indexed=False))
    either(f, "a namespace prefix", text.replace(b"<mzML xmlns=", b"<p:mzML xmlns:p=").replace(b"</mzML>", b"</p:mzML>"))


def containers(f):
    text = small(20)
    for what, data in {"gzip": gzip(text), "BGZF": bgzf(text, 3000), "zstd": zstd(text, 999), "gzip members": gzip(text[:500]) + gzip(text[500:])}.items():
        done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", data))
        t.check(done.code == OK and run("export", "-q", f / "s.h5").out == text, what, done.err)
        t.check(facts_of(f).get("checksum") == "ok" and facts_of(f).get("index") == "ok", what, f"facts {facts_of(f)}")
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", "-", stdin=data)
        t.check(done.code == OK and run("export", "-q", f / "s.h5").out == text, f"{what}, standard input", done.err)
        f.clear("s.h5", "x.mzML")
    for name in ("out.mzML", "out.mzML.gz"):
        run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text))
        done = run("export", "-q", f / "s.h5", "-o", f / name)
        t.check(done.code == OK and plain(f / name) == text, f"export to {name}", done.err)
        f.clear("s.h5", name)
    f.clear("x.mzML")


# ---- arrays ----


def one(*arrays, n, **more):
    return document([spectrum(0, two(5), 5), spectrum(1, list(arrays), n, **more), spectrum(2, two(6), 6)])


def arrays(f):
    mz, intensity = peaks(30)
    b64 = lambda data: base64.b64encode(data).decode()
    packed = zlib.compress(mz.tobytes())
    text = b64(packed)
    wrapped = "\n".join(text[i:i + 76] for i in range(0, len(text), 76))
    none = mz[:0]
    terms = [cv(F64), cv(ZLIB), cv(MZ, unit="MS:1000040")]
    dtype_missing = cv(LINEAR) + cv(MZ, unit="MS:1000040")
    tail = zlib.compress(mz[:1].tobytes() + b"\1")
    good = {
        "terms in every order": [array(MZ, mz, params=terms[a] + terms[b] + terms[c]) for a, b, c in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))],
        "numpress without a type": [array(MZ, mz, LINEAR, params=dtype_missing)],
        "line breaks in base64": [array(MZ, mz, text="\n" + wrapped + "\n   ", said=len(text))],
        "a blank in base64": [array(MZ, mz, text=text[:40] + " " + text[40:])],
        "CR LF in base64": [array(MZ, mz, text=wrapped.replace("\n", "\r\n"))],
        "CDATA around base64": [array(MZ, mz, text=f"<![CDATA[{text}]]>")], "a comment in base64": [array(MZ, mz, text=text[:8] + "<!-- x -->" + text[8:])],
        "a reference in base64": [array(MZ, mz, text=f"&#{ord(text[0])};" + text[1:])],
        "padding left out": [array(MZ, mz[:2], NONE, text=b64(mz[:2].tobytes()).rstrip("="))],
        "padding bits set": [array(MZ, mz[:2], NONE, text=b64(mz[:2].tobytes())[:-3] + "B==")] if b64(mz[:2].tobytes()).endswith("==") else [],
        "wrong encodedLength": [array(MZ, mz, said=7)], "no encodedLength": [array(MZ, mz).replace(f' encodedLength="{len(array(MZ, mz, NONE))}"', "")],
        "arrayLength": [array(MZ, mz[:7], attributes=' arrayLength="7"'), array(INTENSITY, intensity)], "dataProcessingRef": [array(MZ, mz, attributes=' dataProcessingRef="dp"')],
        "no terms but the type": [array(MZ, mz, NONE, params=cv(F64) + cv(NONE))], "no compression term": [array(MZ, mz, NONE, params=cv(F64) + cv(MZ))],
        "a non-standard array": [array(1000786, mz, params=cv(F64) + cv(ZLIB) + cv(1000786, "my own", name="non-standard data array"))],
        "descending": [array(MZ, mz[::-1].copy())], "all the same": [array(MZ, numpy.full(30, 5.0))], "repeated": [array(MZ, numpy.sort(numpy.round(mz, -2)))],
        "block-wise ascending": [array(MZ, numpy.concatenate([mz[:15], mz[:15]]))],
        "zlib of zeros": [array(INTENSITY, numpy.zeros(30, "<f4"))], "stored blocks": [array(MZ, mz, level=0)],
    }
    for what, some in good.items():
        if some:
            back(f, what, one(*some, n=30 if "padding" not in what else 2))
    empty = {
        "<binary/>": array(MZ, none, text="").replace("<binary></binary>", "<binary/>"), "<binary></binary>": array(MZ, none, text=""),
        "no <binary>": array(MZ, none, text="").replace("<binary></binary>", ""), "blanks in <binary>": array(MZ, none, text="\n  "),
        "a zlib stream of nothing": array(MZ, none), "nothing, not compressed": array(MZ, none, NONE), "a comment in <binary>": array(MZ, none, text="<!-- none -->"),
    }
    if zstd_library():
        empty["a zstd frame of nothing"] = array(MZ, none, ZSTD)
    for what, a in empty.items():
        back(f, f"empty array, {what}", one(a, n=0))
    back(f, "no arrays at all", document([spectrum(i, [], 0) for i in range(3)]))
    back(f, "no arrays, yet a length", document([spectrum(i, [], 1000) for i in range(3)]))
    back(f, "300 arrays", one(*[array(1000786, mz) for _ in range(300)], n=30))
    strings = b"alpha\0beta\0\0"
    back(f, "strings", one(array(1000786, mz, packed=zlib.compress(strings), params=cv(ASCII) + cv(ZLIB) + cv(1000786, "names")), n=3))
    for value, dtype in ((0.0, "<f8"), (-0.0, "<f4")):
        back(f, f"{value} {dtype}", one(array(MZ, numpy.full(30, value, dtype)), n=30))
    bits = numpy.random.default_rng(2).integers(0, 2 ** 64, 30, dtype="<u8")
    back(f, "any bits", one(array(MZ, bits.view("<f8")), array(INTENSITY, bits.view("<f4")[:30].copy()), array(CHARGE, bits.view("<i8")), n=30))
    for coding in CODINGS:
        if CODINGS[coding][0] == "zstd" and not zstd_library():
            continue
        back(f, f"coding {coding}", document([spectrum(i, two(40 + i, i, coding), 40 + i) for i in range(8)]))

    bad = {
        "a letter that is not base64": ([array(MZ, mz, text="*" + text[1:])], "0x2a"), "base64 of 1 letter more": ([array(MZ, mz, text=text.rstrip("=") + "A" * (5 - len(text.rstrip("=")) % 4))], ""),
        "'=' in the middle": ([array(MZ, mz, text=text[:8] + "=" + text[9:])], ""), "a letter beyond ASCII": ([array(MZ, mz, text="\u20ac" + text[3:])], ""),
        "an element in <binary>": ([array(MZ, mz, text="<b/>" + text)], "element inside <binary>"),
        "zlib, cut": ([array(MZ, mz, packed=packed[:-9])], "zlib"), "zlib, a bit flipped": ([array(MZ, mz, packed=packed[:20] + bytes([packed[20] ^ 8]) + packed[21:])], ""),
        "zlib, wrong Adler": ([array(MZ, mz, packed=packed[:-4] + b"abcd")], "zlib"), "zlib, no header": ([array(MZ, mz, packed=b"xx" + packed[2:])], "zlib"),
        "zlib, only a header": ([array(MZ, mz, packed=packed[:2])], "zlib"), "zlib with a dictionary": ([array(MZ, mz, packed=b"\x78\xbb" + packed[2:])], ""),
        "one value more": ([array(MZ, peaks(31)[0])], "31 values, 30 expected"), "one value fewer": ([array(MZ, peaks(29)[0])], "29 values, 30 expected"),
        "one value more, not compressed": ([array(MZ, peaks(31)[0], NONE)], "31 values, 30 expected"), "half a value": ([array(MZ, mz, NONE, text=b64(mz.tobytes()[:-4]))], "bytes"),
        "half a value, zlib": ([array(MZ, mz, packed=zlib.compress(mz.tobytes()[:-4]))], "bytes"), "64-bit said, 32-bit there": ([array(MZ, intensity, number=F64)], "15 values"),
        "no values where some are expected": ([array(MZ, mz, text="")], "0 values, 30 expected"), "no type": ([array(MZ, mz, params=cv(ZLIB) + cv(MZ))], "type"),
        "a bomb": ([array(MZ, mz, packed=zlib.compress(bytes(50_000_000)))], "30 expected"), "arrayLength is no number": ([array(MZ, mz, attributes=' arrayLength="x"')], "arrayLength"),
        "arrayLength beyond all": ([array(MZ, mz, attributes=' arrayLength="18446744073709551615"')], "expected"),
        "two <binary>": ([array(MZ, mz).replace("</binary>", "</binary><binary></binary>")], "second <binary>"),
        "numpress linear, cut": ([array(MZ, mz, LINEAR, text=b64(numpress("linear", mz)[:-3]))], ""), "numpress linear, 9 bytes": ([array(MZ, mz, LINEAR, text=b64(bytes(9)))], ""),
        "numpress slof, odd": ([array(MZ, mz, SLOF, text=b64(numpress("slof", mz)[:-1]))], ""), "numpress pic, too few": ([array(MZ, mz, PIC, text=b64(numpress("pic", mz[:29])))], "29 values"),
    }
    if zstd_library():
        frame = zstd_pack(mz.tobytes())
        bad["zstd, cut"] = ([array(MZ, mz, ZSTD, packed=frame[:-5])], "zstd")
        bad["zstd, no frame"] = ([array(MZ, mz, ZSTD, packed=b"hello there")], "zstd")
        bad["zstd, a bomb"] = ([array(MZ, mz, ZSTD, packed=zstd_pack(bytes(100_000_000)))], "expected")
        bad["a dictionary cut"] = ([array(MZ, mz, DICTIONARY, packed=zstd_pack(dictionary(mz)[:-4]))], "")
        bad["a dictionary with a wild index"] = ([array(MZ, mz, DICTIONARY, packed=zstd_pack(dictionary(mz)[:-1] + b"\xff"))], "index")
    for what, (some, expected) in bad.items():
        refused(f, what, one(*some, n=30), [expected, "scan=2"] if what not in ("arrayLength is no number", "two <binary>", "an element in <binary>") else [expected])
    either(f, "zlib, bytes behind", one(array(MZ, mz, packed=packed + b"more"), n=30))
    either(f, "two zlib streams", one(array(MZ, mz, packed=packed + packed), n=30))
    either(f, "fixed point 0", one(array(MZ, mz[:1], LINEAR, text=b64(bytes(12))), n=1))
    either(f, "half a value more in zlib", one(array(MZ, mz[:1], packed=tail), n=1))
    counted = one(array(MZ, mz, said=7), array(INTENSITY, intensity, said=0), n=30)
    back(f, "encodedLength is counted", counted, counters={"n_encoded_length": 2})
    back(f, "no numbers where numbers belong", one(*two(30), n=30, params=cv(1000285, "much") + cv(1000504, "")), counters={"n_not_a_number": 2})
    back(f, "a time without unit", document([spectrum(0, two(4), 4, time="5", unit="")]), counters={"n_time_without_unit": 1})


# ---- facts ----


def facts(f):
    text, lone = small(), small(indexed=False)
    ok = {"spectrum_count": "ok", "index": "ok", "checksum": "ok"}
    checksum = text.split(b"<fileChecksum>")[1][:40]
    upper = text.replace(checksum, checksum.upper())
    offset = text.split(b'<offset idRef="scan=1">')[1].split(b"<")[0]
    at = text.split(b"<indexListOffset>")[1].split(b"<")[0]
    bom = small(bom=True)
    without = hashlib.sha1(bom[3:bom.index(b"<fileChecksum>") + 14]).hexdigest().encode()
    md5 = hashlib.md5(b"x").hexdigest()
    cases = {
        "all ok": (text, ok), "all ok, BOM": (bom, ok), "all ok, CR LF": (small(eol="\r\n"), ok), "upper case": (upper, ok),
        "both lists": (document([spectrum(0, two(4), 4)], [chromatogram(0, two(4), 4)]), {**ok, "chromatogram_count": "ok"}),
        "only chromatograms": (document([], [chromatogram(0, two(4), 4)]), {"spectrum_count": "absent", "chromatogram_count": "ok", "index": "ok", "checksum": "ok"}),
        "absent": (lone, {"index": "absent", "checksum": "absent"}), "no checksum": (small(checksum="none"), {"index": "ok", "checksum": "absent"}),
        "checksum 0": (small(checksum="0"), {"checksum": "placeholder"}), "checksum MD5": (small(checksum=md5), {"checksum": "placeholder"}),
        "checksum of zeros": (small(checksum="0" * 40), {"checksum": "placeholder"}), "checksum empty": (small(checksum=""), {"checksum": "placeholder"}),
        "checksum in text": (small(checksum="unknown"), {"checksum": "placeholder"}), "checksum of another file": (small(checksum="a" * 40), {"checksum": "mismatch", "index": "ok"}),
        "checksum with blanks": (text.replace(checksum, b"\n " + checksum + b" "), {"checksum": "ok"}),
        "checksum without the BOM": (bom[:bom.index(b"<fileChecksum>") + 14] + without + bom[bom.index(b"</fileChecksum>"):], {"checksum": "mismatch"}),
        "a changed byte": (text.replace(b'version="1"', b'version="2"', 1), {"checksum": "mismatch", "index": "ok"}),
        "offsets moved": (small(shift=1), {"index": "mismatch", "checksum": "ok"}), "one offset wrong": (text.replace(b">" + offset + b"<", b">1<", 1), {"index": "mismatch", "checksum": "mismatch"}),
        "indexListOffset wrong": (text.replace(b">" + at + b"<", b">7<"), {"index": "mismatch"}),
        "an id wrong": (text.replace(b'idRef="scan=2"', b'idRef="scan=9"'), {"index": "mismatch"}),
        "an entry missing": (text.replace(b'<offset idRef="scan=1">' + offset + b"</offset>", b""), {"index": "mismatch"}),
        "an entry twice": (text.replace(b'<offset idRef="scan=1">' + offset + b"</offset>", b'<offset idRef="scan=1">' + offset + b"</offset>" + b'<offset idRef="scan=1">' + offset + b"</offset>"), {"index": "mismatch"}),
        "an offset that is none": (text.replace(b">" + offset + b"<", b">x<", 1), {"index": "mismatch"}),
        "an empty index": (text.split(b"<offset")[0] + b"</index>" + text.split(b"</index>")[1], {"index": "absent"}),
        "count 9": (small(count=9), {"spectrum_count": "mismatch: 9 said, 3 found", "checksum": "ok"}), "count no number": (small(count="x"), {"spectrum_count": "mismatch: no number"}),
        "no count": (lone.replace(b' count="3"', b""), {"spectrum_count": "absent"}),
    }
    for what, (data, want) in cases.items():
        back(f, f"facts: {what}", data, facts=want)
    nil = text[:text.index(b"<indexListOffset>")] + b'<indexListOffset xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>' + text[text.index(b"</indexListOffset>") + 18:]
    back(f, "facts: indexListOffset nil", nil)
    refused(f, "two checksums", text.replace(b"<fileChecksum>", b"<fileChecksum>0</fileChecksum><fileChecksum>"), ["a second <fileChecksum>"])


# ---- other encoders ----


def deflated(data, level=6, wbits=15, memory=8, strategy=0, flush=0, every=0):
    c = zlib.compressobj(level, zlib.DEFLATED, wbits, memory, strategy)
    if not every:
        return c.compress(data) + c.flush()
    return b"".join(c.compress(data[i:i + every]) + c.flush(flush) for i in range(0, len(data), every)) + c.flush()


ENCODERS = {
    "window 12": dict(wbits=12), "window 9": dict(wbits=9), "memory 9": dict(memory=9), "memory 1": dict(memory=1), "memory 9, level 9": dict(memory=9, level=9),
    "filtered": dict(strategy=1), "Huffman only": dict(strategy=2), "run lengths": dict(strategy=3), "fixed codes": dict(strategy=4),
    "level 3 in flushes": dict(level=3, flush=zlib.Z_SYNC_FLUSH, every=100), "full flushes": dict(flush=zlib.Z_FULL_FLUSH, every=777),
    "one flush at the end": dict(flush=zlib.Z_SYNC_FLUSH, every=1 << 30),
}


def coded(n, seed, pack_one):
    mz, intensity = peaks(n, seed)
    return [array(kind, v, packed=pack_one(v.tobytes())) for kind, v in ((MZ, numpy.round(mz, 3)), (INTENSITY, numpy.round(intensity)))]


def encoders(f):
    for level in range(10):
        text = document([spectrum(i, coded(100 + 40 * i, i, lambda d: zlib.compress(d, level)), 100 + 40 * i) for i in range(12)])
        back(f, f"zlib level {level}", text, counters={"n_kept_stream": 0})
    for what, how in ENCODERS.items():
        text = document([spectrum(i, coded(200 + 40 * i, i, lambda d: deflated(d, **how)), 200 + 40 * i) for i in range(12)])
        back(f, f"zlib, {what}", text)
    if zstd_library():
        for level in (1, 3, 9, 19, 22):
            text = document([spectrum(i, two(200 + i, i, (ZSTD, SHUFFLED)[i % 2], level), 200 + i) for i in range(6)])
            back(f, f"zstd level {level}", text)
    mixed = [spectrum(i, coded(150 + i, i, lambda d: zlib.compress(d, 1 + i % 9)), 150 + i) for i in range(90)]
    back_or_noticed(f, "a level of its own for each", document(mixed), kept=False)
    halves = [spectrum(i, coded(150 + i, i, (lambda d: zlib.compress(d, 6)) if i < 45 else (lambda d: deflated(d, memory=9))), 150 + i) for i in range(90)]
    back_or_noticed(f, "two writers in one document", document(halves))
    hidden(f)


def back_or_noticed(f, what, text, kept=True):
    """--exact=all gives it back; without, export gives it back or says that it cannot, and leaves no file."""
    done = run("ingest", "-q", "--exact=all", "-o", f / "s.h5", f.write("x.mzML", text))
    got = run("export", "-q", f / "s.h5")
    t.check(done.code == OK and got.code == OK and got.out == text, f"{what}, all", f"{done.err}{got.err}")
    t.check(run("verify", "-q", "--deep", f / "s.h5").code == OK, f"{what}, all", "verify --deep")
    f.clear("s.h5")
    done = run("ingest", "-q", "-o", f / "s.h5", f / "x.mzML")
    if not t.check(done.code == OK, f"{what}, sampled", done.err):
        return "refused"
    doc = Document(text)
    got = run("export", "-q", f / "s.h5", "-o", f / "out.mzML")
    deep, shallow = run("verify", "-q", "--deep", f / "s.h5"), run("verify", "-q", f / "s.h5")
    t.check(shallow.code == OK, f"{what}, sampled", f"verify: {shallow.err}")
    exact = got.code == OK
    if exact:
        t.check(f.read("out.mzML") == text, f"{what}, sampled", "export is wrong and does not say so")
        t.check(deep.code == OK, f"{what}, sampled", f"verify --deep: {deep.err}")
    else:
        check_refusal(t, f"{what}, sampled, export", got, ["s.h5", "array", "--exact=all"])
        check_refusal(t, f"{what}, sampled, verify --deep", deep, ["s.h5", "array"])
        t.check(f.names() == ["s.h5", "x.mzML"], f"{what}, sampled", f"left over: {f.names()}")
        out = run("export", "-q", f / "s.h5")
        t.check(out.code == DATA and text.startswith(out.out), f"{what}, sampled, standard output", "what was printed is no part of the original")
    # the values are whole in any case
    lines = run("view", f / "s.h5", "-O", "json").out.splitlines()
    good = len(lines) == len(doc.spectra)
    for s, line in zip(doc.spectra, lines):
        said, (mz, intensity) = json.loads(line), s.peaks()
        good = good and said["mz"] == mz.tolist() and numpy.array(said["intensity"], "<f4").tobytes() == intensity.astype("<f4").tobytes()
    t.check(good, f"{what}, sampled", "view shows other values")
    f.clear("s.h5", "x.mzML", "out.mzML")
    return "exact" if exact else "noticed"


def hidden(f):
    """One odd array among 200 normal ones."""
    seen = {}
    for what, how in {"memory 4": dict(memory=4), "flushes": dict(flush=zlib.Z_SYNC_FLUSH, every=500), "level 5": dict(level=5), "level 9": dict(level=9),
                      "window 12": dict(wbits=12), "Huffman only": dict(strategy=2), "filtered": dict(strategy=1)}.items():
        for place in (0, 40, 63, 64, 99):
            if place not in (0, 40) and what not in ("memory 4", "flushes"):
                continue
            spectra = [spectrum(i, coded(180 + i, i, (lambda d: deflated(d, **how)) if i == place else (lambda d: zlib.compress(d, 6))), 180 + i) for i in range(100)]
            how_it_ended = back_or_noticed(f, f"hidden at {place}: {what}", document(spectra))
            seen[how_it_ended] = seen.get(how_it_ended, 0) + 1
    print("hidden arrays:", seen)


# ---- cut off ----


def cut(f):
    arrays_ = [array(MZ, numpy.array([100.5, 200.25]), NONE), array(INTENSITY, numpy.array([1, 2], "<f4"))]
    plain_one = document([spectrum(0, arrays_, 2)], indexed=False, shell=False) + b"\n \n"
    indexed = document([spectrum(0, arrays_[:1], 2)], shell=False)
    packed = gzip(plain_one)
    jobs = [("plain", plain_one, at) for at in range(len(plain_one))]
    jobs += [("indexed", indexed, at) for at in range(indexed.index(b"</mzML>"), len(indexed))]
    jobs += [("gzip", packed, at) for at in range(0, len(packed), 1 if SOAK else 4)]

    def attempt(job):
        kind, data, at = job
        name, store = f"{kind}.{at}", f"{kind}.{at}.h5"
        done = run("ingest", "-q", "-@", 1, "-o", f / store, f.write(name, data[:at]))
        got = run("export", "-q", f / store) if done.code == OK else None
        left = os.path.exists(f / store)
        f.clear(name, store)
        return job, done, got, left

    with ThreadPoolExecutor(2) as pool:
        for (kind, data, at), done, got, left in pool.map(attempt, jobs):
            what = f"cut: {kind} at {at} of {len(data)}"
            whole = data.rstrip()
            if kind != "gzip" and at >= len(whole):
                t.check(done.code == OK and got.code == OK and got.out == data[:at], what, f"exit code {done.code}: {done.err.strip()}")
                continue
            lines = done.err.splitlines()
            good = done.code == DATA and len(lines) == 1 and f"{kind}.{at}: " in done.err
            t.check(good, what, f"exit code {done.code}: {done.err.strip()[:200]}; ends {data[max(0, at - 20):at]!r}")
            t.check(not left, what, "left a store")
    t.check(f.names() == [], "cut", f"left over: {f.names()[:5]}")


need_vial()
with Folder() as folder:
    for part in (documents, containers, arrays, facts, encoders, cut):
        began = time.monotonic()
        part(folder)
        folder.clear(*folder.names())
        print(f"{part.__name__}: {time.monotonic() - began:.1f} s, {t.passed} passed, {t.failed} failed so far")
t.end()
