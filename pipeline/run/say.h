/* Lines for people. */
#ifndef VL_SAY_H
#define VL_SAY_H

#include <stdio.h>

/* Prints one line and ends it. Names and texts from outside may stand in it: what hides in them or would
 * end the line is written as \n or \xHH (letter.h). Longer lines than 8 KiB are cut off. */
void vl_say(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
