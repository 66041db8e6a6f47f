/*
 * Reads as FASTQ again, the inverse of parse (fastq.c): a batch of rows becomes the text it came from, with
 * the line ends, the marks of mates and the end of the file as they were.
 */
#include "formats/reads/fastq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
static uint8_t *put_title(uint8_t *p, vl_cell name, vl_cell comment, const vl_fastq_how *how, int mate)
{
    p = put(p, name);
    if (how->mark) p = put(p, (vl_cell){ (const uint8_t *)how->mark->end[mate], how->mark->len });
    if (comment.n && comment.at[0] != ' ' && comment.at[0] != '\t') *p++ = ' ';
    return put(p, comment);
}

vl_code vl_fastq_print_rows(const vl_batch *batch, const vl_fastq_how *how, int only, size_t first, size_t n,
                            vl_buf *out, vl_err *err)
{
    for (size_t i = first; i < first + n; i++) {
        const int mate = how->paired ? (int)(i & 1) : 0;
        if (only && only != mate + 1) continue;
        const vl_cell name = vl_row(&batch->col[VL_RD_NAME], how->paired ? i / 2 : i),
                      comment = vl_row(&batch->col[VL_RD_COMMENT], i);
        const vl_cell base = vl_row(&batch->col[VL_RD_BASE], i),
                      quality = vl_row(&batch->col[VL_RD_QUALITY], i);
        const vl_cell plus = vl_row(&batch->col[VL_RD_PLUS], i);
        const bool crlf = how->crlf[mate];
        const size_t title = name.n + comment.n + 4;
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

/* More blank lines than the text had bytes: a store that nobody wrote. */
static vl_code check_blank(const vl_fastq_how *h, const vl_facts *facts, vl_err *err)
{
    for (int s = 0; s < 2; s++) {
        char name[32];
        snprintf(name, sizeof name, "text_bytes_%d", s + 1);
        const uint64_t most = strtoull(vl_fact_get(facts, name), NULL, 10);
        if (h->blank[s] > most / (h->crlf[s] ? 2 : 1))
            return vl_fail(err, VL_ESTORE, "%" PRIu64 " blank lines behind a text of %" PRIu64 " bytes",
                           h->blank[s], most);
    }
    return VL_OK;
}

/* Line breaks and blank lines as the ends of the inputs had them. */
static void take_ends(vl_fastq_how *h, const uint64_t *counter)
{
    h->no_final[0] = counter[VL_RC_NO_FINAL_1];
    h->no_final[1] = counter[VL_RC_NO_FINAL_2];
    h->blank[0] = counter[VL_RC_BLANK_TAIL_1];
    h->blank[1] = counter[VL_RC_BLANK_TAIL_2];
}

vl_code vl_fastq_is_paired(const char *layout, bool *paired, vl_err *err)
{
    *paired = !strcmp(layout, "paired") || !strcmp(layout, "interleaved");
    if (*paired || !strcmp(layout, "single")) return VL_OK;
    return vl_fail(err, VL_ESTORE, "unknown layout '%.20s'", layout);
}

vl_code vl_fastq_unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                          vl_err *err)
{
    vl_fastq_how *const h = how;
    const char *const layout = vl_fact_get(facts, "layout"), *const second = vl_fact_get(facts, "line_end_2");
    const bool interleaved = !strcmp(layout, "interleaved");
    if (vl_fastq_is_paired(layout, &h->paired, err)) return err->code;
    h->split = ntext == 2;
    bool known;
    h->mark = vl_mark_find(vl_fact_get(facts, "mate_mark"), &known);
    if (!known)
        return vl_fail(err, VL_ESTORE, "unknown mark of mates '%.20s'", vl_fact_get(facts, "mate_mark"));
    h->crlf[0] = h->crlf[1] = !strcmp(vl_fact_get(facts, "line_end_1"), "crlf");
    if (*second) h->crlf[1] = !strcmp(second, "crlf");
    if (h->split && !h->paired)
        return vl_fail(err, VL_EARG, "the store holds single reads, not pairs: use -o");
    /* two files as one text, or one as two: their ends are new and plain */
    if (!h->paired || interleaved != h->split) take_ends(h, counter);
    if (check_blank(h, facts, err)) return err->code;
    *way = (vl_way){ VL_RT_READ, h->paired ? 2 : 1, VL_RD_BASE, VL_RT_NAME, -1 };
    return VL_OK;
}

static vl_code finish_text(const vl_fastq_how *h, int s, vl_buf *text, vl_err *err)
{
    const bool crlf = h->crlf[s];
    const size_t end = crlf ? 2 : 1;
    if (h->no_final[s] && text->len >= end) text->len -= end;
    for (uint64_t i = 0; i < h->blank[s]; i++)
        if (vl_buf_append(text, crlf ? "\r\n" : "\n", end, err)) return err->code;
    return VL_OK;
}

vl_code vl_fastq_print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err)
{
    const vl_fastq_how *const h = how;
    if (h->paired && batch->nrow[VL_RT_READ] & 1)
        return vl_fail(err, VL_ESTORE, "pairs with an odd number of reads");
    for (int s = 0; s < (h->split ? 2 : 1); s++) {
        if (vl_fastq_print_rows(batch, h, h->split ? s + 1 : 0, 0, batch->nrow[VL_RT_READ], &out[s], err))
            return err->code;
        if (last && finish_text(h, s, &out[s], err)) return err->code;
    }
    return VL_OK;
}
