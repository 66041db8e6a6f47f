/*
 * Reads as FASTQ again, the inverse of parse (fastq.c): a batch of rows becomes the text it came from, with
 * the line ends, the marks of mates and the end of the file as they were.
 */
#include "formats/reads/fastq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FASTQ must say something of a read that came without qualities: Phred 33, as samtools does. */
enum { NO_QUALITY_LETTER = 'B' };

static uint8_t *set(uint8_t *p, vl_cell s)
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

/* One read of a batch. */
typedef struct read_cells {
    vl_cell name, comment, base, plus, quality, lines;
    vl_cell mark; /* at the end of its name */
    bool repeats; /* the name line stands behind '+' again */
} read_cells;

static read_cells cells_of(const vl_batch *batch, const vl_fastq_how *how, size_t i, int mate)
{
    read_cells r = { .name = vl_row(&batch->col[VL_RD_NAME], how->paired ? i / 2 : i),
                     .comment = vl_row(&batch->col[VL_RD_COMMENT], i),
                     .base = vl_row(&batch->col[VL_RD_BASE], i),
                     .plus = vl_row(&batch->col[VL_RD_PLUS], i),
                     .quality = vl_row(&batch->col[VL_RD_QUALITY], i) };
    if (how->as_was) r.lines = vl_row(&batch->col[VL_RD_LINES], i);
    if (how->mark) r.mark = (vl_cell){ (const uint8_t *)how->mark->end[mate], how->mark->len };
    r.repeats = r.plus.n == 1 && r.plus.at[0] == VL_PLUS_SAME;
    return r;
}

/* Name, mate's mark and comment, as they stand behind '@'. */
static uint8_t *set_title(uint8_t *p, const read_cells *r)
{
    p = set(set(p, r->name), r->mark);
    if (r->comment.n && r->comment.at[0] != ' ' && r->comment.at[0] != '\t') *p++ = ' ';
    return set(p, r->comment);
}

static size_t most_of_title(const read_cells *r) { return r->name.n + r->mark.n + r->comment.n + 1; }

vl_code vl_fastq_put_title(const vl_batch *batch, const vl_fastq_how *how, size_t i, vl_buf *out, vl_err *err)
{
    const read_cells r = cells_of(batch, how, i, how->paired ? (int)(i & 1) : 0);
    if (vl_buf_grow(out, most_of_title(&r), err)) return err->code;
    out->len = (size_t)(set_title(out->data + out->len, &r) - out->data);
    return VL_OK;
}

/* Four lines. */
static vl_code print_four(const read_cells *r, bool crlf, vl_buf *out, vl_err *err)
{
    if (vl_buf_grow(out, 2 * most_of_title(r) + r->plus.n + 2 * r->base.n + 10, err)) return err->code;
    uint8_t *p = out->data + out->len;
    *p++ = '@';
    p = end_line(set_title(p, r), crlf);
    p = end_line(set(p, r->base), crlf);
    *p++ = '+';
    p = end_line(r->repeats ? set_title(p, r) : set(p, r->plus), crlf);
    if (vl_no_quality(r->quality)) memset(p, NO_QUALITY_LETTER, r->quality.n);
    else vl_k.phred_encode(p, r->quality.at, r->quality.n);
    p = end_line(p + r->quality.n, crlf);
    out->len = (size_t)(p - out->data);
    return VL_OK;
}

/* Lines as they were. scratch: for the title, and what stands behind '+'. */
static vl_code print_lines(const read_cells *r, vl_usual usual, vl_buf *scratch, vl_buf *out, vl_err *err)
{
    const size_t title = most_of_title(r) + 1;
    scratch->len = 0;
    if (vl_buf_grow(scratch, 2 * title + r->plus.n, err)) return err->code;
    uint8_t *const first = scratch->data, *const second = first + title, *p = second;
    *first = '@';
    *p++ = '+';
    p = r->repeats ? set_title(p, r) : set(p, r->plus);
    const vl_lines_text text = { .title = { first, (size_t)(set_title(first + 1, r) - first) },
                                 .plus = { second, (size_t)(p - second) },
                                 .base = r->base,
                                 .quality = r->quality };
    return vl_lines_print(r->lines, usual, &text, out, err);
}

