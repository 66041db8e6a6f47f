/*
 * Spectra as the mzXML they came from, the inverse of parse (mzxml_parse.c): the text of each element <peaks>
 * is made by its recipe of the arrays that were in it, in turns and in network byte order.
 */
#include <inttypes.h>

#include "formats/spectra/mzxml.h"

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

static vl_code put_text(const vl_batch *b, size_t row, size_t n, vl_buf *room, vl_buf *out, vl_err *err)
{
    const vl_cell kept = vl_row(&b->col[VL_SP_ARR_KEPT], row);
    vl_xml_span bytes;
    if (bytes_of(b, row, n, room, &bytes, err)) return err->code;
    return vl_mzml_array_text(b->col[VL_SP_ARR_RECIPE].data.data[row], bytes.at, bytes.n, kept.at, kept.n,
                              out, err);
}

vl_code vl_mx_print(const void *how, const vl_batch *b, bool last, vl_buf *out, vl_err *err)
{
    (void)how, (void)last;
    return vl_mz_print_woven(b, put_text, out, err);
}
