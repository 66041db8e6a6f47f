/*
 * Learning a model of qualities (quality_model.h). All is done in whole numbers, so that every machine learns
 * the same.
 *
 * First the shape of contexts: each shape of the table is tried on a part of the chunk, and costs what its
 * contexts are about to take (context_cost). Of the cheapest three the one is taken whose model and
 * symbols are the fewest bytes. For that the contexts, of
 * which there are thousands, are brought together in clusters (clusters.h).
 */
#include "pipeline/codec/quality_model.h"

#include "kernels/kernels.h"
#include "pipeline/codec/clusters.h"
#include "pipeline/codec/log2.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST = 64,      /* symbols */
    PART = 1 << 18,  /* symbols on which shapes are tried */
    WHOLE = 1 << 20, /* and from which frequencies are learned */
    TRIED = 3,       /* shapes that are learned whole */
    CLUSTERS = 128
};

/* What a shape looks at (context.h); history in symbols. */
typedef struct shape {
    uint8_t history, second, top, position, unrest, from_best, mean, decay;
} shape;

static const shape shapes[] = {
    { 1, 0, 0, 0, 0, 0, 0, 0 }, { 1, 0, 0, 6, 0, 0, 0, 0 }, { 1, 0, 0, 7, 0, 0, 0, 0 },
    { 1, 0, 3, 0, 3, 0, 0, 0 }, { 1, 0, 2, 4, 3, 0, 0, 0 }, { 1, 0, 3, 4, 3, 0, 0, 0 },
    { 1, 3, 0, 4, 2, 0, 0, 0 }, { 2, 0, 0, 0, 0, 0, 0, 0 }, { 2, 0, 0, 3, 0, 0, 0, 0 },
    { 2, 0, 0, 0, 3, 0, 0, 0 }, { 2, 0, 0, 3, 2, 0, 0, 0 }, { 1, 0, 0, 5, 5, 1, 0, 0 },
    { 2, 0, 0, 4, 4, 1, 0, 0 }, { 2, 0, 3, 4, 3, 1, 0, 0 }, { 4, 0, 0, 3, 4, 1, 0, 0 },
    { 6, 0, 0, 3, 0, 0, 0, 0 }, { 1, 0, 0, 0, 0, 0, 5, 5 }, { 1, 0, 0, 0, 0, 0, 4, 4 },
    { 1, 3, 0, 0, 0, 0, 3, 6 }, { 1, 0, 0, 4, 0, 0, 5, 3 }, { 1, 0, 0, 4, 0, 0, 5, 4 },
    { 1, 0, 0, 3, 3, 0, 3, 4 }, { 2, 0, 0, 0, 0, 0, 3, 4 }, { 2, 0, 0, 3, 0, 0, 2, 4 },
};
enum { NSHAPE = sizeof shapes / sizeof *shapes };

/* What learning works with. */
typedef struct learner {
    vl_quality_model model; /* its alphabet and its shape */
    vl_buf sym, context, length, row, count, sums, table, trial, found;
    vl_log2 log;
    size_t nstep, nrow; /* contexts that were seen */
    uint32_t longest;   /* row */
    uint32_t most;      /* symbols of one value */
    const vl_pack_job *job;
} learner;

/* ---- the chunk as symbols ---- */

static void find_alphabet(learner *a)
{
    vl_quality_model *const m = &a->model;
    uint32_t count[256] = { 0 };
    for (size_t i = 0; i < a->job->len; i++) count[a->job->plain[i]]++;
    m->context.nsymbol = 0;
    for (int v = 0; v < 256; v++) {
        m->symbol[v] = (uint8_t)m->context.nsymbol;
        if (count[v] > a->most) a->most = count[v];
        if (count[v] && m->context.nsymbol++ < VL_QUALITY_OTHER)
            m->value[m->context.nsymbol - 1] = (uint8_t)v;
    }
}

/* Whether there is something to learn, and it is worth its time to the profile: a few values of which one is
 * the usual one are quicker as its runs (codec_qrun.c). */
