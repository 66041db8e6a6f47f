/*
 * Depth, and G and C of stretches, in the order of the records (stats.h): as samtools 1.16 sees them, with
 * what it loses.
 *
 * Depth. A ring of places, five times as many as letters of the longest read so far, adds up letters from the
 * place of the record at hand on. Places before it are settled: counted by their depth. What lies further
 * ahead than the ring is long, behind a skip, comes out at places before, and of all that is ahead when the
 * next record is, the last place stays. When the ring grows, it copies as many bytes as there are places, so
 * that three places of four are forgotten.
 *
 * Stretches begin with the first record that is beyond the one before by more than `bin` places.
 */
#include "pipeline/alignments/stats.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 300, TIMES = 5 };

/* ---- the ring ---- */

static int64_t slot_of(const vl_stats_ring *r, int64_t place)
{
    return (r->start + (place - r->at) % r->size) % r->size;
}

static int bin_of(const vl_stats_depth *d, const vl_stats_rule *rule, int32_t depth)
{
    if (depth < rule->depth_from) return 0;
    if (depth > rule->depth_to) return d->ncov - 1;
    return 1 + (depth - rule->depth_from) / rule->depth_step;
}

static void settle_slots(vl_stats_depth *d, const vl_stats_rule *rule, int64_t from, int64_t last)
{
    for (int64_t i = from; i <= last; i++) {
        if (!d->ring.depth[i]) continue;
        d->cov[bin_of(d, rule, d->ring.depth[i])]++;
        d->ring.depth[i] = 0;
    }
}

/* What is before a place is settled; -1: all is. */
static void settle(vl_stats_depth *d, const vl_stats_rule *rule, int64_t place)
{
    vl_stats_ring *const r = &d->ring;
    int64_t to = place;
    if (place == r->at) return;
    if (place == -1 || place - r->at >= r->size) to = r->at + r->size - 1;
    const int64_t from = r->start, last = slot_of(r, to - 1);
    if (from > last) {
        settle_slots(d, rule, from, r->size - 1);
        settle_slots(d, rule, 0, last);
    } else {
        settle_slots(d, rule, from, last);
    }
    r->start = place == -1 ? 0 : slot_of(r, to);
    r->at = place;
}

static void add_run(vl_stats_ring *r, int64_t from, int64_t to)
{
    int64_t i = slot_of(r, from);
    const int64_t end = slot_of(r, to);
    if (i > end) {
        for (; i < r->size; i++) r->depth[i]++;
        i = 0;
    }
    for (; i < end; i++) r->depth[i]++;
}

/* A longer read than any before. samtools has room for twice what is missing. */
static vl_code grow(vl_stats_depth *d, uint64_t length, vl_err *err)
{
    vl_stats_ring *const r = &d->ring;
    const size_t size = (size_t)length * TIMES, rest = (size_t)(r->size - r->start), start = (size_t)r->start;
    if (length < d->room) return VL_OK;
    int32_t *const p = length <= (uint64_t)INT32_MAX / TIMES ? calloc(size, sizeof *p) : NULL;
    if (!p)
        return vl_fail(err, VL_ENOMEM, "no memory for the depth of places under reads of %llu letters",
                       (unsigned long long)length);
    memcpy(p, r->depth + r->start, rest);
    if (start > 1) memcpy(p + rest, r->depth, start);
    free(r->depth);
    r->depth = p;
    r->start = 0;
    r->size = (int64_t)size;
    d->room += 2 * (1 + length - d->room);
    return VL_OK;
}

static void add_depth(vl_stats_ring *r, const vl_stats_line *line)
{
    int64_t at = line->position;
    for (size_t k = 0; k < line->nop; k++) {
        const uint32_t op = vl_le32(line->cigar + 4 * k);
        const int64_t n = op >> 4;
        if (vl_op_matches(op)) add_run(r, at, at + n);
        if (vl_op_on_contig(op)) at += n;
    }
}

/* ---- stretches ---- */

static vl_code begin_stretch(vl_stats_depth *d, vl_err *err)
{
    if (++d->nstretch < d->cstretch) return VL_OK;
    const size_t n = 2 * d->cstretch + 64;
    void *const p = realloc(d->stretch, n * sizeof *d->stretch);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu stretches", n);
    d->stretch = p;
    memset(d->stretch + d->cstretch, 0, (n - d->cstretch) * sizeof *d->stretch);
    d->cstretch = n;
    return VL_OK;
}

static vl_code add_gc(vl_stats_depth *d, const vl_stats_rule *rule, const vl_stats_line *line, vl_err *err)
{
    if (d->bin_at == -1 || d->contig != line->contig || line->position - d->bin_at > (int64_t)rule->bin) {
        d->contig = line->contig;
        d->bin_at = line->position;
        if (begin_stretch(d, err)) return err->code;
    }
    vl_stats_stretch *const s = &d->stretch[d->nstretch];
    s->depth++;
    s->gc += (float)line->gc / (float)line->nletter;
    return VL_OK;
}

/* ---- entry points ---- */

vl_code vl_stats_depth_init(vl_stats_depth *d, vl_stats_rule *rule, vl_err *err)
{
    const int64_t span = (int64_t)rule->depth_to - rule->depth_from;
    if (rule->depth_step > span + 1) rule->depth_step = span > 0 ? (int)span : 1;
    const int64_t steps = span / rule->depth_step;
    *d = (vl_stats_depth){
        .sorted = true, .contig = -1, .bin_at = -1, .room = ROOM, .ncov = (int)(3 + steps)
    };
    rule->depth_to = (int)(rule->depth_from + (steps + 1) * rule->depth_step - 1);
    d->ring.size = TIMES * ROOM;
    d->ring.depth = calloc((size_t)d->ring.size, sizeof *d->ring.depth);
    d->cov = calloc((size_t)d->ncov, sizeof *d->cov);
    return d->ring.depth && d->cov ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for depths");
}

vl_code vl_stats_depth_add(vl_stats_depth *d, const vl_stats_rule *rule, const vl_stats_line *line,
                           vl_err *err)
{
    if (grow(d, line->length, err) || !line->mapped) return err->code;
    if (d->contig == line->contig && line->position < d->position) d->sorted = false;
    d->position = line->position;
    if (!d->sorted) return VL_OK;
    if (d->contig == -1 || d->contig != line->contig) settle(d, rule, -1);
    if (add_gc(d, rule, line, err) || line->position < -1) return err->code;
    settle(d, rule, line->position);
    add_depth(&d->ring, line);
    return VL_OK;
}

void vl_stats_depth_end(vl_stats_depth *d, const vl_stats_rule *rule) { settle(d, rule, -1); }

void vl_stats_depth_free(vl_stats_depth *d)
{
    free(d->ring.depth);
    free(d->cov);
    free(d->stretch);
}
