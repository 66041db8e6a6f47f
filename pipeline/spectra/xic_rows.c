/*
 * Which spectra are looked at (xic.h), and where in the store their peaks are: from the columns of all
 * spectra and of table array, which are short.
 */
#include "pipeline/spectra/mass_record.h"
#include "pipeline/spectra/tolerance.h"
#include "pipeline/spectra/xic.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns as a whole; owned. */
typedef struct columns {
    size_t nspectrum, nprecursor, narray;
    vl_buf level, time, mobility, array_at, array_count, of, array_column, array_start, array_length;
} columns;

static vl_code load(vl_xic *x, int field, size_t n, vl_buf *out, vl_err *err)
{
    vl_reader *const r = x->job->r;
    if (vl_reader_columns(r)->absent[field])
        return vl_columns_missing(&vl_reader_columns(r)->schema->field[field], n, out, err);
    return vl_reader_elements(r, vl_reader_column(r, field), 0, n, out, &x->job->work, err);
}

static vl_code load_columns(vl_xic *x, columns *c, vl_err *err)
{
    c->nspectrum = (size_t)vl_reader_nrow(x->job->r, VL_SPT_SPECTRUM);
    c->nprecursor = (size_t)vl_reader_nrow(x->job->r, VL_SPT_PRECURSOR);
    c->narray = (size_t)vl_reader_nrow(x->job->r, VL_SPT_ARRAY);
    bool isolation = false;
    for (size_t i = 0; i < x->ntarget; i++) isolation |= !isnan(x->target[i].isolation);
    const size_t nprecursor = isolation ? c->nprecursor : 0;
    const struct {
        int field;
        size_t n;
        vl_buf *to;
    } want[] = { { VL_SP_MS_LEVEL, c->nspectrum, &c->level },
                 { VL_SP_TIME, c->nspectrum, &c->time },
                 { VL_SP_MOBILITY, isnan(x->asked->mobility[0]) ? 0 : c->nspectrum, &c->mobility },
                 { VL_SP_ARRAY_AT, c->nspectrum, &c->array_at },
                 { VL_SP_ARRAY_COUNT, c->nspectrum, &c->array_count },
                 { VL_SP_PREC_SPECTRUM, nprecursor, &c->of },
                 { VL_SP_PREC_TARGET, nprecursor, &x->target_mz },
                 { VL_SP_PREC_LOWER, nprecursor, &x->lower },
                 { VL_SP_PREC_UPPER, nprecursor, &x->upper },
                 { VL_SP_ARR_COLUMN, c->narray, &c->array_column },
                 { VL_SP_ARR_START, c->narray, &c->array_start },
                 { VL_SP_ARR_LENGTH, c->narray, &c->array_length } };
    c->nprecursor = nprecursor;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (want[i].n && load(x, want[i].field, want[i].n, want[i].to, err)) return err->code;
    return VL_OK;
}

static void free_columns(columns *c)
{
    vl_buf *const all[] = { &c->level, &c->time,         &c->mobility,    &c->array_at,    &c->array_count,
                            &c->of,    &c->array_column, &c->array_start, &c->array_length };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
}

/* ---- whether a target looks at a spectrum ---- */

/* Does a window of the spectrum have this m/z? */
static bool isolates(const vl_xic *x, const vl_xic_row *row, double mz)
{
    for (size_t i = row->precursor; i < row->precursor_end; i++)
        if (vl_is_in_window(mz, vl_value_at(&x->target_mz, i), vl_value_at(&x->lower, i),
                            vl_value_at(&x->upper, i)))
            return true;
    return false;
}

bool vl_xic_looks(const vl_xic *x, const vl_xic_target *t, const vl_xic_row *row)
{
    if (t->level && t->level != row->level) return false;
    if (!isnan(t->time[0]) && !(row->time >= t->time[0] && row->time <= t->time[1])) return false;
    return isnan(t->isolation) || isolates(x, row, t->isolation);
}

/* Targets that ask the same of spectra are asked once. */
static bool same_question(const vl_xic_target *a, const vl_xic_target *b)
{
    const double *const u[] = { a->time, &a->isolation }, *const v[] = { b->time, &b->isolation };
    if (a->level != b->level) return false;
    for (int i = 0; i < 3; i++) {
        const double p = i < 2 ? u[0][i] : *u[1], q = i < 2 ? v[0][i] : *v[1];
        if (p != q && !(isnan(p) && isnan(q))) return false;
    }
    return true;
}

