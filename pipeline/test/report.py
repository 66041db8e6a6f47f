"""
`vial report STORE`: the page is well formed and asks nothing of the network, its numbers equal those that
h5py and numpy find in the store (and that stand in the input), one store gives one page, and odd stores
have a page as well.

Suites: cmd reads spectra. Also: asan.
"""
import glob
import json
import os
import random
import re

import h5py
import numpy

from pages import Page, number
from banktest import Bank, mzml
from fqmodel import reads, record
from mzmodel import INTENSITY, TIME, array, chromatogram, cv, document, peaks, precursor, spectrum, two
from vialtest import CANTCREAT, DATA, NOINPUT, OK, USAGE, check_refusal, main, run

NOTHING = numpy.zeros((3, 0), int)  # counts by key where there are none


def report(t, f, what, store, *args, code=OK):
    """The page of a store; None if there is none."""
    done = run("report", *args, store)
    t.check(done.code == code, what, f"exit code {done.code}, expected {code}: {done.err.strip()}")
    try:
        text = done.out.decode("utf-8")
    except UnicodeDecodeError as e:
        t.check(False, what, f"not UTF-8: {e}")
        return None
    if not text:
        return None
    page = Page(text)
    t.check(not page.wrong, what, f"{page.wrong[:5]}")
    t.check(len(page.charts) == len({c.get("aria-labelledby") for c in page.charts}), what,
            "charts share a name")
    return page


def stored(t, f, what, *args):
    done = run("ingest", "-q", "--force", "-o", f / "s.h5", *args)
    t.check(done.code == OK, what, f"ingest: {done.err.strip()}")
    return f / "s.h5"


def column(table, name):
    """A column of a table of the page, as numbers."""
    return numpy.array([number(row[table[0].index(name)]) for row in table[1:]])


def close(got, want, digits=4):
    """Equal as far as a page shows: so many significant digits."""
    want = numpy.asarray(want, float)
    return len(got) == len(want) and numpy.allclose(got, want, rtol=0.6 * 10 ** (1 - digits), atol=1e-12,
                                                    equal_nan=True)


def check_about(t, what, page, store, info):
    """The parts of every kind: sizes, inputs, columns, identity."""
    for name in ("Where it came from", "Columns by size", "Odd, but legal", "Identity"):
        t.check(name in page.headings, what, f"no heading {name!r}: {page.headings}")
    t.check(page.facts.get("digest") == info["digest"], what, f"digest {page.facts.get('digest')}")
    t.check(page.facts.get("vial.profile") == info["profile"], what, "profile")
    table = page.tables["What each column takes, the largest first"]
    said = {row[0]: row for row in table[1:]}
    t.check(set(said) == {c["path"] for c in info["columns"]}, what,
            f"columns {set(said) ^ {c['path'] for c in info['columns']}}")
    packed = sum(c["packed_bytes"] for c in info["columns"])
    for c in info["columns"]:
        row = dict(zip(table[0], said.get(c["path"], [])))
        t.check(number(row["Elements"]) == c["elements"] and row["Type"] == c["type"]
                and row["Codec"] == c["codec"], what,
                f"{c['path']}: {row}")
        share = 100 * c["packed_bytes"] / packed
        t.check(abs(float(row["Share"].rstrip(" %")) - share) < 0.051, what,
                f"{c['path']}: {row['Share']}, not {share}")
    sizes = [next(c["packed_bytes"] for c in info["columns"] if c["path"] == row[0]) for row in table[1:]]
    t.check(sizes == sorted(sizes, reverse=True), what, "the largest column is not the first")
    inputs = page.tables["Inputs as they were"][1:]
    notes = [info["notes"][f"source/{i}"] for i in range(len(inputs))]
    t.check([row[0] for row in inputs] == [n["name"] for n in notes]
            and f"source/{len(inputs)}" not in info["notes"], what,
            f"inputs {inputs}")
    t.check([row[-1] for row in inputs] == [n["sha256"] for n in notes], what, "SHA-256 of the inputs")


def about(t, f, what, store, page):
    check_about(t, what, page, store, json.loads(run("info", "--json", store).out))


# ---- reads ----


def quartile(counts, part):
    """The lowest level that so much of the counts does not exceed."""
    return int(numpy.searchsorted(numpy.cumsum(counts), part * counts.sum()))


