/* zlib's search among sorted positions: zlib_buckets.h. */
#include "formats/redeflate/zlib_buckets.h"
#include "formats/redeflate/maker_zlib.h"

#include <stdlib.h>

enum { BLOCK = VL_DEFLATE_FAR };

/* Of a hash: where its positions are among the sorted, and how many. */
typedef struct bucket {
    uint16_t first, n;
} bucket;

/* A block of the text, sorted by hash, and in order where it is the same. */
typedef struct sorted {
    size_t at, n;    /* its first position, and how many; n 0: none */
    size_t nhash;    /* that occur */
    bucket *bucket;  /* owned; of each hash */
    uint16_t *hash;  /* that occur, in the order in which they do */
    uint64_t *key;   /* the bytes at each position, the first one uppermost */
    uint16_t *place; /* each position, from at on */
} sorted;

/* Matches reach into the block before, no further. */
struct vl_buckets {
    size_t first;
    sorted now, before;
    /* Of each position of the block now: its hash; its number in the bucket; where it is among the sorted. */
    uint16_t hash[BLOCK], number[BLOCK], slot[BLOCK];
    uint8_t some[BLOCK + 8]; /* of each, and of eight behind them: there are others in its bucket before it */
    uint64_t keys[2][BLOCK];
    uint16_t places[2][BLOCK], hashes[2][BLOCK];
};

vl_buckets *vl_buckets_open(const vl_deflate_row *row)
{
    const size_t nbucket = (size_t)1 << row->hash_bits;
    vl_buckets *const b = malloc(sizeof *b);
    bucket *const all = calloc(2 * nbucket, sizeof *all);
    if (!b || !all) {
        free(b);
        free(all);
        return NULL;
    }
    b->now = (sorted){ .bucket = all, .hash = b->hashes[0], .key = b->keys[0], .place = b->places[0] };
    b->before = b->now;
    b->before.bucket += nbucket;
    b->before.hash = b->hashes[1];
    b->before.key = b->keys[1];
    b->before.place = b->places[1];
    return b;
}

void vl_buckets_close(vl_buckets *b)
{
    if (!b) return;
    free(b->now.bucket < b->before.bucket ? b->now.bucket : b->before.bucket);
    free(b);
}

/* ---- sorting ---- */

static void empty(sorted *s)
{
    for (size_t i = 0; i < s->nhash; i++) s->bucket[s->hash[i]].n = 0;
    s->n = s->nhash = 0;
}

void vl_buckets_begin(vl_buckets *b, size_t first)
{
    empty(&b->now);
    empty(&b->before);
    b->first = first;
}

static inline void hash_three(uint16_t *hash, const uint8_t *text, size_t n, unsigned shift, uint16_t mask)
{
    for (size_t i = 0; i < n; i++) {
        const uint16_t a = (uint16_t)(text[i] << 2 * shift), b = (uint16_t)(text[i + 1] << shift);
        hash[i] = (a ^ b ^ text[i + 2]) & mask;
    }
}

static void hash_all(vl_buckets *b, const vl_deflate_parser *p)
{
    const vl_zlib_hash_by by = vl_zlib_hash_by_row(&p->row);
    const uint8_t *const text = p->text + b->now.at;
    const size_t n = b->now.n, left = p->n - b->now.at, full = left < n + 3 ? n - (n + 3 - left) : n;
    if (by.four)
        for (size_t i = 0; i < full; i++) b->hash[i] = (uint16_t)vl_zlib_hash_of(&by, vl_le32(text + i));
    else if (by.shift == 5) hash_three(b->hash, text, full, 5, (uint16_t)by.mask); /* the usual one */
    else hash_three(b->hash, text, full, by.shift, (uint16_t)by.mask);
    for (size_t i = full; i < n; i++) b->hash[i] = (uint16_t)vl_zlib_hash(p, b->now.at + i);
}

