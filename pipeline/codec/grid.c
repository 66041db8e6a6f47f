/* Steps and residuals of values on a grid, and back (grid.h). */
#include "pipeline/codec/grid.h"

enum { MOST_STEPS = INT32_MAX, FOLLOWED = 64, TRUSTED = 256 };

static inline double from_scale(vl_scale scale, double t)
{
    switch (scale) {
    case VL_SCALE_ROOT: return t * t;
    case VL_SCALE_ONE_BY_ROOT: return 1 / (t * t);
    case VL_SCALE_ONE_BY_X: return 1 / t;
    default: return t;
    }
}

static inline uint64_t bits_of(double x, size_t width)
{
    const float single = (float)x;
    uint64_t bits = 0;
    memcpy(&bits, width == 8 ? (const void *)&x : &single, width);
    return bits;
}

/* 1 / i */
static const double part[FOLLOWED + 1] = {
#define FOUR(i)    1.0 / (i), 1.0 / ((i) + 1), 1.0 / ((i) + 2), 1.0 / ((i) + 3)
#define SIXTEEN(i) FOUR(i), FOUR((i) + 4), FOUR((i) + 8), FOUR((i) + 12)
    0, SIXTEEN(1.0), SIXTEEN(17.0), SIXTEEN(33.0), SIXTEEN(49.0),
#undef FOUR
#undef SIXTEEN
};

vl_grid_place vl_grid_begin(const vl_grid *grid)
{
    vl_grid_place p = { .step = grid->step };
    if (!grid->pace) return p;
    p.follow = 1.0 / (double)(1 << grid->pace % VL_PACE_STRAIGHT);
    p.lean = grid->pace < VL_PACE_STRAIGHT ? p.follow * p.follow / 8 : 0;
    return p;
}

/* Where so many steps lead to, on the scale. */
static inline double lead(const vl_grid_place *p, int32_t step)
{
    return p->at + step * (p->step + p->drift * (0.5 * step));
}

/* The bits that so many steps lead to; none: those before. */
static inline uint64_t guess(vl_scale scale, const vl_grid_place *p, int32_t step, size_t width)
{
    return step ? bits_of(from_scale(scale, lead(p, step)), width) : p->bits;
}

static inline void walk_on(vl_scale scale, vl_grid_place *p, int32_t step, uint64_t bits, size_t width)
{
    const double at = vl_to_scale(scale, vl_grid_value(bits, width));
    if (step > FOLLOWED && step <= TRUSTED) p->step += p->drift * step;
    if (step > 0 && step <= FOLLOWED) {
        const double off = (at - p->at) * part[step] - (p->step + p->drift * (0.5 * step));
        const double much = p->step * (1.0 / 256), size = off < 0 ? -off : off;
        p->step += p->drift * step;
        if (size < (much < 0 ? -much : much)) { /* others are off the grid */
            p->step += off * p->follow;
            p->drift += off * part[step] * p->lean;
        }
    }
    p->at = at;
    p->bits = bits;
}

/* Steps to a value, the nearest whole number; 0 where they lead to no number. */
static inline int32_t steps_to(vl_scale scale, const vl_grid_place *p, double at)
{
    const double far = at - p->at, q = far / p->step, k = far / (p->step + p->drift * (0.5 * q));
    if (!(k > -MOST_STEPS && k < MOST_STEPS)) return 0;
    const int32_t step = (int32_t)(k < 0 ? k - 0.5 : k + 0.5);
    const double there = from_scale(scale, lead(p, step));
    return there - there == 0 ? step : 0; /* the bits of a NaN are the machine's own */
}

static inline __attribute__((always_inline)) void split(vl_scale scale, vl_grid_place *place,
                                                        const uint64_t *v, size_t n, size_t width,
                                                        uint64_t *step, uint64_t *residual)
{
    const unsigned spare = 64 - 8 * (unsigned)width;
    vl_grid_place p = *place;
    for (size_t i = 0; i < n; i++) {
        const int32_t k = steps_to(scale, &p, vl_to_scale(scale, vl_grid_value(v[i], width)));
        const uint64_t d = (v[i] - guess(scale, &p, k, width)) << spare;
        step[i] = (uint32_t)k;
        residual[i] = vl_zigzag((uint64_t)((int64_t)d >> spare));
        walk_on(scale, &p, k, v[i], width);
    }
    *place = p;
}

enum { LANES = 4 };

