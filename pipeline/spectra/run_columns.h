/*
 * The columns of a run that its quality is judged by, whole in memory: of each spectrum, precursor and
 * selected ion a few numbers, of no peak. What the store does not have is empty, and its elements are
 * missing.
 */
#ifndef VL_RUN_COLUMNS_H
#define VL_RUN_COLUMNS_H

#include "formats/spectra/spectra.h"
#include "pipeline/out/reader.h"

typedef struct vl_run_columns {
    size_t nspectrum, nion, nprecursor, nchromatogram;
    size_t ncounted; /* spectra whose TIC was counted from their peaks */
    /* owned, as all below; of spectra: */
    vl_buf level, time, polarity, centroid, tic, peak, injection, length, low, high;
    vl_buf ion_mz, charge, ion_intensity, ion_of;        /* of selected ions */
    vl_buf target, lower, upper, energy, target_of;      /* of precursors */
    vl_buf trace_precursor, trace_product, trace_length; /* of chromatograms */
} vl_run_columns;

vl_code vl_run_columns_load(vl_run_columns *c, vl_reader *r, vl_err *err);
void vl_run_columns_free(vl_run_columns *c);
/* Of spectra that do not say them, TIC and base peak intensity from their peaks (run_currents.c). */
vl_code vl_run_currents_count(vl_run_columns *c, vl_reader *r, int threads, vl_err *err);

/* Element i of doubles; NaN: missing. */
double vl_run_number(const vl_buf *b, size_t i);
/* Of u64; 0: missing. */
uint64_t vl_run_whole(const vl_buf *b, size_t i);
int vl_run_level(const vl_run_columns *c, size_t i); /* 0: none is said */
int vl_run_charge(const vl_run_columns *c, size_t i);
bool vl_run_is_empty(const vl_run_columns *c, size_t i); /* no peaks, or none but of height 0 */
size_t vl_run_count(const vl_run_columns *c, int level); /* spectra of that level */

/* What n numbers are like. Quartiles lie between the two nearest of the sorted ones (type 7 of Hyndman and
 * Fan 1996, as numpy and R have it). All are NaN of no numbers. */
typedef struct vl_spread {
    size_t n;
    double mean, least, quartile[3], most;
} vl_spread;
/* Sorts v. */
vl_spread vl_spread_of(double *v, size_t n);
double vl_median(double *v, size_t n);
/* From one MS1 spectrum to the next, the middle of all, s; NaN: there are no two. room: [nspectrum] */
double vl_run_cycle(const vl_run_columns *c, double *room);

#endif
