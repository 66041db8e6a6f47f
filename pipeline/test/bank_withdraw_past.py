"""
Withdrawal of a donor of whom the bank had samples once: they were removed, and their ids have other data now.
What the ids were goes at once, what they are stays. Kills and failing calls in between.

Suites: banks faults.
"""
import shutil

from bank_move import Scene, bring_in, plain, points
from bank_withdraw import Canaries
from banktest import broken
from vialtest import DOCUMENTED, NOINPUT, OK, Part, main


class Past(Scene):
    """A and B were of a donor, whose stores wait for the tidy or are gone, C is the donor's no more."""

    def __init__(self, t, f):
        super().__init__(f)
        self.then, self.now = Canaries(t.random), Canaries(t.random)
        self.donor = self.then.word("donor")
        for x in "ABC":
            bring_in(self, self.then, x, self.donor)
            self.run("remove", "--reason", "slip", x)
            if x == "B":
                self.run("tidy", "--now")
        self.run("undo", "--reason", "was none", "C")
        self.run("set", "C", "donor=D9")
        bring_in(self, self.now, "A", self.now.word("donor"))
        bring_in(self, self.now, "B", "D9")
        self.known = self.records()
        self.run("withdraw", "--reason", "consent", "C")
        self.run("tidy")
        shutil.copytree(self.bank.path, f / "past", symlinks=True)

    def records(self):
        """What must stay of A and B."""
        records = {x: plain(self.record(x)) for x in "AB"}
        for one in records.values():
            one["stores"] = [store for store in one["stores"] if store["state"] == "live"]
            for member in ("revision", "ledger"):
                one.pop(member, None)
        return records

    def withdraw(self, *more):
        return self.bank.run("withdraw", *more, "--reason", "consent", "--donor", self.donor)

    def check(self, t, what):
        found = self.then.found(self.bank)
        t.check(not found, f"{what}: nothing of then is left", str(found))
        t.check(self.records() == self.known and bool(self.now.found(self.bank)) and not self.whole(),
                f"{what}: the data of now is as it was", f"{self.records()}\n{self.known}\n{self.whole()}")


def reused(t, f):
    s = Past(t, f)
    for dry in (("-n",), ()):
        t.check(bool(s.then.found(s.bank)), "before")
        done = s.withdraw(*dry)
        t.check(done.code == OK and sorted(line[:2] for line in done.out.splitlines()) == [b"A:", b"B:"],
                f"withdrawn {dry}", str(done))
    s.check(t, "withdrawn")
    t.check(s.withdraw().code == NOINPUT, "once")


def broken_everywhere(t, f, hows):
    s, tried = Past(t, f), 0
    command = ("withdraw", "--reason", "consent", "--donor", s.donor)
    n = broken(s.bank, f, f / "past", command, 10 ** 9, "kill")[1]
    for how in hows:
        for i in points(t, n):
            what = f"{how} at change {i} of {n}"
            done, _ = broken(s.bank, f, f / "past", command, i, how)
            if done is None:
                continue
            tried += 1
            t.check(how.startswith("kill") or done.code in DOCUMENTED, f"{what}: exit code {done.code}",
                    done.err)
            again = s.withdraw()
            t.check(again.code in (OK, NOINPUT) and s.withdraw().code == NOINPUT, f"{what}: again",
                    str(again))
            t.check(s.bank.run("tidy").code == OK, f"{what}: tidy")
            s.check(t, what)
            t.check(not s.bank.leftovers(), f"{what}: nothing is left over", str(s.bank.leftovers()))
    print(f"{', '.join(hows)}: {tried} points of {n * len(hows)}", flush=True)


if __name__ == "__main__":
    main(reused, Part("kills", broken_everywhere, (("kill", "kill-self"),)),
         Part("faults", broken_everywhere, (("EIO", "ENOSPC", "EINTR", "short"),)))
