"""
A plate of tiny files: what each item costs the disk, and that the stores are the same however items share
threads, worker processes and entries of the journal.

Kills: before a call that changes the disk all processes die, or the one that calls; then what was at work,
and nothing else, is lost, and the next run of any kind finishes it: facts of the sheet and paths of its files
too, whichever lane of a sample it was.

Suites: banks faults.
"""
import json
import os
import shutil

from banktest import Bank, broken, check_whole, sheet
from fqmodel import reads
from vialtest import DATA, DOCUMENTED, OK, SOAK, Part, main

ITEMS = 24
MOST = 64  # calls that change the disk, or try to, for one item: writes, syncs, renames, folders
WHOLE = bool(SOAK or os.environ.get("VIAL_WHOLE"))
POINTS = int(os.environ.get("VIAL_POINTS", 20))  # of each matrix, when not all


def plate(f):
    rows = []
    for i in range(ITEMS):
        f.write(f"W{i:02}.fastq", reads(1, 100 + i))
        rows.append((f"W{i:02}", f"W{i:02}.fastq", ""))
    return sheet(f, "plate.csv", rows)


def same_stores(t, f):
    path, right = plate(f), None
    for args in ([], ["-j", "1", "-@", "1"], ["-j", "3", "-@", "8"], ["-@", "5"],
                 ["-@", "4", "--max-memory", "2G"]):
        bank = Bank(f, name="bank" + "".join(args))
        done = bank.run("ingest", *args, "--sheet", path)
        t.check(done.code == OK and f"{ITEMS} published" in done.err, f"{args}: all come in", done.err)
        right = right or bank.digests()
        t.check(len(right) == ITEMS and bank.digests() == right and not bank.leftovers(),
                f"{args}: the same stores")
        check_whole(t, bank, f"{args}")


def cost(t, f):
    path, bank = plate(f), Bank(f)
    shutil.copytree(bank.path, f / "before", symlinks=True)
    _, calls = broken(bank, f, f / "before", ["ingest", "-q", "--sheet", path], 10 ** 9, "EIO")
    t.check(len(bank.digests()) == ITEMS, "all came in")
    t.check(calls <= MOST * ITEMS, f"{calls / ITEMS:.1f} calls that change the disk for an item")
    print(f"{calls / ITEMS:.1f} calls that change the disk for an item", flush=True)


def refused(t, f):
    """Bad ones among them, one after the other and at the ends: each by its own name, all others come in."""
    path, bad = plate(f), (0, 5, 6, 7, 15, 16, ITEMS - 1)
    for i in bad:
        f.write(f"W{i:02}.fastq", b"@x\nACGT\n+\nFF\n")
    for args in ([], ["-j", "1", "-@", "1"]):
        bank = Bank(f, name="bad" + "".join(args))
        done = bank.run("ingest", *args, "--sheet", path)
        names = sorted(q["sample"] for q in bank.quarantine())
        t.check(done.code == DATA and names == [f"W{i:02}" for i in bad], f"{args}: by name", str(names))
        t.check(len(bank.digests()) == ITEMS - len(bad) and not bank.leftovers(), f"{args}: the others",
                done.err)
        check_whole(t, bank, f"{args}")


class Lanes:
    """Tiny lanes of a few samples, apart, with facts of samples and lanes, before anything came in."""

    def __init__(self, f, *args):
        self.f, self.bank = f, Bank(f)
        rows = []
        for i in range(8):
            f.write(f"l{i}.fastq", reads(1, 200 + i))
            rows.append((f"S{i % 3}", f"L{i}", f / f"l{i}.fastq", f"D{i % 3}", f"run {i}"))
        path = sheet(f, "lanes.csv", rows, ("sample", "acquisition", "file_1", "donor", "flowcell"))
        self.command = ["ingest", "-q", *args, "--sheet", path]
        shutil.copytree(self.bank.path, f / "before", symlinks=True)
        self.calls = self.broken(10 ** 9, "EIO")[1]
        self.right = self.known()
        assert len(self.right) == 8, self.right

    def broken(self, n, how):
        return broken(self.bank, self.f, self.f / "before", self.command, n, how)

    def known(self):
        """Of each lane that is in the bank: donor, facts, paths."""
        out = {}
        for sample in {r["sample"] for r in self.bank.ls()}:
            record = json.loads(self.bank.run("info", "--json", sample).out)
            for store in record["stores"]:
                out[sample, store["acquisition"]] = (record.get("donor"), store["facts"],
                                                     [i["path"] for i in store["inputs"]])
        return out

    def points(self, rng):
        n = self.calls
        return range(1, n + 1) if WHOLE else sorted(rng.sample(range(1, n + 1), min(n, POINTS)))


def killed(t, f, how, args):
    scene, tried = Lanes(f, *args), 0
    for i in scene.points(t.random):
        batch, _ = scene.broken(i, how)
        if batch is None:
            continue
        what, bank = f"{how} before change {i} of {scene.calls}", scene.bank
        tried += 1
        check_whole(t, bank, what)
        lost = [(q["sample"], q["acquisition"]) for q in bank.quarantine()]
        if batch.code != -9:
            t.check(batch.code in DOCUMENTED and len(lost) <= 1, f"{what}: one item at most", batch.err)
        done = bank.run("tidy")
        t.check(done.code == OK and not bank.leftovers(), f"{what}: the next run clears",
                f"{done} {bank.leftovers()}")
        known = scene.known()
        t.check(all(known[k] == scene.right[k] for k in known), f"{what}: what is in is known whole",
                str(known))
        if batch.code == DATA:
            t.check(set(scene.right) - set(known) <= set(lost), f"{what}: all others are in", str(known))
        done = bank.run(scene.command[0], *scene.command[1:])
        t.check(done.code == OK and scene.known() == scene.right and not bank.leftovers(),
                f"{what}: a plain re-run reaches the same", done.err)
        done = bank.run("catalog", "check")
        t.check(done.code == OK, f"{what}: catalog check", done.out.decode() + done.err)
    print(f"{how}: {tried} of {scene.calls}", flush=True)


if __name__ == "__main__":
    main(same_stores, cost, refused,
         *(Part(f"{how}{''.join(args)}", killed, (how, args)) for how in ("kill", "kill-self")
           for args in ([], ["-j1", "-@1"])))
