/* Finding rows (find.h). */
#include "pipeline/out/find.h"

#include "formats/xxh3.h"
#include "pipeline/out/indexing.h"
#include "pipeline/out/weigh.h"
#include "pipeline/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- by the index ---- */

static vl_code add_all(vl_reader *r, int table, vl_rows *may, vl_err *err)
{
    return vl_rows_add(may, 0, vl_reader_nrow(r, table), err);
}

/* The bytes of an index. *good: it is there, made in this program's way of the columns that the store has. */
static vl_code read_index(vl_reader *r, const vl_index *x, vl_buf *bytes, bool *good, vl_work *work,
                          vl_err *err)
{
    char path[VL_PATH], of[33];
    int column = -1;
    vl_index_note note;
    XXH128_canonical_t hash;
    vl_store *const st = vl_reader_store(r);
    const vl_schema *const schema = vl_reader_columns(r)->schema;
    *good = false;
    snprintf(path, sizeof path, VL_INDEX_GROUP "/%s", x->name);
    if (vl_store_index(st, path, &column, &note, err) || column < 0) return err->code;
    vl_indexed_hash(st, schema, x->field, of);
    if (note.version != x->version || note.unit != x->unit || strcmp(note.of, of) ||
        note.rows != vl_reader_nrow(r, schema->field[x->field].table))
        return VL_OK;
    if (vl_store_read(st, column, bytes, work, err)) return err->code;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(bytes->data, bytes->len));
    *good = !memcmp(hash.digest, note.digest, sizeof note.digest);
    return VL_OK;
}

/* Asks the filters of those blocks that have one. */
static vl_code sift(vl_reader *r, const vl_index *x, const vl_wanted *want, size_t n, vl_index_found *f,
                    vl_work *work, vl_err *err)
{
    char path[VL_PATH];
    int column = -1;
    vl_index_note note;
    vl_buf filter = { 0 };
    if (!f->nblock) return VL_OK;
    snprintf(path, sizeof path, VL_INDEX_GROUP "/%s.filter", x->name);
    if (vl_store_index(vl_reader_store(r), path, &column, &note, err)) return err->code;
    for (size_t i = 0; i < f->nblock && !err->code; i++)
        if (!vl_reader_elements(r, column, f->block[i].at, f->block[i].bytes, &filter, work, err))
            vl_index_sift(&f->block[i], filter.data, want, n, f, err);
    vl_buf_free(&filter);
    return err->code;
}

static vl_code add_units(const vl_index_found *f, uint32_t unit, uint64_t nrow, vl_rows *may, vl_err *err)
{
    for (size_t u = 0; u < f->nunit; u++) {
        const uint64_t first = (uint64_t)u * unit, left = nrow - first;
        if (f->may[u] && vl_rows_add(may, first, left < unit ? left : unit, err)) break;
    }
    return err->code;
}

vl_code vl_find_may(vl_reader *r, const vl_index *x, const vl_wanted *want, size_t n, vl_work *work,
                    vl_rows *may, vl_err *err)
{
    vl_buf bytes = { 0 };
    vl_index_found f = { 0 };
    vl_err why = VL_ERR_INIT;
    bool good = false;
    const int table = vl_reader_columns(r)->schema->field[x->field].table;
    const uint64_t nrow = vl_reader_nrow(r, table);
    if (want && !read_index(r, x, &bytes, &good, work, &why) && good &&
        !vl_index_find(x, bytes.data, bytes.len, nrow, want, n, &f, &why))
        sift(r, x, want, n, &f, work, &why);
    if (why.code && why.code != VL_ESTORE) *err = why;
    else if (why.code || !good) add_all(r, table, may, err);
    else add_units(&f, x->unit, nrow, may, err);
    vl_index_found_free(&f);
    vl_buf_free(&bytes);
    return err->code;
}

/* ---- looking ---- */

enum { ROWS = 1 << 14, ELEMENTS = 1 << 21 };

/* What one slot carries. */
typedef struct load {
    vl_plan plan;
    vl_work work;
    uint64_t first;
    size_t n;
    uint8_t *what; /* owned; [ROWS] */
} load;

typedef struct finder {
    vl_reader *r;
    const vl_search *search;
    vl_rows *rows, *found;
    vl_want *want;
    bool near; /* all rows lie near each other */
} finder;

