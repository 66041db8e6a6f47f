/*
 * Growing a consensus (consensus.h), row by row. What of a row is not known yet becomes a fragment; where a
 * known part ran up to the loose end of a fragment, the new one is tied to it, and a row that bridges two
 * loose ends ties those: fragments grow into long paths. Each letter of a fragment keeps votes, so that in
 * the end most rows are right, not the first one. Places outlive everything: fragments never move.
 */
#include "pipeline/codec/consensus.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 16,      /* fragments begin at multiples */
    LEAST_NEW = 32,  /* letters between two known parts that are worth a fragment without ties */
    PENALTY = 3,     /* of a letter that differs; one that does not counts 1 */
    DROP = 20,       /* below the best: it goes on no more */
    LEAST = 16,      /* what a part is worth that is taken as known */
    TO_THE_END = 12, /* below the best, a part is taken up to a loose end all the same */
    POOR = 6,        /* per cent of letters that differ: it is a relative, not the same */
    FEW = 4,         /* that differ are no sign of it */
    OVERLAP = 60,    /* most letters that two ends that are tied may share */
    WORTH = 30,      /* bits that saying a place takes, about */
    PROBES = 16,
    VOTE = 4, /* a letter: its code, and votes from here on */
    LOOSE = -1
};
#define EMPTY UINT32_MAX

typedef struct fragment {
    uint32_t from, to; /* letters; what was cut off lies outside */
    int64_t tie[2];    /* of its left and right end: 2 * fragment + end; LOOSE */
    int64_t gain;      /* bits that rows save by it */
} fragment;

/* Of the table of k-mers. */
typedef struct entry {
    uint32_t hash, mid; /* place of the middle << 1 | turned */
} entry;

struct vl_grower {
    vl_buf letter;   /* u8: code | votes */
    vl_buf of_block; /* u32: fragment of each block of letters */
    vl_buf fragment, table, kmer, part;
    size_t nentry;
    uint64_t letters, known;
};

static fragment *fragments(const vl_grower *g) { return (fragment *)(void *)g->fragment.data; }
static size_t nfragment(const vl_grower *g) { return g->fragment.len / sizeof(fragment); }

vl_grower *vl_grower_new(void) { return calloc(1, sizeof(vl_grower)); }

void vl_grower_free(vl_grower *g)
{
    if (!g) return;
    vl_buf *const all[] = { &g->letter, &g->of_block, &g->fragment, &g->table, &g->kmer, &g->part };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(g);
}

void vl_grower_seen(const vl_grower *g, uint64_t *letters, uint64_t *known)
{
    *letters = g->letters;
    *known = g->known;
}

/* ---- the table ---- */

static size_t table_size(const vl_grower *g) { return g->table.len / sizeof(entry); }

uint64_t vl_grower_memory(const vl_grower *g, size_t letters)
{
    enum { EACH = 4, NEW = 8 }; /* bytes a letter: it, its copy in the end and what finds it */
    const bool fits = (g->nentry + letters / (VL_KMER_EACH - 1)) * 3 <= table_size(g) * 2;
    return EACH * g->letter.len + NEW * letters + (fits ? 1 : 3) * g->table.len; /* twice while it grows */
}

/* The entry of a hash, or a free one; NULL: too many are near. */
static entry *look_up(const vl_grower *g, uint32_t hash)
{
    const size_t size = table_size(g);
    entry *const all = (entry *)(void *)g->table.data;
    for (size_t i = hash & (size - 1), probe = 0; probe < PROBES; probe++, i = (i + 1) & (size - 1))
        if (all[i].mid == EMPTY || all[i].hash == hash) return &all[i];
    return NULL;
}

static void enter(vl_grower *g, uint32_t hash, uint32_t mid)
{
    entry *const e = look_up(g, hash);
    if (!e || e->mid != EMPTY) return;
    *e = (entry){ hash, mid };
    g->nentry++;
}