def check_mate(t, what, page, store, mate):
    """Numbers of the page against /qc, and /qc against the columns."""
    end, words = (f"_{mate}", f", mate {mate}") if mate else ("", "")
    with h5py.File(store) as s:
        quality, base, length = (s[f"qc/{name}{end}"][:].astype(float)
                                 for name in ("quality_count", "base_count", "read_length"))
    table = page.tables[f"Quality by position{words}"]
    t.check(list(column(table, "position")) == list(range(1, len(quality) + 1)), what, "positions")
    levels = numpy.arange(quality.shape[1])
    with numpy.errstate(all="ignore"):
        t.check(close(column(table, "mean"), (quality * levels).sum(1) / quality.sum(1)), what,
                "mean quality")
    for name, part in (("lowest tenth", 0.1), ("lower quartile", 0.25), ("median", 0.5),
                       ("upper quartile", 0.75), ("highest tenth", 0.9)):
        t.check(close(column(table, name), [quartile(q, part) for q in quality]), what, name)
    table = page.tables[f"Bases by position{words}"]
    for i, letter in enumerate(("A", "C", "G", "T", "other")):
        t.check(close(column(table, letter), 100 * base[:, i] / base.sum(1)), what, f"share of {letter}")
    table = page.tables[f"Bases by quality{words}"]
    top = int(numpy.flatnonzero(quality.sum(0))[-1])
    t.check(list(column(table, "bases")) == list(quality.sum(0)[:top + 1]), what, "bases by quality")
    sizes = numpy.flatnonzero(length)
    if len(sizes) == 1 and sizes[0] < 1024:  # one column would show nothing
        t.check(f"Reads by length{words}" not in page.tables, what, "one length is said, not drawn")
        return quality, base, length
    table = page.tables[f"Reads by length{words}"]
    first, counts = column(table, table[0][0]), column(table, "reads")
    width = first[1] - first[0] if len(first) > 1 else 1
    want = [length[int(a):int(a + width)].sum() for a in first]
    t.check(list(counts) == want and counts.sum() == length.sum(), what,
            f"reads by length: {counts[:4]}, not {want[:4]}")
    return quality, base, length


def lines(f, store, mate, module):
    """Rows of a module of FastQC's text, which test qc holds against FastQC itself."""
    end = f"_R{mate}" if mate else ""
    with open(f / f"said/x{end}_fastqc/fastqc_data.txt", encoding="utf-8") as g:
        part = g.read().split(f">>{module}\t")[1].split(">>END_MODULE")[0].splitlines()
    return part[0], [line.split("\t") for line in part[1:] if not line.startswith("#")]


def check_adapters(t, what, page, store, mate):
    end, words = (f"_{mate}", f", mate {mate}") if mate else ("", "")
    with h5py.File(store) as s:
        found = s[f"qc/adapter{end}"][:] if f"qc/adapter{end}" in s else NOTHING
        nread, n = s[f"qc/read_length{end}"][:].sum(), s[f"qc/base_count{end}"].shape[0]
    table = page.tables["Reads with the beginning of an adapter"]
    names = [row[0] for row in table[1:]]
    counts = [int(found[2][found[0] == a].sum()) for a in range(len(names))]
    t.check(list(column(table, f"Reads{words}")) == counts, what, f"adapters {counts}")
    for row, count in zip(table[1:], counts):
        t.check(row[table[0].index(f"Share{words}")] == f"{100 * count / nread:.2f} %", what, str(row))
    curves = f"Reads with an adapter that begins here or before{words}"
    if not any(counts) or n < 12:
        return t.check(curves not in page.tables, what, "curves of no adapters")
    table = page.tables[curves]
    for name in table[0][1:]:
        at = found[1][found[0] == names.index(name)]
        many = found[2][found[0] == names.index(name)]
        want = [100 * many[at <= p].sum() / nread for p in range(n - 11)]
        t.check(close(column(table, name), want), what, f"curve of {name}")
    return None


