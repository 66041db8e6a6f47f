/*
 * Which tokens ISA-L takes, at levels 0 to 2 (igzip_body.asm, igzip_icf_body_h1_gr_bt.asm, igzip_finish.asm
 * of 2.30, as kernels for SSE 4.1 to AVX-512 have them; the C code for other machines chooses otherwise).
 *
 * A hash of four bytes has one position of 16 bits: what is there is taken modulo 32 KiB, and looked at
 * whatever it is. Two positions are looked at in one step: a match of 8 bytes or more at the first, else at
 * the second, else of 4 to 7 at the first, else at the second, else two literals. What is longer than 263
 * bytes, up to 4128, goes on at the same distance. Of what is inside a match, two or three positions are put
 * into the hash. The last 16 bytes are looked at one by one.
 *
 * An older one, that is in Intel's library for GATK and Picard, does so with the last 288, and looks anew
 * behind 258 bytes.
 *
 * Levels 1 and 2 pass over 32 bytes or more, when there was no match for long; the hashes are then those of
 * what was before.
 */
#include "formats/redeflate/crc_hash.h"
#include "formats/redeflate/isal_feed.h"

enum {
    LEAST = 4,
    EIGHT = 8,
    MOST = 16 * VL_DEFLATE_LONGEST, /* of a match and what goes on behind it */
    RUN = 264,                      /* from which length on it goes on */
    SLOP = 16,                      /* at the end: bytes that are looked at one by one */
    NO_HASH = 1 << 16,
    SKIP_AFTER = 2048,
    SKIP = 32,
    SKIP_MORE = 512,
    SKIP_LEVELS = 560
};

typedef struct finder {
    vl_crc_hash crc;
    uint32_t mask, now[2]; /* now: hashes of the next two positions */
    bool hashed, first, fresh, entered;
    vl_isal_feed feed;
    unsigned slop; /* of what it was given, that it leaves */
    vl_token told;
    vl_token second; /* behind a literal */
    size_t second_at;
    unsigned nput; /* of a match that is told */
    uint32_t put_hash[3];
    uint16_t put_at[3];
    unsigned run, run_distance; /* bytes that the match goes on */
    size_t skip_to, skip_from;
    int64_t skip_match, skip_level;
    size_t units; /* of the block's buffer: matches, literals, and pairs of literals */
    uint16_t fill;
    uint16_t head[1 << 15];
} finder;

/* ---- the hash ---- */

static uint32_t hash(const vl_deflate_parser *p, const finder *f, size_t at)
{
    if (p->n - at < LEAST) return 0;
    const uint8_t *const t = p->text + at;
    return vl_crc_hash_of(&f->crc, t[0], t[1], t[2], t[3]) & f->mask;
}

static void put(finder *f, uint32_t h, size_t at)
{
    if (h != NO_HASH) f->head[h] = (uint16_t)at;
}

/* The distance to what the hash has, which is replaced; 0: it is not in the text. */
static unsigned look(finder *f, uint32_t h, size_t at)
{
    const uint16_t from = h == NO_HASH ? f->fill : f->head[h];
    const unsigned distance = ((unsigned)(at - 1 - from) & (VL_DEFLATE_FAR - 1)) + 1;
    put(f, h, at);
    return distance <= at ? distance : 0;
}

/* ---- what the maker is given ---- */

static void fed(const vl_deflate_parser *p, finder *f)
{
    f->fresh = true;
    f->slop = f->feed.last && p->row.family != VL_MAKES_ISAL_OLDER ? SLOP : VL_ISAL_LOOK_AHEAD;
}

static void forget(finder *f, size_t at)
{
    f->first = true;
    f->fill = (uint16_t)at;
    for (size_t i = 0; i < sizeof f->head / sizeof *f->head; i++) f->head[i] = f->fill;
}

static bool begin(vl_deflate_parser *p)
{
    finder *const f = p->state;
    vl_crc_hash_make(&f->crc);
    f->mask = vl_isal_hash_mask(p, p->row.level < 2 ? (1 << 13) - 1 : (1 << 15) - 1);
    f->second_at = SIZE_MAX;
    forget(f, p->start ? p->start - 1 : 0);
    f->first = !p->start;
    for (size_t i = p->start > VL_DEFLATE_FAR ? p->start - VL_DEFLATE_FAR : 0; i + LEAST <= p->start; i++)
        put(f, hash(p, f, i), i);
    vl_isal_feed_first(&f->feed, p);
    fed(p, f);
    return true;
}

/* ---- two positions ---- */

static unsigned equal(const vl_deflate_parser *p, size_t at, unsigned distance, unsigned most)
{
    return distance ? vl_equal_bytes(p->text, at, at - distance, most) : 0;
}

