/* Makes a deflate stream again: redeflate.h. */
#include "formats/redeflate/flush_markers.h"
#include "formats/leb.h"
#include "formats/redeflate/maker_replay.h"

typedef struct making {
    vl_deflate_text span;
    bool whole;
    size_t at, end;     /* in the text: what is made; where the span ends */
    size_t begin, most; /* in out: where it begins; how long it may be */
    vl_deflate_row row;
    const vl_replay *told; /* borrowed; NULL: the maker itself tells */
    bool differs;          /* the maker would not have been called so */
    vl_deflate_parser parser;
    vl_coder blocks, tokens;
    vl_hits block_hits, token_hits;
    vl_block_odds block_odds;
    vl_token_odds token_odds;
    vl_markers markers;
    vl_deflate_block block;
    vl_deflate_head head; /* planned: of the dynamic block before */
    vl_bits_out bits;
} making;

static vl_code wrong(vl_err *err, const char *what)
{
    return vl_fail(err, VL_ESTORE, "description of a deflate stream: %s", what);
}

static vl_code write(making *x, vl_err *err)
{
    if (vl_deflate_write(&x->bits, &x->block, &x->span, x->at - x->block.nplain, err)) {
        if (err->code == VL_EFORMAT) err->code = VL_ESTORE;
        return err->code;
    }
    if (x->bits.out->len - x->begin <= x->most) return VL_OK;
    return vl_fail(err, VL_ESTORE, "description of a deflate stream: more than %zu bytes", x->most);
}

static vl_code write_marker(making *x, const vl_marker *m, vl_err *err)
{
    x->markers.next++;
    if (m->type == VL_MARKER_NONE) return VL_OK;
    x->block.final = false;
    x->block.nplain = 0;
    x->block.ntoken = 0;
    x->block.pad = m->pad;
    x->block.head = (vl_deflate_head){ .type = m->type };
    if (m->type == VL_STATIC) vl_static_lengths(&x->block.head);
    return write(x, err);
}

/* Markers that are due; then the maker goes on with what is up to the next. */
static vl_code pass_markers(making *x, vl_err *err)
{
    const size_t next = x->markers.next;
    for (const vl_marker *m; (m = vl_marker_due(&x->markers, x->at));)
        if (write_marker(x, m, err)) return err->code;
    if (x->markers.next == next) return VL_OK;
    x->parser.end = vl_markers_end(&x->markers, x->at, x->parser.n);
    x->parser.parse->flushed(&x->parser, x->at);
    return VL_OK;
}

/* Room in the block for n tokens, or some. */
static size_t make_room(making *x, size_t n)
{
    vl_deflate_block *const b = &x->block;
    if (b->ctoken - b->ntoken < n) {
        vl_err none = VL_ERR_INIT;
        if (vl_deflate_block_more(b, &none)) return 0;
    }
    return b->ctoken - b->ntoken < n ? b->ctoken - b->ntoken : n;
}

/* Hits that are told again: as many as there are up to the next call of another kind. */
static size_t replay_many(making *x, vl_block_ends *ends, bool by_rule, size_t n, size_t stop)
{
    vl_token *const token = x->block.token + x->block.ntoken;
    const size_t begin = x->at;
    size_t at = begin;
    bool early = false;
    n = vl_replay_tell(&x->parser, &x->at, stop, token, n);
    if (vl_block_ends_counts(ends)) {
        for (size_t i = 0; i < n; i++) token[i] &= VL_REPLAY_TOKEN; /* the rule asks for no more */
        vl_block_ends_after_many(ends, begin, token, n, &early);
    }
    for (size_t i = 0; i < n && !vl_block_ends_counts(ends); i++) {
        const unsigned holds = token[i] >> VL_REPLAY_MORE;
        token[i] &= VL_REPLAY_TOKEN;
        early |= ends->full && i;
        vl_block_ends_after(ends, at, token[i], holds);
        at += vl_token_length(token[i]);
    }
    x->differs |= early && by_rule; /* it would have ended before */
    return n;
}

