/* The rows that indexes are made from, out of a store (indexing.h): plan (ordered) -> keys (parallel) -> add
 * (ordered). */
#include "pipeline/out/indexing.h"

#include "pipeline/run/run.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

enum { ROWS = 1 << 14 };

/* What one slot carries. */
typedef struct load {
    vl_plan plan;
    vl_index_parts parts;
    vl_work work;
} load;

typedef struct walk {
    vl_indexing *ix;
    vl_reader *r;
    const vl_index *const *index;
    vl_want *want; /* owned; [nfield] */
    int table;     /* whose rows are walked */
    uint64_t next, nrow;
    vl_work work;         /* of add */
    pthread_mutex_t hdf5; /* one stage reads a store, and another may write one */
} walk;

/* Only the offsets of the field that weighs: what its elements are is all one. */
static vl_code plan_weight(walk *w, load *l, int field, uint64_t first, size_t n, vl_err *err)
{
    vl_batch *const b = &l->plan.batch;
    const int table = b->schema->field[field].table;
    const uint64_t all = vl_reader_nrow(w->r, table), step = all / w->nrow;
    vl_column *const c = &b->col[field];
    if (all % w->nrow || step > 16)
        return vl_fail(err, VL_ESTORE, "%" PRIu64 " rows of %s for %" PRIu64 " of %s", all,
                       b->schema->table[table], w->nrow, b->schema->table[w->table]);
    c->nrow = 0;
    b->nrow[table] = n * step;
    if (vl_rows_grow(c, n * step, err)) return err->code;
    return vl_reader_offsets(w->r, field, first * step, n * step, c->offset, &l->work, err);
}

static vl_code plan_rows(walk *w, load *l, vl_slot *slot, vl_err *err)
{
    const uint64_t left = w->nrow - w->next;
    const size_t n = left < ROWS ? (size_t)left : ROWS;
    if (vl_reader_rows(w->r, &l->plan, w->table, w->next, n, w->want, &l->work, err)) return err->code;
    for (int i = 0; w->index[i]; i++) {
        const vl_index *const x = w->index[i];
        if (l->plan.batch.schema->field[x->field].table == w->table && x->weigh >= 0 &&
            plan_weight(w, l, x->weigh, w->next, n, err))
            return err->code;
    }
    w->next += n;
    slot->end = w->next == w->nrow;
    return VL_OK;
}

static vl_code plan(void *self, vl_slot *slot, vl_err *err)
{
    walk *const w = self;
    pthread_mutex_lock(&w->hdf5);
    plan_rows(w, slot->body, slot, err);
    pthread_mutex_unlock(&w->hdf5);
    return err->code;
}

static vl_code keys(void *self, vl_slot *slot, vl_err *err)
{
    const walk *const w = self;
    load *const l = slot->body;
    if (vl_reader_load(w->r, &l->plan, &l->work, err)) return err->code;
    return vl_indexing_part(w->ix, &l->plan.batch, w->table, &l->parts, err);
}

static vl_code add(void *self, vl_slot *slot, vl_err *err)
{
    walk *const w = self;
    const load *const l = slot->body;
    pthread_mutex_lock(&w->hdf5);
    vl_indexing_add(w->ix, &l->parts, &w->work, err);
    pthread_mutex_unlock(&w->hdf5);
    return err->code;
}

static vl_code walk_table(walk *w, int threads, vl_err *err)
{
    const vl_stage stage[] = { { "plan", VL_ORDERED, plan, w },
                               { "keys", VL_PARALLEL, keys, w },
                               { "add", VL_ORDERED, add, w } };
    const int n = vl_slots_for(threads);
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    for (int i = 0; i < n && !err->code; i++) {
        slot[i].body = &l[i];
        vl_plan_init(&l[i].plan, w->r, err);
    }
    if (!err->code) vl_run(stage, 3, slot, n, threads, NULL, err);
    for (int i = 0; l && i < n; i++) {
        vl_plan_free(w->r, &l[i].plan);
        vl_index_parts_free(&l[i].parts);
        vl_work_free(&l[i].work);
    }
    free(l);
    free(slot);
    return err->code;
}

vl_code vl_indexing_walk(vl_indexing *ix, vl_reader *r, int threads, vl_err *err)
{
    const vl_schema *const schema = vl_reader_columns(r)->schema;
    walk w = { .ix = ix, .r = r, .index = vl_indexing_list(ix) };
    pthread_mutex_init(&w.hdf5, NULL);
    if (!(w.want = calloc((size_t)schema->nfield + 1, sizeof *w.want)))
        vl_fail(err, VL_ENOMEM, "no memory for indexes");
    for (int i = 0; w.index && w.index[i] && !err->code; i++) w.want[w.index[i]->field] = VL_WANT_ROWS;
    for (w.table = 0; w.table < schema->ntable && !err->code; w.table++) {
        w.next = 0;
        w.nrow = vl_reader_nrow(r, w.table);
        if (w.nrow && vl_indexing_needs(ix, schema, w.table)) walk_table(&w, threads, err);
    }
    pthread_mutex_destroy(&w.hdf5);
    free(w.want);
    vl_work_free(&w.work);
    return err->code;
}
