/*
 * Export: a store -> the text it was made from, byte for byte. fetch (ordered) -> print (parallel) -> emit
 * (ordered). The text is hashed on the way and compared with the hash taken at ingest, so a wrong export
 * cannot go unnoticed.
 */
#ifndef VL_EXPORT_H
#define VL_EXPORT_H

#include "pipeline/out/arrays.h"
#include "pipeline/io/output.h"
#include "pipeline/run/progress.h"
#include "pipeline/out/reader.h"

/* What one slot carries. */
typedef struct vl_job {
    vl_plan plan;
    vl_fresh fresh; /* chunks to take digests of */
    vl_work work;
    uint64_t rows;    /* printed with this and all before; for progress */
    bool last;        /* nothing follows */
    vl_buf text[2];   /* what print made: all of it, or mates 1 and 2 apart */
    vl_buf packed[2]; /* the same as BGZF */
    vl_arrays arrays; /* spectra */
    vl_span skeleton;
    vl_buf skeleton_text;
    uint64_t skeleton_first;
} vl_job;

/* How one kind is printed. self is made by open and freed by close. */
typedef struct vl_printer {
    const char *kind;
    vl_code (*open)(void **self, vl_reader *r, bool split, vl_err *err);
    vl_code (*plan)(void *self, vl_job *job, vl_err *err);        /* ordered */
    vl_code (*print)(const void *self, vl_job *job, vl_err *err); /* parallel */
    void (*close)(void *self);
} vl_printer;

extern const vl_printer vl_print_reads, vl_print_spectra;
const vl_schema *vl_schema_of(const char *kind); /* NULL if unknown */

typedef struct vl_export {
    const char *store;
    const char
        *out[2]; /* out[1] NULL: one text to out[0]; both: mates apart; out[0] NULL: nowhere, only compared */
    bool compare_only;
    bool *whole; /* NULL, or [columns of the store]: filled as by vl_reader_digests_whole */
    bool force;
    int threads;
    vl_progress_how progress;
    const char *what; /* the word before the progress bar */
} vl_export;

typedef struct vl_exported {
    uint64_t bytes, rows;
    bool compared; /* with the hash of the original text */
} vl_exported;

vl_code vl_export_run(const vl_export *ask, vl_exported *done, vl_err *err);

#endif
