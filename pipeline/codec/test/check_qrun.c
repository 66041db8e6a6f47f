/* Codec qrun: that it holds what it is for, and payloads that lie. */
#include "pipeline/codec/test/codec_test.h"

#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 4096, ROW = 101 };

/* One in 15 is another value, and such stand together. */
static void draw_runs(vl_buf *plain, size_t n, vl_type type, uint64_t seed)
{
    static const uint8_t value[4] = { 2, 11, 25, 37 };
    vl_err err = VL_ERR_INIT;
    (void)type;
    if (vl_buf_reserve(plain, n, &err)) abort();
    unsigned bad = 0;
    for (size_t i = 0; i < n; i++) {
        bad = check_random(&seed) % (bad ? 4 : 20) == 0;
        plain->data[i] = value[bad ? check_random(&seed) % 3 : 3];
    }
    plain->len = n;
}

/* A chunk of rows of equal length, as the codec packs it. */
static void pack_rows(const vl_buf *plain, vl_buf *packed)
{
    static uint32_t row[ENOUGH];
    vl_err err = VL_ERR_INIT;
    bool fits = false;
    size_t nrow = 0;
    for (; (nrow + 1) * ROW <= plain->len; nrow++) row[nrow] = (uint32_t)(nrow + 1) * ROW;
    const vl_pack_job job = { .plain = plain->data,
                              .len = plain->len,
                              .type = VL_U8,
                              .beside = { .row = row, .nrow = nrow },
                              .work = &old_work };
    HOLDS(!vl_pack(vl_codec_find(VL_CODEC_qrun), &job, packed, &fits, &err) && fits, "rows: %s", err.what);
}

/* Each byte of a payload changed: it is refused, or means the same. */
static void changed(void)
{
    static const uint8_t change[] = { 1, 0x80, 0xff };
    vl_buf plain = { 0 }, packed = { 0 }, lie = { 0 }, out = { 0 };
    draw_runs(&plain, 5000, VL_U8, 7);
    pack_rows(&plain, &packed);
    size_t same = 0;
    for (size_t i = VL_FRAME; i < packed.len; i++) {
        for (size_t k = 0; k < sizeof change; k++) {
            vl_err err = VL_ERR_INIT;
            lie.len = 0;
            put(&lie, packed.data, packed.len);
            lie.data[i] ^= change[k];
            seal(&lie);
            const vl_code code = vl_unpack(lie.data, lie.len, &out, &old_work, &err);
            same += !code;
            HOLDS(code ? code == VL_ESTORE : out.len == plain.len && !memcmp(out.data, plain.data, plain.len),
                  "byte %zu changed: %s", i, err.what);
        }
    }
    HOLDS(same < packed.len, "%zu changes of %zu bytes mean nothing", same, packed.len);
    for (size_t n = VL_FRAME; n < packed.len; n += 3) {
        lie.len = 0;
        put(&lie, packed.data, n);
        REFUSE(&lie, "");
    }
    vl_buf_free(&plain);
    vl_buf_free(&packed);
    vl_buf_free(&lie);
    vl_buf_free(&out);
}

static void begin_chunk(vl_buf *f, uint8_t how, uint8_t fill, uint8_t nvalue)
{
    static const uint8_t value[] = { 37, 2, 11, 25, 30, 31, 32, 33 };
    begin(f, VL_CODEC_qrun, 1, 32);
    put(f, &how, 1);
    put(f, &fill, 1);
    put(f, &nvalue, 1);
    put(f, value, nvalue < sizeof value ? nvalue : sizeof value);
}

/* Frequencies of one cluster: all symbols alike, and all contexts in this cluster, or in the one said. */
static void put_clusters(vl_buf *f, uint8_t kinds, uint8_t last, uint8_t level, uint8_t cluster)
{
    put(f, &kinds, 1);
    put(f, &last, 1);
    put(f, (const uint8_t[]){ 1, level, 1, cluster }, 4); /* *symbols* that are all equal */
}

static void crafted(void)
{
    vl_buf f = { 0 };
    begin(&f, VL_CODEC_qrun, 1, 32);
    REFUSE(&f, "first bytes");
    begin_chunk(&f, 2, 0, 4);
    REFUSE(&f, "first bytes");
    begin_chunk(&f, 0, 32, 4); /* nothing but filling */
    REFUSE(&f, "first bytes");
    begin_chunk(&f, 0, 0, 0);
    REFUSE(&f, "values");
    begin_chunk(&f, 0, 0, 9);
    REFUSE(&f, "values");
    static const struct {
        uint8_t kinds, last, level, cluster;
        const char *reason;
    } lies[] = { { 0, 0, 1, 0, "clusters" },      { 65, 0, 1, 0, "clusters" },
                 { 4, 16, 1, 0, "clusters" },     { 4, 0, 1, 1, "clusters" },
                 { 4, 0, 255, 0, "frequencies" }, { 4, 0, 193, 0, "frequencies" },
                 { 4, 0, 161, 0, "clusters" },    { 4, 0, 0, 0, "clusters" } };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        begin_chunk(&f, 0, 0, 4);
        put_clusters(&f, lies[i].kinds, lies[i].last, lies[i].level, lies[i].cluster);
        REFUSE(&f, lies[i].reason); /* the last two are good, and the next are not there */
    }
    static const uint8_t rows[][4] = { { 1, 31, 0, 31 }, { 2, 0, 0, 32 }, { 2, 32, 0, 0 }, { 2, 33, 0, 1 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_chunk(&f, 1, 0, 4);
        put(&f, rows[i], 4);
        put_clusters(&f, 4, 0, 161, 0);
        put_clusters(&f, 3, 0, 161, 0);
        REFUSE(&f, "rows");
    }
    for (size_t n = 0; n < 80; n++) { /* bits, words and states that are not there */
        static const uint8_t zeros[80] = { 0 };
        begin_chunk(&f, 0, 0, 4);
        put_clusters(&f, 4, 0, 161, 0);
        put_clusters(&f, 3, 0, 161, 0);
        put(&f, &(uint8_t){ (uint8_t)(n % 40) }, 1);
        put(&f, zeros, n);
        REFUSE(&f, "");
    }
    vl_buf_free(&f);
    changed();
}

const vl_codec_test vl_codec_test_qrun = { .draw = draw_runs, .crafted = crafted, .enough = ENOUGH };
