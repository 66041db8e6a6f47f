/* View of alignments as SAM and as BAM. */
#include "pipeline/alignments/alignments_view.h"

static vl_code sam_head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    return vl_sam_header(&vl_alignments_own_of(v)->contigs, text, err);
}

static vl_code put_sam(const vl_viewer *v, const vl_alignment *a, vl_buf *out, vl_err *err)
{
    return vl_sam_put(a, &vl_alignments_own_of(v)->contigs, out, err) ? err->code
                                                                      : vl_buf_append(out, "\n", 1, err);
}

static vl_code sam_print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_alignments_each(v, load, put_sam, err);
}

const vl_form vl_alignments_sam = { .name = "sam", .head = sam_head, .print = sam_print, .whole = true };

static vl_code bam_head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    return vl_aligned_bam_header(&vl_alignments_own_of(v)->contigs, text, err);
}

static vl_code put_bam(const vl_viewer *v, const vl_alignment *a, vl_buf *out, vl_err *err)
{
    (void)v;
    return vl_aligned_bam_put(a, out, err);
}

static vl_code bam_print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_alignments_each(v, load, put_bam, err);
}

const vl_form vl_alignments_bam = {
    .name = "bam", .head = bam_head, .print = bam_print, .whole = true, .packing = VL_PACK_BGZF
};
