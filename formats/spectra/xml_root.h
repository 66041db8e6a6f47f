/* Which document is it: by the name of its root (xml_root.c). roots: names, the first is also the format's
 * own word; ends with NULL. */
#ifndef VL_XML_ROOT_H
#define VL_XML_ROOT_H

#include "formats/spectra/xml.h"

/* What stands before the first record of a document that one can read as often as it takes. */
typedef struct vl_xml_head {
    const char *const *roots;
    const char *until;         /* what ends it, for messages: "<scan>" */
    vl_xml_encoding *encoding; /* filled */
    /* A start or end tag; *done: it is none of the head any more. */
    vl_code (*tag)(void *self, const vl_xml *x, bool *done, vl_err *err);
    void *self;
} vl_xml_head;
/* Reads it from bytes; whole: nothing follows them. *more: it has no end in them. VL_EUNSUP as of
 * vl_xml_refuse_root; VL_EFORMAT. */
vl_code vl_xml_read_head(const vl_xml_head *head, vl_xml_span bytes, bool whole, bool *more, vl_err *err);

/* As vl_format.probe: 100 it begins with such a root; less where it is refused for another reason, which its
 * format says. */
int vl_xml_probe_root(const char *const *roots, const uint8_t *bytes, size_t n);
/* VL_EUNSUP for a document in 16-bit letters, or whose root has a namespace prefix. */
vl_code vl_xml_refuse_root(const char *const *roots, const uint8_t *bytes, size_t n, vl_err *err);
size_t vl_xml_bom(const uint8_t *bytes, size_t n); /* bytes of a byte order mark in UTF-8: 3 or 0 */

#endif
