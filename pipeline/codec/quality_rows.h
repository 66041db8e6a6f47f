/*
 * The lengths of the rows of a chunk of qualities, for codecs that ask what came before in a row:
 *     leb128 how many, length of the first; of the others when they are equal, else 0; of the last
 *     when 0 and there are more than two: leb128 bytes of a zstd frame and the frame: u32 of each but the
 *     first and last
 * The first row may have begun in the chunk before, the last may go on in the next.
 */
#ifndef VL_QUALITY_ROWS_H
#define VL_QUALITY_ROWS_H

#include "pipeline/codec/codec.h"
#include "pipeline/codec/payload.h"

/* The lengths of rows, u32 each and none 0, out of their ends, replacing out; what follows the last end, if
 * anything, is a row. */
vl_code vl_quality_lengths(const vl_pack_job *job, vl_buf *out, size_t *n, vl_err *err);
/* row [n]: these lengths; n at least 1. */
vl_code vl_quality_put_rows(const uint32_t *row, size_t n, vl_work *work, vl_buf *out, vl_err *err);
/* The ends of rows, u32 each, ascending and none beyond job->len, replacing out. VL_ESTORE. */
vl_code vl_quality_get_rows(const vl_unpack_job *job, vl_rest *c, vl_buf *out, size_t *nrow, vl_err *err);

#endif
