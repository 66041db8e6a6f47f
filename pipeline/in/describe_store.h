/*
 * The descriptions of files (out/delivered.h) added to a store from the files: a
 * new store beside it, verified, then given its name, as with reindex. What the store holds, and its
 * identity, stay.
 */
#ifndef VL_DESCRIBE_STORE_H
#define VL_DESCRIBE_STORE_H

#include "pipeline/run/progress.h"
#include "pipeline/store/store.h"

typedef struct vl_describe_store {
    const char *store;
    const char *to;          /* NULL: in its place */
    const char *const *path; /* [npath]: where its inputs are, in the order of /source/N */
    size_t npath;
    int threads;
    vl_progress_how progress;
} vl_describe_store;

typedef struct vl_described_store {
    bool current;           /* all that can be are described; nothing was written */
    uint64_t before, after; /* bytes of the store */
    char digest[65];
} vl_described_store;

/* VL_ENOIN: an input is not there any more; VL_EFORMAT: it is another file. */
vl_code vl_describe_store_run(const vl_describe_store *ask, vl_described_store *done, vl_err *err);

#endif
