/*
 * The parts of mzML on their own: numbers, XML tokens, numpress, dictionaries, arrays as doubles.
 * Suites: formats spectra. Also: asan.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/mzml.h"
#include "formats/spectra/numpress.h"

static int npassed, nfailed;

#define CHECK(ok, about)                                                                                     \
    do {                                                                                                     \
        if (ok) {                                                                                            \
            npassed++;                                                                                       \
        } else {                                                                                             \
            nfailed++;                                                                                       \
            printf("%s:%d: %s: %s\n", __FILE__, __LINE__, about, #ok);                                       \
        }                                                                                                    \
    } while (0)

static vl_xml_span span(const char *text) { return (vl_xml_span){ (const uint8_t *)text, strlen(text) }; }

static uint64_t seed = 11;
static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static bool same_bits(double a, double b) { return !memcmp(&a, &b, sizeof a); }

static void check_numbers(void)
{
    static const char *const good[] = { "0",
                                        "-0",
                                        "1",
                                        "+1",
                                        ".5",
                                        "5.",
                                        " 7 ",
                                        "1e5",
                                        "1E-5",
                                        "445.347106933594",
                                        "1.6755398e07",
                                        "9007199254740993",
                                        "1e22",
                                        "1e23",
                                        "1e400",
                                        "-1e400",
                                        "1e-400",
                                        "4.9e-324",
                                        "123456789012345678901234567890",
                                        "0.1e1",
                                        "00012.50",
                                        "0.000000000000000000000000000000000001",
                                        "2.2250738585072011e-308" };
    static const char *const bad[] = { "",     " ",   "-",   ".",   "e5",  "1e",       "1e+", "1.2.3",
                                       "0x10", "nan", "inf", "1,5", "1 2", "infinity", "--1", "1-" };
    double v = 0;
    uint64_t u = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(vl_mz_double(span(good[i]), &v) && same_bits(v, strtod(good[i], NULL)), good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!vl_mz_double(span(bad[i]), &v), bad[i]);
    for (int i = 0; i < 200000; i++) {
        static const char *const forms[] = { "%.3f", "%.6g", "%.15g", "%.17g", "%.12e", "%.1e" };
        const uint64_t bits = next_random();
        double d;
        char text[400];
        memcpy(&d, &bits, sizeof d);
        if (i % 2) d = (double)(bits % 2000000000) / 1e6;
        if (!isfinite(d)) continue;
        snprintf(text, sizeof text, i % 2 ? forms[i / 2 % 6] : forms[2 + i / 2 % 4], d);
        CHECK(vl_mz_double(span(text), &v) && same_bits(v, strtod(text, NULL)), text);
    }
    CHECK(vl_mz_double(span("NaN"), &v) && isnan(v), "NaN");
    CHECK(vl_mz_double(span("-INF"), &v) && isinf(v) && v < 0, "-INF");
    CHECK(vl_mz_uint(span(" 18446744073709551615 "), &u) && u == UINT64_MAX, "largest");
    CHECK(!vl_mz_uint(span("18446744073709551616"), &u), "too large");
    CHECK(!vl_mz_uint(span("-1"), &u) && !vl_mz_uint(span(""), &u) && !vl_mz_uint(span("1a"), &u),
          "no number");
}

/* Kinds of the tokens as letters, or what the error says. */
static void tokens(const char *text, bool last, char *out, size_t n)
{
    static const char letters[] = {
        [VL_XML_OPEN] = 'o', [VL_XML_EMPTY] = 'e',   [VL_XML_CLOSE] = 'c', [VL_XML_TEXT] = 't',
        [VL_XML_PI] = 'p',   [VL_XML_COMMENT] = 'm', [VL_XML_CDATA] = 'd'
    };
    vl_err err = VL_ERR_INIT;
    uint8_t *const copy = malloc(strlen(text) + 1); /* without padding, so that reading past it is noticed */
    vl_xml x = { .data = copy, .n = strlen(text), .last = last };
    size_t at = 0;
    memcpy(copy, text, x.n);
    while (!vl_xml_next(&x, &err) && x.kind != VL_XML_END && at + 1 < n) out[at++] = letters[x.kind];
    out[at] = 0;
    if (err.code) snprintf(out, n, "%llu %s", (unsigned long long)err.offset, err.what);
    free(copy);
}

