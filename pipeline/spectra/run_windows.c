/*
 * Isolation windows of MS2 (run_qc.h): those of the same target, edges and collision energy are one. Where
 * each comes VL_RUN_AGAIN times or more, in the mean, they are a scheme of the method: DIA where they are
 * wide, else targets; other runs choose precursors by what comes (DDA). A run may name more than one window a
 * spectrum, each is counted.
 */
#include "pipeline/spectra/run_qc.h"

#include <math.h>
#include <stdlib.h>

/* A row of the table of precursors. */
typedef struct part {
    double target, low, high, energy;
    uint64_t of; /* spectrum */
} part;

const char *vl_scheme_name(vl_scheme scheme)
{
    static const char *const name[] = { "", "dda", "targeted", "dia" };
    return name[scheme];
}

/* What is not known comes first. */
static int compare(double x, double y)
{
    if (isnan(x) || isnan(y)) return !isnan(x) - !isnan(y);
    return (x > y) - (x < y);
}

static int compare_windows(const part *a, const part *b)
{
    int c = compare(a->target, b->target);
    if (!c) c = compare(a->low, b->low);
    if (!c) c = compare(a->high, b->high);
    return c ? c : compare(a->energy, b->energy);
}

static int by_window(const void *a, const void *b)
{
    const part *const x = a, *const y = b;
    const int c = compare_windows(x, y);
    return c ? c : (x->of > y->of) - (x->of < y->of);
}

/* Of MS2, sorted by window and spectrum. */
static size_t take_parts(const vl_run_columns *c, part *list)
{
    size_t n = 0;
    for (size_t i = 0; i < c->nprecursor; i++) {
        const uint64_t of = vl_run_whole(&c->target_of, i);
        const double target = vl_run_number(&c->target, i), lower = vl_run_number(&c->lower, i),
                     upper = vl_run_number(&c->upper, i);
        if (of >= c->nspectrum || vl_run_level(c, (size_t)of) != 2 || !isfinite(target)) continue;
        list[n++] = (part){ target, target - lower, target + upper, vl_run_number(&c->energy, i), of };
    }
    qsort(list, n, sizeof *list, by_window);
    return n;
}

static size_t end_of(const part *list, size_t from, size_t n)
{
    size_t to = from + 1;
    while (to < n && !compare_windows(&list[from], &list[to])) to++;
    return to;
}

/* Times from each spectrum of a window to its next, behind those that are in room. */
static size_t add_steps(const vl_run_columns *c, const part *list, size_t n, double *room)
{
    size_t nstep = 0;
    double before = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        const double t = vl_run_number(&c->time, (size_t)list[i].of);
        if (t > before) room[nstep++] = t - before;
        if (isfinite(t)) before = t;
    }
    return nstep;
}

static vl_window_qc window_of(const vl_run_columns *c, const part *list, size_t n, double *room)
{
    vl_window_qc w = { list->target, list->low, list->high, list->energy, n, (double)NAN, (double)NAN, 0 };
    w.cycle = vl_median(room, add_steps(c, list, n, room));
    for (size_t i = 0; i < n; i++) {
        const double tic = vl_run_number(&c->tic, (size_t)list[i].of);
        room[i] = (double)vl_run_whole(&c->length, (size_t)list[i].of);
        w.tic += tic; /* NaN stays */
    }
    w.peaks = vl_median(room, n);
    return w;
}

static vl_code list_windows(vl_run_qc *q, const vl_run_columns *c, const part *list, size_t n, double *room,
                            vl_err *err)
{
    size_t nstep = 0;
    if (!(q->window = malloc((q->nwindow + 1) * sizeof *q->window)))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu isolation windows", q->nwindow);
    q->nwindow = 0;
    for (size_t i = 0, to; i < n; i = to) {
        to = end_of(list, i, n);
        q->window[q->nwindow++] = window_of(c, list + i, to - i, room);
    }
    for (size_t i = 0, to; i < n; i = to) {
        to = end_of(list, i, n);
        nstep += add_steps(c, list + i, to - i, room + nstep);
    }
    q->again = vl_spread_of(room, nstep);
    return VL_OK;
}

vl_code vl_run_windows(vl_run_qc *q, const vl_run_columns *c, double *room, vl_err *err)
{
    part *const list = malloc((c->nprecursor + 1) * sizeof *list);
    if (!list) return vl_fail(err, VL_ENOMEM, "no memory for %zu precursors", c->nprecursor);
    const size_t n = take_parts(c, list);
    size_t nwidth = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(list[i].high - list[i].low)) room[nwidth++] = list[i].high - list[i].low;
    q->width = vl_spread_of(room, nwidth);
    q->again = vl_spread_of(room, 0);
    for (size_t i = 0; i < n; i = end_of(list, i, n)) q->nwindow++;
    q->scheme = !n                                           ? VL_SCHEME_NONE
                : n < VL_RUN_AGAIN * q->nwindow              ? VL_SCHEME_DDA
                : q->width.quartile[1] > (double)VL_RUN_WIDE ? VL_SCHEME_DIA
                                                             : VL_SCHEME_TARGETED;
    if (q->scheme > VL_SCHEME_DDA) list_windows(q, c, list, n, room, err);
    else q->nwindow = 0;
    free(list);
    return err->code;
}
