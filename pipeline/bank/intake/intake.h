/*
 * Intake: many items into the bank. A supervisor with one worker process for each item: what crashes, hangs
 * or is refused costs that item only and is recorded with its reason. The supervisor alone writes the
 * catalogue; it makes no threads and never enters HDF5.
 */
#ifndef VL_INTAKE_H
#define VL_INTAKE_H

#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/bank/item.h"
#include "pipeline/run/progress.h"

typedef struct vl_intake {
    const vl_bank *bank;
    vl_items *items;     /* paths become absolute */
    const char *sheet;   /* they come from; NULL: none */
    const char *command; /* that asks, for the ledger; NULL: vial ingest */
    const char *profile; /* for items that name none; NULL: the bank's */
    int threads, jobs;   /* 0: as the bank says */
    uint64_t max_memory; /* 0: as the bank says */
    const char *reference;
    const char *sites;     /* as in vl_ingest; NULL: the bank's */
    const char *originals; /* a word, as --original takes it; NULL: the bank's */
    double deadline;       /* s from now after which nothing is started; 0: none */
    bool supersede, quiet;
    bool mates_as_given, same_data; /* as in vl_ingest */
    bool correct;                   /* facts that differ take the place of the old ones */
    const char *options;            /* of formats, for all items; NULL: none */
    bool skip_refused;  /* inputs that were refused before and have not changed are refused unread */
    const json_t *open; /* items of vl_open_items: those that are acknowledged are passed over; NULL: none */
    vl_progress_how progress;
    vl_catalog *catalog; /* NULL: what comes of it goes to receipt */
    int64_t job;         /* of the catalogue */
    json_t *receipt;     /* {"records": [...], "refusals": [...]}; NULL: none */
} vl_intake;

typedef struct vl_intake_sum {
    uint64_t items, published, superseded, unchanged, corrected, healed, refused, failed;
    uint64_t acknowledged;  /* passed over, and no part of items */
    uint64_t stopped, left; /* killed at work because we were told to stop; not started */
    uint64_t bytes_in, text_bytes, bytes_store;
    double seconds;
    bool interrupted;
    int exit_code; /* 0, 65 some were refused, 74 the disk, 75 try again */
} vl_intake_sum;

/* Fails only when the intake as a whole cannot go on (then sum says what was done before). */
vl_code vl_intake_run(const vl_intake *ask, vl_intake_sum *sum, vl_err *err);

/* Finishes or clears what dead runs left in the journal; *n: how many entries. */
vl_code vl_intake_recover(const vl_bank *bank, vl_catalog *catalog, uint64_t *n, vl_err *err);

/* What came of it, and when it ended, for the catalogue. */
void vl_intake_sum_job(const vl_intake_sum *sum, vl_catalog_job *job);
/* One line of what came of it, on standard error. */
void vl_intake_tell(const vl_intake_sum *sum);

#endif
