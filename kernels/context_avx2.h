/*
 * context_rans.c for AVX2: 8 lanes at once. Included there and nowhere else.
 */
#ifndef VL_CONTEXT_AVX2_H
#define VL_CONTEXT_AVX2_H

#include <stdbool.h>

#include "kernels/rans_avx2.h"

/* What is known of the rows of 8 lanes. */
typedef struct eight {
    __m256i history, last, second, third, unrest, mean, left, place, next;
} eight;

/* A model's numbers in registers. */
typedef struct wide8 {
    __m256i history_mask, second_mul, top_mul, mean_mul, mean_first, position_mul, position_end, best,
        from_best, change0, change1;
    __m256i steps[2]; /* steps_of as bytes, 16 in each half */
    __m128i sym_bits, second_bits, top_bits, mean_bits, mean_decay, position_bits, unrest_bits;
} wide8;

VL_TARGET_AVX2 static inline wide8 wide8_of(const vl_context *m)
{
    uint8_t steps[32];
    for (int i = 0; i < 32; i++) steps[i] = (uint8_t)m->steps_of[i];
    return (wide8){ .history_mask = _mm256_set1_epi32((int)m->history_mask),
                    .second_mul = _mm256_set1_epi32((int)m->second_mul),
                    .top_mul = _mm256_set1_epi32((int)m->top_mul),
                    .mean_mul = _mm256_set1_epi32((int)m->mean_mul),
                    .mean_first = _mm256_set1_epi32(vl_mean_first(m->nsymbol)),
                    .position_mul = _mm256_set1_epi32((int)m->position_mul),
                    .position_end = _mm256_set1_epi32((1 << m->position_bits) - 1),
                    .best = _mm256_set1_epi32((int)m->nsymbol - 1),
                    .from_best = _mm256_set1_epi32(m->from_best ? -1 : 0),
                    .change0 = _mm256_set1_epi32((int)m->change[0]),
                    .change1 = _mm256_set1_epi32((int)m->change[1]),
                    .steps = { _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)steps)),
                               _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(steps + 16))) },
                    .sym_bits = _mm_cvtsi32_si128((int)m->sym_bits),
                    .second_bits = _mm_cvtsi32_si128((int)m->second_bits),
                    .top_bits = _mm_cvtsi32_si128((int)m->top_bits),
                    .mean_bits = _mm_cvtsi32_si128((int)m->mean_bits),
                    .mean_decay = _mm_cvtsi32_si128((int)m->mean_decay),
                    .position_bits = _mm_cvtsi32_si128((int)m->position_bits),
                    .unrest_bits = _mm_cvtsi32_si128((int)m->unrest_bits) };
}

/* steps_of; a byte whose index has bit 7 becomes 0. */
VL_TARGET_AVX2 static inline __m256i steps8(const wide8 *w, __m256i unrest)
{
    const __m256i i = _mm256_min_epu32(unrest, _mm256_set1_epi32(31));
    const __m256i high = _mm256_cmpgt_epi32(i, _mm256_set1_epi32(15));
    const __m256i at = _mm256_or_si256(i, _mm256_set1_epi32((int)0x80808000));
    return _mm256_blendv_epi8(_mm256_shuffle_epi8(w->steps[0], at), _mm256_shuffle_epi8(w->steps[1], at),
                              high);
}

VL_TARGET_AVX2 static inline __m256i contexts8(const wide8 *w, const eight *p)
{
    const __m256i top = _mm256_max_epu32(p->second, p->third);
    const __m256i position = _mm256_min_epu32(
        _mm256_srli_epi32(_mm256_mullo_epi32(p->place, w->position_mul), 16), w->position_end);
    __m256i c = _mm256_and_si256(p->history, w->history_mask);
    c = _mm256_or_si256(_mm256_sll_epi32(c, w->second_bits),
                        _mm256_srli_epi32(_mm256_mullo_epi32(p->second, w->second_mul), 8));
    c = _mm256_or_si256(_mm256_sll_epi32(c, w->top_bits),
                        _mm256_srli_epi32(_mm256_mullo_epi32(top, w->top_mul), 8));
    c = _mm256_or_si256(_mm256_sll_epi32(c, w->mean_bits),
                        _mm256_srli_epi32(_mm256_mullo_epi32(p->mean, w->mean_mul), 18));
    c = _mm256_or_si256(_mm256_sll_epi32(c, w->position_bits), position);
    return _mm256_or_si256(_mm256_sll_epi32(c, w->unrest_bits), steps8(w, p->unrest));
}

