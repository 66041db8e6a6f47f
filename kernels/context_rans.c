/*
 * Symbols <-> 16-bit words, by the frequencies of their contexts (context.h): static rANS with 32-bit states,
 * 12-bit frequencies and 16-bit words (J. Duda, arXiv:1311.2540; interleaving: F. Giesen, arXiv:1402.3392),
 * one state for each lane, whose words follow each other in the order in which they are read.
 *
 * Symbols lie lane by lane: sym [nstep * lanes], step after step. A symbol with bit 7 set is one that the
 * model does not have, and bits 0..6 the one that stands for it in contexts. length [next + 1]: how long rows
 * are, none 0, with one behind the last that is never used up. The last steps of lanes that are short by then
 * are coded as any other.
 *
 * context_list   context [nstep * lanes]: that of each symbol.
 * context_freq   freq [n]: first << 16 | frequency of each symbol in its context, of "another" where it has
 *                none; those are listed in other: place in sym, ascending. Returns how many; other has room
 *                for all. n is a multiple of 16; freq may be context.
 * rans_write     codes freq backwards; words end at end, and state [32] is what reading starts from.
 *                Returns the words; there is room for one a symbol. VL_LANES lanes.
 * context_read   the other way: word [nword + 32], of which the last 32 are not used; other [nother]: the
 *                symbols that stand for others; where: their places in sym. Returns the words used, SIZE_MAX
 *                when words or others do not suffice. What is read of arbitrary words is arbitrary symbols,
 *                all <= nsymbol.
 */
#include <stdbool.h>
#include <string.h>

#include "kernels/choose.h"

enum { LOW = 1 << 16, OTHER = 128 };

enum { GROUP = 16 };
#define EACH_LANE for (size_t l = 0; l < GROUP; l++)

/* What is known of the rows of a group of lanes; loops over lanes become the compiler's vectors. */
typedef struct pasts {
    uint32_t history[GROUP], last[GROUP], second[GROUP], third[GROUP], unrest[GROUP], left[GROUP],
        place[GROUP], next[GROUP];
    int32_t mean[GROUP];
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
        c = c << own.mean_bits | (uint32_t)p->mean[l] * own.mean_mul >> 18;
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
        p->mean[l] += (int32_t)((symbol[l] << 10) - (uint32_t)p->mean[l]) >> own.mean_decay;
        p->place[l]++;
        p->left[l]--;
    }
}

static void begin_row(const vl_context *m, pasts *p, size_t l, const uint32_t *length)
{
    p->mean[l] = vl_mean_first(m->nsymbol);
    p->history[l] = p->last[l] = p->second[l] = p->third[l] = p->unrest[l] = p->place[l] = 0;
    p->left[l] = length[p->next[l]++];
}

static void begin_rows(const vl_context *m, pasts *p, const uint32_t *length)
{
    uint32_t ends = 0;
    EACH_LANE ends |= (uint32_t)!p->left[l];
    if (!ends) return;
    EACH_LANE
    if (!p->left[l]) begin_row(m, p, l, length);
}

static void begin_lanes(const vl_context *m, pasts *p, const vl_lanes *at, size_t first)
{
    *p = (pasts){ { 0 } };
    EACH_LANE p->mean[l] = vl_mean_first(m->nsymbol);
    memcpy(p->left, at->left + first, sizeof p->left);
    memcpy(p->place, at->place + first, sizeof p->place);
    memcpy(p->next, at->next + first, sizeof p->next);
}

static void context_list_scalar(uint32_t *context, const uint8_t *sym, size_t nstep, const uint32_t *length,
                                const vl_lanes *at, const vl_context *m)
{
    for (size_t g = 0; g < at->n; g += GROUP) {
        pasts p;
        begin_lanes(m, &p, at, g);
        for (size_t i = g; i < nstep * at->n; i += at->n) {
            uint32_t symbol[GROUP];
            EACH_LANE symbol[l] = sym[i + l] & (OTHER - 1);
            begin_rows(m, &p, length);
            contexts_of(m, &p, context + i);
            step(m, &p, symbol);
        }
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

/* What reading has used up. */
typedef struct taken {
    size_t words, others;
} taken;

/* One step of a group, whose symbols begin at `at`; false: words or others do not suffice. */
static bool read_group(const vl_context *m, pasts *p, uint32_t *state, const uint16_t *word, size_t nword,
                       const uint8_t *other, size_t nother, size_t at, uint8_t *sym, uint32_t *where,
                       taken *t)
{
    uint32_t context[GROUP], symbol[GROUP];
    contexts_of(m, p, context);
    EACH_LANE
    {
        symbol[l] = read_one(m, context[l], &state[l]);
        if (state[l] < LOW) {
            if (t->words == nword) return false;
            state[l] = state[l] << 16 | word[t->words++];
        }
        if (symbol[l] == m->nsymbol) {
            if (t->others == nother) return false;
            where[t->others] = (uint32_t)(at + l);
            symbol[l] = other[t->others++];
        }
        sym[at + l] = (uint8_t)symbol[l];
    }
    step(m, p, symbol);
    return true;
}

static size_t context_read_scalar(uint8_t *sym, uint32_t *where, const uint16_t *word, size_t nword,
                                  uint32_t *state, const uint8_t *other, size_t nother, size_t nstep,
                                  const uint32_t *length, const vl_lanes *at, const vl_context *m)
{
    pasts p[VL_LANES / GROUP];
    taken t = { 0 };
    for (size_t g = 0; g < at->n / GROUP; g++) begin_lanes(m, &p[g], at, g * GROUP);
    for (size_t i = 0; i < nstep * at->n;) {
        for (size_t g = 0; g < at->n / GROUP; g++, i += GROUP) {
            begin_rows(m, &p[g], length);
            if (!read_group(m, &p[g], state + g * GROUP, word, nword, other, nother, i, sym, where, &t))
                return SIZE_MAX;
        }
    }
    return t.words;
}

#if defined(__x86_64__)
#include "kernels/context_avx2.h"
#include "kernels/context_avx512.h"
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
