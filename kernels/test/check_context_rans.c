/*
 * context_list, context_freq, rans_write, context_read: contexts against a plain formulation of context.h,
 * words there and back, every version the same words, and words that are anything.
 */
#include <stdlib.h>
#include <string.h>

#include "kernels/test/check.h"

enum { MOST = 5000 * VL_LANES, CLUSTERS = 7, BITS = 19, WORDS_PAD = 32 };

static uint8_t cluster[(1 << BITS) + 3], slot[CLUSTERS * VL_FREQ_ALL + 3];
static uint32_t freq[CLUSTERS * 128], length[MOST + 2];

/* Frequencies that add up, with symbols that have none. */
static void draw_cluster(uint32_t *f, uint8_t *slots, unsigned nsymbol)
{
    uint32_t left = VL_FREQ_ALL, first = 0;
    for (unsigned s = 0; s <= nsymbol; s++) {
        uint32_t own = s == nsymbol ? left : check_below(3) ? (uint32_t)check_below(left / 2 + 1) : 0;
        if (s < nsymbol && own >= left) own = left - 1;
        f[s] = own ? first << 16 | own : 0;
        memset(slots + first, (int)s, own);
        first += own;
        left -= own;
    }
}

static vl_context draw_model(unsigned nsymbol)
{
    vl_context m = {
        .nsymbol = nsymbol, .stride = nsymbol + 1, .cluster = cluster, .freq = freq, .slot = slot
    };
    m.sym_bits = 1;
    while (1u << m.sym_bits < nsymbol) m.sym_bits++;
    const unsigned history = (unsigned)check_below(8 / m.sym_bits + 1);
    m.history_mask = (1u << history * m.sym_bits) - 1;
    m.second_bits = (unsigned)check_below(3);
    m.top_bits = (unsigned)check_below(3);
    m.mean_bits = (unsigned)check_below(3);
    m.mean_decay = (unsigned)check_below(7);
    m.mean_mul = (256u << m.mean_bits) / nsymbol;
    m.position_bits = (unsigned)check_below(3);
    m.unrest_bits = (unsigned)check_below(4);
    m.second_mul = (256u << m.second_bits) / nsymbol;
    m.top_mul = (256u << m.top_bits) / nsymbol;
    m.position_mul = (uint32_t)check_below(6000);
    m.from_best = check_below(2) != 0;
    m.change[0] = (uint32_t)check_below(3);
    m.change[1] = (uint32_t)check_below(10);
    for (int i = 0; i < 32; i++) m.steps_of[i] = (uint32_t)check_below(1u << m.unrest_bits);
    for (size_t i = 0; i < sizeof cluster; i++) cluster[i] = (uint8_t)check_below(CLUSTERS);
    for (int c = 0; c < CLUSTERS; c++)
        draw_cluster(freq + (unsigned)c * m.stride, slot + c * VL_FREQ_ALL, nsymbol);
    return m;
}

/* Rows of lanes of nstep symbols: lane l begins in the middle of a row. */
static vl_lanes draw_rows(uint32_t nlane, size_t nstep)
{
    vl_lanes at = { .n = nlane };
    uint32_t n = 0;
    for (uint32_t l = 0; l < nlane; l++) {
        at.next[l] = n + 1;
        at.place[l] = (uint32_t)check_below(20);
        at.left[l] = 1 + (uint32_t)check_below(30);
        length[n++] = 1;
        for (size_t covered = at.left[l]; covered < nstep; covered += length[n - 1])
            length[n++] = 1 + (uint32_t)check_below(check_below(4) ? 20 : 300);
    }
    length[n] = UINT32_MAX;
    return at;
}

