/*
 * Codecs zstd, shuffle+zstd, delta+shuffle+zstd: one zstd frame of the bytes as they are, of byte planes, or
 * of byte planes of zigzag differences between neighbours (of bit patterns, as integers; never of floats).
 */
#include "pipeline/codec/codec.h"

#include <zstd.h>

vl_code vl_zstd_pack(const uint8_t *bytes, size_t n, int level, vl_work *work, vl_buf *out, vl_err *err)
{
    if (!work->cctx && !(work->cctx = ZSTD_createCCtx()))
        return vl_fail(err, VL_ENOMEM, "no memory for a zstd encoder");
    if (vl_buf_grow(out, ZSTD_compressBound(n), err)) return err->code;
    const size_t len =
        ZSTD_compressCCtx(work->cctx, out->data + out->len, out->cap - out->len, bytes, n, level);
    if (ZSTD_isError(len)) return vl_fail(err, VL_ENOMEM, "zstd: %s", ZSTD_getErrorName(len));
    out->len += len;
    return VL_OK;
}

vl_code vl_zstd_unpack(const uint8_t *packed, size_t n, uint8_t *plain, size_t len, vl_work *work,
                       vl_err *err)
{
    if (!work->dctx && !(work->dctx = ZSTD_createDCtx()))
        return vl_fail(err, VL_ENOMEM, "no memory for a zstd decoder");
    const size_t got = ZSTD_decompressDCtx(work->dctx, plain, len, packed, n);
    if (ZSTD_isError(got)) return vl_fail(err, VL_ESTORE, "zstd: %s", ZSTD_getErrorName(got));
    if (got != len) return vl_fail(err, VL_ESTORE, "zstd frame gives %zu bytes, expected %zu", got, len);
    return VL_OK;
}

static vl_code pack_plain(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    *fits = true;
    return vl_zstd_pack(job->plain, job->len, job->level, job->work, out, err);
}

static vl_code unpack_plain(const uint8_t *payload, size_t n, uint8_t *plain, size_t len, size_t width,
                            vl_work *work, vl_err *err)
{
    (void)width;
    return vl_zstd_unpack(payload, n, plain, len, work, err);
}

static vl_code pack_shuffle(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    vl_work *const work = job->work;
    *fits = true;
    if (vl_buf_reserve(&work->a, job->len, err)) return err->code;
    vl_k.byte_shuffle(work->a.data, job->plain, job->len / job->width, job->width);
    return vl_zstd_pack(work->a.data, job->len, job->level, work, out, err);
}

static vl_code unpack_shuffle(const uint8_t *payload, size_t n, uint8_t *plain, size_t len, size_t width,
                              vl_work *work, vl_err *err)
{
    if (vl_buf_reserve(&work->a, len, err)) return err->code;
    if (vl_zstd_unpack(payload, n, work->a.data, len, work, err)) return err->code;
    vl_k.byte_unshuffle(plain, work->a.data, len / width, width);
    return VL_OK;
}

static vl_code pack_delta(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    vl_work *const work = job->work;
    const size_t n = job->len / job->width;
    *fits = true;
    if (vl_buf_reserve(&work->a, job->len, err) || vl_buf_reserve(&work->b, job->len, err)) return err->code;
    vl_k.delta_zigzag(work->b.data, job->plain, n, job->width);
    vl_k.byte_shuffle(work->a.data, work->b.data, n, job->width);
    return vl_zstd_pack(work->a.data, job->len, job->level, work, out, err);
}

static vl_code unpack_delta(const uint8_t *payload, size_t n, uint8_t *plain, size_t len, size_t width,
                            vl_work *work, vl_err *err)
{
    if (vl_buf_reserve(&work->b, len, err)) return err->code;
    if (unpack_shuffle(payload, n, work->b.data, len, width, work, err)) return err->code;
    vl_k.undelta_zigzag(plain, work->b.data, len / width, width);
    return VL_OK;
}

const vl_codec vl_codec_zstd = { "zstd", VL_CODEC_zstd, pack_plain, unpack_plain };
const vl_codec vl_codec_shuffle_zstd = { "shuffle+zstd", VL_CODEC_shuffle_zstd, pack_shuffle,
                                         unpack_shuffle };
const vl_codec vl_codec_delta_shuffle_zstd = { "delta+shuffle+zstd", VL_CODEC_delta_shuffle_zstd, pack_delta,
                                               unpack_delta };
