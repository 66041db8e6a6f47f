/* What HDF5 asks a plugin for when it meets our filter's number (HDF5_PLUGIN_PATH=$(vial plugin-path)). */
#include "pipeline/store/filter.h"

#include "kernels/kernels.h"
#include <H5PLextern.h>

H5PL_type_t H5PLget_plugin_type(void) { return H5PL_TYPE_FILTER; }

const void *H5PLget_plugin_info(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    return &vl_filter;
}
