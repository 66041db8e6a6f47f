"""
A bank under kill -9 and failing calls: a batch of five items (two lanes of pairs, an mzML, a damaged FASTQ, a
duplicate, a changed input) into a bank that holds something already.

Kill matrix: before each call that changes the disk (write, fsync, rename, ftruncate, unlink, mkdir, link;
counted over all processes of the batch) either the calling process is killed, or it and the first process, so
that all die. Then kills at random times. Fault matrix: each of these calls fails once with EIO, ENOSPC, EINTR
or does half.

After each: named stores verify, each row of the catalogue has its store; a plain re-run reaches the digests
of an undisturbed run, and nothing is left over. By default a sample of the points is drawn (VIAL_SEED);
VIAL_SOAK=seconds (or the environment VIAL_WHOLE=1) tries all points, and random kills for the rest of the
time.

Suites: banks faults.
"""
import os
import shutil
import signal
import subprocess
import time

from banktest import Bank, broken, check_whole, mzml, settle, sheet
from fqmodel import reads
from vialtest import (DATA, DOCUMENTED, IOERR, OK, OSERR, SEED, SOAK, SOFTWARE, TEMPFAIL, VIAL, Part,
                      main, run)

WHOLE = bool(SOAK or os.environ.get("VIAL_WHOLE"))
POINTS = int(os.environ.get("VIAL_POINTS", 25))  # of each matrix, when not all
KILLS = 1000 if WHOLE else 40                    # at random times
FAULTS = ("EIO", "ENOSPC", "EINTR", "short")


class Scene:
    """A bank before the batch, kept as a copy, and the batch."""

    def __init__(self, f):
        self.f, self.bank = f, Bank(f)
        for lane in (1, 2):
            for mate in (1, 2):
                f.write(f"P_L00{lane}_R{mate}.fastq", reads(30, lane, mate=mate))
        lanes = ['"' + ",".join(f / f"P_L00{lane}_R{mate}.fastq" for lane in (1, 2)) + '"' for mate in (1, 2)]
        f.write("m.mzML", mzml(6))
        f.write("bad.fastq", reads(30, 2)[:-40] + b"\n@x\nAC\n")
        f.write("dup.fastq", reads(40, 3))
        f.write("change.fastq", reads(40, 4))
        before = sheet(f, "before.csv", [("DUP", f / "dup.fastq", ""), ("CHG", f / "change.fastq", "")])
        assert self.bank.run("ingest", "-q", "--sheet", before).code == OK
        f.write("change.fastq", reads(41, 5))
        self.sheet = sheet(f, "batch.csv",
                           [("P", *lanes), ("DUP", f / "m.mzML", ""),
                            ("BAD", f / "bad.fastq", ""),
                                            ("DUP", f / "dup.fastq", ""), ("CHG", f / "change.fastq", "")])
        self.command = ["ingest", "-q", "--sheet", self.sheet, "--supersede", "--jobs", "1", "-@", "1"]
        self.args = ["ingest", "-b", self.bank.path, *self.command[1:]]
        shutil.copytree(self.bank.path, f / "before", symlinks=True)
        done = run(*self.args)
        assert done.code == DATA, done.err
        self.right = self.bank.digests()
        assert len(self.right) == 4 and len(self.bank.quarantine()) == 1, (self.right, done.err)

    def reset(self):
        shutil.rmtree(self.bank.path)
        shutil.copytree(self.f / "before", self.bank.path, symlinks=True)
        self.f.clear("count", "told")

    def broken(self, kind, n, how):
        """The batch with its n-th call broken; None when it does not come so far."""
        return broken(self.bank, self.f, self.f / "before", self.command, n, how, kind)[0]

    def settle(self):
        settle(self.bank)

    def check(self, t, what):
        """What must hold at once, and after a plain re-run."""
        good = check_whole(t, self.bank, what)
        done = run(*self.args)
        good &= t.check(done.code == DATA and self.bank.digests() == self.right,
                        f"{what}: a plain re-run reaches the same",
                        f"{done.code} {done.err} {self.bank.digests()}")
        good &= t.check(not self.bank.leftovers(), f"{what}: nothing is left over",
                        str(self.bank.leftovers()))
        good &= check_whole(t, self.bank, f"{what}, after the re-run", verify=False)
        done = self.bank.run("catalog", "check")
        good &= t.check(done.code == OK, f"{what}: catalog check", done.out.decode() + done.err)
        return good


