/*
 * Checks panels: counts of all pairs against a look at each site by itself; pairs that are amiss, of which
 * most are not looked at to their end, against all pairs; for any number of threads; lists apart; genotypes
 * called from counts, and sexes from depths.
 *
 * Suites: store. Also: asan tsan scalar.
 */
#include "pipeline/out/identity.h"
#include "pipeline/out/panel.h"
#include "pipeline/out/persons.h"
#include "pipeline/test/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 400, SITES = 1000 };

static uint64_t seed = 7;
static uint8_t genotype[MOST][SITES];
static size_t person[MOST];

static uint64_t below(uint64_t n) { return check_random(&seed) % n; }

/* New persons, second samples of some with errors, and relatives. */
static void draw(size_t n, size_t nsite)
{
    for (size_t i = 0; i < n; i++) {
        const size_t from = i && below(3) ? below(i) : i;
        const uint64_t alike = from == i ? 0 : below(2) ? 97 : 40 + below(60);
        person[i] = from == i || below(4) ? i : person[from];
        if (from != i && below(2)) person[i] = person[from];
        for (size_t k = 0; k < nsite; k++)
            genotype[i][k] = below(100) < alike ? genotype[from][k]
                             : below(20)        ? (uint8_t)(1 + (below(2) ? 2 : below(2)))
                                                : 0;
    }
}

static vl_pair plain(size_t a, size_t b, size_t nsite)
{
    vl_pair p = { .a = a, .b = b };
    for (size_t k = 0; k < nsite; k++) {
        const uint8_t x = genotype[a][k], y = genotype[b][k];
        if (x == VL_GT_NONE || y == VL_GT_NONE) continue;
        p.sites++;
        p.ibs0 += (x == VL_GT_REF && y == VL_GT_ALT) || (x == VL_GT_ALT && y == VL_GT_REF);
        p.ibs2 += x == y;
        p.hets_a += x == VL_GT_HET;
        p.hets_b += y == VL_GT_HET;
        p.shared_hets += x == VL_GT_HET && y == VL_GT_HET;
    }
    vl_pair_judge(&p);
    p.amiss =
        person[a] == person[b] ? p.verdict == VL_DIFFERENT || p.verdict == VL_RELATED : p.verdict == VL_SAME;
    return p;
}

static bool equal(const vl_pair *x, const vl_pair *y)
{
    return x->a == y->a && x->b == y->b && x->sites == y->sites && x->ibs0 == y->ibs0 && x->ibs2 == y->ibs2 &&
           x->hets_a == y->hets_a && x->hets_b == y->hets_b && x->shared_hets == y->shared_hets &&
           x->verdict == y->verdict && x->amiss == y->amiss;
}

static void check_pairs(size_t n, size_t nsite, bool all, int threads)
{
    vl_panels p = { 0 };
    vl_buf out = { 0 };
    vl_err err = VL_ERR_INIT;
    size_t at = 0;
    bool good = true;
    for (size_t i = 0; i < n; i++)
        vl_panels_add(&p, "0123456789abcdef0123456789abcdef", genotype[i], nsite, i, &err);
    if (p.n) vl_panel_compare(&p.panel[0], person, all, threads, &out, &err);
    const vl_pair *const got = (const vl_pair *)(const void *)out.data;
    for (size_t a = 0; a < n; a++)
        for (size_t b = a + 1; b < n; b++) {
            const vl_pair want = plain(a, b, nsite);
            if (!all && !want.amiss) continue;
            good &= at < out.len / sizeof *got && equal(&got[at], &want);
            at++;
        }
    CHECK(!err.code && good && at == out.len / sizeof(vl_pair), "%zu samples, %zu sites, all %d, %d threads",
          n, nsite, all, threads);
    vl_buf_free(&out);
    vl_panels_free(&p);
}

static void check_panels(void)
{
    static const size_t samples[] = { 0, 1, 2, 31, 32, 33, 100, MOST },
                        sites[] = { 1, 63, 64, 65, 300, SITES };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        for (size_t k = 0; k < sizeof sites / sizeof *sites; k++) {
            draw(samples[i], sites[k]);
            for (int all = 0; all < 2; all++) check_pairs(samples[i], sites[k], all, 1 + (int)below(4));
        }
}

static void check_lists(void)
{
    vl_panels p = { 0 };
    vl_err err = VL_ERR_INIT;
    draw(4, 100);
    CHECK(!vl_panels_add(&p, "a", genotype[0], 100, 0, &err) &&
              !vl_panels_add(&p, "b", genotype[1], 99, 1, &err) &&
              !vl_panels_add(&p, "a", genotype[2], 100, 2, &err) && p.n == 2 && p.panel[0].n == 2,
          "two lists");
    CHECK(vl_panels_add(&p, "b", genotype[3], 100, 3, &err) == VL_ESTORE, "another number of sites");
    vl_panels_free(&p);
}

