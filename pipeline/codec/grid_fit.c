/*
 * The grid that values lie on (grid.h), as some of them tell. On each scale: gaps between neighbours that
 * rise, ascending; as the step is tried one of the smaller ones, made finer by all that are few of it. A step
 * of which gaps are no whole numbers is none. Those that are tried are measured by what they make of some
 * values.
 */
#include "pipeline/codec/grid.h"

#include <stdlib.h>

enum { SOME = 2048, GAPS = 512, LEAST_GAPS = 16, FEW = 8, ROUNDS = 4 };

void vl_grid_room_free(vl_grid_room *room)
{
    vl_buf_free(&room->gap);
    vl_buf_free(&room->step);
    vl_buf_free(&room->residual);
}

/* Values that tell of all, in one piece. */
typedef struct sample {
    const uint64_t *v;
    size_t n, width;
} sample;

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sizes of gaps between values that rise, ascending. */
static size_t find_gaps(const sample *s, vl_scale scale, double *gap)
{
    size_t n = 0;
    double t = vl_to_scale(scale, vl_grid_value(s->v[0], s->width));
    for (size_t i = 1; i < s->n && n < GAPS; i++) {
        const double next = vl_to_scale(scale, vl_grid_value(s->v[i], s->width));
        const double d = scale < VL_SCALE_ONE_BY_ROOT ? next - t : t - next;
        t = next;
        if (d > 0 && d - d == 0) gap[n++] = d;
    }
    qsort(gap, n, sizeof *gap, by_size);
    return n;
}

/* The step that gaps of a few are whole numbers of, from a first one on. False: they are none. */
static bool refine(const double *gap, size_t n, double *step)
{
    double off = 0;
    size_t few = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0, steps = 0;
        off = 0;
        few = 0;
        for (size_t i = 0; i < n && gap[i] < *step * (FEW + 0.5); i++) {
            const double q = gap[i] / *step, k = (double)(int)(q + 0.5);
            if (k < 1) continue;
            sum += gap[i];
            steps += k;
            off += q < k ? k - q : q - k;
            few++;
        }
        if (few < LEAST_GAPS) return false;
        *step = sum / steps;
    }
    return off < (double)few / 16 && *step > 0;
}

/* Bytes of the sample on a grid, from its first value on. */
static size_t measure(vl_grid_room *room, const vl_residuals *r, const sample *s, const vl_grid *grid)
{
    uint64_t *const step = (uint64_t *)(void *)room->step.data, *const residual =
                                                                    (uint64_t *)(void *)room->residual.data;
    const size_t n = s->n - 1;
    vl_grid_place p = vl_grid_begin(grid);
    vl_grid_split(grid->scale, &p, s->v, s->n, s->width, step, residual);
    if (grid->scale == VL_SCALE_NONE) {
        vl_fold_signs(residual + 1, n, 8 * (unsigned)s->width);
        return vl_residuals_size(r, residual + 1, n);
    }
    vl_fold_signs(step + 1, n, 32);
    return vl_residuals_size(r, step + 1, n) + vl_residuals_size(r, residual + 1, n);
}

/* Tries a step on a scale, at several paces. */
static void try_step(vl_grid_room *room, const vl_residuals *r, const sample *s, vl_scale scale, double step,
                     vl_grid *best, size_t *least)
{
    static const uint8_t paces[] = { 0, 3, 5, VL_PACE_STRAIGHT + 5 };
    for (size_t i = 0; i < sizeof paces; i++) {
        const vl_grid grid = { (uint8_t)scale, paces[i], scale < VL_SCALE_ONE_BY_ROOT ? step : -step };
        const size_t size = measure(room, r, s, &grid);
        if (!paces[i] && size > 2 * *least) return; /* it will not be saved by how it follows */
        if (size >= *least) continue;
        *least = size;
        *best = grid;
    }
}

static void try_scale(vl_grid_room *room, const vl_residuals *r, const sample *s, vl_scale scale,
                      vl_grid *best, size_t *least)
{
    static const int part[] = { 0, 50, 10, 4 }; /* the gap so far from the smallest one; 0: that one */
    double *const gap = (double *)(void *)room->gap.data;
    const size_t n = find_gaps(s, scale, gap);
    double last = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part && n >= LEAST_GAPS; i++) {
        double step = gap[part[i] ? n / (size_t)part[i] : 0];
        if (!refine(gap, n, &step) || (step < last * 1.01 && step > last * 0.99)) continue;
        last = step;
        try_step(room, r, s, scale, step, best, least);
    }
}

static vl_code take_sample(vl_grid_room *room, const uint64_t *v, size_t n, size_t width, sample *s,
                           vl_err *err)
{
    *s = (sample){ n <= SOME ? v : v + (n - SOME) / 2, n < SOME ? n : SOME, width };
    if (vl_buf_reserve(&room->gap, GAPS * sizeof(double), err) ||
        vl_buf_reserve(&room->step, s->n * sizeof(uint64_t), err) ||
        vl_buf_reserve(&room->residual, s->n * sizeof(uint64_t), err))
        return err->code;
    return VL_OK;
}

static uint64_t per_1024(size_t bytes, const sample *s) { return 8 * 1024 * (uint64_t)bytes / s->n; }

vl_code vl_grid_measure(vl_grid_room *room, const vl_residuals *r, const uint64_t *v, size_t n, size_t width,
                        const vl_grid *grid, uint64_t *bits, vl_err *err)
{
    sample s;
    if (take_sample(room, v, n, width, &s, err)) return err->code;
    *bits = per_1024(measure(room, r, &s, grid), &s);
    return VL_OK;
}

vl_code vl_grid_fit(vl_grid_room *room, const vl_residuals *r, const uint64_t *v, size_t n, size_t width,
                    vl_grid *grid, uint64_t *bits, vl_err *err)
{
    sample s;
    *grid = (vl_grid){ VL_SCALE_NONE, 0, 0 };
    if (take_sample(room, v, n, width, &s, err)) return err->code;
    size_t least = measure(room, r, &s, grid);
    for (vl_scale scale = VL_SCALE_X; scale < VL_NSCALE; scale++) try_scale(room, r, &s, scale, grid, &least);
    *bits = per_1024(least, &s);
    return VL_OK;
}
