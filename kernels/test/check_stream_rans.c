/* stream_write, stream_read: symbols come back, in any number of lanes, with one context and with one for
 * each symbol before; every version gives the same words, and the same of words that are anything. */
#include <stdlib.h>
#include <string.h>

#include "kernels/stream.h"
#include "kernels/test/check.h"

enum { STEPS = 3000, MOST = STEPS * VL_STREAM_LANES, SYMBOLS = 16, WORDS_PAD = 16 };

typedef struct room {
    uint32_t table[256 * VL_STREAM_ALL], freq[256][256], pair[MOST], state[VL_STREAM_LANES],
        start[VL_STREAM_LANES];
    uint8_t sym[MOST], back[MOST], ref[MOST];
    uint16_t word[MOST + WORDS_PAD], tail[MOST + WORDS_PAD];
    uint8_t odd[2 * (MOST + WORDS_PAD) + 1]; /* words that no pointer to them may have */
} room;

static void draw_tables(room *r, unsigned contexts)
{
    for (unsigned c = 0; c < contexts; c++) {
        uint32_t first = 0;
        for (unsigned s = 0; s < SYMBOLS; s++) {
            const uint32_t left = VL_STREAM_ALL - first,
                           own = s == SYMBOLS - 1 ? left : (uint32_t)check_below(left / 2 + 1);
            r->freq[c][s] = first << 16 | own;
            for (uint32_t k = first; k < first + own; k++)
                r->table[c << VL_STREAM_BITS | k] = VL_STREAM_ENTRY(s, own, first, k);
            first += own;
        }
    }
}

/* Symbols that have a frequency where they stand. */
static void draw_symbols(room *r, size_t n, size_t lanes, uint32_t mask)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned c = i < lanes ? 0 : r->sym[i - lanes] & mask;
        unsigned s = (unsigned)check_below(SYMBOLS);
        while (!(r->freq[c][s] & 0xffff)) s = (s + 1) % SYMBOLS;
        r->sym[i] = (uint8_t)s;
        r->pair[i] = r->freq[c][s];
    }
}

static size_t check_write(room *r, size_t nstep, size_t lanes, size_t offset)
{
    size_t nword = 0;
    for (int t = 0; t < check_ntable; t++) {
        const size_t made = check_tables[t].k.stream_write(r->word + MOST, r->state, r->pair, nstep, lanes);
        if (!t) {
            nword = made;
            memcpy(r->start, r->state, sizeof r->start);
            memcpy(r->tail, r->word + MOST - nword, nword * 2);
        }
        check_that(made == nword && !memcmp(r->start, r->state, lanes * sizeof *r->state) &&
                       !memcmp(r->tail, r->word + MOST - nword, nword * 2),
                   check_tables[t].isa, "words", nstep, offset);
    }
    return nword;
}

static void check_words(room *r, size_t nstep, size_t lanes, uint32_t mask, size_t offset)
{
    const size_t n = nstep * lanes;
    draw_symbols(r, n, lanes, mask);
    const size_t nword = check_write(r, nstep, lanes, offset);
    memcpy(r->odd + 1, r->tail, sizeof r->tail);
    for (int t = 0; t < check_ntable; t++) {
        memcpy(r->state, r->start, sizeof r->state);
        const size_t used =
            check_tables[t].k.stream_read(r->back, r->odd + 1, nword, r->state, nstep, lanes, r->table, mask);
        check_that(used == nword && !memcmp(r->back, r->sym, n), check_tables[t].isa, "back", n, offset);
        memcpy(r->state, r->start, sizeof r->state);
        if (!nword) continue;
        check_that(check_tables[t].k.stream_read(r->back, r->odd + 1, nword - 1, r->state, nstep, lanes,
                                                 r->table, mask) == SIZE_MAX,
                   check_tables[t].isa, "words that run out", n, offset);
    }
}

static void check_anything(room *r, size_t nstep, size_t lanes, uint32_t mask, size_t offset)
{
    uint32_t any[VL_STREAM_LANES];
    size_t first = 0;
    for (int l = 0; l < VL_STREAM_LANES; l++) any[l] = (uint32_t)check_random();
    for (size_t i = 0; i < MOST + WORDS_PAD; i++) r->tail[i] = (uint16_t)check_random();
    memcpy(r->odd + 1, r->tail, sizeof r->tail);
    for (int t = 0; t < check_ntable; t++) {
        memcpy(r->state, any, sizeof any);
        const size_t used = check_tables[t].k.stream_read(t ? r->back : r->ref, r->odd + 1, MOST, r->state,
                                                          nstep, lanes, r->table, mask);
        if (!t) first = used;
        check_that(used == first && !memcmp(t ? r->back : r->ref, r->ref, nstep * lanes), check_tables[t].isa,
                   "words that are anything", nstep, offset);
    }
}

