/* What makers of deflate streams are called (container_describe.h). */
#include "pipeline/container/container_describe.h"

#include <stdio.h>

void vl_maker_tell(const uint8_t row[VL_DEFLATE_ROW], char text[VL_MAKER_WORDS])
{
    static const char *const name[VL_DEFLATE_FAMILIES] = { [VL_MAKES_LITERALS] = "no matches",
                                                           [VL_MAKES_RUNS] = "zlib, runs only",
                                                           [VL_MAKES_ZLIB] = "zlib",
                                                           [VL_MAKES_FILTERED] = "zlib, filtered,",
                                                           [VL_MAKES_LIBDEFLATE] = "libdeflate",
                                                           [VL_MAKES_CHROMIUM] = "zlib of Chromium",
                                                           [VL_MAKES_ISAL] = "ISA-L",
                                                           [VL_MAKES_IGZIP] = "igzip",
                                                           [VL_MAKES_ISAL_OLDER] = "ISA-L of GKL" };
    vl_deflate_row by;
    vl_err err = VL_ERR_INIT;
    *text = 0;
    if (!row[0] || vl_deflate_row_read(&by, row, &err)) return;
    const char *const maker = by.family == VL_MAKES_ZLIB && by.ends == VL_ENDS_LIKE_GZIP  ? "gzip"
                              : by.family == VL_MAKES_ZLIB && by.flush == VL_FLUSH_PRIMES ? "pigz"
                              : by.family < VL_DEFLATE_FAMILIES && name[by.family]        ? name[by.family]
                                                                                          : "another maker";
    if (by.family == VL_MAKES_LITERALS || by.family == VL_MAKES_RUNS)
        snprintf(text, VL_MAKER_WORDS, "%s", maker);
    else snprintf(text, VL_MAKER_WORDS, "%s %d", maker, by.level);
}
