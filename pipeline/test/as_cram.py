"""
Alignments as CRAM, by vial view -O cram: what samtools reads of it is what it reads of a CRAM that it made
itself of the same records; without a reference, and with one, which must be the header's. Nothing is asked of
the network, and no file is opened that was not named.

Suites: view alignments. Also: asan.
"""
import glob
import os
import re
import resource
import shutil
import subprocess
import sys

from alignmodel import CONTIGS, draw, made
from bammodel import header, record, tag
from containers import bgzf
from vialtest import CANTCREAT, DATA, OK, SANITIZED, USAGE, VIAL, check_refusal, main, run

IOERR = 74


def samtools(*args, **more):
    done = subprocess.run(["samtools", *map(str, args)], capture_output=True, **more)
    return done.stdout if done.returncode == 0 else None


def read(path, *options):
    """The CRAM as SAM; samtools says nothing beside it. Where a reference lies is of no interest."""
    done = subprocess.run(["samtools", "view", "-h", "--no-PG", *options, path], capture_output=True)
    text = re.sub(rb"\tUR:[^\t\n]*", b"", done.stdout)
    return text, done.stderr.decode() or ("" if done.returncode == 0 else "refused")


def same(t, f, what, bam, ours=(), theirs=(), reference=None):
    """The store s.h5 of that BAM, as CRAM of both; words that choose rows."""
    f.clear("v.cram", "j.cram")
    before = f.names()
    named = ("--reference", reference) if reference else ()
    done = run("view", f / "s.h5", "-o", f / "v.cram", *named, *ours)
    if not t.check(done.code == OK and not done.err, what, f"{done.code} {done.err}"):
        return
    t.check(set(f.names()) == {*before, "v.cram"}, what, "left something beside it")
    how = ("-T", reference) if reference else ()
    wrote = samtools("view", "-C", "--no-PG", "-o", f / "j.cram", *how, "-O",
                     "cram,version=3.0" + ("" if reference else ",no_ref"), bam, *theirs)
    (mine, said), (judge, _) = read(f / "v.cram", *how), read(f / "j.cram", *how)
    t.check(wrote is not None and mine == judge, what, "samtools makes another CRAM of it")
    t.check(not said or said == read(f / "j.cram", *how)[1], what, f"samtools says {said}")
    t.check(f.read("v.cram")[:6] == b"CRAM\x03\x00", what, "another version")


def fixtures(t, f):
    """Whatever samtools takes."""
    taken = 0
    for path in sorted(glob.glob("testdata/alignments/*.[bs]am")):
        f.clear("s.h5", "j.cram", "x.bam")
        if run("ingest", "-q", "-o", f / "s.h5", path).code != OK or \
                run("view", f / "s.h5", "-o", f / "x.bam").code != OK:
            continue
        if "cigar-odd" in path or "kind=reads" in run("info", f / "s.h5").out.decode():
            continue
        if samtools("view", "-C", "-O", "cram,no_ref", "-o", f / "j.cram", f / "x.bam") is not None:
            same(t, f, path, f / "x.bam")
            taken += 1
    t.check(taken > 25, "fixtures", f"only {taken} of them were taken")


def genome(t, f, name="ref.fa"):
    """Letters of all contigs."""
    letters = {c: "".join(t.random.choices("ACGTN", (30, 20, 20, 30, 1), k=n)) for c, n in CONTIGS}
    text = ""
    for contig, s in letters.items():
        text += f">{contig} a title\n" + "\n".join(s[i:i + 60] for i in range(0, len(s), 60)) + "\n"
    f.write(name, text.encode())
    return letters


def end_of(row):
    """Of a row of SAM: the last place that it covers."""
    ops = re.findall(r"(\d+)([MDN=X])", row[5]) if not int(row[1]) & 4 else []
    return int(row[3]) - 1 + sum(int(n) for n, _ in ops)


