"""
scripts/ops: what an operator copies. The crontab line runs under cron's rules, the units pass systemd's own
checks and allow all that a night does, rotating the log loses no line, the Slurm scripts map and pass on what
they should, and the script of the Nextflow process runs when it is filled in. Nothing is installed, no daemon
is needed (slurm.py has those).

Suites: ops.
"""
import glob
import gzip as gz
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
import threading
import time

from banktest import Bank, mzml, sheet
from fqmodel import reads
from vialtest import BUILD, DATA, IOERR, OK, TEMPFAIL, USAGE, VIAL, Folder, main, patient, run

OPS = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../scripts/ops"))
ROOT = os.geteuid() == 0
INBOX = "\n[inbox seq]\npath = {}\nsettle = 0s\n[batch]\nreserve = 1M\n"


def text_of(name):
    with open(os.path.join(OPS, name), encoding="utf-8") as f:
        return f.read()


def command(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=patient(120),
                          **more)


def bank_with_inbox(f, n, name="bank"):
    os.makedirs(f / "in", exist_ok=True)
    for i in range(n):
        f.write(f"in/N{i}.fastq", reads(8, i))
    return Bank(f, name, INBOX.format(f / "in"))


# ---- cron ----


def cron_command(line):
    """What cron makes of a line: behind five fields, up to a %, of which \\% is one that stays."""
    rest = line.split(None, 5)[5]
    return re.split(r"(?<!\\)%", rest)[0].replace("\\%", "%")


def cron(t, _):
    text = text_of("crontab.example")
    lines = [x for x in text.splitlines() if x.strip() and not x.startswith("#") and not re.match(r"\w+=", x)]
    t.check(len(lines) == 1, "one line for cron", str(lines))
    t.check(all(re.fullmatch(r"[0-9*,/-]+", x) for x in lines[0].split()[:5]), "five fields of time",
            lines[0])
    t.check("/usr/local/bin/vial nightly -b /data/bank" in cron_command(lines[0]),
            "the whole command is before any %", lines[0])
    t.check(text.endswith("\n"), "cron wants a line break at the end")
    if shutil.which("crontab") and ROOT:
        done = command("crontab", "-n", OPS + "/crontab.example")
        t.check(done.returncode == 0, "crontab -n", done.stdout + done.stderr)
    with Folder() as f:
        bank = bank_with_inbox(f, 5)
        ours = cron_command(lines[0]).replace("/usr/local/bin/vial", VIAL).replace("/data/bank", bank.path)

        def night():
            return command("env", "-i", "HOME=" + f.path, "LOGNAME=biobank", "SHELL=/bin/sh",
                           "PATH=/usr/bin:/bin", "/bin/sh", "-c",
                           ours, cwd="/", stdin=subprocess.DEVNULL)
        for what in ("a night with work", "a night without"):
            done = night()
            t.check((done.returncode, done.stdout, done.stderr) == (OK, "", ""),
                    f"cron: {what} is 0 and silent",
                    f"{done.returncode} {done.stdout} {done.stderr}")
        t.check(len(bank.ls()) == 5, "cron: the work is done", str(len(bank.ls())))
        f.write("in/bad.fastq", reads(8, 9)[:-20])
        done = night()
        t.check(done.returncode == DATA and "bad" in done.stderr, "cron: a refused item is a mail and 65",
                done.stderr)


# ---- systemd ----


def options(t, _):
    """Every option that the documents and examples name is one of vial's, or of the program beside it."""
    known = set()
    for line in run("help").out.decode().splitlines():
        if re.match(r"  [a-z][a-z-]+ +\w", line):
            known |= set(re.findall(r"--[a-z][a-z-]+", run("help", line.split()[0]).out.decode()))
    t.check(len(known) > 40, "options of vial", str(known))
    others = re.compile(r"sbatch|SBATCH|systemctl|slurm_submit|SLURM"
                        r"|--(wrap|parsable|cpus-per-task|nodelist|array)"
                        r"|scripts/|meson|apt-get|git archive")
    top = os.path.join(OPS, "../..")
    paths = [top + "/README.md", *glob.glob(top + "/docs/*.md"), *glob.glob(OPS + "/*")]
    for path in paths:
        with open(path, encoding="utf-8") as g:
            for number, line in enumerate(g, 1):
                named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", line))
                if not others.search(line):
                    t.check(named <= known, f"{os.path.basename(path)}:{number}: options exist",
                            str(named - known))


