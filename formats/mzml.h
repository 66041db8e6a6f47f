/*
 * mzML: mass spectra as XML, the peaks as base64 of compressed arrays (PSI, mzML 1.1).
 *
 * The format vl_mzml turns a document into a spectra store (spectra.h). What other layers need is on top;
 * below it is what the files mzml*.c say to each other.
 */
#ifndef VL_MZML_H
#define VL_MZML_H

#include "formats/format.h"
#include "formats/spectra.h"

extern const vl_format vl_mzml;

/*
 * Appends the encoded text of one array, as it stood between <binary> and </binary>.
 *
 * recipe   VL_RECIPE_..., with its level
 * payload  [n] bytes of its piece, little-endian
 * kept     [nkept] its row of array/kept
 *
 * Errors: VL_ESTORE no such recipe; VL_ENOMEM.
 */
vl_code vl_mzml_array_text(uint8_t recipe, const uint8_t *payload, size_t n, const uint8_t *kept,
                           size_t nkept, vl_buf *out, vl_err *err);

/*
 * Appends the values of one array as doubles: numbers are widened, numpress and the like decoded.
 *
 * path     of its column: what is behind the last '.' says how u8 columns are coded (spectra.h)
 * type     of that column
 * payload  [n] bytes of its piece, little-endian
 *
 * Errors: VL_EFORMAT the bytes do not decode; VL_EUNSUP no numbers (text, codings that are only kept);
 * VL_ENOMEM.
 */
vl_code vl_array_decode(const char *path, vl_type type, const uint8_t *payload, size_t n, vl_buf *f64_out,
                        vl_err *err);

#endif
