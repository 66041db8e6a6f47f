/*
 * The schema of reads (FASTQ): tables, fields, counters. See store-format, section 2.
 *
 * Rows of table READ are reads in input order; with pairs, rows 2i and 2i + 1 are mates. Rows of table NAME
 * are names: one for each read, or one for each pair, as mates share it.
 */
#ifndef VL_READS_H
#define VL_READS_H

#include "formats/format.h"

enum { VL_RT_READ, VL_RT_NAME };

enum { VL_RD_NAME, VL_RD_COMMENT, VL_RD_BASE, VL_RD_QUALITY, VL_RD_PLUS, VL_RD_NFIELD };

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
    VL_RC_N
};

extern const vl_schema vl_reads_schema;

/* In column plus: this one byte stands for the text of the name line repeated. */
enum { VL_PLUS_SAME = 0 };

/* How reads are printed again. The same numbers stand as facts in a store. */
typedef struct vl_reads_how {
    bool paired;       /* names are kept once for each pair */
    uint8_t mate_mark; /* the letter before 1 or 2 at the end of mates' names; 0 if names are equal */
    bool crlf[2];      /* line ends of input 1 and 2 */
    int mate;          /* print only mate 1 or 2; 0: all */
} vl_reads_how;

/* Appends the batch's reads as FASTQ. Row 0 must be a first mate when paired. Source: facts/reads.md,
 * section 9. */
vl_code vl_reads_print(const vl_batch *batch, const vl_reads_how *how, vl_buf *out, vl_err *err);
/* The same for n rows of the batch from `first` on. */
vl_code vl_reads_print_rows(const vl_batch *batch, const vl_reads_how *how, size_t first, size_t n,
                            vl_buf *out, vl_err *err);

#endif
