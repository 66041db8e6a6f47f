/* toy_sum: in: src [n]. Out: the sum of the bytes, modulo 2^32. */
#include "kernels/choose.h"

static uint32_t toy_sum_scalar(const uint8_t *src, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += src[i];
    return sum;
}

void vl_toy_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->toy_sum = toy_sum_scalar;
}
