"""
What the world does wrong: the n-th allocation, read, write, sync, rename ... fails, for n = 1, 2, 3 until the
command does not come so far; full disks, read-only folders, closed pipes, two at once.

Whatever happens: a documented exit code and one line that names the trouble, no death by a signal, no store
that does not verify, no temporary file left behind, an older store untouched. faults.c makes the calls fail.
Of each kind a few places are drawn (the seed is printed); VIAL_SOAK=seconds tries all places, in random
order, for that long.

Suites: faults.
"""
import functools
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
from itertools import chain
from typing import NamedTuple

from alignmodel import draw
from containers import bgzf, gzip, zstd
from fqmodel import interleave, reads
from vialtest import (BUILD, CANTCREAT, DATA, DOCUMENTED, IOERR, NOINPUT, OK, OSERR, SEED, SOAK, SOFTWARE,
                      TEMPFAIL, VIAL, Done, Folder, Part, check_refusal, for_all, main, patient, run)

LIBRARY = f"{BUILD}/pipeline/test/libfaults.so"
MOST = 10 ** 9 if SOAK else int(os.environ.get("VIAL_FAULTS", 5))  # places tried of one kind in one command

ANYTHING = DOCUMENTED - {SOFTWARE}
# kind, how, exit codes that are right, words of the message
KINDS = [
    ("alloc", "ENOMEM", {OK, OSERR}, ()),  # 0 where it could do without, with the same result
    # libraries crash or leave without memory; the guard around the work then says so in one line, with 70 or
    # 71
    ("alloc-any", "ENOMEM", {OK, OSERR, SOFTWARE}, ()),
    ("read", "EIO", {IOERR}, ("Input/output error",)),
    ("read", "EINTR", {OK}, ()),
    ("read", "short", {OK}, ()),
    ("write", "ENOSPC", {IOERR}, ("No space left",)),
    ("write", "EDQUOT", {IOERR}, ("quota",)),
    ("write", "EINTR", {OK}, ()),
    ("write", "short", {OK}, ()),
    ("fsync", "EIO", {IOERR}, ("Input/output error",)),
    ("rename", "EIO", {IOERR}, ("Input/output error",)),
    ("rename", "EINVAL", {OK, IOERR}, ()),  # a file system that cannot refuse to replace
    ("ftruncate", "ENOSPC", {IOERR}, ("No space left",)),
    ("open", "EMFILE", {OK, OSERR, NOINPUT, CANTCREAT, IOERR}, ()),
    ("open", "EROFS", {OK, NOINPUT, CANTCREAT, IOERR}, ()),
    ("close", "EIO", {OK, IOERR}, ()),
    ("lock", "ENOLCK", {OK, IOERR}, ()),
    ("stat", "EIO", {OK, IOERR, NOINPUT, CANTCREAT}, ()),
    ("unlink", "EACCES", ANYTHING, ()),
    ("thread", "EAGAIN", {OK}, ()),  # with the threads that there are
    ("any", "kill", {-signal.SIGKILL}, ()),
]


class Command(NamedTuple):
    """A command to break. Contents of files are names of what materials() makes."""

    words: list  # {} stands for its folder
    inputs: dict
    made: dict  # what it makes
    old: dict = {}  # what is there before under these names
    reads_only: bool = False

    def run_in(self, f, material, env=None):
        for name, content in chain(self.inputs.items(), self.old.items()):
            f.write(name, material[content])
        return run(*(str(word).replace("{}", f.path) for word in self.words), env=env, timeout=60)


