/*
 * Whether records lie in the order of their places: by contig, as the header lists them, and on each by
 * position; those without contig may stand anywhere. It is looked at when they come in, and kept as a number
 * of /qc; a store that lacks it is looked at again.
 */
#include "pipeline/alignments/alignments_counts.h"

#include <stdlib.h>

vl_code vl_alignments_order_add(vl_alignments_order *o, const vl_batch *b, vl_err *err)
{
    const uint64_t *const offset = b->col[VL_AL_PLACE].offset;
    const size_t n = b->nrow[VL_AT_ALIGNMENT];
    if (n && offset[n] - offset[0] != VL_PLACE_N * n)
        return vl_fail(err, VL_ESTORE, "a place is not of eight numbers");
    for (size_t i = 0; i < n; i++) {
        const int64_t contig = vl_place_at(b, i, VL_PLACE_CONTIG), at = vl_place_at(b, i, VL_PLACE_POSITION);
        if (contig < 0) continue;
        o->turns += contig < o->contig || (contig == o->contig && at < o->position);
        o->contig = contig;
        o->position = at;
    }
    return VL_OK;
}

vl_code vl_alignments_order_store(const vl_alignments_order *o, vl_store *st, vl_err *err)
{
    const uint64_t dims[2] = { 1, 0 };
    const char *const axis[2] = { "", "" };
    return vl_store_table(st, "qc/out_of_order", VL_U64, &o->turns, 1, dims, axis, "records",
                          "records that lie before the one ahead of them, by contig and position", err);
}

static vl_code look_at_all(vl_alignments_order *o, vl_reader *r, vl_work *work, vl_err *err)
{
    enum { ROWS = 1 << 14 };
    static const vl_sight sight[] = { { VL_AL_PLACE, VL_WANT_ROWS } };
    const uint64_t all = vl_reader_nrow(r, VL_AT_ALIGNMENT);
    vl_want *want = NULL;
    vl_plan plan = { 0 };
    if (!vl_reader_want(r, sight, 1, &want, err)) vl_plan_init(&plan, r, err);
    for (uint64_t first = 0; first < all && !o->turns && !err->code; first += ROWS) {
        const size_t n = (size_t)(all - first < ROWS ? all - first : ROWS);
        if (!vl_reader_rows(r, &plan, VL_AT_ALIGNMENT, first, n, want, work, err) &&
            !vl_reader_load(r, &plan, work, err))
            vl_alignments_order_add(o, &plan.batch, err);
    }
    vl_plan_free(r, &plan);
    free(want);
    return err->code;
}

vl_code vl_alignments_order_noted(vl_store *st, bool *known, bool *sorted, vl_work *work, vl_err *err)
{
    vl_buf bytes = { 0 };
    const int column = vl_store_find(st, "qc/out_of_order");
    *known = *sorted = false;
    if (column < 0 || vl_store_look_at(st, column, err) || vl_store_read(st, column, &bytes, work, err))
        return err->code;
    *known = bytes.len == 8;
    if (*known) *sorted = !vl_le64(bytes.data);
    else vl_fail(err, VL_ESTORE, "qc/out_of_order is no number");
    vl_buf_free(&bytes);
    return err->code;
}

vl_code vl_alignments_in_order(vl_reader *r, bool look, bool *sorted, vl_work *work, vl_err *err)
{
    vl_alignments_order o = { .contig = -1 };
    bool known;
    if (vl_alignments_order_noted(vl_reader_store(r), &known, sorted, work, err) || known || !look)
        return err->code;
    look_at_all(&o, r, work, err);
    *sorted = !o.turns;
    return err->code;
}
