/* Reader (reader.h): plans which elements of which chunks are needed, and copies them into batches. */
#include "pipeline/out/pages.h"
#include "pipeline/out/unfolding.h"

#include "formats/xxh3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The digest of a column so far. */
typedef struct tally {
    XXH3_state_t *hash; /* owned; NULL before the first chunk */
    uint64_t next;      /* chunk */
} tally;

struct vl_reader {
    vl_store *store; /* borrowed */
    vl_columns columns;
    const vl_fold *fold; /* NULL: all rows are as they were stored */
    vl_pages pages;      /* its clock: calls of vl_reader_rows */
    tally *tally;        /* owned; [columns of the store]; NULL: no digests are taken */
    vl_fresh fresh;      /* of the job that is planned now */
    double brief;        /* > 0: chunks may be unpacked in part (vl_reader_brief) */
    bool once;           /* chunks that were loaded are not kept */
};

/* ---- open ---- */

vl_code vl_reader_open(vl_reader **out, vl_store *store, const vl_schema *program, const vl_schema_1 *old,
                       vl_err *err)
{
    vl_reader *const r = *out = calloc(1, sizeof *r);
    if (!r) return vl_fail(err, VL_ENOMEM, "no memory to read a store");
    r->store = store;
    vl_pages_open(&r->pages, store, VL_READER_PAGES + (size_t)vl_store_ncolumn(store));
    if (vl_columns_read(&r->columns, store, program, old, err)) return err->code;
    const vl_fold *const fold = r->columns.schema->fold;
    r->fold = fold && fold->is_folded(r->columns.schema) ? fold : NULL;
    return VL_OK;
}

vl_store *vl_reader_store(const vl_reader *r) { return r->store; }
const vl_columns *vl_reader_columns(const vl_reader *r) { return &r->columns; }
uint64_t vl_reader_nrow(const vl_reader *r, int table) { return r->columns.nrow[table]; }
int vl_reader_column(const vl_reader *r, int field) { return r->columns.column[field]; }

/* ---- pages ---- */

