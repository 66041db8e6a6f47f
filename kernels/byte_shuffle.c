/*
 * Elements of width bytes, turned so that all first bytes come first, then all second bytes, and so on.
 *
 * byte_shuffle    in: src [nelem][width]. Out: dst [width][nelem]. width is 1..16.
 * byte_unshuffle  in: src [width][nelem]. Out: dst [nelem][width].
 * dst and src do not overlap.
 *
 * The vector versions know widths 2, 4 and 8 and take 32 elements at a time. A vector holds some of elements
 * 0..15 in its lower half and the same of elements 16..31 in its upper half, as most instructions stay within
 * a half.
 */
#include "kernels/choose.h"

/* Elements from..nelem. Not inlined: built for AVX2 these loops are slower. */
static __attribute__((noinline)) void shuffle_from(uint8_t *dst, const uint8_t *src, size_t nelem,
                                                   size_t width, size_t from)
{
    for (size_t i = from; i < nelem; i++) {
        for (size_t j = 0; j < width; j++) dst[j * nelem + i] = src[i * width + j];
    }
}

static __attribute__((noinline)) void unshuffle_from(uint8_t *dst, const uint8_t *src, size_t nelem,
                                                     size_t width, size_t from)
{
    for (size_t i = from; i < nelem; i++) {
        for (size_t j = 0; j < width; j++) dst[i * width + j] = src[j * nelem + i];
    }
}

static void byte_shuffle_scalar(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    shuffle_from(dst, src, nelem, width, 0);
}

static void byte_unshuffle_scalar(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    unshuffle_from(dst, src, nelem, width, 0);
}

#if defined(__x86_64__)
#include <immintrin.h>

/* 16 bytes from each of two places. */
VL_TARGET_AVX2 static inline __m256i load2(const uint8_t *lower, const uint8_t *upper)
{
    const __m128i a = _mm_loadu_si128((const void *)lower), b = _mm_loadu_si128((const void *)upper);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
}

VL_TARGET_AVX2 static inline void store2(uint8_t *lower, uint8_t *upper, __m256i x)
{
    _mm_storeu_si128((void *)lower, _mm256_castsi256_si128(x));
    _mm_storeu_si128((void *)upper, _mm256_extracti128_si256(x, 1));
}

VL_TARGET_AVX2 static inline __m256i within_half(__m256i x, uint64_t lo, uint64_t hi)
{
    const __m128i order = _mm_set_epi64x((long long)hi, (long long)lo);
    return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order));
}

VL_TARGET_AVX2 static inline void shuffle2(uint8_t *dst, const uint8_t *src, size_t nelem)
{
    const __m256i a = within_half(load2(src, src + 32), 0x0e0c0a0806040200, 0x0f0d0b0907050301);
    const __m256i b = within_half(load2(src + 16, src + 48), 0x0e0c0a0806040200, 0x0f0d0b0907050301);
    _mm256_storeu_si256((void *)dst, _mm256_unpacklo_epi64(a, b));
    _mm256_storeu_si256((void *)(dst + nelem), _mm256_unpackhi_epi64(a, b));
}

VL_TARGET_AVX2 static inline void unshuffle2(uint8_t *dst, const uint8_t *src, size_t nelem)
{
    const __m256i a = _mm256_loadu_si256((const void *)src),
                  b = _mm256_loadu_si256((const void *)(src + nelem));
    store2(dst, dst + 32, _mm256_unpacklo_epi8(a, b));
    store2(dst + 16, dst + 48, _mm256_unpackhi_epi8(a, b));
}

VL_TARGET_AVX2 static inline void shuffle4(uint8_t *dst, const uint8_t *src, size_t nelem)
{
    __m256i v[4];

    for (size_t i = 0; i < 4; i++)
        v[i] = within_half(load2(src + 16 * i, src + 64 + 16 * i), 0x0d0905010c080400, 0x0f0b07030e0a0602);
    const __m256i a = _mm256_unpacklo_epi32(v[0], v[1]), b = _mm256_unpackhi_epi32(v[0], v[1]);
    const __m256i c = _mm256_unpacklo_epi32(v[2], v[3]), d = _mm256_unpackhi_epi32(v[2], v[3]);
    _mm256_storeu_si256((void *)dst, _mm256_unpacklo_epi64(a, c));
    _mm256_storeu_si256((void *)(dst + nelem), _mm256_unpackhi_epi64(a, c));
    _mm256_storeu_si256((void *)(dst + 2 * nelem), _mm256_unpacklo_epi64(b, d));
    _mm256_storeu_si256((void *)(dst + 3 * nelem), _mm256_unpackhi_epi64(b, d));
}

