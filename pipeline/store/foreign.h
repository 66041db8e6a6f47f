/*
 * HDF5 files that are no stores: arrays in data sets of one dimension below the root, as mzMLb has them.
 *
 * HDF5 is asked once, confined (confine.h), what data sets there are and where in the file their chunks lie.
 * Then it is done with: chunks are read and unpacked here, by one thread, while HDF5 may write a store. Of
 * filters shuffle, deflate and fletcher32 are known.
 */
#ifndef VL_FOREIGN_H
#define VL_FOREIGN_H

#include "formats/batch.h"

typedef struct vl_foreign vl_foreign;

typedef struct vl_foreign_set {
    char name[VL_PATH];
    vl_type type; /* VL_U8: bytes, or letters */
    uint64_t nelem;
} vl_foreign_set;

/* VL_EFORMAT: it is no HDF5 that can be opened; VL_EUNSUP: more than is read of such a file. */
vl_code vl_foreign_open(vl_foreign **out, const char *path, vl_err *err);
/* The number of the data set of that name [n]; -1: there is none of numbers or bytes in one dimension. */
int vl_foreign_find(const vl_foreign *f, const char *name, size_t n);
const vl_foreign_set *vl_foreign_set_of(const vl_foreign *f, int set);
/* Appends bytes [from, from + n) of a data set, which must have them. VL_EFORMAT: a chunk is damaged, or is
 * not there; VL_EUNSUP: it is packed by another filter. */
vl_code vl_foreign_read(vl_foreign *f, int set, uint64_t from, uint64_t n, vl_buf *to, vl_err *err);
uint64_t vl_foreign_bytes(const vl_foreign *f); /* of the file */
void vl_foreign_close(vl_foreign *f);           /* NULL is fine */

#endif
