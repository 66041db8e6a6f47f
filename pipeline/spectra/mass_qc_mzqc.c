/*
 * Quality control of a run as mzQC 1.0 (mass_qc.h): a document of one run. Metrics are terms of PSI-MS
 * 4.1.257 with the units that it gives them; what has no term there is left out.
 * Source: mzQC 1.0.0 (HUPO-PSI/mzQC), psi-ms.obo 4.1.257.
 */
#include "formats/text.h"
#include "pipeline/spectra/mass_qc.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define say(text, ...) vl_text_put(text, err, __VA_ARGS__)

/* ---- one metric ---- */

static const struct {
    const char *accession, *name;
} units[] = { { "", "" },
              { "UO:0000189", "count unit" },
              { "UO:0000010", "second" },
              { "UO:0000106", "hertz" },
              { "UO:0000028", "millisecond" },
              { "UO:0000191", "fraction" },
              { "MS:1000040", "m/z" },
              { "MS:1000043", "intensity unit" } };
enum { NONE, COUNT, SECOND, HERTZ, MILLISECOND, FRACTION, MZ, INTENSITY };

typedef struct document {
    const vl_run_qc *run;
    const vl_run_columns *columns;
    vl_buf text;
    int n; /* metrics */
    vl_err *err;
} document;

/* Up to its value. */
static void open_metric(document *d, unsigned term, const char *name, int unit)
{
    vl_err *const err = d->err;
    say(&d->text, "%s{\"accession\":\"MS:%u\",\"name\":\"%s\"", d->n++ ? ",\n" : "\n", term, name);
    if (unit)
        say(&d->text, ",\"unit\":{\"accession\":\"%s\",\"name\":\"%s\"}", units[unit].accession,
            units[unit].name);
    say(&d->text, ",\"value\":");
}

static void put_number(document *d, double v)
{
    if (!d->err->code) vl_text_number(&d->text, v, false, d->err);
}

static void put_one(document *d, unsigned term, const char *name, int unit, double v)
{
    if (!isfinite(v)) return;
    open_metric(d, term, name, unit);
    put_number(d, v);
    vl_text_add(&d->text, "}", d->err);
}

static void put_numbers(document *d, const double *v, size_t n)
{
    vl_err *const err = d->err;
    say(&d->text, "[");
    for (size_t i = 0; i < n && !err->code; i++) {
        if (i) say(&d->text, ",");
        put_number(d, v[i]);
    }
    say(&d->text, "]");
}

/* Nothing where one is not known. */
static void put_tuple(document *d, unsigned term, const char *name, int unit, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i])) return;
    open_metric(d, term, name, unit);
    put_numbers(d, v, n);
    vl_text_add(&d->text, "}", d->err);
}

/* ---- by level ---- */

/* What each level has, as terms of MS1 and of MS2. */
static void put_level(document *d, const vl_level_qc *l)
{
    static const struct {
        unsigned spectra, density, parts, collected, mean, empty, area;
    } term[] = { { 4000059, 4000061, 4000106, 4000131, 4000132, 4000099, 4000029 },
                 { 4000060, 4000062, 4000107, 4000136, 4000137, 4000100, 4000030 } };
    static const char *const name[][7] = {
        { "number of MS1 spectra", "MS1 density quantiles", "MS1 frequency in equal parts of subsequent RT",
          "MS1 ion collection time quantiles", "MS1 ion collection time mean", "number of empty MS1 scans",
          "area under TIC in MS1" },
        { "number of MS2 spectra", "MS2 density quantiles", "MS2 frequency in equal parts of subsequent RT",
          "MS2 ion collection time quantiles", "MS2 ion collection time mean", "number of empty MS2 scans",
          "area under TIC in MS2" }
    };
    const int k = l->level - 1;
    put_one(d, term[k].spectra, name[k][0], COUNT, (double)l->spectra);
    put_tuple(d, term[k].density, name[k][1], COUNT, l->peaks.quartile, 3);
    put_tuple(d, term[k].parts, name[k][2], HERTZ, l->part, VL_RUN_PARTS);
    put_tuple(d, term[k].collected, name[k][3], MILLISECOND, l->injection.quartile, 3);
    put_one(d, term[k].mean, name[k][4], MILLISECOND, l->injection.mean);
    put_one(d, term[k].empty, name[k][5], COUNT, (double)l->empty);
    put_one(d, term[k].area, name[k][6], NONE, l->tic_area);
}

