"""
Alignments as SAM and BAM: the text, or the inflated stream, comes back byte for byte, or the input is refused
with exit code 65 and one line that names the place. Judges: samtools for what is printed as SAM, h5py and a
reader of our own (bammodel.py) for the columns.

Cases are in testdata/alignments; expected.tsv says what becomes of each, with lines from 1 and records and
bytes from 0.

Suites: alignments. Also: asan.
"""
import csv
import glob
import gzip
import os
import re
import shutil
import struct
import subprocess
import sys

from bammodel import header, record, split, tag
from containers import bgzf
from vialtest import DATA, OK, SANITIZED, SHARED, Part, check_refusal, main, of_threads, run

CASES = "testdata/alignments"
JUDGE = not SANITIZED and shutil.which("samtools")
CONTIGS = ((b"chr1", 100000), (b"HLA:01*02", 5000), (b"empty", 7))
TEXT = b"@HD\tVN:1.6\tSO:coordinate\n" + b"".join(b"@SQ\tSN:%s\tLN:%d\n" % c for c in CONTIGS)


def plain(data):
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def as_sam(path, *options):
    return subprocess.run(["samtools", "view", "-h", "--no-PG", *options, path], capture_output=True).stdout


def exact(t, f, what, path, profile="compact", options=()):
    """Ingest, export, verify; printed as SAM it is what samtools prints."""
    with open(path, "rb") as file:
        data = file.read()
    f.clear("s.h5")
    done = run("ingest", "-q", "--profile", profile, *options, "-o", f / "s.h5", path)
    if not t.check(done.code == OK and not done.err, what, f"exit code {done.code}: {done.err.strip()}"):
        return
    done = run("export", "-q", f / "s.h5")
    t.check(done.code == OK and done.out == plain(data), what, f"{len(done.out)} bytes {done.err}")
    done = run("verify", "-q", f / "s.h5")
    t.check(done.code == OK, what, done.err)
    kind = run("info", f / "s.h5").out.split(b"\n")[0]
    if JUDGE and plain(data)[:4] == b"BAM\1" and b"alignments" in kind:
        done = run("view", f / "s.h5", "-O", "sam")
        t.check(done.out == as_sam(path), what, f"as SAM it is another {done.err}")
    if JUDGE and b"alignments" in kind:
        as_fastq(t, f, what, path)


def as_fastq(t, f, what, path):
    """Reads as they were sequenced are those that samtools prints. It puts mates that stand side by side in
    order, gives one of several of the same name and end, and, before 1.22, N for U."""
    judge = subprocess.run(["samtools", "fastq", path], capture_output=True)
    done = run("view", f / "s.h5", "-O", "fastq")
    mine, its = (sorted(zip(*[iter(x.split(b"\n"))] * 4)) for x in (done.out, judge.stdout))
    with open(path, "rb") as file:
        old = path.endswith(".sam") and re.search(rb"\t[A-Za-z=.]*[Uu][A-Za-z=.]*\t", file.read())
    if judge.returncode or old or len({read[0] for read in mine}) < len(mine):
        return
    t.check(done.code == OK and mine == its, what, f"as FASTQ it is another {done.err}")


def decoded(t, f, what, path, options=()):
    """CRAM: what samtools prints of it."""
    f.clear("s.h5")
    done = run("ingest", "-q", *options, "-o", f / "s.h5", path)
    t.check(done.code == OK, what, done.err)
    if JUDGE:
        t.check(run("view", f / "s.h5", "-O", "sam").out == as_sam(path), what, "as SAM it is another")


def refused(t, f, what, path, expected=(), options=(), codes=(DATA,)):
    f.clear("s.h5")
    first = None
    for threads in of_threads(1, 2, 16, 4):
        done = run("ingest", "-q", "-@", threads, *options, "-o", f / "s.h5", path)
        check_refusal(t, f"{what} -@{threads}", done, expected, codes)
        t.check(first in (None, done.err), what, f"{threads} threads: {done.err}, else {first}")
        t.check(not os.path.exists(f / "s.h5"), what, "left a store")
        first = done.err


# ---- the cases ----


def places(expected):
    """What the message must say: lines count from 1, records from 0 there, from 1 in messages."""
    said = [f"line {n}" for n in re.findall(r"line (\d+)", expected)]
    if re.search("byte (3353|4940)$", expected):  # of the file: where the block begins; behind its last one
        said.append(expected[-9:] + " of the file")
    return said + [f"record {int(n) + 1}" for n in re.findall(r"record (\d+)", expected)
                   if "behind" not in expected]


