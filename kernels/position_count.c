/*
 * What stands at each position of the reads: counts of bases and of qualities.
 *
 * Read i is the bytes offset[i] .. offset[i + 1] of the array; offset [nread + 1] ascends. Position p counts
 * from the start of a read; positions from npos on are not counted. Both add to what is in count.
 *
 * base_count     in: base, letters. Adds to count [npos][5]: A, C, G, T in either case, other.
 * quality_count  in: quality, Phred scores. Adds to count [npos][94]; bytes above 93 are not counted.
 *
 * The fast versions take up to 255 reads at a time, 64 positions at a time: each position is a lane of 8
 * bits, in which a vector counts down the reads how often the letter is the one asked for. 255 is as far as a
 * lane counts. So a group's 64 positions stay in the first cache, and only the lanes go to count. Reads that
 * have ended leave the group; when few are left they are counted one by one.
 */
#include <stdbool.h>
#include <string.h>

#include "kernels/choose.h"

enum { NBASE = 5, NSCORE = 94 };

static unsigned base_kind(uint8_t c)
{
    switch (c & 0xdf) {
    case 'A': return 0;
    case 'C': return 1;
    case 'G': return 2;
    case 'T': return 3;
    default: return 4;
    }
}

static void base_count_scalar(uint64_t *count, const uint8_t *base, const uint64_t *offset, size_t nread,
                              size_t npos)
{
    uint8_t kind[256];

    for (unsigned c = 0; c < 256; c++) kind[c] = (uint8_t)base_kind((uint8_t)c);
    for (size_t i = 0; i < nread; i++) {
        const uint8_t *const read = base + offset[i];
        const size_t len = offset[i + 1] - offset[i];
        for (size_t p = 0; p < len && p < npos; p++) count[p * NBASE + kind[read[p]]]++;
    }
}

static void quality_count_scalar(uint64_t *count, const uint8_t *quality, const uint64_t *offset,
                                 size_t nread, size_t npos)
{
    for (size_t i = 0; i < nread; i++) {
        const uint8_t *const read = quality + offset[i];
        const size_t len = offset[i + 1] - offset[i];
        for (size_t p = 0; p < len && p < npos; p++) {
            if (read[p] < NSCORE) count[p * NSCORE + read[p]]++;
        }
    }
}

#if defined(__x86_64__) || defined(__aarch64__)

enum { GROUP = 255, LANES = 64, FEW = 8, PER_PASS = 9, MOST_LEVELS = 48 };

/* The reads of a group that have not ended, and the 64 positions at hand. */
typedef struct group {
    size_t nread;
    const uint8_t *at[GROUP]; /* the first of the 64 positions in the array */
    uint8_t here[GROUP];      /* how many of the 64 positions the read has; 1..64 */
    uint64_t left[GROUP];     /* how many it has from there to its end; not kept up when even */
    bool even;                /* all are equally long */
    uint64_t most;            /* the largest left */
} group;

static uint8_t at_hand(uint64_t left) { return (uint8_t)(left < LANES ? left : LANES); }

static void group_open(group *g, const uint8_t *byte, const uint64_t *offset, size_t nread, size_t npos)
{
    uint64_t least = UINT64_MAX;

    g->nread = 0;
    g->most = 0;
    for (size_t i = 0; i < nread; i++) {
        const uint64_t len = offset[i + 1] - offset[i], left = len < npos ? len : npos;
        if (left == 0) continue;
        g->at[g->nread] = byte + offset[i];
        g->left[g->nread] = left;
        g->here[g->nread++] = at_hand(left);
        if (left > g->most) g->most = left;
        if (left < least) least = left;
    }
    g->even = least == g->most;
}