def check_tiles(t, f, what, page, store, mate):
    words = f", mate {mate}" if mate else ""
    _, rows = lines(f, store, mate, "Per tile sequence quality")
    said = {}
    for tile, place, off in rows:
        said.setdefault(tile, []).append((float(off), place.replace("-", "\u2013")))
    table = page.tables[f"Quality by tile and position{words}"][1:]
    t.check([row[0] for row in table] == list(said), what, "tiles")
    for tile, low, low_at, high, high_at in table:
        for got, at, want in ((low, low_at, min(o for o, _ in said[tile])),
                              (high, high_at, max(o for o, _ in said[tile]))):
            near = [p for o, p in said[tile] if abs(o - want) < 1e-9]
            t.check(close([number(got)], [want]) and at in near, what, f"tile {tile}: {got} at {at}")


def check_whole(t, f, what, page, store, mate):
    """What is of whole reads, and N, for one mate."""
    end, words = (f"_{mate}", f", mate {mate}") if mate else ("", "")
    with h5py.File(store) as s:
        base, mean = s[f"qc/base_count{end}"][:], s[f"qc/read_quality{end}"][:]
        other = s[f"qc/other_letter{end}"][:] if f"qc/other_letter{end}" in s else NOTHING
        keys = [s[f"qc/{name}{end}"][:] for name in ("frequent", "frequent_count") if f"qc/{name}{end}" in s]
    top = int(numpy.flatnonzero(mean)[-1])
    t.check(list(column(page.tables[f"Reads by mean quality{words}"], "reads")) == list(mean[:top + 1]), what,
            "mean quality of reads")
    is_n = numpy.isin(other[1], [78, 110])
    if is_n.any():
        want = [100 * other[2][is_n & (other[0] == p)].sum() / base[p].sum() for p in range(len(base))]
        t.check(close(column(page.tables[f"N by position{words}"], "N"), want), what, "N by position")
    _, rows = lines(f, store, mate, "Per sequence GC content")
    t.check(close(column(page.tables[f"Reads by G and C{words}"], "reads"), [float(r[1]) for r in rows]),
            what, "G and C of reads")
    if keys:
        table = page.tables[f"Sequences of more than 0.1 % of the reads{words}"][1:]
        want = sorted(zip(keys[1], (bytes(k).rstrip(b"\0").decode() for k in keys[0])), reverse=True)
        t.check(sorted(((number(r[1]), r[0]) for r in table), reverse=True) == want[:50], what, "sequences")


def check_copies(t, f, what, text, store, mate):
    words = f", mate {mate}" if mate else ""
    _, rows = lines(f, store, mate, "Sequence Duplication Levels")
    part = text.split(f"Reads by how often they occur{words}: ")[1].split("</figure>")[0]
    said = [float(x) for x in re.findall(r'<text x="[\d.]+" y="\d+">([\d.e-]+)</text>', part)]
    want = [float(x) for row in rows for x in (row[2], row[1])]
    t.check(close(said, want[:len(said)]) and not any(want[len(said):]), what, f"copies {said}, not {want}")


def check_limits(t, f, what, page, store, mates):
    done = run("qc", store, "-O", "fastqc", "-o", f / "said", "--name", "x", "--force")
    t.check(done.code == OK, what, done.err)
    table = page.tables["Pass, warn or fail, by module"]
    for k, mate in enumerate(mates):
        with open(f / f"said/x{f'_R{mate}' if mate else ''}_fastqc/summary.txt", encoding="utf-8") as g:
            want = {line.split("\t")[1]: line.split("\t")[0].lower() for line in g}
        t.check({row[0]: row[1 + k] for row in table[1:] if row[1 + k] != "–"} == want, what, str(table))


def check_pairs(t, what, page, text, store):
    with h5py.File(store) as s:
        sizes, notes = s["qc/insert_size"][:], dict(s["qc"].attrs)
        copies = s["qc/copies"][:]
    found, every = sizes[:512].sum(), sizes.sum()

    def share(n):
        return f"{n:,}, {100 * n / every:.2f} %"

    for name, n in (("Pairs that overlap", found), ("No overlap, or 512 and more", sizes[512]),
                    ("Go on behind the fragment", int(notes["overhang_pairs"]))):
        t.check(page.facts[name] == share(n), what, f"{name}: {page.facts[name]}, not {share(n)}")
    t.check(page.facts["Most fragments"] == f"{sizes[:512].argmax()} bases", what,
            page.facts["Most fragments"])
    table = page.tables["Pairs by length of the fragment"]
    at = column(table, "bases").astype(int)
    t.check(list(column(table, "pairs")) == list(sizes[at]) and sizes[at].sum() == found, what, "fragments")
    percent = 100 * (1 - copies[1].sum() / (copies[0] * copies[1]).sum())
    t.check(f"{percent:.2f} % of the pairs are copies" in text, what, "copies")
    t.check(page.facts["Behind it, mate 1"].startswith("AGATCGGAAGAGCAC"), what, str(page.facts))


