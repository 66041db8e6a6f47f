/*
 * Where one of up to 8 motifs of 12 letters may begin: a quick look that misses none.
 *
 * motif_find  in: base [n], letters, n < 2^32; place [12][16]: by a place in the motif and the low half of
 *             the letter there, the set of motifs, a bit each, that have such a letter there. Only the places
 *             0, 2, 4, 7, 9 and 11 are looked at. Out: at [count], ascending, the positions from which 12
 *             letters are left, and set [count], which is not empty: the motifs that have all six letters.
 *             Returns count. at and set have room for n.
 *
 * The fast versions look up 32 or 64 letters at once: a set is a byte, and there are 16 of them a place.
 */
#include "kernels/choose.h"

enum { MOTIF = 12, PLACES = 6 };
static const uint8_t looked_at[PLACES] = { 0, 2, 4, 7, 9, 11 };

static size_t find_from(uint32_t *at, uint8_t *set, const uint8_t *base, size_t i, size_t n,
                        const uint8_t *place)
{
    size_t count = 0;
    for (; i + MOTIF <= n; i++) {
        unsigned left = place[base[i] & 15] & place[16 * looked_at[1] + (base[i + looked_at[1]] & 15)] &
                        place[16 * looked_at[2] + (base[i + looked_at[2]] & 15)];
        for (int p = 3; p < PLACES && left; p++) /* seldom: three at once leave little to guess */
            left &= place[16 * looked_at[p] + (base[i + looked_at[p]] & 15)];
        if (!left) continue;
        at[count] = (uint32_t)i;
        set[count++] = (uint8_t)left;
    }
    return count;
}

static size_t motif_find_scalar(uint32_t *at, uint8_t *set, const uint8_t *base, size_t n,
                                const uint8_t *place)
{
    return find_from(at, set, base, 0, n, place);
}

#if defined(__x86_64__)
#include <immintrin.h>

VL_TARGET_AVX2 static size_t motif_find_avx2(uint32_t *at, uint8_t *set, const uint8_t *base, size_t n,
                                             const uint8_t *place)
{
    const __m256i low = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
    __m256i sets[PLACES];
    uint8_t found[32];
    size_t count = 0, i = 0;

    for (int p = 0; p < PLACES; p++)
        sets[p] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(place + 16 * looked_at[p])));
    for (; i + 32 + MOTIF <= n; i += 32) {
        __m256i left = _mm256_set1_epi8(-1);
        for (int p = 0; p < PLACES; p++) {
            const __m256i c = _mm256_loadu_si256((const void *)(base + i + looked_at[p]));
            left = _mm256_and_si256(left, _mm256_shuffle_epi8(sets[p], _mm256_and_si256(c, low)));
        }
        unsigned mask = ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(left, zero));
        if (mask) _mm256_storeu_si256((void *)found, left);
        for (; mask; mask &= mask - 1) {
            const unsigned k = (unsigned)__builtin_ctz(mask);
            at[count] = (uint32_t)(i + k);
            set[count++] = found[k];
        }
    }
    return count + find_from(at + count, set + count, base, i, n, place);
}

VL_TARGET_AVX512 static size_t motif_find_avx512(uint32_t *at, uint8_t *set, const uint8_t *base, size_t n,
                                                 const uint8_t *place)
{
    const __m512i low = _mm512_set1_epi8(15);
    __m512i sets[PLACES];
    uint8_t found[64];
    size_t count = 0, i = 0;

    for (int p = 0; p < PLACES; p++)
        sets[p] = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)(place + 16 * looked_at[p])));
    for (; i + 64 + MOTIF <= n; i += 64) {
        __m512i left = _mm512_set1_epi8(-1);
        for (int p = 0; p < PLACES; p++) {
            const __m512i c = _mm512_loadu_si512((const void *)(base + i + looked_at[p]));
            left = _mm512_and_si512(left, _mm512_shuffle_epi8(sets[p], _mm512_and_si512(c, low)));
        }
        uint64_t mask = _mm512_test_epi8_mask(left, left);
        if (mask) _mm512_storeu_si512((void *)found, left);
        for (; mask; mask &= mask - 1) {
            const unsigned k = (unsigned)__builtin_ctzll(mask);
            at[count] = (uint32_t)(i + k);
            set[count++] = found[k];
        }
    }
    return count + find_from(at + count, set + count, base, i, n, place);
}
#endif

void vl_motif_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->motif_find = motif_find_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) k->motif_find = motif_find_avx2;
    if (isa & VL_AVX512) k->motif_find = motif_find_avx512;
#endif
}
