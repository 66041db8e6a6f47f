/* Where a stream differs from what its row tells: corrections.h. */
#include "formats/redeflate/corrections.h"

/* ---- runs of hits ---- */

void vl_hits_init(vl_hits *h)
{
    vl_odds_init(&h->odds, sizeof h->odds);
    h->left = 0;
}

void vl_hits_miss(vl_hits *h, vl_coder *c)
{
    vl_say_number(c, &h->odds, h->left + 1);
    h->left = 0;
}

void vl_hits_end(vl_hits *h, vl_coder *c) { vl_say_number(c, &h->odds, 0); }

void vl_hits_next(vl_hits *h, vl_coder *c)
{
    const uint64_t n = vl_say_number(c, &h->odds, 0);
    h->left = n ? n - 1 : UINT64_MAX;
}

/* ---- tokens ---- */

static unsigned say_bits(vl_coder *c, unsigned n, unsigned v)
{
    unsigned said = 0;
    for (unsigned i = n; i-- > 0;) {
        vl_odds even = 1 << 15;
        said = said << 1 | vl_say_bit(c, &even, v >> i & 1);
    }
    return said;
}

/* 0: it cannot be. */
static unsigned say_distance(vl_coder *c, vl_token_odds *odds, unsigned distance)
{
    unsigned symbol = distance ? vl_distance_symbol(distance) : 0;
    symbol = vl_say_tree(c, odds->distance, 5, symbol);
    if (symbol > 29) return 0;
    const unsigned base = vl_distance_base[symbol];
    return base + say_bits(c, vl_distance_bits[symbol], distance - base);
}

bool vl_say_token(vl_coder *c, vl_token_odds *odds, const vl_deflate_parser *p, size_t at, vl_token told,
                  vl_token *token)
{
    const bool could_be = vl_token_is_match(told);
    unsigned length = *token >> 16, distance = vl_token_distance(*token);
    if (could_be && !vl_say_bit(c, &odds->match, length > 0)) {
        *token = p->text[at];
        return true;
    }
    const unsigned near = vl_token_distance(told);
    if (could_be && vl_say_bit(c, &odds->same, distance == near)) distance = near;
    else distance = say_distance(c, odds, length ? distance : 0);
    if (!distance || distance > at) return false;
    const size_t left = p->end - at;
    const unsigned most = left < VL_DEFLATE_LONGEST ? (unsigned)left : VL_DEFLATE_LONGEST,
                   longest = vl_equal_bytes(p->text, at, at - distance, most);
    const unsigned n = length > VL_DEFLATE_LONGEST ? VL_DEFLATE_LONGEST : length;
    if (longest < 3) return false;
    if (vl_say_bit(c, &odds->longest, n < longest)) {
        length = 3 + vl_say_tree(c, odds->length, 8, n - 3);
        if (length > longest) return false;
    } else
        length = longest + (longest == VL_DEFLATE_LONGEST && vl_say_bit(c, &odds->other, length > longest));
    *token = vl_token_match(length, distance);
    return true;
}

/* ---- blocks ---- */

void vl_block_odds_init(vl_block_odds *odds)
{
    vl_odds_init(odds, offsetof(vl_block_odds, before));
    odds->before = 0;
}

void vl_say_block(vl_coder *c, vl_block_odds *odds, vl_deflate_block *block, vl_block_end *end)
{
    block->head.type = (uint8_t)vl_say_tree(c, odds->type, 2, block->head.type);
    block->final = vl_say_bit(c, &odds->final, block->final);
    if (block->head.type == VL_STORED) block->pad = (uint8_t)vl_say_number(c, &odds->pad, block->pad);
    end->by_rule = vl_say_bit(c, &odds->by_rule, end->by_rule);
    if (end->by_rule) return;
    if (vl_say_bit(c, &odds->same, end->count == odds->before)) end->count = odds->before;
    else end->count = vl_say_number(c, &odds->count, end->count);
    odds->before = end->count;
}

/* One code length, of which another was told. */
static uint8_t say_length(vl_coder *c, vl_block_odds *odds, bool *hit, unsigned told, unsigned length)
{
    vl_odds *const equal = &odds->equal[told & 15][*hit];
    *hit = vl_say_bit(c, equal, length == told);
    return (uint8_t)(*hit ? told : vl_say_tree(c, odds->bits[told & 15], 4, length));
}

