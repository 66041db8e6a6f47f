/* SWATH and timsTOF (tof.h). */
#include "tof.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KEY = 1 << 20, NSCAN = 927, GROUPS = 16, TICK_BITS = 19 };

#define SIGMA_TICKS 2.3  /* SWATH: of a peak */
#define SIGMA_SCANS 9.0  /* timsTOF: of a peak, along mobility */
#define AREA        2.36 /* of bell(), in standard deviations */
#define GAIN        50.0 /* timsTOF: counts of an ion */
#define LEAST       9.0

typedef struct tof {
    double *mz; /* owned; of each tick */
    uint32_t ntick;
    double first, step, bend; /* root of m/z of tick i is first + step i + bend i^2 */
    uint32_t *count;          /* owned; SWATH: ions at each tick */
    uint64_t *seen;           /* owned; a bit for each tick that has some, a word to spare at each end */
    uint64_t *key, *spare;    /* owned; timsTOF: scan, tick and intensity of peaks */
    size_t nkey;
    double *mobility; /* owned; of the peaks */
    uint32_t at, cycle, frame;
} tof;

static void *need(size_t n, size_t size)
{
    void *const p = calloc(n, size);
    if (p) return p;
    fprintf(stderr, "make-data: no memory\n");
    exit(71);
}

static peak *room_for_peaks(peak *p)
{
    free(p);
    return need(MAX_KEY, sizeof *p);
}

/* About exp(-u^2 / 2). */
static double bell(double u)
{
    const double v = 1 - u * u / 12;
    return v > 0 ? v * v * v * v * v * v : 0;
}

/* A whole number whose mean is as said; about Poisson. */
static uint32_t draw_count(draw *d, double mean)
{
    if (mean < 0.25) return draw_unit(d) < mean;
    if (mean < 4) {
        uint32_t n = 0;
        for (int i = 0; i < 8; i++) n += draw_unit(d) < mean / 8;
        return n;
    }
    const double v = mean + sqrt(mean) * draw_normal(d) + 0.5;
    return v < 0 ? 0 : (uint32_t)v;
}

static double tick_of(const tof *t, double mz)
{
    const double i = (sqrt(mz) - t->first) / t->step;
    return i - t->bend / t->step * i * i;
}

static void set_ticks(tof *t, double low, double high, double step, double bent)
{
    t->first = sqrt(low);
    t->step = step;
    t->ntick = (uint32_t)((sqrt(high) - t->first) / step);
    t->bend = bent * step / (2.0 * t->ntick); /* so much of the step is gained from end to end */
    t->mz = need(t->ntick, sizeof *t->mz);
    for (uint32_t i = 0; i < t->ntick; i++) {
        const double root = t->first + t->step * i + t->bend * i * i;
        t->mz[i] = root * root;
    }
}

/* More of them at low m/z. */
static double draw_mz(draw *d, double low, double high)
{
    const double u = draw_unit(d), v = draw_unit(d);
    return low + (high - low) * u * (0.5 + 0.5 * v);
}

/* ---- SWATH ---- */

static void count_ions(tof *t, uint32_t tick, uint32_t n)
{
    if (tick >= t->ntick || !n) return;
    t->count[tick] += n;
    t->seen[1 + tick / 64] |= (uint64_t)1 << tick % 64;
}

static void hit(tof *t, draw *d, double mz, double ions)
{
    const double at = tick_of(t, mz);
    if (at < 16 || at > t->ntick - 16) return;
    if (ions < 12) {
        for (uint32_t n = draw_count(d, ions); n; n--)
            count_ions(t, (uint32_t)(at + SIGMA_TICKS * draw_normal(d) + 0.5), 1);
        return;
    }
    for (int i = -8; i <= 8; i++) {
        const uint32_t tick = (uint32_t)((int)at + i);
        const double share = bell((tick - at) / SIGMA_TICKS) / (AREA * SIGMA_TICKS);
        if (share > 0) count_ions(t, tick, draw_count(d, ions * share));
    }
}

