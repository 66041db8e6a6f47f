"""
What the world does wrong: the n-th allocation, read, write, sync, rename ... fails, for n = 1, 2, 3 until the command does
not come so far; full disks, read-only folders, closed pipes, two at once.

Whatever happens: a documented exit code and one line that names the trouble, no death by a signal, no store that does not
verify, no temporary file left behind, an older store untouched. faults.c makes the calls fail. Of each kind a few places
are drawn (the seed is printed); VIAL_SOAK=seconds tries all places, in random order, for that long.

Suites: faults.
"""
import random
import resource
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from vialtest import *

HERE = os.path.dirname(os.path.abspath(__file__))
MOST = 10 ** 9 if SOAK else int(os.environ.get("VIAL_FAULTS", 5))  # places tried of one kind in one command
WORKERS = max(2, os.cpu_count() or 1)
seed = int(os.environ.get("VIAL_SEED", random.randrange(1 << 30)))
t = Tally()

ANYTHING = DOCUMENTED - {SOFTWARE}
# kind, how, exit codes that are right, words of the message
KINDS = [
    ("alloc", "ENOMEM", {OK, OSERR}, ()),  # 0 where it could do without, with the same result
    # libraries crash or leave without memory; the guard around the work then says so in one line, with 70 or 71
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
    ("thread", "EAGAIN", {OK, OSERR}, ()),
    ("any", "kill", {-signal.SIGKILL}, ()),
]


class Command:
    """A command to break: its words ({} stands for its own folder), what it makes and from what, files it may leave."""

    def __init__(self, name, words, inputs, made, old=None, reads_only=False):
        self.name, self.words, self.inputs, self.made, self.old, self.reads_only = name, words, inputs, made, old or {}, reads_only

    def run_in(self, f, env=None):
        for name, data in chain(self.inputs.items(), self.old.items()):
            f.write(name, data)
        return run(*(str(word).replace("{}", f.path) for word in self.words), env=env, timeout=60)


def env_of(library, f, kind, how, n):
    return {"LD_PRELOAD": library, "FAULT_KIND": kind, "FAULT_HOW": how, "FAULT_N": str(n), "FAULT_TOLD": f / "told",
            "FAULT_COUNT": f / "count", "FAULT_GATE": f / "gate"}


def count_calls(command, library, kind):
    with Folder() as f:
        done = command.run_in(f, env_of(library, f, kind, "EIO", 0))
        t.check(done.code == OK, f"{command.name} under the library", f"{done.code} {done.err}")
        return os.path.getsize(f / "count") if os.path.exists(f / "count") else 0


def places(total, most, what):
    if total <= most:
        return list(range(1, total + 1))
    rng = random.Random(f"{seed} {what}")
    return sorted({1, 2, total} | set(rng.sample(range(1, total + 1), max(1, most - 3))))


def break_once(job):
    """Breaks the command once: a list of (good, what, detail)."""
    command, library, kind, how, codes, words, n = job
    what, said = f"{command.name}, {kind} {n} {how}", []

    def say(good, detail):
        said.append((good, what, detail))

    with Folder() as f:
        done = command.run_in(f, env_of(library, f, kind, how, n))
        reached = os.path.exists(f / "told")
        f.clear("told", "count")
        say(done.code in codes or (done.code == OK and not reached), f"exit code {done.code}, expected {sorted(codes)}: {done.err.strip()[:300]!r}")
        if done.code > 0:
            # without memory or threads, HDF5 and OpenMP's runtime say lines of their own before ours
            theirs = kind in ("alloc-any", "thread")
            ours = [line for line in done.err.splitlines() if line.startswith("vial: ") or not theirs]
            say(len(ours) == 1 and ours[0].startswith("vial: "), f"not one line: {done.err[:300]!r}")
            say(not words or any(word in done.err for word in words), f"message lacks {words}: {done.err.strip()[:300]!r}")
        for name, data in command.inputs.items():
            say(name in f.names() and f.read(name) == data, f"input {name} has changed")
        there = {name: f.read(name) for name in f.names() if name not in command.inputs}
        hidden = sorted(name for name in there if name not in command.made)
        killed = done.code < 0
        if kind != "unlink" and not (killed and how == "kill"):
            say(not hidden, f"left over: {hidden}")
        for name, data in command.made.items():
            if name in there:
                say(there[name] in (data, command.old.get(name)), f"{name} is neither as it was nor as it is to be; exit code {done.code}")
            else:
                say(name not in command.old, f"{name} is gone")
                say(done.code != OK, f"exit code 0, but no {name}")
        if done.code == OK:
            say(all(there.get(name) == data for name, data in command.made.items()), "exit code 0, but another result")
        if killed and how == "kill" or kind == "unlink":
            for name in command.made:
                f.clear(name)
            again = command.run_in(f)
            say(again.code == OK and all(f.read(name) == data for name, data in command.made.items()), f"once more: {again.code} {again.err.strip()}")
            say(kind == "unlink" or not [x for x in f.names() if x.startswith(".s.h5")], f"once more: left over {f.names()}")
    return said


