/*
 * Long reads (reads_tally.h), of VL_QC_LONG bases and more: how many have which mean error, by their length.
 *
 * The error of a base is 10^(-Phred / 10), in units of 2^-32; the mean error of a read is that of its bases,
 * and is told as the highest Phred whose error it does not exceed. Whole numbers: the sum is the same in any
 * order, and a read whose bases all have one Phred has that one.
 */
#include "pipeline/reads/reads_tally.h"

#include <math.h>

static void fill_errors(uint64_t error[VL_QC_LEVELS])
{
    for (int q = 0; q < VL_QC_LEVELS; q++) error[q] = (uint64_t)(pow(10, -q / 10.0) * 0x1p32 + 0.5);
}

static uint64_t phred_of(const uint8_t *quality, uint64_t n, const uint64_t *error)
{
    uint64_t sum = 0, q = VL_QC_LEVELS - 1;
    for (uint64_t i = 0; i < n; i++) sum += error[quality[i]];
    while (q && (double)sum > (double)n * (double)error[q]) q--;
    return q;
}

vl_code vl_qc_long(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    uint64_t error[VL_QC_LEVELS];
    if (!b->quality) return VL_OK;
    fill_errors(error);
    for (size_t i = 0; i < b->n; i++) {
        const uint64_t n = b->offset[i + 1] - b->offset[i];
        vl_counts *const counts = &qc->mate[b->paired ? i & 1 : 0].error;
        if (n < VL_QC_LONG) continue;
        const uint64_t from = vl_qc_group_from(vl_qc_group(n)),
                       phred = phred_of(b->quality + b->offset[i], n, error);
        if (vl_counts_add(counts, vl_count_key(from, phred), 1, err)) return err->code;
    }
    return VL_OK;
}
