/*
 * Regions of contigs, as samtools names them (samtools-view(1), "Regions"), and intervals of a BED file:
 *
 *     chr2  chr2:1,000,000  chr2:1000-2000  chr2:1000-  chr2:-2000  {HLA:01}:5-9  *  .
 *
 * Ends are counted from 1 and lie within; here they count from 0, and the last is the first that is not. The
 * whole text is tried as a contig's name first. '*' is where records without a contig lie, '.' all there is.
 */
#ifndef VL_REGIONS_H
#define VL_REGIONS_H

#include "formats/alignments/alignments.h"

typedef struct vl_region {
    int64_t contig, from, to; /* contig -1: none */
} vl_region;

typedef struct vl_regions {
    vl_region *region; /* owned; once settled in the order of places, and none touches another */
    size_t n, cap;
    bool all;
} vl_regions;

/* [from, to) of a contig. */
vl_code vl_regions_put(vl_regions *r, int64_t contig, int64_t from, int64_t to, vl_err *err);
/* VL_EARG: it is none, or of a contig that there is not. */
vl_code vl_regions_add(vl_regions *r, const vl_contigs *c, const char *text, vl_err *err);
/* The intervals of a BED file ("-": standard input), or places, a contig and a number from 1 on; those of
 * contigs that there are not are passed over, as samtools does. */
vl_code vl_regions_read(vl_regions *r, const vl_contigs *c, const char *path, vl_err *err);
/* To be called before the first question. */
void vl_regions_settle(vl_regions *r);
/* Whether [from, to) of a contig lies on some of them; *which: the first that it does. */
bool vl_regions_meet(const vl_regions *r, int64_t contig, int64_t from, int64_t to, size_t *which);
void vl_regions_free(vl_regions *r);

/* Where a row counts as lying, as in samtools: what is unmapped, or covers nothing, has one place. */
static inline int64_t vl_place_end(int64_t position, int64_t span, int64_t flag)
{
    return position + (flag & VL_FLAG_UNMAPPED || span < 1 ? 1 : span);
}

#endif
