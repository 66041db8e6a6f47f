/*
 * Counts of sites of a store that came in without them, or by another list (alignments_sites.h):
 *
 *     fetch rows that may lie on sites (ordered) -> load, hits (parallel) -> take (ordered)
 */
#include "pipeline/alignments/alignments_sites.h"

#include "pipeline/alignments/alignments_counts.h"
#include "pipeline/alignments/alignments_index.h"
#include "pipeline/out/find.h"
#include "pipeline/out/weigh.h"
#include "pipeline/run/run.h"

#include <stdlib.h>

enum { ROWS = 1 << 14, LETTERS = 1 << 22 };

typedef struct load {
    vl_plan plan;
    vl_work work;
    vl_buf hits;
} load;

typedef struct counting {
    vl_sites_laid *laid;
    vl_reader *r;
    vl_rows rows;
    vl_want *want; /* owned */
} counting;

/* ---- stages ---- */

static vl_code fetch(void *self, vl_slot *slot, vl_err *err)
{
    counting *const c = self;
    load *const l = slot->body;
    uint64_t first = vl_rows_next(&c->rows), elements;
    size_t n = vl_rows_ahead(&c->rows, ROWS);
    l->plan.batch.nrow[VL_AT_ALIGNMENT] = 0;
    if (n && (vl_weigh_rows(c->r, VL_AL_CIGAR, first, 1, LETTERS, &n, &elements, &l->work, err) ||
              vl_weigh_rows(c->r, VL_AL_BASE, first, 1, LETTERS, &n, &elements, &l->work, err)))
        return err->code;
    n = vl_rows_take(&c->rows, n, &first);
    slot->end = c->rows.at == c->rows.n;
    return n ? vl_reader_rows(c->r, &l->plan, VL_AT_ALIGNMENT, first, n, c->want, &l->work, err) : VL_OK;
}

static vl_code hit(void *self, vl_slot *slot, vl_err *err)
{
    const counting *const c = self;
    load *const l = slot->body;
    if (!l->plan.batch.nrow[VL_AT_ALIGNMENT]) return VL_OK;
    if (vl_reader_load(c->r, &l->plan, &l->work, err)) return err->code;
    return vl_sites_hit(c->laid, &l->plan.batch, &l->hits, err);
}

static vl_code take(void *self, vl_slot *slot, vl_err *err)
{
    counting *const c = self;
    load *const l = slot->body;
    (void)err;
    vl_sites_take(c->laid, &l->hits);
    return VL_OK;
}

/* ---- which rows ---- */

/* Regions around sites, those together that are less than `gap` apart. NULL: only counts them. */
static size_t join(const vl_sites_laid *l, int64_t gap, vl_wanted *want)
{
    size_t n = 0;
    for (size_t c = 0; c < l->ncontig; c++)
        for (size_t i = l->on[c].from, k; i < l->on[c].to; i = k) {
            const vl_site *const site = l->list->site;
            for (k = i + 1; k < l->on[c].to && site[k].position - site[k - 1].position < gap;) k++;
            if (want)
                want[n] = (vl_wanted){ .key = vl_region_key((int64_t)c, site[i].position,
                                                            site[k - 1].position + 1) };
            n++;
        }
    return n;
}

/* A look-up takes its time for each region and each unit of the index: sites that are many are near to each
 * other anyway. */
static vl_code find_rows(counting *c, vl_work *work, vl_err *err)
{
    enum { MOST = 4096 };
    int64_t gap = 1000; /* about what the reads of a fragment cover */
    while (join(c->laid, gap, NULL) > MOST) gap *= 2;
    vl_wanted *const want = calloc(MOST + 1, sizeof *want);
    if (!want) return vl_fail(err, VL_ENOMEM, "no memory for regions");
    const size_t n = join(c->laid, gap, want);
    if (n) vl_find_may(c->r, &vl_alignments_by_place, want, n, work, &c->rows, err);
    free(want);
    return err->code;
}

static vl_code choose_columns(counting *c, vl_err *err)
{
    const int cg = vl_alignments_tag_field(vl_reader_columns(c->r)->schema, "CG:BI");
    const vl_sight sight[] = { { VL_AL_PLACE, VL_WANT_ROWS },   { VL_AL_MAPQ, VL_WANT_ROWS },
                               { VL_AL_CIGAR, VL_WANT_ROWS },   { VL_AL_BASE, VL_WANT_ROWS },
                               { VL_AL_QUALITY, VL_WANT_ROWS }, { cg, VL_WANT_ROWS } };
    return vl_reader_want(c->r, sight, cg < 0 ? 5 : 6, &c->want, err);
}

/* ---- the whole ---- */

static vl_code run_stages(counting *c, int threads, vl_err *err)
{
    const vl_stage stage[] = { { "fetch", VL_ORDERED, fetch, c },
                               { "hit", VL_PARALLEL, hit, c },
                               { "take", VL_ORDERED, take, c } };
    const int n = vl_slots_for(threads);
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    for (int i = 0; i < n && !err->code; i++) {
        slot[i].body = &l[i];
        vl_plan_init(&l[i].plan, c->r, err);
    }
    if (!err->code) vl_run(stage, 3, slot, n, threads, NULL, err);
    for (int i = 0; l && i < n; i++) {
        vl_plan_free(c->r, &l[i].plan);
        vl_work_free(&l[i].work);
        vl_buf_free(&l[i].hits);
    }
    free(l);
    free(slot);
    return err->code;
}

vl_code vl_sites_of_rows(vl_sites_laid *l, vl_reader *r, int threads, vl_work *work, vl_err *err)
{
    counting c = { .laid = l, .r = r };
    if (!find_rows(&c, work, err) && c.rows.n && !choose_columns(&c, err)) run_stages(&c, threads, err);
    free(c.rows.run);
    free(c.want);
    return err->code;
}