static void plan_put(finder *f, uint32_t h, size_t at)
{
    f->put_hash[f->nput] = h;
    f->put_at[f->nput++] = (uint16_t)at;
}

/* The match at `at`, which is the first of two positions or the second. */
static vl_token plan_match(const vl_deflate_parser *p, finder *f, size_t at, bool second, unsigned n,
                           unsigned distance)
{
    const size_t left = f->feed.seen - at;
    const unsigned most = p->row.family == VL_MAKES_ISAL_OLDER ? VL_DEFLATE_LONGEST : MOST;
    if (n == EIGHT) n = equal(p, at, distance, left < most ? (unsigned)left : most);
    const size_t to = at + 2 + (second && n >= RUN) - second;
    const size_t from = at + 2 - second;
    f->nput = 0;
    plan_put(f, hash(p, f, from), to);
    plan_put(f, hash(p, f, from + 1), to + 1);
    const bool third = p->row.level == 0 || at + n + f->slop <= f->feed.seen;
    if (second && n < RUN && third) plan_put(f, hash(p, f, from + 2), to + 2);
    f->run = n >= RUN ? n - VL_DEFLATE_LONGEST : 0;
    f->run_distance = distance;
    return vl_token_match(n < VL_DEFLATE_LONGEST ? n : VL_DEFLATE_LONGEST, distance);
}

static vl_token literal_and(finder *f, const vl_deflate_parser *p, size_t at, vl_token second)
{
    f->second = second;
    f->second_at = at + 1;
    return p->text[at];
}

static vl_token look_at_two(const vl_deflate_parser *p, finder *f, size_t at)
{
    if (!f->hashed) {
        f->now[0] = hash(p, f, at);
        f->now[1] = hash(p, f, at + 1);
    }
    f->hashed = f->entered = false;
    const unsigned d0 = look(f, f->now[0], at), d1 = look(f, f->now[1], at + 1), n0 = equal(p, at, d0, EIGHT),
                   n1 = equal(p, at + 1, d1, EIGHT);
    if (n0 == EIGHT) return plan_match(p, f, at, false, n0, d0);
    if (n1 == EIGHT) return literal_and(f, p, at, plan_match(p, f, at + 1, true, n1, d1));
    if (n0 >= LEAST) return plan_match(p, f, at, false, n0, d0);
    if (n1 >= LEAST) return literal_and(f, p, at, plan_match(p, f, at + 1, true, n1, d1));
    f->now[0] = hash(p, f, at + 2);
    f->now[1] = hash(p, f, at + 3);
    f->hashed = true;
    return literal_and(f, p, at, p->text[at + 1]);
}

/* ---- one position, at the end ---- */

static vl_token look_at_one(const vl_deflate_parser *p, finder *f, size_t at)
{
    const size_t left = f->feed.seen - at;
    if (left <= LEAST - 1) return p->text[at];
    const uint32_t h = hash(p, f, at);
    const unsigned distance = (unsigned)(at - f->head[h]) & 0xffff;
    put(f, h, at);
    if (f->first) {
        f->first = false;
        return p->text[at];
    }
    if (!distance || distance >= VL_DEFLATE_FAR || distance > at) return p->text[at];
    const unsigned n =
        equal(p, at, distance, left < VL_DEFLATE_LONGEST ? (unsigned)left : VL_DEFLATE_LONGEST);
    if (n < LEAST) return p->text[at];
    f->nput = 0;
    if (n + LEAST - 1 < left)
        for (size_t i = at + 1; i <= at + 2; i++) plan_put(f, hash(p, f, i), i);
    return vl_token_match(n, distance);
}

/* ---- tokens ---- */

static bool is_over(const vl_deflate_parser *p, const finder *f, size_t at)
{
    const size_t to = at + f->slop;
    return to > f->feed.seen || (to == f->feed.seen && (f->entered || p->row.level == 0));
}

static void enter(finder *f, size_t at)
{
    f->fresh = false;
    f->entered = true;
    f->hashed = false;
    f->skip_match = (int64_t)at + SKIP_AFTER;
    f->skip_level = 0;
}

static vl_token first_literal(const vl_deflate_parser *p, finder *f, size_t at)
{
    f->first = false;
    f->entered = f->hashed = true;
    put(f, hash(p, f, at), at);
    f->now[0] = hash(p, f, at + 1);
    f->now[1] = p->row.level ? NO_HASH : hash(p, f, at + 2);
    return p->text[at];
}