/* The TIC of MS1 as a table. */
static void put_currents(document *d)
{
    static const char *const column[] = { "UO:0000010", "MS:1000285" };
    const vl_run_columns *const c = d->columns;
    const vl_level_qc *const ms1 = vl_run_qc_level(d->run, 1);
    vl_err *const err = d->err;
    if (!ms1 || !ms1->tic.n || !isfinite(d->run->from)) return;
    open_metric(d, 4000211, "MS1 total ion current", NONE);
    for (int k = 0; k < 2; k++) {
        bool first = true;
        say(&d->text, "%s\"%s\":[", k ? "," : "{", column[k]);
        for (size_t i = 0; i < c->nspectrum && !err->code; i++) {
            const double v[] = { vl_run_number(&c->time, i), vl_run_number(&c->tic, i) };
            if (vl_run_level(c, i) != 1 || !isfinite(v[0]) || !isfinite(v[1])) continue;
            if (!first) say(&d->text, ",");
            first = false;
            put_number(d, v[k]);
        }
        say(&d->text, "]");
    }
    say(&d->text, "}}");
}

/* ---- the run ---- */

static void put_run(document *d)
{
    const vl_run_qc *const q = d->run;
    const vl_level_qc *const ms1 = vl_run_qc_level(q, 1);
    double tic = (double)NAN, base = (double)NAN;
    put_one(d, 4000067, "MS run duration", SECOND, q->to - q->from);
    put_tuple(d, 4000070, "retention time acquisition range", SECOND, (double[]){ q->from, q->to }, 2);
    put_tuple(d, 4000069, "m/z acquisition range", MZ, (double[]){ q->chosen_mz.least, q->chosen_mz.most },
              2);
    put_one(d, 4000071, "number of chromatograms", COUNT, (double)q->chromatograms);
    put_one(d, 4000192, "MS1 median cycle time", SECOND, q->cycle);
    for (int k = 0; k < q->nlevel; k++) {
        tic = fmax(tic, q->level[k].tic.most);
        base = fmax(base, q->level[k].base.most);
    }
    put_one(d, 4000204, "total ion current maximum", INTENSITY, tic);
    put_one(d, 4000202, "base peak intensity maximum", INTENSITY, base);
    if (!ms1 || !ms1->tic.n) return;
    put_one(d, 4000097, "MS1 signal jump (10x) count", COUNT, (double)q->jumps);
    put_one(d, 4000098, "MS1 signal fall (10x) count", COUNT, (double)q->falls);
}

/* ---- precursors ---- */

static void put_charge_table(document *d)
{
    const vl_run_qc *const q = d->run;
    vl_err *const err = d->err;
    double charge[256], share[256];
    size_t n = 0;
    for (int k = 0; k < 256; k++) {
        if (k == 128 || !q->charge[k]) continue;
        charge[n] = k - 128;
        share[n++] = (double)q->charge[k] / (double)q->charges.n;
    }
    open_metric(d, 4000063, "MS2 known precursor charges fractions", NONE);
    say(&d->text, "{\"MS:1000041\":");
    put_numbers(d, charge, n);
    say(&d->text, ",\"UO:0000191\":");
    put_numbers(d, share, n);
    say(&d->text, "}}");
}

