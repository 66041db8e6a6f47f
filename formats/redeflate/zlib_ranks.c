/* zlib's search by ranks: zlib_ranks.h. */
#include "formats/redeflate/maker_zlib.h"
#include "formats/redeflate/zlib_ranks.h"

#include <stdlib.h>

enum {
    RING = VL_DEFLATE_FAR,
    AHEAD = 256,
    KINDS = 3,
    MOST_BITS = 15,
    LEAST_BITS = 8,
    MORE_BITS = 2,
    NEVER = 2 * RING
};

/* Of a position: how far before it the last one is that has the same hash of 3, 5, 8 bytes (0: none in
 * reach), and its number among those of the same hash of zlib's, of which only differences count. */
typedef struct entry {
    uint16_t back[KINDS], rank;
} entry;

struct vl_ranks {
    size_t put; /* all before it are in */
    unsigned
        bits; /* of the hash of three bytes MORE_BITS more: what is not found there is most often asked */
    uint16_t *count;       /* of each hash of zlib's */
    uint32_t *head[KINDS]; /* the last position of each, and NEVER more; 0: none */
    entry ring[RING];
};

vl_ranks *vl_ranks_open(const vl_deflate_parser *p, size_t first)
{
    unsigned bits = LEAST_BITS;
    while (bits < MOST_BITS && p->n - first > (size_t)1 << bits) bits++;
    const size_t nhead = (size_t)1 << bits, nthree = nhead << MORE_BITS,
                 ncount = (size_t)1 << p->row.hash_bits,
                 tables = (nthree + (KINDS - 1) * nhead) * sizeof(uint32_t) + ncount * sizeof(uint16_t);
    vl_ranks *const r = malloc(sizeof *r + tables);
    if (!r) return NULL;
    uint32_t *const head = (uint32_t *)(r + 1);
    memset(head, 0, tables);
    r->put = first;
    r->bits = bits;
    for (int i = 0; i < KINDS; i++) r->head[i] = i ? head + nthree + (size_t)(i - 1) * nhead : head;
    r->count = (uint16_t *)(head + nthree + (KINDS - 1) * nhead);
    return r;
}

void vl_ranks_close(vl_ranks *r) { free(r); }

/* ---- putting in ---- */

/* Of bytes that lie above zeros. */
static inline uint64_t mix(uint64_t bytes, unsigned down)
{
    return bytes * UINT64_C(0x9e3779b97f4a7c15) >> down;
}

/* What lies too far before is no neighbour, nor is what was never put. */
static inline uint16_t link_to(uint32_t *head, uint32_t at)
{
    const uint32_t back = at - *head;
    *head = at;
    return back < RING ? (uint16_t)back : 0;
}

/* Positions that have eight bytes. */
static void put_full(vl_ranks *r, const vl_deflate_parser *p, size_t to)
{
    const uint8_t *const text = p->text;
    uint32_t *const three = r->head[0], *const five = r->head[1], *const eight = r->head[2];
    uint16_t *const count = r->count;
    const unsigned down = 64 - r->bits;
    const vl_zlib_hash_by by = vl_zlib_hash_by_row(&p->row);
    for (size_t at = r->put; at < to; at++) {
        const uint64_t w = vl_le64(text + at);
        entry *const e = &r->ring[at & (RING - 1)];
        const uint32_t where = (uint32_t)at + NEVER;
        e->back[0] = link_to(&three[mix(w << 40, down - MORE_BITS)], where);
        e->back[1] = link_to(&five[mix(w << 24, down)], where);
        e->back[2] = link_to(&eight[mix(w, down)], where);
        e->rank = count[vl_zlib_hash_of(&by, (uint32_t)w)]++;
    }
    r->put = to;
}

/* The last of the text have no more bytes than three. */
static void put_last(vl_ranks *r, const vl_deflate_parser *p, size_t at)
{
    const uint8_t *const b = p->text + at;
    const uint64_t three = b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16;
    entry *const e = &r->ring[at & (RING - 1)];
    e->back[0] = link_to(&r->head[0][mix(three << 40, 64 - r->bits - MORE_BITS)], (uint32_t)at + NEVER);
    e->back[1] = e->back[2] = 0;
    e->rank = r->count[vl_zlib_hash(p, at)]++;
    r->put = at + 1;
}

static void put(vl_ranks *r, const vl_deflate_parser *p, size_t to)
{
    const size_t last = p->n - 2, full = p->n < 8 ? 0 : p->n - 7;
    if (to > last) to = last;
    if (r->put < full) put_full(r, p, to < full ? to : full);
    while (r->put < to) put_last(r, p, r->put);
}

/* ---- the search ---- */

typedef struct search {
    const entry *ring;
    const uint8_t *here;
    size_t at;
    uint64_t bytes; /* here */
    size_t reach;   /* the greatest distance */
    uint16_t rank;
} search;

/* True when zlib does not come as far as to this position of the same hash. */
static inline bool is_beyond(const search *s, const vl_rank_bounds *by, const entry *e, size_t far)
{
    const unsigned place = (uint16_t)(s->rank - e->rank);
    return place > by->chain || (far == by->far && place != 1);
}

