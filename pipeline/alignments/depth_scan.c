/*
 * Depth of records that lie in no order (depth.h): in as many walks over all of them as it takes.
 *
 * The first sums up, and finds where on each contig something lies. Then come windows of places, as many as
 * memory holds: changes of depth add up in one array, where records begin and end to span places in another.
 */
#include "pipeline/alignments/depth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 16 };
static const int64_t room = 1 << 26; /* places of a walk: eight bytes each */
static const int64_t most = INT64_C(1) << 36;

typedef struct window {
    int64_t contig, from, to;
    size_t at; /* of its first place in the arrays */
} window;

typedef struct scan {
    vl_reader *r;
    const vl_depth_rule *rule;
    const vl_depth_user *user;
    vl_output *out;
    int threads;
    vl_work *work;
    size_t ncontig;
    int64_t *least, *reach;              /* owned; [ncontig]: where something lies; reach 0: nowhere */
    window *window;                      /* owned; of all walks, in their order */
    size_t nwindow, cwindow, first, end; /* first to end: of the walk at hand */
    int32_t *here;                       /* owned; [ncontig]: window of this walk, -1: none */
    int32_t *change, *span;              /* owned; [room] */
    vl_buf text;
} scan;

/* ---- the first walk ---- */

static vl_code sum_run(scan *s, const vl_depth_load *l, const vl_depth_run *run, vl_err *err)
{
    const vl_span_of *const span = (const vl_span_of *)(const void *)l->span.data + run->span;
    if ((uint64_t)run->contig >= s->ncontig)
        return vl_fail(err, VL_ESTORE, "there is no contig %" PRId64, run->contig);
    int64_t *const least = &s->least[run->contig], *const reach = &s->reach[run->contig];
    for (size_t i = 0; i < run->nspan; i++) {
        if (!*reach || span[i].from < *least) *least = span[i].from;
        if (span[i].to > *reach) *reach = span[i].to;
    }
    return s->user->sum ? s->user->sum(s->user->self, run->contig, &run->sum, err) : VL_OK;
}

static vl_code sum_up(void *self, vl_slot *slot, vl_err *err)
{
    vl_depth_load *const l = slot->body;
    for (size_t i = 0; i < l->nrun && !err->code; i++) sum_run(self, l, &l->run[i], err);
    return err->code;
}

/* ---- windows ---- */

static vl_code add_window(scan *s, int64_t contig, int64_t from, int64_t to, vl_err *err)
{
    for (; from < to; from += room) {
        if (s->nwindow == s->cwindow) {
            const size_t n = 2 * s->cwindow + 16;
            window *const p = realloc(s->window, n * sizeof *p);
            if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu windows", n);
            s->window = p;
            s->cwindow = n;
        }
        s->window[s->nwindow++] = (window){ contig, from, to - from < room ? to : from + room, 0 };
    }
    return VL_OK;
}

/* Places of a contig that are wanted, and those that something lies on. */
static vl_code add_contig(scan *s, int64_t contig, vl_err *err)
{
    const vl_region *const r = s->rule->region;
    const bool records = s->reach[contig] > 0;
    int64_t from, to;
    s->user->places(s->user->self, contig, records, &from, &to);
    if (records) {
        if (from >= to || s->least[contig] < from) from = s->least[contig];
        if (to < s->reach[contig]) to = s->reach[contig];
    }
    if (r && r->contig != contig) return VL_OK;
    if (r && from < r->from) from = r->from;
    if (r && to > r->to) to = r->to;
    if (to - from > most) return vl_fail(err, VL_EUNSUP, "its alignments lie too far from each other");
    return from < to ? add_window(s, contig, from, to, err) : VL_OK;
}

/* The next windows that there is room for. */
static bool take_windows(scan *s)
{
    size_t places = 0;
    for (size_t c = 0; c < s->ncontig; c++) s->here[c] = -1;
    for (s->first = s->end; s->end < s->nwindow; s->end++) {
        window *const w = &s->window[s->end];
        const size_t n = (size_t)(w->to - w->from);
        if (places + n > (size_t)room) break;
        w->at = places;
        places += n;
        s->here[w->contig] = (int32_t)(s->end - s->first);
    }
    if (places) {
        memset(s->change, 0, places * sizeof *s->change);
        memset(s->span, 0, places * sizeof *s->span);
    }
    return places;
}

/* ---- a walk over windows ---- */

/* What comes before the window holds from its first place on. */
static void add_to(int32_t *array, const window *w, int64_t at, int32_t by)
{
    if (at < w->to) array[w->at + (at > w->from ? (size_t)(at - w->from) : 0)] += by;
}

