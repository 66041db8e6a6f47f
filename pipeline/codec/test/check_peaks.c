/* Codec peaks: it holds everything; whole numbers and zeros take few bytes; payloads that lie. */
#include "pipeline/codec/test/codec_test.h"
#include "pipeline/test/check.h"

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
    REFUSE(f, "symbols");
    begin(f, VL_CODEC_peaks, 8, 32);
    put(f, "\0\2\1\1\5", 5); /* counts of 5 each */
    REFUSE(f, "do not match");
    begin(f, VL_CODEC_peaks, 8, 32);
    put(f, "\0\2\11", 3);
    REFUSE(f, "residuals");
}

static void crafted(void)
{
    vl_buf f = { 0 };
    check_sizes();
    check_payloads(&f);
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_peaks = { .holds = holds, .crafted = crafted };
