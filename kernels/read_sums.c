/*
 * One number a read, from the bytes of the read.
 *
 * Read i is the bytes offset[i] .. offset[i + 1] of the array; offset [nread + 1] ascends.
 *
 * read_sum  in: byte. Out: sum [nread], of all bytes of each read.
 * read_gc   in: base, letters; length [nread], none longer than its read. Out: gc [nread], how many of the
 *           first length[i] letters are G or C, in either case.
 */
#include "kernels/choose.h"

static void read_sum_scalar(uint64_t *sum, const uint8_t *byte, const uint64_t *offset, size_t nread)
{
    for (size_t i = 0; i < nread; i++) {
        uint64_t n = 0;
        for (uint64_t k = offset[i]; k < offset[i + 1]; k++) n += byte[k];
        sum[i] = n;
    }
}

/* G is 0x47, C 0x43: alike but for one bit, and small letters have one bit more. */
enum { ALIKE = 0xdb };
static int is_gc(uint8_t c) { return (c & ALIKE) == ('C' & ALIKE); }

static void read_gc_scalar(uint64_t *gc, const uint8_t *base, const uint64_t *offset, const uint64_t *length,
                           size_t nread)
{
    for (size_t i = 0; i < nread; i++) {
        uint64_t n = 0;
        for (uint64_t k = offset[i]; k < offset[i] + length[i]; k++) n += (uint64_t)is_gc(base[k]);
        gc[i] = n;
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

/* At 32 - n: n bytes that are all ones, then zeros. */
static const uint8_t first_of_32[64] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                         255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                         255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };

VL_TARGET_AVX2 static inline uint64_t sum_of_4(__m256i v)
{
    const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return (uint64_t)_mm_cvtsi128_si64(two) + (uint64_t)_mm_extract_epi64(two, 1);
}

VL_TARGET_AVX2 static void read_sum_avx2(uint64_t *sum, const uint8_t *byte, const uint64_t *offset,
                                         size_t nread)
{
    const __m256i zero = _mm256_setzero_si256();
    for (size_t i = 0; i < nread; i++) {
        const uint8_t *at = byte + offset[i];
        uint64_t left = offset[i + 1] - offset[i];
        __m256i all = zero;
        for (; left >= 32; left -= 32, at += 32)
            all = _mm256_add_epi64(all, _mm256_sad_epu8(_mm256_loadu_si256((const void *)at), zero));
        if (left) {
            const __m256i here = _mm256_loadu_si256((const void *)(first_of_32 + 32 - left));
            const __m256i c = _mm256_and_si256(_mm256_loadu_si256((const void *)at), here);
            all = _mm256_add_epi64(all, _mm256_sad_epu8(c, zero));
        }
        sum[i] = sum_of_4(all);
    }
}

VL_TARGET_AVX2 static void read_gc_avx2(uint64_t *gc, const uint8_t *base, const uint64_t *offset,
                                        const uint64_t *length, size_t nread)
{
    const __m256i alike = _mm256_set1_epi8((char)ALIKE), c = _mm256_set1_epi8('C' & ALIKE);
    for (size_t i = 0; i < nread; i++) {
        const uint8_t *at = base + offset[i];
        uint64_t left = length[i], n = 0;
        for (; left >= 32; left -= 32, at += 32) {
            const __m256i b = _mm256_and_si256(_mm256_loadu_si256((const void *)at), alike);
            n += (uint64_t)_mm_popcnt_u32((unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, c)));
        }
        if (left) {
            const __m256i b = _mm256_and_si256(_mm256_loadu_si256((const void *)at), alike);
            const unsigned mask = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, c));
            n += (uint64_t)_mm_popcnt_u32(mask & ((1u << left) - 1));
        }
        gc[i] = n;
    }
}
#endif

void vl_read_sums_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->read_sum = read_sum_scalar;
    k->read_gc = read_gc_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->read_sum = read_sum_avx2;
        k->read_gc = read_gc_avx2;
    }
#endif
}
