/*
 * The words all layers speak about data: schema, batch, block.
 *
 * A schema lists tables (row domains) and fields. A batch holds one column for each field. A column has one
 * element a row (VL_FIXED), any number of elements a row (VL_RAGGED: offset[i] .. offset[i+1] are those of
 * row i), or elements that belong to no row (VL_STREAM). What stands for "absent" is said in the field's
 * text.
 *
 * Some data names its own columns. Arrays of a row that may be any of many (peak arrays) come as pieces: runs
 * of elements for a column that the batch describes in piece_column. See vl_piece. What a row has once, or
 * not at all (a tag), is a ragged field that the batch adds to those of its schema. See vl_batch_add.
 */
#ifndef VL_BATCH_H
#define VL_BATCH_H

#include <stdbool.h>

#include "formats/buf.h"

typedef enum vl_type { VL_U8, VL_I8, VL_U16, VL_I16, VL_U32, VL_I32, VL_U64, VL_I64, VL_F32, VL_F64 } vl_type;
static inline size_t vl_type_width(vl_type type) /* bytes */
{
    static const uint8_t width[] = { 1, 1, 2, 2, 4, 4, 8, 8, 4, 8 };
    return width[type];
}
/* Adds base to n elements of a width of 4 or 8 bytes, or to the last of each `step` of them; those of other
 * widths stay. */
void vl_add_to_all(uint8_t *data, size_t n, size_t width, size_t step, uint64_t base);
const char *vl_type_name(vl_type type); /* "u8" ... "f64" */
bool vl_type_find(const char *name, vl_type *out);

typedef enum vl_shape {
    VL_FIXED,  /* one element a row */
    VL_RAGGED, /* any number of elements a row */
    VL_STREAM, /* elements of no row */
    VL_PIECES  /* a column that the data names: rows of its table point at runs of its elements */
} vl_shape;

/* What the numbers in a u64 or u16 column point at. A parser writes numbers that count within its batch; lay
 * adds what came before, so that a store holds absolute ones. */
typedef enum vl_ref {
    VL_REF_NONE,
    VL_REF_ROW,          /* ref_to: a table */
    VL_REF_ELEMENT,      /* ref_to: a field; position among its elements */
    VL_REF_BYTE,         /* byte position in the decompressed input */
    VL_REF_PIECE_COLUMN, /* u16: number of a piece column, of the batch before lay, of the store after it */
    VL_REF_PIECE_START, /* first element in that column; filled by lay, row by row together with the pieces */
    VL_REF_PIECE_LENGTH /* elements there */
} vl_ref;

/* How codecs should look at the bytes. */
typedef enum vl_use {
    VL_USE_TEXT,
    VL_USE_BASE,
    VL_USE_QUALITY,
    VL_USE_NUMBER,
    VL_USE_SHARED, /* what the chunks of a column share; of no field */
    VL_USE_PLACE   /* formats/place.h */
} vl_use;

typedef struct vl_field {
    const char *path; /* in the store: "reads/base" */
    vl_type type;
    vl_shape shape;
    int table; /* which row domain; for VL_STREAM ignored */
    vl_use use;
    const char *unit;    /* "" if none */
    const char *missing; /* what stands for absent; "" if always present */
    const char *doc;     /* one phrase */
    vl_ref ref;
    int ref_to;
    int offset_of; /* 1 + number of the field whose row offsets these are too (qualities of bases); 0: its own
                    */
    const char
        *role; /* what the numbers are, in the field's own term: "m/z array"; NULL: the name says all */
    const char *coding; /* of bytes that are numbers in another coding: "numpress_linear"; NULL: none */
    const int *guide; /* ragged fields of the same table whose rows help a codec of this one to pack it; ends
                         * with -1; NULL: none */
    bool brief;       /* a few rows are looked at at a time: chunks are a quarter as large */
    int ref_step;     /* VL_REF_ROW: the last of each so many elements is one; 0: each element is */
} vl_field;

typedef struct vl_schema {
    const char *kind; /* its name, and that of its stores' first group */
    uint32_t version; /* raised with every change of the columns */
    int ntable;
    const char *const *table; /* names; table 0 counts the rows of the store */
    int nfield;
    const vl_field *field;
    int ncounter;
    const char *const *counter; /* names of odd-but-legal things: "n_lower_case" */
    uint64_t usual;             /* bit i: counter i counts what is as it should be, and is no news */
    const struct vl_fold *fold; /* formats/fold.h; NULL: nothing is left out */
} vl_schema;

enum { VL_MAX_TABLE = 16, VL_MAX_COUNTER = 24, VL_MAX_PIECE_COLUMN = 256, VL_PATH = 96, VL_ROLE = 64 };

