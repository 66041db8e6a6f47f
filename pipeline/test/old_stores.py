"""
Stores written by earlier versions stay readable for ever. testdata/stores holds, for each version of the
store, small stores of every kind and profile and a bank, and beside them what the program that wrote them
said: view, export, verify and info say the same today, byte for byte, and h5py finds the same values. What
the files are: testdata/stores/README.md.

    old_stores.py                        checks all versions
    old_stores.py --make FOLDER          makes the stores and texts of a new version with the program VIAL
    old_stores.py --make-expected FOLDER only the texts: what an older program says of stores that are there
    old_stores.py --make-bank FOLDER     only the bank of a version, and its texts

Suites: store.
"""
import glob
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

from fqmodel import record
from vialtest import OK, Folder, Part, main, run

HOME = "testdata/stores"
COMPARED = b", original text compared"
NOT_MADE = b", text not made again"
INPUT = f"{HOME}/input"
MZML = "testdata/mzml"
ALL = ("fast", "compact", "archive", "portable")
LARGEST = 12 << 10  # of a text that is kept as it is; of a larger one its hash
EPOCH = 1767225600  # what a store's time is in the copies of a bank

READS_VIEWS = {
    "fastq": (),
    "tsv": ("-O", "tsv"),
    "columns": ("-O", "tsv", "--columns", "row,name,mate,comment,base,quality,plus,length"),
    "rows": ("--rows", "1-3"),
}
BAM = "testdata/bam"
BAM_VIEWS = {
    "fastq": (),
    "tsv": ("-O", "tsv", "--columns", "row,name,mate,flag,tags,base,quality,length"),
    "rows": ("--rows", "1-2"),
}
ALIGNED_VIEWS = {
    "sam": ("-O", "sam"),
    "tsv": ("-O", "tsv"),
    "rows": ("-O", "sam", "--rows", "1-3"),
}
SPECTRUM = ("index,id,ms_level,time,polarity,centroid,tic,base_peak_mz,base_peak_intensity,scan_low,"
            "scan_high,mobility,injection_time,precursor_mz,charge,peaks")
SPECTRA_VIEWS = {
    "mzml": ("-O", "mzml"),
    "mgf": ("-O", "mgf"),
    "tsv": ("-O", "tsv"),
    "json": ("-O", "json"),
    "columns": ("-O", "tsv", "--columns", SPECTRUM),
    "peaks": ("-O", "tsv", "--columns", SPECTRUM + ",mz,intensity"),
    "ms2": ("-O", "tsv", "--ms-level", "2"),
    "mz": ("-O", "json", "--mz", "200-600"),
}

