"""
Stores that HDF5 programs opened for writing. One whose seal lies in front stays as it is, byte for byte, and
every command works; of one whose seal lies behind (stores of earlier days) it is cut off, which every command
says, and reseal brings the very same bytes back. What others changed, added or damaged is named; reseal
proves the content or leaves the store alone, and when killed leaves old or new.

Suites: store.
"""
import os
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy

from fqmodel import reads
from mzmodel import made_spectra
from vialtest import NOINPUT, OK, TEMPFAIL, USAGE, VIAL, check_refusal, main, run

HOME = "testdata/stores"
OLD = {"v1 reads": "v1/pairs/compact.h5", "v1 portable": "v1/single/portable.h5",
       "v1 spectra": "v1/levels/fast.h5", "v2 reads": "v2_behind/pairs/compact.h5",
       "v2 portable": "v2_behind/levels/portable.h5"}
COMMANDS = (("verify",), ("info",), ("info", "--json"), ("export", "-q"), ("view", "-O", "tsv"))


DIE = "import h5py, os, sys; f = h5py.File(sys.argv[1], 'r+'); os._exit(9)"


def writable(path):
    os.chmod(path, 0o644)
    return path


def touch(path):
    """What h5py's "r+", rhdf5's and hdf5r's defaults do."""
    h5py.File(writable(path), "r+").close()


def change(path, how):
    with h5py.File(writable(path), "r+") as store:
        how(store)


def poke(path, at, data):
    with open(writable(path), "r+b") as store:
        store.seek(at)
        store.write(data)


def again(*words):
    """Of a run that was killed the child may hold the lock for a moment."""
    done = run(*words)
    for _ in range(50):
        if done.code != TEMPFAIL:
            break
        time.sleep(0.1)
        done = run(*words)
    return done


def commands_work(t, what, store):
    for command in COMMANDS:
        done = run(*command, store)
        t.check(done.code == OK, f"{what}: {command[0]}", done.err)


def made_stores(t, f):
    """Reads and spectra, two profiles: {name: path}."""
    f.write("a.fq", reads(3000, seed=4))
    made_spectra(f / "a.mzML", 1, seed=3)
    out = {}
    for name, data in (("reads", "a.fq"), ("spectra", "a.mzML")):
        for profile in ("compact", "portable"):
            out[f"{name} {profile}"] = f / f"{name}-{profile}.h5"
            done = run("ingest", "-q", "--profile", profile, "-o", out[f"{name} {profile}"], f / data)
            t.check(done.code == OK, f"{name} {profile}", done.err)
    return out


def untouched(t, f):
    for what, store in made_stores(t, f).items():
        before = f.read(os.path.basename(store))
        t.check(before[:11] == b"VIALSEAL 2\n" and b"vial store" in before[:512] and before[:512].isascii(),
                what, before[:80])
        t.check(not os.stat(store).st_mode & 0o333, what, "can be written to")
        for _ in range(2):
            touch(store)
            t.check(f.read(os.path.basename(store)) == before, what, "h5py changed it")
        commands_work(t, what, store)
        done = run("reseal", store)
        t.check(done.code == OK and b"is sealed as it is" in done.out, f"{what}: reseal", done.err)
        if not shutil.which("h5dump"):
            t.skip(f"{what}: h5dump is not installed")
            continue
        done = subprocess.run(["h5dump", "-n", store], capture_output=True)
        t.check(done.returncode == 0 and b"/source" in done.stdout, f"{what}: h5dump", done.stderr)


def cut_off(t, f):
    for what, name in OLD.items():
        shutil.copy(f"{HOME}/{name}", f / "s.h5")
        before, mode = f.read("s.h5"), os.stat(f / "s.h5").st_mode & 0o444
        touch(f / "s.h5")
        t.check(f.read("s.h5") == before[:-48], what, "h5py did something else")
        for command in COMMANDS:
            check_refusal(t, f"{what}: {command[0]}", run(*command, f / "s.h5"),
                          ["s.h5", "opened for writing by an HDF5 program", "vial reseal"])
        done = run("reseal", f / "s.h5")
        t.check(done.code == OK and b"sealed again" in done.out, f"{what}: reseal", done.err)
        t.check(f.read("s.h5") == before, what, "other bytes than before")
        t.check(os.stat(f / "s.h5").st_mode & 0o777 == mode, what, "others may read it, or write to it")
        commands_work(t, what, f / "s.h5")
        f.clear("s.h5")


