/*
 * HDF5 within bounds while it opens a store. Tables of a damaged store can make it ask for gigabytes, turn in
 * a circle, or die; its checksums find what was flipped, not what was written so. While it works it gets the
 * memory and the time that a store of that size can need, and the guard knows what it works on (guard.h).
 */
#ifndef VL_CONFINE_H
#define VL_CONFINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

typedef struct vl_confined {
    struct rlimit memory; /* as it was */
} vl_confined;

/* bytes: of the store. One thread works. */
void vl_confine(vl_confined *was, uint64_t bytes);
void vl_unconfine(const vl_confined *was);
/* Is there as much memory as a confined call could have had? Then what failed for want of it asked for
 * more. */
bool vl_confine_was_enough(uint64_t bytes);

#endif
