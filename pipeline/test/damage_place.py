"""
`verify` says where a store is damaged: the data set and the chunk, as `export` does, though the seal finds
the damage first; of a store by itself and in a bank.

Suites: cmd.
"""
import os
import shutil

import h5py

from banktest import Bank
from fqmodel import reads
from vialtest import DATA, OK, main, run


def chunks(path):
    """(data set, number, where its bytes start, how many) of every chunk."""
    found = []

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and item.chunks:
            for n in range(item.id.get_num_chunks()):
                c = item.id.get_chunk_info(n)
                found.append((name, n, c.byte_offset, c.size))

    with h5py.File(path) as f:
        user_block = f.userblock_size
        f.visititems(visit)
    return [(name, n, at + user_block, size) for name, n, at, size in found]


def spoil(path, at, n=4):
    os.chmod(path, 0o644)
    with open(path, "r+b") as f:
        f.seek(at)
        old = f.read(n)
        f.seek(at)
        f.write(bytes(b ^ 0x5a for b in old))


def spoil_data(path):
    """Four bytes of the largest chunk."""
    at, size = max(chunks(path), key=lambda c: c[3])[2:]
    spoil(path, at + size // 2)


def place(t, f, profile):
    f.write("a_R1.fastq", reads(4000, 1, 151, 1))
    f.write("a_R2.fastq", reads(4000, 1, 151, 2))
    done = run("ingest", "-q", "--profile", profile, "-s", "S", "-o", f / "a.h5", f / "a_R1.fastq",
               f / "a_R2.fastq")
    t.check(done.code == OK, "ingest", done.err)
    all_chunks = [c for c in chunks(f / "a.h5") if c[3] > 40 and c[0] != "digest"]
    t.check({"reads/base", "reads/quality"} <= {c[0] for c in all_chunks}, "chunks", str(all_chunks)[:300])
    for name, n, at, size in all_chunks:
        shutil.copy(f / "a.h5", f / "b.h5")
        spoil(f / "b.h5", at + size // 2)
        done = run("verify", "-q", f / "b.h5")
        t.check(done.code == DATA and len(done.err.splitlines()) == 1, f"{name} {n}: one line", done.err)
        said = f"damaged: {name}" if profile == "portable" else f"damaged: {name}, chunk {n}: "
        t.check(said in done.err, f"{name} {n} is named", done.err)
    shutil.copy(f / "a.h5", f / "b.h5")  # columns: what a store cannot be opened without is named alone
    for name in ("reads/base", "reads/quality"):
        at, size = next(c[2:] for c in all_chunks if c[0] == name)
        spoil(f / "b.h5", at + size // 2)
    done = run("verify", "-q", f / "b.h5")
    t.check("1 more place" in done.err, "several places are counted", done.err)


def compact(t, f):
    place(t, f, "compact")


def portable(t, f):
    place(t, f, "portable")


def bank(t, f):
    f.write("a.fastq", reads(4000, 1, 151, 1))
    b = Bank(f)
    t.check(b.run("ingest", "-q", "-s", "S", f / "a.fastq").code == OK, "ingest")
    name, n, at, size = [c for c in chunks(b.stores()[0]) if c[0] == "reads/quality"][-1]
    spoil(b.stores()[0], at + size // 2)
    done = b.run("verify", "--all", "-q")
    t.check(done.code == DATA and f"{name}, chunk {n}" in done.err, "verify --all names the place", done.err)
    kept = b.rows("SELECT verify_failed FROM store")
    t.check(f"{name}, chunk {n}" in kept[0][0], "and the catalogue keeps it", str(kept))


if __name__ == "__main__":
    main(compact, portable, bank)
