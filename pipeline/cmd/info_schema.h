/* What `vial info --schema` prints (info_schema.c). */
#ifndef VL_INFO_SCHEMA_H
#define VL_INFO_SCHEMA_H

#include "pipeline/store/store.h"

/* The columns of every kind, from the tables that the code works with; the exit code. */
int vl_tell_schemas(bool json);
/* The columns of one store, as it says itself. */
vl_code vl_tell_schema_of(vl_store *st, bool json, vl_err *err);

#endif
