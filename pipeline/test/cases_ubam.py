"""
BAM of reads that are not aligned: the inflated stream comes back byte for byte, or is refused with exit code
65 and one line that names the place. Judges: a reader and writer of our own (bammodel.py), samtools for the
text of what is exported, h5py for the columns.

Suites: reads. Also: asan.
"""
import glob
import gzip
import os
import struct
import subprocess
import sys
import zlib

from bammodel import columns, header, record, split, tag, unmapped
from containers import BGZF_END, bgzf, gunzip
from fqmodel import legal, parse
from vialtest import (DATA, OK, SANITIZED, SHARED, USAGE, Part, Tally, check_refusal, main, of_threads, run)

CASES = SHARED + "/../cases/alignments"
NUMBERS = {"c": (-128, -1, 0, 127), "C": (0, 1, 255), "s": (-32768, -129, 0, 256, 32767),
           "S": (0, 255, 256, 65535), "i": (-2147483648, -32769, 0, 70000, 2147483647),
           "I": (0, 255, 65535, 65536, 4294967295)}
PHRED = bytes(i % 94 for i in range(256))


# ---- what is asked of every input ----


def view(path):
    return subprocess.run(["samtools", "view", "-h", "--no-PG", path], capture_output=True).stdout


def exact(t, f, what, stream, data=None, profile="compact", options=(), judge=True):
    """Ingest of data (default: the stream in BGZF blocks) and export give the stream again."""
    path = f.write("x.bam", bgzf(stream) if data is None else data)
    f.clear("s.h5", "out.bam")
    done = run("ingest", "-q", "--format", "bam", "--profile", profile, *options, "-o", f / "s.h5", path)
    if not t.check(done.code == OK and not done.err, what, f"exit code {done.code}: {done.err.strip()}"):
        return False
    plain = run("export", "-q", f / "s.h5")
    t.check(plain.code == OK and plain.out == stream, what,
            f"{len(plain.out)} bytes of {len(stream)} {plain.err}")
    done = run("export", "-q", f / "s.h5", "-o", f / "out.bam")
    packed = f.read("out.bam") if done.code == OK else b""
    t.check(packed[:4] == b"\x1f\x8b\x08\x04" and packed.endswith(BGZF_END), what, "out.bam is no BGZF")
    t.check(gzip.decompress(packed) == stream, what, "out.bam holds something else")
    if judge and not SANITIZED:
        t.check(view(f / "out.bam") == view(path), what, "samtools view says something else")
    return True


def refused(t, f, what, data, expected=(), options=(), places=("byte",)):
    path = f.write("x.bam", data)
    f.clear("s.h5")
    done = run("ingest", "-q", "--format", "bam", *options, "-o", f / "s.h5", path)
    check_refusal(t, what, done, expected, (DATA,))
    t.check(all(f"{place} " in done.err for place in places), what, f"no place: {done.err.strip()}")
    t.check(not os.path.exists(f / "s.h5"), what, "left a store")


# ---- records of every sort ----


def every_tag():
    """Records that have each type of tag, each width of number at its ends, and none."""
    tags = [b""]
    for kind, values in NUMBERS.items():
        tags.append(b"".join(tag(f"X{i}", kind, v) for i, v in enumerate(values)))
        tags.append(tag("YA", "B" + kind, values))
        tags.append(tag("YB", "B" + kind, ()))
    tags.append(tag("fl", "f", 1.5) + tag("fa", "Bf", (0.0, -0.0, 1e-45, 3e38)))
    tags.append(b"naf" + struct.pack("<I", 0x7fc12345) + b"nbf" + struct.pack("<I", 0xff800001))
    tags.append(tag("RG", "Z", b"") + tag("HX", "H", b"1AE301") + tag("CO", "Z", b"a b\tc \xff\x01") +
                tag("tp", "A", b"P") + tag("RG", "A", b" "))
    tags.append(tag("MM", "Z", b"C+m?,1,2;") + tag("ML", "BC", range(256)))
    return tags


