/* mate_overlap: fragments of all lengths read from both ends, with wrong letters, N, small and other ones. */
#include <string.h>

#include "kernels/test/check.h"

enum { MOST = 200, LETTERS = 1500 };

typedef struct pairs {
    check_array base;
    uint64_t offset[2 * MOST + 1];
    int32_t out[MOST];
    size_t n;
} pairs;

static const char *const alphabet[] = { "ACGT", "ACGT", "AC", "ACGTN", "ACGTacgtNRY." };

static uint8_t turned(uint8_t c)
{
    switch (c) {
    case 'A':
    case 'a': return 'T';
    case 'C':
    case 'c': return 'G';
    case 'G':
    case 'g': return 'C';
    case 'T':
    case 't': return 'A';
    default: return 'N';
    }
}

/* A fragment, and what lies behind it, read from both ends. */
static void draw(uint8_t *one, size_t n1, uint8_t *two, size_t n2, size_t insert)
{
    const char *const letters = alphabet[check_below(5)];
    const size_t kinds = strlen(letters), wrong = check_below(12);
    uint8_t fragment[LETTERS];
    for (size_t i = 0; i < insert; i++) fragment[i] = (uint8_t)letters[check_below(kinds)];
    for (size_t i = 0; i < n1; i++) one[i] = i < insert ? fragment[i] : (uint8_t)letters[check_below(kinds)];
    for (size_t i = 0; i < n2; i++)
        two[i] = i < insert ? turned(fragment[insert - 1 - i]) : (uint8_t)letters[check_below(kinds)];
    for (size_t i = 0; i < wrong && n1 && n2; i++) {
        if (check_below(2)) one[check_below(n1)] = (uint8_t)letters[check_below(kinds)];
        else two[check_below(n2)] = (uint8_t)letters[check_below(kinds)];
    }
}

static void lay_out(pairs *p, size_t len)
{
    uint64_t at = 0;
    p->n = check_below(MOST) + 1;
    for (size_t i = 0; i <= 2 * p->n; i++) {
        p->offset[i] = at;
        at += check_below(4) ? len : check_below(len + 1);
    }
    p->base = check_new(p->offset[2 * p->n], check_below(64));
    for (size_t i = 0; i < p->n; i++) {
        const uint64_t *const o = p->offset + 2 * i;
        draw(p->base.data + o[0], o[1] - o[0], p->base.data + o[1], o[2] - o[1],
             check_below(2 * len + 2 < LETTERS ? 2 * len + 2 : LETTERS));
    }
}

/* As it is said: the second read turned round, laid upon the first at each place. */
static bool lies(const uint8_t *one, long n1, const uint8_t *two, long n2, long place)
{
    long over = 0, wrong = 0, alike = 0;
    for (long k = 0; k < n2; k++) {
        const long i = place + k;
        if (i < 0 || i >= n1) continue;
        over++;
        if (over <= 50) wrong += one[i] != turned(two[n2 - 1 - k]);
    }
    alike = over / 5 < 5 ? over / 5 : 5;
    return wrong <= alike;
}

static int32_t plain(const pairs *p, size_t i)
{
    const uint64_t *const o = p->offset + 2 * i;
    const uint8_t *const one = p->base.data + o[0], *const two = p->base.data + o[1];
    const long n1 = (long)(o[1] - o[0]), n2 = (long)(o[2] - o[1]);
    for (long place = 0; place < n1 - 30; place++)
        if (lies(one, n1, two, n2, place)) return (int32_t)place;
    for (long place = 0; place > 30 - n2; place--)
        if (lies(one, n1, two, n2, place)) return (int32_t)place;
    return VL_NO_OVERLAP;
}

void check_overlap(void)
{
    static pairs p;
    check_begin("mate_overlap");
    for (size_t len = 0; len < 700; len += len < 70 ? 1 : len < 320 ? 17 : 97) {
        int32_t want[MOST];
        lay_out(&p, len);
        for (size_t i = 0; i < p.n; i++) want[i] = plain(&p, i);
        for (int t = 0; t < check_ntable; t++) {
            memset(p.out, 1, sizeof p.out);
            check_tables[t].k.mate_overlap(p.out, p.base.data, p.offset, p.n);
            check_that(!memcmp(p.out, want, p.n * sizeof *want), check_tables[t].isa, "places", p.n, len);
        }
        check_free(&p.base);
    }
    check_end();
}

static void run(const vl_kernels *k, void *arg)
{
    pairs *const p = arg;
    k->mate_overlap(p->out, p->base.data, p->offset, p->n);
}

/* Pairs of 150 letters, of which one in two overlaps. */
void bench_overlap(void)
{
    static pairs p;
    p.n = MOST;
    for (size_t i = 0; i <= 2 * MOST; i++) p.offset[i] = 150 * i;
    p.base = check_new(p.offset[2 * MOST], 0);
    for (size_t i = 0; i < p.base.n; i++) p.base.data[i] = (uint8_t) "ACGT"[p.base.data[i] % 4];
    for (size_t i = 0; i < MOST; i += 2)
        for (size_t k = 0, insert = 60 + i; k < 150 && k < insert; k++)
            if (insert - 1 - k < 150)
                p.base.data[300 * i + 150 + insert - 1 - k] = turned(p.base.data[300 * i + k]);
    check_bench("mate_overlap", offsetof(vl_kernels, mate_overlap), p.base.n, run, &p);
    check_free(&p.base);
}
