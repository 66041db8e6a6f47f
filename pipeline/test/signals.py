"""
Signals as people send them: Ctrl-C on a real terminal (a pty whose foreground group is vial's), kill of the
process that a shell knows, kill of the whole group. One is one: running items finish, no more are started; a
second one stops those at work too. Batches, nights, and a plain ingest.

Suites: banks.
"""
import errno
import fcntl
import glob
import os
import pty
import signal
import subprocess
import termios
import time

from banktest import Bank, check_whole, sheet
from fqmodel import reads
from vialtest import OK, TEMPFAIL, VIAL, Part, main, patient

INBOX = "\n[inbox seq]\npath = {}\nsettle = 0s\n"


class Terminal:
    """vial on a terminal of its own, as a shell starts it: first process of the foreground group."""

    def __init__(self, *args):
        self.master, slave = pty.openpty()

        def take():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen([VIAL, *map(str, args)], stdin=slave, stdout=slave, stderr=slave,
                                        preexec_fn=take)
        os.close(slave)

    def ctrl_c(self):
        os.write(self.master, b"\x03")

    def end(self):
        """Exit code, and all that stood on the terminal."""
        text = b""
        while True:
            try:
                piece = os.read(self.master, 4096)
            except OSError as e:  # EIO: nobody has the other side any more
                if e.errno != errno.EIO:
                    raise
                break
            if not piece:
                break
            text += piece
        os.close(self.master)
        return self.process.wait(patient(60)), text.decode("utf-8", "replace")


class Piped:
    """vial without a terminal, in a group of its own."""

    def __init__(self, *args):
        self.process = subprocess.Popen([VIAL, *map(str, args)], stderr=subprocess.PIPE,
                                        start_new_session=True)

    def kill(self):
        self.process.send_signal(signal.SIGINT)

    def kill_group(self):
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self):
        return self.process.wait(patient(60)), self.process.stderr.read().decode()


def can_be_done(t, way):
    try:
        if way == "terminal":
            for end in pty.openpty():
                os.close(end)
    except OSError as e:
        t.skip(f"no terminal can be made here: {e}")
        return False
    return True


WAYS = {"terminal": (Terminal, Terminal.ctrl_c), "kill": (Piped, Piped.kill),
        "group": (Piped, Piped.kill_group)}


def wait_for(pattern):
    end = time.monotonic() + patient(60)
    while not glob.glob(pattern) and time.monotonic() < end:
        time.sleep(0.002)
    return bool(glob.glob(pattern))


def scene(f, night):
    """A bank, and what is to come in: BIG first, then two small ones."""
    os.mkdir(f / "in")
    bank = Bank(f, settings=INBOX.format(f / "in") if night else "")
    f.write("in/BIG.fastq", reads(600000, 5, length=150))
    for i in range(2):
        f.write(f"in/Z{i}.fastq", reads(50, i))
    rows = [(n, f / f"in/{n}.fastq", "") for n in ("BIG", "Z0", "Z1")]
    more = ["-v"] if night else ["--sheet", sheet(f, "s.csv", rows)]
    return bank, ["nightly" if night else "ingest", "-b", bank.path, "--jobs", "1", "-@", "1", *more]


def stop(t, f, way, night, times):
    if not can_be_done(t, way):
        return
    bank, args = scene(f, night)
    kind, send = WAYS[way]
    run = kind(*args)
    t.check(wait_for(bank / "samples/*/BIG/.*.part"), "the large item is at work")
    for i in range(times):
        if i:
            time.sleep(0.15)
        send(run)
    code, text = run.end()
    what = f"{way}, {'night' if night else 'batch'}, {times} x"
    want = ("1 published", "2 not started") if times == 1 else ("0 published",
                                                                "1 stopped at work, 2 not started")
    t.check(code == TEMPFAIL and all(w in text for w in want), f"{what}: {want}", f"{code} {text[-400:]}")
    t.check("stopping: 1 under way is finished" in text, f"{what}: it says what it does", text[-400:])
    t.check(len(bank.ls()) == (times == 1), f"{what}: what is in the bank", str(bank.ls()))
    t.check(not [x for x in bank.leftovers() if "part" in x], f"{what}: nothing half is left",
            str(bank.leftovers()))
    t.check(not bank.quarantine(), f"{what}: nobody was refused", str(bank.quarantine()))
    check_whole(t, bank, what)
    done = bank.run("nightly") if night else bank.run("ingest", "--sheet", f / "s.csv")
    t.check(done.code == OK and len(bank.ls()) == 3 and not bank.leftovers(), f"{what}: a plain re-run",
            done.err)


def plain(t, f, way):
    """A store of one's own: it is stopped at once, says so, and leaves nothing."""
    if not can_be_done(t, way):
        return
    f.write("BIG.fastq", reads(150000, 5, length=150))
    kind, send = WAYS[way]
    run = kind("ingest", "-@", "1", "-o", f / "x.h5", f / "BIG.fastq")
    t.check(wait_for(f / ".x.h5.part"), "the store is on its way")
    time.sleep(0.1)  # the guard hears of the file a moment after it is there
    send(run)
    code, text = run.end()
    t.check(code == -signal.SIGINT and text.count("stopped (Interrupt); nothing was left behind") == 1,
            f"{way}: a plain ingest says that it was stopped", f"{code} {text[-300:]}")
    t.check(f.names() == ["BIG.fastq"], f"{way}: nothing is left", str(f.names()))


if __name__ == "__main__":
    main(*(Part(f"{way} {'night' if night else 'batch'} {times}", stop, (way, night, times))
           for way in WAYS for night in (False, True) for times in (1, 2)),
         *(Part(f"plain {way}", plain, (way,)) for way in WAYS))
