/* Codec reference: reads of letters that somebody gave, parts of these, and payloads that lie. */
#include "pipeline/codec/reference.h"
#include "pipeline/codec/consensus.h"
#include "pipeline/codec/payload.h"
#include "pipeline/codec/numbers.h"
#include "pipeline/codec/test/codec_test.h"

#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 900, READ = 100, LETTERS = 64 };

/* Reads of an N and 99 letters: each is in the reference, as check_codec takes the chunk itself for one. */
static void draw_reads(vl_buf *plain, size_t n, vl_type type, uint64_t seed)
{
    vl_err err = VL_ERR_INIT;
    (void)type;
    if (vl_buf_reserve(plain, n, &err)) abort();
    for (size_t i = 0; i < n; i++)
        plain->data[i] = i % READ ? (uint8_t) "ACGT"[check_random(&seed) >> 20 & 3] : 'N';
    plain->len = n;
}

/* ---- parts of the reference ---- */

static void check_part(const char *what, const vl_buf *letters, uint64_t first)
{
    static vl_buf packed, back;
    vl_err err = VL_ERR_INIT;
    const vl_codec *const codec = vl_codec_find(VL_CODEC_reference);
    bool fits = false;
    uint64_t number, all, at;
    const vl_pack_job job = { .plain = letters->data,
                              .len = letters->len,
                              .type = VL_U8,
                              .beside = { .shared = &old_shared, .part = &first },
                              .work = &old_work };
    HOLDS(!vl_pack(codec, &job, &packed, &fits, &err) && fits, "%s: %s", what, err.what);
    HOLDS(!vl_unpack(packed.data, packed.len, &back, &old_work, &err) && back.len == letters->len &&
              !memcmp(back.data, letters->data, back.len),
          "%s: %s", what, err.what);
    const uint8_t *const payload = packed.data + VL_FRAME;
    HOLDS(codec->sharing->part(payload, packed.len - VL_FRAME, &number, &all, &at) && at == first &&
              all == old_shared.plain.len && number == vl_le64(payload),
          "%s: its head", what);
}

/* Letters, hardly any, and none. What no row uses is blank in the end. */
static void check_parts(void)
{
    static vl_buf letters;
    vl_err err = VL_ERR_INIT;
    enum { ALL = 5000, FROM = 1000 };
    const vl_codec *const codec = vl_codec_find(VL_CODEC_reference);
    draw_reads(&letters, ALL, VL_U8, 9);
    vl_shared_free(&old_shared);
    old_shared.codec = VL_CODEC_reference;
    put(&old_shared.plain, letters.data, letters.len);
    if (codec->sharing->end(&old_shared, &err)) abort();
    check_part("letters", &letters, 0);
    HOLDS(!vl_reference_blank(&old_shared), "nothing was packed, and something is used");
    old_shared.plain.len = 0;
    put(&old_shared.plain, letters.data, letters.len);
    const vl_pack_job job = { .plain = letters.data + FROM,
                              .len = READ * 9,
                              .type = VL_U8,
                              .beside = { .shared = &old_shared },
                              .work = &old_work };
    static vl_buf packed, back;
    bool fits = false;
    HOLDS(!vl_pack(codec, &job, &packed, &fits, &err) && fits, "%s", err.what);
    HOLDS(vl_reference_blank(&old_shared), "something was packed, and nothing is used");
    HOLDS(!vl_unpack_with(&old_shared.plain, packed.data, packed.len, &back, &old_work, &err), "%s",
          err.what);
    const size_t n = ALL - FROM - READ * 9 - 512;
    size_t blank = 0;
    for (size_t i = ALL - n; i < ALL; i++) blank += old_shared.plain.data[i] == 'N';
    HOLDS(blank == n, "%zu of %zu letters that nobody uses are blank", blank, n);
    check_part("hardly any letters", &old_shared.plain, ALL - 1);
    memset(letters.data, 'N', letters.len);
    check_part("no letters", &letters, 77);
}

/* ---- payloads that lie ---- */

