/*
 * The peaks of all spectra that are looked at, summed up for a block of targets (xic.h): fetch (ordered) ->
 * sum (parallel). Only m/z and intensity are unpacked. Targets are ascending by m/z: in a spectrum whose m/z
 * ascend each is found by bisection from the one before; in any other each peak finds the targets that it is
 * of. Sums are those of the peaks in their order, whatever thread makes them.
 *
 * Of few targets, in spectra whose m/z ascend, the peaks of all rows of a slot are found first: then only
 * their intensities are unpacked, if these are few as well.
 */
#include "pipeline/codec/works.h"
#include "pipeline/run/run.h"
#include "pipeline/spectra/mass_record.h"
#include "pipeline/spectra/xic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 1 << 17 }; /* of m/z in a slot: about a chunk */

/* What one slot carries. */
typedef struct load {
    vl_plan plan;
    vl_work *work;                 /* borrowed, while it is summed up */
    size_t from, to;               /* rows of vl_xic.row */
    vl_buf room[VL_XIC_ARRAYS];    /* arrays that lie in several chunks */
    vl_buf scratch[VL_XIC_ARRAYS]; /* numbers that are no plain doubles */
    vl_buf hits, at, picked;       /* of few targets: hit; u64 elements of intensities; these */
} load;

typedef struct summing {
    vl_xic *x;
    vl_works works;
    size_t next; /* row */
} summing;

/* Numbers of an array: doubles or floats. */
typedef struct numbers {
    const double *wide; /* NULL: narrow has them */
    const float *narrow;
    size_t n;
} numbers;
static inline double at(const numbers *a, size_t i) { return a->wide ? a->wide[i] : (double)a->narrow[i]; }

/* One spectrum. */
typedef struct peaks {
    numbers mz, intensity, mobility;
    size_t n;
    bool filtered; /* by the mobility of each peak */
    double range[2];
} peaks;

/* ---- fetch ---- */

static vl_code add_pointers(vl_batch *b, const vl_xic_row *row, vl_err *err)
{
    for (int k = 0; k < VL_XIC_ARRAYS; k++)
        if (vl_buf_append(&b->col[VL_SP_ARR_COLUMN].data, &row->column[k], 2, err) ||
            vl_buf_append(&b->col[VL_SP_ARR_START].data, &row->start[k], 8, err) ||
            vl_buf_append(&b->col[VL_SP_ARR_LENGTH].data, &row->length[k], 8, err))
            return err->code;
    return VL_OK;
}

/* The next rows of about ELEMENTS values; the pointers of their arrays stand in for rows of table array. */
static vl_code fetch(void *self, vl_slot *slot, vl_err *err)
{
    summing *const s = self;
    load *const l = slot->body;
    vl_batch *const b = &l->plan.batch;
    uint64_t elements = 0;
    l->from = l->to = s->next;
    b->col[VL_SP_ARR_COLUMN].data.len = b->col[VL_SP_ARR_START].data.len = 0;
    b->col[VL_SP_ARR_LENGTH].data.len = 0;
    for (; l->to < s->x->nrow && (l->to == l->from || elements < ELEMENTS); l->to++) {
        const vl_xic_row *const row = &s->x->row[l->to];
        uint64_t most = row->length[VL_XIC_INTENSITY];
        if (row->length[VL_XIC_MZ] > most) most = row->length[VL_XIC_MZ];
        elements += most < ELEMENTS ? most : ELEMENTS;
        if (add_pointers(b, row, err)) return err->code;
    }
    s->next = l->to;
    slot->end = s->next == s->x->nrow;
    return l->to > l->from ? vl_reader_pieces(s->x->job->r, &l->plan, VL_XIC_ARRAYS * (l->to - l->from), err)
                           : VL_OK;
}

/* ---- sums ---- */

static bool ascends(const numbers *a, size_t n)
{
    int64_t wide = 0; /* as wide as what is compared, so that many are at once */
    int32_t narrow = 0;
    if (a->wide)
        for (size_t i = 1; i < n; i++) wide |= -(int64_t) !(a->wide[i - 1] <= a->wide[i]);
    else
        for (size_t i = 1; i < n; i++) narrow |= -(int32_t) !(a->narrow[i - 1] <= a->narrow[i]);
    return !wide && !narrow;
}