/* As many rows as have about ELEMENTS of each column that is looked at. */
static vl_code weigh(const finder *f, load *l, size_t *n, vl_err *err)
{
    const vl_search *const s = f->search;
    const vl_schema *const schema = vl_reader_columns(f->r)->schema;
    for (int i = 0; i < s->nsight && *n && !err->code; i++) {
        const vl_field *const field = &schema->field[s->sight[i].field];
        const size_t step = field->table == s->table ? 1 : s->step;
        size_t rows = *n * step;
        uint64_t elements = 0;
        if (field->shape != VL_RAGGED || s->sight[i].want != VL_WANT_ROWS) continue;
        if (!vl_weigh_rows(f->r, s->sight[i].field, vl_rows_next(f->rows) * step, step, ELEMENTS, &rows,
                           &elements, &l->work, err))
            *n = rows / step;
    }
    return err->code;
}

static vl_code fetch(void *self, vl_slot *slot, vl_err *err)
{
    const finder *const f = self;
    const vl_search *const s = f->search;
    load *const l = slot->body;
    size_t n = vl_rows_ahead(f->rows, ROWS);
    if (f->near && n) vl_reader_brief(f->r, vl_rows_share(f->rows, vl_rows_next(f->rows), n));
    if (weigh(f, l, &n, err)) return err->code;
    l->n = vl_rows_take(f->rows, n, &l->first);
    slot->end = f->rows->at == f->rows->n;
    if (!l->n || vl_reader_rows(f->r, &l->plan, s->table, l->first, l->n, f->want, &l->work, err))
        return err->code;
    if (s->along < 0) return VL_OK;
    return vl_reader_rows(f->r, &l->plan, s->along, l->first * s->step, l->n * s->step, f->want, &l->work,
                          err);
}

static vl_code look(void *self, vl_slot *slot, vl_err *err)
{
    const finder *const f = self;
    load *const l = slot->body;
    if (!l->n || vl_reader_load(f->r, &l->plan, &l->work, err)) return err->code;
    memset(l->what, 0, l->n);
    return f->search->look(f->search->self, &l->plan.batch, l->n, l->what, err);
}

static vl_code add(void *self, vl_slot *slot, vl_err *err)
{
    const finder *const f = self;
    const load *const l = slot->body;
    const unsigned step = (unsigned)f->search->step;
    for (size_t i = 0; i < l->n; i++)
        for (unsigned m = 0; l->what[i] && m < step; m++)
            if (l->what[i] >> m & 1 && vl_rows_add(f->found, (l->first + i) * step + m, 1, err))
                return err->code;
    return VL_OK;
}

/* A few thousand rows are looked at before a thread has started. */
static bool are_few(const vl_rows *rows)
{
    uint64_t n = 0;
    for (size_t i = 0; i < rows->n && n <= ROWS; i++) n += rows->run[i].n;
    return n <= ROWS;
}

vl_code vl_find(vl_reader *r, const vl_search *search, vl_rows *rows, vl_rows *found, int threads,
                vl_err *err)
{
    if (!rows->n) return VL_OK;
    const bool few = are_few(rows);
    if (few) threads = 1;
    finder f = { .r = r, .search = search, .rows = rows, .found = found, .near = vl_rows_near(rows) };
    const vl_stage stage[] = { { "fetch", VL_ORDERED, fetch, &f },
                               { "look", VL_PARALLEL, look, &f },
                               { "add", VL_ORDERED, add, &f } };
    const int n = vl_slots_for(threads);
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    else vl_reader_want(r, search->sight, search->nsight, &f.want, err);
    for (int i = 0; i < n && !err->code; i++) {
        slot[i].body = &l[i];
        if (!(l[i].what = malloc(ROWS))) vl_fail(err, VL_ENOMEM, "no memory to look at rows");
        else vl_plan_init(&l[i].plan, r, err);
    }
    if (!err->code) vl_run(stage, 3, slot, n, threads, NULL, err);
    vl_reader_brief(r, 0);
    for (int i = 0; l && i < n; i++) {
        vl_plan_free(r, &l[i].plan);
        vl_work_free(&l[i].work);
        free(l[i].what);
    }
    free(f.want);
    free(l);
    free(slot);
    return err->code;
}
