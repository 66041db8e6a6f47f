/* BAM records to rows of a batch (bam.h). */
#include "formats/reads/bam.h"

#include <inttypes.h>
#include <string.h>

typedef struct work {
    const vl_bam_head *h;
    const vl_block *in;
    vl_batch *out;
    vl_bam_record r, first; /* first: mate of r, when that is a second one */
    vl_bam_columns tags;
    vl_buf odd; /* of the row: what goes to that column */
} work;

const vl_bam_fields vl_bam_reads_fields = { VL_RT_READ, VL_RD_BASE, VL_RD_TAGS, VL_RD_NFIELD, false };

static uint64_t row_of(const work *w) { return w->out->nrow[VL_RT_READ]; }

static vl_code refuse(const work *w, const uint8_t *at, vl_err *err)
{
    return vl_err_at(err, w->in->file, w->in->offset + (uint64_t)(at - w->in->bytes.data),
                     w->in->record + row_of(w));
}

/* ---- qualities and tags ---- */

static vl_code push_quality(work *w, vl_err *err)
{
    const vl_bam_record *const r = &w->r;
    if (vl_push_row(w->out, VL_RD_QUALITY, r->quality, r->nletter, err)) return err->code;
    if (!vl_bam_no_quality(r)) return VL_OK;
    vl_buf *const all = &w->out->col[VL_RD_QUALITY].data;
    memset(all->data + all->len - r->nletter, VL_NO_QUALITY, r->nletter);
    w->out->counter[VL_RC_NO_QUALITY]++;
    return VL_OK;
}

/* Tags into their columns; *rest: from where on they are in none. */
static vl_code push_tags(work *w, const uint8_t **rest, vl_err *err)
{
    const uint8_t *bad = w->r.tags;
    return vl_bam_push_tags(&w->tags, w->out, w->r.tags, w->r.end, rest, &bad, err) ? refuse(w, bad, err)
                                                                                    : VL_OK;
}

/* ---- what the columns do not say ---- */

static vl_code add_odd(work *w, vl_bam_odd what, const uint8_t *bytes, size_t n, vl_err *err)
{
    w->odd.data[0] |= (uint8_t)what;
    return vl_buf_append(&w->odd, bytes, n, err);
}

