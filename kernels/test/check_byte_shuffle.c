/* byte_shuffle, byte_unshuffle: every width, random bytes. */
#include <string.h>

#include "kernels/test/check.h"

static void check_one(const check_table *t, const check_case *c, size_t width)
{
    check_array src = check_new(c->n * width, c->offset), dst = check_new(src.n, check_below(64)),
                back = check_new(src.n, check_below(64));
    bool same = true;

    t->k.byte_shuffle(dst.data, src.data, c->n, width);
    for (size_t i = 0; i < src.n; i++) same &= src.data[i] == dst.data[i % width * c->n + i / width];
    t->k.byte_unshuffle(back.data, dst.data, c->n, width);
    check_that(same, t->isa, "shuffled", c->n, c->offset);
    check_that(!memcmp(back.data, src.data, src.n), t->isa, "unshuffled", c->n, c->offset);
    check_that(check_guards(&dst) && check_guards(&back), t->isa, "written outside", c->n, c->offset);
    check_free(&src);
    check_free(&dst);
    check_free(&back);
}

void check_byte_shuffle(void)
{
    check_begin("byte_shuffle");
    for (size_t width = 1; width <= 16; width++) {
        for (check_case c = { 0 }; check_next(&c);) {
            if (c.n > 5000) c.n /= 16;
            for (int t = 0; t < check_ntable; t++) check_one(&check_tables[t], &c, width);
        }
    }
    check_end();
}

typedef struct job {
    check_array dst, src;
    size_t width;
} job;

static void run_shuffle(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->byte_shuffle(j->dst.data, j->src.data, j->src.n / j->width, j->width);
}

static void run_unshuffle(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->byte_unshuffle(j->dst.data, j->src.data, j->src.n / j->width, j->width);
}

void bench_byte_shuffle(void)
{
    static const struct {
        size_t width;
        const char *there, *back;
    } kinds[] = { { 2, "byte_shuffle 2", "byte_unshuffle 2" },
                  { 3, "byte_shuffle 3", "byte_unshuffle 3" },
                  { 4, "byte_shuffle 4", "byte_unshuffle 4" },
                  { 8, "byte_shuffle 8", "byte_unshuffle 8" },
                  { 16, "byte_shuffle 16", "byte_unshuffle 16" } };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        job j = { check_new(BENCH_BYTES, 0), check_new(BENCH_BYTES, 0), kinds[i].width };
        check_bench(kinds[i].there, offsetof(vl_kernels, byte_shuffle), j.src.n, run_shuffle, &j);
        check_bench(kinds[i].back, offsetof(vl_kernels, byte_unshuffle), j.src.n, run_unshuffle, &j);
        check_free(&j.dst);
        check_free(&j.src);
    }
}
