/* What the files of this folder share: one spectrum with its peaks, ready to be printed. */
#ifndef VL_VIEW_SPECTRA_H
#define VL_VIEW_SPECTRA_H

#include "formats/spectra/spectra.h"
#include "pipeline/out/view.h"

/* Precursors and their ions, whole in memory: sorted by spectrum. */
typedef struct vl_ions {
    size_t nprecursor, nion;
    vl_buf precursor_of, target, ion_of, mz, charge, intensity; /* raw elements */
} vl_ions;

/* The first selected ion of a spectrum, or its isolation target; NaN and 0 where unknown. */
typedef struct vl_parent {
    double mz, intensity;
    int charge;
} vl_parent;
/* Whether any ion of a spectrum, or without ions any target, is within so many Th of mz. */
bool vl_has_precursor(const vl_ions *ions, uint64_t spectrum, double mz, double within);
vl_parent vl_parent_of(const vl_ions *ions, uint64_t spectrum);

typedef struct vl_spectra_own {
    vl_ions ions;
    int column[VL_VIEW_COLUMNS + 1];
    bool peaks;                                                                 /* one line a peak */
    vl_code (*print)(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err); /* one spectrum */
    uint64_t printed;
} vl_spectra_own;

/* What a leaf needs beside its plan. */
typedef struct vl_spectra_leaf {
    uint64_t skeleton_first, number;  /* letter; of the first spectrum among those printed */
    vl_buf mz, intensity;             /* doubles of the spectrum being printed; peaks outside --mz are gone */
    bool single_mz, single_intensity; /* they came from floats of 32 bits */
} vl_spectra_leaf;

vl_code vl_print_spectrum_tsv(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err);
vl_code vl_print_spectrum_json(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err);
vl_code vl_print_spectrum_mgf(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err);
vl_code vl_print_spectrum_mzml(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err);
vl_code vl_mzml_head(vl_viewer *v, vl_buf *text, vl_err *err);
vl_code vl_mzml_tail(vl_viewer *v, vl_buf *text, vl_err *err);

/* Peaks of spectrum i of the leaf into leaf's mz and intensity. */
vl_code vl_load_peaks(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err);
/* The bytes of array k of the batch, and what its column says of them. */
typedef struct vl_array {
    const uint8_t *bytes;
    size_t len;
    const vl_piece_column *column;
} vl_array;
vl_array vl_array_of(const vl_batch *b, size_t k);
bool vl_is_mz(const vl_piece_column *column);
bool vl_is_intensity(const vl_piece_column *column);
size_t vl_first_array(const vl_leaf *leaf, size_t i); /* row of table array in the leaf's batch */
double vl_f64_at(const vl_batch *b, int field, size_t i);

extern const char *const vl_spectra_columns[];
enum {
    VL_SC_INDEX,
    VL_SC_ID,
    VL_SC_MS_LEVEL,
    VL_SC_TIME,
    VL_SC_POLARITY,
    VL_SC_CENTROID,
    VL_SC_TIC,
    VL_SC_BASE_PEAK_MZ,
    VL_SC_BASE_PEAK_INTENSITY,
    VL_SC_SCAN_LOW,
    VL_SC_SCAN_HIGH,
    VL_SC_MOBILITY,
    VL_SC_INJECTION_TIME,
    VL_SC_PRECURSOR_MZ,
    VL_SC_CHARGE,
    VL_SC_PEAKS,
    VL_SC_MZ,
    VL_SC_INTENSITY
};
uint64_t vl_scan_number(const uint8_t *id, size_t n, uint64_t index);

#endif
