/*
 * Checks the codecs, as the table of codecs says: each gives back every sort of bytes at every length and
 * type that it suits; no flipped bit, no cut and no payload that lies gets through, and none of them does
 * harm (run it under address and undefined sanitizers). A codec in codec.def is checked without a line here;
 * what it has more to check lies in pipeline/codec/test/check_<name>.c.
 *
 * `check_codec NAME...`: the round trips and the damage of these codecs alone, and what is asked of them all.
 * `check_codec --bench` prints a line for each codec and width: the sort of bytes on which it beats zstd 1
 * most.
 *
 * Suites: codec. Also: asan.
 */
#include "pipeline/codec/profile.h"
#include "pipeline/codec/test/codec_test.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

/* The files of codecs that have one; of others the address is NULL. */
#define VL_CODEC(name, number) extern const vl_codec_test vl_codec_test_##name __attribute__((weak));
#include "pipeline/codec/codec.def"
#undef VL_CODEC

enum { LONG = 1 << 20 };

vl_work old_work;
vl_shared old_shared;
static vl_model model; /* of the job at hand; empty: its codec learns nothing */
static char **wanted;  /* names of codecs, NULL behind them; none: all */

static const vl_codec_test *test_of(const vl_codec *codec)
{
    static const vl_codec_test none;
    const vl_codec_test *test = NULL;
    switch (codec->id) {
#define VL_CODEC(name, number)                                                                               \
    case number:                                                                                             \
        test = &vl_codec_test_##name;                                                                        \
        break;
#include "pipeline/codec/codec.def"
#undef VL_CODEC
    default: break;
    }
    return test ? test : &none;
}

static bool is_wanted(const vl_codec *codec)
{
    for (char **name = wanted; *name; name++)
        if (!strcmp(*name, codec->name)) return true;
    return !*wanted;
}

bool codec_check(bool ok, const char *file, int line, const char *about, ...)
{
    char text[256] = "";
    if (!ok) {
        va_list args;
        va_start(args, about);
        vsnprintf(text, sizeof text, about, args);
        va_end(args);
    }
    return check(ok, "codec", file, line, "%s", text);
}

/* ---- frames ---- */

void put(vl_buf *buf, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (vl_buf_append(buf, bytes, n, &err)) abort();
}

void put_zstd(vl_buf *buf, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (vl_zstd_pack(bytes, n, 1, &old_work, buf, &err)) abort();
}

void begin(vl_buf *frame, uint8_t codec, uint8_t width, uint32_t len)
{
    uint8_t head[VL_FRAME] = { 'V', VL_FRAME_VERSION, codec, width };
    vl_put_le32(head + 4, len);
    frame->len = 0;
    put(frame, head, sizeof head);
}

void seal(vl_buf *frame)
{
    const uint64_t head = XXH3_64bits(frame->data, 16);
    vl_put_le64(frame->data + 16, XXH3_64bits_withSeed(frame->data + VL_FRAME, frame->len - VL_FRAME, head));
}

void refuse(vl_buf *frame, const char *reason, const char *file, int line)
{
    static vl_buf back;
    vl_err err = VL_ERR_INIT;
    seal(frame);
    vl_unpack_with(&old_shared.plain, frame->data, frame->len, &back, &old_work, &err);
    codec_check(err.code == VL_ESTORE && strstr(err.what, reason), file, line, "'%s', expected '%s'",
                err.what, reason);
}

size_t packed_and_back(uint8_t codec, const vl_buf *plain, vl_type type)
{
    static vl_buf packed, back;
    vl_err err = VL_ERR_INIT;
    bool fits = false;
    const vl_pack_job job = { .plain = plain->data, .len = plain->len, .type = type, .work = &old_work };
    HOLDS(!vl_pack(vl_codec_find(codec), &job, &packed, &fits, &err) && fits, "packed by %s",
          vl_codec_name(codec));
    HOLDS(!vl_unpack(packed.data, packed.len, &back, &old_work, &err) && back.len == plain->len &&
              !memcmp(back.data, plain->data, plain->len),
          "comes back from %s: %s", vl_codec_name(codec), err.what);
    return packed.len;
}

