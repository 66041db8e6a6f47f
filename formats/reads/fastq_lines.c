/* How the lines of a record are broken (fastq_lines.h): a row made of a record, and a record printed by its
 * row. */
#include "formats/reads/fastq_lines.h"

#include "formats/leb.h"
#include "formats/reads/reads.h"

#include <string.h>

/* ---- a row made ---- */

static vl_code put_number(vl_buf *row, uint64_t v, vl_err *err)
{
    uint8_t bytes[VL_LEB_MOST];
    return vl_buf_append(row, bytes, (size_t)(vl_put_leb(bytes, v) - bytes), err);
}

/* Lines from p on, `lines` of them with n letters in all: are they broken at one width? *width: 0 for one
 * line. */
static bool one_width(const uint8_t *p, const uint8_t *end, size_t lines, size_t n, size_t *width)
{
    vl_line line;
    *width = 0;
    if (lines == 1) return true;
    if (!lines || !vl_line_next(&p, end, true, &line) || !line.n) return false;
    *width = line.n;
    if (lines != n / line.n + (n % line.n != 0)) return false;
    for (size_t i = 1; i + 1 < lines; i++)
        if (!vl_line_next(&p, end, true, &line) || line.n != *width) return false;
    return true;
}

static vl_code put_shape(vl_buf *row, const uint8_t *p, const uint8_t *end, size_t lines, size_t n,
                         vl_err *err)
{
    size_t width;
    vl_line line;
    if (one_width(p, end, lines, n, &width)) return put_number(row, 2 * width, err);
    put_number(row, 2 * lines + 1, err);
    for (size_t i = 0; i < lines && !err->code; i++)
        put_number(row, vl_line_next(&p, end, true, &line) ? line.n : 0, err);
    return err->code;
}

/* A bit for each line that ends otherwise. A line without an end is as usual. */
static vl_code put_ends(vl_buf *row, const uint8_t *p, const uint8_t *end, size_t lines, bool crlf,
                        vl_err *err)
{
    const size_t n = (lines + 7) / 8;
    vl_line line;
    if (put_number(row, 1, err) || vl_buf_grow(row, n, err)) return err->code;
    uint8_t *const bits = row->data + row->len;
    memset(bits, 0, n);
    for (size_t i = 0; i < lines && vl_line_next(&p, end, true, &line); i++)
        if (!line.open && line.crlf != crlf) bits[i / 8] |= (uint8_t)(1 << i % 8);
    row->len += n;
    return VL_OK;
}

static bool as_usual(const uint8_t *p, const uint8_t *end, size_t lines, size_t n, size_t width)
{
    size_t its;
    return one_width(p, end, lines, n, &its) && its == (width && n > width ? width : 0);
}

vl_code vl_lines_push(const vl_fastq_record *r, const uint8_t *start, const uint8_t *end, size_t after,
                      vl_usual usual, vl_batch *out, bool *odd, vl_err *err)
{
    vl_column *const col = &out->col[VL_RD_LINES];
    const bool ends = usual.crlf ? r->lf : r->crlf;
    *odd = r->before || after || ends || !as_usual(r->base.at, end, r->base_lines, r->nbase, usual.width) ||
           !as_usual(r->quality.at, end, r->quality_lines, r->nbase, usual.width);
    if (*odd) {
        const size_t lines = r->lines - r->after + after;
        if (put_number(&col->data, r->before, err) || put_number(&col->data, after, err) ||
            put_shape(&col->data, r->base.at, end, r->base_lines, r->nbase, err) ||
            put_shape(&col->data, r->quality.at, end, r->quality_lines, r->nbase, err) ||
            (ends ? put_ends(&col->data, start, end, lines, usual.crlf, err)
                  : put_number(&col->data, 0, err)))
            return err->code;
    }
    if (vl_rows_grow(col, 1, err)) return err->code;
    col->offset[++col->nrow] = col->data.len;
    return VL_OK;
}

/* ---- a record printed ---- */

typedef struct shape {
    size_t lines, width;   /* width 0: one line, unless each has its length */
    const uint8_t *length; /* of each line; NULL: by width */
    const uint8_t *length_end;
} shape;

typedef struct broken {
    uint64_t before, after;
    shape base, quality;
    size_t lines;        /* in all */
    const uint8_t *bits; /* of the ends of lines; NULL: all are as usual */
} broken;

