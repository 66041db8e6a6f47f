/* The indexes of alignments. */
#ifndef VL_ALIGNMENTS_INDEX_H
#define VL_ALIGNMENTS_INDEX_H

#include "formats/alignments/alignments.h"
#include "pipeline/index/index.h"

/* Numbers of a key of vl_alignments_by_place. */
enum { VL_AK_CONTIG, VL_AK_FROM, VL_AK_TO, VL_AK_NAME, VL_AK_N };

/* In the order of the numbers, of which -1 is the least that is. */
static inline uint64_t vl_place_key(int64_t v) { return v < -1 ? 0 : (uint64_t)v + 1; }

extern const vl_index vl_alignments_by_place;

#endif
