/*
 * Scan numbers for formats that name spectra by nothing else: those of the ids, where every spectrum of the
 * store has one and they ascend; else 1 for the store's first spectrum, 2 for the next. The whole store is
 * asked, so that a spectrum has the same number in whatever part of it is printed.
 */
#ifndef VL_SCAN_NUMBERS_H
#define VL_SCAN_NUMBERS_H

#include "formats/batch.h"
#include "pipeline/out/view.h"

typedef struct vl_scan_numbers {
    bool by_row; /* the row's number and 1 */
    vl_buf id;   /* owned; by_row: the hash of each id and its number, u64 both, sorted */
} vl_scan_numbers;

vl_code vl_scan_numbers_find(vl_viewer *v, vl_scan_numbers *out, vl_err *err);
uint64_t vl_scan_numbers_of(const vl_scan_numbers *numbers, vl_cell id, uint64_t row);
/* Of the spectrum with this id, which another one refers to; 0: there is none. */
uint64_t vl_scan_numbers_named(const vl_scan_numbers *numbers, vl_cell id);

#endif
