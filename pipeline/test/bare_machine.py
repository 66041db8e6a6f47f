"""
What a machine needs before vial can be built, and what scripts/packages says and does about it: with a
package manager that is played here (dpkg-query, apt-get, id and sudo in a folder of their own, before all
others), so that nothing is installed. And the voice of scripts/test: it is never silent for long.

Suites: docs.
"""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import re
import shutil
import subprocess
import time

from vialtest import main, patient

UNAVAILABLE = 69
PLAYED = {
    "id": "echo $PLAYED_ID",
    "sudo": 'echo "sudo $*" >> $PLAYED/calls; [ "$1" = -n ] && exit $PLAYED_SUDO; "$@"',
    # every package that is asked for and stands in $PLAYED/installed
    "dpkg-query": 'shift 2; for p; do grep -qx "$p" $PLAYED/installed && echo "ii $p"; done; true',
    "apt-get": 'echo "apt-get $*" >> $PLAYED/calls\n'
               'for i in 1 2 3 4 5 6 7 8 9; do echo "Unpacking $i"; done\n'
               'echo "debconf: unable to initialize frontend: Dialog" >&2; exit $PLAYED_APT',
}
NEEDED = ("gcc", "meson", "libhdf5-dev")
ONLY_TESTS = ("clang-14", "samtools")


TOOLS = ("bash", "sh", "env", "dirname", "sed", "sort", "uniq", "fold", "grep", "mkdir", "tail")


class Machine:
    """A copy of scripts/packages where some packages are there, and one may or may not install others."""

    def __init__(self, f, user="0", sudo=None, apt=0):
        self.f = f
        os.makedirs(f / "scripts", exist_ok=True)
        os.makedirs(f / "bin", exist_ok=True)
        shutil.copy("scripts/packages", f / "scripts/packages")
        for name, text in PLAYED.items():
            f.write(f"bin/{name}", f"#!/bin/sh\n{text}\n".encode())
            os.chmod(f / f"bin/{name}", 0o755)
        f.clear("calls")
        path = f"{f.path}/bin:/usr/bin:/bin"
        if sudo is None:  # where there is none: nothing of /usr/bin but what the script calls
            os.unlink(f / "bin/sudo")
            for tool in TOOLS:
                if not os.path.exists(f / f"bin/{tool}"):
                    os.symlink(shutil.which(tool), f / f"bin/{tool}")
            path = f"{f.path}/bin"
        self.env = {**os.environ, "PATH": path, "PLAYED": f.path, "PLAYED_ID": user, "PLAYED_APT": str(apt),
                    "PLAYED_SUDO": str(sudo or 0)}

    def packages(self, what, installed):
        """Exit code, what was printed, and what was asked of apt-get."""
        self.f.write("installed", "".join(f"{p}\n" for p in installed).encode())
        done = subprocess.run([shutil.which("bash"), self.f / "scripts/packages", what], env=self.env,
                              text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=patient(60))
        calls = self.f.read("calls").decode().splitlines() if "calls" in self.f.names() else []
        return done.returncode, done.stdout + done.stderr, calls


def every(what):
    """The packages that scripts/packages names, from its own lists."""
    with open("scripts/packages", encoding="utf-8") as script:
        lists = dict(re.findall(r"^(\w+)=\(([^)]*)\)", script.read(), re.M))
    return [p for name in what.split() for p in lists[name].split()]


def nothing_missing(t, f):
    for user, sudo in (("0", 0), ("1000", None), ("1000", 1)):
        for what in ("build", "test", "soak"):
            code, said, calls = Machine(f, user, sudo).packages(what, every("build python test soak"))
            t.check((code, said, [c for c in calls if "apt" in c]) == (0, "", []),
                    f"{what} as {user}: all there, nothing to say", f"{code} {said} {calls}")


def not_permitted(t, f):
    """No sudo, or one that asks for a password where nobody can type one."""
    for sudo in (None, 1):
        machine = Machine(f, "1000", sudo)
        there = [p for p in every("build python") if p not in NEEDED]
        code, said, calls = machine.packages("build", there)
        line = next((x for x in said.splitlines() if "apt-get install" in x), "")
        t.check(code == UNAVAILABLE, "needed packages are missing", f"{code} {said}")
        t.check("not found" not in said and not [c for c in calls if c.startswith("apt")],
                "nothing is tried that cannot be", f"{said} {calls}")
        t.check({w for w in line.split() if w in NEEDED} == set(NEEDED) and "meson-" not in line
                and not set(line.split()) & set(there), "one line names those that are missing", line)
        for missing in NEEDED:
            code, said, _ = machine.packages("build", [p for p in every("build python") if p != missing])
            t.check(code == UNAVAILABLE and f"recommends {missing}\n" in said, f"{missing} is missing", said)


