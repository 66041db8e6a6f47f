/*
 * Traces in the order in which they were asked for (xic.h), a few to a slot: pick (ordered) -> print
 * (parallel) -> emit (ordered); block after block of targets.
 */
#include "pipeline/run/run.h"
#include "pipeline/spectra/xic.h"

#include <stdlib.h>
#include <string.h>

enum {
    AT_ONCE = 8,     /* targets of a slot: as many numbers as lie beside each other in a line of the cache */
    VALUES = 1 << 25 /* of a block, at most */
};

/* What one slot carries. */
typedef struct load {
    size_t from, to; /* targets */
    double *value;   /* owned; [AT_ONCE][nrow] */
    size_t *row;     /* owned; [AT_ONCE][nrow] */
    size_t n[AT_ONCE];
    vl_buf text;
} load;

typedef struct printing {
    vl_xic *x;
    const vl_xic_form *form;
    size_t next; /* target */
} printing;

static vl_code pick(void *self, vl_slot *slot, vl_err *err)
{
    printing *const p = self;
    load *const l = slot->body;
    l->from = p->next;
    l->to = p->next = p->x->to - p->next < AT_ONCE ? p->x->to : p->next + AT_ONCE;
    slot->end = p->next == p->x->to;
    return err->code;
}

static vl_code print(void *self, vl_slot *slot, vl_err *err)
{
    const printing *const p = self;
    const vl_xic *const x = p->x;
    load *const l = slot->body;
    const size_t width = x->to - x->from, n = l->to - l->from;
    memset(l->n, 0, sizeof l->n);
    l->text.len = 0;
    for (size_t i = 0; i < x->nrow; i++) {
        const double *const value = x->value + i * width + (l->from - x->from);
        for (size_t k = 0; k < n; k++) {
            if (!vl_xic_looks(x, &x->target[l->from + k], &x->row[i])) continue;
            l->value[k * x->nrow + l->n[k]] = value[k];
            l->row[k * x->nrow + l->n[k]++] = i;
        }
    }
    for (size_t k = 0; k < n; k++)
        if (p->form->trace(x, l->from + k, l->value + k * x->nrow, l->row + k * x->nrow, l->n[k], &l->text,
                           err))
            return err->code;
    return VL_OK;
}

static vl_code emit(void *self, vl_slot *slot, vl_err *err)
{
    const printing *const p = self;
    const vl_buf *const text = &((const load *)slot->body)->text;
    if (p->form->late) return vl_buf_append(&p->x->collected, text->data, text->len, err);
    return vl_output_put(p->x->job->out, text, err);
}

static vl_code print_block(vl_xic *x, const vl_xic_form *form, vl_err *err)
{
    printing p = { x, form, x->from };
    const vl_stage stage[] = { { "pick", VL_ORDERED, pick, &p },
                               { "print", VL_PARALLEL, print, &p },
                               { "emit", VL_ORDERED, emit, &p } };
    const int threads = x->to - x->from > AT_ONCE ? x->job->ask->threads : 1, n = vl_slots_for(threads);
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    for (int i = 0; i < n && !err->code; i++) {
        slot[i].body = &l[i];
        l[i].value = malloc((x->nrow + 1) * AT_ONCE * sizeof *l[i].value);
        l[i].row = malloc((x->nrow + 1) * AT_ONCE * sizeof *l[i].row);
        if (!l[i].value || !l[i].row) vl_fail(err, VL_ENOMEM, "no memory for %zu spectra", x->nrow);
    }
    if (!err->code) vl_run(stage, 3, slot, n, threads, NULL, err);
    for (int i = 0; l && i < n; i++) {
        free(l[i].value);
        free(l[i].row);
        vl_buf_free(&l[i].text);
    }
    free(l);
    free(slot);
    return err->code;
}

/* ---- blocks ---- */

/* A target and where its window begins. */
typedef struct key {
    double low;
    size_t target;
} key;

static int ascending(const void *a, const void *b)
{
    const key *const x = a, *const y = b;
    if (x->low != y->low) return x->low < y->low ? -1 : 1;
    return (x->target > y->target) - (x->target < y->target);
}

static vl_code sort_block(vl_xic *x, vl_err *err)
{
    const size_t n = x->to - x->from;
    key *const keys = malloc(n * sizeof *keys);
    if (!keys) return vl_fail(err, VL_ENOMEM, "no memory for %zu targets", n);
    x->widest = 0;
    for (size_t i = 0; i < n; i++) {
        const vl_xic_target *const t = &x->target[x->from + i];
        keys[i] = (key){ t->low, x->from + i };
        /* a little more, as the difference was rounded */
        if (t->mz > 0 && t->high - t->low > x->widest) x->widest = (t->high - t->low) * (1 + 1e-9) + 1e-9;
    }
    qsort(keys, n, sizeof *keys, ascending);
    for (size_t i = 0; i < n; i++) x->order[i] = keys[i].target;
    free(keys);
    return VL_OK;
}

static vl_code put(vl_xic *x, vl_code (*make)(vl_xic *x, vl_buf *text, vl_err *err), vl_err *err)
{
    vl_buf text = { 0 };
    if (make && !make(x, &text, err)) vl_output_put(x->job->out, &text, err);
    vl_buf_free(&text);
    return err->code;
}

vl_code vl_xic_print(vl_xic *x, const vl_xic_form *form, vl_err *err)
{
    size_t most = VALUES / (x->nrow + 1);
    most = most < AT_ONCE ? AT_ONCE : most;
    if (most > x->ntarget) most = x->ntarget;
    x->order = malloc((most + 1) * sizeof *x->order);
    x->value = calloc((x->nrow + 1) * (most + 1), sizeof *x->value);
    if (!x->order || !x->value)
        return vl_fail(err, VL_ENOMEM, "no memory for %zu targets in %zu spectra", most, x->nrow);
    if (put(x, form->head, err)) return err->code;
    for (x->from = 0; x->from < x->ntarget && !err->code; x->from = x->to) {
        x->to = x->ntarget - x->from < most ? x->ntarget : x->from + most;
        if (!sort_block(x, err) && !(x->nrow && vl_xic_sum(x, err))) print_block(x, form, err);
    }
    return err->code ? err->code : put(x, form->tail, err);
}
