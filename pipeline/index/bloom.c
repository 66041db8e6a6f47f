/*
 * The filter of a block of rows without order: which of them it certainly does not hold. Bloom's: each key
 * sets a few bits of an array, and one that finds a bit unset is not there. With 7 bits a row one look-up of
 * 28 is wrong, with 4 one of 7. The bits of a key are taken from its hash alone: from one half on, in steps
 * of the other.
 */
#include "pipeline/index/index.h"

size_t vl_bloom_bytes(size_t n, unsigned bits) { return (n * bits + 63) / 64 * 8; }

/* As many bits a key as let the array be half full. */
static unsigned bits_of_key(unsigned bits) { return bits < 3 ? 1 : bits * 7 / 10; }

/* Bit i of a key, below nbit. */
static uint64_t place(uint64_t hash, unsigned i, uint64_t nbit)
{
    const uint32_t at = (uint32_t)hash + i * ((uint32_t)(hash >> 32) | 1);
    return (uint64_t)at * nbit >> 32;
}

void vl_bloom_make(uint8_t *out, size_t bytes, unsigned bits, const uint64_t *hash, size_t n)
{
    const unsigned k = bits_of_key(bits);
    for (size_t r = 0; r < n; r++) {
        for (unsigned i = 0; i < k; i++) {
            const uint64_t at = place(hash[r], i, (uint64_t)bytes * 8);
            out[at >> 3] = (uint8_t)(out[at >> 3] | 1u << (at & 7));
        }
    }
}

bool vl_bloom_has(const uint8_t *filter, size_t bytes, unsigned bits, uint64_t hash)
{
    const unsigned k = bits_of_key(bits);
    for (unsigned i = 0; i < k; i++) {
        const uint64_t at = place(hash, i, (uint64_t)bytes * 8);
        if (!(filter[at >> 3] >> (at & 7) & 1)) return false;
    }
    return true;
}