static void put_head(vl_buf *f, uint32_t len, uint64_t letters, uint8_t what)
{
    vl_err err = VL_ERR_INIT;
    begin(f, VL_CODEC_reference, 1, len);
    if (vl_add_le64(f, 1, &err) || vl_add_number(f, letters, &err)) abort();
    put(f, &what, 1);
}

/* A part of four letters: one run of so many and some N, the rest in two bits. */
static void refuse_part(uint64_t letters, uint64_t first, uint8_t runs, uint8_t n, uint8_t none,
                        const char *reason)
{
    static vl_buf f;
    vl_err err = VL_ERR_INIT;
    put_head(&f, 4, letters, 0);
    if (vl_add_number(&f, first, &err)) abort();
    put(&f, &runs, 1);
    if (runs) put(&f, (const uint8_t[]){ n, none }, 2);
    put(&f, "\x1b", 1);
    REFUSE(&f, reason);
}

/* A chunk of 12 letters: one match of so many, from `place` on. */
static void refuse_place(uint64_t letters, uint8_t length, uint8_t way, uint8_t place, const char *reason)
{
    static vl_buf f;
    put_head(&f, 12, letters, 1);
    put(&f, "\0\0\1", 3); /* fill, odd letters, matches */
    put(&f, (const uint8_t[]){ VL_NUMBERS_EQUAL, 0, VL_NUMBERS_EQUAL, length, 1, way }, 6);
    put(&f, (const uint8_t[]){ VL_NUMBERS_EQUAL, place, VL_NUMBERS_EQUAL, 0 }, 4);
    REFUSE(&f, reason);
}

static void crafted(void)
{
    vl_err err = VL_ERR_INIT;
    vl_buf f = { 0 };
    check_parts();
    vl_shared_free(&old_shared);
    refuse_place(LETTERS, 12, 0, 0, "not known here");
    if (vl_buf_reserve(&old_shared.plain, LETTERS, &err)) abort();
    memset(old_shared.plain.data, 'G', old_shared.plain.len = LETTERS);
    refuse_place(LETTERS, 12, 0, 0, "do not match"); /* fits: only the hash is wrong */
    refuse_place(LETTERS + 1, 12, 0, 0, "reference of 65 letters");
    refuse_place(VL_REFERENCE_MOST + 1, 12, 0, 0, "first bytes");
    refuse_place(LETTERS, 12, 0, 53, "places");
    refuse_place(LETTERS, 12, 0, 127, "places");
    refuse_place(LETTERS, 12, 1, 10, "places");
    refuse_place(LETTERS, 12, 1, 64, "places");
    refuse_place(LETTERS, 13, 0, 0, "lengths");
    refuse_place(LETTERS, 11, 0, 0, "letters");
    refuse_part(LETTERS, 0, 0, 0, 0, "do not match"); /* fits */
    refuse_part(LETTERS, 0, 1, 1, 2, "do not match");
    refuse_part(LETTERS, LETTERS, 0, 0, 0, "first bytes of a part");
    refuse_part(LETTERS, UINT64_MAX, 0, 0, 0, "first bytes of a part");
    refuse_part(LETTERS, 0, 5, 0, 0, "first bytes of a part");
    refuse_part(LETTERS, 0, 1, 5, 0, "runs of a part");
    refuse_part(LETTERS, 0, 1, 2, 3, "runs of a part");
    refuse_part(LETTERS, 0, 2, 1, 0, "runs of a part");
    refuse_part(LETTERS, 0, 1, 0, 4, "letters of a part");
    put_head(&f, 4, LETTERS, 2);
    REFUSE(&f, "first bytes");
    put_head(&f, 4, LETTERS, 0);
    for (const size_t whole = f.len; f.len >= VL_FRAME; f.len--)
        REFUSE(&f, f.len == whole ? "first bytes of a part" : "first bytes");
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_reference = {
    .draw = draw_reads, .starts = 'N', .crafted = crafted, .enough = ENOUGH
};
