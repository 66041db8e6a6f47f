/*
 * What codecs need, lent to those who work at the moment: there are fewer of them than slots, and memory that
 * was just used is quicker than that of another slot.
 */
#ifndef VL_WORKS_H
#define VL_WORKS_H

#include "pipeline/codec/codec.h"

#include <stdatomic.h>

typedef struct vl_lent {
    vl_work work;
    atomic_flag taken;
} vl_lent;

/* Starts as { 0 }. */
typedef struct vl_works {
    vl_lent *lent; /* owned; [n] */
    int n;
} vl_works;

/* n: that may be taken at a time. */
vl_code vl_works_open(vl_works *w, int n, vl_err *err);
void vl_works_free(vl_works *w);

/* Any thread. The first that nobody has; no more than n may be taken. */
vl_lent *vl_works_take(const vl_works *w);
void vl_works_give(vl_lent *lent);

#endif
