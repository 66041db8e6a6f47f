/*
 * Codec grid: values of several scales take few bytes, whatever stands between them; and payloads that lie.
 */
#include "pipeline/codec/grid.h"
#include "pipeline/codec/test/codec_test.h"
#include "pipeline/test/check.h"

#include <math.h>
#include <stdlib.h>

enum { N = 40000 };

static double on_scale(int scale, double t)
{
    return scale == VL_SCALE_ROOT          ? t * t
           : scale == VL_SCALE_ONE_BY_ROOT ? 1 / (t * t)
           : scale == VL_SCALE_ONE_BY_X    ? 1 / t
                                           : t;
}

/* m/z of spectra of a few thousand points from 200 to 2000, some steps of the scale left out. */
static void draw_grid(vl_buf *plain, int scale, size_t width, uint64_t seed)
{
    const double first = scale == VL_SCALE_ROOT          ? sqrt(200)
                         : scale == VL_SCALE_ONE_BY_ROOT ? 1 / sqrt(200)
                         : scale == VL_SCALE_ONE_BY_X    ? 1.0 / 200
                                                         : 200;
    const double last = scale == VL_SCALE_ROOT          ? sqrt(2000)
                        : scale == VL_SCALE_ONE_BY_ROOT ? 1 / sqrt(2000)
                        : scale == VL_SCALE_ONE_BY_X    ? 1.0 / 2000
                                                        : 2000;
    uint64_t dice = seed;
    unsigned k = 0;
    plain->len = 0;
    for (size_t i = 0; i < N; i++) {
        k += 1 + (check_random(&dice) % 10 ? 0 : (unsigned)(check_random(&dice) % 40));
        if (k > 8000) k = (unsigned)(check_random(&dice) % 20);
        const double x = on_scale(scale, first + (last - first) / 8000 * k);
        const float single = (float)x;
        put(plain, width == 8 ? (const void *)&x : &single, width);
    }
}

/* Steps take 1 bit, and residuals those that double arithmetic loses. */
static void check_scales(void)
{
    vl_buf plain = { 0 };
    for (int scale = VL_SCALE_X; scale < VL_NSCALE; scale++) {
        draw_grid(&plain, scale, 8, 17);
        size_t n = packed_and_back(VL_CODEC_grid, &plain, VL_F64);
        HOLDS(n < N, "scale %d takes %zu bytes for %d values of 8 bytes", scale, n, N);
        for (size_t i = 0; i < N; i += 4001)
            memcpy(plain.data + 8 * i, "\1\0\0\0\0\0\xf8\xff", 8); /* a NaN */
        n = packed_and_back(VL_CODEC_grid, &plain, VL_F64);
        HOLDS(n < N, "scale %d and NaNs take %zu bytes for %d values", scale, n, N);
        draw_grid(&plain, scale, 4, 17);
        n = packed_and_back(VL_CODEC_grid, &plain, VL_F32);
        HOLDS(n < N, "scale %d takes %zu bytes for %d values of 4 bytes", scale, n, N);
    }
    vl_buf_free(&plain);
}

/* Spectra of two analysers by turns: each has its grid. */
static void check_turns(void)
{
    vl_buf one = { 0 }, two = { 0 }, both = { 0 };
    draw_grid(&one, VL_SCALE_ONE_BY_X, 8, 3);
    draw_grid(&two, VL_SCALE_X, 8, 4);
    for (size_t i = 0; i < 8; i++) {
        put(&both, one.data, one.len / 8);
        put(&both, two.data, two.len / 8);
    }
    const size_t n = packed_and_back(VL_CODEC_grid, &both, VL_F64);
    HOLDS(n < 2 * N, "two analysers take %zu bytes for %d values", n, 2 * N);
    vl_buf_free(&one);
    vl_buf_free(&two);
    vl_buf_free(&both);
}