/* ---- round trips ---- */

/* Where the codec's rows end: before each letter that starts one, or at all lengths, some of them 0, the last
 * going on behind the chunk. */
static size_t draw_rows(uint32_t *row, const vl_pack_job *job, size_t n, uint8_t starts)
{
    uint64_t dice = job->len;
    size_t k = 0;
    if (!starts)
        for (uint64_t at = 3; at <= n; at += check_random(&dice) % 40) row[k++] = (uint32_t)at;
    for (size_t i = 1; starts && i < n; i++)
        if (job->plain[i] == starts) row[k++] = (uint32_t)i;
    return k;
}

/* What a codec may see beside bytes: rows, and letters near. */
static void give_beside(vl_pack_job *job, const vl_codec *codec)
{
    static uint32_t row[LONG];
    static uint8_t near[LONG];
    const size_t n = job->len / vl_type_width(job->type);
    uint64_t dice = job->len;
    const size_t k = draw_rows(row, job, n, vl_type_width(job->type) == 1 ? test_of(codec)->starts : 0);
    for (size_t i = 0; i < n; i++) near[i] = (uint8_t) "ACGTN"[check_random(&dice) % 5];
    if (codec->rows && k) {
        job->beside.row = row;
        job->beside.nrow = k;
    }
    if (test_of(codec)->see) test_of(codec)->see(job);
    if (codec->near && n) {
        job->beside.near = near;
        job->beside.near_type = VL_U8;
    }
}

static vl_pack_job job_of(const vl_buf *plain, vl_type type, int effort, vl_work *work)
{
    return (
        vl_pack_job){ .plain = plain->data, .len = plain->len, .type = type, .effort = effort, .work = work };
}

/* What chunks like this one share. */
static void share(const vl_codec *codec, const vl_pack_job *job)
{
    vl_err err = VL_ERR_INIT;
    bool more = true;
    uint64_t memory;
    vl_shared_free(&old_shared);
    if (!codec->sharing) return;
    old_shared.codec = codec->id;
    if (!codec->sharing->grow) put(&old_shared.plain, job->plain, job->len);
    else if (codec->sharing->grow(&old_shared, job, &more, &memory, &err)) abort();
    if (codec->sharing->end(&old_shared, &err)) abort();
}

/* The same with all that the codec asks for, and what it learns of these bytes. */
static vl_pack_job job_for(const vl_codec *codec, const vl_buf *plain, vl_type type, int effort)
{
    vl_err err = VL_ERR_INIT;
    vl_pack_job job = job_of(plain, type, effort, &old_work);
    give_beside(&job, codec);
    model.bytes.len = 0;
    model.codec = codec->id;
    if (codec->learn && codec->learn(&job, &model.bytes, &err)) abort();
    job.beside.model = &model;
    share(codec, &job);
    job.beside.shared = &old_shared;
    return job;
}

