"""
Files that instruments and other people's tests made: well-formed ones come back byte for byte, the others are
refused.

The folder is VIAL_SHARED (default ../shared/data). What a well-formed FASTQ is, fqmodel.py decides on its
own; an mzML or mzXML is well-formed when it parses as XML, its root is theirs, and its arrays are not kept in
another file. All MGF that is there is well-formed. One line is printed for each refused file.

Suites: reads spectra.
"""
import glob
import os
import re
import xml.etree.ElementTree as xml
import zlib

from fqmodel import legal, parse, parse_pairs
from vialtest import OK, SHARED, SOAK, Part, check_refusal, main, run

READS = ("fastq/**/*.f*q*", "pacbio/**/*.f*q*", "nanopore/**/*.f*q*", "bcl/**/fastq/*.fastq",
         "malformed/**/*.f*q*")
SPECTRA = ("massspec/**/*", "malformed/**/*mz*")
# the two names of a pair differ in one of these, the last such place counts
MATE = re.compile(r"(?<![A-Za-z0-9])([Rr]?)1(?=[._-])(?!.*(?<![A-Za-z0-9])[Rr]?1[._-])|([Rr])1(?=[._-])")



def plain(path):
    """The text of a file, or None when its compression is damaged."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] != b"\x1f\x8b":
        return data
    out = []
    while data:
        if not data.strip(b"\0"):
            break
        member = zlib.decompressobj(31)
        try:
            out.append(member.decompress(data))
        except zlib.error:
            return None
        if not member.eof:
            return None
        data = member.unused_data
    return b"".join(out)


def short(path):
    return os.path.relpath(path, SHARED)


def attempt(t, f, what, paths, texts, good):
    """One file or one pair through vial; good says what must become of it."""
    done = run("ingest", "-q", "-o", f / "s.h5", *paths, timeout=300)
    if done.code == OK:
        if t.check(good, what, "accepted, but it is not well-formed"):
            if len(texts) == 2:
                back = run("export", "-q", f / "s.h5", "-1", f / "1", "-2", f / "2")
                t.check(back.code == OK and [f.read("1"), f.read("2")] == texts, what,
                        f"export differs: {back.err}")
            else:
                back = run("export", "-q", f / "s.h5")
                t.check(back.code == OK and back.out == texts[0], what, f"export differs: {back.err}")
    elif t.check(not good, what, f"refused, but it is well-formed: {done.err.strip()}"):
        if check_refusal(t, what, done, ()):
            print("refused " + ("as a pair: " if len(texts) == 2 else "") +
                  done.err.strip()[6:].replace(SHARED + "/", ""))
    f.clear("s.h5", "1", "2")
    t.check(f.names() == [], what, f"left over: {f.names()}")
    for name in f.names():
        f.clear(name)


def legal_reads(model, texts):
    return None not in texts and legal(model, *texts)


def thin_out(paths, most=60):
    """At most so many files of each folder: a run folder's hundreds of samples are much alike."""
    seen = {}
    for path in paths:
        seen.setdefault(os.path.dirname(path), []).append(path)
    return sorted(path for group in seen.values() for path in group[:most])


def read_files():
    paths = sorted({p for pattern in READS for p in glob.glob(f"{SHARED}/{pattern}", recursive=True)
                    if re.search(r"\.(fq|fastq)(\.gz)?$", p) and os.path.isfile(p)})
    return paths if SOAK else thin_out(paths)


def one_file(t, f, path):
    texts = [plain(path)]
    attempt(t, f, short(path), [path], texts, legal_reads(parse, texts))


def one_pair(t, f, path, second):
    texts = [plain(path), plain(second)]
    attempt(t, f, f"pair {short(path)} {os.path.basename(second)}", [path, second], texts,
            legal_reads(parse_pairs, texts))


def reads_parts():
    paths = read_files()
    yield Part("enough reads", enough, (paths,))
    for path in paths:
        yield Part(short(path), one_file, (path,))
        name = os.path.basename(path)
        mate = MATE.sub(lambda m: (m.group(1) or m.group(2) or "") + "2", name)
        second = os.path.join(os.path.dirname(path), mate)
        if mate != name and os.path.exists(second):
            yield Part(f"pair {short(path)}", one_pair, (path, second))


def enough(t, _, paths):
    t.check(len(paths) > 20, "reads", f"only {len(paths)} files")


def legal_spectra(path, text):
    if text is None:
        return False
    if path.lower().endswith(".mgf"):
        return True
    try:
        root = xml.fromstring(text)
    except (xml.ParseError, ValueError, LookupError):
        return False
    return root.tag.split("}")[-1] in ("mzML", "indexedmzML", "mzXML")


def one_document(t, f, path):
    texts = [plain(path)]
    if path.lower().endswith(".imzml"):  # its arrays lie in the file beside it
        texts.append(plain(path[:-5] + "ibd"))
    attempt(t, f, short(path), [path], texts, legal_spectra(path, texts[0]))


def spectra_parts():
    paths = sorted({p for pattern in SPECTRA for p in glob.glob(f"{SHARED}/{pattern}", recursive=True)
                    if re.search(r"mzx?ml(\.gz|\.idx\.gz)?$|\.idx\.gz$|\.mgf$", p.lower())
                    and os.path.isfile(p)})
    for path in paths:
        yield Part(short(path), one_document, (path,))
    if not paths:
        yield Part("no spectra", nothing, ("no mzML files",))


def nothing(t, _, why):
    t.skip(why)


if __name__ == "__main__":
    if os.path.isdir(SHARED):
        main(*reads_parts(), *spectra_parts())
    else:
        main(Part("no files", nothing, (f"there is no folder {SHARED}; VIAL_SHARED names one",)))
