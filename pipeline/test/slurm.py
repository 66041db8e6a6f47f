"""
A real cluster of Slurm on this machine: two nodes, an array of 100 tasks into one bank, tasks killed in the
middle of their work and requeued, finished ones requeued as well; in the end each sample is in the bank once,
and collecting again changes nothing.

The cluster is made of Debian's slurm-wlm and munge: one munged with a key and a socket of its own, one
slurmctld, two slurmd. It lives in a temporary folder and on free ports and ends with the test. The tasks are
submitted by scripts/ops/slurm_submit.sh and run scripts/ops/slurm_array.sh.

Suites: soak.
"""
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time

from banktest import Bank, sheet
from containers import gzip
from fqmodel import reads
from vialtest import OK, VIAL, Folder, main, patient

OPS = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../scripts/ops"))
# LARGE: samples that take seconds, so that there is time to kill their tasks
TASKS, LARGE, KILLS, LATE = 100, 16, 5, 3
MEMBERS = 6                                # of 100,000 reads, in a large one
LIMIT = 480                                # s for the array

CONFIG_TEXT = """
ClusterName=vialtest
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={munge}/socket,cred_expire=20
StateSaveLocation={path}/state
SlurmdSpoolDir={path}/spool.%n
SlurmctldPidFile={path}/slurmctld.pid
SlurmdPidFile={path}/slurmd.%n.pid
SlurmctldLogFile={path}/slurmctld.log
SlurmdLogFile={path}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
ReturnToService=2
MinJobAge=3600
RequeueExit=75
KillWait=5
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=2
NodeName=n[0-1] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports[1]}-{ports[2]}] CPUs=2 RealMemory=16000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(t):
    """One port, and two in a row."""
    while True:
        first = t.random.randrange(20000, 30000)
        try:
            for port in (first, first + 1, first + 2):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", port))
            return first, first + 1, first + 2
        except OSError:
            pass


class Cluster:
    """munged, slurmctld and two slurmd; `with Cluster(folder) as c`."""

    def __init__(self, t, folder):
        self.t, self.path, self.daemons = t, folder.path, []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        munge, user = self.path + "/munge", pwd.getpwuid(os.geteuid()).pw_name
        for name in ("munge", "state", "spool.n0", "spool.n1", "logs"):
            os.mkdir(os.path.join(self.path, name), 0o755)
        with open(munge + "/key", "wb") as f:
            f.write(os.urandom(1024))
        os.chmod(munge + "/key", 0o400)
        host, ports = socket.gethostname().split(".")[0], free_ports(self.t)
        conf = self.path + "/slurm.conf"
        with open(conf, "w") as f:
            f.write(CONFIG_TEXT.format(host=host, ports=ports, user=user, munge=munge, path=self.path))
        os.environ["SLURM_CONF"] = conf
        self.daemon("munged", "--foreground", "--force", f"--key-file={munge}/key",
                    f"--socket={munge}/socket",
                    f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        self.wait(lambda: os.path.exists(munge + "/socket"), "munged", 20)
        self.daemon("slurmctld", "-D", "-c", "-f", conf)
        for node in ("n0", "n1"):
            self.daemon("slurmd", "-D", "-c", "-N", node, "-f", conf)
        self.wait(lambda: slurm("sinfo", "-h", "-o", "%T %D").split() == ["idle", "2"], "two idle nodes", 60)

    def daemon(self, *command):
        log = open(f"{self.path}/logs/{command[0]}.{len(self.daemons)}", "wb")
        self.daemons.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             cwd=self.path,
                                             start_new_session=True))

    def wait(self, condition, what, seconds):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"no {what} after {seconds} s: {self.last_words()}")
            time.sleep(0.2)

    def last_words(self):
        words = []
        for name in sorted(glob.glob(self.path + "/logs/*") + glob.glob(self.path + "/*.log")):
            with open(name, errors="replace") as f:
                words += [os.path.basename(name) + ": " + line.strip() for line in f.readlines()[-4:]]
        return " | ".join(words)

    def stop(self):
        """The daemons, and what of their jobs is left, found by the cluster's folder in the environment."""
        for sig, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            for d in reversed(self.daemons):
                if d.poll() is None:
                    d.send_signal(sig)
            end = time.monotonic() + seconds
            while any(d.poll() is None for d in self.daemons) and time.monotonic() < end:
                time.sleep(0.1)
        mark = f"SLURM_CONF={self.path}/slurm.conf".encode()
        for pid, text in processes("environ"):
            if mark in text.split(b"\0") and pid != os.getpid():
                kill(pid)


