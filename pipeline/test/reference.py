"""
Bases by their places in a reference (vial ingest --reference): reads come back byte for byte from the store
alone, however the FASTA is written and however odd some reads are; the store says what the reference was,
keeps what of it is used, and is the same for any number of threads. A FASTA that is wrong is refused with its
place.

Suites: reads store. Also: asan.
"""
import gzip
import hashlib
import json
import os
import random
import shutil
import subprocess

from bammodel import header, record
from containers import bgzf
from overlap import COMPLEMENT, base_column, content, edited, genome, odd, piece, replace, text_of
from vialtest import DATA, NOINPUT, OK, OSERR, USAGE, Part, check_refusal, main, of_threads, run

SEED = 30
REFERENCE = "reads/base.reference"


def fasta(sequences, width=60, end=b"\n"):
    """sequences: [(name, letters)]."""
    text = b""
    for name, letters in sequences:
        lines = [letters[i:i + width] for i in range(0, len(letters), width)]
        text += b">" + name + b" made" + end + b"".join(line + end for line in lines)
    return text


def ingest(t, f, what, reference, *files, name="s.h5", options=()):
    store = f / name
    done = run("ingest", "-q", "--force", "--reference", reference, *options, "-o", store, *files)
    t.check(done.code == OK and not done.err, what, done.err)
    return store


def trip(t, f, what, of, bases, saves, options=()):
    """Reads that lie in `of`, whose FASTA is gone when they are read; less than `saves` bytes a letter."""
    text, reference = text_of(bases), f.write("of.fa", fasta([(b"chr1", of)]))
    file = f.write("in.fq", text)
    store, *others = [ingest(t, f, what, reference, file, name=f"{n}.h5", options=("-@", n, *options))
                      for n in of_threads(1, 3)]
    t.check(all(content(store) == content(other) for other in others), what,
            "1 and 3 threads make other stores")
    os.unlink(reference)
    t.check(run("export", "-q", store).out == text, what, "comes back otherwise")
    done = run("verify", "-q", store)
    t.check(done.code == OK, f"{what}: verify", done.err)
    columns = base_column(store)
    packed = columns["reads/base"]["packed_bytes"]
    letters = sum(map(len, bases))
    t.check("reference" in columns["reads/base"]["codec"], what, f"codec {columns['reads/base']['codec']}")
    t.check(packed < saves * letters, what, f"{letters} letters in {packed} bytes")
    return store, text


def short(t, f):
    """Of every profile that can, in any order; one row alone."""
    rng = random.Random(SEED)
    of = genome(rng, 200_000)
    bases = [odd(rng, piece(rng, of, 100, 200)) for _ in range(20_000)]
    for profile in "fast", "compact", "archive":
        store, text = trip(t, f, f"odd reads, {profile}", of, bases, .07, ("--profile", profile))
    lines = text.splitlines(keepends=True)
    for row in (0, 4711, len(bases) - 1):
        seen = run("view", store, "--rows", str(row)).out
        t.check(seen == b"".join(lines[4 * row:4 * row + 4]), f"row {row} alone", f"{seen[:200]!r}")


def pairs(t, f):
    rng = random.Random(SEED + 1)
    of = genome(rng, 100_000)
    r1, r2 = [], []
    for _ in range(6000):
        insert = piece(rng, of, 300, 300)
        r1.append(insert[:90])
        r2.append(insert.translate(COMPLEMENT)[::-1][:90])
    a, b = f.write("a.fq", text_of(r1, "/1")), f.write("b.fq", text_of(r2, "/2"))
    store = ingest(t, f, "mates", f.write("of.fa", fasta([(b"c", of)])), a, b)
    packed = base_column(store)["reads/base"]["packed_bytes"]
    t.check(packed < .04 * 180 * 6000, "mates", f"{180 * 6000} letters in {packed} bytes")
    done = run("export", "-q", store, "-1", f / "1.fq", "-2", f / "2.fq")
    t.check(done.code == OK and content(f / "1.fq") == content(a) and
            content(f / "2.fq") == content(b), "mates come back otherwise", done.err)


def long(t, f):
    """Rows over several chunks, with letters left out and put in; a reference of several chunks."""
    rng = random.Random(SEED + 2)
    of = genome(rng, 2_300_000)
    bases = [of[7:1_400_000], piece(rng, of, 1_100_000, 100)]
    for _ in range(40):
        one = bytearray(piece(rng, of, 20_000, 150))
        for at in range(500, 19_000, 1000):
            del one[at:at + rng.randrange(3)]
        bases.append(bytes(one))
    trip(t, f, "long reads", of, bases, .02)


