/*
 * What the checks of mzML share: a document goes through the format as the pipeline would take it, and comes
 * out as text again and as rows.
 */
#ifndef MZML_RUN_H
#define MZML_RUN_H

#include "formats/spectra/mzml.h"

/* A document after parsing: printed again, and all its rows. */
typedef struct outcome {
    vl_err err;
    vl_facts facts;
    vl_buf text;                 /* printed from the batches */
    vl_buf field[VL_SP_NFIELD];  /* elements; references count from the start of the document */
    vl_buf length[VL_SP_NFIELD]; /* u64: elements of each row, of ragged fields */
    vl_buf values, paths;        /* of all pieces */
    uint64_t nrow[VL_SPT_N], counter[VL_SPC_N];
    size_t nblock;
} outcome;

/* Reads the whole of a document that arrives step bytes at a time. */
void run_mzml(const uint8_t *bytes, size_t n, size_t step, outcome *o);
void outcome_free(outcome *o);
/* A document that must come back, for all cuts and both ways of proving. */
void round_trip(const char *name, const uint8_t *bytes, size_t n);
bool same_bytes(const vl_buf *a, const vl_buf *b);

/* A text that grows: a document made here, or what one holds. */
typedef struct making {
    vl_buf doc;
    vl_err err;
} making;
void say(making *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

uint64_t next_random(void);

#endif