/* ---- genotypes ---- */

static void check_genotypes(void)
{
    static const struct {
        uint64_t ref, alt, other;
        vl_genotype is;
    } want[] = { { 0, 0, 0, VL_GT_NONE },   { 6, 0, 0, VL_GT_NONE },   { 7, 0, 0, VL_GT_REF },
                 { 0, 7, 0, VL_GT_ALT },    { 9, 1, 0, VL_GT_REF },    { 8, 1, 0, VL_GT_NONE },
                 { 8, 2, 0, VL_GT_HET },    { 2, 8, 0, VL_GT_HET },    { 1, 9, 0, VL_GT_ALT },
                 { 81, 19, 0, VL_GT_NONE }, { 80, 20, 0, VL_GT_HET },  { 9, 0, 1, VL_GT_REF },
                 { 8, 0, 1, VL_GT_NONE },   { 3, 3, 500, VL_GT_NONE }, { UINT32_MAX, 0, 0, VL_GT_REF },
                 { 90, 10, 0, VL_GT_REF },  { 10, 90, 0, VL_GT_ALT },  { 89, 11, 0, VL_GT_NONE } };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        CHECK(vl_genotype_of(want[i].ref, want[i].alt, want[i].other) == want[i].is, "genotype %zu", i);
}

/* ---- sexes ---- */

static vl_sex sex_of(double x, double y, bool small)
{
    vl_sex_sums s = { 0 };
    double is_x, is_y;
    const uint64_t scale = small ? 1 : 1000;
    vl_sex_add(&s, (vl_cell){ (const uint8_t *)"chr1", 4 }, 1000, 10 * scale, 600. * (double)scale);
    vl_sex_add(&s, (vl_cell){ (const uint8_t *)"22", 2 }, 1000, 10 * scale, 600. * (double)scale);
    vl_sex_add(&s, (vl_cell){ (const uint8_t *)"23", 2 }, 1000, 999 * scale, 9999. * (double)scale);
    vl_sex_add(&s, (vl_cell){ (const uint8_t *)"chr1_random", 11 }, 1000, 9 * scale, 9999. * (double)scale);
    vl_sex_add(&s, (vl_cell){ (const uint8_t *)"chrX", 4 }, 500, 1, x * 300. * (double)scale);
    if (y >= 0) vl_sex_add(&s, (vl_cell){ (const uint8_t *)"Y", 1 }, 200, 1, y * 120. * (double)scale);
    const vl_sex sex = vl_sex_of(&s, &is_x, &is_y);
    CHECK(small ? isnan(is_x) : fabs(is_x - x) < 1e-9, "x is %f", is_x);
    CHECK(small || y < 0 ? isnan(is_y) : fabs(is_y - y) < 1e-9, "y is %f", is_y);
    return sex;
}

static void check_sexes(void)
{
    static const struct {
        double x, y;
        vl_sex is;
    } want[] = { { 1, 0, VL_SEX_XX },        { 0.5, 0.25, VL_SEX_XY },     { 0.5, 0.01, VL_SEX_X0 },
                 { 1, 0.25, VL_SEX_XXY },    { 0.72, 0, VL_SEX_UNKNOWN },  { 0.5, 0.07, VL_SEX_UNKNOWN },
                 { 1.5, 0, VL_SEX_UNKNOWN }, { 0.1, 0.1, VL_SEX_UNKNOWN }, { 1, 0.07, VL_SEX_UNKNOWN },
                 { 1, -1, VL_SEX_UNKNOWN },  { 0, 0, VL_SEX_UNKNOWN } };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK(sex_of(want[i].x, want[i].y, false) == want[i].is, "sex %zu", i);
        CHECK(sex_of(want[i].x, want[i].y, true) == VL_SEX_UNKNOWN, "sex %zu, of little", i);
    }
    static const char *const words[] = {
        "Male", "m", "XY", "1", "FEMALE", "F", "xx", "2", "NA", "", "Unknown"
    };
    for (int i = 0; i < 11; i++)
        CHECK(vl_sex_read(words[i]) == (i < 4   ? VL_SAID_MALE
                                        : i < 8 ? VL_SAID_FEMALE
                                                : VL_SAID_NOTHING),
              "%s", words[i]);
    CHECK(vl_sex_is_amiss(VL_SEX_XX, VL_SAID_MALE) && vl_sex_is_amiss(VL_SEX_XY, VL_SAID_FEMALE) &&
              !vl_sex_is_amiss(VL_SEX_XXY, VL_SAID_MALE) && !vl_sex_is_amiss(VL_SEX_X0, VL_SAID_FEMALE) &&
              !vl_sex_is_amiss(VL_SEX_UNKNOWN, VL_SAID_MALE) && !vl_sex_is_amiss(VL_SEX_XY, VL_SAID_NOTHING),
          "amiss");
}

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_panels();
    check_lists();
    check_genotypes();
    check_sexes();
    return check_end();
}
