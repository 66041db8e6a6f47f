/*
 * Codec fields: numbers of all notations come back, as printf has them; columns take few bytes; and payloads
 * that lie.
 */
#include "pipeline/codec/fields.h"
#include "pipeline/codec/test/codec_test.h"
#include "pipeline/test/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ENOUGH = 2048, LINES = 2000 };

/* A line of text. */
static void add(vl_buf *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(vl_buf *text, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    put(text, line, (size_t)n);
}

static double between(uint64_t *dice, double from, double to)
{
    return from + (to - from) * (double)(check_random(dice) % 1000000007) / 1000000007;
}

/* Zeros at the end are left out, down to one digit. */
static const char *trimmed(const char *format, double v)
{
    static char text[64];
    int n = snprintf(text, sizeof text, format, v);
    while (n > 2 && text[n - 1] == '0' && text[n - 2] != '.') n--;
    text[n] = 0;
    return text;
}

/* Lines of runs, cut off at n letters. */
static void draw_fields(vl_buf *plain, size_t n, vl_type type, uint64_t seed)
{
    uint64_t dice = seed;
    (void)type;
    vl_buf_free(plain);
    for (unsigned i = 0; plain->len < n; i++) {
        const float mz = (float)between(&dice, 100, 2000);
        add(plain, "<s i=\"%u\" id=\"scan=%u\" n=\"%u\"/>\n", i, i + 1,
            (unsigned)(check_random(&dice) % 900));
        add(plain, " <p a=\"MS:1000%u\" v=\"%.2f\"/>", i % 3 ? 511 : 512, (double)mz);
        add(plain, " <p a=\"MS:1000744\" v=\"%s\"/>\n", trimmed("%.12f", (double)mz));
    }
    plain->len = n;
}

/* ---- numbers ---- */

static void check_length(const char *text, size_t n)
{
    HOLDS(vl_field_length((const uint8_t *)text, strlen(text)) == n, "%s has a number of %zu bytes", text, n);
}

static void check_lengths(void)
{
    check_length("1", 1);
    check_length("12.5x", 4);
    check_length("1.", 1);
    check_length("1..5", 1);
    check_length("0001.50", 7);
    check_length("1.5e06", 6);
    check_length("1.5E+006 ", 8);
    check_length("1.5e-06", 3);
    check_length("1.5e0", 3);
    check_length("1.5e19", 3);
    check_length("1.5e", 3);
    check_length("1.5e+", 3);
    check_length("1.5e0006", 3);
    check_length("15.5e06", 4); /* not in that notation */
    check_length("0.5e06", 3);
    check_length("1e06", 1);
}

/* As printf has it. */
static void check_print(const vl_field_form *form, vl_field_value v, const char *text)
{
    uint8_t own[VL_FIELD_LONG];
    const size_t n = vl_field_print(form, v, own);
    HOLDS(n == strlen(text) && !memcmp(own, text, n), "%.*s is not %s", (int)n, (const char *)own, text);
}

static void check_floats(void)
{
    uint64_t dice = 3;
    const vl_field_form form = { 15, 1, 1, 0, 0 };
    for (int i = 0; i < 4000; i++) {
        const float v = (float)between(&dice, 0, i % 2 ? 1 : 5000);
        uint32_t bits;
        vl_field_value value;
        memcpy(&bits, &v, 4);
        if (v < 0.001) continue; /* more digits than 15, and ties */
        HOLDS(vl_field_of_float(bits, 15, &value), "a float");
        if (v >= 256) check_print(&form, value, trimmed("%.15f", (double)v)); /* all of its digits */
        HOLDS(value.whole == (uint64_t)v, "%.9g", (double)v);
        const double part = (double)v - (double)(uint64_t)v;
        HOLDS(part * 1e15 - 1 <= (double)value.part && (double)value.part <= part * 1e15 + 1, "%.9g",
              (double)v);
    }
    vl_field_value v;
    HOLDS(vl_field_of_float(0, 18, &v) && !v.whole && !v.part, "0");
    HOLDS(vl_field_of_float(1, 18, &v) && !v.whole && !v.part, "the least float");
    HOLDS(vl_field_of_float(0x3f7fffff, 1, &v) && v.whole == 1 && !v.part, "0.99999994, rounded");
    HOLDS(vl_field_of_float(0x5effffff, 1, &v) && v.whole == UINT64_C(0x7fffff8000000000), "2^63");
    HOLDS(!vl_field_of_float(0x5f000000, 1, &v) && !vl_field_of_float(0x80000000, 1, &v) &&
              !vl_field_of_float(0x7f800000, 1, &v) && !vl_field_of_float(0xffffffff, 1, &v),
          "floats that are none of ours");
}

static void check_prints(void)
{
    const vl_field_form sixes = { 6, 0, 1, 0, 0 }, wide = { 2, 2, 5, 0, 0 };
    const vl_field_form large = { 3, 1, 1, 5, 2 * VL_FIELD_EXPONENT };
    const vl_field_form most = { 18, 18, 1, 18, 3 * VL_FIELD_EXPONENT | VL_FIELD_PLUS | VL_FIELD_UPPER };
    check_print(&sixes, (vl_field_value){ 1, 500000 }, "1.5");
    check_print(&sixes, (vl_field_value){ 10, 0 }, "10");
    check_print(&wide, (vl_field_value){ 7, 5 }, "00007.05");
    check_print(&large, (vl_field_value){ 99999, 125 }, "99999.125");
    check_print(&large, (vl_field_value){ 100000, 0 }, "1.0e05");
    check_print(&large, (vl_field_value){ 1937828, 375 }, "1.937828375e06");
    check_print(&most, (vl_field_value){ UINT64_MAX, 1 }, "1.8446744073709551615000000000000000001E+019");
    check_lengths();
    check_floats();
}

/* ---- texts ---- */

/* Comes back, whether or not the codec wants it. */
static bool trip(const char *what, const vl_buf *text, size_t fill)
{
    static vl_buf packed, back;
    vl_err err = VL_ERR_INIT;
    bool fits = false;
    const vl_pack_job job = {
        .plain = text->data, .len = text->len, .fill = fill, .type = VL_U8, .work = &old_work
    };
    HOLDS(!vl_pack(vl_codec_find(VL_CODEC_fields), &job, &packed, &fits, &err), "%s", err.what);
    if (!fits) return false;
    HOLDS(!vl_unpack(packed.data, packed.len, &back, &old_work, &err) && back.len == text->len &&
              !memcmp(back.data, text->data, text->len),
          "%s: %s", what, err.what);
    return true;
}

/* What columns of one sort take: bytes for each line. */
static void check_size(const char *what, vl_buf *text, double most)
{
    const size_t n = packed_and_back(VL_CODEC_fields, text, VL_U8);
    HOLDS((double)n < most * LINES, "%s: %zu bytes of %d lines", what, n, LINES);
    text->len = 0;
}

static void check_columns(void)
{
    vl_buf t = { 0 };
    uint64_t dice = 11;
    for (int i = 0; i < LINES; i++)
        add(&t, "m/z %s of it\n", trimmed("%.14f", (float)between(&dice, 512, 1023)));
    check_size("floats", &t, 3.5);
    for (int i = 0; i < LINES; i++) {
        const double v = (float)between(&dice, 1e4, 1e9); /* no digit behind the 12th */
        int power = 0;
        double m = v;
        while (v >= 1e5 && m >= 10) m = v / pow(10, ++power);
        if (power) add(&t, "of %se%02d in all\n", trimmed("%.12f", m), power);
        else add(&t, "of %s in all\n", trimmed("%.12f", v));
    }
    check_size("floats with exponents", &t, 4);
    for (int i = 0; i < LINES; i++) add(&t, "number %05d of it\n", 99000 + i);
    check_size("numbers in turn, of five digits", &t, 0.2);
    for (int i = 0; i < LINES; i++) {
        const double v = between(&dice, 100, 2000);
        add(&t, "at %.3f there is %.6f, or %.6f\n", v, v, v);
    }
    check_size("the same three times, once rounded", &t, 5);
    for (int i = 0; i < LINES; i++) add(&t, "%u of term MS:1000%03d, %u\n", i, i % 7, 5 * i + i % 2);
    check_size("terms", &t, 1);
    vl_buf_free(&t);
}

/* Numbers that no column has much of, among others that are regular. */
static void check_odd(void)
{
    static const char *const odd[] = {
        "0",
        "00",
        "007",
        "1.",
        ".5",
        "1.50",
        "-0.0",
        "1e400",
        "1.0e400",
        "1.5e06",
        "1.5E+06",
        "1.5e+006",
        "1.5e0",
        "1.0e18",
        "1.0e19",
        "9.5e-300",
        "1.2.3.4",
        "1,5",
        "1.0e1e1",
        "0.0e00",
        "NaN",
        "",
        "99999999999999999999999",
        "123456789012345678",
        "0.123456789012345678",
        "1152921504606846976",
        "9.9999999999999999",
        "3.40282346638528860e18",
        "1234567890.123456789",
        "0.1234567890123456789",
        "0.12345678901234567890123456789",
        "0.1234567890123456789012345678901234567890123",
        "11111111111111111111111111111111111111111111111111111111111111111111"
    };
    enum { NODD = sizeof odd / sizeof *odd };
    vl_buf t = { 0 };
    uint64_t dice = 5;
    for (unsigned often = 2; often < 200; often *= 3) {
        for (unsigned i = 0; i < LINES; i++) {
            const char *const one = odd[check_random(&dice) % NODD];
            const bool is = check_random(&dice) % often == 0;
            add(&t, "a=%s\n", is ? one : trimmed("%.9f", between(&dice, 0, 1e4)));
            add(&t, "bc=%s\n", is ? one : trimmed("%.12f", (float)between(&dice, 0, 1e4)));
            if (is) add(&t, "def=%s;\n", one);
            else add(&t, "def=%u;\n", i);
        }
        HOLDS(trip("odd numbers", &t, 0) || often < 18, "one in %u is odd", often);
        for (size_t cut = 1; cut < 40; cut++) { /* a chunk ends within a number */
            t.len--;
            trip("odd numbers, cut off", &t, 0);
        }
        t.len = 0;
    }
    vl_buf_free(&t);
}

/* Three columns that say each other, each with its own exceptions. */
static void check_guesses(void)
{
    vl_buf t = { 0 };
    uint64_t dice = 9;
    for (int i = 0; i < LINES; i++) {
        const double v = between(&dice, 0, 1e5);
        add(&t, check_random(&dice) % 20 ? "a: %.6f" : "a: 0%.7f", v);
        add(&t, check_random(&dice) % 20 ? ", then: %.3f" : ", then: %.2f", v);
        add(&t, check_random(&dice) % 20 ? " and: %.3f;\n" : " and: 000%.3f;\n", v);
    }
    check_size("columns that say each other", &t, 6.5);
    vl_buf_free(&t);
}

static void check_random_texts(void)
{
    static const char *const letters[] = { "0123456789.e+-", "01.", "0123456789abcdef", "12\n",
                                           "9.e1 <>\"=\n" };
    vl_buf t = { 0 };
    uint64_t dice = 8;
    for (size_t i = 0; i < 40; i++) {
        const char *const of = letters[i % 5];
        t.len = 0;
        for (size_t k = 0; k < 3000; k++) put(&t, of + check_random(&dice) % strlen(of), 1);
        const size_t one = t.len;
        if (vl_buf_reserve(&t, 4 * one, &(vl_err)VL_ERR_INIT)) abort();
        put(&t, t.data, one); /* again, so that there is something to gain */
        put(&t, t.data, one);
        trip("letters", &t, 0);
    }
    draw_fields(&t, 5000, VL_U8, 7);
    HOLDS(trip("filled up", &t, 0), "text");
    t.data[4000] = 0;
    HOLDS(!trip("a zero byte", &t, 0), "a zero byte is no text");
    draw_fields(&t, 5000, VL_U8, 7);
    memset(t.data + 4000, '7', 1000);
    HOLDS(trip("filled up", &t, 999), "text");
    vl_buf_free(&t);
}

/* ---- payloads that lie ---- */

/* A chunk of 16 bytes with this template, of n bytes, and what follows. */
static void lie(const char *template, size_t n, const char *rest, size_t nrest, const char *reason)
{
    static vl_buf f, frame;
    frame.len = 0;
    put_zstd(&frame, template, n);
    const uint8_t head[3] = { 0, (uint8_t)n, (uint8_t)frame.len };
    begin(&f, VL_CODEC_fields, 1, 16);
    put(&f, head, 3);
    put(&f, frame.data, frame.len);
    put(&f, rest, nrest);
    REFUSE(&f, reason);
}

#define LIE(template, rest, reason) lie(template, sizeof(template) - 1, rest, sizeof(rest) - 1, reason)
#define TEXT14                      "0123456789abcd"

static void check_heads(void)
{
    static const char *const heads[] = {
        "", "\x10", "\0", "\0\0", "\0\x11", "\0\5", "\0\5\x7f", "\0\5\2\0\0"
    };
    static const size_t len[] = { 0, 1, 1, 2, 2, 2, 3, 5 };
    vl_buf f = { 0 };
    for (size_t i = 0; i < sizeof len / sizeof *len; i++) {
        begin(&f, VL_CODEC_fields, 1, 16);
        put(&f, heads[i], len[i]);
        REFUSE(&f, i < 7 ? "numbers in text" : "zstd");
    }
    begin(&f, VL_CODEC_fields, 2, 16);
    put(&f, "\0\1", 2);
    REFUSE(&f, "first bytes");
    begin(&f, VL_CODEC_fields, 1, 0);
    put(&f, "\0\1", 2);
    REFUSE(&f, "first bytes");
    vl_buf_free(&f);
}

static void check_lies(void)
{
    check_heads();
    LIE(TEXT14, "", "templates");                       /* 2 bytes less */
    LIE("a\0b\0c\0d\0e\0", "", "columns");              /* more numbers than may be */
    LIE(TEXT14 "\0", "", "forms");                      /* none */
    LIE(TEXT14 "\0", "\x80", "forms");                  /* unknown */
    LIE(TEXT14 "\0", "\x03", "forms");                  /* no such kind */
    LIE(TEXT14 "\0", "\x10", "forms");                  /* text with exceptions */
    LIE(TEXT14 "\0", "\x01\x13\x00", "forms");          /* 19 digits */
    LIE(TEXT14 "\0", "\x01\x02\x03", "forms");          /* at least 3, at most 2 */
    LIE(TEXT14 "\0", "\x61\x00\x00\x00", "forms");      /* no digit */
    LIE(TEXT14 "\0", "\x61\x13\x00\x00", "forms");      /* 19 wide */
    LIE(TEXT14 "\0", "\x61\x01\x13\x00", "forms");      /* from 10^19 on */
    LIE(TEXT14 "\0", "\x61\x01\x01\x10", "forms");      /* exponents of four digits */
    LIE(TEXT14 "\0", "\x25\x01", "forms");              /* another column, which there is not */
    LIE(TEXT14 "\0", "\x26\x00", "forms");              /* floats by another column */
    LIE(TEXT14 "\0", "\x25\x00\x00\x00", "columns");    /* by itself */
    LIE(TEXT14 "\0", "\x21", "hows");                   /* no numbers */
    LIE(TEXT14 "\0", "\x21\x00\x00", "templates");      /* a digit; 15 bytes */
    LIE(TEXT14 "\0", "\x21\x00\xe8\x07", "templates");  /* four; 18 bytes */
    LIE(TEXT14 "\0", "\x21\x00\x0a\x00", "last bytes"); /* more behind */
    LIE(TEXT14 "\0", "\x02\x01\x01\x00\x80\x80\x80\x80\x08", "floats"); /* negative */
    LIE(TEXT14 "\0", "\x00\x00", "texts");                              /* no text */
    LIE(TEXT14 "\0", "\x00\x7f\x01\x0a", "texts");                      /* more than may be */
    LIE(TEXT14 "\0", "\x00\x01\x01\x0a", "texts");                      /* an empty one */
    LIE(TEXT14 "\0", "\x00\x02\x01\x31", "texts");                      /* without end */
    LIE(TEXT14 "\0", "\x00\x04\x00\x31\x0a\x32\x0a", "texts");          /* one more */
    LIE(TEXT14 "\0", "\x31\x00", "exceptions");                         /* none */
    LIE(TEXT14 "\0", "\x31\x02", "exceptions");                         /* more than numbers */
    LIE(TEXT14 "\0", "\x31\x01\x00\x01\x02\x00\x31\x0a", "exceptions"); /* behind the last */
    LIE("ab\0cdefghijkl\0", "\x00\x25\x00\x00\x00", "columns");         /* by text, which comes behind */
}

static void crafted(void)
{
    check_prints();
    check_columns();
    check_odd();
    check_guesses();
    check_random_texts();
    check_lies();
}

const vl_codec_test vl_codec_test_fields = { .draw = draw_fields, .crafted = crafted, .enough = ENOUGH };
