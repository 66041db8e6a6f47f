/* read_sum, read_gc: reads of all lengths, none of them long or many, cut anywhere. */
#include <string.h>

#include "kernels/test/check.h"

enum { MOST = 400 };

typedef struct reads {
    check_array byte;
    uint64_t offset[MOST + 1], length[MOST], out[MOST];
    size_t nread;
} reads;

static void lay_out(reads *r, size_t nread, size_t len)
{
    size_t at = check_below(70);
    for (size_t i = 0; i < nread; i++) {
        r->offset[i] = at;
        const size_t n = check_below(3) ? len : check_below(len + 1);
        r->length[i] = check_below(2) ? n : check_below(n + 1);
        at += n;
    }
    r->offset[nread] = at;
    r->nread = nread;
    r->byte = check_new(at, check_below(64));
    for (size_t i = 0; i < at; i++)
        if (check_below(8)) r->byte.data[i] = (uint8_t) "ACGTNacgtnKSRY."[r->byte.data[i] % 15];
}

static uint64_t plain(const reads *r, size_t i, bool gc)
{
    uint64_t n = 0;
    for (uint64_t k = r->offset[i]; k < r->offset[i + 1]; k++) {
        const int c = r->byte.data[k];
        if (!gc) n += (uint64_t)c;
        else if (k - r->offset[i] < r->length[i]) n += c && strchr("GCgc", c);
    }
    return n;
}

static void check_one(reads *r, size_t len, bool gc)
{
    for (int t = 0; t < check_ntable; t++) {
        const vl_kernels *const k = &check_tables[t].k;
        size_t right = 0;
        if (gc) k->read_gc(r->out, r->byte.data, r->offset, r->length, r->nread);
        else k->read_sum(r->out, r->byte.data, r->offset, r->nread);
        while (right < r->nread && r->out[right] == plain(r, right, gc)) right++;
        check_that(right == r->nread, check_tables[t].isa, "number of a read", r->nread, len);
    }
}

static void check_all(bool gc)
{
    static reads r;
    for (size_t len = 0; len < 300; len += len < 100 ? 1 : 37) {
        lay_out(&r, check_below(MOST) + 1, len);
        check_one(&r, len, gc);
        check_free(&r.byte);
    }
}

void check_read_sums(void)
{
    check_begin("read_sum");
    check_all(false);
    check_end();
    check_begin("read_gc");
    check_all(true);
    check_end();
}

static void run_sum(const vl_kernels *k, void *arg)
{
    reads *const r = arg;
    k->read_sum(r->out, r->byte.data, r->offset, r->nread);
}

static void run_gc(const vl_kernels *k, void *arg)
{
    reads *const r = arg;
    k->read_gc(r->out, r->byte.data, r->offset, r->length, r->nread);
}

void bench_read_sums(void)
{
    static reads r;
    lay_out(&r, MOST, 150);
    check_bench("read_sum", offsetof(vl_kernels, read_sum), r.byte.n, run_sum, &r);
    check_bench("read_gc", offsetof(vl_kernels, read_gc), r.byte.n, run_gc, &r);
    check_free(&r.byte);
}
