/*
 * FASTQ: a read is '@' name and comment, bases, '+' and anything, qualities (Phred + 33); mostly four lines.
 *
 * In: text of one input, or of two inputs with mates (R1, R2) side by side, or of one with mates in turn.
 * Out: a batch of reads (reads.h). What the columns do not say, and exact export needs, is one thing for the
 * whole input: line ends (LF or CRLF), the width of wrapped lines, the mark of mates in names (/1 /2), a
 * missing last line break, blank lines at the end. A record whose lines are broken otherwise, or end so, says
 * it in column lines (fastq_lines.h). A mark that changes midway is refused.
 * Source: Cock et al. 2010, https://doi.org/10.1093/nar/gkp1137.
 */
#include "formats/reads/fastq.h"
#include "formats/reads/fastq_head.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tail {
    uint64_t reads, text; /* text: bytes */
    uint64_t blank[2];    /* bytes of blank lines behind the last record, of a run that is no record's */
} tail;

enum { MAX_RECORD = 256 << 20 };

static const char *const line_name[4] = { "name", "sequence", "'+'", "quality" };

static vl_code cut(const void *self, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    (void)err;
    const vl_fastq_head *const h = self;
    const uint64_t step = h->interleaved ? 2 : 1; /* whole pairs */
    const uint8_t *p = bytes, *const end = bytes + n;
    vl_fastq_record r;
    vl_cut so_far = { 0 };
    *out = so_far;
    if (max_record) max_record = max_record < step ? step : max_record - max_record % step;
    while (p < end && so_far.nrecord < max_record) {
        const vl_fastq_found found = vl_fastq_scan(p, end, last, &r);
        if (found == VL_SCAN_MORE) break;
        if (found == VL_SCAN_BLANK && so_far.nrecord && !last) break;
        p = found == VL_SCAN_BAD ? end : r.end; /* parse refuses it, and what follows is nobody's */
        so_far.used = (size_t)(p - bytes);
        so_far.nrecord += found != VL_SCAN_BLANK;
        so_far.nline += r.lines;
        if (so_far.nrecord % step == 0 || found == VL_SCAN_BAD || (last && p == end)) *out = so_far;
    }
    return VL_OK;
}

/* What one parse call works with. */
typedef struct work {
    const vl_fastq_head *h;
    const vl_block *in; /* of the stream that is being read */
    int stream;
    const uint8_t *p, *end;
    uint64_t record, line; /* in the block */
    vl_batch *out;
    vl_title mate[2]; /* the mates being compared */
} work;

/* l: line of the record, from 0, its blank lines first. */
static vl_code refuse(const work *w, const uint8_t *at, uint64_t l, vl_err *err)
{
    err->line = w->in->line + w->line + l + 1;
    return vl_err_at(err, w->in->file, w->in->offset + (uint64_t)(at - w->in->bytes.data),
                     w->in->record + w->record);
}

/* A line that should begin with '@'. */
static vl_code refuse_title(const work *w, const vl_line *t, uint64_t l, vl_err *err)
{
    if (!t->n) vl_fail(err, VL_EFORMAT, "blank line where a name line was expected ('@')");
    else if (t->n >= 3 && !memcmp(t->at, "\xef\xbb\xbf", 3))
        vl_fail(err, VL_EFORMAT, "starts with a byte order mark; FASTQ has none");
    else if (t->n == 1 && t->open && t->at[0] == '\r') vl_fail_end(err, "input ends between CR and LF");
    else if (t->at[0] >= 33 && t->at[0] < 127)
        vl_fail(err, VL_EFORMAT, "name line starts with '%c', expected '@'", t->at[0]);
    else vl_fail(err, VL_EFORMAT, "name line starts with byte 0x%02x, expected '@'", t->at[0]);
    return refuse(w, t->at, l, err);
}

/* NUL and stray CR would not survive other tools; everything else in a name is kept. */
static vl_code check_title(const work *w, const vl_fastq_record *r, vl_err *err)
{
    const vl_line *const t = &r->title;
    const uint8_t *bad = memchr(t->at, 0, t->n);
    if (bad) vl_fail(err, VL_EFORMAT, "NUL byte in the name line");
    else if ((bad = memchr(t->at, '\r', t->n)))
        vl_fail(err, VL_EFORMAT, "carriage return within the name line");
    return bad ? refuse(w, bad, r->before, err) : VL_OK;
}

/* What follows a title's name; one space before it goes without saying, unless what follows could be taken
 * for a blank kept. */
