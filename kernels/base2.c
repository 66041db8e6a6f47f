/*
 * Bases in two bits: A 0, C 1, T 2, G 3, four a byte, the first in the lowest two bits.
 *
 * base2_pack    in: src [n] letters. Out: dst [(n + 3) / 4]; odd [(n + 7) / 8], bit i (lowest first) set when
 *               src[i] is not one of upper case A C G T; such a letter is packed as 0. Unused high bits are
 * 0. Returns how many are odd. base2_unpack  in: src [(n + 3) / 4]. Out: dst [n] letters. dst and odd do not
 * overlap src.
 */
#include <string.h>

#include "kernels/choose.h"

static size_t base2_pack_scalar(uint8_t *dst, uint8_t *odd, const uint8_t *src, size_t n)
{
    size_t nodd = 0;

    memset(dst, 0, (n + 3) / 4);
    memset(odd, 0, (n + 7) / 8);
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = src[i];
        const unsigned plain = (c == 'A') | (c == 'C') | (c == 'T') | (c == 'G');
        const unsigned code = plain ? (c >> 1) & 3 : 0;
        dst[i / 4] = (uint8_t)(dst[i / 4] | code << (i % 4 * 2));
        odd[i / 8] = (uint8_t)(odd[i / 8] | (plain ^ 1) << (i % 8));
        nodd += plain ^ 1;
    }
    return nodd;
}

static void base2_unpack_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (uint8_t) "ACTG"[src[i / 4] >> (i % 4 * 2) & 3];
}

void vl_base2_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->base2_pack = base2_pack_scalar;
    k->base2_unpack = base2_unpack_scalar;
}
