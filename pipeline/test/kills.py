"""
kill -9 at random moments of an ingest: a store that has its name is whole, and what the dead left behind
hinders nobody.

Moments are uniform over the time of a run, as measured before, or of the quickest that was not killed; in
turn with no store there yet and with --force over an older one. The seed is VIAL_SEED or drawn, and printed.
VIAL_SOAK=seconds goes on that long.

Suites: faults.
"""
import os
import random
import signal
import subprocess
import time

from alignmodel import draw
from containers import bgzf, gzip
from fqmodel import reads
from mzmodel import made_spectra
from vialtest import OK, SEED, SOAK, VIAL, main, run

KILLS = 200


def killed(args, seconds):
    """True if the command was killed before its end."""
    p = subprocess.Popen([VIAL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
    try:
        p.wait(seconds)
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGKILL)
    p.communicate()
    return p.returncode == -signal.SIGKILL


def measure(args, clear):
    times = []
    for _ in range(3):
        clear()
        start = time.monotonic()
        done = run(*args)
        times.append(time.monotonic() - start)
        if done.code:
            return None, done
    return sorted(times)[1], done


def ingests(t, f, kind, inputs, kills):
    store, rng, older = f / "s.h5", t.random, f.write("older.fq", reads(100, seed=19))
    args = ["ingest", "-q", "-o", store, *inputs]
    if not t.check(run("ingest", "-q", "-o", f / "old.h5", older).code == OK, f"{kind}: the older store"):
        return
    seconds, done = measure(args, lambda: f.clear("s.h5"))
    if not t.check(seconds, f"{kind}: first run", done.err):
        return
    new, old = f.read("s.h5"), f.read("old.h5")
    f.clear("s.h5", "old.h5")
    inputs_there, dead, published, until = f.names(), 0, 0, t.seconds() + SOAK
    n = 0
    while n < kills or t.seconds() < until:
        after, force = rng.uniform(0, 1.1 * seconds), n % 2 == 1
        what = f"{kind}, kill {n} after {after:.4f} of {seconds:.3f} s, seed {SEED}"
        if force:
            f.write("s.h5", old)
        start = time.monotonic()
        was_killed = killed(args + (["--force"] if force else []), after)
        if not was_killed:  # a machine that was busy when it was measured is so no more
            seconds = min(seconds, time.monotonic() - start)
        dead += was_killed
        here = os.path.exists(store)
        published += was_killed and here and f.read("s.h5") == new
        t.check(here or not force, what, "the older store is gone")
        t.check(here or was_killed, what, "no store, though the command ended")
        if here:
            t.check(f.read("s.h5") in ((old, new) if force else (new,)), what,
                    "the store is neither the old one nor the new one")
            t.check(run("verify", "-q", store).code == OK, what, "the store does not verify")
        t.check(set(f.names()) - set(inputs_there) <= {"s.h5", ".s.h5.part"}, what, f"files {f.names()}")
        if n % 8 == 7 or n % 8 == 0:
            done = run(*args, *(["--force"] if here else []))
            t.check(done.code == OK and f.read("s.h5") == new, f"{what}: once more", done.err)
            t.check(set(f.names()) - set(inputs_there) == {"s.h5"}, f"{what}: once more",
                    f"files {f.names()}")
        f.clear("s.h5")
        n += 1
    f.clear(".s.h5.part")
    print(f"{kind}: {n} runs of {seconds:.3f} s, {dead} killed, {published} of these with the store "
          f"published, seed {SEED}")
    t.check(dead > n // 3, kind, "hardly a run was killed")


def kills_of_export(t, f):
    """The same for export to a file: what has the name is the whole text."""
    rng, text = t.random, reads(30000, seed=18)
    run("ingest", "-q", "-o", f / "s.h5", f.write("a.fq", text))
    args = ["export", "-q", f / "s.h5", "-o", f / "out.fq"]
    seconds, done = measure(args, lambda: f.clear("out.fq"))
    if not t.check(seconds, "export", done.err):
        return
    for n in range(KILLS // 5):
        f.clear("out.fq")
        after = rng.uniform(0, 1.1 * seconds)
        killed(args, after)
        if os.path.exists(f / "out.fq"):
            t.check(f.read("out.fq") == text, f"export, kill {n} after {after:.4f} s, seed {SEED}",
                    "the file is not the text")
    f.clear("out.fq")
    t.check(run(*args).code == OK and f.read("out.fq") == text, "export after the kills")


def kills_of_reads(t, f):
    ingests(t, f, "reads", [f.write("a.fq.gz", gzip(reads(30000, seed=18), 1))], KILLS)


def kills_of_spectra(t, f):
    if t.check(made_spectra(f / "a.mzML", 4, seed=1), "scripts/make-data"):
        ingests(t, f, "spectra", [f / "a.mzML"], KILLS // 4)


def kills_of_alignments(t, f):
    text = draw(random.Random(24), 20000, longest=150)
    ingests(t, f, "alignments", [f.write("a.sam.gz", bgzf(text))], KILLS // 2)


if __name__ == "__main__":
    main(kills_of_reads, kills_of_export, kills_of_spectra, kills_of_alignments)
