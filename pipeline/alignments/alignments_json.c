/*
 * View of alignments as JSON lines: an object a record, its members called as the columns are; null where a
 * record has none. Places count from 1. A tag is called as its column, "NM:i" or "ML:BC", so its type can be
 * seen. From the first tag on that no column holds, one that a record has twice or whose name is odd, they
 * are in "more_tags", an object each.
 */
#include "pipeline/alignments/alignments_view.h"

#include <math.h>
#include <string.h>

static vl_code put_key(vl_buf *t, const char *name, vl_err *err)
{
    return vl_text_add(t, ",\"", err) || vl_text_add(t, name, err) ? err->code : vl_text_add(t, "\":", err);
}

/* Nothing: null. */
static vl_code put_text(vl_buf *t, const char *name, vl_cell s, vl_err *err)
{
    if (put_key(t, name, err)) return err->code;
    return s.n ? vl_text_json(t, s.at, s.n, err) : vl_text_add(t, "null", err);
}

static vl_code put_number(vl_buf *t, int64_t v, vl_err *err)
{
    if (v < 0 && vl_text_add(t, "-", err)) return err->code;
    return vl_text_u64(t, v < 0 ? -(uint64_t)v : (uint64_t)v, err);
}

static vl_code put_whole(vl_buf *t, const char *name, int64_t v, vl_err *err)
{
    return put_key(t, name, err) ? err->code : put_number(t, v, err);
}

static vl_code put_contig(vl_buf *t, const char *name, const vl_contigs *c, int64_t number, vl_err *err)
{
    if (number >= 0 && (uint64_t)number >= c->n)
        return vl_fail(err, VL_ESTORE, "the header has no contig %lld", (long long)number);
    return put_text(t, name, number < 0 ? (vl_cell){ NULL, 0 } : c->contig[number].name, err);
}

static vl_code put_position(vl_buf *t, const char *name, int64_t position, vl_err *err)
{
    return position == -1 ? put_text(t, name, (vl_cell){ NULL, 0 }, err)
                          : put_whole(t, name, position + 1, err);
}

/* ---- letters ---- */

static vl_code put_cigar(vl_buf *t, const uint8_t *cigar, size_t nop, vl_err *err)
{
    if (!nop) return put_text(t, "cigar", (vl_cell){ NULL, 0 }, err);
    if (put_key(t, "cigar", err) || vl_text_add(t, "\"", err) || vl_cigar_put(cigar, nop, t, err))
        return err->code;
    return vl_text_add(t, "\"", err);
}

/* As SAM writes them: Phred + 33. */
static vl_code put_quality(vl_buf *t, const vl_alignment *a, vl_err *err)
{
    vl_buf letters = { 0 };
    const size_t n = a->quality.at ? a->quality.n : 0;
    if (n && !vl_buf_grow(&letters, n, err)) vl_k.phred_encode(letters.data, a->quality.at, n);
    if (!err->code) put_text(t, "quality", (vl_cell){ letters.data, n }, err);
    vl_buf_free(&letters);
    return err->code;
}

/* ---- tags ---- */

/* JSON has no NaN and no infinity. */
static vl_code put_value(vl_buf *t, char type, const uint8_t *value, vl_err *err)
{
    float single;
    if (type != 'f') return put_number(t, vl_bam_number(type, value), err);
    const uint32_t bits = vl_le32(value);
    memcpy(&single, &bits, sizeof single);
    return isfinite(single) ? vl_text_number(t, (double)single, true, err) : vl_text_add(t, "null", err);
}

static vl_code put_array(vl_buf *t, const vl_bam_tag *tag, vl_err *err)
{
    const size_t width = vl_bam_width(tag->of);
    vl_text_add(t, "[", err);
    for (size_t i = 0; i < tag->n && !err->code; i++)
        if (!i || !vl_text_add(t, ",", err)) put_value(t, tag->of, tag->value + i * width, err);
    return err->code ? err->code : vl_text_add(t, "]", err);
}

/* "NM:i":3 */
static vl_code put_tag(vl_buf *t, const vl_bam_tag *tag, vl_err *err)
{
    const bool whole = tag->type != 'f' && vl_bam_width(tag->type);
    const char kind[] = { ':', whole ? 'i' : tag->type, tag->of };
    if (vl_text_add(t, "\"", err) || vl_text_json_inside(t, tag->at, 2, err) ||
        vl_text_json_inside(t, kind, tag->of ? 3 : 2, err) || vl_text_add(t, "\":", err))
        return err->code;
    if (tag->type == 'B') return put_array(t, tag, err);
    if (tag->type == 'f' || whole) return put_value(t, tag->type, tag->value, err);
    return vl_text_json(t, tag->value, tag->n, err);
}

/* Those of [from, to) but the one at `but`, with these around each and between two. */
static vl_code put_some(vl_buf *t, const uint8_t *from, const uint8_t *to, const uint8_t *but,
                        const char *const around[3], vl_err *err)
{
    vl_bam_tag tag = { .end = from };
    const uint8_t *bad;
    bool any = false;
    while (tag.end < to && !err->code) {
        if (vl_bam_tag_read(tag.end, to, &tag, &bad, err) || tag.at == but) continue;
        if (vl_text_add(t, any ? around[1] : around[0], err) || put_tag(t, &tag, err)) continue;
        any = true;
    }
    return any && !err->code ? vl_text_add(t, around[2], err) : err->code;
}

static vl_code put_tags(vl_buf *t, const vl_alignment *a, const uint8_t *but, vl_err *err)
{
    const uint8_t *const rest = a->end - a->rest.n;
    if (put_key(t, "tags", err) || vl_text_add(t, "{", err) ||
        put_some(t, a->tags, rest, but, (const char *const[]){ "", ",", "" }, err) ||
        vl_text_add(t, "}", err))
        return err->code;
    return put_some(t, rest, a->end, but, (const char *const[]){ ",\"more_tags\":[{", "},{", "}]" }, err);
}

/* ---- a record ---- */

static vl_cell name_of(const vl_alignment *a)
{
    return a->name.n == 1 && *a->name.at == '*' ? (vl_cell){ NULL, 0 } : a->name;
}

static vl_code put_record(const vl_viewer *v, uint64_t row, const vl_alignment *a, vl_buf *t, vl_err *err)
{
    const vl_contigs *const c = &vl_alignments_own_of(v)->contigs;
    const uint8_t *cigar, *tag;
    size_t nop;
    vl_cigar_meant(a, &cigar, &nop, &tag);
    if (vl_text_add(t, "{\"row\":", err) || vl_text_u64(t, row, err) ||
        put_text(t, "name", name_of(a), err) || put_whole(t, "flag", a->flag, err) ||
        put_contig(t, "contig", c, a->contig, err) || put_position(t, "position", a->position, err) ||
        put_whole(t, "mapq", a->mapq, err) || put_cigar(t, cigar, nop, err) ||
        put_contig(t, "mate_contig", c, a->mate_contig, err) ||
        put_position(t, "mate_position", a->mate_position, err) ||
        put_whole(t, "template_length", a->template_length, err) || put_text(t, "base", a->base, err) ||
        put_quality(t, a, err) || put_tags(t, a, tag, err))
        return err->code;
    return vl_text_add(t, "}\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_alignments_each(v, load, put_record, err);
}

const vl_form vl_alignments_json = { .name = "json", .print = print, .whole = true };
