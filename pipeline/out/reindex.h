/*
 * Reindex: the indexes of a store made again from its columns. A new file beside it, verified, then given its
 * name: whoever reads the old one goes on, and a kill leaves old or new. What the store holds, and its
 * identity, stay.
 */
#ifndef VL_REINDEX_H
#define VL_REINDEX_H

#include "pipeline/run/progress.h"
#include "pipeline/store/store.h"

typedef struct vl_reindex {
    const char *store;
    const char *to; /* NULL: in its place */
    int threads;
    vl_progress_how progress;
} vl_reindex;

typedef struct vl_reindexed {
    bool current;           /* the indexes were as they are made; nothing was written */
    uint64_t before, after; /* bytes of the store */
    char digest[65];
} vl_reindexed;

vl_code vl_reindex_run(const vl_reindex *ask, vl_reindexed *done, vl_err *err);

#endif
