/* When inputs that are packed are described, so that they can be given back as they were
 * (out/delivered.h). */
#ifndef VL_ORIGINALS_WHEN_H
#define VL_ORIGINALS_WHEN_H

#include <stdbool.h>

typedef enum vl_originals_when { VL_ORIGINALS_OFF, VL_ORIGINALS_NIGHT, VL_ORIGINALS_NOW } vl_originals_when;
#define VL_ORIGINALS_NAMES(between) "now" between "night" between "off"
bool vl_originals_find(const char *word, vl_originals_when *when);

#endif
