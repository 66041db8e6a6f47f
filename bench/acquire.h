/*
 * A made-up run of an instrument: peptides elute. An Orbitrap takes in each cycle one survey scan and up to
 * 15 fragment scans of the strongest peptides not fragmented in the last 20 s; the others (tof.c) fragment
 * all there is, window after window.
 *
 * Centroids are what the vendor's peak picking gives: m/z rounded to f32, intensities f32, nothing under a
 * noise threshold, many peaks just above it. The isotopes of a peptide come back in neighbouring scans with
 * its elution profile, m/z off by a ppm or less when strong and by some ppm when weak.
 */
#ifndef VIAL_BENCH_ACQUIRE_H
#define VIAL_BENCH_ACQUIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peptide.h"

typedef enum instrument_kind { ORBITRAP, ORBITRAP_PROFILE, SWATH_TOF, TIMSTOF } instrument_kind;

typedef struct peak {
    double mz; /* Th; exactly an f32 in centroids of an Orbitrap */
    float intensity;
} peak;

typedef struct scan {
    uint32_t number; /* from 1 */
    uint32_t survey; /* number of the survey scan it came from; of itself if it is one */
    int level;       /* 1 or 2 */
    bool profile;
    double seconds, injection_ms, low, high; /* low, high: scan window, Th */
    double precursor_mz;
    float precursor_intensity;
    int charge;
    double lower, upper, energy;         /* of the isolation window: widths beside its target, Th; eV */
    uint32_t cycle, experiment, frame;   /* from 1; those that the instrument has */
    uint32_t group, from, to;            /* windows of a frame; its scans, from 1, both included */
    double top_mobility, least_mobility; /* of these scans, V s/cm2 */
    size_t npeak;
    peak *peak;             /* borrowed until the next scan; m/z rising, of each mobility */
    const double *mobility; /* borrowed, [npeak], falling, V s/cm2; NULL: it has none */
} scan;

typedef struct feature { /* one peptide at one charge */
    peptide what;
    uint64_t id;
    int charge;
    double apex, width, height; /* s, s, counts */
    double mz, share[NISOTOPE];
    double quiet_until; /* s; not fragmented again before */
    double now;         /* intensity in the last survey scan */
} feature;

typedef struct acquire {
    draw d;
    uint64_t seed, nfeature_ever;
    instrument_kind kind;
    bool profile;    /* survey scans are not centroided */
    int nwindow;     /* SWATH: isolation windows of a cycle */
    struct tof *tof; /* owned; NULL for an Orbitrap */
    uint32_t nscan, number, survey;
    double seconds, born_until, total_seconds;
    feature *feature; /* owned; those eluting now */
    size_t nfeature;
    uint32_t queue[16]; /* features to fragment in this cycle */
    int nqueue, next;
    peak *peak, *work; /* owned */
} acquire;

/* Ions of the laboratory's air and plastics, always there; Th. */
enum { NBACKGROUND = 20 };
extern const double background[NBACKGROUND];

/* nscan scans; profile: survey scans are not centroided; nwindow: 32 or 64. Ends the program when there is no
 * memory. */
void acquire_start(acquire *a, uint64_t seed, uint32_t nscan, instrument_kind kind, bool profile,
                   int nwindow);
bool acquire_next(acquire *a, scan *out);
void acquire_end(acquire *a);

/* For instruments: lets features begin and pass, and says what of one comes now, in counts of an Orbitrap. */
void acquire_age(acquire *a);
double acquire_now(const acquire *a, const feature *f);

#endif
