/* Samples that the ledger says are withdrawn, for who asks about many: each shard is read once, when a sample
 * of it is asked for. */
#ifndef VL_WITHDRAWN_H
#define VL_WITHDRAWN_H

#include "formats/buf.h"
#include "pipeline/bank/bank.h"

typedef struct vl_withdrawn {
    const vl_bank *bank; /* borrowed */
    bool read[256];
    vl_buf names[256]; /* owned: ids, each ended by 0 */
} vl_withdrawn;

/* Fill with { .bank = bank }. False also after an error. */
bool vl_withdrawn_has(vl_withdrawn *w, const char *sample, vl_err *err);
void vl_withdrawn_free(vl_withdrawn *w);

#endif
