/*
 * The night: what cron calls. Recover, look into the inboxes, intake, verify a part of the bank, tidy, page,
 * metrics. One at a time; what was missed on other nights is caught up with.
 */
#ifndef VL_NIGHTLY_H
#define VL_NIGHTLY_H

#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"

typedef struct vl_nightly {
    const vl_bank *bank;
    int threads, jobs; /* 0: as the bank says */
    bool dry;          /* says what it would do, on standard output, and does nothing */
    bool quiet;        /* no progress, no summary of a night on which all went well */
    vl_progress_how progress;
} vl_nightly;

/* *exit_code: 0, 65 items refused or stores damaged, 66 an inbox could not be read, 74 the disk, 75 try
 * again. */
vl_code vl_nightly_run(const vl_nightly *ask, int *exit_code, vl_err *err);

#endif
