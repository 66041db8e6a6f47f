/*
 * Verify: is a store whole? Seal and hash over all bytes first, so that HDF5 never sees a damaged file;
 * then the digest table, every chunk, every column's digest, and that the original text comes out again: it
 * is made, all of it, and compared by its hash. On request so are the files that were delivered.
 */
#ifndef VL_VERIFY_H
#define VL_VERIFY_H

#include "pipeline/run/progress.h"
#include "pipeline/store/store.h"

typedef struct vl_verify {
    const char *path;
    int threads;
    bool quick;     /* do not make the text again */
    bool originals; /* make files as they were delivered as well (delivered.h), and compare their SHA-256 */
    vl_progress_how progress;
} vl_verify;

typedef struct vl_verified {
    uint64_t bytes, chunks, rows;
    int columns;
    bool text;                /* the original text was made again and compared */
    size_t nfile, ndelivered; /* with originals: files; those that were made again and compared, or 0 */
    char kind[32], digest[65];
} vl_verified;

/* In words: rows, columns, chunks, bytes, files, digest. Into text of n bytes. */
void vl_verified_tell(const vl_verified *seen, char *text, size_t n);

vl_code vl_verify_run(const vl_verify *ask, vl_verified *seen, vl_err *err);

#endif
