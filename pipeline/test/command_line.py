"""
What the command line says: progress on terminals of any width and as JSON, what was meant by a slip, why a
file is not found, a sheet on standard input, one item and one error.

Suites: cmd.
"""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

from banktest import Bank, sheet
from fqmodel import reads
from vialtest import DATA, NOINPUT, OK, USAGE, VIAL, main, run


def on_terminal(columns, *args):
    """Exit code, and all that a terminal of so many columns got."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([VIAL, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    return child.wait(), said.decode()


def terminals(t, f):
    text = reads(400000, seed=1)
    a = f.write("a.fq", text)
    bank = Bank(f)
    bars = 0
    for i, columns in enumerate((20, 45, 79, 200)):
        for what, words in (("a store", ("--force", "-o", f / "s.h5")),
                            ("a bank", ("-b", bank.path, "-s", f"S{i}", "--same-data", "-j", 1))):
            code, said = on_terminal(columns, "ingest", "-@", 1, *words, a)
            what = f"{what}, {columns} columns"
            t.check(code == OK, what, said)
            shown = [x for x in re.split("\r\x1b\\[K", said)[1:] if x and "\n" not in x]
            t.check(all(len(x) < columns for x in shown), f"{what}: a line wraps", shown)
            cleared = not shown or said.rfind("\r\x1b[K") > said.rfind(shown[-1])
            t.check(cleared, f"{what}: a bar is left", said)
            bars += len(shown)
    t.check(bars, "some progress was shown")


def as_json(t, f):
    a = f.write("a.fq", reads(2000, seed=1))
    done = run("ingest", "-q", "-o", f / "x.h5", a)
    t.check(done.err == "", "-q is quiet", done.err)
    done = run("ingest", "--progress", "json", "-o", f / "s.h5", a)
    lines = [json.loads(x) for x in done.err.splitlines() if x.startswith("{")]
    last = {x["step"]: x for x in lines}
    t.check(set(last) == {"ingest", "verify"}, "both steps", lines)
    for step, x in last.items():
        t.check(x["bytes"] == x["total"], f"{step} says that it came to its end", x)


def slips(t, f):
    a = f.write("a.fq", reads(3))
    run("ingest", "-q", "-o", f / "s.h5", a)
    for words, part in ((["viw"], "did you mean 'view'?"), (["ingets"], "did you mean 'ingest'?"),
                        (["view", "--colums", "x"], "did you mean '--columns'?"),
                        (["ingest", "--interleafed=1"], "did you mean '--interleaved'?"),
                        (["view", f / "s.h5", "--columns", "nmae"], "did you mean 'name'?"),
                        (["view", f / "s.h5", "--columns", "zzz"], "there are row, name, mate")):
        done = run(*words)
        t.check(done.code == USAGE and part in done.err, f"{words}", done.err)
    for words in (["xyzzyx"], ["view", "--qqqqqq"], ["view", "-Z"]):
        done = run(*words)
        t.check(done.code == USAGE and "did you mean" not in done.err, f"{words}", done.err)


def not_found(t, f):
    os.symlink(f / "none", f / "link.fq")
    bank = Bank(f)
    for name, part in ((f / "link.fq", "link that leads nowhere"), ("~/x.fq", "'~'"),
                       (r"raw\S2.fq", "not by '"), (r"C:\data\S2.fq", "not by '"),
                       (f / "none.fq", "No such file")):
        done = run("ingest", "-o", f / "s.h5", name)
        t.check(done.code == NOINPUT and part in done.err, f"{name}", done.err)
        done = bank.run("ingest", "-s", "S", name)
        t.check(part in done.err, f"{name}, bank", done.err)
        done = bank.run("ingest", "--check", "--sheet", sheet(f, "s.csv", [["S1", name, ""]]))
        t.check(done.code == DATA and part.replace("No such file", "not found") in done.err
                and "1 error;" in done.err, f"{name}, sheet", done.err)


def sheets(t, f):
    """A sheet on standard input; its files lie in the current folder."""
    bank = Bank(f)
    text = f"sample,file_1\nS1,{f.write('a.fq', reads(3))}\n".encode()
    done = bank.run("ingest", "--check", "--sheet", "-", stdin=text)
    t.check(done.code == OK and "1 item, vial sheet" in done.err, "--check", done.err)
    done = bank.run("ingest", "--sheet", "-", stdin=text)
    t.check(done.code == OK and "1 item: 1 published" in done.err, "a sheet on standard input", done.err)
    done = bank.run("ingest", "--sheet", "-", stdin=b"sample,file_1\nS1,\nS2,\n")
    t.check(done.code == DATA and "2 errors;" in done.err, "two errors", done.err)


if __name__ == "__main__":
    main(terminals, as_json, slips, not_found, sheets)
