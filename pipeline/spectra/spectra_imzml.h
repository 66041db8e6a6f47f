/* What the parts of the writer of imzML share: the two files (spectra_imzml.c), and the document's head
 * (spectra_imzml_head.c). */
#ifndef VL_SPECTRA_IMZML_H
#define VL_SPECTRA_IMZML_H

#include "formats/sha.h"
#include "pipeline/spectra/spectra_view.h"

enum { VL_IMZML_UUID = 16 };

typedef struct vl_imzml_made {
    int32_t size[2];           /* the largest x and y of those printed, 1 at least */
    bool wide[2];              /* m/z, intensity: 64 bits, as not all of the store were of 32 */
    uint64_t facts_at;         /* letter of the document where vl_imzml_facts stands */
    uint64_t nspectrum, bytes; /* printed so far; bytes of the .ibd */
    SHA256_CTX sha256;         /* of what is behind its UUID */
    vl_buf mz;                 /* owned: m/z of the first spectrum, as it is in the .ibd; */
    bool shared;               /* all up to now have the same */
} vl_imzml_made;
void vl_imzml_made_free(vl_imzml_made *made); /* NULL is fine */

/* What the document says of the .ibd: as many letters whatever it is. digest: SHA-1 [20]. */
vl_code vl_imzml_facts(bool continuous, const uint8_t uuid[VL_IMZML_UUID], const uint8_t *digest,
                       vl_buf *text, vl_err *err);
/* The document's own head up to its first spectrum, for n of them, with what imzML wants to be said in place
 * of what it said. */
vl_code vl_imzml_head(vl_viewer *v, uint64_t n, vl_buf *text, vl_err *err);

#endif
