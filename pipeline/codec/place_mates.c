/* Mates among the rows of a chunk (place_mates.h). */
#include "pipeline/codec/place_mates.h"

/* FLAG of SAM (section 1.4). */
enum {
    PAIRED = 1,
    PROPER = 2,
    UNMAPPED = 4,
    MATE_UNMAPPED = 8,
    REVERSE = 16,
    MATE_REVERSE = 32,
    FIRST = 64,
    SECOND = 128,
    SECONDARY = 256,
    FILTERED = 512,
    DUPLICATE = 1024,
    SUPPLEMENTARY = 2048
};

/* Which end of its template a flag says: 0, 1, or -1 for none. */
static int end_of(int64_t flag)
{
    const int64_t ends = flag & (PAIRED | FIRST | SECOND);
    return ends == (PAIRED | FIRST) ? 0 : ends == (PAIRED | SECOND) ? 1 : -1;
}

void vl_place_join(vl_place_group *group, const int64_t *place, size_t row)
{
    const int64_t flag = vl_place_of(place, row, VL_PLACE_FLAG);
    const int end = end_of(flag);
    if (end < 0 || flag & (SECONDARY | SUPPLEMENTARY) || group->end[end] >= 0) return;
    group->end[end] = (int32_t)row;
}

/* What a flag says of the mate, as the mate's flag. */
static int64_t seen_from_mate(int64_t flag)
{
    return (flag & (PAIRED | PROPER | FILTERED | DUPLICATE)) | (flag & MATE_UNMAPPED ? UNMAPPED : 0) |
           (flag & UNMAPPED ? MATE_UNMAPPED : 0) | (flag & MATE_REVERSE ? REVERSE : 0) |
           (flag & REVERSE ? MATE_REVERSE : 0) | (flag & FIRST ? SECOND : 0) | (flag & SECOND ? FIRST : 0);
}

int64_t vl_place_guess_flag(const vl_place_group *group, const int64_t *place)
{
    const int32_t a = group->end[0], b = group->end[1];
    if ((a >= 0) == (b >= 0)) return 0;
    return seen_from_mate(vl_place_of(place, (size_t)(a >= 0 ? a : b), VL_PLACE_FLAG));
}

int32_t vl_place_mate(const vl_place_group *group, const int64_t *place, size_t row)
{
    const int end = end_of(vl_place_of(place, row, VL_PLACE_FLAG));
    return end < 0 ? -1 : group->end[!end];
}

void vl_place_guess_mate(const int64_t *place, size_t row, int32_t mate, int64_t guess[2])
{
    const int64_t flag = vl_place_of(place, row, VL_PLACE_FLAG);
    const bool here = flag & PAIRED; /* as its mate has no place, most likely */
    const size_t from = mate >= 0 ? (size_t)mate : row;
    guess[0] = mate >= 0 || here ? vl_place_of(place, from, VL_PLACE_CONTIG) : -1;
    guess[1] = mate >= 0 || here ? vl_place_of(place, from, VL_PLACE_POSITION) : -1;
}

/* From the outer ends of both as they are sequenced: of bwa, which counts both letters; of samtools fixmate,
 * which counts letters between. Or from the leftmost to the rightmost letter, as the specification has it. */
int64_t vl_place_guess_length(const int64_t *place, size_t row, int32_t mate, vl_place_rule rule)
{
    if (mate < 0) {
        const bool same =
            vl_place_of(place, row, VL_PLACE_CONTIG) == vl_place_of(place, row, VL_PLACE_MATE_CONTIG);
        return same ? (int64_t)((uint64_t)vl_place_of(place, row, VL_PLACE_MATE_POSITION) -
                                (uint64_t)vl_place_of(place, row, VL_PLACE_POSITION))
                    : 0;
    }
    const size_t rows[2] = { row, (size_t)mate };
    uint64_t start[2], end[2], five[2];
    int64_t flag[2];
    for (int i = 0; i < 2; i++) {
        flag[i] = vl_place_of(place, rows[i], VL_PLACE_FLAG);
        start[i] = (uint64_t)vl_place_of(place, rows[i], VL_PLACE_POSITION);
        end[i] = start[i] + (uint64_t)vl_place_of(place, rows[i], VL_PLACE_SPAN);
        five[i] = !(flag[i] & REVERSE) ? start[i] : rule == VL_PLACE_ENDS ? end[i] - 1 : end[i];
    }
    if ((flag[0] | flag[1]) & UNMAPPED ||
        vl_place_of(place, rows[0], VL_PLACE_CONTIG) != vl_place_of(place, rows[1], VL_PLACE_CONTIG))
        return 0;
    const int64_t length = (int64_t)(five[1] - five[0]);
    if (rule == VL_PLACE_BOUNDS) return length;
    if (rule == VL_PLACE_ENDS) return length + (length > 0) - (length < 0);
    const int64_t left = (int64_t)(start[0] < start[1] ? start[0] : start[1]);
    const int64_t right = (int64_t)(end[0] > end[1] ? end[0] : end[1]);
    const bool leftmost = start[0] < start[1] || (start[0] == start[1] && end_of(flag[0]) == 0);
    return leftmost ? right - left : left - right;
}
