/* Counts of letters and qualities by cycle, of all cycles that there are (stats.h). */
#include "pipeline/alignments/stats.h"

#include <stdlib.h>
#include <string.h>

enum { A, C, G, T, N, OTHER, NLETTER };

static const uint8_t kind[256] = {
    ['A'] = 1 + A, ['C'] = 1 + C, ['G'] = 1 + G, ['T'] = 1 + T, ['N'] = 1 + N,
    ['a'] = 1 + A, ['c'] = 1 + C, ['g'] = 1 + G, ['t'] = 1 + T, ['n'] = 1 + N
};

/* Elements [was, n) of an array that gets longer are 0. */
static bool grow(void *array, size_t was, size_t n, size_t width)
{
    uint8_t *old, *p;
    memcpy(&old, array, sizeof old);
    if (width && n > SIZE_MAX / width) return false;
    if (!(p = realloc(old, n * width))) return false;
    memset(p + was * width, 0, (n - was) * width);
    memcpy(array, &p, sizeof p);
    return true;
}

static vl_code reserve(vl_stats_cycles *c, size_t n, vl_err *err)
{
    const size_t was = c->n;
    if (n <= was) return VL_OK;
    if (was) n += n / 2;
    bool good = grow(&c->turned, was, n, sizeof *c->turned);
    for (int e = 0; e < 2 && good; e++)
        good = grow(&c->letter[e], was, n, sizeof *c->letter[e]) && grow(&c->bare[e], was, n, 8) &&
               (!c->nlevel || grow(&c->quality[e], was * c->nlevel, n * c->nlevel, 8));
    if (!good) return vl_fail(err, VL_ENOMEM, "no memory for counts of %zu cycles", n);
    c->n = n;
    return VL_OK;
}

/* Room for qualities below n, in each cycle. */
static vl_code reserve_levels(vl_stats_cycles *c, size_t n, vl_err *err)
{
    enum { STEP = 16 };
    if (n <= c->nlevel) return VL_OK;
    n = (n + STEP - 1) / STEP * STEP;
    for (int e = 0; e < 2; e++) {
        uint64_t *const p = c->n <= SIZE_MAX / 8 / n ? calloc(c->n * n + 1, sizeof *p) : NULL;
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu qualities of %zu cycles", n, c->n);
        for (size_t i = 0; i < c->n && c->nlevel; i++)
            memcpy(p + i * n, c->quality[e] + i * c->nlevel, c->nlevel * sizeof *p);
        free(c->quality[e]);
        c->quality[e] = p;
    }
    c->nlevel = n;
    return VL_OK;
}

static void add_letters(vl_stats_cycles *c, const vl_stats_line *line, const uint8_t *base)
{
    for (size_t i = VL_STATS_NEAR; i < line->nletter; i++) {
        const unsigned k = kind[base[i]] ? kind[base[i]] - 1u : OTHER;
        c->letter[line->end][i][k]++;
        if (k < N) c->turned[i][line->reverse ? T - k : k]++;
    }
}

/* Of cycles that slots count, only what they have no room for. */
static void add_qualities(vl_stats_cycles *c, const vl_stats_line *line, const uint8_t *quality)
{
    uint64_t *const to = c->quality[line->end];
    size_t i = line->wide ? 0 : VL_STATS_NEAR;
    for (; i < VL_STATS_NEAR && i < line->nletter; i++)
        if (quality[i] >= VL_STATS_LEVELS) to[i * c->nlevel + quality[i]]++;
    for (; i < line->nletter; i++) to[i * c->nlevel + quality[i]]++;
}

vl_code vl_stats_cycles_add(vl_stats_cycles *c, const vl_stats_line *line, const uint8_t *base,
                            const uint8_t *quality, vl_err *err)
{
    unsigned most = 0;
    const size_t n = (size_t)line->nletter;
    if (line->bare && reserve(c, n + 1, err)) return err->code;
    if (line->bare) c->bare[line->end][n]++;
    if ((n <= VL_STATS_NEAR && !line->wide) || reserve(c, n, err)) return err->code;
    add_letters(c, line, base);
    if (line->bare) return VL_OK;
    for (size_t i = 0; i < n; i++) most = quality[i] > most ? quality[i] : most;
    if (!reserve_levels(c, most + 1, err)) add_qualities(c, line, quality);
    return err->code;
}

static void add_near(vl_stats_cycles *c, const vl_stats_near *near, int end, size_t i)
{
    uint64_t *const to = c->letter[end][i];
    for (unsigned k = 0; k < N; k++) {
        to[k] += near->base[0][i][k] + near->base[1][i][k];
        c->turned[i][k] += near->base[0][i][k];
        c->turned[i][T - k] += near->base[1][i][k];
    }
    to[N] += near->base[0][i][N] + near->base[1][i][N] - near->other[i];
    to[OTHER] += near->other[i];
}

static size_t levels_of(const vl_stats_near near[2])
{
    size_t n = 1;
    for (int end = 0; end < 2; end++)
        for (size_t i = 0; i < VL_STATS_NEAR; i++)
            for (size_t q = n; q < VL_STATS_LEVELS; q++)
                if (near[end].quality[i][q]) n = q + 1;
    return n;
}

vl_code vl_stats_cycles_near(vl_stats_cycles *c, const vl_stats_near near[2], size_t n, vl_err *err)
{
    const size_t nlevel = levels_of(near);
    if (reserve(c, n, err) || reserve_levels(c, nlevel, err)) return err->code;
    for (int end = 0; end < 2; end++)
        for (size_t i = 0; i < VL_STATS_NEAR && i < c->n; i++) {
            add_near(c, &near[end], end, i);
            for (size_t q = 0; q < nlevel; q++) c->quality[end][i * c->nlevel + q] += near[end].quality[i][q];
        }
    return VL_OK;
}

void vl_stats_cycles_free(vl_stats_cycles *c)
{
    for (int e = 0; e < 2; e++) {
        free(c->letter[e]);
        free(c->bare[e]);
        free(c->quality[e]);
    }
    free(c->turned);
}
