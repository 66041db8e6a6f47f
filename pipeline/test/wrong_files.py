"""
Files given wrongly: a mate or a lane twice, mates swapped, pairs taken for single reads. Refused by what is
found, or said once where it is legal; options that say "so it is" let it in, and it comes back exactly.

Suites: reads.
"""
import os

from banktest import Bank
from containers import gunzip, unzstd
from fqmodel import interleave, reads, record
from vialtest import CANTCREAT, DATA, OK, USAGE, check_refusal, main, run


def refused(t, f, what, inputs, expected, options=(), codes=(DATA,)):
    done = run("ingest", "-q", *options, "-o", f / "s.h5", *inputs)
    check_refusal(t, what, done, expected, codes)
    t.check("s.h5" not in f.names(), what, "a store is left")
    f.clear("s.h5")


def taken(t, f, what, inputs, text, options=()):
    """Taken in and given back as it was, as one text; gives what was said."""
    done = run("ingest", "--progress", "off", *options, "-o", f / "s.h5", *inputs)
    back = run("export", "-q", f / "s.h5")
    t.check(done.code == OK and back.out == text, what, done.err + back.err)
    f.clear("s.h5")
    return done.err


def one_file_twice(t, f):
    a, b = f.write("S1_R1.fq", reads(50, seed=1)), f.write("S2_R1.fq", reads(50, seed=2))
    os.symlink(a, f / "link.fq")
    os.link(a, f / "hard.fq")
    bank = Bank(f)
    for what, name in (("itself", a), ("a link to it", f / "link.fq"), ("another name of it", f / "hard.fq")):
        refused(t, f, f"{what} as second mates", [a, name], ["twice"], codes=(USAGE,))
        refused(t, f, f"{what} as another lane", [f"{a},{b},{name}"], ["twice"], codes=(USAGE,))
        done = bank.run("ingest", "-s", "S", a, name)
        t.check(done.code == USAGE and "twice" in done.err and not bank.stores(), f"{what} into a bank",
                done.err)
    refused(t, f, "a lane among second mates", [f"{a},{b}", f"{b},{a}"], ["twice"], codes=(USAGE,))
    taken(t, f, "other files", [f"{a},{b}"], reads(50, seed=1) + reads(50, seed=2))


def a_copy(t, f):
    """Copies without marks and comments: all that tells is that they are the same."""
    text = b"".join(record(b"r%d" % i, b"ACGT"[:1 + i % 4]) for i in range(9))
    a, b = f.write("a.fq", text), f.write("b.fq", text)
    other = f.write("other.fq", record(b"x", b"AC"))
    refused(t, f, "a copy as second mates", [a, b], ["b.fq: ", "same bytes", "a.fq", "--same-data"])
    refused(t, f, "a copy as another lane", [f"{a},{other},{b}"], ["b.fq: ", "same bytes", "a.fq"])
    c = f.write("c.fq", text + record(b"x", b"AC"))
    refused(t, f, "the same text, cut otherwise", [f"{a},{other}", c], ["c.fq: ", "same text", "a.fq"])
    taken(t, f, "a copy as second mates, --same-data", [a, b], interleave(text, text), ["--same-data"])
    taken(t, f, "a copy as another lane, --same-data", [f"{a},{b}"], text + text, ["--same-data"])


def swapped(t, f):
    one, two = reads(300, seed=3, mate=1), reads(300, seed=3, mate=2, ragged=True)
    a, b = f.write("a.fq", one), f.write("b.fq", two)
    refused(t, f, "swapped", [b, a],
            ["a.fq: byte 0, record 1, line 1", "read 2", "swapped", "--mates-as-given"])
    refused(t, f, "swapped, one file", [f.write("i.fq", interleave(two, one))],
            ["i.fq", "record 2", "read 2"], ["--interleaved"])
    refused(t, f, "a lane swapped", [f"{a},{f.write('b2.fq', reads(9, seed=4, mate=2))}",
                                     f"{b},{f.write('a2.fq', reads(9, seed=4, mate=1))}"],
            ["a2.fq: byte 0, record 301", "read 2"])
    taken(t, f, "swapped, as given", [b, a], interleave(two, one), ["--mates-as-given"])
    taken(t, f, "in order", [a, b], interleave(one, two))


