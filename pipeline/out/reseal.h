/*
 * Reseal: a store whose seal is gone or does not fit any more is proven by its own digests and sealed again.
 * A new file beside it, then given its name: a kill leaves the old or the new one, and a store that cannot be
 * proven stays as it is.
 */
#ifndef VL_RESEAL_H
#define VL_RESEAL_H

#include "pipeline/run/progress.h"
#include "pipeline/store/store.h"

typedef struct vl_reseal {
    const char *store;
    const char *to;       /* NULL: in its place */
    const char *expected; /* hash of the seal that it was published with, in hex; NULL: not known */
    bool drop;            /* what others added is taken out; else it is a reason to refuse */
    int threads;
    vl_progress_how progress;
} vl_reseal;

typedef struct vl_resealed {
    bool current;   /* it is sealed, and its bytes fit; nothing was written */
    bool same;      /* its bytes are those that it was published, or sealed, with */
    vl_sealed seal; /* of the store now */
    char digest[65];
    vl_buf dropped; /* owned by the caller: "attribute 'x' of /" and the like, one a line, ends with 0 */
} vl_resealed;

vl_code vl_reseal_run(const vl_reseal *ask, vl_resealed *done, vl_err *err);

#endif
