/*
 * Spectra as mzML: the document's own head, the spectra found with new index numbers, and an end. The wrapper with
 * index and checksum is left out, as are chromatograms. With --mz the arrays are cut to the peaks in range.
 */
#include "pipeline/view_spectra.h"

#include "formats/mzml.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The first place of word in text; NULL if there is none. */
static const uint8_t *find(const uint8_t *text, size_t n, const char *word) { return n ? memmem(text, n, word, strlen(word)) : NULL; }

/* Appends text with the value of the attribute named so (first occurrence) replaced; as it is where it has none. */
static vl_code with_value(vl_buf *out, const uint8_t *text, size_t n, const char *name, uint64_t value, vl_err *err)
{
    char word[40], number[24];
    snprintf(word, sizeof word, " %s=", name);
    snprintf(number, sizeof number, "%" PRIu64, value);
    const uint8_t *const at = find(text, n, word), *const quote = at ? at + strlen(word) : NULL;
    const uint8_t *const end = quote && quote < text + n ? memchr(quote + 1, *quote, (size_t)(text + n - quote - 1)) : NULL;
    if (!end) return vl_buf_append(out, text, n, err);
    if (vl_buf_append(out, text, (size_t)(quote + 1 - text), err) || vl_text_add(out, number, err)) return err->code;
    return vl_buf_append(out, end, (size_t)(text + n - end), err);
}

vl_code vl_mzml_head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_buf head = { 0 }, first = { 0 };
    const int skeleton = vl_reader_column(v->r, VL_SP_SKELETON);
    if (!vl_reader_nrow(v->r, VL_SPT_SPECTRUM)) return vl_fail(err, VL_EARG, "the store has no spectra, only chromatograms");
    if (vl_reader_elements(v->r, vl_reader_column(v->r, VL_SP_TEXT_AT), 0, 1, &first, &v->work, err) ||
        vl_reader_elements(v->r, skeleton, 0, vl_le64(first.data), &head, &v->work, err))
        goto out;
    const uint8_t *const root = find(head.data, head.len, "<mzML"), *const list = find(head.data, head.len, "<spectrumList");
    if (!root || !list || list < root) {
        vl_fail(err, VL_ESTORE, "the head of the document is not there");
        goto out;
    }
    if (vl_text_add(text, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", err) ||
        vl_buf_append(text, root, (size_t)(list - root), err))
        goto out;
    with_value(text, list, (size_t)(head.data + head.len - list), "count", v->found, err);
out:
    vl_buf_free(&head);
    vl_buf_free(&first);
    return err->code;
}

vl_code vl_mzml_tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    (void)v;
    return vl_text_add(text, "</spectrumList>\n</run>\n</mzML>\n", err);
}

/* The elements of array k that belong to peaks in range, as they are stored. */
static vl_code cut_array(const vl_viewer *v, vl_leaf *leaf, size_t k, const vl_buf *keep, vl_buf *out, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    const vl_spectra_leaf *const l = leaf->own;
    const vl_batch *const b = &leaf->plan.batch;
    const unsigned c = vl_array_column(b, k);
    const size_t width = vl_type_width(vl_piece_type(&o->pieces, c));
    size_t len = 0;
    const uint8_t *const bytes = vl_arrays_value(&l->arrays, &o->pieces, b, k, &len);
    if (vl_piece_type(&o->pieces, c) == VL_U8 && len)
        return vl_fail(err, VL_EUNSUP, "%s cannot be cut to a range of m/z; -O tsv can", o->pieces.path[c]);
    out->len = 0;
    for (size_t i = 0; i < keep->len && i < len / width; i++)
        if (keep->data[i] && vl_buf_append(out, bytes + i * width, width, err)) return err->code;
    return VL_OK;
}

/* keep [peaks]: 1 for those in range; *n of them. */
static vl_code choose_peaks(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_buf *keep, uint64_t *n, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    const vl_spectra_leaf *const l = leaf->own;
    const vl_batch *const b = &leaf->plan.batch;
    const size_t first = vl_first_array(leaf, i), count = vl_le16(b->col[VL_SP_ARRAY_COUNT].data.data + 2 * i);
    vl_buf mz = { 0 };
    keep->len = 0;
    *n = 0;
    for (size_t k = first; k < first + count && !keep->len && k < b->nrow[VL_SPT_ARRAY]; k++) {
        const unsigned c = vl_array_column(b, k);
        const char *const name = strrchr(o->pieces.path[c], '/');
        size_t len = 0;
        if (!name || strncmp(name, "/mz", 3) || (name[3] && name[3] != '.')) continue;
        const uint8_t *const bytes = vl_arrays_value(&l->arrays, &o->pieces, b, k, &len);
        if (vl_array_decode(o->pieces.path[c], vl_piece_type(&o->pieces, c), bytes, len, &mz, err)) break;
        if (vl_buf_reserve(keep, mz.len / 8, err)) break;
        for (size_t p = 0; p < mz.len / 8; p++) {
            double x;
            memcpy(&x, mz.data + 8 * p, 8);
            keep->data[p] = x >= v->ask->mz[0] && x <= v->ask->mz[1];
            *n += keep->data[p];
        }
        keep->len = mz.len / 8;
    }
    vl_buf_free(&mz);
    return err->code;
}

