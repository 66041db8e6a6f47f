"""
vial view of reads against a model of our own (fqmodel.py), which knows nothing of stores.

Suites: view reads.
"""
import os

from fqmodel import name_of, parse, reads, record
from viewtest import fields, refused, view
from vialtest import CANTCREAT, DATA, NOINPUT, OK, USAGE, Part, main, run


class Reads:
    """rows: (name, mate, title, base, plus, quality)"""

    def __init__(self, texts, mark=b""):
        parsed = [parse(x) for x in texts]
        self.rows = []
        for i in range(len(parsed[0])):
            for s, p in enumerate(parsed):
                title, base, plus, quality = p[i]
                name = name_of(title)
                self.rows.append((name[:-2] if mark else name, s + 1 if len(parsed) == 2 else 0, title, base,
                                  plus, quality))

    def fastq(self, rows):
        return b"".join(b"@%s\n%s\n+%s\n%s\n" % self.rows[i][2:] for i in rows)

    def cells(self, i):
        name, mate, title, base, plus, quality = self.rows[i]
        comment = title[len(name_of(title)) + 1:]
        return {"row": b"%d" % i, "name": name, "mate": b"%d" % mate, "comment": comment, "base": base,
                "quality": quality,
                "plus": plus, "length": b"%d" % len(base)}


