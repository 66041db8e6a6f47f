/*
 * Rows of an answer as lines: aligned columns or TSV. Only the aligned form looks ahead: the first rows say
 * how wide the columns are, and what is wider later on shifts its line.
 *
 * TSV has a header line; tab, line feed, carriage return and backslash in a value are written \t \n \r \\.
 * Other control characters are written \xHH in both forms: what a sheet said must not move the cursor of who
 * reads it.
 */
#ifndef VL_TABLE_H
#define VL_TABLE_H

#include "formats/buf.h"
#include "pipeline/bank/catalog/listing.h"

#include <jansson.h>

enum { VL_TABLE_AHEAD = 200 /* rows */ };

/* Names and right are the caller's to fill in; all else is the table's. */
typedef struct vl_table {
    FILE *out;
    bool tsv, settled; /* settled: widths are known, the header is printed */
    int ncolumn;
    const char **name; /* owned, the names borrowed */
    bool *right;       /* owned; numbers stand at the right edge of their column */
    size_t *width;     /* owned; in cells of a terminal */
    char **held;       /* owned; ncolumn * VL_TABLE_AHEAD cells */
    size_t nheld;
    vl_buf line;
} vl_table;

vl_code vl_table_open(vl_table *t, FILE *out, vl_list_as as, int ncolumn, vl_err *err);
vl_code vl_table_put(vl_table *t, const char *const *cell, vl_err *err);
/* Prints the header and what was held back; when all rows are put. */
vl_code vl_table_settle(vl_table *t, vl_err *err);
void vl_table_close(vl_table *t);

vl_code vl_table_write(FILE *out, const void *bytes, size_t n, vl_err *err);
/* Prints and frees one object as a line of JSON; NULL: there was no memory for it. */
vl_code vl_table_object(json_t *object, FILE *out, vl_err *err);

#endif
