/* Numbers of single reads (reads_tally.h): length, mean quality, G and C. */
#include "pipeline/reads/reads_tally.h"

vl_code vl_qc_each(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    uint64_t *const sum = qc->number + b->n + 1, *const gc = sum + b->n;
    if (b->quality) vl_k.read_sum(sum, b->quality, b->offset, b->n);
    for (size_t i = 0; i < b->n; i++) {
        const uint64_t n = b->offset[i + 1] - b->offset[i];
        vl_qc_mate *const m = &qc->mate[b->paired ? i & 1 : 0];
        m->nread++;
        m->length[n < VL_QC_POSITIONS ? n : VL_QC_POSITIONS]++;
        if (n >= VL_QC_POSITIONS && vl_counts_add(&m->longer, n, 1, err)) return err->code;
        if (n && b->quality) m->mean[sum[i] / n]++;
        sum[i] = vl_qc_gc_length(n);
    }
    vl_k.read_gc(gc, b->base, b->offset, sum, b->n);
    for (size_t i = 0; i < b->n; i++)
        if (vl_counts_add(&qc->mate[b->paired ? i & 1 : 0].gc, vl_count_key(sum[i], gc[i]), 1, err))
            return err->code;
    return VL_OK;
}
