/*
 * Codec overlap-own: bases of which a chunk by itself has copies: mates that overlap, deep samples,
 * amplicons. As codec overlap says them by where they lie in the sample's consensus, this one does by that of
 * the chunk's own rows, which lies in the payload: a chunk needs nothing else. Whether that pays is learned
 * from the column's first chunk. It takes some 15 ns a letter: only the first chunks of a column are packed
 * so, all of a small sample. What is large and deep is for profile archive, whose codec overlap sees more of
 * it.
 *
 * Payload: number, letters of the consensus; they themselves, in two bits (kernels/base2.c); the places of
 * overlap.h.
 */
#include "pipeline/codec/overlap.h"

#include <stdlib.h>

enum {
    GAIN = 26,      /* one part in so many of what base2 takes is to be saved */
    EARLY = 8 << 20 /* letters of a column: chunks that begin beyond are for others */
};

/* ---- packing ---- */

/* The consensus of the chunk's rows. The last one goes on in the next chunk. */
static vl_code grow(const vl_pack_job *job, vl_buf *letters, vl_err *err)
{
    const vl_beside *const b = &job->beside;
    const size_t len = job->len - job->fill;
    vl_grower *const g = vl_grower_new();
    if (!g) return vl_fail(err, VL_ENOMEM, "no memory for a consensus");
    for (size_t from = 0, i = 0; from < len && !err->code; i++) {
        const size_t to = i < b->nrow && b->row[i] < len ? b->row[i] : len;
        vl_grower_add(g, job->plain + from, to - from, err);
        from = to;
    }
    if (!err->code) vl_grower_end(g, letters, err);
    vl_grower_free(g);
    return err->code;
}

static vl_code put_letters(const vl_buf *letters, vl_buf *out, vl_err *err)
{
    const size_t n = letters->len, size = (n + 3) / 4;
    if (vl_add_number(out, n, err) || vl_buf_grow(out, size + (n + 7) / 8, err)) return err->code;
    vl_k.base2_pack(out->data + out->len, out->data + out->len + size, letters->data, n);
    out->len += size;
    return VL_OK;
}

/* most: bytes that it may take. */
static vl_code pack_rows(const vl_pack_job *job, size_t most, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t before = out->len;
    vl_overlap *const o = vl_overlap_of(job->work, err);
    vl_finder finder = { 0 };
    *fits = false;
    if (!o) return err->code;
    o->own.len = 0;
    if (!grow(job, &o->own, err) && o->own.len < 4 * most && !put_letters(&o->own, out, err) &&
        !vl_finder_make(&finder, o->own.data, o->own.len, err))
        vl_places_pack(job, &finder, NULL, out, fits, err);
    *fits = *fits && out->len - before < most;
    vl_finder_free(&finder);
    return err->code;
}

static size_t most_of(size_t bytes) { return bytes - bytes / GAIN; }

static vl_code learn(const vl_pack_job *job, vl_buf *model, vl_err *err)
{
    vl_pack_job plain = *job;
    bool fits, others = true;
    vl_buf *const out = &job->work->trial;
    out->len = 0;
    if (!job->len || vl_codec_find(VL_CODEC_base2)->pack(&plain, out, &others, err) || !others)
        return err->code;
    const size_t most = most_of(out->len);
    out->len = 0;
    if (pack_rows(job, most, out, &fits, err) || !fits) return err->code;
    return vl_buf_append(model, "\1", 1, err);
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t len = job->len - job->fill;
    *fits = false;
    if (!job->beside.model || !len || job->first >= EARLY) return VL_OK;
    return pack_rows(job, most_of((len + 3) / 4), out, fits, err);
}

/* ---- unpacking ---- */

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    uint64_t n;
    const uint8_t *two;
    vl_rest in = { job->payload, job->payload + job->n };
    vl_unpack_job with = *job;
    vl_overlap *const o = vl_overlap_of(job->work, err);
    if (!o) return err->code;
    if (!vl_take_number(&in, &n, job->len) || !vl_take_bytes(&in, &two, (n + 3) / 4))
        return vl_fail(err, VL_ESTORE, "chunk of bases: its consensus is cut off");
    o->two.len = 0; /* a copy with padding: the kernel reads past its source */
    if (vl_buf_append(&o->two, two, (size_t)(n + 3) / 4, err) || vl_buf_reserve(&o->own, (size_t)n, err))
        return err->code;
    vl_k.base2_unpack(o->own.data, o->two.data, (size_t)n);
    o->own.len = (size_t)n;
    with.shared = &o->own;
    return vl_places_unpack(&with, &in, err);
}

const vl_codec vl_codec_overlap_own = { .name = "overlap-own",
                                        .id = VL_CODEC_overlap_own,
                                        .uses = VL_ONE(VL_USE_BASE),
                                        .types = VL_ONE(VL_U8),
                                        .first = true,
                                        .from_effort = 2,
                                        .pack = pack,
                                        .unpack = unpack,
                                        .rows = true,
                                        .learn = learn };