/* Two at once give what each gives by itself: this one, and one of words that are anything. */
static void check_two(room *r, size_t nstep, uint32_t mask, size_t offset)
{
    static uint8_t both[2][MOST];
    uint8_t *const sym[2] = { both[0], both[1] };
    const size_t n = nstep * VL_STREAM_LANES;
    uint32_t any[VL_STREAM_LANES];
    draw_symbols(r, n, VL_STREAM_LANES, mask);
    const size_t nword[2] = { check_write(r, nstep, VL_STREAM_LANES, offset), MOST };
    memcpy(r->odd + 1, r->tail, nword[0] * 2);
    for (int l = 0; l < VL_STREAM_LANES; l++) any[l] = (uint32_t)check_random();
    for (size_t i = nword[0]; i < MOST + WORDS_PAD; i++) r->tail[i] = (uint16_t)check_random();
    const uint8_t *const word[2] = { r->odd + 1, (const uint8_t *)r->tail };
    memcpy(r->state, any, sizeof any);
    const size_t other = check_tables[0].k.stream_read(r->ref, word[1], MOST, r->state, nstep,
                                                       VL_STREAM_LANES, r->table, mask);
    for (int t = 0; t < check_ntable; t++) {
        uint32_t state[2][VL_STREAM_LANES];
        size_t used[2];
        memcpy(state[0], r->start, sizeof r->start);
        memcpy(state[1], any, sizeof any);
        check_tables[t].k.stream_read_two(sym, word, nword, state, nstep, r->table, mask, used);
        check_that(used[0] == nword[0] && used[1] == other && !memcmp(both[0], r->sym, n) &&
                       !memcmp(both[1], r->ref, n),
                   check_tables[t].isa, "two", n, offset);
        if (!nword[0]) continue;
        memcpy(state[0], r->start, sizeof r->start);
        memcpy(state[1], any, sizeof any);
        check_tables[t].k.stream_read_two(sym, word, (const size_t[]){ nword[0] - 1, MOST }, state, nstep,
                                          r->table, mask, used);
        check_that(used[0] == SIZE_MAX, check_tables[t].isa, "two, words that run out", n, offset);
    }
}

void check_stream_rans(void)
{
    room *const r = malloc(sizeof *r);
    check_begin("stream_rans");
    for (check_case c = { 0 }; r && check_next(&c);) {
        const uint32_t mask = c.number % 2 ? 255 : 0;
        const size_t lanes = c.number % 4 > 1 ? 1 + check_below(VL_STREAM_LANES) : VL_STREAM_LANES;
        if (c.offset > 3 || c.n > STEPS) continue;
        draw_tables(r, mask ? SYMBOLS : 1);
        check_words(r, c.n, lanes, mask, c.offset);
        check_anything(r, c.n, lanes, mask, c.offset);
        check_two(r, c.n, mask, c.offset);
    }
    check_end();
    free(r);
}

static void run_write(const vl_kernels *k, void *arg)
{
    room *const r = arg;
    k->stream_write(r->word + MOST, r->state, r->pair, STEPS, VL_STREAM_LANES);
}

static void run_read(const vl_kernels *k, void *arg)
{
    room *const r = arg;
    memcpy(r->state, r->start, sizeof r->state);
    k->stream_read(r->back, r->odd, MOST, r->state, STEPS, VL_STREAM_LANES, r->table, 0);
}

static void run_two(const vl_kernels *k, void *arg)
{
    room *const r = arg;
    uint32_t state[2][VL_STREAM_LANES];
    size_t used[2];
    memcpy(state[0], r->start, sizeof r->start);
    memcpy(state[1], r->start, sizeof r->start);
    k->stream_read_two((uint8_t *const[]){ r->back, r->ref }, (const uint8_t *const[]){ r->odd, r->odd },
                       (const size_t[]){ MOST, MOST }, state, STEPS, r->table, 0, used);
}

void bench_stream_rans(void)
{
    room *const r = calloc(1, sizeof *r);
    if (!r) return;
    draw_tables(r, 1);
    draw_symbols(r, MOST, VL_STREAM_LANES, 0);
    const size_t nword =
        check_tables[0].k.stream_write(r->word + MOST, r->start, r->pair, STEPS, VL_STREAM_LANES);
    memcpy(r->odd, r->word + MOST - nword, nword * 2);
    check_bench("stream_write", offsetof(vl_kernels, stream_write), MOST, run_write, r);
    check_bench("stream_read", offsetof(vl_kernels, stream_read), MOST, run_read, r);
    check_bench("stream_read_two", offsetof(vl_kernels, stream_read_two), 2 * MOST, run_two, r);
    free(r);
}
