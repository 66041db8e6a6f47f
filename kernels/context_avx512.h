/*
 * context_rans.c for AVX-512: 16 lanes at once. Included there and nowhere else.
 */
#ifndef VL_CONTEXT_AVX512_H
#define VL_CONTEXT_AVX512_H

#include <immintrin.h>
#include <stdbool.h>

#include "kernels/choose.h"

/* What is known of the rows of 16 lanes. */
typedef struct sixteen {
    __m512i history, last, second, third, unrest, mean, left, place, next;
} sixteen;

/* A model's numbers in registers. */
typedef struct wide16 {
    __m512i history_mask, second_mul, top_mul, mean_mul, mean_first, position_mul, position_end, best,
        change0, change1, steps[2];
    __m128i sym_bits, second_bits, top_bits, mean_bits, mean_decay, position_bits, unrest_bits;
    __mmask16 from_best;
} wide16;

VL_TARGET_AVX512 static inline wide16 wide16_of(const vl_context *m)
{
    return (wide16){ .history_mask = _mm512_set1_epi32((int)m->history_mask),
                     .second_mul = _mm512_set1_epi32((int)m->second_mul),
                     .top_mul = _mm512_set1_epi32((int)m->top_mul),
                     .mean_mul = _mm512_set1_epi32((int)m->mean_mul),
                     .mean_first = _mm512_set1_epi32(vl_mean_first(m->nsymbol)),
                     .position_mul = _mm512_set1_epi32((int)m->position_mul),
                     .position_end = _mm512_set1_epi32((1 << m->position_bits) - 1),
                     .best = _mm512_set1_epi32((int)m->nsymbol - 1),
                     .change0 = _mm512_set1_epi32((int)m->change[0]),
                     .change1 = _mm512_set1_epi32((int)m->change[1]),
                     .steps = { _mm512_loadu_si512(m->steps_of), _mm512_loadu_si512(m->steps_of + 16) },
                     .sym_bits = _mm_cvtsi32_si128((int)m->sym_bits),
                     .second_bits = _mm_cvtsi32_si128((int)m->second_bits),
                     .top_bits = _mm_cvtsi32_si128((int)m->top_bits),
                     .mean_bits = _mm_cvtsi32_si128((int)m->mean_bits),
                     .mean_decay = _mm_cvtsi32_si128((int)m->mean_decay),
                     .position_bits = _mm_cvtsi32_si128((int)m->position_bits),
                     .unrest_bits = _mm_cvtsi32_si128((int)m->unrest_bits),
                     .from_best = m->from_best ? 0xffff : 0 };
}

VL_TARGET_AVX512 static inline __m512i contexts16(const wide16 *w, const sixteen *p)
{
    const __m512i top = _mm512_max_epu32(p->second, p->third);
    const __m512i position = _mm512_min_epu32(
        _mm512_srli_epi32(_mm512_mullo_epi32(p->place, w->position_mul), 16), w->position_end);
    const __m512i unrest = _mm512_permutex2var_epi32(
        w->steps[0], _mm512_min_epu32(p->unrest, _mm512_set1_epi32(31)), w->steps[1]);
    __m512i c = _mm512_and_si512(p->history, w->history_mask);
    c = _mm512_or_si512(_mm512_sll_epi32(c, w->second_bits),
                        _mm512_srli_epi32(_mm512_mullo_epi32(p->second, w->second_mul), 8));
    c = _mm512_or_si512(_mm512_sll_epi32(c, w->top_bits),
                        _mm512_srli_epi32(_mm512_mullo_epi32(top, w->top_mul), 8));
    c = _mm512_or_si512(_mm512_sll_epi32(c, w->mean_bits),
                        _mm512_srli_epi32(_mm512_mullo_epi32(p->mean, w->mean_mul), 18));
    c = _mm512_or_si512(_mm512_sll_epi32(c, w->position_bits), position);
    return _mm512_or_si512(_mm512_sll_epi32(c, w->unrest_bits), unrest);
}

