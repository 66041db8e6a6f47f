/*
 * Spectra as mzML: the document's own head, the spectra found with new index numbers, and an end. The wrapper
 * with index and checksum is left out, as are chromatograms. With --mz the arrays are cut to the peaks in
 * range. Spectra that came from another format get a document of their own (spectra_made.c).
 */
#include "pipeline/spectra/spectra_mzml.h"

#include "formats/spectra/mzml.h"

#include <inttypes.h>
#include <math.h>
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

/* The document's head up to and with the start tag of spectrumList: without the wrapper indexedmzML, without
 * a list of chromatograms before the spectra, with the number of spectra found. */
static vl_code put_head(const vl_viewer *v, const vl_buf *before, vl_buf *text, vl_err *err)
{
    vl_xml x = { .data = before->data, .n = before->len, .last = false };
    const change count = { "count", vl_rows_count(&v->rows) };
    bool skip = false;
    while (!vl_xml_next(&x, err) && x.kind != VL_XML_END) {
        const bool tag = x.kind == VL_XML_OPEN || x.kind == VL_XML_EMPTY || x.kind == VL_XML_CLOSE;
        const bool list = tag && vl_xml_is(x.name, "chromatogramList");
        if (tag && vl_xml_is(x.name, "indexedmzML")) continue;
        if (list && x.kind == VL_XML_OPEN) skip = true;
        if (!skip && !list &&
            (x.kind == VL_XML_OPEN && vl_xml_is(x.name, "spectrumList")
                 ? put_tag(text, &x, &count, 1, err)
                 : vl_buf_append(text, x.data + x.from, x.at - x.from, err)))
            break;
        if (list && x.kind == VL_XML_CLOSE) skip = false;
    }
    return err->code;
}

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_buf before = { 0 }, first = { 0 };
    char format[32];
    if (vl_store_get(vl_reader_store(v->r), "source/0", "format", format, sizeof format, err))
        return err->code;
    if (!vl_reader_nrow(v->r, VL_SPT_SPECTRUM))
        return vl_fail(err, VL_EARG, "the store has no spectra%s",
                       vl_reader_nrow(v->r, VL_SPT_CHROMATOGRAM) ? ", only chromatograms" : "");
    ((vl_spectra_own *)v->own)->made = strcmp(format, vl_mzml.name) != 0;
    if (((vl_spectra_own *)v->own)->made) return vl_spectra_made_head(v, format, text, err);
    const int skeleton = vl_reader_column(v->r, VL_SP_SKELETON);
    if (!vl_reader_elements(v->r, vl_reader_column(v->r, VL_SP_TEXT_AT), 0, 1, &first, &v->work, err) &&
        !vl_reader_elements(v->r, skeleton, 0, vl_le64(first.data), &before, &v->work, err))
        put_head(v, &before, text, err);
    vl_buf_free(&before);
    vl_buf_free(&first);
    return err->code;
}

static vl_code tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    (void)v;
    return vl_text_add(text, "</spectrumList>\n</run>\n</mzML>\n", err);
}

vl_code vl_spectra_cut_array(const vl_load *load, size_t k, const vl_buf *keep, vl_buf *out, vl_err *err)
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

/* keep [peaks]: 1 for those in range; *n of them. */
static vl_code choose_peaks(const vl_viewer *v, vl_load *load, size_t i, vl_buf *keep, uint64_t *n,
                            vl_err *err)
{
    const double *const range = vl_spectra_asked_of(v)->mz;
    const vl_batch *const b = &load->plan.batch;
    const size_t first = vl_first_array(load, i),
                 count = vl_le16(b->col[VL_SP_ARRAY_COUNT].data.data + 2 * i);
    vl_buf mz = { 0 };
    keep->len = 0;
    *n = 0;
    for (size_t k = first; k < first + count && !keep->len && k < b->npiece; k++) {
        const vl_array a = vl_array_of(b, k);
        if (!vl_is_mz(a.column)) continue;
        if (vl_array_decode(a.column->coding, a.column->type, a.bytes, a.len, &mz, err)) break;
        if (vl_buf_reserve(keep, mz.len / 8, err)) break;
        for (size_t p = 0; p < mz.len / 8; p++) {
            double x;
            memcpy(&x, mz.data + 8 * p, 8);
            keep->data[p] = x >= range[0] && x <= range[1];
            *n += keep->data[p];
        }
        keep->len = mz.len / 8;
    }
    vl_buf_free(&mz);
    const uint64_t length = vl_u64_at(b, VL_SP_ARRAY_LENGTH, i);
    if (!keep->len && length < VL_MAX_CHUNK &&
        !vl_buf_reserve(keep, length, err)) { /* no m/z: no peak is in range */
        memset(keep->data, 0, length);
        keep->len = length;
    }
    return err->code;
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
    if (!vl_spectra_cut_array(load, k, keep, &part, err))
        vl_mzml_array_text(recipe, part.data, part.len, NULL, 0, out, err);
    *nvalue = part.len / vl_type_width(a.column->type);
    vl_buf_free(&part);
    return err->code;
}

/* The spectrum's text: start tag with its new number, then each array's text where it stood. */
static vl_code put_spectrum(vl_load *load, size_t i, const vl_buf *keep, uint64_t npeak, vl_buf *array,
                            vl_err *err)
{
    const vl_spectra_load *const l = load->own;
    const vl_batch *const b = &load->plan.batch;
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data;
    const uint64_t at = vl_u64_at(b, VL_SP_TEXT_AT, i),
                   length = vl_le32(b->col[VL_SP_TEXT_LENGTH].data.data + 4 * i);
    const size_t first = vl_first_array(load, i),
                 count = vl_le16(b->col[VL_SP_ARRAY_COUNT].data.data + 2 * i);
    if (at < l->skeleton_first || at - l->skeleton_first > skeleton->len ||
        length > skeleton->len - (at - l->skeleton_first) || first > b->npiece || count > b->npiece - first)
        return vl_fail(err, VL_ESTORE, "spectrum %" PRIu64 " lies beyond its run", load->first + i);
    const uint8_t *const text = skeleton->data + (at - l->skeleton_first);
    vl_xml x = { .data = text, .n = length, .offset = 1 };
    const change start[] = { { "index", l->number + i },
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
        if (keep ? put_changed(&load->text, text + done, to - done, "binaryDataArray", sizes, 2, err)
                 : vl_buf_append(&load->text, text + done, to - done, err))
            return err->code;
        if (vl_buf_append(&load->text, array->data, array->len, err)) return err->code;
        done = to;
    }
    if (vl_buf_append(&load->text, text + done, length - done, err)) return err->code;
    return vl_text_add(&load->text, "\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    vl_buf array = { 0 }, keep = { 0 };
    const vl_spectra_own *const o = v->own;
    for (size_t i = 0; i < load->n && !err->code; i++) {
        uint64_t npeak = 0;
        if (o->cut && choose_peaks(v, load, i, &keep, &npeak, err)) break;
        if (o->made) vl_spectra_made_one(v, load, i, o->cut ? &keep : NULL, err);
        else put_spectrum(load, i, o->cut ? &keep : NULL, npeak, &array, err);
    }
    vl_buf_free(&keep);
    vl_buf_free(&array);
    return err->code;
}

const vl_form vl_spectra_mzml = { "mzml", false, head, print, tail };
