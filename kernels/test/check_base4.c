/* base4_pack, base4_unpack: letters of BAM, some that are none, any bytes at all. */
#include <string.h>

#include "kernels/test/check.h"

static const char order[] = "=ACMGRSVTWYHKDBN";

static check_array letters(const check_case *c, int kind)
{
    check_array a = check_new(c->n, c->offset);
    for (size_t i = 0; i < c->n + VL_PAD && kind < 2; i++) {
        a.data[i] = (uint8_t)order[check_below(16)];
        if (kind == 1 && check_below(20) == 0) a.data[i] = (uint8_t) "UacgtnE-.\n\x01\xc1"[check_below(12)];
    }
    return a;
}

static void check_pack(const check_table *t, const check_case *c, const check_array *a)
{
    check_array dst = check_new((c->n + 1) / 2, check_below(64));
    uint8_t want[100000 / 2] = { 0 };
    size_t nodd = 0;

    for (size_t i = 0; i < c->n; i++) {
        const char *const found = a->data[i] ? strchr(order, a->data[i]) : NULL;
        const size_t code = found ? (size_t)(found - order) : 0;
        want[i / 2] = (uint8_t)(want[i / 2] + (i % 2 ? code : 16 * code));
        nodd += !found;
    }
    check_that(t->k.base4_pack(dst.data, a->data, c->n) == nodd, t->isa, "how many are none", c->n,
               c->offset);
    check_that(!memcmp(dst.data, want, dst.n), t->isa, "packed", c->n, c->offset);
    check_that(check_guards(&dst), t->isa, "pack: written outside", c->n, c->offset);
    check_free(&dst);
}

static void check_unpack(const check_table *t, const check_case *c)
{
    check_array src = check_new((c->n + 1) / 2, c->offset), dst = check_new(c->n, check_below(64));
    bool same = true;

    t->k.base4_unpack(dst.data, src.data, c->n);
    for (size_t i = 0; i < c->n; i++)
        same &= dst.data[i] == order[i % 2 ? src.data[i / 2] % 16 : src.data[i / 2] / 16];
    check_that(same, t->isa, "unpacked", c->n, c->offset);
    check_that(check_guards(&dst), t->isa, "unpack: written outside", c->n, c->offset);
    check_free(&src);
    check_free(&dst);
}

void check_base4(void)
{
    check_begin("base4");
    for (int kind = 0; kind < 3; kind++) {
        for (check_case c = { 0 }; check_next(&c);) {
            check_array a = letters(&c, kind);
            for (int t = 0; t < check_ntable; t++) {
                check_pack(&check_tables[t], &c, &a);
                check_unpack(&check_tables[t], &c);
            }
            check_free(&a);
        }
    }
    check_end();
}

typedef struct job {
    check_array dst, src;
} job;

static void run_pack(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->base4_pack(j->dst.data, j->src.data, j->src.n);
}

static void run_unpack(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->base4_unpack(j->src.data, j->dst.data, j->src.n);
}

void bench_base4(void)
{
    const check_case c = { .n = BENCH_BYTES };
    job j = { check_new(c.n / 2, 0), letters(&c, 1) };
    check_bench("base4_pack", offsetof(vl_kernels, base4_pack), c.n, run_pack, &j);
    check_bench("base4_unpack", offsetof(vl_kernels, base4_unpack), c.n / 2, run_unpack, &j);
    check_free(&j.dst);
    check_free(&j.src);
}
