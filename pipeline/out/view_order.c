/* Rows in an order of their own (view_order.h). */
#include "pipeline/out/view_order.h"

#include <stdlib.h>

enum { LEAST = 256, BLOCK = 1 << 20 };

struct vl_view_order {
    const uint64_t *row; /* borrowed; [n] */
    size_t n, window;    /* rows in all, and at a time */
    size_t from, to;     /* of the order: what is under way */
    vl_rows sorted;      /* those rows, once each; owned */
    vl_buf text;
    uint64_t *end; /* owned; [window]: of the texts of sorted rows */
    size_t nend;
};

/* Bytes that a row has in the store before it is packed. */
static uint64_t weight(const vl_viewer *v)
{
    const vl_columns *const c = vl_reader_columns(v->r);
    uint64_t bytes = 0;
    for (int f = 0; f < c->schema->nfield; f++)
        if (c->column[f] >= 0)
            bytes += vl_store_column(vl_reader_store(v->r), c->column[f])->nelem *
                     vl_type_width(c->schema->field[f].type);
    return c->nrow[0] ? bytes / c->nrow[0] + 1 : 1;
}

vl_code vl_view_order_open(vl_view_order **out, const vl_viewer *v, vl_err *err)
{
    vl_view_order *const o = *out = calloc(1, sizeof *o);
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory for an order");
    o->row = v->order;
    o->n = v->norder;
    const uint64_t most = VL_VIEW_ORDER_BYTES / weight(v);
    o->window = most > LEAST ? (size_t)most : LEAST;
    if (o->window > o->n) o->window = o->n;
    o->end = malloc((o->window + 1) * sizeof *o->end);
    o->sorted.run = malloc((o->window + 1) * sizeof *o->sorted.run);
    return o->end && o->sorted.run ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for %zu rows", o->window);
}

static int by_row(const void *a, const void *b)
{
    const struct vl_run_of_rows *const x = a, *const y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

vl_code vl_view_order_next(vl_view_order *o, vl_rows *rows, vl_err *err)
{
    struct vl_run_of_rows *const run = o->sorted.run;
    o->from = o->to;
    o->to = o->n - o->from < o->window ? o->n : o->from + o->window;
    o->text.len = o->nend = 0;
    size_t n = 0;
    for (size_t i = o->from; i < o->to; i++) run[n++] = (struct vl_run_of_rows){ o->row[i], 1 };
    if (n) qsort(run, n, sizeof *run, by_row);
    o->sorted.n = 0;
    for (size_t i = 0; i < n; i++)
        if (!i || run[i].first != run[i - 1].first) run[o->sorted.n++] = run[i];
    rows->n = rows->at = 0;
    for (size_t i = 0; i < o->sorted.n && !err->code; i++) vl_rows_append(rows, run[i].first, 1, err);
    return err->code;
}

vl_code vl_view_order_add(vl_view_order *o, const vl_buf *text, const vl_buf *ends, vl_err *err)
{
    for (size_t at = 0; at < ends->len; at += 8) o->end[o->nend++] = o->text.len + vl_le64(ends->data + at);
    return text->len ? vl_buf_append(&o->text, text->data, text->len, err) : VL_OK;
}

/* Which of the sorted rows this one is. */
static size_t place(const vl_view_order *o, uint64_t row)
{
    const struct vl_run_of_rows key = { row, 1 };
    const struct vl_run_of_rows *const at = bsearch(&key, o->sorted.run, o->sorted.n, sizeof key, by_row);
    return (size_t)(at - o->sorted.run);
}

vl_code vl_view_order_put(vl_view_order *o, vl_output *out, vl_err *err)
{
    vl_buf block = { 0 };
    for (size_t i = o->from; i < o->to && !err->code; i++) {
        const size_t k = place(o, o->row[i]);
        const uint64_t from = k ? o->end[k - 1] : 0;
        if (vl_buf_append(&block, o->text.data + from, o->end[k] - from, err) || block.len < BLOCK) continue;
        vl_output_put(out, &block, err);
        block.len = 0;
    }
    if (!err->code && block.len) vl_output_put(out, &block, err);
    vl_buf_free(&block);
    return err->code;
}

void vl_view_order_close(vl_view_order *o)
{
    if (!o) return;
    free(o->sorted.run);
    free(o->end);
    vl_buf_free(&o->text);
    free(o);
}
