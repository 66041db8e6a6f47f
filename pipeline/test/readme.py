"""
README.md says what is so: its commands run, its Python runs, and the options it names exist.

A ```sh block with the line `# (a test runs this)` is run whole, to the letter, from a folder that holds
scripts/. Of the other ```sh blocks each line that begins with `vial ` is run, in order, in a folder of its
own with small inputs under the names used there. Each ```python block with the line `# (a test runs this)` is
run beside the stores that came to be.

Suites: docs.
"""
import functools
import os
import random
import re
import shlex
import subprocess
import sys

from bammodel import header, record, tag
from containers import bgzf, zstd
from fqmodel import parse, reads
from imzmodel import continuous, grid
from imzmodel import document as image
from mzmodel import chromatogram, document, plain, precursor, spectrum, two
from vialtest import BUILD, OK, VIAL, Folder, main, patient, run

INPUT = re.compile(r"\.(fastq|fq|bam|i?mzml)(\.gz|\.zst)?$", re.I)
RUN_THIS = "# (a test runs this)"


def blocks(text):
    """(language, lines) of each fenced block."""
    out, inside = [], None
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            if inside is None:
                inside = (line.strip()[3:].strip(), [])
            else:
                out.append(inside)
                inside = None
        elif inside is not None:
            inside[1].append(line)
    return out


def commands(lines):
    """Lines that begin with vial, those that go on after a backslash joined."""
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [line.strip() for line in joined if line.startswith("vial ")]


def words_of(line):
    """The words of a command up to a pipe, a redirection or a comment."""
    out = []
    for word in shlex.split(line, comments=True):
        if word in ("|", ">", "2>", "<", "&&", ";", "||"):
            break
        out.append(word)
    return out


def inputs_of(words):
    """Files that the command reads: those that are not the value of an output option."""
    out, outputs = [], ("-o", "--output", "-1", "-2")
    for before, word in zip(words, words[1:]):
        if before not in outputs and INPUT.search(word) and not word.startswith("-"):
            out += word.split(",")
    return out


def hifi():
    return header() + b"".join(record(b"m1/%d/ccs" % i, "ACGT" * 9, bytes([40] * 36),
                                      tag("np", "i", i) + tag("rq", "f", 0.5)) for i in range(20))


def aligned():
    """Reads on three contigs, every 100 letters."""
    contigs = [(b"chr1", 40000), (b"chr2", 40000), (b"chr3", 40000)]
    text = b"@HD\tVN:1.6\tSO:coordinate\n" + b"".join(b"@SQ\tSN:%s\tLN:%d\n" % c for c in contigs)
    return header(text, contigs) + b"".join(
        record(b"a%d.%d" % (c, at), "ACGT" * 25, bytes([40] * 100), flag=16, place=(c, at, -1, -1, 0),
               mapq=60, bin_=4681 + (at >> 14) if at >> 14 == at + 99 >> 14 else 585, cigar=(100 << 4,))
        for c in range(3) for at in range(0, 39900, 100))


