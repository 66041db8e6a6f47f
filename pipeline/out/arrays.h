/*
 * The peak arrays of a run of spectra: which elements of which piece columns they are, fetched and unpacked.
 * A batch says it in the fields of table array (formats/spectra.h). One of these for each slot, reused.
 */
#ifndef VL_ARRAYS_H
#define VL_ARRAYS_H

#include "formats/spectra/spectra.h"
#include "pipeline/out/reader.h"

/* The data sets of piece columns, by number. */
typedef struct vl_piece_columns {
    vl_store *store;                 /* borrowed */
    int column[VL_MAX_PIECE_COLUMN]; /* in the store; -1: no array of it has an element */
    int n;
    char (*path)[VL_PATH + 16]; /* owned; [n] */
} vl_piece_columns;
vl_code vl_piece_columns_read(vl_piece_columns *pc, vl_store *store, vl_err *err);
void vl_piece_columns_free(vl_piece_columns *pc);
vl_type vl_piece_type(const vl_piece_columns *pc, unsigned column);

typedef struct vl_arrays {
    vl_span *span;   /* owned; [cap] */
    vl_buf *value;   /* owned; [cap] */
    uint64_t *first; /* owned; [cap]: element that value starts with */
    int n, cap;
} vl_arrays;

/* Ordered. Arrays 0 .. n - 1 of the batch: those of one column lie behind each other in the store. */
vl_code vl_arrays_plan(vl_arrays *a, const vl_piece_columns *pc, vl_reader *r, const vl_batch *b, size_t n,
                       vl_err *err);
/* Parallel. */
vl_code vl_arrays_load(vl_arrays *a, vl_reader *r, vl_work *work, vl_err *err);
/* The bytes of array i of the batch; *len of them. */
const uint8_t *vl_arrays_value(const vl_arrays *a, const vl_piece_columns *pc, const vl_batch *b, size_t i,
                               size_t *len);
void vl_arrays_free(vl_arrays *a);

/* Fields of row i. */
static inline uint64_t vl_u64_at(const vl_batch *b, int field, size_t i)
{
    return vl_le64(b->col[field].data.data + 8 * i);
}
static inline unsigned vl_array_column(const vl_batch *b, size_t i)
{
    return vl_le16(b->col[VL_SP_ARR_COLUMN].data.data + 2 * i);
}

#endif
