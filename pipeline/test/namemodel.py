"""
Codecs `name` and `name-groups` read by hand: what docs/store.md says of their payload, written down a second
time, so that the page is enough to open a store by.

Suites: none.
"""
import subprocess

NAME, GROUPS = 9, 18
LANES = {True: 4, False: 16}
HIGH = 128


def unzstd(frame):
    return subprocess.run(["zstd", "-dc"], input=frame, capture_output=True, check=True).stdout


def slots(frequencies):
    """Of each of the 4096 slots: symbol, frequency, first slot."""
    table, first = [], 0
    for symbol, n in enumerate(frequencies):
        table += [(symbol, n, first)] * n
        first += n
    return table


class Payload:
    """Bytes, read from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        assert self.at <= len(self.data)
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def number(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self):
        value = self.number()
        return value >> 1 if not value & 1 else -(value + 1 >> 1)

    # ---- symbols ----

    def frequencies(self, n):
        out = []
        while len(out) < n:
            out.append(self.number())
            if not out[-1]:
                out += [0] * self.number()
        return out

    def words(self, n, tables, follow):
        lanes = LANES[n < 4096]
        count, steps = self.number(), -(-n // lanes)
        state = [int.from_bytes(self.take(4), "little") for _ in range(lanes)]
        word = iter([int.from_bytes(self.take(2), "little") for _ in range(count)])
        out, last = [], [0] * lanes
        for j in range(steps * lanes):
            x, lane = state[j % lanes], j % lanes
            symbol, frequency, first = tables[last[lane] if follow else 0][x & 4095]
            x = frequency * (x >> 12) + (x & 4095) - first
            state[lane] = x << 16 | next(word) if x < 65536 else x
            last[lane] = symbol
            out.append(symbol)
        assert next(word, None) is None
        return [out[i * lanes + k] for k in range(lanes) for i in range(steps)] if follow else out

    def symbols(self, n):
        form = self.u8() if n else 0
        if form == 0:
            return self.take(n)
        if form == 1:
            return self.take(1) * n
        if form == 2:
            return bytes(self.words(n, [slots(self.frequencies(self.u8() + 1))], False)[:n])
        if form == 4:
            return unzstd(self.take(self.number()))
        assert form == 3
        values = self.take(self.u8() + 1)
        tables = [slots(self.frequencies(len(values))) for _ in values]
        return bytes(values[s] for s in self.words(n, tables, True)[:n])

    # ---- numbers ----

    def bits(self, each):
        held = int.from_bytes(self.take(self.number()), "little")
        out, at = [], 0
        for n in each:
            out.append(held >> at & (1 << n) - 1)
            at += n
        return out

    def differences(self, n):
        form = self.u8() if n else 0
        if form == 0:
            return [self.zigzag()] * n if n else []
        if form == 2:
            shift, least = self.u8(), self.zigzag()
            return [least + (s << shift) + b for s, b in zip(self.symbols(n), self.bits([shift] * n))]
        assert form == 1
        symbols = self.symbols(n)
        sizes = [s & 127 for s in symbols]
        above = [0 if k < 8 else (k - 8) // 2 + 2 for k in sizes]
        start = [k if k < 8 else 2 + (k & 1) << b for k, b in zip(sizes, above)]
        return [(s + b) * (-1 if symbol & 128 else 1)
                for symbol, s, b in zip(symbols, start, self.bits(above))]

    def ranks(self):
        count, values = self.number(), [self.number()]
        for gap in self.differences(count - 1):
            values.append(values[-1] + gap + 1)
        return values

    def numbers(self, n, beside=None):
        if not n:
            return []
        ranked, way = divmod(self.u8(), 8)
        if way == 0:
            return [self.number()] * n
        if way == 5:
            high = self.numbers(n)
            return [h << 16 | low for h, low in zip(high, self.numbers(n, {HIGH: high}))]
        other = beside[self.u8()] if way >= 3 else []
        values = self.ranks() if ranked else None
        if way == 2:
            out = [self.number()]
            for d in self.differences(n - 1):
                out.append(out[-1] + d)
        elif way == 4:
            stays = [i > 0 and other[i] == other[i - 1] for i in range(n)]
            steps, rest, out = self.differences(sum(stays)), self.differences(n - sum(stays)), []
            steps, rest = iter(steps), iter(rest)
            for stay in stays:
                out.append(out[-1] + next(steps) if stay else next(rest))
        else:
            out = self.differences(n)
            out = [a + b for a, b in zip(out, other)] if way == 3 else out
        return [values[i] for i in out] if ranked else out

    # ---- nodes ----

    def texts(self, n):
        lengths = self.numbers(n)
        data, at, out = self.symbols(sum(lengths)), 0, []
        for length in lengths:
            out.append(data[at:at + length])
            at += length
        return out

    def hexadecimal(self, n):
        upper, digits = self.u8(), self.number()
        columns = [(min(2, digits - c), self.symbols(n)) for c in range(0, digits, 2)]
        out = [b"".join(b"%0*x" % (width, column[i]) for width, column in columns) for i in range(n)]
        return [text.upper() for text in out] if upper else out

    def shape(self, n):
        between, nword = self.u8(), self.number()
        separators = [bytes([c]) for c in self.take(nword - 1)] if between else [b""] * (nword - 1)
        known, columns = {}, {}
        for word in reversed(range(nword)):
            columns[word] = self.node(n, known, word)
        separators.append(b"")
        return [b"".join(columns[word][i] + separators[word] for word in range(nword)) for i in range(n)]

    def chosen(self, which, choices):
        """choices: iterators; behind them those that are of none, as a node."""
        none = which.count(len(choices))
        choices = choices + [iter(self.node(none))] if none else choices
        return [next(choices[w]) for w in which]

    def node(self, n, known=None, word=0, twice=0):
        kind = self.u8()
        if kind == 0:
            return [self.take(self.number())] * n
        if kind == 1:
            width = self.u8()
            beside = {w: values for w, (values, t) in (known or {}).items() if t == twice}
            values = self.numbers(n, beside)
            if known is not None:
                known[word] = values, twice
            return [b"%0*d" % (width, v) for v in values]
        if kind == 2:
            return self.hexadecimal(n)
        if kind == 3:
            words = self.texts(self.number())
            return self.chosen(self.symbols(n), [iter([w] * n) for w in words])
        if kind == 4:
            return self.texts(n)
        if kind == 5:
            nshape = self.u8()
            which = self.symbols(n)
            return self.chosen(which, [iter(self.shape(which.count(i))) for i in range(nshape)])
        assert kind == 6
        first = self.u8()
        one = self.node((n + 1) // 2 if first == 2 else n // 2 + 1, known, word, first)
        return [one[(i + 2 - first) // 2] for i in range(n)]


def unpack(chunk):
    """The plain bytes of a chunk of this codec, frame and all."""
    assert chunk[0:1] == b"V" and chunk[2] in (NAME, GROUPS)
    p = Payload(chunk[24:])
    fill, n = p.number(), p.number()
    shift = p.u8() if chunk[2] == GROUPS else 0
    groups = [p.number() for _ in range((n - 1) >> shift)] if chunk[2] == GROUPS else []
    texts = p.node(n)
    for i, size in enumerate(groups):
        assert size == sum(map(len, texts[i << shift:(i + 1) << shift]))
    plain = b"".join(texts)
    assert p.at == len(p.data)
    return plain + plain[-1:] * fill
