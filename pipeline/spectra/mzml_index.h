/*
 * The wrapper of a document of mzML: indexedmzML, with the byte that each record begins at, from the
 * document's first on, and the SHA-1 of all before its value (mzML 1.1 index schema). Around documents of 1.1
 * alone: others have none.
 */
#ifndef VL_MZML_INDEX_H
#define VL_MZML_INDEX_H

#include "pipeline/spectra/spectra_view.h"

typedef struct vl_mzml_index vl_mzml_index;

/* Of records with this element's name (static); puts the wrapper's start into the document's head, the first
 * text that goes out. */
vl_code vl_mzml_index_begin(vl_mzml_index **index, const char *element, vl_buf *head, vl_err *err);
/* In order: a text is about to go out, in which records begin at marks (size_t each). */
vl_code vl_mzml_index_follow(vl_mzml_index *index, const vl_buf *marks, const vl_buf *text, vl_err *err);
/* It goes out: all marks in it were followed. */
void vl_mzml_index_pass(vl_mzml_index *index, const vl_buf *text);
/* Appends index, checksum and the wrapper's end to the document's last text, which goes out. */
vl_code vl_mzml_index_end(vl_mzml_index *index, vl_buf *text, vl_err *err);
void vl_mzml_index_free(vl_mzml_index *index); /* NULL is fine */

#endif
