#!/usr/bin/python3
"""The catalogue of a large bank: how fast it takes records, and how fast it answers.

    bench/catalog_scale.py [--samples 1000000] [--build build] [--keep DIR]

Makes a catalogue of N samples with 5 N stores by build/bench/make_catalog (which says what is in it), then
asks it, and prints one table. Fails, with exit code 1, when one of these is not kept:

    put                                 at least 5000 records/s, over the whole run
    look-up of a sample by id           p99 <= 2 ms: all its stores with their facts, as JSON; the quietest of
                                        five rounds
    ls --where on a fact, 1000 stores   <= 200 ms, the slowest of 40; and `vial ls` as a process, if
                                        build/vial can make banks

A million samples take about 4 GB of disk.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def lines(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("catalog_scale: %s: exit code %d" % (" ".join(command), done.returncode))
    return [json.loads(line) for line in done.stdout.splitlines()]


def can_make_banks(vial):
    if not os.path.exists(vial):
        return False
    text = subprocess.run([vial, "help"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return any(line.split()[:1] == ["init"] for line in text.splitlines())


def time_process(vial, root, samples):
    """Wall times in ms of `vial ls` for cohorts, as the table's rows are."""
    times, rows = [], 0
    for cohort in range(0, max(1, samples // 200), max(1, samples // 200 // 10)):
        start = time.perf_counter()
        done = subprocess.run([vial, "ls", "-b", root, "--tsv", "--where", "cohort = 'cohort-%d'" % cohort],
                              stdout=subprocess.PIPE, text=True)
        times.append(1000 * (time.perf_counter() - start))
        rows = done.stdout.count("\n") - 1
        if done.returncode:
            sys.exit("catalog_scale: vial ls: exit code %d" % done.returncode)
    times.sort()
    return {"what": "vial ls: cohort of 1000 stores", "n": len(times), "rows": rows,
            "p50": times[len(times) // 2],
            "p99": times[-1], "max": times[-1]}


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--samples", type=int, default=1000000)
    ask.add_argument("--build", default=os.path.join(TOP, "build"))
    ask.add_argument("--make", help="make_catalog; default: BUILD/bench/make_catalog")
    ask.add_argument("--vial", help="default: BUILD/vial")
    ask.add_argument("--keep", help="folder that is made, and stays; one that has a catalogue is only asked")
    args = ask.parse_args()
    make = args.make or os.path.join(args.build, "bench", "make_catalog")
    vial = args.vial or os.path.join(args.build, "vial")
    root = args.keep or os.path.join(tempfile.mkdtemp(prefix="catalog_scale."), "bank")
    whole = can_make_banks(vial)
    put = None
    if not os.path.exists(os.path.join(root, "catalog.db")):
        if whole:
            subprocess.run([vial, "init", root], check=True, stdout=subprocess.DEVNULL)
            for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
                if os.path.exists(os.path.join(root, name)):
                    os.remove(os.path.join(root, name))
        else:
            os.makedirs(root)
        put = lines([make, "build", root, str(args.samples)])[0]
    size = os.path.getsize(os.path.join(root, "catalog.db"))
    rows = lines([make, "measure", root, str(args.samples)])
    if whole:
        rows.append(time_process(vial, root, args.samples))
    if not args.keep:
        shutil.rmtree(os.path.dirname(root))

    print("%d samples, %d stores, %.2f GB (%d bytes a store)" %
          (args.samples, 5 * args.samples, size / 1e9, size / 5 / args.samples))
    rate = put["n"] / put["seconds"] if put else None
    if put:
        print("put: %.0f records/s; slowest 10000 with their commit %.2f s" % (rate, put["worst_commit"]))
    print("%-36s %7s %9s %10s %10s %10s" % ("question", "asked", "rows", "p50 ms", "p99 ms", "max ms"))
    for row in rows:
        cells = tuple(row[k] for k in ("what", "n", "rows", "p50", "p99", "max"))
        print("%-36s %7d %9d %10.3f %10.3f %10.3f" % cells)

    named = {row["what"]: row for row in rows}
    asked = [("look-up by id, p99 ms", named["look-up by id"]["p99"], 2),
             ("ls: cohort of 1000 stores, slowest ms", named["ls: cohort of 1000 stores"]["max"], 200)]
    if whole:
        asked.append(("vial ls: cohort of 1000 stores, slowest ms",
                      named["vial ls: cohort of 1000 stores"]["max"], 200))
    broken = ["%s: %.3f, promised %g" % each for each in asked if each[1] > each[2]]
    if put and rate < 5000:
        broken.append("put: %.0f records/s, promised 5000" % rate)
    for text in broken:
        print("not kept: " + text)
    print("%d passed, %d failed" % (len(asked) + (put is not None) - len(broken), len(broken)))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
