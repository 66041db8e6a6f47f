/*
 * rANS in 8 lanes of AVX2, with frequencies of 12 bits: states give words when they get full, and take them
 * when they get low. What context_rans.c and stream_rans.c have in common; included there and nowhere else.
 */
#ifndef VL_RANS_AVX2_H
#define VL_RANS_AVX2_H

#include <immintrin.h>

#include "kernels/choose.h"

enum { VL_EIGHT = 8 };

/* For each mask of lanes: byte l is how many lanes of the mask stand before lane l ... */
#define VL_BEFORE(m, l) (uint64_t) __builtin_popcount((m) & ((1u << (l)) - 1)) << 8 * (l)
#define VL_TAKE(m)                                                                                           \
    (VL_BEFORE(m, 1) | VL_BEFORE(m, 2) | VL_BEFORE(m, 3) | VL_BEFORE(m, 4) | VL_BEFORE(m, 5) |               \
     VL_BEFORE(m, 6) | VL_BEFORE(m, 7))
/* ... and byte n is the n-th lane of the mask, which end at byte 7. */
#define VL_LANE(m, l)                                                                                        \
    ((m) >> (l)&1                                                                                            \
         ? (uint64_t)(l) << 8 * ((__builtin_popcount((m) & ((1u << (l)) - 1)) + 8 - __builtin_popcount(m)) & \
                                 7)                                                                          \
         : 0)
#define VL_GIVE(m)                                                                                           \
    (VL_LANE(m, 1) | VL_LANE(m, 2) | VL_LANE(m, 3) | VL_LANE(m, 4) | VL_LANE(m, 5) | VL_LANE(m, 6) |         \
     VL_LANE(m, 7))
#define VL_FOR4(of, m)  of(m), of(m + 1), of(m + 2), of(m + 3)
#define VL_FOR16(of, m) VL_FOR4(of, m), VL_FOR4(of, m + 4), VL_FOR4(of, m + 8), VL_FOR4(of, m + 12)
#define VL_FOR64(of, m) VL_FOR16(of, m), VL_FOR16(of, m + 16), VL_FOR16(of, m + 32), VL_FOR16(of, m + 48)
#define VL_FOR256(of)   VL_FOR64(of, 0u), VL_FOR64(of, 64u), VL_FOR64(of, 128u), VL_FOR64(of, 192u)
static const uint64_t vl_take8[256] = { VL_FOR256(VL_TAKE) }, vl_give8[256] = { VL_FOR256(VL_GIVE) };

VL_TARGET_AVX2 static inline unsigned mask8(__m256i m)
{
    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(m));
}

/* Lane l of the result is lane (byte l of order) of x. */
VL_TARGET_AVX2 static inline __m256i order8(__m256i x, uint64_t order)
{
    return _mm256_permutevar8x32_epi32(x, _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)order)));
}

/* (x + 1/2) / f rounded down, which is x / f: no whole number is nearer than 2^-13. That by which to multiply
 * is known before x is. */
VL_TARGET_AVX2 static inline __m128i divide4(__m128i x, __m128i f)
{
    const __m256d part = _mm256_div_pd(_mm256_set1_pd(1), _mm256_cvtepi32_pd(f));
    const __m256d less = _mm256_cvtepi32_pd(_mm_xor_si128(x, _mm_set1_epi32(INT32_MIN))); /* by 2^31 */
    return _mm256_cvttpd_epi32(_mm256_mul_pd(_mm256_add_pd(less, _mm256_set1_pd(2147483648.5)), part));
}

VL_TARGET_AVX2 static inline __m256i divide8(__m256i x, __m256i f)
{
    return _mm256_setr_m128i(divide4(_mm256_castsi256_si128(x), _mm256_castsi256_si128(f)),
                             divide4(_mm256_extracti128_si256(x, 1), _mm256_extracti128_si256(f, 1)));
}

/* The low 16 bits of lanes, those of the mask last. */
VL_TARGET_AVX2 static inline __m128i words8(__m256i x, uint64_t order)
{
    const __m256i low = _mm256_and_si256(order8(x, order), _mm256_set1_epi32(0xffff));
    return _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
}

/* One step of 8 lanes; returns where their words begin. Writes 8 words before *word, of which some count. */
VL_TARGET_AVX2 static inline uint16_t *write8(uint16_t *word, __m256i *state, const uint32_t *freq)
{
    const __m256i pair = _mm256_loadu_si256((const void *)freq), first = _mm256_srli_epi32(pair, 16),
                  f = _mm256_and_si256(pair, _mm256_set1_epi32(0xffff));
    __m256i x = *state;
    const __m256i full =
        _mm256_cmpgt_epi32(_mm256_add_epi32(_mm256_srli_epi32(x, 20), _mm256_set1_epi32(1)), f);
    const unsigned mask = mask8(full);
    _mm_storeu_si128((void *)(word - VL_EIGHT), words8(x, vl_give8[mask]));
    x = _mm256_blendv_epi8(x, _mm256_srli_epi32(x, 16), full);
    const __m256i q = divide8(x, f), r = _mm256_sub_epi32(x, _mm256_mullo_epi32(q, f));
    *state = _mm256_add_epi32(_mm256_slli_epi32(q, 12), _mm256_add_epi32(r, first));
    return word - __builtin_popcount(mask);
}

/* Words for the states that need them; returns how many. Reads 8. */
VL_TARGET_AVX2 static inline size_t refill8(__m256i *state, const void *word)
{
    const __m256i low = _mm256_cmpeq_epi32(_mm256_srli_epi32(*state, 16), _mm256_setzero_si256());
    const unsigned mask = mask8(low);
    const __m256i next = order8(_mm256_cvtepu16_epi32(_mm_loadu_si128(word)), vl_take8[mask]);
    *state = _mm256_blendv_epi8(*state, _mm256_or_si256(_mm256_slli_epi32(*state, 16), next), low);
    return (size_t)__builtin_popcount(mask);
}

/* The lowest byte of each lane, which has no others. */
VL_TARGET_AVX2 static inline void store8_byte(uint8_t *dst, __m256i symbol)
{
    const __m128i words =
        _mm_packus_epi32(_mm256_castsi256_si128(symbol), _mm256_extracti128_si256(symbol, 1));
    _mm_storel_epi64((void *)dst, _mm_packus_epi16(words, words));
}

#endif
