"""
Alignments in profile archive: what rows say twice is left out of the store (formats/fold.h) and is there
again whatever is asked. A model of our own says what tags MD, NM, MC, MQ and ms must be, h5py which of them
are in the store; a store of profile compact, which has all, is asked the same.

Suites: alignments view. Also: asan.
"""
import hashlib
import os
import subprocess
import sys

from vialtest import OK, main, of_threads, run
from viewtest import view

CONTIGS = (("c1", 9000), ("c2", 3000))
LENGTH, NEAR = 60, 200
ROWS = ["base", "quality", "NM:i", "MD:Z", "MC:Z", "MQ:i", "ms:i", "name,NM:i,base", "MQ:i,cigar"]

# ---- the model ----


def draw_genome(r):
    """Letters of contigs, and of an individual that differs in some."""
    contigs = {name: "".join(r.choices("ACGT", k=n)) for name, n in CONTIGS}
    own = {name: "".join(c if r.random() > 0.01 else r.choice("ACGT") for c in s)
           for name, s in contigs.items()}
    return contigs, own


def draw_cigar(r):
    """As pairs (n, code), of LENGTH letters of a read."""
    shape = r.random()
    if shape < 0.7:
        return [(LENGTH, "M")]
    if shape < 0.8:
        return [(7, "S"), (LENGTH - 7, "M")]
    if shape < 0.87:
        return [(20, "M"), (r.randrange(1, 5), "D"), (LENGTH - 20, "M")]
    if shape < 0.94:
        return [(30, "M"), (3, "I"), (LENGTH - 33, "M")]
    return [(9, "H"), (10, "="), (2, "D"), (5, "I"), (40, "M"), (5, "S")]


def align(r, contig, own, at, cigar):
    """Letters of a read there, tags NM and MD."""
    letters, md, same, nm = "", "", 0, 0
    for n, code in cigar:
        if code in "M=":
            for i in range(at, at + n):
                c = own[i] if r.random() > 0.01 else r.choice("ACGTN")
                letters += c
                if c == contig[i]:
                    same += 1
                else:
                    md, same, nm = f"{md}{same}{contig[i]}", 0, nm + 1
        elif code in "IS":
            letters += "".join(r.choices("ACGT", k=n))
            nm += n if code == "I" else 0
        elif code == "D":
            md, same, nm = f"{md}{same}^{contig[at:at + n]}", 0, nm + n
        at += n if code in "M=D" else 0
    return letters, nm, f"{md}{same}"


def draw_row(r, genome, contig, at, own):
    cigar = draw_cigar(r)
    letters, nm, md = align(r, genome[contig], own[contig], at, cigar)
    return {"at": at, "contig": contig, "cigar": "".join(f"{n}{c}" for n, c in cigar), "letters": letters,
            "nm": nm, "md": md, "mapq": r.choice((0, 60, 60)),
            "quality": "".join(chr(33 + q) for q in r.choices((2, 11, 25, 37), k=LENGTH))}


def good(row):
    return sum(ord(c) - 33 for c in row["quality"] if ord(c) >= 48)


def line(row, mate, flag, name, wrong, md):
    """A line of SAM; wrong: which tag does not follow."""
    tags = []
    if md:
        tags += [f"NM:i:{row['nm'] + (wrong == 1)}", f"MD:Z:{row['md'] + '0' * (wrong == 2)}"]
    tags += ["RG:Z:a", f"MC:Z:{mate['cigar'] if wrong != 3 else '1M'}",
             f"MQ:i:{mate['mapq'] + (wrong == 4)}", f"ms:i:{good(mate) + (wrong == 5)}"]
    place = [row["contig"], str(row["at"] + 1), str(row["mapq"]), row["cigar"]]
    other = ["=", str(mate["at"] + 1), str(mate["at"] - row["at"])]
    return "\t".join([name, str(flag), *place, *other, row["letters"], row["quality"], *tags])


