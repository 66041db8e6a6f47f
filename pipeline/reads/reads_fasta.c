/* View of reads as FASTA: titles and bases, a line each. */
#include "pipeline/reads/reads_view.h"

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    const vl_batch *const b = &load->plan.batch;
    vl_buf *const t = &load->text;
    for (size_t i = load->skip; i < load->skip + load->n; i++) {
        const vl_cell base = vl_row(&b->col[VL_RD_BASE], i);
        if (vl_text_add(t, ">", err) || vl_fastq_put_title(b, vl_reads_how(v), i, t, err) ||
            vl_text_add(t, "\n", err) || vl_buf_append(t, base.at, base.n, err) || vl_text_add(t, "\n", err))
            return err->code;
    }
    return VL_OK;
}

const vl_form vl_reads_fasta = { "fasta", false, NULL, print, NULL };
