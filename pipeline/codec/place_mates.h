/*
 * What codec place knows of rows (formats/place.h): which of them have one name, which of these is a row's
 * mate, and what follows from that. The same for both ways: all of it comes from rows that are known when it
 * is asked for.
 */
#ifndef VL_PLACE_MATES_H
#define VL_PLACE_MATES_H

#include "formats/place.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows of one name in a chunk. */
typedef struct vl_place_group {
    int32_t
        end[2]; /* the first that is neither secondary nor supplementary, of either end of the template; -1 */
} vl_place_group;

typedef enum vl_place_rule { VL_PLACE_ENDS, VL_PLACE_BOUNDS, VL_PLACE_EDGES, VL_PLACE_NRULE } vl_place_rule;

static inline int64_t vl_place_of(const int64_t *place, size_t row, int k)
{
    return place[row * VL_PLACE_N + (size_t)k];
}

/* Takes row in, whose flag is known. */
void vl_place_join(vl_place_group *group, const int64_t *place, size_t row);
/* The flag that a row of the group most likely has, before it joins: 0 when nothing tells. */
int64_t vl_place_guess_flag(const vl_place_group *group, const int64_t *place);

/* The mate of a row in its group, once all have joined; -1: it is not in the chunk. */
int32_t vl_place_mate(const vl_place_group *group, const int64_t *place, size_t row);
/* Where the mate lies, as the row should say, when nothing else tells: contig and position. */
void vl_place_guess_mate(const int64_t *place, size_t row, int32_t mate, int64_t guess[2]);
/* The template length of a row, whose mate's place is known, by the rule. */
int64_t vl_place_guess_length(const int64_t *place, size_t row, int32_t mate, vl_place_rule rule);

#endif