/* The encoded text of array k, cut to the peaks kept (NULL: all). */
static vl_code array_text(const vl_viewer *v, vl_leaf *leaf, size_t k, const vl_buf *keep, vl_buf *out, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    const vl_spectra_leaf *const l = leaf->own;
    const vl_batch *const b = &leaf->plan.batch;
    const vl_column *const kept = &b->col[VL_SP_ARR_KEPT];
    uint8_t recipe = b->col[VL_SP_ARR_RECIPE].data.data[k];
    size_t len = 0;
    const uint8_t *const bytes = vl_arrays_value(&l->arrays, &o->pieces, b, k, &len);
    out->len = 0;
    if (!keep)
        return vl_mzml_array_text(recipe, bytes, len, kept->data.data + kept->offset[k], kept->offset[k + 1] - kept->offset[k],
                                  out, err);
    if (recipe == VL_RECIPE_KEPT_STREAM || recipe == VL_RECIPE_KEPT_TEXT)
        return vl_fail(err, VL_EUNSUP, "an array whose encoding is kept cannot be cut to a range of m/z; -O tsv can");
    vl_buf part = { 0 };
    if (!cut_array(v, leaf, k, keep, &part, err)) vl_mzml_array_text(recipe, part.data, part.len, NULL, 0, out, err);
    vl_buf_free(&part);
    return err->code;
}

/* The spectrum's text: start tag with its new number, then each array's text where it stood. */
static vl_code put_spectrum(const vl_viewer *v, vl_leaf *leaf, size_t i, const vl_buf *keep, uint64_t npeak, vl_buf *scratch,
                            vl_err *err)
{
    const vl_spectra_leaf *const l = leaf->own;
    const vl_batch *const b = &leaf->plan.batch;
    const uint64_t at = vl_u64_at(b, VL_SP_TEXT_AT, i), length = vl_le32(b->col[VL_SP_TEXT_LENGTH].data.data + 4 * i);
    const size_t first = vl_first_array(leaf, i), count = vl_le16(b->col[VL_SP_ARRAY_COUNT].data.data + 2 * i);
    if (at - l->skeleton_first + length > l->skeleton_text.len || first + count > b->nrow[VL_SPT_ARRAY])
        return vl_fail(err, VL_ESTORE, "spectrum %" PRIu64 " lies beyond its run", leaf->first + i);
    const uint8_t *const text = l->skeleton_text.data + (at - l->skeleton_first), *const close = memchr(text, '>', length);
    size_t done = close ? (size_t)(close - text) : 0;
    scratch[0].len = 0;
    if (with_value(&scratch[0], text, done, "index", l->number + i, err)) return err->code;
    if (keep ? with_value(&leaf->text, scratch[0].data, scratch[0].len, "defaultArrayLength", npeak, err)
             : vl_buf_append(&leaf->text, scratch[0].data, scratch[0].len, err))
        return err->code;
    for (size_t k = first; k < first + count; k++) {
        const uint64_t to = vl_u64_at(b, VL_SP_ARR_TEXT_AT, k) - at;
        if (to < done || to > length) return vl_fail(err, VL_ESTORE, "arrays are not in the order of the text");
        if (array_text(v, leaf, k, keep, &scratch[1], err)) return err->code;
        if (keep ? with_value(&leaf->text, text + done, to - done, "encodedLength", scratch[1].len, err)
                 : vl_buf_append(&leaf->text, text + done, to - done, err))
            return err->code;
        if (vl_buf_append(&leaf->text, scratch[1].data, scratch[1].len, err)) return err->code;
        done = to;
    }
    if (vl_buf_append(&leaf->text, text + done, length - done, err)) return err->code;
    return vl_text_add(&leaf->text, "\n", err);
}

vl_code vl_print_spectrum_mzml(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err)
{
    vl_buf scratch[2] = { { 0 } }, keep = { 0 };
    uint64_t npeak = 0;
    const bool cut = v->ask->mz[0] > -INFINITY || v->ask->mz[1] < INFINITY;
    if (cut) choose_peaks(v, leaf, i, &keep, &npeak, err);
    if (!err->code) put_spectrum(v, leaf, i, cut ? &keep : NULL, npeak, scratch, err);
    vl_buf_free(&keep);
    vl_buf_free(&scratch[0]);
    vl_buf_free(&scratch[1]);
    return err->code;
}
