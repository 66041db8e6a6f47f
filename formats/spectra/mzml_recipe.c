/*
 * Recipes: an array's plain bytes become its text again (spectra.h lists them). What packs for a proof
 * (mzml_prove.c) packs for print too, so that what was proven is what comes out.
 *
 * Streams of zlib's levels 4 to 9 are made by code of our own, which is quicker (formats/redeflate), and by
 * zlib itself where that makes others than were proven.
 */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "formats/spectra/mzml.h"
#include "formats/xxh3.h"

/* Bytes of a stream that are made and compared at a time. */
enum { PART = 8192 };

void vl_mz_packer_free(vl_mz_packer *pk)
{
    for (int i = 0; i < 2; i++) {
        if (pk->zlib[i]) deflateEnd(pk->zlib[i]);
        free(pk->zlib[i]);
    }
    ZSTD_freeCCtx(pk->zstd);
    vl_zlib_stream_free(pk->own);
    vl_buf_free(&pk->shuffled);
    vl_buf_free(&pk->packed);
    *pk = (vl_mz_packer){ 0 };
}

/* A compressor of this level and memory level, 8 or 9, at its beginning. */
static z_stream *ready_zlib(vl_mz_packer *pk, int level, int memory, vl_err *err)
{
    z_stream *z = pk->zlib[memory - 8];
    if (!z) {
        z = calloc(1, sizeof *z);
        if (!z || deflateInit2(z, level, Z_DEFLATED, 15, memory, Z_DEFAULT_STRATEGY) != Z_OK) {
            free(z);
            vl_fail(err, VL_ENOMEM, "no memory for a compressor");
            return NULL;
        }
        return pk->zlib[memory - 8] = z;
    }
    if (deflateReset(z) == Z_OK && deflateParams(z, level, Z_DEFAULT_STRATEGY) == Z_OK) return z;
    vl_fail(err, VL_EBUG, "a compressor cannot be set to level %d", level);
    return NULL;
}

/* Does what was made of the stream so far begin `want`? */
static bool begins(const vl_buf *made, size_t from, const vl_xml_span *want)
{
    const size_t n = made->len - from;
    return n <= want->n && !memcmp(made->data + from, want->at, n);
}

/* Appends the stream. It comes in parts, and the first that is not as in `want`, where that is asked for,
 * ends it. */
static vl_code deflate_all(vl_mz_packer *pk, int level, int memory, vl_xml_span src, const vl_xml_span *want,
                           vl_buf *out, vl_err *err)
{
    const size_t from = out->len;
    if (src.n > VL_MZ_PACK_MOST) return vl_fail(err, VL_EUNSUP, "array of %zu bytes", src.n);
    z_stream *const z = ready_zlib(pk, level, memory, err);
    if (!z) return err->code;
    z->next_in = (Bytef *)(uintptr_t)src.at; /* zlib does not write there */
    z->avail_in = (uInt)src.n;
    for (int rc = Z_OK; rc != Z_STREAM_END;) {
        /* blocks of level 0 are as long as there is room: all of it at once, as writers have it */
        const uInt room = level ? PART : (uInt)deflateBound(NULL, src.n);
        if (vl_buf_grow(out, room, err)) return err->code;
        z->next_out = out->data + out->len;
        z->avail_out = room;
        rc = deflate(z, Z_FINISH);
        if (rc != Z_OK && rc != Z_STREAM_END) return vl_fail(err, VL_EBUG, "deflate gives %d", rc);
        out->len += room - z->avail_out;
        if (want && !begins(out, from, want)) break;
    }
    return VL_OK;
}

/* The level of a recipe that counts levels from this base on: -1 if it is another. */
static int level_of(unsigned recipe, unsigned base, int least, int most)
{
    const int level = (int)recipe - (int)base;
    return level >= least && level <= most ? level : -1;
}

/* What ends a zlib stream: RFC 1950. */
static vl_code append_sum(vl_xml_span src, vl_buf *out, vl_err *err)
{
    const uint32_t sum = libdeflate_adler32(1, src.at, src.n);
    const uint8_t trailer[4] = { (uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8),
                                 (uint8_t)sum };
    return vl_buf_append(out, trailer, sizeof trailer, err);
}

/* The same by our own code. */
static vl_code make_zlib(vl_mz_packer *pk, int level, int memory, vl_xml_span src, const vl_xml_span *want,
                         vl_buf *out, vl_err *err)
{
    const uint8_t head[2] = { 0x78, level < 6 ? 0x5e : level == 6 ? 0x9c : 0xda };
    const bool wanted = want && want->n > sizeof head;
    if (vl_buf_append(out, head, sizeof head, err) ||
        vl_zlib_stream_make(&pk->own, (unsigned)level, (unsigned)memory, src.at, src.n,
                            wanted ? want->at + sizeof head : NULL, wanted ? want->n - sizeof head : 0, out,
                            err))
        return err->code;
    return append_sum(src, out, err);
}