# case: (profiles, options of ingest, inputs, views)
CASES = {
    "single": (ALL, (), [f"{INPUT}/single.fastq"], {**READS_VIEWS, "name": ("--name", "run7.4")}),
    "pairs": (ALL, (), [f"{INPUT}/pairs_R1.fastq", f"{INPUT}/pairs_R2.fastq"],
              {**READS_VIEWS, "name": ("--name", "A00123:8:HXX2YDSXY:1:1101:35:5")}),
    "slash": (("compact", "portable"), (), [f"{INPUT}/slash_1.fastq", f"{INPUT}/slash_2.fastq"], READS_VIEWS),
    "interleaved": (("fast", "compact"), ("--interleaved",), [f"{INPUT}/interleaved.fastq"], READS_VIEWS),
    "crlf": (("compact",), (), [f"{INPUT}/crlf.fastq"], READS_VIEWS),
    "long": (("compact", "portable"), (), ["long.fastq"], {**READS_VIEWS, "rows": ("--rows", "29998-")}),
    "levels": (ALL, (), [f"{INPUT}/levels.mzML"],
               {**SPECTRA_VIEWS, "time": ("-O", "tsv", "--time", "1.5-4"),
                "id": ("-O", "mgf", "--id", "scan=3"), "scan": ("-O", "tsv", "--scan", "4"),
                "precursor": ("-O", "json", "--precursor", "445.34")}),
    "kept": (("compact",), (), [f"{INPUT}/kept.mzML"], SPECTRA_VIEWS),
    "zstd": (("archive",), (), [f"{MZML}/zstd.in"], SPECTRA_VIEWS),
    "numpress": (("compact", "portable"), (), [f"{MZML}/numpress.in"], SPECTRA_VIEWS),
    "codings": (("compact", "portable"), (), [f"{INPUT}/codings.mzML"], SPECTRA_VIEWS),
    "kept_codings": (("compact",), (), [f"{MZML}/kept_codings.in"], SPECTRA_VIEWS),
    # m/z in another unit: what the mzML view made of --mz was wrong, and is not asked for
    "other_unit": (("compact",), (), [f"{INPUT}/other_unit.mzML"], SPECTRA_VIEWS),
    "chromatograms": (("compact",), (), [f"{MZML}/chromatograms_only.in"], SPECTRA_VIEWS),
    "offsets": (("compact",), (), [f"{MZML}/wrong_offsets.in"], SPECTRA_VIEWS),
    "wide": (("compact",), (), ["wide.mzML"], SPECTRA_VIEWS),
    "analysers": (("compact",), (), ["analysers.mzML"],
                  {"mzml": ("-O", "mzml"), "json": ("-O", "json"), "scan": ("-O", "tsv", "--scan", "3")}),
    "bam_hifi": (("compact", "portable"), (), [f"{BAM}/hifi.in"],
                 {**BAM_VIEWS, "tags": ("-O", "tsv", "--columns", "row,np:i,rq:f,RG:Z")}),
    "bam_tags": (("compact", "archive"), (), [f"{BAM}/tags.in"], BAM_VIEWS),
    "bam_odd": (("compact",), (), [f"{BAM}/odd.in"], BAM_VIEWS),
    "bam_pairs": (("compact", "portable"), (), [f"{BAM}/pairs.in"],
                  {**BAM_VIEWS, "name": ("--name", "A1:8:HX:1:1101:1003:21")}),
    "aligned_bam": (ALL, (), [f"{INPUT}/aligned.bam"],
                    {**ALIGNED_VIEWS, "region": ("-O", "tsv", "c1:700-720")}),
    "aligned_sam": (("compact",), (), ["testdata/alignments/case-and-letters.sam"], ALIGNED_VIEWS),
    "aligned_odd": (("compact",), (), ["testdata/alignments/duplicate-and-empty-tags.bam"], ALIGNED_VIEWS),
    "aligned_modified": (("archive",), (), [f"{INPUT}/modified.sam"],
                         {**ALIGNED_VIEWS, "likely": ("-O", "tsv", "--columns", "MM:Z,ML:BC")}),
}

# what later versions' folders hold, where that is less than all cases
FEWER = {
    "v2_behind": {"pairs": ("compact",), "levels": ("portable",)},
    "v2": {"single": ("compact", "portable"), "pairs": ("fast", "archive"), "levels": ("compact",),
           "kept": ("compact",)},
    "v2_bam": {case: profiles for case, (profiles, *_) in CASES.items() if case.startswith("bam_")},
    "v2_aligned": {case: profiles for case, (profiles, *_) in CASES.items()
                   if case in ("aligned_bam", "aligned_sam", "aligned_odd")},
    "v2_folded": {"aligned_bam": ("archive",), "aligned_odd": ("compact",)},
    "v2_grid": {"analysers": ("compact",)},
    "v3": {"aligned_modified": ("archive",)},
}


def stores_of(folder):
    """{case: profiles} of a folder."""
    every = {case: profiles for case, (profiles, *_) in CASES.items()
             if not case.startswith(("bam_", "aligned_", "analysers"))}
    return FEWER.get(os.path.basename(folder), every)


def has_bank(folder):
    return os.path.isdir(f"{folder}/bank.expected")


def sha(data):
    return hashlib.sha256(data).hexdigest()


def kept_text(data):
    """A text as it is kept: itself, or its hash when it is large."""
    return data if len(data) <= LARGEST else f"sha256 {sha(data)} of {len(data)} bytes\n".encode()


