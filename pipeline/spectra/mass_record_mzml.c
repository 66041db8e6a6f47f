/*
 * Records as mzML: the document's own head, and each record's own text with its new number in which its
 * arrays stand where they stood, cut to some of their peaks where that is asked for.
 */
#include "pipeline/spectra/mass_record.h"

#include "formats/spectra/mzml.h"

#include <inttypes.h>
#include <string.h>

/* An attribute to be given another value; or, with value VL_NOWHERE, left as it is. */
typedef struct change {
    const char *name;
    uint64_t value;
} change;

/* Appends a start tag x is at, with the values of some attributes changed. */
static vl_code put_tag(vl_buf *out, const vl_xml *x, const change *to, int n, vl_err *err)
{
    size_t done = x->from;
    for (int a = 0; a < x->nattr; a++) {
        for (int k = 0; k < n; k++) {
            if (to[k].value == VL_NOWHERE || !vl_xml_is(x->attr[a].name, to[k].name)) continue;
            const size_t at = (size_t)(x->attr[a].value.at - x->data);
            if (vl_buf_append(out, x->data + done, at - done, err) || vl_text_u64(out, to[k].value, err))
                return err->code;
            done = at + x->attr[a].value.n;
        }
    }
    return vl_buf_append(out, x->data + done, x->at - done, err);
}

/* Appends text with some attributes of the last start tag of this name changed. */
static vl_code put_changed(vl_buf *out, const uint8_t *text, size_t n, const char *tag, const change *to,
                           int nchange, vl_err *err)
{
    vl_xml x = { .data = text, .n = n, .offset = 1, .last = false }, last = { 0 };
    vl_err beyond = VL_ERR_INIT; /* the piece may end within a token; that is none of ours */
    while (!vl_xml_next(&x, &beyond) && x.kind != VL_XML_END)
        if ((x.kind == VL_XML_OPEN || x.kind == VL_XML_EMPTY) && vl_xml_is(x.name, tag)) last = x;
    if (!last.data) return vl_buf_append(out, text, n, err);
    if (vl_buf_append(out, text, last.from, err) || put_tag(out, &last, to, nchange, err)) return err->code;
    return vl_buf_append(out, text + last.at, n - last.at, err);
}

static const vl_record_fields *other_of(const vl_record_fields *of)
{
    return of == &vl_record_spectrum ? &vl_record_chromatogram : &vl_record_spectrum;
}

/* The document's head, and what follows it up to the first record, with the start tag of the records' list:
 * without the wrapper indexedmzML, without other lists, with the number of records found. */
static vl_code put_head(const vl_record_fields *of, uint64_t n, const vl_buf *before, vl_buf *text,
                        vl_err *err)
{
    const char *const other = other_of(of)->list;
    vl_xml x = { .data = before->data, .n = before->len, .last = false };
    const change count = { "count", n };
    bool skip = false;
    while (!vl_xml_next(&x, err) && x.kind != VL_XML_END) {
        const bool tag = x.kind == VL_XML_OPEN || x.kind == VL_XML_EMPTY || x.kind == VL_XML_CLOSE;
        const bool list = tag && vl_xml_is(x.name, other);
        if (tag && vl_xml_is(x.name, "indexedmzML")) continue;
        if (list && x.kind == VL_XML_OPEN) skip = true;
        if (!skip && !list &&
            (x.kind == VL_XML_OPEN && vl_xml_is(x.name, of->list)
                 ? put_tag(text, &x, &count, 1, err)
                 : vl_buf_append(text, x.data + x.from, x.at - x.from, err)))
            break;
        if (list && x.kind == VL_XML_CLOSE) skip = false;
    }
    return err->code;
}

