/*
 * Qualities as letters and as numbers: letter = Phred score + 33, scores 0..93, letters '!'..'~'.
 *
 * phred_decode  in: src [n], letters. Out: dst [n], scores; returns the index of the first byte of src that
 * is no such letter, or n. What is in dst from that index on is not specified. phred_encode  in: src [n],
 * scores. Out: dst [n] = src + 33, modulo 256. dst may be src; else they do not overlap.
 */
#include "kernels/choose.h"

enum { BIAS = 33, SCORE_MAX = 93 };

static size_t phred_decode_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t score = (uint8_t)(src[i] - BIAS);
        if (score > SCORE_MAX) return i;
        dst[i] = score;
    }
    return n;
}

static void phred_encode_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)(src[i] + BIAS);
}

void vl_phred_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->phred_decode = phred_decode_scalar;
    k->phred_encode = phred_encode_scalar;
}
