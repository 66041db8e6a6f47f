/*
 * Alignments as SAM in the table of formats (SAM specification, section 1): lines of a header, each beginning
 * with '@', then a line a record, fields between tabulators.
 *
 * Fields go into the columns that BAM's go to. A line that these do not print again as it was (a number
 * written otherwise, a letter that BAM has not) is kept beside them, so that the text comes back byte for
 * byte.
 *
 * sam.c        the table's entry: header, where lines end, print
 * sam_line.c   a line to a record
 * sam_put.c    a record to a line
 */
#include "formats/alignments/sam.h"

#include <string.h>

enum { HEADER_WORD = 4 }; /* "@SQ" and a tabulator */

/* ---- probe ---- */

static bool is_header(const uint8_t *p, size_t n)
{
    static const char words[] = "@HD\t@SQ\t@RG\t@PG\t@CO\t";
    if (n < HEADER_WORD) return false;
    for (size_t i = 0; i + HEADER_WORD < sizeof words; i += HEADER_WORD)
        if (!memcmp(p, words + i, HEADER_WORD)) return true;
    return false;
}

static bool is_whole(vl_cell s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] < '0' || s.at[i] > '9') return false;
    return s.n > 0;
}

/* Eleven fields, of which the second, the fourth and the fifth are numbers. */
static bool is_record(const uint8_t *p, size_t n)
{
    const uint8_t *const end = n ? memchr(p, '\n', n) : NULL;
    vl_cell line = { p, end ? (size_t)(end - p) : n };
    for (int i = 1; i <= 11; i++) {
        if (!line.n) return false;
        const vl_cell field = vl_sam_split(&line, '\t');
        if ((i == 2 || i == 4 || i == 5) && !is_whole(field)) return false;
    }
    return true;
}

static int probe(const uint8_t *bytes, size_t n)
{
    return is_header(bytes, n) ? 100 : n && bytes[0] != '@' && is_record(bytes, n) ? 90 : 0;
}

/* ---- open, cut ---- */

/* The lines that begin with '@', before any other. *more: they may go on. */
static size_t header_of(const uint8_t *bytes, size_t n, bool whole, bool *more)
{
    size_t at = 0;
    while (at < n && bytes[at] == '@') {
        const uint8_t *const end = memchr(bytes + at, '\n', n - at);
        if (!end) {
            *more = !whole;
            return whole ? n : at;
        }
        at = (size_t)(end - bytes) + 1;
    }
    *more = at == n && !whole;
    return at;
}

static vl_code open(void *self, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                    const bool *whole, bool *more, vl_err *err)
{
    (void)ask;
    vl_sam_head *const h = self;
    uint64_t line = 0;
    const size_t nheader = header_of(bytes[0], n[0], whole[0], more);
    if (*more) return VL_OK;
    const uint8_t *const first = bytes[0] + nheader; /* record: the header may end its lines otherwise */
    const uint8_t *const end = n[0] > nheader ? memchr(first, '\n', n[0] - nheader) : NULL;
    *more = !end && !whole[0];
    if (*more) return VL_OK;
    h->crlf = end && end > first && end[-1] == '\r';
    if (vl_buf_append(&h->header, bytes[0], nheader, err)) return err->code;
    if (!vl_contigs_read(&h->contigs, (vl_cell){ h->header.data, nheader }, &line, err)) return VL_OK;
    err->line = line ? line : VL_NOWHERE;
    return err->code;
}

static vl_code cut(const void *self, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    const vl_sam_head *const h = self;
    bool part = false;
    (void)err;
    *out = (vl_cut){ 0 };
    if (!n || !max_record) return VL_OK;
    out->used = vl_bam_header_in(h->header.data, h->header.len, bytes, n, &part);
    if (part && !last) return VL_OK;
    for (size_t i = 0; i < out->used; i++) out->nline += bytes[i] == '\n';
    while (out->used < n && out->nrecord < max_record) {
        const uint8_t *const end = memchr(bytes + out->used, '\n', n - out->used);
        if (!end && !last) break;
        out->nrecord++;
        out->nline++;
        out->used = end ? (size_t)(end - bytes) + 1 : n;
    }
    return VL_OK;
}

/* ---- parse ---- */

