/*
 * Clusters of contexts (clusters.h). All is done in whole numbers, so that every machine makes the same.
 *
 * The contexts that were seen most are the first clusters. Each context goes where it costs the fewest bits,
 * the clusters' frequencies are counted again, and so on for some rounds. A context stays with the one before
 * it unless that costs more than to say so.
 */
#include "pipeline/codec/clusters.h"

#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

enum {
    ONE = VL_CLUSTER_BIT,
    MOST = VL_CLUSTERS_MOST,
    ROUNDS = 6,
    OFTEN = 16,   /* symbols */
    SAY = 6 * ONE /* what a context in another cluster than the one before costs */
};

/* ---- frequencies ---- */

/* About 2^(level / 16), at least 1. */
static uint32_t freq_of(unsigned level)
{
    static const uint32_t part[16] = { 65536, 68438, 71468,  74632,  77936,  81386,  84990,  88752,
                                       92682, 96785, 101070, 105545, 110218, 115098, 120194, 125515 };
    return (uint32_t)(((uint64_t)part[level % 16] << level / 16) + 32768) >> 16;
}

bool vl_cluster_freq(const uint8_t *level, uint32_t n, uint32_t *freq, uint8_t *slot)
{
    uint32_t sum = 0, greatest = 0, first = 0;
    for (uint32_t s = 0; s < n; s++) {
        if (level[s] > 16 * VL_FREQ_BITS + 1) return false;
        freq[s] = level[s] ? freq_of(level[s] - 1u) : 0;
        sum += freq[s];
        if (freq[s] > freq[greatest]) greatest = s;
    }
    const int64_t rest = (int64_t)VL_FREQ_ALL - sum + freq[greatest];
    if (rest < 1) return false;
    freq[greatest] = (uint32_t)rest;
    for (uint32_t s = 0; s < n; s++) {
        if (!freq[s]) continue;
        memset(slot + first, (int)s, freq[s]);
        const uint32_t own = freq[s];
        freq[s] |= first << 16;
        first += own;
    }
    return true;
}

/* ---- clusters ---- */

/* A context that was seen. */
typedef struct active {
    uint32_t context, total;
    const uint32_t *count; /* [nsymbol] */
} active;

typedef struct work {
    vl_clusters *k;
    uint32_t stride; /* levels of a cluster */
    size_t nactive;
    active *active; /* owned; ascending */
    uint64_t *sum;  /* owned; [most * nsymbol] */
    int16_t *price; /* owned; [nsymbol * most] bits in 1/ONE of a symbol in each cluster */
    const vl_log2 *log;
} work;

static uint32_t total_of(const uint32_t *count, uint32_t n)
{
    uint32_t all = 0;
    for (uint32_t s = 0; s < n; s++) all += count[s];
    return all;
}

static vl_code begin(work *w, const uint32_t *count, const uint32_t *row, vl_err *err)
{
    vl_clusters *const k = w->k;
    w->stride = k->nsymbol + k->another;
    w->active = malloc((k->ncontext + 1) * sizeof *w->active);
    w->sum = malloc(k->most * k->nsymbol * sizeof *w->sum);
    w->price = malloc(k->most * k->nsymbol * sizeof *w->price);
    k->of = calloc(k->ncontext, 1);
    k->level = malloc((size_t)k->most * w->stride);
    if (!w->active || !k->of || !w->sum || !w->price || !k->level)
        return vl_fail(err, VL_ENOMEM, "no memory to bring contexts together");
    for (size_t c = 0; c < k->ncontext; c++) {
        if (!row[c]) continue;
        const uint32_t *const own = count + (size_t)(row[c] - 1) * k->nsymbol;
        w->active[w->nactive++] = (active){ (uint32_t)c, total_of(own, k->nsymbol), own };
    }
    return VL_OK;
}

/* The first frequencies: those of the contexts that were seen most. */
static void seed(work *w)
{
    const uint32_t most = w->k->most, nsymbol = w->k->nsymbol;
    uint32_t least = UINT32_MAX; /* all that were seen more often are taken */
    uint32_t taken = 0;
    while (taken < most && taken < w->nactive) {
        uint32_t next = 0;
        for (size_t i = 0; i < w->nactive; i++)
            if (w->active[i].total < least && w->active[i].total > next) next = w->active[i].total;
        for (size_t i = 0; i < w->nactive && taken < most; i++) {
            if (w->active[i].total != next) continue;
            for (uint32_t s = 0; s < nsymbol; s++) w->sum[taken * nsymbol + s] = w->active[i].count[s];
            taken++;
        }
        least = next;
    }
    w->k->n = taken;
}

/* The level of a frequency that is given in 1/256. */
static uint8_t level_of(const vl_log2 *log, uint64_t f)
{
    const uint32_t l = vl_log2_of(log, f < 256 ? 256 : (uint32_t)f) - 8 * VL_LOG_ONE;
    return (uint8_t)(((l * 16 + 32768) >> 16) + 1);
}

/* The levels of one cluster, all of them together no more than there is room for; what is without frequency
 * gets about as much as symbols that were seen once. */