static bool same(const vl_buf *a, const vl_buf *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* By the codec, or raw if it cannot hold the bytes. */
static vl_code pack_or_raw(const vl_codec *codec, const vl_pack_job *job, vl_buf *packed, vl_err *err)
{
    bool fits = false;
    if (vl_pack(codec, job, packed, &fits, err) || fits) return err->code;
    return vl_pack(vl_codec_find(VL_CODEC_raw), job, packed, &fits, err);
}

/* Work that is new must give what work that was used before gave. */
static void check_again(const vl_codec *codec, vl_pack_job job, const vl_buf *packed)
{
    static vl_buf again;
    vl_err err = VL_ERR_INIT;
    vl_work fresh = { 0 };
    job.work = &fresh;
    pack_or_raw(codec, &job, &again, &err);
    HOLDS(!err.code && same(packed, &again), "%s, %zu bytes of %s: work that is used again: %s", codec->name,
          job.len, vl_type_name(job.type), err.what);
    vl_work_free(&fresh);
}

/* So are elements here and there. */
static void check_some(const char *what, const vl_buf *packed, const vl_buf *plain)
{
    static vl_buf piece;
    uint64_t dice = plain->len, some[5] = { 0 };
    const size_t width = packed->data[3], n = plain->len / width;
    vl_err err = VL_ERR_INIT;
    vl_part part = { .some = some, .nsome = 5 };
    for (int i = 0; n && i < 5; i++) some[i] = check_random(&dice) % n;
    if (piece.len) memset(piece.data, 0xaa, piece.len);
    vl_unpack_part(&old_shared.plain, packed->data, packed->len, &part, &piece, &old_work, &err);
    for (int i = 0; n && i < 5; i++)
        HOLDS(!err.code && piece.len == plain->len &&
                  !memcmp(piece.data + some[i] * width, plain->data + some[i] * width, width),
              "%s, element %zu of %zu: %s", what, (size_t)some[i], n, err.what);
    some[3] = n;
    part = (vl_part){ .some = some, .nsome = 5 };
    HOLDS(vl_unpack_part(&old_shared.plain, packed->data, packed->len, &part, &piece, &old_work, &err) ==
              VL_ESTORE,
          "%s, an element behind the last", what);
}

/* Parts are those of the whole. */
static void check_parts(const char *what, const vl_buf *packed, const vl_buf *plain)
{
    static vl_buf piece;
    uint64_t dice = plain->len;
    for (int i = 0; i < 8 && plain->len; i++) {
        const size_t most = i % 2 ? 1 + plain->len / 50 : plain->len, from = check_random(&dice) % plain->len,
                     left = plain->len - from,
                     to = from + 1 + check_random(&dice) % (left < most ? left : most);
        vl_err err = VL_ERR_INIT;
        vl_part part = { .from = from, .to = to };
        if (piece.len) memset(piece.data, 0xaa, piece.len);
        vl_unpack_part(&old_shared.plain, packed->data, packed->len, &part, &piece, &old_work, &err);
        HOLDS(!err.code && piece.len == plain->len && (!part.to || (part.from <= from && to <= part.to)) &&
                  !memcmp(piece.data + from, plain->data + from, to - from),
              "%s, bytes %zu to %zu of %zu: %s", what, from, to, plain->len, err.what);
    }
}

/* Whether the codec held the bytes itself. */
static bool check_trip(const vl_codec *codec, const char *what, const vl_buf *plain, vl_type type, int effort)
{
    static vl_buf packed, back;
    vl_err err = VL_ERR_INIT;
    const vl_pack_job job = job_for(codec, plain, type, effort);
    const size_t n = plain->len / vl_type_width(type);
    pack_or_raw(codec, &job, &packed, &err);
    if (n % 16 == 3 || plain->len == LONG) check_again(codec, job, &packed);
    const uint8_t used = packed.data[2];
    vl_unpack_with(&old_shared.plain, packed.data, packed.len, &back, &old_work, &err);
    HOLDS(!err.code && same(&back, plain), "%s, %s, %zu %s: %s", codec->name, what, n, vl_type_name(type),
          err.what);
    if (codec->parts) check_parts(what, &packed, plain);
    if (codec->parts && n) check_some(what, &packed, plain);
    return used == codec->id;
}

static void check_choice(const char *what, const vl_buf *plain, vl_type type, const vl_trial *trial)
{
    static vl_buf copy, a, b;
    static const unsigned uses[] = {
        VL_USE_TEXT, VL_USE_BASE, VL_USE_QUALITY, VL_USE_NUMBER, 30, 31, 32, 255
    };
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        vl_work fresh = { 0 };
        vl_err err = VL_ERR_INIT;
        /* elsewhere in memory, other work */
        copy.len = 0;
        put(&copy, plain->data, plain->len);
        const vl_pack_job one = job_of(plain, type, 1, &old_work), two = job_of(&copy, type, 3, &fresh);
        const bool good =
            !vl_pack_best(trial, uses[i], &one, &a, &err) && !vl_pack_best(trial, uses[i], &two, &b, &err);
        HOLDS(good && same(&a, &b), "choice for use %u, %s, %zu bytes of %s: %s", uses[i], what, plain->len,
              vl_type_name(type), err.what);
        HOLDS(vl_codec_suits(vl_codec_find(a.data[2]), uses[i], type), "choice for use %u of %s: %s", uses[i],
              vl_type_name(type), vl_codec_name(a.data[2]));
        vl_work_free(&fresh);
    }
}

