"""
Quality control of reads: what `vial qc` says, against numbers worked out by hand, against FastQC where it is
installed, text for text, and for stores that were made before these counts.

Suites: cmd reads. Also: asan.
"""
import glob
import json
import math
import os
import random
import shutil
import subprocess

import h5py

from vialtest import (DATA, NOINPUT, OK, SANITIZED, SHARED, USAGE, check_refusal, main, of_threads, patient,
                      run)

TRUSEQ = "GATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG"


def other_strand(letters):
    return letters[::-1].translate(str.maketrans("ACGT", "TGCA"))


def fastq(reads):
    return "".join(f"@{name}\n{bases}\n+\n{quality}\n" for name, bases, quality in reads).encode()


def phred(levels):
    return "".join(chr(33 + q) for q in levels)


# ---- inputs of which every number is known ----


def two_lengths():
    for i in range(120):
        n = 76 if i <= 100 else 40
        yield f"r{i}", ("ACGT" * 20)[:n], phred((i + p) % 40 for p in range(n))


def duplicates():
    """120,000 reads, and 30,000 of them again, beyond the first 100,000 that are looked at."""
    for i in range(150000):
        k = i if i < 120000 else i - 120000
        half = "".join("ACGT"[k >> 2 * j & 3] for j in range(18))
        yield f"r{i}", half + half, "I" * 20 + "5" * 16


def known_sequences():
    rnd = random.Random(3)
    fixed = {0: TRUSEQ[:60], 1: TRUSEQ[:60], 2: TRUSEQ[:60], 3: TRUSEQ[3:20] + "A" + TRUSEQ[21:60] + "ACG",
             4: other_strand(TRUSEQ)[2:40] + "T" * 22, 5: "ACGTACGTAA" + TRUSEQ[:21] + "C" * 29,
             6: "ACGTACGTAA" + TRUSEQ[:20] + "C" * 30, 7: "CTGTAGGCACCATCAAT", 8: "AGATCGGAAGAGC"}
    for i in range(2000):
        bases = fixed.get(i % 10) or "".join(rnd.choice("ACGT") for _ in range(60))
        yield f"r{i}", bases, "?" * len(bases)


def adapters():
    for i in range(10):
        at = 5 if i < 3 else 28 if i == 3 else None
        bases = "T" * 40 if at is None else "T" * at + "AGATCGGAAGAG" + "T" * (28 - at)
        yield f"r{i}", bases, "5" * 40


def tiles():
    for i in range(100):
        tile = 1101 + i // 10 % 2
        yield f"M:1:F:1:{tile}:{i}:1", "ACGTACGTAC", phred([20 if tile == 1101 else 30] * 10)


def mixed():
    rnd = random.Random(5)
    for i in range(5000):
        n = rnd.randint(20, 190)
        letters = "ACGTacgtnNRY." if rnd.random() < 0.05 else "ACGT"
        yield (f"X:1:F:1:{1101 + rnd.randint(0, 3)}:{i}:1 1:N:0:AC",
               "".join(rnd.choice(letters) for _ in range(n)), phred(rnd.randint(2, 41) for _ in range(n)))


def phred_64():
    rnd = random.Random(6)
    for i in range(300):
        yield (f"HWI:1:{i % 7}:{i}:1#0/1", "".join(rnd.choice("ACGT") for _ in range(50)),
               phred(33 + rnd.randint(0, 38) for _ in range(50)))


def many_copies():
    rnd = random.Random(7)
    some = ["".join(rnd.choice("ACGT") for _ in range(100)) for _ in range(4000)]
    for i in range(30000):
        yield f"r{i}", some[int(4000 * rnd.random() ** 3)], "FFFFFFFFF:" * 10


def equally_often():
    rnd = random.Random(8)
    some = ["".join(rnd.choice("ACGT") for _ in range(51)) for _ in range(300)]
    for i in range(3000):
        yield f"r{i}", some[i % 300], "I#" * 25 + "I"


