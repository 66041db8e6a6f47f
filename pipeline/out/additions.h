/* What others added to a store: a list of it, in words and to be taken out. */
#ifndef VL_ADDITIONS_H
#define VL_ADDITIONS_H

#include "pipeline/store/store.h"

typedef struct vl_addition {
    char *object, *attribute; /* owned; "/" is the root; attribute NULL: the object or link itself */
} vl_addition;

typedef struct vl_additions {
    vl_addition *one; /* owned */
    size_t n, cap;
    bool no_memory;
} vl_additions;

vl_code vl_additions_list(vl_additions *added, vl_store *st, vl_err *err);
/* "attribute 'x' of /" as a line. */
vl_code vl_additions_tell(const vl_addition *one, vl_buf *text, vl_err *err);
/* All of them in n bytes, with commas between; "and 3 more" for what does not fit. */
const char *vl_additions_print(const vl_additions *added, char *text, size_t n);
void vl_additions_free(vl_additions *added);

#endif
