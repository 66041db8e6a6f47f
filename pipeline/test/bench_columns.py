"""
bench/columns.py on a few made reads: its sizes are those of the files, its CRAM columns add up, and every row
is there.

Suites: cmd.
"""
import gzip
import importlib.util
import os
import re
import shutil
import subprocess
import sys

from fqmodel import reads
from vialtest import VIAL, main

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load(name):
    spec = importlib.util.spec_from_file_location(name, f"{TOP}/bench/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tables(text):
    """{title: [cells of a row]}"""
    out = {}
    for part in re.split("^### ", text, flags=re.M)[1:]:
        title, _, *lines = part.splitlines()
        out[title] = [[x.strip() for x in line.strip("|").split("|")] for line in lines[2:] if line]
    return out


def whole(t, f):
    if not all(map(shutil.which, ("samtools", "zstd"))):
        return t.skip("samtools and zstd are not both here")
    words = "--pairs 300 --runs 1 --only made --data".split() + [f.path]
    done = subprocess.run([sys.executable, f"{TOP}/bench/columns.py", "--vial", VIAL] + words,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not t.check(done.returncode == 0, "it ends well", done.stderr[-300:]):
        return
    (title, rows), = tables(done.stdout).items()
    t.check([row[0] for row in rows] ==
            ["vial fast", "vial compact", "vial archive", "CRAM 3.1 normal", "CRAM 3.1 small",
             "CRAM 3.1 archive", "zstd -9, columns apart", "zstd -19, columns apart",
             "bound: 2 bits; order 0", "bound: 2 bits; order 2"], "all rows", [row[0] for row in rows])
    for row in rows[:8]:
        sizes = list(map(int, row[1:6]))
        t.check(sum(sizes[:4]) == sizes[4] and all(sizes[:3]), f"{row[0]} adds up", row)
        t.check(row[7] == "", f"{row[0]}: values are those of the input", row[7])
    t.check(rows[8][2] == f"{300 * 302 / 4:.0f}", "2 bits a base", rows[8])
    t.check(int(rows[9][3]) < int(rows[8][3]), "order 2 is below order 0", rows[8:])


def cram(t, f):
    """Columns of a CRAM file against what is in it; a file of other bytes is refused."""
    if not shutil.which("samtools"):
        return t.skip("samtools is not here")
    blocks = load("cram_blocks")
    text = reads(3000, seed=1, length=80)
    fq = f.write("x.fq.gz", gzip.compress(text))
    subprocess.run(["samtools", "import", "-0", fq, "-O", "cram,version=3.1", "-o", f / "x.cram"], check=True,
                   stderr=subprocess.DEVNULL)
    got = blocks.columns(f / "x.cram")
    t.check(sum(got.values()) == os.path.getsize(f / "x.cram"), "the whole file", got)
    t.check(240000 / 4 * .98 < got["bases"] < 240000 / 3, "bases in 2 bits", got)
    t.check(29500 < got["qualities"] < 31000, "qualities of 0.99 bits", got)  # 13, 1, 1 and 1 of 16
    t.check(100 < got["names"] < 60000, "names", got)
    data = f.read("x.cram")
    for what, bad in (("cut", data[:len(data) // 2]), ("another file", b"@HD" + data[3:]), ("empty", b"")):
        try:
            blocks.columns(f.write("bad.cram", bad))
            t.check(False, f"{what}: it is refused")
        except (ValueError, IndexError):
            t.check(True, what)


if __name__ == "__main__":
    main(whole, cram)