def unwrapped(text):
    """A document as it was printed before parts of mzML had an index: without it, and what is around it."""
    if b"<indexedmzML " not in text[:2000]:
        return text
    return re.sub(rb"<indexedmzML [^>]*>\n", b"", text[:text.rindex(b"<indexList ")], count=1)


def said(done):
    """What a command said. The words of a refusal may get better, its code may not."""
    return kept_text(unwrapped(done.out)) if done.code == OK else f"exit code {done.code}\n".encode()


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def texts_of(folder, case, profile):
    """{file: text} that the program says of a store, but for info and its columns."""
    views = CASES[case][3]
    store = os.path.abspath(f"{folder}/{case}/{profile}.h5")
    out = {f"view.{name}": said(run("view", store, *options)) for name, options in views.items()}
    out[f"{profile}.verify"] = said(run("verify", "--quick", f"{profile}.h5", cwd=f"{folder}/{case}"))
    out[f"{profile}.deep"] = said(run("verify", f"{profile}.h5", cwd=f"{folder}/{case}"))
    return out


# ---- what a stranger sees: old_stores.py --columns STORE..., HDF5_PLUGIN_PATH set ----


def print_columns(stores):
    """{store: text} as JSON: path, type, elements and hash of each data set that no profile changes."""
    import h5py  # only now: HDF5 reads HDF5_PLUGIN_PATH when it is loaded
    out = {}
    for path in stores:
        lines = []

        def visit(name, item):
            if isinstance(item, h5py.Dataset) and name not in ("digest", "source/manifest"):
                lines.append(f"{name}\t{item.dtype.str}\t{item.size}\t{sha(item[()].tobytes())}\n")

        with h5py.File(path, "r") as store:
            store.visititems(visit)
        out[path] = "".join(sorted(lines))
    json.dump(out, sys.stdout)


def columns_of(stores, plugin):
    env = {k: v for k, v in os.environ.items() if k != "HDF5_PLUGIN_PATH"}
    if plugin:
        env["HDF5_PLUGIN_PATH"] = run("plugin-path").out.decode().strip()
    done = subprocess.run([sys.executable, __file__, "--columns", *stores], env=env, capture_output=True)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.decode()}


def columns_of_folder(folder):
    """{store: columns} of all stores of a version; portable ones are read without the plugin."""
    stores = [f"{folder}/{case}/{p}.h5" for case, profiles in stores_of(folder).items() for p in profiles]
    easy = [s for s in stores if s.endswith("/portable.h5")]
    return {**columns_of(easy, False), **columns_of([s for s in stores if s not in easy], True)}


# ---- a bank ----


def is_packed(folder):
    return os.path.exists(f"{folder}/bank.tar.gz")


def copy_bank(folder, to):
    """
    As its program left it; of version 1 without git's view: folders that are empty, times that are the same
    everywhere.
    """
    if is_packed(folder):
        with tarfile.open(f"{folder}/bank.tar.gz") as packed:
            packed.extractall(to)
        return
    shutil.copytree(f"{folder}/bank", to)
    for name in ("cohorts", "journal", "quarantine", "receipts", "reports"):
        os.makedirs(f"{to}/{name}", exist_ok=True)
    for path in glob.glob(f"{to}/samples/*/*/*"):
        os.utime(path, (EPOCH, EPOCH))


def bank_texts(bank):
    """{file: text}: what a bank says of itself."""
    out = {"ls": said(run("ls", "-b", bank, "--json")),
           "superseded": said(run("ls", "-b", bank, "--json", "--where", "state = 'superseded'")),
           "info": said(run("info", "-b", bank, "--json", "S1"))}
    for name, of in (("reads", "S1/L001"), ("spectra", "S2/levels")):
        out[f"export.{name}"] = sha(run("export", "-q", "-b", bank, of).out).encode() + b"\n"
    lines = said(run("verify", "-b", bank, "--all")).splitlines(keepends=True)
    out["verify"] = b"".join(sorted(lines[:-1]) + lines[-1:])  # stores come in an order of their own
    return out


