/* BAM records to rows of a batch (bam.h). */
#include "formats/reads/bam.h"

#include <stdlib.h>
#include <string.h>

/* A tag's column in the batch. */
typedef struct tag_column {
    uint8_t name[2];
    char kind, of;
    int field;
    uint64_t last; /* 1 + the row that has it last */
} tag_column;

typedef struct work {
    const vl_bam_head *h;
    const vl_block *in;
    vl_batch *out;
    vl_bam_record r, first; /* first: mate of r, when that is a second one */
    tag_column *tag;        /* owned */
    size_t ntag, ctag, guess;
    vl_buf list, odd; /* of the row: what goes to columns tags and odd */
} work;

static uint64_t row_of(const work *w) { return w->out->nrow[VL_RT_READ]; }

static vl_code refuse(const work *w, const uint8_t *at, vl_err *err)
{
    return vl_err_at(err, w->in->file, w->in->offset + (uint64_t)(at - w->in->bytes.data),
                     w->in->record + row_of(w));
}

/* ---- letters and qualities ---- */

static const char letter[16] = "=ACMGRSVTWYHKDBN";

static vl_code push_letters(work *w, vl_err *err)
{
    const vl_bam_record *const r = &w->r;
    vl_column *const col = &w->out->col[VL_RD_BASE];
    if (vl_buf_grow(&col->data, r->nletter, err) || vl_rows_grow(col, 1, err)) return err->code;
    uint8_t *to = col->data.data + col->data.len;
    for (size_t i = 0; i < r->nletter / 2; i++) {
        *to++ = (uint8_t)letter[r->letters[i] >> 4];
        *to++ = (uint8_t)letter[r->letters[i] & 15];
    }
    if (r->nletter & 1) *to = (uint8_t)letter[r->letters[r->nletter / 2] >> 4];
    col->data.len += r->nletter;
    col->offset[++col->nrow] = col->data.len;
    return VL_OK;
}

static bool has_no_quality(const vl_bam_record *r) { return r->nletter && r->quality[0] == 0xff; }

static vl_code push_quality(work *w, vl_err *err)
{
    const vl_bam_record *const r = &w->r;
    if (vl_push_row(w->out, VL_RD_QUALITY, r->quality, r->nletter, err)) return err->code;
    if (!has_no_quality(r)) return VL_OK;
    vl_buf *const all = &w->out->col[VL_RD_QUALITY].data;
    memset(all->data + all->len - r->nletter, VL_NO_QUALITY, r->nletter);
    w->out->counter[VL_RC_NO_QUALITY]++;
    return VL_OK;
}

/* ---- tags ---- */

