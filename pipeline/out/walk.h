/*
 * The rows of a store in order, in batches as print wants them (vl_way of formats/format.h): so many rows of
 * the leading table as make about a block of text, the rows that come along, their pieces, and the part of
 * the stream they stand in.
 */
#ifndef VL_WALK_H
#define VL_WALK_H

#include "formats/format.h"
#include "pipeline/out/reader.h"

typedef struct vl_walker {
    vl_reader *r; /* borrowed */
    vl_way way;
    uint64_t next, nrow;  /* rows of the leading table: done, and all */
    int stream;           /* field; -1: none */
    uint64_t text, ntext; /* elements of the stream: done, and all */
    bool pieces;          /* its rows have some */
    size_t guess;         /* rows that the batch before had */
    bool begun;           /* there was a batch */
    vl_want *want;        /* owned; fields to read; NULL: the program's */
} vl_walker;

vl_code vl_walker_open(vl_walker *w, vl_reader *r, const vl_way *way, vl_err *err);
/* Ordered. Plans the next batch; *last: nothing follows. A store without rows is one empty batch. */
vl_code vl_walker_plan(vl_walker *w, vl_plan *plan, vl_work *work, bool *last, vl_err *err);
/* Parallel. Fills plan->batch. */
vl_code vl_walker_load(const vl_walker *w, vl_plan *plan, vl_work *work, vl_err *err);
void vl_walker_close(vl_walker *w);

#endif