static void check_xml(void)
{
    static const struct {
        const char *text, *want;
        bool last;
    } cases[] = {
        { "<?xml version='1.0'?><a b='1' c = \"x'y\"><d/>t&amp;<!-- <> - --><![CDATA[<&]]></a >", "poetmdc",
          true },
        { "", "", true },
        { "plain", "t", true },
        { "<a", "0 document ends inside a tag", true },
        { "<a", "0 a tag goes on past the end of its record", false },
        { "<a b='", "0 document ends inside an attribute value", true },
        { "<a b", "0 document ends inside a tag", true },
        { "<", "0 document ends inside a tag", true },
        { "</", "0 document ends inside a tag", true },
        { "<!", "0 document ends inside a tag", true },
        { "<!-- -- ", "0 document ends inside a comment", true },
        { "<![CDATA[ ]]", "0 document ends inside a CDATA section", true },
        { "<?x ?", "0 document ends inside a processing instruction", true },
        { "t< a>", "1 '<' is not followed by a name", true },
        { "<a b=1>", "5 attribute value without quotes", true },
        { "<a b>", "4 no '=' after the attribute name", true },
        { "<a b='1'c='2'>", "8 byte 0x63 inside a tag", true },
        { "<a b='<'>", "6 '<' inside an attribute value", true },
        { "<a b='&x;'>", "6 '&x;' is no reference that XML without a DTD knows", true },
        { "<a b='&'>", "6 '&' is no reference that XML without a DTD knows", true },
        { "a&#0;b", "1 '&#0;b' is no reference that XML without a DTD knows", true },
        { "a&#xD800;b", "1 '&#xD800;b' is no reference that XML without a DTD knows", true },
        { "a&#x10FFFF;&#65;", "t", true },
        { "a&#x110000;", "1 '&#x110000;' is no reference that XML without a DTD knows", true },
        { "<a/ >", "2 '/' inside a tag", true },
        { "</a b>", "0 malformed end tag", true },
        { "<!DOCTYPE x>", "0 DTD refused", true },
        { "<!ELEMENT x>", "0 '<!' begins neither a comment nor CDATA", true },
        { " <?xml version='1.0'?>", "1 XML declaration inside the document", true },
        { "\xef\xbb\xbf<?xml version='1.0'?><a/>", "tpe", true },
    };
    char got[300];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tokens(cases[i].text, cases[i].last, got, sizeof got);
        CHECK(!strcmp(got, cases[i].want), got);
    }
    vl_buf out = { 0 };
    vl_err err = VL_ERR_INIT;
    vl_xml_decode(span("a&lt;\r\n\t&#xe9;&#x20ac;&#x1F600;&quot;"), VL_XML_UTF8, &out, &err);
    CHECK(out.len == 14 && !memcmp(out.data, "a<  \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", 14), "decode");
    vl_buf_free(&out);
    static const struct {
        const char *text;
        uint64_t nbad;
        uint64_t at; /* of a byte that is refused */
    } bytes[] = { { "plain text, more than eight bytes\r\n\t", 0, VL_NOWHERE },
                  { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 0, VL_NOWHERE },
                  { "caf\xe9 au lait, cr\xe8me", 2, VL_NOWHERE },
                  { "\xc0\x80", 2, VL_NOWHERE },
                  { "\xed\xa0\x80", 3, VL_NOWHERE },
                  { "\xf4\x90\x80\x80", 4, VL_NOWHERE },
                  { "\xe2\x82", 2, VL_NOWHERE },
                  { "0123456789\x01", 0, 10 },
                  { "\x1f", 0, 0 } };
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        uint64_t nbad = 0;
        err = (vl_err)VL_ERR_INIT;
        const vl_xml x = { .data = (const uint8_t *)bytes[i].text, .n = strlen(bytes[i].text) };
        vl_xml_check(&x, 0, x.n, &nbad, &err);
        CHECK(err.offset == bytes[i].at && (err.code || nbad == bytes[i].nbad), bytes[i].text);
    }
}

/* Half-bytes of a variable int, written as the description in numpress.h says. */
static size_t put_int(uint8_t *half, int32_t value)
{
    const uint32_t v = (uint32_t)value;
    unsigned zeros = 0, ones = 0;
    while (zeros < 8 && !(v >> (28 - 4 * zeros) & 15)) zeros++;
    while (ones < 7 && (v >> (28 - 4 * ones) & 15) == 15) ones++;
    const unsigned skip = zeros ? zeros : ones;
    size_t n = 0;
    half[n++] = (uint8_t)(zeros ? zeros : ones ? 8 + ones : 0);
    for (unsigned i = 0; i < 8 - skip; i++) half[n++] = (uint8_t)(v >> (4 * i) & 15);
    return n;
}

