"""
What the tests of sites and persons share: a small genome with sites at which persons differ, persons, and
records of their samples as SAM; letters upon sites, counted here.

Suites: none.
"""
import re
from typing import NamedTuple

AUTOSOMES = {"1": 50000, "2": 50000}
LENGTHS = {**AUTOSOMES, "X": 40000, "Y": 20000}
READ = 100
STEP = 100  # places between sites, about
MAPQ, QUALITY, SKIPPED = 20, 13, 0x704


class Site(NamedTuple):
    contig: str
    place: int  # from 0
    ref: str
    alt: str


class Genome:
    def __init__(self, rng, lengths=None):
        self.lengths = lengths or LENGTHS
        self.text = {c: "".join(rng.choices("ACGT", k=n)) for c, n in self.lengths.items()}
        self.sites = [Site(c, p, self.text[c][p], rng.choice([x for x in "ACGT" if x != self.text[c][p]]))
                      for c in AUTOSOMES for p in range(50, self.lengths[c] - 50, STEP)]

    def vcf(self, sites=None, more=()):
        lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", *more]
        lines += [f"{s.contig}\t{s.place + 1}\t.\t{s.ref}\t{s.alt}\t.\t.\t." for s in sites or self.sites]
        return ("\n".join(lines) + "\n").encode()

    def table(self, sites=None):
        return "".join(f"{s.contig}\t{s.place + 1}\t{s.ref}\t{s.alt}\n"
                       for s in sites or self.sites).encode()


class Person:
    """Two letters at each site; which contigs there are once, twice or not at all."""

    def __init__(self, rng, genome, sex="XX", parent=None):
        self.genome, self.sex = genome, sex
        self.copies = {**{c: 2 for c in genome.lengths}, "X": sex.count("X"), "Y": sex.count("Y")}
        self.has = {(s.contig, s.place): [rng.choice(parent.has[s.contig, s.place]) if parent
                                          else rng.choice((s.ref, s.alt)), rng.choice((s.ref, s.alt))]
                    for s in genome.sites}
        self.strand = {c: [list(genome.text[c]) for _ in range(2)] for c in genome.lengths}
        for (contig, place), two in self.has.items():
            for k in range(2):
                self.strand[contig][k][place] = two[k]


def one_read(rng, person, contig, odd):
    """Position, CIGAR, letters."""
    at = rng.randrange(person.genome.lengths[contig] - READ - 10)
    text = "".join(person.strand[contig][rng.randrange(2)][at:at + READ + 10])
    if not odd or rng.random() > 0.2:
        return at, f"{READ}M", text[:READ]
    which, k = rng.randrange(5), rng.randrange(5, READ - 5)
    if which == 0:
        return at, f"{k}M3D{READ - k}M", text[:k] + text[k + 3:READ + 3]
    if which == 1:
        return at, f"{k}M2I{READ - k - 2}M", text[:k] + "GG" + text[k:READ - 2]
    if which == 2:
        return at, f"4S{READ - 4}M2H", "ACGT" + text[:READ - 4]
    if which == 3:
        return at, f"{k}=1X{READ - k - 1}M", text[:READ]
    return at, f"{k}M7N{READ - k}M", text[:k] + text[k + 7:READ + 7]


def qualities(rng, odd):
    if odd and rng.random() < 0.03:
        return "*"
    return "".join(chr(33 + (rng.randrange(5, 40) if odd else 30)) for _ in range(READ))


def letters(rng, text, odd):
    if not odd:
        return text
    return "".join(rng.choice("ACGTNacgtR") if rng.random() < 0.02 else c for c in text)


def sam(rng, person, depth=20, prefix="", odd=True, equals=False, shares=None):
    """A sample of a person, in the order of places; depth is that of a contig which is there twice."""
    rows = []
    for number, (contig, n) in enumerate(person.genome.lengths.items()):
        for i in range(round(n * depth / READ * person.copies[contig] / 2 * (shares or {}).get(contig, 1))):
            at, cigar, text = one_read(rng, person, contig, odd)
            text = letters(rng, text, odd)
            if equals and rng.random() < 0.1:
                text = "=" * len(text)
            flag = rng.choice((0, 16)) | (rng.choice((0, 4, 0x100, 0x200, 0x400, 0x800))
                                          if odd and rng.random() < 0.1 else 0)
            mapq = rng.choice((0, 19, 20, 60)) if odd else 60
            rows.append((number, at, f"r{contig}.{i}\t{flag}\t{prefix}{contig}\t{at + 1}\t{mapq}\t{cigar}"
                                     f"\t*\t0\t0\t{text}\t{qualities(rng, odd)}"))
    head = ["@HD\tVN:1.6\tSO:coordinate"]
    head += [f"@SQ\tSN:{prefix}{c}\tLN:{n}" for c, n in person.genome.lengths.items()]
    return ("\n".join(head + [r[2] for r in sorted(rows)]) + "\n").encode()


def counted(text, sites, prefix=""):
    """[reference, other, third] at each site, by the rules of docs/store.md."""
    at = {(prefix + s.contig, s.place): (i, s) for i, s in enumerate(sites)}
    count = [[0, 0, 0] for _ in sites]
    for line in text.decode().splitlines():
        f = line.split("\t")
        if line[0] == "@" or int(f[1]) & SKIPPED or int(f[4]) < MAPQ:
            continue
        place, letter = int(f[3]) - 1, 0
        for n, op in re.findall(r"(\d+)([MIDNSHP=X])", f[5]):
            n = int(n)
            for k in range(n if op in "M=X" else 0):
                if (f[2], place + k) not in at:
                    continue
                i, s = at[f[2], place + k]
                c = f[9][letter + k].upper()
                if f[10] != "*" and ord(f[10][letter + k]) - 33 < QUALITY:
                    continue
                if c in (s.ref, "="):
                    count[i][0] += 1
                elif c == s.alt:
                    count[i][1] += 1
                elif c in "ACGT":
                    count[i][2] += 1
            place += n if op in "MDN=X" else 0
            letter += n if op in "MIS=X" else 0
    return count


def called_of(ref, alt, other):
    """The genotype by the rules of `vial help same`: "ref", "het", "alt"; None: not known."""
    depth = ref + alt
    if depth < 7 or other / (depth + other) > 0.1:
        return None
    share = alt / depth
    return "ref" if share <= 0.1 else "alt" if share >= 0.9 else "het" if 0.2 <= share <= 0.8 else None