def draw_like(r, letters, n):
    """As drawn, with letters of the genome mostly, MD and NM agree; none beyond the ends of contigs."""
    out = []
    for line in draw(r, n, longest=60).decode().splitlines():
        row = line.split("\t")
        if line[0] != "@" and end_of(row) > len(letters.get(row[2], "")) and row[2] != "*":
            continue
        if line[0] != "@" and row[2] in letters and re.fullmatch(r"\d+M", row[5]) and r.random() < 0.9:
            at = int(row[3]) - 1
            s = list(letters[row[2]][at:at + len(row[9])])
            if len(s) == len(row[9]):
                if r.random() < 0.3:
                    s[r.randrange(len(s))] = r.choice("ACGTN")
                row[9] = "".join(s)
        out.append("\t".join(row))
    return ("\n".join(out) + "\n").encode()


def asked(t, f):
    """All rows, rows of regions, and rows by rules; with a reference, indexed or not, and without."""
    letters = genome(t, f)
    for n in (300, 3000 if SANITIZED else 30000):
        bam = made(t, f, draw_like(t.random, letters, n), "bare")
        with open(f / "calmd.bam", "wb") as file:
            subprocess.run(["samtools", "calmd", "-b", "--no-PG", bam, f / "ref.fa"], stdout=file,
                           stderr=subprocess.DEVNULL)
        f.clear("ref.fa.fai")
        for source in ("bare", "calmd"):
            bam = made(t, f, samtools("view", "-h", "--no-PG", f / f"{source}.bam"), "x")
            for reference in (None, f / "ref.fa"):
                what = f"{n} {source} {'with' if reference else 'without'} a reference"
                if source == "calmd" and reference:
                    run("view", f / "s.h5", "-o", f / "first.cram", "--force", "--reference", reference)
                    t.check(not os.path.exists(f / "ref.fa.fai"), what, "an index was left beside it")
                samtools("faidx", f / "ref.fa")
                same(t, f, what, bam, reference=reference)
                for words, regions in t.some((((), ("chr2:5,000-60,000",)), (("-q", "20"), ("chr1",)),
                                              (("-F", "DUP,REVERSE"), ()), (("-f", "4"), ()),
                                              ((), ("last", )))):
                    same(t, f, f"{what} {words} {regions}", bam, (*words, *regions), (*regions, *words),
                         reference)
                f.clear("ref.fa.fai")
        for threads in (1, 4):
            f.clear(f"{threads}.cram")
            run("view", f / "s.h5", "-@", threads, "-o", f / f"{threads}.cram", "--reference", f / "ref.fa")
        t.check(f.read("1.cram") == f.read("4.cram") == f.read("first.cram"), f"{n}", "threads change bytes")
        out = run("view", f / "s.h5", "-O", "cram", "--reference", f / "ref.fa").out
        t.check(out == f.read("1.cram"), f"{n}", "standard output has other bytes")
    done = run("view", f / "s.h5", "-H", "-o", f / "h.cram")
    t.check(done.code == OK and read(f / "h.cram")[0] == samtools("view", "-H", "--no-PG", f / "x.bam"),
            "only the header", done.err)
    t.check(b"UR:" not in run("view", f / "s.h5", "-O", "cram", "--reference", f / "ref.fa", "-H").out and
            samtools("view", "-H", f / "1.cram").count(b"\tM5:") == len(CONTIGS), "M5 and no UR", "")


def long_cigar(t, f):
    """More operations than BAM counts: they are in CIGAR, and no tag CG is left."""
    base = "".join(t.random.choices("ACGT", k=70000))
    sam = f"@SQ\tSN:c\tLN:200000\na\t0\tc\t9\t60\t{'1M1D' * 69999}1M\t*\t0\t0\t{base}\t*\tNM:i:3\tXA:Z:x\n"
    f.clear("s.h5")
    made(t, f, sam.encode())
    same(t, f, "70,000 operations", f / "x.bam")
    rows = read(f / "v.cram")[0].split(b"\n")
    t.check(any(b"1M1D1M" in row and b"CG:B" not in row for row in rows), "70,000 operations", "")


