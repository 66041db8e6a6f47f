/* Reads as BAM records again, the inverse of parse (bam.h). What a store says is not believed either. */
#include "formats/reads/bam.h"

#include <inttypes.h>
#include <string.h>

typedef struct work {
    const vl_bam_how *how;
    const vl_batch *batch;
    size_t row;
    vl_buf *out;
    vl_bam_columns tags;
} work;

/* What column odd says of a row. */
typedef struct odd {
    unsigned what;
    const uint8_t *place, *mapq, *cigar, *quality; /* NULL: as usual */
    uint16_t nop;
    uint8_t pad;
    vl_cell rest;
} odd;

static vl_code fail_odd(const work *w, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "read %zu: what column odd says does not fit", w->row);
}

/* The next n bytes of a cell; NULL: there are not so many. */
static const uint8_t *take(vl_cell *c, size_t n)
{
    if (c->n < n) return NULL;
    const uint8_t *const p = c->at;
    c->at += n;
    c->n -= n;
    return p;
}

static vl_code read_odd(const work *w, size_t nletter, odd *o, vl_err *err)
{
    vl_cell c = vl_row(&w->batch->col[VL_RD_ODD], w->row);
    *o = (odd){ 0 };
    if (!c.n) return VL_OK;
    o->what = *take(&c, 1);
    if ((o->what & VL_ODD_PLACE && !(o->place = take(&c, 20))) ||
        (o->what & VL_ODD_MAPQ && !(o->mapq = take(&c, 3))))
        return fail_odd(w, err);
    if (o->what & VL_ODD_CIGAR) {
        const uint8_t *const n = take(&c, 2);
        if (n) o->nop = vl_le16(n);
        if (!n || !(o->cigar = take(&c, 4 * (size_t)o->nop))) return fail_odd(w, err);
    }
    const uint8_t *const pad = o->what & VL_ODD_PAD ? take(&c, 1) : NULL;
    if (pad) o->pad = *pad & 15;
    if ((o->what & VL_ODD_PAD && !pad) || (o->what & VL_ODD_QUALITY && !(o->quality = take(&c, nletter))))
        return fail_odd(w, err);
    if (o->what & VL_ODD_REST) o->rest = c;
    return c.n && !(o->what & VL_ODD_REST) ? fail_odd(w, err) : VL_OK;
}

/* ---- the parts of a record ---- */

static vl_code put(work *w, const void *bytes, size_t n, vl_err *err)
{
    return vl_buf_append(w->out, bytes, n, err);
}

static void put_le16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static unsigned flag_of(const work *w)
{
    return w->how->made ? vl_bam_made_flag(w->how->paired, w->row)
                        : vl_le16(w->batch->col[VL_RD_FLAG].data.data + 2 * w->row);
}

/* All before the name, but for the length. */
static vl_code put_fixed(work *w, const odd *o, size_t nname, size_t nletter, vl_err *err)
{
    uint8_t fixed[VL_BAM_FIXED];
    memset(fixed, 0xff, sizeof fixed);
    if (o->place) memcpy(fixed + 4, o->place, 8);
    fixed[12] = (uint8_t)(nname + 1);
    fixed[13] = w->how->mapq;
    put_le16(fixed + 14, w->how->bin);
    if (o->mapq) memcpy(fixed + 13, o->mapq, 3);
    put_le16(fixed + 16, o->nop);
    put_le16(fixed + 18, flag_of(w));
    vl_put_le32(fixed + 20, (uint32_t)nletter);
    vl_put_le32(fixed + 32, 0);
    if (o->place) memcpy(fixed + 24, o->place + 8, 12);
    return put(w, fixed, sizeof fixed, err);
}

static vl_code put_letters(work *w, vl_cell base, uint8_t pad, vl_err *err)
{
    const size_t start = w->out->len;
    bool known = true;
    if (vl_bam_put_letters(base, pad, w->out, &known, err) || known) return err->code;
    if (!w->how->made) return vl_fail(err, VL_ESTORE, "read %zu has a letter that BAM has not", w->row);
    vl_bam_put_nearest(base, w->out->data + start);
    return VL_OK;
}

/* ---- a record, a batch ---- */

