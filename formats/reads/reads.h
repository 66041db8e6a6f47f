/*
 * The schema of reads (FASTQ, BAM): tables, fields, counters (docs/store.md).
 *
 * Rows of table READ are reads in input order; with pairs, rows 2i and 2i + 1 are mates. Rows of table NAME
 * are names: one for each read, or one for each pair, as mates share it.
 */
#ifndef VL_READS_H
#define VL_READS_H

#include "formats/format.h"
#include "formats/schema.h"

enum { VL_RT_READ, VL_RT_NAME };

enum {
    VL_RD_NAME,
    VL_RD_COMMENT,
    VL_RD_BASE,
    VL_RD_QUALITY,
    VL_RD_PLUS,
    VL_RD_LINES,
    VL_RD_FASTQ,              /* fields of stores made from FASTQ; those made from BAM have more: */
    VL_RD_FLAG = VL_RD_FASTQ, /* and tags, a field each, which are named by the data (bam.h) */
    VL_RD_TAGS,
    VL_RD_ODD,
    VL_RD_HEADER,
    VL_RD_NFIELD
};

/* Quality of all letters of a read that came without qualities. */
enum { VL_NO_QUALITY = 255 };
static inline bool vl_no_quality(vl_cell quality) { return quality.n && quality.at[0] == VL_NO_QUALITY; }

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
    VL_RC_NO_QUALITY,   /* reads that came without qualities */
    VL_RC_ODD_FIELDS,   /* reads with something in column odd */
    VL_RC_N
};

extern const vl_schema vl_reads_schema, vl_fastq_schema; /* that of the kind; its fields that FASTQ has */
extern const vl_schema_1 vl_reads_1;

/* Counts the reads of a batch by their letters; a name by its. */
void vl_reads_count_letters(vl_batch *batch);
void vl_reads_count_name(vl_batch *batch, vl_cell name);

/* In column plus: this one byte stands for the text of the name line repeated. */
enum { VL_PLUS_SAME = 0 };

#endif
