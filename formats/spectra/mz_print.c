/*
 * Spectra as the text they came from, where a text may be of several arrays: the skeleton, and each text
 * where it stood. Each has its hash; one that comes out otherwise is an error.
 */
#include <inttypes.h>

#include "formats/spectra/mzml.h"
#include "formats/xxh3.h"

/* Rows of arrays whose elements make one text, from this one on. */
static size_t rows_of_text(const vl_batch *b, size_t row)
{
    const uint8_t *const recipe = b->col[VL_SP_ARR_RECIPE].data.data;
    size_t n = 1;
    while (row + n < b->npiece && recipe[row + n] == VL_RECIPE_WOVEN) n++;
    return n;
}

static vl_code check_hash(const vl_batch *b, size_t row, const vl_buf *out, size_t from, vl_err *err)
{
    const uint8_t *const text = out->len > from ? out->data + from : (const uint8_t *)"";
    if (XXH3_64bits(text, out->len - from) == vl_le64(b->col[VL_SP_ARR_HASH].data.data + 8 * row))
        return VL_OK;
    return vl_fail(err, VL_ESTORE, "array %" PRIu64 ": its text does not come out as it was",
                   b->first[VL_SPT_ARRAY] + row);
}

vl_code vl_mz_print_woven(const vl_batch *b, vl_mz_put_text *put, vl_buf *out, vl_err *err)
{
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data;
    vl_buf room = { 0 };
    size_t done = 0;
    if (b->npiece != b->nrow[VL_SPT_ARRAY])
        return vl_fail(err, VL_EBUG, "%zu arrays have %zu pieces", b->nrow[VL_SPT_ARRAY], b->npiece);
    for (size_t row = 0, n; row < b->npiece && !err->code; row += n) {
        const uint64_t at = vl_le64(b->col[VL_SP_ARR_TEXT_AT].data.data + 8 * row);
        n = rows_of_text(b, row);
        if (at < done || at > skeleton->len) {
            vl_fail(err, VL_ESTORE, "arrays are not in the order of the text");
            break;
        }
        if (vl_buf_append(out, skeleton->data + done, at - done, err)) break;
        const size_t from = out->len;
        if (!put(b, row, n, &room, out, err)) check_hash(b, row, out, from, err);
        done = at;
    }
    vl_buf_free(&room);
    return err->code ? err->code : vl_buf_append(out, skeleton->data + done, skeleton->len - done, err);
}
