/* Bytes for the checks of codecs: what columns hold, and what they hold once in a lifetime. */
#include "pipeline/codec/test/codec_test.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

const char *const sort_name[NSORT] = { "equal",         "line",        "random",         "all values",
                                       "two values",    "four values", "sixteen values", "bases",
                                       "bases, N runs", "IUPAC",       "lower case",     "qualities",
                                       "names",         "counts",      "peaks",          "odd floats" };

/* Floats that arithmetic would not give back: signed zeros, infinities, quiet and signalling NaNs,
 * denormals. */
static const uint64_t odd_f64[] = { 0,
                                    UINT64_C(1) << 63,
                                    UINT64_C(0x7ff0000000000000),
                                    UINT64_C(0xfff0000000000000),
                                    UINT64_C(0x7ff8000000000000),
                                    UINT64_C(0x7ff0000000000001),
                                    UINT64_C(0xffffffffffffffff),
                                    1,
                                    UINT64_C(0x7fefffffffffffff) };
static const uint32_t odd_f32[] = { 0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000,
                                    0x7f800001, 0xffffffff, 1,          0x7f7fffff };

static uint8_t letter(sort of, size_t i, uint64_t dice)
{
    switch (of) {
    case ALL_VALUES: return (uint8_t)i;
    case TWO_VALUES: return dice % 9 ? 37 : 11;
    case FOUR_VALUES: return (uint8_t)(2 + 11 * (dice % 4));
    case SIXTEEN_VALUES: return (uint8_t)(17 * (dice % 16));
    case BASES: return (uint8_t) "ACGT"[dice % 4];
    case N_RUNS: return i % 97 < 9 && i > 40 ? 'N' : (uint8_t) "ACGT"[dice % 4];
    case IUPAC: return (uint8_t) "ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTURYSWKMBDHVN-.*"[dice % 59];
    case LOWER: return (uint8_t) "ACGTacgtn"[(i / 50 & 1) * 4 + dice % (i / 50 & 1 ? 5 : 4)];
    default: return (uint8_t)dice;
    }
}

/* Forty levels that drift, and fall towards the end of rows of 101. */
static void draw_qualities(uint8_t *to, size_t n, uint64_t *dice)
{
    int level = 38;
    for (size_t i = 0; i < n; i++) {
        const int step = (int)(check_random(dice) % 16), most = 40 - (int)(i % 101) / 6;
        level += step < 3 ? -3 : step < 6 ? 3 : 0;
        if (i % 101 == 0 || level > most) level = most;
        if (level < 2) level = 2;
        to[i] = (uint8_t)level;
    }
}

static void draw_names(uint8_t *to, size_t n, uint64_t *dice)
{
    unsigned x = 1000, y = 2000;
    for (size_t i = 0; i < n;) {
        char name[64];
        x += (unsigned)(check_random(dice) % 400);
        y += (unsigned)(check_random(dice) % 3);
        const int made = snprintf(name, sizeof name, "VH00444:79:AAATYHHM5:1:1101:%u:%u", x % 60000, y);
        const size_t len = n - i < (size_t)made ? n - i : (size_t)made;
        memcpy(to + i, name, len);
        i += len;
    }
}

/* One element of a sort that is made of whole numbers. */
static uint64_t number(sort of, size_t width, size_t i, uint64_t *dice, double *mz)
{
    const uint64_t r = check_random(dice);
    if (of == COUNTS) return r % 8 ? r % 50 : r >> 32;
    if (of == FLOATS) return width == 4 ? odd_f32[r % 9] : odd_f64[r % 9];
    *mz = i % 300 ? *mz + 0.01 + (double)(r % 10000) / 1000 : 200; /* m/z of spectra of 300 peaks */
    const float single = (float)*mz;
    uint64_t bits = 0;
    memcpy(&bits, width == 4 ? (const void *)&single : mz, width == 4 ? 4 : 8);
    return bits;
}

static void draw_numbers(uint8_t *to, sort of, size_t n, size_t width, uint64_t *dice)
{
    const uint64_t first = check_random(dice), step = check_random(dice) % 1000;
    double mz = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t x = of == EQUAL  ? first
                           : of == LINE ? first + i * step
                                        : number(of, width, i, dice, &mz);
        memcpy(to + i * width, &x, width);
    }
}

void draw(vl_buf *plain, sort of, size_t n, vl_type type, uint64_t seed)
{
    vl_err err = VL_ERR_INIT;
    const size_t width = vl_type_width(type);
    uint64_t dice = seed;
    vl_buf_free(plain);
    if (vl_buf_reserve(plain, n * width, &err)) abort();
    plain->len = n * width;
    const bool whole =
        of == EQUAL || of == LINE || of == COUNTS || ((of == PEAKS || of == FLOATS) && width >= 4);
    if (whole) draw_numbers(plain->data, of, n, width, &dice);
    else if (of == QUALITIES) draw_qualities(plain->data, plain->len, &dice);
    else if (of == NAMES) draw_names(plain->data, plain->len, &dice);
    else
        for (size_t i = 0; i < plain->len; i++) plain->data[i] = letter(of, i, check_random(&dice));
}
