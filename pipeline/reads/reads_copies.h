/*
 * How often whole reads, or pairs as one, occur: of all of them, wherever they stand.
 *
 * Each has a hash. As long as there are few distinct ones all are counted; whenever they become too many,
 * those whose hash has one zero bit more at its end are kept, which are a fair part of all, and the same part
 * in whatever order they come. So the share of copies is exact up to half a million distinct pairs and an
 * estimate beyond, off by some tenths of a percent, in bounded memory.
 */
#ifndef VL_READS_COPIES_H
#define VL_READS_COPIES_H

#include "pipeline/store/store.h"

enum { VL_COPIES = 1 << 19 }; /* distinct ones that are kept */

/* Hashes of a batch; empty once they are handed over. */
typedef struct vl_whole_list {
    uint64_t *hash; /* owned; of a batch that is not too large */
    size_t n;
} vl_whole_list;

typedef struct vl_copies {
    uint64_t *hash; /* owned; [1 << slot_bits], beside n */
    uint32_t *n;    /* owned; how often it was seen; 0: free */
    size_t used;
    unsigned bits;      /* zeros at the end of each hash that is kept */
    unsigned slot_bits; /* of the table, at most 2 * VL_COPIES: a small sample touches little memory */
} vl_copies;

/* Of one read, or of both of a pair, which lie behind each other; n1: letters of the first. */
uint64_t vl_whole_of(const uint8_t *base, size_t n, size_t n1);
/* Lets the processor fetch what vl_copies_add of that hash will look at. */
static inline void vl_copies_soon(const vl_copies *c, uint64_t hash)
{
    if (!c->n) return;
    __builtin_prefetch(&c->hash[hash >> (64 - c->slot_bits)]);
    __builtin_prefetch(&c->n[hash >> (64 - c->slot_bits)]);
}
vl_code vl_copies_add(vl_copies *c, uint64_t hash, vl_err *err);
vl_code vl_copies_store(const vl_copies *c, vl_store *st, vl_err *err);
void vl_copies_free(vl_copies *c);

#endif
