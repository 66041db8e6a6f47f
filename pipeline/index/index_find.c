/* Asking an index (index.h): its bytes, which may be anything, are read once; what is wanted is narrowed to
 * each unit. */
#include "pipeline/index/index.h"

#include "formats/leb.h"
#include "formats/xxh3.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

typedef struct cursor {
    const uint8_t *p, *end;
    uint64_t last[VL_KEY_NUMBERS];
} cursor;

static vl_code cut_off(vl_err *err) { return vl_fail(err, VL_ESTORE, "ends within a unit"); }

static vl_code read_box(cursor *c, vl_box *box, vl_err *err)
{
    uint64_t n, step, width;
    if (!(c->p = vl_get_leb(c->p, c->end, &n))) return cut_off(err);
    if (n > VL_KEY_NUMBERS) return vl_fail(err, VL_ESTORE, "a key of %llu numbers", (unsigned long long)n);
    box->n = (int)n;
    for (size_t i = 0; i < n; i++) {
        if (!(c->p = vl_get_leb(c->p, c->end, &step)) || !(c->p = vl_get_leb(c->p, c->end, &width)))
            return cut_off(err);
        box->lo[i] = c->last[i] += step >> 1 ^ (0 - (step & 1));
        if (__builtin_add_overflow(box->lo[i], width, &box->hi[i]))
            return vl_fail(err, VL_ESTORE, "bounds beyond the largest number");
    }
    return VL_OK;
}

/* Whether the block has a filter, and what it must hash to. */
static vl_code read_head(cursor *c, vl_index_block *block, size_t nrow, vl_err *err)
{
    enum { MOST_BITS = 64 };
    if (c->p == c->end) return cut_off(err);
    block->bits = *c->p++;
    block->bytes = 0;
    if (!block->bits) return VL_OK;
    if (block->bits > MOST_BITS) return vl_fail(err, VL_ESTORE, "a filter of %u bits a row", block->bits);
    if (c->end - c->p < 8) return cut_off(err);
    block->check = vl_le64(c->p);
    block->bytes = vl_bloom_bytes(nrow, block->bits);
    c->p += 8;
    return VL_OK;
}

/* ---- what is wanted ---- */

/* In the order of the numbers of their keys. */
static int by_key(const void *a, const void *b)
{
    const vl_box *const x = &(*(const vl_wanted *const *)a)->key, *const y =
                                                                      &(*(const vl_wanted *const *)b)->key;
    for (int i = 0; i < x->n && i < y->n; i++)
        if (x->lo[i] != y->lo[i]) return x->lo[i] < y->lo[i] ? -1 : 1;
    return x->n - y->n;
}

/* The first of want [n], which are sorted by number i, whose number i is v or more; or, above, is more than
 * v. */
static size_t lower(const vl_wanted *const *want, size_t n, int i, uint64_t v, bool above)
{
    size_t from = 0, to = n;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        const uint64_t is = want[mid]->key.lo[i];
        if (is < v || (above && is == v)) from = mid + 1;
        else to = mid;
    }
    return from;
}

static bool fits(const vl_box *key, const vl_box *unit)
{
    for (int i = 0; i < key->n; i++)
        if (i >= unit->n || key->lo[i] > unit->hi[i] || key->hi[i] < unit->lo[i]) return false;
    return true;
}

/* Does any of the wanted keys fit the unit? Points, which are sorted, are first narrowed to those that share
 * the numbers which all rows of the unit have in common, and then lie within the next. */
static bool any_fits(const vl_wanted *const *want, size_t n, bool points, const vl_box *unit)
{
    size_t from = 0, to = n;
    for (int i = 0; points && i < unit->n && from < to; i++) {
        if (want[from]->key.n <= i)
            break; /* it has no such number: the others are not sorted by theirs alone */
        const size_t a = lower(want + from, to - from, i, unit->lo[i], false);
        to = from + lower(want + from, to - from, i, unit->hi[i], true);
        from += a;
        if (unit->lo[i] != unit->hi[i]) break;
    }
    for (; from < to; from++)
        if (fits(&want[from]->key, unit)) return true;
    return false;
}