MADE = {"two_lengths": two_lengths, "duplicates": duplicates, "known_sequences": known_sequences,
        "adapters": adapters, "tiles": tiles, "mixed": mixed, "phred_64": phred_64,
        "many_copies": many_copies, "equally_often": equally_often,
        "one_36": lambda: [("r", "G" * 18 + "A" * 18, "#" * 36)],
        "one_250": lambda: [("r", "G" * 100 + "A" * 99 + "C" * 51, "#" * 250)],
        "none": lambda: [], "empty_reads": lambda: [("a", "", ""), ("b", "ACGT", "IIII"), ("c", "", "")],
        "only_empty": lambda: [("a", "", "")], "short": lambda: [("a", "ACGTACGTACGT", "I" * 12)]}


# ---- asking ----


def ingest(t, f, name, *inputs, more=()):
    """The counts hang on no profile."""
    store = f / f"{name}.h5"
    done = run("ingest", "-q", "--force", "--profile", t.profile(), *more, "-o", store, *inputs, timeout=300)
    return store if t.check(done.code == OK, name, done.err) else None


def modules(text):
    """{name: (state, lines)} of a fastqc_data.txt."""
    found, name = {}, None
    for line in text.splitlines():
        if line == ">>END_MODULE":
            name = None
        elif line.startswith(">>"):
            name, state = line[2:].split("\t")
            found[name] = (state, [])
        elif name:
            found[name][1].append(line)
    return found


def tables(t, f, store, name, *more):
    """fastqc_data.txt of each mate, by the end of its name."""
    done = run("qc", store, "-O", "fastqc", "-o", f / name, "--name", "x", *more)
    t.check(done.code == OK and not done.out, name, done.err)
    found = {}
    for path in sorted(glob.glob(f / name + "/x*_fastqc/fastqc_data.txt")):
        with open(path, encoding="utf-8") as text:
            found[os.path.basename(os.path.dirname(path))[1:-7]] = text.read()
    return found


def rows(text, module):
    return dict(line.split("\t", 1) for line in modules(text)[module][1] if not line.startswith("#"))


def by_hand(t, f):
    made = {}
    for name in ("two_lengths", "duplicates", "known_sequences", "adapters", "tiles", "one_36", "one_250"):
        store = ingest(t, f, name, f.write(f"{name}.fastq", fastq(MADE[name]())))
        made[name] = tables(t, f, store, name)[""] if store else ""
    quality = rows(made["two_lengths"], "Per base sequence quality")
    for position, want in (("1", "19.5 19.0 9.0 29.0 3.0 35.0"),
                           ("40-41", "18.512376237623762 17.5 8.5 27.5 3.0 34.5"),
                           ("76", "18.465346534653467 16.0 8.0 29.0 3.0 36.0")):
        t.check(quality[position] == want.replace(" ", "\t"), "quality by position", quality[position])
    t.check(modules(made["two_lengths"])["Per base sequence quality"][0] == "fail", "quality fails")
    lengths = rows(made["two_lengths"], "Sequence Length Distribution")
    t.check(lengths == {str(n): {40: "19.0", 76: "101.0"}.get(n, "0.0") for n in range(40, 77)}, "lengths",
            str(lengths))
    levels = modules(made["duplicates"])["Sequence Duplication Levels"][1]
    for want in ("#Total Deduplicated Percentage 75.45456628111288", "1 67.46991609833015 50.909132562225764",
                 "2 32.53008390166986 49.090867437774236"):
        t.check(want.replace(" ", "\t").replace("#Total\tDeduplicated\t", "#Total Deduplicated ") in levels,
                "duplication", f"no {want!r} in {levels}")
    gc = rows(made["one_36"], "Per sequence GC content")
    t.check([gc[p] for p in ("48", "49", "50", "51", "52")] == ["0.0", "0.5", "1.0", "0.5", "0.0"],
            "GC of 36")
    gc = rows(made["one_250"], "Per sequence GC content")
    t.check([gc[p] for p in ("50", "51")] == ["0.3333333333333333"] * 2, "GC of 250 letters", str(gc))
    t.check(rows(made["one_250"], "Basic Statistics")["%GC"] == "60", "%GC")
    universal = {p: v.split("\t")[0] for p, v in rows(made["adapters"], "Adapter Content").items()}
    want = {str(p): "0.0" if p < 6 else "30.0" if p < 29 else "40.0" for p in range(1, 30)}
    t.check(universal == want, "adapters", str(universal))
    t.check(modules(made["adapters"])["Adapter Content"][0] == "fail", "adapters fail")
    state, lines = modules(made["tiles"])["Per tile sequence quality"]
    t.check(state == "pass" and {line.split("\t")[2] for line in lines[1:11]} == {"-5.0"}
            and {line.split("\t")[2] for line in lines[11:]} == {"5.0"}, "tiles", f"{state} {lines}")
    frequent = {s: v.split("\t")[:2] for s, v in rows(made["known_sequences"],
                                                      "Overrepresented sequences").items()}
    t.check(frequent[TRUSEQ[:60]] == ["600", "30.0"] and len(frequent) == 7, "frequent", str(frequent))


