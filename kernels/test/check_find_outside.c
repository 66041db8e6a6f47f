/* find_outside: ranges of all kinds, the first byte outside anywhere. */
#include "kernels/test/check.h"

static size_t plain(const check_array *a, unsigned lo, unsigned hi)
{
    size_t inside = 0;
    while (inside < a->n && lo <= a->data[inside] && a->data[inside] <= hi) inside++;
    return inside;
}

void check_find_outside(void)
{
    static const uint8_t range[][2] = { { 33, 126 },  { 0, 255 },   { 0, 127 },
                                        { 128, 255 }, { 'A', 'A' }, { 200, 100 } };

    check_begin("find_outside");
    for (size_t r = 0; r < sizeof range / sizeof *range; r++) {
        const uint8_t lo = range[r][0], hi = range[r][1];
        for (check_case c = { 0 }; check_next(&c);) {
            check_array a = check_new(c.n, c.offset);
            for (int nout = 0; nout < 3; nout++) {
                for (size_t i = 0; i < a.n && lo <= hi; i++)
                    a.data[i] = (uint8_t)(lo + check_below((uint64_t)(hi - lo) + 1));
                for (int i = 0; i < nout && a.n; i++) a.data[check_below(a.n)] = (uint8_t)check_random();
                const size_t want = plain(&a, lo, hi);
                for (int t = 0; t < check_ntable; t++) {
                    check_that(check_tables[t].k.find_outside(a.data, a.n, lo, hi) == want,
                               check_tables[t].isa, "index", c.n, c.offset);
                }
            }
            check_free(&a);
        }
    }
    check_end();
}

static void run(const vl_kernels *k, void *arg)
{
    const check_array *const a = arg;
    volatile size_t result = k->find_outside(a->data, a->n, 33, 126);
    (void)result;
}

void bench_find_outside(void)
{
    check_array a = check_new(BENCH_BYTES, 0);
    for (size_t i = 0; i < a.n; i++) a.data[i] = (uint8_t)(33 + a.data[i] % 94);
    check_bench("find_outside", offsetof(vl_kernels, find_outside), a.n, run, &a);
    check_free(&a);
}
