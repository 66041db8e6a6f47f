"""
Where sample.h5 and the ledger tell different things of one revision, `vial catalog rebuild --trust` says
which is right: both say so then, and a line of the ledger says what was said before. Killed before each call
that changes the disk, it is decided or not; a withdrawal cannot be decided away.

Suites: banks faults.
"""
import json
import shutil

from bank_ledger import Scene, points
from banktest import broken
from vialtest import CANTCREAT, NOINPUT, OK, USAGE, main

TRUST = ("catalog", "rebuild", "--trust")


def restore(s, name):
    shutil.rmtree(s.bank.path)
    shutil.copytree(s.f / name, s.bank.path)


def tear(s):
    """S2's ledger says Plasma, its sample.h5 Serum; in s.f/"torn" as well."""
    for name, value in (("ours", "Plasma"), ("theirs", "Serum")):
        s.reset()
        s.run("set", "S2", f"specimen_type={value}")
        shutil.copytree(s.bank.path, s.f / name)
    shutil.rmtree(s.bank / "ledger")
    shutil.copytree(s.f / "ours/ledger", s.bank / "ledger")
    shutil.copytree(s.bank.path, s.f / "torn")


def told(s):
    """What record and catalogue say of S2, and its last line in the ledger."""
    info = json.loads(s.bank.run("info", "--json", "S2").out)
    last = json.loads(s.bank.run("info", "--json", "--history", "S2").out)["history"][-1]
    listed = s.bank.ls("S2")[0]["facts"]["specimen_type"]
    return info["facts"]["specimen_type"], listed, last, info["revision"]


def decided(t, f):
    s = Scene(f)
    tear(s)
    t.check(s.check()[0] != OK and b"--trust" in s.bank.run("catalog", "rebuild").out, "rebuild says how")
    for home, right, wrong in (("record", "Serum", "Plasma"), ("ledger", "Plasma", "Serum")):
        what = f"--trust {home}"
        restore(s, "torn")
        done = s.bank.run(*TRUST, home, "S2")
        t.check(done.code == OK and f"{wrong} -> {right}" in done.out.decode(), what, str(done))
        record, listed, last, revision = told(s)
        t.check(record == listed == right, f"{what}: all say so", f"{record} {listed}")
        want = ("trust", f"vial catalog rebuild --trust {home}", revision)
        t.check((last["what"], last["source"], last["revision"]) == want, f"{what}: in the ledger", str(last))
        t.check(s.check()[0] == OK and s.bank.run("view", "S2").code == OK, f"{what}: all agree",
                s.check()[1])
        done = s.bank.run(*TRUST, "record", "S2")
        t.check(done.code == OK and b"nothing is to be decided" in done.out and s.check()[0] == OK,
                f"{what}: again", str(done))


def not_decided(t, f):
    s = Scene(f)
    for args, code, says in ((("ledger",), USAGE, "'rebuild' and one sample"),
                             (("ledger", "S2", "W"), USAGE, "one sample"),
                             (("catalogue", "S2"), USAGE, "'record' or 'ledger'"),
                             (("record", "S9"), NOINPUT, "no sample 'S9'")):
        done = s.bank.run(*TRUST, *args)
        t.check(done.code == code and says in done.err, f"--trust {args}", str(done))
    done = s.bank.run("catalog", "check", "--trust", "record", "S2")
    t.check(done.code == USAGE, "check --trust", str(done))
    t.check(s.check()[0] == OK, "nothing has changed", s.check()[1])


def withdrawn(t, f):
    """The ledger says that the sample was withdrawn, its sample.h5 as a revision that is as high does not."""
    s = Scene(f)
    s.run("set", "S2", "disease=flu")
    shutil.copytree(s.bank / "samples", f / "kept")
    s.reset()
    s.run("withdraw", "--reason", "consent", "S2")
    shutil.rmtree(s.bank / "samples")
    shutil.move(f / "kept", s.bank / "samples")
    done = s.bank.run(*TRUST, "record", "S2")
    t.check(done.code == CANTCREAT and "was withdrawn, as the ledger says" in done.err, "it stands",
            str(done))
    done = s.bank.run(*TRUST, "ledger", "S2")
    t.check(done.code == OK and not s.bank.ls("S2") and s.bank.run("view", "S2").code == NOINPUT
            and s.check()[0] == OK, "and can be decided for", f"{done} {s.check()[1]}")


def killed(t, f):
    s, tried = Scene(f), 0
    tear(s)
    for home, right in (("record", "Serum"), ("ledger", "Plasma")):
        command = (*TRUST, home, "S2")
        n = broken(s.bank, f, f / "torn", command, 10 ** 9, "kill")[1]
        for how in ("kill", "kill-self", "EIO", "ENOSPC"):
            for i in points(t, n):
                what = f"{home}, {how} at change {i} of {n}"
                if broken(s.bank, f, f / "torn", command, i, how)[0] is None:
                    continue
                tried += 1
                done = s.bank.run(*command)
                t.check(done.code == OK and told(s)[0] == right, f"{what}: the same again", str(done))
                done = s.bank.run("catalog", "rebuild")
                t.check(done.code == OK and told(s)[:2] == (right, right) and s.check()[0] == OK,
                        f"{what}: and all agree after a rebuild", f"{done} {s.check()[1]}")
    print(f"kills and faults: {tried} points", flush=True)


if __name__ == "__main__":
    main(decided, not_decided, withdrawn, killed)
