/*
 * Floats that lie on a grid: m/z of a time of flight or of a frequency, mobilities. On a scale on which their
 * steps are equal, or nearly (x, its root, 1 / root or 1 / x), a value is the one before and so many steps;
 * what the bits of that differ in from its own is the residual, a whole number. Any bits come back.
 *
 * The step follows the values. All is + - * / and roots of IEEE doubles, none of them fused: every machine
 * computes the same.
 */
#ifndef VL_GRID_H
#define VL_GRID_H

#include "pipeline/codec/residuals.h"

typedef enum vl_scale {
    VL_SCALE_NONE, /* no grid: the bits less those before */
    VL_SCALE_X,
    VL_SCALE_ROOT,
    VL_SCALE_ONE_BY_ROOT,
    VL_SCALE_ONE_BY_X,
    VL_NSCALE
} vl_scale;

enum { VL_PACE_STRAIGHT = 8, VL_PACES = 16 };

typedef struct vl_grid {
    uint8_t scale;
    uint8_t pace; /* how the step follows: by 1 / 2^pace of what it errs, and its drift by 1 / 2^(2 pace + 3)
                   * of that; + 8: there is none; 0: it stays */
    double step;  /* at first */
} vl_grid;

/* Where a walk along a grid stands. */
typedef struct vl_grid_place {
    uint64_t bits;      /* of the value before */
    double at;          /* on the scale */
    double step, drift; /* what it is there; what it grows by with each step */
    double follow, lean;
} vl_grid_place;
vl_grid_place vl_grid_begin(const vl_grid *grid);

/* Floats of `width` bytes, as bits: v [n] to steps [n] and residuals [n], from a place on. Steps are below
 * 2^31 in size; as u64, modulo 2^32. Residuals are in zigzag, of that width. Of VL_SCALE_NONE there are no
 * steps, and residuals are modulo 2^(8 * width). */
void vl_grid_split(vl_scale scale, vl_grid_place *place, const uint64_t *v, size_t n, size_t width,
                   uint64_t *step, uint64_t *residual);
/* And back: of VL_SCALE_NONE; v may be where residuals are. */
void vl_grid_add_up(vl_grid_place *place, const uint64_t *residual, size_t n, size_t width, uint64_t *v);

/* Rows on one grid are walked by turns from so many places: a row goes on where the one ended that is so many
 * before it, so that no value waits for the one of another row. */
enum { VL_GRID_TURNS = 4 };

/* A row of n values, and the next that goes on where it ends. */
typedef struct vl_grid_row {
    const uint64_t *step, *residual;
    uint64_t *v;
    size_t n;
    const struct vl_grid_row *next; /* NULL: there is none */
} vl_grid_row;

typedef struct vl_grid_chain {
    vl_grid_place place;
    vl_grid_row row; /* the first */
} vl_grid_chain;
/* Values of chains [n] on one scale, from their steps and residuals; places and rows are changed. */
void vl_grid_join(vl_scale scale, vl_grid_chain *chain, size_t n, size_t width);

/* Room for fitting. */
typedef struct vl_grid_room {
    vl_buf gap, step, residual;
} vl_grid_room;
void vl_grid_room_free(vl_grid_room *room);

/* The grid on which v [n] take the fewest bits, as some of them tell. *bits: of 1024 values, about. */
vl_code vl_grid_fit(vl_grid_room *room, const vl_residuals *r, const uint64_t *v, size_t n, size_t width,
                    vl_grid *grid, uint64_t *bits, vl_err *err);
/* What 1024 of v [n] take on a grid, about. */
vl_code vl_grid_measure(vl_grid_room *room, const vl_residuals *r, const uint64_t *v, size_t n, size_t width,
                        const vl_grid *grid, uint64_t *bits, vl_err *err);

/* The value of bits. */
static inline double vl_grid_value(uint64_t bits, size_t width)
{
    const uint32_t low = (uint32_t)bits;
    double x;
    float single;
    if (width == 8) {
        memcpy(&x, &bits, 8);
        return x;
    }
    memcpy(&single, &low, 4);
    return (double)single;
}

static inline double vl_to_scale(vl_scale scale, double x)
{
    switch (scale) {
    case VL_SCALE_ROOT: return __builtin_sqrt(x);
    case VL_SCALE_ONE_BY_ROOT: return 1 / __builtin_sqrt(x);
    case VL_SCALE_ONE_BY_X: return 1 / x;
    default: return x;
    }
}

/* Numbers modulo 2^bits to ones whose stream is small, and back: in zigzag where many are negative. */
bool vl_fold_signs(uint64_t *v, size_t n, unsigned bits);
void vl_unfold_signs(uint64_t *v, size_t n, unsigned bits);

#endif
