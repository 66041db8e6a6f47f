/*
 * Which tokens zlib takes, at levels 4 to 9 (deflate.c of 1.2.13; the choice without flushes is decades old).
 *
 * A hash of three bytes leads to the positions that have it, newest first. The first of the longest matches
 * among the first `chain` of them wins; one as long as `nice` ends the search (zlib_buckets.h). A longer
 * match a byte later makes the first byte a literal; there is no such look when the match is as long as
 * `lazy`, and one at a quarter of the positions when it is as long as `good`.
 *
 * What counts besides: the first byte of the window is never the source of a match, whose beginning moves by
 * half when it is full; the hash may have any three bytes in common; nothing is found at less than three
 * bytes from what the maker sees (the next flush, or the end).
 */
#include "formats/redeflate/maker_zlib.h"
#include "formats/redeflate/zlib_buckets.h"

enum { TOO_FAR = 4096 };

const vl_zlib_numbers vl_zlib_levels[10] = {
    [1] = { 4, 4, 8, 4 },      [2] = { 4, 5, 16, 8 },        [3] = { 4, 6, 32, 32 },
    [4] = { 4, 4, 16, 16 },    [5] = { 8, 16, 32, 32 },      [6] = { 8, 16, 128, 128 },
    [7] = { 8, 32, 128, 256 }, [8] = { 32, 128, 258, 1024 }, [9] = { 32, 258, 258, 4096 },
};

typedef struct lazy {
    vl_zlib_numbers by;
    vl_zlib_window window;
    vl_buckets *buckets; /* owned */
    size_t at;           /* of which match is already known */
    unsigned length, distance;
} lazy;

/* What a search at `at` gives when the match before it was of this length; under 3: none. likely: what it
 * gives if there is something in that, and then it is found sooner. */
static unsigned find(const vl_deflate_parser *p, lazy *z, size_t at, unsigned before, unsigned likely,
                     unsigned *distance)
{
    const unsigned ahead = p->end - at < VL_DEFLATE_LONGEST ? (unsigned)(p->end - at) : VL_DEFLATE_LONGEST;
    if (ahead < 3) return before;
    vl_zlib_slide(&z->window, at);
    if (before >= ahead) return before;
    const vl_search_bounds by = {
        .base = z->window.base,
        .far = z->window.far,
        .chain = before >= z->by.good ? z->by.chain >> 2 : z->by.chain,
        .nice = z->by.nice < ahead ? z->by.nice : ahead,
        .ahead = ahead,
    };
    const unsigned best = likely > before && likely <= ahead ? likely - 1 : before;
    unsigned n = vl_bucket_search(z->buckets, p, at, &by, best, distance);
    if (n == best && best > before) n = vl_bucket_search(z->buckets, p, at, &by, before, distance);
    if (n == 3 && before < 3 && *distance > TOO_FAR) return 2;
    return p->row.family == VL_MAKES_FILTERED && n <= 5 ? 2 : n;
}

/* A state that has begun before begins again. */
static bool begin(vl_deflate_parser *p)
{
    lazy *const z = p->state;
    z->by = vl_zlib_levels[p->row.level];
    z->window = vl_zlib_window_at(p, p->start);
    z->at = SIZE_MAX;
    if (!z->buckets && !(z->buckets = vl_buckets_open(&p->row))) return false;
    vl_buckets_begin(z->buckets, z->window.base);
    return true;
}

static void close(vl_deflate_parser *p)
{
    lazy *const z = p->state;
    vl_buckets_close(z->buckets);
}

/* likely, later: the match at `at` and behind it, where they are known; 0: not. */
static inline vl_token tell_next(vl_deflate_parser *p, size_t at, unsigned likely, unsigned later_likely)
{
    lazy *const z = p->state;
    unsigned n, far = 0, later_far = 0;
    if (z->at == at) {
        n = z->length;
        far = z->distance;
    } else n = find(p, z, at, 2, likely, &far);
    z->at = SIZE_MAX;
    if (n < 3) return p->text[at];
    if (n >= z->by.lazy) return vl_token_match(n, far);
    const unsigned later = find(p, z, at + 1, n, later_likely, &later_far);
    if (later <= n) return vl_token_match(n, far);
    z->at = at + 1;
    z->length = later;
    z->distance = later_far;
    return p->text[at];
}

static vl_token next(vl_deflate_parser *p, size_t at) { return tell_next(p, at, 0, 0); }

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    lazy *const z = p->state;
    (void)at;
    if (vl_token_is_match(token)) z->at = SIZE_MAX;
}

/* Positions stay where they are: what is before the window's first byte is none. */
static void flushed(vl_deflate_parser *p, size_t at)
{
    lazy *const z = p->state;
    z->at = SIZE_MAX;
    if (p->row.flush == VL_FLUSH_FORGETS) z->window.base = at;
    if (p->row.flush == VL_FLUSH_PRIMES) z->window = vl_zlib_window_at(p, at);
}

/* What is known of the tokens is where to look first. */
static size_t agree(vl_deflate_parser *p, size_t *at, const vl_token *token, size_t n, vl_token *told)
{
    size_t i = 0, here = *at;
    for (; i < n; i++) {
        const unsigned later = i + 1 < n && !vl_token_is_match(token[i]) ? token[i + 1] >> 16 : 0;
        *told = tell_next(p, here, token[i] >> 16, later);
        if (*told != token[i]) break;
        took(p, here, token[i]);
        here += vl_token_length(token[i]);
    }
    *at = here;
    return i;
}

/* Runs of literals at once. */
static size_t tell(vl_deflate_parser *p, size_t *at, size_t stop, vl_token *token, size_t n)
{
    lazy *const z = p->state;
    size_t i = 0, here = *at;
    while (i < n && here < stop) {
        if (z->at != here) {
            size_t none = vl_buckets_none(z->buckets, p, here);
            if (none > n - i) none = n - i;
            if (none > stop - here) none = stop - here;
            for (; none; none--) token[i++] = p->text[here++];
            if (i == n || here >= stop) break;
        }
        token[i] = next(p, here);
        took(p, here, token[i]);
        here += vl_token_length(token[i++]);
    }
    *at = here;
    return i;
}

const vl_deflate_parse vl_parse_zlib = {
    .bytes = sizeof(lazy),
    .begin = begin,
    .close = close,
    .next = next,
    .took = took,
    .agree = agree,
    .tell = tell,
    .flushed = flushed,
};
