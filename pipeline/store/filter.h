/* The HDF5 filter: our codecs as HDF5 sees them. The plugin and the program share it. */
#ifndef VL_FILTER_H
#define VL_FILTER_H

#include <hdf5.h>

extern const H5Z_class2_t vl_filter;

#endif
