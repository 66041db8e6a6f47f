/* Batches: columns that grow row by row, pieces for columns that the data names (batch.h). */
#include "formats/batch.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t width;
} types[] = { { "u8", 1 },  { "i8", 1 },  { "u16", 2 }, { "i16", 2 }, { "u32", 4 },
              { "i32", 4 }, { "u64", 8 }, { "i64", 8 }, { "f32", 4 }, { "f64", 8 } };

size_t vl_type_width(vl_type type) { return types[type].width; }
const char *vl_type_name(vl_type type) { return types[type].name; }

bool vl_type_find(const char *name, vl_type *out)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, name)) continue;
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

void vl_batch_clear(vl_batch *batch)
{
    for (int i = 0; i < batch->schema->nfield; i++) batch->col[i].data.len = batch->col[i].nrow = 0;
    memset(batch->first, 0, sizeof batch->first);
    memset(batch->nrow, 0, sizeof batch->nrow);
    memset(batch->counter, 0, sizeof batch->counter);
    batch->values.len = batch->npiece = batch->npiece_column = 0;
    batch->nbyte = 0;
}

void vl_batch_free(vl_batch *batch)
{
    if (batch->col) {
        for (int i = 0; i < batch->schema->nfield; i++) {
            vl_buf_free(&batch->col[i].data);
            free(batch->col[i].offset);
        }
    }
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

vl_code vl_rows_grow(vl_column *col, size_t n, vl_err *err)
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
