/* The walk over peaks (peak_walk.h): rows of spectra and of their arrays, then the pieces of these. */
#include "pipeline/spectra/peak_walk.h"

#include "pipeline/run/run.h"
#include "pipeline/spectra/mass_record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PEAKS = 1 << 17, ARRAYS = 2 }; /* of m/z in a slot, about a chunk; m/z, intensity */

/* An array of a spectrum in the store. */
typedef struct where {
    uint64_t start, length;
    uint16_t column;
    bool there;
} where;

/* What one slot carries. */
typedef struct carried {
    vl_plan plan;
    vl_work work;
    size_t from, to;        /* of the rows of the walk */
    vl_buf array;           /* of where: [to - from][ARRAYS] */
    vl_buf room[ARRAYS];    /* arrays that lie in several chunks */
    vl_buf decoded[ARRAYS]; /* numbers that are no plain doubles or floats */
    void *state;            /* owned; NULL: it was not opened */
} carried;

typedef struct walking {
    const vl_peak_walk *walk;
    vl_buf at, count;             /* owned: of all spectra, rows of table array */
    vl_buf column, start, length; /* owned: of table array */
    uint64_t *end; /* owned; [columns of pieces]: behind the last piece of the slot; 0: it has none there */
    size_t next;
} walking;

/* ---- where the arrays are ---- */

static vl_code load_column(walking *w, int field, int table, vl_buf *to, vl_err *err)
{
    vl_reader *const r = w->walk->r;
    const uint64_t n = vl_reader_nrow(r, table);
    vl_work work = { 0 };
    if (vl_reader_columns(r)->absent[field])
        vl_columns_missing(&vl_reader_columns(r)->schema->field[field], n, to, err);
    else if (n) vl_reader_elements(r, vl_reader_column(r, field), 0, n, to, &work, err);
    vl_work_free(&work);
    return err->code;
}

static vl_code load_arrays(walking *w, vl_err *err)
{
    if (load_column(w, VL_SP_ARRAY_AT, VL_SPT_SPECTRUM, &w->at, err) ||
        load_column(w, VL_SP_ARRAY_COUNT, VL_SPT_SPECTRUM, &w->count, err) ||
        load_column(w, VL_SP_ARR_COLUMN, VL_SPT_ARRAY, &w->column, err) ||
        load_column(w, VL_SP_ARR_START, VL_SPT_ARRAY, &w->start, err))
        return err->code;
    return load_column(w, VL_SP_ARR_LENGTH, VL_SPT_ARRAY, &w->length, err);
}

/* The first m/z and the first intensity of a spectrum. */
static vl_code find_arrays(const walking *w, uint64_t row, where out[ARRAYS], vl_err *err)
{
    const vl_columns *const known = vl_reader_columns(w->walk->r);
    const uint64_t all = w->column.len / 2, at = vl_le64(w->at.data + 8 * row);
    const uint64_t n = vl_le16(w->count.data + 2 * row);
    out[0] = out[1] = (where){ 0 };
    if (at > all || n > all - at)
        return vl_fail(err, VL_ESTORE,
                       "spectrum %" PRIu64 " has arrays %" PRIu64 " to %" PRIu64 " of %" PRIu64, row, at,
                       at + n, all);
    for (uint64_t k = at; k < at + n; k++) {
        const uint16_t column = vl_le16(w->column.data + 2 * k);
        if (column >= known->npiece)
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 " names column %u, there are %d", k, column,
                           known->npiece);
        const bool mz = vl_is_mz(&known->piece[column]);
        where *const to = &out[!mz];
        if (to->there || (!mz && !vl_is_intensity(&known->piece[column]))) continue;
        *to = (where){ vl_le64(w->start.data + 8 * k), vl_le64(w->length.data + 8 * k), column, true };
    }
    return VL_OK;
}

/* ---- the stages ---- */

static vl_code plan_array(vl_batch *b, const where *a, vl_err *err)
{
    uint8_t number[8];
    const uint8_t column[2] = { (uint8_t)a->column, (uint8_t)(a->column >> 8) };
    vl_buf_append(&b->col[VL_SP_ARR_COLUMN].data, column, 2, err);
    vl_put_le64(number, a->start);
    if (!err->code) vl_buf_append(&b->col[VL_SP_ARR_START].data, number, 8, err);
    vl_put_le64(number, a->length);
    if (!err->code) vl_buf_append(&b->col[VL_SP_ARR_LENGTH].data, number, 8, err);
    return err->code;
}

/* Not far behind what the slot has of its column: what lies between is in memory as well. */
static bool is_near(const walking *w, const where *a)
{
    const uint64_t end = a->there ? w->end[a->column] : 0;
    return !end || a->start < end || a->start - end < PEAKS;
}

/* The next spectra of about PEAKS values. */
static vl_code fetch(void *self, vl_slot *slot, vl_err *err)
{
    walking *const w = self;
    carried *const c = slot->body;
    vl_batch *const b = &c->plan.batch;
    uint64_t values = 0;
    size_t npiece = 0;
    c->from = c->to = w->next;
    c->array.len = b->col[VL_SP_ARR_COLUMN].data.len = b->col[VL_SP_ARR_START].data.len = 0;
    b->col[VL_SP_ARR_LENGTH].data.len = 0;
    memset(w->end, 0, (size_t)vl_reader_columns(w->walk->r)->npiece * sizeof *w->end);
    for (; c->to < w->walk->nrow && values < PEAKS; c->to++) {
        where array[ARRAYS];
        if (find_arrays(w, w->walk->row[c->to], array, err)) return err->code;
        if (!is_near(w, &array[0]) || !is_near(w, &array[1])) break;
        if (vl_buf_append(&c->array, array, sizeof array, err)) return err->code;
        values += 1 + (array[0].length < PEAKS ? array[0].length : PEAKS);
        if (!array[0].there || !array[1].there) continue;
        for (int k = 0; k < ARRAYS; k++, npiece++) {
            if (plan_array(b, &array[k], err)) return err->code;
            w->end[array[k].column] = array[k].start + array[k].length;
        }
    }
    w->next = c->to;
    slot->end = w->next == w->walk->nrow;
    return npiece ? vl_reader_pieces(w->walk->r, &c->plan, npiece, err) : VL_OK;
}