static void group_advance(group *g)
{
    size_t n = 0;

    g->most -= at_hand(g->most);
    if (g->even) {
        if (g->most == 0) g->nread = 0;
        for (size_t i = 0; i < g->nread; i++) g->at[i] += LANES;
        memset(g->here, at_hand(g->most), g->nread);
        return;
    }
    for (size_t i = 0; i < g->nread; i++) { /* n <= i */
        const uint64_t left = g->left[i] - g->here[i];
        g->at[n] = g->at[i] + LANES;
        g->left[n] = left;
        g->here[n] = at_hand(left);
        n += left > 0;
    }
    g->nread = n;
}

/* From read i of the group at hand to its end. */
static uint64_t group_left(const group *g, size_t i) { return g->even ? g->most : g->left[i]; }

/* Fills lane[k] with how many reads have A, C, G, T and, k = 4, any letter there. */
typedef void base_lanes(uint8_t lane[NBASE][LANES], const group *g);

static void base_count_by(base_lanes *lanes, uint64_t *count, const uint8_t *base, const uint64_t *offset,
                          size_t nread, size_t npos)
{
    uint8_t lane[NBASE][LANES];
    group g;

    for (size_t r = 0; r < nread; r += GROUP) {
        uint64_t *to = count;
        group_open(&g, base, offset + r, nread - r < GROUP ? nread - r : GROUP, npos);
        for (; g.nread >= FEW; group_advance(&g), to += LANES * NBASE) {
            const size_t width = at_hand(g.most);
            lanes(lane, &g);
            for (size_t p = 0; p < width; p++) {
                const unsigned a = lane[0][p], c = lane[1][p], g4 = lane[2][p], t = lane[3][p];
                to[p * NBASE] += a;
                to[p * NBASE + 1] += c;
                to[p * NBASE + 2] += g4;
                to[p * NBASE + 3] += t;
                to[p * NBASE + 4] += lane[4][p] - a - c - g4 - t;
            }
        }
        for (size_t i = 0; i < g.nread; i++)
            base_count_scalar(to, g.at[i], (const uint64_t[]){ 0, group_left(&g, i) }, 1, npos);
    }
}

/*
 * The byte values met so far in a call. The first is NONE, which fills the lanes of reads that have ended,
 * and which is no score. So in each lane the counts of all levels together are the number of reads, or else
 * there is a value that is not in the list yet.
 */
enum { NONE = 255 };
typedef struct levels {
    uint8_t value[256 + PER_PASS]; /* filled up with NONE to a whole pass */
    bool known[256];
    size_t n;
} levels;

static void level_add(levels *l, uint8_t value)
{
    if (l->known[value]) return;
    l->known[value] = true;
    l->value[l->n++] = value;
}

/* Fills lane[k] with how many reads have value[k] there, for k < PER_PASS, or < 5 when few. */
typedef void quality_lanes(uint8_t lane[PER_PASS][LANES], const group *g, const uint8_t *value, bool few);

/* The counts of all levels. Where some reads are missing, one lane is looked through for the levels they
 * have. */
static void count_levels(uint8_t (*lane)[LANES], levels *l, quality_lanes *lanes, const group *g)
{
    uint8_t sum[LANES] = { 0 };
    size_t done = 0, p = 0;

    while (p < LANES) {
        while (done < l->n) {
            const bool few = l->n - done <= 5;
            lanes(lane + done, g, l->value + done, few);
            for (size_t k = done; k < l->n && k < done + PER_PASS; k++) {
                for (size_t i = 0; i < LANES; i++) sum[i] = (uint8_t)(sum[i] + lane[k][i]);
            }
            done = done + PER_PASS < l->n ? done + PER_PASS : l->n;
        }
        while (p < LANES && sum[p] == g->nread) p++;
        for (size_t i = 0; i < g->nread && p < LANES; i++) {
            if (p < g->here[i]) level_add(l, g->at[i][p]);
        }
    }
}