/* A page that digests are to be taken of stays pinned until they are. */
static vl_code add_fresh(vl_reader *r, vl_page *page, vl_err *err)
{
    vl_fresh *const f = &r->fresh;
    if (!r->tally) return VL_OK;
    if (f->npage == f->cpage) {
        const size_t cap = f->cpage ? 2 * f->cpage : VL_READER_PAGES;
        vl_page **const p = realloc(f->page, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu chunks", cap);
        f->page = p;
        f->cpage = cap;
    }
    vl_page_hold(&r->pages, page);
    f->page[f->npage++] = page;
    return VL_OK;
}

void vl_reader_brief(vl_reader *r, double share) { r->brief = r->tally ? 0 : share; }
void vl_reader_once(vl_reader *r, bool once) { r->once = once && !r->tally; }

static vl_page *pin(vl_reader *r, int column, uint64_t nth, vl_part part, vl_err *err)
{
    bool fetched = false;
    vl_page *const page = vl_page_pin(&r->pages, column, nth, part, &fetched, err);
    if (page && fetched && add_fresh(r, page, err)) vl_page_unpin(&r->pages, page, false);
    return err->code ? NULL : page;
}

/* ---- spans ---- */

void vl_reader_drop_span(vl_reader *r, vl_span *span)
{
    const uint64_t end = span->first + span->count;
    for (size_t i = 0; i < span->npage; i++) {
        const uint64_t chunk = vl_store_column(r->store, span->column)->chunk;
        vl_page_unpin(&r->pages, span->page[i], end / chunk > span->page[i]->nth);
    }
    span->npage = 0;
    span->count = 0;
    span->column = -1;
}

void vl_span_free(vl_span *span)
{
    free(span->page);
    *span = (vl_span){ .column = -1 };
}

/* The part of a chunk that is wanted for elements [first, end) of it, and for what follows. */
static vl_part part_of(const vl_reader *r, uint64_t first, uint64_t end, uint64_t chunk)
{
    static const double MORE = 1.125; /* what follows is not just as dense */
    if (r->brief <= 0) return (vl_part){ 0 };
    const double most = (double)(end - first) * (r->brief > 1 ? r->brief * MORE : 1);
    const uint64_t to = most < (double)(chunk - first) ? first + (uint64_t)most : chunk;
    return (vl_part){ .from = (size_t)first, .to = (size_t)(to > end ? to : end) };
}

vl_code vl_reader_span(vl_reader *r, vl_span *span, int column, uint64_t first, uint64_t count, vl_err *err)
{
    vl_reader_drop_span(r, span);
    span->column = column;
    span->first = first;
    span->count = count;
    if (column < 0 || !count) {
        if (count) return vl_fail(err, VL_ESTORE, "a column of the store is missing");
        return VL_OK;
    }
    const vl_stored *const col = vl_store_column(r->store, column);
    if (first > col->nelem || count > col->nelem - first) {
        vl_fail(err, VL_ESTORE, "%s has %" PRIu64 " elements, %" PRIu64 " from %" PRIu64 " on are wanted",
                col->path, col->nelem, count, first);
        return vl_err_file(err, vl_store_path(r->store));
    }
    const uint64_t chunk = col->chunk, from = first / chunk, to = (first + count - 1) / chunk;
    const size_t n = (size_t)(to - from + 1);
    if (n > span->cpage) {
        vl_page **const p = realloc(span->page, n * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu chunks", n);
        span->page = p;
        span->cpage = n;
    }
    for (uint64_t i = from; i <= to; i++) {
        const uint64_t start = i * chunk, end = first + count - start;
        const vl_part part = part_of(r, first > start ? first - start : 0, end < chunk ? end : chunk, chunk);
        vl_page *const page = pin(r, column, i, part, err);
        if (!page) return err->code;
        span->page[span->npage++] = page;
    }
    return VL_OK;
}

vl_code vl_reader_copy_span(vl_reader *r, vl_span *span, uint8_t *to, vl_work *work, vl_err *err)
{
    if (!span->count || span->column < 0) return VL_OK;
    const vl_stored *const col = vl_store_column(r->store, span->column);
    const size_t width = vl_type_width(col->type);
    const uint64_t chunk = col->chunk;
    uint64_t at = span->first, left = span->count;
    for (size_t i = 0; i < span->npage; i++) {
        vl_page *const page = span->page[i];
        if (vl_page_unpack(&r->pages, page, work, err)) break;
        const uint64_t skip = at - page->nth * chunk, have = page->plain.len / width - skip,
                       n = left < have ? left : have;
        memcpy(to, page->plain.data + skip * width, n * width);
        to += n * width;
        at += n;
        left -= n;
    }
    return err->code;
}

const uint8_t *vl_reader_look(vl_reader *r, const vl_span *span, uint64_t first, uint64_t n, vl_buf *room,
                              vl_work *work, vl_err *err)
{
    if (!n || span->column < 0) return NULL;
    const vl_stored *const col = vl_store_column(r->store, span->column);
    const size_t width = vl_type_width(col->type);
    const uint64_t chunk = col->chunk, end = first + n;
    if (first < span->first || end > span->first + span->count) {
        vl_fail(err, VL_EBUG, "elements of %s that were not planned", col->path);
        return NULL;
    }
    size_t i = (size_t)(first / chunk - span->first / chunk);
    vl_page *page = span->page[i];
    if (vl_page_unpack(&r->pages, page, work, err)) return NULL;
    const uint8_t *const at = page->plain.data + (first - page->nth * chunk) * width;
    if (end <= (page->nth + 1) * chunk) return at;
    room->len = 0;
    for (uint64_t from = first; from < end; i++) {
        page = span->page[i];
        const uint64_t next = (page->nth + 1) * chunk, to = next < end ? next : end;
        if (vl_page_unpack(&r->pages, page, work, err) ||
            vl_buf_append(room, page->plain.data + (from - page->nth * chunk) * width, (to - from) * width,
                          err))
            return NULL;
        from = to;
    }
    return room->data;
}

/* Of the elements at [n] those that lie in a page, to their places in `to`. number [n]: room. */
static vl_code pick_page(vl_reader *r, vl_page *page, const uint64_t *at, size_t n, uint64_t *number,
                         uint8_t *to, vl_buf *room, vl_work *work, vl_err *err)
{
    const vl_stored *const col = vl_store_column(r->store, page->column);
    const size_t width = vl_type_width(col->type);
    const uint64_t first = page->nth * col->chunk;
    size_t own = 0;
    for (size_t i = 0; i < n; i++)
        if (at[i] >= first && at[i] - first < col->chunk) number[own++] = at[i] - first;
    if (!own) return VL_OK;
    const uint8_t *const plain = vl_page_pick(&r->pages, page, number, own, room, work, err);
    if (!plain) return err->code;
    for (size_t i = 0; i < n; i++)
        if (at[i] >= first && at[i] - first < col->chunk)
            memcpy(to + i * width, plain + (at[i] - first) * width, width);
    return VL_OK;
}

vl_code vl_reader_pick(vl_reader *r, const vl_span *span, const uint64_t *at, size_t n, vl_buf *to,
                       vl_buf *room, vl_work *work, vl_err *err)
{
    vl_buf number = { 0 };
    to->len = 0;
    if (!n || span->column < 0) return VL_OK;
    const size_t width = vl_type_width(vl_store_column(r->store, span->column)->type);
    for (size_t i = 0; i < n; i++)
        if (at[i] < span->first || at[i] - span->first >= span->count)
            return vl_fail(err, VL_EBUG, "element %" PRIu64 " was not planned", at[i]);
    if (vl_buf_reserve(to, n * width, err) || vl_buf_reserve(&number, n * sizeof *at, err)) goto out;
    for (size_t i = 0; i < span->npage && !err->code; i++)
        pick_page(r, span->page[i], at, n, (uint64_t *)(void *)number.data, to->data, room, work, err);
    to->len = n * width;
out:
    vl_buf_free(&number);
    return err->code;
}

vl_code vl_reader_load_span(vl_reader *r, vl_span *span, vl_buf *out, vl_work *work, vl_err *err)
{
    out->len = 0;
    if (span->column >= 0 && span->count) {
        const size_t len = span->count * vl_type_width(vl_store_column(r->store, span->column)->type);
        if (!vl_buf_reserve(out, len, err) && !vl_reader_copy_span(r, span, out->data, work, err))
            out->len = len;
    }
    vl_reader_drop_span(r, span);
    return err->code;
}

vl_code vl_reader_elements(vl_reader *r, int column, uint64_t first, uint64_t n, vl_buf *out, vl_work *work,
                           vl_err *err)
{
    vl_span span = { .column = -1 };
    if (!vl_reader_span(r, &span, column, first, n, err)) vl_reader_load_span(r, &span, out, work, err);
    else vl_reader_drop_span(r, &span);
    vl_span_free(&span);
    return err->code;
}

/* ---- rows ---- */

vl_code vl_reader_offsets(vl_reader *r, int field, uint64_t first, size_t n, uint64_t *offset, vl_work *work,
                          vl_err *err)
{
    if (r->columns.offset[field] < 0) {
        const uint64_t length = r->columns.column[field] < 0
                                    ? 0
                                    : vl_store_column(r->store, r->columns.column[field])->row_length;
        for (size_t i = 0; i <= n; i++) offset[i] = (first + i) * length;
        return VL_OK;
    }
    vl_span span = { .column = -1 };
    if (!vl_reader_span(r, &span, r->columns.offset[field], first, n + 1, err))
        vl_reader_copy_span(r, &span, (uint8_t *)offset, work, err);
    vl_reader_drop_span(r, &span);
    vl_span_free(&span);
    const uint64_t most =
        r->columns.column[field] < 0 ? 0 : vl_store_column(r->store, r->columns.column[field])->nelem;
    for (size_t i = 0; i <= n && !err->code; i++) {
        if (offset[i] > most || (i && offset[i] < offset[i - 1]))
            vl_fail(err, VL_ESTORE, "%s.offset: row %" PRIu64 " ends at element %" PRIu64,
                    r->columns.schema->field[field].path, first + i, offset[i]);
    }
    return vl_err_file(err, vl_store_path(r->store));
}

static vl_code plan_ragged(vl_reader *r, vl_plan *plan, int f, uint64_t first, size_t n, vl_want want,
                           vl_work *work, vl_err *err)
{
    vl_column *const col = &plan->batch.col[f];
    col->nrow = 0;
    if (vl_rows_grow(col, n, err) || vl_reader_offsets(r, f, first, n, col->offset, work, err))
        return err->code;
    const uint64_t base = col->offset[0], count = want == VL_WANT_ROWS ? col->offset[n] - base : 0;
    for (size_t i = 0; i <= n; i++) col->offset[i] -= base;
    col->nrow = n;
    return vl_reader_span(r, &plan->span[f], r->columns.column[f], base, count, err);
}

static vl_code plan_fixed(vl_reader *r, vl_plan *plan, int f, uint64_t first, size_t n, vl_err *err)
{
    if (r->columns.absent[f])
        return vl_columns_missing(&r->columns.schema->field[f], n, &plan->batch.col[f].data, err);
    return vl_reader_span(r, &plan->span[f], r->columns.column[f], first, n, err);
}

vl_code vl_reader_stored(vl_reader *r, vl_plan *plan, int table, uint64_t first, size_t n,
                         const vl_want *want, vl_work *work, vl_err *err)
{
    if (first > r->columns.nrow[table] || n > r->columns.nrow[table] - first)
        return vl_fail(err, VL_ESTORE, "rows %" PRIu64 " to %" PRIu64 " of %s: there are %" PRIu64, first,
                       first + n, r->columns.schema->table[table], r->columns.nrow[table]);
    r->pages.clock++;
    plan->batch.first[table] = first;
    plan->batch.nrow[table] = n;
    for (int f = 0; f < r->columns.schema->nfield; f++) {
        const vl_field *const field = &r->columns.schema->field[f];
        if (field->table != table || (field->shape != VL_FIXED && field->shape != VL_RAGGED)) continue;
        const vl_want how = want ? want[f] : f < r->columns.nprogram ? VL_WANT_ROWS : VL_WANT_NOT;
        if (!how) continue;
        if (field->shape == VL_RAGGED ? plan_ragged(r, plan, f, first, n, how, work, err)
                                      : plan_fixed(r, plan, f, first, n, err))
            return err->code;
    }
    return VL_OK;
}

vl_code vl_reader_rows(vl_reader *r, vl_plan *plan, int table, uint64_t first, size_t n, const vl_want *want,
                       vl_work *work, vl_err *err)
{
    return r->fold && r->fold->table == table ? vl_unfolding_plan(r, r->fold, plan, first, n, want, work, err)
                                              : vl_reader_stored(r, plan, table, first, n, want, work, err);
}

vl_code vl_reader_referred(vl_reader *r, vl_plan *plan, int field, uint64_t first, size_t n,
                           const vl_want *want, vl_work *work, vl_err *err)
{
    enum { MOST = 1 << 20 };
    const vl_field *const f = &r->columns.schema->field[field];
    const size_t step = (size_t)f->ref_step;
    uint64_t least = UINT64_MAX, most = 0;
    vl_buf refs = { 0 };
    if (!n) return vl_reader_rows(r, plan, f->ref_to, 0, 0, want, work, err);
    vl_reader_elements(r, r->columns.column[field], first * step, n * step, &refs, work, err);
    for (size_t i = step - 1; i < n * step && !err->code; i += step) {
        const uint64_t row = vl_le64(refs.data + 8 * i);
        least = row < least ? row : least;
        most = row > most ? row : most;
    }
    vl_buf_free(&refs);
    if (err->code) return err->code;
    if (most - least >= MOST)
        return vl_fail(err, VL_ESTORE,
                       "rows %" PRIu64 " to %" PRIu64 " of %s point at rows far from each other", first,
                       first + n, f->path);
    return vl_reader_rows(r, plan, f->ref_to, least, (size_t)(most - least) + 1, want, work, err);
}

/* What stands for missing is in the batch already. */
static bool is_filled(const vl_reader *r, int f)
{
    return r->columns.absent[f] && r->columns.schema->field[f].shape == VL_FIXED;
}

static vl_code load_once(vl_reader *r, vl_span *span, vl_buf *out, vl_work *work, vl_err *err)
{
    const size_t len =
        span->count * (span->column < 0 ? 0 : vl_type_width(vl_store_column(r->store, span->column)->type));
    out->len = 0;
    if (!vl_buf_reserve(out, len, err) && !vl_reader_copy_span(r, span, out->data, work, err)) out->len = len;
    for (size_t i = 0; i < span->npage; i++) vl_page_give_back(&r->pages, span->page[i]);
    vl_reader_drop_span(r, span);
    return err->code;
}

void vl_reader_unpack(vl_reader *r, vl_plan *plan, vl_work *work)
{
    for (int f = 0; f < r->columns.schema->nfield && !r->once; f++)
        for (size_t i = 0; i < plan->span[f].npage; i++)
            vl_page_unpack_here(&r->pages, plan->span[f].page[i], work);
}

vl_code vl_reader_load_stored(vl_reader *r, vl_plan *plan, vl_work *work, vl_err *err)
{
    for (int f = 0; f < r->columns.schema->nfield && r->once; f++)
        if (!is_filled(r, f) && load_once(r, &plan->span[f], &plan->batch.col[f].data, work, err))
            return err->code;
    if (r->once) return VL_OK;
    vl_reader_unpack(r, plan, work);
    for (int f = 0; f < r->columns.schema->nfield; f++)
        if (!is_filled(r, f) && vl_reader_load_span(r, &plan->span[f], &plan->batch.col[f].data, work, err))
            return err->code;
    return VL_OK;
}

vl_code vl_reader_load(vl_reader *r, vl_plan *plan, vl_work *work, vl_err *err)
{
    if (vl_reader_load_stored(r, plan, work, err) || !r->fold) return err->code;
    return vl_unfolding_load(r, r->fold, plan, work, err);
}

vl_code vl_reader_want(const vl_reader *r, const vl_sight *sight, int n, vl_want **want, vl_err *err)
{
    *want = calloc((size_t)r->columns.schema->nfield + 1, sizeof **want);
    if (!*want) return vl_fail(err, VL_ENOMEM, "no memory for columns");
    for (int i = 0; i < n; i++) (*want)[sight[i].field] = sight[i].want;
    return VL_OK;
}

vl_code vl_reader_stream(vl_reader *r, vl_plan *plan, int field, uint64_t first, uint64_t count, vl_err *err)
{
    return vl_reader_span(r, &plan->span[field], r->columns.column[field], first, count, err);
}

vl_code vl_reader_load_stream(vl_reader *r, vl_plan *plan, int field, vl_work *work, vl_err *err)
{
    return vl_reader_load_span(r, &plan->span[field], &plan->batch.col[field].data, work, err);
}

/* ---- plans ---- */

vl_code vl_plan_init(vl_plan *plan, const vl_reader *r, vl_err *err)
{
    const vl_columns *const c = &r->columns;
    *plan = (vl_plan){ 0 };
    plan->span = calloc((size_t)c->schema->nfield + 1, sizeof *plan->span);
    plan->piece = calloc((size_t)c->npiece + 1, sizeof *plan->piece);
    if (!plan->span || !plan->piece) return vl_fail(err, VL_ENOMEM, "no memory for a plan");
    for (int f = 0; f < c->schema->nfield; f++) plan->span[f].column = -1;
    for (int k = 0; k < c->npiece; k++) plan->piece[k].column = -1;
    if (vl_batch_init(&plan->batch, c->schema, err)) return err->code;
    vl_piece_column *const copy = malloc(((size_t)c->npiece + 1) * sizeof *copy);
    if (!copy) return vl_fail(err, VL_ENOMEM, "no memory for a plan");
    memcpy(copy, c->piece, (size_t)c->npiece * sizeof *copy);
    plan->batch.piece_column = copy;
    plan->batch.npiece_column = plan->batch.cpiece_column = (size_t)c->npiece;
    return VL_OK;
}

static void free_spans(vl_reader *r, vl_span *span, int n)
{
    for (int i = 0; span && i < n; i++) {
        if (r) vl_reader_drop_span(r, &span[i]);
        vl_span_free(&span[i]);
    }
    free(span);
}

void vl_plan_free(vl_reader *r, vl_plan *plan)
{
    const bool made = plan->batch.schema != NULL;
    vl_unfolding_free(r, plan);
    free_spans(r, plan->span, made ? plan->batch.schema->nfield : 0);
    free_spans(r, plan->piece, made ? (int)plan->batch.npiece_column : 0);
    if (made) vl_batch_free(&plan->batch);
    *plan = (vl_plan){ 0 };
}

/* ---- digests ---- */

vl_code vl_reader_digests_start(vl_reader *r, vl_err *err)
{
    r->tally = calloc((size_t)vl_store_ncolumn(r->store) + 1, sizeof *r->tally);
    return r->tally ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for digests");
}

void vl_reader_fresh(vl_reader *r, vl_fresh *out)
{
    const vl_fresh t = *out;
    *out = r->fresh;
    r->fresh = t;
}

/* A chunk that was fetched again, or out of order, is not hashed: its column does not become whole. */
static vl_code add_page(vl_reader *r, vl_page *page, vl_work *work, vl_err *err)
{
    tally *const t = &r->tally[page->column];
    if (page->nth != t->next) return VL_OK;
    if (vl_page_unpack(&r->pages, page, work, err)) return err->code;
    if (!t->hash) {
        if (!(t->hash = XXH3_createState())) return vl_fail(err, VL_ENOMEM, "no memory for a digest");
        XXH3_128bits_reset(t->hash);
    }
    XXH3_128bits_update(t->hash, page->plain.data, page->plain.len);
    t->next++;
    return VL_OK;
}

vl_code vl_reader_digest(vl_reader *r, vl_fresh *fresh, vl_work *work, vl_err *err)
{
    for (size_t i = 0; i < fresh->npage; i++) {
        if (!err->code) add_page(r, fresh->page[i], work, err);
        vl_page_unpin(&r->pages, fresh->page[i], false);
    }
    fresh->npage = 0;
    return err->code;
}

vl_code vl_reader_digests_whole(vl_reader *r, bool *whole, vl_err *err)
{
    for (int c = 0; c < vl_store_ncolumn(r->store); c++) {
        const vl_stored *const col = vl_store_column(r->store, c);
        const tally *const t = &r->tally[c];
        XXH128_canonical_t got;
        whole[c] = t->hash && t->next == col->nchunk;
        if (!whole[c]) continue;
        XXH128_canonicalFromHash(&got, XXH3_128bits_digest(t->hash));
        if (!memcmp(got.digest, col->digest, sizeof got.digest)) continue;
        vl_fail(err, VL_ESTORE, "%s does not match its digest", col->path);
        return vl_err_file(err, vl_store_path(r->store));
    }
    return VL_OK;
}

void vl_fresh_free(vl_fresh *fresh)
{
    free(fresh->page);
    *fresh = (vl_fresh){ 0 };
}

void vl_reader_close(vl_reader *r)
{
    if (!r) return;
    for (int c = 0; r->tally && c < vl_store_ncolumn(r->store); c++) XXH3_freeState(r->tally[c].hash);
    free(r->tally);
    vl_fresh_free(&r->fresh);
    vl_pages_close(&r->pages);
    vl_columns_free(&r->columns);
    free(r);
}
