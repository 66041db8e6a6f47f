/* Letters and tags of BAM records as columns, and back (bam_columns.h). What a store says is not believed. */
#include "formats/bam/bam_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 40 };

static void name_path(const vl_batch *b, const vl_bam_column *c, char path[PATH])
{
    snprintf(path, PATH, "%.20s/tag/%c%c:%c%.1s", b->schema->kind, c->name[0], c->name[1], c->kind,
             c->of ? &c->of : "");
}

static vl_type type_of(char kind, char of)
{
    switch (kind == 'B' ? of : kind) {
    case 'c': return VL_I8;
    case 's': return VL_I16;
    case 'S': return VL_U16;
    case 'i': return kind == 'B' ? VL_I32 : VL_I64;
    case 'I': return VL_U32;
    case 'f': return VL_F32;
    default: return VL_U8;
    }
}

vl_code vl_bam_skip_rows(vl_batch *b, int field, uint64_t to, vl_err *err)
{
    vl_column *const col = &b->col[field];
    const size_t n = (size_t)(to - col->nrow), width = vl_type_width(b->schema->field[field].type);
    if (vl_rows_grow(col, n, err)) return err->code;
    for (size_t i = 0; i < n; i++) col->offset[++col->nrow] = col->data.len / width;
    return VL_OK;
}

void vl_bam_columns_free(vl_bam_columns *c)
{
    free(c->column);
    free(c->entry);
    vl_buf_free(&c->list);
}

/* Records have their tags in much the same order: the column behind the one before is the likely one. */
static vl_bam_column *find(vl_bam_columns *c, const uint8_t *name, char kind, char of)
{
    for (size_t i = 0; i < c->n; i++, c->guess++) {
        if (c->guess >= c->n) c->guess = 0;
        vl_bam_column *const one = &c->column[c->guess];
        if (memcmp(one->name, name, 2) != 0 || one->kind != kind || one->of != of) continue;
        c->guess++;
        return one;
    }
    return NULL;
}

/* ---- in ---- */

vl_code vl_bam_push_letters(vl_batch *b, int field, const vl_bam_record *r, vl_err *err)
{
    vl_column *const col = &b->col[field];
    if (vl_buf_grow(&col->data, r->nletter, err) || vl_rows_grow(col, 1, err)) return err->code;
    vl_k.base4_unpack(col->data.data + col->data.len, r->letters, r->nletter);
    col->data.len += r->nletter;
    col->offset[++col->nrow] = col->data.len;
    return VL_OK;
}