def sorts(rng):
    """(what, record) of what is not as usual."""
    seq, quality = "ACGTNRYKMSWBDHV=", bytes(range(16))
    yield "no letters", record(b"r", "")
    yield "one letter", record(b"r", "A", b"\x00")
    yield "Phred 93", record(b"r", "ACG", b"\x5d\x00\x01")
    yield "every letter", record(b"r", seq, quality)
    yield "no qualities", record(b"r", seq)
    yield "0xff, then zeros", record(b"r", "ACGT", b"\xff\0\0\0")
    yield "0xff, then others", record(b"r", "ACG", b"\xff\xff\xc8", pad=3)
    yield "pad nibble", record(b"r", "ACG", b"\1\2\3", pad=15)
    yield "no name", record(b"", "ACG", b"\1\2\3")
    yield "star", record(b"*", "ACG", b"\1\2\3")
    yield "longest name", record(b"n" * 254, "ACG", b"\1\2\3")
    yield "name with a blank and bytes above 127", record(b"a b\xc3\xa9", "ACG", b"\1\2\3")
    yield "placed", record(b"r", "ACG", b"\1\2\3", place=(0, 99, 1, 5, -7), mapq=60, bin_=4681)
    yield "position without contig", record(b"r", "ACG", b"\1\2\3", place=(-1, 5, -1, -1, 0), flag=0)
    yield "mapped without position", record(b"r", "ACG", b"\1\2\3", place=(1, -1, -1, -1, 0), flag=0)
    yield "CIGAR", record(b"r", "ACG", b"\1\2\3", cigar=(3 << 4, 5 << 4 | 5))
    yield "mapq", record(b"r", "ACG", b"\1\2\3", mapq=255)
    yield "bin", record(b"r", "ACG", b"\1\2\3", bin_=0)
    yield "flags", record(b"r", "ACG", b"\1\2\3", flag=0xffff)
    twice = tag("XX", "C", 1) + tag("XX", "Z", b"a") + tag("XX", "i", 2) + tag("YY", "Z", b"b")
    yield "a tag twice", record(b"r", "ACG", b"\1\2\3", twice)
    yield "a text twice", record(b"r", "ACG", b"\1\2\3", tag("XX", "Z", b"a") * 2 + tag("YY", "f", 1))
    yield "all odd at once", record(b"r", "ACG", b"\xff\0\1", twice, place=(0, 9, 1, 1, 3), mapq=3, bin_=9,
                                    cigar=(16, 17), pad=7)
    long = "".join(rng.choices("ACGT", k=200001))
    yield "long", record(b"r", long, bytes(rng.choices(range(94), k=200001)))


def small(t, f):
    """testdata/bam: inflated streams, and what is said of those that are refused."""
    for path in sorted(glob.glob("testdata/bam/*.in")):
        with open(path, "rb") as file:
            stream = file.read()
        if os.path.exists(path[:-2] + "err"):
            with open(path[:-2] + "err", encoding="utf-8") as file:
                refused(t, f, path, stream, file.read().splitlines())
        else:
            exact(t, f, path, stream)


CONTIGS = ((b"c1", 1000), (b"c2", 2**31 - 1))


def records(t, f):
    head = header(contigs=CONTIGS)
    every = [record(b"r%d" % i, "ACGTN"[:i % 6], None if i % 3 else bytes(range(i % 6)), tags)
             for i, tags in enumerate(every_tag())]
    odd = list(sorts(t.random))
    for what, one in t.some(odd):
        exact(t, f, what, head + one)
    exact(t, f, "tags", head + b"".join(every))
    for profile in ("fast", "compact", "archive", "portable"):
        exact(t, f, f"all, {profile}", head + b"".join(every + [r for _, r in odd]), profile=profile)
    exact(t, f, "first as nobody else", head + odd[16][1] + b"".join(every))
    exact(t, f, "no records", head)
    exact(t, f, "header without a text", header(b"") + every[1])
    exact(t, f, "header with NUL behind", header(b"@CO\tx\n\0\0\0") + every[1])
    exact(t, f, "large header", header(b"@CO\t" + b"x" * 5000000 + b"\n", CONTIGS) + b"".join(every))


