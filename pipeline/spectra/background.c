/*
 * Ions of the background (background.h). In each spectrum an ion is the highest peak near its m/z; of
 * profiles, the top of the parabola through the logarithms of the highest point and of those beside it,
 * which is where a Gaussian peak has its top.
 */
#include "pipeline/spectra/background.h"

#include "pipeline/spectra/peak_walk.h"

#include <math.h>
#include <stdlib.h>

/*
 * Known contaminants of electrospray: Keller et al., Anal. Chim. Acta 627 (2008) 71; polysiloxanes as lock
 * masses: Olsen et al., Mol. Cell. Proteomics 4 (2005) 2010. m/z from the composition of the ion, by masses
 * of the isotopes (AME 2012) and of the electron (CODATA 2018).
 */
static const struct {
    const char *name, *formula;
    double mz;
    int polarity;
} known[] = {
    { "polysiloxane 5", "C10H31O5Si5", 371.101233, 1 },
    { "polysiloxane 6", "C12H37O6Si6", 445.120025, 1 },
    { "polysiloxane 7", "C14H43O7Si7", 519.138816, 1 },
    { "polysiloxane 8", "C16H49O8Si8", 593.157607, 1 },
    { "polysiloxane 6 with ammonia", "C12H40NO6Si6", 462.146574, 1 },
    { "polysiloxane 7 with ammonia", "C14H46NO7Si7", 536.165365, 1 },
    { "polysiloxane 6 without methane", "C11H33O6Si6", 429.088724, 1 },
    { "phthalic anhydride", "C8H5O3", 149.023320, 1 },
    { "dibutyl phthalate", "C16H23O4", 279.159086, 1 },
    { "dioctyl phthalate", "C24H39O4", 391.284286, 1 },
    { "dioctyl phthalate with sodium", "C24H38O4Na", 413.266230, 1 },
    { "dioctyl adipate", "C22H43O4", 371.315586, 1 },
    { "butylbenzenesulfonamide", "C10H16NO2S", 214.089626, 1 },
    { "tributyl phosphate", "C12H28O4P", 267.171973, 1 },
    { "triphenyl phosphate", "C18H16O4P", 327.078072, 1 },
    { "oleamide", "C18H36NO", 282.279141, 1 },
    { "erucamide", "C22H44NO", 338.341741, 1 },
    { "oxidised Irgafos 168", "C42H64O4P", 663.453674, 1 },
    { "trifluoroacetate", "C2F3O2", 112.985587, -1 },
    { "two trifluoroacetates with sodium", "C4F6O4Na", 248.960395, -1 },
    { "palmitate", "C16H31O2", 255.232954, -1 },
    { "stearate", "C18H35O2", 283.264254, -1 },
};
enum { KNOWN = sizeof known / sizeof *known };

typedef struct looking {
    const vl_run_columns *c;
    uint64_t row[VL_BACKGROUND_MOST];
    size_t nrow;
    double error[VL_BACKGROUND_MOST][KNOWN]; /* ppm; NaN: it is not there */
    double room[VL_BACKGROUND_MOST * KNOWN];
} looking;

/* ---- one spectrum ---- */

static bool ascends(const vl_peaks *p)
{
    bool good = true;
    for (size_t i = 1; i < p->n; i++) good &= vl_peak_at(&p->mz, i - 1) <= vl_peak_at(&p->mz, i);
    return good;
}

