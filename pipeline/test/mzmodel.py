"""
mzML for the tests, made of nothing but the standard library and numpy: a reader, a writer, and what tests
share.

The reader says what a document holds as the schema of mzML 1.1 and the vocabulary say it; it knows nothing of
how vial does it. The writer makes documents whose every array, attribute and offset is the test's to bend.

Suites: none.
"""
import base64
import ctypes
import ctypes.util
import fractions
import glob
import hashlib
import math
import os
import struct
import subprocess
import xml.etree.ElementTree as xml
import zlib

import numpy

NAN = float("nan")

MZ, INTENSITY, CHARGE, TIME = 1000514, 1000515, 1000516, 1000595
I32, F16, F32, I64, F64, ASCII = 1000519, 1000520, 1000521, 1000522, 1000523, 1001479
TYPES = {I32: "<i4", F16: "<f2", F32: "<f4", I64: "<i8", F64: "<f8"}
NONE, ZLIB = 1000576, 1000574
LINEAR, PIC, SLOF = 1002312, 1002313, 1002314
ZSTD, SHUFFLED, DICTIONARY = 1003780, 1003781, 1003782
# coding: (outer, inner)
CODINGS = {
    NONE: ("", ""), ZLIB: ("zlib", ""), LINEAR: ("", "linear"), PIC: ("", "pic"), SLOF: ("", "slof"),
    1002746: ("zlib", "linear"), 1002747: ("zlib", "pic"), 1002748: ("zlib", "slof"), ZSTD: ("zstd", ""),
    SHUFFLED: ("zstd", "shuffle"), DICTIONARY: ("zstd", "dictionary"), 1003783: ("zstd", "linear"),
    1003784: ("zstd", "pic"), 1003785: ("zstd", "slof"), 1003088: ("zlib", ""),
}
KINDS = {1000514, 1000515, 1000516, 1000517, 1000595, 1000617, 1000786, 1000820, 1000821, 1000822, 1002477,
         1002478,
         1002529, 1002530, 1002742, 1002743, 1002744, 1002745, 1002816, 1002893, 1003006, 1003007, 1003008,
         1003143,
         1003153, 1003154, 1003155, 1003156, 1003157, 1003158}
SECONDS = {"UO:0000010": 1, "UO:0000031": 60, "UO:0000032": 3600, "MS:1000039": 1, "MS:1000038": 60}

# ---- zstd, from the library that vial needs as well ----

_zstd = None


def zstd_library():
    global _zstd
    if _zstd is None:
        try:
            _zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
            for call in (_zstd.ZSTD_compress, _zstd.ZSTD_decompress, _zstd.ZSTD_compressBound):
                call.restype = ctypes.c_size_t
            _zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
        except OSError:
            _zstd = False
    return _zstd


def zstd_pack(data, level=3):
    z, n = zstd_library(), ctypes.c_size_t(len(data))
    room = z.ZSTD_compressBound(n)
    out = ctypes.create_string_buffer(room)
    got = z.ZSTD_compress(out, ctypes.c_size_t(room), data, n, ctypes.c_int(level))
    return out.raw[:got]


def zstd_unpack(data):
    if not data:
        return b""
    z, n = zstd_library(), ctypes.c_size_t(len(data))
    size = z.ZSTD_getFrameContentSize(data, n)
    size = size if size < 1 << 40 else 1 << 24
    out = ctypes.create_string_buffer(max(size, 1))
    got = z.ZSTD_decompress(out, ctypes.c_size_t(size), data, n)
    assert got <= size, "no zstd frame"
    return out.raw[:got]


# ---- numpress ----


def _put_int(x, out):
    """A signed 32-bit number as a head half-byte and those that follow, least significant first."""
    halves = [(x & 0xffffffff) >> 4 * i & 15 for i in range(8)]
    lead = 0
    if halves[7] == 0:
        while lead < 8 and halves[7 - lead] == 0:
            lead += 1
        out.append(lead)
    elif halves[7] == 15:
        while lead < 7 and halves[7 - lead] == 15:
            lead += 1
        out.append(8 + lead)
    else:
        out.append(0)
    out += halves[:8 - lead]


def _join_halves(halves):
    if len(halves) % 2:
        halves = halves + [0]
    return bytes(a << 4 | b for a, b in zip(halves[::2], halves[1::2]))


