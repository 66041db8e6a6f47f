/*
 * Spectra as mzML: the document's own head, the spectra found with new index numbers, and an end, in a
 * wrapper with an index and a checksum of their own (mzml_index.h). Chromatograms are left out. With --mz the
 * arrays are cut to the peaks in range.
 */
#include "pipeline/spectra/spectra_mzml.h"

#include "formats/spectra/mzml.h"
#include "pipeline/spectra/mzml_index.h"

#include <string.h>

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_spectra_own *const o = v->own;
    char format[32];
    if (vl_store_get(vl_reader_store(v->r), "source/0", "format", format, sizeof format, err))
        return err->code;
    o->made = strcmp(format, vl_mzml.name) != 0;
    if (o->made ? vl_spectra_made_head(v, format, text, err)
                : vl_record_mzml_head(v, &vl_record_spectrum, text, err))
        return err->code;
    return vl_mzml_index_begin(&o->index, vl_record_spectrum.element, text, err);
}

static vl_code tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    if (vl_text_add(text, "</spectrumList>\n</run>\n</mzML>\n", err)) return err->code;
    return vl_mzml_index_end(((vl_spectra_own *)v->own)->index, text, err);
}

/* keep [peaks]: 1 for those in range; *n of them. */
static vl_code choose_peaks(const vl_viewer *v, vl_load *load, size_t i, vl_buf *keep, uint64_t *n,
                            vl_err *err)
{
    const double *const range = vl_spectra_asked_of(v)->mz;
    const vl_batch *const b = &load->plan.batch;
    const vl_spectra_load *const l = load->own;
    size_t first, count;
    vl_buf mz = { 0 };
    keep->len = 0;
    *n = 0;
    if (vl_record_arrays(load, &l->run, i, &first, &count, err)) return err->code;
    for (size_t k = first; k < first + count && !keep->len; k++) {
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

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    vl_buf array = { 0 }, keep = { 0 };
    const vl_spectra_own *const o = v->own;
    vl_spectra_load *const l = load->own;
    for (size_t i = 0; i < load->n && !err->code; i++) {
        uint64_t npeak = 0;
        if (vl_buf_append(&l->marks, &load->text.len, sizeof load->text.len, err)) break;
        if (o->cut) choose_peaks(v, load, i, &keep, &npeak, err);
        const vl_buf *const kept = o->cut ? &keep : NULL;
        if (!err->code && o->made) vl_spectra_made_one(v, load, i, kept, err);
        else if (!err->code) vl_record_mzml(load, &l->run, i, kept, npeak, &array, err);
    }
    vl_buf_free(&keep);
    vl_buf_free(&array);
    return err->code;
}

static vl_code follow(vl_viewer *v, const vl_load *load, int n, vl_buf *text, vl_err *err)
{
    vl_mzml_index *const index = ((vl_spectra_own *)v->own)->index;
    for (int k = 0; k < n; k++)
        if (vl_mzml_index_follow(index, &((const vl_spectra_load *)load[k].own)->marks, text, err))
            return err->code;
    vl_mzml_index_pass(index, text);
    return VL_OK;
}

const vl_form vl_spectra_mzml = {
    .name = "mzml", .head = head, .print = print, .tail = tail, .follow = follow
};
