"""
mz5 files, made table by table through the HDF5 library that h5py has loaded, as h5py itself cannot write rows
within rows.

Suites: none.
"""
import ctypes

import h5py
import numpy
from h5py import h5d, h5s, h5t

U16, U32, TEXT = "H", "I", "text"
NONE = 0xffffffff


def chars(n):
    return ("chars", n)


def rows(form):
    return ("rows", form)


PARAMS = [(x, U32) for x in ("cvstart", "cvend", "usrstart", "usrend", "refstart", "refend")]
REF = [("refID", U32)]
NAMED = [("id", TEXT), ("params", PARAMS)]
COMPONENT = [("paramList", PARAMS), ("order", U32)]
SCAN = [("externalSpectrumID", TEXT), ("params", PARAMS), ("scanWindowList", rows(PARAMS)),
        ("refInstrumentConfiguration", REF), ("refSourceFile", REF), ("refSpectrum", REF)]
PRECURSOR = [("externalSpectrumId", TEXT), ("activation", PARAMS), ("isolationWindow", PARAMS),
             ("selectedIonList", rows(PARAMS)), ("refSpectrum", REF), ("refSourceFile", REF)]
BINARY = [("xParams", PARAMS), ("yParams", PARAMS), ("xrefDataProcessing", REF), ("yrefDataProcessing", REF)]
FORMS = {
    "FileInformation": [(x, U16) for x in ("majorVersion", "minorVersion", "didFiltering", "deltaMZ",
                                           "translateInten")],
    "ControlledVocabulary": [(x, TEXT) for x in ("uri", "fullname", "id", "version")],
    "CVReference": [("name", TEXT), ("prefix", TEXT), ("accession", U32)],
    "CVParam": [("value", chars(128)), ("cvRefID", U32), ("uRefID", U32)],
    "UserParam": [("name", chars(256)), ("value", chars(128)), ("type", chars(64)), ("uRefID", U32)],
    "RefParam": REF, "FileContent": PARAMS, "Contact": PARAMS,
    "SourceFiles": [("id", TEXT), ("location", TEXT), ("name", TEXT), ("params", PARAMS)],
    "ParamGroups": NAMED, "Samples": [("id", TEXT), ("name", TEXT), ("params", PARAMS)],
    "Software": [("id", TEXT), ("version", TEXT), ("params", PARAMS)],
    "InstrumentConfiguration": [("id", TEXT), ("params", PARAMS),
                                ("components", [(x, rows(COMPONENT)) for x in ("sources", "analyzers",
                                                                               "detectors")]),
                                ("refScanSetting", REF), ("refSoftware", REF)],
    "DataProcessing": [("id", TEXT), ("method", rows([("params", PARAMS), ("refSoftware", REF),
                                                      ("order", U32)]))],
    "Run": [("id", TEXT), ("startTimeStamp", TEXT), ("fid", TEXT), ("facc", TEXT), ("params", PARAMS),
            ("refSpectrumDP", REF), ("refChromatogramDP", REF), ("refDefaultInstrument", REF),
            ("refSourceFile", REF), ("refSample", REF)],
    "SpectrumMetaData": [("id", TEXT), ("spotID", TEXT), ("params", PARAMS),
                         ("scanList", [("params", PARAMS), ("scanList", rows(SCAN))]),
                         ("precursors", rows(PRECURSOR)), ("products", rows(PARAMS)),
                         ("refDataProcessing", REF), ("refSourceFile", REF), ("index", U32)],
    "SpectrumListBinaryData": BINARY, "ChromatogramListBinaryData": BINARY,
    "ChromatogramList": [("id", TEXT), ("params", PARAMS), ("precursor", PRECURSOR),
                         ("productIsolationWindow", PARAMS), ("refDataProcessing", REF), ("index", U32)],
}


