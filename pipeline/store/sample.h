/*
 * sample.h5: the file that speaks for a sample. HDF5 programs see the sample's facts as attributes of the
 * root, every live store through an external link /<kind>/<acquisition>, and the sample's record as the text
 * /record, JSON. The seal in front (seal.h) says where in the file that text lies: vial reads the record
 * without HDF5.
 */
#ifndef VL_SAMPLE_H
#define VL_SAMPLE_H

#include "pipeline/store/store.h"

typedef struct vl_sample_fact {
    const char *name, *value; /* borrowed */
} vl_sample_fact;

typedef struct vl_sample_link {
    const char *kind, *name; /* "/reads/S1_L001"; borrowed */
    const char *file;        /* in the same folder */
} vl_sample_link;

typedef struct vl_sample_file {
    const vl_sample_fact *fact;
    size_t nfact;
    const vl_sample_link *link;
    size_t nlink;
    const char *record; /* JSON */
    size_t record_bytes;
} vl_sample_file;

/* Writes path whole: temporary name, sync, rename, sync of the folder. The caller holds the sample's lock. */
vl_code vl_sample_write(const char *path, const vl_sample_file *sample, vl_err *err);

#endif
