/* What the parts of corrections share (correct.h): correct*.c only. */
#ifndef VL_CORRECT_PARTS_H
#define VL_CORRECT_PARTS_H

#include "pipeline/bank/correct.h"
#include "pipeline/bank/record.h"

typedef struct vl_correction {
    const vl_bank *bank;
    const json_t *ask;
    char sample[512];
    const char *acquisition; /* NULL: of the sample itself */
} vl_correction;

const char *vl_correct_text(const json_t *object, const char *name); /* "": none */

/* Sets stores aside and frees names (correct_remove.c). The sample's lock is held. */
vl_code vl_correct_remove(const vl_correction *k, json_t *record, vl_err *err);

#endif
