/*
 * Reader: rows and elements out of a store, in parallel. HDF5 is entered in the ordered stage only; unpacking
 * is done by whichever slot comes first to a chunk, and the others that need it share it.
 *
 *     ordered    vl_reader_rows / vl_reader_span   which chunks are needed; fetches those that are not here
 *     parallel   vl_reader_load                    unpacks, copies the rows into a batch
 *
 * Chunks stay in memory while a slot needs them and a while longer (pages.h), VL_READER_PAGES of them at
 * most, and one for each column.
 */
#ifndef VL_READER_H
#define VL_READER_H

#include "formats/fold.h"
#include "pipeline/out/columns.h"

enum { VL_READER_PAGES = 48 };

typedef struct vl_reader vl_reader;

/* Elements [first, first + count) of a column, and the chunks they lie in. */
typedef struct vl_span {
    int column;            /* in the store; -1: the column is absent, the span is empty */
    uint64_t first, count; /* elements */
    struct vl_page **page; /* owned; pinned */
    size_t npage, cpage;
} vl_span;
void vl_span_free(vl_span *span); /* memory only; unpin first */

/* Rows of some tables, parts of streams and pieces, planned and then loaded into a batch as parse made it.
 * Reused. */
typedef struct vl_plan {
    vl_span *span;                  /* owned; [nfield] */
    vl_span *piece;                 /* owned; [piece columns] */
    size_t npiece;                  /* rows of the piece table whose pieces are planned */
    vl_batch batch;                 /* what load fills; its schema is the reader's */
    struct vl_unfolding *unfolding; /* owned; out/unfolding.h; NULL: rows are as they were stored */
} vl_plan;

/* Chunks that were fetched for one job, while the reader takes digests. Reused. */
typedef struct vl_fresh {
    struct vl_page **page; /* owned; pinned */
    size_t npage, cpage;
} vl_fresh;

/* program and old: of the kind (columns.h). The store is borrowed. */
vl_code vl_reader_open(vl_reader **out, vl_store *store, const vl_schema *program, const vl_schema_1 *old,
                       vl_err *err);
/* While brief, what is asked, and what most likely lies behind it, is all that is asked of its chunks: of
 * those that need not be unpacked whole, only that is. share: of what is asked and follows, as many times as
 * much as is asked; 1: nothing follows; 0: chunks are wanted whole. */
void vl_reader_brief(vl_reader *r, double share);
/* While once, what vl_reader_load loads is not asked for again: the memory of its chunks is that of the next
 * ones. Fresh memory takes longer than to unpack most chunks. */
void vl_reader_once(vl_reader *r, bool once);
vl_store *vl_reader_store(const vl_reader *r);
const vl_columns *vl_reader_columns(const vl_reader *r);
/* Rows of a table in the store. */
uint64_t vl_reader_nrow(const vl_reader *r, int table);

vl_code vl_plan_init(vl_plan *plan, const vl_reader *r, vl_err *err);
void vl_plan_free(vl_reader *r, vl_plan *plan);

typedef struct vl_sight {
    int field;
    vl_want want;
} vl_sight;

/* Ordered. Plans rows [first, first + n) of a table: of all its fields what want [nfield] says (NULL: all of
 * those of the program). Other tables of the plan keep what was planned. */
vl_code vl_reader_rows(vl_reader *r, vl_plan *plan, int table, uint64_t first, size_t n, const vl_want *want,
                       vl_work *work, vl_err *err);
/* The same of what the store has, though it be folded (formats/fold.h). And load. */
vl_code vl_reader_stored(vl_reader *r, vl_plan *plan, int table, uint64_t first, size_t n,
                         const vl_want *want, vl_work *work, vl_err *err);
vl_code vl_reader_load_stored(vl_reader *r, vl_plan *plan, vl_work *work, vl_err *err);
/* Ordered. Plans the rows, of the table that a ragged field's references (vl_field.ref_step) point at, from
 * the least to the greatest that n rows from first on have. VL_ESTORE: these lie far from each other. */
vl_code vl_reader_referred(vl_reader *r, vl_plan *plan, int field, uint64_t first, size_t n,
                           const vl_want *want, vl_work *work, vl_err *err);
/* *want [nfield], to be freed: as these n say. */
vl_code vl_reader_want(const vl_reader *r, const vl_sight *sight, int n, vl_want **want, vl_err *err);
/* Ordered. Plans elements of a stream. */
vl_code vl_reader_stream(vl_reader *r, vl_plan *plan, int field, uint64_t first, uint64_t count, vl_err *err);
/* Ordered. Plans the pieces of the first n rows of the piece table, whose rows must be loaded. Pieces of one
 * column lie behind each other in the store. VL_ESTORE names the row that points elsewhere. */
