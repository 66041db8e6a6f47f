/* Numbers in as few bytes as they need: LEB128, seven bits a byte, the low ones first. */
#ifndef VL_LEB_H
#define VL_LEB_H

#include <stddef.h>
#include <stdint.h>

enum { VL_LEB_MOST = 10 }; /* bytes of one number */

/* Returns where the next one goes. */
static inline uint8_t *vl_put_leb(uint8_t *p, uint64_t v)
{
    for (; v >= 128; v >>= 7) *p++ = (uint8_t)(v | 128);
    *p++ = (uint8_t)v;
    return p;
}

/* Returns where the next one starts; NULL when the bytes end within the number, or it does not fit. */
static inline const uint8_t *vl_get_leb(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; p < end && shift < 64; shift += 7) {
        *v |= (uint64_t)(*p & 127) << shift;
        if (!(*p++ & 128)) return p;
    }
    return NULL;
}

#endif
