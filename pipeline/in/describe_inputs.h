/*
 * Descriptions of the files that a store is made of (out/delivered.h), read a second time: beside its columns
 * as it is written, or by night into a copy of it.
 */
#ifndef VL_DESCRIBE_INPUTS_H
#define VL_DESCRIBE_INPUTS_H

#include "pipeline/in/cut.h"
#include "pipeline/in/originals_when.h"
#include "pipeline/out/delivered.h"
#include "pipeline/run/progress.h"

typedef struct vl_describe_inputs {
    const char *const *path; /* [all->n] */
    vl_delivered *all;       /* what the store is to say of each; its states are filled in */
    bool now;                /* else they are pending, all that can be described */
    int threads;
    vl_progress_how progress;
} vl_describe_inputs;

/* Writes both data sets into a store that is being written, or none where no file can be described.
 * VL_EFORMAT: a file is not the one that came in. */
vl_code vl_describe_into(vl_store *to, const vl_describe_inputs *ask, vl_err *err);
/* The same of files that were read to their end just now. */
typedef struct vl_describe_how {
    bool now;
    int threads;
    uint64_t max_memory; /* as of ingest: fewer threads, if need be; 0: no limit */
    vl_progress_how progress;
} vl_describe_how;
vl_code vl_describe_cut(vl_store *to, const vl_cutter *cutter, const vl_describe_how *how, vl_err *err);

#endif
