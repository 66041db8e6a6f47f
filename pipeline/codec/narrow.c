/* Floats as narrower ones and as whole numbers, and back (narrow.h). What comes back is compared by its bits:
 * a NaN or -0.0 that would be another is not narrowed. */
#include "pipeline/codec/narrow.h"

enum { AT_ONCE = 1024 }; /* values that are looked at before it is asked whether all are good */

static inline uint64_t wide_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return bits;
}

static inline uint32_t single_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

static inline double double_at(const uint8_t *p)
{
    double x;
    memcpy(&x, p, 8);
    return x;
}

static inline float single_at(const uint8_t *p)
{
    float x;
    memcpy(&x, p, 4);
    return x;
}

/* A quiet NaN may come back as it was, and another machine might do otherwise: none is narrowed. */
static bool as_floats(const uint8_t *plain, size_t n, uint64_t *v)
{
    for (size_t from = 0; from < n; from += AT_ONCE) {
        const size_t to = n - from < AT_ONCE ? n : from + AT_ONCE;
        uint64_t off = 0;
        for (size_t i = from; i < to; i++) {
            const double x = double_at(plain + 8 * i);
            const float narrow = (float)x;
            off |= (wide_bits((double)narrow) ^ wide_bits(x)) | (uint64_t)(x != x);
            v[i] = single_bits(narrow);
        }
        if (off) return false;
    }
    return true;
}

static bool as_counts(const uint8_t *plain, size_t n, size_t width, uint64_t *v)
{
    for (size_t i = 0; i < n; i++) {
        const double x = width == 8 ? double_at(plain + 8 * i) : (double)single_at(plain + 4 * i);
        if (!(x >= 0 && x < 4294967296.0)) return false;
        const uint32_t count = (uint32_t)x;
        if (wide_bits((double)count) != wide_bits(x)) return false;
        v[i] = count;
    }
    return true;
}

vl_narrow vl_narrow_floats(const uint8_t *plain, size_t n, size_t width, bool counts, uint64_t *v)
{
    if (counts && as_counts(plain, n, width, v)) return VL_NARROW_COUNT;
    if (width == 8 && as_floats(plain, n, v)) return VL_NARROW_FLOAT;
    for (size_t i = 0; i < n; i++) v[i] = width == 8 ? vl_le64(plain + 8 * i) : vl_le32(plain + 4 * i);
    return VL_NARROW_NONE;
}

/* Loops that are one each, so that many values are turned at once. */
static void widen_bits(const uint64_t *v, size_t n, size_t width, uint8_t *plain)
{
    if (width == 8) memcpy(plain, v, n * 8);
    else
        for (size_t i = 0; i < n; i++) vl_put_le32(plain + 4 * i, (uint32_t)v[i]);
}

static void widen_singles(const uint64_t *v, size_t n, uint8_t *plain)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t low = (uint32_t)v[i];
        float single;
        memcpy(&single, &low, 4);
        const double x = (double)single;
        memcpy(plain + 8 * i, &x, 8);
    }
}

static void widen_counts(const uint64_t *v, size_t n, size_t width, uint8_t *plain)
{
    for (size_t i = 0; i < n && width == 8; i++) {
        const double x = (double)(uint32_t)v[i];
        memcpy(plain + 8 * i, &x, 8);
    }
    for (size_t i = 0; i < n && width == 4; i++) {
        const float x = (float)(uint32_t)v[i];
        memcpy(plain + 4 * i, &x, 4);
    }
}

void vl_widen_floats(vl_narrow how, const uint64_t *v, size_t n, size_t width, uint8_t *plain)
{
    if (how == VL_NARROW_NONE) widen_bits(v, n, width, plain);
    else if (how == VL_NARROW_COUNT) widen_counts(v, n, width, plain);
    else widen_singles(v, n, plain);
}
