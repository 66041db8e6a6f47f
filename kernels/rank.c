/*
 * Bytes of at most 16 kinds, as ranks of 1, 2 or 4 bits, the first in the lowest bits of a byte.
 *
 * value [nvalue], nvalue 1..16: the kinds, ascending, no two equal. A rank takes 1 bit when nvalue <= 2, 2
 * bits when <= 4, else 4.
 *
 * rank_pack    in: src [n], each one of value. Out: dst [(n * bits + 7) / 8]; unused bits are 0.
 * rank_unpack  in: src [(n * bits + 7) / 8]. Out: dst [n]. A rank that has no value gives value[0].
 * dst and src do not overlap.
 */
#include <string.h>

#include "kernels/pack2.h"

static unsigned rank_bits(unsigned nvalue) { return nvalue <= 2 ? 1 : nvalue <= 4 ? 2 : 4; }

static void rank_pack_scalar(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value,
                             unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue), each = 8 / bits;
    uint8_t rank[256] = { 0 };

    for (unsigned r = 0; r < nvalue; r++) rank[value[r]] = (uint8_t)r;
    for (size_t i = 0; i < n; i += each) {
        unsigned byte = 0;
        for (unsigned j = 0; j < each && i + j < n; j++) byte |= (unsigned)rank[src[i + j]] << (j * bits);
        dst[i / each] = (uint8_t)byte;
    }
}

/* The table of 16 that a rank is looked up in. */
static void fill(uint8_t all[16], const uint8_t *value, unsigned nvalue)
{
    memset(all, value[0], 16);
    memcpy(all, value, nvalue);
}

static void rank_unpack_scalar(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value,
                               unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue), each = 8 / bits, mask = (1U << bits) - 1;
    uint8_t all[16];

    fill(all, value, nvalue);
    for (size_t i = 0; i < n; i += each) {
        const unsigned byte = *src++;
        for (unsigned j = 0; j < each && i + j < n; j++) dst[i + j] = all[byte >> (j * bits) & mask];
    }
}

/*
 * The vector versions work on whole blocks of BLOCK letters; the tail goes through a block on the stack,
 * filled up with value[0], which is rank 0.
 */
enum { BLOCK = 128 };

#if defined(__x86_64__)

/*
 * The rank is how many of value[1..] are at most the letter. Signed bytes are what AVX2 compares, so both
 * sides have the top bit flipped: floor [nvalue - 1] is value[1..] less one, flipped.
 */
VL_TARGET_AVX2 static inline void pack_block_avx2(uint8_t *dst, const uint8_t *src, const __m256i *floor,
                                                  unsigned nvalue)
{
    const __m256i flip = _mm256_set1_epi8((char)0x80);
    __m256i c[4], rank[4];

    for (int i = 0; i < 4; i++) {
        c[i] = _mm256_xor_si256(_mm256_loadu_si256((const void *)(src + 32 * i)), flip);
        rank[i] = _mm256_setzero_si256();
    }
    for (unsigned r = 0; r + 1 < nvalue; r++) {
        for (int i = 0; i < 4; i++) rank[i] = _mm256_sub_epi8(rank[i], _mm256_cmpgt_epi8(c[i], floor[r]));
    }
    if (nvalue <= 2) {
        for (int i = 0; i < 4; i++) {
            const int bits = _mm256_movemask_epi8(_mm256_slli_epi16(rank[i], 7));
            memcpy(dst + 4 * i, &bits, 4);
        }
    } else if (nvalue <= 4) {
        _mm256_storeu_si256((void *)dst, vl_pack2_avx2(rank));
    } else {
        _mm256_storeu_si256((void *)dst, vl_pack4_avx2(rank));
        _mm256_storeu_si256((void *)(dst + 32), vl_pack4_avx2(rank + 2));
    }
}

VL_TARGET_AVX2 static void rank_pack_avx2(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value,
                                          unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue);
    __m256i floor[15];
    size_t i = 0;

    for (unsigned r = 1; r < nvalue; r++) floor[r - 1] = _mm256_set1_epi8((char)((value[r] - 1) ^ 0x80));
    for (; n - i >= BLOCK; i += BLOCK) pack_block_avx2(dst + i / 8 * bits, src + i, floor, nvalue);
    if (i < n) {
        uint8_t in[BLOCK], out[BLOCK / 2];
        memset(in, value[0], sizeof in);
        memcpy(in, src + i, n - i);
        pack_block_avx2(out, in, floor, nvalue);
        memcpy(dst + i / 8 * bits, out, ((n - i) * bits + 7) / 8);
    }
}

