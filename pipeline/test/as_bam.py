"""
Reads as BAM, by view and by export: what came as FASTQ gets flags, tags and a header; what came as BAM comes
record by record. Judges: a model of our own (fqmodel.py, bammodel.py), and samtools.

Suites: reads view. Also: asan.
"""
import glob
import gzip
import struct
import subprocess

from bammodel import header, record, split, tag
from containers import BGZF_END, bgzf
from fqmodel import interleave, name_of, parse, reads
from vialtest import CANTCREAT, DATA, OK, USAGE, main, run
from viewtest import view

TEXT = b"@HD\tVN:1.6\tSO:unsorted%s\n%s@PG\tID:vial\tPN:vial\tVN:%s\n"
VERSION = run("--version").out.split()[1]
LETTERS = bytes(c if chr(c) in "=ACMGRSVTWYHKDBN" else ord("N") for c in range(256))
UPPER = bytes(c - 32 if chr(c) in "acmgrsvtwyhkdbnu" else c for c in range(256))


def samtools(*args, stdin=None):
    done = subprocess.run(["samtools", *args], input=stdin, capture_output=True)
    return done.stdout if done.returncode == 0 else b"failed: " + done.stderr


def letters(base):
    return base.translate(UPPER).replace(b"U", b"T").translate(LETTERS).decode()


def made(texts, tags=lambda title: (b"", 0), mark=b"", group=b""):
    """The stream that FASTQ becomes; tags: of a title, and what it adds to the flag."""
    pairs = len(texts) == 2
    text = TEXT % (b"\tGO:query" if pairs else b"", b"@RG\tID:%s\tSM:%s\n" % (group, group) if group else b"",
                   VERSION)
    out = [header(text)]
    for rows in zip(*[parse(x) for x in texts]):
        for flag, (title, base, _, quality) in zip((77, 141) if pairs else (4,), rows):
            name = name_of(title)
            more, bits = tags(title[len(name) + 1:])
            if group and b"RGZ" not in more:
                more += tag("RG", "Z", group)
            out.append(record((name[:-len(mark)] if mark else name) or b"*", letters(base),
                              bytes(q - 33 for q in quality), more, flag | bits))
    return b"".join(out)


def casava(comment):
    if comment.count(b":") != 3:
        return b"", 0
    code = comment.split(b":")[3]
    return tag("BC", "Z", code) if code else b"", 512 * (comment[2:3] == b"Y")


def ingest(t, f, what, texts, *options):
    inputs = [f.write(f"R{i + 1}.fq", x) for i, x in enumerate(texts)]
    f.clear("s.h5")
    done = run("ingest", "-q", "-o", f / "s.h5", *options, *inputs)
    t.check(done.code == OK, what, done.err)


def stream_of(t, f, what, *args):
    """What view makes, to standard output and by the name of a file."""
    out = view(t, f, what, "-O", "bam", *args)
    if not t.check(out and out.endswith(BGZF_END), what, "has no end-of-file block"):
        return b""
    for name in ("x.bam", "x.UBAM"):
        f.clear(name)
        done = run("view", f / "s.h5", "-o", f / name, *args)
        t.check(done.code == OK and f.read(name) == out, what, f"{name} is another file {done.err}")
    t.check(samtools("quickcheck", "-u", f / "x.bam") == b"", what, "quickcheck")
    return gzip.decompress(out)


def exported(t, f, what):
    """What export makes: the same records."""
    f.clear("y.bam")
    done = run("export", f / "s.h5", "-o", f / "y.bam")
    t.check(done.code == OK and f.read("y.bam").endswith(BGZF_END), what, done.err)
    plain = run("export", "-q", "--format", "bam", f / "s.h5").out
    t.check(gzip.decompress(f.read("y.bam")) == plain, what, "standard output has another text")
    return plain


def bare(text):
    """FASTQ with nothing behind names."""
    lines = text.split(b"\n")
    return b"".join(b"@%s\n%s\n+\n%s\n" % (name_of(lines[i][1:]), lines[i + 1], lines[i + 3])
                    for i in range(0, len(lines) - 1, 4))


def single(t, f):
    for what, text in (("short", reads(5000, 3)), ("ragged", reads(700, 4, ragged=True, style="run.x")),
                       ("long", reads(9, 5, length=300000)), ("none", b"")):
        ingest(t, f, what, [text])
        stream = stream_of(t, f, what)
        t.check(stream == made([text], casava), what, "the stream differs from the model's")
        t.check(exported(t, f, what) == stream, what, "export and view differ")
        t.check(samtools("fastq", "-n", f / "x.bam") == bare(text), what, "samtools fastq gives other reads")


