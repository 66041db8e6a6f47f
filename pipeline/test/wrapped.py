"""
FASTQ whose records have more than four lines, or lines that end in different ways, or blank lines around: it
comes back byte for byte, and is seen as plain records.

Any widths and none, the same for sequence and qualities or not; files that begin like plain ones; mates; all
containers; texts of one shape given in another.

Suites: reads. Also: asan.
"""
import json
import random

from containers import bgzf, gzip, zstd
from fqmodel import BLANK, interleave, name_of, parse, parse_interleaved, reads, record
from vialtest import DATA, OK, SEED, Part, check_refusal, main, of_threads, run

SCORES = bytes(range(33, 127))


def in_lines(s, width):
    """s in lines of that width; 0: in one. None: of any lengths, some of them empty."""
    if width is None:
        out = [b""]
        for i in range(len(s)):
            out += [b""] * random.choice((0, 0, 0, 0, 1, 2)) if s[i:i + 1] not in b"@+" else []
            out[-1] += s[i:i + 1]
        return b"\n".join(out)
    return b"\n".join(s[i:i + width] for i in range(0, len(s), width)) if width and s else s


def some(rng, n, seed=0, mate=1):
    """n reads of up to 300 letters, (title, base, plus, quality), whose qualities are any."""
    out = []
    for i in range(n):
        k = rng.choice((0, 1, 59, 60, 61, 120, 300, rng.randrange(300)))
        title = b"run%d.%d/%d x y" % (seed, i, mate)
        plus = rng.choice((b"", b"", title, b"other"))
        out.append((title, bytes(rng.choices(b"ACGTN", k=k)), plus, bytes(rng.choices(SCORES, k=k))))
    return out


def text_of(some_reads, base=60, quality=60, end=b"\n", blank=lambda: 0):
    text = b""
    for title, b, plus, q in some_reads:
        text += b"@%s\n%s\n+%s\n%s\n" % (title, in_lines(b, base), plus, in_lines(q, quality))
        text += b"\n" * blank()
    return text.replace(b"\n", end)


def plain_of(some_reads):
    return b"".join(b"@%s\n%s\n+%s\n%s\n" % read for read in some_reads)


def stored(t, f, what, inputs, texts, options=(), profile=None):
    """In, verified, and out again; gives what info says."""
    done = run("ingest", "-q", "--profile", profile or t.profile(), *options, "-o", f / "s.h5", *inputs)
    if not t.check(done.code == OK and not done.err, what, done.err):
        return {}
    t.check(run("verify", "-q", f / "s.h5").code == OK, f"{what}: verify")
    names = "12"[:len(texts)]
    outputs = ("-1", f / "1", "-2", f / "2") if len(texts) == 2 else ("-o", f / "1")
    done = run("export", "-q", f / "s.h5", *outputs)
    if t.check(done.code == OK, what, done.err):
        t.check([f.read(n) for n in names] == texts, what, "the text differs")
        f.clear(*names)
    return json.loads(run("info", "--json", f / "s.h5").out)


