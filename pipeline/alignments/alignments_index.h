/* The indexes of alignments. */
#ifndef VL_ALIGNMENTS_INDEX_H
#define VL_ALIGNMENTS_INDEX_H

#include "formats/alignments/alignments.h"
#include "pipeline/index/index.h"

/* Numbers of a key of vl_alignments_by_place. */
enum { VL_AK_FROM, VL_AK_TO, VL_AK_NAME, VL_AK_N };

/* In the order of contigs, then of places on them; -1 is the least that is. What is too large for it counts
 * as the largest. */
static inline uint64_t vl_place_key(int64_t contig, int64_t at)
{
    const int64_t place_most = (INT64_C(1) << 40) - 1, contig_most = (INT64_C(1) << 24) - 1;
    const int64_t c = contig < 0 ? 0 : contig < contig_most ? contig + 1 : contig_most;
    return (uint64_t)c << 40 | (uint64_t)(at < 0 ? 0 : at < place_most ? at + 1 : place_most);
}

/* What rows on [from, to) of a contig have in their keys, or at `from` where `to` is not behind it. */
vl_box vl_region_key(int64_t contig, int64_t from, int64_t to);

extern const vl_index vl_alignments_by_place;

#endif
