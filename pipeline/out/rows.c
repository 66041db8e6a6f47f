/* Lists of rows (rows.h). */
#include "pipeline/out/rows.h"

#include <stdlib.h>

vl_code vl_rows_append(vl_rows *rows, uint64_t first, uint64_t n, vl_err *err)
{
    if (!n) return VL_OK;
    if (rows->n == rows->cap) {
        const size_t cap = rows->cap ? 2 * rows->cap : 256;
        struct vl_run_of_rows *const p = realloc(rows->run, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu rows", cap);
        rows->run = p;
        rows->cap = cap;
    }
    rows->run[rows->n].first = first;
    rows->run[rows->n++].n = n;
    return VL_OK;
}

vl_code vl_rows_add(vl_rows *rows, uint64_t first, uint64_t n, vl_err *err)
{
    struct vl_run_of_rows *const last = rows->n ? &rows->run[rows->n - 1] : NULL;
    if (!last || last->first + last->n != first) return vl_rows_append(rows, first, n, err);
    last->n += n;
    return VL_OK;
}

size_t vl_rows_ahead(const vl_rows *rows, size_t most)
{
    const uint64_t left = rows->at < rows->n ? rows->run[rows->at].n - rows->done : 0;
    return left < most ? (size_t)left : most;
}

size_t vl_rows_take(vl_rows *rows, size_t most, uint64_t *first)
{
    if (rows->at == rows->n) return 0;
    const size_t n = vl_rows_ahead(rows, most);
    *first = rows->run[rows->at].first + rows->done;
    rows->done += n;
    if (rows->done == rows->run[rows->at].n) {
        rows->at++;
        rows->done = 0;
    }
    return n;
}

vl_code vl_rows_cross(vl_rows *rows, const vl_rows *other, vl_err *err)
{
    vl_rows both = { 0 };
    for (size_t i = 0, k = 0; i < rows->n && k < other->n && !err->code;) {
        const uint64_t a = rows->run[i].first, b = other->run[k].first, ends = a + rows->run[i].n,
                       end = b + other->run[k].n, from = a > b ? a : b, to = ends < end ? ends : end;
        if (from < to) vl_rows_add(&both, from, to - from, err);
        if (ends <= end) i++;
        else k++;
    }
    free(rows->run);
    *rows = both;
    return err->code;
}

/* Adds rows [from, to), of which the first ones may be there. */
static vl_code add_new(vl_rows *rows, uint64_t from, uint64_t to, vl_err *err)
{
    const struct vl_run_of_rows *const last = rows->n ? &rows->run[rows->n - 1] : NULL;
    if (last && from < last->first + last->n) from = last->first + last->n;
    return from < to ? vl_rows_add(rows, from, to - from, err) : VL_OK;
}

vl_code vl_rows_join(vl_rows *rows, const vl_rows *other, vl_err *err)
{
    vl_rows all = { 0 };
    for (size_t i = 0, k = 0; (i < rows->n || k < other->n) && !err->code;) {
        const bool mine = k == other->n || (i < rows->n && rows->run[i].first <= other->run[k].first);
        const struct vl_run_of_rows *const next = mine ? &rows->run[i++] : &other->run[k++];
        add_new(&all, next->first, next->first + next->n, err);
    }
    free(rows->run);
    *rows = all;
    return err->code;
}

vl_code vl_rows_within(vl_rows *rows, uint64_t from, uint64_t to, vl_err *err)
{
    struct vl_run_of_rows run = { from, to < UINT64_MAX ? to + 1 - from : UINT64_MAX - from };
    const vl_rows window = { .run = &run, .n = from <= to };
    return vl_rows_cross(rows, &window, err);
}

uint64_t vl_rows_next(const vl_rows *rows)
{
    return rows->at < rows->n ? rows->run[rows->at].first + rows->done : UINT64_MAX;
}

static uint64_t end_of(const vl_rows *rows)
{
    return rows->run[rows->n - 1].first + rows->run[rows->n - 1].n;
}

bool vl_rows_near(const vl_rows *rows)
{
    enum { FEW = 1000 };
    if (!rows->n) return false;
    return end_of(rows) - rows->run[0].first <= FEW + 2 * vl_rows_count(rows);
}

double vl_rows_share(const vl_rows *rows, uint64_t first, size_t n)
{
    return n ? (double)(end_of(rows) - first) / (double)n : 1;
}

uint64_t vl_rows_count(const vl_rows *rows)
{
    uint64_t n = 0;
    for (size_t i = 0; i < rows->n; i++) n += rows->run[i].n;
    return n;
}

bool vl_rows_has(const vl_rows *rows, uint64_t row)
{
    size_t from = 0, to = rows->n;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        if (rows->run[mid].first + rows->run[mid].n <= row) from = mid + 1;
        else to = mid;
    }
    return from < rows->n && rows->run[from].first <= row;
}

vl_code vl_rows_groups(const vl_rows *rows, size_t step, uint64_t gap, vl_rows *groups, vl_err *err)
{
    uint64_t from = 0, end = 0;
    for (size_t i = 0; i < rows->n && !err->code; i++) {
        const struct vl_run_of_rows *const r = &rows->run[i];
        const uint64_t first = r->first / step, last = (r->first + r->n - 1) / step;
        if (i && first - end >= gap && first > end) {
            vl_rows_add(groups, from, end - from, err);
            from = first;
        } else if (!i) from = first;
        end = last + 1;
    }
    return vl_rows_add(groups, from, end - from, err);
}
