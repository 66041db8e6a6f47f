/*
 * Checks the codecs: every codec gives back every kind of bytes at every length and width; no flipped bit, no
 * cut and no crafted payload gets through, and none of them does harm (run it under address and undefined
 * sanitizers).
 */
#include "pipeline/codec/codec.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { NCODEC = 7, LONG = 1 << 20 };

typedef enum sort {
    EQUAL,
    LINE,
    RANDOM,
    ALL_VALUES,
    TWO_VALUES,
    FOUR_VALUES,
    SIXTEEN_VALUES,
    BASES,
    N_RUNS,
    IUPAC,
    LOWER,
    FLOATS,
    NKIND
} sort;

static const char *const kind_name[NKIND] = { "equal",         "line",        "random",         "all values",
                                              "two values",    "four values", "sixteen values", "bases",
                                              "bases, N runs", "IUPAC",       "lower case",     "floats" };
static const size_t widths[] = { 1, 2, 4, 8 };

/* Floats that arithmetic would not give back: signed zeros, infinities, quiet and signalling NaNs, denormals.
 */
static const uint64_t odd_f64[] = { 0,
                                    UINT64_C(1) << 63,
                                    UINT64_C(0x7ff0000000000000),
                                    UINT64_C(0xfff0000000000000),
                                    UINT64_C(0x7ff8000000000000),
                                    UINT64_C(0x7ff0000000000001),
                                    UINT64_C(0xffffffffffffffff),
                                    1,
                                    UINT64_C(0x7fefffffffffffff) };
static const uint32_t odd_f32[] = { 0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000,
                                    0x7f800001, 0xffffffff, 1,          0x7f7fffff };

static uint8_t letter(sort kind, size_t i, uint64_t dice)
{
    switch (kind) {
    case ALL_VALUES: return (uint8_t)i;
    case TWO_VALUES: return dice % 9 ? 37 : 11;
    case FOUR_VALUES: return (uint8_t)(2 + 11 * (dice % 4));
    case SIXTEEN_VALUES: return (uint8_t)(17 * (dice % 16));
    case BASES: return (uint8_t) "ACGT"[dice % 4];
    case N_RUNS: return i % 97 < 9 && i > 40 ? 'N' : (uint8_t) "ACGT"[dice % 4];
    case IUPAC: return (uint8_t) "ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTURYSWKMBDHVN-.*"[dice % 59];
    case LOWER: return (uint8_t) "ACGTacgtn"[(i / 50 & 1) * 4 + dice % (i / 50 & 1 ? 5 : 4)];
    default: return (uint8_t)dice;
    }
}

/* n elements of a kind, in an aligned, padded buffer of just that size. */
static void make(vl_buf *plain, sort kind, size_t n, size_t width, uint64_t seed)
{
    vl_err err = VL_ERR_INIT;
    uint64_t dice = seed;
    const uint64_t first = check_random(&dice), step = check_random(&dice) % 1000;
    vl_buf_free(plain);
    if (vl_buf_reserve(plain, n * width, &err)) abort();
    plain->len = n * width;
    for (size_t i = 0; i < n; i++) {
        const uint64_t x = kind == EQUAL  ? first
                           : kind == LINE ? first + i * step
                           : width == 4   ? odd_f32[check_random(&dice) % 9]
                                          : odd_f64[check_random(&dice) % 9];
        if (kind == EQUAL || kind == LINE || (kind == FLOATS && width >= 4))
            memcpy(plain->data + i * width, &x, width);
        else
            for (size_t j = 0; j < width; j++)
                plain->data[i * width + j] = letter(kind, i * width + j, check_random(&dice));
    }
}

static vl_pack_job job_of(const vl_buf *plain, size_t width, int level, vl_work *work)
{
    return (vl_pack_job){ plain->data, plain->len, width, level, work };
}