def make_input(f, name, one, two_, spectra):
    text = two_ if re.search(r"R2|_2\b|_2\.", name) else one
    if "mzml" in name.lower():
        text = spectra
    if name.endswith(".bam"):
        text = aligned() if "sorted" in name else hifi()
    path = os.path.join(f.path, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if name.endswith(".imzML"):
        places = grid(4, 3)
        ibd, arrays = continuous(random.Random(3), places, 50)
        f.write(name[:-5] + "ibd", ibd.data)
        text = image(arrays, ibd.data, places, mode="continuous")
    with open(path, "wb") as file:
        file.write(bgzf(text) if name.endswith((".gz", ".bam")) else zstd(text) if name.endswith(".zst")
                   else text)


@functools.lru_cache(maxsize=None)
def known_options(command):
    done = run("help", command)
    if done.code != OK:
        return None
    return set(re.findall(r"(?<![\w-])--?[A-Za-z0-9@][a-z-]*", done.out.decode()))


def check_options(t, line):
    words = words_of(line)
    if len(words) < 2 or words[1].startswith("-"):
        return
    known = known_options(words[1])
    if words[1].isupper() or not t.check(known is not None, line, f"there is no command {words[1]}"):
        return
    for word in words[2:]:
        if re.match(r"--[a-z]|-[A-Za-z@0-9]$", word) and not re.match(r"-\d+$", word) or word in ("-1", "-2"):
            t.check(word.split("=")[0] in known, line, f"'vial help {words[1]}' does not know {word}")


def check_mentions(t, text):
    """Options in running text: of the command that stands before them in the same code, or of any."""
    commands_of = ("ingest", "info", "view", "xic", "image", "export", "verify")
    every = set().union(*(known_options(c) or set() for c in commands_of))
    outside = re.sub(r"```.*?```", "", text, flags=re.S)
    for code in re.findall(r"`([^`\n]+)`", outside):
        if code.startswith("vial "):
            try:
                check_options(t, code)
            except ValueError as e:
                t.check(False, code, str(e))
        elif code.startswith("--"):
            t.check(code.split()[0].split("=")[0] in every, code, "no command has this option")
    for command in re.findall(r"\bvial ([a-z-]+)`", outside):
        t.check(known_options(command) is not None, f"vial {command}", "there is no such command")
    for profile in re.findall(r"^\| `(\w+)` \|.*\|$", outside, re.M):
        if "profile |" in outside and profile in ("fast", "compact", "archive", "portable"):
            t.check(profile in run("help", "ingest").out.decode(), f"profile {profile}",
                    "ingest does not know it")


def run_commands(t, f, lines, env):
    one, two_ = reads(400, seed=1), reads(400, seed=1, mate=2)
    spectra = document([spectrum(i, two(200 + i, i), 200 + i, time=i * 10, level=1 + i % 2,
                                 precursors=[precursor("445.12", [("445.1201", 2, "1e5")])] if i % 2 else ())
                                 for i in range(80)], [chromatogram(0, two(80), 80)])
    for line in lines:
        words = words_of(line)
        if "..." in line or any(w.isupper() and len(w) > 3 for w in words[1:]):
            continue  # a pattern, not a command
        for name in inputs_of(words):
            if not os.path.exists(os.path.join(f.path, name)):
                make_input(f, name, one, two_, spectra)
        for name in (w for w in words[2:] if w.endswith(".h5")):
            if words[1] != "ingest" and not os.path.exists(os.path.join(f.path, name)):
                make_input(f, "made.fastq", one, two_, spectra)
                run("ingest", "-q", "-o", f / name, f / "made.fastq")
        done = subprocess.run(["sh", "-c", line], cwd=f.path, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=patient(60))
        err = done.stderr.decode("utf-8", "replace")
        t.check(done.returncode == 0, line, f"exit code {done.returncode}: {err.strip()[:300]}")
        if words[1] == "view" and "-o" in words:
            made = os.path.join(f.path, words[words.index("-o") + 1])
            t.check(os.path.exists(made) and os.path.getsize(made) > 0, line, "writes nothing")
        elif words[1] == "view":
            t.check(len(done.stdout) > 0, line, "prints nothing")
        for a, b in zip(words, words[1:]):
            if words[1] in ("ingest", "export") and a in ("-o", "-1", "-2", "--output") and b != "-":
                t.check(os.path.getsize(os.path.join(f.path, b)) > 0, line, f"did not make {b}")
    # what the page promises: the originals back
    for line in lines:
        words = words_of(line)
        if words[1:2] == ["export"] and "-1" in words and "-2" in words:
            for option, text in (("-1", one), ("-2", two_)):
                path = os.path.join(f.path, words[words.index(option) + 1])
                t.check(os.path.exists(path) and plain(path) == text, line, f"{option} is not the original")
    return one


def run_python(t, f, all_blocks, env, one):
    marked = [lines for language, lines in all_blocks if language == "python"
              and any(x.strip() == RUN_THIS for x in lines)]
    t.check(marked, "README.md", f"no python block has the line {RUN_THIS}")
    folder = subprocess.run([VIAL, "plugin-path"], stdout=subprocess.PIPE).stdout.decode().strip()
    for lines in marked:
        code = "\n".join(lines)
        for name in re.findall(r'"([\w./-]+\.h5)"', code):
            if not os.path.exists(os.path.join(f.path, name)):
                run("ingest", "-q", "-o", f / name, f.write("made.fastq", one))
        done = subprocess.run([sys.executable, "-c", code], cwd=f.path,
                              env={**env, "HDF5_PLUGIN_PATH": folder}, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        what = f"python: {lines[1][:60]}"
        t.check(done.returncode == 0, what, done.stderr.decode("utf-8", "replace")[-400:])
        t.check(done.stdout.strip(), what, "prints nothing")
        if "reads/base" in code and "[first]" in code:
            t.check(parse(one)[0][1] in done.stdout, what,
                    f"does not print the first read: {done.stdout[:200]!r}")


def run_whole(t, lines, env):
    """A block to the letter: every command must succeed."""
    with Folder() as f:
        os.symlink(os.path.abspath("scripts"), f / "scripts")
        path = os.path.dirname(VIAL) + ":" + os.environ.get("PATH", "/usr/bin:/bin")
        p = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(lines)], cwd=f.path,
                           env={**os.environ, **env, "PATH": path,
                           "VIAL_BUILD": BUILD},
                           capture_output=True, timeout=patient(600))
        t.check(p.returncode == 0, "README.md, a block as it stands",
                p.stderr.decode("utf-8", "replace")[-500:])


def check_files(t, all_blocks, text):
    """Scripts and pages that it names are there."""
    for language, lines in all_blocks:
        for line in lines:
            word = line.split()[0] if line.split() else ""
            if re.match(r"scripts/[\w-]+$", word):
                t.check(os.access(word, os.X_OK), word, "is not there, or cannot be run")
    for name in re.findall(r"`((?:scripts|bench|testdata|pipeline|formats|kernels)/[\w./-]*)`", text):
        t.check(os.path.exists(name), name, "is not there")
    for name in re.findall(r"\]\((?!http)([\w./-]+)", text):
        t.check(os.path.exists(name), name, "is linked, and is not there")


def readme(t, f):
    with open("README.md", encoding="utf-8") as page:
        content = page.read()
    found = blocks(content)
    in_shell = [lines for language, lines in found if language in ("sh", "bash", "shell")]
    whole = [lines for lines in in_shell if any(x.strip() == RUN_THIS for x in lines)]
    shell = [line for lines in in_shell if lines not in whole for line in commands(lines)]
    t.check(len(shell) >= 5, "README.md", f"{len(shell)} commands in its sh blocks")
    for one_line in shell:
        check_options(t, one_line)
    check_mentions(t, content)
    check_files(t, found, content)
    tools = os.path.dirname(VIAL)
    if os.path.basename(VIAL) != "vial":
        os.symlink(VIAL, f / "vial")
        tools = f.path
    environment = {**os.environ, "PATH": tools + ":" + os.environ.get("PATH", "")}
    for lines in whole:
        run_whole(t, lines, environment)
    first_mates = run_commands(t, f, shell, environment)
    run_python(t, f, found, environment, first_mates)


if __name__ == "__main__":
    main(readme)