/* As many hits as the rule of ends counts, or are told again; false: none. Of who can do so. */
static bool make_many(making *x, vl_block_ends *ends, const vl_block_end *end, size_t left, size_t stop)
{
    enum { LEAST_MANY = 8, MANY = 4096 };
    const size_t room = vl_block_ends_room(ends, x->at), begin = x->at;
    bool early = false;
    size_t n = left < MANY ? left : MANY;
    if ((!x->told || room) && end->by_rule && n > room) n = room;
    if (n > x->token_hits.left) n = x->token_hits.left;
    if (n < LEAST_MANY || !(n = make_room(x, n))) return false;
    vl_token *const token = x->block.token + x->block.ntoken;
    if (x->told) n = replay_many(x, ends, end->by_rule, n, stop);
    else {
        n = x->parser.parse->tell(&x->parser, &x->at, stop, token, n);
        if (vl_block_ends_counts(ends)) vl_block_ends_after_many(ends, begin, token, n, &early);
    }
    x->block.ntoken += n;
    vl_hits_many(&x->token_hits, n);
    return n;
}

/* A token, told or said. */
static inline vl_code make_token(making *x, vl_block_ends *ends, vl_err *err)
{
    vl_deflate_parser *const p = &x->parser;
    vl_token t = p->parse->next(p, x->at);
    if (!vl_hits_is_hit(&x->token_hits)) {
        if (!vl_say_token(&x->tokens, &x->token_odds, p, x->at, t, &t))
            return wrong(err, "a match that is not in the text");
        vl_hits_next(&x->token_hits, &x->tokens);
    }
    if (vl_deflate_block_grow(&x->block, err)) return err->code;
    x->block.token[x->block.ntoken++] = t;
    vl_deflate_took(p, ends, x->at, t);
    x->at += vl_token_length(t);
    return VL_OK;
}

static vl_code make_tokens(making *x, vl_block_ends *ends, const vl_block_end *end, vl_err *err)
{
    const vl_deflate_parser *const p = &x->parser;
    const size_t stop = p->end < x->end ? p->end : x->end, most = end->by_rule ? SIZE_MAX : end->count;
    const bool many = x->told || p->parse->tell;
    while (x->block.ntoken < most && x->at < stop) {
        if (!(many && make_many(x, ends, end, most - x->block.ntoken, stop)) && make_token(x, ends, err))
            return err->code;
        if (x->at > x->end) return wrong(err, "a match beyond the text");
        if (ends->full && end->by_rule) break;
    }
    if (!end->by_rule && x->block.ntoken != end->count) return wrong(err, "a block beyond the text");
    return VL_OK;
}

/* The maker has tokens for what it then stores. */
static vl_code make_stored(making *x, vl_block_ends *ends, const vl_block_end *end, vl_err *err)
{
    vl_deflate_parser *const p = &x->parser;
    const size_t stop = p->end < x->end ? p->end : x->end, begin = x->at;
    if (!end->by_rule && end->count > stop - begin) return wrong(err, "a block beyond the text");
    const size_t until = end->by_rule ? stop : begin + end->count;
    while (x->at < until) {
        const vl_token told = p->parse->next(p, x->at),
                       t = vl_token_length(told) > until - x->at ? p->text[x->at] : told;
        const bool full = vl_deflate_took(p, ends, x->at, t);
        x->at += vl_token_length(t);
        if (full && end->by_rule) break;
    }
    return x->at - begin > UINT16_MAX ? wrong(err, "a stored block of more than 65535 bytes") : VL_OK;
}