def swapped_by_name(t, f):
    """Reads that do not say which mate they are: the names of the files do. Reads that do, are believed."""
    plain = [reads(20, seed=5, mate=m, style="SRR1") for m in (1, 2)]
    one, two = f.write("S_R1.fq", plain[0]), f.write("S_R2.fq", plain[1])
    refused(t, f, "swapped by their names", [two, one], ["S_R2.fq", "second mates", "--mates-as-given"])
    taken(t, f, "swapped by their names, as given", [two, one], interleave(*plain[::-1]),
          ["--mates-as-given"])
    taken(t, f, "in order by their names", [one, two], interleave(*plain))
    for style in ("illumina", "slash"):
        text = [reads(20, seed=5, mate=m, style=style) for m in (1, 2)]
        taken(t, f, f"named wrongly, {style}", [f.write("S_R2.fq", text[0]), f.write("S_R1.fq", text[1])],
              interleave(*text))


def taken_for_single(t, f):
    for style in ("illumina", "slash", "SRR1"):
        both = interleave(*(reads(100, seed=6, mate=m, style=style) for m in (1, 2)))
        name = f.write("both.fq", both)
        said = taken(t, f, f"pairs as single reads, {style}", [name], both)
        t.check(said.count("hint") == 1 and "--interleaved" in said, f"pairs as single reads, {style}", said)
        said = taken(t, f, f"pairs as pairs, {style}", [name], both, ["--interleaved"])
        t.check("hint" not in said, f"pairs as pairs, {style}", said)
    for what, text in (("single reads", reads(100, seed=6)), ("one read", record(b"x", b"A")),
                       ("names of no letter", record(b"", b"A") * 4),
                       ("three of a name", record(b"x", b"A") * 3)):
        said = taken(t, f, what, [f.write("one.fq", text)], text)
        t.check("hint" not in said, what, said)


def promised_by_a_name(t, f):
    """What a name's ending promises is what is written, or the name is refused and no file is left."""
    text = reads(3000, seed=7)
    run("ingest", "-q", "-o", f / "s.h5", f.write("a.fq", text))
    empty = ["view", f / "s.h5", "--rows", "9000-"]
    for command, wanted in ((["view", f / "s.h5"], text), (["export", "-q", f / "s.h5"], text), (empty, b"")):
        for ending, unpack in ((".gz", gunzip), (".BGZ", gunzip), (".zst", unzstd), (".fq", bytes)):
            done = run(*command, "-o", f / f"out{ending}")
            t.check(done.code == OK and unpack(f.read(f"out{ending}")) == wanted,
                    f"{command[0]} to out{ending}", done.err)
            check_refusal(t, f"{command[0]} over out{ending}", run(*command, "-o", f / f"out{ending}"),
                          [f"out{ending}", "--force"], (CANTCREAT,))
            f.clear(f"out{ending}")
        for ending in (".bz2", ".xz", ".zip", ".7z", ".lz4", ".XZ"):
            done = run(*command, "-o", f / f"out{ending}")
            check_refusal(t, f"{command[0]} to out{ending}", done, ["out", "promises", ".gz", ".zst"],
                          (USAGE,))
    done = run("report", f / "s.h5", "-o", f / "page.html.gz")
    t.check(done.code == OK and b"</html>" in gunzip(f.read("page.html.gz")), "report to .gz", done.err)
    done = run("ingest", f / "a.fq", "-o", f / "x.h5.gz")
    t.check(done.code == USAGE and "x.h5.gz" in done.err, "a store is not packed", done.err)
    t.check(f.names() == ["a.fq", "page.html.gz", "s.h5"], "nothing else is left", f.names())


if __name__ == "__main__":
    main(one_file_twice, a_copy, swapped, swapped_by_name, taken_for_single, promised_by_a_name)
