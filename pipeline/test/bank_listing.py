"""
What `vial ls` and `vial info` tell a user of a bank: where stores lie, the command that gives the files back,
lines that fit a terminal, expressions whose names nothing has.

Suites: banks.
"""
import gzip
import json
import os
import pty
import shlex
import subprocess
import unicodedata

import containers
from banktest import Bank, mzml, sheet
from fqmodel import reads
from vialtest import OK, USAGE, VIAL, main


def gz(path, data):
    with open(path, "wb") as f:
        f.write(containers.gzip(data))


def small_bank(f):
    """Pairs under a name with a blank, an apostrophe and Chinese letters; two joined lanes; spectra."""
    gz(f / "a b_R1.fastq.gz", reads(30, 1, 50, 1))
    gz(f / "a b_R2.fastq.gz", reads(30, 1, 50, 2))
    for lane in (1, 2):
        gz(f / f"L_S1_L00{lane}_R1_001.fastq.gz", reads(20, lane))
    f.write("run.mzML", mzml(10))
    bank = Bank(f, name="ba nk")
    path = sheet(f, "s.csv", [("it's 样本", "a b_R1.fastq.gz", "a b_R2.fastq.gz", "liver"),
                              ("M", "run.mzML", "", "blood")],
                 head=("sample", "file_1", "file_2", "Organism part"))
    lanes = ",".join(f / f"L_S1_L00{i}_R1_001.fastq.gz" for i in (1, 2))
    for args in (("--sheet", path), ("-s", "lanes", lanes)):
        done = bank.run("ingest", "-q", *args)
        assert done.code == OK, done.err
    return bank


