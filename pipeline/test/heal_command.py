"""
vial heal: from what lies there, from originals where the record says, from a folder, a backup, a single
store; what is needed when there is nothing; and what verify says of a damaged store.

Suites: banks.
"""
import glob
import json
import os
import shutil

from banktest import Bank, sha
from damage_place import spoil_data
from fqmodel import reads
from heal import (HARMS, PAIRS, check_agree, check_healed, damage, find, record, remove, remove_folder,
                  rot, scene, unseal)
from vialtest import DATA, NOINPUT, OK, main


def tree(bank):
    """All bytes of samples and ledger."""
    return {p: sha(p) for p in glob.glob(bank / "samples/*/*/*") + glob.glob(bank / "ledger/*")}


def from_originals(t, f):
    bank, _ = scene(f)
    done = bank.run("heal")
    t.check(done.code == OK and b"3 stores: 3 as sealed and last verified, 0 healed, 0 not w" in done.out,
            "nothing to heal", str(done))
    for harm in HARMS:
        for sample, acquisition, name in (("S3", "S3", "reads-S3"), ("S2", "m", "spectra-m")):
            if harm.__name__ in ("another", "remove_folder") and sample == "S2":
                continue
            what = f"heal after {harm.__name__} of {name}"
            before = record(bank, sample)
            harm(bank, find(bank, name))
            was = tree(bank)
            done = bank.run("heal", "-n")
            t.check(done.code == DATA and f"{sample}/{acquisition}: ".encode() in done.out
                    and b"can be healed from " + os.fsencode(f.path) in done.out, f"{what}: dry", str(done))
            t.check(tree(bank) == was, f"{what}: dry changes nothing")
            done = bank.run("heal", *([f"{sample}/{acquisition}"] if harm is damage else []))
            by = b"proven whole" if harm is unseal else b"healed from " + os.fsencode(f.path)
            t.check(done.code == OK and by in done.out
                    and b" 1 healed, 0 not whole" in done.out, what, str(done))
            if harm is not unseal:
                check_healed(t, bank, before, sample, acquisition, what)
    t.check("vial heal" in "".join(open(p).read() for p in glob.glob(bank / "ledger/*")),
            "the ledger says who")
    done = bank.run("heal", "S9")
    t.check(done.code == NOINPUT, "no such sample", str(done))


def all_at_once(t, f):
    bank, _ = scene(f)
    before = {s: record(bank, s) for s in ("S2", "S3")}
    for name in ("reads-S2", "spectra-m", "reads-S3"):
        remove(bank, find(bank, name))
    done = bank.run("heal")
    t.check(done.code == OK and b"0 as sealed and last verified, 3 healed, 0 not whole" in done.out,
            "three at once", str(done))
    for sample, acquisition in (("S2", "S2"), ("S3", "S3")):
        check_healed(t, bank, before[sample], sample, acquisition, f"three at once, {sample}/{acquisition}")


def from_elsewhere(t, f):
    """The originals are gone; they lie under other names in a folder, beside files of the same size."""
    bank, _ = scene(f)
    before = record(bank, "S2")
    os.makedirs(f / "tape/deep")
    for mate in (1, 2):
        os.rename(f / f"S2_R{mate}.fastq", f / f"tape/deep/x{mate}")
        f.write(f"tape/decoy{mate}", reads(PAIRS, 9, mate=mate))
    remove(bank, find(bank, "reads-S2"))
    done = bank.run("heal")
    sums = [sha(f / f"tape/deep/x{mate}") for mate in (1, 2)]
    t.check(done.code == DATA and all(s in done.out.decode() for s in sums) and b"S2_R1.fastq" in done.out
            and b"2 as sealed and last verified, 0 healed, 1 not whole" in done.out,
            "what is needed", str(done))
    t.check(record(bank, "S2")["stores"] == before["stores"], "the record stays")
    done = bank.run("heal", "--from", f / "none")
    t.check(done.code == NOINPUT, "--from what is not there", str(done))
    done = bank.run("heal", "--from", f / "tape", "S2")
    t.check(done.code == OK and b"tape/deep/x1" in done.out, "from a folder", str(done))
    check_healed(t, bank, before, "S2", "S2", "from a folder", ("path", "mtime_ns"), ("seal", "bytes",
                                                                                      "digest"))
    os.rename(f / "tape/deep/x1", f / "S2_R1.fastq")
    text = f.read("S2_R1.fastq")
    f.write("S2_R1.fastq", text.replace(b"A", b"C", 1))
    remove(bank, find(bank, "reads-S2"))
    done = bank.run("heal")
    t.check(done.code == DATA and b"needs" in done.out, "an original that was changed is none", str(done))
    check_agree(t, bank, "S2", "an original that was changed")


