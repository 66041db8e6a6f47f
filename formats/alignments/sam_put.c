/* A record as a line of SAM, as `samtools view` writes it (sam.c; SAM specification, sections 1.4 and
 * 1.5). */
#include "formats/alignments/alignments.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static vl_code put(vl_buf *out, const void *bytes, size_t n, vl_err *err)
{
    return vl_buf_append(out, bytes, n, err);
}

static vl_code put_number(vl_buf *out, int64_t v, vl_err *err)
{
    uint8_t digit[24];
    size_t n = sizeof digit;
    uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do digit[--n] = (uint8_t)('0' + left % 10);
    while (left /= 10);
    if (v < 0) digit[--n] = '-';
    return put(out, digit + n, sizeof digit - n, err);
}

static bool has_contigs(vl_cell text)
{
    while (text.n) {
        const vl_cell line = vl_sam_split(&text, '\n');
        if (line.n >= 4 && !memcmp(line.at, "@SQ\t", 4)) return true;
    }
    return false;
}

vl_code vl_sam_header(const vl_contigs *c, vl_buf *out, vl_err *err)
{
    const vl_cell text = c->text;
    const bool lacking = c->binary && !has_contigs(text);
    if (put(out, text.at, text.n, err) || !c->binary) return err->code;
    for (size_t i = 0; lacking && i < c->n && !err->code; i++) {
        const vl_contig *const one = &c->contig[i];
        if (!put(out, "@SQ\tSN:", 7, err) && !put(out, one->name.at, one->name.n, err) &&
            !put(out, "\tLN:", 4, err) && !put_number(out, one->length, err))
            put(out, "\n", 1, err);
    }
    return err->code;
}

static vl_code put_contig(int64_t number, const vl_contigs *c, vl_buf *out, vl_err *err)
{
    if (number < 0) return put(out, "*", 1, err);
    if ((uint64_t)number >= c->n)
        return vl_fail(err, VL_ESTORE, "a record lies on contig %" PRId64 ", the header has %zu", number,
                       c->n);
    return put(out, c->contig[number].name.at, c->contig[number].name.n, err);
}

static vl_code put_mate_contig(const vl_alignment *a, const vl_contigs *c, vl_buf *out, vl_err *err)
{
    if (a->mate_contig >= 0 && a->mate_contig == a->contig) return put(out, "=", 1, err);
    return put_contig(a->mate_contig, c, out, err);
}

/* ---- letters ---- */

static vl_code put_quality(const vl_alignment *a, vl_buf *out, vl_err *err)
{
    const size_t n = a->quality.at ? a->base.n : 0;
    if (!n) return put(out, "*", 1, err);
    if (vl_buf_grow(out, n, err)) return err->code;
    vl_k.phred_encode(out->data + out->len, a->quality.at, n);
    out->len += n;
    return VL_OK;
}

/* ---- tags ---- */

static vl_code put_single(const uint8_t *value, vl_buf *out, vl_err *err)
{
    char text[32];
    const uint32_t bits = vl_le32(value);
    float v;
    memcpy(&v, &bits, sizeof v);
    return put(out, text, (size_t)snprintf(text, sizeof text, "%g", (double)v), err);
}

static vl_code put_element(char type, const uint8_t *value, vl_buf *out, vl_err *err)
{
    return type == 'f' ? put_single(value, out, err) : put_number(out, vl_bam_number(type, value), err);
}

static vl_code put_array(const vl_bam_tag *t, vl_buf *out, vl_err *err)
{
    const size_t width = vl_bam_width(t->of);
    if (put(out, &t->of, 1, err)) return err->code;
    for (size_t i = 0; i < t->n && !err->code; i++)
        if (!put(out, ",", 1, err)) put_element(t->of, t->value + i * width, out, err);
    return err->code;
}

static vl_code put_tag(const vl_bam_tag *t, vl_buf *out, vl_err *err)
{
    const bool whole = t->type != 'f' && vl_bam_width(t->type);
    const uint8_t head[] = { '\t', t->at[0], t->at[1], ':', (uint8_t)(whole ? 'i' : t->type), ':' };
    if (put(out, head, sizeof head, err)) return err->code;
    if (t->type == 'B') return put_array(t, out, err);
    if (t->type == 'A' || t->type == 'Z' || t->type == 'H') return put(out, t->value, t->n, err);
    return put_element(t->type, t->value, out, err);
}

/* All but the one at `but`. */
static vl_code put_tags(const vl_alignment *a, const uint8_t *but, vl_buf *out, vl_err *err)
{
    vl_bam_tag t = { .end = a->tags };
    const uint8_t *bad;
    while (t.end < a->end && !err->code)
        if (!vl_bam_tag_read(t.end, a->end, &t, &bad, err) && t.at != but) put_tag(&t, out, err);
    return err->code;
}

vl_code vl_sam_put(const vl_alignment *a, const vl_contigs *c, vl_buf *out, vl_err *err)
{
    const uint8_t *cigar, *tag;
    size_t nop;
    if (a->odd & VL_AO_LINE) return put(out, a->line.at, a->line.n, err);
    vl_cigar_meant(a, &cigar, &nop, &tag);
    if (put(out, a->name.n ? (const char *)a->name.at : "*", a->name.n ? a->name.n : 1, err) ||
        put(out, "\t", 1, err) || put_number(out, a->flag, err) || put(out, "\t", 1, err) ||
        put_contig(a->contig, c, out, err) || put(out, "\t", 1, err) ||
        put_number(out, a->position + 1, err) || put(out, "\t", 1, err) || put_number(out, a->mapq, err) ||
        put(out, "\t", 1, err) || vl_cigar_put(cigar, nop, out, err) || put(out, "\t", 1, err) ||
        put_mate_contig(a, c, out, err) || put(out, "\t", 1, err) ||
        put_number(out, a->mate_position + 1, err) || put(out, "\t", 1, err) ||
        put_number(out, a->template_length, err) || put(out, "\t", 1, err) ||
        put(out, a->base.n ? (const char *)a->base.at : "*", a->base.n ? a->base.n : 1, err) ||
        put(out, "\t", 1, err) || put_quality(a, out, err))
        return err->code;
    return put_tags(a, tag, out, err);
}
