/*
 * The HDF5 filter: our codecs as HDF5 sees them. The plugin and the program share it.
 *
 * Its parameters lie in the data set's header. Version 1: the version, the width of an element in bytes, its
 * use (vl_use). Version 2, where something was learned of the column: behind these the codec that learned it,
 * the length of the model in bytes, and the model, four bytes a number, little-endian, the last filled up
 * with zeros.
 */
#ifndef VL_FILTER_H
#define VL_FILTER_H

#include "pipeline/codec/codec.h"
#include <hdf5.h>

enum { VL_FILTER_PARAMS = 5 + VL_MAX_MODEL / 4 };

extern const H5Z_class2_t vl_filter;

/* Fills param; gives how many. model NULL or empty: version 1. */
size_t vl_filter_params(unsigned width, vl_use use, const vl_model *model, unsigned param[VL_FILTER_PARAMS]);
/* The model among n parameters, replacing model; none in version 1. False: parameters that this program does
 * not know, or that contradict themselves; or no memory (err). */
bool vl_filter_model(const unsigned *param, size_t n, vl_model *model, vl_err *err);

/* For the reader: HDF5 hands out 256 parameters at most (H5Pget_filter2), and all of them only to the filter
 * itself. While this is set, the filter in this thread fills it by vl_filter_model and unpacks nothing, so
 * that HDF5's read fails. */
extern _Thread_local vl_model *vl_filter_wanted;

#endif
