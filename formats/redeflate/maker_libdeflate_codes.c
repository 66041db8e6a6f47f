/*
 * How libdeflate 1.10 to 1.18 codes a block: the type that takes fewest bits, Huffman codes of symbols in
 * order of how often they occur and of their numbers, codes of literals and lengths of at most 14 bits, and
 * all code lengths in one run. Where it ends: as soon as its last tokens differ from those before
 * (deflate_compress.c).
 */
#include "formats/redeflate/deflate_maker.h"

/* ---- codes ---- */

typedef struct node {
    uint32_t often;
    uint16_t symbol, father, depth;
} node;

/* Symbols that occur, the least often first, of equal ones the lesser. */
static unsigned sort(const uint32_t *often, unsigned n, node *leaf)
{
    unsigned nleaf = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!often[i]) continue;
        unsigned k = nleaf++;
        for (; k && leaf[k - 1].often > often[i]; k--) leaf[k] = leaf[k - 1];
        leaf[k] = (node){ .often = often[i], .symbol = (uint16_t)i };
    }
    return nleaf;
}

/* Two leaves, or two nodes, or one of each become a node, as long as there are two. */
static void join(const node *leaf, unsigned nleaf, node *inner)
{
    unsigned i = 0, b = 0, e = 0;
    do {
        if (i + 1 < nleaf && (b == e || leaf[i + 1].often <= inner[b].often)) {
            inner[e].often = leaf[i].often + leaf[i + 1].often;
            i += 2;
        } else if (b + 2 <= e && (i >= nleaf || inner[b + 1].often < leaf[i].often)) {
            inner[e].often = inner[b].often + inner[b + 1].often;
            inner[b].father = inner[b + 1].father = (uint16_t)e;
            b += 2;
        } else {
            inner[e].often = leaf[i].often + inner[b].often;
            inner[b].father = (uint16_t)e;
            i++;
            b++;
        }
    } while (++e < nleaf - 1);
}

/* How many codes of each length: two of one bit, of which each inner node makes one into two that are longer;
 * the longest that can still be made longer, when it is too deep itself. */
static void count_lengths(node *inner, unsigned root, unsigned most, unsigned *count)
{
    count[1] = 2;
    inner[root].depth = 0;
    for (unsigned i = root; i-- > 0;) {
        unsigned depth = inner[inner[i].father].depth + 1u;
        inner[i].depth = (uint16_t)depth;
        if (depth >= most) {
            depth = most - 1;
            while (!count[depth]) depth--;
        }
        count[depth]--;
        count[depth + 1] += 2;
    }
}

static void make_code(const uint32_t *often, unsigned n, unsigned most, uint8_t *length)
{
    node leaf[VL_DEFLATE_LITLEN], inner[VL_DEFLATE_LITLEN];
    unsigned count[17] = { 0 };
    memset(length, 0, n);
    const unsigned nleaf = sort(often, n, leaf);
    if (!nleaf) return;
    if (nleaf == 1) {
        length[0] = length[leaf[0].symbol ? leaf[0].symbol : 1] = 1;
        return;
    }
    join(leaf, nleaf, inner);
    count_lengths(inner, nleaf - 2, most, count);
    for (unsigned i = 0, bits = most; bits; bits--)
        for (unsigned left = count[bits]; left; left--) length[leaf[i++].symbol] = (uint8_t)bits;
}

/* ---- headers ---- */

void vl_libdeflate_spell(vl_deflate_head *head)
{
    uint32_t often[VL_DEFLATE_PRE];
    vl_send_lengths(head, often);
    make_code(often, VL_DEFLATE_PRE, 7, head->pre);
    vl_send_no_zeros(head);
}

void vl_libdeflate_choose(const vl_deflate_counts *counts, size_t plain, vl_deflate_head *head)
{
    enum { STORED_HEAD = 32 + 7, STORED_MORE = 40 }; /* bits; seven at most fill up a byte */
    vl_deflate_head fixed = { .type = VL_STATIC };
    *head = (vl_deflate_head){ .type = VL_DYNAMIC, .nlit = VL_DEFLATE_LITLEN, .ndist = VL_DEFLATE_DIST };
    vl_static_lengths(&fixed);
    make_code(counts->lit, VL_DEFLATE_LITLEN, 14, head->lit);
    make_code(counts->dist, VL_DEFLATE_DIST, 15, head->dist);
    while (head->nlit > 257 && !head->lit[head->nlit - 1]) head->nlit--;
    while (head->ndist > 1 && !head->dist[head->ndist - 1]) head->ndist--;
    vl_libdeflate_spell(head);
    const uint64_t dynamic = vl_symbol_bits(counts, head) + vl_head_bits(head),
                   constant = vl_symbol_bits(counts, &fixed),
                   stored = STORED_HEAD + STORED_MORE * (plain ? (plain - 1) / UINT16_MAX : 0) + 8 * plain;
    if (dynamic < constant && dynamic < stored) return;
    *head = constant < stored ? fixed : (vl_deflate_head){ .type = VL_STORED };
}