static vl_code make_block(making *x, vl_err *err)
{
    vl_deflate_block *const b = &x->block;
    vl_block_end end = { .by_rule = true };
    vl_block_ends ends;
    vl_deflate_counts counts;
    vl_deflate_head told;
    const size_t begin = x->at;
    const bool hit = vl_hits_is_hit(&x->block_hits);
    vl_deflate_begin_block(&x->parser, &ends, x->at);
    b->ntoken = 0;
    b->pad = 0;
    b->head = (vl_deflate_head){ 0 };
    if (!hit) vl_say_block(&x->blocks, &x->block_odds, b, &end);
    const bool stored = !hit && b->head.type == VL_STORED;
    if (stored ? make_stored(x, &ends, &end, err) : make_tokens(x, &ends, &end, err)) return err->code;
    b->nplain = (uint32_t)(x->at - begin);
    if (!stored) {
        vl_deflate_count(b, &counts);
        vl_deflate_choose(&x->row, &counts, b->nplain, &told);
    }
    if (hit) {
        const bool more = x->markers.next < x->markers.n;
        b->final = x->whole && x->at == x->end && !more && vl_block_is_last(&ends);
        b->head = told;
        if (told.type == VL_STORED) return wrong(err, "a stored block that was not announced");
    } else if (b->head.type == VL_STATIC) vl_static_lengths(&b->head);
    else if (b->head.type == VL_DYNAMIC && !vl_say_head(&x->blocks, &x->block_odds, &x->row, &told, &b->head))
        return wrong(err, "codes that cannot be");
    else if (b->head.type > VL_DYNAMIC) return wrong(err, "a block of type 3");
    if (!hit) vl_hits_next(&x->block_hits, &x->blocks);
    return write(x, err);
}

static vl_code make_planned_token(making *x, vl_err *err)
{
    vl_deflate_parser *const p = &x->parser;
    vl_token t = p->parse->next(p, x->at);
    vl_odds *const odds = &x->token_odds.doubt[p->parse->doubt(p, x->at) % VL_DOUBTS];
    if (vl_say_bit(&x->tokens, odds, 0) && !vl_say_token(&x->tokens, &x->token_odds, p, x->at, t, &t))
        return wrong(err, "a match that is not in the text");
    if (vl_deflate_block_grow(&x->block, err)) return err->code;
    x->block.token[x->block.ntoken++] = t;
    p->parse->took(p, x->at, t);
    x->at += vl_token_length(t);
    return VL_OK;
}

/* A block of a maker that has to know its codes. */
static vl_code make_planned(making *x, vl_err *err)
{
    vl_deflate_block *const b = &x->block;
    vl_deflate_parser *const p = &x->parser;
    vl_block_end end = { 0 };
    const size_t begin = x->at, stop = p->end < x->end ? p->end : x->end;
    b->ntoken = 0;
    b->pad = 0;
    b->head = (vl_deflate_head){ 0 };
    if (vl_hits_is_hit(&x->block_hits)) return wrong(err, "a block without codes");
    vl_say_block(&x->blocks, &x->block_odds, b, &end);
    if (end.by_rule || end.count > stop - begin || end.count > VL_PLAN_MOST || b->head.type > VL_DYNAMIC)
        return wrong(err, "a block beyond the text");
    b->nplain = (uint32_t)end.count;
    if (b->head.type == VL_STORED) {
        if (b->nplain > UINT16_MAX) return wrong(err, "a stored block of more than 65535 bytes");
        x->at += b->nplain;
    } else {
        const bool guessed = b->head.type == VL_DYNAMIC && vl_is_guessed(&x->row);
        if (guessed && p->parse->guess(p, begin, b->nplain, &x->head, err)) return err->code;
        if (b->head.type == VL_STATIC) vl_static_lengths(&b->head);
        else if (!vl_say_head(&x->blocks, &x->block_odds, &x->row, &x->head, &b->head))
            return wrong(err, "codes that cannot be");
        else x->head = b->head;
        if (p->parse->plan(p, begin, b->nplain, &b->head, err)) return err->code;
        while (x->at < begin + b->nplain)
            if (make_planned_token(x, err)) return err->code;
        if (x->at != begin + b->nplain) return wrong(err, "a match beyond its block");
    }
    vl_hits_next(&x->block_hits, &x->blocks);
    return write(x, err);
}