static void quality_count_by(quality_lanes *lanes, uint64_t *count, const uint8_t *quality,
                             const uint64_t *offset, size_t nread, size_t npos)
{
    uint8_t lane[256 + PER_PASS][LANES];
    levels l = { .n = 0 };
    group g;

    memset(l.value, NONE, sizeof l.value);
    level_add(&l, NONE);
    for (size_t r = 0; r < nread; r += GROUP) {
        uint64_t *to = count;
        group_open(&g, quality, offset + r, nread - r < GROUP ? nread - r : GROUP, npos);
        for (; g.nread >= FEW && g.nread >= l.n / 2 && l.n <= MOST_LEVELS;
             group_advance(&g), to += LANES * NSCORE) {
            const size_t width = at_hand(g.most);
            count_levels(lane, &l, lanes, &g);
            for (size_t p = 0; p < width; p++) {
                for (size_t k = 1; k < l.n; k++) {
                    if (l.value[k] < NSCORE) to[p * NSCORE + l.value[k]] += lane[k][p];
                }
            }
        }
        for (size_t i = 0; i < g.nread; i++)
            quality_count_scalar(to, g.at[i], (const uint64_t[]){ 0, group_left(&g, i) }, 1, npos);
    }
}

/* At 64 - n: n bytes that are all ones, then zeros. */
static const uint8_t ones_then_zeros[2 * LANES] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                                    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                                    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                                    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                                    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                                    255, 255, 255, 255, 255, 255, 255, 255, 255 };

#endif

#if defined(__x86_64__)
#include <immintrin.h>

VL_TARGET_AVX2 static void base_lanes_avx2(uint8_t lane[NBASE][LANES], const group *g)
{
    static const uint8_t letter[4] = { 'A', 'C', 'G', 'T' };
    const __m256i upper = _mm256_set1_epi8((char)0xdf);

    for (size_t half = 0; half < LANES; half += 32) {
        __m256i sum[NBASE];
        for (int k = 0; k < NBASE; k++) sum[k] = _mm256_setzero_si256();
        for (size_t i = 0; i < g->nread; i++) {
            const __m256i here =
                _mm256_loadu_si256((const void *)(ones_then_zeros + LANES - g->here[i] + half));
            __m256i c = _mm256_loadu_si256((const void *)(g->at[i] + half));
            c = _mm256_and_si256(_mm256_and_si256(c, here), upper);
            for (int k = 0; k < 4; k++)
                sum[k] = _mm256_sub_epi8(sum[k], _mm256_cmpeq_epi8(c, _mm256_set1_epi8((char)letter[k])));
            sum[4] = _mm256_sub_epi8(sum[4], here);
        }
        for (int k = 0; k < NBASE; k++) _mm256_storeu_si256((void *)(lane[k] + half), sum[k]);
    }
}

VL_TARGET_AVX2 static inline __attribute__((always_inline)) void
quality_pass_avx2(uint8_t lane[PER_PASS][LANES], const group *g, const uint8_t *value, int nlevel)
{
    __m256i level[PER_PASS], sum[PER_PASS];

    for (int k = 0; k < nlevel; k++) level[k] = _mm256_set1_epi8((char)value[k]);
    for (size_t half = 0; half < LANES; half += 32) {
        for (int k = 0; k < nlevel; k++) sum[k] = _mm256_setzero_si256();
        for (size_t i = 0; i < g->nread; i++) {
            const __m256i here =
                _mm256_loadu_si256((const void *)(ones_then_zeros + LANES - g->here[i] + half));
            __m256i q = _mm256_loadu_si256((const void *)(g->at[i] + half));
            q = _mm256_or_si256(q, _mm256_xor_si256(here, _mm256_set1_epi8((char)NONE)));
            for (int k = 0; k < nlevel; k++) sum[k] = _mm256_sub_epi8(sum[k], _mm256_cmpeq_epi8(q, level[k]));
        }
        for (int k = 0; k < nlevel; k++) _mm256_storeu_si256((void *)(lane[k] + half), sum[k]);
    }
}

