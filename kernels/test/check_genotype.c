/* genotype_pair, genotype_apart: against a look at each site by itself; sites known and not, alike and
 * not. */
#include <string.h>

#include "kernels/test/check.h"

enum { MOST = 40 };

/* 0 not known, 1 two reference letters, 2 two others, 3 one of both. */
static void draw(uint8_t *site, size_t n, uint64_t alike, const uint8_t *as)
{
    for (size_t i = 0; i < n; i++) site[i] = as && check_below(10) < alike ? as[i] : (uint8_t)check_below(4);
}

static void lay(uint64_t *plane, const uint8_t *site, size_t nword)
{
    memset(plane, 0, 3 * nword * sizeof *plane);
    for (size_t i = 0; i < 64 * nword; i++)
        if (site[i]) plane[(site[i] - 1U) * nword + i / 64] |= UINT64_C(1) << i % 64;
}

static void count_plain(uint64_t count[6], const uint8_t *a, const uint8_t *b, size_t n)
{
    memset(count, 0, 6 * sizeof *count);
    for (size_t i = 0; i < n; i++) {
        if (!a[i] || !b[i]) continue;
        count[0]++;
        count[1] += a[i] + b[i] == 3 && a[i] != 3 && b[i] != 3;
        count[2] += a[i] == b[i];
        count[3] += a[i] == 3 && b[i] == 3;
        count[4] += a[i] == 3;
        count[5] += b[i] == 3;
    }
}

static void check_words(size_t nword)
{
    static uint8_t a[64 * MOST], b[64 * MOST];
    static uint64_t pa[3 * MOST], pb[3 * MOST];
    uint64_t want[6], got[6];
    draw(a, 64 * nword, 0, NULL);
    draw(b, 64 * nword, check_below(11), a);
    lay(pa, a, nword);
    lay(pb, b, nword);
    count_plain(want, a, b, 64 * nword);
    for (int t = 0; t < check_ntable; t++) {
        const vl_kernels *const k = &check_tables[t].k;
        k->genotype_pair(got, pa, pb, nword);
        check_that(!memcmp(got, want, sizeof want), check_tables[t].isa, "counts of a pair", nword, 0);
        check_that(k->genotype_apart(pa, pb, nword, SIZE_MAX) == want[1], check_tables[t].isa, "apart", nword,
                   0);
        for (size_t most = 0; most < 64 * nword; most += 1 + check_below(100)) {
            const size_t n = k->genotype_apart(pa, pb, nword, most);
            check_that(want[1] <= most ? n == want[1] : n > most, check_tables[t].isa, "apart, cut short",
                       nword, most);
        }
    }
}

void check_genotype(void)
{
    check_begin("genotype_pair");
    for (size_t nword = 0; nword <= MOST; nword++)
        for (int i = 0; i < 20; i++) check_words(nword);
    check_end();
}

enum { WORDS = 157 }; /* 10,000 sites */

static void run_pair(const vl_kernels *k, void *arg)
{
    const uint64_t *const planes = arg;
    uint64_t count[6];
    for (int i = 0; i < 32; i++) k->genotype_pair(count, planes, planes + 3 * WORDS * i, WORDS);
}

static void run_apart(const vl_kernels *k, void *arg)
{
    const uint64_t *const planes = arg;
    for (int i = 0; i < 32; i++) k->genotype_apart(planes, planes + 3 * WORDS * i, WORDS, SIZE_MAX);
}

void bench_genotype(void)
{
    static uint64_t planes[3 * WORDS * 32];
    for (size_t i = 0; i < sizeof planes / sizeof *planes; i++) planes[i] = check_random();
    check_bench("genotype_pair", offsetof(vl_kernels, genotype_pair), sizeof planes, run_pair, planes);
    check_bench("genotype_apart", offsetof(vl_kernels, genotype_apart), sizeof planes * 2 / 3, run_apart,
                planes);
}
