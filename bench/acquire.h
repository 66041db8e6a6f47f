/*
 * A made-up run of an Orbitrap: peptides elute, each cycle takes one survey scan and up to 15 fragment scans
 * of the strongest peptides not fragmented in the last 20 s.
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

typedef struct peak {
    double mz; /* Th; exactly an f32, unless in profile mode */
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
    size_t npeak;
    peak *peak; /* borrowed until the next scan; m/z rising */
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
    bool profile;
    uint32_t nscan, number, survey;
    double seconds, born_until, total_seconds;
    feature *feature; /* owned; those eluting now */
    size_t nfeature;
    uint32_t queue[16]; /* features to fragment in this cycle */
    int nqueue, next;
    peak *peak, *work; /* owned */
} acquire;

/* nscan scans; profile: survey scans are not centroided. Ends the program when there is no memory. */
void acquire_start(acquire *a, uint64_t seed, uint32_t nscan, bool profile);
bool acquire_next(acquire *a, scan *out);
void acquire_end(acquire *a);

#endif
