/* A line of SAM to a record (sam.c; SAM specification, section 1.4). */
#include "formats/alignments/sam.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { QNAME, FLAG, RNAME, POS, MAPQ, CIGAR, RNEXT, PNEXT, TLEN, SEQ, QUAL, NFIELD };
static const char *const names[NFIELD] = { "QNAME", "FLAG",  "RNAME", "POS", "MAPQ", "CIGAR",
                                           "RNEXT", "PNEXT", "TLEN",  "SEQ", "QUAL" };

static vl_code refuse(const vl_sam_in *w, const uint8_t *at, vl_err *err)
{
    if (err->line == VL_NOWHERE) err->line = w->line;
    return vl_err_at(err, w->in->file, w->in->offset + (uint64_t)(at - w->in->bytes.data),
                     w->in->record + w->rows.out->nrow[VL_AT_ALIGNMENT]);
}

/* A field as a message shows it: not all of what is long. */
#define SHOWN(s) (int)((s).n < 60 ? (s).n : 60), (const char *)(s).at

static vl_code wrong(const vl_sam_in *w, int field, vl_cell s, const char *expected, vl_err *err)
{
    vl_fail(err, VL_EFORMAT, "%s is '%.*s', expected %s", names[field], SHOWN(s), expected);
    return refuse(w, s.at, err);
}

static bool is_star(vl_cell s) { return s.n == 1 && s.at[0] == '*'; }

/* Digits with a sign, of base 16 behind "0x" and, where C would read them so, of base 8 behind "0". */
static bool read_number(vl_cell s, bool as_c, int64_t least, int64_t most, int64_t *out)
{
    const bool sign = s.n && (s.at[0] == '-' || s.at[0] == '+'), minus = sign && s.at[0] == '-';
    size_t i = sign;
    int base = 10;
    *out = 0;
    if (s.n > i + 2 && s.at[i] == '0' && (s.at[i + 1] | 0x20) == 'x') base = 16, i += 2;
    else if (as_c && s.n > i + 1 && s.at[i] == '0') base = 8;
    if (i == s.n) return false;
    for (; i < s.n; i++) {
        const uint8_t c = s.at[i], low = c | 0x20;
        const int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : base;
        if (digit >= base || *out > INT64_MAX / 32) return false;
        *out = base * *out + digit;
    }
    if (minus) *out = -*out;
    return *out >= least && *out <= most;
}

static vl_code read_numbers(const vl_sam_in *w, const vl_cell *field, vl_alignment *a, vl_err *err)
{
    int64_t flag, mapq;
    if (!read_number(field[FLAG], true, 0, UINT16_MAX, &flag))
        return wrong(w, FLAG, field[FLAG], "a number up to 65535", err);
    if (!read_number(field[POS], false, -INT64_MAX, INT64_MAX, &a->position))
        return wrong(w, POS, field[POS], "a position, from 1, or 0 for none", err);
    if (!read_number(field[MAPQ], false, 0, UINT8_MAX, &mapq))
        return wrong(w, MAPQ, field[MAPQ], "a number up to 255", err);
    if (!read_number(field[PNEXT], false, -INT64_MAX, INT64_MAX, &a->mate_position))
        return wrong(w, PNEXT, field[PNEXT], "a position, from 1, or 0 for none", err);
    if (!read_number(field[TLEN], false, INT64_MIN, INT64_MAX, &a->template_length))
        return wrong(w, TLEN, field[TLEN], "a number", err);
    a->flag = (uint16_t)flag;
    a->mapq = (uint8_t)mapq;
    a->position--;
    a->mate_position--;
    return VL_OK;
}

static vl_code read_contig(const vl_sam_in *w, const vl_cell *field, int which, int64_t *out, vl_err *err)
{
    const vl_cell s = field[which];
    *out = is_star(s) ? -1 : vl_contigs_find(&w->h->contigs, s);
    if (*out >= 0 || is_star(s)) return VL_OK;
    vl_fail(err, VL_EFORMAT, "%s is '%.*s', %s", names[which], SHOWN(s),
            w->h->contigs.n ? "which is not among the @SQ lines of the header"
                            : "and the header has no @SQ line: 'samtools view -h -T' adds them");
    return refuse(w, s.at, err);
}

