/*
 * How good a run of a mass spectrometer is, from the columns of its store (run_columns.h): what was measured
 * of each MS level, when the ions came, how fast spectra were taken, what precursors were chosen. Nothing
 * is read of peaks. Numbers that cannot be known are NaN, or their lists are empty.
 */
#ifndef VL_RUN_QC_H
#define VL_RUN_QC_H

#include "pipeline/spectra/run_columns.h"

enum { VL_RUN_PARTS = 10 }; /* of the time of a run */
#define VL_RUN_DEAD 0.01    /* of the highest TIC: less is dead time */
#define VL_RUN_WIDE 3       /* Th: windows that come again and are wider are DIA */
enum { VL_RUN_AGAIN = 3 };  /* times that windows must come again, in the mean, to be a scheme */

/* Spectra of one MS level. */
typedef struct vl_level_qc {
    int level; /* 0: none is said */
    uint64_t spectra, positive, negative, centroid, empty;
    double points;              /* values of m/z, of all */
    vl_spread peaks;            /* values of m/z in a spectrum */
    vl_spread injection;        /* ms */
    vl_spread tic, base;        /* counts, as the document says */
    double tic_area, base_area; /* counts s: trapezia from one spectrum to the next */
    /* s after the first spectrum: when 1/4, 1/2, 3/4 of the sum of TIC, and of base peaks, had come */
    double gained[3], base_gained[3];
    double rate;               /* spectra a second of the run */
    double part[VL_RUN_PARTS]; /* the same in each tenth of the run */
} vl_level_qc;

/* When no ions came: spectra of the lowest level that says its TIC, whose TIC is below VL_RUN_DEAD. */
typedef struct vl_dead_qc {
    double before, after; /* s: from the run's first spectrum to the first alive, from the last to the end */
    double gap, gap_from; /* s: the longest between two alive, and where it starts */
} vl_dead_qc;

/* One isolation window of MS2, of all spectra that have it. */
typedef struct vl_window_qc {
    double target, low, high, energy; /* Th, eV; NaN: not said */
    uint64_t spectra;
    double cycle; /* s: the middle from one of its spectra to the next */
    double peaks; /* the middle of its spectra */
    double tic;   /* sum */
} vl_window_qc;

typedef enum vl_scheme { VL_SCHEME_NONE, VL_SCHEME_DDA, VL_SCHEME_TARGETED, VL_SCHEME_DIA } vl_scheme;
const char *vl_scheme_name(vl_scheme scheme); /* "dda"; "" for none */

typedef struct vl_run_qc {
    uint64_t spectra, precursors, ions, chromatograms;
    uint64_t transitions; /* chromatograms with a precursor and a product (SRM) */
    vl_spread trace;      /* points of a chromatogram */
    double from, to;      /* s: of spectra */
    double low, high;     /* Th: of scan windows */
    vl_level_qc *level;   /* owned; [nlevel], ascending */
    int nlevel;
    double cycle;          /* s: from MS1 to MS1, the middle */
    vl_spread top;         /* spectra above MS1 between two of MS1, where there are any */
    uint64_t jumps, falls; /* more than tenfold, from one MS1's TIC to the next */
    vl_dead_qc dead;
    uint64_t charge[256];        /* of the first ion of each MS2 spectrum, from -128; [128]: not given */
    vl_spread charges;           /* of those that are given */
    vl_spread chosen_mz, chosen; /* m/z in Th and intensity of precursors of MS2 */
    vl_spread width;             /* Th: of isolation windows of MS2 */
    vl_scheme scheme;
    vl_window_qc *window; /* owned; [nwindow] by target; empty where they are chosen by what comes */
    size_t nwindow;
    vl_spread again; /* s: from one spectrum of a window to its next, of all windows */
} vl_run_qc;

vl_code vl_run_qc_count(vl_run_qc *q, const vl_run_columns *c, vl_err *err);
const vl_level_qc *vl_run_qc_level(const vl_run_qc *q, int level); /* NULL: there is none */
void vl_run_qc_free(vl_run_qc *q);

/* run_windows.c. room: [nprecursor] */
vl_code vl_run_windows(vl_run_qc *q, const vl_run_columns *c, double *room, vl_err *err);

#endif
