/*
 * Which tokens zlib takes at levels 1 to 3: the first of the longest matches among the first `chain`
 * positions that have the same hash, newest first (maker_zlib.c). What it finds it takes. The inside of a
 * match longer than `lazy` is left out of the hash.
 */
#include "formats/redeflate/maker_zlib.h"

#include <stdlib.h>

enum { NEVER = 2 * VL_DEFLATE_FAR };

typedef struct chains {
    vl_zlib_numbers by;
    vl_zlib_window window;
    vl_zlib_hash_by hash;
    uint32_t *head; /* owned; of each hash the last position, and NEVER more; 0: none */
    uint16_t
        *back; /* owned; of each position of the window, how far the one before it in its chain; 0: none */
} chains;

static inline void put(const vl_deflate_parser *p, chains *c, size_t at)
{
    const uint32_t hash =
                       p->n - at > 3 ? vl_zlib_hash_of(&c->hash, vl_le32(p->text + at)) : vl_zlib_hash(p, at),
                   where = (uint32_t)at + NEVER, back = where - c->head[hash];
    c->back[at & (c->window.size - 1)] = back < VL_DEFLATE_FAR ? (uint16_t)back : 0;
    c->head[hash] = where;
}

static inline void put_all(const vl_deflate_parser *p, chains *c, size_t from, size_t to)
{
    if (to + 2 > p->n) to = p->n < 2 ? 0 : p->n - 2;
    for (size_t i = from; i < to; i++) put(p, c, i);
}

/* Equal bytes here and so far before, up to most. `eight` of here are in `bytes`. */
static inline unsigned equal(const uint8_t *here, uint64_t bytes, size_t far, unsigned most)
{
    const uint64_t differs = vl_le64(here - far) ^ bytes;
    const unsigned n = (unsigned)__builtin_ctzll(differs | UINT64_C(1) << 63) / 8;
    if (differs || most <= 8) return !differs ? most : n < most ? n : most;
    return 8 + vl_equal_bytes(here - far, far + 8, 8, most - 8);
}

/* Where there is none further on, the same again. */
static inline size_t further(const chains *c, size_t at, size_t far, size_t reach)
{
    const size_t more = far + c->back[(at - far) & (c->window.size - 1)];
    return more < reach ? more : far;
}

/* Of four, the first of the longest, without a branch between them: level 1 looks at no more, and takes the
 * first that has eight bytes. Returns the bytes, up to eight. */
static inline unsigned first_of_four(const chains *c, const uint8_t *here, uint64_t bytes, size_t at,
                                     size_t reach, size_t *distance)
{
    size_t far = *distance;
    unsigned best = 0;
    for (int i = 0; i < 4; i++) {
        const uint64_t differs = vl_le64(here - far) ^ bytes;
        const unsigned n = (unsigned)__builtin_ctzll(differs | UINT64_C(1) << 63) / 8 + !differs;
        *distance = n > best ? far : *distance;
        best = n > best ? n : best;
        far = further(c, at, far, reach);
    }
    return best;
}

static inline unsigned first_of_all(const chains *c, const vl_deflate_parser *p, size_t at, unsigned ahead,
                                    size_t reach, size_t *distance)
{
    const unsigned nice = c->by.nice < ahead ? c->by.nice : ahead;
    const uint8_t *const here = p->text + at;
    const bool eight = p->n - at >= 8;
    const uint64_t bytes = eight ? vl_le64(here) : 0;
    size_t far = *distance;
    unsigned best = 2;
    for (unsigned chain = c->by.chain;;) {
        const unsigned n =
            eight ? equal(here, bytes, far, ahead) : vl_equal_bytes(p->text, at, at - far, ahead);
        if (n > best) {
            best = n;
            *distance = far;
            if (n >= nice) break;
        }
        const size_t more = further(c, at, far, reach);
        if (more == far || !--chain) break;
        far = more;
    }
    return best;
}

static inline vl_token next(vl_deflate_parser *p, size_t at)
{
    chains *const c = p->state;
    const uint8_t *const here = p->text + at;
    const unsigned ahead = p->end - at < VL_DEFLATE_LONGEST ? (unsigned)(p->end - at) : VL_DEFLATE_LONGEST;
    if (ahead < 3) return *here;
    vl_zlib_slide(&c->window, at);
    const size_t own = at - c->window.base, most = c->window.far, reach = own < most ? own : most;
    const uint32_t hash = p->n - at > 3 ? vl_zlib_hash_of(&c->hash, vl_le32(here)) : vl_zlib_hash(p, at);
    size_t far = (uint32_t)at + NEVER - c->head[hash];
    if (far > most || far >= own) return *here; /* the first may be a byte further away than others */
    unsigned n;
    if (c->by.chain > 4 || ahead < 8) n = first_of_all(c, p, at, ahead, reach, &far);
    else if ((n = first_of_four(c, here, vl_le64(here), at, reach, &far)) == 8)
        n += vl_equal_bytes(here - far, far + 8, 8, ahead - 8);
    return n < 3 ? *here : vl_token_match(n, (unsigned)far);
}

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    chains *const c = p->state;
    const unsigned n = vl_token_length(token);
    if (p->end - at >= 3) put_all(p, c, at, at + 1);
    if (n > 1 && n <= c->by.lazy && p->end - at - n >= 3) put_all(p, c, at + 1, at + n);
}

static bool begin(vl_deflate_parser *p)
{
    chains *const c = p->state;
    c->by = vl_zlib_levels[p->row.level];
    c->window = vl_zlib_window_at(p, p->start);
    c->hash = vl_zlib_hash_by_row(&p->row);
    c->head = calloc((size_t)1 << p->row.hash_bits, sizeof *c->head);
    c->back = malloc(c->window.size * sizeof *c->back);
    if (!c->head || !c->back) return false;
    put_all(p, c, c->window.base, p->start);
    return true;
}

static void close(vl_deflate_parser *p)
{
    chains *const c = p->state;
    free(c->head);
    free(c->back);
}

static void flushed(vl_deflate_parser *p, size_t at)
{
    chains *const c = p->state;
    if (p->row.flush == VL_FLUSH_KEEPS) {
        put_all(p, c, at - c->window.base < 2 ? c->window.base : at - 2, at);
        return;
    }
    memset(c->head, 0, sizeof *c->head << p->row.hash_bits);
    if (p->row.flush == VL_FLUSH_FORGETS) c->window.base = at;
    else {
        c->window = vl_zlib_window_at(p, at);
        put_all(p, c, c->window.base, at);
    }
}

static size_t agree(vl_deflate_parser *p, size_t *at, const vl_token *token, size_t n, vl_token *told)
{
    return vl_agree_by(p, at, token, n, told, next, took);
}

static size_t tell(vl_deflate_parser *p, size_t *at, size_t stop, vl_token *token, size_t n)
{
    return vl_tell_by(p, at, stop, token, n, next, took);
}

const vl_deflate_parse vl_parse_zlib_fast = {
    .bytes = sizeof(chains),
    .begin = begin,
    .close = close,
    .next = next,
    .took = took,
    .agree = agree,
    .tell = tell,
    .flushed = flushed,
};
