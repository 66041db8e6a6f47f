/*
 * A chore: one change of samples, done in a worker process as it enters HDF5; the caller alone writes the
 * catalogue. The caller holds an entry of the journal meanwhile, so that the next run ends what a dead one
 * began.
 */
#ifndef VL_CHORE_H
#define VL_CHORE_H

#include "pipeline/bank/catalog/catalog.h"

typedef struct vl_chore {
    /* In the worker: what came of it, "records" (an array) and whatever else. NULL: err is set. */
    json_t *(*work)(void *self, vl_err *err);
    void *self;
    bool settled; /* out: nothing was left half done */
} vl_chore;

/* What the worker said; its records are in the catalogue, all in one transaction. NULL: err is set. The
 * caller owns it. */
json_t *vl_chore_run(vl_chore *chore, vl_catalog *c, vl_err *err);

#endif
