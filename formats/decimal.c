/*
 * Numbers as the shortest decimal that reads back as the same double, or the same float.
 *
 * printf can only be asked for a number of digits, and asking for more and more of them costs microseconds.
 * Here the digits come from one multiplication in long double, whose 64-bit mantissa leaves room to spare;
 * when the result lies too near to the border between two doubles to be sure, printf and strtod decide.
 */
#include "formats/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POWERS = 28 };

static long double power10(int e)
{
    static const long double table[POWERS] = { 1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                               1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                               1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                               1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L };
    return table[e]; /* exact: 10^27 has 63 significant bits */
}

/* v * 10^e, rounded once. */
static long double scale(long double v, int e) { return e >= 0 ? v * power10(e) : v / power10(-e); }

static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* Distance to the next double or float below: at powers of two it is half of that above. */
static long double step(double v, bool single)
{
    if (single) return (long double)(float)v - (long double)nextafterf((float)v, 0);
    const uint64_t below = bits_of(v) - 1;
    double next;
    memcpy(&next, &below, sizeof next);
    return (long double)v - (long double)next;
}

/* The power of ten of the first digit of v, from that of two, which leaves two to choose from (logarithms
 * took a third of a view's time). Right below a power of ten it may be one too high: a digit less is then
 * tried, and does no harm. False: beyond our powers of ten. */
static bool magnitude_of(double v, int *out)
{
    const int two = (int)(bits_of(v) >> 52) - 1023, low = (int)floor(two * 0.30102999566398120);
    const int e = -(low + 1), most = POWERS - 1, part = e < -most ? -most : e > most ? most : e;
    if (e - part < -most || e - part > most) return false;
    *out = scale(scale((long double)v, part), e - part) >= 1 ? low + 1 : low;
    return true;
}

/* The digits of v > 0 as an integer of n digits or fewer, and the power of ten of the last; false: not sure.
 */
static bool shortest(double v, bool single, uint64_t *digits, int *last)
{
    int magnitude;
    if (!magnitude_of(v, &magnitude)) return false;
    const long double room = step(v, single) * 0.49L;
    for (int n = single ? 6 : 15; n <= (single ? 9 : 17); n++) {
        const int e = n - 1 - magnitude;
        if (e >= POWERS || e <= -POWERS) return false;
        const long double m = rintl(scale((long double)v, e)), back = scale(m, -e);
        const long double off = fabsl(back - (long double)v);
        if (off > room * 1.0001L && off < room * 1.05L) return false;
        if (off > room) continue;
        *digits = (uint64_t)m;
        *last = -e;
        return true;
    }
    return false;
}

/* Plain notation from 1e-4 up to 1e15, else one digit, point, the others, and an exponent. */
static size_t put(char *s, uint64_t digits, int last)
{
    char room[24], *d = room + sizeof room, *p = s;
    for (; digits % 10 == 0; digits /= 10) last++;
    for (; digits; digits /= 10) *--d = (char)('0' + digits % 10);
    const int n = (int)(room + sizeof room - d), first = last + n - 1;
    if (first < -4 || first >= 15) {
        *p++ = d[0];
        if (n > 1) *p++ = '.';
        memcpy(p, d + 1, (size_t)n - 1);
        p += n - 1;
        return (size_t)(p - s) + (size_t)sprintf(p, "e%c%02d", first < 0 ? '-' : '+', abs(first));
    }
    if (first < 0) {
        memcpy(p, "0.000", 5);
        memcpy(p + 1 - first, d, (size_t)n);
        return (size_t)(p + 1 - first + n - s);
    }
    for (int i = 0; i < n || i <= first; i++) {
        if (i == first + 1) *p++ = '.';
        *p++ = i < n ? d[i] : '0';
    }
    return (size_t)(p - s);
}

vl_code vl_text_number(vl_buf *text, double v, bool single, vl_err *err)
{
    char s[48];
    size_t at = 0;
    uint64_t digits = 0;
    int last = 0;
    if (isnan(v)) return VL_OK;
    const double size = fabs(v);
    if (size >= (single ? (double)FLT_MIN : DBL_MIN) && isfinite(v) &&
        shortest(size, single, &digits, &last)) {
        if (v < 0) s[at++] = '-';
        at += put(s + at, digits, last);
        return vl_buf_append(text, s, at, err);
    }
    for (int n = single ? 6 : 15; n <= (single ? 9 : 17); n++) {
        snprintf(s, sizeof s, "%.*g", n, v);
        if (single ? strtof(s, NULL) == (float)v : strtod(s, NULL) == v) break;
    }
    return vl_buf_append(text, s, strlen(s), err);
}