def cells(line):
    """Cells of a terminal, by Python's own table."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def on_terminal(*args):
    """What vial prints on a terminal."""
    ours, its = pty.openpty()
    with subprocess.Popen([VIAL, *args], stdout=its, stderr=subprocess.PIPE) as p:
        os.close(its)
        out = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # the terminal has no other end any more
                break
            out += more
    os.close(ours)
    return out.decode().replace("\r\n", "\n").splitlines()


def paths(t, f):
    bank = small_bank(f)
    lines = bank.run("ls", "--paths").out.decode().splitlines()
    t.check(lines[0].split() == ["sample", "acquisition", "kind", "rows", "bytes", "path"], "text", lines[0])
    tsv = [line.split("\t") for line in bank.run("ls", "--tsv", "--paths").out.decode().splitlines()]
    t.check(tsv[0][-2:] == ["digest", "path"] and len(tsv) == 4, "TSV", str(tsv[0]))
    for row, line, one in zip(tsv[1:], lines[1:], bank.ls()):
        where = row[-1]
        t.check(os.path.isabs(where) and where in bank.stores(), "the store lies there", where)
        t.check(line.endswith(where) and one["path"] == where, "all forms say the same", f"{line} {one}")
    done = bank.run("info", "--json", "M")
    t.check(json.loads(done.out)["stores"][0]["path"] in bank.stores(), "info --json", done.out.decode())
    t.check("--paths" not in bank.run("ls", "--tsv").out.decode().splitlines()[0], "not unless asked")


def back(t, f):
    """The command that info prints gives the files back, as a shell takes it."""
    bank = small_bank(f)
    os.mkdir(f / "back")
    env = {**os.environ, "PATH": os.path.dirname(VIAL) + ":" + os.environ["PATH"]}
    for sample in ("it's 样本", "M", "lanes"):
        said = bank.run("info", sample).out.decode()
        command = [line.split(None, 1)[1] for line in said.splitlines() if line.startswith("  back ")]
        path = [line.split(None, 1)[1] for line in said.splitlines() if line.startswith("  path ")]
        if not t.check(len(command) == 1 and path[0] in bank.stores(), f"{sample}: info", said):
            continue
        t.check(shlex.split(command[0])[0] == "vial", f"{sample}: a command", command[0])
        done = subprocess.run(["sh", "-c", command[0]], cwd=f / "back", env=env, capture_output=True,
                              text=True)
        t.check(done.returncode == 0, f"{sample}: {command[0]}", done.stderr)
    for name in ("a b_R1.fastq.gz", "a b_R2.fastq.gz"):
        with gzip.open(f / f"back/{name}") as a, gzip.open(f / name) as b:
            t.check(a.read() == b.read(), f"{name} is back")
    t.check(f.read("back/run.mzML") == f.read("run.mzML"), "spectra are back")
    joined = b"".join(gzip.open(f / f"L_S1_L00{i}_R1_001.fastq.gz").read() for i in (1, 2))
    names = [n for n in os.listdir(f / "back") if n.startswith("L")]
    t.check(len(names) == 1 and "L00" not in names[0], "joined lanes have a name of both", str(names))
    t.check(names and gzip.open(f / f"back/{names[0]}").read() == joined, "joined lanes are back")


def terminal(t, f):
    bank = small_bank(f)
    lines = on_terminal("ls", "-b", bank.path)
    t.check(len(lines) == 4 and all(cells(line) <= 80 for line in lines), "fits 80 columns", str(lines))
    at = [cells(line[:line.index(word)]) for line, word in zip(lines, ("acquisition", "a b", "run"))
          if word in line]
    t.check("样本" in "".join(lines), "the letters themselves", str(lines))
    starts = {cells(line[:line.rindex("  ") + 2]) for line in lines}
    t.check(len(starts) == 1, "columns stand under each other in cells", str(lines) + str(at))
    piped = bank.run("ls").out.decode().splitlines()
    digests = {one["digest"] for one in bank.ls()}
    t.check({line.split()[-1] for line in piped[1:]} == digests, "a pipe gets the whole digest", str(piped))
    short = {line.split()[-1].rstrip("…") for line in lines[1:]}
    good = all(sum(d.startswith(s) for d in digests) == 1 for s in short)
    t.check(good, "a terminal its start", str(short))


def where(t, f):
    bank = small_bank(f)
    for name in ("organism_part", "[Organism part]", "[characteristics[organism part]]", "ORGANISM_PART",
                 '"organism-part"'):
        found = [one["sample"] for one in bank.ls("--where", f"{name} = 'liver'")]
        t.check(found == ["it's 样本"], f"{name} finds it", str(found))
    for expr, meant in (("donr = 'D1'", "nearest: donor"),
                        ("organism_prt = 'liver'", "nearest: organism_part"),
                        ("rows > 1 AND nothing_like_it IS NULL", "column 14")):
        done = bank.run("ls", "--where", expr)
        t.check(done.code == USAGE and meant in done.err and not done.out, expr, done.err)
    text = bank.run("help", "ls").out.decode()
    for line in text.splitlines():
        if "--where" in line and line.startswith("  vial"):
            expr = shlex.split(line)[shlex.split(line).index("--where") + 1]
            done = bank.run("ls", "--where", expr)
            t.check(done.code == OK, f"an example of the help: {expr}", done.err)


def alike(t, f):
    """Ids that look alike: blanks that are none are refused, other case is said, and nothing else."""
    bank = small_bank(f)
    done = bank.run("ingest", "-q", "-s", "M\u00a01", f / "run.mzML")
    t.check(done.code == USAGE and "no-break space" in done.err, "a no-break space", done.err)
    path = sheet(f, "two.csv", [("m", "run.mzML"), ("x1", "a b_R1.fastq.gz"), ("X1", "a b_R2.fastq.gz")])
    done = bank.run("ingest", "--check", "--same-data", "--sheet", path)
    t.check(done.code == OK and done.err.count("differs by case only") == 2 and "the bank's 'M'" in done.err
            and "'X1'" in done.err, "--check says it", done.err)
    done = bank.run("ingest", "-q", "--check", "--sheet", f / "s.csv")
    t.check("case" not in done.err, "not of the same id", done.err)
    done = bank.run("ingest", "-q", "-s", "LANES", f / "L_S1_L001_R1_001.fastq.gz")
    t.check(done.err.count("the bank's 'lanes' differs by case only") == 1, "a run says it once", done.err)


if __name__ == "__main__":
    main(paths, back, terminal, where, alike)
