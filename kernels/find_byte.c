/*
 * Where a byte is in an array of bytes.
 *
 * count_byte  in: src [n]. Out: how many are equal to byte.
 * find_all    in: src [n], n < 2^32. Out: at [count], the positions of all that are equal, ascending; returns
 *             count. at has room for count + 16 entries, the last 16 of which may be overwritten with
 *             anything.
 * find_others the same of all that are not equal.
 *
 * The fast versions make a mask of 64 bits from 64 bytes, the first byte in the lowest bit, and work on
 * masks.
 */
#include "kernels/choose.h"

static size_t count_byte_scalar(const uint8_t *src, size_t n, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += src[i] == byte;
    return count;
}

static size_t find_all_scalar(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (src[i] == byte) at[count++] = (uint32_t)i;
    }
    return count;
}

static size_t find_others_scalar(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (src[i] != byte) at[count++] = (uint32_t)i;
    }
    return count;
}

#if defined(__x86_64__) || defined(__aarch64__)

/* The bits of a mask that stand for the left bytes that are still within src; left >= 1. */
static inline uint64_t within(size_t left) { return left < 64 ? ~(~UINT64_C(0) << left) : ~UINT64_C(0); }

/* Adds the count positions of mask, four at a time; up to three entries too many. */
static inline void positions(uint32_t *at, uint64_t mask, size_t count, size_t i)
{
    for (size_t k = 0; k < count; k += 4) {
        for (size_t j = 0; j < 4; j++) {
            at[k + j] = (uint32_t)i + (uint32_t)__builtin_ctzll(mask | UINT64_C(1) << 63);
            mask &= mask - 1;
        }
    }
}

#endif

#if defined(__x86_64__)
#include <immintrin.h>

VL_TARGET_AVX2 static inline uint64_t equal_avx2(const uint8_t *src, __m256i byte)
{
    const __m256i a = _mm256_loadu_si256((const void *)src), b = _mm256_loadu_si256((const void *)(src + 32));
    const uint32_t lo = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, byte));
    const uint32_t hi = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, byte));
    return (uint64_t)hi << 32 | lo;
}

VL_TARGET_AVX2 static size_t count_byte_avx2(const uint8_t *src, size_t n, uint8_t byte)
{
    const __m256i all = _mm256_set1_epi8((char)byte);
    size_t count = 0, i = 0;

    for (; n - i >= 64; i += 64) count += (size_t)__builtin_popcountll(equal_avx2(src + i, all));
    if (i < n) count += (size_t)__builtin_popcountll(equal_avx2(src + i, all) & within(n - i));
    return count;
}

VL_TARGET_AVX2 static inline size_t find_avx2(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte,
                                              uint64_t flip)
{
    const __m256i all = _mm256_set1_epi8((char)byte);
    size_t count = 0;

    for (size_t i = 0; i < n; i += 64) {
        const uint64_t mask = (equal_avx2(src + i, all) ^ flip) & within(n - i);
        const size_t more = (size_t)__builtin_popcountll(mask);
        positions(at + count, mask, more, i);
        count += more;
    }
    return count;
}

VL_TARGET_AVX2 static size_t find_all_avx2(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    return find_avx2(at, src, n, byte, 0);
}

VL_TARGET_AVX2 static size_t find_others_avx2(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    return find_avx2(at, src, n, byte, ~UINT64_C(0));
}

VL_TARGET_AVX512 static inline uint64_t equal_avx512(const uint8_t *src, __m512i byte)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(src), byte);
}

VL_TARGET_AVX512 static size_t count_byte_avx512(const uint8_t *src, size_t n, uint8_t byte)
{
    const __m512i all = _mm512_set1_epi8((char)byte);
    size_t count = 0, i = 0;

    for (; n - i >= 64; i += 64) count += (size_t)__builtin_popcountll(equal_avx512(src + i, all));
    if (i < n) count += (size_t)__builtin_popcountll(equal_avx512(src + i, all) & within(n - i));
    return count;
}