/* Of ascending m/z the first that is not below; else the first at all. */
static size_t first_of(const vl_peaks *p, bool sorted, double low)
{
    size_t from = 0, n = sorted ? p->n : 0;
    while (n) {
        const size_t half = n / 2;
        if (vl_peak_at(&p->mz, from + half) < low) {
            from += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return from;
}

/* Where the parabola through three points has its top. */
static double top_of(const vl_peaks *p, size_t i)
{
    double x[3], y[3];
    for (size_t k = 0; k < 3; k++) {
        x[k] = vl_peak_at(&p->mz, i + k - 1);
        y[k] = log(vl_peak_at(&p->intensity, i + k - 1));
        if (!isfinite(y[k])) return vl_peak_at(&p->mz, i);
    }
    const double a = x[1] - x[0], b = x[2] - x[1], u = y[1] - y[0], v = y[1] - y[2];
    const double below = a * v + b * u, to = (b * b * u - a * a * v) / (2 * below);
    return below > 0 && fabs(to) <= a + b ? x[1] + to : x[1];
}

/* m/z of the highest peak near; NaN: there is none. */
static double find_peak(const vl_peaks *p, bool sorted, bool profile, double mz)
{
    const double within = mz * VL_BACKGROUND_WITHIN * 1e-6, high = mz + within;
    double highest = 0;
    size_t at = p->n;
    for (size_t i = first_of(p, sorted, mz - within); i < p->n; i++) {
        const double x = vl_peak_at(&p->mz, i), y = vl_peak_at(&p->intensity, i);
        if (sorted && x > high) break;
        if (fabs(x - mz) <= within && y > highest) highest = y, at = i;
    }
    if (at == p->n) return (double)NAN;
    return profile && sorted && at > 0 && at + 1 < p->n ? top_of(p, at) : vl_peak_at(&p->mz, at);
}

static int polarity_of(const vl_run_columns *c, uint64_t row)
{
    const int8_t said = row < c->polarity.len ? (int8_t)c->polarity.data[row] : 0;
    return said < 0 ? -1 : 1; /* of most that do not say it */
}

static vl_code take(void *self, void *state, size_t number, const vl_peaks *peaks, vl_err *err)
{
    (void)state;
    looking *const l = self;
    const uint64_t row = l->row[number];
    const bool sorted = ascends(peaks), profile = row < l->c->centroid.len && !l->c->centroid.data[row];
    for (int k = 0; k < KNOWN; k++) {
        const double mz = known[k].mz;
        l->error[number][k] = known[k].polarity == polarity_of(l->c, row)
                                  ? (find_peak(peaks, sorted, profile, mz) / mz - 1) * 1e6
                                  : (double)NAN;
    }
    return err->code;
}

/* ---- all of them ---- */

static void choose_rows(looking *l)
{
    const size_t n = vl_run_count(l->c, 1), most = n < VL_BACKGROUND_MOST ? n : VL_BACKGROUND_MOST;
    size_t number = 0;
    for (size_t i = 0; i < l->c->nspectrum && l->nrow < most; i++) {
        if (vl_run_level(l->c, i) != 1) continue;
        if (number++ == l->nrow * n / most) l->row[l->nrow++] = i;
    }
}

/* Fills what is known of ion k; false: it is not there, or not steadily. */
static bool judge(looking *l, int k, vl_background_ion *ion)
{
    *ion = (vl_background_ion){ .name = known[k].name, .formula = known[k].formula, .mz = known[k].mz };
    for (size_t i = 0; i < l->nrow; i++) {
        ion->looked += polarity_of(l->c, l->row[i]) == known[k].polarity;
        if (!isnan(l->error[i][k])) l->room[ion->found++] = l->error[i][k];
    }
    if (ion->found < VL_BACKGROUND_LEAST || 2 * ion->found < ion->looked) return false;
    ion->error = vl_median(l->room, ion->found);
    for (size_t i = 0; i < ion->found; i++) l->room[i] = fabs(l->room[i] - ion->error);
    ion->spread = 1.4826 * vl_median(l->room, ion->found);
    return ion->spread <= VL_BACKGROUND_STEADY;
}

/* The median of all errors in a part of the run; part -1: in all of it. */
static double middle(looking *l, const vl_run_qc *q, const bool good[KNOWN], int part)
{
    size_t n = 0;
    for (size_t i = 0; i < l->nrow; i++) {
        const double at = vl_run_number(&l->c->time, (size_t)l->row[i]),
                     share = (at - q->from) / (q->to - q->from) * VL_RUN_PARTS;
        const int here = !(share >= 0 && share <= VL_RUN_PARTS) ? -2 /* in none */
                         : share < VL_RUN_PARTS                 ? (int)share
                                                                : VL_RUN_PARTS - 1;
        for (int k = 0; k < KNOWN && (part < 0 || part == here); k++)
            if (good[k] && !isnan(l->error[i][k])) l->room[n++] = l->error[i][k];
    }
    return part < 0 || n > 2 ? vl_median(l->room, n) : (double)NAN;
}

static vl_code sum_up(vl_background *b, looking *l, const vl_run_qc *q, vl_err *err)
{
    bool good[KNOWN];
    double least = INFINITY, most = -INFINITY;
    int nknown = 0;
    if (!(b->ion = malloc(KNOWN * sizeof *b->ion))) return vl_fail(err, VL_ENOMEM, "no memory for ions");
    for (int k = 0; k < KNOWN; k++)
        if ((good[k] = judge(l, k, &b->ion[b->nion]))) b->nion++;
    b->error = middle(l, q, good, -1);
    for (int part = 0; part < VL_RUN_PARTS; part++) {
        const double error = b->part[part] = middle(l, q, good, part);
        if (!isfinite(error)) continue;
        least = fmin(least, error);
        most = fmax(most, error);
        nknown++;
    }
    b->drift = nknown > 1 ? most - least : (double)NAN;
    return VL_OK;
}

vl_code vl_background_find(vl_background *b, const vl_run_columns *c, const vl_run_qc *q, vl_reader *r,
                           int threads, vl_err *err)
{
    looking *const l = calloc(1, sizeof *l);
    *b = (vl_background){ 0 };
    if (!l) return vl_fail(err, VL_ENOMEM, "no memory for ions of the background");
    l->c = c;
    choose_rows(l);
    const vl_peak_walk walk = {
        .r = r, .threads = threads, .row = l->row, .nrow = l->nrow, .take = take, .self = l
    };
    b->looked = l->nrow;
    if (!l->nrow || !vl_peak_walk_run(&walk, err)) sum_up(b, l, q, err);
    free(l);
    return err->code;
}

void vl_background_free(vl_background *b)
{
    free(b->ion);
    b->ion = NULL;
}
