"""
What is open in a bank: refused items until they came in, are taken away or acknowledged; files that wait; how
nights, metrics, log and page count them; and that none of it is lost with the catalogue or by a kill.

Suites: banks.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import time

from bank_night import metrics
from banktest import Bank, sheet
from fqmodel import reads
from vialtest import BUILD, DATA, NOINPUT, OK, USAGE, check_refusal, main, run

INBOX = "\n[inbox seq]\npath = {}\nsettle = 0s\n[batch]\nreserve = 1M\n"
DAY = 86400


def scene(f, more=""):
    """An inbox with a good file, one that is cut, and one that is no item; a bank."""
    os.makedirs(f / "in")
    f.write("in/good.fastq", reads(20, 1))
    f.write("in/cut.fastq", reads(20, 2)[:-30])
    f.write("in/lone_R2.fastq", reads(20, 3, mate=2))
    return Bank(f, settings=INBOX.format(f / "in") + more)


def open_items(t, bank, **more):
    done = bank.run("open", "--json", **more)
    t.check(done.code == OK, "vial open", done.err)
    return {i["item"]: i for i in map(json.loads, done.out.decode().splitlines())}


def states(t, bank, **more):
    return {os.path.basename(k): v["state"] for k, v in open_items(t, bank, **more).items()}


def at(days):
    return {"VIAL_NOW": str(time.time() + days * DAY)}


def acknowledged(t, f):
    bank = scene(f)
    t.check(bank.run("nightly").code == DATA, "a night with two refusals")
    items = open_items(t, bank)
    cut = items.get("cut/cut", {})
    t.check(states(t, bank) == {"cut": "refused", "lone_R2.fastq": "refused"}, "both are open", str(items))
    t.check(cut.get("reason") == "truncated" and cut.get("inputs") == [f / "in/cut.fastq"] and cut["retry"]
            and os.path.exists(bank / cut["evidence"]), "what is said of one", str(cut))
    text = bank.run("open").out.decode()
    t.check(re.search(r"^refused +\d.* cut/cut\ttruncated\t", text, re.M), "as text", text)
    t.check(bank.run("nightly").code == DATA, "the same the next night")
    t.check(len(bank.rows("SELECT * FROM refusal")) == 2, "refused once each, whatever the nights",
            str(bank.rows("SELECT * FROM refusal")))
    m = metrics(bank / "reports/vial.prom")
    t.check(m['vial_open_items{state="refused"}'] == 2 and m['vial_last_run_exit_code'] == DATA, "counted",
            str(m))
    t.check(m["vial_last_success_timestamp_seconds"] > time.time() - 600, "the night did its work", str(m))
    check_refusal(t, "no such item", bank.run("ack", "nothing"), ("vial open",), (NOINPUT,))
    t.check(bank.run("ack").code == USAGE, "no item")
    done = bank.run("ack", "--reason", "seen \"it\"\n", "cut", f / "in/lone_R2.fastq")
    t.check(done.code == OK, "ack", done.err)
    done = bank.run("nightly")
    t.check((done.code, done.out, done.err) == (OK, b"", ""), "the night is silent and 0", str(done))
    items = open_items(t, bank)
    t.check(set(states(t, bank).values()) == {"acknowledged"}
            and items["cut/cut"]["acknowledged"]["reason"] == "seen \"it\"\n"
            and items["cut/cut"]["acknowledged"]["by"], "with who and why", str(items))
    m = metrics(bank / "reports/vial.prom")
    t.check(m['vial_open_items{state="acknowledged"}'] == 2 and m['vial_open_items{state="refused"}'] == 0,
            "counted as acknowledged", str(m))
    for p in glob.glob(bank / "catalog.db*"):
        os.unlink(p)
    done = bank.run("nightly")
    t.check(done.code == OK and not done.err, "also when the catalogue was lost", str(done))
    t.check(set(states(t, bank).values()) == {"acknowledged"}, "it is acknowledged still",
            str(open_items(t, bank)))
    f.write("in/cut.fastq", reads(20, 2)[:-40])
    t.check(states(t, bank)["cut"] == "refused", "another file under its name is not acknowledged")
    done = bank.run("nightly")
    t.check(done.code == DATA and "cut" in done.err and "lone" not in done.err, "and rings", str(done))
    t.check(bank.run("ack", "cut").code == OK and bank.run("nightly").code == OK, "until that is as well")
    t.check(bank.run("ack", "--undo", "cut").code == OK and bank.run("nightly").code == DATA, "taken back")
    f.write("in/cut.fastq", reads(20, 2))
    done = bank.run("nightly")
    t.check(done.code == OK and "cut" not in states(t, bank), "mended, it comes in and is closed", str(done))
    t.check(all(("closed" in q) == (q["sample"] == "cut") for q in bank.quarantine()), "its entries say so",
            str(bank.quarantine()))
    f.write("in/lone_R1.fastq", reads(20, 3, mate=1))
    done = bank.run("nightly")
    t.check(done.code == OK and states(t, bank) == {}, "the mate came", f"{done} {open_items(t, bank)}")
    t.check(all("closed" in q for q in bank.quarantine()[-1:]), "closed", str(bank.quarantine()))


def by_hand(t, f):
    """Refused by hand: open until it came in by any way, or its file is taken away."""
    bank = Bank(f)
    for i in range(3):
        f.write(f"a{i}.fastq", reads(20, i))
    bank.run("ingest", "-s", "S", "--acquisition", "a", f / "a0.fastq")
    t.check(bank.run("ingest", "-s", "S", "--acquisition", "a", f / "a1.fastq").code == DATA
            and states(t, bank) == {"a": "refused"}, "a conflict is open", str(open_items(t, bank)))
    bank.run("ingest", "-s", "S", "--acquisition", "b", f / "a0.fastq", "--same-data")
    bank.run("ingest", "-s", "S", "--acquisition", "b", f / "a2.fastq")
    check_refusal(t, "two of one sample", bank.run("ack", "S"), ("S/a", "S/b"), (USAGE,))
    t.check(bank.run("ack", "S/b").code == OK and bank.run("ack", f / "a1.fastq").code == OK, "one by one")
    bank.run("ingest", "-s", "S", "--acquisition", "a", "--supersede", f / "a1.fastq")
    t.check(states(t, bank) == {"b": "acknowledged"}, "it came in", str(open_items(t, bank)))
    os.unlink(f / "a2.fastq")
    t.check(states(t, bank) == {}, "taken away")
    f.write("x.fastq", reads(20, 7)[:-9])
    path = sheet(f, "s.csv", [("T", f / "x.fastq", "")])
    bank.run("ingest", "--sheet", path, "--task", "1/1")
    t.check(states(t, bank) == {"x": "refused"}, "refused by a task", str(open_items(t, bank)))
    f.write("x.fastq", reads(20, 7))
    bank.run("ingest", "--sheet", path, "--task", "1/1")
    bank.run("collect")
    t.check(states(t, bank) == {}, "collected", str(open_items(t, bank)))
    old = os.path.dirname(glob.glob(bank / "quarantine/*/*.json")[0])
    f.write("y.fastq", reads(20, 8)[:-9])
    bank.run("ingest", "-s", "Y", f / "y.fastq")
    bank.run("nightly")
    t.check(bank.run("tidy", env=at(400)).code == OK and [os.path.basename(p) for p in glob.glob(old + "/*")]
            == ["Y-y.json"], "what is open stays in the quarantine, however old", str(glob.glob(old + "/*")))


def waiting(t, f):
    os.makedirs(f / "in/run")
    bank = Bank(f,
                settings=f"[inbox ill]\npath = {f / 'in'}\nsettle = 0s\ncomplete = Done.txt\n"
                         "[log]\nformat = json\n")
    f.write("in/run/a.fastq", reads(20, 1))
    os.utime(f / "in/run/a.fastq", (time.time() - 3 * DAY,) * 2)
    done = bank.run("nightly")
    t.check((done.code, done.err) == (OK, ""), "waiting is no fault")
    t.check("waits: " + f / "in/run/a.fastq" + ": no Done.txt" in bank.run("nightly", "-v").err,
            "named with -v")
    item = open_items(t, bank)[f / "in/run/a.fastq"]
    t.check(item["state"] == "waits" and item["reason"] == "no Done.txt"
            and abs(item["age_seconds"] - 3 * DAY) < 600,
            "listed with its age", str(item))
    m = metrics(bank / "reports/vial.prom")
    t.check(m['vial_open_items{state="waits"}'] == 1
            and abs(m['vial_open_items_oldest_age_seconds{state="waits"}'] - 3 * DAY) < 600, "counted",
            str(m))
    log = [json.loads(x) for x in open(bank / "reports/vial.log")]
    night = [x for x in log if x["event"] == "nightly"][0]
    t.check([x["event"] for x in log][:3] == ["nightly-start", "waits", "nightly"], "in the log", str(log))
    t.check(night["waiting"] == 1 and night["exit_code"] == 0 and night["seconds"] >= 0
            and night["published"] == 0,
            "numbers are numbers", str(night))
    page = open(glob.glob(bank / "reports/2*.html")[0]).read()
    t.check("a.fastq" in page and "no Done.txt" in page, "on the page")


def jumped(t, f):
    """A clock that was years ahead for a night: no alarm is silent because of it."""
    bank = scene(f)
    os.unlink(f / "in/lone_R2.fastq")
    os.unlink(f / "in/cut.fastq")
    bank.run("nightly", env=at(-3))
    ahead = {"VIAL_NOW": str(time.time() + 2000 * DAY)}
    t.check(bank.run("nightly", env=ahead).code == OK and bank.run("verify", "-q", "--all",
                                                                   env=ahead).code == OK,
            "years ahead")
    os.rename(f / "in", f / "away")
    t.check(bank.run("nightly").code == NOINPUT, "back, and the inbox is gone")
    m = metrics(bank / "reports/vial.prom")
    age = time.time() - m["vial_last_success_timestamp_seconds"]
    t.check(abs(age - 3 * DAY) < 600, "the age is that of the last night that worked", str(age))
    os.rename(f / "away", f / "in")
    bank.run("nightly")
    m = metrics(bank / "reports/vial.prom")
    t.check(abs(time.time() - m["vial_last_success_timestamp_seconds"]) < 600, "and moves again", str(m))
    checked = bank.rows("SELECT verified_at FROM store")[0][0]
    t.check(abs(checked - time.time()) < 600, "what was checked in the future is checked again", str(checked))


def local_days(t, f):
    """01:30 on a Sunday in Shanghai is Saturday in UTC: pages and quarantine go by the people's day."""
    bank = scene(f)
    there = {"TZ": "Asia/Shanghai", "VIAL_NOW": "1795887000"}  # 2026-11-28 17:30 UTC
    if not os.path.exists("/usr/share/zoneinfo/Asia/Shanghai"):
        there["TZ"] = "CST-8"
    bank.run("nightly", env=there)
    page = bank / "reports/2026-11-29.html"
    t.check(os.path.exists(page), "the page of Sunday", str(os.listdir(bank / "reports")))
    text = open(page).read()
    t.check("Sunday, 29 November 2026" in text and "29 Nov 2026, 01:30" in text and "local (CST)" in text,
            "its times are theirs", text[-400:])
    t.check(os.listdir(bank / "quarantine/2026-11-29"), "and the quarantine's folder")
    t.check('2026-11-28T17:30:00Z' in open(bank / "reports/vial.log").read(), "the log is for machines: UTC")
    done = bank.run("report", "--day", "2026-11-29", "-o", f / "x.html", env=there)
    t.check(done.code == OK and "cut" in f.read("x.html").decode(), "the page of a local day", done.err)
    spring = {"TZ": "CET-1CEST,M3.5.0,M10.5.0/3",
              "VIAL_NOW": "1774828800"}  # 30 March 2026, 02:00 in summer time
    t.check(bank.run("report", "--day", "2026-03-29", "-o", f / "y.html", env=spring).code == OK,
            "a day of 23 hours")