/* Points in a->peak: what has ions, and the ticks beside these. */
static size_t take_points(acquire *a)
{
    tof *const t = a->tof;
    size_t n = 0;
    for (uint32_t w = 1; w <= t->ntick / 64 + 1; w++) {
        const uint64_t before = t->seen[w - 1] >> 63, behind = t->seen[w + 1] << 63, m = t->seen[w];
        for (uint64_t some = m | m << 1 | m >> 1 | before | behind; some; some &= some - 1) {
            const uint32_t tick = (w - 1) * 64 + (uint32_t)__builtin_ctzll(some);
            if (tick >= t->ntick || n == MAX_KEY) continue;
            a->peak[n++] = (peak){ t->mz[tick], (float)t->count[tick] };
            t->count[tick] = 0;
        }
    }
    memset(t->seen, 0, (t->ntick / 64 + 3) * sizeof *t->seen);
    return n;
}

/* Ions of solvents, few at each m/z. */
static void hit_anywhere(acquire *a, uint32_t n)
{
    for (; n; n--) {
        const double mz = draw_mz(&a->d, 101, 1499);
        hit(a->tof, &a->d, mz, 4 * draw_unit(&a->d));
    }
}

#define IONS 3000.0 /* counts of an Orbitrap for one ion here */

static void swath_survey(acquire *a)
{
    const double spray = 1 + 0.05 * draw_normal(&a->d);
    for (size_t i = 0; i < a->nfeature; i++) {
        const feature *const f = &a->feature[i];
        const double ions = acquire_now(a, f) * spray / IONS;
        for (int k = 0; k < NISOTOPE && ions > 0.05; k++)
            hit(a->tof, &a->d, f->mz + k * ISOTOPE_STEP / f->charge, ions * f->share[k]);
    }
    for (int i = 0; i < NBACKGROUND; i++) hit(a->tof, &a->d, background[i], 2e5 * (1 + i % 5) * spray / IONS);
    hit_anywhere(a, 2500 + draw_below(&a->d, 1000));
}

static void swath_fragments(acquire *a, double low, double high)
{
    static fragment part[FRAGMENT_MAX];
    for (size_t i = 0; i < a->nfeature; i++) {
        const feature *const f = &a->feature[i];
        const double ions = acquire_now(a, f) * 0.3 / IONS;
        if (f->mz < low || f->mz > high || ions < 0.2) continue;
        const size_t npart = peptide_fragments(&f->what, f->charge, draw_part(a->seed + 11, f->id), part);
        for (size_t j = 0; j < npart; j++) {
            double share[NISOTOPE];
            if (ions * part[j].share < 0.02) continue;
            isotope_shares(part[j].mass, share);
            for (int k = 0; k < 4; k++)
                if (ions * part[j].share * share[k] > 0.01)
                    hit(a->tof, &a->d, part[j].mz + k * ISOTOPE_STEP / part[j].charge,
                        ions * part[j].share * share[k]);
        }
    }
    hit_anywhere(a, 500 + draw_below(&a->d, 700));
}

static void next_swath(acquire *a, scan *s)
{
    tof *const t = a->tof;
    const double width = 800.0 / a->nwindow, from = 400 + width * (t->at - 1.0);
    *s = (scan){ .level = t->at ? 2 : 1, .profile = true, .low = 100, .high = 1500, .peak = a->peak };
    s->experiment = t->at + 1;
    if (!t->at) {
        t->cycle++;
        a->survey = a->number;
        acquire_age(a);
        swath_survey(a);
        s->injection_ms = 250;
    } else {
        s->precursor_mz = from + width / 2;
        s->lower = s->upper = width / 2 + 0.5;
        s->energy = (double)(int)(s->precursor_mz * 0.0625 - 3 + 0.5);
        s->injection_ms = 3200.0 / a->nwindow;
        swath_fragments(a, s->precursor_mz - s->lower, s->precursor_mz + s->upper);
    }
    s->cycle = t->cycle;
    s->npeak = take_points(a);
    s->seconds = a->seconds;
    a->seconds += 0.001 * (s->injection_ms + 1);
    t->at = t->at == (uint32_t)a->nwindow ? 0 : t->at + 1;
}

/* ---- timsTOF ---- */

/* turn: one of the scans of a frame, from 1 */
static double mobility_of(uint32_t turn) { return 1.6373 - 0.0011434 * (turn - 1.0) + 2.5e-8 * turn * turn; }