static bool is_worth(const learner *a)
{
    const uint32_t nsymbol = a->model.context.nsymbol;
    if (nsymbol < 2 || nsymbol > VL_QUALITY_SYMBOLS) return false;
    return a->job->learns != VL_LEARNS_MANY || nsymbol > VL_FEW_VALUES || a->most < a->job->len / 5 * 4;
}

static vl_code take_symbols(learner *a, vl_err *err)
{
    const vl_pack_job *const job = a->job;
    const size_t n = a->nstep * VL_LANES;
    uint32_t start = 0;
    if (vl_buf_reserve(&a->sym, 2 * n, err) || vl_buf_reserve(&a->context, n * sizeof(uint32_t), err))
        return err->code;
    uint8_t *const straight = a->sym.data + n;
    memset(straight + job->len, 0, n - job->len);
    for (size_t i = 0; i < job->len; i++) straight[i] = a->model.symbol[job->plain[i]];
    vl_k.lanes_split(a->sym.data, straight, a->nstep, VL_LANES);
    a->longest = 1;
    for (size_t i = 0; i < job->beside.nrow; i++) {
        if (job->beside.row[i] - start > a->longest) a->longest = job->beside.row[i] - start;
        start = job->beside.row[i];
    }
    return VL_OK;
}

/* ---- shapes ---- */

static unsigned shape_bits(const learner *a, const shape *s)
{
    const unsigned history = s->history * vl_quality_symbol_bits(a->model.context.nsymbol);
    return history + s->second + s->top + s->mean + s->position + s->unrest;
}

/* The steps of unrest: exact where there is room, else ever wider. */
static void fill_steps(uint32_t steps[32], unsigned bits)
{
    static const uint8_t eight[32] = { 0, 1, 2, 3, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6,
                                       6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 };
    static const uint8_t four[32] = { 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
                                      3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3 };
    for (uint32_t i = 0; i < 32; i++) {
        const uint32_t end = (1u << bits) - 1;
        steps[i] = bits == 3 ? eight[i] : bits == 2 ? four[i] : i < end ? i : end;
    }
}

/* The bytes of a shape as a model has them, and the model's context made of them. */
static void put_shape(learner *a, const shape *s, uint8_t out[VL_QUALITY_SHAPE])
{
    vl_context *const c = &a->model.context;
    const bool few = c->nsymbol <= 8;
    const uint8_t first[] = { s->mean,     s->decay,  s->history,   s->second,   s->top,
                              s->position, s->unrest, s->from_best, few ? 0 : 2, few ? 255 : 8 };
    uint8_t *const steps = out + sizeof first;
    memset(out, 0, VL_QUALITY_SHAPE);
    memcpy(out, first, sizeof first);
    fill_steps(c->steps_of, s->unrest);
    for (int i = 0; i < 32; i++) steps[i] = (uint8_t)c->steps_of[i];
    vl_put_le32(steps + 32, (uint32_t)(((uint64_t)65536 << s->position) / (a->longest + 1)));
    steps[36] = a->job->beside.row != NULL;
}

static vl_code list_contexts(learner *a, size_t nstep, vl_err *err)
{
    vl_lanes lanes = { .n = VL_LANES };
    const vl_beside *const b = &a->job->beside;
    if (vl_quality_lanes(b->row, b->nrow, a->job->len, a->nstep, &a->length, &lanes, err)) return err->code;
    vl_k.context_list((uint32_t *)(void *)a->context.data, a->sym.data, nstep,
                      (const uint32_t *)(const void *)a->length.data, &lanes, &a->model.context);
    return VL_OK;
}

/* How often each symbol stands in each context that is seen: count [nrow * nsymbol], and row [contexts]: 1 +
 * the context's row in it, 0 if it is not seen. */
