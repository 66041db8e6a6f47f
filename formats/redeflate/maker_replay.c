/* What a maker told, told again: maker_replay.h. */
#include "formats/redeflate/maker_replay.h"

#include <stdlib.h>

typedef struct again {
    const vl_replay *told;
    size_t ntoken, ncall, at;
    bool other; /* a call was another */
} again;

void vl_replay_free(vl_replay *told)
{
    vl_buf_free(&told->token);
    free(told->call);
    *told = (vl_replay){ 0 };
}

void vl_replay_begin(vl_replay *told, const vl_deflate_parser *p)
{
    told->token.len = told->ncall = 0;
    told->start = p->start;
    told->n = p->n;
    told->end = p->end;
    told->full = false;
}

void vl_replay_grow(vl_replay *told, size_t ntoken)
{
    vl_err none = VL_ERR_INIT; /* without memory for it, the making is proved by another search */
    if (vl_replay_ntoken(told) + ntoken > VL_REPLAY_MOST) told->full = true;
    if (!told->full && vl_buf_grow(&told->token, ntoken * sizeof(vl_token), &none)) told->full = true;
}

void vl_replay_call_add(vl_replay *told, vl_replay_kind kind, const vl_deflate_parser *p, size_t at,
                        vl_token token)
{
    if (told->full) return;
    if (told->ncall == told->ccall) {
        const size_t more = told->ccall ? 2 * told->ccall : 64;
        vl_replay_call *const call = realloc(told->call, more * sizeof *call);
        if (!call) {
            told->full = true;
            return;
        }
        told->call = call;
        told->ccall = more;
    }
    told->call[told->ncall++] = (vl_replay_call){ vl_replay_ntoken(told), at, p->end, token, (uint8_t)kind };
}

void vl_replay_add_many(vl_replay *told, const vl_token *token, size_t n)
{
    if (told->full || !n) return;
    memcpy(told->token.data + told->token.len, token, n * sizeof *token);
    told->token.len += n * sizeof *token;
}

/* ---- again ---- */

static vl_token token_of(const vl_replay *told, size_t i)
{
    vl_token t;
    memcpy(&t, told->token.data + i * sizeof t, sizeof t);
    return t;
}

/* The call that is next, when it is of this kind and comes here. */
static const vl_replay_call *call_of(const again *a, vl_replay_kind kind)
{
    const vl_replay_call *const call = a->ncall < a->told->ncall ? &a->told->call[a->ncall] : NULL;
    return call && call->kind == kind && call->ntoken == a->ntoken ? call : NULL;
}

static vl_token next(vl_deflate_parser *p, size_t at)
{
    again *const a = p->state;
    if (a->ntoken < vl_replay_ntoken(a->told) && at == a->at)
        return token_of(a->told, a->ntoken) & VL_REPLAY_TOKEN;
    a->other = true;
    return p->text[at];
}

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    again *const a = p->state;
    if (a->ntoken >= vl_replay_ntoken(a->told) || at != a->at) {
        a->other = true;
        return;
    }
    const vl_token told = token_of(a->told, a->ntoken++) & VL_REPLAY_TOKEN;
    const vl_replay_call *const call = call_of(a, VL_REPLAY_OTHER);
    if (call) a->ncall++;
    a->other |= token != (call ? call->token : told);
    a->at += vl_token_length(token);
}

size_t vl_replay_tell(vl_deflate_parser *p, size_t *at, size_t stop, vl_token *token, size_t n)
{
    again *const a = p->state;
    const vl_replay *const told = a->told;
    const bool calls = a->ncall < told->ncall;
    const size_t plain = calls ? told->call[a->ncall].ntoken : vl_replay_ntoken(told),
                 other = calls && told->call[a->ncall].kind == VL_REPLAY_OTHER;
    size_t i = 0;
    a->other |= *at != a->at || a->ntoken + other > plain;
    const size_t most = a->other ? 0 : plain - other - a->ntoken;
    for (; i < n && i < most && a->at < stop; i++) {
        token[i] = token_of(told, a->ntoken + i);
        a->at += vl_token_length(token[i] & VL_REPLAY_TOKEN);
    }
    a->ntoken += i;
    *at = a->at;
    return i;
}

static void called(vl_deflate_parser *p, vl_replay_kind kind, size_t at)
{
    again *const a = p->state;
    const vl_replay_call *const call = call_of(a, kind);
    if (call && call->at == at && call->end == p->end) a->ncall++;
    else a->other = true;
}

static void flushed(vl_deflate_parser *p, size_t at) { called(p, VL_REPLAY_FLUSH, at); }
static void begin_block(vl_deflate_parser *p, size_t at) { called(p, VL_REPLAY_BLOCK, at); }

/* That it is of the same codes is seen by the stream. What is stored before it has no tokens. */
static vl_code plan(vl_deflate_parser *p, size_t at, size_t n, const vl_deflate_head *head, vl_err *err)
{
    again *const a = p->state;
    const vl_replay_call *const call = call_of(a, VL_REPLAY_PLAN);
    (void)head;
    (void)err;
    a->other |= call && call->token != n;
    called(p, VL_REPLAY_PLAN, at);
    a->at = at;
    return VL_OK;
}

static unsigned holds(const vl_deflate_parser *p, size_t at)
{
    const again *const a = p->state;
    (void)at;
    return a->ntoken && !a->other ? token_of(a->told, a->ntoken - 1) >> VL_REPLAY_MORE : 0;
}

static unsigned doubt(const vl_deflate_parser *p, size_t at)
{
    const again *const a = p->state;
    (void)at;
    return a->ntoken < vl_replay_ntoken(a->told) ? token_of(a->told, a->ntoken) >> VL_REPLAY_MORE : 0;
}

static const vl_deflate_parse parse = {
    .doubt = doubt,
    .plan = plan,
    .next = next,
    .took = took,
    .flushed = flushed,
    .begin_block = begin_block,
    .holds = holds,
};

vl_code vl_replay_open(vl_deflate_parser *p, const vl_deflate_row *row, const vl_deflate_text *span,
                       size_t end, const vl_replay *told, vl_err *err)
{
    *p = (vl_deflate_parser){ .row = *row,
                              .text = span->plain,
                              .start = span->before,
                              .n = span->before + span->n + span->after,
                              .end = end,
                              .parse = &parse };
    again *const a = malloc(sizeof *a);
    if (!a) return vl_fail(err, VL_ENOMEM, "no memory for what a maker told");
    *a = (again){ .told = told, .at = span->before };
    a->other = told->full || told->start != p->start || told->n != p->n || told->end != end;
    p->state = a;
    return VL_OK;
}

bool vl_replay_is_same(const vl_deflate_parser *p)
{
    const again *const a = p->state;
    return a && !a->other && a->ntoken == vl_replay_ntoken(a->told) && a->ncall == a->told->ncall;
}
