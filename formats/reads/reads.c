/* The schema of reads, and reads printed as FASTQ again (reads.h). */
#include "formats/reads/reads.h"

#include <string.h>

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
};

static const char *const tables[] = { "read", "name" };
static const char *const counters[VL_RC_N] = { "n_lower_case",       "n_odd_base",         "n_empty_read",
                                               "n_empty_name",       "n_not_ascii_name",   "n_plus_text",
                                               "no_final_newline_1", "no_final_newline_2", "blank_lines_1",
                                               "blank_lines_2" };

const vl_schema vl_reads_schema = { .kind = "reads",
                                    .version = 1,
                                    .ntable = 2,
                                    .table = tables,
                                    .nfield = VL_RD_NFIELD,
                                    .field = fields,
                                    .ncounter = VL_RC_N,
                                    .counter = counters };

static uint8_t *put(uint8_t *p, vl_cell s)
{
    if (s.n) memcpy(p, s.at, s.n);
    return p + s.n;
}

static uint8_t *end_line(uint8_t *p, bool crlf)
{
    if (crlf) *p++ = '\r';
    *p++ = '\n';
    return p;
}

/* Name, mate's mark and comment, as they stand behind '@'. */
static uint8_t *put_title(uint8_t *p, vl_cell name, vl_cell comment, const vl_reads_how *how, int mate)
{
    p = put(p, name);
    if (how->mate_mark) {
        *p++ = how->mate_mark;
        *p++ = (uint8_t)('1' + mate);
    }
    if (comment.n && comment.at[0] != ' ' && comment.at[0] != '\t') *p++ = ' ';
    return put(p, comment);
}

vl_code vl_reads_print(const vl_batch *batch, const vl_reads_how *how, vl_buf *out, vl_err *err)
{
    return vl_reads_print_rows(batch, how, 0, batch->nrow[VL_RT_READ], out, err);
}

vl_code vl_reads_print_rows(const vl_batch *batch, const vl_reads_how *how, size_t first, size_t n,
                            vl_buf *out, vl_err *err)
{
    for (size_t i = first; i < first + n; i++) {
        const int mate = how->paired ? (int)(i & 1) : 0;
        if (how->mate && how->mate != mate + 1) continue;
        const vl_cell name = vl_row(&batch->col[VL_RD_NAME], how->paired ? i / 2 : i),
                      comment = vl_row(&batch->col[VL_RD_COMMENT], i);
        const vl_cell base = vl_row(&batch->col[VL_RD_BASE], i),
                      quality = vl_row(&batch->col[VL_RD_QUALITY], i);
        const vl_cell plus = vl_row(&batch->col[VL_RD_PLUS], i);
        const bool crlf = how->crlf[mate];
        const size_t title = name.n + comment.n + 3;
        if (quality.n != base.n)
            return vl_fail(err, VL_ESTORE, "read %zu has %zu bases and %zu qualities", i, base.n, quality.n);
        if (vl_buf_grow(out, 2 * title + plus.n + 2 * base.n + 10, err)) return err->code;
        uint8_t *p = out->data + out->len;
        *p++ = '@';
        p = end_line(put_title(p, name, comment, how, mate), crlf);
        p = end_line(put(p, base), crlf);
        *p++ = '+';
        if (plus.n == 1 && plus.at[0] == VL_PLUS_SAME) p = put_title(p, name, comment, how, mate);
        else p = put(p, plus);
        p = end_line(p, crlf);
        vl_k.phred_encode(p, quality.at, quality.n);
        p = end_line(p + quality.n, crlf);
        out->len = (size_t)(p - out->data);
    }
    return VL_OK;
}
