/*
 * Deposit: one item -> a verified store in its sample's folder, and the sample's record, both or neither.
 *
 *   ingest into samples/<xx>/<SAMPLE>/.<id>.h5 (written, synced, verified; no lock held)
 *   lock the sample -> look again -> rename to <kind>-<acquisition>.h5 -> sync the folder -> sample.h5 anew
 *
 * A run that dies in between leaves a journal entry; vl_deposit_recover then finishes or clears what it left.
 * Both enter HDF5: they run in a worker.
 */
#ifndef VL_DEPOSIT_H
#define VL_DEPOSIT_H

#include "formats/option.h"
#include "pipeline/bank/item.h"
#include "pipeline/bank/record.h"
#include "pipeline/in/ingest.h"

typedef struct vl_deposit {
    const vl_bank *bank;
    const vl_item *item;
    const char *id; /* of the journal entry */
    vl_profile profile;
    int threads;
    uint64_t max_memory;
    const char *reference, *sites;  /* as in vl_ingest */
    vl_originals_when originals;    /* the same */
    bool mates_as_given, same_data; /* the same */
    bool supersede;                 /* other bytes under the same name take the place of the old ones */
    bool correct;                   /* facts that differ take the place of the old ones */
    const char *options;            /* of formats, as of the whole batch; NULL: none */
    const char *command;            /* that asks, for the ledger; NULL: vial ingest */
    const char *sheet;              /* the item comes from; NULL: none */
    bool catalog;                   /* asked whether another sample has the same bytes */
    struct vl_claims *claims;       /* of the run; NULL: none */
    const vl_items *items;          /* of the run, and which of them this one is */
    size_t number;
} vl_deposit;

typedef struct vl_deposited {
    bool unchanged;     /* the same input is in the bank already */
    bool corrected;     /* it is unchanged, and what was said of it is put right */
    bool healed;        /* it was, but the store was lost or damaged: it was made again */
    bool superseded;    /* it took the place of an older store */
    const char *reason; /* of a refusal that the error's code does not tell: "conflict", "withdrawn"; else
                           NULL; static */
    json_t *record;     /* owned: the sample's, as it is now */
    vl_ingested sum;    /* of what was ingested; zeros when unchanged */
} vl_deposited;

vl_code vl_deposit_run(const vl_deposit *ask, vl_deposited *done, vl_err *err);

/* What makes the same input another store, besides its bytes and profile. Into text. */
const char *vl_deposit_options(const vl_item *item, const char *batch, char text[VL_OPTIONS]);

/* Clears or finishes what the dead run `id` left of a sample. item: what its journal entry says, or NULL.
 * *record: the sample's as it is now, or NULL when there is no such sample; owned by the caller. */
vl_code vl_deposit_recover(const vl_bank *bank, const char *id, const char *sample, const json_t *item,
                           json_t **record, vl_err *err);

/* Removes what the item `id` may have left half done in its sample's folder. */
vl_code vl_deposit_clear(const vl_bank *bank, const char *id, const char *sample, vl_err *err);

/* The lock of a sample; *fd is to be closed. */
vl_code vl_deposit_lock(const vl_bank *bank, const char *sample, int *fd, vl_err *err);

#endif
