/*
 * Files as they were delivered: what a store knows of each input beside its text, so that the very bytes of
 * the file can be given back. In the store, as data sets that are no part of its identity:
 *
 *     /original/files    text with headings in the first line, a line an input: file, number; state: `text`
 *                        the file is its text, `described`, `pending` it is to be described while it is
 *                        there, `none`; maker, "-" if none is known; first and bytes: of its description in
 *                        records; stream and kept: bytes of deflate streams, and those of them that are kept
 *     /original/records  descriptions, one behind the other (pipeline/container/container.h)
 *
 * What makes them true is the SHA-256 of the file in /source/N, which is part of the identity.
 */
#ifndef VL_DELIVERED_H
#define VL_DELIVERED_H

#include "pipeline/store/store.h"

#define VL_ORIGINAL_FILES   VL_ORIGINAL_GROUP "/files"
#define VL_ORIGINAL_RECORDS VL_ORIGINAL_GROUP "/records"

typedef enum vl_delivered_state {
    VL_DELIVERED_TEXT,
    VL_DELIVERED_DESCRIBED,
    VL_DELIVERED_PENDING,
    VL_DELIVERED_NONE,
    VL_DELIVERED_STATES
} vl_delivered_state;
const char *vl_delivered_word(vl_delivered_state state); /* as in the table; static */

typedef struct vl_delivered_file {
    vl_delivered_state state;
    char maker[48];        /* "" if none is known */
    char compression[16];  /* as the store notes it */
    uint64_t first, bytes; /* of the description */
    uint64_t stream, kept;
    uint64_t file_bytes, plain_bytes;
    char sha256[65];
} vl_delivered_file;

typedef struct vl_delivered {
    vl_delivered_file *file; /* owned; in the order of /source/N */
    size_t n;
    int records;                     /* column; -1: there are none */
    uint64_t record_bytes, in_store; /* of all descriptions; those bytes as they are packed there */
} vl_delivered;

/* Can a file that is packed so be described? */
bool vl_delivered_can(const char *compression);
/* Of a store that is read. Where it says nothing, a file is text or none. */
vl_code vl_delivered_read(vl_delivered *out, vl_store *st, vl_err *err);
/* How many are in a state. */
size_t vl_delivered_count(const vl_delivered *all, vl_delivered_state state);
/* The table of files; appended. */
vl_code vl_delivered_print(const vl_delivered *all, vl_buf *text, vl_err *err);
void vl_delivered_free(vl_delivered *all);

#endif
