/* vial view: rows of a store, in the formats other tools read. */
#include "pipeline/cmd/into_bank.h"
#include "pipeline/run/run.h"
#include "pipeline/out/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* "10ppm", "0.02", "0.02Th", "0.02Da" */
static bool parse_tolerance(const char *text, vl_view *ask)
{
    char *end = NULL;
    ask->tolerance = strtod(text, &end);
    if (end == text || !(ask->tolerance >= 0)) return false;
    ask->tolerance_ppm = !strcmp(end, "ppm");
    return ask->tolerance_ppm || !*end || !strcmp(end, "Th") || !strcmp(end, "Da");
}

static int run(const vl_command *me, int argc, char **argv)
{
    vl_view ask = { .out = "-",
                    .to = UINT64_MAX,
                    .scan = VL_NOWHERE,
                    .time = { -INFINITY, INFINITY },
                    .mz = { -INFINITY, INFINITY },
                    .precursor = NAN };
    const char *rows = NULL, *index = NULL, *scan = NULL, *time = NULL, *mz = NULL, *tol = "10ppm";
    uint64_t last = 0;
    int rest = 0, code = 0;
    const char *bank = NULL;
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 0, "rows", VL_OPT_TEXT, &rows, "A-B", "rows A to B, the first is 0; also A, A-, -B" },
        { 0, "name", VL_OPT_TEXT, &ask.name, "N", "reads: those called N, both mates" },
        { 0, "index", VL_OPT_TEXT, &index, "A-B", "spectra: the same as --rows" },
        { 0, "id", VL_OPT_TEXT, &ask.id, "ID", "spectra: the one with this id" },
        { 0, "scan", VL_OPT_TEXT, &scan, "N", "spectra: scan number N (from the id; else the index)" },
        { 0, "time", VL_OPT_TEXT, &time, "A-B", "spectra: retention time in seconds" },
        { 0, "ms-level", VL_OPT_COUNT, &ask.ms_level, "N", "spectra: of this MS level" },
        { 0, "precursor", VL_OPT_NUMBER, &ask.precursor, "MZ", "spectra: with a precursor at this m/z" },
        { 0, "tol", VL_OPT_TEXT, &tol, "T", "tolerance of --precursor: 10ppm (default), 0.02" },
        { 0, "mz", VL_OPT_TEXT, &mz, "A-B", "spectra: only peaks in this m/z range" },
        { 'O', "output-format", VL_OPT_TEXT, &ask.format, "F",
          "reads: fastq, tsv; spectra: mzml, mgf, tsv, json" },
        { 0, "columns", VL_OPT_TEXT, &ask.columns, "A,B",
          "tsv: these columns ('vial help view' lists them)" },
        { 'o', "output", VL_OPT_TEXT, &ask.out, "FILE", "default: standard output" },
        { 0, "force", VL_OPT_FLAG, &ask.force, NULL, "replace FILE if it exists" },
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "STORE is SAMPLE or SAMPLE/ACQUISITION of this bank" },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads; default: all cores" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, argc, argv, &rest, &code)) return code;
    if (argc - rest != 1) return vl_usage(me, argc == rest ? "no store" : "one store at a time");
    if (rows && index) return vl_usage(me, "--rows and --index are the same");
    if (index) rows = index;
    if (rows && !vl_parse_range(rows, &ask.from, &ask.to))
        return vl_usage(me, "'%s' is no range of rows: 0-9, 7, 5-", rows);
    if (scan && (!vl_parse_range(scan, &ask.scan, &last) || ask.scan != last))
        return vl_usage(me, "'%s' is no scan number", scan);
    if (time && !vl_parse_interval(time, &ask.time[0], &ask.time[1]))
        return vl_usage(me, "'%s' is no range of seconds: 60-120", time);
    ask.by_time = time != NULL;
    if (mz && !vl_parse_interval(mz, &ask.mz[0], &ask.mz[1]))
        return vl_usage(me, "'%s' is no range of m/z: 400-500.5", mz);
    if (!parse_tolerance(tol, &ask)) return vl_usage(me, "'%s' is no tolerance: 10ppm, 0.02", tol);
    if (vl_name_store(bank, argv[rest], path, &err)) return vl_report(&err);
    if (strcmp(ask.out, "-") && vl_same_file(ask.out, path))
        return vl_usage(me, "%s is the store itself, it cannot be the output as well", ask.out);
    ask.store = path;
    if (!ask.threads) ask.threads = vl_cores();
    return vl_view_run(&ask, &err) ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_view = {
    "view", "[options] STORE", "prints reads or spectra that a question selects",
    "Ranges include both ends. What is asked for in several ways must hold in all of them.\n"
    "Columns of reads: row name mate comment base quality plus length. Columns of spectra: index id ms_level "
    "time polarity\n"
    "centroid tic base_peak_mz base_peak_intensity scan_low scan_high mobility injection_time precursor_mz "
    "charge peaks,\n"
    "and mz, intensity: with these, one line a peak.\n"
    "In tsv, \\t \\n \\r \\\\ stand for what would end a field, other bytes are as they are; in json, \\u "
    "escapes for\n"
    "what cannot be seen, and U+FFFD for a byte that is not UTF-8.\n\n"
    "  vial view S1.h5 --rows 0-3\n"
    "  vial view S1.h5 --name A00123:45:HXX:1:1101:1108:1000\n"
    "  vial view run7.h5 --ms-level 2 --precursor 445.12 --tol 10ppm -O mgf\n"
    "  vial view run7.h5 --time 600-660 -O tsv --columns index,time,mz,intensity\n",
    run
};