COMMANDS = {
    "ingest": Command(
        ["ingest", "-q", "-@", 1, "-o", "{}/s.h5", "{}/a.fq"], {"a.fq": "text"}, {"s.h5": "single"}),
    "ingest of pairs over a store": Command(
        ["ingest", "-q", "-@", 2, "--force", "-o", "{}/s.h5", "{}/R1.fq.gz", "{}/R2.fq.bgz"],
        {"R1.fq.gz": "one, gzip", "R2.fq.bgz": "two, BGZF"}, {"s.h5": "pair"}, {"s.h5": "single"}),
    "ingest of files in a row": Command(
        ["ingest", "-q", "-@", 1, "-o", "{}/s.h5", "{}/a.zst,{}/a.fq"],
        {"a.zst": "text, zstd", "a.fq": "text"}, {"s.h5": "row"}),
    "ingest of more": Command(
        ["ingest", "-q", "-@", 2, "--profile", "portable", "-o", "{}/s.h5", "{}/large.fq"],
        {"large.fq": "large"}, {"s.h5": "big"}),
    "export": Command(
        ["export", "-q", "-@", 1, "{}/in.h5", "-o", "{}/out.fq"], {"in.h5": "single"}, {"out.fq": "text"}),
    "export of pairs": Command(
        ["export", "-q", "-@", 2, "--force", "{}/in.h5", "-1", "{}/1.fq", "-2", "{}/2.fq"],
        {"in.h5": "pair"}, {"1.fq": "one", "2.fq": "two"}, {"2.fq": "text"}),
    # no text to compare with: what cannot be read must not count as absent
    "export of pairs in turn": Command(
        ["export", "-q", "-@", 1, "{}/in.h5", "-o", "{}/out.fq"], {"in.h5": "pair"}, {"out.fq": "in turn"}),
    "verify": Command(["verify", "-q", "-@", 1, "{}/in.h5"], {"in.h5": "pair"}, {}, reads_only=True),
    "info": Command(["info", "--json", "{}/in.h5"], {"in.h5": "big"}, {}, reads_only=True),
    "ingest of alignments": Command(
        ["ingest", "-q", "-@", 2, "--sites", "{}/sites.tsv", "-o", "{}/s.h5", "{}/a.sam.gz"],
        {"a.sam.gz": "aligned", "sites.tsv": "sites"}, {"s.h5": "alignments"}),
    "export of alignments": Command(
        ["export", "-q", "-@", 1, "{}/in.h5", "-o", "{}/out.bam"], {"in.h5": "alignments"},
        {"out.bam": "all as BAM"}),
    "view of a region": Command(
        ["view", "-@", 2, "{}/in.h5", "chr2:20,000-70,000", "-o", "{}/out.sam"], {"in.h5": "alignments"},
        {"out.sam": "region"}),
    "coverage": Command(["coverage", "-@", 1, "{}/in.h5"], {"in.h5": "alignments"}, {}, reads_only=True),
    "same": Command(["same", "-q", "-@", 1, "--sites", "{}/few.tsv", "{}/in.h5", "{}/in.h5"],
                    {"in.h5": "alignments", "few.tsv": "other sites"}, {}, reads_only=True),
    "ingest of files as they are": Command(
        ["ingest", "-q", "-@", 2, "--original", "now", "-o", "{}/s.h5", "{}/R1.fq.gz", "{}/R2.fq.bgz"],
        {"R1.fq.gz": "one, gzip", "R2.fq.bgz": "two, BGZF"}, {"s.h5": "delivered"}),
    "export of files as they were": Command(
        ["export", "-q", "-@", 2, "--original", "{}/in.h5", "-1", "{}/1", "-2", "{}/2"],
        {"in.h5": "delivered"}, {"1": "one, gzip", "2": "two, BGZF"}),
    "verify of files as they were": Command(
        ["verify", "-q", "-@", 1, "--original", "{}/in.h5"], {"in.h5": "delivered"}, {}, reads_only=True),
    "report over a page": Command(
        ["report", "-q", "--verify", "-@", 1, "--force", "{}/in.h5", "-o", "{}/p.html"],
        {"in.h5": "pair"}, {"p.html": "page"}, {"p.html": "text"}),
}


