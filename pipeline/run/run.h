/*
 * The runner: batches move through stages on slots; the only threads we have.
 *
 * A slot carries one batch through all stages, left to right. An ordered stage handles slots one at a time in
 * input order; a parallel stage handles many at once. There are as many threads as may compute, `-@ 2` is
 * two, and a few slots more: a batch that waits for its turn at an ordered stage keeps no thread, only its
 * slot.
 *
 * When slot k fails, later slots stop and all earlier ones still reach the end. What went through the last
 * stage is a clean prefix, and that prefix and the error are the same for 1 slot and for 64.
 */
#ifndef VL_RUN_H
#define VL_RUN_H

#include "formats/err.h"
#include <stdbool.h>

typedef struct vl_slot {
    uint64_t seq; /* 0, 1, 2 ...: which batch this is */
    bool end; /* set by an ordered stage: no batch follows this one, those under way behind it are dropped */
    void *body; /* what the stages work on; the caller's, one for each slot, reused */
} vl_slot;

typedef enum vl_order { VL_ORDERED, VL_PARALLEL } vl_order;

typedef struct vl_stage {
    const char *name; /* in --stats */
    vl_order order;
    vl_code (*run)(void *self, vl_slot *slot, vl_err *err);
    void *self; /* ordered: may change; parallel: read only */
} vl_stage;

enum { VL_MAX_STAGE = 16, VL_MAX_SLOT = 512 };

/* Cores this process may use. */
int vl_cores(void);

/* Slots that keep `threads` threads busy: two more, for batches that wait. */
int vl_slots_for(int threads);

/* Runs until a slot has passed all stages with end set, or an error. slot [nslot]: body is set by the caller.
 * seconds [nstage], if not NULL, gets the time spent in each stage, summed over threads. */
vl_code vl_run(const vl_stage *stage, int nstage, vl_slot *slot, int nslot, int threads, double *seconds,
               vl_err *err);

#endif
