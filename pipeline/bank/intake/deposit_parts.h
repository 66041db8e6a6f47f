/* What the parts of a deposit share, and who foresees what becomes of one; deposit*.c and foresee*.c only. */
#ifndef VL_DEPOSIT_PARTS_H
#define VL_DEPOSIT_PARTS_H

#include "pipeline/bank/intake/deposit.h"

/* An input as stat sees it. */
typedef struct vl_deposit_seen {
    uint64_t bytes;
    int64_t mtime_ns;
} vl_deposit_seen;

typedef struct vl_deposit_work {
    const vl_deposit *ask;
    char folder[VL_BANK_PATH], staged[VL_BANK_PATH];
    char options[VL_OPTIONS]; /* asked for */
    size_t ninput;
    vl_deposit_seen *before; /* owned; [ninput] */
    bool heals;              /* the item's store is in the record, and lost or damaged */
    json_t *record;          /* owned */
    const char *reason;      /* of a refusal, as in vl_deposited */
} vl_deposit_work;

/* ---- what the bank has of an item already; nothing is changed, nor locked (deposit_look.c) ---- */

/* Folder, options, and the inputs as they are now. */
vl_code vl_deposit_begin(vl_deposit_work *d, vl_err *err);
void vl_deposit_end(vl_deposit_work *d);
/* Size and time of an input; zeros for standard input. */
vl_code vl_deposit_look(const char *path, vl_deposit_seen *s, vl_err *err);
/* The sample's record, or a new one. Fails if the sample was withdrawn, or says other things than the
 * item. */
vl_code vl_deposit_load(vl_deposit_work *d, vl_err *err);
/* Does a store hold just these inputs? Reads them only when size and time do not tell. */
vl_code vl_deposit_is_same(const vl_deposit_work *d, const json_t *store, bool *same, vl_err *err);
/* Of the same data, what is known of its acquisition counts as what is known of the sample. */
vl_code vl_deposit_check_details(vl_deposit_work *d, const json_t *old, vl_err *err);
/* Refusals: other data has the name; another sample, which `found` names, has the bytes. */
vl_code vl_deposit_conflict(vl_deposit_work *d, const json_t *old, vl_err *err);
vl_code vl_deposit_same_data(vl_deposit_work *d, const char *found, vl_err *err);

#endif
