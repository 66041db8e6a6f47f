"""
What the tests of HTML pages share: a strict reader (every element closed, nothing asked of the network,
every table and chart named), and headless Chromium where it is installed.

Suites: none.
"""
import html.parser
import json
import os
import re
import shutil
import subprocess

from vialtest import patient

VOID = {"br", "meta", "link", "img", "hr"}
CLOSED = {"rect", "line", "circle", "path"}  # of SVG: <rect/>


class Page(html.parser.HTMLParser):
    """A page as it stands. wrong: what a strict reader has to say of it."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.wrong, self.open, self.ids = [], [], set()
        self.tables, self.facts, self.charts = {}, {}, []
        self.headings, self.lead, self.title = [], "", ""
        self._text, self._row, self._table, self._name = "", None, None, ""
        if not text.startswith("<!DOCTYPE html>"):
            self.wrong.append("no doctype")
        for bad in ("<script", "http:", "https:", "url(", "@import", "javascript:", " src=", " onload",
                    "srcset"):
            if bad in text.lower():
                self.wrong.append(f"has {bad!r}")
        if re.search(r"&(?!amp;|lt;|gt;|quot;|#39;)", text):
            self.wrong.append("an '&' that is no reference")
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufffe]", text):
            self.wrong.append("a letter that hides")
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append(f"never closed: {self.open}")

    def handle_startendtag(self, tag, attrs):
        if tag not in CLOSED:
            self.wrong.append(f"<{tag}/>")
        self._look(tag, attrs)

    def handle_starttag(self, tag, attrs):
        self._look(tag, attrs)
        if tag in VOID:
            return
        self.open.append(tag)
        if tag == "table":
            self._table = []
        elif tag == "tr":
            self._row = []
        if tag in ("td", "th", "caption", "dt", "dd", "h1", "h2", "title", "p", "summary", "figcaption",
                   "span", "code", "a"):
            if tag not in ("span", "code", "a"):  # these are parts of what is around them
                self._text = ""

    def _look(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get("id") in self.ids:
            self.wrong.append(f"a second id {attrs['id']}")
        self.ids.add(attrs.get("id", object()))
        if tag == "svg":
            if attrs.get("aria-hidden") != "true":
                self.charts.append(attrs)
                if attrs.get("role") != "img" or not attrs.get("aria-labelledby"):
                    self.wrong.append("a chart without a name")
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "d"):
            if tag in CLOSED and re.search("nan|inf", attrs.get(name, "")):
                self.wrong.append(f"<{tag} {name}={attrs[name][:60]!r}>")
        self._class = attrs.get("class", "")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> behind {self.open[-3:]}")
            return
        self.open.pop()
        text = " ".join(self._text.split())
        if tag == "caption":
            self._name = text
        elif tag in ("td", "th") and self._row is not None:
            self._row.append(text)
        elif tag == "tr":
            self._table.append(self._row)
            self._row = None
        elif tag == "table":
            if not self._name or self._name in self.tables:
                self.wrong.append(f"a table with the caption {self._name!r}, which has to be one of its own")
            self.tables[self._name], self._name = self._table, ""
        elif tag == "dt":
            self._name = text
        elif tag == "dd":
            self.facts[self._name], self._name = text, ""
        elif tag in ("h1", "h2"):
            self.headings.append(text)
        elif tag == "title" and "svg" not in self.open:
            self.title = text
        elif tag == "p" and not self.lead:
            self.lead = text if text != self.title.split(" · ")[-1] else ""
        if tag in ("td", "th", "caption", "dt", "dd", "h1", "h2", "title", "p"):
            self._text = ""

    def handle_data(self, data):
        self._text += data


def number(text):
    """A number as a page writes it."""
    return float("nan") if text == "–" else float(text.replace(",", ""))


def find_browser():
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """Headless Chromium with a folder to work in; nothing leaves the machine."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, url, *options):
        return subprocess.run(
            [self.program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-extensions",
             "--disable-default-apps", "--disable-features=OptimizationHints,Translate,MediaRouter",
             "--enable-logging=stderr", f"--user-data-dir={self.folder / 'profile'}",
             "--host-resolver-rules=MAP * ~NOTFOUND", *options, url],
            capture_output=True, text=True, timeout=patient(120))

    def picture(self, page, name, size):
        """Draws the page; returns what ran, the picture and the addresses that the page asked for."""
        log, picture = self.folder / "net.json", self.folder / f"{name}.png"
        done = self.run(f"file://{page}", f"--log-net-log={log}", f"--screenshot={picture}",
                        f"--window-size={size}")
        return done, picture, requests(log)

    def overflow(self, page, width):
        """How far the page is wider than a window of that width; None if the browser did not say."""
        frame = self.folder / "frame.html"
        with open(frame, "w", encoding="utf-8") as f:
            f.write(f'<!DOCTYPE html><body><iframe src="file://{page}" width="{width}" height="99"></iframe>'
                    "<script>onload = () => { const root = frames[0].document.documentElement;"
                    " const over = root.scrollWidth - root.clientWidth;"
                    " document.body.append(`over by ${over} px`) }</script>")
        done = self.run(f"file://{frame}", "--allow-file-access-from-files", "--dump-dom",
                        f"--window-size={width + 100},3200")
        found = re.search(r"over by (-?\d+) px", done.stdout)
        return int(found[1]) if found else None


def requests(log):
    """Addresses that the page, not the browser itself, asked for."""
    with open(log, encoding="utf-8") as g:
        events = json.load(g)["events"]
    asked = {e["params"]["url"] for e in events if isinstance(e.get("params"), dict) and "url" in e["params"]}
    asked = sorted(u for u in asked if u.startswith(("http:", "https:", "ws:", "wss:", "ftp:")))
    return [u for u in asked if "google" not in u
            and "gvt1" not in u]  # the browser's own calls home find no host


def check_browser(t, browser, page, what, keep=None):
    """The page in a wide and in a narrow window."""
    for name, size in (("wide", "1100,2600"), ("phone", "400,3200")):
        done, picture, asked = browser.picture(page, name, size)
        good = done.returncode == 0 and os.path.getsize(picture) > 30000
        t.check(good, f"{what}, {name}: it renders", done.stderr[-300:])
        said = "".join(x for x in done.stderr.splitlines() if "CONSOLE" in x)
        t.check(not said, f"{what}, {name}: nothing on the console", said)
        t.check(not asked, f"{what}, {name}: nothing is asked of the network", str(asked))
        if keep:
            shutil.copy(picture, os.path.join(keep, f"{what}_{name}.png"))
    for width in (400, 320):
        over = browser.overflow(page, width)
        t.check(over == 0, f"{what}: fits a window {width} wide", f"it is {over} px wider")
