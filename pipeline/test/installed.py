"""
The installed tree: wherever meson's libdir lies, `vial plugin-path` finds the plugin, also when the tree was
moved, and HDF5 programs read a store of every profile with it.

One build without optimization, installed three times.

Suites: start.
"""
import os
import shutil
import subprocess
import sys

from fqmodel import reads
from vialtest import OK, main, run

LIBDIRS = ("lib64", "lib/x86_64-linux-gnu", "lib")
READ = "import h5py, sys; sys.stdout.buffer.write(h5py.File(sys.argv[1])['reads/base'][:4].tobytes())"


def tool(t, what, *words, **more):
    done = subprocess.run(words, capture_output=True, **more)
    t.check(done.returncode == 0, what, (done.stdout + done.stderr).decode()[-500:])
    return done


def check_tree(t, f, what, tree):
    """A tree with usr/local below it."""
    vial = tree + "/usr/local/bin/vial"
    done = subprocess.run([vial, "plugin-path"], capture_output=True, text=True)
    folder = done.stdout.strip()
    t.check(done.returncode == 0 and os.path.exists(folder + "/libvialfilter.so"), what, done.stderr + folder)
    t.check(folder.startswith(os.path.realpath(tree)), what, f"finds the plugin of another tree: {folder}")
    for profile in ("fast", "compact", "archive"):
        env = {**os.environ, "HDF5_PLUGIN_PATH": folder}
        done = tool(t, f"{what}: h5py", sys.executable, "-c", READ, f / f"{profile}.h5", env=env)
        good = len(done.stdout) == 4 and set(done.stdout) <= set(b"ACGTN")
        t.check(good, f"{what}: {profile}", done.stdout)


def installed(t, f):
    f.write("a.fq", reads(300, seed=4))
    for profile in ("fast", "compact", "archive"):
        done = run("ingest", "-q", "--profile", profile, "-o", f / f"{profile}.h5", f / "a.fq")
        t.check(done.code == OK, profile, done.err)
    build = f / "build"
    for libdir in LIBDIRS:
        how = ["configure", build, f"-Dlibdir={libdir}"] if os.path.exists(build) else \
            ["setup", build, "-Doptimization=0", "-Ddebug=false", "-Dwerror=false", f"-Dlibdir={libdir}"]
        tool(t, f"{libdir}: meson", "meson", *how)
        tool(t, f"{libdir}: ninja", "ninja", "-C", build, "vial", "pipeline/store/libvialfilter.so")
        tree = f / libdir.replace("/", "-")
        tool(t, f"{libdir}: install", "meson", "install", "-C", build, "--no-rebuild", "--destdir", tree)
        plugin = f"usr/local/{libdir}/vial/plugin/libvialfilter.so"
        t.check(os.path.exists(f"{tree}/{plugin}"), libdir, "lies elsewhere")
        check_tree(t, f, libdir, tree)
        shutil.move(tree, tree + "-moved")
        check_tree(t, f, f"{libdir}, moved", tree + "-moved")
        os.unlink(f"{tree}-moved/{plugin}")
        vial = f"{tree}-moved/usr/local/bin/vial"
        done = subprocess.run([vial, "plugin-path"], capture_output=True, text=True)
        t.check(done.returncode == 72 and libdir in done.stderr, f"{libdir}: removed", done.stderr)


if __name__ == "__main__":
    main(installed)
