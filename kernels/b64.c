/*
 * Base64, RFC 4648 section 4: three bytes are four letters of 6 bits, the highest bits first; the end is
 * padded with '='.
 *
 * b64_encode  in: src [n]. Out: dst [4 * ((n + 2) / 3)] letters; returns that number.
 * b64_decode  in: src [n] letters, read strictly: n is a multiple of 4, only the alphabet, padding only at
 * the very end, bits that carry nothing are 0. Out: dst, which has n / 4 * 3 bytes; returns how many are
 *             filled. *bad = n when all is well. Else *bad is the index of the first letter at fault, and
 * what is returned is the bytes of the whole groups of four before it. An incomplete last group of good
 *             letters is at fault where it starts; bits that should be 0, at the last letter before the
 * padding. What is in dst past the bytes returned is not specified. dst and src do not overlap.
 */
#include "kernels/choose.h"

static const uint8_t letters[64] = { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" };

enum { XX = 0x80 }; /* no letter of the alphabet */
static const uint8_t sextet[128] = {
    XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
    XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX, 63, 52, 53, 54, 55,
    56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX, XX, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
    13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, XX, XX, XX, XX, XX, XX, 26, 27, 28, 29, 30, 31, 32,
    33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX,
};

static unsigned six(uint8_t c) { return c < 128 ? sextet[c] : XX; }

static size_t b64_encode_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    uint8_t *out = dst;
    size_t i = 0;

    for (; n - i >= 3; i += 3, out += 4) {
        out[0] = letters[src[i] >> 2];
        out[1] = letters[(src[i] << 4 | src[i + 1] >> 4) & 63];
        out[2] = letters[(src[i + 1] << 2 | src[i + 2] >> 6) & 63];
        out[3] = letters[src[i + 2] & 63];
    }
    if (n - i > 0) {
        const uint8_t second = n - i == 2 ? src[i + 1] : 0;
        out[0] = letters[src[i] >> 2];
        out[1] = letters[(src[i] << 4 | second >> 4) & 63];
        out[2] = n - i == 2 ? letters[second << 2 & 63] : '=';
        out[3] = '=';
        out += 4;
    }
    return (size_t)(out - dst);
}

/* The group at src[i], which is not four letters of the alphabet, or not the last and whole: ends the
 * decoding. */
static size_t decode_end(uint8_t *dst, const uint8_t *src, size_t n, size_t i, size_t *bad)
{
    const size_t left = n - i < 4 ? n - i : 4, ndone = i / 4 * 3;
    unsigned v[4] = { 0 };
    size_t good = 0;

    while (good < left && (v[good] = six(src[i + good])) != XX) good++;
    if (left == 4 && n - i == 4 && good >= 2 && src[i + 3] == '=' && (good == 3 || src[i + 2] == '=')) {
        if (v[good - 1] & (good == 3 ? 3 : 15)) {
            *bad = i + good - 1;
            return ndone;
        }
        dst[ndone] = (uint8_t)(v[0] << 2 | v[1] >> 4);
        if (good == 3) dst[ndone + 1] = (uint8_t)(v[1] << 4 | v[2] >> 2);
        *bad = n;
        return ndone + good - 1;
    }
    *bad = good < left ? i + good : i; /* all good but incomplete: where it starts; n when nothing is left */
    return ndone;
}

/* Goes on at src[i]; what is before it is whole groups, decoded. */
static size_t decode_from(uint8_t *dst, const uint8_t *src, size_t n, size_t i, size_t *bad)
{
    for (; n - i >= 4; i += 4) {
        const unsigned a = six(src[i]), b = six(src[i + 1]), c = six(src[i + 2]), d = six(src[i + 3]);
        if ((a | b | c | d) & XX) break;
        uint8_t *const out = dst + i / 4 * 3;
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
    }
    return decode_end(dst, src, n, i, bad);
}

static size_t b64_decode_scalar(uint8_t *dst, const uint8_t *src, size_t n, size_t *bad)
{
    return decode_from(dst, src, n, 0, bad);
}

/*
 * The vector versions decode blocks that are all alphabet; the first block that is not, and the end, are left
 * to decode_from.
 */
#if defined(__x86_64__)
#include <immintrin.h>

/*
 * 24 bytes to 32 letters. Bytes a b c become the 16-bit words ab and bc, from which the four sextets are cut
 * by multiplying, which shifts each word by its own amount. A sextet's class is then 13 for A-Z, 0 for
 * a-z, 1..10 for digits, 11 and 12 for the last two; and the class gives what to add to it.
 */
