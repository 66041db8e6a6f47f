/*
 * All indexes of a store's kind, on their way: made from batches at ingest, made again from the columns, or
 * only compared with what the store has.
 *
 *     parallel   vl_indexing_part   what a batch adds
 *     ordered    vl_indexing_add    batches in the order of their rows; writes what is complete
 *     end        vl_indexing_end    writes the rest, and what stands beside; or vl_indexing_compare
 */
#ifndef VL_INDEXING_H
#define VL_INDEXING_H

#include "pipeline/index/index.h"
#include "pipeline/out/reader.h"

typedef struct vl_indexing vl_indexing;

/* What a batch adds to each index; reused. Starts as { 0 }. */
typedef struct vl_index_parts {
    vl_index_part *part; /* owned */
    int n;
} vl_index_parts;
void vl_index_parts_free(vl_index_parts *parts);

/* index: of a kind, ends with NULL; NULL is none. to: the store that is written; NULL: nothing is. Both
 * borrowed. */
vl_code vl_indexing_open(vl_indexing **out, const vl_index *const *index, vl_store *to, vl_err *err);
/* table: only indexes of this one; -1: all, whose rows are all in the batch. */
vl_code vl_indexing_part(const vl_indexing *ix, const vl_batch *batch, int table, vl_index_parts *parts,
                         vl_err *err);
vl_code vl_indexing_add(vl_indexing *ix, const vl_index_parts *parts, vl_work *work, vl_err *err);
/* After the last column has its digest. from: the store that has the columns, which may be the one that is
 * written. */
vl_code vl_indexing_end(vl_indexing *ix, const vl_schema *schema, vl_store *from, vl_work *work, vl_err *err);
/* Whether the indexes of a store are what they are when they are made from its columns. One that it does not
 * have is no fault, nor one that was made in another version's way; then *all is false. VL_ESTORE names the
 * index. */
vl_code vl_indexing_compare(vl_indexing *ix, const vl_schema *schema, vl_store *store, bool *all,
                            vl_err *err);

/* Rows of the tables that indexes are of, read from a store and added. */
vl_code vl_indexing_walk(vl_indexing *ix, vl_reader *r, int threads, vl_err *err);
const vl_index *const *vl_indexing_list(const vl_indexing *ix); /* as open got it */
/* Are the rows of a table those of an index? */
bool vl_indexing_needs(const vl_indexing *ix, const vl_schema *schema, int table);

void vl_indexing_close(vl_indexing *ix); /* NULL is fine */

/* What an index of that field is made from, as a hash of the digests. */
void vl_indexed_hash(const vl_store *store, const vl_schema *schema, int field, char hex[33]);

#endif
