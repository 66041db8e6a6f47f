/*
 * Peaks of the spectra found as pairs of m/z and intensity, for forms that know nothing else: which spectra
 * have such, and how many, before anything is printed.
 */
#ifndef VL_SPECTRA_PAIRS_H
#define VL_SPECTRA_PAIRS_H

#include "pipeline/out/view.h"

/* What the arrays of one spectrum are. */
typedef struct vl_pairs {
    bool any;             /* there are some */
    bool mz, intensity;   /* those whose numbers can be read */
    bool coded;           /* and that do not say how many values they have */
    uint64_t nmz, nvalue; /* of the first m/z and the first intensity that have any */
    uint64_t other;       /* arrays beside these two */
} vl_pairs;
void vl_pairs_add(vl_pairs *p, const vl_piece_column *column, uint64_t nelem);
/* A spectrum without arrays is one of no peaks; one that has a wavelength for m/z has no pairs. */
static inline bool vl_are_pairs(const vl_pairs *p) { return !p->any || (p->mz && p->intensity); }
/* Of spectrum i of a load. */
vl_code vl_pairs_of(const vl_load *load, size_t i, vl_pairs *out, vl_err *err);

/* All spectra that were found. */
typedef struct vl_pairs_found {
    uint64_t nspectrum, npeak; /* with pairs, those pairs */
    uint64_t left_out;         /* spectra without */
    uint64_t no_level;         /* of these, those that have pairs and no MS level */
    uint64_t other;            /* arrays of the others that are neither */
    uint64_t uneven;           /* spectra where one of the two arrays is longer: its end has no partner */
    double time[2];            /* the earliest and the latest of the others, s; NaN: unknown */
    bool coded;                /* npeak is not known yet: vl_pairs_count */
} vl_pairs_found;
/* VL_EARG: the store has no spectra at all. */
vl_code vl_pairs_none(vl_viewer *v, vl_err *err);
/* levels: spectra without an MS level are left out too. */
vl_code vl_pairs_find(vl_viewer *v, bool levels, vl_pairs_found *out, vl_err *err);
/* npeak by reading them, those in range [2] of m/z. */
vl_code vl_pairs_count(vl_viewer *v, const double *range, vl_pairs_found *out, vl_err *err);

/* What was left out, if anything; vl_question.note. */
void vl_pairs_note(const vl_viewer *v, char text[VL_VIEW_NOTE]);

#endif
