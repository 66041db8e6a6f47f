#!/usr/bin/python3
"""The ledger of a large bank: how fast it takes lines, is checked, and tells the history of a sample.

    bench/ledger_scale.py [--lines 10000000] [--build build] [--keep DIR]

Makes a ledger of N lines about N / 10 samples by build/bench/make_ledger (which says what is in it). First
the answers are compared: histories of some samples, line by line, with what was written, and the check must
find nothing, and one altered byte. Then it prints one table. Fails, with exit code 1, when one of these is
not kept:

    append of a line, synced            median <= 2 ms, or 1.5 times what write and fsync of a plain file take
                                        on a disk that is busy
    check of all lines and folds        <= 60 s (vial catalog check --ledger, as many processes as cores)
    vial info --history, as a process   <= 50 ms, the median of 40

Ten million lines take 3 GB of disk.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EACH = 10


def run(*command, codes=(0,)):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    if done.returncode not in codes:
        sys.exit("ledger_scale: %s: exit code %d" % (" ".join(map(str, command)), done.returncode))
    return done.stdout


def name_of(i):
    return "S%010d" % (i * 2654435761 % 2 ** 32)


def compare_history(vial, root, i):
    """What was written about sample i."""
    told = json.loads(run(vial, "info", "-b", root, "--history", "--json", name_of(i)))["history"][:EACH]
    first = {tuple(c["path"]): c["to"] for c in told[0]["changes"]}
    good = (first[("donor",)] == "D%d" % (i // 2) and first[("stores", "reads-A.h5")]["rows"] == 1000000
            and len(told) == EACH)
    for k in range(1, EACH):
        right = {"path": ["facts", "fact"], "to": "%d of %d" % (k, i),
                 "from": "%d of %d" % (k - 1, i) if k > 1 else None}
        good &= told[k]["changes"] == [right] and told[k]["revision"] == k + 1
    if not good:
        sys.exit("ledger_scale: the history of %s is not what was written: %s" % (name_of(i), told))


def compare_check(vial, root, samples):
    """Nothing is wrong; then one byte is, and back. Returns the seconds of the first, and those of CPU."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    said = run(vial, "catalog", "check", "--ledger", "-b", root)
    spent, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if said != "%d samples, 0 differences\n" % samples:
        sys.exit("ledger_scale: check says " + said[-300:])
    with open(os.path.join(root, "ledger/7f"), "r+b") as f:
        f.seek(os.path.getsize(f.name) // 2)
        byte = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([byte[0] ^ 1]))
        f.flush()
        said = run(vial, "catalog", "check", "--ledger", "-b", root, codes=(65,))
        f.seek(-1, os.SEEK_CUR)
        f.write(byte)
    if "ledger/7f: line" not in said:
        sys.exit("ledger_scale: check does not find an altered byte: " + said[-300:])
    return spent, cpu


def time_history(vial, root, samples):
    times = []
    for n in range(40):
        start = time.perf_counter()
        run(vial, "info", "-b", root, "--history", name_of(n * 15485863 % samples))
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    return {"what": "vial info --history", "n": 40, "p50": times[20], "p99": times[39], "max": times[39]}


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--lines", type=int, default=10000000)
    ask.add_argument("--build", default=os.path.join(TOP, "build"))
    ask.add_argument("--keep", help="folder that is made, and stays; one that has a ledger is only asked")
    args = ask.parse_args()
    make, vial = os.path.join(args.build, "bench", "make_ledger"), os.path.join(args.build, "vial")
    root = args.keep or os.path.join(tempfile.mkdtemp(prefix="ledger_scale."), "bank")
    if not os.path.exists(os.path.join(root, "bank.ini")):
        run(vial, "init", root)
        run(make, "build", root, args.lines)
    samples = args.lines // EACH
    folder = os.path.join(root, "ledger")
    size = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))
    for n in range(20):
        compare_history(vial, root, n * 32452843 % samples)
    check, cpu = compare_check(vial, root, samples)
    rows = [json.loads(run(make, "fold", root, args.lines, 200)), time_history(vial, root, samples),
            json.loads(run(make, "append", root, args.lines, 1000)),
            json.loads(run(make, "bare", root, args.lines, 1000))]
    if not args.keep:
        shutil.rmtree(os.path.dirname(root))
    print("%d lines, %d samples, %.2f GB (%d bytes a line)" %
          (args.lines, samples, size / 1e9, size / args.lines))
    print("check of all: %.1f s on %d cores, %.0f lines/s; %.1f s of CPU" %
          (check, os.cpu_count(), args.lines / check, cpu))
    print("%-36s %7s %10s %10s %10s" % ("what", "times", "p50 ms", "p99 ms", "max ms"))
    for row in rows:
        print("%-36s %7d %10.3f %10.3f %10.3f" % tuple(row[k] for k in ("what", "n", "p50", "p99", "max")))
    asked = [("check, s", check, 60), ("history, median ms", rows[1]["p50"], 50),
             ("append, median ms", rows[2]["p50"], max(2, 1.5 * rows[3]["p50"]))]
    broken = ["%s: %.3f, promised %g" % each for each in asked if each[1] > each[2]]
    for text in broken:
        print("not kept: " + text)
    print("%d passed, %d failed" % (len(asked) - len(broken), len(broken)))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
