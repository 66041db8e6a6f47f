/*
 * Profile portable: chunks as HDF5's own shuffle and deflate filters make them, so that every HDF5 program
 * opens them without a plugin. No frame; the zlib stream ends in an Adler-32 of the plain bytes.
 */
#include "pipeline/codec/codec.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zstd.h>

void vl_work_free(vl_work *work)
{
    vl_buf_free(&work->a);
    vl_buf_free(&work->b);
    ZSTD_freeCCtx(work->cctx);
    ZSTD_freeDCtx(work->dctx);
    libdeflate_free_compressor(work->deflater);
    libdeflate_free_decompressor(work->inflater);
    *work = (vl_work){ 0 };
}

vl_code vl_deflate_pack(const vl_pack_job *job, vl_buf *packed, vl_err *err)
{
    enum { LEVEL = 6 };
    vl_work *const work = job->work;
    const uint8_t *bytes = job->plain;
    if (!work->deflater && !(work->deflater = libdeflate_alloc_compressor(LEVEL)))
        return vl_fail(err, VL_ENOMEM, "no memory for a deflate encoder");
    if (job->width > 1) {
        if (vl_buf_reserve(&work->a, job->len, err)) return err->code;
        vl_k.byte_shuffle(work->a.data, job->plain, job->len / job->width, job->width);
        bytes = work->a.data;
    }
    packed->len = 0;
    if (vl_buf_reserve(packed, libdeflate_zlib_compress_bound(work->deflater, job->len), err))
        return err->code;
    packed->len = libdeflate_zlib_compress(work->deflater, bytes, job->len, packed->data, packed->cap);
    if (!packed->len) return vl_fail(err, VL_EBUG, "deflate of %zu bytes failed", job->len);
    return VL_OK;
}

vl_code vl_deflate_unpack(const uint8_t *packed, size_t n, size_t len, size_t width, vl_buf *plain,
                          vl_work *work, vl_err *err)
{
    if (!work->inflater && !(work->inflater = libdeflate_alloc_decompressor()))
        return vl_fail(err, VL_ENOMEM, "no memory for a deflate decoder");
    vl_buf *const planes = width > 1 ? &work->a : plain;
    if (vl_buf_reserve(plain, len, err) || vl_buf_reserve(planes, len, err)) return err->code;
    size_t used = 0;
    if (libdeflate_zlib_decompress_ex(work->inflater, packed, n, planes->data, len, &used, NULL) !=
        LIBDEFLATE_SUCCESS)
        return vl_fail(err, VL_ESTORE, "deflate chunk of %zu bytes does not give %zu bytes", n, len);
    if (used != n) return vl_fail(err, VL_ESTORE, "deflate chunk of %zu bytes ends after %zu", n, used);
    if (width > 1) vl_k.byte_unshuffle(plain->data, planes->data, len / width, width);
    plain->len = len;
    return VL_OK;
}
