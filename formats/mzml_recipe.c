/*
 * Recipes: what makes the text of a compressed array again from its plain bytes (spectra.h lists them).
 *
 * The document does not say which compressor at which level wrote it. One array tells: its bytes are
 * compressed at the levels that its header allows, and what comes out is compared. Arrays of one kind come
 * from one writer, so most of them only take over what was found for the first. Where nothing fits, the
 * compressed bytes are kept.
 *
 * zlib: the two bits FLEVEL of the header name a group of levels (RFC 1950, deflate.c of zlib):
 *     0: 0, 1     1: 2..5     2: 6     3: 7..9
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "formats/mzml.h"

enum {
    PROOFS = 2,
    EVERY = 64,
    ZSTD_TOP = 22,
    ZSTD_QUICK = 12,
    ZSTD_SLOW_BYTES = 1 << 15,
    SMALL = 4096,
    ASKED = 16
};

void vl_mz_prover_free(vl_mz_prover *pr)
{
    if (pr->zlib) deflateEnd(pr->zlib);
    free(pr->zlib);
    ZSTD_freeCCtx(pr->zstd);
    vl_buf_free(&pr->again);
    vl_buf_free(&pr->shuffled);
    *pr = (vl_mz_prover){ 0 };
}

/* A compressor at this level, fresh or reset. */
static vl_code ready_zlib(vl_mz_prover *pr, int level, vl_err *err)
{
    if (pr->zlib && pr->zlevel == level) {
        deflateReset(pr->zlib);
        return VL_OK;
    }
    if (pr->zlib) deflateEnd(pr->zlib);
    free(pr->zlib);
    z_stream *const z = calloc(1, sizeof *z);
    pr->zlib = z;
    if (!z || deflateInit2(z, level, Z_DEFLATED, 15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(z);
        pr->zlib = NULL;
        return vl_fail(err, VL_ENOMEM, "no memory for a compressor");
    }
    pr->zlevel = level;
    return VL_OK;
}

static vl_code deflate_all(vl_mz_prover *pr, int level, const uint8_t *src, size_t n, vl_buf *out,
                           vl_err *err)
{
    if (ready_zlib(pr, level, err)) return err->code;
    z_stream *const z = pr->zlib;
    const size_t room = deflateBound(z, n);
    if (n > UINT32_MAX || room > UINT32_MAX) return vl_fail(err, VL_EUNSUP, "array of %zu bytes", n);
    if (vl_buf_grow(out, room, err)) return err->code;
    z->next_in = (Bytef *)(uintptr_t)src; /* zlib does not write there */
    z->avail_in = (uInt)n;
    z->next_out = out->data + out->len;
    z->avail_out = (uInt)room;
    if (deflate(z, Z_FINISH) != Z_STREAM_END) return vl_fail(err, VL_EBUG, "deflate did not end");
    out->len += room - z->avail_out;
    return VL_OK;
}

static vl_code zstd_all(vl_mz_prover *pr, int level, const uint8_t *src, size_t n, vl_buf *out, vl_err *err)
{
    if (!pr->zstd) pr->zstd = ZSTD_createCCtx();
    if (!pr->zstd) return vl_fail(err, VL_ENOMEM, "no memory for a compressor");
    const size_t room = ZSTD_compressBound(n);
    if (vl_buf_grow(out, room, err)) return err->code;
    const size_t len = ZSTD_compressCCtx(pr->zstd, out->data + out->len, room, src, n, level);
    if (ZSTD_isError(len)) return vl_fail(err, VL_ENOMEM, "zstd: %s", ZSTD_getErrorName(len));
    out->len += len;
    return VL_OK;
}

/* Appends what a recipe with a level makes of the bytes, before base64. */
static vl_code pack(vl_mz_prover *pr, unsigned recipe, const uint8_t *src, size_t n, vl_buf *out, vl_err *err)
{
    if (recipe >= VL_RECIPE_ZLIB && recipe <= VL_RECIPE_ZLIB + 9)
        return deflate_all(pr, (int)recipe - VL_RECIPE_ZLIB, src, n, out, err);
    if (recipe > VL_RECIPE_ZSTD && recipe <= VL_RECIPE_ZSTD + ZSTD_TOP)
        return zstd_all(pr, (int)recipe - VL_RECIPE_ZSTD, src, n, out, err);
    const bool four = recipe > VL_RECIPE_SHUFFLE4_ZSTD && recipe <= VL_RECIPE_SHUFFLE4_ZSTD + ZSTD_TOP;
    const bool eight = recipe > VL_RECIPE_SHUFFLE8_ZSTD && recipe <= VL_RECIPE_SHUFFLE8_ZSTD + ZSTD_TOP;
    const size_t width = four ? 4 : 8;
    if ((!four && !eight) || n % width)
        return vl_fail(err, VL_ESTORE, "array recipe %u does not exist for %zu bytes", recipe, n);
    if (vl_buf_reserve(&pr->shuffled, n, err)) return err->code;
    vl_k.byte_shuffle(pr->shuffled.data, src, n / width, width);
    return zstd_all(pr, (int)recipe - (four ? VL_RECIPE_SHUFFLE4_ZSTD : VL_RECIPE_SHUFFLE8_ZSTD),
                    pr->shuffled.data, n, out, err);
}

static vl_code makes(vl_mz_prover *pr, unsigned recipe, const uint8_t *payload, size_t n,
                     const uint8_t *packed, size_t npacked, bool *same, vl_err *err)
{
    pr->again.len = 0;
    if (pack(pr, recipe, payload, n, &pr->again, err)) return err->code;
    *same = pr->again.len == npacked && !memcmp(pr->again.data, packed, npacked);
    return VL_OK;
}

/* The number below the levels of this compression; 0 if there are none. */
static unsigned base_of(unsigned outer, size_t width)
{
    if (outer == VL_MZ_ZLIB) return VL_RECIPE_ZLIB;
    if (outer == VL_MZ_ZSTD) return VL_RECIPE_ZSTD;
    if (outer == VL_MZ_SHUFFLE_ZSTD && width == 4) return VL_RECIPE_SHUFFLE4_ZSTD;
    if (outer == VL_MZ_SHUFFLE_ZSTD && width == 8) return VL_RECIPE_SHUFFLE8_ZSTD;
    return 0;
}

/* Levels that the header of the packed bytes leaves possible, as bits. */
static uint32_t possible(unsigned outer, const uint8_t *packed, size_t npacked, size_t n)
{
    static const uint32_t group[4] = { 0x003, 0x03c, 0x040, 0x380 };
    if (outer == VL_MZ_ZLIB)
        return npacked > 2 && packed[0] == 0x78 && !(packed[1] & 0x20) ? group[packed[1] >> 6] : 0;
    /* one call knows the size and writes it, and no checksum */
    if (npacked < 5 || packed[4] & 4 || ZSTD_getFrameContentSize(packed, npacked) != n) return 0;
    return (UINT32_C(2) << (n <= ZSTD_SLOW_BYTES ? ZSTD_TOP : ZSTD_QUICK)) - 2;
}

/* The likeliest of some levels: what libraries take when not asked, or else the hardest. */
static unsigned likeliest(unsigned base, uint32_t levels)
{
    const unsigned usual = base == VL_RECIPE_ZLIB ? 6 : 3;
    if (levels >> usual & 1) return usual;
    return 31 - (unsigned)__builtin_clz(levels);
}

/* Which of the levels make packed, the likeliest first. Stops at one unless all are wanted. */
static vl_code matching(vl_mz_prover *pr, unsigned base, uint32_t levels, bool all, const uint8_t *payload,
                        size_t n, const uint8_t *packed, size_t npacked, uint32_t *found, vl_err *err)
{
    *found = 0;
    while (levels && (all || !*found)) {
        const unsigned level = likeliest(base, levels);
        bool same = false;
        if (makes(pr, base + level, payload, n, packed, npacked, &same, err)) return err->code;
        levels &= ~(UINT32_C(1) << level);
        *found |= (uint32_t)same << level;
    }
    return VL_OK;
}

/* Small arrays look the same at several levels. Then more of them are asked. */
static bool unsure(const vl_mz_kind *kind, size_t n)
{
    return n <= SMALL && kind->recipe && __builtin_popcount(kind->levels) > 1;
}

/* A proof: what is known of the kind first; then, where the kind has no say, what else is possible. */
static vl_code prove(vl_mz_prover *pr, vl_mz_kind *kind, bool own, unsigned base, const uint8_t *payload,
                     size_t n, const uint8_t *packed, size_t npacked, uint8_t *recipe, vl_err *err)
{
    const bool first = kind->seen <= PROOFS, narrow = first || unsure(kind, n);
    const uint32_t can = possible(kind->outer, packed, npacked, n);
    const uint32_t hoped = kind->recipe ? can & kind->levels : can;
    const bool every = narrow && (n <= SMALL || base == VL_RECIPE_ZLIB);
    uint32_t found = 0;
    if (matching(pr, base, hoped, every, payload, n, packed, npacked, &found, err)) return err->code;
    if (found && narrow) {
        kind->levels = found;
        kind->recipe = (uint8_t)(base + likeliest(base, found));
    }
    if (!found && first && !own) kind->hopeless = true;
    if (!found && own && matching(pr, base, can & ~hoped, false, payload, n, packed, npacked, &found, err))
        return err->code;
    if (found) *recipe = (uint8_t)(base + likeliest(base, found));
    return VL_OK;
}

vl_code vl_mz_recipe(vl_mz_prover *pr, vl_mz_kind *kind, bool all, size_t width, const uint8_t *payload,
                     size_t n, const uint8_t *packed, size_t npacked, uint8_t *recipe, bool *proven,
                     vl_err *err)
{
    const unsigned base = base_of(kind->outer, width);
    const uint64_t nth = kind->seen++;
    *recipe = VL_RECIPE_KEPT_STREAM;
    *proven = false;
    if (!base || kind->hopeless) return VL_OK;
    const uint32_t can = kind->outer == VL_MZ_ZLIB ? possible(VL_MZ_ZLIB, packed, npacked, n) : ~UINT32_C(0);
    const bool foreign = kind->recipe && !(can >> (kind->recipe - base) & 1);
    if (all || foreign || nth < PROOFS || nth % EVERY == 0 || (nth < ASKED && unsure(kind, n))) {
        *proven = true;
        return prove(pr, kind, all || (foreign && nth >= PROOFS), base, payload, n, packed, npacked, recipe,
                     err);
    }
    *recipe = kind->recipe;
    return VL_OK;
}

static vl_code append_base64(const uint8_t *src, size_t n, vl_buf *out, vl_err *err)
{
    if (n > SIZE_MAX / 2) return vl_fail(err, VL_ENOMEM, "array of %zu bytes", n);
    if (vl_buf_grow(out, (n + 2) / 3 * 4, err)) return err->code;
    out->len += vl_k.b64_encode(out->data + out->len, src, n);
    return VL_OK;
}

vl_code vl_mzml_array_text(uint8_t recipe, const uint8_t *payload, size_t n, const uint8_t *kept,
                           size_t nkept, vl_buf *out, vl_err *err)
{
    switch (recipe) {
    case VL_RECIPE_EMPTY: return VL_OK;
    case VL_RECIPE_BASE64: return append_base64(payload, n, out, err);
    case VL_RECIPE_KEPT_STREAM: return append_base64(kept, nkept, out, err);
    case VL_RECIPE_KEPT_TEXT: return vl_buf_append(out, kept, nkept, err);
    default: break;
    }
    vl_mz_prover pr = { 0 };
    vl_buf packed = { 0 };
    if (pack(&pr, recipe, payload, n, &packed, err)) goto out;
    append_base64(packed.data, packed.len, out, err);
out:
    vl_buf_free(&packed);
    vl_mz_prover_free(&pr);
    return err->code;
}
