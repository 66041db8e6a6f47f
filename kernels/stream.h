/* What the kernels of stream_rans.c share with who makes their tables. */
#ifndef VL_STREAM_H
#define VL_STREAM_H

#include <stdint.h>

enum { VL_STREAM_LANES = 16, VL_STREAM_BITS = 12, VL_STREAM_ALL = 1 << VL_STREAM_BITS };

/* One slot of the table of stream_read: it belongs to a symbol with this frequency and first slot. */
#define VL_STREAM_ENTRY(symbol, freq, first, slot)                                                           \
    ((uint32_t)((freq)-1) << 20 | (uint32_t)((slot) - (first)) << 8 | (uint32_t)(symbol))

#endif
