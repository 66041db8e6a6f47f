/*
 * Differences of neighbours, made small and unsigned: d 0, -1, 1, -2 ... becomes 0, 1, 2, 3 ...
 *
 * Elements are unsigned, little-endian, of width 1, 2, 4 or 8 bytes, at any alignment. With any other width
 * the bytes are copied as they are.
 *
 * delta_zigzag    in: src [nelem]. Out: dst [nelem]: d = src[i] - src[i - 1] modulo 2^bits, src[-1] = 0;
 *                 dst[i] = (d << 1) ^ (all ones when d, read as signed, is negative, else 0).
 * undelta_zigzag  the inverse.
 * dst and src do not overlap.
 */
#include <string.h>

#include "kernels/choose.h"

static inline uint64_t load(const uint8_t *src, size_t width)
{
    uint64_t x = 0;
    memcpy(&x, src, width); /* vial runs on little-endian machines only */
    return x;
}

static inline void store(uint8_t *dst, uint64_t x, size_t width) { memcpy(dst, &x, width); }

static inline __attribute__((always_inline)) void delta(uint8_t *dst, const uint8_t *src, size_t nelem,
                                                        size_t width)
{
    const unsigned unused = (unsigned)(64 - 8 * width);
    uint64_t before = 0;

    for (size_t i = 0; i < nelem; i++) {
        const uint64_t x = load(src + i * width, width);
        const uint64_t d = (x - before) << unused; /* sign at the top */
        store(dst + i * width, (d << 1 ^ (uint64_t) - (int64_t)(d >> 63)) >> unused, width);
        before = x;
    }
}

static inline __attribute__((always_inline)) void undelta(uint8_t *dst, const uint8_t *src, size_t nelem,
                                                          size_t width)
{
    uint64_t x = 0;

    for (size_t i = 0; i < nelem; i++) {
        const uint64_t z = load(src + i * width, width);
        x += z >> 1 ^ (uint64_t) - (int64_t)(z & 1);
        store(dst + i * width, x, width);
    }
}

static void delta_zigzag_scalar(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    switch (width) {
    case 1: delta(dst, src, nelem, 1); break;
    case 2: delta(dst, src, nelem, 2); break;
    case 4: delta(dst, src, nelem, 4); break;
    case 8: delta(dst, src, nelem, 8); break;
    default:
        if (nelem) memcpy(dst, src, nelem * width);
    }
}

