/* What a store says of its columns: the names of the tables, and each column, as text (formats/schema.h). */
#ifndef VL_NOTE_SCHEMA_H
#define VL_NOTE_SCHEMA_H

#include "formats/schema.h"
#include "pipeline/store/store.h"

/* The fields of the schema, those that the data added among them; behind them piece columns, [n]: where each
 * is in the store, and what it is. */
vl_code vl_note_schema(vl_store *st, const vl_schema *schema, const char *const *path,
                       const vl_piece_column *const *piece, int n, vl_err *err);

#endif
