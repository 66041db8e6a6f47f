/*
 * Codec deflate: byte planes in a zlib stream, as HDF5's own shuffle and deflate filters make them. Chunks of
 * profile portable are this without a frame, so that every HDF5 program opens them without a plugin; the stream
 * ends in an Adler-32 of the plain bytes. Other profiles do not try it.
 */
#include "pipeline/codec/codec.h"

#include <libdeflate.h>
#include <stdlib.h>

typedef struct coders {
    struct libdeflate_compressor *pack;
    struct libdeflate_decompressor *unpack;
} coders;

static coders *coders_of(vl_work *work, vl_err *err)
{
    void **const state = &work->state[VL_CODEC_deflate];
    if (!*state && !(*state = calloc(1, sizeof(coders)))) vl_fail(err, VL_ENOMEM, "no memory for deflate");
    return *state;
}

static void release(void *state)
{
    coders *const c = state;
    libdeflate_free_compressor(c->pack);
    libdeflate_free_decompressor(c->unpack);
    free(c);
}

/* Appends to out. */
static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    enum { LEVEL = 6 };
    vl_work *const work = job->work;
    const size_t width = vl_type_width(job->type);
    const uint8_t *bytes = job->plain;
    coders *const c = coders_of(work, err);
    *fits = true;
    if (!c) return err->code;
    if (!c->pack && !(c->pack = libdeflate_alloc_compressor(LEVEL)))
        return vl_fail(err, VL_ENOMEM, "no memory for a deflate encoder");
    if (width > 1) {
        if (vl_buf_reserve(&work->a, job->len, err)) return err->code;
        vl_k.byte_shuffle(work->a.data, job->plain, job->len / width, width);
        bytes = work->a.data;
    }
    if (vl_buf_grow(out, libdeflate_zlib_compress_bound(c->pack, job->len), err)) return err->code;
    const size_t n =
        libdeflate_zlib_compress(c->pack, bytes, job->len, out->data + out->len, out->cap - out->len);
    if (!n) return vl_fail(err, VL_EBUG, "deflate of %zu bytes failed", job->len);
    out->len += n;
    return VL_OK;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    vl_work *const work = job->work;
    coders *const c = coders_of(work, err);
    if (!c) return err->code;
    if (!c->unpack && !(c->unpack = libdeflate_alloc_decompressor()))
        return vl_fail(err, VL_ENOMEM, "no memory for a deflate decoder");
    if (job->width > 1 && vl_buf_reserve(&work->a, job->len, err)) return err->code;
    uint8_t *const bytes = job->width > 1 ? work->a.data : job->plain;
    size_t used = 0;
    if (libdeflate_zlib_decompress_ex(c->unpack, job->payload, job->n, bytes, job->len, &used, NULL) !=
        LIBDEFLATE_SUCCESS)
        return vl_fail(err, VL_ESTORE, "deflate chunk of %zu bytes does not give %zu bytes", job->n,
                       job->len);
    if (used != job->n)
        return vl_fail(err, VL_ESTORE, "deflate chunk of %zu bytes ends after %zu", job->n, used);
    if (job->width > 1) vl_k.byte_unshuffle(job->plain, bytes, job->len / job->width, job->width);
    return VL_OK;
}

vl_code vl_deflate_pack(const vl_pack_job *job, vl_buf *packed, vl_err *err)
{
    bool fits = false;
    packed->len = 0;
    return pack(job, packed, &fits, err);
}

vl_code vl_deflate_unpack(const uint8_t *packed, size_t n, size_t len, size_t width, vl_buf *plain,
                          vl_work *work, vl_err *err)
{
    if (vl_buf_reserve(plain, len, err)) return err->code;
    const vl_unpack_job job = { packed, n, plain->data, len, width, work };
    if (unpack(&job, err)) return err->code;
    plain->len = len;
    return VL_OK;
}

const vl_codec vl_codec_deflate = { .name = "deflate",
                                    .id = VL_CODEC_deflate,
                                    .types = VL_ANY,
                                    .pack = pack,
                                    .unpack = unpack,
                                    .release = release };
