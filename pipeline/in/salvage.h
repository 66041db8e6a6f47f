/*
 * Salvage: of a damaged input the whole records before its damage. Ingest tries it as if it were whole; what
 * is found to be wrong says where the damage is, and the inputs are read once more up to there. What was
 * damaged stands in the store, which is of that part of the input alone.
 */
#ifndef VL_SALVAGE_H
#define VL_SALVAGE_H

#include "pipeline/in/cut.h"
#include "pipeline/store/store.h"

/* VL_EARG: what such inputs can not. */
vl_code vl_salvage_check(const vl_inputs *inputs, bool described, vl_err *err);
/* After a run that failed: is it damage, and less to be read than that run did? Then s says so and the error
 * is cleared. */
bool vl_salvage_again(vl_salvage *s, const uint64_t damage[VL_MAX_STREAM], vl_err *err);
/* VL_ETRUNC: nothing whole was read. Else what was damaged, and how much of the text was left out, into the
 * store. */
vl_code vl_salvage_note(const vl_salvage *s, const vl_cutter *c, vl_store *store, vl_err *err);

#endif
