/*
 * Records: what spectra and chromatograms have in common, rows with text in the skeleton and with arrays; for
 * views of either.
 */
#ifndef VL_MASS_RECORD_H
#define VL_MASS_RECORD_H

#include "formats/spectra/spectra.h"
#include "pipeline/out/view.h"

/* The fields of a table of records. */
typedef struct vl_record_fields {
    int table, text_at, text_length, array_at, array_count;
    const char *row, *rows;     /* words */
    const char *element, *list; /* in mzML */
} vl_record_fields;
extern const vl_record_fields vl_record_spectrum, vl_record_chromatogram;

/* Records of a load that follow each other. */
typedef struct vl_record_run {
    const vl_record_fields *of;
    uint64_t skeleton_first; /* letter where the first one begins */
    uint64_t number;         /* of the first one among those printed */
} vl_record_run;

/* Ordered. Plans the rows of the load with their arrays and their text; run->of is set; *printed is counted
 * up. VL_ESTORE: they are not in the order of their arrays. */
vl_code vl_record_plan(vl_viewer *v, vl_load *load, vl_record_run *run, uint64_t *printed, vl_err *err);
vl_code vl_record_fill(const vl_viewer *v, vl_load *load, vl_err *err); /* parallel */

/* Rows of table array that record i of a load has, in the load's batch. VL_ESTORE: they lie beyond it. */
vl_code vl_record_arrays(const vl_load *load, const vl_record_run *run, size_t i, size_t *first, size_t *n,
                         vl_err *err);
/* Its text. VL_ESTORE: it lies beyond the run. */
vl_code vl_record_text(const vl_load *load, const vl_record_run *run, size_t i, vl_cell *text, vl_err *err);

/* The bytes of array k of the batch, and what its column says of them. */
typedef struct vl_array {
    const uint8_t *bytes;
    size_t len;
    const vl_piece_column *column;
} vl_array;
vl_array vl_array_of(const vl_batch *b, size_t k);
bool vl_is_mz(const vl_piece_column *column);
bool vl_is_intensity(const vl_piece_column *column);
/* Its numbers as doubles, in place of what was there. *none: it has none that anybody can read. */
vl_code vl_array_numbers(const vl_array *a, vl_buf *to, bool *none, vl_err *err);
/* The word that its column has for it: "wavelength" of spectra/other/wavelength. */
vl_cell vl_array_word(const vl_piece_column *column);

/* Appends numbers as a JSON array; what JSON has not (NaN, infinity) is null. none: all of it is. */
vl_code vl_json_numbers(vl_buf *t, const vl_buf *values, bool single, bool none, vl_err *err);

double vl_f64_at(const vl_batch *b, int field, size_t i);
double vl_value_at(const vl_buf *values, size_t i); /* of doubles */

/* ---- as mzML (mass_record_mzml.c) ---- */

/* The elements of array k that belong to peaks in range (keep; NULL: all), as they are stored; all of an
 * array that is of another length than the peaks. */
vl_code vl_record_cut_array(const vl_load *load, size_t k, const vl_buf *keep, vl_buf *out, vl_err *err);
/* The text of record i with its new number: each array where it stood. keep: of each peak 1 if it stays, and
 * npeak that do; NULL: all stay. */
vl_code vl_record_mzml(vl_load *load, const vl_record_run *run, size_t i, const vl_buf *keep, uint64_t npeak,
                       vl_buf *array, vl_err *err);
/* The document's head up to the list of these records: without the wrapper indexedmzML, without other lists
 * of records. VL_EARG: the store was made from another format, or has no such records. */
vl_code vl_record_mzml_head(vl_viewer *v, const vl_record_fields *of, vl_buf *text, vl_err *err);
/* The same of a store whose skeleton is such a document, whatever it lay in; n: records that it counts. */
vl_code vl_record_document_head(vl_viewer *v, const vl_record_fields *of, uint64_t n, vl_buf *text,
                                vl_err *err);

/* What stands before the first record of a document that is kept; empty where none is. */
vl_code vl_record_head(vl_viewer *v, vl_buf *head, vl_err *err);

#endif