VL_TARGET_AVX2 static inline void unshuffle4(uint8_t *dst, const uint8_t *src, size_t nelem)
{
    __m256i p[4];

    for (size_t j = 0; j < 4; j++) p[j] = _mm256_loadu_si256((const void *)(src + j * nelem));
    const __m256i a = _mm256_unpacklo_epi8(p[0], p[1]), b = _mm256_unpackhi_epi8(p[0], p[1]);
    const __m256i c = _mm256_unpacklo_epi8(p[2], p[3]), d = _mm256_unpackhi_epi8(p[2], p[3]);
    store2(dst, dst + 64, _mm256_unpacklo_epi16(a, c));
    store2(dst + 16, dst + 80, _mm256_unpackhi_epi16(a, c));
    store2(dst + 32, dst + 96, _mm256_unpacklo_epi16(b, d));
    store2(dst + 48, dst + 112, _mm256_unpackhi_epi16(b, d));
}

VL_TARGET_AVX2 static inline void shuffle8(uint8_t *dst, const uint8_t *src, size_t nelem)
{
    __m256i v[8], w[8];

    for (size_t i = 0; i < 8; i++) /* two elements in a half: byte j of both, for j 0..7 */
        v[i] = within_half(load2(src + 16 * i, src + 128 + 16 * i), 0x0b030a0209010800, 0x0f070e060d050c04);
    for (size_t i = 0; i < 4; i++) { /* four elements */
        w[i] = _mm256_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
        w[i + 4] = _mm256_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
    }
    for (size_t i = 0; i < 4;
         i++) { /* eight elements; v[2i], v[2i + 1]: elements 0..7 and 8..15 of bytes 2i, 2i + 1 */
        const __m256i *const x = w + i / 2 * 4;
        v[2 * i] = i % 2 ? _mm256_unpackhi_epi32(x[0], x[1]) : _mm256_unpacklo_epi32(x[0], x[1]);
        v[2 * i + 1] = i % 2 ? _mm256_unpackhi_epi32(x[2], x[3]) : _mm256_unpacklo_epi32(x[2], x[3]);
    }
    for (size_t i = 0; i < 4; i++) {
        _mm256_storeu_si256((void *)(dst + 2 * i * nelem), _mm256_unpacklo_epi64(v[2 * i], v[2 * i + 1]));
        _mm256_storeu_si256((void *)(dst + (2 * i + 1) * nelem),
                            _mm256_unpackhi_epi64(v[2 * i], v[2 * i + 1]));
    }
}

VL_TARGET_AVX2 static inline void unshuffle8(uint8_t *dst, const uint8_t *src, size_t nelem)
{
    __m256i p[8], w[8];

    for (size_t j = 0; j < 8; j++) p[j] = _mm256_loadu_si256((const void *)(src + j * nelem));
    for (size_t j = 0; j < 4; j++) { /* bytes 2j, 2j + 1 of elements 0..7, 8..15 */
        w[j] = _mm256_unpacklo_epi8(p[2 * j], p[2 * j + 1]);
        w[j + 4] = _mm256_unpackhi_epi8(p[2 * j], p[2 * j + 1]);
    }
    for (size_t i = 0; i < 2; i++) { /* bytes 0..3 and 4..7 of four elements */
        const __m256i *const x = w + 4 * i;
        p[4 * i] = _mm256_unpacklo_epi16(x[0], x[1]);
        p[4 * i + 1] = _mm256_unpacklo_epi16(x[2], x[3]);
        p[4 * i + 2] = _mm256_unpackhi_epi16(x[0], x[1]);
        p[4 * i + 3] = _mm256_unpackhi_epi16(x[2], x[3]);
    }
    for (size_t i = 0; i < 4; i++) {
        uint8_t *const at = dst + 32 * i;
        store2(at, at + 128, _mm256_unpacklo_epi32(p[2 * i], p[2 * i + 1]));
        store2(at + 16, at + 144, _mm256_unpackhi_epi32(p[2 * i], p[2 * i + 1]));
    }
}

VL_TARGET_AVX2 static void byte_shuffle_avx2(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    const size_t whole = nelem / 32 * 32;

    if (width != 2 && width != 4 && width != 8) {
        byte_shuffle_scalar(dst, src, nelem, width);
        return;
    }
    for (size_t i = 0; i < whole; i += 32) {
        switch (width) {
        case 2: shuffle2(dst + i, src + 2 * i, nelem); break;
        case 4: shuffle4(dst + i, src + 4 * i, nelem); break;
        default: shuffle8(dst + i, src + 8 * i, nelem);
        }
    }
    shuffle_from(dst, src, nelem, width, whole);
}