VL_TARGET_AVX512 static inline void step16(const wide16 *w, sixteen *p, __m512i symbol)
{
    const __m512i from = _mm512_mask_mov_epi32(p->last, w->from_best, w->best);
    const __m512i change = _mm512_abs_epi32(_mm512_sub_epi32(symbol, from)), one = _mm512_set1_epi32(1);
    const __mmask16 counts = (__mmask16)(w->from_best | _mm512_test_epi32_mask(p->place, p->place));
    p->unrest = _mm512_mask_add_epi32(p->unrest, _mm512_mask_cmpgt_epu32_mask(counts, change, w->change0),
                                      p->unrest, one);
    p->unrest = _mm512_mask_add_epi32(p->unrest, _mm512_mask_cmpgt_epu32_mask(counts, change, w->change1),
                                      p->unrest, one);
    p->third = p->second;
    p->second = p->last;
    p->last = symbol;
    p->history = _mm512_or_si512(_mm512_sll_epi32(p->history, w->sym_bits), symbol);
    const __m512i lacks = _mm512_sub_epi32(_mm512_slli_epi32(symbol, 10), p->mean);
    p->mean = _mm512_add_epi32(p->mean, _mm512_sra_epi32(lacks, w->mean_decay));
    p->place = _mm512_add_epi32(p->place, one);
    p->left = _mm512_sub_epi32(p->left, one);
}

VL_TARGET_AVX512 static inline void begin_rows16(const wide16 *w, sixteen *p, const uint32_t *length)
{
    const __mmask16 goes = _mm512_test_epi32_mask(p->left, p->left), ends = (__mmask16)~goes;
    if (__builtin_expect(!ends, 1)) return;
    p->left = _mm512_mask_i32gather_epi32(p->left, ends, p->next, length, 4);
    p->next = _mm512_mask_add_epi32(p->next, ends, p->next, _mm512_set1_epi32(1));
    p->history = _mm512_maskz_mov_epi32(goes, p->history);
    p->last = _mm512_maskz_mov_epi32(goes, p->last);
    p->second = _mm512_maskz_mov_epi32(goes, p->second);
    p->third = _mm512_maskz_mov_epi32(goes, p->third);
    p->unrest = _mm512_maskz_mov_epi32(goes, p->unrest);
    p->mean = _mm512_mask_mov_epi32(w->mean_first, goes, p->mean);
    p->place = _mm512_maskz_mov_epi32(goes, p->place);
}

VL_TARGET_AVX512 static inline sixteen begin_sixteen(const wide16 *w, const vl_lanes *at, size_t first)
{
    const __m512i zero = _mm512_setzero_si512();
    return (sixteen){ zero,
                      zero,
                      zero,
                      zero,
                      zero,
                      w->mean_first,
                      _mm512_loadu_si512(at->left + first),
                      _mm512_loadu_si512(at->place + first),
                      _mm512_loadu_si512(at->next + first) };
}

VL_TARGET_AVX512 static inline __m512i gather16_byte(__m512i at, const uint8_t *table)
{
    return _mm512_and_si512(_mm512_i32gather_epi32(at, table, 1), _mm512_set1_epi32(0xff));
}

VL_TARGET_AVX512 static inline __m512i load16_byte(const uint8_t *src)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)src));
}

VL_TARGET_AVX512 static void context_list_avx512(uint32_t *context, const uint8_t *sym, size_t nstep,
                                                 const uint32_t *length, const vl_lanes *at,
                                                 const vl_context *m)
{
    const wide16 w = wide16_of(m);
    for (size_t g = 0; g < at->n; g += 16) {
        sixteen p = begin_sixteen(&w, at, g);
        for (size_t i = g; i < nstep * at->n; i += at->n) {
            begin_rows16(&w, &p, length);
            _mm512_storeu_si512(context + i, contexts16(&w, &p));
            step16(&w, &p, _mm512_and_si512(load16_byte(sym + i), _mm512_set1_epi32(127)));
        }
    }
}

