"""
`vial export --where`: stores of a bank go to a folder under the names that their inputs had; names that
collide, files that exist, stores that are damaged, samples that were withdrawn.

Suites: banks.
"""
import glob
import os
import shutil

from banktest import Bank, mzml, sheet
from damage_place import spoil_data
from fqmodel import reads
from vialtest import CANTCREAT, DATA, OK, USAGE, main

DNA = "kind_of = 'DNA'"


def tree(folder):
    """Names and bytes of all files below a folder."""
    paths = [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]
    out = {}
    for path in paths:
        with open(path, "rb") as f:
            out[os.path.relpath(path, folder)] = f.read()
    return out


def fill(f):
    """Pairs, spectra and single reads; the third is no DNA."""
    files = {"A_R1.fastq": reads(20, 1, mate=1), "A_R2.fastq": reads(20, 1, mate=2), "m.mzML": mzml(5),
             "rna.fastq": reads(9, 3)}
    for name, data in files.items():
        f.write(name, data)
    bank = Bank(f)
    path = sheet(f, "s.csv", [("A", "A_R1.fastq", "A_R2.fastq", "DNA"), ("B 样", "m.mzML", "", "DNA"),
                              ("C", "rna.fastq", "", "RNA")], head=("sample", "file_1", "file_2", "kind_of"))
    done = bank.run("ingest", "-q", "--sheet", path)
    assert done.code == OK, done.err
    return bank, {name: data for name, data in files.items() if name != "rna.fastq"}


def original_names(t, f):
    bank, files = fill(f)
    done = bank.run("export", "--where", DNA, "-n")
    t.check(done.code == OK and done.out.decode() ==
            "sample\tacquisition\tfile\nA\tA\tA_R1.fastq\nA\tA\tA_R2.fastq\nB 样\tm\tm.mzML\n",
            "-n lists which store becomes which file", done.out.decode() + done.err)
    out = f / "new/out"
    done = bank.run("export", "--where", DNA, "-o", out)
    t.check(done.code == OK and tree(out) == files, "all that match, byte for byte, under their names",
            f"{done.code} {done.err} {list(tree(out))}")
    t.check("2 stores: 2 exported" in done.err, "and says how many", done.err)
    done = bank.run("export", "-q", "--where", DNA, "-o", out)
    t.check(done.code == CANTCREAT and done.err.count("exists") == 2 and tree(out) == files,
            "what exists is not replaced, and each is named", f"{done.code} {done.err}")
    os.unlink(f"{out}/m.mzML")
    f.write("new/out/A_R1.fastq", b"mine")
    done = bank.run("export", "--where", DNA, "-o", out)
    t.check(done.code == CANTCREAT and tree(out) == {**files, "A_R1.fastq": b"mine"},
            "the others are exported",
            f"{done.code} {done.err} {list(tree(out))}")
    done = bank.run("export", "--where", DNA, "-o", out, "--force")
    t.check(done.code == OK and tree(out) == files, "--force replaces", f"{done.code} {done.err}")
    done = bank.run("export", "--where", "rows = 12345", "-o", f / "none")
    t.check(done.code == OK and not os.path.exists(f / "none"), "nothing matches: nothing is made", done.err)


def damaged(t, f):
    bank, files = fill(f)
    path = [p for p in bank.stores() if "/A/" in p][0]
    spoil_data(path)
    out = f / "out"
    done = bank.run("export", "--where", DNA, "-o", out)
    t.check(done.code == DATA and tree(out) == {"m.mzML": files["m.mzML"]} and "1 exported" in done.err,
            "a damaged store costs the others nothing, and leaves no file",
            f"{done.code} {done.err} {list(tree(out))}")
    shutil.rmtree(os.path.dirname(path))
    done = bank.run("export", "--where", DNA, "-o", out, "--force")
    t.check(done.code not in (OK,) and tree(out) == {"m.mzML": files["m.mzML"]}, "a lost one neither",
            f"{done.code} {done.err} {list(tree(out))}")


