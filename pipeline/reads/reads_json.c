/* View of reads as JSON lines: an object a read; qualities as FASTQ writes them, null of a read that
 * came without. */
#include "pipeline/reads/reads_view.h"

static vl_code put_text(vl_buf *t, const char *name, vl_cell s, vl_err *err)
{
    return vl_text_add(t, ",\"", err) || vl_text_add(t, name, err) || vl_text_add(t, "\":", err)
               ? err->code
               : vl_text_json(t, s.at, s.n, err);
}

/* scratch: for the letters of qualities */
static vl_code put_quality(vl_buf *t, vl_cell s, vl_buf *scratch, vl_err *err)
{
    scratch->len = 0;
    if (vl_no_quality(s)) return vl_text_add(t, ",\"quality\":null", err);
    if (vl_buf_grow(scratch, s.n, err)) return err->code;
    vl_k.phred_encode(scratch->data, s.at, s.n);
    return put_text(t, "quality", (vl_cell){ scratch->data, s.n }, err);
}

static vl_code print_one(const vl_viewer *v, const vl_batch *b, size_t i, vl_buf *scratch, vl_buf *t,
                         vl_err *err)
{
    const bool paired = vl_reads_how(v)->paired;
    const vl_cell comment = vl_row(&b->col[VL_RD_COMMENT], i);
    if (vl_text_add(t, "{\"row\":", err) || vl_text_u64(t, b->first[VL_RT_READ] + i, err) ||
        put_text(t, "name", vl_row(&b->col[VL_RD_NAME], i / vl_reads_step(v)), err))
        return err->code;
    if (paired && vl_text_add(t, i & 1 ? ",\"mate\":2" : ",\"mate\":1", err)) return err->code;
    if (comment.n && put_text(t, "comment", comment, err)) return err->code;
    if (put_text(t, "base", vl_row(&b->col[VL_RD_BASE], i), err)) return err->code;
    return put_quality(t, vl_row(&b->col[VL_RD_QUALITY], i), scratch, err) ? err->code
                                                                           : vl_text_add(t, "}\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    vl_buf scratch = { 0 };
    for (size_t i = load->skip; i < load->skip + load->n && !err->code; i++)
        print_one(v, &load->plan.batch, i, &scratch, &load->text, err);
    vl_buf_free(&scratch);
    return err->code;
}

const vl_form vl_reads_json = { "json", false, NULL, print, NULL };
