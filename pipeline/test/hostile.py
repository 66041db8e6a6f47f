"""
Stores that somebody made to do harm, with every checksum right: notes that lie, links that lead elsewhere,
tables that HDF5 dies of or asks for gigabytes at; and no store at all. Whatever reads one says so in a line
that names it, soon, and what is said of other stores does not suffer.

Suites: store faults.
"""
import os
import subprocess
import time

from fqmodel import reads
from vialtest import BUILD, DATA, NOINPUT, OK, Part, check_refusal, main, patient, run

HUGE = str(1 << 62)
COMMANDS = (("info",), ("info", "--json"), ("view",), ("view", "--rows", "0"), ("verify",),
            ("verify", "--deep"), ("export",), ("report",))
BUT_VIEW = tuple(c for c in COMMANDS if c[0] != "view")  # a look at rows takes notes from the manifest alone
# notes that are the same everywhere in the store, and untrue; only of commands that have to look at it
LIES = [
    (["source", "n_file", HUGE], COMMANDS),
    (["source", "n_file", "0"], COMMANDS),
    (["/", "n_row", HUGE], COMMANDS[2:]),
    (["/", "n_row", "3"], COMMANDS[2:]),
    (["/", "n_name", HUGE], COMMANDS[2:]),
    (["/", "n_row", "many"], COMMANDS),
    (["/", "blank_lines_1", HUGE, "source", "text_bytes_1", "60"], COMMANDS[4:7]),
    (["source", "layout", "paired"], COMMANDS[2:7]),
    (["source", "layout", "round"], COMMANDS[2:7]),
    (["source", "layout", ""], COMMANDS[2:7]),
]


def refused(t, what, store, command):
    """In a line that names the store, within the time that any small one may take."""
    start = time.monotonic()
    done = run(command[0], store, *command[1:], timeout=20)
    seconds = time.monotonic() - start
    check_refusal(t, f"{' '.join(command)} of {what}", done, [os.path.basename(store)])
    t.check(seconds < patient(5), f"{' '.join(command)} of {what}", f"took {seconds:.1f} s")


def lies(t, f):
    store = f / "strange.h5"
    for notes, commands in LIES:
        made = subprocess.run([f"{BUILD}/pipeline/test/strange_store", store, *notes], capture_output=True)
        if t.check(made.returncode == 0, f"a store with {notes}", made.stderr):
            for command in commands:
                refused(t, f"a store with {notes}", store, command)


def reseal(t, store):
    done = subprocess.run([f"{BUILD}/pipeline/test/reseal", store], capture_output=True, text=True)
    return t.check(done.returncode == 0, "sealed again", done.stderr)


def edited(t, f, what, edit, commands=COMMANDS):
    """A store of reads that h5py has changed, sealed again: nobody who looks at that takes it."""
    import h5py
    text, store = reads(40, seed=31), f / f"{what.replace(' ', '_')}.h5"
    run("ingest", "-q", "-o", store, f.write("a.fq", text))
    os.chmod(store, 0o644)
    with h5py.File(store, "r+") as h:
        edit(f, h)
    if not reseal(t, store):
        return
    for command in commands:
        refused(t, what, store, command)
    if commands == BUT_VIEW:
        rows(t, what, store, text)


def rows(t, what, store, text):
    """A look at rows gives those that went in."""
    first = b"".join(text.splitlines(keepends=True)[:4])
    for command, want in ((["view", store], text), (["view", store, "--rows", 0], first)):
        done = run(*command)
        t.check(done.code == OK and done.out == want, f"{' '.join(map(str, command))} of {what}",
                f"exit code {done.code}: {done.err or done.out[:200]!r}")


def attribute(where, name, value):
    def edit(_, h):
        h[where].attrs.modify(name, value)
    return edit


def elsewhere(path):
    """The data set is in another file, whole, and a link leads there."""
    def edit(f, h):
        import h5py
        with h5py.File(f / "other.h5", "w") as other:
            h.copy(path, other, "x")
        del h[path]
        h[path] = h5py.ExternalLink("other.h5", "/x")
    return edit


def sealed_again(t, f):
    """What `edited` does to a store is not what makes it bad."""
    import h5py
    store = f / "s.h5"
    run("ingest", "-q", "-o", store, f.write("a.fq", reads(40, seed=31)))
    os.chmod(store, 0o644)
    with h5py.File(store, "r+"):
        pass
    if reseal(t, store):
        done = run("verify", store)
        t.check(done.code == OK, "opened, closed and sealed again", done.err)


def not_needed(t, _):
    """HDF5 dies of a table of notes, which a look at rows does not need."""
    done = run("view", "testdata/stores/hostile/hdf5_crash.h5")
    t.check(done.code == OK and len(done.out.splitlines()) == 200, "view of hdf5_crash.h5", done.err)


def among_others(t, f):
    """One store's death is its own: the others are verified, and the exit code is the worst."""
    good, missing = f / "good.h5", f / "missing.h5"
    run("ingest", "-q", "-o", good, f.write("a.fq", reads(40, seed=31)))
    for kind in ("crash", "fpe", "slow"):
        bad = f"testdata/stores/hostile/hdf5_{kind}.h5"
        for command in BUT_VIEW if kind == "crash" else COMMANDS:
            refused(t, f"hdf5_{kind}.h5", bad, command)
        for command in ("verify", "reindex"):
            for names in ([good, bad, missing, good], [missing, bad, good, good], [good, good, bad, missing]):
                done = run(command, *names)
                said = done.err.splitlines()
                t.check(done.code == DATA, f"{command} with {kind} among others", f"exit code {done.code}")
                t.check(done.out.decode().count(f"{good}: ") == 2, f"{command} with {kind} among others",
                        done.out.decode())
                t.check(len(said) == 2 and bad in done.err and missing in done.err,
                        f"{command} with {kind} among others", done.err)
    done = run("verify", good, missing, good)
    t.check(done.code == NOINPUT and done.out.count(b": ok") == 2, "a missing one among others", done.err)


def no_store(t, f):
    os.mkfifo(f / "fifo")
    f.write("text", b"VIALSEAL" * 20)
    for name in ("fifo", "text"):
        for command in COMMANDS:
            refused(t, f"a {name}", f / name, command)


if __name__ == "__main__":
    seen = [c for c in COMMANDS if c[0] in ("info", "verify", "report")]  # that look at the digest
    no_number = attribute("/", "vial.digest", b"\xff" * 64)
    main(lies, sealed_again, not_needed, among_others, no_store,
         Part("a digest that is no number", edited, ("a digest that is no number", no_number, seen)),
         *(Part(what, edited, (what, edit, BUT_VIEW)) for what, edit in (
             ("an attribute that counts inputs", attribute("source", "n_file", 1 << 62)),
             ("an attribute that says the layout", attribute("source", "layout", b"paired")),
             ("an attribute that says the kind", attribute("/", "vial.kind", b"spectra")))),
         *(Part(what, edited, (what, edit)) for what, edit in (
             ("a column in another file", elsewhere("reads/base")),
             ("a manifest in another file", elsewhere("source/manifest")),
             ("a digest table in another file", elsewhere("digest")))))