/* The column of such tags, which is made when it is the first. */
static vl_code find_column(work *w, const vl_bam_tag *t, tag_column **out, vl_err *err)
{
    const bool number = t->type != 'f' && vl_bam_width(t->type);
    const char kind = number ? 'i' : t->type;
    for (size_t i = 0; i < w->ntag; i++, w->guess++) {
        if (w->guess >= w->ntag) w->guess = 0;
        tag_column *const c = &w->tag[w->guess];
        if (memcmp(c->name, t->at, 2) != 0 || c->kind != kind || c->of != t->of) continue;
        w->guess++;
        *out = c;
        return VL_OK;
    }
    if (w->ntag == w->ctag) {
        const size_t cap = w->ctag ? 2 * w->ctag : 32;
        tag_column *const more = realloc(w->tag, cap * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu tags", cap);
        w->tag = more;
        w->ctag = cap;
    }
    char path[VL_BAM_PATH];
    tag_column *const c = *out = &w->tag[w->ntag];
    *c = (tag_column){ { t->at[0], t->at[1] }, kind, t->of, 0, 0 };
    vl_bam_path(c->name, kind, t->of, path);
    const bool text = kind == 'Z' || kind == 'H';
    const vl_field field = { .path = path,
                             .type = vl_bam_column_type(kind, t->of),
                             .shape = VL_RAGGED,
                             .table = VL_RT_READ,
                             .use = text ? VL_USE_TEXT : VL_USE_NUMBER,
                             .unit = "",
                             .missing = "empty",
                             .doc = "a tag of BAM" };
    if (vl_batch_add(w->out, &field, &c->field, err)) return err->code;
    w->ntag++;
    return VL_OK;
}

/* Rows up to `to` have nothing in the column. */
static vl_code skip_rows(vl_batch *b, int field, uint64_t to, vl_err *err)
{
    vl_column *const col = &b->col[field];
    const size_t n = (size_t)(to - col->nrow), width = vl_type_width(b->schema->field[field].type);
    if (vl_rows_grow(col, n, err)) return err->code;
    for (size_t i = 0; i < n; i++) col->offset[++col->nrow] = col->data.len / width;
    return VL_OK;
}

static vl_code push_tag(work *w, const vl_bam_tag *t, tag_column *c, vl_err *err)
{
    uint8_t number[8], entry[6] = { t->at[0], t->at[1], ':', (uint8_t)(t->narrow ? 'n' : t->type) };
    size_t len = 4;
    if (t->of) entry[len++] = (uint8_t)t->of;
    entry[len++] = ' ';
    if (vl_buf_append(&w->list, entry, len, err) || skip_rows(w->out, c->field, row_of(w), err))
        return err->code;
    c->last = row_of(w) + 1;
    if (c->kind != 'i') return vl_push_row(w->out, c->field, t->value, t->n, err);
    vl_put_le64(number, (uint64_t)vl_bam_number(t->type, t->value));
    return vl_push_row(w->out, c->field, number, 1, err);
}

/* Tags into their columns; *rest: from where on they are in none. All are checked. */
static vl_code push_tags(work *w, const uint8_t **rest, vl_err *err)
{
    vl_bam_tag t;
    const uint8_t *bad = NULL;
    w->list.len = w->guess = 0;
    *rest = NULL;
    for (const uint8_t *p = w->r.tags; p < w->r.end; p = t.end) {
        tag_column *c = NULL;
        if (vl_bam_tag_read(p, w->r.end, &t, &bad, err)) return refuse(w, bad, err);
        if (*rest) continue;
        if (find_column(w, &t, &c, err)) return refuse(w, p, err);
        if (c->last == row_of(w) + 1) *rest = p;
        else if (push_tag(w, &t, c, err)) return err->code;
    }
    return vl_push_row(w->out, VL_RD_TAGS, w->list.data, w->list.len ? w->list.len - 1 : 0, err);
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
    if (has_no_quality(r) && !all_are(r->quality, r->nletter, 0xff) &&
        add_odd(w, VL_ODD_QUALITY, r->quality, r->nletter, err))
        return err->code;
    if (rest && add_odd(w, VL_ODD_REST, rest, (size_t)(r->end - rest), err)) return err->code;
    w->out->counter[VL_RC_ODD_FIELDS] += w->odd.data[0] != 0;
    return vl_push_row(w->out, VL_RD_ODD, w->odd.data, w->odd.data[0] ? w->odd.len : 0, err);
}

/* ---- a record, a block ---- */

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
    const uint8_t flag[2] = { (uint8_t)w->r.flag, (uint8_t)(w->r.flag >> 8) };
    if (push_name(w, err) || vl_push(w->out, VL_RD_FLAG, flag, err) || push_letters(w, err) ||
        push_quality(w, err) || push_tags(w, &rest, err) || push_odd(w, rest, err))
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
        if (skip_rows(w->out, empty[i], row_of(w), err)) return err->code;
    for (size_t i = 0; i < w->ntag; i++)
        if (skip_rows(w->out, w->tag[i].field, row_of(w), err)) return err->code;
    return VL_OK;
}

vl_code vl_bam_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    work w = { .h = head, .in = in, .out = out };
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
    free(w.tag);
    vl_buf_free(&w.list);
    vl_buf_free(&w.odd);
    return err->code;
}
