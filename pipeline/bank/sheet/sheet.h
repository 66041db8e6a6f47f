/*
 * Sample sheets: a table of text -> items, or all its errors at once.
 *
 * Three dialects, told apart by their columns: nf-core (sample, fastq_1, fastq_2), SDRF-Proteomics (source
 * name, comment[data file]) and our own (sample, file_1, file_2, acquisition, donor, specimen_type ...;
 * docs/sheets.md). Columns are matched by name in any order; what is not known is kept as a detail of the
 * acquisition. A row is an item, or a lane more of the item of a row before (sheet_lane.c).
 */
#ifndef VL_SHEET_H
#define VL_SHEET_H

#include "formats/nearest.h"
#include "pipeline/bank/item.h"

typedef struct vl_sheet_error {
    uint32_t line, column; /* 1-based; column 0: the whole line */
    char *what;            /* owned */
} vl_sheet_error;

/* What becomes of a column. */
typedef enum vl_sheet_use {
    VL_SHEET_USE_KNOWN,  /* docs/sheets.md says what it holds */
    VL_SHEET_USE_FACT,   /* kept as a fact of the sample under its name */
    VL_SHEET_USE_DETAIL, /* kept as a detail of the acquisition under its name */
    VL_SHEET_USE_NONE    /* it has no name */
} vl_sheet_use;

typedef struct vl_sheet_column {
    char *title, *name; /* owned; as it is written, and what it is known or kept as */
    vl_sheet_use use;
    const char *meant; /* static: a column that is known and has nearly this name; NULL: none */
} vl_sheet_column;

typedef struct vl_sheet {
    const char *dialect; /* "nf-core", "SDRF", "vial"; static */
    vl_items items;
    vl_sheet_error *error; /* owned; in order of line and column */
    size_t nerror, cerror;
    vl_sheet_column *column; /* owned; NULL: the header was not understood */
    size_t ncolumn;
} vl_sheet;

/* Reads and checks a whole sheet. Fails only when it cannot be read at all; what is wrong in it stands in
 * sheet->error. Relative paths are looked up beside the sheet, then in the current folder. */
vl_code vl_sheet_read(vl_sheet *sheet, const char *path, vl_err *err);
/* The same of a sheet that corrects: an empty cell is a detail without text, unless another row of the sample
 * says something in that column. */
vl_code vl_sheet_read_correcting(vl_sheet *sheet, const char *path, vl_err *err);
void vl_sheet_free(vl_sheet *sheet);

/* A fact's value as a cell of its column would be kept: the text, or a word of its list (into word). NULL:
 * `why` says, behind the value, what is wrong. */
const char *vl_sheet_fact(const char *name, const char *text, char word[VL_WORD], char why[400]);
/* The column that is known and has nearly this name, of another; NULL: none. Static. */
const char *vl_sheet_meant(const char *name);

#endif
