/* Records (mass_record.h): which rows, arrays and text a load needs, and where in it those of one record
 * are. */
#include "pipeline/spectra/mass_record.h"

#include "formats/spectra/outside.h"

#include <inttypes.h>
#include <string.h>

const vl_record_fields vl_record_spectrum = { VL_SPT_SPECTRUM, VL_SP_TEXT_AT,     VL_SP_TEXT_LENGTH,
                                              VL_SP_ARRAY_AT,  VL_SP_ARRAY_COUNT, "spectrum",
                                              "spectra",       "spectrum",        "spectrumList" };
const vl_record_fields vl_record_chromatogram = { VL_SPT_CHROMATOGRAM,     VL_SP_CHROM_TEXT_AT,
                                                  VL_SP_CHROM_TEXT_LENGTH, VL_SP_CHROM_ARRAY_AT,
                                                  VL_SP_CHROM_ARRAY_COUNT, "chromatogram",
                                                  "chromatograms",         "chromatogram",
                                                  "chromatogramList" };

/* Element i of a u64, u32 or u16 field. Ordered. */
static vl_code field_at(vl_viewer *v, int field, uint64_t row, uint64_t *out, vl_work *work, vl_err *err)
{
    vl_buf one = { 0 };
    if (!vl_reader_elements(v->r, vl_reader_column(v->r, field), row, 1, &one, work, err))
        *out = one.len == 8 ? vl_le64(one.data) : one.len == 4 ? vl_le32(one.data) : vl_le16(one.data);
    vl_buf_free(&one);
    return err->code;
}

/* Bytes of a file beside the document that are no array's may be many, and are no record's: they are not
 * read. */
static void leave_out(const vl_viewer *v, vl_batch *b)
{
    const vl_columns *const known = vl_reader_columns(v->r);
    for (size_t i = 0; i < b->nrow[VL_SPT_ARRAY]; i++) {
        const uint16_t k = vl_le16(b->col[VL_SP_ARR_COLUMN].data.data + 2 * i);
        if (k < known->npiece && !strcmp(known->piece[k].path, VL_OUTSIDE_COLUMN))
            vl_put_le64(b->col[VL_SP_ARR_LENGTH].data.data + 8 * i, 0);
    }
}

vl_code vl_record_plan(vl_viewer *v, vl_load *load, vl_record_run *run, uint64_t *printed, vl_err *err)
{
    const vl_record_fields *const of = run->of;
    const uint64_t last = load->first + load->n - 1;
    uint64_t from = 0, to = 0, count = 0, text = 0, end = 0, length = 0;
    if (field_at(v, of->array_at, load->first, &from, load->work, err) ||
        field_at(v, of->array_at, last, &to, load->work, err) ||
        field_at(v, of->array_count, last, &count, load->work, err) ||
        field_at(v, of->text_at, load->first, &text, load->work, err) ||
        field_at(v, of->text_at, last, &end, load->work, err) ||
        field_at(v, of->text_length, last, &length, load->work, err))
        return err->code;
    if (to < from || end < text)
        return vl_fail(err, VL_ESTORE, "%s are not in the order of their arrays", of->rows);
    vl_plan *const p = &load->plan;
    if (vl_reader_rows(v->r, p, of->table, load->first, load->n, v->want, load->work, err) ||
        vl_reader_rows(v->r, p, VL_SPT_ARRAY, from, (size_t)(to + count - from), v->want, load->work, err) ||
        vl_reader_load(v->r, p, load->work, err))
        return err->code;
    leave_out(v, &p->batch);
    if (vl_reader_pieces(v->r, p, p->batch.nrow[VL_SPT_ARRAY], err)) return err->code;
    run->skeleton_first = text;
    run->number = *printed;
    *printed += load->n;
    return vl_reader_stream(v->r, p, VL_SP_SKELETON, text, end + length - text, err);
}

vl_code vl_record_fill(const vl_viewer *v, vl_load *load, vl_err *err)
{
    if (vl_reader_load_pieces(v->r, &load->plan, load->work, err)) return err->code;
    return vl_reader_load_stream(v->r, &load->plan, VL_SP_SKELETON, load->work, err);
}

vl_code vl_record_arrays(const vl_load *load, const vl_record_run *run, size_t i, size_t *first, size_t *n,
                         vl_err *err)
{
    const vl_batch *const b = &load->plan.batch;
    const uint64_t at = vl_u64_at(b, run->of->array_at, i), base = b->first[VL_SPT_ARRAY];
    *n = vl_le16(b->col[run->of->array_count].data.data + 2 * i);
    *first = (size_t)(at - base);
    if (at >= base && *first <= b->npiece && *n <= b->npiece - *first) return VL_OK;
    return vl_fail(err, VL_ESTORE, "arrays of %s %" PRIu64 " lie beyond its run", run->of->row,
                   load->first + i);
}

vl_code vl_record_text(const vl_load *load, const vl_record_run *run, size_t i, vl_cell *text, vl_err *err)
{
    const vl_batch *const b = &load->plan.batch;
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data;
    const uint64_t at = vl_u64_at(b, run->of->text_at, i),
                   length = vl_le32(b->col[run->of->text_length].data.data + 4 * i);
    if (at < run->skeleton_first || at - run->skeleton_first > skeleton->len ||
        length > skeleton->len - (at - run->skeleton_first))
        return vl_fail(err, VL_ESTORE, "%s %" PRIu64 " lies beyond its run", run->of->row, load->first + i);
    *text = (vl_cell){ skeleton->data + (at - run->skeleton_first), length };
    return VL_OK;
}

/* ---- arrays ---- */

vl_array vl_array_of(const vl_batch *b, size_t k)
{
    const vl_piece *const p = &b->piece[k];
    const vl_piece_column *const c = &b->piece_column[p->column];
    return (vl_array){ b->values.data + p->at, p->nelem * vl_type_width(c->type), c };
}

/* MS:1000514 and MS:1000515, whatever their unit and coding. */
bool vl_is_mz(const vl_piece_column *column) { return !strcmp(column->role, "m/z array"); }
bool vl_is_intensity(const vl_piece_column *column) { return !strcmp(column->role, "intensity array"); }

vl_code vl_array_numbers(const vl_array *a, vl_buf *to, bool *none, vl_err *err)
{
    to->len = 0;
    *none = vl_array_decode(a->column->coding, a->column->type, a->bytes, a->len, to, err) == VL_EUNSUP;
    if (*none) vl_err_clear(err);
    return err->code;
}

vl_cell vl_array_word(const vl_piece_column *column)
{
    const char *const slash = strrchr(column->path, '/'), *const word = slash ? slash + 1 : column->path;
    return (vl_cell){ (const uint8_t *)word, strcspn(word, ".") };
}

double vl_value_at(const vl_buf *values, size_t i)
{
    double v;
    memcpy(&v, values->data + 8 * i, 8);
    return v;
}

double vl_f64_at(const vl_batch *b, int field, size_t i) { return vl_value_at(&b->col[field].data, i); }
