/*
 * What the columns of a store are: its own schema, seen through the program's.
 *
 * A store says what its columns are (/schema; version 1 did not: what they were then is kept with the kind).
 * Fields that this program asks for by number keep their numbers; a field that the store does not have reads
 * as what stands for missing; columns that only the store knows come behind, so that they can be listed,
 * viewed and checked.
 */
#ifndef VL_COLUMNS_H
#define VL_COLUMNS_H

#include "formats/schema.h"
#include "pipeline/store/store.h"

typedef struct vl_columns {
    vl_schema *schema;           /* owned: the program's fields, then the store's others */
    int nprogram;                /* fields of the program */
    int *column, *offset;        /* owned; [nfield]: data sets of the store, -1 where there is none */
    bool *absent;                /* owned; [nfield]: the store's schema has no such column */
    uint64_t nrow[VL_MAX_TABLE]; /* rows of each table */
    vl_piece_column *piece;      /* owned; [npiece]: columns that the data named, by their numbers */
    int *piece_field;            /* owned; [npiece] */
    int npiece;
    vl_schema *stored; /* owned */
} vl_columns;

/* program and old are the kind's (kind.h); program NULL: all is as the store says. VL_ESTORE where the data
 * sets do not fit the schema, or the schema is none. */
vl_code vl_columns_read(vl_columns *c, vl_store *st, const vl_schema *program, const vl_schema_1 *old,
                        vl_err *err);
void vl_columns_free(vl_columns *c);

/* Replaces out by n elements that stand for missing in a fixed field. */
vl_code vl_columns_missing(const vl_field *field, size_t n, vl_buf *out, vl_err *err);

#endif