def draw(r, pairs, md=True, spoil=0.02):
    """Sorted lines of pairs, how many of them were spoiled in each tag."""
    genome, own = draw_genome(r)
    rows, spoiled = [], [0] * 6
    for i in range(pairs):
        contig, n = CONTIGS[i % 4 == 3]
        at = r.randrange(n - NEAR - LENGTH - 10)
        both = [draw_row(r, genome, contig, x, own) for x in (at, at + r.randrange(NEAR))]
        for k in (0, 1):
            wrong = r.randrange(1, 6) if r.random() < spoil else 0
            spoiled[wrong] += 1
            rows.append((contig, both[k]["at"], line(both[k], both[not k], (99, 147)[k], f"p{i}", wrong, md)))
        if i % 40 == 0:
            extra = 2147 if i % 80 else 401
            rows.append((contig, both[0]["at"], line(both[0], both[1], extra, f"p{i}", 0, md)))
    rows.sort(key=lambda row: row[:2])
    head = "@HD\tVN:1.6\tSO:coordinate\n" + "".join(f"@SQ\tSN:{c}\tLN:{n}\n" for c, n in CONTIGS)
    return head, [row[2] for row in rows], spoiled


# ---- what is in the store ----


def look(path):
    """In a process of its own, with the plugin: elements of columns, and some values."""
    import h5py
    import numpy
    with h5py.File(path, "r") as h:
        for name in ("tag/NM:i", "tag/MD:Z", "tag/MC:Z", "tag/MQ:i", "tag/ms:i", "differ", "consensus"):
            print(name, len(h["alignments/" + name]) if "alignments/" + name in h else 0)
        print("letters", int(numpy.count_nonzero(h["alignments/base"][:] != ord("="))))
        if "alignments/derived" in h:
            print("rows", len(h["alignments/derived"]))
            print("lies", int(numpy.count_nonzero(h["alignments/derived"][:] & 2)))
        counts = b"".join(name.encode() + h["qc"][name][:].tobytes() for name in sorted(h["qc"]))
        print("qc", int.from_bytes(hashlib.sha256(counts).digest()[:8], "big"))
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


def ingest(t, f, text, store="s.h5", profile="archive", threads=2):
    f.clear(store)
    done = run("ingest", "-q", "-@", threads, "--profile", profile, "-o", f / store, f.write("x.sam", text))
    t.check(done.code == OK and not done.err, "ingest", done.err)
    t.check(run("export", "-q", f / store).out == text, "export", "another text")
    t.check(run("verify", "-q", f / store).code == OK, "verify", "")


def text_of(head, lines):
    return (head + "\n".join(lines) + "\n").encode()


def left_out(t, f):
    head, lines, spoiled = draw(t.random, 6000)
    text = text_of(head, lines)
    stores = []
    for threads in of_threads(1, 2):
        ingest(t, f, text, threads=threads)
        stores.append(f.read("s.h5"))
    t.check(stores.count(stores[0]) == len(stores), "threads", "another store")
    has = columns(t, f / "s.h5")
    if not has:
        return
    # rows at the borders of batches have mates elsewhere: some 40 bytes of a batch of 2 MiB
    edge = len(text) // (2 << 20) * 400 + 10
    for name, least in (("tag/NM:i", spoiled[1]), ("tag/MQ:i", spoiled[4]), ("tag/ms:i", spoiled[5])):
        t.check(least <= has[name] <= least + edge, name, f"{has[name]} are kept, {least} do not follow")
    t.check(has["tag/NM:i"] == spoiled[1], "NM", f"{has['tag/NM:i']} are kept, {spoiled[1]} do not follow")
    t.check(has["tag/MD:Z"] < 12 * spoiled[2], "MD", f"{has['tag/MD:Z']} letters are kept")
    t.check(has["rows"] == len(lines) and has["lies"] == len(lines), "rows", has)
    t.check(has["consensus"] <= sum(n for _, n in CONTIGS), "consensus", has["consensus"])
    t.check(has["differ"] < 0.02 * LENGTH * len(lines) and not has["letters"], "letters", has)