def seen(t, f, what, some_reads, info):
    """View prints plain records; names find them; how lines are broken is a matter of the store alone."""
    done = run("view", f / "s.h5")
    plain = plain_of(some_reads)
    t.check(done.code == OK and done.out == plain, f"{what}: view")
    one = some_reads[len(some_reads) // 2]
    done = run("view", "--name", name_of(one[0]).decode(), f / "s.h5")
    t.check(plain_of([one]) in done.out, f"{what}: by name", done.err)
    tsv = run("view", "-O", "tsv", f / "s.h5").out
    lines = tsv.splitlines()
    t.check(b"lines" not in lines[0] and len(lines) == len(some_reads) + 1, f"{what}: TSV")
    t.check(info.get("rows") == len(some_reads), f"{what}: rows")
    f.clear("s.h5")


SHAPES = {"60": (60, 60), "1": (1, 1), "7": (7, 7), "299": (299, 299), "sequence only": (60, 0),
          "qualities only": (0, 60), "two widths": (60, 61), "any lines": (None, None),
          "any lines of qualities": (60, None), "none": (0, 0)}


def shapes(t, f, name):
    """A width is a fact; what differs is a column."""
    rng = random.Random(f"{SEED} {name}")
    random.seed(f"{SEED} {name}")
    base, quality = SHAPES[name]
    some_reads = some(rng, 300)
    for end, what in ((b"\n", "LF"), (b"\r\n", "CR LF")):
        text = text_of(some_reads, base, quality, end)
        t.check(parse(text) == some_reads, f"{name}, {what}: the tests' own reading")
        for pack in t.some((bytes, gzip, lambda d: bgzf(d, 999), zstd)):
            info = stored(t, f, f"{name}, {what}", [f.write("a.fq", pack(text))], [text])
            seen(t, f, f"{name}, {what}", some_reads, info)
        info = stored(t, f, f"{name}, {what}, no final line break", [f.write("a.fq", text[:-len(end)])],
                      [text[:-len(end)]], profile="portable")
        f.clear("s.h5")
    if base and base == quality:
        first = (b"x", b"A" * 300, b"", b"I" * 300)
        text = text_of([first, *(read for read in some_reads if read[1])], base, quality)
        info = stored(t, f, f"{name}: a fact", [f.write("a.fq", text)], [text])
        notes = info["notes"]
        t.check(notes["source"].get("line_width_1") == str(base), f"{name}: a fact", notes["source"])
        t.check(not notes["/"]["n_odd_lines"], f"{name}: nothing but a fact", notes["/"])
        f.clear("s.h5")


def looks_plain(t, f, threads):
    """Millions of bytes of reads shorter than the width, then longer ones; the other way round; a few wrapped
    ones in a plain file."""
    rng = random.Random(f"{SEED} looks plain")
    short, long = reads(40000, seed=1, length=50), text_of(some(rng, 3000))
    for what, text in (("short first", short + long), ("wrapped first", long + short),
                       ("in between", short + long + short),
                       ("one", short + record(b"w", b"A" * 9).replace(b"A" * 9, b"AAAA\nAAAAA") + short)):
        info = stored(t, f, f"{what}, {threads} threads", [f.write("a.fq", text)], [text], ("-@", threads))
        t.check(info.get("rows") == len(parse(text)), f"{what}: rows")
        f.clear("s.h5")


def ends(t, f):
    """Lines that end in LF and CR LF in turn, or at random; blank lines between reads."""
    rng = random.Random(f"{SEED} ends")
    some_reads = some(rng, 2000) + [(b"last", b"ACG", b"", b"III")]
    blank = lambda: rng.choice((0, 0, 0, 1, 2, 30))
    for what, base in (("plain", 0), ("wrapped", 60)):
        text = text_of(some_reads, base, base, blank=blank)
        lines = text.split(b"\n")
        mixed = b"\n".join(line + b"\r" * rng.choice((0, 0, 1)) for line in lines[:-1]) + b"\n"
        half = text_of(some_reads, base, base) + text_of(some_reads, base, base, b"\r\n")
        for name, t_ in (("blank lines", text), ("mixed", mixed), ("one way, then the other", half),
                         ("mixed, no final line break", mixed.rstrip(b"\r\n"))):
            info = stored(t, f, f"{what}, {name}", [f.write("a.fq", t_)], [t_])
            seen(t, f, f"{what}, {name}", parse(t_), info)


def blank_runs(t, f):
    """A run of blank lines between reads has a limit; at the end it may be any, and takes no time."""
    one, two = record(b"a", b"ACGT"), record(b"b", b"AC")
    for n in (BLANK - 1, BLANK, BLANK + 1, 3 << 20):
        for what, end in (("LF", b"\n"), ("CR LF", b"\r\n")):
            text = one.replace(b"\n", end) + end * n
            stored(t, f, f"{n} at the end, {what}", [f.write("a.fq", text)], [text])
            f.clear("s.h5")
            text += two.replace(b"\n", end)
            name = f.write("a.fq", text)
            if n <= BLANK:
                stored(t, f, f"{n} between, {what}", [name], [text])
                f.clear("s.h5")
                continue
            check_refusal(t, f"{n} between, {what}", run("ingest", "-q", "-o", f / "s.h5", name),
                          [f"byte {len(text) - len(two.replace(bytes([10]), end))}, record 2, line {n + 5}: ",
                           f"text behind more than {BLANK} blank lines"])
    text = one + b"\n\r\n" * BLANK
    check_refusal(t, "mixed at the end", run("ingest", "-q", "-o", f / "s.h5", f.write("a.fq", text)),
                  ["a.fq: byte ", f"more than {BLANK} blank lines at the end"])
    for tail in (b"", b"\n" * (4 << 20)):
        a, b = reads(9000, seed=2, mate=1), reads(9000, seed=2, mate=2)
        for texts in ([a + tail, b], [a, b + tail], [a + tail, b + tail]):
            inputs = [f.write("a.fq", texts[0]), f.write("b.fq", texts[1])]
            what = " and ".join(str(len(x) - len(x.rstrip(b"\n"))) for x in texts)
            stored(t, f, f"mates, {what} at the end", inputs, texts)
            f.clear("s.h5")


def mates(t, f):
    """Of two files each has lines of its own. A text in another shape has four lines a read, which end
    alike."""
    rng = random.Random(f"{SEED} mates")
    a, b = some(rng, 500, 1, 1), some(rng, 500, 1, 2)
    plain = interleave(plain_of(a), plain_of(b))
    for what, one, two in (("wrapped", text_of(a), text_of(b)),
                           ("one wrapped", text_of(a, 0, 0), text_of(b, 7, 9)),
                           ("R1 CR LF, R2 LF", text_of(a, 0, 0, b"\r\n"), text_of(b, 0, 0)),
                           ("R1 LF, R2 CR LF, wrapped", text_of(a), text_of(b, 50, 50, b"\r\n"))):
        inputs = [f.write("a.fq", one), f.write("b.fq", gzip(two))]
        stored(t, f, what, inputs, [one, two])
        t.check(run("view", f / "s.h5").out == plain, f"{what}: view")
        done = run("export", "-q", f / "s.h5", "-o", f / "both.fq")
        t.check(done.code == OK and f.read("both.fq") == plain, f"{what}: as one text", done.err)
        f.clear("s.h5")
        stored(t, f, f"{what}, taken in again", [f / "both.fq"], [plain], ["--interleaved"])
        f.clear("s.h5", "both.fq")
    both = [read for pair in zip(a, b) for read in pair]
    mixed = text_of(both[:100]) + text_of(both[100:], 0, 0, b"\r\n")
    for what, text in (("wrapped", text_of(both)), ("mixed", mixed)):
        t.check(parse_interleaved(text) == both, f"{what} in turn: the tests' own reading")
        stored(t, f, f"{what} in turn", [f.write("a.fq", text)], [text], ["--interleaved"])
        done = run("export", "-q", f / "s.h5", "-1", f / "1", "-2", f / "2")
        t.check(done.code == OK and [f.read("1"), f.read("2")] == [plain_of(a), plain_of(b)],
                f"{what} apart", done.err)
        f.clear("s.h5", "1", "2")


def long_reads(t, f):
    """Reads of megabytes in lines, longer than any block."""
    for width in (1, 60, 100000):
        base = b"ACGTTGCATG" * 300000
        some_reads = [(b"a", base, b"", base.replace(b"A", b"@")), (b"b", b"A", b"", b"+"),
                      (b"c", base[:999999], b"c", b"+" * 999999)]
        text = text_of(some_reads, width, width)
        info = stored(t, f, f"in lines of {width}", [f.write("a.fq", text)], [text])
        seen(t, f, f"in lines of {width}", some_reads, info)


def damaged(t, f):
    """What is cut or garbled is refused in one line, with the place in the file."""
    rng = random.Random(f"{SEED} damaged")
    some_reads = some(rng, 30)
    text = text_of([(b"x", b"A" * 99, b"", b"I" * 99), *some_reads])
    for n in rng.sample(range(1, len(text)), 150):
        try:
            parse(text[:n])
        except Exception:
            check_refusal(t, f"cut to {n}", run("ingest", "-q", "-o", f / "s.h5", f.write("a.fq", text[:n])),
                          ["a.fq: byte "], (DATA,))
    t.check(f.names() == ["a.fq"], "nothing is left")


if __name__ == "__main__":
    main(*(Part(f"lines of {name}", shapes, (name,)) for name in SHAPES),
         *(Part(f"looks plain {n}", looks_plain, (n,)) for n in of_threads(1, 3)), ends, blank_runs,
         mates, long_reads, damaged)
