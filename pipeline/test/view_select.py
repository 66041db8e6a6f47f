"""
vial view: which reads a question selects, and in which order, against a reading of our own of every
predicate; all that may be asked drawn and joined at random, as FASTQ, FASTA, TSV, JSON and counts.

Suites: view reads.
"""
import ctypes
import ctypes.util
import gzip
import json
import math
import os
import re
import subprocess

from fqmodel import name_of, parse, record
from viewtest import refused, view
from vialtest import NOINPUT, OK, USAGE, VIAL, Part, main, run

XXH = ctypes.CDLL(ctypes.util.find_library("xxhash"))
XXH.XXH3_64bits_withSeed.restype = ctypes.c_uint64
XXH.XXH3_64bits_withSeed.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)

# What each letter may be.
IUPAC = {"A": "A", "C": "C", "G": "G", "T": "T", "U": "T", "M": "AC", "R": "AG", "W": "AT", "S": "CG",
         "Y": "CT", "K": "GT", "V": "ACG", "H": "ACT", "D": "AGT", "B": "CGT", "N": "ACGT"}

# As POSIX has it, and as Python does.
PATTERNS = [(":110[13]:", None), ("^A0", None), ("0$", None), ("(7|9){2}", None),
            ("[[:alpha:]]9", "[A-Za-z]9"),
            ("^[^:]*:8:", None), ("x+y?|12.*4", None), (r"\.1", None), ("^$", None), ("[]:]11", r"[\]:]11"),
            ("HXX.{3}", None), ("^r[0-9]{1,3}$", None)]
COMMENTS = [("^1", None), ("N:0:", None), ("AC[GT]", None),
            ("[[:space:]]", r"\s"), ("^$", None), ("TT$", None)]


class Read:
    def __init__(self, row, name, mate, parsed):
        self.row, self.name, self.mate = row, name, mate
        self.title, self.base, self.plus, self.quality = parsed
        rest = self.title[len(name_of(self.title)):]
        self.comment = rest[1:] if re.match(b" [^ \t]", rest) else rest  # as columns have it
        self.phred = [q - 33 for q in self.quality]

    def fastq(self):
        return b"@%s\n%s\n+%s\n%s\n" % (self.title, self.base, self.plus, self.quality)

    def fasta(self):
        return b">%s\n%s\n" % (self.title, self.base)

    def names(self):
        """All names that a line may call it by."""
        return {self.name, name_of(self.title)}

    def mean_error(self):
        return -10 * math.log10(math.fsum(10 ** (-q / 10) for q in self.phred) / len(self.phred))


def fits(base, motif):
    """Whether all that a letter may be is among what the motif's letters may be, at some place."""
    allowed = [{c for c, may in IUPAC.items() if set(may) <= set(IUPAC[m.upper()])} for m in motif]
    letters = base.decode("latin-1").upper()
    return any(all(letters[i + k] in good for k, good in enumerate(allowed))
               for i in range(len(letters) - len(motif) + 1))


def is_drawn(name, fraction, seed):
    name = name[:-2] if name[-2:] in (b"/1", b"/2") and len(name) > 2 else name
    return XXH.XXH3_64bits_withSeed(name, len(name), seed) < fraction * 2**64


def between(value, low, high):
    return low - 1e-9 <= value <= high + 1e-9


# ---- what may be asked: each gives options, and a function of a read; None: nothing was drawn ----


def draw_rows(t, reads):
    a = t.random.randrange(len(reads))
    b = a + t.random.choice((0, 5, 3000, 40000))
    return ["--rows", f"{a}-{b}"], lambda r: a <= r.row <= b


def draw_length(t, reads):
    lengths = sorted(len(r.base) for r in t.random.choices(reads, k=2))
    a, b = lengths if t.random.random() < .8 else (lengths[0], lengths[0])
    forms = ((f"{a}-{b}", a, b), (f"{a}-", a, 1e9), (f"-{b}", 0, b), (f"{a}", a, a))
    text, low, high = t.random.choice(forms)
    return ["--length", text], lambda r: low <= len(r.base) <= high


def draw_mean(option, mean):
    def draw(t, reads):
        a, b = sorted(abs(mean(r)) if r.phred else 20 for r in t.random.choices(reads, k=2))
        a, b = t.random.choice(((a, b), (math.floor(a), math.ceil(b)), (round(a, 2), round(b, 2))))
        if t.random.random() < .5:
            return [option, f"{a!r}"], lambda r: r.phred and between(mean(r), a, math.inf)
        return [option, f"{a!r}-{b!r}"], lambda r: r.phred and between(mean(r), a, b)

    return draw


