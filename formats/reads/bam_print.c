/* Reads as BAM records again, the inverse of parse (bam.h). What a store says is not believed either. */
#include "formats/reads/bam.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A tag's column in the batch. */
typedef struct tag_column {
    uint8_t name[2];
    char kind, of;
    int field;
} tag_column;

typedef struct work {
    const vl_bam_how *how;
    const vl_batch *batch;
    size_t row;
    vl_buf *out;
    tag_column *tag; /* owned */
    size_t ntag, guess;
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

/* Letter to its four bits, and a fifth: it is one of BAM's. */
enum { KNOWN = 16 };
static const uint8_t code[256] = {
    ['='] = 16, ['A'] = 17, ['C'] = 18, ['M'] = 19, ['G'] = 20, ['R'] = 21, ['S'] = 22, ['V'] = 23,
    ['T'] = 24, ['W'] = 25, ['Y'] = 26, ['H'] = 27, ['K'] = 28, ['D'] = 29, ['B'] = 30, ['N'] = 31
};

/* Of FASTQ's letters: upper case, T for U, and N for all that BAM has not. */
static uint8_t nearest(uint8_t c)
{
    c &= c >= 'a' && c <= 'z' ? 0xdf : 0xff;
    return code[c == 'U' ? 'T' : code[c] ? c : 'N'];
}

static void put_nearest(vl_cell base, uint8_t *to)
{
    for (size_t i = 0; i < base.n; i++) {
        const unsigned a = nearest(base.at[i]) & 15u;
        to[i / 2] = (uint8_t)(i & 1 ? to[i / 2] | a : a << 4);
    }
}

static vl_code put_letters(work *w, vl_cell base, uint8_t pad, vl_err *err)
{
    if (vl_buf_grow(w->out, base.n / 2 + 1, err)) return err->code;
    uint8_t *to = w->out->data + w->out->len, known = KNOWN;
    for (size_t i = 0; i < base.n / 2; i++) {
        const uint8_t a = code[base.at[2 * i]], b = code[base.at[2 * i + 1]];
        known &= a & b;
        *to++ = (uint8_t)(a << 4 | (b & 15));
    }
    if (base.n & 1) {
        const uint8_t a = code[base.at[base.n - 1]];
        known &= a;
        *to = (uint8_t)(a << 4 | pad);
    }
    if (!known && w->how->made) put_nearest(base, w->out->data + w->out->len);
    else if (!known) return vl_fail(err, VL_ESTORE, "read %zu has a letter that BAM has not", w->row);
    w->out->len += (base.n + 1) / 2;
    return VL_OK;
}

/* ---- tags ---- */

/* A column by its path; false: it is no tag's. */
static bool is_tag(const vl_batch *b, int f, tag_column *out)
{
    const vl_field *const field = &b->schema->field[f];
    char path[VL_BAM_PATH];
    const size_t n = strlen(field->path);
    if (n < 14 || n > 15 || field->shape != VL_RAGGED || field->table != VL_RT_READ) return false;
    const char *const p = field->path + 10;
    *out = (tag_column){ { (uint8_t)p[0], (uint8_t)p[1] }, p[3], p[4], f };
    vl_bam_path(out->name, out->kind, out->of, path);
    return !strcmp(path, field->path) && field->type == vl_bam_column_type(out->kind, out->of) &&
           b->col[f].nrow == b->nrow[VL_RT_READ];
}

static vl_code list_columns(work *w, vl_err *err)
{
    const int n = w->batch->schema->nfield;
    w->tag = malloc(((size_t)n + 1) * sizeof *w->tag);
    if (!w->tag) return vl_fail(err, VL_ENOMEM, "no memory for %d columns", n);
    for (int f = VL_RD_NFIELD; f < n; f++) w->ntag += is_tag(w->batch, f, &w->tag[w->ntag]);
    return VL_OK;
}

/* The values of a tag in the row. */
static const tag_column *find_column(work *w, const uint8_t *name, char kind, char of)
{
    for (size_t i = 0; i < w->ntag; i++, w->guess++) {
        if (w->guess >= w->ntag) w->guess = 0;
        const tag_column *const c = &w->tag[w->guess];
        if (memcmp(c->name, name, 2) != 0 || c->kind != kind || c->of != of) continue;
        w->guess++;
        return c;
    }
    return NULL;
}

/* A whole number in the width of its type; false: it does not fit. */
static bool put_whole(uint8_t *to, int64_t number, char *type)
{
    if (number < INT32_MIN || number > UINT32_MAX) return false;
    if (*type == 'n') *type = vl_bam_narrow(number);
    vl_put_le32(to, (uint32_t)number);
    return vl_bam_number(*type, to) == number;
}

/* entry: two letters, ':', the type, of an array that of its elements. */
static vl_code put_tag(work *w, vl_cell entry, vl_err *err)
{
    char type = (char)entry.at[3];
    const char of = entry.n > 4 ? (char)entry.at[4] : 0;
    const bool whole = type == 'n' || (type != 'f' && vl_bam_width(type));
    const tag_column *const c = find_column(w, entry.at, whole ? 'i' : type, of);
    uint8_t head[8] = { entry.at[0], entry.at[1] };
    size_t nhead = 3;
    if (!c) return vl_fail(err, VL_ESTORE, "read %zu: no column holds its tag %.2s", w->row, entry.at);
    const vl_column *const col = &w->batch->col[c->field];
    const size_t width = vl_type_width(w->batch->schema->field[c->field].type);
    const size_t from = col->offset[w->row], n = col->offset[w->row + 1] - from;
    const uint8_t *const value = n ? col->data.data + from * width : head;
    const bool many = type == 'Z' || type == 'H' || type == 'B';
    if ((!many && n != 1) || n > VL_BAM_MOST)
        return vl_fail(err, VL_ESTORE, "read %zu: tag %.2s has %zu values", w->row, entry.at, n);
    if (whole) {
        if (!put_whole(head + 3, (int64_t)vl_le64(value), &type))
            return vl_fail(err, VL_ESTORE, "read %zu: tag %.2s is no %c", w->row, entry.at, type);
        nhead += vl_bam_width(type);
    } else if (type == 'B') {
        head[3] = (uint8_t)of;
        vl_put_le32(head + 4, (uint32_t)n);
        nhead = 8;
    }
    head[2] = (uint8_t)type;
    if (put(w, head, nhead, err) || (!whole && n && put(w, value, n * width, err))) return err->code;
    return type == 'Z' || type == 'H' ? put(w, "", 1, err) : VL_OK;
}

static vl_code put_tags(work *w, vl_err *err)
{
    const vl_cell list = vl_row(&w->batch->col[VL_RD_TAGS], w->row);
    w->guess = 0;
    for (size_t at = 0; at < list.n && !err->code;) {
        const uint8_t *const p = list.at + at, *const blank = memchr(p, ' ', list.n - at);
        const size_t n = blank ? (size_t)(blank - p) : list.n - at;
        if (n < 4 || n > 5 || p[2] != ':' || (n == 5) != (p[3] == 'B'))
            return vl_fail(err, VL_ESTORE, "read %zu: '%.*s' stands among its tags", w->row, (int)(n & 15),
                           p);
        put_tag(w, (vl_cell){ p, n }, err);
        at += n + 1;
    }
    return err->code;
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
    if (!w->how->made) return put_tags(w, err);
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
    work w = { .how = how, .batch = batch, .row = first, .out = out };
    if (!how->made && list_columns(&w, err)) return err->code;
    for (; w.row < first + n && !err->code; w.row++) print_record(&w, err);
    free(w.tag);
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
