/* A row of a batch to the record that it was (alignments.h). What a store says is not believed. */
#include "formats/alignments/alignments.h"

#include <inttypes.h>

vl_code vl_alignments_out_init(vl_alignments_out *out, const vl_batch *batch, vl_err *err)
{
    *out = (vl_alignments_out){ .batch = batch, .columns = { .at = &vl_alignments_fields } };
    return vl_bam_list_columns(&out->columns, batch, err);
}

void vl_alignments_out_free(vl_alignments_out *out)
{
    vl_bam_columns_free(&out->columns);
    vl_buf_free(&out->tags);
}

static vl_code fail(const vl_alignments_out *out, size_t i, const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "row %" PRIu64 ": %s", out->batch->first[VL_AT_ALIGNMENT] + i, what);
}

/* The next n bytes of a cell; NULL: there are not so many. */
static const uint8_t *take(vl_cell *c, size_t n)
{
    if (c->n < n) return NULL;
    const uint8_t *const p = c->at;
    c->at += n;
    c->n -= n;
    return p;
}

static bool take_line(vl_cell *c, vl_cell *line)
{
    const uint8_t *const n = take(c, 4);
    if (!n) return false;
    line->n = vl_le32(n);
    return (line->at = take(c, line->n)) != NULL;
}

static vl_code take_odd(const vl_alignments_out *out, size_t i, vl_alignment *a, vl_err *err)
{
    vl_cell c = vl_row(&out->batch->col[VL_AL_ODD], i);
    a->bin = vl_alignment_bin(a);
    if (!c.n) return VL_OK;
    a->odd = *take(&c, 1);
    const uint8_t *const bin = a->odd & VL_AO_BIN ? take(&c, 2) : NULL;
    const uint8_t *const pad = a->odd & VL_AO_PAD ? take(&c, 1) : NULL;
    a->odd_quality = a->odd & VL_AO_QUALITY ? take(&c, a->base.n) : NULL;
    if ((a->odd & VL_AO_BIN && !bin) || (a->odd & VL_AO_PAD && !pad) ||
        (a->odd & VL_AO_QUALITY && !a->odd_quality) || (a->odd & VL_AO_LINE && !take_line(&c, &a->line)) ||
        (c.n && !(a->odd & VL_AO_REST)))
        return fail(out, i, "what column odd says does not fit", err);
    if (bin) a->bin = vl_le16(bin);
    if (pad) a->pad = *pad & 15;
    a->rest = c;
    return VL_OK;
}

/* Tags as BAM has them: of columns, and what is in none. */
static vl_code take_tags(vl_alignments_out *out, size_t i, vl_alignment *a, vl_err *err)
{
    out->tags.len = 0;
    if (vl_bam_put_tags(&out->columns, out->batch, i, &out->tags, err) ||
        vl_buf_append(&out->tags, a->rest.at, a->rest.n, err))
        return err->code;
    a->tags = out->tags.data;
    a->end = out->tags.data ? out->tags.data + out->tags.len : NULL;
    return VL_OK;
}

vl_code vl_alignments_row(vl_alignments_out *out, size_t i, vl_alignment *a, vl_err *err)
{
    const vl_batch *const b = out->batch;
    const vl_column *const place = &b->col[VL_AL_PLACE], *const cigar = &b->col[VL_AL_CIGAR];
    if (place->offset[i + 1] - place->offset[i] != VL_PLACE_N || place->offset[i] != VL_PLACE_N * i)
        return fail(out, i, "a place is not of eight numbers", err);
    const uint64_t name = (uint64_t)vl_place_at(b, i, VL_PLACE_NAME) - b->first[VL_AT_NAME];
    if (name >= b->nrow[VL_AT_NAME]) return fail(out, i, "its name is not where its place says", err);
    *a = (vl_alignment){ .contig = vl_place_at(b, i, VL_PLACE_CONTIG),
                         .position = vl_place_at(b, i, VL_PLACE_POSITION),
                         .span = vl_place_at(b, i, VL_PLACE_SPAN),
                         .mate_contig = vl_place_at(b, i, VL_PLACE_MATE_CONTIG),
                         .mate_position = vl_place_at(b, i, VL_PLACE_MATE_POSITION),
                         .template_length = vl_place_at(b, i, VL_PLACE_TEMPLATE_LENGTH),
                         .flag = (uint16_t)vl_place_at(b, i, VL_PLACE_FLAG),
                         .mapq = b->col[VL_AL_MAPQ].data.data[i],
                         .name = vl_row(&b->col[VL_AL_NAME], (size_t)name),
                         .nop = (size_t)(cigar->offset[i + 1] - cigar->offset[i]),
                         .base = vl_row(&b->col[VL_AL_BASE], i),
                         .quality = vl_row(&b->col[VL_AL_QUALITY], i) };
    a->cigar = a->nop ? cigar->data.data + 4 * cigar->offset[i] : NULL;
    if (a->quality.n != a->base.n) return fail(out, i, "it has not as many qualities as letters", err);
    if (a->base.n > VL_BAM_MOST || a->name.n > VL_BAM_NAME) return fail(out, i, "it is too long", err);
    if (a->quality.n && a->quality.at[0] == VL_AL_NO_QUALITY) a->quality.at = NULL;
    if (take_odd(out, i, a, err) || out->bare) return err->code;
    return take_tags(out, i, a, err);
}
