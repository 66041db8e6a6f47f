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
    static const char letter[16] = "=ACMGRSVTWYHKDBN";
    vl_column *const col = &b->col[field];
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
static vl_code put_tag(vl_bam_columns *c, const vl_batch *b, size_t row, vl_cell entry, vl_buf *out,
                       vl_err *err)
{
    char type = (char)entry.at[3];
    const char of = entry.n > 4 ? (char)entry.at[4] : 0;
    const bool whole = type == 'n' || (type != 'f' && vl_bam_width(type));
    const vl_bam_column *const one = find(c, entry.at, whole ? 'i' : type, of);
    uint8_t head[8] = { entry.at[0], entry.at[1] };
    size_t nhead = 3;
    if (!one) return vl_fail(err, VL_ESTORE, "read %zu: no column holds its tag %.2s", row, entry.at);
    const vl_column *const col = &b->col[one->field];
    const size_t width = vl_type_width(b->schema->field[one->field].type);
    const size_t from = col->offset[row], n = col->offset[row + 1] - from;
    const uint8_t *const value = n ? col->data.data + from * width : head;
    const bool many = type == 'Z' || type == 'H' || type == 'B';
    if ((!many && n != 1) || n > VL_BAM_MOST)
        return vl_fail(err, VL_ESTORE, "read %zu: tag %.2s has %zu values", row, entry.at, n);
    if (whole) {
        if (!put_whole(head + 3, (int64_t)vl_le64(value), &type))
            return vl_fail(err, VL_ESTORE, "read %zu: tag %.2s is no %c", row, entry.at, type);
        nhead += vl_bam_width(type);
    } else if (type == 'B') {
        head[3] = (uint8_t)of;
        vl_put_le32(head + 4, (uint32_t)n);
        nhead = 8;
    }
    head[2] = (uint8_t)type;
    if (vl_buf_append(out, head, nhead, err) || (!whole && n && vl_buf_append(out, value, n * width, err)))
        return err->code;
    return type == 'Z' || type == 'H' ? vl_buf_append(out, "", 1, err) : VL_OK;
}

vl_code vl_bam_put_tags(vl_bam_columns *c, const vl_batch *b, size_t row, vl_buf *out, vl_err *err)
{
    const vl_cell list = vl_row(&b->col[c->at->list], row);
    c->guess = 0;
    for (size_t at = 0; at < list.n && !err->code;) {
        const uint8_t *const p = list.at + at, *const blank = memchr(p, ' ', list.n - at);
        const size_t n = blank ? (size_t)(blank - p) : list.n - at;
        if (n < 4 || n > 5 || p[2] != ':' || (n == 5) != (p[3] == 'B'))
            return vl_fail(err, VL_ESTORE, "read %zu: '%.*s' stands among its tags", row, (int)(n & 15), p);
        put_tag(c, b, row, (vl_cell){ p, n }, out, err);
        at += n + 1;
    }
    return err->code;
}

/* Letter to its four bits, and a fifth: it is one of BAM's. */
enum { KNOWN = 16 };
static const uint8_t code[256] = {
    ['='] = 16, ['A'] = 17, ['C'] = 18, ['M'] = 19, ['G'] = 20, ['R'] = 21, ['S'] = 22, ['V'] = 23,
    ['T'] = 24, ['W'] = 25, ['Y'] = 26, ['H'] = 27, ['K'] = 28, ['D'] = 29, ['B'] = 30, ['N'] = 31
};

static uint8_t nearest(uint8_t c)
{
    c &= c >= 'a' && c <= 'z' ? 0xdf : 0xff;
    return code[c == 'U' ? 'T' : code[c] ? c : 'N'];
}

void vl_bam_put_nearest(vl_cell base, uint8_t *to)
{
    for (size_t i = 0; i < base.n; i++) {
        const unsigned a = nearest(base.at[i]) & 15u;
        to[i / 2] = (uint8_t)(i & 1 ? to[i / 2] | a : a << 4);
    }
}

vl_code vl_bam_put_letters(vl_cell base, uint8_t pad, vl_buf *out, bool *known, vl_err *err)
{
    if (vl_buf_grow(out, base.n / 2 + 1, err)) return err->code;
    uint8_t *to = out->data + out->len, all = KNOWN;
    for (size_t i = 0; i < base.n / 2; i++) {
        const uint8_t a = code[base.at[2 * i]], b = code[base.at[2 * i + 1]];
        all &= a & b;
        *to++ = (uint8_t)(a << 4 | (b & 15));
    }
    if (base.n & 1) {
        const uint8_t a = code[base.at[base.n - 1]];
        all &= a;
        *to = (uint8_t)(a << 4 | pad);
    }
    *known = all;
    out->len += (base.n + 1) / 2;
    return VL_OK;
}
