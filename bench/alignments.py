#!/usr/bin/python3
"""
What alignments take in a store of each profile, beside CRAM 3.1 with its reference outside:
bench/alignments.py FOLDER, of the sets that bench/make-alignments has put there. VIAL is the program (default
build/vial). --columns says what each column of the store takes as well, in bytes a record; --profiles P,P...
which profiles.
"""
import argparse
import os
import subprocess
import tempfile
import time

import h5py

VIAL = os.path.abspath(os.environ.get("VIAL", "build/vial"))
SETS, CRAMS = ("nova", "hiseq", "ont"), ("normal", "small", "archive")


def ingest(path, profile, store):
    """Seconds it took; the store has proven that the text comes back."""
    start = time.monotonic()
    subprocess.run([VIAL, "ingest", "-q", "--profile", profile, "-o", store, path], check=True)
    return time.monotonic() - start


def columns(store):
    """Stored bytes of each data set, the largest first."""
    sizes = {}

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            sizes[name] = item.id.get_storage_size()

    with h5py.File(store, "r") as h:
        h.visititems(add)
        return sorted(sizes.items(), key=lambda x: -x[1]), int(h.attrs["n_row"])


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder")
    ask.add_argument("--profiles", default="compact,archive")
    ask.add_argument("--columns", action="store_true")
    ask = ask.parse_args()
    print("set", "profile", "bytes", *(f"/ CRAM {c}" for c in CRAMS), "seconds", sep="\t")
    for name in SETS:
        path = f"{ask.folder}/{name}"
        crams = [os.path.getsize(f"{path}.{c}.cram") for c in CRAMS]
        for profile in ask.profiles.split(","):
            with tempfile.TemporaryDirectory(dir=ask.folder) as folder:
                store = f"{folder}/s.h5"
                seconds, size = ingest(f"{path}.bam", profile, store), os.path.getsize(store)
                print(name, profile, size, *(f"{size / c:.3f}" for c in crams), f"{seconds:.1f}", sep="\t")
                sizes, rows = columns(store) if ask.columns else ((), 1)
                for column, n in sizes:
                    print(f"{'':8}{column:36}{n:12}{n / rows:10.4f}")


if __name__ == "__main__":
    main()