static bool check_sorts(const vl_codec *codec, vl_type type, size_t n)
{
    static vl_buf plain;
    const vl_codec_test *const test = test_of(codec);
    const size_t width = vl_type_width(type);
    const int effort = n < 1000 ? (int)(n % VL_EFFORTS) : 1;
    bool held = false;
    for (int s = 0; s < NSORT; s++) {
        draw(&plain, (sort)s, n, type, n * 1000 + width * 100 + (size_t)s);
        const bool it = check_trip(codec, sort_name[s], &plain, type, effort);
        HOLDS(it || !test->holds || !test->holds((sort)s, n, width), "%s does not hold %zu %s: %s",
              codec->name, n, vl_type_name(type), sort_name[s]);
        held |= it;
    }
    if (test->draw) {
        test->draw(&plain, n, type, n);
        const bool it = check_trip(codec, "its own", &plain, type, effort);
        HOLDS(it || n < test->enough, "%s does not hold %zu %s of its own", codec->name, n,
              vl_type_name(type));
        held |= it;
    }
    vl_buf_free(&plain);
    return held;
}

/* All lengths from 0 on, then ever fewer; a whole chunk at the end. */
static size_t next_length(size_t n)
{
    return n < 40 ? n + 1 : n < 300 ? n + 1 + n / 8 : n < LONG ? LONG : SIZE_MAX;
}

static void check_round_trips(void)
{
    static const int thorough =
        VL_ONE(VL_I64) | VL_ONE(VL_U8) | VL_ONE(VL_I16) | VL_ONE(VL_F32) | VL_ONE(VL_F64);
    for (const vl_codec *const *c = vl_codecs; *c; c++) {
        for (int t = VL_U8; t <= VL_F64 && is_wanted(*c); t++) {
            if (!((*c)->types >> t & 1)) continue;
            bool held = false;
            for (size_t n = 0; n <= LONG; n = next_length(n))
                if (thorough >> t & 1 || n < 17)
                    held |= check_sorts(*c, (vl_type)t, n == LONG ? n / vl_type_width((vl_type)t) : n);
            HOLDS(held, "%s holds nothing of %s that is drawn here: it needs a vl_codec_test", (*c)->name,
                  vl_type_name((vl_type)t));
        }
    }
}

static void check_choices(void)
{
    static const size_t lengths[] = { 0, 1, 2, 3, 17, 300, 9000 };
    vl_buf plain = { 0 };
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        for (int i = 0; i < NSORT * (VL_F64 + 1); i++) {
            draw(&plain, (sort)(i % NSORT), lengths[l], (vl_type)(i / NSORT), l);
            check_choice(sort_name[i % NSORT], &plain, (vl_type)(i / NSORT),
                         vl_profile_trial((vl_profile)(l % 3)));
        }
    }
    vl_buf_free(&plain);
}

/* ---- damage ---- */

/* Some bytes of a type that the codec holds, packed. False: there are none. */
static bool draw_held(const vl_codec *codec, vl_type type, size_t n, vl_buf *plain, vl_buf *packed)
{
    const vl_codec_test *const test = test_of(codec);
    for (int s = NSORT; s >= 0; s--) {
        vl_err err = VL_ERR_INIT;
        if (s == NSORT && !test->draw) continue;
        if (s == NSORT) test->draw(plain, n, type, 5);
        else draw(plain, (sort)s, n, type, 5);
        const vl_pack_job job = job_for(codec, plain, type, 3);
        if (pack_or_raw(codec, &job, packed, &err)) abort();
        if (packed->data[2] == codec->id) return true;
    }
    return false;
}

