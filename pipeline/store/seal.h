/* The trailer of a store (seal.c): written last, checked before HDF5 is asked. */
#ifndef VL_SEAL_H
#define VL_SEAL_H

#include "pipeline/store/store.h"

/* Hashes what lies in the file, of which the last `text` bytes are not HDF5's, appends the trailer, syncs.
 * *total: bytes with the trailer. */
vl_code vl_seal_write(int fd, int threads, uint32_t text, uint64_t *total, vl_err *err);

#endif
