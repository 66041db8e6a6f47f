/*
 * Peaks in network byte order, m/z and intensity in turns, as mzXML has them, and the arrays they are:
 *
 *     m1 i1 m2 i2 ...  (big-endian)   <->   m1 m2 ...   i1 i2 ...  (little-endian)
 */
#include "formats/spectra/mzml.h"

static void turn4(uint8_t *to, const uint8_t *from)
{
    uint32_t v;
    memcpy(&v, from, 4);
    v = __builtin_bswap32(v);
    memcpy(to, &v, 4);
}

static void turn8(uint8_t *to, const uint8_t *from)
{
    uint64_t v;
    memcpy(&v, from, 8);
    v = __builtin_bswap64(v);
    memcpy(to, &v, 8);
}

void vl_mz_unweave(const uint8_t *src, size_t n, size_t width, int narray,
                   uint8_t *const out[VL_MZ_WOVEN_MOST])
{
    for (int a = 0; a < narray; a++) {
        const uint8_t *const from = src + (size_t)a * width;
        const size_t step = (size_t)narray * width;
        if (width == 4)
            for (size_t i = 0; i < n; i++) turn4(out[a] + 4 * i, from + step * i);
        else
            for (size_t i = 0; i < n; i++) turn8(out[a] + 8 * i, from + step * i);
    }
}

void vl_mz_weave(const uint8_t *const in[VL_MZ_WOVEN_MOST], size_t n, size_t width, int narray, uint8_t *out)
{
    for (int a = 0; a < narray; a++) {
        uint8_t *const to = out + (size_t)a * width;
        const size_t step = (size_t)narray * width;
        if (width == 4)
            for (size_t i = 0; i < n; i++) turn4(to + step * i, in[a] + 4 * i);
        else
            for (size_t i = 0; i < n; i++) turn8(to + step * i, in[a] + 8 * i);
    }
}
