/* Where a maker was made to write what it had: empty blocks that are not the last, stored or static ones. */
#ifndef VL_FLUSH_MARKERS_H
#define VL_FLUSH_MARKERS_H

#include "formats/redeflate/corrections.h"

typedef struct vl_marker {
    uint32_t at; /* in the text */
    uint8_t type, pad;
} vl_marker;

typedef struct vl_markers {
    vl_marker *marker; /* owned */
    size_t n, cap;
    size_t next; /* the first that was not passed */
} vl_markers;

vl_code vl_markers_add(vl_markers *m, vl_marker marker, vl_err *err);
void vl_markers_free(vl_markers *m);

bool vl_is_marker(const vl_deflate_block *block);

/* The end of what a maker sees that passed those before `next`: the next further on than at, or n. */
size_t vl_markers_end(const vl_markers *m, size_t at, size_t n);

/* All of them, in order, none before start or behind end. Errors: VL_ESTORE what is said cannot be. */
vl_code vl_say_markers(vl_coder *c, vl_markers *m, size_t start, size_t end, size_t most, vl_err *err);

#endif
