/*
 * Where a byte is in an array of bytes.
 *
 * count_byte  in: src [n]. Out: how many are equal to byte.
 * find_nth    in: src [n], nth from 1. Out: the offset just past the nth byte that is equal; 0 when there are
 *             fewer, or nth is 0.
 * find_all    in: src [n], n < 2^32. Out: at [count], the positions of all that are equal, ascending; returns
 *             count. at has room for count + 16 entries, the last 16 of which may be overwritten with
 * anything.
 */
#include "kernels/choose.h"

static size_t count_byte_scalar(const uint8_t *src, size_t n, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += src[i] == byte;
    return count;
}

static size_t find_nth_scalar(const uint8_t *src, size_t n, uint8_t byte, size_t nth)
{
    if (nth == 0) return 0;
    for (size_t i = 0; i < n; i++) {
        if (src[i] == byte && --nth == 0) return i + 1;
    }
    return 0;
}

static size_t find_all_scalar(uint32_t *at, const uint8_t *src, size_t n, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (src[i] == byte) at[count++] = (uint32_t)i;
    }
    return count;
}

void vl_find_byte_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->count_byte = count_byte_scalar;
    k->find_nth = find_nth_scalar;
    k->find_all = find_all_scalar;
}
