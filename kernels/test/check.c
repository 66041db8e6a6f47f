/*
 * check_kernels [--bench] [--seed N] [FILE...]: runs the checks of these files of kernels, or of all: one
 * line each and a last line; exit 1 when one failed.
 * --bench prints tab-separated lines instead: kernel, ISA, MB/s of input, MB/s of memcpy over the same input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/test/check.h"

enum { GUARD = 64, SHOWN = 5, NRUN = 7 };

check_table check_tables[8];
int check_ntable;

static struct {
    uint64_t random;
    const char *kernel;
    size_t ncase, nfail, ncase_all, nfail_all;
} state;

uint64_t check_random(void)
{
    state.random += 0x9e3779b97f4a7c15U; /* splitmix64 */
    uint64_t z = state.random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

uint64_t check_below(uint64_t n) { return check_random() % n; }

static uint8_t guard_byte(const check_array *a, size_t i) { return (uint8_t)(a->salt + i * 151); }

check_array check_new(size_t n, size_t offset)
{
    check_array a = { .n = n, .offset = offset };
    void *block = NULL;

    if (posix_memalign(&block, 64, GUARD + offset + n + VL_PAD)) {
        fputs("no memory\n", stderr);
        exit(2);
    }
    a.block = block;
    a.data = a.block + GUARD + offset;
    a.salt = (uint8_t)check_random();
    for (size_t i = 0; i < GUARD; i++) a.data[-1 - (ptrdiff_t)i] = a.data[n + i] = guard_byte(&a, i);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) memcpy(a.data + i, &(uint64_t){ check_random() }, 8);
    for (; i < n; i++) a.data[i] = (uint8_t)check_random();
    return a;
}

bool check_guards(const check_array *a)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (a->data[-1 - (ptrdiff_t)i] != guard_byte(a, i) || a->data[a->n + i] != guard_byte(a, i))
            return false;
    }
    return true;
}

void check_free(check_array *a)
{
    free(a->block);
    *a = (check_array){ 0 };
}

bool check_next(check_case *c)
{
    static const size_t large[] = { 1000, 4096, 16411, 70001 };
    const int number = c->number++;

    c->offset = check_below(64);
    if (number <= 257) {
        c->n = (size_t)number;
    } else if (number < 258 + 64) {
        c->offset = (size_t)(number - 258);
        c->n = 64 + check_below(400);
    } else if (number < 258 + 64 + 4) {
        c->n = large[number - 258 - 64];
    } else {
        return false;
    }
    return true;
}

void check_begin(const char *kernel)
{
    state.kernel = kernel;
    state.ncase = state.nfail = 0;
}

void check_that(bool holds, const char *isa, const char *what, size_t n, size_t offset)
{
    state.ncase++;
    if (holds) return;
    if (state.nfail++ < SHOWN)
        printf("%s %s: %s, %zu elements at offset %zu\n", state.kernel, isa, what, n, offset);
}

void check_end(void)
{
    printf("%-16s %s, %zu of %zu\n", state.kernel, state.nfail ? "FAILED" : "good", state.ncase - state.nfail,
           state.ncase);
    state.ncase_all += state.ncase - state.nfail;
    state.nfail_all += state.nfail;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Best of NRUN times of about 3 ms each. */
static double mb_per_s(size_t bytes, const vl_kernels *k, check_run *run, void *arg)
{
    double best = 1e9;
    size_t times = 1;

    for (int i = 0; i < NRUN;) {
        const double start = seconds();
        for (size_t j = 0; j < times; j++) run(k, arg);
        const double took = seconds() - start;
        if (took < 3e-3 && i == 0) {
            times *= 2;
            continue;
        }
        if (took / (double)times < best) best = took / (double)times;
        i++;
    }
    return (double)bytes / best * 1e-6;
}

typedef struct copy {
    check_array to, from;
} copy;

static void run_memcpy(const vl_kernels *k, void *arg)
{
    const copy *const c = arg;
    (void)k;
    memcpy(c->to.data, c->from.data, c->from.n);
    __asm__ volatile("" : : "r"(c->to.data) : "memory"); /* the copy is needed */
}

void check_bench(const char *name, size_t entry, size_t bytes, check_run *run, void *arg)
{
    copy c = { check_new(bytes, 0), check_new(bytes, 0) };
    const double beside = mb_per_s(bytes, NULL, run_memcpy, &c);
    const char *before = NULL;

    for (int t = 0; t < check_ntable; t++) {
        const char *const now = (const char *)&check_tables[t].k + entry;
        if (before && !memcmp(before, now, sizeof(void (*)(void)))) continue;
        before = now;
        printf("%s\t%s\t%.0f\t%.0f\n", name, check_tables[t].isa,
               mb_per_s(bytes, &check_tables[t].k, run, arg), beside);
        fflush(stdout);
    }
    check_free(&c.to);
    check_free(&c.from);
}

static void make_tables(void)
{
    static const struct {
        const char *name;
        unsigned isa;
    } kinds[] = {
        { "scalar", VL_SCALAR },
        { "avx2", VL_SSE41 | VL_AVX2 },
        { "avx512", VL_SSE41 | VL_AVX2 | VL_AVX512 },
        { "vbmi", VL_SSE41 | VL_AVX2 | VL_AVX512 | VL_VBMI },
        { "neon", VL_NEON },
    };
    const unsigned cpu = vl_isa_cpu();

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if ((kinds[i].isa & cpu) != kinds[i].isa) continue;
        check_table *const t = &check_tables[check_ntable++];
        t->isa = kinds[i].name;
        vl_kernels_init(&t->k, kinds[i].isa);
    }
}

