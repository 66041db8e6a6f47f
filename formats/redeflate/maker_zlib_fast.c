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

/* ---- tokens that are known ---- */

/* Bits of so many bytes, of eight at most: those of three of a literal, which is none of that length. */
static const uint64_t bytes_of[10] = {
    0xffffff,         0,          0,         0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff,
    0xffffffffffffff, UINT64_MAX, UINT64_MAX
};

/* As further, of a window of 32 KiB. */
static inline size_t further_on(const uint16_t *back, size_t at, size_t far, size_t reach)
{
    const size_t more = far + back[(at - far) & (VL_DEFLATE_FAR - 1)];
    return more < reach ? more : far;
}

/* Is this token, of which the text has the bytes, the first of the longest of four from `far` on? Of a
 * literal: is none as long as three? That takes fewer steps than to find it. */
static inline bool is_told(const uint16_t *back, const uint8_t *text, size_t at, size_t far, size_t reach,
                           unsigned length, unsigned distance)
{
    const unsigned n = length < 8 ? length : 8;
    const uint64_t bytes = vl_le64(text + at), all = bytes_of[n], more = bytes_of[n + (n > 0)];
    const size_t far1 = further_on(back, at, far, reach), far2 = further_on(back, at, far1, reach),
                 far3 = further_on(back, at, far2, reach);
    const uint64_t unlike = vl_le64(text + at - far) ^ bytes, unlike1 = vl_le64(text + at - far1) ^ bytes,
                   unlike2 = vl_le64(text + at - far2) ^ bytes, unlike3 = vl_le64(text + at - far3) ^ bytes;
    const bool none_longer = (unlike & more) && (unlike1 & more) && (unlike2 & more) && (unlike3 & more);
    size_t first = unlike3 & all ? 0 : far3;
    first = unlike2 & all ? first : far2;
    first = unlike1 & all ? first : far1;
    first = unlike & all ? first : far;
    return first == distance && (length >= 8 || none_longer);
}

/*
 * Level 1 of zlib, with a window of 32 KiB, upon tokens whose bytes are known to be in the text. Returns how
 * many are as told, up to one that is not, or is near to the end.
 */
static inline __attribute__((always_inline)) size_t agree_at_once(const vl_deflate_parser *p, chains *c,
                                                                  size_t *at, const vl_token *token, size_t n,
                                                                  unsigned hash_bits)
{
    enum { ROOM = VL_DEFLATE_LONGEST + 8, FAR = VL_DEFLATE_FAR - VL_ZLIB_LOOKAHEAD };
    const uint8_t *const text = p->text;
    uint16_t *const back = c->back;
    uint32_t *const head = c->head;
    const uint32_t mask = (UINT32_C(1) << hash_bits) - 1, shift = (hash_bits + 2) / 3;
    const vl_zlib_hash_by by = { mask, shift, false };
    size_t i = 0, here = *at;
    if (p->end < ROOM) return 0;
    for (const size_t stop = p->end - ROOM; i < n && here < stop; i++) {
        const unsigned length = token[i] >> 16, distance = length ? token[i] & 0xffff : 0;
        uint32_t hash = vl_zlib_hash_of(&by, vl_le32(text + here)), where = (uint32_t)here + NEVER,
                 far = where - head[hash];
        vl_zlib_slide(&c->window, here);
        const size_t own = here - c->window.base;
        if (far <= FAR && far < own) {
            if (!is_told(back, text, here, far, own < FAR ? own : FAR, length, distance)) break;
        } else if (length) break;
        if (length && length != VL_DEFLATE_LONGEST &&
            (length > VL_DEFLATE_LONGEST || text[here + length] == text[here + length - distance]))
            break;
        const size_t next = here + length + !length, to = length && length <= 4 ? next : here + 1;
        for (;;) {
            back[here & (VL_DEFLATE_FAR - 1)] = far < VL_DEFLATE_FAR ? (uint16_t)far : 0;
            head[hash] = where;
            if (++here == to) break;
            hash = (hash << shift ^ text[here + 2]) & mask;
            far = ++where - head[hash];
        }
        here = next;
    }
    *at = here;
    return i;
}

static size_t agree(vl_deflate_parser *p, size_t *at, const vl_token *token, size_t n, vl_token *told)
{
    chains *const c = p->state;
    size_t many = 0;
    if (p->row.family == VL_MAKES_ZLIB && p->row.level == 1 && p->row.window_bits == 15) {
        if (p->row.hash_bits == 15) many = agree_at_once(p, c, at, token, n, 15);
        if (p->row.hash_bits == 16) many = agree_at_once(p, c, at, token, n, 16);
    }
    return many + vl_agree_by(p, at, token + many, n - many, told, next, took);
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
