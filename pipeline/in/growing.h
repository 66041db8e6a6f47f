/*
 * A column that grows (lay.h): its open chunk, which elements are copied into, and what a codec is shown of
 * their rows: where these end and, where another column of the same rows helps, what stands there (vl_guide).
 */
#ifndef VL_GROWING_H
#define VL_GROWING_H

#include "formats/xxh3.h"
#include "pipeline/in/lay.h"
#include "pipeline/in/wait.h"

typedef struct vl_growing {
    vl_spec spec;
    vl_piece_column like;              /* what spec borrows from, of a piece column */
    vl_buf open;                       /* elements since first */
    uint64_t first, n;                 /* first element of the open chunk; elements so far */
    uint64_t same[2], same_at, same_n; /* of the last piece: vl_piece.same; its first element, and how many */
    XXH3_state_t *hash;
    vl_model model;            /* spec.model, where a codec learns */
    bool wants_rows;           /* a codec wants to see where rows end */
    bool wants_guide;          /* and what guides it */
    bool crowded;              /* the open chunk has more rows than are shown */
    vl_rows_shown shown;       /* rows of the open chunk */
    vl_wait wait;              /* until what its chunks share is known */
    struct vl_growing *beside; /* owned; what they share; NULL: nothing */
} vl_growing;

vl_growing *vl_growing_new(const vl_spec *spec, vl_err *err); /* NULL: err is set */
void vl_growing_free(vl_growing *c);                          /* NULL is fine */
vl_code vl_growing_append(vl_growing *c, const uint8_t *bytes, size_t len, vl_chunks *out, vl_err *err);
/* Column f of a batch, whose rows a codec wants to see. */
vl_code vl_growing_append_rows(vl_growing *c, const vl_batch *batch, int f, vl_chunks *out, vl_err *err);
/* The open chunk goes to the list, or to those that wait. */
vl_code vl_growing_emit(vl_growing *c, bool last, vl_chunks *out, vl_err *err);
/* The waiting chunks go, behind what they share. */
vl_code vl_growing_end_wait(vl_growing *c, vl_chunks *out, vl_err *err);

#endif
