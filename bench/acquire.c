/* The made-up run (acquire.h). */
#include "acquire.h"
#include "tof.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FEATURE = 4096, MAX_PEAK = 1 << 18, TOP = 15 };

#define BIRTHS 26.0  /* features a second, in the middle of the gradient */
#define REACH  3.2   /* widths before and after the apex in which a feature is seen */
#define QUIET  20.0  /* s without fragmenting a peptide again */
#define LOW    350.0 /* survey window, Th */
#define HIGH   1500.0

const double background[NBACKGROUND] = { 355.06993, 371.10124, 391.28429, 401.9227,  413.26623,
                                         429.08873, 445.12003, 462.14658, 503.10752, 519.13882,
                                         536.16537, 593.15761, 610.18416, 667.1764,  684.20295,
                                         741.19519, 758.22174, 815.21398, 832.24053, 889.23277 };

static int by_mz(const void *a, const void *b)
{
    const peak *const p = a, *const q = b;
    if (p->mz != q->mz) return p->mz < q->mz ? -1 : 1;
    return (p->intensity > q->intensity) - (p->intensity < q->intensity);
}

/* A slow start and end of the gradient. */
static double births_at(const acquire *a, double seconds)
{
    const double x = seconds / a->total_seconds;
    const double edge = x < 0.5 ? x : 1 - x;
    return BIRTHS * (edge <= 0 ? 0.15 : edge < 0.1 ? 0.15 + 8.5 * edge : 1);
}

static void bear(acquire *a, double onset)
{
    if (a->nfeature == MAX_FEATURE) return;
    feature *const f = &a->feature[a->nfeature];
    *f = (feature){ .id = a->nfeature_ever++ };
    peptide_draw(&f->what, &a->d);
    const uint32_t r = draw_below(&a->d, 100);
    f->charge = r < 12 ? 1 : r < 64 ? 2 : r < 92 ? 3 : 4;
    f->mz = f->what.mass / f->charge + PROTON;
    f->width = 4.5 + 2.5 * draw_unit(&a->d) + (r % 20 == 0 ? 12 : 0);
    f->apex = onset + REACH * f->width;
    const double u = draw_unit(&a->d);
    f->height = power2(15.2 + 11.5 * u * (0.35 + 0.65 * u) + 0.4 * draw_normal(&a->d));
    isotope_shares(f->what.mass, f->share);
    if (f->mz > LOW && f->mz + 3 < HIGH) a->nfeature++;
}

/* Lets features begin whose rise is due, and drops those that have passed. */
void acquire_age(acquire *a)
{
    while (a->born_until < a->seconds) {
        bear(a, a->born_until);
        a->born_until += draw_unit(&a->d) * 2 / births_at(a, a->born_until);
    }
    size_t kept = 0;
    for (size_t i = 0; i < a->nfeature; i++)
        if (a->seconds < a->feature[i].apex + 1.6 * REACH * a->feature[i].width)
            a->feature[kept++] = a->feature[i];
    a->nfeature = kept;
}

static double elution(const feature *f, double seconds)
{
    const double u = (seconds - f->apex) / (seconds < f->apex ? f->width : 1.6 * f->width);
    if (u < -REACH || u > REACH) return 0;
    const double v = 1 / (1 + u * u);
    return v * v * v;
}

/* Adds a peak as measured: intensity and m/z with errors, f32; nothing under the threshold. */
static size_t add_peak(acquire *a, size_t n, double mz, double intensity, double threshold)
{
    const double of_spray = 0.06 * draw_normal(&a->d), of_noise = 0.12 * draw_normal(&a->d);
    intensity *= 1 + of_spray + of_noise * (threshold / intensity);
    if (intensity < threshold || n == MAX_PEAK) return n;
    const double ppm = draw_normal(&a->d) * (0.25 + 1.6 * sqrt(threshold / intensity));
    a->peak[n] = (peak){ (double)(float)(mz * (1 + ppm * 1e-6)), (float)intensity };
    return n + 1;
}

/* Peaks of nothing: more at low m/z, intensities from the threshold up to twice it. */
static size_t add_noise(acquire *a, size_t n, size_t count, double low, double high, double threshold)
{
    for (size_t i = 0; i < count && n < MAX_PEAK; i++) {
        const double u = draw_unit(&a->d), v = draw_unit(&a->d);
        a->peak[n].mz = (double)(float)(low + (high - low) * u * (0.6 + 0.4 * u));
        a->peak[n++].intensity = (float)(threshold * (1 + 0.9 * v * v * v + 0.1 * draw_unit(&a->d)));
    }
    return n;
}

