"""
Names and comments that codec `name-groups` packed, read by hand from the bytes of their chunks as
docs/store.md says, without a line of our code; and by h5py through the plugin.

Suites: store reads.
"""
import os
import random
import shutil
import subprocess
import sys
import uuid

import namemodel
from vialtest import OK, case, main, run


def instrument(r, i):
    return b"A00123:45:HXXXXXXXX:1:%d:%d:%d %d:N:0:ACGT%cCGT" % (
        1101 + i // 900, 1000 + 9 * (i % 12 * 200 + r.randrange(200)), 1000 + i // 12 * 16, 1,
        b"ACGT"[r.randrange(4)])


def archive(r, i):
    return b"ERR127302.%d HWI-EAS350_0441:1:%d:%d:%d#0/1" % (
        r.randrange(10**8), r.randrange(120), r.randrange(20000), r.randrange(20000))


def nanopore(r, i):
    return b"%s runid=5c76f4079ee8f04e read=%d ch=%d start_time=2017-06-%02dT%02d:%02d:%02dZ" % (
        str(uuid.UUID(int=r.getrandbits(128), version=4)).encode(), 10 + i // 3, r.randrange(512),
        1 + i // 900, r.randrange(24), r.randrange(60), r.randrange(60))


def subreads(r, i):
    start = r.randrange(20000)
    return b"m64011_190830/%d/%d_%d" % ((i // 20 << 16) + i % 20 * 90, start, start + r.randrange(9000))


def turns(r, i):
    odd = [b"x", b"0007", b"\xff\xfe:1", b"18446744073709551617:2", b"a" * 300,
           b"V300L2C001R%07d" % (i * 3)]
    return (instrument, subreads, nanopore)[i // 7 % 3](r, i) if r.randrange(20) else r.choice(odd)


TITLES = {"instrument": instrument, "archive": archive, "nanopore": nanopore, "subreads": subreads,
          "turns": turns}


def read_store(path, columns=("reads/name", "reads/comment"), codec=namemodel.GROUPS,
               unpack=namemodel.unpack):
    """What another process does, with the plugin: columns as h5py gives them, and chunks as they are."""
    import h5py
    with h5py.File(path, "r") as s:
        for column in columns:
            if column not in s:
                continue
            data, by_hand, used = s[column], b"", 0
            for i in range(data.id.get_num_chunks()):
                chunk = data.id.read_direct_chunk(data.id.get_chunk_info(i).chunk_offset)[1]
                if chunk[2] == codec:
                    used += 1
                    by_hand += unpack(chunk)
            plain = data[:].tobytes()
            same = by_hand[:len(plain)] == plain if used == data.id.get_num_chunks() else used == 0
            print(column, used, same)


def by_hand(t, f, what, make, n):
    r = random.Random(what)
    titles = [make(r, i) for i in range(n)]
    if "mates" in what:
        second = [title.replace(b" 1:N", b" 2:N").replace(b"#0/1", b"#0/2") for title in titles]
        titles = [title for pair in zip(titles, second) for title in pair]
    text = b"".join(b"@%s\nACGT\n+\nIIII\n" % title for title in titles)
    done = run("ingest", "-q", *(["--interleaved"] if "mates" in what else []), "-o", f / "s.h5",
               f.write("a.fq", text))
    if t.check(done.code == OK, what, done.err):
        compare(t, f, what, text, __file__)


def compare(t, f, what, text, program):
    """The store s.h5, read by another process, and its text."""
    plugin = run("plugin-path").out.decode().strip()
    p = subprocess.run([sys.executable, program, "--read", f / "s.h5"], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env={**os.environ, "HDF5_PLUGIN_PATH": plugin})
    lines = p.stdout.decode().split("\n")[:-1]
    t.check(p.returncode == 0 and lines and all(line.endswith("True") for line in lines), what,
            f"{lines}, {p.stderr.decode()[-300:]}")
    t.check(any(line.split()[1] != "0" for line in lines), what, "no column is packed by the codec")
    done = run("export", "-q", f / "s.h5")
    t.check(done.code == OK and done.out == text, f"{what}: export", done.err)


def tools(t, f):
    if not shutil.which("zstd"):
        t.skip("no zstd")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read_store(sys.argv[2])
    else:
        parts = [case(by_hand, name, make, n) for name, make in TITLES.items() for n in (3000,)]
        parts += [case(by_hand, f"{name}, mates", TITLES[name], 2000) for name in ("instrument", "archive")]
        parts += [case(by_hand, "instrument, long", instrument, 40000)]
        main(*(parts if shutil.which("zstd") else [tools]))
