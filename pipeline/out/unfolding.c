/* Rows that are not stored as they were (unfolding.h). */
#include "pipeline/out/unfolding.h"

#include <stdlib.h>
#include <string.h>

struct vl_unfolding {
    vl_plan near; /* rows around those wanted; before that, the rows, for fold->reach */
    vl_want *want, *rows, *around, *reach; /* owned; [nfield]: asked for; needed (vl_fold_needs) */
    vl_span told[2];
    vl_buf elements[2], room[VL_FOLD_ROOM];
    vl_fold_reach reached;
    bool pending; /* the rows that are planned are to be unfolded */
};

static vl_code make(vl_reader *r, vl_plan *plan, vl_err *err)
{
    if (plan->unfolding) return VL_OK;
    struct vl_unfolding *const u = plan->unfolding = calloc(1, sizeof *u);
    if (!u) return vl_fail(err, VL_ENOMEM, "no memory for a plan");
    u->told[0].column = u->told[1].column = -1;
    vl_want **const all[] = { &u->want, &u->rows, &u->around, &u->reach };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (vl_reader_want(r, NULL, 0, all[i], err)) return err->code;
    return vl_plan_init(&u->near, r, err);
}

static bool any(const vl_want *want, int n)
{
    for (int f = 0; f < n; f++)
        if (want[f]) return true;
    return false;
}

/* What is wanted, and what is needed for it. told: fields whose elements tell; -1. */
static void ask(const vl_reader *r, const vl_fold *fold, struct vl_unfolding *u, const vl_want *want,
                int told[2])
{
    const vl_columns *const c = vl_reader_columns(r);
    const size_t bytes = (size_t)c->schema->nfield * sizeof *want;
    for (int f = 0; f < c->schema->nfield; f++)
        u->want[f] = want ? want[f] : f < c->nprogram ? VL_WANT_ROWS : VL_WANT_NOT;
    memcpy(u->rows, u->want, bytes);
    memset(u->around, 0, bytes);
    memset(u->reach, 0, bytes);
    vl_fold_needs needs = { u->rows, u->around, u->reach, { -1, -1 } };
    fold->needs(c->schema, &needs);
    told[0] = needs.told[0];
    told[1] = needs.told[1];
}

/* Elements that tell of rows, and rows around them: whether, and which, the rows themselves say. */
static vl_code plan_reach(vl_reader *r, const vl_fold *fold, struct vl_unfolding *u, uint64_t first, size_t n,
                          vl_work *work, vl_err *err)
{
    u->reached = (vl_fold_reach){ 0 };
    if (!any(u->reach, vl_reader_columns(r)->schema->nfield)) return VL_OK;
    if (vl_reader_stored(r, &u->near, fold->table, first, n, u->reach, work, err) ||
        vl_reader_load_stored(r, &u->near, work, err))
        return err->code;
    return fold->reach(&u->near.batch, &u->reached, err);
}

static vl_code plan_told(vl_reader *r, struct vl_unfolding *u, const int told[2], vl_err *err)
{
    const uint64_t from = u->reached.from, n = u->reached.to - from;
    for (int i = 0; i < 2; i++)
        if (told[i] >= 0 && vl_reader_span(r, &u->told[i], vl_reader_column(r, told[i]), from, n, err))
            return err->code;
    return VL_OK;
}

static vl_code plan_near(vl_reader *r, const vl_fold *fold, struct vl_unfolding *u, uint64_t first, size_t n,
                         vl_work *work, vl_err *err)
{
    const uint64_t all = vl_reader_nrow(r, fold->table), before = first < fold->near ? first : fold->near;
    const uint64_t left = all - first - n, behind = left < fold->near ? left : fold->near;
    u->near.batch.nrow[fold->table] = 0;
    if (!u->reached.near || !any(u->around, vl_reader_columns(r)->schema->nfield)) return VL_OK;
    return vl_reader_stored(r, &u->near, fold->table, first - before, (size_t)(before + n + behind),
                            u->around, work, err);
}

vl_code vl_unfolding_plan(vl_reader *r, const vl_fold *fold, vl_plan *plan, uint64_t first, size_t n,
                          const vl_want *want, vl_work *work, vl_err *err)
{
    int told[2];
    if (make(r, plan, err)) return err->code;
    struct vl_unfolding *const u = plan->unfolding;
    ask(r, fold, u, want, told);
    u->pending = false;
    if (vl_reader_stored(r, plan, fold->table, first, n, u->rows, work, err)) return err->code;
    if (n && (plan_reach(r, fold, u, first, n, work, err) || plan_told(r, u, told, err) ||
              plan_near(r, fold, u, first, n, work, err)))
        return err->code;
    u->pending = n > 0;
    return VL_OK;
}

vl_code vl_unfolding_load(vl_reader *r, const vl_fold *fold, vl_plan *plan, vl_work *work, vl_err *err)
{
    struct vl_unfolding *const u = plan->unfolding;
    if (!u || !u->pending) return VL_OK;
    u->pending = false;
    if (vl_reader_load_span(r, &u->told[0], &u->elements[0], work, err) ||
        vl_reader_load_span(r, &u->told[1], &u->elements[1], work, err) ||
        (u->near.batch.nrow[fold->table] && vl_reader_load_stored(r, &u->near, work, err)))
        return err->code;
    const vl_folded f = { &plan->batch,    u->want,
                          &u->near.batch,  { u->elements[0].data, u->elements[1].data },
                          u->reached.from, u->reached.to,
                          u->room };
    return vl_err_file(err, fold->unfold(&f, err) ? vl_store_path(vl_reader_store(r)) : NULL);
}

void vl_unfolding_free(vl_reader *r, vl_plan *plan)
{
    struct vl_unfolding *const u = plan->unfolding;
    if (!u) return;
    for (int i = 0; i < 2; i++) {
        if (r) vl_reader_drop_span(r, &u->told[i]);
        vl_span_free(&u->told[i]);
        vl_buf_free(&u->elements[i]);
    }
    vl_plan_free(r, &u->near);
    vl_want *const all[] = { u->want, u->rows, u->around, u->reach };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    for (size_t i = 0; i < sizeof u->room / sizeof *u->room; i++) vl_buf_free(&u->room[i]);
    free(u);
    plan->unfolding = NULL;
}