VL_TARGET_AVX2 static inline __m256i encode24_avx2(const uint8_t *src)
{
    const __m128i order = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    const __m128i add = _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    const __m128i lower = _mm_loadu_si128((const void *)src),
                  upper = _mm_loadu_si128((const void *)(src + 12));
    __m256i x = _mm256_inserti128_si256(_mm256_castsi128_si256(lower), upper, 1);
    x = _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order));
    const __m256i even = _mm256_and_si256(x, _mm256_set1_epi32(0x0fc0fc00));
    const __m256i odd = _mm256_and_si256(x, _mm256_set1_epi32(0x003f03f0));
    const __m256i v = _mm256_or_si256(_mm256_mulhi_epu16(even, _mm256_set1_epi32(0x04000040)),
                                      _mm256_mullo_epi16(odd, _mm256_set1_epi32(0x01000010)));
    const __m256i upper_case = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), v);
    const __m256i class = _mm256_or_si256(_mm256_subs_epu8(v, _mm256_set1_epi8(51)),
                                          _mm256_and_si256(upper_case, _mm256_set1_epi8(13)));
    return _mm256_add_epi8(v, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(add), class));
}

VL_TARGET_AVX2 static size_t b64_encode_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    uint8_t *out = dst;
    size_t i = 0;

    for (; n - i >= 24; i += 24, out += 32) _mm256_storeu_si256((void *)out, encode24_avx2(src + i));
    return (size_t)(out - dst) + (i < n ? b64_encode_scalar(out, src + i, n - i) : 0);
}

/*
 * 32 letters to sextets; returns whether all are of the alphabet. By the high four bits of a letter, in bits
 * of kind: 1 is 2x, of which only 2b and 2f are good; 2 is 3x, to 39; 4 is 4x and 6x, from x1; 8 is 5x and
 * 7x, to xa; 16 is the rest. By its low four bits, in fault: the kinds for which those are no letter.
 */
VL_TARGET_AVX2 static inline int sextets_avx2(__m256i *v, __m256i c)
{
    const __m128i kind = _mm_setr_epi8(16, 16, 1, 2, 4, 8, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16);
    const __m128i fault =
        _mm_setr_epi8(16 + 4 + 1, 16 + 1, 16 + 1, 16 + 1, 16 + 1, 16 + 1, 16 + 1, 16 + 1, 16 + 1, 16 + 1,
                      16 + 2 + 1, 16 + 8 + 2, 16 + 8 + 2 + 1, 16 + 8 + 2 + 1, 16 + 8 + 2 + 1, 16 + 8 + 2);
    const __m128i add = _mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0,
                                      0, 0, 0, 0, 0, 0); /* by the high bits; '/' takes entry 1 */
    const __m256i low4 = _mm256_set1_epi8(15);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(c, 4), low4), low = _mm256_and_si256(c, low4);
    const __m256i kinds = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(kind), high);
    const __m256i faults = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(fault), low);
    const __m256i slash = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('/'));
    const __m256i class = _mm256_add_epi8(high, slash);
    *v = _mm256_add_epi8(c, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(add), class));
    return _mm256_testz_si256(kinds, faults);
}

VL_TARGET_AVX2 static size_t b64_decode_avx2(uint8_t *dst, const uint8_t *src, size_t n, size_t *bad)
{
    const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    size_t i = 0;

    for (; n - i >= 40; i += 32) { /* 28 bytes are written */
        __m256i v;
        if (!sextets_avx2(&v, _mm256_loadu_si256((const void *)(src + i)))) break;
        v = _mm256_maddubs_epi16(v, _mm256_set1_epi16(0x0140));  /* first * 64 + second */
        v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000)); /* first * 4096 + second: 24 bits */
        v = _mm256_shuffle_epi8(v,
                                _mm256_broadcastsi128_si256(order)); /* of which the highest byte is first */
        uint8_t *const out = dst + i / 4 * 3;
        _mm_storeu_si128((void *)out, _mm256_castsi256_si128(v));
        _mm_storeu_si128((void *)(out + 12), _mm256_extracti128_si256(v, 1));
    }
    return decode_from(dst, src, n, i, bad);
}

/*
 * 48 bytes to 64 letters. Bytes a b c become b a c b in 32 bits; multishift cuts the sextets out of that,
 * with two bits too many, which the look-up ignores.
 */
VL_TARGET_VBMI static size_t b64_encode_vbmi(uint8_t *dst, const uint8_t *src, size_t n)
{
    static const uint8_t bytes[64] = { 1,  0,  2,  1,  4,  3,  5,  4,  7,  6,  8,  7,  10, 9,  11, 10,
                                       13, 12, 14, 13, 16, 15, 17, 16, 19, 18, 20, 19, 22, 21, 23, 22,
                                       25, 24, 26, 25, 28, 27, 29, 28, 31, 30, 32, 31, 34, 33, 35, 34,
                                       37, 36, 38, 37, 40, 39, 41, 40, 43, 42, 44, 43, 46, 45, 47, 46 };
    const __m512i order = _mm512_loadu_si512(bytes), table = _mm512_loadu_si512(letters);
    const __m512i shift = _mm512_set1_epi64(0x3036242a1016040a); /* 10, 4, 22, 16; and the same + 32 */
    uint8_t *out = dst;
    size_t i = 0;

    for (; n - i >= 48; i += 48, out += 64) {
        const __m512i x = _mm512_permutexvar_epi8(order, _mm512_loadu_si512(src + i));
        const __m512i v = _mm512_multishift_epi64_epi8(shift, x);
        _mm512_storeu_si512(out, _mm512_permutexvar_epi8(v, table));
    }
    return (size_t)(out - dst) + (i < n ? b64_encode_avx2(out, src + i, n - i) : 0);
}