def _ints(data):
    halves = [h for byte in data for h in (byte >> 4, byte & 15)]
    at, out = 0, []
    while at < len(halves):
        head = halves[at]
        if head == 0 and at + 1 == len(halves):
            break  # padding
        at += 1
        count = 8 - head if head <= 8 else 16 - head
        x = sum(h << 4 * i for i, h in enumerate(halves[at:at + count]))
        if head > 8:
            x |= (0xffffffff << 4 * count) & 0xffffffff
        at += count
        out.append(x - (1 << 32) if x >> 31 else x)
    return out


def numpress(how, values, point=None):
    values = [float(v) for v in values]
    if how == "pic":
        halves = []
        for v in values:
            _put_int(int(v + 0.5), halves)
        return _join_halves(halves)
    if how == "slof":
        point = point or 3000.0
        return struct.pack(">d", point) + b"".join(struct.pack("<H", int(math.log(v + 1) * point + 0.5))
                                                   for v in values)
    point = point or min(100000.0, 2.0 ** 28 / max(values + [1.0]))
    fixed = [int(v * point + 0.5) for v in values]
    out = struct.pack(">d", point) + b"".join(struct.pack("<i", v) for v in fixed[:2])
    halves = []
    for i in range(2, len(fixed)):
        _put_int(fixed[i] - (2 * fixed[i - 1] - fixed[i - 2]), halves)
    return out + _join_halves(halves)


def numpress_values(how, data):
    if how == "pic":
        return numpy.array(_ints(data), "<f8")
    if not data:
        return numpy.zeros(0)
    point, = struct.unpack(">d", data[:8])
    if how == "slof":
        return numpy.array([math.exp(x / point) - 1
                            for x in struct.unpack(f"<{(len(data) - 8) // 2}H", data[8:])], "<f8")
    fixed = list(struct.unpack(f"<{min(2, (len(data) - 8) // 4)}i", data[8:16]))
    for x in _ints(data[16:]):
        fixed.append(2 * fixed[-1] - fixed[-2] + x)
    return numpy.array([x / point for x in fixed], "<f8")


# ---- other codings ----


def shuffle(data, width):
    return numpy.frombuffer(data, numpy.uint8).reshape(-1, width).T.tobytes() if data else b""


def unshuffle(data, width):
    return numpy.frombuffer(data, numpy.uint8).reshape(width, -1).T.tobytes() if data else b""


def dictionary(values):
    """Distinct values and indices, as the coding of that name has them."""
    if not len(values):
        return b""
    width = values.dtype.itemsize
    words = values.view(f"<u{width}")
    distinct, index = numpy.unique(words, return_inverse=True)
    small = "<u1" if len(distinct) <= 1 << 8 else "<u2" if len(distinct) <= 1 << 16 else "<u4"
    index = index.astype(small)
    table = shuffle(distinct.tobytes(), width)
    return struct.pack("<QQ", 16 + len(table),
                       len(distinct)) + table + shuffle(index.tobytes(), index.dtype.itemsize)


def dictionary_values(data, dtype):
    if not data:
        return numpy.zeros(0, dtype)
    at, n = struct.unpack("<QQ", data[:16])
    width = (at - 16) // n
    distinct = numpy.frombuffer(unshuffle(data[16:at], width), dtype)
    small = 1 if n <= 1 << 8 else 2 if n <= 1 << 16 else 4
    return distinct[numpy.frombuffer(unshuffle(data[at:], small), f"<u{small}")]


# ---- reader ----


def local(tag):
    return tag.rsplit("}", 1)[-1]


def number(text):
    try:
        return float(text) if "_" not in text else NAN
    except (TypeError, ValueError):
        return NAN


