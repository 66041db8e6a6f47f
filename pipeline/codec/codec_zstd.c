/*
 * Codecs zstd, shuffle+zstd, delta+shuffle+zstd: one zstd frame of the bytes as they are, of byte planes, or
 * of byte planes of zigzag differences between neighbours (of bit patterns, as integers; never of floats).
 *
 * Efforts are levels, most of them with long matches only: where letters are near their entropy (qualities,
 * bases, mantissas) a short match costs more bits than the letters it stands for, so that level 3 is larger
 * than level 1.
 */
#define ZSTD_STATIC_LINKING_ONLY /* for literalCompressionMode */
#include "pipeline/codec/codec.h"

#include <stdlib.h>
#include <zstd.h>

static const struct {
    int level, shortest; /* match in bytes; 0: the level's own */
} efforts[VL_EFFORTS] = { { 0, 0 }, { 1, 7 }, { 3, 7 }, { 3, 0 }, { 6, 6 }, { 9, 6 }, { 9, 0 } };

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

/* Effort 0 is zstd without matches: its Huffman coder alone, several times as fast as level 1. The others
 * take what a level does with a whole chunk also for a part of it, so that the part tells of the whole; small
 * chunks are done with small tables. */
static size_t set_effort(ZSTD_CCtx *c, int effort, size_t n)
{
    enum { SMALL = 1 << 14, CHUNK = 1 << 20 };
    const int level = effort ? efforts[effort].level : ZSTD_minCLevel(), shortest = efforts[effort].shortest;
    const ZSTD_compressionParameters p = ZSTD_getCParams(level, n > SMALL ? CHUNK : n, 0);
    const struct {
        ZSTD_cParameter name;
        int value;
    } set[] = { { ZSTD_c_windowLog, (int)p.windowLog },
                { ZSTD_c_chainLog, (int)p.chainLog },
                { ZSTD_c_hashLog, (int)p.hashLog },
                { ZSTD_c_searchLog, (int)p.searchLog },
                { ZSTD_c_minMatch, shortest ? shortest : (int)p.minMatch },
                { ZSTD_c_targetLength, (int)p.targetLength },
                { ZSTD_c_strategy, (int)p.strategy },
                { ZSTD_c_literalCompressionMode, ZSTD_ps_enable } };
    size_t bad = ZSTD_CCtx_reset(c, ZSTD_reset_session_and_parameters);
    for (size_t i = 0; i < sizeof set / sizeof *set && !ZSTD_isError(bad); i++)
        bad = ZSTD_CCtx_setParameter(c, set[i].name, set[i].value);
    return bad;
}

/* Planes that are no whole number of zstd's own blocks end with one: each then has a Huffman code of its
 * own. */
static size_t pack_planes(ZSTD_CCtx *c, const uint8_t *bytes, size_t n, size_t plane, ZSTD_outBuffer *out)
{
    size_t left = ZSTD_CCtx_setPledgedSrcSize(c, n);
    for (size_t at = 0; at < n && !ZSTD_isError(left); at += plane) {
        ZSTD_inBuffer in = { bytes + at, n - at < plane ? n - at : plane, 0 };
        left = ZSTD_compressStream2(c, out, &in, at + in.size == n ? ZSTD_e_end : ZSTD_e_flush);
    }
    return left;
}

static vl_code zstd_pack(const uint8_t *bytes, size_t n, size_t plane, int effort, vl_work *work, vl_buf *out,
                         vl_err *err)
{
    enum { BLOCK = 1 << 17, MORE = 64 }; /* zstd's block; bytes that an early end of a block may cost */
    contexts *const c = contexts_of(work, err);
    if (!c) return err->code;
    if (!c->pack && !(c->pack = ZSTD_createCCtx()))
        return vl_fail(err, VL_ENOMEM, "no memory for a zstd encoder");
    if (vl_buf_grow(out, ZSTD_compressBound(n) + 8 * MORE, err)) return err->code;
    ZSTD_outBuffer to = { out->data + out->len, out->cap - out->len, 0 };
    size_t len = set_effort(c->pack, effort, n);
    if (!ZSTD_isError(len) && plane % BLOCK) len = pack_planes(c->pack, bytes, n, plane, &to);
    else if (!ZSTD_isError(len)) len = to.pos = ZSTD_compress2(c->pack, to.dst, to.size, bytes, n);
    if (ZSTD_isError(len)) return vl_fail(err, VL_ENOMEM, "zstd: %s", ZSTD_getErrorName(len));
    out->len += to.pos;
    return VL_OK;
}

vl_code vl_zstd_pack(const uint8_t *bytes, size_t n, int effort, vl_work *work, vl_buf *out, vl_err *err)
{
    return zstd_pack(bytes, n, 0, effort, work, out, err);
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
    return vl_zstd_pack(job->plain, job->len, job->effort, job->work, out, err);
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
    return zstd_pack(work->a.data, job->len, job->len / width, job->effort, work, out, err);
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
    return zstd_pack(work->a.data, job->len, n, job->effort, work, out, err);
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
