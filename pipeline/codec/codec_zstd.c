/*
 * Codecs zstd, shuffle+zstd, delta+shuffle+zstd: one zstd frame of the bytes as they are, of byte planes, or
 * of byte planes of zigzag differences between neighbours (of bit patterns, as integers; never of floats).
 */
#include "pipeline/codec/codec.h"

#include <stdlib.h>
#include <zstd.h>

/* Contexts for packing and unpacking, each made when first needed. */
typedef struct contexts {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
} contexts;

static contexts *contexts_of(vl_work *work, vl_err *err)
{
    void **const state = &work->state[VL_CODEC_zstd];
    if (!*state && !(*state = calloc(1, sizeof(contexts)))) vl_fail(err, VL_ENOMEM, "no memory for zstd");
    return *state;
}

static void release(void *state)
{
    contexts *const c = state;
    ZSTD_freeCCtx(c->pack);
    ZSTD_freeDCtx(c->unpack);
    free(c);
}

vl_code vl_zstd_pack(const uint8_t *bytes, size_t n, int level, vl_work *work, vl_buf *out, vl_err *err)
{
    contexts *const c = contexts_of(work, err);
    if (!c) return err->code;
    if (!c->pack && !(c->pack = ZSTD_createCCtx()))
        return vl_fail(err, VL_ENOMEM, "no memory for a zstd encoder");
    if (vl_buf_grow(out, ZSTD_compressBound(n), err)) return err->code;
    const size_t len = ZSTD_compressCCtx(c->pack, out->data + out->len, out->cap - out->len, bytes, n, level);
    if (ZSTD_isError(len)) return vl_fail(err, VL_ENOMEM, "zstd: %s", ZSTD_getErrorName(len));
    out->len += len;
    return VL_OK;
}

vl_code vl_zstd_unpack(const uint8_t *packed, size_t n, uint8_t *plain, size_t len, vl_work *work,
                       vl_err *err)
{
    contexts *const c = contexts_of(work, err);
    if (!c) return err->code;
    if (!c->unpack && !(c->unpack = ZSTD_createDCtx()))
        return vl_fail(err, VL_ENOMEM, "no memory for a zstd decoder");
    const size_t got = ZSTD_decompressDCtx(c->unpack, plain, len, packed, n);
    if (ZSTD_isError(got)) return vl_fail(err, VL_ESTORE, "zstd: %s", ZSTD_getErrorName(got));
    if (got != len) return vl_fail(err, VL_ESTORE, "zstd frame gives %zu bytes, expected %zu", got, len);
    return VL_OK;
}

static vl_code pack_plain(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    *fits = true;
    return vl_zstd_pack(job->plain, job->len, job->level, job->work, out, err);
}

static vl_code unpack_plain(const vl_unpack_job *job, vl_err *err)
{
    return vl_zstd_unpack(job->payload, job->n, job->plain, job->len, job->work, err);
}

static vl_code pack_shuffle(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    vl_work *const work = job->work;
    const size_t width = vl_type_width(job->type);
    *fits = true;
    if (vl_buf_reserve(&work->a, job->len, err)) return err->code;
    vl_k.byte_shuffle(work->a.data, job->plain, job->len / width, width);
    return vl_zstd_pack(work->a.data, job->len, job->level, work, out, err);
}

static vl_code unpack_planes(const vl_unpack_job *job, uint8_t *plain, vl_err *err)
{
    vl_work *const work = job->work;
    if (vl_buf_reserve(&work->a, job->len, err)) return err->code;
    if (vl_zstd_unpack(job->payload, job->n, work->a.data, job->len, work, err)) return err->code;
    vl_k.byte_unshuffle(plain, work->a.data, job->len / job->width, job->width);
    return VL_OK;
}

static vl_code unpack_shuffle(const vl_unpack_job *job, vl_err *err)
{
    return unpack_planes(job, job->plain, err);
}

static vl_code pack_delta(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    vl_work *const work = job->work;
    const size_t width = vl_type_width(job->type), n = job->len / width;
    *fits = true;
    if (vl_buf_reserve(&work->a, job->len, err) || vl_buf_reserve(&work->b, job->len, err)) return err->code;
    vl_k.delta_zigzag(work->b.data, job->plain, n, width);
    vl_k.byte_shuffle(work->a.data, work->b.data, n, width);
    return vl_zstd_pack(work->a.data, job->len, job->level, work, out, err);
}

static vl_code unpack_delta(const vl_unpack_job *job, vl_err *err)
{
    vl_work *const work = job->work;
    if (vl_buf_reserve(&work->b, job->len, err)) return err->code;
    if (unpack_planes(job, work->b.data, err)) return err->code;
    vl_k.undelta_zigzag(job->plain, work->b.data, job->len / job->width, job->width);
    return VL_OK;
}

const vl_codec vl_codec_zstd = { .name = "zstd",
                                 .id = VL_CODEC_zstd,
                                 .uses = VL_ANY,
                                 .types = VL_ANY,
                                 .pack = pack_plain,
                                 .unpack = unpack_plain,
                                 .release = release };
const vl_codec vl_codec_shuffle_zstd = { .name = "shuffle+zstd",
                                         .id = VL_CODEC_shuffle_zstd,
                                         .uses = VL_ANY,
                                         .types = VL_WIDE,
                                         .pack = pack_shuffle,
                                         .unpack = unpack_shuffle };
const vl_codec vl_codec_delta_shuffle_zstd = { .name = "delta+shuffle+zstd",
                                               .id = VL_CODEC_delta_shuffle_zstd,
                                               .uses = VL_ANY,
                                               .types = VL_WIDE,
                                               .pack = pack_delta,
                                               .unpack = unpack_delta };