/* Room for more k-mers: twice the table, in the order of the old one. */
static vl_code make_room(vl_grower *g, size_t more, vl_err *err)
{
    const size_t old = table_size(g);
    size_t size = old ? old : 1 << 12;
    vl_buf before = { 0 };
    while ((g->nentry + more) * 3 > size * 2) size *= 2;
    if (size == old) return VL_OK;
    vl_buf_swap(&before, &g->table);
    if (!vl_buf_reserve(&g->table, size * sizeof(entry), err)) {
        g->table.len = size * sizeof(entry);
        memset(g->table.data, 0xff, g->table.len);
        g->nentry = 0;
        const entry *const e = (const entry *)(const void *)before.data;
        for (size_t i = 0; i < old; i++)
            if (e[i].mid != EMPTY) enter(g, e[i].hash, e[i].mid);
    }
    vl_buf_free(&before);
    return err->code;
}

/* ---- walking ---- */

/* Where a letter of a row lies. */
typedef struct place {
    uint32_t at, fragment;
    bool back; /* the next letters lie at lower places, complemented */
} place;

/* To the next letter, way 1, or the one before, -1; from fragment to fragment. False: at a loose end. */
static bool step(const vl_grower *g, place *p, int way)
{
    const fragment *f = &fragments(g)[p->fragment];
    const bool up = (way > 0) != p->back;
    if (up ? p->at + 1 < f->to : p->at > f->from) {
        p->at = up ? p->at + 1 : p->at - 1;
        return true;
    }
    const int64_t tie = f->tie[up];
    if (tie == LOOSE) return false;
    const bool right = tie & 1; /* it is entered there, and gone through downwards */
    p->fragment = (uint32_t)(tie >> 1);
    f = &fragments(g)[p->fragment];
    p->at = right ? f->to - 1 : f->from;
    p->back = right == (way > 0);
    return true;
}

/* The code of the letter there, as the row has it. */
static unsigned code_at(const vl_grower *g, const place *p)
{
    return (g->letter.data[p->at] & 3u) ^ (p->back ? 2u : 0u);
}

typedef struct reach {
    size_t i; /* of the row: the last letter */
    place at;
    int score;
} reach;

static unsigned code_of(uint8_t letter) { return vl_is_base(letter) ? vl_base_code(letter) : 4; }

/* How far the row goes on as the fragments do, from letter i at p on to letter `end`. */
static reach extend(const vl_grower *g, const uint8_t *row, size_t i, place p, size_t end, int way)
{
    reach best = { i, p, 0 };
    int score = 0;
    while (i != end) {
        const place before = p;
        if (!step(g, &p, way)) {
            if (score >= best.score - TO_THE_END) best = (reach){ i, before, score };
            break;
        }
        i += (size_t)way;
        score += code_at(g, &p) == code_of(row[i]) ? 1 : -PENALTY;
        if (score > best.score) best = (reach){ i, p, score };
        else if (score < best.score - DROP) break;
    }
    return best;
}

/* ---- what is known of a row ---- */

typedef struct part {
    uint32_t from, to; /* of the row */
    place first, last; /* where its first and last letter lie */
} part;

/* The part around a k-mer; false: it is none. */
static bool find_part(const vl_grower *g, const uint8_t *row, size_t n, const vl_kmer *k, size_t done,
                      part *p)
{
    const entry *const e = look_up(g, k->hash);
    if (!e || e->mid == EMPTY) return false;
    const uint32_t at = e->mid >> 1, owner = ((const uint32_t *)(const void *)g->of_block.data)[at / BLOCK];
    const place mid = { at, owner, (e->mid & 1) != k->turned };
    const fragment *const f = &fragments(g)[owner];
    if (at < f->from || at >= f->to || code_at(g, &mid) != code_of(row[k->mid])) return false;
    const reach right = extend(g, row, k->mid, mid, n - 1, 1), left = extend(g, row, k->mid, mid, done, -1);
    const int score = left.score + right.score + 1, len = (int)(right.i - left.i + 1),
              differ = (len - score) / (PENALTY + 1);
    *p = (part){ (uint32_t)left.i, (uint32_t)right.i + 1, left.at, right.at };
    return score >= LEAST && (differ < FEW || differ * 100 <= POOR * len);
}

static vl_code find_parts(vl_grower *g, const uint8_t *row, size_t n, vl_err *err)
{
    size_t done = 0;
    const vl_kmer *const kmer = (const vl_kmer *)(const void *)g->kmer.data;
    const entry *const table = (const entry *)(const void *)g->table.data;
    const size_t mask = table_size(g) - 1;
    g->part.len = 0;
    for (size_t k = 0; k < g->kmer.len / sizeof *kmer; k++) /* the table is larger than a cache */
        __builtin_prefetch(&table[kmer[k].hash & mask]);
    for (size_t k = 0; k < g->kmer.len / sizeof *kmer; k++) {
        part p;
        if (kmer[k].mid < done || !find_part(g, row, n, &kmer[k], done, &p)) continue;
        if (vl_buf_append(&g->part, &p, sizeof p, err)) break;
        done = p.to;
    }
    return err->code;
}

