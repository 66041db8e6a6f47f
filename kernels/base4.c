/*
 * Bases in four bits, as BAM has them (SAM specification, section 4.2): the number of the letter in
 * "=ACMGRSVTWYHKDBN", two a byte, the first in the upper bits.
 *
 * base4_pack    in: src [n] letters. Out: dst [(n + 1) / 2]; a letter that is none of these is packed as 0,
 *               and so are the lower bits behind an odd n. Returns how many are none.
 * base4_unpack  in: src [(n + 1) / 2]. Out: dst [n] letters.
 * dst does not overlap src.
 */
#include <string.h>

#include "kernels/choose.h"

static const uint8_t letter[16] = "=ACMGRSVTWYHKDBN"; /* and no 0 behind them */

/* Number of a letter, and a fifth bit: it is one. */
enum { KNOWN = 16 };
static const uint8_t number[256] = {
    ['='] = 16, ['A'] = 17, ['C'] = 18, ['M'] = 19, ['G'] = 20, ['R'] = 21, ['S'] = 22, ['V'] = 23,
    ['T'] = 24, ['W'] = 25, ['Y'] = 26, ['H'] = 27, ['K'] = 28, ['D'] = 29, ['B'] = 30, ['N'] = 31
};

static size_t base4_pack_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    size_t known = 0;

    for (size_t i = 0; i < n; i++) {
        const uint8_t c = number[src[i]];
        known += c / KNOWN;
        dst[i / 2] = (uint8_t)(i & 1 ? dst[i / 2] | (c & 15) : c << 4);
    }
    return n - known;
}

static void base4_unpack_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = letter[i & 1 ? src[i / 2] & 15 : src[i / 2] >> 4];
}

/*
 * The vector versions look up by a letter's low four bits which number it could have, in one table if the bit
 * above these is clear, in another if it is set; then they look up the letter of that number, and compare.
 */
#if defined(__x86_64__)
#include <immintrin.h>

static const uint8_t by_low[2][16] = { { 0, 1, 14, 2, 13, 0, 0, 4, 11, 0, 0, 12, 0, 3,
                                         15 },                              /* ABCD, GH, K, MN */
                                       { 0, 0, 5, 6, 8, 0, 7, 9, 0, 10 } }; /* RST, VW, Y */

/* 64 letters to 32 bytes. */
VL_TARGET_AVX2 static inline size_t pack64_avx2(uint8_t *dst, const uint8_t *src)
{
    const __m256i clear = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)by_low[0])),
                  set = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)by_low[1])),
                  letters = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)letter)),
                  weights = _mm256_set1_epi16(1 << 8 | 16);
    __m256i pair[2];
    size_t known = 0;

    for (int i = 0; i < 2; i++) {
        const __m256i c = _mm256_loadu_si256((const void *)(src + 32 * i));
        const __m256i code = _mm256_blendv_epi8(_mm256_shuffle_epi8(clear, c), _mm256_shuffle_epi8(set, c),
                                                _mm256_slli_epi16(c, 3));
        const __m256i is = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(letters, code), c);
        known += (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(is));
        pair[i] = _mm256_maddubs_epi16(_mm256_and_si256(code, is), weights);
    }
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(pair[0], pair[1]), 0xd8);
    _mm256_storeu_si256((void *)dst, bytes);
    return 64 - known;
}

VL_TARGET_AVX2 static size_t base4_pack_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    size_t nodd = 0, i = 0;

    for (; n - i >= 64; i += 64) nodd += pack64_avx2(dst + i / 2, src + i);
    if (i < n) {
        uint8_t in[64], out[32];
        memset(in, '=', sizeof in); /* number 0 */
        memcpy(in, src + i, n - i);
        nodd += pack64_avx2(out, in);
        memcpy(dst + i / 2, out, (n - i + 1) / 2);
    }
    return nodd;
}

/* 16 bytes to 32 letters. */
VL_TARGET_AVX2 static inline __m256i unpack32_avx2(const uint8_t *src, __m256i letters)
{
    const __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)src));
    const __m256i two = _mm256_or_si256(_mm256_srli_epi16(x, 4), _mm256_slli_epi16(x, 8));
    return _mm256_shuffle_epi8(letters, _mm256_and_si256(two, _mm256_set1_epi8(15)));
}

VL_TARGET_AVX2 static void base4_unpack_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m256i letters = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)letter));
    size_t i = 0;

    for (; n - i >= 32; i += 32) _mm256_storeu_si256((void *)(dst + i), unpack32_avx2(src + i / 2, letters));
    if (i < n) {
        uint8_t out[32];
        _mm256_storeu_si256((void *)out, unpack32_avx2(src + i / 2, letters));
        memcpy(dst + i, out, n - i);
    }
}

VL_TARGET_AVX512 static size_t base4_pack_avx512(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m512i clear = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)by_low[0])),
                  set = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)by_low[1])),
                  letters = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)letter)),
                  weights = _mm512_set1_epi16(1 << 8 | 16);
    size_t known = 0;

    for (size_t i = 0; i < n; i += 64) {
        const size_t left = n - i < 64 ? n - i : 64;
        const __mmask64 here = ~UINT64_C(0) >> (64 - left);
        const __m512i c = _mm512_maskz_loadu_epi8(here, src + i);
        const __m512i code = _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(clear, c),
                                                      _mm512_test_epi8_mask(c, _mm512_set1_epi8(16)), set, c);
        const __mmask64 is = here & _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(letters, code), c);
        const __m512i pair = _mm512_maddubs_epi16(_mm512_maskz_mov_epi8(is, code), weights);
        known += (size_t)__builtin_popcountll(is);
        _mm256_mask_storeu_epi8(dst + i / 2, (__mmask32)(~UINT32_C(0) >> (32 - (left + 1) / 2)),
                                _mm512_cvtepi16_epi8(pair));
    }
    return n - known;
}

VL_TARGET_AVX512 static void base4_unpack_avx512(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m512i letters = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)letter)),
                  low = _mm512_set1_epi8(15);

    for (size_t i = 0; i < n; i += 64) {
        const size_t left = n - i < 64 ? n - i : 64;
        const __m512i x = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const void *)(src + i / 2)));
        const __m512i two = _mm512_or_si512(_mm512_srli_epi16(x, 4), _mm512_slli_epi16(x, 8));
        _mm512_mask_storeu_epi8(dst + i, ~UINT64_C(0) >> (64 - left),
                                _mm512_shuffle_epi8(letters, _mm512_and_si512(two, low)));
    }
}
#endif

void vl_base4_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->base4_pack = base4_pack_scalar;
    k->base4_unpack = base4_unpack_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->base4_pack = base4_pack_avx2;
        k->base4_unpack = base4_unpack_avx2;
    }
    if (isa & VL_AVX512) {
        k->base4_pack = base4_pack_avx512;
        k->base4_unpack = base4_unpack_avx512;
    }
#endif
}