/* The context of symbol i of lane l, looked up from its row's beginning as context.h says it. */
static uint32_t plain_context(const vl_context *m, const uint8_t *sym, size_t nlane, size_t i, size_t l,
                              size_t row_start, uint32_t place)
{
    uint32_t unrest = 0, history = 0;
    int32_t mean = vl_mean_first(m->nsymbol);
#define AT(k) ((uint32_t)sym[(k)*nlane + l] & 127)
    for (size_t k = row_start; k < i; k++) {
        const uint32_t before = k > row_start ? AT(k - 1) : 0;
        const int change = abs((int)AT(k) - (int)(m->from_best ? m->nsymbol - 1 : before));
        if (k > row_start || place - (i - k) > 0 || m->from_best)
            unrest += (unsigned)(change > (int)m->change[0]) + (unsigned)(change > (int)m->change[1]);
        history = history << m->sym_bits | AT(k);
        mean += ((int32_t)AT(k) * 1024 - mean) >> m->mean_decay;
    }
    const uint32_t second = i >= row_start + 2 ? AT(i - 2) : 0, third = i >= row_start + 3 ? AT(i - 3) : 0;
#undef AT
    const uint32_t top = second > third ? second : third;
    uint32_t position = place * m->position_mul >> 16;
    if (position >= 1u << m->position_bits) position = (1u << m->position_bits) - 1;
    uint32_t c = history & m->history_mask;
    c = c << m->second_bits | second * m->second_mul >> 8;
    c = c << m->top_bits | top * m->top_mul >> 8;
    c = c << m->mean_bits | (uint32_t)mean * m->mean_mul >> 18;
    c = c << m->position_bits | position;
    return c << m->unrest_bits | m->steps_of[unrest < 31 ? unrest : 31];
}

static bool right_contexts(const vl_context *m, const vl_lanes *at, const uint8_t *sym, size_t nstep,
                           const uint32_t *context)
{
    for (size_t l = 0; l < at->n; l++) {
        uint32_t left = at->left[l], place = at->place[l], next = at->next[l];
        size_t start = 0;
        for (size_t i = 0; i < nstep; i++, left--, place++) {
            if (!left) {
                left = length[next++];
                place = 0;
                start = i;
            }
            if (context[i * at->n + l] != plain_context(m, sym, at->n, i, l, start, place)) return false;
        }
    }
    return true;
}

/* rans_write for any number of lanes. */
static size_t plain_write(uint16_t *end, uint32_t *state, const uint32_t *pair, size_t n, size_t nlane)
{
    uint16_t *word = end;
    for (size_t l = 0; l < nlane; l++) state[l] = 1 << 16;
    for (size_t i = n; i-- > 0;) {
        uint32_t *const x = &state[i % nlane];
        const uint32_t f = pair[i] & 0xffff;
        if (*x >= (uint64_t)f << 20) {
            *--word = (uint16_t)*x;
            *x >>= 16;
        }
        *x = (*x / f) * VL_FREQ_ALL + *x % f + (pair[i] >> 16);
    }
    return (size_t)(end - word);
}

typedef struct room {
    uint8_t sym[MOST + VL_PAD], back[MOST], value[MOST];
    uint32_t context[MOST], pair[MOST], other[MOST], where[MOST], state[VL_LANES];
    uint16_t word[MOST + WORDS_PAD], first[MOST];
} room;

static void check_one(const check_table *t, const vl_context *m, const vl_lanes *at, size_t nstep, room *r)
{
    const size_t n = nstep * at->n;
    t->k.context_list(r->context, r->sym, nstep, length, at, m);
    check_that(right_contexts(m, at, r->sym, nstep, r->context), t->isa, "contexts", n, 0);
    const size_t nother = t->k.context_freq(r->pair, r->other, r->context, r->sym, n, m);
    bool right = true;
    for (size_t i = 0, k = 0; i < n; i++) {
        const uint32_t *const all = m->freq + m->cluster[r->context[i]] * m->stride;
        const bool has = !(r->sym[i] & 128) && all[r->sym[i]];
        right &= r->pair[i] == (has ? all[r->sym[i]] : all[m->nsymbol]);
        if (!has) right &= k < nother && r->other[k++] == i;
    }
    check_that(right, t->isa, "frequencies", n, 0);
    const size_t nword = plain_write(r->word + MOST, r->state, r->pair, n, at->n);
    memmove(r->word, r->word + MOST - nword, 2 * nword);
    if (at->n == VL_LANES) {
        uint32_t own[VL_LANES];
        right = t->k.rans_write(r->first + MOST, own, r->pair, nstep) == nword;
        check_that(right && !memcmp(r->first + MOST - nword, r->word, 2 * nword) &&
                       !memcmp(own, r->state, sizeof own),
                   t->isa, "the same words", n, 0);
    }
    for (size_t k = 0; k < nother; k++) r->value[k] = r->sym[r->other[k]] & 127;
    uint32_t state[VL_LANES];
    memcpy(state, r->state, sizeof state);
    right = t->k.context_read(r->back, r->where, r->word, nword, state, r->value, nother, nstep, length, at,
                              m) == nword;
    for (size_t i = 0; i < n; i++) right &= r->back[i] == (r->sym[i] & 127);
    check_that(right && !memcmp(r->where, r->other, nother * sizeof *r->where), t->isa, "read back", n, 0);
    for (size_t l = 0; l < at->n; l++) right &= state[l] == 1 << 16;
    check_that(right, t->isa, "ends where writing began", n, 0);
    if (!nword) return;
    memcpy(state, r->state, sizeof state);
    check_that(t->k.context_read(r->back, r->where, r->word, nword - 1, state, r->value, nother, nstep,
                                 length, at, m) == SIZE_MAX,
               t->isa, "a word too few", n, 0);
}

