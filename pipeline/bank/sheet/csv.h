/*
 * Delimited text in memory -> rows of cells: CSV (comma or semicolon) and TSV, as spreadsheets write them.
 *
 * Cells that start with a quote follow RFC 4180: they may hold delimiters, line breaks and doubled quotes,
 * and are given exactly. Other cells are given without the blanks at their ends. Lines end in LF, CR LF or
 * CR. A byte order mark and a first line "sep=;" are understood. The delimiter is found from the header line:
 * TAB if there is one, else what is more frequent of ',' and ';'. Lines of nothing but empty cells are
 * skipped.
 *
 * Nothing is copied: cells are unescaped in place and end in a NUL that lies over the delimiter, so the text
 * must stay as long as its cells are used. What is wrong with a cell is said in the cell; reading goes on.
 * Source: RFC 4180; quotes inside a cell that does not start with one are letters like others.
 */
#ifndef VL_CSV_H
#define VL_CSV_H

#include "formats/err.h"
#include <stdbool.h>

enum { VL_CSV_CELLS = 1 << 14 }; /* cells of a row that are kept: as many as a spreadsheet has columns */

typedef struct vl_csv_cell {
    char *text; /* borrowed from the text that is read; ends in NUL */
    size_t len;
    uint32_t line;       /* where it starts; 1-based */
    const char *wrong;   /* NULL, or what is wrong with it; static */
    uint32_t wrong_line; /* where that is; 1-based */
    uint64_t wrong_at;   /* byte of that line; 1-based */
} vl_csv_cell;

typedef struct vl_csv {
    char *p, *end;  /* borrowed; what is still to be read */
    char *start;    /* of the line p is in */
    uint32_t line;  /* of p; 1-based */
    char delimiter; /* ',', ';' or TAB */
    uint64_t nblank;
    vl_csv_cell *cell; /* owned; the row that was read last */
    size_t ncell, ccell;
    size_t nmore; /* cells of the row that were not kept */
} vl_csv;

/* Starts reading text[0 .. n]; text[n] must be writable too and is lost. VL_EUNSUP when it is no text in
 * UTF-8 (UTF-16, a workbook, something compressed). */
vl_code vl_csv_open(vl_csv *csv, char *text, size_t n, vl_err *err);
/* Reads the next row that is not blank; *more is false when there is none. VL_ENOMEM. */
vl_code vl_csv_next(vl_csv *csv, bool *more, vl_err *err);
void vl_csv_close(vl_csv *csv);

#endif
