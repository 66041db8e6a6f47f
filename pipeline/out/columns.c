/* The columns of a store (columns.h): its schema read, merged with the program's, and held against the data
 * sets. */
#include "pipeline/out/columns.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES = 1024 };

/* ---- the store's own schema ---- */

/* A piece column of a store of version 1: the type and the unit are the data set's, the rest its path
 * says. */
static vl_code print_piece_1(vl_store *st, const vl_schema_1 *old, const char *of, const char *path,
                             vl_buf *text, vl_err *err)
{
    vl_piece_column piece = { .type = VL_U8, .use = VL_USE_NUMBER };
    const int column = vl_store_find(st, path);
    if (column >= 0) {
        piece.type = vl_store_column(st, column)->type;
        if (vl_store_get(st, path, "unit", piece.unit, sizeof piece.unit, err)) return err->code;
    }
    if (old->piece) old->piece(path, &piece);
    return vl_schema_print_piece(of, path, &piece, text, err);
}

/* Version 1: the columns of the kind as they were, and the notes /source/columns name piece columns by
 * number. */
static vl_code text_of_version_1(vl_store *st, const vl_schema_1 *old, vl_buf *text, vl_err *err)
{
    char number[12], path[VL_PATH + 16];
    vl_schema *fixed = NULL;
    if (vl_buf_append(text, old->text, strlen(old->text), err) ||
        vl_schema_parse(&fixed, "", old->tables, text->data, text->len, err))
        return err->code;
    const char *const *const table = fixed->table;
    for (int i = 0; old->piece && i < VL_MAX_PIECE_COLUMN && !err->code; i++) {
        snprintf(number, sizeof number, "%d", i);
        if (vl_store_get(st, "source/columns", number, path, sizeof path, err) || !*path) break;
        print_piece_1(st, old, table[fixed->ntable - 1], path, text,
                      err); /* its last table points at pieces */
    }
    vl_schema_free(fixed);
    return err->code;
}

static vl_code text_of_schema(vl_store *st, const vl_schema_1 *old, char *tables, vl_buf *text, vl_err *err)
{
    vl_work work = { 0 };
    const int column = vl_store_find(st, VL_SCHEMA_PATH);
    if (column < 0 && vl_store_version(st) > 1) return vl_fail(err, VL_ESTORE, "no /%s", VL_SCHEMA_PATH);
    if (column < 0) {
        if (!old) return vl_fail(err, VL_EUNSUP, "a store of version 1 of a kind that had none");
        snprintf(tables, TABLES, "%s", old->tables);
        return text_of_version_1(st, old, text, err);
    }
    if (!vl_store_get(st, "/", VL_TABLES_NOTE, tables, TABLES, err))
        vl_store_read(st, column, text, &work, err);
    vl_work_free(&work);
    return err->code;
}

static vl_code read_schema(vl_columns *c, vl_store *st, const vl_schema *program, const vl_schema_1 *old,
                           vl_err *err)
{
    static const vl_schema none = { .kind = "" };
    char tables[TABLES];
    vl_buf text = { 0 };
    if (!program) program = &none;
    c->nprogram = program->nfield;
    if (!text_of_schema(st, old, tables, &text, err))
        vl_schema_parse(&c->stored, program->kind, tables, text.data, text.len, err);
    vl_buf_free(&text);
    int *number = NULL;
    if (err->code || vl_schema_merge(&c->schema, &number, program, c->stored, err)) {
        free(number);
        return err->code;
    }
    const size_t n = (size_t)c->schema->nfield + 1;
    c->absent = calloc(n, sizeof *c->absent);
    c->column = calloc(n, sizeof *c->column);
    c->offset = calloc(n, sizeof *c->offset);
    if (!c->absent || !c->column || !c->offset) vl_fail(err, VL_ENOMEM, "no memory for %zu columns", n);
    for (int f = 0; f < c->schema->nfield && !err->code; f++) c->absent[f] = number[f] < 0;
    free(number);
    return err->code;
}

/* ---- the data sets ---- */

static void find_columns(vl_columns *c, vl_store *st)
{
    char path[VL_PATH + 32];
    for (int f = 0; f < c->schema->nfield; f++) {
        const vl_field *const field = &c->schema->field[f];
        c->column[f] = c->absent[f] ? -1 : vl_store_find(st, field->path);
        c->offset[f] = -1;
        if (field->shape != VL_RAGGED || c->absent[f]) continue;
        snprintf(path, sizeof path, "%s.offset",
                 field->offset_of ? c->schema->field[field->offset_of - 1].path : field->path);
        c->offset[f] = vl_store_find(st, path);
    }
}

/* Does field f have `want` rows? */
static bool fits(const vl_columns *c, const vl_store *st, int f, uint64_t want)
{
    const vl_field *const field = &c->schema->field[f];
    const vl_stored *const col = c->column[f] < 0 ? NULL : vl_store_column(st, c->column[f]);
    const vl_stored *const offset = c->offset[f] < 0 ? NULL : vl_store_column(st, c->offset[f]);
    if (col && col->type != field->type) return false;
    if (field->shape == VL_FIXED) return c->absent[f] || (col ? col->nelem : 0) == want;
    if (field->shape != VL_RAGGED) return true;
    if (offset) return offset->type == VL_U64 && offset->nelem == want + 1;
    uint64_t n = 0;
    return !col || (col->uniform && !__builtin_mul_overflow(col->row_length, want, &n) && n == col->nelem);
}

