/*
 * Spectra as the mzML they came from, the inverse of parse (mzml_parse.c): the skeleton, and the text of each
 * array where it stood, made by its recipe. A text that comes out otherwise than it was is an error: each has
 * its hash.
 */
#include <inttypes.h>

#include "formats/spectra/mzml.h"
#include "formats/xxh3.h"

vl_code vl_mz_unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                       vl_err *err)
{
    (void)how, (void)facts, (void)counter, (void)ntext, (void)err;
    *way = (vl_way){ VL_SPT_ARRAY, 1, -1, -1, VL_SP_ARR_TEXT_AT };
    return VL_OK;
}

static vl_code print_array(const vl_batch *b, size_t i, vl_buf *text, vl_err *err)
{
    const vl_cell kept = vl_row(&b->col[VL_SP_ARR_KEPT], i);
    const vl_piece *const p = &b->piece[i];
    const size_t before = text->len;
    if (vl_mzml_array_text(b->col[VL_SP_ARR_RECIPE].data.data[i], b->values.data + p->at,
                           p->nelem * vl_type_width(b->piece_column[p->column].type), kept.at, kept.n, text,
                           err))
        return err->code;
    if (XXH3_64bits(text->data + before, text->len - before) ==
        vl_le64(b->col[VL_SP_ARR_HASH].data.data + 8 * i))
        return VL_OK;
    return vl_fail(err, VL_ESTORE,
                   "array %" PRIu64
                   ": its text cannot be made again as it was (its values are whole; an ingest with "
                   "--exact=all keeps such text)",
                   b->first[VL_SPT_ARRAY] + i);
}

vl_code vl_mz_print(const void *how, const vl_batch *b, bool last, vl_buf *out, vl_err *err)
{
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data;
    size_t done = 0;
    (void)how, (void)last;
    if (b->npiece != b->nrow[VL_SPT_ARRAY])
        return vl_fail(err, VL_EBUG, "%zu arrays have %zu pieces", b->nrow[VL_SPT_ARRAY], b->npiece);
    for (size_t i = 0; i < b->npiece; i++) {
        const uint64_t at = vl_le64(b->col[VL_SP_ARR_TEXT_AT].data.data + 8 * i);
        if (at < done || at > skeleton->len)
            return vl_fail(err, VL_ESTORE, "arrays are not in the order of the text");
        if (vl_buf_append(out, skeleton->data + done, at - done, err) || print_array(b, i, out, err))
            return err->code;
        done = at;
    }
    return vl_buf_append(out, skeleton->data + done, skeleton->len - done, err);
}
