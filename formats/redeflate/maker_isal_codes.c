/*
 * How ISA-L codes a block (huff_codes.c, proc_heap_base.c of 2.30), and where it ends: when the buffer of its
 * tokens is full (igzip.c, init_new_icf_block). Codes are of a Huffman tree, that a heap makes: of equal
 * nodes a symbol is before an inner node, the lesser symbol before the greater, the newer inner node before
 * the older. All code lengths are in one run. Level 0 has the same codes for all blocks.
 */
#include "formats/redeflate/deflate_maker.h"

enum { LIT = 286, DIST = 30 };

/* ---- codes ---- */

/* By the lower 16 bits: symbols, and inner nodes from ROOT down. */
enum { ROOT = 3 * LIT, NODES = ROOT + 1, DEEPEST = 64 };

typedef struct tree {
    uint64_t heap[LIT + 2];
    unsigned nheap;
    struct {
        uint16_t child, depth;
    } node[NODES];
} tree;

static void sink(tree *t, unsigned i)
{
    for (unsigned child = 2 * i; child <= t->nheap; child = 2 * i) {
        child += child < t->nheap && t->heap[child + 1] < t->heap[child];
        if (t->heap[i] <= t->heap[child]) return;
        const uint64_t swap = t->heap[i];
        t->heap[i] = t->heap[child];
        t->heap[child] = swap;
        i = child;
    }
}

static void fill(tree *t, const uint32_t *often, unsigned n)
{
    t->nheap = 0;
    for (unsigned i = 0; i < n; i++)
        if (often[i]) t->heap[++t->nheap] = (uint64_t)often[i] << 16 | i;
    while (t->nheap < 2) {
        const bool second = t->nheap == 1 && !(t->heap[1] & 0xffff);
        t->heap[++t->nheap] = UINT64_C(1) << 16 | second;
    }
    for (unsigned i = t->nheap / 2; i; i--) sink(t, i);
}

/* The node from which on the tree lies. */
static unsigned join(tree *t)
{
    unsigned at = ROOT;
    while (t->nheap > 1) {
        const uint64_t least = t->heap[1];
        t->heap[1] = t->heap[t->nheap--];
        sink(t, 1);
        const uint64_t next = t->heap[1];
        t->heap[1] = ((least + next) & ~UINT64_C(0xffff)) | at;
        sink(t, 1);
        t->node[at].child = (uint16_t)least;
        t->node[at - 1].child = (uint16_t)next;
        at -= 2;
    }
    t->node[at].child = (uint16_t)t->heap[1];
    return at;
}

/* Lengths that are too long are made shorter, the longest first, where one that is not too long makes
 * room. */
static void limit(uint32_t *count, unsigned longest, unsigned most)
{
    while (longest > most) {
        unsigned i = most - 1;
        while (!count[i]) i--;
        count[i]--;
        count[i + 1] += 2;
        count[longest - 1]++;
        count[longest] -= 2;
        if (!count[longest]) longest--;
    }
}

static void make_code(const uint32_t *often, unsigned n, unsigned most, uint8_t *length)
{
    tree t;
    uint32_t count[DEEPEST] = { 0 };
    unsigned longest = 0;
    fill(&t, often, n);
    const unsigned root = join(&t);
    unsigned end = root;
    t.node[root].depth = 0;
    for (unsigned i = root; i <= ROOT; i++) {
        const unsigned child = t.node[i].child, depth = t.node[i].depth;
        if (child > LIT) {
            t.node[child].depth = t.node[child - 1].depth = (uint16_t)(depth + 1);
            continue;
        }
        t.node[end++] = t.node[i];
        if (depth > longest) longest = depth;
        count[depth]++;
    }
    memset(length, 0, n);
    if (longest > most) limit(count, longest, most);
    for (unsigned i = root, k = 1; i < end; i++) {
        unsigned depth = t.node[i].depth;
        if (longest > most) {
            while (!count[k]) k++;
            count[k]--;
            depth = k;
        }
        length[t.node[i].child] = (uint8_t)depth;
    }
}

/* ---- headers ---- */

static void spell(vl_deflate_head *head)
{
    uint32_t often[VL_DEFLATE_PRE];
    vl_send_lengths(head, often);
    make_code(often, VL_DEFLATE_PRE, 7, head->pre);
    vl_send_no_zeros(head);
}

/* ---- the codes of level 0 (hufftables_c.c, hufftables_default) ---- */

