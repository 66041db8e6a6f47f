/* phred_decode, phred_encode: all letters, bad ones anywhere, in place and not. */
#include <string.h>

#include "kernels/test/check.h"

static const char legal[] =
    "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu"
    "vwxyz{|}~";

static void check_decode(const check_table *t, const check_case *c, const check_array *a, bool in_place)
{
    check_array dst = check_new(c->n, check_below(64));
    size_t want = 0;
    bool same = true;

    memcpy(dst.data, a->data, in_place ? a->n : 0);
    const size_t got = t->k.phred_decode(dst.data, in_place ? dst.data : a->data, a->n);
    while (want < a->n && a->data[want] && strchr(legal, a->data[want])) want++;
    for (size_t i = 0; i < want; i++) same &= legal[dst.data[i] % 94] == a->data[i] && dst.data[i] < 94;
    check_that(got == want, t->isa, "decode: index", c->n, c->offset);
    check_that(same, t->isa, "decode: scores", c->n, c->offset);
    check_that(check_guards(&dst), t->isa, "decode: written outside", c->n, c->offset);
    check_free(&dst);
}

static void check_encode(const check_table *t, const check_case *c, const check_array *a, bool in_place)
{
    check_array dst = check_new(c->n, check_below(64));
    bool same = true;

    memcpy(dst.data, a->data, in_place ? a->n : 0);
    t->k.phred_encode(dst.data, in_place ? dst.data : a->data, a->n);
    for (size_t i = 0; i < a->n; i++) same &= dst.data[i] == (a->data[i] + 33) % 256;
    check_that(same, t->isa, "encode", c->n, c->offset);
    check_that(check_guards(&dst), t->isa, "encode: written outside", c->n, c->offset);
    check_free(&dst);
}

void check_phred(void)
{
    check_begin("phred");
    for (check_case c = { 0 }; check_next(&c);) {
        check_array a = check_new(c.n, c.offset);
        for (int t = 0; t < check_ntable; t++) check_encode(&check_tables[t], &c, &a, t & 1);
        for (int nbad = 0; nbad < 4; nbad++) {
            for (size_t i = 0; i < a.n; i++) a.data[i] = (uint8_t)legal[check_below(94)];
            for (int i = 0; i < nbad && a.n; i++) a.data[check_below(a.n)] = (uint8_t)check_random();
            for (int t = 0; t < check_ntable; t++) check_decode(&check_tables[t], &c, &a, nbad & 1);
        }
        check_free(&a);
    }
    check_end();
}

typedef struct job {
    check_array dst, src;
} job;

static void run_decode(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->phred_decode(j->dst.data, j->src.data, j->src.n);
}

static void run_encode(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->phred_encode(j->dst.data, j->src.data, j->src.n);
}

void bench_phred(void)
{
    job j = { check_new(BENCH_BYTES, 0), check_new(BENCH_BYTES, 0) };
    for (size_t i = 0; i < j.src.n; i++) j.src.data[i] = (uint8_t)legal[j.src.data[i] % 94];
    check_bench("phred_decode", offsetof(vl_kernels, phred_decode), j.src.n, run_decode, &j);
    check_bench("phred_encode", offsetof(vl_kernels, phred_encode), j.src.n, run_encode, &j);
    check_free(&j.dst);
    check_free(&j.src);
}