def containers(t, f):
    stream = header(contigs=CONTIGS) + b"".join(record(b"r%d" % i, "ACGT" * (i % 40), None,
                                                       tag("RG", "Z", b"a")) for i in range(300))
    exact(t, f, "as it is", stream, stream)
    exact(t, f, "one gzip member", stream, gzip.compress(stream))
    exact(t, f, "small blocks", stream, bgzf(stream, 17))
    exact(t, f, "empty blocks between", stream, bgzf(stream, 999, empty_every=2))
    refused(t, f, "no end-of-file block", bgzf(stream, end=False), ["end-of-file block", "--no-eof-block"])
    exact(t, f, "no end-of-file block, asked for", stream, bgzf(stream, end=False),
          options=["--no-eof-block"], judge=False)
    refused(t, f, "zeros behind", bgzf(stream) + bytes(100), ["100 zero bytes"])
    refused(t, f, "two files", bgzf(stream, end=False) + bgzf(stream), ["second BAM", "record 301"])
    path = f.write("y.bam", bgzf(stream))
    f.clear("s.h5")
    done = run("ingest", "-q", "--format", "bam", "-o", f / "s.h5", path, f.write("z.bam", bgzf(stream)))
    check_refusal(t, "two inputs", done, ["BAM takes one input, 2 were given"], (USAGE,))
    done = run("ingest", "-q", "--format", "bam", "--same-data", "-o", f / "s.h5", f"{path},{f / 'z.bam'}")
    check_refusal(t, "lanes", done, ["z.bam follows"])
    for name in ("x.fastq.gz", "x"):
        f.clear("s.h5")
        done = run("ingest", "-q", "--format", "bam", "-o", f / "s.h5", f.write(name, bgzf(stream)))
        t.check(done.code == OK, f"called {name}", done.err)
    f.clear("s.h5")
    done = run("ingest", "-q", "--format", "bam", "-o", f / "s.h5", "-", stdin=bgzf(stream))
    t.check(done.code == OK and run("export", "-q", f / "s.h5").out == stream, "standard input", done.err)


# ---- mates ----


def mates(rng, n, k=100):
    """Records of n pairs, mates in turn; some overlap."""
    out = []
    for i in range(n):
        whole = "".join(rng.choices("ACGT", k=2 * k - i % k))
        back = whole[::-1].translate(str.maketrans("ACGT", "TGCA"))
        for flag, seq in ((77, whole[:k]), (141, back[:k - i % 3])):
            out.append(record(b"run:%d" % i, seq, rng.randbytes(len(seq)).translate(PHRED),
                              tag("RG", "Z", b"a") + tag("XI", "i", i), flag))
    return out


def notes(f):
    return {line.split()[1]: line.split()[2:] for line in run("info", f / "s.h5").out.decode().splitlines()
            if len(line.split()) > 2}


def pairs(t, f):
    """Mates by their flags are pairs, as if they had come as FASTQ."""
    stream = header() + b"".join(mates(t.random, 20000))
    exact(t, f, "pairs", stream)
    seen, first = notes(f), f.read("s.h5")
    t.check(seen["layout"] == ["interleaved"] and seen["n_row"] == ["40000"] and seen["n_name"] == ["20000"],
            "pairs", "reads, names or layout")
    for threads in of_threads(1, 7):
        f.clear("s.h5")
        done = run("ingest", "-q", "--format", "bam", "-@", threads, "-o", f / "s.h5", f / "x.bam")
        t.check(done.code == OK and f.read("s.h5") == first, f"pairs, {threads} threads", done.err)
    f.clear("1.fq", "2.fq", "a.fq", "b.fq", "q.h5")
    done = run("export", "-q", f / "s.h5", "-1", f / "1.fq", "-2", f / "2.fq")
    subprocess.run(["samtools", "fastq", "-n", "-1", f / "a.fq", "-2", f / "b.fq", f / "x.bam"],
                   capture_output=True, check=True)
    t.check(done.code == OK and [f.read("1.fq"), f.read("2.fq")] == [f.read("a.fq"), f.read("b.fq")],
            "pairs as two FASTQ", done.err)
    done = run("ingest", "-q", "--profile", "fast", "-o", f / "q.h5", f / "a.fq", f / "b.fq")
    one, two = run("qc", f / "s.h5"), run("qc", f / "q.h5")
    t.check(done.code == OK and one.out == two.out and b"overlap" in one.out, "QC of pairs",
            "is not that of the same FASTQ")
    done = run("view", f / "s.h5", "--name", "run:777", "-O", "tsv", "--columns", "row,name,mate,flag,XI:i")
    t.check(done.out.splitlines()[1:] == [b"1554\trun:777\t1\t77\t777", b"1555\trun:777\t2\t141\t777"],
            "a pair by name", done.out)


