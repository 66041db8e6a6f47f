/* Logarithms in whole numbers: every machine chooses the same by them. */
#ifndef VL_LOG2_H
#define VL_LOG2_H

#include <stdint.h>

enum { VL_LOG_PARTS = 1024, VL_LOG_ONE = 1 << 16 };

typedef struct vl_log2 {
    uint32_t part[VL_LOG_PARTS + 1]; /* log2(1 + i / VL_LOG_PARTS), in 1 / VL_LOG_ONE */
} vl_log2;

void vl_log2_init(vl_log2 *log);

/* log2 of n, which is at least 1, in 1 / VL_LOG_ONE. */
static inline uint32_t vl_log2_of(const vl_log2 *log, uint32_t n)
{
    const unsigned whole = 31u - (unsigned)__builtin_clz(n);
    const uint32_t part = whole <= 20 ? n << (20 - whole) : n >> (whole - 20); /* 20 bits behind the point */
    const uint32_t i = part >> 10 & (VL_LOG_PARTS - 1), rest = part & 1023;
    return whole * VL_LOG_ONE + log->part[i] +
           (uint32_t)((uint64_t)(log->part[i + 1] - log->part[i]) * rest >> 10);
}

#endif
