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

static bool write_tokens(vl_bits_out *out, const vl_deflate_block *block)
{
    const vl_deflate_head *const h = &block->head;
    uint16_t lit[VL_DEFLATE_LITLEN], dist[VL_DEFLATE_DIST];
    vl_canonical_codes(h->lit, VL_DEFLATE_LITLEN, lit);
    vl_canonical_codes(h->dist, VL_DEFLATE_DIST, dist);
    bool all = h->lit[VL_DEFLATE_EOB];
    for (size_t i = 0; i < block->ntoken; i++) {
        const vl_token t = block->token[i];
        if (!vl_token_is_match(t)) {
            all &= h->lit[t] > 0;
            vl_bits_put(out, lit[t], h->lit[t]);
            continue;
        }
        const unsigned n = vl_token_length(t), far = vl_token_distance(t), length = vl_length_symbol(t >> 16),
                       symbol = vl_distance_symbol(far);
        uint64_t v = lit[257 + length];
        unsigned bits = h->lit[257 + length];
        all &= h->lit[257 + length] && h->dist[symbol];
        v |= (uint64_t)(n - vl_length_base[length]) << bits;
        bits += vl_length_bits[length];
        v |= (uint64_t)dist[symbol] << bits;
        bits += h->dist[symbol];
        v |= (uint64_t)(far - vl_distance_base[symbol]) << bits;
        vl_bits_put(out, v, bits + vl_distance_bits[symbol]);
    }
    vl_bits_put(out, lit[VL_DEFLATE_EOB], h->lit[VL_DEFLATE_EOB]);
    return all;
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
