/* MS-Numpress decoders, safe on any bytes (numpress.h). */
#include "formats/spectra/numpress.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef struct halves {
    const uint8_t *src;
    size_t at, n; /* in half-bytes */
} halves;

static unsigned half(halves *h)
{
    const uint8_t byte = h->src[h->at / 2];
    return h->at++ & 1 ? byte & 15u : byte >> 4;
}

/* The next variable int; false at the end of the bytes, *bad when they end inside one. */
static bool take(halves *h, uint32_t *v, bool *bad)
{
    if (h->at >= h->n || (h->at + 1 == h->n && (h->src[h->at / 2] & 15) == 0)) return false;
    const unsigned head = half(h), skip = head <= 8 ? head : head - 8;
    if (h->n - h->at < 8 - skip) {
        *bad = true;
        return false;
    }
    uint32_t r = head <= 8 ? 0 : (uint32_t)(~UINT64_C(0) << (32 - 4 * skip));
    for (unsigned i = 0; i < 8 - skip; i++) r |= half(h) << (4 * i);
    *v = r;
    return true;
}

static double fixed_point(const uint8_t *src)
{
    uint64_t bits = 0;
    double v;
    for (int i = 0; i < 8; i++) bits = bits << 8 | src[i];
    memcpy(&v, &bits, 8);
    return v;
}

static bool usable(double fixed) { return fixed > 0 && fixed < INFINITY; }

static vl_code linear(const uint8_t *src, size_t n, double *out, size_t *count, vl_err *err)
{
    if (n == 0 || n == 8) return VL_OK;
    if (n < 16 && n != 12) return vl_fail(err, VL_EFORMAT, "numpress linear of %zu bytes", n);
    const double fixed = fixed_point(src);
    if (!usable(fixed)) return vl_fail(err, VL_EFORMAT, "numpress linear with fixed point %g", fixed);
    /* wraps instead of overflowing: hostile residuals may give any number, but no trap */
    uint64_t before = 0, last = (uint64_t)(int32_t)vl_le32(src + 8);
    if (out) out[0] = (double)(int64_t)last / fixed;
    *count = 1;
    if (n == 12) return VL_OK;
    before = last;
    last = (uint64_t)(int32_t)vl_le32(src + 12);
    if (out) out[1] = (double)(int64_t)last / fixed;
    *count = 2;
    halves h = { src + 16, 0, 2 * (n - 16) };
    uint32_t v;
    bool bad = false;
    while (take(&h, &v, &bad)) {
        const uint64_t next = 2 * last - before + (uint64_t)(int64_t)(int32_t)v;
        before = last;
        last = next;
        if (out) out[*count] = (double)(int64_t)next / fixed;
        ++*count;
    }
    return bad ? vl_fail(err, VL_EFORMAT, "numpress linear ends inside a value") : VL_OK;
}

static vl_code pic(const uint8_t *src, size_t n, double *out, size_t *count, vl_err *err)
{
    halves h = { src, 0, 2 * n };
    uint32_t v;
    bool bad = false;
    while (take(&h, &v, &bad)) {
        if (out) out[*count] = v;
        ++*count;
    }
    return bad ? vl_fail(err, VL_EFORMAT, "numpress pic ends inside a value") : VL_OK;
}

static vl_code slof(const uint8_t *src, size_t n, double *out, size_t *count, vl_err *err)
{
    if (n == 0 || n == 8) return VL_OK;
    if (n < 8 || n % 2) return vl_fail(err, VL_EFORMAT, "numpress slof of %zu bytes", n);
    const double fixed = fixed_point(src);
    if (!usable(fixed)) return vl_fail(err, VL_EFORMAT, "numpress slof with fixed point %g", fixed);
    *count = (n - 8) / 2;
    for (size_t i = 0; out && i < *count; i++) out[i] = exp(vl_le16(src + 8 + 2 * i) / fixed) - 1;
    return VL_OK;
}

vl_code vl_numpress_decode(vl_numpress how, const uint8_t *src, size_t n, double *out, size_t *count,
                           vl_err *err)
{
    *count = 0;
    switch (how) {
    case VL_NUMPRESS_LINEAR: return linear(src, n, out, count, err);
    case VL_NUMPRESS_PIC: return pic(src, n, out, count, err);
    case VL_NUMPRESS_SLOF: return slof(src, n, out, count, err);
    }
    return vl_fail(err, VL_EBUG, "numpress coding %d", (int)how);
}