static vl_cell comment_of(vl_cell text, vl_cell name)
{
    vl_cell comment = { text.at + name.n, text.n - name.n };
    if (comment.n >= 2 && comment.at[0] == ' ' && comment.at[1] != ' ' && comment.at[1] != '\t')
        comment.at++, comment.n--;
    return comment;
}

/* Two mates: names that fit, and nothing that says otherwise. That both names end in /1 may be a number in
 * the first pair, and is none in the second. */
static vl_code check_mates(const work *w, vl_err *err)
{
    const vl_title *const a = &w->mate[0], *const b = &w->mate[1];
    const vl_fastq_head *const h = w->h;
    if (!vl_mates_fit(h->mark, a->name, b->name)) return vl_mates_refuse(h->mark, a->name, b->name, err);
    if (h->as_given) return VL_OK;
    if (vl_casava_contradicts(a->says, b->says)) return vl_casava_refuse(a->says, b->says, err);
    const uint64_t record = w->in->record + w->record;
    if (h->alike && record == (h->interleaved ? 3 : 1) && vl_mates_alike(a->name, b->name) == h->alike)
        return vl_mates_refuse_alike(err);
    return VL_OK;
}

static vl_code push_title(work *w, const vl_fastq_record *r, int mate, vl_err *err)
{
    vl_batch *const out = w->out;
    const vl_line *const t = &r->title;
    const vl_cell text = { t->at + 1, t->n - 1 };
    const vl_title is = vl_fastq_title(text);
    const vl_cell comment = comment_of(text, is.name);
    vl_cell name = is.name;
    if (vl_push_row(out, VL_RD_COMMENT, comment.at, comment.n, err)) return err->code;
    w->mate[mate] = is;
    if (w->h->paired && mate == 0) return VL_OK;
    if (w->h->paired) {
        if (check_mates(w, err)) return refuse(w, t->at, r->before, err);
        if (w->h->mark) name.n -= w->h->mark->len;
    }
    vl_reads_count_name(w->out, name);
    if (vl_push_row(out, VL_RD_NAME, name.at, name.n, err)) return err->code;
    out->nrow[VL_RT_NAME]++;
    return VL_OK;
}

static vl_code push_row_end(vl_column *col, vl_err *err)
{
    if (vl_rows_grow(col, 1, err)) return err->code;
    col->offset[++col->nrow] = col->data.len;
    return VL_OK;
}

static vl_code check_base(const work *w, const vl_line *line, uint64_t l, vl_err *err)
{
    const size_t bad = vl_k.find_outside(line->at, line->n, '!', '~');
    if (bad == line->n) return VL_OK;
    const uint8_t c = line->at[bad];
    if (c == ' ' || c == '\t') vl_fail(err, VL_EFORMAT, "blank within the sequence, at letter %zu", bad + 1);
    else if (c == '\r')
        vl_fail(err, VL_EFORMAT, "carriage return within the sequence, at letter %zu", bad + 1);
    else vl_fail(err, VL_EFORMAT, "byte 0x%02x in the sequence, expected a letter", c);
    return refuse(w, line->at + bad, l, err);
}

static vl_code push_base(work *w, const vl_fastq_record *r, vl_err *err)
{
    vl_column *const col = &w->out->col[VL_RD_BASE];
    const uint8_t *p = r->base.at;
    vl_line line = r->base;
    if (vl_buf_grow(&col->data, r->nbase, err)) return err->code;
    for (size_t i = 0; i < r->base_lines; i++) {
        if (r->base_lines > 1) vl_line_next(&p, w->end, true, &line);
        if (check_base(w, &line, r->before + 1 + i, err) || vl_buf_append(&col->data, line.at, line.n, err))
            return err->code;
    }
    return push_row_end(col, err);
}

static vl_code push_plus(work *w, const vl_fastq_record *r, vl_err *err)
{
    static const uint8_t same = VL_PLUS_SAME;
    const vl_cell text = { r->plus.at + 1, r->plus.n - 1 };
    if (!text.n) return vl_push_row(w->out, VL_RD_PLUS, text.at, 0, err);
    const uint8_t *bad = memchr(text.at, 0, text.n);
    if (!bad) bad = memchr(text.at, '\r', text.n);
    if (bad) {
        vl_fail(err, VL_EFORMAT, "byte 0x%02x in the '+' line", *bad);
        return refuse(w, bad, r->before + 1 + r->base_lines, err);
    }
    w->out->counter[VL_RC_PLUS_TEXT]++;
    if (text.n == r->title.n - 1 && !memcmp(text.at, r->title.at + 1, text.n))
        return vl_push_row(w->out, VL_RD_PLUS, &same, 1, err);
    return vl_push_row(w->out, VL_RD_PLUS, text.at, text.n, err);
}

