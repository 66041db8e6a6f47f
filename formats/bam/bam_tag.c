/* Tags of BAM: their types, and how wide they are (bam_record.h). */
#include "formats/bam/bam_record.h"

#include <inttypes.h>
#include <string.h>

size_t vl_bam_width(char type)
{
    switch (type) {
    case 'c':
    case 'C': return 1;
    case 's':
    case 'S': return 2;
    case 'i':
    case 'I':
    case 'f': return 4;
    default: return 0;
    }
}

int64_t vl_bam_number(char type, const uint8_t *value)
{
    switch (type) {
    case 'c': return (int8_t)*value;
    case 'C': return *value;
    case 's': return (int16_t)vl_le16(value);
    case 'S': return vl_le16(value);
    case 'i': return (int32_t)vl_le32(value);
    default: return vl_le32(value);
    }
}

char vl_bam_narrow(int64_t number)
{
    if (number >= 0) return number <= UINT8_MAX ? 'C' : number <= UINT16_MAX ? 'S' : 'I';
    return number >= INT8_MIN ? 'c' : number >= INT16_MIN ? 's' : 'i';
}

static bool is_letter(uint8_t c)
{
    c |= 0x20;
    return c >= 'a' && c <= 'z';
}

bool vl_bam_usual(const uint8_t *name)
{
    return is_letter(name[0]) && (is_letter(name[1]) || (name[1] >= '0' && name[1] <= '9'));
}

static vl_code read_array(vl_bam_tag *t, const uint8_t *end, vl_err *err)
{
    const size_t left = (size_t)(end - t->value);
    const size_t width = left ? vl_bam_width((char)t->value[0]) : 0;
    if (left && !width)
        return vl_fail(err, VL_EFORMAT, "array %.2s is of type 0x%02x, which is none", (const char *)t->at,
                       t->value[0]);
    if (left < 5) return vl_fail(err, VL_EFORMAT, "record ends within array %.2s", (const char *)t->at);
    t->of = (char)t->value[0];
    t->n = vl_le32(t->value + 1);
    t->value += 5;
    if (t->n > (left - 5) / width)
        return vl_fail(err, VL_EFORMAT,
                       "array %.2s says it has %zu elements of %zu bytes, the record has %zu bytes more",
                       (const char *)t->at, t->n, width, left - 5);
    t->end = t->value + t->n * width;
    return VL_OK;
}

static vl_code read_text(vl_bam_tag *t, const uint8_t *end, vl_err *err)
{
    const uint8_t *const nul = end > t->value ? memchr(t->value, 0, (size_t)(end - t->value)) : NULL;
    if (!nul)
        return vl_fail(err, VL_EFORMAT, "text of tag %.2s has no NUL before its record ends",
                       (const char *)t->at);
    t->n = (size_t)(nul - t->value);
    t->end = nul + 1;
    return VL_OK;
}

vl_code vl_bam_tag_read(const uint8_t *p, const uint8_t *end, vl_bam_tag *out, const uint8_t **bad,
                        vl_err *err)
{
    *bad = p;
    if (end - p < 3) return vl_fail(err, VL_EFORMAT, "record ends within a tag");
    *out = (vl_bam_tag){ .at = p, .value = p + 3, .n = 1, .type = (char)p[2] };
    if (p[0] <= ' ' || p[0] > '~' || p[1] <= ' ' || p[1] > '~')
        return vl_fail(err, VL_EFORMAT, "a tag is called 0x%02x 0x%02x, expected two letters", p[0], p[1]);
    out->usual = vl_bam_usual(p);
    if (out->type == 'B') return read_array(out, end, err);
    if (out->type == 'Z' || out->type == 'H') return read_text(out, end, err);
    const size_t width = out->type == 'A' ? 1 : vl_bam_width(out->type);
    if (!width)
        return vl_fail(err, VL_EFORMAT, "tag %.2s is of type 0x%02x, which is none", (const char *)p, p[2]);
    if ((size_t)(end - out->value) < width)
        return vl_fail(err, VL_EFORMAT, "record ends within tag %.2s", (const char *)p);
    out->end = out->value + width;
    out->narrow = out->type != 'A' && out->type != 'f' &&
                  vl_bam_narrow(vl_bam_number(out->type, out->value)) == out->type;
    return VL_OK;
}
