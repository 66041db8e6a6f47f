/*
 * Currents of spectra that do not say theirs (run_columns.h), from their peaks: the sum in their order, and
 * the highest.
 */
#include "pipeline/spectra/peak_walk.h"
#include "pipeline/spectra/run_columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct counting {
    vl_run_columns *c;
    uint64_t *row; /* owned; [nrow] */
    size_t nrow;
} counting;

static void set(vl_buf *column, uint64_t row, double value)
{
    memcpy(column->data + 8 * row, &value, sizeof value);
}

static vl_code take(void *self, void *state, size_t number, const vl_peaks *peaks, vl_err *err)
{
    (void)state;
    const counting *const k = self;
    const uint64_t row = k->row[number];
    double sum = 0, highest = -INFINITY;
    for (size_t i = 0; i < peaks->n; i++) {
        const double y = vl_peak_at(&peaks->intensity, i);
        sum += y;
        highest = fmax(highest, y);
    }
    if (!peaks->n) return err->code; /* or nobody can read them */
    if (isnan(vl_run_number(&k->c->tic, (size_t)row))) set(&k->c->tic, row, sum);
    if (isnan(vl_run_number(&k->c->peak, (size_t)row))) set(&k->c->peak, row, highest);
    return err->code;
}

/* An element for each spectrum. */
static vl_code make_full(vl_buf *column, size_t n, vl_err *err)
{
    if (vl_buf_reserve(column, 8 * n + 8, err)) return err->code;
    for (size_t i = column->len / 8; i < n; i++) set(column, i, (double)NAN);
    column->len = 8 * n;
    return VL_OK;
}

vl_code vl_run_currents_count(vl_run_columns *c, vl_reader *r, int threads, vl_err *err)
{
    counting k = { .c = c };
    vl_peak_walk walk = { .r = r, .threads = threads, .take = take, .self = &k };
    if (make_full(&c->tic, c->nspectrum, err) || make_full(&c->peak, c->nspectrum, err)) return err->code;
    if (!(k.row = malloc((c->nspectrum + 1) * sizeof *k.row)))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu spectra", c->nspectrum);
    size_t nsilent = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const bool silent = isnan(vl_run_number(&c->tic, i));
        if (!vl_run_whole(&c->length, i) || !(silent || isnan(vl_run_number(&c->peak, i)))) continue;
        k.row[k.nrow++] = i;
        nsilent += silent;
    }
    walk.row = k.row;
    walk.nrow = k.nrow;
    if (k.nrow && !vl_peak_walk_run(&walk, err)) c->ncounted = nsilent;
    free(k.row);
    return err->code;
}
