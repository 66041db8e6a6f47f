/* Codec name: names of every sort that instruments write, and some that nobody should; payloads that lie. */
#include "pipeline/codec/test/codec_test.h"

#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 4000, NAME = 400 };

/* ---- its own ---- */

/* Some shapes in turn: numbers that grow, with zeros in front and without, hexadecimal ones, few words, many,
 * pairs; each name begins with V. */
static int one_name(char *to, size_t i, uint64_t *dice)
{
    static const char *const barcode[] = { "ACGTAC", "TTGGCA", "CCATAG" };
    const unsigned r = (unsigned)check_random(dice), q = (unsigned)check_random(dice);
    switch (i % 50 == 49 ? 4 : i / 300 % 4) {
    case 0: return snprintf(to, NAME, "V:%zu:%u:%06u %s", 1101 + i / 90, r % 30000, q % 1000, barcode[r % 3]);
    case 1: return snprintf(to, NAME, "V%08x-%04x/%zu_%zu", r, q & 0xffff, i * 31, i * 31 + r % 500);
    case 2: return snprintf(to, NAME, "V.%zu.%zu/%zu", i / 2, i / 2 * 7, 1 + i % 2);
    case 3:
        return snprintf(to, NAME, "Vr=%u ch=%u%c%c", r % 7 ? 12 : r, q % 9, "ACGT"[q >> 4 & 3],
                        "ACGT"[r & 3]);
    default: return snprintf(to, NAME, "V%u-%c", r, (int)(q % 26 + 'a'));
    }
}

void draw_flow_names(vl_buf *plain, size_t n, vl_type type, uint64_t seed)
{
    char name[NAME];
    (void)type;
    plain->len = 0;
    for (size_t i = 0; plain->len < n; i++) put(plain, name, (size_t)one_name(name, i, &seed));
    plain->len = n;
}

/* ---- names of all sorts ---- */

/* Rows one behind the other. */
typedef struct rows {
    vl_buf bytes, ends;
} rows;

static void row(rows *r, const void *bytes, size_t n)
{
    put(&r->bytes, bytes, n);
    const uint32_t end = (uint32_t)r->bytes.len;
    put(&r->ends, &end, sizeof end);
}

static void free_rows(rows *r)
{
    vl_buf_free(&r->bytes);
    vl_buf_free(&r->ends);
}

/* Parts of a chunk, here and there. */
static void check_parts(const char *what, const vl_buf *packed, const vl_buf *plain)
{
    enum { PARTS = 20 };
    static vl_buf piece;
    uint64_t dice = plain->len;
    for (int k = 0; k < PARTS; k++) {
        vl_err err = VL_ERR_INIT;
        const size_t from = check_random(&dice) % plain->len;
        vl_part part = { from, from + 1 + check_random(&dice) % (k % 2 ? plain->len - from : 1) };
        const vl_part want = part;
        vl_unpack_part(NULL, packed->data, packed->len, &part, &piece, &old_work, &err);
        HOLDS(!err.code && piece.len == plain->len &&
                  !memcmp(piece.data + want.from, plain->data + want.from, want.to - want.from),
              "%s: bytes %zu to %zu: %s", what, want.from, want.to, err.what);
    }
}

/* Packs and unpacks by a codec; how large it came out, 0: not by this one. */
static size_t trip_by(uint8_t codec, const char *what, const vl_pack_job *job)
{
    static vl_buf packed, back;
    vl_err err = VL_ERR_INIT;
    bool fits = false;
    vl_pack(vl_codec_find(codec), job, &packed, &fits, &err);
    HOLDS(!err.code, "%s: %s", what, err.what);
    if (!fits) return 0;
    vl_unpack(packed.data, packed.len, &back, &old_work, &err);
    HOLDS(!err.code && back.len == job->len && !memcmp(back.data, job->plain, back.len), "%s: %s", what,
          err.what);
    check_parts(what, &packed, &back);
    return packed.len;
}