def ranges(t, n):
    """Forms of --rows and the rows that they mean."""
    out = [("0", 0, 0), (str(n - 1), n - 1, n - 1), (str(n), 1, 0), ("0-", 0, n - 1), ("-0", 0, 0),
           (f"-{n + 5}", 0, n - 1),
           (f"{n // 2}-", n // 2, n - 1), (f"{n - 1}-{n + 1000}", n - 1, n - 1), (f"{n + 7}-{n + 9}", 1, 0),
           ("1-18446744073709551615", 1, n - 1), ("-", 0, n - 1)]
    for _ in range(8):
        a = t.random.randrange(n)
        b = min(n - 1, a + t.random.choice((0, 1, 2, 7, 100, 4095, 4096, 9000)))
        out.append((f"{a}-{b}", a, b))
    return [(text, range(max(a, 0), b + 1)) for text, a, b in out]


def check_reads(t, f, what, texts, mark=b"", options=()):
    model = Reads(texts, mark)
    n = len(model.rows)
    inputs = [f.write(f"R{i + 1}.fq", x) for i, x in enumerate(texts)]
    done = run("ingest", "-q", "-o", f / "s.h5", *options, *inputs)
    if not t.check(done.code == OK, what, done.err):
        return
    out = view(t, f, f"{what}, all")
    t.check(out == model.fastq(range(n)), what, "all reads differ")
    for text, rows in ranges(t, n):
        out = view(t, f, f"{what}, --rows {text}", "--rows", text)
        t.check(out == model.fastq(rows), f"{what}, --rows {text}",
                f"{len(out or b'')} bytes, expected {len(model.fastq(rows))}")
    every = "row,name,mate,comment,base,quality,plus,length".split(",")
    for columns in (every, every[::-1], ["base"], ["name", "name"], None):
        a = t.random.randrange(n)
        b = min(n - 1, a + 5000)
        asked = ["-O", "tsv"] + (["--columns", ",".join(columns)] if columns else [])
        out = view(t, f, f"{what}, {asked}", "--rows", f"{a}-{b}", *asked)
        names = columns or ["name", "mate", "base", "quality"]
        lines = (out or b"").split(b"\n")
        t.check(lines[0] == "\t".join(names).encode() and lines[-1] == b"", f"{what}, {asked}",
                f"head {lines[0]!r}")
        bad = [i for i, line in zip(range(a, b + 1),
                                    lines[1:]) if fields(line) != [model.cells(i)[c] for c in names]]
        t.check(len(lines) == b - a + 3 and not bad, f"{what}, {asked}",
                f"{len(lines) - 2} lines of {b - a + 1}; rows {bad[:5]} differ")
    out = view(t, f, f"{what}, --columns without -O", "--rows", "0", "--columns", "length")
    t.check(out == b"length\n%d\n" % len(model.rows[0][3]), f"{what}, --columns without -O", repr(out))
    names = {}
    for i, row in enumerate(model.rows):
        names.setdefault(row[0], []).append(i)
    asked = [model.rows[0][0], model.rows[-1][0],
             model.rows[n // 2][0]] + [k for k, v in names.items() if len(v) > 2][:1]
    for name in asked:
        out = view(t, f, f"{what}, --name {name}", "--name", os.fsdecode(name))
        t.check(out == model.fastq(names[name]), f"{what}, --name {name}", repr((out or b"")[:100]))
    name = model.rows[0][0]
    for text, rows in (("0", [i for i in names[name] if i == 0]), ("1-", [i for i in names[name] if i >= 1])):
        if rows:
            out = view(t, f, f"{what}, --name and --rows {text}", "--name", os.fsdecode(name), "--rows", text)
            t.check(out == model.fastq(rows), f"{what}, --name and --rows {text}", repr((out or b"")[:100]))
    for absent in (os.fsdecode(name) + "x", os.fsdecode(name)[:-1] + "#", "A"):
        refused(t, f, f"{what}, absent name", "--name", absent, code=NOINPUT,
                part=f"no read is called '{absent}'")
    f.clear("s.h5", "R1.fq", "R2.fq")


def odd_reads():
    return b"".join(record(b"r%d extra  words\\ %d\t x" % (i % 7, i), b"ACGTN"[:i % 6] * (i % 50), None,
                           b"r%d again" % i if i % 3 else b"") for i in range(9000))


ONE_READ = record(b"only", b"ACGT")
# what: (texts, mark of the mates, options of ingest)
READS = {
    "pairs": lambda: ([reads(35000, seed=2, length=30, mate=m) for m in (0, 2)], b"", ()),
    "pairs marked with a slash": lambda: ([reads(3000, seed=3, length=50, mate=m, style="slash", ragged=True)
                                           for m in (1, 2)], b"/", ()),
    "single, ragged": lambda: ([reads(70000, seed=4, length=25, style="SRR1", ragged=True)], b"", ()),
    "names again, '+' texts, empty reads": lambda: ([odd_reads()], b"", ()),
    "one read": lambda: ([ONE_READ], b"", ()),
    "one pair": lambda: ([ONE_READ, ONE_READ.replace(b"ACGT", b"TGCA")], b"", ("--profile", "portable")),
}


def ways_to_ask(t, f, what):
    texts, mark, options = READS[what]()
    check_reads(t, f, what, texts, mark, options)


def asked_wrongly(t, f):
    f.write("x.fq", reads(50, seed=5).replace(b"\n", b"\r\n"))
    run("ingest", "-q", "-o", f / "s.h5", f / "x.fq")
    out = view(t, f, "CR LF", "--rows", "7")
    t.check(out is not None and out.replace(b"\r", b"") == Reads([reads(50, seed=5)]).fastq([7]), "CR LF",
            repr(out))
    for args, part in {("--rows", "5-3"): "5-3", ("--rows", "x"): "'x'", ("--rows", ""): "''",
                       ("--rows", "1-2-3"): "1-2-3",
                       ("--index", "1"): "--index asks for spectra, the store holds reads",
                       ("-O", "mzml"): "mzml",
                       ("-O", "sam"): "sam", ("--id", "x"): "reads",
                       ("--scan", "3"): "reads", ("--ms-level", "2"): "reads",
                       ("--precursor", "445"): "reads",
                       ("--columns", "name,nothing"): "nothing",
                       ("-O", "fastq", "--columns", "name"): "-O tsv", ("--columns", ""): "column",
                       ("--time", "1-2"): "reads", ("--mz", "1-2"): "reads",
                       ("--nothing",): "--nothing", ("--tol", "1"): "reads", ("-@", "0"): "'0'"}.items():
        refused(t, f, f"reads, {args}", *args, code=USAGE, part=part)
    refused(t, f, "no such store", code=NOINPUT, part="none.h5", store="none.h5")
    refused(t, f, "no store", code=DATA, part="x.fq", store="x.fq")
    done = run("view", f / "s.h5", "--rows", "3", "-o", f / "out.fq")
    t.check(done.code == OK and done.out == b"" and f.read("out.fq") == view(t, f, "-o", "--rows", "3"), "-o",
            done.err)
    refused(t, f, "-o over a file", "--rows", "4", "-o", f / "out.fq", code=CANTCREAT, part="out.fq")
    done = run("view", f / "s.h5", "--rows", "4", "-o", f / "out.fq", "--force")
    t.check(done.code == OK and f.read("out.fq") == view(t, f, "--force", "--rows", "4"), "--force", done.err)
    f.clear("s.h5", "x.fq", "out.fq")


if __name__ == "__main__":
    main(*(Part(what, ways_to_ask, (what,)) for what in READS), asked_wrongly)
