"""
What vial says about stores and about itself: info as text and as JSON, help, and the exit codes of bad usage.

info --json is compared with what h5py sees in the file.

Suites: cmd.
"""
import hashlib
import json
import os
import re

import h5py
import numpy

from containers import bgzf
from fqmodel import interleave, reads
from mzmodel import chromatogram, document, spectrum, two
from vialtest import CANTCREAT, DATA, DOCUMENTED, NOINPUT, OK, USAGE, Part, check_refusal, main, run

TYPES_OF = {"u1": "u8", "u2": "u16", "u4": "u32", "u8": "u64", "i1": "i8", "i2": "i16", "i4": "i32",
            "i8": "i64", "f4": "f32", "f8": "f64"}


def datasets(store):
    """path: (type, elements, plain bytes, packed bytes, chunks)"""
    out = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and name != "digest":
            n = item.id.get_num_chunks() if item.chunks else 1
            packed = sum(item.id.get_chunk_info(i).size
                         for i in range(n)) if item.chunks else item.id.get_storage_size()
            out[name] = (TYPES_OF.get(item.dtype.str[1:]), item.size, item.size * item.dtype.itemsize, packed,
                         n)

    store.visititems(visit)
    return out


def same_note(said, value):
    """What is a number in the file is one in JSON."""
    if isinstance(said, int) or isinstance(value, numpy.integer):
        return isinstance(said, int) and isinstance(value, numpy.integer) and said == int(value)
    value = value.decode() if isinstance(value, bytes) else str(value)
    return said == value


def check_info(t, f, what, kind, rows, inputs, profile="compact", options=(), sample="", acquisition=""):
    done = run("ingest", "-q", "--profile", profile, *options, "-o", f / "s.h5", *inputs)
    if not t.check(done.code == OK, what, done.err):
        return None
    done = run("info", "--json", f / "s.h5")
    if not t.check(done.code == OK and done.err == "", what, done.err):
        return None
    try:
        said = json.loads(done.out)
    except ValueError as e:
        t.check(False, what, f"no JSON: {e}")
        return None
    t.check(done.out.isascii(), what, "JSON is not ASCII")
    size = os.path.getsize(f / "s.h5")
    for key, want in {"kind": kind, "profile": profile, "rows": rows,
                      "bytes_in": sum(map(os.path.getsize, inputs)), "bytes_store": size,
                      "sample": sample, "acquisition": acquisition,
                      "writer": run("version").out.split()[1].decode()}.items():
        t.check(said.get(key) == want, what, f"{key} is {said.get(key)!r}, expected {want!r}")
    t.check(re.fullmatch("[0-9a-f]{64}", said.get("digest", "")), what, f"digest {said.get('digest')!r}")
    with h5py.File(f / "s.h5", "r") as store:
        check_columns(t, what, said, store)
        check_notes(t, what, said, store)
    columns = said["columns"]
    packed, plain = sum(c["packed_bytes"] for c in columns), sum(c["plain_bytes"] for c in columns)
    t.check(packed <= size, what, f"{packed} packed bytes in a store of {size}")
    t.check(size - packed < 100000 + 2000 * len(columns), what, f"{packed} packed bytes in a store of {size}")
    t.check(plain > 0 and len({c["path"] for c in columns}) == len(columns), what, "a path twice")
    text = run("info", f / "s.h5")
    t.check(text.code == OK and text.err == "", what, text.err)
    lines = text.out.decode("utf-8", "replace")
    for part in [c["path"] for c in columns] + [kind, profile, f"{rows} rows",
                                                said["digest"]] + [os.path.basename(p) for p in inputs]:
        t.check(part in lines, what, f"info does not say {part!r}")
    t.check(run("info", "--json", f / "s.h5").out == done.out, what, "said otherwise the second time")
    return said


