/* base2_pack, base2_unpack: clean bases, some odd letters, any bytes at all. */
#include <string.h>

#include "kernels/test/check.h"

static check_array bases(const check_case *c, int kind)
{
    check_array a = check_new(c->n, c->offset);
    for (size_t i = 0; i < c->n + VL_PAD && kind < 2; i++) {
        a.data[i] = (uint8_t) "ACTG"[check_below(4)];
        if (kind == 1 && check_below(20) == 0) a.data[i] = (uint8_t) "NacgtnU-.\n\x01\xc1"[check_below(12)];
    }
    return a;
}

static void check_pack(const check_table *t, const check_case *c, const check_array *a)
{
    check_array dst = check_new((c->n + 3) / 4, check_below(64)),
                odd = check_new((c->n + 7) / 8, check_below(64));
    uint8_t want[100000 / 4] = { 0 }, want_odd[100000 / 8] = { 0 };
    size_t nodd = 0;

    for (size_t i = 0; i < c->n; i++) {
        const char *const found = a->data[i] ? strchr("ACTG", a->data[i]) : NULL;
        static const char *const order = "ACTG";
        if (found) want[i / 4] = (uint8_t)(want[i / 4] + ((found - order) << 2 * (i % 4)));
        if (!found) want_odd[i / 8] = (uint8_t)(want_odd[i / 8] + (1 << i % 8));
        nodd += !found;
    }
    check_that(t->k.base2_pack(dst.data, odd.data, a->data, c->n) == nodd, t->isa, "how many odd", c->n,
               c->offset);
    check_that(!memcmp(dst.data, want, dst.n), t->isa, "packed", c->n, c->offset);
    check_that(!memcmp(odd.data, want_odd, odd.n), t->isa, "odd bits", c->n, c->offset);
    check_that(check_guards(&dst) && check_guards(&odd), t->isa, "pack: written outside", c->n, c->offset);
    check_free(&dst);
    check_free(&odd);
}

static void check_unpack(const check_table *t, const check_case *c)
{
    check_array src = check_new((c->n + 3) / 4, c->offset), dst = check_new(c->n, check_below(64));
    bool same = true;

    t->k.base2_unpack(dst.data, src.data, c->n);
    for (size_t i = 0; i < c->n; i++) {
        static const char letter[] = { 'A', 'C', 'T', 'G' };
        unsigned byte = src.data[i / 4];
        for (size_t j = 0; j < i % 4; j++) byte /= 4;
        same &= dst.data[i] == letter[byte % 4];
    }
    check_that(same, t->isa, "unpacked", c->n, c->offset);
    check_that(check_guards(&dst), t->isa, "unpack: written outside", c->n, c->offset);
    check_free(&src);
    check_free(&dst);
}

void check_base2(void)
{
    check_begin("base2");
    for (int kind = 0; kind < 3; kind++) {
        for (check_case c = { 0 }; check_next(&c);) {
            check_array a = bases(&c, kind);
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
    check_array dst, odd, src;
} job;

static void run_pack(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->base2_pack(j->dst.data, j->odd.data, j->src.data, j->src.n);
}

static void run_unpack(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->base2_unpack(j->src.data, j->dst.data, j->src.n);
}

void bench_base2(void)
{
    const check_case c = { .n = BENCH_BYTES };
    job j = { check_new(c.n / 4, 0), check_new(c.n / 8, 0), bases(&c, 1) };
    check_bench("base2_pack", offsetof(vl_kernels, base2_pack), c.n, run_pack, &j);
    check_bench("base2_unpack", offsetof(vl_kernels, base2_unpack), c.n / 4, run_unpack, &j);
    check_free(&j.dst);
    check_free(&j.odd);
    check_free(&j.src);
}