/* The same by both; what came of the first. fill: bytes behind, as the last one. */
static size_t trip(const char *what, rows *r, size_t fill)
{
    for (size_t i = 0; i < fill; i++) put(&r->bytes, &(uint8_t){ r->bytes.data[r->bytes.len - 1] }, 1);
    const vl_pack_job job = { .plain = r->bytes.data,
                              .len = r->bytes.len,
                              .type = VL_U8,
                              .beside = { .row = (const uint32_t *)(const void *)r->ends.data,
                                          .nrow = r->ends.len / sizeof(uint32_t) },
                              .effort = 1,
                              .fill = fill,
                              .work = &old_work };
    const size_t size = trip_by(VL_CODEC_name_tokens, what, &job),
                 grouped = trip_by(VL_CODEC_name_groups, what, &job);
    HOLDS(!size == !grouped && grouped <= size + 1 + 3 * 64, "%s: %zu and %zu bytes", what, size, grouped);
    free_rows(r);
    *r = (rows){ 0 };
    return size;
}

typedef int print_name(char *to, size_t i, uint64_t *dice);

static unsigned some(uint64_t *dice, unsigned n) { return (unsigned)(check_random(dice) % n); }

static int novaseq(char *to, size_t i, uint64_t *dice)
{
    return snprintf(to, NAME, "A00123:45:HXXXXXXXX:1:%zu:%u:%zu", 1101 + i / 1500, 1000 + some(dice, 32000),
                    1000 + i / 6 * 16);
}
static int casava(char *to, size_t i, uint64_t *dice)
{
    return snprintf(to, NAME, "%zu:%c:0:ACGT%cCGT+TGCATGCA", 1 + i % 2, some(dice, 50) ? 'N' : 'Y',
                    some(dice, 30) ? 'A' : 'N');
}
static int umi(char *to, size_t i, uint64_t *dice)
{
    char bases[16];
    for (size_t k = 0; k < 12; k++) bases[k] = "ACGT"[some(dice, 4)];
    return snprintf(to, NAME, "NB1:2:FID:2:%zu:%u:%zu:%.6s+%.6s", 11101 + i / 999, some(dice, 20000),
                    1000 + i, bases, bases + 6);
}
static int sra(char *to, size_t i, uint64_t *dice)
{
    return snprintf(to, NAME, "HWI-EAS350_0441:1:%u:%u:%u#0/%zu", 1 + some(dice, 120), some(dice, 20000),
                    some(dice, 20000), 1 + i % 2);
}
static int mgi(char *to, size_t i, uint64_t *dice)
{
    return snprintf(to, NAME, "V300012345L2C%03zuR%03zu%07u/1", 1 + i / 2000, 1 + i / 500 % 9,
                    some(dice, 900000));
}
static int tags(char *to, size_t i, uint64_t *dice)
{
    static const char *const quality[] = { "!1=BDDDF", "!1:DBDFD", "FFFF:,FF" };
    return snprintf(to, NAME, "\tRG:Z:1#%zu\tBC:Z:NGTC%cATC\tQT:Z:%s", 1 + i % 3, "ACGT"[some(dice, 4)],
                    quality[some(dice, 3)]);
}
static int uuid(char *to, size_t i, uint64_t *dice)
{
    (void)i;
    const uint64_t a = check_random(dice), b = check_random(dice);
    return snprintf(to, NAME, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a & UINT32_MAX), (unsigned)(a >> 48),
                    (unsigned)(a >> 36 & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
                    (unsigned long long)(b & 0xffffffffffff));
}
static int nanopore(char *to, size_t i, uint64_t *dice)
{
    return snprintf(to, NAME,
                    "runid=5c76f4079ee8f04e80b4b8b2c4b677bce7bebb1e read=%zu ch=%u "
                    "start_time=2017-06-%02zuT%02u:%02u:%02uZ flow_cell_id=FAX0001",
                    10 + i / 3, 1 + some(dice, 512), 1 + i / 900, some(dice, 24), some(dice, 60),
                    some(dice, 60));
}
static int subreads(char *to, size_t i, uint64_t *dice)
{
    const unsigned start = i % 3 ? some(dice, 20000) : 0;
    return snprintf(to, NAME, "m64011_190830_220126/%zu/%u_%u", 65536 * (i / 20) + i % 20 * 90, start,
                    start + some(dice, 9000));
}
static int mixed(char *to, size_t i, uint64_t *dice)
{
    return i % 2 ? uuid(to, i, dice) : some(dice, 3) ? subreads(to, i, dice) : novaseq(to, i, dice);
}

