/* delta_zigzag, undelta_zigzag: every width, steps small, large and at the ends of the range. */
#include <string.h>

#include "kernels/test/check.h"

/* Signed arithmetic, in place of the shifts of the reference. */
static uint64_t plain(uint64_t x, uint64_t before, size_t width)
{
    const int unused = (int)(64 - 8 * width);
    int64_t d;
    memcpy(&d, &(uint64_t){ (x - before) << unused }, 8);
    for (int i = 0; i < unused; i++) d /= 2;
    return d < 0 ? 2 * (uint64_t)(-(d + 1)) + 1 : 2 * (uint64_t)d;
}

static uint64_t element(const uint8_t *data, size_t i, size_t width)
{
    uint64_t x = 0;
    memcpy(&x, data + i * width, width); /* little-endian machines only */
    return x;
}

static void fill(check_array *a, size_t width, int kind)
{
    uint64_t x = check_random();
    for (size_t i = 0; i < a->n / width && kind; i++) {
        x = kind == 1        ? x + check_below(20) - 8
            : check_below(2) ? (uint64_t) - (int64_t)check_below(2)
                             : 1ULL << 63 >> check_below(64);
        memcpy(a->data + i * width, &x, width);
    }
}

static void check_one(const check_table *t, const check_case *c, size_t width, int kind)
{
    check_array src = check_new(c->n * width, c->offset), dst = check_new(src.n, check_below(64)),
                back = check_new(src.n, check_below(64));
    bool same = true;
    uint64_t before = 0;

    fill(&src, width, kind);
    t->k.delta_zigzag(dst.data, src.data, c->n, width);
    if (width == 1 || width == 2 || width == 4 || width == 8) {
        for (size_t i = 0; i < c->n; i++) {
            const uint64_t x = element(src.data, i, width);
            same &= element(dst.data, i, width) == plain(x, before, width);
            before = x;
        }
    } else {
        same = !memcmp(dst.data, src.data, src.n);
    }
    t->k.undelta_zigzag(back.data, dst.data, c->n, width);
    check_that(same, t->isa, "there", c->n, c->offset);
    check_that(!memcmp(back.data, src.data, src.n), t->isa, "back", c->n, c->offset);
    check_that(check_guards(&dst) && check_guards(&back), t->isa, "written outside", c->n, c->offset);
    check_free(&src);
    check_free(&dst);
    check_free(&back);
}

void check_delta_zigzag(void)
{
    static const size_t widths[] = { 1, 2, 4, 8, 3 };

    check_begin("delta_zigzag");
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        for (check_case c = { 0 }; check_next(&c);) {
            for (int t = 0; t < check_ntable; t++) {
                for (int kind = 0; kind < 3; kind++) check_one(&check_tables[t], &c, widths[w], kind);
            }
        }
    }
    check_end();
}

typedef struct job {
    check_array dst, src;
    size_t width;
} job;

static void run_delta(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->delta_zigzag(j->dst.data, j->src.data, j->src.n / j->width, j->width);
}

static void run_undelta(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->undelta_zigzag(j->dst.data, j->src.data, j->src.n / j->width, j->width);
}

void bench_delta_zigzag(void)
{
    static const struct {
        size_t width;
        const char *there, *back;
    } kinds[] = { { 1, "delta_zigzag 1", "undelta_zigzag 1" },
                  { 2, "delta_zigzag 2", "undelta_zigzag 2" },
                  { 4, "delta_zigzag 4", "undelta_zigzag 4" },
                  { 8, "delta_zigzag 8", "undelta_zigzag 8" } };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        job j = { check_new(BENCH_BYTES, 0), check_new(BENCH_BYTES, 0), kinds[i].width };
        check_bench(kinds[i].there, offsetof(vl_kernels, delta_zigzag), j.src.n, run_delta, &j);
        check_bench(kinds[i].back, offsetof(vl_kernels, undelta_zigzag), j.src.n, run_undelta, &j);
        check_free(&j.dst);
        check_free(&j.src);
    }
}
