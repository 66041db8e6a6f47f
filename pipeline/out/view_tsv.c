/*
 * Rows as a table: a line a row with chosen columns between tabulators, under a line with their names. A
 * column is one that the kind makes, or any field that the store has for its rows, known to this program or
 * not.
 */
#include "formats/nearest.h"
#include "pipeline/out/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- which columns ---- */

/* Whether a path is called so: whole, or by what is behind its last '/'. */
static bool is_called(const char *path, const char *name, size_t n)
{
    const char *const slash = strrchr(path, '/'), *const last = slash ? slash + 1 : path;
    return (strlen(path) == n && !strncmp(path, name, n)) || (strlen(last) == n && !strncmp(last, name, n));
}

/* Is it a column of the table of rows? */
static bool is_column(const vl_viewer *v, const vl_field *f)
{
    return f->table == v->question->table && (f->shape == VL_FIXED || f->shape == VL_RAGGED);
}

/* A column that the kind makes in place of the field of that name. */
static bool is_own(const vl_viewer *v, const char *name)
{
    for (const vl_view_column *c = v->question->column; c->name; c++)
        if (!strcmp(c->name, name)) return true;
    return false;
}

/* Adds a name to the list of those there are, as far as it fits. */
static void add_name(vl_nearest *near, char list[112], const char *name)
{
    const size_t at = strlen(list), n = strlen(name);
    vl_nearest_try(near, name);
    if (at + n + 6 < 112) snprintf(list + at, 112 - at, "%s %s", at ? "," : "", name);
    else if (at < 5 || strcmp(list + at - 5, ", ...")) snprintf(list + at, 112 - at, ", ...");
}

/* The columns that there are, as many as fit in a message; the nearest name of all. */
static vl_code no_column(const vl_viewer *v, const char *name, size_t n, vl_err *err)
{
    const vl_schema *const s = vl_reader_columns(v->r)->schema;
    char word[VL_WORD], meant[2 * VL_WORD], list[112] = "";
    snprintf(word, sizeof word, "%.*s", (int)(n < VL_WORD ? n : VL_WORD), name);
    vl_nearest near = vl_nearest_to(word);
    for (const vl_view_column *c = v->question->column; c->name; c++) add_name(&near, list, c->name);
    for (int f = 0; f < s->nfield; f++) {
        const char *const last = strrchr(s->field[f].path, '/');
        const char *const field = last ? last + 1 : s->field[f].path;
        if (is_column(v, &s->field[f]) && !is_own(v, field)) add_name(&near, list, field);
    }
    return vl_fail(err, VL_EARG, "no column is called '%.40s'%s; there are%s", word,
                   vl_nearest_text(&near, "", meant), list);
}

vl_code vl_view_find_column(const vl_viewer *v, const char *name, size_t n, vl_chosen *out, vl_err *err)
{
    const vl_schema *const s = vl_reader_columns(v->r)->schema;
    const vl_field *other = NULL;
    for (const vl_view_column *c = v->question->column; c->name; c++) {
        if (strlen(c->name) != n || strncmp(c->name, name, n)) continue;
        *out = (vl_chosen){ c->name, c, -1 };
        return VL_OK;
    }
    for (int f = 0; f < s->nfield; f++) {
        const vl_field *const field = &s->field[f];
        if (!is_called(field->path, name, n)) continue;
        other = field;
        if (!is_column(v, field)) continue;
        const bool whole = strlen(field->path) == n;
        *out = (vl_chosen){ whole ? field->path : strrchr(field->path, '/') + 1, NULL, f };
        return VL_OK;
    }
    if (other && other->shape != VL_STREAM && other->shape != VL_PIECES)
        return vl_fail(err, VL_EARG, "column %s has a row for each %s, not for each %s", other->path,
                       s->table[other->table], s->table[v->question->table]);
    if (other) return vl_fail(err, VL_EARG, "column %s has no rows", other->path);
    return no_column(v, name, n, err);
}

