"""
A bank that two people of one group share: every command of each, in turn and at once, under umask 022, 027
and 077; a bank of one's own, which others of the group may only read; a bank that everyone could read. People
are numbers that need no account: only root can become them, so others skip this.

Suites: banks.
"""
import glob
import os
import shutil
import stat
import subprocess
import tempfile
import threading

from banktest import Bank, check_whole, sheet
from fqmodel import reads
from vialtest import DATA, NOPERM, OK, TEMPFAIL, VIAL, Part, for_all, main, run

TECH, VIAL_USER, STRANGER, LAB, OTHERS = 60001, 60002, 60003, 60010, 60011
MASKS = (0o022, 0o027, 0o077)
ROOT = os.geteuid() == 0
INBOX = "\n[inbox seq]\npath = {}\nsettle = 0s\n[batch]\nreserve = 1M\n"


class Person:
    """Somebody with a number, a group and a umask, who runs vial."""

    def __init__(self, user, mask, group=LAB):
        self.user, self.mask, self.group = user, mask, group

    def become(self):
        os.setgroups([self.group])
        os.setgid(self.group)
        os.setuid(self.user)
        os.umask(self.mask)

    def run(self, *args, **more):
        return run(*args, preexec_fn=self.become, program=PROGRAM, **more)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def scene(f, shared, first):
    """A folder of the group's, inputs that all can read, and a bank that the first one made."""
    os.chmod(f.path, 0o755)
    os.mkdir(f / "lab")
    os.chown(f / "lab", 0, LAB)
    os.chmod(f / "lab", 0o2770)
    os.mkdir(f / "in")
    done = first.run("init", *(["--shared"] if shared else []), f / "lab/bank")
    assert done.code == OK, done.err
    bank = Bank.__new__(Bank)
    bank.path = f / "lab/bank"
    bank.set(INBOX.format(f / "in"))
    for i in range(40):
        f.write(f"r{i}.fastq", reads(20, i))
    return bank, done.out.decode()


def groups_own(t, bank, what):
    """Whatever lies in the bank can be read and, if a folder, written by the group, and by nobody else."""
    bad = []
    for top, folders, files in os.walk(bank.path):
        bad += [p for n in folders if (mode(p := os.path.join(top, n)) & 0o2077) != 0o2070]
        bad += [p for n in files if not mode(p := os.path.join(top, n)) & 0o040]
    t.check(not bad and mode(bank.path) == 0o2770, f"{what}: all is the group's",
            "; ".join(f"{p} {mode(p):o}" for p in bad[:5]))


def works(t, what, done, *codes):
    return t.check(done.code in (codes or (OK,)), what, f"{done.code} {done.err[:300]}")


def in_turn(t, f, mask):
    tech, night = Person(TECH, mask), Person(VIAL_USER, mask)
    bank, said = scene(f, True, tech)
    t.check(f"group {LAB}" in said and "read by" in said, "init says who can read", said)
    b = ["-b", bank.path]
    for i, (one, other) in enumerate(((tech, night), (night, tech))):
        new, old = f"r{2 * i}.fastq", f"r{2 * i + 1}.fastq"
        s, who = f"T{i}", f"umask {mask:03o}, {'technician' if one is tech else 'night'} first"
        works(t, f"{who}: ingest", one.run("ingest", *b, "-s", s, "--acquisition", "a", f / old))
        for p in glob.glob(bank / f"samples/*/{s}/reads-a.h5"):
            os.chmod(p,
                     0o444)  # as stores are when nobody is to write them: links to another's are refused then
        works(t, f"{who}: supersede", other.run("ingest", *b, "-s", s, "--acquisition", "a", "--supersede",
                                                f / new))
        works(t, f"{who}: the same again", one.run("ingest", *b, "-s", s, "--acquisition", "a", f / new))
        works(t, f"{who}: another lane", other.run("ingest", *b, "-s", s, "--acquisition", "b", f / old))
        works(t, f"{who}: a conflict", one.run("ingest", *b, "-s", s, "--acquisition", "a", f / "r39.fastq"),
              DATA)
        works(t, f"{who}: another's conflict", other.run("ingest", *b, "-s", s, "--acquisition", "b",
                                                         f / "r39.fastq"),
              DATA)
        shutil.copy(f / f"r{10 + i}.fastq", f / f"in/N{i}.fastq")
        for person in (one, other, one):
            works(t, f"{who}: nightly", person.run("nightly", *b))
        for command in (["ls"], ["info", s], ["view", f"{s}/a"], ["export", f"{s}/b"], ["verify", "--all"],
                        ["catalog", "check"], ["report"], ["tidy"], ["collect"], ["catalog", "rebuild"],
                        ["sql", "SELECT 1"], ["open"], ["ack", f"{s}/a"]):
            for person in (one, other):
                works(t, f"{who}: {' '.join(command)}", person.run(command[0], *b, *command[1:]))
        works(t, f"{who}: a task", one.run("ingest", *b, "--sheet", sheet(f, "s.csv", [(s, f / new, "")]),
                                           "--task",
                                           "1/1", "--supersede"))
        works(t, f"{who}: its receipt", other.run("collect", *b))
        groups_own(t, bank, who)
        works(t, f"{who}: withdraw", other.run("withdraw", *b, "--reason", "x", s))
        works(t, f"{who}: tidy", one.run("tidy", *b, "--now"))
    check_whole(t, bank, f"umask {mask:03o}")
    groups_own(t, bank, f"umask {mask:03o}, in the end")
    t.check(all(q["reason"] in ("conflict",) for q in bank.quarantine()), "nobody was refused for a lock",
            str(bank.quarantine())[:300])


