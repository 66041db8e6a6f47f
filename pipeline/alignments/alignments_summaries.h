/*
 * Summaries of alignments, by the rules of samtools 1.16.
 *
 * summaries_counts.c   flagstat, idxstats
 * depth.c              depth
 * coverage.c           coverage
 * stats.c              stats (stats.h)
 */
#ifndef VL_ALIGNMENTS_SUMMARIES_H
#define VL_ALIGNMENTS_SUMMARIES_H

#include "formats/alignments/alignments.h"
#include "pipeline/out/summary.h"

extern const vl_summary vl_alignments_flagstat, vl_alignments_idxstats, vl_alignments_depth,
    vl_alignments_coverage, vl_alignments_stats;

/* The header of the store, and its contigs, which borrow from it. */
vl_code vl_alignments_contigs_load(vl_reader *r, vl_buf *header, vl_contigs *contigs, vl_work *work,
                                   vl_err *err);

#endif
