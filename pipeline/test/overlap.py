"""
Reads that overlap, in profile archive: their bases are places in a consensus that lies beside them. They come
back byte for byte however odd some of them are, the store is the same for any number of threads, one row is
read alone, and a store whose consensus is gone, another or too long is refused. In profile compact the first
chunks have their own.

Suites: reads store. Also: asan.
"""
import json
import os
import random
import shutil
import subprocess

from vialtest import BUILD, DATA, OK, Part, check_refusal, main, of_threads, run

SEED = 20
COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")


def content(path):
    with open(path, "rb") as file:
        return file.read()


def genome(rng, n):
    return bytes(rng.choices(b"ACGT", k=n))


def piece(rng, of, n, every):
    """n letters from anywhere, of either strand, of which one in `every` is another."""
    at = rng.randrange(len(of) - n + 1)
    base = bytearray(of[at:at + n])
    if rng.random() < .5:
        base = bytearray(base.translate(COMPLEMENT)[::-1])
    for i in range(n):
        if not rng.randrange(every):
            base[i] = rng.choice(b"ACGT")
    return bytes(base)


def odd(rng, base):
    """What instruments and people make of some reads."""
    how = rng.randrange(40)
    if how == 0:
        return b""
    if how == 1:
        return base[:1]
    if how == 2:
        return b"N" * len(base)
    if how == 3:
        return base[:30] + base[30:60].lower() + base[60:]
    if how == 4:
        return base[:10] + b"RYSWKM.-*UN" + base[21:]
    if how == 5:
        return base[:rng.randrange(len(base))]
    if how == 6:
        return base[:50] + base[53:]
    return base[:50] + b"N" + base[51:] if how == 7 else base


def text_of(bases, mate=""):
    mate = mate.encode()
    return b"".join(b"@r%d%s\n%s\n+\n%s\n" % (i, mate, b, b"I" * len(b)) for i, b in enumerate(bases))


def base_column(store):
    columns = json.loads(run("info", "--json", store).out)["columns"]
    return {c["path"]: c for c in columns if c["path"].startswith("reads/base")}


def archive(t, f, what, *files, name="s.h5", options=(), profile="archive"):
    store = f / name
    done = run("ingest", "-q", "--force", "--profile", profile, *options, "-o", store, *files)
    t.check(done.code == OK and not done.err, what, done.err)
    return store


def trip(t, f, what, bases, saves, profile="archive"):
    text = text_of(bases)
    file = f.write("in.fq", text)
    one, *others = [archive(t, f, what, file, name=f"{n}.h5", options=("-@", n), profile=profile)
                    for n in of_threads(1, 3)]
    t.check(all(content(one) == content(other) for other in others), what,
            "1 and 3 threads make other stores")
    t.check(run("export", "-q", one).out == text, what, "comes back otherwise")
    done = run("verify", "-q", one)
    t.check(done.code == OK, f"{what}: verify", done.err)
    columns = base_column(one)
    packed = sum(c["packed_bytes"] for c in columns.values() if "offset" not in c["path"])
    letters = sum(map(len, bases))
    t.check("overlap" in columns["reads/base"]["codec"], what, f"codec {columns['reads/base']['codec']}")
    t.check(packed < saves * letters / 4, what, f"{letters} letters in {packed} bytes")
    return one, text


def short(t, f):
    rng = random.Random(SEED)
    of = genome(rng, 20000)
    bases = [odd(rng, piece(rng, of, 100, 200)) for _ in range(9000)]
    store, text = trip(t, f, "odd reads", bases, .4)
    lines = text.splitlines(keepends=True)
    for row in (0, 4711, len(bases) - 1):
        seen = run("view", store, "--rows", str(row)).out
        t.check(seen == b"".join(lines[4 * row:4 * row + 4]), f"row {row} alone", f"{seen[:200]!r}")
    few = archive(t, f, "little memory", f / "in.fq", name="few.h5", options=("--max-memory", "140M"))
    t.check(run("export", "-q", few).out == text, "little memory: comes back otherwise")


def pairs(t, f):
    rng = random.Random(SEED + 1)
    of = genome(rng, 30000)
    r1, r2 = [], []
    for _ in range(3000):
        insert = piece(rng, of, 300, 300)
        r1.append(insert[:90])
        r2.append(insert.translate(COMPLEMENT)[::-1][:90])
    a, b = f.write("a.fq", text_of(r1, "/1")), f.write("b.fq", text_of(r2, "/2"))
    store = archive(t, f, "mates", a, b)
    t.check("overlap" in base_column(store)["reads/base"]["codec"], "mates", "not by overlap")
    done = run("export", "-q", store, "-1", f / "1.fq", "-2", f / "2.fq")
    t.check(done.code == OK and content(f / "1.fq") == content(a) and
            content(f / "2.fq") == content(b), "mates come back otherwise", done.err)


