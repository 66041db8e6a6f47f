/* Reads by their names: once for each pair, up to the first blank, without the mate's mark, as the column has
 * them. */
#include "formats/reads/reads.h"
#include "pipeline/reads/reads_index.h"

const vl_index vl_reads_by_name = {
    .name = "name",
    .doc = "where names may be: bounds of what 1024 of them have in common, and filters",
    .version = 1,
    .unit = 1024,
    .field = VL_RD_NAME,
    .weigh = VL_RD_BASE,
    .filter = true,
    .extend = vl_name_extend
};