def pairs(t, f):
    for what, style, mark, options in (("equal names", "illumina", b"", ()),
                                       ("/1 and /2", "slash", b"/1", ()),
                                       ("interleaved", "illumina", b"", ("--interleaved",))):
        texts = [reads(4000, 7, mate=m, style=style) for m in (1, 2)]
        ingest(t, f, what, [interleave(*texts)] if options else texts, *options)
        stream = stream_of(t, f, what)
        t.check(stream == made(texts, casava, mark), what, "the stream differs from the model's")
        t.check(exported(t, f, what) == stream, what, "export and view differ")
        samtools("fastq", "-N" if mark else "-n", "-1", f / "1.fq", "-2", f / "2.fq", f / "x.bam")
        t.check([f.read("1.fq"), f.read("2.fq")] == [bare(x) for x in texts], what, "samtools fastq")
        some = stream_of(t, f, what, "--rows", "3-8")
        t.check(split(some) == (split(stream)[0], split(stream)[1][3:9]), what, "some rows")
        done = run("export", f / "s.h5", "-1", f / "a.bam", "-2", f / "b.bam")
        t.check(done.code == USAGE and "BAM is one text" in done.err, what, done.err)


COMMENTS = (
    (b"RG:Z:x\tBC:Z:AC", tag("RG", "Z", b"x") + tag("BC", "Z", b"AC"), 0),
    (b"XI:i:-5\tXJ:i:200\tXK:i:70000\tXL:i:-40000",
     tag("XI", "c", -5) + tag("XJ", "C", 200) + tag("XK", "I", 70000) + tag("XL", "i", -40000), 0),
    (b"XF:f:1.5\tXA:A:q\tXH:H:1aE0\tXZ:Z:",
     tag("XF", "f", 1.5) + tag("XA", "A", b"q") + tag("XH", "H", b"1aE0") + tag("XZ", "Z", b""), 0),
    (b"ML:B:C,1,255\tXS:B:s,-300\tXE:B:f\tXG:B:f,0.5", tag("ML", "BC", (1, 255)) + tag("XS", "Bs", (-300,)) +
     tag("XE", "Bf", ()) + tag("XG", "Bf", (0.5,)), 0),
    (b"1:N:0:ACGT+TTGA", tag("BC", "Z", b"ACGT+TTGA"), 0),
    (b"2:Y:18:7", tag("BC", "Z", b"7"), 512),
    (b"1:N:0:", b"", 0),
    (b"", b"", 0),
    *((text, tag("CO", "Z", text.replace(b"\t", b" ").replace(b"\x01", b" ")), 0) for text in (
        b"runid=ab ch=12", b"XX:i:4294967296", b"XX:i:-2147483649", b"XX:i:", b"XX:i:1x", b"XX:B:C,256",
        b"XX:B:Q,1", b"XX:B:", b"XX:H:1", b"XX:H:1g", b"XX:A:ab", b"XX:A:", b"XX:f:", b"XX:f:1.x", b"XX:f: 1",
        b"XX:i:1\tXX:i:2", b"XX:i:1\tno", b"1X:i:1", b"XX:q:1", b"XX:Z", b"1:N:0", b"1:Q:0:A", b"12:N:0:A",
        b"1:N:x:A", b"a\x01b", b"caf\xc3\xa9", b"RG:Z:caf\xc3\xa9")),
)


def comments(t, f):
    """Each sort of comment as tags; those that are tags are what samtools import makes of them."""
    known = {text: (more, flag) for text, more, flag in COMMENTS}
    text = b"".join(b"@r%d %s\nACGT\n+\nIIII\n" % (i, c) for i, (c, _, _) in enumerate(COMMENTS))
    ingest(t, f, "comments", [text])
    stream = stream_of(t, f, "comments")
    for i, (a, b) in enumerate(zip(split(stream)[1], split(made([text], known.get))[1])):
        t.check(a == b, f"comment {COMMENTS[i][0]}", f"{a[36:]} is not {b[36:]}")
    for blank in (b" ", b"\t"):
        text = b"".join(b"@r%d%b%s\nACGT\n+\nIIII\n" % (i, blank, c[0]) for i, c in enumerate(COMMENTS[:4]))
        ingest(t, f, "tags", [text])
        stream_of(t, f, "tags")
        samtools("import", "-T", "*", "-0", f.write("i.fq", text.replace(b" ", b"\t")), "-o", f / "i.bam")
        t.check(samtools("view", f / "i.bam") == samtools("view", f / "x.bam"), "tags",
                "samtools import differs")


