/*
 * Reads that came as FASTQ, as BAM (bam.h): what there is in place of FLAG, tags and header.
 *
 * A comment that is tags of SAM between tabulators, as `samtools fastq -T` and base callers write it, is
 * these tags; one of Casava 1.8 ("1:N:0:ACGT") is tag BC and, with Y, flag 512; any other is the text of tag
 * CO. So no comment is lost.
 */
#include "formats/reads/bam.h"

#include "formats/letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRED = 1, UNMAPPED = 4, MATE_UNMAPPED = 8, FIRST = 64, SECOND = 128, FILTERED = 512 };

unsigned vl_bam_made_flag(bool paired, size_t row)
{
    return paired ? PAIRED | UNMAPPED | MATE_UNMAPPED | (row & 1 ? SECOND : FIRST) : UNMAPPED;
}

/* ---- one tag ---- */

/* Whole digits with a sign, within what BAM holds. */
static bool read_whole(vl_cell s, int64_t *out)
{
    const bool minus = s.n && s.at[0] == '-';
    size_t i = minus;
    *out = 0;
    if (i == s.n || s.n > 12) return false;
    for (; i < s.n; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
        *out = 10 * *out + (s.at[i] - '0');
    }
    if (minus) *out = -*out;
    return *out >= INT32_MIN && *out <= UINT32_MAX;
}

static bool read_float(vl_cell s, float *out)
{
    char text[48], *end = text;
    if (!s.n || s.n >= sizeof text || s.at[0] <= ' ') return false;
    memcpy(text, s.at, s.n);
    text[s.n] = 0;
    *out = strtof(text, &end);
    return !*end;
}

/* The number of an element or a tag in BAM's bytes; 0: it is none of that type. */
static size_t put_number(vl_cell s, char type, uint8_t out[4])
{
    int64_t whole = 0;
    float single = 0;
    uint32_t bits = 0;
    if (type == 'f') {
        if (!read_float(s, &single)) return 0;
        memcpy(&bits, &single, sizeof bits);
        vl_put_le32(out, bits);
        return 4;
    }
    if (!read_whole(s, &whole)) return 0;
    vl_put_le32(out, (uint32_t)whole);
    return vl_bam_number(type, out) == whole ? vl_bam_width(type) : 0;
}

/* The part of a list before the next `end`; *s is what stands behind it. */
static vl_cell split_at(vl_cell *s, char end)
{
    const uint8_t *const p = s->n ? memchr(s->at, end, s->n) : NULL;
    const vl_cell part = { s->at, p ? (size_t)(p - s->at) : s->n };
    const size_t used = part.n + (p != NULL);
    *s = (vl_cell){ s->at ? s->at + used : NULL, s->n - used };
    return part;
}

/* "C,1,2,3" */
static bool put_array(vl_cell s, vl_buf *out, vl_err *err)
{
    const vl_cell head = split_at(&s, ',');
    const char of = head.n == 1 ? (char)head.at[0] : 0;
    const size_t width = vl_bam_width(of), start = out->len;
    uint8_t number[4] = { 0 };
    if (!width || vl_buf_append(out, head.at, 1, err) || vl_buf_append(out, number, 4, err)) return false;
    while (s.n) {
        if (put_number(split_at(&s, ','), of, number) != width) return false;
        if (vl_buf_append(out, number, width, err)) return false;
    }
    vl_put_le32(out->data + start + 1, (uint32_t)((out->len - start - 5) / width));
    return true;
}

static bool is_text(vl_cell s, bool hex)
{
    for (size_t i = 0; i < s.n; i++)
        if (hex ? vl_hex_digit((char)s.at[i]) < 0 : s.at[i] < ' ' || s.at[i] > '~') return false;
    return !hex || s.n % 2 == 0;
}

static bool put_value(char type, vl_cell s, vl_buf *out, vl_err *err)
{
    uint8_t number[4];
    size_t n = 0;
    switch (type) {
    case 'A': return s.n == 1 && s.at[0] > ' ' && s.at[0] <= '~' && !vl_buf_append(out, s.at, 1, err);
    case 'Z':
    case 'H':
        return is_text(s, type == 'H') && !vl_buf_append(out, s.at, s.n, err) &&
               !vl_buf_append(out, "", 1, err);
    case 'B': return put_array(s, out, err);
    default: n = put_number(s, type, number); return n && !vl_buf_append(out, number, n, err);
    }
}

