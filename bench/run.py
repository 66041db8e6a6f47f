#!/usr/bin/python3
"""vial beside its peers, in one table: speed, size and memory on the same inputs in the same run.

See README.md here for what the columns mean. Rows are measured in turn (all rows once, then all rows again
...), so that a noisy minute hits all alike. What vial gives back is compared with the original before its
times count; the peers' output is compared too, as far as they keep what the input says.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIME = "/usr/bin/time"


class Row:
    """One command. `out` lists the files it writes; `check` raises when they are wrong."""

    def __init__(self, what, command, text, out=(), check=None, peer=None, runs=None, keep=False):
        self.what, self.command, self.text, self.out = what, command, text, list(out)
        self.check, self.peer, self.runs, self.keep = check, peer, runs, keep
        self.seconds, self.cpu, self.peak, self.bytes, self.failed = [], [], 0, 0, None


def size(paths):
    return sum(os.path.getsize(p) for p in paths if os.path.exists(p))


def remove(paths):
    for path in paths:
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.remove(path)


def run_once(row, work):
    """Runs the row's command; appends its seconds and keeps its highest resident size."""
    remove(row.out)
    note = os.path.join(work, "time")
    command = row.command
    if os.path.exists(TIME):
        command = [TIME, "-f", "%M", "-o", note] + command
    with open(os.path.join(work, "log"), "wb") as log:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=work)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss
    if os.path.exists(TIME):
        with open(note) as f:
            peak = int(f.read().split()[-1])
    if child.returncode:
        with open(os.path.join(work, "log"), errors="replace") as log:
            last = (log.read().strip().splitlines() or [""])[-1]
        raise RuntimeError("exit status %d: %s" % (child.returncode, last))
    row.seconds.append(seconds)
    row.cpu.append(usage.ru_utime + usage.ru_stime)
    row.peak = max(row.peak, peak)
    row.bytes = size(row.out)


def measure(rows, runs, work):
    """All rows once, and checked; then all rows in turn until each has its number of runs."""
    for turn in range(runs):
        for row in rows:
            if row.failed or turn >= (row.runs or runs):
                continue
            try:
                run_once(row, work)
                if turn == 0 and row.check:
                    row.check()
            except (RuntimeError, OSError) as error:
                row.failed = str(error)
                row.seconds, row.cpu = [], []
                print("bench: %s: %s" % (row.what, error), file=sys.stderr)
            if not row.keep:
                remove(row.out)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


# ---- checks ----


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while True:
            block = f.read(1 << 20)
            if not block:
                return digest.hexdigest()
            digest.update(block)


def same_bytes(pairs):
    """pairs: (file, file that must have the same bytes)"""
    for mine, theirs in pairs:
        if sha256(mine) != sha256(theirs):
            raise RuntimeError("%s differs from the original" % os.path.basename(mine))


