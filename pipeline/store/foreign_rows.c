/*
 * Rows of foreign tables (foreign_rows.h).
 *
 * What stands for text or rows on a heap is: u32 how many letters or rows, u64 where the heap is, u32 which
 * of its objects. A heap: "GCOL", u8 version 1, 3 bytes, u64 its bytes with this head; then objects: u16
 * number (0: the rest is free), u16 count, 4 bytes, u64 bytes, and these, filled up to a multiple of 8.
 * Source: HDF5 File Format Specification 3.0, III.E.
 */
#include "pipeline/store/foreign_rows.h"

#include "pipeline/store/file.h"
#include "pipeline/store/foreign_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAP_HEAD = 16,
    OBJECT_HEAD = 16,
    HEAP_MOST = 64 << 20,
    TIMES = 24,         /* so many times the file may its tables take, and */
    AT_LEAST = 16 << 20 /* this */
};

typedef struct piece { /* of memory */
    struct piece *before;
    max_align_t byte[];
} piece;

typedef struct heap {
    uint64_t at;
    uint8_t *bytes; /* owned */
    size_t n;
    uint32_t *object; /* owned; where each of them begins, 0: there is none */
    uint32_t nobject;
} heap;

struct vl_foreign_pool {
    uint64_t left;      /* bytes that may still be taken */
    piece *last;        /* owned */
    uint8_t *free_from; /* of it */
    size_t nfree;
    heap *heap;                /* owned; by place */
    size_t nheap, cheap, used; /* used: the one of the last look */
};

vl_code vl_foreign_pool_open(vl_foreign_pool **out, const vl_foreign *f, vl_err *err)
{
    const uint64_t bytes = vl_foreign_bytes(f);
    vl_foreign_pool *const p = *out = calloc(1, sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for tables");
    p->left = bytes < UINT64_MAX / TIMES - AT_LEAST ? bytes * TIMES + AT_LEAST : bytes;
    return VL_OK;
}

static void heap_free(heap *h)
{
    free(h->bytes);
    free(h->object);
}

void vl_foreign_pool_close(vl_foreign_pool *p)
{
    if (!p) return;
    for (piece *one = p->last, *before; one; one = before) {
        before = one->before;
        free(one);
    }
    for (size_t i = 0; i < p->nheap; i++) heap_free(&p->heap[i]);
    free(p->heap);
    free(p);
}

static vl_code spend(vl_foreign_pool *p, uint64_t n, vl_err *err)
{
    if (n > p->left)
        return vl_fail(err, VL_EFORMAT, "its tables ask for more memory than a file of this size can need");
    p->left -= n;
    return VL_OK;
}

/* Zeroed. NULL: err is set. */
static void *take(vl_foreign_pool *p, uint64_t n, vl_err *err)
{
    enum { PIECE = 1 << 16, ALIGN = _Alignof(max_align_t) };
    const uint64_t whole = (n + ALIGN - 1) / ALIGN * ALIGN;
    if (whole < n || spend(p, whole, err)) return NULL;
    if (whole > p->nfree) {
        const size_t room = whole > PIECE ? (size_t)whole : PIECE;
        piece *const one = calloc(1, sizeof *one + room);
        if (!one) {
            vl_fail(err, VL_ENOMEM, "no memory for %" PRIu64 " bytes of a table", n);
            return NULL;
        }
        one->before = p->last;
        p->last = one;
        p->free_from = (uint8_t *)one->byte;
        p->nfree = room;
    }
    void *const at = p->free_from;
    p->free_from += whole;
    p->nfree -= (size_t)whole;
    return at;
}

/* ---- heaps ---- */

static vl_code damaged(vl_err *err, uint64_t at, const char *what)
{
    return vl_fail(err, VL_EFORMAT, "heap at byte %" PRIu64 " %s", at, what);
}

/* The next object of a heap behind place *at, which moves on; its number, 0: there is none. */
static uint32_t next_object(const heap *h, size_t *at, size_t *place)
{
    if (h->n - *at < OBJECT_HEAD) return 0;
    const uint64_t left = h->n - *at - OBJECT_HEAD, n = vl_le64(h->bytes + *at + 8);
    if (n > left) return 0;
    const uint64_t padded = (n + 7) / 8 * 8;
    *place = *at;
    *at += OBJECT_HEAD + (size_t)(padded < left ? padded : left);
    return vl_le16(h->bytes + *place);
}

/* Numbers may come in any order, of two of one number the first counts. */
static vl_code find_objects(vl_foreign_pool *p, heap *h, vl_err *err)
{
    size_t at = HEAP_HEAD, place = 0;
    uint32_t most = 0;
    for (uint32_t own; (own = next_object(h, &at, &place));) most = own > most ? own : most;
    if (spend(p, 4 * (uint64_t)most, err)) return err->code;
    h->nobject = most + 1;
    if (!(h->object = calloc(h->nobject, sizeof *h->object)))
        return vl_fail(err, VL_ENOMEM, "no memory for a heap");
    at = HEAP_HEAD;
    for (uint32_t own; (own = next_object(h, &at, &place));)
        if (!h->object[own]) h->object[own] = (uint32_t)place;
    return VL_OK;
}

static vl_code read_heap(vl_foreign *f, vl_foreign_pool *p, uint64_t at, heap *out, vl_err *err)
{
    uint8_t head[HEAP_HEAD];
    *out = (heap){ .at = at };
    if (f->bytes < HEAP_HEAD || at > f->bytes - HEAP_HEAD) return damaged(err, at, "is not in the file");
    if (vl_read_at(f->fd, head, HEAP_HEAD, at, err)) return err->code;
    const uint64_t n = vl_le64(head + 8);
    if (memcmp(head, "GCOL\1", 5) != 0) return damaged(err, at, "is none");
    if (n < HEAP_HEAD || n > f->bytes - at || n > HEAP_MOST)
        return damaged(err, at, "is longer than the file");
    if (spend(p, n, err)) return err->code;
    if (!(out->bytes = malloc((size_t)n))) return vl_fail(err, VL_ENOMEM, "no memory for a heap");
    out->n = (size_t)n;
    return vl_read_at(f->fd, out->bytes, out->n, at, err) ? err->code : find_objects(p, out, err);
}

/* Where a heap is among those that were read, or would be. */
static size_t place_of(const vl_foreign_pool *p, uint64_t at)
{
    size_t from = 0, to = p->nheap;
    if (p->used < to && p->heap[p->used].at == at) return p->used;
    if (to && p->heap[to - 1].at < at) return to;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (p->heap[middle].at < at) from = middle + 1;
        else to = middle;
    }
    return from;
}

