/* Takes a deflate stream apart, block by block: deflate_block.h. RFC 1951, 3.2.3 to 3.2.7. */
#include "formats/redeflate/deflate_code.h"

#include <stdlib.h>

typedef struct reading {
    vl_deflate_reader *r;
    vl_deflate_block *block;
    vl_bits b;
    size_t at;
} reading;

void vl_deflate_block_free(vl_deflate_block *block)
{
    free(block->token);
    *block = (vl_deflate_block){ 0 };
}

vl_code vl_deflate_block_more(vl_deflate_block *block, vl_err *err)
{
    if (block->ntoken >= VL_DEFLATE_TOKENS)
        return vl_fail(err, VL_EUNSUP, "a deflate block has more than %d tokens", VL_DEFLATE_TOKENS);
    const size_t more = block->ctoken ? block->ctoken * 2 : 1 << 12;
    vl_token *const token = realloc(block->token, more * sizeof *token);
    if (!token) return vl_fail(err, VL_ENOMEM, "no memory for %zu deflate tokens", more);
    block->token = token;
    block->ctoken = more;
    return VL_OK;
}

static vl_code wrong(reading *x, vl_err *err, const char *what)
{
    const uint64_t bit = vl_bits_at(&x->b, x->r->stream);
    if (vl_bits_over(&x->b))
        return vl_fail(err, VL_ETRUNC, "deflate stream of %zu bytes ends within a block", x->r->n);
    return vl_fail(err, VL_EFORMAT, "deflate stream, bit %llu: %s", (unsigned long long)bit, what);
}

static vl_code read_stored(reading *x, vl_err *err)
{
    vl_bits *const b = &x->b;
    const vl_deflate_text *const span = &x->r->span;
    vl_bits_fill(b);
    const unsigned fill = (8 - vl_bits_at(b, x->r->stream)) & 7;
    x->block->pad = (uint8_t)vl_bits_take(b, fill);
    const unsigned n = vl_bits_get(b, 16), not_n = vl_bits_get(b, 16);
    if (vl_bits_over(b) || (n ^ not_n) != 0xffff)
        return wrong(x, err, "the length of a stored block is wrong");
    const uint8_t *const bytes = b->next - ((b->nheld - b->nzero) >> 3);
    if (b->nzero > b->nheld || n > (size_t)(b->end - bytes)) {
        b->nzero = b->nheld + 1;
        return wrong(x, err, "");
    }
    if (n > span->before + span->n - x->at || memcmp(bytes, span->plain + x->at, n))
        return wrong(x, err, "a stored block is not the text");
    *b = (vl_bits){ .next = bytes + n, .end = b->end };
    x->block->nplain = n;
    x->at += n;
    return VL_OK;
}

/* The lengths of lit and dist, as symbols of a code of their own: 3.2.7. */
static vl_code read_lengths(reading *x, vl_err *err)
{
    vl_deflate_head *const h = &x->block->head;
    vl_bits *const b = &x->b;
    vl_decoder pre;
    uint8_t length[VL_DEFLATE_LITLEN + VL_DEFLATE_DIST] = { 0 };
    if (!vl_decoder_make(&pre, h->pre, VL_DEFLATE_PRE)) return wrong(x, err, "too many code lengths");
    for (unsigned n = 0; n < h->nlit + h->ndist;) {
        vl_bits_fill(b);
        const int symbol = vl_decode(&pre, b);
        if (symbol < 0 || (symbol == 16 && !n)) return wrong(x, err, "no code length is coded so");
        unsigned more = 0, times = 1;
        if (symbol == 16) times = 3 + (more = vl_bits_take(b, 2));
        if (symbol == 17) times = 3 + (more = vl_bits_take(b, 3));
        if (symbol == 18) times = 11 + (more = vl_bits_take(b, 7));
        if (times > h->nlit + h->ndist - n) return wrong(x, err, "more code lengths than were announced");
        memset(length + n, symbol < 16 ? symbol : symbol == 16 ? length[n - 1] : 0, times);
        h->sent[h->nsent] = (uint8_t)symbol;
        h->more[h->nsent++] = (uint8_t)more;
        n += times;
    }
    memcpy(h->lit, length, h->nlit);
    memcpy(h->dist, length + h->nlit, h->ndist);
    return vl_bits_over(b) ? wrong(x, err, "") : VL_OK;
}