def used(t, f):
    """Of a large reference little is used, and little is kept. What it was stands in the store."""
    rng = random.Random(SEED + 3)
    first, second = genome(rng, 3_000_000), genome(rng, 50_000)
    letters = bytearray(first)
    letters[2_000_000:2_000_100] = b"RYKMnnnn--" * 10
    text = fasta([(b"chr1", bytes(letters)), (b"chr2", second), (b"none", b"")])
    bases = [piece(rng, first[1_000_000:1_050_000], 100, 200) for _ in range(5000)]
    reference = f.write("ref.fa.gz", gzip.compress(text))
    store = ingest(t, f, "little is used", reference, f.write("in.fq", text_of(bases)))
    columns = base_column(store)
    t.check(columns[REFERENCE]["packed_bytes"] < 50_000 / 4 + 3000, "little is used",
            f"{columns[REFERENCE]['packed_bytes']} bytes")
    t.check(run("export", "-q", store).out == text_of(bases), "little is used: comes back otherwise")
    with open(reference, "rb") as file:
        sha = hashlib.sha256(file.read()).hexdigest()
    notes = json.loads(run("info", "--json", store).out)["notes"].get("source/reference", {})
    want = {"name": "ref.fa.gz", "sha256": sha, "sequences": 3, "letters": 3050000, "compression": "gzip"}
    for name, said in want.items():
        t.check(notes.get(name) == said, f"note {name}", f"{notes.get(name)}, expected {said}")
    lines = [b"name\tletters\tmd5"]
    for name, of in ((b"chr1", bytes(letters)), (b"chr2", second), (b"none", b"")):
        md5 = hashlib.md5(of.upper()).hexdigest().encode()
        lines.append(b"%s\t%d\t%s" % (name, len(of), md5))
    os.environ["HDF5_PLUGIN_PATH"] = run("plugin-path").out.decode().strip()
    code = ("import h5py,sys; s=h5py.File(sys.argv[1]); r=bytes(s['reads/base.reference'][:]);"
            "b=bytes(s['reads/base'][:]); sys.stdout.buffer.write(bytes(s['source/reference/sequences'][:])"
            "+b'|'+b+b'|'+r)")
    done = subprocess.run(["/usr/bin/python3", "-c", code, store], capture_output=True)
    if b"__asan" in done.stderr:
        return t.skip("the plugin has sanitizers and Python has none")
    table, _, rest = done.stdout.partition(b"|")
    found, _, kept = rest.partition(b"|")
    t.check(table == b"\n".join(lines) + b"\n", "table of sequences", f"{table!r} {done.stderr[-300:]}")
    t.check(found == b"".join(bases), "bases by h5py", f"{len(found)} letters")
    t.check(kept[1_001_000:1_049_000] == first[1_001_000:1_049_000], "letters that are used, by h5py")
    t.check(len(kept) == 3_050_000 and kept.count(b"N") > 2_900_000, "letters that are not",
            f"{kept.count(b'N')} of {len(kept)}")
    return None


