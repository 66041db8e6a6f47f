/*
 * Counts by a key that few of all possible ones have: a table that grows with the keys there are. Sums do not
 * depend on the order in which they are made.
 */
#ifndef VL_READS_COUNTS_H
#define VL_READS_COUNTS_H

#include "pipeline/store/store.h"

typedef struct vl_counts {
    struct vl_count {
        uint64_t key, n; /* n is 0: free */
    } * at;              /* owned; [cap] */
    size_t used, cap;    /* cap: a power of 2 */
} vl_counts;

/* A key of two numbers; they are sorted by the first. */
static inline uint64_t vl_count_key(uint64_t first, uint64_t second) { return first << 32 | second; }

vl_code vl_counts_add(vl_counts *c, uint64_t key, uint64_t n, vl_err *err);
vl_code vl_counts_merge(vl_counts *into, const vl_counts *from, vl_err *err);
/* As a table [2][used], or [3][used] of keys of two numbers: a line each of the keys, ascending, and one of
 * the counts. Nothing without counts. axis: what the lines are. */
vl_code vl_counts_store(const vl_counts *c, vl_store *st, const char *path, bool two, const char *axis,
                        const char *doc, vl_err *err);
void vl_counts_free(vl_counts *c);

#endif
