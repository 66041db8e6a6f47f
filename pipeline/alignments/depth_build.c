/* Records of a load to changes of depth (depth.h). */
#include "pipeline/alignments/depth.h"

#include "formats/xxh3.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- mates that were seen ---- */

/* Where they end, by a hash of 128 bits of their names. */
typedef struct seen_one {
    XXH128_hash_t name;
    int64_t end; /* 0: free */
} seen_one;

struct vl_mates_seen {
    seen_one *at; /* owned; [cap], a power of 2 */
    size_t n, cap;
    int64_t ring; /* places of samtools' buffer, see skip */
};

vl_mates_seen *vl_mates_seen_new(void) { return calloc(1, sizeof(vl_mates_seen)); }

void vl_mates_seen_free(vl_mates_seen *seen)
{
    if (seen) free(seen->at);
    free(seen);
}

static seen_one *slot_of(const vl_mates_seen *s, XXH128_hash_t name)
{
    for (size_t i = name.low64 & (s->cap - 1);; i = (i + 1) & (s->cap - 1))
        if (!s->at[i].end || XXH128_isEqual(s->at[i].name, name)) return &s->at[i];
}

static vl_code grow(vl_mates_seen *s, vl_err *err)
{
    const vl_mates_seen was = *s;
    s->cap = was.cap ? 2 * was.cap : 1 << 12;
    if (!(s->at = calloc(s->cap, sizeof *s->at))) {
        *s = was;
        return vl_fail(err, VL_ENOMEM, "no memory for %zu mates", 2 * was.cap);
    }
    for (size_t i = 0; i < was.cap; i++)
        if (was.at[i].end) *slot_of(s, was.at[i].name) = was.at[i];
    free(was.at);
    return VL_OK;
}

/* Takes one out; those behind it that would not be found any more move up. */
static void forget(vl_mates_seen *s, seen_one *one)
{
    size_t gap = (size_t)(one - s->at);
    const size_t mask = s->cap - 1;
    for (size_t i = (gap + 1) & mask; s->at[i].end; i = (i + 1) & mask) {
        const size_t home = s->at[i].name.low64 & mask;
        if (((i - home) & mask) < ((i - gap) & mask)) continue;
        s->at[gap] = s->at[i];
        gap = i;
    }
    s->at[gap].end = 0;
    s->n--;
}

/* One more than the last place that the mate of this name covered, which came before; 0: none did. What may
 * overlap a mate that is to come is remembered. */
static vl_code see(vl_mates_seen *s, const int64_t *place, vl_cell name, int64_t end, int64_t *before,
                   vl_err *err)
{
    const int64_t flag = place[VL_PLACE_FLAG], mate = place[VL_PLACE_MATE_POSITION];
    *before = 0;
    if (!(flag & VL_FLAG_PAIRED) || flag & VL_FLAG_MATE_UNMAPPED) return VL_OK;
    if (2 * s->n >= s->cap && grow(s, err)) return err->code;
    seen_one *const one = slot_of(s, XXH3_128bits(name.at, name.n));
    if (one->end) {
        *before = one->end;
        forget(s, one);
    } else if (mate == -1 || (place[VL_PLACE_CONTIG] == place[VL_PLACE_MATE_CONTIG] && mate <= end)) {
        *one = (seen_one){ XXH3_128bits(name.at, name.n), end > 0 ? end : 1 };
        s->n++;
    }
    return VL_OK;
}

/* ---- one record ---- */

typedef struct record {
    int64_t place[VL_PLACE_N], end;
    const uint8_t *cigar, *quality;
    size_t nop, nquality;
    int64_t clip; /* places before this one are its mate's */
} record;

static vl_code add(vl_depth_load *l, int64_t from, int64_t to, vl_err *err)
{
    const vl_change change[2] = { { from, 1 }, { to, -1 } };
    return from < to ? vl_buf_append(&l->change, change, sizeof change, err) : VL_OK;
}

