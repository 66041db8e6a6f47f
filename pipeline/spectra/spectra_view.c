/*
 * View of spectra: which ones. Rows are found from the query columns (id, MS level, time) and the tables of
 * precursors and ions; a load then carries up to LOAD neighbours with their arrays.
 */
#include "pipeline/spectra/spectra_view.h"

#include "formats/spectra/mzml.h"
#include "pipeline/out/find.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { LOAD = 32 };

/* ---- finding ---- */

static bool fits(const vl_viewer *v, const vl_batch *b, size_t i)
{
    const vl_spectra_asked *const ask = v->asked;
    const vl_spectra_own *const o = v->own;
    const uint64_t row = b->first[VL_SPT_SPECTRUM] + i;
    if (ask->ms_level && b->col[VL_SP_MS_LEVEL].data.data[i] != ask->ms_level) return false;
    if (!isnan(ask->time[0])) {
        const double t = vl_f64_at(b, VL_SP_TIME, i);
        if (!(t >= ask->time[0] && t <= ask->time[1])) return false;
    }
    if (ask->id || ask->scan != VL_NOWHERE) {
        const vl_cell id = vl_row(&b->col[VL_SP_ID], i);
        if (ask->id && (strlen(ask->id) != id.n || (id.n && memcmp(id.at, ask->id, id.n)))) return false;
        if (ask->scan != VL_NOWHERE && vl_scan_number(id.at, id.n, row) != ask->scan) return false;
    }
    return isnan(ask->precursor) || vl_has_precursor(&o->ions, row, ask->precursor, o->within);
}

static unsigned look(const void *self, const vl_batch *b, size_t i) { return fits(self, b, i); }

static vl_code take(void *self, uint64_t row, unsigned what, vl_err *err)
{
    vl_viewer *const v = self;
    (void)what;
    v->found++;
    return vl_rows_add(&v->rows, row, 1, err);
}

/* Only rows stay whose keys may lie in this box. */
static vl_code narrow(vl_viewer *v, const vl_index *x, const vl_wanted *want, vl_rows *may, vl_err *err)
{
    vl_rows some = { 0 };
    if (!vl_find_may(v->r, x, want, 1, &v->work, &some, err)) vl_rows_cross(may, &some, err);
    free(some.run);
    return err->code;
}

/* Rows that no index can rule out. */
static vl_code narrow_all(vl_viewer *v, vl_rows *may, vl_err *err)
{
    const vl_spectra_asked *const ask = v->asked;
    vl_wanted want = { .hash = 0 };
    if (ask->id) {
        want.hash = vl_name_key((const uint8_t *)ask->id, strlen(ask->id), &want.key);
        if (narrow(v, &vl_spectra_by_id, &want, may, err)) return err->code;
    }
    if (ask->scan != VL_NOWHERE) {
        want.key = (vl_box){ .n = 1, .lo = { ask->scan }, .hi = { ask->scan } };
        if (narrow(v, &vl_spectra_by_scan, &want, may, err)) return err->code;
    }
    if (!isnan(ask->time[0])) {
        want.key =
            (vl_box){ .n = 1, .lo = { vl_f64_order(ask->time[0]) }, .hi = { vl_f64_order(ask->time[1]) } };
        if (narrow(v, &vl_spectra_by_time, &want, may, err)) return err->code;
    }
    return VL_OK;
}

/* Nothing is asked of the spectra themselves. */
static bool is_any(const vl_spectra_asked *ask)
{
    return !ask->ms_level && isnan(ask->time[0]) && !ask->id && ask->scan == VL_NOWHERE &&
           isnan(ask->precursor);
}

