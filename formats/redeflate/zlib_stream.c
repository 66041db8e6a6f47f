/* zlib's streams, one after another: zlib_stream.h. */
#include "formats/redeflate/zlib_stream.h"
#include "formats/redeflate/maker_zlib.h"

#include <stdlib.h>

struct vl_zlib_stream {
    vl_deflate_parser parser;
    vl_deflate_block block;
};

void vl_zlib_stream_free(vl_zlib_stream *m)
{
    if (!m) return;
    vl_deflate_parser_close(&m->parser);
    vl_deflate_block_free(&m->block);
    free(m);
}

/* The parser at the text's beginning. */
static vl_code begin(vl_zlib_stream *m, const vl_deflate_row *row, const vl_deflate_text *span, vl_err *err)
{
    vl_deflate_parser *const p = &m->parser;
    if (!p->state || memcmp(&p->row, row, sizeof *row)) {
        vl_deflate_parser_close(p);
        return vl_deflate_parser_open(p, row, span, span->n, err);
    }
    p->text = span->plain;
    p->start = 0;
    p->n = p->end = span->n;
    if (p->parse->begin(p)) return VL_OK;
    return vl_fail(err, VL_ENOMEM, "no memory for the maker of a deflate stream");
}

/* The tokens of a block from *at on; it is the last one, or is full. */
static vl_code make_block(vl_zlib_stream *m, size_t *at, vl_err *err)
{
    vl_deflate_parser *const p = &m->parser;
    vl_deflate_block *const b = &m->block;
    vl_block_ends ends;
    vl_deflate_counts counts;
    const size_t from = *at;
    bool early = false;
    vl_deflate_begin_block(p, &ends, from);
    const size_t room = vl_block_ends_room(&ends, from);
    while (b->ctoken < room)
        if (vl_deflate_block_more(b, err)) return err->code;
    b->ntoken = p->parse->tell(p, at, p->n, b->token, room);
    vl_block_ends_after_many(&ends, from, b->token, b->ntoken, &early);
    b->final = *at == p->n && vl_block_is_last(&ends);
    b->nplain = (uint32_t)(*at - from);
    vl_deflate_count(b, &counts);
    vl_deflate_choose(&p->row, &counts, b->nplain, &b->head);
    if (b->head.type != VL_STORED || b->nplain <= UINT16_MAX) return VL_OK;
    return vl_fail(err, VL_EUNSUP, "a deflate block of %u bytes cannot be stored", b->nplain);
}

static vl_code make_all(vl_zlib_stream *m, const vl_deflate_text *span, const uint8_t *want, size_t nwant,
                        vl_buf *out, vl_err *err)
{
    const size_t begins = out->len;
    vl_bits_out bits = { .out = out };
    size_t at = 0, same = 0;
    do {
        const size_t from = at;
        if (make_block(m, &at, err) || vl_deflate_write(&bits, &m->block, span, from, err)) return err->code;
        if (!want) continue;
        const size_t n = out->len - begins;
        if (n > nwant || memcmp(out->data + begins + same, want + same, n - same)) return VL_OK;
        same = n;
    } while (!m->block.final);
    if (vl_buf_grow(out, 8, err)) return err->code;
    vl_bits_put(&bits, 0, (8 - bits.nheld) & 7);
    return VL_OK;
}

vl_code vl_zlib_stream_make(vl_zlib_stream **m, unsigned level, unsigned memory, const uint8_t *text,
                            size_t n, const uint8_t *want, size_t nwant, vl_buf *out, vl_err *err)
{
    const vl_deflate_row row = { .version = VL_DEFLATE_ROWS_VERSION,
                                 .family = VL_MAKES_ZLIB,
                                 .level = (uint8_t)level,
                                 .window_bits = 15,
                                 .hash_bits = (uint8_t)(memory + 7),
                                 .ends = (uint8_t)(memory + 6),
                                 .coding = VL_CODES_LIKE_ZLIB };
    const vl_deflate_text span = { .plain = text, .n = n };
    if (n > VL_DEFLATE_PLAIN) return vl_fail(err, VL_EUNSUP, "a deflate stream of %zu bytes", n);
    if (!*m && !(*m = calloc(1, sizeof **m)))
        return vl_fail(err, VL_ENOMEM, "no memory for the maker of a deflate stream");
    if (begin(*m, &row, &span, err)) return err->code;
    return make_all(*m, &span, want, nwant, out, err);
}