def no_pairs(t, f):
    """Pairs that are not whole: a file is taken read by read, a pipe cannot be read again."""
    parts = mates(t.random, 15000, 60)
    again = "taken one by one"
    for what, some in (("the last mate is missing", parts[:-1]),
                       ("a mate is missing", parts[:20000] + parts[20001:]),
                       ("the second is missing", parts[:2] + parts[3:]),
                       ("mates of other names", parts[:5] + [parts[7], parts[6], parts[5]] + parts[8:]),
                       ("swapped", parts[:28000] + parts[28001:27999:-1] + parts[28002:])):
        stream = header() + b"".join(some)
        if exact(t, f, what, stream, profile=t.profile()):
            t.check(notes(f)["layout"] == ["single"], what, "is in pairs")
        f.clear("s.h5")
        done = run("ingest", "-q", "--format", "bam", "--profile", t.profile(), "-o", f / "s.h5", "-",
                   stdin=bgzf(stream))
        check_refusal(t, what, done, [again, "record"], (DATA,))
    for what, some in (("second mates first", parts[1:3]), ("one mate", parts[:1]),
                       ("no names in common", parts[:3:2]),
                       ("both", [record(b"r", "A", None, flag=205)] * 2),
                       ("neither", [record(b"r", "A", None, flag=13)] * 2)):
        if exact(t, f, what, header() + b"".join(some)):
            t.check(notes(f)["layout"] == ["single"], what, "is in pairs")
    long = record(b"r", "ACGT" * 2000000, None, flag=77), record(b"r", "AC", None, flag=141)
    exact(t, f, "a long first mate", header() + b"".join(long), profile=t.profile(), judge=False)
    t.check(notes(f)["layout"] == ["interleaved"], "a long first mate", "is no pair")
    refused(t, f, "a second mate that is cut", header() + long[0] + long[1][:-1], ["ends within", "record 2"])


# ---- what is broken ----


def cut_everywhere(t, f):
    """A stream that ends within a record is refused; one that ends behind a record is one that is shorter."""
    head, tags = header(b"@CO\tab\n", CONTIGS[:1]), tag("RG", "Z", b"grp") + tag("ml", "BC", (1, 2, 3))
    parts = [record(b"r%d" % i, "ACGTA"[:i + 2], bytes(range(i + 2)), tags) for i in range(3)]
    stream, ends = head + b"".join(parts), [len(head)]
    for part in parts:
        ends.append(ends[-1] + len(part))
    for n in t.some(range(4, len(stream) + 1)):
        if n in ends:
            exact(t, f, f"{n} bytes", stream[:n], stream[:n], judge=False)
        else:
            refused(t, f, f"{n} bytes", stream[:n], ["ends within"])
            refused(t, f, f"{n} bytes, BGZF", bgzf(stream[:n], 50), ["ends within"])
    data = bgzf(stream, 40)
    for n in t.some(range(19, len(data), 3)):
        refused(t, f, f"{n} bytes of the file", data[:n], ["byte"])


def set_at(data, at, fmt, value):
    size = struct.calcsize(fmt)
    return data[:at] + struct.pack(fmt, value) + data[at + size:]