/* Where record `row` begins in the skeleton, and where it ends. */
static vl_code place_of(vl_viewer *v, const vl_record_fields *of, uint64_t row, uint64_t *from, uint64_t *to,
                        vl_err *err)
{
    vl_buf at = { 0 }, length = { 0 };
    if (!vl_reader_elements(v->r, vl_reader_column(v->r, of->text_at), row, 1, &at, &v->work, err) &&
        !vl_reader_elements(v->r, vl_reader_column(v->r, of->text_length), row, 1, &length, &v->work, err)) {
        *from = vl_le64(at.data);
        if (__builtin_add_overflow(*from, vl_le32(length.data), to))
            vl_fail(err, VL_ESTORE, "%s %" PRIu64 " ends beyond the text", of->row, row);
    }
    vl_buf_free(&at);
    vl_buf_free(&length);
    return err->code;
}

/* Appends letters [from, to) of the skeleton. */
static vl_code add_text(vl_viewer *v, uint64_t from, uint64_t to, vl_buf *out, vl_err *err)
{
    vl_buf part = { 0 };
    if (to < from) return vl_fail(err, VL_ESTORE, "lists of records overlap in the text");
    if (!vl_reader_elements(v->r, vl_reader_column(v->r, VL_SP_SKELETON), from, to - from, &part, &v->work,
                            err))
        vl_buf_append(out, part.data, part.len, err);
    vl_buf_free(&part);
    return err->code;
}

/* The text before the first of these records, without the records of the other list. */
static vl_code read_before(vl_viewer *v, const vl_record_fields *of, vl_buf *before, vl_err *err)
{
    const vl_record_fields *const other = other_of(of);
    const uint64_t nother = vl_reader_nrow(v->r, other->table);
    uint64_t at = 0, first = UINT64_MAX, last = 0, end = 0;
    if (place_of(v, of, 0, &at, &end, err) || (nother && (place_of(v, other, 0, &first, &end, err) ||
                                                          place_of(v, other, nother - 1, &last, &end, err))))
        return err->code;
    if (first > at) return add_text(v, 0, at, before, err);
    return add_text(v, 0, first, before, err) || add_text(v, end, at, before, err) ? err->code : VL_OK;
}

/* VL_EARG: it was not mzML. */
static vl_code is_mzml(vl_viewer *v, const char *rows, vl_err *err)
{
    char format[32];
    if (vl_store_get(vl_reader_store(v->r), "source/0", "format", format, sizeof format, err))
        return err->code;
    return strcmp(format, vl_mzml.name)
               ? vl_fail(err, VL_EARG, "the store was made from %s: it has no document to print %s into",
                         format, rows)
               : VL_OK;
}

vl_code vl_record_mzml_head(vl_viewer *v, const vl_record_fields *of, vl_buf *text, vl_err *err)
{
    if (is_mzml(v, of->rows, err)) return err->code;
    return vl_record_document_head(v, of, vl_rows_count(&v->rows), text, err);
}

vl_code vl_record_document_head(vl_viewer *v, const vl_record_fields *of, uint64_t n, vl_buf *text,
                                vl_err *err)
{
    vl_buf before = { 0 };
    if (!vl_reader_nrow(v->r, of->table)) {
        if (!vl_reader_nrow(v->r, other_of(of)->table))
            return vl_fail(err, VL_EARG, "the store has no %s", of->rows);
        return vl_fail(err, VL_EARG, "the store has no %s, only %s", of->rows, other_of(of)->rows);
    }
    if (!read_before(v, of, &before, err)) put_head(of, n, &before, text, err);
    vl_buf_free(&before);
    return err->code;
}

vl_code vl_record_head(vl_viewer *v, vl_buf *head, vl_err *err)
{
    const vl_record_fields *const of[] = { &vl_record_spectrum, &vl_record_chromatogram };
    uint64_t least = UINT64_MAX, at, end;
    vl_err none = VL_ERR_INIT;
    head->len = 0;
    if (is_mzml(v, "", &none)) return none.code == VL_EARG ? VL_OK : (*err = none).code;
    for (int i = 0; i < 2; i++) {
        if (!vl_reader_nrow(v->r, of[i]->table)) continue;
        if (place_of(v, of[i], 0, &at, &end, err)) return err->code;
        least = at < least ? at : least;
    }
    return least == UINT64_MAX ? VL_OK : add_text(v, 0, least, head, err);
}

