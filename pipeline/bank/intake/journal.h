/*
 * The journal: one file for the ingests under way, BANK/journal/<id>.json, locked by the kernel for as long
 * as a process of the run lives. What a dead run left has no lock: the next run clears it. The file says
 * which item it is; the item's temporary store is samples/<xx>/<SAMPLE>/.<id>.h5. Small items share an entry:
 * the store of each is .<id>.<number>.h5 then.
 */
#ifndef VL_JOURNAL_H
#define VL_JOURNAL_H

#include "pipeline/bank/bank.h"
#include "pipeline/bank/item.h"
#include <jansson.h>

enum { VL_JOURNAL_ID = 64 };

typedef struct vl_journal {
    char id[VL_JOURNAL_ID]; /* unique on all machines: host, process, time, number */
    char path[VL_BANK_PATH];
    int fd; /* holds the lock; children inherit it */
} vl_journal;

/* Writes an entry, locked from the first moment it can be seen. */
vl_code vl_journal_open(const vl_bank *bank, const vl_item *item, vl_journal *j, vl_err *err);
/* The same of several items: {"items": [...]}. */
vl_code vl_journal_open_all(const vl_bank *bank, const vl_item *const *item, size_t n, vl_journal *j,
                            vl_err *err);
/* The id of the i-th of them. */
void vl_journal_name(const vl_journal *j, size_t i, char id[VL_JOURNAL_ID]);
/* The same of a correction: "sample", and "correct", what is to be done (correct.h). */
vl_code vl_journal_open_correction(const vl_bank *bank, const char *sample, const json_t *correct,
                                   vl_journal *j, vl_err *err);
/* done: the entry is removed; otherwise it stays for the next run to clear. */
void vl_journal_close(vl_journal *j, bool done);

/* Entries that no process holds: visit(entry, locked by us, item as JSON or NULL when the entry is damaged,
 * to). The visitor closes the entry. */
vl_code vl_journal_each_dead(const vl_bank *bank,
                             vl_code (*visit)(vl_journal *j, json_t *item, void *to, vl_err *err), void *to,
                             vl_err *err);

/* An item as JSON: {"sample", "acquisition", "inputs": [path, ...], "roles": ["R1", ...], "profile", "facts":
 * {...}, ...}. */
json_t *vl_item_json(const vl_item *item);

#endif
