/* Lists of chunks, whose buffers are used again (lay.h). */
#include "pipeline/in/lay.h"

#include <stdlib.h>
#include <string.h>

void vl_chunks_free(vl_chunks *chunks)
{
    for (size_t i = 0; i < chunks->cap; i++) {
        vl_buf_free(&chunks->chunk[i].raw);
        vl_buf_free(&chunks->chunk[i].packed);
        vl_rows_shown_free(&chunks->chunk[i].shown);
    }
    free(chunks->chunk);
    *chunks = (vl_chunks){ 0 };
}

vl_chunk *vl_chunks_add(vl_chunks *chunks, vl_err *err)
{
    if (chunks->n == chunks->cap) {
        const size_t cap = chunks->cap ? 2 * chunks->cap : 32;
        vl_chunk *const p = realloc(chunks->chunk, cap * sizeof *p);
        if (!p) {
            vl_fail(err, VL_ENOMEM, "no memory for %zu chunks", cap);
            return NULL;
        }
        memset(p + chunks->cap, 0, (cap - chunks->cap) * sizeof *p);
        chunks->chunk = p;
        chunks->cap = cap;
    }
    return &chunks->chunk[chunks->n++];
}
