/* Batches: columns that grow row by row, pieces and fields that the data names (batch.h). */
#include "formats/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const types[] = { "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64" };

void vl_add_to_all(uint8_t *data, size_t n, size_t width, size_t step, uint64_t base)
{
    if (!base) return;
    for (size_t i = step - 1; i < n; i += step) {
        if (width == 8) vl_put_le64(data + 8 * i, vl_le64(data + 8 * i) + base);
        else if (width == 4) vl_put_le32(data + 4 * i, vl_le32(data + 4 * i) + (uint32_t)base);
    }
}
const char *vl_type_name(vl_type type) { return types[type]; }

bool vl_type_find(const char *name, vl_type *out)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i], name)) continue;
        *out = (vl_type)i;
        return true;
    }
    return false;
}

vl_code vl_batch_init(vl_batch *batch, const vl_schema *schema, vl_err *err)
{
    *batch = (vl_batch){ .schema = schema };
    batch->col = calloc((size_t)schema->nfield + 1, sizeof *batch->col);
    if (!batch->col) return vl_fail(err, VL_ENOMEM, "no memory for %d columns", schema->nfield);
    return VL_OK;
}

/* Fields behind those that a batch was opened with. */
struct vl_added {
    const vl_schema *base; /* borrowed: what it was opened with */
    vl_schema schema;      /* the batch's, once there are more */
    vl_field *field;       /* owned; [cap]; paths from base->nfield on are owned */
    int cap;               /* of field, and of the batch's columns */
};

/* The batch's schema is again what it was opened with. */
static void drop_added(vl_batch *batch)
{
    struct vl_added *const a = batch->added;
    if (!a) return;
    for (int i = a->base->nfield; i < batch->schema->nfield; i++) free((void *)(uintptr_t)a->field[i].path);
    batch->schema = a->base;
}

static vl_code grow_added(vl_batch *batch, vl_err *err)
{
    struct vl_added *const a = batch->added;
    const int n = batch->schema->nfield, cap = n + n / 2 + 16;
    if (n < a->cap) return VL_OK;
    vl_field *const field = realloc(a->field, (size_t)cap * sizeof *field);
    if (field) a->field = field;
    vl_column *const col = realloc(batch->col, (size_t)cap * sizeof *col);
    if (col) batch->col = col;
    if (!field || !col) return vl_fail(err, VL_ENOMEM, "no memory for %d columns", cap);
    const int had = a->cap ? a->cap : n;
    memset(col + had, 0, (size_t)(cap - had) * sizeof *col);
    a->cap = cap;
    return VL_OK;
}

vl_code vl_batch_add(vl_batch *batch, const vl_field *field, int *number, vl_err *err)
{
    struct vl_added *a = batch->added;
    if (!a && !(a = batch->added = calloc(1, sizeof *a)))
        return vl_fail(err, VL_ENOMEM, "no memory for a column");
    if (!a->base) a->base = batch->schema;
    const int n = batch->schema->nfield;
    if (n - a->base->nfield == VL_MAX_ADDED)
        return vl_fail(err, VL_EUNSUP, "more than %d columns that the data names", VL_MAX_ADDED);
    if (grow_added(batch, err)) return err->code;
    char *const path = strdup(field->path);
    if (!path) return vl_fail(err, VL_ENOMEM, "no memory for a column");
    if (batch->schema == a->base) {
        memcpy(a->field, a->base->field, (size_t)n * sizeof *a->field);
        a->schema = *a->base;
    }
    a->field[n] = *field;
    a->field[n].path = path;
    a->schema.field = a->field;
    a->schema.nfield = n + 1;
    batch->schema = &a->schema;
    *number = n;
    return VL_OK;
}

void vl_batch_clear(vl_batch *batch)
{
    for (int i = 0; i < batch->schema->nfield; i++) batch->col[i].data.len = batch->col[i].nrow = 0;
    drop_added(batch);
    memset(batch->first, 0, sizeof batch->first);
    memset(batch->nrow, 0, sizeof batch->nrow);
    memset(batch->counter, 0, sizeof batch->counter);
    batch->values.len = batch->npiece = batch->npiece_column = 0;
    batch->nbyte = 0;
}

void vl_batch_free(vl_batch *batch)
{
    struct vl_added *const a = batch->added;
    if (batch->col) {
        const int n = a && a->cap ? a->cap : batch->schema->nfield;
        for (int i = 0; i < n; i++) {
            vl_buf_free(&batch->col[i].data);
            free(batch->col[i].offset);
        }
    }
    drop_added(batch);
    if (a) free(a->field);
    free(a);
    free(batch->col);
    vl_buf_free(&batch->values);
    free(batch->piece);
    free(batch->piece_column);
    *batch = (vl_batch){ 0 };
}