/* The first of [from, n) that is not below mz. */
static size_t bisect(const numbers *a, size_t from, size_t n, double mz)
{
    size_t step = 1, to = from;
    while (to < n && at(a, to) < mz) {
        from = to + 1;
        to += step;
        step *= 2;
    }
    if (to > n) to = n;
    while (from < to) {
        const size_t half = from + (to - from) / 2;
        if (at(a, half) < mz) from = half + 1;
        else to = half;
    }
    return from;
}

static bool counts(const peaks *p, size_t i)
{
    if (!p->filtered) return true;
    const double m = at(&p->mobility, i);
    return m >= p->range[0] && m <= p->range[1];
}

/* One peak more; *some: there was one before. */
static void add(const vl_xic_target *t, double y, bool *some, double *sum)
{
    if (!t->highest) *sum += y;
    else if (!*some || y > *sum) *sum = y;
    *some = true;
}

static double sum_range(const vl_xic_target *t, const peaks *p, size_t from, size_t to)
{
    double sum = 0;
    bool some = false;
    for (size_t i = from; i < to; i++)
        if (counts(p, i)) add(t, at(&p->intensity, i), &some, &sum);
    return sum;
}

static void sum_ascending(const vl_xic *x, const vl_xic_row *row, const peaks *p, double *value)
{
    size_t from = 0;
    for (size_t k = 0; k < x->to - x->from; k++) {
        const vl_xic_target *const t = &x->target[x->order[k]];
        if (isnan(t->mz) || !vl_xic_looks(x, t, row)) continue;
        size_t to = from = bisect(&p->mz, from, p->n, t->low);
        while (to < p->n && at(&p->mz, to) <= t->high) to++;
        value[x->order[k] - x->from] = sum_range(t, p, from, to);
    }
}

