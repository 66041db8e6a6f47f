/* The tables of runs of qualities (quality_runs.h). */
#include "pipeline/codec/quality_runs.h"

/* floor(log2((4 bad + 1) / (8 seen + 8))) + 7, at least 0 and at most 7. */
static unsigned dense_of(unsigned bad, unsigned seen)
{
    unsigned dense = 0;
    while (dense < 7 && (4 * bad + 1) << (6 - dense) >= 8 * seen + 8) dense++;
    return dense;
}

void vl_run_tables_fill(vl_run_tables *t)
{
    for (unsigned i = 0; i < 64 * 128; i++) t->dense[i] = (uint16_t)(dense_of(i / 128, i % 128) << 6);
    for (unsigned i = 0; i < 256; i++) {
        unsigned n = 0;
        for (unsigned rest = i; rest; rest &= rest - 1) n++;
        t->near[i] = (uint8_t)n;
        t->most[i] = (uint8_t)(n < 5 ? (n + 1) / 2 : 3);
    }
    for (unsigned i = 0; i < VL_RUN_TOKENS; i++) {
        const unsigned high = i > 2 ? (i - 1) / 2 : 0;
        t->more[i] = (uint8_t)(high ? high - 1 : 0);
        t->first[i] = high ? (2 | ((i - 1) & 1)) << (high - 1) : i == 2;
        t->far[i] = (uint16_t)((unsigned)((i > 1) + (i > 6)) * VL_BAD_CONTEXTS / 3);
    }
}
