/* What HDF5 still reads of a sample.h5 whose seal is broken: the sample's facts as attributes of the root. */
#ifndef VL_SAMPLE_READ_H
#define VL_SAMPLE_READ_H

#include "formats/err.h"

/* Calls visit(to, name, value) for each attribute that is text. VL_ESTORE: HDF5 cannot read the file. A
 * damaged file may crash HDF5: in a worker only. */
vl_code vl_sample_attributes(const char *path, void (*visit)(void *to, const char *name, const char *value),
                             void *to, vl_err *err);

#endif
