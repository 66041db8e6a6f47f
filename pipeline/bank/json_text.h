/* JSON text made of bytes that may be anything: paths, messages. */
#ifndef VL_JSON_TEXT_H
#define VL_JSON_TEXT_H

#include <jansson.h>

/* A JSON string; bytes that are not UTF-8 become replacement characters. NULL without memory; owned by the
 * caller. */
json_t *vl_json_text(const char *text);

#endif
