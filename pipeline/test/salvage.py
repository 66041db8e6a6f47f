"""
`ingest --salvage`: of an input that is damaged, the whole records before its damage: cut anywhere, a byte
wrong, its packing cut or wrong, mates that are damaged apart. What comes back is what stood before; the store
says so; and what is whole comes in as ever.

Suites: reads spectra. Also: asan.
"""
import gzip
import json
import os
import re

from bammodel import header, record
from banktest import Bank, mzml
from containers import bgzf, zstd
from fqmodel import reads
from vialtest import DATA, OK, USAGE, main, of_threads, run

MGF = b"".join(b"BEGIN IONS\nTITLE=t%d\nPEPMASS=%d.5\n100.5 %d\n200.25 7\nEND IONS\n\n" % (i, 300 + i, i + 1)
               for i in range(40))
SAM = b"@SQ\tSN:c\tLN:9000\n" + b"".join(
    b"r%d\t0\tc\t%d\t60\t9M\t*\t0\t0\tACGTACGTA\tIIIIIIIII\n" % (i, i + 1) for i in range(300))
MZXML = (b'<?xml version="1.0"?>\n<mzXML xmlns="http://sashimi.sourceforge.net/schema_revision/mzXML_3.2">\n'
         b'<msRun scanCount="40">\n' +
         b"".join(b'<scan num="%d" msLevel="1" peaksCount="1">\n<peaks precision="32" byteOrder="network" '
                  b'contentType="m/z-int">QsgAAEEgAAA=</peaks>\n</scan>\n' % (i + 1) for i in range(40)) +
         b"</msRun>\n</mzXML>\n")


def bam_records():
    return [record(b"u%d" % i, "ACGTTGCA" * 9, bytes([30]) * 72) for i in range(300)]


def texts():
    """name: (text, where its whole records end)"""
    out = {}
    for name, text, end in (("a.fastq", reads(300, seed=5), rb"(?:[^\n]*\n){4}"),
                            ("a.sam", SAM, rb"[^\n]*\n"), ("a.mzML", mzml(40), rb"(?s:.)*?</spectrum>"),
                            ("a.mzXML", MZXML, rb"(?s:.)*?</scan>"),
                            ("a.mgf", MGF, rb"(?s:.)*?END IONS\n")):
        out[name] = (text, [m.end() for m in re.finditer(end, text)])
    ends, at = [], len(header())
    for one in bam_records():
        at += len(one)
        ends.append(at)
    out["u.bam"] = (header() + b"".join(bam_records()), ends)
    return out


def info(store):
    return json.loads(run("info", "--json", store).out)


def salvaged(t, f, what, files, wanted, threads=2):
    """The files are refused, and salvaged; what comes back is what is wanted: a text, or two."""
    f.clear("s.h5")
    done = run("ingest", "-q", "-o", f / "s.h5", *files)
    if not t.check(done.code == DATA and not os.path.exists(f / "s.h5"), f"{what}: refused", str(done)):
        return
    why = done.err.strip()
    done = run("ingest", "-q", "-@", threads, "--salvage", "-o", f / "s.h5", *files)
    if not t.check(done.code == OK and "not whole" in done.err, what, str(done)):
        return
    notes = info(f / "s.h5")["notes"]["source"]
    t.check(why.endswith(notes["salvaged"]), f"{what}: the store says why", f"{notes['salvaged']} {why}")
    outputs = ("-1", f / "o1", "-2", f / "o2") if len(wanted) == 2 else ("-o", f / "o1")
    done = run("export", "-q", "--force", f / "s.h5", *outputs)
    got = [f.read(f"o{i + 1}") for i in range(len(wanted))]
    t.check(done.code == OK and got == wanted, f"{what}: what stood before",
            f"{done.err} {[len(x) for x in got]} {[len(x) for x in wanted]}")
    done = run("verify", "-q", f / "s.h5")
    t.check(done.code == OK, f"{what}: verify", done.err)


def plain(text):
    return text


PACKINGS = {"plain": plain, "gzip": gzip.compress, "BGZF": lambda x: bgzf(x, 4000), "zstd": zstd}


