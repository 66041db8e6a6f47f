/* The walk over records, and what is settled of it (depth.h). */
#include "pipeline/alignments/depth.h"

#include <stdlib.h>
#include <string.h>

enum { LONG = 1 << 20 }; /* places that one slot uses at most */

typedef struct walk {
    vl_reader *r;
    const vl_depth_rule *rule;
    const vl_depth_user *user;
    vl_output *out;
    vl_mates_seen *seen; /* owned; NULL: nothing depends on the order of mates */
    /* of the contig that is open: */
    int64_t contig, cursor, depth, reach; /* what is before cursor is settled; it is so deep there */
    int64_t last;                         /* place of the last record */
    vl_buf carry;                         /* vl_change from cursor on */
    size_t ncollapsed;
    int64_t least; /* of the carry */
} walk;

/* ---- what is settled ---- */

static vl_code add_stretch(vl_depth_load *l, vl_stretch **out, vl_err *err)
{
    if (l->nstretch == l->cstretch) {
        const size_t n = l->cstretch ? 2 * l->cstretch : 8;
        vl_stretch *const p = realloc(l->stretch, n * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu stretches", n);
        l->stretch = p;
        l->cstretch = n;
    }
    *out = &l->stretch[l->nstretch++];
    **out = (vl_stretch){ .change = l->settled.len / sizeof(vl_change),
                          .span = l->spans.len / sizeof(vl_span_of) };
    return VL_OK;
}

static vl_code settle_change(vl_depth_load *l, vl_stretch *s, const vl_change *change, size_t n,
                             int64_t *depth, vl_err *err)
{
    for (size_t i = 0; i < n; i++) *depth += change[i].by;
    s->nchange += n;
    return n ? vl_buf_append(&l->settled, change, n * sizeof *change, err) : VL_OK;
}

/* Those that wait and lie before `to`. */
static vl_code settle_carry(walk *w, vl_depth_load *l, vl_stretch *s, int64_t to, vl_err *err)
{
    vl_change *const all = (vl_change *)(void *)w->carry.data;
    size_t n = w->carry.len / sizeof *all, kept = 0;
    if (!n || w->least >= to) return VL_OK;
    w->least = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        if (all[i].at < to) {
            if (settle_change(l, s, &all[i], 1, &w->depth, err)) return err->code;
            continue;
        }
        if (all[i].at < w->least) w->least = all[i].at;
        all[kept++] = all[i];
    }
    w->carry.len = kept * sizeof *all;
    return VL_OK;
}

