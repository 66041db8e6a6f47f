/*
 * Qualities as letters and as numbers: letter = Phred score + 33, scores 0..93, letters '!'..'~'.
 *
 * phred_decode  in: src [n], letters. Out: dst [n], scores; returns the index of the first byte of src that
 * is no such letter, or n. What is in dst from that index on is not specified. phred_encode  in: src [n],
 * scores. Out: dst [n] = src + 33, modulo 256. dst may be src; else they do not overlap.
 */
#include "kernels/choose.h"

enum { BIAS = 33, SCORE_MAX = 93 };

static size_t phred_decode_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t score = (uint8_t)(src[i] - BIAS);
        if (score > SCORE_MAX) return i;
        dst[i] = score;
    }
    return n;
}

static void phred_encode_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)(src[i] + BIAS);
}

/* The vector versions stop at the first block with a fault; the reference then finds it, or does the tail. */
#if defined(__x86_64__)
#include <immintrin.h>

VL_TARGET_AVX2 static size_t phred_decode_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m256i bias = _mm256_set1_epi8(BIAS), most = _mm256_set1_epi8(SCORE_MAX);
    size_t i = 0;

    for (; n - i >= 64; i += 64) {
        const __m256i a = _mm256_sub_epi8(_mm256_loadu_si256((const void *)(src + i)), bias);
        const __m256i b = _mm256_sub_epi8(_mm256_loadu_si256((const void *)(src + i + 32)), bias);
        const __m256i high = _mm256_max_epu8(_mm256_max_epu8(a, b), most);
        if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, most)) != -1) break;
        _mm256_storeu_si256((void *)(dst + i), a);
        _mm256_storeu_si256((void *)(dst + i + 32), b);
    }
    return i < n ? i + phred_decode_scalar(dst + i, src + i, n - i) : n;
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

static size_t phred_decode_neon(uint8_t *dst, const uint8_t *src, size_t n)
{
    const uint8x16_t bias = vdupq_n_u8(BIAS);
    size_t i = 0;

    for (; n - i >= 32; i += 32) {
        const uint8x16_t a = vsubq_u8(vld1q_u8(src + i), bias), b = vsubq_u8(vld1q_u8(src + i + 16), bias);
        if (vmaxvq_u8(vmaxq_u8(a, b)) > SCORE_MAX) break;
        vst1q_u8(dst + i, a);
        vst1q_u8(dst + i + 16, b);
    }
    return i < n ? i + phred_decode_scalar(dst + i, src + i, n - i) : n;
}
#endif

void vl_phred_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->phred_decode = phred_decode_scalar;
    k->phred_encode = phred_encode_scalar; /* at -O3 as fast as by hand */
#if defined(__x86_64__)
    if (isa & VL_AVX2) k->phred_decode = phred_decode_avx2;
#elif defined(__aarch64__)
    if (isa & VL_NEON) k->phred_decode = phred_decode_neon;
#endif
}
