/*
 * A catalogue of made-up samples, and how fast it is (catalog_scale.py runs it).
 *
 *     make_catalog build ROOT SAMPLES      writes ROOT/catalog.db by the way that every record takes
 *     make_catalog measure ROOT SAMPLES    asks it, and prints one JSON object for each kind of question
 *
 * A sample has five stores (two of reads, two of spectra, one of variants), seven inputs and fourteen facts;
 * two samples share a donor; 200 samples share a cohort, so that a cohort has 1000 stores. Samples come in
 * random order of their names and of the times of their stores, as they do when a catalogue is rebuilt.
 */
#include "pipeline/bank/catalog/listing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PER_COMMIT = 10000, COHORT = 200, LOOK_UPS = 10000, ROUNDS = 5, LISTS = 40 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Names of consecutive samples lie anywhere; odd factors make no name twice. */
static void name_of(uint64_t i, char name[32])
{
    snprintf(name, 32, "S%010" PRIu32, (uint32_t)i * UINT32_C(2654435761));
}

static void hex_of(uint64_t seed, size_t n, char *text)
{
    for (size_t i = 0; i < n; i += 16) snprintf(text + i, 17, "%016" PRIx64, mix(seed + i));
}

/* ---- records ---- */

static json_t *store_of(uint64_t i, int nth)
{
    static const char *const kinds[5] = { "reads", "reads", "spectra", "spectra", "variants" };
    char digest[80], seal[40], sha[80], acquisition[32], file[64], path[96], lane[4], instrument[8];
    const uint64_t dice = mix(8 * i + (uint64_t)nth);
    hex_of(dice, 64, digest);
    hex_of(dice + 1, 32, seal);
    snprintf(acquisition, sizeof acquisition, "R%04d_L%03d", (int)(i % 4000), nth);
    snprintf(file, sizeof file, "%s-%s.h5", kinds[nth], acquisition);
    snprintf(lane, sizeof lane, "%d", nth + 1);
    snprintf(instrument, sizeof instrument, "A%05d", (int)(dice % 40));
    json_t *const inputs = json_array();
    for (int stream = 1; stream <= (nth < 2 ? 2 : 1); stream++) {
        hex_of(dice + 2 + (uint64_t)stream, 64, sha);
        snprintf(path, sizeof path, "/sequencers/run%06d/%" PRIu64 "_%s_R%d.fastq.gz", (int)(i % 4000), i,
                 acquisition, stream);
        json_array_append_new(inputs,
                              json_pack("{s:i, s:s, s:I, s:I, s:s}", "stream", stream, "path", path, "bytes",
                                        (json_int_t)(dice % 1000000000), "mtime_ns",
                                        (json_int_t)(1764000000000000000 + (int64_t)(dice % 1000000000)),
                                        "sha256", sha));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:I, s:{s:s, s:s}, s:o}",
                     "kind", kinds[nth], "acquisition", acquisition, "file", file, "state", "live", "profile",
                     "compact", "options", "interleaved=0 exact=sampled", "rows",
                     (json_int_t)(dice % 50000000), "bytes", (json_int_t)(dice % 5000000000), "bytes_in",
                     (json_int_t)(dice % 9000000000), "text_bytes", (json_int_t)(dice % 30000000000),
                     "digest", digest, "seal", seal, "published", (json_int_t)(1700000000 + dice % 60000000),
                     "facts", "lane", lane, "instrument", instrument, "inputs", inputs);
}

static json_t *record_of(uint64_t i, uint64_t n)
{
    static const char *const types[] = { "DNA",        "RNA",    "Plasma",      "Serum",
                                         "WholeBlood", "Saliva", "TissueFixed", "TissueFrozen" };
    char name[32], donor[32], age[8], cohort[32];
    name_of(i, name);
    snprintf(donor, sizeof donor, "D%08" PRIu64, i / 2);
    snprintf(age, sizeof age, "%d", (int)(mix(i) % 100));
    snprintf(cohort, sizeof cohort, "cohort-%" PRIu64, i % (n / COHORT ? n / COHORT : 1));
    json_t *const stores = json_array();
    for (int nth = 0; nth < 5; nth++) json_array_append_new(stores, store_of(i, nth));
    return json_pack("{s:i, s:s, s:i, s:s, s:{s:s, s:s, s:s, s:s}, s:o}", "vial_record", 1, "sample", name,
                     "revision", 1, "donor", donor, "facts", "specimen_type", types[mix(i) % 8], "sex",
                     i % 2 ? "f" : "m", "age", age, "cohort", cohort, "stores", stores);
}

