/*
 * Unfolding (formats/fold.h) on the way out of a store: what a plan must read beside its rows, and the rows
 * made as they were once all of it is loaded. Of the reader; nobody else needs to know that a store is
 * folded.
 */
#ifndef VL_UNFOLDING_H
#define VL_UNFOLDING_H

#include "formats/fold.h"
#include "pipeline/out/reader.h"

/* Ordered. Plans rows as vl_reader_rows does, and what tells of them. */
vl_code vl_unfolding_plan(vl_reader *r, const vl_fold *fold, vl_plan *plan, uint64_t first, size_t n,
                          const vl_want *want, vl_work *work, vl_err *err);
/* Parallel. The rows of plan->batch, which are loaded, become what they were. */
vl_code vl_unfolding_load(vl_reader *r, const vl_fold *fold, vl_plan *plan, vl_work *work, vl_err *err);
void vl_unfolding_free(vl_reader *r, vl_plan *plan);

#endif