VL_TARGET_AVX512 static size_t context_freq_avx512(uint32_t *freq, uint32_t *other, const uint32_t *context,
                                                   const uint8_t *sym, size_t n, const vl_context *m)
{
    const __m512i stride = _mm512_set1_epi32((int)m->stride), last = _mm512_set1_epi32((int)m->nsymbol),
                  known = _mm512_set1_epi32(127), not_known = _mm512_set1_epi32(128);
    size_t nother = 0;
    for (size_t i = 0; i < n; i += 16) {
        const __m512i raw = load16_byte(sym + i);
        const __m512i cluster = gather16_byte(_mm512_loadu_si512(context + i), m->cluster);
        const __m512i row = _mm512_mullo_epi32(cluster, stride);
        __m512i f = _mm512_i32gather_epi32(_mm512_add_epi32(row, _mm512_and_si512(raw, known)), m->freq, 4);
        const __mmask16 none =
            (__mmask16)(_mm512_testn_epi32_mask(f, f) | _mm512_test_epi32_mask(raw, not_known));
        if (__builtin_expect(none, 0)) {
            f = _mm512_mask_i32gather_epi32(f, none, _mm512_add_epi32(row, last), m->freq, 4);
            for (unsigned rest = none; rest; rest &= rest - 1)
                other[nother++] = (uint32_t)i + (uint32_t)__builtin_ctz(rest);
        }
        _mm512_storeu_si512(freq + i, f);
    }
    return nother;
}

/* (x + 1/2) / f rounded down, which is x / f: no whole number is nearer than 2^-13. That by which to multiply
 * is known before x is. */
VL_TARGET_AVX512 static inline __m256i divide8x(__m256i x, __m256i f)
{
    const __m512d part = _mm512_div_pd(_mm512_set1_pd(1), _mm512_cvtepu32_pd(f));
    return _mm512_cvttpd_epu32(
        _mm512_mul_pd(_mm512_add_pd(_mm512_cvtepu32_pd(x), _mm512_set1_pd(0.5)), part));
}

VL_TARGET_AVX512 static inline __m512i divide16(__m512i x, __m512i f)
{
    const __m256i low = divide8x(_mm512_castsi512_si256(x), _mm512_castsi512_si256(f)),
                  high = divide8x(_mm512_extracti64x4_epi64(x, 1), _mm512_extracti64x4_epi64(f, 1));
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* One step of 16 lanes; returns where their words begin. */
VL_TARGET_AVX512 static inline uint16_t *write16(uint16_t *word, __m512i *state, const uint32_t *freq)
{
    const __m512i pair = _mm512_loadu_si512(freq), first = _mm512_srli_epi32(pair, 16),
                  f = _mm512_and_si512(pair, _mm512_set1_epi32(0xffff));
    __m512i x = *state;
    const __mmask16 full = _mm512_cmpge_epu32_mask(_mm512_srli_epi32(x, 20), f);
    const unsigned nfull = (unsigned)__builtin_popcount(full);
    word -= nfull;
    _mm256_mask_storeu_epi16(word, (__mmask16)((1u << nfull) - 1),
                             _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(full, x)));
    x = _mm512_mask_srli_epi32(x, full, x, 16);
    const __m512i q = divide16(x, f), r = _mm512_sub_epi32(x, _mm512_mullo_epi32(q, f));
    *state = _mm512_add_epi32(_mm512_slli_epi32(q, VL_FREQ_BITS), _mm512_add_epi32(r, first));
    return word;
}

VL_TARGET_AVX512 static size_t rans_write_avx512(uint16_t *end, uint32_t *state, const uint32_t *freq,
                                                 size_t nstep)
{
    uint16_t *word = end;
    __m512i low = _mm512_set1_epi32(1 << 16), high = low;
    for (size_t i = nstep; i-- > 0;) {
        word = write16(word, &high, freq + i * VL_LANES + 16);
        word = write16(word, &low, freq + i * VL_LANES);
    }
    _mm512_storeu_si512(state, low);
    _mm512_storeu_si512(state + 16, high);
    return (size_t)(end - word);
}

