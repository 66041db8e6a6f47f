/* Tags as SAM writes them, "RG:Z:a", as BAM has them (bam_record.h). */
#include "formats/bam/bam_record.h"
#include "formats/letter.h"

#include <stdlib.h>
#include <string.h>

/* Whole digits with a sign, within what BAM holds. */
bool vl_sam_whole(vl_cell s, int64_t *out)
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
    if (!vl_sam_whole(s, &whole)) return 0;
    vl_put_le32(out, (uint32_t)whole);
    return vl_bam_number(type, out) == whole ? vl_bam_width(type) : 0;
}

/* The part of a list before the next `end`; *s is what stands behind it. */
vl_cell vl_sam_split(vl_cell *s, char end)
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
    const vl_cell head = vl_sam_split(&s, ',');
    const char of = head.n == 1 ? (char)head.at[0] : 0;
    const size_t width = vl_bam_width(of), start = out->len;
    uint8_t number[4] = { 0 };
    if (!width || vl_buf_append(out, head.at, 1, err) || vl_buf_append(out, number, 4, err)) return false;
    while (s.n) {
        if (put_number(vl_sam_split(&s, ','), of, number) != width) return false;
        if (vl_buf_append(out, number, width, err)) return false;
    }
    vl_put_le32(out->data + start + 1, (uint32_t)((out->len - start - 5) / width));
    return true;
}

bool vl_sam_is_text(vl_cell s, bool hex)
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
        return vl_sam_is_text(s, type == 'H') && !vl_buf_append(out, s.at, s.n, err) &&
               !vl_buf_append(out, "", 1, err);
    case 'B': return put_array(s, out, err);
    default: n = put_number(s, type, number); return n && !vl_buf_append(out, number, n, err);
    }
}

bool vl_sam_tag(vl_cell s, vl_buf *out, vl_err *err)
{
    if (s.n < 5 || s.at[2] != ':' || s.at[4] != ':' || s.at[0] <= ' ' || s.at[0] > '~' || s.at[1] <= ' ' ||
        s.at[1] > '~' || !strchr("AifZHB", s.at[3]) || !s.at[3])
        return false;
    const vl_cell value = { s.at + 5, s.n - 5 };
    int64_t whole = 0;
    uint8_t head[3] = { s.at[0], s.at[1], s.at[3] };
    if (head[2] == 'i') {
        if (!vl_sam_whole(value, &whole)) return false;
        head[2] = (uint8_t)vl_bam_narrow(whole);
    }
    return !vl_buf_append(out, head, sizeof head, err) && put_value((char)head[2], value, out, err);
}