/* Each takes at most so many bytes a name, in a chunk of 5000. */
static void sorts(void)
{
    static const struct {
        const char *what;
        print_name *print;
        double most;
    } all[] = { { "NovaSeq", novaseq, 2.6 }, { "Casava comment", casava, 0.3 },
                { "UMI", umi, 5.1 },         { "SRA comment", sra, 4.7 },
                { "MGI", mgi, 2.7 },         { "SAM tags", tags, 0.9 },
                { "UUID", uuid, 15.7 },      { "ONT comment", nanopore, 4 },
                { "PacBio", subreads, 4.5 }, { "shapes in turn", mixed, 11 } };
    for (size_t s = 0; s < sizeof all / sizeof *all; s++) {
        rows r = { 0 };
        char name[NAME];
        uint64_t dice = s + 1;
        for (size_t i = 0; i < 5000; i++) row(&r, name, (size_t)all[s].print(name, i, &dice));
        const size_t size = trip(all[s].what, &r, s % 2 ? 777 : 0);
        HOLDS(size && (double)size <= 5000 * all[s].most, "%s: %zu bytes, %.3f a name", all[s].what, size,
              (double)size / 5000);
    }
}

/* Names that break every rule, alone and between those of an instrument. */
static void odd_names(void)
{
    static const struct {
        const char *at;
        size_t n;
    } odd[] = { { "", 0 },
                { "\0", 1 },
                { "\0\0:\0", 4 },
                { "\xff\xfe\x80", 3 },
                { "a\tb\tc", 5 },
                { ":", 1 },
                { "::::::::::", 10 },
                { "0", 1 },
                { "00", 2 },
                { "000000000000000000000000000001", 30 },
                { "18446744073709551616", 20 },
                { "99999999999999999999999999999999", 32 },
                { "999999999999999999", 18 },
                { "A00123:45:HXXXXXXXX:1:01101:7:1000", 34 },
                { "A00123:45:HXXXXXXXX:1:1101:18446744073709551617:1000", 52 },
                { "A00123:45:HXXXXXXXX:1:1101:x:1000", 33 },
                { "1a2b3c4d5e6f7a8b9c0d", 20 },
                { "\xc3\xa9t\xc3\xa9:1", 7 } };
    enum { ODD = sizeof odd / sizeof *odd };
    for (size_t every = 1; every < 100; every = every * 3 + 1) {
        rows r = { 0 };
        char name[NAME];
        uint64_t dice = every;
        for (size_t i = 0; i < 3000; i++) {
            const size_t o = some(&dice, ODD);
            if (i % every == 0) row(&r, odd[o].at, odd[o].n);
            else row(&r, name, (size_t)novaseq(name, i, &dice));
        }
        trip("odd names", &r, every % 2);
    }
    for (size_t o = 0; o < ODD; o++) {
        rows r = { 0 };
        for (size_t i = 0; i < 50; i++) row(&r, odd[o].at, odd[o].n);
        trip("equal odd names", &r, 0);
    }
}

/* Names of a megabyte, of hundreds of words, of more shapes than there may be, of bytes of all values. */
static void large_names(void)
{
    rows r = { 0 };
    char name[NAME];
    static char text[1 << 20];
    uint64_t dice = 9;
    for (size_t i = 0; i < 200; i++) {
        size_t n = 0;
        for (size_t k = 0; k < 100 + some(&dice, 60); k++)
            n += (size_t)snprintf(text + n, 16, "%c%u", 'a' + (int)(k % 26), some(&dice, 9));
        row(&r, text, n);
    }
    trip("hundreds of runs", &r, 0);
    for (size_t i = 0; i < 2000; i++) {
        const size_t n = some(&dice, 300);
        for (size_t k = 0; k < n; k++) text[k] = ":/_ -|#"[some(&dice, 7)];
        row(&r, text, n);
    }
    trip("shapes without number", &r, 3);
    for (size_t i = 0; i < 2000; i++) {
        const size_t n = some(&dice, 50);
        for (size_t k = 0; k < n; k++) text[k] = (char)check_random(&dice);
        row(&r, text, n);
    }
    trip("any bytes", &r, 0);
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 4000; i++) row(&r, name, (size_t)novaseq(name, i, &dice));
    row(&r, text, sizeof text);
    trip("a name of a megabyte", &r, 0);
}

