/*
 * bedGraph of depth: a line a run of places of one depth, as bedtools genomecov -bg writes it: contig, first
 * place from 0 on, the place behind the last, depth. Runs are found in parallel, and those that go on where
 * pieces meet are joined when they are printed.
 */
#ifndef VL_BEDGRAPH_H
#define VL_BEDGRAPH_H

#include "formats/alignments/alignments.h"
#include "pipeline/io/output.h"

typedef struct vl_bedgraph_run {
    int64_t contig, from, to, depth;
} vl_bedgraph_run;

typedef struct vl_bedgraph {
    const vl_contigs *contigs; /* borrowed, as is out */
    vl_output *out;
    vl_bedgraph_run last; /* not printed yet; from == to: there is none */
    vl_buf text;
} vl_bedgraph;

/* Parallel. Appends the runs of depth [n], from place `at` of a contig on; zeros: also those of depth 0. */
vl_code vl_bedgraph_find(int64_t contig, int64_t at, const int32_t *depth, size_t n, bool zeros, vl_buf *runs,
                         vl_err *err);
/* Ordered. Prints runs; the last waits for the next. */
vl_code vl_bedgraph_emit(vl_bedgraph *b, const vl_buf *runs, vl_err *err);
vl_code vl_bedgraph_end(vl_bedgraph *b, vl_err *err);

#endif
