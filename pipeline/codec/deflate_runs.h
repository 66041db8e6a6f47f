/* A deflate encoder for bytes near their entropy (deflate_runs.c). */
#ifndef VL_DEFLATE_RUNS_H
#define VL_DEFLATE_RUNS_H

#include "formats/buf.h"

/* Appends a zlib stream of the bytes to out. */
vl_code vl_deflate_runs(const uint8_t *bytes, size_t n, vl_buf *out, vl_err *err);

#endif
