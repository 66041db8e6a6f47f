"""
Documents of mass spectra in XML, made by hand or real: they come back byte for byte, a view of them says what
a model says, written by Python's own libraries, and the mzML that a view makes of them means the same.

A model is a function of a document's bytes: what `vial view -O json` must say of each spectrum, in turn.

Suites: none.
"""
import json
import os
import re

import mxmodel
from vialtest import DATA, OK, SANITIZED, check_refusal, run

COUNTERS = ("n_not_a_number", "n_array_length", "n_encoded_length", "n_unknown_array", "n_kept_text",
            "n_kept_stream", "n_not_utf8", "n_time_without_unit")


def ingest(t, f, what, path, store="s.h5"):
    f.clear(store)
    done = run("ingest", "-q", "-o", f / store, path)
    return t.check(done.code == OK and not done.err, what, f"exit code {done.code}: {done.err.strip()}")


def notes(f):
    said = json.loads(run("info", "--json", f / "s.h5").out)["notes"]
    return {**said["/"], **said["source"]}


def rows(t, f, what, *options, store="s.h5"):
    done = run("view", "-O", "json", *options, f / store)
    t.check(done.code == OK and not done.err, what, f"view: {done.err.strip()}")
    return [json.loads(line) for line in done.out.splitlines()]


def comes_back(t, f, what, text):
    back = run("export", "-q", f / "s.h5")
    t.check(back.code == OK and back.out == text, what, f"export: {len(back.out)} of {len(text)}: {back.err}")
    done = run("verify", f / "s.h5")
    t.check(done.code == OK and b"original text compared" in done.out, what, f"verify: {done.err}")


def says(t, what, got, want):
    want = list(want)
    if not t.check(len(got) == len(want), what, f"{len(got)} spectra, expected {len(want)}"):
        return
    for a, b in zip(got, want):
        for key, value in b.items():
            t.check(mxmodel.same(a.get(key), value), f"{what}, {b['id']}",
                    f"{key} is {str(a.get(key))[:200]}, expected {str(value)[:200]}")


def as_mzml(t, f, what, got):
    """The document that view makes has the same meaning."""
    done = run("view", "-O", "mzml", f / "s.h5")
    if not got:
        t.check(done.code != OK and "no spectra" in done.err, what, done.err)
        return
    t.check(done.code == OK, what, f"view -O mzml: {done.err.strip()}")
    if ingest(t, f, f"{what}, as mzML", f.write("x.mzML", done.out), "m.h5"):
        again = rows(t, f, what, store="m.h5")
        for a, b in zip(got, again):
            a |= {k: [] for k in ("mz", "intensity") if a[k] is None} # bytes are left out
            known = {k: v for k, v in (a.get("arrays") or {}).items() if v is not None}
            a = {k: v for k, v in a.items() if k != "arrays"} | ({"arrays": known} if known else {})
            t.check(a == b, f"{what}, as mzML", f"{str(a)[:300]} became {str(b)[:300]}")
        t.check(len(got) == len(again), what, f"{len(again)} spectra in the mzML")


def real(t, f, model, path):
    """A document, whatever is in it; its rows, None if it is refused."""
    what = os.path.basename(path)
    with open(path, "rb") as file:
        text = file.read()
    if not ingest(t, f, what, path):
        return None
    comes_back(t, f, what, text)
    got = rows(t, f, what)
    says(t, what, got, model(text))
    as_mzml(t, f, what, got)
    return got


def legal(t, f, model, path, noted):
    """A document of our own; noted: what info says of it, counters that are not there are 0."""
    if real(t, f, model, path) is None:
        return
    what, said = os.path.basename(path), notes(f)
    for key, value in noted.items():
        t.check(str(said.get(key)) == str(value), what, f"{key} is {said.get(key)!r}, expected {value!r}")
    for key in COUNTERS:
        if key not in noted:
            t.check(not said.get(key), what, f"{key} is {said.get(key)}")


def wrong(t, f, path):
    what = os.path.basename(path)[:-3]
    with open(path[:-3] + ".err", encoding="utf-8") as file:
        part = file.read().strip()
    done = run("ingest", "-q", "-o", f / "s.h5", path)
    check_refusal(t, what, done, [part, os.path.basename(path)], (DATA,))
    t.check(f.names() == [], what, f"left over: {f.names()}")


def cut_off(t, f, path, name):
    """A document that ends too early is refused, wherever that is. Name: of such a file. Half a reference is
    wrong in another way."""
    with open(path, "rb") as file:
        text = re.sub(b"&[a-z]*;", b"-", file.read())
    for n in range(60, len(text.rstrip()), 41 if SANITIZED else 7):
        done = run("ingest", "-q", "-o", f / "s.h5", f.write(name, text[:n]))
        check_refusal(t, f"cut at {n}", done, [name, "ends"], (DATA,))
    t.check(f.names() == [name], "cut off", f"left over: {f.names()}")
