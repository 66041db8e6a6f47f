"""
`--original`: a file that was packed is given back as it was delivered, byte for byte: gzip by several
makers and with all that a header may say, members in a row, BGZF, pairs and lanes, every format; for any
number of threads. What it costs is outside of the store's identity, and what says it may be hostile.

Suites: cmd. Also: asan.
"""
import gzip
import hashlib
import json
import os
import subprocess

import numpy as np

from bammodel import header, record
from banktest import Bank, mzml
from containers import BGZF_END, bgzf, bgzf_block, deflated, trailer, zstd
from containers import gzip as member
from fqmodel import reads
from vialtest import BUILD, DATA, OK, SANITIZED, SHARED, SOAK, USAGE, Part, main, of_threads, run


def sha(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def info(store):
    return json.loads(run("info", "--json", store).out)


def ingest(store, *files, when="now", threads=2, more=()):
    return run("ingest", "-q", "--force", "--same-data", "--original", when, "-@", threads, *more, "-o",
               store, *files)


def by_gzip(text, *options):
    return subprocess.run(["gzip", "-c", *options], input=text, stdout=subprocess.PIPE, check=True).stdout


def padded(text):
    """A stream whose last byte has its free bits set, as hardly a maker does."""
    stream = bytearray(deflated(text, wbits=-15))
    for bits in range(1, 8):
        other = bytes(stream[:-1]) + bytes([stream[-1] | (0xff << (8 - bits) & 0xff)])
        try:
            if subprocess.run(["gzip", "-dc"], input=gzip.compress(b"")[:10] + other + trailer(text),
                              capture_output=True, check=True).stdout == text:
                stream = bytearray(other)
        except subprocess.CalledProcessError:
            break
    return gzip.compress(b"")[:10] + bytes(stream) + trailer(text)


def literals(text):
    """Two static blocks (RFC 1951, section 3.2.6), no match; the second begins within a byte."""
    code = bytes(int(f"{0x30 + c:08b}"[::-1], 2) for c in range(128)) + bytes(128)
    stream = nbit = 0
    for head, part in ((2, text[:1001]), (3, text[1001:])):
        stream |= head << nbit | int.from_bytes(part.translate(code), "little") << nbit + 3
        nbit += 3 + 8 * len(part) + 7
    return member(b"")[:10] + stream.to_bytes((nbit + 7) // 8, "little") + trailer(text)


PACKED = {
    "literals": literals,
    "gzip 1": lambda x: by_gzip(x, "-1"), "gzip 6": by_gzip, "gzip 9": lambda x: by_gzip(x, "-9", "-N"),
    "python 3": lambda x: gzip.compress(x, 3, mtime=77), "stored": lambda x: gzip.compress(x, 0),
    "all fields": lambda x: member(x, extra=b"XX\2\0ab", name=b"a b.fq", comment=b"\xff!", head_crc=True),
    "members": lambda x: member(x[:999]) + member(b"") + by_gzip(x[999:5000]) + member(x[5000:], 9),
    "flushes": lambda x: member(b"")[:10] + deflated(x, wbits=-15, flush=2, every=3000) + trailer(x),
    "padding": lambda x: by_gzip(x) + bytes(3001), "pad bits": padded,
    "bgzf": bgzf, "bgzf without end": lambda x: bgzf(x, end=False), "small blocks": lambda x: bgzf(x, 501),
    "blocks and members": lambda x: bgzf(x[:70000]) + member(x[70000:]) + BGZF_END,
    "bytes behind": lambda x: by_gzip(x) + b"signed: lab 7\n",
    "zeros and bytes behind": lambda x: bgzf(x) + bytes(70) + b"\1" + bytes(5),
    "two ends": lambda x: bgzf(x) + bgzf_block(b""),
    "plain": lambda x: x,
}


def makers(t, f, long):
    """Each way to pack; 1, 2 and 5 threads make the same store and the same file."""
    text = reads(900 if not long else 2000 if SANITIZED else 5000, seed=3, length=151, style="illumina")
    for what in t.some(sorted(PACKED)) if long else sorted(PACKED):
        file = f.write("a.fastq.gz", PACKED[what](text))
        stores = set()
        for threads in of_threads(1, 5) if long else of_threads(1, 2, 5):
            done = ingest(f / "s.h5", file, threads=threads)
            if not t.check(done.code == OK, what, done.err):
                break
            stores.add(sha(f / "s.h5"))
            done = run("export", "--original", "-@", threads, "--force", f / "s.h5", "-o", f / "out")
            t.check(done.code == OK and "equal to the original" in done.err and sha(f / "out") == sha(file),
                    f"{what}, {threads} threads", done.err)
        t.check(len(stores) == 1, f"{what}: one store for any number of threads", f"{len(stores)}")
        one = info(f / "s.h5")["files"][0]
        t.check(one["state"] == ("text" if what == "plain" else "described"), what, f"{one}")
        if long and what in ("gzip 1", "gzip 6", "gzip 9", "python 3", "bgzf"):
            share = one["description_bytes"] / os.path.getsize(file)
            t.check(share < 0.002 and not one["kept_bytes"], f"{what}: share", f"{share} {one}")
        done = run("export", "-q", f / "s.h5", "-o", "-")
        t.check(done.out == text, f"{what}: the text", done.err)
        done = run("verify", "--original", f / "s.h5")
        t.check(done.code == OK and b"1 file as delivered compared" in done.out, f"{what}: verify",
                str(done))


def kinds(t, f):
    """Every format, gzip and BGZF; BAM, whose stream is BGZF."""
    sam = b"@SQ\tSN:c\tLN:9000\n"
    for i in range(3000):
        sam += b"r%d\t0\tc\t%d\t60\t9M\t*\t0\t0\tACGTACGTA\tIIIIIIIII\n" % (i, i + 1)
    bam = header(contigs=((b"c", 9000), )) + b"".join(
        record(b"r%d" % i, "ACGTTGCA" * 9, bytes([30]) * 72, flag=0, place=(0, i, -1, -1, 0), bin_=4681)
        for i in range(2000))
    ubam = header() + b"".join(record(b"u%d" % i, "ACGTTGCA" * 9, bytes([30]) * 72) for i in range(900))
    texts = {"a.fastq": reads(2000), "a.sam": sam, "a.bam": bam, "u.bam": ubam, "a.mzML": mzml(40)}
    for name, text in texts.items():
        for how, pack in (("gzip", by_gzip), ("bgzf", bgzf), ("BAM 9", lambda x: bgzf(x, 65000))):
            if name.endswith(".bam") and how == "gzip":
                continue
            file = f.write(name + ("" if name.endswith(".bam") else ".gz"), pack(text))
            for profile in t.some(("compact", "archive", "portable")):
                done = ingest(f / "s.h5", file, more=("--profile", profile))
                if not t.check(done.code == OK, f"{name}, {how}, {profile}", done.err):
                    continue
                done = run("export", "--original", "-q", "--force", f / "s.h5", "-o", f / "out")
                good = done.code == OK and sha(f / "out") == sha(file)
                t.check(good, f"{name}, {how}, {profile}", done.err)


def pairs_and_lanes(t, f):
    """Mates and lanes, each packed otherwise; the identity is the same however originals are dealt with."""
    ways = ("gzip 6", "plain", "bgzf", "members", "gzip 1", "padding")
    files, streams = {}, ([], [])
    for lane in range(3):
        for mate in (1, 2):
            name = f"S_L00{lane + 1}_R{mate}.fastq" + ("" if ways[2 * lane + mate - 1] == "plain" else ".gz")
            text = reads(1500 + lane, seed=lane, mate=mate)
            files[name] = PACKED[ways[2 * lane + mate - 1]](text)
            streams[mate - 1].append(f.write(name, files[name]))
    inputs = [",".join(x) for x in streams]
    digests = set()
    for when in ("off", "night", "now"):
        done = ingest(f / f"{when}.h5", *inputs, when=when)
        t.check(done.code == OK, when, done.err)
        digests.add(info(f / f"{when}.h5")["digest"])
        done = run("verify", "--original", f / f"{when}.h5")
        words = b"6 files as delivered compared" if when == "now" else b"files as delivered not described"
        t.check(done.code == OK and words in done.out, f"{when}: verify", f"{done}")
        states = [x["state"] for x in info(f / f"{when}.h5")["files"]]
        word = {"off": "none", "night": "pending", "now": "described"}[when]
        t.check(set(states) == {word, "text"} and states.count("text") == 1, when, f"{states}")
    t.check(len(digests) == 1, "one identity", f"{digests}")
    for threads in (1, 2, 5):
        done = run("split", "--original", "-@", threads, "--force", f / "now.h5", "-o", f / "lanes")
        got = {name: f.read(f"lanes/{name}") for name in os.listdir(f / "lanes")}
        t.check(done.code == OK and got == files, f"split, {threads} threads", f"{done.err} {sorted(got)}")
    for when, words in (("off", "came in with --original off"), ("night", "not described yet")):
        done = run("split", "--original", f / f"{when}.h5", "-o", f / "none")
        t.check(done.code == USAGE and words in done.err, when, f"{done.code} {done.err}")
        t.check(not os.path.exists(f / "none") or not os.listdir(f / "none"), f"{when}: nothing is left")
    done = run("export", "--original", f / "now.h5", "-1", f / "x1", "-2", f / "x2")
    t.check(done.code == USAGE and "vial split --original" in done.err, "lanes as one file", done.err)


def sealed_again(t, f):
    """Reseal, reindex and a flipped bit of a store with descriptions."""
    file = f.write("a.fq.gz", by_gzip(reads(9000)))
    t.check(ingest(f / "s.h5", file).code == OK, "ingest")
    whole = f.read("s.h5")
    f.write("s.h5", bytes(512) + whole[512:])
    done = run("reseal", f / "s.h5")
    t.check(done.code == OK and f.read("s.h5") == whole, "reseal", done.err)
    import h5py
    os.chmod(f / "s.h5", 0o644)
    with h5py.File(f / "s.h5", "r+") as s:
        del s["index"]
    for command in ("reseal", "reindex"):
        done = run(command, f / "s.h5")
        t.check(done.code == OK, command, done.err)
        done = run("export", "--original", "--force", f / "s.h5", "-o", f / "out")
        t.check(done.code == OK and sha(f / "out") == sha(file), f"{command}: the file", done.err)
    os.chmod(f / "s.h5", 0o644)
    with h5py.File(f / "s.h5", "r+") as s:
        s["original"].attrs["mine"] = 1
    done = run("reseal", f / "s.h5")
    t.check(done.code == DATA and "'mine' of original" in done.err, "what others added", done.err)


def described_later(t, f):
    """What came in without: `vial describe`, of a file and of a bank."""
    one, two = f.write("a_R1.fq.gz", by_gzip(reads(900, mate=1))), f.write("a_R2.fq", reads(900, mate=2))
    for when in ("off", "night"):
        t.check(ingest(f / "s.h5", one, two, when=when).code == OK, when)
        digest = info(f / "s.h5")["digest"]
        before = f.read("s.h5")
        for files, words in (((one, ), "1 files for 2 inputs"), ((two, one), "not the file that came in"),
                             ((f / "no.fq.gz", two), "cannot open")):
            done = run("describe", f / "s.h5", *files)
            t.check(done.code != OK and words in done.err and f.read("s.h5") == before, f"{when}: {words}",
                    f"{done.code} {done.err}")
        done = run("describe", f / "s.h5", one, two)
        t.check(done.code == OK and b"are described" in done.out, when, done.err)
        t.check(info(f / "s.h5")["digest"] == digest, f"{when}: the identity stays")
        done = run("split", "--original", "--force", f / "s.h5", "-o", f / "o")
        t.check(done.code == OK and sha(f / "o/a_R1.fq.gz") == sha(one) and sha(f / "o/a_R2.fq") == sha(two),
                f"{when}: the files", done.err)
        done = run("describe", f / "s.h5", one, two)
        t.check(done.code == OK and b"as far as they can be" in done.out, f"{when}: once more", done.err)
        done = run("verify", f / "s.h5")
        t.check(done.code == OK, f"{when}: verify", done.err)
    bank = Bank(f)
    done = bank.run("ingest", "-q", "-s", "S", one, two)
    t.check(done.code == OK, "into a bank", done.err)
    done = bank.run("describe", "S")
    t.check(done.code == OK and b"are described" in done.out, "of a bank", done.err)
    done = run("describe", bank.stores()[0], one, two)
    t.check(done.code == USAGE and "-b BANK" in done.err, "a bank's store by its path", done.err)
    done = bank.run("export", "--original", "S", "-1", f / "x1", "-2", f / "x2")
    good = done.code == OK and sha(f / "x1") == sha(one) and sha(f / "x2") == sha(two)
    t.check(good, "the files", done.err)
    done = bank.run("catalog", "check")
    t.check(done.code == OK, "catalog check", done.out.decode())


def refused(t, f):
    """What cannot be, is said: pipes, other packings, options that do not go together."""
    text = reads(100)
    done = run("ingest", "--original", "now", "-o", f / "s.h5", "-", stdin=by_gzip(text))
    t.check(done.code == USAGE and "read twice" in done.err, "a pipe", f"{done.code} {done.err}")
    done = run("ingest", "--original", "later", "-o", f / "s.h5", f.write("a.fq", text))
    t.check(done.code == USAGE and "now or night or off" in done.err, "no such time", done.err)
    t.check(ingest(f / "z.h5", f.write("a.fq.zst", zstd(text))).code == OK, "zstd comes in")
    done = run("export", "--original", f / "z.h5", "-o", f / "out")
    t.check(done.code == USAGE and "(zstd) is not described" in done.err, "zstd", f"{done.code} {done.err}")
    t.check(ingest(f / "g.h5", f.write("a.fq.gz", by_gzip(text))).code == OK, "gzip comes in")
    for more in (("--format", "fasta"), ("--values", ), ("--level", "1")):
        done = run("export", "--original", *more, f / "g.h5", "-o", f / "out")
        t.check(done.code == USAGE, f"{more}", f"{done.code} {done.err}")
    t.check(not os.path.exists(f / "out"), "nothing is left")


def behind(t, f):
    """Bytes behind the last member: kept now, and else refused; never what may be left of a member."""
    text = reads(100)
    whole, tail = by_gzip(text), b"signed\n"
    for what, rest, when, words in (
            ("off", tail, "off", "byte 73 follows the last gzip member (--original now keeps"),
            ("night", tail, "night", "byte 73 follows the last gzip member (--original now keeps"),
            ("behind zeros", bytes(9) + tail, "off", "follows the zero bytes behind the last member (--orig"),
            ("a member later", b"?" + whole, "now", "byte 3f follows the last gzip member"),
            ("too many", b"?" * 65537, "now", "byte 3f follows the last gzip member"),
            ("wrong CRC-32", whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:], "now", "CRC"),
            ("wrong length", whole[:-1] + bytes([whole[-1] ^ 1]), "now", "")):
        file = f.write("a.fq.gz", rest if what.startswith("wrong") else whole + rest)
        done = ingest(f / "s.h5", file, when=when)
        t.check(done.code == DATA and words in done.err and not os.path.exists(f / "s.h5"), what, f"{done}")
    done = ingest(f / "s.h5", f.write("a.fq.gz", whole + b"?" * 65536))
    t.check(done.code == OK, "as many as can be", done.err)
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("a.fq.zst", zstd(text) + tail), "--original", "now")
    t.check(done.code == DATA and "last zstd frame" in done.err, "zstd", done.err)


