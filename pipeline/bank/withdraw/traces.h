/*
 * What is said of withdrawn samples outside their folders and records: in the quarantine, in receipts, in the
 * catalogue's refusals, in the log, on pages. They are known there by their ids and by the paths of their
 * inputs.
 */
#ifndef VL_TRACES_H
#define VL_TRACES_H

#include "formats/buf.h"
#include "pipeline/bank/catalog/catalog.h"

typedef struct vl_traces {
    vl_buf sample; /* owned: ids, each ended by 0 */
    vl_buf path;   /* owned: inputs' paths, as well */
    vl_buf
        both; /* owned: id and acquisition in turn, as well: of what was under an id that others have now */
} vl_traces;

/* What was under an id up to a revision of its record, at a time. */
typedef struct vl_past {
    const char *sample, *acquisition; /* borrowed; NULL: all of it */
    uint64_t revision;
    double at;
} vl_past;

/* Adds a sample, with the paths that record, ledger, refusals and quarantine know. Before they are
 * emptied. */
vl_code vl_traces_gather(vl_traces *t, const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err);
/* The same of what was under an id that may have other data now, which stays. */
vl_code vl_traces_gather_past(vl_traces *t, const vl_bank *bank, vl_catalog *c, const vl_past *past,
                              vl_err *err);
/* Removes what names them. What was refused because the sample is withdrawn stays while its files lie there:
 * somebody has to take them away. */
vl_code vl_traces_remove(const vl_traces *t, const vl_bank *bank, vl_catalog *c, vl_err *err);
void vl_traces_free(vl_traces *t);

/* ---- between the files traces*.c ---- */
/* The next of such a list; NULL at the end. */
static inline const char *vl_traces_next(const vl_buf *list, size_t *at)
{
    if (*at >= list->len) return NULL;
    const char *const one = (const char *)list->data + *at;
    *at += __builtin_strlen(one) + 1;
    return one;
}
/* Does the text hold one of the list, that is not part of a longer name? more: letters of names besides a-z,
 * A-Z, 0-9 and _. */
bool vl_traces_hold(const vl_buf *list, const char *text, size_t n, const char *more);
/* The log and the pages of reports/. */
vl_code vl_traces_remove_reports(const vl_traces *t, const vl_bank *bank, vl_catalog *c, vl_err *err);

#endif
