/*
 * Arrays as doubles, for queries: whatever a column holds is widened or decoded (spectra.h, CODING).
 *
 * Dictionary coding: u64 where the indices begin, u64 count m, m distinct elements (byte-shuffled), then an
 * index for each value (byte-shuffled; u8 if m <= 2^8, u16 if m <= 2^16, u32, u64). All little-endian. No
 * bytes at all are no values.
 */
#include <math.h>
#include <string.h>

#include "formats/spectra/mzml.h"
#include "formats/spectra/numpress.h"

/* Byte j of element i of a shuffled array of n elements of this width. */
static uint64_t shuffled(const uint8_t *p, size_t n, size_t width, size_t i)
{
    uint64_t v = 0;
    for (size_t j = 0; j < width; j++) v |= (uint64_t)p[j * n + i] << (8 * j);
    return v;
}

vl_code vl_mz_dictionary(const uint8_t *src, size_t n, vl_buf *out, size_t *count, size_t *width, vl_err *err)
{
    *count = *width = 0;
    if (!n) return VL_OK;
    if (n < 16) return vl_fail(err, VL_EFORMAT, "dictionary of %zu bytes", n);
    const uint64_t at = vl_le64(src), m = vl_le64(src + 8);
    if (at < 16 || at > n || m > n)
        return vl_fail(err, VL_EFORMAT, "dictionary with indices at %llu of %zu bytes",
                       (unsigned long long)at, n);
    if (m == 0) return at == n ? VL_OK : vl_fail(err, VL_EFORMAT, "indices into an empty dictionary");
    const size_t wide = ((size_t)at - 16) / (size_t)m;
    if (((size_t)at - 16) % (size_t)m || (wide != 1 && wide != 2 && wide != 4 && wide != 8))
        return vl_fail(err, VL_EFORMAT, "dictionary of %llu values in %llu bytes", (unsigned long long)m,
                       (unsigned long long)at - 16);
    const size_t iw = m <= 1 << 8 ? 1 : m <= 1 << 16 ? 2 : m <= UINT64_C(1) << 32 ? 4 : 8;
    const size_t rest = n - (size_t)at, nvalue = rest / iw;
    if (rest % iw) return vl_fail(err, VL_EFORMAT, "dictionary indices end inside one");
    for (size_t i = 0; i < nvalue; i++) {
        const uint64_t index = shuffled(src + at, nvalue, iw, i);
        if (index >= m)
            return vl_fail(err, VL_EFORMAT, "dictionary index %llu of %llu", (unsigned long long)index,
                           (unsigned long long)m);
        const uint64_t v = shuffled(src + 16, (size_t)m, wide, (size_t)index);
        uint8_t bytes[8];
        vl_put_le64(bytes, v);
        if (out && vl_buf_append(out, bytes, wide, err)) return err->code;
    }
    *count = nvalue;
    *width = wide;
    return VL_OK;
}

/* IEEE 754 half precision. */
static double half_float(uint16_t v)
{
    const int exponent = v >> 10 & 31, fraction = v & 1023;
    const double sign = v >> 15 ? -1 : 1;
    if (exponent == 31) return fraction ? NAN : sign * INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static void put(uint8_t *out, size_t i, double v) { memcpy(out + 8 * i, &v, 8); }

static double from_float(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, 4);
    return (double)v;
}

/* n elements as doubles: one loop a type. */
static void widen(vl_type type, const uint8_t *restrict p, size_t n, uint8_t *restrict out)
{
    size_t i = 0;
    switch (type) {
    case VL_U8:
        for (; i < n; i++) put(out, i, p[i]);
        break;
    case VL_I8:
        for (; i < n; i++) put(out, i, (int8_t)p[i]);
        break;
    case VL_U16:
        for (; i < n; i++) put(out, i, vl_le16(p + 2 * i));
        break;
    case VL_I16:
        for (; i < n; i++) put(out, i, (int16_t)vl_le16(p + 2 * i));
        break;
    case VL_U32:
        for (; i < n; i++) put(out, i, vl_le32(p + 4 * i));
        break;
    case VL_I32:
        for (; i < n; i++) put(out, i, (int32_t)vl_le32(p + 4 * i));
        break;
    case VL_U64:
        for (; i < n; i++) put(out, i, (double)vl_le64(p + 8 * i));
        break;
    case VL_I64:
        for (; i < n; i++) put(out, i, (double)(int64_t)vl_le64(p + 8 * i));
        break;
    case VL_F32:
        for (; i < n; i++) put(out, i, from_float(vl_le32(p + 4 * i)));
        break;
    case VL_F64:
        for (; i < n; i++) vl_put_le64(out + 8 * i, vl_le64(p + 8 * i));
        break;
    }
}