vl_code vl_record_cut_array(const vl_load *load, size_t k, const vl_buf *keep, vl_buf *out, vl_err *err)
{
    const vl_array a = vl_array_of(&load->plan.batch, k);
    const size_t width = vl_type_width(a.column->type);
    out->len = 0;
    if (!keep || (a.column->type != VL_U8 && a.len != keep->len * width))
        return vl_buf_append(out, a.bytes, a.len, err);
    if (a.column->type == VL_U8 && a.len)
        return vl_fail(err, VL_EUNSUP, "%s cannot be cut to a range of m/z; -O tsv can", a.column->path);
    for (size_t i = 0; i < keep->len; i++)
        if (keep->data[i] && vl_buf_append(out, a.bytes + i * width, width, err)) return err->code;
    return VL_OK;
}

/* The encoded text of array k, cut to the peaks kept (NULL: all); *nvalue are left. */
static vl_code array_text(const vl_load *load, size_t k, const vl_buf *keep, vl_buf *out, uint64_t *nvalue,
                          vl_err *err)
{
    const vl_batch *const b = &load->plan.batch;
    const vl_array a = vl_array_of(b, k);
    const vl_cell kept = vl_row(&b->col[VL_SP_ARR_KEPT], k);
    uint8_t recipe = b->col[VL_SP_ARR_RECIPE].data.data[k];
    out->len = 0;
    if (!keep) return vl_mzml_array_text(recipe, a.bytes, a.len, kept.at, kept.n, out, err);
    if (recipe == VL_RECIPE_KEPT_STREAM || recipe == VL_RECIPE_KEPT_TEXT)
        return vl_fail(err, VL_EUNSUP,
                       "an array whose encoding is kept cannot be cut to a range of m/z; -O tsv can");
    if (recipe == VL_RECIPE_REDEFLATE) recipe = VL_RECIPE_ZLIB + 6; /* what it says is of the whole array */
    vl_buf part = { 0 };
    if (!vl_record_cut_array(load, k, keep, &part, err))
        vl_mzml_array_text(recipe, part.data, part.len, NULL, 0, out, err);
    *nvalue = part.len / vl_type_width(a.column->type);
    vl_buf_free(&part);
    return err->code;
}

vl_code vl_record_mzml(vl_load *load, const vl_record_run *run, size_t i, const vl_buf *keep, uint64_t npeak,
                       vl_buf *array, vl_err *err)
{
    const vl_batch *const b = &load->plan.batch;
    vl_cell text;
    size_t first, count;
    if (vl_record_text(load, run, i, &text, err) || vl_record_arrays(load, run, i, &first, &count, err))
        return err->code;
    const uint64_t at = vl_u64_at(b, run->of->text_at, i), length = text.n;
    vl_xml x = { .data = text.at, .n = text.n, .offset = 1 };
    const change start[] = { { "index", run->number + i },
                             { "defaultArrayLength", keep ? npeak : VL_NOWHERE } };
    if (vl_xml_next(&x, err) || put_tag(&load->text, &x, start, 2, err)) return err->code;
    size_t done = x.at;
    for (size_t k = first; k < first + count; k++) {
        const uint64_t to = vl_u64_at(b, VL_SP_ARR_TEXT_AT, k) - at;
        uint64_t nvalue = 0;
        if (to < done || to > length)
            return vl_fail(err, VL_ESTORE, "arrays are not in the order of the text");
        if (array_text(load, k, keep, array, &nvalue, err)) return err->code;
        const change sizes[] = { { "encodedLength", array->len }, { "arrayLength", nvalue } };
        if (keep ? put_changed(&load->text, text.at + done, to - done, "binaryDataArray", sizes, 2, err)
                 : vl_buf_append(&load->text, text.at + done, to - done, err))
            return err->code;
        if (vl_buf_append(&load->text, array->data, array->len, err)) return err->code;
        done = to;
    }
    if (vl_buf_append(&load->text, text.at + done, length - done, err)) return err->code;
    return vl_text_add(&load->text, "\n", err);
}
