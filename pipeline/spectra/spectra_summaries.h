/* The commands of spectra. */
#ifndef VL_SPECTRA_SUMMARIES_H
#define VL_SPECTRA_SUMMARIES_H

#include "pipeline/out/summary.h"

extern const vl_summary vl_spectra_xic, vl_spectra_map, vl_spectra_image;

#endif