def fragments_part(t, f):
    """Pairs whose mates overlap, some of them beyond their fragment, some of them copies."""
    rnd = random.Random(6)
    ends = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTA")
    texts = ["", ""]
    for i in range(800):
        whole = "".join(rnd.choice("ACGT") for _ in range(rnd.randint(60, 230)))
        for k in range(2):
            base = (whole if not k else whole.translate(str.maketrans("ACGT", "TGCA"))[::-1]) + ends[k]
            base = (base + "A" * 100)[:100]
            for copy in range(2 if i % 10 == 0 else 1):
                texts[k] += f"@r{i}.{copy}\n{base}\n+\n{'F' * 100}\n"
    files = [f.write(f"x_R{k + 1}.fastq", text.encode()) for k, text in enumerate(texts)]
    store = stored(t, f, "fragments", "--profile", "portable", *files)
    page, text = report(t, f, "fragments", store), run("report", store).out.decode()
    check_pairs(t, "fragments", page, text, store)
    single = stored(t, f, "single", "--profile", "portable", files[0])
    text = run("report", single).out.decode()
    t.check("% of the reads are copies" in text and "Pairs that overlap" not in text, "single reads")


def whole_part(t, f):
    """Tiles, adapters, copies, N: every number of the page is the table's."""
    rnd = random.Random(4)
    often = ["".join(rnd.choice("ACGT") for _ in range(90)) for _ in range(30)]
    for what, mates in (("one", (0,)), ("two", (1, 2))):
        files = []
        for mate in mates:
            text = ""
            for i in range(4000):
                n = rnd.randint(60, 90) if what == "one" else 90
                tail = "AGATCGGAAGAGCACAC" * (rnd.random() < .1) + "G" * 20 * (rnd.random() < .1)
                base = "".join(rnd.choices("ACGTN", (30, 20, 20, 30, 1), k=n - len(tail))) + tail
                base = rnd.choice(often)[:n] if rnd.random() < .3 else base
                quality = "".join(chr(33 + rnd.choice((2, 11, 25, 37)) - (p > 70 and i % 40 < 10) * 2)
                                  for p in range(n))
                text += f"@M:1:F:1:{1101 + i // 400}:{i}:{i} {mate or 1}:N:0:A\n{base}\n+\n{quality}\n"
            files.append(f.write(f"{what}_R{mate or 1}.fastq", text.encode()))
        store = stored(t, f, what, "--profile", "portable", *files)
        page, text = report(t, f, what, store), run("report", store).out.decode()
        check_limits(t, f, what, page, store, mates)
        for mate in mates:
            check_adapters(t, what, page, store, mate)
            check_tiles(t, f, what, page, store, mate)
            check_whole(t, f, what, page, store, mate)
            check_copies(t, f, what, text, store, mate)
        check_sums(t, what, page, [check_mate(t, what, page, store, mate) for mate in mates])
    high = stored(t, f, "high", f.write("h.fastq", record(b"a", b"ACGT" * 9, b"~" * 36)))
    t.check("each for 31 less" in run("report", high).out.decode(), "FastQC's other encoding is said")
    old = run("report", "testdata/stores/v1/pairs/compact.h5").out.decode()
    t.check("made by an earlier version" in old and "Adapters</h2>" not in old, "what an old store has not")


def check_sums(t, what, page, parts):
    quality, base = (numpy.sum([p[k].sum(0) for p in parts], 0) for k in (0, 1))
    levels, total, letters = numpy.arange(len(quality)), quality.sum(), base[:4].sum()
    facts = {"Bases a read": total / sum(p[2].sum() for p in parts),
             "Mean quality": (quality * levels).sum() / total,
             "Q20 or more": 100 * quality[20:].sum() / total,
             "Q30 or more": 100 * quality[30:].sum() / total,
             "G and C": 100 * base[1:3].sum() / letters if letters else None,
             "N and others": 100 * base[4] / total}
    for name, value in facts.items():
        said = page.facts.get(name, "")
        if value is None:
            t.check(not said, what, f"{name}: {said!r} of nothing")
            continue
        digits = len(said.split()[0].partition(".")[2]) if said else 0
        t.check(said and abs(float(said.split()[0]) - value) <= 0.51 * 10 ** -digits, what,
                f"{name}: {said!r}, not {value}")


