/* weighted_sums: few rows and many, counts that are none, small, and larger than 16 bits hold. */
#include <string.h>

#include "kernels/test/check.h"

enum { MOST = 300 };

static void draw_counts(uint32_t *count, size_t nrow)
{
    for (size_t i = 0; i < nrow; i++) {
        const uint32_t any = (uint32_t)check_random();
        switch (check_below(8)) {
        case 0: count[i] = any; break;
        case 1: count[i] = any % 70000; break;
        case 2: count[i] = 32766 + any % 4; break;
        case 3: count[i] = any % 100; break;
        default: count[i] = 0;
        }
    }
}

static bool right(const uint32_t *sum, const uint32_t *count, size_t nrow, const int16_t *price,
                  size_t stride, size_t n)
{
    for (size_t c = 0; c < n; c++) {
        int64_t want = 0;
        for (size_t i = 0; i < nrow; i++) want += (int64_t)count[i] * price[i * stride + c];
        if (sum[c] != (uint32_t)want) return false;
    }
    return true;
}

static void check_one(size_t n, size_t nrow, size_t stride)
{
    static uint32_t count[MOST];
    /* the last row has no more than n prices */
    const size_t nprice = nrow ? (nrow - 1) * stride + n : 0;
    check_array price = check_new(2 * nprice, 2 * check_below(32));
    draw_counts(count, nrow);
    for (int t = 0; t < check_ntable; t++) {
        check_array sum = check_new(4 * n, 4 * check_below(16));
        check_tables[t].k.weighted_sums((void *)sum.data, count, nrow, (const void *)price.data, stride, n);
        check_that(right((void *)sum.data, count, nrow, (const void *)price.data, stride, n),
                   check_tables[t].isa, "sums", n, nrow);
        check_that(check_guards(&sum), check_tables[t].isa, "written outside", n, nrow);
        check_free(&sum);
    }
    check_free(&price);
}

void check_weighted_sums(void)
{
    static const size_t rows[] = { 0, 1, 2, 3, 5, 40, 127, 128, 129, MOST };
    check_begin("weighted_sums");
    for (size_t n = 0; n < 200; n += n < 70 ? 1 : 13)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            check_one(n, rows[i], n + check_below(2) * check_below(40));
    check_end();
}

enum { SYMBOLS = 40, CLUSTERS = 128 };

typedef struct job {
    uint32_t sum[CLUSTERS], count[SYMBOLS];
    int16_t price[SYMBOLS * CLUSTERS];
} job;

static void run_sums(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    k->weighted_sums(j->sum, j->count, SYMBOLS, j->price, CLUSTERS, CLUSTERS);
}

void bench_weighted_sums(void)
{
    static job j;
    for (size_t i = 0; i < SYMBOLS; i++) j.count[i] = (uint32_t)check_below(200);
    check_bench("weighted_sums", offsetof(vl_kernels, weighted_sums), sizeof j.price, run_sums, &j);
}
