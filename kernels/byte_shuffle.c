/*
 * Elements of width bytes, turned so that all first bytes come first, then all second bytes, and so on.
 *
 * byte_shuffle    in: src [nelem][width]. Out: dst [width][nelem]. width is 1..16.
 * byte_unshuffle  in: src [width][nelem]. Out: dst [nelem][width].
 * dst and src do not overlap.
 */
#include <string.h>

#include "kernels/choose.h"

static void byte_shuffle_scalar(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    for (size_t i = 0; i < nelem; i++) {
        for (size_t j = 0; j < width; j++) dst[j * nelem + i] = src[i * width + j];
    }
}

static void byte_unshuffle_scalar(uint8_t *dst, const uint8_t *src, size_t nelem, size_t width)
{
    for (size_t i = 0; i < nelem; i++) {
        for (size_t j = 0; j < width; j++) dst[i * width + j] = src[j * nelem + i];
    }
}

void vl_byte_shuffle_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->byte_shuffle = byte_shuffle_scalar;
    k->byte_unshuffle = byte_unshuffle_scalar;
}