def count(scene, kind="change"):
    """Calls of an undisturbed batch."""
    done, calls = broken(scene.bank, scene.f, scene.f / "before", scene.command, 10 ** 9, "EIO", kind)
    assert done is None
    return calls


def points(rng, n):
    """All numbers, or some: the first and last ones and some drawn between."""
    if WHOLE:
        return list(range(1, n + 1))
    return sorted(set(rng.sample(range(1, n + 1), min(n, POINTS))))


def kill_matrix(t, f):
    scene, rng, tried = Scene(f), t.random, 0
    n = count(scene)
    for how in ("kill", "kill-self"):
        for i in points(rng, n):
            what = f"{how} before change {i} of {n}"
            done = scene.broken("change", i, how)
            if done is None:
                continue
            tried += 1
            if how == "kill":
                t.check(done.code == -signal.SIGKILL, f"{what}: it is dead", str(done))
            else:
                t.check(done.code in {DATA, SOFTWARE, OSERR, IOERR, TEMPFAIL, -signal.SIGKILL},
                        f"{what}: exit code {done.code}", done.err)
            scene.check(t, what)
    print(f"kill matrix: {tried} points of {2 * n}", flush=True)


def fault_matrix(t, f, how):
    scene, rng, tried = Scene(f), t.random, 0
    n = count(scene)
    for i in points(rng, n):
        what = f"{how} at change {i} of {n}"
        done = scene.broken("change", i, how)
        if done is None:
            continue
        tried += 1
        good = t.check(done.code in DOCUMENTED and done.code >= 0, f"{what}: exit code {done.code}", done.err)
        if good and done.code == OK:
            t.check(False, f"{what}: exit code 0 with a damaged item", done.err)
        scene.check(t, what)
    print(f"{how}: {tried} points of {n}", flush=True)


def traced_kills(t, f):
    """The same by strace, which sees calls that no library can hide; it counts in each process apart."""
    if not shutil.which("strace"):
        return t.skip("strace is not installed: kills before system calls")
    scene, rng = Scene(f), t.random
    calls = ("write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,ftruncate,unlink,unlinkat,mkdir,"
             "mkdirat,link,linkat")
    tried = 0
    for i in list(range(1, 121)) if WHOLE else sorted(rng.sample(range(1, 121), 6)):
        scene.reset()
        done = subprocess.run(["strace", "-f", "-qqq", "-o", "/dev/null", "-e", f"trace={calls}", "-e",
                               f"inject={calls}:signal=SIGKILL:when={i}", VIAL, *scene.args],
                               capture_output=True, text=True)
        if "strace:" in done.stderr:
            return t.skip("strace cannot trace here: " + done.stderr.strip()[:200])
        scene.settle()
        tried += 1
        scene.check(t, f"SIGKILL before a process's write-class call {i}")
    print(f"traced kills: {tried}", flush=True)


def random_kills(t, f):
    scene, rng = Scene(f), t.random
    scene.reset()
    start = time.monotonic()
    run(*scene.args)
    seconds, i = time.monotonic() - start, 0
    while i < KILLS or t.seconds() < SOAK:
        i += 1
        scene.reset()
        after = rng.uniform(0, 1.05 * seconds)
        p = subprocess.Popen([VIAL, *scene.args], stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            p.wait(after)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL) if i % 2 else p.kill()
        p.wait()
        scene.settle()
        scene.check(t, f"kill {i} after {after:.4f} of {seconds:.3f} s, seed {SEED}")
    print(f"random kills: {i}", flush=True)


if __name__ == "__main__":
    main(kill_matrix, *(Part(f"faults {how}", fault_matrix, (how,)) for how in FAULTS), traced_kills,
         random_kills)