def cases(t, f):
    with open(f"{CASES}/expected.tsv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        path = f"{CASES}/{row['file']}"
        if row["file"].endswith(".cram") and row["expected"] == "exact":
            decoded(t, f, row["file"], path)
        elif row["expected"] == "exact":
            for profile in t.some(("compact", "archive", "portable")):
                exact(t, f, row["file"], path, profile)
        else:
            refused(t, f, row["file"], path, places(row["expected"]))
        if "accepted by a named option" in row["expected"]:
            again = decoded if path.endswith(".cram") else exact
            again(t, f, row["file"], path, options=("--accept-no-eof",))
    t.check(len(rows) > 50, "cases", f"{len(rows)}")


def real_data(t, f):
    found = [path for part in ("bam", "pacbio", "nanopore")
             for path in glob.glob(f"{SHARED}/{part}/**/*", recursive=True)
             if path.endswith((".bam", ".sam"))]
    if not found:
        t.skip("no real alignments")
    for path in sorted(found):
        no_end = path.endswith("htsjdk/index_test.bam")
        exact(t, f, path, path, options=("--accept-no-eof",) if no_end else ())


# ---- made ones ----


def cigar(text):
    return [int(n) << 4 | "MIDNSHP=XB".index(op) for n, op in re.findall(r"(\d+)(.)", text)]


def some_records(rng, n):
    """Pairs near each other, reads whose mates are elsewhere or nowhere, names that come again, all sorts of
    CIGARs and tags."""
    out = []
    for i in range(n):
        at = i * 60000 // n
        seq = "".join(rng.choices("ACGTN" if i % 50 == 0 else "ACGT", k=50))
        quality = bytes(rng.choices((2, 11, 25, 37), k=50))
        shape = rng.choice(("50M", "50M", "50M", "20M2I28M", "25M4D25M", "5S45M", "10H50M", "20M500N30M"))
        name, flag, place = b"t:%d" % (i // 2), (99, 147)[i % 2], (0, at, 0, at + (300, -300)[i % 2], 0)
        if i % 31 == 0:
            flag, place = 73 + 4 * (i % 2), (0, at, 1, 40, 0)
        elif i % 37 == 0:
            flag, place, shape = 77, (-1, -1, -1, -1, 0), ""
        elif i % 41 == 0:
            flag |= 2048
        if place[0] == place[2] >= 0:
            place = (*place[:4], 350 * (1 - 2 * (i % 2)))
        tags = tag("NM", "C", i % 5) + tag("MD", "Z", b"%d" % (50 - i % 7)) + tag("AS", "c", -(i % 9))
        if i % 11 == 0:
            tags += tag("XS", "S", 300 + i % 60) + tag("XA", "Z", b"chr1,+%d,50M,1;" % i)
        out.append(record(name, seq, quality, tags, flag, place, rng.choice((0, 60, 60, 60)), 4681,
                          cigar(shape)))
    return out


def many(t, f):
    """Several blocks and chunks: the same store by any number of threads; SAM of it; rows of it."""
    records = some_records(t.random, 60000)
    stream = header(TEXT, CONTIGS) + b"".join(records)
    path = f.write("x.bam", bgzf(stream))
    for profile in ("fast", "archive", "portable", "compact"):
        exact(t, f, f"many, {profile}", path, profile)
    first = f.read("s.h5")
    for threads in of_threads(1, 7):
        f.clear("s.h5")
        done = run("ingest", "-q", "-@", threads, "-o", f / "s.h5", path)
        t.check(done.code == OK and f.read("s.h5") == first, f"{threads} threads", "another store" + done.err)
    done = run("view", f / "s.h5", "--rows", "31000-31002", "-O", "bam", "-o", f / "some.bam")
    head, some = split(plain(f.read("some.bam"))) if done.code == OK else (b"", [])
    t.check(head == header(TEXT, CONTIGS) and some == records[31000:31003], "rows as BAM", done.err)
    by_stranger(t, f, records)
    to_text(t, f, stream)


def by_stranger(t, f, records):
    """h5py in a process of its own, with our plugin."""
    import pickle
    with open(f / "expected", "wb") as out:
        pickle.dump(records, out)
    plugin = run("plugin-path").out.decode().strip()
    done = subprocess.run([sys.executable, __file__, "--read", f / "s.h5", f / "expected"],
                          env={**os.environ, "HDF5_PLUGIN_PATH": plugin}, capture_output=True, text=True)
    if "__asan" in done.stderr:
        return t.skip("the plugin has sanitizers, and Python has none: columns by h5py")
    t.check(done.returncode == 0, "columns", f"h5py sees others {done.stderr[-300:]}")


def look(path, expected):
    import h5py
    import pickle
    with open(expected, "rb") as file:
        records = pickle.load(file)
    with h5py.File(path, "r") as h:
        place = h["alignments/place"][:].reshape(-1, 8)
        name, ends = h["alignments/name"][:].tobytes(), h["alignments/name.offset"][:]
        mapq = h["alignments/mapq"][:].tolist()
    good = len(place) == len(records)
    for i in range(0, len(records), 997):
        contig, at, nname, _, _, _, flag, _, mate, mate_at, length = struct.unpack_from("<iiBBHHHIiii",
                                                                                        records[i], 4)
        row = place[i].tolist()
        good &= row[:2] == [contig, at] and row[3:7] == [flag, mate, mate_at, length]
        good &= name[ends[row[7]]:ends[row[7] + 1]] == records[i][36:36 + nname - 1]
        good &= mapq[i] == records[i][13]
    return 0 if good else 1


def to_text(t, f, stream):
    """BAM as SAM, and that as BAM again."""
    done = run("export", "-q", f / "s.h5", "-o", f / "x.sam")
    t.check(done.code == OK, "export as SAM", done.err)
    if JUDGE:
        t.check(f.read("x.sam") == as_sam(f / "x.bam"), "export as SAM", "samtools says something else")
    exact(t, f, "the SAM of it", f / "x.sam")
    done = run("export", "-q", f / "s.h5", "-o", f / "y.bam")
    t.check(done.code == OK, "SAM as BAM", done.err)
    if JUDGE:
        t.check(as_sam(f / "y.bam") == f.read("x.sam"), "SAM as BAM", "samtools says something else")


SOME_SAM = [b"r1\t99\tchr1\t10\t60\t5M\t=\t30\t25\tACGTN\tIIII#\tNM:i:0\tRG:Z:a b",
            b"r1\t147\tchr1\t30\t60\t5M\t=\t10\t-25\tacgt.\t*\tXB:B:f,1.5,-0.0",
            b"r2\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*", b"r3\t0\tHLA:01*02\t1\t255\t3=1X1I\t*\t0\t0\tTTTTT\t!~*+5"]


def cut_everywhere(t, f):
    """A stream that ends within a record is refused, one that ends behind a record is a shorter one."""
    records = [record(b"r%d" % i, "ACGTA", bytes(5), tag("RG", "Z", b"g"), 0, (0, i, -1, -1, 0), 9, 4681,
                      cigar("5M")) for i in range(3)]
    head, stream = header(TEXT, CONTIGS), header(TEXT, CONTIGS) + b"".join(records)
    ends = [len(head) + len(records[0]) * i for i in range(4)]
    for n in t.some(range(12 + len(TEXT), len(stream))):
        path = f.write("x.bam", bgzf(stream[:n]))
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", path)
        t.check((done.code == OK) == (n in ends), f"BAM of {n} bytes", f"{done.code} {done.err}")
        if done.code:
            check_refusal(t, f"BAM of {n} bytes", done, ["ends within"])
    text = TEXT + b"\n".join(SOME_SAM)
    for n in t.some(range(len(TEXT), len(text))):
        path = f.write("x.sam", text[:n])
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", path)
        t.check(done.code in (OK, DATA), f"SAM of {n} bytes", f"{done.code} {done.err}")
        if done.code == OK:
            t.check(run("export", "-q", f / "s.h5").out == text[:n], f"SAM of {n} bytes", "is not exact")


def broken(t, f):
    """Any byte may be any other: exact, or refused with its place; never a crash."""
    records = [record(b"r%d" % i, "ACGTACG", bytes(range(7)),
                      tag("NM", "i", i) + tag("XB", "Bs", (1, i)) + tag("RG", "Z", b"g"), (0, 16, 99)[i % 3],
                      (i % 2, 10 * i, 0, 5, 0), 60, 4681, cigar("2S5M")) for i in range(20)]
    inputs = [("x.bam", header(TEXT, CONTIGS) + b"".join(records)),
              ("x.sam", TEXT + b"\n".join(SOME_SAM) + b"\n")]
    for name, stream in inputs:
        legal, n = 0, 60 if SANITIZED else 200
        for i in range(n):
            data = bytearray(stream)
            for _ in range(t.random.choice((1, 1, 1, 3, 8))):
                at = t.random.randrange(len(TEXT) if name.endswith("sam") else 4, len(data))
                data[at] = t.random.choice((0, 9, 10, 42, 255, 128, t.random.randrange(256)))
            f.clear("s.h5")
            done = run("ingest", "-q", "-o", f / "s.h5", f.write(name, bytes(data)))
            t.check(done.code in (OK, DATA), f"{name} {i}", f"exit code {done.code}: {done.err}")
            if done.code == OK:
                legal += 1
                t.check(run("export", "-q", f / "s.h5").out == bytes(data), f"{name} {i}", "is not exact")
            else:
                t.check("byte" in done.err or "line" in done.err, f"{name} {i}", f"no place: {done.err}")
        t.check(n // 60 < legal < n - n // 20, name, f"{legal} of {n} are legal")


def lines(t, f):
    """Lines of SAM that are wrong in one field each, and odd ones that are not."""
    good = SOME_SAM[0].split(b"\t")
    wrong = {0: (b"", b"x" * 255, b"a\x01"), 1: (b"", b"x", b"65536", b"-1"), 2: (b"chr2", b""),
             3: (b"", b"1.5", b"-"), 4: (b"256", b"", b"x"),
             5: (b"", b"5", b"5Q", b"M", b"4M", b"99999999999M"),
             6: (b"chr2",), 7: (b"x",), 8: (b"", b"1e3"), 9: (b"", b"ACGT", b"AC GT", b"AC,GT"),
             10: (b"", b"IIII", b"IIII\x7f", b"IIIII "),
             11: (b"NM:i:x", b"NM:i:", b"NMi0", b"NM:Q:1", b"N:i:1", b"")}
    for field, values in wrong.items():
        for value in values:
            row = [*good[:field], value, *good[field + 1:]]
            path = f.write("x.sam", TEXT + SOME_SAM[2] + b"\n" + b"\t".join(row) + b"\n")
            refused(t, f, f"field {field} {value[:20]}", path, ["line 6", "record 2"])
    for odd in (b"+10", b"0x10", b"010"):
        row = [*good[:3], odd, *good[4:]]
        exact(t, f, f"POS {odd}", f.write("x.sam", TEXT + b"\t".join(row) + b"\n"))
    for end in (b"", b"\n", b"\r\n"):
        text = TEXT + SOME_SAM[0] + (end or b"\n") + SOME_SAM[2] + end
        exact(t, f, f"ends {end}", f.write("x.sam", text))
    exact(t, f, "header alone", f.write("x.sam", TEXT))
    exact(t, f, "empty lines in the header's text", f.write("x.sam", TEXT + b"@CO\t\n" + SOME_SAM[2] + b"\n"))
    refused(t, f, "empty line", f.write("x.sam", TEXT + SOME_SAM[2] + b"\n\n"), ["line 6", "empty"])
    refused(t, f, "no @SQ", f.write("x.sam", b"@HD\tVN:1.6\n" + SOME_SAM[0] + b"\n"), ["line 2", "no @SQ"])


def from_a_pipe(t, f):
    text = TEXT + b"\n".join(SOME_SAM) + b"\n"
    for name, data in (("SAM", text), ("BAM", bgzf(header(TEXT, CONTIGS)))):
        f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", "-", stdin=data)
        t.check(done.code == OK, f"{name} from a pipe", done.err)
        t.check(run("export", "-q", f / "s.h5").out == plain(data), f"{name} from a pipe", "is not exact")


def bank(t, f):
    """A sheet as sarek writes it: samples with BAM and SAM, asked for by name."""
    records = some_records(t.random, 200)
    f.write("a.bam", bgzf(header(TEXT, CONTIGS) + b"".join(records)))
    f.write("b.sam", TEXT + b"\n".join(SOME_SAM) + b"\n")
    f.write("bam.csv", b"patient,sample,bam,bai\nD1,P1,a.bam,a.bam.bai\n")
    f.write("sam.csv", b"sample,lane,sam\nP2,L1,b.sam\n")
    t.check(run("init", f / "bank").code == OK, "init", "")
    for name in ("bam.csv", "sam.csv"):
        done = run("ingest", "-q", "-b", f / "bank", "--sheet", f / name)
        t.check(done.code == OK, name, done.err)
    done = run("ls", "-b", f / "bank")
    t.check(b"P1" in done.out and b"alignments" in done.out and b"L1" in done.out, "ls", done.out)
    done = run("export", "-q", "-b", f / "bank", "P2", "-o", f / "back.sam")
    t.check(done.code == OK and f.read("back.sam") == f.read("b.sam"), "export", done.err)
    done = run("verify", "-q", "-b", f / "bank", "--all")
    t.check(done.code == OK, "verify", done.err)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        sys.exit(look(*sys.argv[2:]))
    main(cases, Part("real_data", real_data), many, cut_everywhere, broken, lines, from_a_pipe, bank)