VL_TARGET_AVX2 static inline void step8(const wide8 *w, eight *p, __m256i symbol)
{
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    const __m256i from = _mm256_blendv_epi8(p->last, w->best, w->from_best);
    const __m256i change = _mm256_abs_epi32(_mm256_sub_epi32(symbol, from));
    const __m256i quiet = _mm256_andnot_si256(w->from_best, _mm256_cmpeq_epi32(p->place, zero));
    const __m256i more =
        _mm256_add_epi32(_mm256_cmpgt_epi32(change, w->change0), _mm256_cmpgt_epi32(change, w->change1));
    p->unrest = _mm256_sub_epi32(p->unrest, _mm256_andnot_si256(quiet, more));
    p->third = p->second;
    p->second = p->last;
    p->last = symbol;
    p->history = _mm256_or_si256(_mm256_sll_epi32(p->history, w->sym_bits), symbol);
    const __m256i lacks = _mm256_sub_epi32(_mm256_slli_epi32(symbol, 10), p->mean);
    p->mean = _mm256_add_epi32(p->mean, _mm256_sra_epi32(lacks, w->mean_decay));
    p->place = _mm256_add_epi32(p->place, one);
    p->left = _mm256_sub_epi32(p->left, one);
}

VL_TARGET_AVX2 static inline void begin_rows8(const wide8 *w, eight *p, const uint32_t *length)
{
    const __m256i ends = _mm256_cmpeq_epi32(p->left, _mm256_setzero_si256());
    if (__builtin_expect(_mm256_testz_si256(ends, ends), 1)) return;
    p->left = _mm256_mask_i32gather_epi32(p->left, (const int *)(const void *)length, p->next, ends, 4);
    p->next = _mm256_sub_epi32(p->next, ends);
    p->history = _mm256_andnot_si256(ends, p->history);
    p->last = _mm256_andnot_si256(ends, p->last);
    p->second = _mm256_andnot_si256(ends, p->second);
    p->third = _mm256_andnot_si256(ends, p->third);
    p->unrest = _mm256_andnot_si256(ends, p->unrest);
    p->mean = _mm256_blendv_epi8(p->mean, w->mean_first, ends);
    p->place = _mm256_andnot_si256(ends, p->place);
}

VL_TARGET_AVX2 static inline eight begin_eight(const wide8 *w, const vl_lanes *at, size_t first)
{
    const __m256i zero = _mm256_setzero_si256();
    return (eight){ zero,
                    zero,
                    zero,
                    zero,
                    zero,
                    w->mean_first,
                    _mm256_loadu_si256((const void *)(at->left + first)),
                    _mm256_loadu_si256((const void *)(at->place + first)),
                    _mm256_loadu_si256((const void *)(at->next + first)) };
}

VL_TARGET_AVX2 static inline __m256i gather8(const void *table, __m256i at)
{
    return _mm256_i32gather_epi32(table, at, 4);
}

VL_TARGET_AVX2 static inline __m256i gather8_byte(const uint8_t *table, __m256i at)
{
    return _mm256_and_si256(_mm256_i32gather_epi32((const void *)table, at, 1), _mm256_set1_epi32(0xff));
}

VL_TARGET_AVX2 static inline __m256i load8_byte(const uint8_t *src)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)src));
}

VL_TARGET_AVX2 static void context_list_avx2(uint32_t *context, const uint8_t *sym, size_t nstep,
                                             const uint32_t *length, const vl_lanes *at, const vl_context *m)
{
    const wide8 w = wide8_of(m);
    for (size_t g = 0; g < at->n; g += VL_EIGHT) {
        eight p = begin_eight(&w, at, g);
        for (size_t i = g; i < nstep * at->n; i += at->n) {
            begin_rows8(&w, &p, length);
            _mm256_storeu_si256((void *)(context + i), contexts8(&w, &p));
            step8(&w, &p, _mm256_and_si256(load8_byte(sym + i), _mm256_set1_epi32(127)));
        }
    }
}

VL_TARGET_AVX2 static size_t context_freq_avx2(uint32_t *freq, uint32_t *other, const uint32_t *context,
                                               const uint8_t *sym, size_t n, const vl_context *m)
{
    const __m256i stride = _mm256_set1_epi32((int)m->stride), known = _mm256_set1_epi32(127);
    size_t nother = 0;
    for (size_t i = 0; i < n; i += VL_EIGHT) {
        const __m256i raw = load8_byte(sym + i);
        const __m256i cluster = gather8_byte(m->cluster, _mm256_loadu_si256((const void *)(context + i)));
        const __m256i row = _mm256_mullo_epi32(cluster, stride);
        __m256i f = gather8(m->freq, _mm256_add_epi32(row, _mm256_and_si256(raw, known)));
        const __m256i none =
            _mm256_or_si256(_mm256_cmpeq_epi32(f, _mm256_setzero_si256()), _mm256_cmpgt_epi32(raw, known));
        if (__builtin_expect(!_mm256_testz_si256(none, none), 0)) {
            f = _mm256_blendv_epi8(
                f, gather8(m->freq, _mm256_add_epi32(row, _mm256_set1_epi32((int)m->nsymbol))), none);
            for (unsigned rest = mask8(none); rest; rest &= rest - 1)
                other[nother++] = (uint32_t)i + (uint32_t)__builtin_ctz(rest);
        }
        _mm256_storeu_si256((void *)(freq + i), f);
    }
    return nother;
}