VL_TARGET_AVX2 static void quality_lanes_avx2(uint8_t lane[PER_PASS][LANES], const group *g,
                                              const uint8_t *value, bool few)
{
    if (few) {
        quality_pass_avx2(lane, g, value, 5);
    } else {
        quality_pass_avx2(lane, g, value, PER_PASS);
    }
}

VL_TARGET_AVX2 static void base_count_avx2(uint64_t *count, const uint8_t *base, const uint64_t *offset,
                                           size_t nread, size_t npos)
{
    base_count_by(base_lanes_avx2, count, base, offset, nread, npos);
}

VL_TARGET_AVX2 static void quality_count_avx2(uint64_t *count, const uint8_t *quality, const uint64_t *offset,
                                              size_t nread, size_t npos)
{
    quality_count_by(quality_lanes_avx2, count, quality, offset, nread, npos);
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

static void base_lanes_neon(uint8_t lane[NBASE][LANES], const group *g)
{
    static const uint8_t letter[4] = { 'A', 'C', 'G', 'T' };
    const uint8x16_t upper = vdupq_n_u8(0xdf);

    for (size_t part = 0; part < LANES; part += 16) {
        uint8x16_t sum[NBASE];
        for (int k = 0; k < NBASE; k++) sum[k] = vdupq_n_u8(0);
        for (size_t i = 0; i < g->nread; i++) {
            const uint8x16_t here = vld1q_u8(ones_then_zeros + LANES - g->here[i] + part);
            const uint8x16_t c = vandq_u8(vandq_u8(vld1q_u8(g->at[i] + part), here), upper);
            for (int k = 0; k < 4; k++) sum[k] = vsubq_u8(sum[k], vceqq_u8(c, vdupq_n_u8(letter[k])));
            sum[4] = vsubq_u8(sum[4], here);
        }
        for (int k = 0; k < NBASE; k++) vst1q_u8(lane[k] + part, sum[k]);
    }
}

static inline __attribute__((always_inline)) void
quality_pass_neon(uint8_t lane[PER_PASS][LANES], const group *g, const uint8_t *value, int nlevel)
{
    for (size_t part = 0; part < LANES; part += 16) {
        uint8x16_t level[PER_PASS], sum[PER_PASS];
        for (int k = 0; k < nlevel; k++) {
            level[k] = vdupq_n_u8(value[k]);
            sum[k] = vdupq_n_u8(0);
        }
        for (size_t i = 0; i < g->nread; i++) {
            const uint8x16_t here = vld1q_u8(ones_then_zeros + LANES - g->here[i] + part);
            const uint8x16_t q = vornq_u8(vld1q_u8(g->at[i] + part), here);
            for (int k = 0; k < nlevel; k++) sum[k] = vsubq_u8(sum[k], vceqq_u8(q, level[k]));
        }
        for (int k = 0; k < nlevel; k++) vst1q_u8(lane[k] + part, sum[k]);
    }
}

static void quality_lanes_neon(uint8_t lane[PER_PASS][LANES], const group *g, const uint8_t *value, bool few)
{
    if (few) {
        quality_pass_neon(lane, g, value, 5);
    } else {
        quality_pass_neon(lane, g, value, PER_PASS);
    }
}

static void base_count_neon(uint64_t *count, const uint8_t *base, const uint64_t *offset, size_t nread,
                            size_t npos)
{
    base_count_by(base_lanes_neon, count, base, offset, nread, npos);
}

static void quality_count_neon(uint64_t *count, const uint8_t *quality, const uint64_t *offset, size_t nread,
                               size_t npos)
{
    quality_count_by(quality_lanes_neon, count, quality, offset, nread, npos);
}
#endif

void vl_position_count_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->base_count = base_count_scalar;
    k->quality_count = quality_count_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->base_count = base_count_avx2;
        k->quality_count = quality_count_avx2;
    }
#elif defined(__aarch64__)
    if (isa & VL_NEON) {
        k->base_count = base_count_neon;
        k->quality_count = quality_count_neon;
    }
#endif
}
