/*
 * zlib's search for a match, without walking its chains. zlib looks at no more than so many positions of the
 * same hash of three bytes, newest first, and takes the first of the longest matches. Here the positions of a
 * block of the text are sorted by that hash: the last so many before a position lie side by side, each with
 * the eight bytes that are there, so that all of them are compared at once (kernels/longest_prefix.c).
 *
 * All positions are put in, whatever is taken, as zlib does from level 4 on.
 */
#ifndef VL_ZLIB_BUCKETS_H
#define VL_ZLIB_BUCKETS_H

#include "formats/redeflate/deflate_maker.h"

typedef struct vl_buckets vl_buckets;

/* For texts of makers of this row. VL_ENOMEM: NULL. */
vl_buckets *vl_buckets_open(const vl_deflate_row *row);
/* A text begins; first: the first position that is put in. */
void vl_buckets_begin(vl_buckets *b, size_t first);
void vl_buckets_close(vl_buckets *b);

/* What zlib's search is bound to. */
typedef struct vl_search_bounds {
    size_t base;               /* positions up to it are no source */
    unsigned far, chain, nice; /* nice: no more than what is ahead */
    unsigned ahead;            /* bytes that it sees, up to VL_DEFLATE_LONGEST; three at least */
} vl_search_bounds;

/* A match at `at` longer than best, which is 2 at least and less than ahead; returns its length, or best when
 * there is none. */
unsigned vl_bucket_search(vl_buckets *b, const vl_deflate_parser *p, size_t at, const vl_search_bounds *by,
                          unsigned best, unsigned *distance);

/* So many positions from `at` on, up to eight, have no match: often not one. */
size_t vl_buckets_none(vl_buckets *b, const vl_deflate_parser *p, size_t at);

#endif
