"""
Codec `qrun` read by hand: what docs/store.md says of its payload, written down a second time.

Suites: none.
"""
from namemodel import Payload, slots, unzstd

QRUN = 12
RUNS, UNUSUAL = 512, 864


def levels(own):
    """Frequencies out of levels: what lacks to 4096 goes to the first of the greatest."""
    part = [int(65536 * 2 ** (i / 16) + 0.5) for i in range(16)]
    out = [(part[(v - 1) % 16] << (v - 1) // 16) + 32768 >> 16 if v else 0 for v in own]
    out[out.index(max(out))] += 4096 - sum(out)
    return out


class Symbols:
    """Symbols of one half, each read in its context."""

    def __init__(self, payload, tables):
        self.tables, self.n = tables, 0
        count = payload.number()
        self.state = [int.from_bytes(payload.take(4), "little") for _ in range(4)]
        self.word = iter([int.from_bytes(payload.take(2), "little") for _ in range(count)])

    def read(self, context):
        x = self.state[self.n % 4]
        symbol, frequency, first = self.tables[context][x & 4095]
        x = frequency * (x >> 12) + (x & 4095) - first
        self.state[self.n % 4] = x << 16 | next(self.word) if x < 65536 else x
        self.n += 1
        return symbol


class Row:
    """What is known of a row."""

    def __init__(self, left):
        self.left, self.seen, self.bad, self.near, self.last, self.second = left, 0, 0, [], 0, 0

    def dense(self):
        above, below = 4 * self.bad + 1, 8 * (self.seen // 8) + 8
        return max([k for k in range(8) if above << 7 >= below << k], default=0)

    def run_context(self):
        most = min((sum(self.near) + 1) // 2, 3)
        return self.dense() * 64 + min(self.left.bit_length() - 1, 15) * 4 + most

    def value_context(self, token):
        far = (token > 1) + (token > 6)
        return ((far * 9 + sum(self.near)) * 8 + self.last) * 4 + min(self.second, 3)

    def step(self, run, place):
        self.seen, self.bad = min(self.seen + run + 1, 2047), self.bad + 1
        if self.seen > 1023 or self.bad > 63:
            self.seen, self.bad = self.seen // 2, self.bad // 2
        self.near = (self.near + [0] * run + [1])[-8:]
        self.last, self.second = place, self.last
        self.left -= run + 1


def frequencies(payload, contexts):
    kinds, clusters = payload.u8(), payload.u8() + 1
    each = list(payload.symbols(kinds * clusters))
    for i in range(kinds, len(each)):
        each[i] = (each[i] + each[i - kinds]) % 256
    tables = [slots(levels(each[c * kinds:(c + 1) * kinds])) for c in range(clusters)]
    return [tables[c] for c in payload.symbols(contexts)]


def row_lengths(payload):
    n, first, each, last = (payload.number() for _ in range(4))
    if n <= 2:
        return [first, last][:n]
    between = [each] * (n - 2)
    if not each:
        plain = unzstd(payload.take(payload.number()))
        between = [int.from_bytes(plain[i:i + 4], "little") for i in range(0, len(plain), 4)]
    return [first, *between, last]


def read_half(payload, lengths, values, tables):
    held, at = int.from_bytes(payload.take(payload.number()), "little"), 0
    runs, unusual = (Symbols(payload, t) for t in tables)
    out = bytearray()
    for length in lengths:
        row = Row(length)
        while row.left:
            token = runs.read(row.run_context())
            if not token:
                out += values[:1] * row.left
                break
            run, above = token - 1, (token - 1) // 2 - 1
            if above >= 0:
                run = (2 + (token - 1 & 1) << above) + (held >> at & (1 << above) - 1)
                at += above
            place = unusual.read(row.value_context(token)) + 1
            out += values[:1] * run + values[place:place + 1]
            row.step(run, place)
    return bytes(out)


def unpack(chunk):
    """The plain bytes of a packed chunk, frame and all."""
    payload = Payload(chunk[24:])
    rows, fill = payload.u8(), payload.number()
    values = payload.take(payload.u8())
    n = int.from_bytes(chunk[4:8], "little") - fill
    lengths = row_lengths(payload) if rows else [n]
    tables = frequencies(payload, RUNS), frequencies(payload, UNUSUAL)
    middle = len(lengths) // 2
    out = read_half(payload, lengths[:middle], values, tables)
    out += read_half(payload, lengths[middle:], values, tables)
    assert len(out) == n and payload.at == len(payload.data)
    return out + out[-1:] * fill