static vl_code read_head(reading *x, vl_err *err)
{
    vl_deflate_head *const h = &x->block->head;
    vl_bits *const b = &x->b;
    vl_bits_fill(b);
    h->nlit = (uint16_t)(257 + vl_bits_take(b, 5));
    h->ndist = (uint16_t)(1 + vl_bits_take(b, 5));
    h->npre = (uint8_t)(4 + vl_bits_take(b, 4));
    for (unsigned i = 0; i < h->npre; i++) h->pre[vl_pre_order[i]] = (uint8_t)vl_bits_get(b, 3);
    return read_lengths(x, err);
}

/* The match behind a length symbol; 0 when there can be none. */
static inline vl_token read_match(vl_bits *b, const vl_decoder *dist, unsigned symbol)
{
    if (symbol > 28) return 0;
    unsigned length = vl_length_base[symbol] + vl_bits_take(b, vl_length_bits[symbol]);
    if (symbol == 27 && length == VL_DEFLATE_LONGEST) length = VL_DEFLATE_OTHER_258;
    const int far = vl_decode(dist, b);
    if (far < 0 || far > 29) return 0;
    return vl_token_match(length, vl_distance_base[far] + vl_bits_take(b, vl_distance_bits[far]));
}

static vl_code read_tokens(reading *x, vl_err *err)
{
    vl_deflate_block *const block = x->block;
    vl_decoder lit, dist;
    const uint8_t *const plain = x->r->span.plain;
    const size_t end = x->r->span.before + x->r->span.n;
    if (!vl_decoder_make(&lit, block->head.lit, VL_DEFLATE_LITLEN) ||
        !vl_decoder_make(&dist, block->head.dist, VL_DEFLATE_DIST))
        return wrong(x, err, "too many codes");
    vl_bits b = x->b; /* a copy, so that it is in registers */
    size_t at = x->at;
    const char *what = "no symbol is coded so";
    for (;;) {
        vl_bits_fill(&b); /* a token has at most 15 + 5 + 15 + 13 bits */
        const int symbol = vl_decode(&lit, &b);
        if (symbol < 0 || symbol == VL_DEFLATE_EOB) {
            if (symbol == VL_DEFLATE_EOB && !vl_bits_over(&b)) what = NULL;
            break;
        }
        if (vl_deflate_block_grow(block, err)) return err->code;
        vl_token t = (vl_token)symbol;
        if (symbol > VL_DEFLATE_EOB) {
            what = "a match has no length or distance";
            if (!(t = read_match(&b, &dist, (unsigned)symbol - 257))) break;
            const unsigned n = vl_token_length(t), far = vl_token_distance(t);
            what = "a match is not the text";
            if (far > at || n > end - at || memcmp(plain + at, plain + at - far, n)) break;
            at += n;
            what = "no symbol is coded so";
        } else if (at >= end || plain[at++] != symbol) {
            what = "a literal is not the text";
            break;
        }
        block->token[block->ntoken++] = t;
        if (vl_bits_over(&b)) break;
    }
    x->b = b;
    x->at = at;
    return what ? wrong(x, err, what) : VL_OK;
}

vl_code vl_deflate_read(vl_deflate_reader *reader, vl_deflate_block *block, vl_err *err)
{
    const uint64_t byte = reader->bit >> 3;
    reading x = { .r = reader, .block = block, .at = reader->at };
    *block = (vl_deflate_block){ .token = block->token, .ctoken = block->ctoken };
    if (byte >= reader->n)
        return vl_fail(err, VL_ETRUNC, "deflate stream of %zu bytes has no end", reader->n);
    x.b = (vl_bits){ .next = reader->stream + byte, .end = reader->stream + reader->n };
    vl_bits_fill(&x.b);
    vl_bits_drop(&x.b, reader->bit & 7);
    block->final = vl_bits_take(&x.b, 1);
    block->head.type = (uint8_t)vl_bits_take(&x.b, 2);
    if (block->head.type > VL_DYNAMIC) return wrong(&x, err, "no block is of type 3");
    if (block->head.type == VL_STATIC) vl_static_lengths(&block->head);
    if (block->head.type == VL_DYNAMIC && read_head(&x, err)) return err->code;
    if (block->head.type == VL_STORED ? read_stored(&x, err) : read_tokens(&x, err)) return err->code;
    reader->bit = vl_bits_at(&x.b, reader->stream);
    block->nplain = (uint32_t)(x.at - reader->at);
    reader->at = x.at;
    return VL_OK;
}
