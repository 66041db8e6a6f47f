/* Spectra printed as the mzML they came from: the skeleton, and each array's text where it stood. */
#include "pipeline/out/export.h"

#include "formats/spectra/mzml.h"
#include "formats/xxh3.h"

#include <inttypes.h>
#include <stdlib.h>

typedef struct printer {
    vl_reader *r;
    vl_piece_columns pieces;
    int skeleton;
    uint64_t next, narray; /* arrays */
    uint64_t text, ntext;  /* letters of the skeleton printed, and all */
    uint64_t nspectrum;
} printer;

enum { MOST_ARRAYS = 512, BLOCK_BYTES = 4 << 20 };

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
    return vl_piece_columns_read(&p->pieces, vl_reader_store(r), err);
}

/* How many of the first n arrays make about BLOCK_BYTES, text of the skeleton between them included. */
static vl_code fit(const printer *p, const vl_batch *b, size_t n, size_t *out, vl_err *err)
{
    uint64_t bytes = 0;
    for (*out = 0; *out < n; ++*out) {
        const unsigned c = vl_array_column(b, *out);
        if (c >= (unsigned)p->pieces.n)
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 " is in column %u of %d", p->next + *out, c,
                           p->pieces.n);
        const uint64_t length = vl_u64_at(b, VL_SP_ARR_LENGTH, *out),
                       at = vl_u64_at(b, VL_SP_ARR_TEXT_AT, *out);
        const size_t width = vl_type_width(vl_piece_type(&p->pieces, c));
        if (at < p->text || at > p->ntext || length > UINT64_MAX / 64)
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 " stands at letter %" PRIu64 " of the skeleton",
                           p->next + *out, at);
        bytes += length * width;
        if (*out && (bytes > BLOCK_BYTES || at - p->text > BLOCK_BYTES)) break;
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
    if (fit(p, b, n, &n, err) || vl_arrays_plan(&job->arrays, &p->pieces, p->r, b, n, err)) return err->code;
    b->nrow[VL_SPT_ARRAY] = n;
    uint64_t to = n ? vl_u64_at(b, VL_SP_ARR_TEXT_AT, n - 1) : p->text;
    if (p->next + n == p->narray) to = p->ntext - to > BLOCK_BYTES ? to + BLOCK_BYTES : p->ntext;
    if (vl_reader_span(p->r, &job->skeleton, p->skeleton, p->text, to - p->text, err)) return err->code;
    job->skeleton_first = p->text;
    p->text = to;
    p->next += n;
    job->rows = p->next;
    job->last = p->next == p->narray && p->text == p->ntext;
    return VL_OK;
}

static vl_code print_array(const printer *p, vl_job *job, size_t i, vl_buf *text, vl_err *err)
{
    const vl_batch *const b = &job->plan.batch;
    const vl_cell kept = vl_row(&b->col[VL_SP_ARR_KEPT], i);
    const size_t before = text->len;
    size_t len = 0;
    const uint8_t *const payload = vl_arrays_value(&job->arrays, &p->pieces, b, i, &len);
    if (vl_mzml_array_text(b->col[VL_SP_ARR_RECIPE].data.data[i], payload, len, kept.at, kept.n, text, err))
        return err->code;
    if (XXH3_64bits(text->data + before, text->len - before) != vl_u64_at(b, VL_SP_ARR_HASH, i))
        return vl_fail(err, VL_ESTORE,
                       "array %" PRIu64
                       ": its text cannot be made again as it was (its values are whole; an ingest with "
                       "--exact=all keeps such text)",
                       b->first[VL_SPT_ARRAY] + i);
    return VL_OK;
}

static vl_code print(const void *self, vl_job *job, vl_err *err)
{
    const printer *const p = self;
    const vl_batch *const b = &job->plan.batch;
    vl_buf *const text = &job->text[0];
    if (vl_arrays_load(&job->arrays, p->r, &job->work, err)) return err->code;
    if (vl_reader_load_span(p->r, &job->skeleton, &job->skeleton_text, &job->work, err)) return err->code;
    text->len = 0;
    size_t done = 0;
    for (size_t i = 0; i < b->nrow[VL_SPT_ARRAY]; i++) {
        const uint64_t at = vl_u64_at(b, VL_SP_ARR_TEXT_AT, i) - job->skeleton_first;
        if (at < done || at > job->skeleton_text.len)
            return vl_fail(err, VL_ESTORE, "arrays are not in the order of the text");
        if (vl_buf_append(text, job->skeleton_text.data + done, at - done, err)) return err->code;
        done = at;
        if (print_array(p, job, i, text, err)) return err->code;
    }
    return vl_buf_append(text, job->skeleton_text.data + done, job->skeleton_text.len - done, err);
}

static void close(void *self)
{
    printer *const p = self;
    vl_piece_columns_free(&p->pieces);
    free(p);
}

const vl_printer vl_print_spectra = { "spectra", open, plan, print, close };
