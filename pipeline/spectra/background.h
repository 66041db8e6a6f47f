/*
 * Mass error from ions of the background: what comes out of air, tubes and plastics in nearly every run, and
 * whose composition is known. No lock mass need have been used.
 */
#ifndef VL_BACKGROUND_H
#define VL_BACKGROUND_H

#include "pipeline/spectra/run_qc.h"

enum {
    VL_BACKGROUND_MOST = 400,  /* MS1 spectra that are looked at, evenly spread over the run */
    VL_BACKGROUND_LEAST = 10,  /* of them that must have an ion */
    VL_BACKGROUND_WITHIN = 20, /* ppm: both ways from where it should be */
    VL_BACKGROUND_STEADY = 5   /* ppm: 1.4826 times the median distance to the median, at most */
};

/* An ion that was found: in half of the spectra of its polarity that were looked at, or more, and
 * steadily. */
typedef struct vl_background_ion {
    const char *name, *formula; /* static; of the ion */
    double mz;                  /* Th, from the formula */
    size_t looked, found;       /* spectra */
    double error, spread; /* ppm: median of measured - expected; 1.4826 times the median distance to it */
} vl_background_ion;

typedef struct vl_background {
    vl_background_ion *ion; /* owned; [nion] */
    size_t nion;
    size_t looked;             /* MS1 spectra */
    double error;              /* ppm: the median of all errors of these ions; NaN: none was found */
    double part[VL_RUN_PARTS]; /* the same in each tenth of the time of the run; NaN: fewer than three */
    double drift;              /* ppm: the greatest of these less the least; NaN: there are no two */
} vl_background;

/* Unpacks the peaks of VL_BACKGROUND_MOST spectra at most. */
vl_code vl_background_find(vl_background *b, const vl_run_columns *c, const vl_run_qc *q, vl_reader *r,
                           int threads, vl_err *err);
void vl_background_free(vl_background *b);

#endif