/* Arbitrary words: all versions read the same symbols, none beyond the last. */
static void check_anything(const vl_context *m, const vl_lanes *at, size_t nstep, room *r)
{
    const size_t n = nstep * at->n;
    uint32_t start[VL_LANES];
    for (size_t i = 0; i < n + WORDS_PAD && i < MOST + WORDS_PAD; i++) r->word[i] = (uint16_t)check_random();
    for (size_t i = 0; i < n; i++) r->value[i] = (uint8_t)check_below(m->nsymbol);
    for (int l = 0; l < VL_LANES; l++) start[l] = (uint32_t)check_random();
    for (int t = 0; t < check_ntable; t++) {
        memcpy(r->state, start, sizeof start);
        const size_t used = check_tables[t].k.context_read(r->back, r->where, r->word, n, r->state, r->value,
                                                           n, nstep, length, at, m);
        if (!t) memcpy(r->sym, r->back, n);
        bool fine = used != SIZE_MAX && !memcmp(r->sym, r->back, n);
        for (size_t i = 0; i < n; i++) fine &= r->back[i] < m->nsymbol;
        check_that(fine, check_tables[t].isa, "arbitrary words", n, 0);
    }
}

void check_context_rans(void)
{
    room *const r = malloc(sizeof *r);
    check_begin("context_rans");
    for (int i = 0; r && i < 400; i++) {
        const size_t nstep = i < 200 ? (size_t)i : 1 + (size_t)check_below(i % 20 ? 500 : 4900);
        const vl_context m = draw_model(2 + (unsigned)check_below(i & 1 ? 5 : 126));
        const vl_lanes at = draw_rows(i % 4 ? VL_LANES : 16, nstep);
        for (size_t k = 0; k < nstep * at.n; k++)
            r->sym[k] = (uint8_t)(check_below(m.nsymbol) | (check_below(50) ? 0 : 128));
        for (int t = 0; t < check_ntable; t++) check_one(&check_tables[t], &m, &at, nstep, r);
        check_anything(&m, &at, nstep, r);
    }
    free(r);
    check_end();
}

typedef struct job {
    vl_context m;
    vl_lanes at;
    room *r;
    size_t nstep, nword;
    uint32_t state[VL_LANES];
} job;

static void run_list(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    k->context_list(j->r->context, j->r->sym, j->nstep, length, &j->at, &j->m);
}

static void run_freq(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    k->context_freq(j->r->pair, j->r->other, j->r->context, j->r->sym, j->nstep * VL_LANES, &j->m);
}

static void run_write(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    j->nword = k->rans_write(j->r->word + MOST, j->state, j->r->pair, j->nstep);
}

static void run_read(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    uint32_t state[VL_LANES];
    memcpy(state, j->state, sizeof state);
    k->context_read(j->r->back, j->r->where, j->r->first, j->nword, state, j->r->value, MOST, j->nstep,
                    length, &j->at, &j->m);
}

void bench_context_rans(void)
{
    static const unsigned kinds[] = { 4, 40 };
    for (size_t i = 0; i < 2; i++) {
        job j = { .m = draw_model(kinds[i]), .nstep = 4900, .r = calloc(1, sizeof *j.r) };
        if (!j.r) return;
        j.at = draw_rows(VL_LANES, j.nstep);
        for (size_t k = 0; k < MOST; k++) j.r->sym[k] = (uint8_t)check_below(kinds[i]);
        const size_t n = j.nstep * VL_LANES;
        run_list(&check_tables[0].k, &j);
        run_freq(&check_tables[0].k, &j);
        run_write(&check_tables[0].k, &j);
        memcpy(j.r->first, j.r->word + MOST - j.nword, 2 * j.nword);
        check_bench("context_list", offsetof(vl_kernels, context_list), n, run_list, &j);
        check_bench("context_freq", offsetof(vl_kernels, context_freq), n, run_freq, &j);
        check_bench("rans_write", offsetof(vl_kernels, rans_write), n, run_write, &j);
        check_bench("context_read", offsetof(vl_kernels, context_read), n, run_read, &j);
        free(j.r);
    }
}
