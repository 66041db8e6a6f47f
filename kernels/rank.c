/*
 * Bytes of at most 16 kinds, as ranks of 1, 2 or 4 bits, the first in the lowest bits of a byte.
 *
 * value [nvalue], nvalue 1..16: the kinds, ascending, no two equal. A rank takes 1 bit when nvalue <= 2, 2
 * bits when <= 4, else 4.
 *
 * rank_pack    in: src [n], each one of value. Out: dst [(n * bits + 7) / 8]; unused bits are 0.
 * rank_unpack  in: src [(n * bits + 7) / 8]. Out: dst [n]. A rank that has no value gives value[0].
 * dst and src do not overlap.
 */
#include <string.h>

#include "kernels/choose.h"

static unsigned rank_bits(unsigned nvalue) { return nvalue <= 2 ? 1 : nvalue <= 4 ? 2 : 4; }

static void rank_pack_scalar(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value,
                             unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue), each = 8 / bits;
    uint8_t rank[256] = { 0 };

    for (unsigned r = 0; r < nvalue; r++) rank[value[r]] = (uint8_t)r;
    for (size_t i = 0; i < n; i += each) {
        unsigned byte = 0;
        for (unsigned j = 0; j < each && i + j < n; j++) byte |= (unsigned)rank[src[i + j]] << (j * bits);
        dst[i / each] = (uint8_t)byte;
    }
}

static void rank_unpack_scalar(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *value,
                               unsigned nvalue)
{
    const unsigned bits = rank_bits(nvalue), each = 8 / bits, mask = (1U << bits) - 1;
    uint8_t all[16];

    memset(all, value[0], sizeof all);
    memcpy(all, value, nvalue);
    for (size_t i = 0; i < n; i++) dst[i] = all[src[i / each] >> (i % each * bits) & mask];
}

void vl_rank_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->rank_pack = rank_pack_scalar;
    k->rank_unpack = rank_unpack_scalar;
}
