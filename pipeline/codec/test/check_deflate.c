/*
 * Codec deflate without a frame, as profile portable has it: no hash over the packed bytes, so what passes
 * damage must be the right bytes.
 */
#include "pipeline/codec/profile.h"
#include "pipeline/codec/test/codec_test.h"

#include <stdlib.h>
#include <string.h>

static bool holds(sort of, size_t n, size_t width)
{
    (void)of, (void)n, (void)width;
    return true;
}

static bool gives(const vl_buf *packed, size_t n, size_t len, size_t width, const vl_buf *plain,
                  bool may_pass)
{
    static vl_buf back;
    vl_err err = VL_ERR_INIT;
    vl_deflate_unpack(packed->data, n, len, width, &back, &old_work, &err);
    if (err.code) return err.code == VL_ESTORE && err.what[0];
    return may_pass && back.len == plain->len && !memcmp(back.data, plain->data, back.len);
}

static void damage(const vl_buf *plain, vl_buf *packed, size_t width)
{
    const size_t n = packed->len, len = plain->len;
    HOLDS(gives(packed, n, len, width, plain, true), "width %zu", width);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        packed->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        HOLDS(gives(packed, n, len, width, plain, true), "width %zu: bit %zu flipped", width, bit);
        packed->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < n; cut++)
        HOLDS(gives(packed, cut, len, width, plain, false), "width %zu: cut to %zu bytes", width, cut);
    HOLDS(gives(packed, n, len - width, width, plain, false), "width %zu: one element less is asked for",
          width);
    HOLDS(gives(packed, n, len + width, width, plain, false), "width %zu: one element more is asked for",
          width);
    put(packed, "", 1);
    HOLDS(gives(packed, n + 1, len, width, plain, false), "width %zu: a byte behind", width);
}

static void crafted(void)
{
    static const vl_type types[] = { VL_U8, VL_U16, VL_F32, VL_F64 };
    vl_buf plain = { 0 }, packed = { 0 };
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        vl_err err = VL_ERR_INIT;
        const size_t width = vl_type_width(types[t]);
        draw(&plain, IUPAC, 200 / width, types[t], 5);
        const vl_pack_job job = {
            .plain = plain.data, .len = plain.len, .type = types[t], .work = &old_work
        };
        if (vl_deflate_pack(vl_profile_trial(VL_PORTABLE), &job, &packed, &err)) abort();
        damage(&plain, &packed, width);
    }
    vl_buf_free(&plain);
    vl_buf_free(&packed);
}

const vl_codec_test vl_codec_test_deflate = { .holds = holds, .crafted = crafted };