def pairs(t, f):
    """Each mate is counted by itself, and the number of threads changes nothing."""
    rnd = random.Random(9)

    def mate(k, n):
        return [(f"A:1:F:1:{1101 + i // 700}:{i}:{i} {k}:N:0:AC",
                 "".join(rnd.choice("ACGT") for _ in range(n)),
                 phred(rnd.choice((2, 11, 25, 37)) for _ in range(n))) for i in range(3000)]

    both = [fastq(mate(1, 101)), fastq(mate(2, 76))]
    files = [f.write(f"p_R{k + 1}.fastq", text) for k, text in enumerate(both)]
    store = ingest(t, f, "pair", *files)
    together = tables(t, f, store, "pair_qc")
    t.check(sorted(together) == ["_R1", "_R2"], "mates", str(sorted(together)))
    for k in range(2):
        alone = tables(t, f, ingest(t, f, f"mate{k}", files[k]), f"mate{k}_qc")[""]
        t.check(alone == together[f"_R{k + 1}"].replace(f"x_R{k + 1}.fastq", "x.fastq"), f"mate {k + 1}")
    for threads in of_threads(1, 3):
        other = ingest(t, f, f"pair{threads}", *files, more=("-@", threads))
        t.check(tables(t, f, other, f"pair{threads}_qc") == together, f"{threads} threads")


def words(t, f):
    """The page for people, what is refused, and stores without these counts."""
    store = ingest(t, f, "s", f.write("s.fastq", fastq(tiles())))
    done = run("qc", store)
    t.check(done.code == OK and not done.err and b"mean quality" in done.out and b"25.00" in done.out, "text",
            done.out.decode())
    check_refusal(t, "no such form", run("qc", store, "-O", "fastqx"), ["fastqx", "text, "], (USAGE,))
    check_refusal(t, "rules", run("qc", store, "-O", "fastqc", "--rules", "9", "-o", f / "d"),
                  ["'9'", "0.11.9"], (USAGE,))
    check_refusal(t, "no folder", run("qc", store, "-O", "fastqc"), ["folder"], (USAGE,))
    store = ingest(t, f, "a", f.write("a.fastq", fastq(adapters())))
    tables(t, f, store, "newer", "--rules", "0.11.9")
    again = run("qc", store, "-O", "fastqc", "-o", f / "newer", "--name", "x")
    t.check(again.code != OK and "exists" in again.err, "files that exist are kept", again.err)
    old = run("qc", "testdata/stores/v1/pairs/compact.h5")
    t.check(old.code == OK and "earlier version" in old.err and b"Q30" in old.out,
            "store of an earlier version", old.err)
    text = tables(t, f, "testdata/stores/v1/pairs/compact.h5", "old")["_R1"]
    t.check("Adapter Content" not in text and "Per base sequence quality" in text, "what an old store has")
    spectra = sorted(glob.glob("testdata/stores/v1/*/*.h5"))
    for path in spectra:
        if json.loads(run("info", "--json", path).out)["kind"] == "spectra":
            done = run("qc", "-O", "fastqc", "-o", f / "none", path)
            check_refusal(t, "spectra", done, ["'fastqc' is no form", "spectra"], (USAGE,))
            return


