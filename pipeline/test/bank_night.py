"""
Nights: 1,000 small items of which ten are bad in ten ways, the same again, cron's empty environment, one at a
time, flags and settling, sheets that are dropped, deadline, dry run, catch-up, metrics, the page.

Suites: banks.
"""
import collections
import os
import re
import resource
import subprocess
import threading
import time

from banktest import Bank, check_whole, mzml, sheet
from containers import gzip
from fqmodel import reads
from vialtest import DATA, NOINPUT, OK, TEMPFAIL, VIAL, main, patient, run

ITEMS = int(os.environ.get("VIAL_NIGHT", 1000))
INBOX = "\n[inbox seq]\npath = {}\nsettle = 0s\n"
CRON = ["env", "-i", "HOME=/root", "LOGNAME=root", "PATH=/usr/bin:/bin", "SHELL=/bin/sh", "PWD=/", "/bin/sh",
        "-c"]


def bad_ones(box):
    """Ten files, bad in ten ways; name -> reason."""
    good, zipped = reads(30, 1), gzip(reads(30, 1))
    lines = good.split(b"\n")
    short = list(lines)
    short[4 * 20 + 3] = short[4 * 20 + 3][:-2]
    plus = list(lines)
    plus[4 * 10 + 2] = b"x"
    nul = bytearray(good)
    nul[nul.index(lines[4 * 5 + 1]) + 3] = 0
    crc = bytearray(zipped)
    crc[-6] ^= 1
    spectra = mzml(4)
    ways = {
        "cut.fastq.gz": (zipped[:-20], "truncated"),
        "crc.fastq.gz": (bytes(crc), "format"),
        "short.fastq": (b"\n".join(short), "format"),
        "plus.fastq": (b"\n".join(plus), "format"),
        "nul.fastq": (bytes(nul), "format"),
        "half.fastq": (good[:-70], "truncated"),
        "mates_R1.fastq": (reads(30, 9, mate=1), "format"),
        "text.mzML": (spectra.replace(b"</spectrum>", b"</spctrum>", 1), "format"),
        "end.mzML": (spectra[:len(spectra) // 2], "truncated"),
        "lone_R2.fastq": (good, "inbox"),
    }
    for name, (data, _) in ways.items():
        box.write("in/" + name, data)
    box.write("in/mates_R2.fastq", reads(29, 9, mate=2))
    return {name: reason for name, (_, reason) in ways.items()}


def page_is_whole(path):
    """A page that is well-formed enough, and needs nothing from elsewhere."""
    with open(path, encoding="utf-8") as page:
        text = page.read().strip()
    whole = text.lower().startswith("<!doctype html>") and text.endswith("</html>")
    return whole and "http" not in text.replace("http-equiv", "") and "<script" not in text


def metrics(path):
    values = {}
    for line in open(path, encoding="utf-8"):
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            name = re.sub(r'bank="(?:[^"\\]|\\.)*",?', "", name, count=1).replace("{}", "")
            values[name] = float(value)
    return values


def thousand(t, f):
    os.mkdir(f / "in")
    bank = Bank(f, settings=INBOX.format(f / "in") + "[batch]\nreserve = 1M\n")
    for i in range(ITEMS - 10):
        f.write(f"in/N{i}.fastq", reads(8, i, length=80))
    ways = bad_ones(f)
    done = bank.run("nightly", "--dry-run", timeout=300)
    said = collections.Counter(line.split("\t")[0] for line in done.out.decode().splitlines())
    t.check(done.code == OK and said["wrong"] == 1 and said["new"] >= ITEMS - 10 and not bank.stores()
            and sum(said.values()) == ITEMS + 2, "dry run: each item, verify and tidy",
            f"{said} {done.err[:200]}")
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, time.monotonic()
    done = bank.run("nightly", timeout=600)
    seconds = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"night of {ITEMS} items: {seconds:.1f} s, largest process {peak // 1024} MiB "
              f"(before: {before // 1024})", flush=True)
    t.check(done.code == DATA, "exit code of a night with ten bad items",
            f"{done.code} {done.err[-300:]}")
    t.check(len(bank.ls()) == ITEMS - 10, "all good ones are published", str(len(bank.ls())))
    found = {os.path.basename(q["inputs"][0]): q["reason"] for q in bank.quarantine()}
    t.check(found == ways, "the ten are quarantined for the right reasons", str(found))
    t.check(peak < 400 << 10, "bounded memory", str(peak))
    t.check(not bank.leftovers(), "nothing is left over")
    today = time.strftime("%Y-%m-%d")
    t.check(page_is_whole(bank / f"reports/{today}.html"), "the page of the night")
    m = metrics(bank / "reports/vial.prom")
    t.check(m["vial_last_run_exit_code"] == DATA and m["vial_samples"] == ITEMS - 10
            and m["vial_quarantined_last_run"] == 10,
            "metrics", str(m)[:400])
    check_whole(t, bank, "after the night")
    start = time.monotonic()
    done = bank.run("nightly", timeout=600)
    seconds = time.monotonic() - start
    print(f"the same again: {seconds:.2f} s", flush=True)
    t.check(done.code == DATA and seconds <= patient(5) and len(bank.ls()) == ITEMS - 10,
            "the second night is a no-op in 5 s", f"{seconds} {done.err[-300:]}")
    big = os.path.join(f / "in", "short.fastq")
    st = os.stat(big)
    text = f.read("in/short.fastq")
    f.write("in/short.fastq",
            b"@" * len(text))  # not read: its size and time say that it is the same bad file
    os.utime(big, ns=(st.st_atime_ns, st.st_mtime_ns))
    done = bank.run("nightly", timeout=600)
    t.check("quality has" in done.err, "what was refused and has not changed is refused again, unread",
            done.err[-600:])
    f.write("in/short.fastq", text)
    t.check(len(bank.quarantine()) == 10, "the same refusals stay one file each",
            str(len(bank.quarantine())))
    for name in [*ways, "mates_R2.fastq"]:
        os.unlink(os.path.join(f / "in", name))
    command = f"{VIAL} nightly -b {bank.path}"
    done = subprocess.run([*CRON, command], capture_output=True, cwd="/")
    t.check(done.returncode == OK and not done.stdout and not done.stderr,
            "in cron's environment: silent and 0",
            f"{done.returncode} {done.stderr.decode()[:300]}")
    t.check(bank.rows("SELECT count(*) FROM job WHERE what = 'nightly'") == [(4,)],
            "four nights are on record")
    overhead(t, f, bank)


def overhead(t, f, bank):
    """What the supervisor adds to one tiny item, beside the ingest itself."""
    n = 60
    names = [f / f"in/N{i}.fastq" for i in range(n)]
    start = time.monotonic()
    for i, name in enumerate(names):
        run("ingest", "-q", "-@", 1, "-o", f / f"x{i}.h5", name)
    alone = (time.monotonic() - start) / n
    other = Bank(f, "other", "[batch]\nreserve = 1M\n")
    path = sheet(f, "tiny.csv", [(f"T{i}", p, "") for i, p in enumerate(names)])
    start = time.monotonic()
    done = other.run("ingest", "-q", "--sheet", path, "--jobs", 1, "-@", 1)
    item = (time.monotonic() - start) / n
    print(f"one tiny item: {1000 * item:.1f} ms in a batch, {1000 * alone:.1f} ms alone (with its process)",
          flush=True)
    t.check(done.code == OK and item - alone <= patient(0.040), "40 ms an item beside the ingest",
            f"{item} {alone}")


def one_at_a_time(t, f):
    os.mkdir(f / "in")
    bank = Bank(f, settings=INBOX.format(f / "in"))
    for i in range(30):
        f.write(f"in/N{i}.fastq", reads(2000, i))
    results = []
    runs = [threading.Thread(target=lambda: results.append(bank.run("nightly"))) for _ in range(3)]
    for x in runs:
        x.start()
    for x in runs:
        x.join()
    t.check(sorted(r.code for r in results) == [OK, TEMPFAIL, TEMPFAIL], "one at a time",
            str([(r.code, r.err) for r in results]))
    t.check(len(bank.ls()) == 30, "the one did it all")


def flags(t, f):
    os.makedirs(f / "in/run1")
    os.makedirs(f / "in/run2/sub")
    bank = Bank(f,
                settings=f"[inbox ill]\npath = {f / 'in'}\nsettle = 0s\n"
                    "complete = CopyComplete.txt\nprofile = fast\n")
    f.write("in/run1/A_S1_L001_R1_001.fastq", reads(20, 1, mate=1))
    f.write("in/run1/A_S1_L001_R2_001.fastq", reads(20, 1, mate=2))
    f.write("in/run2/sub/B_S2_L001_R1_001.fastq", reads(20, 2))
    done = bank.run("nightly", "-v")
    t.check(done.code == OK and not bank.ls() and "3 files wait" in done.err or "wait" in done.err,
            "no flag: all wait", done.err)
    f.write("in/run2/copycomplete.TXT", b"")
    done = bank.run("nightly")
    t.check([(r["sample"], r["profile"]) for r in bank.ls()] == [("B", "fast")],
            "a flag in a folder above, its case", done.err + str(bank.ls()))
    f.write("in/run1/CopyComplete.txt", b"")
    done = bank.run("nightly")
    t.check(sorted(r["sample"] for r in bank.ls()) == ["A", "B"]
            and [r["rows"] for r in bank.ls("A")] == [40], "a pair", done.err)
    bank2 = Bank(f, "bank2", f"[inbox slow]\npath = {f / 'in'}\nsettle = 1h\n")
    done = bank2.run("nightly", "-n")
    t.check(b"new\t" not in done.out and done.out.count(b"waits\t") >= 2, "not settled yet",
            done.out.decode())
    later = {"VIAL_NOW": str(time.time() + 3700)}
    done = bank2.run("nightly", env=later)
    t.check(done.code == OK and len(bank2.ls()) == 2, "settled an hour later", done.err)


def sheets_and_rules(t, f):
    os.makedirs(f / "drop")
    bank = Bank(f, settings=f"[inbox drop]\npath = {f / 'drop'}\nsettle = 0s\nsheet = *.csv\n")
    f.write("drop/a.fastq", reads(20, 1))
    f.write("drop/b.fastq", reads(20, 2))
    sheet(f, "drop/good.csv", [("A", "a.fastq", ""), ("B", "b.fastq", "")])
    sheet(f, "drop/bad.csv", [("A", "none.fastq", ""), ("", "b.fastq", "")])
    done = bank.run("nightly")
    t.check(done.code == DATA and sorted(r["sample"] for r in bank.ls()) == ["A", "B"],
            "sheets that are dropped", done.err)
    t.check("bad.csv" in done.err and "line 2" in done.err and "line 3" in done.err,
            "errors of a sheet with lines", done.err)
    t.check([q["reason"] for q in bank.quarantine()] == ["inbox"], "the bad sheet in the quarantine",
            str(bank.quarantine()))
    bank = Bank(f, "rule",
                f"[inbox ms]\npath = {f / 'ms'}\nsettle = 0s\n"
                    "match = *.mzML\nsample = ^QC_([A-Z0-9]+)_\n")
    done = bank.run("nightly")
    t.check(done.code == NOINPUT and "ms" in done.err, "an inbox that is not there",
            f"{done.code} {done.err}")
    os.makedirs(f / "ms")
    f.write("ms/QC_P17_run1.mzML", mzml(5))
    f.write("ms/other.mzML", mzml(5, 2))
    f.write("ms/notes.txt", b"hello")
    done = bank.run("nightly")
    t.check([(r["sample"], r["acquisition"]) for r in bank.ls()] == [("P17", "QC_P17_run1")],
            "a rule for names", str(bank.ls()))
    t.check(done.code == DATA
            and [os.path.basename(q["inputs"][0]) for q in bank.quarantine()] == ["other.mzML"],
            "a name that gives no sample", done.err)


def care(t, f):
    """Deadline, verification by age, catch-up, tidying by night, a bank that another program fills."""
    os.makedirs(f / "in")
    bank = Bank(f, settings=INBOX.format(f / "in") + "[nightly]\nverify = 30d\ndeadline = 1s\n")
    for i in range(60):
        f.write(f"in/N{i}.fastq", reads(4000, i))
    done = bank.run("nightly", "--jobs", 1, "-@", 1)
    n = len(bank.ls())
    t.check((done.code == TEMPFAIL and 0 < n < 60) or n == 60,
            "the deadline leaves the rest for the next night", f"{done.code} {n} {done.err}")
    bank = Bank(f, "free", INBOX.format(f / "in"))
    start = time.time()
    t.check(bank.run("nightly").code == OK and len(bank.ls()) == 60, "without one")
    checked = lambda: bank.rows("SELECT count(*) FROM store WHERE verified_at IS NOT NULL")[0][0]
    t.check(checked() == 2, "a thirtieth is verified", str(checked()))
    bank.run("nightly", env={"VIAL_NOW": str(start + 86400)})
    t.check(checked() == 4, "others the next night", str(checked()))
    bank.run("nightly", env={"VIAL_NOW": str(start + 11 * 86400)})
    t.check(checked() == 24, "what was missed in ten nights is caught up with", str(checked()))
    store = bank.stores()[0]
    data = bytearray(open(store, "rb").read())
    data[len(data) // 2] ^= 1
    open(store, "wb").write(data)
    done = bank.run("nightly", env={"VIAL_NOW": str(start + 50 * 86400)})
    t.check(done.code == DATA and checked() == 60 and os.path.basename(store) in done.err,
            "a damaged store is found by the night", f"{done.code} {done.err}")
    m = metrics(bank / "reports/vial.prom")
    t.check(m["vial_stores_verify_failed"] == 1, "and counted", str(m))


if __name__ == "__main__":
    main(thousand, one_at_a_time, flags, sheets_and_rules, care)
