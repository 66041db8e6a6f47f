/* lanes_split, lanes_join: every number of steps, there and back. */
#include <string.h>

#include "kernels/test/check.h"

void check_lanes(void)
{
    check_begin("lanes");
    for (check_case c = { 0 }; check_next(&c);) {
        const size_t lanes = 16 * (1 + c.n % 3), n = c.n * lanes;
        if (c.n > 5000) continue;
        check_array src = check_new(n, c.offset), split = check_new(n, check_below(64)),
                    back = check_new(n, 0);
        for (int t = 0; t < check_ntable; t++) {
            bool same = true;
            check_tables[t].k.lanes_split(split.data, src.data, c.n, lanes);
            for (size_t i = 0; i < n; i++) same &= split.data[i] == src.data[i % lanes * c.n + i / lanes];
            check_that(same, check_tables[t].isa, "split", c.n, c.offset);
            check_tables[t].k.lanes_join(back.data, split.data, c.n, lanes);
            check_that(!memcmp(back.data, src.data, n), check_tables[t].isa, "joined", c.n, c.offset);
            check_that(check_guards(&split) && check_guards(&back), check_tables[t].isa, "written outside",
                       c.n, c.offset);
        }
        check_free(&src);
        check_free(&split);
        check_free(&back);
    }
    check_end();
}

typedef struct job {
    check_array dst, src;
} job;

static void run_split(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->lanes_split(j->dst.data, j->src.data, j->src.n / VL_LANES, VL_LANES);
}

static void run_join(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->lanes_join(j->dst.data, j->src.data, j->src.n / VL_LANES, VL_LANES);
}

void bench_lanes(void)
{
    job j = { check_new(1 << 20, 0), check_new(1 << 20, 0) };
    check_bench("lanes_split", offsetof(vl_kernels, lanes_split), j.src.n, run_split, &j);
    check_bench("lanes_join", offsetof(vl_kernels, lanes_join), j.src.n, run_join, &j);
    check_free(&j.dst);
    check_free(&j.src);
}
