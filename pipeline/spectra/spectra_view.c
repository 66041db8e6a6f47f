/*
 * View of spectra: which ones. Rows are found from the query columns (id, MS level, time) and the tables of
 * precursors and ions; a load then carries up to LOAD neighbours with their arrays.
 */
#include "pipeline/spectra/spectra_view.h"
#include "pipeline/spectra/chromatograms_view.h"
#include "pipeline/spectra/spectra_imzml.h"
#include "pipeline/spectra/spectra_mzml.h"
#include "pipeline/spectra/mzml_index.h"
#include "pipeline/spectra/spectra_mzxml.h"

#include "formats/spectra/mzml.h"
#include "pipeline/out/select.h"
#include "pipeline/spectra/tolerance.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { LOAD = 32 };

/* ---- finding ---- */

/* What is asked of spectra, one thing each (select.h). */
static const vl_spectra_asked *asked(const void *viewer) { return vl_spectra_asked_of(viewer); }
static bool asks_level(const vl_viewer *v) { return asked(v)->ms_level; }
static bool asks_time(const vl_viewer *v) { return !isnan(asked(v)->time[0]); }
static bool asks_id(const vl_viewer *v) { return asked(v)->id; }
static bool asks_scan(const vl_viewer *v) { return asked(v)->scan != VL_NOWHERE; }
static bool asks_precursor(const vl_viewer *v) { return !isnan(asked(v)->precursor); }
static bool asks_isolation(const vl_viewer *v) { return !isnan(asked(v)->isolation); }
static bool asks_energy(const vl_viewer *v) { return !isnan(asked(v)->energy[0]); }
static bool asks_mobility(const vl_viewer *v) { return !isnan(asked(v)->mobility[0]); }
static bool asks_polarity(const vl_viewer *v) { return asked(v)->polarity; }
static bool asks_charge(const vl_viewer *v) { return asked(v)->charge; }
static bool asks_faims(const vl_viewer *v) { return !isnan(asked(v)->faims); }
static bool asks_pixel(const vl_viewer *v) { return asked(v)->pixel; }

static vl_code has_level(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) what[i] = b->col[VL_SP_MS_LEVEL].data.data[i] == asked(viewer)->ms_level;
    return VL_OK;
}

static vl_code has_time(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const double t = vl_f64_at(b, VL_SP_TIME, i);
        what[i] = t >= asked(viewer)->time[0] && t <= asked(viewer)->time[1];
    }
    return VL_OK;
}

static vl_code has_mobility(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const double x = vl_f64_at(b, VL_SP_MOBILITY, i);
        what[i] = x >= asked(viewer)->mobility[0] && x <= asked(viewer)->mobility[1];
    }
    return VL_OK;
}

static vl_code has_faims(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) what[i] = vl_f64_at(b, VL_SP_FAIMS, i) == asked(viewer)->faims;
    return VL_OK;
}

static vl_code has_polarity(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const int8_t sign = asked(viewer)->polarity == 1 ? 1 : -1;
    (void)err;
    for (size_t i = 0; i < n; i++) what[i] = (int8_t)b->col[VL_SP_POLARITY].data.data[i] == sign;
    return VL_OK;
}

static vl_code has_charge(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++)
        what[i] = vl_has_charge(vl_ions_of(viewer), b->first[VL_SPT_SPECTRUM] + i, asked(viewer)->charge);
    return VL_OK;
}

static vl_code has_pixel(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_spectra_own *const o = ((const vl_viewer *)viewer)->own;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        what[i] = 1;
        for (int k = 0; k < o->npixel; k++) what[i] &= vl_position_at(b, VL_SP_X + k, i) == o->pixel[k];
    }
    return VL_OK;
}

static vl_code has_id(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const char *const want = asked(viewer)->id;
    const size_t len = strlen(want);
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const vl_cell id = vl_row(&b->col[VL_SP_ID], i);
        what[i] = id.n == len && (!len || !memcmp(id.at, want, len));
    }
    return VL_OK;
}

