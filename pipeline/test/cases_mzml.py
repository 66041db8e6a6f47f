"""
mzML: every odd document comes back byte for byte, or is refused with exit code 65 and one line that names the
place.

Each legal case must come back exactly, pass verify, and have its facts (index, checksum, counts) noted. A
document cut at any byte is refused.

Suites: spectra.
"""
import base64
import hashlib
import json
import os
import zlib

import numpy

from containers import bgzf, deflated, gzip, zstd
from mzmodel import (ASCII, CHARGE, CODINGS, DICTIONARY, F64, INTENSITY, LINEAR, MZ, NONE, PIC, SHUFFLED,
                     SLOF, ZLIB, ZSTD, array, chromatogram, cv, dictionary, document, numpress,
                     peaks, plain, precursor, spectrum, two, zstd_library, zstd_pack)
from vialtest import DATA, OK, SOAK, Part, case, check_refusal, main, run

LENGTH, UNKNOWN = "n_array_length", "n_unknown_array"



def facts_of(f, store="s.h5"):
    done = run("info", "--json", f / store)
    try:
        notes = json.loads(done.out)["notes"]
    except (ValueError, KeyError):
        return {}
    return {**notes["/"], **notes["source"]}


def back(t, f, what, text, options=(), facts=None, counters=None):
    """In and out again."""
    done = run("ingest", "-q", *options, "-o", f / "s.h5", f.write("x.mzML", text))
    if not t.check(done.code == OK and done.err == "", what,
                   f"exit code {done.code}: {done.err.strip()[:300]}"):
        f.clear("s.h5", "x.mzML")
        return
    done = run("export", "-q", f / "s.h5")
    t.check(done.code == OK and done.out == text, what,
            f"export: exit code {done.code}, {len(done.out)} bytes of {len(text)}: {done.err.strip()}")
    done = run("verify", f / "s.h5")
    t.check(done.code == OK and b", original text compared, " in done.out, what, f"verify: {done.err}")
    if facts or counters:
        said = facts_of(f)
        for key, want in {**(facts or {}), **(counters or {})}.items():
            t.check(str(said.get(key)) == str(want), what,
                    f"{key} is {said.get(key)!r}, expected {str(want)!r}")
    f.clear("s.h5", "x.mzML")


def refused(t, f, what, text, expected=(), places=("byte ",), options=()):
    done = run("ingest", "-q", *options, "-o", f / "s.h5", f.write("x.mzML", text))
    check_refusal(t, what, done, ["x.mzML", *places, *expected])
    t.check(f.names() == ["x.mzML"], what, f"left over: {f.names()}")
    f.clear(*f.names())


def either(t, f, what, text):
    """The rules leave it open: back exactly, or refused."""
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text))
    if done.code == OK:
        done = run("export", "-q", f / "s.h5")
        t.check(done.code == OK and done.out == text, what,
                f"export: exit code {done.code}, {len(done.out)} bytes of {len(text)}: {done.err.strip()}")
        f.clear("s.h5")
    else:
        check_refusal(t, what, done, ["x.mzML"])
        t.check(f.names() == ["x.mzML"], what, f"left over: {f.names()}")
    f.clear(*f.names())


def small(n=3, **more):
    return document([spectrum(i, two(10 + i, i), 10 + i, time=i) for i in range(n)], **more)


# ---- the document ----


def changed(*pairs):
    """A small document in which each old text is replaced by the new one behind it."""
    text = small(indexed=False)
    for old, new in zip(pairs[::2], pairs[1::2]):
        text = text.replace(old, new)
    return text


