/*
 * find_outside  in: src [n], a range lo..hi, both within. Out: index of the first byte that is not in the
 * range, or n. With lo > hi no byte is in the range.
 */
#include "kernels/choose.h"

static size_t find_outside_scalar(const uint8_t *src, size_t n, uint8_t lo, uint8_t hi)
{
    for (size_t i = 0; i < n; i++) {
        if (src[i] < lo || src[i] > hi) return i;
    }
    return n;
}

void vl_find_outside_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->find_outside = find_outside_scalar;
}