vl_code vl_reader_pieces(vl_reader *r, vl_plan *plan, size_t n, vl_err *err);
/* Ordered. Plans any elements of any column. */
vl_code vl_reader_span(vl_reader *r, vl_span *span, int column, uint64_t first, uint64_t count, vl_err *err);

/* Parallel. Unpacks the chunks that nobody else is at. */
void vl_reader_unpack(vl_reader *r, vl_plan *plan, vl_work *work);
/* Parallel. Fills plan->batch with the rows and streams that are planned, and unpins. */
vl_code vl_reader_load(vl_reader *r, vl_plan *plan, vl_work *work, vl_err *err);
/* Parallel. The elements of a stream that was planned. */
vl_code vl_reader_load_stream(vl_reader *r, vl_plan *plan, int field, vl_work *work, vl_err *err);
/* Bytes of the pieces of row i of a batch whose rows of the piece table are loaded. VL_ESTORE: it points at
 * no column. */
vl_code vl_reader_piece_bytes(const vl_reader *r, const vl_batch *batch, size_t i, uint64_t *bytes,
                              vl_err *err);
/* Parallel. Fills piece, piece_column and values of plan->batch, and unpins. */
vl_code vl_reader_load_pieces(vl_reader *r, vl_plan *plan, vl_work *work, vl_err *err);
/* Parallel. Replaces out by the elements of a span and unpins. */
vl_code vl_reader_load_span(vl_reader *r, vl_span *span, vl_buf *out, vl_work *work, vl_err *err);
/* Parallel. Copies a span to `to`, which has room; it stays pinned until it is dropped. */
vl_code vl_reader_copy_span(vl_reader *r, vl_span *span, uint8_t *to, vl_work *work, vl_err *err);
/* Parallel. Where n elements of a span are in memory, from element `first` of the column on: in their chunk
 * until the span is dropped, or, where they lie in several, in `room`. Only chunks that are looked at are
 * unpacked. NULL: an error, or there are none. */
const uint8_t *vl_reader_look(vl_reader *r, const vl_span *span, uint64_t first, uint64_t n, vl_buf *room,
                              vl_work *work, vl_err *err);
/* Parallel. Elements here and there of a span: those at [n], of the column, replacing `to`. Where their
 * chunks can be unpacked in part they are, in `room`, for the caller alone. */
vl_code vl_reader_pick(vl_reader *r, const vl_span *span, const uint64_t *at, size_t n, vl_buf *to,
                       vl_buf *room, vl_work *work, vl_err *err);
void vl_reader_drop_span(vl_reader *r, vl_span *span);

/* Ordered. Row offsets offset[0 .. n] of a ragged field, from row first on; absolute. */
vl_code vl_reader_offsets(vl_reader *r, int field, uint64_t first, size_t n, uint64_t *offset, vl_work *work,
                          vl_err *err);
/* Ordered. All or some elements of a fixed field, converted to nothing: raw little-endian elements. */
vl_code vl_reader_elements(vl_reader *r, int column, uint64_t first, uint64_t n, vl_buf *out, vl_work *work,
                           vl_err *err);
/* The column of a field in the store, -1 if absent. */
int vl_reader_column(const vl_reader *r, int field);

/* Fields of row i. */
static inline uint64_t vl_u64_at(const vl_batch *b, int field, size_t i)
{
    return vl_le64(b->col[field].data.data + 8 * i);
}

/* Digests on the way: who reads a whole store in order checks its columns without unpacking them twice.
 * start: before anything is read. fresh: ordered, behind a job's plan: the chunks that it fetched. digest:
 * ordered, in the same order: hashes and unpins them. whole: at the end, sets whole[c] of each column of the
 * store that was read from its first chunk to its last; VL_ESTORE if such a column does not match its
 * digest. */
vl_code vl_reader_digests_start(vl_reader *r, vl_err *err);
void vl_reader_fresh(vl_reader *r, vl_fresh *out);
vl_code vl_reader_digest(vl_reader *r, vl_fresh *fresh, vl_work *work, vl_err *err);
vl_code vl_reader_digests_whole(vl_reader *r, bool *whole, vl_err *err);
void vl_fresh_free(vl_fresh *fresh); /* memory only */

void vl_reader_close(vl_reader *r); /* NULL is fine */

#endif
