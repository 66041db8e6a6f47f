/*
 * Symbols <-> 16-bit words, by the frequencies of their contexts (context.h): static rANS with 32-bit states,
 * 12-bit frequencies and 16-bit words (J. Duda, arXiv:1311.2540; interleaving: F. Giesen, arXiv:1402.3392),
 * one state for each of 16 lanes, whose words follow each other in the order in which they are read.
 *
 * Symbols lie lane by lane: sym [nstep * 16], step after step. A symbol with bit 7 set is one that the model
 * does not have, and bits 0..6 the one that stands for it in contexts. length [next + 1]: how long rows are,
 * none 0, with one behind the last that is never used up. The last steps of lanes that are short by then are
 * coded as any other.
 *
 * context_list   context [nstep * 16]: that of each symbol.
 * context_freq   freq [n]: first << 16 | frequency of each symbol in its context, of "another" where it has
 *                none; those are listed in other: place in sym, ascending. Returns how many; other has room
 *                for all. n is a multiple of 16; freq may be context.
 * rans_write     codes freq backwards; words end at end, and state is what reading starts from. Returns the
 *                words; there is room for one a symbol.
 * context_read   the other way: word [nword + 16], of which the last 16 are not used; other [nother]: the
 *                symbols that stand for others; where: their places in sym. Returns the words used, SIZE_MAX
 *                when words or others do not suffice. What is read of arbitrary words is arbitrary symbols,
 *                all <= nsymbol.
 */
#include <string.h>

#include "kernels/choose.h"

enum { LOW = 1 << 16, OTHER = 128 };

#define EACH_LANE for (int l = 0; l < VL_LANES; l++)

/* What is known of the row of each lane; loops over lanes become the compiler's vectors. */
typedef struct pasts {
    uint32_t history[VL_LANES], last[VL_LANES], second[VL_LANES], third[VL_LANES], unrest[VL_LANES],
        left[VL_LANES], place[VL_LANES], next[VL_LANES];
} pasts;

static void contexts_of(const vl_context *m, const pasts *p, uint32_t *restrict context)
{
    const uint32_t end = (1U << m->position_bits) - 1;
    const vl_context own = *m;
    EACH_LANE
    {
        const uint32_t top = p->second[l] > p->third[l] ? p->second[l] : p->third[l];
        const uint32_t position = p->place[l] * own.position_mul >> 16;
        uint32_t c = p->history[l] & own.history_mask;
        c = c << own.second_bits | p->second[l] * own.second_mul >> 8;
        c = c << own.top_bits | top * own.top_mul >> 8;
        c = c << own.position_bits | (position < end ? position : end);
        context[l] = c << own.unrest_bits;
    }
    EACH_LANE context[l] |= m->steps_of[p->unrest[l] < 31 ? p->unrest[l] : 31];
}

static void step(const vl_context *m, pasts *p, const uint32_t *restrict symbol)
{
    const vl_context own = *m;
    EACH_LANE
    {
        const uint32_t from = own.from_best ? own.nsymbol - 1 : p->last[l];
        const uint32_t change = symbol[l] > from ? symbol[l] - from : from - symbol[l];
        const uint32_t more = (uint32_t)(change > own.change[0]) + (uint32_t)(change > own.change[1]);
        p->unrest[l] += p->place[l] | own.from_best ? more : 0;
        p->third[l] = p->second[l];
        p->second[l] = p->last[l];
        p->last[l] = symbol[l];
        p->history[l] = p->history[l] << own.sym_bits | symbol[l];
        p->place[l]++;
        p->left[l]--;
    }
}

static void begin_row(pasts *p, int l, const uint32_t *length)
{
    p->history[l] = p->last[l] = p->second[l] = p->third[l] = p->unrest[l] = p->place[l] = 0;
    p->left[l] = length[p->next[l]++];
}

static void begin_rows(pasts *p, const uint32_t *length)
{
    uint32_t ends = 0;
    EACH_LANE ends |= (uint32_t)!p->left[l];
    if (!ends) return;
    EACH_LANE
    if (!p->left[l]) begin_row(p, l, length);
}

