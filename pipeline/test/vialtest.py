"""
What the command tests share: running vial, a folder to work in, counting, and running the parts of a test at
once.

A test is a module with parts, functions of a tally and an empty folder, and at its end

    if __name__ == "__main__":
        main(one_part, another)

`scripts/test NAME` runs it, `scripts/test NAME:PART` a part of it; by hand, from the top of the tree:
`/usr/bin/python3 pipeline/test/NAME.py [PART...]`. Environment: VIAL is the program (default build/vial),
VIAL_BUILD where it was built, VIAL_SEED what random tests draw from, VIAL_SOAK the seconds that they may
take, VIAL_JOBS how many parts run at once (default: all cores), VIAL_SANITIZED the sanitizers of the program.

With sanitizers a test runs once more, to see what they see: each command, on each sort of input, by several
threads. What other programs say of the results, and that any number of threads makes the same bytes, is asked
of the plain build alone (SANITIZED, of_threads): it has no other answer here.

Suites: none.
"""
import multiprocessing
import multiprocessing.connection
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import unicodedata
from typing import Callable, NamedTuple

VIAL = os.path.abspath(os.environ.get("VIAL", "build/vial"))
BUILD = os.path.abspath(os.environ.get("VIAL_BUILD", "build"))
SHARED = os.environ.get("VIAL_SHARED", "../shared/data")  # real instrument files
SOAK = float(os.environ.get("VIAL_SOAK", 0))
SEED = int(os.environ.get("VIAL_SEED") or random.randrange(1 << 30))
SANITIZED = os.environ.get("VIAL_SANITIZED")
JOBS = int(os.environ.get("VIAL_JOBS") or os.cpu_count() or 1)

# sysexits.h, as `vial help exit-codes` lists them
OK, USAGE, DATA, NOINPUT, SOFTWARE = 0, 64, 65, 66, 70
OSERR, CANTCREAT, IOERR, TEMPFAIL, NOPERM, CONFIG = 71, 73, 74, 75, 77, 78
DOCUMENTED = {OK, USAGE, DATA, NOINPUT, SOFTWARE, OSERR, CANTCREAT, IOERR, TEMPFAIL, NOPERM, CONFIG}


class Done(NamedTuple):
    code: int  # negative: killed by that signal
    out: bytes
    err: str


def patient(seconds):
    """A time limit for a quiet machine, made longer by the load of each core: busy is not hung."""
    return seconds * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))


def of_threads(*numbers):
    """Numbers of threads that must make the same bytes: with sanitizers, which have seen the work itself, one
    of them."""
    return numbers[-1:] if SANITIZED else numbers


def for_all(folder):
    """A copy of the program that every user can start: the build may lie below a folder of root's alone."""
    copy = shutil.copy(VIAL, folder)
    os.chmod(folder, 0o755)
    os.chmod(copy, 0o755)
    return copy


def run(*args, stdin=b"", env=None, timeout=120, program=None, **more):
    """Runs vial. stdin is bytes or an open file; env is added to the environment."""
    timeout = patient(timeout)
    feed = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    if "stdout" not in more:
        more["stdout"] = subprocess.PIPE
    try:
        p = subprocess.run([program or VIAL, *map(str, args)], stderr=subprocess.PIPE, timeout=timeout,
                           env={**os.environ, **(env or {})}, **feed, **more)
    except subprocess.TimeoutExpired:
        return Done(-999, b"", f"no end after {timeout} s")
    return Done(p.returncode, p.stdout or b"", p.stderr.decode("utf-8", "replace"))


class Tally:
    """Counts checks, prints the failed ones; has random numbers, each part its own, from the seed."""

    def __init__(self, part=""):
        self.random = random.Random(f"{SEED} {part}")
        self.passed = self.failed = 0
        self.skips = []
        self.start = time.monotonic()

    def check(self, good, what, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}" + (f": {detail}" if detail else "").replace("\n", " | ")[:600], flush=True)
        return bool(good)

    def profile(self):
        """For what hangs on no profile: mostly the quick one; the other learns of each small input anew."""
        return "compact" if SOAK else self.random.choice(("fast", "fast", "compact"))

    def some(self, cases, step=3):
        """The cases; with sanitizers, which see the same in fewer, one of each `step`."""
        cases = list(cases)
        return cases[self.random.randrange(min(step, len(cases))):: step] if SANITIZED and cases else cases

    def skip(self, why, n=1):
        self.skips += [why] * n
        print(f"skipped: {why}", flush=True)

    def seconds(self):
        return time.monotonic() - self.start

    def last_line(self):
        line = f"{self.passed} passed, {self.failed} failed"
        return line + (f", {len(self.skips)} skipped" if self.skips else "")


