"""
FASTQ for the tests: reads made from a seed, and our own plain reading of the rules.

Suites: none.
"""
import re

import numpy


def record(name, base, quality=None, plus=b"", end=b"\n"):
    quality = b"I" * len(base) if quality is None else quality
    return b"@" + name + end + base + end + b"+" + plus + end + quality + end


def reads(n, seed=1, length=100, mate=0, style="illumina", ragged=False):
    """n reads as text. Mates of one seed have the same names and letters of their own."""
    rng = numpy.random.default_rng([seed, mate])
    lengths = rng.integers(1, 2 * length, n) if ragged else numpy.full(n, length)
    total = int(lengths.sum())
    base = numpy.frombuffer(b"ACGT", numpy.uint8)[rng.integers(0, 4, total)]
    base[rng.random(total) < 0.002] = ord("N")
    quality = numpy.frombuffer(b"FFFFFFFFF:FFF,F#", numpy.uint8)[rng.integers(0, 16, total)]
    base, quality, out, at = base.tobytes(), quality.tobytes(), [], 0
    for i in range(n):
        k = int(lengths[i])
        if style == "illumina":
            name = b"A00123:8:HXX2YDSXY:1:%d:%d:%d %d:N:0:ACGTAC+TTGCAA" % (1101 + i // 5000, i * 7 % 32768,
                                                                            i, mate or 1)
        elif style == "slash":
            name = b"run7.%d" % (i + 1) + (b"/%d" % mate if mate else b"")
        else:
            name = b"%s.%d" % (style.encode(), i + 1)
        out.append(b"@%s\n%s\n+\n%s\n" % (name, base[at:at + k], quality[at:at + k]))
        at += k
    return b"".join(out)


def interleave(one, two):
    """Two FASTQ texts of four-line records, in turn."""
    a, b = one.split(b"\n"), two.split(b"\n")
    return b"".join(b"\n".join(x[i:i + 4]) + b"\n" for i in range(0, len(a) - 1, 4) for x in (a, b))


class Refused(Exception):
    """The text is no legal FASTQ."""


BLANK = 65536  # blank lines that a read may have before or behind it


def lines_of(text):
    """The lines of a text without their ends, LF or CR LF, and whether the last one has an end."""
    *ended, rest = text.split(b"\n")
    if rest.endswith(b"\r"):
        raise Refused("ends between CR and LF")
    return [line[:-1] if line.endswith(b"\r") else line for line in ended] + [rest] * bool(rest), not rest


def wrapped(lines, at, ended):
    """Letters, '+' line and qualities from line `at` on, by length, and the line behind them."""
    first = at
    while at < len(lines) and not lines[at].startswith(b"+"):
        if at > first and lines[at].startswith(b"@"):
            raise Refused("no '+' line")
        at += 1
    if at == len(lines):
        raise Refused("ends before the '+' line")
    base, plus, at = b"".join(lines[first:at]), lines[at], at + 1
    begin, quality = at, b""
    while len(quality) < len(base) and at < len(lines):
        quality += lines[at]
        at += 1
    if not base and at - 1 > first:  # an empty read in lines has an empty line of qualities
        if at < len(lines) and lines[at]:
            raise Refused("qualities of nothing")
        if at == len(lines) and not ended:
            raise Refused("ends before the qualities")
        at += 1
    if len(quality) != len(base):
        raise Refused(f"more or fewer qualities than letters, from line {begin}")
    return base, plus, quality, at


def parse(text):
    """
    The reads of a text as (title, base, plus, quality), or Refused: our own plain reading of the rules.

    Lines end in LF or CR LF, and the last may lack its end; blank lines may stand around reads, and no text
    at all is no reads. A read has four lines, if the third begins with '+' and the second and fourth are
    equally long; else its letters go on up to a line that begins with '+', and its qualities until they are
    as many. Letters and qualities are '!' to '~'; no NUL or CR in a title or '+' line.
    """
    lines, ended = lines_of(text)
    out, at = [], 0
    while True:
        blank = at
        while at < len(lines) and not lines[at]:
            at += 1
        if at >= len(lines):
            break
        if at - blank > BLANK:
            raise Refused("text behind very many blank lines")
        title, four = lines[at], lines[at:at + 4]
        if title[:1] != b"@":
            raise Refused("no read")
        if len(four) == 4 and four[2][:1] == b"+" and len(four[1]) == len(four[3]):
            (_, base, plus, quality), at = four, at + 4
        else:
            base, plus, quality, at = wrapped(lines, at + 1, ended)
        if any(c < 33 or c > 126 for c in base + quality) or any(c in b"\0\r" for c in title + plus):
            raise Refused("bad byte")
        out.append((title[1:], base, plus[1:], quality))
    if not out and text:
        raise Refused("no reads")
    return out


def name_of(title):
    """Up to the first blank."""
    for i, c in enumerate(title):
        if c in b" \t":
            return title[:i]
    return title


def parse_pairs(one, two):
    """Reads of two texts with mates side by side, or Refused."""
    a, b = parse(one), parse(two)
    check_mates(a, b)
    return a, b


def parse_interleaved(text):
    all_reads = parse(text)
    if len(all_reads) % 2:
        raise Refused("an orphan at the end")
    check_mates(all_reads[::2], all_reads[1::2])
    return all_reads


# Ends of the names of mates.
MARKS = [(mark + b"1", mark + b"2") for mark in (b"/", b".", b"_", b"-", b":")]
MARKS += [(b"/1", b"/3"), (b".f", b".r"), (b"_R1", b"_R2")]


def mark_of(p, q):
    """What names of mates end in; None: they are no mates."""
    if p == q:
        return (b"", b"")
    for one, two in MARKS:
        if p.endswith(one) and q.endswith(two) and p[:-len(one)] == q[:-len(two)]:
            return (one, two)
    return None


def says(title):
    """The number of the read that a comment says; 0: none."""
    comment = title[len(name_of(title)) + 1:]
    return int(comment[:1]) if re.match(rb"[1-9]:[NY]:", comment) else 0


def check_mates(a, b):
    """Names are equal or end in one mark, and neither names nor comments say that the mates are others."""
    if len(a) != len(b):
        raise Refused("unequal numbers of reads")
    names = [(name_of(x[0]), name_of(y[0])) for x, y in zip(a, b)]
    marks = {mark_of(p, q) for p, q in names}
    if None in marks or len(marks) > 1:
        raise Refused("names are no mates, or are marked in two ways")
    if {p[-2:] if p == q else b"" for p, q in names[:2]} in ({b"/1"}, {b"/2"}):
        raise Refused("both are the same mate by their names")
    for x, y in zip(a, b):
        first, second = says(x[0]), says(y[0])
        if second and (first >= second or second == 1):
            raise Refused("comments say otherwise")


def legal(model, *texts):
    try:
        model(*texts)
    except Refused:
        return False
    return True
