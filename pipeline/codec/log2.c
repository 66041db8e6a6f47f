/* The table of logarithms (log2.h). */
#include "pipeline/codec/log2.h"

/* Squared, a number's logarithm doubles: each time it passes 2 a bit of it is known. */
void vl_log2_init(vl_log2 *log)
{
    for (uint32_t i = 0; i < VL_LOG_PARTS; i++) {
        uint64_t x = (uint64_t)(VL_LOG_PARTS + i) << 21; /* 1 .. 2, with 31 bits behind the point */
        uint32_t bits = 0;
        for (int k = 0; k < 16; k++) {
            x = x * x >> 31;
            const uint32_t bit = (uint32_t)(x >> 32);
            x >>= bit;
            bits = bits << 1 | bit;
        }
        log->part[i] = bits;
    }
    log->part[VL_LOG_PARTS] = VL_LOG_ONE;
}
