/* The measures of spectra (out/measure.h), by which runs of a bank are judged and compared. */
#include "pipeline/run/run.h"
#include "pipeline/spectra/mass_qc.h"

#include <math.h>

enum {
    MS1,
    MS2,
    DURATION,
    TIC_AREA,
    MS2_RATE,
    CYCLE,
    MS1_PEAKS,
    MS2_PEAKS,
    INJECTION,
    GAP,
    ERROR,
    DRIFT,
    ALL
};
_Static_assert((int)ALL < (int)VL_MEASURES, "measures of spectra");

static const vl_measure list[ALL + 1] = {
    [MS1] = { "ms1", "MS1", "", "spectra of MS level 1", 0, true },
    [MS2] = { "ms2", "MS2", "", "spectra of MS level 2", 0, true },
    [DURATION] = { "duration", "Duration", "min", "min from the first spectrum to the last", 2, true },
    [TIC_AREA] = { "tic_area", "TIC area", "",
                   "counts s under the total ion current of MS1, as spectra say it", 0, true },
    [MS2_RATE] = { "ms2_rate", "MS2 rate", "Hz", "Hz: spectra of MS level 2 a second", 2, true },
    [CYCLE] = { "cycle", "MS1 to MS1", "s", "s from an MS1 spectrum to the next, the middle", 3, true },
    [MS1_PEAKS] = { "ms1_peaks", "MS1 peaks", "", "values of m/z in an MS1 spectrum, the middle", 0, true },
    [MS2_PEAKS] = { "ms2_peaks", "MS2 peaks", "", "values of m/z in an MS2 spectrum, the middle", 0, true },
    [INJECTION] = { "injection", "MS2 injection", "ms", "ms of ion injection for MS2, the middle", 2, true },
    [GAP] = { "dead_gap", "Longest gap", "s", "s between spectra with ions: see docs/spectra-qc.md", 1,
              true },
    [ERROR] = { "mass_error", "Mass error", "ppm", "ppm: by ions of the background, the middle", 2, false },
    [DRIFT] = { "mass_drift", "Mass drift", "ppm", "ppm: the most that the error of tenths of a run differs",
                2, false },
};

static vl_code read_all(vl_store *st, double value[VL_MEASURES], vl_err *err)
{
    vl_mass_qc q;
    char note[VL_QC_NOTE];
    for (int i = 0; i < VL_MEASURES; i++) value[i] = (double)NAN;
    if (!vl_mass_qc_open(&q, st, false, note, err)) {
        const vl_level_qc *const ms1 = vl_run_qc_level(&q.run, 1), *const ms2 = vl_run_qc_level(&q.run, 2);
        value[MS1] = ms1 ? (double)ms1->spectra : 0;
        value[MS2] = ms2 ? (double)ms2->spectra : 0;
        value[DURATION] = (q.run.to - q.run.from) / 60;
        value[TIC_AREA] = ms1 ? ms1->tic_area : (double)NAN;
        value[MS2_RATE] = ms2 ? ms2->rate : (double)NAN;
        value[CYCLE] = q.run.cycle;
        value[MS1_PEAKS] = ms1 ? ms1->peaks.quartile[1] : (double)NAN;
        value[MS2_PEAKS] = ms2 ? ms2->peaks.quartile[1] : (double)NAN;
        value[INJECTION] = ms2 ? ms2->injection.quartile[1] : (double)NAN;
        value[GAP] = q.run.dead.gap;
        value[ERROR] = q.background.error;
        value[DRIFT] = q.background.drift;
    }
    vl_mass_qc_free(&q);
    return err->code;
}

const vl_measures vl_mass_measures = { list, read_all };
