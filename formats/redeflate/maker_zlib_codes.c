/*
 * How zlib codes a block, and GNU gzip with it: the type that takes fewest bytes, Huffman codes by a heap in
 * which the shallower tree is the lesser of two that occur as often, and code lengths that are sent in two
 * runs. Written from what zlib 1.2.13 does (trees.c), unchanged since 1995; the numbers of the forced codes
 * and of lengths that are too long matter as much as the rest.
 */
#include "formats/redeflate/deflate_maker.h"

enum { MOST = 286, NODES = 2 * MOST + 1 };

typedef struct tree {
    unsigned n, most; /* symbols; the longest code */
    uint32_t often[NODES];
    uint8_t depth[NODES];
    uint16_t father[NODES], bits[NODES];
    uint16_t heap[NODES], nheap, first; /* what is joined already lies from first on, the most often first */
    uint8_t *length;                    /* [n] */
} tree;

static bool less(const tree *t, unsigned a, unsigned b)
{
    return t->often[a] < t->often[b] || (t->often[a] == t->often[b] && t->depth[a] <= t->depth[b]);
}

static void sink(tree *t, unsigned k)
{
    const uint16_t node = t->heap[k];
    for (unsigned son = 2 * k; son <= t->nheap; son *= 2) {
        if (son < t->nheap && less(t, t->heap[son + 1], t->heap[son])) son++;
        if (less(t, node, t->heap[son])) break;
        t->heap[k] = t->heap[son];
        k = son;
    }
    t->heap[k] = node;
}

/* Lengths over `most` become it, and codes that are shorter make room: one of them goes a step down for each
 * two that were too long. The least often then get the longest. */
static void shorten(tree *t, unsigned *count, int over)
{
    unsigned h = NODES;
    for (; over > 0; over -= 2) {
        unsigned bits = t->most - 1;
        while (!count[bits]) bits--;
        count[bits]--;
        count[bits + 1] += 2;
        count[t->most]--;
    }
    for (unsigned bits = t->most; bits; bits--)
        for (unsigned left = count[bits]; left;) {
            const unsigned node = t->heap[--h];
            if (node >= t->n) continue;
            t->length[node] = (uint8_t)bits;
            left--;
        }
}

static void measure(tree *t)
{
    unsigned count[16] = { 0 };
    int over = 0;
    t->bits[t->heap[t->first]] = 0;
    for (unsigned h = t->first + 1u; h < NODES; h++) {
        const unsigned node = t->heap[h];
        unsigned bits = t->bits[t->father[node]] + 1u;
        if (bits > t->most) {
            bits = t->most;
            over++;
        }
        t->bits[node] = (uint16_t)bits;
        if (node >= t->n) continue;
        t->length[node] = (uint8_t)bits;
        count[bits]++;
    }
    if (over) shorten(t, count, over);
}

/* Lengths [n] of a code for symbols that occur so often [n]; returns how many are sent, up to the last used.
 * There are always two codes at least: first of symbol 0 or 1. */
static unsigned make_code(const uint32_t *often, unsigned n, unsigned most, uint8_t *length)
{
    tree t = { .n = n, .most = most, .first = NODES, .length = length };
    int last = -1;
    memset(length, 0, n);
    for (unsigned i = 0; i < n; i++) {
        t.often[i] = often[i];
        if (often[i]) t.heap[++t.nheap] = (uint16_t)(last = (int)i);
    }
    while (t.nheap < 2) {
        const int node = last < 2 ? ++last : 0;
        t.heap[++t.nheap] = (uint16_t)node;
        t.often[node] = 1;
    }
    for (unsigned k = t.nheap / 2; k >= 1; k--) sink(&t, k);
    uint16_t node = (uint16_t)n;
    do {
        const uint16_t a = t.heap[1];
        t.heap[1] = t.heap[t.nheap--];
        sink(&t, 1);
        const uint16_t b = t.heap[1];
        t.heap[--t.first] = a;
        t.heap[--t.first] = b;
        t.often[node] = t.often[a] + t.often[b];
        t.depth[node] = (uint8_t)((t.depth[a] >= t.depth[b] ? t.depth[a] : t.depth[b]) + 1);
        t.father[a] = t.father[b] = node;
        t.heap[1] = node++;
        sink(&t, 1);
    } while (t.nheap >= 2);
    t.heap[--t.first] = t.heap[1];
    measure(&t);
    return (unsigned)last + 1;
}

static void send_run(vl_deflate_head *head, const uint8_t *length, unsigned n)
{
    int before = -1;
    for (unsigned i = 0, run; i < n; i += run) {
        const unsigned bits = length[i], most = !bits ? 138 : bits == (unsigned)before ? 6 : 7;
        for (run = 1; run < most && i + run < n && length[i + run] == bits;) run++;
        unsigned left = run;
        if (left < (bits && bits != (unsigned)before ? 4 : 3)) {
            for (; left; left--) vl_send_length(head, bits, 0);
        } else if (bits) {
            if (bits != (unsigned)before) vl_send_length(head, bits, (left--, 0));
            vl_send_length(head, 16, left - 3);
        } else if (left <= 10) vl_send_length(head, 17, left - 3);
        else vl_send_length(head, 18, left - 11);
        before = (int)bits;
    }
}

void vl_zlib_spell(vl_deflate_head *head)
{
    uint32_t often[VL_DEFLATE_PRE] = { 0 };
    head->nsent = 0;
    send_run(head, head->lit, head->nlit);
    send_run(head, head->dist, head->ndist);
    for (unsigned i = 0; i < head->nsent; i++) often[head->sent[i]]++;
    make_code(often, VL_DEFLATE_PRE, 7, head->pre);
    vl_send_no_zeros(head);
}

void vl_zlib_choose(const vl_deflate_row *row, const vl_deflate_counts *counts, size_t plain,
                    vl_deflate_head *head)
{
    vl_deflate_head fixed = { .type = VL_STATIC };
    *head = (vl_deflate_head){ .type = VL_DYNAMIC };
    vl_static_lengths(&fixed);
    head->nlit = (uint16_t)make_code(counts->lit, MOST, 15, head->lit);
    head->ndist = (uint16_t)make_code(counts->dist, 30, 15, head->dist);
    vl_zlib_spell(head);
    const uint64_t dynamic = (vl_symbol_bits(counts, head) + vl_head_bits(head) + 3 + 7) >> 3,
                   constant = (vl_symbol_bits(counts, &fixed) + 3 + 7) >> 3;
    const bool is_fixed = constant <= dynamic || row->coding == VL_CODES_STATIC;
    if (plain + 4 <= (is_fixed ? constant : dynamic)) *head = (vl_deflate_head){ .type = VL_STORED };
    else if (is_fixed) *head = fixed;
}