def two_mates():
    rnd = random.Random(11)
    return [[(f"r{i}", "".join(rnd.choice("ACGTN") for _ in range(n)), phred(rnd.randint(2, 41)
             for _ in range(n))) for i in range(300)] for n in (60, 45)]


def check_totals(t, said, mates, what):
    bases = "".join(r[1] for mate in mates for r in mate).upper()
    levels = [ord(q) - 33 for mate in mates for r in mate for q in r[2]]
    want = {"total_reads": sum(map(len, mates)), "total_bases": len(bases),
            "q20_bases": sum(q >= 20 for q in levels), "q30_bases": sum(q >= 30 for q in levels),
            "gc_content": sum(c in "GC" for c in bases) / len(bases)}
    for k, mate in enumerate(mates):
        want[f"read{k + 1}_mean_length"] = sum(len(r[1]) for r in mate) // len(mate)
    for name, value in want.items():
        told = said["summary"]["before_filtering"][name]
        t.check(abs(told - value) <= 1e-5 * value, f"{what}: {name}", f"{told}, not {value}")


def beyond(t, f):
    """Reads longer than what is counted by position: the totals are of all their letters."""
    rnd = random.Random(5)
    mates = [[(f"r{i}", "".join(rnd.choice("ACGTacgtNn") for _ in range(n)),
               phred(rnd.randint(0 if p < 1024 else 15, 93) for p in range(n)))
              for i, n in enumerate(lengths)]
             for lengths in ((30, 1023, 1024, 1025, 1100, 5000, 0), (2000, 1, 1024, 7000, 40, 1030, 1024))]
    files = [f.write(f"b_R{k + 1}.fastq", fastq(mate)) for k, mate in enumerate(mates)]
    for what, given, read in (("pairs", files, mates), ("single", files[:1], mates[:1])):
        for threads in of_threads(1, 3):
            done = run("qc", "--json", ingest(t, f, f"{what}{threads}", *given, more=("-@", threads)))
            t.check(done.code == OK and "totals" not in done.err and "by position" in done.err, what,
                    done.err)
            check_totals(t, json.loads(done.out), read, f"{what}, {threads} threads")
    text = run("qc", f / "single3.h5").out.decode()
    n = sum(c in "Nn" for r in mates[0] for c in r[1]) / sum(len(r[1]) for r in mates[0])
    t.check(f"{100 * n:.2f} %" in text, "N among all letters", text)


def as_json(t, f):
    """Totals and curves in fastp's shape, against the reads themselves."""
    mates = two_mates()
    files = [f.write(f"j_R{k + 1}.fastq", fastq(mate)) for k, mate in enumerate(mates)]
    store = ingest(t, f, "j", *files)
    done = run("qc", "--json", "--name", "J", store)
    t.check(done.code == OK, "json", done.err)
    said = json.loads(done.out)
    check_totals(t, said, mates, "pairs")
    for k, mate in enumerate(mates):
        curves = said[f"read{k + 1}_before_filtering"]
        for p in (0, 7, len(mate[0][1]) - 1):
            column = [r[1][p] for r in mate]
            for name, value in (("GC", sum(c in "GC" for c in column) / 300), ("N", column.count("N") / 300)):
                t.check(abs(curves["content_curves"][name][p] - value) < 1e-5, f"{name} at {p}")
            mean = sum(ord(r[2][p]) - 33 for r in mate) / 300
            t.check(abs(curves["quality_curves"]["mean"][p] - mean) < 1e-4, f"quality at {p}")
    t.check(said["command"] == "vial ingest -i J", "command", said["command"])


