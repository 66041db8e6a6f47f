/* longest_prefix, find_same: against bytes compared one by one, of keys that have few or many in common. */
#include <string.h>

#include "kernels/test/check.h"

enum { MOST = 1024 };

/* About one byte in `rare` of a key is not that of want. */
static void make_keys(uint64_t *key, size_t n, uint64_t want, unsigned rare)
{
    for (size_t i = 0; i < n; i++) {
        key[i] = want;
        for (unsigned k = 0; k < 8; k++)
            if (check_below(rare) == 0) key[i] ^= (1 + check_below(255)) << 8 * k;
    }
}

static unsigned shared(uint64_t a, uint64_t b)
{
    unsigned n = 0;
    while (n < 8 && (a ^ b) << 8 * n >> 56 == 0) n++;
    return n;
}

static size_t plainly(const uint64_t *key, size_t n, uint64_t want, unsigned least)
{
    size_t best = n;
    unsigned most = least;
    for (size_t i = 0; i < n; i++) {
        const unsigned s = shared(key[i], want);
        if (s < most) continue;
        best = i;
        most = s;
    }
    return best;
}

static void check_same(const check_table *t, const uint64_t *key, size_t n, uint64_t want)
{
    check_array at = check_new(n * sizeof(uint16_t), 0);
    uint16_t *const found = (uint16_t *)(void *)at.data;
    const size_t count = t->k.find_same(found, key, n, want);
    size_t k = 0, right = 0;
    for (size_t i = 0; i < n; i++) {
        if (key[i] != want) continue;
        right += k < count && found[k] == i;
        k++;
    }
    check_that(k == count && right == count, t->isa, "the same", n, 0);
    check_that(check_guards(&at), t->isa, "the same: written outside", n, 0);
    check_free(&at);
}

void check_longest_prefix(void)
{
    static const unsigned rare[] = { 1, 2, 3, 8, 40, 5000 };
    static uint64_t key[MOST];

    check_begin("longest_prefix");
    for (size_t r = 0; r < sizeof rare / sizeof *rare; r++) {
        for (check_case c = { 0 }; check_next(&c);) {
            const size_t n = c.n < MOST ? c.n : MOST, offset = c.offset % 8;
            const uint64_t want = check_random();
            make_keys(key, MOST, want, rare[r]);
            const size_t most = n < MOST - offset ? n : MOST - offset;
            for (int t = 0; t < check_ntable; t++) check_same(&check_tables[t], key + offset, most, want);
            for (unsigned least = 1; least <= 8; least++) {
                const size_t right = plainly(key + offset, most, want, least);
                for (int t = 0; t < check_ntable; t++)
                    check_that(check_tables[t].k.longest_prefix(key + offset, most, want, least) == right,
                               check_tables[t].isa, "which", most, offset);
            }
        }
    }
    check_end();
}

typedef struct times {
    uint64_t key[BENCH_BYTES / 8], want;
} times;

/* As zlib looks at level 6: 128 at a time. */
static void run_longest_prefix(const vl_kernels *k, void *arg)
{
    const times *const t = arg;
    enum { CHAIN = 128, N = BENCH_BYTES / 8 };
    volatile size_t sink = 0;
    for (size_t i = 0; i + CHAIN <= N; i += CHAIN) sink += k->longest_prefix(t->key + i, CHAIN, t->want, 3);
    (void)sink;
}

static void run_find_same(const vl_kernels *k, void *arg)
{
    static uint16_t at[BENCH_BYTES / 8];
    const times *const t = arg;
    k->find_same(at, t->key, sizeof t->key / sizeof *t->key, t->want);
}

void bench_longest_prefix(void)
{
    static times t;
    t.want = check_random();
    make_keys(t.key, sizeof t.key / sizeof *t.key, t.want, 3);
    check_bench("longest_prefix", offsetof(vl_kernels, longest_prefix), BENCH_BYTES, run_longest_prefix, &t);
    check_bench("find_same", offsetof(vl_kernels, find_same), BENCH_BYTES, run_find_same, &t);
}