def kill(pid, sig=signal.SIGKILL):
    try:
        os.kill(pid, sig)
        return True
    except OSError:
        return False


def processes(what):
    """(pid, /proc/<pid>/<what>) of all processes that let us look."""
    for path in glob.glob("/proc/[0-9]*/" + what):
        try:
            with open(path, "rb") as f:
                yield int(path.split("/")[2]), f.read()
        except OSError:
            pass


def slurm(*command):
    """Standard output; nothing when the controller does not answer."""
    p = subprocess.run(command, capture_output=True, text=True, timeout=patient(60))
    return p.stdout if p.returncode == 0 else ""


def states(array):
    """Number of a task -> its state, for tasks that have been started at least once or are gone."""
    out = {}
    for line in slurm("squeue", "-h", "-r", "-t", "all", "-j", array, "-o", "%K %T").splitlines():
        number, state = line.split()
        if number.isdigit():
            out[int(number)] = state
    return out


def restarts(array):
    """How often Slurm itself says that it started tasks again."""
    text = slurm("scontrol", "show", "job", "-o", array)
    return sum(int(word.split("=")[1]) for word in text.split() if word.startswith("Restarts="))


def vials(number, bank):
    """Processes of a task, the supervisor first."""
    part = f"{number}/{TASKS}".encode()
    found = []
    for pid, text in processes("cmdline"):
        words = text.split(b"\0")
        if part in words and bank.path.encode() in words:
            found.append(pid)
    return sorted(found)


class Killer:
    """Kills tasks in two ways while they write, runs each again; stops one; runs some again that ended."""

    def __init__(self, t, bank, array):
        self.t, self.bank, self.array = t, bank, array
        self.requeued, self.killed, self.stopped, self.late = [], [], [], []

    def writes(self, number):
        """A store of its sample is half there."""
        return glob.glob(self.bank / f"samples/*/L{number}/.*.part")

    def requeue(self, number):
        """Slurm may ask to be asked again while a job ends."""
        for _ in range(100):
            if subprocess.run(["scontrol", "requeue", f"{self.array}_{number}"],
                              capture_output=True).returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def stop(self, number):
        """As Slurm does when time is nearly up: the item is finished, then 75, and the task runs again."""
        if any(kill(pid, signal.SIGINT) for pid in vials(number, self.bank)[:1]):
            self.stopped.append(number)

    def strike(self, now):
        """One step of the loop below."""
        done = {*self.requeued, *self.killed, *self.stopped}
        for number in range(1, LARGE + 1):
            if len(done) > 2 * KILLS or number in done:
                continue
            if now.get(number) != "RUNNING" or not self.writes(number):
                continue
            time.sleep(self.t.random.random() * 0.5)
            mine = vials(number, self.bank)
            if not mine:
                continue
            if len(done) == 2 * KILLS:
                self.stop(number)
            elif len(self.requeued) <= len(self.killed):
                if self.t.check(self.requeue(number), f"scontrol requeue of running task {number}"):
                    self.requeued.append(number)
            elif all([kill(pid) for pid in mine[:1]]):
                for pid in mine[1:]:
                    kill(pid)
                if self.t.check(self.requeue(number), f"scontrol requeue of killed task {number}"):
                    self.killed.append(number)
            return
        if len(self.late) < LATE:
            for number in range(LARGE + 1, TASKS + 1):
                if now.get(number) == "COMPLETED" and number not in self.late and self.requeue(number):
                    self.late.append(number)
                    return


def make_sheet(f):
    """LARGE samples, compressed, that differ in their first reads, then tiny ones; row i is task i."""
    block = gzip(reads(100000, 7, length=150), level=1)
    rows = []
    for i in range(1, TASKS + 1):
        name = f"L{i}" if i <= LARGE else f"T{i}"
        file = name + (".fastq.gz" if i <= LARGE else ".fastq")
        f.write(file, gzip(reads(20, i)) + MEMBERS * block if i <= LARGE else reads(20, i))
        rows.append((name, f / file, ""))
    return sheet(f, "run7.csv", rows), rows