static int by_place(const void *a, const void *b)
{
    const vl_change *const x = a, *const y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Many changes at few places become few. */
static void collapse(walk *w)
{
    enum { MANY = 1 << 16 };
    vl_change *const all = (vl_change *)(void *)w->carry.data;
    size_t n = w->carry.len / sizeof *all, kept = 0;
    if (n < MANY || n < 2 * w->ncollapsed) return;
    qsort(all, n, sizeof *all, by_place);
    for (size_t i = 0; i < n; i++) {
        if (kept && all[kept - 1].at == all[i].at) all[kept - 1].by += all[i].by;
        else all[kept++] = all[i];
    }
    w->carry.len = kept * sizeof *all;
    w->ncollapsed = kept;
}

static vl_code wait_change(walk *w, const vl_change *change, size_t n, vl_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (change[i].at < w->least) w->least = change[i].at;
    if (n && vl_buf_append(&w->carry, change, n * sizeof *change, err)) return err->code;
    collapse(w);
    return VL_OK;
}

static vl_code add_span(vl_depth_load *l, vl_stretch *s, int64_t from, int64_t to, vl_err *err)
{
    vl_span_of *const last = s->nspan ? (vl_span_of *)(void *)l->spans.data + s->span + s->nspan - 1 : NULL;
    const vl_span_of one = { from, to };
    if (from >= to) return VL_OK;
    if (last && from <= last->to) {
        if (to > last->to) last->to = to;
        return VL_OK;
    }
    s->nspan++;
    return vl_buf_append(&l->spans, &one, sizeof one, err);
}

/* The rest of the contig that is open. */
static vl_code close_contig(walk *w, vl_depth_load *l, vl_err *err)
{
    int64_t from, to;
    vl_stretch *s = NULL;
    if (w->contig < 0) return VL_OK;
    w->user->places(w->user->self, w->contig, true, &from, &to);
    if (to < w->reach) to = w->reach;
    if (to <= w->cursor) return VL_OK;
    if (add_stretch(l, &s, err)) return err->code;
    s->contig = w->contig;
    s->from = w->cursor;
    s->to = to;
    s->depth = w->depth;
    if (add_span(l, s, w->cursor, w->reach, err)) return err->code;
    return settle_carry(w, l, s, to, err);
}

/* Contigs between the one that is open and the next, on which no record lies. */
static vl_code pass_contigs(walk *w, vl_depth_load *l, int64_t next, vl_err *err)
{
    vl_stretch *s = NULL;
    int64_t from, to;
    for (int64_t c = w->contig < 0 ? 0 : w->contig + 1; c < next && !err->code; c++) {
        w->user->places(w->user->self, c, false, &from, &to);
        if (from >= to || add_stretch(l, &s, err)) continue;
        s->contig = c;
        s->from = from;
        s->to = to;
    }
    return err->code;
}

static vl_code open_contig(walk *w, vl_depth_load *l, const vl_depth_run *run, vl_err *err)
{
    int64_t from, to;
    if (run->contig < w->contig || (run->contig == w->contig && run->first < w->last))
        return vl_fail(err, VL_EUNSUP,
                       "its alignments are not in the order of their places: sort them first");
    if (run->contig == w->contig) return VL_OK;
    if (close_contig(w, l, err) || pass_contigs(w, l, run->contig, err)) return err->code;
    w->user->places(w->user->self, run->contig, true, &from, &to);
    w->contig = run->contig;
    w->cursor = from < to && from < run->first ? from : run->first;
    w->depth = 0;
    w->reach = run->first;
    w->carry.len = w->ncollapsed = 0;
    w->least = INT64_MAX;
    return VL_OK;
}

static vl_code merge_run(walk *w, vl_depth_load *l, const vl_depth_run *run, vl_err *err)
{
    const vl_change *const change = (const vl_change *)(const void *)l->change.data + run->change;
    const vl_span_of *const span = (const vl_span_of *)(const void *)l->span.data + run->span;
    vl_stretch *s = NULL;
    if (open_contig(w, l, run, err)) return err->code;
    if (w->user->sum && w->user->sum(w->user->self, run->contig, &run->sum, err)) return err->code;
    w->last = run->last;
    if (run->last > w->cursor) {
        if (add_stretch(l, &s, err)) return err->code;
        s->contig = w->contig;
        s->from = w->cursor;
        s->to = run->last;
        s->depth = w->depth;
        if (add_span(l, s, w->cursor, w->reach < run->last ? w->reach : run->last, err)) return err->code;
        for (size_t i = 0; i < run->nspan; i++) {
            const int64_t from = span[i].from > w->cursor ? span[i].from : w->cursor;
            if (add_span(l, s, from, span[i].to < run->last ? span[i].to : run->last, err)) return err->code;
        }
        if (settle_carry(w, l, s, run->last, err) || settle_change(l, s, change, run->later, &w->depth, err))
            return err->code;
        w->cursor = run->last;
    }
    if (run->nspan && span[run->nspan - 1].to > w->reach) w->reach = span[run->nspan - 1].to;
    return wait_change(w, change + run->later, run->nchange - run->later, err);
}

static vl_code merge(void *self, vl_slot *slot, vl_err *err)
{
    walk *const w = self;
    vl_depth_load *const l = slot->body;
    l->nstretch = l->nused = 0;
    l->settled.len = l->spans.len = 0;
    if (w->seen && vl_depth_build(l, w->rule, w->seen, err)) return err->code;
    for (size_t i = 0; i < l->nrun; i++)
        if (merge_run(w, l, &l->run[i], err)) return err->code;
    if (!slot->end || close_contig(w, l, err)) return err->code;
    return pass_contigs(w, l, (int64_t)w->rule->contigs->n, err);
}

/* ---- use ---- */

/* What is too long for a slot's memory is left to emit. */
static vl_code use(void *self, vl_slot *slot, vl_err *err)
{
    const walk *const w = self;
    vl_depth_load *const l = slot->body;
    int64_t places = 0;
    l->text.len = 0;
    for (; l->nused < l->nstretch; l->nused++) {
        vl_stretch *const s = &l->stretch[l->nused];
        s->covered = 0;
        if ((places += s->to - s->from) > LONG) break;
        if (vl_stretch_use(l, s, w->user, &s->covered, NULL, NULL, err)) return err->code;
    }
    return VL_OK;
}

static vl_code put(void *self, vl_buf *text, vl_err *err)
{
    const walk *const w = self;
    if (text->len && w->user->emit) w->user->emit(w->user->self, text, err);
    else if (text->len && w->out) vl_output_put(w->out, text, err);
    text->len = 0;
    return err->code;
}

static vl_code emit(void *self, vl_slot *slot, vl_err *err)
{
    walk *const w = self;
    vl_depth_load *const l = slot->body;
    put(w, &l->text, err);
    for (; l->nused < l->nstretch && !err->code; l->nused++) {
        vl_stretch *const s = &l->stretch[l->nused];
        s->covered = 0;
        vl_stretch_use(l, s, w->user, &s->covered, put, w, err);
    }
    for (size_t i = 0; i < l->nstretch && w->user->covered && !err->code; i++)
        w->user->covered(w->user->self, l->stretch[i].contig, l->stretch[i].covered, err);
    return err->code;
}

/* ---- the whole ---- */

static vl_code walk_all(walk *w, int threads, vl_work *work, vl_err *err)
{
    const vl_stage stage[] = { { "merge", VL_ORDERED, merge, w },
                               { "use", VL_PARALLEL, use, w },
                               { "emit", VL_ORDERED, emit, w } };
    if (w->rule->once && !(w->seen = vl_mates_seen_new())) vl_fail(err, VL_ENOMEM, "no memory for mates");
    if (!err->code) vl_depth_read(w->r, w->rule, w->seen, stage, 3, threads, work, err);
    vl_mates_seen_free(w->seen);
    vl_buf_free(&w->carry);
    return err->code;
}

vl_code vl_depth_walk(vl_reader *r, const vl_depth_rule *rule, const vl_depth_user *user, vl_output *out,
                      int threads, vl_work *work, vl_err *err)
{
    walk w = { .r = r, .rule = rule, .user = user, .out = out, .contig = -1, .least = INT64_MAX };
    const bool look = !rule->region || rule->once; /* of a region the other way is as quick */
    bool sorted;
    if (vl_alignments_in_order(r, look, &sorted, work, err)) return err->code;
    return sorted ? walk_all(&w, threads, work, err) : vl_depth_scan(r, rule, user, out, threads, work, err);
}
