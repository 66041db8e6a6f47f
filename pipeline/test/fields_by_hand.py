"""
Text of spectra that codec `fields` packed, read by hand from the bytes of its chunks as docs/store.md says,
without a line of our code; and by h5py through the plugin.

Suites: store spectra.
"""
import random
import shutil
import struct
import sys
from decimal import ROUND_HALF_UP, Decimal

import fieldmodel
from names_by_hand import compare, read_store, tools
from vialtest import OK, case, main, run


def single(v):
    return struct.unpack("<f", struct.pack("<f", v))[0]


def digits(v, n=12):
    """As converters of vendor files write floats: so many digits behind the point, zeros left out."""
    text = str(Decimal(v).quantize(Decimal(1).scaleb(-n), ROUND_HALF_UP)).rstrip("0")
    return text + "0" if text.endswith(".") else text


def scientific(v):
    power = len(str(int(v))) - 1
    return digits(v) if power < 5 else digits(Decimal(v).scaleb(-power)) + f"e{power:02d}"


def ions(r, i, odd):
    mz, top = single(r.uniform(300, 1500)), single(10**r.uniform(3, 9))
    other = r.choice(["", "1e400", "007", "1.", "12345678901234567890", "0.10", "-3.5"])
    return (f"BEGIN IONS\nTITLE=run.{i:05d}.{i:05d}.2 at {mz:.4f}\nSCANS={i}\n"
            f"PEPMASS={digits(mz)} {scientific(top)}\nTARGET={digits(mz) if r.randrange(odd) else other}\n"
            f"RTINSECONDS={i * 0.7123 + r.random() / 9:.3f}\nCHARGE={r.choice((2, 2, 3))}+\n"
            f"NOTE={other if r.randrange(9) else i}\n100.5 17\nEND IONS\n")


def by_hand(t, f, what, n, odd):
    r = random.Random(n)
    text = "".join(ions(r, i, odd) for i in range(n)).encode()
    for profile in ("compact", "archive"):
        done = run("ingest", "-q", "--force", "--profile", profile, "-o", f / "s.h5", f.write("a.mgf", text))
        if t.check(done.code == OK, f"{what}, {profile}", done.err):
            compare(t, f, f"{what}, {profile}", text, __file__)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read_store(sys.argv[2], ("source/skeleton",), fieldmodel.FIELDS, fieldmodel.unpack)
    else:
        parts = [case(by_hand, f"{n} ions", n, odd) for n, odd in ((60, 90), (500, 20))]
        main(*(parts if shutil.which("zstd") else [tools]))