def work(t, f, cluster, bank, path):
    """Submits, kills, waits for the end; (array, collecting job, killer)."""
    env = {**os.environ, "VIAL": VIAL}
    p = subprocess.run([OPS + "/slurm_submit.sh", "-c", "4", bank.path, path, "--cpus-per-task=1", "--mem=2G",
                        "--time=30"], env=env,
                       cwd=f.path, capture_output=True, text=True)
    words = p.stdout.replace(":", "").split()
    if not t.check(p.returncode == 0 and "100 tasks" in p.stdout and "collect" in words, "slurm_submit.sh",
                   p.stdout + p.stderr):
        return None
    array, job = words[words.index("array") + 1], words[words.index("collect") + 1]
    killer, end = Killer(t, bank, array), time.monotonic() + LIMIT
    while time.monotonic() < end:
        now = states(array)
        killer.strike(now)
        if len(now) == TASKS and "COMPLETED" in slurm("squeue", "-h", "-t", "all", "-j", job, "-o", "%T"):
            break
        time.sleep(0.1)
    now = states(array)
    wrong = {k: v for k, v in now.items() if v != "COMPLETED"}
    if not t.check(len(now) == TASKS and not wrong, "all tasks end well", f"{len(now)} {wrong}"):
        for number in list(wrong)[:3]:
            print(slurm("scontrol", "show", "job", "-o", f"{array}_{number}")[:600], flush=True)
            for log in glob.glob(f / f"vial-*_{number}.log"):
                print(open(log, errors="replace").read()[-600:], flush=True)
        print(cluster.last_words(), flush=True)
    return array, job, killer


def everything(bank):
    """What collecting again must not change."""
    tables = [bank.rows(f"SELECT count(*) FROM {x}")[0][0]
              for x in ("job", "refusal", "store", "sample", "input", "receipt")]
    return bank.ls(), tables


def array(t):
    """The large array; then, on the same cluster, one with a refused item."""
    with Folder() as f:
        bank = Bank(f, settings="[batch]\nreserve = 1M\n")
        path, rows_of_sheet = make_sheet(f)
        with Cluster(t, f) as cluster:
            start = time.monotonic()
            got = work(t, f, cluster, bank, path)
            if not got:
                return
            number, job, killer = got
            print(f"{TASKS} tasks on two nodes in {time.monotonic() - start:.0f} s; requeued while running: "
                  f"{killer.requeued}; killed, then requeued: {killer.killed}; stopped: {killer.stopped}; "
                  f"requeued after their end: {killer.late}; restarts that Slurm counts: {restarts(number)}",
                  flush=True)
            t.check(len(killer.requeued) >= KILLS and len(killer.killed) >= KILLS,
                    "there was time to kill enough",
                    f"{killer.requeued} {killer.killed}")
            # one that is told to stop may just finish
            again = len(killer.requeued) + len(killer.killed) + len(killer.late)
            t.check(len(killer.stopped) == 1, "one was stopped", str(killer.stopped))
            t.check(restarts(number) >= again, "Slurm ran them again", f"{restarts(number)} of {again}")
            state = slurm("squeue", "-h", "-t", "all", "-j", job, "-o", "%T").strip()
            t.check(state == "COMPLETED", "the collecting job", state)
            log = f.read(f"vial-{job}-collect.log").decode()
            t.check(" receipts: " in log and " 0 unreadable" in log, "what it says", log)
            print("the collecting job: " + log.strip(), flush=True)
            refusal(t, f, cluster)
        first, second = None, None
        for turn in (1, 2):
            done = bank.run("collect")
            t.check(done.code == OK, f"collect by hand, {turn}", done.out.decode() + done.err)
            first, second = second, everything(bank)
        t.check(second[0] == first[0], "ls is the same after another collect")
        t.check(second[1] == first[1], "jobs, refusals, stores, samples are as many",
                f"{first[1]} {second[1]}")
        left = glob.glob(bank / "receipts/*.json")
        # as if the collector had died before it moved them
        for p in glob.glob(bank / "receipts/done/*.json"):
            os.rename(p, p.replace("/done", ""))
        done = bank.run("collect")
        t.check(done.code == OK and everything(bank) == second and not left, "the same receipts once more",
                done.out.decode() + done.err)
        rows = bank.ls()
        t.check(len(rows) == TASKS and {r["sample"] for r in rows} == {r[0] for r in rows_of_sheet},
                "each sample is published once", str(len(rows)))
        t.check(len(bank.stores()) == TASKS, "as many stores", str(len(bank.stores())))
        t.check(second[1][1] == 0 and not bank.quarantine(), "nothing was refused",
                str(bank.quarantine())[:500])
        t.check(not bank.leftovers(), "nothing is left over", str(bank.leftovers()))
        done = bank.run("verify", "-q", "--all", timeout=300)
        t.check(done.code == OK, "verify --all", done.err)
        done = bank.run("catalog", "check")
        t.check(done.code == OK, "catalog check", done.out.decode() + done.err)
        other, hit = Bank(f, "other"), [f"L{i}" for i in (killer.requeued[0], killer.killed[0])]
        done = other.run("ingest", "-q", "--sheet",
                         sheet(f, "hit.csv", [r for r in rows_of_sheet if r[0] in hit]))
        same = {k: v for k, v in bank.digests().items() if k[0] in hit}
        t.check(done.code == OK and other.digests() == same, "killed or not, the same store",
                f"{done.err} {same}")


