/* The indexes of spectra. */
#ifndef VL_SPECTRA_INDEX_H
#define VL_SPECTRA_INDEX_H

#include "pipeline/index/index.h"

extern const vl_index vl_spectra_by_id, vl_spectra_by_scan, vl_spectra_by_time;

/* The number behind "scan=", "scanId=" or "spectrum=" of an id; false: it has none. By the index such a
 * spectrum has its row's. */
bool vl_scan_number(const uint8_t *id, size_t n, uint64_t *number);

#endif