def in_multiqc(t, f):
    """All three forms are found, and its tables hold our numbers."""
    if not shutil.which("multiqc"):
        return t.skip("multiqc is not installed")
    files = [f.write(f"m_R{k + 1}.fastq", fastq(mate)) for k, mate in enumerate(two_mates())]
    store = ingest(t, f, "m", *files)
    done = run("qc", "-O", "multiqc", "-o", f / "qc", "--name", "S7", store)
    t.check(done.code == OK, "files", done.err)
    if SANITIZED:
        return None
    seen = subprocess.run(["multiqc", "-o", f / "page", f / "qc"], capture_output=True, check=False,
                          timeout=patient(300), env={**os.environ, "LC_ALL": "C.UTF-8"})
    t.check(seen.returncode == 0, "multiqc", seen.stderr.decode("utf-8", "replace"))
    wanted = (("fastqc", ["S7_R1", "S7_R2"], "Total Sequences", 300), ("fastp", ["S7"], "", 0),
              ("vial_reads_table", ["S7"], "reads", 600))
    for name, samples, column, value in wanted:
        path = f / f"page/multiqc_data/multiqc_{name}.txt"
        log = seen.stderr.decode("utf-8", "replace")
        if not t.check(os.path.exists(path), f"{name} is found", log[-300:]):
            continue
        lines = [line.split("\t") for line in f.read(path).decode().splitlines()]
        t.check([line[0] for line in lines[1:]] == samples, f"samples of {name}", str(lines)[:300])
        if column:
            t.check({float(line[lines[0].index(column)]) for line in lines[1:]} == {value}, f"{column}",
                    str(lines)[:300])
    return None


def group(n):
    """The first number of the eighth of an octave that n lies in."""
    step = 1 << max(n.bit_length() - 4, 0)
    return n // step * step if n >= 8 else 8


def long_reads(t, f):
    """Groups of positions and mean errors, against a plain reading; the same with any number of threads."""
    rnd = random.Random(13)
    mates = [[(f"r{i}", "".join(rnd.choice("ACGTacgtNR") for _ in range(n)),
               phred(rnd.choice((level, level, rnd.randint(0, 93))) for _ in range(n)))
              for i, (n, level) in enumerate((rnd.choice((511, 512, 600, 1024, 1025, 1152, 3000, 9000, 0)),
                                              rnd.randint(0, 93)) for _ in range(60))] for _ in range(2)]
    mates[0][0] = ("r0", "A" * 1500, phred([20] * 1500))
    files = [f.write(f"l_R{k + 1}.fastq", fastq(mate)) for k, mate in enumerate(mates)]
    firsts = sorted({group(p) for p in range(1024, 9000)})
    for threads in of_threads(1, 3):
        store = ingest(t, f, f"l{threads}", *files, more=("-@", threads, "--profile", "portable"))
        with h5py.File(store) as s:
            said = {name: s["qc"][name][:] for name in s["qc"]}
        for k, mate in enumerate(mates, 1):
            base = {first: [0] * 5 for first in firsts}
            quality = {first: [0] * 94 for first in firsts}
            error = {}
            for _, letters, levels in mate:
                for p in range(1024, len(letters)):
                    base[group(p)]["ACGT".find(letters[p].upper())] += 1
                    quality[group(p)][ord(levels[p]) - 33] += 1
                if len(letters) >= 512:
                    mean = sum(10 ** (-(ord(q) - 33) / 10) for q in levels) / len(levels)
                    key = group(len(letters)), math.floor(-10 * math.log10(mean) + 1e-6)
                    error[key] = error.get(key, 0) + 1
            t.check([list(x) for x in said[f"base_group_{k}"]] == [base[x] for x in firsts], f"letters {k}")
            t.check([list(x) for x in said[f"quality_group_{k}"]] == [quality[x] for x in firsts],
                    f"levels {k}")
            t.check({(int(a), int(b)): int(n) for a, b, n in said[f"long_quality_{k}"].T} == error,
                    f"errors {k}", str(error))
    t.check(error and (1408, 20) in {tuple(map(int, x[:2])) for x in said["long_quality_1"].T}, "Q20 is Q20")
    text = run("qc", store).out.decode()
    half = [n50([len(r[1]) for r in mate]) for mate in mates]
    t.check(text.split("N50")[1].split()[:2] == list(map(str, half)), "N50", f"{half}: {text}")


def n50(lengths):
    total = 0
    for n in sorted(lengths, reverse=True):
        total += n
        if 2 * total >= sum(lengths):
            return n
    return 0


