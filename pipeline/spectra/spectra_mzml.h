/* What the two writers of mzML share: into the document that the spectra came from (spectra_mzml.c), and a
 * document of their own for those that came from none (spectra_made.c). */
#ifndef VL_SPECTRA_MZML_H
#define VL_SPECTRA_MZML_H

#include "pipeline/spectra/spectra_view.h"

/* spectra_made.c */
/* Appends text as the value of an attribute. */
vl_code vl_mzml_escape(vl_buf *t, const uint8_t *at, size_t n, vl_err *err);
/* format: that the store was made from. */
vl_code vl_spectra_made_head(vl_viewer *v, const char *format, vl_buf *text, vl_err *err);
/* What the number of a spectrum that a text of this format refers to has before it, in ids; NULL: its texts
 * say nothing beside the columns, or ids. */
const char *vl_spectra_prefix(const char *format);
/* "CID" of 1000133; NULL: mzXML has no word for the term. */
const char *vl_activation_word(uint32_t term);
/* A value that is XML text already, as attributes of the document are: references stay what they are. */
vl_code vl_mzml_put_said(vl_buf *t, vl_cell said, vl_err *err);
/* Spectrum i as such an element, from behind the number of its index up to its arrays. */
vl_code vl_spectra_made_begin(const vl_viewer *v, vl_load *load, size_t i, uint64_t npeak, vl_err *err);
/* keep [peaks]: as of vl_record_cut_array. */
vl_code vl_spectra_made_one(const vl_viewer *v, vl_load *load, size_t i, const vl_buf *keep, vl_err *err);

/* spectra_said.c: what the text of a spectrum says and no column has. NULL and 0: nothing. */
typedef struct vl_spectra_said {
    vl_cell filter;     /* of the scan, as it stands there */
    vl_cell from;       /* of precursor k: scan number of the spectrum that it was chosen in */
    vl_cell activation; /* "CID" */
    vl_cell type;       /* of the scan: "Full", "SIM"; of mzData nothing */
} vl_spectra_said;
/* Of a scan's own text [n], and its precursor k. */
vl_code vl_spectra_say(vl_cell text, size_t k, vl_spectra_said *out, vl_err *err);
/* What its text calls array k of a spectrum, as it stands there; NULL and 0: nothing. */
vl_code vl_spectra_say_array(vl_cell text, size_t k, vl_cell *out, vl_err *err);
/* The same of whatever the store came as; of mzML `from` is an id. */
vl_code vl_spectra_say_any(const vl_spectra_own *own, vl_cell text, size_t k, vl_spectra_said *out,
                           vl_err *err);

#endif
