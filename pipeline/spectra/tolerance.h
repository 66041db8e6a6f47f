/* Tolerances of m/z as people write them, and isolation windows. */
#ifndef VL_TOLERANCE_H
#define VL_TOLERANCE_H

#include "formats/err.h"

#include <stdbool.h>

/* "10ppm", "0.02Th", "0.02Da" around a m/z, in Th. plain: a number below 1 may stand alone, and is in Th;
 * else a number alone could be either. VL_EARG says what is wrong with it. */
vl_code vl_tolerance(const char *text, bool plain, double mz, double *within, vl_err *err);

/* Whether the window from target - lower to target + upper, ends included, has this m/z; of an offset that is
 * NaN nothing is known, and it is taken for 0. */
bool vl_is_in_window(double mz, double target, double lower, double upper);

#endif
