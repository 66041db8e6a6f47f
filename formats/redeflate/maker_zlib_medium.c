/*
 * Which tokens Intel's zlib takes at levels 4 to 6, and with it GATK and Picard where they do not take ISA-L
 * (deflate_medium.c of github.com/jtkukunas/zlib; measured with its last version).
 *
 * A match is found as zlib's fast levels find it, with CRC-32C of four bytes for a hash, of three at level 6.
 * Before it is taken, the next one behind it is looked for; when that can begin further before, by so many
 * bytes that it takes all of this one but one or none, it does. Three bytes further away than 12000 are no
 * match then. Near the end of what is in the window, nothing is looked for before it is needed.
 */
#include "formats/redeflate/crc_hash.h"
#include "formats/redeflate/maker_zlib.h"

#include <stdlib.h>

enum { NEVER = 2 * VL_DEFLATE_FAR, FAR_THREE = 12000, LONGEST_MOVED = 256, LEAST = 3 };

typedef struct match {
    size_t at;       /* where it begins */
    size_t first;    /* no position before it is put in for this match */
    unsigned length; /* under 3: of a literal, or of nothing */
    size_t distance;
} match;

typedef struct medium {
    vl_zlib_numbers by;
    vl_zlib_window window;
    vl_crc_hash crc;
    bool three;     /* bytes in the hash */
    match now;      /* that is told */
    match later;    /* that is found already; length 0: none */
    bool told;      /* now is of `at` */
    size_t put;     /* all before it that are to be in the hash are */
    uint32_t *head; /* owned; of each hash the last position, and NEVER more; 0: none */
    uint16_t *back; /* owned; of each position of the window, how far the one before it; 0: none */
} medium;

/* ---- the hash ---- */

static uint32_t hash(const vl_deflate_parser *p, const medium *m, size_t at)
{
    const uint8_t *const b = p->text + at;
    const uint8_t last = !m->three && p->n - at > 3 ? b[3] : 0;
    return vl_crc_hash_of(&m->crc, b[0], b[1], b[2], last) & ((UINT32_C(1) << p->row.hash_bits) - 1);
}

static void put(const vl_deflate_parser *p, medium *m, size_t at)
{
    if (at < m->put || p->n - at < LEAST) return;
    m->put = at + 1;
    uint32_t *const head = &m->head[hash(p, m, at)];
    const uint32_t where = (uint32_t)at + NEVER, back = where - *head;
    m->back[at & (m->window.size - 1)] = back < VL_DEFLATE_FAR ? (uint16_t)back : 0;
    *head = where;
}

/* Bytes that are in the window and not before `at`. */
static size_t ahead(const vl_deflate_parser *p, medium *m, size_t at)
{
    vl_zlib_slide(&m->window, at);
    const size_t full = m->window.base + 2 * (size_t)m->window.size;
    return (p->end < full ? p->end : full) - at;
}

/* ---- matches ---- */

/* A match at `at`, which is in the hash; seen: bytes that the maker believes to be ahead of it. */
static match find(const vl_deflate_parser *p, const medium *m, size_t at, size_t seen)
{
    match best = { at, at, 2, 0 };
    const size_t left = p->n - at, own = at - m->window.base, far = m->window.far;
    const unsigned most = left < VL_DEFLATE_LONGEST ? (unsigned)left : VL_DEFLATE_LONGEST,
                   nice = m->by.nice < seen ? m->by.nice : (unsigned)seen;
    size_t from = m->back[at & (m->window.size - 1)];
    if (left < LEAST || !from || from > far || from >= own) from = 0;
    for (unsigned chain = m->by.chain; from && chain; chain--) {
        const unsigned n = vl_equal_bytes(p->text, at, at - from, most);
        if (n > best.length) {
            best.length = n;
            best.distance = from;
            if (n >= nice) break;
        }
        const unsigned back = m->back[(at - from) & (m->window.size - 1)];
        from = !back || from + back >= far || from + back >= own ? 0 : from + back;
    }
    if (best.length > seen) best.length = (unsigned)seen;
    if (best.length < LEAST || !best.distance) best.length = 1;
    return best;
}

