"""
Small FASTQ texts changed at random: vial accepts what our own reading of the rules accepts, gives it back
byte for byte, and refuses the rest in one line.

Lines are dropped, doubled, swapped, emptied; bytes changed, put in, taken out; line ends changed; texts
joined. Single reads, pairs and mates in turn. The seed is VIAL_SEED or drawn, and printed. VIAL_SOAK=seconds
goes on that long.

Suites: reads.
"""
import os
import random

from containers import bgzf, gzip, zstd
from fqmodel import interleave, legal, parse, parse_interleaved, parse_pairs, record
from vialtest import JOBS, OK, SEED, SOAK, Part, check_refusal, main, run

MUTANTS = 600

BYTES = b"@+>\n\n\r\0 \t/12.ACGTNacgtn!I~\x7f\x80\xff\x1f"


def some_read(rng, name):
    n = rng.choice((0, 1, 2, 4, 4, 7))
    base = bytes(rng.choices(b"ACGTNacgt.", k=n))
    quality = bytes(rng.choices(b"!#5I@+~", k=n))
    title = name + rng.choice((b"", b"", b" x", b"  y ", b"\tRG:Z:1", b" "))
    return record(title, base, quality, rng.choice((b"", b"", b"", title, b"z")))


def some_texts(rng, pairs):
    names = [rng.choice((b"r%d" % i, b"r", b"run.%d" % i, b"")) for i in range(rng.randrange(1, 5))]
    if not pairs:
        return [b"".join(some_read(rng, name) for name in names)]
    mark = rng.choice((b"", b"/", b"/", b".", b"_"))
    return [b"".join(some_read(rng, name + (mark + m if mark else b"")) for name in names)
            for m in (b"1", b"2")]


def mutate(rng, text):
    how = rng.randrange(14)
    lines = text.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    at = rng.randrange(len(text) + 1)
    if how == 0:
        del lines[i]
    elif how == 1:
        lines.insert(i, lines[j])
    elif how == 2:
        lines[i], lines[j] = lines[j], lines[i]
    elif how == 3:
        lines[i] = b""
    elif how == 4:
        lines.insert(i, b"")
    elif how == 5:
        lines[i] += b"\r"
    elif how == 6:
        return text.replace(b"\n", b"\r\n")
    elif how == 7:
        return text[:at]
    elif how == 8:
        return text[at:]
    elif how == 9:
        return text + b"\n" * rng.randrange(4)
    elif how == 10:
        return text.rstrip(b"\n")
    elif how == 11:
        return text[:at] + bytes([rng.choice(BYTES)]) + text[at:]
    elif how == 12:
        return text[:at] + bytes([rng.choice(BYTES)]) + text[at + 1:]
    else:
        return text[:at] + text[at + 1:]
    return b"\n".join(lines)


def some_mutant(rng):
    """(way, texts): single reads, pairs or mates in turn, changed up to three times."""
    way = rng.choice(("single", "single", "pairs", "in turn"))
    texts = some_texts(rng, way != "single")
    if way == "in turn":
        texts = [interleave(*texts)]
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        s = rng.randrange(len(texts))
        texts[s] = mutate(rng, texts[s])
    return way, texts


def given_back(f, texts):
    if len(texts) == 1:
        return [run("export", "-q", f / "s.h5").out]
    run("export", "-q", f / "s.h5", "-1", f / "1", "-2", f / "2")
    return [f.read(name) if os.path.exists(f / name) else None for name in "12"]


def mutant(t, f, number):
    """True if it is legal."""
    rng = random.Random(f"{SEED} {number}")
    way, texts = some_mutant(rng)
    what = f"mutant {number} of seed {SEED}, {way}, {texts}"
    packers = [rng.choice((bytes, bytes, gzip, lambda d: bgzf(d, 9), lambda d: zstd(d, 7))) for _ in texts]
    paths = [f.write(f"R{s + 1}.fq", pack(text)) for s, (pack, text) in enumerate(zip(packers, texts))]
    before = f.names()
    done = run("ingest", "-q", *(["--interleaved"] if way == "in turn" else []), "--profile",
               rng.choice(("compact", "portable")), "-o", f / "s.h5", *paths)
    if not legal({"single": parse, "pairs": parse_pairs, "in turn": parse_interleaved}[way], *texts):
        check_refusal(t, what, done, [".fq"])
        t.check(f.names() == before, what, f"left over: {set(f.names()) - set(before)}")
        return False
    if t.check(done.code == OK, what, f"refused with {done.code}: {done.err.strip()}"):
        back = given_back(f, texts)
        t.check(back == texts, what, f"export gives {back}")
    return True


def mutants(t, f, share):
    """Every JOBS-th mutant, from the one of number `share`."""
    number, tried, accepted = share, 0, 0
    while number < MUTANTS or t.seconds() < SOAK:
        accepted += mutant(t, f, number)
        f.clear(*f.names())
        number, tried = number + JOBS, tried + 1
    print(f"{tried} mutants, {accepted} of them legal, seed {SEED}")


if __name__ == "__main__":
    main(*(Part(f"share {share}", mutants, (share,)) for share in range(JOBS)))
