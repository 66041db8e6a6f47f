/* rank_pack, rank_unpack: every number of values, values low, high and spread; ranks that have no value. */
#include <string.h>

#include "kernels/test/check.h"

/* nvalue different bytes below limit, ascending. */
static void pick(uint8_t *value, unsigned nvalue, unsigned limit)
{
    unsigned n = 0;
    for (unsigned c = 0; c < limit; c++) {
        if (check_below(limit - c) < nvalue - n) value[n++] = (uint8_t)c;
    }
}

static unsigned bits_of(unsigned nvalue) { return nvalue > 4 ? 4 : nvalue > 2 ? 2 : 1; }

static void check_pack(const check_table *t, const check_case *c, const uint8_t *value, unsigned nvalue)
{
    const unsigned bits = bits_of(nvalue);
    check_array src = check_new(c->n, c->offset), dst = check_new((c->n * bits + 7) / 8, check_below(64));
    uint8_t want[50000] = { 0 };

    for (size_t i = 0; i < c->n; i++) {
        const unsigned rank = (unsigned)check_below(nvalue);
        src.data[i] = value[rank];
        for (unsigned b = 0; b < bits; b++) {
            const size_t at = i * bits + b;
            if (rank >> b & 1) want[at / 8] = (uint8_t)(want[at / 8] | 1 << at % 8);
        }
    }
    t->k.rank_pack(dst.data, src.data, c->n, value, nvalue);
    check_that(!memcmp(dst.data, want, dst.n), t->isa, "packed", c->n, c->offset);
    check_that(check_guards(&dst), t->isa, "pack: written outside", c->n, c->offset);
    check_free(&src);
    check_free(&dst);
}

static void check_unpack(const check_table *t, const check_case *c, const uint8_t *value, unsigned nvalue)
{
    const unsigned bits = bits_of(nvalue);
    check_array src = check_new((c->n * bits + 7) / 8, c->offset), dst = check_new(c->n, check_below(64));
    bool same = true;

    t->k.rank_unpack(dst.data, src.data, c->n, value, nvalue);
    for (size_t i = 0; i < c->n; i++) {
        unsigned rank = 0;
        for (unsigned b = 0; b < bits; b++) {
            const size_t at = i * bits + b;
            rank += ((unsigned)src.data[at / 8] >> at % 8 & 1U) << b;
        }
        same &= dst.data[i] == value[rank < nvalue ? rank : 0];
    }
    check_that(same, t->isa, "unpacked", c->n, c->offset);
    check_that(check_guards(&dst), t->isa, "unpack: written outside", c->n, c->offset);
    check_free(&src);
    check_free(&dst);
}

void check_rank(void)
{
    static const unsigned limits[] = { 64, 128, 256 };

    check_begin("rank");
    for (unsigned nvalue = 1; nvalue <= 16; nvalue++) {
        for (check_case c = { 0 }; check_next(&c);) {
            check_array value = check_new(nvalue, 0); /* tight: reading past it shows */
            pick(value.data, nvalue, limits[check_below(3)]);
            for (int t = 0; t < check_ntable; t++) {
                check_pack(&check_tables[t], &c, value.data, nvalue);
                check_unpack(&check_tables[t], &c, value.data, nvalue);
            }
            check_free(&value);
        }
    }
    check_end();
}

typedef struct job {
    check_array dst, src;
    unsigned nvalue;
} job;

static const uint8_t scores[16] = { 2, 12, 23, 26, 28, 29, 30, 31, 32, 33, 34, 35, 37, 38, 39, 40 };

static void run_pack(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->rank_pack(j->dst.data, j->src.data, j->src.n, scores, j->nvalue);
}

static void run_unpack(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->rank_unpack(j->src.data, j->dst.data, j->src.n, scores, j->nvalue);
}

void bench_rank(void)
{
    static const struct {
        unsigned nvalue;
        const char *pack, *unpack;
    } kinds[] = { { 2, "rank_pack of 2", "rank_unpack of 2" },
                  { 4, "rank_pack of 4", "rank_unpack of 4" },
                  { 8, "rank_pack of 8", "rank_unpack of 8" },
                  { 16, "rank_pack of 16", "rank_unpack of 16" } };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        job j = { check_new(BENCH_BYTES, 0), check_new(BENCH_BYTES, 0), kinds[i].nvalue };
        for (size_t b = 0; b < j.src.n; b++) j.src.data[b] = scores[j.src.data[b] % j.nvalue];
        check_bench(kinds[i].pack, offsetof(vl_kernels, rank_pack), j.src.n, run_pack, &j);
        check_bench(kinds[i].unpack, offsetof(vl_kernels, rank_unpack), j.src.n * bits_of(j.nvalue) / 8,
                    run_unpack, &j);
        check_free(&j.dst);
        check_free(&j.src);
    }
}
