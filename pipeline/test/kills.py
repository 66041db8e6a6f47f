"""
kill -9 at random moments of an ingest: a store that has its name is whole, and what the dead left behind hinders nobody.

Moments are uniform over the measured time of a run, in turn with no store there yet and with --force over an older one.
The seed is VIAL_SEED or drawn, and printed. VIAL_SOAK=seconds goes on that long.

Suites: faults.
"""
import random
import signal

from vialtest import *

KILLS = 200
seed = int(os.environ.get("VIAL_SEED", random.randrange(1 << 30)))
rng = random.Random(seed)
t = Tally()


def killed(args, seconds):
    """True if the command was killed before its end."""
    p = subprocess.Popen([VIAL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
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


def ingests(f, kind, inputs, older, kills, soak=0):
    store = f / "s.h5"
    args = ["ingest", "-q", "-o", store, *inputs]
    if not t.check(run("ingest", "-q", "-o", f / "old.h5", older).code == OK, f"{kind}: the older store"):
        return
    seconds, done = measure(args, lambda: f.clear("s.h5"))
    if not t.check(seconds, f"{kind}: first run", done.err):
        return
    new, old = f.read("s.h5"), f.read("old.h5")
    f.clear("s.h5", "old.h5")
    inputs_there, dead, published, until = f.names(), 0, 0, t.seconds() + soak
    n = 0
    while n < kills or t.seconds() < until:
        after, force = rng.uniform(0, 1.1 * seconds), n % 2 == 1
        what = f"{kind}, kill {n} after {after:.4f} of {seconds:.3f} s, seed {seed}"
        if force:
            f.write("s.h5", old)
        was_killed = killed(args + (["--force"] if force else []), after)
        dead += was_killed
        here = os.path.exists(store)
        published += was_killed and here and f.read("s.h5") == new
        t.check(here or not force, what, "the older store is gone")
        t.check(here or was_killed, what, "no store, though the command ended")
        if here:
            t.check(f.read("s.h5") in ((old, new) if force else (new,)), what, "the store is neither the old one nor the new one")
            t.check(run("verify", "-q", store).code == OK, what, "the store does not verify")
        t.check(set(f.names()) - set(inputs_there) <= {"s.h5", ".s.h5.part"}, what, f"files {f.names()}")
        if n % 8 == 7 or n % 8 == 0:
            done = run(*args, *(["--force"] if here else []))
            t.check(done.code == OK and f.read("s.h5") == new, f"{what}: once more", done.err)
            t.check(set(f.names()) - set(inputs_there) == {"s.h5"}, f"{what}: once more", f"files {f.names()}")
        f.clear("s.h5")
        n += 1
    f.clear(".s.h5.part")
    print(f"{kind}: {n} runs of {seconds:.3f} s, {dead} killed, {published} of these with the store published, seed {seed}")
    t.check(dead > n // 3, kind, "hardly a run was killed")


def exports(f, text, kills):
    """The same for export to a file: what has the name is the whole text."""
    run("ingest", "-q", "-o", f / "s.h5", f.write("a.fq", text))
    args = ["export", "-q", f / "s.h5", "-o", f / "out.fq"]
    seconds, done = measure(args, lambda: f.clear("out.fq"))
    if not t.check(seconds, "export", done.err):
        return
    for n in range(kills):
        f.clear("out.fq")
        after = rng.uniform(0, 1.1 * seconds)
        killed(args, after)
        if os.path.exists(f / "out.fq"):
            t.check(f.read("out.fq") == text, f"export, kill {n} after {after:.4f} s, seed {seed}", "the file is not the text")
    f.clear("out.fq")
    t.check(run(*args).code == OK and f.read("out.fq") == text, "export after the kills")
    for name in f.names():
        f.clear(name)


def main(f):
    text, older = reads(30000, seed=18), reads(100, seed=19)
    ingests(f, "reads", [f.write("a.fq.gz", gzip(text, 1))], f.write("older.fq", older), KILLS, SOAK)
    for name in f.names():
        f.clear(name)
    exports(f, text, 40)
    made = subprocess.run(["scripts/make-data", "spectra", "--megabytes", "4", "--seed", "1", "--out", f / "a.mzML"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if made.returncode:
        t.skip("mzML: scripts/make-data makes no spectra here")
    elif (done := run("ingest", "-q", "-o", f / "s.h5", f / "a.mzML")).code:
        t.check(False, "mzML", f"exit code {done.code}: {done.err.strip()[:200]}")
    else:
        f.clear("s.h5")
        ingests(f, "spectra", [f / "a.mzML"], f.write("older.fq", older), KILLS // 4, SOAK)


need_vial()
with Folder() as folder:
    main(folder)
t.end()