def sizes(t, f):
    """Sizes that lie, one at a time."""
    head = header(contigs=CONTIGS)
    first = len(head) - 2 * 11  # the length of the first reference's name
    one = record(b"name", "ACGTACGT", bytes(8), tag("RG", "Z", b"grp"))
    good = one + one
    for value in (-1, 2**31 - 1, 2**30, 1000000):
        refused(t, f, f"l_text {value}", set_at(head, 4, "<i", value) + good)
        refused(t, f, f"n_ref {value}", set_at(head, first - 4, "<i", value) + good)
    for value in (0, -1, 2**31 - 1, 255):
        refused(t, f, f"l_name {value}", set_at(head, first, "<i", value) + good)
    for value in (0, 1, 31, 32, 35, len(one) - 5, len(one) - 3, 2**28 + 1, 2**31 - 1, 2**32 - 1, 2**31):
        refused(t, f, f"block_size {value}", head + one + set_at(one, 0, "<I", value) + one,
                places=("byte", "record"))
    for what, at, fmt, values in (("l_read_name", 12, "<B", (0, 1, 4, 6, 255)),
                                  ("n_cigar", 16, "<H", (1, 1000, 65535)),
                                  ("l_seq", 20, "<i", (-1, 9, 1000, 2**31 - 1, -2**31)),
                                  ("refID", 4, "<i", (2, -2, 2**31 - 1, -2**31)),
                                  ("next_refID", 24, "<i", (2, -2, 2**31 - 1))):
        for value in values:
            refused(t, f, f"{what} {value}", head + one + set_at(one, at, fmt, value), ["record 2"])
    for what, tags in (("unknown type", b"XXQ1"), ("type 0", b"XX\0\0"), ("text without NUL", b"XXZabc"),
                       ("empty text without NUL", b"XXZ"), ("cut number", b"XXi\1\0\0"), ("cut", b"XX"),
                       ("one byte", b"X"), ("array without type", b"XXB"),
                       ("array of no type", b"XXBZ\0\0\0\0"),
                       ("array without length", b"XXBc\1\0"), ("array too long", b"XXBI\xff\xff\xff\xff1234"),
                       ("array a byte short", b"XXBs\2\0\0\0abc"), ("no name", b"\0\1C\1")):
        for before in t.some((b"", tag("RG", "Z", b"x"), tag("AA", "C", 1) * 2)):
            refused(t, f, f"{what} behind {before}", head + one + record(b"r", "ACG", None, before + tags),
                    ["record 2"])
    for what, bad in (("quality 94", record(b"r", "ACG", b"\0\x5e\0")),
                      ("quality 255", record(b"r", "AC", b"\0\xff")),
                      ("newline in the name", record(b"r\n", "A")), ("tabulator", record(b"r\t", "A")),
                      ("NUL in the name", record(b"r\0", "A"))):
        refused(t, f, what, head + one + bad, ["record 2"])
    for flag in (0, 16, 99, 256):
        refused(t, f, f"aligned {flag}", head + one + record(b"r", "A", place=(1, 7, -1, -1, 0), flag=flag),
                ["aligned", "record 2"])
    for name in (b"1X", b"X/", b"!~"):  # names that no column has
        exact(t, f, f"tag {name}", head + record(b"r", "ACG", None, tag("RG", "Z", b"x") + name + b"C\1"))
    for n in (0, 3, 4, 7, 11):
        f.clear("s.h5")
        done = run("ingest", "-q", "--format", "bam", "-o", f / "s.h5", f.write("x.bam", head[:n]))
        t.check(done.code == DATA and len(done.err.splitlines()) == 1, f"header of {n} bytes", done.err)