static void begin_lanes(pasts *p, const vl_lanes *at)
{
    *p = (pasts){ { 0 } };
    memcpy(p->left, at->left, sizeof p->left);
    memcpy(p->place, at->place, sizeof p->place);
    memcpy(p->next, at->next, sizeof p->next);
}

static void context_list_scalar(uint32_t *context, const uint8_t *sym, size_t nstep, const uint32_t *length,
                                const vl_lanes *at, const vl_context *m)
{
    pasts p;
    begin_lanes(&p, at);
    for (size_t i = 0; i < nstep * VL_LANES; i += VL_LANES) {
        uint32_t symbol[VL_LANES];
        EACH_LANE symbol[l] = sym[i + (size_t)l] & (OTHER - 1);
        begin_rows(&p, length);
        contexts_of(m, &p, context + i);
        step(m, &p, symbol);
    }
}

static size_t context_freq_scalar(uint32_t *freq, uint32_t *other, const uint32_t *context,
                                  const uint8_t *sym, size_t n, const vl_context *m)
{
    size_t nother = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t *const all = m->freq + m->cluster[context[i]] * m->stride;
        freq[i] = sym[i] & OTHER ? 0 : all[sym[i]];
        if (freq[i]) continue;
        freq[i] = all[m->nsymbol];
        other[nother++] = (uint32_t)i;
    }
    return nother;
}

static size_t rans_write_scalar(uint16_t *end, uint32_t *state, const uint32_t *freq, size_t nstep)
{
    uint16_t *word = end;
    for (int l = 0; l < VL_LANES; l++) state[l] = LOW;
    for (size_t i = nstep * VL_LANES; i-- > 0;) {
        const uint32_t f = freq[i] & 0xffff, first = freq[i] >> 16;
        uint32_t x = state[i % VL_LANES];
        const uint32_t full = x >> 20 >= f;
        word[-1] = (uint16_t)x; /* which is not taken when there is no need */
        word -= full;
        x >>= 16 * full;
        state[i % VL_LANES] = (x / f << VL_FREQ_BITS) + x % f + first;
    }
    return (size_t)(end - word);
}

/* The symbol of a state in a context; the state goes on. */
static uint32_t read_one(const vl_context *m, uint32_t context, uint32_t *state)
{
    const uint32_t slot = *state & (VL_FREQ_ALL - 1), cluster = m->cluster[context];
    const uint32_t symbol = m->slot[cluster << VL_FREQ_BITS | slot];
    const uint32_t f = m->freq[cluster * m->stride + symbol];
    *state = (f & 0xffff) * (*state >> VL_FREQ_BITS) + slot - (f >> 16);
    return symbol;
}

static size_t context_read_scalar(uint8_t *sym, uint32_t *where, const uint16_t *word, size_t nword,
                                  uint32_t *state, const uint8_t *other, size_t nother, size_t nstep,
                                  const uint32_t *length, const vl_lanes *at, const vl_context *m)
{
    pasts p;
    size_t used = 0, k = 0;
    begin_lanes(&p, at);
    for (size_t i = 0; i < nstep * VL_LANES; i += VL_LANES) {
        uint32_t context[VL_LANES], symbol[VL_LANES];
        begin_rows(&p, length);
        contexts_of(m, &p, context);
        EACH_LANE
        {
            uint32_t x = state[l];
            symbol[l] = read_one(m, context[l], &x);
            if (x < LOW) {
                if (used == nword) return SIZE_MAX;
                x = x << 16 | word[used++];
            }
            state[l] = x;
            if (symbol[l] == m->nsymbol) {
                if (k == nother) return SIZE_MAX;
                where[k] = (uint32_t)(i + (size_t)l);
                symbol[l] = other[k++];
            }
            sym[i + (size_t)l] = (uint8_t)symbol[l];
        }
        step(m, &p, symbol);
    }
    return used;
}

#if defined(__x86_64__)
#include "kernels/context_avx2.h"

/* The same, all lanes at once. */
typedef struct sixteen {
    __m512i history, last, second, third, unrest, left, place, next;
} sixteen;

