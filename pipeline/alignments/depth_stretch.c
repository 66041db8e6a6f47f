/* Changes of a stretch to depths (depth.h): piece by piece, each with the changes that lie in it. */
#include "pipeline/alignments/depth.h"

#include <string.h>

enum { SHIFT = 16, PIECE = 1 << SHIFT, MOST = 1 << 24 }; /* places of a piece; pieces */

/* Puts the changes in the order of their pieces: end[k] is behind those of piece k. */
static vl_code sort_changes(const vl_stretch *s, vl_change *change, size_t npiece, vl_buf *scratch,
                            size_t **end, vl_err *err)
{
    const size_t counts = (npiece + 1) * sizeof **end;
    if (vl_buf_reserve(scratch, counts + s->nchange * sizeof *change, err)) return err->code;
    size_t *const at = (size_t *)(void *)scratch->data;
    vl_change *const copy = (vl_change *)(void *)(scratch->data + counts);
    memset(at, 0, counts);
    *end = at;
    for (size_t i = 0; i < s->nchange; i++) at[(change[i].at - s->from) >> SHIFT]++;
    for (size_t k = 0, sum = 0; k < npiece; k++) {
        const size_t n = at[k];
        at[k] = sum;
        sum += n;
    }
    if (npiece > 1) {
        if (s->nchange) memcpy(copy, change, s->nchange * sizeof *change);
        for (size_t i = 0; i < s->nchange; i++) change[at[(copy[i].at - s->from) >> SHIFT]++] = copy[i];
    } else {
        at[0] = s->nchange;
    }
    return VL_OK;
}

/* Of places [at, at + n), those that records span. */
static vl_code use_spans(const vl_depth_load *l, const vl_stretch *s, const vl_depth_user *user, size_t *next,
                         int64_t at, const int32_t *depth, size_t n, vl_buf *text, uint64_t *covered,
                         vl_err *err)
{
    const vl_span_of *const span = (const vl_span_of *)(const void *)l->spans.data + s->span;
    const int64_t end = at + (int64_t)n;
    for (; *next < s->nspan && span[*next].from < end && !err->code; ++*next) {
        const int64_t from = span[*next].from > at ? span[*next].from : at;
        const int64_t to = span[*next].to < end ? span[*next].to : end;
        if (from < to)
            user->use(user->self, s->contig, from, depth + (from - at), (size_t)(to - from), text, covered,
                      err);
        if (span[*next].to > end) break;
    }
    return err->code;
}

/* The changes [from, to) summed up: depths of n places from `at` on. */
static int64_t sum_up(const vl_change *change, size_t from, size_t to, int64_t at, int64_t depth,
                      int32_t *out, size_t n)
{
    memset(out, 0, n * sizeof *out);
    for (size_t i = from; i < to; i++) out[change[i].at - at] += (int32_t)change[i].by;
    int32_t sum = (int32_t)depth;
    for (size_t i = 0; i < n; i++) out[i] = sum += out[i];
    return sum;
}

vl_code vl_stretch_use(vl_depth_load *l, const vl_stretch *s, const vl_depth_user *user, uint64_t *covered,
                       vl_code (*piece)(void *self, vl_buf *text, vl_err *err), void *self, vl_err *err)
{
    int32_t depth[PIECE];
    vl_change *const changes = (vl_change *)(void *)l->settled.data; /* NULL: there are none */
    const vl_span_of *const spans = (const vl_span_of *)(const void *)l->spans.data;
    vl_change *const change = changes ? changes + s->change : NULL;
    const vl_span_of *const span = spans ? spans + s->span : NULL;
    const uint64_t npiece = ((uint64_t)(s->to - s->from) >> SHIFT) + 1;
    int64_t now = s->depth;
    size_t *end = NULL, next = 0, from = 0;
    if (npiece > MOST) return vl_fail(err, VL_EUNSUP, "its alignments lie too far from each other");
    if (sort_changes(s, change, npiece, &l->scratch, &end, err)) return err->code;
    for (size_t k = 0; k < npiece && !err->code; from = end[k++]) {
        const int64_t at = s->from + ((int64_t)k << SHIFT), left = s->to - at;
        const size_t n = left < PIECE ? (size_t)left : PIECE;
        if (!user->all && (next == s->nspan || span[next].from >= at + (int64_t)n)) { /* nothing is wanted */
            for (size_t i = from; i < end[k]; i++) now += change[i].by;
            continue;
        }
        now = sum_up(change, from, end[k], at, now, depth, n);
        if (user->all) user->use(user->self, s->contig, at, depth, n, &l->text, covered, err);
        else use_spans(l, s, user, &next, at, depth, n, &l->text, covered, err);
        if (!err->code && piece) piece(self, &l->text, err);
    }
    return err->code;
}