static bool any_looks(const vl_xic *x, const vl_xic_row *row)
{
    for (size_t i = 0; i < x->ntarget; i++) {
        if (i && same_question(&x->target[i], &x->target[i - 1])) continue;
        if (vl_xic_looks(x, &x->target[i], row)) return true;
    }
    return false;
}

/* ---- where its peaks are ---- */

/* What is read of the array column k: one of VL_XIC_..., or -1. */
static int use_of(const vl_piece_column *column)
{
    if (vl_is_mz(column)) return VL_XIC_MZ;
    if (vl_is_intensity(column)) return VL_XIC_INTENSITY;
    return strstr(column->role, "mobility") ? VL_XIC_MOBILITY : -1;
}

static vl_code find_arrays(vl_xic *x, const columns *c, vl_xic_row *row, vl_err *err)
{
    const vl_columns *const known = vl_reader_columns(x->job->r);
    const uint64_t at = vl_le64(c->array_at.data + 8 * row->row);
    const size_t n = vl_le16(c->array_count.data + 2 * row->row);
    if (at > c->narray || n > c->narray - at)
        return vl_fail(err, VL_ESTORE, "arrays of spectrum %" PRIu64 " lie beyond their table", row->row);
    for (uint64_t k = at; k < at + n; k++) {
        const uint16_t column = vl_le16(c->array_column.data + 2 * k);
        if (column >= known->npiece)
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 " is in column %u of %d", k, column,
                           known->npiece);
        const int use = use_of(&known->piece[column]);
        if (use < 0 || row->has[use] || (use == VL_XIC_MOBILITY && isnan(x->asked->mobility[0]))) continue;
        row->has[use] = true;
        row->column[use] = column;
        row->start[use] = vl_le64(c->array_start.data + 8 * k);
        row->length[use] = vl_le64(c->array_length.data + 8 * k);
    }
    return VL_OK;
}

/* --mobility: by its peaks, where each has one; else by what the spectrum says. */
static bool is_within(const vl_xic *x, const columns *c, const vl_xic_row *row)
{
    const double *const range = x->asked->mobility;
    if (isnan(range[0]) || row->has[VL_XIC_MOBILITY]) return true;
    const double said = vl_value_at(&c->mobility, (size_t)row->row);
    return said >= range[0] && said <= range[1];
}

static vl_code choose(vl_xic *x, const columns *c, vl_err *err)
{
    size_t precursor = 0;
    if (!(x->row = calloc(c->nspectrum + 1, sizeof *x->row)))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu spectra", c->nspectrum);
    for (size_t i = 0; i < c->nspectrum; i++) {
        vl_xic_row *const row = &x->row[x->nrow];
        *row = (vl_xic_row){ .row = i, .time = vl_value_at(&c->time, i), .level = c->level.data[i] };
        while (precursor < c->nprecursor && vl_le64(c->of.data + 8 * precursor) < i) precursor++;
        row->precursor = precursor;
        while (precursor < c->nprecursor && vl_le64(c->of.data + 8 * precursor) == i) precursor++;
        row->precursor_end = precursor;
        if (!any_looks(x, row)) continue;
        if (find_arrays(x, c, row, err)) return err->code;
        if (is_within(x, c, row)) x->nrow++;
    }
    return VL_OK;
}

/* Times as they are printed, for every target the same. */
static vl_code print_times(vl_xic *x, vl_err *err)
{
    uint8_t end[8] = { 0 };
    vl_buf_append(&x->time_end, end, sizeof end, err);
    for (size_t i = 0; i < x->nrow && !err->code; i++) {
        if (vl_text_number(&x->time_text, x->row[i].time, false, err)) break;
        vl_put_le64(end, x->time_text.len);
        vl_buf_append(&x->time_end, end, sizeof end, err);
    }
    return err->code;
}

vl_code vl_xic_choose(vl_xic *x, vl_err *err)
{
    columns c = { 0 };
    if (!load_columns(x, &c, err) && !choose(x, &c, err)) print_times(x, err);
    free_columns(&c);
    return err->code;
}
