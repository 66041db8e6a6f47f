/*
 * Spectra as the mzXML they came from, the inverse of parse (mzxml_parse.c): the skeleton, and the text of
 * each element <peaks> where it stood, made by its recipe of the arrays that were in it, in turns and in
 * network byte order. Each text has its hash; one that comes out otherwise is an error.
 */
#include <inttypes.h>

#include "formats/spectra/mzxml.h"
#include "formats/xxh3.h"

/* Rows of arrays whose elements make one text, from this one on. */
static size_t rows_of_text(const vl_batch *b, size_t row)
{
    const uint8_t *const recipe = b->col[VL_SP_ARR_RECIPE].data.data;
    size_t n = 1;
    while (row + n < b->npiece && recipe[row + n] == VL_RECIPE_WOVEN) n++;
    return n;
}

static size_t width_of(const vl_batch *b, size_t row)
{
    return vl_type_width(b->piece_column[b->piece[row].column].type);
}

/* The bytes that base64 or zlib is to get of the arrays in n rows: those of arrays of bytes as they are. */
static vl_code bytes_of(const vl_batch *b, size_t row, size_t n, vl_buf *woven, vl_xml_span *out, vl_err *err)
{
    const vl_piece *const p = &b->piece[row];
    const size_t width = width_of(b, row);
    const uint8_t *in[VL_MZ_WOVEN_MOST] = { NULL };
    *out = (vl_xml_span){ b->values.data + p->at, p->nelem * width };
    if (width == 1 && n == 1) return VL_OK;
    for (size_t i = 0; i < n; i++) {
        if (n > VL_MZ_WOVEN_MOST || b->piece[row + i].nelem != p->nelem || width_of(b, row + i) != width ||
            (width != 4 && width != 8))
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 ": it is not as long as the one before it",
                           b->first[VL_SPT_ARRAY] + row + i);
        in[i] = b->values.data + b->piece[row + i].at;
    }
    if (vl_buf_reserve(woven, n * p->nelem * width + 1, err)) return err->code;
    vl_mz_weave(in, p->nelem, width, (int)n, woven->data);
    *out = (vl_xml_span){ woven->data, n * p->nelem * width };
    return VL_OK;
}

static vl_code put_text(const vl_batch *b, size_t row, size_t n, vl_buf *woven, vl_buf *out, vl_err *err)
{
    const vl_cell kept = vl_row(&b->col[VL_SP_ARR_KEPT], row);
    const size_t from = out->len;
    vl_xml_span bytes;
    if (bytes_of(b, row, n, woven, &bytes, err) ||
        vl_mzml_array_text(b->col[VL_SP_ARR_RECIPE].data.data[row], bytes.at, bytes.n, kept.at, kept.n, out,
                           err))
        return err->code;
    const uint8_t *const text = out->len > from ? out->data + from : (const uint8_t *)"";
    if (XXH3_64bits(text, out->len - from) != vl_le64(b->col[VL_SP_ARR_HASH].data.data + 8 * row))
        return vl_fail(err, VL_ESTORE, "array %" PRIu64 ": its text does not come out as it was",
                       b->first[VL_SPT_ARRAY] + row);
    return VL_OK;
}

vl_code vl_mx_print(const void *how, const vl_batch *b, bool last, vl_buf *out, vl_err *err)
{
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data;
    vl_buf woven = { 0 };
    size_t done = 0;
    (void)how, (void)last;
    if (b->npiece != b->nrow[VL_SPT_ARRAY])
        return vl_fail(err, VL_EBUG, "%zu arrays have %zu pieces", b->nrow[VL_SPT_ARRAY], b->npiece);
    for (size_t row = 0, n; row < b->npiece && !err->code; row += n) {
        const uint64_t at = vl_le64(b->col[VL_SP_ARR_TEXT_AT].data.data + 8 * row);
        n = rows_of_text(b, row);
        if (at < done || at > skeleton->len)
            vl_fail(err, VL_ESTORE, "arrays are not in the order of the text");
        else if (!vl_buf_append(out, skeleton->data + done, at - done, err))
            put_text(b, row, n, &woven, out, err);
        done = at;
    }
    vl_buf_free(&woven);
    return err->code ? err->code : vl_buf_append(out, skeleton->data + done, skeleton->len - done, err);
}