/* The positions of a mask are the bytes 0..63 that it selects, moved together. */
VL_TARGET_VBMI static inline size_t find_vbmi(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte,
                                              uint64_t flip)
{
    static const uint8_t from0[64] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                       32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                       48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63 };
    const __m512i all = _mm512_set1_epi8((char)byte), each = _mm512_loadu_si512(from0);
    size_t count = 0;

    for (size_t i = 0; i < n; i += 64) {
        const uint64_t mask = (equal_avx512(src + i, all) ^ flip) & within(n - i);
        const size_t more = (size_t)__builtin_popcountll(mask);
        __m512i selected = _mm512_maskz_compress_epi8(mask, each);
        for (size_t k = 0; k < more; k += 16) {
            const __m512i wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(selected));
            _mm512_storeu_si512(at + count + k, _mm512_add_epi32(wide, _mm512_set1_epi32((int)(uint32_t)i)));
            selected = _mm512_alignr_epi64(selected, selected, 2);
        }
        count += more;
    }
    return count;
}

VL_TARGET_VBMI static size_t find_all_vbmi(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    return find_vbmi(at, src, n, byte, 0);
}

VL_TARGET_VBMI static size_t find_others_vbmi(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    return find_vbmi(at, src, n, byte, ~UINT64_C(0));
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

static inline uint64_t equal_neon(const uint8_t *src, uint8x16_t byte)
{
    static const uint8_t bits[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
    const uint8x16_t bit = vld1q_u8(bits);
    const uint8x16_t a = vandq_u8(vceqq_u8(vld1q_u8(src), byte), bit);
    const uint8x16_t b = vandq_u8(vceqq_u8(vld1q_u8(src + 16), byte), bit);
    const uint8x16_t c = vandq_u8(vceqq_u8(vld1q_u8(src + 32), byte), bit);
    const uint8x16_t d = vandq_u8(vceqq_u8(vld1q_u8(src + 48), byte), bit);
    const uint8x16_t sum = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

static size_t count_byte_neon(const uint8_t *src, size_t n, uint8_t byte)
{
    const uint8x16_t all = vdupq_n_u8(byte);
    size_t count = 0, i = 0;

    while (n - i >= 16) { /* 255 times at most: a lane counts to that */
        uint8x16_t lane = vdupq_n_u8(0);
        for (int k = 0; k < 255 && n - i >= 16; k++, i += 16)
            lane = vsubq_u8(lane, vceqq_u8(vld1q_u8(src + i), all));
        count += vaddlvq_u8(lane);
    }
    return i < n ? count + count_byte_scalar(src + i, n - i, byte) : count;
}

static inline size_t find_neon(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte, uint64_t flip)
{
    const uint8x16_t all = vdupq_n_u8(byte);
    size_t count = 0;

    for (size_t i = 0; i < n; i += 64) {
        const uint64_t mask = (equal_neon(src + i, all) ^ flip) & within(n - i);
        const size_t more = (size_t)__builtin_popcountll(mask);
        positions(at + count, mask, more, i);
        count += more;
    }
    return count;
}

static size_t find_all_neon(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    return find_neon(at, src, n, byte, 0);
}

static size_t find_others_neon(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    return find_neon(at, src, n, byte, ~UINT64_C(0));
}
#endif

void vl_find_byte_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->count_byte = count_byte_scalar;
    k->find_all = find_all_scalar;
    k->find_others = find_others_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->count_byte = count_byte_avx2;
        k->find_all = find_all_avx2;
        k->find_others = find_others_avx2;
    }
    if (isa & VL_AVX512) k->count_byte = count_byte_avx512;
    if (isa & VL_VBMI) {
        k->find_all = find_all_vbmi;
        k->find_others = find_others_vbmi;
    }
#elif defined(__aarch64__)
    if (isa & VL_NEON) {
        k->count_byte = count_byte_neon;
        k->find_all = find_all_neon;
        k->find_others = find_others_neon;
    }
#endif
}
