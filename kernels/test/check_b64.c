/* b64_encode, b64_decode: random bytes there and back; one or more letters spoilt; every way an end can be
 * wrong. */
#include <string.h>

#include "kernels/test/check.h"

/* The letter for six bits, and back; 64 for '=', -1 for any other. By ranges, where the kernels use tables.
 */
static int letter(unsigned v)
{
    return v < 26    ? 'A' + (int)v
           : v < 52  ? 'a' + (int)v - 26
           : v < 62  ? '0' + (int)v - 52
           : v == 62 ? '+'
                     : '/';
}

static int value(int c)
{
    if (c == '=') return 64;
    for (unsigned v = 0; v < 64; v++)
        if (letter(v) == c) return (int)v;
    return -1;
}

/* As a stream of bits. */
static size_t plain_encode(uint8_t *dst, const uint8_t *src, size_t n)
{
    size_t len = 0;
    for (size_t bit = 0; bit < 8 * n; bit += 6) {
        unsigned v = 0;
        for (size_t b = bit; b < bit + 6; b++)
            v = 2 * v + (b < 8 * n ? (unsigned)src[b / 8] >> (7 - b % 8) & 1U : 0);
        dst[len++] = (uint8_t)letter(v);
    }
    while (len % 4) dst[len++] = '=';
    return len;
}

/* The whole bytes in n letters, all of the alphabet. */
static size_t plain_decode(uint8_t *dst, const uint8_t *src, size_t n)
{
    size_t len = 0;
    unsigned v = 0;
    for (size_t bit = 0; bit < 6 * n; bit++) {
        v = 2 * v + ((unsigned)value(src[bit / 6]) >> (5 - bit % 6) & 1U);
        if (bit % 8 == 7) dst[len++] = (uint8_t)v;
    }
    return len;
}

/* Letter by letter: where the text goes wrong first, or n. */
static size_t plain_fault(const uint8_t *src, size_t n)
{
    size_t npad = 0;

    if (n % 4 == 0 && n) npad = src[n - 1] != '=' ? 0 : src[n - 2] != '=' ? 1 : 2;
    for (size_t i = 0; i < n - npad; i++) {
        const int v = value(src[i]);
        if (v < 0 || v > 63) return i;
        if (i + 1 == n - npad && npad && v % (npad == 1 ? 4 : 16)) return i;
    }
    return n % 4 ? n - n % 4 : n;
}

static void check_decode(const check_table *t, const check_case *c, const uint8_t *text, size_t n)
{
    static uint8_t bytes[100000];
    check_array src = check_new(n, c->offset), dst = check_new(n / 4 * 3, check_below(64));
    const size_t fault = plain_fault(text, n);
    size_t nletter = fault == n ? n : fault / 4 * 4, bad = 12345678;

    memcpy(src.data, text, n);
    while (nletter && text[nletter - 1] == '=') nletter--;
    const size_t want = plain_decode(bytes, text, nletter);
    const size_t got = t->k.b64_decode(dst.data, src.data, n, &bad);
    check_that(bad == fault, t->isa, "decode: fault", n, c->offset);
    check_that(got == want, t->isa, "decode: how many", n, c->offset);
    check_that(got != want || !memcmp(dst.data, bytes, want), t->isa, "decode: bytes", n, c->offset);
    check_that(check_guards(&dst), t->isa, "decode: written outside", n, c->offset);
    check_free(&src);
    check_free(&dst);
}

static void check_one(const check_table *t, const check_case *c, const check_array *src)
{
    static uint8_t text[100000];
    const size_t len = plain_encode(text, src->data, src->n);
    check_array dst = check_new(len, check_below(64));

    check_that(t->k.b64_encode(dst.data, src->data, src->n) == len, t->isa, "encode: how many", c->n,
               c->offset);
    check_that(!memcmp(dst.data, text, len), t->isa, "encode: letters", c->n, c->offset);
    check_that(check_guards(&dst), t->isa, "encode: written outside", c->n, c->offset);
    check_free(&dst);

    check_decode(t, c, text, len);
    for (int i = 0; i < 4 && len;
         i++) { /* some spoilt, near the end or anywhere; lengths that are no multiple */
        const size_t n = i == 3 ? len - check_below(4) : len;
        for (uint64_t spoil = check_below(3); spoil; spoil--) {
            const size_t at = check_below(2) ? check_below(n) : n - 1 - check_below(n < 4 ? n : 4);
            text[at] = (uint8_t)(check_below(3) ? check_random() : '=');
        }
        check_decode(t, c, text, n);
        plain_encode(text, src->data, src->n);
    }
}

static void check_ends(void)
{
    static const struct {
        const char *text;
        size_t bad;
    } ends[] = { { "QQ==", 4 }, { "QUI=", 4 },  { "QQ=", 2 },      { "Q", 0 },        { "QQ", 0 },
                 { "QQQ", 0 },  { "Q===", 1 },  { "====", 0 },     { "QQ=Q", 2 },     { "QR==", 1 },
                 { "QUJ=", 2 }, { "QUJDQ", 4 }, { "QQ==QQ==", 2 }, { "QUI=QUJD", 3 }, { "QUJDQQ==Q", 6 },
                 { "QU D", 2 }, { "QUJ\n", 3 }, { "QUJD=", 4 },    { "QUJDQQ=", 6 },  { "QU-_", 2 },
                 { "", 0 } };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t n = strlen(ends[i].text);
        check_that(plain_fault((const uint8_t *)ends[i].text, n) == ends[i].bad, "check", ends[i].text, n, i);
        for (int t = 0; t < check_ntable; t++) {
            check_array src = check_new(n, 0), dst = check_new(n / 4 * 3, 0);
            size_t bad = 99;
            memcpy(src.data, ends[i].text, n);
            check_tables[t].k.b64_decode(dst.data, src.data, n, &bad);
            check_that(bad == ends[i].bad && check_guards(&dst), check_tables[t].isa, ends[i].text, n, 0);
            check_free(&src);
            check_free(&dst);
        }
    }
}

void check_b64(void)
{
    check_begin("b64");
    check_ends();
    for (check_case c = { 0 }; check_next(&c);) {
        check_array src = check_new(c.n, c.offset);
        for (int t = 0; t < check_ntable; t++) check_one(&check_tables[t], &c, &src);
        check_free(&src);
    }
    check_end();
}

typedef struct job {
    check_array text, bytes;
} job;

static void run_encode(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    k->b64_encode(j->text.data, j->bytes.data, j->bytes.n);
}

static void run_decode(const vl_kernels *k, void *arg)
{
    const job *const j = arg;
    size_t bad;
    k->b64_decode(j->bytes.data, j->text.data, j->text.n, &bad);
}

void bench_b64(void)
{
    job j = { check_new(BENCH_BYTES / 3 * 4, 0), check_new(BENCH_BYTES, 0) };
    check_bench("b64_encode", offsetof(vl_kernels, b64_encode), j.bytes.n, run_encode, &j);
    check_bench("b64_decode", offsetof(vl_kernels, b64_decode), j.text.n, run_decode, &j);
    check_free(&j.text);
    check_free(&j.bytes);
}