/* Does a data set speak of each row of table t? */
static bool witnessed(const vl_columns *c, const vl_store *st, int t)
{
    for (int f = 0; f < c->schema->nfield; f++) {
        const vl_field *const field = &c->schema->field[f];
        const int column = c->column[f];
        if (field->table != t || field->shape == VL_STREAM) continue;
        if (c->offset[f] >= 0 ||
            (column >= 0 && (field->shape == VL_FIXED || vl_store_column(st, column)->nelem)))
            return true;
    }
    return false;
}

/* Rows that no data set speaks of are empty ones of a text, which has a byte for each at least. */
static vl_code check_empty(const vl_columns *c, vl_store *st, int t, vl_err *err)
{
    uint64_t text[2];
    if (!c->nrow[t] || witnessed(c, st, t)) return VL_OK;
    if (vl_store_get_u64(st, "source", "text_bytes_1", &text[0], err) ||
        vl_store_get_u64(st, "source", "text_bytes_2", &text[1], err))
        return err->code;
    if (c->nrow[t] > text[0] && c->nrow[t] - text[0] > text[1])
        vl_fail(err, VL_ESTORE,
                "%" PRIu64 " empty rows of %s, and a text of %" PRIu64 " and %" PRIu64 " bytes", c->nrow[t],
                c->schema->table[t], text[0], text[1]);
    return err->code;
}

/* Every column must have as many rows as the store says its table has. */
static vl_code check_rows(vl_columns *c, vl_store *st, vl_err *err)
{
    for (int t = 0; t < c->schema->ntable; t++) {
        char name[64];
        snprintf(name, sizeof name, t ? "n_%s" : "n_row", c->schema->table[t]);
        if (vl_store_get_u64(st, "/", name, &c->nrow[t], err)) return err->code;
    }
    for (int f = 0; f < c->schema->nfield; f++) {
        const vl_field *const field = &c->schema->field[f];
        const uint64_t want = c->nrow[field->table];
        if (!fits(c, st, f, want))
            return vl_fail(err, VL_ESTORE, "%s does not fit the %" PRIu64 " rows of its table", field->path,
                           want);
    }
    for (int t = 0; t < c->schema->ntable && !err->code; t++) check_empty(c, st, t, err);
    return err->code;
}

/* ---- pieces ---- */

static void describe_piece(const vl_field *f, vl_piece_column *p)
{
    *p = (vl_piece_column){ .type = f->type, .use = f->use };
    snprintf(p->path, sizeof p->path, "%s", f->path);
    snprintf(p->unit, sizeof p->unit, "%s", f->unit);
    snprintf(p->role, sizeof p->role, "%s", f->role ? f->role : "");
    snprintf(p->coding, sizeof p->coding, "%s", f->coding ? f->coding : "");
}

static vl_code list_pieces(vl_columns *c, vl_err *err)
{
    const size_t most = VL_MAX_PIECE_COLUMN;
    c->piece = calloc(most, sizeof *c->piece);
    c->piece_field = calloc(most, sizeof *c->piece_field);
    if (!c->piece || !c->piece_field) return vl_fail(err, VL_ENOMEM, "no memory for names of columns");
    for (int f = 0; f < c->schema->nfield; f++) {
        if (c->schema->field[f].shape != VL_PIECES) continue;
        if (c->npiece == (int)most) return vl_fail(err, VL_ESTORE, "more than %zu kinds of array", most);
        describe_piece(&c->schema->field[f], &c->piece[c->npiece]);
        c->piece_field[c->npiece++] = f;
    }
    return VL_OK;
}

/* ---- entry points ---- */

vl_code vl_columns_read(vl_columns *c, vl_store *st, const vl_schema *program, const vl_schema_1 *old,
                        vl_err *err)
{
    *c = (vl_columns){ 0 };
    if (!vl_store_look_at_rows(st, err) && !read_schema(c, st, program, old, err)) {
        find_columns(c, st);
        if (!check_rows(c, st, err)) list_pieces(c, err);
    }
    return vl_err_file(err, vl_store_path(st));
}

void vl_columns_free(vl_columns *c)
{
    vl_schema_free(c->schema);
    vl_schema_free(c->stored);
    free(c->column);
    free(c->offset);
    free(c->absent);
    free(c->piece);
    free(c->piece_field);
    *c = (vl_columns){ 0 };
}

vl_code vl_columns_missing(const vl_field *field, size_t n, vl_buf *out, vl_err *err)
{
    const size_t width = vl_type_width(field->type);
    const double value = !strcmp(field->missing, "NaN") ? NAN : strtod(field->missing, NULL);
    const float single = (float)value;
    uint8_t element[8];
    if (field->type == VL_F64) memcpy(element, &value, 8);
    else if (field->type == VL_F32) memcpy(element, &single, 4);
    else vl_put_le64(element, isnan(value) ? 0 : (uint64_t)(int64_t)value);
    out->len = 0;
    if (n > SIZE_MAX / 16 || vl_buf_reserve(out, n * width, err)) return err->code;
    for (; out->len < n * width; out->len += width) memcpy(out->data + out->len, element, width);
    return VL_OK;
}
