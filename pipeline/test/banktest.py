"""
What the tests of banks share: a bank in a folder, small inputs, what a bank must hold in any case.

Suites: none.
"""
import fcntl
import glob
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import time

from mzmodel import document, spectrum, two
from vialtest import BUILD, OK, patient, run

FAULTS = f"{BUILD}/pipeline/test/libfaults.so"

def mzml(n=20, seed=1):
    """A small mzML document."""
    return document([spectrum(i, two(30 + i, seed=seed + i), 30 + i, level=1 + i % 2, time=1.5 * i)
                     for i in range(n)])


class Bank:
    """A bank below a Folder."""

    def __init__(self, folder, name="bank", settings=""):
        self.path = folder / name
        done = run("init", self.path)
        assert done.code == OK, done.err
        if settings:
            self.set(settings)

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def set(self, settings):
        with open(self / "bank.ini", "a") as f:
            f.write(settings)

    def run(self, command, *args, **more):
        return run(command, "-b", self.path, *args, **more)

    def ls(self, *args):
        done = self.run("ls", "--json", *args)
        assert done.code == OK, done.err
        return [json.loads(line) for line in done.out.decode().splitlines()]

    def digests(self):
        return {(r["sample"], r["acquisition"], r["kind"]): r["digest"] for r in self.ls()}

    def stores(self):
        """All files that have a store's name."""
        return sorted(p for p in glob.glob(self / "samples/*/*/*.h5") if not p.endswith("/sample.h5"))

    def leftovers(self):
        """Hidden files of samples (locks apart) and what lies in the journal."""
        hidden = [p for p in glob.glob(self / "samples/*/*/.*") if os.path.basename(p) != ".lock"]
        return hidden + [p for p in glob.glob(self / "journal/*") + glob.glob(self / "journal/.*.part")
                         if not p.endswith(("nightly.lock", ".gate"))]

    def quarantine(self):
        return [json.load(open(p)) for p in sorted(glob.glob(self / "quarantine/*/*.json"))]

    def rows(self, query):
        with sqlite3.connect(f"file:{self / 'catalog.db'}?mode=ro", uri=True) as db:
            return db.execute(query).fetchall()


def is_locked(path):
    """Whether a process holds the lock of a file; one that is being killed gives up its files last."""
    try:
        with open(path, "rb") as f:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def settle(bank):
    """Those whose parent was killed are gone a moment later."""
    end = time.monotonic() + patient(10)
    while time.monotonic() < end:
        for proc in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(proc, "rb") as g:
                    if bank.path.encode() in g.read():
                        break
            except OSError:
                pass
        else:
            if not any(map(is_locked, glob.glob(bank / "journal/*.json"))):
                return
        time.sleep(0.005)


def broken(bank, folder, start, command, n, how, kind="change"):
    """The bank as it was at `start`, and the n-th call of a command broken (libfaults). What came of it, None
    when it does not come so far, and how many calls there were until then."""
    shutil.rmtree(bank.path)
    shutil.copytree(start, bank.path, symlinks=True)
    folder.clear("count", "told")
    done = bank.run(command[0], *command[1:], timeout=60,
                    env={"LD_PRELOAD": FAULTS, "FAULT_KIND": kind, "FAULT_N": str(n), "FAULT_HOW": how,
                         "FAULT_SHARED": folder / "count", "FAULT_TOLD": folder / "told"})
    settle(bank)
    with open(folder / "count", "rb") as g:
        calls = struct.unpack("<q", g.read(8))[0]
    return done if os.path.exists(folder / "told") else None, calls


def sheet(folder, name, rows, head=("sample", "file_1", "file_2")):
    text = "\n".join(",".join(str(c) for c in row) for row in [head, *rows]) + "\n"
    return folder.write(name, text.encode())


def sha(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def check_whole(t, bank, what, verify=True):
    """What must hold of a bank in any case: named stores verify, rows of the catalogue have their stores."""
    good = True
    if verify and bank.stores():
        done = run("verify", "-q", *bank.stores())
        good &= t.check(done.code == OK, f"{what}: named stores verify", done.err)
    if os.path.exists(bank / "catalog.db"):
        done = bank.run("sql", "--json",
                        "SELECT s.name AS sample, t.file AS file FROM store t JOIN acquisition a "
                        "USING (acquisition_id) JOIN sample s USING (sample_id)")
        good &= t.check(done.code == OK, f"{what}: the catalogue answers", done.err)
        names = {(os.path.basename(os.path.dirname(p)), os.path.basename(p)) for p in bank.stores()}
        for line in done.out.decode().splitlines():
            row = json.loads(line)
            good &= t.check((row["sample"], row["file"]) in names, f"{what}: a row has its store", line)
    return good
