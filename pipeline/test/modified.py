"""
Tags of modified bases in profile archive: lists that follow from letters are left out, whatever way the read
was sequenced, and lists of likelihoods are told by each other; whatever does not follow stays. A model of our
own says what must be left out, h5py what is in the store; a store of profile compact, which has all, is asked
the same. Stores that need it are of version 3, which programs that do not know it refuse.

Suites: alignments view. Also: asan.
"""
import os
import subprocess
import sys

from vialtest import OK, main, of_threads, run
from viewtest import view

CONTIG = 20000
TURN = str.maketrans("ACGT", "TGCA")
COLUMNS = ("tag/MM:Z", "tag/ML:BC", "modified", "named", "rest")


def sites(letters, rule):
    """Places in the read of its first letter, where the rule's letters stand."""
    return [i for i in range(len(letters)) if letters.startswith(rule, i)]


def skips(letters, named, base):
    """Letters of that sort that are passed over before each that is named."""
    out, last = [], -1
    for at in named:
        out.append(letters.count(base, last + 1, at))
        last = at
    return out


def said(head, numbers):
    return head + "".join(f",{n}" for n in numbers) + ";"


def shares(r, n):
    """Of each letter 5hmC and 5mC, which with C are a whole."""
    h = [r.choice((0, 1, 2, 3, 40, 200)) for _ in range(n)]
    return h, [r.choice((0, 1, 255 - x - r.choice((0, 0, 1)) if x < 255 else 0)) for x in h]


def tags(r, letters, sort):
    """MM and ML of a read as it was sequenced."""
    cg, c, a = sites(letters, "CG"), sites(letters, "C"), sites(letters, "A")
    if sort == "all":
        h, m = shares(r, len(cg))
        numbers = skips(letters, cg, "C")
        return said("C+h?", numbers) + said("C+m?", numbers), h + m
    if sort == "some":
        named = [i for i in cg if r.random() < 0.5]
        h, m = shares(r, len(named))
        numbers = skips(letters, named, "C")
        return said("C+h.", numbers) + said("C+m.", numbers), h + m
    if sort == "others":
        named = [i for i in c if r.random() < 0.3]
        return said("C+m", skips(letters, named, "C")), [r.randrange(256) for _ in named]
    if sort == "mixed":
        h, m = shares(r, len(cg))
        numbers = skips(letters, cg, "C")
        named = [i for i in a if r.random() < 0.1]
        text = said("A+a?", [0] * len(a)) + said("C+h?", numbers) + said("C+m?", numbers)
        return text + said("A+17596.", skips(letters, named, "A")), [9] * len(a) + h + m + [1] * len(named)
    if sort == "unlikely":  # they are no shares of a whole
        numbers = skips(letters, cg, "C")
        return said("C+h?", numbers) + said("C+m?", numbers), [r.randrange(100, 256) for _ in 2 * numbers]
    assert sort == "one"
    return said("C+m?", skips(letters, cg, "C")), [r.choice((3, 250)) for _ in cg]


SORTS = ("all", "some", "others", "mixed", "unlikely", "one")


def draw(r, n, sort=None, change=lambda name, mm, ml: (mm, ml)):
    """SAM, sorted, and the reads' names and letters as they were sequenced."""
    contig = "".join(r.choices("ACGT", k=CONTIG))
    rows = []
    for i in range(n):
        length = r.choice((0, 1, 2, 60, 400))
        at = r.randrange(CONTIG - 400)
        letters = contig[at:at + length]
        if length and r.random() < 0.3:
            k = r.randrange(length)
            letters = letters[:k] + r.choice("ACGTN") + letters[k + 1:]
        reverse = r.random() < 0.5
        read = letters.translate(TURN)[::-1] if reverse else letters
        mm, ml = change(f"r{i}", *tags(r, read, sort or r.choice(SORTS)))
        more = [] if mm is None else [f"MM:Z:{mm}"]
        more += [] if ml is None else ["ML:B:C" + "".join(f",{x}" for x in ml)]
        place = [str(at + 1), "60", f"{length}M"] if length else [str(at + 1), "0", "*"]
        rows.append((at, "\t".join([f"r{i}", str(16 * reverse), "c", *place, "*", "0", "0", letters or "*",
                                    "I" * length or "*", *more])))
    rows.sort(key=lambda row: row[0])
    head = f"@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:c\tLN:{CONTIG}\n"
    return (head + "".join(row + "\n" for _, row in rows)).encode()


def look(path):
    """In a process of its own, with the plugin: elements of columns, and the store's version."""
    import h5py
    with h5py.File(path, "r") as h:
        for name in COLUMNS:
            print(name, len(h["alignments/" + name]) if "alignments/" + name in h else -1)
        print("version", int(h.attrs["vial.version"]))
        if "alignments/modified" in h:
            text = h["alignments/modified"][:].tobytes()
            print("sorts", len({x for x in text.split(b";") if b":" in x}))
    return 0


def columns(t, path):
    plugin = run("plugin-path").out.decode().strip()
    done = subprocess.run([sys.executable, __file__, "--look", path], capture_output=True, text=True,
                          env={**os.environ, "HDF5_PLUGIN_PATH": plugin})
    if "__asan" in done.stderr:
        t.skip("the plugin has sanitizers, and Python has none: columns by h5py")
        return None
    t.check(done.returncode == 0, "h5py", done.stderr[-300:])
    return {name: int(n) for name, n in (x.split() for x in done.stdout.splitlines())}


def ingest(t, f, what, text, store="s.h5", profile="archive", threads=2):
    f.clear(store)
    done = run("ingest", "-q", "-@", threads, "--profile", profile, "-o", f / store, f.write("x.sam", text))
    t.check(done.code == OK and not done.err, what, done.err)
    t.check(run("export", "-q", f / store).out == text, what, "export gives another text")
    t.check(run("verify", "-q", f / store).code == OK, what, "verify")


