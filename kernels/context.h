/*
 * What the kernels of context_rans.c share with who makes and keeps the model: lanes that each run through a
 * stretch of symbols, the context a symbol stands in, and the frequencies that go with it.
 *
 * A context is made of what came before in the same row, most significant first:
 *     history   the last symbols, sym_bits each, as many as history_mask keeps
 *     second    the symbol before the last, in 2^second_bits steps: symbol * second_mul >> 8
 *     top       the greater of the second and the third last, likewise
 *     mean      of the row so far, later symbols counting more, in 2^mean_bits steps: mean * mean_mul >> 18
 *     position  in the row, in 2^position_bits steps: place * position_mul >> 16; the last for all beyond
 *     unrest    how often the row has changed so far: steps_of[0 .. 31], below 2^unrest_bits
 * The mean has 10 bits behind the point, begins as vl_mean_first and goes to each symbol by the part
 * 1 / 2^mean_decay of what lacks. Each change counts once when symbols differ by more than change[0] from the
 * one before (from the best symbol, if from_best) and once more when by more than change[1].
 */
#ifndef VL_CONTEXT_H
#define VL_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

enum { VL_LANES = 32, VL_FREQ_BITS = 12, VL_FREQ_ALL = 1 << VL_FREQ_BITS };

typedef struct vl_context {
    uint32_t nsymbol; /* symbols are 0 .. nsymbol - 1; nsymbol, "another", stands for what has no frequency */
    uint32_t sym_bits; /* nsymbol <= 2^sym_bits */
    uint32_t history_mask;
    uint32_t second_mul, second_bits, top_mul, top_bits;
    uint32_t mean_mul, mean_bits, mean_decay;
    uint32_t position_mul, position_bits;
    uint32_t unrest_bits, from_best, change[2];
    uint32_t steps_of[32];
    const uint8_t *cluster; /* [contexts + 3]: which frequencies a context has */
    uint32_t stride;        /* nsymbol + 1 */
    const uint32_t *freq;   /* [clusters * stride]: first << 16 | frequency, of VL_FREQ_ALL; 0: none */
    const uint8_t *slot;    /* [clusters * VL_FREQ_ALL + 3]: the symbol of each of a cluster's slots */
} vl_context;

/* Symbols are mostly of the better ones. */
static inline int32_t vl_mean_first(uint32_t nsymbol) { return (int32_t)((nsymbol - 1) << 8) * 3; }

/* Where lanes stand in rows: symbols left in the row, place in it, number of the next row. n: VL_LANES, or 16
 * as they were in the first chunks that were written. */
typedef struct vl_lanes {
    uint32_t n;
    uint32_t left[VL_LANES], place[VL_LANES], next[VL_LANES];
} vl_lanes;

#endif
