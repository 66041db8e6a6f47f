/* Codec toy: every byte with its bits turned over. */
#include "pipeline/codec/codec.h"

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t at = out->len;
    *fits = true;
    if (vl_buf_append(out, job->plain, job->len, err)) return err->code;
    for (size_t i = at; i < out->len; i++) out->data[i] ^= 0xff;
    return VL_OK;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    if (job->n != job->len)
        return vl_fail(err, VL_ESTORE, "toy chunk has %zu bytes, frame claims %zu", job->n, job->len);
    for (size_t i = 0; i < job->n; i++) job->plain[i] = job->payload[i] ^ 0xff;
    return VL_OK;
}

const vl_codec vl_codec_toy = {
    .name = "toy", .id = VL_CODEC_toy, .uses = VL_ANY, .types = VL_ANY, .pack = pack, .unpack = unpack
};
