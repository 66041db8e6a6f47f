/*
 * Genotypes of two samples at the same sites, beside each other: a bit a site, in three planes of n words
 * that lie behind each other: two reference letters, two others, one of both. A site that is in no plane is
 * not known.
 *
 * genotype_pair   in: a, b [3 n]. Out: count [6]: sites known of both; of these: with no letter in common
 *                 (IBS0), with the same two letters (IBS2), with one of both in both, in a, in b.
 * genotype_apart  in: a, b [3 n]. Returns how many sites have no letter in common, or, once they are more
 * than
 *                 `most`, a number that is more than `most`.
 */
#include "kernels/choose.h"

enum { TOGETHER = 16 }; /* words between two looks at `most` */

/* The versions differ in the instructions that the compiler may use: one that counts bits. */
static inline __attribute__((always_inline)) void count_pair(uint64_t *count, const uint64_t *a,
                                                             const uint64_t *b, size_t n)
{
    uint64_t sum[6] = { 0 };
    for (size_t i = 0; i < n; i++) {
        const uint64_t ref_a = a[i], alt_a = a[n + i], het_a = a[2 * n + i];
        const uint64_t ref_b = b[i], alt_b = b[n + i], het_b = b[2 * n + i];
        const uint64_t known_a = ref_a | alt_a | het_a, known_b = ref_b | alt_b | het_b;
        const uint64_t part[6] = { known_a & known_b,
                                   (ref_a & alt_b) | (alt_a & ref_b),
                                   (ref_a & ref_b) | (alt_a & alt_b) | (het_a & het_b),
                                   het_a & het_b,
                                   het_a & known_b,
                                   het_b & known_a };
        for (int k = 0; k < 6; k++) sum[k] += (uint64_t)__builtin_popcountll(part[k]);
    }
    for (int k = 0; k < 6; k++) count[k] = sum[k];
}

static inline __attribute__((always_inline)) size_t count_apart(const uint64_t *a, const uint64_t *b,
                                                                size_t n, size_t most)
{
    size_t sum = 0;
    for (size_t i = 0; i < n && sum <= most;)
        for (const size_t end = n - i < TOGETHER ? n : i + TOGETHER; i < end; i++)
            sum += (size_t)__builtin_popcountll((a[i] & b[n + i]) | (a[n + i] & b[i]));
    return sum;
}

static void genotype_pair_scalar(uint64_t *count, const uint64_t *a, const uint64_t *b, size_t n)
{
    count_pair(count, a, b, n);
}

static size_t genotype_apart_scalar(const uint64_t *a, const uint64_t *b, size_t n, size_t most)
{
    return count_apart(a, b, n, most);
}

#if defined(__x86_64__)
VL_TARGET_AVX2 static void genotype_pair_avx2(uint64_t *count, const uint64_t *a, const uint64_t *b, size_t n)
{
    count_pair(count, a, b, n);
}

VL_TARGET_AVX2 static size_t genotype_apart_avx2(const uint64_t *a, const uint64_t *b, size_t n, size_t most)
{
    return count_apart(a, b, n, most);
}
#endif

void vl_genotype_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->genotype_pair = genotype_pair_scalar;
    k->genotype_apart = genotype_apart_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->genotype_pair = genotype_pair_avx2;
        k->genotype_apart = genotype_apart_avx2;
    }
#endif
}
