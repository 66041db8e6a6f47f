/* Where XML of many records may be cut (xml_cut.c). */
#ifndef VL_XML_CUT_H
#define VL_XML_CUT_H

#include "formats/format.h"

/* All of bytes when they are the last; else up to the last end tag of one of these names ("</spectrum", ends
 * with NULL) that is outside of comments and CDATA: one record of the runner's. */
vl_cut vl_xml_cut_behind(const char *const *names, const uint8_t *bytes, size_t n, bool last,
                         uint64_t max_record);

#endif