static shape by_width(size_t width, size_t n)
{
    const size_t lines = width && n > width ? n / width + (n % width != 0) : 1;
    return (shape){ .lines = lines, .width = width };
}

/* The lines of n letters as the row says; NULL: it says nothing that can be. */
static const uint8_t *read_shape(const uint8_t *p, const uint8_t *end, size_t n, shape *out)
{
    uint64_t v, length, sum = 0;
    if (!(p = vl_get_leb(p, end, &v))) return NULL;
    *out = by_width((size_t)(v / 2), n);
    if (!(v & 1)) return p;
    *out = (shape){ .lines = (size_t)(v / 2), .length = p };
    if (v / 2 > (uint64_t)(end - p)) return NULL;
    for (uint64_t i = 0; i < v / 2; i++) {
        if (!(p = vl_get_leb(p, end, &length)) || length > n - sum) return NULL;
        sum += length;
    }
    out->length_end = p;
    return sum == n ? p : NULL;
}

static bool read_row(vl_cell row, vl_usual usual, size_t n, broken *out)
{
    const uint8_t *p = row.at, *const end = row.n ? p + row.n : p;
    uint64_t ends = 0;
    *out = (broken){ .base = by_width(usual.width, n), .quality = by_width(usual.width, n) };
    if (row.n && (!(p = vl_get_leb(p, end, &out->before)) || !(p = vl_get_leb(p, end, &out->after)) ||
                  !(p = read_shape(p, end, n, &out->base)) || !(p = read_shape(p, end, n, &out->quality)) ||
                  !(p = vl_get_leb(p, end, &ends))))
        return false;
    if (out->before > VL_FASTQ_BLANK || out->after > VL_FASTQ_BLANK || ends > 1) return false;
    out->lines = (size_t)(out->before + out->after) + 2 + out->base.lines + out->quality.lines;
    if (ends) out->bits = p;
    return (size_t)(end - p) == (ends ? (out->lines + 7) / 8 : 0);
}

typedef struct printing {
    uint8_t *p;
    const uint8_t *bits;
    bool crlf;
    size_t line; /* in the record */
} printing;

static void end_line(printing *w)
{
    const bool other = w->bits && w->bits[w->line / 8] >> w->line % 8 & 1;
    w->line++;
    if (w->crlf != other) *w->p++ = '\r';
    *w->p++ = '\n';
}

static void put_line(printing *w, vl_cell s)
{
    if (s.n) memcpy(w->p, s.at, s.n);
    w->p += s.n;
    end_line(w);
}

static void put_blank(printing *w, uint64_t n)
{
    for (; n; n--) end_line(w);
}

/* Letters or qualities in their lines. */
static void put_lines(printing *w, vl_cell s, const shape *lines, bool quality)
{
    const uint8_t *p = lines->length;
    for (size_t i = 0, at = 0; i < lines->lines; i++) {
        uint64_t n = !lines->width || s.n - at < lines->width ? s.n - at : lines->width;
        if (lines->length) p = vl_get_leb(p, lines->length_end, &n);
        if (n && quality) vl_k.phred_encode(w->p, s.at + at, (size_t)n);
        else if (n) memcpy(w->p, s.at + at, (size_t)n);
        w->p += n;
        at += (size_t)n;
        end_line(w);
    }
}

vl_code vl_lines_print(vl_cell row, vl_usual usual, const vl_lines_text *text, vl_buf *out, vl_err *err)
{
    broken b;
    if (!read_row(row, usual, text->base.n, &b))
        return vl_fail(err, VL_ESTORE, "the lines of a read of %zu letters are not as they can be",
                       text->base.n);
    if (vl_buf_grow(out, text->title.n + text->plus.n + 2 * text->base.n + 2 * b.lines, err))
        return err->code;
    printing w = { out->data + out->len, b.bits, usual.crlf, 0 };
    put_blank(&w, b.before);
    put_line(&w, text->title);
    put_lines(&w, text->base, &b.base, false);
    put_line(&w, text->plus);
    put_lines(&w, text->quality, &b.quality, true);
    put_blank(&w, b.after);
    out->len = (size_t)(w.p - out->data);
    return VL_OK;
}
