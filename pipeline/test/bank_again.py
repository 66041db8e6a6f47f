"""
What was refused is refused again unread while neither the input nor vial has changed: another build of vial,
whose parser may be mended, looks again.

Suites: banks.
"""
import os
import sqlite3
import subprocess

from banktest import Bank
from vialtest import DATA, VIAL, main



def night(t, bank):
    """What a night said of the bad file: "refused", "again" or nothing."""
    done = bank.run("nightly", "-v")
    t.check(done.code == DATA, "a bad file", done.err)
    if "refused again, unchanged" in done.err:
        return "again"
    return "refused" if "refused: bad" in done.err else done.err


def set_version(bank, version):
    with sqlite3.connect(bank / "catalog.db") as db:
        db.execute("UPDATE refusal SET version = ?", (version,))


def refused_again(t, f):
    bank = Bank(f, settings=f"\n[inbox in]\npath = {f / 'in'}\nsettle = 0\n")
    os.mkdir(f / "in")
    f.write("in/bad.fastq", b"@a\nACGT\n+\nIII\n")
    t.check(night(t, bank) == "refused", "the first night reads it")
    t.check(night(t, bank) == "again", "the second does not")
    version = bank.rows("SELECT DISTINCT version FROM refusal")
    t.check(len(version) == 1 and len(version[0][0].split()) == 2, "the build is noted",
            str(version))
    notes = subprocess.run(["readelf", "-n", VIAL], capture_output=True, text=True).stdout
    t.check("Build ID: " + version[0][0].split()[1] in notes, "as the linker made it",
            f"{version} {notes}")
    for other in ("0.1.0", version[0][0][:-1], None):
        set_version(bank, other)
        t.check(night(t, bank) == "refused", f"another build looks again: {other}")
        t.check(night(t, bank) == "again", "and once only")
    os.utime(f / "in/bad.fastq", ns=(1, 10 ** 18))
    t.check(night(t, bank) == "refused", "a file that changed is read again")
    t.check(len(bank.quarantine()) == 1, "the same refusal stays one file", str(bank.quarantine()))


if __name__ == "__main__":
    main(refused_again)
