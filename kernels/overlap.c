/*
 * Where the mates of a pair overlap: a fragment that is shorter than both reads together was read twice.
 *
 * mate_overlap  in: base, letters; offset [2 * npair + 1], ascending: read 2 i and read 2 i + 1 are mates.
 * Out:
 *               at [npair]: where the reverse complement of the second begins in the first; less than 0: it
 *               begins before, and both reads go on beyond the fragment; VL_NO_OVERLAP: nowhere.
 *
 * The first of the places 0, 1, 2 .., then 0, -1, -2 .. is taken at which more than 30 letters of each read
 * are left and, of the letters that lie upon each other, the first 50 differ in 5 at most, and in a fifth of
 * all. Letters of the first read are taken as they are; what is no A, C, G, T, in either case, in the second
 * is N.
 *
 * A place is looked at closely only where 11 of the first 16 letters may be alike, by two bits of each. The
 * fast version looks at all places at once: for each letter a row of bits says where a read has it, and rows
 * moved by 0 to 15 bits are summed up.
 */
#include "kernels/choose.h"

#include <stdbool.h>

enum { LEAST = 31, COMPARED = 50, MOST_WRONG = 5, SEED = 16 };
enum { NONE, A, C, G, T, N, CLASSES };

static const uint8_t class_of[256] = { ['A'] = A, ['C'] = C, ['G'] = G, ['T'] = T, ['N'] = N };
static const uint8_t complement[256] = {
    ['A'] = T, ['C'] = G, ['G'] = C, ['T'] = A, ['a'] = T, ['c'] = G, ['g'] = C, ['t'] = A
};

static inline unsigned complement_of(uint8_t c) { return complement[c] ? complement[c] : N; }

/* n letters from `one` on, and n before `end`, backwards. */
static bool fits(const uint8_t *one, const uint8_t *end, uint64_t n)
{
    const uint64_t compared = n < COMPARED ? n : COMPARED;
    const uint64_t most = n / 5 < MOST_WRONG ? n / 5 : MOST_WRONG;
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < compared; i++)
        if (class_of[one[i]] != complement_of(end[-1 - (int64_t)i]) && ++wrong > most) return false;
    return true;
}

static inline uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* 16 letters, two bits each, those of the next above: letters that are alike have the same bits. */
static inline uint32_t push(uint32_t window, uint8_t letter)
{
    return window >> 2 | (uint32_t)(letter >> 1 & 3) << 30;
}

static inline uint8_t turned(uint8_t c) { return (uint8_t) "?ACGTN"[complement_of(c)]; }

static inline bool is_likely(uint32_t a, uint32_t b)
{
    const uint32_t x = a ^ b;
    return __builtin_popcount((x | x >> 1) & 0x55555555) <= MOST_WRONG;
}

/* Either read may be too short for seeds. */
static int32_t overlap_of(const uint8_t *one, uint64_t n1, const uint8_t *two, uint64_t n2)
{
    const bool seeds = n1 >= LEAST && n2 >= LEAST;
    uint32_t first = 0, second = 0, window = 0;
    for (int i = 0; i < SEED && seeds; i++) {
        first = push(first, one[i]);
        second = push(second, turned(two[n2 - 1 - (uint64_t)i]));
    }
    window = first;
    for (uint64_t o = 0; o + LEAST <= n1; o++) {
        if ((!seeds || is_likely(window, second)) && fits(one + o, two + n2, least(n1 - o, n2)))
            return (int32_t)o;
        window = push(window, one[o + SEED]);
    }
    window = second;
    for (uint64_t o = 0; o + LEAST <= n2; o++) {
        if ((!seeds || is_likely(window, first)) && fits(one, two + n2 - o, least(n1, n2 - o)))
            return -(int32_t)o;
        window = push(window, turned(two[n2 - 1 - o - SEED]));
    }
    return VL_NO_OVERLAP;
}

static void mate_overlap_scalar(int32_t *at, const uint8_t *base, const uint64_t *offset, size_t npair)
{
    for (size_t i = 0; i < npair; i++, offset += 2)
        at[i] = overlap_of(base + offset[0], offset[1] - offset[0], base + offset[1], offset[2] - offset[1]);
}

#if defined(__x86_64__)
#include <immintrin.h>

enum {
    SHORTEST = 40,
    LONGEST = 512, /* reads: 64 letters before an end are within the pair; rows have room */
    FRONT = 4,
    WORDS = LONGEST / 64 + 2 * FRONT
};

typedef struct rows {
    uint64_t word[CLASSES][WORDS]; /* from FRONT on; zeros before and behind */
} rows;

VL_TARGET_AVX2 static inline uint64_t equal(__m256i low, __m256i high, char c)
{
    const __m256i v = _mm256_set1_epi8(c);
    const unsigned a = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, v));
    const unsigned b = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, v));
    return (uint64_t)b << 32 | a;
}