def asked(t, f):
    """The same answers as of a store that has all."""
    head, lines, _ = draw(t.random, 4000)
    text = text_of(head, lines)
    ingest(t, f, text)
    ingest(t, f, text, "c.h5", "compact")
    counts = [columns(t, f / s) for s in ("s.h5", "c.h5")]
    if counts[0]:
        t.check(counts[0]["qc"] == counts[1]["qc"], "qc", "other counts")
    for i in range(40):
        a = t.random.randrange(len(lines))
        rows = f"{a}-{min(len(lines) - 1, a + t.random.choice((0, 1, 50, 3000)))}"
        column = t.random.choice(ROWS)
        what = ["--rows", rows, "-O", "tsv", "--columns", column]
        if i % 4 == 0:
            what = ["--rows", rows, "-O", t.random.choice(("sam", "bam", "fastq"))]
        if i % 4 == 1:
            contig, n = t.random.choice(CONTIGS)
            at = t.random.randrange(1, n)
            what = [f"{contig}:{at}-{at + 50}", "-O", "sam"]
        if i % 4 == 2:
            what = ["-d", t.random.choice(("NM:1", "NM", "MQ:60")), "-q", "1", *what[2:]]
        folded, whole = (view(t, f, str(what), *what, store=s) for s in ("s.h5", "c.h5"))
        t.check(folded == whole and whole is not None, str(what), "another answer")
    for command in (("depth", "-a", "-q", "12"), ("coverage", "-q", "20"), ("flagstat",), ("idxstats",)):
        folded, whole = (run(*command, f / s) for s in ("s.h5", "c.h5"))
        t.check(folded.out == whole.out and folded.code == OK, str(command), folded.err)


def without_differences(t, f):
    """Letters alone tell on what rows lie: as most rows have it."""
    head, lines, _ = draw(t.random, 4000, md=False)
    ingest(t, f, text_of(head, lines))
    has = columns(t, f / "s.h5")
    if has:
        t.check(has["lies"] == len(lines) and has["differ"] < 0.02 * LENGTH * len(lines), "letters", has)


def odd(t, f):
    """Rows that cannot be left out of: they stay as they are."""
    head, lines, _ = draw(t.random, 300)
    r = t.random

    def change(text, field, value):
        part = text.split("\t")
        part[field] = value(part[field]) if callable(value) else value
        return "\t".join(part)

    changes = {
        "equals": lambda x: change(x, 9, lambda s: "=" + s[1:]),
        "lower": lambda x: change(x, 9, str.lower),
        "spliced": lambda x: change(x, 5, "30M100N30M"), "unmapped": lambda x: change(x, 1, "4"),
        "no contig": lambda x: change(change(x, 2, "*"), 3, "0"),
        "far": lambda x: change(x, 5, "10M90000D50M"),
        "none": lambda x: change(change(x, 9, "*"), 10, "*"), "no quality": lambda x: change(x, 10, "*"),
        "nothing": lambda x: change(change(change(x, 9, "*"), 10, "*"), 5, "*"),
        "first twice": lambda x: change(x, 1, "99"), "both ends": lambda x: change(x, 1, "195"),
        "MD": lambda x: x.replace("MD:Z:", "MD:Z:x"),
        "MD empty": lambda x: x.replace("MD:Z:", "MD:Z:\tXX:Z:"),
        "NM of letters": lambda x: x.replace("NM:i:", "NM:Z:"),
        "MQ below 0": lambda x: x.replace("MQ:i:", "MQ:i:-")}
    for name, spoil in changes.items():
        for share in (0.1, 1):
            changed = [spoil(x) if r.random() < share else x for x in lines]
            ingest(t, f, text_of(head, changed))
    r.shuffle(lines)
    ingest(t, f, text_of(head, lines))
    ingest(t, f, text_of(head, lines[:1]))
    ingest(t, f, head.encode())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--look"]:
        sys.exit(look(sys.argv[2]))
    main(left_out, asked, without_differences, odd)
