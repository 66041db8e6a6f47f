"""
Documents of mass spectrometry that programs and archives have been seen to trip over (testdata/mass): each
comes back byte for byte, or is refused with one line that says why; and what a view says of them is what they
mean. Expected values were written by hand.

Suites: spectra view. Also: asan.
"""
import glob
import json
import os

from vialtest import DATA, NOINPUT, OK, check_refusal, main, run

HERE = "testdata/mass"
REFUSED = {"prefix": "namespace prefix 'ms:'", "trailing_nul": "100 NUL bytes",
           "message_lines": "XML declaration inside the document"}
NOTED = {"declared_but_empty": {"n_array_length": 2}, "declared_short": {"n_array_length": 2},
         "unsigned_type": {"n_unknown_array": 1}, "unknown_compression": {"n_unknown_array": 1},
         "no_compression_term_zlib": {"n_unknown_array": 2}, "time_no_unit": {"n_time_without_unit": 2}}
OLD = [{"id": "S19", "ms_level": 1, "polarity": -1, "time": 353.43, "scan_low": 400, "scan_high": 1800,
        "precursors": None, "mz": [1.5, 2.5, 3.5], "intensity": [10, 20, 30]},
       {"id": "S20", "ms_level": 2, "polarity": 1, "time": 359.43, "scan_low": 110, "scan_high": 905,
        "mz": [4.5, 5.5], "intensity": [1, 2]}]
ION = {"collision_energy": 35, "ions": [{"mz": 445.34, "charge": 2, "intensity": 12.5}]}
PEAKS = [100.5, 200.25, 300.125, 400.0625], [1, 5.5, 3.25, 0.5]


def ingest(t, f, name, *options):
    f.clear("s.h5")
    done = run("ingest", *options, "-o", f / "s.h5", f"{HERE}/{name}.mzML")
    return t.check(done.code == OK, name, f"exit code {done.code}: {done.err}") and done


def exact(t, f):
    for path in sorted(glob.glob(f"{HERE}/*.mzML")):
        name = os.path.basename(path)[:-5]
        if name in REFUSED:
            done = run("ingest", "-q", "-o", f / "s.h5", path)
            check_refusal(t, name, done, [REFUSED[name]], (DATA,))
            t.check("s.h5" not in f.names(), name, "left a store")
            continue
        for profile in ("compact", "portable"):
            done = ingest(t, f, name, "--profile", profile)
            if not done:
                continue
            noted = dict(x.split(" = ") for line in done.err.splitlines() if "noted: " in line
                         for x in line.split("noted: ")[1].split(", "))
            want = {key: str(n) for key, n in NOTED.get(name, {}).items()}
            t.check(noted == want, name, f"noted {noted}, expected {want}")
            back = run("export", "-q", f / "s.h5")
            with open(path, "rb") as text:
                t.check(back.code == OK and back.out == text.read(), f"{name}, {profile}", back.err)
            done = run("verify", "-q", f / "s.h5")
            t.check(done.code == OK, name, done.err)
        f.clear("s.h5")


def view(t, f, name, *options, form="json"):
    """The objects of a view as JSON, or its text."""
    if not ingest(t, f, name, "-q"):
        return []
    done = run("view", "-O", form, *options, f / "s.h5")
    t.check(done.code == OK and not done.err, name, f"{options}: {done.err}")
    text = done.out.decode()
    return [json.loads(line) for line in text.splitlines()] if form == "json" else text


VALUES = {
    "latin1_declared": [{"id": "scan=1 name=\u00e9t\u00e9"}],
    "id_newline_tab": [{"id": "scan=1  x=2"}],
    "groups_escaped_id": [{"ms_level": 2}],
    "value_with_entity_number": [{"ms_level": 1, "time": 90}],
    "time_old_units": [{"time": 353.4}, {"time": 353.4}],
    "time_in_second_scan": [{"time": 90}],
    "time_no_unit": [{"time": None}] * 2,
    "old_version_1_0": [{"time": 353.4, "polarity": 1, "ms_level": 1}],
    "version_1_0_window": [OLD[0] | {"tic": 16675500, "base_peak_mz": 445.347},
                           OLD[1] | {"precursors": [ION | {"target": 445.3, "lower": 1.25, "upper": 1.25}]}],
    "version_0_99": [OLD[0], OLD[1] | {"precursors": [ION]}],
    "old_ion_term": [{"precursor_mz": 445.34}],
    "ion_mz_zero": [{"precursor_mz": 519.62415}, {"precursor_mz": 519.7, "charge": 2}],
    "faims": [{"faims_cv": -45}, {"faims_cv": -60}],
    "mobility": [{"mz": [100, 200, 100, 200], "arrays": {"mean_inverse_mobility": [0.8, 0.8, 0.9, 0.9]}}],
    "uv": [{"arrays": None}, {"arrays": {"wavelength": [210, 220, 230]}, "intensity": [1, 2, 3], "mz": []}],
    "declared_short": [{"mz": PEAKS[0], "intensity": PEAKS[1]}] * 2,
    "declared_but_empty": [{"mz": [], "intensity": []}, {"mz": PEAKS[0]}],
    "unsigned_type": [{"mz": PEAKS[0], "intensity": None}],
    "unknown_compression": [{"mz": None, "intensity": PEAKS[1]}],
    "possible_charges": [{"precursors": [{"ions": [{"mz": 445.34, "possible_charges": [2, 3]}]}]}],
    "sps_ms3": [{"precursors": None}, {"precursor_mz": 600.5, "charge": 3},
                {"precursors": [{"target": target, "lower": off, "upper": off, "ions": [ion]}
                                for target, off, ion in ((600.5, 0.6, {"mz": 600.5, "charge": 3}),
                                                         (773.35, 1, {"mz": 773.35}),
                                                         (740.31, 1, {"mz": 740.31}),
                                                         (912.42, 1, {"mz": 912.42}))]}],
}