VL_TARGET_VBMI static size_t b64_decode_vbmi(uint8_t *dst, const uint8_t *src, size_t n, size_t *bad)
{
    static const uint8_t bytes[64] = { 2,  1,  0,  6,  5,  4,  10, 9,  8,  14, 13, 12, 18, 17, 16, 22,
                                       21, 20, 26, 25, 24, 30, 29, 28, 34, 33, 32, 38, 37, 36, 42, 41,
                                       40, 46, 45, 44, 50, 49, 48, 54, 53, 52, 58, 57, 56, 62, 61, 60 };
    const __m512i t0 = _mm512_loadu_si512(sextet), t1 = _mm512_loadu_si512(sextet + 64);
    const __m512i order = _mm512_loadu_si512(bytes);
    size_t i = 0;

    for (; n - i >= 64; i += 64) {
        const __m512i c = _mm512_loadu_si512(src + i);
        __m512i v = _mm512_permutex2var_epi8(t0, c, t1);
        if (_mm512_movepi8_mask(_mm512_or_si512(v, c))) break; /* XX, or not below 128 */
        v = _mm512_maddubs_epi16(v, _mm512_set1_epi16(0x0140));
        v = _mm512_madd_epi16(v, _mm512_set1_epi32(0x00011000));
        _mm512_mask_storeu_epi8(dst + i / 4 * 3, 0xffffffffffff, _mm512_permutexvar_epi8(order, v));
    }
    return decode_from(dst, src, n, i, bad);
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

static size_t b64_encode_neon(uint8_t *dst, const uint8_t *src, size_t n)
{
    const uint8x16x4_t table = vld1q_u8_x4(letters);
    const uint8x16_t low6 = vdupq_n_u8(63);
    uint8_t *out = dst;
    size_t i = 0;

    for (; n - i >= 48; i += 48, out += 64) {
        const uint8x16x3_t x = vld3q_u8(src + i);
        const uint8x16_t v0 = vshrq_n_u8(x.val[0], 2);
        const uint8x16_t v1 = vandq_u8(vsliq_n_u8(vshrq_n_u8(x.val[1], 4), x.val[0], 4), low6);
        const uint8x16_t v2 = vandq_u8(vsliq_n_u8(vshrq_n_u8(x.val[2], 6), x.val[1], 2), low6);
        const uint8x16_t v3 = vandq_u8(x.val[2], low6);
        const uint8x16x4_t text = { { vqtbl4q_u8(table, v0), vqtbl4q_u8(table, v1), vqtbl4q_u8(table, v2),
                                      vqtbl4q_u8(table, v3) } };
        vst4q_u8(out, text);
    }
    return (size_t)(out - dst) + (i < n ? b64_encode_scalar(out, src + i, n - i) : 0);
}

/* By two tables of 64; what is out of one's range gives 0 from tbl, and is kept by tbx. */
static inline uint8x16_t sextet_neon(uint8x16x4_t t0, uint8x16x4_t t1, uint8x16_t c)
{
    const uint8x16_t low = vqtbx4q_u8(vdupq_n_u8(XX), t0, c);
    return vqtbx4q_u8(low, t1, vsubq_u8(c, vdupq_n_u8(64)));
}

static size_t b64_decode_neon(uint8_t *dst, const uint8_t *src, size_t n, size_t *bad)
{
    const uint8x16x4_t t0 = vld1q_u8_x4(sextet), t1 = vld1q_u8_x4(sextet + 64);
    size_t i = 0;

    for (; n - i >= 64; i += 64) {
        const uint8x16x4_t c = vld4q_u8(src + i);
        const uint8x16_t v0 = sextet_neon(t0, t1, c.val[0]), v1 = sextet_neon(t0, t1, c.val[1]);
        const uint8x16_t v2 = sextet_neon(t0, t1, c.val[2]), v3 = sextet_neon(t0, t1, c.val[3]);
        if (vmaxvq_u8(vorrq_u8(vorrq_u8(v0, v1), vorrq_u8(v2, v3))) >= XX) break;
        const uint8x16x3_t x = { { vorrq_u8(vshlq_n_u8(v0, 2), vshrq_n_u8(v1, 4)),
                                   vorrq_u8(vshlq_n_u8(v1, 4), vshrq_n_u8(v2, 2)),
                                   vorrq_u8(vshlq_n_u8(v2, 6), v3) } };
        vst3q_u8(dst + i / 4 * 3, x);
    }
    return decode_from(dst, src, n, i, bad);
}
#endif

void vl_b64_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->b64_encode = b64_encode_scalar;
    k->b64_decode = b64_decode_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->b64_encode = b64_encode_avx2;
        k->b64_decode = b64_decode_avx2;
    }
    if (isa & VL_VBMI) {
        k->b64_encode = b64_encode_vbmi;
        k->b64_decode = b64_decode_vbmi;
    }
#elif defined(__aarch64__)
    if (isa & VL_NEON) {
        k->b64_encode = b64_encode_neon;
        k->b64_decode = b64_decode_neon;
    }
#endif
}
