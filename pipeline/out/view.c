/* View (view.h): opens the store, lets the kind find its rows, and moves them through plan, print and emit.
 */
#include "pipeline/out/view.h"

#include "pipeline/run/run.h"

#include <stdlib.h>
#include <string.h>

typedef struct view {
    vl_viewer v;
    const vl_question *kind;
    vl_store *store;
    vl_output *out;
    vl_leaf *leaf;
    int nleaf;
} view;

static vl_code plan(void *self, vl_slot *slot, vl_err *err)
{
    view *const w = self;
    vl_leaf *const leaf = slot->body;
    leaf->n = 0;
    leaf->text.len = 0;
    if (w->v.rows.at < w->v.rows.n && w->kind->plan(&w->v, leaf, err)) return err->code;
    slot->end = w->v.rows.at == w->v.rows.n;
    return VL_OK;
}

static vl_code print(void *self, vl_slot *slot, vl_err *err)
{
    const view *const w = self;
    vl_leaf *const leaf = slot->body;
    return leaf->n ? w->kind->print(&w->v, leaf, err) : VL_OK;
}

static vl_code emit(void *self, vl_slot *slot, vl_err *err)
{
    view *const w = self;
    const vl_leaf *const leaf = slot->body;
    return vl_output_write(w->out, leaf->text.data, leaf->text.len, err);
}

static vl_code open_store(view *w, const vl_view *ask, vl_err *err)
{
    const vl_kind *kind = NULL;
    if (vl_store_open(&w->store, ask->store, err) || vl_kind_of(&kind, w->store, err)) return err->code;
    w->kind = kind->question;
    w->v.ask = ask;
    if (vl_reader_open(&w->v.r, w->store, kind->schema, kind->old, err)) return err->code;
    return w->kind->open(&w->v, err);
}

static vl_code move(view *w, int threads, vl_err *err)
{
    const vl_stage stage[] = { { "plan", VL_ORDERED, plan, w },
                               { "print", VL_PARALLEL, print, w },
                               { "emit", VL_ORDERED, emit, w } };
    vl_slot *const slot = calloc((size_t)w->nleaf, sizeof *slot);
    if (!slot) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", w->nleaf);
    for (int i = 0; i < w->nleaf; i++) slot[i].body = &w->leaf[i];
    vl_run(stage, 3, slot, w->nleaf, threads, NULL, err);
    free(slot);
    return err->code;
}

static vl_code make_leaves(view *w, int threads, vl_err *err)
{
    w->nleaf = vl_slots_for(threads);
    w->leaf = calloc((size_t)w->nleaf, sizeof *w->leaf);
    if (!w->leaf) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", w->nleaf);
    for (int i = 0; i < w->nleaf; i++)
        if (vl_plan_init(&w->leaf[i].plan, w->v.r, err)) return err->code;
    return VL_OK;
}

static vl_code print_all(view *w, const vl_view *ask, vl_err *err)
{
    vl_buf text = { 0 };
    if (w->kind->head(&w->v, &text, err) || vl_output_write(w->out, text.data, text.len, err)) goto out;
    if (move(w, ask->threads, err)) goto out;
    text.len = 0;
    if (w->kind->tail(&w->v, &text, err) || vl_output_write(w->out, text.data, text.len, err)) goto out;
    vl_output_commit(w->out, err);
out:
    vl_buf_free(&text);
    return err->code;
}

static void free_leaves(view *w)
{
    for (int i = 0; w->leaf && i < w->nleaf; i++) {
        vl_leaf *const leaf = &w->leaf[i];
        vl_plan_free(w->v.r, &leaf->plan);
        if (leaf->own && w->kind->drop) w->kind->drop(leaf);
        vl_buf_free(&leaf->text);
        vl_work_free(&leaf->work);
    }
    free(w->leaf);
}

vl_code vl_view_run(const vl_view *ask, vl_err *err)
{
    view w = { 0 };
    if (open_store(&w, ask, err)) {
        if (err->code != VL_EARG) vl_err_file(err, ask->store);
        goto out;
    }
    if (make_leaves(&w, ask->threads, err) || vl_output_open(&w.out, ask->out, ask->force, err)) goto out;
    if (print_all(&w, ask, err)) vl_err_file(err, ask->store);
out:
    free_leaves(&w);
    vl_output_close(w.out);
    if (w.kind) w.kind->close(&w.v);
    free(w.v.rows.run);
    vl_work_free(&w.v.work);
    vl_reader_close(w.v.r);
    vl_store_close(w.store);
    return err->code;
}
