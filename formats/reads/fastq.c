/*
 * FASTQ: four lines a read: '@' name and comment, bases, '+' and anything, qualities (Phred + 33).
 *
 * In: text of one input, or of two inputs with mates (R1, R2) side by side, or of one with mates in turn.
 * Out: a batch of reads (reads.h). What the columns do not say, and exact export needs, is one thing for the
 * whole input: line ends (LF or CRLF), the mark of mates in names (/1 /2), a missing last line break, blank
 * lines at the end. An input in which these change midway is refused, as are records of more than four lines.
 * Source: Cock et al. 2010, https://doi.org/10.1093/nar/gkp1137.
 */
#include "formats/reads/fastq.h"
#include "formats/reads/mates.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct asked {
    bool interleaved;
} asked;

static const vl_opt options[] = {
    { 0, "interleaved", VL_OPT_FLAG, NULL, NULL, "one file with mates in turn", offsetof(asked, interleaved),
      NULL },
    { .name = "" },
};

typedef struct head {
    int nstream;
    bool paired; /* two streams, or interleaved */
    bool interleaved;
    bool crlf[2];
    bool as_given;       /* which mate a read is, is not asked of names and comments */
    char alike;          /* '1', '2': both names of the first pair end in /1, in /2; else 0 */
    const vl_mark *mark; /* of mates; NULL: names are equal */
    bool neighbours;     /* single reads, which look like mates in turn */
} head;

typedef struct tail {
    uint64_t reads, text; /* text: bytes */
} tail;

typedef struct line {
    const uint8_t *at;
    size_t n; /* without line end */
} line;

static const char *const line_name[4] = { "name", "sequence", "'+'", "quality" };

static int probe(const uint8_t *bytes, size_t n)
{
    if (n >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) bytes += 3, n -= 3;
    if (!n || bytes[0] != '@') return 0;
    /* a SAM header starts with '@' too: two letters and a TAB */
    if (n >= 4 && bytes[3] == '\t' &&
        (!memcmp(bytes, "@HD", 3) || !memcmp(bytes, "@SQ", 3) || !memcmp(bytes, "@RG", 3) ||
         !memcmp(bytes, "@PG", 3) || !memcmp(bytes, "@CO", 3)))
        return 0;
    return 60;
}

/* Where the line that starts at p ends; *next is behind its line break. NULL: no line break yet. */
static const uint8_t *line_end(const uint8_t *p, const uint8_t *end, const uint8_t **next)
{
    const uint8_t *const nl = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    if (nl) *next = nl + 1;
    return nl;
}

/* Length of the name: up to the first blank. */
static size_t name_length(line title)
{
    for (size_t i = 0; i < title.n; i++)
        if (title.at[i] == ' ' || title.at[i] == '\t') return i;
    return title.n;
}

/* A title behind its '@'. */
typedef struct named {
    vl_cell name;  /* up to the first blank */
    unsigned says; /* the number of the read that the comment says; 0: none */
} named;

static named read_title(line text)
{
    const size_t n = name_length(text), blank = n < text.n;
    const vl_cell comment = { text.at + n + blank, text.n - n - blank };
    return (named){ { text.at, n }, vl_casava_mate(comment) };
}

/* The title of the first record of a stream, or of the second. False: not there yet. */
static bool peek_title(const uint8_t *bytes, size_t n, bool whole, int record, named *first, bool *crlf)
{
    const uint8_t *p = bytes, *const end = bytes + n;
    for (int skip = 0; skip < 4 * record; skip++)
        if (!line_end(p, end, &p)) return false;
    const uint8_t *next = end, *nl = line_end(p, end, &next);
    if (!nl && !whole) return false;
    if (!nl) nl = end;
    *crlf = nl > p && nl[-1] == '\r';
    const bool at = nl - *crlf > p;
    *first = read_title((line){ p + at, (size_t)(nl - *crlf - p) - at });
    return true;
}

/* What the first pair shows: its mark, and whether something says which mate is first. What is no pair, is
 * refused in parse, where the record is known. */