static bool all_points(const vl_wanted *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(want[i].key.lo, want[i].key.hi, (size_t)want[i].key.n * sizeof *want[i].key.lo))
            return false;
    return true;
}

/* ---- the whole ---- */

static vl_code keep_block(vl_index_found *f, const vl_index_block *block, vl_err *err)
{
    vl_index_block *const p = realloc(f->block, (f->nblock + 1) * sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for a look-up");
    f->block = p;
    p[f->nblock++] = *block;
    return VL_OK;
}

/* want NULL: every unit may hold it; the bytes are read all the same. */
static vl_code find(const vl_index *x, cursor *c, uint64_t nrow, const vl_wanted *const *want, size_t nwant,
                    bool points, vl_index_found *f, vl_err *err)
{
    vl_index_block block = { 0 };
    vl_box unit = { 0 };
    const uint64_t whole = (uint64_t)x->unit * VL_INDEX_BLOCK;
    for (uint64_t row = 0; row < nrow; row += whole) {
        const size_t n = (size_t)(nrow - row < whole ? nrow - row : whole);
        bool any = false;
        block.at += block.bytes;
        block.unit += block.nunit;
        block.nunit = (n + x->unit - 1) / x->unit;
        if (read_head(c, &block, n, err)) return err->code;
        for (size_t u = block.unit; u < block.unit + block.nunit; u++) {
            if (read_box(c, &unit, err)) return err->code;
            f->may[u] = !want || any_fits(want, nwant, points, &unit);
            any |= f->may[u];
        }
        if (any && block.bits && keep_block(f, &block, err)) return err->code;
    }
    return c->p == c->end ? VL_OK : vl_fail(err, VL_ESTORE, "%zu bytes too many", (size_t)(c->end - c->p));
}

vl_code vl_index_find(const vl_index *x, const uint8_t *bytes, size_t n, uint64_t nrow, const vl_wanted *want,
                      size_t nwant, vl_index_found *f, vl_err *err)
{
    cursor c = { .p = bytes, .end = bytes + n };
    *f = (vl_index_found){ 0 };
    /* a unit takes a byte at least */
    if (nrow / x->unit > n)
        return vl_fail(err, VL_ESTORE, "%zu bytes for %llu rows", n, (unsigned long long)nrow);
    f->nunit = (size_t)((nrow + x->unit - 1) / x->unit);
    f->may = calloc(f->nunit + 1, 1);
    const vl_wanted **const sorted = malloc((nwant + 1) * sizeof *sorted);
    if (!f->may || !sorted) {
        vl_fail(err, VL_ENOMEM, "no memory for a look-up");
    } else {
        for (size_t i = 0; i < nwant; i++) sorted[i] = &want[i];
        qsort(sorted, nwant, sizeof *sorted, by_key);
        find(x, &c, nrow, nwant > VL_WANTED_MOST ? NULL : sorted, nwant, all_points(want, nwant), f, err);
    }
    free(sorted);
    return err->code;
}

vl_code vl_index_sift(const vl_index_block *block, const uint8_t *filter, const vl_wanted *want, size_t nwant,
                      vl_index_found *f, vl_err *err)
{
    if (XXH3_64bits(filter, block->bytes) != block->check)
        return vl_fail(err, VL_ESTORE, "the filter of rows from unit %zu on is another", block->unit);
    for (size_t i = 0; i < nwant; i++)
        if (vl_bloom_has(filter, block->bytes, block->bits, want[i].hash)) return VL_OK;
    memset(f->may + block->unit, 0, block->nunit);
    return VL_OK;
}

void vl_index_found_free(vl_index_found *f)
{
    free(f->may);
    free(f->block);
    *f = (vl_index_found){ 0 };
}