/* Where a read has each letter, or, as `second`, its complement. */
VL_TARGET_AVX2 static inline void fill_rows(rows *r, const uint8_t *base, uint64_t n, bool second)
{
    const __m256i large = _mm256_set1_epi8(second ? (char)0xdf : (char)0xff), zero = _mm256_setzero_si256();
    uint64_t k = FRONT;
    for (uint64_t i = 0; i < n; i += 64, k++) {
        const __m256i low = _mm256_and_si256(large, _mm256_loadu_si256((const void *)(base + i)));
        const __m256i high = _mm256_and_si256(large, _mm256_loadu_si256((const void *)(base + i + 32)));
        const uint64_t live = n - i < 64 ? (UINT64_C(1) << (n - i)) - 1 : UINT64_MAX;
        const uint64_t a = live & equal(low, high, 'A'), c = live & equal(low, high, 'C');
        const uint64_t g = live & equal(low, high, 'G'), t = live & equal(low, high, 'T');
        r->word[A][k] = second ? t : a;
        r->word[C][k] = second ? g : c;
        r->word[G][k] = second ? c : g;
        r->word[T][k] = second ? a : t;
        r->word[N][k] = live & (second ? ~(a | c | g | t) : equal(low, high, 'N'));
    }
    for (int c = A; c <= N; c++) {
        _mm256_storeu_si256((void *)r->word[c], zero);
        _mm256_storeu_si256((void *)(r->word[c] + k), zero);
    }
}

/* 256 bits, from bit j of the word on, or up to it. */
VL_TARGET_AVX2 static inline __m256i moved(const uint64_t *word, int j, bool down)
{
    const __m256i here = _mm256_loadu_si256((const void *)word);
    const __m256i next = _mm256_loadu_si256((const void *)(down ? word + 1 : word - 1));
    const __m128i by = _mm_cvtsi32_si128(j), rest = _mm_cvtsi32_si128(64 - j);
    return down ? _mm256_or_si256(_mm256_srl_epi64(here, by), _mm256_sll_epi64(next, rest))
                : _mm256_or_si256(_mm256_sll_epi64(here, by), _mm256_srl_epi64(next, rest));
}

/* Of 256 places those at which 11 of the 16 letters of `seed` lie upon the same. */
VL_TARGET_AVX2 static inline __m256i likely(const rows *r, size_t k, const uint8_t seed[SEED], bool down)
{
    __m256i c0 = _mm256_setzero_si256(), c1 = c0, c2 = c0, c3 = c0, c4 = c0; /* counts, a bit each */
    for (int j = 0; j < SEED; j += 2) {
        const __m256i a = moved(r->word[seed[j]] + k, j, down),
                      b = moved(r->word[seed[j + 1]] + k, j + 1, down);
        const __m256i x = _mm256_xor_si256(c0, a);
        const __m256i up1 = _mm256_or_si256(_mm256_and_si256(c0, a), _mm256_and_si256(x, b));
        const __m256i up2 = _mm256_and_si256(c1, up1), up3 = _mm256_and_si256(c2, up2);
        c0 = _mm256_xor_si256(x, b);
        c1 = _mm256_xor_si256(c1, up1);
        c2 = _mm256_xor_si256(c2, up2);
        c4 = _mm256_or_si256(c4, _mm256_and_si256(c3, up3));
        c3 = _mm256_xor_si256(c3, up3);
    }
    const __m256i three = _mm256_or_si256(c2, _mm256_and_si256(c1, c0)); /* 3 or more beside 8 */
    return _mm256_or_si256(c4, _mm256_and_si256(c3, three));
}

/* Which of the 32 letters from `one` on are those before `end`, backwards and complemented. */
VL_TARGET_AVX2 static inline uint32_t alike(const uint8_t *one, const uint8_t *end)
{
    const __m256i back = _mm256_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13,
                                          12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m256i self = _mm256_setr_epi8(0, 'A', 0, 'C', 'T', 0, 0, 'G', 0, 0, 0, 0, 0, 0, 0, 0, 0, 'A', 0,
                                          'C', 'T', 0, 0, 'G', 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i other =
        _mm256_setr_epi8('N', 'T', 'N', 'G', 'A', 'N', 'N', 'C', 'N', 'N', 'N', 'N', 'N', 'N', 'N', 'N', 'N',
                         'T', 'N', 'G', 'A', 'N', 'N', 'C', 'N', 'N', 'N', 'N', 'N', 'N', 'N', 'N');
    const __m256i raw = _mm256_loadu_si256((const void *)(end - 32)), low = _mm256_set1_epi8(15);
    const __m256i turned =
        _mm256_permute2x128_si256(_mm256_shuffle_epi8(raw, back), _mm256_shuffle_epi8(raw, back), 1);
    const __m256i c = _mm256_and_si256(turned, _mm256_set1_epi8((char)0xdf)),
                  nibble = _mm256_and_si256(c, low);
    const __m256i known = _mm256_cmpeq_epi8(c, _mm256_shuffle_epi8(self, nibble));
    const __m256i mate = _mm256_blendv_epi8(_mm256_set1_epi8('N'), _mm256_shuffle_epi8(other, nibble), known);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(mate, _mm256_loadu_si256((const void *)one)));
}