def check_columns(t, what, said, store):
    found = datasets(store)
    told = {c["path"]: c for c in said["columns"]}
    t.check(set(told) == set(found), what, f"columns differ: {sorted(set(told) ^ set(found))}")
    for path in set(told) & set(found):
        c, (kind, elements, plain, packed, chunks) = told[path], found[path]
        got = (c["type"], c["elements"], c["plain_bytes"], c["packed_bytes"], c["chunks"])
        t.check(got == (kind, elements, plain, packed, chunks), what,
                f"{path}: {got}, h5py sees {(kind, elements, plain, packed, chunks)}")
        codec = store[path].attrs.get("codec", b"none")
        t.check(c["codec"] == (codec.decode() if isinstance(codec, bytes) else codec) and c["codec"], what,
                f"{path}: codec {c['codec']!r}")
        length = store[path].attrs.get("row_length")
        t.check(c.get("row_length") == (None if length is None else int(length)), what,
                f"{path}: row_length {c.get('row_length')!r}")
        if said["profile"] == "portable" and store[path].chunks and elements:
            t.check(all(store[path].id.get_create_plist().get_filter(i)[0] in (1, 2, 3)
                        for i in range(store[path].id.get_create_plist().get_nfilters())), what,
                        f"{path}: a filter that is not HDF5's own")


def check_notes(t, what, said, store):
    n = 0
    for where, notes in said["notes"].items():
        for name, text in notes.items():
            place = store[where] if where in store or where == "/" else None
            if place is None or name not in place.attrs:
                t.check(False, what, f"note {where} {name} is not in the file")
                continue
            t.check(same_note(text, place.attrs[name]), what,
                    f"note {where} {name}: {text!r}, in the file {place.attrs[name]!r}")
            n += 1
    t.check(n > 8 and said["notes"]["/"]["vial.kind"] == said["kind"], what, f"{n} notes")


def check_indexes(t, f):
    """Indexes are listed behind the columns, and marked."""
    many = f.write("many.fq", reads(9000, seed=4, length=30))
    said = check_info(t, f, "indexes", "reads", 9000, [many])
    if said:
        marked = [c["path"] for c in said["columns"] if "index" in c]
        t.check(marked == ["index/name"], "indexes", f"marked are {marked}")


def stores(t, f):
    one, two_ = reads(3000, seed=1), reads(3000, seed=1, mate=2)
    r1, r2 = f.write("S1_R1.fq", one), f.write("S1_R2.fastq.gz", bgzf(two_))
    for profile in ("fast", "compact", "archive", "portable"):
        said = check_info(t, f, f"pairs, {profile}", "reads", 6000, [r1, r2], profile)
        if said:
            told = {c["path"]: c for c in said["columns"]}
            t.check(told["reads/base"]["plain_bytes"] == 600000, profile,
                    f"{told['reads/base']['plain_bytes']} bytes of bases")
            notes = said["notes"]
            t.check(notes["source/0"]["sha256"] == hashlib.sha256(one).hexdigest()
                    and notes["source/0"]["name"] == "S1_R1.fq" and
                    notes["source/1"]["compression"] == "bgzf"
                    and notes["source/1"]["plain_bytes"] == len(two_), profile, "notes of the inputs")
        f.clear("s.h5")
    check_info(t, f, "interleaved", "reads", 6000, [f.write("i.fq", interleave(one, two_))],
               options=["--interleaved", "-s", "S1 \"x\"", "--acquisition", "L001"],
               sample='S1 "x"', acquisition="L001")
    f.clear("s.h5")
    check_info(t, f, "ragged single", "reads", 500, [f.write("s.fq", reads(500, seed=2, ragged=True))],
               options=["--sample", "Prüfung é"], sample="Prüfung é")
    f.clear("s.h5")
    text = document([spectrum(i, two(50 + i, i), 50 + i, time=i, level=1 + i % 2) for i in range(40)],
                    [chromatogram(0, two(30), 30)])
    for profile in ("compact", "portable"):
        said = check_info(t, f, f"spectra, {profile}", "spectra", 40, [f.write("x.mzML", text)], profile)
        if said:
            source = said["notes"]["source"]
            t.check((source["index"], source["checksum"], source["spectrum_count"],
                     source["chromatogram_count"]) == ("ok",) * 4, profile, f"facts {source}")
            counts = said["notes"]["/"]
            t.check((counts["n_row"], counts["n_chromatogram"], counts["n_array"]) == (40, 1, 82),
                    profile, f"counts {counts}")
        f.clear("s.h5")
    check_info(t, f, "only chromatograms", "spectra", 0,
               [f.write("x.mzML", document([], [chromatogram(0, two(9), 9)]))])
    f.clear("s.h5")
    name = "a name\twith a tab é.fq"
    check_info(t, f, "odd file name", "reads", 3000, [f.write("odd é.fq", one)])
    f.clear("s.h5")
    check_bad_names(t, f, one, name)


