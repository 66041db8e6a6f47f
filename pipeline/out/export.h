/*
 * Export: a store -> the text it was made from, byte for byte, by the print of its format. fetch (ordered) ->
 * print (parallel) -> emit (ordered). The text is hashed on the way and compared with the hash taken at
 * ingest, so a wrong export cannot go unnoticed.
 *
 * Rows can also be printed in another format of their kind. That is no original, and compared with nothing.
 *
 * Where some rows do not come out as they were though their values are whole (vl_same_values of
 * formats/format.h), nothing is given unless the values alone are asked for.
 */
#ifndef VL_EXPORT_H
#define VL_EXPORT_H

#include "formats/buf.h"
#include "pipeline/run/progress.h"

#include <stdbool.h>

enum { VL_MAX_TEXT = 2 }; /* texts that one store is printed to */

typedef struct vl_export {
    const char *store;
    const char *out[VL_MAX_TEXT]; /* out[1] NULL: one text to out[0]; out[0] NULL: nowhere, only compared */
    const struct vl_originals
        *originals;               /* NULL, or instead of out: the files that the texts were (originals.h) */
    bool delivered;               /* files packed as they were, byte for byte (remake.h) */
    const char *format;           /* NULL: the one that the store was made from */
    bool by_name;                 /* format NULL: that of the output's name, if it is one of the kind */
    bool compare_only;            /* nothing is written; with delivered, files are made again as well */
    bool *whole;                  /* NULL, or [columns of the store]: filled as by vl_reader_digests_whole */
    struct vl_indexing *indexing; /* NULL, or gets the rows that are printed */
    bool force;
    int level;   /* of BGZF: vl_output_set_level */
    bool values; /* a text of the same values will do, where the original cannot be had */
    int threads;
    vl_progress_how progress;
    const char *what; /* the word before the progress bar */
} vl_export;

typedef struct vl_exported {
    uint64_t bytes, rows;
    bool compared;                 /* with the hash of the original text; delivered: of each file */
    const struct vl_format *other; /* the format that it was printed in, if it did not come so; else NULL */
    const char *lacks;             /* what that one could not say; NULL: nothing */
    bool indexed;                  /* the rows of all indexes were among those that were printed */
    vl_buf odd; /* owned: rows (u64) of a table that are not as they were; only with values */
    const char *table;
} vl_exported;

/* How many texts a store was made from, and their bytes in all; 0 texts if its format has no way back. */
struct vl_store;
vl_code vl_export_texts(struct vl_store *store, int *n, uint64_t *bytes, vl_err *err);

vl_code vl_export_run(const vl_export *ask, vl_exported *done, vl_err *err);

#endif
