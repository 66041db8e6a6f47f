#!/usr/bin/python3
"""A plate of tiny files: how long a bank takes for 10,000 items of a hundred bytes from one sheet.

    bench/plate_scale.py [--items 10000] [--build build] [--folder DIR]

First the answer is compared: all items come in, and as many stores are listed. Then it prints wall clock
and CPU (user and system, all processes), and, beside them, a plain loop that writes and syncs a small file
as often as an item syncs. Fails, with exit code 1, when one of these is not kept:

    all items                 <= 30 ms an item (10,000 in 5 minutes), or 1.5 times the plain loop where the
                              disk is slower than that, or busy
    CPU                       <= 10 ms an item
    syncs, counted by strace  <= 7 an item, but for those of new folders and shards of the ledger

Ten thousand items take 400 MB of disk.
"""

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SYNCS = 7
FEW = 400  # items of which syncs are counted


def run(*command):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("plate_scale: %s: exit code %d" % (" ".join(map(str, command)), done.returncode))
    return done.stdout


def make_plate(folder, items):
    rng = random.Random(1)
    os.mkdir(folder)
    with open(folder + ".csv", "w") as sheet:
        sheet.write("sample,file_1\n")
        for i in range(items):
            path = os.path.join(folder, "W%05d.fastq" % i)
            bases, quality = ("".join(rng.choices(letters, k=36)) for letters in ("ACGT", "F:,#"))
            with open(path, "w") as f:
                f.write("@W%05d:1:1101:%d\n%s\n+\n%s\n" % (i, 1000 + i, bases, quality))
            sheet.write("W%05d,%s\n" % (i, path))
    return folder + ".csv"


def take_in(vial, root, sheet, items):
    """Seconds and seconds of CPU."""
    run(vial, "init", root)
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run(vial, "ingest", "-q", "-b", root, "--sheet", sheet)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    stores = run(vial, "ls", "--json", "-b", root).count("\n")
    if stores != items:
        sys.exit("plate_scale: %d items, %d stores" % (items, stores))
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def count_syncs(vial, top):
    """Of an item, and of those how many are of what is new in the bank; None without strace."""
    if not shutil.which("strace"):
        return None
    sheet = make_plate(os.path.join(top, "few"), FEW)
    root, out = os.path.join(top, "traced"), os.path.join(top, "out")
    run(vial, "init", root)
    run("strace", "-f", "-qqq", "-y", "-o", out, "-e", "trace=fsync,fdatasync", vial, "ingest", "-q", "-b",
        root, "--sheet", sheet)
    with open(out) as f:
        synced = [line for line in f if "sync(" in line]
    new = sum(line.split(">")[0].endswith(("/samples", "/ledger")) for line in synced)
    return len(synced) / FEW, new / FEW


def plain_loop(top, times):
    """Seconds of a write and sync, the mean."""
    start = time.perf_counter()
    for i in range(times):
        path = os.path.join(top, "plain%d" % i)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.write(fd, bytes(4000))
        os.fsync(fd)
        os.close(fd)
    spent = (time.perf_counter() - start) / times
    for i in range(times):
        os.unlink(os.path.join(top, "plain%d" % i))
    return spent


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--items", type=int, default=10000)
    ask.add_argument("--build", default=os.path.join(TOP, "build"))
    ask.add_argument("--folder", help="on the disk that is asked; else that of temporary files")
    args = ask.parse_args()
    vial, n = os.path.join(args.build, "vial"), args.items
    top = tempfile.mkdtemp(prefix="plate_scale.", dir=args.folder)
    try:
        sheet = make_plate(os.path.join(top, "plate"), n)
        before = plain_loop(top, 500)
        wall, cpu = take_in(vial, os.path.join(top, "bank"), sheet, n)
        after = plain_loop(top, 500)
        syncs = count_syncs(vial, top)
    finally:
        shutil.rmtree(top)
    plain = SYNCS * (before + after) / 2
    print("%d items, %d cores; write and fsync of a plain file: %.2f ms before, %.2f ms after" %
          (n, os.cpu_count(), 1000 * before, 1000 * after))
    print("wall %.1f s, %.1f ms an item, %.2f times a plain loop of %d syncs" %
          (wall, 1000 * wall / n, wall / n / plain, SYNCS))
    print("CPU %.1f s, %.1f ms an item" % (cpu, 1000 * cpu / n))
    asked = [("wall, ms an item", 1000 * wall / n, max(30, 1500 * plain)),
             ("CPU, ms an item", 1000 * cpu / n, 10)]
    if syncs:
        print("syncs %.2f an item, %.2f of them of folders and shards that are new" % syncs)
        asked.append(("syncs an item", syncs[0] - syncs[1], SYNCS))
    else:
        print("strace is not installed: syncs are not counted")
    broken = ["%s: %.2f, promised %.2f" % each for each in asked if each[1] > each[2]]
    for text in broken:
        print("not kept: " + text)
    print("%d passed, %d failed" % (len(asked) - len(broken), len(broken)))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
