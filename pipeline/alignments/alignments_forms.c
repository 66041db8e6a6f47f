/* View of alignments as SAM, as BAM, and as CRAM, which a writer makes of BAM (cram_writer.c). */
#include "pipeline/alignments/alignments_view.h"

/* The header as the rows need it: of read groups that are asked for, the others' lines are left out. */
static vl_code put_header(const vl_viewer *v, vl_buf *text, vl_err *err)
{
    const vl_alignments_own *const o = vl_alignments_own_of(v);
    vl_cell all = o->contigs.text;
    if (!o->group.asked) return vl_sam_header(&o->contigs, text, err);
    while (all.n && !err->code) {
        const uint8_t *const start = all.at;
        const vl_cell line = vl_sam_split(&all, '\n');
        if (!vl_tag_leaves_out(&o->group, line)) vl_buf_append(text, start, (size_t)(all.at - start), err);
    }
    return err->code;
}

static vl_code sam_head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    return vl_alignments_asked_of(v)->no_header ? VL_OK : put_header(v, text, err);
}

static vl_code put_sam(const vl_viewer *v, uint64_t row, const vl_alignment *a, vl_buf *out, vl_err *err)
{
    (void)row;
    return vl_sam_put(a, &vl_alignments_own_of(v)->contigs, out, err) ? err->code
                                                                      : vl_buf_append(out, "\n", 1, err);
}

static vl_code sam_print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_alignments_each(v, load, put_sam, err);
}

const vl_form vl_alignments_sam = { .name = "sam", .head = sam_head, .print = sam_print, .whole = true };

/* lines: the header of lines alone, which name all contigs; else as it came, unless some are left out. */
static vl_code put_bam_header(const vl_viewer *v, bool lines, vl_buf *text, vl_err *err)
{
    const vl_alignments_own *const o = vl_alignments_own_of(v);
    vl_contigs contigs = o->contigs;
    vl_buf header = { 0 };
    if ((lines || o->group.asked) && !put_header(v, &header, err)) {
        contigs.binary = false;
        contigs.text = (vl_cell){ header.data, header.len };
    }
    if (!err->code) vl_aligned_bam_header(&contigs, text, err);
    vl_buf_free(&header);
    return err->code;
}

static vl_code bam_head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    return put_bam_header(v, false, text, err);
}

static vl_code cram_head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    return put_bam_header(v, true, text, err);
}

static vl_code put_bam(const vl_viewer *v, uint64_t row, const vl_alignment *a, vl_buf *out, vl_err *err)
{
    (void)v, (void)row;
    return vl_aligned_bam_put(a, out, err);
}

static vl_code bam_print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_alignments_each(v, load, put_bam, err);
}

const vl_form vl_alignments_bam = {
    .name = "bam", .head = bam_head, .print = bam_print, .whole = true, .packing = VL_PACK_BGZF
};

const vl_form vl_alignments_cram = {
    .name = "cram", .head = cram_head, .print = bam_print, .whole = true, .writer = &vl_cram_writer
};