def draw_name_regex(t, _):
    posix, python = t.random.choice(PATTERNS)
    expression = re.compile((python or posix).encode(), re.S)
    return ["--name-regex", posix], lambda r: expression.search(r.name)


def draw_comment_regex(t, _):
    posix, python = t.random.choice(COMMENTS)
    expression = re.compile((python or posix).encode(), re.S)
    return ["--comment-regex", posix], lambda r: expression.search(r.comment)


def draw_motif(t, reads):
    base = t.random.choice(reads).base.decode("latin-1") or "ACG"
    at = t.random.randrange(len(base))
    motif = "".join(c if c.upper() in IUPAC else "N" for c in base[at:at + t.random.randint(2, 12)])
    motif = "".join(t.random.choice("NRYSWKMBDHVnrysu") if t.random.random() < .2 else c for c in motif)
    return ["--motif", motif], lambda r: fits(r.base, motif)


def draw_fraction(t, _):
    fraction, seed = t.random.choice((0, .01, .3, .75, 1)), t.random.choice((0, 0, 7, 2**64 - 1))
    return (["--fraction", f"{fraction}"] + (["--seed", f"{seed}"] if seed else []),
            lambda r: is_drawn(r.name, fraction, seed))


DRAWS = (draw_rows, draw_length, draw_mean("--mean-quality", Read.mean_error),
         draw_mean("--mean-phred", lambda r: sum(r.phred) / len(r.phred)), draw_name_regex,
         draw_comment_regex, draw_motif, draw_fraction)


def draw_question(t, reads, draws=DRAWS):
    """Options and the reads that they mean, in the order of the store."""
    chosen = t.random.sample(draws, t.random.choice((1, 1, 2, 2, 3, 4, len(draws))))
    asked = [draw(t, reads) for draw in chosen]
    options = [word for words, _ in asked for word in words]
    return options, [r for r in reads if all(holds(r) for _, holds in asked)]


# ---- data ----