def reads_part(t, f):
    pair = [f.write("a_R1.fastq", reads(400, 1, 151, 1)), f.write("a_R2.fastq", reads(400, 1, 90, 2))]
    for profile in ("portable", "compact"):
        what = f"pairs, {profile}"
        store = stored(t, f, what, "--profile", profile, "-s", "S1", "--acquisition", "L001", *pair)
        page = report(t, f, what, store)
        about(t, f, what, store, page)
        t.check(page.headings[0] == "S1 · L001" and page.title == "S1 · L001 · s.h5", what,
                f"{page.headings[0]}, {page.title}")
        said = run("report", store).out.decode()
        for mate, n in ((1, 151), (2, 90)):
            t.check(f"All reads of mate {mate} have {n} bases." in said, what, f"length of mate {mate}")
        t.check(page.facts.get("Reads") == "800" and page.facts.get("Bases") == f"{400 * 241:,}", what,
                f"{page.facts}")
        if profile == "portable":
            check_sums(t, what, page, [check_mate(t, what, page, store, mate) for mate in (1, 2)])
            first = page
        else:
            same = [k for k in first.tables if k != "What each column takes, the largest first"]
            t.check(len(same) > 12 and all(first.tables[k] == page.tables[k] for k in same), what,
                    "other numbers than portable")
    store = stored(t, f, "single", "--profile", "portable",
                   f.write("b.fastq", reads(500, 3, 120, ragged=True)))
    page = report(t, f, "single", store)
    t.check("Reads by length" in page.tables, "single", "lengths are drawn where there are several")
    check_sums(t, "single", page, [check_mate(t, "single", page, store, 0)])
    t.check(page.headings[0] == "s.h5", "single: the title is the file's name where there is no other",
            page.headings[0])
    text = b"".join(record(b"r%d" % i, b"A" * n, b"!" * n) for i, n in enumerate((1, 1500, 1024, 1025)))
    store = stored(t, f, "long", "--profile", "portable", f.write("c.fastq", text))
    page = report(t, f, "long", store)
    text = run("report", store).out.decode()
    t.check("2 reads have more than 1024 bases: positions are shown in groups" in text
            and "1,500 bases or more (N50)" not in text and "1,025 bases or more (N50)" in text, "long",
            "what lies behind")
    lengths = page.tables["Reads by length"]
    first = [*column(lengths, "bases, from"), 1536]
    t.check(list(column(lengths, "reads")) == [sum(a <= n < b for n in (1, 1500, 1024, 1025))
                                               for a, b in zip(first, first[1:])]
            and first[-3:-1] == [1280, 1408], "long", f"lengths {lengths}")
    t.check(page.facts["Bases a read"] == f"{(1 + 1500 + 1024 + 1025) / 4:.1f}", "long",
            page.facts["Bases a read"])
    quality = page.tables["Quality by position"]
    t.check([number(row[0]) for row in quality[-5:]] == [961, 1025, 1153, 1281, 1409]
            and number(quality[9][0]) == 9, "long", f"groups of positions {quality}")
    table = page.tables["Long reads by length and Phred of the mean error, from"]
    t.check(table[1:] == [["1,024 or more", "3", "0", "0", "0", "0", "0", "0"]], "long", f"errors {table}")
    store = stored(t, f, "empty reads", f.write("d.fastq", b"@a\n\n+\n\n"))
    page = report(t, f, "empty reads", store)
    t.check(not page.charts and page.facts.get("n_empty_read") == "1", "empty reads", f"{page.facts}")
    store = stored(t, f, "one base", "--profile", "portable", f.write("e.fastq", record(b"a", b"N", b"~")))
    page = report(t, f, "one base", store)
    check_sums(t, "one base", page, [check_mate(t, "one base", page, store, 0)])


# ---- spectra ----


