"""
Samples without reads: files of no bytes, or of none once decompressed, whose name or --format says FASTQ. A
store of no rows, which every command takes; an empty lane counts as nothing wherever it stands in a row; and
bank.ini decides whether a bank takes them.

Suites: reads.
"""
import itertools
import json
import os

from banktest import Bank, check_whole, sheet
from containers import BGZF_END, gunzip, gzip, zstd, zstd_skip
from fqmodel import interleave, reads
from vialtest import DATA, NOINPUT, OK, check_refusal, main, run

NOTHING = {".fq": b"", ".fastq.gz": gzip(b""), ".FQ.gz": gzip(b"") * 3, ".fq.bgz": BGZF_END,
           ".fastq.zst": zstd(b""), ".fq.zst": zstd_skip(b"only this") * 2}


def commands(t, f, what):
    """Every command takes a store of no rows."""
    store = f / "s.h5"
    for words in (("verify", store), ("info", store), ("view", store), ("view", "-O", "tsv", store),
                  ("report", "--force", "-o", f / "s.html", store), ("reindex", store)):
        done = run(*words)
        t.check(done.code == OK, f"{what}: {words[0]}", done.err)
    t.check(json.loads(run("info", "--json", store).out)["rows"] == 0, f"{what}: no rows")
    check_refusal(t, f"{what}: a name", run("view", "--name", "x", store), ["no read"], (NOINPUT,))
    t.check(run("export", "-q", store).out == b"", f"{what}: export")
    done = run("export", "-q", "--force", "-o", f / "back.fq.gz", store)
    t.check(done.code == OK and gunzip(f.read("back.fq.gz")) == b"", f"{what}: export to .gz", done.err)


def alone(t, f):
    for ending, data in NOTHING.items():
        name = f.write(f"a{ending}", data)
        for profile in ("compact", "portable"):
            done = run("ingest", "--progress", "off", "--profile", profile, "-o", f / "s.h5", name)
            t.check(done.code == OK and "no reads" in done.err, f"{ending}, {profile}", done.err)
            commands(t, f, f"{ending}, {profile}")
            f.clear("s.h5")
        done = run("ingest", "-q", "-o", f / "s.h5", "-", stdin=data)
        check_refusal(t, f"{ending} of no name", done, ["empty"])
        done = run("ingest", "-q", "--format", "fastq", "-o", f / "s.h5", "-", stdin=data)
        t.check(done.code == OK, f"{ending} by --format", done.err)
        f.clear("s.h5")
        spectra = f.write("a.mzML" + ending.lower().replace(".fastq", "").replace(".fq", ""), data)
        done = run("ingest", "-q", "-o", f / "s.h5", spectra)
        check_refusal(t, f"{ending} as mzML", done, ["empty"])
        done = run("ingest", "-q", "-o", f / "s.h5", f.write("a.txt", data))
        check_refusal(t, f"{ending} of another name", done, ["empty"])


def pairs(t, f):
    text = f.write("text.fq", reads(3))
    for (x, a), (y, b) in itertools.product(NOTHING.items(), repeat=2):
        one, two = f.write(f"R1{x}", a), f.write(f"R2{y}", b)
        done = run("ingest", "-q", "-o", f / "s.h5", one, two)
        t.check(done.code == OK, f"{x}, {y}", done.err)
        if t.check(run("verify", "-q", f / "s.h5").code == OK, f"{x}, {y} verify"):
            done = run("export", "-q", "--force", f / "s.h5", "-1", f / "b1", "-2", f / "b2")
            t.check(done.code == OK and f.read("b1") + f.read("b2") == b"", f"{x}, {y} export", done.err)
        f.clear("s.h5")
    for x in NOTHING:
        for files in ([f / f"R1{x}", text], [text, f / f"R2{x}"]):
            done = run("ingest", "-q", "-o", f / "s.h5", *files)
            check_refusal(t, f"one mate of {x}", done, ["text.fq", "has more records than its mate"])