/* How the stream of a recipe is made; level -1: it is none of zlib's. */
typedef struct zlib_way {
    int level, memory;
} zlib_way;

static zlib_way zlib_way_of(unsigned recipe)
{
    const int usual = level_of(recipe, VL_RECIPE_ZLIB, 0, 9);
    if (usual >= 0) return (zlib_way){ usual, 8 };
    return (zlib_way){ level_of(recipe, VL_RECIPE_ZLIB_MEMORY9, 0, 9), 9 };
}

vl_code vl_mz_pack_own(vl_mz_packer *pk, unsigned recipe, vl_xml_span src, const vl_xml_span *want,
                       vl_buf *out, bool *made, vl_err *err)
{
    const zlib_way way = zlib_way_of(recipe);
    const size_t from = out->len;
    *made = false;
    if (way.level < VL_ZLIB_STREAM_LEAST) return VL_OK;
    *made = !make_zlib(pk, way.level, way.memory, src, want, out, err);
    if (err->code != VL_EUNSUP) return err->code;
    vl_err_clear(err);
    out->len = from;
    return VL_OK;
}

static vl_code zstd_all(vl_mz_packer *pk, int level, const uint8_t *src, size_t n, vl_buf *out, vl_err *err)
{
    if (!pk->zstd) pk->zstd = ZSTD_createCCtx();
    if (!pk->zstd) return vl_fail(err, VL_ENOMEM, "no memory for a compressor");
    const size_t room = ZSTD_compressBound(n);
    if (vl_buf_grow(out, room, err)) return err->code;
    const size_t len = ZSTD_compressCCtx(pk->zstd, out->data + out->len, room, src, n, level);
    if (ZSTD_isError(len)) return vl_fail(err, VL_ENOMEM, "zstd: %s", ZSTD_getErrorName(len));
    out->len += len;
    return VL_OK;
}

vl_code vl_mz_pack(vl_mz_packer *pk, unsigned recipe, vl_xml_span src, const vl_xml_span *want, vl_buf *out,
                   vl_err *err)
{
    static const struct {
        unsigned base, width;
    } zstd[] = { { VL_RECIPE_ZSTD, 1 }, { VL_RECIPE_SHUFFLE4_ZSTD, 4 }, { VL_RECIPE_SHUFFLE8_ZSTD, 8 } };
    const zlib_way way = zlib_way_of(recipe);
    if (way.level >= 0) return deflate_all(pk, way.level, way.memory, src, want, out, err);
    for (size_t i = 0; i < sizeof zstd / sizeof *zstd; i++) {
        const size_t width = zstd[i].width;
        const int level = level_of(recipe, zstd[i].base, 1, VL_MZ_ZSTD_TOP);
        if (level < 0 || src.n % width) continue;
        if (width == 1) return zstd_all(pk, level, src.at, src.n, out, err);
        if (vl_buf_reserve(&pk->shuffled, src.n, err)) return err->code;
        vl_k.byte_shuffle(pk->shuffled.data, src.at, src.n / width, width);
        return zstd_all(pk, level, pk->shuffled.data, src.n, out, err);
    }
    return vl_fail(err, VL_ESTORE, "array recipe %u does not exist for %zu bytes", recipe, src.n);
}

/* Twice the bytes hold whatever a compressor makes of them; a stream that is longer is kept. */
size_t vl_mz_remade_most(size_t n) { return n < SIZE_MAX / 4 ? 2 * n + 4096 : SIZE_MAX / 2; }

vl_code vl_mz_remake(const uint8_t *kept, size_t n, vl_xml_span src, vl_buf *out, vl_err *err)
{
    const vl_deflate_text span = { .plain = src.at, .n = src.n };
    if (n < VL_MZ_REMADE_HEAD || src.n > VL_DEFLATE_PLAIN)
        return vl_fail(err, VL_ESTORE, "%zu bytes say of no stream how it was made", n);
    if (vl_buf_append(out, kept, 2, err) ||
        vl_redeflate_make(kept + 2, kept + VL_MZ_REMADE_HEAD, n - VL_MZ_REMADE_HEAD, &span, true, 0,
                          vl_mz_remade_most(src.n), out, err))
        return err->code;
    return append_sum(src, out, err);
}