def long(t, f):
    """Rows over several chunks, letters that are left out and put in; and a chunk border within a match."""
    rng = random.Random(SEED + 2)
    of = genome(rng, 1_300_000)
    bases = [of, piece(rng, of, 1_100_000, 100)]
    for _ in range(40):
        one = bytearray(piece(rng, of, 20_000, 150))
        for at in range(500, 19_000, 1000):
            del one[at:at + rng.randrange(3)]
        bases.append(bytes(one))
    trip(t, f, "long reads", bases, .7)


def compact(t, f):
    """Chunks of a small sample need nothing beside them; of a large one those from 8 MiB on are base2."""
    import h5py
    rng = random.Random(SEED + 5)
    of = genome(rng, 20000)
    bases = [odd(rng, piece(rng, of, 100, 200)) for _ in range(15000)]
    store, text = trip(t, f, "compact", bases, .7, profile="compact")
    columns = base_column(store)
    t.check("reads/base.consensus" not in columns and columns["reads/base"]["codec"] == "overlap-own",
            "compact", f"{columns}")
    lines = text.splitlines(keepends=True)
    for row in (0, 12345, len(bases) - 1):
        seen = run("view", store, "--rows", str(row)).out
        t.check(seen == b"".join(lines[4 * row:4 * row + 4]), f"compact, row {row} alone", f"{seen[:200]!r}")
    os.environ["HDF5_PLUGIN_PATH"] = run("plugin-path").out.decode().strip()
    try:
        with h5py.File(store) as s:
            t.check(s["reads/base"][:].tobytes() == b"".join(bases), "compact: h5py sees other letters")
    except OSError as e:
        if "__asan" not in str(e):
            raise
        t.skip("the plugin has sanitizers, and Python has none: bases by h5py")
    bases = [piece(rng, of, 1000, 200) for _ in range(10000)]
    file = f.write("in.fq", text_of(bases))
    large = archive(t, f, "large", file, profile="compact")
    codec = base_column(large)["reads/base"]["codec"]
    t.check("overlap-own" in codec and "base2" in codec, "large", codec)
    t.check(run("export", "-q", large).out == content(file), "large: comes back otherwise")


def unlike(t, f):
    """Reads that share nothing take no more than two bits and a little."""
    rng = random.Random(SEED + 3)
    bases = [genome(rng, 100) for _ in range(12000)]
    text = text_of(bases)
    store = archive(t, f, "strangers", f.write("in.fq", text))
    columns = base_column(store)
    t.check(list(columns) == ["reads/base"] and "overlap" not in columns["reads/base"]["codec"], "strangers",
            f"{columns}")
    t.check(run("export", "-q", store).out == text, "strangers: come back otherwise")


def edited(t, f, what, store, edit):
    """The store after somebody's change, sealed again: reading bases is refused, and names what is wrong."""
    import h5py
    copy = f / "edited.h5"
    shutil.copy(store, copy)
    os.chmod(copy, 0o644)
    with h5py.File(copy, "r+") as s:
        edit(s)
    done = subprocess.run([f"{BUILD}/pipeline/test/reseal", copy], capture_output=True, text=True)
    t.check(done.returncode == 0, what, done.stderr)
    for command in (("view", "--rows", "7"), ("export", "-q"), ("verify", "-q")):
        done = run(command[0], copy, *command[1:])
        check_refusal(t, f"{command[0]}: {what}", done, ["edited.h5", "reads/base"], (DATA,))


def replace(s, path, letters, times=1):
    """Another data set in its place, with chunks as they were."""
    import numpy
    attributes = dict(s[path].attrs)
    del s[path]
    data = numpy.frombuffer(letters * times, dtype=numpy.uint8)
    s.create_dataset(path, data=data, chunks=data.shape, compression="gzip")
    s[path].attrs.update(attributes)


def changed(t, f):
    rng = random.Random(SEED + 4)
    of = genome(rng, 5000)
    text = text_of([piece(rng, of, 100, 300) for _ in range(1500)])
    store = archive(t, f, "to be changed", f.write("in.fq", text))
    path = "reads/base.consensus"

    def other(s):
        replace(s, path, b"A" * len(s[path]))

    def longer(s):
        replace(s, path, b"ACGT" * (len(s["reads/base"]) // 4 + 1))

    def shorter(s):
        replace(s, path, b"ACGT")

    def gone(s):
        del s[path]

    os.environ["HDF5_PLUGIN_PATH"] = run("plugin-path").out.decode().strip()
    for edit in other, longer, shorter, gone:
        edited(t, f, f"a consensus that is {edit.__name__}", store, edit)


if __name__ == "__main__":
    main(Part("odd reads", short), Part("mates", pairs), Part("long reads", long), Part("strangers", unlike),
         Part("compact", compact),
         Part("another consensus", changed))