/* Letters n from place `at` on; q: of the first. Runs of those whose quality is enough, or that have none. */
static vl_code add_letters(vl_depth_load *l, const vl_depth_rule *rule, const record *x, int64_t at, size_t n,
                           size_t q, vl_err *err)
{
    if (!rule->quality || q >= x->nquality) return add(l, at, at + (int64_t)n, err);
    size_t start = 0, k = 0;
    const size_t known = x->nquality - q < n ? x->nquality - q : n;
    for (; k < known; k++) {
        if (x->quality[q + k] >= rule->quality) continue;
        if (add(l, at + (int64_t)start, at + (int64_t)k, err)) return err->code;
        start = k + 1;
    }
    return add(l, at + (int64_t)start, at + (int64_t)n, err);
}

/* Sums over the letters that lie where they are asked for. */
static void sum_letters(vl_depth_sum *sum, const vl_depth_rule *rule, const record *x, int64_t at, size_t n,
                        size_t q)
{
    const vl_region *const r = rule->region;
    size_t from = 0, to = n;
    const int64_t contig = x->place[VL_PLACE_CONTIG];
    const int64_t length = (size_t)contig < rule->contigs->n ? rule->contigs->contig[contig].length : 0;
    const int64_t end = r && r->to < INT64_MAX ? r->to : length;
    if (r && at < r->from) from = (uint64_t)(r->from - at) < n ? (size_t)(r->from - at) : n;
    if (at + (int64_t)n > end) to = at < end ? (size_t)(end - at) : 0;
    for (size_t k = from; k < to && q + k < x->nquality; k++) {
        if (x->quality[q + k] < rule->quality) continue;
        sum->quality += x->quality[q + k];
        sum->letter++;
    }
    if (q + from >= x->nquality && from < to) sum->letter += to - from;
}

/*
 * samtools depth -s passes over operations that end before its mate does, and moves on in the qualities as
 * well, but not where its buffer, a ring, goes round there: then the letters behind are judged by qualities
 * of others. What it prints is what we print.
 */
static bool loses_count(const vl_mates_seen *seen, int64_t at, int64_t n)
{
    const int64_t mask = seen->ring - 1;
    return (at & mask) >= ((at + n) & mask);
}

static vl_code add_operation(vl_depth_load *l, const vl_depth_rule *rule, const vl_mates_seen *seen,
                             record *x, uint32_t op, int64_t *at, size_t *q, vl_depth_sum *sum, vl_err *err)
{
    enum { DELETION = 2 };
    const int64_t n = op >> 4, clip = x->clip;
    const bool deleted = (op & 15) == DELETION, counts = vl_op_matches(op) || (deleted && rule->deletions);
    const int64_t skip = clip > *at ? (clip - *at < n ? clip - *at : n) : 0;
    if (counts && deleted) {
        const bool good = *q >= x->nquality || x->quality[*q] >= rule->quality;
        if (good && add(l, *at + skip, *at + n, err)) return err->code;
    } else if (counts) {
        const bool lost = skip && *at + n < clip && rule->quality && loses_count(seen, *at, n);
        if (rule->sums) sum_letters(sum, rule, x, *at, (size_t)n, *q);
        if (add_letters(l, rule, x, *at + skip, (size_t)(n - skip), *q + (size_t)skip, err)) return err->code;
        if (lost) *q -= (size_t)n;
    }
    if (vl_op_on_contig(op)) *at += n;
    if (vl_op_in_read(op)) *q += (size_t)n;
    return VL_OK;
}

static vl_code add_record(vl_depth_load *l, const vl_depth_rule *rule, const vl_mates_seen *seen, record *x,
                          vl_depth_sum *sum, vl_err *err)
{
    int64_t at = x->place[VL_PLACE_POSITION];
    size_t q = 0;
    for (size_t k = 0; k < x->nop && !err->code; k++)
        add_operation(l, rule, seen, x, vl_le32(x->cigar + 4 * k), &at, &q, sum, err);
    return err->code;
}

/* ---- which records ---- */

