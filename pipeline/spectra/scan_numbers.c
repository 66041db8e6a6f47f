/* Scan numbers (scan_numbers.h): a look at all ids. */
#include "pipeline/spectra/scan_numbers.h"

#include "formats/spectra/spectra.h"
#include "formats/xxh3.h"
#include "pipeline/spectra/spectra_index.h"

#include <stdlib.h>

enum { BLOCK = 1 << 15, ENTRY = 16 };

/* The ids of some rows: those of row i are at [offset[i], offset[i + 1]) less offset[0]. */
typedef struct ids {
    vl_buf offset, text; /* owned */
} ids;

static vl_code load_ids(vl_viewer *v, uint64_t first, size_t n, ids *out, vl_err *err)
{
    const int column = vl_reader_column(v->r, VL_SP_ID);
    out->text.len = 0;
    if (vl_buf_reserve(&out->offset, (n + 1) * sizeof(uint64_t), err)) return err->code;
    uint64_t *const at = (uint64_t *)(void *)out->offset.data;
    if (vl_reader_offsets(v->r, VL_SP_ID, first, n, at, &v->work, err) || column < 0 || at[n] == at[0])
        return err->code;
    return vl_reader_elements(v->r, column, at[0], at[n] - at[0], &out->text, &v->work, err);
}

static vl_cell id_of(const ids *all, size_t i)
{
    const uint64_t *const at = (const uint64_t *)(const void *)all->offset.data;
    if (!all->text.len) return (vl_cell){ NULL, 0 };
    return (vl_cell){ all->text.data + (at[i] - at[0]), (size_t)(at[i + 1] - at[i]) };
}

/* Does something with the ids of all spectra, a block at a time, as long as *more. */
static vl_code each_block(vl_viewer *v,
                          vl_code (*take)(void *self, const ids *all, uint64_t first, size_t n, bool *more,
                                          vl_err *err),
                          void *self, vl_err *err)
{
    const uint64_t all = vl_reader_nrow(v->r, VL_SPT_SPECTRUM);
    ids some = { 0 };
    bool more = true;
    for (uint64_t first = 0; first < all && more && !err->code; first += BLOCK) {
        const size_t n = all - first < BLOCK ? (size_t)(all - first) : BLOCK;
        if (!load_ids(v, first, n, &some, err)) take(self, &some, first, n, &more, err);
    }
    vl_buf_free(&some.offset);
    vl_buf_free(&some.text);
    return err->code;
}

/* *more: they ascend up to here. */
static vl_code look(void *self, const ids *all, uint64_t first, size_t n, bool *more, vl_err *err)
{
    uint64_t *const last = self, number = 0;
    (void)first;
    for (size_t i = 0; i < n && *more; i++) {
        const vl_cell id = id_of(all, i);
        *more = vl_scan_number(id.at, id.n, &number) && number > *last;
        *last = *more ? number : 0;
    }
    return err->code;
}

static vl_code add(void *self, const ids *all, uint64_t first, size_t n, bool *more, vl_err *err)
{
    vl_buf *const to = self;
    (void)more;
    for (size_t i = 0; i < n; i++) {
        const vl_cell id = id_of(all, i);
        uint8_t entry[ENTRY];
        vl_put_le64(entry, XXH3_64bits(id.at, id.n));
        vl_put_le64(entry + 8, first + i + 1);
        if (vl_buf_append(to, entry, sizeof entry, err)) break;
    }
    return err->code;
}

static int by_hash(const void *a, const void *b)
{
    const uint64_t x = vl_le64(a), y = vl_le64(b), i = vl_le64((const uint8_t *)a + 8),
                   k = vl_le64((const uint8_t *)b + 8);
    return x != y ? (x > y) - (x < y) : (i > k) - (i < k);
}

vl_code vl_scan_numbers_find(vl_viewer *v, vl_scan_numbers *out, vl_err *err)
{
    uint64_t last = 0;
    if (each_block(v, look, &last, err)) return err->code;
    out->by_row = !last && vl_reader_nrow(v->r, VL_SPT_SPECTRUM);
    if (!out->by_row || each_block(v, add, &out->id, err)) return err->code;
    qsort(out->id.data, out->id.len / ENTRY, ENTRY, by_hash);
    return VL_OK;
}

uint64_t vl_scan_numbers_of(const vl_scan_numbers *numbers, vl_cell id, uint64_t row)
{
    uint64_t number = 0;
    return !numbers->by_row && vl_scan_number(id.at, id.n, &number) ? number : row + 1;
}

uint64_t vl_scan_numbers_named(const vl_scan_numbers *numbers, vl_cell id)
{
    uint64_t number = 0;
    if (!numbers->by_row) return vl_scan_number(id.at, id.n, &number) ? number : 0;
    const uint64_t hash = XXH3_64bits(id.at, id.n);
    size_t from = 0, n = numbers->id.len / ENTRY;
    while (n) { /* the first that is not below */
        const size_t half = n / 2;
        const bool below = vl_le64(numbers->id.data + ENTRY * (from + half)) < hash;
        from += below ? half + 1 : 0;
        n = below ? n - half - 1 : half;
    }
    const uint8_t *const at = numbers->id.data + ENTRY * from;
    return from < numbers->id.len / ENTRY && vl_le64(at) == hash ? vl_le64(at + 8) : 0;
}
