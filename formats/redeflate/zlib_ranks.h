/*
 * zlib's search for a match, without walking its chains. zlib looks at no more than so many positions of the
 * same hash of three bytes, newest first, and takes the first of the longest matches. Here each position has
 * its number among those of the same hash, so that how many zlib would have looked at before it is a
 * difference; and chains are of positions that have the same three, five or eight bytes, which are few.
 *
 * All positions are put in, in order, whatever is taken, as zlib does from level 4 on.
 */
#ifndef VL_ZLIB_RANKS_H
#define VL_ZLIB_RANKS_H

#include "formats/redeflate/deflate_maker.h"

typedef struct vl_ranks vl_ranks;

/* first: the first position that is put in. VL_ENOMEM: NULL. */
vl_ranks *vl_ranks_open(const vl_deflate_parser *p, size_t first);
void vl_ranks_close(vl_ranks *r);

/* What zlib's search is bound to. */
typedef struct vl_rank_bounds {
    size_t base;               /* positions up to it are no source */
    unsigned far, chain, nice; /* nice: no more than what is ahead */
    unsigned ahead;            /* bytes that it sees, up to VL_DEFLATE_LONGEST; three at least */
} vl_rank_bounds;

/* A match at `at` longer than best, which is 2 at least and less than ahead; returns its length, or best when
 * there is none. */
unsigned vl_rank_search(vl_ranks *r, const vl_deflate_parser *p, size_t at, const vl_rank_bounds *by,
                        unsigned best, unsigned *distance);

#endif