/* True when a position this far before is one that zlib looks at, and has as many bytes in common. */
static inline bool is_of_bucket(const search *s, const vl_deflate_parser *p, size_t far, uint64_t differs)
{
    return p->row.family != VL_MAKES_CHROMIUM || !(uint32_t)differs ||
           vl_zlib_hash(p, s->at) == vl_zlib_hash(p, s->at - far);
}

enum { THREE, FIVE, EIGHT };

/* The next position of a chain, from *far on, that has the bytes of the chain's kind in common: false when
 * there is none that zlib looks at. */
static inline bool follow(const search *s, const vl_deflate_parser *p, const vl_rank_bounds *by,
                          unsigned kind, size_t *far, uint64_t *differs)
{
    static const unsigned others[KINDS] = { 64 - 24, 64 - 40, 0 };
    for (unsigned back = s->ring[(s->at - *far) & (RING - 1)].back[kind]; back;) {
        if ((*far += back) > s->reach) return false;
        const entry *const e = &s->ring[(s->at - *far) & (RING - 1)];
        back = e->back[kind];
        *differs = vl_le64(s->here - *far) ^ s->bytes;
        if (*differs << others[kind]) continue;
        if (kind == THREE && !is_of_bucket(s, p, *far, *differs)) continue;
        return !is_beyond(s, by, e, *far);
    }
    return false;
}

static inline unsigned equal_of_eight(uint64_t differs)
{
    return differs ? (unsigned)__builtin_ctzll(differs) / 8 : 8;
}

/* Longer ones of up to `most` bytes, which are eight at most, among those that follow. */
static inline unsigned search_few(const search *s, const vl_deflate_parser *p, const vl_rank_bounds *by,
                                  unsigned kind, unsigned most, unsigned best, unsigned *distance)
{
    size_t far = 0;
    uint64_t differs;
    while (follow(s, p, by, kind, &far, &differs)) {
        unsigned n = equal_of_eight(differs);
        if (n > most) n = most;
        if (n <= best) continue;
        best = n;
        *distance = (unsigned)far;
        if (n == most) break;
    }
    return best;
}

/* Longer matches by the chain of eight bytes. */
static inline unsigned search_eight(const search *s, const vl_deflate_parser *p, const vl_rank_bounds *by,
                                    unsigned best, unsigned *distance)
{
    size_t far = 0;
    uint64_t differs;
    while (follow(s, p, by, EIGHT, &far, &differs)) {
        if (best >= 8 && s->here[best] != *(s->here + best - far)) continue;
        const unsigned n = 8 + vl_equal_bytes(s->here - far, far + 8, 8, by->ahead - 8);
        if (n <= best) continue;
        best = n;
        *distance = (unsigned)far;
        if (n >= by->nice) break;
    }
    return best;
}

/* What has no neighbour of three bytes has none of five, and so on. */
static inline unsigned search_all(const search *s, const vl_deflate_parser *p, const vl_rank_bounds *by,
                                  unsigned best, unsigned *distance)
{
    size_t far = 0, far5 = 0;
    uint64_t differs;
    if (best >= 7) return by->ahead < 8 ? best : search_eight(s, p, by, best, distance);
    if (best < 4 && !follow(s, p, by, THREE, &far, &differs)) return best;
    if (by->ahead >= 5 && follow(s, p, by, FIVE, &far5, &differs)) {
        const unsigned n = by->ahead < 8 ? 0 : search_eight(s, p, by, 7, distance);
        return n > 7 ? n : search_few(s, p, by, FIVE, by->ahead < 7 ? by->ahead : 7, best, distance);
    }
    return best < 4 ? search_few(s, p, by, THREE, by->ahead < 4 ? by->ahead : 4, best, distance) : best;
}

/* Where there are less than eight bytes of text. */
static unsigned search_last(const search *s, const vl_deflate_parser *p, const vl_rank_bounds *by,
                            unsigned best, unsigned *distance)
{
    size_t far = 0;
    for (unsigned back = s->ring[s->at & (RING - 1)].back[0]; back;) {
        if ((far += back) > s->reach) break;
        const entry *const e = &s->ring[(s->at - far) & (RING - 1)];
        back = e->back[0];
        const unsigned n = vl_equal_bytes(p->text, s->at, s->at - far, by->ahead);
        if (n < 3 || vl_zlib_hash(p, s->at) != vl_zlib_hash(p, s->at - far)) continue;
        if (is_beyond(s, by, e, far)) break;
        if (n <= best) continue;
        best = n;
        *distance = (unsigned)far;
        if (n >= by->nice) break;
    }
    return best;
}

unsigned vl_rank_search(vl_ranks *r, const vl_deflate_parser *p, size_t at, const vl_rank_bounds *by,
                        unsigned best, unsigned *distance)
{
    if (at >= r->put) put(r, p, at + AHEAD < RING + at - by->far ? at + AHEAD : at + 1);
    search s = { .ring = r->ring, .here = p->text + at, .at = at, .rank = r->ring[at & (RING - 1)].rank };
    if (at <= by->base) return best;
    s.reach = at - by->base - 1 < by->far ? at - by->base - 1 : by->far;
    if (p->n - at < 8) return search_last(&s, p, by, best, distance);
    s.bytes = vl_le64(s.here);
    return search_all(&s, p, by, best, distance);
}
