/* What the files of the view of chromatograms share: one of them with its traces, ready to be printed. */
#ifndef VL_CHROMATOGRAMS_VIEW_H
#define VL_CHROMATOGRAMS_VIEW_H

#include "formats/spectra/mzml.h"
#include "pipeline/spectra/mass_record.h"
#include "pipeline/spectra/trace.h"

/* Drawings of one chromatogram; owned. */
typedef struct vl_drawings {
    vl_trace *trace; /* [n] */
    size_t n;
} vl_drawings;

/* viewer->own */
typedef struct vl_chromatograms_own {
    uint64_t printed;
    vl_mzml_groups groups;
    vl_drawings *drawn; /* owned; [ndrawn] of the first rows that are printed; NULL: nothing is drawn */
    size_t ndrawn;
} vl_chromatograms_own;

/* An array beside the time. */
typedef struct vl_chromatogram_array {
    vl_buf value; /* doubles; owned */
    bool single, none;
    vl_cell name, unit; /* borrowed, for as long as the chromatogram is the one being printed */
    char accession[16]; /* of a unit of which the document has no word */
} vl_chromatogram_array;

/* load->own */
typedef struct vl_chromatogram_load {
    vl_record_run run;
    vl_mzml_words words;
    vl_buf time; /* doubles, s; empty where there are none */
    bool single_time;
    vl_chromatogram_array *array; /* owned; of carray, narray are those of the one being printed */
    size_t narray, carray;
} vl_chromatogram_load;

/* What it shows, by the number of its term; "": not known. */
const char *vl_chromatogram_kind(uint32_t term);
/* Prepares chromatogram i of the load. */
vl_code vl_chromatogram_take(const vl_viewer *v, vl_load *load, size_t i, vl_err *err);

extern const vl_question vl_chromatograms_question;
extern const vl_form vl_chromatograms_mzml, vl_chromatograms_json, vl_chromatograms_svg;

#endif
