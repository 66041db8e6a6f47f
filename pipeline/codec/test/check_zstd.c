/* Codecs that are zstd, bare or behind a transform: payloads that lie. */
#include "pipeline/codec/test/codec_test.h"

static bool holds(sort of, size_t n, size_t width)
{
    (void)of, (void)n, (void)width;
    return true;
}

static void crafted_of(uint8_t codec)
{
    vl_buf f = { 0 };
    static const uint8_t bytes[64];
    for (size_t n = 0; n <= 64; n++) {
        if (n == 24) continue;
        begin(&f, codec, n & 1 ? 4 : 3, 24); /* width 3: no type of ours, but the frame may say so */
        put_zstd(&f, bytes, n);
        REFUSE(&f, "zstd");
    }
    begin(&f, codec, 3, 24);
    put_zstd(&f, bytes, 24);
    REFUSE(&f, "do not match");
    begin(&f, codec, 1, 24);
    REFUSE(&f, "zstd");
    put(&f, "no zstd frame", 13);
    REFUSE(&f, "zstd");
    begin(&f, codec, 1, 24);
    put_zstd(&f, bytes, 12);
    put_zstd(&f, bytes, 13);
    REFUSE(&f, "zstd");
    begin(&f, codec, 1, VL_MAX_CHUNK);
    put_zstd(&f, bytes, 12);
    REFUSE(&f, "zstd");
    /* magic, then a window of 2 TiB and a block that repeats one byte */
    begin(&f, codec, 1, 24);
    put(&f, "\x28\xb5\x2f\xfd\x00\xff\x43\x00\x00x", 10);
    REFUSE(&f, "zstd");
    vl_buf_free(&f);
}

static void crafted(void)
{
    crafted_of(VL_CODEC_zstd);
    crafted_of(VL_CODEC_shuffle_zstd);
    crafted_of(VL_CODEC_delta_shuffle_zstd);
}

const vl_codec_test vl_codec_test_zstd = { .holds = holds, .crafted = crafted };
const vl_codec_test vl_codec_test_shuffle_zstd = { .holds = holds };
const vl_codec_test vl_codec_test_delta_shuffle_zstd = { .holds = holds };