static const heap *find_heap(vl_foreign *f, vl_foreign_pool *p, uint64_t at, vl_err *err)
{
    const size_t i = p->used = place_of(p, at);
    heap one;
    if (i < p->nheap && p->heap[i].at == at) return &p->heap[i];
    if (p->nheap == p->cheap) {
        const size_t want = p->cheap ? 2 * p->cheap : 64;
        heap *const more = realloc(p->heap, want * sizeof *more);
        if (!more) {
            vl_fail(err, VL_ENOMEM, "no memory for %zu heaps", want);
            return NULL;
        }
        p->heap = more;
        p->cheap = want;
    }
    if (read_heap(f, p, at, &one, err)) {
        heap_free(&one);
        return NULL;
    }
    memmove(&p->heap[i + 1], &p->heap[i], (p->nheap++ - i) * sizeof *p->heap);
    p->heap[i] = one;
    return &p->heap[i];
}

/* An object of at least so many bytes. NULL: err is set. */
static const uint8_t *find_object(const heap *h, uint32_t number, uint64_t bytes, vl_err *err)
{
    const uint32_t at = number < h->nobject ? h->object[number] : 0;
    if (at && bytes <= vl_le64(h->bytes + at + 8)) return h->bytes + at + OBJECT_HEAD;
    vl_fail(err, VL_EFORMAT, "heap at byte %" PRIu64 " has no object %" PRIu32 " of %" PRIu64 " bytes", h->at,
            number, bytes);
    return NULL;
}

/* What stands for so many elements of so many bytes each; *n 0: nothing is there. */
static const uint8_t *find_elements(vl_foreign *f, vl_foreign_pool *p, const uint8_t *at, size_t bytes,
                                    uint32_t *n, vl_err *err)
{
    *n = vl_le32(at);
    if (!*n) return NULL;
    const heap *const h = find_heap(f, p, vl_le64(at + 4), err);
    return h ? find_object(h, vl_le32(at + 12), (uint64_t)*n * bytes, err) : NULL;
}

/* ---- rows ---- */

typedef struct reading {
    vl_foreign *f;
    vl_foreign_pool *pool;
} reading;

