"""
The page of a night in headless Chromium: it renders, nothing is written to the console, nothing is asked of the network.
Skipped where Chromium is not installed. With a file name, the picture is kept there.

Suites: bank.
"""
from banktest import *

t = Tally()
need_vial()
browser = shutil.which("chromium") or shutil.which("chromium-browser")
if not browser:
    t.skip("Chromium is not installed: the page of a night in a browser")
    t.end()


def requests(log):
    """Addresses that the page, not the browser itself, asked for."""
    with open(log, encoding="utf-8") as g:
        events = json.load(g)["events"]
    asked = {e["params"]["url"] for e in events if isinstance(e.get("params"), dict) and "url" in e["params"]}
    return sorted(u for u in asked if u.startswith(("http:", "https:", "ws:", "wss:", "ftp:")))


with Folder() as f:
    os.mkdir(f / "in")
    bank = Bank(f, settings=f"[inbox seq]\npath = {f / 'in'}\nsettle = 0s\n")
    for i in range(12):
        f.write(f"in/S{i}.fastq", reads(500 * (i + 1), i))
        f.write(f"in/M{i}.mzML", mzml(10 + i, i))
    f.write("in/<b>bold & \"quoted\"_R2.fastq", reads(3, 1))
    f.write("in/cut.fastq.gz", gzip(reads(100, 3))[:-50])
    done = bank.run("nightly")
    t.check(done.code == DATA, "a night", done.err)
    page = glob.glob(bank / "reports/*.html")[0]
    for name, size in (("wide", "1100,2600"), ("phone", "400,3200")):
        log, picture = f / "net.json", f / f"{name}.png"
        p = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
                            "--disable-default-apps", "--disable-features=OptimizationHints,Translate,MediaRouter", "--enable-logging=stderr",
                            f"--user-data-dir={f / 'profile'}", f"--log-net-log={log}", f"--screenshot={picture}", f"--window-size={size}",
                            "--host-resolver-rules=MAP * ~NOTFOUND", f"file://{page}"], capture_output=True, text=True, timeout=120)
        t.check(p.returncode == 0 and os.path.getsize(picture) > 30000, f"{name}: it renders", p.stderr[-300:])
        t.check("CONSOLE" not in p.stderr, f"{name}: nothing on the console", "".join(x for x in p.stderr.splitlines() if "CONSOLE" in x))
        own = [u for u in requests(log) if "google" not in u and "gvt1" not in u]  # the browser's own calls home find no host
        t.check(not own, f"{name}: nothing is asked of the network", str(own))
        if sys.argv[1:] and not sys.argv[1].isdigit():
            shutil.copy(picture, sys.argv[1].replace(".png", f"_{name}.png"))
    text = open(page, encoding="utf-8").read()
    t.check("<b>bold" not in text and "&lt;b&gt;bold" in text, "names are escaped")
t.end()