/* Of n targets ascending by low, the first that is not below. */
static size_t first_target(const vl_xic *x, double low)
{
    size_t from = 0, n = x->to - x->from;
    while (n) {
        const size_t half = n / 2;
        if (x->target[x->order[from + half]].low < low) {
            from += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return from;
}

static void sum_any(const vl_xic *x, const vl_xic_row *row, const peaks *p, double *value, bool *some)
{
    memset(some, 0, x->to - x->from);
    for (size_t i = 0; i < p->n; i++) {
        const double mz = at(&p->mz, i);
        if (!isfinite(mz) || !counts(p, i)) continue;
        for (size_t k = first_target(x, mz - x->widest); k < x->to - x->from; k++) {
            const size_t number = x->order[k];
            const vl_xic_target *const t = &x->target[number];
            if (t->low > mz) break;
            if (mz > t->high || isnan(t->mz) || !vl_xic_looks(x, t, row)) continue;
            add(t, at(&p->intensity, i), &some[number - x->from], &value[number - x->from]);
        }
    }
}

/* ---- one spectrum ---- */

/* Array k of a row. *none: nobody can read its numbers. */
static vl_code take(load *l, const vl_xic *x, const vl_xic_row *row, int k, numbers *out, bool *none,
                    vl_err *err)
{
    const vl_piece_column *const column = &vl_reader_columns(x->job->r)->piece[row->column[k]];
    const vl_array a = { vl_reader_look(x->job->r, &l->plan.piece[row->column[k]], row->start[k],
                                        row->length[k], &l->room[k], l->work, err),
                         row->length[k] * vl_type_width(column->type), column };
    const bool plain = !*a.column->coding;
    *none = false;
    if (err->code) return err->code;
    if (plain && a.column->type == VL_F32) {
        *out = (numbers){ NULL, (const float *)(const void *)a.bytes, a.len / 4 };
        return VL_OK;
    }
    *out = (numbers){ (const double *)(const void *)a.bytes, NULL, a.len / 8 };
    if (plain && a.column->type == VL_F64) return VL_OK;
    vl_buf *const to = &l->scratch[k];
    if (vl_array_numbers(&a, to, none, err)) return err->code;
    *out = (numbers){ (const double *)(const void *)to->data, NULL, to->len / 8 };
    return VL_OK;
}

/* Values of all targets that look at all peaks, and whether m/z are needed. */
static bool sum_whole(const vl_xic *x, const peaks *p, double *value)
{
    bool more = false;
    for (size_t i = x->from; i < x->to; i++) {
        const vl_xic_target *const t = &x->target[i];
        if (isnan(t->mz)) value[i - x->from] = sum_range(t, p, 0, p->n);
        else more = true;
    }
    return more;
}

static vl_code sum_one(load *l, const vl_xic *x, size_t number, bool *some, vl_err *err)
{
    const vl_xic_row *const row = &x->row[number];
    const size_t n = x->to - x->from;
    double *const value = x->value + number * n;
    bool none[VL_XIC_ARRAYS] = { false };
    peaks p = { .range = { x->asked->mobility[0], x->asked->mobility[1] },
                .filtered = row->has[VL_XIC_MOBILITY] };
    numbers *const to[] = { &p.mz, &p.intensity, &p.mobility };
    memset(value, 0, n * sizeof *value);
    for (int k = 0; k < VL_XIC_ARRAYS; k++) {
        if (row->has[k] && take(l, x, row, k, to[k], &none[k], err)) return err->code;
    }
    const bool dark = none[VL_XIC_INTENSITY] || none[VL_XIC_MOBILITY];
    for (size_t i = 0; i < n; i++)
        if (dark || (none[VL_XIC_MZ] && !isnan(x->target[x->from + i].mz))) value[i] = (double)NAN;
    if (dark) return VL_OK;
    p.n = p.intensity.n;
    if (p.filtered && p.mobility.n < p.n) p.n = p.mobility.n;
    if (!sum_whole(x, &p, value) || none[VL_XIC_MZ]) return VL_OK;
    if (p.mz.n < p.n) p.n = p.mz.n;
    if (ascends(&p.mz, p.n)) sum_ascending(x, row, &p, value);
    else sum_any(x, row, &p, value, some);
    return VL_OK;
}

/* ---- few targets ---- */

enum {
    FEW = 16,           /* targets */
    FEW_PEAKS = 1 << 12 /* of the rows of a slot; of rows behind those that have them, all are unpacked */
};

/* Peaks of a row that are one target's; their elements are the next ones of load.at. */
typedef struct hit {
    size_t row, target, n;
} hit;

/* Can the peaks of a row be found before its intensities are read? */
static bool is_plain(const vl_xic *x, const vl_xic_row *row)
{
    const vl_piece_column *const c = vl_reader_columns(x->job->r)->piece;
    const vl_piece_column *const y = &c[row->column[VL_XIC_INTENSITY]];
    return row->has[VL_XIC_MZ] && row->has[VL_XIC_INTENSITY] && !row->has[VL_XIC_MOBILITY] && !*y->coding &&
           (y->type == VL_F32 || y->type == VL_F64);
}

static bool are_few(const vl_xic *x)
{
    for (size_t i = x->from; i < x->to; i++)
        if (isnan(x->target[i].mz)) return false;
    return x->to - x->from <= FEW;
}

static vl_code add_hit(load *l, const vl_xic_row *row, const hit *h, size_t first, vl_err *err)
{
    if (vl_buf_append(&l->hits, h, sizeof *h, err)) return err->code;
    for (size_t i = 0; i < h->n; i++) {
        const uint64_t at = row->start[VL_XIC_INTENSITY] + first + i;
        if (vl_buf_append(&l->at, &at, sizeof at, err)) return err->code;
    }
    return VL_OK;
}

/* The peaks of all targets in a row; *found false: they must be found otherwise. */
static vl_code find_row(load *l, const vl_xic *x, size_t number, bool *found, vl_err *err)
{
    const vl_xic_row *const row = &x->row[number];
    numbers mz;
    bool none;
    *found = false;
    if (!is_plain(x, row)) return VL_OK;
    if (take(l, x, row, VL_XIC_MZ, &mz, &none, err) || none) return err->code;
    const size_t n = mz.n < row->length[VL_XIC_INTENSITY] ? mz.n : (size_t)row->length[VL_XIC_INTENSITY];
    if (!ascends(&mz, n)) return VL_OK;
    *found = true;
    memset(x->value + number * (x->to - x->from), 0, (x->to - x->from) * sizeof *x->value);
    for (size_t k = 0; k < x->to - x->from && !err->code; k++) {
        const vl_xic_target *const t = &x->target[x->order[k]];
        if (!vl_xic_looks(x, t, row)) continue;
        const size_t first = bisect(&mz, 0, n, t->low);
        hit h = { number, x->order[k], 0 };
        while (first + h.n < n && at(&mz, first + h.n) <= t->high) h.n++;
        if (h.n) add_hit(l, row, &h, first, err);
    }
    return err->code;
}

/* Sums of hits [from, to), which lie in one column, of elements from *done on. */
static vl_code sum_hits(load *l, const vl_xic *x, size_t from, size_t to, size_t *done, vl_err *err)
{
    const hit *const h = (const hit *)(const void *)l->hits.data;
    const uint16_t column = x->row[h[from].row].column[VL_XIC_INTENSITY];
    size_t n = 0;
    for (size_t i = from; i < to; i++) n += h[i].n;
    if (vl_reader_pick(x->job->r, &l->plan.piece[column], (const uint64_t *)(const void *)l->at.data + *done,
                       n, &l->picked, &l->scratch[VL_XIC_INTENSITY], l->work, err))
        return err->code;
    const bool wide = vl_reader_columns(x->job->r)->piece[column].type == VL_F64;
    peaks p = { .intensity = { wide ? (const double *)(const void *)l->picked.data : NULL,
                               (const float *)(const void *)l->picked.data, n } };
    for (size_t i = from, first = 0; i < to; first += h[i++].n)
        x->value[h[i].row * (x->to - x->from) + (h[i].target - x->from)] =
            sum_range(&x->target[h[i].target], &p, first, first + h[i].n);
    *done += n;
    return VL_OK;
}

static vl_code sum_all_hits(load *l, const vl_xic *x, vl_err *err)
{
    const hit *const h = (const hit *)(const void *)l->hits.data;
    const size_t n = l->hits.len / sizeof *h;
    size_t done = 0;
    for (size_t i = 0, to; i < n && !err->code; i = to) {
        const uint16_t column = x->row[h[i].row].column[VL_XIC_INTENSITY];
        for (to = i + 1; to < n && x->row[h[to].row].column[VL_XIC_INTENSITY] == column;) to++;
        sum_hits(l, x, i, to, &done, err);
    }
    return err->code;
}

static vl_code sum_few(load *l, const vl_xic *x, bool *some, vl_err *err)
{
    l->hits.len = l->at.len = 0;
    for (size_t i = l->from; i < l->to && !err->code; i++) {
        bool found = false;
        if (l->at.len / sizeof(uint64_t) <= FEW_PEAKS) find_row(l, x, i, &found, err);
        if (!err->code && !found) sum_one(l, x, i, some, err);
        if (err->code && err->record == VL_NOWHERE) err->record = x->row[i].row;
    }
    return err->code ? err->code : sum_all_hits(l, x, err);
}

static vl_code sum(void *self, vl_slot *slot, vl_err *err)
{
    const summing *const s = self;
    load *const l = slot->body;
    vl_reader *const r = s->x->job->r;
    bool *const some = malloc(s->x->to - s->x->from + 1);
    if (!some) return vl_fail(err, VL_ENOMEM, "no memory for targets");
    vl_lent *const lent = vl_works_take(&s->works);
    l->work = &lent->work;
    if (l->to > l->from && are_few(s->x)) sum_few(l, s->x, some, err);
    else
        for (size_t i = l->from; i < l->to && !err->code; i++)
            if (sum_one(l, s->x, i, some, err) && err->record == VL_NOWHERE) err->record = s->x->row[i].row;
    vl_works_give(lent);
    for (size_t k = 0; k < l->plan.batch.npiece_column; k++) vl_reader_drop_span(r, &l->plan.piece[k]);
    free(some);
    return err->code;
}

/* ---- the block ---- */

vl_code vl_xic_sum(vl_xic *x, vl_err *err)
{
    summing s = { .x = x };
    const int threads = x->job->ask->threads, n = vl_slots_for(threads);
    const vl_stage stage[] = { { "fetch", VL_ORDERED, fetch, &s }, { "sum", VL_PARALLEL, sum, &s } };
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    else vl_works_open(&s.works, n, err);
    for (int i = 0; i < n && !err->code; i++) {
        slot[i].body = &l[i];
        vl_plan_init(&l[i].plan, x->job->r, err);
    }
    if (!err->code && vl_reader_columns(x->job->r)->npiece) vl_run(stage, 2, slot, n, threads, NULL, err);
    for (int i = 0; l && i < n; i++) {
        for (int k = 0; k < VL_XIC_ARRAYS; k++) {
            vl_buf_free(&l[i].scratch[k]);
            vl_buf_free(&l[i].room[k]);
        }
        vl_buf_free(&l[i].hits);
        vl_buf_free(&l[i].at);
        vl_buf_free(&l[i].picked);
        vl_plan_free(x->job->r, &l[i].plan);
    }
    vl_works_free(&s.works);
    free(l);
    free(slot);
    return err->code;
}
