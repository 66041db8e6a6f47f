/* Takes a deflate stream apart, block by block: deflate_block.h. RFC 1951, 3.2.3 to 3.2.7. */
#include "formats/redeflate/deflate_code.h"

#include <stdlib.h>

typedef struct reading {
    vl_deflate_reader *r;
    vl_deflate_block *block;
    vl_bits b;
    vl_buf *text; /* that is made; NULL: it is known */
    size_t at;    /* in the text */
} reading;

void vl_deflate_block_free(vl_deflate_block *block)
{
    if (block->ctoken) free(block->token);
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
    if (x->text) {
        if (vl_buf_append(x->text, bytes, n, err)) return err->code;
    } else if (n > span->before + span->n - x->at || memcmp(bytes, span->plain + x->at, n))
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
    uint32_t given[VL_DEFLATE_PRE];
    for (unsigned i = 0; i < VL_DEFLATE_PRE; i++) given[i] = i << VL_CODE_BASE_AT;
    if (!vl_decoder_make(&pre, h->pre, given, VL_DEFLATE_PRE)) return wrong(x, err, "too many code lengths");
    for (unsigned n = 0; n < h->nlit + h->ndist;) {
        vl_bits_fill(b);
        const uint32_t v = vl_decode(&pre, b->held), symbol = v >> VL_CODE_BASE_AT;
        if (v & VL_CODE_NONE || (symbol == 16 && !n)) return wrong(x, err, "no code length is coded so");
        vl_bits_drop(b, v & VL_CODE_BITS);
        unsigned more = 0, times = 1;
        if (symbol == 16) times = 3 + (more = vl_bits_take(b, 2));
        if (symbol == 17) times = 3 + (more = vl_bits_take(b, 3));
        if (symbol == 18) times = 11 + (more = vl_bits_take(b, 7));
        if (times > h->nlit + h->ndist - n) return wrong(x, err, "more code lengths than were announced");
        memset(length + n, (int)(symbol < 16 ? symbol : symbol == 16 ? length[n - 1] : 0u), times);
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

/* ---- tokens ---- */

static bool make_decoders(const vl_deflate_head *head, vl_decoder *lit, vl_decoder *dist)
{
    uint32_t given[VL_DEFLATE_LITLEN];
    for (unsigned i = 0; i < VL_DEFLATE_LITLEN; i++) {
        given[i] = i << VL_CODE_BASE_AT;
        if (i >= VL_DEFLATE_EOB) given[i] |= VL_CODE_NONE;
        if (i > VL_DEFLATE_EOB && i < 286)
            given[i] = VL_CODE_MATCH | (uint32_t)vl_length_base[i - 257] << VL_CODE_BASE_AT |
                       (uint32_t)vl_length_bits[i - 257] << VL_CODE_MORE_AT;
    }
    if (!vl_decoder_make(lit, head->lit, given, VL_DEFLATE_LITLEN)) return false;
    for (unsigned i = 0; i < VL_DEFLATE_DIST; i++)
        given[i] = i > 29 ? VL_CODE_NONE
                          : (uint32_t)vl_distance_base[i] << VL_CODE_BASE_AT | (uint32_t)vl_distance_bits[i]
                                                                                   << VL_CODE_MORE_AT;
    return vl_decoder_make(dist, head->dist, given, VL_DEFLATE_DIST);
}

/* What a code stands for with the bits behind it, all of which are taken. */
static inline unsigned take_value(vl_bits *b, uint32_t v)
{
    vl_bits_drop(b, v & VL_CODE_BITS);
    return (v >> VL_CODE_BASE_AT & VL_CODE_BASE) + vl_bits_take(b, v >> VL_CODE_MORE_AT & 15);
}

/* The match of a length's code; 0 when there can be none. */
static inline vl_token take_match(vl_bits *b, const vl_decoder *dist, uint32_t v)
{
    unsigned length = take_value(b, v);
    if (length == VL_DEFLATE_LONGEST && v >> VL_CODE_MORE_AT & 15) length = VL_DEFLATE_OTHER_258;
    const uint32_t far = vl_decode(dist, b->held);
    return far & VL_CODE_NONE ? 0 : vl_token_match(length, take_value(b, far));
}

enum { AT_ONCE = 16, ROOM = VL_DEFLATE_LONGEST + AT_ONCE };

/* There may be up to AT_ONCE bytes more, whatever they are. */
static inline void copy_match(uint8_t *to, unsigned n, size_t far)
{
    uint8_t *const end = to + n;
    const uint8_t *from = to - far;
    if (far == 1) memset(to, *from, n);
    else if (far < AT_ONCE)
        while (to < end) *to++ = *from++;
    else {
        memcpy(to, from, AT_ONCE);
        if (n > AT_ONCE) memcpy(to + AT_ONCE, from + AT_ONCE, AT_ONCE);
        if (n > 2 * AT_ONCE)
            for (to += 2 * AT_ONCE, from += 2 * AT_ONCE; to < end; to += AT_ONCE, from += AT_ONCE)
                memcpy(to, from, AT_ONCE);
    }
}

/* Whether n bytes are equal, of which 8 more may be read. */
static inline bool are_equal(const uint8_t *a, const uint8_t *b, unsigned n)
{
    for (; n > 8; n -= 8, a += 8, b += 8)
        if (vl_le64(a) != vl_le64(b)) return false;
    return !((vl_le64(a) ^ vl_le64(b)) << 8 * (8 - n));
}

/* Room for one more token and its text, which is made. */
static vl_code make_room(reading *x, size_t at, vl_err *err)
{
    if (at - x->r->at >= VL_INFLATE_MOST)
        return vl_fail(err, VL_EUNSUP, "a deflate block stands for more than %d bytes", VL_INFLATE_MOST);
    x->text->len = at;
    if (vl_buf_grow(x->text, 1 << 16, err)) return err->code;
    return vl_deflate_block_grow(x->block, err);
}

/* The text of a token that is next; false: it cannot be. */
static inline bool take_text(uint8_t *text, const uint8_t *plain, size_t at, size_t end, size_t all,
                             vl_token t)
{
    const unsigned n = vl_token_length(t), far = vl_token_distance(t);
    if (!vl_token_is_match(t)) {
        if (text) text[at] = (uint8_t)t;
        return text || (at < end && plain[at] == t);
    }
    if (far > at) return false;
    if (text) copy_match(text + at, n, far);
    else if (n > end - at || !(all - at >= ROOM ? are_equal(plain + at, plain + at - far, n)
                                                : !memcmp(plain + at, plain + at - far, n)))
        return false;
    return true;
}

static inline __attribute__((always_inline)) vl_code
take_tokens(reading *x, const vl_decoder *lit, const vl_decoder *dist, bool makes, vl_err *err)
{
    vl_deflate_block *const block = x->block;
    const vl_deflate_text *const span = &x->r->span;
    const size_t end = span->before + span->n, all = end + span->after;
    vl_bits b = x->b; /* a copy, so that it is in registers */
    size_t at = x->at, room = 0, ntoken = block->ntoken, most = 0;
    uint8_t *text = NULL;
    vl_token *token = NULL;
    const char *what = NULL;
    for (;;) {
        if (ntoken == most || (makes && at >= room)) {
            block->ntoken = ntoken;
            if (makes ? make_room(x, at, err) : vl_deflate_block_grow(block, err)) return err->code;
            token = block->token;
            most = block->ctoken;
            if (makes) {
                const size_t left = x->text->cap - ROOM, may = x->r->at + VL_INFLATE_MOST;
                text = x->text->data;
                room = left < may ? left : may;
            }
        }
        vl_bits_fill(&b); /* a token has at most 15 + 5 + 15 + 13 bits */
        const uint32_t v = vl_decode(lit, b.held);
        vl_token t = v >> VL_CODE_BASE_AT & VL_CODE_BASE;
        if (v & VL_CODE_NONE) {
            vl_bits_drop(&b, v & VL_CODE_BITS);
            if (!(v & VL_CODE_BITS) || t != VL_DEFLATE_EOB) what = "no symbol is coded so";
            break;
        }
        if (v & VL_CODE_MATCH) t = take_match(&b, dist, v);
        else vl_bits_drop(&b, v & VL_CODE_BITS);
        what = "a match has no length or distance";
        if (!t && v & VL_CODE_MATCH) break;
        what = "a token is not the text";
        if (!take_text(makes ? text : NULL, span->plain, at, end, all, t)) break;
        what = NULL;
        at += vl_token_length(t);
        token[ntoken++] = t;
        if (vl_bits_over(&b)) break;
    }
    block->ntoken = ntoken;
    x->b = b;
    x->at = at;
    if (makes && !what) x->text->len = at;
    if (vl_bits_over(&b)) what = "";
    return what ? wrong(x, err, what) : VL_OK;
}

static vl_code read_tokens(reading *x, vl_err *err)
{
    vl_decoder lit, dist;
    if (!make_decoders(&x->block->head, &lit, &dist)) return wrong(x, err, "too many codes");
    return x->text ? take_tokens(x, &lit, &dist, true, err) : take_tokens(x, &lit, &dist, false, err);
}

/* ---- blocks ---- */

static vl_code read_block(reading *x, vl_err *err)
{
    vl_deflate_reader *const reader = x->r;
    vl_deflate_block *const block = x->block;
    const uint64_t byte = reader->bit >> 3;
    *block = (vl_deflate_block){ .token = block->token, .ctoken = block->ctoken };
    if (byte >= reader->n)
        return vl_fail(err, VL_ETRUNC, "deflate stream of %zu bytes has no end", reader->n);
    x->b = (vl_bits){ .next = reader->stream + byte, .end = reader->stream + reader->n };
    vl_bits_fill(&x->b);
    vl_bits_drop(&x->b, reader->bit & 7);
    block->final = vl_bits_take(&x->b, 1);
    block->head.type = (uint8_t)vl_bits_take(&x->b, 2);
    if (block->head.type > VL_DYNAMIC) return wrong(x, err, "no block is of type 3");
    if (block->head.type == VL_STATIC) vl_static_lengths(&block->head);
    if (block->head.type == VL_DYNAMIC && read_head(x, err)) return err->code;
    if (block->head.type == VL_STORED ? read_stored(x, err) : read_tokens(x, err)) return err->code;
    const uint64_t bit = vl_bits_at(&x->b, reader->stream);
    block->nbit = bit - reader->bit;
    block->nplain = (uint32_t)(x->at - reader->at);
    reader->bit = bit;
    reader->at = x->at;
    return VL_OK;
}

/* The next of those that are known. */
static vl_code give_block(vl_deflate_reader *reader, vl_deflate_block *block, vl_err *err)
{
    const vl_deflate_blocks *const all = reader->blocks;
    if (reader->nblock == all->n) return vl_fail(err, VL_ETRUNC, "deflate stream has no more blocks");
    vl_deflate_block_free(block);
    *block = all->block[reader->nblock++];
    block->token = block->ntoken ? (vl_token *)(void *)all->token.data + reader->ntoken : NULL;
    reader->ntoken += block->ntoken;
    reader->bit += block->nbit;
    reader->at += block->nplain;
    return VL_OK;
}

vl_code vl_deflate_read(vl_deflate_reader *reader, vl_deflate_block *block, vl_err *err)
{
    reading x = { .r = reader, .block = block, .at = reader->at };
    return reader->blocks ? give_block(reader, block, err) : read_block(&x, err);
}

vl_code vl_deflate_inflate(vl_deflate_reader *reader, vl_buf *text, vl_deflate_block *block, vl_err *err)
{
    const size_t n = text->len;
    reading x = { .r = reader, .block = block, .at = n, .text = text };
    if (read_block(&x, err)) text->len = n;
    return err->code;
}

/* ---- many ---- */

void vl_deflate_blocks_free(vl_deflate_blocks *blocks)
{
    free(blocks->block);
    vl_buf_free(&blocks->token);
    *blocks = (vl_deflate_blocks){ 0 };
}

void vl_deflate_blocks_clear(vl_deflate_blocks *blocks)
{
    blocks->n = blocks->token.len = 0;
    blocks->over = false;
}

vl_code vl_deflate_blocks_add(vl_deflate_blocks *blocks, const vl_deflate_block *block, vl_err *err)
{
    enum { MOST = 1 << 10, MOST_TOKENS = 1 << 22 };
    const size_t ntoken = blocks->token.len / sizeof(vl_token) + block->ntoken;
    if (blocks->n == MOST || ntoken > MOST_TOKENS) blocks->over = true;
    if (blocks->over) return VL_OK;
    if (blocks->n == blocks->c) {
        const size_t more = blocks->c ? 2 * blocks->c : 16;
        vl_deflate_block *const all = realloc(blocks->block, more * sizeof *all);
        if (!all) return vl_fail(err, VL_ENOMEM, "no memory for %zu deflate blocks", more);
        blocks->block = all;
        blocks->c = more;
    }
    blocks->block[blocks->n] = *block;
    blocks->block[blocks->n].token = NULL;
    blocks->block[blocks->n++].ctoken = 0;
    return vl_buf_append(&blocks->token, block->token, block->ntoken * sizeof *block->token, err);
}

vl_code vl_deflate_blocks_split(vl_deflate_blocks *from, size_t n, vl_deflate_blocks *to, vl_err *err)
{
    const vl_deflate_blocks all = *from;
    size_t ntoken = 0;
    *from = *to;
    *to = all;
    vl_deflate_blocks_clear(from);
    for (size_t i = 0; i < to->n; i++) {
        vl_deflate_block b = to->block[i];
        b.token = b.ntoken ? (vl_token *)(void *)to->token.data + ntoken : NULL;
        ntoken += b.ntoken;
        if (i >= n && vl_deflate_blocks_add(from, &b, err)) return err->code;
    }
    if (to->n > n) to->n = n;
    return VL_OK;
}