def spectra_of(n, tic=True, times=True):
    """n spectra, each fifth of level 1, with precursors and charges; what they say of themselves."""
    made, rows = [], []
    for i in range(n):
        level, points = (1, 40 + i) if i % 5 == 0 else (2, 5 + i % 17)
        mz, charge = 400 + 37.3 * i % 900, (None, 2, 3, -1)[i % 4]
        params = cv(1000285, 1000.5 * (i + 1)) + cv(1000505, 90.25 * (i + 1)) if tic else ""
        scan = cv(1000927, 10 + i, "UO:0000028") if i % 2 else ""
        if times:
            window = cv(1000501, 100 + i, "MS:1000040") + cv(1000500, 1500.5 + i, "MS:1000040")
            scan += f'<scanWindowList count="1"><scanWindow>{window}</scanWindow></scanWindowList>'
        ions = [] if level == 1 else [precursor(mz - 1, () if i % 7 == 0 else [(mz, charge, None)])]
        made.append(spectrum(i, two(points, i), points, level=level, time=0.7 * i if times else None,
                             params=params, scan=scan,
                             precursors=ions))
        rows.append((level, points, 0.7 * i, 1000.5 * (i + 1)))
    return document(made, [chromatogram(0, [array(TIME, peaks(9)[0]), array(INTENSITY, peaks(9)[1])],
                                        9)]), rows


def fixed(store, *paths):
    with h5py.File(store) as s:
        return [s[p][:] if p in s else None for p in paths]


def histogram(table, values):
    """Are the columns of a histogram those of the values?"""
    first, counts = column(table, table[0][0]), column(table, table[0][1])
    width = first[1] - first[0] if len(first) > 1 else 1
    want = [int(((values >= a - 1e-9) & (values < a + width - 1e-9)).sum()) for a in first]
    return list(counts) == want and counts.sum() == len(values) and len(first) <= 65


def check_run(t, page, store, level, time, charge):
    """The tiles: what a run is told by at one look."""
    low, high = fixed(store, "spectra/scan_low", "spectra/scan_high")
    t.check(page.facts["Minutes"] == f"{time.min() / 60:.2f}–{time.max() / 60:.2f}", "spectra",
            page.facts["Minutes"])
    t.check(page.facts["m/z"] == f"{round(numpy.nanmin(low)):,}–{round(numpy.nanmax(high)):,}", "spectra",
            page.facts["m/z"])
    for k in (1, 2):
        t.check(page.facts[f"MS{k}"] == f"{(level == k).sum():,}", "spectra", page.facts[f"MS{k}"])
    cycle = numpy.median(numpy.diff(time[level == 1]))
    t.check(page.facts["MS1 to MS1"] == f"{cycle:.2f} s", "spectra", page.facts["MS1 to MS1"])
    said = charge[charge != 0]
    counts = {c: (said == c).sum() for c in set(said)}
    most = max(counts.values())
    ways = [f"{c:+d}: {100 * n / len(said):.0f} %" for c, n in counts.items() if n == most]
    t.check(page.facts["Charge of most"] in ways, "spectra", f"{page.facts['Charge of most']}, not {ways}")


