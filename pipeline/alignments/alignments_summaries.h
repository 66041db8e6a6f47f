/*
 * Summaries of alignments, by the rules of samtools 1.16.
 *
 * summaries_counts.c   flagstat, idxstats
 * depth.c              depth
 * coverage.c           coverage
 * stats.c              stats (stats.h)
 * look.c               look (look.h)
 */
#ifndef VL_ALIGNMENTS_SUMMARIES_H
#define VL_ALIGNMENTS_SUMMARIES_H

#include "formats/alignments/alignments.h"
#include "pipeline/alignments/alignments_counts.h"
#include "pipeline/out/summary.h"

extern const vl_summary vl_alignments_flagstat, vl_alignments_idxstats, vl_alignments_depth,
    vl_alignments_coverage, vl_alignments_stats, vl_alignments_look;

/* The header of the store, and its contigs, which borrow from it. */
vl_code vl_alignments_contigs_load(vl_store *st, vl_buf *header, vl_contigs *contigs, vl_work *work,
                                   vl_err *err);

/* ---- flagstat and idxstats (summaries_counts.c) ---- */

typedef enum vl_flagstat_line {
    VL_FS_TOTAL,
    VL_FS_PRIMARY,
    VL_FS_SECONDARY,
    VL_FS_SUPPLEMENTARY,
    VL_FS_COPIES,
    VL_FS_PRIMARY_COPIES,
    VL_FS_MAPPED,
    VL_FS_PRIMARY_MAPPED,
    VL_FS_PAIRED,
    VL_FS_FIRST,
    VL_FS_SECOND,
    VL_FS_PROPER,
    VL_FS_BOTH,
    VL_FS_SINGLE,
    VL_FS_ELSEWHERE,
    VL_FS_ELSEWHERE_5,
    VL_FS_N
} vl_flagstat_line;
typedef struct vl_flagstat_word {
    const char *words;
    int of; /* line of which a share is given; -1: none is */
} vl_flagstat_word;
extern const vl_flagstat_word vl_flagstat_words[VL_FS_N];

/* n: of records that passed filters, and of those that have not. */
void vl_flagstat_count(uint64_t n[2][VL_FS_N], const vl_alignments_counts *c);
/* The whole texts. */
void vl_flagstat_put(const vl_alignments_counts *c, vl_buf *out, vl_err *err);
void vl_idxstats_put(const vl_alignments_counts *c, const vl_contigs *contigs, vl_buf *out, vl_err *err);

#endif
