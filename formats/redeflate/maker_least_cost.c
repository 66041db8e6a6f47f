/*
 * Which tokens a maker takes that looks for the cheapest way through a block (libdeflate 10 to 12, zopfli,
 * 7-Zip): those that take the fewest bits in the codes of the block itself, which are known before its
 * tokens. No maker is told exactly, as their last look was at codes that were a little different; but most
 * tokens are.
 *
 * For each position, a binary tree of the positions before it, newest at the root, gives the nearest match of
 * each length; then the cheapest rest is found for each position, from the block's end on. Of equal ones a
 * literal is taken, then the shorter match, as libdeflate does (level 1), or the longer (level 2).
 */
#include "formats/redeflate/deflate_maker.h"

#include <stdlib.h>

enum { HASH = 16, RING = 2 * VL_DEFLATE_FAR, MOST_MATCHES = 32, NO_CODE = 200, MARGIN = 7 };

/* How matches are sought, by level. */
typedef struct search {
    uint32_t hash;        /* what bytes are multiplied with */
    uint16_t depth, nice; /* positions of the tree that are looked at; a match that long ends the search */
    uint16_t far;         /* the greatest distance, less one */
    uint8_t least;        /* bytes of the tree's hash; of four, there is one for each three bytes beside it */
    uint8_t ways;         /* positions of that */
    uint8_t even;         /* of equal costs the longer match, not the shorter */
} search;

static const search searches[VL_LEAST_COST_LEVELS + 1] = {
    [1] = { 0x9e3779b1, 300, 258, VL_DEFLATE_FAR - 1, 4, 1, 0 },
    [2] = { 0x9e3779b1, 300, 258, VL_DEFLATE_FAR - 1, 4, 1, 1 },
    /* libdeflate 10 to 12 */
    [3] = { 0x1e35a7bd, 35, 75, VL_DEFLATE_FAR - 2, 4, 2, 0 },
    [4] = { 0x1e35a7bd, 100, 150, VL_DEFLATE_FAR - 2, 4, 2, 0 },
    [5] = { 0x1e35a7bd, 300, 258, VL_DEFLATE_FAR - 2, 4, 2, 0 },
    /* 7-Zip's -mx5, -mx7 and -mx9 */
    [6] = { 0x9e3779b1, 32, 32, VL_DEFLATE_FAR - 1, 3, 0, 0 },
    [7] = { 0x9e3779b1, 48, 64, VL_DEFLATE_FAR - 1, 3, 0, 0 },
    [8] = { 0x9e3779b1, 80, 128, VL_DEFLATE_FAR - 1, 3, 0, 0 },
    /* zopfli */
    [9] = { 0x9e3779b1, 300, 258, VL_DEFLATE_FAR - 1, 4, 1, 1 },
};

/* Positions are one more than in the text: 0 is none. */
typedef struct tree {
    uint32_t three[1 << HASH][2]; /* the newest of each hash of three bytes */
    uint32_t root[1 << HASH];     /* of each hash of `least`: the tree's */
    uint32_t son[RING][2];        /* whose bytes are less, and more */
} tree;

typedef struct planner {
    search by;
    tree *tree;      /* owned */
    size_t put;      /* all before it are in the tree */
    size_t begin, n; /* of the block that is planned */
    vl_buf matches;  /* of vl_token: of each position the nearest of each length, shortest first */
    uint32_t *first; /* owned; [n + 1]: of each position, in matches */
    uint32_t *cost;  /* owned; [n + 1]: bits to the block's end */
    vl_token *told;  /* owned; [n] */
    uint8_t *
        doubt; /* owned; [n]: how much cheaper it is than the next best, up to MARGIN; and one bit: a match */
    size_t room;
} planner;

static uint32_t hash(const planner *x, uint32_t bytes) { return bytes * x->by.hash >> (32 - HASH); }

static uint32_t three_of(const uint8_t *b) { return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16; }

/* ---- matches ---- */

static bool make_room_for_matches(planner *x)
{
    const size_t most = MOST_MATCHES * sizeof(vl_token);
    if (x->matches.data && most <= x->matches.cap - x->matches.len) return true;
    vl_err none = VL_ERR_INIT;
    return !vl_buf_grow(&x->matches, most, &none);
}

/* Of a position, of which there may be too many: the last is the longest. There is room for them. */
static void add(planner *x, size_t begin, unsigned length, size_t distance)
{
    const vl_token t = vl_token_match(length, (unsigned)distance);
    if (x->matches.len - begin == MOST_MATCHES * sizeof t) x->matches.len -= sizeof t;
    memcpy(x->matches.data + x->matches.len, &t, sizeof t);
    x->matches.len += sizeof t;
}

