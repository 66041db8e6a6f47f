"""
Stores of a bank made anew from themselves: sealed again after an HDF5 program opened them for writing, with
their indexes made again, and, by night, with what describes their files. Record, ledger and catalogue follow;
facts, history and identity stay; what cannot be proven is refused. Killed before each call that changes the
disk, or with that call failing, it leaves the old store or the new one, and the next run makes all agree.

Suites: banks faults.
"""
import glob
import gzip
import json
import os
import shutil
import struct

import h5py

from banktest import Bank, check_whole, sheet
from fqmodel import reads
from vialtest import BUILD, DATA, DOCUMENTED, NOINPUT, OK, SOAK, USAGE, Part, check_refusal, main, run

LIBRARY = f"{BUILD}/pipeline/test/libfaults.so"
WHOLE = bool(SOAK or os.environ.get("VIAL_WHOLE"))
POINTS = int(os.environ.get("VIAL_POINTS", 12))  # of each matrix, when not all
OLD = "testdata/stores/v1/bank"


def change(path, how=lambda s: None):
    mode = os.stat(path).st_mode
    os.chmod(path, 0o644)
    with h5py.File(path, "r+") as store:
        how(store)
    os.chmod(path, mode & 0o777)


def add(store):
    store.attrs["mine"] = 7


def drop_index(store):
    del store["index"]


class Scene:
    """A bank of one donor's two samples; S/L1 is the store that things happen to."""

    def __init__(self, f, night=False):
        self.f, self.bank = f, Bank(f, settings="[bank]\noriginals = night\n" if night else "")
        for name in ("a", "b"):
            text = reads(12000 if not night else 1500, seed=ord(name), length=40)
            f.write(f"{name}.fastq", gzip.compress(text) if night else text)
        rows = [("S", f / "a.fastq", "L1", "D", "DNA", "7"), ("T", f / "b.fastq", "L1", "D", "RNA", "8")]
        head = ("sample", "file_1", "acquisition", "donor", "specimen_type", "lane")
        done = self.bank.run("ingest", "-q", "--sheet", sheet(f, "s.csv", rows, head))
        assert done.code == OK, done.err
        self.store, self.known = self.find("S"), self.info()
        self.whole = f.read(self.store)
        self.digests = self.bank.digests()

    def find(self, sample):
        return os.path.relpath(glob.glob(self.bank / f"samples/*/{sample}/reads-L1.h5")[0], self.f.path)

    def info(self):
        """What the record says, but for what changes with the bytes and with each change."""
        record = json.loads(self.bank.run("info", "--json", "S").out)
        for name in ("revision", "ledger"):
            record.pop(name, None)
        for store in record["stores"]:
            del store["seal"], store["bytes"]
        return record

    def agrees(self, t, what):
        """Record, catalogue, folder and what was known before."""
        good = check_whole(t, self.bank, what)
        done = self.bank.run("catalog", "check")
        good &= t.check(done.code == OK, f"{what}: catalog check", done.out.decode() + done.err)
        good &= t.check(self.info() == self.known, f"{what}: the record", f"{self.info()}, was {self.known}")
        good &= t.check(self.bank.digests() == self.digests, f"{what}: digests")
        good &= t.check(not self.bank.leftovers(), f"{what}: left over", str(self.bank.leftovers()))
        done = self.bank.run("verify", "--all")
        return good & t.check(done.code == OK, f"{what}: verify", done.err)


