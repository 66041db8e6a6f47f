/*
 * One change of one sample, in a worker that holds the sample's lock (chore.h). A run that dies in between
 * leaves an entry in the journal, and the next one makes ledger, record and catalogue agree.
 */
#ifndef VL_ONE_SAMPLE_H
#define VL_ONE_SAMPLE_H

#include "pipeline/bank/catalog/catalog.h"

typedef struct vl_one_sample {
    const vl_bank *bank;
    const char *sample;
    /* In the worker: changes and saves *record (vl_record_save), which is the sample's; may enter HDF5. */
    vl_code (*run)(const struct vl_one_sample *k, const char *folder, json_t **record, vl_err *err);
    const char *reason; /* for run */
    double now;         /* set by vl_one_sample_run */
} vl_one_sample;

/* Not after HDF5 was entered. VL_ENOIN: there is no such sample. */
vl_code vl_one_sample_run(vl_one_sample *k, vl_catalog *c, vl_err *err);

#endif
