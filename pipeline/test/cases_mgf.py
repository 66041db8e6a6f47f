"""
MGF: texts made by hand (testdata/mgf) and real ones come back byte for byte, or are refused as their .err
says; what a view says of them is what a reader of a few lines of Python finds in them.

Suites: spectra view. Also: asan.
"""
import glob
import json
import os
import re

from vialtest import DATA, OK, SHARED, Part, check_refusal, main, run

HERE = "testdata/mgf"
# texts kept, and other things counted
NOTED = {"charges": {"n_not_a_number": 2}, "digits": {"n_kept_text": 8}, "inside": {"n_kept_text": 1},
         "latin1": {"n_not_utf8": 1}, "levels": {"n_not_a_number": 1}, "mixed_ends": {"n_kept_text": 1},
         "one_number": {"n_kept_text": 1}, "tabs": {"n_kept_text": 2}, "third": {"n_kept_text": 3},
         "time": {"n_not_a_number": 1}}
COUNTERS = ("n_not_a_number", "n_kept_text", "n_not_utf8")


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def charges(text):
    """[(size, sign)] of "2+ and 3+"; sign is 0 where there is none. Nothing where a word is no charge."""
    found = [re.fullmatch(r"([+-]?)(\d+)([+-]?)", word) for word in re.split(r"[\s,]+", text)
             if word and word != "and"]
    if not all(found):
        found = found[:found.index(None)]
    return [(int(x[2]), {"": 0, "+": 1, "-": -1}[x[1] or x[3]]) for x in found]


def put_charges(said, ion, found):
    signed = [size * (sign or 1) for size, sign in found]
    signs = [sign for _, sign in found if sign]
    if signs:
        said["polarity"] = signs[-1]
    if len(signed) == 1:
        said["charge"] = ion["charge"] = signed[0]
    elif signed:
        ion["possible_charges"] = signed


def block(lines, index, common):
    """What JSON must say of the lines between BEGIN IONS and END IONS."""
    said = {"index": index, "ms_level": 2, "mz": [], "intensity": []}
    keys, ion, third = {}, {}, []
    for line in (x.strip() for x in lines):
        if re.match(r"[A-Za-z][^=]*=", line):
            key, value = line.split("=", 1)
            keys[key.strip()] = value.strip()
        elif line and line[0] not in "#;!/":
            words = line.split(None, 2)
            said["mz"].append(float(words[0]))
            said["intensity"].append(float(words[1]) if len(words) > 1 else None)
            third.append(charges(words[2])[:1] if len(words) > 2 else [])
    if all(x is None for x in said["intensity"]):
        said["intensity"] = []
    if third and all(third):
        said["arrays"] = {"charge": [x[0][0] * (-1 if x[0][1] < 0 else 1) for x in third]}
    mass = keys.get("PEPMASS", "").split(None, 2)
    if mass:
        ion["mz"] = said["precursor_mz"] = number(mass[0])
        if len(mass) > 1 and number(mass[1]) is not None:
            ion["intensity"] = number(mass[1])
    found = charges(mass[2]) if len(mass) > 2 else []
    found = charges(keys.get("CHARGE", "")) or found or common
    if mass:
        put_charges(said, ion, found)
        said["precursors"] = [{"ions": [ion]}]
    time = re.match(r"[^\s,-]+", keys.get("RTINSECONDS", ""))
    if time and number(time[0]) is not None:
        said["time"] = number(time[0])
    if keys.get("MSLEVEL", "").isdigit():
        said["ms_level"] = int(keys["MSLEVEL"])
    said["id"] = keys.get("TITLE", "")
    if keys.get("SCANS", "").isdigit() and not re.search(r"(^| )scan=", said["id"]):
        said["id"] += (" " if said["id"] else "") + "scan=" + keys["SCANS"]
    said["id"] = said["id"] or f"index={index}"
    return said


def blocks(text):
    common, lines, inside, index = [], [], False, 0
    for line in text.decode("utf-8", "replace").split("\n"):
        word = line.strip()
        if word == "BEGIN IONS":
            inside, lines = True, []
        elif word == "END IONS":
            yield block(lines, index, common)
            inside, index = False, index + 1
        elif inside:
            lines.append(line)
        elif not index and word.startswith("CHARGE="):
            common = charges(word[7:])


def ingest(t, f, what, path, store="s.h5"):
    f.clear(store)
    done = run("ingest", "-q", "-o", f / store, path)
    return t.check(done.code == OK and not done.err, what, f"exit code {done.code}: {done.err.strip()}")