vl_code vl_mz_base64(vl_xml_span src, vl_buf *out, vl_err *err)
{
    if (src.n > SIZE_MAX / 2) return vl_fail(err, VL_ENOMEM, "array of %zu bytes", src.n);
    if (vl_buf_grow(out, (src.n + 2) / 3 * 4, err)) return err->code;
    out->len += vl_k.b64_encode(out->data + out->len, src.at, src.n);
    return VL_OK;
}

/* The text of big-endian numbers. */
static vl_code big_endian(vl_mz_packer *pk, size_t width, vl_xml_span plain, vl_buf *out, vl_err *err)
{
    if (plain.n % width)
        return vl_fail(err, VL_ESTORE, "%zu bytes are no whole number of elements of %zu", plain.n, width);
    if (vl_buf_reserve(&pk->shuffled, plain.n + 1, err)) return err->code;
    vl_mz_weave((const uint8_t *const[]){ plain.at, NULL }, plain.n / width, width, 1, pk->shuffled.data);
    return vl_mz_base64((vl_xml_span){ pk->shuffled.data, plain.n }, out, err);
}

/* Appends bytes, or their letters. */
static vl_code put(vl_xml_span bytes, bool letters, vl_buf *out, vl_err *err)
{
    return letters ? vl_mz_base64(bytes, out, err) : vl_buf_append(out, bytes.at, bytes.n, err);
}

/* The text by zlib, zstd or a description, or as it is kept; or the bytes that its letters stand for. */
static vl_code text_of(vl_mz_packer *pk, uint8_t recipe, vl_xml_span plain, vl_xml_span kept, bool letters,
                       vl_buf *out, vl_err *err)
{
    switch (recipe) {
    case VL_RECIPE_EMPTY: return VL_OK;
    case VL_RECIPE_BASE64: return put(plain, letters, out, err);
    case VL_RECIPE_KEPT_STREAM: return put(kept, letters, out, err);
    case VL_RECIPE_BIG4:
    case VL_RECIPE_BIG8: return big_endian(pk, recipe == VL_RECIPE_BIG8 ? 8 : 4, plain, out, err);
    case VL_RECIPE_KEPT_TEXT: return vl_buf_append(out, kept.at, kept.n, err);
    default: break;
    }
    vl_buf *const packed = &pk->packed;
    packed->len = 0;
    if (recipe == VL_RECIPE_REDEFLATE ? vl_mz_remake(kept.at, kept.n, plain, packed, err)
                                      : vl_mz_pack(pk, recipe, plain, NULL, packed, err))
        return err->code;
    return put((vl_xml_span){ packed->data, packed->len }, letters, out, err);
}

static bool is_text(const vl_buf *out, uint64_t hash)
{
    return XXH3_64bits(out->len ? out->data : (const uint8_t *)"", out->len) == hash;
}

static vl_code again(vl_mz_packer *pk, uint8_t recipe, vl_xml_span plain, vl_xml_span kept, uint64_t hash,
                     bool letters, vl_buf *out, bool *same, vl_err *err)
{
    out->len = pk->packed.len = 0;
    if (vl_mz_pack_own(pk, recipe, plain, NULL, &pk->packed, same, err)) return err->code;
    if (*same && put((vl_xml_span){ pk->packed.data, pk->packed.len }, letters, out, err)) return err->code;
    *same &= is_text(out, hash);
    if (*same) return VL_OK;
    out->len = 0;
    if (text_of(pk, recipe, plain, kept, letters, out, err)) return err->code;
    *same = is_text(out, hash);
    return VL_OK;
}

vl_code vl_mz_text_again(vl_mz_packer *pk, uint8_t recipe, vl_xml_span plain, vl_xml_span kept, uint64_t hash,
                         vl_buf *out, bool *same, vl_err *err)
{
    return again(pk, recipe, plain, kept, hash, true, out, same, err);
}

vl_code vl_mz_bytes_again(vl_mz_packer *pk, uint8_t recipe, vl_xml_span plain, vl_xml_span kept,
                          uint64_t hash, vl_buf *out, bool *same, vl_err *err)
{
    return again(pk, recipe, plain, kept, hash, false, out, same, err);
}

vl_code vl_mzml_array_text(uint8_t recipe, const uint8_t *payload, size_t n, const uint8_t *kept,
                           size_t nkept, vl_buf *out, vl_err *err)
{
    vl_mz_packer pk = { 0 };
    text_of(&pk, recipe, (vl_xml_span){ payload, n }, (vl_xml_span){ kept, nkept }, true, out, err);
    vl_mz_packer_free(&pk);
    return err->code;
}
