/*
 * Whole numbers of up to 64 bits, most of them small: one stream of a codec that makes several. The reader
 * knows how many there are. Signs, where there are any, are in the lowest bit (zigzag), or the numbers are
 * modulo a power of two and the few negative ones large.
 *
 *     u8 form, then
 *     0 classes  a plane (planes.h), u8 each: below 16 the number itself; from there on four for each length
 *                in bits, from 5 on, by the two bits behind the first; then leb128 bytes, and the bits that
 *                the classes do not say, the low ones first, each number's behind those of the one before
 *     1 .. 8     so many low bytes: a plane of each, of the lowest ones first
 */
#ifndef VL_RESIDUALS_H
#define VL_RESIDUALS_H

#include "pipeline/codec/planes.h"

/* Room, kept from stream to stream. */
typedef struct vl_residuals {
    vl_planes planes;
    vl_buf plane, bits;
} vl_residuals;

void vl_residuals_init(vl_residuals *r);
void vl_residuals_free(vl_residuals *r);

/* Bytes that v [n] take, about. */
size_t vl_residuals_size(const vl_residuals *r, const uint64_t *v, size_t n);
/* Appends v [n]. */
vl_code vl_residuals_pack(vl_residuals *r, const uint64_t *v, size_t n, vl_work *work, vl_buf *out,
                          vl_err *err);
/* v [n]; what is read may be any u64. VL_ESTORE. */
vl_code vl_residuals_unpack(vl_residuals *r, vl_rest *in, uint64_t *v, size_t n, vl_work *work, vl_err *err);

static inline uint64_t vl_zigzag(uint64_t v) { return v << 1 ^ (0 - (v >> 63)); }
static inline uint64_t vl_unzigzag(uint64_t v) { return v >> 1 ^ (0 - (v & 1)); }

#endif
