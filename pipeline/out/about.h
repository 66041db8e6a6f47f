/*
 * What a store says of itself as a whole: what it is, whose, how large, of which files. For `vial info`
 * and reports. */
#ifndef VL_ABOUT_H
#define VL_ABOUT_H

#include "pipeline/store/store.h"

typedef struct vl_about {
    char kind[32], profile[32], writer[32], sample[256], acquisition[256], digest[65];
    uint64_t rows, bytes_in, bytes_store; /* bytes_in: of all inputs as they were */
    uint64_t nfile;
} vl_about;

vl_code vl_about_read(vl_about *about, vl_store *st, vl_err *err);

/* Bytes of a data set before it was packed. */
static inline uint64_t vl_stored_plain(const vl_stored *c) { return c->nelem * vl_type_width(c->type); }

#endif