static void put_precursors(document *d)
{
    const vl_run_qc *const q = d->run;
    const double two = (double)q->charge[128 + 2];
    if (q->charges.n) {
        put_charge_table(d);
        put_one(d, 4000173, "mean MS2 precursor charge in all spectra", NONE, q->charges.mean);
        put_one(d, 4000175, "median MS2 precursor charge in all spectra", NONE, q->charges.quartile[1]);
    }
    if (two > 0) {
        put_one(d, 4000167, "ratio of 1+ over 2+ of all MS2 known precursor charges", NONE,
                (double)q->charge[128 + 1] / two);
        put_one(d, 4000169, "ratio of 3+ over 2+ of all MS2 known precursor charges", NONE,
                (double)q->charge[128 + 3] / two);
        put_one(d, 4000171, "ratio of 4+ over 2+ of all MS2 known precursor charges", NONE,
                (double)q->charge[128 + 4] / two);
    }
    put_tuple(d, 4000116, "MS2 precursor intensity distribution", INTENSITY, q->chosen.quartile, 3);
    put_one(d, 4000117, "MS2 precursor intensity distribution mean", INTENSITY, q->chosen.mean);
    put_tuple(d, 4000160, "MS2 precursor intensity range", NONE,
              (double[]){ q->chosen.least, q->chosen.most }, 2);
}

static void put_windows(document *d)
{
    const vl_run_qc *const q = d->run;
    double times[2] = { INFINITY, -INFINITY }, peaks[2] = { INFINITY, -INFINITY },
           tic[2] = { INFINITY, -INFINITY };
    if (q->scheme != VL_SCHEME_DIA) return;
    for (size_t i = 0; i < q->nwindow; i++) {
        const vl_window_qc *const w = &q->window[i];
        times[0] = fmin(times[0], (double)w->spectra), times[1] = fmax(times[1], (double)w->spectra);
        peaks[0] = fmin(peaks[0], w->peaks), peaks[1] = fmax(peaks[1], w->peaks);
        tic[0] = fmin(tic[0], w->tic), tic[1] = fmax(tic[1], w->tic);
    }
    put_one(d, 4000194, "DIA isolation window count", COUNT, (double)q->nwindow);
    put_tuple(d, 4000195, "DIA isolation window m/z widths", MZ, (double[]){ q->width.least, q->width.most },
              2);
    put_tuple(d, 4000196, "DIA isolation window count", COUNT, times, 2);
    put_one(d, 4000193, "DIA isolation window median cycle time", SECOND, q->again.quartile[1]);
    put_tuple(d, 4000198, "DIA isolation window TIC", INTENSITY, tic, 2);
    put_tuple(d, 4000199, "DIA isolation window peak count", COUNT, peaks, 2);
}

/* ---- the document ---- */

/* When the store was written, or SOURCE_DATE_EPOCH: the same store gives the same document. */
static vl_code put_date(document *d, const vl_store *st)
{
    char date[32];
    struct stat s;
    struct tm tm;
    const char *const given = getenv("SOURCE_DATE_EPOCH");
    if (stat(vl_store_path(st), &s)) return vl_fail(d->err, VL_ENOIN, "the store is gone");
    const time_t at = given ? (time_t)strtoll(given, NULL, 10) : s.st_mtime;
    if (!gmtime_r(&at, &tm) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return vl_fail(d->err, VL_EARG, "SOURCE_DATE_EPOCH: '%.40s' is no time", given ? given : "");
    return vl_text_add(&d->text, date, d->err);
}

/* A file as a URI (RFC 3986): what is no letter of a path is escaped. */
static void put_uri(document *d, const char *path)
{
    vl_err *const err = d->err;
    say(&d->text, "\"file:%s", *path == '/' ? "//" : "");
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        const bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                           strchr("/-._~", *p);
        if (plain) say(&d->text, "%c", *p);
        else say(&d->text, "%%%02X", *p);
    }
    say(&d->text, "\"");
}

