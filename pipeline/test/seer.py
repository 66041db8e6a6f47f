"""
A codec that sees more than the bytes of its chunk: where rows end, the column near it, and a model that it
learned once of the column. The program vial_seer and its plugin have a codec for checks that cannot unpack
unless all of that comes back as it was (pipeline/codec/check).

Suites: codec store.
"""
import hashlib
import os
import subprocess
import sys

import vialtest
from fqmodel import parse, reads
from vialtest import BUILD, DATA, OK, main, run

FOLDER = f"{BUILD}/pipeline/codec/check"
READ = ("import sys, h5py\n"
        "sys.stdout.buffer.write(h5py.File(sys.argv[1])['reads/quality'][:].tobytes())\n")


def seer(*args, **more):
    """Runs the program that has the codec."""
    usual, vialtest.VIAL = vialtest.VIAL, f"{FOLDER}/vial_seer"
    try:
        return run(*args, **more)
    finally:
        vialtest.VIAL = usual


def check(t, f, what, texts):
    inputs = [f.write(f"{i}.fq", text) for i, text in enumerate(texts)]
    digests = set()
    for threads in (1, 2, 5):
        done = seer("ingest", "-q", "--force", "--profile", "archive", "-@", threads, "-o", f / "s.h5",
                    *inputs)
        t.check(done.code == OK, f"{what}, {threads} threads", done.err)
        digests.add(hashlib.sha256(f.read("s.h5")).hexdigest())
    t.check(len(digests) == 1, what, "threads make other bytes")
    done = seer("info", f / "s.h5")
    t.check(b"seer" in done.out, what, f"the codec was not taken: {done.out}")
    done = seer("verify", f / "s.h5")
    t.check(done.code == OK, f"{what}: verify", done.err)
    outputs = [f / f"{i}.back" for i in range(len(texts))]
    to = ["-o", outputs[0]] if len(texts) == 1 else ["-1", outputs[0], "-2", outputs[1]]
    done = seer("export", "-q", "--force", f / "s.h5", *to)
    back = [f.read(f"{i}.back") for i in range(len(texts))]
    t.check(done.code == OK and back == texts, f"{what}: export", done.err)
    rows = [x[3] for pair in zip(*map(parse, texts)) for x in pair]
    done = subprocess.run([sys.executable, "-c", READ, f / "s.h5"], capture_output=True,
                          env={**os.environ, "HDF5_PLUGIN_PATH": FOLDER})
    t.check(done.stdout == bytes(x - 33 for x in b"".join(rows)), f"{what}: h5py by the plugin",
            done.stderr.decode()[-300:])
    done = run("verify", f / "s.h5")
    t.check(done.code == DATA and "unknown codec 63" in done.err, f"{what}: a program without the codec",
            done.err)
    f.clear("s.h5")


def all_cases(t, f):
    check(t, f, "pairs", [reads(12000, seed=2, length=120), reads(12000, seed=2, length=120, mate=2)])
    check(t, f, "ragged, more than one chunk", [reads(40000, seed=3, length=60, ragged=True)])
    check(t, f, "a few reads", [reads(3, seed=4)])


if __name__ == "__main__":
    main(all_cases)