/* Letters of the record without what is clipped at its ends, or with it. */
static uint64_t length_of(const record *x, uint64_t nletter, bool clipped)
{
    enum { SOFT_CLIP = 4 };
    uint64_t n = 0, left = nletter;
    size_t i = 0, k = x->nop;
    for (size_t m = 0; m < x->nop; m++) {
        const uint32_t op = vl_le32(x->cigar + 4 * m);
        if (vl_op_in_read(op) && (clipped || (op & 15) != SOFT_CLIP)) n += op >> 4;
    }
    if (clipped || !nletter) return n;
    for (; i < x->nop && (vl_le32(x->cigar + 4 * i) & 15) == SOFT_CLIP; i++)
        left -= vl_le32(x->cigar + 4 * i) >> 4;
    for (; k > i + 1 && (vl_le32(x->cigar + 4 * (k - 1)) & 15) == SOFT_CLIP; k--)
        left -= vl_le32(x->cigar + 4 * (k - 1)) >> 4;
    return left;
}

static bool is_counted(const vl_depth_rule *rule, const int64_t *place, int64_t end, uint8_t mapq)
{
    const unsigned flag = (unsigned)place[VL_PLACE_FLAG];
    const vl_region *const r = rule->region;
    if (place[VL_PLACE_CONTIG] < 0 || flag & rule->exclude || (rule->any && !(flag & rule->any)) ||
        mapq < rule->mapq)
        return false;
    return !r || (place[VL_PLACE_CONTIG] == r->contig && place[VL_PLACE_POSITION] < r->to && end > r->from);
}

/* ---- runs ---- */

/* What a record spans joins the last span, or is one of its own. */
static vl_code add_span(vl_depth_load *l, vl_depth_run *run, int64_t from, int64_t to, vl_err *err)
{
    vl_span_of *const all = (vl_span_of *)(void *)l->span.data, *const last = run->nspan ? all + run->span +
                                                                                               run->nspan - 1
                                                                                         : NULL;
    const vl_span_of one = { from, to };
    if (last && from >= last->from && from <= last->to) {
        if (to > last->to) last->to = to;
        return VL_OK;
    }
    run->nspan++;
    return vl_buf_append(&l->span, &one, sizeof one, err);
}

/* Changes before the run's last place go first. */
static void part(vl_depth_load *l, vl_depth_run *run)
{
    vl_change *const all = (vl_change *)(void *)l->change.data + run->change;
    size_t end = run->nchange = l->change.len / sizeof *all - run->change;
    for (size_t i = 0; i < end;) {
        if (all[i].at < run->last) {
            i++;
            continue;
        }
        const vl_change later = all[i];
        all[i] = all[--end];
        all[end] = later;
    }
    run->later = end;
}

