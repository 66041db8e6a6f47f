/* Runs of rows, for view (view.h). */
#include "pipeline/out/view.h"

#include <stdlib.h>

vl_code vl_rows_add(vl_rows *rows, uint64_t first, uint64_t n, vl_err *err)
{
    if (!n) return VL_OK;
    if (rows->n && rows->run[rows->n - 1].first + rows->run[rows->n - 1].n == first) {
        rows->run[rows->n - 1].n += n;
        return VL_OK;
    }
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

size_t vl_rows_take(vl_rows *rows, size_t most, uint64_t *first)
{
    if (rows->at == rows->n) return 0;
    const uint64_t left = rows->run[rows->at].n - rows->done;
    const size_t n = left < most ? (size_t)left : most;
    *first = rows->run[rows->at].first + rows->done;
    rows->done += n;
    if (n == left) {
        rows->at++;
        rows->done = 0;
    }
    return n;
}