/* The symbols that say code lengths, of which `head` has those of the rule when they are to be given. */
static bool say_spelling(vl_coder *c, vl_block_odds *odds, const vl_deflate_head *told, vl_deflate_head *head)
{
    const unsigned most = head->nlit + head->ndist;
    for (unsigned n = 0, i = 0; n < most; i++) {
        const bool same = i < told->nsent && told->sent[i] == head->sent[i] && told->more[i] == head->more[i];
        unsigned symbol = head->sent[i], more = head->more[i], times = 1;
        if (vl_say_bit(c, &odds->sent_as_told, same) && i < told->nsent) {
            symbol = told->sent[i];
            more = told->more[i];
        } else {
            symbol = vl_say_tree(c, odds->sent, 5, symbol);
            if (symbol > 15) more = vl_say_tree(c, odds->more, 7, more);
            else more = 0;
        }
        if (symbol > 18 || more > (symbol == 16 ? 3u : symbol == 17 ? 7u : symbol == 18 ? 127u : 0u))
            return false;
        if (symbol > 15) times = more + (symbol == 18 ? 11 : 3);
        head->sent[i] = (uint8_t)symbol;
        head->more[i] = (uint8_t)more;
        head->nsent = (uint16_t)(i + 1);
        n += times;
    }
    head->npre = (uint8_t)(4 + say_bits(c, 4, head->npre - 4u));
    if (head->npre > VL_DEFLATE_PRE) return false;
    for (unsigned i = 0; i < VL_DEFLATE_PRE; i++)
        head->pre[vl_pre_order[i]] =
            i < head->npre ? (uint8_t)vl_say_tree(c, odds->pre, 3, head->pre[vl_pre_order[i]]) : 0;
    return true;
}

static bool same_spelling(const vl_deflate_head *a, const vl_deflate_head *b)
{
    return a->nsent == b->nsent && a->npre == b->npre && !memcmp(a->pre, b->pre, sizeof a->pre) &&
           !memcmp(a->sent, b->sent, a->nsent) && !memcmp(a->more, b->more, a->nsent);
}

static bool same_codes(const vl_deflate_head *a, const vl_deflate_head *b)
{
    return a->type == b->type && a->nlit == b->nlit && a->ndist == b->ndist &&
           !memcmp(a->lit, b->lit, sizeof a->lit) && !memcmp(a->dist, b->dist, sizeof a->dist);
}

bool vl_same_head(const vl_deflate_head *a, const vl_deflate_head *b)
{
    if (a->type != b->type) return false;
    return a->type != VL_DYNAMIC || (same_codes(a, b) && same_spelling(a, b));
}

bool vl_say_head(vl_coder *c, vl_block_odds *odds, const vl_deflate_row *row, const vl_deflate_head *told,
                 vl_deflate_head *head)
{
    bool hit = true;
    vl_deflate_head spelled = *head;
    if (vl_say_bit(c, &odds->codes, same_codes(told, head))) {
        if (told->type != VL_DYNAMIC) return false;
        memcpy(head->lit, told->lit, sizeof head->lit);
        memcpy(head->dist, told->dist, sizeof head->dist);
        head->nlit = told->nlit;
        head->ndist = told->ndist;
    } else {
        const uint64_t nlit = 257 + vl_say_number(c, &odds->nlit, head->nlit - 257u),
                       ndist = 1 + vl_say_number(c, &odds->ndist, head->ndist - 1u);
        if (nlit > VL_DEFLATE_LITLEN || ndist > VL_DEFLATE_DIST) return false;
        head->nlit = (uint16_t)nlit;
        head->ndist = (uint16_t)ndist;
        for (unsigned i = 0; i < head->nlit; i++)
            head->lit[i] = say_length(c, odds, &hit, told->lit[i], head->lit[i]);
        for (unsigned i = 0; i < head->ndist; i++)
            head->dist[i] = say_length(c, odds, &hit, told->dist[i], head->dist[i]);
    }
    spelled = *head;
    vl_deflate_spell(row, &spelled);
    if (vl_say_bit(c, &odds->spelled, same_spelling(&spelled, head))) {
        *head = spelled;
        return true;
    }
    return say_spelling(c, odds, &spelled, head);
}
