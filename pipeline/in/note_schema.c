/* The schema of a store, in it (note_schema.h). */
#include "pipeline/in/note_schema.h"

#include <stdio.h>
#include <string.h>

vl_code vl_note_schema(vl_store *st, const vl_schema *schema, const char *const *path,
                       const vl_piece_column *const *piece, int n, vl_err *err)
{
    char tables[VL_MAX_TABLE * 40] = "";
    vl_buf text = { 0 };
    for (int t = 0; t < schema->ntable; t++) {
        const size_t used = strlen(tables);
        snprintf(tables + used, sizeof tables - used, "%s%s", t ? " " : "", schema->table[t]);
    }
    vl_schema_print(schema, &text, err);
    for (int i = 0; i < n && !err->code; i++)
        vl_schema_print_piece(schema->table[vl_schema_piece_table(schema)], path[i], piece[i], &text, err);
    const uint64_t bytes = text.len;
    if (!err->code && !vl_store_note(st, "/", VL_TABLES_NOTE, tables, err))
        vl_store_table(st, VL_SCHEMA_PATH, VL_U8, text.data, 1, &bytes, NULL, "",
                       "what each column is, one a line; the first line names the parts", err);
    vl_buf_free(&text);
    return err->code;
}
