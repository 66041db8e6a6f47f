"""
The style of pages, from the page alone: text has a contrast of 4.5 on what it stands on, graphics 3 (WCAG
2.2, 1.4.3 and 1.4.11), in light, in dark and on paper; nothing is loaded from elsewhere.

Suites: cmd.
"""
import re

from fqmodel import reads
from vialtest import OK, main, run

TEXT = ("ink", "soft", "link")
GRAPHICS = ("c1", "c2", "good", "old", "none", "bad", "k1", "k2", "k3", "k4", "k5")
GROUNDS = ("paper", "card")
TINTS = ("lo1", "lo2", "lo3", "hi1", "hi2", "hi3")  # below plain text


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def palettes(css):
    """The colours of :root as they are in light, in dark, and on paper."""
    rules = {}
    for name, start in (("light", r"^"), ("dark", r"prefers-color-scheme:dark\)\{"),
                        ("paper", r"@media print\{")):
        block = re.search(start + r".*?:root\{([^}]*)\}", css, re.S | re.M)[1]
        rules[name] = dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})\b", block))
    return {name: {**rules["light"], **own} for name, own in rules.items()}


def style(t, f):
    done = run("ingest", "-q", "-o", f / "s.h5", f.write("a.fastq", reads(10)))
    t.check(done.code == OK, "ingest", done.err)
    page = run("report", f / "s.h5").out.decode()
    css = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    for name, colour in palettes(css).items():
        for tint in TINTS:
            got = contrast(colour["ink"], colour[tint])
            t.check(got >= 4.5, f"{name}: ink on {tint}", f"{got:.2f}, not 4.5")
        t.check(set(TEXT + GRAPHICS + GROUNDS + TINTS) <= set(colour), f"{name}: all colours", str(colour))
        for ground in GROUNDS:
            for what, least in [(c, 4.5) for c in TEXT] + [(c, 3) for c in GRAPHICS]:
                got = contrast(colour[what], colour[ground])
                t.check(got >= least, f"{name}: {what} {colour[what]} on {ground} {colour[ground]}",
                        f"{got:.2f}, not {least}")
    used = set(re.findall(r"var\(--(\w+)\)", css)) - {"line"}
    t.check(used <= set(TEXT + GRAPHICS + GROUNDS + TINTS), "no colour beside these", str(used))
    bare = [c for c in re.findall(r"(?<!-)\b(?:color|fill|stroke|background):([^;}]+)", css)
            if not c.startswith(("var(", "none"))]
    t.check(not bare, "colours have names", str(bare))
    t.check("url(" not in css and "@import" not in css, "nothing is loaded")
    t.check(abs(contrast("#fff", "#000") - 21) < 1e-9 and abs(contrast("#767676", "#fff") - 4.54) < 0.01,
            "the measure itself")


if __name__ == "__main__":
    main(style)
