/*
 * Contexts brought together in clusters of nearly the same frequencies, few enough to be kept with what they
 * code. A few bytes keep a cluster, and contexts that were seen seldom lean on others: the result is mostly
 * smaller than what contexts adapted one by one give.
 */
#ifndef VL_CLUSTERS_H
#define VL_CLUSTERS_H

#include "formats/buf.h"
#include "pipeline/codec/log2.h"

#include <stdbool.h>

enum { VL_CLUSTERS_MOST = 128, VL_CLUSTER_BIT = 128 /* a bit is this in costs */ };

/* Levels of frequencies: 0 none, L + 1: about 2^(L / 16) of VL_FREQ_ALL (vl_cluster_freq). */
typedef struct vl_clusters {
    uint32_t most, nsymbol; /* set before: clusters at most, symbols at most VL_CLUSTERS_MOST */
    bool another;           /* set before: levels have one more, for symbols that were not seen */
    uint32_t n;
    size_t ncontext;
    uint8_t *of;    /* owned; [ncontext] the cluster of each */
    uint8_t *level; /* owned; [n * (nsymbol + another)] */
} vl_clusters;

/*
 * Clusters of what was seen.
 *
 * count [rows * nsymbol]  how often each symbol stood in the contexts of a row
 * row   [ncontext]        1 + the row of each context, 0: it was not seen
 * *cost                   bits, in 1 / VL_CLUSTER_BIT, that what was counted takes; without what it takes to
 *                         keep the clusters
 */
vl_code vl_clusters_make(vl_clusters *k, const uint32_t *count, const uint32_t *row, size_t ncontext,
                         const vl_log2 *log, uint64_t *cost, vl_err *err);
void vl_clusters_free(vl_clusters *k);

/* level [n] -> freq [n], first << 16 | frequency, and slot [VL_FREQ_ALL], the symbol of each; what lacks to
 * VL_FREQ_ALL goes to the first of the greatest. False: there is no room for them. */
bool vl_cluster_freq(const uint8_t *level, uint32_t n, uint32_t *freq, uint8_t *slot);

#endif