def check_bad_names(t, f, one, name):
    """Names that need care in a table of lines and fields."""
    for odd in (name, "two\nlines.fq", "\udcff.fq"):
        path = f.write(odd, one)
        done = run("ingest", "-q", "-o", f / "s.h5", path)
        said = run("info", "--json", f / "s.h5")
        what = f"file {odd!r}"
        if done.code == OK:
            try:
                json.loads(said.out)
                t.check(said.code == OK, what, said.err)
            except ValueError:
                t.check(False, what, f"info --json is no JSON: {said.err.strip()} {said.out[:60]!r}")
            t.check(run("info", f / "s.h5").code == OK and run("verify", "-q", f / "s.h5").code == OK, what,
                    "info or verify fail")
        else:
            t.check(done.code in DOCUMENTED and done.err.count("\n") == 1, what, f"{done.code} {done.err!r}")
        f.clear("s.h5", odd)
    text = document([spectrum(0, two(9), 9)],
                    head='<sampleList count="1"><sample id="s\udce9" name="\udce9"/></sampleList>',
                    run=' startTimeStamp="\udce9"', indexed=False)
    text = text.replace(b'<run id="r"', b'<run id="r\xe9"')
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("latin.mzML", text))
    said = run("info", "--json", f / "s.h5")
    if done.code == OK:
        try:
            json.loads(said.out)
            t.check(said.code == OK, "bytes that are not UTF-8 in mzML", said.err)
        except ValueError:
            t.check(False, "bytes that are not UTF-8 in mzML",
                    f"info --json is no JSON: {said.err.strip()} {said.out[:60]!r}")
    f.clear("s.h5", "latin.mzML")


def commands():
    """All there are, in the order of the table."""
    with open("pipeline/cmd/commands.def", encoding="utf-8") as table:
        return [name.replace("_", "-") for name in re.findall(r"^VL_COMMAND\((\w+)\)", table.read(), re.M)]


def summaries():
    """What help lists behind the commands: they belong to kinds."""
    listed = re.findall(r"^  ([a-z-]+)  +\S", run("help").out.decode(), re.M)
    return listed[len(commands()):]


def help_of_command(t, _, name):
    """The same text in all three ways; an option that wants a value says so when it gets none."""
    texts = []
    for args in ([name, "--help"], ["help", name], [name, "-h"]):
        done = run(*args)
        what = "vial " + " ".join(args)
        t.check(done.code == OK and done.err == "" and done.out, what,
                f"exit code {done.code}: {done.err.strip()[:200]}")
        texts.append(done.out)
    t.check(len(set(texts)) == 1, name, "--help, -h and help say different things")
    words = texts[0].decode()
    t.check(all(len(line) <= 120 for line in words.splitlines()), name, "a line longer than 120")
    t.check(f"usage: vial {name}" in words, name, "help has no usage")
    options = re.findall(r"^ {2,}(?:-\S, )?(--[a-z-]+)( [A-Z@][^ ]*)?  +\S", words, re.M)
    t.check("--help" in dict(options), name, "help does not name --help")
    for option, value in options:
        if value:
            done = run(name, option)
            t.check(done.code == USAGE and option.lstrip("-") in done.err, f"vial {name} {option}",
                    f"without its value: exit code {done.code}: {done.err.strip()[:200]}")
    done = run(name, "--no-such-option")
    t.check(done.code == USAGE and "no-such-option" in done.err, f"vial {name} --no-such-option", done.err)