/* A model's numbers in registers. */
typedef struct wide16 {
    __m512i history_mask, second_mul, top_mul, position_mul, position_end, best, change0, change1, steps[2];
    __m128i sym_bits, second_bits, top_bits, position_bits, unrest_bits;
    __mmask16 from_best;
} wide16;

VL_TARGET_AVX512 static inline wide16 wide16_of(const vl_context *m)
{
    return (wide16){ .history_mask = _mm512_set1_epi32((int)m->history_mask),
                     .second_mul = _mm512_set1_epi32((int)m->second_mul),
                     .top_mul = _mm512_set1_epi32((int)m->top_mul),
                     .position_mul = _mm512_set1_epi32((int)m->position_mul),
                     .position_end = _mm512_set1_epi32((1 << m->position_bits) - 1),
                     .best = _mm512_set1_epi32((int)m->nsymbol - 1),
                     .change0 = _mm512_set1_epi32((int)m->change[0]),
                     .change1 = _mm512_set1_epi32((int)m->change[1]),
                     .steps = { _mm512_loadu_si512(m->steps_of), _mm512_loadu_si512(m->steps_of + 16) },
                     .sym_bits = _mm_cvtsi32_si128((int)m->sym_bits),
                     .second_bits = _mm_cvtsi32_si128((int)m->second_bits),
                     .top_bits = _mm_cvtsi32_si128((int)m->top_bits),
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
    p->place = _mm512_add_epi32(p->place, one);
    p->left = _mm512_sub_epi32(p->left, one);
}

VL_TARGET_AVX512 static inline void begin_rows16(sixteen *p, const uint32_t *length)
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
    p->place = _mm512_maskz_mov_epi32(goes, p->place);
}

VL_TARGET_AVX512 static inline sixteen begin_sixteen(const vl_lanes *at)
{
    const __m512i zero = _mm512_setzero_si512();
    return (sixteen){ zero,
                      zero,
                      zero,
                      zero,
                      zero,
                      _mm512_loadu_si512(at->left),
                      _mm512_loadu_si512(at->place),
                      _mm512_loadu_si512(at->next) };
}

VL_TARGET_AVX512 static inline __m512i gather16_byte(__m512i at, const uint8_t *table)
{
    return _mm512_and_si512(_mm512_i32gather_epi32(at, table, 1), _mm512_set1_epi32(0xff));
}

VL_TARGET_AVX512 static void context_list_avx512(uint32_t *context, const uint8_t *sym, size_t nstep,
                                                 const uint32_t *length, const vl_lanes *at,
                                                 const vl_context *m)
{
    const wide16 w = wide16_of(m);
    sixteen p = begin_sixteen(at);
    for (size_t i = 0; i < nstep; i++) {
        begin_rows16(&p, length);
        const __m512i raw = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)(sym + i * VL_LANES)));
        _mm512_storeu_si512(context + i * VL_LANES, contexts16(&w, &p));
        step16(&w, &p, _mm512_and_si512(raw, _mm512_set1_epi32(OTHER - 1)));
    }
}

VL_TARGET_AVX512 static size_t context_freq_avx512(uint32_t *freq, uint32_t *other, const uint32_t *context,
                                                   const uint8_t *sym, size_t n, const vl_context *m)
{
    const __m512i stride = _mm512_set1_epi32((int)m->stride), last = _mm512_set1_epi32((int)m->nsymbol),
                  known = _mm512_set1_epi32(OTHER - 1), not_known = _mm512_set1_epi32(OTHER);
    size_t nother = 0;
    for (size_t i = 0; i < n; i += VL_LANES) {
        const __m512i raw = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)(sym + i)));
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