# ---- hostile descriptions ----


def change(t, store):
    """Random bytes of /original changed, sealed again; False: they are what they were."""
    import h5py
    os.chmod(store, 0o644)
    with h5py.File(store, "r+") as s:
        name = t.random.choice(("records", "records", "records", "files"))
        data = np.frombuffer(bytes(s[f"original/{name}"][:]), np.uint8).copy()
        for _ in range(t.random.randint(1, 4)):
            at = t.random.randrange(len(data))
            data[at] = t.random.choice((0, 1, 127, 128, 255, t.random.randrange(256)))
        changed = bytes(data) != bytes(s[f"original/{name}"][:])
        attributes = dict(s[f"original/{name}"].attrs)
        del s[f"original/{name}"]
        new = s.create_dataset(f"original/{name}", data=data, chunks=(len(data), ), compression="gzip")
        for key, value in attributes.items():
            new.attrs[key] = value
    subprocess.run([os.path.join(BUILD, "pipeline/test/reseal"), store], check=True)
    return changed


def hostile(t, f):
    """Export of a store with a description that was changed: the file, or an error, soon; and no file."""
    text = reads(700, seed=9)
    for what in ("gzip 6", "members", "small blocks", "padding", "flushes"):
        file = f.write("a.fq.gz", PACKED[what](text))
        t.check(ingest(f / "good.h5", file, more=("--profile", "portable")).code == OK, what)
        for number in t.some(range(400 if SOAK else 40)):
            f.write("s.h5", f.read("good.h5"))
            changed = change(t, f / "s.h5")
            done = run("export", "--original", "-q", "--force", f / "s.h5", "-o", f / "out", timeout=20)
            good = done.code == OK and sha(f / "out") == sha(file)
            t.check(good or (done.code in (DATA, USAGE) and not os.path.exists(f / "out")
                             and done.err.count("\n") == 1), f"{what}, {number}", f"{done.code} {done.err}")
            f.clear("out")
            done = run("info", f / "s.h5", timeout=20)
            t.check(done.code in (OK, DATA), f"{what}, {number}: info", f"{done.code} {done.err}")
            done = run("verify", f / "s.h5", timeout=20)
            t.check(done.code == DATA or not changed, f"{what}, {number}: verify", f"{done.code} {done.err}")
            done = run("export", "-q", f / "s.h5", "-o", "-")
            t.check(done.code == OK and done.out == text, f"{what}, {number}: the text", f"{done.code}")


