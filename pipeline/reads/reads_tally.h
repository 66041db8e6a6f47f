/*
 * Quality control of reads: counts by position, for each mate. Computed in parallel, one of these a slot;
 * sums do not depend on the order in which they are added.
 */
#ifndef VL_QC_H
#define VL_QC_H

#include "formats/reads/reads.h"
#include "pipeline/out/kind.h"

enum { VL_QC_POSITIONS = 1024, VL_QC_LETTERS = 5, VL_QC_LEVELS = 94 };

typedef struct vl_qc_mate {
    uint64_t *base;    /* owned; [npos][5]: A, C, G, T, other */
    uint64_t *quality; /* owned; [npos][94] */
    uint64_t *length;  /* owned; [VL_QC_POSITIONS + 1]: reads of that length; the last: longer ones */
    size_t npos;       /* longest read, VL_QC_POSITIONS at most */
} vl_qc_mate;

typedef struct vl_qc {
    vl_qc_mate mate[2];
    bool paired; /* names are kept once for each pair */
} vl_qc;

/* /qc/base_count, /qc/quality_count, /qc/read_length; with pairs one of each for mate 1 and 2. */
extern const vl_tally vl_reads_tally;

#endif
