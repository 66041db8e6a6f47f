/* The peak arrays of a run of spectra (arrays.h). */
#include "pipeline/out/arrays.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

vl_code vl_piece_columns_read(vl_piece_columns *pc, vl_store *store, vl_err *err)
{
    char number[12];
    *pc = (vl_piece_columns){ .store = store };
    pc->path = calloc(VL_MAX_PIECE_COLUMN, sizeof *pc->path);
    if (!pc->path) return vl_fail(err, VL_ENOMEM, "no memory for names of columns");
    for (; pc->n < VL_MAX_PIECE_COLUMN; pc->n++) {
        snprintf(number, sizeof number, "%d", pc->n);
        if (vl_store_get(store, VL_PIECE_NOTES, number, pc->path[pc->n], sizeof *pc->path, err))
            return err->code;
        if (!pc->path[pc->n][0]) break;
        pc->column[pc->n] = vl_store_find(store, pc->path[pc->n]);
    }
    return VL_OK;
}

void vl_piece_columns_free(vl_piece_columns *pc) { free(pc->path); }

vl_type vl_piece_type(const vl_piece_columns *pc, unsigned column)
{
    return pc->column[column] < 0 ? VL_U8 : vl_store_column(pc->store, pc->column[column])->type;
}

static vl_code room(vl_arrays *a, int n, vl_err *err)
{
    if (n <= a->cap) return VL_OK;
    vl_span *const span = realloc(a->span, (size_t)n * sizeof *span);
    if (span) a->span = span;
    vl_buf *const value = span ? realloc(a->value, (size_t)n * sizeof *value) : NULL;
    if (value) a->value = value;
    uint64_t *const first = value ? realloc(a->first, (size_t)n * sizeof *first) : NULL;
    if (!first) return vl_fail(err, VL_ENOMEM, "no memory for %d columns", n);
    a->first = first;
    for (int i = a->cap; i < n; i++) {
        a->span[i] = (vl_span){ .column = -1 };
        a->value[i] = (vl_buf){ 0 };
    }
    a->cap = n;
    return VL_OK;
}

vl_code vl_arrays_plan(vl_arrays *a, const vl_piece_columns *pc, vl_reader *r, const vl_batch *b, size_t n,
                       vl_err *err)
{
    uint64_t from[VL_MAX_PIECE_COLUMN], to[VL_MAX_PIECE_COLUMN] = { 0 };
    if (room(a, pc->n, err)) return err->code;
    a->n = pc->n;
    for (int c = 0; c < pc->n; c++) from[c] = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        const unsigned c = vl_array_column(b, i);
        const uint64_t start = vl_u64_at(b, VL_SP_ARR_START, i), length = vl_u64_at(b, VL_SP_ARR_LENGTH, i);
        uint64_t end = 0;
        if (c >= (unsigned)pc->n || __builtin_add_overflow(start, length, &end))
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 " is in column %u of %d",
                           b->first[VL_SPT_ARRAY] + i, c, pc->n);
        if (!length) continue;
        if (start < from[c]) from[c] = start;
        if (end > to[c]) to[c] = end;
    }
    for (int c = 0; c < pc->n; c++) {
        a->first[c] = to[c] ? from[c] : 0;
        if (vl_reader_span(r, &a->span[c], pc->column[c], a->first[c], to[c] ? to[c] - from[c] : 0, err))
            return err->code;
    }
    return VL_OK;
}

vl_code vl_arrays_load(vl_arrays *a, vl_reader *r, vl_work *work, vl_err *err)
{
    for (int c = 0; c < a->n; c++)
        if (vl_reader_load_span(r, &a->span[c], &a->value[c], work, err)) return err->code;
    return VL_OK;
}

const uint8_t *vl_arrays_value(const vl_arrays *a, const vl_piece_columns *pc, const vl_batch *b, size_t i,
                               size_t *len)
{
    const unsigned c = vl_array_column(b, i);
    const uint64_t start = vl_u64_at(b, VL_SP_ARR_START, i), length = vl_u64_at(b, VL_SP_ARR_LENGTH, i);
    const size_t width = vl_type_width(vl_piece_type(pc, c));
    *len = length * width;
    return length ? a->value[c].data + (start - a->first[c]) * width : NULL;
}

void vl_arrays_free(vl_arrays *a)
{
    for (int c = 0; c < a->cap; c++) {
        vl_span_free(&a->span[c]);
        vl_buf_free(&a->value[c]);
    }
    free(a->span);
    free(a->value);
    free(a->first);
    *a = (vl_arrays){ 0 };
}