static bool is_placed(const uint8_t *r)
{
    static const uint8_t none[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
    return memcmp(r + 4, none, 8) || memcmp(r + 24, none, 8) || vl_le32(r + 32);
}

static vl_code add_place(work *w, const uint8_t *r, vl_err *err)
{
    if (is_placed(r) &&
        (add_odd(w, VL_ODD_PLACE, r + 4, 8, err) || add_odd(w, VL_ODD_PLACE, r + 24, 12, err)))
        return err->code;
    if ((r[13] != w->h->mapq || vl_le16(r + 14) != w->h->bin) && add_odd(w, VL_ODD_MAPQ, r + 13, 3, err))
        return err->code;
    if (w->r.nop && (add_odd(w, VL_ODD_CIGAR, r + 16, 2, err) ||
                     add_odd(w, VL_ODD_CIGAR, w->r.cigar, 4 * (size_t)w->r.nop, err)))
        return err->code;
    return VL_OK;
}

static bool all_are(const uint8_t *p, size_t n, uint8_t c) { return vl_k.find_outside(p, n, c, c) == n; }

static vl_code push_odd(work *w, const uint8_t *rest, vl_err *err)
{
    const vl_bam_record *const r = &w->r;
    w->odd.len = 0;
    if (vl_buf_append(&w->odd, "", 1, err) || add_place(w, r->at, err)) return err->code;
    const uint8_t pad = r->nletter & 1 ? r->letters[r->nletter / 2] & 15 : 0;
    if (pad && add_odd(w, VL_ODD_PAD, &pad, 1, err)) return err->code;
    if (vl_bam_no_quality(r) && !all_are(r->quality, r->nletter, 0xff) &&
        add_odd(w, VL_ODD_QUALITY, r->quality, r->nletter, err))
        return err->code;
    if (rest && add_odd(w, VL_ODD_REST, rest, (size_t)(r->end - rest), err)) return err->code;
    w->out->counter[VL_RC_ODD_FIELDS] += w->odd.data[0] != 0;
    return vl_push_row(w->out, VL_RD_ODD, w->odd.data, w->odd.data[0] ? w->odd.len : 0, err);
}

/* ---- a record, a block ---- */

bool vl_bam_mates(const vl_bam_record *a, const vl_bam_record *b)
{
    enum { ALL = VL_FLAG_PAIRED | VL_FLAG_FIRST | VL_FLAG_SECOND };
    return (a->flag & ALL) == (VL_FLAG_PAIRED | VL_FLAG_FIRST) &&
           (b->flag & ALL) == (VL_FLAG_PAIRED | VL_FLAG_SECOND) && a->name.n == b->name.n &&
           !memcmp(a->name.at, b->name.at, a->name.n);
}

static vl_code refuse_aligned(const work *w, vl_err *err)
{
    const vl_bam_record *const r = &w->r;
    if (r->flag & VL_FLAG_UNMAPPED || r->contig < 0 || r->position < 0) return VL_OK;
    vl_fail(err, VL_EUNSUP,
            "an aligned read (flag %u, contig %" PRId32 ", position %" PRId32
            "), and this format takes only reads that are not aligned",
            (unsigned)r->flag, r->contig, r->position);
    return refuse(w, r->at + 4, err);
}

/* A pair that is broken: this file's reads can be taken one by one. */
static vl_code refuse_pair(const work *w, vl_err *err)
{
    const vl_bam_record *const a = &w->first, *const b = &w->r;
    vl_fail(
        err, VL_EFORMAT,
        "'%.*s' with flag %u is no mate of '%.*s' with flag %u, while all before it were pairs: from a file, "
        "not a pipe, such reads are taken one by one",
        (int)(b->name.n < 40 ? b->name.n : 40), (const char *)b->name.at, (unsigned)b->flag,
        (int)(a->name.n < 40 ? a->name.n : 40), (const char *)a->name.at, (unsigned)a->flag);
    err->again = true;
    return refuse(w, b->at, err);
}

/* The name, once for a pair. */
static vl_code push_name(work *w, vl_err *err)
{
    const bool second = w->h->paired && row_of(w) & 1;
    if (second && !vl_bam_mates(&w->first, &w->r)) return refuse_pair(w, err);
    w->first = w->r;
    if (second) return VL_OK;
    vl_reads_count_name(w->out, w->r.name);
    w->out->nrow[VL_RT_NAME]++;
    return vl_push_row(w->out, VL_RD_NAME, w->r.name.at, w->r.name.n, err);
}

static vl_code push_record(work *w, const uint8_t *p, const uint8_t *end, vl_err *err)
{
    const uint8_t *bad = p, *rest = NULL;
    if (vl_bam_split(p, (size_t)(end - p), w->h->ncontig, &w->r, &bad, err)) return refuse(w, bad, err);
    if (refuse_aligned(w, err)) return err->code;
    const uint8_t flag[2] = { (uint8_t)w->r.flag, (uint8_t)(w->r.flag >> 8) };
    if (push_name(w, err) || vl_push(w->out, VL_RD_FLAG, flag, err) ||
        vl_bam_push_letters(w->out, VL_RD_BASE, &w->r, err) || push_quality(w, err) ||
        push_tags(w, &rest, err) || push_odd(w, rest, err))
        return err->code;
    w->out->nrow[VL_RT_READ]++;
    return VL_OK;
}

/* The last record's mate is missing. */
static vl_code refuse_half(const work *w, vl_err *err)
{
    vl_fail(err, VL_EFORMAT,
            "input ends behind a first mate, while all before it were pairs: from a file, not a pipe, such "
            "reads are taken one by one");
    err->again = true;
    return refuse(w, w->r.at, err);
}

/* Columns that a row may have nothing in, up to the last row. */
static vl_code end_columns(work *w, vl_err *err)
{
    static const int empty[] = { VL_RD_COMMENT, VL_RD_PLUS, VL_RD_LINES };
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (vl_bam_skip_rows(w->out, empty[i], row_of(w), err)) return err->code;
    return vl_bam_end_tags(&w->tags, w->out, err);
}

vl_code vl_bam_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    work w = { .h = head, .in = in, .out = out, .tags = { .at = &vl_bam_reads_fields } };
    const uint8_t *p = in->bytes.data, *const end = in->bytes.len ? p + in->bytes.len : p;
    if (!in->offset && in->bytes.len >= w.h->nheader) {
        vl_buf_append(&out->col[VL_RD_HEADER].data, p, w.h->nheader, err);
        p += w.h->nheader;
    }
    while (p < end && !err->code)
        if (!push_record(&w, p, end, err)) p += w.r.n;
    if (!err->code && w.h->paired && row_of(&w) & 1) refuse_half(&w, err);
    if (!err->code) end_columns(&w, err);
    vl_reads_count_letters(out);
    out->nbyte = in->bytes.len;
    vl_bam_columns_free(&w.tags);
    vl_buf_free(&w.odd);
    return err->code;
}
