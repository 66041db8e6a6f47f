"""
A store with columns that this program does not know, and without one that it knows: listed, viewed, verified,
exported.

Suites: store view.
"""
import json
import os
import subprocess

from vialtest import OK, USAGE, VIAL, Folder, Tally, run

TEXT = b"@a\nACGT\n+\n\"#$%\n@b\nACGT\n+\n\"#$%\n"


def main():
    t = Tally()
    with Folder() as f:
        store = f / "strange.h5"
        done = subprocess.run([os.path.join(os.path.dirname(VIAL), "pipeline/test/strange_store"), store], capture_output=True, text=True)
        if not t.check(done.returncode == 0, "a strange store is made", done.stderr):
            t.end()
        done = run("verify", store)
        t.check(done.code == OK, "verify", done.err)
        done = run("export", store)
        t.check(done.code == OK and done.out == TEXT, "export", done.err or repr(done.out))
        done = run("view", store)
        t.check(done.code == OK and done.out == TEXT, "view", done.err or repr(done.out))
        done = run("info", "--json", store)
        paths = {c["path"] for c in json.loads(done.out)["columns"]} if done.code == OK else set()
        t.check({"reads/XX", "reads/score", "reads/moves", "place/at"} <= paths, "info lists them", f"{paths} {done.err}")
        done = run("info", "--schema", store)
        lines = {line.split()[0]: line for line in done.out.decode().splitlines()[1:]} if done.code == OK else {}
        t.check("bits" in lines.get("reads/score", "") and "how good it is" in lines.get("reads/score", "") and
                "reads/plus" not in lines, "info --schema", done.out.decode() + done.err)
        for columns, expected in (("name,XX", b"name\tXX\na\ttag\\tof a\nb\t\n"),
                                  ("reads/score,moves,row", b"reads/score\tmoves\trow\n12.5\t-7,0,300\t0\n\t\t1\n"),
                                  ("name,plus", b"name\tplus\na\t\nb\t\n")):
            done = run("view", store, "--columns", columns)
            t.check(done.code == OK and done.out == expected, f"--columns {columns}", done.err or repr(done.out))
        for columns, part in (("place/at", "has a row for each place, not for each read"), ("nothing", "no column is called")):
            done = run("view", store, "--columns", columns)
            t.check(done.code == USAGE and part in done.err, f"--columns {columns}", done.err)
        at = os.path.getsize(store) // 2
        with open(store, "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 4]))
        t.check(run("verify", store).code != OK, "a flipped bit is found")
    t.end()


if __name__ == "__main__":
    main()
