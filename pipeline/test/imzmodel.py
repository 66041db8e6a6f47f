"""
imzML made here: documents and their .ibd, laid out as asked for, and what is in them.

Suites: none.
"""
import hashlib
import uuid
import zlib
from typing import NamedTuple

import numpy as np

UUID = uuid.UUID("0123456789abcdef0123456789abcdef")
DTYPE = {"f4": ("MS:1000521", "32-bit float"), "f8": ("MS:1000523", "64-bit float"),
         "i4": ("MS:1000519", "32-bit integer"), "i8": ("MS:1000522", "64-bit integer")}
KIND = {"mz": ("MS:1000514", "m/z array"), "intensity": ("MS:1000515", "intensity array")}
HASH = {"md5": ("IMS:1000090", "ibd MD5"), "sha1": ("IMS:1000091", "ibd SHA-1"),
        "sha256": ("IMS:1000092", "ibd SHA-256")}


class Array(NamedTuple):
    """One array of a document: its values, and where its bytes are in the .ibd."""

    kind: str
    values: np.ndarray
    at: int
    packed: bytes = None  # zlib's; None: plain
    said: int = None      # external array length, where that is not what it has
    encoded: object = True  # external encoded length: True as it is, False not said, else this

    @property
    def bytes(self):
        return self.packed if self.packed is not None else self.values.tobytes()


def param(accession, name, value=None):
    cv = accession.split(":")[0]
    return (f'<cvParam cvRef="{cv}" accession="{accession}" name="{name}"' +
            (f' value="{value}"' if value is not None else "") + "/>\n")


def array_text(a, binary="<binary/>"):
    lines = [param("IMS:1000101", "external data", "true"), param(*KIND[a.kind]),
             param(*DTYPE[a.values.dtype.str[1:]]),
             param("MS:1000574", "zlib compression") if a.packed is not None
             else param("MS:1000576", "no compression"),
             param("IMS:1000102", "external offset", a.at),
             param("IMS:1000103", "external array length", len(a.values) if a.said is None else a.said)]
    if a.encoded is not False:
        lines.append(param("IMS:1000104", "external encoded length",
                           len(a.bytes) if a.encoded is True else a.encoded))
    return f'<binaryDataArray encodedLength="0">{"".join(lines)}{binary}</binaryDataArray>\n'


def spectrum_text(i, arrays, place, **more):
    scan = "".join(param(f"IMS:{1000050 + k}", f"position {'xyz'[k]}", v) for k, v in enumerate(place))
    return (f'<spectrum id="Scan={i + 1}" index="{i}" defaultArrayLength="0">' +
            param("MS:1000579", "MS1 spectrum") + param("MS:1000128", "profile spectrum") +
            f'<scanList count="1"><scan>{scan}</scan></scanList>\n' +
            f'<binaryDataArrayList count="{len(arrays)}">' +
            "".join(array_text(a, **more) for a in arrays) + "</binaryDataArrayList></spectrum>\n")


def document(spectra, ibd, places, mode="processed", hashes=("sha1",), said_uuid=str(UUID), wrong=None,
             **more):
    """wrong: what it says of the hash instead."""
    content = param("MS:1000579", "MS1 spectrum") + \
        param(*(("IMS:1000030", "continuous") if mode == "continuous" else ("IMS:1000031", "processed")))
    if said_uuid is not None:
        content += param("IMS:1000080", "universally unique identifier", said_uuid)
    for name in hashes:
        content += param(*HASH[name], hashlib.new(name, ibd).hexdigest() if wrong is None else wrong)
    size = [max(p[k] for p in places) for k in range(2)]
    return ('<?xml version="1.0" encoding="ISO-8859-1"?>\n'
            '<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1">\n'
            f"<fileDescription><fileContent>{content}</fileContent></fileDescription>\n"
            f'<scanSettingsList count="1"><scanSettings id="s">{param("IMS:1000042", "x", size[0])}'
            f'{param("IMS:1000043", "y", size[1])}</scanSettings></scanSettingsList>\n'
            f'<run id="r"><spectrumList count="{len(spectra)}">\n' +
            "".join(spectrum_text(i, arrays, places[i], **more) for i, arrays in enumerate(spectra)) +
            "</spectrumList></run></mzML>\n").encode()


class Ibd:
    """The file beside a document, as it grows."""

    def __init__(self):
        self.data = bytearray(UUID.bytes)

    def fill(self, n, byte=0xa5):
        self.data += bytes([byte]) * n

    def put(self, kind, values, packed=None, **more):
        a = Array(kind, values, len(self.data), packed, **more)
        self.data += a.bytes
        return a


def grid(width, height):
    return [(x, y) for y in range(1, height + 1) for x in range(1, width + 1)]


def peaks(random, n, dtype="f4"):
    """m/z that ascend, and intensities."""
    mz = np.sort(np.array([random.uniform(100, 900) for _ in range(n)])).astype("<" + dtype)
    return mz, np.array([random.expovariate(0.001) for _ in range(n)]).astype("<f4")


def continuous(random, places, n, dtype="f8"):
    ibd = Ibd()
    mz = ibd.put("mz", peaks(random, n, dtype)[0])
    return ibd, [[mz, ibd.put("intensity", peaks(random, n)[1])] for _ in places]


def processed(random, places, most=60, dtype="f4", pack=None, gap=0):
    ibd, spectra = Ibd(), []
    for _ in places:
        mz, intensity = peaks(random, random.randrange(most), dtype)
        arrays = []
        for kind, values in (("mz", mz), ("intensity", intensity)):
            packed = zlib.compress(values.tobytes(), pack) if pack is not None else None
            arrays.append(ibd.put(kind, values, packed))
            ibd.fill(gap)
        spectra.append(arrays)
    return ibd, spectra
