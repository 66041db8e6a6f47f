/* Making an index (index.h): bounds of the units of a batch, in parallel; put together in order; as bytes. */
#include "pipeline/index/index.h"

#include "formats/leb.h"
#include "formats/xxh3.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a batch adds ---- */

/* Elements that rows [from, to) bring along in the field that weighs, whose table has so many rows to each of
 * these. */
static uint64_t weigh(const vl_index *x, const vl_batch *b, size_t n, size_t from, size_t to)
{
    if (x->weigh < 0 || !n) return 0;
    const size_t step = b->nrow[b->schema->field[x->weigh].table] / n;
    const uint64_t *const offset = b->col[x->weigh].offset;
    return offset[to * step] - offset[from * step];
}

static vl_code make_room(vl_index_part *p, size_t nunit, size_t nhash, vl_err *err)
{
    if (nunit > p->cunit) {
        free(p->box);
        free(p->weight);
        p->cunit = 0;
        p->box = malloc(nunit * sizeof *p->box);
        p->weight = malloc(nunit * sizeof *p->weight);
        if (!p->box || !p->weight) return vl_fail(err, VL_ENOMEM, "no memory for an index");
        p->cunit = nunit;
    }
    if (nhash > p->chash) {
        free(p->hash);
        p->chash = 0;
        p->hash = malloc(nhash * sizeof *p->hash);
        if (!p->hash) return vl_fail(err, VL_ENOMEM, "no memory for an index");
        p->chash = nhash;
    }
    return VL_OK;
}

vl_code vl_index_part_make(const vl_index *x, const vl_batch *b, vl_index_part *p, vl_err *err)
{
    const int table = b->schema->field[x->field].table;
    const uint64_t first = p->first = b->first[table];
    const size_t n = p->n = b->nrow[table];
    if (!n) return VL_OK;
    const size_t nunit = (size_t)((first + n - 1) / x->unit - first / x->unit + 1);
    if (make_room(p, nunit, x->filter ? n : 0, err)) return err->code;
    size_t from = 0;
    for (size_t u = 0; u < nunit; u++) {
        const uint64_t end = (first / x->unit + u + 1) * x->unit - first;
        const size_t to = end < n ? (size_t)end : n;
        p->box[u].n = 0;
        x->extend(b, x->field, from, to, &p->box[u], x->filter ? p->hash + from : NULL);
        p->weight[u] = weigh(x, b, n, from, to);
        from = to;
    }
    return VL_OK;
}

void vl_index_part_free(vl_index_part *p)
{
    free(p->box);
    free(p->weight);
    free(p->hash);
    *p = (vl_index_part){ 0 };
}

/* ---- a block ---- */

static bool touch(const vl_box *a, const vl_box *b)
{
    const int n = a->n < b->n ? a->n : b->n;
    for (int i = 0; i < n; i++)
        if (a->lo[i] > b->hi[i] || b->lo[i] > a->hi[i]) return false;
    return true;
}

/* Rows in any order: the units touch in one another more than neighbours do. */
static bool is_crowded(const vl_box *box, int n)
{
    int pairs = 0;
    for (int i = 0; i < n; i++)
        for (int k = i + 1; k < n; k++) pairs += touch(&box[i], &box[k]);
    return pairs > 2 * n;
}

/* Bits a row that make the filter 1.2 % of what the rows weigh in a store: an element takes a fourth of a
 * byte at least with all that belongs to it, and a name four. 0: too few to be of use. */
static unsigned bits_for(const vl_index *x, uint64_t weight, uint64_t nrow)
{
    enum { MOST = 8, LEAST = 3 };
    if (x->weigh < 0) return MOST;
    const uint64_t bits = weight / nrow > 1000 ? MOST : (weight / nrow * 25 + 380) / 1000;
    return bits < LEAST ? 0 : bits < MOST ? (unsigned)bits : MOST;
}

static vl_code add_filter(vl_index_sum *s, size_t nrow, unsigned bits, uint8_t head[9], vl_err *err)
{
    const size_t bytes = vl_bloom_bytes(nrow, bits);
    vl_buf *const out = &s->out[1];
    if (vl_buf_grow(out, bytes, err)) return err->code;
    uint8_t *const filter = out->data + out->len;
    memset(filter, 0, bytes);
    vl_bloom_make(filter, bytes, bits, s->hash, nrow);
    vl_put_le64(head + 1, XXH3_64bits(filter, bytes));
    out->len += bytes;
    return VL_OK;
}

