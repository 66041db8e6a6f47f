/* The history of a sample: its lines in the ledger, each with what it changed from what to what. */
#ifndef VL_HISTORY_H
#define VL_HISTORY_H

#include "pipeline/bank/bank.h"
#include <jansson.h>

/*
 * An array, oldest first; the caller owns it. NULL on error. Empty: the ledger does not know the sample.
 *
 *   { "line": 2, "revision": 2, "at": "2026-11-23T10:00:00Z", "what": "facts", "who": "tech@seq1",
 *     "source": "/sheets/h.csv, line 2",
 *     "changes": [ {"path": ["facts", "specimen_type"], "from": "DNA", "to": "RNA"} ] }
 *
 * path leads into the state of docs/ledger.md; from or to is null for what was not there, or is no more. A
 * line that is damaged has "wrong" in place of all from "at" on; where revisions are missing, "what" is
 * "lost" and "revision" the first of them. Of a withdrawn sample, also under a name
 * that it had before, changes say the withdrawal, or the other name, only; of an acquisition that went to a
 * sample which is withdrawn now they say nothing.
 */
json_t *vl_history(const vl_bank *bank, const char *sample, vl_err *err);

/* The same; *before and *after, owned by the caller: what was known of the sample, as a record, before and
 * after that revision. VL_ESTORE: the ledger has lost one of the two. */
json_t *vl_history_around(const vl_bank *bank, const char *sample, uint64_t revision, json_t **before,
                          json_t **after, vl_err *err);

/* Takes out of such an array what is not told of withdrawn samples; withdrawn: the sample is one. */
vl_code vl_history_hide(const vl_bank *bank, const char *sample, bool withdrawn, json_t *all, vl_err *err);

/* The changes between two states, as above; NULL without memory. */
json_t *vl_changes_between(json_t *before, json_t *after);

#endif
