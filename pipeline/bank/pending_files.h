/*
 * Files that are to be described while they are there (`originals = night`): by night, store after store, the
 * oldest first (renew.h, in/describe_store.h). What is gone or another file by now stays as it is; its text
 * is exact.
 */
#ifndef VL_PENDING_FILES_H
#define VL_PENDING_FILES_H

#include "pipeline/bank/catalog/catalog.h"

typedef struct vl_pending_done {
    uint64_t described; /* stores */
    uint64_t gone;      /* whose files are not there any more, or are others */
    uint64_t pending;   /* that are left, those that are gone among them */
} vl_pending_done;

typedef struct vl_pending {
    const vl_bank *bank;
    int threads;
    double until; /* s since 1970 when no further one is begun; 0: no limit */
    bool dry;     /* only counts */
    bool tell;    /* a line on standard error for each that cannot be described */
} vl_pending;
vl_code vl_pending_files(const vl_pending *ask, vl_catalog *c, vl_pending_done *done, vl_err *err);

#endif
