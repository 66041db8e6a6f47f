/* Quality of a run in the report of its store (out/report.h): what run_qc.h and background.h know of it. */
#ifndef VL_MASS_REPORT_H
#define VL_MASS_REPORT_H

#include "pipeline/page/html.h"
#include "pipeline/spectra/background.h"

/* A row of each level: rates, currents, quartiles. */
void vl_mass_report_levels(vl_html *h, const vl_run_qc *q);
/* Curves over tenths of the run. background: NULL: it could not be read. */
void vl_mass_report_curves(vl_html *h, const vl_run_qc *q, const vl_background *background);
/* Dead time, isolation windows, ions of the background. */
void vl_mass_report_tables(vl_html *h, const vl_run_qc *q, const vl_background *background);

#endif