/* Qualities of a line, of which only the first `most` are to be letters. */
static vl_code push_scores(work *w, const vl_line *line, size_t most, uint64_t l, vl_err *err)
{
    vl_column *const col = &w->out->col[VL_RD_QUALITY];
    const size_t n = line->n < most ? line->n : most;
    if (vl_buf_grow(&col->data, n, err)) return err->code;
    const size_t bad = vl_k.phred_decode(col->data.data + col->data.len, line->at, n);
    if (bad < n) {
        vl_fail(err, VL_EFORMAT, "byte 0x%02x at place %zu of the qualities, expected '!' to '~'",
                line->at[bad], bad + 1);
        return refuse(w, line->at + bad, l, err);
    }
    col->data.len += n;
    return VL_OK;
}

static vl_code push_quality(work *w, const vl_fastq_record *r, vl_err *err)
{
    const uint8_t *p = r->quality.at;
    vl_line line = r->quality;
    for (size_t i = 0; i < r->quality_lines; i++) {
        if (r->quality_lines > 1) vl_line_next(&p, w->end, true, &line);
        if (push_scores(w, &line, line.n, r->before + 2 + r->base_lines + i, err)) return err->code;
    }
    return push_row_end(&w->out->col[VL_RD_QUALITY], err);
}

/* Blank lines behind the last record are the input's, if they end as all lines do. */
static vl_code push_lines(work *w, const vl_fastq_record *r, vl_err *err)
{
    const vl_usual usual = w->h->usual[w->stream];
    const size_t bytes = (size_t)(r->end - r->tail);
    size_t after = r->after;
    bool odd = false;
    if (after && w->in->last && r->end == w->end && bytes == after * (usual.crlf ? 2 : 1)) {
        w->out->counter[w->stream ? VL_RC_BLANK_TAIL_2 : VL_RC_BLANK_TAIL_1] += after;
        after = 0;
    }
    if (vl_lines_push(r, w->p, w->end, after, usual, w->out, &odd, err)) return err->code;
    w->out->counter[VL_RC_ODD_LINES] += odd;
    return VL_OK;
}

/* ---- what is no record ---- */

/* Colours, 0 to 3, behind the letter of the primer, which has no quality. */
static bool is_colour_space(const work *w, const vl_fastq_record *r)
{
    const vl_column *const base = &w->out->col[VL_RD_BASE];
    const vl_cell s = vl_row(base, base->nrow - 1);
    if (s.n < 2 || r->nquality + 1 != s.n || !memchr("ACGT", s.at[0], 4)) return false;
    for (size_t i = 1; i < s.n; i++)
        if (!memchr("0123.", s.at[i], 5)) return false;
    return true;
}

static vl_code refuse_half_end(const work *w, const vl_fastq_record *r, vl_err *err)
{
    const uint8_t *const nl = memrchr(w->p, '\n', (size_t)(w->end - w->p));
    vl_fail_end(err, "input ends between CR and LF");
    return refuse(w, nl + 1, r->lines - 1, err);
}

static vl_code refuse_quality(work *w, const vl_fastq_record *r, vl_err *err)
{
    const uint64_t l = r->before + 2 + r->base_lines;
    if (push_scores(w, &r->quality, r->nbase, l, err)) return err->code;
    if (r->end == w->end && w->end[-1] == '\r' && r->nquality == r->nbase + 1)
        return refuse_half_end(w, r, err);
    if (is_colour_space(w, r))
        vl_fail(err, VL_EUNSUP,
                "colour space (SOLiD) is not supported: %zu colours behind a letter, %zu qualities",
                r->nbase - 1, r->nquality);
    else
        vl_fail(err, r->why == VL_WHY_SHORT ? VL_ETRUNC : VL_EFORMAT,
                "quality has %zu letters, sequence has %zu", r->nquality, r->nbase);
    return refuse(w, r->quality.at, l, err);
}

/* No line behind the sequence begins with '+'. That of a file which is not wrapped should be the third. */
static vl_code refuse_plus(const work *w, const vl_fastq_record *r, vl_err *err)
{
    const vl_line *const third = &r->plus;
    const uint8_t c = third->n ? third->at[0] : 0;
    if (!third->n) vl_fail(err, VL_EFORMAT, "third line of the record is blank, expected '+'");
    else if (c >= 33 && c < 127)
        vl_fail(err, VL_EFORMAT,
                "third line starts with '%c', expected '+', which no line has before the next record", c);
    else vl_fail(err, VL_EFORMAT, "third line of the record starts with byte 0x%02x, expected '+'", c);
    return refuse(w, third->at, r->before + 2, err);
}

