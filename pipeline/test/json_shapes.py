"""
What vial prints as JSON has the shapes of docs/json.schema.json: every member, of its type, and no other.

Suites: cmd.
"""
import json

from banktest import Bank, mzml, sheet
from fqmodel import reads
from vialtest import OK, main, run

with open("docs/json.schema.json") as file:
    SHAPES = json.load(file)["$defs"]

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict,
         "array": list, "null": type(None)}


def wrong(value, shape, at=""):
    """What does not fit; the few words of JSON Schema that the file uses. None: nothing."""
    kinds = shape.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[k]) and isinstance(value, bool) == (k == "boolean")
                         for k in kinds):
        return f"{at}: {value!r} is not of {kinds}"
    if "enum" in shape and value not in shape["enum"]:
        return f"{at}: {value!r} is none of {shape['enum']}"
    if isinstance(value, list):
        found = (wrong(x, shape.get("items", {}), f"{at}[{i}]") for i, x in enumerate(value))
        return next(filter(None, found), None)
    if isinstance(value, dict):
        return wrong_members(value, shape, at)
    return None


def wrong_members(value, shape, at):
    lacks = [k for k in shape.get("required", []) if k not in value]
    if lacks:
        return f"{at}: lacks {lacks}"
    other = shape.get("additionalProperties", True)
    for name, x in value.items():
        member = shape.get("properties", {}).get(name, other)
        if member is False:
            return f"{at}: has {name}"
        said = wrong(x, member, f"{at}.{name}") if isinstance(member, dict) else None
        if said:
            return said
    return None


def fits(t, what, text, shape):
    for line in text if isinstance(text, list) else [text]:
        why = wrong(json.loads(line), SHAPES[shape], what)
        t.check(why is None, f"{what} is of shape {shape}", why)


def lines_of(text):
    return [x for x in text.splitlines() if x.startswith("{")]


def stores(t, f):
    for name, text in (("a.fq", reads(20000, seed=1)), ("none.fq", b""), ("run7.mzML", mzml())):
        done = run("ingest", "--progress", "json", "--force", "-o", f / "s.h5", f.write(name, text))
        t.check(done.code == OK and lines_of(done.err), f"{name}: progress", done.err)
        fits(t, f"{name}: progress", lines_of(done.err), "progress")
        for words, shape in ((["info", "--json"], "info"), (["info", "--json", "--schema"], "schema")):
            fits(t, f"{name}: {words}", run(*words, f / "s.h5").out, shape)
    kinds = json.loads(run("info", "--json", "--schema").out)
    t.check({k["kind"] for k in kinds} >= {"reads", "spectra"}, "every kind")
    fits(t, "info --json --schema", [json.dumps(k) for k in kinds], "schema")


def banks(t, f):
    bank = Bank(f)
    for i, text in enumerate((reads(5, seed=1), reads(5, seed=2))):
        done = bank.run("ingest", "-s", "007", "--acquisition", "1", "--supersede", "--progress", "json",
                        f.write(f"{i}.fq", text))
        t.check(lines_of(done.err), "progress of a batch: at its end at least", done.err)
        fits(t, "progress of a batch", lines_of(done.err), "progress_batch")
    bank.run("ingest", "-s", "S2", f.write("run7.mzML", mzml()))
    fits(t, "a record", [bank.run("info", "--json", s).out for s in ("007", "S2")], "sample")
    fits(t, "ls", bank.run("ls", "--json").out.decode().splitlines(), "ls")
    fits(t, "qc", bank.run("qc", "--json").out.decode().splitlines(), "qc")
    said = json.loads(bank.run("info", "--json", "007/1").out)
    t.check(said["sample"] == said["notes"]["/"]["vial.sample"] == "007", "a name of digits stays a text")
    bank.run("withdraw", "--reason", "x", "S2")
    fits(t, "a withdrawn one", bank.run("info", "--json", "S2").out, "sample")
    path = sheet(f, "s.csv", [["007", f / "1.fq", "D", "1"], ["007", f / "0.fq", "D", "1"],
                              ["S2", f / "run7.mzML", "", ""], ["S3", f / "none", "", ""]],
                 ("sample", "file_1", "donr", "acquisition"))
    for args in ((), ("--correct",)):
        done = bank.run("ingest", "--sheet", path, "--check", "--json", *args)
        fits(t, f"--check {args}", done.out, "check")
    fits(t, "--check alone", run("ingest", "--sheet", path, "--check", "--json").out, "check")


if __name__ == "__main__":
    main(stores, banks)