/* ---- ends ---- */

enum {
    CHECK = 512,
    OLDER_LEAST = 10000,
    LEAST = 5000,
    MOST = 300000,
    MATCHES = 50000,
    FAST_MOST = 65535,
    FAST_MATCHES = 8192
};

/* True when what is new differs from what was by 200 of 512 in all; a little less for each 4 KiB, up to twice
 * as much in short blocks. All in 32 bits, as they were. */
static bool differs(vl_block_ends *e, size_t length)
{
    uint32_t delta = 0;
    if (!e->nold) return false;
    for (int i = 0; i < VL_ENDS_KINDS; i++) {
        const uint32_t expected = e->old[i] * e->nnew, actual = e->new[i] * e->nold;
        delta += actual > expected ? actual - expected : expected - actual;
    }
    const uint32_t n = e->nold + e->nnew;
    const bool older = e->rule == VL_ENDS_LIKE_LIBDEFLATE_OLDER;
    uint32_t cutoff = (older ? 200 : e->nnew * 200 / 512) * e->nold;
    if (!older && length < 10000 && n < 8192) cutoff += (uint32_t)((uint64_t)cutoff * (8192 - n) / 8192);
    return delta + (uint32_t)(length / 4096) * e->nold >= cutoff;
}

static bool is_other_now(vl_block_ends *e, size_t next)
{
    const size_t least = e->rule == VL_ENDS_LIKE_LIBDEFLATE_OLDER ? OLDER_LEAST : LEAST;
    if (e->nnew < CHECK || next - e->begin < least || e->end - next < least) return false;
    if (differs(e, next - e->begin)) return true;
    for (int i = 0; i < VL_ENDS_KINDS; i++) {
        e->old[i] += e->new[i];
        e->new[i] = 0;
    }
    e->nold += e->nnew;
    e->nnew = 0;
    return false;
}

bool vl_libdeflate_ends_after(vl_block_ends *e, size_t at, vl_token token, unsigned holds)
{
    const bool older = e->rule == VL_ENDS_LIKE_LIBDEFLATE_OLDER, fast = !older && e->level == 1,
               match = vl_token_is_match(token);
    const size_t next = at + vl_token_length(token), most = fast ? FAST_MOST : MOST;
    bool longer = vl_token_length(token) >= VL_ENDS_LONG;
    e->nmatch += match;
    if (older && holds) longer = holds > 1; /* the match that it is in place of is what counted */
    e->new[match || (older && holds) ? 8u + longer : (token >> 5 & 6) | (token & 1)]++;
    e->nnew++;
    if (holds) return false;
    if (older) return next - e->begin >= most || is_other_now(e, next);
    if (next - e->begin >= most && e->end - e->begin >= most + LEAST) return true;
    if (e->nmatch >= (fast ? FAST_MATCHES : MATCHES)) return true;
    return !fast && is_other_now(e, next);
}

/* ---- ends of level 1 ---- */

/* From here on a block ends, unless little would be left behind it. */
static size_t farthest(const vl_block_ends *e)
{
    return e->end - e->begin >= FAST_MOST + LEAST ? e->begin + FAST_MOST : SIZE_MAX;
}

size_t vl_libdeflate_ends_room(const vl_block_ends *e, size_t at)
{
    const size_t far = farthest(e), matches = e->nmatch < FAST_MATCHES ? FAST_MATCHES - e->nmatch : 0,
                 tokens = at < far ? (far - 1 - at) / VL_DEFLATE_LONGEST + 1 : 0;
    return tokens < matches ? tokens : matches;
}

void vl_libdeflate_ends_after_many(vl_block_ends *e, size_t at, const vl_token *token, size_t n, bool *early)
{
    const size_t far = farthest(e);
    uint32_t matches = 0, bytes = 0;
    if (!n) return;
    for (size_t i = 0; i + 1 < n; i++) {
        matches += vl_token_is_match(token[i]);
        bytes += vl_token_length(token[i]);
    }
    *early |= n > 1 && (at + bytes >= far || e->nmatch + matches >= FAST_MATCHES);
    e->nmatch += matches + vl_token_is_match(token[n - 1]);
    e->full = at + bytes + vl_token_length(token[n - 1]) >= far || e->nmatch >= FAST_MATCHES;
    e->ntoken += n;
}