def ways_to_write(t, f):
    """The same letters, however the file is written, make the same columns."""
    rng = random.Random(SEED + 4)
    of = genome(rng, 60_000)
    reads = f.write("in.fq", text_of([piece(rng, of, 100, 200) for _ in range(4000)]))
    plain = fasta([(b"c", of)])
    mixed = bytes(c | 0x20 if i // 500 % 3 == 1 else c for i, c in enumerate(of))
    ways = {
        "plain": plain,
        "one line, no line break": fasta([(b"c", of)], width=len(of))[:-1],
        "lines of 7, CRLF": fasta([(b"c", of)], 7, b"\r\n"),
        "lower case here and there": fasta([(b"c", mixed)]),
        "blank lines": b"\n\n" + plain.replace(b"made\n", b"made\n\n") + b"\n \n",
        "gzip": gzip.compress(plain),
        "BGZF": bgzf(plain),
        "two members": gzip.compress(plain[:5000]) + gzip.compress(plain[5000:]),
    }
    if shutil.which("zstd"):
        ways["zstd"] = subprocess.run(["zstd", "-q"], input=plain, capture_output=True).stdout
    first = None
    for what, data in ways.items():
        store = ingest(t, f, what, f.write("ref", data), reads)
        columns = base_column(store)
        packed = columns["reads/base"]["packed_bytes"], columns[REFERENCE]["packed_bytes"]
        first = first or packed
        t.check(packed == first, what, f"{packed} bytes, expected {first}")
        t.check(run("export", "-q", store).out == content(reads), what, "comes back otherwise")


def unlike(t, f):
    """Reads of another species take two bits a base, and nothing of the reference is kept."""
    rng = random.Random(SEED + 5)
    bases = [genome(rng, 100) for _ in range(12_000)]
    reference = f.write("ref.fa", fasta([(b"c", genome(rng, 100_000))]))
    store = ingest(t, f, "strangers", reference, f.write("in.fq", text_of(bases)))
    columns = base_column(store)
    t.check(columns["reads/base"]["codec"] == "base2", "strangers", f"{columns}")
    letters = columns[REFERENCE]["packed_bytes"] if REFERENCE in columns else 0
    t.check(letters < 2000, "strangers", f"{letters} bytes of the reference")
    t.check(run("export", "-q", store).out == text_of(bases), "strangers: come back otherwise")


def unaligned(t, f):
    """BAM of reads that are not aligned."""
    rng = random.Random(SEED + 6)
    of = genome(rng, 50_000)
    stream = header() + b"".join(record(b"r%d" % i, piece(rng, of, 1000, 300).decode()) for i in range(1000))
    reference = f.write("ref.fa", fasta([(b"c", of)]))
    store = ingest(t, f, "BAM", reference, f.write("in.bam", bgzf(stream)))
    columns = base_column(store)
    t.check(columns["reads/base"]["codec"] == "reference", "BAM", f"{columns}")
    t.check(run("export", "-q", store).out == stream, "BAM: comes back otherwise")


def wrong(t, f):
    """What is wrong with the FASTA, or with asking for one, is said, and there is no store."""
    reads = f.write("in.fq", text_of([b"ACGT" * 20] * 9))
    cases = {
        "no FASTA": (b"@r\nACGT\n", ["ref.fa", "byte 0", "line 1", "0x40"]),
        "a letter that is none": (b">a\nACGT\nAC5T\n", ["ref.fa", "byte 10", "line 3", "0x35"]),
        "no name": (b">a\nACGT\n>\nACGT\n", ["ref.fa", "line 3", "without a name"]),
        "no letters": (b">a\nNNNN\n", ["ref.fa", "none of them"]),
        "nothing": (b"", ["ref.fa", "no sequence"]),
        "gzip cut off": (gzip.compress(fasta([(b"a", b"ACGT" * 999)]))[:-20], ["ref.fa"]),
    }
    for what, (data, said) in cases.items():
        done = run("ingest", "-q", "-o", f / "s.h5", "--reference", f.write("ref.fa", data), reads)
        check_refusal(t, what, done, said, (DATA,))
        t.check(not os.path.exists(f / "s.h5"), what, "left a store")
    good = f.write("ref.fa", b">a\n" + b"ACGTACCA" * 99 + b"\n")
    done = run("ingest", "-q", "-o", f / "s.h5", "--reference", f / "gone.fa", reads)
    check_refusal(t, "no file", done, ["gone.fa"], (NOINPUT,))
    done = run("ingest", "-q", "-o", f / "s.h5", "--profile", "portable", "--reference", good, reads)
    check_refusal(t, "portable", done, ["portable"], (USAGE,))
    big = f.write("big.fa", b">a\n" + b"ACGTACCA" * 9_000_000 + b"\n")
    done = run("ingest", "-q", "-o", f / "s.h5", "--max-memory", "200M", "--reference", big, reads)
    check_refusal(t, "little memory", done, ["memory"], (USAGE, OSERR))
    t.check(not os.path.exists(f / "s.h5"), "left a store")


def banks(t, f):
    """A bank takes one for a batch; mzML in it needs none."""
    rng = random.Random(SEED + 7)
    of = genome(rng, 60_000)
    reads = f.write("S1.fq", text_of([piece(rng, of, 100, 200) for _ in range(4000)]))
    reference = f.write("ref.fa", fasta([(b"c", of)]))
    t.check(run("init", f / "bank").code == OK, "init")
    done = run("ingest", "-q", "-b", f / "bank", "-s", "S1", "--reference", f / "gone.fa", reads)
    check_refusal(t, "bank: no file", done, ["gone.fa"], (NOINPUT,))
    done = run("ingest", "-q", "-b", f / "bank", "-s", "S1", "--reference", reference, reads)
    t.check(done.code == OK, "bank", done.err)
    os.unlink(reference)
    stores = [os.path.join(folder, name) for folder, _, names in os.walk(f / "bank") for name in names
              if name.startswith("reads-")]
    t.check(len(stores) == 1 and REFERENCE in base_column(stores[0]), "bank", f"{stores}")
    t.check(run("verify", "-q", "-b", f / "bank", "--all").code == OK, "bank: verify")
    t.check(run("export", "-q", "-b", f / "bank", "S1").out == content(reads), "bank: comes back otherwise")


def changed(t, f):
    rng = random.Random(SEED + 8)
    of = genome(rng, 20_000)
    reads = f.write("in.fq", text_of([piece(rng, of, 100, 300) for _ in range(1500)]))
    store = ingest(t, f, "to be changed", f.write("ref.fa", fasta([(b"c", of)])), reads)

    def other(s):
        replace(s, REFERENCE, b"A" * len(s[REFERENCE]))

    def longer(s):
        replace(s, REFERENCE, b"ACGT" * len(s[REFERENCE]))

    def shorter(s):
        replace(s, REFERENCE, b"ACGT")

    def gone(s):
        del s[REFERENCE]

    os.environ["HDF5_PLUGIN_PATH"] = run("plugin-path").out.decode().strip()
    for edit in other, longer, shorter, gone:
        edited(t, f, f"a reference that is {edit.__name__}", store, edit)


if __name__ == "__main__":
    main(Part("odd reads", short), Part("mates", pairs), Part("long reads", long),
         Part("little is used", used), Part("ways to write it", ways_to_write), Part("strangers", unlike),
         Part("BAM", unaligned), Part("what is wrong", wrong), Part("banks", banks),
         Part("another reference", changed))