VL_TARGET_AVX2 static void byte_unshuffle_avx2(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    const size_t whole = nelem / 32 * 32;

    if (width != 2 && width != 4 && width != 8) {
        byte_unshuffle_scalar(dst, src, nelem, width);
        return;
    }
    for (size_t i = 0; i < whole; i += 32) {
        switch (width) {
        case 2: unshuffle2(dst + 2 * i, src + i, nelem); break;
        case 4: unshuffle4(dst + 4 * i, src + i, nelem); break;
        default: unshuffle8(dst + 8 * i, src + i, nelem);
        }
    }
    unshuffle_from(dst, src, nelem, width, whole);
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

/* 16 elements of 8 bytes: as two of 4 bytes, lower and upper half, then apart. */
static inline void shuffle8_neon(uint8_t *dst, const uint8_t *src, size_t nelem)
{
    const uint8x16x4_t a = vld4q_u8(src),
                       b = vld4q_u8(src + 64); /* byte j, j + 4 by turns; elements 0..7, 8..15 */
    for (size_t j = 0; j < 4; j++) {
        vst1q_u8(dst + j * nelem, vuzp1q_u8(a.val[j], b.val[j]));
        vst1q_u8(dst + (j + 4) * nelem, vuzp2q_u8(a.val[j], b.val[j]));
    }
}

static inline void unshuffle8_neon(uint8_t *dst, const uint8_t *src, size_t nelem)
{
    uint8x16x4_t a, b;
    for (size_t j = 0; j < 4; j++) {
        const uint8x16_t x = vld1q_u8(src + j * nelem), y = vld1q_u8(src + (j + 4) * nelem);
        a.val[j] = vzip1q_u8(x, y);
        b.val[j] = vzip2q_u8(x, y);
    }
    vst4q_u8(dst, a);
    vst4q_u8(dst + 64, b);
}

static void byte_shuffle_neon(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    const size_t whole = nelem / 16 * 16;

    if (width != 2 && width != 4 && width != 8) {
        byte_shuffle_scalar(dst, src, nelem, width);
        return;
    }
    for (size_t i = 0; i < whole; i += 16) {
        if (width == 2) {
            const uint8x16x2_t v = vld2q_u8(src + 2 * i);
            for (size_t j = 0; j < 2; j++) vst1q_u8(dst + j * nelem + i, v.val[j]);
        } else if (width == 4) {
            const uint8x16x4_t v = vld4q_u8(src + 4 * i);
            for (size_t j = 0; j < 4; j++) vst1q_u8(dst + j * nelem + i, v.val[j]);
        } else {
            shuffle8_neon(dst + i, src + 8 * i, nelem);
        }
    }
    shuffle_from(dst, src, nelem, width, whole);
}

static void byte_unshuffle_neon(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    const size_t whole = nelem / 16 * 16;

    if (width != 2 && width != 4 && width != 8) {
        byte_unshuffle_scalar(dst, src, nelem, width);
        return;
    }
    for (size_t i = 0; i < whole; i += 16) {
        if (width == 2) {
            const uint8x16x2_t v = { { vld1q_u8(src + i), vld1q_u8(src + nelem + i) } };
            vst2q_u8(dst + 2 * i, v);
        } else if (width == 4) {
            const uint8x16x4_t v = { { vld1q_u8(src + i), vld1q_u8(src + nelem + i),
                                       vld1q_u8(src + 2 * nelem + i), vld1q_u8(src + 3 * nelem + i) } };
            vst4q_u8(dst + 4 * i, v);
        } else {
            unshuffle8_neon(dst + 8 * i, src + i, nelem);
        }
    }
    unshuffle_from(dst, src, nelem, width, whole);
}
#endif

void vl_byte_shuffle_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->byte_shuffle = byte_shuffle_scalar;
    k->byte_unshuffle = byte_unshuffle_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->byte_shuffle = byte_shuffle_avx2;
        k->byte_unshuffle = byte_unshuffle_avx2;
    }
#elif defined(__aarch64__)
    if (isa & VL_NEON) {
        k->byte_shuffle = byte_shuffle_neon;
        k->byte_unshuffle = byte_unshuffle_neon;
    }
#endif
}