vl_code vl_push(vl_batch *batch, int field, const void *element, vl_err *err)
{
    return vl_buf_append(&batch->col[field].data, element, vl_type_width(batch->schema->field[field].type),
                         err);
}

vl_code vl_rows_more(vl_column *col, size_t n, vl_err *err)
{
    if (col->nrow + n + 1 > col->coffset || !col->offset) {
        const size_t want = col->nrow + n + 1;
        const size_t cap = want > col->coffset + col->coffset / 2 ? want : col->coffset + col->coffset / 2;
        uint64_t *const offset = vl_alloc(cap * sizeof *offset);
        if (!offset) return vl_fail(err, VL_ENOMEM, "no memory for %zu offsets", cap);
        if (col->nrow) memcpy(offset, col->offset, (col->nrow + 1) * sizeof *offset);
        free(col->offset);
        col->offset = offset;
        col->coffset = cap;
    }
    if (!col->nrow) col->offset[0] = 0;
    return VL_OK;
}

vl_code vl_push_row(vl_batch *batch, int field, const void *element, size_t n, vl_err *err)
{
    vl_column *const col = &batch->col[field];
    const size_t width = vl_type_width(batch->schema->field[field].type);
    if (vl_rows_grow(col, 1, err)) return err->code;
    if (vl_buf_append(&col->data, element, n * width, err)) return err->code;
    col->nrow++;
    col->offset[col->nrow] = col->data.len / width;
    return VL_OK;
}

/* Doubles an array of structs when it is full. */
static vl_code more(void **array, size_t n, size_t *cap, size_t size, vl_err *err)
{
    if (n < *cap) return VL_OK;
    const size_t want = *cap ? *cap * 2 : 64;
    void *const p = realloc(*array, want * size);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu pieces", want);
    *array = p;
    *cap = want;
    return VL_OK;
}

static vl_code find_piece_column(vl_batch *batch, const vl_piece_column *like, uint16_t *out, vl_err *err)
{
    for (size_t i = 0; i < batch->npiece_column; i++) {
        if (batch->piece_column[i].type == like->type && !strcmp(batch->piece_column[i].path, like->path)) {
            *out = (uint16_t)i;
            return VL_OK;
        }
    }
    if (batch->npiece_column >= VL_MAX_PIECE_COLUMN)
        return vl_fail(err, VL_EUNSUP, "more than %d kinds of array", VL_MAX_PIECE_COLUMN);
    if (more((void **)&batch->piece_column, batch->npiece_column, &batch->cpiece_column,
             sizeof *batch->piece_column, err))
        return err->code;
    batch->piece_column[batch->npiece_column] = *like;
    *out = (uint16_t)batch->npiece_column++;
    return VL_OK;
}

vl_code vl_push_piece(vl_batch *batch, const vl_piece_column *like, size_t nelem, uint8_t **out,
                      uint16_t *column, vl_err *err)
{
    if (find_piece_column(batch, like, column, err)) return err->code;
    if (more((void **)&batch->piece, batch->npiece, &batch->cpiece, sizeof *batch->piece, err))
        return err->code;
    const size_t at = (batch->values.len + 63) & ~(size_t)63, bytes = nelem * vl_type_width(like->type);
    if (vl_buf_grow(&batch->values, at - batch->values.len + bytes, err)) return err->code;
    batch->values.len = at + bytes;
    batch->piece[batch->npiece++] = (vl_piece){ .column = *column, .at = at, .nelem = nelem };
    *out = batch->values.data + at;
    return VL_OK;
}

void vl_batch_promises(const vl_batch *batch)
{
    const vl_schema *const s = batch->schema;
    const int pieces = vl_schema_piece_table(s);
    for (int f = 0; f < s->nfield; f++) {
        const vl_column *const col = &batch->col[f];
        const size_t width = vl_type_width(s->field[f].type), nrow = batch->nrow[s->field[f].table];
        (void)col, (void)width, (void)nrow; /* without asserts */
        assert(col->data.len % width == 0);
        if (s->field[f].shape == VL_FIXED) assert(col->data.len == nrow * width);
        if (s->field[f].shape == VL_RAGGED)
            assert(col->nrow == nrow &&
                   (!nrow || (!col->offset[0] && col->offset[nrow] * width == col->data.len)));
    }
    assert(pieces < 0 ? !batch->npiece : batch->npiece == batch->nrow[pieces]);
    (void)pieces;
}