static vl_code read_row(const reading *r, const vl_foreign_form *form, const vl_foreign_layout *layout,
                        const uint8_t *at, uint8_t *to, vl_err *err);

static vl_code read_text(const reading *r, const uint8_t *at, uint8_t *to, vl_err *err)
{
    const char *text = "";
    uint32_t n = 0;
    const uint8_t *const letters = find_elements(r->f, r->pool, at, 1, &n, err);
    if (letters) {
        char *const copy = take(r->pool, (uint64_t)n + 1, err);
        if (copy) text = memcpy(copy, letters, n);
    }
    memcpy(to, &text, sizeof text);
    return err->code;
}

static vl_code read_rows(const reading *r, const vl_foreign_form *form, const vl_foreign_layout *one,
                         const uint8_t *at, uint8_t *to, vl_err *err)
{
    vl_foreign_rows rows = { 0, NULL };
    uint32_t n = 0;
    const uint8_t *const from = find_elements(r->f, r->pool, at, one->bytes, &n, err);
    uint8_t *const own = from ? take(r->pool, (uint64_t)n * form->size, err) : NULL;
    for (uint32_t i = 0; own && i < n && !err->code; i++)
        read_row(r, form, one, from + i * one->bytes, own + i * form->size, err);
    if (own) rows = (vl_foreign_rows){ n, own };
    memcpy(to, &rows, sizeof rows);
    return err->code;
}

static vl_code read_member(const reading *r, const vl_foreign_member *m, const vl_foreign_layout *l,
                           const uint8_t *at, uint8_t *to, vl_err *err)
{
    switch (m->kind) {
    case VL_WANTED_U16:
    case VL_WANTED_U32: memcpy(to, at, l->bytes); return VL_OK;
    case VL_WANTED_CHARS: memcpy(to, at, l->bytes); return VL_OK;
    case VL_WANTED_TEXT: return read_text(r, at, to, err);
    case VL_WANTED_ROW: return read_row(r, m->of, l, at, to, err);
    case VL_WANTED_ROWS: return read_rows(r, m->of, l->member[0].of, at, to, err);
    }
    return VL_OK;
}

static const vl_foreign_part *part_of(const vl_foreign_layout *l, const char *name)
{
    for (int i = 0; i < l->n; i++)
        if (!strcmp(l->member[i].name, name)) return &l->member[i];
    return NULL;
}

/* The form fits (fits). */
static vl_code read_row(const reading *r, const vl_foreign_form *form, const vl_foreign_layout *layout,
                        const uint8_t *at, uint8_t *to, vl_err *err)
{
    for (int i = 0; i < form->n && !err->code; i++) {
        const vl_foreign_member *const m = &form->member[i];
        /* most often it has the same number */
        const bool same = i < layout->n && !strcmp(layout->member[i].name, m->name);
        const vl_foreign_part *const p = same ? &layout->member[i] : part_of(layout, m->name);
        read_member(r, m, p->of, at + p->at, to + m->at, err);
    }
    return err->code;
}

/* Are all members of the form there, and what it takes them for? */
static bool fits(const vl_foreign_form *form, const vl_foreign_layout *layout)
{
    static const vl_foreign_kind kinds[] = {
        [VL_WANTED_U16] = VL_FOREIGN_WHOLE,   [VL_WANTED_U32] = VL_FOREIGN_WHOLE,
        [VL_WANTED_CHARS] = VL_FOREIGN_CHARS, [VL_WANTED_TEXT] = VL_FOREIGN_TEXT,
        [VL_WANTED_ROW] = VL_FOREIGN_ROW,     [VL_WANTED_ROWS] = VL_FOREIGN_ROWS
    };
    if (layout->kind != VL_FOREIGN_ROW) return false;
    for (int i = 0; i < form->n; i++) {
        const vl_foreign_member *const m = &form->member[i];
        const vl_foreign_part *const p = part_of(layout, m->name);
        if (!p || p->of->kind != kinds[m->kind]) return false;
        if (m->kind == VL_WANTED_U16 && p->of->bytes != 2) return false;
        if (m->kind == VL_WANTED_U32 && p->of->bytes != 4) return false;
        if (m->kind == VL_WANTED_CHARS && p->of->bytes >= m->width) return false;
        if (m->kind == VL_WANTED_ROW && !fits(m->of, p->of)) return false;
        if (m->kind == VL_WANTED_ROWS && !fits(m->of, p->of->member[0].of)) return false;
    }
    return true;
}