static vl_code read_contigs(const vl_sam_in *w, const vl_cell *field, vl_alignment *a, vl_err *err)
{
    if (read_contig(w, field, RNAME, &a->contig, err)) return err->code;
    a->mate_contig = a->contig;
    if (field[RNEXT].n == 1 && field[RNEXT].at[0] == '=') return VL_OK;
    return read_contig(w, field, RNEXT, &a->mate_contig, err);
}

/* ---- letters and qualities ---- */

static vl_code push_letters(vl_sam_in *w, const vl_cell *field, vl_alignment *a, vl_err *err)
{
    a->base = is_star(field[SEQ]) ? (vl_cell){ field[SEQ].at, 0 } : field[SEQ];
    if (!field[SEQ].n) return wrong(w, SEQ, field[SEQ], "letters, or '*' for none", err);
    for (size_t i = 0; i < a->base.n; i++) {
        const uint8_t c = a->base.at[i], low = c | 0x20;
        if ((low >= 'a' && low <= 'z') || c == '=' || c == '.') continue;
        vl_fail(err, VL_EFORMAT, "byte 0x%02x at place %zu of SEQ, expected a letter, '=' or '.'", c, i + 1);
        return refuse(w, a->base.at + i, err);
    }
    return vl_push_row(w->rows.out, VL_AL_BASE, a->base.at, a->base.n, err);
}

static vl_code push_no_quality(vl_sam_in *w, const vl_alignment *a, vl_err *err)
{
    vl_batch *const b = w->rows.out;
    if (vl_buf_reserve(&w->quality, a->base.n, err)) return err->code;
    if (a->base.n) memset(w->quality.data, VL_AL_NO_QUALITY, a->base.n);
    b->counter[VL_AC_NO_QUALITY] += a->base.n > 0;
    return vl_push_row(b, VL_AL_QUALITY, w->quality.data, a->base.n, err);
}

static vl_code push_quality(vl_sam_in *w, const vl_cell *field, vl_alignment *a, vl_err *err)
{
    const vl_cell s = field[QUAL];
    const size_t n = a->base.n;
    if (is_star(s)) return push_no_quality(w, a, err);
    if (s.n != n) {
        if (!n) vl_fail(err, VL_EFORMAT, "QUAL has %zu letters, and SEQ is '*'", s.n);
        else vl_fail(err, VL_EFORMAT, "QUAL has %zu letters, SEQ has %zu", s.n, n);
        return refuse(w, s.at, err);
    }
    const size_t odd = vl_k.find_outside(s.at, n, '!', '~');
    if (odd < n) {
        vl_fail(err, VL_EFORMAT, "byte 0x%02x at place %zu of QUAL, expected '!' to '~'", s.at[odd], odd + 1);
        return refuse(w, s.at + odd, err);
    }
    if (vl_buf_reserve(&w->quality, n, err)) return err->code;
    for (size_t i = 0; i < n; i++) w->quality.data[i] = (uint8_t)(s.at[i] - '!');
    a->quality = (vl_cell){ w->quality.data, n };
    return vl_push_row(w->rows.out, VL_AL_QUALITY, w->quality.data, n, err);
}

/* ---- tags ---- */

/* "X0:i:+7" is 7: what is before its digits is only kept. */
static bool read_tag(vl_cell s, vl_buf *out, vl_err *err)
{
    enum { VALUE = 5, MOST = 40 };
    int64_t number;
    uint8_t text[MOST];
    if (vl_sam_tag(s, out, err)) return true;
    if (err->code || s.n <= VALUE || s.at[3] != 'i' ||
        !read_number((vl_cell){ s.at + VALUE, s.n - VALUE }, false, INT32_MIN, UINT32_MAX, &number))
        return false;
    memcpy(text, s.at, VALUE);
    const int n = snprintf((char *)text + VALUE, MOST - VALUE, "%" PRId64, number);
    return vl_sam_tag((vl_cell){ text, VALUE + (size_t)n }, out, err);
}

