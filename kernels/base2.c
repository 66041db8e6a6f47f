/*
 * Bases in two bits: A 0, C 1, T 2, G 3, four a byte, the first in the lowest two bits.
 *
 * base2_pack    in: src [n] letters. Out: dst [(n + 3) / 4]; odd [(n + 7) / 8], bit i (lowest first) set when
 *               src[i] is not one of upper case A C G T; such a letter is packed as 0. Unused high bits are
 * 0. Returns how many are odd. base2_unpack  in: src [(n + 3) / 4]. Out: dst [n] letters. dst and odd do not
 * overlap src.
 */
#include <string.h>

#include "kernels/pack2.h"

static size_t base2_pack_scalar(uint8_t *dst, uint8_t *odd, const uint8_t *src, size_t n)
{
    size_t nodd = 0;

    if (n == 0) return 0;
    memset(dst, 0, (n + 3) / 4);
    memset(odd, 0, (n + 7) / 8);
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = src[i];
        const unsigned plain = (c == 'A') | (c == 'C') | (c == 'T') | (c == 'G');
        const unsigned code = plain ? (c >> 1) & 3 : 0;
        dst[i / 4] = (uint8_t)(dst[i / 4] | code << (i % 4 * 2));
        odd[i / 8] = (uint8_t)(odd[i / 8] | (plain ^ 1) << (i % 8));
        nodd += plain ^ 1;
    }
    return nodd;
}

static void base2_unpack_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (uint8_t) "ACTG"[src[i / 4] >> (i % 4 * 2) & 3];
}

/*
 * The vector versions look up by a letter's low four bits which plain base it could be (A 1, C 3, T 4, G 7),
 * and compare. Entries for other low bits are 0, which no such letter is; entry 0 is 1 for the same reason.
 */
#if defined(__x86_64__) || defined(__aarch64__)
static const uint8_t plain_by_low[16] = { 1, 'A', 0, 'C', 'T', 0, 0, 'G' };
static const uint8_t letter_by_code[16] = { 'A', 'C', 'T', 'G' };
#endif

#if defined(__x86_64__)

/* 128 letters to 32 bytes and 16 bytes of odd bits. */
VL_TARGET_AVX2 static inline size_t pack128_avx2(uint8_t *dst, uint8_t *odd, const uint8_t *src)
{
    const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)plain_by_low));
    const __m256i three = _mm256_set1_epi8(3);
    __m256i code[4];
    uint32_t bits[4];

    for (int i = 0; i < 4; i++) {
        const __m256i c = _mm256_loadu_si256((const void *)(src + 32 * i));
        const __m256i plain = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, c), c);
        bits[i] = ~(uint32_t)_mm256_movemask_epi8(plain);
        code[i] = _mm256_and_si256(_mm256_srli_epi16(c, 1), _mm256_and_si256(plain, three));
    }
    _mm256_storeu_si256((void *)dst, vl_pack2_avx2(code));
    const uint64_t lo = (uint64_t)bits[1] << 32 | bits[0], hi = (uint64_t)bits[3] << 32 | bits[2];
    memcpy(odd, &lo, 8);
    memcpy(odd + 8, &hi, 8);
    return (size_t)__builtin_popcountll(lo) + (size_t)__builtin_popcountll(hi);
}

VL_TARGET_AVX2 static size_t base2_pack_avx2(uint8_t *dst, uint8_t *odd, const uint8_t *src, size_t n)
{
    size_t nodd = 0, i = 0;

    for (; n - i >= 128; i += 128) nodd += pack128_avx2(dst + i / 4, odd + i / 8, src + i);
    if (i < n) {
        uint8_t in[128], out[32], bits[16];
        memset(in, 'A', sizeof in); /* code 0, not odd */
        memcpy(in, src + i, n - i);
        nodd += pack128_avx2(out, bits, in);
        memcpy(dst + i / 4, out, (n - i + 3) / 4);
        memcpy(odd + i / 8, bits, (n - i + 7) / 8);
    }
    return nodd;
}