static void count_all(vl_buckets *b)
{
    sorted *const s = &b->now;
    size_t nhash = 0, first = 0;
    for (size_t i = 0; i < s->n; i++) {
        const uint16_t hash = b->hash[i], n = s->bucket[hash].n++;
        b->number[i] = n;
        b->some[i] = n != 0;
        s->hash[nhash] = hash;
        nhash += !n;
    }
    for (size_t i = 0; i < nhash; i++) {
        bucket *const k = &s->bucket[s->hash[i]];
        k->first = (uint16_t)first;
        first += k->n;
    }
    s->nhash = nhash;
}

static inline uint64_t key_of(uint64_t bytes) { return __builtin_bswap64(bytes); }

static void place_all(vl_buckets *b, const vl_deflate_parser *p)
{
    sorted *const s = &b->now;
    const uint8_t *const text = p->text + s->at;
    const size_t left = p->n - s->at, full = left < 8 ? 0 : left - 7 < s->n ? left - 7 : s->n;
    for (size_t i = 0; i < full; i++) {
        const size_t slot = (size_t)s->bucket[b->hash[i]].first + b->number[i];
        s->key[slot] = key_of(vl_le64(text + i));
        s->place[slot] = (uint16_t)i;
        b->slot[i] = (uint16_t)slot;
    }
    for (size_t i = full; i < s->n; i++) { /* the last of the text */
        uint8_t bytes[8] = { 0 };
        const size_t slot = (size_t)s->bucket[b->hash[i]].first + b->number[i];
        memcpy(bytes, text + i, left - i < 8 ? left - i : 8);
        s->key[slot] = key_of(vl_le64(bytes));
        s->place[slot] = (uint16_t)i;
        b->slot[i] = (uint16_t)slot;
    }
}

/* The first of its bucket may have others in the block before. */
static void look_before(vl_buckets *b)
{
    const bucket *const before = b->before.bucket;
    for (size_t i = 0; b->before.n && i < b->now.n; i++)
        if (!b->some[i]) b->some[i] = before[b->hash[i]].n != 0;
}

/* The block that begins at `at` is the one now. */
static void sort(vl_buckets *b, const vl_deflate_parser *p, size_t at)
{
    const sorted old = b->before;
    b->before = b->now;
    b->now = old;
    empty(&b->now);
    const size_t left = p->n - at - 2; /* those that have three bytes */
    b->now.at = at;
    b->now.n = left < BLOCK ? left : BLOCK;
    hash_all(b, p);
    count_all(b);
    memset(b->some + b->now.n, 1, 8);
    look_before(b);
    place_all(b, p);
}

static void bring(vl_buckets *b, const vl_deflate_parser *p, size_t at)
{
    const size_t block = b->first + ((at - b->first) & ~(size_t)(BLOCK - 1));
    if (!b->now.n || b->now.at + BLOCK != block) {
        empty(&b->now);
        empty(&b->before);
        if (block > b->first) sort(b, p, block - BLOCK);
    }
    sort(b, p, block);
}

/* ---- the search ---- */

typedef struct search {
    const vl_deflate_parser *p;
    const vl_search_bounds *by;
    size_t at, reach; /* the greatest distance */
    uint64_t key;
    unsigned best, distance;
    bool done;
} search;

static inline size_t far_of(const search *x, const sorted *s, size_t slot)
{
    return x->at - s->at - s->place[slot];
}

static unsigned equal_keys(uint64_t a, uint64_t b)
{
    return a == b ? 8 : (unsigned)__builtin_clzll(a ^ b) / 8;
}

/* Those of first to end that are near enough are from here on. */
static inline size_t within(const search *x, const sorted *s, size_t first, size_t end, size_t reach)
{
    if (far_of(x, s, first) <= reach) return first;
    while (first < end) {
        const size_t middle = (first + end) / 2;
        if (far_of(x, s, middle) <= reach) end = middle;
        else first = middle + 1;
    }
    return end;
}