/* Sorts, and joins what an Orbitrap of this resolution (at 200 Th) cannot tell apart. */
static size_t settle(peak *p, size_t n, double resolution)
{
    qsort(p, n, sizeof *p, by_mz);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const double apart = p[i].mz * sqrt(p[i].mz / 200) / resolution;
        if (!kept || p[i].mz - p[kept - 1].mz > apart) {
            p[kept++] = p[i];
        } else if (p[i].intensity > p[kept - 1].intensity) {
            p[kept - 1] = p[i];
        }
    }
    return kept;
}

/* The strongest features with charge 2 or more that are not to be left alone; strongest first. */
static void choose(acquire *a)
{
    a->nqueue = a->next = 0;
    for (size_t i = 0; i < a->nfeature; i++) {
        const feature *const f = &a->feature[i];
        if (f->charge < 2 || f->now < 6e4 || a->seconds < f->quiet_until) continue;
        int at = a->nqueue;
        while (at > 0 && a->feature[a->queue[at - 1]].now < f->now) at--;
        if (at == TOP) continue;
        if (a->nqueue < TOP) a->nqueue++;
        memmove(a->queue + at + 1, a->queue + at, (size_t)(a->nqueue - 1 - at) * sizeof *a->queue);
        a->queue[at] = (uint32_t)i;
    }
}

double acquire_now(const acquire *a, const feature *f) { return f->height * elution(f, a->seconds); }

/*
 * Profile points on the instrument's own grid, even in frequency f: m/z = scale / f^2 (1 + bend / f^2). A
 * transient so many times shorter has a grid so much coarser. A peak is 9 points wide or more and has zeros
 * beside it. In: centroids in a->peak; out: points in a->work.
 */
static size_t to_profile(acquire *a, size_t n, double shorter)
{
    const double drift = 1 + 2e-7 * draw_normal(&a->d);
    const double scale = 4e14 / (shorter * shorter) * drift, top = 1.2e6 / shorter;
    const bool alone = a->kind == ORBITRAP_PROFILE;
    const double bend = alone ? 1e6 / (shorter * shorter) : 0;
    const int beside = alone ? 8 : 7;
    size_t out = 0;
    int64_t last = -1;
    for (size_t i = 0; i < n; i++) {
        const double at = top - sqrt(scale / a->peak[i].mz);
        int64_t from = (int64_t)at - beside;
        const int64_t to = (int64_t)at + beside + 1;
        if (from <= last) from = last + 1;
        for (int64_t k = from; k <= to && out < MAX_PEAK; k++) {
            const double u = ((double)k - at) * 0.42, frequency = top - (double)k;
            const double v = 1 - u * u / 6;
            const double shape = v > 0 ? v * v * v * v * v * v : 0;
            const bool zero = k <= (int64_t)at - 5 || k >= (int64_t)at + 6 || shape <= 0;
            a->work[out++] =
                (peak){ scale / (frequency * frequency) * (1 + bend / (frequency * frequency)),
                        zero ? 0.0f
                             : (float)(a->peak[i].intensity * shape * (1 + 0.01 * draw_normal(&a->d))) };
        }
        if (to > last) last = to;
    }
    return out;
}

static void survey_scan(acquire *a, scan *s)
{
    acquire_age(a);
    const double threshold = 9000 * (1 + 0.05 * draw_normal(&a->d));
    const double spray = 1 + 0.05 * draw_normal(&a->d); /* all peaks of a scan rise and fall together */
    size_t n = 0;
    for (size_t i = 0; i < a->nfeature; i++) {
        feature *const f = &a->feature[i];
        f->now = f->height * elution(f, a->seconds) * spray;
        if (f->now < threshold) continue;
        for (int k = 0; k < NISOTOPE; k++) {
            const double mz = f->mz + k * ISOTOPE_STEP / f->charge;
            if (f->now * f->share[k] > 0.8 * threshold)
                n = add_peak(a, n, mz, f->now * f->share[k], threshold);
        }
    }
    for (size_t i = 0; i < NBACKGROUND; i++)
        n = add_peak(a, n, background[i], 2e5 * (double)(1 + i % 5) * spray, threshold);
    n = add_noise(a, n, 500 + draw_below(&a->d, 600), LOW, HIGH, threshold);
    n = settle(a->peak, n, 60000);
    choose(a);
    a->survey = a->number;
    *s = (scan){ .level = 1, .profile = a->profile, .low = LOW, .high = HIGH, .npeak = n, .peak = a->peak };
    s->injection_ms = 5 + 20 * draw_unit(&a->d);
    if (a->profile) {
        s->npeak = to_profile(a, n, 1);
        s->peak = a->work;
    }
}