/* ---- build ---- */

static vl_code build(const vl_bank *bank, uint64_t n, vl_err *err)
{
    vl_catalog *c = NULL;
    double spent = 0, worst = 0;
    if (vl_catalog_open(&c, bank, true, err)) return err->code;
    if (!vl_catalog_is_new(c)) vl_fail(err, VL_EEXIST, "there is a catalogue already");
    for (uint64_t i = 0; i < n && !err->code;) {
        double part = -seconds(); /* making records does not count */
        if (vl_catalog_begin(c, err)) break;
        for (uint64_t to = i + PER_COMMIT; i < to && i < n && !err->code; i++) {
            part += seconds();
            json_t *const record = record_of(i, n);
            part -= seconds();
            if (!record) vl_fail(err, VL_ENOMEM, "no memory for a record");
            else vl_catalog_put(c, record, err);
            json_decref(record);
        }
        if (!err->code) vl_catalog_commit(c, err);
        part += seconds();
        spent += part;
        if (part > worst) worst = part;
        fprintf(stderr, "\r%" PRIu64 " samples, %.0f/s ", i, (double)i / spent);
    }
    fputs("\n", stderr);
    const double close = seconds();
    vl_catalog_close(c);
    if (!err->code)
        printf("{\"what\": \"put\", \"n\": %" PRIu64
               ", \"seconds\": %.3f, \"worst_commit\": %.3f, \"close\": %.3f}\n",
               n, spent, worst, seconds() - close);
    return err->code;
}

/* ---- measure ---- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tell(const char *what, double *ms, size_t n, uint64_t rows)
{
    qsort(ms, n, sizeof *ms, compare);
    printf("{\"what\": \"%s\", \"n\": %zu, \"rows\": %" PRIu64
           ", \"p50\": %.4f, \"p99\": %.4f, \"max\": %.4f}\n",
           what, n, rows, ms[n / 2], ms[n - 1 - n / 100], ms[n - 1]);
    fflush(stdout);
}

/* Lists of samples by their names, each measured. Told is the quietest of some rounds, each of other samples:
 * on a machine that others use, a slow look-up in a hundred is one that had to wait for a processor. */
static vl_code measure_look_ups(vl_catalog *c, uint64_t n, const vl_list_ask *as, FILE *out, vl_err *err)
{
    static double ms[ROUNDS][LOOK_UPS];
    uint64_t rows = 0, all = 0;
    int best = 0;
    for (size_t i = 0; i < (size_t)ROUNDS * LOOK_UPS; i++) {
        char name[32];
        vl_list_ask ask = *as;
        name_of(mix(i) % n, name);
        ask.sample = name;
        const double start = seconds();
        if (vl_list(c, &ask, out, &rows, err)) return err->code;
        ms[i / LOOK_UPS][i % LOOK_UPS] = 1e3 * (seconds() - start);
        all += rows;
    }
    for (int r = 0; r < ROUNDS; r++) {
        qsort(ms[r], LOOK_UPS, sizeof **ms, compare);
        if (ms[r][LOOK_UPS - 1 - LOOK_UPS / 100] < ms[best][LOOK_UPS - 1 - LOOK_UPS / 100]) best = r;
    }
    tell("look-up by id", ms[best], LOOK_UPS, all / ROUNDS / LOOK_UPS);
    return VL_OK;
}

/* Lists by an expression, with a new number in it each time. */
static vl_code measure_list(vl_catalog *c, const char *what, const char *expr, uint64_t most, int times,
                            const vl_list_ask *as, FILE *out, vl_err *err)
{
    double ms[LISTS];
    uint64_t rows = 0;
    for (int i = 0; i < times; i++) {
        char text[256], number[24];
        const char *const at = strchr(expr, '#');
        snprintf(number, sizeof number, "%08" PRIu64, mix((uint64_t)i) % most);
        if (at && at[1] != '8') snprintf(number, sizeof number, "%" PRIu64, mix((uint64_t)i) % most);
        snprintf(text, sizeof text, "%.*s%s%s", at ? (int)(at - expr) : (int)strlen(expr), expr,
                 at ? number : "", at ? at + (at[1] == '8' ? 2 : 1) : "");
        vl_list_ask ask = *as;
        ask.expr = *text ? text : NULL;
        const double start = seconds();
        if (vl_list(c, &ask, out, &rows, err)) return err->code;
        ms[i] = 1e3 * (seconds() - start);
    }
    tell(what, ms, (size_t)times, rows);
    return VL_OK;
}

