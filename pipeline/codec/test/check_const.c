/* Codec const: what it must hold, and payloads that lie. */
#include "pipeline/codec/test/codec_test.h"

static bool holds(sort of, size_t n, size_t width)
{
    return n < 2 || of == EQUAL || (of == LINE && width == 8);
}

static void crafted(void)
{
    vl_buf f = { 0 };
    for (size_t width = 1; width <= 8; width++) {
        for (size_t n = 0; n <= 24; n++) {
            if (n == (width == 8 ? 16 : width)) continue;
            begin(&f, VL_CODEC_const, (uint8_t)width, (uint32_t)(4 * width));
            put(&f, "0123456789abcdefghijklmnopq", n);
            REFUSE(&f, "const chunk");
        }
        begin(&f, VL_CODEC_const, (uint8_t)width, 0);
        put(&f, "x", 1);
        REFUSE(&f, "const chunk");
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_const = { .holds = holds, .crafted = crafted };
