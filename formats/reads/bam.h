/*
 * BAM: reads as binary records with tags (SAM specification, section 4.2). Only what is not aligned is taken
 * here: PacBio's reads, Nanopore's base calls, libraries that were never mapped.
 *
 * In: the inflated stream, a header and records (bam/bam_record.h). Out: a batch of reads (reads.h), with a
 * column for each tag (bam/bam_columns.h).
 *
 * Where the first two records are mates by their flags, so all must be, and a name is kept once for a pair.
 * Of a file in which one is missing, each read then is taken by itself (vl_err.again).
 *
 * What these columns do not say is rare. Column odd has it (vl_bam_odd), so that every byte of a record comes
 * back. The header is a stream of its own, as it was.
 *
 * bam.c         the table's entry: header, where records end, facts
 * bam_parse.c   records to rows
 * bam_print.c   rows to records
 * bam_made.c    the same for reads that came as FASTQ: what stands for flags, tags and header
 */
#ifndef VL_BAM_H
#define VL_BAM_H

#include "formats/bam/bam_columns.h"
#include "formats/reads/reads.h"

/* What stands in column odd: a byte with these bits, and for each of them, in their order, bytes. Numbers are
 * those of BAM. */
typedef enum vl_bam_odd {
    VL_ODD_PLACE = 1,    /* refID, pos, next_refID, next_pos, tlen: 20 bytes; else -1, -1, -1, -1, 0 */
    VL_ODD_MAPQ = 2,     /* mapq and bin, 3 bytes; else as of the first record (facts) */
    VL_ODD_CIGAR = 4,    /* n_cigar_op and the operations */
    VL_ODD_PAD = 8,      /* the low half of the last byte of an odd number of letters; else 0 */
    VL_ODD_QUALITY = 16, /* qualities that begin with 0xff and are not all 0xff: a byte a letter */
    VL_ODD_REST = 32     /* tags that are in no column, to the end: from the first that stands there twice */
} vl_bam_odd;

extern const vl_bam_fields vl_bam_reads_fields;

/* ---- the table's entry and its parts ---- */

typedef struct vl_bam_head {
    size_t nheader; /* bytes */
    uint32_t ncontig;
    vl_buf header; /* owned */
    uint8_t mapq;  /* of the first record */
    uint16_t bin;
    bool paired; /* mates in turn, as the flags and names of the first two records say */
} vl_bam_head;

/* Are they mates, the first one first, by flags and names? bytes: two records that were split. */
bool vl_bam_mates(const vl_bam_record *a, const vl_bam_record *b);

vl_code vl_bam_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err);

/* How reads are printed, as a store's facts say. */
typedef struct vl_bam_how {
    bool paired; /* names are kept once for each pair */
    uint8_t mapq;
    uint16_t bin;
    bool made;        /* they did not come as BAM: what FASTQ lacks is made (bam_made.c) */
    char group[88];   /* then: of tag RG; "": none */
    char header[512]; /* then: the text of the header */
} vl_bam_how;

vl_code vl_bam_unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                        vl_err *err);
vl_code vl_bam_print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err);
/* The same of n rows from `first` on, without a header. */
vl_code vl_bam_print_rows(const vl_bam_how *how, const vl_batch *batch, size_t first, size_t n, vl_buf *out,
                          vl_err *err);
/* The header; kept: that of the store, "" if the reads did not come as BAM. */
vl_code vl_bam_print_header(const vl_bam_how *how, vl_cell kept, vl_buf *out, vl_err *err);

/* ---- of reads that came as FASTQ ---- */

unsigned vl_bam_made_flag(bool paired, size_t row);
/* Appends the tags that a comment is, and adds to the flag what it says; group: as of vl_bam_how. */
vl_code vl_bam_made_tags(vl_cell comment, const char *group, unsigned *flag, vl_buf *out, vl_err *err);
/* Fills group and header. */
void vl_bam_made_header(vl_bam_how *how, const vl_facts *facts);

#endif
