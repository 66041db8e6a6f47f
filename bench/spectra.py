#!/usr/bin/python3
"""
What mass spectra take in a store of each profile, beside what else packs them: bench/spectra.py FILE...

FILE is mzML, plain or packed by gzip, or a folder of such. VIAL is the program (default build/vial). Nothing
is said of a file before what vial exports was compared with it, byte for byte, nor of mscompress before it
gave the same arrays back. Columns are bytes:

    gz            gzip -6 of the document
    xz, zstd      xz -9e and zstd -19 of the bare document: text, then the arrays inflated, each kind together
    mscompress    of MSCOMPRESS, a program of github.com/chrisagrams/mscompress, at zstd's level 19
    best          the least of xz, zstd and mscompress, file by file; /best: a profile's share of it
    all, mz, intensity   bytes a peak, of the last profile's store

A peer that is not installed, or is not asked for as the file is large (--largest), is '-'.
--speed PROFILE times ingest, export and questions instead (least of --runs; MB/s of the file), beside
mscompress and msconvert in turn.
"""
import argparse
import base64
import filecmp
import glob
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

VIAL = os.path.abspath(os.environ.get("VIAL", "build/vial"))
MSCOMPRESS = shutil.which(os.environ.get("MSCOMPRESS", "mscompress"))
ARRAY = re.compile(rb"<binary>([^<]*)</binary>")
KIND = re.compile(rb'"MS:(100051[45]|100052[13]|1000595|1000786|1002816|100300[68])"')


def quiet(*command, **more):
    command = [str(c) for c in command]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)


def bare(path, out):
    """The document without its arrays, then these as bytes, those of one kind and type together."""
    with open(path, "rb") as file:
        text = file.read()
    kinds, at = {}, 0
    with open(out, "wb") as file:
        for m in ARRAY.finditer(text):
            head = text[text.rfind(b"<binaryDataArray ", 0, m.start()):m.start()]
            file.write(text[at:m.start(1)])
            at = m.end(1)
            data = base64.b64decode(m.group(1))
            if b"MS:1000574" in head and data:
                data = zlib.decompress(data)
            kinds.setdefault(tuple(sorted(KIND.findall(head))), []).append(data)
        file.write(text[at:])
        for arrays in kinds.values():
            file.writelines(arrays)


def same_arrays(a, b):
    """All arrays of two documents, in order."""
    texts = []
    for path in (a, b):
        with open(path, "rb") as file:
            texts.append(ARRAY.findall(file.read()))

    def plain(text):
        data = base64.b64decode(text)
        return zlib.decompress(data) if data[:1] == b"\x78" else data

    return len(texts[0]) == len(texts[1]) and all(x == y or plain(x) == plain(y) for x, y in zip(*texts))


def packed(command, out):
    """Bytes of what a packer writes to standard output."""
    with open(out, "wb") as file:
        subprocess.run([str(c) for c in command], stdout=file, check=True)
    return os.path.getsize(out)


def by_mscompress(path, folder):
    out, back = f"{folder}/x.msz", f"{folder}/back.mzML"
    if not MSCOMPRESS or quiet(MSCOMPRESS, "-t", 2, "--zstd-compression-level", 19, path, out).returncode:
        return None
    if quiet(MSCOMPRESS, "-t", 2, out, back).returncode or not os.path.exists(back):
        return None
    return os.path.getsize(out) if same_arrays(path, back) else None


def by_peers(path, folder, largest):
    sizes = {"gz": packed(("gzip", "-6c", path), f"{folder}/gz"), "xz": None, "zstd": None}
    bare(path, f"{folder}/bare")
    if os.path.getsize(f"{folder}/bare") <= largest * 1e6:
        for name, command in (("xz", ("xz", "-9e", "-T1", "-c")), ("zstd", ("zstd", "-19", "-q", "-c"))):
            if shutil.which(name):
                sizes[name] = packed((*command, f"{folder}/bare"), f"{folder}/{name}")
    sizes["mscompress"] = by_mscompress(path, folder)
    return sizes


def stored(path, profile, folder):
    """Bytes of a store that gave the file back, and what info says; None and why: it does not take it."""
    store, back = f"{folder}/{profile}.h5", f"{folder}/back"
    done = quiet(VIAL, "ingest", "-q", "-@2", "--force", "--profile", profile, "-o", store, path)
    if done.returncode:
        return None, done.stderr.decode(errors="replace").strip()
    quiet(VIAL, "export", "-@2", "--force", store, "-o", back, check=True)
    if not filecmp.cmp(path, back, shallow=False):
        sys.exit(f"{path}: export differs from it")
    told = subprocess.run([VIAL, "info", "--json", store], stdout=subprocess.PIPE, check=True).stdout
    return os.path.getsize(store), json.loads(told)


def of_columns(columns, name):
    """Elements and stored bytes of a kind of array."""
    chosen = [c for c in columns if re.fullmatch(rf"spectra/\w+/{name}", c["path"])]
    return sum(c["elements"] for c in chosen), sum(c["packed_bytes"] for c in chosen)


def ratio(a, b, places=3):
    return f"{a / b:.{places}f}" if a and b else "-"