VL_TARGET_AVX2 static void base2_unpack_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)letter_by_code));
    size_t i = 0;

    for (; n - i >= 32; i += 32) _mm256_storeu_si256((void *)(dst + i), vl_unpack2_avx2(src + i / 4, table));
    if (i < n) {
        uint8_t out[32];
        _mm256_storeu_si256((void *)out, vl_unpack2_avx2(src + i / 4, table));
        memcpy(dst + i, out, n - i);
    }
}

VL_TARGET_AVX512 static void base2_unpack_avx512(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)letter_by_code));
    size_t i = 0;

    for (; n - i >= 64; i += 64) _mm512_storeu_si512(dst + i, vl_unpack2_avx512(src + i / 4, table));
    if (i < n)
        _mm512_mask_storeu_epi8(dst + i, ~(~UINT64_C(0) << (n - i)), vl_unpack2_avx512(src + i / 4, table));
}
#endif

#if defined(__aarch64__)

/* 64 letters to 16 bytes and 8 bytes of odd bits. */
static inline size_t pack64_neon(uint8_t *dst, uint8_t *odd, const uint8_t *src)
{
    const uint8x16_t table = vld1q_u8(plain_by_low), three = vdupq_n_u8(3), low = vdupq_n_u8(15);
    uint8x16x4_t c = vld4q_u8(src); /* val[j]: letters j, j + 4, ... */
    uint8x16_t bits[4];

    for (int j = 0; j < 4; j++) {
        const uint8x16_t plain = vceqq_u8(vqtbl1q_u8(table, vandq_u8(c.val[j], low)), c.val[j]);
        bits[j] = vbicq_u8(vdupq_n_u8((uint8_t)(1 << j)), plain);
        c.val[j] = vandq_u8(vandq_u8(vshrq_n_u8(c.val[j], 1), three), plain);
    }
    vst1q_u8(dst, vl_pack2_neon(c));
    const uint8x16_t four =
        vorrq_u8(vorrq_u8(bits[0], bits[1]), vorrq_u8(bits[2], bits[3]));             /* 4 bits a byte */
    const uint8x16_t joined = vorrq_u8(four, vshlq_n_u8(vextq_u8(four, four, 1), 4)); /* even bytes hold 8 */
    const uint8x8_t odds = vmovn_u16(vreinterpretq_u16_u8(joined));
    vst1_u8(odd, odds);
    return vaddv_u8(vcnt_u8(odds));
}

static size_t base2_pack_neon(uint8_t *dst, uint8_t *odd, const uint8_t *src, size_t n)
{
    size_t nodd = 0, i = 0;

    for (; n - i >= 64; i += 64) nodd += pack64_neon(dst + i / 4, odd + i / 8, src + i);
    if (i < n) {
        uint8_t in[64], out[16], bits[8];
        memset(in, 'A', sizeof in); /* code 0, not odd */
        memcpy(in, src + i, n - i);
        nodd += pack64_neon(out, bits, in);
        memcpy(dst + i / 4, out, (n - i + 3) / 4);
        memcpy(odd + i / 8, bits, (n - i + 7) / 8);
    }
    return nodd;
}

static void base2_unpack_neon(uint8_t *dst, const uint8_t *src, size_t n)
{
    const uint8x16_t table = vld1q_u8(letter_by_code);
    size_t i = 0;

    for (; n - i >= 64; i += 64) vst4q_u8(dst + i, vl_unpack2_neon(vld1q_u8(src + i / 4), table));
    if (i < n) base2_unpack_scalar(dst + i, src + i / 4, n - i);
}
#endif

void vl_base2_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->base2_pack = base2_pack_scalar;
    k->base2_unpack = base2_unpack_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->base2_pack = base2_pack_avx2;
        k->base2_unpack = base2_unpack_avx2;
    }
    if (isa & VL_AVX512) k->base2_unpack = base2_unpack_avx512;
#elif defined(__aarch64__)
    if (isa & VL_NEON) {
        k->base2_pack = base2_pack_neon;
        k->base2_unpack = base2_unpack_neon;
    }
#endif
}
