/* Codec place_ahead: rows as of codec place (check_place.c), and links that lie. */
#include "pipeline/codec/test/codec_test.h"

#include <string.h>

enum { ENOUGH = 8 * 64 };

static void crafted(void)
{
    vl_buf f = { 0 };
    /* one row: fill, rows, name; columns of equal numbers: contig, position, span; rows that no link leads
     * to, links of these, names, flags; the rule, as guessed */
    static const uint8_t one[] = { 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0,
                                   5, 0, 8, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0 };
    static const struct {
        size_t at;
        uint8_t is;
        const char *reason;
    } lies[] = { { 0, 64, "first bytes" }, { 0, 8, "first bytes" }, { 1, 2, "first bytes" },
                 { 16, 0, "links" },       { 16, 2, "links" },      { 18, 1, "links" },
                 { 18, 100, "links" },     { 23, 3, "rules" } };
    begin(&f, VL_CODEC_place_ahead, 8, 64);
    put(&f, one, sizeof one);
    REFUSE(&f, "do not match"); /* it fits: only the hash is wrong */
    for (size_t n = 0; n < sizeof one; n++) {
        begin(&f, VL_CODEC_place_ahead, 8, 64);
        put(&f, one, n);
        REFUSE(&f, "make no sense");
    }
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        uint8_t lie[sizeof one];
        memcpy(lie, one, sizeof one);
        lie[lies[i].at] = lies[i].is;
        begin(&f, VL_CODEC_place_ahead, 8, 64);
        put(&f, lie, sizeof lie);
        REFUSE(&f, lies[i].reason);
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_place_ahead = { .draw = draw_places, .enough = ENOUGH, .crafted = crafted };