static void put_format(document *d, const char *format)
{
    static const struct {
        const char *format, *accession, *name;
    } known[] = {
        { "mzml", "MS:1000584", "mzML format" },      { "mzxml", "MS:1000566", "ISB mzXML format" },
        { "mgf", "MS:1001062", "Mascot MGF format" }, { "mzdata", "MS:1000564", "PSI mzData format" },
        { "imzml", "MS:1003611", "imzML format" },    { "mzmlb", "MS:1002838", "mzMLb format" }
    };
    const char *accession = "MS:1000560", *name = "mass spectrometer file format";
    vl_err *const err = d->err;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(format, known[i].format)) accession = known[i].accession, name = known[i].name;
    say(&d->text, ",\"fileFormat\":{\"accession\":\"%s\",\"name\":\"%s\"}", accession, name);
}

static void put_input(document *d, vl_store *st)
{
    char path[512], sha[80], format[32];
    vl_err *const err = d->err;
    if (vl_store_get(st, "source/0", "name", path, sizeof path, err) ||
        vl_store_get(st, "source/0", "sha256", sha, sizeof sha, err) ||
        vl_store_get(st, "source/0", "format", format, sizeof format, err))
        return;
    const char *const slash = strrchr(path, '/'), *const base = slash && slash[1] ? slash + 1 : path;
    say(&d->text, "\"inputFiles\":[{\"name\":");
    if (!err->code) vl_text_json(&d->text, base, strlen(base), err);
    say(&d->text, ",\"location\":");
    put_uri(d, path);
    put_format(d, format);
    if (*sha)
        say(&d->text,
            ",\"fileProperties\":[{\"accession\":\"MS:1003151\",\"name\":\"SHA-256\",\"value\":\"%s\"}]",
            sha);
    say(&d->text, "}]");
}

static void put_head(document *d, const vl_qc_job *job)
{
    vl_err *const err = d->err;
    say(&d->text, "{\"mzQC\":{\"version\":\"1.0.0\",\"creationDate\":\"");
    if (err->code || put_date(d, job->store)) return;
    say(&d->text, "\",\n\"runQualities\":[{\"metadata\":{\"label\":");
    if (!err->code) vl_text_json(&d->text, job->name, strlen(job->name), err);
    say(&d->text, ",\n");
    put_input(d, job->store);
    say(&d->text,
        ",\n\"analysisSoftware\":[{\"accession\":\"MS:1000799\",\"name\":\"custom unreleased software "
        "tool\",\"value\":\"vial\",\"version\":\"" VL_VERSION "\"}]},\n\"qualityMetrics\":[");
}

static void put_foot(document *d)
{
    vl_err *const err = d->err;
    say(&d->text,
        "\n]}],\n\"controlledVocabularies\":[\n{\"name\":\"Proteomics Standards Initiative Mass Spectrometry "
        "Ontology\",\n\"uri\":\"https://github.com/HUPO-PSI/psi-ms-CV/releases/download/v4.1.257/"
        "psi-ms.obo\",\"version\":\"4.1.257\"},\n{\"name\":\"Unit Ontology\",\n\"uri\":"
        "\"http://purl.obolibrary.org/obo/uo.obo\"}]}}\n");
}

static vl_code print_mzqc(vl_qc_job *job, vl_err *err)
{
    vl_mass_qc q;
    document d = { .run = &q.run, .columns = &q.columns, .err = err };
    if (!vl_mass_qc_open(&q, job->store, true, job->note, err)) {
        put_head(&d, job);
        for (int k = 0; k < q.run.nlevel; k++)
            if (q.run.level[k].level == 1 || q.run.level[k].level == 2) put_level(&d, &q.run.level[k]);
        put_run(&d);
        put_precursors(&d);
        put_windows(&d);
        put_currents(&d);
        put_foot(&d);
        if (!err->code) job->put(job, "", &d.text, err);
    }
    vl_mass_qc_free(&q);
    vl_buf_free(&d.text);
    return err->code;
}

const vl_qc_form vl_mass_qc_mzqc = { "mzqc", "mzQC 1.0: what PSI-MS has terms for", false, print_mzqc };
