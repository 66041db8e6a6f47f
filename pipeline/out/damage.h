/*
 * Where a store is damaged whose bytes are not those that were sealed. The seal says only that; chunks and
 * columns have hashes of their own. A process of its own looks, as HDF5 may die of what it finds.
 */
#ifndef VL_DAMAGE_H
#define VL_DAMAGE_H

#include <stddef.h>

/* "reads/quality, chunk 5: ..." of the first place that is found, and how many more there are, into text of n
 * bytes; "" when it cannot be told. bytes: of the store, for how long to look. */
void vl_damage_find(const char *path, unsigned long long bytes, char *text, size_t n);

#endif