static vl_code find(vl_viewer *v, vl_err *err)
{
    static const int field[] = { VL_SP_MS_LEVEL, VL_SP_TIME, VL_SP_ID };
    const vl_spectra_asked *const ask = v->asked;
    const uint64_t *const rows = ask->index[1] != VL_NOWHERE ? ask->index : v->ask->rows;
    vl_rows may = { 0 };
    const vl_search search = { .table = VL_SPT_SPECTRUM,
                               .field = field,
                               .nfield = ask->id || ask->scan != VL_NOWHERE ? 3 : 2,
                               .along = -1,
                               .look = look,
                               .take = take,
                               .self = v };
    if (vl_rows_add(&may, 0, vl_reader_nrow(v->r, VL_SPT_SPECTRUM), err) ||
        vl_rows_within(&may, rows[0], rows[1], err))
        goto out;
    if (is_any(ask)) {
        for (size_t i = 0; i < may.n; i++) v->found += may.run[i].n;
        v->rows = may;
        return VL_OK;
    }
    if (!narrow_all(v, &may, err) && may.n) vl_find(v->r, &search, &may, v->ask->threads, err);
out:
    free(may.run);
    return err->code;
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
                 { VL_SP_ION_SPECTRUM, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->ion_of },
                 { VL_SP_ION_MZ, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->mz },
                 { VL_SP_ION_CHARGE, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->charge },
                 { VL_SP_ION_INTENSITY, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->intensity } };
    s->nprecursor = (size_t)part[0].n;
    s->nion = (size_t)part[2].n;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (vl_reader_elements(v->r, vl_reader_column(v->r, part[i].field), 0, part[i].n, part[i].to,
                               &v->work, err))
            return err->code;
    return VL_OK;
}

/* "10ppm", "0.02Th", "0.02Da" around a m/z, in Th. A number alone could be either. */
static vl_code take_tolerance(const vl_spectra_asked *ask, double *within, vl_err *err)
{
    char *end = NULL;
    const char *const text = ask->tolerance ? ask->tolerance : "10ppm";
    const double value = strtod(text, &end);
    const bool ppm = !strcmp(end, "ppm"), plain = !strcmp(end, "Th") || !strcmp(end, "Da");
    if (ask->tolerance && isnan(ask->precursor)) return vl_fail(err, VL_EARG, "--tol goes with --precursor");
    if (end > text && !*end && value >= 0)
        return vl_fail(err, VL_EARG, "--tol: '%.40s' has no unit: %.40sppm or %.40sTh", text, text, text);
    if (end == text || !(value >= 0) || (!ppm && !plain))
        return vl_fail(err, VL_EARG, "--tol: '%.60s' is no tolerance: 10ppm, 0.02Th", text);
    *within = ppm ? ask->precursor * value * 1e-6 : value;
    return VL_OK;
}

static vl_code open(vl_viewer *v, vl_err *err)
{
    const vl_spectra_asked *const ask = v->asked;
    vl_spectra_own *const o = v->own = calloc(1, sizeof *o);
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory to view spectra");
    if (ask->index[1] != VL_NOWHERE && (v->ask->rows[0] || v->ask->rows[1] != VL_NOWHERE))
        return vl_fail(err, VL_EARG, "--rows and --index are the same");
    o->cut = ask->mz[0] > -INFINITY || ask->mz[1] < INFINITY;
    if (take_tolerance(ask, &o->within, err) || load_ions(v, o, err)) return err->code;
    return find(v, err);
}

/* ---- one load ---- */

/* Element i of a u64 or u16 field. Ordered. */
static vl_code field_at(vl_viewer *v, int field, uint64_t row, uint64_t *out, vl_work *work, vl_err *err)
{
    vl_buf one = { 0 };
    if (!vl_reader_elements(v->r, vl_reader_column(v->r, field), row, 1, &one, work, err))
        *out = one.len == 8 ? vl_le64(one.data) : one.len == 4 ? vl_le32(one.data) : vl_le16(one.data);
    vl_buf_free(&one);
    return err->code;
}