def left_out(t, f):
    """What only tests or the look from Python need stops nobody."""
    machine = Machine(f, "1000")
    code, said, _ = machine.packages("build", every("build"))
    t.check(code == 0 and "can be left out" in said and "python3-h5py" in said, "no h5py", f"{code} {said}")
    code, said, _ = machine.packages("test", [p for p in every("build python test") if p not in ONLY_TESTS])
    t.check(code == 0 and "can be left out" in said and all(p in said for p in ONLY_TESTS)
            and "apt-get install" in said, "no packages of tests", f"{code} {said}")


def installs(t, f):
    """As root, or by sudo: quiet, a line for each step, the rest in a log that is named."""
    for user, sudo in (("0", None), ("1000", 0)):
        code, said, calls = Machine(f, user, sudo).packages("build", ["gcc"])
        lines = said.splitlines()
        t.check(code == 0 and len(lines) <= 5 and all(re.search(r" s$", x) for x in lines[1:]),
                "a line for each step with its seconds", f"{code} {said}")
        t.check("debconf" not in said and "Unpacking" not in said, "no word of dpkg's", said)
        log = re.search(r"log: (\S+)", said)
        t.check(log and f.read(log[1]).decode().count("Unpacking") == 27, "they are in the log", said)
        t.check(any("meson" in c.split() and "gcc" not in c.split() for c in calls),
                "only what is missing is asked for", str(calls))
    code, said, _ = Machine(f, "0", apt=100).packages("build", [])
    t.check(code == UNAVAILABLE and "debconf" in said and "build-logs/packages.log" in said,
            "a failure shows the end of the log and names it", f"{code} {said}")


def runner():
    """scripts/run-tests as a module; its heart beats each tenth of a second."""
    os.environ["VIAL_HEARTBEAT"] = "0.1"
    loader = importlib.machinery.SourceFileLoader("run_tests", "scripts/run-tests")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    loader.exec_module(module)
    return module


def heartbeat(t, f):
    tests, said = runner(), io.StringIO()
    os.makedirs(f / "b/test-logs")
    f.write("b/test-logs/slow.log", b"left by the run before")
    running = tests.Running(f / "b", ["slow", "later"])
    with contextlib.redirect_stderr(said), tests.Heartbeat(running.news):
        time.sleep(0.5)
        t.check(not said.getvalue(), "nothing has begun, nothing is said", said.getvalue())
        f.write("b/test-logs/slow.log", b"")
        end = time.monotonic() + patient(20)
        while said.getvalue().count("\n") < 3 and time.monotonic() < end:
            time.sleep(0.05)
    lines = said.getvalue().splitlines()
    t.check(len(lines) >= 3 and all(re.fullmatch(r" +\.\.\. running: slow for \d+ s; 1 to come", x)
                                    for x in lines), "what runs, and for how long", str(lines))
    running.end("slow")
    t.check(not running.news(), "what has ended runs no more", str(running.news()))


def limits(t, _):
    """Time limits are those of a quiet machine there, and grow with the load."""
    tests, real = runner(), os.getloadavg
    cores = os.cpu_count() or 1
    try:
        for load, factor in ((0, 1), (cores, 1), (5 * cores, 5), (20 * cores, 20)):
            os.getloadavg = lambda load=load: (load, load, load)
            t.check(tests.patience() == factor and patient(10) == 10 * factor, f"load {load}",
                    f"{tests.patience()} {patient(10)}")
    finally:
        os.getloadavg = real


def skipped(t, f):
    """A script that says that what it needs is not there (69) is skipped, neither passed nor failed."""
    for code, line in ((0, "1 passed, 0 failed"), (1, "0 passed, 1 failed"),
                       (UNAVAILABLE, "0 passed, 0 failed, 1 skipped")):
        script = f.write("s", f"#!/bin/sh\nexit {code}\n".encode())
        os.chmod(script, 0o755)
        done = subprocess.run(["pipeline/test/counted", "s", f.path, "none", "--code", script], text=True,
                              capture_output=True)
        t.check(done.stdout.splitlines()[-1] == line and done.returncode == (code == 1), f"exit code {code}",
                done.stdout)


if __name__ == "__main__":
    main(nothing_missing, not_permitted, left_out, installs, heartbeat, limits, skipped)
