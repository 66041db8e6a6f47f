/*
 * Spectra by id, by scan number and by time. Ids are mostly a text that stays and a number that rises, so
 * their bounds are narrow; a scan number is what the id says, else the spectrum's own number.
 */
#include "pipeline/spectra/spectra_index.h"

#include "formats/spectra/spectra.h"

static void extend_scan(const vl_batch *b, int field, size_t from, size_t to, vl_box *box, uint64_t *hash)
{
    const vl_column *const id = &b->col[field];
    const uint64_t first = b->first[b->schema->field[field].table], base = id->offset[0];
    (void)hash;
    for (size_t row = from; row < to; row++) {
        uint64_t number = 0;
        const bool any = vl_scan_number(id->data.data + (id->offset[row] - base),
                                        (size_t)(id->offset[row + 1] - id->offset[row]), &number);
        vl_box_take(box, 0, any ? number : first + row);
    }
}

enum { UNIT = 256 };

const vl_index vl_spectra_by_id = {
    .name = "id",
    .doc = "where ids may be: bounds of what 256 of them have in common, and filters",
    .version = 1,
    .unit = UNIT,
    .field = VL_SP_ID,
    .weigh = -1,
    .filter = true,
    .extend = vl_name_extend
};
const vl_index vl_spectra_by_scan = { .name = "scan",
                                      .doc = "lowest and highest scan number of each 256 spectra",
                                      .version = 1,
                                      .unit = UNIT,
                                      .field = VL_SP_ID,
                                      .weigh = -1,
                                      .extend = extend_scan };
const vl_index vl_spectra_by_time = { .name = "time",
                                      .doc = "earliest and latest of each 256 spectra",
                                      .version = 1,
                                      .unit = UNIT,
                                      .field = VL_SP_TIME,
                                      .weigh = -1,
                                      .extend = vl_f64_extend };