/* 4 bytes to 32 letters: each byte goes to eight places, each place looks at its own bit. */
VL_TARGET_AVX2 static inline __m256i unpack1_avx2(const uint8_t *src, __m256i zero, __m256i one)
{
    const __m256i place = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
    int word;
    memcpy(&word, src, 4);
    const __m256i x = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(word), place), bit);
    return _mm256_blendv_epi8(zero, one, _mm256_cmpeq_epi8(x, bit));
}

VL_TARGET_AVX2 static inline void unpack_block_avx2(uint8_t *dst, const uint8_t *src, __m256i table,
                                                    unsigned bits)
{
    if (bits == 1) {
        const __m256i zero = _mm256_shuffle_epi8(table, _mm256_setzero_si256());
        const __m256i one = _mm256_shuffle_epi8(table, _mm256_set1_epi8(1));
        for (int i = 0; i < 4; i++)
            _mm256_storeu_si256((void *)(dst + 32 * i), unpack1_avx2(src + 4 * i, zero, one));
    } else if (bits == 2) {
        for (int i = 0; i < 4; i++)
            _mm256_storeu_si256((void *)(dst + 32 * i), vl_unpack2_avx2(src + 8 * i, table));
    } else {
        for (int i = 0; i < 4; i++)
            _mm256_storeu_si256((void *)(dst + 32 * i), vl_unpack4_avx2(src + 16 * i, table));
    }
}

VL_TARGET_AVX2 static void rank_unpack_avx2(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value,
                                            unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue);
    uint8_t all[16];
    size_t i = 0;

    fill(all, value, nvalue);
    const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)all));
    for (; n - i >= BLOCK; i += BLOCK) unpack_block_avx2(dst + i, src + i / 8 * bits, table, bits);
    if (i < n) {
        uint8_t out[BLOCK];
        unpack_block_avx2(out, src + i / 8 * bits, table, bits);
        memcpy(dst + i, out, n - i);
    }
}

/* 256 ranks. */
VL_TARGET_AVX512 static inline void pack256_avx512(uint8_t *dst, const __m512i rank[4], unsigned bits)
{
    if (bits == 1) {
        for (int i = 0; i < 4; i++) {
            const uint64_t mask = _mm512_test_epi8_mask(rank[i], rank[i]);
            memcpy(dst + 8 * i, &mask, 8);
        }
    } else if (bits == 2) {
        _mm512_storeu_si512(dst, vl_pack2_avx512(rank));
    } else {
        _mm512_storeu_si512(dst, vl_pack4_avx512(rank));
        _mm512_storeu_si512(dst + 64, vl_pack4_avx512(rank + 2));
    }
}

/* Ranks by a table of 128 entries, and another for letters from 128 on when there are such values. */
VL_TARGET_VBMI static void rank_pack_vbmi(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value,
                                          unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue);
    const int high = value[nvalue - 1] >= 128;
    uint8_t rank_of[256] = { 0 };
    size_t i = 0;

    for (unsigned r = 0; r < nvalue; r++) rank_of[value[r]] = (uint8_t)r;
    const __m512i t0 = _mm512_loadu_si512(rank_of), t1 = _mm512_loadu_si512(rank_of + 64);
    const __m512i t2 = _mm512_loadu_si512(rank_of + 128), t3 = _mm512_loadu_si512(rank_of + 192);
    for (; n - i >= 256; i += 256) {
        __m512i rank[4];
        for (size_t j = 0; j < 4; j++) {
            const __m512i c = _mm512_loadu_si512(src + i + 64 * j);
            rank[j] = _mm512_permutex2var_epi8(t0, c, t1);
            if (high)
                rank[j] = _mm512_mask_blend_epi8(_mm512_movepi8_mask(c), rank[j],
                                                 _mm512_permutex2var_epi8(t2, c, t3));
        }
        pack256_avx512(dst + i / 8 * bits, rank, bits);
    }
    if (i < n) rank_pack_avx2(dst + i / 8 * bits, src + i, n - i, value, nvalue);
}

VL_TARGET_AVX512 static inline __m512i unpack64_avx512(const uint8_t *src, __m512i table, unsigned bits)
{
    uint64_t mask;

    if (bits == 2) return vl_unpack2_avx512(src, table);
    if (bits == 4) return vl_unpack4_avx512(src, table);
    memcpy(&mask, src, 8);
    return _mm512_shuffle_epi8(table, _mm512_maskz_set1_epi8(mask, 1));
}

VL_TARGET_AVX512 static void rank_unpack_avx512(uint8_t *dst, const uint8_t *src, size_t n,
                                                const uint8_t *value, unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue);
    uint8_t all[16];
    size_t i = 0;

    fill(all, value, nvalue);
    const __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)all));
    for (; n - i >= 64; i += 64)
        _mm512_storeu_si512(dst + i, unpack64_avx512(src + i / 8 * bits, table, bits));
    if (i < n)
        _mm512_mask_storeu_epi8(dst + i, ~(~UINT64_C(0) << (n - i)),
                                unpack64_avx512(src + i / 8 * bits, table, bits));
}
#endif

