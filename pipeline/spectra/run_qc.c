/* Numbers of a run (run_qc.h): by level, over time, of precursors. */
#include "pipeline/spectra/run_qc.h"

#include <math.h>
#include <stdlib.h>

enum { LEVELS = 256, LONG = 1000000000 /* s, and m/z: none is so large */ };

static double time_of(const vl_run_columns *c, size_t i)
{
    const double t = vl_run_number(&c->time, i);
    return fabs(t) < LONG ? t : (double)NAN;
}

/* ---- one level ---- */

/* What of a column the spectra of a level say. room: [nspectrum] */
static vl_spread spread_of(const vl_run_columns *c, int level, const vl_buf *of, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double v = vl_run_number(of, i);
        if (vl_run_level(c, i) == level && isfinite(v)) room[n++] = v;
    }
    return vl_spread_of(room, n);
}

/* Under the lines from one spectrum to the next, where time goes on. */
static double area_of(const vl_run_columns *c, int level, const vl_buf *current)
{
    double area = 0, t = (double)NAN, y = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double at = time_of(c, i), height = vl_run_number(current, i);
        if (vl_run_level(c, i) != level || !isfinite(at) || !isfinite(height)) continue;
        if (at > t) area += (at - t) * (y + height) / 2;
        t = at;
        y = height;
        n++;
    }
    return n > 1 ? area : (double)NAN;
}

/* all: what of the column the spectra of the level say. */
static void find_gained(double gained[3], const vl_run_columns *c, int level, const vl_buf *current,
                        const vl_spread *all, double from)
{
    const double total = all->mean * (double)all->n;
    double sum = 0;
    int q = 0;
    for (int k = 0; k < 3; k++) gained[k] = (double)NAN;
    if (!(total > 0)) return;
    for (size_t i = 0; i < c->nspectrum && q < 3; i++) {
        const double y = vl_run_number(current, i), t = time_of(c, i);
        if (vl_run_level(c, i) != level || !isfinite(y)) continue;
        for (sum += y; q < 3 && sum >= total * (q + 1) / 4; q++) gained[q] = t - from;
    }
}

static void count_parts(vl_level_qc *l, const vl_run_columns *c, double from, double to)
{
    const double width = (to - from) / VL_RUN_PARTS;
    for (int k = 0; k < VL_RUN_PARTS; k++) l->part[k] = width > 0 ? 0 : (double)NAN;
    l->rate = width > 0 ? (double)l->spectra / (to - from) : (double)NAN;
    for (size_t i = 0; width > 0 && i < c->nspectrum; i++) {
        const double t = time_of(c, i);
        if (vl_run_level(c, i) != l->level || !isfinite(t)) continue;
        const int k = (int)((t - from) / (to - from) * VL_RUN_PARTS);
        l->part[k < VL_RUN_PARTS ? k : VL_RUN_PARTS - 1] += 1 / width;
    }
}

static void count_level(vl_level_qc *l, const vl_run_qc *q, const vl_run_columns *c, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        if (vl_run_level(c, i) != l->level) continue;
        const int8_t sign = i < c->polarity.len ? (int8_t)c->polarity.data[i] : 0;
        l->spectra++;
        l->positive += sign > 0;
        l->negative += sign < 0;
        l->centroid += i < c->centroid.len && c->centroid.data[i] == 1;
        l->empty += vl_run_is_empty(c, i);
        room[n++] = (double)vl_run_whole(&c->length, i);
        l->points += room[n - 1];
    }
    l->peaks = vl_spread_of(room, n);
    l->injection = spread_of(c, l->level, &c->injection, room);
    l->tic = spread_of(c, l->level, &c->tic, room);
    l->base = spread_of(c, l->level, &c->peak, room);
    l->tic_area = area_of(c, l->level, &c->tic);
    l->base_area = area_of(c, l->level, &c->peak);
    find_gained(l->gained, c, l->level, &c->tic, &l->tic, q->from);
    find_gained(l->base_gained, c, l->level, &c->peak, &l->base, q->from);
    count_parts(l, c, q->from, q->to);
}

static vl_code count_levels(vl_run_qc *q, const vl_run_columns *c, double *room, vl_err *err)
{
    bool there[LEVELS] = { false };
    int n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) there[vl_run_level(c, i)] = true;
    for (int k = 0; k < LEVELS; k++) n += there[k];
    if (!(q->level = calloc((size_t)n + 1, sizeof *q->level)))
        return vl_fail(err, VL_ENOMEM, "no memory for %d MS levels", n);
    for (int k = 0; k < LEVELS; k++)
        if (there[k]) q->level[q->nlevel++].level = k;
    for (int k = 0; k < n; k++) count_level(&q->level[k], q, c, room);
    return VL_OK;
}

const vl_level_qc *vl_run_qc_level(const vl_run_qc *q, int level)
{
    for (int k = 0; k < q->nlevel; k++)
        if (q->level[k].level == level) return &q->level[k];
    return NULL;
}

/* ---- the whole run ---- */

static void find_spans(vl_run_qc *q, const vl_run_columns *c)
{
    q->from = q->low = INFINITY;
    q->to = q->high = -INFINITY;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double t = time_of(c, i), low = vl_run_number(&c->low, i), high = vl_run_number(&c->high, i);
        if (isfinite(t)) q->from = fmin(q->from, t), q->to = fmax(q->to, t);
        if (low >= 0 && low < LONG) q->low = fmin(q->low, low);
        if (high >= 0 && high < LONG) q->high = fmax(q->high, high);
    }
    if (!(q->from <= q->to)) q->from = q->to = (double)NAN;
    if (!(q->low <= q->high)) q->low = q->high = (double)NAN;
}

