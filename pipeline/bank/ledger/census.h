/*
 * The census: everything that is known about the samples of one shard, from each place that knows something:
 * lines of the ledger, folders of samples/<xx>/, rows of the catalogue. For who compares them, and for who
 * makes one again from the others. Inside ledger/ only.
 */
#ifndef VL_CENSUS_H
#define VL_CENSUS_H

#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/bank/ledger/ledger.h"
#include "pipeline/bank/record.h"

#include <stdio.h>

/* What is said of a shard, line by line. sample NULL: of the shard itself. */
typedef struct vl_census_report {
    void (*say)(void *to, const char *sample, const char *text);
    void *to;
    uint64_t samples;     /* that were looked at */
    uint64_t differences; /* lines about what is wrong, and is not mended */
    uint64_t entered;     /* samples that the ledger did not know before */
} vl_census_report;
/* Something is wrong (counted), or was done about it. */
void vl_census_say(vl_census_report *report, const char *sample, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void vl_census_tell(vl_census_report *report, const char *sample, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Ids in the catalogue, by shard: one question for all shards. */
typedef struct vl_census_names {
    char **name[256]; /* owned; escaped */
    size_t n[256], cap[256];
} vl_census_names;
vl_code vl_census_names_read(vl_catalog *c, vl_census_names *names, vl_err *err); /* c NULL: none */
void vl_census_names_free(vl_census_names *names);

typedef struct vl_census_sample {
    char *escaped;       /* owned; the name of its folder */
    bool folder, listed; /* it has one; the catalogue has rows */
    const vl_ledger_line *line;
    size_t nline;
} vl_census_sample;

typedef struct vl_census {
    const vl_bank *bank;
    vl_catalog *catalog; /* borrowed; NULL: none */
    unsigned number;
    vl_ledger_shard shard;    /* owned */
    vl_ledger_line *line;     /* owned: the good lines, by sample and number */
    vl_census_sample *sample; /* owned; by name */
    size_t nline, n;
} vl_census;

/* What is wrong with lines and with names of folders goes to report; NULL: nowhere. */
vl_code vl_census_take(vl_census *census, const vl_bank *bank, vl_catalog *c, const vl_census_names *names,
                       unsigned shard, vl_census_report *report, vl_err *err);
void vl_census_free(vl_census *census);

/* What each place says of one sample. */
typedef struct vl_testimony {
    char sample[512];
    json_t *file;           /* owned: sample.h5; NULL: none, see why */
    vl_err why;             /* VL_ENOIN: it is not there */
    vl_ledger_known ledger; /* owned */
    json_t *rows;           /* owned: the catalogue; NULL: none */
    vl_record_homes homes;  /* file and ledger */
    uint64_t undone;        /* revision at which a withdrawal was last taken back; 0: never */
    json_t *truth;          /* owned: of the two; NULL: neither knows it, or they contradict each other */
} vl_testimony;
vl_code vl_testimony_take(const vl_census *census, const vl_census_sample *sample, vl_testimony *t,
                          vl_err *err);
void vl_testimony_free(vl_testimony *t);

/* Do the catalogue and what else knows the sample tell different things of one revision, with neither of the
 * two confirmed by a third? */
bool vl_testimony_rows_conflict(const vl_testimony *t, vl_err *err);
/* Does the catalogue say that the sample was withdrawn, which the others have lost? */
bool vl_testimony_withdrawn_by_rows(const vl_testimony *t);
uint64_t vl_testimony_revision(const json_t *record);
/* What the catalogue can hold of a record, as a state: to be compared with that of another. */
json_t *vl_testimony_listed(const json_t *record);
/* What differs between two records as the catalogue would hold them; an empty array: nothing. */
json_t *vl_testimony_differences(const json_t *a, const json_t *b, vl_err *err);

/* ---- on one shard; each runs in a worker ---- */
typedef struct vl_shard_task {
    const vl_bank *bank;
    vl_catalog *catalog; /* borrowed; NULL: none */
    const vl_census_names *names;
    vl_census_report *report;
} vl_shard_task;
/* Compares all that is known, each difference a line. Enters HDF5 for damaged files. */
vl_code vl_compare_shard(const vl_shard_task *task, unsigned shard, vl_err *err);
/* The ledger by itself. */
vl_code vl_compare_ledger(const vl_shard_task *task, unsigned shard, vl_err *err);
/* Makes records and ledger again from each other, from the catalogue, from stores. What it does, and what it
 * cannot decide, is a line. Enters HDF5. */
vl_code vl_restore_shard(const vl_shard_task *task, unsigned shard, vl_err *err);

/* ---- over all shards, in workers (shards.c) ---- */
/* Each line goes to `to`. catalog: each worker opens it for reading, if it can be. *sum: of all;
 * fill = { 0 }. */
vl_code vl_shards_run(const vl_bank *bank, vl_code (*task)(const vl_shard_task *, unsigned, vl_err *),
                      bool catalog, FILE *to, vl_census_report *sum, vl_err *err);

#endif