static vl_code has_scan(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const vl_cell id = vl_row(&b->col[VL_SP_ID], i);
        uint64_t number = 0;
        what[i] = vl_scan_number(id.at, id.n, &number) && number == asked(viewer)->scan;
    }
    return VL_OK;
}

static vl_code has_precursor(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    const vl_spectra_own *const o = v->own;
    (void)err;
    for (size_t i = 0; i < n; i++)
        what[i] = vl_has_precursor(&o->ions, b->first[VL_SPT_SPECTRUM] + i, asked(v)->precursor, o->within);
    return VL_OK;
}

static vl_code has_isolation(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++)
        what[i] = vl_isolates(vl_ions_of(viewer), b->first[VL_SPT_SPECTRUM] + i, asked(viewer)->isolation);
    return VL_OK;
}

static vl_code has_energy(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++)
        what[i] = vl_has_energy(vl_ions_of(viewer), b->first[VL_SPT_SPECTRUM] + i, asked(viewer)->energy);
    return VL_OK;
}

/* Only rows stay whose keys may lie in this box. */
static vl_code narrow(vl_viewer *v, const vl_index *x, const vl_wanted *want, vl_rows *may, vl_err *err)
{
    vl_rows some = { 0 };
    if (!vl_find_may(v->r, x, want, 1, &v->work, &some, err)) vl_rows_cross(may, &some, err);
    free(some.run);
    return err->code;
}

static vl_code narrow_id(vl_viewer *v, vl_rows *may, vl_err *err)
{
    const char *const id = asked(v)->id;
    vl_wanted want = { .hash = 0 };
    want.hash = vl_name_key((const uint8_t *)id, strlen(id), &want.key);
    return narrow(v, &vl_spectra_by_id, &want, may, err);
}

static vl_code narrow_scan(vl_viewer *v, vl_rows *may, vl_err *err)
{
    const uint64_t scan = asked(v)->scan;
    const vl_wanted want = { .key = { .n = 1, .lo = { scan }, .hi = { scan } } };
    return narrow(v, &vl_spectra_by_scan, &want, may, err);
}

static vl_code narrow_time(vl_viewer *v, vl_rows *may, vl_err *err)
{
    const double *const t = asked(v)->time;
    const vl_wanted want = { .key = { .n = 1, .lo = { vl_f64_order(t[0]) }, .hi = { vl_f64_order(t[1]) } } };
    return narrow(v, &vl_spectra_by_time, &want, may, err);
}

static const vl_predicate predicates[] = {
    { asks_id, { { VL_SP_ID, VL_WANT_ROWS } }, narrow_id, has_id },
    { asks_scan, { { VL_SP_ID, VL_WANT_ROWS } }, narrow_scan, has_scan },
    { asks_time, { { VL_SP_TIME, VL_WANT_ROWS } }, narrow_time, has_time },
    { asks_level, { { VL_SP_MS_LEVEL, VL_WANT_ROWS } }, NULL, has_level },
    { asks_pixel,
      { { VL_SP_X, VL_WANT_ROWS }, { VL_SP_Y, VL_WANT_ROWS }, { VL_SP_Z, VL_WANT_ROWS } },
      NULL,
      has_pixel },
    { asks_mobility, { { VL_SP_MOBILITY, VL_WANT_ROWS } }, NULL, has_mobility },
    { asks_polarity, { { VL_SP_POLARITY, VL_WANT_ROWS } }, NULL, has_polarity },
    { asks_faims, { { VL_SP_FAIMS, VL_WANT_ROWS } }, NULL, has_faims },
    { asks_charge, { { 0 } }, NULL, has_charge },
    { asks_precursor, { { 0 } }, NULL, has_precursor },
    { asks_isolation, { { 0 } }, NULL, has_isolation },
    { asks_energy, { { 0 } }, NULL, has_energy },
    { .asked = NULL }
};