def spectra_part(t, f):
    text, rows = spectra_of(230)
    store = stored(t, f, "spectra", "--profile", "portable", f.write("x.mzML", text))
    page = report(t, f, "spectra", store, "--verify", "-q")
    about(t, f, "spectra", store, page)
    t.check(page.lead.startswith("This store is whole"), "spectra", page.lead)
    level, length, time, tic, injection, mz, charge, of, target, target_of = fixed(
        store, "spectra/ms_level", "spectra/array_length", "spectra/time", "spectra/tic",
        "spectra/injection_time", "selected_ion/mz", "selected_ion/charge", "selected_ion/spectrum",
        "precursor/target", "precursor/spectrum")
    t.check(list(level) == [r[0] for r in rows] and list(length) == [r[1] for r in rows]
            and list(tic) == [r[3] for r in rows],
            "spectra", "the store is not the input")
    table = {row[0]: row for row in page.tables["Spectra by MS level"]}
    for k in (1, 2):
        mine = level == k
        inject = injection[mine & numpy.isfinite(injection)]
        want = [mine.sum(), mine.sum(), length[mine].sum(), numpy.median(length[mine]), numpy.median(inject)]
        t.check(close(numpy.array([number(x) for x in table[f"MS{k}"][1:]]), want), "spectra",
                f"MS{k}: {table[f'MS{k}']}, not {want}")
    t.check(set(table) == {"Level", "MS1", "MS2"}, "spectra", f"levels {set(table)}")
    ms1 = level == 1
    check_run(t, page, store, level, time, charge)
    for name, values in (("Total ion current", tic), ("Base peak", fixed(
            store, "spectra/base_peak_intensity")[0])):
        current = page.tables[f"{name}, MS1"]
        at, said = column(current, "min, from"), column(current, "highest")
        first, last = time[ms1].min(), time[ms1].max()
        part = numpy.minimum(((time[ms1] - first) / (last - first) * len(at)).astype(int), len(at) - 1)
        want = [max((v for v, p in zip(values[ms1], part) if p == k), default=float("nan"))
                for k in range(len(at))]
        t.check(len(at) == ms1.sum() and close(said, want), "spectra", f"{name} {said[:4]}, not {want[:4]}")
    without = ~numpy.isin(target_of, of)
    t.check(without.any() and histogram(page.tables["Precursors by m/z"],
                                        numpy.concatenate([mz, target[without]])), "spectra",
            "precursors by m/z")
    t.check(histogram(page.tables["MS1 spectra by points"], length[ms1]), "spectra", "points of MS1")
    t.check(histogram(page.tables["Spectra of MS2 and above by points"], length[level > 1]), "spectra",
            "points of MS2")
    text = run("report", store).out.decode()
    for value, name in ((0, "not given"), (2, "+2"), (3, "+3"), (-1, "-1")):
        n = int((charge == value).sum())
        t.check(n and f">{name}</text>" in text and f">{n}</text>" in text, "spectra", f"charge {name}: {n}")
    t.check(page.tables["Chromatograms"][1] == ["TIC", "–", "–", "9"], "spectra",
            f"{page.tables['Chromatograms']}")


def odd_spectra(t, f):
    current = cv(1000285, 7)
    ion = precursor(None, [("1e300", 99, None)])
    most = cv(1000285, "1e308")
    huge = [spectrum(i, two(5), 5, level=2, time=10.0 ** (300 * i), params=most, precursors=[ion])
            for i in range(2)]
    lonely = chromatogram(0, [array(TIME, peaks(9)[0], 1000576)], 9, id="<a&\u00e9>")
    some = [spectrum(i, two(5), 5, time=i) for i in range(3)]
    said = {"no total ion current": (document(some), "Of 3 spectra, which do not say it"),
            "no times": (spectra_of(12, times=False)[0], "Total ion current over time is not known"),
            "one spectrum": (document([spectrum(0, two(5), 5, time=3, params=current)]), "current, MS1"),
            "no level": (document([spectrum(0, two(5), 5, level=0, time=3, params=current)]), "ion current"),
            "no spectra": (document([], [lonely]), "&lt;a&amp;\u00e9&gt;"),
            "nothing": (document(), "Spectra"),
            "huge numbers": (document(huge), "The run")}
    for what, (text, part) in said.items():
        store = stored(t, f, what, f.write("x.mzML", text))
        page = report(t, f, what, store)
        t.check(page and part in run("report", store).out.decode(), what, f"lacks {part!r}")


# ---- the command ----


def files_part(t, f):
    store = stored(t, f, "files", "-s", "<b>&\"S'", "--acquisition", "x", f.write("a<b>.fastq", reads(20)))
    text = run("report", store).out
    page = report(t, f, "markup in names", store)
    t.check(page.headings[0] == "<b>&\"S' · x" and page.tables["Inputs as they were"][1][0] == "a<b>.fastq",
            "markup in names",
            f"{page.headings[:1]}")
    t.check(b"not checked" in text, "no --verify", "says that it is whole")
    t.check(run("report", store).out == text and run("report", store, "-o", "-").out == text,
            "one store, one page")
    done = run("report", store, "-o", f / "p.html")
    t.check(done.code == OK and f.read("p.html") == text and done.out == b"", "-o", done.err)
    check_refusal(t, "a page that is there", run("report", store, "-o", f / "p.html"), ["p.html"],
                  (CANTCREAT,))
    t.check(run("report", store, "--force", "-o", f / "p.html").code == OK, "--force")
    t.check(run("report", store, "-o", store).code == USAGE and run("verify", "-q", store).code == OK,
            "onto the store")
    check_refusal(t, "no such store", run("report", f / "none.h5"), ["none.h5"], (NOINPUT,))
    for args in (("--verify",), ("--force",), ("-o", ""), (store, store), (store, "--day", "2026-11-22")):
        done = run("report", *args)
        t.check(done.code == USAGE and done.out == b"", f"report {args}",
                f"exit code {done.code}: {done.err.strip()}")
    check_refusal(t, "not a store", run("report", f.write("x.h5", b"no store at all" * 99)), ["x.h5"])
    os.unlink(f / "x.h5")
    t.check(f.names() == sorted(["a<b>.fastq", "p.html", "s.h5"]), "left over", f"{f.names()}")