static uint8_t *put_box(uint8_t *p, const vl_box *box, uint64_t *last)
{
    p = vl_put_leb(p, (uint64_t)box->n);
    for (int i = 0; i < box->n; i++) {
        const int64_t step = (int64_t)(box->lo[i] - last[i]);
        p = vl_put_leb(p, (uint64_t)step << 1 ^ (uint64_t)(step >> 63));
        p = vl_put_leb(p, box->hi[i] - box->lo[i]);
        last[i] = box->lo[i];
    }
    return p;
}

/* The first blocks have no filter: to look at two in vain is cheap, and small stores keep none. */
static vl_code end_block(vl_index_sum *s, int nunit, size_t nrow, vl_err *err)
{
    enum { BOX_MOST = VL_LEB_MOST * (1 + 2 * VL_KEY_NUMBERS), WITHOUT = 2 };
    vl_buf *const out = &s->out[0];
    uint8_t head[9] = { 0 };
    const unsigned bits = s->x->filter && s->nblock >= WITHOUT && is_crowded(s->box, nunit)
                              ? bits_for(s->x, s->weight, nrow)
                              : 0;
    head[0] = (uint8_t)bits;
    if (bits && add_filter(s, nrow, bits, head, err)) return err->code;
    if (vl_buf_append(out, head, bits ? 9 : 1, err) || vl_buf_grow(out, (size_t)nunit * BOX_MOST, err))
        return err->code;
    uint8_t *p = out->data + out->len;
    for (int i = 0; i < nunit; i++) p = put_box(p, &s->box[i], s->last);
    out->len = (size_t)(p - out->data);
    for (int i = 0; i < VL_INDEX_BLOCK; i++) s->box[i].n = 0;
    s->nunit = 0;
    s->weight = 0;
    s->nblock++;
    return VL_OK;
}

/* ---- the whole ---- */

vl_code vl_index_start(vl_index_sum *s, const vl_index *x, vl_err *err)
{
    *s = (vl_index_sum){ .x = x };
    if (x->filter) s->hash = malloc((size_t)x->unit * VL_INDEX_BLOCK * sizeof *s->hash);
    return x->filter && !s->hash ? vl_fail(err, VL_ENOMEM, "no memory for an index") : VL_OK;
}

static void merge(vl_box *into, const vl_box *from)
{
    for (int i = 0; i < from->n; i++) {
        vl_box_take(into, i, from->lo[i]);
        vl_box_take(into, i, from->hi[i]);
    }
}

vl_code vl_index_add(vl_index_sum *s, const vl_index_part *p, vl_err *err)
{
    const size_t unit = s->x->unit, block = unit * VL_INDEX_BLOCK;
    if (!p->n) return VL_OK;
    if (p->first != s->nrow)
        return vl_fail(err, VL_EBUG, "index %s: row %llu after %llu", s->x->name,
                       (unsigned long long)p->first, (unsigned long long)s->nrow);
    size_t done = 0;
    for (size_t u = 0; done < p->n; u++) {
        const size_t room = unit - (size_t)(s->nrow % unit), n = p->n - done < room ? p->n - done : room;
        merge(&s->box[s->nunit], &p->box[u]);
        s->weight += p->weight[u];
        if (s->hash) memcpy(s->hash + s->nrow % block, p->hash + done, n * sizeof *s->hash);
        s->nrow += n;
        done += n;
        if (n < room || ++s->nunit < VL_INDEX_BLOCK) continue;
        if (end_block(s, s->nunit, block, err)) return err->code;
    }
    return VL_OK;
}

vl_code vl_index_end(vl_index_sum *s, vl_err *err)
{
    const size_t unit = s->x->unit, left = (size_t)(s->nrow % (unit * VL_INDEX_BLOCK));
    return left ? end_block(s, (int)((left + unit - 1) / unit), left, err) : VL_OK;
}

void vl_index_sum_free(vl_index_sum *s)
{
    vl_buf_free(&s->out[0]);
    vl_buf_free(&s->out[1]);
    free(s->hash);
    *s = (vl_index_sum){ 0 };
}