static bool is_letter(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

/* "RG:Z:a". False: it is no tag, or there is no memory (err). */
static bool put_tag(vl_cell s, vl_buf *out, vl_err *err)
{
    if (s.n < 5 || s.at[2] != ':' || s.at[4] != ':' || !is_letter(s.at[0]) ||
        !(is_letter(s.at[1]) || (s.at[1] >= '0' && s.at[1] <= '9')) || !strchr("AifZHB", s.at[3]) || !s.at[3])
        return false;
    const vl_cell value = { s.at + 5, s.n - 5 };
    int64_t whole = 0;
    uint8_t head[3] = { s.at[0], s.at[1], s.at[3] };
    if (head[2] == 'i') {
        if (!read_whole(value, &whole)) return false;
        head[2] = (uint8_t)vl_bam_narrow(whole);
    }
    return !vl_buf_append(out, head, sizeof head, err) && put_value((char)head[2], value, out, err);
}

/* ---- a comment ---- */

/* Does a tag of that name stand among those that were written from `start` on? */
static bool has_tag(const vl_buf *out, size_t start, const uint8_t *name)
{
    vl_bam_tag t = { .end = out->data + start };
    vl_err err = VL_ERR_INIT;
    const uint8_t *bad;
    while (t.end < out->data + out->len && !vl_bam_tag_read(t.end, out->data + out->len, &t, &bad, &err))
        if (!memcmp(t.at, name, 2)) return true;
    return false;
}

/* All of it is tags, none of them twice; else nothing is written. */
static bool put_all(vl_cell s, vl_buf *out, vl_err *err)
{
    const size_t start = out->len;
    do {
        const vl_cell part = split_at(&s, '\t');
        if (part.n < 5 || has_tag(out, start, part.at) || !put_tag(part, out, err)) {
            out->len = start;
            return false;
        }
    } while (s.n);
    return true;
}

static vl_code put_text(const char *name, vl_cell s, vl_buf *out, vl_err *err)
{
    const char head[3] = { name[0], name[1], 'Z' };
    return vl_buf_append(out, head, sizeof head, err) || vl_buf_append(out, s.at, s.n, err)
               ? err->code
               : vl_buf_append(out, "", 1, err);
}

/* "1:N:0:ACGT+TTGC" */
static bool put_casava(vl_cell s, unsigned *flag, vl_buf *out, vl_err *err)
{
    const uint8_t *const end = s.at + s.n;
    const vl_cell mate = split_at(&s, ':'), filtered = split_at(&s, ':'), control = split_at(&s, ':');
    int64_t number = 0;
    if (mate.n != 1 || filtered.n != 1 || control.at + control.n == end ||
        (filtered.at[0] != 'Y' && filtered.at[0] != 'N') || !read_whole(control, &number) ||
        !is_text(s, false))
        return false;
    if (filtered.at[0] == 'Y') *flag |= FILTERED;
    if (s.n) put_text("BC", s, out, err);
    return true;
}

/* Text of any sort; a control character, which a tag cannot have, becomes a blank. */
static vl_code put_free(vl_cell s, vl_buf *out, vl_err *err)
{
    const size_t start = out->len + 3;
    if (put_text("CO", s, out, err)) return err->code;
    for (uint8_t *p = out->data + start; p < out->data + out->len - 1; p++)
        if (*p < ' ' || *p == 127) *p = ' ';
    return VL_OK;
}

vl_code vl_bam_made_tags(vl_cell comment, const char *group, unsigned *flag, vl_buf *out, vl_err *err)
{
    const size_t start = out->len;
    vl_cell s = comment;
    if (s.n && (s.at[0] == '\t' || s.at[0] == ' ')) s = (vl_cell){ s.at + 1, s.n - 1 };
    if (s.n && !put_all(s, out, err) && !err->code && !put_casava(s, flag, out, err) && !err->code)
        put_free(s, out, err);
    if (err->code || !*group || has_tag(out, start, (const uint8_t *)"RG")) return err->code;
    return put_text("RG", (vl_cell){ (const uint8_t *)group, strlen(group) }, out, err);
}

/* ---- the header ---- */

void vl_bam_made_header(vl_bam_how *how, const vl_facts *facts)
{
    const char *const sample = vl_fact_get(facts, "vial.sample");
    const char *const acquisition = vl_fact_get(facts, "vial.acquisition");
    char group[sizeof how->group + sizeof how->group + 16] = "";
    snprintf(how->group, sizeof how->group, "%s", *acquisition ? acquisition : sample);
    if (*how->group)
        snprintf(group, sizeof group, "@RG\tID:%s\tSM:%s\n", how->group, *sample ? sample : how->group);
    snprintf(how->header, sizeof how->header, "@HD\tVN:1.6\tSO:unsorted%s\n%s@PG\tID:vial\tPN:vial\tVN:%s\n",
             how->paired ? "\tGO:query" : "", group, VL_VERSION);
}