def same_reads(pairs):
    """Names up to the first blank and without /1 /2, bases and qualities."""
    for mine, theirs in pairs:
        with open(mine, "rb") as a, open(theirs, "rb") as b:
            for n, (x, y) in enumerate(zip(a, b)):
                if n % 4 == 0:
                    x, y = x.split()[0], y.split()[0]
                    x = x[:-2] if x[-2:] in (b"/1", b"/2") else x
                if n % 4 != 2 and x != y:
                    raise RuntimeError("read %d differs from the original" % (n // 4))
            if a.read(1) or b.read(1):
                raise RuntimeError("another number of reads than the original")


ARRAY = re.compile(rb"<binaryDataArray [^>]*>(.*?)</binaryDataArray>", re.S)


def arrays(path, end=b"<chromatogramList"):
    """The m/z and intensity arrays of all spectra, as bytes."""
    with open(path, "rb") as f:
        text = f.read()
    for match in ARRAY.finditer(text, 0, text.find(end)):
        body = match.group(1)
        at = body.index(b"<binary>") + 8
        value = base64.b64decode(body[at : body.index(b"</binary>", at)])
        yield zlib.decompress(value) if b"MS:1000574" in body else value


def same_arrays(mine, theirs):
    n = 0
    a, b = arrays(mine), arrays(theirs)
    for x, y in zip(a, b):
        n += 1
        if x != y:
            raise RuntimeError("array %d differs from the original" % n)
    if next(a, None) is not None or next(b, None) is not None or not n:
        raise RuntimeError("another number of arrays than the original")


# ---- data ----


def make_data(*words):
    subprocess.run([os.path.join(TOP, "scripts", "make-data")] + [str(w) for w in words], check=True)


def reads(data, pairs, kind):
    """Two files and the bytes of their plain text; made unless they are there."""
    prefix = os.path.join(data, "reads_%d_%s" % (pairs, kind))
    names = ["%s_R%d.fastq%s" % (prefix, mate, "" if kind == "none" else ".gz") for mate in (1, 2)]
    truth = prefix + ".truth.json"
    if not all(os.path.exists(p) for p in names + [truth]):
        make_data("reads", "--pairs", pairs, "--seed", 1, "--out", prefix, "--gzip", kind)
    with open(truth) as f:
        return names, sum(one["bytes"] for one in json.load(f)["files"])


def spectra(data, megabytes):
    name = os.path.join(data, "spectra_%d.mzML" % megabytes)
    if not os.path.exists(name):
        make_data("spectra", "--megabytes", megabytes, "--seed", 1, "--out", name)
    return name, os.path.getsize(name)


def warm(paths):
    """Reads the inputs once, so that no row pays for the disk."""
    for path in paths:
        with open(path, "rb") as f:
            while f.read(1 << 24):
                pass


# ---- the rows ----


class Bench:
    def __init__(self, options, work):
        self.o, self.work = options, work
        self.vial = None if options.peers_only else find_vial(options.vial)
        self.sections = []

    def at(self, name):
        return os.path.join(self.work, name)

    def section(self, title, rows):
        rows = [row for row in rows if row]
        if not rows:
            return
        print("bench: " + title, file=sys.stderr)
        measure(rows, self.o.runs, self.work)
        self.sections.append((title, rows))

    def have(self, program):
        if shutil.which(program):
            return True
        print("bench: no %s here, its rows are left out" % program, file=sys.stderr)
        return False

    def ingest(self, what, files, text, store, threads, check=None, peer=None, keep=False, profile="compact"):
        if not self.vial:
            return None
        command = [self.vial, "ingest", "-q", "-@", str(threads), "--profile", profile, "--force", "-o",
                   store]
        return Row(what, command + files, text, [store], check, peer, keep=keep)

    def export(self, store, names):
        done = subprocess.run([self.vial, "export", "-q", store] + names, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("export: exit status %d: %s" % (done.returncode, done.stderr.strip()))

    def prepare(self, files, text, store):
        """Makes a store that other rows read; false when that fails."""
        row = self.ingest("store to read from", files, text, store, self.o.threads)
        try:
            run_once(row, self.work)
        except RuntimeError as error:
            print("bench: %s: %s" % (row.what, error), file=sys.stderr)
            return False
        return True

    def check_reads(self, store, originals):
        def check():
            back = [self.at("back_1.fastq"), self.at("back_2.fastq")]
            self.export(store, ["-1", back[0], "-2", back[1]])
            same_bytes(zip(back, originals))
            remove(back)

        return check

    def check_mzml(self, store, original):
        def check():
            back = self.at("back.mzML")
            self.export(store, ["-o", back])
            same_bytes([(back, original)])
            remove([back])

        return check

    def samtools_import(self, files, text, cram, version, runs=None, keep=False):
        out = "cram,version=" + version
        command = ["samtools", "import", "-i", "-@", str(self.o.threads), "-1", files[0], "-2", files[1]]
        command += ["-O", out, "-o", cram]
        return Row("samtools import, CRAM %s" % version, command, text, [cram], runs=runs, keep=keep)

    def fastp(self, files, text):
        command = ["fastp", "-w", str(self.o.threads), "-A", "-G", "-Q", "-L", "-i", files[0], "-I", files[1]]
        return Row("fastp, QC only", command + ["-j", "/dev/null", "-h", "/dev/null"], text)

    def reads_in(self):
        t = self.o.threads
        plain, text = reads(self.o.data, self.o.pairs, "none")
        crams = []
        for kind, title in (("bgzf", "BGZF"), ("plain", "gzip of one member")):
            files, _ = reads(self.o.data, self.o.pairs, kind)
            warm(files)
            store, cram = self.at("reads_%s.vial" % kind), self.at("reads_%s.cram" % kind)
            rows = [self.ingest("vial ingest -@%d" % t, files, text, store, t, self.check_reads(store, plain),
                                "samtools import, CRAM 3.1")]
            if self.have("samtools"):
                rows.append(self.samtools_import(files, text, cram, "3.1", keep=kind == "bgzf"))
                crams.append(cram)
                if self.o.slow and kind == "bgzf":
                    rows.append(self.samtools_import(files, text, self.at("small.cram"), "3.1,small", runs=1))
            if self.have("fastp"):
                rows.append(self.fastp(files, text))
            command = "gzip -dc %s %s >/dev/null" % tuple(files)
            rows.append(Row("gzip -dc, one thread (bound)", ["sh", "-c", command], text))
            self.section("reads in, %s, %d pairs, %d threads" % (title, self.o.pairs, t), rows)
        return plain, text, crams[:1]

    def reads_plain(self, plain, text):
        warm(plain)
        rows = []
        for n in (1, self.o.threads):
            store = self.at("plain_%d.vial" % n)
            check = self.check_reads(store, plain)
            zstd = "zstd -3 -T%d" % self.o.threads
            rows.append(self.ingest("vial ingest -@%d" % n, plain, text, store, n, check, zstd))
        if self.have("zstd"):
            command = ["zstd", "-q", "-f", "-3", "-T%d" % self.o.threads, "--output-dir-flat",
                       self.work] + plain
            out = [self.at(os.path.basename(p) + ".zst") for p in plain]
            rows.append(Row("zstd -3 -T%d" % self.o.threads, command, text, out))
        out = self.at("plain.gz")
        if self.o.slow:
            command = "gzip -6 -c %s %s >%s" % (plain[0], plain[1], out)
            rows.append(Row("gzip -6, one thread", ["sh", "-c", command], text, [out], runs=1))
        self.section("reads in, plain text, %d pairs" % self.o.pairs, rows)

    def reads_out(self, plain, text, crams):
        t, rows = self.o.threads, []
        out = [self.at("out_1.fastq"), self.at("out_2.fastq")]
        store = self.at("export.vial")
        if self.vial and self.prepare(plain, text, store):
            command = [self.vial, "export", "-q", "-@", str(t), store, "-1", out[0], "-2", out[1]]
            check = lambda: same_bytes(zip(out, plain))
            rows.append(Row("vial export -@%d" % t, command, text, out, check, "samtools fastq"))
            rows.append(Row("vial verify", [self.vial, "verify", store], text))
        for cram in crams:
            back = [self.at("sam_1.fastq"), self.at("sam_2.fastq")]
            command = ["samtools", "fastq", "-@", str(t), "-n", "-1", back[0], "-2", back[1], cram]
            rows.append(Row("samtools fastq", command, text, back, lambda: same_reads(zip(back, plain))))
        self.section("reads out, plain text, %d pairs, %d threads" % (self.o.pairs, t), rows)

    def mzml(self):
        t = self.o.threads
        name, text = spectra(self.o.data, self.o.megabytes)
        warm([name])
        store = self.at("spectra.vial")
        rows = []
        for n in (1, t):
            one = self.at("spectra_%d.vial" % n)
            rows.append(self.ingest("vial ingest -@%d" % n, [name], text, one, n, self.check_mzml(one, name),
                                    "msconvert, mzML to mzML"))
        if self.vial and self.prepare([name], text, store):
            out = self.at("out.mzML")
            command = [self.vial, "export", "-q", "-@", str(t), store, "-o", out]
            check = lambda: same_bytes([(out, name)])
            rows.append(Row("vial export -@%d" % t, command, text, [out], check, "msconvert, mzML to mzML"))
        if self.have("msconvert"):
            back = self.at("msconvert.mzML")
            command = ["msconvert", name, "--mzML", "--zlib", "--mz64", "--inten32", "-o", self.work,
                       "--outfile", back]
            rows.append(Row("msconvert, mzML to mzML", command, text, [back], lambda: same_arrays(back, name),
                            runs=3))
        if self.have("zstd"):
            packed = self.at("spectra.zst")
            command = ["zstd", "-q", "-f", "-3", "-T%d" % t, name, "-o", packed]
            rows.append(Row("zstd -3 -T%d" % t, command, text, [packed]))
        if subprocess.run([sys.executable, "-c", "import pymzml"], capture_output=True).returncode == 0:
            code = "import pymzml,sys\nfor s in pymzml.run.Reader(sys.argv[1]): s.mz, s.i"
            rows.append(Row("pymzml, reading only", [sys.executable, "-c", code, name], text, runs=1))
        else:
            print("bench: no pymzml here, its row is left out", file=sys.stderr)
        self.section("spectra, mzML with zlib, %d threads" % t, rows)

    def tenfold(self):
        """The highest memory must not grow with the input."""
        rows = []
        for pairs in (self.o.pairs, 10 * self.o.pairs):
            files, text = reads(self.o.data, pairs, "bgzf")
            row = self.ingest("vial ingest -@%d, %d pairs" % (self.o.threads, pairs), files, text,
                              self.at("ten.vial"), self.o.threads)
            rows.append(row)
            if self.have("samtools"):
                other = self.samtools_import(files, text, self.at("ten.cram"), "3.1")
                other.what += ", %d pairs" % pairs
                rows.append(other)
        rows = [row for row in rows if row]
        for row in rows:
            row.runs = 1
        self.section("memory, reads in, BGZF, %d threads" % self.o.threads, rows)


def find_vial(given):
    path = given or os.environ.get("VIAL") or os.path.join(TOP, os.environ.get("VIAL_BUILD", "build"), "vial")
    if os.access(path, os.X_OK):
        return os.path.abspath(path)
    print("bench: no vial built (build/vial), its rows are left out", file=sys.stderr)
    return None


# ---- the table ----

COLUMNS = ["what", "MB/s", "median s", "min s", "max s", "CPU s", "MB out", "out/text", "speed/peer",
           "size/peer",
           "peak MiB"]


def cells(row, rows):
    if not row.seconds:
        return [row.what, "failed: " + (row.failed or "?")] + [""] * (len(COLUMNS) - 2)
    median = statistics.median(row.seconds)
    line = [row.what, "%.0f" % (row.text / 1e6 / median), "%.2f" % median, "%.2f" % min(row.seconds),
            "%.2f" % max(row.seconds), "%.2f" % statistics.median(row.cpu),
            "%.1f" % (row.bytes / 1e6) if row.out else "-",
            "%.3f" % (row.bytes / row.text) if row.out else "-"]
    peer = next((other for other in rows if other.what == row.peer and other.seconds), None)
    line.append("%.2f" % (statistics.median(peer.seconds) / median) if peer else "")
    line.append("%.3f" % (row.bytes / peer.bytes) if peer and peer.bytes and row.bytes else "")
    return line + ["%.0f" % (row.peak / 1024)]


def speedup(rows):
    """1 thread against more, where a section has both."""
    ones = [r for r in rows if r.what.startswith("vial ingest -@") and r.seconds]
    if len(ones) < 2 or ones[0].text != ones[1].text or ones[0].what == ones[1].what:
        return None
    ratio = statistics.median(ones[0].seconds) / statistics.median(ones[1].seconds)
    return "%s is %.2f times as fast as %s" % (ones[1].what, ratio, ones[0].what)


def print_table(bench, out):
    print("\t".join(["section"] + COLUMNS), file=out)
    for title, rows in bench.sections:
        for row in rows:
            print("\t".join([title] + cells(row, rows)), file=out)
    print(file=out)
    for title, rows in bench.sections:
        print("### %s\n" % title, file=out)
        print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS), file=out)
        for row in rows:
            print("| " + " | ".join(cells(row, rows)) + " |", file=out)
        print(("\n" + speedup(rows) if speedup(rows) else "") + "\n", file=out)


def describe():
    model = "?"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    lines = ["%s, %d cores" % (model, os.cpu_count())]
    for program, pattern in (("samtools --version", r"samtools ([\d.]+)"),
                             ("fastp --version", r"fastp ([\d.]+)"),
                             ("zstd --version", r"v([\d.]+)"), ("msconvert", r"release: ([\w.]+)")):
        word = program.split()[0]
        if shutil.which(word):
            done = subprocess.run(program.split(), capture_output=True, text=True, errors="replace")
            found = re.search(pattern, done.stdout + done.stderr)
            lines.append("%s %s" % (word, found.group(1) if found else ""))
    return "; ".join(line.strip() for line in lines)


def main():
    p = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n")[0])
    p.add_argument("--pairs", type=int, default=1000000, help="read pairs (1000000)")
    p.add_argument("--megabytes", type=int, default=320, help="size of the mzML (320)")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--runs", type=int, default=5, help="runs a row; the table shows the median (5)")
    p.add_argument("--only", choices=["reads", "spectra"])
    p.add_argument("--peers-only", action="store_true")
    p.add_argument("--slow", action="store_true", help="also gzip -6 and CRAM 3.1 small, once each")
    p.add_argument("--tenfold", action="store_true", help="also memory with ten times the pairs")
    p.add_argument("--vial", help="the program (build/vial)")
    p.add_argument("--data", default=os.environ.get("VIAL_BENCH_DATA"),
                   help="keeps inputs here ($VIAL_BENCH_DATA)")
    options = p.parse_args()

    work = tempfile.mkdtemp(prefix="vial-bench-", dir=options.data or os.environ.get("TMPDIR"))
    try:
        options.data = os.path.abspath(options.data or work)
        bench = Bench(options, work)
        if options.only != "spectra":
            plain, text, crams = bench.reads_in()
            bench.reads_plain(plain, text)
            bench.reads_out(plain, text, crams)
            if options.tenfold:
                bench.tenfold()
        if options.only != "reads":
            bench.mzml()
        print("# %s; %d runs" % (describe(), options.runs))
        print_table(bench, sys.stdout)
        return 1 if any(row.failed for _, rows in bench.sections for row in rows) else 0
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