/* About where in a frame a peptide comes: the larger at its charge, the earlier. */
static double scan_of(const acquire *a, const feature *f)
{
    draw own = draw_part(a->seed + 17, f->id);
    static const double base[] = { 0, 0.92, 0.76, 0.72, 0.70 }, rise[] = { 0, 9e-4, 5.5e-4, 4.5e-4, 4e-4 };
    const double mobility = base[f->charge] + rise[f->charge] * (f->mz - 400) + 0.025 * draw_normal(&own);
    return (1.6373 - mobility) / 0.0011434;
}

static void add_key(tof *t, double turn, double tick, double counts)
{
    if (counts < LEAST || tick < 0 || tick >= t->ntick || t->nkey == MAX_KEY) return;
    t->key[t->nkey++] =
        ((uint64_t)turn << TICK_BITS | (uint64_t)(tick + 0.5)) << 32 | (uint32_t)(counts + 0.5);
}

/* An ion's peak in the scans [from, to]: `counts` in all, about the turn `apex`. */
static void sweep(acquire *a, double mz, double counts, double apex, double from, double to)
{
    tof *const t = a->tof;
    const double at = tick_of(t, mz);
    double turn = (double)(int)(apex - 3 * SIGMA_SCANS);
    if (turn < from) turn = from;
    for (; turn <= apex + 3 * SIGMA_SCANS && turn <= to; turn++) {
        const double ions = counts * bell((turn - apex) / SIGMA_SCANS) / (AREA * SIGMA_SCANS * GAIN);
        const uint32_t n = ions > 0 ? draw_count(&a->d, ions) : 0;
        if (!n) continue;
        const double gain = GAIN * power2(0.8 * draw_normal(&a->d) / sqrt(n));
        add_key(t, turn, at + 1.4 * draw_normal(&a->d), n * gain);
        if (n > 3 && draw_below(&a->d, 100) < 30) /* ringing */
            add_key(t, turn, at + 4 + draw_below(&a->d, 6), n * gain * 0.1);
    }
}

/* Single ions: of one charge, whose m/z follow mobility, or of anything; at the masses that there are. */
static void sweep_noise(acquire *a, uint32_t n, bool banded, uint32_t from, uint32_t to)
{
    for (; n; n--) {
        const double turn = from + draw_below(&a->d, to - from + 1);
        const double any = draw_mz(&a->d, 101, 1699), away = 60 * draw_normal(&a->d);
        const double middle = 300 + 1150 * (mobility_of((uint32_t)turn) - 0.6);
        const double about = (double)(int)(banded && draw_below(&a->d, 8) ? middle + away : any);
        const double mz = about * 1.0005 + 0.12 * draw_normal(&a->d);
        if (mz > 101) add_key(a->tof, turn, tick_of(a->tof, mz), GAIN * power2(0.8 * draw_normal(&a->d)));
    }
}

#define COUNTS 40.0 /* counts of an Orbitrap for one here */

static void tims_survey(acquire *a)
{
    const double spray = 1 + 0.05 * draw_normal(&a->d);
    for (size_t i = 0; i < a->nfeature; i++) {
        const feature *const f = &a->feature[i];
        const double counts = acquire_now(a, f) * spray / COUNTS, apex = scan_of(a, f);
        for (int k = 0; k < NISOTOPE && counts > 1; k++)
            sweep(a, f->mz + k * ISOTOPE_STEP / f->charge, counts * f->share[k], apex, 1, NSCAN);
    }
    for (int i = 0; i < NBACKGROUND; i++)
        sweep(a, background[i], 2e5 * (1 + i % 5) * spray / COUNTS, 500 - 0.4 * background[i], 1, NSCAN);
    sweep_noise(a, 100000 + draw_below(&a->d, 40000), true, 1, NSCAN);
}

static void tims_fragments(acquire *a, const scan *s)
{
    static fragment part[FRAGMENT_MAX];
    for (size_t i = 0; i < a->nfeature; i++) {
        const feature *const f = &a->feature[i];
        const double counts = acquire_now(a, f) * 0.3 / COUNTS, apex = scan_of(a, f);
        if (f->mz < s->precursor_mz - s->lower || f->mz > s->precursor_mz + s->upper || counts < 20) continue;
        const size_t npart = peptide_fragments(&f->what, f->charge, draw_part(a->seed + 11, f->id), part);
        for (size_t j = 0; j < npart; j++) {
            double share[NISOTOPE];
            if (counts * part[j].share < 10) continue;
            isotope_shares(part[j].mass, share);
            for (int k = 0; k < 4; k++)
                sweep(a, part[j].mz + k * ISOTOPE_STEP / part[j].charge, counts * part[j].share * share[k],
                      apex, s->from, s->to);
        }
    }
    sweep_noise(a, 3000 + draw_below(&a->d, 6000), false, s->from, s->to);
}