/* ---- payloads that lie ---- */

static void lie(const char *payload, size_t n, const char *reason)
{
    static vl_buf f;
    begin(&f, VL_CODEC_name_tokens, 1, 64);
    put(&f, payload, n);
    REFUSE(&f, reason);
}

#define LIE(payload, reason) lie(payload, sizeof(payload) - 1, reason)

static void crafted(void)
{
    LIE("", "first bytes");
    LIE("\x40\x01", "first bytes");           /* nothing but filling */
    LIE("\x00\x00", "first bytes");           /* no texts */
    LIE("\x00\x41", "first bytes");           /* more than bytes */
    LIE("\x00\x02", "nodes");                 /* no node */
    LIE("\x00\x02\x07", "nodes");             /* no such kind */
    LIE("\x00\x02\x00\x7f\x61", "text");      /* equal, cut off */
    LIE("\x00\x02\x00\x01\x61", "texts");     /* 2 bytes of 64 */
    LIE("\x00\x40\x00\x01\x61\x00", "texts"); /* bytes behind */
    LIE("\x00\x02\x00\x00", "texts");         /* equal, and empty */
    LIE("\x00\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x61", "texts");
    LIE("\x00\x02\x01\x13\x00\x05", "numbers"); /* 19 digits wide */
    LIE("\x00\x02\x01\x01\x07\x05", "hows");    /* no such way */
    LIE("\x00\x02\x01\x01\x03\x00", "columns"); /* leans on nothing */
    LIE("\x00\x02\x01\x01\x08\x05", "hows");    /* equal ranks */
    LIE("\x00\x02\x01\x01\x02\x05\x03", "differences");
    LIE("\x00\x02\x01\x01\x02\x05\x02\x3d", "steps"); /* shift of 61 */
    LIE("\x00\x02\x01\x01\x09\x03\x05", "ranks");     /* more values than numbers */
    LIE("\x00\x02\x01\x01\x05", "halves");
    LIE("\x00\x02\x01\x01\x05\x05\x05", "hows");                    /* halves of halves */
    LIE("\x00\x02\x01\x01\x05\x00\x01\x03\x81\x00\x05", "columns"); /* not the other half */
    LIE("\x00\x02\x02\x02\x02", "digits");
    LIE("\x00\x02\x02\x00\x00", "digits");                      /* of no digits */
    LIE("\x00\x02\x02\x00\x7f", "digits");                      /* of too many */
    LIE("\x00\x02\x03\x00", "words");                           /* of no words */
    LIE("\x00\x02\x03\x01\x00\x01\x01\x61\x01\x02", "choices"); /* the third of one word */
    LIE("\x00\x02\x04\x00\x7f\x01\x61", "texts");               /* 127 bytes each */
    LIE("\x00\x02\x05\x41", "shapes");
    LIE("\x00\x02\x05\x01\x01\x00\x02", "shapes");
    LIE("\x00\x02\x05\x01\x01\x00\x01\x00", "shapes");
    LIE("\x00\x02\x05\x02\x01\x00\x00\x01\x00\x01\x61\x00", "shapes"); /* one that no text has */
    LIE("\x00\x02\x06\x03", "texts");
    LIE("\x00\x08\x06\x02\x06\x02\x06\x02\x06\x02\x06\x02\x06\x02\x06\x02\x06\x02\x06\x02\x06\x02\x06\x02\x06"
        "\x02\x06\x02",
        "nodes"); /* in one another without end */
    sorts();
    odd_names();
    large_names();
}

const vl_codec_test vl_codec_test_name_tokens = {
    .draw = draw_flow_names, .starts = 'V', .crafted = crafted, .enough = ENOUGH
};
