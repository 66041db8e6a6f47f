/*
 * Small codes, one a byte, from and to four (2 bits) or two (4 bits) a byte, the first in the lowest bits:
 * the inner steps that base2.c and rank.c share. Each works on whole vectors; the callers bring the tail into
 * one.
 */
#ifndef VL_PACK2_H
#define VL_PACK2_H

#include "kernels/choose.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* code[4]: 128 bytes of 0..3. Neighbours are joined twice; then the 32-bit sums, all below 256, become bytes.
 */
VL_TARGET_AVX2 static inline __m256i vl_pack2_avx2(const __m256i code[4])
{
    const __m256i pair = _mm256_set1_epi16(0x0401), quad = _mm256_set1_epi32(0x00100001);
    __m256i sum[4];
    for (int i = 0; i < 4; i++) sum[i] = _mm256_madd_epi16(_mm256_maddubs_epi16(code[i], pair), quad);
    const __m256i all =
        _mm256_packus_epi16(_mm256_packus_epi32(sum[0], sum[1]), _mm256_packus_epi32(sum[2], sum[3]));
    return _mm256_permutevar8x32_epi32(all, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* code[2]: 64 bytes of 0..15. */
VL_TARGET_AVX2 static inline __m256i vl_pack4_avx2(const __m256i code[2])
{
    const __m256i pair = _mm256_set1_epi16(0x1001);
    const __m256i all =
        _mm256_packus_epi16(_mm256_maddubs_epi16(code[0], pair), _mm256_maddubs_epi16(code[1], pair));
    return _mm256_permute4x64_epi64(all, 0xd8);
}

/* 8 bytes to 32 codes, each looked up in table, which has its 16 entries twice. */
VL_TARGET_AVX2 static inline __m256i vl_unpack2_avx2(const uint8_t *src, __m256i table)
{
    __m256i x = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)src));
    x = _mm256_or_si256(x, _mm256_slli_epi32(x, 12));
    x = _mm256_or_si256(x, _mm256_slli_epi32(x, 6));
    return _mm256_shuffle_epi8(table, _mm256_and_si256(x, _mm256_set1_epi8(3)));
}

/* 16 bytes to 32 codes. */
VL_TARGET_AVX2 static inline __m256i vl_unpack4_avx2(const uint8_t *src, __m256i table)
{
    __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)src));
    x = _mm256_or_si256(x, _mm256_slli_epi16(x, 4));
    return _mm256_shuffle_epi8(table, _mm256_and_si256(x, _mm256_set1_epi8(15)));
}

/* The same in longer vectors: 256 codes of 2 bits, 128 of 4 bits. */
VL_TARGET_AVX512 static inline __m512i vl_pack2_avx512(const __m512i code[4])
{
    const __m512i pair = _mm512_set1_epi16(0x0401), quad = _mm512_set1_epi32(0x00100001);
    __m512i sum[4];
    for (int i = 0; i < 4; i++) sum[i] = _mm512_madd_epi16(_mm512_maddubs_epi16(code[i], pair), quad);
    const __m512i all =
        _mm512_packus_epi16(_mm512_packus_epi32(sum[0], sum[1]), _mm512_packus_epi32(sum[2], sum[3]));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, all);
}

VL_TARGET_AVX512 static inline __m512i vl_pack4_avx512(const __m512i code[2])
{
    const __m512i pair = _mm512_set1_epi16(0x1001);
    const __m512i all =
        _mm512_packus_epi16(_mm512_maddubs_epi16(code[0], pair), _mm512_maddubs_epi16(code[1], pair));
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), all);
}

/* 64 codes. */
VL_TARGET_AVX512 static inline __m512i vl_unpack2_avx512(const uint8_t *src, __m512i table)
{
    __m512i x = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)src));
    x = _mm512_or_si512(x, _mm512_slli_epi32(x, 12));
    x = _mm512_or_si512(x, _mm512_slli_epi32(x, 6));
    return _mm512_shuffle_epi8(table, _mm512_and_si512(x, _mm512_set1_epi8(3)));
}

VL_TARGET_AVX512 static inline __m512i vl_unpack4_avx512(const uint8_t *src, __m512i table)
{
    __m512i x = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const void *)src));
    x = _mm512_or_si512(x, _mm512_slli_epi16(x, 4));
    return _mm512_shuffle_epi8(table, _mm512_and_si512(x, _mm512_set1_epi8(15)));
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

/* code.val[j]: 16 codes j, j + 4, j + 8 ..., as vld4 brings them. */
static inline uint8x16_t vl_pack2_neon(uint8x16x4_t code)
{
    const uint8x16_t low = vsliq_n_u8(code.val[0], code.val[1], 2);
    return vsliq_n_u8(low, vsliq_n_u8(code.val[2], code.val[3], 2), 4);
}

static inline uint8x16x4_t vl_unpack2_neon(uint8x16_t x, uint8x16_t table)
{
    const uint8x16_t three = vdupq_n_u8(3);
    const uint8x16x4_t letter = {
        { vqtbl1q_u8(table, vandq_u8(x, three)), vqtbl1q_u8(table, vandq_u8(vshrq_n_u8(x, 2), three)),
          vqtbl1q_u8(table, vandq_u8(vshrq_n_u8(x, 4), three)), vqtbl1q_u8(table, vshrq_n_u8(x, 6)) }
    };
    return letter;
}
#endif

#endif
