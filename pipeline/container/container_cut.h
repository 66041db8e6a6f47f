/*
 * A compressed file cut into parts, which are then described each by itself (container.h): members inflated
 * in order, and cut where blocks end; BGZF blocks as they are. What the input takes is taken, and nothing
 * else.
 */
#ifndef VL_CONTAINER_CUT_H
#define VL_CONTAINER_CUT_H

#include "pipeline/container/container.h"

typedef struct vl_cutting vl_cutting;

/* VL_EUNSUP: the file is no gzip or BGZF. */
vl_code vl_cutting_open(vl_cutting **out, const char *path, vl_err *err);
/* The next part, cleared before. *end: it is the last one. Errors: as of input.h. */
vl_code vl_cutting_next(vl_cutting *c, vl_portion *part, bool *end, vl_err *err);
/* Bytes of the file that were read; text that they stand for. At the end, the file's digest. */
uint64_t vl_cutting_read(const vl_cutting *c);
uint64_t vl_cutting_plain(const vl_cutting *c);
void vl_cutting_digest(vl_cutting *c, uint8_t sha256[32]);
void vl_cutting_close(vl_cutting *c); /* NULL is fine */

#endif
