/*
 * How often a read occurs: the first 100,000 distinct keys in the order of the input, and how many reads have
 * each. The key of a read are its letters, or the first 50 when there are more than 75.
 *
 * Which keys are the first depends on the order, so batches hand theirs over one after the other
 * (vl_keys_join) until the table is full. From then on it is only read, by all slots at once, and each counts
 * for itself.
 */
#ifndef VL_READS_KEYS_H
#define VL_READS_KEYS_H

#include "pipeline/store/store.h"

#include <stdatomic.h>

enum { VL_KEYS = 100000, VL_KEY_WHOLE = 75, VL_KEY_CUT = 50, VL_KEY_SLOTS = 1 << 18 };

typedef struct vl_key {
    uint64_t low, high; /* hash of its letters, large ones */
} vl_key;

/* Keys of a batch; empty once they are handed over. */
typedef struct vl_key_list {
    enum { VL_KEYS_LISTED, VL_KEYS_LOOKED_UP, VL_KEYS_LATER } where;
    vl_key *key; /* owned; of a batch that is not too large */
    size_t n;
} vl_key_list;

typedef struct vl_key_table {
    atomic_bool full;
    uint32_t
        *slot;   /* owned; [VL_KEY_SLOTS]: 1 + number of the key, and above it 15 bits of the hash; 0: free */
    vl_key *key; /* owned; [VL_KEYS] in the order they came */
    uint64_t *seen; /* owned; [VL_KEYS]: reads that have it */
    uint8_t *text;  /* owned; [VL_KEYS][VL_KEY_WHOLE]: their letters, then zeros */
    size_t n;
    uint64_t nread, last; /* reads so far; the number of the one that brought the last key, from 1 */
} vl_key_table;

static inline size_t vl_key_length(size_t n) { return n > VL_KEY_WHOLE ? VL_KEY_CUT : n; }
vl_key vl_key_of(const uint8_t *base, size_t n);
/* Lets the processor fetch where a key will be looked for: it is mostly far away. */
static inline void vl_keys_soon(const vl_key_table *t, vl_key key)
{
    if (t->slot) __builtin_prefetch(&t->slot[key.low & (VL_KEY_SLOTS - 1)]);
}
/* Number of a key in a table that is full; -1: it is not there. */
int vl_keys_find(const vl_key_table *t, vl_key key);
/* Ordered. The key of the next read. */
vl_code vl_keys_join(vl_key_table *t, vl_key key, const uint8_t *base, size_t n, vl_err *err);
/* seen: what slots counted for themselves, or NULL. mate: end of the paths. nread: all reads. */
vl_code vl_keys_store(const vl_key_table *t, const uint64_t *seen, uint64_t nread, vl_store *st,
                      const char *mate, vl_err *err);
void vl_keys_free(vl_key_table *t);

#endif