def installed(t, f):
    """As installed elsewhere: the examples, help and the plugin's place have the configured paths."""
    if not shutil.which("meson"):
        return t.skip("meson is not installed")
    prefix = re.search(r"(\S+)/vial nightly", run("help", "nightly").out.decode())[1]
    done = command("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", f / "root")
    t.check(done.returncode == 0, "meson install", done.stderr)
    ops = glob.glob(f / "root/**/doc/vial/ops", recursive=True)
    t.check(len(ops) == 1, "examples are installed", str(ops))
    for name in ("crontab.example", "vial-nightly.service"):
        with open(os.path.join(ops[0], name), encoding="utf-8") as g:
            t.check(f"{prefix}/vial nightly -b /data/bank" in g.read(), f"{name}: the program's path")
    program = f / "root" + prefix + "/vial"
    t.check(os.access(program, os.X_OK), "the program is there", program)
    done = command(program, "plugin-path")
    t.check(done.returncode == 0 and os.path.exists(done.stdout.strip() + "/libvialfilter.so"), "plugin-path",
            done.stdout + done.stderr)


def unit_files(f):
    """The units in a folder, with programs that exist."""
    for name in ("vial-nightly.service", "vial-nightly.timer"):
        f.write(name, text_of(name).replace("/usr/local/bin/vial", VIAL).encode())
    return f / "vial-nightly.service", f / "vial-nightly.timer"


def settings(text):
    """Name -> values of a unit, in order."""
    out = {}
    for line in text.splitlines():
        if re.match(r"\w+=", line):
            name, value = line.split("=", 1)
            out.setdefault(name, []).append(value)
    return out


def allowed_calls(filters):
    """The system calls that SystemCallFilter= leaves."""
    sets, name = {}, None
    for line in command("systemd-analyze", "--no-pager", "syscall-filter").stdout.splitlines():
        word = line.strip()
        if line.startswith("@"):
            name = word
            sets[name] = []
        elif word and not word.startswith("#") and name:
            sets[name].append(word)

    def spread(words):
        return {c for w in words for c in (spread(sets.get(w, [])) if w.startswith("@") else {w})}
    calls = set()
    for f in filters:
        calls = calls - spread(f[1:].split()) if f.startswith("~") else calls | spread(f.split())
    return calls, set(sets)


def units(t, f):
    service = settings(text_of("vial-nightly.service"))
    timer = settings(text_of("vial-nightly.timer"))
    for name, value in (("Type", "oneshot"), ("ProtectSystem", "strict"),
                        ("ReadWritePaths", "/data/bank"), ("LimitCORE", "0"),
                        ("NoNewPrivileges", "true"), ("PrivateNetwork", "true"),
                        ("IOSchedulingClass", "idle")):
        t.check(service.get(name) == [value], f"service: {name}", str(service.get(name)))
    t.check(timer.get("Persistent") == ["true"] and "RandomizedDelaySec" in timer,
            "timer: catch-up and delay")
    t.check("SuccessExitStatus" not in service and "Restart" not in service,
            "service: every code but 0 is a failure")
    if not shutil.which("systemd-analyze"):
        return t.skip("systemd-analyze is not installed", 4)
    paths = unit_files(f)
    done = command("systemd-analyze", "--man=no", "verify", *paths)
    ours = [x for x in done.stderr.splitlines() if "vial-nightly" in x]
    t.check(done.returncode == 0 and not ours, "systemd-analyze verify", "; ".join(ours) or done.stderr)
    done = command("systemd-analyze", "calendar", timer["OnCalendar"][0])
    t.check(done.returncode == 0, "OnCalendar=", done.stderr)
    done = command("systemd-analyze", "--no-pager", "security", "--offline=true", "--threshold=15",
                   paths[0])
    t.check(done.returncode == 0 and "Overall exposure" in done.stdout,
            "systemd-analyze security: at most 1.5",
            done.stdout[-200:] + done.stderr)
    if not shutil.which("strace"):
        return t.skip("strace is not installed: system calls of a night")
    night_in_bounds(t, f, service)


