/*
 * Base64, RFC 4648 section 4: three bytes are four letters of 6 bits, the highest bits first; the end is
 * padded with '='.
 *
 * b64_encode  in: src [n]. Out: dst [4 * ((n + 2) / 3)] letters; returns that number.
 * b64_decode  in: src [n] letters, read strictly: n is a multiple of 4, only the alphabet, padding only at
 * the very end, bits that carry nothing are 0. Out: dst, which has n / 4 * 3 bytes; returns how many are
 *             filled. *bad = n when all is well. Else *bad is the index of the first letter at fault, and
 * what is returned is the bytes of the whole groups of four before it. An incomplete last group of good
 *             letters is at fault where it starts; bits that should be 0, at the last letter before the
 * padding. What is in dst past the bytes returned is not specified. dst and src do not overlap.
 */
#include "kernels/choose.h"

static const uint8_t letters[64] = { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" };

enum { XX = 0x80 }; /* no letter of the alphabet */
static const uint8_t sextet[128] = {
    XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
    XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX, 63, 52, 53, 54, 55,
    56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX, XX, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
    13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, XX, XX, XX, XX, XX, XX, 26, 27, 28, 29, 30, 31, 32,
    33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX,
};

static unsigned six(uint8_t c) { return c < 128 ? sextet[c] : XX; }

static size_t b64_encode_scalar(uint8_t *dst, const uint8_t *src, size_t n)
{
    uint8_t *out = dst;
    size_t i = 0;

    for (; n - i >= 3; i += 3, out += 4) {
        out[0] = letters[src[i] >> 2];
        out[1] = letters[(src[i] << 4 | src[i + 1] >> 4) & 63];
        out[2] = letters[(src[i + 1] << 2 | src[i + 2] >> 6) & 63];
        out[3] = letters[src[i + 2] & 63];
    }
    if (n - i > 0) {
        const uint8_t second = n - i == 2 ? src[i + 1] : 0;
        out[0] = letters[src[i] >> 2];
        out[1] = letters[(src[i] << 4 | second >> 4) & 63];
        out[2] = n - i == 2 ? letters[second << 2 & 63] : '=';
        out[3] = '=';
        out += 4;
    }
    return (size_t)(out - dst);
}

/* The group at src[i], which is not four letters of the alphabet, or not the last and whole: ends the
 * decoding. */
static size_t decode_end(uint8_t *dst, const uint8_t *src, size_t n, size_t i, size_t *bad)
{
    const size_t left = n - i < 4 ? n - i : 4, ndone = i / 4 * 3;
    unsigned v[4] = { 0 };
    size_t good = 0;

    while (good < left && (v[good] = six(src[i + good])) != XX) good++;
    if (left == 4 && n - i == 4 && good >= 2 && src[i + 3] == '=' && (good == 3 || src[i + 2] == '=')) {
        if (v[good - 1] & (good == 3 ? 3 : 15)) {
            *bad = i + good - 1;
            return ndone;
        }
        dst[ndone] = (uint8_t)(v[0] << 2 | v[1] >> 4);
        if (good == 3) dst[ndone + 1] = (uint8_t)(v[1] << 4 | v[2] >> 2);
        *bad = n;
        return ndone + good - 1;
    }
    *bad = good < left ? i + good : i; /* all good but incomplete: where it starts; n when nothing is left */
    return ndone;
}

/* Goes on at src[i]; what is before it is whole groups, decoded. */
static size_t decode_from(uint8_t *dst, const uint8_t *src, size_t n, size_t i, size_t *bad)
{
    for (; n - i >= 4; i += 4) {
        const unsigned a = six(src[i]), b = six(src[i + 1]), c = six(src[i + 2]), d = six(src[i + 3]);
        if ((a | b | c | d) & XX) break;
        uint8_t *const out = dst + i / 4 * 3;
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
    }
    return decode_end(dst, src, n, i, bad);
}

static size_t b64_decode_scalar(uint8_t *dst, const uint8_t *src, size_t n, size_t *bad)
{
    return decode_from(dst, src, n, 0, bad);
}

void vl_b64_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->b64_encode = b64_encode_scalar;
    k->b64_decode = b64_decode_scalar;
}