static void must_refuse(const uint8_t *bytes, size_t n, const char *what, const char *how, size_t at)
{
    static vl_buf back;
    vl_err err = VL_ERR_INIT;
    uint8_t *const just = vl_alloc(n);
    memcpy(just, bytes, n);
    vl_unpack_with(&old_shared.plain, just, n, &back, &old_work, &err);
    HOLDS(err.code == VL_ESTORE && err.what[0], "%s: %s %zu", what, how, at);
    free(just);
}

static void check_flips_and_cuts(const char *what, vl_buf *packed)
{
    for (size_t bit = 0; bit < 8 * packed->len; bit++) {
        packed->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        must_refuse(packed->data, packed->len, what, "flipped bit", bit);
        packed->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < packed->len; n++) must_refuse(packed->data, n, what, "cut to", n);
    put(packed, "", 1);
    must_refuse(packed->data, packed->len, what, "bytes behind", 1);
    packed->len--;
}

/* A damaged frame that is sealed again: the decoder sees it. It is refused, or gives the bytes that the
 * frame's hash is of. */
static void survive(vl_buf *frame, const vl_buf *plain, const char *what, const char *how, size_t at)
{
    static vl_buf back;
    vl_err err = VL_ERR_INIT;
    seal(frame);
    uint8_t *const just = vl_alloc(frame->len);
    memcpy(just, frame->data, frame->len);
    vl_unpack_with(&old_shared.plain, just, frame->len, &back, &old_work, &err);
    HOLDS(err.code ? err.code == VL_ESTORE && err.what[0] : same(&back, plain),
          "%s, sealed again: %s %zu: %s", what, how, at, err.what);
    vl_part part = { .from = plain->len / 3, .to = plain->len / 2 };
    vl_err_clear(&err);
    vl_unpack_part(&old_shared.plain, just, frame->len, &part, &back, &old_work, &err);
    HOLDS(!err.code || (err.code == VL_ESTORE && err.what[0]), "%s, sealed again, a part: %s %zu", what, how,
          at);
    free(just);
}

static void check_lies(const char *what, const vl_buf *packed, const vl_buf *plain)
{
    vl_buf f = { 0 };
    uint64_t dice = packed->len;
    for (size_t bit = 0; bit < 8 * (packed->len - VL_FRAME); bit++) {
        f.len = 0;
        put(&f, packed->data, packed->len);
        f.data[VL_FRAME + bit / 8] ^= (uint8_t)(1 << bit % 8);
        survive(&f, plain, what, "flipped bit", bit);
    }
    for (size_t n = VL_FRAME; n < packed->len; n++) {
        f.len = 0;
        put(&f, packed->data, n);
        survive(&f, plain, what, "cut to", n);
    }
    for (size_t i = 0; i < 400; i++) { /* other lengths and widths; bytes behind; payloads of dice */
        f.len = 0;
        put(&f, packed->data, i % 4 == 3 ? VL_FRAME : packed->len);
        if (i % 4 == 0) vl_put_le32(f.data + 4, (uint32_t)(check_random(&dice) % 2048));
        if (i % 4 == 1) f.data[3] = (uint8_t)(1 + check_random(&dice) % 8);
        for (size_t k = i % 4 < 2 ? 0 : 1 + i / 4; k; k--)
            put(&f, &(uint8_t){ (uint8_t)check_random(&dice) }, 1);
        survive(&f, plain, what, "lie", i);
    }
    vl_buf_free(&f);
}

/* The payload of one codec under the number of every other. */
static void check_wrong_codec(const vl_codec *codec, const vl_buf *packed, const vl_buf *plain)
{
    vl_buf f = { 0 };
    for (const vl_codec *const *c = vl_codecs; *c; c++) {
        f.len = 0;
        put(&f, packed->data, packed->len);
        f.data[2] = (*c)->id;
        survive(&f, plain, codec->name, "as codec", (*c)->id);
    }
    vl_buf_free(&f);
}