static void check_environment(void)
{
    const unsigned cpu = vl_isa_cpu();

    check_begin("VIAL_ISA");
    unsetenv("VIAL_ISA");
    check_that(vl_isa_from_env() == cpu, "", "unset", 0, 0);
    setenv("VIAL_ISA", "scalar", 1);
    check_that(vl_isa_from_env() == VL_SCALAR, "", "scalar", 0, 0);
    setenv("VIAL_ISA", "nonsense", 1);
    check_that(vl_isa_from_env() == cpu, "", "unknown word", 0, 0);
    setenv("VIAL_ISA", "avx2, neon,what", 1);
    check_that(vl_isa_from_env() == (cpu & (VL_SSE41 | VL_AVX2 | VL_NEON)), "", "list", 0, 0);
    check_end();
}

/* An empty array may be no array at all. */
static void check_nothing(void)
{
    static const uint8_t value[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
    static const uint64_t offset[1] = { 0 };

    check_begin("no array");
    for (int t = 0; t < check_ntable; t++) {
        const vl_kernels *const k = &check_tables[t].k;
        size_t sum = 0, bad = 0;
        sum += k->count_byte(NULL, 0, 'x') + k->find_outside(NULL, 0, 1, 2);
        sum += k->find_all((uint32_t[16]){ 0 }, NULL, 0, 'x');
        sum += k->phred_decode(NULL, NULL, 0) + k->base2_pack(NULL, NULL, NULL, 0);
        sum += k->b64_encode(NULL, NULL, 0) + k->b64_decode(NULL, NULL, 0, &bad) + bad;
        k->phred_encode(NULL, NULL, 0);
        k->base2_unpack(NULL, NULL, 0);
        for (unsigned nvalue = 1; nvalue <= 16; nvalue++) {
            k->rank_pack(NULL, NULL, 0, value, nvalue);
            k->rank_unpack(NULL, NULL, 0, value, nvalue);
            k->byte_shuffle(NULL, NULL, 0, nvalue);
            k->byte_unshuffle(NULL, NULL, 0, nvalue);
            k->delta_zigzag(NULL, NULL, 0, nvalue);
            k->undelta_zigzag(NULL, NULL, 0, nvalue);
        }
        k->base_count(NULL, NULL, offset, 0, 0);
        k->quality_count(NULL, NULL, offset, 0, 0);
        check_that(sum == 0, check_tables[t].isa, "something from nothing", 0, 0);
    }
    check_end();
}

/* A version that nobody chose is no version. */
static void check_chosen(void)
{
    check_begin("chosen");
    for (int t = 0; t < check_ntable; t++) {
#define VL_KERNEL(file, returns, name, args)                                                                 \
    check_that(check_tables[t].k.name != NULL, check_tables[t].isa, "no " #name, 0, 0);
#include "kernels/kernels.def"
#undef VL_KERNEL
    }
    check_end();
    if (state.nfail) exit(1); /* the checks would call it */
}

/* What is checked, or timed, by the file's name. A file of several kernels stands several times, in a row. */
static const struct {
    const char *name;
    void (*check)(void), (*bench)(void);
} files[] = {
#define VL_KERNEL(file, returns, name, args) { #file, check_##file, bench_##file },
#include "kernels/kernels.def"
#undef VL_KERNEL
};
enum { NFILE = sizeof files / sizeof *files };

static bool is_asked(const char *file, int nasked, char **asked)
{
    bool is = nasked == 0;
    for (int i = 0; i < nasked; i++) is |= !strcmp(asked[i], file);
    return is;
}

/* Runs the files asked for, or all, and returns their number. */
static int run_files(bool bench, int nasked, char **asked)
{
    int n = 0;
    for (int i = 0; i < NFILE; i++) {
        if (i && files[i].check == files[i - 1].check) continue;
        if (!is_asked(files[i].name, nasked, asked)) continue;
        (bench ? files[i].bench : files[i].check)();
        n++;
    }
    return n;
}

static int check_files(int nasked, char **asked)
{
    printf("seed %llu; versions:", (unsigned long long)state.random);
    for (int t = 0; t < check_ntable; t++) printf(" %s", check_tables[t].isa);
    puts("");
    check_chosen();
    check_environment();
    check_nothing();
    const int n = run_files(false, nasked, asked);
    if (n < nasked) printf("of %d files asked for there are %d\n", nasked, n);
    state.nfail_all += n < nasked;
    printf("%zu passed, %zu failed\n", state.ncase_all, state.nfail_all);
    return state.nfail_all ? 1 : 0;
}

int main(int argc, char **argv)
{
    uint64_t seed = (uint64_t)time(NULL);
    bool bench = false;
    int nasked = 0;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--bench")) {
            bench = true;
        } else if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (argv[i][0] != '-') {
            argv[nasked++] = argv[i];
        } else {
            fputs("usage: check_kernels [--bench] [--seed N] [FILE...]\n", stderr);
            return 2;
        }
    }
    state.random = seed;
    make_tables();
    if (!bench) return check_files(nasked, argv);
    puts("kernel\tisa\tMB/s\tmemcpy");
    return run_files(true, nasked, argv) < nasked ? 1 : 0;
}
