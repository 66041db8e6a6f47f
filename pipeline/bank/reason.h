/* Why an item was refused, in one word for machines and two sentences for people. */
#ifndef VL_REASON_H
#define VL_REASON_H

typedef struct vl_reason {
    const char *code;  /* "truncated": lower-case letters; in files, metrics and the catalogue */
    const char *means; /* "the input ends too early" */
    const char *retry; /* what to do, a sentence */
} vl_reason;

extern const vl_reason vl_reasons[]; /* ends with code NULL */

/* NULL for a code that is not ours. */
const vl_reason *vl_reason_find(const char *code);

#endif