VL_TARGET_AVX2 static size_t rans_write_avx2(uint16_t *end, uint32_t *state, const uint32_t *freq,
                                             size_t nstep)
{
    enum { EIGHTS = VL_LANES / VL_EIGHT };
    uint16_t *word = end;
    __m256i x[EIGHTS];
    for (size_t g = 0; g < EIGHTS; g++) x[g] = _mm256_set1_epi32(1 << 16);
    for (size_t i = nstep * VL_LANES; i;)
        for (size_t g = EIGHTS; g-- > 0;) word = write8(word, &x[g], freq + (i -= VL_EIGHT));
    for (size_t g = 0; g < EIGHTS; g++) _mm256_storeu_si256((void *)(state + g * VL_EIGHT), x[g]);
    return (size_t)(end - word);
}

/* The symbols of 8 states, which go on; some need words then. */
VL_TARGET_AVX2 static inline __m256i read8(__m256i *state, __m256i context, const vl_context *m)
{
    const __m256i x = *state, cluster = gather8_byte(m->cluster, context),
                  slot = _mm256_and_si256(x, _mm256_set1_epi32(VL_FREQ_ALL - 1));
    const __m256i symbol =
        gather8_byte(m->slot, _mm256_or_si256(_mm256_slli_epi32(cluster, VL_FREQ_BITS), slot));
    const __m256i pair = gather8(
        m->freq, _mm256_add_epi32(_mm256_mullo_epi32(cluster, _mm256_set1_epi32((int)m->stride)), symbol));
    *state = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_and_si256(pair, _mm256_set1_epi32(0xffff)),
                                                 _mm256_srli_epi32(x, VL_FREQ_BITS)),
                              _mm256_sub_epi32(slot, _mm256_srli_epi32(pair, 16)));
    return symbol;
}

/* What stands for symbols without frequency, from others[*k] on; false: there are too few. */
VL_TARGET_AVX2 static bool others8(__m256i *symbol, unsigned none, size_t at, uint32_t *where,
                                   const uint8_t *other, size_t nother, size_t *k)
{
    uint32_t all[VL_EIGHT];
    _mm256_storeu_si256((void *)all, *symbol);
    for (; none; none &= none - 1) {
        const unsigned l = (unsigned)__builtin_ctz(none);
        if (*k == nother) return false;
        where[*k] = (uint32_t)(at + l);
        all[l] = other[(*k)++];
    }
    *symbol = _mm256_loadu_si256((const void *)all);
    return true;
}

VL_TARGET_AVX2 static size_t context_read_avx2(uint8_t *sym, uint32_t *where, const uint16_t *word,
                                               size_t nword, uint32_t *state, const uint8_t *other,
                                               size_t nother, size_t nstep, const uint32_t *length,
                                               const vl_lanes *at, const vl_context *m)
{
    enum { EIGHTS = VL_LANES / VL_EIGHT };
    const wide8 w = wide8_of(m);
    const __m256i last = _mm256_set1_epi32((int)m->nsymbol);
    const size_t ngroup = at->n / VL_EIGHT;
    eight p[EIGHTS];
    __m256i x[EIGHTS];
    size_t used = 0, k = 0;
    for (size_t g = 0; g < ngroup; g++) {
        p[g] = begin_eight(&w, at, g * VL_EIGHT);
        x[g] = _mm256_loadu_si256((const void *)(state + g * VL_EIGHT));
    }
    for (size_t i = 0; i < nstep * at->n;) {
        if (used > nword) return SIZE_MAX;
        for (size_t g = 0; g < ngroup; g++, i += VL_EIGHT) {
            begin_rows8(&w, &p[g], length);
            __m256i symbol = read8(&x[g], contexts8(&w, &p[g]), m);
            used += refill8(&x[g], word + used);
            const unsigned none = mask8(_mm256_cmpeq_epi32(symbol, last));
            if (__builtin_expect(none, 0) && !others8(&symbol, none, i, where, other, nother, &k))
                return SIZE_MAX;
            store8_byte(sym + i, symbol);
            step8(&w, &p[g], symbol);
        }
    }
    for (size_t g = 0; g < ngroup; g++) _mm256_storeu_si256((void *)(state + g * VL_EIGHT), x[g]);
    return used <= nword ? used : SIZE_MAX;
}

#endif
