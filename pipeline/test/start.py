"""
Start: what every command pays before it does anything. No libraries for the network are drawn in, and a look
at one read of a small store, process start included, takes 8 ms at most.

Times are the least of many runs, so that a busy machine does not fail the test; nor does one on which no
program starts quickly: there it is so many times what `true` takes.

Suites: cmd. Alone.
"""
import glob
import os
import shutil
import subprocess
import time

from fqmodel import reads
from vialtest import OK, VIAL, main, run

RUNS = 60
MOST_MS, MOST_OF_TRUE = 8, 8
NETWORK = ("libcurl", "libssl", "libgssapi", "libkrb5", "libldap", "libgnutls")


def libraries():
    """What the loader maps when the program starts."""
    done = subprocess.run([VIAL], env={**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}, stdout=subprocess.PIPE)
    return [line.split()[0] for line in done.stdout.decode().splitlines() if line.strip()]


def once_ms(t, null, program, *args):
    start = time.perf_counter()
    pid = os.posix_spawn(program, [program, *map(str, args)], os.environ,
                         file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)])
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    t.check(code == OK, f"{program} {args}", f"exit code {code}")
    return 1e3 * (time.perf_counter() - start)


def least_ms(t, *args):
    """The quickest of RUNS runs of vial, and of `true` in turn with it."""
    null = os.open(os.devnull, os.O_RDWR)
    both = [(once_ms(t, null, VIAL, *args), once_ms(t, null, shutil.which("true"))) for _ in range(RUNS)]
    os.close(null)
    return [min(times) for times in zip(*both)]


def check_libraries(t, names):
    """Whether HDF5 is linked in, as it must be where there is a static one."""
    shared = any(name.startswith("libhdf5") for name in names)
    if shared and not glob.glob("/usr/lib/*/hdf5/serial/libhdf5.a"):
        t.skip("there is no static HDF5 to build with")
        return False
    t.check(not shared, "libraries", "HDF5 is linked as a shared library")
    drawn_in = [name for name in names if name.startswith(NETWORK)]
    t.check(not drawn_in, "libraries", f"drawn in: {drawn_in}")
    return not shared


def check_times(t, f, most):
    store = f / "small.h5"
    done = run("ingest", "-q", "-o", store, f.write("1.fq", reads(1000, seed=1)),
               f.write("2.fq", reads(1000, seed=1, mate=2)))
    if not t.check(done.code == OK, "ingest", done.err):
        return
    for args in (("version",), ("help",), ("info", store), ("view", store, "--rows", 0)):
        ms, true = least_ms(t, *args)
        print(f"vial {args[0]}: {ms:.1f} ms, true: {true:.1f} ms", flush=True)
        limit = max(most, MOST_OF_TRUE * true)
        t.check(ms <= limit, f"vial {args[0]}", f"{ms:.1f} ms, at most {limit:.1f}")


def start(t, f):
    drawn = libraries()
    static = check_libraries(t, drawn)
    sanitized = any("san" in name for name in drawn)
    check_times(t, f, MOST_MS if static and not sanitized else 1000)


if __name__ == "__main__":
    main(start)
