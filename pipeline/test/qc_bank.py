"""
Samples of a bank judged and compared: limits of [qc] in bank.ini, `vial qc -b BANK`, `vial report
--compare`, and what the page of a night says. Numbers are held against a plain reading of the FASTQ files.

Suites: banks.
"""
import glob
import json
import math
import os
import random
import re
import sqlite3
import statistics

import numpy

from banktest import Bank, mzml
from mass_qc import SEEN, background, dia, numbers
from mzmodel import Document, document
from pages import Page, number
from vialtest import CONFIG, OK, USAGE, check_refusal, main, run

ADAPTER = "AGATCGGAAGAG"
SETTINGS = "[qc]\nq30_min = 70 50\nadapter_max = 5\nreads_min = 100\n"


def made(seed, n=400, good=0.9, adapter=0.0, length=60):
    """Reads with about so many qualities of 30 and more, and adapters."""
    rnd = random.Random(seed)
    out = []
    for i in range(n):
        base = "".join(rnd.choice("ACGT") for _ in range(length))
        if rnd.random() < adapter:
            base = base[:length - 12] + ADAPTER
        quality = "".join(chr(33 + (37 if rnd.random() < good else 20)) for _ in range(length))
        out.append((f"r{i}", base, quality))
    return out


def text_of(reads):
    return "".join(f"@{n}\n{b}\n+\n{q}\n" for n, b, q in reads).encode()


def measures(reads):
    """The same numbers by hand, of single reads without duplicates."""
    bases = "".join(r[1] for r in reads)
    levels = [ord(c) - 33 for r in reads for c in r[2]]
    return {"reads": len(reads), "bases": len(bases), "mean_length": len(bases) / len(reads),
            "n50": len(reads[0][1]), "mean_quality": sum(levels) / len(levels),
            "q20": 100 * sum(q >= 20 for q in levels) / len(levels),
            "q30": 100 * sum(q >= 30 for q in levels) / len(levels),
            "gc": 100 * sum(c in "GC" for c in bases) / len(bases), "n": 0, "duplicates": 0,
            "adapter": 100 * sum(ADAPTER in r[1] for r in reads) / len(reads), "poly_g": 0}


def lights(m):
    beyond = [0 if m["q30"] >= 70 else 1 if m["q30"] >= 50 else 2, int(m["adapter"] > 5),
              int(m["reads"] < 100)]
    return ("green", "yellow", "red")[max(beyond)]


def fill(f, bank):
    """Twelve samples of which some are yellow, some red, and one is odd."""
    kinds = {"S3": {"good": 0.6}, "S4": {"good": 0.3}, "S5": {"adapter": 0.2}, "S6": {"length": 90}}
    samples = {f"S{i}": made(i, **kinds.get(f"S{i}", {})) for i in range(12)}
    for name, reads in samples.items():
        done = bank.run("ingest", "-q", "-s", name, f.write(f"{name}.fastq", text_of(reads)))
        assert done.code == OK, done.err
    return {name: measures(reads) for name, reads in samples.items()}


def off(values, ratio):
    """How far each is from the median, in spreads."""
    x = [math.log(v) if ratio else v for v in values]
    middle = statistics.median(x)
    spread = max(1.4826 * statistics.median(abs(v - middle) for v in x),
                 0.01 if ratio else abs(middle) / 100, 1e-9)
    return [(v - middle) / spread for v in x]


def check_list(t, bank, want):
    done = bank.run("qc", "--json")
    t.check(done.code == OK, "qc -b", done.err)
    said = [json.loads(line) for line in done.out.decode().splitlines()]
    t.check({r["sample"] for r in said} == set(want), "all samples", str(said)[:300])
    for row in said:
        m = want[row["sample"]]
        t.check(row["state"] == lights(m) and row["kind"] == "reads", row["sample"], f"{row} {lights(m)}")
        for name, value in m.items():
            t.check(math.isclose(row[name], value, rel_tol=1e-12, abs_tol=1e-9), f"{row['sample']}: {name}",
                    f"{row[name]}, not {value}")
    order = [("red", "yellow", "green").index(r["state"]) for r in said]
    t.check(order == sorted(order), "the worst come first", str(order))
    table = [line.split("\t") for line in bank.run("qc").out.decode().splitlines()]
    t.check(table[0][:3] == ["state", "sample", "acquisition"] and len(table) == len(want) + 1, "table",
            str(table[0]))
    t.check([r[1] for r in table[1:]] == [r["sample"] for r in said], "the same order")
    at = table[0].index("q30")
    t.check(all(r[at] == f"{want[r[1]]['q30']:.2f}" for r in table[1:]), "q30 in the table")


