/*
 * What zlib makes of a text at levels 4 to 9, with a window of 32 KiB: the same as vl_redeflate_make of
 * zlib's row and no description, for who makes many streams, mostly short ones. Memory is kept from one to
 * the next.
 */
#ifndef VL_ZLIB_STREAM_H
#define VL_ZLIB_STREAM_H

#include "formats/redeflate/deflate_maker.h"

typedef struct vl_zlib_stream vl_zlib_stream;

enum { VL_ZLIB_STREAM_LEAST = 4 }; /* level */

void vl_zlib_stream_free(vl_zlib_stream *m); /* NULL is fine */

/*
 * Appends the deflate stream of text [n], of no more than VL_DEFLATE_PLAIN bytes.
 *
 * m      made when it is NULL, and kept for the next
 * level  VL_ZLIB_STREAM_LEAST to 9
 * memory zlib's memory level, 8 or 9
 * want   NULL, or bytes [nwant] that should come out: a block that is not as they are ends it, unfinished
 *
 * Errors: VL_EUNSUP a text that is too long, or a block that zlib cannot store; VL_ENOMEM.
 */
vl_code vl_zlib_stream_make(vl_zlib_stream **m, unsigned level, unsigned memory, const uint8_t *text,
                            size_t n, const uint8_t *want, size_t nwant, vl_buf *out, vl_err *err);

#endif