/* Spectra above MS1 between an MS1 and the next, where there are any: some runs have two MS1 a cycle. */
static void count_top(vl_run_qc *q, const vl_run_columns *c, double *room)
{
    size_t n = 0;
    bool open = false;
    double between = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const int level = vl_run_level(c, i);
        between += level > 1;
        if (level != 1) continue;
        if (open && between > 0) room[n++] = between;
        open = true;
        between = 0;
    }
    q->top = vl_spread_of(room, n);
}

static void count_jumps(vl_run_qc *q, const vl_run_columns *c)
{
    enum { FOLD = 10 };
    double before = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double tic = vl_run_number(&c->tic, i);
        if (vl_run_level(c, i) != 1 || !isfinite(tic)) continue;
        q->jumps += before > 0 && tic > FOLD * before;
        q->falls += tic > 0 && before > FOLD * tic;
        before = tic;
    }
}

static void find_dead(vl_run_qc *q, const vl_run_columns *c)
{
    const vl_level_qc *l = NULL;
    double first = (double)NAN, last = (double)NAN;
    for (int k = 0; k < q->nlevel && !l; k++)
        if (q->level[k].level && q->level[k].tic.n) l = &q->level[k];
    q->dead = (vl_dead_qc){ (double)NAN, (double)NAN, (double)NAN, (double)NAN };
    if (!l || !(l->tic.most > 0)) return;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double t = time_of(c, i);
        if (vl_run_level(c, i) != l->level || !isfinite(t)) continue;
        if (!(vl_run_number(&c->tic, i) >= VL_RUN_DEAD * l->tic.most)) continue;
        if (isnan(first)) first = t;
        if (isfinite(last) && !(t - last <= q->dead.gap)) q->dead.gap = t - last, q->dead.gap_from = last;
        last = t;
    }
    q->dead.before = first - q->from;
    q->dead.after = q->to - last;
}

/* ---- precursors of MS2 ---- */

static bool is_ms2(const vl_run_columns *c, uint64_t spectrum)
{
    return spectrum < c->nspectrum && vl_run_level(c, (size_t)spectrum) == 2;
}

static void count_charges(vl_run_qc *q, const vl_run_columns *c, double *room)
{
    size_t n = 0;
    uint64_t before = UINT64_MAX;
    for (size_t i = 0; i < c->nion; i++) {
        const uint64_t of = vl_run_whole(&c->ion_of, i);
        const int charge = vl_run_charge(c, i);
        if (!is_ms2(c, of) || of == before) continue;
        before = of;
        q->charge[charge + 128]++;
        if (charge) room[n++] = charge;
    }
    q->charges = vl_spread_of(room, n);
    n = 0;
    for (size_t i = 0; i < c->nion; i++) {
        const double v = vl_run_number(&c->ion_intensity, i);
        if (is_ms2(c, vl_run_whole(&c->ion_of, i)) && v > 0 && isfinite(v)) room[n++] = v;
    }
    q->chosen = vl_spread_of(room, n);
}

/* m/z of ions, or the target where a spectrum names none. */
static void spread_precursors(vl_run_qc *q, const vl_run_columns *c, double *room)
{
    size_t n = 0, ion = 0;
    for (size_t i = 0; i < c->nion; i++) {
        const double mz = vl_run_number(&c->ion_mz, i);
        if (is_ms2(c, vl_run_whole(&c->ion_of, i)) && mz > 0 && mz < LONG) room[n++] = mz;
    }
    for (size_t i = 0; i < c->nprecursor; i++) { /* both are in the order of their spectra */
        const uint64_t of = vl_run_whole(&c->target_of, i);
        const double mz = vl_run_number(&c->target, i);
        while (ion < c->nion && vl_run_whole(&c->ion_of, ion) < of) ion++;
        const bool named = ion < c->nion && vl_run_whole(&c->ion_of, ion) == of;
        if (!named && is_ms2(c, of) && mz > 0 && mz < LONG) room[n++] = mz;
    }
    q->chosen_mz = vl_spread_of(room, n);
}

/* ---- chromatograms ---- */

static void count_traces(vl_run_qc *q, const vl_run_columns *c, double *room)
{
    for (size_t i = 0; i < c->nchromatogram; i++) {
        const double from = vl_run_number(&c->trace_precursor, i), to = vl_run_number(&c->trace_product, i);
        q->transitions += from > 0 && to > 0;
        room[i] = (double)vl_run_whole(&c->trace_length, i);
    }
    q->trace = vl_spread_of(room, c->nchromatogram);
}

vl_code vl_run_qc_count(vl_run_qc *q, const vl_run_columns *c, vl_err *err)
{
    double *const room =
        malloc((c->nspectrum + c->nion + c->nprecursor + c->nchromatogram + 1) * sizeof *room);
    if (!room) return vl_fail(err, VL_ENOMEM, "no memory for numbers of %zu spectra", c->nspectrum);
    *q = (vl_run_qc){ .spectra = c->nspectrum,
                      .precursors = c->nprecursor,
                      .ions = c->nion,
                      .chromatograms = c->nchromatogram };
    find_spans(q, c);
    if (!count_levels(q, c, room, err)) {
        q->cycle = vl_run_cycle(c, room);
        count_top(q, c, room);
        count_jumps(q, c);
        find_dead(q, c);
        count_charges(q, c, room);
        spread_precursors(q, c, room);
        count_traces(q, c, room);
        vl_run_windows(q, c, room, err);
    }
    free(room);
    return err->code;
}

void vl_run_qc_free(vl_run_qc *q)
{
    free(q->level);
    free(q->window);
    *q = (vl_run_qc){ 0 };
}
