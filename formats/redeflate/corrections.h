/*
 * What is said where a stream differs from what its maker's row tells, by an adaptive coder (binary_coder.h).
 * Every function says what it is given, or gives what was said: who describes and who makes call the same.
 *
 * What comes out of a description is checked against the text and against the bounds of deflate only; that it
 * is the right stream is checked by who has its hash.
 */
#ifndef VL_CORRECTIONS_H
#define VL_CORRECTIONS_H

#include "formats/redeflate/binary_coder.h"
#include "formats/redeflate/deflate_maker.h"

/* How many hits there are before a miss; after the last miss, that only hits are left. */
typedef struct vl_hits {
    vl_number_odds odds;
    uint64_t left; /* who describes: hits since the last miss; who makes: hits to come, UINT64_MAX: no end */
} vl_hits;

void vl_hits_init(vl_hits *h);
/* Who describes: a hit; a miss, before the miss itself is said; the end. */
static inline void vl_hits_hit(vl_hits *h) { h->left++; }
void vl_hits_miss(vl_hits *h, vl_coder *c);
void vl_hits_end(vl_hits *h, vl_coder *c);
/* Who makes: before all, and after each miss; true: a hit. */
void vl_hits_next(vl_hits *h, vl_coder *c);
static inline bool vl_hits_is_hit(vl_hits *h)
{
    if (!h->left) return false;
    if (h->left != UINT64_MAX) h->left--;
    return true;
}

static inline void vl_hits_many(vl_hits *h, uint64_t n) /* of those that are left */
{
    if (h->left != UINT64_MAX) h->left -= n;
}

enum { VL_DOUBTS = 16 };
typedef struct vl_token_odds {
    vl_odds match, same, longest, other;
    vl_odds doubt[VL_DOUBTS]; /* planned: that it is as told */
    vl_odds distance[32], length[256];
} vl_token_odds;

/* A token at `at` that is not the one that was told. False: what is said cannot be. */
bool vl_say_token(vl_coder *c, vl_token_odds *odds, const vl_deflate_parser *p, size_t at, vl_token told,
                  vl_token *token);

typedef struct vl_block_odds {
    vl_odds final, type[4], by_rule, same, codes, spelled, equal[16][2], bits[16][16], pre[8];
    vl_odds sent_as_told, sent[32], more[128];
    vl_number_odds count, pad, nlit, ndist;
    /* not odds: */
    uint64_t before;
} vl_block_odds;

void vl_block_odds_init(vl_block_odds *odds);

/* What is said of a block before its tokens: type, final, pad, and its end. */
typedef struct vl_block_end {
    bool by_rule;
    uint64_t count; /* bytes of a stored block, else tokens; where not by rule */
} vl_block_end;
void vl_say_block(vl_coder *c, vl_block_odds *odds, vl_deflate_block *block, vl_block_end *end);

/* True when the rest of a block is told by its tokens. */
bool vl_same_head(const vl_deflate_head *a, const vl_deflate_head *b);
/* The header of a dynamic block, where told is what the rule says. False: what is said cannot be. */
bool vl_say_head(vl_coder *c, vl_block_odds *odds, const vl_deflate_row *row, const vl_deflate_head *told,
                 vl_deflate_head *head);

#endif