def type_of(form):
    """Of HDF5, and its bytes in memory."""
    if form == TEXT:
        text = h5t.C_S1.copy()
        text.set_size(h5t.VARIABLE)
        return text, 8
    if form in (U16, U32):
        return {U16: h5t.NATIVE_UINT16, U32: h5t.NATIVE_UINT32}[form], {U16: 2, U32: 4}[form]
    if form[0] == "chars":
        text = h5t.C_S1.copy()
        text.set_size(form[1])
        return text, form[1]
    if form[0] == "rows":
        return h5t.vlen_create(type_of(form[1])[0]), 16
    members = [(name, *type_of(of)) for name, of in form]
    whole = h5t.create(h5t.COMPOUND, sum(size for _, _, size in members))
    at = 0
    for name, kind, size in members:
        whole.insert(name.encode(), at, kind)
        at += size
    return whole, at


def pack(form, value, kept):
    """The bytes of a value as HDF5 takes them; kept: what they point at. A row is a dictionary; what it has
    not is 0, empty, and of a reference none."""
    if form == TEXT:
        kept.append(ctypes.create_string_buffer((value or "").encode()))
        return ctypes.addressof(kept[-1]).to_bytes(8, "little")
    if form in (U16, U32):
        return int(value or 0).to_bytes({U16: 2, U32: 4}[form], "little")
    if form[0] == "chars":
        return (value or "").encode().ljust(form[1], b"\0")
    if form[0] == "rows":
        data = b"".join(pack(form[1], x, kept) for x in value or [])
        kept.append(ctypes.create_string_buffer(data, len(data) or 1))
        return len(value or []).to_bytes(8, "little") + ctypes.addressof(kept[-1]).to_bytes(8, "little")
    if form is REF and not isinstance(value, dict):
        value = {"refID": NONE if value is None else value}
    return b"".join(pack(of, (value or {}).get(name), kept) for name, of in form)


def library():
    with open("/proc/self/maps", encoding="utf-8") as file:
        paths = {line.split()[-1] for line in file if "/libhdf5" in line and "_hl" not in line}
    return ctypes.CDLL(sorted(paths)[0])


def put_table(file, name, form, values):
    kept = []
    data = b"".join(pack(form, x, kept) for x in values)
    kind, _ = type_of(form)
    made = h5d.create(file.id, name.encode(), kind, h5s.create_simple((len(values),)))
    call = library().H5Dwrite
    call.argtypes = [ctypes.c_int64] * 5 + [ctypes.c_void_p]
    if values and call(made.id, kind.id, 0, 0, 0, data) < 0:
        raise OSError(f"HDF5 does not write {name}")


def put_numbers(file, name, values, kind):
    file.create_dataset(name, data=numpy.array(values, kind), compression="gzip" if values else None)


class Params:
    """The params of a document, as they are asked for."""

    def __init__(self):
        self.terms = [{"name": "CVID_Unknown", "prefix": "??", "accession": 0}]
        self.cv, self.user, self.groups = [], [], []

    def term(self, accession, name):
        prefix, _, number = accession.partition(":")
        said = {"name": name, "prefix": prefix, "accession": int(number)}
        if said not in self.terms:
            self.terms.append(said)
        return self.terms.index(said)

    def of(self, *terms, user=(), groups=()):
        """terms: (accession, name[, value[, unit accession, unit name]])."""
        at = [len(self.cv), len(self.user), len(self.groups)]
        for accession, name, *more in terms:
            unit = self.term(*more[1:]) if len(more) > 1 else 0
            self.cv.append({"value": more[0] if more else "", "cvRefID": self.term(accession, name),
                            "uRefID": unit})
        self.user += [dict(zip(("name", "value", "type"), x)) for x in user]
        self.groups += [{"refID": x} for x in groups]
        to = [len(self.cv), len(self.user), len(self.groups)]
        return dict(zip((x for x, _ in PARAMS), (n for pair in zip(at, to) for n in pair)))


def write(path, tables, peaks):
    """peaks: {name: values} of the columns."""
    with h5py.File(path, "w") as file:
        for name, values in tables.items():
            put_table(file, name, FORMS[name], values)
        for name, values in peaks.items():
            put_numbers(file, name, values, "u4" if name.endswith("Index") else "f8")
