/*
 * Which bytes the items of this run bring in: shared by its workers, so that two items that run at once do
 * not bring the same bytes in under two samples without a word. What earlier runs brought in, the catalogue
 * knows.
 */
#ifndef VL_CLAIMS_H
#define VL_CLAIMS_H

#include "formats/err.h"

#include <stddef.h>

typedef struct vl_claims vl_claims;

/* Before the first worker: room for so many inputs. NULL: no memory. */
vl_claims *vl_claims_new(size_t ninput);
void vl_claims_free(vl_claims *c); /* NULL is fine */

/* In a worker: this item holds these bytes (64 hex digits). Gives the item of another sample that said so
 * first, or SIZE_MAX. */
size_t vl_claims_take(vl_claims *c, size_t item, const char *sample, const char *sha256);
/* The item brought nothing in after all. */
void vl_claims_release(vl_claims *c, size_t item);

#endif