def documents():
    good = {
        "plain": small(), "no index": small(indexed=False), "no declaration": small(declaration=""),
        "BOM": small(bom=True), "CR LF": small(eol="\r\n"),
        "CR only": changed(b"\n", b"\r"), "no line breaks": small().replace(b"\n", b" "),
        "only chromatograms": document([], [chromatogram(i, two(4, i), 4, id=f"c{i}") for i in range(3)]),
        "both lists": document([spectrum(0, two(4), 4)], [chromatogram(0, two(4), 4)]),
        "spaces behind": small(indexed=False) + b" \n\t\r\n" * 10,
        "comment behind": small(indexed=False) + b"<!-- done -->\n",
        "instruction behind": small(indexed=False) + b"<?done now?>\n",
        "comments everywhere": changed(b"<run ", b"<!-- <run id='no'> & so on --><run ", b"<spectrum ",
                                       b"<!-- <spectrum id='none'> --><spectrum "),
        "instructions in records": changed(b"<binaryDataArrayList", b"<?x y?><binaryDataArrayList"),
        "single quotes": changed(b'"', b"'"),
        "blanks in tags": changed(b'" ', b'"\n\t ', b'="', b' = "', b"</spectrum>", b"</spectrum \n>"),
        "long empty elements": changed(b'/><binary>', b'></cvParam><binary>'),
        "an unknown element": changed(b"<binaryDataArrayList",
                                      b"<novelty x='1'><deep>text</deep></novelty><binaryDataArrayList"),
        "an unknown attribute": changed(b"<spectrum ", b"<spectrum novel='&lt;1&gt;' "),
        "unknown terms": changed(b"MS:1000130", b"XX:0000001", b"MS:1000127", b"MS:99999999"),
        "user params": changed(
            b"<binaryDataArrayList",
            b"<userParam name='a' type='xsd:string' value='&#233; &#x20AC; &amp;'/><binaryDataArrayList"),
        "a param twice": changed(b"<binaryDataArrayList",
                                 cv(1000285, "5").encode() * 2 + b"<binaryDataArrayList"),
        "latin-1 bytes under a UTF-8 header": small().replace(b'name="m/z array"', b'name="m/z \xe9\xdf"'),
        "windows-1252 bytes": changed(b'name="m/z array"', b'name="\x80\x93\x94"'),
        "latin-1 declared": changed(b"utf-8", b"ISO-8859-1", b'id="scan=', b'id="\xe9 scan='),
        "escapes of xs:ID": changed(b'<run id="r"', b'<run id="_x0031__x0020_a"'),
        "entities in an id": document([spectrum(0, two(3), 3, id="a & <b> \"c\"")]),
        "references in values": changed(b'value="1"', b'value="&#49;"'),
        "optional attributes": document([
            spectrum(i, two(3), 3, attributes=' spotID="A1" dataProcessingRef="dp" sourceFileRef="SF"')
            for i in range(2)]),
        "no spectra in the list": (small(indexed=False, count=0).split(b"<spectrum ")[0] +
                                   b"</spectrumList></run></mzML>"),
        "an empty list tag": (small(indexed=False, count=0).split(b"<spectrumList")[0] +
                              b'<spectrumList count="0"/></run></mzML>'),
        "a long document head": changed(b"</fileDescription>",
                                        b"<contact>" + b"<userParam name='a'/>" * 20000 +
                                        b"</contact></fileDescription>"),
        "a long spectrum head": document([spectrum(0, two(3), 3, params=cv(1000285, "5") * 20000)]),
        "a scan that points": document([spectrum(0, two(3), 3), spectrum(1, two(3), 3, level=3, precursors=[
            precursor("400").replace("<precursor>", '<precursor spectrumRef="scan=1">'),
            precursor("500").replace("<precursor>",
                                     '<precursor sourceFileRef="S" externalSpectrumID="scan=9">')])]),
        "the same id twice": document([spectrum(i, two(3), 3, id="same") for i in range(3)]),
        "index out of order": document([spectrum(9 - i, two(3), 3, id=f"scan={i}") for i in range(3)]),
        "an empty id": document([spectrum(0, two(3), 3, id="")]),
        "no index attribute": changed(b' index="', b' x="'),
    }
    for what, text in good.items():
        yield case(back, what, text)
    text = small(indexed=False)

    def once(old, new):
        return text.replace(old, new, 1)

    bad = {
        "no document": (b"<?xml version='1.0'?>\n", ()),
        "another root": (b"<?xml version='1.0'?><mzXML><run/></mzXML>", ()),
        "text before the root": (b"hello " + text, ()), "text behind the root": (text + b"hello", ()),
        "a second root": (text + text[text.index(b"<mzML"):], ()),
        "an element behind the root": (text + b"<more/>", ()),
        "a DTD": (once(b"<mzML", b"<!DOCTYPE mzML [<!ENTITY a 'b'>]><mzML"), ("DTD",)),
        "an unknown reference": (once(b'value="1"', b'value="&novel;"'), ("&novel",)),
        "a bare ampersand": (once(b'value="1"', b'value="a & b"'), ()),
        "a reference to NUL": (once(b'value="1"', b'value="&#0;"'), ()),
        "a NUL": (once(b'value="1"', b'value="\0"'), ()),
        "a control letter": (once(b'value="1"', b'value="\1"'), ()),
        "'<' in a value": (once(b'value="1"', b'value="<1"'), ("'<'",)),
        "an attribute twice": (once(b'index="0"', b'index="0" index="0"'), ("twice",)),
        "no quotes": (once(b'index="0"', b"index=0"), ("quotes",)),
        "no blank between attributes": (once(b'index="0" ', b'index="0"'), ()),
        "end tags crossed": (once(b"</binary></binaryDataArray>", b"</binaryDataArray></binary>"), ()),
        "an end tag too many": (once(b"</spectrum>", b"</spectrum></spectrum>"), ("</spectrum>",)),
        "an end tag missing": (once(b"</spectrum>", b""), ()),
        "a spectrum in a spectrum": (
            once(b"<binaryDataArrayList", b"<spectrum id='x' defaultArrayLength='0'/><binaryDataArrayList"),
            ("<spectrum>",)),
        "a spectrum outside its list": (
            text.replace(b"</spectrumList>",
                         b"</spectrumList><spectrum index='9' id='x' defaultArrayLength='0'/>"),
            ("misplaced <spectrum>",)),
        "two lists": (
            text.replace(b"</spectrumList>", b"</spectrumList><spectrumList count='0'></spectrumList>"),
            ("a second <spectrumList>",)),
        "two runs": (text.replace(b"</run>", b"</run><run id='b'></run>"), ("a second <run>",)),
        "a list outside the run": (text.replace(b"</run>", b"</run><spectrumList count='0'></spectrumList>"),
                                   ()),
        "no id": (once(b' id="scan=1"', b""), ("spectrum without id",)),
        "no defaultArrayLength": (once(b' defaultArrayLength="10"', b""), ("without defaultArrayLength",)),
        "defaultArrayLength is no number": (once(b'Length="10"', b'Length="ten"'), ("ten",)),
        "defaultArrayLength is negative": (once(b'Length="10"', b'Length="-1"'), ("-1",)),
        "an id that would be a line of its own": (
            once(b'id="scan=1"', b'id="a\nvial: all is well&#x202e;\x1b"'), ()),
        "an id with a line end, an array that is no base64": (
            text.replace(b'id="scan=1"', b'id="a&#10;vial: all is\xc2\xad well\xe2\x80\xae"')
            .replace(b"<binary>", b"<binary>*", 1),
            ("'a\\nvial: all is\\xc2\\xad well\\xe2\\x80\\xae'",)),
        "an unknown group": (
            once(b"<binaryDataArrayList", b"<referenceableParamGroupRef ref='gone'/><binaryDataArrayList"),
            ("gone",)),
        "a comment without end": (text.replace(b"</run>", b"<!-- </run>"), ()),
        "CDATA without end": (once(b"</binary>", b"<![CDATA[</binary>"), ()),
        "imzML": (
            text.replace(b"MS:1000576", b"IMS:1000101")
            .replace(b'accession="MS:1000574"', b'accession="IMS:1000101"', 1),
            ("imzML",)),
        "mzMLb": (once(b'accession="MS:1000574"', b'accession="MS:1002841"'), ("mzMLb",)),
        "UTF-16": (text.decode("latin-1").encode("utf-16"), ()),
        "deep nesting": (once(b"<binaryDataArrayList",
                              b"<a>" * 5000 + b"</a>" * 5000 + b"<binaryDataArrayList"), ("deeper",)),
    }
    for what, (data, expected) in bad.items():
        yield case(refused, what, data, expected,
                places=() if what in ("no document", "another root", "text before the root",
                                      "UTF-16") else ("byte ",))
    both = small(indexed=False)
    yield case(either, "no lists", both[:both.index(b"<spectrumList")] + both[both.index(b"</run>"):])
    yield case(either, "no run", both[:both.index(b"<run")] + b"</mzML>")
    yield case(either, "CDATA between elements",
           both.replace(b"<binaryDataArrayList", b"<![CDATA[ ]]><binaryDataArrayList", 1))
    yield case(either, "chromatograms first",
           document([spectrum(0, two(3), 3)], [chromatogram(0, two(3), 3)], indexed=False))
    yield case(either, "a namespace prefix",
           text.replace(b"<mzML xmlns=", b"<p:mzML xmlns:p=").replace(b"</mzML>", b"</p:mzML>"))