/* Numbers of array k, and how many; *none: nobody can read them. */
static vl_code look(carried *c, vl_reader *r, const where *a, int k, vl_peak_numbers *out, size_t *n,
                    bool *none, vl_err *err)
{
    const vl_piece_column *const column = &vl_reader_columns(r)->piece[a->column];
    const uint8_t *const bytes =
        vl_reader_look(r, &c->plan.piece[a->column], a->start, a->length, &c->room[k], &c->work, err);
    *none = false;
    if (err->code) return err->code;
    *n = (size_t)a->length;
    *out = (vl_peak_numbers){ (const double *)(const void *)bytes, NULL };
    if (!*column->coding && column->type == VL_F64) return VL_OK;
    if (!*column->coding && column->type == VL_F32) {
        *out = (vl_peak_numbers){ NULL, (const float *)(const void *)bytes };
        return VL_OK;
    }
    const vl_array coded = { bytes, *n * vl_type_width(column->type), column };
    if (vl_array_numbers(&coded, &c->decoded[k], none, err)) return err->code;
    *out = (vl_peak_numbers){ (const double *)(const void *)c->decoded[k].data, NULL };
    *n = c->decoded[k].len / 8;
    return VL_OK;
}

static vl_code take_one(carried *c, const vl_peak_walk *walk, size_t number, vl_err *err)
{
    const where *const a = (const where *)(const void *)c->array.data + ARRAYS * (number - c->from);
    vl_peaks peaks = { .n = 0 };
    vl_peak_numbers *const to[ARRAYS] = { &peaks.mz, &peaks.intensity };
    size_t n[ARRAYS] = { 0 };
    bool none[ARRAYS] = { true, true };
    for (int k = 0; k < ARRAYS && a[0].there && a[1].there; k++)
        if (look(c, walk->r, &a[k], k, to[k], &n[k], &none[k], err)) return err->code;
    if (!none[0] && !none[1]) peaks.n = n[0] < n[1] ? n[0] : n[1];
    return walk->take(walk->self, c->state, number, &peaks, err);
}

static vl_code take(void *self, vl_slot *slot, vl_err *err)
{
    const vl_peak_walk *const walk = ((const walking *)self)->walk;
    carried *const c = slot->body;
    for (size_t i = c->from; i < c->to && !err->code; i++)
        if (take_one(c, walk, i, err) && err->record == VL_NOWHERE) err->record = walk->row[i];
    for (size_t k = 0; k < c->plan.batch.npiece_column; k++) vl_reader_drop_span(walk->r, &c->plan.piece[k]);
    return err->code;
}

static vl_code join(void *self, vl_slot *slot, vl_err *err)
{
    const vl_peak_walk *const walk = ((const walking *)self)->walk;
    return walk->join ? walk->join(walk->self, ((carried *)slot->body)->state, err) : VL_OK;
}

/* ---- the walk ---- */

static void close_slot(const vl_peak_walk *walk, carried *c)
{
    if (c->state && walk->close) walk->close(walk->self, c->state);
    free(c->state);
    vl_buf_free(&c->array);
    for (int k = 0; k < ARRAYS; k++) {
        vl_buf_free(&c->room[k]);
        vl_buf_free(&c->decoded[k]);
    }
    vl_plan_free(walk->r, &c->plan);
    vl_work_free(&c->work);
}

static vl_code open_slot(const vl_peak_walk *walk, carried *c, vl_err *err)
{
    if (vl_plan_init(&c->plan, walk->r, err)) return err->code;
    if (!(c->state = calloc(1, walk->state + 1))) return vl_fail(err, VL_ENOMEM, "no memory for peaks");
    return walk->open ? walk->open(walk->self, c->state, err) : VL_OK;
}

vl_code vl_peak_walk_run(const vl_peak_walk *walk, vl_err *err)
{
    walking w = { .walk = walk };
    const int n = vl_slots_for(walk->threads);
    const vl_stage stage[] = { { "fetch", VL_ORDERED, fetch, &w },
                               { "take", VL_PARALLEL, take, &w },
                               { "join", VL_ORDERED, join, &w } };
    carried *const c = calloc((size_t)n, sizeof *c);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!c || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    for (int i = 0; i < n && !err->code; i++) {
        slot[i].body = &c[i];
        open_slot(walk, &c[i], err);
    }
    w.end = calloc((size_t)vl_reader_columns(walk->r)->npiece + 1, sizeof *w.end);
    if (!w.end) vl_fail(err, VL_ENOMEM, "no memory for peaks");
    if (walk->nrow && !err->code && !load_arrays(&w, err))
        vl_run(stage, 3, slot, n, walk->threads, NULL, err);
    for (int i = 0; c && i < n; i++) close_slot(walk, &c[i]);
    vl_buf *const all[] = { &w.at, &w.count, &w.column, &w.start, &w.length };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(w.end);
    free(c);
    free(slot);
    return err->code;
}
