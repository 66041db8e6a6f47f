/*
 * A store of the bank made anew from itself: sealed again, with its indexes made again, with what is said of
 * its files, or from a copy elsewhere. What it holds stays, by its digest; its bytes may change, and record,
 * ledger and catalogue follow in one step. A run that dies in between leaves its entry in the journal, and
 * the next one makes them agree.
 */
#ifndef VL_RENEW_H
#define VL_RENEW_H

#include "formats/buf.h"
#include "pipeline/bank/catalog/catalog.h"

typedef enum vl_renew_how {
    VL_RENEW_SEAL,
    VL_RENEW_INDEX,
    VL_RENEW_COPY,
    VL_RENEW_ORIGINAL /* its inputs are read once more (in/describe_store.h) */
} vl_renew_how;

typedef struct vl_renew {
    const vl_bank *bank;
    const char *name; /* SAMPLE or SAMPLE/ACQUISITION */
    const char *kind; /* of the store; NULL: there is but one */
    vl_renew_how how;
    const char *from; /* VL_RENEW_COPY: a store of the same content */
    bool drop;        /* VL_RENEW_SEAL: what others added is taken out */
    bool prove;       /* VL_RENEW_SEAL: of what is sealed as it is, all is made again and compared, too */
    int threads;
} vl_renew;

typedef struct vl_renewed {
    bool current; /* it was as it should be */
    bool same;    /* sealed again: its bytes are those that it was published with */
    uint64_t before, after;
    char digest[65];
    vl_buf dropped; /* owned by the caller; ends with 0 (vl_resealed) */
} vl_renewed;

vl_code vl_renew_store(const vl_renew *ask, vl_catalog *c, vl_renewed *done, vl_err *err);

/* Is this a file of a bank, beside a sample.h5 whose record knows its bytes? Only the bank changes both. */
bool vl_renew_is_of_bank(const char *store);

#endif
