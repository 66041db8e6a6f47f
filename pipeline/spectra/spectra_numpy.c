/*
 * Peaks of spectra as an array of NumPy, a record a peak, which numpy.load reads, or maps as it lies in the
 * file.
 *
 *     "\x93NUMPY" 1 0, u16 length, a dict of Python as text, filled up with blanks so that the records begin
 *     at
 *     a multiple of 64; then records of 32 bytes, little-endian, every field where a C struct has it:
 *     index u4, ms_level u2, polarity i2, time f8 (s), mz f8 (Th), intensity f8
 *
 * Spectra follow each other as in the store, so that numpy.searchsorted finds one by its index. The head says
 * how many records there are, so they are counted before the first.
 *
 * Source: NEP 1, "A simple file format for NumPy arrays", version 1.0.
 */
#include "pipeline/spectra/spectra_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    RECORD = 32,
    FIXED = 10,
    ALIGN = 64
}; /* bytes: a record, before the dict, what the head fills up to */

static vl_code count(vl_viewer *v, vl_pairs_found *found, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    if (vl_pairs_find(v, false, found, err) || (!o->cut && !found->coded)) return err->code;
    return vl_pairs_count(v, o->cut ? vl_spectra_asked_of(v)->mz : NULL, found, err);
}

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_spectra_own *const o = v->own;
    char dict[2 * ALIGN + ALIGN];
    if (vl_reader_nrow(v->r, VL_SPT_SPECTRUM) > UINT32_MAX)
        return vl_fail(err, VL_EUNSUP, "more than %u spectra: their numbers do not fit in the array",
                       UINT32_MAX);
    if (vl_pairs_none(v, err) || count(v, &o->pairs, err)) return err->code;
    const int n = snprintf(dict, sizeof dict,
                           "{'descr': [('index', '<u4'), ('ms_level', '<u2'), ('polarity', '<i2'), "
                           "('time', '<f8'), ('mz', '<f8'), ('intensity', '<f8')], 'fortran_order': False, "
                           "'shape': (%" PRIu64 ",), }",
                           o->pairs.npeak);
    const int length = (FIXED + n + 1 + ALIGN - 1) / ALIGN * ALIGN - FIXED;
    const uint8_t before[FIXED] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)length, (uint8_t)(length >> 8)
    };
    if (vl_buf_append(text, before, sizeof before, err)) return err->code;
    vl_text_put(text, err, "%-*s\n", length - 1, dict);
    return err->code;
}

static void put_f64(uint8_t *to, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    vl_put_le64(to, bits);
}

static vl_code print_one(const vl_viewer *v, vl_load *load, size_t i, vl_err *err)
{
    const vl_spectra_load *const l = load->own;
    const vl_batch *const b = &load->plan.batch;
    vl_buf *const t = &load->text;
    vl_pairs pairs;
    if (vl_pairs_of(load, i, &pairs, err) || !vl_are_pairs(&pairs) || vl_load_peaks(v, load, i, err))
        return err->code;
    const size_t n = (l->mz.len < l->intensity.len ? l->mz.len : l->intensity.len) / 8;
    if (n > (SIZE_MAX - t->len) / RECORD || vl_buf_reserve(t, t->len + n * RECORD, err))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu peaks", n);
    uint8_t record[RECORD];
    const uint64_t row = load->first + i;
    const uint8_t polarity = b->col[VL_SP_POLARITY].data.data[i];
    vl_put_le64(record, row | (uint64_t)b->col[VL_SP_MS_LEVEL].data.data[i] << 32 | (uint64_t)polarity << 48 |
                            (polarity & 128 ? (uint64_t)255 << 56 : 0));
    put_f64(record + 8, vl_f64_at(b, VL_SP_TIME, i));
    for (size_t k = 0; k < n; k++, t->len += RECORD) {
        memcpy(t->data + t->len, record, 16);
        put_f64(t->data + t->len + 16, vl_value_at(&l->mz, k));
        put_f64(t->data + t->len + 24, vl_value_at(&l->intensity, k));
    }
    return VL_OK;
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    for (size_t i = 0; i < load->n; i++)
        if (print_one(v, load, i, err)) return err->code;
    return VL_OK;
}

static vl_code follow(vl_viewer *v, const vl_load *load, int n, vl_buf *text, vl_err *err)
{
    (void)load, (void)n;
    ((vl_spectra_own *)v->own)->bytes += text->len;
    return err->code;
}

/* What the head said has come. */
static vl_code tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    (void)text;
    if (o->bytes / RECORD == o->pairs.npeak) return VL_OK;
    return vl_fail(err, VL_ESTORE, "%" PRIu64 " peaks were counted, and %" PRIu64 " printed", o->pairs.npeak,
                   o->bytes / RECORD);
}

const vl_form vl_spectra_numpy = {
    .name = "npy", .head = head, .print = print, .tail = tail, .follow = follow
};
