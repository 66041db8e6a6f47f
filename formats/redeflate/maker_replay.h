/*
 * What a maker told while a stream was described, so that the making can be run again without a search: a
 * parser that gives the same answers to the same calls. A maker's answers follow from its row, the text and
 * what it was called with; so when all calls are the same, the stream that came out is the one that the maker
 * itself would have made.
 */
#ifndef VL_REPLAY_H
#define VL_REPLAY_H

#include "formats/redeflate/redeflate.h"

enum {
    VL_REPLAY_MORE = 26,
    VL_REPLAY_TOKEN = (1 << VL_REPLAY_MORE) - 1,
    VL_REPLAY_MOST = 1 << 24
}; /* tokens; what has more is not kept */

typedef enum vl_replay_kind {
    VL_REPLAY_OTHER,
    VL_REPLAY_FLUSH,
    VL_REPLAY_BLOCK,
    VL_REPLAY_PLAN
} vl_replay_kind;

/* A call that was not the one of a token as it was told. */
typedef struct vl_replay_call {
    size_t ntoken;  /* told before */
    size_t at, end; /* of a flush, a block or a plan; end: what the maker sees */
    vl_token token; /* that was taken, not the one that was told; of a plan: bytes of the block */
    uint8_t kind;
} vl_replay_call;

typedef struct vl_replay {
    vl_buf token;         /* of vl_token: told; above VL_REPLAY_MORE: what is held behind it, or its doubt */
    vl_replay_call *call; /* owned */
    size_t ncall, ccall;
    size_t start, n, end; /* of the parser, at first */
    bool full;            /* more than is kept: it cannot be used */
} vl_replay;

void vl_replay_free(vl_replay *told);
void vl_replay_begin(vl_replay *told, const vl_deflate_parser *p);
/* A call of another kind. */
void vl_replay_call_add(vl_replay *told, vl_replay_kind kind, const vl_deflate_parser *p, size_t at,
                        vl_token token);
/* Room for more tokens, which are then added. */
void vl_replay_grow(vl_replay *told, size_t ntoken);
static inline size_t vl_replay_ntoken(const vl_replay *told) { return told->token.len / sizeof(vl_token); }

static inline void vl_replay_add(vl_replay *told, vl_token token, unsigned more)
{
    if (told->full) return;
    const vl_token t = token | (vl_token)more << VL_REPLAY_MORE;
    memcpy(told->token.data + told->token.len, &t, sizeof t);
    told->token.len += sizeof t;
}

/* Tokens that were told and taken, with nothing held behind them. */
void vl_replay_add_many(vl_replay *told, const vl_token *token, size_t n);

/* A parser that tells it again; told is borrowed. VL_ENOMEM. */
vl_code vl_replay_open(vl_deflate_parser *p, const vl_deflate_row *row, const vl_deflate_text *span,
                       size_t end, const vl_replay *told, vl_err *err);
/* Tells and takes up to n tokens, or those up to `stop`, but no further than to the next call of another
 * kind; with what is above VL_REPLAY_MORE. */
size_t vl_replay_tell(vl_deflate_parser *p, size_t *at, size_t stop, vl_token *token, size_t n);
/* True when it was called in all as the maker was. */
bool vl_replay_is_same(const vl_deflate_parser *p);

/* Makes a stream as vl_redeflate_make does, from what was told. Errors: the same; VL_ESTORE too when the
 * maker would not have been called as it was. */
vl_code vl_replay_make(const vl_replay *told, const uint8_t row[VL_DEFLATE_ROW], const vl_buf *description,
                       const vl_deflate_text *span, bool whole, unsigned bit, size_t most, vl_buf *out,
                       vl_err *err);

#endif