def references(t, f):
    """One that is not the header's is refused before the first record, and nothing is left."""
    letters = genome(t, f)
    made(t, f, draw_like(t.random, letters, 200))
    first = run("view", f / "s.h5", "-o", f / "m5.cram", "--reference", f / "ref.fa")
    samtools("view", "-b", "--no-PG", "-o", f / "m5.bam", "-T", f / "ref.fa", f / "m5.cram")
    done = run("ingest", "-q", "-o", f / "m5.h5", f / "m5.bam")
    t.check(first.code == OK and done.code == OK, "M5", f"{first.err} {done.err}")
    f.write("ref2.fa", f.read("ref.fa"))
    with open(f / "m5.sam", "wb") as file:  # letters of M5 in upper case are the same digest
        file.write(re.sub(rb"M5:[0-9a-f]*", lambda m: b"M5:" + m.group()[3:].upper(),
                          samtools("view", "-h", "--no-PG", f / "m5.bam")))
    run("ingest", "-q", "-o", f / "upper.h5", f / "m5.sam")
    done = run("view", f / "upper.h5", "-O", "cram", "--reference", f / "ref.fa")
    t.check(done.code == OK, "M5 in upper case", done.err)
    short = re.sub(r">last.*", "", f.read("ref.fa").decode(), flags=re.DOTALL)
    f.write("missing.fa", short.encode())
    f.write("longer.fa", f.read("ref.fa") + b"A\n")
    with open(f / "other.fa", "w") as file:
        text = f.read("ref.fa").decode()
        at = text.index(">chr2 ") + 40
        file.write(text[:at] + ("A" if text[at] != "A" else "C") + text[at + 1:])
    f.write("junk.fa", b"not FASTA\n")
    names = set(f.names())
    for store, fasta, *parts in (("m5.h5", "other.fa", "MD5", "chr2"), ("s.h5", "missing.fa", "no 'last'"),
                                 ("m5.h5", "longer.fa", "MD5", "last"),
                                 ("s.h5", "longer.fa", "61 letters", "60"),
                                 ("s.h5", "junk.fa", "junk.fa"), ("s.h5", "nowhere.fa", "nowhere.fa")):
        done = run("view", f / store, "-o", f / "y.cram", "--reference", f / fasta)
        check_refusal(t, fasta, done, parts, (DATA, 66))
        t.check(set(f.names()) == names, fasta, set(f.names()) ^ names)


def refused(t, f):
    """What CRAM does not hold, by the name of the record; what makes no sense to ask."""
    contig = ((b"c", 1000),)
    place = (0, 5, -1, -1, 0)

    def bam(name, **how):
        head = header(b"@SQ\tSN:c\tLN:1000\n", contig)
        rows = [record(b"good%d" % i, "ACGT", b"\1\2\3\4", flag=0, place=place, cigar=(64,))
                for i in range(9)]
        f.clear("s.h5", "y.cram")
        bad = record(name, "ACGT", b"\1\2\3\4", **{"flag": 0, "place": place, "cigar": (64,), **how})
        done = run("ingest", "-q", "-o", f / "s.h5",
                   f.write("i.bam", bgzf(head + b"".join(rows) + bad + b"".join(rows))))
        t.check(done.code == OK, name, done.err)

    for name, how, part in ((b"zero", {"cigar": (64, 2)}, "length 0"),
                            (b"back", {"cigar": (64, 25)}, "CIGAR"),
                            (b"tab", {"tags": tag("XX", "Z", b"a\tb")}, "tabulator"),
                            (b"none", {"cigar": ()}, "another length")):
        bam(name, **how)
        done = run("view", f / "s.h5", "-o", f / "y.cram")
        check_refusal(t, name, done, (f"'{name.decode()}'", part), (DATA,))
        t.check(not glob.glob(f / "*y.cram*") and not glob.glob(f / ".*y.cram*"), name, "a file was left")
    bam(b"beyond", place=(0, 997, -1, -1, 0))
    f.write("c.fa", b">c\n" + b"A" * 1000 + b"\n")
    done = run("view", f / "s.h5", "-O", "cram", "--reference", f / "c.fa")
    check_refusal(t, "beyond", done, ("'beyond'", "end of its contig"), (DATA,))
    samtools("view", "-b", "--no-PG", "-o", f / "x.bam", f / "i.bam")
    same(t, f, "beyond", f / "x.bam")
    bam(b"fine")
    f.write("there.cram", b"mine")
    for args, code, part in ((("-O", "cram", "--no-header"), USAGE, "CRAM is none"),
                             (("-O", "sam", "--reference", "x.fa"), USAGE, "-O cram"),
                             (("-O", "cram", "-o", f / "x.gz"), USAGE, "promises gzip"),
                             (("-O", "sam", "-o", f / "x.cram"), USAGE, "promises CRAM"),
                             (("-c", "-o", f / "x.cram"), USAGE, "promises CRAM"),
                             (("-O", "cram", "--columns", "name"), USAGE, "--columns"),
                             (("-o", f / "there.cram"), CANTCREAT, "exists already")):
        done = run("view", f / "s.h5", *args)
        t.check(done.code == code and part in done.err, args, f"{done.code} {done.err}")
    t.check(f.read("there.cram") == b"mine", "a file that exists", "")
    done = run("view", f / "s.h5", "-o", f / "there.cram", "--force")
    t.check(done.code == OK and read(f / "there.cram")[1] == "", "--force", done.err)