def at_once(t, f, mask):
    people = [Person(TECH, mask), Person(VIAL_USER, mask)]
    bank, _ = scene(f, True, people[0])
    codes = []

    def work(person, k):
        for i in range(8):
            done = person.run("ingest", "-q", "-b", bank.path, "-s", "SAME", "--acquisition", f"{i}{k}",
                              "--same-data", f / f"r{i}.fastq")
            codes.append((done.code, done.err))
            done = person.run("ingest", "-q", "-b", bank.path, "-s", f"S{i}", "--acquisition", "a",
                              "--same-data", f / f"r{i}.fastq")
            codes.append((done.code, done.err))
            done = person.run("ls", "-b", bank.path)
            codes.append((done.code, done.err))
            if i % 3 == 0:
                done = person.run("nightly", "-b", bank.path)
                codes.append((OK if done.code == TEMPFAIL else done.code, done.err))
    threads = [threading.Thread(target=work, args=(p, k)) for k, p in enumerate(people)]
    for x in threads:
        x.start()
    for x in threads:
        x.join()
    t.check(all(code == OK for code, _ in codes), f"umask {mask:03o}: both at once",
            str([c for c in codes if c[0]])[:500])
    t.check(len(bank.ls()) == 24, "all is there", str(len(bank.ls())))
    t.check(not bank.leftovers(), "nothing is left over", str(bank.leftovers()))
    groups_own(t, bank, f"umask {mask:03o}, at once")
    check_whole(t, bank, f"umask {mask:03o}, at once")


def private(t, f):
    """A bank of one's own: the group reads what the umask lets it, writes nothing, and is told who may."""
    tech, colleague, stranger = Person(TECH, 0o022), Person(VIAL_USER, 0o022), Person(STRANGER, 0o022, OTHERS)
    bank, said = scene(f, False, tech)
    b = ["-b", bank.path]
    t.check(not mode(bank.path) & 0o027 and f"written by user {TECH} alone" in said, "private by default",
            f"{mode(bank.path):o} {said}")
    works(t, "its owner", tech.run("ingest", *b, "-s", "T1", "--acquisition", "a", f / "r1.fastq"))
    wide = [p for top, folders, files in os.walk(bank.path) for n in folders + files
            if mode(p := os.path.join(top, n)) & 0o027 and not n.endswith(".h5")]
    t.check(not wide, "nothing in it is for others", str(wide[:5]))
    before = {p: os.stat(p).st_mtime_ns for p in glob.glob(bank / "**", recursive=True)}
    for command in (["ls"], ["info", "T1"], ["view", "T1/a"], ["export", "T1/a"], ["verify", "T1/a"],
                    ["catalog", "check"], ["sql", "SELECT 1"], ["open"]):
        works(t, f"who may read: {command[0]}", colleague.run(command[0], *b, *command[1:]))
    done = colleague.run("verify", *b)
    works(t, "who may read: verify -b", done)
    t.check(b"1 store verified" in done.out and "not noted" in done.err, "that times are not noted is said",
            str(done))
    os.mkdir(f / "out")
    os.chmod(f / "out", 0o777)
    works(t, "who may read: report", colleague.run("report", *b, "T1", "-o", f / "out/x.html"))
    for command in (["ingest", "-s", "T2", f / "r2.fastq"], ["nightly"], ["withdraw", "--reason", "x", "T1"],
                    ["tidy"], ["collect"], ["catalog", "rebuild"], ["report"],
                    ["ingest", "--sheet", sheet(f, "s.csv", [("T2", f / "r2.fastq", "")]), "--task", "1/1"]):
        done = colleague.run(command[0], *b, *command[1:])
        t.check(done.code == NOPERM and f"user {TECH} alone may write" in done.err, f"who may: {command[0]}",
                str(done))
    t.check(not bank.quarantine(), "it is no item's fault", str(bank.quarantine()))
    t.check(before == {p: os.stat(p).st_mtime_ns for p in glob.glob(bank / "**", recursive=True)},
            "nothing was written")
    os.chmod(f / "lab", 0o755)  # the way to the bank; the bank itself is shut
    done = stranger.run("ls", *b)
    t.check(done.code not in (OK, TEMPFAIL), "others get nothing", str(done))


