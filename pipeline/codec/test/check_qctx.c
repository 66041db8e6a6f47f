/* Codec qctx: that it is good at what it is for, and payloads that lie. */
#include "pipeline/codec/test/codec_test.h"
#include "pipeline/codec/quality_model.h"

#include "formats/leb.h"
#include "formats/xxh3.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 3000, VALUES = 3 };

/* Each but a few follows from the one before it. */
static void draw_followers(vl_buf *plain, size_t n, vl_type type, uint64_t seed)
{
    static const uint8_t value[4] = { 2, 11, 25, 37 };
    vl_err err = VL_ERR_INIT;
    (void)type;
    if (vl_buf_reserve(plain, n, &err)) abort();
    unsigned k = 0;
    for (size_t i = 0; i < n; i++) {
        k = check_random(&seed) % 50 ? (k + 1) % 4 : (unsigned)check_random(&seed) % 4;
        plain->data[i] = value[k];
    }
    plain->len = n;
}

/* A model of three values in contexts of one symbol, all of one cluster. */
static void put_model(vl_buf *f, const uint8_t *change, size_t at, uint8_t levels)
{
    uint8_t head[2 + VALUES + VL_QUALITY_SHAPE] = { 2, VALUES, 2, 11, 37, 0, 0, 1 }, tables[VALUES + 1 + 4];
    memset(tables, 0, sizeof tables);
    memset(tables, levels, VALUES + 1);
    if (change) head[at] = *change;
    vl_buf packed = { 0 };
    put_zstd(&packed, tables, sizeof tables);
    uint8_t leb[VL_LEB_MOST];
    put(f, leb, (size_t)(vl_put_leb(leb, sizeof head + packed.len) - leb));
    put(f, head, sizeof head);
    put(f, packed.data, packed.len);
    vl_buf_free(&packed);
}

/* The same as version 1 had it: without the mean. */
static void put_first_model(vl_buf *f, uint8_t levels)
{
    vl_buf all = { 0 };
    put_model(&all, &(uint8_t){ 1 }, 0, levels);
    const size_t mean = 1 + 2 + VALUES; /* behind one byte that says how many */
    put(f, &(uint8_t){ (uint8_t)(all.data[0] - 2) }, 1);
    put(f, all.data + 1, mean - 1);
    put(f, all.data + mean + 2, all.len - mean - 2);
    vl_buf_free(&all);
}

static void begin_chunk(vl_buf *f, uint8_t how, uint8_t fill)
{
    begin(f, VL_CODEC_qctx, 1, 32);
    put(f, &how, 1);
    put(f, &fill, 1);
}

/* Models whose words make no sense, each by one byte. */
static void crafted_models(vl_buf *f)
{
    static const struct {
        size_t at;
        uint8_t value;
    } lies[] = { { 0, 0 },  { 0, 3 },  { 1, 0 },   { 1, 128 }, { 1, 255 }, /* version, symbols */
                 { 3, 2 },  { 4, 11 }, { 5, 17 },  { 6, 16 },              /* values not ascending, mean */
                 { 7, 9 },  { 8, 40 }, { 11, 17 },                         /* bits of the others */
                 { 12, 2 }, { 15, 1 }, { 46, 7 },  { 7, 0 },   { 5 + 49, 1 } }; /* from best, steps, tables */
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        begin_chunk(f, 0, 0);
        put_model(f, &lies[i].value, lies[i].at, 16 * 10 + 1);
        REFUSE(f, i < 14 ? "model of qualities" : "");
    }
    begin_chunk(f, 0, 0);
    put_model(f, NULL, 0, 0); /* no frequencies at all */
    REFUSE(f, "frequencies of cluster 0");
    begin_chunk(f, 0, 0);
    put_model(f, NULL, 0, 255);
    REFUSE(f, "frequencies of cluster 0");
    begin_chunk(f, 0, 0);
    put_model(f, NULL, 0, 16 * 12 + 1); /* 4 times 4096 */
    REFUSE(f, "frequencies of cluster 0");
}

/* Chunks as they were first written, of 16 lanes and with a model of version 1: states from which no word is
 * needed, and each symbol is as likely as any. */
static void sixteen_lanes(void)
{
    enum { N = 32, LANES = 16, QUARTER = VL_FREQ_ALL / 4 };
    static const uint8_t value[VALUES] = { 2, 11, 37 };
    uint32_t state[LANES];
    uint8_t want[N];
    vl_buf f = { 0 }, plain = { 0 };
    vl_err err = VL_ERR_INIT;
    for (uint32_t l = 0; l < LANES; l++) {
        const uint32_t first = l % 3, second = (l + 1) % 3; /* of the lane's two symbols */
        state[l] = 3u << 30 | second << VL_FREQ_BITS | (first * QUARTER + l);
        want[2 * l] = value[first];
        want[2 * l + 1] = value[second];
    }
    begin_chunk(&f, 0, 0);
    put_first_model(&f, 16 * 10 + 1);
    put(&f, "", 1); /* no others */
    put(&f, state, sizeof state);
    vl_put_le64(f.data + 8, XXH3_64bits(want, N));
    seal(&f);
    HOLDS(!vl_unpack(f.data, f.len, &plain, &old_work, &err) && plain.len == N &&
              !memcmp(plain.data, want, N),
          "16 lanes: %s", err.what);
    vl_buf_free(&plain);
    vl_buf_free(&f);
}

static void crafted(void)
{
    static const uint8_t zeros[200] = { 0 };
    vl_buf f = { 0 };
    sixteen_lanes();
    begin(&f, VL_CODEC_qctx, 1, 32);
    REFUSE(&f, "qualities");
    begin_chunk(&f, 4, 0);
    REFUSE(&f, "first bytes");
    begin_chunk(&f, 0, 32); /* nothing but filling */
    REFUSE(&f, "first bytes");
    begin_chunk(&f, 0, 0);
    put(&f, "\xff\xff\xff\x7f", 4);
    REFUSE(&f, "models are cut off");
    crafted_models(&f);
    static const uint8_t rows[][4] = {
        { 0, 1, 1, 1 }, { 2, 33, 0, 1 }, { 2, 31, 0, 2 }, { 40, 1, 1, 1 }, { 3, 9, 0, 9 }
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_chunk(&f, 1, 0);
        put_model(&f, NULL, 0, 16 * 10 + 1);
        put(&f, rows[i], 4);
        REFUSE(&f, i < 4 ? "rows are cut off" : "");
    }
    for (size_t n = 0; n < 100; n += 3) { /* others and states that are not there, words that run out */
        begin_chunk(&f, 0, 0);
        put_model(&f, NULL, 0, 16 * 10 + 1);
        put(&f, &(uint8_t){ (uint8_t)(n % 40) }, 1);
        put(&f, zeros, n);
        REFUSE(&f, "");
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_qctx = { .draw = draw_followers, .crafted = crafted, .enough = ENOUGH };
