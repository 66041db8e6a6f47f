/*
 * One plane: bytes of numbers, of each the lowest, or of each the next. The reader knows how many.
 *
 *     u8 form, then
 *     0 plain        the bytes
 *     1 equal        u8: all are this one
 *     2 order 0      u8 greatest byte; frequencies of all bytes up to it; of each stretch words
 *     3 order 1      u8 number of symbols - 1, at most 31; the byte of each, ascending; for each of them, the
 *                    symbol before, the frequencies of all; of each stretch words, 16 lanes running through
 *                    as
 *                    many parts of it
 *     4 mostly one   u8 which; number: others; number: gaps; symbols: how many bytes lie between two others,
 *                    255 for as many and more to come; symbols: the others
 *
 * Frequencies, words and symbols as of symbols.h. A stretch is 16384 bytes, the last one what is left. Each
 * begins anew, so that two of them are read at once, and those that nobody wants are not.
 */
#ifndef VL_PLANES_H
#define VL_PLANES_H

#include "pipeline/codec/symbols.h"

enum { VL_STRETCH = 1 << 14 };

/* Room, kept from plane to plane. */
typedef struct vl_planes {
    vl_symbols symbols;
    vl_buf gap, other;
} vl_planes;

void vl_planes_init(vl_planes *p);
void vl_planes_free(vl_planes *p);

/* Appends a plane. */
vl_code vl_plane_pack(vl_planes *p, const uint8_t *bytes, size_t n, vl_work *work, vl_buf *out, vl_err *err);
/* to [n, and 16 more that may be written]. wanted [stretches]: 0 for those that may be left as they are;
 * NULL: all are wanted. VL_ESTORE. */
vl_code vl_plane_unpack(vl_planes *p, vl_rest *in, uint8_t *to, size_t n, const uint8_t *wanted,
                        vl_work *work, vl_err *err);

#endif
