/* Codec overlap-own: payloads that lie of their consensus; check_overlap.c has those that lie of places. */
#include "pipeline/codec/numbers.h"
#include "pipeline/codec/test/codec_test.h"

enum { ENOUGH = 6000, LETTERS = 16 };

/* A chunk of 16 letters: its consensus of `letters` A, in so many bytes; one match of 12 at `place`, nothing
 * of which differs, and four letters before it. */
static void put_lie(vl_buf *f, uint8_t letters, size_t bytes, uint8_t place)
{
    begin(f, VL_CODEC_overlap_own, 1, LETTERS);
    put(f, &letters, 1);
    put(f, "\0\0\0\0\0", bytes);
    put(f, "\0\0\1", 3); /* no fill, no odd letters, one match */
    put(f, (const uint8_t[]){ VL_NUMBERS_EQUAL, 4, VL_NUMBERS_EQUAL, 12, 1, 0 }, 6); /* forwards */
    put(f, (const uint8_t[]){ VL_NUMBERS_EQUAL, place, VL_NUMBERS_EQUAL, 0, 0x1b }, 5);
}

static void crafted(void)
{
    static const struct {
        uint8_t letters, bytes, place;
        const char *reason;
    } lies[] = { { 16, 4, 0, "do not match" }, { 16, 4, 4, "do not match" }, { 16, 4, 5, "places" },
                 { 12, 3, 1, "places" },       { 17, 5, 0, "consensus" },    { 127, 0, 0, "consensus" } };
    vl_buf f = { 0 };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_lie(&f, lies[i].letters, lies[i].bytes, lies[i].place);
        const size_t whole = f.len;
        REFUSE(&f, lies[i].reason);
        for (f.len = VL_FRAME; f.len < whole; f.len++) REFUSE(&f, "");
        f.len = whole;
        put(&f, "", 1);
        REFUSE(&f, "");
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_overlap_own = {
    .draw = draw_overlapping, .starts = 'N', .crafted = crafted, .enough = ENOUGH
};