static bool same(const vl_buf *a, const vl_buf *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* Codecs that must hold these bytes themselves; the others may fall back. */
static bool must_hold(int codec, sort kind, size_t n, size_t width)
{
    if (codec == VL_CODEC_constant) return n < 2 || kind == EQUAL || (kind == LINE && width == 8);
    if (codec == VL_CODEC_bitpack)
        return n && (kind == TWO_VALUES || kind == FOUR_VALUES || kind == SIXTEEN_VALUES || kind == BASES ||
                     kind == N_RUNS || kind == LOWER);
    if (codec == VL_CODEC_base2) return kind == BASES;
    return true;
}

/* Work that is used again and work that is new must give the same. */
static vl_work old_work;

static void check_codec(int codec, sort kind, const vl_buf *plain, size_t width, int level)
{
    static vl_buf packed, again, back;
    vl_err err = VL_ERR_INIT;
    vl_work fresh = { 0 };
    vl_pack_job job = job_of(plain, width, level, &old_work);
    const size_t n = plain->len / width;
    vl_pack((vl_codec_id)codec, &job, &packed, &err);
    job.work = &fresh;
    vl_pack((vl_codec_id)codec, &job, &again, &err);
    CHECK(!err.code && same(&packed, &again), "%s, %s, %zu of %zu: %s", vl_codec_name((uint8_t)codec),
          kind_name[kind], n, width, err.what);
    const uint8_t used = packed.data[2];
    CHECK(used == codec ||
              (!must_hold(codec, kind, n, width) && (used == VL_CODEC_zstd || used == VL_CODEC_raw)),
          "%s, %s, %zu of %zu: packed by %s", vl_codec_name((uint8_t)codec), kind_name[kind], n, width,
          vl_codec_name(used));
    vl_unpack(packed.data, packed.len, &back, &old_work, &err);
    CHECK(!err.code && same(&back, plain), "%s, %s, %zu of %zu: %s", vl_codec_name((uint8_t)codec),
          kind_name[kind], n, width, err.what);
    vl_work_free(&fresh);
}

static void check_deflate(sort kind, const vl_buf *plain, size_t width)
{
    static vl_buf packed, back;
    vl_err err = VL_ERR_INIT;
    const vl_pack_job job = job_of(plain, width, 0, &old_work);
    vl_deflate_pack(&job, &packed, &err);
    vl_deflate_unpack(packed.data, packed.len, plain->len, width, &back, &old_work, &err);
    CHECK(!err.code && same(&back, plain), "deflate, %s, %zu of %zu: %s", kind_name[kind], plain->len / width,
          width, err.what);
    vl_deflate_unpack(packed.data, packed.len, plain->len + width, width, &back, &old_work, &err);
    CHECK(err.code == VL_ESTORE, "deflate, %s, %zu of %zu: one element more is asked for", kind_name[kind],
          plain->len / width, width);
}

static void check_choice(sort kind, const vl_buf *plain, size_t width, uint64_t seed)
{
    static vl_buf copy;
    for (int use = VL_USE_TEXT; use <= VL_USE_NUMBER; use++) {
        vl_work fresh = { 0 };
        vl_err err = VL_ERR_INIT;
        vl_codec_id a = VL_CODEC_raw, b = VL_CODEC_base2;
        /* elsewhere in memory, other work, another level */
        copy.len = 0;
        if (vl_buf_append(&copy, plain->data, plain->len, &err)) abort();
        const vl_pack_job one = job_of(plain, width, 1, &old_work),
                          two = job_of(&copy, width, (int)(1 + seed % 9), &fresh);
        const bool good = !vl_choose((vl_use)use, &one, &a, &err) && !vl_choose((vl_use)use, &two, &b, &err);
        CHECK(good && a == b, "choice for use %d, %s, %zu of %zu: %d and %d", use, kind_name[kind],
              plain->len / width, width, a, b);
        CHECK(kind != EQUAL || a == VL_CODEC_constant, "choice for use %d, equal: %d", use, a);
        vl_work_free(&fresh);
    }
}

static void check_round_trips(void)
{
    static vl_buf plain;
    for (size_t n = 0; n <= 301; n++) {
        for (size_t w = 0; w < 4; w++) {
            for (int k = 0; k < NKIND; k++) {
                const size_t len = n <= 300 ? n : LONG / widths[w];
                if (n > 300 && w && k >= ALL_VALUES && k < FLOATS) continue; /* letters: width 1 will do */
                make(&plain, (sort)k, len, widths[w], n * 1000 + w * 100 + (size_t)k);
                for (int codec = 0; codec < NCODEC; codec++)
                    check_codec(codec, (sort)k, &plain, widths[w], n % 64 == 3 ? 9 : n % 3 ? 1 : 3);
                check_deflate((sort)k, &plain, widths[w]);
                check_choice((sort)k, &plain, widths[w], n);
            }
        }
    }
    vl_buf_free(&plain);
}

/* ---- damage ---- */

static void check_damage(void)
{
    /* for each codec: bytes that it holds */
    static const sort kinds[NCODEC] = { RANDOM, LINE, IUPAC, FLOATS, LINE, FOUR_VALUES, N_RUNS };
    vl_buf plain = { 0 }, packed = { 0 }, back = { 0 };
    for (int codec = 0; codec < NCODEC; codec++) {
        for (size_t w = 0; w < 4; w++) {
            vl_err err = VL_ERR_INIT;
            const size_t width = codec == VL_CODEC_constant ? 8 : widths[w];
            make(&plain, kinds[codec], 160 / width, width, 5);
            const vl_pack_job job = job_of(&plain, width, 3, &old_work);
            CHECK(!vl_pack((vl_codec_id)codec, &job, &packed, &err) && packed.data[2] == codec, "pack %d",
                  codec);
            for (size_t bit = 0; bit < 8 * packed.len; bit++) {
                vl_err_clear(&err);
                packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
                vl_unpack(packed.data, packed.len, &back, &old_work, &err);
                CHECK(err.code == VL_ESTORE && err.what[0], "%s: bit %zu flipped",
                      vl_codec_name((uint8_t)codec), bit);
                packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
            for (size_t n = 0; n < packed.len; n++) {
                vl_err_clear(&err);
                uint8_t *const cut = vl_alloc(n);
                memcpy(cut, packed.data, n);
                CHECK(vl_unpack(cut, n, &back, &old_work, &err) == VL_ESTORE, "%s: cut to %zu bytes",
                      vl_codec_name((uint8_t)codec), n);
                free(cut);
            }
            vl_err_clear(&err);
            if (vl_buf_append(&packed, "", 1, &err)) abort();
            CHECK(vl_unpack(packed.data, packed.len, &back, &old_work, &err) == VL_ESTORE,
                  "%s: a byte behind", vl_codec_name((uint8_t)codec));
        }
    }
    vl_buf_free(&plain);
    vl_buf_free(&packed);
    vl_buf_free(&back);
}

/* Deflate has no hash of its own over the packed bytes: what passes must be the right bytes. */
static void check_deflate_damage(void)
{
    vl_buf plain = { 0 }, packed = { 0 }, back = { 0 };
    for (size_t w = 0; w < 4; w++) {
        vl_err err = VL_ERR_INIT;
        make(&plain, IUPAC, 200 / widths[w], widths[w], 5);
        const vl_pack_job job = job_of(&plain, widths[w], 0, &old_work);
        CHECK(!vl_deflate_pack(&job, &packed, &err), "deflate");
        for (size_t bit = 0; bit < 8 * packed.len; bit++) {
            vl_err_clear(&err);
            packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            vl_deflate_unpack(packed.data, packed.len, plain.len, widths[w], &back, &old_work, &err);
            CHECK(err.code == VL_ESTORE || (!err.code && same(&back, &plain)), "deflate: bit %zu flipped",
                  bit);
            packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t n = 0; n < packed.len; n++) {
            vl_err_clear(&err);
            CHECK(vl_deflate_unpack(packed.data, n, plain.len, widths[w], &back, &old_work, &err) ==
                      VL_ESTORE,
                  "deflate: cut to %zu bytes", n);
        }
        vl_err_clear(&err);
        CHECK(vl_deflate_unpack(packed.data, packed.len, plain.len - widths[w], widths[w], &back, &old_work,
                                &err) == VL_ESTORE,
              "deflate: one element less is asked for");
        vl_err_clear(&err);
        if (vl_buf_append(&packed, "", 1, &err)) abort();
        CHECK(vl_deflate_unpack(packed.data, packed.len, plain.len, widths[w], &back, &old_work, &err) ==
                  VL_ESTORE,
              "deflate: a byte behind");
    }
    vl_buf_free(&plain);
    vl_buf_free(&packed);
    vl_buf_free(&back);
}

/* ---- frames that are sealed rightly and lie all the same ---- */

static void seal(vl_buf *frame)
{
    const uint64_t head = XXH3_64bits(frame->data, 16);
    vl_put_le64(frame->data + 16, XXH3_64bits_withSeed(frame->data + VL_FRAME, frame->len - VL_FRAME, head));
}

static void put(vl_buf *buf, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (vl_buf_append(buf, bytes, n, &err)) abort();
}

static void put_zstd(vl_buf *buf, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (vl_zstd_pack(bytes, n, 1, &old_work, buf, &err)) abort();
}

static void begin(vl_buf *frame, uint8_t codec, uint8_t width, uint32_t len)
{
    uint8_t head[VL_FRAME] = { 'V', VL_FRAME_VERSION, codec, width };
    vl_put_le32(head + 4, len);
    frame->len = 0;
    put(frame, head, sizeof head);
}

/* The frame, once sealed, must be refused for the reason given. */
static void refuse(vl_buf *frame, const char *reason, int line)
{
    static vl_buf back;
    vl_err err = VL_ERR_INIT;
    seal(frame);
    vl_unpack(frame->data, frame->len, &back, &old_work, &err);
    CHECK(err.code == VL_ESTORE && strstr(err.what, reason), "frame of line %d: '%s', expected '%s'", line,
          err.what, reason);
}

static void check_crafted_frames(void)
{
    vl_buf f = { 0 };
    const struct {
        int at;
        uint8_t value;
        const char *reason;
    } head[] = { { 0, 'W', "not with a frame" }, { 1, 0, "version 0" },       { 1, 2, "version 2" },
                 { 2, 7, "unknown codec" },      { 2, 255, "unknown codec" }, { 3, 0, "elements of 0" },
                 { 3, 9, "elements of 9" },      { 3, 255, "elements of" },   { 3, 3, "elements of 3" },
                 { 4, 17, "17 bytes" },          { 4, 0, "raw chunk" },       { 7, 4, "plain bytes" },
                 { 7, 255, "plain bytes" } };
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
        begin(&f, VL_CODEC_raw, head[i].at == 4 && head[i].value ? 1 : 2, 16);
        put(&f, "0123456789abcdef", 16);
        f.data[head[i].at] = head[i].value;
        if (head[i].at == 4 && head[i].value) refuse(&f, "frame claims 17", __LINE__);
        else refuse(&f, head[i].reason, __LINE__);
    }
    begin(&f, VL_CODEC_raw, 1, 3);
    put(&f, "abc", 3);
    refuse(&f, "unpacked bytes do not match", __LINE__);
    for (size_t width = 1; width <= 8; width++) {
        for (size_t n = 0; n <= 24; n++) {
            if (n == (width == 8 ? 16 : width)) continue;
            begin(&f, VL_CODEC_constant, (uint8_t)width, (uint32_t)(4 * width));
            put(&f, "0123456789abcdefghijklmnopq", n);
            refuse(&f, "const chunk", __LINE__);
        }
        begin(&f, VL_CODEC_constant, (uint8_t)width, 0);
        put(&f, "x", 1);
        refuse(&f, "const chunk", __LINE__);
    }
    vl_buf_free(&f);
}

static void check_crafted_zstd(void)
{
    vl_buf f = { 0 };
    static const uint8_t bytes[64];
    for (uint8_t codec = VL_CODEC_zstd; codec <= VL_CODEC_delta_shuffle_zstd; codec++) {
        for (size_t n = 0; n <= 64; n++) {
            if (n == 24) continue;
            begin(&f, codec, n & 1 ? 4 : 3, 24); /* width 3: no type of ours, but the frame may say so */
            put_zstd(&f, bytes, n);
            refuse(&f, "zstd", __LINE__);
        }
        begin(&f, codec, 3, 24);
        put_zstd(&f, bytes, 24);
        refuse(&f, "do not match", __LINE__);
        begin(&f, codec, 1, 24);
        refuse(&f, "zstd", __LINE__);
        put(&f, "no zstd frame", 13);
        refuse(&f, "zstd", __LINE__);
        begin(&f, codec, 1, 24);
        put_zstd(&f, bytes, 12);
        put_zstd(&f, bytes, 13);
        refuse(&f, "zstd", __LINE__);
        begin(&f, codec, 1, VL_MAX_CHUNK);
        put_zstd(&f, bytes, 12);
        refuse(&f, "zstd", __LINE__);
        /* magic, then a window of 2 TiB and a block that repeats one byte */
        begin(&f, codec, 1, 24);
        put(&f, "\x28\xb5\x2f\xfd\x00\xff\x43\x00\x00x", 10);
        refuse(&f, "zstd", __LINE__);
    }
    vl_buf_free(&f);
}

static void check_crafted_bitpack(void)
{
    vl_buf f = { 0 };
    static const uint8_t ranks[64] = { 0xff, 0xff, 0xff };
    const uint8_t counts[] = { 0, 17, 18, 128, 255 };
    for (size_t i = 0; i < sizeof counts; i++) {
        begin(&f, VL_CODEC_bitpack, 1, 16);
        put(&f, &counts[i], 1);
        refuse(&f, "bitpack", __LINE__);
        put(&f, ranks, 64);
        refuse(&f, "bitpack", __LINE__);
    }
    begin(&f, VL_CODEC_bitpack, 1, 16);
    refuse(&f, "bitpack", __LINE__);
    for (uint8_t nvalue = 1; nvalue <= 16; nvalue++) {
        const size_t size = nvalue <= 2 ? 2 : nvalue <= 4 ? 4 : 8;
        for (size_t n = 0; n <= 17; n++) { /* cut within the values */
            begin(&f, VL_CODEC_bitpack, 1, 16);
            put(&f, &nvalue, 1);
            put(&f, "abcdefghijklmnopq", n);
            if (n <= nvalue) refuse(&f, "bitpack", __LINE__);
        }
        for (size_t n = 0; n <= 20; n++) {
            begin(&f, VL_CODEC_bitpack, 1, 16);
            put(&f, &nvalue, 1);
            put(&f, "abcdefghijklmnop", nvalue);
            const size_t flag = f.len;
            put(&f, "", 1);
            put(&f, ranks, n);
            refuse(&f, n == size ? "do not match" : "bitpack",
                   __LINE__); /* ranks beyond the values: no harm */
            f.len = flag;
            put(&f, "\1", 1);
            put_zstd(&f, ranks, n);
            refuse(&f, n == size ? "do not match" : "zstd", __LINE__);
        }
    }
    vl_buf_free(&f);
}

/* A base2 frame for 16 letters with this run list. */
static void base2(vl_buf *f, const void *list, size_t nlist, size_t claimed)
{
    vl_buf packed = { 0 };
    uint8_t sizes[8];
    if (nlist) put_zstd(&packed, list, nlist);
    begin(f, VL_CODEC_base2, 1, 16);
    vl_put_le32(sizes, (uint32_t)packed.len);
    vl_put_le32(sizes + 4, (uint32_t)claimed);
    put(f, sizes, 8);
    if (nlist) put(f, packed.data, packed.len);
    put(f, "\0\1\2\3\4", 5);
    vl_buf_free(&packed);
}

static void check_crafted_base2(void)
{
    vl_buf f = { 0 };
    const struct {
        const char *list;
        size_t n;
        const char *reason;
    } bad[] = {
        { "\0\1N", 3, "do not match" }, /* fits: only the hash is wrong */
        { "\x0f\1N", 3, "do not match" },
        { "\x10\1N", 3, "does not fit" },
        { "\0\x11N", 3, "does not fit" },
        { "\x0f\2N", 3, "does not fit" },
        { "\0\x10N\0\1N", 6, "does not fit" },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1N", 12, "" },
        { "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1N", 12, "" },
        { "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1N", 12, "" },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1N", 13, "" },
        { "\0", 1, "" },
        { "\0\1", 2, "" },
        { "\0\1N\0", 4, "" },
        { "\0\1N\x80", 4, "" },
        { "\0\1N\0\x80", 5, "" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        base2(&f, bad[i].list, bad[i].n, bad[i].n);
        refuse(&f, bad[i].reason, __LINE__);
        base2(&f, bad[i].list, bad[i].n, bad[i].n + 1);
        refuse(&f, "", __LINE__);
        base2(&f, bad[i].list, bad[i].n, UINT32_MAX);
        refuse(&f, "", __LINE__);
    }
    base2(&f, "", 0, 3); /* a list that is not there */
    refuse(&f, "", __LINE__);
    base2(&f, "", 0, 0);
    refuse(&f, "do not match", __LINE__);
    for (size_t n = VL_FRAME; n < VL_FRAME + 13; n++) {
        base2(&f, "", 0, 0);
        f.len = n;
        refuse(&f, "base2", __LINE__);
    }
    base2(&f, "", 0, 0);
    put(&f, "", 1);
    refuse(&f, "base2", __LINE__);
    for (uint32_t n = 5; n; n = n == 5 ? 6 : n == 6 ? 0x7fffffff : n == 0x7fffffff ? UINT32_MAX : 0) {
        base2(&f, "", 0, 0);
        vl_put_le32(f.data + VL_FRAME, n);
        refuse(&f, "base2", __LINE__);
    }
    for (size_t n = 0; n < 20; n++) {
        static const uint8_t two[20];
        base2(&f, "", 0, 0);
        f.len -= 5;
        put(&f, "\1", 1);
        put_zstd(&f, two, n);
        refuse(&f, n == 4 ? "do not match" : "zstd", __LINE__);
    }
    vl_buf_free(&f);
}

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_round_trips();
    check_damage();
    check_deflate_damage();
    check_crafted_frames();
    check_crafted_zstd();
    check_crafted_bitpack();
    check_crafted_base2();
    vl_work_free(&old_work);
    return check_end();
}