/* The letters of a part vote, and what it saves is counted. */
static void vote(vl_grower *g, const uint8_t *row, const part *p)
{
    place at = p->first;
    fragments(g)[at.fragment].gain += 2 * (int64_t)(p->to - p->from) - WORTH;
    g->known += p->to - p->from;
    for (uint32_t i = p->from; i < p->to; i++) {
        uint8_t *const v = &g->letter.data[at.at];
        const unsigned code = code_of(row[i]);
        if (code < 4 && code == code_at(g, &at)) *v = (uint8_t)(*v < 256 - VOTE ? *v + VOTE : *v);
        else if (code < 4 && *v >= 2 * VOTE) *v = (uint8_t)(*v - VOTE);
        else if (code < 4) *v = (uint8_t)((code ^ (at.back ? 2u : 0u)) | VOTE);
        if (i + 1 < p->to) step(g, &at, 1);
    }
}

/* ---- what is new in a row ---- */

/* Letters [from, to) of the row become a fragment. */
static vl_code add_fragment(vl_grower *g, const uint8_t *row, uint32_t from, uint32_t to, uint32_t *out,
                            vl_err *err)
{
    const size_t at = (g->letter.len + BLOCK - 1) / BLOCK * BLOCK, end = at + to - from;
    const size_t nblock = (end + BLOCK - 1) / BLOCK, before = g->of_block.len / sizeof(uint32_t);
    const fragment f = { (uint32_t)at, (uint32_t)end, { LOOSE, LOOSE }, -WORTH };
    *out = (uint32_t)nfragment(g);
    if (vl_buf_grow(&g->letter, end - g->letter.len, err) ||
        vl_buf_grow(&g->of_block, (nblock - before) * sizeof(uint32_t), err) ||
        vl_buf_append(&g->fragment, &f, sizeof f, err))
        return err->code;
    for (uint32_t i = from; i < to; i++)
        g->letter.data[at + i - from] = (uint8_t)(vl_base_code(row[i]) | (vl_is_base(row[i]) ? VOTE : 0));
    for (size_t b = before; b < nblock; b++) ((uint32_t *)(void *)g->of_block.data)[b] = *out;
    g->letter.len = end;
    g->of_block.len = nblock * sizeof(uint32_t);
    const vl_kmer *const k = (const vl_kmer *)(const void *)g->kmer.data;
    for (size_t i = 0; i < g->kmer.len / sizeof *k; i++)
        if (k[i].mid >= from && k[i].mid < to)
            enter(g, k[i].hash, (uint32_t)(at + k[i].mid - from) << 1 | k[i].turned);
    return VL_OK;
}

/* A loose end: of which fragment, left 0 or right 1; fragment EMPTY: none. */
typedef struct end {
    uint32_t fragment;
    int side;
} end;

static void tie(vl_grower *g, end a, end b)
{
    fragments(g)[a.fragment].tie[a.side] = 2 * (int64_t)b.fragment + b.side;
    fragments(g)[b.fragment].tie[b.side] = 2 * (int64_t)a.fragment + a.side;
}

/* The end of the fragment at p, going `way`, when there are at most `most` letters from there to a loose
 * one. */
static end loose_end(const vl_grower *g, const place *p, int way, int most)
{
    place q = *p;
    while (step(g, &q, way))
        if (!most--) return (end){ EMPTY, 0 };
    return (end){ p->fragment, (way > 0) != p->back };
}

/* What lies beyond p is cut off from its fragment. */
static void cut_off(vl_grower *g, const place *p, end e)
{
    fragment *const f = &fragments(g)[e.fragment];
    const int64_t beyond = f->tie[e.side];
    if (beyond != LOOSE) fragments(g)[beyond >> 1].tie[beyond & 1] = LOOSE;
    f->tie[e.side] = LOOSE;
    if (e.side) f->to = p->at + 1;
    else f->from = p->at;
}