def left_out(t, f):
    """Of each sort, what is left."""
    for sort in SORTS:
        text = draw(t.random, 1500, sort)
        stores = []
        for threads in of_threads(1, 2):
            ingest(t, f, sort, text, threads=threads)
            stores.append(f.read("s.h5"))
        t.check(stores.count(stores[0]) == len(stores), sort, "threads make another store")
        has = columns(t, f / "s.h5")
        if not has:
            continue
        ml = sum(x.count(b",") for row in text.split(b"\n") for x in row.split(b"\t") if x[:4] == b"ML:B")
        mm = sum(len(x) - 5 for row in text.split(b"\n") for x in row.split(b"\t") if x[:4] == b"MM:Z")
        t.check(has["version"] == 3 and has["tag/MM:Z"] < mm // 50, sort, f"{has}, {mm} letters of MM")
        rest = max(has["rest"], 0)
        t.check(has["tag/ML:BC"] + rest == ml, sort, f"{has}, {ml} numbers of ML")
        t.check(rest == ml // 2 if sort in ("all", "some") else rest <= ml // 50, sort, has)
        t.check((has["named"] > 0) == (sort in ("some", "others", "mixed")), sort, has)


def asked(t, f):
    """The same answers as of a store that has all."""
    text = draw(t.random, 3000)
    ingest(t, f, "asked", text)
    ingest(t, f, "asked", text, "c.h5", "compact")
    for _ in range(40):
        a = t.random.randrange(3000)
        rows = ("--rows", f"{a}-{min(2999, a + t.random.choice((0, 1, 50, 2000)))}")
        at = t.random.randrange(1, CONTIG)
        what = t.random.choice((
            (*rows, "-O", "tsv", "--columns", t.random.choice(("MM:Z", "ML:BC", "MM:Z,ML:BC", "base,MM:Z"))),
            (*rows, "-O", "bam"), (*rows, "-O", "json"), (f"c:{at}-{at + 100}", "-O", "sam"),
            ("-d", "MM", "-c"), (*rows, "-O", "fastq")))
        folded, whole = (view(t, f, str(what), *what, store=s) for s in ("s.h5", "c.h5"))
        t.check(folded == whole and whole is not None, str(what), "another answer")
    has = [columns(t, f / s) for s in ("s.h5", "c.h5")]
    if has[0]:
        t.check(has[0]["version"] == 3 and has[1]["version"] == 2, "versions", has)
        t.check(has[0]["tag/MM:Z"] < has[1]["tag/MM:Z"] // 50 and has[1]["modified"] == -1, "MM", has)


def odd(t, f):
    """What does not follow, or follows from nothing."""
    r = t.random
    changes = {
        "no end": lambda mm, ml: (mm[:-1], ml), "no head": lambda mm, ml: (mm.replace("C+h?", ""), ml),
        "empty list": lambda mm, ml: (";" + mm, ml), "empty": lambda mm, ml: ("", []),
        "none": lambda mm, ml: ("C+h?;C+m?;", []), "no MM": lambda mm, ml: (None, ml),
        "no ML": lambda mm, ml: (mm, None), "short ML": lambda mm, ml: (mm, ml[1:]),
        "rule": lambda mm, ml: ("C+h?:CG;C+m?:CG;", ml), "colon": lambda mm, ml: (mm + "A+a?:A;", ml),
        "as before": lambda mm, ml: ("C+h?:=;", ml), "comma": lambda mm, ml: (mm.replace(";", ",;"), ml),
        "zeros": lambda mm, ml: (mm.replace(",", ",0"), ml),
        "sign": lambda mm, ml: (mm.replace(",", ",+"), ml),
        "large": lambda mm, ml: (mm.replace(",", ",99999999999999999999"), ml),
        "letters": lambda mm, ml: (mm.replace(",", ",x"), ml), "blank": lambda mm, ml: (mm + " ;", ml),
        "other base": lambda mm, ml: (mm.replace("C+", "G-"), ml),
        "U": lambda mm, ml: (mm.replace("C", "U"), ml),
        "any base": lambda mm, ml: (mm.replace("C+", "N+"), ml), "small": lambda mm, ml: (mm.lower(), ml),
        "many": lambda mm, ml: (mm * 70, ml), "one more": lambda mm, ml: (mm.replace("m?", "m?,0"), ml),
        "over": lambda mm, ml: (mm, [255] * len(ml)), "nothing": lambda mm, ml: (mm, [0] * len(ml)),
        "far": lambda mm, ml: (mm.replace(";", ",70000;"), ml)}
    for name, change in changes.items():
        for share in (0.1, 1):
            text = draw(r, 200, "all" if r.random() < 0.7 else "some",
                        lambda _, mm, ml: change(mm, ml) if r.random() < share else (mm, ml))
            ingest(t, f, name, text)
    text = draw(r, 300, "all").replace(b"\tMM:Z", b"\tMM:H:00\tXX:Z").replace(b"ML:B:C", b"ML:B:S")
    ingest(t, f, "other types", text)
    has = columns(t, f / "s.h5")
    t.check(not has or (has["version"] == 2 and has["modified"] == -1), "other types", has)
    ingest(t, f, "in lower case", b"".join(
        b"\t".join([*row.split(b"\t")[:9], row.split(b"\t")[9].lower(), *row.split(b"\t")[10:]]) + b"\n"
        if row[:1] != b"@" else row + b"\n" for row in draw(r, 300, "all").split(b"\n")[:-1]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--look"]:
        sys.exit(look(sys.argv[2]))
    main(left_out, asked, odd)