def listed(bank, expr):
    done = bank.run("ls", "--json", "--where", expr)
    assert done.code == OK, (expr, done.err)
    return {row["sample"]: row for row in map(json.loads, done.out.decode().splitlines())}


def check_where(t, bank, want):
    """The catalogue picks samples by their measures, and has them again when it is made anew."""
    for what in ("as they came in", "rebuilt"):
        for expr, holds in (("q30 < 70", lambda m: m["q30"] < 70), ("NOT q30 < 70", lambda m: m["q30"] >= 70),
                            ("adapter > 5 AND reads >= 100", lambda m: m["adapter"] > 5),
                            ("mean_length = 90 OR q30 <= 40", lambda m: m["mean_length"] == 90
                             or m["q30"] <= 40), ("n50 IN (60, 61)", lambda m: m["n50"] == 60),
                            ("q30 IS NULL", lambda m: False), ("insert_size IS NULL", lambda m: True)):
            t.check(set(listed(bank, expr)) == {s for s, m in want.items() if holds(m)}, f"{what}: {expr}",
                    str(sorted(listed(bank, expr))))
        for sample, row in listed(bank, "q30 IS NOT NULL").items():
            said, m = row["measures"], want[sample]
            t.check(all(math.isclose(said[k], v, rel_tol=1e-12, abs_tol=1e-9) for k, v in m.items()),
                    f"{what}: measures of {sample}", f"{said}, not {m}")
        t.check(bank.run("catalog", "rebuild").code == OK, "rebuild")
    check_refusal(t, "no such measure", bank.run("ls", "--where", "q31 > 1"), ["'q31'", "nearest"], (USAGE,))
    with sqlite3.connect(bank / "catalog.db") as db:
        db.execute("UPDATE store SET measures = NULL WHERE acquisition_id IN (SELECT acquisition_id FROM"
                   " acquisition JOIN sample USING (sample_id) WHERE sample.name = 'S2')")
    db.close()
    gone = listed(bank, "q30 IS NULL")
    t.check(list(gone) == ["S2"] and gone["S2"]["measures"] is None, "one of an earlier version", str(gone))
    t.check(bank.run("catalog", "check").code != OK, "the check says so")
    t.check(bank.run("catalog", "rebuild").code == OK and not listed(bank, "q30 IS NULL"), "known again")
    t.check(bank.run("catalog", "check").code == OK, "nothing differs")
    t.check(bank.run("set", "S1", "q30=high").code == OK
            and list(listed(bank, "q30 = 'high'")) == ["S1"], "a fact of the name hides it")


def check_page(t, f, bank, want):
    done = bank.run("report", "--compare", "-o", f / "all.html")
    t.check(done.code == OK and done.out.decode().strip() == f / "all.html", "compare", done.err)
    text = f.read("all.html").decode()
    page = Page(text)
    t.check(not page.wrong, "the page", str(page.wrong[:5]))
    table = page.tables["Stores of reads, the worst and the oddest first"]
    t.check(len(table) == len(want) + 1 and [r[2] for r in table[1:6]] == ["red", "yellow", "yellow", "green",
                                                                          "green"], "order", str(table[:6]))
    t.check(table[1][0] == "S4" and table[4][0] == "S6", "the odd one is the first of the green",
            str([r[0] for r in table]))
    names = list(want)
    cells = re.findall(r'<th role="rowheader" scope="row">(S\d+)</th>(.*?)</tr>', text, re.S)
    for name, ratio, title in (("q30", False, "Q30 or more"), ("bases", True, "Bases"),
                               ("gc", False, "G and C")):
        far = dict(zip(names, off([want[s][name] for s in names], ratio)))
        at = table[0].index(title)
        for row in table[1:]:
            value = want[row[0]][name]
            shown = f"{value:,}" if ratio else f"{value:.2f} %"
            t.check(row[at] == shown, f"{row[0]}: {title}", row[at])
        for sample, row in cells:
            degree = sum(abs(far[sample]) >= x for x in (2, 3, 5))
            wanted = f"{'lo' if far[sample] < 0 else 'hi'}{degree}" if degree else ""
            class_ = re.search(rf'class="num ([a-z0-9]*)" data-label="{title}"', row)[1]
            t.check(class_ == wanted, f"{sample}: how far {title} is off", f"{class_!r}, not {wanted!r}")
    t.check(page.facts.get("q30_min") == "yellow beyond 70, red beyond 50", "limits are said",
            str(page.facts))