class Folder:
    """A folder to work in, removed at the end: `with Folder() as f: f.write("a.fq", text)`."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="vialtest.")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def write(self, name, data):
        if os.path.exists(self / name) and not os.access(self / name, os.W_OK):
            os.chmod(self / name, 0o644)  # a published store is read-only, which root does not notice
        with open(self / name, "wb") as f:
            f.write(data)
        return self / name

    def read(self, name):
        with open(self / name, "rb") as f:
            return f.read()

    def names(self):
        return sorted(os.listdir(self.path))

    def clear(self, *names):
        for name in names:
            if os.path.exists(self / name):
                os.unlink(self / name)


def hides(c):
    """Whether a letter could end a line, hide others, or not be seen itself."""
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def check_refusal(t, what, done, expected=(), codes=(DATA,)):
    """The command ended with one of the codes and one line that holds all that is expected."""
    lines = done.err.splitlines()
    good = t.check(done.code in codes, what,
                   f"exit code {done.code}, expected {codes}: {done.err.strip()[:300]}")
    good &= t.check(len(lines) == 1 and lines[0].startswith("vial: "), what,
                    f"not one line: {done.err[:300]!r}")
    good &= t.check(not any(hides(c) for c in "".join(lines)), what, f"letters that hide: {done.err[:300]!r}")
    for part in expected:
        good &= t.check(part in done.err, what, f"message lacks {part!r}: {done.err.strip()[:300]!r}")
    return good


# ---- parts ----


class Part(NamedTuple):
    """A part of a test: call(tally, folder, *args, **named)."""

    name: str
    call: Callable
    args: tuple = ()
    named: dict = {}


def case(call, what, *args, **named):
    """A part that is one case: call(tally, folder, what, *args, **named)."""
    return Part(what, call, (what, *args), named)


def run_part(part, pipe):
    """In a process of its own: sends what the part counted."""
    t = Tally(part.name)
    try:
        with Folder() as f:
            part.call(t, f, *part.args, **part.named)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        t.check(False, part.name, "it did not come to its end")
    print(f"{part.name}: {sum(os.times()[:4]):.1f} s of a processor", flush=True)
    pipe.send((t.passed, t.failed, t.skips))


def take_result(total, part, process, pipe):
    try:
        passed, failed, skips = pipe.recv()
        total.passed, total.failed = total.passed + passed, total.failed + failed
        total.skips += skips
        process.join()
    except EOFError:
        process.join()
        total.check(False, part.name, f"it ended with exit code {process.exitcode}")


def run_parts(parts, jobs):
    """Runs parts beside each other and adds up what they count."""
    context, total, waiting, running = multiprocessing.get_context("fork"), Tally(), list(parts), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            part, (mine, theirs) = waiting.pop(0), context.Pipe(duplex=False)
            process = context.Process(target=run_part, args=(part, theirs))
            process.start()
            theirs.close()
            running[mine] = (part, process)
        for pipe in multiprocessing.connection.wait(list(running)):
            take_result(total, *running.pop(pipe), pipe)
    return total


def main(*parts):
    """
    Runs the parts of a test, functions or Parts, and prints the last line. Words on the command line choose
    parts whose names contain one of them.
    """
    if not os.access(VIAL, os.X_OK):
        print(f"no program at {VIAL}: build it, or say where it is with VIAL=...")
        print("0 passed, 1 failed")
        sys.exit(1)
    named = [p if isinstance(p, Part) else Part(p.__name__, p) for p in parts]
    chosen = [p for p in named if not sys.argv[1:] or any(word in p.name for word in sys.argv[1:])]
    if not chosen:
        print("there is no such part; there are: " + ", ".join(p.name for p in named))
    total = run_parts(chosen, JOBS)
    print(total.last_line(), flush=True)
    sys.exit(1 if total.failed or not chosen else 0)
