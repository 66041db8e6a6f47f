"""
Codec `fields` read by hand: what docs/store.md says of its payload, written down a second time, so that the
page is enough to open a store by.

Suites: none.
"""
import struct
from fractions import Fraction

from namemodel import Payload, unzstd

FIELDS = 22
BEFORE = 48
ALL = 1 << 64


def rounded(value, digits):
    """Half up, to a whole number of the last of these digits."""
    return int(value * 10**digits + Fraction(1, 2))


def trimmed(behind, least):
    while len(behind) > least and behind.endswith("0"):
        behind = behind[:-1]
    return "." + behind if behind else ""


class Column:
    def __init__(self, p):
        kind = p.u8()
        self.kind, self.guessed, self.last, self.odd = kind & 3, kind & 4, kind & 8, kind & 16
        self.most, self.least = (p.u8(), p.u8()) if self.kind and not kind & 32 else (0, 0)
        self.width, self.power, self.style = (p.u8(), p.u8(), p.u8()) if kind & 64 else (1, 0, 0)
        self.other = p.number() if self.guessed else None
        self.at, self.value, self.text = [], [], {}

    def read(self, p, columns):
        if self.kind == 0:
            self.text = dict(enumerate(self.lines(p, len(self.at))))
            return
        if self.odd:
            n, at = p.number(), -1
            places = [at := at + gap + 1 for gap in p.numbers(n)]
            self.text = dict(zip(places, self.lines(p, n)))
        self.value = [v % ALL for v in p.numbers(len(self.at))]
        if self.kind == 2:
            self.value = [rounded(Fraction(*struct.unpack("<f", struct.pack("<I", v))[0].as_integer_ratio()),
                                  self.most) for v in self.value]
        if self.guessed:
            self.value = [(self.guess(columns[self.other], at) + (v >> 1 ^ -(v & 1))) % ALL
                          for v, at in zip(self.value, self.at)]

    def guess(self, other, at):
        near = [i for i, place in enumerate(other.at) if (place < at if self.last else place > at)]
        if not near:
            return 0
        value = other.value[near[-1 if self.last else 0]] % ALL
        return rounded(Fraction(value, 10**other.most), self.most)

    @staticmethod
    def lines(p, n):
        lines = p.symbols(p.number()).split(b"\n")
        assert lines.pop() == b"" and len(lines) == n
        return lines

    def put(self, i):
        if i in self.text:
            return self.text[i]
        whole, part = divmod(self.value[i], 10**self.most)
        behind = f"{part:0{self.most}d}" if self.most else ""
        if not self.power or whole < 10**self.power:
            return (f"{whole:0{self.width}d}" + trimmed(behind, self.least)).encode()
        digits = str(whole)
        e = ("E" if self.style & 1 else "e") + ("+" if self.style & 2 else "")
        return (digits[0] + trimmed(digits[1:] + behind, self.least) + e +
                f"{len(digits) - 1:0{self.style // 4}d}").encode()


def unpack(chunk):
    """The plain bytes of a chunk with its frame."""
    p = Payload(chunk[24:])
    fill, size = p.number(), p.number()
    template = unzstd(p.take(p.number()))
    assert len(template) == size
    pieces, columns, which, before = template.split(b"\0"), {}, [], 0
    for piece in pieces[:-1]:
        before += len(piece)
        which.append(columns.setdefault(template[max(0, before - BEFORE):before], len(columns)))
        before += 1
    forms = [Column(p) for _ in columns]
    for at, column in enumerate(which):
        forms[column].at.append(at)
    for column in sorted(range(len(forms)), key=lambda i: (-forms[i].most, -i)):
        forms[column].read(p, forms)
    assert p.at == len(p.data)
    turn, out = [0] * len(forms), pieces[0]
    for column, piece in zip(which, pieces[1:]):
        out += forms[column].put(turn[column]) + piece
        turn[column] += 1
    return out + out[-1:] * fill