def night_in_bounds(t, f, service):
    """All that a night does is allowed by the service: system calls, files, sockets, memory that is code."""
    calls, sets = allowed_calls(service["SystemCallFilter"])
    t.check("@system-service" in sets and "flock" in calls and "mount" not in calls, "sets of system calls",
            str(len(calls)))
    os.chmod(f.path, 0o777)
    os.mkdir(f / "in")
    for i in range(3):
        f.write(f"in/N{i}.fastq", reads(500, i))
    f.write("in/run.mzML", mzml())
    f.write("in/bad.fastq", reads(8, 9)[:-20])
    program = shutil.copy(VIAL, f / "vial")

    def somebody():
        if ROOT:
            os.setgid(65534)
            os.setuid(65534)
        os.umask(0o007)
    done = command(program, "init", f / "bank", preexec_fn=somebody)
    with open(f / "bank/bank.ini", "a") as g:
        g.write(INBOX.format(f / "in"))
    runs = [(["nightly"], DATA), (["withdraw", "--reason", "r", "N1"], OK), (["nightly"], DATA)]
    log = f / "trace"
    for i, (args, code) in enumerate(runs):
        done = command("strace", "-f", "-qq", "-y", "-o", f"{log}{i}", program, args[0], "-b", f / "bank",
                       *args[1:],
                       preexec_fn=somebody, env={"PATH": "/usr/bin:/bin"}, cwd="/")
        t.check(done.returncode == code, f"{args[0]} as somebody", done.stderr)
    text = "".join(open(f"{log}{i}", errors="replace").read() for i in (0, 2))
    used = set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)", text, re.M))
    t.check(len(used) > 30 and not used - calls - {"execve"}, "SystemCallFilter= allows all calls",
            str(sorted(used - calls)))
    families = set(re.findall(r"socket\((AF_\w+)", text))
    t.check(families <= {"AF_UNIX"}, "RestrictAddressFamilies=", str(families))
    both = [x for x in text.splitlines() if "PROT_WRITE|PROT_EXEC" in x or "mprotect(" in x
            and "PROT_EXEC" in x]
    t.check(not both, "MemoryDenyWriteExecute=", str(both[:2]))
    set_gid = re.search(r"(?:mkdir|chmod)\w*\([^)]*, 02[0-7]{3}\)", text)
    t.check(not set_gid and service.get("RestrictSUIDSGID") == ["true"],
            "RestrictSUIDSGID= allows all folders",
            str(set_gid))
    opened = re.findall(r'open(?:at)?\((?:AT_FDCWD[^,]*, )?"([^"]*)", ([A-Z_|]+)', text)
    outside = {p for p, how in opened if re.search("O_WRONLY|O_RDWR|O_CREAT", how)
               and not p.startswith((f / "bank/", tempfile.gettempdir() + "/", "/dev/null"))}
    outside |= {p for p in re.findall(r'(?:mkdir|unlink|rename|chmod)\("([^"]*)"',
                                      text) if not p.startswith(f / "bank")}
    outside |= {p for p, how in opened if p.startswith(f / "in") and "O_RDONLY" not in how}
    t.check(len(opened) > 20 and not outside, "writes are within the bank", str(sorted(outside)))


# ---- logrotate ----