static vl_code refuse_end(const work *w, const vl_fastq_record *r, vl_err *err)
{
    if (r->part == 2 && r->base_lines > 1 && !w->h->usual[w->stream].width) return refuse_plus(w, r, err);
    vl_fail_end(err, "input ends before the %s line of the last record", line_name[r->part]);
    return refuse(w, w->end, r->lines, err);
}

/* What is wrong first is said: letters before lines. */
static vl_code refuse_bad(work *w, const vl_fastq_record *r, vl_err *err)
{
    if (r->why == VL_WHY_TITLE) return refuse_title(w, &r->title, r->before, err);
    if (r->why == VL_WHY_BLANK) {
        vl_fail(err, VL_EFORMAT, "text behind more than %d blank lines", VL_FASTQ_BLANK);
        return refuse(w, r->end, r->lines, err);
    }
    if (check_title(w, r, err)) return err->code;
    if (r->base.at && check_base(w, &r->base, r->before + 1, err)) return err->code;
    if (r->why == VL_WHY_PLUS) return refuse_plus(w, r, err);
    if (r->part > 2 && (push_base(w, r, err) || push_plus(w, r, err))) return err->code;
    return r->why == VL_WHY_END ? refuse_end(w, r, err) : refuse_quality(w, r, err);
}

/* ---- a record, a block ---- */

/* The last line of all may have no line break. */
static vl_code check_end(work *w, const vl_fastq_record *r, vl_err *err)
{
    if (!w->in->last || r->end < w->end || r->after) return VL_OK;
    if (w->end[-1] == '\r') return refuse_half_end(w, r, err);
    if (w->end[-1] == '\n' && (r->nbase || !r->quality.open)) return VL_OK;
    w->out->counter[w->stream ? VL_RC_NO_FINAL_2 : VL_RC_NO_FINAL_1] = 1;
    return VL_OK;
}

static vl_code push_record(work *w, int mate, vl_err *err)
{
    vl_fastq_record r;
    const vl_fastq_found found = vl_fastq_scan(w->p, w->end, true, &r); /* what follows is another block's */
    if (found == VL_SCAN_BAD) return refuse_bad(w, &r, err);
    if (found != VL_SCAN_RECORD) {
        vl_fail(err, VL_EBUG, "block ends within a record");
        return refuse(w, w->p, 0, err);
    }
    if (check_title(w, &r, err) || check_end(w, &r, err) || push_base(w, &r, err) || push_plus(w, &r, err) ||
        push_quality(w, &r, err) || push_lines(w, &r, err) || push_title(w, &r, mate, err))
        return err->code;
    w->out->nrow[VL_RT_READ]++;
    w->record++;
    w->line += r.lines;
    w->p = r.end;
    return VL_OK;
}

/* What is left behind the last record of a block: a run of blank lines at the end of the input, or
 * nothing. */
static vl_code check_rest(work *w, vl_err *err)
{
    const bool crlf = w->h->usual[w->stream].crlf;
    const size_t n = (size_t)(w->end - w->p), step = crlf ? 2 : 1;
    size_t bad = n;
    if (!crlf) bad = vl_k.find_outside(w->p, n, '\n', '\n');
    for (size_t i = 0; crlf && bad == n && i < n; i += 2)
        if (w->p[i] != '\r') bad = i;
    if (bad < n) {
        vl_fail(err, VL_EFORMAT, "more than %d blank lines at the end, and they end in different ways",
                VL_FASTQ_BLANK);
        return refuse(w, w->p + bad, bad / step, err);
    }
    w->out->counter[w->stream ? VL_RC_BLANK_TAIL_2 : VL_RC_BLANK_TAIL_1] += n / step;
    return VL_OK;
}

static vl_code parse(const void *self, const vl_block *in, vl_batch *out, vl_err *err)
{
    const vl_fastq_head *const h = self;
    work w[2] = { { .h = h }, { .h = h } };
    for (int s = 0; s < h->nstream; s++) {
        const uint8_t *const p = in[s].bytes.data, *const end = in[s].bytes.len ? p + in[s].bytes.len : p;
        w[s] = (work){ .h = h, .in = &in[s], .stream = s, .p = p, .end = end, .out = out };
    }
    for (uint64_t i = 0; i < in[0].nrecord; i++) {
        if (push_record(&w[0], h->interleaved ? (int)(i & 1) : 0, err)) return err->code;
        if (h->nstream < 2) continue;
        w[1].mate[0] = w[0].mate[0];
        if (push_record(&w[1], 1, err)) return err->code;
    }
    if (h->interleaved && in[0].nrecord & 1) {
        vl_fail_end(err, "input ends after the first mate of a pair");
        return refuse(&w[0], w[0].p, 0, err);
    }
    for (int s = 0; s < h->nstream; s++)
        if (check_rest(&w[s], err)) return err->code;
    vl_reads_count_letters(out);
    out->nbyte = in[0].bytes.len;
    return VL_OK;
}

