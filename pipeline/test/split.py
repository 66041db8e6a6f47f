"""
`vial split`: the files back that a store was made of, each by itself: lanes, mates, packed in every way,
under names that promise something else.

Suites: cmd.
"""
import gzip
import os
import subprocess

from banktest import Bank, mzml
from containers import bgzf, gzip as one_member
from damage_place import spoil_data
from fqmodel import interleave, reads
from vialtest import CANTCREAT, DATA, NOINPUT, OK, USAGE, Part, main, run

ZSTD = b"\x28\xb5\x2f\xfd"


def zstd(text, *options):
    command = ["zstd", "-q", "-c", *options]
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True).stdout


# How a file was packed: what makes it, and what its bytes begin with when it comes back; None: as they were.
PACKED = {"plain": (lambda x: x, None), "gzip": (one_member, b"\x1f\x8b\x08\x04"),
          "bgzf": (bgzf, b"\x1f\x8b\x08\x04"), "zstd": (zstd, ZSTD)}


def text_of(data):
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    return zstd(data, "-d") if data[:4] == ZSTD else data


def tree(folder):
    out = {}
    for name in os.listdir(folder) if os.path.exists(folder) else ():
        with open(os.path.join(folder, name), "rb") as f:
            out[name] = f.read()
    return out


def lanes(t, f, streams):
    """Lanes of `streams` inputs side by side: {name: (how it is packed, text)}, and the inputs."""
    files, inputs = {}, []
    sizes = t.random.choices((1, 3, 500, 4000, 30000), k=t.random.randint(1, 4))
    for s in range(streams):
        names = []
        for i, n in enumerate(sizes):
            how = t.random.choice(list(PACKED))
            ending = t.random.choice((".fastq", ".fq.gz", ".fastq.zst", ".fq.bgz", ".txt"))
            name = f"S_L00{i + 1}_R{s + 1}{ending}"
            text = reads(n, seed=i, length=t.random.choice((20, 60)), mate=s + 1 if streams > 1 else 0,
                         ragged=True)
            files[name] = (how, text)
            names.append(f.write(name, PACKED[how][0](text)))
        inputs.append(",".join(names))
    return files, inputs


def check_files(t, what, folder, files):
    got = tree(folder)
    if not t.check(set(got) == set(files), what, f"{sorted(got)}, expected {sorted(files)}"):
        return
    for name, (how, text) in files.items():
        start = PACKED[how][1]
        good = got[name].startswith(start) and text_of(got[name]) == text if start else got[name] == text
        t.check(good, f"{what}: {name}, {how}", f"{len(got[name])} bytes, {got[name][:8]!r}")


def back(t, f, streams):
    for turn in range(8):
        files, inputs = lanes(t, f, streams)
        profile = t.random.choice(("fast", "compact", "portable"))
        done = run("ingest", "-q", "--force", "--profile", profile, "-o", f / "s.h5", *inputs)
        if not t.check(done.code == OK, "ingest", done.err):
            continue
        for threads in (1, 4):
            what, folder = f"{streams} streams, turn {turn}, {threads} threads", f / f"out/{turn}/{threads}"
            done = run("split", "-@", threads, f / "s.h5", "-o", folder)
            t.check(done.code == OK and "equal to the original" in done.err, what, done.err)
            check_files(t, what, folder, files)
        done = run("split", f / "s.h5", "-n", "-o", "some")
        lines = "".join(f"some/{name}\t{len(text)}\n" for name, (_, text) in files.items())
        t.check(done.code == OK and done.out.decode() == "file\tbytes of text\n" + lines, "-n lists them",
                done.out.decode() + done.err)
        t.check(not os.path.exists("some"), "-n makes nothing")
        f.clear(*files, "s.h5")