def broken(t, f):
    """Any byte may be any other: exact, or refused; never a crash."""
    tags = [x for x in every_tag() if x]
    parts = [record(b"r%d" % i, "ACGTACG", bytes(range(7)), x) for i, x in enumerate(tags)]
    stream = header(contigs=CONTIGS) + b"".join(parts)
    legal_ones, n = 0, 80 if SANITIZED else 250
    for i in range(n):
        data = bytearray(stream)
        for _ in range(t.random.choice((1, 1, 1, 3, 8))):
            at, any_byte = t.random.randrange(4, len(data)), t.random.randrange(256)
            data[at] = t.random.choice((0, 1, 255, 128, any_byte))
        f.clear("s.h5")
        done = run("ingest", "-q", "--format", "bam", "-o", f / "s.h5", f.write("x.bam", bytes(data)))
        t.check(done.code in (OK, DATA), f"broken {i}", f"exit code {done.code}: {done.err}")
        if done.code == OK:
            legal_ones += 1
            t.check(run("export", "-q", f / "s.h5").out == bytes(data), f"broken {i}", "is not exact")
        else:
            t.check("byte" in done.err, f"broken {i}", f"no place: {done.err}")
    t.check(n // 12 < legal_ones < n - n // 12, "broken", f"{legal_ones} of {n} are legal")


# ---- many records ----


def many(rng, n):
    """Records of some MiB in which tags come and go."""
    out = []
    for i in range(n):
        k = rng.randrange(60, 160)
        tags = tag("RG", "Z", b"a%d" % (i * 3 // n)) + tag("np", "i", i)
        if n // 3 < i < n // 2:
            tags += tag("la", "Z", b"late") + tag("fi", "BC", rng.randbytes(k))
        if i % 7 == 0:
            tags += tag("ev", "S", i & 0xffff)
        if i == n - 1:
            tags += tag("zz", "f", 0.5)
        out.append(record(b"m/%d/ccs" % i, "".join(rng.choices("ACGTN", k=k)),
                          None if i % 5 == 4 else rng.randbytes(k).translate(PHRED), tags))
    return out


def blocks(t, f):
    """Several blocks: columns that begin late and end early; any number of threads gives the same store."""
    parts = many(t.random, 40000)
    stream = header() + b"".join(parts)
    exact(t, f, "many", stream)
    first = f.read("s.h5")
    for threads in of_threads(1, 7):
        f.clear("s.h5")
        done = run("ingest", "-q", "--format", "bam", "-@", threads, "-o", f / "s.h5", f / "x.bam")
        t.check(done.code == OK and f.read("s.h5") == first, f"{threads} threads", "another store" + done.err)
    done = run("verify", f / "s.h5")
    t.check(done.code == OK, "verify", done.err)
    f.clear("s.h5")
    done = run("ingest", "-q", "--format", "bam", "--max-memory", "256M", "-o", f / "s.h5", f / "x.bam")
    t.check(done.code == OK and f.read("s.h5") == first, "256 MiB", done.err)
    read_by_stranger(t, f, parts)
    done = run("view", f / "s.h5", "--name", "m/39999/ccs", "-O", "tsv", "--columns",
               "row,zz:f,RG:Z,ev:i,la:Z")
    t.check(done.out == b"row\tzz:f\tRG:Z\tev:i\tla:Z\n39999\t0.5\ta2\t\t\n", "view by name", done.out)
    done = run("view", f / "s.h5", "--rows", "20000-20000", "-O", "tsv", "--columns",
               "name,flag,np:i,la:Z,tags")
    t.check(done.out.endswith(b"m/20000/ccs\t4\t20000\t\tRG:Z np:i\n"), "view by row", done.out)


def read_by_stranger(t, f, parts):
    """h5py in a process of its own, with our plugin; the store must lie at s.h5 of the folder."""
    import pickle
    with open(f / "expected", "wb") as out:
        pickle.dump(columns(parts), out)
    plugin = run("plugin-path").out.decode().strip()
    done = subprocess.run([sys.executable, __file__, "--read", f / "s.h5", f / "expected"],
                          env={**os.environ, "HDF5_PLUGIN_PATH": plugin}, capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")
    if "__asan" in done.stderr:
        return t.skip("the plugin has sanitizers, and Python has none: columns by h5py")
    t.check(done.returncode == 0, "h5py", done.stdout[-300:] + done.stderr[-300:])


def look(path, expected):
    import h5py
    import numpy
    t = Tally()
    with h5py.File(path, "r") as s:
        added = {"tag/" + name for name in s["reads/tag"] if not name.endswith(".offset")}
        wanted = {name for name in expected if name.startswith("tag/") and any(expected[name])}
        t.check(added == wanted, "columns", added ^ wanted)
        t.check(list(s["reads/flag"][:]) == expected.pop("flag"), "flag")
        for name, rows in expected.items():
            if not any(rows):
                continue  # without elements, and so without a data set
            column = s["reads/" + name]
            if f"reads/{name}.offset" in s:
                offset = s[f"reads/{name}.offset"][:]
            else:
                offset = numpy.arange(len(rows) + 1) * column.attrs["row_length"]
            data = column[:]
            found = [data[int(a):int(b)].tobytes() for a, b in zip(offset, offset[1:])]
            bad = [i for i, (a, b) in enumerate(zip(found, rows)) if a != b]
            t.check(len(found) == len(rows) and not bad, name,
                    f"{len(found)} rows, {len(bad)} differ, {bad[:2]}")
    return t


def strangers(t, f):
    parts = [record(b"r%d" % i, "ACGTN"[:i % 6], None if i % 3 else bytes(range(i % 6)), tags)
             for i, tags in enumerate(every_tag()) if tags]
    for profile in ("compact", "portable"):
        if exact(t, f, f"h5py, {profile}", header() + b"".join(parts), profile=profile):
            read_by_stranger(t, f, parts)


# ---- files of others ----


def is_aligned(stream):
    return any(not r[18] & 4 and r[7] < 128 and r[11] < 128 for r in split(stream)[1])


def of_others(t, f):
    """Real files: those of reads are exact, as FASTQ they are what samtools makes of them."""
    paths = sorted(glob.glob(SHARED + "/pacbio/**/*.bam", recursive=True) +
                   glob.glob(SHARED + "/nanopore/**/*.bam", recursive=True) +
                   glob.glob(SHARED + "/bam/**/*.bam", recursive=True))
    if not paths:
        t.skip("no real BAM files")
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        if len(data) > 3000000:
            continue
        stream, what = gunzip(data), os.path.relpath(path, SHARED)
        if is_aligned(stream):
            refused(t, f, what, data, ["aligned"], places=("byte", "record"))
            stream = unmapped(stream)
            exact(t, f, what + ", as if not aligned", stream)
        elif exact(t, f, what, stream, data):
            fastq = subprocess.run(["samtools", "fastq", "-n", f / "x.bam"], capture_output=True).stdout
            done = run("view", f / "s.h5", "-O", "fastq")
            t.check(done.out == fastq or done.out.count(b"\n") != fastq.count(b"\n"), what + " as FASTQ",
                    "samtools says otherwise")
            t.check(run("qc", "--json", f / "s.h5").code == OK, what, "no QC")


def cases(t, f):
    """The cases of alignments, said not to be aligned."""
    if not os.path.exists(CASES + "/README.tsv"):
        t.skip("no cases of alignments")
        return
    with open(CASES + "/README.tsv", encoding="utf-8") as lines:
        wanted = dict(line.split("\t")[:2] for line in lines if ".bam\t" in line)
    for name, expected in wanted.items():
        with open(f"{CASES}/{name}", "rb") as file:
            data = file.read()
        try:
            stream = gunzip(data)
            whole = unmapped(stream)
        except (struct.error, IndexError, zlib.error) as why:
            stream = whole = None
            t.check(expected.startswith("refused"), name, why)
        if expected == "exact":
            exact(t, f, name, whole)
        else:
            refused(t, f, name, data if whole is None or "end-of-file" in expected else bgzf(whole))


def imported(t, f):
    """What samtools import makes of FASTQ: the same reads. samtools fastq drops empty ones, and takes those
    of one name for mates."""
    for path in sorted(glob.glob("testdata/fastq/*.in")):
        with open(path, "rb") as file:
            text = file.read()
        if not legal(parse, text) or b"\r" in text or not text:
            continue
        made = subprocess.run(["samtools", "import", "-0", path, "-o", f / "made.bam"], capture_output=True)
        if made.returncode or not os.path.exists(f / "made.bam"):
            continue
        data = f.read("made.bam")
        names = text.split(b"\n")[::4]
        odd = any(word in text for word in (b"\n\n", b"@\n", b"@ "))
        plain = len(set(names)) == len(names) and not odd
        if exact(t, f, os.path.basename(path), gunzip(data), data) and plain:
            fastq = subprocess.run(["samtools", "fastq", "-n", f / "made.bam"], capture_output=True).stdout
            t.check(run("view", f / "s.h5", "-O", "fastq").out == fastq, path, "FASTQ differs from samtools'")
        f.clear("made.bam")


if __name__ == "__main__" and sys.argv[1:2] == ["--read"]:
    import pickle
    with open(sys.argv[3], "rb") as given:
        seen = look(sys.argv[2], pickle.load(given))
    print(seen.last_line())
    sys.exit(seen.failed > 0)
if __name__ == "__main__":
    main(small, records, containers, pairs, no_pairs, cut_everywhere, sizes, broken, blocks, strangers,
         of_others, cases, imported)
