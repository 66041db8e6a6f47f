/*
 * MS-Numpress: three lossy codings of number arrays, decoded into doubles.
 *
 * linear  8 bytes fixed point (float64, big-endian); the first two values as int32, little-endian; then for
 *         each value the difference from the straight line through the two before it, as a variable int.
 *         Value = int / fixed point. 8, 12 or from 16 bytes for 0, 1, more values.
 * pic     variable ints: rounded counts.
 * slof    8 bytes fixed point as above; then u16, little-endian: round(ln(value + 1) * fixed point).
 *
 * A variable int is half-bytes, the high half of a byte first: a head c, then the low half-bytes of a 32-bit
 * number, the least significant first. c 0..8: that many leading half-bytes were 0x0 and are left out;
 * c 9..15: c - 8 that were 0xf. One 0x0 may pad the last byte.
 * Source: Teleman et al. 2014, doi:10.1074/mcp.O114.037879.
 */
#ifndef VL_NUMPRESS_H
#define VL_NUMPRESS_H

#include "formats/buf.h"

typedef enum vl_numpress { VL_NUMPRESS_LINEAR, VL_NUMPRESS_PIC, VL_NUMPRESS_SLOF } vl_numpress;

/* More values than n bytes can hold. */
static inline size_t vl_numpress_bound(size_t n) { return 2 * n + 2; }

/*
 * src    [n]
 * out    [*count] doubles, room for vl_numpress_bound(n); NULL only counts
 *
 * Errors: VL_EFORMAT no whole number of values, or a fixed point that is not positive and finite.
 */
vl_code vl_numpress_decode(vl_numpress how, const uint8_t *src, size_t n, double *out, size_t *count,
                           vl_err *err);

#endif
