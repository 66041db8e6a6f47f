"""
The recipes of docs/other-programs.md, each run as it stands where its program is installed, on a store that
needs the plugin and on one that does not; and what programs do that open a store for writing by default: it
stays as it is, byte for byte, and every command of vial works.

Suites: store.
"""
import os
import re
import shutil
import subprocess
import sys

from fqmodel import reads
from vialtest import OK, VIAL, main, run

PAGE = "docs/other-programs.md"
# what opens a store for writing, as a newcomer writes it
WRITERS = {
    "h5py": (sys.executable, "-c", "import h5py; h5py.File('S1.h5', 'r+').close()"),
    "rhdf5": ("Rscript", "-e", "library(rhdf5); f <- H5Fopen('S1.h5'); H5Fclose(f)"),
    "hdf5r": ("Rscript", "-e", "library(hdf5r); f <- H5File$new('S1.h5'); f$close_all()"),
}


def blocks():
    """(title, language, code) of each block under a title."""
    title = ""
    with open(PAGE) as page:
        for part in re.split(r"^(## [^\n]*|```[a-z]*\n.*?^```)$", page.read(), flags=re.M | re.S):
            if part.startswith("## "):
                title = part[3:]
            elif part.startswith("```"):
                head, code = part[3:-3].split("\n", 1)
                yield title, head, code


def is_there(words):
    return shutil.which(words[0]) and subprocess.run(words, capture_output=True).returncode == 0


def program_of(title, language):
    """How a block is run, and what must work before."""
    library = title.split(": ")[-1].removesuffix(".jl")
    return {"python": ((sys.executable, "-c"), (sys.executable, "-c", f"import {library}")),
            "r": (("Rscript", "-e"), ("Rscript", "-e", f"library({library})")),
            "julia": (("julia", "-e"), ("julia", "-e", f"using {library}")),
            "sh": (("sh", "-c"), (library, "--version"))}[language]


def prepare(t, f, profile):
    """S1.h5, which root alone may write to: as root nothing stops."""
    f.clear("S1.h5")
    done = run("ingest", "-q", "--profile", profile, "-o", f / "S1.h5", f.write("a.fq", reads(300, seed=4)))
    t.check(done.code == OK, profile, done.err)
    os.makedirs(f / "bin", exist_ok=True)
    if not os.path.lexists(f / "bin/vial"):
        os.symlink(VIAL, f / "bin/vial")
    env = {k: v for k, v in os.environ.items() if k != "HDF5_PLUGIN_PATH"}
    return {**env, "PATH": f / "bin" + ":" + env["PATH"]}


def recipes(t, f):
    found = list(blocks())
    t.check([b[1] for b in found] == ["python", "r", "r", "julia", "sh"], PAGE, str([b[:2] for b in found]))
    for profile in ("compact", "portable"):
        env = prepare(t, f, profile)
        first = f.read("a.fq").split(b"\n")[1][:20].decode()
        dumped = str(list(map(ord, first)))[1:-1]
        for title, language, code in found:
            words, ready = program_of(title, language)
            if not is_there(ready):
                t.skip(f"{title} is not installed")
                continue
            done = subprocess.run([*words, code], cwd=f.path, env=env, capture_output=True, text=True)
            said = " ".join(re.sub(r"\(\d+\):", "", done.stdout).split())
            t.check(done.returncode == 0 and (first in said or dumped in said), f"{title}, {profile}",
                    done.stderr + done.stdout)


def writers(t, f):
    for name, words in WRITERS.items():
        if name != "h5py" and not is_there(("Rscript", "-e", f"library({name})")):
            t.skip(f"{name} is not installed")
            continue
        env = prepare(t, f, "compact")
        before = f.read("S1.h5")
        os.chmod(f / "S1.h5", 0o644)
        done = subprocess.run(words, cwd=f.path, env=env, capture_output=True, text=True)
        t.check(done.returncode == 0 and f.read("S1.h5") == before, f"{name} opens for writing", done.stderr)
        for command in ("verify", "info", "view", "export"):
            t.check(run(command, f / "S1.h5").code == OK, f"{command} after {name}")


if __name__ == "__main__":
    main(recipes, writers)
