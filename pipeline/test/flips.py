"""
One bit of a store flipped: `vial verify` finds it, and no command dies of it or hands out another text.

Stores of both ways of packing, small and large; half of the flips anywhere, half where HDF5 keeps its own
tables: in the first 12 KiB and the last 4. The seed is VIAL_SEED or drawn, and printed. VIAL_SOAK=seconds
goes on that long.

Suites: store.
"""
from fqmodel import reads
from vialtest import DATA, OK, SEED, SOAK, Part, main, run

FLIPS = 38  # of each store
VIEWS = [("info",), ("info", "--json"), ("view", "--rows", "0-2"), ("report",)]


def choose_bit(rng, size):
    if rng.random() < 0.5:
        return rng.randrange(8 * size)
    return 8 * rng.choice((rng.randrange(min(size, 12 << 10)),
                           size - 1 - rng.randrange(min(size, 4 << 10)))) + rng.randrange(8)


def flip(t, f, rng, what, store, text):
    bit = choose_bit(rng, len(store))
    data = bytearray(store)
    data[bit // 8] ^= 1 << bit % 8
    path = f.write("flipped.h5", data)
    what = f"{what}, bit {bit % 8} of byte {bit // 8} of {len(store)}, seed {SEED}"
    verify = run("verify", "-q", path, timeout=60)
    export = run("export", "-q", path, timeout=60)
    for name, done in (("verify", verify), ("export", export),
                       *((" ".join(v), run(v[0], path, *v[1:], timeout=60)) for v in VIEWS)):
        t.check(done.code in (OK, DATA), f"{name} of {what}",
                f"exit code {done.code}: {done.err.strip()[:200]}")
        if done.code:
            t.check(done.err.startswith("vial: ") and done.err.count("\n") == 1, f"{name} of {what}",
                    f"no single line: {done.err[:300]!r}")
    t.check(verify.code == DATA or export.code == OK and export.out == text, f"verify of {what}",
            "nothing found, and the text is another")
    t.check(export.code or export.out == text, f"export of {what}", "another text with exit code 0")


def flips(t, f, profile, n):
    """Flips in one of the stores, the seed's own for each."""
    rng, text = t.random, reads(n, seed=12)
    done = run("ingest", "-q", "--profile", profile, "-o", f / "s.h5", f.write("a.fq", text))
    if not t.check(done.code == OK, f"{n} reads, {profile}", done.err):
        return
    store, tried = f.read("s.h5"), 0
    while tried < FLIPS or t.seconds() < SOAK:
        flip(t, f, rng, f"{n} reads, {profile}", store, text)
        tried += 1
    print(f"{n} reads, {profile}: {tried} flips, seed {SEED}")


if __name__ == "__main__":
    main(*(Part(f"{profile} {n}", flips, (profile, n))
           for profile in ("compact", "portable") for n in (3, 20000)))