static size_t join_halves(uint8_t *dst, uint8_t *half, size_t n)
{
    if (n % 2) half[n++] = 0;
    for (size_t i = 0; i < n; i += 2) dst[i / 2] = (uint8_t)(half[i] << 4 | half[i + 1]);
    return n / 2;
}

static void put_fixed(uint8_t *dst, double fixed)
{
    uint64_t bits;
    memcpy(&bits, &fixed, 8);
    for (int i = 0; i < 8; i++) dst[i] = (uint8_t)(bits >> (56 - 8 * i));
}

static void check_numpress(void)
{
    enum { N = 200 };
    uint8_t coded[16 + 5 * N], half[9 * N + 1];
    int32_t v[N];
    double got[2 * sizeof coded + 2];
    size_t count = 0, n = 0;
    vl_err err = VL_ERR_INIT;

    for (size_t len = 0; len <= N; len += len < 4 ? 1 : 28) {
        for (size_t i = 0; i < len; i++) v[i] = (int32_t)(i % 17 ? (uint32_t)next_random() >> (i % 32) : 0);
        for (size_t i = n = 0; i < len; i++) n += put_int(half + n, v[i]);
        const size_t bytes = join_halves(coded, half, n);
        CHECK(!vl_numpress_decode(VL_NUMPRESS_PIC, coded, bytes, got, &count, &err) && count == len, "pic");
        for (size_t i = 0; i < len && i < count; i++) CHECK(same_bits(got[i], (double)(uint32_t)v[i]), "pic");
        CHECK(!vl_numpress_decode(VL_NUMPRESS_PIC, coded, bytes, NULL, &count, &err) && count == len,
              "pic, counted");
    }
    for (size_t len = 0; len <= N; len += len < 4 ? 1 : 28) {
        for (size_t i = 0; i < len; i++)
            v[i] = (int32_t)(100000 + 1000 * i + next_random() % 3000) * (i % 50 == 7 ? -1 : 1);
        put_fixed(coded, 1000);
        for (size_t i = 0; i < 2 && i < len; i++) vl_put_le32(coded + 8 + 4 * i, (uint32_t)v[i]);
        n = 0;
        for (size_t i = 2; i < len; i++) n += put_int(half + n, v[i] - 2 * v[i - 1] + v[i - 2]);
        const size_t bytes = len < 2 ? 8 + 4 * len : 16 + join_halves(coded + 16, half, n);
        CHECK(!vl_numpress_decode(VL_NUMPRESS_LINEAR, coded, bytes, got, &count, &err) && count == len,
              "linear");
        for (size_t i = 0; i < len && i < count; i++) CHECK(same_bits(got[i], v[i] / 1000.0), "linear");
    }
    put_fixed(coded, 2000);
    coded[8] = 0x34, coded[9] = 0x12, coded[10] = coded[11] = 0;
    CHECK(!vl_numpress_decode(VL_NUMPRESS_SLOF, coded, 12, got, &count, &err) && count == 2, "slof");
    CHECK(same_bits(got[0], exp(0x1234 / 2000.0) - 1) && same_bits(got[1], 0), "slof");
    for (int i = 0; i < 20000; i++) { /* any bytes: an error or numbers, no crash */
        uint8_t *const p = malloc(n = next_random() % 60);
        for (size_t j = 0; j < n; j++) p[j] = (uint8_t)next_random();
        err = (vl_err)VL_ERR_INIT;
        vl_numpress_decode((vl_numpress)(i % 3), p, n, got, &count, &err);
        CHECK(count <= vl_numpress_bound(n), "bound");
        free(p);
    }
}

static void decode(const char *coding, vl_type type, const void *bytes, size_t n, const double *want,
                   size_t nwant)
{
    vl_buf out = { 0 };
    vl_err err = VL_ERR_INIT;
    vl_array_decode(coding, type, bytes, n, &out, &err);
    CHECK(!err.code && out.len == nwant * 8 && (!nwant || !memcmp(out.data, want, out.len)), coding);
    vl_buf_free(&out);
}

static void refuse(const char *coding, vl_type type, const void *bytes, size_t n, vl_code code)
{
    vl_buf out = { 0 };
    vl_err err = VL_ERR_INIT;
    CHECK(vl_array_decode(coding, type, bytes, n, &out, &err) == code, coding);
    vl_buf_free(&out);
}

