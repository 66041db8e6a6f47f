/*
 * Where a withdrawn sample's stores were before they were brought to it ("was" of its record;
 * correct_move.c): lines of the ledger, and files that a backup has brought back, under the names of samples
 * that may have other data now.
 */
#ifndef VL_WAS_H
#define VL_WAS_H

#include "pipeline/bank/withdraw/traces.h"

/* Is there more of them than the ledger and the catalogue say of these samples now? c: NULL, rows are not
 * asked. */
bool vl_was_is_left(const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err);
/* What is said of them elsewhere: adds ids that are nobody's now, and paths. Before they are emptied. */
vl_code vl_was_gather(vl_traces *t, const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err);
/* Takes them out of folders, ledger, records and catalogue. */
vl_code vl_was_bury(const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err);

/* Removes a file, or a folder with all that is in it (bury.c). */
vl_code vl_bury_remove(const char *path, vl_err *err);

#endif
