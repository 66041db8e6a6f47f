/* Rows by their weight (weigh.h). */
#include "pipeline/out/weigh.h"

#include <stdlib.h>

vl_code vl_weigh_rows(vl_reader *r, int field, uint64_t first, size_t step, uint64_t most, size_t *n,
                      uint64_t *elements, vl_work *work, vl_err *err)
{
    uint64_t *const offset = malloc((*n + 1) * sizeof *offset);
    if (!offset) return vl_fail(err, VL_ENOMEM, "no memory for offsets");
    if (!vl_reader_offsets(r, field, first, *n, offset, work, err)) {
        size_t k = step < *n ? step : *n;
        while (k + step <= *n && offset[k + step] - offset[0] <= most) k += step;
        *n = k;
        *elements = offset[k] - offset[0];
    }
    free(offset);
    return err->code;
}
