/* A data set of bytes that lies beside the columns (vl_spec.index), written as its bytes come. */
#ifndef VL_ASIDE_H
#define VL_ASIDE_H

#include "formats/xxh3.h"
#include "pipeline/store/store.h"

typedef struct vl_aside {
    vl_spec spec;
    vl_store *to;       /* borrowed; NULL: nothing is written */
    uint64_t n;         /* bytes that were taken */
    XXH3_state_t *hash; /* owned */
    vl_buf rest;        /* owned: of the chunk that comes next */
} vl_aside;

/* path: group and name; doc: borrowed. */
vl_code vl_aside_open(vl_aside *a, vl_store *to, const char *group, const char *name, const char *doc,
                      vl_err *err);
/* Takes whole chunks from the beginning of these bytes, or, at the end, all; what is left stays in them. */
vl_code vl_aside_drain(vl_aside *a, vl_buf *bytes, bool end, vl_work *work, vl_err *err);
/* Bytes behind those before. */
vl_code vl_aside_put(vl_aside *a, const uint8_t *bytes, size_t n, vl_work *work, vl_err *err);
/* After the end: of all bytes, XXH3-128. */
void vl_aside_digest(const vl_aside *a, uint8_t digest[16]);
void vl_aside_close(vl_aside *a);

#endif
