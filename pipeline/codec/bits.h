/* Numbers of any length in bits, the low ones first, one behind the other. */
#ifndef VL_BITS_H
#define VL_BITS_H

#include <stdint.h>
#include <string.h>

/* Where they are written: 8 bytes behind `at` may be. */
typedef struct vl_bit_end {
    uint8_t *at;
    uint64_t held;
    unsigned n; /* below 8 between two calls */
} vl_bit_end;

static inline void vl_put_bits(vl_bit_end *b, uint64_t v, unsigned n)
{
    if (n > 32) {
        vl_put_bits(b, v & UINT32_MAX, 32);
        v >>= 32;
        n -= 32;
    }
    b->held |= (v & ((UINT64_C(1) << n) - 1)) << b->n;
    b->n += n;
    memcpy(b->at, &b->held, 8);
    b->at += b->n / 8;
    b->held >>= b->n / 8 * 8;
    b->n %= 8;
}

/* Bytes from `first` on that are written. */
static inline size_t vl_bit_bytes(const vl_bit_end *b, const uint8_t *first)
{
    return (size_t)(b->at - first) + (b->n != 0);
}

/* n bits, at most 56, of which the first lie in the byte at `at` / 8. */
static inline uint64_t vl_get_bits(const uint8_t *bits, uint64_t at, unsigned n)
{
    uint64_t held;
    memcpy(&held, bits + at / 8, 8);
    return held >> at % 8 & ((UINT64_C(1) << n) - 1);
}

/* n bits, at most 64. */
static inline uint64_t vl_get_many_bits(const uint8_t *bits, uint64_t at, unsigned n)
{
    if (n <= 32) return vl_get_bits(bits, at, n);
    return vl_get_bits(bits, at, 32) | vl_get_bits(bits, at + 32, n - 32) << 32;
}

#endif