def two_banks(t, f):
    """Metrics of two banks in one folder: no value twice, each says whose it is."""
    text = ""
    for name in ("one", 'two "b" \\'):
        bank = Bank(f, name.split()[0],
                    f"[bank]\nname = {name}\n[metrics]\nfile = {f / name.split()[0]}.prom\n")
        bank.run("nightly")
        text += f.read(name.split()[0] + ".prom").decode()
    values = [x.rsplit(" ", 1)[0] for x in text.splitlines() if not x.startswith("#")]
    t.check(len(values) == len(set(values)) and all("{bank=\"" in v for v in values), "one value each",
            str(values)[:300])
    t.check('{bank="two \\"b\\" \\\\"' in text, "names are escaped", text[-300:])
    if not shutil.which("promtool"):
        return t.skip("promtool is not installed")
    families, out = {}, b""
    for line in text.splitlines():  # as the node exporter joins them: one family, the values of both
        families.setdefault(re.match(r"(?:# \w+ )?(\w+)", line)[1], []).append(line)
    for lines in families.values():
        out += ("\n".join(dict.fromkeys(sorted(lines, key=lambda x: x[:3] not in ("# H",
                                                                                  "# T")))) + "\n").encode()

    done = subprocess.run(["promtool", "check", "metrics"], input=out, capture_output=True)
    t.check(done.returncode == 0, "promtool", done.stderr.decode())