/* The symbols of 16 states, which go on; some need words then. */
VL_TARGET_AVX512 static inline __m512i read16(__m512i *state, __m512i context, const vl_context *m)
{
    const __m512i x = *state, cluster = gather16_byte(context, m->cluster),
                  slot = _mm512_and_si512(x, _mm512_set1_epi32(VL_FREQ_ALL - 1)),
                  row = _mm512_mullo_epi32(cluster, _mm512_set1_epi32((int)m->stride));
    const __m512i symbol =
        gather16_byte(_mm512_or_si512(_mm512_slli_epi32(cluster, VL_FREQ_BITS), slot), m->slot);
    const __m512i pair = _mm512_i32gather_epi32(_mm512_add_epi32(row, symbol), m->freq, 4);
    *state = _mm512_add_epi32(_mm512_mullo_epi32(_mm512_and_si512(pair, _mm512_set1_epi32(0xffff)),
                                                 _mm512_srli_epi32(x, VL_FREQ_BITS)),
                              _mm512_sub_epi32(slot, _mm512_srli_epi32(pair, 16)));
    return symbol;
}

/* Words for the states that need them; returns how many. */
VL_TARGET_AVX512 static inline size_t refill16(__m512i *state, const uint16_t *word)
{
    const __mmask16 low = _mm512_cmplt_epu32_mask(*state, _mm512_set1_epi32(1 << 16));
    const __m512i next =
        _mm512_maskz_expand_epi32(low, _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)word)));
    *state = _mm512_mask_or_epi32(*state, low, _mm512_slli_epi32(*state, 16), next);
    return (size_t)__builtin_popcount(low);
}

/* What stands for symbols without frequency, from other[*k] on; false: there are too few. */
VL_TARGET_AVX512 static bool others16(__m512i *symbol, unsigned none, size_t at, uint32_t *where,
                                      const uint8_t *other, size_t nother, size_t *k)
{
    uint32_t all[16];
    _mm512_storeu_si512(all, *symbol);
    for (; none; none &= none - 1) {
        const unsigned l = (unsigned)__builtin_ctz(none);
        if (*k == nother) return false;
        where[*k] = (uint32_t)(at + l);
        all[l] = other[(*k)++];
    }
    *symbol = _mm512_loadu_si512(all);
    return true;
}

VL_TARGET_AVX512 static size_t context_read_avx512(uint8_t *sym, uint32_t *where, const uint16_t *word,
                                                   size_t nword, uint32_t *state, const uint8_t *other,
                                                   size_t nother, size_t nstep, const uint32_t *length,
                                                   const vl_lanes *at, const vl_context *m)
{
    enum { GROUPS = VL_LANES / 16 };
    const wide16 w = wide16_of(m);
    const __m512i last = _mm512_set1_epi32((int)m->nsymbol);
    const size_t ngroup = at->n / 16;
    sixteen p[GROUPS];
    __m512i x[GROUPS];
    size_t used = 0, k = 0;
    for (size_t g = 0; g < ngroup; g++) {
        p[g] = begin_sixteen(&w, at, g * 16);
        x[g] = _mm512_loadu_si512(state + g * 16);
    }
    for (size_t i = 0; i < nstep * at->n;) {
        if (used > nword) return SIZE_MAX;
        for (size_t g = 0; g < ngroup; g++, i += 16) {
            begin_rows16(&w, &p[g], length);
            __m512i symbol = read16(&x[g], contexts16(&w, &p[g]), m);
            used += refill16(&x[g], word + used);
            const __mmask16 none = _mm512_cmpeq_epi32_mask(symbol, last);
            if (__builtin_expect(none, 0) && !others16(&symbol, none, i, where, other, nother, &k))
                return SIZE_MAX;
            _mm_storeu_si128((void *)(sym + i), _mm512_cvtepi32_epi8(symbol));
            step16(&w, &p[g], symbol);
        }
    }
    for (size_t g = 0; g < ngroup; g++) _mm512_storeu_si512(state + g * 16, x[g]);
    return used <= nword ? used : SIZE_MAX;
}

#endif