def not_written(t, f):
    """A full disk, a limit of size, a reader that goes away: an error, and no file."""
    letters = genome(t, f)
    made(t, f, draw_like(t.random, letters, 30000))
    for path in ("/dev/full", "-"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([VIAL, "view", f / "s.h5", "-O", "cram", "-o", path], stdout=full,
                                  stderr=subprocess.PIPE)
        t.check(done.returncode == IOERR and b"No space left" in done.stderr, path, done.stderr)
    done = subprocess.run([VIAL, "view", f / "s.h5", "-H", "-O", "cram", "-o", "/dev/full"],
                          capture_output=True)
    t.check(done.returncode == IOERR, "a small file, at its end", done.stderr)
    for limit in (100, 50000, os.path.getsize(f / "s.h5") // 2):
        done = subprocess.run([VIAL, "view", f / "s.h5", "-o", f / "y.cram"], capture_output=True,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        t.check(done.returncode == IOERR and b"y.cram" in done.stderr, f"limit {limit}", done.stderr)
        t.check(not glob.glob(f / "*y.cram*") and not glob.glob(f / ".*y.cram*"), f"limit {limit}", "left")
    with subprocess.Popen([VIAL, "view", f / "s.h5", "-O", "cram"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        p.stdout.read(10)
        p.stdout.close()
        said = p.stderr.read()
    t.check(b"annot" not in said, "a closed pipe", said)


def nobody_asks(t, f):
    """Wherever the header points."""
    if not shutil.which("strace"):
        return t.skip("strace is not installed")
    base = "".join(t.random.choices("ACGT", k=500))
    f.write("ref.fa", f">c1\n{base}\n".encode())
    f.write("trap.fa", f">c1\n{base}\n".encode())
    for where in (f / "trap.fa", "http://127.0.0.1:1/x.fa", "ftp://127.0.0.1/x.fa"):
        sam = f"@SQ\tSN:c1\tLN:500\tUR:{where}\tM5:{'0' * 32}\n" \
              f"r\t0\tc1\t5\t9\t50M\t*\t0\t0\t{base[4:54]}\t*\n"
        for options in ((), ("--reference", f / "ref.fa")):
            f.clear("s.h5", "trace", "v.cram")
            text = re.sub("\tM5:0*", "", sam) if options else sam
            done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.sam", text.encode()))
            t.check(done.code == OK, where, done.err)
            subprocess.run(["strace", "-f", "-e", "trace=connect,open,openat", "-o", f / "trace", VIAL,
                            "view", *options, "-o", f / "v.cram", f / "s.h5"], capture_output=True,
                           env={k: v for k, v in os.environ.items() if not k.startswith("REF_")})
            trace = f.read("trace")
            t.check(b"s.h5" in trace and os.path.exists(f / "v.cram"), where, "no trace, or no CRAM")
            t.check(b"connect(" not in trace and b"trap.fa" not in trace and b"hts-ref" not in trace,
                    f"{where} {options}", "was asked")


if not shutil.which("samtools"):
    print("samtools is missing")
    sys.exit(69)
main(fixtures, asked, long_cigar, references, refused, not_written, nobody_asks)
