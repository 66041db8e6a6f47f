"""
Indexes: reads by name against a model of our own, in an instrument's order and in none; lists of names;
spectra by id, scan number and time; stores without an index, and with one that is damaged, answer the same.
reindex gives older stores their indexes, and leaves what they hold; killed at any time it leaves old or new.

Suites: index view.
"""
import glob
import os
import shutil
import signal
import subprocess
import time

import h5py
import numpy

from fqmodel import name_of, parse, reads
from mzmodel import INTENSITY, MZ, array, document, spectrum
from vialtest import DATA, NOINPUT, OK, TEMPFAIL, USAGE, VIAL, main, run

MANY = 40000  # names: more than two blocks of 16 units of 1024


def shuffled(t, text):
    rows = text.split(b"\n")
    four = [b"\n".join(rows[i:i + 4]) + b"\n" for i in range(0, len(rows) - 1, 4)]
    t.random.shuffle(four)
    return b"".join(four)


def ingest(t, f, name, *args):
    done = run("ingest", "-q", "-o", f / name, *args, "--force")
    return t.check(done.code == OK, f"ingest {name}", done.err)


def tsv(t, f, store, *args, code=OK):
    """Rows that a look-up prints, by number."""
    done = run("view", f / store, "-O", "tsv", "--columns", "row,name", *args)
    t.check(done.code == code, f"{store} {args[:2]}", f"exit code {done.code}: {done.err[:200]}")
    return [tuple(line.split(b"\t")) for line in done.out.splitlines()[1:]], done.err


def in_any_order(t, f):
    """Single reads: each name that is asked for gives its rows, whatever the order, and others give none."""
    ordered = reads(MANY, seed=5, length=40)
    twice = ordered + b"".join(b"@twice\nACGT\n+\nIIII\n" for _ in range(3))
    for what, text in (("ordered", ordered), ("shuffled", shuffled(t, reads(MANY, seed=6, length=160))),
                       ("twice", twice)):
        if not ingest(t, f, "s.h5", f.write("a.fq", text)):
            continue
        names = [name_of(p[0]) for p in parse(text)]
        with h5py.File(f / "s.h5") as s:
            t.check("name" in s["index"], what, "no index")
            filters = "name.filter" in s["index"]
            t.check(filters == (what == "shuffled"), what, f"index has {list(s['index'])}")
            taken = sum(s["index"][k].id.get_storage_size() for k in s["index"])
        size = os.path.getsize(f / "s.h5")
        t.check(taken <= 0.012 * size, what, f"index takes {taken} of {size} bytes")
        for i in [0, MANY - 1] + t.random.sample(range(MANY), 20):
            got, _ = tsv(t, f, "s.h5", "--name", names[i].decode())
            want = [(b"%d" % k, n) for k, n in enumerate(names) if n == names[i]]
            t.check(got == want, f"{what}: {names[i]}", f"{got[:3]} instead of {want[:3]}")
            done = run("view", f / "s.h5", "--name", names[i].decode() + "0")
            t.check(done.code == (OK if names[i] + b"0" in names else NOINPUT), what, done.err)
        lists(t, f, what, names)
    got, _ = tsv(t, f, "s.h5", "--name", "twice")
    t.check(len(got) == 3, "a name of three reads", str(got))


def lists(t, f, what, names):
    """Ten thousand names at once, and some of no read: rows in store order, and how many are missing."""
    asked = t.random.sample(names, 10000)
    path = f.write("names", b"\n".join(asked + [b"none.%d" % i for i in range(7)]) + b"\r\n\n")
    got, said = tsv(t, f, "s.h5", "--names", path)
    wanted = set(asked)
    want = [(b"%d" % k, n) for k, n in enumerate(names) if n in wanted]
    t.check(got == want, f"{what}, a list", f"{len(got)} rows instead of {len(want)}")
    t.check("7 of 10007 names were not found" in said, f"{what}, a list", said)
    done = run("view", f / "s.h5", "--names", f.write("none", b"no\nnor this\n"))
    t.check(done.code == NOINPUT and "one of the 2 names" in done.err, f"{what}, names of no read", done.err)
    done = run("view", f / "s.h5", "--names", path, "--name", "x")
    t.check(done.code == USAGE, f"{what}, a name and a list", f"{done.code} {done.err}")


def mates(t, f):
    """Names as FASTQ shows them: with the mark of a mate, with the comment."""
    texts = [reads(9000, seed=7, length=30, mate=m, style="slash") for m in (1, 2)]
    one, two = f.write("1.fq", texts[0]), f.write("2.fq", texts[1])
    if ingest(t, f, "s.h5", one, two):
        for asked, rows in (("run7.4321", [8640, 8641]), ("run7.4321/1", [8640]), ("run7.4321/2", [8641])):
            got, _ = tsv(t, f, "s.h5", "--name", asked)
            t.check([int(r) for r, _ in got] == rows, asked, f"{got}")
        tsv(t, f, "s.h5", "--name", "run7.4321/3", code=NOINPUT)
    one, two = (f.write(f"{m}.fq", reads(9000, seed=8, length=30, mate=m)) for m in (1, 2))
    if ingest(t, f, "s.h5", one, two):
        title = parse(f.read("2.fq"))[5000][0].decode()
        got, _ = tsv(t, f, "s.h5", "--name", title)
        t.check([int(r) for r, _ in got] == [10001], title, f"{got}")
        listed = f.write("names", title.encode() + b"\n")
        tsv(t, f, "s.h5", "--names", listed, "--rows", "0-9999", code=NOINPUT)
        tsv(t, f, "s.h5", "--name", title + "x", code=NOINPUT)
    f.clear("1.fq", "2.fq", "s.h5")


