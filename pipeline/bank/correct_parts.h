/* What the parts of corrections share (correct.h): correct*.c only. */
#ifndef VL_CORRECT_PARTS_H
#define VL_CORRECT_PARTS_H

#include "pipeline/bank/correct.h"
#include "pipeline/bank/record.h"

enum { VL_CORRECT_SOURCE = 400 };

typedef struct vl_correction {
    const vl_bank *bank;
    const json_t *ask;
    const char *id; /* of the journal's entry */
    char sample[512];
    const char *acquisition; /* NULL: of the sample itself */
} vl_correction;

const char *vl_correct_text(const json_t *object, const char *name); /* "": none */

vl_code vl_correct_path(const vl_correction *k, const json_t *store, char path[VL_BANK_PATH], vl_err *err);
/* Where the change comes from, for the ledger: the command. */
void vl_correct_source(const vl_correction *k, char text[VL_CORRECT_SOURCE]);

/* Sets stores aside and frees names (correct_remove.c). The sample's lock is held. */
vl_code vl_correct_remove(const vl_correction *k, json_t *record, vl_err *err);
/* One of them, as removed for that reason. */
vl_code vl_correct_set_aside(const vl_correction *k, json_t *record, json_t *store, json_t *reason,
                             vl_err *err);
/* Of a line of the history, or of a request. */
static inline uint64_t vl_correct_revision(const json_t *of)
{
    return (uint64_t)json_integer_value(json_object_get(of, "revision"));
}
/* Does a change, by its path, concern the acquisition, or the sample itself (NULL)? (correct_undo_ask.c) */
bool vl_correct_is_of(const json_t *change, const char *acquisition);
/* Takes a correction back (correct_undo.c). The sample's lock is held. */
vl_code vl_correct_undo(const vl_correction *k, json_t *record, vl_err *err);

/* Brings stores to another sample (correct_move.c). In a worker; self: a vl_correction. "records": of the
 * sample that they come to, and of the one they leave. */
json_t *vl_correct_move(void *self, vl_err *err);
/* The same records are in the catalogue: the old files go. */
vl_code vl_correct_moved(const vl_correction *k, vl_catalog *c, const json_t *records, vl_err *err);

#endif
