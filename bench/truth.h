/*
 * What a made-up run sums up to, for FILE.truth.json: spectra, peaks, total ion current, base peaks and some
 * ions' currents, in doubles in file order.
 */
#ifndef VIAL_BENCH_TRUTH_H
#define VIAL_BENCH_TRUTH_H

#include <stdio.h>

#include "acquire.h"

enum { NTARGET = 3 };

typedef struct truth {
    uint64_t nspectrum[3], npeak[3]; /* by MS level */
    double total[3], base[3];        /* sums of all intensities, and of each spectrum's greatest */
    double xic[NTARGET];             /* MS1: of peaks within 10 ppm of an ion of the background */
} truth;

void truth_add(truth *t, const scan *s, double total, float base);
/* "spectra": ... up to a comma; without the brace before. */
void truth_put(const truth *t, FILE *json);

#endif