def containers(t, f):
    text = small(20)
    for what, data in {"gzip": gzip(text), "BGZF": bgzf(text, 3000), "zstd": zstd(text, 999),
                       "gzip members": gzip(text[:500]) + gzip(text[500:])}.items():
        done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", data))
        t.check(done.code == OK and run("export", "-q", f / "s.h5").out == text, what, done.err)
        t.check(facts_of(f).get("checksum") == "ok" and facts_of(f).get("index") == "ok", what,
                f"facts {facts_of(f)}")
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", "-", stdin=data)
        t.check(done.code == OK and run("export", "-q", f / "s.h5").out == text, f"{what}, standard input",
                done.err)
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


def arrays():
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
        "terms in every order": [array(MZ, mz, params=terms[a] + terms[b] + terms[c])
                                 for a, b, c in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1),
                                                 (2, 1, 0))],
        "numpress without a type": [array(MZ, mz, LINEAR, params=dtype_missing)],
        "line breaks in base64": [array(MZ, mz, text="\n" + wrapped + "\n   ", said=len(text))],
        "a blank in base64": [array(MZ, mz, text=text[:40] + " " + text[40:])],
        "CR LF in base64": [array(MZ, mz, text=wrapped.replace("\n", "\r\n"))],
        "CDATA around base64": [array(MZ, mz, text=f"<![CDATA[{text}]]>")],
        "a comment in base64": [array(MZ, mz, text=text[:8] + "<!-- x -->" + text[8:])],
        "a reference in base64": [array(MZ, mz, text=f"&#{ord(text[0])};" + text[1:])],
        "padding left out": [array(MZ, mz[:2], NONE, text=b64(mz[:2].tobytes()).rstrip("="))],
        "padding bits set": [array(MZ, mz[:2], NONE, text=b64(mz[:2].tobytes())[:-3] + "B==")]
        if b64(mz[:2].tobytes()).endswith("==") else [],
        "wrong encodedLength": [array(MZ, mz, said=7)],
        "no encodedLength": [array(MZ, mz).replace(f' encodedLength="{len(array(MZ, mz, NONE))}"', "")],
        "arrayLength": [array(MZ, mz[:7], attributes=' arrayLength="7"'), array(INTENSITY, intensity)],
        "dataProcessingRef": [array(MZ, mz, attributes=' dataProcessingRef="dp"')],
        "no terms but the type": [array(MZ, mz, NONE, params=cv(F64) + cv(NONE))],
        "no compression term": [array(MZ, mz, NONE, params=cv(F64) + cv(MZ))],
        "a non-standard array": [array(1000786, mz,
                                       params=cv(F64) + cv(ZLIB) +
                                       cv(1000786, "my own", name="non-standard data array"))],
        "descending": [array(MZ, mz[::-1].copy())], "all the same": [array(MZ, numpy.full(30, 5.0))],
        "repeated": [array(MZ, numpy.sort(numpy.round(mz, -2)))],
        "block-wise ascending": [array(MZ, numpy.concatenate([mz[:15], mz[:15]]))],
        "zlib of zeros": [array(INTENSITY, numpy.zeros(30, "<f4"))],
        "stored blocks": [array(MZ, mz, level=0)],
    }
    for what, some in good.items():
        if some:
            yield case(back, what, one(*some, n=30 if "padding" not in what else 2))
    empty = {
        "<binary/>": array(MZ, none, text="").replace("<binary></binary>", "<binary/>"),
        "<binary></binary>": array(MZ, none, text=""),
        "no <binary>": array(MZ, none, text="").replace("<binary></binary>", ""),
        "blanks in <binary>": array(MZ, none, text="\n  "),
        "a zlib stream of nothing": array(MZ, none), "nothing, not compressed": array(MZ, none, NONE),
        "a comment in <binary>": array(MZ, none, text="<!-- none -->"),
    }
    if zstd_library():
        empty["a zstd frame of nothing"] = array(MZ, none, ZSTD)
    for what, a in empty.items():
        yield case(back, f"empty array, {what}", one(a, n=0))
    yield case(back, "no arrays at all", document([spectrum(i, [], 0) for i in range(3)]))
    yield case(back, "no arrays, yet a length", document([spectrum(i, [], 1000) for i in range(3)]))
    yield case(back, "300 arrays", one(*[array(1000786, mz) for _ in range(300)], n=30))
    strings = b"alpha\0beta\0\0"
    yield case(back, "strings",
         one(array(1000786, mz, packed=zlib.compress(strings),
                   params=cv(ASCII) + cv(ZLIB) + cv(1000786, "names")), n=3))
    for value, dtype in ((0.0, "<f8"), (-0.0, "<f4")):
        yield case(back, f"{value} {dtype}", one(array(MZ, numpy.full(30, value, dtype)), n=30))
    bits = numpy.random.default_rng(2).integers(0, 2 ** 64, 30, dtype="<u8")
    yield case(back, "any bits",
         one(array(MZ, bits.view("<f8")), array(INTENSITY, bits.view("<f4")[:30].copy()),
             array(CHARGE, bits.view("<i8")), n=30))
    for coding in CODINGS:
        if CODINGS[coding][0] == "zstd" and not zstd_library():
            continue
        yield case(back, f"coding {coding}",
             document([spectrum(i, two(40 + i, i, coding), 40 + i) for i in range(8)]))

    # what contradicts itself is kept as it is, and counted
    odd = {
        "one value more": (array(MZ, peaks(31)[0]), LENGTH),
        "one value fewer": (array(MZ, peaks(29)[0]), LENGTH),
        "one value more, not compressed": (array(MZ, peaks(31)[0], NONE), LENGTH),
        "half a value": (array(MZ, mz, NONE, text=b64(mz.tobytes()[:-4])), UNKNOWN),
        "half a value, zlib": (array(MZ, mz, packed=zlib.compress(mz.tobytes()[:-4])), UNKNOWN),
        "64-bit said, 32-bit there": (array(MZ, intensity, number=F64), LENGTH),
        "no values where some are expected": (array(MZ, mz, text=""), LENGTH),
        "no type": (array(MZ, mz, params=cv(ZLIB) + cv(MZ)), UNKNOWN),
        "arrayLength beyond all": (array(MZ, mz, attributes=' arrayLength="18446744073709551615"'), LENGTH),
        "numpress pic, too few": (array(MZ, mz, PIC, text=b64(numpress("pic", mz[:29]))), LENGTH),
    }
    bad = {
        "a letter that is not base64": ([array(MZ, mz, text="*" + text[1:])], "0x2a"),
        "base64 of 1 letter more": ([array(MZ, mz,
                                           text=text.rstrip("=") + "A" * (5 - len(text.rstrip("=")) % 4))],
                                           ""),
        "'=' in the middle": ([array(MZ, mz, text=text[:8] + "=" + text[9:])], ""),
        "a letter beyond ASCII": ([array(MZ, mz, text="\u20ac" + text[3:])], ""),
        "an element in <binary>": ([array(MZ, mz, text="<b/>" + text)], "element inside <binary>"),
        "zlib, cut": ([array(MZ, mz, packed=packed[:-9])], "zlib"),
        "zlib, a bit flipped": ([array(MZ, mz, packed=packed[:20] + bytes([packed[20] ^ 8]) + packed[21:])],
                                ""),
        "zlib, wrong Adler": ([array(MZ, mz, packed=packed[:-4] + b"abcd")], "zlib"),
        "zlib, no header": ([array(MZ, mz, packed=b"xx" + packed[2:])], "zlib"),
        "zlib, only a header": ([array(MZ, mz, packed=packed[:2])], "zlib"),
        "zlib with a dictionary": ([array(MZ, mz, packed=b"\x78\xbb" + packed[2:])], ""),
        "a bomb": ([array(MZ, mz, packed=zlib.compress(bytes(50_000_000)))], "30 expected"),
        "arrayLength is no number": ([array(MZ, mz, attributes=' arrayLength="x"')], "arrayLength"),
        "two <binary>": ([array(MZ, mz).replace("</binary>", "</binary><binary></binary>")],
                         "second <binary>"),
        "numpress linear, cut": ([array(MZ, mz, LINEAR, text=b64(numpress("linear", mz)[:-3]))], ""),
        "numpress linear, 9 bytes": ([array(MZ, mz, LINEAR, text=b64(bytes(9)))], ""),
        "numpress slof, odd": ([array(MZ, mz, SLOF, text=b64(numpress("slof", mz)[:-1]))], ""),
    }
    if zstd_library():
        frame = zstd_pack(mz.tobytes())
        bad["zstd, cut"] = ([array(MZ, mz, ZSTD, packed=frame[:-5])], "zstd")
        bad["zstd, no frame"] = ([array(MZ, mz, ZSTD, packed=b"hello there")], "zstd")
        bad["zstd, a bomb"] = ([array(MZ, mz, ZSTD, packed=zstd_pack(bytes(100_000_000)))], "expected")
        odd["a dictionary cut"] = (array(MZ, mz, DICTIONARY, packed=zstd_pack(dictionary(mz)[:-4])), LENGTH)
        bad["a dictionary with a wild index"] = ([array(MZ, mz, DICTIONARY,
                                                        packed=zstd_pack(dictionary(mz)[:-1] + b"\xff"))],
                                                        "index")
    for what, (some, expected) in bad.items():
        yield case(refused, what, one(*some, n=30),
                [expected, "scan=2"] if what not in ("arrayLength is no number", "two <binary>",
                                                     "an element in <binary>") else [expected])
    for what, (some, counter) in odd.items():
        yield case(back, what, one(some, n=30), counters={counter: 1})
    yield case(either, "zlib, bytes behind", one(array(MZ, mz, packed=packed + b"more"), n=30))
    yield case(either, "two zlib streams", one(array(MZ, mz, packed=packed + packed), n=30))
    yield case(either, "fixed point 0", one(array(MZ, mz[:1], LINEAR, text=b64(bytes(12))), n=1))
    yield case(either, "half a value more in zlib", one(array(MZ, mz[:1], packed=tail), n=1))
    counted = one(array(MZ, mz, said=7), array(INTENSITY, intensity, said=0), n=30)
    yield case(back, "encodedLength is counted", counted, counters={"n_encoded_length": 2})
    yield case(back, "no numbers where numbers belong",
         one(*two(30), n=30, params=cv(1000285, "much") + cv(1000504, "")), counters={"n_not_a_number": 2})
    yield case(back, "a time without unit", document([spectrum(0, two(4), 4, time="5", unit="")]),
         counters={"n_time_without_unit": 1})