static vl_code add_up(void *self, vl_slot *slot, vl_err *err)
{
    const scan *const s = self;
    const vl_depth_load *const l = slot->body;
    for (size_t i = 0; i < l->nrun; i++) {
        const vl_depth_run *const run = &l->run[i];
        if ((uint64_t)run->contig >= s->ncontig || s->here[run->contig] < 0) continue;
        const window *const w = &s->window[s->first + (size_t)s->here[run->contig]];
        const vl_change *const change = (const vl_change *)(const void *)l->change.data + run->change;
        const vl_span_of *const span = (const vl_span_of *)(const void *)l->span.data + run->span;
        for (size_t k = 0; k < run->nchange; k++) add_to(s->change, w, change[k].at, (int32_t)change[k].by);
        for (size_t k = 0; k < run->nspan; k++) {
            add_to(s->span, w, span[k].from, 1);
            add_to(s->span, w, span[k].to, -1);
        }
    }
    return err->code;
}

/* Depths of n places, or of those of them that something spans. */
static vl_code use_piece(scan *s, const window *w, int64_t at, const int32_t *depth, const int32_t *spans,
                         size_t n, uint64_t *covered, vl_err *err)
{
    const vl_depth_user *const u = s->user;
    if (u->all) return u->use(u->self, w->contig, at, depth, n, &s->text, covered, err);
    for (size_t i = 0, end; i < n && !err->code; i = end + 1) {
        for (end = i; end < n && spans[end] > 0;) end++;
        if (end > i) u->use(u->self, w->contig, at + (int64_t)i, depth + i, end - i, &s->text, covered, err);
    }
    return err->code;
}

static vl_code use_window(scan *s, const window *w, vl_err *err)
{
    int32_t *const depth = s->change + w->at, *const spans = s->span + w->at;
    const size_t all = (size_t)(w->to - w->from);
    uint64_t covered = 0;
    for (size_t i = 1; i < all; i++) {
        depth[i] += depth[i - 1];
        spans[i] += spans[i - 1];
    }
    for (size_t i = 0; i < all && !err->code; i += PIECE) {
        const size_t n = all - i < PIECE ? all - i : PIECE;
        if (use_piece(s, w, w->from + (int64_t)i, depth + i, spans + i, n, &covered, err)) break;
        if (s->text.len && s->user->emit) s->user->emit(s->user->self, &s->text, err);
        else if (s->text.len && s->out) vl_output_put(s->out, &s->text, err);
        s->text.len = 0;
    }
    return s->user->covered && !err->code ? s->user->covered(s->user->self, w->contig, covered, err)
                                          : err->code;
}

static vl_code walk_windows(scan *s, vl_err *err)
{
    vl_depth_rule rule = *s->rule;
    const vl_stage stage = { "add", VL_ORDERED, add_up, s };
    rule.any_order = true;
    rule.sums = false;
    while (take_windows(s) && !err->code) {
        const window *const w = &s->window[s->first];
        const vl_region only = { w->contig, w->from, w->to };
        rule.region = s->end - s->first == 1 ? &only : s->rule->region;
        if (vl_depth_read(s->r, &rule, false, &stage, 1, s->threads, s->work, err)) break;
        for (size_t i = s->first; i < s->end && !err->code; i++) use_window(s, &s->window[i], err);
    }
    return err->code;
}

/* ---- the whole ---- */

static vl_code make_room(scan *s, vl_err *err)
{
    s->least = calloc(s->ncontig + 1, sizeof *s->least);
    s->reach = calloc(s->ncontig + 1, sizeof *s->reach);
    s->here = calloc(s->ncontig + 1, sizeof *s->here);
    s->change = calloc((size_t)room, sizeof *s->change);
    s->span = calloc((size_t)room, sizeof *s->span);
    return s->least && s->reach && s->here && s->change && s->span
               ? VL_OK
               : vl_fail(err, VL_ENOMEM, "no memory for the depth of %d places", 1 << 26);
}

vl_code vl_depth_scan(vl_reader *r, const vl_depth_rule *rule, const vl_depth_user *user, vl_output *out,
                      int threads, vl_work *work, vl_err *err)
{
    scan s = { .r = r,
               .rule = rule,
               .user = user,
               .out = out,
               .threads = threads,
               .work = work,
               .ncontig = rule->contigs->n };
    const vl_stage stage = { "sum", VL_ORDERED, sum_up, &s };
    vl_depth_rule first = *rule;
    first.any_order = true;
    if (rule->once)
        return vl_fail(err, VL_EUNSUP,
                       "its alignments are not in the order of their places, and which of two "
                       "mates is the first only that says: sort them first");
    if (!make_room(&s, err) && !vl_depth_read(r, &first, false, &stage, 1, threads, work, err)) {
        for (size_t c = 0; c < s.ncontig && !err->code; c++) add_contig(&s, (int64_t)c, err);
        if (!err->code) walk_windows(&s, err);
    }
    free(s.least);
    free(s.reach);
    free(s.here);
    free(s.change);
    free(s.span);
    free(s.window);
    vl_buf_free(&s.text);
    return err->code;
}