class Array:
    """
    kind and unit; number, coding: terms; payload: what the coding holds; values: numpy, None for text.
    name: of a non-standard array; word: of the unit.
    """

    def __init__(self, element, length, params):
        self.kind = self.unit = self.number = None
        self.name = self.word = ""
        self.outer = self.inner = ""
        for p in params:
            term = p.get("accession", "")
            code = int(term[3:]) if term.startswith("MS:") and term[3:].isdigit() else 0
            if code in TYPES or code == ASCII:
                self.number = code
            elif code in CODINGS:
                outer, inner = CODINGS[code]
                self.outer, self.inner = outer or self.outer, inner or self.inner
            elif code in KINDS or (code and self.kind is None):
                self.kind, self.unit = code, p.get("unitAccession")
                self.name, self.word = p.get("value") or "", p.get("unitName") or ""
        self.length = int(element.get("arrayLength", length))
        self.encoded_length = element.get("encodedLength")
        binary = [b for b in element if local(b.tag) == "binary"]
        self.text = "".join(binary[0].itertext()) if binary else ""
        packed = base64.b64decode("".join(self.text.split()) + "==")
        if self.outer == "zlib":
            packed = zlib.decompressobj().decompress(packed) if packed else b""
        elif self.outer == "zstd":
            packed = zstd_unpack(packed)
        self.payload, self.values = packed, None
        dtype = TYPES.get(self.number)
        if self.inner in ("linear", "pic", "slof"):
            self.values = numpress_values(self.inner, packed)
        elif self.inner == "dictionary":
            self.values = dictionary_values(packed, dtype)
        elif dtype:
            if self.inner == "shuffle":
                self.payload = packed = unshuffle(packed, numpy.dtype(dtype).itemsize)
            self.values = numpy.frombuffer(packed, dtype)

    @property
    def single(self):
        return self.number == F32 and self.inner in ("", "shuffle")

    def doubles(self):
        """No numbers of a type that nobody knows."""
        return numpy.empty(0) if self.values is None else self.values.astype("<f8")


class Record:
    """A spectrum or chromatogram."""

    def __init__(self, element, row, groups):
        self.row, self.id = row, element.get("id")
        self.index, self.length = element.get("index"), int(element.get("defaultArrayLength"))
        self.ms_level = self.polarity = self.kind = 0
        self.centroid = ""
        self.time = self.tic = self.base_peak_mz = self.base_peak_intensity = NAN
        self.scan_low = self.scan_high = self.mobility = self.injection_time = self.faims = NAN
        self.possible = []  # charges that ions may have
        self.precursor_mz = self.product_mz = NAN
        self.precursors, self.ions, self.arrays = [], [], []
        self.groups = groups
        for p in self.params(element):
            term, value = p.get("accession"), p.get("value")
            if term == "MS:1000511": self.ms_level = int(value)
            elif term == "MS:1000579": self.ms_level = self.ms_level or 1
            elif term == "MS:1000127": self.centroid = "centroid"
            elif term == "MS:1000128": self.centroid = "profile"
            elif term == "MS:1000130": self.polarity = 1
            elif term == "MS:1000129": self.polarity = -1
            elif term == "MS:1000285": self.tic = number(value)
            elif term == "MS:1000504": self.base_peak_mz = number(value)
            elif term == "MS:1000505": self.base_peak_intensity = number(value)
            elif term in ("MS:1002476", "MS:1002815"): self.mobility = number(value)
            elif term == "MS:1001581": self.faims = number(value)
        for child in element:
            name = local(child.tag)
            if name == "scanList":
                scans = [x for x in child if local(x.tag) == "scan"]
                if scans:
                    self.read_scan(scans[0])
                self.time = next((p for scan in scans for p in self.times(scan)), NAN)
            elif name == "precursorList":
                for x in child:
                    if local(x.tag) == "precursor":
                        self.read_precursor(x)
            elif name == "precursor":
                self.precursor_mz = self.isolation(child).get("MS:1000827", NAN)
            elif name == "product":
                self.product_mz = self.isolation(child).get("MS:1000827", NAN)
            elif name == "binaryDataArrayList":
                self.arrays = [Array(x, self.length, self.params(x))
                               for x in child if local(x.tag) == "binaryDataArray"]

    def params(self, element):
        out = []
        for child in element:
            if local(child.tag) == "cvParam":
                out.append(child)
            elif local(child.tag) == "referenceableParamGroupRef":
                out += self.groups[child.get("ref")]
        return out

    def times(self, scan):
        """Scan start times in seconds, each rounded once."""
        for p in self.params(scan):
            unit, value = p.get("unitAccession"), number(p.get("value"))
            if p.get("accession") != "MS:1000016" or math.isnan(value): continue
            if unit == "UO:0000028": yield value / 1000
            if unit in SECONDS: yield float(fractions.Fraction(p.get("value").strip()) * SECONDS[unit]) \
                if math.isfinite(value) else value

    def read_scan(self, scan):
        for p in self.params(scan):
            term, value = p.get("accession"), p.get("value")
            if term == "MS:1000927": self.injection_time = number(value)
            if term == "MS:1001581" and math.isnan(self.faims): self.faims = number(value)
            if term in ("MS:1002476",
                        "MS:1002815") and math.isnan(self.mobility): self.mobility = number(value)
        windows = [w for x in scan if local(x.tag) == "scanWindowList" for w in x]
        for p in self.params(windows[0]) if windows else ():
            if p.get("accession") == "MS:1000501": self.scan_low = number(p.get("value"))
            if p.get("accession") == "MS:1000500": self.scan_high = number(p.get("value"))

    def isolation(self, element):
        windows = [x for x in element if local(x.tag) == "isolationWindow"]
        return {p.get("accession"): number(p.get("value"))
                for p in (self.params(windows[0]) if windows else ())}

    def read_precursor(self, element):
        window, energy = self.isolation(element), NAN
        for x in element:
            if local(x.tag) == "activation":
                for p in self.params(x):
                    if p.get("accession") == "MS:1000045": energy = number(p.get("value"))
            if local(x.tag) == "selectedIonList":
                for ion in x:
                    said = {p.get("accession"): number(p.get("value")) for p in self.params(ion)}
                    self.possible += [number(p.get("value")) for p in self.params(ion)
                                      if p.get("accession") == "MS:1000633"]
                    charge = said.get("MS:1000041", 0.0)
                    mz = said.get("MS:1000744", said.get("MS:1000040", NAN))
                    self.ions.append((mz, 0 if math.isnan(charge) else int(charge),
                                      said.get("MS:1000042", NAN), len(self.precursors)))
        self.precursors.append((window.get("MS:1000827", NAN), window.get("MS:1000828", NAN),
                                window.get("MS:1000829", NAN), energy))

    def array(self, kind):
        return next((a for a in self.arrays if a.kind == kind), None)

    def peaks(self):
        """m/z and intensity as doubles; either may be None."""
        mz, intensity = self.array(MZ), self.array(INTENSITY)
        return mz.doubles() if mz else None, intensity.doubles() if intensity else None

    def parent(self):
        """What stands for the precursor where there is room for one: the first ion, else the first target."""
        for mz, charge, intensity, _ in self.ions:
            if mz > 0:
                return mz, charge, intensity
        target = self.precursors[0][0] if self.precursors else NAN
        return target, self.ions[0][1] if self.ions else 0, NAN

    def scan(self):
        for key in ("scan", "scanId", "spectrum"):
            for word in self.id.split(" "):
                name, _, value = word.partition("=")
                if name == key and value[:1].isdigit():
                    return int(value)
        return None


