#!/usr/bin/python3
"""What the columns of reads take in vial beside CRAM 3.1 and zstd, with their bounds; CPU; questions.

    bench/columns.py                     the real sets of ../shared/data/bench-sets.tsv, and made reads
    bench/columns.py --only real         without the made ones; --sets ont gaii: only some of the real ones
    bench/columns.py --only speed        CPU and times of made reads alone

See README.md here for what the rows mean. What vial gives back is compared with the input before any size
counts.
"""

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import numpy

import cram_blocks
import run as bench
from run import Row, measure, same_bytes, same_reads, size

COLUMNS = ("names", "bases", "qualities", "rest")
VIAL = ("fast", "compact", "archive")
CRAM = {"CRAM 3.1 normal": "cram,version=3.1", "CRAM 3.1 small": "cram,version=3.1,small",
        "CRAM 3.1 archive": "cram,version=3.1,archive"}
MANY = 10000  # names of a list


def plain(path):
    with open(path, "rb") as f:
        data = f.read()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


class Set:
    """One set of reads: its files, and their plain text beside them."""

    def __init__(self, name, files, work):
        self.name, self.files = name, files
        self.texts = [os.path.join(work, "text_%d.fastq" % i) for i in range(len(files))]
        for path, text in zip(files, self.texts):
            with open(text, "wb") as f:
                f.write(plain(path))
        self.text = size(self.texts)

    def columns(self):
        """Titles, bases and qualities as texts, a line each, of reads of four lines."""
        lines = [b"", b"", b""]
        for path in self.texts:
            with open(path, "rb") as f:
                all_lines = f.read().split(b"\n")
            lines = [x + b"\n".join(all_lines[k::4]) + b"\n" for x, k in zip(lines, (0, 1, 3))]
        return dict(zip(COLUMNS, lines))


# ---- sizes ----


