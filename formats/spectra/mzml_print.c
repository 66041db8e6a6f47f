/*
 * Spectra as the mzML they came from, the inverse of parse (mzml_parse.c): the skeleton, and the text of each
 * array where it stood, made by its recipe. Each text has its hash, so that one which comes out otherwise
 * than it was is found: the store is of a time when not every array was proven (mzml_prove.c), or a library
 * compresses otherwise today. Its values are the same. It is an error, or, where they are asked for, told:
 * then the element's encodedLength is made to fit, and mzml_mend.c does the rest.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "formats/spectra/mzml.h"

vl_code vl_mz_unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                       vl_err *err)
{
    (void)how, (void)facts, (void)counter, (void)ntext, (void)err;
    *way = (vl_way){ VL_SPT_ARRAY, 1, -1, -1, VL_SP_ARR_TEXT_AT };
    return VL_OK;
}

/* Replaces out by the text of array i. *same: as it was. */
static vl_code array_text(vl_mz_packer *pk, const vl_batch *b, size_t i, vl_buf *out, bool *same, vl_err *err)
{
    const vl_cell kept = vl_row(&b->col[VL_SP_ARR_KEPT], i);
    const vl_piece *const p = &b->piece[i];
    const size_t n = p->nelem * vl_type_width(b->piece_column[p->column].type);
    return vl_mz_text_again(pk, b->col[VL_SP_ARR_RECIPE].data.data[i],
                            (vl_xml_span){ b->values.data + p->at, n }, (vl_xml_span){ kept.at, kept.n },
                            vl_le64(b->col[VL_SP_ARR_HASH].data.data + 8 * i), out, same, err);
}

/* The value of encodedLength in the last <binaryDataArray> of this part of the skeleton, which begins between
 * two tokens; at is NULL if it does not say. */
static vl_code find_length(vl_xml_span part, vl_xml_span *out, vl_err *err)
{
    vl_xml x = { .data = part.at, .n = part.n, .last = true };
    *out = (vl_xml_span){ NULL, 0 };
    if (part.n >= 3 && !memcmp(part.at, "\xef\xbb\xbf", 3)) x.at = 3;
    while (x.at < x.n) {
        if (vl_xml_next(&x, err)) return err->code;
        if (x.kind == VL_XML_OPEN && vl_xml_is(x.name, "binaryDataArray"))
            *out = vl_xml_get(&x, "encodedLength");
    }
    return VL_OK;
}

/* The skeleton before an array, for a text of so many letters. */
static vl_code append_with_length(vl_xml_span part, size_t letters, vl_buf *out, vl_err *err)
{
    char number[24];
    vl_xml_span said;
    if (find_length(part, &said, err)) return err->code;
    if (!said.at) return vl_buf_append(out, part.at, part.n, err);
    const size_t before = (size_t)(said.at - part.at), after = before + said.n;
    const size_t n = (size_t)snprintf(number, sizeof number, "%zu", letters);
    if (vl_buf_append(out, part.at, before, err) || vl_buf_append(out, number, n, err)) return err->code;
    return vl_buf_append(out, part.at + after, part.n - after, err);
}

static vl_code tell(const vl_batch *b, size_t i, vl_buf *odd, vl_err *err)
{
    uint8_t row[8];
    vl_put_le64(row, b->first[VL_SPT_ARRAY] + i);
    /* what was kept as it stood comes out as it stood */
    if (odd && b->col[VL_SP_ARR_RECIPE].data.data[i] >= VL_RECIPE_ZLIB)
        return vl_buf_append(odd, row, sizeof row, err);
    return vl_fail(err, VL_ESTORE, "array %" PRIu64 ": its text does not come out as it was",
                   b->first[VL_SPT_ARRAY] + i);
}

vl_code vl_mz_print_values(const void *how, const vl_batch *b, bool last, vl_buf *out, vl_buf *odd,
                           vl_err *err)
{
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data;
    vl_mz_packer packer = { 0 };
    vl_buf text = { 0 };
    size_t done = 0;
    (void)how, (void)last;
    if (b->npiece != b->nrow[VL_SPT_ARRAY])
        return vl_fail(err, VL_EBUG, "%zu arrays have %zu pieces", b->nrow[VL_SPT_ARRAY], b->npiece);
    for (size_t i = 0; i < b->npiece && !err->code; i++) {
        const uint64_t at = vl_le64(b->col[VL_SP_ARR_TEXT_AT].data.data + 8 * i);
        bool same = false;
        if (at < done || at > skeleton->len)
            vl_fail(err, VL_ESTORE, "arrays are not in the order of the text");
        if (err->code || array_text(&packer, b, i, &text, &same, err) || (!same && tell(b, i, odd, err)))
            break;
        const vl_xml_span before = { skeleton->data + done, at - done };
        if (same) vl_buf_append(out, before.at, before.n, err);
        else append_with_length(before, text.len, out, err);
        if (!err->code) vl_buf_append(out, text.data, text.len, err);
        done = at;
    }
    vl_buf_free(&text);
    vl_mz_packer_free(&packer);
    return err->code ? err->code : vl_buf_append(out, skeleton->data + done, skeleton->len - done, err);
}

vl_code vl_mz_print(const void *how, const vl_batch *b, bool last, vl_buf *out, vl_err *err)
{
    return vl_mz_print_values(how, b, last, out, NULL, err);
}
