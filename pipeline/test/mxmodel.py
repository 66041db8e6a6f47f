"""
mzXML as Python reads it: what vial must say of a document, made by the standard library alone.

Suites: none.
"""
import base64
import math
import re
import struct
import xml.etree.ElementTree as xml
import zlib
from decimal import Decimal

DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d*\.?\d*)S)?)?")
NUMBERS = {"tic": "totIonCurrent", "base_peak_mz": "basePeakMz", "base_peak_intensity": "basePeakIntensity",
           "scan_low": "startMz", "scan_high": "endMz", "faims_cv": "compensationVoltage"}
KINDS = {"m/z": "mz", "intensity": "intensity", "S/N": "signal_to_noise", "charge": "charge"}


def seconds(text):
    """Of an xs:duration; None: it is none, or counts months."""
    found = DURATION.fullmatch((text or "").strip())
    if not found or not any(found.groups()[1:]) or text.strip().endswith("T") or found[5] == ".":
        return None
    parts = [Decimal(x or 0) for x in found.groups()[1:]]
    return float((-1 if found[1] else 1) * sum(x * n for x, n in zip(parts, (86400, 3600, 60, 1))))


def number(text, kind=float):
    try:
        return kind(text)
    except (TypeError, ValueError):
        return None


def tag(element):
    return element.tag.rsplit("}", 1)[-1]


def values(raw, width):
    return list(struct.unpack(f">{len(raw) // width}{'f' if width == 4 else 'd'}", raw))


def arrays(peaks):
    """{name: values} of a <peaks>; None stands for bytes that are no numbers that anybody knows."""
    raw = base64.b64decode(peaks.text or "")
    if peaks.get("compressionType") == "zlib" and raw:
        raw = zlib.decompress(raw)
    width = {"32": 4, "64": 8}.get(peaks.get("precision", "32"))
    content = peaks.get("contentType") or peaks.get("pairOrder") or "m/z-int"
    known = (width and peaks.get("byteOrder", "network") == "network" and
             peaks.get("compressionType", "none") in ("none", "zlib"))
    if not known or len(raw) % (width * (2 if content == "m/z-int" else 1)):
        return {"nonstandard": None}
    all_values = values(raw, width)
    if content == "m/z-int":
        return {"mz": all_values[::2], "intensity": all_values[1::2]}
    return {KINDS.get(content, "nonstandard"): all_values}


def precursor(element, scan):
    said = {"ions": [{}]}
    mz, width = number(element.text), number(element.get("windowWideness"))
    charge = number(element.get("precursorCharge"), int)
    possible = [int(x) for x in element.get("possibleCharges", "").split(",") if x]
    height = number(element.get("precursorIntensity"))
    for key, value in (("mz", mz), ("charge", charge), ("intensity", height), ("possible_charges", possible)):
        if value:
            said["ions"][0][key] = value
    if height == 0:
        said["ions"][0]["intensity"] = 0
    if width:
        said.update(target=mz, lower=width / 2, upper=width / 2)
    if scan.get("collisionEnergy"):
        said["collision_energy"] = float(scan.get("collisionEnergy"))
    return said


def scans(text):
    """What vial view -O json must say of each scan, in the order of the document."""
    for index, scan in enumerate(x for x in xml.fromstring(text).iter() if tag(x) == "scan"):
        said = {"index": index, "id": "scan=" + scan.get("num"), "ms_level": int(scan.get("msLevel")),
                "polarity": {"+": 1, "-": -1}.get(scan.get("polarity")),
                "time": seconds(scan.get("retentionTime")), "mz": [], "intensity": [], "arrays": {}}
        said.update({key: number(scan.get(name)) for key, name in NUMBERS.items()})
        said["precursors"] = [precursor(x, scan) for x in scan if tag(x) == "precursorMz"] or None
        for peaks in (x for x in scan if tag(x) == "peaks"):
            for name, numbers in arrays(peaks).items():
                if name in ("mz", "intensity"):
                    said[name] = said[name] or numbers
                else:
                    said["arrays"].setdefault(name, numbers)
        said["arrays"] = said["arrays"] or None
        yield said


def same(got, want):
    """Values of JSON, where NaN and infinities are null; floats of 32 bits are printed short."""
    if isinstance(want, dict):
        return isinstance(got, dict) and set(got) == set(want) and all(same(got[x], want[x]) for x in want)
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, float) and not math.isfinite(want):
        return got is None
    if isinstance(want, float) and isinstance(got, (int, float)):
        return got == want or struct.pack("f", got) == struct.pack("f", want)
    return got == want