def help_texts(t, _):
    done = run("help")
    t.check(done.code == OK and done.err == "", "help", done.err)
    text = done.out.decode()
    listed = re.findall(r"^  ([a-z-]+)  +\S", text, re.M)
    t.check(listed[:len(commands())] == commands(), "help", f"lists {listed}, commands.def {commands()}")
    t.check({"flagstat", "depth"} <= set(summaries()), "help", f"lists {listed}")
    for args in ([], ["--help"], ["-h"]):
        done = run(*args)
        t.check((done.code == OK and done.out == text.encode())
                or (not args and done.code == USAGE and done.out + done.err.encode() != b""), f"vial {args}",
                f"exit code {done.code}")
    done = run("--version")
    t.check(done.code == OK and done.out == run("version").out
            and re.fullmatch(rb"vial \d+\.\d+\.\d+\S*\n", done.out), "version", repr(done.out))
    done = run("help", "exit-codes")
    codes = set(map(int, re.findall(r"^ +(\d+) ", done.out.decode(), re.M)))
    t.check(done.code == OK and codes == DOCUMENTED, "help exit-codes", f"{sorted(codes)}")
    done = run("help", "makers")
    said = re.findall(r"^  (\S.*?)(?: {2,}|$)", done.out.decode(), re.M)
    t.check(done.code == OK and {"zlib", "libdeflate", "ISA-L", "igzip"} <= set(said) and len(said) == 13,
            "help makers", f"{said}")
    done = run("info", "--schema")
    words = done.out.decode()
    t.check(done.code == OK and "reads/base" in words and "spectra/time" in words
            and "source/skeleton" in words, "info --schema", words[:200])
    done = run("plugin-path")
    folder = done.out.decode().strip()
    t.check(done.code == OK and os.path.isdir(folder) and any(x.endswith(".so") for x in os.listdir(folder)),
            "plugin-path", folder)


