/*
 * What is open in a bank: items that were refused and have neither come in nor been taken away since, those
 * of them that somebody acknowledged, and files that wait in an inbox.
 *
 * Nothing of it is kept in the catalogue. What was refused stands in the quarantine, and so does an
 * acknowledgement, in the file of the refusal that it answers; whether an item is open is found out each
 * time: its inputs are there, and no live store was made of them. An acknowledgement holds while size and
 * time of the inputs are those that it names.
 */
#ifndef VL_OPEN_ITEMS_H
#define VL_OPEN_ITEMS_H

#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/bank/inbox/inbox.h"

/* An array of objects, the oldest first; of each kind of thing:
 *   { "state": "refused", "item": "S1/S1_L001" or a path: what `vial ack` takes,
 *     "sample": , "acquisition": , "inputs": [...], "since": s since 1970, "reason": , "message": ,
 *     "retry": , "evidence": "quarantine/2026-11-22/S1-S1_L001.json", "bytes": ,
 *     "mtime_ns": of the inputs now }
 *   { "state": "acknowledged", ..., "acknowledged": {"at": , "by": , "reason": , "bytes": , "mtime_ns": } }
 *   { "state": "waits", "item": path, "since": , "reason": "no CopyComplete.txt" }
 * The caller owns it; NULL on error.
 *
 * found [n]: what the inboxes hold now: what waits there, and what is still wrong. Of an inbox that could not
 * be read, or with found NULL, files that were refused as no item stay open. */
json_t *vl_open_items(const vl_bank *bank, vl_catalog *c, const vl_found *found, int n, vl_err *err);
/* Looks into all inboxes first. */
json_t *vl_open_now(const vl_bank *bank, vl_catalog *c, vl_err *err);

/* The open item that a name means: as listed, a sample with one such item, a path of an input or of the
 * evidence. NULL (err is set): none, or several. Borrowed. */
json_t *vl_open_find(const json_t *open, const char *name, vl_err *err);
/* Is that item acknowledged, with inputs of this size and time? */
bool vl_open_is_acknowledged(const json_t *open, const char *sample, const char *acquisition,
                             const char *input, uint64_t bytes, int64_t mtime_ns);
/* A refusal of just this file in an inbox, whose message is the same; NULL: none. Borrowed. */
const json_t *vl_open_same(const json_t *open, const char *path, const char *message);

/* Notes that somebody has seen it; reason NULL: none. Without `yes` the note is taken back. */
vl_code vl_open_acknowledge(const vl_bank *bank, const json_t *item, const char *reason, bool yes,
                            vl_err *err);
/* Writes into entries of the quarantine whose item has come in that they are closed, and when. */
vl_code vl_open_close(const vl_bank *bank, vl_catalog *c, const json_t *open, vl_err *err);
/* Must a file of the quarantine stay, however old it is? Its item is still open. */
bool vl_open_keeps(const char *path);

/* How many are in a state, and since when the oldest is (s since 1970; 0: none). */
size_t vl_open_count(const json_t *open, const char *state, double *since);

#endif
