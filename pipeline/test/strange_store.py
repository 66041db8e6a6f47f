"""
A store with columns that this program does not know, and without one that it knows: listed, viewed, verified,
exported.

Suites: store view.
"""
import json
import os
import subprocess

from vialtest import BUILD, OK, USAGE, main, run

TEXT = b"@a\nACGT\n+\n\"#$%\n@b\nACGT\n+\n\"#$%\n"


def strange_store(t, f):
    store = f / "strange.h5"
    done = subprocess.run([f"{BUILD}/pipeline/test/strange_store", store], capture_output=True, text=True)
    if not t.check(done.returncode == 0, "a strange store is made", done.stderr):
        return
    for command in ("verify", "export", "view"):
        done = run(command, store)
        t.check(done.code == OK and (command == "verify" or done.out == TEXT), command,
                done.err or repr(done.out))
    done = run("info", "--json", store)
    paths = {c["path"] for c in json.loads(done.out)["columns"]} if done.code == OK else set()
    t.check({"reads/XX", "reads/score", "reads/moves", "place/at"} <= paths, "info lists them",
            f"{paths} {done.err}")
    done = run("info", "--schema", store)
    lines = {line.split()[0]: line for line in done.out.decode().splitlines()[1:]} if done.code == OK else {}
    score = lines.get("reads/score", "")
    t.check("bits" in score and "how good it is" in score and "reads/plus" not in lines, "info --schema",
            done.out.decode() + done.err)
    check_columns(t, store)
    at = os.path.getsize(store) // 2
    data = bytearray(f.read("strange.h5"))
    data[at] ^= 4
    f.write("strange.h5", data)
    t.check(run("verify", store).code != OK, "a flipped bit is found")


def check_columns(t, store):
    for columns, expected in (("name,XX", b"name\tXX\na\ttag\\tof a\nb\t\n"),
                              ("reads/score,moves,row",
                               b"reads/score\tmoves\trow\n12.5\t-7,0,300\t0\n\t\t1\n"),
                              ("name,plus", b"name\tplus\na\t\nb\t\n")):
        done = run("view", store, "--columns", columns)
        t.check(done.code == OK and done.out == expected, f"--columns {columns}", done.err or repr(done.out))
    for columns, part in (("place/at", "has a row for each place, not for each read"),
                          ("nothing", "no column is called")):
        done = run("view", store, "--columns", columns)
        t.check(done.code == USAGE and part in done.err, f"--columns {columns}", done.err)


if __name__ == "__main__":
    main(strange_store)
