/* Codec bitpack: what it must hold, and payloads that lie. */
#include "pipeline/codec/test/codec_test.h"

static bool holds(sort of, size_t n, size_t width)
{
    (void)width;
    return n && (of == TWO_VALUES || of == FOUR_VALUES || of == SIXTEEN_VALUES || of == BASES ||
                 of == N_RUNS || of == LOWER);
}

static void crafted(void)
{
    vl_buf f = { 0 };
    static const uint8_t ranks[64] = { 0xff, 0xff, 0xff };
    const uint8_t counts[] = { 0, 17, 18, 128, 255 };
    for (size_t i = 0; i < sizeof counts; i++) {
        begin(&f, VL_CODEC_bitpack, 1, 16);
        put(&f, &counts[i], 1);
        REFUSE(&f, "bitpack");
        put(&f, ranks, 64);
        REFUSE(&f, "bitpack");
    }
    begin(&f, VL_CODEC_bitpack, 1, 16);
    REFUSE(&f, "bitpack");
    for (uint8_t nvalue = 1; nvalue <= 16; nvalue++) {
        const size_t size = nvalue <= 2 ? 2 : nvalue <= 4 ? 4 : 8;
        for (size_t n = 0; n <= 17; n++) { /* cut within the values */
            begin(&f, VL_CODEC_bitpack, 1, 16);
            put(&f, &nvalue, 1);
            put(&f, "abcdefghijklmnopq", n);
            if (n <= nvalue) REFUSE(&f, "bitpack");
        }
        for (size_t n = 0; n <= 20; n++) {
            begin(&f, VL_CODEC_bitpack, 1, 16);
            put(&f, &nvalue, 1);
            put(&f, "abcdefghijklmnop", nvalue);
            const size_t flag = f.len;
            put(&f, "", 1);
            put(&f, ranks, n);
            REFUSE(&f, n == size ? "do not match" : "bitpack"); /* ranks beyond the values: no harm */
            f.len = flag;
            put(&f, "\1", 1);
            put_zstd(&f, ranks, n);
            REFUSE(&f, n == size ? "do not match" : "zstd");
        }
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_bitpack = { .holds = holds, .crafted = crafted };