def more_texts(bank):
    """What banks since the ledger say besides: how what they know came to be, views, and that all agree."""
    out = {f"info.{s}": said(run("info", "-b", bank, "--json", s)) for s in ("S2", "S3")}
    for sample in ("S1", "S2", "S3"):
        out[f"history.{sample}"] = said(run("info", "-b", bank, "--json", "--history", sample))
    for name in ("S1/L001", "S1/unit", "S2", "S3"):
        out["view." + name.replace("/", ".")] = said(run("view", "-b", bank, name))
    return {**out, "check": said(run("catalog", "-b", bank, "check"))}


def rebuilt_texts(bank):
    made = run("catalog", "-b", bank, "rebuild")
    counts = said(made).splitlines()[-1].split(b";")[0] + b"\n"  # behind it stand seconds
    return {"rebuild": counts, "check": said(run("catalog", "-b", bank, "check")), **bank_texts(bank)}


def all_bank_texts(folder, f):
    """
    (state, file, text): as it is; with the catalogue made again, which says the same; with the records of
    samples and the catalogue lost, which hold what sheets said.
    """
    for state in ("as_it_is", "rebuilt", "records_lost"):
        copy_bank(folder, f / state)
        if state == "records_lost":
            for lost in ("samples/*/S[12]/sample.h5", "catalog.db*"):
                for path in glob.glob(f / state + "/" + lost):
                    os.unlink(path)
        texts = bank_texts(f / state) if state == "as_it_is" else rebuilt_texts(f / state)
        if is_packed(folder):
            texts.update(more_texts(f / state))
        shutil.rmtree(f / state)
        for name, text in texts.items():
            text = text.replace((f / state).encode(), b"/BANK")
            yield state, ("lost." if state == "records_lost" else "") + name, text


# ---- checks ----


def same_where_known(t, what, old, new):
    """All that was said is said today; there may be more."""
    if isinstance(old, dict) and isinstance(new, dict):
        t.check(old.keys() <= new.keys(), what, f"lacks {sorted(old.keys() - new.keys())}")
        for key in old.keys() & new.keys():
            same_where_known(t, f"{what}: {key}", old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list):
        t.check(len(old) == len(new), what, f"{len(new)} of them, {len(old)} before")
        for i, (a, b) in enumerate(zip(old, new)):
            same_where_known(t, f"{what}[{i}]", a, b)
    else:  # what a note counts was a text once
        same = old == new or (isinstance(new, int) and old == str(new))
        t.check(same, what, f"{new!r}, before {old!r}")


UNREAD = b"exit code 65\n"  # what views said of spectra with an array of a coding that nobody reads


def said_less(old, new):
    """Views of spectra as they were: JSON without precursors, and without arrays beside m/z and intensity;
    MGF with charges as the document has them, whose sign is that of the polarity now, and with scan numbers
    of ids that have none."""
    new = new.splitlines()
    old = [x for x in old.splitlines() if not x.startswith(b"SCANS=") or x in new]
    if len(old) != len(new):
        return False
    for a, b in zip(old, new):
        if a.startswith(b'{"index"') and b.startswith(b'{"index"'):
            was, now = json.loads(a), json.loads(b)
            if was != {key: value for key, value in now.items() if key in was}:
                return False
        elif a != b and (not a.startswith(b"CHARGE=") or a[:-1] != b[:-1] or b[-1:] not in b"+-"):
            return False
    return True


def check_text(t, what, path, text):
    """What a quick check says of the text is not what it said: verify once made some texts again, not all."""
    old = read(path)
    if old == UNREAD and text or said_less(old, text):
        return t.check(True, what)
    if path.endswith(".verify"):
        old, text = old.replace(COMPARED, b"").replace(NOT_MADE, b""), text.replace(NOT_MADE, b"")
        t.check(COMPARED not in text, what, text)
    t.check(text == old, what, f"{len(text)} bytes, {len(old)} before: {text[:200]!r}")


