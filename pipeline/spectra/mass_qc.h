/*
 * Quality control of a run of a mass spectrometer as it is printed (out/qc.h): all that is known of it, and
 * its single numbers as a list, which all forms have in common.
 */
#ifndef VL_MASS_QC_H
#define VL_MASS_QC_H

#include "pipeline/out/qc.h"
#include "pipeline/spectra/background.h"

typedef struct vl_mass_qc {
    vl_run_columns columns;
    vl_run_qc run;
    vl_background background;
} vl_mass_qc;

/* Of a store. Some spectra are unpacked for it (background.h); currents: all those too that do not say their
 * TIC. note: what it lacks. */
vl_code vl_mass_qc_open(vl_mass_qc *q, vl_store *st, bool currents, char note[VL_QC_NOTE], vl_err *err);
void vl_mass_qc_free(vl_mass_qc *q);

/* A number with its name in tables ("ms1_tic_area"). */
typedef struct vl_mass_number {
    char name[32];
    const char *unit; /* "", "s", "ms", "Hz", "Th", "counts", "counts s", "ppm" */
    double value;     /* NaN: not known */
} vl_mass_number;
enum { VL_MASS_NUMBERS = 512 };
/* All of them; how many. list: [VL_MASS_NUMBERS] */
int vl_mass_numbers(const vl_mass_qc *q, vl_mass_number *list);

extern const vl_qc_form vl_mass_qc_text, vl_mass_qc_tsv, vl_mass_qc_json, vl_mass_qc_mzqc, vl_mass_qc_multiqc;
extern const vl_measures vl_mass_measures;

#endif