static vl_code look_at_pair(head *h, const vl_ask *ask, const named pair[2], vl_err *err)
{
    bool fit;
    h->mark = vl_mates_mark(pair[0].name, pair[1].name, &fit);
    h->as_given = ask->mates_as_given;
    h->alike = h->as_given ? 0 : vl_mates_alike(pair[0].name, pair[1].name);
    if (!ask->swapped || h->as_given || h->mark || !fit || pair[0].says || pair[1].says) return VL_OK;
    return vl_fail(err, VL_EFORMAT,
                   "holds second mates by its name, and is given first; reads do not say which they are "
                   "(--mates-as-given takes them so)");
}

/* Single reads: do neighbours have the names of mates, all of them? */
static bool look_like_pairs(const uint8_t *bytes, size_t n)
{
    const uint8_t *p = bytes, *const end = bytes + n;
    const vl_mark *mark = NULL;
    for (uint64_t pairs = 0;; pairs++) {
        line text[2];
        for (int m = 0; m < 2; m++) {
            const uint8_t *const at = p, *const nl = line_end(p, end, &p);
            if (!nl || at == nl) return pairs;
            text[m] = (line){ at + 1, (size_t)(nl - at) - 1 };
            for (int skip = 0; skip < 3; skip++)
                if (!line_end(p, end, &p)) return m ? pairs : pairs && p == end;
        }
        const named a = read_title(text[0]), b = read_title(text[1]);
        bool fit;
        const vl_mark *const its = vl_mates_mark(a.name, b.name, &fit);
        if (!fit || !a.name.n || (pairs && its != mark)) return false;
        mark = its;
    }
}

static vl_code open(void *self, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                    const bool *whole, bool *more, vl_err *err)
{
    head *const h = self;
    h->nstream = ask->nstream;
    h->interleaved = ((const asked *)ask->option)->interleaved;
    h->paired = ask->nstream == 2 || h->interleaved;
    if (ask->nstream == 2 && h->interleaved)
        return vl_fail(err, VL_EARG, "two files are pairs already: leave --interleaved out");
    named pair[2] = { { { 0 } } };
    bool crlf[2] = { false };
    for (int m = 0; m < (h->paired ? 2 : 1); m++) {
        const int s = h->interleaved ? 0 : m, record = h->interleaved ? m : 0;
        if (!peek_title(bytes[s], n[s], whole[s], record, &pair[m], &crlf[m])) {
            *more = !whole[s];
            if (*more) return VL_OK;
        }
        h->crlf[s] = crlf[m];
    }
    if (h->interleaved) h->crlf[1] = h->crlf[0];
    if (h->paired) return look_at_pair(h, ask, pair, err);
    h->neighbours = look_like_pairs(bytes[0], n[0]);
    return VL_OK;
}

/* True when all that is left is blank lines. */
static bool only_blank(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != '\n' && p[i] != '\r') return false;
    return true;
}

/* The last records of an input: the file may lack its last line break and may end in blank lines. */
static void cut_last(const uint8_t *bytes, size_t n, uint64_t max_record, size_t *used, uint64_t *nrecord)
{
    const uint8_t *p = bytes, *const end = bytes + n;
    uint64_t records = 0;
    while (p < end && records < max_record &&
           !only_blank(p, (size_t)(end - p) < 64 ? (size_t)(end - p) : 64)) {
        for (int l = 0; l < 4 && p < end; l++)
            if (!line_end(p, end, &p)) p = end;
        records++;
    }
    /* blank lines belong to the block of the last record */
    if (p < end && only_blank(p, (size_t)(end - p))) p = end;
    else if (p < end && records < max_record)
        records++, p = end; /* blank lines, then text: parse refuses it */
    *used = (size_t)(p - bytes);
    *nrecord = records;
}

/* Length of bytes without the blank lines at their end: those may be the end of the input, and wait for it.
 */
static size_t without_blank_tail(const uint8_t *bytes, size_t n)
{
    size_t m = n;
    while (m && (bytes[m - 1] == '\n' || bytes[m - 1] == '\r')) m--;
    if (m + 1 < n && bytes[m] == '\r' && bytes[m + 1] == '\n') return m + 2;
    return m < n && bytes[m] == '\n' ? m + 1 : m;
}