/* The column of such tags, which is made when it is the first. */
static vl_code find_or_add(vl_bam_columns *c, vl_batch *b, const vl_bam_tag *t, vl_bam_column **out,
                           vl_err *err)
{
    const bool number = t->type != 'f' && vl_bam_width(t->type);
    const char kind = number ? 'i' : t->type;
    if ((*out = find(c, t->at, kind, t->of))) return VL_OK;
    if (c->n == c->cap) {
        const size_t cap = c->cap ? 2 * c->cap : 32;
        vl_bam_column *const more = realloc(c->column, cap * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu tags", cap);
        c->column = more;
        c->cap = cap;
    }
    char path[PATH];
    vl_bam_column *const one = *out = &c->column[c->n];
    *one = (vl_bam_column){ { t->at[0], t->at[1] }, kind, t->of, 0, 0 };
    name_path(b, one, path);
    const bool text = kind == 'Z' || kind == 'H';
    const vl_field field = { .path = path,
                             .type = type_of(kind, t->of),
                             .shape = VL_RAGGED,
                             .table = c->at->table,
                             .use = text ? VL_USE_TEXT : VL_USE_NUMBER,
                             .unit = "",
                             .missing = "empty",
                             .doc = "a tag of BAM",
                             .brief = c->at->brief };
    if (vl_batch_add(b, &field, &one->field, err)) return err->code;
    c->n++;
    return VL_OK;
}

static vl_code push_tag(vl_bam_columns *c, vl_batch *b, const vl_bam_tag *t, vl_bam_column *one, vl_err *err)
{
    const uint64_t row = b->nrow[c->at->table];
    uint8_t number[8], entry[8] = { t->at[0], t->at[1], ':', (uint8_t)(t->narrow ? 'n' : t->type), ' ', ' ' };
    if (t->of) entry[4] = (uint8_t)t->of;
    if (vl_buf_append(&c->list, entry, sizeof entry, err)) return err->code;
    c->list.len -= t->of ? 2 : 3;
    if (b->col[one->field].nrow < row && vl_bam_skip_rows(b, one->field, row, err)) return err->code;
    one->last = row + 1;
    if (one->kind != 'i') return vl_push_row(b, one->field, t->value, t->n, err);
    vl_put_le64(number, (uint64_t)vl_bam_number(t->type, t->value));
    return vl_push_row(b, one->field, number, 1, err);
}

vl_code vl_bam_push_tags(vl_bam_columns *c, vl_batch *b, const uint8_t *from, const uint8_t *end,
                         const uint8_t **rest, const uint8_t **bad, vl_err *err)
{
    vl_bam_tag t;
    c->list.len = c->guess = 0;
    *rest = NULL;
    for (const uint8_t *p = from; p < end; p = t.end) {
        vl_bam_column *one = NULL;
        *bad = p;
        if (vl_bam_tag_read(p, end, &t, bad, err)) return err->code;
        if (*rest) continue;
        if (!t.usual) {
            *rest = p;
            continue;
        }
        if (find_or_add(c, b, &t, &one, err)) return err->code;
        if (one->last == b->nrow[c->at->table] + 1) *rest = p;
        else if (push_tag(c, b, &t, one, err)) return err->code;
    }
    return vl_push_row(b, c->at->list, c->list.data, c->list.len ? c->list.len - 1 : 0, err);
}

vl_code vl_bam_end_tags(vl_bam_columns *c, vl_batch *b, vl_err *err)
{
    for (size_t i = 0; i < c->n; i++)
        if (vl_bam_skip_rows(b, c->column[i].field, b->nrow[c->at->table], err)) return err->code;
    return VL_OK;
}

/* ---- out ---- */

/* A column by its path; false: it is no tag's. */
static bool is_tag(const vl_bam_columns *c, const vl_batch *b, int f, vl_bam_column *out)
{
    const vl_field *const field = &b->schema->field[f];
    char path[PATH];
    const size_t n = strlen(field->path), before = strlen(b->schema->kind) + 5;
    if (n < before + 4 || n > before + 5 || field->shape != VL_RAGGED || field->table != c->at->table)
        return false;
    const char *const p = field->path + before;
    *out = (vl_bam_column){ { (uint8_t)p[0], (uint8_t)p[1] }, p[3], p[4], f, 0 };
    name_path(b, out, path);
    return !strcmp(path, field->path) && field->type == type_of(out->kind, out->of) &&
           b->col[f].nrow == b->nrow[c->at->table];
}

vl_code vl_bam_list_columns(vl_bam_columns *c, const vl_batch *b, vl_err *err)
{
    const int n = b->schema->nfield;
    c->column = malloc(((size_t)n + 1) * sizeof *c->column);
    if (!c->column) return vl_fail(err, VL_ENOMEM, "no memory for %d columns", n);
    for (int f = c->at->nfield; f < n; f++) c->n += is_tag(c, b, f, &c->column[c->n]);
    return VL_OK;
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
static vl_code read_entry(vl_bam_columns *c, const vl_batch *b, size_t row, vl_cell entry, vl_bam_entry *out,
                          vl_err *err)
{
    const uint8_t *const p = entry.at;
    if (entry.n < 4 || entry.n > 5 || p[2] != ':' || (entry.n == 5) != (p[3] == 'B'))
        return vl_fail(err, VL_ESTORE, "read %zu: '%.*s' stands among its tags", row, (int)(entry.n & 15), p);
    const char type = (char)p[3], of = entry.n > 4 ? (char)p[4] : 0;
    const bool whole = type == 'n' || (type != 'f' && vl_bam_width(type));
    const vl_bam_column *const one = find(c, p, whole ? 'i' : type, of);
    if (!one) return vl_fail(err, VL_ESTORE, "read %zu: no column holds its tag %.2s", row, p);
    *out = (vl_bam_entry){ .name = { p[0], p[1] },
                           .type = type,
                           .of = of,
                           .whole = whole,
                           .text = type == 'Z' || type == 'H',
                           .width = vl_type_width(b->schema->field[one->field].type),
                           .column = &b->col[one->field] };
    return VL_OK;
}

/* What a list says, unless it is that of the row before. */
static vl_code read_list(vl_bam_columns *c, const vl_batch *b, size_t row, vl_cell list, vl_err *err)
{
    enum { LEAST = 5 }; /* bytes of an entry, and what is behind it */
    const size_t most = list.n / LEAST + 1;
    if (c->list.data && list.n == c->list.len && (!list.n || !memcmp(list.at, c->list.data, list.n)))
        return VL_OK;
    if (most > c->centry) {
        vl_bam_entry *const p = realloc(c->entry, most * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu tags", most);
        c->entry = p;
        c->centry = most;
    }
    c->guess = c->nentry = c->list.len = 0;
    for (size_t at = 0; at < list.n;) {
        const uint8_t *const p = list.at + at, *const blank = memchr(p, ' ', list.n - at);
        const size_t n = blank ? (size_t)(blank - p) : list.n - at;
        if (read_entry(c, b, row, (vl_cell){ p, n }, &c->entry[c->nentry], err)) return err->code;
        c->nentry++;
        at += n + 1;
    }
    return vl_buf_append(&c->list, list.at, list.n, err);
}

/* Appends the tag of a row. */
static vl_code put_entry(const vl_bam_entry *e, size_t row, vl_buf *out, vl_err *err)
{
    enum { HEAD = 8 }; /* bytes before the elements, at most */
    const size_t from = e->column->offset[row], n = e->column->offset[row + 1] - from;
    const uint8_t *const value = n ? e->column->data.data + from * e->width : NULL;
    char type = e->type;
    if ((!e->text && type != 'B' && n != 1) || n > VL_BAM_MOST)
        return vl_fail(err, VL_ESTORE, "read %zu: tag %.2s has %zu values", row, e->name, n);
    if (vl_buf_grow(out, HEAD + n * e->width + 1, err)) return err->code;
    uint8_t *const start = out->data + out->len, *to = start + 3;
    if (e->whole) {
        if (!put_whole(to, (int64_t)vl_le64(value), &type))
            return vl_fail(err, VL_ESTORE, "read %zu: tag %.2s is no %c", row, e->name, type);
        to += vl_bam_width(type);
    } else {
        if (type == 'B') {
            *to++ = (uint8_t)e->of;
            vl_put_le32(to, (uint32_t)n);
            to += 4;
        }
        if (n) memcpy(to, value, n * e->width);
        to += n * e->width;
        if (e->text) *to++ = 0;
    }
    memcpy(start, e->name, sizeof e->name);
    start[2] = (uint8_t)type;
    out->len += (size_t)(to - start);
    return VL_OK;
}

vl_code vl_bam_put_tags(vl_bam_columns *c, const vl_batch *b, size_t row, vl_buf *out, vl_err *err)
{
    if (read_list(c, b, row, vl_row(&b->col[c->at->list], row), err)) return err->code;
    for (size_t i = 0; i < c->nentry && !err->code; i++) put_entry(&c->entry[i], row, out, err);
    return err->code;
}

/* Number of the nearest letter that BAM has. */
static unsigned nearest(uint8_t c)
{
    uint8_t packed;
    if (c >= 'a' && c <= 'z') c -= 'a' - 'A';
    if (c == 'U') c = 'T';
    if (vl_k.base4_pack(&packed, &c, 1)) vl_k.base4_pack(&packed, (const uint8_t *)"N", 1);
    return packed >> 4;
}

void vl_bam_put_nearest(vl_cell base, uint8_t *to)
{
    for (size_t i = 0; i < base.n; i++) {
        const unsigned a = nearest(base.at[i]);
        to[i / 2] = (uint8_t)(i & 1 ? to[i / 2] | a : a << 4);
    }
}

vl_code vl_bam_put_letters(vl_cell base, uint8_t pad, vl_buf *out, bool *known, vl_err *err)
{
    if (vl_buf_grow(out, base.n / 2 + 1, err)) return err->code;
    uint8_t *const to = out->data + out->len;
    *known = !vl_k.base4_pack(to, base.at, base.n);
    if (base.n & 1) to[base.n / 2] |= pad;
    out->len += (base.n + 1) / 2;
    return VL_OK;
}