def other_layouts(t, f):
    """One file with mates in turn, CR LF, no line break at the end; empty lanes; mzML; a store of a bank."""
    odd = interleave(reads(900, seed=1, mate=1), reads(900, seed=1, mate=2)).replace(b"\n", b"\r\n")[:-2]
    f.write("i.fq", odd)
    done = run("ingest", "-q", "--interleaved", "-o", f / "s.h5", f / "i.fq")
    done = run("split", "-q", f / "s.h5", "-o", f / "o1")
    t.check(done.code == OK and done.err == "" and tree(f / "o1") == {"i.fq": odd}, "interleaved", done.err)
    text = reads(50)
    some = [f.write("a.fq", text), f.write("b.fq.gz", one_member(b"")), f.write("c.fq", b"")]
    done = run("ingest", "-q", "--force", "-o", f / "s.h5", ",".join(some))
    t.check(done.code == OK, "empty lanes", done.err)
    done = run("split", f / "s.h5", "-o", f / "o2")
    check_files(t, "empty lanes", f / "o2", {"a.fq": ("plain", text), "b.fq.gz": ("bgzf", b""),
                                             "c.fq": ("plain", b"")})
    f.write("m.mzML", mzml(7))
    bank = Bank(f)
    done = bank.run("ingest", "-q", "-s", "S1", f / "m.mzML")
    t.check(done.code == OK, "into a bank", done.err)
    done = bank.run("split", "S1", "-o", f / "o3")
    t.check(done.code == OK and tree(f / "o3") == {"m.mzML": mzml(7)}, "mzML of a bank", done.err)
    for name, inputs in (("single", ("single.fastq",)), ("pairs", ("pairs_R1.fastq", "pairs_R2.fastq"))):
        for version in ("v1", "v2"):
            folder = f"testdata/stores/{version}/{name}"
            store = min(os.path.join(folder, x) for x in os.listdir(folder) if x.endswith(".h5"))
            out = f / f"{version}_{name}"
            done = run("split", store, "-o", out)
            want = {x: open(f"testdata/stores/input/{x}", "rb").read() for x in inputs}
            t.check(done.code == OK and tree(out) == want, f"{version} {name}",
                    f"{done.err} {list(tree(out))}")


def in_the_way(t, f):
    """Files that exist; names that no file can have; a damaged store: nothing is left."""
    one, two = reads(3000, seed=1), reads(2000, seed=2)
    done = run("ingest", "-q", "-o", f / "s.h5", f"{f.write('a.fq', one)},{f.write('b.fq', two)}")
    os.mkdir(f / "out")
    f.write("out/b.fq", b"mine")
    done = run("split", f / "s.h5", "-o", f / "out")
    t.check(done.code == CANTCREAT and "b.fq" in done.err and tree(f / "out") == {"b.fq": b"mine"},
            "a file of that name", f"{done.code} {done.err}")
    done = run("split", "--force", f / "s.h5", "-o", f / "out")
    t.check(done.code == OK and tree(f / "out") == {"a.fq": one, "b.fq": two}, "--force", done.err)
    done = run("split", f / "s.h5", "-o", f / "a.fq")
    t.check(done.code in (CANTCREAT, 74) and "a.fq" in done.err, "a file as the folder",
            f"{done.code} {done.err}")
    spoil_data(f / "s.h5")
    done = run("split", f / "s.h5", "-o", f / "none")
    t.check(done.code == DATA and tree(f / "none") == {}, "a damaged store", f"{done.code} {done.err}")
    done = run("ingest", "-q", "-o", f / "p.h5", "-", stdin=one)
    done = run("split", f / "p.h5", "-o", f / "none")
    t.check(done.code == USAGE and "standard input" in done.err and tree(f / "none") == {}, "no name",
            f"{done.code} {done.err}")
    os.mkdir(f / "x")
    os.mkdir(f / "y")
    done = run("ingest", "-q", "-o", f / "t.h5", f"{f.write('x/a.fq', one)},{f.write('y/a.fq', two)}")
    done = run("split", f / "t.h5", "-o", f / "none")
    t.check(done.code == CANTCREAT and "two inputs are called a.fq" in done.err and tree(f / "none") == {},
            "two of one name", f"{done.code} {done.err}")
    os.mkdir(f / "z")
    done = run("ingest", "-q", "-o", f / "z/s.h5", f.write("s.h5", one))
    done = run("split", "--force", f / "z/s.h5", "-o", f / "z")
    t.check(done.code == USAGE and "the store itself" in done.err, "the store itself",
            f"{done.code} {done.err}")
    for args, code in (((f / "t.h5",), USAGE), (("-o", f / "none"), USAGE), ((f / "t.h5", "-o", ""), USAGE),
                       ((f / "a.fq", "-o", f / "none"), DATA), ((f / "no.h5", "-o", f / "none"), NOINPUT)):
        done = run("split", *args)
        t.check(done.code == code and tree(f / "none") == {}, f"{args}", f"{done.code} {done.err}")


if __name__ == "__main__":
    main(Part("lanes", back, (1,)), Part("lanes of mates", back, (2,)), other_layouts, in_the_way)