def from_backup(t, f):
    bank, _ = scene(f)
    shutil.copytree(bank.path, f / "backup")
    for name in ("S2_R1.fastq", "S2_R2.fastq", "S3.fastq.gz", "m.mzML"):
        os.unlink(f / name)
    for harm in (damage, unseal, remove, remove_folder):
        before = record(bank, "S3")
        harm(bank, find(bank, "reads-S3"))
        done = bank.run("heal", "--from", f / "backup")
        t.check(done.code == OK and b"1 healed" in done.out, f"from a backup after {harm.__name__}",
                str(done))
        if harm is not unseal:
            check_healed(t, bank, before, "S3", "S3", f"from a backup after {harm.__name__}")
    before = record(bank, "S2")
    copy = glob.glob(f / "backup/samples/*/S2/reads-S2.h5")[0]
    other = glob.glob(f / "backup/samples/*/S3/reads-S3.h5")[0]
    for one, good in ((other, False), (copy, True)):
        if not good:
            remove(bank, find(bank, "reads-S2"))
        done = bank.run("heal", "S2", "--from", one)
        t.check((done.code == OK) == good and ("other data" in done.err) != good,
                f"from {os.path.basename(one)}",
                str(done))
    check_healed(t, bank, before, "S2", "S2", "from one store")
    bad = shutil.copy(copy, f / "bad.h5")
    damage(bank, find(bank, "reads-S2"))
    spoil_data(bad)
    done = bank.run("heal", "S2", "--from", bad)
    t.check(done.code == DATA and not bank.leftovers(), "a damaged copy is none", str(done))


def where_it_lies(t, f):
    """A copy put back by hand counts at the next check, or with heal; a seal that is gone is made again."""
    bank, path = scene(f)
    store = find(bank, "reads-S3")
    good = shutil.copy(store, f / "good.h5")
    for command in (("verify", "--all", "-q"), ("heal",)):
        damage(bank, store)
        os.unlink(store)
        shutil.copy(good, store)
        done = bank.run(*command)
        t.check(done.code == OK, f"a copy put back, {command[0]}", str(done))
        done = bank.run("ingest", "--sheet", path)
        t.check("3 unchanged" in done.err, f"a copy put back, {command[0]}: then it is unchanged", done.err)
        t.check(bank.run("catalog", "check").code == OK, f"a copy put back, {command[0]}: check")
    os.unlink(f / "S3.fastq.gz")
    unseal(bank, store)
    done = bank.run("heal")
    t.check(done.code == OK and b"proven whole" in done.out and sha(store) == sha(good),
            "its seal is made again",
            str(done))
    os.unlink(store)
    shutil.copy(find(bank, "reads-S2"), store)
    done = bank.run("verify", "--all")
    t.check(done.code == DATA and "other data" in done.err, "another store is not what was published",
            str(done))
    done = bank.run("heal")
    t.check(done.code == DATA and b"needs" in done.out, "and heals nothing", str(done))


def verify_says(t, f):
    bank, _ = scene(f)
    store = find(bank, "reads-S3")
    sum_of = sha(f / "S3.fastq.gz")
    damage(bank, store)
    done = bank.run("verify", "--all")
    t.check(done.code == DATA and f / "S3.fastq.gz" in done.err and sum_of in done.err
            and "is there" in done.err
            and "vial heal S3/S3" in done.err, "verify names the original", done.err)
    os.unlink(f / "S3.fastq.gz")
    os.unlink(store)
    done = bank.run("verify", "--all")
    t.check(done.code == DATA and sum_of in done.err and "not there" in done.err and "--from" in done.err,
            "and what is needed", done.err)