/* fits() for n of LEAST and more, with 64 letters before `end`. */
VL_TARGET_AVX2 static inline bool fits_avx2(const uint8_t *one, const uint8_t *end, uint64_t n)
{
    const uint64_t same = (uint64_t)alike(one + 32, end - 32) << 32 | alike(one, end);
    const uint64_t compared = (UINT64_C(1) << (n < COMPARED ? n : COMPARED)) - 1;
    return _mm_popcnt_u64(~same & compared) <= MOST_WRONG;
}

/* Of the 256 places of word k those that are likely; false: none is. */
typedef bool likely_places(uint64_t place[4], const rows *r, size_t k, const uint8_t seed[SEED], bool down);

VL_TARGET_AVX2 static bool likely_avx2(uint64_t place[4], const rows *r, size_t k, const uint8_t seed[SEED],
                                       bool down)
{
    const __m256i found = down ? likely(r, k, seed, true) : likely(r, k, seed, false);
    _mm256_storeu_si256((void *)place, found);
    return !_mm256_testz_si256(found, found);
}

/* Places 0, 1, 2 ..; -1: none. */
VL_TARGET_AVX2 static inline int64_t forward(const rows *r, likely_places *find, const uint8_t seed[SEED],
                                             const uint8_t *one, uint64_t n1, const uint8_t *end, uint64_t n2)
{
    for (uint64_t from = 0; from + LEAST <= n1; from += 256) {
        uint64_t place[4];
        if (!find(place, r, FRONT + from / 64, seed, true)) continue;
        for (uint64_t k = 0; k < 4; k++)
            for (; place[k]; place[k] &= place[k] - 1) {
                const uint64_t o = from + 64 * k + (uint64_t)__builtin_ctzll(place[k]);
                if (o + LEAST > n1) return -1;
                if (fits_avx2(one + o, end, least(n1 - o, n2))) return (int64_t)o;
            }
    }
    return -1;
}

/* Places 0, -1, -2 ..; 1: none. Bit b of the second read's rows is its end at place b + 1 - n2. */
VL_TARGET_AVX2 static inline int64_t backward(const rows *r, likely_places *find, const uint8_t seed[SEED],
                                              const uint8_t *one, uint64_t n1, const uint8_t *two,
                                              uint64_t n2)
{
    for (int64_t from = (int64_t)((n2 - 1) / 256 * 256); from >= 0; from -= 256) {
        uint64_t place[4];
        if (!find(place, r, FRONT + (uint64_t)from / 64, seed, false)) continue;
        for (int64_t k = 3; k >= 0; k--)
            while (place[k]) {
                const int bit = 63 - __builtin_clzll(place[k]);
                const uint64_t end = (uint64_t)(from + 64 * k + bit) + 1;
                place[k] ^= UINT64_C(1) << bit;
                if (end > n2) continue;
                if (end < LEAST) return 1;
                if (fits_avx2(one, two + end, least(n1, end))) return (int64_t)end - (int64_t)n2;
            }
    }
    return 1;
}

typedef void fill(rows *r, const uint8_t *base, uint64_t n, bool second);

VL_TARGET_AVX2 static void fill_avx2(rows *r, const uint8_t *base, uint64_t n, bool second)
{
    fill_rows(r, base, n, second);
}

VL_TARGET_AVX2 static inline void overlap_all(int32_t *at, const uint8_t *base, const uint64_t *offset,
                                              size_t npair, fill *fill_in, likely_places *find)
{
    rows first, second;
    for (int k = 0; k < WORDS; k++) second.word[NONE][k] = 0;
    for (size_t i = 0; i < npair; i++, offset += 2) {
        const uint8_t *const one = base + offset[0], *const two = base + offset[1];
        const uint64_t n1 = offset[1] - offset[0], n2 = offset[2] - offset[1];
        uint8_t seed[SEED];
        if (n1 < SHORTEST || n2 < SHORTEST || n1 > LONGEST || n2 > LONGEST) {
            at[i] = overlap_of(one, n1, two, n2);
            continue;
        }
        fill_in(&first, one, n1, false);
        for (int j = 0; j < SEED; j++) seed[j] = (uint8_t)complement_of(two[n2 - 1 - (uint64_t)j]);
        const int64_t place = forward(&first, find, seed, one, n1, two + n2, n2);
        at[i] = (int32_t)place;
        if (place >= 0) continue;
        fill_in(&second, two, n2, true);
        for (int j = 0; j < SEED; j++) seed[j] = class_of[one[j]];
        const int64_t before = backward(&second, find, seed, one, n1, two, n2);
        at[i] = before > 0 ? VL_NO_OVERLAP : (int32_t)before;
    }
}

