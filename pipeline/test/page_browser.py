"""
Pages in headless Chromium: the page of a night, and reports of stores. They render, wide and on a phone,
without a sideways scroll; nothing is written to the console, nothing is asked of the network. Skipped where
Chromium is not installed. The environment VIAL_PICTURES names a folder to keep
pictures in.

Suites: banks cmd.
"""
import glob
import os

from banktest import Bank, mzml
from containers import gzip
from fqmodel import reads
from pages import Browser, check_browser, find_browser
from vialtest import DATA, OK, main, run

KEEP = os.environ.get("VIAL_PICTURES")


def browser_in(t, f):
    """Chromium; None, and a skip, where there is none."""
    program = find_browser()
    if not program:
        t.skip("Chromium is not installed: pages in a browser")
    return Browser(program, f) if program else None


def night(t, f):
    browser = browser_in(t, f)
    if not browser:
        return
    os.mkdir(f / "in")
    bank = Bank(f, settings=f"[inbox seq]\npath = {f / 'in'}\nsettle = 0s\n")
    for i in range(12):
        f.write(f"in/S{i}.fastq", reads(500 * (i + 1), i))
        f.write(f"in/M{i}.mzML", mzml(10 + i, i))
    f.write("in/<b>bold & \"quoted\"_R2.fastq", reads(3, 1))
    f.write("in/cut.fastq.gz", gzip(reads(100, 3))[:-50])
    done = bank.run("nightly")
    t.check(done.code == DATA, "a night", done.err)
    page = glob.glob(bank / "reports/*.html")[0]
    check_browser(t, browser, page, "night", KEEP)
    with open(page, encoding="utf-8") as file:
        text = file.read()
    t.check("<b>bold" not in text and "&lt;b&gt;bold" in text, "names are escaped")


def stores(t, f):
    browser = browser_in(t, f)
    if not browser:
        return
    inputs = {"pair": [f.write("a_R1.fastq", reads(300, 1, 151, 1)),
                       f.write("a_R2.fastq", reads(300, 1, 151, 2))],
              "spectra": [f.write("run.mzML", mzml(60))]}
    for name, files in inputs.items():
        done = run("ingest", "-q", "-s", "x" * 100, "-o", f / f"{name}.h5", *files)
        t.check(done.code == OK, name, done.err)
        done = run("report", "--verify", "-q", f / f"{name}.h5", "-o", f / f"{name}.html")
        t.check(done.code == OK, f"{name}: report", done.err)
        check_browser(t, browser, f / f"{name}.html", name, KEEP)


def compared(t, f):
    """Samples beside each other, some of them beyond a limit."""
    browser = browser_in(t, f)
    if not browser:
        return
    bank = Bank(f, settings="[qc]\nq30_min = 99 10\nreads_min = 150 120\n")
    for i in range(8):
        f.write(f"S{i}.fastq", reads(100 + 20 * i, i, 100 + 30 * (i == 5)))
        t.check(bank.run("ingest", "-q", "-s", f"S{i}", f / f"S{i}.fastq").code == OK, f"S{i}")
    done = bank.run("report", "--compare", "-o", f / "compared.html")
    t.check(done.code == OK, "compare", done.err)
    check_browser(t, browser, f / "compared.html", "compared", KEEP)
    with open(f / "compared.html", encoding="utf-8") as file:
        text = file.read()
    t.check('class="num lo' in text or 'class="num hi' in text, "something is odd")
    t.check('<span class="mark bad">red</span>' in text, "something is red")


if __name__ == "__main__":
    main(night, stores, compared)
