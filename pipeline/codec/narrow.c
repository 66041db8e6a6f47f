/* Floats as narrower ones and as whole numbers, and back (narrow.h). What comes back is compared by its bits:
 * a NaN or -0.0 that would be another is not narrowed. */
#include "pipeline/codec/narrow.h"

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
    for (size_t i = 0; i < n; i++) {
        const double x = double_at(plain + 8 * i);
        const float narrow = (float)x;
        if (wide_bits((double)narrow) != wide_bits(x) || x != x) return false;
        v[i] = single_bits(narrow);
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

static void put(uint8_t *to, double x, size_t width)
{
    const float single = (float)x;
    memcpy(to, width == 8 ? (const void *)&x : &single, width);
}

void vl_widen_floats(vl_narrow how, const uint64_t *v, size_t n, size_t width, uint8_t *plain)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t low = (uint32_t)v[i];
        float single;
        memcpy(&single, &low, 4);
        if (how == VL_NARROW_NONE) memcpy(plain + i * width, &v[i], width);
        else put(plain + i * width, how == VL_NARROW_COUNT ? (double)low : (double)single, width);
    }
}
