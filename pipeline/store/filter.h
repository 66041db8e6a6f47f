/*
 * The HDF5 filter: our codecs as HDF5 sees them. The plugin and the program share it.
 *
 * Its parameters lie in the data set's header: their version, 1; the width of an element in bytes; its use
 * (vl_use). There are never many: h5py reads past its room for 16 of them, and h5dump past its for 20. What a
 * codec learned of a column therefore lies in the chunks.
 */
#ifndef VL_FILTER_H
#define VL_FILTER_H

#include "pipeline/codec/codec.h"
#include <hdf5.h>

enum { VL_FILTER_PARAMS = 3 };

extern const H5Z_class2_t vl_filter;

/* Whether these n parameters are such that this program knows. */
static inline bool vl_filter_known(const unsigned *param, size_t n) { return n >= 1 && param[0] == 1; }

#endif
