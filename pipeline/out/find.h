/*
 * Finding rows: first the runs of rows that may be wanted, by an index where the store has one; then these
 * are read and looked at on all threads. A store without the index, or with one that is damaged or of other
 * columns, is looked at whole: slower, and the answer is the same.
 *
 *     fetch (ordered) -> look (parallel) -> add (ordered)
 */
#ifndef VL_FIND_H
#define VL_FIND_H

#include "pipeline/index/index.h"
#include "pipeline/out/reader.h"
#include "pipeline/out/rows.h"

/* Adds the rows of the index's table that may be one of want [n]; of no index (NULL) or no wants (NULL) all.
 * */
vl_code vl_find_may(vl_reader *r, const vl_index *x, const vl_wanted *want, size_t n, vl_work *work,
                    vl_rows *may, vl_err *err);
/* What is looked at of each row, and how. */
typedef struct vl_search {
    int table;             /* whose rows */
    const vl_sight *sight; /* what is looked at; [nsight], fields of this table and of `along` */
    int nsight;
    int along;   /* table of which `step` rows belong to each row; -1: none, and step is 1 */
    size_t step; /* its batch then has rows step * i to step * i + step - 1 for row i; at most 8 */
    /* Parallel. Of the n rows of the batch, sets what [n], which is zero: bit m of what[i] for row
     * step * i + m, if that one is found. */
    vl_code (*look)(const void *self, const vl_batch *b, size_t n, uint8_t *what, vl_err *err);
    const void *self;
} vl_search;
/* Looks at rows, which are taken out of the list; adds those of `along` that are found. */
vl_code vl_find(vl_reader *r, const vl_search *search, vl_rows *rows, vl_rows *found, int threads,
                vl_err *err);

#endif