def read_now(t, f):
    """A sample that is named is read; so is one that verify is given by name, and what it finds is noted."""
    bank, _ = scene(f)
    rot(find(bank, "reads-S3"))
    done = bank.run("heal")
    t.check(done.code == OK and b"3 as sealed and last verified" in done.out, "all: not read", str(done))
    before = record(bank, "S3")
    done = bank.run("heal", "S3")
    t.check(done.code == OK and b"1 store: 0 read and whole, 1 healed, 0 not whole" in done.out
            and "vial heal" not in done.err, "named: read and healed", str(done))
    check_healed(t, bank, before, "S3", "S3", "named")
    done = bank.run("heal", "S3")
    t.check(done.code == OK and b"1 store: 1 read and whole, 0 healed" in done.out, "whole", str(done))
    rot(find(bank, "reads-S2"))
    done = bank.run("verify", "S2/m")
    t.check(done.code == OK and done.out.startswith(b"S2/spectra-m.h5: ok: ") and done.out.count(b"\n") == 1
            and b"original text compared, digest " in done.out, "verify: one acquisition", str(done))
    done = bank.run("verify", "S2", "S3")
    t.check(done.code == DATA and b"S2/spectra-m.h5: ok" in done.out and b"S3/reads-S3.h5: ok" in done.out
            and "vial heal S2/S2" in done.err, "verify: all stores of samples", str(done))
    done = bank.run("heal")
    t.check(done.code == OK and b"1 healed, 0 not whole" in done.out, "what verify found heals", str(done))
    t.check(bank.run("verify", "S9").code == NOINPUT and bank.run("verify", "S2/x").code == NOINPUT,
            "no such store")


def marks(t, f):
    """What verify finds of a store of a bank is noted, by --all and by name; what was mended by hand counts
    after the next one. Record and ledger are not touched; a mark stays with a store that goes and comes."""
    bank, _ = scene(f)
    marks_of = "SELECT file, verified_at FROM store WHERE verify_failed <> ''"
    known = record(bank, "S3")["stores"]
    for command in (("verify", "--all"), ("verify", "S3"), ("verify", "S3/S3")):
        store = find(bank, "reads-S3")
        shutil.copy2(store, f / "kept.h5")
        rot(store)
        done = bank.run(*command)
        marked = bank.rows(marks_of)
        t.check(done.code == DATA and [row[0] for row in marked] == ["reads-S3.h5"]
                and not bank.ls("S3")[0]["verified"], f"{command}: it is marked", f"{done} {bank.ls('S3')}")
        for there_and_back in (("remove", "--reason", "x", "S3"), ("undo", "--reason", "x", "S3")):
            assert bank.run(*there_and_back).code == OK
        t.check(bank.rows(marks_of) == marked, f"{command}: it was removed and is back: still marked")
        os.replace(f / "kept.h5", store)
        done = bank.run(*command)
        t.check(done.code == OK and not bank.rows(marks_of) and bank.ls("S3")[0]["verified"],
                f"{command}: mended by hand, it counts again", str(done))
    history = json.loads(bank.run("info", "--json", "--history", "S3").out)["history"]
    t.check([line["what"] for line in history] == ["publish"] + ["remove", "undo"] * 3
            and record(bank, "S3")["stores"] == known and bank.run("catalog", "check").code == OK,
            "the ledger says nothing of checks", str(history))


def old_bank(t, f):
    """Stores of version 1, from their originals."""
    shutil.copytree("testdata/stores/v1/bank", f / "bank")
    for part in ("journal", "quarantine", "receipts", "reports"):
        os.makedirs(f / f"bank/{part}", exist_ok=True)
    bank = Bank.__new__(Bank)
    bank.path = f / "bank"
    assert bank.run("catalog", "rebuild").code == OK
    live = [(r["sample"], r["acquisition"]) for r in bank.ls()]
    done = bank.run("heal")
    assert done.code == OK, done.err
    for sample, acquisition in live:
        old = record(bank, sample)
        entry = next(s for s in old["stores"] if s["acquisition"] == acquisition and s["state"] == "live")
        os.unlink(glob.glob(bank / f"samples/*/{sample}/{entry['file']}")[0])
        done = bank.run("heal", f"{sample}/{acquisition}", "--from", "testdata/stores/input")
        t.check(done.code == OK and b"healed from" in done.out, f"version 1: {sample}/{acquisition}",
                str(done))
        check_agree(t, bank, sample, f"version 1: {sample}/{acquisition}")
    t.check(bank.run("verify", "--all", "-q").code == OK, "version 1: verify")


if __name__ == "__main__":
    main(from_originals, all_at_once, from_elsewhere, from_backup, where_it_lies, verify_says, read_now,
         marks, old_bank)
