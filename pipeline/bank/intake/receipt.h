/*
 * Receipts: how many machines share a bank. A task writes its stores and one receipt,
 * BANK/receipts/<name>.json, instead of the catalogue (SQLite is for one host); `vial collect` imports every
 * receipt exactly once.
 *
 *   { "vial_receipt": 1, "host", "started", "ended", "exit_code", "items", "published", "unchanged",
 * "refused", "failed", "bytes_in", "bytes_store", "corrected", "healed", "records": [sample records],
 * "refusals": [...] }
 */
#ifndef VL_RECEIPT_H
#define VL_RECEIPT_H

#include "pipeline/bank/intake/intake.h"

/* An empty receipt, to be filled by an intake; owned by the caller. */
json_t *vl_receipt_new(vl_err *err);
/* Writes it under a name of its own: <sheet>-<task>of<tasks>-<host>-<pid>-<ms>. */
vl_code vl_receipt_write(const vl_bank *bank, json_t *receipt, const char *sheet, int task, int tasks,
                         double started, const vl_intake_sum *sum, vl_err *err);

typedef struct vl_collected {
    uint64_t receipts, already, records, refusals, damaged;
} vl_collected;
/* Imports what lies in receipts/, each in one transaction with the note that it was taken, then moves it to
 * receipts/done/. A receipt that cannot be read is named and left. */
vl_code vl_receipt_collect(const vl_bank *bank, vl_catalog *c, vl_collected *done, vl_err *err);

/* The task-th part (1-based) of a sheet's items: every tasks-th one. The others are dropped. */
void vl_receipt_part(vl_items *items, int task, int tasks);

#endif