static void fragment_scan(acquire *a, scan *s)
{
    feature *const f = &a->feature[a->queue[a->next++]];
    static fragment part[FRAGMENT_MAX];
    const size_t npart = peptide_fragments(&f->what, f->charge, draw_part(a->seed + 11, f->id), part);
    const double fill = f->now > 4e6 ? 4e6 / f->now : 1; /* the trap is full sooner */
    const double threshold = 4400 * (1 + 0.1 * draw_normal(&a->d)) * (0.15 + 0.85 * fill);
    const double total = f->now * (0.25 + 0.2 * draw_unit(&a->d));
    s->low = 100;
    s->high = (double)(int)((f->what.mass + 2 * PROTON) / 5 + 5) * 5;
    size_t n = 0;
    for (size_t i = 0; i < npart; i++) {
        if (part[i].mz < s->low || part[i].mz > s->high) continue;
        double share[NISOTOPE];
        isotope_shares(part[i].mass, share);
        for (int k = 0; k < 4; k++) {
            const double intensity = total * part[i].share * share[k];
            if (intensity > 0.8 * threshold)
                n = add_peak(a, n, part[i].mz + k * ISOTOPE_STEP / part[i].charge, intensity, threshold);
        }
    }
    const uint32_t crowd = draw_below(&a->d, 100); /* other peptides in the window */
    n = add_noise(a, n, crowd * crowd / 60 + draw_below(&a->d, 40), s->low + 10, f->mz * 1.6,
                  threshold * 1.5);
    n = add_noise(a, n, 60 + draw_below(&a->d, 220), s->low, s->high, threshold);
    s->npeak = settle(a->peak, n, 15000);
    s->peak = a->peak;
    if (a->kind == ORBITRAP_PROFILE) {
        s->npeak = to_profile(a, s->npeak, 4);
        s->peak = a->work;
        s->profile = true;
    }
    s->level = 2;
    s->survey = a->survey;
    s->lower = s->upper = 0.7;
    s->energy = 27;
    s->precursor_mz = (double)(float)(f->mz * (1 + 0.4e-6 * draw_normal(&a->d)));
    s->precursor_intensity = (float)f->now;
    s->charge = f->charge;
    s->injection_ms = fill < 1 ? 2 + 43 * fill : 45;
    f->quiet_until = a->seconds + QUIET;
}

void acquire_start(acquire *a, uint64_t seed, uint32_t nscan, instrument_kind kind, bool profile, int nwindow)
{
    *a = (acquire){ .d = draw_part(seed, 5), .seed = seed, .nscan = nscan, .kind = kind, .nwindow = nwindow };
    a->profile = profile || kind == ORBITRAP_PROFILE;
    a->total_seconds = nscan * 0.085;
    a->born_until = -60;
    a->seconds = 0.3;
    a->feature = malloc(MAX_FEATURE * sizeof *a->feature);
    a->peak = malloc(MAX_PEAK * sizeof *a->peak);
    a->work = malloc(MAX_PEAK * sizeof *a->work);
    if (!a->feature || !a->peak || !a->work) {
        fprintf(stderr, "make-data: no memory\n");
        exit(71);
    }
    if (kind >= SWATH_TOF) tof_start(a);
}

static void next_of_orbitrap(acquire *a, scan *out)
{
    if (a->next == a->nqueue) survey_scan(a, out);
    else fragment_scan(a, out);
    out->survey = a->survey;
    out->seconds = a->seconds;
    a->seconds += (out->level == 1 ? 0.16 : 0.03) + 0.001 * out->injection_ms + 0.0005 * draw_unit(&a->d);
}

bool acquire_next(acquire *a, scan *out)
{
    if (a->number == a->nscan) return false;
    a->number++;
    *out = (scan){ 0 };
    if (a->tof) tof_next(a, out);
    else next_of_orbitrap(a, out);
    out->number = a->number;
    return true;
}

void acquire_end(acquire *a)
{
    free(a->feature);
    free(a->peak);
    free(a->work);
    tof_free(a->tof);
    *a = (acquire){ 0 };
}
