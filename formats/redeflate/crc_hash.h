/* A hash as Intel's processors make it: CRC-32C of four bytes, from zero, by tables of its lower 16 bits. */
#ifndef VL_CRC_HASH_H
#define VL_CRC_HASH_H

#include <stdint.h>

typedef struct vl_crc_hash {
    uint16_t of[4][256];
} vl_crc_hash;

void vl_crc_hash_make(vl_crc_hash *h);

static inline uint32_t vl_crc_hash_of(const vl_crc_hash *h, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return h->of[0][a] ^ (uint32_t)h->of[1][b] ^ h->of[2][c] ^ h->of[3][d];
}

#endif