static vl_code find(vl_viewer *v, vl_err *err)
{
    const uint64_t *const rows = asked(v)->index[1] != VL_NOWHERE ? asked(v)->index : v->ask->rows;
    const vl_selection what = { predicates, VL_SPT_SPECTRUM, -1, 1 };
    return vl_select(v, &what, rows[0], rows[1], err);
}

/* Charges that ions may have: where those of each end, and all of them. */
static vl_code load_possible(vl_viewer *v, vl_ions *s, vl_err *err)
{
    if (vl_buf_reserve(&s->possible_end, (s->nion + 1) * sizeof(uint64_t), err)) return err->code;
    uint64_t *const end = (uint64_t *)(void *)s->possible_end.data;
    if (vl_reader_offsets(v->r, VL_SP_ION_POSSIBLE, 0, s->nion, end, &v->work, err)) return err->code;
    const int column = vl_reader_column(v->r, VL_SP_ION_POSSIBLE);
    return column < 0 ? VL_OK
                      : vl_reader_elements(v->r, column, 0, end[s->nion], &s->possible, &v->work, err);
}

static vl_code load_ions(vl_viewer *v, vl_spectra_own *o, vl_err *err)
{
    vl_ions *const s = &o->ions;
    const struct {
        int field;
        uint64_t n;
        vl_buf *to;
    } part[] = { { VL_SP_PREC_SPECTRUM, vl_reader_nrow(v->r, VL_SPT_PRECURSOR), &s->precursor_of },
                 { VL_SP_PREC_TARGET, vl_reader_nrow(v->r, VL_SPT_PRECURSOR), &s->target },
                 { VL_SP_PREC_LOWER, vl_reader_nrow(v->r, VL_SPT_PRECURSOR), &s->lower },
                 { VL_SP_PREC_UPPER, vl_reader_nrow(v->r, VL_SPT_PRECURSOR), &s->upper },
                 { VL_SP_PREC_COLLISION_ENERGY, vl_reader_nrow(v->r, VL_SPT_PRECURSOR), &s->energy },
                 { VL_SP_ION_SPECTRUM, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->ion_of },
                 { VL_SP_ION_PRECURSOR, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->of_precursor },
                 { VL_SP_ION_MZ, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->mz },
                 { VL_SP_ION_CHARGE, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->charge },
                 { VL_SP_ION_INTENSITY, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->intensity } };
    s->nprecursor = (size_t)part[0].n;
    s->nion = (size_t)vl_reader_nrow(v->r, VL_SPT_SELECTED_ION);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (vl_reader_elements(v->r, vl_reader_column(v->r, part[i].field), 0, part[i].n, part[i].to,
                               &v->work, err))
            return err->code;
    return load_possible(v, s, err);
}

/* "3,12" or "3,12,1" */
static vl_code take_pixel(vl_spectra_own *o, const char *text, vl_err *err)
{
    const char *at = text;
    for (bool more = text != NULL; more; more = *at++ == ',') {
        char *end = NULL;
        const long value = strtol(at, &end, 10);
        if (end == at || (*end && *end != ',') || o->npixel == 3 || value <= INT32_MIN || value > INT32_MAX)
            return vl_fail(err, VL_EARG, "--pixel: '%.60s' is no place: X,Y or X,Y,Z", text);
        o->pixel[o->npixel++] = (int32_t)value;
        at = end;
    }
    if (!text || o->npixel > 1) return VL_OK;
    return vl_fail(err, VL_EARG, "--pixel: '%.60s' is no place: X,Y or X,Y,Z", text);
}

/* What the texts of spectra are. */
static void find_texts(const vl_viewer *v, vl_spectra_own *o)
{
    char format[32] = "";
    vl_err none = VL_ERR_INIT;
    if (vl_store_get(vl_reader_store(v->r), "source/0", "format", format, sizeof format, &none)) return;
    o->mzml = !strcmp(format, vl_mzml.name);
    o->prefix = vl_spectra_prefix(format);
}

