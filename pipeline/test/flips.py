"""
One bit of a store flipped: `vial verify` finds it, and no command dies of it or hands out another text.

Stores of both ways of packing, small and large; half of the flips anywhere, half where HDF5 keeps its own tables: in the
first 12 KiB and the last 4. The seed is VIAL_SEED or drawn, and printed. VIAL_SOAK=seconds goes on that long.

Suites: store.
"""
import random

from vialtest import *

FLIPS = 150
seed = int(os.environ.get("VIAL_SEED", random.randrange(1 << 30)))
rng = random.Random(seed)
t = Tally()


def choose_bit(size):
    if rng.random() < 0.5:
        return rng.randrange(8 * size)
    return 8 * rng.choice((rng.randrange(min(size, 12 << 10)), size - 1 - rng.randrange(min(size, 4 << 10)))) + rng.randrange(8)


def flip(f, what, store, text, views):
    bit = choose_bit(len(store))
    data = bytearray(store)
    data[bit // 8] ^= 1 << bit % 8
    path = f.write("flipped.h5", data)
    what = f"{what}, bit {bit % 8} of byte {bit // 8} of {len(store)}, seed {seed}"
    verify = run("verify", "-q", path, timeout=60)
    export = run("export", "-q", path, timeout=60)
    for name, done in (("verify", verify), ("export", export), *((" ".join(v), run(v[0], path, *v[1:], timeout=60)) for v in views)):
        t.check(done.code in (OK, DATA), f"{name} of {what}", f"exit code {done.code}: {done.err.strip()[:200]}")
        if done.code:
            t.check(done.err.startswith("vial: ") and done.err.count("\n") == 1, f"{name} of {what}", f"no single line: {done.err[:300]!r}")
    t.check(verify.code == DATA or export.code == OK and export.out == text, f"verify of {what}", "nothing found, and the text is another")
    t.check(export.code or export.out == text, f"export of {what}", "another text with exit code 0")


def main(f):
    small, large = reads(3, seed=11), reads(20000, seed=12)
    stores = []
    for profile in ("compact", "portable"):
        for name, text in (("small", small), ("large", large)):
            done = run("ingest", "-q", "--profile", profile, "-o", f / "s.h5", f.write("a.fq", text))
            if t.check(done.code == OK, f"{name}, {profile}", done.err):
                stores.append((f"{name} {profile}", f.read("s.h5"), text))
            f.clear("s.h5")
    views = [("info",), ("info", "--json")]
    if any(line.split()[:1] == ["view"] for line in run("help").out.decode().splitlines()):
        views += [("view", "--rows", "0-2"), ("report",)]
    n = 0
    while stores and (n < FLIPS or t.seconds() < SOAK):
        flip(f, *stores[n % len(stores)], views)
        n += 1
    print(f"{n} flips, seed {seed}")


need_vial()
with Folder() as folder:
    main(folder)
t.end()
