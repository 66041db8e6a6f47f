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

typedef struct vl_sheet {
    const char *dialect; /* "nf-core", "SDRF", "vial"; static */
    vl_items items;
    vl_sheet_error *error; /* owned; in order of line and column */
    size_t nerror, cerror;
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
/* Offers the names of all columns that are known. */
void vl_sheet_try_columns(vl_nearest *near);

#endif