def rows(t, f, what, *options, store="s.h5"):
    done = run("view", "-O", "json", *options, f / store)
    t.check(done.code == OK and not done.err, what, f"view: {done.err.strip()}")
    return [json.loads(line) for line in done.out.splitlines()]


def as_mzml(t, f, what, got):
    """The document that view makes has the same meaning, a title beside its own id."""
    done = run("view", "-O", "mzml", f / "s.h5")
    t.check(done.code == OK, what, f"view -O mzml: {done.err.strip()}")
    if not ingest(t, f, f"{what}, as mzML", f.write("x.mzML", done.out), "m.h5"):
        return
    for a, b in zip(got, rows(t, f, what, store="m.h5")):
        a = {**a, "id": f"index={a['index']}"}
        t.check(a == b, f"{what}, as mzML", f"{str(a)[:300]} became {str(b)[:300]}")


def legal(t, f, path):
    what = os.path.basename(path)[:-3]
    with open(path, "rb") as file:
        text = file.read()
    if not ingest(t, f, what, path):
        return
    back = run("export", "-q", f / "s.h5")
    t.check(back.code == OK and back.out == text, what, f"export: {len(back.out)} of {len(text)}: {back.err}")
    done = run("verify", f / "s.h5")
    t.check(done.code == OK and b"original text compared" in done.out, what, f"verify: {done.err}")
    got, want = rows(t, f, what), list(blocks(text))
    t.check(len(got) == len(want), what, f"{len(got)} spectra, expected {len(want)}")
    for a, b in zip(got, want):
        t.check(a == b, f"{what}, {b['id']}", f"{str(a)[:400]}, expected {str(b)[:400]}")
    as_mzml(t, f, what, got)
    if path.startswith(HERE):
        said = json.loads(run("info", "--json", f / "s.h5").out)["notes"]["/"]
        for key in COUNTERS:
            want = NOTED.get(what, {}).get(key, 0)
            t.check(int(said.get(key, 0)) == want, what, f"{key} is {said.get(key)}, expected {want}")


def wrong(t, f, path):
    what = os.path.basename(path)[:-3]
    with open(path[:-3] + ".err", encoding="utf-8") as file:
        part = file.read().strip()
    done = run("ingest", "-q", "-o", f / "s.h5", path)
    check_refusal(t, what, done, [part, os.path.basename(path), "byte "], (DATA,))
    t.check(f.names() == [], what, f"left over: {f.names()}")


def asked(t, f):
    """Titles, scan numbers, times and precursors are found; what is printed as MGF has the same peaks."""
    if not ingest(t, f, "many", f"{HERE}/many.in"):
        return
    for options, want in ((("--scan", 4), [3]), (("--time", "1.4-3.1"), [1, 2]), (("--precursor", 407), [7]),
                          (("--id", "t5 scan=6"), [5]), (("--rows", "2-3"), [2, 3])):
        got = [x["index"] for x in rows(t, f, f"{options}", *options)]
        t.check(got == want, f"{options}", f"found {got}, expected {want}")
    done = run("view", "-O", "mgf", f / "s.h5")
    before = rows(t, f, "many")
    for a, b in zip(blocks(done.out), before):
        same = all(a[x] == b[x] for x in ("mz", "intensity", "time", "precursor_mz"))
        t.check(same, "view -O mgf", a["id"])
    if ingest(t, f, "again", f.write("again.mgf", done.out), "m.h5"):
        again = rows(t, f, "again", store="m.h5")
        t.check(again == before, "MGF of a view, taken in again", f"{str(again)[:200]} {str(before)[:200]}")


def cut_off(t, f):
    """A text that ends within a block is refused."""
    with open(f"{HERE}/plain.in", "rb") as file:
        text = file.read()
    for n in range(len(b"BEGIN IONS\n"), len(text)):
        inside = text[:n].count(b"BEGIN IONS") > len(re.findall(rb"END IONS(?=\n|$)", text[:n]))
        if not inside:
            continue
        done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mgf", text[:n]))
        check_refusal(t, f"cut at {n}", done, ["x.mgf"], (DATA,))
    t.check(f.names() == ["x.mgf"], "cut off", f"left over: {f.names()}")


def parts():
    for path in sorted(glob.glob(f"{HERE}/*.in")):
        refused = os.path.exists(path[:-3] + ".err")
        yield Part(os.path.basename(path)[:-3], wrong if refused else legal, (path,))
    real = sorted(glob.glob(f"{SHARED}/massspec/**/*.mgf", recursive=True))
    for path in real:
        yield Part(os.path.basename(path), legal, (path,))
    if not real:
        yield Part("real texts", lambda t, _: t.skip(f"no MGF in {SHARED}/massspec"))


if __name__ == "__main__":
    main(*parts(), asked, cut_off)