def damaged(t, f):
    """A page says what --verify found; without it, columns that nobody needs are not looked at."""
    store = stored(t, f, "damaged", f.write("a.fastq", reads(3000)))
    with h5py.File(store) as s:
        at = s.userblock_size + s["reads/base"].id.get_chunk_info(0).byte_offset + 100
    data = bytearray(f.read("s.h5"))
    data[at] ^= 1
    f.write("s.h5", bytes(data))
    page = report(t, f, "damaged, not looked at", store)
    t.check(page and "not checked" in page.lead, "damaged, not looked at", page and page.lead)
    page = report(t, f, "damaged", store, "--verify", "-q", code=DATA)
    t.check(page and page.lead.startswith("This store is damaged: "), "damaged", page and page.lead)
    check_refusal(t, "cut", run("report", f.write("s.h5", bytes(data[:-1000]))), ["s.h5"])


def check_sample(t, bank, text):
    """The page of a sample with reads and spectra: how good they are, where they lie, how to get them
    back."""
    page = Page(text)
    t.check(not page.wrong, "a sample: the page", str(page.wrong[:5]))
    for name in ("Bases a read", "Q30 or more", "G and C", "Minutes", "MS1", "MS2"):
        t.check(page.facts.get(name), f"a sample: {name}", str(page.facts))
    for one in bank.ls():
        t.check(f"<code>{one['path']}</code>" in text and os.path.exists(one["path"]),
                "a sample: where it lies", one["path"])
    for end in ("S1/a -o a.fastq", "S1/m -o m.mzML"):
        command = f"vial export -b {bank.path} {end}"
        t.check(f"<code>{command}</code>" in text, "a sample: how to get it back", command)
    lost = bank.stores()[0]
    os.rename(lost, lost + ".gone")
    done = bank.run("report", "S1", "-o", bank / "lost.html")
    t.check(done.code == OK and "not readable" in open(bank / "lost.html").read(), "a store that is lost",
            done.err)
    os.rename(lost + ".gone", lost)


def bank_part(t, f):
    bank = Bank(f)
    f.write("a.fastq", reads(30))
    f.write("m.mzML", mzml())
    for name in ("a.fastq", "m.mzML"):
        t.check(bank.run("ingest", "-q", "-s", "S1", f / name).code == OK, "bank", name)
    for acquisition, kind in (("a", "Reads"), ("m", "Spectra")):
        done = bank.run("report", f"S1/{acquisition}")
        page = Page(done.out.decode())
        t.check(done.code == OK and not page.wrong and kind in page.facts,
                f"a store of a bank: {acquisition}", f"{done.err} {page.wrong}")
    done = run("report", "S1/a", env={"VIAL_BANK": str(bank.path)})
    t.check(done.code == OK and b"S1" in done.out, "VIAL_BANK", done.err)
    t.check(bank.run("report", "S1").code == USAGE, "the page of a sample goes to a file")
    done = bank.run("report", "S1", "-o", f / "S1.html")
    t.check(done.code == OK and done.out.decode().strip() == f / "S1.html", "a sample", done.err)
    check_sample(t, bank, f.read("S1.html").decode())
    t.check(bank.run("report", "S1", "--verify", "-o", f / "S2.html").code == USAGE, "--verify of a sample")


def old_stores(t, f):
    """Stores of earlier versions have a page, too."""
    stores = sorted(glob.glob("testdata/stores/*/*/compact.h5"))
    t.check(len(stores) > 5, "stores of earlier versions", f"{len(stores)}")
    for store in stores:
        page = report(t, f, store, store, "--verify", "-q")
        t.check(page and page.lead.startswith("This store is whole"), store, page and page.lead)
        if page:
            about(t, f, store, store, page)


if __name__ == "__main__":
    main(reads_part, whole_part, fragments_part, spectra_part, odd_spectra, files_part, damaged,
         bank_part, old_stores)