/* What lies between two known parts of a row, or before the first (a NULL), or behind the last (b NULL). */
static vl_code fill_gap(vl_grower *g, const uint8_t *row, size_t n, const part *a, const part *b, vl_err *err)
{
    const uint32_t from = a ? a->to : 0, to = b ? b->from : (uint32_t)n;
    uint32_t added;
    const end left = a ? loose_end(g, &a->last, 1, 0) : (end){ EMPTY, 0 };
    end right = { EMPTY, 0 };
    if (b) right = loose_end(g, &b->first, -1, from == to && left.fragment != EMPTY ? OVERLAP : 0);
    if (left.fragment == right.fragment) right.fragment = EMPTY;
    if (from < to) {
        if (left.fragment == EMPTY && right.fragment == EMPTY && to - from < LEAST_NEW) return VL_OK;
        if (add_fragment(g, row, from, to, &added, err)) return err->code;
        if (left.fragment != EMPTY) tie(g, left, (end){ added, 0 });
        if (right.fragment != EMPTY) tie(g, right, (end){ added, 1 });
    } else if (left.fragment != EMPTY && right.fragment != EMPTY) { /* what both have is cut off from one */
        cut_off(g, &b->first, right);
        tie(g, left, right);
    }
    return VL_OK;
}

vl_code vl_grower_add(vl_grower *g, const uint8_t *letter, size_t n, vl_err *err)
{
    g->letters += n;
    if (n < VL_KMER + VL_KMER_HALF || g->letter.len + 2 * n + BLOCK > VL_CONSENSUS_MOST) return VL_OK;
    if (vl_kmers_list(letter, n, VL_KMER_EACH, &g->kmer, err) ||
        make_room(g, g->kmer.len / sizeof(vl_kmer), err) || find_parts(g, letter, n, err))
        return err->code;
    const part *const p = (const part *)(const void *)g->part.data;
    const size_t npart = g->part.len / sizeof *p;
    for (size_t i = 0; i < npart; i++) vote(g, letter, &p[i]);
    for (size_t i = 0; i <= npart && !err->code; i++)
        fill_gap(g, letter, n, i ? &p[i - 1] : NULL, i < npart ? &p[i] : NULL, err);
    return err->code;
}

/* ---- the end ---- */

/* The outermost end of the path that a fragment is in. Of a ring, any. */
static end path_begins(const vl_grower *g, uint32_t first)
{
    end e = { first, 0 };
    for (int64_t t; (t = fragments(g)[e.fragment].tie[e.side]) != LOOSE && t >> 1 != first;)
        e = (end){ (uint32_t)(t >> 1), !(t & 1) };
    return e;
}

static vl_code append_fragment(const vl_grower *g, const fragment *f, int side, vl_buf *out, vl_err *err)
{
    const uint32_t n = f->to - f->from;
    if (vl_buf_grow(out, n, err)) return err->code;
    for (uint32_t i = 0; i < n; i++)
        out->data[out->len++] = side ? vl_base_letter((g->letter.data[f->to - 1 - i] & 3u) ^ 2)
                                     : vl_base_letter(g->letter.data[f->from + i] & 3u);
    return VL_OK;
}

/* A path from its beginning on; it goes again when rows save nothing by it. */
static vl_code append_path(const vl_grower *g, end e, uint8_t *seen, vl_buf *out, vl_err *err)
{
    const size_t before = out->len;
    int64_t gain = 0;
    while (!seen[e.fragment]) {
        const fragment *const f = &fragments(g)[e.fragment];
        seen[e.fragment] = 1;
        gain += f->gain;
        if (append_fragment(g, f, e.side, out, err)) return err->code;
        const int64_t next = f->tie[!e.side];
        if (next == LOOSE) break;
        e = (end){ (uint32_t)(next >> 1), (int)(next & 1) };
    }
    if (gain <= 0) out->len = before;
    return VL_OK;
}

vl_code vl_grower_end(vl_grower *g, vl_buf *letters, vl_err *err)
{
    vl_buf seen = { 0 };
    const size_t n = nfragment(g);
    vl_buf_free(&g->table);
    if (vl_buf_reserve(&seen, n + 1, err)) return err->code;
    memset(seen.data, 0, n + 1);
    for (uint32_t f = 0; f < n && !err->code; f++)
        if (!seen.data[f]) append_path(g, path_begins(g, f), seen.data, letters, err);
    vl_buf_free(&seen);
    return err->code;
}