static vl_code count(learner *a, size_t nstep, unsigned bits, vl_err *err)
{
    const size_t nsymbol = a->model.context.nsymbol, n = nstep * VL_LANES;
    if (list_contexts(a, nstep, err) || vl_buf_reserve(&a->row, sizeof(uint32_t) << bits, err))
        return err->code;
    uint32_t *const context = (uint32_t *)(void *)a->context.data, *const row =
                                                                       (uint32_t *)(void *)a->row.data;
    memset(row, 0, sizeof *row << bits);
    a->nrow = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t *const own = &row[context[i]];
        if (!*own) *own = (uint32_t)++a->nrow;
        context[i] = (*own - 1) * (uint32_t)nsymbol;
    }
    if (vl_buf_reserve(&a->count, a->nrow * nsymbol * sizeof(uint32_t), err)) return err->code;
    uint32_t *const all = (uint32_t *)(void *)a->count.data;
    memset(all, 0, a->nrow * nsymbol * sizeof *all);
    for (size_t i = 0; i < n; i++) all[context[i] + a->sym.data[i]]++;
    return VL_OK;
}

/* What n symbols cost that are each coded by how often it was seen before, plus 1/16: the sums of the
 * logarithms of 16 k + 1 and of 16 k + nsymbol, k below n, in 1/256. */
static vl_code fill_sums(learner *a, vl_err *err)
{
    uint64_t one = 0, all = 0;
    if (vl_buf_reserve(&a->sums, 2 * (PART + 1) * sizeof(uint32_t), err)) return err->code;
    uint32_t *const sum = (uint32_t *)(void *)a->sums.data;
    for (uint32_t k = 0; k <= PART; k++) {
        sum[2 * k] = (uint32_t)(one >> 8);
        sum[2 * k + 1] = (uint32_t)(all >> 8);
        one += vl_log2_of(&a->log, 16 * k + 1);
        all += vl_log2_of(&a->log, 16 * k + a->model.context.nsymbol);
    }
    return VL_OK;
}

/* Bits, in 1/256, that a context's symbols take: when nothing of it is known before; and when its frequencies
 * are, which are then said in half a logarithm each. What a model takes lies between. The more symbols there
 * are, the fewer has a context of each, and the less can be said in advance. */
static uint64_t context_cost(const learner *a, const uint32_t *count)
{
    enum { MANY = 64 };
    const uint32_t *const sum = (const uint32_t *)(const void *)a->sums.data,
                          nsymbol = a->model.context.nsymbol;
    uint32_t all = 0, kinds = 0;
    uint64_t less = 0, known = 0;
    for (uint32_t s = 0; s < nsymbol; s++) {
        if (!count[s]) continue;
        all += count[s];
        kinds++;
        less += sum[2 * count[s]];
        known += (uint64_t)count[s] * vl_log2_of(&a->log, count[s]);
    }
    if (!all) return 0;
    const uint64_t log = vl_log2_of(&a->log, all), unknown = sum[2 * all + 1] - less;
    if (nsymbol > MANY) return unknown;
    return (unknown + 3 * ((all * log - known + kinds * log / 2) >> 8)) / 4;
}

static vl_code shape_cost(learner *a, const shape *s, uint64_t *cost, vl_err *err)
{
    uint8_t bytes[VL_QUALITY_SHAPE];
    const unsigned bits = shape_bits(a, s);
    const size_t part = PART / VL_LANES;
    *cost = UINT64_MAX;
    if (bits > VL_CONTEXT_BITS || (size_t)1 << bits > 4 * a->job->len) return VL_OK;
    put_shape(a, s, bytes);
    vl_quality_shape(&a->model, bytes);
    if (count(a, a->nstep < part ? a->nstep : part, bits, err)) return err->code;
    *cost = 0;
    for (size_t i = 0; i < a->nrow; i++)
        *cost +=
            context_cost(a, (const uint32_t *)(const void *)a->count.data + i * a->model.context.nsymbol);
    return VL_OK;
}

/* The shapes that cost least, the cheapest first; as many as there are, TRIED at most. */
static vl_code choose_shapes(learner *a, const shape *best[TRIED], int *n, vl_err *err)
{
    uint64_t cost[TRIED], own;
    *n = 0;
    for (int i = 0; i < NSHAPE; i++) {
        if (shape_cost(a, &shapes[i], &own, err)) return err->code;
        if (own == UINT64_MAX) continue;
        int at = *n < TRIED ? (*n)++ : TRIED - 1;
        if (at == TRIED - 1 && *n == TRIED && best[at] && i >= TRIED && own >= cost[at]) continue;
        for (; at && cost[at - 1] > own; at--) {
            cost[at] = cost[at - 1];
            best[at] = best[at - 1];
        }
        cost[at] = own;
        best[at] = &shapes[i];
    }
    return VL_OK;
}

