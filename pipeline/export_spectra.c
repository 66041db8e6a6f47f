/* Spectra printed as the mzML they came from: the skeleton, and each array's text where it stood. */
#include "pipeline/export.h"

#include "formats/mzml.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct printer {
    vl_reader *r;
    int column[VL_MAX_PIECE_COLUMN]; /* in the store, of each piece column; -1: it has no elements */
    int ncolumn, skeleton;
    uint64_t next, narray;         /* arrays */
    uint64_t text, ntext;          /* letters of the skeleton printed, and all */
    uint64_t nspectrum;
} printer;

enum { MOST_ARRAYS = 512, BLOCK_BYTES = 4 << 20 };

static vl_code find_columns(printer *p, vl_err *err)
{
    vl_store *const st = vl_reader_store(p->r);
    char number[12], path[VL_PATH + 16];
    for (; p->ncolumn < VL_MAX_PIECE_COLUMN; p->ncolumn++) {
        snprintf(number, sizeof number, "%d", p->ncolumn);
        if (vl_store_get(st, VL_PIECE_NOTES, number, path, sizeof path, err)) return err->code;
        if (!*path) break;
        p->column[p->ncolumn] = vl_store_find(st, path);
    }
    return VL_OK;
}

static vl_code open(void **self, vl_reader *r, bool split, vl_err *err)
{
    printer *const p = *self = calloc(1, sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory to print spectra");
    if (split) return vl_fail(err, VL_EARG, "the store holds spectra, not pairs of reads: use -o");
    p->r = r;
    p->narray = vl_reader_nrow(r, VL_SPT_ARRAY);
    p->nspectrum = vl_reader_nrow(r, VL_SPT_SPECTRUM);
    p->skeleton = vl_reader_column(r, VL_SP_SKELETON);
    p->ntext = p->skeleton < 0 ? 0 : vl_store_column(vl_reader_store(r), p->skeleton)->nelem;
    return find_columns(p, err);
}

static uint64_t number_at(const vl_batch *b, int field, size_t i) { return vl_le64(b->col[field].data.data + 8 * i); }
static unsigned column_at(const vl_batch *b, size_t i) { return vl_le16(b->col[VL_SP_ARR_COLUMN].data.data + 2 * i); }

/* How many of the first n arrays make about BLOCK_BYTES, text of the skeleton between them included. */
static vl_code fit(const printer *p, const vl_batch *b, size_t n, size_t *out, vl_err *err)
{
    uint64_t bytes = 0;
    for (*out = 0; *out < n; ++*out) {
        const unsigned c = column_at(b, *out);
        if (c >= (unsigned)p->ncolumn)
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 " is in column %u of %d", p->next + *out, c, p->ncolumn);
        const uint64_t length = number_at(b, VL_SP_ARR_LENGTH, *out), at = number_at(b, VL_SP_ARR_TEXT_AT, *out);
        const size_t width = p->column[c] < 0 ? 1 : vl_type_width(vl_store_column(vl_reader_store(p->r), p->column[c])->type);
        if (at < p->text || at > p->ntext || length > UINT64_MAX / 64)
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 " stands at letter %" PRIu64 " of the skeleton", p->next + *out, at);
        bytes += length * width;
        if (*out && (bytes > BLOCK_BYTES || at - p->text > BLOCK_BYTES)) break;
    }
    return VL_OK;
}

static vl_code room(vl_job *job, int n, vl_err *err)
{
    if (n <= job->cpiece) return VL_OK;
    vl_span *const span = realloc(job->piece, (size_t)n * sizeof *span);
    if (span) job->piece = span;
    vl_buf *const value = span ? realloc(job->value, (size_t)n * sizeof *value) : NULL;
    if (!value) return vl_fail(err, VL_ENOMEM, "no memory for %d columns", n);
    job->value = value;
    for (int i = job->cpiece; i < n; i++) {
        job->piece[i] = (vl_span){ .column = -1 };
        job->value[i] = (vl_buf){ 0 };
    }
    job->cpiece = n;
    return VL_OK;
}