static void check_decode(void)
{
    const double want[] = { 1, -2, 300 }, positive[] = { 1, 2, 255 }, repeated[] = { 2.5, 2.5, -1, 2.5 };
    decode("", VL_F64, want, 24, want, 3);
    decode("", VL_F32, (float[]){ 1, -2, 300 }, 12, want, 3);
    decode("", VL_I32, (int32_t[]){ 1, -2, 300 }, 12, want, 3);
    decode("", VL_I64, (int64_t[]){ 1, -2, 300 }, 24, want, 3);
    decode("", VL_I16, (int16_t[]){ 1, -2, 300 }, 6, want, 3);
    decode("", VL_U8, (uint8_t[]){ 1, 2, 255 }, 3, positive, 3);
    decode("float16", VL_U8, (uint8_t[]){ 0x00, 0x3c, 0x00, 0xc0, 0xb0, 0x5c }, 6, want, 3);
    decode("float16", VL_U8, (uint8_t[]){ 1, 0, 0, 0x80 }, 4, (double[]){ ldexp(1, -24), -0.0 }, 2);
    decode("numpress_pic", VL_U8, (uint8_t[]){ 0x71, 0x72, 0x6f, 0xf0 }, 4, positive, 3);
    decode("", VL_F64, NULL, 0, NULL, 0);
    decode("dictionary", VL_U8, NULL, 0, NULL, 0);

    /* two doubles, -1 and 2.5, byte-shuffled, then the indices 1 1 0 1 */
    uint8_t d[16 + 16 + 4] = { 32, 0, 0, 0, 0, 0, 0, 0, 2 };
    const double distinct[] = { -1, 2.5 };
    vl_k.byte_shuffle(d + 16, (const uint8_t *)distinct, 2, 8);
    memcpy(d + 32, "\1\1\0\1", 4);
    decode("dictionary", VL_U8, d, sizeof d, repeated, 4);
    d[32] = 2;
    refuse("dictionary", VL_U8, d, sizeof d, VL_EFORMAT);
    for (size_t n = 1; n < 32; n++) refuse("dictionary", VL_U8, d, n, VL_EFORMAT);
    refuse("", VL_F64, want, 23, VL_EFORMAT);
    refuse("text", VL_U8, "abc", 4, VL_EUNSUP);
    refuse("ms_1003089", VL_U8, "abc", 4, VL_EUNSUP);
    refuse("numpress_linear", VL_U8, "\0\0\0\0\0\0\0\0\0\0\0\0", 12, VL_EFORMAT);

    vl_err err = VL_ERR_INIT;
    vl_buf out = { 0 };
    static const uint8_t recipes[] = { 4, 15, 26, 32, 55, 64, 87, 96, 119, 255 };
    for (size_t i = 0; i < sizeof recipes; i++) {
        err = (vl_err)VL_ERR_INIT;
        CHECK(vl_mzml_array_text(recipes[i], d, 8, NULL, 0, &out, &err) == VL_ESTORE,
              "recipes that are none");
    }
    vl_buf_free(&out);
}

/* One element as a double, in plain words. */
static double number_of(vl_type type, const uint8_t *p)
{
    union {
        uint8_t u8;
        int8_t i8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        uint64_t u64;
        int64_t i64;
        float f32;
        double f64;
    } v;
    memcpy(&v, p, vl_type_width(type));
    switch (type) {
    case VL_U8: return v.u8;
    case VL_I8: return v.i8;
    case VL_U16: return v.u16;
    case VL_I16: return v.i16;
    case VL_U32: return v.u32;
    case VL_I32: return v.i32;
    case VL_U64: return (double)v.u64;
    case VL_I64: return (double)v.i64;
    case VL_F32: return (double)v.f32;
    case VL_F64: return v.f64;
    }
    return 0;
}

/* Every type, every length up to some vectors, from any address, behind what is there. */
static void check_widths(void)
{
    for (vl_type type = VL_U8; type <= VL_F64; type++) {
        const size_t width = vl_type_width(type);
        for (size_t n = 0; n <= 40; n++) {
            uint8_t bytes[8 * 40 + 8], *const from = bytes + n % 8;
            for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)next_random();
            vl_buf out = { 0 };
            vl_err err = VL_ERR_INIT;
            vl_buf_append(&out, "before", 6, &err);
            CHECK(!vl_array_decode("", type, from, n * width, &out, &err) && out.len == 6 + 8 * n,
                  vl_type_name(type));
            for (size_t i = 0; i < n; i++) {
                double got;
                memcpy(&got, out.data + 6 + 8 * i, 8);
                const double want = number_of(type, from + i * width);
                CHECK(same_bits(got, want) || (isnan(got) && isnan(want)), vl_type_name(type));
            }
            vl_buf_free(&out);
        }
    }
}

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_numbers();
    check_xml();
    check_numpress();
    check_decode();
    check_widths();
    printf("%d passed, %d failed\n", npassed, nfailed);
    return nfailed > 0;
}
