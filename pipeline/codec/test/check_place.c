/* Codec place: rows of pairs as aligners write them, by each rule of template lengths, and odd ones. */
#include "pipeline/codec/place_mates.h"
#include "pipeline/codec/test/codec_test.h"

#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 8 * 64, PAIRS = 8 };

static void set(uint8_t *row, int k, int64_t v) { vl_put_le64(row + 8 * k, (uint64_t)v); }

/* Both ends of a template: the second back, each with the other's place; `far`: on other contigs. */
static void draw_pair(uint8_t *first, uint8_t *second, int64_t at, int64_t name, bool far)
{
    const int64_t length = 300, span = 100, back = at + length - span;
    const int64_t size = far ? 0 : length;
    uint8_t *const row[2] = { first, second };
    const int64_t place[2] = { at, back }, contig[2] = { 1, far ? 2 : 1 };
    for (int i = 0; i < 2; i++) {
        set(row[i], VL_PLACE_CONTIG, contig[i]);
        set(row[i], VL_PLACE_POSITION, place[i]);
        set(row[i], VL_PLACE_SPAN, span);
        set(row[i], VL_PLACE_FLAG, i ? 147 : 99);
        set(row[i], VL_PLACE_MATE_CONTIG, contig[!i]);
        set(row[i], VL_PLACE_MATE_POSITION, place[!i]);
        set(row[i], VL_PLACE_TEMPLATE_LENGTH, i ? -size : size);
        set(row[i], VL_PLACE_NAME, name);
    }
}

static void draw_odd(uint8_t *row, uint64_t *dice)
{
    for (int k = 0; k < VL_PLACE_N; k++) {
        const int64_t v = (int64_t)(check_random(dice) % 1000) - 1;
        set(row, k, k == VL_PLACE_FLAG || k == VL_PLACE_SPAN ? v + 1 : v);
    }
}

/* Pairs whose second ends follow eight rows behind, and between them rows of any sort. */
void draw_places(vl_buf *plain, size_t n, vl_type type, uint64_t seed)
{
    vl_err err = VL_ERR_INIT;
    const size_t rows = n / VL_PLACE_N, block = 2 * PAIRS;
    (void)type;
    if (vl_buf_reserve(plain, 8 * n + 1, &err)) abort();
    memset(plain->data, 0, 8 * n);
    plain->len = 8 * n;
    for (size_t at = 0; at < rows; at += block) {
        uint8_t *const p = plain->data + at * 8 * VL_PLACE_N;
        for (size_t i = 0; i < PAIRS && at + block <= rows; i++)
            draw_pair(p + i * 64, p + (i + PAIRS) * 64, (int64_t)(10 * at + i), (int64_t)(at + i), i == 5);
        for (size_t i = at; at + block > rows && i < rows; i++)
            draw_odd(plain->data + i * 8 * VL_PLACE_N, &seed);
        if (at / block % 7 == 3) draw_odd(p + 64, &seed);
    }
}

/* ---- mates ---- */

/* What follows from a pair is what the pair says, by the rule that suits it. */
static void check_mates(void)
{
    int64_t place[2 * VL_PLACE_N], guess[2];
    uint8_t bytes[sizeof place];
    vl_place_group g = { { -1, -1 } };
    draw_pair(bytes, bytes + 64, 1000, 7, false);
    memcpy(place, bytes, sizeof place);
    vl_place_join(&g, place, 0);
    HOLDS(vl_place_guess_flag(&g, place) == 147, "flag %lld", (long long)vl_place_guess_flag(&g, place));
    vl_place_join(&g, place, 1);
    for (size_t i = 0; i < 2; i++) {
        const int32_t mate = vl_place_mate(&g, place, i);
        vl_place_guess_mate(place, i, mate, guess);
        HOLDS(mate == (int32_t)!i && guess[0] == 1 && guess[1] == (i ? 1000 : 1200), "mate of %zu: %d", i,
              mate);
        for (int rule = 0; rule < VL_PLACE_NRULE; rule++) {
            const int64_t length = vl_place_guess_length(place, i, mate, (vl_place_rule)rule);
            HOLDS(length == (i ? -300 : 300), "length %lld by rule %d", (long long)length, rule);
        }
    }
}

static void crafted(void)
{
    vl_buf f = { 0 };
    /* one row: fill, rows, name; columns of equal numbers, the flag, the rule, as guessed */
    static const uint8_t one[] = {
        0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 5, 0, 8, 0, 0, 0, 0, 0, 4, 0, 0, 0
    };
    check_mates();
    begin(&f, VL_CODEC_place, 8, 64);
    put(&f, one, sizeof one);
    REFUSE(&f, "do not match"); /* it fits: only the hash is wrong */
    for (size_t n = 0; n < sizeof one; n++) {
        begin(&f, VL_CODEC_place, 8, 64);
        put(&f, one, n);
        REFUSE(&f, "make no sense");
    }
    static const struct {
        size_t at;
        uint8_t is;
        const char *reason;
    } lies[] = { { 0, 64, "first bytes" },
                 { 0, 8, "first bytes" },
                 { 1, 2, "first bytes" },
                 { 17, 1, "links" },
                 { 22, 3, "rules" } };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        uint8_t lie[sizeof one];
        memcpy(lie, one, sizeof one);
        lie[lies[i].at] = lies[i].is;
        begin(&f, VL_CODEC_place, 8, 64);
        put(&f, lie, sizeof lie);
        REFUSE(&f, lies[i].reason);
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_place = { .draw = draw_places, .enough = ENOUGH, .crafted = crafted };