/* Values that come again, in no order of their steps: once in a list. */
static void check_list(void)
{
    vl_buf plain = { 0 };
    uint64_t dice = 5;
    unsigned k = 0;
    for (size_t i = 0; i < N; i++) {
        k += 1 + (unsigned)(check_random(&dice) % 100);
        if (k > 5000) k %= 5000;
        const double t = 15 + k * 7.9e-5 + k * 1e-12 * k, x = t * t; /* a step that grows */
        put(&plain, &x, 8);
    }
    const size_t n = packed_and_back(VL_CODEC_grid, &plain, VL_F64);
    HOLDS(n < 13 * N / 10, "values of a list take %zu bytes for %d", n, N);
    vl_buf_free(&plain);
}

/* ---- payloads ---- */

/* A chunk of 4 elements up to its first grid. */
static void begin_rows(vl_buf *f, const char *head, size_t n)
{
    begin(f, VL_CODEC_grid, 8, 32);
    put(f, head, n);
}

static void check_heads(vl_buf *f)
{
    static const char *const lies[] = { "\4", "\0\2", "\0\0\2", "\0\1\1\0", "\0\1\1\5" };
    static const size_t len[] = { 1, 2, 3, 4, 4 };
    for (size_t i = 0; i < sizeof len / sizeof *len; i++) {
        begin_rows(f, lies[i], len[i]);
        REFUSE(f, "chunk on a grid");
    }
    begin(f, VL_CODEC_grid, 4, 16);
    put(f, "\0\1\0", 3); /* nothing is narrower than 4 bytes */
    REFUSE(f, "chunk on a grid");
    begin(f, VL_CODEC_grid, 2, 16);
    put(f, "\0\0\0", 3);
    REFUSE(f, "chunk on a grid");
    begin(f, VL_CODEC_grid, 8, 0);
    REFUSE(f, "chunk on a grid");
}

static void check_rows(vl_buf *f)
{
    static const struct {
        const char *bytes;
        size_t n;
    } lies[] = {
        { "\0", 1 },             /* no grids */
        { "\11", 1 },            /* nine */
        { "\1\5", 2 },           /* an unknown scale */
        { "\1\1\20", 3 },        /* an unknown pace */
        { "\1\1\0\0\0\0\0", 7 }, /* a step cut off */
        { "\1\0\0", 3 },         /* no rows */
        { "\1\0\5", 3 },         /* more than values */
        { "\1\0\2\1\0\1\0", 7 }, /* too few values */
        { "\1\0\2\4\0\1\0", 7 }, /* too many */
        { "\1\0\2\1\0\3\1", 7 }, /* of a grid that is none */
        { "\1\0\1\2", 4 },       /* signs */
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        begin_rows(f, "\0\0\0", 3);
        put(f, lies[i].bytes, lies[i].n);
        REFUSE(f, "values on grids");
    }
    begin_rows(f, "\0\0\0\1\0\1\0\11", 8); /* nine planes */
    REFUSE(f, "residuals");
    begin_rows(f, "\0\0\0\1\0\1\0\0\1\20\1", 11); /* classes of 2 bits more, that are not there */
    REFUSE(f, "residuals");
    begin_rows(f, "\0\0\0\1\0\1\0\1\1\7", 10); /* deltas of 7 each */
    REFUSE(f, "do not match");
    begin_rows(f, "\0\0\1\1\1\0\1\0\1\1\7\0\1\1\1", 15); /* a list of one value; the second of them */
    REFUSE(f, "chunk on a grid");
    /* steps without end, on a grid of NaN: harmless */
    begin_rows(f, "\0\0\0\1\3\7\0\0\0\0\0\0\xf8\x7f\1\0\4\1\xff\1\xff\1\xff\1\x7f\1\1\0", 28);
    REFUSE(f, "do not match");
}

static void crafted(void)
{
    vl_buf f = { 0 };
    check_scales();
    check_turns();
    check_list();
    check_heads(&f);
    check_rows(&f);
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_grid = { .crafted = crafted };