/* By scan and tick: the keys' upper half, bytes from the low end on. */
static void sort_keys(tof *t)
{
    for (unsigned shift = 32; shift < 64; shift += 10) {
        size_t first[1025] = { 0 };
        for (size_t i = 0; i < t->nkey; i++) first[(t->key[i] >> shift & 1023) + 1]++;
        for (int i = 0; i < 1024; i++) first[i + 1] += first[i];
        for (size_t i = 0; i < t->nkey; i++) t->spare[first[t->key[i] >> shift & 1023]++] = t->key[i];
        uint64_t *const other = t->key;
        t->key = t->spare;
        t->spare = other;
    }
}

static size_t take_peaks(acquire *a)
{
    tof *const t = a->tof;
    size_t n = 0;
    uint64_t last = UINT64_MAX;
    sort_keys(t);
    for (size_t i = 0; i < t->nkey; i++) {
        const uint64_t where = t->key[i] >> 32;
        if (where == last) continue;
        last = where;
        t->mobility[n] = mobility_of((uint32_t)(where >> TICK_BITS));
        a->work[n++] = (peak){ t->mz[where & ((1 << TICK_BITS) - 1)], (float)(uint32_t)t->key[i] };
    }
    t->nkey = 0;
    return n;
}

static void next_tims(acquire *a, scan *s)
{
    tof *const t = a->tof;
    *s = (scan){ .level = t->at ? 2 : 1, .low = 100, .high = 1700, .peak = a->work, .mobility = t->mobility };
    const bool second = t->at && t->at % 2 == 0; /* the frame's second window */
    if (!second) t->frame++;
    s->frame = t->frame;
    s->from = second ? 650 : 1;
    s->to = t->at % 2 ? 648 : NSCAN;
    s->top_mobility = mobility_of(s->from);
    s->least_mobility = mobility_of(s->to);
    if (!t->at) {
        t->cycle++;
        a->survey = a->number;
        acquire_age(a);
        tims_survey(a);
    } else {
        s->group = (t->at + 1) / 2;
        s->precursor_mz = (second ? 413 : 813) + 25.0 * (s->group - 1.0);
        s->lower = s->upper = 13;
        s->energy = 20 + 39 * (mobility_of((s->from + s->to) / 2) - 0.6);
        tims_fragments(a, s);
    }
    s->cycle = t->cycle;
    s->npeak = take_peaks(a);
    s->seconds = a->seconds;
    if (!t->at || second) a->seconds += 0.107;
    t->at = t->at == 2 * GROUPS ? 0 : t->at + 1;
}

/* ---- both ---- */

void tof_start(acquire *a)
{
    tof *const t = a->tof = need(1, sizeof *t);
    a->peak = room_for_peaks(a->peak);
    a->work = room_for_peaks(a->work);
    if (a->kind == SWATH_TOF) {
        set_ticks(t, 100, 1500, 6.26e-5, 0);
        t->count = need(t->ntick, sizeof *t->count);
        t->seen = need(t->ntick / 64 + 3, sizeof *t->seen);
        a->total_seconds = a->nscan * 3.484 / (a->nwindow + 1);
    } else {
        set_ticks(t, 100, 1700, 7.9489e-5, 1e-5);
        t->key = need(MAX_KEY, sizeof *t->key);
        t->spare = need(MAX_KEY, sizeof *t->spare);
        t->mobility = need(MAX_KEY, sizeof *t->mobility);
        a->total_seconds = a->nscan * 0.107 * (GROUPS + 1) / (2 * GROUPS + 1);
    }
}

void tof_next(acquire *a, scan *out)
{
    if (a->kind == SWATH_TOF) next_swath(a, out);
    else next_tims(a, out);
}

void tof_free(tof *t)
{
    if (!t) return;
    free(t->mz);
    free(t->count);
    free(t->seen);
    free(t->key);
    free(t->spare);
    free(t->mobility);
    free(t);
}