/* One that has eight bytes in common is looked at as a whole, where it may be longer than the best so far. */
static inline void look_at(search *x, const sorted *s, size_t slot)
{
    const uint8_t *const here = x->p->text + x->at;
    const size_t far = far_of(x, s, slot), tail = x->best < 8 ? 0 : x->best - 7u;
    if (vl_le64(here + tail) != vl_le64(here + tail - far)) return;
    const unsigned n = 8 + vl_equal_bytes(here - far, far + 8, 8, x->by->ahead - 8);
    if (n <= x->best) return;
    x->best = n;
    x->distance = (unsigned)far;
    x->done = n >= x->by->nice;
}

/* Longer ones of those that have eight bytes in common. */
static void look_beyond(search *x, const sorted *s, size_t first, size_t end)
{
    enum { MANY = 256 };
    uint16_t same[MANY];
    while (end > first && !x->done) {
        const size_t from = end - first < MANY ? first : end - MANY;
        size_t n = vl_k.find_same(same, s->key + from, end - from, x->key);
        while (n && !x->done) look_at(x, s, from + same[--n]);
        end = from;
    }
}

/* Near the end of what is seen, one by one. */
static void look_at_each(search *x, const sorted *s, size_t first, size_t end)
{
    for (size_t i = end; i-- > first && !x->done;) {
        unsigned n = equal_keys(s->key[i], x->key);
        if (n > x->by->ahead) n = x->by->ahead;
        if (n <= x->best) continue;
        x->best = n;
        x->distance = (unsigned)far_of(x, s, i);
        x->done = n >= x->by->nice;
    }
}

static inline void look(search *x, const sorted *s, size_t first, size_t end)
{
    if (x->by->ahead <= 8) {
        look_at_each(x, s, first, end);
        return;
    }
    if (x->best < 8) {
        const size_t n = end - first, i = vl_k.longest_prefix(s->key + first, n, x->key, x->best + 1);
        if (i == n) return;
        const unsigned equal = equal_keys(s->key[first + i], x->key);
        if (equal < 8) {
            x->best = equal;
            x->distance = (unsigned)far_of(x, s, first + i);
            return;
        }
        end = first + i;
        look_at(x, s, end);
    }
    look_beyond(x, s, first, end);
}

/* The last `most` of a bucket, which ends here; *most is less by as many. The newest of all, where it is one
 * of them, may be a byte further away than others. */
static void look_back(search *x, const sorted *s, size_t begin, size_t end, size_t *most, bool newest)
{
    size_t n = end - begin < *most ? end - begin : *most;
    const size_t reach = x->reach < x->by->far ? x->reach : x->by->far - 1u;
    *most -= n;
    size_t first = within(x, s, end - n, end, reach);
    if (first == end && newest && far_of(x, s, end - 1) == x->by->far && x->reach == x->by->far) first--;
    if (first < end) look(x, s, first, end);
}

size_t vl_buckets_none(vl_buckets *b, const vl_deflate_parser *p, size_t at)
{
    if (at - b->now.at >= b->now.n) {
        if (p->n - at < 3) return 0;
        bring(b, p, at);
    }
    const uint64_t some = vl_le64(b->some + (at - b->now.at));
    return some ? (unsigned)__builtin_ctzll(some) / 8 : 8;
}

unsigned vl_bucket_search(vl_buckets *b, const vl_deflate_parser *p, size_t at, const vl_search_bounds *by,
                          unsigned best, unsigned *distance)
{
    if (at - b->now.at >= b->now.n) bring(b, p, at);
    const size_t i = at - b->now.at, slot = b->slot[i], number = b->number[i];
    if (!b->some[i] || at <= by->base) return best;
    search x = { .p = p, .by = by, .at = at, .best = best };
    x.key = p->n - at < 8 ? b->now.key[slot] : key_of(vl_le64(p->text + at));
    x.reach = at - by->base - 1 < by->far ? at - by->base - 1 : by->far;
    size_t most = by->chain;
    if (number) look_back(&x, &b->now, slot - number, slot, &most, true);
    if (most && b->before.n && !x.done) {
        const bucket k = b->before.bucket[b->hash[i]];
        if (k.n) look_back(&x, &b->before, k.first, (size_t)k.first + k.n, &most, !number);
    }
    if (x.best > best) *distance = x.distance;
    return x.best;
}