static vl_code want_copied(vl_viewer *v, vl_err *err)
{
    static const int field[] = { VL_SP_TEXT_AT,      VL_SP_TEXT_LENGTH, VL_SP_ARRAY_AT,  VL_SP_ARRAY_COUNT,
                                 VL_SP_ARRAY_LENGTH, VL_SP_ARR_COLUMN,  VL_SP_ARR_START, VL_SP_ARR_LENGTH,
                                 VL_SP_ARR_TEXT_AT,  VL_SP_ARR_RECIPE,  VL_SP_ARR_KEPT };
    if (v->want || vl_reader_want(v->r, NULL, 0, &v->want, err)) return err->code;
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) v->want[field[i]] = VL_WANT_ROWS;
    return VL_OK;
}

static bool asks_ions(const vl_viewer *v)
{
    return asks_precursor(v) || asks_isolation(v) || asks_energy(v) || asks_charge(v);
}

static vl_code open(vl_viewer *v, vl_err *err)
{
    const vl_spectra_asked *const ask = v->asked;
    vl_spectra_own *const o = v->own = calloc(1, sizeof *o);
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory to view spectra");
    if (ask->index[1] != VL_NOWHERE && (v->ask->rows[0] || v->ask->rows[1] != VL_NOWHERE))
        return vl_fail(err, VL_EARG, "--rows and --index are the same");
    o->cut = ask->mz[0] > -INFINITY || ask->mz[1] < INFINITY;
    if (ask->tolerance && isnan(ask->precursor)) return vl_fail(err, VL_EARG, "--tol goes with --precursor");
    find_texts(v, o);
    /* printed as they came: of their columns only those are needed that say where their text is */
    const bool copied = o->mzml && v->form == &vl_spectra_mzml;
    if (take_pixel(o, ask->pixel, err) ||
        vl_tolerance(ask->tolerance ? ask->tolerance : "10ppm", false, ask->precursor, &o->within, err) ||
        (copied && want_copied(v, err)) || ((!copied || asks_ions(v)) && load_ions(v, o, err)))
        return err->code;
    return find(v, err);
}

/* ---- one load ---- */

static vl_code plan(vl_viewer *v, vl_load *load, vl_err *err)
{
    if (!load->own && !(load->own = calloc(1, sizeof(vl_spectra_load))))
        return vl_fail(err, VL_ENOMEM, "no memory for spectra");
    vl_spectra_load *const l = load->own;
    l->run.of = &vl_record_spectrum;
    l->marks.len = l->beside.len = 0;
    return vl_record_plan(v, load, &l->run, &((vl_spectra_own *)v->own)->printed, err);
}

static vl_code missed(const vl_viewer *v, vl_err *err)
{
    const vl_spectra_asked *const ask = v->asked;
    if (ask->id) return vl_fail(err, VL_ENOIN, "no spectrum has the id '%.120s'", ask->id);
    if (ask->scan != VL_NOWHERE)
        return vl_fail(err, VL_ENOIN, "no spectrum has scan number %llu", (unsigned long long)ask->scan);
    return VL_OK;
}

static void drop(vl_load *load)
{
    vl_spectra_load *const l = load->own;
    vl_buf_free(&l->mz);
    vl_buf_free(&l->intensity);
    vl_buf_free(&l->marks);
    vl_buf_free(&l->beside);
    free(l);
}

static void close(vl_viewer *v)
{
    vl_spectra_own *const o = v->own;
    if (!o) return;
    vl_ions *const s = &o->ions;
    vl_buf *const all[] = { &s->precursor_of, &s->target,    &s->lower,        &s->upper,
                            &s->energy,       &s->ion_of,    &s->of_precursor, &s->mz,
                            &s->charge,       &s->intensity, &s->possible_end, &s->possible };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    vl_mzxml_made_free(o->mzxml);
    vl_mzml_index_free(o->index);
    vl_imzml_made_free(o->imzml);
    free(o);
}

/* ---- the table's entry ---- */

