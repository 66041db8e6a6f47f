/*
 * Keeping a bank: tidying, looking after stores. Each works on one sample or store at a time in a
 * worker process; the caller alone writes the catalogue.
 */
#ifndef VL_KEEP_H
#define VL_KEEP_H

#include "pipeline/bank/catalog/catalog.h"

#include <stdio.h>

typedef struct vl_tidied {
    uint64_t samples; /* withdrawn ones that were emptied */
    uint64_t stores;  /* stores that were removed: superseded long enough ago, or of withdrawn samples */
    uint64_t bytes;
    uint64_t refusals; /* files of the quarantine */
} vl_tidied;
/* Removes what is withdrawn, superseded stores older than the bank says, old quarantine files. dry: only
 * counts. */
vl_code vl_keep_tidy(const vl_bank *bank, vl_catalog *c, bool dry, vl_tidied *done, vl_err *err);

typedef struct vl_inspected {
    uint64_t checked, bytes, damaged;
    bool stopped; /* the deadline came first */
} vl_inspected;
/* Verifies stores from a fresh open, those first whose last check is longest ago. most: how many; threads for
 * each; name: only those of "SAMPLE" or "SAMPLE/ACQUISITION", or NULL; until: s since 1970 when no further
 * one is begun, 0: no limit; part/parts: only stores of that slice (parts 0: all); quick: without making the
 * texts again, and then only what is damaged is noted; originals: as of verify.h; tell: a line about each on
 * standard output; heals: who asks heals what is damaged, no hint of it. What is damaged is named on standard
 * error and noted, if the catalogue was opened to write. */
typedef struct vl_inspect {
    const char *name;
    uint64_t most;
    int threads;
    double until;
    uint64_t part, parts;
    bool quick, originals, tell, heals;
} vl_inspect;
vl_code vl_keep_inspect(const vl_bank *bank, vl_catalog *c, const vl_inspect *ask, vl_inspected *done,
                        vl_err *err);

/* Opens the catalogue for writing; a missing one, and a missing ledger, is made from what there is first. */
vl_code vl_keep_open(const vl_bank *bank, vl_catalog **c, vl_err *err);
typedef struct vl_rebuilt {
    uint64_t samples, stores; /* in the catalogue */
    uint64_t entered;         /* samples that the ledger did not know before */
    uint64_t undecided;       /* of which two places tell different things; they stay as they are */
} vl_rebuilt;
/* Records, ledger and catalogue made again from each other: what one of them knows, all know then. What was
 * lost and is made again, and what nobody can decide, is a line. Forks; enters no HDF5 itself. */
vl_code vl_keep_rebuild(const vl_bank *bank, vl_catalog *c, FILE *to, vl_rebuilt *done, vl_err *err);
/* Of a sample whose sample.h5 and ledger tell different things of one revision, one is right as somebody
 * says: "record" or "ledger". What vl_record_decide says; the caller owns it. NULL: err is set. Forks. */
json_t *vl_keep_trust(const vl_bank *bank, vl_catalog *c, const char *sample, const char *home, vl_err *err);
/* Compares records, ledger, HDF5 attributes, catalogue and folders; each difference is a line on standard
 * output. Of stores it reads the seals. ledger_only: the ledger by itself. Forks. */
vl_code vl_keep_compare(const vl_bank *bank, bool ledger_only, uint64_t *samples, uint64_t *differences,
                        vl_err *err);

/* The store that "SAMPLE" or "SAMPLE/ACQUISITION" names; kind: or NULL. An error lists the choices when there
 * are several. Into path of VL_BANK_PATH bytes. */
vl_code vl_keep_find(const vl_bank *bank, const char *name, const char *kind, char path[VL_BANK_PATH],
                     vl_err *err);

#endif