static vl_code measure_known(vl_catalog *c, uint64_t n, vl_err *err)
{
    static double ms[LOOK_UPS];
    const vl_known_input input = { .path = "/x" };
    for (size_t i = 0; i < LOOK_UPS; i++) {
        char name[32], acquisition[32];
        const uint64_t which = mix(i) % n;
        json_t *known = NULL;
        name_of(which, name);
        snprintf(acquisition, sizeof acquisition, "R%04d_L%03d", (int)(which % 4000), 1);
        const vl_item item = { .sample = name, .acquisition = acquisition };
        const double start = seconds();
        if (vl_catalog_is_known(c, &item, &input, 1, "compact", "interleaved=0 exact=sampled", &known, err))
            return err->code;
        ms[i] = 1e3 * (seconds() - start);
        json_decref(known);
    }
    tell("is it known?", ms, LOOK_UPS, 1);
    return VL_OK;
}

static vl_code count_one(const char *sample, const char *file, int64_t store, void *to, vl_err *err)
{
    (void)sample, (void)file, (void)store, (void)err;
    ++*(uint64_t *)to;
    return VL_OK;
}

static vl_code measure_rest(vl_catalog *c, vl_err *err)
{
    uint64_t rows = 0, samples = 0, stores = 0;
    double start = seconds(), ms;
    if (vl_catalog_oldest_checks(c, NULL, 1000, count_one, &rows, err)) return err->code;
    ms = 1e3 * (seconds() - start);
    tell("1000 oldest checks", &ms, 1, rows);
    start = seconds();
    if (vl_catalog_count(c, &samples, &stores, err)) return err->code;
    ms = 1e3 * (seconds() - start);
    tell("count", &ms, 1, stores);
    return VL_OK;
}

static vl_code measure(const vl_bank *bank, uint64_t n, vl_err *err)
{
    const vl_list_ask tsv = { .bank = bank, .as = VL_LIST_TSV }, json = { .bank = bank, .as = VL_LIST_JSON };
    vl_catalog *c = NULL;
    FILE *const out = fopen("/dev/null", "w");
    if (!out) return vl_fail(err, VL_EIO, "/dev/null cannot be opened");
    if (vl_catalog_open(&c, bank, false, err)) goto out;
    const uint64_t cohorts = n / COHORT ? n / COHORT : 1;
    if (measure_look_ups(c, n, &json, out, err) || measure_known(c, n, err) ||
        measure_list(c, "ls: cohort of 1000 stores", "cohort = 'cohort-#'", cohorts, LISTS, &tsv, out, err) ||
        measure_list(c, "ls: the same, JSON with facts", "cohort = 'cohort-#'", cohorts, LISTS, &json, out,
                     err) ||
        measure_list(c, "ls: cohort and age and lane", "cohort = 'cohort-#' AND age >= 50 AND lane = '1'",
                     cohorts, 5, &tsv, out, err) ||
        measure_list(c, "ls: donor", "donor = 'D#8'", n / 2 + 1, LISTS, &tsv, out, err) ||
        measure_list(c, "ls: age, as a number", "age = #", 100, 3, &tsv, out, err) ||
        measure_list(c, "ls: two specimen types of eight", "specimen_type IN ('DNA', 'RNA')", 1, 1, &tsv, out,
                     err) ||
        measure_list(c, "ls: not one specimen type", "specimen_type != 'DNA'", 1, 1, &tsv, out, err) ||
        measure_list(c, "ls: all", "", 1, 1, &tsv, out, err) || measure_rest(c, err))
        goto out;
out:
    vl_catalog_close(c);
    fclose(out);
    return err->code;
}

int main(int argc, char **argv)
{
    vl_err err = VL_ERR_INIT;
    const uint64_t n = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
    if (!n || n > UINT32_MAX) {
        fputs("usage: make_catalog build|measure ROOT SAMPLES\n", stderr);
        return 64;
    }
    const vl_bank bank = { .root = argv[2] };
    if (!strcmp(argv[1], "build")) build(&bank, n, &err);
    else measure(&bank, n, &err);
    if (err.code) fprintf(stderr, "make_catalog: %s: %s\n", err.file, err.what);
    return vl_exit_code(err.code);
}