static vl_code make_all(making *x, vl_err *err)
{
    vl_number_odds odds;
    if (vl_say_markers(&x->blocks, &x->markers, x->at, x->end, x->most, err)) return err->code;
    const size_t first = vl_markers_end(&x->markers, x->at, x->span.before + x->span.n + x->span.after);
    if (x->told ? vl_replay_open(&x->parser, &x->row, &x->span, first, x->told, err)
                : vl_deflate_parser_open(&x->parser, &x->row, &x->span, first, err))
        return err->code;
    vl_hits_next(&x->block_hits, &x->blocks);
    if (!vl_is_planned(&x->row)) vl_hits_next(&x->token_hits, &x->tokens);
    do {
        if (pass_markers(x, err)) return err->code;
        if (vl_is_planned(&x->row) ? make_planned(x, err) : make_block(x, err)) return err->code;
    } while (x->whole ? !x->block.final : x->at < x->end);
    if (x->at != x->end) return wrong(err, "it ends before the text");
    vl_odds_init(&odds, sizeof odds);
    const unsigned fill = (8 - x->bits.nheld) & 7;
    vl_bits_put(&x->bits, x->whole ? vl_say_number(&x->blocks, &odds, 0) & ((1u << fill) - 1) : 0, fill);
    return VL_OK;
}

static vl_code make(making *x, const uint8_t row[VL_DEFLATE_ROW], const uint8_t *description, size_t n,
                    vl_err *err)
{
    uint64_t nblocks = 0;
    const uint8_t *p = description;
    const vl_deflate_text *const span = &x->span;
    if (span->before + span->n + span->after > VL_DEFLATE_PLAIN)
        return vl_fail(err, VL_EUNSUP, "a deflate stream of more than %d bytes", VL_DEFLATE_PLAIN);
    if (vl_deflate_row_read(&x->row, row, err) || vl_buf_grow(x->bits.out, 16, err)) return err->code;
    if (n && (!(p = vl_get_leb(p, p + n, &nblocks)) || nblocks > (size_t)(description + n - p)))
        return wrong(err, "its parts are longer than it");
    vl_coder_read(&x->blocks, p, nblocks);
    vl_coder_read(&x->tokens, n ? p + nblocks : p, n ? (size_t)(description + n - p) - nblocks : 0);
    vl_hits_init(&x->block_hits);
    vl_hits_init(&x->token_hits);
    vl_block_odds_init(&x->block_odds);
    vl_odds_init(&x->token_odds, sizeof x->token_odds);
    return make_all(x, err);
}

static void release(making *x)
{
    vl_deflate_parser_close(&x->parser);
    vl_markers_free(&x->markers);
    vl_deflate_block_free(&x->block);
}

static making making_of(const vl_deflate_text *span, bool whole, unsigned bit, size_t most, vl_buf *out)
{
    return (making){ .span = *span,
                     .whole = whole,
                     .at = span->before,
                     .end = span->before + span->n,
                     .begin = out->len,
                     .most = most,
                     .bits = { .out = out, .nheld = bit & 7 } };
}

vl_code vl_redeflate_make(const uint8_t row[VL_DEFLATE_ROW], const uint8_t *description, size_t n,
                          const vl_deflate_text *span, bool whole, unsigned bit, size_t most, vl_buf *out,
                          vl_err *err)
{
    making x = making_of(span, whole, bit, most, out);
    make(&x, row, description, n, err);
    release(&x);
    return err->code;
}

vl_code vl_replay_make(const vl_replay *told, const uint8_t row[VL_DEFLATE_ROW], const vl_buf *description,
                       const vl_deflate_text *span, bool whole, unsigned bit, size_t most, vl_buf *out,
                       vl_err *err)
{
    making x = making_of(span, whole, bit, most, out);
    x.told = told;
    if (!make(&x, row, description->data, description->len, err) &&
        (x.differs || !vl_replay_is_same(&x.parser)))
        wrong(err, "it asks its maker otherwise");
    release(&x);
    return err->code;
}
