/* What the parts of the writer of mzXML share: the document (spectra_mzxml.c), the files it was made from
 * (spectra_mzxml_parents.c), and a scan of it (spectra_mzxml_scan.c). */
#ifndef VL_SPECTRA_MZXML_H
#define VL_SPECTRA_MZXML_H

#include "formats/sha.h"
#include "pipeline/spectra/scan_numbers.h"
#include "pipeline/spectra/spectra_view.h"

/* Where a scan of a load begins: in its text; then, of the document, from its first byte on. */
typedef struct vl_mzxml_mark {
    uint64_t number, at;
} vl_mzxml_mark;

typedef struct vl_mzxml_made {
    vl_scan_numbers numbers;
    vl_buf index;   /* owned; vl_mzxml_mark of each scan */
    uint64_t bytes; /* of the document, so far */
    SHA_CTX sha1;
} vl_mzxml_made;
void vl_mzxml_made_free(vl_mzxml_made *made); /* NULL is fine */

/* parentFile, one at least (spectra_mzxml_parents.c). */
vl_code vl_mzxml_parents(vl_viewer *v, vl_buf *t, vl_err *err);
/* Spectrum i of a load as a scan. It has pairs, and an MS level. */
vl_code vl_mzxml_scan(const vl_viewer *v, vl_load *load, size_t i, uint64_t number, vl_buf *bytes,
                      vl_err *err);
/* As an xs:duration in an attribute of that name; nothing where it is not finite. */
vl_code vl_mzxml_duration(vl_buf *t, const char *name, double seconds, vl_err *err);

#endif