static vl_code parse(const void *self, const vl_block *in, vl_batch *out, vl_err *err)
{
    const vl_sam_head *const h = self;
    vl_sam_in w = { .h = h, .in = in, .line = in->line };
    vl_cell left = { in->bytes.data, in->bytes.len };
    vl_alignments_in_init(&w.rows, out);
    if (!in->offset && left.n >= h->header.len && h->header.len) {
        vl_buf_append(&out->col[VL_AL_HEADER].data, left.at, h->header.len, err);
        for (size_t i = 0; i < h->header.len; i++) w.line += left.at[i] == '\n';
        left = (vl_cell){ left.at + h->header.len, left.n - h->header.len };
    }
    if (in->last && left.n && left.at[left.n - 1] != '\n') out->counter[VL_AC_NO_FINAL]++;
    while (left.n && !err->code) {
        const bool ends = memchr(left.at, '\n', left.n) != NULL;
        vl_sam_line(&w, vl_sam_split(&left, '\n'), ends, err);
    }
    if (!err->code) vl_alignments_end(&w.rows, err);
    out->nbyte = in->bytes.len;
    vl_alignments_in_free(&w.rows);
    vl_buf_free(&w.cigar);
    vl_buf_free(&w.tags);
    vl_buf_free(&w.quality);
    vl_buf_free(&w.again);
    return err->code;
}

static vl_code join(const void *self, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    (void)self, (void)tail, (void)in, (void)batch;
    return err->code;
}

static vl_code finish(const void *self, void *tail, vl_facts *facts, vl_err *err)
{
    (void)tail;
    vl_fact_add(facts, "line_end", "%s", ((const vl_sam_head *)self)->crlf ? "crlf" : "lf");
    return err->code;
}

static void close(void *self, void *tail)
{
    (void)tail;
    vl_sam_head *const h = self;
    vl_contigs_free(&h->contigs);
    vl_buf_free(&h->header);
}

/* ---- print ---- */

typedef struct how {
    vl_contigs contigs; /* first (vl_alignments_how_begin) */
    bool crlf, no_final;
} how;

static vl_code unfinish(void *self, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                        vl_err *err)
{
    (void)ntext;
    how *const h = self;
    h->crlf = !strcmp(vl_fact_get(facts, "line_end"), "crlf");
    h->no_final = counter[VL_AC_NO_FINAL];
    *way = vl_alignments_way;
    return err->code;
}

static vl_code put_line(const how *h, vl_alignments_out *rows, size_t i, bool open_end, vl_buf *out,
                        vl_err *err)
{
    vl_alignment a;
    if (vl_alignments_row(rows, i, &a, err) || vl_sam_put(&a, &h->contigs, out, err)) return err->code;
    return open_end ? VL_OK : vl_buf_append(out, h->crlf ? "\r\n" : "\n", h->crlf ? 2 : 1, err);
}

static vl_code print(const void *self, const vl_batch *batch, bool last, vl_buf *out, vl_err *err)
{
    const how *const h = self;
    vl_alignments_out rows;
    const size_t n = batch->nrow[VL_AT_ALIGNMENT];
    if (vl_alignments_begins(batch, &h->contigs) && vl_sam_header(&h->contigs, out, err)) return err->code;
    if (!vl_alignments_out_init(&rows, batch, err))
        for (size_t i = 0; i < n && !err->code; i++)
            put_line(h, &rows, i, last && h->no_final && i + 1 == n, out, err);
    vl_alignments_out_free(&rows);
    return err->code;
}

const vl_format vl_sam = { .name = "sam",
                           .title = "SAM",
                           .doc = "alignments, as text",
                           .ending = { ".sam" },
                           .example = "  bwa mem ref.fa R1.fq R2.fq | vial ingest -o S1.h5 -\n",
                           .example_back =
                               "  vial export S1.h5 -o S1.sam             alignments, whether they "
                               "came as SAM or BAM\n",
                           .schema = &vl_alignments_schema,
                           .head_size = sizeof(vl_sam_head),
                           .block = 2u << 20,
                           .max_record = VL_BAM_MOST,
                           .max_stream = 1,
                           .probe = probe,
                           .open = open,
                           .cut = cut,
                           .parse = parse,
                           .join = join,
                           .finish = finish,
                           .close = close,
                           .print_size = sizeof(how),
                           .unfinish = unfinish,
                           .begin = vl_alignments_how_begin,
                           .print = print,
                           .end = vl_alignments_how_end };