def check_one(t, f, bank):
    done = bank.run("qc", "S4")
    text = done.out.decode()
    t.check(done.code == OK and "By the bank's limits" in text
            and re.search(r"Q30 or more +[\d.]+ %  red: less than 50.00 %", text)
            and re.search(r"together +red", text), "a red sample", text)
    text = bank.run("qc", "S5").out.decode()
    t.check(re.search(r"Adapter +[\d.]+ %  yellow: more than 5.00 %", text)
            and re.search(r"Q30 or more +[\d.]+ %  green\n", text), "a yellow sample", text)
    done = bank.run("qc", "S4", "-O", "multiqc", "-o", f / "multi")
    with open(f / "multi/S4_mqc.json", encoding="utf-8") as g:
        table = json.load(g)
    t.check(done.code == OK and table["data"]["S4"]["state"] == "red" and "state" in table["headers"],
            "MultiQC", str(table))


def judged(t, f):
    bank = Bank(f, settings=SETTINGS)
    want = fill(f, bank)
    check_list(t, bank, want)
    check_where(t, bank, want)
    check_page(t, f, bank, want)
    check_one(t, f, bank)
    done = run("qc", env={"VIAL_BANK": str(bank.path)})
    t.check(done.code == OK and done.out.count(b"\n") == 13, "VIAL_BANK", done.err)
    t.check(bank.run("qc", "-O", "fastqc", "-o", f / "x").code == USAGE, "a form of a whole bank")
    t.check(bank.run("report", "--compare").code == USAGE, "--compare goes to a file")
    lost = next(p for p in bank.stores() if "/S7/" in p)
    with open(lost, "r+b") as g:
        g.truncate(5000)
    said = [json.loads(line) for line in bank.run("qc", "--json").out.decode().splitlines()]
    t.check(len(said) == 12 and (said[0]["sample"], said[0]["state"]) == ("S7", "lost")
            and "q30" not in said[0], "a store that cannot be read comes first", str(said[0]))
    done = bank.run("report", "--compare", "-o", f / "lost.html")
    t.check(done.code == OK and "not readable" in f.read("lost.html").decode(), "and stands on the page",
            done.err)


def night(t, f):
    """What came in and is beyond a limit stands on the page of the night, and in its first sentence."""
    os.mkdir(f / "in")
    bank = Bank(f, settings=f"[inbox seq]\npath = {f / 'in'}\nsettle = 0s\n")
    for name, good in (("A", 0.9), ("B", 0.6), ("C", 0.3)):
        f.write(f"in/{name}.fastq", text_of(made(name, good=good)))
    f.write("in/M.mzML", mzml(4))
    t.check(bank.run("nightly").code == OK, "a night")
    path = glob.glob(bank / "reports/*.html")[0]
    with open(path, encoding="utf-8") as g:
        t.check("Quality of what came in" not in g.read(), "no limits, no judgement")
    bank.set(SETTINGS)
    t.check(bank.run("report").code == OK, "the page again")
    with open(path, encoding="utf-8") as g:
        page = Page(g.read())
    t.check(not page.wrong, "the page", str(page.wrong[:5]))
    table = page.tables["Stores beyond a limit of the bank"]
    t.check([(r[0], r[2]) for r in table[1:]] == [("C", "red"), ("B", "yellow")], "red before yellow",
            str(table))
    t.check(re.fullmatch(r"Q30 or more [\d.]+ %: less than 50.00 %", table[1][3]), "why", str(table[1]))
    t.check("By its quality 1 store is red and 1 yellow" in page.lead, "the first sentence", page.lead)