/* The nearest of three bytes, of those that are kept. */
static unsigned put_three(planner *x, const vl_deflate_parser *p, size_t at, unsigned most, bool record)
{
    const uint8_t *const b = p->text + at;
    uint32_t *const head = x->tree->three[hash(x, three_of(b))];
    const uint32_t before[2] = { head[0], head[1] };
    head[0] = (uint32_t)at + 1;
    head[1] = before[0];
    if (!record || most < 3) return 2;
    for (unsigned i = 0; i < x->by.ways && before[i]; i++) {
        const size_t from = before[i] - 1;
        if (at - from > x->by.far + 1u) break;
        if (memcmp(b, p->text + from, 3)) continue;
        add(x, x->matches.len, 3, at - from);
        return 3;
    }
    return 2;
}

/* Puts a position in, and adds the matches that it meets, each longer than those before. Returns the length
 * of one that ends the search, or 0. */
static unsigned put(planner *x, const vl_deflate_parser *p, size_t at, unsigned most, bool record)
{
    const uint8_t *const text = p->text;
    const size_t left = p->n - at;
    const unsigned full = left < VL_DEFLATE_LONGEST ? (unsigned)left : VL_DEFLATE_LONGEST,
                   nice = x->by.nice < full ? x->by.nice : full;
    uint32_t *lesser = &x->tree->son[at & (RING - 1)][0], *greater = &x->tree->son[at & (RING - 1)][1];
    const size_t begin = x->matches.len;
    unsigned nlesser = 0, ngreater = 0, best = 2;
    *lesser = *greater = 0;
    if (left < 3) return 0;
    if (x->by.ways) best = put_three(x, p, at, most, record);
    if (left < x->by.least) return 0;
    uint32_t *const head =
        &x->tree->root[hash(x, x->by.least == 3 ? three_of(text + at) : vl_le32(text + at))];
    uint32_t node = *head;
    *head = (uint32_t)at + 1;
    for (unsigned depth = x->by.depth; node && at - (node - 1) <= x->by.far + 1u && depth; depth--) {
        const size_t from = node - 1;
        unsigned n = nlesser < ngreater ? nlesser : ngreater;
        uint32_t *const son = x->tree->son[from & (RING - 1)];
        n += vl_equal_bytes(text, at + n, from + n, full - n);
        const unsigned fits = n < most ? n : most;
        if (record && fits > best && fits >= x->by.least) {
            best = fits;
            add(x, begin, fits, at - from);
        }
        if (n >= nice) {
            *lesser = son[0];
            *greater = son[1];
            return n;
        }
        if (text[from + n] < text[at + n]) {
            *lesser = node;
            lesser = &son[1];
            nlesser = n;
            node = *lesser;
        } else {
            *greater = node;
            greater = &son[0];
            ngreater = n;
            node = *greater;
        }
    }
    *lesser = *greater = 0;
    return 0;
}

static void put_before(planner *x, const vl_deflate_parser *p, size_t to)
{
    for (; x->put < to; x->put++) put(x, p, x->put, 0, false);
}

/* Within a match that ended the search there are none. */
static bool list_matches(planner *x, const vl_deflate_parser *p)
{
    x->matches.len = 0;
    for (size_t i = 0, skip = 0; i < x->n; i++, x->put++) {
        const size_t left = x->n - i;
        const unsigned most = left < VL_DEFLATE_LONGEST ? (unsigned)left : VL_DEFLATE_LONGEST;
        x->first[i] = (uint32_t)(x->matches.len / sizeof(vl_token));
        if (!make_room_for_matches(x)) return false;
        const unsigned enough = put(x, p, x->put, most, !skip);
        if (skip) skip--;
        else if (enough >= x->by.nice) skip = enough - 1;
    }
    x->first[x->n] = (uint32_t)(x->matches.len / sizeof(vl_token));
    return true;
}

/* ---- the cheapest way ---- */

typedef struct costs {
    uint32_t lit[256], length[VL_DEFLATE_LONGEST + 1], dist[30];
} costs;

/* Bits of a symbol that has no code. */
typedef struct rare {
    uint8_t lit, length, dist;
} rare;

static uint32_t bits_of(uint8_t length, unsigned more, uint8_t none)
{
    return (length ? length : none) + more;
}

static void set_costs(costs *c, const vl_deflate_head *head, rare none)
{
    for (unsigned i = 0; i < 256; i++) c->lit[i] = bits_of(head->lit[i], 0, none.lit);
    for (unsigned n = 3; n <= VL_DEFLATE_LONGEST; n++) {
        const unsigned symbol = vl_length_symbol(n);
        c->length[n] = bits_of(head->lit[257 + symbol], vl_length_bits[symbol], none.length);
    }
    for (unsigned i = 0; i < 30; i++) c->dist[i] = bits_of(head->dist[i], vl_distance_bits[i], none.dist);
}