def kills(t, f):
    """Killed before each call that changes the disk, ack leaves the entry as it was or as it is to be."""
    bank = scene(f)
    bank.run("nightly")
    shutil.copytree(bank.path, f / "before")
    tried = 0
    for n in range(1, 100):
        shutil.rmtree(bank.path)
        shutil.copytree(f / "before", bank.path)
        f.clear("count", "told")
        run("ack", "-b", bank.path, "cut",
            env={"LD_PRELOAD": f"{BUILD}/pipeline/test/libfaults.so", "FAULT_KIND": "change",
                 "FAULT_N": str(n),
                 "FAULT_HOW": "kill", "FAULT_SHARED": f / "count", "FAULT_TOLD": f / "told"})
        if not os.path.exists(f / "told"):
            break
        tried += 1
        t.check(states(t, bank).get("cut") in ("refused", "acknowledged"), f"kill {n}: one or the other",
                str(open_items(t, bank)))
        t.check(bank.run("ack", "cut").code == OK and states(t, bank)["cut"] == "acknowledged",
                f"kill {n}: again")
        t.check(not glob.glob(bank / "quarantine/*/*.part") and all(json.dumps(q) for q in bank.quarantine()),
                f"kill {n}: entries are whole")
    print(f"ack: killed at {tried} points", flush=True)
    t.check(tried > 3, "there are points", str(tried))


if __name__ == "__main__":
    main(acknowledged, by_hand, waiting, jumped, local_days, two_banks, kills)