static vl_code cut(const void *self, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   size_t *used, uint64_t *nrecord, vl_err *err)
{
    (void)err;
    const head *const h = self;
    if (h->interleaved && max_record)
        max_record = max_record < 2 ? 2 : max_record - (max_record & 1); /* whole pairs */
    *used = 0;
    *nrecord = 0;
    if (last && n) {
        cut_last(bytes, n, max_record, used, nrecord);
        return VL_OK;
    }
    uint64_t records = vl_k.count_byte(bytes, without_blank_tail(bytes, n), '\n') / 4;
    if (records > max_record) records = max_record;
    if (h->interleaved) records -= records & 1;
    if (!records) return VL_OK;
    *used = vl_k.find_nth(bytes, n, '\n', 4 * records);
    *nrecord = records;
    return VL_OK;
}

/* What one parse call works with. */
typedef struct work {
    const head *h;
    const vl_block *in; /* of the stream that is being read */
    int stream;
    const uint8_t *p, *end;
    uint64_t record; /* in the block */
    vl_batch *out;
    named mate[2]; /* the mates being compared */
} work;

static vl_code refuse(work *w, const uint8_t *at, int l, vl_err *err)
{
    err->line = (w->in->record + w->record) * 4 + (uint64_t)l + 1;
    return vl_err_at(err, w->in->file, w->in->offset + (uint64_t)(at - w->in->bytes.data),
                     w->in->record + w->record);
}

/* The next line, without its end. */
static vl_code take_line(work *w, int l, line *out, vl_err *err)
{
    const uint8_t *const start = w->p;
    if (start == w->end) {
        vl_fail(err, VL_ETRUNC, "input ends before the %s line of the last record", line_name[l]);
        return refuse(w, start, l, err);
    }
    const uint8_t *next = w->end, *nl = line_end(start, w->end, &next);
    if (!nl) {
        nl = w->end;
        if (!w->in->last) {
            vl_fail(err, VL_EBUG, "block ends within a line");
            return refuse(w, start, l, err);
        }
        w->out->counter[w->stream ? VL_RC_NO_FINAL_2 : VL_RC_NO_FINAL_1] = 1;
        next = w->end;
    }
    w->p = next;
    const bool cr = nl > start && nl[-1] == '\r', want = w->h->crlf[w->stream];
    if (want && cr == (nl == w->end)) {
        vl_fail(err, cr ? VL_ETRUNC : VL_EFORMAT,
                cr ? "input ends between CR and LF"
                   : "line ends in LF, the lines before it in CR LF: mixed line ends are refused");
        return refuse(w, start, l, err);
    }
    *out = (line){ start, (size_t)(nl - start) - (want && cr ? 1 : 0) };
    return VL_OK;
}

static vl_code check_title(work *w, line t, vl_err *err)
{
    if (!t.n || t.at[0] != '@') {
        if (!t.n) vl_fail(err, VL_EFORMAT, "blank line where a name line was expected ('@')");
        else if (t.n >= 3 && !memcmp(t.at, "\xef\xbb\xbf", 3))
            vl_fail(err, VL_EFORMAT, "starts with a byte order mark; FASTQ has none");
        else if (t.at[0] >= 33 && t.at[0] < 127)
            vl_fail(err, VL_EFORMAT,
                    "name line starts with '%c', expected '@' (records of more than four lines are not "
                    "supported)",
                    t.at[0]);
        else vl_fail(err, VL_EFORMAT, "name line starts with byte 0x%02x, expected '@'", t.at[0]);
        return refuse(w, t.at, 0, err);
    }
    /* NUL and stray CR would not survive other tools; everything else in a name is kept */
    const uint8_t *bad = memchr(t.at, 0, t.n);
    if (bad) vl_fail(err, VL_EFORMAT, "NUL byte in the name line");
    else if ((bad = memchr(t.at, '\r', t.n)))
        vl_fail(err, VL_EFORMAT, "carriage return in the name line, lines end in LF");
    return bad ? refuse(w, bad, 0, err) : VL_OK;
}

static void count_name(work *w, vl_cell name)
{
    if (!name.n) w->out->counter[VL_RC_EMPTY_NAME]++;
    if (vl_k.find_outside(name.at, name.n, 0, 127) < name.n) w->out->counter[VL_RC_NOT_ASCII]++;
}