static void check_damage(void)
{
    static const vl_type types[] = { VL_U8, VL_I16, VL_F32, VL_F64, VL_I64 };
    vl_buf plain = { 0 }, packed = { 0 };
    for (const vl_codec *const *c = vl_codecs; *c; c++) {
        if (!is_wanted(*c)) continue;
        for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
            char what[64];
            if (!((*c)->types >> types[t] & 1)) continue;
            const size_t n = test_of(*c)->enough ? test_of(*c)->enough : 160 / vl_type_width(types[t]);
            const bool held = draw_held(*c, types[t], n, &plain, &packed);
            snprintf(what, sizeof what, "%s, %s", (*c)->name, vl_type_name(types[t]));
            if (!HOLDS(held, "%s: holds nothing", what)) continue;
            check_flips_and_cuts(what, &packed);
            check_lies(what, &packed, &plain);
            check_wrong_codec(*c, &packed, &plain);
        }
        if (test_of(*c)->crafted) test_of(*c)->crafted();
    }
    vl_buf_free(&plain);
    vl_buf_free(&packed);
}

static void check_crafted_frames(void)
{
    vl_buf f = { 0 };
    const struct {
        int at;
        uint8_t value;
        const char *reason;
    } head[] = { { 0, 'W', "not with a frame" }, { 1, 0, "version 0" },     { 1, 2, "version 2" },
                 { 3, 0, "elements of 0" },      { 3, 9, "elements of 9" }, { 3, 255, "elements of" },
                 { 3, 3, "elements of 3" },      { 4, 0, "raw chunk" },     { 4, 14, "frame claims 14" },
                 { 7, 4, "plain bytes" },        { 7, 255, "plain bytes" } };
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
        begin(&f, VL_CODEC_raw, 2, 16);
        put(&f, "0123456789abcdef", 16);
        f.data[head[i].at] = head[i].value;
        REFUSE(&f, head[i].reason);
    }
    begin(&f, VL_CODEC_raw, 1, 3);
    put(&f, "abc", 3);
    REFUSE(&f, "unpacked bytes do not match");
    for (int id = 0; id < 256; id++) {
        if (vl_codec_find((uint8_t)id)) continue;
        begin(&f, (uint8_t)id, 1, 3);
        put(&f, "abc", 3);
        REFUSE(&f, "unknown codec");
    }
    vl_buf_free(&f);
}

/* What was learned is used, and without it there is nothing to pack by. */
static void check_models(const vl_codec *codec)
{
    vl_buf plain = { 0 }, packed = { 0 };
    vl_err err = VL_ERR_INIT;
    bool fits = false;
    const vl_codec_test *const test = test_of(codec);
    const size_t n = test->enough ? test->enough : 400;
    if (test->draw) test->draw(&plain, n, VL_U8, 3);
    else draw(&plain, QUALITIES, n, VL_U8, 3);
    vl_pack_job job = job_for(codec, &plain, VL_U8, 1);
    HOLDS(model.bytes.len && !vl_pack(codec, &job, &packed, &fits, &err) && fits, "%s: %s", codec->name,
          err.what);
    job.beside.model = NULL;
    HOLDS(!vl_pack(codec, &job, &packed, &fits, &err) && !fits, "%s packs without a model", codec->name);
    vl_buf_free(&plain);
    vl_buf_free(&packed);
}

/* A column's attribute has room for the names of all codecs, and each number and name is one codec's. */
static void check_names(void)
{
    size_t room = 0;
    for (const vl_codec *const *c = vl_codecs; *c; c++) {
        room += strlen((*c)->name) + 1;
        HOLDS(vl_codec_find((*c)->id) == *c, "%s: its number is another's", (*c)->name);
        for (const vl_codec *const *d = vl_codecs; d < c; d++)
            HOLDS(strcmp((*c)->name, (*d)->name), "%s: two codecs of this name", (*c)->name);
    }
    for (char **name = wanted; *name; name++) {
        bool known = false;
        for (const vl_codec *const *c = vl_codecs; *c; c++) known |= !strcmp(*name, (*c)->name);
        HOLDS(known, "no codec is called %s", *name);
    }
    HOLDS(room <= VL_CODEC_NAMES, "all names take %zu bytes, there is room for %d", room, VL_CODEC_NAMES);
}

