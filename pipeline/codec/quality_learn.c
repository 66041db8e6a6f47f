/*
 * Learning a model of qualities (quality_model.h). All is done in whole numbers, so that every machine learns
 * the same.
 *
 * First the shape of contexts: each shape of the table is tried on a part of the chunk, and costs what its
 * contexts are about to take (context_cost). Of the cheapest three the one is taken whose model and
 * symbols are the fewest bytes. For that the contexts, of
 * which there are thousands, are brought together in clusters of nearly the same
 * frequencies: each context goes where it costs the fewest bits, the clusters' frequencies are counted again,
 * and so on for some rounds. A context stays with the one before it unless that costs more than to say so. A
 * few bytes keep 128 clusters, and contexts that were seen seldom lean on others: the result is mostly
 * smaller than what contexts adapted one by one give.
 */
#include "pipeline/codec/quality_model.h"

#include "kernels/kernels.h"
#include "pipeline/codec/log2.h"

#include <stdlib.h>
#include <string.h>

enum {
    ONE = 128,       /* a bit is ONE */
    LEAST = 64,      /* symbols */
    PART = 1 << 18,  /* symbols on which shapes are tried */
    WHOLE = 1 << 20, /* and from which frequencies are learned */
    TRIED = 3,       /* shapes that are learned whole */
    CLUSTERS = 128,
    ROUNDS = 6,
    OFTEN = 16,   /* symbols: contexts that were seen less wait for the last round */
    SAY = 6 * ONE /* what a context in another cluster than the one before costs */
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
    const vl_pack_job *job;
} learner;

/* ---- the chunk as symbols ---- */

