/*
 * A schema as text, as a store carries it in /schema: one line a column under a line of headings, fields
 * between tabulators. What is missing or unknown among the headings is left empty or passed over, so that
 * stores of other years can be read.
 *
 *     path type shape table use unit missing reference to offsets role coding description
 *
 * shape       fixed, ragged, stream, pieces (vl_shape)
 * table       whose rows it has; of pieces: the table that points at them
 * reference   none, row, element, byte, piece column, piece start, piece length (vl_ref); to: the table or
 *             the column it points at
 * offsets     the column whose row offsets are its own too
 */
#ifndef VL_SCHEMA_H
#define VL_SCHEMA_H

#include "formats/batch.h"

const char *vl_shape_name(vl_shape shape);
const char *vl_use_name(vl_use use);
/* An unknown use is bytes like any other: text. */
vl_use vl_use_find(const char *name);

/* Appends the headings and all fields; then, one after the other in the order of their numbers, piece
 * columns. `of`: the table that points at them; path: in the store. */
vl_code vl_schema_print(const vl_schema *schema, vl_buf *text, vl_err *err);
vl_code vl_schema_print_piece(const char *of, const char *path, const vl_piece_column *piece, vl_buf *text,
                              vl_err *err);

/* The table whose rows point at pieces; -1 if there is none. */
int vl_schema_piece_table(const vl_schema *schema);

/* A schema from text [n], which may be hostile; to be freed. tables: names of its tables in order, between
 * blanks; a table that only columns name comes behind them. VL_ESTORE with the line. */
vl_code vl_schema_parse(vl_schema **out, const char *kind, const char *tables, const uint8_t *text, size_t n,
                        vl_err *err);

/*
 * The program's schema seen in a store's: its fields keep their numbers, the store's other columns and tables
 * come behind. stored [nfield of *out]: number of each field in `store`, -1 where the store does not have it.
 * Borrows from both. VL_ESTORE when a column of one name is of another type, shape or table.
 */
vl_code vl_schema_merge(vl_schema **out, int **stored, const vl_schema *program, const vl_schema *store,
                        vl_err *err);

/* What stores of version 1 were made by, which carry no schema: the names of the tables, the columns as
 * printed here, and what the path of a piece column said. Never changed again. */
typedef struct vl_schema_1 {
    const char *tables, *text;
    void (*piece)(const char *path,
                  vl_piece_column *out); /* fills role and coding; NULL: there are no pieces */
} vl_schema_1;

void vl_schema_free(vl_schema *schema); /* of parse or merge; NULL is fine */

#endif