static vl_code read_tags(vl_sam_in *w, vl_cell left, vl_alignment *a, vl_err *err)
{
    w->tags.len = 0;
    while (left.n) {
        const vl_cell s = vl_sam_split(&left, '\t');
        const size_t before = w->tags.len;
        if (read_tag(s, &w->tags, err)) continue;
        w->tags.len = before;
        if (err->code) return err->code;
        vl_fail(err, VL_EFORMAT, "'%.*s' is no tag, expected two letters, a type of AifZHB and its value",
                SHOWN(s));
        return refuse(w, s.at, err);
    }
    a->tags = w->tags.data;
    a->end = w->tags.data ? w->tags.data + w->tags.len : NULL;
    return VL_OK;
}

/* ---- the line ---- */

static vl_code check_name(const vl_sam_in *w, vl_cell name, vl_err *err)
{
    if (!name.n || name.n > VL_BAM_NAME) return wrong(w, QNAME, name, "a name of 1 to 254 letters", err);
    const size_t odd = vl_k.find_outside(name.at, name.n, ' ' + 1, '~');
    if (odd == name.n) return VL_OK;
    vl_fail(err, VL_EFORMAT, "byte 0x%02x in the name", name.at[odd]);
    return refuse(w, name.at + odd, err);
}

static vl_code split(const vl_sam_in *w, vl_cell *line, vl_cell field[NFIELD], vl_err *err)
{
    const vl_cell whole = *line;
    for (int i = 0; i < NFIELD; i++) {
        if (i && !line->n) {
            vl_fail(err, VL_EFORMAT, "the line has %d fields, %d are the least", i, NFIELD);
            return refuse(w, whole.at, err);
        }
        field[i] = vl_sam_split(line, '\t');
    }
    return VL_OK;
}

/* The line without its CR; it must end as all others do. */
static vl_code end_of(const vl_sam_in *w, vl_cell *line, bool ends, vl_err *err)
{
    const bool crlf = line->n && line->at[line->n - 1] == '\r';
    if (!line->n || (crlf && line->n == 1)) {
        vl_fail(err, VL_EFORMAT, "an empty line, expected a record");
        return refuse(w, line->at, err);
    }
    if (ends && crlf != w->h->crlf) {
        vl_fail(err, VL_EFORMAT, "the line ends in %s, the first record in %s", crlf ? "CR LF" : "LF",
                crlf ? "LF" : "CR LF");
        return refuse(w, line->at + line->n - 1, err);
    }
    if (ends && crlf) line->n--;
    return VL_OK;
}

/* A line that would not be written so is kept. */
static vl_code compare(vl_sam_in *w, vl_cell line, vl_alignment *a, vl_err *err)
{
    w->again.len = 0;
    if (vl_sam_put(a, &w->h->contigs, &w->again, err)) return refuse(w, line.at, err);
    if (w->again.len == line.n && !memcmp(w->again.data, line.at, line.n)) return VL_OK;
    a->odd |= VL_AO_LINE;
    a->line = line;
    return VL_OK;
}

vl_code vl_sam_line(vl_sam_in *w, vl_cell line, bool ends, vl_err *err)
{
    vl_cell field[NFIELD];
    vl_alignment a = { 0 };
    int64_t in_read;
    const uint8_t *bad;
    w->line++;
    if (end_of(w, &line, ends, err)) return err->code;
    vl_cell left = line;
    if (split(w, &left, field, err) || check_name(w, field[QNAME], err) || read_numbers(w, field, &a, err) ||
        read_contigs(w, field, &a, err))
        return err->code;
    a.name = field[QNAME];
    if (!vl_cigar_read(field[CIGAR], &w->cigar, err))
        return err->code ? err->code
                         : wrong(w, CIGAR, field[CIGAR], "lengths, each with one of MIDNSHP=X, or '*'", err);
    a.cigar = w->cigar.data;
    a.nop = w->cigar.len / 4;
    if (push_letters(w, field, &a, err) || push_quality(w, field, &a, err) || read_tags(w, left, &a, err))
        return err->code;
    vl_cigar_lengths(a.cigar, a.nop, &a.span, &in_read);
    a.bin = vl_alignment_bin(&a);
    if (compare(w, line, &a, err)) return err->code;
    return vl_alignments_push(&w->rows, &a, &bad, err) ? refuse(w, line.at, err) : VL_OK;
}