def break_all(commands, library):
    jobs = []
    for command in commands:
        for kind, how, codes, words in KINDS:
            if command.reads_only and kind in ("write", "fsync", "rename", "ftruncate", "lock", "unlink"):
                continue
            total = count_calls(command, library, kind)
            most = MOST if kind not in ("alloc", "any") else 3 * MOST
            jobs += [(command, library, kind, how, codes, words, n) for n in places(total, most, f"{command.name} {kind}")]
    random.Random(seed).shuffle(jobs)
    jobs.sort(key=lambda job: job[2] == "alloc-any")  # there are so many of them
    until, tried = t.seconds() + SOAK, 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for at in range(0, len(jobs), 64):
            for said in pool.map(break_once, jobs[at:at + 64]):
                tried += 1
                for good, what, detail in said:
                    t.check(good, what, detail)
            if SOAK and t.seconds() > until:
                break
    print(f"{tried} of {len(jobs)} faults in {len(commands)} commands, seed {seed}")


def commands(f):
    text, one, two = reads(40, seed=20), reads(30, seed=21, mate=1, style="slash"), reads(30, seed=21, mate=2, style="slash", ragged=True)
    large = reads(11000, seed=22, ragged=True)
    files = {"a.fq": text, "R1.fq.gz": gzip(one), "R2.fq.bgz": bgzf(two, 3000), "large.fq": large, "a.zst": zstd(text)}
    for name, data in files.items():
        f.write(name, data)

    def made(*words):
        done = run("ingest", "-q", "-o", f / "s.h5", *words)
        t.check(done.code == OK, f"ingest {words}", done.err)
        data = f.read("s.h5")
        f.clear("s.h5")
        return data

    single, pair, big = made(f / "a.fq"), made(f / "R1.fq.gz", f / "R2.fq.bgz"), made("--profile", "portable", f / "large.fq")
    row = made(f"{f / 'a.zst'},{f / 'a.fq'}")
    page = run("report", "-q", "--verify", f.write("in.h5", pair)).out
    f.clear("in.h5")

    def pick(*names):
        return {name: files[name] for name in names}

    return [
        Command("ingest", ["ingest", "-q", "-@", 1, "-o", "{}/s.h5", "{}/a.fq"], pick("a.fq"), {"s.h5": single}),
        Command("ingest of pairs over a store", ["ingest", "-q", "-@", 2, "--force", "-o", "{}/s.h5", "{}/R1.fq.gz", "{}/R2.fq.bgz"],
                pick("R1.fq.gz", "R2.fq.bgz"), {"s.h5": pair}, {"s.h5": single}),
        Command("ingest of files in a row", ["ingest", "-q", "-@", 1, "-o", "{}/s.h5", "{}/a.zst,{}/a.fq"], pick("a.zst", "a.fq"), {"s.h5": row}),
        Command("ingest of more", ["ingest", "-q", "-@", 2, "--profile", "portable", "-o", "{}/s.h5", "{}/large.fq"], pick("large.fq"), {"s.h5": big}),
        Command("export", ["export", "-q", "-@", 1, "{}/in.h5", "-o", "{}/out.fq"], {"in.h5": single}, {"out.fq": text}),
        Command("export of pairs", ["export", "-q", "-@", 2, "--force", "{}/in.h5", "-1", "{}/1.fq", "-2", "{}/2.fq"], {"in.h5": pair},
                {"1.fq": one, "2.fq": two}, {"2.fq": b"old"}),
        # no text to compare with: what cannot be read must not count as absent
        Command("export of pairs in turn", ["export", "-q", "-@", 1, "{}/in.h5", "-o", "{}/out.fq"], {"in.h5": pair}, {"out.fq": interleave(one, two)}),
        Command("verify", ["verify", "-q", "-@", 1, "{}/in.h5"], {"in.h5": pair}, {}, reads_only=True),
        Command("info", ["info", "--json", "{}/in.h5"], {"in.h5": big}, {}, reads_only=True),
        Command("report over a page", ["report", "-q", "--verify", "-@", 1, "--force", "{}/in.h5", "-o", "{}/p.html"],
                {"in.h5": pair}, {"p.html": page}, {"p.html": b"old"}),
    ]