def died_while_open(t, f):
    """A program that is killed while it has the store open for writing leaves its mark in the superblock."""
    for what, store in {**made_stores(t, f), "v1": f / "v1.h5"}.items():
        if what == "v1":
            shutil.copy(f"{HOME}/{OLD['v1 reads']}", store)
        name = os.path.basename(store)
        before = f.read(name)
        subprocess.run([sys.executable, "-c", DIE, writable(store)])
        t.check(f.read(name) != before, what, "HDF5 leaves no mark any more")
        for command in COMMANDS:
            check_refusal(t, f"{what}: {command[0]}", run(*command, store), [name, "reseal"])
        done = run("reseal", store)
        told = b"the same as when" in done.out or what == "v1"
        t.check(done.code == OK and told, f"{what}: reseal", done.err)
        t.check(f.read(name) == before, what, "other bytes than before")


def add_attribute(s):
    s.attrs["mine"] = 7


def add_to_column(s):
    s["reads/base"].attrs["note"] = numpy.bytes_("of mine")


def add_group(s):
    s.create_group("mine/inner")["x"] = numpy.arange(5)


def add_data(s):
    s["reads/mine"] = numpy.arange(5)


def add_link(s):
    s["again"] = h5py.SoftLink("/reads")


def add_hard_link(s):
    s["twin"] = s["reads/base"]


ADDED = {add_attribute: "'mine' of /", add_to_column: "'note' of reads/base", add_group: "'mine'",
         add_data: "'reads/mine'", add_link: "'again'", add_hard_link: "'twin'"}


def added(t, f):
    """What others added is named, and taken out only when that is asked for."""
    f.write("a.fq", reads(300, seed=4))
    run("ingest", "-q", "-o", f / "new.h5", f / "a.fq")
    shutil.copy(f"{HOME}/v1/single/compact.h5", f / "old.h5")
    for form in ("new", "old"):
        digest = run("verify", f / f"{form}.h5").out.split()[-1]
        for how, named in ADDED.items():
            what = f"{form}, {how.__name__}"
            shutil.copy(f / f"{form}.h5", f / "s.h5")
            change(f / "s.h5", how)
            changed = f.read("s.h5")
            check_refusal(t, f"{what}: verify", run("verify", f / "s.h5"), ["s.h5"])
            check_refusal(t, f"{what}: reseal", run("reseal", f / "s.h5"), ["s.h5", named, "--drop"])
            t.check(f.read("s.h5") == changed, what, "a refusal changed the store")
            done = run("reseal", "--drop", f / "s.h5")
            words = done.out.decode().replace("attribute ", "")
            t.check(done.code == OK and f"taken out: {named}" in words, f"{what}: --drop", done.err or words)
            t.check(run("verify", f / "s.h5").out.split()[-1:] == [digest], what, "another digest")
            with h5py.File(f / "s.h5") as s:
                gone = not {"mine", "note"} & {*s, *s.attrs, *s["reads"], *s["reads/base"].attrs}
                t.check(gone, what, "is still there")
            commands_work(t, what, f / "s.h5")
            t.check(run("reseal", f / "s.h5").out.endswith(b"as it is\n"), what, "is not sealed")
            os.unlink(f / "s.h5")


def change_note(s):
    s.attrs.modify("n_row", s.attrs["n_row"] + 1)


def change_unit(s):
    kind = s["reads/base"].attrs["unit"].dtype
    s["reads/base"].attrs.create("unit", numpy.bytes_("bases!"), dtype=kind)


def delete_note(s):
    del s["source"].attrs["n_file"]


def delete_column(s):
    del s["reads/quality"]


def change_digest(s):
    table = s["digest"][()]
    table[0]["xxh3_128"] = b"0" * 32
    s["digest"][...] = table


def rename_column(s):
    s.move("reads/quality", "reads/quality2")


CHANGED = (change_note, change_unit, delete_note, delete_column, change_digest, rename_column)


def changed(t, f):
    """What does not fit the digests or the notes is refused, and the store left as it is."""
    f.write("a.fq", reads(300, seed=4))
    run("ingest", "-q", "-o", f / "a.h5", f / "a.fq")
    for how in CHANGED:
        shutil.copy(f / "a.h5", f / "s.h5")
        change(f / "s.h5", how)
        before = f.read("s.h5")
        for words in (("verify",), ("reseal",), ("reseal", "--drop")):
            check_refusal(t, f"{how.__name__}: {words}", run(*words, f / "s.h5"), ["s.h5"])
        t.check(f.read("s.h5") == before, how.__name__, "a refusal changed the store")
        t.check(f.names() == ["a.fq", "a.h5", "s.h5"], how.__name__, str(f.names()))
        os.unlink(f / "s.h5")


