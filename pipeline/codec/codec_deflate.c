/*
 * Codec deflate: byte planes in a zlib stream, as HDF5's own shuffle and deflate filters make them. Chunks of
 * profile portable are this without a frame, so that every HDF5 program opens them without a plugin; the
 * stream ends in an Adler-32 of the plain bytes. Other profiles do not try it.
 *
 * Effort 0 codes letters and runs (deflate_runs.c), the others are levels of libdeflate. Megabytes a second
 * on NovaSeq bases and qualities, and the bytes of 12,582,912 each: letters and runs 430, 3,442,000 and
 * 917,000; level 1 200 to 280, 3,865,194 and 1,242,555; level 6 13 to 67, 3,366,072 and 1,065,880.
 */
#include "pipeline/codec/deflate_runs.h"
#include "pipeline/codec/codec.h"

#include <libdeflate.h>
#include <stdlib.h>

static const int levels[VL_EFFORTS] = { 0, 1, 4, 4, 6, 8, 9 };

typedef struct coders {
    struct libdeflate_compressor *pack[VL_EFFORTS];
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
    for (int i = 0; i < VL_EFFORTS; i++) libdeflate_free_compressor(c->pack[i]);
    libdeflate_free_decompressor(c->unpack);
    free(c);
}

static vl_code pack_bytes(coders *c, const uint8_t *bytes, size_t len, int effort, vl_buf *out, vl_err *err)
{
    struct libdeflate_compressor **const coder = &c->pack[effort];
    if (!effort) return vl_deflate_runs(bytes, len, out, err);
    if (!*coder && !(*coder = libdeflate_alloc_compressor(levels[effort])))
        return vl_fail(err, VL_ENOMEM, "no memory for a deflate encoder");
    if (vl_buf_grow(out, libdeflate_zlib_compress_bound(*coder, len), err)) return err->code;
    const size_t n = libdeflate_zlib_compress(*coder, bytes, len, out->data + out->len, out->cap - out->len);
    if (!n) return vl_fail(err, VL_EBUG, "deflate of %zu bytes failed", len);
    out->len += n;
    return VL_OK;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    vl_work *const work = job->work;
    const size_t width = vl_type_width(job->type);
    coders *const c = coders_of(work, err);
    *fits = true;
    if (!c) return err->code;
    if (width == 1) return pack_bytes(c, job->plain, job->len, job->effort, out, err);
    if (vl_buf_reserve(&work->a, job->len, err)) return err->code;
    vl_k.byte_shuffle(work->a.data, job->plain, job->len / width, width);
    return pack_bytes(c, work->a.data, job->len, job->effort, out, err);
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

const vl_codec vl_codec_deflate = { .name = "deflate",
                                    .id = VL_CODEC_deflate,
                                    .types = VL_ANY,
                                    .pack = pack,
                                    .unpack = unpack,
                                    .release = release };

vl_code vl_deflate_pack(const vl_trial *trial, const vl_pack_job *job, vl_buf *packed, vl_err *err)
{
    vl_pack_job best = *job;
    bool fits = false;
    packed->len = 0;
    if (vl_choose_effort(trial, &vl_codec_deflate, job, &best.effort, err)) return err->code;
    return pack(&best, packed, &fits, err);
}

vl_code vl_deflate_unpack(const uint8_t *packed, size_t n, size_t len, size_t width, vl_buf *plain,
                          vl_work *work, vl_err *err)
{
    if (vl_buf_reserve(plain, len, err)) return err->code;
    const vl_unpack_job job = {
        .payload = packed, .n = n, .plain = plain->data, .len = len, .width = width, .work = work
    };
    if (unpack(&job, err)) return err->code;
    plain->len = len;
    return VL_OK;
}