def check_export(t, f, folder, case, profile):
    store, what, inputs = f"{folder}/{case}/{profile}.h5", f"{folder}/{case}/{profile}", CASES[case][2]
    originals = [read(p) if os.path.exists(p) else made_input(p) for p in inputs]
    originals = [gzip.decompress(x) if x[:2] == b"\x1f\x8b" else x for x in originals]
    if len(originals) == 1:
        done = run("export", "-q", store)
        t.check(done.code == OK and done.out == originals[0], f"{what}: export", done.err)
        return
    back = [f"{case}-{profile}.{i}" for i in (1, 2)]
    done = run("export", "-q", store, "-1", f / back[0], "-2", f / back[1])
    t.check(done.code == OK and list(map(f.read, back)) == originals, f"{what}: export", done.err)


def check_store(t, f, folder, case, profile, columns):
    store, what = f"{folder}/{case}/{profile}.h5", f"{folder}/{case}/{profile}"
    for name, text in texts_of(folder, case, profile).items():
        check_text(t, f"{what}: {name}", f"{folder}/{case}/{name}", text)
    check_text(t, f"{what}: verify --deep", f"{folder}/{case}/{profile}.deep",
               said(run("verify", "--deep", f"{profile}.h5", cwd=f"{folder}/{case}")))
    done = run("info", "--json", store)
    if t.check(done.code == OK, f"{what}: info", done.err):
        same_where_known(t, f"{what}: info", json.loads(read(f"{folder}/{case}/{profile}.info.json")),
                         json.loads(done.out))
    t.check(run("info", store).code == OK, f"{what}: info as text")
    check_export(t, f, folder, case, profile)
    t.check(columns.get(store, columns.get("error", "")).encode() == read(f"{folder}/{case}/columns.tsv"),
            f"{what}: h5py", columns.get("error", "other values"))


def options_told(t, what, record):
    """
    Stores of version 1 do not note their options: a record made from them alone says what can be told, no
    more. It once had "exact=sampled" made up, so that the same file again was refused.
    """
    for store in record.get("stores", []):
        told = store.pop("options")
        expected = "interleaved=no" if store["kind"] == "reads" else ""
        t.check(told == expected, f"{what}: options", repr(told))


def check_bank(t, f, folder):
    for state, name, text in all_bank_texts(folder, f):
        old, what = read(f"{folder}/bank.expected/{name}"), f"{folder}/bank {state}: {name}"
        if b"{" in old[:1] and t.check(text[:1] == b"{", what, text[:200]):
            lines = bytes.splitlines if name.endswith(("ls", "superseded")) else (lambda x: [x])
            old, new = list(map(json.loads, lines(old))), list(map(json.loads, lines(text)))
            if name == "lost.info" and not is_packed(folder):  # there is no ledger
                options_told(t, what, new[0])
                for store in old[0]["stores"]:
                    store.pop("options")
                t.check(new[0]["revision"] > old[0].pop("revision"), what, "the record was not written")
            same_where_known(t, what, old, new)
        else:
            if name.endswith("verify"):  # of a store that is whole, more is said than its bytes today
                old, text = (re.sub(rb": ok[:,] (?:.*, )?(\d+ bytes).*", rb": ok, \1", x)
                             for x in (old, text))
            t.check(text == old, what, f"{text[:300]!r}, before {old[:300]!r}")


def bank_goes_on(t, f, folder):
    """Today's program takes more into it, corrects, withdraws and heals there."""
    copy_bank(folder, f / "bank")
    check = "catalog", "-b", f / "bank", "check"
    new = os.path.abspath(f"{INPUT}/slash_1.fastq")
    for words in (("ingest", "-q", "-b", f / "bank", "-s", "S4", "--acquisition", "L001", new),
                  ("set", "-b", f / "bank", "S1", "donor=D9"),
                  ("set", "-b", f / "bank", "S2/levels", "run=7")):
        done = run(*words)
        t.check(done.code == OK and run(*check).code == OK, f"{folder}/bank: {words[0]}", done.err)
    done = run("export", "-q", "-b", f / "bank", "S4/L001")
    t.check(done.code == OK and done.out == read(new), f"{folder}/bank: what came in", done.err)
    os.unlink(glob.glob(f / "bank/samples/*/S1/reads-L001.h5")[0])
    for name in ("pairs_R1.fastq", "pairs_R2.fastq"):
        shutil.copy(f"{INPUT}/{name}", f / name)
    done = run("heal", "-b", f / "bank", "--from", f.path)
    t.check(done.code == OK and run(*check).code == OK, f"{folder}/bank: heal", f"{done.out} {done.err}")
    for words in (("withdraw", "-b", f / "bank", "--reason", "consent", "S2"), ("tidy", "-b", f / "bank"),
                  ("nightly", "-b", f / "bank")):
        done = run(*words)
        t.check(done.code == OK and run(*check).code == OK, f"{folder}/bank: {words[0]}", done.err)