def own_list(t, f):
    """Sequences that occur often are named by a list of one's own, which has to be one."""
    store = ingest(t, f, "k", f.write("k.fastq", fastq(known_sequences())))
    listed = f.write("list.txt", f"# ours\n\nOur primer\t\t{TRUSEQ.lower()}\nOther\tACACACAC\n".encode())
    text = tables(t, f, store, "own", "--adapters", listed)[""]
    names = {line.split("\t")[3] for line in modules(text)["Overrepresented sequences"][1][1:]}
    t.check("Our primer (100% over 60bp)" in names and "Our primer (98% over 57bp)" in names
            and all(n == "No Hit" or n.startswith("Our primer") for n in names), "named by the list",
            str(names))
    for bad, words in ((b"no tabulator\n", ["line 1", "tabulator"]), (b"#\nx\tACGX\n", ["line 2", "'X'"]),
                       (b"\tACGT\n", ["line 1"])):
        listed = f.write("bad.txt", bad)
        done = run("qc", store, "-O", "fastqc", "-o", f / "bad", "--adapters", listed, "--force")
        check_refusal(t, f"list {bad}", done, ["bad.txt", *words], (DATA,))
    done = run("qc", store, "-O", "fastqc", "-o", f / "bad", "--adapters", f / "none.txt", "--force")
    check_refusal(t, "no list", done, ["none.txt"], (NOINPUT,))


# ---- fragments and copies ----

TURNED = dict(zip("ACGTacgt", "TGCATGCA"))


def turned(base):
    return "".join(TURNED.get(c, "N") for c in reversed(base))