/* ---- cells ---- */

static vl_code print_whole(uint64_t v, bool negative, vl_buf *text, vl_err *err)
{
    if (negative && vl_text_add(text, "-", err)) return err->code;
    return vl_text_u64(text, negative ? 0 - v : v, err);
}

/* One element of a column as a number; NaN is nothing. */
static vl_code print_element(vl_type type, const uint8_t *p, vl_buf *text, vl_err *err)
{
    float single;
    double real;
    switch (type) {
    case VL_U8: return vl_text_u64(text, *p, err);
    case VL_U16: return vl_text_u64(text, vl_le16(p), err);
    case VL_U32: return vl_text_u64(text, vl_le32(p), err);
    case VL_U64: return vl_text_u64(text, vl_le64(p), err);
    case VL_I8: return print_whole((uint64_t)(int8_t)*p, (int8_t)*p < 0, text, err);
    case VL_I16: return print_whole((uint64_t)(int16_t)vl_le16(p), (int16_t)vl_le16(p) < 0, text, err);
    case VL_I32: return print_whole((uint64_t)(int32_t)vl_le32(p), (int32_t)vl_le32(p) < 0, text, err);
    case VL_I64: return print_whole(vl_le64(p), (int64_t)vl_le64(p) < 0, text, err);
    case VL_F32: memcpy(&single, p, sizeof single); return vl_text_number(text, single, true, err);
    case VL_F64: memcpy(&real, p, sizeof real); return vl_text_number(text, real, false, err);
    }
    return VL_OK;
}

/* Row i of a field: text as text, numbers between commas. */
static vl_code print_stored(const vl_batch *b, int f, size_t i, vl_buf *text, vl_err *err)
{
    const vl_field *const field = &b->schema->field[f];
    const size_t width = vl_type_width(field->type);
    const vl_column *const col = &b->col[f];
    if (field->shape == VL_FIXED) return print_element(field->type, col->data.data + i * width, text, err);
    if (width == 1 && (field->use == VL_USE_TEXT || field->use == VL_USE_BASE)) {
        const vl_cell cell = vl_row(col, i);
        return vl_text_field(text, cell.at, cell.n, err);
    }
    for (uint64_t k = col->offset[i]; k < col->offset[i + 1]; k++)
        if ((k > col->offset[i] && vl_text_add(text, ",", err)) ||
            print_element(field->type, col->data.data + k * width, text, err))
            return err->code;
    return VL_OK;
}

/* ---- the form ---- */

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    for (int c = 0; c < v->ncolumn; c++)
        if ((c && vl_text_add(text, "\t", err)) || vl_text_add(text, v->column[c].name, err))
            return err->code;
    return vl_text_add(text, "\n", err);
}

static vl_code print_line(const vl_viewer *v, vl_load *load, size_t i, size_t line, vl_err *err)
{
    for (int c = 0; c < v->ncolumn; c++) {
        const vl_chosen *const k = &v->column[c];
        if (c && vl_text_add(&load->text, "\t", err)) return err->code;
        if (k->own ? k->own->print(v, load, i, line, &load->text, err)
                   : print_stored(&load->plan.batch, k->field, i, &load->text, err))
            return err->code;
    }
    return vl_text_add(&load->text, "\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    const vl_question *const q = v->question;
    bool row = false, many = false;
    for (int c = 0; c < v->ncolumn; c++) {
        row |= v->column[c].own && v->column[c].own->row;
        many |= v->column[c].own && v->column[c].own->many;
    }
    for (size_t i = load->skip; i < load->skip + load->n; i++) {
        if (row && q->row(v, load, i, err)) return err->code;
        const size_t n = many ? q->lines(load) : 1;
        for (size_t line = 0; line < n; line++)
            if (print_line(v, load, i, line, err)) return err->code;
    }
    return VL_OK;
}

const vl_form vl_form_tsv = { "tsv", true, head, print, NULL };