def parts():
    for folder in sorted(glob.glob(f"{HOME}/v[0-9]*")):
        columns = columns_of_folder(folder)
        for case, profiles in stores_of(folder).items():
            for profile in profiles:
                yield Part(f"{folder}/{case}/{profile}", check_store, (folder, case, profile, columns))
        if has_bank(folder):
            yield Part(f"{folder}/bank", check_bank, (folder,))
        if is_packed(folder):
            yield Part(f"{folder}/bank goes on", bank_goes_on, (folder,))


# ---- making a version's folder ----


def long_reads():
    """More than one chunk of every column, in a store of few bytes."""
    return b"".join(record(b"r" * (1 + i % 7), b"ACGT" * (24 + i % 3)) for i in range(30000))


def wide_spectra():
    """Arrays of more than one chunk."""
    import numpy
    from mzmodel import INTENSITY, MZ, ZLIB, array, document, spectrum
    n = 140000
    mz, intensity = 100 + numpy.arange(n) / 64, numpy.zeros(n, "<f4")
    intensity[::1000] = 7
    both = [array(MZ, mz, ZLIB), array(INTENSITY, intensity, ZLIB)]
    return document([spectrum(i, both, n, time=i, centroid=False) for i in range(2)])


def analyser_spectra():
    """
    m/z and intensities as analysers have them: on a grid of roots, most intensities 0; of the same few
    values again and again, with counts; anywhere, as floats, with floats. Steps and residuals come
    from a generator that is written out here, so that they are the same with every numpy.
    """
    import numpy
    from mzmodel import INTENSITY, MZ, array, document, spectrum

    def dice(n, seed):
        x, out = seed, []
        for _ in range(n):
            x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
            out.append(x >> 33)
        return numpy.array(out, "<u8")

    def one(i, mz, intensity, centroid, level):
        return spectrum(i, [array(MZ, mz), array(INTENSITY, intensity.astype("<f4"))], len(mz), time=i,
                        centroid=centroid, level=level)

    spectra = []
    for i in range(6):  # a profile of 10000 points, with gaps
        step = 1 + numpy.where(dice(10000, i) % 50 == 0, dice(10000, 7 + i) % 30, 0)
        mz = (14 + numpy.cumsum(step) * 2.0**-12)**2
        high = dice(10000, 90 + i) % 400 == 0
        spectra.append(one(2 * i + 1, mz, numpy.where(high, 1.5 + dice(10000, 3 + i) % 64, 0), False, 1))
        steps = 1 + dice(300, 20 + i) % 3
        flight = 200 + numpy.cumsum(1 + dice(200, 77) % 2**20)[numpy.cumsum(steps) % 200] * 2.0**-18
        spectra.append(one(2 * i + 2, flight, 1 + dice(300, 30 + i) % 200, True, 2))
    for i in range(2):  # 17000 centroids, of which floats tell all
        gap = 64 + dice(17000, 40 + i) % 8
        mz = (200 + numpy.cumsum(gap) * 2.0**-14).astype("<f4").astype("<f8")
        power = numpy.cumsum(dice(17000, 50 + i) % 3 - 1.0) % 12
        spectra.append(one(13 + i, mz, 2.0**power * (1 + (dice(17000, 60 + i) % 4) / 4), True, 1))
    return document(spectra)


def made_input(name):
    """Inputs too large to keep."""
    if name == "analysers.mzML":
        return analyser_spectra()
    return long_reads() if name == "long.fastq" else wide_spectra()