VL_TARGET_AVX512 static size_t rans_write_avx512(uint16_t *end, uint32_t *state, const uint32_t *freq,
                                                 size_t nstep)
{
    uint16_t *word = end;
    __m512i x = _mm512_set1_epi32(LOW);
    for (size_t i = nstep; i-- > 0;) {
        const __m512i pair = _mm512_loadu_si512(freq + i * VL_LANES);
        const __m512i f = _mm512_and_si512(pair, _mm512_set1_epi32(0xffff)),
                      first = _mm512_srli_epi32(pair, 16);
        const __mmask16 full = _mm512_cmpge_epu32_mask(_mm512_srli_epi32(x, 20), f);
        const unsigned nfull = (unsigned)__builtin_popcount(full);
        word -= nfull;
        _mm256_mask_storeu_epi16(word, (__mmask16)((1u << nfull) - 1),
                                 _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(full, x)));
        x = _mm512_mask_srli_epi32(x, full, x, 16);
        const __m512i q = divide16(x, f), r = _mm512_sub_epi32(x, _mm512_mullo_epi32(q, f));
        x = _mm512_add_epi32(_mm512_slli_epi32(q, VL_FREQ_BITS), _mm512_add_epi32(r, first));
    }
    _mm512_storeu_si512(state, x);
    return (size_t)(end - word);
}

VL_TARGET_AVX512 static size_t context_read_avx512(uint8_t *sym, uint32_t *where, const uint16_t *word,
                                                   size_t nword, uint32_t *state, const uint8_t *other,
                                                   size_t nother, size_t nstep, const uint32_t *length,
                                                   const vl_lanes *at, const vl_context *m)
{
    const wide16 w = wide16_of(m);
    const __m512i stride = _mm512_set1_epi32((int)m->stride), last = _mm512_set1_epi32((int)m->nsymbol),
                  mask = _mm512_set1_epi32(VL_FREQ_ALL - 1);
    __m512i x = _mm512_loadu_si512(state);
    sixteen p = begin_sixteen(at);
    size_t used = 0, k = 0;
    for (size_t i = 0; i < nstep; i++) {
        begin_rows16(&p, length);
        const __m512i cluster = gather16_byte(contexts16(&w, &p), m->cluster),
                      slot = _mm512_and_si512(x, mask);
        __m512i symbol =
            gather16_byte(_mm512_or_si512(_mm512_slli_epi32(cluster, VL_FREQ_BITS), slot), m->slot);
        const __m512i pair =
            _mm512_i32gather_epi32(_mm512_add_epi32(_mm512_mullo_epi32(cluster, stride), symbol), m->freq, 4);
        x = _mm512_add_epi32(_mm512_mullo_epi32(_mm512_and_si512(pair, _mm512_set1_epi32(0xffff)),
                                                _mm512_srli_epi32(x, VL_FREQ_BITS)),
                             _mm512_sub_epi32(slot, _mm512_srli_epi32(pair, 16)));
        const __mmask16 low = _mm512_cmplt_epu32_mask(x, _mm512_set1_epi32(LOW));
        if (used > nword) return SIZE_MAX;
        const __m512i next = _mm512_maskz_expand_epi32(
            low, _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)(word + used))));
        x = _mm512_mask_or_epi32(x, low, _mm512_slli_epi32(x, 16), next);
        used += (size_t)__builtin_popcount(low);
        const __mmask16 none = _mm512_cmpeq_epi32_mask(symbol, last);
        if (__builtin_expect(none, 0)) {
            uint32_t all[VL_LANES];
            _mm512_storeu_si512(all, symbol);
            for (unsigned rest = none; rest; rest &= rest - 1) {
                if (k == nother) return SIZE_MAX;
                where[k] = (uint32_t)(i * VL_LANES) + (uint32_t)__builtin_ctz(rest);
                all[__builtin_ctz(rest)] = other[k++];
            }
            symbol = _mm512_loadu_si512(all);
        }
        _mm_storeu_si128((void *)(sym + i * VL_LANES), _mm512_cvtepi32_epi8(symbol));
        step16(&w, &p, symbol);
    }
    _mm512_storeu_si512(state, x);
    return used <= nword ? used : SIZE_MAX;
}

#endif

void vl_context_rans_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->context_list = context_list_scalar;
    k->context_freq = context_freq_scalar;
    k->rans_write = rans_write_scalar;
    k->context_read = context_read_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->context_list = context_list_avx2;
        k->context_freq = context_freq_avx2;
        k->rans_write = rans_write_avx2;
        k->context_read = context_read_avx2;
    }
    if (isa & VL_AVX512) {
        k->context_list = context_list_avx512;
        k->context_freq = context_freq_avx512;
        k->rans_write = rans_write_avx512;
        k->context_read = context_read_avx512;
    }
#endif
}