static void find_alphabet(learner *a)
{
    vl_quality_model *const m = &a->model;
    bool seen[256] = { false };
    for (size_t i = 0; i < a->job->len; i++) seen[a->job->plain[i]] = true;
    m->context.nsymbol = 0;
    for (int v = 0; v < 256; v++) {
        m->symbol[v] = (uint8_t)m->context.nsymbol;
        if (seen[v] && m->context.nsymbol++ < VL_QUALITY_OTHER) m->value[m->context.nsymbol - 1] = (uint8_t)v;
    }
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

/* ---- clusters ---- */

/* A context that was seen. */
typedef struct active {
    uint32_t context, total;
    const uint32_t *count; /* [nsymbol] */
} active;

typedef struct clusters {
    uint32_t n, stride, nsymbol;
    size_t ncontext, nactive;
    active *active; /* owned; ascending */
    uint8_t *of;    /* owned; [ncontext] the cluster of each */
    uint64_t *sum;  /* owned; [n * nsymbol] */
    int16_t *price; /* owned; [nsymbol * CLUSTERS] bits in 1/ONE of a symbol in each cluster */
    uint8_t *level; /* owned; [n * stride] */
} clusters;

static void free_clusters(clusters *k)
{
    free(k->active);
    free(k->of);
    free(k->sum);
    free(k->price);
    free(k->level);
}

static uint32_t total_of(const uint32_t *count, uint32_t n)
{
    uint32_t all = 0;
    for (uint32_t s = 0; s < n; s++) all += count[s];
    return all;
}

static vl_code begin_clusters(clusters *k, const learner *a, unsigned bits, vl_err *err)
{
    const uint32_t *const all = (const uint32_t *)(const void *)a->count.data,
                          *const row = (const uint32_t *)(const void *)a->row.data;
    *k = (clusters){ .nsymbol = a->model.context.nsymbol, .ncontext = (size_t)1 << bits };
    k->stride = k->nsymbol + 1;
    k->active = malloc(a->nrow * sizeof *k->active);
    k->of = calloc(k->ncontext, 1);
    k->sum = malloc(CLUSTERS * k->nsymbol * sizeof *k->sum);
    k->price = malloc(CLUSTERS * k->nsymbol * sizeof *k->price);
    k->level = malloc(CLUSTERS * (size_t)k->stride);
    if (!k->active || !k->of || !k->sum || !k->price || !k->level)
        return vl_fail(err, VL_ENOMEM, "no memory to learn qualities");
    for (size_t c = 0; c < k->ncontext; c++) {
        if (!row[c]) continue;
        const uint32_t *const own = all + (size_t)(row[c] - 1) * k->nsymbol;
        k->active[k->nactive++] = (active){ (uint32_t)c, total_of(own, k->nsymbol), own };
    }
    return VL_OK;
}

/* The first frequencies: those of the contexts that were seen most. */
static void seed(clusters *k)
{
    uint32_t least = UINT32_MAX; /* all that were seen more often are taken */
    uint32_t taken = 0;
    while (taken < CLUSTERS && taken < k->nactive) {
        uint32_t next = 0;
        for (size_t i = 0; i < k->nactive; i++)
            if (k->active[i].total < least && k->active[i].total > next) next = k->active[i].total;
        for (size_t i = 0; i < k->nactive && taken < CLUSTERS; i++) {
            if (k->active[i].total != next) continue;
            for (uint32_t s = 0; s < k->nsymbol; s++) k->sum[taken * k->nsymbol + s] = k->active[i].count[s];
            taken++;
        }
        least = next;
    }
    k->n = taken;
}

/* The level of a frequency that is given in 1/256. */
static uint8_t level_of(const vl_log2 *log, uint64_t f)
{
    const uint32_t l = vl_log2_of(log, f < 256 ? 256 : (uint32_t)f) - 8 * VL_LOG_ONE;
    return (uint8_t)(((l * 16 + 32768) >> 16) + 1);
}

/* The levels of one cluster, all of them together no more than there is room for; what is without frequency
 * gets about as much as symbols that were seen once. */
static void put_levels(const clusters *k, const vl_log2 *log, const uint64_t *sum, uint8_t *level,
                       uint32_t *freq)
{
    uint8_t slots[VL_FREQ_ALL];
    uint64_t all = 0, once = 0;
    for (uint32_t s = 0; s < k->nsymbol; s++) {
        all += sum[s];
        once += sum[s] == 1;
    }
    const uint64_t other = 1 + (all ? VL_FREQ_ALL * once / (2 * all + 64) : 0);
    level[k->nsymbol] = level_of(log, (other < 64 ? other : 64) * 256);
    for (uint64_t room = VL_FREQ_ALL;; room -= room / 32) {
        for (uint32_t s = 0; s < k->nsymbol; s++)
            level[s] = sum[s] ? level_of(log, sum[s] * room * 256 / all) : 0;
        if (vl_quality_freq(level, k->stride, freq, slots)) break;
    }
}

static void put_prices(clusters *k, const vl_log2 *log)
{
    uint32_t freq[VL_QUALITY_OTHER];
    for (uint32_t c = 0; c < k->n; c++) {
        put_levels(k, log, k->sum + c * k->nsymbol, k->level + c * k->stride, freq);
        for (uint32_t s = 0; s < k->nsymbol; s++) {
            const uint32_t f = freq[s] & 0xffff;
            k->price[s * CLUSTERS + c] =
                (int16_t)(f ? (((uint32_t)VL_FREQ_BITS << 16) - vl_log2_of(log, f)) / (65536 / ONE)
                            : (VL_FREQ_BITS + 8) * ONE);
        }
    }
}

/* Where a context's symbols cost the fewest bits; stays with `before` if that is hardly more. */
static uint8_t cheapest(const clusters *k, const uint32_t *count, uint8_t before, uint32_t *cost)
{
    uint32_t sum[CLUSTERS] = { 0 };
    for (uint32_t s = 0; s < k->nsymbol; s++) {
        const int16_t *const price = k->price + s * CLUSTERS;
        for (uint32_t left = count[s];
             left;) { /* products of 16 bits are what every CPU has for many at once */
            const int16_t n = (int16_t)(left < INT16_MAX ? left : INT16_MAX);
            for (uint32_t c = 0; c < CLUSTERS; c++) sum[c] += (uint32_t)(n * price[c]);
            left -= (uint16_t)n;
        }
    }
    uint32_t best = 0;
    for (uint32_t c = 1; c < k->n; c++)
        if (sum[c] < sum[best]) best = c;
    if (sum[before] <= sum[best] + SAY) best = before;
    *cost = sum[best];
    return (uint8_t)best;
}

/* Each context that was seen so often to its cluster, and what they cost in all, in 1/ONE bit. */
static uint64_t assign(clusters *k, uint32_t least)
{
    uint64_t bits = 0;
    uint8_t before = 0;
    size_t at = 0;
    memset(k->sum, 0, CLUSTERS * k->nsymbol * sizeof *k->sum);
    for (size_t i = 0; i < k->nactive; i++) {
        uint32_t cost;
        const uint32_t context = k->active[i].context, *const own = k->active[i].count;
        if (k->active[i].total < least) continue;
        for (; at < context; at++) k->of[at] = before;
        before = cheapest(k, own, before, &cost);
        bits += cost;
        for (uint32_t s = 0; s < k->nsymbol; s++) k->sum[before * k->nsymbol + s] += own[s];
    }
    for (; at < k->ncontext; at++) k->of[at] = before;
    return bits;
}

/* Clusters that no context is in go. */
static void close_up(clusters *k)
{
    uint8_t to[CLUSTERS];
    uint32_t n = 0;
    for (uint32_t c = 0; c < k->n; c++) {
        bool used = false;
        for (uint32_t s = 0; s < k->nsymbol; s++) used |= k->sum[c * k->nsymbol + s] != 0;
        to[c] = (uint8_t)n;
        if (!used) continue;
        memmove(k->sum + n * k->nsymbol, k->sum + c * k->nsymbol, k->nsymbol * sizeof *k->sum);
        n++;
    }
    for (size_t i = 0; i < k->ncontext; i++) k->of[i] = to[k->of[i]];
    k->n = n;
}

static vl_code make_clusters(clusters *k, learner *a, unsigned bits, uint64_t *cost, vl_err *err)
{
    if (begin_clusters(k, a, bits, err)) return err->code;
    seed(k);
    for (int round = 0; round < ROUNDS; round++) {
        put_prices(k, &a->log);
        *cost = assign(k, round < ROUNDS - 1 ? OFTEN : 1);
        close_up(k);
    }
    put_prices(k, &a->log);
    return VL_OK;
}

/* ---- the whole ---- */

static vl_code put_model(learner *a, const clusters *k, uint8_t shape_bytes[VL_QUALITY_SHAPE], uint64_t cost,
                         size_t n, vl_buf *out, vl_err *err)
{
    const vl_quality_model *const m = &a->model;
    const uint64_t bits = cost * (256 / ONE) / n;
    const uint16_t expects = (uint16_t)(bits < UINT16_MAX ? bits : UINT16_MAX);
    const uint8_t head[2] = { VL_QUALITY_VERSION, (uint8_t)m->context.nsymbol };
    shape_bytes[47] = (uint8_t)expects;
    shape_bytes[48] = (uint8_t)(expects >> 8);
    shape_bytes[49] = (uint8_t)(k->n - 1);
    a->table.len = out->len = 0;
    if (vl_buf_append(&a->table, k->level, (size_t)k->n * k->stride, err) ||
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
    clusters k = { 0 };
    uint64_t cost = 0;
    const size_t nstep = a->nstep < WHOLE / VL_LANES ? a->nstep : WHOLE / VL_LANES;
    const unsigned bits = shape_bits(a, s);
    put_shape(a, s, about);
    vl_quality_shape(&a->model, about);
    if (!count(a, nstep, bits, err) && !make_clusters(&k, a, bits, &cost, err))
        put_model(a, &k, about, cost, nstep * VL_LANES, out, err);
    *bytes = cost / (8 * ONE) + out->len;
    free_clusters(&k);
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
    const uint32_t least = job->learns == VL_LEARNS_MANY ? VL_FEW_VALUES + 1 : 2;
    if (a.model.context.nsymbol >= least && a.model.context.nsymbol <= VL_QUALITY_SYMBOLS)
        learn(&a, bytes, err);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) vl_buf_free(own[i]);
    return err->code;
}