def make_store(folder, case, profile, f):
    _, options, inputs, _ = CASES[case]
    paths = [p if os.path.exists(p) else f.write(p, made_input(p)) for p in inputs]
    os.makedirs(f"{folder}/{case}", exist_ok=True)
    done = run("ingest", "-q", "--force", "--profile", profile, *options, "-s", "S1", "--acquisition", "L001",
               "-o", f"{folder}/{case}/{profile}.h5", *paths)
    assert done.code == OK, done.err


def make_bank(folder):
    """
    Two samples with three stores, one of them superseded, facts that were corrected, and a sample withdrawn.
    The ledger keeps who did it, and where: `unshare --uts` with a host name of its own is a good place.
    """
    place = "/srv/vial-fixtures"  # the records keep the paths of what came in
    os.environ["VIAL_NOW"] = str(EPOCH)
    os.makedirs(place)
    try:
        for name in ("pairs_R1.fastq", "pairs_R2.fastq", "single.fastq", "crlf.fastq", "other_unit.mzML",
                     "levels.mzML"):
            shutil.copy(f"{INPUT}/{name}", f"{place}/{name}")
            os.utime(f"{place}/{name}", (EPOCH, EPOCH))
        write(f"{place}/sheet.csv", b"sample,file_1,acquisition,donor,specimen_type,disease,lane\n"
                                    b"S1,single.fastq,L001,D1,DNA,none,1\n"
                                    b"S1,other_unit.mzML,unit,D1,DNA,none,\n"
                                    b"S2,levels.mzML,levels,D2,plasma,flu,\nS3,crlf.fastq,L001,D3,DNA,,1\n")
        bank = f"{place}/bank"
        for words in (("init", bank),
                      ("ingest", "-q", "-b", bank, "--sheet", f"{place}/sheet.csv"),
                      ("ingest", "-q", "-b", bank, "--supersede", "-s", "S1", "--acquisition", "L001",
                       f"{place}/pairs_R1.fastq", f"{place}/pairs_R2.fastq"),
                      ("set", "-b", bank, "S2", "donor=D7", "disease="),
                      ("withdraw", "-b", bank, "--reason", "consent withdrawn", "S3"), ("tidy", "-b", bank)):
            done = run(*words)
            assert done.code == OK, (words, done.err)
        with tarfile.open(f"{folder}/bank.tar.gz", "w:gz") as packed:
            packed.add(bank, ".", filter=lambda x: None if x.name.endswith(("-wal", "-shm", ".log")) else x)
    finally:
        shutil.rmtree(place)
        del os.environ["VIAL_NOW"]


def make_bank_expected(folder, f):
    os.makedirs(f"{folder}/bank.expected", exist_ok=True)
    for _, name, text in all_bank_texts(folder, f):
        write(f"{folder}/bank.expected/{name}", text)


def make_expected(folder, f):
    columns = columns_of_folder(folder)
    for case, profiles in stores_of(folder).items():
        for profile in profiles:
            store = f"{folder}/{case}/{profile}.h5"
            for name, text in texts_of(folder, case, profile).items():
                write(f"{folder}/{case}/{name}", text)
            write(f"{folder}/{case}/{profile}.info.json", run("info", "--json", store).out)
            write(f"{folder}/{case}/columns.tsv", columns[store].encode())
    if has_bank(folder):
        make_bank_expected(folder, f)


def make(folder, what):
    with Folder() as f:
        if what == "--make-bank":
            make_bank(folder)
            make_bank_expected(folder, f)
            return
        if what == "--make":
            for case, profiles in stores_of(folder).items():
                for profile in profiles:
                    make_store(folder, case, profile, f)
            if os.path.basename(folder) not in FEWER:
                make_bank(folder)
                make_bank_expected(folder, f)
        make_expected(folder, f)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--columns"]:
        print_columns(sys.argv[2:])
    elif sys.argv[1:2] in (["--make"], ["--make-expected"], ["--make-bank"]):
        make(sys.argv[2], sys.argv[1])
    else:
        main(*parts())
