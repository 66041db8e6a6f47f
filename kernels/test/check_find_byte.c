/* count_byte, find_all, find_others: against memchr, from nothing found to every byte. */
#include <string.h>

#include "kernels/test/check.h"

enum { ROOM = 16, BYTE = '\n' };

/* About one byte in rare is BYTE, in the pad too: what is read there must not be counted. */
static check_array text(const check_case *c, unsigned rare)
{
    check_array a = check_new(c->n, c->offset);
    for (size_t i = 0; i < c->n + VL_PAD; i++) {
        if (a.data[i] == BYTE) a.data[i] = 'x';
        if (rare && check_below(rare) == 0) a.data[i] = BYTE;
    }
    return a;
}

static size_t positions(uint32_t *at, const check_array *a)
{
    size_t count = 0;
    for (const uint8_t *p = a->data, *end = p + a->n; p < end && (p = memchr(p, BYTE, (size_t)(end - p)));
         p++)
        at[count++] = (uint32_t)(p - a->data);
    return count;
}

static void check_one(const check_table *t, const check_case *c, const check_array *a, const uint32_t *want,
                      size_t count)
{
    check_array at = check_new((count + ROOM) * 4, 0);

    check_that(t->k.count_byte(a->data, a->n, BYTE) == count, t->isa, "count_byte", c->n, c->offset);
    check_that(t->k.find_all((uint32_t *)(void *)at.data, a->data, a->n, BYTE) == count, t->isa,
               "find_all: how many", c->n, c->offset);
    check_that(!memcmp(at.data, want, count * 4), t->isa, "find_all: positions", c->n, c->offset);
    check_that(check_guards(&at), t->isa, "find_all: written outside", c->n, c->offset);
    check_free(&at);
}

/* What find_others lists are the positions between those of find_all. */
static void check_others(const check_table *t, const check_case *c, const check_array *a, const uint32_t *all,
                         size_t count)
{
    const size_t n = a->n - count;
    check_array at = check_new((n + ROOM) * 4, 0);
    const uint32_t *const other = (const uint32_t *)(const void *)at.data;
    size_t k = 0, right = 0;

    check_that(t->k.find_others((uint32_t *)(void *)at.data, a->data, a->n, BYTE) == n, t->isa,
               "find_others: how many", c->n, c->offset);
    for (size_t i = 0; i < a->n; i++) {
        if (k < count && all[k] == i) k++;
        else right += other[i - k] == i;
    }
    check_that(right == n, t->isa, "find_others: positions", c->n, c->offset);
    check_that(check_guards(&at), t->isa, "find_others: written outside", c->n, c->offset);
    check_free(&at);
}

void check_find_byte(void)
{
    static const unsigned rare[] = { 0, 1, 2, 5, 40, 300 };
    static uint32_t want[100000];

    check_begin("find_byte");
    for (size_t r = 0; r < sizeof rare / sizeof *rare; r++) {
        for (check_case c = { 0 }; check_next(&c);) {
            check_array a = text(&c, rare[r]);
            const size_t count = positions(want, &a);
            for (int t = 0; t < check_ntable; t++) {
                check_one(&check_tables[t], &c, &a, want, count);
                check_others(&check_tables[t], &c, &a, want, count);
            }
            check_free(&a);
        }
    }
    check_end();
}

typedef struct job {
    check_array a, at;
    volatile size_t result;
} job;

static void run_count(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    j->result = k->count_byte(j->a.data, j->a.n, BYTE);
}

static void run_all(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    j->result = k->find_all((uint32_t *)(void *)j->at.data, j->a.data, j->a.n, BYTE);
}

static void run_others(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    j->result = k->find_others((uint32_t *)(void *)j->at.data, j->a.data, j->a.n, BYTE);
}

/* As unusual qualities are: one byte in ten is another one. */
static void bench_others(void)
{
    const check_case c = { .n = BENCH_BYTES };
    job j = { .a = check_new(c.n, 0), .at = check_new((c.n + ROOM) * 4, 0) };
    for (size_t i = 0; i < c.n; i++) j.a.data[i] = check_below(10) ? BYTE : 'x';
    check_bench("find_others 1 in 10", offsetof(vl_kernels, find_others), c.n, run_others, &j);
    check_free(&j.a);
    check_free(&j.at);
}

void bench_find_byte(void)
{
    static const struct {
        unsigned rare;
        const char *name;
    } kinds[] = { { 80, "find_all 1 in 80" }, { 8, "find_all 1 in 8" } };

    for (int i = 0; i < 2; i++) {
        const check_case c = { .n = BENCH_BYTES };
        job j = { .a = text(&c, kinds[i].rare) };
        j.at = check_new((check_tables[0].k.count_byte(j.a.data, j.a.n, BYTE) + ROOM) * 4, 0);
        if (i == 0) check_bench("count_byte", offsetof(vl_kernels, count_byte), c.n, run_count, &j);
        check_bench(kinds[i].name, offsetof(vl_kernels, find_all), c.n, run_all, &j);
        check_free(&j.a);
        check_free(&j.at);
    }
    bench_others();
}