def overlap(one, two):
    """fastp's rule: the place of the second mate in the first and the letters upon each other, or None."""
    two = turned(two)
    for place in [*range(0, len(one) - 30), *range(0, 30 - len(two), -1)]:
        a, b = (one[place:], two) if place >= 0 else (one, two[-place:])
        n = min(len(a), len(b))
        if sum(x != y for x, y in zip(a[:min(n, 50)], b)) <= min(5, n // 5):
            return place, n
    return None


def fragments(mates):
    """Pairs by length of the fragment, and what they have behind it."""
    sizes, behind, through = [0] * 513, [[], []], 0
    for (_, one, _), (_, two, _) in zip(*mates):
        found = overlap(one, two)
        size = 512 if found is None else len(one) + len(two) - found[1] if found[0] > 0 else found[1]
        sizes[min(size, 512)] += 1
        if found and found[0] < 0:
            through += 1
            behind[0].append(one[found[1]:])
            behind[1].append(two[found[1]:])
    return sizes, behind, through


def short_fragments(n, lengths, seed):
    rnd = random.Random(seed)
    ends = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTA")
    mates = [[], []]
    for i in range(n):
        whole = "".join(rnd.choice("ACGT") for _ in range(int(abs(rnd.gauss(150, 60))) + 1))
        if rnd.random() < .1 and i > 10:  # a copy of an earlier pair
            for k in range(2):
                mates[k].append((f"r{i}",) + mates[k][i % 7][1:])
            continue
        for k, text in enumerate((whole, turned(whole))):
            length = rnd.choice(lengths[k])
            read = (text + ends[k] + "".join(rnd.choice("ACGT") for _ in range(length)))[:length]
            read = "".join(rnd.choice("ACGTNacgt") if rnd.random() < .02 else c for c in read)
            mates[k].append((f"r{i}", read, "F" * length))
    return mates


def whole_pairs(t, f):
    """Lengths of fragments, what lies behind them and copies: equal to a plain reading."""
    for what, lengths in (("equal", ((100,), (100,))),
                          ("several", ((30, 31, 45, 80, 151), (20, 40, 101, 600)))):
        mates = short_fragments(1500, lengths, what)
        files = [f.write(f"{what}_R{k + 1}.fastq", fastq(mate)) for k, mate in enumerate(mates)]
        sizes, behind, through = fragments(mates)
        for threads in of_threads(1, 3):
            store = ingest(t, f, f"w{threads}", *files, more=("-@", threads, "--profile", "portable"))
            said = json.loads(run("qc", "--json", store).out)
            t.check(said["insert_size"] == {"peak": sizes.index(max(sizes[:512])), "unknown": sizes[512],
                                            "histogram": sizes[:512]}, f"{what}: fragments", str(said)[:500])
            cut = said["adapter_cutting"]
            t.check((cut["adapter_trimmed_reads"], cut["adapter_trimmed_bases"]) ==
                    (2 * through, sum(map(len, behind[0] + behind[1]))), f"{what}: behind", str(cut))
            copies = len(mates[0]) - len({(a[1], b[1]) for a, b in zip(*mates)})
            t.check(abs(said["duplication"]["rate"] - copies / len(mates[0])) < 1e-6, f"{what}: copies",
                    f"{said['duplication']}, not {copies}")
            with h5py.File(store) as s:
                hang = s["qc/overhang"][:]
            for k in range(2):
                for p in range(64):
                    column = [x[p].upper() for x in behind[k] if len(x) > p]
                    want = [column.count(c) for c in "ACGT"]
                    t.check(list(hang[k][p]) == want + [len(column) - sum(want)], f"{what}: letters behind")
        t.check(cut["read1_adapter_sequence"].startswith("AGATCGGAAGAGCACACGTC"), f"{what}: the adapter",
                str(cut))
    text = run("qc", store).out.decode()
    t.check(f"{100 * (1500 - sizes[512]) / 1500:.2f} %" in text and "copies of pairs" in text, "text", text)
    one = ingest(t, f, "single", files[0])
    said = json.loads(run("qc", "--json", one).out)
    distinct = len({r[1] for r in mates[0]})
    t.check("insert_size" not in said and abs(said["duplication"]["rate"] - (1 - distinct / 1500)) < 1e-6,
            "single reads", str(said["duplication"]))


def tail_of(base):
    """(letter, length) of the tail of one letter, by the rule as it is said; None without one."""
    best = (0, 0)
    for k, letter in enumerate("ACGT"):
        others = length = 0
        for i, c in enumerate(reversed(base.upper()), 1):
            others += c not in (letter, "N")
            if others > 5 or others > (1 if i < 10 else i // 8):
                break
            length = i if c == letter else length
        if length >= 10 and length > best[1]:
            best = (k, length)
    return best if best[1] else None


def tails(t, f):
    rnd = random.Random(12)
    reads = []
    for i in range(3000):
        n, tail = rnd.randint(0, 90), rnd.randint(0, 60) * (i % 3 > 0)
        end = "".join(rnd.choice("ACGTN") if rnd.random() < .06 * (i % 4) else "ACGTgN"[i % 6]
                      for _ in range(tail))
        base = ("".join(rnd.choice("ACGT") for _ in range(n)) + end)[-rnd.randint(1, 150):]
        reads.append((f"r{i}", base, "F" * len(base)))
    want = {}
    for _, base, _ in reads:
        found = tail_of(base)
        if found:
            want[found] = want.get(found, 0) + 1
    store = ingest(t, f, "t", f.write("t.fastq", fastq(reads)), more=("--profile", "portable"))
    with h5py.File(store) as s:
        said = {(int(a), int(b)): int(n) for a, b, n in s["qc/tail"][:].T}
    t.check(said == want and len(want) > 100, "tails", str(set(said.items()) ^ set(want.items()))[:300])
    n = sum(k for (letter, _), k in want.items() if letter == 2)
    text = run("qc", store).out.decode()
    t.check(f"{100 * n / 3000:.2f} %" in text.split("PolyG tail")[1].split("\n")[0], "text", text)
    page = run("report", store).out.decode()
    letters = sum(length * k for (letter, length), k in want.items() if letter == 2)
    t.check(f">{letters:,}</td>" in page, "report", f"{letters} letters")


def as_fastp(t, f):
    """fastp itself, in one thread and without its filters."""
    if not shutil.which("fastp"):
        return t.skip("fastp is not installed")
    mates = short_fragments(12000, ((120,), (100,)), "fastp")
    files = [f.write(f"p_R{k + 1}.fastq", fastq(mate)) for k, mate in enumerate(mates)]
    ours = json.loads(run("qc", "--json", ingest(t, f, "p", *files)).out)
    if SANITIZED:
        return None
    subprocess.run(["fastp", "-w", "1", "-G", "-Q", "-L", "-i", files[0], "-I", files[1], "-j",
                    f / "fastp.json", "-h", f / "fastp.html"], capture_output=True, check=True,
                   timeout=patient(300))
    theirs = json.loads(f.read("fastp.json"))
    t.check(ours["insert_size"] == theirs["insert_size"], "insert sizes", str(theirs["insert_size"])[:200])
    for name in ("adapter_trimmed_reads", "adapter_trimmed_bases"):
        t.check(ours["adapter_cutting"][name] == theirs["adapter_cutting"][name], name,
                f"{ours['adapter_cutting'][name]}, not {theirs['adapter_cutting'][name]}")
    t.check(abs(ours["duplication"]["rate"] - theirs["duplication"]["rate"]) < 2e-5, "duplication",
            f"{ours['duplication']}, not {theirs['duplication']}")
    for name in ("total_reads", "total_bases", "q20_bases", "q30_bases", "gc_content"):
        a, b = (x["summary"]["before_filtering"][name] for x in (ours, theirs))
        t.check(abs(a - b) <= 1e-5 * b, name, f"{a}, not {b}")
    return None


# ---- against FastQC ----


def same_text(a, b):
    """Equal but for the name of the file."""
    return [x for x in a.splitlines() if not x.startswith("Filename\t")] == \
        [x for x in b.splitlines() if not x.startswith("Filename\t")]


def judge(f, paths):
    """FastQC's own text of each file that it reads. It is started for a minute, not for days."""
    java = {"JAVA_TOOL_OPTIONS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"}
    subprocess.run(["fastqc", "-q", "--extract", "-o", f.path, *paths], capture_output=True,
                   timeout=patient(900), check=False, env={**os.environ, **java})
    texts = {}
    for path in paths:
        name = os.path.basename(path).removesuffix(".gz").removesuffix(".fastq")
        if os.path.exists(f / f"{name}_fastqc/fastqc_data.txt"):
            texts[path] = f.read(f"{name}_fastqc/fastqc_data.txt").decode()
    return texts


def compare(t, f, paths):
    texts = dict.fromkeys(paths, "") if SANITIZED else judge(f, paths)
    other = {text.split("\n", 1)[0] for text in texts.values()} - {"##FastQC\t0.11.9", ""}
    if other:
        t.skip(f"FastQC is another than 0.11.9: {other}")
        return len(paths)
    for path, want in texts.items():
        name = os.path.basename(path)
        store = ingest(t, f, name, path)
        got = tables(t, f, store, f"{name}.qc")[""] if store else ""
        mine, theirs = got.splitlines(), want.splitlines()
        first = next((pair for pair in zip(mine, theirs) if pair[0] != pair[1]
                      and not pair[0].startswith("Filename")), "")
        t.check(same_text(got, want) if want else got, name, f"{first}, {len(mine)} and {len(theirs)} lines")
    return len(texts)


def as_fastqc(t, f):
    if not shutil.which("fastqc"):
        return t.skip("fastqc is not installed")
    made = [f.write(f"{name}.fastq", fastq(make())) for name, make in MADE.items()]
    t.check(compare(t, f, made) == len(made), "FastQC reads all of them")


def real_as_fastqc(t, f):
    if not shutil.which("fastqc"):
        return t.skip("fastqc is not installed")
    found = sorted(glob.glob(f"{SHARED}/fastq/**/*.f*q*", recursive=True))
    small = [p for p in found if 0 < os.path.getsize(p) < 3 << 20]
    paths = []
    for i, path in enumerate(small):
        link = f / f"r{i}.fastq" + (".gz" if path.endswith(".gz") else "")
        os.symlink(os.path.abspath(path), link)
        if run("ingest", "-q", "--profile", "fast", "-o", f / "try.h5", "--force", link).code == OK:
            paths.append(link)
    if not paths:
        return t.skip(f"no FASTQ below {SHARED}")
    t.check(compare(t, f, paths) >= 20, "at least 20 real files", f"{len(paths)} of {len(found)}")


if __name__ == "__main__":
    main(by_hand, pairs, words, as_json, beyond, long_reads, own_list, tails, whole_pairs, in_multiqc,
         as_fastp, as_fastqc, real_as_fastqc)
