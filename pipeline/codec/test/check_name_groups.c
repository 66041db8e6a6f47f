/* Codec name_groups: texts as of codec name (check_name_tokens.c), and groups that lie. */
#include "pipeline/codec/test/codec_test.h"

#include <string.h>

enum { ENOUGH = 400 * 26 };

/* 64 bytes: texts of one byte each, "a" and "b" in turn, in groups of 16. */
static const uint8_t turns[] = { 0, 64, 4, 16, 16, 16, 3, 2, 0, 1, 0, 'a', 'b', 0 };

/* The payload with which; `at` of it is another byte. */
static void offer(vl_buf *f, size_t at, uint8_t is)
{
    uint8_t payload[sizeof turns + 64];
    memcpy(payload, turns, sizeof turns);
    for (size_t i = 0; i < 64; i++) payload[sizeof turns + i] = (uint8_t)(i & 1);
    if (at < sizeof payload) payload[at] = is;
    begin(f, VL_CODEC_name_groups, 1, 64);
    put(f, payload, sizeof payload);
}

static void crafted(void)
{
    vl_buf f = { 0 };
    static const struct {
        size_t at;
        uint8_t is;
        const char *reason;
    } lies[] = { { 0, 64, "first bytes" }, { 1, 0, "first bytes" },  { 1, 65, "first bytes" },
                 { 2, 33, "first bytes" }, { 3, 65, "first bytes" }, { 4, 49, "first bytes" },
                 { 3, 17, "groups" },      { 5, 15, "groups" },      { 2, 0, "first bytes" } };
    offer(&f, SIZE_MAX, 0);
    REFUSE(&f, "do not match"); /* it fits: only the hash is wrong */
    for (size_t n = 0; n < sizeof turns; n++) {
        begin(&f, VL_CODEC_name_groups, 1, 64);
        put(&f, turns, n);
        REFUSE(&f, "make no sense");
    }
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        offer(&f, lies[i].at, lies[i].is);
        REFUSE(&f, lies[i].reason);
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_name_groups = {
    .draw = draw_flow_names, .starts = 'V', .crafted = crafted, .enough = ENOUGH
};
