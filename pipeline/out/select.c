/* Selecting rows by predicates (select.h). */
#include "pipeline/out/select.h"

#include <stdlib.h>

enum { GAP = 256 }; /* rows that are looked at again rather than passed over */

/* Only those rows stay for which one predicate holds. */
static vl_code apply(vl_viewer *v, const vl_selection *s, const vl_predicate *p, vl_rows *rows, vl_err *err)
{
    vl_rows may = { 0 }, found = { 0 };
    vl_search search = {
        .table = s->table, .sight = p->sight, .along = s->along, .step = s->step, .look = p->holds, .self = v
    };
    while (search.nsight < VL_SIGHTS && p->sight[search.nsight].want) search.nsight++;
    if (!vl_rows_groups(rows, s->step, GAP, &may, err) && p->narrow) p->narrow(v, &may, err);
    if (!err->code && !vl_find(v->r, &search, &may, &found, v->ask->threads, err))
        vl_rows_cross(rows, &found, err);
    free(may.run);
    free(found.run);
    return err->code;
}

vl_code vl_select(vl_viewer *v, const vl_selection *s, uint64_t from, uint64_t to, vl_err *err)
{
    vl_rows *const rows = &v->rows;
    const uint64_t nrow = vl_reader_nrow(v->r, s->along < 0 ? s->table : s->along);
    if (vl_rows_add(rows, 0, nrow, err) || vl_rows_within(rows, from, to, err)) return err->code;
    for (const vl_predicate *p = s->predicate; p->asked && !err->code; p++)
        if (p->asked(v)) apply(v, s, p, rows, err);
    return err->code;
}
