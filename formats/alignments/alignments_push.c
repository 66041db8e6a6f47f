/* A record to a row of the batch, whatever it came as (alignments.h). */
#include "formats/alignments/alignments.h"
#include "formats/xxh3.h"

#include <inttypes.h>
#include <string.h>

void vl_alignments_in_init(vl_alignments_in *in, vl_batch *out)
{
    *in = (vl_alignments_in){ .out = out, .tags = { .at = &vl_alignments_fields } };
}

void vl_alignments_in_free(vl_alignments_in *in)
{
    vl_bam_columns_free(&in->tags);
    vl_buf_free(&in->slot);
    vl_buf_free(&in->odd);
}

/* ---- names ---- */

static uint32_t *slot_of(const vl_alignments_in *in, vl_cell name)
{
    uint32_t *const slot = (uint32_t *)(void *)in->slot.data;
    const size_t mask = in->slot.len / sizeof *slot - 1;
    for (size_t i = XXH3_64bits(name.at, name.n) & mask;; i = (i + 1) & mask) {
        if (!slot[i]) return &slot[i];
        const vl_cell there = vl_row(&in->out->col[VL_AL_NAME], slot[i] - 1);
        if (there.n == name.n && (!name.n || !memcmp(there.at, name.at, name.n))) return &slot[i];
    }
}

/* Twice the room, at least; names find their slots again. */
static vl_code more_slots(vl_alignments_in *in, vl_err *err)
{
    enum { FIRST = 1 << 12 };
    const size_t n = in->slot.len ? 2 * in->slot.len : FIRST * sizeof(uint32_t);
    if (vl_buf_reserve(&in->slot, n, err)) return err->code;
    memset(in->slot.data, 0, n);
    in->slot.len = n;
    for (uint32_t i = 0; i < in->out->nrow[VL_AT_NAME]; i++)
        *slot_of(in, vl_row(&in->out->col[VL_AL_NAME], i)) = i + 1;
    return VL_OK;
}

/* The row of the name: that of the record before that has it, or a new one. */
static vl_code push_name(vl_alignments_in *in, vl_cell name, uint64_t *row, vl_err *err)
{
    vl_batch *const b = in->out;
    if (2 * b->nrow[VL_AT_NAME] * sizeof(uint32_t) >= in->slot.len && more_slots(in, err)) return err->code;
    uint32_t *const slot = slot_of(in, name);
    if (!*slot) {
        if (vl_push_row(b, VL_AL_NAME, name.at, name.n, err)) return err->code;
        *slot = (uint32_t)++b->nrow[VL_AT_NAME];
    }
    *row = *slot - 1;
    return VL_OK;
}

/* ---- the rest ---- */

static vl_code check(const vl_alignment *a, int64_t in_read, vl_err *err)
{
    if (a->base.n && !(a->flag & VL_FLAG_UNMAPPED) && a->nop && in_read != (int64_t)a->base.n)
        return vl_fail(err, VL_EFORMAT, "CIGAR covers %" PRId64 " letters, the record has %zu", in_read,
                       a->base.n);
    return VL_OK;
}

static vl_code push_place(vl_batch *b, const vl_alignment *a, uint64_t name, vl_err *err)
{
    const int64_t place[VL_PLACE_N] = { [VL_PLACE_CONTIG] = a->contig,
                                        [VL_PLACE_POSITION] = a->position,
                                        [VL_PLACE_SPAN] = a->span,
                                        [VL_PLACE_FLAG] = a->flag,
                                        [VL_PLACE_MATE_CONTIG] = a->mate_contig,
                                        [VL_PLACE_MATE_POSITION] = a->mate_position,
                                        [VL_PLACE_TEMPLATE_LENGTH] = a->template_length,
                                        [VL_PLACE_NAME] = (int64_t)name };
    uint8_t bytes[8 * VL_PLACE_N];
    for (int i = 0; i < VL_PLACE_N; i++) vl_put_le64(bytes + 8 * i, (uint64_t)place[i]);
    return vl_push_row(b, VL_AL_PLACE, bytes, VL_PLACE_N, err);
}

static vl_code add(vl_alignments_in *in, vl_alignment_odd what, const void *bytes, size_t n, vl_err *err)
{
    in->odd.data[0] |= (uint8_t)what;
    return vl_buf_append(&in->odd, bytes, n, err);
}

static vl_code push_odd(vl_alignments_in *in, const vl_alignment *a, vl_err *err)
{
    uint8_t number[4];
    vl_batch *const b = in->out;
    in->odd.len = 0;
    vl_put_le32(number, a->bin);
    if (vl_buf_append(&in->odd, "", 1, err) || (a->odd & VL_AO_BIN && add(in, VL_AO_BIN, number, 2, err)) ||
        (a->odd & VL_AO_PAD && add(in, VL_AO_PAD, &a->pad, 1, err)) ||
        (a->odd & VL_AO_QUALITY && add(in, VL_AO_QUALITY, a->odd_quality, a->base.n, err)))
        return err->code;
    vl_put_le32(number, (uint32_t)a->line.n);
    if (a->odd & VL_AO_LINE &&
        (add(in, VL_AO_LINE, number, 4, err) || add(in, VL_AO_LINE, a->line.at, a->line.n, err)))
        return err->code;
    if (a->odd & VL_AO_REST && add(in, VL_AO_REST, a->rest.at, a->rest.n, err)) return err->code;
    b->counter[VL_AC_ODD] += in->odd.data[0] != 0;
    return vl_push_row(b, VL_AL_ODD, in->odd.data, in->odd.data[0] ? in->odd.len : 0, err);
}

vl_code vl_alignments_push(vl_alignments_in *in, vl_alignment *a, const uint8_t **bad, vl_err *err)
{
    const uint8_t *cigar, *tag, *rest = NULL;
    size_t nop;
    int64_t in_read, none;
    uint64_t name = 0;
    vl_batch *const b = in->out;
    *bad = NULL;
    vl_cigar_meant(a, &cigar, &nop, &tag);
    if (!vl_cigar_lengths(cigar, nop, &a->span, &in_read) ||
        !vl_cigar_lengths(a->cigar, a->nop, &none, &none))
        return vl_fail(err, VL_EFORMAT, "the CIGAR has an operation that there is not");
    if (check(a, in_read, err)) return err->code;
    if (a->bin != vl_alignment_bin(a)) a->odd |= VL_AO_BIN;
    if (push_name(in, a->name, &name, err) || push_place(b, a, name, err) ||
        vl_push(b, VL_AL_MAPQ, &a->mapq, err) || vl_push_row(b, VL_AL_CIGAR, a->cigar, a->nop, err))
        return err->code;
    if (vl_bam_push_tags(&in->tags, b, a->tags, a->end, &rest, bad, err)) return err->code;
    *bad = NULL;
    if (rest) {
        a->odd |= VL_AO_REST;
        a->rest = (vl_cell){ rest, (size_t)(a->end - rest) };
    }
    if (push_odd(in, a, err)) return err->code;
    b->nrow[VL_AT_ALIGNMENT]++;
    return VL_OK;
}

vl_code vl_alignments_end(vl_alignments_in *in, vl_err *err)
{
    return vl_bam_end_tags(&in->tags, in->out, err);
}