/* A run of blank lines that is no record's: nothing may follow it, and there is an end to it. */
static vl_code join_blank(tail *t, int s, const vl_block *in, vl_err *err)
{
    const uint8_t *p = in->bytes.data;
    if (!in->nrecord) t->blank[s] += in->bytes.len;
    if (in->nrecord && t->blank[s]) {
        uint64_t line = in->line;
        for (; *p == '\n' || *p == '\r'; p++) line += *p == '\n';
        err->line = line + 1;
        vl_fail(err, VL_EFORMAT, "text behind more than %d blank lines", VL_FASTQ_BLANK);
        return vl_err_at(err, in->file, in->offset + (uint64_t)(p - in->bytes.data), in->record);
    }
    if (t->blank[s] <= MAX_RECORD) return VL_OK;
    vl_fail(err, VL_EFORMAT, "ends in more than %d MiB of blank lines", MAX_RECORD >> 20);
    return vl_err_at(err, in->file, in->offset, in->record);
}

static vl_code join(const void *self, void *state, const vl_block *in, vl_batch *batch, vl_err *err)
{
    const vl_fastq_head *const h = self;
    tail *const t = state;
    t->reads += batch->nrow[VL_RT_READ];
    for (int s = 0; s < h->nstream; s++) {
        t->text += in[s].bytes.len;
        if (in[s].bytes.len && join_blank(t, s, &in[s], err)) return err->code;
    }
    return VL_OK;
}

static vl_code finish(const void *self, void *state, vl_facts *facts, vl_err *err)
{
    const vl_fastq_head *const h = self;
    const tail *const t = state;
    if (!t->reads && t->text) return vl_fail(err, VL_EFORMAT, "no reads in the input, but blank lines");
    if (h->alike && t->reads == 2) return vl_mates_refuse_alike(err);
    vl_fact_add(facts, "layout", "%s", h->interleaved ? "interleaved" : h->paired ? "paired" : "single");
    vl_fact_add(facts, "mate_mark", "%s", h->mark ? h->mark->fact : "");
    if (h->neighbours && !(t->reads & 1))
        snprintf(facts->hint, sizeof facts->hint,
                 "neighbours have the names of mates, and are kept as single "
                 "reads: --interleaved keeps pairs");
    for (int s = 0; s < h->nstream; s++) {
        const vl_usual *const u = &h->usual[s];
        vl_fact_add(facts, s ? "line_end_2" : "line_end_1", "%s", u->crlf ? "crlf" : "lf");
        if (u->width) vl_fact_add(facts, s ? "line_width_2" : "line_width_1", "%zu", u->width);
    }
    vl_fact_add(facts, "quality_offset", "33");
    return VL_OK;
}

static void close(void *self, void *state) { (void)self, (void)state; }

const vl_format vl_fastq = {
    .name = "fastq",
    .title = "FASTQ",
    .doc = "reads with qualities",
    .ending = { ".fastq", ".fq" },
    .example = "  vial ingest -b /bank -s S1 S1_R1.fastq.gz S1_R2.fastq.gz\n"
               "  vial ingest -b /bank -s S1 L1_R1.fq.gz,L2_R1.fq.gz L1_R2.fq.gz,L2_R2.fq.gz\n"
               "  vial ingest -o S1-L001.h5 S1_L001_R1_001.fastq.gz S1_L001_R2_001.fastq.gz\n"
               "  samtools fastq x.bam | vial ingest --interleaved -o x.h5 -\n",
    .example_back = "  vial export S1.h5 -1 S1_R1.fastq.gz -2 S1_R2.fastq.gz\n",
    .may_be_empty = true,
    .mates = true,
    .schema = &vl_fastq_schema,
    .head_size = sizeof(vl_fastq_head),
    .tail_size = sizeof(tail),
    .block = 2u << 20,
    .max_record = MAX_RECORD,
    .max_stream = 2,
    .option = vl_fastq_options,
    .option_size = sizeof(vl_fastq_asked),
    .probe = vl_fastq_probe,
    .open = vl_fastq_open,
    .cut = cut,
    .parse = parse,
    .join = join,
    .finish = finish,
    .close = close,
    .print_size = sizeof(vl_fastq_how),
    .unfinish = vl_fastq_unfinish,
    .print = vl_fastq_print
};
