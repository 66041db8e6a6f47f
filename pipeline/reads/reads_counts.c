/* Counts by key (reads_counts.h): open addressing. */
#include "pipeline/reads/reads_counts.h"

#include <stdlib.h>
#include <string.h>

static struct vl_count *find(const vl_counts *c, uint64_t key)
{
    uint64_t h = key * UINT64_C(0x9E3779B97F4A7C15);
    for (h ^= h >> 32;; h++) {
        struct vl_count *const at = &c->at[h & (c->cap - 1)];
        if (!at->n || at->key == key) return at;
    }
}

static vl_code grow(vl_counts *c, vl_err *err)
{
    vl_counts more = { .used = c->used, .cap = c->cap ? 2 * c->cap : 256 };
    more.at = calloc(more.cap, sizeof *more.at);
    if (!more.at) return vl_fail(err, VL_ENOMEM, "no memory for %zu counts", more.cap);
    for (size_t i = 0; i < c->cap; i++)
        if (c->at[i].n) *find(&more, c->at[i].key) = c->at[i];
    free(c->at);
    *c = more;
    return VL_OK;
}

vl_code vl_counts_add(vl_counts *c, uint64_t key, uint64_t n, vl_err *err)
{
    if (!n) return VL_OK;
    if (2 * c->used >= c->cap && grow(c, err)) return err->code;
    struct vl_count *const at = find(c, key);
    c->used += !at->n;
    at->key = key;
    at->n += n;
    return VL_OK;
}

vl_code vl_counts_merge(vl_counts *into, const vl_counts *from, vl_err *err)
{
    for (size_t i = 0; i < from->cap; i++)
        if (vl_counts_add(into, from->at[i].key, from->at[i].n, err)) return err->code;
    return VL_OK;
}

static int by_key(const void *a, const void *b)
{
    const uint64_t x = ((const struct vl_count *)a)->key, y = ((const struct vl_count *)b)->key;
    return (x > y) - (x < y);
}

vl_code vl_counts_store(const vl_counts *c, vl_store *st, const char *path, bool two, const char *axis,
                        const char *doc, vl_err *err)
{
    const size_t lines = two ? 3 : 2, n = c->used;
    size_t k = 0;
    if (!n) return VL_OK;
    struct vl_count *const sorted = malloc(n * sizeof *sorted);
    uint64_t *const line = malloc(lines * n * sizeof *line);
    if (!sorted || !line) {
        vl_fail(err, VL_ENOMEM, "no memory for %zu counts", n);
        goto out;
    }
    for (size_t i = 0; i < c->cap; i++)
        if (c->at[i].n) sorted[k++] = c->at[i];
    qsort(sorted, n, sizeof *sorted, by_key);
    for (k = 0; k < n; k++) {
        line[k] = two ? sorted[k].key >> 32 : sorted[k].key;
        line[n + k] = two ? (uint32_t)sorted[k].key : sorted[k].n;
        if (two) line[2 * n + k] = sorted[k].n;
    }
    vl_store_table(st, path, VL_U64, line, 2, (const uint64_t[]){ lines, n },
                   (const char *const[]){ axis, "one behind the other" }, "", doc, err);
out:
    free(sorted);
    free(line);
    return err->code;
}

void vl_counts_free(vl_counts *c)
{
    free(c->at);
    *c = (vl_counts){ 0 };
}