static void put_levels(const work *w, const uint64_t *sum, uint8_t *level, uint32_t *freq)
{
    const uint32_t nsymbol = w->k->nsymbol;
    uint8_t slots[VL_FREQ_ALL];
    uint64_t all = 0, once = 0;
    for (uint32_t s = 0; s < nsymbol; s++) {
        all += sum[s];
        once += sum[s] == 1;
    }
    const uint64_t other = 1 + (all ? VL_FREQ_ALL * once / (2 * all + 64) : 0);
    if (w->k->another) level[nsymbol] = level_of(w->log, (other < 64 ? other : 64) * 256);
    for (uint64_t room = VL_FREQ_ALL;; room -= room / 32) {
        for (uint32_t s = 0; s < nsymbol; s++)
            level[s] = sum[s] ? level_of(w->log, sum[s] * room * 256 / all) : 0;
        if (vl_cluster_freq(level, w->stride, freq, slots)) break;
    }
}

static void put_prices(work *w)
{
    const uint32_t nsymbol = w->k->nsymbol;
    uint32_t freq[MOST + 1];
    for (uint32_t c = 0; c < w->k->n; c++) {
        put_levels(w, w->sum + c * nsymbol, w->k->level + c * w->stride, freq);
        for (uint32_t s = 0; s < nsymbol; s++) {
            const uint32_t f = freq[s] & 0xffff;
            w->price[s * w->k->most + c] =
                (int16_t)(f ? (((uint32_t)VL_FREQ_BITS << 16) - vl_log2_of(w->log, f)) / (65536 / ONE)
                            : (VL_FREQ_BITS + 8) * ONE);
        }
    }
}

/* Where a context's symbols cost the fewest bits; stays with `before` if that is hardly more. */
static uint8_t cheapest(const work *w, const uint32_t *count, uint8_t before, uint32_t *cost)
{
    uint32_t sum[MOST];
    vl_k.weighted_sums(sum, count, w->k->nsymbol, w->price, w->k->most, w->k->n);
    uint32_t best = 0;
    for (uint32_t c = 1; c < w->k->n; c++)
        if (sum[c] < sum[best]) best = c;
    if (sum[before] <= sum[best] + SAY) best = before;
    *cost = sum[best];
    return (uint8_t)best;
}

/* Each context that was seen so often to its cluster, and what they cost in all, in 1/ONE bit. */
static uint64_t assign(work *w, uint32_t least)
{
    const vl_clusters *const k = w->k;
    uint64_t bits = 0;
    uint8_t before = 0;
    size_t at = 0;
    memset(w->sum, 0, k->most * k->nsymbol * sizeof *w->sum);
    for (size_t i = 0; i < w->nactive; i++) {
        uint32_t cost;
        const uint32_t context = w->active[i].context, *const own = w->active[i].count;
        if (w->active[i].total < least) continue;
        for (; at < context; at++) k->of[at] = before;
        before = cheapest(w, own, before, &cost);
        bits += cost;
        for (uint32_t s = 0; s < k->nsymbol; s++) w->sum[before * k->nsymbol + s] += own[s];
    }
    for (; at < k->ncontext; at++) k->of[at] = before;
    return bits;
}

/* Contexts that were seen less wait for the last round; of few symbols none does. */
static uint32_t often(const work *w)
{
    for (size_t i = 0; i < w->nactive; i++)
        if (w->active[i].total >= OFTEN) return OFTEN;
    return 1;
}

/* Clusters that no context is in go. */
static void close_up(work *w)
{
    vl_clusters *const k = w->k;
    uint8_t to[MOST];
    uint32_t n = 0;
    for (uint32_t c = 0; c < k->n; c++) {
        bool used = false;
        for (uint32_t s = 0; s < k->nsymbol; s++) used |= w->sum[c * k->nsymbol + s] != 0;
        to[c] = (uint8_t)n;
        if (!used) continue;
        memmove(w->sum + n * k->nsymbol, w->sum + c * k->nsymbol, k->nsymbol * sizeof *w->sum);
        n++;
    }
    for (size_t i = 0; i < k->ncontext; i++) k->of[i] = to[k->of[i]];
    k->n = n;
}

vl_code vl_clusters_make(vl_clusters *k, const uint32_t *count, const uint32_t *row, size_t ncontext,
                         const vl_log2 *log, uint64_t *cost, vl_err *err)
{
    work w = { .k = k, .log = log };
    k->ncontext = ncontext;
    if (begin(&w, count, row, err)) goto out;
    seed(&w);
    const uint32_t least = often(&w);
    for (int round = 0; round < ROUNDS; round++) {
        put_prices(&w);
        *cost = assign(&w, round < ROUNDS - 1 ? least : 1);
        close_up(&w);
    }
    put_prices(&w);
out:
    free(w.active);
    free(w.sum);
    free(w.price);
    return err->code;
}

void vl_clusters_free(vl_clusters *k)
{
    free(k->of);
    free(k->level);
    k->of = k->level = NULL;
}