static vl_code widen_all(vl_type type, const uint8_t *payload, size_t n, vl_buf *out, vl_err *err)
{
    const size_t width = vl_type_width(type), count = n / width;
    if (n % width)
        return vl_fail(err, VL_EFORMAT, "%zu bytes are no whole number of %s", n, vl_type_name(type));
    if (count > SIZE_MAX / 16) return vl_fail(err, VL_ENOMEM, "array of %zu values", count);
    if (vl_buf_grow(out, count * sizeof(double), err)) return err->code;
    widen(type, payload, count, out->data + out->len);
    out->len += count * sizeof(double);
    return VL_OK;
}

static vl_code numpress(vl_numpress how, const uint8_t *payload, size_t n, vl_buf *out, vl_err *err)
{
    size_t count = 0;
    vl_buf values = { 0 }; /* aligned, which the end of out need not be */
    if (n > SIZE_MAX / 64) return vl_fail(err, VL_ENOMEM, "array of %zu bytes", n);
    if (vl_buf_reserve(&values, vl_numpress_bound(n) * sizeof(double), err)) return err->code;
    if (!vl_numpress_decode(how, payload, n, (double *)(void *)values.data, &count, err))
        vl_buf_append(out, values.data, count * sizeof(double), err);
    vl_buf_free(&values);
    return err->code;
}

static vl_code dictionary(bool whole, const uint8_t *payload, size_t n, vl_buf *out, vl_err *err)
{
    static const vl_type types[2][9] = { { [1] = VL_U8, [4] = VL_F32, [8] = VL_F64 },
                                         { [1] = VL_I8, [2] = VL_I16, [4] = VL_I32, [8] = VL_I64 } };
    vl_buf plain = { 0 };
    size_t count = 0, width = 0;
    if (vl_mz_dictionary(payload, n, &plain, &count, &width, err)) goto out;
    if (width == 2 && !whole) vl_fail(err, VL_EUNSUP, "dictionary of 2-byte floats");
    else widen_all(types[whole][width], plain.data, count * width, out, err);
out:
    vl_buf_free(&plain);
    return err->code;
}

static vl_code half_floats(const uint8_t *payload, size_t n, vl_buf *out, vl_err *err)
{
    for (size_t i = 0; i + 2 <= n; i += 2) {
        const double v = half_float(vl_le16(payload + i));
        if (vl_buf_append(out, &v, sizeof v, err)) return err->code;
    }
    return n % 2 ? vl_fail(err, VL_EFORMAT, "%zu bytes are no whole number of float16", n) : VL_OK;
}

vl_code vl_array_decode(const char *coding, vl_type type, const uint8_t *payload, size_t n, vl_buf *f64_out,
                        vl_err *err)
{
    if (!coding || !*coding || type != VL_U8) return widen_all(type, payload, n, f64_out, err);
    if (!strcmp(coding, "numpress_linear")) return numpress(VL_NUMPRESS_LINEAR, payload, n, f64_out, err);
    if (!strcmp(coding, "numpress_pic")) return numpress(VL_NUMPRESS_PIC, payload, n, f64_out, err);
    if (!strcmp(coding, "numpress_slof")) return numpress(VL_NUMPRESS_SLOF, payload, n, f64_out, err);
    if (!strcmp(coding, "dictionary")) return dictionary(false, payload, n, f64_out, err);
    if (!strcmp(coding, "dictionary_int")) return dictionary(true, payload, n, f64_out, err);
    if (!strcmp(coding, "float16")) return half_floats(payload, n, f64_out, err);
    return vl_fail(err, VL_EUNSUP, "no numbers can be read from an array of coding %s", coding);
}