typedef struct vl_column {
    vl_buf data;      /* elements, little-endian */
    uint64_t *offset; /* owned; rows + 1 entries from 0; NULL unless ragged */
    size_t coffset;   /* entries allocated */
    size_t nrow;      /* rows begun; ragged only */
} vl_column;

/* The elements of row i of a ragged column of bytes; at is NULL where there are none. */
typedef struct vl_cell {
    const uint8_t *at;
    size_t n;
} vl_cell;
static inline vl_cell vl_row(const vl_column *c, size_t i)
{
    const size_t n = c->offset[i + 1] - c->offset[i];
    return (vl_cell){ n ? c->data.data + c->offset[i] : NULL, n };
}

typedef struct vl_piece_column {
    char path[VL_PATH]; /* in the store */
    char unit[16];
    char role[VL_ROLE]; /* "m/z array"; "" where no term says */
    char coding[24];    /* "numpress_linear"; "": plain elements */
    vl_type type;
    vl_use use;
} vl_piece_column;

typedef struct vl_piece {
    uint16_t column; /* in the batch's piece_column */
    size_t at;       /* byte position in batch->values */
    size_t nelem;
    uint64_t
        same[2]; /* pieces of a column, one behind the other, that have the same here are equal; 0 0: none
                         */
} vl_piece;

typedef struct vl_batch {
    const vl_schema *schema;      /* borrowed; static; with fields that were added: the batch's own */
    uint64_t first[VL_MAX_TABLE]; /* number of row 0 of each table in the store; set by lay or fetch */
    size_t nrow[VL_MAX_TABLE];
    vl_column *col; /* owned; schema->nfield of them */
    uint64_t counter[VL_MAX_COUNTER];
    /* pieces: in the order of the rows of the table whose fields have VL_REF_PIECE_COLUMN and _START */
    vl_buf values; /* bytes of all pieces; each starts at a multiple of 64 */
    vl_piece *piece;
    size_t npiece, cpiece;
    vl_piece_column *piece_column;
    size_t npiece_column, cpiece_column;
    uint64_t nbyte;         /* bytes of decompressed input that this batch came from (first stream) */
    void *extra;            /* owned by the format; what its join needs; freed by format->drop */
    struct vl_added *added; /* owned; NULL: there never were fields that were added */
} vl_batch;

enum { VL_MAX_ADDED = 1024 }; /* fields that data may add */

vl_code vl_batch_init(vl_batch *batch, const vl_schema *schema, vl_err *err);
void vl_batch_clear(vl_batch *batch); /* no rows, no fields that were added; memory kept */
void vl_batch_free(vl_batch *batch);

/* Adds a ragged field that the data names, behind those that are there: until the batch is cleared it is
 * field *number, still without rows. Its path is copied; other texts are static. Rows of a store that come in
 * batches without it have nothing there. VL_EUNSUP: more than VL_MAX_ADDED. */
vl_code vl_batch_add(vl_batch *batch, const vl_field *field, int *number, vl_err *err);

/* One element to a fixed column or stream. Rows are counted by the caller in nrow[table]. */
vl_code vl_push(vl_batch *batch, int field, const void *element, vl_err *err);
/* One whole row of n elements to a ragged column. */
vl_code vl_push_row(vl_batch *batch, int field, const void *element, size_t n, vl_err *err);
/* Room for n more rows of offsets in a ragged column (offset[0] = 0 is set). */
vl_code vl_rows_more(vl_column *col, size_t n, vl_err *err); /* where there may be none */
static inline vl_code vl_rows_grow(vl_column *col, size_t n, vl_err *err)
{
    return col->nrow && col->nrow + n + 1 <= col->coffset ? VL_OK : vl_rows_more(col, n, err);
}
/* Adds a piece of nelem elements; *out is where to write them. The column is found by path and type, or made
 * as `like` says. */
vl_code vl_push_piece(vl_batch *batch, const vl_piece_column *like, size_t nelem, uint8_t **out,
                      uint16_t *column, vl_err *err);

/* Asserts what a parser promises of a batch: columns have as many rows and elements as they say. */
void vl_batch_promises(const vl_batch *batch);

/* Whole records of the decompressed input, and where they start. */
typedef struct vl_block {
    vl_buf bytes;
    const char *file; /* borrowed: name of the input */
    uint64_t offset;  /* of bytes.data[0] in the decompressed input */
    uint64_t record;  /* number of the first record in this input */
    uint64_t nrecord; /* how many, as cut counted them */
    uint64_t line;    /* lines of this input before it, as cut counted them */
    bool last;        /* nothing of this input follows */
} vl_block;

#endif