def mounted(t, f):
    """A read-only mount, for root too: what reads works, what writes says why it cannot."""
    bank = Bank(f)
    f.write("r.fastq", reads(20, 1))
    works(t, "ingest", bank.run("ingest", "-s", "S", "--acquisition", "a", f / "r.fastq"))
    os.mkdir(f / "m")

    def inside(*args):
        m = f / "m"
        script = f'mount --bind "{bank.path}" "{m}" && mount -o remount,bind,ro "{m}" && exec "$@"'
        return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", VIAL, args[0], "-b", f / "m",
                               *args[1:]], capture_output=True, text=True)
    if not shutil.which("unshare") or inside("ls").returncode != OK:
        return t.skip("nothing can be mounted here: a read-only bank")
    for args in (["info", "S"], ["view", "S/a"], ["export", "S/a"], ["verify", "S/a"], ["catalog", "check"],
                 ["open"], ["report", "S", "-o", f / "x.html"], ["sql", "SELECT 1"]):
        done = inside(*args)
        t.check(done.returncode == OK, f"read-only: {args[0]}", done.stderr)
    done = inside("verify", "--all")
    t.check(done.returncode == OK and "1 store verified" in done.stdout and "not noted" in done.stderr,
            "read-only: verify --all", str(done))
    for args in (["nightly"], ["withdraw", "--reason", "x", "S"], ["tidy"], ["catalog", "rebuild"],
                 ["ingest", "-s", "T", f / "r.fastq"]):
        done = inside(*args)
        t.check(done.returncode == NOPERM and "read-only" in done.stderr, f"read-only: {args[0]} says why",
                str(done))


def wide(t, f):
    """A bank of older days: shared if its folders were, its old locks can be had, and who gets in is told."""
    tech, night = Person(TECH, 0o022), Person(VIAL_USER, 0o022)
    bank, _ = scene(f, True, tech)
    text = open(bank / "bank.ini").read()
    t.check("\nshared = yes" in text, "the setting is in bank.ini", text[:400])
    with open(bank / "bank.ini", "w") as g:
        g.write(text.replace("\nshared = yes", "\n;shared = yes"))
    works(t, "ingest", tech.run("ingest", "-b", bank.path, "-s", "T1", "--acquisition", "a", f / "r1.fastq"))
    for p in glob.glob(bank / "samples/*/T1/.lock") + [bank / "journal/.gate"]:
        os.chmod(p, 0o644)
    os.chmod(bank.path, 0o2775)
    works(t, "another's lock of older days", night.run("ingest", "-b", bank.path, "-s", "T1",
                                                       "--acquisition", "a",
                                                       "--supersede", f / "r2.fastq"))
    works(t, "and the night", night.run("nightly", "-b", bank.path))
    works(t, "of both", tech.run("nightly", "-b", bank.path))
    done = tech.run("catalog", "-b", bank.path, "check")
    t.check(done.code == OK and "everyone on this machine" in done.err and "chmod o=" in done.err,
            "who gets in is told",
            str(done))
    log = open(bank / "reports/vial.log").read()
    t.check(log.count("open-to-all") >= 1, "and stands in the log", log[-400:])
    os.chmod(bank.path, 0o2770)
    t.check("everyone" not in tech.run("catalog", "-b", bank.path, "check").err, "until it is shut")


def skipped(t, f):
    t.skip("only root can become two people")


if __name__ == "__main__":
    if not ROOT:
        main(skipped)
    with tempfile.TemporaryDirectory() as reached:
        PROGRAM = for_all(reached)
        main(*(Part(f"{name} {mask:03o}", call, (mask,)) for name,
               call in (("in turn", in_turn), ("at once", at_once))
               for mask in MASKS), private, mounted, wide)
