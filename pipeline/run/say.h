/* Lines for people. */
#ifndef VL_SAY_H
#define VL_SAY_H

#include "formats/err.h"

#include <stdint.h>
#include <stdio.h>

/* Prints one line and ends it. Names and texts from outside may stand in it: what hides in them or would
 * end the line is written as \n or \xHH (letter.h). Longer lines than 8 KiB are cut off. */
void vl_say(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "vial: " and the error, on standard error. */
void vl_say_error(const vl_err *err);
/* "s" of the plural: "1 store", "2 stores". */
static inline const char *vl_s(uint64_t n) { return n == 1 ? "" : "s"; }

#endif