static vl_code check_sizes(const work *w, vl_cell name, vl_cell base, vl_cell quality, vl_err *err)
{
    const uint64_t row = w->batch->first[VL_RT_READ] + w->row;
    if (w->how->made && (name.n > 254 || base.n > VL_BAM_MOST / 2))
        return vl_fail(err, VL_EUNSUP,
                       "read %" PRIu64 " has a name of %zu bytes and %zu bases: BAM takes 254, and %d are "
                       "written",
                       row, name.n, base.n, VL_BAM_MOST / 2);
    if (name.n > 254 || quality.n != base.n || base.n > VL_BAM_MOST)
        return vl_fail(err, VL_ESTORE,
                       "read %" PRIu64 " has a name of %zu bytes, %zu bases and %zu qualities", row, name.n,
                       base.n, quality.n);
    return VL_OK;
}

/* Tags of the row; of a comment, that may say more of the flag. */
static vl_code put_all_tags(work *w, size_t start, vl_err *err)
{
    unsigned flag = flag_of(w);
    if (!w->how->made) return vl_bam_put_tags(&w->tags, w->batch, w->row, w->out, err);
    if (vl_bam_made_tags(vl_row(&w->batch->col[VL_RD_COMMENT], w->row), w->how->group, &flag, w->out, err))
        return err->code;
    put_le16(w->out->data + start + 18, flag);
    return VL_OK;
}

static vl_code print_record(work *w, vl_err *err)
{
    static const uint8_t star[] = { '*' };
    vl_cell name = vl_row(&w->batch->col[VL_RD_NAME], w->how->paired ? w->row / 2 : w->row);
    const vl_cell base = vl_row(&w->batch->col[VL_RD_BASE], w->row);
    const vl_cell quality = vl_row(&w->batch->col[VL_RD_QUALITY], w->row);
    const size_t start = w->out->len;
    odd o;
    if (w->how->made && !name.n) name = (vl_cell){ star, 1 };
    if (check_sizes(w, name, base, quality, err) || read_odd(w, base.n, &o, err) ||
        put_fixed(w, &o, name.n, base.n, err) || put(w, name.at, name.n, err) || put(w, "", 1, err) ||
        put(w, o.cigar, 4 * (size_t)o.nop, err) || put_letters(w, base, o.pad, err) ||
        put(w, o.quality ? o.quality : quality.at, base.n, err) || put_all_tags(w, start, err) ||
        put(w, o.rest.at, o.rest.n, err))
        return err->code;
    const size_t len = w->out->len - start - 4;
    if (len > INT32_MAX) return vl_fail(err, VL_ESTORE, "read %zu takes %zu bytes", w->row, len);
    vl_put_le32(w->out->data + start, (uint32_t)len);
    return VL_OK;
}

vl_code vl_bam_print_rows(const vl_bam_how *how, const vl_batch *batch, size_t first, size_t n, vl_buf *out,
                          vl_err *err)
{
    work w = { .how = how, .batch = batch, .row = first, .out = out, .tags = { .at = &vl_bam_reads_fields } };
    if (!how->made && vl_bam_list_columns(&w.tags, batch, err)) return err->code;
    for (; w.row < first + n && !err->code; w.row++) print_record(&w, err);
    vl_bam_columns_free(&w.tags);
    return err->code;
}

vl_code vl_bam_print_header(const vl_bam_how *how, vl_cell kept, vl_buf *out, vl_err *err)
{
    uint8_t head[8] = { 'B', 'A', 'M', 1 };
    static const uint8_t no_reference[4] = { 0 };
    const size_t n = strlen(how->header);
    if (!how->made) return vl_buf_append(out, kept.at, kept.n, err);
    vl_put_le32(head + 4, (uint32_t)n);
    return vl_buf_append(out, head, sizeof head, err) || vl_buf_append(out, how->header, n, err)
               ? err->code
               : vl_buf_append(out, no_reference, sizeof no_reference, err);
}

vl_code vl_bam_print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err)
{
    (void)last;
    const vl_buf *const header = &batch->col[VL_RD_HEADER].data;
    const vl_bam_how *const h = how; /* the header of a store stands in its first batch alone */
    if ((!h->made || !batch->first[VL_RT_READ]) &&
        vl_bam_print_header(h, (vl_cell){ header->data, header->len }, out, err))
        return err->code;
    return vl_bam_print_rows(how, batch, 0, batch->nrow[VL_RT_READ], out, err);
}