class Sizes:
    def __init__(self, ask):
        self.profiles, self.largest = ask.profiles.split(","), ask.largest
        self.total, self.n = {}, 0

    def head(self):
        shares = [x for p in self.profiles for x in (p, "/best")]
        print("set", "peaks", "bytes", "gz", "xz", "zstd", "mscompress", "best", *shares, "all", "mz",
              "intensity", sep="\t")

    def line(self, name, row):
        shares = [x for p in self.profiles for x in (row[p], ratio(row[p], row["best"]))]
        plain = [row[k] or "-" for k in ("bytes", "gz", "xz", "zstd", "mscompress", "best")]
        each = [ratio(row[k], row["peaks"], 2) for k in (self.profiles[-1], "mz", "intensity")]
        print(name, row["peaks"], *plain, *shares, *each, sep="\t", flush=True)

    def add(self, path, folder):
        row = {"bytes": os.path.getsize(path)}
        for profile in self.profiles:
            row[profile], told = stored(path, profile, folder)
            if not row[profile]:
                print(f"{os.path.basename(path)}: left out: {told}", file=sys.stderr)
                return
        row["peaks"], row["mz"] = of_columns(told["columns"], "mz")
        row["intensity"] = of_columns(told["columns"], "intensity")[1]
        row |= by_peers(path, folder, self.largest)
        row["best"] = min((row[k] for k in ("xz", "zstd", "mscompress") if row[k]), default=None)
        self.n += 1
        for k, v in row.items():
            before = self.total.get(k, 0)
            self.total[k] = None if v is None or before is None else before + v
        self.line(os.path.basename(path)[:28], row)


def timed(command):
    """Seconds, seconds of CPU, MiB at most; None: the program failed."""
    start = time.monotonic()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        print(f"{' '.join(map(str, command))}: exit status {child.returncode}", file=sys.stderr)
        return None
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def targets(path):
    """1,000 ions, of all m/z."""
    with open(path, "w", encoding="ascii") as file:
        file.write("mz\ttol\n" + "".join(f"{400 + 0.8 * i:.4f}\t10ppm\n" for i in range(1000)))
    return path


def commands(path, folder, profile):
    store, back = f"{folder}/{profile}.h5", f"{folder}/back"
    xic = (VIAL, "xic", "-@2", store, "-o", back, "--force")
    _, told = stored(path, profile, folder)
    middle = subprocess.run([VIAL, "view", "--rows", str(told["rows"] // 2), "--columns", "id", store],
                            stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")[-2]
    rows = [("ingest", (VIAL, "ingest", "-q", "-@2", "--force", "--profile", profile, "-o", store, path)),
            ("export", (VIAL, "export", "-@2", "--force", store, "-o", back)),
            ("view all, mgf", (VIAL, "view", "-@2", "-O", "mgf", "-o", back, "--force", store)),
            ("one spectrum by id", (VIAL, "view", "--id", middle, "-O", "mzml", store)),
            ("xic, one ion", (*xic, "--mz", "593.15761")), ("TIC from the peaks", (*xic, "--tic")),
            ("xic, 1,000 ions", (*xic, "--targets", targets(f"{folder}/targets.tsv"), "--total"))]
    if MSCOMPRESS:
        rows += [("mscompress", (MSCOMPRESS, "-t", 2, path, f"{folder}/x.msz")),
                 ("mscompress back", (MSCOMPRESS, "-t", 2, f"{folder}/x.msz", f"{folder}/back.mzML"))]
    if shutil.which("msconvert"):
        rows.append(("msconvert, to mzML", ("msconvert", path, "--mzML", "--zlib", "-o", f"{folder}/other")))
    return rows


def speed(path, folder, profile, runs):
    rows, got = commands(path, folder, profile), {}
    for _ in range(runs):
        for what, command in rows:
            got.setdefault(what, []).append(timed(command))
            if runs == 1:
                tell(path, what, got[what])
    for what, times in got.items() if runs > 1 else ():
        tell(path, what, times)


def tell(path, what, times):
    """A line; the least of the times, the most of the memory."""
    name = os.path.basename(path)
    if None in times:
        print(name, what, "-", "-", "-", "-", sep="\t", flush=True)
        return
    seconds, cpu, peak = min(x[0] for x in times), min(x[1] for x in times), max(x[2] for x in times)
    print(name, what, f"{os.path.getsize(path) / 1e6 / seconds:.0f}", f"{seconds:.3f}", f"{cpu:.3f}",
          f"{peak:.0f}", sep="\t", flush=True)


def files(names):
    for name in names:
        found = glob.glob(f"{name}/**/*", recursive=True) if os.path.isdir(name) else [name]
        yield from sorted(p for p in found if p.lower().endswith((".mzml", ".mzml.gz")))


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("file", nargs="+")
    ask.add_argument("--profiles", default="archive,compact")
    ask.add_argument("--largest", type=float, default=100, help="MB of a bare document for xz and zstd")
    ask.add_argument("--speed", metavar="PROFILE")
    ask.add_argument("--runs", type=int, default=3)
    ask = ask.parse_args()
    sizes = Sizes(ask)
    if not MSCOMPRESS:
        print("mscompress: not there (MSCOMPRESS=program)", file=sys.stderr)
    if ask.speed:
        print("set", "what", "MB/s", "s", "CPU s", "peak MiB", f"load {os.getloadavg()[0]:.1f}", sep="\t")
    else:
        sizes.head()
    for name in files(ask.file):
        with tempfile.TemporaryDirectory() as folder:
            path = name
            if name.lower().endswith(".gz"):
                path = f"{folder}/{os.path.basename(name)[:-3]}"
                with gzip.open(name) as packed_file, open(path, "wb") as file:
                    shutil.copyfileobj(packed_file, file)
            if ask.speed:
                speed(path, folder, ask.speed, ask.runs)
            else:
                sizes.add(path, folder)
    if sizes.n > 1:
        sizes.line(f"all {sizes.n}", sizes.total)


if __name__ == "__main__":
    main()
