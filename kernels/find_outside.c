/*
 * find_outside  in: src [n], a range lo..hi, both within. Out: index of the first byte that is not in the
 * range, or n. With lo > hi no byte is in the range.
 *
 * A byte is in the range when byte - lo, modulo 256, is at most hi - lo.
 */
#include "kernels/choose.h"

static size_t find_outside_scalar(const uint8_t *src, size_t n, uint8_t lo, uint8_t hi)
{
    for (size_t i = 0; i < n; i++) {
        if (src[i] < lo || src[i] > hi) return i;
    }
    return n;
}

#if defined(__x86_64__)
#include <immintrin.h>

VL_TARGET_AVX2 static inline uint32_t inside_avx2(const uint8_t *src, __m256i lo, __m256i span)
{
    const __m256i x = _mm256_sub_epi8(_mm256_loadu_si256((const void *)src), lo);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(x, span), span));
}

VL_TARGET_AVX2 static size_t find_outside_avx2(const uint8_t *src, size_t n, uint8_t lo, uint8_t hi)
{
    const __m256i low = _mm256_set1_epi8((char)lo), span = _mm256_set1_epi8((char)(hi - lo));

    if (lo > hi) return 0;
    for (size_t i = 0; i < n; i += 64) {
        const uint64_t mask =
            (uint64_t)inside_avx2(src + i + 32, low, span) << 32 | inside_avx2(src + i, low, span);
        if (~mask == 0) continue;
        const size_t at = i + (size_t)__builtin_ctzll(~mask);
        return at < n ? at : n;
    }
    return n;
}

VL_TARGET_AVX512 static size_t find_outside_avx512(const uint8_t *src, size_t n, uint8_t lo, uint8_t hi)
{
    const __m512i low = _mm512_set1_epi8((char)lo), span = _mm512_set1_epi8((char)(hi - lo));

    if (lo > hi) return 0;
    for (size_t i = 0; i < n; i += 64) {
        const __m512i x = _mm512_sub_epi8(_mm512_loadu_si512(src + i), low);
        const uint64_t mask = _mm512_cmpgt_epu8_mask(x, span);
        if (mask == 0) continue;
        const size_t at = i + (size_t)__builtin_ctzll(mask);
        return at < n ? at : n;
    }
    return n;
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

static size_t find_outside_neon(const uint8_t *src, size_t n, uint8_t lo, uint8_t hi)
{
    const uint8x16_t low = vdupq_n_u8(lo);
    size_t i = 0;

    if (lo > hi) return 0;
    for (; n - i >= 32; i += 32) {
        const uint8x16_t a = vsubq_u8(vld1q_u8(src + i), low), b = vsubq_u8(vld1q_u8(src + i + 16), low);
        if (vmaxvq_u8(vmaxq_u8(a, b)) > (uint8_t)(hi - lo)) break;
    }
    return i < n ? i + find_outside_scalar(src + i, n - i, lo, hi) : n;
}
#endif

void vl_find_outside_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->find_outside = find_outside_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) k->find_outside = find_outside_avx2;
    if (isa & VL_AVX512) k->find_outside = find_outside_avx512;
#elif defined(__aarch64__)
    if (isa & VL_NEON) k->find_outside = find_outside_neon;
#endif
}