def rotation(t, _):
    text = text_of("logrotate")
    words = {x.split()[0] for x in text.splitlines() if x.strip() and not x.strip().startswith("#")}
    t.check("copytruncate" not in words and not words & {"postrotate", "prerotate"},
            "no copytruncate, no signal", str(words))
    if not shutil.which("logrotate"):
        return t.skip("logrotate is not installed", 5)
    with Folder() as f:
        n = 120
        bank = bank_with_inbox(f, n)
        user, group = (command("id", which).stdout.strip() for which in ("-un", "-gn"))
        me = "su root root" if ROOT else f"su {user} {group}"
        conf = f.write("conf", text.replace("/data/bank", bank.path).replace("su vial vial", me).encode())
        os.chmod(conf, 0o644)
        done = command("logrotate", "-d", "-s", f / "state", conf)
        t.check(done.returncode == 0 and "error" not in done.stderr and bank.path in done.stderr,
                "logrotate -d", done.stderr)
        codes = []
        night = threading.Thread(target=lambda: codes.append(bank.run("nightly", "-j", 1, "-@", 1).code))
        night.start()
        while night.is_alive():
            done = command("logrotate", "-f", "-s", f / "state", conf)
            if done.returncode:
                codes.append(done.stderr)
            time.sleep(1.05)  # names of rotated files hold seconds
        night.join()
        t.check(codes == [OK], "a night while the log is rotated", str(codes))
        done = command("logrotate", "-f", "-s", f / "state", conf)
        bank.run("nightly")
        t.check(done.returncode == 0 and os.path.exists(bank / "reports/vial.log"),
                "a new file after rotation", done.stderr)
        t.check(oct(os.stat(bank / "reports/vial.log").st_mode & 0o777) == "0o640",
                "with the mode of the bank")
        files, lines = sorted(glob.glob(bank / "reports/vial.log*")), []
        for path in files:
            with (gz.open if path.endswith(".gz") else open)(path, "rt") as g:
                lines += g.read().splitlines()
        t.check(len(files) >= 3 and any(x.endswith(".gz") for x in files), "rotated and compressed",
                str(files))
        t.check(sum(" published " in x for x in lines) == n and sum(" nightly " in x for x in lines) == 2,
                "no line is lost",
                f"{len(files)} files, {len(lines)} lines")


# ---- Slurm, without it ----


def program(f, name, body):
    f.write(name, b"#!/bin/sh\n" + body.encode())
    os.chmod(f / name, 0o755)
    return f / name


def array_script(t, f):
    vial = program(f, "fake", 'echo "$@"; exit ${CODE:-0}\n')
    base = {"PATH": os.environ["PATH"], "VIAL": vial, "BANK": "/a bank", "SHEET": "/s.csv",
            "SLURM_CPUS_PER_TASK": "4"}

    def task(number, low, high, count, **more):
        env = {"SLURM_ARRAY_TASK_ID": number, "SLURM_ARRAY_TASK_MIN": low, "SLURM_ARRAY_TASK_MAX": high,
               "SLURM_ARRAY_TASK_COUNT": count}
        return command("bash", OPS + "/slurm_array.sh",
                       env={**base, **{k: str(v) for k, v in env.items()}, **more}, cwd="/")
    for numbers, more, part in (((1, 1, 100, 100), {}, "1/100"), ((100, 1, 100, 100), {}, "100/100"),
                                ((0, 0, 3, 4), {}, "1/4"),
                                ((13, 10, 13, 4), {}, "4/4"),
                                ((17, 3, 17, 2), {"PARTS": "100"}, "17/100")):
        done = task(*numbers, **more)
        t.check(done.returncode == OK
                and done.stdout == f"ingest -b /a bank --sheet /s.csv --task {part} -@ 4 -q\n",
                f"array task {numbers}", done.stdout + done.stderr)
    done = task(17, 3, 17, 2)
    t.check(done.returncode == USAGE and "PARTS" in done.stderr, "a gap in the array", done.stderr)
    done = task(1, 1, 2, 2, SLURM_MEM_PER_NODE="8192")
    t.check("--max-memory 6144M -q" in done.stdout, "memory", done.stdout)
    for code in (DATA, IOERR, TEMPFAIL):
        t.check(task(1, 1, 2, 2, CODE=str(code)).returncode == code, f"{code} is passed on")
    done = command("bash", OPS + "/slurm_array.sh", env={"PATH": os.environ["PATH"]})
    t.check(done.returncode not in (OK, DATA, TEMPFAIL) and "BANK" in done.stderr, "no bank", done.stderr)
    directives = re.findall(r"^#SBATCH (\S+)", text_of("slurm_array.sh").split("set -euo")[0], re.M)
    t.check("--requeue" in directives and "--array=1-100%8" in directives,
            "directives stand before the commands", str(directives))


