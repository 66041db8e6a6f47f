/*
 * What stands at each position of the reads: counts of bases and of qualities.
 *
 * Read i is the bytes offset[i] .. offset[i + 1] of the array; offset [nread + 1] ascends. Position p counts
 * from the start of a read; positions from npos on are not counted. Both add to what is in count.
 *
 * base_count     in: base, letters. Adds to count [npos][5]: A, C, G, T in either case, other.
 * quality_count  in: quality, Phred scores. Adds to count [npos][94]; bytes above 93 are not counted.
 */
#include "kernels/choose.h"

enum { NBASE = 5, NSCORE = 94 };

static unsigned base_kind(uint8_t c)
{
    switch (c & 0xdf) {
    case 'A': return 0;
    case 'C': return 1;
    case 'G': return 2;
    case 'T': return 3;
    default: return 4;
    }
}

static void base_count_scalar(uint64_t *count, const uint8_t *base, const uint64_t *offset, size_t nread,
                              size_t npos)
{
    uint8_t kind[256];

    for (unsigned c = 0; c < 256; c++) kind[c] = (uint8_t)base_kind((uint8_t)c);
    for (size_t i = 0; i < nread; i++) {
        const uint8_t *const read = base + offset[i];
        const size_t len = offset[i + 1] - offset[i];
        for (size_t p = 0; p < len && p < npos; p++) count[p * NBASE + kind[read[p]]]++;
    }
}

static void quality_count_scalar(uint64_t *count, const uint8_t *quality, const uint64_t *offset,
                                 size_t nread, size_t npos)
{
    for (size_t i = 0; i < nread; i++) {
        const uint8_t *const read = quality + offset[i];
        const size_t len = offset[i + 1] - offset[i];
        for (size_t p = 0; p < len && p < npos; p++) {
            if (read[p] < NSCORE) count[p * NSCORE + read[p]]++;
        }
    }
}

void vl_position_count_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->base_count = base_count_scalar;
    k->quality_count = quality_count_scalar;
}
