/*
 * Relabel: a copy of a store that says another sample. Sealed anew and proven; every column is what it was.
 * Its identity is another one, as that covers its notes.
 */
#ifndef VL_RELABEL_H
#define VL_RELABEL_H

#include "pipeline/run/progress.h"
#include "pipeline/store/store.h"

typedef struct vl_relabel {
    const char *store, *to, *sample;
    int threads;
} vl_relabel;

typedef struct vl_relabelled {
    vl_sealed seal;
    char digest[65];
} vl_relabelled;

/* VL_ESTORE: the store is damaged; nothing was written. */
vl_code vl_relabel_run(const vl_relabel *ask, vl_relabelled *done, vl_err *err);

#endif
