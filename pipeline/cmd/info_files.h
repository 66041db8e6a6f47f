/* What vial info says of a store's inputs as files: whether each can be given back as it was delivered. */
#ifndef VL_INFO_FILES_H
#define VL_INFO_FILES_H

#include "pipeline/store/store.h"

#include <jansson.h>

vl_code vl_tell_files(vl_store *st, uint64_t bytes_store, vl_err *err);
json_t *vl_json_files(vl_store *st, vl_err *err); /* new; NULL: err is set */

#endif
