/*
 * The schema of reads (FASTQ): tables, fields, counters (docs/store.md).
 *
 * Rows of table READ are reads in input order; with pairs, rows 2i and 2i + 1 are mates. Rows of table NAME
 * are names: one for each read, or one for each pair, as mates share it.
 */
#ifndef VL_READS_H
#define VL_READS_H

#include "formats/format.h"
#include "formats/schema.h"

enum { VL_RT_READ, VL_RT_NAME };

enum { VL_RD_NAME, VL_RD_COMMENT, VL_RD_BASE, VL_RD_QUALITY, VL_RD_PLUS, VL_RD_LINES, VL_RD_NFIELD };

enum {
    VL_RC_LOWER,        /* reads with a lower-case letter */
    VL_RC_ODD_BASE,     /* reads with a letter other than ACGTN */
    VL_RC_EMPTY,        /* reads without bases */
    VL_RC_EMPTY_NAME,   /* names without a letter */
    VL_RC_NOT_ASCII,    /* names with bytes above 0x7f */
    VL_RC_PLUS_TEXT,    /* '+' lines with text */
    VL_RC_NO_FINAL_1,   /* 1 if the last line of input 1 has no line break */
    VL_RC_NO_FINAL_2,   /* the same for input 2 */
    VL_RC_BLANK_TAIL_1, /* blank lines behind the last record of input 1 */
    VL_RC_BLANK_TAIL_2, /* the same for input 2 */
    VL_RC_ODD_LINES,    /* reads whose lines are broken, or end, otherwise than those of their input */
    VL_RC_N
};

extern const vl_schema vl_reads_schema;
extern const vl_schema_1 vl_reads_1;

/* In column plus: this one byte stands for the text of the name line repeated. */
enum { VL_PLUS_SAME = 0 };

#endif
