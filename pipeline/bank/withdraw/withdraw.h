/*
 * Withdrawal: a donor took consent back. The ledger is asked whether a sample is withdrawn, so that neither a
 * backup of samples/ nor a lost folder or catalogue brings it back (docs/bank.md).
 *
 *   "withdrawn": {"reason": "...", "at": 1764000000,
 *                 "emptied": 1764086400}    absent until a tidy has begun to empty it: then there is no way
 *                 back
 */
#ifndef VL_WITHDRAW_H
#define VL_WITHDRAW_H

#include "formats/buf.h"
#include "pipeline/bank/catalog/catalog.h"

/* The sample is hidden at once, its bytes go at the next tidy, a tombstone stays. Of one that is withdrawn
 * already, the first reason stays. */
vl_code vl_withdraw(const vl_bank *bank, vl_catalog *c, const char *sample, const char *reason, vl_err *err);
/* Back, until it was tidied. VL_EARG: it was not withdrawn, or its data is gone. */
vl_code vl_withdraw_undo(const vl_bank *bank, vl_catalog *c, const char *sample, const char *reason,
                         vl_err *err);
/* The samples of a donor that are not withdrawn, those that were removed too: ids behind each other in names,
 * each ended by 0. */
vl_code vl_withdraw_of_donor(const vl_bank *bank, vl_catalog *c, const char *donor, vl_buf *names,
                             vl_err *err);

/* What was a donor's under ids that were removed and have other data now (past.c): calls tell for each id.
 * Unless dry, what is left of that time goes at once, as it was removed already: stores that wait for the
 * tidy, lines of the ledger, what is said elsewhere; the other data stays. *n: how many. */
typedef struct vl_withdraw_past {
    const char *donor;
    bool dry;
    void (*tell)(const char *sample, bool dry);
    uint64_t n; /* out */
} vl_withdraw_past;
vl_code vl_withdraw_past_of(const vl_bank *bank, vl_catalog *c, vl_withdraw_past *past, vl_err *err);

/* Has a withdrawn sample files, or a sample.h5 that says more than that it was withdrawn? */
bool vl_bury_is_left(const vl_bank *bank, const char *sample, vl_err *err);
/* Withdrawn samples of which something is left in the bank (of their data, or of what was said of them): ids,
 * as above. Those of a backup that came back are among them. */
vl_code vl_bury_list(const vl_bank *bank, vl_catalog *c, vl_buf *names, vl_err *err);
/* Empties them: folder, record, catalogue, quarantine, receipts, log, pages, ledger. A tombstone stays. */
vl_code vl_bury(const vl_bank *bank, vl_catalog *c, const vl_buf *names, vl_err *err);

#endif
