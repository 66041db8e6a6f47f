/* Tolerances of m/z (tolerance.h). */
#include "pipeline/spectra/tolerance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

vl_code vl_tolerance(const char *text, bool plain, double mz, double *within, vl_err *err)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    const bool ppm = !strcmp(end, "ppm"), unit = !strcmp(end, "Th") || !strcmp(end, "Da");
    const bool alone = end > text && !*end && value >= 0;
    if (alone && !(plain && value < 1))
        return vl_fail(err, VL_EARG, "--tol: '%.40s' has no unit: %.40sppm or %.40sTh", text, text, text);
    if (end == text || !(value >= 0) || (!ppm && !unit && !alone))
        return vl_fail(err, VL_EARG, "--tol: '%.60s' is no tolerance: 10ppm, 0.02Th", text);
    *within = ppm ? mz * value * 1e-6 : value;
    return VL_OK;
}

bool vl_is_in_window(double mz, double target, double lower, double upper)
{
    return mz >= target - (isnan(lower) ? 0 : lower) && mz <= target + (isnan(upper) ? 0 : upper);
}