static void defaults(void *asked)
{
    *(vl_spectra_asked *)asked = (vl_spectra_asked){ .index = { 0, VL_NOWHERE },
                                                     .scan = VL_NOWHERE,
                                                     .time = { NAN, NAN },
                                                     .mz = { -INFINITY, INFINITY },
                                                     .precursor = NAN,
                                                     .isolation = NAN,
                                                     .energy = { NAN, NAN },
                                                     .faims = NAN,
                                                     .mobility = { NAN, NAN } };
}

#define AT(member) offsetof(vl_spectra_asked, member)
static const vl_opt options[] = {
    { 0, "index", VL_OPT_ROWS, NULL, "A-B", "the same as --rows", AT(index), NULL },
    { 0, "id", VL_OPT_TEXT, NULL, "ID", "the one with this id", AT(id), NULL },
    { 0, "scan", VL_OPT_WHOLE, NULL, "N", "scan number N, of those whose id has one", AT(scan), NULL },
    { 0, "time", VL_OPT_INTERVAL, NULL, "A-B", "retention time in seconds", AT(time), NULL },
    { 0, "ms-level", VL_OPT_COUNT, NULL, "N", "of this MS level", AT(ms_level), NULL },
    { 0, "precursor", VL_OPT_NUMBER, NULL, "MZ", "with a precursor at this m/z", AT(precursor), NULL },
    { 0, "tol", VL_OPT_TEXT, NULL, "T", "tolerance of --precursor: 10ppm (default), 0.02Th", AT(tolerance),
      NULL },
    { 0, "isolation", VL_OPT_NUMBER, NULL, "MZ", "an isolation window of which has this m/z", AT(isolation),
      NULL },
    { 0, "polarity", VL_OPT_CHOICE, NULL, "P", "positive or negative", AT(polarity),
      "any positive negative" },
    { 0, "charge", VL_OPT_COUNT, NULL, "N", "with an ion of N charges, or that may have them", AT(charge),
      NULL },
    { 0, "faims", VL_OPT_NUMBER, NULL, "CV", "at this FAIMS compensation voltage, in V", AT(faims), NULL },
    { 0, "collision-energy", VL_OPT_INTERVAL, NULL, "A-B", "collision energy in eV", AT(energy), NULL },
    { 0, "mobility", VL_OPT_INTERVAL, NULL, "A-B", "ion mobility, as their document has it", AT(mobility),
      NULL },
    { 0, "pixel", VL_OPT_TEXT, NULL, "X,Y[,Z]", "of this pixel of an image", AT(pixel), NULL },
    { 0, "mz", VL_OPT_INTERVAL, NULL, "A-B", "only peaks in this m/z range", AT(mz), NULL },
    { 0, "chromatogram", VL_OPT_TEXT, NULL, "ID", "the chromatogram with this id, or all: no spectra",
      AT(chromatogram), NULL },
    { .name = "" },
};
#undef AT
static const vl_form *const forms[] = { &vl_spectra_mzml,  &vl_spectra_mgf,
                                        &vl_form_tsv,      &vl_spectra_json,
                                        &vl_spectra_mzxml, &vl_spectra_numpy,
                                        &vl_spectra_imzml, NULL };

static bool asks_chromatogram(const void *ask) { return ((const vl_spectra_asked *)ask)->chromatogram; }

const vl_question vl_spectra_question = {
    .option = options,
    .size = sizeof(vl_spectra_asked),
    .defaults = defaults,
    .form = forms,
    .column = vl_spectra_columns,
    .usual = "index,id,ms_level,time,polarity,precursor_mz,charge,tic,base_peak_mz,peaks",
    .open = open,
    .span = LOAD,
    .block = LOAD,
    .plan = plan,
    .load = vl_record_fill,
    .row = vl_load_peaks,
    .lines = vl_peak_count,
    .missed = missed,
    .note = vl_pairs_note,
    .drop = drop,
    .close = close,
    .other = &vl_chromatograms_question,
    .is_other = asks_chromatogram,
};