VL_TARGET_AVX2 static void mate_overlap_avx2(int32_t *at, const uint8_t *base, const uint64_t *offset,
                                             size_t npair)
{
    overlap_all(at, base, offset, npair, fill_avx2, likely_avx2);
}

/* ---- AVX-512 with VBMI2: 64 letters are compared at once, rows moved and added up by one instruction each
 * ---- */

VL_TARGET_VBMI static void fill_vbmi(rows *r, const uint8_t *base, uint64_t n, bool second)
{
    const __m512i large = _mm512_set1_epi8(second ? (char)0xdf : (char)0xff);
    uint64_t k = FRONT;
    for (uint64_t i = 0; i < n; i += 64, k++) {
        const __m512i x = _mm512_and_si512(large, _mm512_loadu_si512(base + i));
        const uint64_t live = n - i < 64 ? (UINT64_C(1) << (n - i)) - 1 : UINT64_MAX;
        const uint64_t a = live & _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('A')),
                       c = live & _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('C')),
                       g = live & _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('G')),
                       t = live & _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('T'));
        r->word[A][k] = second ? t : a;
        r->word[C][k] = second ? g : c;
        r->word[G][k] = second ? c : g;
        r->word[T][k] = second ? a : t;
        r->word[N][k] = live & (second ? ~(a | c | g | t) : _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('N')));
    }
    for (int c = A; c <= N; c++) {
        _mm256_storeu_si256((void *)r->word[c], _mm256_setzero_si256());
        _mm256_storeu_si256((void *)(r->word[c] + k), _mm256_setzero_si256());
    }
}

VL_TARGET_VBMI static inline __m256i moved_vbmi(const uint64_t *word, int j, bool down)
{
    const __m256i here = _mm256_loadu_si256((const void *)word);
    const __m256i next = _mm256_loadu_si256((const void *)(down ? word + 1 : word - 1));
    const __m256i by = _mm256_set1_epi64x(j);
    return down ? _mm256_shrdv_epi64(here, next, by) : _mm256_shldv_epi64(here, next, by);
}

VL_TARGET_VBMI static inline bool places_vbmi(uint64_t place[4], const rows *r, size_t k,
                                              const uint8_t seed[SEED], bool down)
{
    enum { SUM = 0x96, CARRY = 0xe8, ALSO = 0xea /* a and b, or c */ };
    __m256i c0 = _mm256_setzero_si256(), c1 = c0, c2 = c0, c3 = c0, c4 = c0; /* counts, a bit each */
    for (int j = 0; j < SEED; j += 2) {
        const __m256i a = moved_vbmi(r->word[seed[j]] + k, j, down),
                      b = moved_vbmi(r->word[seed[j + 1]] + k, j + 1, down);
        const __m256i up1 = _mm256_ternarylogic_epi64(c0, a, b, CARRY);
        const __m256i up2 = _mm256_and_si256(c1, up1), up3 = _mm256_and_si256(c2, up2);
        c0 = _mm256_ternarylogic_epi64(c0, a, b, SUM);
        c1 = _mm256_xor_si256(c1, up1);
        c2 = _mm256_xor_si256(c2, up2);
        c4 = _mm256_ternarylogic_epi64(c3, up3, c4, ALSO);
        c3 = _mm256_xor_si256(c3, up3);
    }
    const __m256i three = _mm256_ternarylogic_epi64(c1, c0, c2, ALSO); /* 3 or more beside 8 */
    const __m256i found = _mm256_ternarylogic_epi64(c3, three, c4, ALSO);
    _mm256_storeu_si256((void *)place, found);
    return !_mm256_testz_si256(found, found);
}

VL_TARGET_VBMI static bool likely_vbmi(uint64_t place[4], const rows *r, size_t k, const uint8_t seed[SEED],
                                       bool down)
{
    return down ? places_vbmi(place, r, k, seed, true) : places_vbmi(place, r, k, seed, false);
}

VL_TARGET_AVX2 static void mate_overlap_vbmi(int32_t *at, const uint8_t *base, const uint64_t *offset,
                                             size_t npair)
{
    overlap_all(at, base, offset, npair, fill_vbmi, likely_vbmi);
}
#endif

void vl_overlap_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->mate_overlap = mate_overlap_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) k->mate_overlap = mate_overlap_avx2;
    if (isa & VL_VBMI) k->mate_overlap = mate_overlap_vbmi;
#endif
}
