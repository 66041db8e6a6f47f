/*
 * The files of one stream as they were delivered, made again of its text as export prints it (delivered.h):
 * text -> portions (ordered) -> bytes (parallel) -> files (ordered). Each file is compared with its SHA-256.
 */
#ifndef VL_REMAKE_H
#define VL_REMAKE_H

#include "pipeline/container/container_make.h"
#include "pipeline/out/delivered.h"
#include "pipeline/out/originals.h"

/* What one batch of text becomes. */
typedef struct vl_portions {
    vl_portion *one; /* owned; cap of them can be used again */
    size_t n, cap;
    size_t *file; /* owned; of each, its number in the stream */
} vl_portions;
vl_code vl_portions_make(vl_portions *p, vl_err *err);
void vl_portions_free(vl_portions *p);

typedef struct vl_remake vl_remake;
/* files: of all streams, as vl_originals_of gives them; borrowed; those without a path are only compared.
 * VL_EARG: one that cannot be made again, and why. */
vl_code vl_remake_open(vl_remake **out, vl_store *store, const vl_originals *files, int stream, bool force,
                       vl_err *err);
/* The next text of the stream; last: nothing follows. */
vl_code vl_remake_take(vl_remake *r, const vl_buf *text, bool last, vl_portions *out, vl_err *err);
vl_code vl_remake_write(vl_remake *r, vl_portions *made, vl_err *err);
/* Compares what was written with the digests, VL_ESTORE; then commits. */
vl_code vl_remake_compare(vl_remake *r, vl_err *err);
vl_code vl_remake_commit(vl_remake *r, vl_err *err);
uint64_t vl_remake_bytes(const vl_remake *r);
void vl_remake_close(vl_remake *r); /* NULL is fine; drops what was not committed */

#endif