def all_files(t, f):
    """Every real file that is packed and small, whatever is within; in a soak all of them."""
    most = 1 << 40 if SOAK else 200_000
    found = sorted(os.path.join(at, x) for at, _, names in os.walk(SHARED) for x in names
                   if x.endswith((".gz", ".bgz", ".bam")))
    if not found:
        t.skip(f"no files below {SHARED}")
    for file in found:
        if not os.path.isfile(file) or os.path.getsize(file) > most:
            continue
        said = subprocess.run([f"{BUILD}/pipeline/test/container_file", "-@", "2", file], capture_output=True)
        what = said.stdout.decode("utf-8", "replace").split("\t")[1:2]
        if what == ["same"]:
            t.check(True, file)
        else:  # then it is damaged, as gzip says too
            bad = subprocess.run(["gzip", "-t", file], stdin=subprocess.DEVNULL, capture_output=True)
            t.check(what and what != ["differs"] and bad.returncode, file, f"{said}")


def through_stores(t, f):
    """The same through stores, of what can come in."""
    most = 1 << 40 if SOAK else 200_000
    for at, _, names in os.walk(SHARED):
        for name in sorted(names):
            file = os.path.join(at, name)
            if not name.endswith((".gz", ".bgz", ".bam")) or os.path.getsize(file) > most:
                continue
            if ingest(f / "s.h5", file).code != OK:
                continue  # of a kind that vial does not take, or damaged: real_data says which
            done = run("split", "--original", "-q", "--force", f / "s.h5", "-o", f / "o", timeout=600)
            t.check(done.code == OK and sha(f / f"o/{name}") == sha(file), file, done.err)
            f.clear(f"o/{name}")


if __name__ == "__main__":
    main(Part("short", makers, (False, )), Part("long", makers, (True, )), kinds, pairs_and_lanes, refused,
         behind, sealed_again, described_later, hostile, all_files, through_stores)
