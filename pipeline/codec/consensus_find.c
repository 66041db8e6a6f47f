/*
 * Finding rows in a consensus (consensus.h). A sampled k-mer says where a row may lie; from there it goes
 * both ways as long as letters pay: one that is equal saves two bits, one that is not costs three times that.
 * What is left of the row before or behind it goes along where that takes fewer bits than to say that it is
 * left.
 * Where that fits badly, the row's other k-mers are asked for a better place.
 */
#include "pipeline/codec/consensus.h"

#include <string.h>

enum { PENALTY = 3, DROP = 20, LEAST = 16, PROBES = 8 };
#define NOWHERE UINT32_MAX

/* The more letters, the fewer of their k-mers: the table of a large genome must fit into memory. */
static unsigned each_of(size_t n)
{
    unsigned each = VL_KMER_EACH;
    while (each < 4 * VL_KMER_EACH && n / each > 1 << 25) each *= 2;
    return each;
}

static size_t table_size(size_t n)
{
    size_t size = 1024;
    while (size < n / each_of(n) * 2) size *= 2;
    return size;
}

uint64_t vl_finder_memory(size_t n) { return table_size(n) * sizeof(uint32_t); }

vl_code vl_finder_make(vl_finder *f, const uint8_t *letter, size_t n, vl_err *err)
{
    vl_buf kmers = { 0 };
    const size_t size = table_size(n);
    f->letter = letter;
    f->n = n;
    f->each = each_of(n);
    if (vl_buf_reserve(&f->table, size * sizeof(uint32_t), err)) return err->code;
    f->table.len = size * sizeof(uint32_t);
    memset(f->table.data, 0xff, f->table.len);
    uint32_t *const slot = (uint32_t *)(void *)f->table.data;
    enum { STRETCH = 1 << 16 };
    for (size_t from = 0; from + VL_KMER <= n; from += STRETCH) { /* stretches overlap by a k-mer less one */
        const size_t left = n - from, len = left < STRETCH + VL_KMER - 1 ? left : STRETCH + VL_KMER - 1;
        if (vl_kmers_list(letter + from, len, f->each, &kmers, err)) break;
        const vl_kmer *const kmer = (const vl_kmer *)(const void *)kmers.data;
        for (size_t k = 0; k < kmers.len / sizeof *kmer; k++) {
            size_t i = kmer[k].hash & (size - 1);
            for (int probe = 0; probe < PROBES && slot[i] != NOWHERE; probe++) i = (i + 1) & (size - 1);
            if (slot[i] == NOWHERE) slot[i] = (uint32_t)(from + kmer[k].mid);
        }
    }
    vl_buf_free(&kmers);
    return err->code;
}

void vl_finder_free(vl_finder *f)
{
    vl_buf_free(&f->table);
    *f = (vl_finder){ 0 };
}

/* ---- one place ---- */

/* A place that a row may have: letter i of it lies at `at` of the consensus. */
typedef struct place {
    size_t i;
    int64_t at;
    bool back;
} place;

static bool equal_at(const vl_finder *f, int64_t at, bool back, uint8_t letter)
{
    return (back ? vl_base_complement(f->letter[at]) : f->letter[at]) == letter;
}

/* Whether the next eight letters are all equal. */
static bool eight_equal(const vl_finder *f, const uint8_t *row, const place *p, size_t end, int way)
{
    const size_t left = way > 0 ? end - p->i : p->i - end;
    const bool up = (way > 0) != p->back;
    if (left < VL_AT_ONCE || (up ? (int64_t)f->n - 1 - p->at : p->at) < VL_AT_ONCE) return false;
    return vl_same_eight(way > 0 ? row + p->i + 1 : row + p->i - VL_AT_ONCE,
                         up ? f->letter + p->at + 1 : f->letter + p->at - VL_AT_ONCE, p->back);
}

/* How far letters from p on, to row index `end`, pay; way: 1 or -1. *score: what they are worth. */
static size_t extend(const vl_finder *f, const uint8_t *row, place p, size_t end, int way, int *score)
{
    int now = 0, best = 0;
    size_t farthest = p.i;
    const int step = p.back ? -way : way;
    while (p.i != end) {
        if (eight_equal(f, row, &p, end, way)) {
            p.at += VL_AT_ONCE * step;
            p.i += (size_t)(VL_AT_ONCE * way);
            now += VL_AT_ONCE;
            if (now <= best) continue;
            best = now;
            farthest = p.i;
            continue;
        }
        p.at += step;
        if (p.at < 0 || p.at >= (int64_t)f->n) break;
        p.i += (size_t)way;
        now += equal_at(f, p.at, p.back, row[p.i]) ? 1 : -PENALTY;
        if (now > best) {
            best = now;
            farthest = p.i;
        } else if (now < best - DROP) {
            break;
        }
    }
    *score += best;
    return farthest;
}

/* Whether the k-mer around a place of the row stands there. */
static bool has_kmer(const vl_finder *f, const uint8_t *row, const place *p)
{
    if (p->at < VL_KMER_HALF || p->at + VL_KMER_HALF >= (int64_t)f->n) return false;
    for (int z = -VL_KMER_HALF; z <= VL_KMER_HALF; z++)
        if (!equal_at(f, p->at + (p->back ? -z : z), p->back, row[p->i + (size_t)z])) return false;
    return true;
}

/* ---- a row ---- */

typedef struct best {
    vl_match match;
    int score;
} best;

