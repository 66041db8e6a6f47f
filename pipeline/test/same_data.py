"""
The same bytes under another sample, which a wrong line of a sheet brings: refused, with the sample that has
them named, whether they came in before, in the same run, or lie in an inbox. --same-data takes them.

Suites: banks.
"""
import os
import shutil

from banktest import Bank, check_whole, sheet
from containers import bgzf, gzip
from fqmodel import reads
from vialtest import DATA, OK, main


def two_mates(f, name, seed):
    return [f.write(f"{name}_R{m}.fastq.gz", bgzf(reads(30, seed=seed, mate=m))) for m in (1, 2)]


def reasons(bank):
    return sorted((q["sample"], q["reason"]) for q in bank.quarantine())


def another_sample(t, f):
    bank = Bank(f)
    one = two_mates(f, "S1", 1)
    copies = [shutil.copy(p, f / f"other{i}.fq.gz") for i, p in enumerate(one)]
    t.check(bank.run("ingest", "-s", "S1", *one).code == OK, "the first sample")
    done = bank.run("ingest", "-s", "OTHER", *copies)
    t.check(done.code == DATA and "same bytes as sample 'S1', acquisition 'S1'" in done.err
            and "--same-data" in done.err, "copies under another sample", done.err)
    for name, wrong in (("one mate", [two_mates(f, "S3", 3)[0], one[1]]), ("a lane", [one[0]])):
        done = bank.run("ingest", "-s", "X", *wrong)
        t.check(done.code == DATA, f"{name} under another sample", done.err)
    t.check(("OTHER", "same_data") in reasons(bank), "the reason", reasons(bank))
    t.check({k[0] for k in bank.digests()} == {"S1"} and not bank.leftovers(), "nothing else came in")
    done = bank.run("ingest", "-s", "S1", "--acquisition", "again", *copies)
    t.check(done.code == OK, "another acquisition of the same sample", done.err)
    done = bank.run("ingest", "-s", "OTHER", "--same-data", *copies)
    t.check(done.code == OK and len(bank.digests()) == 3, "--same-data takes them", done.err)
    done = bank.run("ingest", "-s", "OTHER", *copies)
    t.check(done.code == OK and "1 unchanged" in done.err, "and they are unchanged then", done.err)
    check_whole(t, bank, "another sample")


def same_run(t, f):
    """Rows of one sheet, one after the other and all at once."""
    for jobs in (1, 4):
        bank = Bank(f, f"bank{jobs}")
        rows = [[f"S{i}", *two_mates(f, f"S{i}", i)] for i in range(6)]
        rows += [[f"C{i}", *(shutil.copy(p, p.replace("S", "C")) for p in rows[i][1:])] for i in range(6)]
        done = bank.run("ingest", "-j", jobs, "--sheet", sheet(f, "all.csv", rows))
        t.check(done.code == DATA and "6 published" in done.err and "6 refused" in done.err,
                f"{jobs} at once", done.err)
        came = {k[0] for k in bank.digests()}
        t.check(all((f"S{i}" in came) != (f"C{i}" in came) for i in range(6)), "one of each", came)
        t.check({r for _, r in reasons(bank)} == {"same_data"}, "the reason", reasons(bank))
        check_whole(t, bank, f"{jobs} at once")


def empty_ones(t, f):
    """Files without text have the same bytes, and are no data; a lane without reads is in many samples."""
    bank, none = Bank(f), gzip(b"")
    rows = []
    for i in range(3):
        lanes = [f.write(f"S{i}_L00{k}.fq.gz", gzip(reads(9, seed=i)) if k == 1 else none) for k in (1, 2)]
        rows.append([f"S{i}", f'"{",".join(lanes)}"', ""])
    done = bank.run("ingest", "--sheet", sheet(f, "all.csv", rows))
    t.check(done.code == OK and "3 published" in done.err, "empty lanes", done.err)


def inboxes(t, f):
    bank = Bank(f, settings=f"\n[inbox in]\npath = {f / 'in'}\nsettle = 0\n")
    os.mkdir(f / "in")
    text = reads(20, seed=8)
    t.check(bank.run("ingest", "-s", "S1", f.write("S1.fq", text)).code == OK, "by day")
    f.write("in/S9.fq", text)
    done = bank.run("nightly", "-v")
    t.check(done.code == DATA and "sample 'S1'" in done.err, "by night", done.err)
    t.check(reasons(bank) == [("S9", "same_data")], "the reason", reasons(bank))
    check_whole(t, bank, "by night")


if __name__ == "__main__":
    main(another_sample, same_run, empty_ones, inboxes)
