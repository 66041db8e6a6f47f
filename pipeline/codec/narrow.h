/* Floats of a chunk as bits, the narrower where no value loses by it. */
#ifndef VL_NARROW_H
#define VL_NARROW_H

#include "pipeline/codec/codec.h"

typedef enum vl_narrow {
    VL_NARROW_NONE,
    VL_NARROW_FLOAT, /* f64 as f32: every value, bit for bit, comes back from it */
    VL_NARROW_COUNT  /* as u32: every value is such a whole number, and no -0 */
} vl_narrow;

/* v [n]: the elements of `plain`, f32 or f64 by width, as bits, narrowed where that can be. counts: whether
 * whole numbers are wanted. */
vl_narrow vl_narrow_floats(const uint8_t *plain, size_t n, size_t width, bool counts, uint64_t *v);
void vl_widen_floats(vl_narrow how, const uint64_t *v, size_t n, size_t width, uint8_t *plain);

/* Bytes that the bits have. */
static inline size_t vl_narrow_width(vl_narrow how, size_t width) { return how ? 4 : width; }

#endif
