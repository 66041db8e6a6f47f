/*
 * Numbers as they stand in text, and back (fields.h). What is written follows from whole numbers alone, so
 * that it is the same on every machine.
 */
#include "pipeline/codec/fields.h"

const uint64_t vl_tens[VL_FIELD_DIGITS + 2] = { 1,
                                                10,
                                                100,
                                                1000,
                                                10000,
                                                100000,
                                                1000000,
                                                10000000,
                                                100000000,
                                                1000000000,
                                                10000000000,
                                                100000000000,
                                                1000000000000,
                                                10000000000000,
                                                100000000000000,
                                                1000000000000000,
                                                10000000000000000,
                                                100000000000000000,
                                                1000000000000000000,
                                                UINT64_C(10000000000000000000) };

static bool is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }

/* ---- reading ---- */

static size_t digits_at(const uint8_t *text, size_t at, size_t n)
{
    size_t i = at;
    while (i < n && is_digit(text[i])) i++;
    return i - at;
}

/* Bytes of an exponent of 1 to 18, which is written with up to three digits; 0: there is none. */
static size_t exponent_at(const uint8_t *text, size_t at, size_t n, uint8_t *power, uint8_t *style)
{
    if (at == n || (text[at] | 32) != 'e') return 0;
    const bool plus = at + 1 < n && text[at + 1] == '+';
    const size_t first = at + 1 + plus, digits = digits_at(text, first, n);
    unsigned value = 0;
    if (!digits || digits > 3) return 0;
    for (size_t i = 0; i < digits; i++) value = value * 10 + (unsigned)(text[first + i] - '0');
    if (!value || value > VL_FIELD_DIGITS) return 0;
    *power = (uint8_t)value;
    *style = (uint8_t)((text[at] == 'E' ? VL_FIELD_UPPER : 0) | (plus ? VL_FIELD_PLUS : 0) |
                       VL_FIELD_EXPONENT * digits);
    return 1 + plus + digits;
}

size_t vl_field_length(const uint8_t *text, size_t n)
{
    uint8_t power, style;
    const size_t before = digits_at(text, 0, n);
    if (before + 1 >= n || text[before] != '.' || !is_digit(text[before + 1])) return before;
    const size_t end = before + 1 + digits_at(text, before + 1, n);
    return before == 1 && text[0] != '0' ? end + exponent_at(text, end, n, &power, &style) : end;
}

bool vl_field_read(const uint8_t *text, size_t n, vl_field_digits *out)
{
    size_t i = 0;
    *out = (vl_field_digits){ 0 };
    if (n > 2 * VL_FIELD_DIGITS) return false;
    for (; i < n && is_digit(text[i]); i++) out->digits = out->digits * 10 + (uint64_t)(text[i] - '0');
    out->before = (uint8_t)i;
    out->zero = i > 1 && text[0] == '0';
    if (i < n && text[i] == '.') {
        const size_t point = i++;
        for (; i < n && is_digit(text[i]); i++) out->digits = out->digits * 10 + (uint64_t)(text[i] - '0');
        out->behind = (uint8_t)(i - point - 1);
    }
    if (i < n) exponent_at(text, i, n, &out->power, &out->style);
    return out->before + out->behind <= VL_FIELD_DIGITS;
}

/* ---- values ---- */

bool vl_field_value_of(const vl_field_digits *d, unsigned most, vl_field_value *out)
{
    const int behind = vl_field_behind(d);
    if (behind > (int)most) return false;
    if (behind <= 0) {
        uint64_t whole;
        if (__builtin_mul_overflow(d->digits, vl_tens[-behind], &whole)) return false;
        *out = (vl_field_value){ whole, 0 };
        return true;
    }
    const uint64_t ten = vl_tens[behind];
    *out = (vl_field_value){ d->digits / ten, d->digits % ten * vl_tens[(int)most - behind] };
    return true;
}

uint32_t vl_field_float(const vl_field_digits *d)
{
    const int behind = vl_field_behind(d);
    const double all = (double)d->digits;
    const float v = (float)(behind > 0 ? all / (double)vl_tens[behind] : all * (double)vl_tens[-behind]);
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

bool vl_field_of_float(uint32_t bits, unsigned most, vl_field_value *out)
{
    enum { MANTISSA = 23, ONE = 150, LARGEST = 39 }; /* 2^23 has the exponent 150 */
    __extension__ typedef unsigned __int128 wide;
    const uint32_t exponent = bits >> MANTISSA;
    const uint64_t m = (bits & ((1u << MANTISSA) - 1)) | (exponent ? 1u << MANTISSA : 0);
    const int shift = ONE - (int)(exponent ? exponent : 1);
    if (-shift > LARGEST) return false; /* as are those with a sign */
    if (shift <= 0) {
        *out = (vl_field_value){ m << -shift, 0 };
        return true;
    }
    const unsigned s = (unsigned)(shift < 100 ? shift : 100);
    const uint64_t whole = s < 64 ? m >> s : 0, below = s < 64 ? m & ((UINT64_C(1) << s) - 1) : m;
    const uint64_t part = (uint64_t)(((wide)below * vl_tens[most] + ((wide)1 << (s - 1))) >> s);
    *out = part == vl_tens[most] ? (vl_field_value){ whole + 1, 0 } : (vl_field_value){ whole, part };
    return true;
}

/* ---- printing ---- */

static unsigned count_digits(uint64_t v)
{
    unsigned n = 1;
    while (n < VL_FIELD_DIGITS + 2 && v >= vl_tens[n]) n++;
    return n;
}

/* v as n digits. */
static uint8_t *put_digits(uint8_t *to, uint64_t v, unsigned n)
{
    for (unsigned i = n; i; i--) {
        to[i - 1] = (uint8_t)('0' + v % 10);
        v /= 10;
    }
    return to + n;
}

/* Zeros from the end on, down to the least digits behind the point, and the point. */
static uint8_t *trim(uint8_t *point, uint8_t *end, unsigned least)
{
    uint8_t *const stop = point + 1 + least;
    while (end > stop && end[-1] == '0') end--;
    return end == point + 1 ? point : end;
}

static uint8_t *put_exponent(uint8_t *to, unsigned style, unsigned power)
{
    const unsigned least = style / VL_FIELD_EXPONENT, n = count_digits(power);
    *to++ = style & VL_FIELD_UPPER ? 'E' : 'e';
    if (style & VL_FIELD_PLUS) *to++ = '+';
    return put_digits(to, power, n > least ? n : least);
}

size_t vl_field_print(const vl_field_form *form, vl_field_value v, uint8_t *to)
{
    const unsigned n = count_digits(v.whole);
    if (form->power && v.whole >= vl_tens[form->power]) {
        uint8_t *end = put_digits(to + 1, v.whole, n);
        end = put_digits(end, v.part, form->most);
        to[0] = to[1];
        to[1] = '.';
        const unsigned least = form->least < n - 1 + form->most ? form->least : n - 1 + form->most;
        return (size_t)(put_exponent(trim(to + 1, end, least), form->style, n - 1) - to);
    }
    uint8_t *const point = put_digits(to, v.whole, n > form->width ? n : form->width);
    if (!form->most) return (size_t)(point - to);
    *point = '.';
    return (size_t)(trim(point, put_digits(point + 1, v.part, form->most), form->least) - to);
}
