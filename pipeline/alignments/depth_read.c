/* Rows whose records may count, and what they change (depth.h): the first two stages. */
#include "pipeline/alignments/depth.h"

#include "pipeline/alignments/alignments_index.h"
#include "pipeline/out/find.h"
#include "pipeline/out/weigh.h"

#include <stdlib.h>

enum { ROWS = 1 << 14, LETTERS = 1 << 22 };

static vl_code fetch(void *self, vl_slot *slot, vl_err *err)
{
    vl_depth_reading *const d = self;
    vl_depth_load *const l = slot->body;
    uint64_t first, elements = 0;
    size_t n = vl_rows_ahead(&d->rows, ROWS);
    l->plan.batch.nrow[VL_AT_ALIGNMENT] = 0;
    first = vl_rows_next(&d->rows);
    if (n && vl_weigh_rows(d->r, VL_AL_CIGAR, first, 1, LETTERS, &n, &elements, &l->work, err))
        return err->code;
    if (n && d->want[VL_AL_QUALITY] &&
        vl_weigh_rows(d->r, VL_AL_BASE, first, 1, LETTERS, &n, &elements, &l->work, err))
        return err->code;
    n = vl_rows_take(&d->rows, n, &first);
    slot->end = d->rows.at == d->rows.n;
    if (!n) return VL_OK;
    if (vl_reader_rows(d->r, &l->plan, VL_AT_ALIGNMENT, first, n, d->want, &l->work, err)) return err->code;
    return d->names ? vl_reader_referred(d->r, &l->plan, VL_AL_PLACE, first, n, NULL, &l->work, err) : VL_OK;
}

static vl_code build(void *self, vl_slot *slot, vl_err *err)
{
    const vl_depth_reading *const d = self;
    vl_depth_load *const l = slot->body;
    if (l->plan.batch.nrow[VL_AT_ALIGNMENT] && vl_reader_load(d->r, &l->plan, &l->work, err))
        return err->code;
    return d->names ? VL_OK : vl_depth_build(l, d->rule, NULL, err);
}

/* All rows, or those that may lie on the region. */
static vl_code find_rows(vl_depth_reading *d, vl_work *work, vl_err *err)
{
    const vl_region *const r = d->rule->region;
    if (!r) return vl_rows_add(&d->rows, 0, vl_reader_nrow(d->r, VL_AT_ALIGNMENT), err);
    const vl_wanted want = { .key = vl_region_key(r->contig, r->from, r->to) };
    return vl_find_may(d->r, &vl_alignments_by_place, &want, 1, work, &d->rows, err);
}

static vl_code choose_columns(vl_depth_reading *d, vl_err *err)
{
    const vl_depth_rule *const rule = d->rule;
    const int cg = vl_alignments_tag_field(vl_reader_columns(d->r)->schema, "CG:BI");
    vl_sight sight[6] = { { VL_AL_PLACE, VL_WANT_ROWS },
                          { VL_AL_CIGAR, VL_WANT_ROWS },
                          { VL_AL_MAPQ, VL_WANT_ROWS } };
    int n = 3;
    if (cg >= 0) sight[n++] = (vl_sight){ cg, VL_WANT_ROWS };
    sight[n++] = (vl_sight){ VL_AL_BASE, VL_WANT_LENGTHS };
    if (rule->quality || rule->sums) sight[n++] = (vl_sight){ VL_AL_QUALITY, VL_WANT_ROWS };
    return vl_reader_want(d->r, sight, n, &d->want, err);
}

static vl_code run_stages(vl_depth_reading *d, const vl_stage *more, int nmore, int threads, vl_err *err)
{
    vl_stage stage[VL_MAX_STAGE] = { { "fetch", VL_ORDERED, fetch, d }, { "build", VL_PARALLEL, build, d } };
    const int n = vl_slots_for(threads);
    vl_depth_load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    for (int i = 0; i < nmore; i++) stage[2 + i] = more[i];
    for (int i = 0; i < n && !err->code; i++) {
        slot[i].body = &l[i];
        vl_plan_init(&l[i].plan, d->r, err);
    }
    if (!err->code) vl_run(stage, 2 + nmore, slot, n, threads, NULL, err);
    for (int i = 0; l && i < n; i++) {
        vl_buf *const buf[] = { &l[i].change, &l[i].span,    &l[i].settled,
                                &l[i].spans,  &l[i].scratch, &l[i].text };
        for (size_t k = 0; k < sizeof buf / sizeof *buf; k++) vl_buf_free(buf[k]);
        vl_plan_free(d->r, &l[i].plan);
        vl_work_free(&l[i].work);
        free(l[i].run);
        free(l[i].stretch);
    }
    free(l);
    free(slot);
    return err->code;
}

vl_code vl_depth_read(vl_reader *r, const vl_depth_rule *rule, bool names, const vl_stage *more, int nmore,
                      int threads, vl_work *work, vl_err *err)
{
    vl_depth_reading d = { .r = r, .rule = rule, .names = names };
    if (!find_rows(&d, work, err) && !choose_columns(&d, err)) run_stages(&d, more, nmore, threads, err);
    free(d.rows.run);
    free(d.want);
    return err->code;
}
