/* The schema of reads, and what is counted of them (reads.h). */
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
    [VL_RD_QUALITY] = { "reads/quality", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_QUALITY, "Phred", "255",
                        "base qualities, letter minus 33", 0, 0, 1 + VL_RD_BASE },
    [VL_RD_PLUS] = { "reads/plus", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_TEXT, "", "empty",
                     "text after '+'; one zero byte: the name line repeated", 0, 0, 0 },
    [VL_RD_LINES] = { "reads/lines", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_TEXT, "", "empty",
                      "how the lines of the record are broken, where it is not as of its input", 0, 0, 0 },
    [VL_RD_FLAG] = { "reads/flag", VL_U16, VL_FIXED, VL_RT_READ, VL_USE_NUMBER, "", "0", "FLAG of BAM", 0, 0,
                     0 },
    [VL_RD_TAGS] = { "reads/tags", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_TEXT, "", "empty",
                     "tags in their order, between blanks, with their types; values are in columns tag/", 0,
                     0, 0 },
    [VL_RD_ODD] = { "reads/odd", VL_U8, VL_RAGGED, VL_RT_READ, VL_USE_TEXT, "", "empty",
                    "what the other columns do not say of the BAM record", 0, 0, 0 },
    [VL_RD_HEADER] = { "reads/header", VL_U8, VL_STREAM, VL_RT_READ, VL_USE_TEXT, "", "empty",
                       "header of the BAM: its text, and references", 0, 0, 0 },
};

static const char *const tables[] = { "read", "name" };
static const char *const counters[VL_RC_N] = { "n_lower_case",       "n_odd_base",         "n_empty_read",
                                               "n_empty_name",       "n_not_ascii_name",   "n_plus_text",
                                               "no_final_newline_1", "no_final_newline_2", "blank_lines_1",
                                               "blank_lines_2",      "n_odd_lines",        "n_no_quality",
                                               "n_odd_fields" };

const vl_schema vl_reads_schema = { .kind = "reads",
                                    .version = 3,
                                    .ntable = 2,
                                    .table = tables,
                                    .nfield = VL_RD_NFIELD,
                                    .field = fields,
                                    .ncounter = VL_RC_N,
                                    .counter = counters };

const vl_schema vl_fastq_schema = { .kind = "reads",
                                    .version = 3,
                                    .ntable = 2,
                                    .table = tables,
                                    .nfield = VL_RD_FASTQ,
                                    .field = fields,
                                    .ncounter = VL_RC_NO_QUALITY,
                                    .counter = counters };

static inline uint8_t less(uint8_t a, uint8_t b) { return a < b ? a : b; }

/* 0: the letter is A, C, G, T or N. As a minimum compilers do many letters at once; of comparisons they make
 * a table. */
static inline uint8_t is_other(uint8_t c)
{
    return less(less(less(c ^ 'A', c ^ 'C'), less(c ^ 'G', c ^ 'T')), c ^ 'N');
}

/* Counts reads with letters other than upper-case ACGTN. Most batches have none: one quick look at all
 * letters. */
void vl_reads_count_letters(vl_batch *out)
{
    const vl_column *const base = &out->col[VL_RD_BASE];
    uint8_t other = 0;
    for (size_t i = 0; i < base->data.len; i++) other |= is_other(base->data.data[i]);
    for (size_t r = 0; r < base->nrow; r++) {
        bool lower = false, odd = false;
        out->counter[VL_RC_EMPTY] += base->offset[r + 1] == base->offset[r];
        if (!other) continue;
        for (size_t i = base->offset[r]; i < base->offset[r + 1]; i++) {
            const uint8_t c = base->data.data[i], u = c & 0xdf;
            lower |= c >= 'a' && c <= 'z';
            odd |= !(u == 'A' || u == 'C' || u == 'G' || u == 'T' || u == 'N');
        }
        out->counter[VL_RC_LOWER] += lower;
        out->counter[VL_RC_ODD_BASE] += odd;
    }
}

void vl_reads_count_name(vl_batch *out, vl_cell name)
{
    if (!name.n) out->counter[VL_RC_EMPTY_NAME]++;
    if (vl_k.find_outside(name.at, name.n, 0, 127) < name.n) out->counter[VL_RC_NOT_ASCII]++;
}