/* Its header: code lengths, and 16 and more for three and more times the one before. */
static const uint8_t default_sent[] = {
    6,  8,  9,  8,  8,  9,  17, 7,  9,  9,  8,  9,  9,  9,  10, 10, 10, 10, 11, 11, 11, 10, 11, 11, 11,
    10, 11, 10, 9,  5,  10, 9,  10, 10, 10, 10, 9,  9,  9,  10, 10, 7,  8,  8,  10, 8,  8,  8,  9,  19,
    9,  9,  10, 10, 9,  9,  9,  8,  8,  9,  19, 10, 10, 9,  17, 10, 9,  9,  9,  10, 17, 11, 10, 10, 11,
    11, 10, 10, 6,  8,  7,  7,  6,  8,  8,  7,  6,  10, 9,  7,  7,  7,  6,  7,  10, 6,  6,  7,  7,  9,
    8,  9,  8,  10, 11, 10, 11, 10, 10, 9,  11, 19, 11, 11, 11, 10, 11, 11, 11, 10, 10, 11, 19, 19, 11,
    11, 10, 11, 11, 11, 10, 11, 10, 11, 19, 11, 11, 10, 11, 11, 11, 10, 11, 19, 11, 10, 11, 11, 9,  10,
    9,  9,  11, 11, 11, 10, 11, 19, 10, 10, 11, 19, 19, 11, 11, 9,  11, 11, 10, 11, 11, 11, 10, 10, 11,
    19, 9,  10, 11, 10, 11, 11, 11, 11, 10, 10, 11, 11, 10, 10, 9,  8,  15, 15, 2,  4,  4,  5,  6,  7,
    7,  5,  8,  8,  8,  8,  9,  10, 18, 11, 12, 13, 13, 12, 13, 15, 15, 11, 8,  9,  8,  9,  8,  7,  7,
    6,  6,  6,  5,  5,  5,  5,  4,  4,  4,  5,  4,  5,  4,  5,  3,  5,  4,  5,  4,  5,  5,  6
};
static const uint8_t default_pre[VL_DEFLATE_PRE] = {
    0, 0, 6, 7, 6, 4, 4, 4, 4, 3, 2, 2, 7, 7, 0, 7, 4, 0, 0
};

static void choose_default(vl_deflate_head *head)
{
    uint8_t length[LIT + DIST];
    unsigned n = 0;
    *head = (vl_deflate_head){ .type = VL_DYNAMIC, .nlit = LIT, .ndist = DIST, .npre = VL_DEFLATE_PRE };
    for (unsigned i = 0; i < sizeof default_sent; i++) {
        const unsigned symbol = default_sent[i], run = symbol < 16 ? 1 : symbol - 16 + 3;
        vl_send_length(head, symbol < 16 ? symbol : 16, symbol < 16 ? 0 : symbol - 16);
        memset(length + n, symbol < 16 ? (int)symbol : length[n - 1], run);
        n += run;
    }
    memcpy(head->lit, length, LIT);
    memcpy(head->dist, length + LIT, DIST);
    memcpy(head->pre, default_pre, sizeof default_pre);
}

static bool is_default(const vl_deflate_head *head, const vl_deflate_head *other)
{
    return head->nlit == LIT && head->ndist == DIST && !memcmp(head->lit, other->lit, LIT) &&
           !memcmp(head->dist, other->dist, DIST);
}

void vl_isal_spell(const vl_deflate_row *row, vl_deflate_head *head)
{
    vl_deflate_head fixed;
    choose_default(&fixed);
    if (row->coding == VL_CODES_ISAL_DEFAULT && is_default(head, &fixed)) *head = fixed;
    else spell(head);
}

void vl_isal_choose(const vl_deflate_row *row, const vl_deflate_counts *counts, vl_deflate_head *head)
{
    enum { STATIC_HEAD = 3, DYNAMIC_HEAD = 3 };
    vl_deflate_head fixed = { .type = VL_STATIC };
    if (row->coding == VL_CODES_ISAL_DEFAULT) {
        choose_default(head);
        return;
    }
    *head = (vl_deflate_head){ .type = VL_DYNAMIC, .nlit = LIT, .ndist = DIST };
    vl_static_lengths(&fixed);
    make_code(counts->lit, LIT, 15, head->lit);
    make_code(counts->dist, DIST, 15, head->dist);
    while (head->nlit > 257 && !head->lit[head->nlit - 1]) head->nlit--;
    while (head->ndist > 1 && !head->dist[head->ndist - 1]) head->ndist--;
    spell(head);
    const uint64_t constant = vl_symbol_bits(counts, &fixed) + STATIC_HEAD,
                   symbols = vl_symbol_bits(counts, head);
    if (constant <= symbols || constant <= symbols + vl_head_bits(head) + DYNAMIC_HEAD) *head = fixed;
}

/* ---- ends ---- */

enum { KIB = 1024, UNIT = 4, STRUCT = 4712, REQUIRED = 4 * KIB, SLOP = 16 };

size_t vl_isal_units(const vl_deflate_row *row)
{
    if (row->ends < VL_ENDS_LIKE_ISAL || row->ends > VL_ENDS_ISAL_LARGEST) return 0;
    const unsigned size = row->ends == VL_ENDS_LIKE_ISAL ? 10 : 13 + row->ends - VL_ENDS_LIKE_ISAL;
    /* level 3 asks for less than it has beside the tokens */
    const size_t lost = row->level == 3 ? 16 + UNIT * 288 : 0;
    return (((size_t)UNIT << size) + REQUIRED - STRUCT - lost) / UNIT - 1;
}

bool vl_isal_ends_after(vl_block_ends *e, size_t at, vl_token token, unsigned holds)
{
    const size_t next = at + vl_token_length(token);
    const bool match = vl_token_is_match(token), alone = !at || next + SLOP > e->end;
    e->units += match || !e->open;
    e->open = e->level == 3 ? holds : !match && !e->open && !alone;
    if (e->level == 3) return e->units >= e->most;
    return !e->open && e->units >= e->most - (next + SLOP > e->end ? 0 : 1);
}