/* Where letter i of the row lies on the match's diagonal. */
static int64_t on_diagonal(const vl_match *p, size_t i)
{
    const int64_t d = (int64_t)i - (int64_t)p->from;
    return (int64_t)p->at + (p->back ? -d : d);
}

/* The places that a k-mer knows; letters before `done` are taken. */
static void try_places(const vl_finder *f, const uint8_t *row, size_t n, const vl_kmer *kmer, size_t done,
                       best *b)
{
    const uint32_t *const slot = (const uint32_t *)(const void *)f->table.data;
    const size_t mask = f->table.len / sizeof *slot - 1;
    size_t i = kmer->hash & mask;
    for (int probe = 0; probe < PROBES && slot[i] != NOWHERE; probe++, i = (i + 1) & mask) {
        place p = { kmer->mid, slot[i], false };
        if (!has_kmer(f, row, &p)) {
            p.back = true;
            if (!has_kmer(f, row, &p)) continue;
        }
        int score = 1;
        const size_t last = extend(f, row, p, n - 1, 1, &score), first = extend(f, row, p, done, -1, &score);
        if (score <= b->score) continue;
        const int64_t before = (int64_t)(p.i - first);
        b->score = score;
        b->match = (vl_match){ (uint32_t)first, (uint32_t)last + 1,
                               (uint32_t)(p.at + (p.back ? before : -before)), p.back };
    }
}

/* Takes the row's letters from `from` up to `to`, which stand beside the match, into it where that pays. */
static bool go_along(const vl_finder *f, const uint8_t *row, const vl_match *m, size_t from, size_t to)
{
    enum {
        MOST = 24,
        UNEQUAL = 9,
        LOOSE = 2,
        LEFT = 14
    }; /* bits: of a letter, of saying that some are left */
    const size_t left = to - from;
    size_t bits = 0;
    if (!left || left > MOST) return false;
    const int64_t a = on_diagonal(m, from), b = on_diagonal(m, to - 1), n = (int64_t)f->n;
    if (a < 0 || b < 0 || a >= n || b >= n) return false;
    for (size_t i = from; i < to; i++)
        if (vl_is_base(row[i]) && !equal_at(f, on_diagonal(m, i), m->back, row[i])) bits += UNEQUAL;
    return bits <= LOOSE * left + LEFT;
}

/* The same on both sides, within the letters from `first` on of n. */
static void reach_out(const vl_finder *f, const uint8_t *row, size_t first, size_t n, vl_match *m)
{
    if (go_along(f, row, m, first, m->from)) {
        m->at = (uint32_t)on_diagonal(m, first);
        m->from = (uint32_t)first;
    }
    if (go_along(f, row, m, m->to, n)) m->to = (uint32_t)n;
}

/* Does it fit so badly that another place may be better? */
static bool is_poor(const best *b)
{
    const int n = (int)(b->match.to - b->match.from), unequal = (n - b->score) / (PENALTY + 1);
    return b->score && unequal >= 3 && unequal * 32 > n;
}

static void find_best(const vl_finder *f, const uint8_t *row, size_t n, const vl_kmer *kmer, size_t nkmer,
                      size_t done, best *b)
{
    *b = (best){ .score = 0 };
    for (size_t k = 0; k < nkmer && (!k || (is_poor(b) && kmer[k].mid < b->match.to)); k++) {
        const place same = { kmer[k].mid, b->score ? on_diagonal(&b->match, kmer[k].mid) : -1,
                             b->match.back };
        if (!has_kmer(f, row, &same)) try_places(f, row, n, &kmer[k], done, b);
    }
}

/* Most rows lie in one place, and well: their first k-mers tell. *whole: so does this one. */
static vl_code find_whole(const vl_finder *f, const uint8_t *row, size_t n, vl_buf *kmers, best *b,
                          bool *whole, vl_err *err)
{
    enum { FIRST = 40 };
    if (vl_kmers_list(row, n < FIRST ? n : FIRST, f->each, kmers, err)) return err->code;
    const vl_kmer *const kmer = (const vl_kmer *)(const void *)kmers->data;
    *whole = false;
    if (!kmers->len) return VL_OK;
    *b = (best){ .score = 0 };
    try_places(f, row, n, kmer, 0, b);
    if (b->score < LEAST || is_poor(b)) return VL_OK;
    reach_out(f, row, 0, n, &b->match);
    *whole = !b->match.from && b->match.to == n;
    return VL_OK;
}

vl_code vl_finder_find(const vl_finder *f, const uint8_t *row, size_t n, vl_buf *kmers, vl_buf *out,
                       vl_err *err)
{
    size_t done = 0;
    best b;
    bool whole = false;
    out->len = 0;
    if (!f->n || find_whole(f, row, n, kmers, &b, &whole, err)) return err->code;
    if (whole) return vl_buf_append(out, &b.match, sizeof b.match, err);
    if (vl_kmers_list(row, n, f->each, kmers, err)) return err->code;
    const vl_kmer *const kmer = (const vl_kmer *)(const void *)kmers->data;
    const size_t nkmer = kmers->len / sizeof *kmer;
    for (size_t k = 0; k < nkmer; k++) {
        if (kmer[k].mid < done) continue;
        find_best(f, row, n, kmer + k, nkmer - k, done, &b);
        if (b.score < LEAST) continue;
        reach_out(f, row, done, n, &b.match);
        if (vl_buf_append(out, &b.match, sizeof b.match, err)) return err->code;
        done = b.match.to;
    }
    return VL_OK;
}
