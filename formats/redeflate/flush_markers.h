/*
 * Where a maker was made to write what it had: empty blocks that are not the last, stored or static ones.
 * pigz writes none where a byte is full by itself; that place is known by the distance between the others.
 */
#ifndef VL_FLUSH_MARKERS_H
#define VL_FLUSH_MARKERS_H

#include "formats/redeflate/corrections.h"

enum { VL_MARKER_NONE = VL_DYNAMIC }; /* a type: a flush of which no block tells */

typedef struct vl_marker {
    uint32_t at; /* in the text */
    uint8_t type, pad;
} vl_marker;

typedef struct vl_markers {
    vl_marker *marker; /* owned */
    size_t n, cap;
    size_t next; /* the first that was not passed */
} vl_markers;

void vl_markers_free(vl_markers *m);

bool vl_is_marker(const vl_deflate_block *block);
/* Takes down what a block that ends at `at` tells of flushes, in a text that begins at start. VL_ENOMEM. */
vl_code vl_markers_note(vl_markers *m, const vl_deflate_block *block, size_t start, size_t at, vl_err *err);
/* The one that is next, if it is at `at`; else NULL. */
const vl_marker *vl_marker_due(const vl_markers *m, size_t at);

/* The end of what a maker sees that passed those before `next`: the next further on than at, or n. */
size_t vl_markers_end(const vl_markers *m, size_t at, size_t n);

/* All of them, in order, none before start or behind end. Errors: VL_ESTORE what is said cannot be. */
vl_code vl_say_markers(vl_coder *c, vl_markers *m, size_t start, size_t end, size_t most, vl_err *err);

#endif
