/*
 * Runs of two instruments with a time of flight, which fragment everything, window after window.
 *
 * SWATH: a survey spectrum and 32 or 64 windows a cycle, profiles. A tick of the digitizer is even in the
 * root of m/z, one calibration for the run; intensities are counts of ions, one zero stands beside each run
 * of others, as ProteoWizard's reader of SCIEX files puts it.
 *
 * timsTOF: a survey frame and 16 frames of two windows each a cycle (diaPASEF). What ProteoWizard writes of a
 * frame's window as one spectrum: scan after scan of falling mobility, in each m/z rising, ticks on a scale
 * that is nearly the root of m/z, whole intensities of 9 and more: one ion has about 50.
 */
#ifndef VIAL_BENCH_TOF_H
#define VIAL_BENCH_TOF_H

#include "acquire.h"

void tof_start(acquire *a);
void tof_next(acquire *a, scan *out);
void tof_free(struct tof *t);

#endif
