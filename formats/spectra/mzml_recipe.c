/*
 * Recipes: an array's plain bytes become its text again (spectra.h lists them). A recipe with a level is
 * proven by making the compressed bytes and comparing.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "formats/spectra/mzml.h"

enum { ZSTD_TOP = 22 };

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

/* Appends the stream; unless last, only what is ready of it after these bytes, and at most room. */
static vl_code deflate_some(vl_mz_prover *pr, int level, vl_xml_span src, bool last, size_t room, vl_buf *out,
                            vl_err *err)
{
    if (ready_zlib(pr, level, err)) return err->code;
    z_stream *const z = pr->zlib;
    if (src.n > UINT32_MAX) return vl_fail(err, VL_EUNSUP, "array of %zu bytes", src.n);
    if (room > UINT32_MAX) room = UINT32_MAX;
    if (vl_buf_grow(out, room, err)) return err->code;
    z->next_in = (Bytef *)(uintptr_t)src.at; /* zlib does not write there */
    z->avail_in = (uInt)src.n;
    z->next_out = out->data + out->len;
    z->avail_out = (uInt)room;
    const int rc = deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
    if (rc != (last ? Z_STREAM_END : Z_OK)) return vl_fail(err, VL_EBUG, "deflate gives %d", rc);
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
        return deflate_some(pr, (int)recipe - VL_RECIPE_ZLIB, (vl_xml_span){ src, n }, true,
                            deflateBound(NULL, n), out, err);
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

vl_code vl_mz_makes(vl_mz_prover *pr, unsigned recipe, const vl_mz_proof *p, bool *same, vl_err *err)
{
    const bool part = p->most && p->payload.n > p->most && recipe <= VL_RECIPE_ZLIB + 9;
    const vl_xml_span begin = { p->payload.at, p->most };
    pr->again.len = 0;
    *same = false;
    if (part) deflate_some(pr, (int)recipe - VL_RECIPE_ZLIB, begin, false, p->packed.n, &pr->again, err);
    else pack(pr, recipe, p->payload.at, p->payload.n, &pr->again, err);
    const size_t n = pr->again.len;
    if (!err->code)
        *same = n <= p->packed.n && (part || n == p->packed.n) && !memcmp(pr->again.data, p->packed.at, n);
    return err->code;
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
