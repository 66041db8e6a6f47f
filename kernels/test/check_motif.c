/* motif_find: letters in which motifs, and what looks like them, lie anywhere. */
#include <stdlib.h>
#include <string.h>

#include "kernels/test/check.h"

static const char *const motif[8] = { "AGATCGGAAGAG", "TGGAATTCTCGG", "AAAAAAAAAAAA", "GGGGGGGGGGGG",
                                      "CTGTCTCTTATA", "GATCGTCGGACT", "CGCCTTGGCCGT", "NNACGTNNTGCA" };
static const int looked_at[6] = { 0, 2, 4, 7, 9, 11 };

static void places(uint8_t place[12][16])
{
    memset(place, 0, 12 * 16);
    for (int m = 0; m < 8; m++)
        for (int p = 0; p < 12; p++) place[p][motif[m][p] & 15] |= (uint8_t)(1 << m);
}

static void fill(check_array *a)
{
    for (size_t i = 0; i < a->n; i++) a->data[i] = (uint8_t) "ACGTACGTNacgt\n"[a->data[i] % 14];
    for (size_t k = 0; k < a->n / 20; k++) {
        const size_t at = check_below(a->n), n = a->n - at;
        memcpy(a->data + at, motif[check_below(8)], n < 12 ? n : 12);
        if (check_below(2)) a->data[at + check_below(n < 12 ? n : 12)] ^= (uint8_t)(1 << check_below(8));
    }
}

static unsigned plain(const check_array *a, size_t i)
{
    unsigned set = 0;
    for (unsigned m = 0; m < 8 && i + 12 <= a->n; m++) {
        int same = 0;
        for (int p = 0; p < 6; p++)
            same += (a->data[i + (size_t)looked_at[p]] & 15) == (motif[m][looked_at[p]] & 15);
        set |= same == 6 ? 1u << m : 0;
    }
    return set;
}

void check_motif(void)
{
    uint8_t place[12][16];
    places(place);
    check_begin("motif_find");
    for (check_case c = { 0 }; check_next(&c);) {
        check_array a = check_new(c.n, c.offset), at = check_new(4 * c.n, 0), set = check_new(c.n, 0);
        fill(&a);
        for (int t = 0; t < check_ntable; t++) {
            const uint32_t *const where = (const void *)at.data;
            const size_t n = check_tables[t].k.motif_find((void *)at.data, set.data, a.data, a.n, place[0]);
            size_t k = 0;
            bool right = true;
            for (size_t i = 0; i < a.n; i++) {
                const unsigned want = plain(&a, i);
                if (want) right &= k < n && where[k] == i && set.data[k] == want, k++;
            }
            check_that(right && k == n, check_tables[t].isa, "places", c.n, c.offset);
            check_that(check_guards(&at) && check_guards(&set), check_tables[t].isa, "room", c.n, c.offset);
        }
        check_free(&a);
        check_free(&at);
        check_free(&set);
    }
    check_end();
}

typedef struct job {
    check_array base;
    uint32_t at[BENCH_BYTES];
    uint8_t set[BENCH_BYTES], place[12][16];
} job;

static void run(const vl_kernels *k, void *arg)
{
    job *const j = arg;
    volatile size_t n = k->motif_find(j->at, j->set, j->base.data, j->base.n, j->place[0]);
    (void)n;
}

void bench_motif(void)
{
    job *const j = malloc(sizeof *j);
    if (!j) return;
    places(j->place);
    j->base = check_new(BENCH_BYTES, 0);
    for (size_t i = 0; i < j->base.n; i++) j->base.data[i] = (uint8_t) "ACGT"[j->base.data[i] % 4];
    check_bench("motif_find", offsetof(vl_kernels, motif_find), j->base.n, run, j);
    check_free(&j->base);
    free(j);
}