def resealed(t, f):
    scene = Scene(f)
    bank, path = scene.bank, f / scene.store
    for sample in ("S", "T"):
        change(f / scene.find(sample))
        change(os.path.dirname(f / scene.find(sample)) + "/sample.h5")
    t.check(f.read(scene.store) == scene.whole, "h5py opened a store for writing", "other bytes")
    scene.agrees(t, "h5py opened stores and sample.h5 for writing")
    done = bank.run("ingest", "--sheet", f / "s.csv")
    t.check(done.code == OK and "2 unchanged" in done.err, "the same sheet again", done.err)
    t.check(b"is sealed as it is" in bank.run("reseal", "S").out, "nothing to do")
    change(path, add)
    done = bank.run("verify", "-q", "--all")
    said = done.err.splitlines()
    t.check(done.code == DATA and len(said) == 2 and "reads-L1.h5" in said[0] and "vial heal S/L1" in said[1],
            "verify: the store, and what heals it", done.err)
    before = f.read(scene.store)
    check_refusal(t, "reseal", bank.run("reseal", "S/L1"), ["reads-L1.h5", "'mine' of /", "--drop"])
    t.check(f.read(scene.store) == before, "reseal", "a refusal changed the store")
    check_refusal(t, "by its path", run("reseal", "--drop", path), ["-b BANK"], (USAGE,))
    done = bank.run("reseal", "--drop", "S/L1")
    t.check(done.code == OK and b"taken out: attribute 'mine'" in done.out, "reseal --drop", done.err)
    scene.agrees(t, "reseal --drop")
    f.write(scene.store, bytes(512) + scene.whole[512:])
    done = bank.run("reseal", "S")
    t.check(done.code == OK and f.read(scene.store) == scene.whole, "reseal", done.err)
    scene.agrees(t, "reseal")
    broken = bytearray(scene.whole)
    broken[len(broken) // 2] ^= 1
    f.write(scene.store, bytes(broken))
    check_refusal(t, "damaged", bank.run("reseal", "S"), ["reads-L1.h5"])
    t.check(f.read(scene.store) == bytes(broken) and not bank.leftovers(), "damaged", "was changed")
    for name, code in (("U", NOINPUT), ("S/L2", NOINPUT)):
        check_refusal(t, name, bank.run("reseal", name), [], (code,))


def of_version_1(t, f):
    """A bank of earlier days: seals are cut off, and come back; indexes come."""
    shutil.copytree(OLD, f / "old")
    for name in ("cohorts", "journal", "quarantine", "receipts", "reports"):
        os.makedirs(f / f"old/{name}", exist_ok=True)
    paths = [p for p in glob.glob(f / "old/samples/*/S[12]/*.h5") if "/sample" not in p[-12:]]
    paths = [p for p in paths if ".old-" not in p]
    whole = {p: open(p, "rb").read() for p in paths}
    for path in paths:
        change(path)
        t.check(open(path, "rb").read() == whole[path][:-48], path, "h5py did something else")
    for name in ("S1/L001", "S1/kept", "S2"):
        check_refusal(t, f"view {name}", run("view", "-b", f / "old", name), ["vial reseal"])
        done = run("reseal", "-b", f / "old", name)
        t.check(done.code == OK and b"the same as when it was published" in done.out, name, done.err)
    t.check(all(open(p, "rb").read() == whole[p] for p in paths), "reseal", "other bytes")
    t.check(run("catalog", "-b", f / "old", "check").code == OK, "catalog check")
    t.check(run("verify", "-b", f / "old", "--all").code == OK, "verify")


def reindexed(t, f):
    scene = Scene(f)
    bank, path = scene.bank, f / scene.store
    t.check(b"as they should be" in bank.run("reindex", "S").out, "nothing to do")
    change(path, drop_index)
    done = bank.run("reseal", "S")
    t.check(done.code == OK, "without its index", done.err)
    scene.agrees(t, "without its index")
    check_refusal(t, "by its path", run("reindex", path), ["-b BANK"], (USAGE,))
    done = bank.run("reindex", "S")
    t.check(done.code == OK and b"indexes made again" in done.out, "reindex", done.err)
    with h5py.File(path) as s:
        t.check("index" in s, "reindex", "no index")
    scene.agrees(t, "reindex")


def described(t, f):
    """By night, while the files are there; what is gone or changed stays pending, and is counted."""
    scene = Scene(f, night=True)
    bank, t_store = scene.bank, f / scene.find("T")
    t.check(scene.known["stores"][0]["original"] == "pending", "comes in pending", f"{scene.known}")
    good = f.read("b.fastq")
    f.write("b.fastq", gzip.compress(reads(5)))
    done = bank.run("nightly", "-n")
    t.check(done.code == OK and b"describe\tfiles of 2 stores\n" in done.out, "-n", done.out.decode())
    done = bank.run("nightly", "-v")
    words = ("files of 1 store described; those of 1 pending", "not described: T/L1", "it has")
    t.check(done.code == OK and all(x in done.err for x in words), "one night", done.err)
    scene.known["stores"][0]["original"] = "described"
    scene.agrees(t, "one night")
    done = run("export", "--original", "-b", bank.path, "S", "-o", f / "out")
    t.check(done.code == OK and f.read("out") == f.read("a.fastq"), "the file", done.err)
    t.check(bank.rows("SELECT count(*) FROM store WHERE original = 'pending'") == [(1, )], "the catalogue")
    page = open(glob.glob(bank / "reports/*.html")[0]).read()
    said = "The text of 1 store is exact; how the files were packed is not described yet"
    t.check(said in page, "the page")
    metrics = open(bank / "reports/vial.prom").read()
    t.check('vial_stores_original_pending{bank="bank"} 1' in metrics, "metrics")
    os.unlink(f / "b.fastq")
    done = bank.run("nightly", "-v")
    t.check(done.code == OK and "cannot open" in done.err, "a file that is gone", done.err)
    t.check(bank.run("nightly").err == "", "no mail for that")
    f.write("b.fastq", good[:-1] + bytes([good[-1] ^ 1]))
    done = bank.run("nightly", "-v")
    t.check(done.code == OK and "not described: T/L1" in done.err, "another file of that size", done.err)
    f.write("b.fastq", good)
    before = f.read(scene.store)
    done = bank.run("nightly", "-v")
    t.check(done.code == OK and "files of 1 store described; those of 0 pending" in done.err, "it is back",
            done.err)
    t.check(f.read(scene.store) == before, "what was described stays as it is")
    done = bank.run("nightly", "-v")
    t.check(done.code == OK and "described" not in done.err, "nothing to do", done.err)
    t.check(bank.run("nightly").err == "", "nothing to say")
    done = run("verify", t_store)
    t.check(done.code == OK, "verify", done.err)
    done = bank.run("catalog", "rebuild")
    t.check(done.code == OK, "rebuild", done.err)
    scene.agrees(t, "rebuild")


def broken(t, f, command, how):
    """Each call that changes the disk, or some: the process or all of them die there, or it fails."""
    scene = Scene(f, night=command == "nightly")
    if command == "nightly":
        scene.known["stores"][0]["original"] = "described"
    elif command == "reseal":
        f.write(scene.store, bytes(512) + scene.whole[512:])
    else:
        change(f / scene.store, drop_index)
        t.check(scene.bank.run("reseal", "S").code == OK, "without its index")
    shutil.copytree(scene.bank.path, f / "before", symlinks=True)
    args = [command, "-b", scene.bank.path] + ([] if command == "nightly" else ["-q", "S"])
    tried, total = 0, 10 ** 9
    numbers = [total]
    while numbers:
        n = numbers.pop(0)
        shutil.rmtree(scene.bank.path)
        shutil.copytree(f / "before", scene.bank.path, symlinks=True)
        f.clear("count", "told")
        done = run(*args, env={"LD_PRELOAD": LIBRARY, "FAULT_KIND": "change", "FAULT_N": str(n),
                               "FAULT_HOW": how, "FAULT_SHARED": f / "count", "FAULT_TOLD": f / "told"})
        if n == 10 ** 9:
            total = struct.unpack("<q", f.read("count")[:8])[0]
            numbers = list(range(1, total + 1))
            if not WHOLE:
                numbers = sorted(t.random.sample(numbers, min(total, POINTS)))
            continue
        tried += os.path.exists(f / "told")
        what = f"{command}, {how} at change {n} of {total}"
        t.check(done.code in DOCUMENTED or done.code < 0, f"{what}: exit code {done.code}", done.err)
        for _ in range(100):  # a child of the killed may hold a lock for a moment
            done = run(*args)
            if done.code == OK:
                break
        t.check(done.code == OK, f"{what}: once more", done.err)
        scene.agrees(t, what)
    print(f"{command}, {how}: {tried} points of {total}", flush=True)
    t.check(tried, f"{command}, {how}", "no call was broken")


if __name__ == "__main__":
    main(resealed, of_version_1, reindexed, described,
         *(Part(f"{command} {how}", broken, (command, how)) for command in ("reseal", "reindex", "nightly")
           for how in ("kill", "kill-self", "EIO", "ENOSPC", "EINTR")))