# ---- the world itself ----


def full_disk(f):
    """A small file system of its own: as it fills up, at any place, 74 and nothing left."""
    text, place = reads(8000, seed=23), f / "disk"
    os.mkdir(place)
    f.write("a.fq", text)
    run("ingest", "-q", "-o", f / "good.h5", f / "a.fq")
    size = os.path.getsize(f / "good.h5")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place], stderr=subprocess.DEVNULL).returncode:
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
        check_refusal(t, "ingest to a read-only disk", run("ingest", "-q", "-o", f / "disk/s.h5", f / "a.fq"), ["s.h5", "Read-only"], (CANTCREAT,))
        check_refusal(t, "export to a read-only disk", run("export", "-q", f / "good.h5", "-o", f / "disk/x"), ["x", "Read-only"], (CANTCREAT,))
        subprocess.run(["mount", "-o", "remount,rw,size=64m", place], check=True)
        shutil.copy(f / "good.h5", f / "disk/s.h5")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        t.check(run("export", "-q", f / "disk/s.h5").out == text, "export from a read-only disk")
        t.check(run("verify", "-q", f / "disk/s.h5").code == OK, "verify on a read-only disk")
    finally:
        subprocess.run(["umount", place])


def no_rights(f):
    text = reads(20, seed=24)
    f.write("a.fq", text)
    run("ingest", "-q", "-o", f / "s.h5", f / "a.fq")
    os.mkdir(f / "locked")
    os.chmod(f / "locked", 0o555)
    os.chmod(f.path, 0o755)
    f.write("secret.fq", text)
    os.chmod(f / "secret.fq", 0o000)
    who = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    try:
        if run("version", **who).code:
            return t.skip("read-only folder: another user cannot run the program")
    except (PermissionError, OSError):
        return t.skip("read-only folder: another user cannot run the program")
    check_refusal(t, "ingest to a read-only folder", run("ingest", "-q", "-o", f / "locked/s.h5", f / "a.fq", **who), ["s.h5", "denied"], (CANTCREAT,))
    check_refusal(t, "export to a read-only folder", run("export", "-q", f / "s.h5", "-o", f / "locked/x", **who), ["denied"], (CANTCREAT,))
    check_refusal(t, "an input without rights", run("ingest", "-q", "-o", "/tmp/never.h5", f / "secret.fq", **who), ["secret.fq", "denied"], (NOINPUT,))
    t.check(run("export", "-q", f / "s.h5", **who).out == text, "export of another user's store")
    t.check(run("verify", "-q", f / "s.h5", **who).code == OK, "verify of another user's store")
    t.check(os.listdir(f / "locked") == [], "a read-only folder")
    os.chmod(f / "secret.fq", 0o644)


def file_size_limit(f):
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


def memory_limit(f):
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
        t.check(done.code in (OK, OSERR), f"{megabytes} MiB of address space", f"exit code {done.code}: {done.err.strip()[:200]}")
        if done.code == OK:
            t.check(run("verify", "-q", f / "s.h5").code == OK, f"{megabytes} MiB of address space", "does not verify")
            f.clear("s.h5")
        t.check(f.names() == before, f"{megabytes} MiB of address space", f"left over: {f.names()}")
        f.clear("s.h5", ".s.h5.part")
    print(f"address space limits: exit codes {codes}")


