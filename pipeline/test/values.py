"""
A store that cannot give its original back, as vial 0.1 made some: it proved the compression of a sample of
the arrays. verify and export say so and name the arrays; export --values gives a valid document of the same
values; and where the original can be had, it gives that.

The store is testdata/stores/sampled/indexed.h5, of the document beside it.

Suites: spectra.
"""
import base64
import glob
import gzip
import hashlib
import re
import zlib

from banktest import Bank
from mzmodel import Document, same_bits
from vialtest import DATA, OK, main, run, check_refusal

STORE = "testdata/stores/sampled/indexed.h5"
ODD = [22, 23, 24, 25, 40, 41]  # rows of array; of spectra 11, 12 and 20
BINARY = re.compile(rb'(<binaryDataArray encodedLength=")(\d+)(".*?<binary>)([^<]*)', re.S)
OFFSET = re.compile(rb'<offset idRef="([^"]*)">(\d+)</offset>')


def original():
    with gzip.open("testdata/stores/sampled/indexed.mzML.gz") as file:
        return file.read()


def skeleton(text):
    """A document without what --values may change."""
    text = BINARY.sub(rb"\1\3", text)
    return re.sub(rb"(<offset[^>]*|<indexListOffset|<fileChecksum)>[^<]*", rb"\1>", text)


def refusal(t, f):
    text = original()
    words = ["indexed.h5", f"{len(ODD)} of 52 rows of array", "22-25, 40-41", "--values"]
    check_refusal(t, "export", run("export", "-q", STORE, "-o", f / "x.mzML"), words)
    check_refusal(t, "export, gzip", run("export", "-q", STORE, "-o", f / "x.mzML.gz"), words)
    t.check(f.names() == [], "no file is left", f.names())
    done = run("export", "-q", STORE)
    check_refusal(t, "export to standard output", done, words)
    t.check(text.startswith(done.out) and done.out != text, "what was printed is part of the original")
    for options in ((), ("--deep",), ("-@", 1)):
        check_refusal(t, f"verify {options}", run("verify", "-q", *options, STORE), words)
    done = run("verify", "--quick", STORE)
    t.check(done.code == OK and b"text not made again" in done.out, "verify --quick says what it left out",
            done.err)
    t.check(run("verify", "--quick", "--deep", STORE).code == 64, "either quick or deep")


def check_index(t, text):
    """Every record has an entry, and there it stands; so do the index itself and the checksum."""
    entries = OFFSET.findall(text)
    tags = [(m[2], m.start()) for m in re.finditer(rb'<(spectrum|chromatogram) [^>]*?id="([^"]*)"', text)]
    t.check([(i, int(at)) for i, at in entries] == tags, "offsets", f"{entries[:3]}, {tags[:3]}")
    at = int(re.search(rb"<indexListOffset>(\d+)<", text)[1])
    t.check(text[at:].startswith(b"<indexList "), "indexListOffset", at)
    said = re.search(rb"<fileChecksum>([^<]*)<", text)
    t.check(hashlib.sha1(text[:said.start(1)]).hexdigest().encode() == said[1], "fileChecksum", said[1])


def values(t, f):
    text = original()
    done = run("export", "--values", STORE, "-o", f / "x.mzML")
    if not t.check(done.code == OK, "export --values", done.err):
        return
    lines = done.err.splitlines()
    t.check("6 rows of array" in lines[0] and lines[1].endswith("array 22-25, 40-41"), "which differ",
            done.err)
    t.check("equal to the original" not in done.err, "nothing is claimed", done.err)
    got = f.read("x.mzML")
    was, now = BINARY.findall(text), BINARY.findall(got)
    t.check([i for i, (a, b) in enumerate(zip(was, now)) if a[3] != b[3]] == ODD, "just these differ")
    t.check(any(len(a[3]) != len(b[3]) for a, b in zip(was, now)), "the lengths differ, so that it is a test")
    t.check([zlib.decompress(base64.b64decode(a[3])) for a in was] ==
            [zlib.decompress(base64.b64decode(b[3])) for b in now], "the values are the same")
    t.check(all(int(b[1]) == len(b[3]) for b in now), "encodedLength")
    t.check(skeleton(text) == skeleton(got), "all else is as it was")
    check_index(t, got)
    old, new = Document(text), Document(got)
    t.check(len(old.spectra) == len(new.spectra) and
            all(same_bits(a, b) for x, y in zip(old.spectra, new.spectra)
                for a, b in zip(x.peaks(), y.peaks())), "peaks")
    more_ways(t, f, got)
    again(t, f, got)


def more_ways(t, f, got):
    """The same whatever it is written to, by however many threads."""
    for threads in (1, 3):
        done = run("export", "-q", "--values", "-@", threads, STORE)
        t.check(done.code == OK and done.out == got and "array 22-25, 40-41" in done.err,
                "standard output, quiet", done.err)
    done = run("export", "-q", "--values", STORE, "-o", f / "y.mzML.gz")
    t.check(done.code == OK and gzip.decompress(f.read("y.mzML.gz")) == got, "gzip", done.err)
    f.clear("y.mzML.gz")


def again(t, f, got):
    """It comes in again as a good document, and --values of that store is the document."""
    done = run("ingest", "-q", f / "x.mzML", "-o", f / "s.h5")
    t.check(done.code == OK and done.err == "", "ingest", done.err)
    info = run("info", f / "s.h5").out.decode()
    t.check(re.search(r"source +index +ok\n", info) and re.search(r"source +checksum +ok\n", info),
            "vial finds index and checksum good", info[-900:])
    for options in ((), ("--values",)):
        done = run("export", *options, f / "s.h5")
        t.check(done.code == OK and done.out == got and done.err == "", f"a good store {options}", done.err)


def good_stores(t, f):
    """--values of a store that can give its original is the original, whatever it says of itself."""
    for path in sorted(glob.glob("testdata/stores/v1/*/compact.h5")):
        plain, asked = run("export", "-q", path), run("export", "-q", "--values", path)
        t.check(plain.code == OK and asked == plain, path, asked.err)


def damaged(t, f):
    """Damage is no other compression: nothing is said to be whole, and no other values are given."""
    with open(STORE, "rb") as file:
        store = bytearray(file.read())
    want = run("export", "-q", "--values", STORE).out
    for _ in range(60):
        at = t.random.randrange(len(store))
        store[at] ^= 1 << t.random.randrange(8)
        f.write("s.h5", store)
        for options in ((), ("--values",)):
            done = run("export", "-q", *options, f / "s.h5")
            t.check(done.code == DATA and "whole" not in done.err or done.out == want,
                    f"byte {at} {options}", f"{done.code} {done.err}")
        with open(STORE, "rb") as file:
            store = bytearray(file.read())


def in_a_bank(t, f):
    """A quick check proves nothing of the original, and does not count."""
    bank = Bank(f)
    f.write("a.mzML", original())
    t.check(bank.run("ingest", "-q", "-s", "S1", f / "a.mzML").code == OK, "ingest")
    seen = lambda: bank.ls()[0]["verified"]
    done = bank.run("verify", "--all", "--quick")
    t.check(done.code == OK and b"1 store checked, texts not made again" in done.out and not seen(),
            "verify --all --quick", done.out)
    done = bank.run("verify", "--all")
    t.check(done.code == OK and b"1 store verified" in done.out and seen(), "verify --all", done.out)
    done = bank.run("verify", "--quick", "S1")
    t.check(done.code == OK and b"text not made again" in done.out, "verify --quick S1", done.err)


if __name__ == "__main__":
    main(refusal, values, good_stores, damaged, in_a_bank)
