/* Jottings: a toy kind, one column of text. What its formats share: rows are what stands between
 * separators. */
#ifndef VL_JOTTINGS_H
#define VL_JOTTINGS_H

#include "formats/format.h"
#include "formats/schema.h"

enum { VL_NT_TEXT, VL_NT_NFIELD };
enum { VL_NC_NO_FINAL, VL_NC_N };

extern const vl_schema vl_jottings_schema;

vl_code vl_jottings_cut(char end, const uint8_t *bytes, size_t n, bool last, uint64_t most, vl_cut *out);
vl_code vl_jottings_parse(char end, const vl_block *in, vl_batch *out, vl_err *err);
vl_code vl_jottings_print(char end, bool no_final, const vl_batch *batch, bool last, vl_buf *out,
                          vl_err *err);

#endif
