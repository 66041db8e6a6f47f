/*
 * longest_prefix  in: key [n], a key want; least, 1 to 8. Out: of the keys whose upper bytes, `least` of them
 *                 or more, are those of want, the last of those that have most upper bytes in common with it;
 *                 n when there is none.
 *
 * find_same       in: key [n], n at most 65536; want. Out: at [count], the indices of all keys that are want,
 *                 ascending; returns count.
 *
 * What two keys have in common is what is zero in front of their difference: the least difference says how
 * many bytes, and from the end on, the first that is below the least with one byte less is it.
 */
#include "kernels/choose.h"

/* Keys that have so many bytes in common differ by less than this, from 1 byte on. */
static inline uint64_t beyond(unsigned bytes) { return UINT64_C(1) << (64 - 8 * bytes); }

/* The same of a difference: what all that have as many bytes in common are below. */
static inline uint64_t beyond_as(uint64_t differs)
{
    return differs ? beyond((unsigned)__builtin_clzll(differs) / 8) : 1;
}

static size_t longest_prefix_scalar(const uint64_t *key, size_t n, uint64_t want, unsigned least)
{
    uint64_t most = beyond(least);
    size_t best = n;

    for (size_t i = n; i--;) {
        const uint64_t differs = key[i] ^ want;
        if (differs >= most) continue;
        best = i;
        if (!differs) break;
        most = beyond_as(differs) >> 8;
    }
    return best;
}

static size_t find_same_scalar(uint16_t *at, const uint64_t *key, size_t n, uint64_t want)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (key[i] == want) at[count++] = (uint16_t)i;
    return count;
}

#if defined(__x86_64__)
#include <immintrin.h>

static inline size_t add_places(uint16_t *at, size_t count, size_t from, uint32_t mask)
{
    for (; mask; mask &= mask - 1) at[count++] = (uint16_t)(from + (unsigned)__builtin_ctz(mask));
    return count;
}

static inline size_t last_of(size_t from, uint32_t mask) { return from + 31 - (unsigned)__builtin_clz(mask); }

/* There is no unsigned compare: keys differ by signed numbers whose sign is turned. */
VL_TARGET_AVX2 static inline __m256i differs_avx2(const uint64_t *key, __m256i want)
{
    return _mm256_xor_si256(_mm256_loadu_si256((const void *)key), want);
}

VL_TARGET_AVX2 static inline uint32_t below_avx2(__m256i differs, __m256i most)
{
    return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(most, differs)));
}

VL_TARGET_AVX2 static size_t longest_prefix_avx2(const uint64_t *key, size_t n, uint64_t want, unsigned least)
{
    const uint64_t turn = UINT64_C(1) << 63;
    const __m256i w = _mm256_set1_epi64x((long long)(want ^ turn));
    uint64_t most = beyond(least);
    size_t best = n, i = n;

    for (; i >= 4; i -= 4) {
        const __m256i differs = differs_avx2(key + i - 4, w);
        if (!below_avx2(differs, _mm256_set1_epi64x((long long)(most ^ turn)))) continue;
        for (size_t k = i; k-- > i - 4;) {
            const uint64_t d = key[k] ^ want;
            if (d >= most) continue;
            best = k;
            if (!d) return best;
            most = beyond_as(d) >> 8;
        }
    }
    while (i--) {
        const uint64_t d = key[i] ^ want;
        if (d >= most) continue;
        best = i;
        if (!d) break;
        most = beyond_as(d) >> 8;
    }
    return best;
}

VL_TARGET_AVX2 static size_t find_same_avx2(uint16_t *at, const uint64_t *key, size_t n, uint64_t want)
{
    const __m256i w = _mm256_set1_epi64x((long long)want);
    size_t count = 0, i = 0;
    for (; n - i >= 4; i += 4) {
        const __m256i same = _mm256_cmpeq_epi64(_mm256_loadu_si256((const void *)(key + i)), w);
        count = add_places(at, count, i, (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(same)));
    }
    for (; i < n; i++)
        if (key[i] == want) at[count++] = (uint16_t)i;
    return count;
}

VL_TARGET_AVX512 static size_t find_same_avx512(uint16_t *at, const uint64_t *key, size_t n, uint64_t want)
{
    const __m512i w = _mm512_set1_epi64((long long)want);
    size_t count = 0;
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 of = n - i < 8 ? (__mmask8)((1u << (n - i)) - 1) : 0xff;
        const __m512i keys = _mm512_maskz_loadu_epi64(of, key + i);
        count = add_places(at, count, i, _mm512_mask_cmpeq_epi64_mask(of, keys, w));
    }
    return count;
}

VL_TARGET_AVX512 static size_t longest_prefix_avx512(const uint64_t *key, size_t n, uint64_t want,
                                                     unsigned least)
{
    const __m512i w = _mm512_set1_epi64((long long)want), most = _mm512_set1_epi64((long long)beyond(least));
    const size_t rest = n % 8;
    const __mmask8 first = (__mmask8)((1u << rest) - 1);
    /* lanes of none differ as much as can be */
    const __m512i none = _mm512_set1_epi64(-1),
                  d0 = _mm512_mask_xor_epi64(none, first, _mm512_maskz_loadu_epi64(first, key), w);
    __m512i a = d0, b = none;

    for (size_t i = rest; i < n; i += 16) {
        a = _mm512_min_epu64(a, _mm512_xor_si512(_mm512_loadu_si512(key + i), w));
        if (i + 8 < n) b = _mm512_min_epu64(b, _mm512_xor_si512(_mm512_loadu_si512(key + i + 8), w));
    }
    a = _mm512_min_epu64(a, b);
    if (!_mm512_cmplt_epu64_mask(a, most)) return n;
    const __m512i as = _mm512_set1_epi64((long long)beyond_as(_mm512_reduce_min_epu64(a)));
    for (size_t i = n; i > rest; i -= 8) {
        const __m512i d = _mm512_xor_si512(_mm512_loadu_si512(key + i - 8), w);
        const __mmask8 mask = _mm512_cmplt_epu64_mask(d, as);
        if (mask) return last_of(i - 8, mask);
    }
    return last_of(0, _mm512_cmplt_epu64_mask(d0, as));
}
#endif

void vl_longest_prefix_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->longest_prefix = longest_prefix_scalar;
    k->find_same = find_same_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->longest_prefix = longest_prefix_avx2;
        k->find_same = find_same_avx2;
    }
    if (isa & VL_AVX512) {
        k->longest_prefix = longest_prefix_avx512;
        k->find_same = find_same_avx512;
    }
#endif
}