class Document:
    def __init__(self, text):
        root = xml.fromstring(text)
        mzml = root if local(root.tag) == "mzML" else next(x for x in root if local(x.tag) == "mzML")
        self.root, self.mzml = root, mzml
        groups = {g.get("id"): [p for p in g if local(p.tag) == "cvParam"]
                  for x in mzml if local(x.tag) == "referenceableParamGroupList" for g in x}
        self.spectra, self.chromatograms, self.count = [], [], {}
        for run in mzml:
            if local(run.tag) != "run":
                continue
            for part in run:
                if local(part.tag) in ("spectrumList", "chromatogramList"):
                    self.count[local(part.tag)] = part.get("count")
                    to = self.spectra if local(part.tag) == "spectrumList" else self.chromatograms
                    for x in part:
                        to.append(Record(x, len(to), groups))


def same(a, b):
    """Equal as bit patterns, but that any NaN equals any."""
    return (math.isnan(a) and math.isnan(b)) or struct.pack("<d", a) == struct.pack("<d", b)


def same_bits(a, b):
    return a.dtype == b.dtype and a.tobytes() == b.tobytes()


# ---- writer ----

NAMES = {MZ: "m/z array", INTENSITY: "intensity array", TIME: "time array", CHARGE: "charge array"}
UNITS = {MZ: "MS:1000040", INTENSITY: "MS:1000131", TIME: "UO:0000031"}


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def cv(term, value="", unit="", name=""):
    """A cvParam; term is a number or an accession."""
    term = f"MS:{term}" if isinstance(term, int) else term
    more = f' unitCvRef="{unit[:2]}" unitAccession="{unit}" unitName=""' if unit else ""
    return f'<cvParam cvRef="{term[:2]}" accession="{term}" name="{name}" value="{value}"{more}/>'


def param_group(id, *params):
    return f'<referenceableParamGroup id="{id}">{"".join(params)}</referenceableParamGroup>'