def bad_usage(t, f):
    f.clear(*f.names())
    store = f / "s.h5"
    fq = f.write("a.fq", reads(20))
    run("ingest", "-q", "-o", store, fq)
    before = f.read("s.h5")
    usage = [
        ("nothing",), ("help", "nothing"), ("--nothing",), ("ingest",), ("ingest", fq),
        ("ingest", "-o", f / "n.h5"), ("ingest", "-o"),
        ("ingest", "-o", f / "n.h5", fq, fq, fq), ("ingest", "-o", f / "n.h5", "--profile", "tiny", fq),
        ("ingest", "-o", f / "n.h5", "--exact", "some", fq),
        ("ingest", "-o", f / "n.h5", "--nothing", fq), ("ingest", "-o", f / "n.h5", "-@", "0", fq),
        ("ingest", "-o", f / "n.h5", "-@", "x", fq),
        ("ingest", "-o", f / "n.h5", "-@", "-3", fq), ("ingest", "-o", f / "n.h5", "-@", "1.5", fq),
        ("ingest", "-o", f / "n.h5", "-@", "99999999999", fq),
        ("ingest", "-o", f / "n.h5", "--max-memory", "much", fq),
        ("ingest", "-o", f / "n.h5", "--max-memory", "0", fq),
        ("ingest", "-o", f / "n.h5", "--max-memory", "-1G", fq),
        ("ingest", "-o", f / "n.h5", "--format", "cram", fq),
        ("ingest", "-o", f / "n.h5", "--progress", "loud", fq),
        ("ingest", "-o", f / "n.h5", "--interleaved", fq, fq), ("ingest", "-o", f / "n.h5", "-", "-"),
        ("info",), ("info", store, store), ("info", "--jsn", store), ("info", "--nothing", store),
        ("export",), ("export", store, store), ("export", store, "-1", f / "o1"),
        ("export", store, "-2", f / "o2"),
        ("export", store, "-1", f / "o1", "-2", f / "o1"),
        ("export", store, "-o", f / "o", "-1", f / "o1", "-2", f / "o2"),
        ("verify",), ("verify", "--nothing", store), ("plugin-path", "x"), ("view",), ("view", store, store),
        ("view", store, "--rows"),
    ]
    for args in usage:
        done = run(*args)
        what = "usage: " + " ".join(os.path.basename(x) for x in args)
        t.check(done.code == USAGE and done.err.startswith("vial"), what,
                f"exit code {done.code}: {done.err.strip()[:150]!r}")
        t.check(done.out == b"", what, "prints to standard output")
        t.check(f.names() == ["a.fq", "s.h5"], what, f"left over: {f.names()}")
        f.clear("n.h5", "o", "o1", "o2")
    for args in (("ingest", "-q", "-o", f / "n.h5", f / "none.fq"), ("info", f / "none.h5"),
                 ("view", f / "none.h5"), ("verify", f / "none.h5"),
                 ("export", f / "none.h5"), ("ingest", "-q", "-o", f / "n.h5", fq, f / "none.fq"),
                 ("info", "--json", f / "none.h5")):
        done = run(*args)
        check_refusal(t, "missing: " + " ".join(os.path.basename(x) for x in args), done, ["none."],
                      codes=(NOINPUT,))
    for data in (b"", b"\x89HDF\r\n\x1a\n" + bytes(5000), b"x" * 70000, before[:len(before) // 2],
                 before[:-1], b"\n" + before):
        f.write("bad.h5", data)
        for command in ("info", "view", "verify", "export"):
            check_refusal(t, f"no store of {len(data)} bytes, {command}", run(command, f / "bad.h5"),
                          ["bad.h5"])
    f.clear("bad.h5")
    with h5py.File(f / "other.h5", "w") as other:
        other["x"] = numpy.arange(10)
    for command in ("info", "view", "verify", "export"):
        check_refusal(t, f"another HDF5 file, {command}", run(command, f / "other.h5"), ["other.h5"])
        check_refusal(t, f"a folder, {command}", run(command, f.path), [], codes=(NOINPUT, DATA))
    f.clear("other.h5")
    check_refusal(t, "the store exists", run("ingest", "-q", "-o", store, fq), ["s.h5"], codes=(CANTCREAT,))
    t.check(f.read("s.h5") == before, "the store exists", "it was changed")
    f.write("a.fq", reads(30, seed=9))
    done = run("ingest", "-q", "--force", "-o", store, fq)
    t.check(done.code == OK and json.loads(run("info", "--json", store).out)["rows"] == 30, "--force",
            done.err)
    check_refusal(t, "no folder for the store", run("ingest", "-q", "-o", f / "no/s.h5", fq), ["no/s.h5"],
                  codes=(CANTCREAT,))
    f.write("out", b"here")
    check_refusal(t, "export over a file", run("export", "-q", store, "-o", f / "out"), ["out"],
                  codes=(CANTCREAT,))
    t.check(f.read("out") == b"here", "export over a file", "it was changed")
    done = run("export", "-q", "--force", store, "-o", f / "out")
    t.check(done.code == OK and f.read("out") == f.read("a.fq"), "export --force", done.err)
    t.check(run("verify", "-q", store).err == "", "verify -q", "is not quiet")
    done = run("verify", store, f / "none.h5", store)
    t.check(done.code == NOINPUT, "verify of several, one missing", f"exit code {done.code}: {done.err}")
    f.write("bad.h5", before[:9000])
    done = run("verify", "-q", store, f / "bad.h5", store)
    t.check(done.code == DATA and "bad.h5" in done.err, "verify of several, one bad",
            f"exit code {done.code}: {done.err}")
    f.clear(*f.names())


if __name__ == "__main__":
    main(stores, check_indexes, help_texts,
         *(Part(f"help {name}", help_of_command, (name,)) for name in commands() + summaries()), bad_usage)
