/*
 * Differences of neighbours, made small and unsigned: d 0, -1, 1, -2 ... becomes 0, 1, 2, 3 ...
 *
 * Elements are unsigned, little-endian, of width 1, 2, 4 or 8 bytes, at any alignment. With any other width
 * the bytes are copied as they are.
 *
 * delta_zigzag    in: src [nelem]. Out: dst [nelem]: d = src[i] - src[i - 1] modulo 2^bits, src[-1] = 0;
 *                 dst[i] = (d << 1) ^ (all ones when d, read as signed, is negative, else 0).
 * undelta_zigzag  the inverse.
 * dst and src do not overlap.
 */
#include <string.h>

#include "kernels/choose.h"

static uint64_t load(const uint8_t *src, size_t width)
{
    uint64_t x = 0;
    for (size_t j = 0; j < width; j++) x |= (uint64_t)src[j] << (8 * j);
    return x;
}

static void store(uint8_t *dst, uint64_t x, size_t width)
{
    for (size_t j = 0; j < width; j++) dst[j] = (uint8_t)(x >> (8 * j));
}

static inline __attribute__((always_inline)) void delta(uint8_t *dst, const uint8_t *src, size_t nelem,
                                                        size_t width)
{
    const unsigned unused = (unsigned)(64 - 8 * width);
    uint64_t before = 0;

    for (size_t i = 0; i < nelem; i++) {
        const uint64_t x = load(src + i * width, width);
        const uint64_t d = (x - before) << unused; /* sign at the top */
        store(dst + i * width, (d << 1 ^ (uint64_t) - (int64_t)(d >> 63)) >> unused, width);
        before = x;
    }
}

static inline __attribute__((always_inline)) void undelta(uint8_t *dst, const uint8_t *src, size_t nelem,
                                                          size_t width)
{
    uint64_t x = 0;

    for (size_t i = 0; i < nelem; i++) {
        const uint64_t z = load(src + i * width, width);
        x += z >> 1 ^ (uint64_t) - (int64_t)(z & 1);
        store(dst + i * width, x, width);
    }
}

static void delta_zigzag_scalar(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    switch (width) {
    case 1: delta(dst, src, nelem, 1); break;
    case 2: delta(dst, src, nelem, 2); break;
    case 4: delta(dst, src, nelem, 4); break;
    case 8: delta(dst, src, nelem, 8); break;
    default: memcpy(dst, src, nelem * width);
    }
}

static void undelta_zigzag_scalar(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    switch (width) {
    case 1: undelta(dst, src, nelem, 1); break;
    case 2: undelta(dst, src, nelem, 2); break;
    case 4: undelta(dst, src, nelem, 4); break;
    case 8: undelta(dst, src, nelem, 8); break;
    default: memcpy(dst, src, nelem * width);
    }
}

void vl_delta_zigzag_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->delta_zigzag = delta_zigzag_scalar;
    k->undelta_zigzag = undelta_zigzag_scalar;
}
