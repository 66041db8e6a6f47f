/*
 * Which spectra have pairs of m/z and intensity (spectra_pairs.h). Columns of table array say so without a
 * look at any peak; only values that are coded, or cut to a range, are read to be counted.
 */
#include "pipeline/spectra/spectra_pairs.h"

#include "formats/spectra/mzml.h"
#include "pipeline/spectra/peak_walk.h"
#include "pipeline/spectra/spectra_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- one spectrum ---- */

/* Has it numbers? Its coding alone says so: no bytes are asked of it. */
static bool is_readable(const vl_piece_column *column)
{
    vl_buf none = { 0 };
    vl_err err = VL_ERR_INIT;
    const uint8_t nothing = 0;
    const vl_code code = vl_array_decode(column->coding, column->type, &nothing, 0, &none, &err);
    vl_buf_free(&none);
    return code != VL_EUNSUP;
}

void vl_pairs_add(vl_pairs *p, const vl_piece_column *column, uint64_t nelem)
{
    const bool mz = vl_is_mz(column);
    uint64_t *const n = mz ? &p->nmz : &p->nvalue;
    p->any = true;
    if ((!mz && !vl_is_intensity(column)) || *n || !is_readable(column)) {
        p->other++;
        return;
    }
    p->coded |= *column->coding != 0;
    *(mz ? &p->mz : &p->intensity) = true;
    *n = nelem;
}

vl_code vl_pairs_of(const vl_load *load, size_t i, vl_pairs *out, vl_err *err)
{
    size_t first, n;
    *out = (vl_pairs){ 0 };
    if (vl_record_arrays(load, &((const vl_spectra_load *)load->own)->run, i, &first, &n, err))
        return err->code;
    for (size_t k = first; k < first + n; k++)
        vl_pairs_add(out, vl_array_of(&load->plan.batch, k).column, load->plan.batch.piece[k].nelem);
    return VL_OK;
}

/* ---- all that were found ---- */

enum { BLOCK = 1 << 15 }; /* rows whose columns are in memory at once */

typedef struct block {
    uint64_t first, n;
    vl_buf at, count, level, time; /* owned; of its spectra */
    uint64_t array;                /* the first of theirs */
    vl_buf column, length;         /* owned; of their arrays */
} block;

/* Elements of a fixed field; of one that the store does not have, what stands for missing. */
static vl_code elements(vl_viewer *v, int field, uint64_t first, uint64_t n, vl_buf *to, vl_err *err)
{
    const vl_columns *const c = vl_reader_columns(v->r);
    to->len = 0;
    if (c->absent[field]) return vl_columns_missing(&c->schema->field[field], (size_t)n, to, err);
    return n ? vl_reader_elements(v->r, vl_reader_column(v->r, field), first, n, to, &v->work, err) : VL_OK;
}

static vl_code load_block(vl_viewer *v, block *b, vl_err *err)
{
    if (elements(v, VL_SP_ARRAY_AT, b->first, b->n, &b->at, err) ||
        elements(v, VL_SP_ARRAY_COUNT, b->first, b->n, &b->count, err) ||
        elements(v, VL_SP_MS_LEVEL, b->first, b->n, &b->level, err) ||
        elements(v, VL_SP_TIME, b->first, b->n, &b->time, err))
        return err->code;
    const uint64_t all = vl_reader_nrow(v->r, VL_SPT_ARRAY), last = b->n - 1;
    const uint64_t end = vl_le64(b->at.data + 8 * last) + vl_le16(b->count.data + 2 * last);
    b->array = vl_le64(b->at.data);
    if (end < b->array || end > all)
        return vl_fail(err, VL_ESTORE,
                       "spectra %" PRIu64 " to %" PRIu64 " have arrays to %" PRIu64 " of %" PRIu64, b->first,
                       b->first + last, end, all);
    if (elements(v, VL_SP_ARR_COLUMN, b->array, end - b->array, &b->column, err)) return err->code;
    return elements(v, VL_SP_ARR_LENGTH, b->array, end - b->array, &b->length, err);
}

static vl_code arrays_of(const vl_viewer *v, const block *b, size_t i, vl_pairs *out, vl_err *err)
{
    const vl_columns *const known = vl_reader_columns(v->r);
    const uint64_t at = vl_le64(b->at.data + 8 * i), n = vl_le16(b->count.data + 2 * i),
                   all = b->column.len / 2;
    *out = (vl_pairs){ 0 };
    if (at < b->array || at - b->array > all || n > all - (at - b->array))
        return vl_fail(err, VL_ESTORE, "arrays of spectrum %" PRIu64 " lie beyond its run", b->first + i);
    for (uint64_t k = at - b->array; k < at - b->array + n; k++) {
        const uint16_t column = vl_le16(b->column.data + 2 * k);
        if (column >= known->npiece)
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 " names column %u, there are %d", b->array + k,
                           column, known->npiece);
        vl_pairs_add(out, &known->piece[column], vl_le64(b->length.data + 8 * k));
    }
    return VL_OK;
}

