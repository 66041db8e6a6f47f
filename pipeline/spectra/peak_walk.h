/*
 * Walks over the peaks of some spectra, in parallel and with memory that has a bound: only m/z and intensity
 * are unpacked, chunk by chunk in the order of the store.
 *
 *     fetch (ordered) -> take (parallel), a spectrum after the other -> join (ordered)
 *
 * What one slot carries is a function of the spectra alone, so that sums of floating point numbers that are
 * made in take and added up in join are the same for any number of threads.
 */
#ifndef VL_PEAK_WALK_H
#define VL_PEAK_WALK_H

#include "formats/spectra/spectra.h"
#include "pipeline/out/reader.h"

/* Numbers of an array: doubles or floats. */
typedef struct vl_peak_numbers {
    const double *wide; /* NULL: narrow has them */
    const float *narrow;
} vl_peak_numbers;
static inline double vl_peak_at(const vl_peak_numbers *a, size_t i)
{
    return a->wide ? a->wide[i] : (double)a->narrow[i];
}

/* The peaks of a spectrum, in its own order, which need not ascend. */
typedef struct vl_peaks {
    vl_peak_numbers mz, intensity;
    size_t n; /* 0 too where nobody can read them */
} vl_peaks;

typedef struct vl_peak_walk {
    vl_reader *r;
    int threads;
    const uint64_t *row; /* [nrow]: spectra, ascending */
    size_t nrow;
    /* number: of the row in the list. state: of the slot, reused; the walker's own. */
    vl_code (*take)(void *self, void *state, size_t number, const vl_peaks *peaks, vl_err *err);
    vl_code (*join)(void *self, void *state, vl_err *err); /* NULL: nothing to do */
    vl_code (*open)(void *self, void *state, vl_err *err); /* of each slot before; NULL: zeroed is good */
    void (*close)(void *self, void *state);                /* may be NULL */
    void *self;
    size_t state; /* bytes */
} vl_peak_walk;

/* VL_ESTORE: the store points beyond itself, or the like. */
vl_code vl_peak_walk_run(const vl_peak_walk *walk, vl_err *err);

#endif
