/*
 * Random numbers for the data generators: the same seed gives the same numbers on every machine. The
 * generator is splitmix64 (Steele, Lea, Flood 2014). One draw an expression: C does not say which operand
 * comes first. No floating point functions but sqrt: the last bit of others differs between machines.
 */
#ifndef VIAL_BENCH_DRAW_H
#define VIAL_BENCH_DRAW_H

#include <stdint.h>

typedef struct draw {
    uint64_t state;
} draw;

static inline uint64_t draw_bits(draw *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* 0 .. n - 1; the bias of n / 2^32 does not matter here */
static inline uint32_t draw_below(draw *d, uint32_t n) { return (uint32_t)((draw_bits(d) >> 32) * n >> 32); }

/* about normal, mean 0, standard deviation 1: four uniform numbers of 16 bits, summed */
static inline double draw_normal(draw *d)
{
    const uint64_t r = draw_bits(d);
    const int64_t sum = (int64_t)((r & 0xffff) + (r >> 16 & 0xffff) + (r >> 32 & 0xffff) + (r >> 48));
    return (double)(sum - 131070) * (1.0 / 37837.0); /* 65536 * sqrt(4 / 12) */
}

/* [0, 1) */
static inline double draw_unit(draw *d) { return (double)(draw_bits(d) >> 11) * (1.0 / 9007199254740992.0); }

/* A stream of its own for part `n` of a seed. */
static inline draw draw_part(uint64_t seed, uint64_t n)
{
    draw d = { seed * 0xd1342543de82ef95 + n };
    d.state = draw_bits(&d);
    return d;
}

#endif