static vl_code plan(vl_viewer *v, vl_load *load, vl_err *err)
{
    vl_spectra_own *const o = v->own;
    vl_spectra_load *l = load->own;
    if (!l && !(l = load->own = calloc(1, sizeof *l)))
        return vl_fail(err, VL_ENOMEM, "no memory for spectra");
    load->n = vl_rows_take(&v->rows, LOAD, &load->first);
    const uint64_t last = load->first + load->n - 1;
    uint64_t from = 0, to = 0, count = 0, text = 0, end = 0, length = 0;
    if (field_at(v, VL_SP_ARRAY_AT, load->first, &from, load->work, err) ||
        field_at(v, VL_SP_ARRAY_AT, last, &to, load->work, err) ||
        field_at(v, VL_SP_ARRAY_COUNT, last, &count, load->work, err) ||
        field_at(v, VL_SP_TEXT_AT, load->first, &text, load->work, err) ||
        field_at(v, VL_SP_TEXT_AT, last, &end, load->work, err) ||
        field_at(v, VL_SP_TEXT_LENGTH, last, &length, load->work, err))
        return err->code;
    if (to < from || end < text)
        return vl_fail(err, VL_ESTORE, "spectra are not in the order of their arrays");
    vl_plan *const p = &load->plan;
    if (vl_reader_rows(v->r, p, VL_SPT_SPECTRUM, load->first, load->n, v->want, load->work, err) ||
        vl_reader_rows(v->r, p, VL_SPT_ARRAY, from, (size_t)(to + count - from), NULL, load->work, err) ||
        vl_reader_load(v->r, p, load->work, err) ||
        vl_reader_pieces(v->r, p, p->batch.nrow[VL_SPT_ARRAY], err))
        return err->code;
    l->skeleton_first = text;
    l->number = o->printed;
    o->printed += load->n;
    return vl_reader_stream(v->r, p, VL_SP_SKELETON, text, end + length - text, err);
}

static vl_code load_arrays(const vl_viewer *v, vl_load *load, vl_err *err)
{
    if (vl_reader_load_pieces(v->r, &load->plan, load->work, err)) return err->code;
    return vl_reader_load_stream(v->r, &load->plan, VL_SP_SKELETON, load->work, err);
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
    free(l);
}

static void close(vl_viewer *v)
{
    vl_spectra_own *const o = v->own;
    if (!o) return;
    vl_buf *const all[] = { &o->ions.precursor_of, &o->ions.target, &o->ions.ion_of,
                            &o->ions.mz,           &o->ions.charge, &o->ions.intensity };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(o);
}

/* ---- the table's entry ---- */

static void defaults(void *asked)
{
    *(vl_spectra_asked *)asked = (vl_spectra_asked){ .index = { 0, VL_NOWHERE },
                                                     .scan = VL_NOWHERE,
                                                     .time = { NAN, NAN },
                                                     .mz = { -INFINITY, INFINITY },
                                                     .precursor = NAN };
}

#define AT(member) offsetof(vl_spectra_asked, member)
static const vl_opt options[] = {
    { 0, "index", VL_OPT_ROWS, NULL, "A-B", "the same as --rows", AT(index), NULL },
    { 0, "id", VL_OPT_TEXT, NULL, "ID", "the one with this id", AT(id), NULL },
    { 0, "scan", VL_OPT_WHOLE, NULL, "N", "scan number N (from the id; else the index)", AT(scan), NULL },
    { 0, "time", VL_OPT_INTERVAL, NULL, "A-B", "retention time in seconds", AT(time), NULL },
    { 0, "ms-level", VL_OPT_COUNT, NULL, "N", "of this MS level", AT(ms_level), NULL },
    { 0, "precursor", VL_OPT_NUMBER, NULL, "MZ", "with a precursor at this m/z", AT(precursor), NULL },
    { 0, "tol", VL_OPT_TEXT, NULL, "T", "tolerance of --precursor: 10ppm (default), 0.02Th", AT(tolerance),
      NULL },
    { 0, "mz", VL_OPT_INTERVAL, NULL, "A-B", "only peaks in this m/z range", AT(mz), NULL },
    { .name = "" },
};
#undef AT
static const vl_form *const forms[] = { &vl_spectra_mzml, &vl_spectra_mgf, &vl_form_tsv, &vl_spectra_json,
                                        NULL };

const vl_question vl_spectra_question = {
    .option = options,
    .size = sizeof(vl_spectra_asked),
    .defaults = defaults,
    .form = forms,
    .column = vl_spectra_columns,
    .usual = "index,id,ms_level,time,polarity,precursor_mz,charge,tic,base_peak_mz,peaks",
    .open = open,
    .span = LOAD,
    .plan = plan,
    .load = load_arrays,
    .row = vl_load_peaks,
    .lines = vl_peak_count,
    .missed = missed,
    .drop = drop,
    .close = close,
};
