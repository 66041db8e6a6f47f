/* base_count, quality_count: equal and ragged reads, few and many levels, counts that are not 0 before. */
#include <string.h>

#include "kernels/test/check.h"

enum { MAX_POS = 700, MAX_READ = 1500 };

typedef struct reads {
    check_array byte;
    uint64_t offset[MAX_READ + 1];
    size_t nread, npos;
} reads;

/* len is the same for all, or with ragged the limit of a random one. */
static void lay_out(reads *r, size_t nread, size_t len, int ragged)
{
    size_t at = check_below(70); /* reads need not start at the first byte */
    for (size_t i = 0; i < nread; i++) {
        r->offset[i] = at;
        at += ragged == 0      ? len
              : ragged == 1    ? check_below(len + 1)
              : check_below(8) ? len
                               : check_below(len + 1);
    }
    r->offset[nread] = at;
    r->nread = nread;
    r->byte = check_new(at, check_below(64));
}

static void fill_bases(reads *r)
{
    for (size_t i = 0; i < r->byte.n; i++)
        if (r->byte.data[i] > 10) r->byte.data[i] = (uint8_t) "ACGTNacgtn"[r->byte.data[i] % 10];
}

/* nlevel levels, of which the later ones turn up late; and a few bytes that are none when wild. */
static void fill_qualities(reads *r, unsigned nlevel, bool wild)
{
    for (size_t i = 0; i < r->byte.n; i++) {
        const unsigned seen = nlevel - (i < r->byte.n / 2 ? nlevel / 3 : 0);
        r->byte.data[i] = (uint8_t)(r->byte.data[i] % seen * 93 / (nlevel > 1 ? nlevel - 1 : 1));
        if (wild && check_below(50) == 0) r->byte.data[i] = (uint8_t)(255 - check_below(3) * 80);
    }
}

static const char *compare(const reads *r, const check_table *t, bool quality)
{
    static uint64_t want[MAX_POS * 94];
    const size_t width = quality ? 94 : 5;
    check_array count = check_new(r->npos * width * 8, 0);
    const char *wrong = NULL;

    memcpy(want, count.data, count.n);
    for (size_t p = 0; p < r->npos; p++) {
        for (size_t i = 0; i < r->nread; i++) {
            if (r->offset[i] + p >= r->offset[i + 1]) continue;
            const unsigned c = r->byte.data[r->offset[i] + p];
            const char *const found = !quality && c ? strchr("AaCcGgTt", (int)c) : NULL;
            if (quality && c <= 93) want[p * width + c]++;
            if (!quality) want[p * width + (found ? (size_t)(found - strchr("AaCcGgTt", 'A')) / 2 : 4)]++;
        }
    }
    (quality ? t->k.quality_count : t->k.base_count)((uint64_t *)(void *)count.data, r->byte.data, r->offset,
                                                     r->nread, r->npos);
    if (memcmp(want, count.data, count.n)) wrong = "counts";
    if (!check_guards(&count)) wrong = "written outside";
    check_free(&count);
    return wrong;
}

static void check_both(bool quality)
{
    static const size_t nreads[] = { 0, 1, 2, 3, 17, 254, 255, 256, 257, 600, 1400 };
    static const size_t lens[] = { 0, 1, 31, 32, 33, 63, 64, 65, 100, 151, 300 };
    static const unsigned levels[] = { 1, 2, 4, 5, 8, 9, 20, 40, 94 };
    static reads r;

    for (size_t i = 0; i < sizeof nreads / sizeof *nreads; i++) {
        for (size_t l = 0; l < sizeof lens / sizeof *lens; l++) {
            const int ragged = (int)check_below(3);
            lay_out(&r, nreads[i], lens[l], ragged);
            r.npos = check_below(4) ? lens[l] + check_below(40) : check_below(lens[l] + 1);
            if (quality) {
                fill_qualities(&r, levels[check_below(9)], check_below(2));
            } else {
                fill_bases(&r);
            }
            for (int t = 0; t < check_ntable; t++) {
                const char *const wrong = compare(&r, &check_tables[t], quality);
                check_that(!wrong, check_tables[t].isa, wrong, nreads[i], lens[l]);
            }
            check_free(&r.byte);
        }
    }
}

void check_position_count(void)
{
    check_begin("base_count");
    for (int i = 0; i < 5; i++) check_both(false);
    check_end();
    check_begin("quality_count");
    for (int i = 0; i < 10; i++) check_both(true);
    check_end();
}

typedef struct job {
    reads r;
    uint64_t count[151 * 94];
} job;

static void run_base(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    k->base_count(j->count, j->r.byte.data, j->r.offset, j->r.nread, 151);
}

static void run_quality(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    k->quality_count(j->count, j->r.byte.data, j->r.offset, j->r.nread, 151);
}

void bench_position_count(void)
{
    static const struct {
        int ragged;
        unsigned nlevel;
        const char *name;
    } kinds[] = { { 0, 0, "base_count" },           { 1, 0, "base_count ragged" },
                  { 0, 4, "quality_count of 4" },   { 1, 4, "quality_count of 4 r" },
                  { 0, 8, "quality_count of 8" },   { 0, 16, "quality_count of 16" },
                  { 0, 40, "quality_count of 40" }, { 1, 40, "quality_count of 40 r" },
                  { 0, 94, "quality_count of 94" } };
    static job j;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        lay_out(&j.r, MAX_READ, 151, kinds[i].ragged);
        const size_t bytes = j.r.offset[MAX_READ] - j.r.offset[0];
        if (kinds[i].nlevel == 0) {
            for (size_t b = 0; b < j.r.byte.n; b++) j.r.byte.data[b] = (uint8_t) "ACGT"[j.r.byte.data[b] % 4];
            check_bench(kinds[i].name, offsetof(vl_kernels, base_count), bytes, run_base, &j);
        } else {
            fill_qualities(&j.r, kinds[i].nlevel, false);
            check_bench(kinds[i].name, offsetof(vl_kernels, quality_count), bytes, run_quality, &j);
        }
        check_free(&j.r.byte);
    }
}