def values(t, f):
    for name, rows in VALUES.items():
        said = view(t, f, name)
        t.check(len(said) == len(rows), name, f"{len(said)} spectra")
        for got, want in zip(said, rows):
            for key, value in want.items():
                t.check(got.get(key) == value, name, f"{key} is {got.get(key)}, expected {value}")
    t.check(view(t, f, "unsigned_type")[0].get("intensity", 0) is None, "unsigned_type", "no null")


def found(t, f):
    """What is asked for is found, and no more."""
    for name, options, rows in (("ion_mz_zero", ("--precursor", 519.62415, "--tol", "0.01Th"), [0]),
                                ("id_newline_tab", ("--id", "scan=1  x=2"), [0]),
                                ("no_scan_in_id", ("--scan", 905), [4, 5]),
                                ("sps_ms3", ("--precursor", 773.35, "--tol", "0.01Th"), [2])):
        said = view(t, f, name, *options)
        t.check([x["index"] for x in said] == rows, name, f"{options}: {[x['index'] for x in said]}")
    if ingest(t, f, "no_scan_in_id", "-q"):
        done = run("view", "--scan", 0, f / "s.h5")
        t.check(done.code == NOINPUT and "scan number 0" in done.err, "no_scan_in_id", done.err)
    cut = view(t, f, "mz_other_unit", "--mz", "150-350", form="mzml")
    t.check('defaultArrayLength="2"' in cut, "mz_other_unit", "not two peaks")


def asked(t, f):
    """Spectra by what they say of their ions and of how they were made."""
    for name, options, want in (("faims", ("--faims=-45",), ["0"]), ("faims", ("--faims", "-60"), ["1"]),
                                ("faims", ("--faims", "1"), []), ("possible_charges", ("--charge", 3), ["0"]),
                                ("possible_charges", ("--charge", 4), []),
                                ("sps_ms3", ("--charge", 3), ["1", "2"]),
                                ("negative_charge", ("--charge", 2), ["1"]),
                                ("negative_charge", ("--polarity", "positive"), [])):
        rows = view(t, f, name, *options, "--columns", "index", form="tsv").split()[1:]
        t.check(rows == want, f"{name} {options}", f"{rows}, expected {want}")


def mgf(t, f):
    """Two numbers a line, and keys that readers know."""
    lines = view(t, f, "negative_values", form="mgf").splitlines()
    rows = [x.split(" ") for x in lines if x and x[0] not in "BTRPCSE"]
    good = [len(x) == 2 and all(abs(float(y)) < float("inf") for y in x) for x in rows]
    t.check(len(good) == 4 and all(good), "negative_values", rows)
    for name, key, want in (("ion_mz_zero", "PEPMASS", ["519.62415", "519.7 10"]),
                            ("old_ion_term", "PEPMASS", ["445.34"]),
                            ("sps_ms3", "PEPMASS", ["600.5 1000000", "773.35"]),
                            ("sps_ms3", "CHARGE", ["3+"]),
                            ("possible_charges", "CHARGE", ["2+ and 3+"]),
                            ("negative_charge", "CHARGE", ["1-", "2-"])):
        lines = view(t, f, name, form="mgf").splitlines()
        said = [x[len(key) + 1:] for x in lines if x.startswith(key + "=")]
        t.check(said == want, name, f"{key}: {said}, expected {want}")


def attributes(t, f):
    """Any number of them, none twice; one that matters may be the last."""
    with open(f"{HERE}/uv.mzML", "rb") as file:
        text = file.read()
    for n in (40, 47, 48, 49, 500, 20000):
        more = b"".join(b' a%d="%d"' % (i, i) for i in range(n))
        for what, data in (("before", text.replace(b"<spectrum ", b"<spectrum" + more + b" ", 1)),
                           ("twice", text.replace(b"<spectrum ", b"<spectrum" + more + b' a7="" ', 1))):
            f.clear("s.h5")
            done = run("ingest", "-q", "-o", f / "s.h5", f.write("x.mzML", data))
            if what == "twice":
                check_refusal(t, f"{n}, twice", done, ["attribute 'a7' is there twice"])
                continue
            t.check(done.code == OK, f"{n} attributes", done.err)
            back = run("export", "-q", f / "s.h5")
            t.check(back.out == data, f"{n} attributes", back.err)
            said = run("view", "-O", "json", "--rows", 0, f / "s.h5")
            t.check(b'"id":"controllerType=0 controllerNumber=1 scan=1"' in said.out, f"{n} attributes",
                    f"{said.err} {said.out[:80]}")


if __name__ == "__main__":
    main(exact, values, found, asked, mgf, attributes)