def withdrawn(t, f):
    bank, files = fill(f)
    shutil.copy(bank / "catalog.db", f / "old.db")
    done = bank.run("withdraw", "--reason", "consent", "A")
    assert done.code == OK, done.err
    for what in ("hidden", "hidden, whatever an older catalogue says"):
        out = f / what
        done = bank.run("export", "--where", DNA, "-o", out)
        t.check(done.code == OK and tree(out) == {"m.mzML": files["m.mzML"]}, what, f"{done.code} {done.err}")
        for name in glob.glob(bank / "catalog.db*"):
            os.unlink(name)
        shutil.copy(f / "old.db", bank / "catalog.db")


def collisions(t, f):
    bank, data = Bank(f), {}
    rows = []
    for folder, sample, acquisition in (("run1", "S 1", "one"), ("run2", "S 1", "two"), ("run3", "T", "one")):
        os.makedirs(f / folder)
        data[folder] = reads(7, len(data) + 10)
        f.write(f"{folder}/lane.fastq", data[folder])
        rows.append((sample, acquisition, f"{folder}/lane.fastq"))
    done = bank.run("ingest", "-q", "--sheet",
                    sheet(f, "s.csv", rows, head=("sample", "acquisition", "file_1")))
    assert done.code == OK, done.err
    out = f / "out"
    done = bank.run("export", "-q", "--where", "acquisition = 'one'", "-o", out)
    t.check(done.code == OK and
            tree(out) == {"S%201/lane.fastq": data["run1"], "T/lane.fastq": data["run3"]},
            "one name in two samples: a folder for each sample", f"{done.code} {done.err} {list(tree(out))}")
    out = f / "all"
    done = bank.run("export", "-q", "--where", "kind = 'reads'", "-o", out)
    t.check(done.code == OK and
            tree(out) == {"S%201/one/lane.fastq": data["run1"], "S%201/two/lane.fastq": data["run2"],
                          "T/one/lane.fastq": data["run3"]},
            "one name twice in a sample: a folder for each acquisition",
            f"{done.code} {done.err} {list(tree(out))}")
    f.write("run1/lane.fastq", reads(8, 99))
    done = bank.run("ingest", "-q", "-s", "T", "--acquisition", "one", "--supersede", f / "run1/lane.fastq")
    assert done.code == OK, done.err
    done = bank.run("export", "-q", "--where", "sample = 'T' AND state IS NOT NULL", "-o", f / "two")
    t.check(done.code == CANTCREAT and "T/one/lane.fastq" in done.err and not os.path.exists(f / "two"),
            "a store and the one before it would have one name: nothing is begun", f"{done.code} {done.err}")


def from_standard_input(t, f):
    bank = Bank(f)
    done = bank.run("ingest", "-q", "-s", "P", "--acquisition", "a b", "-", stdin=reads(5, 1))
    assert done.code == OK, done.err
    done = bank.run("export", "-q", "--where", "sample = 'P'", "-o", f / "out")
    t.check(done.code == OK and tree(f / "out") == {"a%20b": reads(5, 1)},
            "what came from standard input has the acquisition's name",
            f"{done.code} {done.err} {tree(f / 'out')}")


def usage(t, f):
    bank, _ = fill(f)
    for args in (["--where", DNA], ["--where", DNA, "-o", f / "o", "A"], ["-n", "A"],
                 ["--where", DNA, "-1", "a", "-2", "b"], ["--where", "nothing_has_this = 1", "-o", f / "o"]):
        done = bank.run("export", *args)
        t.check(done.code == USAGE and not os.path.exists(f / "o"), f"{args[:-1]}: a mistake",
                f"{done.code} {done.err}")


if __name__ == "__main__":
    main(original_names, damaged, withdrawn, collisions, from_standard_input, usage)
