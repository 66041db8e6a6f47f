/* Puts a block of deflate together again: deflate_block.h. RFC 1951, 3.2.3 to 3.2.7. */
#include "formats/redeflate/deflate_code.h"

static void write_head(vl_bits_out *out, const vl_deflate_head *h)
{
    uint16_t code[VL_DEFLATE_PRE];
    vl_canonical_codes(h->pre, VL_DEFLATE_PRE, code);
    vl_bits_put(out, h->nlit - 257u, 5);
    vl_bits_put(out, h->ndist - 1u, 5);
    vl_bits_put(out, h->npre - 4u, 4);
    for (unsigned i = 0; i < h->npre; i++) vl_bits_put(out, h->pre[vl_pre_order[i]], 3);
    for (unsigned i = 0; i < h->nsent; i++) {
        const unsigned symbol = h->sent[i];
        vl_bits_put(out, code[symbol], h->pre[symbol]);
        vl_bits_put(out, h->more[i], symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
    }
}

enum { NO_CODE = UINT32_C(1) << 31, BITS_AT = 24 };

/* Codes as they are put: bits of the code and what follows it, how many they are, and NO_CODE. */
typedef struct codes {
    uint32_t lit[VL_DEFLATE_EOB + 1], length[VL_DEFLATE_OTHER_258 + 1], dist[VL_DEFLATE_DIST];
} codes;

static uint32_t with_bits(uint32_t code, unsigned bits)
{
    return bits ? code | (uint32_t)bits << BITS_AT : NO_CODE;
}

static void make_codes(const vl_deflate_head *h, codes *c)
{
    uint16_t lit[VL_DEFLATE_LITLEN], dist[VL_DEFLATE_DIST];
    vl_canonical_codes(h->lit, VL_DEFLATE_LITLEN, lit);
    vl_canonical_codes(h->dist, VL_DEFLATE_DIST, dist);
    for (unsigned i = 0; i <= VL_DEFLATE_EOB; i++) c->lit[i] = with_bits(lit[i], h->lit[i]);
    for (unsigned n = 3; n <= VL_DEFLATE_OTHER_258; n++) {
        const unsigned symbol = vl_length_symbol(n), bits = h->lit[257 + symbol],
                       more = (n > VL_DEFLATE_LONGEST ? VL_DEFLATE_LONGEST : n) - vl_length_base[symbol];
        c->length[n] = with_bits(lit[257 + symbol] | more << bits, bits ? bits + vl_length_bits[symbol] : 0);
    }
    for (unsigned i = 0; i < VL_DEFLATE_DIST; i++) c->dist[i] = with_bits(dist[i], h->dist[i]);
}

/* False when a symbol has no code. There is room for all. */
static bool write_tokens(vl_bits_out *out, const vl_deflate_block *block)
{
    codes c;
    uint32_t all = 0;
    uint64_t held = out->held; /* copies, so that they are in registers */
    unsigned nheld = out->nheld;
    uint8_t *to = out->out->data + out->out->len;
    make_codes(&block->head, &c);
    for (size_t i = 0; i < block->ntoken; i++) {
        const vl_token t = block->token[i];
        vl_put_le64(to,
                    held); /* always, as whether it is needed cannot be foreseen; a match has up to 48 bits */
        to += nheld >> 3;
        held >>= nheld & ~7u;
        nheld &= 7;
        if (!vl_token_is_match(t)) {
            const uint32_t v = c.lit[t];
            all |= v;
            held |= (uint64_t)(v & 0xffff) << nheld;
            nheld += v >> BITS_AT & 31;
            continue;
        }
        const unsigned far = vl_token_distance(t), symbol = vl_distance_symbol(far);
        const uint32_t length = c.length[t >> 16], dist = c.dist[symbol];
        const unsigned nlength = length >> BITS_AT & 31, ndist = dist >> BITS_AT & 31;
        all |= length | dist;
        const uint64_t distance = (dist & 0xffff) | (uint64_t)(far - vl_distance_base[symbol]) << ndist;
        held |= ((length & 0xffffff) | distance << nlength) << nheld;
        nheld += nlength + ndist + vl_distance_bits[symbol];
    }
    out->out->len = (size_t)(to - out->out->data);
    out->held = held;
    out->nheld = nheld;
    vl_bits_spill(out);
    const uint32_t end = c.lit[VL_DEFLATE_EOB];
    vl_bits_put(out, end & 0xffff, end >> BITS_AT & 31);
    return !((all | end) & NO_CODE);
}

vl_code vl_deflate_write(vl_bits_out *out, const vl_deflate_block *block, const vl_deflate_text *span,
                         size_t at, vl_err *err)
{
    enum { HEAD = 768, TOKEN = 6 }; /* bytes, at most: 17 + 19 * 3 + 320 * 14 bits; 48 bits */
    const bool stored = block->head.type == VL_STORED;
    if (vl_buf_grow(out->out, HEAD + (stored ? block->nplain : block->ntoken * TOKEN), err)) return err->code;
    vl_bits_put(out, block->final | (unsigned)block->head.type << 1, 3);
    if (!stored) {
        if (block->head.type == VL_DYNAMIC) write_head(out, &block->head);
        if (!write_tokens(out, block)) return vl_fail(err, VL_EFORMAT, "a deflate token has no code");
        return VL_OK;
    }
    const unsigned fill = (8 - out->nheld) & 7;
    vl_bits_put(out, block->pad & ((1u << fill) - 1), fill);
    vl_bits_put(out, block->nplain, 16);
    vl_bits_put(out, block->nplain ^ 0xffff, 16);
    return vl_buf_append(out->out, span->plain + at, block->nplain, err);
}