/* any: they may lie in any order. */
static vl_code run_of(vl_depth_load *l, bool any, int64_t contig, int64_t at, vl_depth_run **out, vl_err *err)
{
    vl_depth_run *const last = l->nrun ? &l->run[l->nrun - 1] : NULL;
    *out = last;
    if (!any && last && (last->contig > contig || (last->contig == contig && last->last > at)))
        return vl_fail(err, VL_EUNSUP,
                       "its alignments are not in the order of their places: sort them first");
    if (last && last->contig == contig) return VL_OK;
    if (last) part(l, last);
    if (l->nrun == l->crun) {
        const size_t n = l->crun ? 2 * l->crun : 8;
        vl_depth_run *const p = realloc(l->run, n * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu contigs", n);
        l->run = p;
        l->crun = n;
    }
    *out = &l->run[l->nrun++];
    **out = (vl_depth_run){ .contig = contig,
                            .first = at,
                            .change = l->change.len / sizeof(vl_change),
                            .span = l->span.len / sizeof(vl_span_of) };
    return VL_OK;
}

/* What a record may be wrong in, so that what is made of it stays within bounds. */
static vl_code check(const record *x, vl_err *err)
{
    const int64_t position = x->place[VL_PLACE_POSITION];
    if (position < -1 || x->place[VL_PLACE_CONTIG] > INT32_MAX || position > INT64_MAX / 8 ||
        x->end - position > INT64_MAX / 8)
        return vl_fail(err, VL_ESTORE, "a record lies at place %" PRId64 " of contig %" PRId64, position,
                       x->place[VL_PLACE_CONTIG]);
    return VL_OK;
}

static vl_code take_row(vl_depth_load *l, const vl_depth_rule *rule, vl_mates_seen *seen, size_t i, int cg,
                        vl_err *err)
{
    const vl_batch *const b = &l->plan.batch;
    const uint64_t *const offset = b->col[VL_AL_PLACE].offset, *const base = b->col[VL_AL_BASE].offset;
    record x = { .clip = 0 };
    vl_depth_run *run;
    if (offset[i] != VL_PLACE_N * i || offset[i + 1] != VL_PLACE_N * (i + 1))
        return vl_fail(err, VL_ESTORE, "a place is not of eight numbers");
    for (int k = 0; k < VL_PLACE_N; k++) x.place[k] = vl_place_at(b, i, k);
    const uint8_t mapq = b->col[VL_AL_MAPQ].data.data[i];
    x.end = vl_place_end(x.place[VL_PLACE_POSITION], x.place[VL_PLACE_SPAN], x.place[VL_PLACE_FLAG]);
    if (check(&x, err) || !is_counted(rule, x.place, x.end, mapq)) return err->code;
    vl_cigar_of_row(b, i, cg, &x.cigar, &x.nop);
    if (rule->length && length_of(&x, base[i + 1] - base[i], rule->clipped) < rule->length) return VL_OK;
    if (rule->quality || rule->sums) {
        const vl_cell quality = vl_row(&b->col[VL_AL_QUALITY], i);
        x.quality = quality.at;
        x.nquality = quality.n;
    }
    if (seen) {
        const uint64_t row = (uint64_t)x.place[VL_PLACE_NAME] - b->first[VL_AT_NAME];
        if (row >= b->nrow[VL_AT_NAME]) return vl_fail(err, VL_ESTORE, "a name is not where its place says");
        if (see(seen, x.place, vl_row(&b->col[VL_AL_NAME], (size_t)row), x.end, &x.clip, err))
            return err->code;
        while (x.end + 1 - x.place[VL_PLACE_POSITION] >= seen->ring)
            seen->ring = seen->ring ? 2 * seen->ring : 2048;
    }
    if (run_of(l, rule->any_order, x.place[VL_PLACE_CONTIG], x.place[VL_PLACE_POSITION], &run, err))
        return err->code;
    run->last = x.place[VL_PLACE_POSITION];
    run->sum.record++;
    run->sum.mapped += !(x.place[VL_PLACE_FLAG] & VL_FLAG_UNMAPPED);
    run->sum.mapq += mapq;
    if (add_span(l, run, x.place[VL_PLACE_POSITION], x.end, err)) return err->code;
    /* unmapped ones count as records, and lie on nothing */
    return x.place[VL_PLACE_FLAG] & VL_FLAG_UNMAPPED && rule->mapped
               ? VL_OK
               : add_record(l, rule, seen, &x, &run->sum, err);
}

vl_code vl_depth_build(vl_depth_load *l, const vl_depth_rule *rule, vl_mates_seen *seen, vl_err *err)
{
    const int cg = vl_alignments_tag_field(l->plan.batch.schema, "CG:BI");
    l->nrun = 0;
    l->change.len = l->span.len = 0;
    /* there is room, though no record may change anything */
    if (vl_buf_reserve(&l->change, sizeof(vl_change), err) ||
        vl_buf_reserve(&l->span, sizeof(vl_span_of), err) ||
        vl_buf_reserve(&l->spans, sizeof(vl_span_of), err))
        return err->code;
    for (size_t i = 0; i < l->plan.batch.nrow[VL_AT_ALIGNMENT]; i++) {
        if (take_row(l, rule, seen, i, cg, err)) return err->code;
    }
    if (l->nrun) part(l, &l->run[l->nrun - 1]);
    return VL_OK;
}