def groups(t, f):
    text = b"@a\nAC\n+\nII\n@b RG:Z:own\nAC\n+\nII\n"
    ingest(t, f, "sample", [text], "--sample", "S 1", "--acquisition", "S 1")
    t.check(stream_of(t, f, "sample") == made([text], lambda c: (tag("RG", "Z", b"own") if c else b"", 0),
                                              group=b"S 1"), "sample", "no read group, or another")


def odd(t, f):
    every = bytes(c for c in range(33, 127) if c not in b"+@>")
    text = b"@every\n%s\n+\n%s\n@\n\n+\n\n@low\nacgtnu.-\n+\n!!!!~~~~\n" % (every, every)
    ingest(t, f, "letters", [text])
    done = run("view", f / "s.h5", "-O", "bam")
    t.check(gzip.decompress(done.out) == made([text]), "letters", "the stream differs from the model's")
    t.check("fewer letters" in done.err and "fewer letters" in run("export", f / "s.h5", "--force", "-o",
                                                                   f / "z.bam").err,
            "letters", f"nothing is said: {done.err}")
    for n, code in ((254, OK), (255, DATA)):
        ingest(t, f, f"name of {n}", [b"@ok\nA\n+\nI\n@%s\nAC\n+\nII\n" % (b"n" * n)])
        f.clear("x.bam")
        done = run("view", f / "s.h5", "-o", f / "x.bam")
        t.check(done.code == code and (code == OK or "read 1 has a name of 255" in done.err), f"name of {n}",
                f"{done.code} {done.err}")


def came_as_bam(t, f):
    """Record by record as it was, with the header; as FASTQ what samtools makes of it."""
    for path in sorted(glob.glob("testdata/bam/*.in")):
        with open(path, "rb") as file:
            stream = file.read()
        f.clear("s.h5")
        path_in = f.write("i.bam", bgzf(stream))
        if run("ingest", "-q", "--format", "bam", "-o", f / "s.h5", path_in).code != OK:
            continue
        t.check(stream_of(t, f, path) == stream, path, "the stream is another")
        head, records = split(stream)
        if len(records) > 2:
            some = stream_of(t, f, path, "--rows", "1-2")
            t.check(split(some) == (head, records[1:3]), path, "some rows")
        f.clear("x.fq")
        done = run("export", f / "s.h5", "-o", f / "x.fq")
        t.check(done.code == OK and "flags and tags" in done.err, path, done.err)
        t.check(f.read("x.fq") == run("view", f / "s.h5").out, path, "export and view as FASTQ differ")


def large(t, f):
    """Tags that come and go, in many loads: columns that the data named are read by rows."""
    parts = [record(b"r%d" % i, "ACGT" * (i % 9), None, tag("np", "i", i) +
                    (tag("ip", "BC", bytes(i % 256 for _ in range(i % 500))) if i % 3 else b"") +
                    (tag("la", "Z", b"x" * (i % 7)) if i > 9000 else b"")) for i in range(12000)]
    f.clear("s.h5")
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("i.bam", bgzf(header() + b"".join(parts))))
    t.check(done.code == OK, "large", done.err)
    t.check(split(stream_of(t, f, "large"))[1] == parts, "large", "records differ")
    out = stream_of(t, f, "large", "--length", "32-")
    t.check(split(out)[1] == [p for p in parts if struct.unpack_from("<i", p, 20)[0] >= 32], "large",
            "selected")


def asked_wrongly(t, f):
    ingest(t, f, "one", [reads(3)])
    for args, code, part in ((("export", f / "s.h5", "--format", "mzml"), USAGE, "not printed as 'mzml'"),
                             (("export", f / "s.h5", "--format", "cram"), USAGE, "not printed as 'cram'"),
                             (("export", "--where", "rows > 1", "-b", f / "none", "--format", "bam", "-o",
                               f / "d"), USAGE, "one store"),
                             (("view", f / "s.h5", "-O", "bam", "--columns", "name"), USAGE, "--columns")):
        done = run(*args)
        t.check(done.code == code and part in done.err, part, f"{done.code} {done.err}")
    f.write("there.bam", b"mine")
    done = run("view", f / "s.h5", "-o", f / "there.bam")
    t.check(done.code == CANTCREAT and f.read("there.bam") == b"mine", "a file that exists", done.err)


main(single, pairs, comments, groups, odd, came_as_bam, large, asked_wrongly)