def make_materials(f):
    """Texts, compressed texts and stores, by name."""
    text, large = reads(40, seed=20), reads(11000, seed=22, ragged=True)
    one = reads(30, seed=21, mate=1, style="slash")
    two = reads(30, seed=21, mate=2, style="slash", ragged=True)
    out = {"text": text, "large": large, "one": one, "two": two, "in turn": interleave(one, two),
           "one, gzip": gzip(one), "two, BGZF": bgzf(two, 3000), "text, zstd": zstd(text),
           "aligned": bgzf(draw(random.Random(24), 300))}
    for name, step in (("sites", 90), ("other sites", 2000)):
        out[name] = b"".join(b"chr2\t%d\tA\tC\n" % i for i in range(100, 70000, step))
    for name, data in (("a.fq", text), ("R1.fq.gz", out["one, gzip"]), ("R2.fq.bgz", out["two, BGZF"]),
                       ("large.fq", large), ("a.zst", out["text, zstd"]), ("a.sam.gz", out["aligned"]),
                       ("sites.tsv", out["sites"])):
        f.write(name, data)
    for name, words in (("single", [f / "a.fq"]), ("pair", [f / "R1.fq.gz", f / "R2.fq.bgz"]),
                        ("delivered", ["--original", "now", f / "R1.fq.gz", f / "R2.fq.bgz"]),
                        ("big", ["--profile", "portable", f / "large.fq"]),
                        ("alignments", ["--sites", f / "sites.tsv", f / "a.sam.gz"]),
                        ("row", [f"{f / 'a.zst'},{f / 'a.fq'}"])):
        done = run("ingest", "-q", "-o", f / "s.h5", *words)
        assert done.code == OK, f"ingest {words}: {done.err}"
        out[name] = f.read("s.h5")
        f.clear("s.h5")
    f.write("in.h5", out["alignments"])
    for name, file, words in (("all as BAM", "out.bam", ["export", "-q", f / "in.h5"]),
                              ("region", "out.sam", ["view", f / "in.h5", "chr2:20000-70000"])):
        assert run(*words, "-o", f / file).code == OK, name
        out[name] = f.read(file)
    out["page"] = run("report", "-q", "--verify", f.write("in.h5", out["pair"])).out
    f.clear(*f.names())
    return out


@functools.cache
def materials():
    """The same for all parts: they are made before parts are processes of their own."""
    with Folder() as f:
        return make_materials(f)


def env_of(f, kind, how, n):
    return {"LD_PRELOAD": LIBRARY, "FAULT_KIND": kind, "FAULT_HOW": how, "FAULT_N": str(n),
            "FAULT_TOLD": f / "told", "FAULT_COUNT": f / "count", "FAULT_GATE": f / "gate"}


def count_calls(t, f, name, material, kind):
    done = COMMANDS[name].run_in(f, material, env_of(f, kind, "EIO", 0))
    t.check(done.code == OK, f"{name} under the library", f"{done.code} {done.err}")
    n = os.path.getsize(f / "count") if os.path.exists(f / "count") else 0
    f.clear(*f.names())
    return n


def places(t, total, most):
    if total <= most:
        return list(range(1, total + 1))
    return sorted({1, 2, total} | set(t.random.sample(range(1, total + 1), max(1, most - 3))))


def check_message(t, what, done, kind, words):
    theirs = kind == "alloc-any"  # HDF5 says lines of its own before ours
    ours = [line for line in done.err.splitlines() if line.startswith("vial: ") or not theirs]
    t.check(len(ours) == 1 and ours[0].startswith("vial: "), what, f"not one line: {done.err[:300]!r}")
    t.check(not words or any(word in done.err for word in words), what,
            f"message lacks {words}: {done.err.strip()[:300]!r}")


