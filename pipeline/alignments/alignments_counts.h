/*
 * What is counted of all alignments of a store as they come in: what flagstat, idxstats and coverage say, and
 * what a look at a library begins with. Of a store that lacks the tables the counts are made from its
 * columns.
 */
#ifndef VL_ALIGNMENTS_COUNTS_H
#define VL_ALIGNMENTS_COUNTS_H

#include "formats/alignments/alignments.h"
#include "pipeline/alignments/alignments_windows.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/reader.h"

enum { VL_FLAGS = 1 << 16, VL_INSERTS = 2000 };

/* What is counted of a contig. The last four are of records that depth takes: none of VL_FLAGS_PASSED. */
typedef enum vl_contig_count {
    VL_CC_MAPPED,
    VL_CC_UNMAPPED,
    VL_CC_RECORDS, /* and of these: */
    VL_CC_MAPQ,    /* sum of mapping qualities */
    VL_CC_LETTERS, /* that lie upon a letter of the contig */
    VL_CC_QUALITY, /* sum of their base qualities */
    VL_CC_END,     /* one more than the last place that one of them covers */
    VL_CC_N
} vl_contig_count;
enum { VL_FLAGS_PASSED = VL_FLAG_UNMAPPED | VL_FLAG_SECONDARY | VL_FLAG_FILTERED | VL_FLAG_DUPLICATE };

typedef struct vl_alignments_counts {
    uint64_t flag[VL_FLAGS];
    unsigned nflag; /* of a store: no more than these occur */
    uint64_t elsewhere[2]
                      [2]; /* primary records with a mate on another contig: filtered, mapq of 5 and more */
    uint64_t mapq[256];
    uint64_t
        insert[VL_INSERTS + 1];  /* template lengths of proper pairs, once each; the last: that and more */
    uint64_t (*contig)[VL_CC_N]; /* owned; [ncontig]; the first is of records without contig */
    size_t ncontig;
    vl_buf windows; /* what the last batch adds to them (vl_windows_row) */
} vl_alignments_counts;

extern const vl_tally vl_alignments_tally;

/* Into zeroes. Of a store: its tables, or else its columns; of these places and mapping qualities only.
 * VL_CC_LETTERS, _QUALITY and _END are 0 then, and *whole is false. */
vl_code vl_alignments_counts_load(vl_alignments_counts *c, vl_reader *r, bool *whole, vl_work *work,
                                  vl_err *err);
/* Of the tables alone; *there: the store has them. */
vl_code vl_alignments_counts_tables(vl_alignments_counts *c, vl_store *st, bool *there, vl_work *work,
                                    vl_err *err);
/* A table of u64 of /qc, of so many dimensions and columns (0: any). *rows 0: the store has none. */
vl_code vl_alignments_table(vl_store *st, const char *path, int ndim, uint64_t columns, vl_buf *bytes,
                            uint64_t *rows, vl_work *work, vl_err *err);
void vl_alignments_counts_free(vl_alignments_counts *c);

/* ---- their order (alignments_order.c) ---- */

typedef struct vl_alignments_order {
    uint64_t turns; /* records that lie before the one ahead of them */
    int64_t contig, position;
} vl_alignments_order;

/* Batches in their order. */
vl_code vl_alignments_order_add(vl_alignments_order *o, const vl_batch *b, vl_err *err);
vl_code vl_alignments_order_store(const vl_alignments_order *o, vl_store *st, vl_err *err);
/* What a store says of it: *known false: nothing. */
vl_code vl_alignments_order_noted(vl_store *st, bool *known, bool *sorted, vl_work *work, vl_err *err);
/* Do the records of a store lie in the order of their places? look: even if all of them must be looked at to
 * know; else the answer is no. */
vl_code vl_alignments_in_order(vl_reader *r, bool look, bool *sorted, vl_work *work, vl_err *err);

/* The field of a tag, "CG:BI"; -1: no row has it. */
int vl_alignments_tag_field(const vl_schema *schema, const char *tag);
/* The CIGAR that row i means, which may stand in tag CG (cg: its field). */
void vl_cigar_of_row(const vl_batch *b, size_t i, int cg, const uint8_t **cigar, size_t *nop);

/* Operations that lie upon the contig and have letters: M = X. */
static inline bool vl_op_matches(uint32_t op) { return 0x181u >> (op & 15) & 1; }
static inline bool vl_op_on_contig(uint32_t op) { return 0x18du >> (op & 15) & 1; }
static inline bool vl_op_in_read(uint32_t op) { return 0x193u >> (op & 15) & 1; }

#endif