/* The next m values of chains, `lanes` of them, one of each by turns. */
static inline __attribute__((always_inline)) void join(vl_scale scale, vl_grid_chain *const *chain,
                                                       size_t lanes, size_t m, size_t width)
{
    const uint64_t all = UINT64_MAX >> (64 - 8 * width);
    vl_grid_place p[LANES];
    vl_grid_row r[LANES];
    for (size_t l = 0; l < lanes; l++) {
        p[l] = chain[l]->place;
        r[l] = chain[l]->row;
    }
    for (size_t i = 0; i < m; i++)
        for (size_t l = 0; l < lanes; l++) {
            const int32_t k = (int32_t)(uint32_t)r[l].step[i];
            const uint64_t bits = (guess(scale, &p[l], k, width) + vl_unzigzag(r[l].residual[i])) & all;
            r[l].v[i] = bits;
            walk_on(scale, &p[l], k, bits, width);
        }
    for (size_t l = 0; l < lanes; l++) {
        chain[l]->place = p[l];
        chain[l]->row = (vl_grid_row){ r[l].step + m, r[l].residual + m, r[l].v + m, r[l].n - m, r[l].next };
    }
}

/* As many values as the rows at hand all have; of three chains, of two. */
static inline __attribute__((always_inline)) void join_some(vl_scale scale, vl_grid_chain *const *chain,
                                                            size_t lanes, size_t width)
{
    size_t m = SIZE_MAX;
    if (lanes == 3) lanes = 2;
    for (size_t l = 0; l < lanes; l++)
        if (chain[l]->row.n < m) m = chain[l]->row.n;
    if (lanes == LANES) join(scale, chain, LANES, m, width);
    else if (lanes == 2) join(scale, chain, 2, m, width);
    else join(scale, chain, 1, m, width);
}

static inline __attribute__((always_inline)) void join_all(vl_scale scale, vl_grid_chain *chain, size_t n,
                                                           size_t width)
{
    for (;;) {
        vl_grid_chain *at[LANES];
        size_t lanes = 0;
        for (size_t i = 0; i < n && lanes < LANES; i++) {
            vl_grid_row *const row = &chain[i].row;
            while (!row->n && row->next) *row = *row->next;
            if (row->n) at[lanes++] = &chain[i];
        }
        if (!lanes) return;
        join_some(scale, at, lanes, width);
    }
}

void vl_grid_split(vl_scale scale, vl_grid_place *place, const uint64_t *v, size_t n, size_t width,
                   uint64_t *step, uint64_t *residual)
{
    const uint64_t all = UINT64_MAX >> (64 - 8 * width);
    switch (scale) {
    case VL_SCALE_X: split(VL_SCALE_X, place, v, n, width, step, residual); break;
    case VL_SCALE_ROOT: split(VL_SCALE_ROOT, place, v, n, width, step, residual); break;
    case VL_SCALE_ONE_BY_ROOT: split(VL_SCALE_ONE_BY_ROOT, place, v, n, width, step, residual); break;
    case VL_SCALE_ONE_BY_X: split(VL_SCALE_ONE_BY_X, place, v, n, width, step, residual); break;
    default:
        for (size_t i = 0; i < n; i++) {
            residual[i] = (v[i] - place->bits) & all;
            place->bits = v[i];
        }
    }
}

/* One addition from value to value. */
void vl_grid_add_up(vl_grid_place *place, const uint64_t *residual, size_t n, size_t width, uint64_t *v)
{
    uint64_t wide = place->bits;
    uint32_t narrow = (uint32_t)wide;
    for (size_t i = 0; i < n && width == 8; i++) v[i] = wide += residual[i];
    for (size_t i = 0; i < n && width == 4; i++) v[i] = narrow += (uint32_t)residual[i];
    place->bits = width == 8 ? wide : narrow;
}

void vl_grid_join(vl_scale scale, vl_grid_chain *chain, size_t n, size_t width)
{
    switch (scale) {
    case VL_SCALE_ROOT: join_all(VL_SCALE_ROOT, chain, n, width); break;
    case VL_SCALE_ONE_BY_ROOT: join_all(VL_SCALE_ONE_BY_ROOT, chain, n, width); break;
    case VL_SCALE_ONE_BY_X: join_all(VL_SCALE_ONE_BY_X, chain, n, width); break;
    default: join_all(VL_SCALE_X, chain, n, width);
    }
}

/* A negative number that is left modulo a power of two takes about all its bits. */
bool vl_fold_signs(uint64_t *v, size_t n, unsigned bits)
{
    size_t negative = 0;
    for (size_t i = 0; i < n; i++) negative += v[i] >> (bits - 1) & 1;
    if (negative * (bits - 8) < n) return false;
    for (size_t i = 0; i < n; i++)
        v[i] = vl_zigzag((uint64_t)((int64_t)(v[i] << (64 - bits)) >> (64 - bits)));
    return true;
}

void vl_unfold_signs(uint64_t *v, size_t n, unsigned bits)
{
    const uint64_t all = UINT64_MAX >> (64 - bits);
    for (size_t i = 0; i < n; i++) v[i] = vl_unzigzag(v[i]) & all;
}
