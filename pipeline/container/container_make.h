/*
 * A compressed file made again from its description and its text (container.h): both are given in pieces and
 * become parts (ordered), each is made (parallel), and joined to the bytes of the file (ordered).
 */
#ifndef VL_CONTAINER_MAKE_H
#define VL_CONTAINER_MAKE_H

#include "pipeline/container/container.h"

/* What is known of the file: a description that asks for more is refused. */
typedef struct vl_remaking vl_remaking;
vl_code vl_remaking_open(vl_remaking **out, uint64_t file_bytes, uint64_t plain_bytes, vl_err *err);

/* What vl_remaking_next came to. */
typedef enum vl_remaking_state {
    VL_REMAKING_PART,    /* a part */
    VL_REMAKING_RECORDS, /* it wants more of the description */
    VL_REMAKING_TEXT,    /* it wants more of the text */
    VL_REMAKING_END
} vl_remaking_state;
vl_code vl_remaking_records(vl_remaking *m, const uint8_t *bytes, size_t n, vl_err *err);
vl_code vl_remaking_text(vl_remaking *m, const uint8_t *bytes, size_t n, vl_err *err);
/* The next part, cleared before; VL_ESTORE: a description that is none of such a file. */
vl_code vl_remaking_next(vl_remaking *m, vl_portion *part, vl_remaking_state *state, vl_err *err);
void vl_remaking_close(vl_remaking *m); /* NULL is fine */

/* Fills part.stream with the bytes of its units. Touches only its arguments: any thread. */
vl_code vl_portion_make(vl_portion *part, vl_err *err);

/* The bits of a file, as parts follow each other. */
typedef struct vl_join {
    uint8_t byte; /* its bits so far */
    unsigned nbit;
} vl_join;
/* Appends the bytes of a part that was made, as far as they are whole. VL_ESTORE: it does not fit on. */
vl_code vl_join_portion(vl_join *j, const vl_portion *part, vl_buf *out, vl_err *err);

#endif