def refusal(t, f, cluster):
    """Three tasks, the second with a damaged file: 65 is FAILED to Slurm, and the collecting job runs."""
    bank = Bank(f, "three", "[batch]\nreserve = 1M\n")
    good = reads(20, 12)
    rows = [(f"R{i}", f.write(f"R{i}.fastq", reads(20, 10 + i) if i != 2 else good[:-30]), "")
            for i in (1, 2, 3)]
    path = sheet(f, "three.csv", rows)
    env = {**os.environ, "VIAL": VIAL, "BANK": bank.path, "SHEET": path}
    small = ["--cpus-per-task=1", "--mem=1G", "--time=30"]

    def ended(number):
        """Number of a task -> exit code, when all have ended."""
        cluster.wait(lambda: not slurm("squeue", "-h", "-j", number, "-o", "%T").strip(), f"end of {number}",
                     90)
        jobs = slurm("scontrol", "show", "job", "-o", number).splitlines()
        return {re.search(r"ArrayTaskId=(\d+)|$", x)[1]: re.search(r" ExitCode=(\S+)", x)[1] for x in jobs}

    def submit(*more):
        return subprocess.run(["sbatch", "--parsable", *more, *small, OPS + "/slurm_array.sh"], env=env,
                              cwd=f.path, capture_output=True,
                              text=True).stdout.strip()
    p = subprocess.run([OPS + "/slurm_submit.sh", bank.path, path, *small], env=env, cwd=f.path,
                       capture_output=True, text=True)
    words = p.stdout.replace(":", "").split()
    if not t.check(p.returncode == 0 and "3 tasks" in p.stdout, "slurm_submit.sh of three",
                   p.stdout + p.stderr):
        return
    codes = ended(words[words.index("array") + 1])
    t.check(codes == {"1": "0:0", "2": "65:0", "3": "0:0"}, "65 is a task's exit code", str(codes))
    codes = ended(words[words.index("collect") + 1])
    t.check(list(codes.values()) == ["0:0"] and {r["sample"] for r in bank.ls()} == {"R1", "R3"},
            "the others are collected", str(codes))
    t.check(bank.rows("SELECT count(*) FROM refusal") == [(1,)], "the refusal as well")
    f.write("R2.fastq", good)
    codes = ended(submit("--array=1,3"))
    t.check(set(codes.values()) == {"64:0"}, "a gap in the array without PARTS", str(codes))
    env["PARTS"] = "3"
    codes = ended(submit("--array=2"))
    t.check(codes == {"2": "0:0"} and bank.run("collect").code == OK and len(bank.ls()) == 3,
            "the mended one alone, as 2 of 3", str(codes))
    t.check(not bank.leftovers() and bank.run("catalog", "check").code == OK, "a whole bank of three")


def cluster(t, _):
    programs = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")
    missing = [x for x in programs if not shutil.which(x)]
    if missing:
        return t.skip(f"{', '.join(missing)} not installed (Debian: slurm-wlm munge)")
    array(t)


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    main(cluster)
