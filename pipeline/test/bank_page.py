"""
The page of a night, read as a lab reads it: a damaged store before all else, what is open by cause, which
samples came in with ways to them, refusals by reason with their times.

Suites: banks.
"""
import glob
import os
import re
import urllib.parse

from banktest import Bank, mzml
from containers import gzip
from damage_place import spoil_data
from fqmodel import reads
from pages import Page
from vialtest import DATA, OK, main

CUT = 30  # files that end too early


def make(f):
    """A bank with a damaged store, files that came in, that were refused and that wait."""
    os.makedirs(f / "in/run1")
    os.makedirs(f / "in2")
    bank = Bank(f, settings=f"[inbox seq]\npath = {f / 'in2'}\nsettle = 0s\n"
                            f"[inbox ms]\npath = {f / 'in'}\nsettle = 0s\ncomplete = done.txt\n")
    f.write("old.fastq", reads(3000))
    assert bank.run("ingest", "-q", "-s", "D 1", f / "old.fastq").code == OK
    spoil_data(bank.stores()[0])
    for i in range(3):
        f.write(f"in2/S{i}.fastq", reads(50 + i, i))
    for i in range(CUT):
        f.write(f"in2/cut{i}.fastq.gz", gzip(reads(200, 3 + i))[:-50])
    f.write("in/run1/a.mzML", mzml(3))
    assert bank.run("verify", "--all", "-q").code == DATA
    done = bank.run("nightly")
    assert done.code == DATA, done.err
    return bank


def night(t, f):
    bank = make(f)
    path = glob.glob(bank / "reports/*.html")[0]
    with open(path, encoding="utf-8") as g:
        text = g.read()
    page = Page(text)
    t.check(not page.wrong, "the page", str(page.wrong[:5]))
    t.check(page.lead.startswith("1 store is damaged: D 1/reads-old.h5. "), "a damaged store comes first",
            page.lead)
    t.check(f"4 of {CUT + 4} items were published; {CUT} were refused." in page.lead, "then the day",
            page.lead)
    order = [h for h in page.headings if h in ("Damaged stores", "What is open", "What came in",
                                               "What was refused", "Runs", "Verification", "Growth and disk")]
    t.check(order == ["Damaged stores", "What is open", "What came in", "What was refused", "Runs",
                      "Verification", "Growth and disk"], "what somebody must do comes first", str(order))
    t.check(len(page.tables["Open, cause 1"]) == 21 and f"And {CUT - 20} more; <code>vial open" in text,
            "one cause is one list", str(len(page.tables["Open, cause 1"])))
    t.check(f"</span> {CUT} items: the input ends too early" in text, "with its count and meaning")
    waits = page.tables["Open, cause 2"]
    t.check(len(waits) == 2 and waits[1][1].endswith("a.mzML") and "done.txt" in waits[1][2], "what waits",
            str(waits))
    came = page.tables["Samples that came in, the latest first; a name leads to its folder"]
    t.check({row[0] for row in came[1:]} >= {"S0", "S1", "S2"}, "which samples came in", str(came))
    links = re.findall(r'<a href="([^"]+)"', text)
    broken = [u for u in links
              if not os.path.exists(os.path.join(os.path.dirname(path), urllib.parse.unquote(u)))]
    t.check(len(links) > 20 and not broken, "every link leads somewhere", str(broken[:3]))
    refused = page.tables["Refused: truncated"]
    t.check(refused[0][0] == "At" and re.search(r"\d\d:\d\d$", refused[1][0]), "times of refusals",
            str(refused[1]))
    checked = re.search(r"Of (\d+) stores, (\d+) were checked, or published, within", text)
    t.check(checked and checked[1] == "4" and checked[2] == "3", "publishing is a check",
            checked and checked[0])
    t.check("0.0" not in page.facts.get("Ratio", ""), "small inputs have a ratio", str(page.facts))


if __name__ == "__main__":
    main(night)
