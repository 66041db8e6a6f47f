"""
mzData as Python reads it: what vial must say of a document, made by the standard library alone.

Suites: none.
"""
import base64
import struct
import xml.etree.ElementTree as xml
from decimal import Decimal

from mxmodel import number, tag

ARRAYS = {"mzArrayBinary": "mz", "intenArrayBinary": "intensity", "supDataArrayBinary": "nonstandard"}
NAMES = {"time.min": 1000038, "time.sec": 1000039, "mz": 1000040}


def named(element, *names):
    return [x for x in element.iter() if tag(x) in names]


def params(element):
    """(number of the term, value) of each cvParam that stands right in it."""
    for param in (x for x in element if tag(x) == "cvParam"):
        vocabulary, _, term = param.get("accession", "").partition(":")
        known = vocabulary in ("PSI", "psi", "MS") and term.isdigit()
        yield int(term) if known else NAMES.get(param.get("name")), param.get("value")


def seconds(term, value):
    try:
        return float(Decimal(value.strip()) * (60 if term == 1000038 else 1))
    except ArithmeticError:
        return None


def array(data):
    """Its numbers, None: it is no whole number of them; and whether anybody can say what they are."""
    text = "".join((data.text or "").split()).rstrip("=")
    raw = base64.b64decode(text + "=" * (-len(text) % 4))
    letter = {"32": "f", "64": "d"}.get(data.get("precision"))
    order = {"little": "<", "big": ">"}.get(data.get("endian"))
    if not letter or not order:
        return None, False
    if len(raw) % struct.calcsize(letter):
        return None, True
    return list(struct.unpack(f"{order}{len(raw) // struct.calcsize(letter)}{letter}", raw)), True


def ion(selection):
    said, charges = {}, []
    for term, value in params(selection):
        if term in (1000040, 1000744) and number(value) is not None:
            said["mz"] = number(value)
        if term == 1000042 and number(value) is not None:
            said["intensity"] = number(value)
        if term == 1000041 and number(value, int) is not None:
            charges.append(number(value, int))
    if charges:
        said.update({"charge": charges[0]} if len(charges) == 1 else {"possible_charges": charges})
    return said


def precursor(element):
    said = {"ions": [ion(x) for x in element if tag(x) == "ionSelection"]}
    for activation in (x for x in element if tag(x) == "activation"):
        terms = dict(params(activation))
        energy = number(terms.get(1000045))
        if energy is not None and terms.get(1000046, "eV").lower() == "ev":
            said["collision_energy"] = energy
    return said


def settings(spectrum, said):
    for instrument in named(spectrum, "spectrumInstrument", "acqInstrument"):
        said["ms_level"] = int(instrument.get("msLevel"))
        said["scan_low"] = number(instrument.get("mzRangeStart"))
        said["scan_high"] = number(instrument.get("mzRangeStop"))
        for term, value in params(instrument):
            if term in (1000038, 1000039):
                said["time"] = seconds(term, value)
            if term == 1000037:
                said["polarity"] = {"positive": 1, "+": 1, "negative": -1, "-": -1}.get(value.lower())
            if term == 1000285:
                said["tic"] = number(value)


def spectra(text):
    """What vial view -O json must say of each spectrum, in the order of the document."""
    for index, spectrum in enumerate(named(xml.fromstring(text), "spectrum")):
        said = {"index": index, "id": "spectrum=" + spectrum.get("id").strip(), "ms_level": 0, "mz": [],
                "intensity": [], "arrays": {}, "polarity": None, "time": None, "tic": None}
        settings(spectrum, said)
        said["precursors"] = [precursor(x) for x in named(spectrum, "precursor")] or None
        for kind, name in ARRAYS.items():
            for data in (x for holder in named(spectrum, kind) for x in named(holder, "data")):
                numbers, known = array(data)
                if known and name in said:
                    said[name] = numbers
                else: # the second one is nonstandard_2
                    n = len(said["arrays"]) + 1
                    said["arrays"]["nonstandard" + (f"_{n}" if n > 1 else "")] = numbers
        said["arrays"] = said["arrays"] or None
        yield said


def types(text):
    """What vial view calls what spectra are of; empty where they do not say."""
    for spectrum in named(xml.fromstring(text), "spectrum"):
        said = [x.get("spectrumType") for x in named(spectrum, "acqSpecification")]
        yield {"discrete": "centroid", "continuous": "profile"}.get(said[0], "") if said else ""