static void take(vl_pairs_found *f, const vl_pairs *p, bool no_level, double time)
{
    if (!vl_are_pairs(p) || no_level) {
        f->left_out++;
        f->no_level += vl_are_pairs(p);
        return;
    }
    f->nspectrum++;
    f->npeak += p->nmz < p->nvalue ? p->nmz : p->nvalue;
    f->uneven += !p->coded && p->nmz != p->nvalue;
    f->other += p->other;
    f->coded |= p->coded;
    if (!isfinite(time)) return;
    if (!(time >= f->time[0])) f->time[0] = time;
    if (!(time <= f->time[1])) f->time[1] = time;
}

static vl_code take_block(vl_viewer *v, block *b, bool levels, vl_rows *rows, vl_pairs_found *out,
                          vl_err *err)
{
    uint64_t row = 0;
    while (vl_rows_next(rows) < b->first + b->n && vl_rows_take(rows, 1, &row)) {
        const size_t i = (size_t)(row - b->first);
        vl_pairs p;
        if (arrays_of(v, b, i, &p, err)) return err->code;
        take(out, &p, levels && !b->level.data[i], vl_value_at(&b->time, i));
    }
    return VL_OK;
}

vl_code vl_pairs_none(vl_viewer *v, vl_err *err)
{
    if (vl_reader_nrow(v->r, VL_SPT_SPECTRUM)) return VL_OK;
    return vl_fail(err, VL_EARG, "the store has no spectra%s",
                   vl_reader_nrow(v->r, VL_SPT_CHROMATOGRAM) ? ", only chromatograms" : "");
}

vl_code vl_pairs_find(vl_viewer *v, bool levels, vl_pairs_found *out, vl_err *err)
{
    const uint64_t all = vl_reader_nrow(v->r, VL_SPT_SPECTRUM);
    vl_rows rows = v->rows; /* its runs are borrowed, and only what was taken is its own */
    block b = { 0 };
    *out = (vl_pairs_found){ .time = { (double)NAN, (double)NAN } };
    while (!err->code && (b.first = vl_rows_next(&rows)) < all) {
        b.n = all - b.first < BLOCK ? all - b.first : BLOCK;
        if (!load_block(v, &b, err)) take_block(v, &b, levels, &rows, out, err);
    }
    vl_buf *const owned[] = { &b.at, &b.count, &b.level, &b.time, &b.column, &b.length };
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) vl_buf_free(owned[i]);
    return err->code;
}

/* ---- peaks that must be read to be counted ---- */

typedef struct counting {
    const double *range;
    uint64_t n;
} counting;

static vl_code count_peaks(void *self, void *state, size_t number, const vl_peaks *peaks, vl_err *err)
{
    const counting *const c = self;
    uint64_t *const n = state;
    (void)number;
    for (size_t i = 0; i < peaks->n; i++) {
        const double mz = vl_peak_at(&peaks->mz, i);
        *n += !c->range || (mz >= c->range[0] && mz <= c->range[1]);
    }
    return err->code;
}

static vl_code add_up(void *self, void *state, vl_err *err)
{
    uint64_t *const n = state;
    ((counting *)self)->n += *n;
    *n = 0;
    return err->code;
}

vl_code vl_pairs_count(vl_viewer *v, const double *range, vl_pairs_found *out, vl_err *err)
{
    const uint64_t n = vl_rows_count(&v->rows);
    vl_rows rows = v->rows;
    counting c = { range, 0 };
    vl_buf list = { 0 };
    if (n > SIZE_MAX / 8 || vl_buf_reserve(&list, (size_t)n * 8 + 8, err))
        return vl_fail(err, VL_ENOMEM, "no memory for the numbers of %" PRIu64 " spectra", n);
    uint64_t *const row = (uint64_t *)(void *)list.data;
    for (size_t i = 0; i < n && vl_rows_take(&rows, 1, &row[i]);) i++;
    const vl_peak_walk walk = { .r = v->r,
                                .threads = v->ask->threads,
                                .row = row,
                                .nrow = (size_t)n,
                                .take = count_peaks,
                                .join = add_up,
                                .self = &c,
                                .state = sizeof(uint64_t) };
    vl_peak_walk_run(&walk, err);
    vl_buf_free(&list);
    out->npeak = c.n;
    return err->code;
}

/* ---- what is said of them ---- */

void vl_pairs_note(const vl_viewer *v, char text[VL_VIEW_NOTE])
{
    const vl_pairs_found *const f = &((const vl_spectra_own *)v->own)->pairs;
    const struct {
        uint64_t n;
        const char *what;
    } left[] = { { f->left_out - f->no_level, "spectra without m/z and intensity in numbers" },
                 { f->no_level, "spectra without MS level" },
                 { f->other, "arrays beside m/z and intensity" },
                 { f->uneven, "ends of the longer of two arrays" } };
    size_t at = 0;
    for (size_t i = 0; i < sizeof left / sizeof *left && at < VL_VIEW_NOTE; i++)
        if (left[i].n)
            at += (size_t)snprintf(text + at, VL_VIEW_NOTE - at, "%s%" PRIu64 " %s",
                                   at ? ", " : "left out: ", left[i].n, left[i].what);
}