/* ---- bench ---- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The best of five: MB a second, packing and unpacking. */
static void time_codec(const vl_codec *codec, const vl_pack_job *job, vl_buf *packed, double *pack,
                       double *unpack)
{
    vl_err err = VL_ERR_INIT;
    static vl_buf back;
    *pack = *unpack = 0;
    for (int i = 0; i < 5; i++) {
        const double a = seconds();
        for (int k = 0; k < 4; k++) pack_or_raw(codec, job, packed, &err);
        const double b = seconds();
        for (int k = 0; k < 4; k++)
            vl_unpack_with(&old_shared.plain, packed->data, packed->len, &back, job->work, &err);
        const double c = seconds(), mb = 4e-6 * (double)job->len;
        if (mb / (b - a) > *pack) *pack = mb / (b - a);
        if (mb / (c - b) > *unpack) *unpack = mb / (c - b);
    }
    if (err.code) abort();
}

static void bench_codec(const vl_codec *codec, vl_type type)
{
    vl_buf plain = { 0 }, packed = { 0 }, peer = { 0 };
    vl_err err = VL_ERR_INIT;
    const vl_codec *const zstd = vl_codec_find(VL_CODEC_zstd);
    const size_t n = LONG / vl_type_width(type);
    int best = -1;
    double least = 1e9, speed[4];
    for (int s = 0; s < NSORT; s++) {
        draw(&plain, (sort)s, n, type, 7);
        const vl_pack_job job = job_for(codec, &plain, type, 1);
        if (pack_or_raw(codec, &job, &packed, &err) || pack_or_raw(zstd, &job, &peer, &err)) abort();
        if (packed.data[2] != codec->id || (double)packed.len / (double)peer.len >= least) continue;
        least = (double)packed.len / (double)peer.len;
        best = s;
    }
    if (best >= 0) draw(&plain, (sort)best, n, type, 7);
    else test_of(codec)->draw(&plain, n, type, 7);
    const vl_pack_job job = job_for(codec, &plain, type, 1);
    time_codec(codec, &job, &packed, &speed[0], &speed[1]);
    time_codec(zstd, &job, &peer, &speed[2], &speed[3]);
    printf("%s\t%zu\t%s\t%zu\t%zu\t%.0f\t%.0f\t%zu\t%.0f\t%.0f\n", codec->name, vl_type_width(type),
           best < 0 ? "its own" : sort_name[best], plain.len, packed.len, speed[0], speed[1], peer.len,
           speed[2], speed[3]);
    vl_buf_free(&plain);
    vl_buf_free(&packed);
    vl_buf_free(&peer);
}

static int bench(void)
{
    static const vl_type types[] = { VL_U8, VL_U16, VL_F32, VL_F64 };
    printf("codec\twidth\tbytes of\tin\tout\tpack MB/s\tunpack MB/s\tzstd 1 out\tpack MB/s\tunpack MB/s\n");
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        for (size_t t = 0; t < sizeof types / sizeof *types; t++)
            if ((*c)->types >> types[t] & 1) bench_codec(*c, types[t]);
    vl_work_free(&old_work);
    return 0;
}

int main(int argc, char **argv)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    if (argc > 1 && !strcmp(argv[1], "--bench")) return bench();
    wanted = argv + 1;
    check_round_trips();
    check_choices();
    check_damage();
    check_crafted_frames();
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        if ((*c)->learn) check_models(*c);
    check_names();
    vl_buf_free(&model.bytes);
    vl_work_free(&old_work);
    return check_end();
}
