/* CRC-32C of four bytes: crc_hash.h. */
#include "formats/redeflate/crc_hash.h"

static uint32_t shifted(uint32_t v)
{
    for (int i = 0; i < 32; i++) v = v >> 1 ^ (v & 1 ? UINT32_C(0x82f63b78) : 0);
    return v;
}

void vl_crc_hash_make(vl_crc_hash *h)
{
    for (unsigned k = 0; k < 4; k++) {
        h->of[k][0] = 0;
        for (unsigned b = 1; b < 256; b++) {
            const unsigned rest = b & (b - 1), low = b ^ rest;
            h->of[k][b] = rest ? h->of[k][rest] ^ h->of[k][low] : (uint16_t)shifted(low << 8 * k);
        }
    }
}