def damaged(t, f):
    """Bytes anywhere: the store is mended, byte for byte, or refused and left alone. Never something else."""
    f.write("a.fq", reads(300, seed=4))
    run("ingest", "-q", "-o", f / "new.h5", f / "a.fq")
    shutil.copy(f"{HOME}/v1/single/compact.h5", f / "old.h5")
    mended = 0
    for form in ("new", "old"):
        whole, text = f.read(f"{form}.h5"), run("export", "-q", f / f"{form}.h5").out
        places = [*t.random.sample(range(len(whole)), 60), *range(0, 512, 37)]
        places += range(len(whole) - 60, len(whole), 7)
        for at in places:
            what = f"{form}, byte {at}"
            broken = bytearray(whole)
            broken[at] ^= 1 << t.random.randrange(8)
            f.write("s.h5", bytes(broken))
            check_refusal(t, f"{what}: verify", run("verify", "-q", f / "s.h5"), ["s.h5"])
            done = run("reseal", f / "s.h5")
            now = f.read("s.h5")
            mended += now == whole
            if done.code == OK:
                t.check(run("verify", f / "s.h5").code == OK, what, "sealed, but does not verify")
                t.check(run("export", "-q", f / "s.h5").out == text, what, "sealed, but holds something else")
            else:
                check_refusal(t, what, done, ["s.h5"])
                t.check(now == bytes(broken), what, "a refusal changed the store")
            f.clear("s.h5")
    t.check(mended, "a seal that was damaged comes back")
    for n in (0, 100, 511, 512, 600, 4000):
        check_refusal(t, f"cut to {n}", run("reseal", f.write("s.h5", whole[:n])), ["s.h5"])
    f.write("s.h5", f.read("new.h5") + b"behind")
    done = run("reseal", f / "s.h5")
    t.check(done.code == OK and f.read("s.h5") == f.read("new.h5"), "bytes behind", done.err)
    t.check(b"the same as when" in done.out, "bytes behind: told", done.out)


def others(t, f):
    """What is no store."""
    with h5py.File(f / "foreign.h5", "w") as s:
        s["x"] = numpy.arange(9)
    with h5py.File(f / "foreign2.h5", "w", libver="v110") as s:
        s["x"] = numpy.arange(9)
    for name in ("foreign.h5", "foreign2.h5"):
        before = f.read(name)
        for command in ("verify", "reseal"):
            done = run(command, f / name)
            check_refusal(t, f"{command} {name}", done, [name])
            t.check("reseal`" not in done.err, f"{command} {name}", "advises to reseal what is no store")
        t.check(f.read(name) == before, name, "was changed")
    check_refusal(t, "a text", run("reseal", f.write("a.fq", reads(3))), ["a.fq"])
    check_refusal(t, "nothing", run("reseal", f / "none.h5"), ["none.h5"], (NOINPUT,))
    t.check(run("reseal").code == USAGE, "no name")


def kills(t, f):
    """Killed at any time it leaves the old file or the new one, and the next run is not hindered."""
    f.write("a.fq", reads(20000, seed=4))
    run("ingest", "-q", "-o", f / "new.h5", f / "a.fq")
    whole = f.read("new.h5")
    broken = bytes(512) + whole[512:]
    f.write("s.h5", broken)
    start = time.monotonic()
    done = run("reseal", "-q", f / "s.h5")
    took = time.monotonic() - start
    t.check(done.code == OK and f.read("s.h5") == whole, "reseal", done.err)
    ended = 0
    for i in range(30):
        f.clear("s.h5")
        f.write("s.h5", broken)
        p = subprocess.Popen([VIAL, "reseal", "-q", f / "s.h5"], start_new_session=True)
        time.sleep(took * 1.1 * i / 30)
        os.killpg(p.pid, signal.SIGKILL)
        ended += p.wait() == -signal.SIGKILL
        t.check(f.read("s.h5") in (whole, broken), f"kill {i}", "neither the old file nor the new one")
        t.check(set(f.names()) <= {"a.fq", "new.h5", "s.h5", ".s.h5.part"}, f"kill {i}", str(f.names()))
        if i % 5 == 0:
            done = again("reseal", "-q", f / "s.h5")
            t.check(done.code == OK and f.read("s.h5") == whole, f"after kill {i}", done.err)
            t.check(".s.h5.part" not in f.names(), f"after kill {i}", str(f.names()))
    t.check(ended > 5, "kills", "every run was over before")


if __name__ == "__main__":
    main(untouched, cut_off, died_while_open, added, changed, damaged, others, kills)
