/*
 * Lay: batches of rows -> chunks of columns. The ordered stage between parse and pack.
 *
 * Chunks have a fixed element count while rows are ragged, so lay copies and counts, and nothing else:
 * everything dear stays parallel. It also makes positions absolute (vl_ref), keeps one digest a column,
 * leaves out offsets of equally long rows, and gives piece columns their names. Chunk borders depend on the
 * data alone, never on batches or threads.
 */
#ifndef VL_LAY_H
#define VL_LAY_H

#include "pipeline/store/store.h"

typedef struct vl_lay vl_lay;

/* The chunks that a batch completes; reused. */
typedef struct vl_chunks {
    vl_chunk *chunk;
    size_t n, cap; /* entries from n to cap keep their buffers */
} vl_chunks;
void vl_chunks_free(vl_chunks *chunks);
/* One more, whose buffers may hold what they held before; NULL: err is set. */
vl_chunk *vl_chunks_add(vl_chunks *chunks, vl_err *err);

/* given: what chunks of the columns that its codec suits share; borrowed until close. NULL: nothing. */
vl_code vl_lay_open(vl_lay **out, const vl_schema *schema, vl_profile profile, const vl_shared *given,
                    vl_err *err);
/* Before the first batch: memory, in bytes, that chunks may take that wait until what they share is known; by
 * itself as much as their codec wants. False: none ever wait. */
bool vl_lay_limit(vl_lay *lay, uint64_t bytes);
vl_code vl_lay_batch(vl_lay *lay, vl_batch *batch, vl_chunks *out, vl_err *err);
/* What is left, as last chunks. */
vl_code vl_lay_end(vl_lay *lay, vl_chunks *out, vl_err *err);
/* Gives the chunks of what was given, which may have changed meanwhile where no chunk needs it, one by one;
 * after the others were packed. */
typedef vl_code vl_chunk_fn(void *who, vl_chunk *chunk, vl_err *err);
vl_code vl_lay_given(vl_lay *lay, vl_chunk_fn *to, void *who, vl_err *err);
/* Row lengths, links and digests into the store, after the last chunk was appended. */
vl_code vl_lay_note(vl_lay *lay, vl_store *st, vl_err *err);
uint64_t vl_lay_rows(const vl_lay *lay, int table);
uint64_t vl_lay_elements(const vl_lay *lay, int field);
const uint64_t *vl_lay_counters(const vl_lay *lay);
void vl_lay_close(vl_lay *lay); /* NULL is fine */

#endif
