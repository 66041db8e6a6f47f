/* Tolerances of m/z, as people write them. */
#ifndef VL_TOLERANCE_H
#define VL_TOLERANCE_H

#include "formats/err.h"

#include <stdbool.h>

/* "10ppm", "0.02Th", "0.02Da" around a m/z, in Th. plain: a number below 1 may stand alone, and is in Th;
 * else a number alone could be either. VL_EARG says what is wrong with it. */
vl_code vl_tolerance(const char *text, bool plain, double mz, double *within, vl_err *err);

#endif