#if defined(__aarch64__)

/* Rank of each of 16 letters: how many of value[1..] are at most the letter. */
static inline uint8x16_t rank_neon(uint8x16_t c, const uint8_t *value, unsigned nvalue)
{
    uint8x16_t rank = vdupq_n_u8(0);
    for (unsigned r = 1; r < nvalue; r++) rank = vsubq_u8(rank, vcgeq_u8(c, vdupq_n_u8(value[r])));
    return rank;
}

static inline void pack_block_neon(uint8_t *dst, const uint8_t *src, const uint8_t *value, unsigned nvalue)
{
    if (nvalue <= 2) {
        static const uint8_t shifts[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7 };
        const int8x16_t shift = vreinterpretq_s8_u8(vld1q_u8(shifts));
        for (int i = 0; i < BLOCK; i += 16) {
            const uint8x16_t bit = vshlq_u8(rank_neon(vld1q_u8(src + i), value, nvalue), shift);
            dst[i / 8] = vaddv_u8(vget_low_u8(bit));
            dst[i / 8 + 1] = vaddv_u8(vget_high_u8(bit));
        }
    } else if (nvalue <= 4) {
        for (int i = 0; i < BLOCK; i += 64) {
            uint8x16x4_t c = vld4q_u8(src + i);
            for (int j = 0; j < 4; j++) c.val[j] = rank_neon(c.val[j], value, nvalue);
            vst1q_u8(dst + i / 4, vl_pack2_neon(c));
        }
    } else {
        for (int i = 0; i < BLOCK; i += 32) {
            const uint8x16x2_t c = vld2q_u8(src + i);
            const uint8x16_t a = rank_neon(c.val[0], value, nvalue), b = rank_neon(c.val[1], value, nvalue);
            vst1q_u8(dst + i / 2, vsliq_n_u8(a, b, 4));
        }
    }
}

static void rank_pack_neon(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value, unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue);
    size_t i = 0;

    for (; n - i >= BLOCK; i += BLOCK) pack_block_neon(dst + i / 8 * bits, src + i, value, nvalue);
    if (i < n) {
        uint8_t in[BLOCK], out[BLOCK / 2];
        memset(in, value[0], sizeof in);
        memcpy(in, src + i, n - i);
        pack_block_neon(out, in, value, nvalue);
        memcpy(dst + i / 8 * bits, out, ((n - i) * bits + 7) / 8);
    }
}

static inline void unpack_block_neon(uint8_t *dst, const uint8_t *src, uint8x16_t table, unsigned bits)
{
    if (bits == 1) {
        static const uint8_t masks[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
        const uint8x16_t mask = vld1q_u8(masks), one = vdupq_n_u8(1);
        for (int i = 0; i < BLOCK; i += 16) {
            const uint8x16_t x = vcombine_u8(vdup_n_u8(src[i / 8]), vdup_n_u8(src[i / 8 + 1]));
            vst1q_u8(dst + i, vqtbl1q_u8(table, vandq_u8(vtstq_u8(x, mask), one)));
        }
    } else if (bits == 2) {
        for (int i = 0; i < BLOCK; i += 64) vst4q_u8(dst + i, vl_unpack2_neon(vld1q_u8(src + i / 4), table));
    } else {
        for (int i = 0; i < BLOCK; i += 32) {
            const uint8x16_t x = vld1q_u8(src + i / 2);
            const uint8x16x2_t letter = { { vqtbl1q_u8(table, vandq_u8(x, vdupq_n_u8(15))),
                                            vqtbl1q_u8(table, vshrq_n_u8(x, 4)) } };
            vst2q_u8(dst + i, letter);
        }
    }
}

static void rank_unpack_neon(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value,
                             unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue);
    uint8_t all[16];
    size_t i = 0;

    fill(all, value, nvalue);
    const uint8x16_t table = vld1q_u8(all);
    for (; n - i >= BLOCK; i += BLOCK) unpack_block_neon(dst + i, src + i / 8 * bits, table, bits);
    if (i < n) rank_unpack_scalar(dst + i, src + i / 8 * bits, n - i, value, nvalue);
}
#endif

void vl_rank_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->rank_pack = rank_pack_scalar;
    k->rank_unpack = rank_unpack_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->rank_pack = rank_pack_avx2;
        k->rank_unpack = rank_unpack_avx2;
    }
    if (isa & VL_AVX512) k->rank_unpack = rank_unpack_avx512;
    if (isa & VL_VBMI) k->rank_pack = rank_pack_vbmi;
#elif defined(__aarch64__)
    if (isa & VL_NEON) {
        k->rank_pack = rank_pack_neon;
        k->rank_unpack = rank_unpack_neon;
    }
#endif
}