def damaged(t, f):
    """A flipped bit in an index: verify says it, a look-up finds the read, reindex refuses the file."""
    text = shuffled(t, reads(MANY, seed=9, length=160))
    for profile in ("compact", "portable"):
        if not ingest(t, f, "s.h5", "--profile", profile, f.write("a.fq", text)):
            continue
        names = [name_of(p[0]) for p in parse(text)]
        with h5py.File(f / "s.h5") as s:
            user = s.userblock_size
            places = [s[f"index/{k}"].id.get_chunk_info(0) for k in ("name", "name.filter")]
        for place in places:
            for _ in range(6):
                data = bytearray(f.read("s.h5"))
                data[user + place.byte_offset + t.random.randrange(place.size)] ^= 1 << t.random.randrange(8)
                f.write("b.h5", data)
                i = t.random.randrange(MANY)
                got, _ = tsv(t, f, "b.h5", "--name", names[i].decode())
                t.check(got == [(b"%d" % i, names[i])], f"{profile}, a flipped bit", f"{got}")
                t.check(run("verify", "-q", f / "b.h5").code == DATA, profile, "verify finds nothing")
                t.check(run("reindex", "-q", f / "b.h5").code == DATA, profile, "reindex takes it")
                t.check(f.read("b.h5") == bytes(data), profile, "a refused store was changed")


def old_stores(t, f):
    """Stores of version 1 get indexes; identity, text and views stay."""
    for path in sorted(glob.glob("testdata/stores/v1/*/*.h5")):
        if "/bank/" in path:
            continue
        shutil.copy(path, f / "s.h5")
        before = [run(*args) for args in (("export", "-q", f / "s.h5"), ("view", f / "s.h5"),
                                          ("view", f / "s.h5", "-O", "tsv"))]
        with h5py.File(f / "s.h5") as s:
            identity = s.attrs["vial.digest"]
        done = run("reindex", f / "s.h5")
        t.check(done.code == OK, path, done.err)
        with h5py.File(f / "s.h5") as s:
            t.check(s.attrs["vial.digest"] == identity, path, "another identity")
            t.check(("index" in s) == ("/long/" in path), path, "index or none")
        after = [run(*args) for args in (("export", "-q", f / "s.h5"), ("view", f / "s.h5"),
                                         ("view", f / "s.h5", "-O", "tsv"))]
        t.check([b[:2] for b in before] == [a[:2] for a in after], path, "text or view differ")
        t.check(run("verify", "-q", f / "s.h5").code == OK, path, "verify")
        size = os.path.getsize(f / "s.h5")
        done = run("reindex", f / "s.h5")
        t.check(done.code == OK and b"as they should be" in done.out, path, "made again")
        t.check(os.path.getsize(f / "s.h5") == size, path, "another size the second time")


def kills(t, f):
    """Killed at any time, reindex leaves the old store or the new one; the next run takes over."""
    shutil.copy("testdata/stores/v1/long/compact.h5", f / "old.h5")
    shutil.copy(f / "old.h5", f / "new.h5")
    t.check(run("reindex", "-q", f / "new.h5").code == OK, "reindex", "failed")
    whole = {f.read("old.h5"), f.read("new.h5")}
    ended = 0
    for i in range(25):
        shutil.copy(f / "old.h5", f / "s.h5")
        p = subprocess.Popen([VIAL, "reindex", "-q", f / "s.h5"], start_new_session=True)
        time.sleep(t.random.random() * 0.04)
        os.killpg(p.pid, signal.SIGKILL)
        ended += p.wait() == -signal.SIGKILL
        t.check(f.read("s.h5") in whole, f"kill {i}", "neither the old store nor the new one")
        done = run("reindex", "-q", f / "s.h5")
        for _ in range(50):  # its child may still be dying, and has the lock until then: 75 is "try again"
            if done.code != TEMPFAIL:
                break
            time.sleep(0.1)
            done = run("reindex", "-q", f / "s.h5")
        t.check(done.code == OK and f.read("s.h5") == f.read("new.h5"), f"after kill {i}", done.err)
        t.check(not [n for n in f.names() if n.endswith(".part")], f"after kill {i}", str(f.names()))
    t.check(ended > 0, "kills", "every run was over before")


def spectra(t, f):
    """Spectra by id, scan number and time."""
    n = 2500
    one = numpy.ones(1)
    some = [spectrum(i, [array(MZ, one + i), array(INTENSITY, one)], 1, id=f"scan={2 * i + 1}", time=i * 0.5)
            for i in range(n)]
    if not ingest(t, f, "s.h5", f.write("a.mzML", document(some))):
        return
    with h5py.File(f / "s.h5") as s:
        t.check(sorted(s["index"]) == ["id", "scan", "time"], "spectra", f"{list(s['index'])}")
        taken = sum(s["index"][k].id.get_storage_size() for k in s["index"])
    t.check(taken <= 0.02 * os.path.getsize(f / "s.h5"), "spectra", f"index of {taken} bytes")

    def rows(*args):
        done = run("view", f / "s.h5", "-O", "tsv", "--columns", "index", *args)
        return [int(x) for x in done.out.split()[1:]], done.code

    for i in [0, n - 1] + [t.random.randrange(n) for _ in range(12)]:
        t.check(rows("--id", f"scan={2 * i + 1}") == ([i], OK), "id", str(i))
        t.check(rows("--scan", str(2 * i + 1)) == ([i], OK), "scan", str(i))
        t.check(rows("--scan", str(2 * i + 2))[1] == NOINPUT, "scan of none", str(i))
        want = list(range(i, min(n, i + 121)))
        t.check(rows("--time", f"{i * 0.5}-{i * 0.5 + 60}")[0] == want, "time", str(i))


if __name__ == "__main__":
    main(in_any_order, mates, damaged, old_stores, kills, spectra)