def pack(values, coding, level=6, point=None):
    """The bytes that base64 is made of."""
    outer, inner = CODINGS[coding]
    data = values.tobytes()
    if inner in ("linear", "pic", "slof"):
        data = numpress(inner, values, point)
    elif inner == "shuffle":
        data = shuffle(data, values.dtype.itemsize)
    elif inner == "dictionary":
        data = dictionary(values)
    if outer == "zlib":
        return zlib.compress(data, level)
    return zstd_pack(data, 3 if level == 6 else level) if outer == "zstd" else data


def array(kind, values, coding=ZLIB, level=6, *, packed=None, text=None, unit=None, params=None,
          attributes="",
          said=None, number=None, point=None):
    """A binaryDataArray. text, params, said (encodedLength), attributes: instead of what would be right."""
    code = number or {v: k for k, v in TYPES.items()}[values.dtype.str]
    if text is None:
        text = base64.b64encode(pack(values, coding, level, point) if packed is None else packed).decode()
    if params is None:
        unit = UNITS.get(kind, "") if unit is None else unit
        params = cv(code) + cv(coding) + cv(kind, unit=unit, name=NAMES.get(kind, ""))
    said = len(text) if said is None else said
    return (f'<binaryDataArray encodedLength="{said}"{attributes}>{params}<binary>{text}</binary>'
            "</binaryDataArray>")


def precursor(target=None, ions=(), lower=None, upper=None, energy=None):
    """ions: (m/z, charge, intensity), None for what is not said."""
    window = "".join(cv(term, v)
                     for term, v in ((1000827, target), (1000828, lower), (1000829, upper)) if v is not None)
    out = "<precursor>" + (f"<isolationWindow>{window}</isolationWindow>" if window else "")
    if ions:
        out += f'<selectedIonList count="{len(ions)}">'
        for mz, charge, intensity in ions:
            out += "<selectedIon>" + "".join(cv(t, v)
                                             for t, v in ((1000744, mz), (1000041, charge),
                                                          (1000042, intensity))
                                                          if v is not None) + "</selectedIon>"
        out += "</selectedIonList>"
    energy = cv(1000045, energy) if energy is not None else ""
    return out + f"<activation>{cv(1000133)}{energy}</activation></precursor>"


def spectrum(index, arrays, length, *, id=None, level=1, time=None, unit="UO:0000010", params="", scan="",
             precursors=(),
             centroid=True, positive=True, attributes=""):
    id = f"scan={index + 1}" if id is None else id
    head = (cv(1000511,
               level) if level
               else "") + (cv(1000127 if centroid else 1000128) if centroid is not None else "")
    head += cv(1000130 if positive else 1000129) if positive is not None else ""
    out = f'<spectrum index="{index}" id="{escape(id)}" defaultArrayLength="{length}"{attributes}>'
    out += head + params
    if time is not None or scan:
        out += f'<scanList count="1">{cv(1000795)}<scan>' + (cv(1000016, time,
                                                                unit) if time is not None
                                                                else "") + f"{scan}</scan></scanList>"
    if precursors:
        out += f'<precursorList count="{len(precursors)}">{"".join(precursors)}</precursorList>'
    if arrays:
        out += f'<binaryDataArrayList count="{len(arrays)}">{"".join(arrays)}</binaryDataArrayList>'
    return out + "</spectrum>"


def chromatogram(index, arrays, length, *, id=None, kind=1000235, more=""):
    id = "TIC" if id is None else id
    return (f'<chromatogram index="{index}" id="{escape(id)}" defaultArrayLength="{length}">{cv(kind)}{more}'
            f'<binaryDataArrayList count="{len(arrays)}">{"".join(arrays)}</binaryDataArrayList>'
            "</chromatogram>")


