/*
 * Which tokens zlib takes, at levels 1 to 9 (deflate.c of 1.2.13; the choice without flushes is decades old).
 *
 * A hash of three bytes leads to the positions that have it, newest first. The first of the longest matches
 * among the first `chain` of them wins; one as long as `nice` ends the search. Levels 1 to 3 take what they
 * find. From 4 on a longer match a byte later makes the first byte a literal; there is no such look when the
 * match is as long as `lazy`, and one at a quarter of the positions when it is as long as `good`.
 *
 * What counts besides: the first byte of the window is never the source of a match, whose beginning moves by
 * half when it is full; the hash may have any three bytes in common; nothing is found at less than three
 * bytes from what the maker sees (the next flush, or the end); fast levels leave the inside of a match longer
 * than `lazy` out of the hash.
 */
#include "formats/redeflate/deflate_maker.h"

#include <stdlib.h>

enum { TOO_FAR = 4096, LOOKAHEAD = VL_DEFLATE_LONGEST + 3 + 1 };

typedef struct numbers {
    uint16_t good, lazy, nice, chain;
} numbers;

static const numbers levels[10] = {
    [1] = { 4, 4, 8, 4 },      [2] = { 4, 5, 16, 8 },        [3] = { 4, 6, 32, 32 },
    [4] = { 4, 4, 16, 16 },    [5] = { 8, 16, 32, 32 },      [6] = { 8, 16, 128, 128 },
    [7] = { 8, 32, 128, 256 }, [8] = { 32, 128, 258, 1024 }, [9] = { 32, 258, 258, 4096 },
};

/* Positions are one more than in the text: 0 is none. */
typedef struct chains {
    numbers by;
    bool fast;
    bool four;                         /* Chromium's hash, of four bytes */
    uint32_t window, far, mask, shift; /* bytes; the greatest distance; of the hash */
    size_t base;                       /* the window's first byte */
    size_t put;                        /* slow: all before it are in the hash */
    size_t at;                         /* of which match is already known */
    unsigned length, distance;
    uint32_t before[VL_DEFLATE_FAR]; /* of each position of the window, the one before it in its chain */
    uint32_t head[1 << 16];
} chains;

static uint32_t hash(const vl_deflate_parser *text, const chains *c, size_t at)
{
    const uint8_t *const p = text->text + at;
    if (c->four) {
        const uint32_t last = text->n - at > 3 ? p[3] : 0,
                       all = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | last << 24;
        return (all * 66521 + 66521) >> 16 & c->mask;
    }
    return ((uint32_t)p[0] << 2 * c->shift ^ (uint32_t)p[1] << c->shift ^ p[2]) & c->mask;
}

static void put(const vl_deflate_parser *p, chains *c, size_t at)
{
    uint32_t *const head = &c->head[hash(p, c, at)];
    c->before[at & (c->window - 1)] = *head;
    *head = (uint32_t)at + 1;
}

static void put_all(const vl_deflate_parser *p, chains *c, size_t from, size_t to)
{
    if (to + 2 > p->n) to = p->n < 2 ? 0 : p->n - 2;
    for (size_t i = from; i < to; i++) put(p, c, i);
}

/* A match longer than best; returns its length, or best when there is none. */
static unsigned search(const vl_deflate_parser *p, chains *c, size_t at, unsigned best, unsigned chain,
                       unsigned *distance)
{
    const uint8_t *const text = p->text;
    const unsigned ahead = p->end - at < VL_DEFLATE_LONGEST ? (unsigned)(p->end - at) : VL_DEFLATE_LONGEST;
    if (ahead < 3) return best;
    while (at >= c->base + 2 * c->window - LOOKAHEAD + 1) c->base += c->window;
    const size_t limit = at > c->base + c->far ? at - c->far : c->base;
    const unsigned nice = c->by.nice < ahead ? c->by.nice : ahead;
    size_t from = c->head[hash(p, c, at)];
    if (!from-- || from <= c->base || at - from > c->far || best >= ahead) return best;
    uint16_t end, there;
    memcpy(&end, text + at + best - 1, 2);
    do {
        memcpy(&there, text + from + best - 1, 2);
        if (there == end) {
            const unsigned n = vl_equal_bytes(text, at, from, ahead);
            if (n > best) {
                best = n;
                *distance = (unsigned)(at - from);
                if (n >= nice) break;
                memcpy(&end, text + at + best - 1, 2);
            }
        }
        from = c->before[from & (c->window - 1)];
    } while (from-- > limit + 1 && --chain);
    return best;
}

/* What a search at `at` gives when the match before it was of this length; under 3: none. */
static unsigned find(const vl_deflate_parser *p, chains *c, size_t at, unsigned before, unsigned *distance)
{
    if (!c->fast) {
        if (c->put < at) put_all(p, c, c->put, at);
        if (c->put < at) c->put = at;
    }
    const unsigned chain = before >= c->by.good ? c->by.chain >> 2 : c->by.chain;
    const unsigned n = search(p, c, at, before, c->fast ? c->by.chain : chain, distance);
    if (c->fast) return n;
    if (n == 3 && before < 3 && *distance > TOO_FAR) return 2;
    return p->row.family == VL_MAKES_FILTERED && n <= 5 ? 2 : n;
}

static void begin(vl_deflate_parser *p)
{
    chains *const c = p->state;
    c->by = levels[p->row.level];
    c->fast = p->row.level < 4;
    c->four = p->row.family == VL_MAKES_CHROMIUM;
    c->window = 1u << p->row.window_bits;
    c->far = c->window - LOOKAHEAD;
    c->mask = (1u << p->row.hash_bits) - 1;
    c->shift = (p->row.hash_bits + 2u) / 3;
    c->base = p->start > c->window ? p->start - c->window : 0;
    c->put = c->base;
    c->at = SIZE_MAX;
    if (c->fast) put_all(p, c, c->base, p->start);
}

static vl_token next(vl_deflate_parser *p, size_t at)
{
    chains *const c = p->state;
    unsigned n, far = 0, later, later_far = 0;
    if (c->at == at) {
        n = c->length;
        far = c->distance;
    } else n = find(p, c, at, 2, &far);
    c->at = SIZE_MAX;
    if (n < 3) return p->text[at];
    if (c->fast || n >= c->by.lazy) return vl_token_match(n, far);
    later = find(p, c, at + 1, n, &later_far);
    if (later <= n) return vl_token_match(n, far);
    c->at = at + 1;
    c->length = later;
    c->distance = later_far;
    return p->text[at];
}

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    chains *const c = p->state;
    if (vl_token_is_match(token)) c->at = SIZE_MAX;
    if (!c->fast) return;
    const unsigned n = vl_token_length(token);
    if (p->end - at >= 3) put_all(p, c, at, at + 1);
    if (n > 1 && n <= c->by.lazy && p->end - at - n >= 3) put_all(p, c, at + 1, at + n);
}

static void flushed(vl_deflate_parser *p, size_t at)
{
    chains *const c = p->state;
    c->at = SIZE_MAX;
    if (p->row.flush == VL_FLUSH_KEEPS) {
        if (c->fast) put_all(p, c, at - c->base < 2 ? c->base : at - 2, at);
        return;
    }
    memset(c->head, 0, sizeof c->head);
    c->base = c->put = at;
    if (p->row.flush == VL_FLUSH_FORGETS) return;
    c->base = c->put = at > c->window ? at - c->window : 0;
    if (c->fast) put_all(p, c, c->base, at);
}

const vl_deflate_parse vl_parse_zlib = { sizeof(chains), begin, next, took, flushed, NULL, NULL };