/* What is inside a match is put in, unless it is very long. */
static void put_inside(const vl_deflate_parser *p, medium *m, const match *x, size_t seen)
{
    if (seen <= x->length + LEAST || x->length < LEAST) return;
    const size_t end = x->at + x->length;
    const bool all = x->length <= 16u * m->by.lazy;
    for (size_t i = all ? x->at + 1 : end - 1; i < end; i++)
        if (!all || i >= x->first) put(p, m, i);
}

/* The later one begins further before, if it can take all but a byte of the one now. */
static void move_border(const vl_deflate_parser *p, const medium *m, match *now, match *later)
{
    const uint8_t *const text = p->text;
    const unsigned all = now->length;
    const size_t base = m->window.base;
    if (all <= 1 || all > 1 + later->at - later->distance - base) return;
    if (text[later->at - later->distance - (all - 1)] != text[later->at - (all - 1)]) return;
    if (later->at - later->distance + later->length >= now->at) return;
    match a = *now, b = *later;
    while (a.length && b.length < LONGEST_MOVED && b.at - b.distance > base &&
           text[b.at - b.distance - 1] == text[b.at - 1]) {
        b.at--;
        b.length++;
        a.length--;
    }
    if (a.length > 1 || b.length == later->length) return;
    b.first++;
    *now = a;
    *later = b;
}

/* Finds what is taken at `at`, and what comes behind it. */
static void look(const vl_deflate_parser *p, medium *m, size_t at)
{
    const size_t seen = ahead(p, m, at);
    if (seen < VL_ZLIB_LOOKAHEAD || m->later.at != at) m->later.length = 0;
    if (m->later.length) m->now = m->later;
    else {
        put(p, m, at);
        m->now = find(p, m, at, seen);
    }
    m->later.length = 0;
    put_inside(p, m, &m->now, seen);
    if (seen <= VL_ZLIB_LOOKAHEAD) return;
    const size_t next = m->now.at + m->now.length;
    put(p, m, next);
    m->later = find(p, m, next, seen);
    if (m->later.length >= LEAST) move_border(p, m, &m->now, &m->later);
    if (m->later.length == 3 && m->later.distance > FAR_THREE) m->later.length = 1;
}

/* ---- tokens ---- */

static bool begin(vl_deflate_parser *p)
{
    medium *const m = p->state;
    m->by = vl_zlib_levels[p->row.level];
    m->window = vl_zlib_window_at(p, p->start);
    m->three = p->row.level == 6;
    vl_crc_hash_make(&m->crc);
    m->put = m->window.base;
    m->head = calloc((size_t)1 << p->row.hash_bits, sizeof *m->head);
    m->back = malloc(m->window.size * sizeof *m->back);
    if (!m->head || !m->back) return false;
    for (size_t i = m->put; i < p->start; i++) put(p, m, i);
    return true;
}

static void close(vl_deflate_parser *p)
{
    medium *const m = p->state;
    free(m->head);
    free(m->back);
}

static vl_token next(vl_deflate_parser *p, size_t at)
{
    medium *const m = p->state;
    for (int i = 0; !m->told && i < 2;
         i++) { /* nothing is left of a match whose border was moved to its start */
        look(p, m, at);
        m->told = m->now.length;
    }
    return m->now.length < LEAST ? p->text[at] : vl_token_match(m->now.length, (unsigned)m->now.distance);
}

/* What was not told leaves no later match, and its inside is put in. */
static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    medium *const m = p->state;
    const unsigned n = vl_token_length(token);
    const bool same = m->told && m->now.at == at && m->now.length == n;
    m->told = false;
    if (same) return;
    m->later.length = 0;
    for (size_t i = at; i < at + n; i++) put(p, m, i);
}

static void flushed(vl_deflate_parser *p, size_t at)
{
    medium *const m = p->state;
    m->told = false;
    m->later.length = 0;
    if (p->row.flush == VL_FLUSH_FORGETS) m->window.base = at;
    if (p->row.flush == VL_FLUSH_PRIMES) m->window = vl_zlib_window_at(p, at);
}

const vl_deflate_parse vl_parse_zlib_medium = {
    .bytes = sizeof(medium), .begin = begin, .close = close, .next = next, .took = took, .flushed = flushed
};