static vl_token tell(const vl_deflate_parser *p, finder *f, size_t at)
{
    if (f->second_at == at) return f->second;
    if (f->run) {
        const unsigned n = f->run;
        return vl_token_match(n < VL_DEFLATE_LONGEST ? n : VL_DEFLATE_LONGEST, f->run_distance);
    }
    if (at < f->skip_to) return p->text[at];
    for (;;) {
        if (f->fresh) enter(f, at);
        if (!is_over(p, f, at)) break;
        if (f->feed.last) return look_at_one(p, f, at);
        vl_isal_feed_next(&f->feed, p, at);
        fed(p, f);
    }
    return f->first ? first_literal(p, f, at) : look_at_two(p, f, at);
}

static vl_token next(vl_deflate_parser *p, size_t at)
{
    finder *const f = p->state;
    return f->told = tell(p, f, at);
}

/* ---- what it took ---- */

/* Units of a block's buffer that are free; more than enough when it is not known how many there are. */
static size_t units_free(const vl_deflate_parser *p, const finder *f)
{
    const size_t most = vl_isal_units(&p->row);
    if (!most) return SIZE_MAX / 4;
    return most - 1 > f->units ? most - 1 - f->units : 0;
}

/* Two literals are behind, `at` is next. */
static void skip(const vl_deflate_parser *p, finder *f, size_t at)
{
    if (p->row.level == 0 || (int64_t)at <= f->skip_match || is_over(p, f, at)) return;
    int64_t level = f->skip_level + 1;
    if (level < 0) level = 0;
    if (level > SKIP_LEVELS) level = SKIP_LEVELS;
    f->skip_level = level;
    f->skip_match = level > 63 ? 0 : (int64_t)SKIP_AFTER >> level;
    size_t n = ((size_t)(level > SKIP_MORE ? level - SKIP_MORE : 0) * 2 + SKIP) & ~(size_t)(SKIP - 1);
    f->skip_from = at;
    f->entered = true;
    if (units_free(p, f) * 2 < n || f->feed.seen - at < n) {
        n = at + f->slop < f->feed.seen ? (f->feed.seen - f->slop - at + 1) & ~(size_t)1 : 2;
        f->hashed = false;
    }
    f->skip_to = at + n;
    f->skip_match += (int64_t)(at + n);
}

static void took_match(finder *f, size_t at, unsigned n)
{
    for (unsigned i = 0; i < f->nput; i++) put(f, f->put_hash[i], f->put_at[i]);
    f->nput = 0;
    f->hashed = false;
    if (f->run) return;
    f->skip_match = (int64_t)(at + n) + SKIP_AFTER;
    f->skip_level -= n;
}

static void took_run(const vl_deflate_parser *p, finder *f, size_t at, unsigned n)
{
    const size_t after = at + n;
    const bool more = f->run >= RUN;
    f->run = more ? f->run - n : 0;
    if (more) return;
    f->entered = true;
    f->hashed = false;
    if (after + f->slop >= f->feed.seen) return;
    for (size_t i = after - 4; i < after; i++) put(f, hash(p, f, i), i);
}

static void missed(finder *f)
{
    f->nput = 0;
    f->run = 0;
    f->second_at = SIZE_MAX;
    f->skip_to = 0;
    f->hashed = false;
}

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    finder *const f = p->state;
    const unsigned n = vl_token_length(token);
    const bool match = vl_token_is_match(token), skips = at < f->skip_to,
               second = match   ? false
                        : skips ? (at - f->skip_from) & 1
                                : f->second_at == at;
    f->units += !second;
    if (token != f->told) {
        missed(f);
        if (match) {
            if (p->n - at > LEAST + 3)
                for (size_t i = at + 2; i < at + 4; i++) put(f, hash(p, f, i), i);
            f->skip_match = (int64_t)(at + n) + SKIP_AFTER;
        }
        return;
    }
    if (match && f->run && !f->nput) took_run(p, f, at, n);
    else if (match) took_match(f, at, n);
    else if (second && !skips) skip(p, f, at + 1);
}

static void flushed(vl_deflate_parser *p, size_t at)
{
    finder *const f = p->state;
    missed(f);
    if (p->row.flush != VL_FLUSH_KEEPS) forget(f, at);
    vl_isal_feed_first(&f->feed, p);
    fed(p, f);
}

static void begin_block(vl_deflate_parser *p, size_t at)
{
    finder *const f = p->state;
    (void)at;
    missed(f);
    f->fresh = true;
    f->units = 0;
}

const vl_deflate_parse vl_parse_isal = {
    .bytes = sizeof(finder),
    .begin = begin,
    .next = next,
    .took = took,
    .flushed = flushed,
    .begin_block = begin_block,
};