bool vl_foreign_has_table(const vl_foreign *f, const char *name)
{
    return vl_foreign_find_table(f, name) >= 0;
}

static vl_code read_table(const reading *r, int set, const vl_foreign_form *form, vl_buf *bytes,
                          vl_foreign_rows *out, vl_err *err)
{
    const vl_dataset_place *const d = &r->f->set[set];
    const uint64_t n = d->is.nelem;
    if (n > UINT64_MAX / (form->size + d->width) || n * d->width > r->pool->left)
        return vl_fail(err, VL_EFORMAT, "it has %" PRIu64 " rows, in a file of %" PRIu64 " bytes", n,
                       r->f->bytes);
    uint8_t *const rows = take(r->pool, n * form->size + 1, err);
    if (!rows || vl_foreign_read(r->f, set, 0, n * d->width, bytes, err)) return err->code;
    for (uint64_t i = 0; i < n; i++)
        if (read_row(r, form, d->layout, bytes->data + i * d->width, rows + i * form->size, err))
            return err->code;
    *out = (vl_foreign_rows){ (size_t)n, rows };
    return VL_OK;
}

vl_code vl_foreign_table(vl_foreign *f, const char *name, const vl_foreign_form *form, vl_foreign_pool *pool,
                         vl_foreign_rows *out, vl_err *err)
{
    const int set = vl_foreign_find_table(f, name);
    const reading r = { f, pool };
    vl_buf bytes = { 0 };
    if (set < 0) return vl_fail(err, VL_EFORMAT, "it has no table %s that can be read", name);
    if (!fits(form, f->set[set].layout))
        return vl_fail(err, VL_EFORMAT, "table %s has other columns than expected", name);
    if (read_table(&r, set, form, &bytes, out, err) && err->code != VL_ENOMEM) {
        char what[sizeof err->what];
        memcpy(what, err->what, sizeof what);
        snprintf(err->what, sizeof err->what, "table %.60s: %.90s", name, what);
        if (err->code == VL_ESTORE) err->code = VL_EFORMAT;
    }
    vl_buf_free(&bytes);
    return err->code;
}

/* ---- numbers ---- */

/* The data set of a column of numbers; -1: there is none. */
static int column_of(const vl_foreign *f, const char *name)
{
    const int array = vl_foreign_find(f, name, strlen(name)), other = vl_foreign_find_table(f, name);
    if (array >= 0) return f->set[array].is.type == VL_U8 ? -1 : array;
    return other >= 0 && f->set[other].layout->kind == VL_FOREIGN_WHOLE ? other : -1;
}

uint64_t vl_foreign_count(const vl_foreign *f, const char *name)
{
    const int set = column_of(f, name);
    return set < 0 ? 0 : f->set[set].is.nelem;
}

static double number_at(const vl_dataset_place *d, const uint8_t *at)
{
    float single;
    double number;
    uint64_t whole = 0;
    if (d->layout) return memcpy(&whole, at, d->width), (double)whole;
    switch (d->is.type) {
    case VL_F32: return memcpy(&single, at, sizeof single), (double)single;
    case VL_F64: return memcpy(&number, at, sizeof number), number;
    case VL_I32: return (double)(int32_t)vl_le32(at);
    default: return (double)(int64_t)vl_le64(at);
    }
}

vl_code vl_foreign_numbers(vl_foreign *f, const char *name, uint64_t from, size_t n, vl_buf *to, vl_err *err)
{
    const int set = column_of(f, name);
    to->len = 0;
    if (!n) return VL_OK;
    if (set < 0 || from > f->set[set].is.nelem || n > f->set[set].is.nelem - from)
        return vl_fail(err, VL_EFORMAT, "table %s has no numbers %" PRIu64 " to %" PRIu64, name, from,
                       from + n - 1);
    const vl_dataset_place *const d = &f->set[set];
    vl_buf bytes = { 0 };
    if (!vl_buf_reserve(to, 8 * n, err) &&
        !vl_foreign_read(f, set, from * d->width, n * d->width, &bytes, err)) {
        for (size_t i = 0; i < n; i++) {
            const double number = number_at(d, bytes.data + i * d->width);
            memcpy(to->data + 8 * i, &number, 8);
        }
        to->len = 8 * n;
    }
    vl_buf_free(&bytes);
    return err->code;
}