def lanes(t, f):
    """Wherever they stand, in single reads and in pairs."""
    texts = [reads(7, seed=s, mate=m) for m in (1, 2) for s in (1, 2)]
    full = [f.write(f"full{i}.fq", x) for i, x in enumerate(texts)]
    none = [f.write(f"none{i}{ending}", data) for i, (ending, data) in enumerate(NOTHING.items())]
    rows = [[none[0], full[0], full[1]], [none[1], none[2], full[0], none[3], full[1], none[4]],
            [full[0], none[5], full[1]], [full[0], full[1], none[0]]]
    for row in rows:
        what = ", ".join(map(os.path.basename, row))
        done = run("ingest", "-q", "-o", f / "s.h5", ",".join(row))
        back = run("export", "-q", f / "s.h5").out
        t.check(done.code == OK and back == texts[0] + texts[1], what, done.err)
        f.clear("s.h5")
        second = [{full[0]: full[2], full[1]: full[3]}.get(x) for x in row]
        done = run("ingest", "-q", "-o", f / "s.h5", ",".join(row), ",".join(x for x in second if x))
        t.check(done.code == OK and run("export", "-q", f / "s.h5").out ==
                interleave(texts[0] + texts[1], texts[2] + texts[3]), f"{what}, pairs", done.err)
        f.clear("s.h5")
    done = run("ingest", "-q", "-o", f / "s.h5", ",".join(none))
    good = done.code == OK and run("verify", "-q", f / "s.h5").code == OK
    t.check(good, "nothing but empty lanes", done.err)


def banks(t, f):
    pair = [f.write(f"N_R{m}.fastq.gz", gzip(b"")) for m in (1, 2)]
    single = f.write("M.fq", b"")
    rows = [["N", *pair], ["M", single, ""], ["F", f.write("F.fq", reads(9)), ""]]
    bank = Bank(f)
    done = bank.run("ingest", "--sheet", sheet(f, "s.csv", rows))
    t.check(done.code == OK and "3 published" in done.err, "a sheet", done.err)
    t.check({(r["sample"], r["rows"]) for r in bank.ls()} == {("N", 0), ("M", 0), ("F", 9)}, "ls --json")
    t.check(bank.run("ls").out.count(b"no reads") == 2, "ls says it")
    t.check(bank.run("ingest", "-s", "N", *pair).err.count("1 unchanged"), "a pair is a pair")
    t.check(bank.run("report", "-o", f / "day.html").code == OK
            and b"2 of these hold no reads" in f.read("day.html"), "the page of the day says it")
    t.check(bank.run("verify", "--all").code == OK and bank.run("catalog", "check").code == OK, "all is well")
    check_whole(t, bank, "no reads")
    strict = Bank(f, "strict", "\n[batch]\nempty = refuse\n")
    done = strict.run("ingest", "--sheet", sheet(f, "s.csv", rows))
    t.check(done.code == DATA and "1 published" in done.err and "2 refused" in done.err
            and "empty = refuse" in done.err and not strict.leftovers(), "empty = refuse", done.err)
    t.check({q["reason"] for q in strict.quarantine()} == {"format"}, "the reason", strict.quarantine())


def inboxes(t, f):
    os.mkdir(f / "in")
    for m in (1, 2):
        f.write(f"in/N_R{m}.fastq.gz", gzip(b""))
    f.write("in/M.fq", b"")
    f.write("in/H_R1.fq", b"")
    f.write("in/H_R2.fq", reads(3, mate=2))
    f.write("in/e.txt", b"")
    bank = Bank(f, settings=f"\n[inbox in]\npath = {f / 'in'}\nsettle = 0\n")
    done = bank.run("nightly", "-v")
    t.check({(r["sample"], r["rows"]) for r in bank.ls()} == {("N", 0), ("M", 0)}, "a night", done.err)
    t.check("H_R1.fq is empty" in done.err or "H_R1.fq: is empty" in done.err, "one mate alone", done.err)


if __name__ == "__main__":
    main(alone, pairs, lanes, banks, inboxes)