static void choose_all(planner *x, const vl_deflate_parser *p, const costs *c)
{
    const vl_token *const match = (const vl_token *)(const void *)x->matches.data;
    const uint32_t even = x->by.even;
    x->cost[x->n] = 0;
    for (size_t i = x->n; i-- > 0;) {
        const uint8_t literal = p->text[x->begin + i];
        uint32_t best = c->lit[literal] + x->cost[i + 1], second = UINT32_MAX;
        vl_token token = literal;
        unsigned length = 3;
        for (uint32_t m = x->first[i]; m < x->first[i + 1]; m++) {
            const unsigned distance = vl_token_distance(match[m]), most = vl_token_length(match[m]);
            const uint32_t far = c->dist[vl_distance_symbol(distance)];
            for (; length <= most; length++) {
                const uint32_t cost = far + c->length[length] + x->cost[i + length];
                if (cost >= best + even) {
                    second = cost < second ? cost : second;
                    continue;
                }
                second = best;
                best = cost;
                token = vl_token_match(length, distance);
            }
        }
        x->cost[i] = best;
        x->told[i] = token;
        const uint32_t margin = second - best < MARGIN ? second - best : MARGIN;
        x->doubt[i] = (uint8_t)(2 * margin + vl_token_is_match(token));
    }
}

static bool make_room(planner *x, size_t n)
{
    if (n <= x->room) return true;
    free(x->first);
    free(x->cost);
    free(x->told);
    free(x->doubt);
    x->doubt = malloc(n);
    x->first = malloc((n + 1) * sizeof *x->first);
    x->cost = malloc((n + 1) * sizeof *x->cost);
    x->told = malloc(n * sizeof *x->told);
    x->room = x->first && x->cost && x->told && x->doubt ? n : 0;
    return x->room;
}

/* The matches of a block, unless they are those that were listed last. */
static vl_code list_block(vl_deflate_parser *p, size_t at, size_t n, vl_err *err)
{
    planner *const x = p->state;
    if (x->n && x->begin == at && x->n == n) return VL_OK;
    x->n = 0;
    if (!n) return VL_OK;
    if (!make_room(x, n)) return vl_fail(err, VL_ENOMEM, "no memory to plan a deflate block of %zu bytes", n);
    put_before(x, p, at);
    x->begin = at;
    x->n = n;
    if (list_matches(x, p)) return VL_OK;
    x->n = 0;
    return vl_fail(err, VL_ENOMEM, "no memory for the matches of a deflate block");
}

static vl_code plan(vl_deflate_parser *p, size_t at, size_t n, const vl_deflate_head *head, vl_err *err)
{
    const rare none = { NO_CODE, NO_CODE, NO_CODE };
    costs c;
    if (list_block(p, at, n, err) || !n) return err->code;
    set_costs(&c, head, none);
    choose_all(p->state, p, &c);
    return VL_OK;
}

static void count(const planner *x, vl_deflate_counts *counts)
{
    *counts = (vl_deflate_counts){ .lit = { [VL_DEFLATE_EOB] = 1 } };
    for (size_t i = 0; i < x->n; i += vl_token_length(x->told[i])) {
        const vl_token t = x->told[i];
        counts->lit[vl_token_is_match(t) ? 257 + vl_length_symbol(t >> 16) : t]++;
        if (vl_token_is_match(t)) counts->dist[vl_distance_symbol(vl_token_distance(t))]++;
    }
}

/* What these makers do: the cheapest way by some codes gives others, and so on. */
static vl_code guess(vl_deflate_parser *p, size_t at, size_t n, vl_deflate_head *head, vl_err *err)
{
    enum { PASSES = 4 };
    const rare some = { 13, 13, 10 };
    planner *const x = p->state;
    vl_deflate_counts counts;
    costs c;
    vl_static_lengths(head);
    if (list_block(p, at, n, err) || !n) return err->code;
    for (unsigned i = 0; i < PASSES && (!i || head->type == VL_DYNAMIC); i++) {
        set_costs(&c, head, some);
        choose_all(x, p, &c);
        count(x, &counts);
        vl_deflate_choose(&p->row, &counts, n, head);
    }
    return VL_OK;
}

/* ---- tokens ---- */

static bool begin(vl_deflate_parser *p)
{
    planner *const x = p->state;
    x->by = searches[p->row.level];
    x->put = p->start > VL_DEFLATE_FAR ? p->start - VL_DEFLATE_FAR : 0;
    x->tree = calloc(1, sizeof *x->tree);
    return x->tree;
}

static void close(vl_deflate_parser *p)
{
    planner *const x = p->state;
    free(x->tree);
    free(x->first);
    free(x->cost);
    free(x->told);
    free(x->doubt);
    vl_buf_free(&x->matches);
}

static vl_token next(vl_deflate_parser *p, size_t at)
{
    const planner *const x = p->state;
    return at - x->begin < x->n ? x->told[at - x->begin] : p->text[at];
}

static unsigned doubt(const vl_deflate_parser *p, size_t at)
{
    const planner *const x = p->state;
    return at - x->begin < x->n ? x->doubt[at - x->begin] : 0;
}

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    (void)p;
    (void)at;
    (void)token;
}

static void flushed(vl_deflate_parser *p, size_t at)
{
    (void)p;
    (void)at;
}

const vl_deflate_parse vl_parse_least_cost = {
    .bytes = sizeof(planner),
    .begin = begin,
    .close = close,
    .plan = plan,
    .guess = guess,
    .doubt = doubt,
    .next = next,
    .took = took,
    .flushed = flushed,
};
