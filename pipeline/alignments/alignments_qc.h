/*
 * What was counted of alignments when they came in, as numbers: for vial qc, the report, and a bank's limits.
 *
 * alignments_measure.c  the numbers, measures
 * alignments_qc.c       forms of vial qc
 * alignments_report.c   the report
 * alignments_plots.c    its plots of depth along contigs, and by GC
 */
#ifndef VL_ALIGNMENTS_QC_H
#define VL_ALIGNMENTS_QC_H

#include "pipeline/alignments/alignments_sites.h"
#include "pipeline/alignments/alignments_summaries.h"
#include "pipeline/out/measure.h"
#include "pipeline/out/qc.h"

/* A contig with records. Depth is of records without flags 0x704, as that of coverage. */
typedef struct vl_contig_qc {
    const vl_contig *contig; /* borrowed */
    uint64_t mapped, unmapped;
    double depth, quality, mapq; /* means: of its places, letters upon it, records; NaN: of none */
} vl_contig_qc;

typedef struct vl_alignments_qc {
    bool there; /* the store has such counts */
    bool known, sorted;
    vl_alignments_counts counts;
    uint64_t flag[2][VL_FS_N], all[VL_FS_N]; /* as flagstat; both together */
    vl_buf header;
    vl_contigs contigs; /* borrows from it */
    vl_contig_qc *one;  /* owned; [none]: contigs that have records, in the order of the header */
    size_t none;
    double depth, quality, mapq; /* of all */
    vl_sites_kept sites;         /* letters upon them */
    uint64_t called;             /* of these, how many have a genotype */
    uint64_t pairs, insert[3];   /* proper pairs; first quartile, middle, third of their sizes */
    vl_windows_qc windows;
    double bias; /* vl_windows_bias */
} vl_alignments_qc;

/* To be freed; into zeroes. */
vl_code vl_alignments_qc_load(vl_alignments_qc *q, vl_store *st, vl_err *err);
void vl_alignments_qc_free(vl_alignments_qc *q);

/* Mean depth of windows of the contig that q->one[i] is of, from its first place up to the last with letters:
 * into depth [*n], owned by the caller; of each, GC of the letters upon it in percent, or NaN, into gc [*n].
 * None where there are no two windows. */
vl_code vl_alignments_depths(const vl_alignments_qc *q, size_t i, double **depth, double **gc, size_t *n,
                             vl_err *err);
/* Sections of the report: plots of these, of at most so many contigs, and of depth by GC. err is that of
 * h. */
void vl_alignments_plots(const vl_alignments_qc *q, struct vl_html *h, vl_err *err);

extern const vl_measures vl_alignments_measures;
extern const vl_qc_form vl_alignments_qc_text, vl_alignments_qc_json, vl_alignments_qc_multiqc;

#endif