/* ---- the whole ---- */

static vl_code put_model(learner *a, const vl_clusters *k, uint8_t shape_bytes[VL_QUALITY_SHAPE],
                         uint64_t cost, size_t n, vl_buf *out, vl_err *err)
{
    const vl_quality_model *const m = &a->model;
    const uint64_t bits = cost * (256 / VL_CLUSTER_BIT) / n;
    const uint16_t expects = (uint16_t)(bits < UINT16_MAX ? bits : UINT16_MAX);
    const uint8_t head[2] = { VL_QUALITY_VERSION, (uint8_t)m->context.nsymbol };
    shape_bytes[47] = (uint8_t)expects;
    shape_bytes[48] = (uint8_t)(expects >> 8);
    shape_bytes[49] = (uint8_t)(k->n - 1);
    a->table.len = out->len = 0;
    if (vl_buf_append(&a->table, k->level, (size_t)k->n * (k->nsymbol + 1), err) ||
        vl_buf_append(&a->table, k->of, k->ncontext, err) || vl_buf_append(out, head, 2, err) ||
        vl_buf_append(out, m->value, m->context.nsymbol, err) ||
        vl_buf_append(out, shape_bytes, VL_QUALITY_SHAPE, err))
        return err->code;
    return vl_zstd_pack(a->table.data, a->table.len, VL_EFFORTS - 1, a->job->work, out, err);
}

/* The model of one shape, replacing out; *bytes: what the chunk would take with it. */
static vl_code try_shape(learner *a, const shape *s, vl_buf *out, size_t *bytes, vl_err *err)
{
    uint8_t about[VL_QUALITY_SHAPE];
    vl_clusters k = { .most = CLUSTERS, .nsymbol = a->model.context.nsymbol, .another = true };
    uint64_t cost = 0;
    const size_t nstep = a->nstep < WHOLE / VL_LANES ? a->nstep : WHOLE / VL_LANES;
    const unsigned bits = shape_bits(a, s);
    put_shape(a, s, about);
    vl_quality_shape(&a->model, about);
    if (!count(a, nstep, bits, err) && !vl_clusters_make(&k, (const uint32_t *)(const void *)a->count.data,
                                                         (const uint32_t *)(const void *)a->row.data,
                                                         (size_t)1 << bits, &a->log, &cost, err))
        put_model(a, &k, about, cost, nstep * VL_LANES, out, err);
    *bytes = cost / (8 * VL_CLUSTER_BIT) + out->len;
    vl_clusters_free(&k);
    return err->code;
}

static vl_code learn(learner *a, vl_buf *out, vl_err *err)
{
    const shape *best[TRIED] = { NULL };
    size_t least = SIZE_MAX, bytes;
    int n;
    if (take_symbols(a, err) || fill_sums(a, err) || choose_shapes(a, best, &n, err)) return err->code;
    for (int i = 0; i < n; i++) {
        if (try_shape(a, best[i], &a->trial, &bytes, err)) return err->code;
        if (bytes >= least) continue;
        least = bytes;
        vl_buf_swap(&a->trial, &a->found);
    }
    if (least >= vl_quality_alone(a->job->plain, a->job->len, &a->log)) return VL_OK;
    return vl_buf_append(out, a->found.data, a->found.len, err);
}

vl_code vl_quality_learn(const vl_pack_job *job, vl_buf *bytes, vl_err *err)
{
    learner a = { .job = job, .nstep = vl_quality_steps(job->len, VL_LANES) };
    vl_buf *const own[] = { &a.sym,  &a.context, &a.length, &a.row,  &a.count,
                            &a.sums, &a.table,   &a.trial,  &a.found };
    if (job->len < LEAST) return VL_OK;
    vl_log2_init(&a.log);
    find_alphabet(&a);
    if (is_worth(&a)) learn(&a, bytes, err);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) vl_buf_free(own[i]);
    return err->code;
}
