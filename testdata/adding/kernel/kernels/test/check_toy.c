/* toy_sum: every length and offset. */
#include "kernels/test/check.h"

void check_toy(void)
{
    check_begin("toy_sum");
    for (check_case c = { 0 }; check_next(&c);) {
        check_array src = check_new(c.n, c.offset);
        uint32_t want = 0;
        for (size_t i = 0; i < c.n; i++) want += src.data[i];
        for (int t = 0; t < check_ntable; t++)
            check_that(check_tables[t].k.toy_sum(src.data, c.n) == want, check_tables[t].isa, "sum", c.n,
                       c.offset);
        check_free(&src);
    }
    check_end();
}

static void run(const vl_kernels *k, void *arg)
{
    const check_array *const src = arg;
    volatile uint32_t sum = k->toy_sum(src->data, src->n);
    (void)sum;
}

void bench_toy(void)
{
    check_array src = check_new(BENCH_BYTES, 0);
    check_bench("toy_sum", offsetof(vl_kernels, toy_sum), src.n, run, &src);
    check_free(&src);
}
