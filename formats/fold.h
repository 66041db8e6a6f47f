/*
 * Folding: what rows say twice is left out of a store, and made again when they are read. A kind that folds
 * has one entry (vl_schema.fold), of pure functions:
 *
 *     fold      behind join, before lay: a batch as parse made it becomes what the store keeps
 *     unfold    rows as they were stored become the batch that parse had made
 *
 * A batch that was folded has fields of its own that say so (vl_batch_add); a store that has none of these
 * was not folded. What is left out of a row may be told by rows near it, and by elements of fields, whosever
 * rows they are: the reader brings both.
 */
#ifndef VL_FOLD_H
#define VL_FOLD_H

#include "formats/batch.h"

/* What is wanted of a field: nothing; how many elements each row has, for which none are unpacked; all. */
typedef enum vl_want { VL_WANT_NOT, VL_WANT_LENGTHS, VL_WANT_ROWS } vl_want;

/* What must be read to unfold; each want [nfield]. */
typedef struct vl_fold_needs {
    vl_want *rows;  /* comes with what is wanted of the rows; becomes what is needed of them */
    vl_want *near;  /* of the rows around them; comes as nothing */
    vl_want *reach; /* of the rows themselves, before all others, for `reach`; comes as nothing */
    int told[2];    /* fields of which elements are needed, the same of both; -1: none */
} vl_fold_needs;

/* What rows say of themselves of what they need besides. */
typedef struct vl_fold_reach {
    uint64_t from, to; /* elements of the fields that tell */
    bool near;         /* the rows around them, if any at all */
} vl_fold_reach;

enum { VL_FOLD_ROOM = 5 };

/* What unfold sees. */
typedef struct vl_folded {
    vl_batch *batch;        /* the rows, which change */
    const vl_want *want;    /* of them, before needs; NULL: what the schema's own fields have */
    const vl_batch *near;   /* they and those around them; of no rows where nothing of them is needed */
    const uint8_t *told[2]; /* elements [from, to) of the fields, of one byte; NULL: not needed */
    uint64_t from, to;
    vl_buf *room; /* [VL_FOLD_ROOM], of any use, kept from call to call */
} vl_folded;

typedef struct vl_fold {
    int table;    /* whose rows */
    size_t near;  /* rows before and behind those wanted that may tell something of them */
    size_t state; /* of fold, from batch to batch; zeroed before */
    vl_code (*fold)(void *state, vl_batch *batch, vl_err *err); /* serial, in order */
    void (*back)(void *state,
                 vl_batch *batch); /* behind lay: the batch's own fields are as parse made them */
    void (*drop)(void *state);
    /* Of all batches so far: does what they became need a program that reads stores of version 3? NULL:
     * no. */
    bool (*is_of_version_3)(const void *state);
    bool (*is_folded)(const vl_schema *schema); /* of a store */
    void (*needs)(const vl_schema *schema, vl_fold_needs *needs);
    /* Of rows with the fields of `reach`. VL_ESTORE. */
    vl_code (*reach)(const vl_batch *rows, vl_fold_reach *out, vl_err *err);
    vl_code (*unfold)(const vl_folded *f, vl_err *err); /* on many threads. VL_ESTORE */
} vl_fold;

#endif