def submit_script(t, f):
    bank = Bank(f, "a bank")
    rows = [(f"S{i}", f.write(f"a{i}.fastq", reads(3, i)), "") for i in range(7)]
    path = sheet(f, "a sheet.csv", rows)
    program(f, "sbatch",
            'for x; do printf "%s\\n" "$x"; done >> ' + f / "told" + '\necho "$BANK|$SHEET" >> ' +
            f / "told" + '\necho "42;here"\n')
    env = {**os.environ, "VIAL": VIAL, "PATH": f.path + ":" + os.environ["PATH"], "PARTS": "3"}
    done = command(OPS + "/slurm_submit.sh", "-w", "node7", bank.path, path, "--mem=2G", env=env)
    told = f.read("told").decode().splitlines()
    t.check(done.returncode == OK and "array 42: 7 tasks" in done.stdout, "submit",
            done.stdout + done.stderr)
    t.check({"--array=1-7%8", "--mem=2G", OPS + "/slurm_array.sh", f"{bank.path}|{path}"} <= set(told),
            "the array", str(told))
    t.check({"--dependency=afterany:42", "--nodelist=node7",
             'exec "$VIAL" collect -b "$BANK"'} <= set(told), "the collecting job", str(told))
    f.clear("told")
    done = command(OPS + "/slurm_submit.sh", "-x", "-n", "3", "-c", "2", bank.path, path, env=env)
    told = f.read("told").decode()
    t.check(done.returncode == OK and "--array=1-3%2" in told and "afterany" not in told, "-x -n -c",
            told)
    f.clear("told")
    bad = sheet(f, "bad.csv", [("S1", f / "nothing.fastq", "")])
    done = command(OPS + "/slurm_submit.sh", bank.path, bad, env=env)
    t.check(done.returncode == DATA and "nothing.fastq" in done.stderr and not os.path.exists(f / "told"),
            "a bad sheet is not submitted",
            f"{done.returncode} {done.stderr}")
    done = command(OPS + "/slurm_submit.sh", bank.path, env=env)
    t.check(done.returncode == USAGE and "slurm_submit.sh [-n" in done.stderr, "usage", done.stderr)


# ---- Nextflow, without it ----


def filled_in(block, values):
    """A Groovy string in three quotes as the shell gets it."""
    text = re.sub(r"(?<!\\)\$\{([^}]*)\}", lambda m: values[m[1]], textwrap.dedent(block))
    return text.replace("\\$", "$").replace("\\\\", "\\")


def process(t, _):
    text = text_of("vial_ingest.nf")
    code = re.sub(r"^ *//[^\n]*", "", text, flags=re.M)
    t.check(code.count("{") == code.count("}") and code.count('"""') == 4,
            "vial_ingest.nf: braces and quotes")
    parts = re.findall(r"\n    (input|output|when|script|stub):\n", code)
    t.check(parts == ["input", "output", "when", "script", "stub"], "its parts", str(parts))
    t.check(re.search(r"task\.exitStatus == 75 \? 'retry'", code), "75 alone is retried")
    script, stub = re.findall(r'"""\n(.*?)"""', code, re.S)
    values = {"task.cpus": "1", "memory": "--max-memory 768M", "sample": "S 1",
              "lane": "--acquisition 'L001'", "args": "--profile archive",
              "prefix": "S1", "reads": "S1_R1.fastq S1_R2.fastq", "task.process": "BANK:VIAL_INGEST"}
    for name, block in (("script", script), ("stub", stub)):
        for empty in (False, True):
            with Folder() as f:
                os.symlink(VIAL, f / "vial")
                f.write("S1_R1.fastq", reads(20, 1, mate=1))
                f.write("S1_R2.fastq", reads(20, 1, mate=2))
                v = {**values, **({"memory": "", "lane": "", "args": ""} if empty else {})}
                done = command("bash", "-ue", "-c", filled_in(block, v), cwd=f.path,
                               env={"PATH": f.path + ":/usr/bin:/bin"})
                t.check(done.returncode == OK and not done.stderr and os.path.exists(f / "S1.h5"),
                        f"{name} runs", done.stderr)
                if done.returncode:
                    continue
                versions = f.read("versions.yml").decode()
                t.check(re.fullmatch(r'"BANK:VIAL_INGEST":\n    vial: [0-9.]+\n', versions),
                        f"{name}: versions.yml", versions)
                if name == "script":
                    t.check(run("verify", "-q", f / "S1.h5").code == OK, "its store verifies")


def shell_scripts(t, _):
    for name in sorted(os.listdir(OPS)):
        if not name.endswith(".sh"):
            continue
        t.check(os.access(os.path.join(OPS, name), os.X_OK), f"{name} can be run")


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    main(shell_scripts, options, installed, cron, units, rotation, array_script, submit_script, process)