def pairs(t, n):
    """Pairs of many tiles, some reads odd: two texts."""
    texts = [[], []]
    for i in range(n):
        name = b"A0%d:8:HXX2:%d:%d:%d:%d" % (i % 2, 1 + i % 4, 1101 + i // 2000, i * 7 % 3000, i)
        for mate, text in enumerate(texts):
            k = t.random.choice((0, 1, 20, 30, 30, 30, 31))
            base = bytes(t.random.choices(b"ACGTNacgtRU.", (20, 20, 20, 20, 2, 1, 1, 1, 1, 1, 1, 1), k=k))
            quality = bytes(t.random.choices(b"#5:FI", k=k)) if i % 3 else bytes([33 + i % 94]) * k
            comment = b"%d:N:0:%s" % (mate + 1, b"ACGT" if i % 5 else b"ACTT")
            text.append(record(name + (b" " + comment if i % 7 else b""), base, quality))
    return [b"".join(x) for x in texts]


def singles(t, n):
    """Names again, names with marks, long reads, '+' texts."""
    out = []
    for i in range(n):
        name = t.random.choice((b"r%d" % (i % 700), b"run.%d" % i, b"run.%d/%d" % (i // 2, 1 + i % 2)))
        k = t.random.choice((3, 50, 80, 200))
        base, quality = bytes(t.random.choices(b"ACGT", k=k)), bytes(t.random.choices(b"$+3=Sq~", k=k))
        comment = t.random.choice((b"", b"", b" ch=%d st=%d" % (i % 512, i), b"\tBC:Z:ACGT", b" a  b TT"))
        out.append(record(name + comment, base, quality, name + comment if i % 11 == 0 else b""))
    return [b"".join(out)]


def ingest(t, f, make, n):
    """The reads of a new store s.h5."""
    texts = make(t, n)
    files = [f.write(f"x_R{k + 1}.fq", x) for k, x in enumerate(texts)]
    done = run("ingest", "-q", "--profile", t.random.choice(("fast", "compact", "archive", "portable")), "-o",
               f / "s.h5", *files)
    assert done.code == OK, done.err
    parsed = [parse(x) for x in texts]
    return [Read(i * len(parsed) + m, name_of(p[i][0]), m + 1 if len(parsed) == 2 else 0, p[i])
            for i in range(n) for m, p in enumerate(parsed)]


# ---- checks ----


def check_forms(t, f, what, options, want):
    """One form more, drawn, says the same."""
    form = t.random.choice(("count", "fasta", "tsv", "json", "gz"))
    if form == "count":
        out = view(t, f, what, *options, t.random.choice(("-c", "--count")))
        t.check(out == b"%d\n" % len(want), f"{what}, count", f"{out!r}, expected {len(want)}")
    elif form == "fasta":
        out = view(t, f, what, *options, "-O", "fasta")
        t.check(out == b"".join(map(Read.fasta, want)), f"{what}, fasta", repr((out or b"")[:99]))
    elif form == "tsv":
        out = view(t, f, what, *options, "--columns", "row,mate,length")
        lines = [b"%d\t%d\t%d" % (r.row, r.mate, len(r.base)) for r in want]
        t.check((out or b"").splitlines() == [b"row\tmate\tlength"] + lines, f"{what}, tsv", repr(out[:99]))
    elif form == "json":
        out = view(t, f, what, *options, "-O", "json")
        t.check(list(map(json.loads, (out or b"").splitlines())) == list(map(as_json, want)), f"{what}, json",
                repr((out or b"")[:200]))
    else:
        view(t, f, what, *options, "-o", f / "out.fq.gz", "--force")
        t.check(gzip.decompress(f.read("out.fq.gz")) == b"".join(map(Read.fastq, want)), f"{what}, gz")


def as_json(r):
    text = {"row": r.row, "name": r.name, "mate": r.mate, "comment": r.comment, "base": r.base,
            "quality": r.quality}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in text.items()
            if k not in ("mate", "comment") or v}


def check_rows(t, f, what, options, want):
    out = view(t, f, what, *options)
    expected = b"".join(map(Read.fastq, want))
    t.check(out == expected, what, f"{len(out or b'')} bytes, expected {len(expected)} of {len(want)} reads")
    check_forms(t, f, what, options, want)


def drawn(t, f, make, n):
    reads, some = ingest(t, f, make, n), 0
    for _ in range(40):
        options, want = draw_question(t, reads)
        check_rows(t, f, " ".join(options), options, want)
        some += 0 < len(want) < len(reads)
    t.check(some > 10, "questions that select some", some)


def listed(t, f, make, n):
    """Names of a file, in the order of the store and of the file, with other questions beside."""
    reads = ingest(t, f, make, n)
    by_name = {}
    for r in reads:
        for name in r.names():
            by_name.setdefault(name, []).append(r)
    for size in (1, 30, 2000, n // 2):
        lines = t.random.choices(list(by_name), k=size)
        lines += [b"absent%d" % i for i in range(size // 10)]
        lines += [r.title for r in t.random.choices(reads, k=3)
                  if r.comment and r.title[len(r.name):][:1] == b" "]
        t.random.shuffle(lines)
        called = [[r for r in by_name.get(name_of(x), []) if len(x) == len(name_of(x)) or x == r.title]
                  for x in lines]
        f.write("names.txt", t.random.choice((b"\n", b"\r\n")).join(lines))
        options, more = ([], reads) if t.random.random() < .4 else draw_question(t, reads, DRAWS[1:])
        left = {r.row for r in more}
        stored = sorted({r.row for x in called for r in x if r.row in left})
        what = f"{size} names {' '.join(options)}"
        check_rows(t, f, what, ["--names", f / "names.txt", *options], [reads[i] for i in stored])
        check_rows(t, f, f"{what}, order of the list",
                   ["--names", f / "names.txt", "--order", "list", *options],
                   [r for x in called for r in x if r.row in left])


def shares(t, f):
    """A share is about that of the names; more of it holds all of less; mates go together, also when they lie
    in two stores."""
    text = singles(t, 4000)[0]
    names = [name_of(p[0]) for p in parse(text)]
    for mate in (b"1", b"2"):
        lines = (b"@n%d/%s\nA\n+\nI\n" % (i, mate) for i in range(5000))
        run("ingest", "-q", "-o", f / f"{mate.decode()}.h5", f.write("one.fq", b"".join(lines)))
    run("ingest", "-q", "-o", f / "s.h5", f.write("x.fq", text))
    ask = lambda store, *options: view(t, f, "a share", "-O", "tsv", "--columns", "name", *options,
                                       store=store).split(b"\n")[1:-1]
    before = set()
    for fraction in (.1, .5, .9, 1):
        got = ask("s.h5", "--fraction", fraction, "--seed", 3)
        t.check(before <= set(got), f"{fraction} holds what less holds")
        t.check(set(got) <= set(names) and got == [x for x in names if x in set(got)], f"{fraction}: whole")
        before = set(got)
        one, two = (ask(store, "--fraction", fraction) for store in ("1.h5", "2.h5"))
        t.check([x[:-1] for x in one] == [x[:-1] for x in two], f"{fraction}: mates of two stores")
        t.check(abs(len(one) - fraction * 5000) <= 6 * math.sqrt(5000 * fraction * (1 - fraction)),
                f"{fraction}: how many", len(one))
    t.check(ask("1.h5", "--fraction", .5) != ask("1.h5", "--fraction", .5, "--seed", 1), "another seed")


def long_texts(t, f):
    """Expressions over long comments: right, and in the time of their length."""
    tail = b"x" * 300000
    text = record(b"a c" + tail + b"y", b"A") + record(b"b " + tail, b"A") + record(b"c", b"A")
    run("ingest", "-q", "-o", f / "s.h5", f.write("x.fq", text))
    for posix, names in (("x+y", [b"a"]), ("^cx", [b"a"]), ("x$", [b"b"]), ("^x*$", [b"b", b"c"]),
                         ("(x+x+)+z", []), ("c.{20}x|^$", [b"a", b"c"])):
        out = view(t, f, posix, "--comment-regex", posix, "--columns", "name")
        t.check(out == b"name\n" + b"".join(n + b"\n" for n in names), f"long texts: {posix}",
                repr(out)[:200])


def asked_wrongly(t, f):
    run("ingest", "-q", "-o", f / "s.h5", f.write("x.fq", record(b"a", b"ACGT")))
    f.write("n.txt", b"a\n")
    for args, part in ((("--name-regex", "(a"), "--name-regex: '(a'"),
                       (("--name-regex", "a)"), ") without a ("),
                       (("--name-regex", r"(a)\1"), r"\1 refers back"), (("--name-regex", ""), "is empty"),
                       (("--comment-regex", "((a{99}){99}){99}"), "repeats"),
                       (("--name-regex", "a" * 1001), "1001 letters"), (("--motif", "AXC"), "no base"),
                       (("--motif", "A" * 65), "65 letters"), (("--motif", ""), "0 letters"),
                       (("--fraction", "1.5"), "from 0 to 1"), (("--fraction", "-0.1"), "from 0 to 1"),
                       (("--fraction", "x"), "a number"), (("--seed", "3"), "goes with --fraction"),
                       (("--mean-quality", "x"), "20, 20-30"), (("--mean-quality", "30-20"), "20, 20-30"),
                       (("--mean-phred", ""), "20, 20-30"), (("--length", "9-3"), "9-3"),
                       (("--order", "list"), "goes with --names"),
                       (("--names", f / "n.txt", "--order", "file"), "among: store list"),
                       (("-c", "-O", "tsv"), "--count"), (("--count", "--columns", "name"), "--count"),
                       (("--name", "a", "--names", f / "n.txt"), "either")):
        refused(t, f, f"{args}", *args, code=USAGE, part=part)
    refused(t, f, "no such name", "--name", "b", code=NOINPUT, part="no read is called 'b'")
    t.check(view(t, f, "none", "--name", "b", "-c") == b"0\n", "none counted is an answer")
    t.check(view(t, f, "none left", "--name", "a", "--length", "9") == b"", "a name, but no such read")
    for good, n in ((r"[\1]", 0), (r"\\1", 0), ("a[])]", 0), (r"a\{9", 0), ("a{1}", 1), ("[[:alpha:])]", 1)):
        out = view(t, f, good, "-c", "--name-regex", good)
        t.check(out == b"%d\n" % n, f"a good expression: {good}", repr(out))


def closed_pipe(t, f):
    """Who stops reading gets no word about it."""
    reads = ingest(t, f, pairs, 20000)
    for words in ((), ("--fraction", ".9"), ("-O", "json"), ("--mean-phred", "1")):
        child = subprocess.Popen([VIAL, "view", f / "s.h5", *words], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        first = child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read()
        t.check(first and said == b"" and child.wait() in (-13, 141), f"closed pipe, {words}",
                f"{child.returncode} {said!r}")
    t.check(os.path.exists(f / "s.h5") and len(reads) == 40000, "the store is whole")


if __name__ == "__main__":
    main(Part("pairs", drawn, (pairs, 17500)), Part("singles", drawn, (singles, 9000)),
         Part("few", drawn, (pairs, 20)), Part("lists, pairs", listed, (pairs, 12000)),
         Part("lists, singles", listed, (singles, 10000)), shares, long_texts, asked_wrongly, closed_pipe)
