/*
 * Rows of prices added up, each as often as its count says: what a context's symbols cost in each of many
 * clusters.
 *
 * weighted_sums  in: count [nrow]; price [nrow * stride], of which the first n of each row count. Out: sum
 *                [n]: sum[c] = count[0] * price[c] + count[1] * price[stride + c] + ... modulo 2^32.
 */
#include <stdbool.h>
#include <string.h>

#include "kernels/choose.h"

static void weighted_sums_scalar(uint32_t *sum, const uint32_t *count, size_t nrow, const int16_t *price,
                                 size_t stride, size_t n)
{
    memset(sum, 0, n * sizeof *sum);
    for (size_t row = 0; row < nrow; row++, price += stride) {
        /* products of 16 bits are what every CPU has for many at once */
        for (uint32_t left = count[row]; left;) {
            const int16_t times = (int16_t)(left < INT16_MAX ? left : INT16_MAX);
            for (size_t c = 0; c < n; c++) sum[c] += (uint32_t)(times * price[c]);
            left -= (uint16_t)times;
        }
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { PAIRS = 64, WIDE = 64 }; /* at once: rows in pairs, places */

/* Two rows and how often each is added, the first in the low half. */
typedef struct pair {
    const int16_t *a, *b;
    uint32_t times;
} pair;

/* To sum[0 .. 16 * nblock]; the number of blocks is constant wherever this is used. */
VL_TARGET_AVX2 static inline __attribute__((always_inline)) void
add_pairs(uint32_t *sum, const pair *p, size_t npair, size_t at, size_t nblock)
{
    __m256i low[4], high[4]; /* of each block places 0-3 and 8-11, 4-7 and 12-15 */
    for (size_t k = 0; k < nblock; k++) low[k] = high[k] = _mm256_setzero_si256();
    for (size_t i = 0; i < npair; i++) {
        const __m256i times = _mm256_set1_epi32((int32_t)p[i].times);
        for (size_t k = 0; k < nblock; k++) {
            const __m256i a = _mm256_loadu_si256((const void *)(p[i].a + at + 16 * k));
            const __m256i b = _mm256_loadu_si256((const void *)(p[i].b + at + 16 * k));
            const __m256i first = _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), times);
            const __m256i second = _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), times);
            low[k] = _mm256_add_epi32(low[k], first);
            high[k] = _mm256_add_epi32(high[k], second);
        }
    }
    for (size_t k = 0; k < nblock; k++) {
        __m256i *const to = (__m256i *)(void *)(sum + at + 16 * k);
        const __m256i first = _mm256_permute2x128_si256(low[k], high[k], 0x20);
        const __m256i second = _mm256_permute2x128_si256(low[k], high[k], 0x31);
        _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), first));
        _mm256_storeu_si256(to + 1, _mm256_add_epi32(_mm256_loadu_si256(to + 1), second));
    }
}

VL_TARGET_AVX2 static void add_all(uint32_t *sum, const pair *p, size_t npair, size_t n)
{
    size_t at = 0;
    for (; n - at >= WIDE; at += WIDE) add_pairs(sum, p, npair, at, WIDE / 16);
    for (; n - at >= 16; at += 16) add_pairs(sum, p, npair, at, 1);
    for (; at < n; at++)
        for (size_t i = 0; i < npair; i++)
            sum[at] += (uint32_t)((int32_t)(p[i].times & 0xffff) * p[i].a[at] +
                                  (int32_t)(p[i].times >> 16) * p[i].b[at]);
}

/* Counts that 16 bits hold are taken two rows at a time; of greater ones what is above is a row of its
 * own. */
VL_TARGET_AVX2 static void weighted_sums_avx2(uint32_t *sum, const uint32_t *count, size_t nrow,
                                              const int16_t *price, size_t stride, size_t n)
{
    pair p[PAIRS];
    size_t npair = 0;
    bool half = false; /* the last pair lacks its second row */
    memset(sum, 0, n * sizeof *sum);
    for (size_t row = 0; row < nrow; row++, price += stride) {
        const uint32_t times = count[row] & INT16_MAX;
        const int64_t over = count[row] - times;
        if (over)
            for (size_t c = 0; c < n; c++) sum[c] += (uint32_t)(over * price[c]);
        if (!times) continue;
        if (half) {
            p[npair - 1].b = price;
            p[npair - 1].times |= times << 16;
        } else {
            if (npair == PAIRS) {
                add_all(sum, p, npair, n);
                npair = 0;
            }
            p[npair++] = (pair){ price, price, times };
        }
        half = !half;
    }
    add_all(sum, p, npair, n);
}
#endif

void vl_weighted_sums_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->weighted_sums = weighted_sums_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) k->weighted_sums = weighted_sums_avx2;
#endif
}