vl_code vl_fastq_print_rows(const vl_batch *batch, const vl_fastq_how *how, int only, size_t first, size_t n,
                            vl_buf *out, vl_err *err)
{
    vl_buf scratch = { 0 };
    for (size_t i = first; i < first + n && !err->code; i++) {
        const int mate = how->paired ? (int)(i & 1) : 0;
        if (only && only != mate + 1) continue;
        const vl_usual usual = how->usual[mate];
        const read_cells r = cells_of(batch, how, i, mate);
        if (r.quality.n != r.base.n)
            vl_fail(err, VL_ESTORE, "read %zu has %zu bases and %zu qualities", i, r.base.n, r.quality.n);
        else if (r.lines.n || (usual.width && r.base.n > usual.width))
            print_lines(&r, usual, &scratch, out, err);
        else print_four(&r, usual.crlf, out, err);
    }
    vl_buf_free(&scratch);
    return err->code;
}

/* More blank lines than the text had bytes: a store that nobody wrote. */
static vl_code check_blank(const vl_fastq_how *h, const vl_facts *facts, vl_err *err)
{
    for (int s = 0; s < 2; s++) {
        char name[32];
        snprintf(name, sizeof name, "text_bytes_%d", s + 1);
        const uint64_t most = strtoull(vl_fact_get(facts, name), NULL, 10);
        if (h->blank[s] > most / (h->usual[s].crlf ? 2 : 1))
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

/* Lines as those of the inputs mostly are. Two files as one text, or one as two, have four lines a read,
 * which end alike. */
static void take_lines(vl_fastq_how *h, const vl_facts *facts)
{
    for (int s = 0; s < 2; s++) {
        char ends[32], width[32];
        snprintf(ends, sizeof ends, "line_end_%d", s + 1);
        snprintf(width, sizeof width, "line_width_%d", s + 1);
        const char *const text = vl_fact_get(facts, ends), *const number = vl_fact_get(facts, width);
        if (s && !*text) h->usual[1] = h->usual[0]; /* one input */
        else h->usual[s] = (vl_usual){ !strcmp(text, "crlf"), (size_t)strtoull(number, NULL, 10) };
    }
    if (h->as_was) return;
    const bool crlf = h->usual[0].crlf && h->usual[1].crlf;
    h->usual[0] = h->usual[1] = (vl_usual){ .crlf = crlf };
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
    const char *const layout = vl_fact_get(facts, "layout");
    const bool interleaved = !strcmp(layout, "interleaved");
    if (vl_fastq_is_paired(layout, &h->paired, err)) return err->code;
    h->split = ntext == 2;
    bool known;
    h->mark = vl_mark_find(vl_fact_get(facts, "mate_mark"), &known);
    if (!known)
        return vl_fail(err, VL_ESTORE, "unknown mark of mates '%.20s'", vl_fact_get(facts, "mate_mark"));
    if (h->split && !h->paired)
        return vl_fail(err, VL_EARG, "the store holds single reads, not pairs: use -o");
    h->as_was = !h->paired || interleaved != h->split;
    take_lines(h, facts);
    if (h->as_was) take_ends(h, counter);
    if (check_blank(h, facts, err)) return err->code;
    *way = (vl_way){ VL_RT_READ, h->paired ? 2 : 1, VL_RD_BASE, VL_RT_NAME, -1 };
    if (*vl_fact_get(facts, "bam_bin")) way->lacks = "it has no place for header, flags and tags";
    return VL_OK;
}

static vl_code finish_text(const vl_fastq_how *h, int s, vl_buf *text, vl_err *err)
{
    const bool crlf = h->usual[s].crlf;
    const size_t end = crlf ? 2 : 1, blank = (size_t)h->blank[s] * end;
    if (h->no_final[s] && text->len >= end) text->len -= end;
    if (vl_buf_grow(text, blank, err)) return err->code;
    uint8_t *const p = text->data + text->len;
    if (blank) memset(p, '\n', blank);
    for (size_t i = 0; crlf && i < blank; i += 2) p[i] = '\r';
    text->len += blank;
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
