/*
 * How zlib codes a block, and GNU gzip with it: the type that takes fewest bytes, Huffman codes by a heap in
 * which the shallower tree is the lesser of two that occur as often, and code lengths that are sent in two
 * runs. Written from what zlib 1.2.13 does (trees.c), unchanged since 1995; the numbers of the forced codes
 * and of lengths that are too long matter as much as the rest.
 */
#include "formats/redeflate/deflate_maker.h"

enum { MOST = 286, NODES = 2 * MOST + 1, DEPTH_AT = 16, OFTEN_AT = 24 };

/* A node is a number: how often it occurs from OFTEN_AT on, below that how deep it is, and which it is. */
typedef struct tree {
    unsigned n, most; /* symbols; the longest code */
    unsigned nheap;
    uint64_t heap[MOST + 2]; /* [1 + nheap] and one more, which comes last */
    uint16_t father[NODES], bits[NODES];
    uint16_t joined[NODES], first; /* what is joined already lies from first on, the most often first */
    uint8_t *length;               /* [n] */
} tree;

/* The shallower is the lesser of two that occur as often; of equal ones, either is. */
static inline bool less(uint64_t a, uint64_t b) { return a >> DEPTH_AT <= b >> DEPTH_AT; }

static inline unsigned which(uint64_t node) { return node & ((1u << DEPTH_AT) - 1); }

/* The node goes to k, and down from there. */
static void sink(tree *t, unsigned k, uint64_t node)
{
    uint64_t *const heap = t->heap;
    const unsigned n = t->nheap;
    heap[n + 1] = UINT64_MAX;
    for (unsigned son; (son = 2 * k) <= n; k = son) {
        son += less(heap[son + 1], heap[son]);
        if (less(node, heap[son])) break;
        heap[k] = heap[son];
    }
    heap[k] = node;
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
            const unsigned node = t->joined[--h];
            if (node >= t->n) continue;
            t->length[node] = (uint8_t)bits;
            left--;
        }
}

static void measure(tree *t)
{
    unsigned count[16] = { 0 };
    int over = 0;
    t->bits[t->joined[t->first]] = 0;
    for (unsigned h = t->first + 1u; h < NODES; h++) {
        const unsigned node = t->joined[h];
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

/* The last node goes where the first was: to the bottom, and up from there, as it is seldom a lesser one. */
static void drop_first(tree *t)
{
    uint64_t *const heap = t->heap;
    const uint64_t node = heap[t->nheap--];
    const unsigned n = t->nheap;
    unsigned k = 1;
    heap[n + 1] = UINT64_MAX;
    for (unsigned son; (son = 2 * k) <= n; k = son) {
        son += less(heap[son + 1], heap[son]);
        heap[k] = heap[son];
    }
    for (; k > 1 && less(node, heap[k / 2]); k /= 2) heap[k] = heap[k / 2];
    heap[k] = node;
}

/* The two that are least become one. */
static void join(tree *t, unsigned node)
{
    const uint64_t a = t->heap[1], depth = (UINT64_C(1) << OFTEN_AT) - (UINT64_C(1) << DEPTH_AT);
    drop_first(t);
    const uint64_t b = t->heap[1], deeper = (a & depth) >= (b & depth) ? a & depth : b & depth;
    t->joined[--t->first] = (uint16_t)which(a);
    t->joined[--t->first] = (uint16_t)which(b);
    t->father[which(a)] = t->father[which(b)] = (uint16_t)node;
    const uint64_t often = (a >> OFTEN_AT) + (b >> OFTEN_AT);
    sink(t, 1, often << OFTEN_AT | (deeper + (UINT64_C(1) << DEPTH_AT)) | node);
}

/* Lengths [n] of a code for symbols that occur so often [n]; returns how many are sent, up to the last used.
 * There are always two codes at least: first of symbol 0 or 1. */
static unsigned make_code(const uint32_t *often, unsigned n, unsigned most, uint8_t *length)
{
    tree t;
    int last = -1;
    t.n = n;
    t.most = most;
    t.nheap = 0;
    t.first = NODES;
    t.length = length;
    memset(length, 0, n);
    for (unsigned i = 0; i < n; i++)
        if (often[i]) t.heap[++t.nheap] = (uint64_t)often[i] << OFTEN_AT | (unsigned)(last = (int)i);
    while (t.nheap < 2) t.heap[++t.nheap] = UINT64_C(1) << OFTEN_AT | (unsigned)(last < 2 ? ++last : 0);
    for (unsigned k = t.nheap / 2; k >= 1; k--) sink(&t, k, t.heap[k]);
    for (unsigned node = n; t.nheap > 1; node++) join(&t, node);
    t.joined[--t.first] = (uint16_t)which(t.heap[1]);
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