static void undelta_zigzag_scalar(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    switch (width) {
    case 1: undelta(dst, src, nelem, 1); break;
    case 2: undelta(dst, src, nelem, 2); break;
    case 4: undelta(dst, src, nelem, 4); break;
    case 8: undelta(dst, src, nelem, 8); break;
    default:
        if (nelem) memcpy(dst, src, nelem * width);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

/* The width is constant wherever these are used. */
VL_TARGET_AVX2 static inline __attribute__((always_inline)) __m256i add_avx2(__m256i a, __m256i b,
                                                                             size_t width)
{
    switch (width) {
    case 1: return _mm256_add_epi8(a, b);
    case 2: return _mm256_add_epi16(a, b);
    case 4: return _mm256_add_epi32(a, b);
    default: return _mm256_add_epi64(a, b);
    }
}

VL_TARGET_AVX2 static inline __attribute__((always_inline)) __m256i step_avx2(__m256i x, __m256i before,
                                                                              size_t width)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i d, sign;

    switch (width) {
    case 1: d = _mm256_sub_epi8(x, before), sign = _mm256_cmpgt_epi8(zero, d); break;
    case 2: d = _mm256_sub_epi16(x, before), sign = _mm256_srai_epi16(d, 15); break;
    case 4: d = _mm256_sub_epi32(x, before), sign = _mm256_srai_epi32(d, 31); break;
    default: d = _mm256_sub_epi64(x, before), sign = _mm256_cmpgt_epi64(zero, d);
    }
    return _mm256_xor_si256(add_avx2(d, d, width), sign);
}

VL_TARGET_AVX2 static inline __attribute__((always_inline)) void delta_avx2(uint8_t *dst, const uint8_t *src,
                                                                            size_t nelem, size_t width)
{
    const size_t n = nelem * width;
    size_t i = n < 32 ? n : width; /* the first has nothing before it */

    delta(dst, src, i / width, width);
    for (; n - i >= 32; i += 32) {
        const __m256i x = _mm256_loadu_si256((const void *)(src + i));
        const __m256i before = _mm256_loadu_si256((const void *)(src + i - width));
        _mm256_storeu_si256((void *)(dst + i), step_avx2(x, before, width));
    }
    for (; i < n; i += width) {
        const unsigned unused = (unsigned)(64 - 8 * width);
        const uint64_t d = (load(src + i, width) - load(src + i - width, width)) << unused;
        store(dst + i, (d << 1 ^ (uint64_t) - (int64_t)(d >> 63)) >> unused, width);
    }
}

VL_TARGET_AVX2 static void delta_zigzag_avx2(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    switch (width) {
    case 1: delta_avx2(dst, src, nelem, 1); break;
    case 2: delta_avx2(dst, src, nelem, 2); break;
    case 4: delta_avx2(dst, src, nelem, 4); break;
    case 8: delta_avx2(dst, src, nelem, 8); break;
    default:
        if (nelem) memcpy(dst, src, nelem * width);
    }
}

VL_TARGET_AVX2 static inline __attribute__((always_inline)) __m256i unstep_avx2(__m256i z, size_t width)
{
    const __m256i zero = _mm256_setzero_si256();

    switch (width) {
    case 1: {
        const __m256i half = _mm256_and_si256(_mm256_srli_epi16(z, 1), _mm256_set1_epi8(127));
        return _mm256_xor_si256(half, _mm256_sub_epi8(zero, _mm256_and_si256(z, _mm256_set1_epi8(1))));
    }
    case 2: {
        const __m256i odd = _mm256_and_si256(z, _mm256_set1_epi16(1));
        return _mm256_xor_si256(_mm256_srli_epi16(z, 1), _mm256_sub_epi16(zero, odd));
    }
    case 4: {
        const __m256i odd = _mm256_and_si256(z, _mm256_set1_epi32(1));
        return _mm256_xor_si256(_mm256_srli_epi32(z, 1), _mm256_sub_epi32(zero, odd));
    }
    default: {
        const __m256i odd = _mm256_and_si256(z, _mm256_set1_epi64x(1));
        return _mm256_xor_si256(_mm256_srli_epi64(z, 1), _mm256_sub_epi64(zero, odd));
    }
    }
}

/* The last element of each half, everywhere in that half. */
VL_TARGET_AVX2 static inline __attribute__((always_inline)) __m256i last_avx2(__m256i x, size_t width)
{
    switch (width) {
    case 1: return _mm256_shuffle_epi8(x, _mm256_set1_epi8(15));
    case 2: return _mm256_shuffle_epi8(x, _mm256_set1_epi16(0x0f0e));
    case 4: return _mm256_shuffle_epi32(x, 0xff);
    default: return _mm256_unpackhi_epi64(x, x);
    }
}

/* Sums within halves by doubling distances, then over the halves; only the last add waits for what came
 * before. */
VL_TARGET_AVX2 static inline __attribute__((always_inline)) void
undelta_avx2(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    const size_t n = nelem * width;
    __m256i sum = _mm256_setzero_si256();
    uint64_t x = 0;
    size_t i = 0;

    for (; n - i >= 32; i += 32) {
        __m256i d = unstep_avx2(_mm256_loadu_si256((const void *)(src + i)), width);
        if (width <= 1) d = add_avx2(d, _mm256_slli_si256(d, 1), width);
        if (width <= 2) d = add_avx2(d, _mm256_slli_si256(d, 2), width);
        if (width <= 4) d = add_avx2(d, _mm256_slli_si256(d, 4), width);
        d = add_avx2(d, _mm256_slli_si256(d, 8), width);
        const __m256i halves = last_avx2(d, width);
        d = add_avx2(d, _mm256_permute2x128_si256(halves, halves, 0x08), width); /* 0, lower */
        const __m256i total = add_avx2(halves, _mm256_permute4x64_epi64(halves, 0x4e), width);
        _mm256_storeu_si256((void *)(dst + i), add_avx2(d, sum, width));
        sum = add_avx2(sum, total, width);
    }
    if (i) x = load(dst + i - width, width);
    for (; i < n; i += width) {
        const uint64_t z = load(src + i, width);
        x += z >> 1 ^ (uint64_t) - (int64_t)(z & 1);
        store(dst + i, x, width);
    }
}

VL_TARGET_AVX2 static void undelta_zigzag_avx2(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    switch (width) {
    case 1: undelta_avx2(dst, src, nelem, 1); break;
    case 2: undelta_avx2(dst, src, nelem, 2); break;
    case 4: undelta_avx2(dst, src, nelem, 4); break;
    case 8: undelta_avx2(dst, src, nelem, 8); break;
    default:
        if (nelem) memcpy(dst, src, nelem * width);
    }
}
#endif

void vl_delta_zigzag_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->delta_zigzag = delta_zigzag_scalar;
    k->undelta_zigzag = undelta_zigzag_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->delta_zigzag = delta_zigzag_avx2;
        k->undelta_zigzag = undelta_zigzag_avx2;
    }
#endif
}
