"""
Healing under kill -9 and failing calls: a store that is damaged and known to be, one that is gone, a sample
whose folder is gone, one that only a backup has; by vial heal and by the same sheet again.

Before each call that changes the disk the calling process is killed, or it and the first one; or the call
fails (bank_kills.py). After each: facts, donor, time of publishing and stores are as they were, record
and ledger agree, each store is whole or as it was found; a plain re-run makes all whole, and nothing is left
over. By default a sample of the points is drawn (VIAL_SEED); VIAL_WHOLE=1 tries all.

Suites: banks faults.
"""
import os
import shutil

from bank_kills import FAULTS, WHOLE, Scene, count, points
from banktest import Bank, check_whole, mzml, sha, sheet
from fqmodel import reads
from heal import check_agree, damage, find, record, remove, remove_folder
from vialtest import DOCUMENTED, OK, Part, main

FEW = 8  # points of each matrix, when not all
SAMPLES = ("S", "M", "F", "B")


class HealScene(Scene):
    """A bank with four stores that are not whole, and the command that heals them. Sheets know no backup."""

    def __init__(self, f, by):
        self.f = f
        self.bank = Bank(f, settings="\n[batch]\njobs = 1\n")
        for mate in (1, 2):
            f.write(f"S_R{mate}.fastq", reads(30, 1, mate=mate))
        f.write("m.mzML", mzml(6))
        f.write("f.fastq", reads(30, 2))
        f.write("b.fastq", reads(30, 3))
        rows = [("S", f / "S_R1.fastq", f / "S_R2.fastq"), ("M", f / "m.mzML", ""), ("F", f / "f.fastq", ""),
                ("B", f / "b.fastq", "")]
        path = sheet(f, "all.csv", [(*row, "D" + row[0], "DNA", "7") for row in rows],
                     ("sample", "file_1", "file_2", "donor", "specimen_type", "box"))
        assert self.bank.run("ingest", "-q", "--sheet", path).code == OK
        self.good = {os.path.basename(p): sha(p) for p in self.bank.stores()}
        self.known = {s: self.essence(s) for s in SAMPLES}
        os.mkdir(f / "backup")
        shutil.copy(find(self.bank, "reads-b"), f / "backup")
        damage(self.bank, find(self.bank, "reads-S"))
        for name, harm in (("spectra-m", remove), ("reads-f", remove_folder), ("reads-b", remove)):
            harm(self.bank, find(self.bank, name))
        self.harmed = {os.path.basename(p): sha(p) for p in self.bank.stores()}
        if by == "heal":
            os.unlink(f / "b.fastq")
            self.command = ["heal", "-q", "--from", f / "backup", "-@", "1"]
        else:
            self.command = ["ingest", "-q", "--sheet", path, "--jobs", "1", "-@", "1"]
        shutil.copytree(self.bank.path, f / "before", symlinks=True)

    def essence(self, sample):
        """What healing must leave as it is."""
        now = record(self.bank, sample)
        stores = [{k: v for k, v in s.items() if k not in ("healed", "path")} for s in now["stores"]]
        return {"donor": now.get("donor"), "facts": now["facts"], "stores": stores}

    def check_known(self, t, what):
        for sample in SAMPLES:
            t.check(self.essence(sample) == self.known[sample], f"{what}: what is known of {sample} stays",
                    f"{self.essence(sample)}\n{self.known[sample]}")
            check_agree(t, self.bank, sample, what)

    def is_whole(self):
        return {os.path.basename(p): sha(p) for p in self.bank.stores()} == self.good

    def check(self, t, what):
        for path in self.bank.stores():
            name = os.path.basename(path)
            t.check(sha(path) in (self.good[name], self.harmed.get(name)),
                    f"{what}: {name} is whole or as it was")
        self.check_known(t, what)
        done = self.bank.run(*self.command)
        t.check(done.code == OK, f"{what}: a plain re-run", str(done))
        t.check(self.is_whole(), f"{what}: all is whole", str(self.bank.stores()))
        self.check_known(t, f"{what}, after the re-run")
        check_whole(t, self.bank, what)
        t.check(not self.bank.leftovers(), f"{what}: nothing is left over", str(self.bank.leftovers()))
        failed = self.bank.rows("SELECT count(*) FROM store WHERE coalesce(verify_failed, '') <> ''")
        t.check(failed == [(0,)], f"{what}: no mark is left", str(failed))
        done = self.bank.run("catalog", "check")
        t.check(done.code == OK, f"{what}: catalog check", done.out.decode() + done.err)


def matrix(t, f, by, how, kind="change"):
    scene, tried = HealScene(f, by), 0
    n = count(scene, kind)
    scene.check(t, f"{by}, undisturbed")
    drawn = points(t.random, n)
    for i in drawn if WHOLE or kind == "say" else t.random.sample(drawn, min(FEW, len(drawn))):
        what = f"{by}: {how} at {kind} {i} of {n}"
        done = scene.broken(kind, i, how)
        if done is None:
            continue
        tried += 1
        if not how.startswith("kill"):
            t.check(done.code in DOCUMENTED and done.code >= 0, f"{what}: exit code {done.code}", done.err)
            t.check(done.code != OK or scene.is_whole(), f"{what}: 0 though not all is whole", done.err)
        scene.check(t, what)
    print(f"{by}, {how}: {tried} points of {n}", flush=True)


def unheard(t, f, by):
    """A worker did its work and cannot say so: every time that one process tells another."""
    matrix(t, f, by, "EIO", "say")


if __name__ == "__main__":
    main(*(Part(f"{by} {how}", matrix, (by, how)) for by in ("heal", "ingest")
           for how in ("kill", "kill-self", *FAULTS)),
         *(Part(f"{by} unheard", unheard, (by,)) for by in ("heal", "ingest")))
