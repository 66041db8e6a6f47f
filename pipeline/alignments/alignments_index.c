/*
 * Where alignments may be: for each 4,096 rows the bounds of first and last places, contigs before them, and
 * of the names they point at. Nothing is taken to be sorted; where rows are, the bounds are narrow, also
 * those of a unit in which a contig ends and the next begins. A long alignment widens the bounds of its own
 * unit and of no other.
 */
#include "pipeline/alignments/alignments_index.h"

#include "pipeline/alignments/regions.h"

static void extend(const vl_batch *b, int field, size_t from, size_t to, vl_box *box, uint64_t *hash)
{
    const vl_column *const c = &b->col[field];
    (void)hash;
    for (size_t row = from; row < to; row++) {
        const uint64_t at = c->offset[row] - c->offset[0];
        if (c->offset[row + 1] - c->offset[row] != VL_PLACE_N) continue;
        int64_t place[VL_PLACE_N];
        for (int k = 0; k < VL_PLACE_N; k++) place[k] = (int64_t)vl_le64(c->data.data + 8 * (at + (size_t)k));
        const int64_t end =
            vl_place_end(place[VL_PLACE_POSITION], place[VL_PLACE_SPAN], place[VL_PLACE_FLAG]);
        vl_box_take(box, VL_AK_FROM, vl_place_key(place[VL_PLACE_CONTIG], place[VL_PLACE_POSITION]));
        vl_box_take(box, VL_AK_TO, vl_place_key(place[VL_PLACE_CONTIG], end));
        vl_box_take(box, VL_AK_NAME, (uint64_t)place[VL_PLACE_NAME]);
    }
}

vl_box vl_region_key(int64_t contig, int64_t from, int64_t to)
{
    vl_box key = { .n = VL_AK_N,
                   .hi = { vl_place_key(contig, to > from ? to - 1 : from), UINT64_MAX, UINT64_MAX } };
    key.lo[VL_AK_TO] = vl_place_key(contig, from + 1);
    return key;
}

const vl_index vl_alignments_by_place = {
    .name = "place",
    .doc = "bounds of first and last places on contigs, and names, of each 4096 alignments",
    .version = 2,
    .unit = 4096,
    .field = VL_AL_PLACE,
    .weigh = -1,
    .extend = extend
};