def closed_pipes(f):
    f.write("a.fq", reads(20000, seed=27))
    run("ingest", "-q", "-o", f / "s.h5", f / "a.fq")
    for words in (["export", f / "s.h5"], ["export", "-q", "-@", "1", f / "s.h5", "-o", "/dev/stdout"], ["export", "-q", f / "s.h5", "-o", "-"]):
        p = subprocess.Popen([VIAL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.read(10)
        p.stdout.close()
        err = p.stderr.read().decode()
        check_refusal(t, f"{words[0]} {words[-1]} | head -c 10", Done(p.wait(60), b"", err), ["pipe closed"], (IOERR,))
    for words in (["verify", f / "s.h5"], ["info", f / "s.h5"], ["info", "--json", f / "s.h5"], ["help"]):
        r, w = os.pipe()
        os.close(r)
        with os.fdopen(w, "wb") as pipe:
            done = run(*words, stdout=pipe)
        check_refusal(t, f"{words[0]} to a closed pipe", done, ["rite"], (IOERR,))
    t.check(f.names() == ["a.fq", "s.h5"], "closed pipes", f"left over: {f.names()}")
    for fds in ((0,), (1,), (2,), (0, 1, 2)):  # started with standard streams closed
        def close_them():
            for fd in fds:
                os.close(fd)
        p = subprocess.Popen([VIAL, "ingest", "--progress=json", "-@", "1", "-o", f / "c.h5", f / "a.fq"], preexec_fn=close_them,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        t.check(p.wait(60) == OK, f"started without descriptors {fds}", f"exit code {p.returncode}")
        t.check(os.path.exists(f / "c.h5") and run("verify", "-q", f / "c.h5").code == OK, f"started without descriptors {fds}", "no whole store")
        f.clear("c.h5", ".c.h5.part")


class Feeder:
    """An ingest from a pipe that is kept open: it has begun its store and waits for more."""

    def __init__(self, f, text, *options, env=None):
        self.text, self.done_bytes = text, 1 << 20
        self.p = subprocess.Popen([VIAL, "ingest", "-q", *options, "-o", f / "s.h5", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, **(env or {})})
        self.p.stdin.write(text[:self.done_bytes])
        self.p.stdin.flush()

    def finish(self):
        try:
            err = self.p.communicate(self.text[self.done_bytes:], timeout=60)[1]
        except BrokenPipeError:
            err = self.p.stderr.read()
        return Done(self.p.returncode, b"", err.decode())


def wait_for(path, seconds=20):
    until = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def two_at_once(f, library):
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
    t.check(os.path.exists(f / ".s.h5.part"), "killed", "no temporary file is left")
    t.check(run("ingest", "-q", "-o", f / "s.h5", f / "b.fq").code == OK and f.names() == ["b.fq", "s.h5"], "after one that was killed", f.names())
    f.clear("s.h5")
    # a store that came while this one was being made is not replaced
    first = Feeder(f, text)
    wait_for(f / ".s.h5.part")
    f.write("s.h5", b"somebody else's")
    check_refusal(t, "the name is taken meanwhile", first.finish(), ["s.h5", "exists"], (CANTCREAT,))
    t.check(f.read("s.h5") == b"somebody else's" and f.names() == ["b.fq", "s.h5"], "the name is taken meanwhile", f"{f.names()}")
    f.clear("s.h5")
    if not library:
        return
    # the second has opened the first one's temporary file when the first publishes it, or drops it
    for ending in ("publishes", "fails"):
        first = Feeder(f, text)
        wait_for(f / ".s.h5.part")
        outcome = []
        second = threading.Thread(target=lambda: outcome.append(run("ingest", "-q", "--force", "-o", f / "s.h5", f / "b.fq", timeout=60,
                                                                   env=env_of(library, f, "lock", "wait", 1))))
        second.start()
        t.check(wait_for(f / "told"), f"two at once, the first {ending}", "the second does not come to its lock")
        if ending == "fails":
            first.text = first.text[:-9]
        done = first.finish()
        t.check(done.code == (OK if ending == "publishes" else DATA), f"the first {ending}", done.err)
        published = f.read("s.h5") if ending == "publishes" else None
        f.write("gate", b"")
        second.join()
        what = f"two at once, the second holds the file that the first {ending}"
        t.check(outcome[0].code in (OK, TEMPFAIL), what, f"the second: {outcome[0].code} {outcome[0].err.strip()}")
        if os.path.exists(f / "s.h5"):
            verify = run("verify", "-q", f / "s.h5")
            t.check(verify.code == OK, what, f"the store: {verify.err.strip()}")
            t.check(run("export", "-q", f / "s.h5").out in (text, other), what, "the store holds neither text")
            t.check(outcome[0].code == OK or f.read("s.h5") == published, what, "the second has changed the published store")
        else:
            t.check(ending == "fails" and outcome[0].code, what, "no store")
        f.clear("s.h5", "told", "gate", "count")
        t.check(f.names() == ["b.fq"], what, f"left over: {f.names()}")
        f.clear(".s.h5.part")


need_vial()
with Folder() as folder:
    library = folder / "faults.so"
    built = subprocess.run([*os.environ.get("CC", "cc").split(), "-D_GNU_SOURCE", "-std=gnu11", "-O1", "-shared", "-fPIC", "-o", library, f"{HERE}/faults.c", "-ldl"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) if shutil.which(os.environ.get("CC", "cc").split()[0]) else None
    if not built or built.returncode:
        t.skip("failing calls: faults.c cannot be built here")
        library = None
    for part in (full_disk, no_rights, file_size_limit, memory_limit, closed_pipes):
        with Folder() as f:
            part(f)
    with Folder() as f:
        two_at_once(f, library)
    if library:
        with Folder() as f:
            break_all(commands(f), library)
t.end()