def check_made(t, f, what, command, material, done):
    """What the command makes is there whole, or as it was."""
    there = {name: f.read(name) for name in f.names() if name not in command.inputs}
    for name, content in command.made.items():
        if name in there:
            t.check(there[name] in (material[content], material.get(command.old.get(name))), what,
                    f"{name} is neither as it was nor as it is to be; exit code {done.code}")
        else:
            t.check(name not in command.old, what, f"{name} is gone")
            t.check(done.code != OK, what, f"exit code 0, but no {name}")
    if done.code == OK:
        t.check(all(there.get(name) == material[content] for name, content in command.made.items()), what,
                "exit code 0, but another result")
    return sorted(name for name in there if name not in command.made)


def break_once(t, f, name, material, fault, n):
    """Breaks the n-th call of a kind."""
    (kind, how, codes, words), command = fault, COMMANDS[name]
    what = f"{name}, {kind} {n} {how}"
    done = command.run_in(f, material, env_of(f, kind, how, n))
    reached = os.path.exists(f / "told")
    f.clear("told", "count")
    t.check(done.code in codes or (done.code == OK and not reached), what,
            f"exit code {done.code}, expected {sorted(codes)}: {done.err.strip()[:300]!r}")
    if done.code > 0:
        check_message(t, what, done, kind, words)
    for file, content in command.inputs.items():
        t.check(file in f.names() and f.read(file) == material[content], what, f"input {file} has changed")
    hidden, killed = check_made(t, f, what, command, material, done), done.code < 0 and how == "kill"
    if kind != "unlink" and not killed:
        t.check(not hidden, what, f"left over: {hidden}")
    if killed or kind == "unlink":
        f.clear(*command.made)
        again = command.run_in(f, material)
        whole = again.code == OK and all(f.read(file) == material[c] for file, c in command.made.items())
        t.check(whole, what, f"once more: {again.code} {again.err.strip()}")
        t.check(kind == "unlink" or not [x for x in f.names() if x.startswith(".s.h5")], what,
                f"once more: left over {f.names()}")
    f.clear(*f.names())


def break_command(t, f, name):
    """Each kind of call that the command makes fails, at some places or at all."""
    material, faults, calls = materials(), [], {}
    for fault in KINDS:
        kind = fault[0]
        if COMMANDS[name].reads_only and kind in ("write", "fsync", "rename", "ftruncate", "lock", "unlink"):
            continue
        if kind not in calls:
            calls[kind] = count_calls(t, f, name, material, kind)
        most = MOST if kind not in ("alloc", "any") else 3 * MOST
        faults += [(fault, n) for n in places(t, calls[kind], most)]
    t.random.shuffle(faults)
    faults.sort(key=lambda x: x[0][0] == "alloc-any")  # there are so many of them
    tried = 0
    for fault, n in faults:
        if SOAK and t.seconds() > SOAK:
            break
        break_once(t, f, name, material, fault, n)
        tried += 1
    print(f"{name}: {tried} of {len(faults)} faults, seed {SEED}")


# ---- the world itself ----