/* One span a column: the arrays of a column lie behind each other. */
static vl_code plan_values(printer *p, vl_job *job, size_t n, vl_err *err)
{
    const vl_batch *const b = &job->plan.batch;
    uint64_t from[VL_MAX_PIECE_COLUMN], to[VL_MAX_PIECE_COLUMN] = { 0 };
    if (room(job, p->ncolumn, err)) return err->code;
    job->npiece = p->ncolumn;
    for (int c = 0; c < p->ncolumn; c++) from[c] = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        const unsigned c = column_at(b, i);
        const uint64_t start = number_at(b, VL_SP_ARR_START, i), length = number_at(b, VL_SP_ARR_LENGTH, i);
        if (!length) continue;
        if (start < from[c]) from[c] = start;
        if (start + length > to[c]) to[c] = start + length;
    }
    for (int c = 0; c < p->ncolumn; c++) {
        const bool some = to[c] > 0;
        if (vl_reader_span(p->r, &job->piece[c], p->column[c], some ? from[c] : 0, some ? to[c] - from[c] : 0, err))
            return err->code;
    }
    return VL_OK;
}

static vl_code plan(void *self, vl_job *job, vl_err *err)
{
    printer *const p = self;
    size_t n = p->narray - p->next < MOST_ARRAYS ? (size_t)(p->narray - p->next) : MOST_ARRAYS;
    vl_batch *const b = &job->plan.batch;
    if (vl_reader_rows(p->r, &job->plan, VL_SPT_ARRAY, p->next, n, NULL, &job->work, err)) return err->code;
    if (vl_reader_load(p->r, &job->plan, &job->work, err)) return err->code;
    if (fit(p, b, n, &n, err) || plan_values(p, job, n, err)) return err->code;
    b->nrow[VL_SPT_ARRAY] = n;
    uint64_t to = n ? number_at(b, VL_SP_ARR_TEXT_AT, n - 1) : p->text;
    if (p->next + n == p->narray) to = p->ntext - to > BLOCK_BYTES ? to + BLOCK_BYTES : p->ntext;
    if (vl_reader_span(p->r, &job->skeleton, p->skeleton, p->text, to - p->text, err)) return err->code;
    job->skeleton_first = p->text;
    p->text = to;
    p->next += n;
    job->last = p->next == p->narray && p->text == p->ntext;
    return VL_OK;
}

static vl_code print_array(const printer *p, vl_job *job, size_t i, vl_buf *text, vl_err *err)
{
    const vl_batch *const b = &job->plan.batch;
    const unsigned c = column_at(b, i);
    const vl_column *const kept = &b->col[VL_SP_ARR_KEPT];
    const uint64_t length = number_at(b, VL_SP_ARR_LENGTH, i), start = number_at(b, VL_SP_ARR_START, i);
    const size_t width = p->column[c] < 0 ? 1 : vl_type_width(vl_store_column(vl_reader_store(p->r), p->column[c])->type);
    const uint8_t *const payload = length ? job->value[c].data + (start - job->piece[c].first) * width : NULL;
    const size_t before = text->len;
    if (vl_mzml_array_text(b->col[VL_SP_ARR_RECIPE].data.data[i], payload, length * width, kept->data.data + kept->offset[i],
                           kept->offset[i + 1] - kept->offset[i], text, err))
        return err->code;
    if (XXH3_64bits(text->data + before, text->len - before) != number_at(b, VL_SP_ARR_HASH, i))
        return vl_fail(err, VL_ESTORE,
                       "array %" PRIu64 ": its text cannot be made again as it was (its values are whole; an ingest with "
                       "--exact=all keeps such text)",
                       b->first[VL_SPT_ARRAY] + i);
    return VL_OK;
}

static vl_code print(const void *self, vl_job *job, vl_err *err)
{
    const printer *const p = self;
    const vl_batch *const b = &job->plan.batch;
    vl_buf *const text = &job->text[0];
    for (int c = 0; c < job->npiece; c++) {
        const uint64_t first = job->piece[c].first;
        if (vl_reader_load_span(p->r, &job->piece[c], &job->value[c], &job->work, err)) return err->code;
        job->piece[c].first = first;
    }
    if (vl_reader_load_span(p->r, &job->skeleton, &job->skeleton_text, &job->work, err)) return err->code;
    text->len = 0;
    size_t done = 0;
    for (size_t i = 0; i < b->nrow[VL_SPT_ARRAY]; i++) {
        const uint64_t at = number_at(b, VL_SP_ARR_TEXT_AT, i) - job->skeleton_first;
        if (at < done || at > job->skeleton_text.len) return vl_fail(err, VL_ESTORE, "arrays are not in the order of the text");
        if (vl_buf_append(text, job->skeleton_text.data + done, at - done, err)) return err->code;
        done = at;
        if (print_array(p, job, i, text, err)) return err->code;
    }
    return vl_buf_append(text, job->skeleton_text.data + done, job->skeleton_text.len - done, err);
}

static uint64_t rows_done(const void *self) { return ((const printer *)self)->next; }

const vl_printer vl_print_spectra = { "spectra", open, plan, print, rows_done, free };