# ---- facts ----


def facts():
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
        "all ok": (text, ok), "all ok, BOM": (bom, ok), "all ok, CR LF": (small(eol="\r\n"), ok),
        "upper case": (upper, ok),
        "both lists": (document([spectrum(0, two(4), 4)], [chromatogram(0, two(4), 4)]),
                       {**ok, "chromatogram_count": "ok"}),
        "only chromatograms": (document([], [chromatogram(0, two(4), 4)]),
                               {"spectrum_count": "absent", "chromatogram_count": "ok", "index": "ok",
                                "checksum": "ok"}),
        "absent": (lone, {"index": "absent", "checksum": "absent"}),
        "no checksum": (small(checksum="none"), {"index": "ok", "checksum": "absent"}),
        "checksum 0": (small(checksum="0"), {"checksum": "placeholder"}),
        "checksum MD5": (small(checksum=md5), {"checksum": "placeholder"}),
        "checksum of zeros": (small(checksum="0" * 40), {"checksum": "placeholder"}),
        "checksum empty": (small(checksum=""), {"checksum": "placeholder"}),
        "checksum in text": (small(checksum="unknown"), {"checksum": "placeholder"}),
        "checksum of another file": (small(checksum="a" * 40), {"checksum": "mismatch", "index": "ok"}),
        "checksum with blanks": (text.replace(checksum, b"\n " + checksum + b" "), {"checksum": "ok"}),
        "checksum without the BOM": (bom[:bom.index(b"<fileChecksum>") + 14] + without +
                                     bom[bom.index(b"</fileChecksum>"):], {"checksum": "mismatch"}),
        "a changed byte": (text.replace(b'version="1"', b'version="2"', 1),
                           {"checksum": "mismatch", "index": "ok"}),
        "offsets moved": (small(shift=1), {"index": "mismatch", "checksum": "ok"}),
        "one offset wrong": (text.replace(b">" + offset + b"<", b">1<", 1),
                             {"index": "mismatch", "checksum": "mismatch"}),
        "indexListOffset wrong": (text.replace(b">" + at + b"<", b">7<"), {"index": "mismatch"}),
        "an id wrong": (text.replace(b'idRef="scan=2"', b'idRef="scan=9"'), {"index": "mismatch"}),
        "an entry missing": (text.replace(b'<offset idRef="scan=1">' + offset + b"</offset>", b""),
                             {"index": "mismatch"}),
        "an entry twice": (text.replace(b'<offset idRef="scan=1">' + offset + b"</offset>",
                                        b'<offset idRef="scan=1">' + offset + b"</offset>" +
                                        b'<offset idRef="scan=1">' + offset + b"</offset>"),
                                        {"index": "mismatch"}),
        "an offset that is none": (text.replace(b">" + offset + b"<", b">x<", 1), {"index": "mismatch"}),
        "an empty index": (text.split(b"<offset")[0] + b"</index>" + text.split(b"</index>")[1],
                           {"index": "absent"}),
        "count 9": (small(count=9), {"spectrum_count": "mismatch: 9 said, 3 found", "checksum": "ok"}),
        "count no number": (small(count="x"), {"spectrum_count": "mismatch: no number"}),
        "no count": (lone.replace(b' count="3"', b""), {"spectrum_count": "absent"}),
    }
    for what, (data, want) in cases.items():
        yield case(back, f"facts: {what}", data, facts=want)
    before, behind = text.split(b"<indexListOffset>")[0], text.split(b"</indexListOffset>")[1]
    nil = (before + b'<indexListOffset xsi:nil="true" '
           b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>' + behind)
    yield case(back, "facts: indexListOffset nil", nil)
    yield case(refused, "two checksums",
            text.replace(b"<fileChecksum>", b"<fileChecksum>0</fileChecksum><fileChecksum>"),
            ["a second <fileChecksum>"])


# ---- other encoders ----


ENCODERS = {
    "window 12": dict(wbits=12), "window 9": dict(wbits=9), "memory 9": dict(memory=9),
    "memory 1": dict(memory=1), "memory 9, level 9": dict(memory=9, level=9),
    "filtered": dict(strategy=1), "Huffman only": dict(strategy=2), "run lengths": dict(strategy=3),
    "fixed codes": dict(strategy=4),
    "level 3 in flushes": dict(level=3, flush=zlib.Z_SYNC_FLUSH, every=100),
    "full flushes": dict(flush=zlib.Z_FULL_FLUSH, every=777),
    "one flush at the end": dict(flush=zlib.Z_SYNC_FLUSH, every=1 << 30),
}


def coded(n, seed, pack_one):
    mz, intensity = peaks(n, seed)
    return [array(kind, v, packed=pack_one(v.tobytes()))
            for kind, v in ((MZ, numpy.round(mz, 3)), (INTENSITY, numpy.round(intensity)))]


def encoders():
    for level in range(10):
        text = document([spectrum(i, coded(100 + 40 * i, i, lambda d: zlib.compress(d, level)), 100 + 40 * i)
                         for i in range(12)])
        yield case(back, f"zlib level {level}", text, counters={"n_kept_stream": 0})
    for what, how in ENCODERS.items():
        text = document([spectrum(i, coded(200 + 40 * i, i, lambda d: deflated(d, **how)), 200 + 40 * i)
                         for i in range(12)])
        yield case(back, f"zlib, {what}", text)
    if zstd_library():
        for level in (1, 3, 9, 19, 22):
            text = document([spectrum(i, two(200 + i, i, (ZSTD, SHUFFLED)[i % 2], level), 200 + i)
                             for i in range(6)])
            yield case(back, f"zstd level {level}", text)
    mixed = [spectrum(i, coded(150 + i, i, lambda d: zlib.compress(d, 1 + i % 9)), 150 + i)
             for i in range(90)]
    yield case(back, "a level of its own for each", document(mixed), counters={"n_kept_stream": 0})
    halves = [spectrum(i,
                       coded(150 + i, i,
                             (lambda d: zlib.compress(d, 6)) if i < 45
                             else (lambda d: deflated(d, memory=9))), 150 + i) for i in range(90)]
    yield case(back, "two writers in one document", document(halves), counters={"n_kept_stream": 0})
    yield from hidden()


def deflaters(t, f):
    """Whoever deflated the arrays, the store is hardly larger than with zlib as it is everywhere."""
    sizes = {}
    for what, how in {"zlib": {}, **ENCODERS}.items():
        text = document([spectrum(i, coded(2000, i, lambda d: deflated(d, **how)), 2000) for i in range(40)])
        back(t, f, f"deflater {what}", text)
        done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", text))
        kept = facts_of(f).get("n_kept_stream") if done.code == OK else None
        sizes[what] = os.path.getsize(f / "s.h5"), kept
        f.clear("s.h5", "x.mzML")
    stock = sizes["zlib"][0]
    for what in ("memory 9", "memory 9, level 9", "filtered", "level 3 in flushes", "one flush at the end"):
        size, kept = sizes[what]
        good = str(kept) == "0" and size <= 1.06 * stock
        t.check(good, what, f"{size} bytes, {stock} of zlib; {kept} streams kept")


def hidden():
    """One odd array among 100 normal ones."""
    for what, how in {"memory 4": dict(memory=4), "flushes": dict(flush=zlib.Z_SYNC_FLUSH, every=500),
                      "level 5": dict(level=5), "level 9": dict(level=9), "window 12": dict(wbits=12),
                      "Huffman only": dict(strategy=2), "filtered": dict(strategy=1)}.items():
        for place in (0, 40, 63, 64, 99) if what in ("memory 4", "flushes") else (0, 40):
            spectra = [spectrum(i, coded(180 + i, i, lambda d: deflated(d, **(how if i == place else {}))),
                                180 + i) for i in range(100)]
            yield case(back, f"hidden at {place}: {what}", document(spectra))


# ---- cut off ----


def cut(t, f, kind, data, places):
    whole = data.rstrip()
    for at in places:
        what, name = f"cut: {kind} at {at} of {len(data)}", f"{kind}.{at}"
        done = run("ingest", "-q", "-@", 1, "-o", f / "s.h5", f.write(name, data[:at]))
        if kind != "gzip" and at >= len(whole):
            got = run("export", "-q", f / "s.h5")
            t.check(done.code == OK and got.code == OK and got.out == data[:at], what,
                    f"exit code {done.code}: {done.err.strip()}")
        else:
            lines = done.err.splitlines()
            good = done.code == DATA and len(lines) == 1 and f"{name}: " in done.err
            t.check(good, what,
                    f"exit code {done.code}: {done.err.strip()[:200]}; ends {data[max(0, at - 20):at]!r}")
            t.check("s.h5" not in f.names(), what, "left a store")
        f.clear("s.h5", name)
        t.check(f.names() == [], what, f"left over: {f.names()[:5]}")
        f.clear(*f.names())


def cuts():
    """Documents cut at every byte, in some runs of places each."""
    arrays_ = [array(MZ, numpy.array([100.5, 200.25]), NONE), array(INTENSITY, numpy.array([1, 2], "<f4"))]
    plain_one = document([spectrum(0, arrays_, 2)], indexed=False, shell=False) + b"\n \n"
    indexed = document([spectrum(0, arrays_[:1], 2)], shell=False)
    packed = gzip(plain_one)
    for kind, data, places in (("plain", plain_one, range(len(plain_one))),
                               ("indexed", indexed, range(indexed.index(b"</mzML>"), len(indexed))),
                               ("gzip", packed, range(0, len(packed), 1 if SOAK else 4))):
        for i in range(0, len(places), 100):
            yield Part(f"cut {kind} {i}", cut, (kind, data, places[i:i + 100]))


if __name__ == "__main__":
    main(containers, *documents(), *arrays(), *facts(), deflaters, *encoders(), *cuts())