def settings(t, f):
    """All that is wrong is said at once."""
    bank = Bank(f)
    lines = ["[qc]", "q3_min = 80", "q30_min = 50 70", "adapter_max = much", "q30 = 80", "gc_max = 60 50 40",
             "gc_min = 30"]
    with open(bank / "bank.ini", "w", encoding="utf-8") as g:
        g.write("\n".join(lines) + "\n")
    done = bank.run("ls")
    words = ("line 2: 'q3_min' is not a setting of [qc]; nearest: q30_min", "line 3: '50 70' is no limit",
             "line 4: 'much' is no limit", "line 5: 'q30' is not a setting of [qc]",
             "line 6: '60 50 40' is no limit")
    t.check(done.code == CONFIG and done.err.count("\n") == len(words) and all(w in done.err for w in words),
            "settings", done.err)
    with open(bank / "bank.ini", "w", encoding="utf-8") as g:
        g.write("[nightly]\nq30_min = 50\n")
    check_refusal(t, "in another section", bank.run("ls"), ["it is one of [qc]"], (CONFIG,))


def run_measures(text):
    """Of a run of a mass spectrometer, by hand."""
    doc = Document(text)
    n, errors = numbers(doc), background(doc, SEEN)[1]
    return {"ms1": n["ms1_spectra"], "ms2": n["ms2_spectra"], "duration": n["duration"] / 60,
            "tic_area": n["ms1_tic_area"], "ms2_rate": n["ms2_rate"], "cycle": n["cycle"],
            "ms1_peaks": n["ms1_peaks_median"], "ms2_peaks": n["ms2_peaks_median"],
            "injection": n["ms2_injection_median"], "dead_gap": n["dead_gap"],
            "mass_error": float(numpy.nanmedian([e for of in errors.values() for e in of]))}


def spectra(t, f):
    """Runs beside each other, with measures that are those of numpy, judged by limits."""
    bank, want = Bank(f, settings="[qc]\nmass_error_max = 3.0 9\nms2_rate_min = 5\n"), {}
    for i in range(6):
        text = document(dia(numpy.random.default_rng(i)))
        want[f"R{i}"] = run_measures(text)
        done = bank.run("ingest", "-q", "-s", f"R{i}", f.write(f"r{i}.mzML", text))
        t.check(done.code == OK, "ingest", done.err)
    said = [json.loads(line) for line in bank.run("qc", "--json").out.decode().splitlines()]
    t.check({r["sample"] for r in said} == set(want), "all runs", str(said)[:300])
    for row in said:
        m = want[row["sample"]]
        for name, value in m.items():
            within = 0.003 if name == "mass_error" else 1e-9 * abs(value)
            t.check(abs(row[name] - value) <= within, f"{row['sample']}: {name}", f"{row[name]}, not {value}")
        t.check(row["state"] == ("yellow" if row["mass_error"] > 3 else "green") and row["mass_drift"] > 1,
                f"{row['sample']}: state", str(row))
    done = bank.run("report", "--compare", "-o", f / "all.html")
    page = Page(f.read("all.html").decode())
    table = page.tables["Stores of spectra, the worst and the oddest first"]
    t.check(done.code == OK and not page.wrong and len(table) == 7, "the page",
            f"{done.err} {page.wrong[:3]}")
    for title, name, digits in (("TIC area", "tic_area", 0), ("MS2 rate", "ms2_rate", 2)):
        at = table[0].index(title)
        t.check(all(number(r[at].split()[0]) == round(want[r[0]][name], digits) for r in table[1:]), title,
                str(table))
    t.check({"MS1 peaks", "MS2 peaks", "Mass error", "Mass drift"} <= set(table[0]), "columns", str(table[0]))
    picked = {row["sample"] for row in (json.loads(line) for line in bank.run(
        "ls", "--json", "--where", "ms2_rate > 5 AND mass_error > 3").out.decode().splitlines())}
    t.check(picked == {r["sample"] for r in said if r["mass_error"] > 3}, "picked", str(picked))


if __name__ == "__main__":
    main(judged, night, settings, spectra)