def full_disk(t, f):
    """A small file system of its own: as it fills up, at any place, 74 and nothing left."""
    text, place = reads(8000, seed=23), f / "disk"
    os.mkdir(place)
    f.write("a.fq", text)
    run("ingest", "-q", "-o", f / "good.h5", f / "a.fq")
    size = os.path.getsize(f / "good.h5")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place],
                      stderr=subprocess.DEVNULL).returncode:
        return t.skip("full disk: mount is not permitted")
    try:
        codes = set()
        for part in [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0, 1.01, 1.03, 1.1, 1.5]:
            pages = max(2, int(size * part) // 4096)
            subprocess.run(["mount", "-o", f"remount,size={pages * 4096}", place], check=True)
            what = f"a disk of {pages} pages for a store of {size / 4096:.1f}"
            done = run("ingest", "-q", "-o", f / "disk/s.h5", f / "a.fq")
            codes.add(done.code)
            t.check(done.code in (OK, IOERR), what, f"exit code {done.code}: {done.err.strip()}")
            if done.code == OK:
                t.check(run("verify", "-q", f / "disk/s.h5").code == OK, what, "does not verify")
                os.unlink(f / "disk/s.h5")
            else:
                t.check("No space left" in done.err and done.err.count("\n") == 1, what, done.err.strip())
            t.check(os.listdir(place) == [], what, f"left over: {os.listdir(place)}")
        t.check(codes == {OK, IOERR}, "full disk", f"exit codes {codes}")
        subprocess.run(["mount", "-o", "remount,size=512k", place], check=True)
        for out in (["-o", f / "disk/out.fq"], ["-o", f / "disk/out.fq.gz"]):
            done = run("export", "-q", f / "good.h5", *out)
            check_refusal(t, f"export {out[1]} to a full disk", done, ["No space left"], (IOERR,))
            t.check(os.listdir(place) == [], "export to a full disk", f"left over: {os.listdir(place)}")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        check_refusal(t, "ingest to a read-only disk", run("ingest", "-q", "-o", f / "disk/s.h5", f / "a.fq"),
                      ["s.h5", "Read-only"], (CANTCREAT,))
        check_refusal(t, "export to a read-only disk", run("export", "-q", f / "good.h5", "-o", f / "disk/x"),
                      ["x", "Read-only"], (CANTCREAT,))
        subprocess.run(["mount", "-o", "remount,rw,size=64m", place], check=True)
        shutil.copy(f / "good.h5", f / "disk/s.h5")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        t.check(run("export", "-q", f / "disk/s.h5").out == text, "export from a read-only disk")
        t.check(run("verify", "-q", f / "disk/s.h5").code == OK, "verify on a read-only disk")
    finally:
        subprocess.run(["umount", place])


def no_rights(t, f):
    text = reads(20, seed=24)
    f.write("a.fq", text)
    run("ingest", "-q", "-o", f / "s.h5", f / "a.fq")
    os.mkdir(f / "locked")
    os.chmod(f / "locked", 0o555)
    f.write("secret.fq", text)
    os.chmod(f / "secret.fq", 0o000)
    who = {"program": for_all(f.path)}
    if os.getuid() == 0:
        who |= {"user": 65534, "group": 65534, "extra_groups": []}
    check_refusal(t, "ingest to a read-only folder",
                  run("ingest", "-q", "-o", f / "locked/s.h5", f / "a.fq", **who), ["s.h5", "denied"],
                  (CANTCREAT,))
    check_refusal(t, "export to a read-only folder",
                  run("export", "-q", f / "s.h5", "-o", f / "locked/x", **who), ["denied"], (CANTCREAT,))
    check_refusal(t, "an input without rights",
                  run("ingest", "-q", "-o", "/tmp/never.h5", f / "secret.fq", **who), ["secret.fq", "denied"],
                  (NOINPUT,))
    t.check(run("export", "-q", f / "s.h5", **who).out == text, "export of another user's store")
    t.check(run("verify", "-q", f / "s.h5", **who).code == OK, "verify of another user's store")
    t.check(os.listdir(f / "locked") == [], "a read-only folder")
    os.chmod(f / "secret.fq", 0o644)


def file_size_limit(t, f):
    text = reads(8000, seed=25)
    f.write("a.fq", text)
    run("ingest", "-q", "-o", f / "good.h5", f / "a.fq")
    before = f.names()
    for limit in (0, 4096, 50000, 300000):
        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        done = run("ingest", "-q", "-o", f / "s.h5", f / "a.fq", preexec_fn=limited)
        check_refusal(t, f"ingest with files limited to {limit} bytes", done, ["s.h5"], (IOERR,))
        t.check(f.names() == before, f"ingest with files limited to {limit} bytes", f"left over: {f.names()}")
        f.clear("s.h5", ".s.h5.part")
        done = run("export", "-q", f / "good.h5", "-o", f / "out.fq", preexec_fn=limited)
        check_refusal(t, f"export with files limited to {limit} bytes", done, [], (IOERR,))
        t.check(f.names() == before, f"export with files limited to {limit} bytes", f"left over: {f.names()}")
        for name in set(f.names()) - set(before):
            f.clear(name)


def memory_limit(t, f):
    """A limit on address space: 71 or a store, from too little to start with to enough."""
    f.write("a.fq", reads(20000, seed=26))
    before, codes = f.names(), []
    for megabytes in (150, 200, 250, 300, 350, 400, 500, 600, 800, 1200):
        def limited():
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        done = run("ingest", "-q", "-@", 2, "-o", f / "s.h5", f / "a.fq", preexec_fn=limited)
        if done.code == 127:
            continue  # not even the libraries fit
        codes.append(done.code)
        t.check(done.code in (OK, OSERR), f"{megabytes} MiB of address space",
                f"exit code {done.code}: {done.err.strip()[:200]}")
        if done.code == OK:
            t.check(run("verify", "-q", f / "s.h5").code == OK, f"{megabytes} MiB of address space",
                    "does not verify")
            f.clear("s.h5")
        t.check(f.names() == before, f"{megabytes} MiB of address space", f"left over: {f.names()}")
        f.clear("s.h5", ".s.h5.part")
    print(f"address space limits: exit codes {codes}")


def closed_pipes(t, f):
    f.write("a.fq", reads(20000, seed=27))
    run("ingest", "-q", "-o", f / "s.h5", f / "a.fq")
    for words in (["export", f / "s.h5"], ["export", "-q", "-@", "1", f / "s.h5", "-o", "/dev/stdout"],
                  ["export", "-q", f / "s.h5", "-o", "-"]):
        p = subprocess.Popen([VIAL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.read(10)
        p.stdout.close()
        err = p.stderr.read().decode()
        t.check((p.wait(60), err) == (-signal.SIGPIPE, ""), f"{words[0]} {words[-1]} | head -c 10",
                f"ends with {p.returncode}, not quietly by SIGPIPE: {err[:300]!r}")
    for words in (["verify", f / "s.h5"], ["info", f / "s.h5"], ["info", "--json", f / "s.h5"], ["help"]):
        r, w = os.pipe()
        os.close(r)
        with os.fdopen(w, "wb") as pipe:
            done = run(*words, stdout=pipe)
        t.check((done.code, done.err) == (-signal.SIGPIPE, ""), f"{words[0]} to a closed pipe",
                f"ends with {done.code}, not quietly by SIGPIPE: {done.err[:300]!r}")
        done = run(*words, stdout=None, preexec_fn=lambda: os.close(1))
        check_refusal(t, f"{words[0]} without standard output", done, ["rite"], (IOERR,))
    t.check(f.names() == ["a.fq", "s.h5"], "closed pipes", f"left over: {f.names()}")
    for fds in ((0,), (1,), (2,), (0, 1, 2)):  # started with standard streams closed
        def close_them():
            for fd in fds:
                os.close(fd)
        p = subprocess.Popen([VIAL, "ingest", "--progress=json", "-@", "1", "-o", f / "c.h5", f / "a.fq"],
                             preexec_fn=close_them,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        t.check(p.wait(60) == OK, f"started without descriptors {fds}", f"exit code {p.returncode}")
        t.check(os.path.exists(f / "c.h5") and run("verify", "-q", f / "c.h5").code == OK,
                f"started without descriptors {fds}", "no whole store")
        f.clear("c.h5", ".c.h5.part")


class Feeder:
    """An ingest from a pipe that is kept open: it has begun its store and waits for more."""

    def __init__(self, f, text, *options, env=None):
        self.text, self.done_bytes = text, 1 << 20
        self.p = subprocess.Popen([VIAL, "ingest", "-q", *options, "-o", f / "s.h5", "-"],
                                  stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, **(env or {})})
        self.p.stdin.write(text[:self.done_bytes])
        self.p.stdin.flush()

    def finish(self):
        try:
            err = self.p.communicate(self.text[self.done_bytes:], timeout=patient(60))[1]
        except BrokenPipeError:
            err = self.p.stderr.read()
        return Done(self.p.returncode, b"", err.decode())


def wait_for(path, seconds=20):
    until = time.monotonic() + patient(seconds)
    while not os.path.exists(path):
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def two_at_once(t, f):
    text, other = reads(9000, seed=28), reads(9000, seed=29)
    f.write("b.fq", other)
    first = Feeder(f, text)
    t.check(wait_for(f / ".s.h5.part"), "two at once", "the first makes no temporary file")
    for options in ([], ["--force"]):
        done = run("ingest", "-q", *options, "-o", f / "s.h5", f / "b.fq")
        check_refusal(t, "two at once", done, ["s.h5", "another vial"], (TEMPFAIL,))
    done = first.finish()
    t.check(done.code == OK and run("export", "-q", f / "s.h5").out == text, "the first of two", done.err)
    f.clear("s.h5")
    # a dead one's file hinders nobody
    first = Feeder(f, text)
    wait_for(f / ".s.h5.part")
    first.p.kill()
    first.p.communicate()
    t.check(run("ingest", "-q", "-o", f / "s.h5", f / "b.fq").code == OK and f.names() == ["b.fq", "s.h5"],
            "after one that was killed", f.names())
    f.clear("s.h5")
    # a store that came while this one was being made is not replaced
    first = Feeder(f, text)
    wait_for(f / ".s.h5.part")
    f.write("s.h5", b"somebody else's")
    check_refusal(t, "the name is taken meanwhile", first.finish(), ["s.h5", "exists"], (CANTCREAT,))
    t.check(f.read("s.h5") == b"somebody else's" and f.names() == ["b.fq", "s.h5"],
            "the name is taken meanwhile", f"{f.names()}")
    f.clear("s.h5")
    # the second has opened the first one's temporary file when the first publishes it, or drops it
    for ending in ("publishes", "fails"):
        first = Feeder(f, text)
        wait_for(f / ".s.h5.part")
        outcome = []
        second = threading.Thread(target=lambda: outcome.append(run("ingest", "-q", "--force", "-o",
                                                                    f / "s.h5", f / "b.fq", timeout=60,
                                                                   env=env_of(f, "lock", "wait",
                                                                              1))))
        second.start()
        t.check(wait_for(f / "told"), f"two at once, the first {ending}",
                "the second does not come to its lock")
        if ending == "fails":
            first.text = first.text[:-9]
        done = first.finish()
        t.check(done.code == (OK if ending == "publishes" else DATA), f"the first {ending}", done.err)
        published = f.read("s.h5") if ending == "publishes" else None
        f.write("gate", b"")
        second.join()
        what = f"two at once, the second holds the file that the first {ending}"
        t.check(outcome[0].code in (OK, TEMPFAIL), what,
                f"the second: {outcome[0].code} {outcome[0].err.strip()}")
        if os.path.exists(f / "s.h5"):
            verify = run("verify", "-q", f / "s.h5")
            t.check(verify.code == OK, what, f"the store: {verify.err.strip()}")
            t.check(run("export", "-q", f / "s.h5").out in (text, other), what,
                    "the store holds neither text")
            t.check(outcome[0].code == OK or f.read("s.h5") == published, what,
                    "the second has changed the published store")
        else:
            t.check(ending == "fails" and outcome[0].code, what, "no store")
        f.clear("s.h5", "told", "gate", "count")
        t.check(f.names() == ["b.fq"], what, f"left over: {f.names()}")
        f.clear(".s.h5.part")


if __name__ == "__main__":
    materials()
    main(full_disk, no_rights, file_size_limit, memory_limit, closed_pipes, two_at_once,
         *(Part(f"calls of {name}", break_command, (name,)) for name in COMMANDS))
