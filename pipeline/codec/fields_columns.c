/* Columns of numbers in a text: which number is of which, and which stand next to each other (fields.h). */
#include "pipeline/codec/fields.h"

#include "formats/xxh3.h"

enum { SLOTS = 4 * VL_FIELD_COLUMNS };

/* A column that was met. */
typedef struct met {
    uint64_t hash;
    uint32_t column; /* + 1; 0: the slot is free */
} met;

vl_code vl_field_finder_reset(vl_field_finder *f, vl_err *err)
{
    f->n = 0;
    if (vl_buf_reserve(&f->slot, SLOTS * sizeof(met), err)) return err->code;
    memset(f->slot.data, 0, SLOTS * sizeof(met));
    return VL_OK;
}

uint64_t vl_field_hash(const uint8_t *template, size_t at)
{
    const size_t n = at < VL_FIELD_BEFORE ? at : VL_FIELD_BEFORE;
    return XXH3_64bits(template + at - n, n);
}

size_t vl_field_find(vl_field_finder *f, uint64_t hash)
{
    met *const slot = (met *)(void *)f->slot.data;
    size_t i = (size_t)(hash >> 20) % SLOTS;
    while (slot[i].column && slot[i].hash != hash) i = (i + 1) % SLOTS;
    if (slot[i].column) return slot[i].column - 1;
    if (f->n == VL_FIELD_COLUMNS) return VL_FIELD_COLUMNS;
    slot[i] = (met){ hash, (uint32_t)f->n + 1 };
    return f->n++;
}

void vl_field_columns_free(vl_field_columns *c)
{
    vl_buf_free(&c->finder.slot);
    vl_buf_free(&c->column);
    vl_buf_free(&c->ordinal);
}

vl_code vl_field_columns_reset(vl_field_columns *c, size_t most, vl_err *err)
{
    c->n = c->ncolumn = 0;
    if (vl_buf_reserve(&c->column, most * sizeof(uint16_t), err)) return err->code;
    return vl_field_finder_reset(&c->finder, err);
}

vl_code vl_field_columns_end(vl_field_columns *c, vl_err *err)
{
    uint32_t next[VL_FIELD_COLUMNS] = { 0 };
    const uint16_t *const column = (const uint16_t *)(const void *)c->column.data;
    if (vl_buf_reserve(&c->ordinal, c->n * sizeof(uint32_t), err)) return err->code;
    c->ncolumn = c->finder.n;
    for (size_t i = 0; i < c->n; i++) next[column[i]]++;
    c->start[0] = 0;
    for (size_t i = 0; i < c->ncolumn; i++) {
        c->start[i + 1] = c->start[i] + next[i];
        next[i] = c->start[i];
    }
    uint32_t *const ordinal = (uint32_t *)(void *)c->ordinal.data;
    for (size_t i = 0; i < c->n; i++) ordinal[next[column[i]]++] = (uint32_t)i;
    return VL_OK;
}

/* The first of other [k .. n) that is not before `at`. */
static size_t pass(const uint32_t *other, size_t k, size_t n, uint32_t at, bool far)
{
    if (!far) {
        while (k < n && other[k] < at) k++;
        return k;
    }
    for (size_t end = n; k < end;) {
        const size_t middle = k + (end - k) / 2;
        if (other[middle] < at) k = middle + 1;
        else end = middle;
    }
    return k;
}

void vl_field_next_to(const vl_field_columns *c, size_t column, size_t of, bool last, uint32_t *to)
{
    enum { FAR = 16 };
    const uint32_t *const own = vl_field_ordinals(c, column), *const other = vl_field_ordinals(c, of);
    const size_t n = vl_field_count(c, column), nother = vl_field_count(c, of);
    const bool far = nother / FAR > n;
    size_t k = 0; /* others that stand before it */
    for (size_t i = 0; i < n; i++) {
        k = pass(other, k, nother, own[i], far);
        to[i] = last ? (k ? (uint32_t)k - 1 : UINT32_MAX) : (k < nother ? (uint32_t)k : UINT32_MAX);
    }
}

void vl_field_order(const uint8_t *most, size_t n, uint16_t *order)
{
    size_t k = 0;
    for (int digits = VL_FIELD_DIGITS; digits >= 0; digits--)
        for (size_t i = n; i; i--)
            if (most[i - 1] == digits) order[k++] = (uint16_t)(i - 1);
}