def cut(t, f):
    """Each format, cut within a record: all before it."""
    for name, (text, ends) in texts().items():
        for at in t.some((1, len(ends) // 2, len(ends) - 1)):
            size = (ends[at - 1] + ends[at]) // 2
            if name.endswith(".bam"):
                file = f.write(name, bgzf(text[:size], 4000))
            else:
                file = f.write(name, text[:size])
            for threads in of_threads(1, 3):
                salvaged(t, f, f"{name} cut at record {at}", [file], [text[:ends[at - 1]]], threads)


def packed(t, f):
    """The packing is cut, or has a byte that is wrong: what is kept are records of before, and not few."""
    text = reads(3000, seed=6)
    ends = {0} | {m.end() for m in re.finditer(rb"(?:[^\n]*\n){4}", text)}
    for how, pack in PACKINGS.items():
        whole = pack(text)
        for what in ("cut", "wrong"):
            data = bytearray(whole[:len(whole) * 2 // 3])
            if what == "wrong":
                data = bytearray(whole)
                data[len(whole) * 2 // 3:len(whole) * 2 // 3 + 40] = bytes(40)
            f.clear("s.h5")
            file = f.write("a.fq", bytes(data))
            done = run("ingest", "-q", "-o", f / "s.h5", file)
            t.check(done.code == DATA, f"{how} {what}: refused", str(done))
            done = run("ingest", "-q", "--salvage", "-o", f / "s.h5", file)
            if not t.check(done.code == OK, f"{how} {what}", str(done)):
                continue
            got = run("export", "-q", f / "s.h5", "-o", "-").out
            n = len(os.path.commonprefix((got, text)))
            t.check(n == len(got) and n in ends, f"{how} {what}: records of before", f"{len(got)} {n}")
            t.check(n > len(text) // 2 or how == "zstd", f"{how} {what}: not few", f"{n} of {len(text)}")
            t.check(run("verify", "-q", f / "s.h5").code == OK, f"{how} {what}: verify")
            one = info(f / "s.h5")
            t.check(one["notes"]["source/0"]["bytes"] == len(data), f"{how} {what}: bytes", str(one["notes"]))


def wrong(t, f):
    """A byte is wrong, and the file goes on."""
    for name, (text, ends) in texts().items():
        if name.endswith((".bam", ".mgf")):
            continue
        at = ends[len(ends) // 2 - 1]
        bad = {"a.fastq": b"\0", "a.sam": b"\tx\t\t"}.get(name, b"<<")
        file = f.write(name, text[:at] + text[at:at + 9] + bad + text[at + 9 + len(bad):])
        salvaged(t, f, f"{name}, wrong", [file], [text[:at]])


def mates(t, f):
    """Mates end together, whichever is damaged and however much longer the other is."""
    one, two = reads(20000, seed=7, mate=1), reads(20000, seed=7, mate=2)
    ends = [[m.end() for m in re.finditer(rb"(?:[^\n]*\n){4}", x)] for x in (one, two)]
    for what, texts_of, n in (("R1 cut", (one[:ends[0][100] + 5], two), 101),
                              ("R2 cut", (one, two[:ends[1][9000] + 7]), 9001),
                              ("R2 ends", (one, two[:ends[1][8000]]), 8001),
                              ("both", (one[:ends[0][70] + 5], two[:ends[1][60] + 5]), 61)):
        files = [f.write(f"R{i + 1}.fq", x) for i, x in enumerate(texts_of)]
        salvaged(t, f, what, files, [one[:ends[0][n - 1]], two[:ends[1][n - 1]]])


def whole(t, f):
    """What is whole comes in as without; what has nothing whole is refused as without; and what cannot be."""
    file = f.write("a.fq", reads(300))
    stores = []
    for more in ((), ("--salvage", )):
        done = run("ingest", "-q", *more, "-o", f / "s.h5", "--force", file)
        t.check(done.code == OK and not done.err, f"whole {more}", done.err)
        stores.append(f.read("s.h5"))
    t.check(stores[0] == stores[1], "the same store")
    f.clear("s.h5")
    for name, text in (("n.fq", b"@r\nACGT\n+\nII"), ("n.mzML", mzml(3)[:900]),
                       ("n.gz", gzip.compress(b"x")[:9])):
        file = f.write(name, text)
        said = [run("ingest", "-q", *more, "-o", f / "s.h5", file) for more in ((), ("--salvage", ))]
        t.check(said[0] == said[1] and said[0].code != OK and not os.path.exists(f / "s.h5"),
                f"{name}: nothing", str(said))
    file = f.write("a.fq", reads(300)[:-9])
    for words, files, more in (("no pipe", ["-"], ()), ("none in a row", [f"{file},{file}"], ()),
                               ("cannot give it back", [file], ("--original", "now"))):
        done = run("ingest", "-q", "--salvage", *more, "-o", f / "s.h5", *files, stdin=reads(3))
        t.check(done.code == USAGE and words in done.err, words, str(done))
    bank = Bank(f)
    done = bank.run("ingest", "-q", "--salvage", "-s", "S", file)
    t.check(done.code == USAGE and "-o STORE" in done.err, "a bank", str(done))


if __name__ == "__main__":
    main(cut, packed, wrong, mates, whole)