def document(spectra=(), chromatograms=(), *, groups="", indexed=True, checksum="ok", shift=0, bom=False,
             eol="\n",
             declaration='<?xml version="1.0" encoding="utf-8"?>', count=None, shell=True, run="", head=None):
    """
    A whole document, as bytes. checksum: ok, none, or the text to put there; shift is added to all offsets.
    shell=False leaves out all that vial does not need, for small documents.
    """
    parts = [("\ufeff" if bom else "") + declaration + (eol if declaration else "")]
    names = ' xmlns="http://psi.hupo.org/ms/mzml"'
    if indexed:
        parts.append(f"<indexedmzML{names}>{eol}")
    parts.append(f'<mzML{names} version="1.1.0">{eol}')
    if head is not None:
        parts.append(head)
    elif shell:
        parts.append('<cvList count="2"><cv id="MS" fullName="Proteomics Standards Initiative Mass '
                     'Spectrometry Ontology" version="4.1.0" URI="x"/>'
                     f'<cv id="UO" fullName="Unit Ontology" URI="x"/></cvList>{eol}'
                     f"<fileDescription><fileContent>{cv(1000579)}</fileContent></fileDescription>{eol}")
    if groups:
        count_groups = groups.count("<referenceableParamGroup ")
        parts.append(f'<referenceableParamGroupList count="{count_groups}">{groups}'
                     f"</referenceableParamGroupList>{eol}")
    if shell and head is None:
        parts.append(f'<softwareList count="1"><software id="s" version="1">{cv(1000799)}</software>'
                     f"</softwareList>{eol}"
                     '<instrumentConfigurationList count="1"><instrumentConfiguration id="IC">'
                     f"{cv(1000031)}</instrumentConfiguration></instrumentConfigurationList>{eol}"
                     '<dataProcessingList count="1"><dataProcessing id="dp">'
                     f'<processingMethod order="1" softwareRef="s">{cv(1000544)}</processingMethod>'
                     f"</dataProcessing></dataProcessingList>{eol}")
        run += ' defaultInstrumentConfigurationRef="IC"'
    parts.append(f'<run id="r"{run}>{eol}')
    at = sum(len(p.encode("utf-8", "surrogateescape")) for p in parts)
    offsets = {"spectrum": [], "chromatogram": []}

    def put(text):
        nonlocal at
        parts.append(text)
        at += len(text.encode("utf-8", "surrogateescape"))

    for what, records in (("spectrum", spectra), ("chromatogram", chromatograms)):
        if not records:
            continue
        said = len(records) if count is None else count
        put(f'<{what}List count="{said}" defaultDataProcessingRef="dp">{eol}')
        for record in records:
            id = record.split(' id="', 1)[1].split('"', 1)[0]
            offsets[what].append((id, at))
            put(record + eol)
        put(f"</{what}List>{eol}")
    put(f"</run>{eol}</mzML>{eol}")
    if indexed:
        list_at = at
        used = [k for k in offsets if offsets[k]]
        put(f'<indexList count="{len(used)}">{eol}')
        for k in used:
            put(f'<index name="{k}">' + "".join(f'<offset idRef="{i}">{p + shift}</offset>'
                                                for i, p in offsets[k]) + f"</index>{eol}")
        put(f"</indexList>{eol}<indexListOffset>{list_at + shift}</indexListOffset>{eol}")
        if checksum != "none":
            put("<fileChecksum>")
            text = "".join(parts).encode("utf-8", "surrogateescape")
            put((hashlib.sha1(text).hexdigest() if checksum == "ok" else checksum) + f"</fileChecksum>{eol}")
        put(f"</indexedmzML>{eol}")
    return "".join(parts).encode("utf-8", "surrogateescape")


def peaks(n, seed=1, profile=False):
    """m/z as float64 and intensity as float32, as an instrument gives them."""
    rng = numpy.random.default_rng([n, seed])
    mz = numpy.sort(rng.uniform(150, 1800,
                                n)) if not profile else 200 + numpy.arange(n) * 0.005 + rng.normal(0, 1e-6, n)
    return mz.astype("<f8"), (rng.lognormal(9, 2, n)).astype("<f4")


def two(n, seed=1, coding=ZLIB, level=6):
    mz, intensity = peaks(n, seed)
    return [array(MZ, mz, coding, level), array(INTENSITY, intensity, coding, level)]


# ---- files ----


def mzml_files(shared):
    """Real files of spectra, where they are."""
    return sorted(p for p in glob.glob(f"{shared}/massspec/**/*", recursive=True)
                  if p.lower().endswith((".mzml", ".mzml.gz", "bla.idx.gz")))


def made_spectra(path, megabytes, seed=5, *more):
    """A file of scripts/make-data; False where it cannot be made."""
    env = {**os.environ, "VIAL_BUILD": os.environ.get("VIAL_BUILD", "build")}
    done = subprocess.run(["scripts/make-data", "spectra", "--megabytes", str(megabytes), "--seed", str(seed),
                           "--out", path, *more],
                          env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        print(done.stderr.decode("utf-8", "replace"))
    return done.returncode == 0


def plain(path):
    """A file's text, decompressed."""
    with open(path, "rb") as f:
        data = f.read()
    out = []
    if data[:2] != b"\x1f\x8b":
        return data
    while data and data.strip(b"\0"):
        member = zlib.decompressobj(31)
        out.append(member.decompress(data))
        data = member.unused_data
    return b"".join(out)
