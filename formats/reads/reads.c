/* The schema of reads (reads.h). */
#include "formats/reads/reads.h"

static const vl_field fields[VL_RD_NFIELD] = {
    [VL_RD_NAME] = { "reads/name", VL_U8, VL_RAGGED, VL_RT_NAME, VL_USE_TEXT, "", "",
                     "name up to the first blank, without '@'; once for each pair, without the mate's mark",
                     0, 0, 0 },
    [VL_RD_COMMENT] = { "reads/comment", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_TEXT, "", "empty",
                        "text after the first blank of the name line; starts with the blank unless that is "
                        "one space",
                        0, 0, 0 },
    [VL_RD_BASE] = { "reads/base", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_BASE, "letter", "",
                     "bases as written", 0, 0, 0 },
    [VL_RD_QUALITY] = { "reads/quality", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_QUALITY, "Phred", "",
                        "base qualities, letter minus 33", 0, 0, 1 + VL_RD_BASE },
    [VL_RD_PLUS] = { "reads/plus", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_TEXT, "", "empty",
                     "text after '+'; one zero byte: the name line repeated", 0, 0, 0 },
    [VL_RD_LINES] = { "reads/lines", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_TEXT, "", "empty",
                      "how the lines of the record are broken, where it is not as of its input", 0, 0, 0 },
};

static const char *const tables[] = { "read", "name" };
static const char *const counters[VL_RC_N] = { "n_lower_case",       "n_odd_base",         "n_empty_read",
                                               "n_empty_name",       "n_not_ascii_name",   "n_plus_text",
                                               "no_final_newline_1", "no_final_newline_2", "blank_lines_1",
                                               "blank_lines_2",      "n_odd_lines" };

const vl_schema vl_reads_schema = { .kind = "reads",
                                    .version = 2,
                                    .ntable = 2,
                                    .table = tables,
                                    .nfield = VL_RD_NFIELD,
                                    .field = fields,
                                    .ncounter = VL_RC_N,
                                    .counter = counters };
