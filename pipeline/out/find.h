/*
 * Finding rows: first the runs of rows that may be wanted, by an index where the store has one; then these
 * are read and looked at on all threads. A store without the index, or with one that is damaged or of other
 * columns, is looked at whole: slower, and the answer is the same.
 *
 *     fetch (ordered) -> look (parallel) -> take (ordered)
 */
#ifndef VL_FIND_H
#define VL_FIND_H

#include "pipeline/out/view.h"

/* Adds the rows of the index's table that may be one of want [n]; of no index (NULL) or no wants (NULL) all.
 * */
vl_code vl_find_may(vl_reader *r, const vl_index *x, const vl_wanted *want, size_t n, vl_work *work,
                    vl_rows *may, vl_err *err);
/* Only those in [from, to] stay. */
vl_code vl_rows_within(vl_rows *rows, uint64_t from, uint64_t to, vl_err *err);
/* Only those of another such list stay as well. */
vl_code vl_rows_cross(vl_rows *rows, const vl_rows *other, vl_err *err);

/* What is looked at of each row, and how. */
typedef struct vl_search {
    int table;        /* whose rows */
    const int *field; /* that are looked at; [nfield], of this table and of `along` */
    int nfield;
    int along;   /* table of which `step` rows belong to each row; -1: none */
    size_t step; /* its batch then has rows step * i to step * i + step - 1 for row i */
    /* Parallel. What row i of the batch is; 0: not wanted. */
    unsigned (*look)(const void *self, const vl_batch *b, size_t i);
    /* Ordered. A row that is wanted, and what look said of it. */
    vl_code (*take)(void *self, uint64_t row, unsigned what, vl_err *err);
    void *self;
} vl_search;
/* Looks at rows, which are taken out of the list. */
vl_code vl_find(vl_reader *r, const vl_search *search, vl_rows *rows, int threads, vl_err *err);

#endif
