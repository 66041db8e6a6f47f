/* Codec peaks: it holds everything; whole numbers and zeros take few bytes; payloads that lie. */
#include "pipeline/codec/planes.h"
#include "pipeline/codec/test/codec_test.h"
#include "pipeline/test/check.h"

#include <stdlib.h>

enum { N = 40000 };

static bool holds(sort of, size_t n, size_t width)
{
    (void)of, (void)width;
    return n;
}

/* Intensities: 4 of 10 are 0, in runs; others whole numbers below 200, or any. */
static void draw_intensities(vl_buf *plain, bool whole, size_t width)
{
    uint64_t dice = 11;
    size_t left = 0;
    plain->len = 0;
    for (size_t i = 0; i < N; i++) {
        if (!left--) left = check_random(&dice) % 40;
        const bool zero = left < 16;
        const double count = zero ? 0 : (double)(1 + check_random(&dice) % 200);
        const float single = (float)(whole ? count : count * 1.2345678f);
        const double x = (double)single;
        put(plain, width == 8 ? (const void *)&x : &single, width);
    }
}

static void check_sizes(void)
{
    vl_buf plain = { 0 };
    for (size_t width = 4; width <= 8; width += 4) {
        const vl_type type = width == 4 ? VL_F32 : VL_F64;
        draw_intensities(&plain, true, width);
        const size_t whole = packed_and_back(VL_CODEC_peaks, &plain, type);
        HOLDS(whole < N * 3 / 4, "whole numbers of %zu bytes take %zu for %d", width, whole, N);
        /* the same, and one -0.0, which is no count: all are floats */
        const size_t sign = plain.len - 1;
        plain.data[sign - width] = 0x80;
        packed_and_back(VL_CODEC_peaks, &plain, type);
        draw_intensities(&plain, false, width);
        const size_t any = packed_and_back(VL_CODEC_peaks, &plain, type);
        HOLDS(any < N * 5 / 2, "floats of %zu bytes take %zu for %d", width, any, N);
        memset(plain.data, 0, plain.len);
        HOLDS(packed_and_back(VL_CODEC_peaks, &plain, type) < 64, "zeros of %zu bytes", width);
    }
    vl_buf_free(&plain);
}

static void check_payloads(vl_buf *f)
{
    static const struct {
        const char *bytes;
        size_t n;
    } lies[] = {
        { "", 0 },
        { "\4", 1 },             /* all only fill up */
        { "\0\3", 2 },           /* an unknown way to be narrow */
        { "\0\10", 2 },          /* unknown bits */
        { "\0\4\5", 3 },         /* more others than elements */
        { "\0\4\4\6", 4 },       /* more runs */
        { "\0\4\2\2\1\1\2", 7 }, /* 2 zeros and 2 others said, but 3 by the second run */
        { "\0\4\2\2\1\0\2\2\2\2\1\3", 12 },
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        begin(f, VL_CODEC_peaks, 8, 32);
        put(f, lies[i].bytes, lies[i].n);
        seal(f);
        static vl_buf back;
        vl_err err = VL_ERR_INIT;
        HOLDS(vl_unpack(f->data, f->len, &back, &old_work, &err) == VL_ESTORE, "lie %zu is refused", i);
    }
    begin(f, VL_CODEC_peaks, 4, 16);
    put(f, "\0\1", 2);
    REFUSE(f, "chunk of peaks");
    begin(f, VL_CODEC_peaks, 2, 16);
    put(f, "\0\0", 2);
    REFUSE(f, "chunk of peaks");
    begin(f, VL_CODEC_peaks, 8, 32);
    put(f, "\0\4\2\2\1\1\2\1\1\1\1", 11); /* run lengths of 2 and 2 */
    REFUSE(f, "plane of bytes");
    begin(f, VL_CODEC_peaks, 8, 32);
    put(f, "\0\2\1\1\5", 5); /* counts of 5 each */
    REFUSE(f, "do not match");
    begin(f, VL_CODEC_peaks, 8, 32);
    put(f, "\0\2\11", 3);
    REFUSE(f, "residuals");
}

/* ---- planes ---- */

enum { NKIND = 5 };

/* All one; any; skewed; few, which tell of the next; one but for a few. */
static void draw_plane(int kind, uint8_t *to, size_t n)
{
    uint64_t dice = 7 + n;
    for (size_t i = 0; i < n; i++) {
        const uint8_t any = (uint8_t)check_random(&dice);
        to[i] = kind == 0   ? 9
                : kind == 1 ? any
                : kind == 2 ? (uint8_t)(any & check_random(&dice))
                : kind == 3 ? (uint8_t)((i ? to[i - 1] : 0) + (any < 30)) % 20
                : any < 3   ? (uint8_t)check_random(&dice)
                            : 200;
    }
}

