/*
 * Corrections: what was said wrongly of a sample is put right, and can be undone. Each is a change of records
 * and a line of the ledger. What is to be done stands in the journal before anything changes, so that what a
 * dead run had begun is done by the next one; done twice, it is done once.
 *
 *   {"what": "set", "name": "S1" or "S1/L001", "facts": {"donor": "D2", "disease": ""}}      "" clears
 *   {"what": "remove", "name": "S1" or "S1/L001", "reason": "wrong sample", "at": 1764000000}
 *   {"what": "undo", "name": "S1" or "S1/L001", "revision": 5, "word": "set", "on": 7, "reason": "..."}
 *                                                             on: the last revision when it was asked
 *   {"what": "undo", "name": "S2" or "S2/L001", "to": "S1", "at": 1764000000, "given": "D1", "revision" ...}
 *                                                             of a rename or move. given: the donor that it
 *                                                             had
 *                                                             brought to S2; "donor": that it had taken from
 *                                                             S1
 *   {"what": "rename", "name": "S1", "to": "S2", "at": 1764000000}
 *   {"what": "move", "name": "S1/L001", "to": "S2", "at": 1764000000, "other_donor": true}
 *                                                             other_donor: only where asked
 */
#ifndef VL_CORRECT_H
#define VL_CORRECT_H

#include "pipeline/bank/catalog/catalog.h"

/* What came of it: "changes", as in ledger/history.h, beside "records". NULL: err is set. The caller owns
 * it. */
json_t *vl_correct(const vl_bank *bank, vl_catalog *c, const json_t *ask, vl_err *err);
/* Ends what a dead run had begun, unless the bank has gone on meanwhile and it makes no sense any more. True:
 * its entry in the journal, `id`, is no longer needed. */
bool vl_correct_finish(const vl_bank *bank, vl_catalog *c, const char *id, const json_t *ask, vl_err *err);

/* What undoes a revision, 0: the last correction of the sample or acquisition. NULL: it cannot be, and err
 * says why. The caller owns it. */
json_t *vl_correct_undo_ask(const vl_bank *bank, const char *name, uint64_t revision, const char *reason,
                            vl_err *err);

/* Facts as a sheet or a command says them: a text that is empty clears. "donor" is the record's own. */
void vl_correct_fact(json_t *facts, const char *name, const char *value);
void vl_correct_sample(json_t *record, const char *name, const char *value);

#endif
