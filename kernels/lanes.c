/*
 * A stretch of bytes in n lanes of equal length, as context_rans.c walks through them: lane l is the bytes
 * [l * nstep, l * nstep + nstep). n is a multiple of 16.
 *
 * lanes_split   dst [nstep * n], step by step: dst[i * n + l] = src[l * nstep + i]
 * lanes_join    the other way
 * dst and src do not overlap.
 */
#include <string.h>

#include "kernels/choose.h"

static void split_from(uint8_t *dst, const uint8_t *src, size_t nstep, size_t n, size_t from)
{
    for (size_t i = from; i < nstep; i++)
        for (size_t l = 0; l < n; l++) dst[i * n + l] = src[l * nstep + i];
}

static void lanes_split_scalar(uint8_t *dst, const uint8_t *src, size_t nstep, size_t n)
{
    split_from(dst, src, nstep, n, 0);
}

static void join_from(uint8_t *dst, const uint8_t *src, size_t nstep, size_t n, size_t from)
{
    for (size_t i = from; i < nstep; i++)
        for (size_t l = 0; l < n; l++) dst[l * nstep + i] = src[i * n + l];
}

static void lanes_join_scalar(uint8_t *dst, const uint8_t *src, size_t nstep, size_t n)
{
    join_from(dst, src, nstep, n, 0);
}

#if defined(__x86_64__)
#include <immintrin.h>

/* 16 rows of 16 bytes, turned about: four times, each row with the one 8 below. */
VL_TARGET_AVX2 static inline void turn(__m128i r[16])
{
    __m128i t[16];
    for (int pass = 0; pass < 4; pass++) {
        for (int i = 0; i < 8; i++) {
            t[2 * i] = _mm_unpacklo_epi8(r[i], r[i + 8]);
            t[2 * i + 1] = _mm_unpackhi_epi8(r[i], r[i + 8]);
        }
        memcpy(r, t, sizeof t);
    }
}

VL_TARGET_AVX2 static void lanes_split_avx2(uint8_t *dst, const uint8_t *src, size_t nstep, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= nstep; i += 16) {
        for (size_t g = 0; g < n; g += 16) {
            __m128i r[16];
            for (size_t l = 0; l < 16; l++) r[l] = _mm_loadu_si128((const void *)(src + (g + l) * nstep + i));
            turn(r);
            for (size_t k = 0; k < 16; k++) _mm_storeu_si128((void *)(dst + (i + k) * n + g), r[k]);
        }
    }
    split_from(dst, src, nstep, n, i);
}

VL_TARGET_AVX2 static void lanes_join_avx2(uint8_t *dst, const uint8_t *src, size_t nstep, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= nstep; i += 16) {
        for (size_t g = 0; g < n; g += 16) {
            __m128i r[16];
            for (size_t k = 0; k < 16; k++) r[k] = _mm_loadu_si128((const void *)(src + (i + k) * n + g));
            turn(r);
            for (size_t l = 0; l < 16; l++) _mm_storeu_si128((void *)(dst + (g + l) * nstep + i), r[l]);
        }
    }
    join_from(dst, src, nstep, n, i);
}

#endif

void vl_lanes_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->lanes_split = lanes_split_scalar;
    k->lanes_join = lanes_join_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->lanes_split = lanes_split_avx2;
        k->lanes_join = lanes_join_avx2;
    }
#endif
}