/* It comes back, all of it and some stretches; and of a payload that is cut off nothing bad comes. */
static void check_plane(vl_planes *p, int kind, size_t n)
{
    enum { FORMS = 1 + 2 + 4 + 8 + 16 };
    static uint8_t bytes[4 * VL_STRETCH], back[4 * VL_STRETCH + 16];
    static unsigned seen;
    vl_err err = VL_ERR_INIT;
    vl_buf out = { 0 };
    draw_plane(kind, bytes, n);
    HOLDS(!vl_plane_pack(p, bytes, n, &old_work, &out, &err), "plane %d of %zu: %s", kind, n, err.what);
    seen |= 1u << out.data[0];
    vl_rest in = { out.data, out.data + out.len };
    vl_plane_unpack(p, &in, back, n, NULL, &old_work, &err);
    HOLDS(!err.code && in.at == in.end && !memcmp(back, bytes, n), "plane %d of %zu comes back", kind, n);
    for (unsigned set = 0; set < 16 && n > VL_STRETCH; set += 5) {
        const uint8_t wanted[4] = { set & 1, set & 2, set & 4, set & 8 };
        memset(back, 0, n);
        in.at = out.data;
        vl_plane_unpack(p, &in, back, n, wanted, &old_work, &err);
        for (size_t at = 0; at < n; at += VL_STRETCH)
            HOLDS(!wanted[at / VL_STRETCH] ||
                      !memcmp(back + at, bytes + at, n - at < VL_STRETCH ? n - at : VL_STRETCH),
                  "plane %d of %zu: stretches %u", kind, n, set);
        HOLDS(!err.code && in.at == in.end, "plane %d of %zu is passed over", kind, n);
    }
    for (size_t cut = 0; cut < out.len; cut += 1 + out.len / 40) {
        vl_err inner = VL_ERR_INIT;
        uint8_t *const copy = malloc(cut + 1); /* just as long, so that reading behind it is seen */
        memcpy(copy, out.data, cut);
        in = (vl_rest){ copy, copy + cut };
        HOLDS(vl_plane_unpack(p, &in, back, n, NULL, &old_work, &inner) == VL_ESTORE,
              "plane %d of %zu, cut off at %zu", kind, n, cut);
        free(copy);
    }
    HOLDS(kind < NKIND - 1 || n < 3 * VL_STRETCH || seen == FORMS, "forms %x were seen", seen);
    vl_buf_free(&out);
}

static void check_planes(void)
{
    static const size_t lengths[] = {
        1, 15, 4095, VL_STRETCH, VL_STRETCH + 1, 2 * VL_STRETCH + 5000, 4 * VL_STRETCH
    };
    vl_planes p;
    vl_planes_init(&p);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int kind = 0; kind < NKIND; kind++) check_plane(&p, kind, lengths[i]);
    vl_planes_free(&p);
}

/* Planes of a chunk of 4 counts. */
static void check_lies(vl_buf *f)
{
    static const struct {
        const char *bytes;
        size_t n;
    } lies[] = {
        { "\5", 1 },                 /* an unknown form */
        { "\1", 1 },                 /* which one is cut off */
        { "\2\1\1\1", 4 },           /* frequencies of 2 in all */
        { "\2\1\x80\x20\0\0\5", 7 }, /* more words than symbols */
        { "\2\0\x80\x20\1\1\2", 7 }, /* words cut off */
        { "\3\40", 2 },              /* more symbols than there may be */
        { "\4\7\5\5", 4 },           /* more others than bytes */
        { "\4\7\1\3", 4 },           /* more gaps than there may be */
        { "\4\7\1\1\1\4\1\3", 8 },   /* one behind the end */
        { "\4\7\1\0\1\3", 6 },       /* too few gaps */
        { "\4\7\1\1\1\xff\1\3", 8 }  /* a gap without end */
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        begin(f, VL_CODEC_peaks, 8, 32);
        put(f, "\0\2\1", 3);
        put(f, lies[i].bytes, lies[i].n);
        seal(f);
        static vl_buf back;
        vl_err err = VL_ERR_INIT;
        HOLDS(vl_unpack(f->data, f->len, &back, &old_work, &err) == VL_ESTORE &&
                  (strstr(err.what, "plane of bytes") || strstr(err.what, "stream of symbols")),
              "plane %zu is refused: %s", i, err.what);
    }
}

static void crafted(void)
{
    vl_buf f = { 0 };
    check_sizes();
    check_planes();
    check_lies(&f);
    check_payloads(&f);
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_peaks = { .holds = holds, .crafted = crafted };