/* What follows a title's name; one space before it goes without saying, unless what follows could be taken
 * for a blank kept. */
static vl_cell comment_of(line text, vl_cell name)
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
    const named *const a = &w->mate[0], *const b = &w->mate[1];
    const head *const h = w->h;
    if (!vl_mates_fit(h->mark, a->name, b->name)) return vl_mates_refuse(h->mark, a->name, b->name, err);
    if (h->as_given) return VL_OK;
    if (vl_casava_contradicts(a->says, b->says)) return vl_casava_refuse(a->says, b->says, err);
    const uint64_t record = w->in->record + w->record;
    if (h->alike && record == (h->interleaved ? 3 : 1) && vl_mates_alike(a->name, b->name) == h->alike)
        return vl_mates_refuse_alike(err);
    return VL_OK;
}

static vl_code push_title(work *w, line t, int mate, vl_err *err)
{
    vl_batch *const out = w->out;
    const line text = { t.at + 1, t.n - 1 };
    const named is = read_title(text);
    const vl_cell comment = comment_of(text, is.name);
    vl_cell name = is.name;
    if (vl_push_row(out, VL_RD_COMMENT, comment.at, comment.n, err)) return err->code;
    w->mate[mate] = is;
    if (w->h->paired && mate == 0) return VL_OK;
    if (w->h->paired) {
        if (check_mates(w, err)) return refuse(w, t.at, 0, err);
        if (w->h->mark) name.n -= w->h->mark->len;
    }
    count_name(w, name);
    if (vl_push_row(out, VL_RD_NAME, name.at, name.n, err)) return err->code;
    out->nrow[VL_RT_NAME]++;
    return VL_OK;
}

/* Counts reads with letters other than upper-case ACGTN. Most batches have none: one quick look at all
 * letters. */
