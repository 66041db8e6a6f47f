/* Work that is lent (works.h). */
#include "pipeline/codec/works.h"

#include <stdlib.h>

vl_code vl_works_open(vl_works *w, int n, vl_err *err)
{
    w->lent = calloc((size_t)n, sizeof *w->lent);
    if (!w->lent) return vl_fail(err, VL_ENOMEM, "no memory for codecs");
    w->n = n;
    for (int i = 0; i < n; i++) atomic_flag_clear(&w->lent[i].taken);
    return VL_OK;
}

void vl_works_free(vl_works *w)
{
    for (int i = 0; i < w->n; i++) vl_work_free(&w->lent[i].work);
    free(w->lent);
    *w = (vl_works){ 0 };
}

vl_lent *vl_works_take(const vl_works *w)
{
    int i = 0;
    while (atomic_flag_test_and_set(&w->lent[i].taken)) i = i + 1 < w->n ? i + 1 : 0;
    return &w->lent[i];
}

void vl_works_give(vl_lent *lent) { atomic_flag_clear(&lent->taken); }