def checked(command, **more):
    done = subprocess.run([str(x) for x in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if done.returncode:
        raise RuntimeError("%s: %s" % (command[0], done.stderr.decode("utf-8", "replace").strip()[-200:]))
    return done.stdout


def vial_columns(vial, reads, profile, work, threads):
    """Bytes of the columns in a store whose export is the input."""
    store, back = os.path.join(work, "s.h5"), [os.path.join(work, "back_%d" % i) for i in range(2)]
    checked([vial, "ingest", "-q", "--force", "-@", threads, "--profile", profile, "-o", store] + reads.files)
    out = ["-o", back[0]] if len(reads.files) == 1 else ["-1", back[0], "-2", back[1]]
    checked([vial, "export", "-q", "--force", "-@", threads, store] + out)
    same_bytes(zip(back, reads.texts))
    of = {"name": "names", "comment": "names", "base": "bases", "quality": "qualities"}
    got = dict.fromkeys(COLUMNS, 0)
    for column in json.loads(checked([vial, "info", "--json", store]))["columns"]:
        table, _, name = column["path"].partition("/")
        if table == "reads" and not name.endswith(".offset"):  # base.consensus belongs to the bases
            got[of.get(name.split(".")[0], "rest")] += column["packed_bytes"]
    got["rest"] += size([store]) - sum(got.values())
    bench.remove([store] + back)
    return got


def import_words(reads, form, threads, out):
    inputs = ["-0", reads.files[0]] if len(reads.files) == 1 else ["-i", "-1", reads.files[0], "-2",
                                                                   reads.files[1]]
    return ["samtools", "import", "-@", str(threads)] + inputs + ["-O", form, "-o", out]


def cram_columns(reads, form, work, threads):
    """Bytes of the columns in a CRAM file whose names, bases and qualities are those of the input."""
    cram, back = os.path.join(work, "x.cram"), [os.path.join(work, "sam_%d" % i) for i in range(2)]
    checked(import_words(reads, form, threads, cram))
    out = ["-0", back[0]] if len(reads.files) == 1 else ["-1", back[0], "-2", back[1]]
    checked(["samtools", "fastq", "-n", "-@", threads] + out + [cram])
    note = ""
    try:
        same_reads(zip(back, reads.texts))
    except RuntimeError as error:
        note = str(error)
    got = cram_blocks.columns(cram)
    bench.remove([cram] + back)
    return got, note


def zstd_columns(texts, level):
    """Each column's text by itself. All that FASTQ has beside is left out."""
    got = {k: len(checked(["zstd", "-q", "-c", "-%d" % level, "--single-thread"], input=text))
           for k, text in texts.items()}
    return {**got, "rest": 0}


def entropy(counts):
    counts = counts[counts > 0].astype(float)
    return float(-(counts * numpy.log2(counts / counts.sum())).sum()) / 8


def bounds(texts):
    """What a code that sees no more cannot be below: 2 bits a base; qualities each by itself (order 0), and
    behind the two before them (order 2). Names have no such number."""
    quality = numpy.frombuffer(texts["qualities"], numpy.uint8)
    values = numpy.unique(quality)
    code = numpy.searchsorted(values, quality).astype(numpy.int64)
    n = len(values)
    pairs = numpy.bincount(code[:-1] * n + code[1:], minlength=n * n)
    triples = numpy.unique((code[:-2] * n + code[1:-1]) * n + code[2:], return_counts=True)[1]
    base = len(texts["bases"]) - texts["bases"].count(b"\n")
    return {"bases": base / 4, "qualities": {0: entropy(numpy.bincount(code)),
                                             2: entropy(triples) - entropy(pairs)}}


def size_rows(options, vial, reads, work):
    """(what, {column: bytes}, note) of one set."""
    texts = reads.columns()
    for profile in VIAL:
        yield "vial " + profile, vial_columns(vial, reads, profile, work, options.threads), ""
    if shutil.which("samtools"):
        for what, form in CRAM.items():
            yield (what,) + cram_columns(reads, form, work, options.threads)
    if shutil.which("zstd"):
        for level in (9, 19):
            if level == 9 or reads.text < options.zstd_19 * 1e6:
                yield "zstd -%d, columns apart" % level, zstd_columns(texts, level), ""
    is_not_below = bounds(texts)
    for order, least in is_not_below["qualities"].items():
        yield "bound: 2 bits; order %d" % order, {"bases": is_not_below["bases"], "qualities": least}, ""


def print_sizes(title, rows, out):
    print("### %s\n" % title, file=out)
    print("| what | names | bases | qualities | rest | all | of CRAM normal | note |", file=out)
    print("|" + " --- |" * 8, file=out)
    normal = next((sum(c.values()) for what, c, _ in rows if what == "CRAM 3.1 normal"), None)
    for what, columns, note in rows:
        whole = len(columns) == len(COLUMNS)
        total = sum(columns.values())
        cells = ["%d" % columns[c] if c in columns else "" for c in COLUMNS] + ["%d" % total if whole else ""]
        cells.append("%.3f" % (total / normal) if whole and normal else "")
        print("| " + " | ".join([what] + cells + [note]) + " |", file=out)
    print(file=out, flush=True)


def add_rows(total, rows):
    """Sums over sets; a tool that is missing in one is missing in the sum."""
    for what, columns, _ in rows:
        into = total.setdefault(what, [0, dict.fromkeys(columns, 0)])
        into[0] += 1
        for c, n in columns.items():
            into[1][c] += n


# ---- the sets ----


def real_sets(options):
    shared = os.environ.get("VIAL_SHARED") or os.path.join(os.path.dirname(bench.TOP), "shared", "data")
    table = os.path.join(shared, "bench-sets.tsv")
    if not os.path.exists(table):
        print("columns: no %s here, the real sets are left out" % table, file=sys.stderr)
        return
    with open(table) as f:
        for line in f:
            cells = line.rstrip("\n").split("\t")
            if line.startswith("#") or (options.sets and not any(word in cells[0] for word in options.sets)):
                continue
            yield cells[0], [os.path.join(shared, path) for path in cells[1].split(",")]


def sizes(options, vial, work):
    sets, total = [], {}
    if options.only in (None, "real"):
        sets += list(real_sets(options))
    if options.only in (None, "made") and not options.sets:
        files, _ = bench.reads(options.data, options.pairs, "bgzf")
        sets.append(("made, NovaSeq, %d pairs" % options.pairs, files))
    for name, files in sets:
        print("columns: " + name, file=sys.stderr)
        reads = Set(name, files, work)
        rows = list(size_rows(options, vial, reads, work))
        print_sizes("%s, %d bytes of text" % (name, reads.text), rows, sys.stdout)
        if not name.startswith("made"):
            add_rows(total, rows)
        bench.remove(reads.texts)
    n = max((count for count, _ in total.values()), default=0)
    if n > 1:
        rows = [(what, columns, "") for what, (count, columns) in total.items() if count == n]
        print_sizes("%d real sets, summed" % n, rows, sys.stdout)


# ---- CPU, and questions ----


def sample_names(store, vial, work):
    """A name from the middle; MANY names from all over the store, in no order."""
    text = checked([vial, "view", store, "-O", "tsv", "--columns", "name"]).split(b"\n")[1:-1]
    names = sorted(set(text[::2] if len(text) > 1 and text[0] == text[1] else text))
    some = names[::max(1, len(names) // MANY)][:MANY]
    some = some[::7] + [x for i, x in enumerate(some) if i % 7]
    path = os.path.join(work, "names.txt")
    with open(path, "wb") as f:
        f.write(b"\n".join(some) + b"\n")
    return text[len(text) // 2].decode(), path, len(some), len(text)


def question_rows(store, vial, work, t):
    name, path, n, rows = sample_names(store, vial, work)
    half = rows // 2
    ask = lambda what, *words: Row(what, [vial, "view", "-@", str(t), store] + list(words), 0)
    return [ask("one read by name", "--name", name),
            ask("rows %d-%d" % (half, half + 99), "--rows", "%d-%d" % (half, half + 99)),
            ask("%d names, order of the store" % n, "--names", path),
            ask("%d names, order of the list" % n, "--names", path, "--order", "list"),
            ask("count by length", "-c", "--length", "100-"),
            ask("count by mean quality", "-c", "--mean-quality", "30"),
            ask("count by an expression over names", "-c", "--name-regex", ":1101:.*5$"),
            ask("count of a share of 0.1", "-c", "--fraction", "0.1")]


def speed(options, vial, work):
    t, at = options.threads, lambda name: os.path.join(work, name)
    files, text = bench.reads(options.data, options.pairs, "bgzf")
    texts, _ = bench.reads(options.data, options.pairs, "none")
    reads = Set.__new__(Set)
    reads.files, reads.texts = files, texts
    store, cram = at("speed.h5"), at("speed.cram")
    out, sam = [at("out_1.fastq"), at("out_2.fastq")], [at("sam_1.fastq"), at("sam_2.fastq")]
    bench.warm(files)
    rows = [Row("vial ingest, verified", [vial, "ingest", "-q", "--force", "-@", str(t), "-o", store] + files,
                text, [store], peer="samtools import", keep=True)]
    if shutil.which("samtools"):
        command = import_words(reads, CRAM["CRAM 3.1 normal"], t, cram)
        rows.append(Row("samtools import", command, text, [cram], keep=True))
    measure(rows, options.runs, work)
    command = [vial, "export", "-q", "-@", str(t), store, "-1", out[0], "-2", out[1]]
    rows.append(Row("vial export", command, text, out, lambda: same_bytes(zip(out, texts)), "samtools fastq"))
    if shutil.which("samtools"):
        command = ["samtools", "fastq", "-n", "-@", str(t), "-1", sam[0], "-2", sam[1], cram]
        rows.append(Row("samtools fastq", command, text, sam, lambda: same_reads(zip(sam, texts))))
    rows += question_rows(store, vial, work, t)
    measure([row for row in rows if not row.seconds and not row.failed], options.runs, work)
    print_speed("%d pairs, BGZF, %d threads" % (options.pairs, t), rows, sys.stdout)
    return any(row.failed for row in rows)


def print_speed(title, rows, out):
    print("### %s\n" % title, file=out)
    print("| what | median ms | least ms | CPU ms | CPU of peer | peak MiB |\n|" + " --- |" * 6, file=out)
    cpu = {row.what: statistics.median(row.cpu) for row in rows if row.cpu}
    for row in rows:
        if not row.seconds:
            print("| %s | failed: %s | | | | |" % (row.what, row.failed), file=out)
            continue
        mine = cpu[row.what]
        peer = "%.2f" % (cpu[row.peer] / mine) if row.peer in cpu else ""
        print("| %s | %.0f | %.0f | %.0f | %s | %.0f |" % (row.what, 1000 * statistics.median(row.seconds),
              1000 * min(row.seconds), 1000 * mine, peer, row.peak / 1024), file=out)
    print(file=out, flush=True)


def main():
    p = argparse.ArgumentParser(prog="bench/columns.py", description=__doc__.split("\n")[0])
    p.add_argument("--pairs", type=int, default=1000000, help="made read pairs (1000000)")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--runs", type=int, default=5, help="runs of what is timed; the median is shown (5)")
    p.add_argument("--only", choices=["real", "made", "speed"])
    p.add_argument("--sets", nargs="+", help="only real sets whose names have one of these words")
    p.add_argument("--zstd-19", type=float, default=100, help="the most megabytes of text for zstd -19 (100)")
    p.add_argument("--vial", help="the program (build/vial)")
    p.add_argument("--data", default=os.environ.get("VIAL_BENCH_DATA"),
                   help="keeps made inputs here ($VIAL_BENCH_DATA)")
    options = p.parse_args()
    vial = bench.find_vial(options.vial)
    if not vial:
        return 1
    work = tempfile.mkdtemp(prefix="vial-columns-", dir=options.data or os.environ.get("TMPDIR"))
    try:
        options.data = os.path.abspath(options.data or work)
        print("# %s; %d runs\n" % (bench.describe(), options.runs), flush=True)
        if options.only != "speed":
            sizes(options, vial, work)
        return speed(options, vial, work) if options.only in (None, "speed") and not options.sets else 0
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