static void count_letters(vl_batch *out)
{
    const vl_column *const base = &out->col[VL_RD_BASE];
    uint8_t other = 0;
    for (size_t i = 0; i < base->data.len; i++) {
        const uint8_t c = base->data.data[i];
        other |= (uint8_t) !((c == 'A') | (c == 'C') | (c == 'G') | (c == 'T') | (c == 'N'));
    }
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

static vl_code push_base(work *w, line base, vl_err *err)
{
    const size_t bad = vl_k.find_outside(base.at, base.n, '!', '~');
    if (bad < base.n) {
        const uint8_t c = base.at[bad];
        if (c == ' ' || c == '\t')
            vl_fail(err, VL_EFORMAT, "blank within the sequence, at letter %zu", bad + 1);
        else if (c == '\r')
            vl_fail(err, VL_EFORMAT, "carriage return at the end of the sequence, other lines end in LF");
        else vl_fail(err, VL_EFORMAT, "byte 0x%02x in the sequence, expected a letter", c);
        return refuse(w, base.at + bad, 1, err);
    }
    return vl_push_row(w->out, VL_RD_BASE, base.at, base.n, err);
}

static vl_code push_plus(work *w, line plus, line title, vl_err *err)
{
    static const uint8_t same = VL_PLUS_SAME;
    if (!plus.n || plus.at[0] != '+') {
        const uint8_t c = plus.n ? plus.at[0] : 0;
        if (!plus.n) vl_fail(err, VL_EFORMAT, "third line of the record is blank, expected '+'");
        else if (c >= 33 && c < 127)
            vl_fail(err, VL_EFORMAT,
                    "third line starts with '%c', expected '+' (records of more than four lines are "
                    "not supported)",
                    c);
        else vl_fail(err, VL_EFORMAT, "third line of the record starts with byte 0x%02x, expected '+'", c);
        return refuse(w, plus.at, 2, err);
    }
    const line text = { plus.at + 1, plus.n - 1 };
    if (!text.n) return vl_push_row(w->out, VL_RD_PLUS, text.at, 0, err);
    const uint8_t *bad = memchr(text.at, 0, text.n);
    if (!bad) bad = memchr(text.at, '\r', text.n);
    if (bad) {
        vl_fail(err, VL_EFORMAT, "byte 0x%02x in the '+' line", *bad);
        return refuse(w, bad, 2, err);
    }
    w->out->counter[VL_RC_PLUS_TEXT]++;
    if (text.n == title.n - 1 && !memcmp(text.at, title.at + 1, text.n))
        return vl_push_row(w->out, VL_RD_PLUS, &same, 1, err);
    return vl_push_row(w->out, VL_RD_PLUS, text.at, text.n, err);
}

/* Colours, 0 to 3, behind the letter of the primer, which has no quality. */
static bool is_colour_space(const work *w, size_t nquality, size_t nbase)
{
    const vl_column *const base = &w->out->col[VL_RD_BASE];
    const vl_cell s = vl_row(base, base->nrow - 1);
    if (nbase < 2 || nquality + 1 != nbase || !memchr("ACGT", s.at[0], 4)) return false;
    for (size_t i = 1; i < s.n; i++)
        if (!memchr("0123.", s.at[i], 5)) return false;
    return true;
}

static vl_code push_quality(work *w, line quality, size_t nbase, vl_err *err)
{
    vl_column *const col = &w->out->col[VL_RD_QUALITY];
    if (vl_buf_grow(&col->data, quality.n, err)) return err->code;
    const size_t bad = vl_k.phred_decode(col->data.data + col->data.len, quality.at, quality.n);
    if (bad < quality.n && !(bad >= nbase && quality.at[bad] == '\r')) {
        vl_fail(err, VL_EFORMAT, "byte 0x%02x at place %zu of the qualities, expected '!' to '~'",
                quality.at[bad], bad + 1);
        return refuse(w, quality.at + bad, 3, err);
    }
    if (quality.n == nbase + 1 && quality.at[nbase] == '\r') {
        vl_fail(err, VL_EFORMAT, "carriage return at the end of the qualities, other lines end in LF");
        return refuse(w, quality.at + nbase, 3, err);
    }
    if (quality.n != nbase) {
        if (is_colour_space(w, quality.n, nbase))
            vl_fail(err, VL_EUNSUP,
                    "colour space (SOLiD) is not supported: %zu colours behind a letter, %zu "
                    "qualities",
                    nbase - 1, quality.n);
        vl_fail(err, quality.n < nbase && w->p == w->end && w->in->last ? VL_ETRUNC : VL_EFORMAT,
                "quality has %zu letters, sequence has %zu", quality.n, nbase);
        return refuse(w, quality.at, 3, err);
    }
    col->data.len += quality.n;
    if (vl_rows_grow(col, 1, err)) return err->code;
    col->offset[++col->nrow] = col->data.len;
    return VL_OK;
}

static vl_code push_record(work *w, int mate, vl_err *err)
{
    line title = { 0 }, base = { 0 }, plus = { 0 }, quality = { 0 };
    if (take_line(w, 0, &title, err) || check_title(w, title, err)) return err->code;
    if (take_line(w, 1, &base, err) || push_base(w, base, err)) return err->code;
    if (take_line(w, 2, &plus, err) || push_plus(w, plus, title, err)) return err->code;
    if (w->p == w->end && w->in->last && !base.n && w->p[-1] == '\n') {
        quality = (line){ w->p, 0 }; /* an empty read whose empty quality line has no line break */
        w->out->counter[w->stream ? VL_RC_NO_FINAL_2 : VL_RC_NO_FINAL_1] = 1;
    } else if (take_line(w, 3, &quality, err)) {
        return err->code;
    }
    if (push_quality(w, quality, base.n, err)) return err->code;
    if (push_title(w, title, mate, err)) return err->code;
    w->out->nrow[VL_RT_READ]++;
    w->record++;
    return VL_OK;
}

/* What is left behind the last record of a block: blank lines at the end of the input, else nothing. */
static vl_code check_rest(work *w, vl_err *err)
{
    const bool crlf = w->h->crlf[w->stream];
    while (w->p < w->end) {
        if (crlf && w->end - w->p > 1 && w->p[0] == '\r' && w->p[1] == '\n') w->p += 2;
        else if (!crlf && *w->p == '\n') w->p++;
        else {
            vl_fail(err, VL_EFORMAT, "byte 0x%02x behind the last record", *w->p);
            return refuse(w, w->p, 0, err);
        }
        w->out->counter[w->stream ? VL_RC_BLANK_TAIL_2 : VL_RC_BLANK_TAIL_1]++;
    }
    return VL_OK;
}

static vl_code parse(const void *self, const vl_block *in, vl_batch *out, vl_err *err)
{
    const head *const h = self;
    work w[2] = { { .h = h }, { .h = h } };
    for (int s = 0; s < h->nstream; s++) {
        const uint8_t *const p = in[s].bytes.data;
        w[s] = (work){ .h = h, .in = &in[s], .stream = s, .p = p, .end = p + in[s].bytes.len, .out = out };
    }
    for (uint64_t i = 0; i < in[0].nrecord; i++) {
        if (push_record(&w[0], h->interleaved ? (int)(i & 1) : 0, err)) return err->code;
        if (h->nstream < 2) continue;
        w[1].mate[0] = w[0].mate[0];
        if (push_record(&w[1], 1, err)) return err->code;
    }
    if (h->interleaved && in[0].nrecord & 1) {
        vl_fail(err, VL_ETRUNC, "input ends after the first mate of a pair");
        return refuse(&w[0], w[0].p, 0, err);
    }
    for (int s = 0; s < h->nstream; s++)
        if (check_rest(&w[s], err)) return err->code;
    count_letters(out);
    out->nbyte = in[0].bytes.len;
    return VL_OK;
}

static vl_code join(const void *self, void *state, const vl_block *in, vl_batch *batch, vl_err *err)
{
    const head *const h = self;
    tail *const t = state;
    (void)err;
    t->reads += batch->nrow[VL_RT_READ];
    for (int s = 0; s < h->nstream; s++) t->text += in[s].bytes.len;
    return VL_OK;
}

static vl_code finish(const void *self, void *state, vl_facts *facts, vl_err *err)
{
    const head *const h = self;
    const tail *const t = state;
    if (!t->reads && t->text) return vl_fail(err, VL_EFORMAT, "no reads in the input, but blank lines");
    if (h->alike && t->reads == 2) return vl_mates_refuse_alike(err);
    vl_fact_add(facts, "layout", "%s", h->interleaved ? "interleaved" : h->paired ? "paired" : "single");
    vl_fact_add(facts, "mate_mark", "%s", h->mark ? h->mark->fact : "");
    if (h->neighbours && !(t->reads & 1))
        snprintf(facts->hint, sizeof facts->hint,
                 "neighbours have the names of mates, and are kept as single "
                 "reads: --interleaved keeps pairs");
    for (int s = 0; s < h->nstream; s++)
        vl_fact_add(facts, s ? "line_end_2" : "line_end_1", "%s", h->crlf[s] ? "crlf" : "lf");
    vl_fact_add(facts, "quality_offset", "33");
    return VL_OK;
}

static void close(void *self, void *state) { (void)self, (void)state; }

const vl_format vl_fastq = {
    .name = "fastq",
    .title = "FASTQ",
    .doc = "reads with qualities, four lines each",
    .ending = { ".fastq", ".fq" },
    .example = "  vial ingest -b /bank -s S1 S1_R1.fastq.gz S1_R2.fastq.gz\n"
               "  vial ingest -b /bank -s S1 L1_R1.fq.gz,L2_R1.fq.gz L1_R2.fq.gz,L2_R2.fq.gz\n"
               "  vial ingest -o S1-L001.h5 S1_L001_R1_001.fastq.gz S1_L001_R2_001.fastq.gz\n"
               "  samtools fastq x.bam | vial ingest --interleaved -o x.h5 -\n",
    .example_back = "  vial export S1.h5 -1 S1_R1.fastq.gz -2 S1_R2.fastq.gz\n",
    .may_be_empty = true,
    .mates = true,
    .schema = &vl_reads_schema,
    .head_size = sizeof(head),
    .tail_size = sizeof(tail),
    .block = 2u << 20,
    .max_record = 256u << 20,
    .max_stream = 2,
    .option = options,
    .option_size = sizeof(asked),
    .probe = probe,
    .open = open,
    .cut = cut,
    .parse = parse,
    .join = join,
    .finish = finish,
    .close = close,
    .print_size = sizeof(vl_fastq_how),
    .unfinish = vl_fastq_unfinish,
    .print = vl_fastq_print
};
